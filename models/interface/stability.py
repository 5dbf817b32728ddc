"""Where a single material decomposes: driving forces, products and the temperatures at which the sign changes.

A compound is compared with all other phases, solutions that need it as an end member left out, so that its driving
force has a sign.  A composition of a solution can not be told from the solution: its driving force is zero where it
is stable, and never quite zero where dilute neighbours may form, because mixing entropy begins with an infinite slope.
That is why such a material counts as stable up to ALLOWED.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import EV_PER_ATOM, T_MAX, T_MIN, T_STANDARD
from sinterface.models.basics.errors import InputError
from sinterface.models.basics.roots import Crossing, crossings, steps
from sinterface.models.equilibrium import assemblage, column_generation
from sinterface.models.equilibrium.chemistry import ChemicalSystem, system
from sinterface.models.phases.atmosphere import Atmosphere
from sinterface.models.phases.database import Database
from sinterface.models.phases.phaseset import ABSENT, PhaseSet, phase_set
from sinterface.models.phases.substance import Solid
from sinterface.models.powders.materials import Material

Array = NDArray[np.float64]

ALLOWED = 1e-3 * EV_PER_ATOM
"""Energy gained that still counts as stable, 1 meV/atom [J per mole of atoms]: twice what ``assimilate`` allows a
material that furnaces make, a hundred times the error of an equilibrium, a tenth of what is known of most energies."""

STEP = 20.0
"""Grid on which sign changes are bracketed [K]."""

T_TOLERANCE = 0.01
"""Temperatures are found to this [K]; the energies' own 0.01 meV/atom moves a slow onset by up to 0.5 K."""


@dataclass(frozen=True)
class Subject:
    """A solid or material in the system of all it can turn into.

    ``itself`` holds it and, for a material, its polymorphs and melt, which count as the same; ``rows`` are theirs in
    the system, left out of what it is compared with unless it is ``mixed``, a composition of a solution there.
    """

    name: str
    itself: PhaseSet
    system: ChemicalSystem
    rows: NDArray[np.intp]
    mixed: bool

    @property
    def total(self) -> Array:
        """Composition (K,) per mole of cations."""
        return self.itself.composition[0]

    @property
    def atoms(self) -> float:
        """Atoms per mole of cations."""
        return float(self.itself.atoms[0])

    @property
    def allowed(self) -> float:
        """Energy [J per mole of atoms] up to which it counts as stable by default: ALLOWED when mixed, else none."""
        return ALLOWED if self.mixed else 0.0


@dataclass(frozen=True)
class Decomposition:
    """``energy`` above the hull of the other phases [J per mole of cations], negative when stable, and what is on it.

    ``formed`` are the phases per mole of cations; of a material that is a composition of a solution it may be part.
    """

    energy: float
    atoms: float
    formed: tuple[assemblage.Product, ...]

    @property
    def per_atom(self) -> float:
        """``energy`` in J per mole of atoms of the material."""
        return self.energy / self.atoms

    @property
    def products(self) -> Mapping[str, float]:
        """Moles of formula units per mole of cations, by phase id."""
        return {product.solid.id: product.moles for product in self.formed}


def same(phases: PhaseSet, row: int) -> NDArray[np.intp]:
    """Rows with the composition of this row, itself among them: polymorphs and the melt."""
    alike = np.all(np.isclose(phases.composition, phases.composition[row], rtol=0.0, atol=1e-9), axis=1)
    return np.flatnonzero(alike & np.all(np.isclose(phases.gas, phases.gas[row], rtol=0.0, atol=1e-9), axis=1))


def subject(of: Solid | Material, database: Database) -> Subject:
    """A solid against all other phases, or a material against all but its own polymorphs.

    Raises InputError when the database has no energy for a material.
    """
    if isinstance(of, Material):
        chemical_system, (row,) = system([of], database)
        rows = same(chemical_system.phases, row)
        own = [
            chemical_system.phases.solids[row],
            *(chemical_system.phases.solids[other] for other in rows if other != row),
        ]
        return Subject(
            of.id, phase_set(own, chemical_system.components), chemical_system, rows, row in chemical_system.inside
        )
    chemical_system, _ = system([], database, elements=of.amounts)
    rows = np.array([i for i, phase in enumerate(chemical_system.phases.ids) if phase == of.id], dtype=np.intp)
    return Subject(of.id, phase_set([of], chemical_system.components), chemical_system, rows, False)


def decompose(target: Subject, temperature: float, atmosphere: Atmosphere) -> Decomposition:
    """Decomposition at temperature [K] in a gas; in one without CO2 a carbonate has an energy of about ABSENT.

    Raises InputError when no other phases hold its elements.
    """
    omega = target.system.phases.grand_potential(temperature, atmosphere)
    if not target.mixed:
        omega = omega.copy()
        omega[target.rows] = ABSENT
    hull = column_generation.equilibrium(target.system, omega, temperature, target.total)
    amounts = hull.answer.amounts
    if not target.mixed and np.any(amounts[target.rows] > assemblage.SMALLEST):
        raise InputError(f"{target.name}: no other phases of the database make up its composition")
    own = float(np.min(target.itself.grand_potential(temperature, atmosphere)))
    formed = assemblage.products(target.system, hull.pseudo, amounts, temperature)
    return Decomposition(own - hull.answer.energy, target.atoms, tuple(formed))


def decomposition(
    of: Solid | Material, temperature: float, atmosphere: Atmosphere, database: Database
) -> Decomposition:
    """Decomposition of a solid into the other observed phases, or of a material, at temperature [K] in a gas.

    Raises InputError when no other phases hold its elements.
    """
    return decompose(subject(of, database), temperature, atmosphere)


def sign_changes(
    target: Subject,
    atmosphere: Atmosphere,
    low: float = T_STANDARD,
    high: float = T_MAX,
    *,
    allowed: float | None = None,
) -> tuple[Crossing, ...]:
    """Temperatures [K], to T_TOLERANCE, where it begins (``rising``) or ceases to gain more than ``allowed``.

    ``allowed`` [J per mole of atoms] is by default what the subject says.  The driving force is the largest of
    functions of temperature, one for each set of products, that heat capacities bend but little; it is convex but for
    this, and then all changes are found (see ``roots``).  What may be missed are windows of instability narrower
    than STEP that a difference of heat capacities opens and closes again.
    """
    bound = target.allowed if allowed is None else allowed
    grid = steps(low, high, STEP, "temperatures [K]", (T_MIN, T_MAX))
    return crossings(lambda T: decompose(target, T, atmosphere).per_atom - bound, grid, T_TOLERANCE)


def decomposition_temperature(
    of: Solid | Material, atmosphere: Atmosphere, database: Database, low: float = T_STANDARD, high: float = T_MAX,
    *, allowed: float | None = None,
) -> float | None:  # fmt: skip
    """Lowest temperature [K] between ``low`` and ``high`` at which it decomposes; None when stable throughout.

    ``allowed`` [J per mole of atoms] and the windows that may be missed are those of ``sign_changes``.
    """
    target = subject(of, database)
    changes = sign_changes(target, atmosphere, low, high, allowed=allowed)
    bound = target.allowed if allowed is None else allowed
    if (not changes[0].rising) if changes else decompose(target, low, atmosphere).per_atom > bound:
        return low
    return next((crossing.at for crossing in changes if crossing.rising), None)
