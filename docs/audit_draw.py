"""Draws rows of the data files at random, for a reader to trace each number to its source.

``python docs/audit_draw.py 40 2`` draws 40 rows of the phase tables with seed 2 and prints every number that they hold,
with what the row names as its source.  docs/audit.md holds what came of it.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass

from sinterface.models.phases.phase_tables import read_records

NUMBERS = {
    "Hf_kJ_mol": "Hf_source",
    "dft_eV_atom": "dft_source",
    "S298_J_molK": "S298_source",
    "Cp_a": "Cp_source",
    "density_g_cm3": "density_source",
}
"""Columns of the phase tables that hold a number, and the column of its source."""


@dataclass(frozen=True)
class Drawn:
    """One number to trace: ``phase``, ``column``, the text of ``value`` as it stands and the keys of its sources."""

    phase: str
    column: str
    value: str
    source: str


def numbers(phase: str) -> list[Drawn]:
    """Every number of one row that has a source, in order of the columns.  Raises KeyError for a phase there is not.

    >>> [number.column for number in numbers("NiO")]
    ['Hf_kJ_mol', 'dft_eV_atom', 'S298_J_molK', 'Cp_a', 'density_g_cm3']
    """
    row = read_records()[phase].row
    return [Drawn(phase, column, row[column], row[source]) for column, source in NUMBERS.items() if row[column]]


def draw(count: int, seed: int) -> list[str]:
    """That many phases at random, the same for the same seed and the same tables.

    >>> draw(2, 1) == draw(2, 1)
    True
    """
    return random.Random(seed).sample(sorted(read_records()), count)


if __name__ == "__main__":
    for phase in draw(int(sys.argv[1]), int(sys.argv[2])):
        for number in numbers(phase):
            sys.stdout.write(f"| {number.phase} | {number.column} | {number.value} | {number.source} |\n")
