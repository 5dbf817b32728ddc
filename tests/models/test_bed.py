"""Powder beds: lithium potentials against closed forms, and what is no bed."""

import numpy as np
import pytest

from sinterface.models.basics.errors import InputError
from sinterface.models.interface.bed import bed, lithium_potential
from sinterface.models.phases.atmosphere import atmosphere
from sinterface.models.phases.database import embedded

T = np.array([1173.15, 1323.15])
O2 = atmosphere("O2")


def lithia(gas=O2):
    """Potential [J/mol] of lithium in Li2O, which is what lies lowest of its oxides in oxygen when it is hot."""
    return 0.5 * np.asarray(embedded()["Li2O"].gibbs(T)) - 0.5 * gas.potential("O", T)


def potential(name, gas=O2):
    return lithium_potential(bed(name, embedded()), T, gas, embedded())


def test_lithia_gives_what_lithia_has():
    assert potential("Li2O") == pytest.approx(lithia(), abs=1.0)


def test_a_carbonate_is_lithia_without_carbon_dioxide_and_follows_it_with():
    assert potential("Li2CO3") == pytest.approx(lithia(), abs=1.0), "without CO2 nothing of it is left"
    gas = atmosphere("O2:pCO2=0.5")
    crystal, melt = (np.asarray(embedded()[name].gibbs(T)) for name in ("Li2CO3", "Li2CO3-liquid"))
    carbon, oxygen = gas.potential("C", T), gas.potential("O", T)
    expected = np.minimum(0.5 * (np.minimum(crystal, melt) - carbon - 3.0 * oxygen), lithia(gas))
    assert potential("Li2CO3", gas) == pytest.approx(expected, abs=1.0)


def test_garnet_holds_no_more_vapour_than_lithia_and_what_is_poor_in_lithium_less():
    """With the energies of the tables garnet that has all its lithium is full of lithia at these temperatures."""
    for name in ("LLZO", "Li7.7La3Zr2O12"):
        assert potential(name) == pytest.approx(lithia(), abs=5.0)
    cooler = lithium_potential(bed("LLZO", embedded()), 900.0, O2, embedded())
    assert cooler < lithium_potential(bed("Li2CO3", embedded()), 900.0, O2, embedded()) - 300.0
    for name in ("Li2ZrO3", "LiCoO2"):
        assert np.all(potential(name) < lithia() - 2e4), name


@pytest.mark.parametrize(("text", "told"), [("La2Zr2O7", "holds no lithium; choose"), ("Unobtainium", "bed: ")])
def test_what_is_no_bed_is_told(text, told):
    with pytest.raises(InputError, match=told) as error:
        bed(text, embedded())
    assert "\n" not in str(error.value)
