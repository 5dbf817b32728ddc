"""One implicit time step of all cells as a convex programme, solved by an interior-point Newton method.

Knows numbers only, no chemistry.  In every cell, blocks s of variables n_e >= 0 hold the species i, N_ei of it in a
unit of n_e; m_si = sum_e N_ei n_e is what block s holds.  A step ends at the minimum, over n and the flows, of

    sum_e n_e g_e + sum_s Gmix_s(n) + sum_s phi_s(q_s) + sum_fi flow_fi^2 / (2 G_fi),

    q_s = sum_i (m_si - m0_si)^2 / (2 K_si)

subject to the balance of every species in every cell: the free energy at the end of the step plus half of what is
dissipated during it, by transformation with mobilities K and by flow with conductances G, both integrated over the step
(Onsager's principle of least dissipation of energy, Phys. Rev. 37, 405 (1931), in the time-discrete form of Jordan,
Kinderlehrer & Otto, SIAM J. Math. Anal. 29, 1 (1998)).  phi(q) = q where the mobility is what it is; where it depends
on the driving force itself, as K h(A), see ``drag``.  Energies are in units of RT.  The dissipation acts on what a
block holds of the species marked ``metal``, not on its variables: how its contents are divided among end members is
free, so the choice of end members changes nothing.  With u the multipliers of the balances (chemical potentials) and
z those of n >= 0,

    g_e + dGmix/dn_e + phi' sum_i N_ei (m_i - m0_i) / K_i - N_e . u - z_e = 0,      n_e z_e = t -> 0
    sum_e N_e n_e + x(u) + div G grad u = b                                    in every cell,

where a small store x of each species, s exp(u) up to s and s (1 + u) beyond, keeps every potential finite.  The free
energy can not rise whatever the size of the step, as leaving everything in place is one of the choices.

Newton's method on n, z and u together (primal-dual interior point: Wright, Primal-Dual Interior-Point Methods, SIAM
(1997)): each block has a small matrix H = Hess Gmix + Hess phi + diag(z/n); with its Cholesky factor the amounts are
eliminated, and what is left is symmetric, positive definite and block-tridiagonal in u.  Blocks that can not change
within the step by an amount that counts are left out of it (``mobility.active``).  Where interactions bend Gmix
downwards, only its convex part enters H, so that the direction still descends (Yuille & Rangarajan, Neural Comput. 15,
915 (2003)).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sinterface.simulate.stepping.compiled import inner, kernel
from sinterface.simulate.stepping.drag import Drag, blank, ease, force, law

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
Flags = NDArray[np.bool_]


class Basis(NamedTuple):
    """The blocks as arrays: see ``phase_blocks.PhaseBlocks``, whose names these are; N (V, K), cations (V,)."""

    N: Array
    start: Integers
    occupancy: Array
    species: Integers
    site: Integers
    sites: Integers
    own: Array
    metal: Flags
    cations: Array


class Step(NamedTuple):
    """What a step is solved with, all integrated over it.

    g (V,) energies [RT]; interaction (V, E) [RT]; m0 (M, B, K) what blocks held at its start, mobility K (M, B, K) and
    how it depends on the driving force; active (M, B), which blocks may change; store s and content b (M, K);
    conductance G (M-1, K); mixed (M, K) what diffusion exchanges between the phases of a cell; size (M,) of cells.
    """

    g: Array
    interaction: Array
    m0: Array
    mobility: Array
    drag: Drag
    active: Flags
    store: Array
    content: Array
    conductance: Array
    mixed: Array
    size: Array


class Slopes(NamedTuple):
    """First derivatives (E,) and second ones H (E, E) of a block's energy; pull (E,) is sum_i N_ei (m_i - m0_i) / K_i.

    Then room to work in: moles of atoms on each sublattice, its multiplicity, and moles of each species.
    """

    gradient: Array
    H: Array
    pull: Array
    total: Array
    size: Array
    share: Array


@kernel()
def blank_slopes(basis: Basis) -> Slopes:
    """Slopes of the largest block, to be written into."""
    most = 1
    for k in range(len(basis.start) - 1):
        most = max(most, basis.start[k + 1] - basis.start[k])
    sites = max(basis.sites.max(), 1)
    return Slopes(
        np.empty(most), np.empty((most, most)), np.empty(most), np.empty(sites), np.empty(sites),
        np.empty(basis.site.shape[1]),
    )  # fmt: skip


class Guess(NamedTuple):
    """Where Newton's method begins: potentials u (M, K), amounts n and multipliers z (M, V)."""

    u: Array
    n: Array
    z: Array


class Iterate(NamedTuple):
    """Where Newton's method stands: potentials u (M, K), amounts n and multipliers z (M, V), stores x (M, K)."""

    u: Array
    n: Array
    z: Array
    x: Array


class Elimination(NamedTuple):
    """What an iteration leaves for the amounts: potentials' change d (M, K), factors L (M, V, E) of the blocks,

    right-hand sides q (M, V), weights and residuals of the stores wx, rx (M, K).
    """

    d: Array
    L: Array
    q: Array
    wx: Array
    rx: Array


class StepEnd(NamedTuple):
    """End of a step: potentials (M, K), amounts and multipliers (M, V), store (M, K), iterations, and where it is off.

    ``converged`` tells whether it is one; else ``cell`` and ``block`` name the largest residual (block -1: a balance).
    """

    u: Array
    n: Array
    z: Array
    x: Array
    converged: bool
    iterations: int
    cell: int
    block: int


@kernel()
def blank_step(basis: Basis, interaction: Array, size: Array) -> Step:
    """A step of all blocks in cells of ``size`` (M,), to be written into."""
    M, K, B = len(size), basis.N.shape[1], len(basis.start) - 1
    blocks = (M, B, K)
    return Step(
        g=np.zeros(basis.N.shape[0]),
        interaction=interaction.copy(),
        m0=np.zeros(blocks),
        mobility=np.ones(blocks),
        drag=blank(M, B),
        active=np.zeros((M, B), dtype=np.bool_),
        store=np.zeros((M, K)),
        content=np.zeros((M, K)),
        conductance=np.zeros((max(M - 1, 0), K)),
        mixed=np.full((M, K), np.inf),
        size=size,
    )


BARRIER = 1e-13
"""Product n z [share of a cell, RT] that is left of the conditions n >= 0: what a phase that is not there holds."""

CLOSE = 1e-12
"""Largest error of an amount or a balance at the end [share of a cell]; a tenth of it for products n z [RT]."""

DEEPEST = 300.0
"""A species with e^-300 of its activity is not there."""

MOST = 60
"""Iterations of a warm start."""

MOST_COLD = 200
"""Iterations of a cold start, from amounts well inside of n >= 0."""

PATIENCE = 30
"""Iterations after which potentials change by less at a time, each limited by itself, and the step is damped."""

LONGEST = (30.0, 4.0)
"""Longest change of a potential in one iteration, at first and after PATIENCE."""

RATIO = 0.01
"""Least share that one iteration leaves of an amount or of its multiplier."""

LEAST = 1e-6
"""Least amount in units of the barrier: one that small would have an affinity of -1e6 RT."""

FAINT = 1e-14
"""Share of a cell below which what is dissolved of a species no longer makes its potential easy to move, a hundredth of
CLOSE: of what is nowhere in a cell the potential is known no better than the balance, and an exact step would send it
far beyond.  A change by 100 RT leaves an error of CLOSE."""

NEAR = 3.0
"""Ratio of two rates within which the curve between them is taken for straight."""

FLATTEST = 1e-8
"""Least slope of that curve in units of its chord from zero: below, the block's matrix would drown in round-off."""

CENTRED = 1e8
"""A multiplier stays within this factor of t/n."""


@kernel()
def cholesky(A: Array, n: int) -> None:
    """Writes the Cholesky factor of the first n rows and columns of A into its lower half."""
    for i in range(n):
        for j in range(i + 1):
            v = A[i, j]
            for k in range(j):
                v -= A[i, k] * A[j, k]
            if i == j:
                least = 1e-16 * A[i, i]
                A[i, i] = np.sqrt(v if v > least else least)
            else:
                A[i, j] = v / A[j, j]


@kernel()
def mixing(n: Array, k: int, basis: Basis, interaction: Array, slopes: Slopes, curvature: bool) -> None:
    """Gradient and, with ``curvature``, the convex part of the Hessian of Gmix of block k at n (V,)."""
    gradient, H, total, size, share = slopes.gradient, slopes.H, slopes.total, slopes.size, slopes.share
    lo = basis.start[k]
    E = basis.start[k + 1] - lo
    for s in range(basis.sites[k]):
        total[s], size[s] = 0.0, 0.0
    for y in range(basis.species[k]):
        v = 0.0
        for e in range(E):
            v += n[lo + e] * basis.occupancy[lo + e, y]
        share[y] = max(v, 1e-290)
        total[basis.site[k, y]] += v
        size[basis.site[k, y]] += basis.occupancy[lo, y]
    for e in range(E):
        gradient[e] = -basis.own[lo + e]
        if curvature:
            for f in range(E):
                H[e, f] = 0.0
    for y in range(basis.species[k]):
        logarithm = np.log(share[y] / total[basis.site[k, y]])
        for e in range(E):
            o = basis.occupancy[lo + e, y]
            if o > 0.0:
                gradient[e] += o * logarithm
                if curvature:
                    w = o / share[y]
                    for f in range(e + 1):
                        H[e, f] += w * basis.occupancy[lo + f, y]
    if curvature:
        c = 0.0
        for s in range(basis.sites[k]):
            c += size[s] * size[s] / total[s]
        for e in range(E):
            for f in range(e + 1):
                H[e, f] -= c
                H[f, e] = H[e, f]
    if interaction[lo, 0] != interaction[lo, 0]:  # no interactions in any solution: see ``system``
        return
    amount, excess = 0.0, 0.0
    for e in range(E):
        amount += n[lo + e]
    for e in range(E):
        for f in range(E):
            excess += n[lo + e] * n[lo + f] * interaction[lo + e, f]
    excess /= amount * amount
    for e in range(E):
        v = 0.0
        for f in range(E):
            v += interaction[lo + e, f] * n[lo + f]
        gradient[e] += 2.0 * v / amount - excess


@inner()
def solve(guess: Guess, basis: Basis, step: Step, cold: bool, close: float) -> StepEnd:
    """The end of a step from a first guess.

    ``close`` is the error at which it counts as solved, CLOSE for a final answer.  ``cold`` takes the guess for one far
    from the answer: the barrier then falls with the product n z instead of being t from the start, and mobilities are
    those at the force of the step's start, which leaves a quadratic dissipation.
    """
    N, start, metal = basis.N, basis.start, basis.metal
    s, G, size = step.store, step.conductance, step.size
    M, K = guess.u.shape
    V, B = N.shape[0], len(start) - 1
    u, n, z, x, fixed = np.empty((M, K)), np.empty((M, V)), np.empty((M, V)), np.empty((M, K)), np.empty((M, K))
    slopes = blank_slopes(basis)
    E_most = len(slopes.gradient)
    gradient, H, pull = slopes.gradient, slopes.H, slopes.pull
    X, column, moved = np.empty((E_most, K)), np.empty(E_most), np.empty(K)
    L, q = np.empty((M, V, E_most)), np.empty((M, V))
    S, d, R = np.empty((M, K, K)), np.empty((M, K)), np.empty((M, K))
    wx, rx, scale = np.empty((M, K)), np.empty((M, K)), np.empty((M, K))
    C, W = np.empty((M, K, K)), np.empty((K, K))
    for c in range(M):
        for v in range(V):
            n[c, v], z[c, v] = guess.n[c, v], guess.z[c, v]
        for i in range(K):
            u[c, i], fixed[c, i] = guess.u[c, i], step.content[c, i]
            x[c, i] = s[c, i] * (np.exp(max(u[c, i], -DEEPEST)) if u[c, i] < 0.0 else 1.0 + u[c, i])
        for k in range(B):
            if not step.active[c, k]:
                for v in range(start[k], start[k + 1]):
                    for i in range(K):
                        fixed[c, i] -= N[v, i] * n[c, v]
    now, elimination = Iterate(u, n, z, x), Elimination(d, L, q, wx, rx)
    most = MOST_COLD if cold else MOST
    cell, block = 0, -1
    for iteration in range(most):
        worst = 0.0
        barrier = BARRIER
        if cold:
            total, count = 0.0, 0
            for c in range(M):
                for k in range(B):
                    if step.active[c, k]:
                        for v in range(start[k], start[k + 1]):
                            total += n[c, v] * z[c, v] / size[c]
                            count += 1
            barrier = max(BARRIER, 0.15 * total / max(count, 1))
        for c in range(M):
            t = barrier * size[c]
            for i in range(K):
                if x[c, i] < s[c, i]:
                    wx[c, i] = x[c, i]
                    rx[c, i] = u[c, i] - np.log(x[c, i] / s[c, i])
                else:
                    wx[c, i] = s[c, i]
                    rx[c, i] = u[c, i] + 1.0 - x[c, i] / s[c, i]
                implied = s[c, i] * (np.exp(max(u[c, i], -DEEPEST)) if u[c, i] < 0.0 else 1.0 + u[c, i])
                off = abs(implied - x[c, i]) / (size[c] + 0.1 * s[c, i])
                if off > worst:
                    worst, cell, block = off, c, -1
                R[c, i] = fixed[c, i] - x[c, i]
                for j in range(K):
                    S[c, i, j] = 0.0
                S[c, i, i] = wx[c, i] + FAINT * size[c]
                d[c, i] = 0.0
            for k in range(B):
                if not step.active[c, k]:
                    continue
                lo, hi = start[k], start[k + 1]
                E = hi - lo
                if basis.species[k] > 0:
                    mixing(n[c], k, basis, step.interaction, slopes, iteration >= 0)
                else:
                    gradient[0] = 0.0
                    H[0, 0] = 0.0
                for e in range(E):
                    pull[e] = 0.0
                twice = 0.0
                for i in range(K):
                    if metal[k, i]:
                        m = -step.m0[c, k, i]
                        for e in range(E):
                            m += N[lo + e, i] * n[c, lo + e]
                        moved[i] = m / step.mobility[c, k, i]
                        twice += m * moved[i]
                        for e in range(E):
                            pull[e] += N[lo + e, i] * moved[i]
                rigid, bent = 1.0, 0.0
                if step.drag.along[c, k] > 0.0 and not cold:
                    rigid, bent = _bend(now, slopes, twice, c, k, basis, step)
                elif step.drag.along[c, k] > 0.0:
                    step.drag.eased[c, k] = step.drag.resting[c, k]
                    rigid = 1.0 / step.drag.resting[c, k]
                for i in range(K):
                    if metal[k, i]:
                        for e in range(E):
                            w = rigid * N[lo + e, i] / step.mobility[c, k, i]
                            if w > 0.0:
                                for f in range(E):
                                    H[e, f] += w * N[lo + f, i]
                for e in range(E):
                    gradient[e] += rigid * pull[e]
                    if bent != 0.0:
                        for f in range(E):
                            H[e, f] += bent * pull[e] * pull[f]
                for e in range(E):
                    v = lo + e
                    A = -step.g[v] - gradient[e]
                    for i in range(K):
                        A += N[v, i] * u[c, i]
                        R[c, i] -= N[v, i] * n[c, v]
                    product = n[c, v] * z[c, v]
                    off = (0.1 * product if cold else 10.0 * abs(product - t)) / size[c]
                    q[c, v] = A + t / n[c, v]
                    H[e, e] += z[c, v] / n[c, v]
                    residual = abs(A + z[c, v])
                    if residual > 1e-12:  # below, it is the round-off of potentials
                        off = max(off, 0.1 * residual * min(n[c, v], 1.0 / H[e, e]) / size[c])
                    if off > worst:
                        worst, cell, block = off, c, k
                cholesky(H, E)
                for e in range(E):  # X = L^-1 N, column = L^-1 q
                    v = lo + e
                    for f in range(e + 1):
                        L[c, v, f] = H[e, f]
                    a = q[c, v]
                    for f in range(e):
                        a -= H[e, f] * column[f]
                    column[e] = a / H[e, e]
                    for i in range(K):
                        a = N[v, i]
                        for f in range(e):
                            a -= H[e, f] * X[f, i]
                        X[e, i] = a / H[e, e]
                for e in range(E):
                    for i in range(K):
                        a = X[e, i]
                        if a != 0.0:
                            d[c, i] -= a * column[e]
                            for j in range(i + 1):
                                S[c, i, j] += a * X[e, j]
        for c in range(M):
            for i in range(K):
                for j in range(i):
                    S[c, j, i] = S[c, i, j]
        for f in range(M - 1):
            for i in range(K):
                flow = G[f, i] * (u[f, i] - u[f + 1, i])
                R[f, i] -= flow
                R[f + 1, i] += flow
                S[f, i, i] += G[f, i]
                S[f + 1, i, i] += G[f, i]
        for c in range(M):
            for i in range(K):
                largest = 0.0  # a flow is known no better than the round-off of the potentials that drive it
                if c > 0:
                    largest = G[c - 1, i]
                if c < M - 1:
                    largest = max(largest, G[c, i])
                off = abs(R[c, i]) / (size[c] + 0.05 * largest)
                if not off < np.inf:
                    return StepEnd(u, n, z, x, False, iteration, cell=c, block=-1)
                if off > worst:
                    worst, cell, block = off, c, -1
                d[c, i] += R[c, i] - wx[c, i] * rx[c, i]
        if worst < close and iteration > 0:
            return StepEnd(u, n, z, x, True, iteration, cell=cell, block=block)
        direction(S, G, d, C, scale, W)
        _advance(now, elimination, basis, step, barrier, cold, iteration)
    return StepEnd(u, n, z, x, False, most, cell=cell, block=block)


@inner()
def _bend(now: Iterate, slopes: Slopes, twice: float, c: int, k: int, basis: Basis, step: Step) -> tuple[float, float]:
    """Of block k in cell c, with ``twice`` 2 q: phi', and the factor of the square of pull in the Hessian.

    Far from the answer the tangent of a curve that is steep at first and flat later leads Newton's method astray.  The
    potentials of this iteration tell the force A' that would be the answer if they stayed, in the direction in which
    the block changes now, and the curve what v' belongs to it: while that is NEAR times v or more, or less, the secant
    from v to v' is taken instead.
    """
    drag, lo, hi = step.drag, basis.start[k], basis.start[k + 1]
    speed, eased = np.sqrt(twice / drag.along[c, k]), law(c, k, drag)
    A = force(speed, eased, drag.last[c, k])
    h, slope = ease(A, eased)
    drag.eased[c, k] = h
    if twice == 0.0:
        return 1.0 / h, 0.0
    drag.last[c, k] = A
    driven, square = 0.0, 0.0
    for v in range(lo, hi):
        pull = slopes.pull[v - lo]
        drive = now.z[c, v] - step.g[v] - slopes.gradient[v - lo]
        for i in range(now.u.shape[1]):
            drive += basis.N[v, i] * now.u[c, i]
        driven += now.n[c, v] * pull * drive  # at the answer drive = A / v pull, whatever the composition does
        square += now.n[c, v] * pull * pull
    other = speed * driven / max(square, 1e-300)
    aimed, _ = ease(abs(other), eased)
    aimed *= other
    if not speed < NEAR * aimed < NEAR * NEAR * speed:
        steepness = (A - other) / (speed - aimed)
    else:
        steepness = 1.0 / (h * (1.0 + slope))
    chord = A / speed
    return chord, (max(steepness, FLATTEST * chord) - chord) / twice


@kernel()
def direction(S: Array, G: Array, d: Array, C: Array, scale: Array, W: Array) -> None:
    """Solves in place of the right-hand side d (M, K): block-tridiagonal Cholesky; off-diagonal blocks are -diag(G)."""
    M, K = d.shape
    for c in range(M):
        for i in range(K):
            scale[c, i] = 1.0 / np.sqrt(S[c, i, i])
        for i in range(K):
            d[c, i] *= scale[c, i]
            for j in range(K):
                C[c, i, j] = S[c, i, j] * scale[c, i] * scale[c, j]
            C[c, i, i] = 1.0 + 1e-15
        if c > 0:
            for j in range(K):  # W = L^-1 diag(off-diagonal), lower triangular
                for i in range(j, K):
                    v = G[c - 1, j] * scale[c - 1, j] * scale[c, j] if i == j else 0.0
                    for k in range(j, i):
                        v -= C[c - 1, i, k] * W[k, j]
                    W[i, j] = v / C[c - 1, i, i]
            for i in range(K):
                for j in range(i + 1):
                    v = 0.0
                    for k in range(i, K):
                        v += W[k, i] * W[k, j]
                    C[c, i, j] -= v
                a = 0.0
                for k in range(i, K):
                    a += W[k, i] * d[c - 1, k]
                d[c, i] += a
        cholesky(C[c], K)
        for i in range(K):
            for k in range(i):
                d[c, i] -= C[c, i, k] * d[c, k]
            d[c, i] /= C[c, i, i]
    for c in range(M - 1, -1, -1):
        if c < M - 1:
            for i in range(K):
                W[i, 0] = G[c, i] * scale[c, i] * scale[c + 1, i] * d[c + 1, i]
            for i in range(K):
                for k in range(i):
                    W[i, 0] -= C[c, i, k] * W[k, 0]
                W[i, 0] /= C[c, i, i]
                d[c, i] += W[i, 0]
        for i in range(K - 1, -1, -1):
            for k in range(i + 1, K):
                d[c, i] -= C[c, k, i] * d[c, k]
            d[c, i] /= C[c, i, i]
    for c in range(M):
        for i in range(K):
            d[c, i] *= scale[c, i]


@inner()
def _advance(
    now: Iterate, elimination: Elimination, basis: Basis, step: Step, barrier: float, cold: bool, iteration: int
) -> None:
    """Take the Newton step in place, shortened so that all stays positive."""
    u, n, z, x = now.u, now.n, now.z, now.x
    d, L, q, wx, rx = elimination.d, elimination.L, elimination.q, elimination.wx, elimination.rx
    N, start = basis.N, basis.start
    M, K = u.shape
    V, B = N.shape[0], len(start) - 1
    longest = LONGEST[0] if iteration < PATIENCE else LONGEST[1]
    dn, dz = np.empty((M, V)), np.empty((M, V))
    common = 1.0
    shares = np.empty(M)
    for c in range(M):
        t = barrier * step.size[c]
        share = 1.0
        for i in range(K):
            if abs(d[c, i]) > longest:
                if cold or iteration < PATIENCE:  # later, one that runs away does not hold back the others
                    share = min(share, longest / abs(d[c, i]))
                else:
                    d[c, i] = longest if d[c, i] > 0.0 else -longest
        for k in range(B):
            if not step.active[c, k]:
                continue
            lo, hi = start[k], start[k + 1]
            for v in range(lo, hi):
                a = q[c, v]
                for i in range(K):
                    a += N[v, i] * d[c, i]
                for f in range(v - lo):
                    a -= L[c, v, f] * dn[c, lo + f]
                dn[c, v] = a / L[c, v, v - lo]
            for v in range(hi - 1, lo - 1, -1):
                for f in range(v + 1, hi):
                    dn[c, v] -= L[c, f, v - lo] * dn[c, f]
                dn[c, v] /= L[c, v, v - lo]
            for v in range(lo, hi):
                dz[c, v] = t / n[c, v] - z[c, v] - z[c, v] / n[c, v] * dn[c, v]
                if cold:
                    if dn[c, v] < 0.0:
                        share = min(share, -0.99 * n[c, v] / dn[c, v])
                    if dz[c, v] < 0.0:
                        share = min(share, -0.99 * z[c, v] / dz[c, v])
        shares[c] = share
        common = min(common, share)
    for c in range(M):
        t = barrier * step.size[c]
        share = common if cold else shares[c]
        if not cold and iteration >= PATIENCE and iteration % 3:
            share *= 0.5  # where an amount flips between gone and there, whole steps go round
        for i in range(K):
            ahead = share * d[c, i]
            u[c, i] = max(u[c, i] + ahead, -DEEPEST)
            least = max(RATIO * x[c, i], step.store[c, i] * np.exp(-DEEPEST))
            x[c, i] = max(x[c, i] + wx[c, i] * (ahead + share * rx[c, i]), least)
        for k in range(B):
            if not step.active[c, k]:
                continue
            for v in range(start[k], start[k + 1]):
                n[c, v] = max(n[c, v] + share * dn[c, v], RATIO * n[c, v], LEAST * t)
                moved = max(z[c, v] + share * dz[c, v], RATIO * z[c, v])
                if not cold:
                    centre = t / n[c, v]
                    moved = min(max(moved, centre / CENTRED), centre * CENTRED)
                z[c, v] = moved
