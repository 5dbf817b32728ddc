"""A melt in the necks between particles, against the volume of its rings."""

import numpy as np
import pytest
from scipy.integrate import quad

from sinterface.models.rates.wetting import bridged


@pytest.mark.parametrize("reach", [0.05, 0.1, 0.2])
def test_rings_hold_the_volume_that_there_is(reach):
    """Between whole spheres of radius 1 out to ``reach``: the gap is r^2 and a little more."""
    packing = 0.6
    ring, _ = quad(lambda r: 2.0 * np.pi * r * 2.0 * (1.0 - np.sqrt(1.0 - r * r)), 0.0, reach)
    liquid = 6.0 * packing * ring / (4.0 / 3.0 * np.pi)  # a ring belongs to two spheres
    covered = 12.0 * packing * np.pi * reach**2 / (4.0 * np.pi)
    assert bridged(liquid, packing) == pytest.approx(covered, rel=0.3 * reach**2)


def test_nothing_takes_nothing_and_much_takes_all():
    share = bridged(np.geomspace(1e-6, 10.0, 50), 0.55)
    assert float(bridged(0.0, 0.55)) == 0.0
    assert share[-1] == 1.0
    assert np.all(np.diff(share) >= 0.0)
    assert share[10] / share[0] == pytest.approx((10.0 / 1e-6) ** (10 / 49 / 2)), "as the root of the volume"
