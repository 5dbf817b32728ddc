"""What is put into a furnace: a material, a mixture of several, or a bare composition, in its chemical system."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.errors import InputError, unknown
from sinterface.models.equilibrium.chemistry import ChemicalSystem, system
from sinterface.models.interface.reactions import Couple
from sinterface.models.phases.database import Database
from sinterface.models.phases.substance import GAS_ELEMENTS, cations
from sinterface.models.powders.materials import Material

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Batch:
    """What is put into the furnace, per mole of cations: composition ``total`` (K,) in its chemical system.

    rows (R,) of the reactants and their ``shares`` (R,) of the cations; none of a bare composition.
    """

    name: str
    system: ChemicalSystem
    total: Array
    rows: tuple[int, ...]
    shares: tuple[float, ...]


def batch(parts: Sequence[tuple[Material, float]], database: Database, *, closed: Collection[str] = ()) -> Batch:
    """Materials and their masses in any unit; one material alone, too.  ``closed`` as in ``reactions.couple``.

    Raises InputError for masses that are not positive, or when a material has no energy in the database.
    """
    if not parts or not all(0.0 < mass < np.inf for _, mass in parts):
        raise InputError(f"masses {[mass for _, mass in parts]}: give every material a mass above zero")
    chemical_system, rows = system([material for material, _ in parts], database, closed=closed)
    moles = np.array(
        [mass / float(chemical_system.phases.molar_mass[r]) for (_, mass), r in zip(parts, rows, strict=True)]
    )
    shares = moles / moles.sum()
    total = shares @ chemical_system.phases.composition[rows]
    return Batch(
        " + ".join(material.id for material, _ in parts), chemical_system, total, tuple(rows), tuple(shares.tolist())
    )


def batch_of(pair: Couple, mass_share: float) -> Batch:
    """A couple, with its constraints, at a given share of the cathode in the mass, 0 to 1."""
    if not 0.0 <= mass_share <= 1.0:
        raise InputError(f"mass share {mass_share:g} of the cathode: must lie between 0 and 1")
    electrolyte, cathode = (float(pair.system.phases.molar_mass[row]) for row in pair.rows)
    x = (mass_share / cathode) / (mass_share / cathode + (1.0 - mass_share) / electrolyte)
    a, b = pair.ends
    name = f"{pair.electrolyte.id} + {pair.cathode.id}"
    return Batch(name, pair.system, (1.0 - x) * a + x * b, pair.rows, (1.0 - x, x))


def composition(amounts: Mapping[str, float], database: Database) -> Batch:
    """A bare composition, moles by element; O, C and H are the gas's.  There is nothing its energy can refer to."""
    for symbol in set(amounts) - database.elements - GAS_ELEMENTS:
        raise unknown("element", symbol, database.elements)
    chemical_system, _ = system([], database, elements=amounts)
    if cations(amounts) <= 0.0:
        raise InputError(f"composition {dict(amounts)}: needs an element besides O, C and H, which the gas decides")
    total = np.array([amounts[symbol] for symbol in chemical_system.components]) / cations(amounts)
    name = " ".join(f"{symbol} {share:.4g}" for symbol, share in zip(chemical_system.components, total, strict=True))
    return Batch(name, chemical_system, total, (), ())
