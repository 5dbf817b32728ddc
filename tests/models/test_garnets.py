"""Garnets by formulas that hold more or less lithium than their charges ask for."""

import numpy as np
import pytest

from sinterface.models.basics import formula
from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.basics.errors import InputError
from sinterface.models.equilibrium.chemistry import reactant
from sinterface.models.interface.reactions import couple, reactions_at
from sinterface.models.interface.stability import decompose, subject
from sinterface.models.powders import garnets, materials


def garnet(text):
    return materials.find(text, "electrolyte")


@pytest.mark.parametrize(
    ("text", "lithia"),
    [
        ("Li7La3Zr2O12", 0.0),
        ("Li7.2La3Zr2O12", 0.1),
        ("Li7.2La3Zr2O12.1", 0.1),
        ("Li7.7La3Zr2O12", 0.35),
        ("Li6.4La3Zr1.4Ta0.6O12", 0.0),
        ("Li6.2La3Zr1.4Ta0.6O12", -0.1),
        ("Li6.25Al0.25La3Zr2O12", 0.0),
        ("Li6.5La2.925Ca0.075Zr1.425Sb0.575O12", 0.0),
        ("Li6BaLa2Ta2O12", 0.0),
        ("Li6.5La3Zr1.75W0.25O12", 0.0),
        ("Li6.39La3Zr1.4Ta0.6O12", 0.0),  # rounded
        ("Li12La3Zr2O12", 0.0),  # no garnet with a little lithia
        ("LiCoO2", 0.0),
    ],
)
def test_lithia_beyond_what_charges_ask_for(text, lithia):
    assert garnets.lithia(formula.parse(text)) == pytest.approx(lithia, abs=1e-9)


def test_no_card_is_off_by_lithia():
    for material in materials.built_in("electrolyte").values():
        assert garnets.remark(material) == ""
        assert garnets.split(material) == (material, 0.0)


def test_split_keeps_lithium_and_mass():
    whole = garnet("Li7.2La3Zr2O12.1")
    inner, beside = garnets.split(whole)
    moles = 0.1 * formula.molar_mass({"Li": 2, "O": 1}) / formula.molar_mass(whole.composition)
    assert beside == pytest.approx(100.0 * moles, rel=1e-9)
    assert inner.composition == pytest.approx({"Li": 7.0, "La": 3.0, "Zr": 2.0, "O": 12.0})


def test_energy_is_that_of_garnet_and_lithia(db):
    solid, solution = reactant(garnet("Li7.2La3Zr2O12"), db)
    assert solution == ""
    alone, _ = reactant(garnet("Li7La3Zr2O12"), db)
    for T in (500.0, 1100.0):
        assert float(solid.gibbs(T)) == pytest.approx(float(alone.gibbs(T) + 0.1 * db["Li2O"].gibbs(T)))
    assert solid.amounts["Li"] == pytest.approx(7.2)


def test_reactions_of_a_lithium_rich_garnet_say_how_it_is_read(db, oxygen):
    T = 900.0 + CELSIUS_ZERO
    cathode = materials.find("pc-LCO")
    rich = reactions_at(couple(cathode, garnet("Li7.2La3Zr2O12"), db), [T], oxygen)[0]
    assert "Li7.2La3Zr2O12 is read as Li7La3Zr2O12 with 0.35 wt% of Li2O beside it" in rich.document()["remarks"]
    plain = reactions_at(couple(cathode, garnet("Li7La3Zr2O12"), db), [T], oxygen)[0]
    assert plain.document()["remarks"] == ""
    assert np.isfinite([kink.energy_meV_per_atom for kink in rich.kinks]).all()


def test_a_garnet_short_of_lithia_is_less_stable_by_more(db, oxygen):
    """At 700 °C what lacks lithia gives pyrochlore, the more the more it lacks; the whole garnet gives none."""
    formed = {}
    for lithium in (6.4, 6.2, 5.8):
        decomposed = decompose(subject(garnet(f"Li{lithium}La3Zr1.4Ta0.6O12"), db), 700.0 + CELSIUS_ZERO, oxygen)
        formed[lithium] = sum(p.amount for p in decomposed.formed if p.solid.family == "La2Zr2O7")
    assert formed[6.4] == 0.0
    assert formed[6.2] <= formed[5.8]
    assert formed[5.8] > 0.0


def test_too_little_lithium_is_refused_with_the_end_members(db):
    with pytest.raises(InputError, match="has no energy"):
        reactant(garnet("Li2La3Zr1.4Ta0.6O12"), db)
