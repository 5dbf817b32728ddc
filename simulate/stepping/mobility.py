"""How fast each phase can change in each cell, and whether it has nucleated.

The mobility of component i in a phase over a step (what it may rearrange per unit of driving force, moles) is

    K_i f(A),     K_i = kappa_i x G b_i / (G + b_i),     G = M + g S,     f = 1 / (1 + (exp(dE / RT) - 1) exp(-alpha A))

with kappa the integral of the transformation rate, in series with that of diffusion between the phases of the cell
(``conductance``), 1/kappa_i = 1/kappa + r^2/(15 D_i t); b_i what the cell holds of i, no less than its mean over a
product grain, which is larger than a cell at the contact; M what the phase holds of all slow components and g S, a
tenth of the cell's cations, what a young grain counts for: first order in what is there and in what it could grow from,
the scarcest in series.  x is 1 where the phase has nucleated, and else nu^2, nothing but where there is no barrier.
Of so many nuclei as a patch of the contact has,

    dN/dt = sum over cells of  R k nu(A),    nu = exp(-G*/RT),    G*/RT = (16 pi / 3) N_A gamma^3 V^2 / ((RT)^3 A^2),

the first is enough: from some 550 °C on it grows over all of the patch in less than the time of a firing (below, that
is an approximation), and all patches have theirs at about the same time, as those without one keep the driving force.
R is how many product grains a cell has room for on a patch, nu the share of nuclei past their barrier at a driving
force A RT per mole of cations, gamma the effective interface energy of heterogeneous nuclei (Volmer & Weber 1926;
Christian, The Theory of Phase Transformations in Metals and Alloys, 2002, ch. 10), and k the rate at which atoms join
them: that of the transformation, of what the cell holds. A phase that has dissolved has to nucleate again. f is for
frameworks that are slower to build by an activation energy dE, which a driving force lowers (Bell, Proc. R. Soc. A
154, 414 (1936)); A in it is the force of the step itself (``drag``), of whichever sign: a framework is as slow to
take apart as to build.
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
"""Largest share of any cell at which a phase that dissolves is gone, with its nuclei; more than the traces that the
barrier of the interior point leaves."""

UNSETTLED = 1e-2
"""Driving force [RT per mole of cations] below which so little of a phase is at equilibrium and does not dissolve."""

MANY = 1e3
"""Number of nuclei on a patch above which more make no difference: those of powders that were put in."""

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

YOUNG = 0.1
"""What a grain counts for that has just nucleated [share of what it can reach]: phases grow faster as they grow, by no
more than this."""


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


class Nuclei(NamedTuple):
    """Numbers of nuclei of each phase on a patch in each row of cells (R, B), ``before`` a step and ``after`` it,

    and x (M, B) of each phase ``within`` each cell, 1 where it is free to grow.
    """

    before: Array
    after: Array
    within: Array


class Landscape(NamedTuple):
    """What a composition costs: ``ends`` (V,) of the end members at given potentials, interaction (V, E), in RT; and

    room for its slopes.
    """

    ends: Array
    interaction: Array
    slopes: Slopes


class Growth(NamedTuple):
    """Constants of growth: around (M, M) means over a grain; near (M, 2) the first cell of a row of it and the one

    after the last, neighbours that a cell touches among them; row (M,) the number of each cell's row and reaches (M,)
    how many grains a cell has room for on a patch; nucleus (B,) G*/RT times A^2 and T^3 [K^3]; slower (B,)
    dE/R [K]; coupling alpha; shared (K,) components that pores share.
    """

    around: Array
    near: Integers
    row: Integers
    reaches: Array
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


@inner()
def _wide(held: Array, size: Array, growth: Growth, wide: Array) -> None:
    """Writes what cells hold of each component (M, K), no less than its mean over a grain."""
    around, near, shared = growth.around, growth.near, growth.shared
    M, K = held.shape
    for i in range(K):
        total = 0.0
        for c in range(M):
            total += max(held[c, i], 0.0)
        for c in range(M):
            if shared[i]:
                wide[c, i] = total * size[c]
                continue
            mean = 0.0
            for j in range(near[c, 0], near[c, 1]):
                mean += around[c, j] * max(held[j, i], 0.0)
            wide[c, i] = max(held[c, i], mean, 0.0)


@inner()
def _slow(basis: Basis, slow: Array) -> None:
    """Writes the slow components [mol] in a mole of each end member (V,)."""
    for k in range(len(basis.start) - 1):
        for v in range(basis.start[k], basis.start[k + 1]):
            slow[v] = 0.0
            for i in range(basis.N.shape[1]):
                if basis.metal[k, i]:
                    slow[v] += basis.N[v, i]


@kernel()
def nucleate(moment: Moment, basis: Basis, growth: Growth, step: Step, nuclei: Nuclei, portion: float) -> float:
    """Writes how many nuclei patches have after a ``portion`` of a step, and x, which phases are free to grow.

    From the affinities and contents of ``moment`` and the exchange within cells of ``step``.  Those at the answer of a
    step belong to its mean temperature, so that the whole step with them is the midpoint rule; half of it with those of
    the step before is what growth in it goes by, and what has grown in it has nucleated.  Returns by how many the
    nuclei of a phase that had less than one exceed the first at the end of the step.
    """
    lowest, affinity, size = moment.lowest, moment.A, step.size
    N, start, metal, cations_of = basis.N, basis.start, basis.metal, basis.cations
    before, after, within, row = nuclei.before, nuclei.after, nuclei.within, growth.row
    M, K = moment.held.shape
    wide, nu = np.empty((M, K)), np.empty(M)
    _wide(moment.held, size, growth, wide)
    rate = min(max(moment.kappa, SLOWEST), FASTEST)
    excess = 0.0
    for k in range(len(start) - 1):
        lo, hi = start[k], start[k + 1]
        barrier, framework = growth.nucleus[k] / moment.T**3, growth.slower[k] / moment.T
        porous = True
        for i in range(K):
            porous = porous and (growth.shared[i] or not metal[k, i])
        for r in range(len(before)):
            if porous:  # it comes out of the pores
                before[r, k] = MANY
            after[r, k] = before[r, k]
        for c in range(M):
            if portion == 1.0 and within[c, k] == 1.0:  # it was free to grow in this step
                after[row[c], k] = max(after[row[c], k], 1.0)
            nu[c] = 0.0
            a = affinity[c, k]
            if before[row[c], k] < MANY and a > 0.0 and barrier < 60.0 * a * a:
                along, cations = 0.0, 0.0
                for v in range(lo, hi):
                    cations += lowest[c, v] * cations_of[v]
                for i in range(K):
                    if metal[k, i]:
                        part = 0.0
                        for v in range(lo, hi):
                            part += lowest[c, v] * N[v, i]
                        part /= cations
                        if part > 0.0:
                            here = rate / (1.0 + rate / max(step.mixed[c, i], SLOWEST))
                            along += part * part / max(here * wide[c, i], 1e-300)
                attempts = 1.0 / (max(along, 1e-300) * size[c])
                attempts /= 1.0 + np.expm1(framework) * np.exp(-growth.coupling * a)
                nu[c] = np.exp(-barrier / (a * a))
                after[row[c], k] = min(after[row[c], k] + growth.reaches[c] * portion * attempts * nu[c], MANY)
        for r in range(len(before)):
            if before[r, k] < 1.0:
                excess = max(excess, before[r, k] + (after[r, k] - before[r, k]) / portion - 1.0)
        for c in range(M):
            within[c, k] = 1.0 if after[row[c], k] >= 1.0 else nu[c] ** 2
    return excess


@kernel()
def remember(n: Array, A: Array, basis: Basis, growth: Growth, size: Array, nuclei: Nuclei) -> None:
    """Takes the nuclei that there are after a step as known, but for those of phases that have dissolved.

    n (M, V) are amounts and A (M, B) affinities.
    """
    slow = np.empty(len(basis.cations))
    _slow(basis, slow)
    R = len(nuclei.before)
    left, wanted = np.empty(R), np.empty(R)
    for k in range(len(basis.start) - 1):
        left[:] = 0.0
        wanted[:] = -np.inf
        for c in range(len(size)):
            r = growth.row[c]
            own = 0.0
            for v in range(basis.start[k], basis.start[k + 1]):
                own += slow[v] * n[c, v]
            left[r] = max(left[r], own / size[c])
            wanted[r] = max(wanted[r], A[c, k])
        for r in range(R):
            number = nuclei.after[r, k]
            nuclei.before[r, k] = number if wanted[r] > -UNSETTLED or left[r] > GRAIN else 0.0


@kernel()
def mobilities(moment: Moment, basis: Basis, growth: Growth, step: Step, within: Array) -> None:
    """Writes into ``step`` mobilities of blocks in each cell, how they depend on the force, and which may change.

    ``within`` (M, B) is x of each block in each cell.  Nothing is written of a block that may not
    change: of most, in most cells.
    """
    # arrays have names of their own: each one that is taken out of a tuple in the inner loop is a reference to count
    n, middle, held, lowest, affinity = moment.n, moment.middle, moment.held, moment.lowest, moment.A
    size, mobility, active, drag = step.size, step.mobility, step.active, step.drag
    N, start, metal, cations_of = basis.N, basis.start, basis.metal, basis.cations
    least, resting, eased, last, whole_block = drag.least, drag.resting, drag.eased, drag.last, drag.along
    M, K = held.shape
    slow, wide = np.empty(len(cations_of)), np.empty((M, K))
    _slow(basis, slow)
    _wide(held, size, growth, wide)
    rate = min(max(moment.kappa, SLOWEST), FASTEST)
    whole = size.sum()
    coupling = growth.coupling
    drag.coupling[0] = coupling
    for k in range(len(start) - 1):
        lo, hi = start[k], start[k + 1]
        framework = growth.slower[k] / moment.T
        drag.framework[k] = framework
        for c in range(M):
            a, x = affinity[c, k], within[c, k]
            amount = 0.0
            for v in range(lo, hi):
                amount += n[c, v]
            there = amount > 10.0 * ASLEEP * size[c]
            if not there and (a <= HOPELESS or x <= ASLEEP):
                active[c, k] = False
                continue
            own = 0.0
            for v in range(lo, hi):
                own += slow[v] * middle[c, v]
            grains = own + YOUNG * size[c]
            floor = BARE * size[c] + YIELDING * whole * min(own / size[c], 1.0)
            fastest, along, cations = 0.0, 0.0, 0.0
            for v in range(lo, hi):
                cations += lowest[c, v] * cations_of[v]
            for i in range(K):
                b = wide[c, i]
                value = 0.0
                if b > 0.0 and metal[k, i]:
                    here = rate / (1.0 + rate / max(step.mixed[c, i], SLOWEST))
                    value = here * x * grains * b / (grains + b)
                    fastest = max(fastest, value)
                mobility[c, k, i] = value + floor
                if metal[k, i]:
                    part = 0.0
                    for v in range(lo, hi):
                        part += lowest[c, v] * N[v, i]
                    part = part / cations
                    if part > 0.0:
                        along += part * part / mobility[c, k, i]
            fastest /= 1.0 + np.expm1(framework) * np.exp(-coupling * max(a, 0.0))
            active[c, k] = there or (fastest * 30.0 > ASLEEP * size[c] and a > HOPELESS)
            if not active[c, k]:
                continue
            least[c, k] = floor * along
            resting[c, k], _ = ease(max(a, 0.0), Law(framework, least[c, k], coupling))
            eased[c, k], last[c, k] = 1.0, max(a, 1.0)
            whole_block[c, k] = 1.0 / along if along > 0.0 and framework > 0.0 else 0.0


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
