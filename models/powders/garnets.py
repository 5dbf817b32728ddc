"""Garnets whose formula holds more or less lithium than their charges ask for: lithia beside them, or missing.

A garnet has three large cations (La, Ca, Ba) for twelve oxygen, and the charges of its framework decide how much
lithium goes with them: Li7La3Zr2O12, Li6.4La3Zr1.4Ta0.6O12.  People weigh in more, to make up for what evaporates.
What is beyond is taken as Li2O beside the garnet, since no site is left for it; what is missing is a garnet short of
lithia, a state of the garnet solution (``solutions.toml``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from sinterface.models.basics import formula
from sinterface.models.basics.errors import InputError
from sinterface.models.phases import solutions
from sinterface.models.phases.database import Database
from sinterface.models.phases.estimates import FIXED_CHARGE
from sinterface.models.powders.exposure import Exposure
from sinterface.models.powders.materials import LARGE, Material

HIGHEST_CHARGE = {"Nb": 5, "W": 6, "Sb": 5, "Ti": 4, "V": 5}
"""Charges of cations with several in a garnet made in air."""

ROUNDED = 0.02
"""Lithium per formula by which a formula counts as rounded: Li6.4 and Li6.39 are one garnet."""

MOST = 1.0
"""Lithium per formula beyond which an excess is no garnet with a little lithia, but another mixture."""


def lithia(composition: Mapping[str, float]) -> float:
    """Li2O beyond what the framework's charges ask for, negative where it is missing [mol per mole of the formula].

    Zero for what is no garnet, holds a cation of unknown charge, or is off by no more than ROUNDED.

    >>> round(lithia(formula.parse("Li7.2La3Zr2O12")), 6), round(lithia(formula.parse("Li6.2La3Zr1.4Ta0.6O12")), 6)
    (0.1, -0.1)
    """
    large = sum(composition.get(symbol, 0.0) for symbol in LARGE)
    charges = {**FIXED_CHARGE, **HIGHEST_CHARGE}
    framework = set(composition) - {"Li", "O"}
    if composition.get("La", 0.0) <= 0.0 or not framework <= set(charges) - {"H", "C"}:
        return 0.0
    wanted = 8.0 * large - sum(charges[symbol] * composition[symbol] for symbol in framework)
    beyond = composition.get("Li", 0.0) - wanted
    per_formula = 3.0 * abs(beyond) / large
    return 0.5 * beyond if ROUNDED < per_formula <= MOST else 0.0


def split(material: Material) -> tuple[Material, float]:
    """The garnet itself and the Li2O beside it [wt% of the powder]; any other material as it is, with none.

    >>> from sinterface.models.powders.materials import find
    >>> garnet, beside = split(find("Li7.2La3Zr2O12", "electrolyte"))
    >>> garnet.formula, round(beside, 2)
    ('Li7La3Zr2O12', 0.35)
    """
    extra = lithia(material.composition) if material.structure == "garnet" else 0.0
    if extra <= 0.0:
        return material, 0.0
    composition = dict(material.composition)
    composition["Li"] -= 2.0 * extra
    composition["O"] = 4.0 * sum(composition.get(symbol, 0.0) for symbol in LARGE)
    outside = extra * formula.molar_mass({"Li": 2.0, "O": 1.0})
    whole = outside + formula.molar_mass(composition)
    return replace(material, composition=composition), 100.0 * outside / whole


def remark(material: Material) -> str:
    """How a garnet of more or less lithium is read, in a sentence; '' for all that is read as it is written.

    >>> from sinterface.models.powders.materials import find
    >>> remark(find("Li6.2La3Zr1.4Ta0.6O12", "electrolyte"))
    'Li6.2La3Zr1.4Ta0.6O12 is read as a garnet that lacks 0.1 Li2O per formula'
    """
    extra = lithia(material.composition) if material.structure == "garnet" else 0.0
    if extra == 0.0:
        return ""
    if extra < 0.0:
        return f"{material.id} is read as a garnet that lacks {-extra:.3g} Li2O per formula"
    garnet, beside = split(material)
    return f"{material.id} is read as {garnet.formula} with {beside:.2g} wt% of Li2O beside it"


def check_protons(material: Material, exposure: Exposure, database: Database) -> None:
    """Raise InputError where a powder can not miss so much lithia and keep its structure; it names the most it can.

    The most is sought by bisection, as far as the solution of the database reaches.  Powders that are no solution
    of the database even when fresh are left to whoever looks for their energy.
    """
    garnet, _ = split(material)

    def holds(protons: float) -> bool:
        dry = replace(exposure, protons=protons).dry(garnet.composition)
        return solutions.host_of(dry, garnet.structure, database) is not None

    if exposure.protons == 0.0 or not holds(0.0) or holds(exposure.protons):
        return
    least, most = 0.0, exposure.protons
    while most - least > 0.001:
        middle = 0.5 * (least + most)
        least, most = (middle, most) if holds(middle) else (least, middle)
    raise InputError(
        f"exposure: H = {exposure.protons:g} per formula unit is more than {material.id} can lose as water and stay a "
        f"{garnet.structure}: at most {math.floor(100.0 * least) / 100.0:g}; state less of it, and the rest as Li2CO3, "
        "LiOH and H2O"
    )
