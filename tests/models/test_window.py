"""Inverse questions: windows against direct calls on both sides, convexity, literature, refusals."""

import math
from itertools import pairwise

import numpy as np
import pytest

from sinterface.models.basics.constants import CELSIUS_ZERO, EV_PER_ATOM
from sinterface.models.basics.errors import InputError
from sinterface.models.equilibrium.column_generation import TOLERANCE
from sinterface.models.interface.coatings import coating, coatings
from sinterface.models.interface.reactions import couple, interface_reactions
from sinterface.models.interface.stability import ALLOWED, subject
from sinterface.models.interface.window import driving_force, pressure_windows, temperature_changes, temperature_windows
from sinterface.models.phases.atmosphere import Atmosphere, atmosphere
from sinterface.models.powders import materials

MEV = EV_PER_ATOM * 1e-3
HOT = 700.0 + CELSIUS_ZERO


@pytest.fixture(scope="module")
def garnets(db):
    return {name: subject(materials.find(name, "electrolyte"), db) for name in ("LLZO", "LLZTO")}


@pytest.fixture(scope="module")
def pairs(db):
    garnet = materials.find("LLZTO", "electrolyte")
    return {name: couple(materials.find(name), garnet, db) for name in ("pc-NMC811", "pc-NMC111", "pc-LCO", "pc-LMO")}


# Upper temperatures of LLZO + CO2 -> La2Zr2O7 + La2O3 + Li2CO3, from the calorimetry of both and JANAF, with and
# without the garnet's excess entropy: 1e-7 bar 415-460, 1e-6 465-520, 1e-5 520-590, 4e-4 640-740, 0.1 above 1000 C
CEILINGS = [
    (1e-7, 415.0, 460.0),
    (1e-6, 465.0, 520.0),
    (1e-5, 520.0, 590.0),
    (4e-4, 640.0, 740.0),
    (0.1, 1000.0, 1200.0),
]


@pytest.mark.parametrize(("pCO2", "low", "high"), CEILINGS[:-1])
def test_carbon_dioxide_ceiling_of_the_garnet(garnets, oxygen, pCO2, low, high):
    gas = oxygen.having("pCO2", pCO2)
    changes = temperature_changes(garnets["LLZO"], gas, 500.0, 1500.0)
    assert [change.rising for change in changes] == [False]
    assert low <= changes[0].at - CELSIUS_ZERO <= high
    below, above = (driving_force(garnets["LLZO"], changes[0].at + step, gas) - ALLOWED for step in (-0.1, 0.1))
    assert above < 0.0 < below


@pytest.mark.parametrize(("pCO2", "low", "high"), CEILINGS)
def test_the_zirconate_ends_at_the_ceiling(garnets, oxygen, pCO2, low, high):
    """Above it a garnet only gives some of its Li2O to the gas, as it lacks lithia a little in any."""
    from sinterface.models.interface.stability import decompose

    gas = oxygen.having("pCO2", pCO2)
    cold, hot = (decompose(garnets["LLZO"], T + CELSIUS_ZERO, gas) for T in (low - 60.0, high + 20.0))
    assert "La2Zr2O7" in {product.solid.family for product in cold.formed}
    assert "La2Zr2O7" not in {product.solid.family for product in hot.formed}
    assert hot.per_atom < cold.per_atom


def test_products_of_the_garnet_in_carbon_dioxide(garnets):
    from sinterface.models.interface.stability import decompose

    decomposed = decompose(garnets["LLZO"], 600.0 + CELSIUS_ZERO, atmosphere("O2:pCO2=4e-4"))
    assert set(decomposed.products) == {"La2Zr2O7", "La2O3", "Li2CO3"}


@pytest.mark.parametrize("name", ["LLZO", "LLZTO"])
def test_temperature_and_pressure_are_inverse(garnets, oxygen, name):
    change = temperature_changes(garnets[name], oxygen.having("pCO2", 1e-4), 600.0, 1400.0)[0]
    window = pressure_windows(garnets[name], "pCO2", change.at, oxygen)
    assert window.floor == 0.0
    assert window.ceiling == pytest.approx(1e-4, rel=0.01)


def test_ceiling_rises_with_temperature_and_holds_on_both_sides(garnets, oxygen):
    window = [pressure_windows(garnets["LLZTO"], "pCO2", T, oxygen).ceiling for T in (750.0, 850.0, 950.0, 1050.0)]
    assert all(2.0 * lower < other for lower, other in pairwise(window)), window
    for side, sign in ((0.99, -1.0), (1.01, 1.0)):
        gas = oxygen.having("pCO2", side * window[1])
        assert sign * (driving_force(garnets["LLZTO"], 850.0, gas) - ALLOWED) > 0.0


def test_a_couple_is_no_safer_than_its_electrolyte(garnets, pairs, oxygen):
    alone = pressure_windows(garnets["LLZTO"], "pCO2", HOT, oxygen).ceiling
    for name in ("pc-LCO", "pc-NMC811"):
        assert pressure_windows(pairs[name], "pCO2", HOT, oxygen).ceiling <= alone * 1.01


def test_the_spinel_reacts_in_any_gas(pairs, oxygen):
    """LiMn2O4 takes lithium from the garnet without any CO2."""
    window = pressure_windows(pairs["pc-LMO"], "pCO2", HOT, oxygen)
    assert (window.intervals, window.ceiling, window.floor) == ((), 0.0, math.inf)
    assert temperature_windows(pairs["pc-LMO"], oxygen, 700.0, 1200.0) == ()


@pytest.mark.parametrize("species", ["pO2", "pCO2", "pH2O"])
@pytest.mark.parametrize("name", ["pc-NMC811", "pc-LMO"])
def test_driving_force_is_convex_in_the_logarithm_of_a_pressure(pairs, oxygen, name, species):
    decades = np.linspace(-9.0, 0.0, 19)
    force = np.array([driving_force(pairs[name], 900.0, oxygen.having(species, 10.0**e)) for e in decades])
    assert np.all(force[:-2] + force[2:] - 2.0 * force[1:-1] > -2.0 * TOLERANCE)
    if species != "pO2":
        assert np.all(np.diff(force) > -TOLERANCE)
    elif name == "pc-NMC811":  # oxygen is given off in little of it
        assert force[0] > force[-1]


def test_oxygen_window_has_a_floor(pairs, oxygen):
    warm = 900.0 + CELSIUS_ZERO
    window = pressure_windows(pairs["pc-NMC111"], "pO2", warm, oxygen)
    ((low, high),) = window.intervals
    assert (window.floor, high) == (low, 1.0)
    assert window.ceiling == 0.0  # it reacts in the least oxygen searched
    for side, sign in ((0.97, 1.0), (1.03, -1.0)):
        assert sign * (driving_force(pairs["pc-NMC111"], warm, oxygen.having("pO2", side * low)) - ALLOWED) > 0.0


def test_windows_of_temperature_in_a_couple(pairs, oxygen):
    pair = pairs["pc-NMC111"]
    windows = temperature_windows(pair, oxygen, 573.15, 1373.15)
    changes = temperature_changes(pair, oxygen, 573.15, 1373.15)
    edges = [edge for window in windows for edge in window if edge not in (573.15, 1373.15)]
    np.testing.assert_allclose(edges, [change.at for change in changes])
    assert edges
    for change in changes:
        for step in (-3.0, 3.0):
            excess = driving_force(pair, change.at + step, oxygen) - ALLOWED
            assert (excess > 0.0) == (change.rising == (step > 0.0))


def test_more_allowed_is_a_wider_window(garnets, oxygen):
    window = [pressure_windows(garnets["LLZO"], "pCO2", HOT, oxygen, allowed=n * MEV).ceiling for n in (0.1, 1.0, 10.0)]
    assert window[0] < window[1] < window[2]


def test_beyond_leaves_out_what_each_side_does_alone(pairs, oxygen):
    for name in ("pc-NMC811", "pc-LCO"):
        for gas in (oxygen, oxygen.having("pCO2", 1e-2), oxygen.having("pO2", 1e-5)):
            both, contact = (driving_force(pairs[name], HOT, gas, beyond=beyond) for beyond in (False, True))
            assert -TOLERANCE < contact < both + TOLERANCE
    in_carbon_dioxide = oxygen.having("pCO2", 1.0)  # the garnet goes by itself
    assert driving_force(pairs["pc-LCO"], HOT, in_carbon_dioxide) > 50.0 * MEV
    assert driving_force(pairs["pc-LCO"], HOT, in_carbon_dioxide, beyond=True) < 10.0 * MEV


def test_driving_force_is_that_of_the_profile(db, pairs, oxygen):
    reactions = interface_reactions(pairs["pc-LMO"].cathode, pairs["pc-LMO"].electrolyte, HOT, oxygen, db)
    assert driving_force(pairs["pc-LMO"], HOT, oxygen) == pytest.approx(-reactions.strongest.energy, abs=TOLERANCE)
    most = min(kink.beyond for kink in reactions.kinks)
    assert driving_force(pairs["pc-LMO"], HOT, oxygen, beyond=True) == pytest.approx(-most, abs=TOLERANCE)


def test_the_same_twice(pairs, oxygen):
    window, other = (pressure_windows(pairs["pc-NMC811"], "pO2", HOT, oxygen) for _ in range(2))
    assert window == other


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"species": "pNO"}, "unknown gas axis 'pNO'.*choices are pCO, pCO2, pH2, pH2O, pO2"),
        ({"temperature": 200.0}, "temperature 200 K: must lie between 273.15 and 1773.15"),
        ({"temperature": math.nan}, "temperature nan K"),
        ({"low": 0.0}, "pCO2 0 to 1 bar: must be ascending, above 0, up to 100"),
        ({"low": 2.0}, "pCO2 2 to 1 bar: must be ascending"),
        ({"high": 1e3}, "up to 100"),
    ],
)
def test_refusals(garnets, oxygen, keywords, message):
    asked = {"species": "pCO2", "temperature": 900.0, "atmosphere": oxygen} | keywords
    with pytest.raises(InputError, match=message):
        pressure_windows(garnets["LLZO"], **asked)


def test_temperatures_out_of_order(garnets, oxygen):
    for ask in (temperature_changes, temperature_windows):
        with pytest.raises(InputError, match=r"temperatures \[K\] 900 to 800: must be ascending"):
            ask(garnets["LLZO"], oxygen, 900.0, 800.0)


@pytest.fixture(scope="module")
def sides():
    return materials.find("pc-LMO"), materials.find("LLZTO", "electrolyte")


def test_coatings_are_ranked_by_the_worse_face(db, oxygen, sides):
    ranked = coatings(*sides, HOT, oxygen, db)
    assert {entry.coating.id for entry in ranked} == set(materials.built_in("coating"))
    assert [entry.score for entry in ranked] == sorted((entry.score for entry in ranked), reverse=True)
    for entry in ranked:
        inner = interface_reactions(sides[0], entry.coating, HOT, oxygen, db).strongest.energy
        outer = interface_reactions(entry.coating, sides[1], HOT, oxygen, db).strongest.energy
        assert entry.energies == (inner, outer)
        assert entry.score == min(inner, outer)
        assert entry.helps == entry.score - interface_reactions(*sides, HOT, oxygen, db).strongest.energy
        assert entry.alone >= entry.score


def test_coating_with_one_of_the_sides_changes_nothing(db, oxygen, sides):
    for layer in sides:
        (entry,) = coatings(*sides, HOT, oxygen, db, [layer])
        assert entry.helps == pytest.approx(0.0, abs=TOLERANCE)
        assert max(entry.energies) == pytest.approx(entry.alone, abs=TOLERANCE)


def test_order_of_the_candidates_does_not_matter(db, oxygen, sides):
    names = ["Li2ZrO3", "La2Zr2O7", "LiNbO3"]
    forth, other = (coatings(*sides, HOT, oxygen, db, order) for order in (names, names[::-1]))
    assert [(c.coating.id, c.score) for c in forth] == [(c.coating.id, c.score) for c in other]


def test_a_phase_or_a_formula_is_a_coating(db):
    assert coating("linbo3", db) == materials.built_in("coating")["LiNbO3"]
    assert coating("LPO", db).id == "Li3PO4"
    assert coating("Li7La3Zr2O12-cubic", db).composition == db["Li7La3Zr2O12-cubic"].amounts
    assert coating("La2Zr2O7", db).structure == "pyrochlore"
    with pytest.raises(InputError, match=r"unknown coating 'paint'.*choices are Li2ZrO3, Li3BO3.*or a formula"):
        coating("paint", db)
    assert coating("Ta2Li2O6", db).composition == db["LiTaO3"].amounts
    with pytest.raises(InputError, match="no compound of the database"):
        coating("Li17TaO11", db)


def test_gas_with_another_pressure():
    gas = atmosphere("air").having("pCO2", 1e-5)
    assert (gas.pO2, gas.pCO2, gas.pH2O) == (atmosphere("air").pO2, 1e-5, atmosphere("air").pH2O)
    assert atmosphere(gas.name) == gas
    assert gas != Atmosphere("air", 0.2)
    with pytest.raises(InputError, match=r"unknown gas axis 'CO2'.*choices are pCO, pCO2, pH2, pH2O, pO2"):
        gas.having("CO2", 1.0)
    with pytest.raises(InputError, match="partial pressures lie between"):
        gas.having("pCO2", -1.0)
