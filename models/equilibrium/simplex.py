"""The compiled linear-programme kernel: revised simplex for few components and many phases.

    minimise sum_p n_p omega_p   subject to   sum_p N_kp n_p = b_k,   n_p >= 0

A basis is K phases (or, where no phase can serve, the bare component k, coded P + k).  Every iteration prices all
phases once (2 K P flops) and updates the explicit K x K inverse (2 K^2); the inverse is made afresh before an answer
is given.  A start from any earlier basis is a warm one: where new energies leave its amounts positive the primal
method goes on from there, where a new total makes some negative the dual method runs first, with the energies of
phases below the plane lifted onto it (Bixby, Oper. Res. 50, 3 (2002), reviews both).  ``trace`` follows the optimum
along a line of totals, from one change of the basis to the next (parametric programming: Gass & Saaty, 1955).
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.compiling import announce

announce()  # every command that compiles imports this module first

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

OPTIMAL, INFEASIBLE, STALLED, FULL = 0, 1, 2, 3

PIVOT = 1e-8
"""Smallest pivot accepted [1]; compositions are shares of a mole of cations."""

FEASIBLE = 1e-12
"""Negative amounts up to this share of the total are zero."""

PLANE = 1e-11
"""A phase lies below the plane by more than this share of the largest energy before it enters."""

LIFT = 1e3
"""Energy of a bare component, in units of the largest: it leaves for any phase that holds the component."""

AHEAD = 1e-8
"""Distance behind a kink at which the next stretch of a line is looked for [1]; kinks nearer to each other are one."""

ASIDE = 1e-9
"""Distance [share of the total] to a point with fewer bases, from which a search that failed starts again."""

PATIENCE = 40
"""Pivots without progress after which the rule of least index (Bland 1977) takes over, which can not cycle."""


class Programme(NamedTuple):
    """What is minimised: compositions N (K, P), energies omega (P,) of the phases and the total b (K,)."""

    N: Array
    omega: Array
    b: Array


class Vertex(NamedTuple):
    """Where the method stands; it writes all of these.

    basis (K,) phases and inverse (K, K) of their compositions, amounts x (K,) of the basis, potentials mu (K,), and
    driving forces d (P,) of all phases.
    """

    basis: Ints
    inverse: Array
    x: Array
    mu: Array
    d: Array


class Scratch(NamedTuple):
    """Room to work in: a matrix (K, K), a column w (K,), a row alpha (P,), and changed energies (P,)."""

    work: Array
    w: Array
    alpha: Array
    changed: Array


class Series(NamedTuple):
    """What many equilibria come to: bases (S, K), their amounts (S, K) and potentials (S, K)."""

    bases: Ints
    amounts: Array
    mu: Array


@nb.njit(cache=True, error_model="numpy")
def start(K: int, P: int) -> Vertex:
    """Where a search from nothing begins, for K components and P phases."""
    return Vertex(np.zeros(K, np.int64), np.eye(K), np.empty(K), np.empty(K), np.empty(P))


@nb.njit(cache=True, error_model="numpy")
def scratch(K: int, P: int) -> Scratch:
    """Room for K components and P phases."""
    return Scratch(np.empty((K, K)), np.empty(K), np.empty(P), np.empty(P))


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


@nb.njit(cache=True, error_model="numpy", fastmath={"reassoc", "nnan", "nsz"})
def _least(d: Array) -> float:
    """The smallest element; a reduction that compiles to vector instructions."""
    least = d[0]
    for value in d:
        least = min(least, value)
    return least


@nb.njit(cache=True, error_model="numpy", fastmath={"reassoc", "nnan", "nsz"})
def _largest(omega: Array) -> float:
    largest = abs(omega[0])
    for value in omega:
        largest = max(largest, abs(value))
    return largest


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
def _primal(programme: Programme, bare: float, vertex: Vertex, room: Scratch, tolerance: float) -> tuple[int, int]:
    """Primal simplex from a feasible basis; status and pivots.  ``bare`` is the energy of a bare component."""
    N, omega, b = programme
    basis, inverse, x, mu, d = vertex
    work, w = room.work, room.w
    K, P = N.shape
    limit = 50 * (K + P) + 1000
    idle = 0
    for pivots in range(limit):
        _potentials(omega, basis, inverse, bare, mu)
        price(N, omega, mu, d)
        if _least(d) >= -tolerance:
            return OPTIMAL, pivots
        enter, lowest = -1, -tolerance
        for p in range(P):
            if d[p] < lowest:
                enter, lowest = p, d[p]
                if idle > PATIENCE:
                    break
        if enter < 0:
            return OPTIMAL, pivots
        _column(N, inverse, enter, w)
        row, step, size, reach = -1, np.inf, 0.0, np.inf
        for i in range(K):
            if w[i] > PIVOT:
                reach = min(reach, (max(x[i], 0.0) + FEASIBLE) / w[i])
        for i in range(K):
            leaving_bare = basis[i] >= P and x[i] <= FEASIBLE and abs(w[i]) > PIVOT  # it goes when it can
            if leaving_bare or (w[i] > PIVOT and max(x[i], 0.0) <= reach * w[i]):
                if idle > PATIENCE:  # the first of those that tie exactly, by the order of their phases
                    ratio = 0.0 if leaving_bare else max(x[i], 0.0) / w[i]
                    better = ratio < step or (ratio == step and basis[i] < basis[row])
                else:  # the largest pivot of those that tie within round-off (Harris 1973)
                    better = abs(w[i]) > size
                if better:
                    row, size = i, abs(w[i])
                    step = 0.0 if leaving_bare else max(x[i], 0.0) / w[i]
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
    reach, first = np.inf, -1
    for p in range(P):
        if alpha[p] < -PIVOT:
            ratio = (max(d[p], 0.0) + slack) / -alpha[p]
            if ratio < reach:
                reach, first = ratio, p
    if slack == 0.0:
        return first
    enter, size = -1, 0.0
    for p in range(P):
        if alpha[p] < -PIVOT and -alpha[p] > size and max(d[p], 0.0) <= reach * -alpha[p]:
            enter, size = p, -alpha[p]
    return enter


@nb.njit(cache=True, error_model="numpy")
def _dual(programme: Programme, vertex: Vertex, room: Scratch, tolerance: float) -> tuple[int, int]:
    """Dual simplex until no amount is negative, with phases below the plane lifted onto it; status and pivots."""
    N, omega, b = programme
    basis, inverse, x, mu, d = vertex
    work, w, alpha, lifted = room
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
def _cold(programme: Programme, vertex: Vertex, room: Scratch, size: float) -> tuple[int, int]:
    """Start from the bare components: first get rid of them, then minimise."""
    N, _, b = programme
    basis, inverse, x, zero = vertex.basis, vertex.inverse, vertex.x, room.changed
    K, P = N.shape
    for i in range(K):
        basis[i] = P + i
        x[i] = b[i]
        for j in range(K):
            inverse[i, j] = 1.0 if i == j else 0.0
    for p in range(P):
        zero[p] = 0.0
    status, first = _primal(Programme(N, zero, b), 1.0, vertex, room, 1e-11)
    if status != OPTIMAL:
        return status, first
    total = 0.0
    for i in range(K):
        total += b[i]
    for i in range(K):
        if basis[i] >= P and x[i] > 1e-9 * total:
            return INFEASIBLE, first
    status, second = _primal(programme, LIFT * size, vertex, room, PLANE * size)
    return status, first + second


@nb.njit(cache=True, error_model="numpy")
def solve(programme: Programme, vertex: Vertex, room: Scratch, warm: bool) -> tuple[int, int]:
    """Optimal basis for the total b, which sums to about one, in ``vertex``; returns status and the number of pivots.

    ``warm`` takes basis and inverse of the vertex as they are.  With status INFEASIBLE the basis holds the components
    (P + k) of which something is left over.
    """
    N, omega, b = programme
    basis, inverse, x, mu, d = vertex
    work, w, alpha, _ = room
    K, P = N.shape
    size = _largest(omega)
    pivots, status = 0, STALLED
    for attempt in range(0 if warm else 1, 3):
        if attempt == 0:
            status, more = _resume(programme, vertex, room, size)
            if status == OPTIMAL and more == 0:
                return status, 0
        elif attempt == 1:
            status, more = _cold(programme, vertex, room, size)
        else:  # many bases at one point: look a little aside, into the middle of all phases
            aside = b.copy()
            for k in range(K):
                aside[k] += ASIDE * np.mean(N[k])
            status, more = _cold(Programme(N, omega, aside), vertex, room, size)
        pivots += more
        if status == INFEASIBLE and attempt > 0:
            return status, pivots
        for turn in range(K * K if status == OPTIMAL else 0):
            i = turn % K
            if basis[i] >= P:  # a bare component goes for the phase that bounds its potential from below
                _potentials(omega, basis, inverse, LIFT * size, mu)
                price(N, omega, mu, d)
                enter = _entering(N, inverse, d, i, alpha, PLANE * size)
                if enter >= 0:
                    _column(N, inverse, enter, w)
                    basis[i] = enter
                    _pivot(inverse, w, i)
        if status == OPTIMAL:  # a fresh inverse: answers do not carry the round-off of the way they were reached
            if _invert(N, basis, inverse, work):
                _amounts(inverse, b, x)
                _potentials(omega, basis, inverse, 0.0, mu)
                price(N, omega, mu, d)
                return OPTIMAL, pivots
            status = STALLED
    return status, pivots


@nb.njit(cache=True, error_model="numpy")
def _resume(programme: Programme, vertex: Vertex, room: Scratch, size: float) -> tuple[int, int]:
    """From an earlier basis: the dual method where amounts are negative, then the primal one."""
    basis, x = vertex.basis, vertex.x
    K, P = programme.N.shape
    _amounts(vertex.inverse, programme.b, x)
    status, pivots = OPTIMAL, 0
    for i in range(K):
        if x[i] < -FEASIBLE:
            status = STALLED
        if basis[i] >= P:
            return STALLED, 0
    if status != OPTIMAL:
        status, pivots = _dual(programme, vertex, room, PLANE * size)
        if status != OPTIMAL:
            return STALLED, pivots
    status, more = _primal(programme, 0.0, vertex, room, PLANE * size)
    return status, pivots + more


@nb.njit(cache=True, error_model="numpy")
def sequence(N: Array, omegas: Array, totals: Array, series: Series) -> tuple[int, int]:
    """Equilibria one after the other, each started from the one before: omegas (S, P), totals (S, K).

    Writes ``series``; returns (number solved, pivots in all); stops where one fails.
    """
    K, P = N.shape
    vertex, room = start(K, P), scratch(K, P)
    pivots = 0
    for s in range(len(totals)):
        status, more = solve(Programme(N, omegas[s], totals[s]), vertex, room, s > 0)
        pivots += more
        for k in range(K):
            series.bases[s, k], series.amounts[s, k], series.mu[s, k] = vertex.basis[k], vertex.x[k], vertex.mu[k]
        if status != OPTIMAL:
            return s, pivots
    return len(totals), pivots


@nb.njit(cache=True, error_model="numpy")
def trace(N: Array, omega: Array, a: Array, b: Array, position: Array, series: Series) -> tuple[int, int]:
    """All kinks of the optimum along (1 - t) a + t b; returns the status and the number J of stretches between them.

    Writes position[j], and into ``series`` a basis there and its amounts, for each kink j from 0 (t = 0) to J (t = 1),
    and the potentials of each stretch j.  The basis of a stretch is the optimal one AHEAD of its start: at a kink, and
    at the ends where components are missing, many are.
    """
    K, P = N.shape
    bases, amounts, mu = series
    vertex, room = start(K, P), scratch(K, P)
    basis, inverse = vertex.basis, vertex.inverse
    origin, slope = np.empty(K), np.empty(K)
    status, _ = solve(Programme(N, omega, a), vertex, room, False)
    position[0], bases[0], amounts[0] = 0.0, basis, vertex.x
    if status != OPTIMAL:
        return status, 0
    t, count, ahead = 0.0, 0, AHEAD
    while count < len(position) - 1:
        middle = min(t + ahead, 1.0)
        status, _ = solve(Programme(N, omega, (1.0 - middle) * a + middle * b), vertex, room, True)
        if status != OPTIMAL:
            bases[count] = basis
            return status, count
        _amounts(inverse, a, origin)
        _amounts(inverse, b - a, slope)
        reach = 1.0
        for i in range(K):
            if slope[i] < -FEASIBLE:
                end = max(origin[i], 0.0) / -slope[i]
                if end <= middle:  # it is there at the middle: this is round-off
                    end = max(middle, (max(origin[i], 0.0) + 10.0 * FEASIBLE) / -slope[i])
                reach = min(reach, end)
        last = reach > 1.0 - 2.0 * AHEAD
        ahead = 2.0 * ahead if reach <= middle and not last else AHEAD
        if reach > t + 2.0 * AHEAD or (count == 0 and last):  # else too short to be told from its neighbours
            mu[count] = vertex.mu
            count += 1
            position[count], bases[count] = reach, basis
            for i in range(K):
                amounts[count, i] = origin[i] + reach * slope[i]
        t = reach
        if last:  # the end itself, of its own: amounts of a basis that holds almost up to it may be off
            status, _ = solve(Programme(N, omega, b), vertex, room, True)
            position[count], bases[count], amounts[count] = 1.0, basis, vertex.x
            return status, count
    return FULL, count
