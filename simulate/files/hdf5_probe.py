"""An HDF5 or NetCDF-4 file is read by another process first, whose memory and time are bounded.

On damaged files the HDF5 library may loop for ever, crash or ask for any amount of memory.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sinterface.models.basics.errors import shown

PATIENCE = 30.0
"""Time [s] after which a file that is still being read counts as damaged."""

MEMORY = 1_000_000_000
"""Memory that reading may take beyond that of the libraries [bytes]; not bounded on Windows and macOS."""

MOST_BYTES = 400_000_000
"""Bytes of one array when it is unpacked."""

MOST_ATTRIBUTE = 5_000_000
"""Bytes of one attribute."""

_PROBE = """
import sys
import h5py
path, memory, most_numbers, most_bytes, most_attribute = sys.argv[1], *map(int, sys.argv[2:])
try:
    import resource
    with open("/proc/self/status") as lines:
        held = int(next(line.split()[1] for line in lines if line.startswith("VmData"))) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (held + memory, held + memory))
except (ImportError, OSError, StopIteration, ValueError):
    pass

def refuse(name, why):
    sys.exit(f"{name} {why}")

def judge(name, item):
    for key in item.attrs:
        about = item.attrs.get_id(key)
        size = about.dtype.itemsize
        for n in about.shape or ():
            size *= n
        if size > most_attribute:
            refuse(f"{name}.{key}", f"takes {size} bytes")
        item.attrs[key]
    if not isinstance(item, h5py.Dataset) or item.shape is None:
        return
    if item.is_virtual or item.external:
        refuse(name, "stands in other files")
    if item.size > most_numbers or item.size * item.dtype.itemsize > most_bytes:
        refuse(name, f"takes {item.size} values of {item.dtype.itemsize} bytes")
    size = item.dtype.itemsize
    for n in item.chunks or ():
        size *= n
    if size > most_bytes:
        refuse(name, f"has pieces of {size} bytes")
    item[()]

with h5py.File(path, "r") as file:
    judge("/", file)
    file.visititems(judge)
"""


def fault(path: Path, most_numbers: int) -> str:
    """What is wrong with a file, all of whose arrays may hold so many values; empty when it can be read.

    Sizes of arrays, of their pieces and of attributes are compared with bounds before anything is unpacked; parts that
    stand in other files are refused.

    >>> fault(Path("no-such-run.nc"), 20_000_000).startswith("FileNotFoundError")
    True
    """
    numbers = map(str, (MEMORY, most_numbers, MOST_BYTES, MOST_ATTRIBUTE))
    command = [sys.executable, "-c", _PROBE, str(path.resolve()), *numbers]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603 - own command
    except subprocess.TimeoutExpired:
        return f"can not be read within {PATIENCE:g} s"
    if done.returncode == 0:
        return ""
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["the HDF5 library crashed"]
    return shown(last[0], 150)[1:-1]
