"""The phases of one chemical system as arrays, per mole of cations: what solvers work with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics import formula
from sinterface.models.phases import gases, gibbs
from sinterface.models.phases.atmosphere import OPEN_ELEMENTS, Atmosphere
from sinterface.models.phases.substance import GAS_ELEMENTS, Solid

ABSENT = 3.0e5
"""Grand potential [J per mole of cations] given to a phase that the gas can not supply (a carbonate without CO2): as at
some 1e-30 bar, out of reach of any reaction and still within that of numerics."""


GAS_SUFFIX = "(g)"
"""Ends the id of a pure gas that stands among the phases."""


@dataclass(frozen=True)
class PhaseSet:
    """Phases (P) over closed components (K): every quantity is per mole of cations of the phase.

    composition (P, K), which sums to one over the cations; gas (P, 3) holds O, C, H as far as they are open;
    molar_mass (P,) [kg]; enthalpy, entropy, cp_a, cp_b, cp_c (P,) as in ``gibbs``; size (P,) moles of cations in a
    formula unit, of atoms in a phase without any (pure gases, where O, C or H is closed).
    """

    solids: tuple[Solid, ...]
    components: tuple[str, ...]
    composition: NDArray[np.float64]
    gas: NDArray[np.float64]
    molar_mass: NDArray[np.float64]
    enthalpy: NDArray[np.float64]
    entropy: NDArray[np.float64]
    cp: gibbs.HeatCapacity
    size: NDArray[np.float64]

    @cached_property
    def _gases(self) -> list[tuple[int, gases.Gas]]:
        return [(row, gases.gas(s.id[: -len(GAS_SUFFIX)])) for row, s in enumerate(self.solids) if s.method == "gas"]

    @property
    def ids(self) -> tuple[str, ...]:
        """Phase ids, in order."""
        return tuple(solid.id for solid in self.solids)

    @property
    def atoms(self) -> NDArray[np.float64]:
        """Atoms per mole of cations, gas elements included (P,)."""
        return np.asarray(self.composition.sum(axis=1) + self.gas.sum(axis=1))

    def gibbs(self, temperature: float) -> NDArray[np.float64]:
        """Gibbs energies (P,) [J per mole of cations] at temperature [K]."""
        T = float(temperature)
        energies = np.asarray(
            self.enthalpy
            + gibbs.enthalpy_increment(self.cp, T)
            - T * (self.entropy + gibbs.entropy_increment(self.cp, T))
        )
        for row, gas in self._gases:
            energies[row] = float(gas.gibbs(T)) / self.size[row]
        return energies

    def grand_potential(self, temperature: float, atmosphere: Atmosphere) -> NDArray[np.float64]:
        """G - n_O mu_O - n_C mu_C - n_H mu_H (P,) [J per mole of cations]; ABSENT where the gas lacks an element."""
        omega = self.gibbs(temperature)
        for column, element in enumerate(OPEN_ELEMENTS):
            mu = float(atmosphere.potential(element, temperature))
            amount = self.gas[:, column]
            omega = omega - amount * mu if np.isfinite(mu) else np.where(amount > 0.0, ABSENT, omega)
        return omega


def phase_set(solids: Sequence[Solid], components: Sequence[str]) -> PhaseSet:
    """Arrays of these phases over these closed components; those of O, C and H that are not among them are open.

    >>> from sinterface.models.phases.database import embedded
    >>> phases = phase_set([embedded()["Li2O"], embedded()["LiCoO2"]], ("Co", "Li"))
    >>> phases.composition.tolist(), phases.gas[:, 0].tolist()
    ([[0.0, 1.0], [0.5, 0.5]], [0.5, 1.0])
    """
    size = np.array([solid.cations or sum(solid.amounts.values()) for solid in solids])
    table = np.array([[solid.amounts.get(symbol, 0.0) for symbol in components] for solid in solids])
    gas = np.array([[0.0 if e in components else solid.amounts.get(e, 0.0) for e in OPEN_ELEMENTS] for solid in solids])

    def column(values: list[float]) -> NDArray[np.float64]:
        return np.array(values) / size

    return PhaseSet(
        solids=tuple(solids),
        components=tuple(components),
        composition=table / size[:, None],
        gas=gas / size[:, None],
        molar_mass=column([solid.molar_mass for solid in solids]),
        enthalpy=column([solid.enthalpy for solid in solids]),
        entropy=column([solid.entropy for solid in solids]),
        cp=gibbs.HeatCapacity(  # arrays in place of floats: the formulas broadcast
            column([solid.cp.a for solid in solids]),  # type: ignore[arg-type]
            column([solid.cp.b for solid in solids]),  # type: ignore[arg-type]
            column([solid.cp.c for solid in solids]),  # type: ignore[arg-type]
        ),
        size=size,
    )


def gas_phases(components: Collection[str]) -> list[Solid]:
    """Pure O2, CO2 and H2O at 1 bar as phases, for those of O, C and H that are closed: they leave as bubbles do.

    >>> [phase.id for phase in gas_phases(("Li", "O"))]
    ['O2(g)']
    """
    phases = []
    for name, element in (("O2", "O"), ("CO2", "C"), ("H2O", "H")):
        if element in components:
            phases.append(
                Solid(
                    id=name + GAS_SUFFIX, amounts=formula.parse(name), enthalpy=0.0, enthalpy_sd=0.0, entropy=0.0,
                    entropy_sd=0.0, cp=gibbs.NO_HEAT_CAPACITY, structure="gas", density=float("nan"), method="gas",
                    sources=(gases.gas(name).source,), family="gas",
                )
            )  # fmt: skip
    return phases


def closed_components(*amounts: object) -> tuple[str, ...]:
    """The elements of these compositions that the gas does not carry, in alphabetical order.

    >>> closed_components({"Li": 1.0, "Co": 1.0, "O": 2.0}, {"La": 2.0, "O": 3.0})
    ('Co', 'La', 'Li')
    """
    symbols = {symbol for composition in amounts for symbol in composition}  # type: ignore[attr-defined]
    return tuple(sorted(symbols - GAS_ELEMENTS))
