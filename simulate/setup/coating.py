"""Coatings between the two powders: how thick, of what, and on which powder."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from sinterface.models.basics.errors import InputError, shown
from sinterface.models.basics.quantity import METRES, length_text
from sinterface.models.interface.coatings import coating
from sinterface.models.phases.database import Database
from sinterface.models.powders.materials import Material

POWDERS = ("cathode", "electrolyte")

THINNEST, THICKEST = 1e-10, 2e-5
"""Thicknesses [m] that are accepted: an atom, and more than any coating of a powder."""

MOST_LAYERS = 6
"""Layers that are followed at once."""

_NUMBER = r"(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)"
_LAYER = re.compile(
    rf"(?P<name>[^=]+?)\s*=\s*{_NUMBER}\s*(?P<unit>[^\s\d]+)"
    rf"(?:\s+at\s+(?P<area>{_NUMBER})\s*m2\s*/\s*g)?(?:\s+on\s+(?:the\s+)?(?P<on>\w+))?",
    flags=re.IGNORECASE,
)


@dataclass(frozen=True)
class Layer:
    """A layer of ``material``, ``thickness`` [m] everywhere, that sticks to the powder ``on``: cathode or electrolyte.

    >>> from sinterface.models.powders.materials import built_in
    >>> Layer(built_in("coating")["Li3BO3"], 2e-8).on
    'cathode'
    """

    material: Material
    thickness: float
    on: str = "cathode"

    def __post_init__(self) -> None:
        if self.on not in POWDERS:
            raise InputError(f"coating {self.material.id} on {shown(self.on)}: choose {' or '.join(POWDERS)}")
        if not (math.isfinite(self.thickness) and 0.0 < self.thickness <= THICKEST):
            raise InputError(
                f"coating {self.material.id}: {self.thickness:g} m is no thickness of a coating; "
                f"choose {THINNEST:g} to {THICKEST:g} m"
            )

    @property
    def label(self) -> str:
        """As a user would write it: ``Li3BO3=20nm on cathode``."""
        return f"{self.material.id}={self.thickness * 1e9:.4g}nm on {self.on}"


def read_coatings(
    text: str, database: Database, cathode: Material | None, electrolyte: Material | None
) -> tuple[Layer, ...]:
    """Layers in the order in which they lie from the cathode outwards, from text.

    Parts are separated by commas, those on one powder from its surface outwards.  Each names a built-in coating, a
    phase of ``database`` or a formula, and a thickness, ``Li3BO3=20nm``, or wt% of the powder with its surface area,
    ``Li3BO3=1% at 0.5 m2/g``; without an area the powder counts as spheres of its size.  ``on electrolyte`` puts it on
    the other powder.  Raises InputError naming the part that is not understood, the choices and the remedy.

    >>> from sinterface.models.phases.database import embedded
    >>> from sinterface.models.powders.materials import find
    >>> read_coatings("Li3BO3=20nm", embedded(), find("pc-LCO"), find("LLZTO", "electrolyte"))[0].label
    'Li3BO3=20nm on cathode'
    """
    powders = {"cathode": cathode, "electrolyte": electrolyte}
    layers = [_read(part.strip(), database, powders) for part in text.split(",") if part.strip()]
    inner = [layer for layer in layers if layer.on == "cathode"]
    outer = [layer for layer in layers if layer.on == "electrolyte"]
    return (*inner, *reversed(outer))


def _read(part: str, database: Database, powders: dict[str, Material | None]) -> Layer:
    match = _LAYER.fullmatch(part)
    if match is None:
        raise InputError(
            f"coating {shown(part)} is not understood: write phase=thickness, e.g. Li3BO3=20nm, or wt% of the powder "
            "with its surface area, Li3BO3=1% at 0.5 m2/g; 'on electrolyte' puts it on that powder"
        )
    on = (match["on"] or "cathode").casefold()
    if on not in POWDERS:
        raise InputError(f"coating {shown(part)}: it can be on the {' or the '.join(POWDERS)}, not on {shown(on)}")
    powder = powders[on]
    if powder is None:
        raise InputError(f"coating {shown(part)}: there is no {on} that it could be on")
    material = coating(match["name"].strip(), database)
    amount, unit = float(match[2]), match["unit"].casefold().removeprefix("wt")
    if unit == "%":
        area = (
            float(match["area"]) * 1e3
            if match["area"]
            else 6.0 / (powder.density.value * powder.particle_diameter.value)
        )
        if not area > 0.0:
            raise InputError(f"coating {shown(part)}: a surface of 0 m2/g holds no coating")
        thickness = 0.01 * amount / (material.density.value * area)
    elif unit in METRES:
        if match["area"]:
            raise InputError(f"coating {shown(part)}: a thickness needs no surface area; drop one of the two")
        thickness = amount * 10.0 ** METRES[unit]
    else:
        raise InputError(f"coating {shown(part)}: unit {shown(match['unit'])} is not one of nm, um, mm and %")
    if not THINNEST <= thickness <= min(THICKEST, 0.5 * powder.particle_diameter.value):
        raise InputError(
            f"coating {shown(part)}: {length_text(thickness)}; choose {length_text(THINNEST)} to "
            f"{length_text(min(THICKEST, 0.5 * powder.particle_diameter.value))}, the radius of {powder.id}"
        )
    grain = replace(material.grain_size, value=min(material.grain_size.value, thickness))
    return Layer(replace(material, grain_size=grain), thickness, on)
