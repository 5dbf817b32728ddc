"""How fast each phase can change in each cell: grains that are there, grains beside it, nuclei.

The mobility of component i in a phase over a step (what it may rearrange per unit of driving force, moles) is

    K_i = kappa f [ M b_i / (M + b_i) + nu b_i ],     f = exp(-max(dE / RT - alpha A, 0))

with kappa the integral of the transformation rate, b_i what the cell holds of i, M what the phase holds of all slow
components: first order in what is there and in what it could grow from, the scarcest in series.  A product grain is
larger than a cell at the contact, so b_i and M are no less than their means over a grain, and a front enters from the
neighbouring cell however wide the cells are.  nu = exp(-G*/RT) is the share of nuclei past their barrier,

    G*/RT = (16 pi / 3) N_A gamma^3 V^2 / ((RT)^3 A^2),

for a driving force A RT per mole of cations and the effective interface energy gamma of heterogeneous nuclei (Volmer &
Weber 1926; Christian, The Theory of Phase Transformations in Metals and Alloys, 2002, ch. 10).  f is for frameworks
that are slower to build by an activation energy dE, which a driving force lowers (Bell, Proc. R. Soc. A 154, 414
(1936); Evans & Polanyi, Trans. Faraday Soc. 34, 11 (1938)).
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from sinterface.simulate.solve.newton_step import BARRIER, Basis, mixing

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
Flags = NDArray[np.bool_]

GRAIN = 1e-7
"""Share of a cell from which a phase is a grain and not a trace left by the barrier of the interior point."""

BARE = 1e-15
"""Least mobility [share of a cell], so that every phase has one."""

ASLEEP = 1e-12
"""A phase that can change by no more than this share of a cell within a step is left out of it."""

HOPELESS = -15.0
"""Affinity [RT per mole of cations] below which a phase that is not there will not appear within a step."""

SETTLED = 1e-4
"""Energy [RT per formula unit] that is left to gain when a composition of least energy counts as settled."""

CORNER, BENT_ROUNDS = 0.9, 30
"""Fraction of an end member near which a valley of a solution with interactions is looked for, and descents from it."""

SEED = 1e-9
"""Share of a cell that a phase with interactions is thought to have when it wakes, at its composition of least energy:
Newton's method goes on in the valley that the guess lies in."""

SLOWEST, FASTEST = 1e-9, 1e6
"""Bounds of the integrated rate: nothing happens below, and above it a phase is equilibrated."""


class Growth(NamedTuple):
    """Constants of growth: around (M, M) means over a grain, near (M, 2) where its rows are not zero; nucleus (B,)

    G*/RT times A^2 and T^3 [K^3]; slower (B,) dE/R [K]; coupling alpha; shared (K,) components that pores share.
    """

    around: Array
    near: Integers
    nucleus: Array
    slower: Array
    coupling: float
    shared: Flags


@nb.njit(cache=True, error_model="numpy")
def affinities(u: Array, g: Array, interaction: Array, basis: Basis, lowest: Array, rounds: int, A: Array) -> None:
    """Writes the affinity (M, B) [RT per mole of cations] of each block at its lowest composition against u (M, K).

    ``lowest`` (M, V) are compositions to start from, fractions of end members; they are improved in place by mirror
    descent (``mixing.py`` in ``models``).  The error of the affinity is of second order in that of the composition.
    With interactions there may be several valleys: the descent then starts near every end member too.
    """
    M, K = u.shape
    N, start = basis.N, basis.start
    V = N.shape[0]
    gradient, H, cost = np.empty(16), np.empty((1, 1)), np.empty(V)
    kept, x = np.empty(16), np.empty(V)
    bent = interaction[0, 0] == interaction[0, 0]
    for c in range(M):
        for v in range(V):
            value = g[v]
            for i in range(K):
                value -= N[v, i] * u[c, i]
            cost[v] = value
        for k in range(len(start) - 1):
            lo, hi = start[k], start[k + 1]
            if basis.species[k] == 0:
                A[c, k] = -cost[lo] / basis.cations[lo]
                continue
            E = hi - lo
            for e in range(E):
                x[lo + e] = lowest[c, lo + e]
            A[c, k] = _descend(x, lo, hi, k, cost, interaction, basis, rounds, gradient, H)
            if bent:
                for first in range(E):
                    for e in range(E):
                        kept[e] = x[lo + e]
                        x[lo + e] = CORNER if e == first else (1.0 - CORNER) / (E - 1)
                    other = _descend(x, lo, hi, k, cost, interaction, basis, BENT_ROUNDS, gradient, H)
                    if other > A[c, k] + SETTLED:
                        A[c, k] = other
                    else:
                        for e in range(E):
                            x[lo + e] = kept[e]
            for e in range(E):
                lowest[c, lo + e] = x[lo + e]


@nb.njit(cache=True, error_model="numpy")
def _descend(
    x: Array, lo: int, hi: int, k: int, cost: Array, interaction: Array, basis: Basis, rounds: int, gradient: Array,
    H: Array,
) -> float:  # fmt: skip
    """Mirror descent of the fractions x[lo:hi] of block k in place; returns the affinity per mole of cations there."""
    slots = 0.0
    for y in range(basis.species[k]):
        slots += basis.occupancy[lo, y]
    value, amount = 0.0, 1.0
    for turn in range(rounds + 1):
        mixing(x, lo, hi, k, basis, interaction, gradient, H, False)
        least = np.inf
        value, amount = 0.0, 0.0
        for e in range(hi - lo):
            gradient[e] += cost[lo + e]
            least = min(least, gradient[e])
            value += x[lo + e] * gradient[e]
            amount += x[lo + e] * basis.cations[lo + e]
        if turn == rounds or value - least < SETTLED:
            break
        total = 0.0
        for e in range(hi - lo):
            x[lo + e] *= np.exp(max((least - gradient[e]) / slots, -30.0))
            total += x[lo + e]
        for e in range(hi - lo):
            x[lo + e] = max(x[lo + e] / total, 1e-25)
    return -value / amount


@nb.njit(cache=True, error_model="numpy")
def contents(n: Array, basis: Basis, m0: Array) -> None:
    """Writes what blocks hold of the components that they have to rearrange, m0 (M, B, K), from amounts n (M, V)."""
    N, start, metal = basis.N, basis.start, basis.metal
    for c in range(len(n)):
        for k in range(len(start) - 1):
            for i in range(N.shape[1]):
                if metal[k, i]:
                    m = 0.0
                    for v in range(start[k], start[k + 1]):
                        m += N[v, i] * n[c, v]
                    m0[c, k, i] = m


@nb.njit(cache=True, error_model="numpy")
def mobilities(
    n: Array, middle: Array, held: Array, A: Array, kappa: float, T: float, basis: Basis, growth: Growth, size: Array,
    mobility: Array, active: Flags,
) -> None:  # fmt: skip
    """Writes the mobility (M, B, K) of each block in each cell and which may change (M, B).

    ``n`` (M, V) are the amounts at the start of the step, ``middle`` and ``held`` (M, K) amounts and contents that the
    mobilities are taken at, A (M, B) the affinities at its start.
    """
    start, metal = basis.start, basis.metal
    M, K = held.shape
    B = len(start) - 1
    own = np.empty(M)
    slow = np.empty(len(basis.cations))
    for k in range(B):
        for v in range(start[k], start[k + 1]):
            slow[v] = 0.0
            for i in range(K):
                if metal[k, i]:
                    slow[v] += basis.N[v, i]
    wide = np.zeros((M, K))
    content = np.empty((M, K))
    for c in range(M):
        for i in range(K):
            content[c, i] = max(held[c, i], 0.0)
    for i in range(K):
        total = 0.0
        for c in range(M):
            total += content[c, i]
        for c in range(M):
            if growth.shared[i]:
                wide[c, i] = total * size[c]
                continue
            mean = 0.0
            for j in range(growth.near[c, 0], growth.near[c, 1]):
                mean += growth.around[c, j] * content[j, i]
            wide[c, i] = max(content[c, i], mean)
    rate = min(max(kappa, SLOWEST), FASTEST)
    for k in range(B):
        lo, hi = start[k], start[k + 1]
        most = 0.0
        for c in range(M):
            own[c] = 0.0
            for v in range(lo, hi):
                own[c] += slow[v] * middle[c, v]
            most = max(most, own[c] / size[c])
        barrier = growth.nucleus[k] / T**3
        for c in range(M):
            grains = 0.0
            if most > 0.01 * GRAIN:
                grains = own[c]
                mean = 0.0
                for j in range(growth.near[c, 0], growth.near[c, 1]):
                    mean += growth.around[c, j] * own[j]
                grains = max(grains, mean)
                if c > 0:
                    grains = max(grains, own[c - 1] / size[c - 1] * size[c])
                if c < M - 1:
                    grains = max(grains, own[c + 1] / size[c + 1] * size[c])
                grains *= (grains / (grains + GRAIN * size[c])) ** 3
            a = A[c, k]
            nuclei = np.exp(-barrier / (a * a)) if a > 0.0 else 0.0
            slowed = rate
            if growth.slower[k] > 0.0:
                slowed *= np.exp(-max(growth.slower[k] / T - growth.coupling * max(a, 0.0), 0.0))
            fastest = 0.0
            for i in range(K):
                b = wide[c, i]
                value = 0.0
                if b > 0.0 and metal[k, i]:
                    value = slowed * (grains * b / (grains + b) + nuclei * b)
                    fastest = max(fastest, value)
                mobility[c, k, i] = value + BARE * size[c]
            amount = 0.0
            for v in range(lo, hi):
                amount += n[c, v]
            there = amount > 10.0 * ASLEEP * size[c]
            active[c, k] = there or (fastest * 30.0 > ASLEEP * size[c] and a > HOPELESS)


@nb.njit(cache=True)
def wake(
    old: Array, expected: Array, trusted: bool, n: Array, z: Array, active: Flags, start: Integers, size: Array,
    lowest: Array, interaction: Array,
) -> None:  # fmt: skip
    """Writes a first guess of a step, amounts n and multipliers z (M, V): what is expected of blocks that may change.

    ``old`` are the amounts at the start, which the other blocks keep.  z is as it was unless it is far from what the
    barrier makes of n, as in phases that were asleep.  A solution with interactions wakes at its composition
    ``lowest``.
    """
    bent = interaction[0, 0] == interaction[0, 0]
    for c in range(len(size)):
        for k in range(len(start) - 1):
            if bent and active[c, k] and not trusted and start[k + 1] > start[k] + 1:
                amount = 0.0
                for v in range(start[k], start[k + 1]):
                    amount += old[c, v]
                if amount < 10.0 * ASLEEP * size[c]:
                    for v in range(start[k], start[k + 1]):
                        n[c, v] = SEED * size[c] * max(lowest[c, v], 1e-3)
                        z[c, v] = BARRIER * size[c] / n[c, v]
                    continue
            for v in range(start[k], start[k + 1]):
                n[c, v] = old[c, v]
                if active[c, k]:
                    guess = expected[c, v]
                    if not trusted:  # an extrapolation
                        guess = min(max(guess, 0.3 * old[c, v]), 3.0 * old[c, v])
                    n[c, v] = max(guess, BARRIER * size[c])
                    if not 1e-3 * BARRIER * size[c] < n[c, v] * z[c, v] < 1e3 * BARRIER * size[c]:
                        z[c, v] = BARRIER * size[c] / n[c, v]
