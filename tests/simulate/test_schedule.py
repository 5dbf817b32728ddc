import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinterface.models.basics.errors import InputError
from sinterface.simulate.setup.schedule import (
    COOLED,
    COOLING_TIME,
    MAX_DURATION,
    ROOM,
    Schedule,
    duration,
    duration_text,
    rate,
    temperature,
)


@pytest.mark.parametrize(
    "wrong", [{"temperature": "700 °C"}, {"hours": "2 h"}, {"ramp": "5 °C/min"}, {"hours": None}, {"ramp": [5]}]
)
def test_a_hold_takes_numbers_and_says_where_texts_go(wrong):
    with pytest.raises(InputError, match="takes numbers, °C, h and °C/min"):
        Schedule.hold(**({"temperature": 700} | wrong))
    assert Schedule.hold(np.float64(700)).text == Schedule.hold(700).text


@pytest.mark.parametrize("wrong", [None, 700, b"hold 2 h"])
def test_a_schedule_is_a_text(wrong):
    with pytest.raises(InputError, match="is no text"):
        Schedule.parse(wrong)


def test_reference_procedure():
    schedule = Schedule.hold(900, hours=2, ramp=10)
    ramp, hold, cool = schedule.segments
    assert ramp.duration == pytest.approx(60 * (900 - 25) / 10)
    assert hold.duration == 7200
    assert cool.end == COOLED
    assert schedule.peak == pytest.approx(1173.15)
    times = [0.0, ramp.duration / 2, ramp.duration, ramp.duration + 7200]
    assert schedule.temperature(times) - 273.15 == pytest.approx([25, 462.5, 900, 900])


def test_natural_cooling_is_newtons_law():
    schedule = Schedule.parse("10 °C/min to 800 °C; cool naturally")
    start = schedule.starts[1]
    later = schedule.temperature(start + COOLING_TIME)
    assert (later - ROOM) / (1073.15 - ROOM) == pytest.approx(math.exp(-1))


@given(st.floats(0, 5e4))
def test_temperature_is_continuous(time):
    schedule = Schedule.parse("10 °C/min to 900 °C; hold 30 min; 5 K/min to 600 °C; hold 1 h; cool naturally")
    assert abs(schedule.temperature(time + 1e-3) - schedule.temperature(time)) < 1e-3


def test_several_ramps_and_units():
    schedule = Schedule.parse("50 K/s to 1100 °C; hold 10 s; quench")
    assert [round(segment.duration, 3) for segment in schedule.segments] == [21.5, 10.0, 5.375]
    assert temperature("1173.15 K") == pytest.approx(temperature("900 °C")) == pytest.approx(temperature("900"))
    assert duration("90 min") == duration("1.5 h") == 5400
    assert Schedule.parse("heat at 10 °C/min to 900 °C; cool at 2 °C/min to 25 °C").segments == (
        Schedule.parse("10 °C/min to 900 °C; 2 °C/min to 25 °C").segments
    )
    assert rate("10") == rate("10 °C/min") == pytest.approx(rate("600 K/h"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("10 °C/min to 5000 °C", "outside 0 to 1500"),
        ("hold -2 h", "negative"),
        ("-5 °C/min to 900 °C", "must be positive"),
        ("0 °C/min to 900 °C", "must be positive"),
        ("hold 2 parsecs", "one of s, min, h, d"),
        ("dance", "choices are"),
        ("", "is empty"),
        ("hold 900 d", "longer than a year"),
        ("10 °C/min to nowhere", "not understood"),
        ("hold nan h", "not understood"),
        ("cool quickly", "cool naturally"),
        ("cool at 5 °C/min", "an end, 'cool at 5 °C/min to 25 °C'"),
    ],
)
def test_bad_steps_are_named(text, told):
    with pytest.raises(InputError, match=told) as caught:
        Schedule.parse(text)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=60))
def test_no_text_crashes_the_reader(text):
    try:
        schedule = Schedule.parse(text)
    except InputError:
        return
    assert np.isfinite(schedule.duration)
    assert schedule.duration >= 0


@pytest.mark.parametrize(
    ("text", "seconds", "peak"),
    [
        ("100 K/s to 1000 °C; hold 10 s; quench", 9.75 + 10.0 + 975.0 / 200.0, 1000.0),
        ("500 K/s to 1100 °C; hold 2 s; quench", 2.15 + 2.0 + 1075.0 / 200.0, 1100.0),
        ("100 °C/min to 900 °C in Ar; hold 10 min; 100 °C/min to 600 °C in O2; hold 2 h; cool naturally", None, 900.0),
        ("lid off; 5 °C/min to 600 °C in air; hold 1 h; lid on; 10 °C/min to 1050 °C; hold 1 h", None, 1050.0),
        ("from 150 °C; hold 2 h; 2 °C/min to 500 °C; hold 10 h; cool naturally", None, 500.0),
    ],
    ids=["rapid", "laser", "two gases", "lid", "cold sintering"],
)
def test_schedules_of_today_are_read(text, seconds, peak):
    plan = Schedule.parse(text)
    assert plan.peak == pytest.approx(peak + 273.15)
    if seconds is not None:
        assert plan.duration == pytest.approx(seconds)


def test_a_lid_stays_off_until_it_is_put_on():
    plan = Schedule.parse("10 °C/min to 500 °C; lid off; hold 1 h; hold 1 h; LID ON; hold 1 h")
    assert [segment.lid for segment in plan.segments] == [None, False, False, True]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "0 s"), (0.5, "0.5 s"), (30.0, "30 s"), (60.0, "1 min"), (90.0, "1.5 min"), (100.0, "100 s"),
        (360.0, "6 min"), (1800.0, "30 min"), (3600.0, "1 h"), (5400.0, "1.5 h"), (7200.0, "2 h"), (7260.0, "121 min"),
        (360000.0, "100 h"), (MAX_DURATION, "8760 h"),
    ],
)  # fmt: skip
def test_a_duration_is_told_as_people_write_it(seconds, told):
    assert duration_text(seconds) == told
    assert duration(told) == seconds


@pytest.mark.parametrize(
    ("words", "seconds"),
    [("2 hours", 7200.0), ("1 hour", 3600.0), ("30 minutes", 1800.0), ("5 mins", 300.0), ("2 days", 172800.0),
     ("10 seconds", 10.0), ("1.5 hrs", 5400.0)],
)  # fmt: skip
def test_units_of_time_may_be_words(words, seconds):
    assert duration(words) == seconds


@pytest.mark.parametrize("seconds", [1e-5, 0.123456789, 59.9999, 61.234, 3599.99, 4000.0, 12345.6789, 1e6 / 3, 3e7])
def test_a_duration_that_is_told_can_be_read_again(seconds):
    assert duration(duration_text(seconds)) == pytest.approx(seconds, rel=1e-5)


def test_a_hold_of_a_minute_stays_one_in_text_and_time():
    minute = Schedule.hold(900, hours=1 / 60, cool=False)
    assert minute.text == "10 °C/min to 900 °C; hold 1 min"
    assert minute.segments[-1].duration == 60.0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("5 °C/min to 700 °C, hold 2 h", "step 1, '5 °C/min to 700 °C, hold 2 h': part steps by semicolons"),
        ("5 °C/min to 700 °C in air, 2 K/s to 900 °C", "part steps by semicolons"),
        ("hold 1 h; heat to 700 °C", "step 2, 'heat to 700 °C': write how fast: '10 °C/min to 700 °C'"),
        ("5 °C/min to 700:900:50", "several go with `sinterface sweep`"),
    ],
)
def test_what_is_wrong_with_a_schedule_is_told_and_what_to_write(text, told):
    with pytest.raises(InputError, match=re.escape(told)):
        Schedule.parse(text)


def test_commas_of_pressures_part_no_steps():
    assert Schedule.parse("5 °C/min to 700 °C in pO2=0.2,pCO2=4e-4; hold 1 h").segments[0].gas.pCO2 == 4e-4
