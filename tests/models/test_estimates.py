"""Charges, and entropies and heat capacities summed from ions."""

from importlib import resources

import numpy as np
import pytest

from sinterface.models.basics import formula
from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.basics.errors import DataError
from sinterface.models.evidence import fit_corrections
from sinterface.models.phases import estimates
from sinterface.models.phases.substance import GAS_ELEMENTS

UNBALANCED = {"Li2O2", "BaO2", "NbO", "Ni", "Co", "Fe"}  # peroxides, a charge nobody needs, metals: all measured


@pytest.fixture(scope="module")
def table(records):
    return fit_corrections.ion_table(records)


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
    charges = estimates.charges(formula.parse(text))
    assert {ion: n for ion, n in charges.items() if ion[0] in estimates.LOWEST_CHARGE} == pytest.approx(ions)


@pytest.mark.parametrize("text", ["NaCl", "LiO5", "Li3O", "Ni2O", "NiO3", "Cr2O3"])
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


def test_shipped_classes_are_a_fresh_fit(records):
    folder = resources.files("sinterface.models.data")
    assert folder.joinpath("entropy_classes.csv").read_text(encoding="utf-8") == fit_corrections.classes_csv(records)


def test_stated_deviations_cover_what_was_measured(records, table):
    """Measured entropies lie within the deviation of their class as often as a normal error would."""
    measured = list(fit_corrections.measured_residuals(records))
    pulls = [(error - table.classes[kind].mean) / table.classes[kind].sd for _, kind, error in measured]
    assert len(pulls) >= 35
    assert 0.7 < np.sqrt(np.mean(np.square(pulls))) < 1.1
    assert max(map(abs, pulls)) < 3.0


def test_layered_oxides_of_one_lithium_hold_more_entropy_than_their_ions(table):
    """LiCoO2, LiAlO2 and LiFeO2 do by 5 to 13 J/mol/K; lanthanum oxides do not."""
    assert 2.0 < table.classes["LiMO2"].mean < 6.4
    assert abs(table.classes["lanthanum oxide"].mean) < 1.0
    bare = table.estimate({"Li": 1.0, "Ga": 1.0, "O": 2.0})[0]
    assert table.entropy({"Li": 1.0, "Ga": 1.0, "O": 2.0}, "layered")[0] == bare + 2.0 * table.classes["LiMO2"].mean


@pytest.mark.parametrize(
    ("text", "structure", "kind"),
    [
        ("LiGaO2", "wurtzite derivative", "LiMO2"),
        ("LiNi0.5Mn0.5O2", "layered", "LiMO2"),
        ("LiTaO3", "LiNbO3", "other mixed oxide"),
        ("Li2NiO3", "layered", "lithium-rich oxide"),
        ("Li5La3Nb2O12", "garnet", "lanthanum oxide"),
        ("LiNi0.5Mn1.5O4", "spinel", "spinel"),
        ("LiFePO4", "olivine", "salt of B or P"),
        ("Fe3O4", "inverse spinel", estimates.SIMPLE),
        ("LaOOH", "", estimates.SIMPLE),
    ],
)
def test_class_of_a_compound(text, structure, kind):
    assert estimates.entropy_class(formula.parse(text), structure) == kind


def test_class_statistics_by_hand():
    residuals = estimates.class_residuals([("spinel", 2.0), ("spinel", 4.0), ("LiMO2", 6.0)])
    assert residuals["spinel"].mean == pytest.approx(2.0)  # 6 / (2 + 1)
    assert residuals["LiMO2"].mean == pytest.approx(3.0)
    pooled = (0.0 + 4.0 + 9.0) / 3.0
    assert residuals["spinel"].sd == pytest.approx(np.sqrt((4.0 + pooled) / 2.0))
    assert residuals["lanthanum oxide"].mean == 0.0
    assert residuals["lanthanum oxide"].sd == pytest.approx(np.sqrt(pooled))


def test_trivalent_nickel_has_one_entropy(records, table):
    """In LaNiO3, LiNiO2 and, but for the disorder of Li and Ni, in La4LiNiO8."""
    nickel = table.ions["Ni", 3].entropy
    lanthana, lithia = records["La2O3"].entropy, records["Li2O"].entropy
    assert records["LaNiO3"].entropy - 0.5 * lanthana == pytest.approx(nickel)
    assert records["LiNiO2"].entropy - 0.5 * lithia == pytest.approx(nickel, abs=0.1)
    disorder = records["La4LiNiO8"].entropy - 2.0 * lanthana - 0.5 * lithia - nickel
    assert 0.0 < disorder < 11.6  # 2 R ln 2 for all Li and Ni at random
    cobalt = records["LiCoO2"].entropy - 0.5 * lithia
    assert records["La4LiCoO8"].entropy - 2.0 * lanthana - 0.5 * lithia - cobalt == pytest.approx(disorder, abs=0.2)


@pytest.mark.parametrize("phase", ["LiCoO2", "LiNiO2"])
def test_heat_capacity_of_layered_oxides_stays_below_3R_where_their_measured_analogue_does(raw, phase):
    """The spin crossover of Co3O4 is not in them: 1/2 Co3O4 - 1/2 CoO would give 121 J/mol/K at 800 degrees C."""
    limit = 4.0 * 3.0 * GAS_CONSTANT
    below = [T for T in range(300, 1301, 50) if float(raw["LiAlO2"].cp(T)) < limit]
    assert max(below) >= 850
    assert all(float(raw[phase].cp(T)) < limit for T in below)
    assert float(raw[phase].cp(1073.15)) < 1.05 * limit


def test_binary_oxides_return_themselves(records, table):
    for phase in ("Li2O", "La2O3", "ZrO2", "NiO", "MnO", "CoO", "Mn2O3", "MnO2", "Ta2O5", "Li2CO3", "LiOH"):
        entropy, cp = table.estimate(records[phase].amounts)
        assert entropy == pytest.approx(records[phase].entropy), phase
        assert cp(800.0) == pytest.approx(records[phase].cp(800.0)), phase
    assert table.estimate(records["Co3O4"].amounts)[0] == pytest.approx(records["Co3O4"].entropy)  # but not its Cp


def test_every_ion_is_plausible(table):
    for ion, values in table.ions.items():
        assert 10.0 < values.entropy < 80.0, ion
        assert 25.0 < float(values.cp(800.0)) < 160.0, ion
