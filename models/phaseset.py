"""The phases of one chemical system as arrays, per mole of cations: what solvers work with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sinterface.models import gibbs
from sinterface.models.atmosphere import OPEN_ELEMENTS, Atmosphere
from sinterface.models.phases import GAS_ELEMENTS, Solid

ABSENT = 1.0e7
"""Grand potential [J per mole of cations] given to a phase that the gas can not supply (a carbonate without CO2)."""


@dataclass(frozen=True)
class PhaseSet:
    """Phases (P) over closed components (K): every quantity is per mole of cations of the phase.

    composition (P, K) sums to one along K; gas (P, 3) holds O, C, H; molar_mass (P,) [kg];
    enthalpy, entropy, cp_a, cp_b, cp_c (P,) as in ``gibbs``.
    """

    solids: tuple[Solid, ...]
    components: tuple[str, ...]
    composition: NDArray[np.float64]
    gas: NDArray[np.float64]
    molar_mass: NDArray[np.float64]
    enthalpy: NDArray[np.float64]
    entropy: NDArray[np.float64]
    cp: gibbs.HeatCapacity

    @property
    def ids(self) -> tuple[str, ...]:
        """Phase ids, in order."""
        return tuple(solid.id for solid in self.solids)

    @property
    def atoms(self) -> NDArray[np.float64]:
        """Atoms per mole of cations, gas elements included (P,)."""
        return np.asarray(1.0 + self.gas.sum(axis=1))

    def gibbs(self, temperature: float) -> NDArray[np.float64]:
        """Gibbs energies (P,) [J per mole of cations] at temperature [K]."""
        T = float(temperature)
        return np.asarray(
            self.enthalpy
            + gibbs.enthalpy_increment(self.cp, T)
            - T * (self.entropy + gibbs.entropy_increment(self.cp, T))
        )

    def grand_potential(self, temperature: float, atmosphere: Atmosphere) -> NDArray[np.float64]:
        """G - n_O mu_O - n_C mu_C - n_H mu_H (P,) [J per mole of cations]; ABSENT where the gas lacks an element."""
        omega = self.gibbs(temperature)
        for column, element in enumerate(OPEN_ELEMENTS):
            mu = float(atmosphere.potential(element, temperature))
            amount = self.gas[:, column]
            omega = omega - amount * mu if np.isfinite(mu) else np.where(amount > 0.0, ABSENT, omega)
        return omega


def phase_set(solids: Sequence[Solid], components: Sequence[str]) -> PhaseSet:
    """Arrays of these solids over these closed components; solids without any cation are not allowed."""
    cations = np.array([solid.cations for solid in solids])

    def column(values: list[float]) -> NDArray[np.float64]:
        return np.array(values) / cations

    table = np.array([[solid.amounts.get(symbol, 0.0) for symbol in components] for solid in solids])
    gas = np.array([[solid.amounts.get(symbol, 0.0) for symbol in OPEN_ELEMENTS] for solid in solids])
    return PhaseSet(
        solids=tuple(solids),
        components=tuple(components),
        composition=table / cations[:, None],
        gas=gas / cations[:, None],
        molar_mass=column([solid.molar_mass for solid in solids]),
        enthalpy=column([solid.enthalpy for solid in solids]),
        entropy=column([solid.entropy for solid in solids]),
        cp=gibbs.HeatCapacity(  # arrays in place of floats: the formulas broadcast
            column([solid.cp.a for solid in solids]),  # type: ignore[arg-type]
            column([solid.cp.b for solid in solids]),  # type: ignore[arg-type]
            column([solid.cp.c for solid in solids]),  # type: ignore[arg-type]
        ),
    )


def closed_components(*amounts: object) -> tuple[str, ...]:
    """The elements of these compositions that the gas does not carry, in alphabetical order."""
    symbols = {symbol for composition in amounts for symbol in composition}  # type: ignore[attr-defined]
    return tuple(sorted(symbols - GAS_ELEMENTS))
