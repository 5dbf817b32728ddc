"""How the grains of a reacted layer grow with time and temperature."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

import sinterface as si
from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.rates.coarsening import growth
from sinterface.models.rates.parameters import prior


def radius(schedule, start=None, **values):
    """Radius [nm] at the end of a run."""
    parameters = replace(prior(), intergrowth=0.0, coarsening=1.0, **values)
    task = si.problem("pc-LMO", schedule=schedule, cells=4)
    run = si.predict(task, parameters=parameters, estimate_error=False, start=start)
    return run, 1e9 * float(run.state.grain[0])


@pytest.mark.parametrize("text", ["5 °C/min to 900 °C; hold 2 h; cool naturally", "100 °C/min to 1000 °C; quench"])
def test_the_radius_of_a_run_is_what_quadrature_says(text):
    schedule = si.Schedule.parse(text)
    k, hot, energy = growth(1.0)

    def speed(t):
        return float(k * np.exp(-energy / GAS_CONSTANT * (1.0 / schedule.temperature(t) - 1.0 / hot)))

    spent = sum(quad(speed, a, b, epsrel=1e-10)[0] for a, b in zip(schedule.starts, schedule.starts[1:], strict=False))
    assert radius(text)[1] == pytest.approx(np.cbrt(1.0 + 1e27 * spent), rel=1e-4)


def test_a_second_firing_goes_on_from_the_grains_of_the_first():
    first, once = radius("start at 900 °C; hold 1 h")
    _, twice = radius("start at 900 °C; hold 1 h", start=first.state)
    assert twice**3 - once**3 == pytest.approx(once**3 - 1.0, rel=1e-6)
