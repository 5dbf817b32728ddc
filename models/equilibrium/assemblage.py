"""What an equilibrium consists of, in words: compositions of one solution that touch are one phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sinterface.models.equilibrium.chemistry import ChemicalSystem, Pseudo
from sinterface.models.equilibrium.column_generation import TOLERANCE
from sinterface.models.phases.substance import Solid, cations

Array = NDArray[np.float64]

SMALLEST = 1e-7
"""Phase amounts below this fraction of the cations are round-off [1]."""

PURE = 1e-6
"""Fractions this near to one are the end member itself."""


@dataclass(frozen=True)
class Product:
    """A phase of an assemblage: the solid, moles of its formula units, and moles of cations in them."""

    solid: Solid
    moles: float
    amount: float


def signature(system: ChemicalSystem, pseudo: Pseudo, amounts: Array) -> frozenset[str]:
    """Names of the phases present, amounts (P + C,) in moles of cations; a solution counts once."""
    P = len(system.phases.solids)
    names = set()
    for position in np.flatnonzero(amounts > SMALLEST * amounts.sum()):
        if position >= P:
            names.add(system.mixtures[pseudo.mixture[position - P]].solution.name)
        elif int(position) in system.inside:
            names.add(system.mixtures[system.inside[int(position)][0]].solution.name)
        else:
            names.add(system.phases.solids[position].id)
    return frozenset(names)


def families(system: ChemicalSystem, pseudo: Pseudo, amounts: Array, least: float) -> dict[str, float]:
    """Shares of the cations by phase family, of those with at least the share ``least`` [1]; amounts as above."""
    P = len(system.phases.solids)
    shares: dict[str, float] = {}
    for position in np.flatnonzero(amounts > 0.0):
        if position < P:
            family = system.phases.solids[position].family
        else:
            family = system.mixtures[pseudo.mixture[position - P]].solution.family
        shares[family] = shares.get(family, 0.0) + float(amounts[position] / amounts.sum())
    return {family: share for family, share in shares.items() if share >= least}


def products(system: ChemicalSystem, pseudo: Pseudo, amounts: Array, temperature: float) -> list[Product]:
    """The phases of an equilibrium, amounts (P + C,) [mol of cations], most first.

    Compositions of a solution become one where their mean lies no higher than they do, as it does without a
    miscibility gap; ``temperature`` [K] decides.
    """
    P = len(system.phases.solids)
    phases: list[Product] = []
    parts: dict[int, list[tuple[Array, float]]] = {}
    for position in np.flatnonzero(amounts > SMALLEST * amounts.sum()):
        amount = float(amounts[position])
        if position >= P:
            number = int(pseudo.mixture[position - P])
            x = pseudo.x[position - P, : len(system.mixtures[number].members)]
        elif int(position) in system.inside:
            number, x = system.inside[int(position)]
        else:
            phases.append(_compound(system.phases.solids[position], amount))
            continue
        parts.setdefault(number, []).append((x, amount / float(x @ system.mixtures[number].cations)))
    for number, pieces in parts.items():
        phases += [_dissolved(system, number, x, moles) for x, moles in _merged(system, number, pieces, temperature)]
    return sorted(phases, key=lambda product: -product.amount)


def _merged(
    system: ChemicalSystem, number: int, pieces: Sequence[tuple[Array, float]], T: float
) -> list[tuple[Array, float]]:
    chosen = system.mixtures[number]
    kept: list[tuple[Array, float]] = []
    for x, moles in sorted(pieces, key=lambda piece: -piece[1]):
        for place, (other, more) in enumerate(kept):
            total = moles + more
            mean = (moles * x + more * other) / total
            G = chosen.gibbs_of_mixing(np.array([x, other, mean]), T)  # the pure parts are linear and cancel
            if G[2] <= (moles * G[0] + more * G[1]) / total + TOLERANCE:
                kept[place] = (mean, total)
                break
        else:
            kept.append((x, moles))
    return kept


def _compound(solid: Solid, amount: float) -> Product:
    return Product(solid, amount / (solid.cations or sum(solid.amounts.values())), amount)


def _dissolved(system: ChemicalSystem, number: int, x: Array, moles: float) -> Product:
    chosen = system.mixtures[number]
    amount = moles * float(x @ chosen.cations)
    main = int(np.argmax(x))
    if x[main] > 1.0 - PURE:
        return _compound(system.phases.solids[chosen.phase[main]], amount)
    for row, (where, other) in system.inside.items():
        if where == number and np.max(np.abs(other - x)) < PURE:
            return _compound(system.phases.solids[row], amount)
    solid = system.pseudo_compound(number, np.where(x < PURE, 0.0, x) / np.where(x < PURE, 0.0, x).sum())
    return Product(solid, amount / cations(solid.amounts), amount)


def by_family(formed: Sequence[Product]) -> Mapping[str, float]:
    """Shares of the mass by phase family [1]."""
    total = sum(product.moles * product.solid.molar_mass for product in formed)
    shares: dict[str, float] = {}
    for product in formed:
        shares[product.solid.family] = (
            shares.get(product.solid.family, 0.0) + product.moles * product.solid.molar_mass / total
        )
    return shares
