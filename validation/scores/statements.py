"""What the model does not predict, in words: statements of ``statements.toml`` that today's comparison bears out."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from sinterface.validation.scores.document import ComparedAmount, MassLoss, Reason, Scores
from sinterface.validation.scores.plain_data import read

UNITS = {"marks": "marks", "onsets": "onsets", "amounts": "amounts", "order": "pairs"}
"""What is counted, by the ``wrong_in`` of a statement."""


@dataclass(frozen=True)
class Statement:
    """A reason, and the part of the comparison that has to be wrong for it to be told; empty choices take all."""

    what: str
    why: str
    wrong_in: str | None = None
    error: str | None = None
    cathodes: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    temperatures_C: tuple[float, ...] = ()

    def wrong(self, scores: Scores, losses: MassLoss) -> tuple[int, int]:
        """How many cases that this statement speaks of are wrong, and of how many."""
        if self.wrong_in == "order":
            orders = [order for order in (losses.order, *losses.order_of_mixtures) if order]
            pairs = sum(order.pairs for order in orders)
            return pairs - sum(order.pairs_right for order in orders), pairs
        if self.wrong_in == "onsets":
            judged = [not onset.inside for powder, onset in scores.onset.powders.items() if self._about(powder)]
        elif self.wrong_in == "amounts":
            judged = [
                entry.within_30_percent is False
                for entry in scores.amounts
                if isinstance(entry, ComparedAmount) and self._about(entry.cathode, entry.families, entry.temperature_C)
            ]
        else:
            judged = [
                cell.agrees is False
                for cell in scores.cells
                if self._about(cell.cathode, (cell.family,), cell.temperature_C)
                and cell.was_seen == (self.error == "missed")
            ]
        return sum(judged), len(judged)

    def _about(self, cathode: str, families: Iterable[str] = (), temperature_C: float | None = None) -> bool:
        return (
            (not self.cathodes or cathode in self.cathodes)
            and (not self.families or bool(set(families) & set(self.families)))
            and (not self.temperatures_C or temperature_C in self.temperatures_C)
        )


@cache
def statements(kind: str) -> tuple[Statement, ...]:
    """All statements of a kind, ``lacking`` or ``thermogravimetry``.  Raises DataError for a malformed table."""
    text = resources.files("sinterface.validation.scores").joinpath("statements.toml").read_text(encoding="utf-8")
    blank: dict[str, object] = {"wrong_in": None, "error": None, "cathodes": [], "families": [], "temperatures_C": []}
    tables = ({name: value.strip() if isinstance(value, str) else value for name, value in table.items()}
              for table in tomllib.loads(text)[kind])  # fmt: skip
    return tuple(read(Statement, blank | table, f"statements.toml, {kind}[{k}]") for k, table in enumerate(tables))


def lacking(scores: Scores, losses: MassLoss) -> tuple[Reason, ...]:
    """What the model lacks, as far as the comparison shows it today; how often, where that is counted."""
    told = []
    for statement in statements("lacking"):
        if statement.wrong_in is None:
            told.append(Reason(statement.what, statement.why))
            continue
        wrong, count = statement.wrong(scores, losses)
        if wrong:
            told.append(
                Reason(f"{statement.what} ({wrong} of {count} {UNITS[statement.wrong_in]} wrong)", statement.why)
            )
    return tuple(told)


def without_mass_loss() -> tuple[Reason, ...]:
    """What is never predicted of mass losses."""
    return tuple(Reason(statement.what, statement.why) for statement in statements("thermogravimetry"))
