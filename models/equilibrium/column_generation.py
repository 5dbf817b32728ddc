"""Equilibria with solutions: compositions are added where a solution lies below the plane, until none does.

Column generation (Dantzig & Wolfe, Oper. Res. 8, 101 (1960)): the linear programme over the compositions known gives
potentials; against them every solution's lowest composition is found (``mixing``); it enters when it lies more than
TOLERANCE below the plane.  What is not known then lies at most that far below, so the computed minimum exceeds the true
one by at most TOLERANCE per mole of cations: a finer grid can not change an energy by more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.errors import SolveError
from sinterface.models.equilibrium.chemistry import ChemicalSystem, Pseudo
from sinterface.models.equilibrium.minimum import Equilibrium, Line, along, minimise

Array = NDArray[np.float64]
Answer = TypeVar("Answer", Equilibrium, Line)

TOLERANCE = 2.0
"""Largest error of an energy from the choice of compositions [J per mole of cations], 0.01 meV per atom.

But for ``mixing.GAP``, and only of solutions without interactions: of others the lowest composition may be missed.
"""

APART = 0.02
"""Compositions nearer than this [end-member fraction] are not added in one round: either is enough to go on."""

TRACE = 1e-6
"""Smaller end-member fractions, worth 0.01 J/mol, are left out where a total lacks a component.

There nothing but such traces may hold the component, and a basis that rests on them balances nothing.
"""

MAX_ROUNDS = 100


@dataclass(frozen=True)
class Refined(Generic[Answer]):
    """An answer, and what it is over: rows and pseudo-compounds, their composition (P + C, K) and energies (P + C,)."""

    answer: Answer
    pseudo: Pseudo
    composition: Array
    energies: Array


def equilibrium(
    system: ChemicalSystem, omega: Array, temperature: float, total: Array, start: Pseudo | None = None
) -> Refined[Equilibrium]:
    """Equilibrium of ``total`` (K,) [mol] at temperature [K] with grand potentials omega (P,) of the rows [J/mol].

    Raises as ``minimise``.
    """
    return _refine(
        system, omega, temperature, start, bool(np.all(total > 0.0)),
        lambda table, energies: minimise(table, energies, total, system.components),
    )  # fmt: skip


def line(
    system: ChemicalSystem, omega: Array, temperature: float, a: Array, b: Array, start: Pseudo | None = None
) -> Refined[Line]:
    """Equilibria of all mixtures of the totals a and b (K,) [mol]; otherwise as ``equilibrium``."""
    return _refine(
        system, omega, temperature, start, bool(np.all(np.minimum(a, b) > 0.0)),
        lambda table, energies: along(table, energies, a, b, system.components),
    )  # fmt: skip


def _refine(
    system: ChemicalSystem, omega: Array, T: float, start: Pseudo | None, complete: bool,
    solve: Callable[[Array, Array], Answer],
) -> Refined[Answer]:  # fmt: skip
    """``complete``: no total lacks a component.  ``solve`` takes composition and energies of what is known."""
    pseudo = system.nothing() if start is None else start
    for _ in range(MAX_ROUNDS):
        table, energies = system.composition(pseudo), system.energies(omega, T, pseudo)
        answer = solve(table, energies)
        fresh = lowest(system, omega, T, np.atleast_2d(answer.potentials))
        if len(fresh.mixture) == 0:
            return Refined(answer, pseudo, table, energies)
        pseudo = pseudo.joined(fresh if complete else _without_traces(fresh))
    raise SolveError(f"the compositions of the solutions did not settle at {T:g} K after {MAX_ROUNDS} rounds")


def _without_traces(pseudo: Pseudo) -> Pseudo:
    x = np.where(pseudo.x < TRACE, 0.0, pseudo.x)
    return Pseudo(pseudo.mixture, x / x.sum(axis=1, keepdims=True))


def lowest(system: ChemicalSystem, omega: Array, temperature: float, potentials: Array) -> Pseudo:
    """Compositions of every solution that lie more than TOLERANCE below the planes of ``potentials`` (J, K)."""
    entering = system.nothing()
    for number, mix in enumerate(system.mixtures):
        costs = omega[mix.phase] * mix.cations - potentials @ mix.composition.T
        x, value = mix.lowest(costs, temperature)
        below = np.flatnonzero(value < -TOLERANCE * mix.cations.min())  # the lowest per formula unit, not per cation
        kept: list[int] = []
        for j in below[np.argsort(value[below])]:
            if all(np.max(np.abs(x[j] - x[i])) > APART for i in kept):
                kept.append(int(j))
        wide = np.zeros((len(kept), entering.x.shape[1]))
        wide[:, : x.shape[1]] = x[kept]
        entering = entering.joined(Pseudo(np.full(len(kept), number, dtype=np.intp), wide))
    return entering
