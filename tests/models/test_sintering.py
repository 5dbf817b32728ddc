import math
import tomllib
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.basics.errors import InputError
from sinterface.models.rates.sintering import MasterCurve, embedded, equivalent_time, work

CARD = tomllib.loads(resources.files("sinterface.models.data").joinpath("sintering.toml").read_text(encoding="utf-8"))
CURVES = embedded()  # read once, before anything is timed
Q = st.floats(1e5, 8e5)
T = st.floats(300.0, 1700.0)


@given(Q, T, st.floats(1.0, 1e6))
def test_isothermal_work_is_closed(Ea, temperature, time):
    expected = time / temperature * math.exp(-Ea / (GAS_CONSTANT * temperature))
    assert work([0.0, time], [temperature, temperature], Ea)[-1] == pytest.approx(expected, rel=1e-12)
    assert equivalent_time([0.0, time], [temperature] * 2, Ea, temperature)[-1] == pytest.approx(time, rel=1e-12)


@pytest.mark.parametrize(("low", "high"), [(900.0, 1400.0), (1400.0, 900.0), (1300.0, 1300.2), (1300.0, 1300.01)])
def test_a_ramp_is_integrated_exactly(low, high):
    def rate(t):
        temperature = low + (high - low) * t / 600.0
        return math.exp(-4.3e5 / (GAS_CONSTANT * temperature)) / temperature

    expected, _ = quad(rate, 0.0, 600.0, epsrel=1e-11, epsabs=0.0)
    assert work([0.0, 600.0], [low, high], 4.3e5)[-1] == pytest.approx(expected, rel=1e-6)


@given(Q, st.lists(st.tuples(st.floats(0.1, 1e5), T), min_size=2, max_size=8), st.floats(0.05, 0.95))
def test_work_adds_up_over_pieces_and_never_falls(Ea, pieces, share):
    times = np.cumsum([length for length, _ in pieces])
    temperatures = np.array([temperature for _, temperature in pieces])
    whole = work(times, temperatures, Ea)
    assert np.all(np.diff(whole) >= 0.0)
    cut = times[0] + share * (times[-1] - times[0])
    there = float(np.interp(cut, times, temperatures))
    before, after = times < cut, times > cut
    first = work([*times[before], cut], [*temperatures[before], there], Ea)[-1]
    second = work([cut, *times[after]], [there, *temperatures[after]], Ea)[-1]
    assert first + second == pytest.approx(whole[-1], rel=1e-5)


def test_density_runs_from_green_to_final_and_half_way_at_the_half_time():
    curve = MasterCurve(4e5, 600.0, 1.2, 0.5, 0.9, 1400.0)
    times = [0.0, 600.0, 1e30]
    assert curve.density(times, [1400.0] * 3) == pytest.approx([0.5, 0.7, 0.9])


@given(st.floats(0.0, 300.0), st.floats(0.0, 5e4))
def test_hotter_and_longer_is_denser(hotter, longer):
    curve = embedded().best
    base = curve.density([0.0, 3600.0], [1300.0, 1300.0])[-1]
    assert curve.density([0.0, 3600.0], [1300.0 + hotter] * 2)[-1] >= base
    assert curve.density([0.0, 3600.0 + longer], [1300.0, 1300.0])[-1] >= base


def test_the_half_time_is_that_of_the_anchors():
    curve, half_times = embedded().best, []
    for anchor in (a for a in CARD["anchor"] if a["role"] == "mean"):
        spent = equivalent_time([0.0, anchor["time_s"]], [anchor["T_K"]] * 2, curve.activation_energy, curve.T_ref)[-1]
        done = (anchor["density"]["value"] - curve.green) / (curve.final - curve.green)
        half_times.append(math.log(spent / (done / (1.0 - done)) ** curve.width))
    assert len(half_times) == 2
    assert math.exp(np.mean(half_times)) == pytest.approx(curve.half_time, rel=0.01)


@pytest.mark.parametrize("anchor", [a for a in CARD["anchor"] if a["role"] == "mean"], ids=lambda a: a["id"])
def test_measured_densities_lie_in_the_interval(anchor):
    low, _, high = embedded().interval([0.0, anchor["time_s"]], [anchor["T_K"]] * 2)
    assert low < anchor["density"]["value"] < high
    best = embedded().best.density([0.0, anchor["time_s"]], [anchor["T_K"]] * 2)[-1]
    assert best == pytest.approx(anchor["density"]["value"], abs=0.03)


def test_draws_repeat_and_every_number_says_how_it_is_known():
    assert embedded(3).draws == embedded.__wrapped__(3).draws
    assert embedded(3).draws != embedded(4).draws
    for name in ("activation_energy", "half_time", "width", "green", "final"):
        assert CARD[name]["known"]
        assert CARD[name]["source"]


@pytest.mark.parametrize(
    ("times", "temperatures"), [([0, 1], [300]), ([1, 0], [900, 900]), ([0, 1], [0, 900]), ([[0]], [[900]])]
)
def test_what_is_no_schedule_is_refused(times, temperatures):
    with pytest.raises(InputError, match="as many temperatures"):
        work(times, temperatures, 4e5)


HOUR = [0.0, 3600.0]


def test_without_pressure_a_curve_is_what_it_was():
    curve = embedded().best
    bare = replace(curve, pressing=None)
    assert curve.density(HOUR, [1300.0] * 2) == pytest.approx(bare.density(HOUR, [1300.0] * 2), rel=1e-14)
    with pytest.raises(InputError, match="what they act on"):
        bare.density(HOUR, [1300.0] * 2, [1e6])
    with pytest.raises(InputError, match="0 or more"):
        curve.density(HOUR, [1300.0] * 2, [-1e6])


@given(st.floats(0.0, 1e9))
def test_pressure_adds_to_the_sintering_stress(pressure):
    """Particles that do not yield densify under p as they do in (1 + p / sintering stress) times the time."""
    curve = embedded().best
    hard = replace(curve, pressing=replace(curve.pressing, flow_cold=1e30, flow_hot=1e30, pressed=0.0))
    longer = 3600.0 * (1.0 + pressure / curve.pressing.sintering_stress)
    pressed = hard.density(HOUR, [1200.0] * 2, [pressure])[-1]
    assert pressed == pytest.approx(hard.density([0.0, longer], [1200.0] * 2)[-1], rel=1e-9)


@pytest.mark.parametrize("density", [0.6, 0.7, 0.8, 0.88])
def test_what_yields_carries_the_pressure_on_its_contacts(density):
    """Contacts that take the share s of the surface carry p / (rho s), three times the flow stress, as a hardness is.

    The cube of Helle, Easterling and Ashby stands for this balance to a fifth between 0.6 and 0.9.
    """
    curve = embedded().best
    p = (density**3 - curve.green**3) * 1.3 / (1.0 - curve.green) * curve.pressing.flow(900.0)
    on_contacts = p / (density * curve.flattened(density))
    assert on_contacts / (3.0 * curve.pressing.flow(900.0)) == pytest.approx(1.0, abs=0.2)
    stiff = replace(curve, half_time=1e30, pressing=replace(curve.pressing, pressed=0.0))
    assert stiff.density(HOUR, [900.0] * 2, [float(p)])[-1] == pytest.approx(density, rel=1e-6)


def test_what_was_flattened_stays_flat():
    curve = embedded().best
    course = curve.density([0.0, 1.0, 2.0, 3.0], [900.0, 900.0, 300.0, 300.0], [1e8, 1e8, 0.0])
    assert np.all(np.diff(course) >= 0.0)
    assert course[-1] > 0.7


@pytest.mark.parametrize("k", [0, 1])
def test_densities_measured_under_pressure_lie_in_the_interval(k):
    (anchor,) = (a for a in CARD["anchor"] if a["role"] == "flow")
    low, _, high = embedded().interval([0.0, 600.0], [anchor["T_K"]] * 2, [1e6 * anchor["pressure_MPa"][k]])
    assert low < anchor["densities"][k] < high


def test_flow_stress_of_the_card_is_that_of_its_anchor():
    (anchor,) = (a for a in CARD["anchor"] if a["role"] == "flow")
    curve = embedded().best
    (soft, hard), (loose, dense) = anchor["pressure_MPa"], anchor["densities"]
    early = soft * (1.0 - curve.green) / (1.3 * (loose**3 - curve.green**3))
    late = hard / (2.0 / 3.0 * math.log(1.0 / (1.0 - dense)))  # above 0.9: pores close in a solid that yields
    assert math.sqrt(early * late) == pytest.approx(CARD["flow_hot"]["value"], rel=0.05)
