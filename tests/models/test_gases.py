"""Gases against JANAF, and the equilibria with solids that fix the common reference."""

import numpy as np
import pytest
from scipy.optimize import brentq

from sinterface.models.basics.constants import CELSIUS_ZERO, GAS_CONSTANT
from sinterface.models.basics.errors import InputError
from sinterface.models.phases.gases import embedded, gas

R = GAS_CONSTANT


def from_oxygen(db, reactant, product, oxygen, T, pO2):
    """Gibbs energy of reactant -> product + oxygen O2 at pO2 [bar]."""
    solids = sum(n * db[phase].gibbs(T) for phase, n in product.items())
    solids -= sum(n * db[phase].gibbs(T) for phase, n in reactant.items())
    return float(solids + oxygen * (gas("O2").gibbs(T) + R * T * np.log(pO2)))


@pytest.mark.parametrize(
    ("name", "entropy", "enthalpy"),  # J/mol/K, kJ/mol at 298.15 K, NIST-JANAF
    [
        ("O2", 205.15, 0.0),
        ("CO2", 213.79, -393.52),
        ("H2O", 188.83, -241.83),
        ("CO", 197.66, -110.53),
        ("H2", 130.68, 0.0),
        ("N2", 191.61, 0.0),
        ("Ar", 154.85, 0.0),
        ("Li", 138.78, 159.30),
    ],
)
def test_standard_values(name, entropy, enthalpy):
    assert gas(name).entropy(298.15) == pytest.approx(entropy, abs=0.02)
    assert gas(name).enthalpy(298.15) == pytest.approx(enthalpy * 1e3, abs=25.0)


@pytest.mark.parametrize(
    ("name", "T", "cp"),  # J/mol/K, NIST-JANAF
    [("O2", 1000.0, 34.87), ("CO2", 1000.0, 54.31), ("H2O", 1000.0, 41.27)],
)
def test_heat_capacity_when_hot(name, T, cp):
    assert gas(name).cp(T) == pytest.approx(cp, abs=0.05)


@pytest.mark.parametrize("name", sorted(embedded()))
def test_the_two_polynomials_meet(name):
    species = gas(name)
    below, above = np.nextafter(species.T_mid, 0.0), species.T_mid
    assert species.enthalpy(below) == pytest.approx(species.enthalpy(above), abs=0.02)
    assert species.entropy(below) == pytest.approx(species.entropy(above), abs=2e-5)
    assert species.cp(below) == pytest.approx(species.cp(above), abs=0.02)


@pytest.mark.parametrize("name", sorted(embedded()))
def test_range_error_names_the_gas(name):
    species = gas(name)
    for T in (species.T_low - 3.0, species.T_high + 1.0, [500.0, 7000.0]):
        with pytest.raises(InputError, match=f"^{name} gas data hold from {species.T_low:g} to {species.T_high:g} K"):
            species.gibbs(T)


def test_range_error_is_one_line():
    with pytest.raises(InputError) as caught:
        gas("O2").gibbs(np.linspace(100.0, 7000.0, 100))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["LiOH", "Li2O"])
def test_vapours_cover_room_temperature(name):
    assert np.isfinite(gas(name).gibbs(298.15))


def test_unknown_gas_gets_near_names():
    with pytest.raises(InputError, match="unknown gas 'CO3': did you mean"):
        gas("CO3")


@pytest.mark.parametrize(
    ("T_C", "pressure"), [(500, 1.2e-7), (600, 5.3e-6), (700, 9.7e-5), (800, 6.9e-4), (900, 3.0e-3)]
)
def test_decomposition_pressure_of_lithium_carbonate(raw, T_C, pressure):
    """Li2CO3 = Li2O + CO2, bar; solid or melt, whichever is stable: literature.md, section 3."""
    T = T_C + CELSIUS_ZERO
    carbonate = min(raw["Li2CO3"].gibbs(T), raw["Li2CO3-liquid"].gibbs(T))
    computed = np.exp(-(raw["Li2O"].gibbs(T) + gas("CO2").gibbs(T) - carbonate) / (R * T))
    assert 0.5 < computed / pressure < 2.0


@pytest.mark.parametrize(
    ("reactant", "product", "oxygen", "low", "high"),
    [
        ({"Co3O4": 1}, {"CoO": 3}, 0.5, 890, 950),  # observed 900-950 in air
        ({"Mn2O3": 3}, {"Mn3O4": 2}, 0.5, 840, 950),  # observed 870-940 in air
        ({"MnO2": 2}, {"Mn2O3": 1}, 0.5, 380, 550),  # kinetics delays it to about 550
    ],
)
def test_oxides_lose_oxygen_in_air(raw, reactant, product, oxygen, low, high):
    T = brentq(lambda t: from_oxygen(raw, reactant, product, oxygen, t, 0.2095), 500.0, 1700.0)
    assert low < T - CELSIUS_ZERO < high


@pytest.mark.parametrize(("solid", "melt", "T_C"), [("Li2CO3", "Li2CO3-liquid", 723), ("LiOH", "LiOH-liquid", 471)])
def test_melting_points(raw, solid, melt, T_C):
    T = brentq(lambda t: float(raw[solid].gibbs(t) - raw[melt].gibbs(t)), 500.0, 1300.0)
    assert pytest.approx(T_C, abs=5.0) == T - CELSIUS_ZERO


def test_oxygen_reference_is_not_zero_kelvin(oxygen):
    """mu_O at 298.15 K is -T S/2 = -30.6 kJ/mol: zero and -0.272 eV belong to other references."""
    mu = float(oxygen.potential("O", 298.15))
    assert mu == pytest.approx(-0.5 * 298.15 * 205.15, abs=20.0)
    assert mu == pytest.approx(-30.6e3, abs=100.0)


def test_no_solid_has_energy_at_its_elements(raw):
    """The reaction enthalpy of 2 Li + 1/2 O2 -> Li2O at 298 K is the tabulated one: gases share the reference."""
    G = raw["Li2O"].gibbs(298.15) - 0.5 * gas("O2").gibbs(298.15) + 2 * 298.15 * 29.12  # S of Li metal
    assert pytest.approx(-561.2e3, abs=1.5e3) == G  # JANAF dfG
