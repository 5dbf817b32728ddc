"""One implicit step of many stores that exchange species through shared potentials: the compiled kernel.

Knows numbers only, no chemistry.  In cell c, store p holds n_cp of a fixed make-up N_p and follows
d ln n / dt = k_p (N_p . u - g_p) (growth from ``seed`` when positive); species move between neighbouring cells as
G (u - u'); a small store s exp(u) keeps every potential finite.  Over a step the potentials u that balance every
species are the minimiser of a smooth convex function,

    sum_cp [n_cp psi(a_cp) / kappa_p] + sum_ck s_ck exp(u) - sum_ck b_ck u_ck + 1/2 sum_f,k G_fk (u - u')^2,

with a = kappa (N.u - g), kappa the integral of k over the step and psi' the factor by which the store changes.
Newton's method with a line search therefore converges, amounts stay positive without clipping, and because ln n is
linear in the time integral of u the step is exact in time as long as g, k and G do not change.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
OVERFLOW = 300.0
"""Largest exponent evaluated; beyond it the line search turns back."""

LONGEST = 30.0
"""Longest change of a potential in one iteration."""

DEEPEST = -80.0
"""Lowest potential: of a species with e^-80 of its activity there is nothing."""

ROUND_OFF = 1e-14
"""Decrease of the function per iteration [share of the sample] below which residuals that stay are round-off."""

RIDGE = 1e-14
"""Least stiffness [1] added to the scaled Newton matrix."""

NOTHING = 1e-14
"""Stiffness [share of the sample] added to the Newton matrix: a species that is not there must not steer the step."""


@nb.njit(cache=True, error_model="numpy")
def _balance(
    u: Array, n: Array, seed: Array, N: Array, g: Array, kappa: Array, s: Array, b: Array, G: Array,
    R: Array, new: Array, rate: Array,
) -> float:  # fmt: skip
    """Residual R (M, K), new amounts (M, P) and the stores' slopes over kappa, rate (M, P); returns the function."""
    M, K = u.shape
    P = N.shape[0]
    value = 0.0
    for c in range(M):
        for i in range(K):
            x = s[c, i] * np.exp(min(u[c, i], OVERFLOW))
            R[c, i] = x - b[c, i]
            value += x - b[c, i] * u[c, i]
        for p in range(P):
            A = -g[p]
            for i in range(K):
                A += N[p, i] * u[c, i]
            a = kappa[p] * A
            if a < 0.0:
                r = 0.0
                if n[c, p] > 0.0:
                    if a > -700.0:
                        r = n[c, p] * np.exp(a)
                    value += (r - n[c, p]) / kappa[p]
                new[c, p] = r
            else:
                start = n[c, p] + seed[c, p]
                r = start * np.exp(min(a, OVERFLOW))
                new[c, p] = r - seed[c, p] if a > 1e-9 else n[c, p] + start * np.expm1(a)
                value += (r - start) / kappa[p] - seed[c, p] * A
            rate[c, p] = r
            if new[c, p] != 0.0:
                for i in range(K):
                    R[c, i] += N[p, i] * new[c, p]
    for f in range(M - 1):
        for i in range(K):
            du = u[f, i] - u[f + 1, i]
            flow = G[f, i] * du
            R[f, i] += flow
            R[f + 1, i] -= flow
            value += 0.5 * flow * du
    return value


@nb.njit(cache=True, error_model="numpy")
def _secant(x: float, wanted: float) -> float:
    """Slope of exp between where it is x and where it is ``wanted``, which Newton's step should reach at once."""
    if wanted > 0.0 and x > 0.0 and abs(wanted - x) > 1e-6 * x:
        return (wanted - x) / np.log(wanted / x)
    return x


@nb.njit(cache=True, error_model="numpy")
def _stiffness(u: Array, N: Array, kappa: Array, s: Array, b: Array, G: Array, R: Array, rate: Array, H: Array) -> None:
    """Diagonal Hessian blocks H (M, K, K).

    The slope of a phase far larger than the cell is the secant down to what the cell holds, that of a small store the
    secant to the content that would balance its species: a tangent comes down an exponential by one factor e per
    iteration, and overshoots upwards.
    """
    M, K = u.shape
    P = N.shape[0]
    for c in range(M):
        for i in range(K):
            for j in range(K):
                H[c, i, j] = 0.0
        room = 0.0
        for i in range(K):
            room += max(b[c, i], 0.0)
        for p in range(P):
            r = rate[c, p]
            if r * kappa[p] < 1e-3 * NOTHING:
                continue
            weight = kappa[p] * (_secant(r, room) if r > 2.0 * room else r)
            for i in range(K):
                if N[p, i] != 0.0:
                    v = weight * N[p, i]
                    for j in range(i + 1):
                        H[c, i, j] += v * N[p, j]
        for i in range(K):
            for j in range(i):
                H[c, j, i] = H[c, i, j]
            x = s[c, i] * np.exp(min(u[c, i], OVERFLOW))
            H[c, i, i] += _secant(x, x - R[c, i])
    for f in range(M - 1):
        for i in range(K):
            H[f, i, i] += G[f, i]
            H[f + 1, i, i] += G[f, i]


@nb.njit(cache=True, error_model="numpy")
def _direction(
    H: Array, G: Array, R: Array, d: Array, C: Array, scale: Array, z: Array, W: Array, ridge: float
) -> None:
    """Newton direction d (M, K): block-tridiagonal Cholesky with diagonal scaling; off-diagonal blocks are -diag(G)."""
    M, K = R.shape
    for c in range(M):
        for i in range(K):
            scale[c, i] = 1.0 / np.sqrt(H[c, i, i] + NOTHING)
    for c in range(M):
        for i in range(K):
            d[c, i] = -R[c, i] * scale[c, i]
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
    u: Array, n: Array, seed: Array, N: Array, g: Array, kappa: Array, s: Array, b: Array, G: Array,
    tolerance: Array, loose: float, most: int,
) -> tuple[Array, Array, bool, int]:  # fmt: skip
    """Potentials over the step (M, K), amounts at its end (M, P), whether it converged, and Newton iterations.

    u (M, K) first guess; n, seed (M, P); N (P, K); g, kappa (P,); s, b (M, K); G (M-1, K): all
    integrated over the step.  ``b`` is what each cell holds of each species at the start, ``tolerance`` (K,) how far
    a cell's balance may be off at the end.  Where round-off stops Newton's method short of that, ``loose`` will do.
    """
    M, K = u.shape
    R, d, scale = np.empty((M, K)), np.empty((M, K)), np.empty((M, K))
    H, C = np.empty((M, K, K)), np.empty((M, K, K))
    z, W = np.empty(K), np.zeros((K, K))
    new, rate = np.empty_like(n), np.empty_like(n)
    value = _balance(u, n, seed, N, g, kappa, s, b, G, R, new, rate)
    worst = _worst(R, tolerance)
    best, stalled, ridge = worst, 0, RIDGE
    for iteration in range(most):
        if worst < 1.0:
            return u, new, True, iteration
        _stiffness(u, N, kappa, s, b, G, R, rate, H)
        _direction(H, G, R, d, C, scale, z, W, ridge)
        for c in range(M):
            for i in range(K):  # a species that is hardly there asks for long steps and must not shorten all others
                d[c, i] = min(max(d[c, i], -LONGEST, DEEPEST - u[c, i]), LONGEST)
        slope = np.sum(R * d)
        if slope >= 0.0:  # the cut has turned the direction round: shorten all of it instead
            _direction(H, G, R, d, C, scale, z, W, ridge)
            d *= min(1.0, LONGEST / np.max(np.abs(d)))
            slope = np.sum(R * d)
        length = 1.0
        accepted = False
        for _ in range(25):
            trial = u + length * d
            trial_value = _balance(trial, n, seed, N, g, kappa, s, b, G, R, new, rate)
            ahead = np.sum(R * d)
            if np.isfinite(trial_value) and (
                abs(ahead) <= 0.9 * abs(slope) or trial_value < value - 1e-4 * length * abs(slope)
            ):
                accepted = True
                break
            length *= 0.4
        # Levenberg: directions that round-off has spoilt do not lead far; weigh the ill-determined ones less
        ridge = max(0.1 * ridge, RIDGE) if length == 1.0 else min(100.0 * ridge, 1e-6)
        best = min(best, worst)
        worst = _worst(R, tolerance)
        u, value = trial, trial_value
        # far from the minimum the residual may grow while the function falls; only near it does that mean round-off
        stalled = stalled + 1 if worst > 0.5 * best and abs(slope) < ROUND_OFF else 0
        if not accepted or stalled >= 6:
            return u, new, np.max(np.abs(R)) < loose, iteration + 1
    return u, new, np.max(np.abs(R)) < loose, most
