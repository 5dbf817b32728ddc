"""Why lithium in excess suppresses LaCoO3 in furnaces and not in the model: the energies behind docs/physics.md, 8a."""

import numpy as np
import pytest

from sinterface.models.phases.database import embedded

KELVIN = 1323.15
TO_ZIRCONATES = {
    "Li6Zr2O7": {"LaCoO3": 3, "Li6Zr2O7": 1, "Li2O": 2, "Li7La3Zr2O12-cubic": -1, "LiCoO2": -3},
    "Li2ZrO3": {"LaCoO3": 3, "Li2ZrO3": 2, "Li2O": 3, "Li7La3Zr2O12-cubic": -1, "LiCoO2": -3},
}


@pytest.mark.parametrize(("product", "cost", "deviation"), [("Li6Zr2O7", 29.2, 36.0), ("Li2ZrO3", 56.5, 30.0)])
def test_the_tables_let_lithium_oxide_stop_what_makes_lanthanum_cobaltate(product, cost, deviation):
    database, moles = embedded(), TO_ZIRCONATES[product]
    assert sum(n * database[phase].amounts.get("La", 0.0) for phase, n in moles.items()) == 0.0
    energy = sum(n * float(database[phase].gibbs(KELVIN)) for phase, n in moles.items())
    spread = np.sqrt(sum((n * database[phase].enthalpy_sd) ** 2 for phase, n in moles.items()))
    assert 1e-3 * energy == pytest.approx(cost, abs=1.0)
    assert 1e-3 * spread == pytest.approx(deviation, abs=2.0)
