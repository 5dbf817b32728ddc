"""Thermodynamic identities of every solid and gas, by central differences."""

import numpy as np
import pytest

from sinterface.models.basics.constants import T_MAX, T_MIN, T_STANDARD
from sinterface.models.phases import gibbs
from sinterface.models.phases.gases import embedded, gas

STEP = 0.1  # K
TEMPERATURES = (298.15, 400.0, 673.15, 973.15, 1273.15, 1673.15)


def slope(function, T):
    return (function(T + STEP) - function(T - STEP)) / (2.0 * STEP)


@pytest.mark.parametrize("T", TEMPERATURES)
def test_identities_of_every_solid(db, T):
    wrong = []
    for solid in db.solids.values():
        entropy = solid.entropy + gibbs.entropy_increment(solid.cp, T)
        cp = T * slope(lambda t, s=solid: gibbs.entropy_increment(s.cp, t), T)
        dHdT = slope(lambda t, s=solid: gibbs.enthalpy_increment(s.cp, t), T)
        slopes = (-slope(solid.gibbs, T), cp, dHdT)
        if not np.allclose(slopes, (entropy, solid.cp(T), solid.cp(T)), rtol=1e-6):
            wrong.append((solid.id, slopes))
    assert not wrong


@pytest.mark.parametrize("name", sorted(embedded()))
@pytest.mark.parametrize("T", [t for t in TEMPERATURES if t > 300.0])
def test_identities_of_every_gas(name, T):
    species = gas(name)
    assert -slope(species.gibbs, T) == pytest.approx(species.entropy(T), rel=1e-6)
    assert T * slope(species.entropy, T) == pytest.approx(species.cp(T), rel=1e-6)
    assert slope(species.enthalpy, T) == pytest.approx(species.cp(T), rel=1e-6)


def test_standard_state_is_298_K(db):
    for solid in db.solids.values():
        assert gibbs.enthalpy_increment(solid.cp, T_STANDARD) == 0.0
        assert gibbs.entropy_increment(solid.cp, T_STANDARD) == 0.0
        assert solid.gibbs(T_STANDARD) == pytest.approx(solid.enthalpy - T_STANDARD * solid.entropy)


def test_every_solid_is_thermally_stable(db):
    """Cp and S stay positive over the whole range in which predictions are made."""
    T = np.linspace(T_MIN, T_MAX, 51)
    for solid in db.solids.values():
        assert np.all(solid.cp(T) > 0.0), solid.id
        assert np.all(solid.entropy + gibbs.entropy_increment(solid.cp, T) > 0.0), solid.id


def test_broadcasts_and_adds():
    first, other = gibbs.HeatCapacity(50.0, 0.01, -1e6), gibbs.HeatCapacity(20.0, 0.02, -5e5)
    T = np.array([[400.0, 800.0], [1200.0, 1600.0]])
    both = gibbs.gibbs(-3e5, 80.0, first + other.scaled(2.0), T)
    parts = gibbs.gibbs(-1e5, 40.0, first, T) + 2.0 * gibbs.gibbs(-1e5, 20.0, other, T)
    assert both.shape == T.shape
    np.testing.assert_allclose(both, parts, rtol=1e-12)
