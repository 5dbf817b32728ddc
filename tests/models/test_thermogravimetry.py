"""Mass curves: steps and onsets of made-up curves, water between a run's steps, powders that do not meet."""

import numpy as np
import pytest
import xarray as xr

from sinterface.models.basics.errors import InputError
from sinterface.models.basics.formula import molar_mass
from sinterface.models.instruments.thermogravimetry import MassCurve, mass_curve, steps, together
from sinterface.models.powders.exposure import STEPS

T = np.linspace(300.0, 1400.0, 2000)


def slide(begin, end, change):
    """A mass change at constant rate between two temperatures."""
    return change * np.clip((T - begin) / (end - begin), 0.0, 1.0)


def test_the_onset_of_a_straight_step_is_where_it_begins():
    (step,) = steps(T, slide(600.0, 700.0, -3.0))
    assert step.onset == pytest.approx(600.0, abs=3.0)
    assert step.change == pytest.approx(-3.0, abs=0.05)
    assert 600.0 < step.peak < 700.0


def test_the_onset_of_a_sigmoid_is_that_of_its_tangents():
    """A logistic step of width w: its steepest tangent meets the level before it 2 w below the middle."""
    (step,) = steps(T, -5.0 / (1.0 + np.exp(-(T - 900.0) / 20.0)))
    assert step.peak == pytest.approx(900.0, abs=2.0)
    assert step.onset == pytest.approx(860.0, abs=4.0)


def test_drift_before_a_step_does_not_move_its_onset():
    drift = -0.002 * (T - T[0])
    (step,) = [step for step in steps(T, slide(600.0, 700.0, -3.0) + drift) if step.change < -2.0]
    assert step.onset == pytest.approx(600.0, abs=3.0)


def test_steps_stand_in_order_and_have_their_gas():
    parts = {"H2O": slide(450.0, 520.0, -2.0), "O2": slide(620.0, 680.0, 0.6), "CO2": slide(900.0, 1000.0, -1.0)}
    told = steps(T, np.sum(list(parts.values()), axis=0), parts)
    assert [step.gas for step in told] == ["H2O", "O2", "CO2"]
    assert [round(step.change, 1) for step in told] == [-2.0, 0.6, -1.0]


def test_what_is_smaller_than_asked_for_is_no_step():
    assert steps(T, slide(600.0, 700.0, -0.05)) == ()
    assert len(steps(T, slide(600.0, 700.0, -0.05), least=0.02)) == 1


def test_cooling_is_left_out():
    there_and_back = np.concatenate([T, T[::-1]])
    change = np.concatenate([slide(600.0, 700.0, -3.0), -3.0 - slide(600.0, 700.0, -3.0)[::-1] - 3.0])
    assert len(steps(there_and_back, change)) == 1
    with pytest.raises(InputError, match="a mass curve needs"):
        steps(T[::-1], change[: len(T)])


def dataset(**attrs):
    """A run of three steps: heated from 300 to 1300 K in 1000 s, half of its CO2 gone at 800 K, all of it at the end.

    Its water left as ``exposure`` says; the solver made no step while it did.
    """
    water = attrs.get("adsorbed_water_percent", 0.0)
    moles = np.array([[0.0, 0.0, 0.0], [0.0, -0.25, -0.01 * water / 0.018015], [0.0, -0.5, -0.01 * water / 0.018015]])
    return xr.Dataset(
        {
            "temperature": ("time", np.array([300.0, 800.0, 1300.0])),
            "gas_uptake": (("time", "gas"), moles),
            "lithium_lost_mass": ("time", np.array([0.0, 0.0, 0.2])),
        },
        coords={"time": np.array([0.0, 500.0, 1000.0]), "gas": ["O2", "CO2", "H2O"]},
        attrs=attrs,
    )


def test_parts_are_in_percent_and_add_up():
    curve = mass_curve(dataset())
    assert curve.parts["CO2"][-1] == pytest.approx(-50.0 * molar_mass({"C": 1.0, "O": 2.0}))
    assert curve.change[-1] == pytest.approx(curve.parts["CO2"][-1] - 0.2)
    assert np.interp(500.0, curve.time, curve.parts["CO2"]) == pytest.approx(0.5 * curve.parts["CO2"][-1], rel=1e-3)


def test_water_leaves_where_it_is_seen_to_whatever_the_steps_of_the_solver():
    curve = mass_curve(dataset(adsorbed_water_percent=2.0, proton_water_percent=0.0))
    low, high = STEPS[0]
    for kelvin, left in ((low - 5.0, 0.0), (0.5 * (low + high), -1.0), (high + 5.0, -2.0)):
        assert np.interp(kelvin, curve.temperature, curve.parts["H2O"]) == pytest.approx(left, abs=0.03)


def test_a_run_without_a_course_is_refused():
    with pytest.raises(InputError, match="no course in time: write it anew"):
        mass_curve(dataset().isel(time=[0]))
    with pytest.raises(InputError, match="no course in time"):
        mass_curve(dataset().drop_vars("gas_uptake"))


def test_powders_that_do_not_meet_lose_by_their_shares():
    time = T - T[0]
    curve = MassCurve(time, T, {"O2": slide(600.0, 700.0, -4.0)})
    other = MassCurve(time, T, {"O2": slide(600.0, 700.0, -1.0)})
    assert together([(curve, 0.25), (other, 0.75)]).change[-1] == pytest.approx(-1.75)
    with pytest.raises(InputError, match="different schedules"):
        together([(curve, 0.5), (MassCurve(2.0 * time, T, other.parts), 0.5)])
