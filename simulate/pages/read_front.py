"""Reads back the JSON document that ``optimize`` wrote, number by number, and refuses any other."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.models.basics.errors import InputError, shown
from sinterface.models.basics.textfile import read_text

if TYPE_CHECKING:
    import xarray as xr

MOST_BYTES = 20_000_000
"""Longest document that is read."""

MOST_TRIALS, MOST_FAMILIES, MOST_LETTERS = 5000, 100, 1000
"""Most schedules of a document, families of each, and letters of a text."""

MOST_SHARE = 100.1
"""Largest share of a sample [wt%]: all of it, and some round-off."""

PARTS = ("low", "median", "high")
"""Names of the 5, 50 and 95 % in the document."""

NUMBERS: Mapping[str, tuple[tuple[str, ...], float]] = {
    "hold_temperature": (("temperature_C",), 1e4), "hold": (("hold_h",), 1e5), "ramp": (("ramp_C_per_min",), 1e7),
    "relative_density": (("relative_density", "value"), 1.0),
    "wt_percent_of_all": (("secondary_wt_percent", "value"), MOST_SHARE),
}  # fmt: skip
"""Numbers of each schedule that must be there, from zero to a bound: keys that lead to each."""

TEXTS = {"atmosphere": "atmosphere", "cooling": "cooling", "schedule_text": "schedule"}


def read_front(path: Path, remedy: str) -> xr.Dataset:
    """What a search came to, a row for each schedule; ``point`` is its number on the front, 0 for the others.

    ``remedy`` ends the message on a file that is no such document, for which InputError or DataError is raised.
    """
    import xarray as xr

    document = _document(path, remedy)
    points, trials = (_rows(path, document, key) for key in ("front", "trials"))
    best = {(_text(path, row, "schedule"), _text(path, row, "atmosphere")) for row in points}
    others = [row for row in trials if (_text(path, row, "schedule"), _text(path, row, "atmosphere")) not in best]
    rows = [*points, *others]
    families = sorted({name for row in rows for name in _families(path, row)})
    if len(families) > MOST_FAMILIES:
        raise InputError(
            f"{path}: {len(families)} families, where a search names up to {MOST_FAMILIES}; write it again"
        )
    shares = np.array([[_families(path, row).get(name, 0.0) for name in families] for row in rows])
    density, sampled = (
        np.array([_interval(path, row, key, most) for row in rows])
        for key, most in (("relative_density", 1.0), ("secondary_wt_percent", MOST_SHARE))
    )
    error = [_number(path, row, ("secondary_wt_percent", "error"), MOST_SHARE, or_none=True) for row in rows]
    whole = {key: int(_number(path, document, (key,), 1e9)) for key in ("predictions", "failed", "samples", "seed")}
    ratio = _number(path, document, ("mass_ratio",), 1e4, or_none=True)
    return xr.Dataset(
        {
            **{
                name: ("trial", np.array([_number(path, row, keys, most) for row in rows]))
                for name, (keys, most) in NUMBERS.items()
            },
            **{name: ("trial", np.array([_text(path, row, key) for row in rows])) for name, key in TEXTS.items()},
            "point": ("trial", np.array([*range(1, len(points) + 1), *[0] * (len(rows) - len(points))])),
            "density_interval": (("trial", "quantile"), density),
            "sampled_wt_percent": (("trial", "quantile"), sampled),
            "wt_percent_error": ("trial", np.array(error)),
            "wt_percent": (("trial", "family"), shares.reshape(len(rows), len(families))),
        },
        coords={"family": np.array(families, dtype=str)},
        attrs={key: _text(path, document, key) for key in ("cathode", "electrolyte", "database", "version")}
        | whole
        | {"mass_ratio": ratio},
    )


def _document(path: Path, remedy: str) -> dict[str, Any]:
    text = read_text(path, MOST_BYTES, "document of a search")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is no JSON document that can be read; {remedy}") from error
    if isinstance(document, dict) and {"front", "trials", "bounds"} <= document.keys():
        return document
    if isinstance(document, dict) and {"cathode", "version"} <= document.keys():
        told = "a document of --json, which holds too little"
        raise InputError(f"{path}: {told}: run the same again with -o and a name that ends in .nc")
    raise InputError(f"{path}: holds no search of sinterface optimize; {remedy}")


def _rows(path: Path, document: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    rows = document[key]
    if not isinstance(rows, list) or len(rows) > MOST_TRIALS or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path}: {key} is no list of up to {MOST_TRIALS} schedules: damaged; write it again")
    if not rows:
        raise InputError(f"{path}: {key} is empty: no schedule came to its end; widen the bounds of the search")
    return rows


def _number(
    path: Path, row: Mapping[str, Any], keys: tuple[str, ...], most: float, *, or_none: bool = False
) -> float:  # fmt: skip
    """A number from zero to ``most`` at the end of ``keys``; nan for none where that may be."""
    value: Any = row
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if value is None and or_none:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= most:
        raise InputError(f"{path}: {'.'.join(keys)} is no number from 0 to {most:g}: {shown(value)}; write it again")
    return float(value)


def _interval(path: Path, row: Mapping[str, Any], key: str, most: float) -> list[float]:
    """The 5, 50 and 95 %; nan where there are none."""
    return [_number(path, row, (key, part), most, or_none=True) for part in PARTS]


def _text(path: Path, row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or len(value) > MOST_LETTERS:
        raise InputError(f"{path}: {key} is no text of up to {MOST_LETTERS} letters: {shown(value)}; write it again")
    return value


def _families(path: Path, row: Mapping[str, Any]) -> dict[str, float]:
    shares = row.get("families")
    if not isinstance(shares, dict) or len(shares) > MOST_FAMILIES or any(len(name) > MOST_LETTERS for name in shares):
        raise InputError(f"{path}: families are no list of up to {MOST_FAMILIES} names with wt%; write it again")
    return {name: _number(path, shares, (name,), MOST_SHARE) for name in shares}
