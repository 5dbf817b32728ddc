"""Interface reactions: the energy gained by two materials at every mixing ratio, and what they turn into.

The energy released along the mixing line is convex and piecewise linear; its kinks are found exactly by
intersecting the tangents (Richards et al., Chem. Mater. 28, 266 (2016), give the idea of the mixing profile).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.atmosphere import Atmosphere
from sinterface.models.chemistry import chemical_system
from sinterface.models.constants import CELSIUS_ZERO, EV_PER_ATOM
from sinterface.models.database import Database
from sinterface.models.equilibrium import Equilibrium, minimise
from sinterface.models.materials import Material
from sinterface.models.phaseset import PhaseSet

SMALLEST = 1e-7
"""Phase amounts below this fraction of the cations are round-off [1]."""

GARNET_SIDE = frozenset(("La", "Zr", "Ta", "Nb", "Al", "Ga"))
"""Components that stay on the electrolyte's side in paraequilibrium; Li and the gas move, all others stay opposite."""


@dataclass(frozen=True)
class Kink:
    """One point of the profile: x is the cathode's share of the cations, the energy per mole of reactant atoms.

    ``products`` are moles of formula units per mole of cations of the mixture, by phase id.
    """

    x: float
    energy: float
    products: Mapping[str, float]

    @property
    def energy_meV_per_atom(self) -> float:
        """Reaction energy in meV per atom of the reactants."""
        return self.energy / EV_PER_ATOM * 1e3


def is_allowed(phases: PhaseSet, sides: Sequence[frozenset[str]]) -> NDArray[np.bool_]:
    """Phases that hold frameworks of one side only: what paraequilibrium can form (P,).

    ``sides`` are the components that stay on the garnet's and on the cathode's side; all others move freely.
    """
    present = phases.composition > 0.0
    kept = []
    for side in sides:
        columns = [k for k, name in enumerate(phases.components) if name in side]
        kept.append(present[:, columns].any(axis=1))
    return np.asarray(~(kept[0] & kept[1]))


def profile(
    phases: PhaseSet,
    omega: NDArray[np.float64],
    electrolyte: int,
    cathode: int,
    allowed: NDArray[np.bool_] | None = None,
) -> list[Kink]:
    """All kinks of the reaction energy between phases ``electrolyte`` and ``cathode`` (positions in the set).

    omega (P,) grand potentials [J/mol of cations]; the reactants' own energies are omega at their positions, not
    the hull's.  Sorted by x, ends included (a side that decomposes by itself has an energy below zero there).
    """
    use = np.ones(len(omega), dtype=bool) if allowed is None else allowed
    index = np.flatnonzero(use)
    a, b = phases.composition[electrolyte], phases.composition[cathode]
    reference = np.array([omega[electrolyte], omega[cathode]])
    atoms = np.array([phases.atoms[electrolyte], phases.atoms[cathode]])

    def at(x: float) -> tuple[Equilibrium, float, float]:
        found = minimise(phases.composition[index], omega[index], (1.0 - x) * a + x * b, phases.components)
        gain = found.energy - (1.0 - x) * reference[0] - x * reference[1]
        slope = float(found.potentials @ (b - a)) - reference[1] + reference[0]
        return found, gain, slope

    points: dict[float, tuple[Equilibrium, float, float]] = {0.0: at(0.0), 1.0: at(1.0)}
    first, last = at(1e-6), at(1.0 - 1e-6)  # the slopes at the very ends are not unique
    pending = [((0.0, points[0.0][1], first[2]), (1.0, points[1.0][1], last[2]))]
    while pending:
        (x0, e0, s0), (x1, e1, s1) = pending.pop()
        if s1 - s0 < 1e-6 * EV_PER_ATOM * 1e-3 or x1 - x0 < 1e-6:
            continue
        x = (e1 - e0 + s0 * x0 - s1 * x1) / (s0 - s1)
        if not x0 + 1e-7 < x < x1 - 1e-7:
            continue
        found, energy, _ = at(x)
        expected = e0 + s0 * (x - x0)  # a convex function lies above its tangents
        if energy < expected + 1e-3:  # on both tangents: a kink, and nothing lies between
            points[x] = (found, energy, 0.0)
            continue
        left, right = at(x - 1e-7)[2], at(x + 1e-7)[2]
        if right - left > 1e-3:
            points[x] = (found, energy, 0.0)
        pending += [((x0, e0, s0), (x, energy, left)), ((x, energy, right), (x1, e1, s1))]

    cations = np.array([solid.cations for solid in phases.solids])
    kinks = []
    for x in sorted(points):
        found, gain, _ = points[x]
        products = {
            phases.ids[p]: float(found.amounts[i] / cations[p])
            for i, p in enumerate(index)
            if found.amounts[i] > SMALLEST
        }
        kinks.append(Kink(x, gain / float((1.0 - x) * atoms[0] + x * atoms[1]), products))
    return kinks


@dataclass(frozen=True)
class InterfaceReactions:
    """Reaction profile of a couple at one temperature [K]: kinks, and which of them is the most favourable.

    ``atoms`` and ``masses`` are atoms and kg per mole of cations of electrolyte and cathode, to convert the axis.
    """

    electrolyte: Material
    cathode: Material
    temperature: float
    atmosphere: Atmosphere
    para: bool
    kinks: tuple[Kink, ...]
    atoms: tuple[float, float]
    masses: tuple[float, float]

    @property
    def strongest(self) -> Kink:
        """The kink with the lowest energy per atom."""
        return min(self.kinks, key=lambda kink: kink.energy)

    def mass_share(self, kink: Kink) -> float:
        """Cathode's share of the mass of the two reactants at a kink."""
        cathode, electrolyte = kink.x * self.masses[1], (1.0 - kink.x) * self.masses[0]
        return cathode / (cathode + electrolyte)

    def energy_kJ_per_mol(self, kink: Kink) -> float:
        """Reaction energy in kJ per mole of cations of the reactants."""
        atoms = (1.0 - kink.x) * self.atoms[0] + kink.x * self.atoms[1]
        return kink.energy * atoms * 1e-3

    def document(self) -> dict[str, Any]:
        """The profile as the JSON document described in the README."""
        return {
            "cathode": self.cathode.id,
            "electrolyte": self.electrolyte.id,
            "temperature_C": self.temperature - CELSIUS_ZERO,
            "atmosphere": str(self.atmosphere),
            "constraint": "paraequilibrium" if self.para else "none",
            "kinks": [
                {
                    "mixing_ratio": kink.x,
                    "mass_share": self.mass_share(kink),
                    "energy_meV_per_atom": kink.energy_meV_per_atom,
                    "energy_kJ_per_mol": self.energy_kJ_per_mol(kink),
                    "products": dict(kink.products),
                    "reaction": self.equation(kink),
                }
                for kink in self.kinks
            ],
        }

    def equation(self, kink: Kink) -> str:
        """Balanced reaction per mole of cations, gas left out: reactants -> products with moles of formula units."""
        left = [
            f"{share / sum(n for s, n in m.composition.items() if s not in ('O', 'C', 'H')):.3f} {m.formula}"
            for share, m in ((1.0 - kink.x, self.electrolyte), (kink.x, self.cathode))
            if share > 0.0
        ]
        right = [f"{moles:.3f} {name.partition(':')[2] or name}" for name, moles in kink.products.items()]
        return f"{' + '.join(left)} -> {' + '.join(right)}"


def interface_reactions(
    cathode: Material,
    electrolyte: Material,
    temperature: float,
    atmosphere: Atmosphere,
    database: Database,
    *,
    para: bool = False,
) -> InterfaceReactions:
    """Reaction profile between two materials at temperature [K] in a gas; ``para`` keeps the frameworks apart.

    Raises InputError when a material has no energy in the database.
    """
    phases, where = chemical_system(cathode, electrolyte, database)
    omega = phases.grand_potential(temperature, atmosphere)
    own = GARNET_SIDE & set(electrolyte.composition)
    stay = frozenset(own - set(cathode.composition))  # what both hold says nothing of whose framework it is
    opposite = frozenset(phases.components) - own - {"Li"}
    allowed = is_allowed(phases, [stay, opposite]) if para else None
    kinks = profile(phases, omega, where.electrolyte, where.cathode, allowed)
    both = [where.electrolyte, where.cathode]
    return InterfaceReactions(
        electrolyte, cathode, temperature, atmosphere, para, tuple(kinks),
        (float(phases.atoms[both[0]]), float(phases.atoms[both[1]])),
        (float(phases.molar_mass[both[0]]), float(phases.molar_mass[both[1]])),
    )  # fmt: skip
