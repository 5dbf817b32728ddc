"""Stacks of layers as users write them: a film on a pellet, cathode | coating | electrolyte, each of a thickness."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sinterface.models.basics.errors import InputError, shown
from sinterface.models.basics.quantity import Quantity, length, length_text
from sinterface.models.interface.coatings import coating
from sinterface.models.phases.database import Database
from sinterface.models.powders import materials
from sinterface.models.powders.materials import Material
from sinterface.simulate.setup.coating import THICKEST, THINNEST, Layer

THINNEST_SLAB, THICKEST_SLAB = 1e-9, 1e-2
"""Thicknesses [m] of the two outer layers that are accepted."""

RATIOS = 1e-3, 1e3
"""Ratios of their masses between which amounts of either layer still count in the whole."""

_PART = re.compile(r"([^=]+?)\s*=\s*(\d+(?:\.\d*)?)\s*(nm|um|µm|μm|mm)", flags=re.IGNORECASE)
MAX_NAMED = 500
"""Characters of a text in which a layer is looked for."""

_HELP = "write layers with their thicknesses from the cathode to the electrolyte, 'LCO=500nm, Li3BO3=20nm, LLZO=1um'"


@dataclass(frozen=True)
class Stack:
    """Cathode and electrolyte, as particles whose radii are the thicknesses, what lies between, and kg per kg."""

    cathode: Material
    electrolyte: Material
    coatings: tuple[Layer, ...]
    mass_ratio: float


def is_stack(text: str) -> bool:
    """Whether a text names layers with thicknesses rather than a powder, whatever stands between them.

    >>> is_stack("LCO=500nm, LLZO=1um"), is_stack("LCO=500nm LLZO=1um"), is_stack("pc-LCO")
    (True, True, False)
    """
    return any(_PART.fullmatch(part.strip()) for part in re.split(r"[,;+|\s]+(?=[^,;+|\s=]+\s*=)", text[:MAX_NAMED]))


def read_stack(text: str, database: Database, structure: str | None = None, morphology: str | None = None) -> Stack:
    """Layers from text, from the cathode to the electrolyte: ``LCO=500nm, Li3BO3=20nm, LLZO=1um``.

    The first is a cathode, the last an electrolyte, each a built-in name, a formula or a card; those between are
    coatings, of phases of ``database``.  ``structure`` and ``morphology`` go with a formula of the cathode.  Raises
    InputError naming the part, the choices and the remedy.

    >>> from sinterface.models.phases.database import embedded
    >>> round(read_stack("LCO=500nm, LLZO=1um", embedded()).mass_ratio, 3)
    0.494
    """
    parts = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        match = _PART.fullmatch(part)
        if match is None:
            raise InputError(f"layer {shown(part)} is not understood: {_HELP}")
        parts.append((part, match[1], length(match[2], match[3])))
    if len(parts) < 2:
        raise InputError(f"layers {shown(text)}: one layer has nothing to react with; {_HELP}")
    cathode = _slab(*parts[0], materials.find(parts[0][1], "cathode", structure=structure, morphology=morphology))
    electrolyte = _slab(*parts[-1], materials.find(parts[-1][1], "electrolyte"))
    between = tuple(_between(*part, database) for part in parts[1:-1])
    masses = [slab.density.value * slab.particle_diameter.value for slab in (cathode, electrolyte)]
    ratio = masses[0] / masses[1]
    if not RATIOS[0] <= ratio <= RATIOS[1]:
        raise InputError(
            f"layers {shown(text)}: one outer layer has {max(ratio, 1.0 / ratio):.3g} times the mass of the other, at "
            f"most {RATIOS[1]:g} are followed: of the thicker one state as much as can react, 10um of a pellet"
        )
    return Stack(cathode, electrolyte, between, ratio)


def _slab(part: str, name: str, thickness: float, material: Material) -> Material:
    if not THINNEST_SLAB <= thickness <= THICKEST_SLAB:
        raise InputError(f"layer {shown(part)}: choose {1e9 * THINNEST_SLAB:g} nm to {1e3 * THICKEST_SLAB:g} mm")
    grain = material.grain_size
    if material.morphology == "single-crystal" or grain.value > thickness:
        grain = replace(grain, value=thickness)
    diameter = Quantity(2.0 * thickness, 0.0, "thickness of the layer", "twice the thickness that was stated")
    return replace(material, particle_diameter=diameter, grain_size=grain)


def _between(part: str, name: str, thickness: float, database: Database) -> Layer:
    if not THINNEST <= thickness <= THICKEST:
        raise InputError(f"layer {shown(part)}: choose {length_text(THINNEST)} to {length_text(THICKEST)}")
    material = coating(name, database)
    grain = replace(material.grain_size, value=min(material.grain_size.value, thickness))
    return Layer(replace(material, grain_size=grain), thickness)
