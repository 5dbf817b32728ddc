"""How fast each phase can change in each cell: grains that are there, grains beside it, nuclei.

The mobility of component i in a phase over a step (what it may rearrange per unit of driving force, moles) is

    K_i f(A),     K_i = kappa_i [ M b_i / (M + b_i) + nu(A) b_i ],     f = 1 / (1 + (exp(dE / RT) - 1) exp(-alpha A))

with kappa the integral of the transformation rate, in series with that of diffusion between the phases of the cell
(``conductance``), 1/kappa_i = 1/kappa + r^2/(15 D_i t); b_i what the cell holds of i, M what the phase holds of all
slow components: first order in what is there and in what it could grow from, the scarcest in series.  A product grain
is larger than a cell at the contact, so b_i and M are no less than their means over a grain, and a front enters from
the neighbouring cell however wide the cells are.  nu = exp(-G*/RT) is the share of nuclei past their barrier,

    G*/RT = (16 pi / 3) N_A gamma^3 V^2 / ((RT)^3 A^2),

for a driving force A RT per mole of cations and the effective interface energy gamma of heterogeneous nuclei (Volmer &
Weber 1926; Christian, The Theory of Phase Transformations in Metals and Alloys, 2002, ch. 10).  f is for frameworks
that are slower to build by an activation energy dE, which a driving force lowers (Bell, Proc. R. Soc. A 154, 414
(1936); Evans & Polanyi, Trans. Faraday Soc. 34, 11 (1938)).  What depends on A is taken at the force of the step itself
(``drag``), of whichever sign: a framework is as slow to take apart as to build.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sinterface.simulate.stepping.compiled import inner, kernel
from sinterface.simulate.stepping.drag import Law, ease
from sinterface.simulate.stepping.newton_step import BARRIER, Basis, Guess, Slopes, Step, blank_slopes, mixing

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
Flags = NDArray[np.bool_]

GRAIN = 1e-7
"""Share of a cell from which a phase is a grain and not a trace left by the barrier of the interior point."""

BARE = 1e-15
"""Least mobility [share of a cell], so that every phase has one."""

YIELDING = 1e-13
"""Least mobility [share of the sample] of a phase that a cell consists of, so that frozen cells can make up for errors
of their balance: what CLOSE leaves of the sample's balance of an element goes to the cell that holds most of it, which
may be small, and has to come out of a phase that nothing else moves."""

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

SLOWEST, FASTEST = 1e-15, 1e6
"""Bounds of the integrated rate: nothing happens below, and above it a phase is equilibrated.  What a step can do must
vanish with its length: with 1e-9 the 1e-10 of oxygen that a gas may hold were gone in a microsecond at 25 °C."""


NUCLEATING = 1e-3
"""Share of nuclei past their barrier, in units of what grains count for, from which their dependence on the force
counts; the force of a step may be up to SHARPER times that at its start."""

SHARPER = 2.0

FEWEST_NUCLEI = 1e-6
"""Least share of nuclei that mobilities are written down for; what the force of the step makes of it is in ``drag``."""


class Moment(NamedTuple):
    """When mobilities are taken: amounts n (M, V) at the start of a step, ``middle`` and ``held`` (M, K) amounts and

    contents of its middle, affinities A (M, B) at its start and compositions of least energy (M, V) there; kappa the
    integrated rate of transformation, T [K].
    """

    n: Array
    middle: Array
    held: Array
    A: Array
    lowest: Array
    kappa: float
    T: float


class Landscape(NamedTuple):
    """What a composition costs: ``ends`` (V,) of the end members at given potentials, interaction (V, E), in RT; and

    room for its slopes.
    """

    ends: Array
    interaction: Array
    slopes: Slopes


class Growth(NamedTuple):
    """Constants of growth: around (M, M) means over a grain; near (M, 2) the first cell of a row of it and the one

    after the last, neighbours that a cell touches among them; nucleus (B,) G*/RT times A^2 and T^3 [K^3]; slower (B,)
    dE/R [K]; coupling alpha; shared (K,) components that pores share.
    """

    around: Array
    near: Integers
    nucleus: Array
    slower: Array
    coupling: float
    shared: Flags


@kernel()
def affinities(u: Array, step: Step, basis: Basis, lowest: Array, rounds: int, A: Array) -> None:
    """Writes the affinity (M, B) [RT per mole of cations] of each block at its lowest composition against u (M, K).

    ``lowest`` (M, V) are compositions to start from, fractions of end members; they are improved in place by mirror
    descent (``mixing.py`` in ``models``).  The error of the affinity is of second order in that of the composition.
    With interactions there may be several valleys: the descent then starts near every end member too.
    """
    M, K = u.shape
    N, start = basis.N, basis.start
    V = N.shape[0]
    cost = np.empty(V)
    x = np.empty(V)
    landscape = Landscape(cost, step.interaction, blank_slopes(basis))
    bent = step.interaction[0, 0] == step.interaction[0, 0]
    for c in range(M):
        for v in range(V):
            value = step.g[v]
            for i in range(K):
                value -= N[v, i] * u[c, i]
            cost[v] = value
        for k in range(len(start) - 1):
            lo, hi = start[k], start[k + 1]
            if basis.species[k] == 0:
                A[c, k] = -cost[lo] / basis.cations[lo]
                continue
            E = hi - lo
            for trial in range(E + 1 if bent else 1):
                for e in range(E):
                    if trial == 0:
                        x[lo + e] = lowest[c, lo + e]
                    else:
                        x[lo + e] = CORNER if e == trial - 1 else (1.0 - CORNER) / (E - 1)
                value = _descend(x, k, landscape, basis, rounds if trial == 0 else BENT_ROUNDS)
                if trial == 0 or value > A[c, k] + SETTLED:
                    A[c, k] = value
                    for e in range(E):
                        lowest[c, lo + e] = x[lo + e]


@inner()
def _descend(x: Array, k: int, landscape: Landscape, basis: Basis, rounds: int) -> float:
    """Mirror descent of the fractions of block k in x (V,) in place; returns the affinity per mole of cations there."""
    lo, hi, cost = basis.start[k], basis.start[k + 1], landscape.ends
    gradient = landscape.slopes.gradient
    slots = 0.0
    for y in range(basis.species[k]):
        slots += basis.occupancy[lo, y]
    value, amount = 0.0, 1.0
    for turn in range(rounds + 1):
        mixing(x, k, basis, landscape.interaction, landscape.slopes, turn < 0)  # no second derivatives
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


@kernel()
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


@kernel()
def mobilities(moment: Moment, basis: Basis, growth: Growth, step: Step) -> None:
    """Writes into ``step`` mobilities of blocks in each cell, how they depend on the force, and which may change.

    Nothing is written of a block that may not: of most, in most cells.
    """
    # arrays have names of their own: each one that is taken out of a tuple in the inner loop is a reference to count
    n, middle, held, lowest, affinity = moment.n, moment.middle, moment.held, moment.lowest, moment.A
    size, mobility, active, drag = step.size, step.mobility, step.active, step.drag
    N, start, metal, cations_of = basis.N, basis.start, basis.metal, basis.cations
    around, near, shared = growth.around, growth.near, growth.shared
    grains_of, reference, least, resting = drag.grains, drag.reference, drag.least, drag.resting
    eased, last, whole_block = drag.eased, drag.last, drag.along
    M, K = held.shape
    B = len(start) - 1
    own = np.empty(M)
    slow = np.empty(len(cations_of))
    for k in range(B):
        for v in range(start[k], start[k + 1]):
            slow[v] = 0.0
            for i in range(K):
                if metal[k, i]:
                    slow[v] += N[v, i]
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
            if shared[i]:
                wide[c, i] = total * size[c]
                continue
            mean = 0.0
            for j in range(near[c, 0], near[c, 1]):
                mean += around[c, j] * content[j, i]
            wide[c, i] = max(content[c, i], mean)
    rate = min(max(moment.kappa, SLOWEST), FASTEST)
    whole = size.sum()
    coupling = growth.coupling
    drag.coupling[0] = coupling
    for k in range(B):
        lo, hi = start[k], start[k + 1]
        most = 0.0
        for c in range(M):
            own[c] = 0.0
            for v in range(lo, hi):
                own[c] += slow[v] * middle[c, v]
            most = max(most, own[c] / size[c])
        barrier, framework = growth.nucleus[k] / moment.T**3, growth.slower[k] / moment.T
        drag.barrier[k], drag.framework[k] = barrier, framework
        nowhere = most <= 0.01 * GRAIN
        for c in range(M):
            a = affinity[c, k]
            amount = 0.0
            for v in range(lo, hi):
                amount += n[c, v]
            there = amount > 10.0 * ASLEEP * size[c]
            if not there and (a <= HOPELESS or (nowhere and a <= 0.0)):
                active[c, k] = False
                continue
            grains = 0.0
            if not nowhere:
                grains = own[c]
                mean = 0.0
                for j in range(near[c, 0], near[c, 1]):
                    mean += around[c, j] * own[j]
                grains = max(grains, mean)
                if c > near[c, 0]:
                    grains = max(grains, own[c - 1] / size[c - 1] * size[c])
                if c < near[c, 1] - 1:
                    grains = max(grains, own[c + 1] / size[c + 1] * size[c])
                grains *= (grains / (grains + GRAIN * size[c])) ** 3
            nuclei = _past(barrier, a)
            written = max(nuclei, FEWEST_NUCLEI)
            floor = BARE * size[c] + YIELDING * whole * min(own[c] / size[c], 1.0)
            fastest, from_grains, anywhere, along, cations = 0.0, 0.0, 0.0, 0.0, 0.0
            for v in range(lo, hi):
                cations += lowest[c, v] * cations_of[v]
            for i in range(K):
                b = wide[c, i]
                value = 0.0
                if b > 0.0 and metal[k, i]:
                    here = rate / (1.0 + rate / max(step.mixed[c, i], SLOWEST))
                    value = here * (grains * b / (grains + b) + written * b)
                    fastest = max(fastest, here * (grains * b / (grains + b) + nuclei * b))
                mobility[c, k, i] = value + floor
                if metal[k, i]:
                    share = 0.0
                    for v in range(lo, hi):
                        share += lowest[c, v] * N[v, i]
                    share = share / cations
                    if share > 0.0:
                        along += share * share / mobility[c, k, i]
                        from_grains += share * share / max(grains * b / (grains + b + 1e-300), 1e-300)
                        anywhere += share * share / max(b, 1e-300)
            fastest /= 1.0 + np.expm1(framework) * np.exp(-coupling * max(a, 0.0))
            active[c, k] = there or (fastest * 30.0 > ASLEEP * size[c] and a > HOPELESS)
            if not active[c, k]:
                continue
            grains_of[c, k] = anywhere / from_grains if from_grains > 0.0 else 0.0
            reference[c, k] = grains_of[c, k] + written
            least[c, k] = floor * along
            now = Law(framework, barrier, grains_of[c, k], reference[c, k], least[c, k], coupling)
            resting[c, k], _ = ease(max(a, 0.0), now)
            eased[c, k], last[c, k] = 1.0, max(a, 1.0)
            nucleating = _past(barrier, SHARPER * a) > NUCLEATING * grains_of[c, k]
            whole_block[c, k] = 1.0 / along if along > 0.0 and (nucleating or framework > 0.0) else 0.0


@inner()
def _past(barrier: float, A: float) -> float:
    """Share of nuclei past their barrier at a driving force."""
    return float(np.exp(-barrier / (A * A))) if A > 0.0 else 0.0


@inner()
def wake(moment: Moment, expected: Array, trusted: bool, guess: Guess, basis: Basis, step: Step) -> None:
    """Writes amounts and multipliers (M, V) of a first guess of a step: what is expected of blocks that may change.

    The other blocks keep their amounts at the start.  z is as it was unless it is far from what the barrier makes of
    n, as in phases that were asleep.  A solution with interactions wakes at its composition of least energy.
    """
    n, z, old, lowest = guess.n, guess.z, moment.n, moment.lowest
    active, start, size = step.active, basis.start, step.size
    bent = step.interaction[0, 0] == step.interaction[0, 0]
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
                    ahead = expected[c, v]
                    if not trusted:  # an extrapolation
                        ahead = min(max(ahead, 0.3 * old[c, v]), 3.0 * old[c, v])
                    n[c, v] = max(ahead, BARRIER * size[c])
                    if not 1e-3 * BARRIER * size[c] < n[c, v] * z[c, v] < 1e3 * BARRIER * size[c]:
                        z[c, v] = BARRIER * size[c] / n[c, v]
