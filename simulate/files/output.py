"""Files are written whole or not at all: under a temporary name beside the target, to the disk, then renamed."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinterface.models.basics.errors import InputError, SinterfaceError, shown

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def check_ending(path: Path, endings: Mapping[str, str], what: str = "output") -> None:
    """Raise InputError unless the name of a file ends as ``endings`` tell, in letters of any size.

    ``endings`` says what a file of each is, ``what`` the message calls the file.

    >>> check_ending(Path("run.NC"), {".nc": "NetCDF"})
    >>> check_ending(Path("a.txt"), {".nc": "NetCDF", ".json": "JSON"})
    Traceback (most recent call last):
    ...
    sinterface.models.basics.errors.InputError: output a.txt: the ending '.txt' is none of .nc (NetCDF), .json (JSON)
    """
    if path.suffix.lower() not in endings:
        choices = ", ".join(f"{ending} ({kind})" if kind else ending for ending, kind in endings.items())
        raise InputError(f"{what} {path}: the ending {shown(path.suffix)} is none of {choices}")


def check_writable(path: Path) -> None:
    """Raise InputError now rather than after a long calculation when a file can not be written there."""
    try:
        target = _target(path)
        if target.is_dir():
            raise InputError(f"output {path}: is a folder; name a file in it")
        if not target.parent.is_dir():
            raise InputError(f"output {path}: folder {target.parent} does not exist; make it first")
        if target.exists() and not target.is_file():
            raise InputError(f"output {path}: is a device or pipe, which can not be replaced; name a file")
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise InputError(f"output {path}: can not be written: {error.strerror}; choose another place") from error


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Call ``write`` with a temporary name and move what it wrote to ``path``; nothing is left behind on failure.

    A symbolic link stays one: the file that it points to is replaced.  A file that is there keeps its mode, and its
    owner where that is allowed; a new file gets the mode that the umask leaves.  What was written is on the disk before
    the name changes, so that a power cut leaves the old file or the new.

    Raises InputError, naming the path, when the place can not be written or ``write`` fails for want of space.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder, "answer.txt"), lambda name: name.write_text("42"))
    ...     Path(folder, "answer.txt").read_text()
    '42'
    """
    check_writable(path)
    target = _target(path)
    try:
        before = target.stat() if target.exists() else None
        temporary = _created(target, 0o666 if before is None else 0o600)
    except OSError as error:
        raise _failed(path, error) from error
    try:
        write(temporary)
        if before is not None:
            _as_before(temporary, before)
        _to_disk(temporary)
        temporary.replace(target)
        sync_folder(target.parent)
    except SinterfaceError:
        raise
    except Exception as error:
        cause = _system_error(error)
        if cause is None:
            raise
        raise _failed(path, cause) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8, whole or not at all.  Raises InputError when it can not be written."""
    write_whole(path, lambda name: name.write_text(text, encoding="utf-8"))


def write_dataset(path: Path, dataset: xr.Dataset) -> None:
    """Write a dataset as NetCDF-4, made in memory: HDF5 crashes where the disk is full."""
    content = bytes(dataset.to_netcdf(engine="h5netcdf"))  # a view of it that an error holds makes Python 3.13 complain
    write_whole(path, lambda name: name.write_bytes(content))


def write_figure(path: Path, figure: Figure, **options: Any) -> None:
    """Write a figure in the format of the file's suffix, drawn in memory: a PDF breaks off oddly on a full disk.

    ``options`` go to ``Figure.savefig``.  Raises InputError when it can not be written.
    """
    content = io.BytesIO()
    figure.savefig(content, format=path.suffix[1:].lower() or "png", **options)
    write_whole(path, lambda name: name.write_bytes(content.getvalue()))


def sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a power cut, where the system can."""
    with contextlib.suppress(OSError):  # Windows, and file systems that do not know of it
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync_tree(folder: Path) -> None:
    """Make all files below a folder survive a power cut.  Raises OSError when the disk refuses them."""
    for where, _, names in os.walk(folder):
        for name in names:
            _to_disk(Path(where, name))
        sync_folder(Path(where))


def _target(path: Path) -> Path:
    """The file that a path stands for: the end of all symbolic links.  Raises OSError for links in a circle."""
    if not path.is_symlink():
        return path
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return target


def _created(target: Path, mode: int) -> Path:
    """A new empty file beside the target, under a name that nobody else has."""
    for _ in range(100):
        name = target.with_name(f".{target.stem[:100]}-{secrets.token_hex(6)}{target.suffix[:100]}")
        with contextlib.suppress(FileExistsError):
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
            return name
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def _as_before(path: Path, before: os.stat_result) -> None:
    """Owner and mode of the file that is replaced."""
    now = path.stat()
    if hasattr(os, "chown") and (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        with contextlib.suppress(OSError):  # only root may give files away
            os.chown(path, before.st_uid, before.st_gid)
    path.chmod(stat.S_IMODE(before.st_mode))


def _to_disk(path: Path) -> None:
    """Wait until a file is on the disk; it may be readable alone."""
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _system_error(error: BaseException | None) -> OSError | None:
    """The fault of the system behind an error: libraries raise others on the way out of a full disk."""
    if isinstance(error, OSError):
        return error
    for _ in range(20):
        error = None if error is None else error.__cause__ or error.__context__
        if isinstance(error, OSError) and error.errno in _FULL:
            return error
    return None


def _failed(path: Path, error: OSError) -> InputError:
    remedy = "; make room or choose another place" if error.errno in _FULL else ""
    return InputError(f"output {path}: can not be written: {error.strerror or error}{remedy}")
