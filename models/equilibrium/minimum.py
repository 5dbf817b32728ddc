"""Equilibrium of closed components with a gas: minimum of the grand potential, as a linear programme.

    minimise sum_p n_p omega_p   subject to   sum_p n_p N_pk = b_k,  n_p >= 0,   omega_p = G_p - sum_gas n mu

Its dual variables are the chemical potentials; no phase lies below their plane and every phase present lies on it
(van Zeggeren & Storey, The Computation of Chemical Equilibria, 1970).  ``simplex`` does the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.errors import InputError, SolveError
from sinterface.models.equilibrium import simplex

Array = NDArray[np.float64]

NUDGES = (1e-4, 1e-2)
"""Largest changes of energies [J per mole of cations] that part phases too alike, where the simplex goes round."""

MOST_KINKS = 10_000
"""A line with more is not followed: something is wrong with the energies."""


@dataclass(frozen=True)
class WarmStart:
    """Where a solver stands: phases of the basis (K,) and the inverse (K, K) of their compositions."""

    members: NDArray[np.int64]
    inverse: Array


@dataclass(frozen=True)
class Equilibrium:
    """amounts (P,) [mol], potentials (K,) [J/mol], driving_force (P,) [J per mole of phase], energy [J].

    ``driving_force`` is omega - N.mu: zero for a phase present, positive for one that would cost energy.  The
    potential of a component of which there is nothing is the highest at which no phase that holds it would form.
    """

    amounts: Array
    potentials: Array
    driving_force: Array
    energy: float
    basis: WarmStart

    def certificate(self, composition: Array, total: Array) -> Mapping[str, float]:
        """Violations of the optimality conditions: balance [mol], plane [J/mol], slackness [J]; all near zero."""
        return {
            "balance": float(np.max(np.abs(self.amounts @ composition - total))),
            "plane": float(max(0.0, -np.min(self.driving_force))),
            "slackness": float(abs(self.amounts @ self.driving_force)),
        }


@dataclass(frozen=True)
class Line:
    """Equilibria along (1 - t) a + t b: kinks at t (J+1,), from 0 to 1; between kinks j and j + 1 one assemblage.

    amounts (J+1, P) [mol] at the kinks, energy (J+1,) [J] there, potentials (J, K) [J/mol] of each stretch.
    """

    t: Array
    amounts: Array
    energy: Array
    potentials: Array


def minimise(
    composition: Array, omega: Array, total: Array, names: tuple[str, ...], start: WarmStart | None = None
) -> Equilibrium:
    """Phases that hold ``total`` (K,) [mol] at least grand potential.

    composition (P, K), omega (P,) [J/mol], names (K,) of the components for messages; ``start`` from an earlier
    equilibrium of the same phases saves most of the work.
    Raises InputError naming a component that no phase holds, SolveError when the phases can not make up the total.
    """
    N, w = np.ascontiguousarray(composition.T, dtype=float), np.ascontiguousarray(omega, dtype=float)
    K, P = N.shape
    size = float(_sizes(composition, np.asarray(total, dtype=float)[None], names)[0])
    vertex = simplex.start(K, P)
    if start is not None:
        vertex = vertex._replace(basis=start.members.copy(), inverse=start.inverse.copy())
    programme = simplex.Programme(N, w, np.asarray(total, dtype=float) / size)
    status, _ = simplex.solve(programme, vertex, simplex.scratch(K, P), start is not None)
    if status != simplex.OPTIMAL:
        raise _failure(status, vertex.basis, P, total, names)
    amounts = _spread(vertex.basis[None], vertex.x[None] * size, P)[0]
    return Equilibrium(amounts, vertex.mu, vertex.d, float(amounts @ w), WarmStart(vertex.basis, vertex.inverse))


def sequence(
    composition: Array, omega: Array, totals: Array, names: tuple[str, ...]
) -> tuple[NDArray[np.int64], Array, Array]:
    """Many equilibria, each started from the last: a schedule, the cells of a mesh, samples of the energies.

    composition (P, K), omega (S, P) [J/mol], totals (S, K) [mol].  Returns the phases of each (S, K), their amounts
    (S, K) [mol] and the potentials (S, K) [J/mol]; a phase number of P or more stands for nothing.
    Raises as ``minimise``.
    """
    N = np.ascontiguousarray(composition.T, dtype=float)
    K, P = N.shape
    sizes = _sizes(composition, totals, names)[:, None]
    S = len(totals)
    series = simplex.Series(np.empty((S, K), dtype=np.int64), np.empty((S, K)), np.empty((S, K)))
    omegas = np.ascontiguousarray(omega, dtype=float)
    done, _ = simplex.sequence(N, omegas, np.ascontiguousarray(totals / sizes), series)
    if done < S:
        raise _failure(simplex.INFEASIBLE, series.bases[done], P, totals[done], names)
    return series.bases, np.maximum(series.amounts, 0.0) * sizes, series.mu


def along(composition: Array, omega: Array, a: Array, b: Array, names: tuple[str, ...]) -> Line:
    """Equilibria of every mixture of the totals a and b (K,) [mol], all kinks exactly; raises as ``minimise``."""
    N, w = np.ascontiguousarray(composition.T, dtype=float), np.ascontiguousarray(omega, dtype=float)
    K, P = N.shape
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    size = float(max(_sizes(composition, np.array([a, b]), names)))
    room, nudges = 64, list(NUDGES)
    told = w
    while True:
        series = simplex.Series(np.empty((room, K), dtype=np.int64), np.empty((room, K)), np.empty((room, K)))
        t = np.empty(room)
        status, count = simplex.trace(N, told, a / size, b / size, t, series)
        if status == simplex.OPTIMAL:
            break
        if status == simplex.STALLED and nudges:
            told = w + nudges.pop(0) * np.random.default_rng(0).random(P)
        elif status == simplex.FULL and room <= MOST_KINKS:
            room *= 8
        else:
            raise _failure(status, series.bases[count], P, a + b, names)
    spread = _spread(series.bases[: count + 1], series.amounts[: count + 1] * size, P)
    return Line(t[: count + 1], spread, spread @ w, series.mu[:count])


def _spread(bases: NDArray[np.int64], x: Array, P: int) -> Array:
    """Amounts (S, P) of all phases from those of the bases (S, K); round-off below zero is left out."""
    full = np.zeros((len(bases), P))
    row, column = np.nonzero(bases < P)
    full[row, bases[row, column]] = np.maximum(x[row, column], 0.0)
    return full


def _named(total: Array, names: tuple[str, ...]) -> str:
    return " ".join(f"{name} {amount:.6g}" for name, amount in zip(names, np.asarray(total).tolist(), strict=True))


def _sizes(composition: Array, totals: Array, names: tuple[str, ...]) -> Array:
    """Sizes (S,) by which to scale totals (S, K), one where there is nothing; refuses what no phases can hold."""
    least = np.min(totals, axis=0)
    if not np.all(np.isfinite(totals)) or np.any(least < 0.0):
        wrong = [name for name, low in zip(names, least.tolist(), strict=True) if not low >= 0.0] or list(names)
        raise InputError(f"the amount of {', '.join(wrong)} is negative or not a number: amounts are 0 or more")
    held = np.any(composition > 0.0, axis=0)
    lacking = [name for name, any_of_it, has in zip(names, np.max(totals, axis=0) > 0.0, held, strict=True)
               if any_of_it and not has]  # fmt: skip
    if lacking:
        raise InputError(f"no phase in the database holds {', '.join(lacking)}: it can not be part of an equilibrium")
    sizes = np.sum(totals, axis=1)
    return np.where(sizes > 0.0, sizes, 1.0)


def _failure(status: int, members: NDArray[np.int64], P: int, total: Array, names: tuple[str, ...]) -> SolveError:
    if status in (simplex.STALLED, simplex.FULL):
        return SolveError(f"the equilibrium of {_named(total, names)} was not found: the phases are too alike")
    left = ", ".join(names[int(p) - P] for p in np.unique(members[members >= P]))
    return SolveError(f"{_named(total, names)} mol has no equilibrium: no mixture of the phases holds so much {left}")
