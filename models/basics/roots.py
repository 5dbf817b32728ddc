"""Where a function of one variable passes zero: a grid brackets, Brent's method finishes.

Between grid points a curve can pass zero twice unseen.  At every turning point of the grid values this is tested for:
a convex curve stays above the chords of the neighbouring cells prolonged, so that where these stay clear of zero, so
does the curve, and elsewhere its lowest point is searched for, to a thousandth of a cell.  Of convex and concave
curves nothing wider than that is missed; of others, wiggles narrower than the grid may be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Crossing:
    """The function is zero ``at``; ``rising`` from negative to positive."""

    at: float
    rising: bool


def crossings(f: Callable[[float], float], grid: Array, tolerance: float) -> tuple[Crossing, ...]:
    """All passages of f through zero between the ends of the grid (n,), n > 1, ascending, to ``tolerance`` in x.

    >>> passages = crossings(lambda x: x * x - 4.0, np.linspace(-3.0, 3.0, 4), 1e-9)
    >>> [(round(crossing.at, 6), crossing.rising) for crossing in passages]
    [(-2.0, False), (2.0, True)]
    """
    from scipy.optimize import brentq

    points = _points(f, np.asarray(grid, dtype=float), tolerance)
    passages = []
    for (before, left), (after, right) in pairwise(points):
        if (left > 0.0) != (right > 0.0):
            at = float(brentq(f, before, after, xtol=tolerance))
            passages.append(Crossing(at, right > 0.0))
    return tuple(passages)


def intervals(f: Callable[[float], float], grid: Array, tolerance: float) -> tuple[tuple[float, float], ...]:
    """Intervals in which f is not positive, within the ends of the grid (n,); as ``crossings``.

    >>> ((low, high),) = intervals(lambda x: x - 1.0, np.linspace(0.0, 3.0, 4), 1e-9)
    >>> round(low, 6), round(high, 6)
    (0.0, 1.0)
    """
    low, high = float(grid[0]), float(grid[-1])
    passages = crossings(f, grid, tolerance)
    edges = [crossing.at for crossing in passages]
    if passages[0].rising if passages else f(low) <= 0.0:
        edges.insert(0, low)
    if len(edges) % 2:
        edges.append(high)
    return tuple(zip(edges[::2], edges[1::2], strict=True))


def steps(low: float, high: float, largest: float, what: str, limits: tuple[float, float]) -> Array:
    """Even grid from low to high with steps of at most ``largest``; InputError unless ordered and within ``limits``.

    >>> steps(400.0, 600.0, 150.0, "temperatures", (0.0, 1500.0)).tolist()
    [400.0, 500.0, 600.0]
    """
    if not limits[0] <= low < high <= limits[1]:
        raise InputError(f"{what} {low:g} to {high:g}: must be ascending, between {limits[0]:g} and {limits[1]:g}")
    return np.linspace(low, high, 1 + int(np.ceil((high - low) / largest - 1e-9)))


def _points(f: Callable[[float], float], grid: Array, tolerance: float) -> list[tuple[float, float]]:
    """The grid and its values, with the lowest (highest) points where the grid values turn near zero."""
    y = np.array([f(float(x)) for x in grid])
    extra = [_probe(f, low, high, sign, tolerance) for low, high, sign in _turns(grid, y)]
    return sorted([*zip(grid.tolist(), y.tolist(), strict=True), *extra])


def _turns(grid: Array, y: Array) -> Iterator[tuple[float, float, float]]:
    last = len(y) - 1
    for i in range(last + 1):
        sign = 1.0 if y[i] > 0.0 else -1.0
        near = [j for j in (i - 1, i + 1) if 0 <= j <= last]
        if any(sign * y[j] < sign * y[i] or (y[j] > 0.0) != (y[i] > 0.0) for j in near):
            continue
        reach = max(abs(y[j] - y[i]) for j in near)
        if len(near) == 1:  # at an end the next cell bounds the slope
            further = near[0] + (near[0] - i)
            reach += abs(y[further] - y[near[0]]) if 0 <= further <= last else abs(y[i])
        if abs(y[i]) <= reach:
            yield float(grid[max(i - 1, 0)]), float(grid[min(i + 1, last)]), sign


def _probe(f: Callable[[float], float], low: float, high: float, sign: float, tolerance: float) -> tuple[float, float]:
    from scipy.optimize import minimize_scalar

    lowest = minimize_scalar(lambda x: sign * f(float(x)), bounds=(low, high), method="bounded",
                            options={"xatol": max(tolerance, 1e-3 * (high - low))})  # fmt: skip
    return float(lowest.x), sign * float(lowest.fun)
