"""Interface reactions: the energy gained by two materials at every mixing ratio, and what they turn into.

The energy along the mixing line is convex; between compounds it is piecewise linear and its kinks are found exactly,
one pivot of the linear programme each (the idea of the profile: Richards et al., Chem. Mater. 28, 266 (2016)).
Reactants have their own energies, not the hull's, so that a metastable material shows what it gains by itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics import formula
from sinterface.models.basics.constants import CELSIUS_ZERO, EV_PER_ATOM
from sinterface.models.equilibrium import assemblage, column_generation
from sinterface.models.equilibrium.chemistry import ChemicalSystem, Pseudo, system
from sinterface.models.phases.atmosphere import OPEN_ELEMENTS, Atmosphere
from sinterface.models.phases.database import Database
from sinterface.models.phases.substance import Solid
from sinterface.models.powders.garnets import remark
from sinterface.models.powders.materials import Material

Array = NDArray[np.float64]

GARNET_SIDE = frozenset(("La", "Zr", "Ta", "Nb", "Al", "Ga", "Ca", "Ba", "Sb", "W"))
"""Components that stay on the electrolyte's side in paraequilibrium; Li and the gas move, all others stay opposite."""


@dataclass(frozen=True)
class Couple:
    """Two materials in their chemical system: rows of electrolyte and cathode, per mole of cations of each.

    ``constraint`` is "none" or "paraequilibrium".
    """

    electrolyte: Material
    cathode: Material
    system: ChemicalSystem
    rows: tuple[int, int]
    constraint: str

    @property
    def ends(self) -> tuple[Array, Array]:
        """Compositions (K,) of electrolyte and cathode."""
        table = self.system.phases.composition
        return table[self.rows[0]], table[self.rows[1]]

    def atoms(self, x: Array) -> Array:
        """Atoms per mole of cations of the mixtures in which the cathode has shares x of the cations."""
        electrolyte, cathode = (float(self.system.phases.atoms[row]) for row in self.rows)
        return (1.0 - x) * electrolyte + x * cathode

    def mass_share(self, x: Array) -> Array:
        """Share of the cathode in the mass at shares x of the cations."""
        electrolyte, cathode = (float(self.system.phases.molar_mass[row]) for row in self.rows)
        return x * cathode / ((1.0 - x) * electrolyte + x * cathode)

    def mole_share(self, x: Array) -> Array:
        """Share of the cathode in the formula units, as the formulas of the materials are written."""
        electrolyte, cathode = (1.0 / _cations(m) for m in (self.electrolyte, self.cathode))
        return x * cathode / ((1.0 - x) * electrolyte + x * cathode)


def couple(
    cathode: Material,
    electrolyte: Material,
    database: Database,
    *,
    para: bool = False,
    closed: Collection[str] = (),
    elements: Collection[str] = (),
) -> Couple:
    """The couple's chemical system; ``para`` keeps the frameworks apart, ``closed`` are gas elements not exchanged,
    ``elements`` further ones that a third material brings along.

    Raises InputError when a material has no energy in the database.
    """
    own = GARNET_SIDE & set(electrolyte.composition)
    stay = frozenset(own - set(cathode.composition))  # what both hold says nothing of whose framework it is
    everything = (set(electrolyte.composition) | set(cathode.composition) | set(elements)) - set(OPEN_ELEMENTS)
    frameworks = [stay, frozenset(everything - own - {"Li"})] if para else []
    chemical_system, rows = system(
        [electrolyte, cathode], database, closed=closed, frameworks=frameworks, elements=elements
    )
    return Couple(electrolyte, cathode, chemical_system, (rows[0], rows[1]), "paraequilibrium" if para else "none")


@dataclass(frozen=True)
class Profile:
    """Reaction energies along the mixing line: x (J,) cathode's share of the cations, energy (J,) [J/mol of cations].

    amounts (J, P + C) [mol of cations], of rows and pseudo-compounds; ``reported`` (J,) where the assemblage changes.
    """

    x: Array
    energy: Array
    amounts: Array
    pseudo: Pseudo
    reported: NDArray[np.bool_]


def profile(pair: Couple, omega: Array, temperature: float, start: Pseudo | None = None) -> Profile:
    """The profile at grand potentials omega (P,) [J/mol of cations] of the rows and temperature [K]."""
    a, b = pair.ends
    line = column_generation.line(pair.system, omega, temperature, a, b, start)
    x = line.answer.t
    gain = line.answer.energy - (1.0 - x) * omega[pair.rows[0]] - x * omega[pair.rows[1]]
    gain = np.minimum(gain, 0.0)  # staying as they are is a choice: what lies above is round-off
    middle = 0.5 * (line.answer.amounts[:-1] + line.answer.amounts[1:])
    names = [assemblage.signature(pair.system, line.pseudo, amounts) for amounts in middle]
    changes = [before != after for before, after in itertools.pairwise(names)]
    reported = np.array([True, *changes, True])
    reported[np.argmin(gain / pair.atoms(x))] = True
    return Profile(x, gain, line.answer.amounts, line.pseudo, reported)


@dataclass(frozen=True)
class Kink:
    """One point of the profile: x is the cathode's share of the cations; energies per mole of reactant atoms [J].

    ``beyond`` is the part that the two gain by meeting: ``energy`` less what each gains by decomposing alone.
    ``products`` are what forms per mole of cations of the mixture.
    """

    x: float
    energy: float
    beyond: float
    products: tuple[assemblage.Product, ...]

    @property
    def energy_meV_per_atom(self) -> float:
        """Reaction energy in meV per atom of the reactants."""
        return self.energy / EV_PER_ATOM * 1e3


@dataclass(frozen=True, repr=False)
class InterfaceReactions:
    """Reaction profile of a couple at one temperature [K] in one gas; ``print`` lists its kinks with equations."""

    couple: Couple
    temperature: float
    atmosphere: Atmosphere
    profile: Profile

    def __str__(self) -> str:
        lines = [
            f"{self.electrolyte.id} | {self.cathode.id}, {self.temperature - CELSIUS_ZERO:g} °C, {self.atmosphere}; "
            "wt% of the cathode, meV/atom, reaction per mole of cations"
        ]
        for kink in self.kinks:
            told = f"{100.0 * self.mass_share(kink):6.1f} {kink.energy_meV_per_atom:8.2f}  {self.equation(kink)}"
            lines.append(told)
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<InterfaceReactions of {self}>"

    @property
    def cathode(self) -> Material:
        """The cathode."""
        return self.couple.cathode

    @property
    def electrolyte(self) -> Material:
        """The electrolyte."""
        return self.couple.electrolyte

    @cached_property
    def kinks(self) -> tuple[Kink, ...]:
        """Where the products change, the ends, and the most favourable point, by growing x."""
        line = self.profile
        atoms = self.couple.atoms(line.x)
        alone = (1.0 - line.x) * line.energy[0] + line.x * line.energy[-1]
        kinks = []
        for j in np.flatnonzero(line.reported):
            made = assemblage.products(self.couple.system, line.pseudo, line.amounts[j], self.temperature)
            gain, beyond = float(line.energy[j] / atoms[j]), float((line.energy[j] - alone[j]) / atoms[j])
            kinks.append(Kink(float(line.x[j]), gain, beyond, tuple(made)))
        return tuple(kinks)

    @property
    def strongest(self) -> Kink:
        """The kink with the lowest energy per atom."""
        return min(self.kinks, key=lambda kink: kink.energy)

    def mass_share(self, kink: Kink) -> float:
        """Cathode's share of the mass of the two reactants at a kink."""
        return float(self.couple.mass_share(np.array(kink.x)))

    def energy_kJ_per_mol(self, kink: Kink) -> float:
        """Reaction energy in kJ per mole of cations of the reactants."""
        return kink.energy * float(self.couple.atoms(np.array(kink.x))) * 1e-3

    def equation(self, kink: Kink) -> str:
        """Balanced reaction per mole of cations of the reactants, gases included; four digits."""
        left = []
        shares = (1.0 - kink.x, kink.x)
        for share, material, row in zip(shares, (self.electrolyte, self.cathode), self.couple.rows, strict=True):
            if share > 0.0:
                amounts = _with_oxygen_of(self.couple.system.phases.solids[row], material)
                name = material.formula if amounts is material.composition else formula.name(amounts)
                left.append((share / _cations(material), name, amounts))
        right = [
            (product.moles, formula.name(product.solid.amounts), product.solid.amounts) for product in kink.products
        ]
        for moles, name in _gases(left, right):
            (left if moles > 0.0 else right).append((abs(moles), name, {}))
        both = (" + ".join(f"{moles:.4g} {name}" for moles, name, _ in side) for side in (left, right))
        return " -> ".join(both)

    def document(self) -> dict[str, Any]:
        """The profile as the JSON document described in ``docs/json.md``."""
        return {
            "cathode": self.cathode.id,
            "electrolyte": self.electrolyte.id,
            "temperature_C": self.temperature - CELSIUS_ZERO,
            "atmosphere": str(self.atmosphere),
            "constraint": self.couple.constraint,
            "remarks": "; ".join(filter(None, (remark(self.electrolyte), remark(self.cathode)))),
            "closed": [element for element in OPEN_ELEMENTS if element in self.couple.system.components],
            "kinks": [
                {
                    "mixing_ratio": kink.x,
                    "mass_share": self.mass_share(kink),
                    "mole_share": float(self.couple.mole_share(np.array(kink.x))),
                    "energy_meV_per_atom": kink.energy_meV_per_atom,
                    "energy_beyond_decomposition_meV_per_atom": kink.beyond / EV_PER_ATOM * 1e3,
                    "energy_kJ_per_mol": self.energy_kJ_per_mol(kink),
                    "products": {product.solid.id: product.moles for product in kink.products},
                    "families": dict(assemblage.by_family(kink.products)),
                    "reaction": self.equation(kink),
                }
                for kink in self.kinks
            ],
        }


def interface_reactions(
    cathode: Material,
    electrolyte: Material,
    temperature: float,
    atmosphere: Atmosphere,
    database: Database,
    *,
    para: bool = False,
    closed: Collection[str] = (),
) -> InterfaceReactions:
    """Reaction profile between two materials at temperature [K] in a gas.

    ``para`` keeps the frameworks apart (paraequilibrium); ``closed`` names those of O, C and H that the gas does not
    exchange.  Raises InputError when a material has no energy in the database.

    >>> from sinterface import atmosphere, load_database, material
    >>> both = material("pc-LNMO"), material("LLZTO", "electrolyte")
    >>> interface_reactions(*both, 973.15, atmosphere("O2"), load_database()).strongest.energy < 0.0
    True
    """
    pair = couple(cathode, electrolyte, database, para=para, closed=closed)
    return reactions_at(pair, [temperature], atmosphere)[0]


def reactions_at(pair: Couple, temperatures: Sequence[float], atmosphere: Atmosphere) -> list[InterfaceReactions]:
    """The couple's profiles at these temperatures [K]."""
    profiles = []
    for T in temperatures:
        omega = pair.system.phases.grand_potential(T, atmosphere)
        profiles.append(InterfaceReactions(pair, T, atmosphere, profile(pair, omega, T)))
    return profiles


def _cations(material: Material) -> float:
    return sum(n for symbol, n in material.composition.items() if symbol not in OPEN_ELEMENTS)


def _with_oxygen_of(solid: Solid, material: Material) -> Mapping[str, float]:
    """Composition of a material with the oxygen its solid has per cation, where its formula rounds that."""
    oxygen = solid.amounts.get("O", 0.0) / solid.cations * _cations(material)
    if abs(oxygen - material.composition.get("O", 0.0)) < 1e-3:
        return material.composition
    return {**material.composition, "O": oxygen}


def _gases(
    left: list[tuple[float, str, Mapping[str, float]]], right: list[tuple[float, str, Mapping[str, float]]]
) -> list[tuple[float, str]]:
    """Moles of CO2, H2O and O2 that the reaction takes up (negative: gives off)."""

    def total(side: list[tuple[float, str, Mapping[str, float]]], element: str) -> float:
        return sum(moles * amounts.get(element, 0.0) for moles, _, amounts in side)

    oxygen, carbon, hydrogen = (total(right, element) - total(left, element) for element in OPEN_ELEMENTS)
    moles = {"CO2": carbon, "H2O": 0.5 * hydrogen, "O2": 0.5 * (oxygen - 2.0 * carbon - 0.5 * hydrogen)}
    return [(n, name) for name, n in moles.items() if abs(n) > 1e-6]
