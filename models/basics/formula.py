"""Chemical formulas: parsing, molar masses, names for compositions that are not in any table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sinterface.models.basics.errors import InputError, shown

MAX_LENGTH = 120
"""Longest formula accepted, characters."""

_ORDER = ("Li", "H", "La", "Al", "Ga", "Mg", "Zr", "Ta", "Nb", "Ti", "W", "Ni", "Mn", "Co", "Fe", "B", "P", "C", "O")


def parse(text: str) -> dict[str, float]:
    """Moles of each element in one formula unit, e.g. ``LiNi0.5Mn1.5O4``; fractions and brackets allowed.

    Raises InputError when the text is not a formula of known elements.
    """
    return dict(_parse(text))


@lru_cache(maxsize=4096)
def _parse(text: str) -> tuple[tuple[str, float], ...]:
    from pymatgen.core.composition import Composition  # on use: keeps the command line's start light

    if len(text) > MAX_LENGTH:
        raise InputError(f"formula of {len(text)} characters: at most {MAX_LENGTH} are read")
    if not text.strip().isprintable():
        raise InputError(f"formula {text!r} does not parse: it goes over a line or holds characters that do not print")
    try:
        amounts = Composition(text.strip()).get_el_amt_dict()
    except (ValueError, KeyError, IndexError, TypeError, OverflowError, RecursionError) as error:
        raise InputError(
            f"formula {text!r} does not parse: write element symbols and amounts, e.g. LiNi0.6Mn0.2Co0.2O2"
        ) from error
    if not amounts or not all(0.0 < amount < 1e4 for amount in amounts.values()):
        raise InputError(f"formula {text!r} must hold positive, finite amounts of at least one element")
    for symbol in amounts:
        atomic_mass(symbol)
    return tuple(amounts.items())


@lru_cache(maxsize=256)
def atomic_mass(symbol: str) -> float:
    """Standard atomic mass [kg mol^-1].  Raises InputError for what is not an element."""
    from pymatgen.core.periodic_table import Element

    try:
        return float(Element(symbol).atomic_mass) * 1e-3
    except ValueError as error:
        raise InputError(f"{shown(symbol)} is not a chemical element: write symbols such as Li, La, Ni") from error


def molar_mass(amounts: Mapping[str, float]) -> float:
    """Mass of one mole of formula units [kg mol^-1]."""
    return sum(atomic_mass(symbol) * amount for symbol, amount in amounts.items())


def name(amounts: Mapping[str, float], digits: int = 3) -> str:
    """Formula text of a composition, elements in the field's usual order, amounts rounded to ``digits``."""
    rank = {symbol: position for position, symbol in enumerate(_ORDER)}
    parts = []
    for symbol in sorted(amounts, key=lambda element: (rank.get(element, -1), element)):
        amount = round(amounts[symbol], digits)
        if amount > 0.0:
            parts.append(symbol + ("" if amount == 1.0 else f"{amount:.{digits}f}".rstrip("0").rstrip(".")))
    return "".join(parts)
