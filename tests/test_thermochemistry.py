"""The page on the database is today's, and what it claims holds."""

from pathlib import Path

import pytest

from sinterface.models.basics.constants import EV_PER_ATOM
from sinterface.models.phases import corrections, database
from sinterface.models.phases.phase_tables import read_records
from sinterface.validation.scores import thermochemistry

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("check", list(thermochemistry.checks()), ids=lambda check: check.name)
def test_quantity_lies_within_its_bounds(check):
    assert check.passed, f"{check.computed} against {check.reported} {check.unit}"


def test_corrections_predict_mixed_oxides_within_25_meV_per_atom():
    _, left_out = corrections.fit(database.observations(read_records()))
    assert corrections.rms(left_out, "mixed oxide") / EV_PER_ATOM * 1e3 < 25.0


def test_every_exception_is_of_a_kind_that_is_explained():
    for one in thermochemistry.residuals():
        if abs(one.value) > thermochemistry.EXCEPTION:
            amounts = read_records()[one.phase].amounts
            assert {"C", "H"} & set(amounts) or len(amounts) == 2, one.phase


def test_the_page_in_the_docs_is_todays():
    text = (ROOT / "docs" / "thermochemistry.md").read_text(encoding="utf-8")
    assert text == thermochemistry.page(), "run python -m sinterface.validation.scores.thermochemistry"
