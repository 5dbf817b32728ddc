"""Pieces of the page that several sections use: verdicts, names of families, rows and tables of marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sinterface.models.phases.substance import FAMILIES
from sinterface.simulate.figures.plot import style
from sinterface.simulate.pages.page import MISSING, Html, Number, html, join, table
from sinterface.validation.report.scores import IN_SAMPLE, LEFT_OUT
from sinterface.validation.report.wording import degrees, percent, share, share_with_interval
from sinterface.validation.scores.document import Cell, CellElsewhere

Row = list[str | Number]


def verdict(value: bool | None, good: str, bad: str) -> Html:
    """A verdict in words; colour and sign repeat it."""
    if value is None:
        return join('<span class="verdict open">not judged</span>')
    kind, sign, told = ("met", "✓", good) if value else ("missed", "✗", bad)
    return join(f'<span class="verdict {kind}">{sign} {told}</span>')


def agreement(cell: Cell) -> Html:
    """Whether a mark is predicted as observed."""
    return verdict(cell.agrees, "agrees", "differs")


def family_name(family: str) -> Html:
    """The name of a family behind a spot of its colour."""
    return join(f'<span class="swatch" style="background:{style(family)[0]}"></span>', html(family))


def right(cells: Iterable[Cell]) -> int:
    """How many marks are predicted as observed."""
    return sum(cell.agrees is True for cell in cells)


def families(named: Iterable[str]) -> list[str]:
    """Families, once each, in the order in which the package lists them; others last."""
    order = list(FAMILIES)
    return sorted(dict.fromkeys(named), key=lambda name: order.index(name) if name in order else len(order))


def chain(ranks: Sequence[Sequence[str]]) -> Html:
    """An order of names, equals together, each name on one line."""
    names = ([join('<span class="brief">', html(name), "</span>") for name in rank] for rank in ranks)
    return join(" &gt; ".join(" ≈ ".join(rank) for rank in names))


def both(in_sample: Sequence[Cell], left_out: Sequence[Cell]) -> Html:
    """All marks, with their predictions in sample and left out side by side."""

    def key(cell: Cell) -> tuple[str, str, float, str, str]:
        return cell.id, cell.cathode, cell.temperature_C, cell.family, cell.observed

    tables = [{key(cell): cell for cell in cells} for cells in (in_sample, left_out)]
    rows: list[Row] = []
    for mark in dict.fromkeys(mark for cells in tables for mark in cells):
        predictions = [cells.get(mark) for cells in tables]
        cell = next(cell for cell in predictions if cell)
        row: Row = [cell.id, Number(degrees(cell.temperature_C)), family_name(cell.family), cell.observed]
        row.append(Number(share(cell.limit_wt_percent)))
        for entry in predictions:
            row += [MISSING, MISSING, MISSING] if entry is None else _predicted(entry)
        rows.append(row)
    head = ["observation", "T / °C", "family", "observed", "limit / wt%"]
    for name in (IN_SAMPLE, LEFT_OUT):
        head += [f"{name}: wt% (5 to 95 %)", "to be seen", "prediction"]
    return table(head, rows, "To be seen: probability that the family is at or above its detection limit.")


def _predicted(cell: Cell) -> Row:
    told = share_with_interval(cell.predicted_wt_percent, cell.interval)
    return [Number(told), Number(percent(cell.probability_seen)), agreement(cell)]


def elsewhere(cells: Sequence[CellElsewhere]) -> Html:
    """Marks of other laboratories."""
    head = [
        "observation", "powder", "electrolyte", "T / °C", "family", "observed", "limit / wt%",
        "predicted / wt% (5 to 95 %)", "to be seen", "prediction", "known",
    ]  # fmt: skip
    rows = [
        [
            cell.id, cell.cathode, cell.electrolyte, Number(degrees(cell.temperature_C)), family_name(cell.family),
            cell.observed, Number(share(cell.limit_wt_percent)), *_predicted(cell), cell.known,
        ]
        for cell in cells
    ]  # fmt: skip
    return table(head, rows, "Known: read in the source, quoted by another text (secondary), or recalled from memory.")
