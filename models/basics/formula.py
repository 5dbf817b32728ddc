"""Chemical formulas: parsing, molar masses, names for compositions that are not in any table."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

from sinterface.models.basics.errors import InputError, shown
from sinterface.models.basics.lookalikes import foreign, respelt

MAX_LENGTH = 120
"""Longest formula accepted, characters."""

_ORDER = ("Li", "H", "La", "Al", "Ga", "Mg", "Zr", "Ta", "Nb", "Ti", "W", "Ni", "Mn", "Co", "Fe", "B", "P", "C", "O")


DOTS = "·•∙⋅"
"""Middle dots, which part the components of an adduct: LiOH·H2O."""

SLASHES = "/⁄"
"""What may stand between numerator and denominator of a fraction."""

_LEVEL = ("<sub>", "<fraction>", "<wide>", "<narrow>", "<font>")
"""Kinds of characters, by their Unicode decomposition, that are read as their plain forms."""


def parse(text: str) -> dict[str, float]:
    """Moles of each element in one formula unit.

    Amounts may be decimals, fractions (``1/3``) or subscript digits; brackets of all three kinds and middle dots are
    read; charges are not, since ``O2-`` could be one oxygen or two.  Raises InputError, which names what can not be
    read, when the text is not a formula of known elements.

    >>> parse("LiNi0.5Mn1.5O4")
    {'Li': 1.0, 'Ni': 0.5, 'Mn': 1.5, 'O': 4.0}
    >>> parse("LiOH·H2O")
    {'Li': 1.0, 'O': 2.0, 'H': 3.0}
    """
    return dict(_parse(text))


@lru_cache(maxsize=4096)
def _parse(text: str) -> tuple[tuple[str, float], ...]:
    try:
        return _amounts(text)
    except InputError as error:
        meant = next(alike(text), "")
        if not meant:
            raise
        raise InputError(f"{error}; did you mean {meant}?") from error


def alike(text: str) -> Iterator[str]:
    """Formulas that look like a text, of up to three characters that are taken for others, the most alike first.

    >>> next(alike("Li2C03"))
    'Li2CO3'
    """
    for spelling in respelt(text[: MAX_LENGTH + 1].strip()):
        with contextlib.suppress(InputError):
            _amounts(spelling)
            yield spelling


def _amounts(text: str) -> tuple[tuple[str, float], ...]:
    if len(text) > MAX_LENGTH:
        raise InputError(f"formula of {len(text)} characters: at most {MAX_LENGTH} are read")
    if not text.strip().isprintable():
        raise InputError(f"formula {text!r} does not parse: it goes over a line or holds characters that do not print")
    amounts: dict[str, float] = {}
    for part in re.split(rf"[{DOTS}]|\.(?=[A-Z])(?<!\d\.)", _with_plain_digits(text.strip(), text)):
        times, formula = _coefficient(part.strip(), text)
        for symbol, amount in _read(formula, text).items():
            amounts[symbol] = amounts.get(symbol, 0.0) + times * amount
    if not amounts or not all(0.0 < amount < 1e4 for amount in amounts.values()):
        raise InputError(f"formula {text!r} must hold positive, finite amounts of at least one element")
    for symbol in amounts:
        try:
            atomic_mass(symbol)
        except InputError as error:
            raise InputError(f"formula {text!r}: {error}") from error
    return tuple(amounts.items())


def _with_plain_digits(formula: str, text: str) -> str:
    """The formula with subscript digits and fractions as decimals.  Raises InputError naming a charge."""
    plain: list[str] = []
    for character in formula:
        kind = unicodedata.decomposition(character).split(" ")[0]
        if kind == "<super>":
            raise _unreadable(text, f"{character!r} is written high: leave charges out, amounts stand low or level")
        if kind == "<fraction>" and plain and plain[-1].isdigit():
            raise _unreadable(text, f"{plain[-1] + character!r}: write a decimal")
        plain.append(unicodedata.normalize("NFKC", character) if kind in _LEVEL else character)
    level = "".join(plain)

    def decimal(fraction: re.Match[str]) -> str:
        if int(fraction[2]) == 0:
            raise _unreadable(text, f"{fraction[0]!r} divides by zero")
        return repr(int(fraction[1]) / int(fraction[2]))

    if zero := re.search(r"(?<![0-9.])0[0-9]+", level):
        raise _unreadable(text, f"{zero[0]!r} begins with a zero, which is no amount: oxygen is the letter O")
    return re.sub(rf"(?<![0-9.])([0-9]{{1,9}})[{SLASHES}]([0-9]{{1,9}})(?![0-9.])", decimal, level)


def _coefficient(part: str, text: str) -> tuple[float, str]:
    """The number in front of a component of an adduct, and the component."""
    number = re.match(r"([0-9]+(?:\.[0-9]*)?)\s*(?=[A-Z([{])", part)
    if number is None or not any(dot in text for dot in (*DOTS, ".")):
        return 1.0, part
    return float(number[1]), part[number.end() :]


def _read(formula: str, text: str) -> dict[str, float]:
    from pymatgen.core.composition import Composition  # on use: keeps the command line's start light

    try:
        amounts = Composition(formula).get_el_amt_dict()
    except (ValueError, KeyError, IndexError, TypeError, OverflowError, RecursionError) as error:
        raise _unreadable(text, _culprit(formula)) from error
    return {str(symbol): float(amount) for symbol, amount in amounts.items()}


def _culprit(formula: str) -> str:
    """What in a formula can not be read, and what to write instead."""
    if stranger := foreign(formula):
        return f"{stranger[0]!r} only looks like the Latin letter {stranger[1]}: type it anew"
    if charge := re.search(r"[0-9]*[+\-−–]+", formula):
        return f"{charge[0]!r} looks like a charge or a difference: write amounts alone"
    if comma := re.search(r"[0-9]*,[0-9]*", formula):
        return f"{comma[0]!r}: write a decimal point"
    if any(formula.count(opening) != formula.count(closing) for opening, closing in ("()", "[]", "{}")):
        return "a bracket has no partner"
    if not formula:
        return "a part of it is empty"
    if number := re.match(r"[0-9.]+", formula):
        return f"{number[0]!r} stands before the first element"
    rest = re.sub(r"[A-Z][a-z]?|[0-9]+(?:\.[0-9]*)?|\.[0-9]+|[()\[\]{}\s]", "", formula)
    if rest and rest[0].islower():
        return f"{rest[0]!r} begins no element symbol: symbols begin with a capital letter"
    return f"{shown(rest, 20)} is no part of a formula" if rest else "its parts stand in no order that is known"


def _unreadable(text: str, culprit: str) -> InputError:
    return InputError(
        f"formula {text!r} does not parse: {culprit}; write element symbols and amounts, e.g. LiNi0.6Mn0.2Co0.2O2"
    )


@lru_cache(maxsize=256)
def atomic_mass(symbol: str) -> float:
    """Standard atomic mass [kg mol^-1].  Raises InputError for what is not an element.

    >>> atomic_mass("O")
    0.0159994
    """
    from pymatgen.core.periodic_table import Element

    try:
        return float(Element(symbol).atomic_mass) * 1e-3
    except ValueError as error:
        raise InputError(f"{shown(symbol)} is not a chemical element: write symbols such as Li, La, Ni") from error


def molar_mass(amounts: Mapping[str, float]) -> float:
    """Mass of one mole of formula units [kg mol^-1].

    >>> round(molar_mass({"Li": 1.0, "Co": 1.0, "O": 2.0}), 4)
    0.0979
    """
    return sum(atomic_mass(symbol) * amount for symbol, amount in amounts.items())


def name(amounts: Mapping[str, float], digits: int = 3) -> str:
    """Formula text of a composition, elements in the field's usual order, amounts rounded to ``digits``.

    >>> name({"O": 2.0, "Co": 1.0, "Li": 1.0})
    'LiCoO2'
    """
    rank = {symbol: position for position, symbol in enumerate(_ORDER)}
    parts = []
    for symbol in sorted(amounts, key=lambda element: (rank.get(element, -1), element)):
        amount = round(amounts[symbol], digits)
        if amount > 0.0:
            parts.append(symbol + ("" if amount == 1.0 else f"{amount:.{digits}f}".rstrip("0").rstrip(".")))
    return "".join(parts)
