"""Rates of transformation: cards, limits, the anchors they stand on."""

import tomllib
from importlib import resources

import numpy as np
import pytest

from sinterface.models.basics.constants import BOLTZMANN_OVER_PLANCK, GAS_CONSTANT, T_MAX, T_MIN
from sinterface.models.rates import kinetics
from sinterface.models.rates.kinetics import Transformation

CLASSES = kinetics.embedded()
CARDS = tomllib.loads(resources.files("sinterface.models.data").joinpath("kinetics.toml").read_text(encoding="utf-8"))
HOUR = 3600.0


def test_classes_and_sources(bibliography):
    assert set(CLASSES) == {"reconstructive"}, "every class is used: delete those that nothing reads"
    for card in CARDS["transformation"] + CARDS["anchor"]:
        assert {card["source"], *card.get("also", ())} <= bibliography, card
        assert card["class"] in CLASSES


def test_nothing_belongs_to_one_material():
    assert len(CARDS["transformation"]) == len(CLASSES)
    for card in CARDS["transformation"]:
        assert not {"material", "cathode", "composition", "phase"} & set(card)


@pytest.mark.parametrize("name", CLASSES)
def test_rates_grow_with_temperature(name):
    T = np.linspace(T_MIN, T_MAX, 101)
    k = CLASSES[name](T)
    assert k.shape == T.shape
    assert np.all(k > 0.0)
    assert np.all(np.diff(k) > 0.0)
    assert CLASSES[name].Ea_sd > 0.0


def test_reconstructive_rate_at_400_C():
    assert 1e-6 < CLASSES["reconstructive"](673.0) < 1e-2


def test_the_attempt_frequency_is_eyring():
    """k_B T/h: k0 is tabulated at T0 and proportional to T."""
    rate = CLASSES["reconstructive"]
    assert rate.power == 1.0
    for T in (500.0, 1300.0):
        prefactor = rate(T) * np.exp(rate.Ea / (GAS_CONSTANT * T))
        assert prefactor == pytest.approx(BOLTZMANN_OVER_PLANCK * T, rel=0.01)


def test_arrhenius_by_hand():
    fixed = Transformation(k0=1e8, T0=1.0, power=0.0, Ea=100e3, Ea_sd=1.0)
    assert fixed(1000.0) == pytest.approx(1e8 * np.exp(-100e3 / 8314.462618))
    scaled = Transformation(k0=1e8, T0=500.0, power=1.0, Ea=0.0, Ea_sd=1.0)
    np.testing.assert_allclose(scaled(np.array([250.0, 500.0, 1000.0])), [5e7, 1e8, 2e8])


@pytest.mark.parametrize(("T_C", "hours"), [(400, (0.3, 100.0)), (700, (0.0, 0.01)), (200, (1e4, np.inf))])
def test_reconstructive_window(T_C, hours):
    """LNMO segregates and pyrochlore turns to garnet within hours at 400 C; nothing does at 200 C."""
    needed = 1.0 / CLASSES["reconstructive"](T_C + 273.15) / HOUR
    assert hours[0] <= needed <= hours[1]


@pytest.mark.parametrize(
    "anchor", [card for card in CARDS["anchor"] if card["role"] == "mean"], ids=lambda card: card["id"]
)
def test_anchors_lie_within_the_class(anchor):
    """Each anchor's own barrier follows from its rate, and within 2 sd of the class value."""
    rate = CLASSES[anchor["class"]]
    T, k = anchor["T_K"], anchor["k"]["value"]
    barrier = GAS_CONSTANT * T * np.log(BOLTZMANN_OVER_PLANCK * T / k)
    assert anchor["Ea"]["value"] * 1e3 == pytest.approx(barrier, abs=300.0)
    assert abs(barrier - rate.Ea) < 2.0 * np.hypot(rate.Ea_sd, anchor["Ea"]["sd"] * 1e3)


def test_class_value_is_the_weighted_mean():
    anchors = [card["Ea"] for card in CARDS["anchor"] if card["role"] == "mean" and card["class"] == "reconstructive"]
    weights = np.array([1.0 / card["sd"] ** 2 for card in anchors])
    mean = weights @ np.array([card["value"] for card in anchors]) / weights.sum()
    assert CLASSES["reconstructive"].Ea * 1e-3 == pytest.approx(mean, abs=1.0)
