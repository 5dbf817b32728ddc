"""One Zarr store for all rows of a screen: written by chunks of candidates, safe against kill -9 at any moment.

A finished row goes to a journal beside the store at once.  When all rows of a chunk are there they go into the arrays,
the flag ``done`` last, and leave the journal.  Whatever the moment, each row that was reported is in one of the two.
"""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import QUANTILES
from sinterface.models.basics.errors import DataError, InputError, SinterfaceError, shown
from sinterface.models.basics.textfile import instead, plain
from sinterface.models.phases.substance import FAMILIES
from sinterface.simulate.files.locks import Lock
from sinterface.simulate.files.output import check_writable, sync_folder, sync_tree, write_text
from sinterface.simulate.screening.candidate_space import MOST_CANDIDATES, MOST_CHOICES, MOST_TEMPERATURES, Space

if TYPE_CHECKING:
    import xarray as xr

    from sinterface.simulate.screening.bounded_store import BoundedStore

Row = dict[str, Any]

CHUNK = 64
"""Candidates in one chunk of every array."""

DONE = "DONE"
"""Outcome of a candidate all of whose runs reached the end of their schedules."""

TEXTS = ("cathode", "morphology", "electrolyte", "schedule", "gas", "coated", "structure", "outcome")
LABELS = TEXTS[:-1]

_T = ("temperature",)
ARRAYS: Mapping[str, tuple[tuple[str, ...], str, str]] = {
    "composition": (("element",), "1", "moles per mole of the cathode's cations other than Li"),
    "onset": ((), "degC", "lowest hold temperature at which a family reaches the limit; inf: none does"),
    "onset_interval": (("quantile",), "degC", "onset over samples of the uncertain data; inf: above all temperatures"),
    "wt_percent": ((*_T, "family"), "%", "secondary phases, share of the whole sample after the schedule"),
    "secondary_wt_percent": (_T, "%", "all secondary phases"),
    "cathode_fraction": (_T, "1", "share of the cathode's framework cations still in its structure"),
    "electrolyte_fraction": (_T, "1", "share of the electrolyte's framework cations still in its structure"),
    "driving_force": (_T, "meV/atom", "strongest reaction energy between cathode and electrolyte, no kinetics"),
    "probability_under_limit": (_T, "1", "share of samples in which every family stays under the limit"),
    "coating_driving_force": (("coating", *_T, "face"), "meV/atom", "strongest reaction energy at a coating's face"),
}
"""Numbers of a row: dims after ``candidate``, unit, meaning.  NaN where nothing was computed."""

MOST: Mapping[str, int] = {
    "candidate": MOST_CANDIDATES, "temperature": MOST_TEMPERATURES, "element": 120, "family": 100,
    "coating": MOST_CHOICES, "face": 2, "quantile": len(QUANTILES),
}  # fmt: skip
"""Longest dimensions of a store that is read."""

MOST_IN_CHUNK = 65_000_000
"""Most numbers in a chunk of a store that is read: CHUNK candidates of 50 temperatures and 10,000 coatings."""

MOST_ROWS_IN_CHUNK = 1024
"""Most candidates in a chunk of a store that is read."""

MOST_TEXT = 20_000
"""Longest text in a store that is read [bytes]: a schedule of 5000 characters."""

CODECS = (("bytes", "zstd"), ("vlen-utf8", "zstd"))
"""Codecs of numbers and of texts, as ``_create`` writes them; no others are read."""

SYNC = 1.0
"""Seconds after which rows of the journal are forced to the disk: so much work can be lost when the power is cut."""


class Store:
    """A store open for writing; ``open`` makes or resumes one, ``keep`` adds a row, ``finish`` ranks."""

    def __init__(self, path: Path, digest: str, size: int) -> None:
        """Go on with the store at ``path``, and with what its journal of this digest holds."""
        import zarr

        self._path, self._digest, self._size = path, digest, size
        self._pending: dict[int, dict[int, Row]] = {}
        self._journal_path = journal_path(path)
        self._lines = 0
        self._synced = time.monotonic()
        self._lock = Lock(path, "store")
        try:
            with reading(path):
                files = _files(path, read_only=False)
                group: Any = zarr.open_group(files, mode="r+", zarr_format=3, use_consolidated=False)
                self._group = group
                _check(group, files, path, size)
                self._done: NDArray[np.bool_] = np.asarray(group["done"]) == 1
                numbers = sum(math.prod(group[name].shape[1:]) for name in ARRAYS)
                longest = 40 * numbers + 20 * len(TEXTS) * MOST_TEXT  # characters of a row
                for index, row in _journal(self._journal_path, digest, longest):
                    if index < size and not self._done[index] and self._fits(row):
                        self._hold(index, row)
            self._journal = self._fresh_journal()
        except BaseException:
            self._lock.release()
            raise
        try:
            for chunk in list(self._pending):
                self._fold_if_whole(chunk)
        except BaseException:
            self._release()
            raise

    @staticmethod
    def open(
        path: Path,
        space: Space,
        attributes: Mapping[str, Any],
        coatings: Sequence[str],
        resume: bool,
        chunk: int = CHUNK,
    ) -> Store:
        """The store at ``path``, made when it is not there.  Raises InputError when it may not be written to."""
        check_writable(path.parent / f"{path.name}.try")
        if path.exists() or not _create(path, space, attributes, coatings, chunk):
            written = _attributes(path)
            if not resume:
                raise InputError(f"{path}: is there already; go on with --resume, or name another store")
            if written.get("digest") != attributes["digest"]:
                raise InputError(
                    f"{path}: was made from another space, database, version or parameters (digest "
                    f"{written.get('digest', 'none')}, now {attributes['digest']}): name another store"
                )
        return Store(path, str(attributes["digest"]), len(space))

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever ended the run, rows kept so far go into the arrays."""
        try:
            with reading(self._path):
                for chunk in list(self._pending):
                    self._write(chunk)
                self._journal.close()
                self._journal_path.unlink(missing_ok=True)  # on a failure rows are in the journal alone
        finally:
            self._release()

    def _release(self) -> None:
        try:
            with reading(self._path):
                self._journal.close()
        finally:
            self._lock.release()

    @property
    def count(self) -> int:
        """Rows kept."""
        return int(self._done.sum()) + sum(map(len, self._pending.values()))

    def has(self, index: int) -> bool:
        """True when this candidate's row is kept."""
        return bool(self._done[index]) or index in self._pending.get(index // self._chunk, {})

    @property
    def _chunk(self) -> int:
        return int(self._group["done"].chunks[0])

    def keep(self, index: int, row: Row) -> None:
        """Make a row safe: when this returns, kill -9 does not lose it, and a power cut a second later neither."""
        with reading(self._path):
            line = memoryview(f"{json.dumps([index, row])}\n".encode())
            while line:  # without a buffer, which would be written again, and fail again, on closing
                line = line[self._journal.write(line) :]
            if time.monotonic() - self._synced > SYNC:
                os.fsync(self._journal.fileno())
                self._synced = time.monotonic()
            self._lines += 1
            self._hold(index, row)
            self._fold_if_whole(index // self._chunk)

    def _hold(self, index: int, row: Row) -> None:
        self._pending.setdefault(index // self._chunk, {})[index] = row

    def _fits(self, row: Row) -> bool:
        """True for a row as ``keep`` writes it: its texts, and numbers of the shapes of the arrays; nothing else."""
        if len(row) > len(TEXTS) + len(ARRAYS):
            return False
        try:
            return all(isinstance(row[name], str) and len(row[name]) <= MOST_TEXT for name in TEXTS) and all(
                np.asarray(row[name], dtype=float).size == math.prod(self._group[name].shape[1:]) for name in ARRAYS
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            return False

    def _fold_if_whole(self, chunk: int) -> None:
        low = chunk * self._chunk
        high = min(low + self._chunk, self._size)
        if len(self._pending[chunk]) + int(self._done[low:high].sum()) < high - low:
            return
        self._fold(chunk)
        if self._lines > 2 * self._chunk + 2 * sum(map(len, self._pending.values())):
            self._journal.close()
            self._journal = self._fresh_journal()

    def _fold(self, chunk: int) -> None:
        """Rows of a chunk into the arrays, the flags last."""
        with reading(self._path):
            self._write(chunk)

    def _write(self, chunk: int) -> None:
        rows = self._pending[chunk]
        low = chunk * self._chunk
        high = min(low + self._chunk, self._size)
        for name in (*ARRAYS, *TEXTS):
            array = self._group[name]
            block = array[low:high]
            for index, row in rows.items():
                block[index - low] = np.reshape(row[name], block.shape[1:])  # lists of nothing have lost their shape
            array[low:high] = block
            self._to_disk(name, chunk)
        flags = self._done[low:high].copy()
        flags[[index - low for index in rows]] = True
        self._group["done"][low:high] = flags.astype("u1")
        self._to_disk("done", chunk)
        self._done[low:high] = flags
        del self._pending[chunk]

    def _to_disk(self, name: str, chunk: int) -> None:
        """Wait until a chunk of an array is on the disk: flags must not be there before what they stand for."""
        place = self._path / name / "c" / str(chunk)
        if place.is_dir():
            sync_tree(place)
        elif place.exists():
            with place.open("rb+") as stream:
                os.fsync(stream.fileno())
        sync_folder(place.parent)

    def _fresh_journal(self) -> FileIO:
        """A journal of the pending rows alone, in place of the old journal, open for more."""
        rows = [(index, row) for held in self._pending.values() for index, row in held.items()]
        text = "".join(json.dumps(line) + "\n" for line in [["journal", self._digest], *rows])
        write_text(self._journal_path, text)
        self._lines = len(rows)
        return self._journal_path.open("ab", buffering=0)

    def finish(self) -> int:
        """Rank the candidates and return how many failed; call it when all rows are kept.

        Best is the highest onset; then the least of secondary phases at any temperature, the weakest reaction, the
        order of the space.  Some 30 bytes per candidate are held in memory for this.
        """
        for chunk in list(self._pending):
            self._fold(chunk)
        with reading(self._path):
            return self._rank()

    def _rank(self) -> int:
        failed = 0
        onset, most, force = (np.empty(self._size) for _ in range(3))
        for low in range(0, self._size, self._chunk):
            part = slice(low, min(low + self._chunk, self._size))
            failed += int(np.sum(self._group["outcome"][part] != DONE))
            onset[part] = self._group["onset"][part]
            most[part] = np.max(self._group["secondary_wt_percent"][part], axis=1)
            force[part] = np.min(self._group["driving_force"][part], axis=1)
        order = np.lexsort((-force, most, -onset))
        order = order[~np.isnan(onset[order])]
        rank = np.zeros(self._size, dtype="i4")
        rank[order] = np.arange(1, len(order) + 1)
        for low in range(0, self._size, self._chunk):  # one file at a time, as in _fill
            part = slice(low, min(low + self._chunk, self._size))
            self._group["rank"][part] = rank[part]
        return failed


def journal_path(path: Path) -> Path:
    """Where rows wait until their chunk is whole."""
    return path.with_name(f"{path.name}.journal")


def open_store(path: str | Path) -> xr.Dataset:
    """The store as a Dataset, read on use by chunks; rows of which ``done`` is 0 are not there yet.

    Shapes and types are checked before any number is read.  Raises InputError when there is no store, DataError when
    it is damaged.

    >>> import sinterface as si
    >>> si.open_store("nowhere.zarr")
    Traceback (most recent call last):
    sinterface.models.basics.errors.InputError: nowhere.zarr: is not a store of a screen; name another
    """
    import xarray as xr
    import zarr

    path = Path(path)
    _attributes(path)
    with reading(path):
        files = _files(path)
        _check(zarr.open_group(files, mode="r", zarr_format=3, use_consolidated=False), files, path)
        dataset = xr.open_zarr(files, consolidated=False, zarr_format=3, decode_times=False)
    told = {plain(key): plain(value, 300) if isinstance(value, str) else value for key, value in dataset.attrs.items()}
    dataset.attrs = told
    return dataset


def _files(path: Path, *, read_only: bool = True) -> BoundedStore:
    from sinterface.simulate.screening.bounded_store import BoundedStore

    return BoundedStore(path, read_only=read_only)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Whatever zarr finds wrong in a store becomes one line.  Raises InputError or DataError."""
    try:
        yield
    except SinterfaceError:
        raise
    except OSError as error:
        raise InputError(f"{path}: can not be read or written: {error.strerror or error}; then --resume") from error
    except (ValueError, TypeError, LookupError, AttributeError, RuntimeError, ArithmeticError, MemoryError) as error:
        told = f"{type(error).__name__}: {shown(str(error), 150)[1:-1]}"
        raise DataError(f"{path}: is damaged ({told}); name another store") from error


def _check(group: Any, files: BoundedStore, path: Path, size: int | None = None) -> None:
    """All arrays are there, and no others, with the types, dimensions and codecs of ``_create``, of sizes that memory
    holds; ``files`` is told what one chunk of each may unpack to.
    """
    from sinterface.simulate.screening.bounded_store import ChunkLimit

    text: tuple[str, ...] = ("StringDType", "object")
    number: tuple[str, ...] = ("float64",)
    expected: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = dict.fromkeys(TEXTS, (("candidate",), text))
    expected |= {name: (("candidate", *dims), number) for name, (dims, *_) in ARRAYS.items()}
    expected |= {"done": (("candidate",), ("uint8",)), "rank": (("candidate",), ("int32",))}
    expected |= {name: ((name,), text) for name in ("element", "family", "coating", "face")}
    expected |= {name: ((name,), number) for name in ("temperature", "quantile")}
    for entry in files.root.iterdir():
        if entry.is_dir() and entry.name not in expected:
            raise DataError(f"{path}: holds {shown(entry.name)}, which no screen writes; name another store")
    sizes: dict[str, int] = {} if size is None else {"candidate": size}
    for name, (dims, types) in expected.items():
        array = group[name]
        named = tuple(array.metadata.dimension_names or ())
        if named != dims or len(array.shape) != len(dims) or not str(array.dtype).startswith(types):
            raise DataError(f"{path}: {name} is no array of {', '.join(dims)}; name another store")
        for dim, n in zip(dims, array.shape, strict=True):
            if sizes.setdefault(dim, n) != n or n > MOST[dim]:
                raise DataError(f"{path}: {name} has {n} along {dim}: damaged; name another store")
        many = math.prod(array.chunks)
        rows = array.chunks[0] if dims[0] == "candidate" else 1
        if rows > MOST_ROWS_IN_CHUNK or not 0 < many <= MOST_IN_CHUNK:
            raise DataError(f"{path}: {name} has chunks of {array.chunks}: damaged; name another store")
        codecs = tuple(str(codec.to_dict()["name"]) for codec in array.metadata.codecs)
        if codecs != CODECS[types is text]:
            raise DataError(f"{path}: {name} is packed by {shown(codecs)}, as no screen does; name another store")
        files.limits[name] = (
            ChunkLimit(4 + many * (4 + MOST_TEXT), many) if types is text else ChunkLimit(many * array.dtype.itemsize)
        )


def _attributes(path: Path) -> dict[str, Any]:
    import zarr

    try:
        attributes = dict(zarr.open_group(_files(path), mode="r", zarr_format=3, use_consolidated=False).attrs)
    except DataError:
        raise
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, MemoryError) as error:
        raise InputError(f"{path}: is not a store of a screen{instead(path)}; name another") from error
    return attributes


def _journal(path: Path, digest: str, longest: int) -> Iterator[tuple[int, Row]]:
    """Rows of a journal of this digest, up to the first line that is none: the last line may have been cut off.

    ``longest``: characters of a line that are read.
    """
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        number = 0
        while line := lines.readline(longest):
            try:
                first, second = json.loads(line)
            except (ValueError, TypeError, RecursionError):
                return
            if number == 0 and second != digest:
                return
            if number:
                if not isinstance(first, int) or first < 0 or not isinstance(second, dict):
                    return
                yield first, second
            number += 1


def _create(path: Path, space: Space, attributes: Mapping[str, Any], coatings: Sequence[str], chunk: int) -> bool:
    """All arrays without rows, under a temporary name first: a store is there whole or not at all.

    False when another process has made one of that name in the meantime.  Raises InputError when there is no room.
    """
    try:
        folder = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.stem[:100]}-"))
        try:
            _fill(folder / "store", space, attributes, coatings, chunk)
            (folder / "store").rename(path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        sync_folder(path.parent)
    except OSError as error:
        if path.is_dir() and error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise InputError(f"{path}: can not be made: {error.strerror or error}; make room or name another") from error
    return True


def _fill(place: Path, space: Space, attributes: Mapping[str, Any], coatings: Sequence[str], chunk: int) -> None:
    """The arrays of a new store, on the disk.

    zarr makes them in memory: it writes several files at once, and where the disk is full those that it has begun
    outlive the failure and print their own at the end of the program.
    """
    import zarr
    from zarr.storage import MemoryStore

    sizes = {
        "element": len(space.elements), "quantile": len(QUANTILES), "temperature": len(space.temperatures),
        "family": len(FAMILIES), "coating": len(coatings), "face": 2,
    }  # fmt: skip
    names: dict[str, Any] = {
        "element": space.elements, "family": tuple(FAMILIES), "coating": coatings, "face": ("cathode", "electrolyte"),
    }  # fmt: skip
    files: dict[str, Any] = {}
    memory = MemoryStore(files)
    group = zarr.open_group(memory, mode="w")
    size = len(space)

    def add(name: str, dims: tuple[str, ...], dtype: Any, fill: Any, about: Mapping[str, str]) -> Any:
        shape = tuple(sizes[dim] for dim in dims)
        made = group.create_array(
            name, shape=(size, *shape), chunks=(min(chunk, size), *(max(n, 1) for n in shape)), dtype=dtype,
            fill_value=fill, dimension_names=("candidate", *dims),
        )  # fmt: skip
        made.attrs.update(about)
        return made

    for name, (dims, unit, meaning) in ARRAYS.items():
        add(name, dims, "f8", math.nan, {"units": unit, "long_name": meaning})
    for name in TEXTS:
        add(name, (), str, "", {})
    add("done", (), "u1", 0, {"long_name": "1 where the row is there"})
    add("rank", (), "i4", 0, {"long_name": "1 is best: highest onset; 0 where there is no onset to rank by"})
    for name, values in names.items():
        array = group.create_array(
            name, shape=(len(values),), chunks=(max(len(values), 1),), dtype=str, dimension_names=(name,)
        )
        if len(values):
            array[:] = np.array(list(values), dtype=object)
    for name, numbers, unit in (("temperature", space.temperatures, "degC"), ("quantile", QUANTILES, "1")):
        array = group.create_array(
            name, shape=(len(numbers),), chunks=(len(numbers),), dtype="f8", dimension_names=(name,),
        )  # fmt: skip
        array[:] = np.array(numbers)
        array.attrs["units"] = unit
    group.attrs.update(dict(attributes) | {"coordinates": " ".join(LABELS)})
    with warnings.catch_warnings():  # readers find all arrays at once; nothing but numbers changes later
        warnings.filterwarnings("ignore", message="Consolidated metadata", category=UserWarning)
        zarr.consolidate_metadata(memory, zarr_format=3)
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.to_bytes())
    sync_tree(place)
