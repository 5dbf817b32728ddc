"""Heating schedules: ramps, holds, cooling.  Degrees Celsius, hours and minutes at the door, SI inside."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sinterface.models.basics.constants import CELSIUS_ZERO, T_MAX, T_MIN
from sinterface.models.basics.errors import InputError, SinterfaceError, shown
from sinterface.models.basics.lookalikes import level
from sinterface.models.phases.atmosphere import Atmosphere, atmosphere

ROOM = 25.0 + CELSIUS_ZERO
COOLED = 100.0 + CELSIUS_ZERO
"""A schedule that cools naturally ends here [K]: nothing moves below."""

COOLING_TIME = 5400.0
"""Time constant [s] of an unheated box or tube furnace, Newton's law; an estimate, 900 to 500 degrees C in an hour."""

QUENCH = 200.0
"""Cooling rate [K/s] into water or onto a copper block: an estimate, 100 to 500 K/s for a 1 mm pellet."""

MAX_DURATION = 3600.0 * 24 * 365
MAX_RATE = 1e6
"""Fastest heating or cooling accepted [K/s]: a hundred times that of the fastest furnaces."""

SHORTEST = 1e-6
"""Steps that take less [s] take no time."""

MAX_TEXT = 5000
"""Longest text of a schedule [characters]."""

MAX_STEPS = 500
"""Most steps of a schedule."""

MAX_PRESSURE = 1e10
"""Largest pressure on a sample that is accepted [Pa]."""

CHOICES = (
    "'from 100 °C' (first), '10 °C/min to 900 °C', 'hold 2 h', 'cool naturally', 'quench', 'lid off', 'lid on', "
    "'press 50 MPa', 'press off'"
)
_PRESSURE = {"pa": 1.0, "kpa": 1e3, "mpa": 1e6, "gpa": 1e9, "bar": 1e5, "kbar": 1e8}
_TIME = {
    word: seconds
    for words, seconds in (
        ("s sec second seconds", 1.0), ("min mins minute minutes", 60.0), ("h hr hrs hour hours", 3600.0),
        ("d day days", 86400.0),
    )
    for word in words.split()
}  # fmt: skip
CLOCKS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))
"""Units in which times are told: size [s] and name, the largest first."""

_NUMBER = r"([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)"


@dataclass(frozen=True)
class Segment:
    """Temperature [K] from ``start`` to ``end`` in ``duration`` [s]: linear, or Newton cooling to room temperature.

    ``gas`` is the furnace gas from here on, None where the schedule does not name one; ``lid`` whether the crucible has
    a lid, and ``pressure`` [Pa] what presses the sample, None where the schedule says nothing of it.  ``pressed`` [Pa]
    is the most that it was pressed with, for no time, right before.
    """

    start: float
    end: float
    duration: float
    shape: str = "linear"
    gas: Atmosphere | None = None
    lid: bool | None = None
    pressure: float | None = None
    pressed: float = 0.0

    @property
    def slope(self) -> float:
        """How fast the temperature changes [K/s], 0 in natural cooling, where it is no constant.

        It is told to 13 digits, so that ramps of a rate are the same ramp wherever they end.

        >>> ramps = Schedule.parse("10 °C/min to 600 °C; 10 °C/min to 1000 °C; 5 °C/min to 100 °C").segments
        >>> [ramp.slope for ramp in ramps]
        [0.1666666666667, 0.1666666666667, -0.08333333333333]
        """
        return 0.0 if self.shape == "newton" else float(f"{(self.end - self.start) / self.duration:.12e}")

    def temperature(self, elapsed: float) -> float:
        """Temperature [K] at a time [s] since the segment began; constant beyond its end."""
        t = min(max(elapsed, 0.0), self.duration)
        if self.shape == "newton":
            return ROOM + (self.start - ROOM) * math.exp(-t / COOLING_TIME)
        return self.start + (self.end - self.start) * t / self.duration


@dataclass(frozen=True)
class Schedule:
    """Segments in order; ``text`` is what the user wrote.  Build one with ``hold`` or ``parse``.

    ``name`` is what figures call it, the text where it has none.

    >>> plan = Schedule.parse("from 100 °C; hold 1 h")
    >>> plan.duration, plan.peak, plan.presses
    (3600.0, 373.15, False)
    """

    segments: tuple[Segment, ...]
    text: str
    name: str = ""

    @staticmethod
    def hold(
        temperature: float,
        hours: float = 2.0,
        *,
        ramp: float = 10.0,
        cool: bool = True,
    ) -> Schedule:
        """Ramp [degrees C/min] from 25 to ``temperature`` [degrees C], hold [h], then cool naturally if ``cool``.

        Raises InputError for what is no number, or no schedule.

        >>> Schedule.hold(900, hours=2, ramp=5).text
        '5 °C/min to 900 °C; hold 2 h; cool naturally'
        """
        for what, given in (("temperature", temperature), ("hours", hours), ("ramp", ramp)):
            if not hasattr(given, "__float__"):
                raise InputError(
                    f"{what} {shown(repr(given), 80)}: Schedule.hold takes numbers, °C, h and °C/min; what is written "
                    "with units goes into Schedule.parse, e.g. '10 °C/min to 900 °C; hold 2 h; cool naturally'"
                )
        ending = "; cool naturally" if cool else ""
        held = duration_text(3600.0 * hours)
        return Schedule.parse(f"{ramp:g} °C/min to {temperature:g} °C; hold {held}{ending}")

    @staticmethod
    def parse(text: str, name: str = "") -> Schedule:
        """Schedule from text: steps parted by semicolons, each one of

        ``10 °C/min to 900 °C``, ``hold 2 h``, ``cool naturally``, ``quench``; it starts at 25 °C, or where the first
        step says, ``from 100 °C``.  Any step may end in its gas, which then stays: ``10 °C/min to 600 °C in air``.
        ``lid off`` and ``lid on`` are steps that take no time: how fast the crucible's gas is renewed from there on;
        so are ``press 50 MPa`` and ``press off``: what presses the sample from there on.
        Raises InputError naming the step that can not be read.

        >>> Schedule.parse("10 °C/min to 600 °C in air; hold 1 h; 50 °C/min to 900 °C in O2").segments[1].gas.name
        'air'
        """
        steps: list[tuple[str, Atmosphere | None]] = []
        for number, step in enumerate(split(text), 1):
            if re.search(r",\s*(?:(?:hold|cool|quench|press|lid)\b|[^,=]*/\s*\w+\s+to\b)", step, re.IGNORECASE):
                raise InputError(f"schedule step {number}, {shown(step, 80)}: part steps by semicolons, not by commas")
            match = re.fullmatch(r"(.*\S)\s+in\s+(\S.*)", step, flags=re.IGNORECASE | re.DOTALL)
            steps.append((match[1], _gas(match[2], number)) if match else (step, None))
        return replace(read(steps, text), name=name)

    @property
    def label(self) -> str:
        """What figures call it."""
        return self.name or self.text

    def sampled(self, per_curve: int = 200) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Times [s] and temperatures [K] (N,) between which it is straight; ``per_curve`` on a curved piece.

        >>> times, _ = Schedule.parse("from 100 °C; hold 1 h").sampled()
        >>> times.tolist()
        [0.0, 3600.0]
        """
        times = [np.zeros(1)]
        for segment, start in zip(self.segments, self.starts, strict=False):
            points = 1 if segment.shape == "linear" else per_curve
            times.append(start + segment.duration * np.arange(1, points + 1) / points)
        joined = np.concatenate(times)
        return joined, self.temperature(joined)

    @property
    def presses(self) -> bool:
        """Whether it says something of what presses the sample."""
        return any(segment.pressure is not None for segment in self.segments)

    def pressing(
        self, pressure: float = 0.0, pieces: int = 100
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Times [s] and temperatures [K] (N,), and what presses the sample [Pa] (N - 1,) between them.

        ``pressure`` [Pa] acts until the schedule says something of it.  Each segment is cut in ``pieces``; pressing
        that takes no time is a piece without length.

        >>> times, _, pressures = Schedule.parse("press 300 MPa; press off; hold 1 h").pressing()
        >>> times[:2].tolist(), (pressures[:2] / 1e6).tolist()
        ([0.0, 0.0], [300.0, 0.0])
        """
        times, pressures = [np.zeros(1)], [np.empty(0)]
        for segment, start in zip(self.segments, self.starts, strict=False):
            pressure = pressure if segment.pressure is None else segment.pressure
            if segment.pressed > pressure:
                times.append(np.full(1, start))
                pressures.append(np.full(1, segment.pressed))
            times.append(start + segment.duration * np.arange(1, pieces + 1) / pieces)
            pressures.append(np.full(pieces, pressure))
        joined = np.concatenate(times)
        return joined, self.temperature(joined), np.concatenate(pressures)

    @cached_property
    def starts(self) -> tuple[float, ...]:
        """Times [s] at which the segments begin, and the end of the last."""
        return tuple(np.concatenate(([0.0], np.cumsum([segment.duration for segment in self.segments]))).tolist())

    @property
    def duration(self) -> float:
        """Total time [s]."""
        return self.starts[-1]

    @property
    def peak(self) -> float:
        """Highest temperature [K]."""
        return max(max(segment.start, segment.end) for segment in self.segments)

    @property
    def hottest(self) -> int:
        """Number of the last segment that ends at the highest temperature; 0 where the sample only starts there.

        >>> Schedule.parse("10 °C/min to 600 °C; hold 1 h; cool naturally in N2").hottest
        1
        """
        return max((k for k, segment in enumerate(self.segments) if segment.end >= self.peak), default=0)

    def temperature(self, time: ArrayLike) -> NDArray[np.float64]:
        """Temperature [K] at times [s] since the start; constant beyond the ends.

        >>> Schedule.parse("from 100 °C; hold 1 h").temperature([0.0, 1e6]).tolist()
        [373.15, 373.15]
        """
        t = np.asarray(time, dtype=float)
        last = len(self.segments) - 1
        kelvin = [
            self.segments[k].temperature(at - self.starts[k])
            for at in t.ravel().tolist()  # a step asks for three times, for which arrays cost more than they save
            for k in (min(max(bisect.bisect_right(self.starts, at) - 1, 0), last),)
        ]
        return np.array(kelvin).reshape(t.shape)


def _comma(text: str) -> str:
    """What to do about a comma in a number: it could part decimals or thousands."""
    return "put a point before decimals and nothing between thousands; " if re.search(r"\d,\d", text) else ""


def duration(text: str) -> float:
    """Time [s] from text such as ``2 h``, ``90 min``, ``30 s``.  Raises InputError."""
    match = re.fullmatch(_NUMBER + r"\s*([a-z]+)", level(text).strip().casefold())
    if not match or match[2] not in _TIME:
        raise InputError(
            f"time {shown(text)} is not understood: {_comma(text)}write a number and a unit, one of s, min, h, d, "
            "e.g. '2 h'"
        )
    value = float(match[1]) * _TIME[match[2]]
    if value < 0.0:
        raise InputError(f"time {shown(text)} is negative: a hold lasts zero or more")
    if value > MAX_DURATION:
        raise InputError(f"time {shown(text)} is longer than a year: check the units (s, min, h, d)")
    return value


def duration_text(seconds: float, digits: int = 6) -> str:
    """A time [s] as people write it, to so many digits; ``duration`` reads it.

    It stands in the largest unit that it fills and that needs no more than two decimals, one below 2, else in the
    largest that it fills.

    >>> [duration_text(time) for time in (30, 90, 1800, 4500, 5400, 7260)]
    ['30 s', '1.5 min', '30 min', '75 min', '1.5 h', '121 min']
    >>> duration_text(12345, digits=3)
    '3.43 h'
    """
    filled = [(seconds / size, unit) for size, unit in CLOCKS if seconds >= size] or [(seconds, "s")]
    for value, unit in filled:
        number = f"{value:.{digits}g}"
        if "e" not in number and len(number.partition(".")[2]) <= (1 if value < 2.0 else 2):
            return f"{number} {unit}"
    value, unit = filled[0]
    return f"{value:.{digits}g} {unit}"


def clock(seconds: float) -> tuple[float, str]:
    """The unit of an axis on which a duration [s] is read best: its size [s] and name.

    >>> clock(600.0)
    (60.0, 'min')
    """
    return next(((size, unit) for size, unit in CLOCKS if seconds >= 2.0 * size), CLOCKS[-1])


def temperature(text: str) -> float:
    """Temperature [K] from ``900``, ``900 °C`` or ``1173 K``.  Raises InputError outside the range of the data."""
    match = re.fullmatch(_NUMBER + r"\s*(°?\s*c|k)?", level(text).strip().casefold())
    if not match:
        told = "several go with `sinterface sweep`; " if re.search(r"\d\s*:\s*\d", text) else _comma(text)
        raise InputError(f"temperature {shown(text)} is not understood: {told}write e.g. '900', '900 °C' or '1173 K'")
    kelvin = float(match[1]) + (0.0 if match[2] == "k" else CELSIUS_ZERO)
    if not T_MIN <= kelvin <= T_MAX:
        raise InputError(
            f"temperature {shown(text)} is outside {T_MIN - CELSIUS_ZERO:.0f} to {T_MAX - CELSIUS_ZERO:.0f} °C, "
            f"where the thermochemical data hold"
        )
    return kelvin


def pressure(text: str) -> float:
    """Pressure [Pa] on a sample from text such as ``50 MPa``, ``2 kbar``, ``0 MPa``.  Raises InputError.

    >>> pressure("50 MPa")
    50000000.0
    """
    match = re.fullmatch(_NUMBER + r"\s*(k?bar|[kMG]?Pa)", level(text).strip(), flags=re.IGNORECASE)
    if not match:
        raise InputError(
            f"pressure {shown(text)} is not understood: {_comma(text)}write a number and a unit, one of MPa, GPa, "
            "kPa, bar, e.g. '50 MPa'"
        )
    value = float(match[1]) * _PRESSURE[match[2].casefold()]
    if not 0.0 <= value <= MAX_PRESSURE:
        raise InputError(f"pressure {shown(text)}: choose 0 to {MAX_PRESSURE / 1e9:g} GPa")
    return value


def rate(text: str) -> float:
    """Heating rate [K/s] from ``10 °C/min``, ``50 K/s``; a bare number is °C/min.  Raises InputError."""
    match = re.fullmatch(_NUMBER + r"\s*(?:(?:°?\s*c|k)\s*/\s*([a-z]+))?", level(text).strip().casefold())
    if not match or (match[2] or "min") not in _TIME:
        raise InputError(
            f"heating rate {shown(text)} is not understood: {_comma(text)}write e.g. '10 °C/min' or '50 K/s'"
        )
    value = float(match[1]) / _TIME[match[2] or "min"]
    if value > MAX_RATE:
        raise InputError(f"heating rate {shown(text)} is over {MAX_RATE:g} K/s: no furnace does that")
    if value <= 0.0:
        raise InputError(f"heating rate {shown(text)} must be positive: the target says whether it heats or cools")
    return value


def split(text: str) -> list[str]:
    """Steps of a schedule's text.  Raises InputError for what is no text, too long or empty."""
    if not isinstance(text, str):
        raise InputError(
            f"schedule {shown(repr(text), 80)} is no text: write e.g. '10 °C/min to 900 °C; hold 2 h; cool naturally'"
        )
    if len(text) > MAX_TEXT:
        raise InputError(f"schedule: more than {MAX_TEXT} characters")
    steps = [part for part in (piece.strip() for piece in re.split(r"[;\n]", text)) if part]
    if not steps:
        raise InputError(
            f"schedule {shown(text, 80)} is empty: write e.g. '10 °C/min to 900 °C; hold 2 h; cool naturally'"
        )
    return steps


def _gas(text: str, number: int) -> Atmosphere:
    try:
        return atmosphere(text)
    except SinterfaceError as error:
        raise InputError(f"schedule step {number}: {error}") from error


def read(steps: Sequence[tuple[str, Atmosphere | None]], text: str) -> Schedule:
    """Schedule of steps in order, each with the gas that it names, which holds until the next one.

    Steps that take no time (SHORTEST), a hold of 0 h, make no segment.  Raises InputError naming the step.
    """
    if len(steps) > MAX_STEPS:
        raise InputError(f"schedule: {len(steps)} steps; at most {MAX_STEPS} are followed")
    here = ROOM
    gas: Atmosphere | None = None
    lid: bool | None = None
    press: float | None = None
    pressed = 0.0
    segments: list[Segment] = []
    for number, (step, given) in enumerate(steps, 1):
        gas = gas if given is None else given
        try:
            if (start := re.fullmatch(r"(?:from|start(?:\s+at)?)\s+(.+)", step, flags=re.IGNORECASE)) is not None:
                if number > 1:
                    raise InputError("a start stands before all other steps")
                here = temperature(start[1])
                continue
            if (cover := re.fullmatch(r"lid\s+(on|off)", step, flags=re.IGNORECASE)) is not None:
                lid = cover[1].casefold() == "on"
                continue
            if (force := re.fullmatch(r"press\s+(.+)", step, flags=re.IGNORECASE)) is not None:
                press = 0.0 if force[1].casefold() == "off" else pressure(force[1])
                pressed = max(pressed, press)
                continue
            segment = _segment(step, here)
        except InputError as error:
            raise InputError(f"schedule step {number}, {shown(step, 80)}: {error}") from error
        if segment is not None and segment.duration >= SHORTEST:
            segments.append(replace(segment, gas=gas, lid=lid, pressure=press, pressed=pressed))
            here, pressed = segment.end, 0.0
    if not segments:
        raise InputError(f"schedule {shown(text, 80)} takes no time: add a ramp or a hold, e.g. 'hold 2 h'")
    if sum(segment.duration for segment in segments) > MAX_DURATION:
        raise InputError(f"schedule {shown(text, 80)} is longer than a year: check the units (s, min, h, d)")
    return Schedule(tuple(segments), text)


def _segment(step: str, here: float) -> Segment | None:
    words = step.casefold()
    if words.startswith("hold"):
        seconds = duration(words.removeprefix("hold").removeprefix(" for").strip())
        return Segment(here, here, seconds) if seconds > 0.0 else None
    if words in ("cool", "cool naturally"):
        if here <= COOLED:
            return None
        return Segment(here, COOLED, COOLING_TIME * math.log((here - ROOM) / (COOLED - ROOM)), "newton")
    if words == "quench":
        return Segment(here, ROOM, max(here - ROOM, 1.0) / QUENCH) if here > ROOM else None
    match = re.fullmatch(r"(?:(?:ramp|heat|cool)\s+)?(?:at\s+)?(.+?)\s+to\s+(.+)", step.strip(), flags=re.IGNORECASE)
    if not match:
        if words.startswith("cool"):
            raise InputError("write 'cool naturally' or a rate and an end, 'cool at 5 °C/min to 25 °C'")
        raise InputError(f"not understood: choices are {CHOICES}")
    target = temperature(match[2])
    if match[1].casefold() in ("ramp", "heat", "cool"):
        raise InputError(f"write how fast: '10 °C/min to {match[2]}'")
    speed = rate(match[1])
    return Segment(here, target, abs(target - here) / speed) if target != here else None
