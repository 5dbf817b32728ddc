"""The compiled linear-programme kernel: revised simplex for few components and many phases.

    minimise sum_p n_p omega_p   subject to   sum_p N_kp n_p = b_k,   n_p >= 0

A basis is K phases (or, where no phase can serve, the bare component k, coded P + k).  Every iteration prices all
phases once (2 K P flops) and updates the explicit K x K inverse (2 K^2); the inverse is made afresh before an answer
is given.  A start from any earlier basis is a warm one: where new energies leave its amounts positive the primal
method goes on from there, where a new total makes some negative the dual method runs first, with the energies of
phases below the plane lifted onto it (Bixby, Oper. Res. 50, 3 (2002), reviews both).  ``trace`` follows the optimum
along a line of totals: each dual pivot is a kink (parametric programming: Gass & Saaty, 1955).
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

OPTIMAL, INFEASIBLE, STALLED = 0, 1, 2

PIVOT = 1e-9
"""Smallest pivot accepted [1]; compositions are shares of a mole of cations."""

FEASIBLE = 1e-12
"""Negative amounts up to this share of the total are zero."""

PLANE = 1e-11
"""A phase lies below the plane by more than this share of the largest energy before it enters."""

LIFT = 1e3
"""Energy of a bare component, in units of the largest: it leaves for any phase that holds the component."""

PATIENCE = 40
"""Pivots without progress after which the rule of least index (Bland 1977) takes over, which can not cycle."""


@nb.njit(cache=True, error_model="numpy")
def _invert(N: Array, basis: Ints, inverse: Array, work: Array) -> bool:
    """Inverse of the basis matrix by Gauss-Jordan with partial pivoting; False when it is singular."""
    K, P = N.shape
    for i in range(K):
        for j in range(K):
            p = basis[j]
            work[i, j] = N[i, p] if p < P else (1.0 if p - P == i else 0.0)
            inverse[i, j] = 1.0 if i == j else 0.0
    for column in range(K):
        best, row = 0.0, -1
        for i in range(column, K):
            if abs(work[i, column]) > best:
                best, row = abs(work[i, column]), i
        if best < 1e-13:
            return False
        if row != column:
            for j in range(K):
                work[row, j], work[column, j] = work[column, j], work[row, j]
                inverse[row, j], inverse[column, j] = inverse[column, j], inverse[row, j]
        scale = 1.0 / work[column, column]
        for j in range(K):
            work[column, j] *= scale
            inverse[column, j] *= scale
        for i in range(K):
            factor = work[i, column]
            if i != column and factor != 0.0:
                for j in range(K):
                    work[i, j] -= factor * work[column, j]
                    inverse[i, j] -= factor * inverse[column, j]
    return True


@nb.njit(cache=True, error_model="numpy")
def _pivot(inverse: Array, w: Array, row: int) -> None:
    """Update of the inverse when a column with B^-1 N = w replaces the one in ``row``."""
    K = len(w)
    scale = 1.0 / w[row]
    for j in range(K):
        inverse[row, j] *= scale
    for i in range(K):
        factor = w[i]
        if i != row and factor != 0.0:
            for j in range(K):
                inverse[i, j] -= factor * inverse[row, j]


@nb.njit(cache=True, error_model="numpy")
def _potentials(omega: Array, basis: Ints, inverse: Array, bare: float, mu: Array) -> None:
    K, P = len(basis), len(omega)
    for j in range(K):
        mu[j] = 0.0
    for i in range(K):
        cost = omega[basis[i]] if basis[i] < P else bare
        if cost != 0.0:
            for j in range(K):
                mu[j] += cost * inverse[i, j]


@nb.njit(cache=True, error_model="numpy", fastmath={"contract"})
def price(N: Array, omega: Array, mu: Array, d: Array) -> None:
    """Driving forces d = omega - mu.N of all phases: 2 K P flops, the bulk of the work."""
    K, P = N.shape
    for p in range(P):
        d[p] = omega[p]
    for k in range(K):
        m = mu[k]
        row = N[k]
        for p in range(P):
            d[p] -= m * row[p]


@nb.njit(cache=True, error_model="numpy")
def _column(N: Array, inverse: Array, p: int, w: Array) -> None:
    K, P = N.shape
    for i in range(K):
        total = 0.0
        if p < P:
            for k in range(K):
                total += inverse[i, k] * N[k, p]
        else:
            total = inverse[i, p - P]
        w[i] = total


@nb.njit(cache=True, error_model="numpy")
def _amounts(inverse: Array, b: Array, x: Array) -> None:
    K = len(b)
    for i in range(K):
        total = 0.0
        for k in range(K):
            total += inverse[i, k] * b[k]
        x[i] = total


@nb.njit(cache=True, error_model="numpy")
def _primal(
    N: Array, omega: Array, bare: float, b: Array, basis: Ints, inverse: Array, x: Array, mu: Array, d: Array,
    w: Array, work: Array, tolerance: float,
) -> tuple[int, int]:  # fmt: skip
    """Primal simplex from a feasible basis; status and number of pivots.  ``bare`` is the energy of a bare component."""
    K, P = N.shape
    limit = 50 * (K + P) + 1000
    idle = 0
    for pivots in range(limit):
        _potentials(omega, basis, inverse, bare, mu)
        price(N, omega, mu, d)
        enter, lowest = -1, -tolerance
        for p in range(P):
            if d[p] < lowest:
                enter, lowest = p, d[p]
                if idle > PATIENCE:
                    break
        if enter < 0:
            return OPTIMAL, pivots
        _column(N, inverse, enter, w)
        row, step, size = -1, np.inf, 0.0
        for i in range(K):
            if basis[i] >= P and x[i] <= FEASIBLE and abs(w[i]) > PIVOT:  # a bare component leaves when it can
                ratio = 0.0
            elif w[i] > PIVOT:
                ratio = max(x[i], 0.0) / w[i]
            else:
                continue
            if idle > PATIENCE:
                better = ratio < step or (ratio == step and basis[i] < basis[row])
            else:
                better = ratio < step - FEASIBLE or (ratio < step + FEASIBLE and abs(w[i]) > size)
            if better:
                row, step, size = i, min(ratio, step), abs(w[i])
        if row < 0:  # unbounded: impossible as every phase holds cations; the inverse has gone bad
            return STALLED, pivots
        idle = idle + 1 if step <= FEASIBLE else 0
        basis[row] = enter
        _pivot(inverse, w, row)
        if pivots % 25 == 24 and not _invert(N, basis, inverse, work):
            return STALLED, pivots
        _amounts(inverse, b, x)
    return STALLED, limit


@nb.njit(cache=True, error_model="numpy")
def _entering(N: Array, inverse: Array, d: Array, row: int, alpha: Array, slack: float) -> int:
    """Phase that replaces the one leaving ``row`` in the dual method: least d / -alpha.

    Of those that tie within ``slack`` of energy the one with the largest pivot (Harris 1973); zero slack: the first.
    """
    K, P = N.shape
    for p in range(P):
        alpha[p] = 0.0
    for k in range(K):
        m = inverse[row, k]
        if m != 0.0:
            line = N[k]
            for p in range(P):
                alpha[p] += m * line[p]
    reach = np.inf
    for p in range(P):
        if alpha[p] < -PIVOT:
            reach = min(reach, (max(d[p], 0.0) + slack) / -alpha[p])
    enter, size = -1, 0.0
    for p in range(P):
        if alpha[p] < -PIVOT and -alpha[p] > size and max(d[p], 0.0) <= reach * -alpha[p]:
            enter, size = p, -alpha[p]
            if slack == 0.0:
                break
    return enter


@nb.njit(cache=True, error_model="numpy")
def _dual(
    N: Array, omega: Array, b: Array, basis: Ints, inverse: Array, x: Array, mu: Array, d: Array, w: Array,
    work: Array, alpha: Array, lifted: Array, tolerance: float,
) -> tuple[int, int]:  # fmt: skip
    """Dual simplex until no amount is negative, with phases below the plane lifted onto it; status and pivots."""
    K, P = N.shape
    _potentials(omega, basis, inverse, 0.0, mu)
    price(N, omega, mu, d)
    for p in range(P):
        lifted[p] = omega[p] - min(d[p], 0.0)
        d[p] = max(d[p], 0.0)
    for pivots in range(20 * K + 100):
        row, lowest = -1, -FEASIBLE
        for i in range(K):
            if x[i] < lowest:
                row, lowest = i, x[i]
                if pivots > PATIENCE:
                    break
        if row < 0:
            return OPTIMAL, pivots
        enter = _entering(N, inverse, d, row, alpha, 0.0 if pivots > PATIENCE else tolerance)
        if enter < 0:
            return INFEASIBLE, pivots
        _column(N, inverse, enter, w)
        basis[row] = enter
        _pivot(inverse, w, row)
        if pivots % 25 == 24 and not _invert(N, basis, inverse, work):
            return STALLED, pivots
        _amounts(inverse, b, x)
        _potentials(lifted, basis, inverse, 0.0, mu)
        price(N, lifted, mu, d)
    return STALLED, 20 * K + 100


@nb.njit(cache=True, error_model="numpy")
def _cold(
    N: Array, omega: Array, b: Array, basis: Ints, inverse: Array, x: Array, mu: Array, d: Array, w: Array,
    work: Array, zero: Array, size: float,
) -> tuple[int, int]:  # fmt: skip
    """Start from the bare components: first get rid of them, then minimise."""
    K, P = N.shape
    for i in range(K):
        basis[i] = P + i
        x[i] = b[i]
        for j in range(K):
            inverse[i, j] = 1.0 if i == j else 0.0
    for p in range(P):
        zero[p] = 0.0
    status, first = _primal(N, zero, 1.0, b, basis, inverse, x, mu, d, w, work, 1e-11)
    if status != OPTIMAL:
        return status, first
    total = 0.0
    for i in range(K):
        total += b[i]
    for i in range(K):
        if basis[i] >= P and x[i] > 1e-9 * total:
            return INFEASIBLE, first
    status, second = _primal(N, omega, LIFT * size, b, basis, inverse, x, mu, d, w, work, PLANE * size)
    return status, first + second


@nb.njit(cache=True, error_model="numpy")
def solve(N: Array, omega: Array, b: Array, basis: Ints, inverse: Array, x: Array, mu: Array, d: Array,
          work: Array, space: Array, warm: bool) -> tuple[int, int]:  # fmt: skip
    """Optimal basis for total b (K,), which sums to about one; returns status and the number of pivots.

    N (K, P), omega (P,); basis (K,), inverse (K, K), x (K,) amounts of the basis, mu (K,) and driving forces d (P,)
    are written; work (K, K) and space (3, max(P, K)) are scratch.  ``warm`` takes basis and inverse as they are.
    With status INFEASIBLE the basis holds the components (P + k) of which something is left over.
    """
    K, P = N.shape
    w, alpha, lifted = space[0, :K], space[1, :P], space[2, :P]
    size = 0.0
    for p in range(P):
        size = max(size, abs(omega[p]))
    pivots, status = 0, STALLED
    if warm:
        _amounts(inverse, b, x)
        status = OPTIMAL
        for i in range(K):
            if x[i] < -FEASIBLE:
                status = STALLED
            if basis[i] >= P and x[i] > FEASIBLE:
                warm = False
        if warm and status != OPTIMAL:
            status, pivots = _dual(N, omega, b, basis, inverse, x, mu, d, w, work, alpha, lifted, PLANE * size)
            for i in range(K):
                if basis[i] >= P and x[i] > FEASIBLE:
                    status = STALLED
        if warm and status == OPTIMAL:
            status, more = _primal(N, omega, LIFT * size, b, basis, inverse, x, mu, d, w, work, PLANE * size)
            pivots += more
        else:
            status = STALLED
    if status != OPTIMAL:
        status, more = _cold(N, omega, b, basis, inverse, x, mu, d, w, work, lifted, size)
        pivots += more
        if status == INFEASIBLE:
            return status, pivots
    bare = False
    for i in range(K):
        bare = bare or basis[i] >= P
    if pivots == 0 and not bare:
        return status, pivots
    if pivots > 0:  # a fresh inverse: answers do not carry the round-off of the way they were reached
        if not _invert(N, basis, inverse, work):
            return STALLED, pivots
        _amounts(inverse, b, x)
    _potentials(omega, basis, inverse, 0.0, mu)
    price(N, omega, mu, d)
    return status, pivots


@nb.njit(cache=True, error_model="numpy")
def sequence(
    N: Array, omega: Array, b: Array, basis: Ints, inverse: Array, warm: bool, bases: Ints, amounts: Array, mu: Array
) -> tuple[int, int]:
    """Equilibria one after the other, each started from the one before: omega (S, P), b (S, K).

    Writes bases (S, K), amounts (S, K) and mu (S, K); returns (number solved, pivots in all); stops where one fails.
    """
    K, P = N.shape
    work, space, d = np.empty((K, K)), np.empty((3, max(P, K))), np.empty(P)
    total = 0
    for s in range(len(b)):
        status, pivots = solve(N, omega[s], b[s], basis, inverse, amounts[s], mu[s], d, work, space, warm or s > 0)
        total += pivots
        bases[s] = basis
        if status != OPTIMAL:
            return s, total
    return len(b), total


@nb.njit(cache=True, error_model="numpy")
def trace(
    N: Array, omega: Array, a: Array, b: Array, basis: Ints, inverse: Array, position: Array, bases: Ints,
    amounts: Array, mu: Array,
) -> int:  # fmt: skip
    """All kinks of the optimum along (1 - t) a + t b, from the optimal basis at t = 0; returns their number or -1.

    Writes, for each stretch j between two kinks, its start position[j], its basis, the amounts (of that basis) at
    its start, and its potentials; the last position is 1.
    """
    K, P = N.shape
    d, alpha, w, work = np.empty(P), np.empty(P), np.empty(K), np.empty((K, K))
    start, slope = np.empty(K), np.empty(K)
    t, count, idle, tolerance = 0.0, 0, 0, PLANE * np.max(np.abs(omega))
    _amounts(inverse, a, start)
    _amounts(inverse, b - a, slope)
    while count < len(position) - 1:
        row, reach = -1, 1.0
        for i in range(K):
            if basis[i] >= P and slope[i] > 1e-9:  # a component that nothing holds is left over
                return -1
            if slope[i] < -FEASIBLE:
                at = max(start[i], 0.0) / -slope[i]
                if at < reach - 1e-13 or (row >= 0 and at < reach + 1e-13 and basis[i] < basis[row]):
                    row, reach = i, min(at, reach)
        reach = max(reach, t)
        if reach > t + 1e-10 or (count == 0 and reach >= 1.0):  # a stretch of some length
            position[count] = t
            bases[count] = basis
            for i in range(K):
                amounts[count, i] = start[i] + t * slope[i]
            _potentials(omega, basis, inverse, 0.0, mu[count])
            count += 1
            t = reach
            idle = 0
        if row < 0:
            position[count] = 1.0
            for i in range(K):
                amounts[count, i] = start[i] + slope[i]
            bases[count] = basis
            return count
        idle += 1
        if idle > 20 * K + 100:
            return -1
        _potentials(omega, basis, inverse, 0.0, w)
        price(N, omega, w, d)
        enter = _entering(N, inverse, d, row, alpha, 0.0 if idle > PATIENCE else tolerance)
        if enter < 0:
            return -1
        basis[row] = enter
        if not _invert(N, basis, inverse, work):
            return -1
        _amounts(inverse, a, start)
        _amounts(inverse, b - a, slope)
    return -1
