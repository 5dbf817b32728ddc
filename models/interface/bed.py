"""Powder beds: the lithium potential at which a powder that is buried around a sample gives lithium to the gas."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sinterface.models.basics.errors import InputError
from sinterface.models.equilibrium import column_generation
from sinterface.models.equilibrium.chemistry import system
from sinterface.models.interface.coatings import coating
from sinterface.models.phases.atmosphere import Atmosphere
from sinterface.models.phases.database import Database
from sinterface.models.powders import materials
from sinterface.models.powders.materials import Material

Array = NDArray[np.float64]

LOST = 0.01
"""Share of its lithium that a bed has given when its potential is taken: a single phase has a range of potentials, and
this is the end at which it gives lithium.  What it gives then costs it little."""


def bed(text: str, database: Database) -> Material:
    """A powder bed by the name of an electrolyte or coating, by a phase of the database or by a formula with lithium.

    Raises InputError naming the choices.

    >>> from sinterface.models.phases.database import embedded
    >>> bed("Li2CO3", embedded()).formula
    'Li2CO3'
    """
    powder = materials.find(text, "electrolyte") if text in materials.built_in("electrolyte") else None
    if powder is None:
        try:
            powder = coating(text, database)
        except InputError as error:
            try:
                powder = materials.find(text, "electrolyte", elements=database.elements)
            except InputError:
                raise InputError(f"bed: {error}") from error
    if "Li" not in powder.composition:
        raise InputError(f"bed {powder.id}: it holds no lithium; choose e.g. LLZO, Li2CO3 or Li2O")
    return powder


def lithium_potential(powder: Material, temperatures: ArrayLike, atmosphere: Atmosphere, database: Database) -> Array:
    """Lithium potential [J/mol] (N,) of a powder in equilibrium with a gas at temperatures [K] (N,).

    That of the assemblage into which the powder has turned once it has given ``LOST`` of its lithium: garnet beside
    what it leaves, Li2O where a carbonate has lost its CO2.  Raises InputError when the database has no energy for it.

    >>> from sinterface.models.phases.database import embedded
    >>> garnet, lithia = (bed(name, embedded()) for name in ("LLZO", "Li2O"))
    >>> oxygen = Atmosphere("O2", pO2=1.0)
    >>> low, high = (lithium_potential(each, [973.15], oxygen, embedded())[0] for each in (garnet, lithia))
    >>> bool(low < high)
    True
    """
    chemical, (row,) = system([powder], database)
    total = chemical.phases.composition[row].copy()
    lithium = chemical.components.index("Li")
    total[lithium] *= 1.0 - LOST
    potentials = []
    for T in np.atleast_1d(np.asarray(temperatures, dtype=float)).tolist():
        omega = chemical.phases.grand_potential(T, atmosphere)
        answer = column_generation.equilibrium(chemical, omega, T, total).answer
        potentials.append(float(answer.potentials[lithium]))
    return np.array(potentials)
