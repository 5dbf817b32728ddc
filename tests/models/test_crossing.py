"""Zeros of convex curves: none missed, however narrow the window between two grid points."""

import numpy as np
import pytest

from sinterface.models.basics.errors import InputError
from sinterface.models.basics.roots import Crossing, crossings, intervals, steps


@pytest.mark.parametrize("seed", range(200))
def test_windows_under_the_largest_of_some_lines(seed):
    """The exact answer is the intersection of half-lines; a third of the windows are narrower than two cells."""
    rng = np.random.default_rng(seed)
    slope, offset = rng.normal(size=(2, int(rng.integers(1, 6))))
    offset = 0.5 * offset - rng.uniform(-1.5, 1.5)
    zeros = -offset / slope
    low, high = max(-1.0, *zeros[slope < 0.0], -1.0), min(1.0, *zeros[slope > 0.0], 1.0)
    grid = np.linspace(-1.0, 1.0, int(rng.integers(2, 12)))
    for sign in (1.0, -1.0):  # the concave curve has the same zeros
        passed = crossings(lambda x, s=sign: s * float(np.max(slope * x + offset)), grid, 1e-9)
        if high - low > 2e-3 * (grid[1] - grid[0]):
            expected = [zero for zero in (low, high) if -1.0 < zero < 1.0]
            np.testing.assert_allclose([crossing.at for crossing in passed], expected, atol=1e-7)
            assert all(
                crossing.rising == ((crossing.at == pytest.approx(high, abs=1e-7)) == (sign > 0.0))
                for crossing in passed
            )
        elif low > high:
            assert passed == ()


def test_intervals_begin_and_end_where_the_grid_does():
    grid = np.linspace(0.0, 10.0, 11)
    assert intervals(lambda x: -1.0, grid, 1e-6) == ((0.0, 10.0),)
    assert intervals(lambda x: 1.0, grid, 1e-6) == ()
    assert intervals(lambda x: x - 2.5, grid, 1e-6)[0] == pytest.approx((0.0, 2.5))
    assert intervals(lambda x: 2.5 - x, grid, 1e-6)[0] == pytest.approx((2.5, 10.0))
    np.testing.assert_allclose(
        intervals(lambda x: np.cos(x), grid, 1e-9), np.pi * np.array([[0.5, 1.5], [2.5, 10 / np.pi]])
    )


def test_a_zero_on_the_grid_is_found_once():
    assert crossings(lambda x: x - 2.0, np.linspace(0.0, 4.0, 5), 1e-6) == (Crossing(2.0, True),)
    assert intervals(lambda x: abs(x - 2.0), np.linspace(0.0, 4.0, 5), 1e-6) == ((2.0, 2.0),)


def test_steps():
    assert steps(300.0, 330.0, 20.0, "T", (200.0, 400.0)).tolist() == [300.0, 315.0, 330.0]
    assert steps(300.0, 340.0, 20.0, "T", (200.0, 400.0)).tolist() == [300.0, 320.0, 340.0]
    with pytest.raises(InputError, match="T 300 to 300: must be ascending, between 200 and 400"):
        steps(300.0, 300.0, 20.0, "T", (200.0, 400.0))
