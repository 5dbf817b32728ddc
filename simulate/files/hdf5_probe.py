"""An HDF5 or NetCDF-4 file is read by another process first, whose memory and time are bounded.

On damaged files the HDF5 library may loop for ever, crash or ask for any amount of memory.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from sinterface.models.basics.errors import shown

PATIENCE = 30.0
"""Time by the clock [s] after which a file that is still being read counts as damaged."""

SECONDS = 5
"""Processor time that reading may take [s]; not bounded on Windows."""

MEMORY = 1_000_000_000
"""Memory that reading may take beyond that of the libraries [bytes]; not bounded on Windows and macOS."""

MOST_BYTES = 400_000_000
"""Bytes of all arrays, attributes and texts together when they are unpacked, and of one piece of an array."""

MOST_ATTRIBUTE = 5_000_000
"""Bytes of one attribute."""

MOST_PARTS = 100_000
"""Groups, arrays and attributes of a file."""

_PROBE = """
import sys
import h5py
import numpy as np
path, memory, seconds, most_numbers, most_bytes, most_attribute, most_parts = sys.argv[1], *map(int, sys.argv[2:])
try:
    import resource
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + seconds + 1, int(used) + seconds + 2))
    with open("/proc/self/status") as lines:
        held = int(next(line.split()[1] for line in lines if line.startswith("VmData"))) * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (held + memory, held + memory))
except (ImportError, OSError, StopIteration, ValueError):
    pass

numbers = taken = parts = 0

def refuse(name, why):
    sys.exit(f"{name} {why}")

def count(name):
    global parts
    parts += 1
    if parts > most_parts:
        refuse(name, f"is part {parts} of the file")

def take(name, bytes_more, numbers_more=0):
    global numbers, taken
    numbers, taken = numbers + numbers_more, taken + bytes_more
    if numbers > most_numbers or taken > most_bytes:
        refuse(name, f"brings the file to {numbers} values and {taken} bytes")

def texts(name, values):
    if getattr(values, "dtype", None) is not None and values.dtype.kind == "O":
        for value in values.ravel():
            take(name, len(value) if isinstance(value, (bytes, str)) else getattr(value, "nbytes", 0))

def judge(name, item):
    count(name)
    for key in item.attrs:
        count(name)
        about = item.attrs.get_id(key)
        size = about.dtype.itemsize
        for n in about.shape or ():
            size *= n
        if size > most_attribute:
            refuse(f"{name}.{key}", f"takes {size} bytes")
        take(f"{name}.{key}", size)
        texts(f"{name}.{key}", np.asarray(item.attrs[key]))
    if isinstance(item, h5py.Group):
        for key in item:
            if not isinstance(item.get(key, getlink=True), h5py.HardLink):
                refuse(f"{name}.{key}", "is a link to elsewhere")
    if not isinstance(item, h5py.Dataset) or item.shape is None:
        return
    if item.is_virtual or item.external:
        refuse(name, "stands in other files")
    if item.size > most_numbers or item.size * item.dtype.itemsize > most_bytes:
        refuse(name, f"takes {item.size} values of {item.dtype.itemsize} bytes")
    take(name, item.size * item.dtype.itemsize, item.size)
    size = item.dtype.itemsize
    for n in item.chunks or ():
        size *= n
    if size > most_bytes:
        refuse(name, f"has pieces of {size} bytes")
    texts(name, item[()])

with h5py.File(path, "r") as file:
    judge("/", file)
    file.visititems(judge)
"""


def fault(path: Path, most_numbers: int) -> str:
    """What is wrong with a file, whose arrays may together hold so many values; empty when it can be read.

    Sizes of arrays, of their pieces and of attributes are compared with bounds before anything is unpacked; links, and
    parts that stand in other files, are refused.

    >>> fault(Path("no-such-run.nc"), 20_000_000).startswith("FileNotFoundError")
    True
    """
    bounds = map(str, (MEMORY, SECONDS, most_numbers, MOST_BYTES, MOST_ATTRIBUTE, MOST_PARTS))
    command = [sys.executable, "-c", _PROBE, str(path.resolve()), *bounds]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603 - own command
    except subprocess.TimeoutExpired:
        return f"can not be read within {PATIENCE:g} s"
    if done.returncode == 0:
        return ""
    if done.returncode == -getattr(signal, "SIGXCPU", 0):
        return f"can not be read within {SECONDS} s of processor time"
    last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["the HDF5 library crashed"]
    return shown(last[0], 150)[1:-1]
