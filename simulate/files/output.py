"""Files are written whole or not at all: under a temporary name beside the target, then renamed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sinterface.models.basics.errors import InputError

if TYPE_CHECKING:
    import xarray as xr


def check_writable(path: Path) -> None:
    """Raise InputError now rather than after a long calculation when a file can not be written there."""
    try:
        if path.is_dir():
            raise InputError(f"output {path}: is a folder; name a file in it")
        if not path.parent.is_dir():
            raise InputError(f"output {path}: folder {path.parent} does not exist; make it first")
        if path.exists() and not path.is_file():
            raise InputError(f"output {path}: is a device or pipe, which can not be replaced; name a file")
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise InputError(f"output {path}: can not be written: {error.strerror}; choose another place") from error


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Call ``write`` with a temporary name and move what it wrote to ``path``; nothing is left behind on failure.

    Raises InputError when the place can not be written.
    """
    check_writable(path)
    try:
        handle = tempfile.NamedTemporaryFile(  # noqa: SIM115 - only the name is wanted, the writer opens it
            dir=path.parent, prefix=f".{path.stem[:100]}-", suffix=path.suffix, delete=False
        )
    except OSError as error:
        raise InputError(f"output {path}: can not be written: {error.strerror or error}") from error
    handle.close()
    temporary = Path(handle.name)
    try:
        write(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"output {path}: can not be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_dataset(path: Path, dataset: xr.Dataset) -> None:
    """Write a dataset as NetCDF-4, made in memory: HDF5 crashes where the disk is full."""
    write_whole(path, lambda name: name.write_bytes(dataset.to_netcdf(engine="h5netcdf")))
