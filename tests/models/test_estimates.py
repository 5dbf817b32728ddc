"""Charges, and entropies and heat capacities summed from ions."""

import numpy as np
import pytest

from sinterface.models.basics import formula
from sinterface.models.basics.errors import DataError
from sinterface.models.phases import estimates
from sinterface.models.phases.substance import GAS_ELEMENTS

UNBALANCED = {"Li2O2", "NbO"}  # a peroxide and a charge nobody needs: both measured


@pytest.fixture(scope="module")
def table(records):
    return estimates.read_ions(lambda phase: records[phase].entropy, lambda phase: records[phase].cp)


def test_charges_balance_for_every_phase(records):
    for phase, record in records.items():
        ions = estimates.charges(record.amounts)
        if phase in UNBALANCED:
            assert ions is None
            continue
        assert sum(charge * n for (_, charge), n in ions.items()) == pytest.approx(2.0 * record.amounts.get("O", 0.0))
        moles = {}
        for (symbol, _), n in ions.items():
            assert n > 0.0, phase
            moles[symbol] = moles.get(symbol, 0.0) + n
        assert moles == pytest.approx({s: n for s, n in record.amounts.items() if s != "O"}), phase


@pytest.mark.parametrize(
    ("text", "ions"),
    [
        ("LiNi0.5Mn1.5O4", {("Ni", 2): 0.5, ("Mn", 4): 1.5}),
        ("La2MnNiO6", {("Ni", 2): 1, ("Mn", 4): 1}),
        ("La2MnCoO6", {("Co", 2): 1, ("Mn", 4): 1}),
        ("LaCoO3", {("Co", 3): 1}),
        ("LaNiO3", {("Ni", 3): 1}),
        ("LiMn2O4", {("Mn", 3): 1, ("Mn", 4): 1}),
        ("Li2MnO3", {("Mn", 4): 1}),
        ("Li2NiO3", {("Ni", 4): 1}),
        ("La4LiNiO8", {("Ni", 3): 1}),
        ("LiNi0.8Mn0.1Co0.1O2", {("Ni", 2): 0.1, ("Ni", 3): 0.7, ("Mn", 4): 0.1, ("Co", 3): 0.1}),
        ("LiNi0.5Mn0.5O2", {("Ni", 2): 0.5, ("Mn", 4): 0.5}),
        ("LiFePO4", {("Fe", 2): 1}),
        ("Co3O4", {("Co", 2): 1, ("Co", 3): 2}),
        ("Mn3O4", {("Mn", 2): 1, ("Mn", 3): 2}),
        ("Li4Ti5O12", {("Ti", 4): 5}),
    ],
)
def test_known_charges(text, ions):
    found = estimates.charges(formula.parse(text))
    assert {ion: n for ion, n in found.items() if ion[0] in estimates.LOWEST_CHARGE} == pytest.approx(ions)


@pytest.mark.parametrize("text", ["NaCl", "LiO5", "Li3O", "Ni2O", "NiO3", "V2O5"])
def test_no_balance_no_charges(text):
    assert estimates.charges(formula.parse(text)) is None


@pytest.mark.parametrize("text", ["NaCl", "LiO5"])
def test_no_estimate_without_charges(table, text):
    with pytest.raises(DataError, match=r"no entropy can be estimated.*give S298_J_molK"):
        table.estimate(formula.parse(text))


def ternary_errors(records, table, what):
    """Estimate minus measurement per cation [J/mol/K] of the observed oxides of two or more metals."""
    errors = {}
    for phase, record in records.items():
        cations = {s: n for s, n in record.amounts.items() if s not in GAS_ELEMENTS}
        value = record.entropy if what == "S" else record.cp and float(record.cp(500.0))
        if record.observed and value is not None and len(cations) > 1 and not {"C", "H"} & set(record.amounts):
            entropy, cp = table.estimate(record.amounts)
            errors[phase] = ((entropy if what == "S" else float(cp(500.0))) - value) / sum(cations.values())
    return errors


@pytest.mark.parametrize(("what", "least", "limit"), [("S", 45, 4.0), ("Cp", 20, 5.0)])  # Cp: spin states of Co, Ni
def test_estimates_of_ternary_oxides(records, table, what, least, limit):
    errors = ternary_errors(records, table, what)
    assert len(errors) >= least
    assert np.sqrt(np.mean(np.square(list(errors.values())))) < limit, errors


def test_stated_deviation_covers_what_was_measured(records, table):
    """Without the rows that are estimates themselves, the stated deviation per cation is the rms."""
    errors = ternary_errors(records, table, "S")
    measured = [
        e for phase, e in errors.items() if records[phase].row["S298_source"] not in ("spencer1998", "estimate")
    ]
    assert np.sqrt(np.mean(np.square(measured))) == pytest.approx(table.entropy_sd_per_cation, rel=0.25)


def test_binary_oxides_return_themselves(records, table):
    for phase in ("Li2O", "La2O3", "ZrO2", "NiO", "MnO", "CoO", "Mn2O3", "MnO2", "Ta2O5", "Li2CO3", "LiOH", "Co3O4"):
        entropy, cp = table.estimate(records[phase].amounts)
        assert entropy == pytest.approx(records[phase].entropy), phase
        assert cp(800.0) == pytest.approx(records[phase].cp(800.0)), phase


def test_every_ion_is_plausible(table):
    for ion, values in table.ions.items():
        assert 10.0 < values.entropy < 80.0, ion
        assert 25.0 < float(values.cp(800.0)) < 160.0, ion
