"""The file of a pool: JSON in which tables of numbers stand packed.

A thousand sets of 46 firings are some 0.6 MB: amounts are kept as logarithms of two bytes each, families that none of
the sets makes in a firing are left out, and what remains is compressed.  All that is read is bounded and checked.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.errors import DataError, shown
from sinterface.models.rates.parameters import names, priors
from sinterface.validation.judging.judge import OFFSET, PLACES
from sinterface.validation.judging.pool import FAILED, GUESS, NO_JUDGE, NOT_RUN, MadeWith, Names, Pool, kept

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST = 20_000_000
"""Most numbers (sets times firings times families) that are read: 160 MB in memory, 20 000 sets of 46 firings."""

MOST_ENTRIES, MOST_LISTS = 1_000_000, 100_000
"""Most entries, and most lists and objects, of the JSON: each takes memory before anything can be checked."""

HIGHEST = 5.0
"""Logs of amounts lie between ln OFFSET and this: ln of 148 wt%."""


def pool_text(pool: Pool) -> str:
    """All rows as JSON; ``read_pool`` reads it."""
    nothing = kept(np.log(OFFSET))
    columns = np.argwhere(np.any(pool.logs != nothing, axis=0))  # (Q, 2): firing and place
    logs = pool.logs[:, columns[:, 0], columns[:, 1]]
    return json.dumps(
        {
            "parameters": names(),
            "priors": _priors(),
            "made_with": {field.name: getattr(pool.made_with, field.name) for field in fields(MadeWith)},
            "firings": pool.firings,
            "columns": [[int(firing), PLACES[place]] for firing, place in columns],
            "z": _packed(pool.z, "<f4"),
            "logs": _packed(logs.T, "<f2"),  # column by column, as numbers of a column are alike
            "states": _packed(pool.states.T, "u1"),
            "origin": pool.origin.tolist(),
            "rise": pool.rise.tolist(),
            "aims": pool.aims.tolist(),
        }
    )


def read_pool(text: str) -> Pool:
    """What ``pool_text`` wrote, with nobody to judge it yet: ``Pool.judged_by`` is next.

    Raises DataError for anything else.
    """
    if text.count(",") > MOST_ENTRIES or text.count("[") + text.count("{") > MOST_LISTS:
        raise DataError("these are more samples than a calibration has: calibrate anew")
    try:
        document = json.loads(text)
        if not isinstance(document, dict):
            raise TypeError("no object")
        known, scales = tuple(document["parameters"]), np.array(document["priors"], dtype=float)
        made_with = _made_with(document["made_with"])
        if known != names() or not np.array_equal(scales, np.array(_priors())):  # samples are in units of the priors
            raise DataError("these are not samples of the present parameters and priors: calibrate anew")
        if "log_likelihood" in document:
            raise TypeError("only log-likelihoods, which earlier versions kept, and not what the runs said")
        firings = _firings(document["firings"])
        origin, rise, aims = _whole(document["origin"]), _numbers(document["rise"]), _aims(document["aims"])
        count = len(origin)
        if count * len(firings) * len(PLACES) > MOST:
            raise TypeError("too many sets")
        z = _unpacked(document["z"], "<f4", (count, len(names())))
        states = _unpacked(document["states"], "u1", (len(firings), count)).T
        columns = _columns(document["columns"], len(firings))
        stored = _unpacked(document["logs"], "<f2", (len(columns), count)).T
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError, zlib.error) as error:
        told = shown(str(error), 200)[1:-1]
        raise DataError(f"these are no samples of a calibration ({told}): calibrate anew") from error
    nothing = float(kept(np.log(OFFSET)))
    if (
        rise.shape != (count,)
        or aims.shape != (count,)
        or not np.all(np.abs(z) < 1e3)  # NaN is not below it either
        or not np.all((stored >= nothing) & (stored <= HIGHEST))
        or not np.all((states >= NOT_RUN) & (states <= FAILED))
        or not np.all(np.abs(rise) < 1e9)
        or not np.all((origin >= GUESS) & (origin < 10**6))
    ):
        raise DataError("these samples are damaged: calibrate anew")
    logs = np.full((count, len(firings), len(PLACES)), nothing)
    if columns:
        at, place = np.array(columns).T
        logs[:, at, place] = stored
    return Pool(
        z, logs, states, origin, rise, aims=aims, judge=NO_JUDGE, made_with=made_with, others=tuple(firings)
    )  # fmt: skip


def _priors() -> list[list[float]]:
    return [[card.mean, card.sd] for card in priors()]


def _packed(table: NDArray[Any], kind: str) -> str:
    """A table as text: its bytes by significance, which makes them alike, compressed."""
    content = np.ascontiguousarray(table, dtype=kind)
    width = content.dtype.itemsize
    alike = content.reshape(-1).view(np.uint8).reshape(-1, width).T.tobytes()
    return base64.b64encode(zlib.compress(alike, 9)).decode("ascii")


def _unpacked(entry: Any, kind: str, shape: tuple[int, int]) -> Any:
    """A table of a known shape from text; no more is decompressed than it may hold."""
    if not isinstance(entry, str):
        raise TypeError("a table is no text")
    wanted = np.dtype(kind).itemsize * shape[0] * shape[1]
    stream = zlib.decompressobj()
    content = stream.decompress(base64.b64decode(entry, validate=True), wanted + 1)
    if len(content) != wanted or not stream.eof:
        raise ValueError("a table has another size than it should have")
    alike = np.frombuffer(content, dtype=np.uint8).reshape(np.dtype(kind).itemsize, -1)
    table = np.ascontiguousarray(alike.T).reshape(-1).view(kind).reshape(shape)
    return table.astype(np.int64 if kind == "u1" else float)


def _firings(entry: Any) -> list[str]:
    if not isinstance(entry, list) or len(entry) > 10_000:
        raise TypeError("firings is no list")
    if not all(isinstance(key, str) and 0 < len(key) <= 1000 and key.isprintable() for key in entry):
        raise TypeError("firings are no names")
    if len(set(entry)) < len(entry):
        raise TypeError("a firing stands twice")
    return entry


def _aims(entry: Any) -> Names:
    if not isinstance(entry, list) or not all(isinstance(name, str) and len(name) <= 200 for name in entry):
        raise TypeError("aims is no list of names")
    return np.array(entry, dtype=str)


def _columns(entry: Any, firings: int) -> list[tuple[int, int]]:
    if not isinstance(entry, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in entry):
        raise TypeError("columns is no list of pairs")
    if not all(type(at) is int and 0 <= at < firings and isinstance(name, str) for at, name in entry):
        raise TypeError("columns are not a firing and a family each")
    pairs = [(at, PLACES.index(name)) for at, name in entry]
    if len(set(pairs)) < len(pairs):
        raise TypeError("a column stands twice")
    return pairs


def _made_with(entry: Any) -> MadeWith:
    if not isinstance(entry, dict):
        raise TypeError("made_with is not complete")
    database, cells, tolerance = (entry[field.name] for field in fields(MadeWith))
    if not (isinstance(database, str) and len(database) <= 200 and database.isprintable()):
        raise TypeError("made_with has no fingerprint of the database")
    if type(cells) is not int or type(tolerance) is not float or not (0 < cells < 10**6 and 0.0 < tolerance < 1e3):
        raise TypeError("made_with has no cells and tolerance")
    return MadeWith(database, cells, tolerance)


def _whole(entry: Any) -> Integers:
    if not isinstance(entry, list) or not all(type(number) is int and abs(number) < 10**6 for number in entry):
        raise TypeError("origin is no list of whole numbers")
    return np.array(entry, dtype=np.int64)


def _numbers(entry: Any) -> Array:
    if not isinstance(entry, list) or not all(type(number) in (int, float) for number in entry):
        raise TypeError("rise is no list of numbers")
    return np.array(entry, dtype=float)
