"""How much evidence there is: cards counted by what they tell of, how they are known, and what they may be used for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sinterface.validation.observations.cards_reader import Cards
from sinterface.validation.observations.evidence import CardEntry, Observation, Onset

KINDS = ("couple", "onset of a couple", "material alone", "thermogravimetry", "skipped")
"""What a table tells of; observations of couples are ``couple``."""


@dataclass(frozen=True)
class Census:
    """Numbers of tables by kind, by how they are known, and by role; and of papers, all together and by kind."""

    tables: Mapping[tuple[str, str, str], int]
    papers: Mapping[str, int]
    sources: tuple[str, ...]

    def count(self, kind: str = "", known: str = "", role: str = "") -> int:
        """Tables of a kind, known in a way, with a role; all where one is left out."""
        return sum(
            number
            for (a, b, c), number in self.tables.items()
            if kind in ("", a) and known in ("", b) and role in ("", c)
        )


def census(cards: Cards) -> Census:
    """Counts over all tables that were read, skipped ones included."""
    entries: list[tuple[str, CardEntry]] = [
        *(("couple", card) for card in cards.observations),
        *(("onset of a couple", card) for card in cards.onsets),
        *(("material alone", card) for card in cards.alone),
        *(("thermogravimetry", card) for card in cards.thermogravimetry),
        *(("skipped", card) for card in cards.skipped),
    ]
    tables = Counter((kind, card.known, card.role) for kind, card in entries)
    papers = {kind: len({card.source for name, card in entries if name == kind}) for kind in KINDS}
    return Census(dict(tables), papers, tuple(sorted({card.source for _, card in entries})))


def observation_count(cards: Cards) -> int:
    """Observations and onsets, of couples and of materials alone, skipped ones included."""
    skipped = sum(isinstance(card, Observation | Onset) for card in cards.skipped)
    return len(cards.observations) + len(cards.onsets) + len(cards.alone) + skipped
