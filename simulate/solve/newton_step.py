"""One implicit step of many stores that exchange species through shared potentials: the compiled kernel.

Knows numbers only, no chemistry.  In cell c, store p holds n_cp of a fixed make-up N_p and follows
d ln n / dt = k_p (N_p . u - g_p) (growth from ``seed`` when positive); species move between neighbouring cells as
G (u - u'); a small store x of each species, s exp(u) up to s and s (1 + u) beyond, keeps every potential finite.  Over
a step, with kappa the integral of k,

    ln(m / m_0) / kappa_p = N_p . u - g_p     m = n + seed for a store that grows, n for one that shrinks
    sum_p N_p n_p + x + div G grad u = b      in every cell, for every species.

These are the conditions of a convex minimum (u are the multipliers of the balances).  Amounts and potentials are
both unknowns of Newton's method (primal-dual, as interior-point methods have it): the balances are linear in them
and hold to round-off, however steep the exponential that ties an amount to its affinity.  The amounts drop out of the
linear system, which is symmetric, positive definite and block-tridiagonal.  Because ln n is linear in the
time integral of u, the step is exact in time as long as g, k and G do not change.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LONGEST = (30.0, 3.0)
"""Longest change of a potential in one iteration, at first and when that does not lead there."""

PATIENCE = 35
"""Iterations after which shorter ones are made."""

DAMPED = 0.5
"""Share of a Newton step that is taken after that: where a store flips between gone and growing whole ones go round."""

DEEPEST = 650.0
"""A species with e^-650 of its activity is not there."""

SHRINK = 0.01
"""Least share that an iteration leaves of an amount: logarithms have no value at zero."""

GONE = 1e-17
"""Share of the sample below which a shrinking store no longer counts: its amount follows from the potentials."""

QUIET = 1e-18
"""Amount of a species [share of the sample] far below which noise must not move its potential."""

ABSENT = 1e-25
"""Share of the sample below which a dissolved species is not there, and its potential of no account."""

NO_SEED = 1e-300
"""What a store can not have grown from: ratios to it overflow."""

CLOSE = 1e-12
"""Error of an amount [share of the sample] at which the transformation laws count as satisfied."""

STEEPEST = 100.0
"""Largest exponent evaluated."""

ROUND_OFF = 1e-13
"""Error of an affinity [RT] below which it is round-off of potentials of size 30."""

RIDGE = 1e-15
"""Least stiffness [1] added to the scaled Newton matrix."""

NOTHING = 1e-22
"""Stiffness [share of the sample] added to the Newton matrix: a species that is not there must not steer the step."""


@nb.njit(cache=True, error_model="numpy")
def _state(
    u: Array, n: Array, x: Array, old: Array, seed: Array, N: Array, g: Array, kappa: Array, s: Array, b: Array,
    G: Array, R: Array, w: Array, r: Array, wx: Array, rx: Array, gone: float,
) -> float:  # fmt: skip
    """Residuals of balances R (M, K) and laws r (M, P), rx (M, K), and what an affinity moves, w and wx.

    Returns the largest error of an amount by its law.
    """
    M, K = u.shape
    P = N.shape[0]
    worst = 0.0
    for c in range(M):
        for i in range(K):
            if x[c, i] < s[c, i]:
                wx[c, i] = x[c, i]
                rx[c, i] = u[c, i] - np.log(x[c, i] / s[c, i])
            else:
                wx[c, i] = s[c, i]
                rx[c, i] = u[c, i] + 1.0 - x[c, i] / s[c, i]
            worst = max(worst, wx[c, i] * abs(np.expm1(min(rx[c, i], STEEPEST))))
            R[c, i] = b[c, i] - x[c, i]
        for p in range(P):
            was = old[c, p]
            now = n[c, p]
            w[c, p] = 0.0
            r[c, p] = 0.0
            A = -g[p]
            for i in range(K):
                A += N[p, i] * u[c, i]
            if now == 0.0 and A <= 0.0:
                continue
            if now > was or (now == was and A > 0.0):
                m = now + seed[c, p]
                r[c, p] = A - np.log(m / (was + seed[c, p])) / kappa[p] if now != was else A
            elif now <= gone:
                if A < 0.0:  # shrinks to nothing
                    n[c, p] = min(was * np.exp(max(kappa[p] * A, -700.0)), gone)
                    continue
                n[c, p] = was
                m = was + seed[c, p]
                r[c, p] = A
            else:
                m = now
                r[c, p] = A - np.log(m / was) / kappa[p] if now != was else A
            w[c, p] = kappa[p] * m
            if abs(r[c, p]) > ROUND_OFF:
                worst = max(worst, m * abs(np.expm1(min(kappa[p] * r[c, p], STEEPEST))))
            for i in range(K):
                R[c, i] -= N[p, i] * n[c, p]
    for f in range(M - 1):
        for i in range(K):
            flow = G[f, i] * (u[f, i] - u[f + 1, i])
            R[f, i] -= flow
            R[f + 1, i] += flow
    return worst


@nb.njit(cache=True, error_model="numpy")
def _system(
    N: Array, G: Array, R: Array, w: Array, r: Array, wx: Array, rx: Array, H: Array, d: Array, quiet: float
) -> None:
    """Diagonal blocks H (M, K, K) and right-hand side d (M, K) for the change of the potentials.

    ``quiet`` bends the direction where a cell holds less of a species than round-off leaves in its balance.
    """
    M, K = R.shape
    P = N.shape[0]
    for c in range(M):
        for i in range(K):
            for j in range(K):
                H[c, i, j] = 0.0
            d[c, i] = R[c, i] - wx[c, i] * rx[c, i]
        for p in range(P):
            weight = w[c, p]
            if weight == 0.0:
                continue
            for i in range(K):
                if N[p, i] != 0.0:
                    v = weight * N[p, i]
                    d[c, i] -= v * r[c, p]
                    for j in range(i + 1):
                        H[c, i, j] += v * N[p, j]
        for i in range(K):
            for j in range(i):
                H[c, j, i] = H[c, i, j]
            H[c, i, i] += wx[c, i] + quiet
    for f in range(M - 1):
        for i in range(K):
            H[f, i, i] += G[f, i]
            H[f + 1, i, i] += G[f, i]


@nb.njit(cache=True, error_model="numpy")
def _direction(H: Array, G: Array, d: Array, C: Array, scale: Array, z: Array, W: Array, ridge: float) -> None:
    """Solves in place of the right-hand side d (M, K): block-tridiagonal Cholesky; off-diagonal blocks are -diag(G)."""
    M, K = d.shape
    for c in range(M):
        for i in range(K):
            scale[c, i] = 1.0 / np.sqrt(H[c, i, i] + NOTHING)
    for c in range(M):
        for i in range(K):
            d[c, i] *= scale[c, i]
            for j in range(K):
                C[c, i, j] = H[c, i, j] * scale[c, i] * scale[c, j]
            C[c, i, i] = 1.0 + ridge  # rank-deficient blocks: bends the direction, never the answer
        if c > 0:
            L = C[c - 1]
            for j in range(K):  # W = L^-1 diag(off-diagonal)
                for i in range(K):
                    v = G[c - 1, j] * scale[c - 1, j] * scale[c, j] if i == j else 0.0
                    for k in range(j, i):
                        v -= L[i, k] * W[k, j]
                    W[i, j] = v / L[i, i] if i >= j else 0.0
            for i in range(K):
                v = d[c - 1, i]
                for k in range(i):
                    v -= L[i, k] * z[k]
                z[i] = v / L[i, i]
            for i in range(K):
                for k in range(i, K):
                    d[c, i] += W[k, i] * z[k]
                for j in range(K):
                    for k in range(max(i, j), K):
                        C[c, i, j] -= W[k, i] * W[k, j]
        for j in range(K):
            v = C[c, j, j]
            for k in range(j):
                v -= C[c, j, k] ** 2
            C[c, j, j] = np.sqrt(max(v, ridge))
            for i in range(j + 1, K):
                v = C[c, i, j]
                for k in range(j):
                    v -= C[c, i, k] * C[c, j, k]
                C[c, i, j] = v / C[c, j, j]
    for c in range(M - 1, -1, -1):
        L = C[c]
        if c < M - 1:
            for i in range(K):
                d[c, i] += G[c, i] * scale[c, i] * scale[c + 1, i] * d[c + 1, i]
        for i in range(K):
            for k in range(i):
                d[c, i] -= L[i, k] * d[c, k]
            d[c, i] /= L[i, i]
        for i in range(K - 1, -1, -1):
            for k in range(i + 1, K):
                d[c, i] -= L[k, i] * d[c, k]
            d[c, i] /= L[i, i]
    for c in range(M):
        for i in range(K):
            d[c, i] *= scale[c, i]


@nb.njit(cache=True, error_model="numpy")
def _worst(R: Array, tolerance: Array) -> float:
    """Largest residual in units of its species' tolerance."""
    worst = 0.0
    for c in range(R.shape[0]):
        for i in range(R.shape[1]):
            ratio = abs(R[c, i]) / tolerance[i]
            if not ratio <= worst:  # also when it is not a number
                worst = ratio
    return worst


@nb.njit(cache=True, error_model="numpy")
def step(
    u: Array, old: Array, n: Array, seed: Array, N: Array, g: Array, kappa: Array, s: Array, b: Array, G: Array,
    tolerance: Array, total: float, most: int,
) -> tuple[Array, Array, Array, bool, int]:  # fmt: skip
    """Potentials over the step (M, K), amounts at its end (M, P), dissolved (M, K), convergence, Newton iterations.

    u (M, K) and n (M, P) first guess; old amounts at the start, seed (M, P); N (P, K); g, kappa (P,); s, b (M, K);
    G (M-1, K): all integrated over the step.  ``b`` is what each cell holds of each species at the start, ``tolerance``
    (K,) how far a cell's balance may be off at the end, ``total`` the size of the sample.
    """
    M, K = u.shape
    P = N.shape[0]
    u, n = u.copy(), n.copy()
    x, R, d, scale = np.empty((M, K)), np.empty((M, K)), np.empty((M, K)), np.empty((M, K))
    wx, rx = np.empty((M, K)), np.empty((M, K))
    w, r = np.empty((M, P)), np.empty((M, P))
    H, C = np.empty((M, K, K)), np.empty((M, K, K))
    z, W = np.empty(K), np.zeros((K, K))
    for c in range(M):
        for i in range(K):
            x[c, i] = s[c, i] * (np.exp(max(u[c, i], -DEEPEST)) if u[c, i] < 0.0 else 1.0 + u[c, i])
        for p in range(P):
            if old[c, p] + seed[c, p] < NO_SEED:  # a guess made with other seeds may have grown from them
                n[c, p] = old[c, p]
    gone, absent = GONE * total, ABSENT * total
    for iteration in range(most):
        off = _state(u, n, x, old, seed, N, g, kappa, s, b, G, R, w, r, wx, rx, gone)
        if off < CLOSE * total and _worst(R, tolerance) < 1.0:
            return u, n, x, True, iteration
        _system(N, G, R, w, r, wx, rx, H, d, QUIET * total)
        _direction(H, G, d, C, scale, z, W, RIDGE)
        longest = LONGEST[0] if iteration < PATIENCE else LONGEST[1]
        for c in range(M):
            share = 1.0 if iteration < PATIENCE else DAMPED
            for i in range(K):
                if x[c, i] > absent:
                    ahead = wx[c, i] * (d[c, i] + rx[c, i])
                    if ahead < (SHRINK - 1.0) * x[c, i]:
                        share = min(share, (SHRINK - 1.0) * x[c, i] / ahead)
                    if abs(d[c, i]) > longest:
                        share = min(share, longest / abs(d[c, i]))
            for i in range(K):
                ahead = share * d[c, i] if x[c, i] > absent else min(max(share * d[c, i], -longest), longest)
                u[c, i] = max(u[c, i] + ahead, -DEEPEST)
                least = max(SHRINK * x[c, i], s[c, i] * np.exp(-DEEPEST))
                x[c, i] = max(x[c, i] + wx[c, i] * (ahead + share * rx[c, i]), least)
            for p in range(P):
                if w[c, p] == 0.0:
                    continue
                A = r[c, p]
                for i in range(K):
                    A += N[p, i] * d[c, i]
                now, was = n[c, p], old[c, p]
                ahead = now + share * w[c, p] * A
                if now > was:
                    n[c, p] = max(ahead, was)  # there the law changes: stop once
                elif now < was:
                    n[c, p] = min(max(ahead, SHRINK * now), was)
                else:
                    n[c, p] = max(ahead, SHRINK * now)
    return u, n, x, False, most
