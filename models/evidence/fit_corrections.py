"""Fits what the tables themselves decide: DFT corrections, and residuals of ion sums by class of compound.

``python -m sinterface.models.evidence.fit_corrections`` writes ``corrections.csv`` and ``entropy_classes.csv``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from sinterface.models.phases import estimates
from sinterface.models.phases.corrections import fit, to_csv
from sinterface.models.phases.database import observations
from sinterface.models.phases.gibbs import HeatCapacity
from sinterface.models.phases.phase_tables import Record, read_records

ESTIMATED = frozenset(("estimate", "spencer1998"))
"""Source keys of entropies that are estimates themselves."""


def ion_table(records: Mapping[str, Record]) -> estimates.IonTable:
    """The ion table over these records.  Raises KeyError when a phase of a recipe is missing or has no value."""
    entropy = {phase: record.entropy for phase, record in records.items() if record.entropy is not None}
    cp: dict[str, HeatCapacity] = {phase: record.cp for phase, record in records.items() if record.cp is not None}
    return estimates.read_ions(entropy.__getitem__, cp.__getitem__)


def measured_residuals(records: Mapping[str, Record]) -> Iterator[tuple[str, str, float]]:
    """Phase, class, and measured entropy less ion sum [J/mol/K per mole of cations] of every mixed oxide measured."""
    table = ion_table(records)
    for phase, record in records.items():
        kind = estimates.entropy_class(record.amounts, record.structure)
        if record.entropy is None or not record.observed or kind == estimates.SIMPLE:
            continue
        if ESTIMATED & set(record.row["S298_source"].replace(";", " ").split()):
            continue
        cations = sum(n for symbol, n in record.amounts.items() if symbol not in ("O", "C", "H"))
        yield phase, kind, (record.entropy - table.estimate(record.amounts)[0]) / cations


def classes_csv(records: Mapping[str, Record]) -> str:
    """``entropy_classes.csv`` as shipped: mean and deviation per mole of cations, and the number of phases."""
    classes = estimates.class_residuals((kind, residual) for _, kind, residual in measured_residuals(records))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["class", "mean_J_molK", "sd_J_molK", "phases"])
    for kind, residual in classes.items():
        writer.writerow([kind, f"{residual.mean:.2f}", f"{residual.sd:.2f}", residual.phases])
    return out.getvalue()


def main(folder: Path) -> None:
    """Write both tables, fitted to the phase tables in use, into ``folder``."""
    records = read_records()
    folder.joinpath("corrections.csv").write_text(to_csv(fit(observations(records))[0]), encoding="utf-8")
    folder.joinpath("entropy_classes.csv").write_text(classes_csv(records), encoding="utf-8")


if __name__ == "__main__":
    main(Path(__file__).parents[1] / "data")
