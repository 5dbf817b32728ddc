"""Furnace gases: names, overrides, refusals, potentials."""

import math

import numpy as np
import pytest

from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.basics.errors import InputError
from sinterface.models.phases.atmosphere import NAMED, OPEN_ELEMENTS, PRESSURES, Atmosphere, atmosphere, water_pressure
from sinterface.models.phases.gases import gas

T = np.array([298.15, 673.15, 973.15, 1273.15])


@pytest.mark.parametrize("name", NAMED)
def test_named(name):
    assert atmosphere(name) == NAMED[name]
    assert atmosphere(name.swapcase()) == NAMED[name]
    assert atmosphere(f"{name}:") == NAMED[name]
    total = sum(getattr(NAMED[name], species) for species in PRESSURES)
    assert 0.0 < total < 1.001  # bar, the rest is inert


def test_an_atmosphere_passes_through():
    given = Atmosphere("mine", 0.5, 0.1, 0.2)
    assert atmosphere(given) is given


@pytest.mark.parametrize(
    ("text", "pressures"),
    [
        ("pO2=0.2", (0.2, 0.0, 0.0)),
        ("pO2=0.2,pCO2=4e-4,pH2O=0.01", (0.2, 4e-4, 0.01)),
        ("pO2=0.2 pCO2=4e-4", (0.2, 4e-4, 0.0)),
        ("O2:pCO2=1e-5", (1.0, 1e-5, 0.0)),
        ("n2:pO2=1e-6", (1e-6, 0.0, 0.0)),
        ("air:pCO2=0,pH2O=0", (NAMED["air"].pO2, 0.0, 0.0)),
        ("pO2=100", (100.0, 0.0, 0.0)),
    ],
)
def test_overrides(text, pressures):
    gas = atmosphere(text)
    assert (gas.pO2, gas.pCO2, gas.pH2O) == pressures
    assert f"pO2={pressures[0]:g}" in str(gas)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "unknown atmosphere '': choices are Ar, CO/CO2, CO2, H2/Ar, H2/H2O, N2, O2, air, dry-air"),
        ("argon", "unknown atmosphere 'argon'.*choices"),
        ("dryair", "did you mean dry-air"),
        ("pXX=1", "'pXX=1' is none of pO2=, pCO2=, pH2O="),
        ("O2:pXX=1", "'pXX=1' is none of"),
        ("O2:pO2", "'pO2' is none of"),
        ("O2:pO2=much", "'much' is not a pressure"),
        ("O2:pO2=", "'' is not a pressure"),
        ("pO2=0", "residual"),
        ("CO2:pO2=0", "residual"),
        ("pO2=1e-400", "residual"),
        ("pO2=-1", "pO2 = -1.0 bar"),
        ("pO2=nan", "pO2 = nan bar"),
        ("pO2=inf", "pO2 = inf bar"),
        ("pO2=101", "between 0 and 100 bar"),
        ("O2:pCO2=-1e-9", "pCO2 = -1e-09 bar"),
        ("O2:pH2O=nan", "pH2O = nan bar"),
        ("pCO2=1", "pO2 is needed"),
        ("pO2=0.2,pO2=0.3", "pO2 is given twice"),
        ("air:pH2O=0.01,dew_point=5", "pH2O is given twice"),
        ("pH2=0.05", "pH2 without pH2O"),
        ("CO2:pO2=0,pCO=0", "residual"),
        ("pCO=0.5", "pCO without pCO2"),
        ("H2/Ar:pO2=1e-5", "these burn it, leave pO2 out"),
        ("CO/CO2:pH2=0.1,pH2O=0.1", "pH2 and pCO are both given"),
    ],
)
def test_refused_in_one_line(text, message):
    with pytest.raises(InputError, match=message) as caught:
        atmosphere(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("dew_point", "pressure"),  # degrees C, bar: vapour pressure of water
    [(0.0, 6.112e-3), (10.0, 1.228e-2), (25.0, 3.170e-2), (50.0, 0.1235)],
)
def test_dew_point(dew_point, pressure):
    assert water_pressure(dew_point) == pytest.approx(pressure, rel=5e-3)
    assert atmosphere(f"O2:dew_point={dew_point}").pH2O == water_pressure(dew_point)


@pytest.mark.parametrize("text", ["air:dew_point=100", "air:dew_point=-90", "air:dew_point=nan", "air:dew_point=wet"])
def test_dew_points_refused(text):
    with pytest.raises(InputError, match=r"dew point|temperature in °C"):
        atmosphere(text)


def test_potentials_are_those_of_the_gases():
    """1/2 O2, CO2 and H2O in equilibrium with the elements' potentials: Gibbs' phase rule, nothing else."""
    given = Atmosphere("mine", 0.3, 2e-3, 5e-2)
    mu = {element: given.potential(element, T) for element in OPEN_ELEMENTS}
    for species, pressure, total in (
        ("O2", 0.3, 2 * mu["O"]),
        ("CO2", 2e-3, mu["C"] + 2 * mu["O"]),
        ("H2O", 5e-2, 2 * mu["H"] + mu["O"]),
    ):
        np.testing.assert_allclose(total, gas(species).gibbs(T) + GAS_CONSTANT * T * math.log(pressure), rtol=1e-12)


@pytest.mark.parametrize(("element", "species"), [("O", "pO2"), ("C", "pCO2"), ("H", "pH2O")])
def test_potentials_rise_with_pressure(element, species):
    pressures = (1e-12, 1e-6, 1e-3, 0.1, 1.0, 100.0)
    mu = [Atmosphere("x", **({"pO2": 0.1} | {species: p})).potential(element, T) for p in pressures]
    assert np.all(np.diff(mu, axis=0) > 0.0)


@pytest.mark.parametrize("element", ["C", "H"])
def test_oxygen_drives_out_carbon_and_hydrogen(element):
    lean, rich = (Atmosphere("x", p, 1e-3, 1e-3).potential(element, T) for p in (1e-5, 1.0))
    assert np.all(rich < lean)


def test_oxygen_potential_falls_on_heating(oxygen):
    assert np.all(np.diff(oxygen.potential("O", T)) < 0.0)


@pytest.mark.parametrize("element", ["C", "H"])
def test_an_absent_gas_has_no_potential(oxygen, element):
    np.testing.assert_array_equal(oxygen.potential(element, T), np.full(4, -np.inf))
    assert oxygen.potential(element, 900.0) == -np.inf


def test_closed_elements_have_no_potential(oxygen):
    with pytest.raises(InputError, match="unknown open element 'Li': choices are C, H, O"):
        oxygen.potential("Li", 900.0)


@pytest.mark.parametrize(
    ("name", "celsius", "exponent"),
    # log10 pO2 [bar]; H2 + 1/2 O2 = H2O and CO + 1/2 O2 = CO2 of JANAF: K = 10^(12880/T - 2.9), 10^(14740/T - 4.53),
    # fits between 900 and 1300 K (recalled), good to 0.1
    [
        ("H2/H2O", 700, -21.2),
        ("H2/H2O", 900, -16.6),
        ("CO/CO2", 700, -21.2),
        ("CO/CO2", 900, -16.1),
        ("H2/Ar", 700, -25.7),
    ],
)
def test_reducing_gases_have_the_oxygen_of_their_equilibrium(name, celsius, exponent):
    gas = atmosphere(name)
    assert gas.reducing and not gas.scarce
    assert math.log10(gas.oxygen_pressure(celsius + 273.15)) == pytest.approx(exponent, abs=0.15)


def test_a_reducing_gas_is_the_potential_of_its_own_pressures():
    """mu_H of H2/H2O is half that of its H2, mu_C of CO/CO2 that of its CO less O: the same gas told in two ways."""
    wet, carbon = atmosphere("H2/H2O"), atmosphere("CO/CO2")
    hydrogen = gas("H2").gibbs(T) + GAS_CONSTANT * T * math.log(wet.pH2)
    np.testing.assert_allclose(2.0 * wet.potential("H", T), hydrogen, rtol=1e-12)
    monoxide = gas("CO").gibbs(T) + GAS_CONSTANT * T * math.log(carbon.pCO)
    np.testing.assert_allclose(carbon.potential("C", T) + carbon.potential("O", T), monoxide, rtol=1e-12)


def test_which_oxygen_is_scarce():
    assert [name for name in NAMED if NAMED[name].scarce] == ["N2", "Ar", "CO2"]
