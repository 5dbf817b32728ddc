"""Nickel, cobalt and iron as metals: their oxygen buffers against measured ones, and where a furnace makes them."""

import numpy as np
import pytest

from sinterface.models.interface.stability import decompose, subject
from sinterface.models.phases import atmosphere as gases
from sinterface.models.phases.database import embedded
from sinterface.models.phases.gases import gas
from sinterface.models.phases.substance import family
from sinterface.models.powders import materials

BUFFERS = {
    "Ni": lambda T: -478967.0 + 248.514 * T - 9.7961 * T * np.log(T),
    "Co": lambda T: -492186.0 + 509.322 * T - 53.284 * T * np.log(T) + 0.02518 * T**2,
}
"""Chemical potential of O2 [J/mol] over metal and oxide, 700 to 1390 K, +-0.2 kJ (oneill1993, abstract read)."""


@pytest.mark.parametrize("metal", BUFFERS)
def test_metal_and_oxide_hold_the_oxygen_that_cells_measured(metal):
    """Within 1.5 kJ per mole of O2, which is what the enthalpies of the oxides are known to."""
    T, data = np.linspace(700.0, 1390.0, 8), embedded()
    potential = 2.0 * (data[f"{metal}O"].gibbs(T) - data[metal].gibbs(T)) - gas("O2").gibbs(T)
    assert potential == pytest.approx(BUFFERS[metal](T), abs=1500.0)


def test_elements_are_the_zero_of_enthalpy_and_a_family_of_their_own():
    for metal in ("Ni", "Co", "Fe"):
        solid = embedded()[metal]
        assert solid.enthalpy == 0.0 and solid.family == "metal"
    assert family({"Ni": 1.0, "O": 1.0}, "rock salt") == "rock salt"


@pytest.mark.parametrize(
    ("powder", "atmosphere", "reduced"),
    [
        ("pc-NMC811", "H2/Ar", True),
        ("pc-NMC811", "N2", False),
        ("pc-LCO", "H2/Ar", True),
        ("pc-LCO", "CO2", False),
        ("pc-LMO", "H2/Ar", False),
    ],
)
def test_hydrogen_takes_the_oxygen_of_nickel_and_cobalt_and_leaves_that_of_manganese(powder, atmosphere, reduced):
    """At 700 °C in 5 % H2, whose oxygen is 1e-25 bar: NiO and CoO are reduced below 1e-16 bar, MnO is not."""
    told = decompose(subject(materials.find(powder), embedded()), 973.15, gases.atmosphere(atmosphere))
    assert ("metal" in {product.solid.family for product in told.formed}) is reduced
