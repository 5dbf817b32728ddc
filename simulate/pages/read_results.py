"""Reads back what ``run``, ``sweep``, ``compare``, ``optimize`` and ``screen`` wrote, and refuses anything else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.models.basics.errors import InputError, shown
from sinterface.models.basics.textfile import instead
from sinterface.simulate.files import hdf5_probe
from sinterface.simulate.setup.extras import require

if TYPE_CHECKING:
    import xarray as xr

MOST_BYTES = 1_000_000_000
"""Longest NetCDF file that is read."""

MOST_NUMBERS = 20_000_000
"""Most values of all arrays of a NetCDF file that is read."""

SIGNATURE = b"\x89HDF\r\n\x1a\n"
"""First bytes of a NetCDF-4 file, which is an HDF5 file."""

REMEDY = "give a NetCDF file (.nc) that run, sweep or compare wrote with -o, a .json of optimize, or a store of screen"

_NUMBER, _TEXT = "number", "text"
_RUN = {
    "wt_percent": (("time", "phase"), _NUMBER), "wt_percent_error": (("time", "phase"), _NUMBER),
    "time": (("time",), _NUMBER), "temperature": (("time",), _NUMBER), "phase": (("phase",), _TEXT),
    "family": (("phase",), _TEXT), "role": (("phase",), _TEXT), "cathode_fraction": (("time",), _NUMBER),
    "electrolyte_fraction": (("time",), _NUMBER), "dissipation": (("time", "process"), _NUMBER),
    "process": (("process",), _TEXT),
}  # fmt: skip
_SWEEP = {
    "wt_percent": (("hold_temperature", "family"), _NUMBER), "hold_temperature": (("hold_temperature",), _NUMBER),
    "family": (("family",), _TEXT), "cathode_fraction": (("hold_temperature",), _NUMBER),
    "electrolyte_fraction": (("hold_temperature",), _NUMBER),
}  # fmt: skip
_COMPARE = {
    "wt_percent": (("schedule", "point", "family"), _NUMBER), "time": (("schedule", "point"), _NUMBER),
    "temperature": (("schedule", "point"), _NUMBER), "schedule": (("schedule",), _TEXT),
    "family": (("family",), _TEXT), "final_wt_percent": (("schedule", "family"), _NUMBER),
    "relative_density": (("schedule", "quantile"), _NUMBER), "quantile": (("quantile",), _NUMBER),
    "cathode_fraction": (("schedule",), _NUMBER), "electrolyte_fraction": (("schedule",), _NUMBER),
}  # fmt: skip
KINDS: Mapping[str, Mapping[str, tuple[tuple[str, ...], str]]] = {"run": _RUN, "sweep": _SWEEP, "compare": _COMPARE}
"""Arrays that each kind of file must hold: dimensions, and numbers or text."""

MAY_LACK: Mapping[str, tuple[str, ...]] = {
    "run": ("wt_percent_error",), "sweep": (), "compare": ("wt_percent", "time", "temperature"),
}  # fmt: skip
"""Arrays in which NaN has a meaning: no error estimated, the end of a shorter run."""

ABSENT = ("cathode_fraction", "electrolyte_fraction")
"""Arrays that are NaN throughout where one powder was heated without the other, whose name is empty then."""

OPTIONAL: Mapping[str, Mapping[str, tuple[tuple[str, ...], str]]] = {
    "run": {
        "wt_percent_profile": (("cell", "phase"), _NUMBER), "radius": (("cell",), _NUMBER),
        "gas_uptake": (("time", "gas"), _NUMBER), "lithium_lost_mass": (("time",), _NUMBER), "gas": (("gas",), _TEXT),
        "sampled_wt_percent": (("sample", "sampled_family"), _NUMBER), "sampled_time": (("sampled_time",), _NUMBER),
        "sampled_course": (("quantile", "sampled_time", "sampled_family"), _NUMBER),
        "sampled_family": (("sampled_family",), _TEXT),
    },
    "sweep": {
        "wt_percent_error": (("hold_temperature", "family"), _NUMBER),
        "detection_limit": (("hold_temperature", "family"), _NUMBER),
    },
    "compare": {"final_wt_percent_error": (("schedule", "family"), _NUMBER)},
}  # fmt: skip
"""Arrays that a file may hold: checked where they are there."""

SAMPLED = {"sampled_wt_percent", "sampled_course", "sampled_time", "sampled_family"}
"""Of those of a run, what ``run --samples`` adds: all or none."""

ATTRIBUTES = ("cathode", "electrolyte", "database", "version")
"""What every file says of itself."""


@dataclass(frozen=True)
class Stored:
    """What a file holds; ``kind`` is run, sweep, compare, optimize or screen.  All but a screen is in memory."""

    path: Path
    kind: str
    data: xr.Dataset


def read(path: Path) -> Stored:
    """A NetCDF file, a document of ``optimize`` or a Zarr store, by its content.

    Raises InputError or DataError for anything else.
    """
    if path.is_dir():
        from sinterface.simulate.screening.zarr_store import open_store

        require("screen")
        store = open_store(path)
        if lacking := {"database", "version", "limit_wt_percent", "detected_by"} - set(store.attrs):
            raise InputError(f"{path}: does not say its {', '.join(sorted(lacking))}; {REMEDY}")
        return Stored(path, "screen", store)
    if path.suffix.lower() == ".json" and path.is_file():
        from sinterface.simulate.pages.read_front import read_front

        return Stored(path, "optimize", read_front(path, REMEDY))
    _check_file(path)
    if told := hdf5_probe.fault(path, MOST_NUMBERS):
        raise InputError(f"{path}: damaged or cut off ({told}); write it again")
    import xarray as xr

    try:
        with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as data:
            kind = _kind(path, data)
            loaded = data.load()
    except InputError:
        raise
    except Exception as error:  # whatever the reading of a damaged file runs into
        told = f"{type(error).__name__}: {shown(str(error), 150)[1:-1]}"
        raise InputError(f"{path}: damaged or cut off ({told}); write it again") from error
    for name, (_, what) in KINDS[kind].items():
        absent = name in ABSENT and not loaded.attrs[name.removesuffix("_fraction")]
        if what == _NUMBER and name not in MAY_LACK[kind] and not absent and not np.isfinite(loaded[name].values).all():
            raise InputError(f"{path}: {name} holds values that are no numbers: damaged; write it again")
    return Stored(path, kind, loaded)


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            if not path.is_file():
                raise InputError(f"{path}: is no file; {REMEDY}")
            start, size = stream.read(len(SIGNATURE)), path.stat().st_size
    except OSError as error:
        raise InputError(
            f"{path}: can not be read: {error.strerror or error}{instead(path) or f'; {REMEDY}'}"
        ) from error
    except ValueError as error:  # a null in the name
        raise InputError(f"{shown(str(path))}: there is no such file; {REMEDY}") from error
    if start != SIGNATURE:
        raise InputError(f"{path}: is no NetCDF-4 file; {REMEDY}")
    if size > MOST_BYTES:
        raise InputError(f"{path}: {size / 1e9:.1f} GB are more than any run, sweep or compare writes; {REMEDY}")


def _kind(path: Path, data: xr.Dataset) -> str:
    """Which command wrote a file, all its arrays checked before any number is read."""
    dims_of_shares = data["wt_percent"].dims if "wt_percent" in data else ()
    kind = next((name for name, arrays in KINDS.items() if arrays["wt_percent"][0] == dims_of_shares), None)
    if kind is None:
        held = ", ".join(map(str, list(data.variables)[:5])) or "nothing"
        raise InputError(f"{path}: holds {shown(held, 100)[1:-1]}, and no wt_percent of this program; {REMEDY}")
    optional = {name: want for name, want in OPTIONAL[kind].items() if name in data.variables}
    for name, (dims, what) in {**KINDS[kind], **optional}.items():
        array: Any = data.variables.get(name)
        if array is None or array.dims != dims or not _is(array.dtype, what):
            raise InputError(f"{path}: {name} is no {what} by {', '.join(dims)}, as {kind} -o writes it; {REMEDY}")
        sizes = dict(zip(dims, array.shape, strict=True))
        if sizes.get("quantile", 3) != 3 or any(n == 0 for dim, n in sizes.items() if not dim.endswith("family")):
            raise InputError(f"{path}: {name} is of shape {array.shape}: damaged; write it again")
    if len(optional.keys() & SAMPLED) not in (0, len(SAMPLED)):
        raise InputError(f"{path}: holds a part of the samples alone: damaged; write it again")
    for name in ATTRIBUTES:
        if not isinstance(data.attrs.get(name), str):
            raise InputError(f"{path}: does not say its {name}; {REMEDY}")
    return kind


def _is(dtype: Any, what: str) -> bool:
    return getattr(dtype, "kind", "") in ("OUT" if what == _TEXT else "fiu")
