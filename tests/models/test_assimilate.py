"""Stabilities: shipped table, facts that hold, facts that can not."""

import csv
import re
import tomllib
from importlib import resources

import numpy as np
import pytest

from sinterface.models.basics.constants import CELSIUS_ZERO, EV_PER_ATOM
from sinterface.models.basics.errors import DataError
from sinterface.models.equilibrium import column_generation
from sinterface.models.evidence import assimilate
from sinterface.models.evidence.assimilate import TOLERANCE, Fact
from sinterface.models.phases.atmosphere import atmosphere

DATA = resources.files("sinterface.models.data")
SHIPPED = {
    row["phase"]: row
    for row in csv.DictReader(DATA.joinpath("adjustments.csv").read_text(encoding="utf-8").splitlines())
}
CARDS = tomllib.loads(DATA.joinpath("stability.toml").read_text(encoding="utf-8"))["fact"]


@pytest.fixture(scope="module")
def changes(raw):
    return assimilate.assimilate(raw, assimilate.facts())


def test_shipped_table_is_a_fresh_run(raw, changes):
    assert list(changes) == list(SHIPPED)
    for phase, change in changes.items():
        # the order of equal decompositions is round-off, and so are changes within a twentieth of the uncertainty
        slack = 0.05 * assimilate.uncertainty(raw[phase])
        assert float(SHIPPED[phase]["change_kJ_mol"]) * 1e3 == pytest.approx(change, abs=max(slack, 5.0)), phase
        assert float(SHIPPED[phase]["G_sd_kJ_mol"]) * 1e3 == pytest.approx(
            assimilate.uncertainty(raw[phase]), abs=1.0
        ), phase


def test_embedded_database_is_adjusted(db, raw):
    moved = {phase for phase in raw.solids if db[phase].enthalpy != raw[phase].enthalpy}
    assert moved == set(SHIPPED)
    for phase, row in SHIPPED.items():
        assert db[phase].enthalpy - raw[phase].enthalpy == pytest.approx(float(row["change_kJ_mol"]) * 1e3, abs=0.1)
        assert db[phase].enthalpy_sd == raw[phase].enthalpy_sd


def test_every_fact_holds_afterwards(db, raw):
    assert assimilate.violations(raw, assimilate.facts(), {})  # there is something to do
    assert assimilate.violations(db, assimilate.facts(), {}) == []


def test_no_change_is_far_out(raw, changes):
    pulls = {phase: change / assimilate.uncertainty(raw[phase]) for phase, change in changes.items()}
    assert max(map(abs, pulls.values())) <= 2.5, pulls
    assert sum(pull**2 for pull in pulls.values()) < len(CARDS)  # chi-squared of the whole


def test_the_least_change_is_taken(raw):
    """One violated fact, one decomposition: the change is along sd^2 times the reaction, to the bound, no further."""
    fact = [Fact({"Li": 8.0, "Zr": 1.0, "O": 6.0}, "", (973.15,), "test")]
    ((reaction, gain),) = assimilate.violations(raw, fact, {})
    changes = assimilate.assimilate(raw, fact)
    weights = {phase: n * assimilate.uncertainty(raw[phase]) ** 2 for phase, n in reaction.items()}
    scale = (gain - assimilate.ALLOWED) / sum(n * weights[phase] for phase, n in reaction.items())
    expected = {phase: scale * weight for phase, weight in weights.items() if abs(scale * weight) > 1.0}
    assert changes == pytest.approx(expected, rel=1e-6, abs=1.0)
    assert assimilate.violations(raw, fact, changes) == []


def test_reactions_of_the_cuts_balance(raw):
    for reaction, gain in assimilate.violations(raw, assimilate.facts(), {}):
        assert gain > TOLERANCE
        total: dict[str, float] = {}
        for phase, moles in reaction.items():
            for symbol, n in raw[phase].amounts.items():
                total[symbol] = total.get(symbol, 0.0) + moles * n
        metals = [n for symbol, n in total.items() if symbol not in ("O", "C", "H")]
        np.testing.assert_allclose(metals, 0.0, atol=1e-6)


def test_contradictions_are_refused(raw):
    """In O2 cobalt is CoO above and Co3O4 below 950 C: no enthalpies make it the other way round."""
    hot = Fact({"Co": 3.0, "O": 4.0}, "", (1673.15,), "test")
    cold = Fact({"Co": 1.0, "O": 1.0}, "", (573.15,), "test")
    assert assimilate.assimilate(raw, [hot])
    with pytest.raises(DataError, match="contradict each other"):
        assimilate.assimilate(raw, [hot, cold])


def test_a_fact_about_nothing_is_refused(raw):
    with pytest.raises(DataError, match="is no phase of the database"):
        assimilate.violations(raw, [Fact({"Li": 9.0, "O": 1.0}, "", (900.0,), "test")], {})
    with pytest.raises(DataError, match="no spinel solution holds"):
        assimilate.violations(raw, [Fact({"Li": 1.0, "Co": 1.0, "O": 2.0}, "spinel", (900.0,), "test")], {})


def test_no_fact_is_about_a_couple(bibliography):
    """One composition each, no word about a second material, temperatures within the tables."""
    for card in CARDS:
        assert set(card) <= {"composition", "structure", "gas", "T_C", "source", "note"}, card
        assert not re.search(r"[+|/:]|\bwith\b", card["composition"]), card
        words = r"couple|interface|mixture|reacts?\b|composite|against|co-?sinter|cathode|electrolyte"
        assert not re.search(words, card["note"], re.IGNORECASE), card
        assert {"Zr", "Ta", "Nb"}.isdisjoint(card["composition"]) or "Ni" not in card["composition"], card
        assert card["source"] in bibliography, card
        assert all(300 <= T <= 1500 for T in card["T_C"]), card


def test_facts_hold_where_reactions_are_computed(db):
    """A fact's own material must not decompose by more than 1 meV/atom, solutions refined."""
    wrong = {}
    known = assimilate.facts()
    for fact, case in zip(known, assimilate.cases(db, known, sorted(db.solids)), strict=True):
        for T in case.temperatures:
            omega = case.system.phases.grand_potential(T, atmosphere(fact.gas))
            total = case.system.phases.composition[case.row]
            equilibrium = column_generation.equilibrium(case.system, omega, T, total).answer
            gain = (omega[case.row] - equilibrium.energy) / case.system.phases.atoms[case.row] / EV_PER_ATOM * 1e3
            if gain > 1.0:
                wrong[case.system.phases.ids[case.row], round(T - CELSIUS_ZERO)] = round(gain, 2)
    assert not wrong


def test_csv_states_the_ratio(raw, changes):
    rows = list(csv.DictReader(assimilate.to_csv(raw, changes).splitlines()))
    assert [row["phase"] for row in rows] == list(changes)
    for row in rows:
        ratio = float(row["change_kJ_mol"]) / float(row["G_sd_kJ_mol"])
        assert float(row["change_over_sd"]) == pytest.approx(ratio, abs=0.01)


def test_a_database_without_faults_is_left_alone(db):
    assert assimilate.assimilate(db, assimilate.facts()) == {}
