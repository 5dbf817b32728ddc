"""Decomposition of single solids and materials: signs, products, temperatures, refusals."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import linprog

from sinterface.models.basics.constants import CELSIUS_ZERO, EV_PER_ATOM, GAS_CONSTANT, T_MAX
from sinterface.models.basics.errors import InputError
from sinterface.models.equilibrium.column_generation import TOLERANCE
from sinterface.models.interface.coatings import coating
from sinterface.models.interface.reactions import interface_reactions
from sinterface.models.interface.stability import (
    ALLOWED,
    decompose,
    decomposition,
    decomposition_temperature,
    sign_changes,
    subject,
)
from sinterface.models.phases.atmosphere import Atmosphere, atmosphere
from sinterface.models.phases.database import Database
from sinterface.models.phases.gases import gas
from sinterface.models.phases.phaseset import ABSENT, phase_set
from sinterface.models.powders import materials

DRY = atmosphere("dry-air")
MEV = EV_PER_ATOM * 1e-3


def garnet(name):
    return materials.find(name, "electrolyte")


def nickelate():
    return materials.find("LiNiO2", structure="layered")


# docs/thermochemistry.md: Co3O4 910, Mn2O3 880 degrees C in air, each within 30 (robie1995)
OXIDES = [("Co3O4", "CoO", 910.0), ("Mn2O3", "Mn3O4", 880.0)]


@pytest.mark.parametrize(("phase", "product", "celsius"), OXIDES)
def test_oxides_of_cobalt_and_manganese_in_air(db, phase, product, celsius):
    case = subject(db[phase], db)
    changes = sign_changes(case, DRY, 900.0, 1400.0)
    assert [change.rising for change in changes] == [True]
    assert changes[0].at - CELSIUS_ZERO == pytest.approx(celsius, abs=30.0)
    assert decomposition_temperature(db[phase], DRY, db, 900.0) == pytest.approx(changes[0].at, abs=0.02)
    below, above = (decompose(case, changes[0].at + step, DRY) for step in (-0.1, 0.1))
    assert below.energy < 0.0 < above.energy
    assert set(above.products) == {product}


def test_manganese_dioxide_turns_into_the_sesquioxide_and_this_into_the_spinel(db):
    """Below the lower change Mn2O3 takes up oxygen: a stable window between two changes."""
    changes = sign_changes(subject(db["Mn2O3"], db), DRY)
    assert [change.rising for change in changes] == [False, True]
    assert decomposition_temperature(db["Mn2O3"], DRY, db) == pytest.approx(298.15)  # it is not stable to begin with


@pytest.mark.parametrize("T", [800.0, 950.0, 1100.0])
def test_carbonate_decomposes_where_its_pressure_says(db, T):
    """Li2CO3 = Li2O + CO2 by hand: at p = exp(-dG/RT) the temperature comes back.

    Of the melt and the solid the other is a product, so the comparison is with the lower of the two.
    """
    lower = min(("Li2CO3", "Li2CO3-liquid"), key=lambda name: float(db[name].gibbs(T)))
    dG = float(db["Li2O"].gibbs(T)) + float(gas("CO2").gibbs(T)) - float(db[lower].gibbs(T))
    there = Atmosphere("x", 1.0, math.exp(-dG / (GAS_CONSTANT * T)))
    ceiling = decomposition_temperature(db[lower], there, db, T - 50.0, T + 50.0)
    assert ceiling == pytest.approx(T, abs=0.05)
    assert decomposition(db[lower], T + 1.0, there, db).products == pytest.approx({"Li2O": 0.5})


@pytest.mark.parametrize("phase", ["La2Zr2O7", "Li2ZrO3", "LiTaO3", "Co3O4", "Li3PO4"])
@pytest.mark.parametrize("T", [600.0, 1100.0])
def test_same_energy_as_another_algorithm(db, phase, T):
    """Compounds whose elements form no solutions without them: a plain linear programme over the others."""
    solid, where = db[phase], Atmosphere("x", 0.2, 1e-4, 1e-5)
    components = tuple(sorted(set(solid.amounts) - set("OCH")))
    others = [s for s in db.within(components) if s.id != phase and s.cations > 0.0]
    table = phase_set([*others, solid], components)
    omega = table.grand_potential(T, where)
    expected = linprog(omega[:-1] * 1e-5, A_eq=table.composition[:-1].T, b_eq=table.composition[-1], method="highs-ds")
    result = decomposition(solid, T, where, db)
    assert result.energy == pytest.approx(omega[-1] - expected.fun * 1e5, abs=TOLERANCE)
    made = sum(
        moles * np.array([db[name].amounts.get(s, 0.0) for s in components]) for name, moles in result.products.items()
    )
    np.testing.assert_allclose(made, table.composition[-1], atol=1e-6)
    assert result.per_atom == pytest.approx(result.energy * solid.cations / sum(solid.amounts.values()))


def test_a_computed_only_phase_can_be_asked_about(db):
    hidden = next(s for s in db.solids.values() if not s.observed and s.cations > 0.0)
    result = decomposition(hidden, 900.0, DRY, db)
    assert hidden.id not in result.products
    assert abs(result.per_atom) < EV_PER_ATOM


def test_a_carbonate_without_carbon_dioxide_is_lost(db, oxygen):
    result = decomposition(db["Li2CO3"], 600.0, oxygen, db)
    assert result.energy > 0.1 * ABSENT
    assert decomposition_temperature(db["Li2CO3"], oxygen, db, 400.0) == 400.0


def test_polymorphs_count_as_the_material_but_not_as_the_solid(db, oxygen):
    cubic = db["Li7La3Zr2O12-cubic"]
    case = subject(garnet("LLZO"), db)
    assert {s.id for s in case.itself.solids} == {cubic.id, "Li7La3Zr2O12-tetragonal"}
    assert case.mixed  # it lies at an end of the garnets that lack lithia
    assert decomposition(cubic, 500.0, oxygen, db).products == pytest.approx({"Li7La3Zr2O12-tetragonal": 1.0 / 12.0})
    assert decompose(case, 500.0, oxygen).energy == pytest.approx(0.0, abs=TOLERANCE)


@pytest.mark.parametrize("name", ["LLZTO", "Al-LLZO"])
@pytest.mark.parametrize("T", [700.0, 1100.0])
def test_a_solution_is_never_above_its_own_hull(db, name, T):
    case = subject(garnet(name), db)
    assert case.mixed
    for where in (atmosphere("O2"), atmosphere("O2:pCO2=1e-3")):
        assert decompose(case, T, where).energy > -TOLERANCE


def test_products_of_a_solution_balance(db):
    case = subject(garnet("LLZTO"), db)
    decomposed = decompose(case, 800.0, atmosphere("O2:pCO2=1e-3"))
    assert decomposed.per_atom > 10.0 * MEV
    made = sum(
        product.moles * np.array([product.solid.amounts.get(s, 0.0) for s in case.system.components])
        for product in decomposed.formed
    )
    np.testing.assert_allclose(made, case.total, atol=1e-6)
    assert any(product.solid.family == "carbonate" for product in decomposed.formed)
    assert sum(product.amount for product in decomposed.formed) == pytest.approx(1.0)


@pytest.mark.parametrize("where", ["O2:pCO2=1e-3", "O2"])
def test_same_as_the_end_of_a_reaction_profile(db, where):
    material = garnet("LLZTO")
    decomposed = decompose(subject(material, db), 850.0, atmosphere(where)).per_atom
    end = interface_reactions(materials.find("pc-LCO"), material, 850.0, atmosphere(where), db).kinks[0]
    assert decomposed == pytest.approx(-end.energy, abs=TOLERANCE)


def test_lithium_nickel_oxide_is_lost_earlier_with_less_oxygen(db):
    """Made pure at 700 to 800 degrees C in O2 (price2023), it loses lithium above; in air at about 700 (KITopen
    1000153937), where CO2 takes part, which these gases lack."""
    ceilings = [decomposition_temperature(nickelate(), Atmosphere("x", p), db, 700.0) for p in (1.0, 0.2, 1e-2, 1e-3)]
    assert all(higher > other + 10.0 for higher, other in pairwise(ceilings)), ceilings
    assert 800.0 < ceilings[0] - CELSIUS_ZERO < 950.0
    assert 750.0 < ceilings[1] - CELSIUS_ZERO < 850.0
    case = subject(nickelate(), db)
    below, above = (decompose(case, ceilings[0] + step, Atmosphere("x", 1.0)) for step in (-1.0, 1.0))
    assert below.per_atom < ALLOWED < above.per_atom
    assert {product.solid.family for product in above.formed} <= {"layered", "Li2O", "rock salt"}


def test_less_is_allowed_earlier_is_the_onset(db, oxygen):
    ceilings = [decomposition_temperature(nickelate(), oxygen, db, allowed=n * MEV) for n in (1.0, 2.0, 5.0)]
    assert ceilings[0] < ceilings[1] < ceilings[2]
    assert decomposition_temperature(nickelate(), oxygen, db) == ceilings[0]  # the default


def test_stable_throughout(db, oxygen):
    assert decomposition_temperature(db["La2Zr2O7"], oxygen, db, 600.0, 1200.0) is None
    assert sign_changes(subject(db["La2Zr2O7"], db), oxygen, 600.0, 1200.0) == ()


def test_order_of_the_tables_does_not_matter(db):
    turned = Database(dict(reversed(db.solids.items())), db.fingerprint)
    where = atmosphere("O2:pCO2=1e-4")
    for of in (db["Li2ZrO3"], garnet("LLZTO")):
        first, other = (decomposition(of, 800.0, where, data) for data in (db, turned))
        again = decomposition(of, 800.0, where, db)
        assert (first.energy, first.products) == (again.energy, again.products)
        assert first.energy == pytest.approx(other.energy, abs=TOLERANCE)
        assert set(first.products) == set(other.products)


def test_nothing_else_holds_it(db, oxygen):
    with pytest.raises(InputError, match="ZrO2: no other phases of the database make up its composition"):
        decomposition(coating("ZrO2", db), 900.0, oxygen, db)  # but for its own polymorphs


@pytest.mark.parametrize(("low", "high"), [(900.0, 800.0), (900.0, 900.0), (100.0, 900.0), (900.0, T_MAX + 1.0)])
def test_temperatures_out_of_order_or_reach(db, oxygen, low, high):
    with pytest.raises(InputError, match=r"must be ascending, between 273.15 and 1773.15"):
        decomposition_temperature(db["Li2ZrO3"], oxygen, db, low, high)
