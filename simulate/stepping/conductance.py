"""What a species meets between neighbouring cells, and between the phases of a cell.

    G = area / (dx1 / (D c)_1 + dx2 / (D c)_2)

c is what a host holds of the species, or its solubility times the mean activity of the two cells for a host that holds
none; D c / RT is the Onsager coefficient.  dx follows what a cell holds, at one volume per mole of cations: an emptied
cell is no gap.  Compounds of lithium and gas alone (Li2O, Li2CO3, LiOH) lie in pores and are no layer: nothing decides
where they lie, as lithium is everywhere at one potential, and a nanometre of Li2O that round-off puts between two
powders would keep them apart.  What is left in a cell, thinner than a grain boundary, is no layer either: each cell's
make-up is the mean over the boundary width, W_ij the integral over cell j of exp(-|x - x_i| / delta), normalised.
Without that a residue of less than a nanometre, on one side of a border between cells or the other, decides whether a
couple is cut off.

Phases of a cell lie side by side as grains of a radius r, and exchange a component at the rate

    15 D / r^2,

at which the mean of a sphere comes to equilibrium with what is around it when it is taken to follow the difference
linearly (Glueckauf, Trans. Faraday Soc. 51, 1540 (1955)).  D is the mean over the hosts, by what they hold of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sinterface.simulate.stepping.compiled import inner, kernel
from sinterface.simulate.stepping.newton_step import Basis, Step

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
Flags = NDArray[np.bool_]

NO_LAYER = 1.0e-11
"""Half width [m] below which what is left of a cell is no layer, a tenth of an atom's radius: it resists nothing."""

FASTEST_FLOW = 5.0
"""Conductance per step in units of the whole sample above which a species is uniform for all purposes."""

REACH = 25.0
"""Distance in units of the boundary width beyond which exp(-x) is nothing."""


LINEAR = 15.0
"""Rate at which a sphere of radius r comes to equilibrium with what is around it, in units of D/r^2."""


IN_PORES = -1
"""Number in the place of a host: what lies in pores."""

LEAST_HELD = 1e-9
"""Content [per cation] of a component below which it is not there to be exchanged."""


class Paths(NamedTuple):
    """Geometry and hosts: widths (M,) [m], density (M,) [mol/m3], half (2, M-1) [m], areas (M-1,).

    side (M,) is which of the grain sizes of ``Thermal.boundary`` a cell has; host (B,) of each block, IN_PORES for what
    is no layer; lacking (B, K) what a host without a species dissolves of it per mole of cations; width [m] of a
    boundary; shared (K,) components that move through pores; films (H,) the share of a cell's cations that a melt has
    to have, zero for crystals: of less than it boundaries of the other phases are all that there is, and films thinner
    than them are no liquid.
    """

    widths: Array
    density: Array
    half: Array
    areas: Array
    side: Integers
    host: Integers
    lacking: Array
    width: float
    shared: Flags
    films: Array


class Necks(NamedTuple):
    """How paths widen as necks grow: at times (P,) [s], areas of faces (P, M-1) and of cells (P, M) in units of those

    of ``Paths``.  With a single time nothing grows.
    """

    times: Array
    faces: Array
    cells: Array


@inner()
def copied(paths: Paths) -> Paths:
    """Paths whose widths, areas and distances may be written into."""
    return Paths(
        widths=paths.widths.copy(),
        density=paths.density,
        half=paths.half.copy(),
        areas=paths.areas.copy(),
        side=paths.side,
        host=paths.host,
        lacking=paths.lacking,
        width=paths.width,
        shared=paths.shared,
        films=paths.films,
    )


@inner()
def widen(paths: Paths, necks: Necks, time: float, now: Paths) -> None:
    """Writes into ``now`` what ``paths`` are at a time [s]: wider ones with thinner cells, so that nothing is added."""
    last = len(necks.times) - 1
    if last == 0:
        return
    k = 0
    while k < last - 1 and necks.times[k + 1] <= time:
        k += 1
    span = necks.times[k + 1] - necks.times[k]
    share = min(max((time - necks.times[k]) / span, 0.0), 1.0) if span > 0.0 else 1.0
    for c in range(len(paths.widths)):
        wider = necks.cells[k, c] + share * (necks.cells[k + 1, c] - necks.cells[k, c])
        now.widths[c] = paths.widths[c] / wider
        if c > 0:
            now.half[1, c - 1] = paths.half[1, c - 1] / wider
        if c < len(paths.areas):
            now.half[0, c] = paths.half[0, c] / wider
            now.areas[c] = paths.areas[c] * (necks.faces[k, c] + share * (necks.faces[k + 1, c] - necks.faces[k, c]))


@kernel()
def conductances(n: Array, u: Array, spread: Array, basis: Basis, paths: Paths, r: float, step: Step) -> None:
    """Writes into ``step`` conductances (M-1, K) and the exchange within cells (M, K).

    From amounts n (M, V), potentials u (M, K), ``spread``, D dt, and the radius r [m] of grains that exchange, of which
    zero makes it instantaneous; so it is where all there is lies in pores.
    """
    N, start = basis.N, basis.start
    size, G, mixed = step.size, step.conductance, step.mixed
    M, K = u.shape
    H = spread.shape[1]
    B = len(start) - 1
    moving, spare, around = np.zeros((M, K)), np.zeros((M, K)), np.zeros((M, K))
    swell, edges = np.empty(M), np.empty(M + 1)
    share, melt, molten = np.zeros((M, H)), np.empty(H), np.empty((H, 2, K))
    holds, lacks = np.zeros((M, H, K)), np.zeros((M, H, K))
    edges[0] = 0.0
    for c in range(M):
        cations = 0.0
        for k in range(B):
            h = paths.host[k]
            if h == IN_PORES:
                continue
            amount = 0.0
            for v in range(start[k], start[k + 1]):
                if n[c, v] > 1e-14 * size[c]:
                    amount += basis.cations[v] * n[c, v]
                    for i in range(K):
                        holds[c, h, i] += N[v, i] * n[c, v]
            if amount > 0.0:
                cations += amount
                share[c, h] += amount
                for i in range(K):
                    lacks[c, h, i] += paths.lacking[k, i] * amount
        swell[c] = cations / size[c]
        cations = max(cations, 1e-300)
        edges[c + 1] = edges[c] + paths.widths[c] * swell[c]
        for h in range(H):
            share[c, h] /= cations
            for i in range(K):
                holds[c, h, i] /= cations
                lacks[c, h, i] /= cations
    for c in range(M):
        side = paths.side[c]
        centre = 0.5 * (edges[c] + edges[c + 1])
        total, solid = 0.0, 0.0
        melt[:], molten[:] = 0.0, 0.0
        first, last = c, c
        while first > 0 and paths.areas[first - 1] > 0.0 and centre - edges[first] < REACH * paths.width:
            first -= 1
        while last < M - 1 and paths.areas[last] > 0.0 and edges[last + 1] - centre < REACH * paths.width:
            last += 1
        for j in range(first, last + 1):
            weight = _cumulated((edges[j + 1] - centre) / paths.width) - _cumulated((edges[j] - centre) / paths.width)
            if weight <= 0.0:
                continue
            total += weight
            solid += weight * swell[j]
            for h in range(H):
                for i in range(K):
                    around[c, i] += weight * holds[j, h, i]
                if paths.films[h] > 0.0:
                    melt[h] += weight * share[j, h]
                    for i in range(K):
                        molten[h, 0, i] += weight * holds[j, h, i] * spread[side, h, i]
                        molten[h, 1, i] += weight * lacks[j, h, i] * spread[side, h, i]
                    continue
                for i in range(K):
                    moving[c, i] += weight * holds[j, h, i] * spread[side, h, i]
                    spare[c, i] += weight * lacks[j, h, i] * spread[side, h, i]
        for h in range(H):
            if paths.films[h] > 0.0 and melt[h] > 0.0:
                liquid = 1.0 / (1.0 + paths.films[h] * total / melt[h]) ** 3
                for i in range(K):
                    moving[c, i] += liquid * molten[h, 0, i]
                    spare[c, i] += liquid * molten[h, 1, i]
        for i in range(K):
            mixed[c, i] = np.inf
            if r > 0.0 and not paths.shared[i] and solid > 0.0:
                mixed[c, i] = LINEAR * moving[c, i] / (max(around[c, i], LEAST_HELD * total) * r * r)
            moving[c, i] *= paths.density[c] / max(total, 1e-300)
            spare[c, i] *= paths.density[c] / max(total, 1e-300)
    for c in range(M - 1):
        for i in range(K):
            if paths.shared[i]:
                G[c, i] = FASTEST_FLOW
                continue
            low, high = min(u[c, i], u[c + 1, i]), max(u[c, i], u[c + 1, i])
            gap = max(high - low, 1e-9)
            mean = np.exp(min(high, 0.0)) * -np.expm1(-gap) / gap  # logarithmic mean: Fick's law when dilute
            resistance = 0.0
            if paths.half[0, c] * swell[c] >= NO_LAYER:
                resistance += paths.half[0, c] * swell[c] / (moving[c, i] + spare[c, i] * mean)
            if paths.half[1, c] * swell[c + 1] >= NO_LAYER:
                resistance += paths.half[1, c] * swell[c + 1] / (moving[c + 1, i] + spare[c + 1, i] * mean)
            G[c, i] = min(paths.areas[c] / resistance, FASTEST_FLOW) if resistance > 0.0 else FASTEST_FLOW


@inner()
def _cumulated(q: float) -> float:
    """Integral of exp(-|x|) / 2 up to q."""
    return 0.5 * np.exp(q) if q < 0.0 else 1.0 - 0.5 * np.exp(-q)
