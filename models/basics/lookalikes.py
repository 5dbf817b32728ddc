"""Characters that look like others: names are compared by what they look like, and slips of the keyboard are undone."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator

_DEGREES = str.maketrans("º˚", "°°")

_DASHES = dict.fromkeys("‐‑‒–—−﹣－", "-")

_FOREIGN = dict(zip("АВЕЅІЈКМНОРСТХаеорсухіѕјΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABESIJKMHOPCTXaeopcyxisjABEZHIKMNOPTYXo", strict=True))
"""Cyrillic and Greek letters that look like Latin ones."""

_ALIKE = {"0": "o", "1": "l", "i": "l", "|": "l", "!": "l", "5": "s"}
"""Characters, folded, that are taken for each other."""

_SLIPS = {"0": "Oo", "1": "liI", "O": "0", "l": "1", "I": "1l"}
"""What may have been meant by a character of a formula, the likeliest first."""

_SLIP = re.compile(r"[01](?!\.)|O(?=\.\d)|[lI](?=[.\dlI])|(?<=[.\d])[lI]")
"""Places in a formula where a digit stands for a letter, or a letter where a digit is wanted."""

MOST_SLIPS = 3
"""Slips in a formula that are undone."""

MOST_SPELLINGS = 100
"""Spellings of a formula that are tried."""


def level(text: str) -> str:
    """Text on the line and in plain characters: full-width, sub- and superscript ones, all hyphens, signs of degrees.

    >>> level("O₂"), level("ｐｃ－ＬＣＯ")
    ('O2', 'pc-LCO')
    """
    return "".join(
        _DASHES.get(character, character) for character in unicodedata.normalize("NFKC", text.translate(_DEGREES))
    )


def outline(text: str) -> str:
    """What a name looks like: names of the same outline are easily taken for each other.

    >>> outline("02") == outline("O₂") == outline("o2"), outline("O2") == outline("N2")
    (True, False)
    """
    latin = "".join(_FOREIGN.get(character, character) for character in level(text))
    return "".join(_ALIKE.get(character, character) for character in latin.casefold())


def foreign(text: str) -> tuple[str, str] | None:
    """The first letter that only looks Latin, and the Latin letter that it looks like; None where there is none.

    >>> foreign("LiСoO2")
    ('С', 'C')
    """
    return next(((character, _FOREIGN[character]) for character in text if character in _FOREIGN), None)


def respelt(formula: str) -> Iterator[str]:
    """A formula with up to MOST_SLIPS characters replaced by those that look alike; fewest and last ones first.

    >>> "LiCoO2" in respelt("LiCo02"), next(respelt("LiC03"))
    (True, 'LiCO3')
    """
    plain = "".join(_FOREIGN.get(character, character) for character in level(formula))
    first = [plain] if plain != formula else []
    return itertools.islice(itertools.chain(first, _exchanged(plain)), MOST_SPELLINGS)


def _exchanged(text: str) -> Iterator[str]:
    places = [match.start() for match in _SLIP.finditer(text)]
    for count in range(1, MOST_SLIPS + 1):
        for chosen in itertools.combinations(reversed(places), count):
            for letters in itertools.product(*(_SLIPS[text[place]] for place in chosen)):
                characters = list(text)
                for place, letter in zip(chosen, letters, strict=True):
                    characters[place] = letter
                yield "".join(characters)
