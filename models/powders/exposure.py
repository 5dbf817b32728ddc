"""What air has made of a powder: protons in place of lithium, and the lithium outside as carbonate and hydroxide.

A garnet that has met humid air exchanges lithium for protons, Li6.4 -> Li6.4-hHh, and the lithium takes up water and
CO2 on the particles.  On heating the protons leave as water first and take half as much oxygen along; what stays is
a garnet short of lithia, Li6.4-h O12-h/2, beside its lithium.  The kinetic model starts from there: water leaves
without a change of the cation frame, at the temperatures at which it is seen to leave, and only the mass is told of it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sinterface.models.basics.errors import InputError, shown, unknown
from sinterface.models.basics.lookalikes import level

KEYS = {"H": "protons", "Li2CO3": "carbonate", "LiOH": "hydroxide", "H2O": "water"}
"""What is written on the command line and on cards, and the field it fills."""

UNITS = {"H": "H per formula unit", "Li2CO3": "wt%", "LiOH": "wt%", "H2O": "wt%"}

WATERS = ("adsorbed_water_percent", "proton_water_percent")
"""What results call the water in a sample [% of its mass], adsorbed and made of protons: it leaves in these STEPS."""

STEPS = ((473.15, 523.15), (623.15, 773.15))
"""Temperatures [K] between which water leaves LLZTO that has met air: adsorbed and hydroxide water, and protons.

Thermogravimetry of the reference powder, first and second step of three (the third is CO2): Ma et al. 2025.
"""


@dataclass(frozen=True)
class Exposure:
    """``protons`` per formula unit in place of lithium; ``carbonate``, ``hydroxide`` and other ``water`` in wt%.

    ``estimate`` marks what a card believes of its powder, which calibration may scale; what a user states stays.

    >>> Exposure(protons=0.8).dry({"Li": 6.4, "La": 3.0, "Zr": 1.4, "Ta": 0.6, "O": 12.0})["O"]
    11.6
    """

    protons: float = 0.0
    carbonate: float = 0.0
    hydroxide: float = 0.0
    water: float = 0.0
    estimate: bool = False

    def __post_init__(self) -> None:
        for key, name in KEYS.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0.0):
                raise InputError(f"exposure: {key} = {value:g} {UNITS[key]} is no amount")
        if self.carbonate + self.hydroxide + self.water > 50.0:
            raise InputError("exposure: over 50 wt% of carbonate, hydroxide and water is no exposed powder")

    def dry(self, composition: Mapping[str, float]) -> dict[str, float]:
        """Composition of the structure when its protons have left as water.  Raises InputError without the lithium."""
        left = dict(composition)
        left["Li"] = left.get("Li", 0.0) - self.protons
        left["O"] = left.get("O", 0.0) - 0.5 * self.protons
        if min(left["Li"], left["O"]) <= 0.0:
            raise InputError(
                f"H = {self.protons:g}: protons stand in the place of lithium, of which there are "
                f"{composition.get('Li', 0.0):g} per formula unit; some has to be left, give less"
            )
        return left

    def calibrated(self, factor: float) -> Exposure:
        """An estimate of exchange and carbonate times ``factor``, water as it is; what was stated as it is.

        >>> Exposure(protons=0.4).calibrated(2.0).protons, Exposure(protons=0.4, estimate=True).calibrated(2.0).protons
        (0.4, 0.8)
        """
        if not self.estimate:
            return self
        return replace(
            self, protons=factor * self.protons, carbonate=factor * self.carbonate, hydroxide=factor * self.hydroxide
        )


def read(text: str) -> Exposure:
    """Exposure from ``H=0.4,Li2CO3=2``: H per formula unit, the rest in wt% of the powder.  Raises InputError.

    >>> read("H=0.4, Li2CO3=2").carbonate
    2.0
    """
    values: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in level(text).split(","))):
        match = re.fullmatch(r"([A-Za-z0-9]+)\s*=\s*(\d+(?:\.\d*)?)\s*%?", part)
        if not match:
            raise InputError(f"exposure {shown(part)} is not understood: write e.g. H=0.4,Li2CO3=2")
        if match[1] not in KEYS:
            raise unknown("part of an exposure", match[1], KEYS)
        values[KEYS[match[1]]] = float(match[2])
    if not values:
        raise InputError("exposure: nothing is given; write e.g. H=0.4,Li2CO3=2")
    stated = [values.get(name, 0.0) for name in KEYS.values()]
    return Exposure(stated[0], stated[1], stated[2], stated[3])


def water_left(hottest: float) -> tuple[float, float]:
    """Shares of adsorbed water and of protons that are left when the powder has been as hot as that [K].

    >>> water_left(573.15)
    (0.0, 1.0)
    """
    first, second = (min(max((high - hottest) / (high - low), 0.0), 1.0) for low, high in STEPS)
    return first, second
