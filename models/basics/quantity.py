"""A number on a card: value, spread, unit and source, converted to SI at the door."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sinterface.models.basics.constants import EV_PER_ATOM
from sinterface.models.basics.errors import DataError, InputError, shown

TO_SI: Mapping[str, tuple[str, float]] = {
    "um": ("length", 1e-6), "nm": ("length", 1e-9), "m": ("length", 1.0),
    "g/cm3": ("density", 1e3), "kg/m3": ("density", 1.0),
    "m2/g": ("specific area", 1e3), "m2/kg": ("specific area", 1.0),
    "m2/s": ("diffusivity", 1.0), "cm2/s": ("diffusivity", 1e-4),
    "kJ/mol": ("molar energy", 1e3), "J/mol": ("molar energy", 1.0), "eV": ("molar energy", EV_PER_ATOM),
    "1/s": ("rate", 1.0), "s": ("time", 1.0), "h": ("time", 3600.0), "K": ("temperature", 1.0),
    "1": ("number", 1.0), "": ("number", 1.0),
}  # fmt: skip
"""Units understood on cards: what they measure, and their size in SI."""


METRES: Mapping[str, int] = {"mm": -3, "um": -6, "µm": -6, "μm": -6, "nm": -9, "å": -10, "a": -10}
"""Units of lengths that users write, in small letters: the power of ten of each in m."""

UNITS = ("mm", "um", "nm", "Å")
"""Units of lengths that messages name."""


def length(number: str, unit: str) -> float:
    """A length [m] from a number and a unit of METRES, rounded once.

    >>> length("0.5", "um")
    5e-07
    """
    return float(f"{number}e{METRES[unit.casefold()]}")


def read_length(text: str, unit: str, what: str) -> float:
    """A length [m] above 0 as a user writes it; a number alone is in ``unit``.  ``what`` it is stands in errors.

    Raises InputError naming the units.

    >>> read_length("10um", "um", "--particle"), read_length("200", "nm", "--island")
    (1e-05, 2e-07)
    """
    match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)\s*(\S*)", text.strip())
    if match is not None and (match[2] or unit).casefold() in METRES:
        size = length(match[1], match[2] or unit)
        if 0.0 < size < math.inf:
            return size
    raise InputError(
        f"{what} {shown(text)}: no size; give one above 0 in {', '.join(UNITS)}; a number alone is in {unit}"
    )


@dataclass(frozen=True)
class Quantity:
    """A value in SI with its standard deviation (same unit), the source key and how it was obtained."""

    value: float
    sd: float
    source: str
    method: str = ""
    known: str = ""


def quantity(card: Mapping[str, Any], kind: str, where: str, *, positive: bool = True) -> Quantity:
    """Read ``{value, sd, unit, source, method}`` of that kind (see TO_SI); ``where`` names the card in errors.

    Raises DataError for a key that is missing, a unit of another kind, or a number that can not be.

    >>> quantity({"value": 1.5, "sd": 0.5, "unit": "h", "source": "estimate"}, "time", "hold").value
    5400.0
    >>> quantity({"value": 2.0, "sd": 0.5, "unit": "µm", "source": "estimate"}, "length", "grain_size").value
    2e-06
    """
    missing = [key for key in ("value", "sd", "unit", "source") if key not in card]
    if missing:
        raise DataError(f"{where}: {', '.join(missing)} missing (value, sd, unit and source are needed)")
    units = [unit for unit, (what, _) in TO_SI.items() if what == kind]
    unit = "um" if card["unit"] in ("µm", "μm") else card["unit"]
    if unit not in units:
        raise DataError(f"{where}: unit {shown(unit)} is not one of {', '.join(units)}")
    factor = TO_SI[unit][1]
    for key in ("value", "sd"):
        number = card[key]
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) < 1e300:
            raise DataError(f"{where}: {key} = {shown(number)} is not a finite number")
    value, sd = card["value"] * factor, card["sd"] * factor
    if not (math.isfinite(value) and math.isfinite(sd)) or sd < 0 or (positive and value <= 0):
        raise DataError(f"{where}: value = {shown(card['value'])}, sd = {shown(card['sd'])}: must be positive")
    for key in ("source", "method", "known"):
        if not isinstance(card.get(key, ""), str):
            raise DataError(f"{where}: {key} = {shown(card[key])} must be text")
    return Quantity(value, sd, card["source"], card.get("method", ""), card.get("known", ""))


def length_text(metres: float) -> str:
    """A length [m] as people write it.

    >>> length_text(2e-8), length_text(5.2e-6)
    ('20 nm', '5.2 um')
    """
    return f"{1e9 * metres:.4g} nm" if metres < 1e-6 else f"{1e6 * metres:.4g} um"
