"""What a store of a screen says, as plain values: the best candidates, why others failed, and what pictures show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.textfile import plain
from sinterface.simulate.screening.candidate_space import BARE, METALS
from sinterface.simulate.screening.zarr_store import DONE, LABELS

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]

MOST_ROWS = 40
"""Cathodes, and electrolytes, on one map of couples; the best ranked are taken."""

MOST_REASONS = 20
"""Reasons of failures that are told apart."""


def best(store: xr.Dataset, top: int) -> list[dict[str, Any]]:
    """The ``top`` best candidates, best first, as in the JSON document that ``docs/screening.md`` describes."""
    rank = store["rank"].values
    chosen = np.flatnonzero((rank > 0) & (rank <= top))
    chosen = chosen[np.argsort(rank[chosen])]
    rows = store.isel(candidate=chosen).load()  # each chunk is read once
    return [_entry(rows.isel(candidate=number), int(index)) for number, index in enumerate(chosen)]


def reasons(store: xr.Dataset) -> list[dict[str, Any]]:
    """Outcomes other than DONE, with the number of candidates of each."""
    counts: dict[str, int] = {}
    outcome = store["outcome"]
    size = outcome.chunks[0][0] if outcome.chunks else outcome.size
    for low in range(0, outcome.size, max(size, 1)):
        for text in outcome[low : low + size].values.tolist():
            if text != DONE and (text in counts or len(counts) < MOST_REASONS):
                counts[text] = counts.get(text, 0) + 1
    return [{"reason": plain(reason, 300), "candidates": count} for reason, count in counts.items()]


def _entry(candidate: xr.Dataset, index: int) -> dict[str, Any]:
    shares = np.nan_to_num(candidate["wt_percent"].values).max(axis=0)
    order = [k for k in np.argsort(-shares, kind="stable") if shares[k] >= 0.01]
    entry: dict[str, Any] = {
        "rank": int(candidate["rank"]),
        "candidate": index,
        **{key: plain(candidate[key].values) for key in LABELS if key != "structure"},
        "onset_C": _finite(candidate["onset"]),
        "clean_to_C": clean_to(float(candidate["onset"]), candidate["temperature"].values),
        "onset_interval_C": [_finite(T) for T in candidate["onset_interval"].values],
        "secondary_wt_percent_most": _finite(candidate["secondary_wt_percent"].max()),
        "wt_percent_most": {plain(candidate["family"].values[k]): float(shares[k]) for k in order},
        "driving_force_meV_per_atom": [_finite(value) for value in candidate["driving_force"].values],
        "probability_under_limit": [_finite(value) for value in candidate["probability_under_limit"].values],
        "outcome": plain(candidate["outcome"].values, 300),
    }
    bare = float(candidate["driving_force"].min())
    faces = candidate["coating_driving_force"].min("temperature").values
    coated: list[dict[str, Any]] = sorted(
        (
            {
                "coating": plain(name),
                "cathode_face_meV_per_atom": _finite(pair[0]),
                "electrolyte_face_meV_per_atom": _finite(pair[1]),
                "better_than_bare_by_meV_per_atom": _finite(min(pair) - bare),
            }
            for name, pair in zip(candidate["coating"].values, faces, strict=True)
        ),
        key=lambda face: (-(face["better_than_bare_by_meV_per_atom"] or 0.0), face["coating"]),
    )
    return entry | {"coatings": coated}


def clean_to(onset: float, temperatures: Array) -> float | None:
    """The highest of the temperatures up to which nothing shows; None where the lowest shows something or all failed.

    >>> clean_to(700.0, np.array([600.0, 650.0, 700.0])), clean_to(math.inf, np.array([600.0]))
    (650.0, 600.0)
    """
    below = temperatures[temperatures < onset]
    return float(below[-1]) if len(below) else None


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def metals(store: xr.Dataset) -> Array:
    """Shares of Ni, Mn and Co among the three (candidate, 3); nan where a cathode holds none."""
    held = list(store["element"].values)
    composition = store["composition"].values
    table = np.stack([composition[:, held.index(s)] if s in held else np.zeros(len(composition)) for s in METALS], 1)
    total = table.sum(axis=1, keepdims=True)
    return np.divide(table, total, out=np.full_like(table, np.nan), where=total > 0.0)


def with_onset(store: xr.Dataset, shares: Array) -> NDArray[np.intp]:
    """Indices of the layered oxides of Ni, Mn and Co whose onset is known; that of clean ones is inf."""
    layered = (store["structure"].values == "layered") & ~np.isnan(shares[:, 0])
    return np.flatnonzero(layered & ~np.isnan(store["onset"].values))


def worth(store: xr.Dataset) -> tuple[bool, bool]:
    """Whether there are onsets enough for a triangle of Ni, Mn and Co, and for a line over Ni."""
    mine, _ = by_composition(store)
    triangle = len(np.unique(mine, axis=0)) >= 3 and bool((np.ptp(mine, axis=0) > 1e-6).all())
    return triangle, len(np.unique(mine[:, 0])) >= 2


def by_composition(store: xr.Dataset) -> tuple[Array, Array]:
    """Shares of Ni, Mn and Co (point, 3) of layered oxides, and the lowest onset [degrees C] of each; inf for none."""
    shares = metals(store)
    rows = with_onset(store, shares)
    points, which = np.unique(np.round(shares[rows], 6), axis=0, return_inverse=True)
    lowest = np.full(len(points), np.inf)
    np.minimum.at(lowest, which.ravel(), store["onset"].values[rows])
    return points, lowest


@dataclass(frozen=True)
class Couples:
    """Lowest onset [degrees C] of cathodes, best first, with partners, electrolytes or coatings: (cathode, partner).

    It is inf for none, nan for failed.  ``left_out`` of each are beyond MOST_ROWS; ``failed`` cathodes have no onset at
    all.
    """

    cathodes: list[str]
    partners: list[str]
    onset: Array
    left_out: tuple[int, int]
    failed: int


def by_couple(store: xr.Dataset, partner: str = "electrolyte") -> Couples:
    """The onset of every cathode with every electrolyte, or "coated": the lowest where a pair occurs several times."""
    onset, rank = store["onset"].values, store["rank"].values
    powders = zip(store["cathode"].values.tolist(), store["morphology"].values.tolist(), strict=True)
    names = [f"{c}, sc" if m == "single-crystal" and not c.startswith("sc-") else c for c, m in powders]
    others = [str(name) or BARE for name in store[partner].values.tolist()]
    order = np.argsort(np.where(rank > 0, rank, np.iinfo("i4").max), kind="stable")
    cathodes = list(dict.fromkeys(names[k] for k in order if rank[k] > 0))
    partners = list(dict.fromkeys(others[k] for k in order))
    left_out = max(0, len(cathodes) - MOST_ROWS), max(0, len(partners) - MOST_ROWS)
    failed = len(set(names)) - len(cathodes)
    cathodes, partners = cathodes[:MOST_ROWS], sorted(partners[:MOST_ROWS], key=lambda name: (name != BARE, name))
    table = np.full((len(cathodes), len(partners)), np.nan)
    lines, columns = ({name: k for k, name in enumerate(labels)} for labels in (cathodes, partners))
    for name, other, T in zip(names, others, onset, strict=True):
        if name in lines and other in columns:
            cell = lines[name], columns[other]
            table[cell] = np.fmin(table[cell], T)
    return Couples(cathodes, partners, table, left_out, failed)


def highest(store: xr.Dataset) -> float:
    """Highest temperature of the screen [degrees C]."""
    return float(store["temperature"].values[-1])


def step(store: xr.Dataset) -> float:
    """Smallest step of its temperatures [degrees C]."""
    return float(np.diff(store["temperature"].values).min()) if store.sizes["temperature"] > 1 else 100.0


def varied(store: xr.Dataset) -> list[str]:
    """What else than the cathode differs between candidates."""
    keys = ("electrolyte", "coated", "gas", "schedule", "morphology")
    return [key for key in keys if len(set(store[key].values.tolist())) > 1]


def apart(x: Array) -> Array:
    """Places for points at ``x``: those of equal x stand side by side, so that none hides another."""
    width = 0.4 * float(np.min(np.diff(np.unique(np.round(x, 4))), initial=10.0))
    place = x.copy()
    for value in np.unique(np.round(x, 4)):
        same = np.flatnonzero(np.abs(x - value) < 1e-3)
        place[same] += width * (np.arange(len(same)) - 0.5 * (len(same) - 1)) / max(len(same), 2)
    return place
