"""What air has made of a powder: reading it, the garnet that is left, and the water that leaves in two steps."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.basics.errors import InputError
from sinterface.models.powders import exposure, materials
from sinterface.models.powders.exposure import Exposure, read, water_left

GARNET = {"Li": 6.4, "La": 3.0, "Zr": 1.4, "Ta": 0.6, "O": 12.0}


def test_reading():
    assert read("H=0.4, Li2CO3 = 2 %,LiOH=1.,H2O=0.5") == Exposure(0.4, 2.0, 1.0, 0.5)
    assert read("Li2CO3=2") == Exposure(carbonate=2.0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "nothing is given"),
        (" , ", "nothing is given"),
        ("H", "'H' is not understood: write e.g."),
        ("H=-1", "is not understood"),
        ("H=0.4 Li2CO3=2", "is not understood"),
        ("h=0.4", "unknown part of an exposure 'h'.*choices are H, H2O, Li2CO3, LiOH"),
        ("Li2CO3=" + "9" * 400, "is no amount"),
        ("Li2CO3=30,LiOH=30", "over 50 wt%"),
    ],
)
def test_what_can_not_be_read_is_named(text, told):
    with pytest.raises(InputError, match=told) as caught:
        read(text)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 300


@given(st.text(alphabet="H2OLiC3=.,% 0149-e", max_size=30))
def test_no_text_crashes_the_reader(text):
    try:
        state = read(text)
    except InputError as error:
        assert len(str(error)) < 300
        return
    assert all(value >= 0.0 for value in dataclasses.astuple(state))


def test_protons_leave_as_water_with_half_as_much_oxygen():
    """Li5.6H0.8La3Zr1.4Ta0.6O12 -> Li5.6La3Zr1.4Ta0.6O11.6 + 0.4 H2O: charges balance, no cation of the frame goes."""
    dry = Exposure(protons=0.8).dry(GARNET)
    assert dry == pytest.approx(GARNET | {"Li": 5.6, "O": 11.6})
    charges = {"Li": 1, "La": 3, "Zr": 4, "Ta": 5, "O": -2}
    assert sum(charges[symbol] * amount for symbol, amount in dry.items()) == pytest.approx(0.0)
    assert Exposure().dry(GARNET) == GARNET


@pytest.mark.parametrize("protons", [6.4, 7.0, 1e6])
def test_no_more_protons_than_lithium(protons):
    with pytest.raises(InputError, match=r"lithium, of which there are 6\.4 per formula unit"):
        Exposure(protons=protons).dry(GARNET)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e-9])
@pytest.mark.parametrize("field", ["protons", "carbonate", "hydroxide", "water"])
def test_amounts_are_amounts(field, value):
    with pytest.raises(InputError, match="is no amount"):
        Exposure(**{field: value})


def test_scaling_leaves_adsorbed_water():
    card = Exposure(0.4, 2.0, 1.0, 0.5, estimate=True)
    assert card.calibrated(0.5) == Exposure(0.2, 1.0, 0.5, 0.5, estimate=True)
    stated = Exposure(0.4, 2.0, 1.0, 0.5)
    assert stated.calibrated(0.5) == stated


def test_water_leaves_in_two_steps_and_does_not_come_back():
    """Adsorbed water between 200 and 250 °C, protons between 350 and 500 °C; a hotter past leaves no more."""
    celsius = (25.0, 200.0, 225.0, 250.0, 350.0, 425.0, 500.0, 1000.0)
    left = [water_left(T + CELSIUS_ZERO) for T in celsius]
    assert [first for first, _ in left] == pytest.approx([1.0, 1.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert [second for _, second in left] == pytest.approx([1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.0, 0.0])


def test_cards_state_what_air_has_made_of_powders():
    """Only cards that say so, within what the structure can hold; the keys are those of the command line."""
    told = {name: powder.as_received for name, powder in materials.built_in().items() if powder.as_received}
    assert "LLZTO" in told
    for name, state in told.items():
        powder = materials.built_in()[name]
        assert max(dataclasses.astuple(state)) > 0.0, name
        assert state.dry(powder.composition)["Li"] > 0.0, name
        if powder.role != "electrolyte":
            assert state.protons == 0.0, f"{name}: protons are of garnets"
    assert {*exposure.KEYS.values(), "estimate"} == {field.name for field in dataclasses.fields(Exposure)}
