"""The page on the database is today's, and what it claims holds."""

import re
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


NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def test_the_page_in_the_docs_is_todays():
    """Words alike, numbers alike but for the last digit printed, which another processor rounds differently."""
    text = (ROOT / "docs" / "thermochemistry.md").read_text(encoding="utf-8")
    fresh = thermochemistry.page()
    assert NUMBER.sub("#", text) == NUMBER.sub("#", fresh), "run python -m sinterface.validation.scores.thermochemistry"
    old, new = ([float(number) for number in NUMBER.findall(one)] for one in (text, fresh))
    assert old == pytest.approx(new, rel=0.011, abs=0.021), "run python -m sinterface.validation.scores.thermochemistry"
