"""Fits the DFT corrections of ``phases.corrections`` to the measured enthalpies and writes ``data/corrections.csv``."""

from __future__ import annotations

from pathlib import Path

from sinterface.models.phases.corrections import fit, to_csv
from sinterface.models.phases.database import observations
from sinterface.models.phases.phase_tables import read_records


def main(table: Path) -> None:
    """Write the corrections fitted to the tables in use to the file ``table``."""
    table.write_text(to_csv(fit(observations(read_records()))[0]), encoding="utf-8")


if __name__ == "__main__":
    main(Path(__file__).parents[1] / "data" / "corrections.csv")
