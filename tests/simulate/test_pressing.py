"""Pressure on a sample: how it is written, how contacts grow under it, and what that changes."""

from functools import cache

import numpy as np
import pytest

import sinterface as si
from sinterface.models.basics.errors import InputError
from sinterface.models.rates import sintering
from sinterface.models.rates.parameters import prior
from sinterface.simulate.setup.necks import contact
from sinterface.simulate.setup.schedule import Schedule, pressure
from sinterface.simulate.setup.schedule_file import from_toml
from sinterface.simulate.solve.run import predict

FAST = "100 °C/min to 700 °C; hold 10 min; cool at 100 °C/min to 25 °C"


def posed(schedule=FAST, cathode="pc-NMC811", **options):
    return si.problem(cathode, "LLZTO", schedule, cells=16, **options)


@cache
def consumed(schedule=FAST, cathode="pc-NMC811", **options):
    """Share of the garnet that has reacted."""
    return 1.0 - predict(posed(schedule, cathode, **options), estimate_error=False).unreacted["electrolyte_fraction"]


@pytest.mark.parametrize(
    ("text", "pascal"), [("50 MPa", 5e7), ("0.44GPa", 4.4e8), ("2 kbar", 2e8), ("0 MPa", 0.0), ("1 bar", 1e5)]
)
def test_pressures_are_read(text, pascal):
    assert pressure(text) == pytest.approx(pascal)


@pytest.mark.parametrize("text", ["50", "MPa", "-3 MPa", "50 psi", "1000 GPa", "", "fifty MPa"])
def test_what_is_no_pressure_is_told_with_the_remedy(text):
    with pytest.raises(InputError, match=r"pressure .*(50 MPa|choose 0 to 10 GPa)") as error:
        posed(pressure=text)
    assert "\n" not in str(error.value)


def test_a_number_is_taken_as_pascal_and_checked():
    assert posed(pressure=5e7) == posed(pressure="50 MPa")
    for wrong, told in (
        (-1.0, "pressure -1 Pa"),
        (float("nan"), "pressure nan Pa"),
        ([50], "not understood; give '50 MPa'"),
    ):
        with pytest.raises(InputError, match=told):
            posed(pressure=wrong)
    with pytest.raises(InputError, match="bed: '7' is not understood"):
        posed(bed=7)


def test_a_schedule_says_when_a_sample_is_pressed():
    plan = Schedule.parse("press 300 MPa; press 2 MPa; 10 °C/min to 700 °C; press 50 MPa; hold 1 h; press off; quench")
    assert [segment.pressure for segment in plan.segments] == pytest.approx([2e6, 5e7, 0.0])
    assert [segment.pressed for segment in plan.segments] == pytest.approx([3e8, 5e7, 0.0])
    times, kelvin, pressures = plan.pressing(pieces=10)
    assert len(times) == len(kelvin) == len(pressures) + 1 == 32
    assert pressures.max() == 3e8
    assert times[1] == times[0], "pressing takes no time"
    assert not Schedule.parse(FAST).presses


def test_a_file_says_so_with_the_same_words():
    plan = from_toml(
        '[[step]]\npress = "50 MPa"\n[[step]]\nhold = "1 h"\n[[step]]\npress = "off"\n[[step]]\nhold = "1 h"'
    )
    assert [segment.pressure for segment in plan.segments] == [5e7, 0.0]
    with pytest.raises(InputError, match=r"step 1.*pressure 'hard'"):
        from_toml('[[step]]\npress = "hard"\n[[step]]\nhold = "1 h"')


def test_without_pressure_contact_is_the_calibrated_one_and_with_it_grows():
    values = prior()
    still = contact(posed(), values)
    assert still.shares.tolist() == [still.typical] == [values.touching("polycrystal")]
    courses = {text: contact(posed(pressure=text), values) for text in ("0 MPa", "50 MPa", "440 MPa")}
    ends = [course.shares[-1] for course in courses.values()]
    assert still.typical <= ends[0] < 1.02 * still.typical, "nothing sinters in ten minutes at 700 °C"
    assert ends[0] + 0.1 < ends[1] < ends[2] <= 1.0
    for course in courses.values():
        assert np.all(np.diff(course.shares) >= 0.0)
        assert np.all(np.diff(course.times) >= 0.0)
        assert course.shares[0] <= course.typical <= course.shares[-1]
        assert len(course.times) < 120


def test_the_course_is_told_as_finely_as_it_changes():
    task, values = posed(pressure="50 MPa"), prior()
    course, curve = contact(task, values), sintering.embedded().best
    times, kelvin, pressures = task.schedule.pressing(5e7)
    flat = curve.flattened(curve.density(times, kelvin, pressures))
    exact = np.array([values.touching("polycrystal", float(part)) for part in flat])
    span = exact[-1] - exact[0]
    assert np.interp(times, course.times, course.shares) == pytest.approx(exact, abs=0.03 * span)


def test_pellets_pressed_cold_hot_and_in_minutes_are_told_apart():
    """As the reference experiment was pressed, harder, and while it is hot: each touches more than the one before."""
    hold = "10 °C/min to 700 °C; hold 2 h; cool naturally"
    plans = (f"press 100 MPa; press off; {hold}", f"press 400 MPa; press off; {hold}", f"press 50 MPa; {hold}")
    ends = [contact(posed(plan), prior()).shares[-1] for plan in plans]
    assert ends[0] == pytest.approx(prior().touching("polycrystal"), rel=0.05), "that of the green compact"
    assert ends[0] < ends[1] < ends[2]


def test_faces_of_single_crystals_stay_slow():
    values = prior()
    ratio = [
        contact(posed(cathode=kind, pressure="440 MPa"), values).shares[-1] for kind in ("sc-NMC631", "pc-NMC631")
    ]  # fmt: skip
    assert ratio[0] / ratio[1] == pytest.approx(10.0**-values.roughness, rel=1e-6)


def test_more_reacts_under_pressure():
    bare, none, pressed = consumed(), consumed(pressure="0 MPa"), consumed(pressure="440 MPa")
    assert none == pytest.approx(bare, rel=0.02)
    assert pressed > 1.5 * bare


def test_coatings_and_sizes_are_pressed_too():
    for options in ({"coating": "LiAlO2=50nm"}, {"sizes": "cathode=10±5um, classes=2"}):
        result = predict(posed(pressure="440 MPa", **options), estimate_error=False)
        assert result.finished
        assert result.dataset.attrs["element_balance"] < 1e-9
        assert "contact grows from" in result.dataset.attrs["remarks"]
        assert 1.0 - result.unreacted["electrolyte_fraction"] > 1.2 * consumed(**options)


def test_layers_touch_everywhere_already():
    stack = "NMC811=500nm, LLZTO=1um"
    runs = [predict(si.problem(stack, schedule=FAST, cells=16, pressure=p), estimate_error=False) for p in (None, 5e7)]
    assert runs[0].family_shares == runs[1].family_shares


def test_a_run_that_goes_on_can_not_be_pressed():
    first = predict(posed(), estimate_error=False)
    with pytest.raises(InputError, match="one schedule, 'press 50 MPa'"):
        predict(posed(pressure="50 MPa"), start=first.state)
