"""What became of coatings in a run: when they were through, and what they changed against the bare couple."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.simulate.setup.schedule import duration_text
from sinterface.simulate.solve.integrate import Trajectory
from sinterface.simulate.solve.result import Result, entries, shares
from sinterface.simulate.solve.system import System

if TYPE_CHECKING:
    import xarray as xr

THROUGH = 0.01
"""Share of a coating in the contacts below which it is through: a reaction no longer has to pass it."""

UNCHANGED = 0.1
"""Share of the bare couple's secondary phases by which a coating has to change them to have done anything."""

LEAST_CHANGE = 0.2
"""Change of the secondary phases [wt%] that counts as one, whatever their sum: what convergence asks of an amount."""


def through(times: ArrayLike, left: ArrayLike) -> float | None:
    """Time [s] at which the share ``left`` (S,) at ``times`` (S,) falls below THROUGH for the first time, if it does.

    >>> round(through([0.0, 10.0], [1.0, 0.0]), 3)
    9.9
    """
    t, share = np.asarray(times, dtype=float), np.asarray(left, dtype=float)
    below = np.flatnonzero(share < THROUGH)
    if not len(below):
        return None
    last = int(below[0])
    if last == 0:
        return float(t[0])
    fall = (share[last - 1] - THROUGH) / (share[last - 1] - share[last])
    return float(t[last - 1] + fall * (t[last] - t[last - 1]))


def secondary(system: System, run: Trajectory) -> float:
    """wt% of all secondary phases at the end of a run."""
    listed = entries(system)
    chosen = [entry.role == "secondary" for entry in listed]
    return float(shares(system, listed, run)[-1, chosen].sum())


def with_remarks(result: Result, coated: float | None, bare: float | None) -> Result:
    """The result with a sentence for each coating, and one on what they changed, in its remarks.

    ``coated`` and ``bare`` are the secondary phases [wt%] of two runs on half the cells, with the coatings and without
    any; None where they were not made.
    """
    from dataclasses import replace

    data = result.dataset
    if "coating_left" not in data:
        return result
    sentences = [_fate(data, layer) for layer in range(data.sizes["layer"])]
    attributes: dict[str, float] = {}
    if coated is not None and bare is not None:
        attributes["bare_secondary_wt_percent"] = bare
        attributes["coated_secondary_wt_percent"] = coated
        sentences.append(_effect(coated, bare))
    remarks = "; ".join(filter(None, (data.attrs["remarks"], *sentences)))
    return replace(result, dataset=data.assign_attrs(remarks=remarks, **attributes))


def _fate(data: xr.Dataset, layer: int) -> str:
    name, left = str(data["layer"].values[layer]), data["coating_left"].values[:, layer]
    times = data["time"].values
    time = through(times, left)
    if time is None:
        return f"{name}: {100.0 * left[-1]:.0f} % of it is left in the contacts"
    T = float(np.interp(time, times, data["temperature"].values)) - CELSIUS_ZERO
    return f"{name}: through after {duration_text(time, digits=3)}, at {T:.0f} °C"


def _effect(coated: float, bare: float) -> str:
    amounts = f"{coated:.2f} wt% of secondary phases with the coating, {bare:.2f} without it (both on half the cells)"
    if abs(coated - bare) <= max(UNCHANGED * bare, LEAST_CHANGE):
        return f"{amounts}: it does next to nothing"
    return f"{amounts}: it {'helps' if coated < bare else 'makes more of them'}"
