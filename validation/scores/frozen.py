"""Predictions put on record: a change of code or data that moves them has to say so.

``python -m sinterface.validation.scores.frozen FILE`` writes the table anew; the test reads
``validation/scores/frozen.csv``.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from sinterface.models.rates.parameters import calibrated
from sinterface.simulate.files.output import write_whole
from sinterface.validation.judging.firings import Case, Predicted, case, run_all
from sinterface.validation.observations.cards_reader import read

CELLS = 16
"""Finite volumes of the frozen runs: enough to notice a change, few enough for a quick test."""

TOLERANCE = (0.3, 0.05)
"""How far a share may move unnoticed: wt%, and relative to it.

Round-off differs between processors, and it grows where phases are nearly equally stable.  Five kinds of linear algebra
(OPENBLAS_CORETYPE) and two of compiled code (NUMBA_CPU_NAME) gave shares that differ by up to 0.22 wt% (La2MO4 of
NMC811 at 800 °C on PRESCOTT) and by 0.03 wt% otherwise.
"""


def frozen_cases() -> dict[str, Case]:
    """The firings of the reference experiment, by the id of their first observation."""
    names: dict[Case, str] = {}
    for card in read().observations:
        if card.source == "ma2025":
            names.setdefault(case(card, card.temperature), card.id)
    return {name: firing for firing, name in names.items()}


def predictions(names: Sequence[str], workers: int = 1) -> dict[str, Predicted]:
    """Today's predictions of these cases with the calibrated parameters."""
    cases = frozen_cases()
    predicted = run_all([(cases[name], calibrated()) for name in names], workers=workers, cells=CELLS)
    return dict(zip(names, predicted, strict=True))


def table(predicted: dict[str, Predicted]) -> str:
    """The record as CSV: observation, family, wt%; reactants left by their roles."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["observation", "family", "wt_percent"])
    for name, prediction in predicted.items():
        for family, share in sorted({**prediction.families, **prediction.left}.items()):
            writer.writerow([name, family, f"{share:.3f}"])
    return out.getvalue()


def record(text: str) -> dict[str, dict[str, float]]:
    """wt% by observation and family, from what ``table`` wrote."""
    shares: dict[str, dict[str, float]] = {}
    for row in csv.DictReader(text.splitlines()):
        shares.setdefault(row["observation"], {})[row["family"]] = float(row["wt_percent"])
    return shares


def on_record() -> dict[str, dict[str, float]]:
    """The record of this package: wt% by observation and family."""
    return record(resources.files("sinterface.validation.scores").joinpath("frozen.csv").read_text(encoding="utf-8"))


def moved(before: dict[str, float], now: Predicted) -> list[str]:
    """Families whose share has moved by more than TOLERANCE, in words."""
    present = {**now.families, **now.left}
    return [
        f"{family}: {before.get(family, 0.0):.3f} -> {present.get(family, 0.0):.3f} wt%"
        for family in sorted({*before, *present})
        if abs(present.get(family, 0.0) - before.get(family, 0.0))
        > TOLERANCE[0] + TOLERANCE[1] * before.get(family, 0.0)
    ]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m sinterface.validation.scores.frozen FILE")
    text = table(predictions(list(frozen_cases()), workers=2))
    write_whole(Path(sys.argv[1]), lambda name: name.write_text(text, encoding="utf-8"))
