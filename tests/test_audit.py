"""The page of audits agrees with the data files, and its draw can be repeated."""

import sys
from pathlib import Path

import pytest

from sinterface.models.phases.phase_tables import read_records

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
sys.path.insert(0, str(ROOT / "docs"))

import audit_draw  # noqa: E402


def table(heading):
    """Rows of the first table under a heading, its head left out, as lists of cells."""
    lines = PAGE.partition(heading)[2].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|---"))
    rows = []
    for line in lines[start + 1 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_twenty_four_numbers_agree_with_the_tables():
    records, rows = read_records(), table("## Twenty-four deciding numbers")
    assert len(rows) == 24
    for phase, value, source, second, how_many in rows:
        record = records[phase]
        if record.enthalpy is None:
            assert value == f"{record.row['dft_eV_atom']} eV/atom"
            assert record.row["dft_source"] in source
        else:
            number, _, deviation = value.partition(" ± ")
            assert float(number) * 1e3 == pytest.approx(record.enthalpy, abs=60.0), phase
            assert float(deviation) * 1e3 == pytest.approx(record.enthalpy_sd), phase
            assert all(key in source for key in record.row["Hf_source"].replace(";", " ").split()), phase
        assert second and how_many.partition(":")[0].split(",")[0].split()[0] in {"one", "two", "none"}, phase


def test_every_verdict_is_of_a_number_of_the_tables():
    rows = table("## Second audit, seed 2")
    assert len({row[0] for row in rows}) == 40
    for phase, column, value, source, verdict in rows:
        assert audit_draw.Drawn(phase, column, value, source) in audit_draw.numbers(phase)
        assert verdict


def test_a_draw_can_be_repeated():
    assert audit_draw.draw(40, 2) == audit_draw.draw(40, 2) != audit_draw.draw(40, 3)
    assert len(set(audit_draw.draw(40, 2))) == 40
