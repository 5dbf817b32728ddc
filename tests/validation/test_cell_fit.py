"""The parameters of cells fitted anew: what is written into ``cell.toml``, and what it is held against."""

import tomllib
from importlib.resources import files

import pytest

from sinterface.models.basics.errors import DataError
from sinterface.models.instruments.cell import Contact
from sinterface.validation.calibration import cell_fit


def test_a_new_fit_changes_four_numbers_and_nothing_else():
    text = (files("sinterface.models.data") / "cell.toml").read_text(encoding="utf-8")
    written = cell_fit.refitted(text, Contact(0.25, 0.75), Contact(0.5, 0.25))
    before, after = tomllib.loads(text), tomllib.loads(written)
    assert after["contact"] == before["contact"] | {
        "untouched": 0.25, "untouched_sd": 0.25, "percolation": 0.75, "percolation_sd": 0.5
    }  # fmt: skip
    assert {name: table for name, table in after.items() if name != "contact"} == {
        name: table for name, table in before.items() if name != "contact"
    }


def test_a_file_without_the_numbers_is_left():
    with pytest.raises(DataError, match="percolation stands there 0 times"):
        cell_fit.refitted("untouched = 0.1\nuntouched_sd = 0.2\n", Contact(0.5, 0.4), Contact(0.6, 0.5))


def test_what_was_measured_is_what_the_paper_says():
    """-40 % and -63 % at 0.1C, resistance 1 : 2 : 4 : 8; the single crystal loses 48 % unfired and at 900 °C."""
    assert [round(cell.capacity, 2) for cell in cell_fit.POLYCRYSTAL] == [0.80, 0.60, 0.37]
    assert [cell.charge_transfer for cell in cell_fit.POLYCRYSTAL] == [2.0, 4.0, 8.0]
    assert [cell.capacity for cell in cell_fit.SINGLE] == [0.52, 0.52]


def test_an_unfired_cell_has_no_products():
    assert cell_fit.observed(cell_fit.POLYCRYSTAL[0]).products.covered == 0.0
    with pytest.raises(SystemExit):
        cell_fit.main(["a", "b"])
