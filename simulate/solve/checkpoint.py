"""A run put aside: everything an integration needs to go on, in an HDF5 file with a checksum."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.errors import DataError
from sinterface.simulate.files import hdf5_probe
from sinterface.simulate.files.output import write_whole
from sinterface.simulate.solve.integrate import ROWS, Outcome, State, Trajectory

EVERY = 20.0
"""Seconds between two checkpoints of a long run."""

_STATE = ("amounts", "multipliers", "lowest", "potentials", "held", "lost", "first", "start", "slope", "drift",
          "grain", "nucleated", "affinity")  # fmt: skip
_POSITIVE = ("amounts", "multipliers", "lowest", "first", "start", "grain", "nucleated")

HEADER = 512
"""Bytes before the HDF5 data proper, its smallest user block: HDF5 tools pass over it."""

MAX_BYTES, MAX_NUMBERS = 500_000_000, 20_000_000
"""Largest file read, and most numbers in its arrays: a file can declare more than any memory holds."""

LARGEST = 1e12
"""Nothing in a state or its past is as large, in SI or in units of RT."""

_MAGIC = b"sinterface checkpoint 5\n"


def digest(*what: object) -> str:
    """A name for a problem and its data, arrays to the last bit: a checkpoint goes on with nothing else."""
    told = hashlib.sha256()
    for part in what:
        if isinstance(part, State):
            told.update(b"".join(np.ascontiguousarray(getattr(part, key)).tobytes() for key in _STATE))
        else:
            told.update(repr(part).encode() + b"\n")
    return told.hexdigest()[:16]


def save(run: Trajectory, path: Path, problem: str) -> None:
    """Write a trajectory and its last state, whole or not at all; ``problem`` is its digest."""
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w", userblock_size=HEADER) as file:
        file.attrs.update(problem=problem, time=run.last.time, size=run.last.size, steps=run.steps,
                          iterations=run.iterations)  # fmt: skip
        for key in _STATE:
            file[f"state/{key}"] = getattr(run.last, key)
        for key in ROWS:
            file[f"past/{key}"] = getattr(run, key)
    write_whole(path, lambda name: name.write_bytes(seal(content.getvalue())))


def seal(content: bytes) -> bytes:
    """HDF5 data with the checksum of all that follows the header in it."""
    body = content[HEADER:]
    return (_MAGIC + hashlib.sha256(body).digest()).ljust(HEADER, b"\0") + body


def load(path: Path, problem: str, like: State | None = None) -> Trajectory:
    """Read what ``save`` wrote; its state has to be of the shape of ``like``.

    Raises DataError when it is damaged or belongs to another problem.
    """
    import h5py

    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ValueError(f"it has over {MAX_BYTES} bytes")
        if content[:HEADER] != seal(content)[:HEADER]:  # HDF5 may never return from damaged bytes
            raise ValueError("its checksum is wrong")
        if told := hdf5_probe.fault(path, MAX_NUMBERS):  # a right checksum is no proof of who wrote it
            raise ValueError(told)
        with h5py.File(io.BytesIO(content), "r") as file:
            written = str(file.attrs["problem"])
            state = {key: _array(file[f"state/{key}"]) for key in _STATE}
            past = {key: _array(file[f"past/{key}"]) for key in ROWS}
            numbers = {key: float(file.attrs[key]) for key in ("time", "size", "steps", "iterations")}
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise DataError(f"checkpoint {path} can not be read ({error}): delete it to start over") from error
    shapes = {key: array.shape for key, array in state.items()}
    M, V, K, B, R = 0, 0, 0, 0, 0
    if len(shapes["amounts"]) == 2 and len(shapes["lost"]) == len(shapes["first"]) == 1:
        M, V, K, B = (*shapes["amounts"], *shapes["lost"], *shapes["first"])
        R = max(min(shapes["nucleated"][0], M), 1) if shapes["nucleated"] else 0
    wide, narrow = (M, V), (M, K)
    right = {
        "amounts": wide, "multipliers": wide, "lowest": wide, "slope": wide, "potentials": narrow, "held": narrow,
        "drift": narrow, "lost": (K,), "first": (B,), "start": (V,), "grain": (1,),
        "nucleated": (R, B), "affinity": (M, B),
    }  # fmt: skip
    steps = past["times"].shape[:1]
    rows = {
        "times": steps, "totals": (*steps, V), "watched": (*steps, *past["watched"].shape[1:]), "held": (*steps, K),
        "lost": (*steps, K), "moving": (*steps, K), "changing": (*steps, B),
    }  # fmt: skip
    if (
        shapes != right
        or len(steps) != 1
        or past["watched"].ndim != 2
        or {key: array.shape for key, array in past.items()} != rows
        or not all(
            np.all(np.abs(array) < LARGEST)
            for array in (*state.values(), *past.values(), np.array(list(numbers.values())))
        )  # NaN is not below it either
        or not all(np.all(array >= 0.0) for array in (*(state[key] for key in _POSITIVE), past["totals"]))
        or not (state["first"].sum() > 0.0 and numbers["size"] > 0.0 and min(numbers.values()) >= 0.0)
        or not (
            steps[0] > 0
            and np.all(past["totals"].sum(axis=1) > 0.0)
            and past["times"][-1] == numbers["time"]
            and np.all(np.diff(past["times"]) > 0.0)
        )
    ):
        raise DataError(f"checkpoint {path} is damaged: delete it to start over")
    other = like is not None and any(getattr(like, key).shape != shape for key, shape in shapes.items())
    if written != problem or other:
        raise DataError(
            f"checkpoint {path} belongs to another couple, schedule, gas, database or set of parameters: "
            "delete it to start over"
        )
    arrays: dict[str, Any] = state  # fields of other types keep their defaults
    last = State(time=numbers["time"], size=numbers["size"], fresh=False, **arrays)
    assert {field.name for field in fields(State)} == {"time", "size", "fresh", "stores", "species", *_STATE}
    rows_kept: dict[str, Any] = past
    return Trajectory(
        **rows_kept, last=last, outcome=Outcome.DONE, steps=int(numbers["steps"]), iterations=int(numbers["iterations"])
    )


def _array(data: Any) -> NDArray[np.float64]:
    """A dataset of floats as it is in the file.  Raises ValueError for anything else."""
    if data.dtype.kind != "f":
        raise ValueError(f"{data.name} holds no floating-point numbers")
    return np.asarray(data[()], dtype=float)


def keeper(path: Path, problem: str) -> Callable[[Trajectory], None]:
    """Saves the trajectory so far every EVERY seconds of computing."""
    last = [time.monotonic()]

    def keep(so_far: Trajectory) -> None:
        if time.monotonic() - last[0] >= EVERY:
            save(so_far, path, problem)
            last[0] = time.monotonic()

    return keep
