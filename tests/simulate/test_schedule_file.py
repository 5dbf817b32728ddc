"""Schedules from text and from TOML files: the same, each gas where it was named; faults told by their step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinterface.models.basics.errors import InputError
from sinterface.models.phases.atmosphere import NAMED
from sinterface.simulate.setup.problem import problem
from sinterface.simulate.setup.schedule import ROOM, Schedule
from sinterface.simulate.setup.schedule_file import find, from_toml

TOML = """
name = "binder out in air"
start = "100 °C"
gas = "air"
[[step]]
ramp = "5 °C/min"
to = "500 °C"
[[step]]
hold = "1 h"
[[step]]
ramp = "50 °C/s"
to = 900
gas = "O2"
[[step]]
cool = "naturally"
"""


def gases(schedule):
    return [segment.gas for segment in schedule.segments]


def test_toml_and_text_are_the_same_schedule():
    text = "from 100 °C in air; 5 °C/min to 500 °C; hold 1 h; 50 °C/s to 900 in O2; cool naturally"
    filed, written = from_toml(TOML), Schedule.parse(text)
    assert filed.segments == written.segments
    assert gases(filed) == [NAMED["air"], NAMED["air"], NAMED["O2"], NAMED["O2"]]
    assert filed.name == filed.label == "binder out in air"
    assert written.label == text
    assert filed.temperature(0.0) == pytest.approx(373.15)


def test_the_text_of_a_schedule_from_a_file_reads_back_as_the_same():
    filed = from_toml(TOML)
    assert Schedule.parse(filed.text).segments == filed.segments


def test_a_schedule_without_gases_takes_that_of_the_problem():
    text = "10 °C/min to 900 °C; hold 2 h; cool naturally in air"
    assert gases(Schedule.parse(text)) == [None, None, NAMED["air"]]
    task = problem("pc-LCO", "LLZTO", text, atmosphere="N2")
    assert task.gases == (NAMED["N2"], NAMED["N2"], NAMED["air"])


def test_a_gas_named_by_a_step_that_takes_no_time_stays():
    """A hold of no time makes no segment, and yet from there on the gas is the one it names."""
    assert gases(Schedule.parse("hold 0 h in air; 10 °C/min to 900 °C")) == [NAMED["air"]]
    assert gases(from_toml('gas = "air"\nstart = "25 °C"\n[[step]]\nhold = "1 h"')) == [NAMED["air"]]


def test_a_file_is_found_by_its_name(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(TOML.replace('name = "binder out in air"', ""), encoding="utf-8")
    assert find(str(file)).name == "mine"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not a text file"):
        find(str(file))
    with pytest.raises(InputError, match="No such file"):
        find(str(tmp_path / "none.toml"))
    file.write_text("#" * 200_000)
    with pytest.raises(InputError, match="over 100000 bytes"):
        find(str(file))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("10 °C/min to 900 °C; hold 2 parsecs", "step 2.*one of s, min, h, d"),
        ("10 °C/min to 900 °C in argonne; hold 2 h", "step 1.*choices are"),
        ("hold 1 h; from 300 °C", "step 2.*before all other"),
        ("from 3000 °C; hold 1 h", "step 1.*outside"),
        ("from 25 °C", "takes no time"),
        ("hold 1 h;" * 501, "501 steps|more than 5000"),
        ("x" * 100, r"xxx\.\.\."),
    ],
)
def test_the_step_that_can_not_be_read_is_named(text, told):
    with pytest.raises(InputError, match=told) as caught:
        Schedule.parse(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no steps"),
        ("step = 3", "no steps"),
        ("step = [3]", "step 1: write a table"),
        ("[[step]]", "step 1: give one of"),
        ('[[step]]\nramp = "5 °C/min"', "step 1: give one of"),
        ('[[step]]\nhold = "1 h"\nto = "5"', "step 1: give one of"),
        ('[[step]]\nhold = "1 h"\n[[step]]\nhodl = "1 h"', "step 2.*did you mean hold"),
        ('[[step]]\nhold = "1 h; quench"', "step 1: hold = '1 h; quench'"),
        ("[[step]]\nhold = true", "hold must be text"),
        ("[[step]]\nhold = 2", "write a number and a unit"),
        ("[[step]]\nquench = 1", "write quench = true"),
        ('gaz = "O2"', "did you mean gas"),
        ('name = 3\n[[step]]\nhold = "1 h"', "name must be text"),
        ("= 3", "not TOML"),
        ("a = " + "[" * 5000, "not TOML"),
        ("a = " + "9" * 6000, "not TOML|unknown key"),
        ("#" * 200_000, "over 100000"),
    ],
)
def test_faults_of_a_file_are_named(text, told):
    with pytest.raises(InputError, match=told) as caught:
        from_toml(text, "mine.toml")
    assert str(caught.value).isprintable()


WORDS = st.sampled_from(
    [
        "hold",
        "2 h",
        "quench",
        "cool naturally",
        "10 °C/min",
        "to",
        "900 °C",
        "in",
        "O2",
        "air",
        ";",
        "from",
        "-1",
        "1e999",
    ]
)


@given(st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=14).map(" ".join)))
def test_no_text_crashes_the_reader(text):
    try:
        schedule = Schedule.parse(text)
    except InputError as error:
        assert len(str(error)) < 1000
        return
    assert 0 < len(schedule.segments) <= 500
    assert 0.0 < schedule.duration <= 3.2e7
    assert np.all(schedule.sampled()[1] >= 0.9 * ROOM)


VALUES = st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=12), WORDS, st.none())
KEYS = st.sampled_from(["ramp", "to", "hold", "cool", "quench", "gas", "other"])


def _toml(value):
    if isinstance(value, bool) or value is None:
        return "true" if value else "[]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(c):08x}" for c in value if not 0xD800 <= ord(c) < 0xE000) + '"'
    return repr(value)


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), max_size=4))
def test_no_file_crashes_the_reader(tables):
    lines = []
    for table in tables:
        lines += ["[[step]]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
    try:
        schedule = from_toml("\n".join(lines))
    except InputError as error:
        assert len(str(error)) < 1500
        return
    assert schedule.duration > 0.0


@given(st.text(max_size=60))
def test_no_toml_crashes_the_reader(text):
    with pytest.raises(InputError):  # no text of that length is a schedule unless it holds a step
        from_toml(text.replace("step", ""))


def test_a_lid_is_a_step_of_a_file():
    plan = from_toml('[[step]]\nlid = "off"\n[[step]]\nramp = "10 °C/min"\nto = "500 °C"\n[[step]]\nhold = "1 h"')
    assert [segment.lid for segment in plan.segments] == [False, False]
