"""What a thermobalance shows of a run: mass against time and temperature, which gas it was, steps and their onsets.

The mass change of a run is what it takes up of O2, CO2 and H2O less the lithium that leaves as vapour.  Between the
solver's steps these courses are straight.  The water of a powder that has met air is the exception: it leaves between
fixed temperatures (``phases.exposure``), at which a solver that has nothing else to do makes no steps, and is taken
from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks, savgol_filter

from sinterface.models.basics.errors import InputError
from sinterface.models.basics.formula import molar_mass
from sinterface.models.powders.exposure import WATERS, water_left

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]

GASES: Mapping[str, float] = {
    "O2": molar_mass({"O": 2.0}),
    "H2O": molar_mass({"H": 2.0, "O": 1.0}),
    "CO2": molar_mass({"C": 1.0, "O": 2.0}),
}
"""Gases that are told apart, with their molar masses [kg/mol]."""

VAPOUR = "Li vapour"
"""Name of the lithium that leaves as vapour, beside GASES."""

POINTS = 2000
"""Points of a curve, evenly spaced in time."""

WINDOW = 31
"""Points over which the derivative is smoothed: 1.5 % of the run, 17 °C of a ramp to 1100 °C."""

LEAST_STEP = 0.1
"""Least mass change of a step [%]: an estimate of what a thermobalance shows above its drift."""

EDGE = 0.03
"""Share of the way from the rate beside a step to its fastest rate at which it begins and ends."""

DEPTH = 0.5
"""Share of its height that a peak of the rate rises above the saddle to a higher peak to be a step of its own."""


@dataclass(frozen=True)
class MassCurve:
    """A mass curve.

    ``time`` [s] (points,), even; ``temperature`` [K] (points,); ``parts`` mass change since the beginning [% of the
    mass then] (points,) of each of GASES and of the lithium vapour: taken up positive, given off negative.

    Example::

        curve = result.mass()
        curve.change[-1], curve.parts["CO2"][-1]
    """

    time: Array
    temperature: Array
    parts: Mapping[str, Array]

    @property
    def change(self) -> Array:
        """Mass change [% of the mass at the beginning] (points,)."""
        return np.asarray(np.sum(list(self.parts.values()), axis=0))

    @property
    def rate(self) -> Array:
        """Derivative of ``change`` by time [%/min] (points,), smoothed over WINDOW points."""
        return smooth_rate(self.time, self.change)

    def steps(self, least: float = LEAST_STEP) -> tuple[MassStep, ...]:
        """Steps of the curve up to its highest temperature; see ``steps``."""
        return steps(self.temperature, self.change, self.parts, least)


@dataclass(frozen=True)
class MassStep:
    """A step of a mass curve, with its extrapolated onset as thermobalances report it.

    ``onset`` [K] is where the tangent at the fastest rate meets the tangent at the beginning of the step, ``peak`` [K]
    where the rate is fastest, ``begin`` and ``end`` [K] the bounds of the step, ``change`` [% of the mass at the very
    beginning] between them, ``gas`` the part that changes most.
    """

    onset: float
    peak: float
    begin: float
    end: float
    change: float
    gas: str


def smooth_rate(time: Array, change: Array) -> Array:
    """Derivative of a mass change [%] by time [s], evenly spaced (points,): %/min, smoothed over WINDOW points."""
    spacing = (time[-1] - time[0]) / (len(time) - 1)
    return np.asarray(60.0 * savgol_filter(change, WINDOW, 2, deriv=1, delta=spacing))


def mass_curve(dataset: xr.Dataset) -> MassCurve:
    """The mass curve of a run, along all of its schedule.

    ``dataset`` is that of a run: ``gas_uptake`` [mol/kg] (time, gas), ``lithium_lost_mass`` [%] (time), ``temperature``
    [K] (time) and the attributes WATERS [% of the sample].  Raises InputError when it has no course in time.

    Example::

        mass_curve(result.dataset).change[-1]  # -5.96 % for LLZTO as received, 5 °C/min to 1100 °C in O2
    """
    needed = {"gas_uptake", "lithium_lost_mass", "temperature", "gas"}
    if dataset.sizes.get("time", 0) < 2 or needed - set(dataset.variables) or set(GASES) - set(dataset["gas"].values):
        raise InputError("this run holds no course in time: write it anew with sinterface run -o run.nc")
    moments, kelvin = dataset["time"].values, dataset["temperature"].values
    time = np.linspace(moments[0], moments[-1], POINTS)
    temperature = np.interp(time, moments, kelvin)
    uptake = {str(name): dataset["gas_uptake"].values[:, k] for k, name in enumerate(dataset["gas"].values)}
    parts = {name: 100.0 * mass * uptake[name] for name, mass in GASES.items()}
    water = np.array([float(dataset.attrs.get(name, 0.0)) for name in WATERS])
    parts["H2O"] = parts["H2O"] - _water_change(kelvin, water)
    parts[VAPOUR] = -dataset["lithium_lost_mass"].values
    evenly = {name: np.interp(time, moments, course) for name, course in parts.items()}
    evenly["H2O"] = evenly["H2O"] + _water_change(temperature, water)
    return MassCurve(time, temperature, evenly)


def _water_change(temperature: Array, water: Array) -> Array:
    """Mass change [%] by the water of powders that have met air along a course of temperatures [K]."""
    hottest = np.maximum.accumulate(temperature)
    left = np.array([water_left(float(T)) for T in hottest])
    return np.asarray((left - 1.0) @ water)


def together(alone: Sequence[tuple[MassCurve, float]]) -> MassCurve:
    """The mass curve of powders that do not meet: the mean of theirs, by shares of the mass weighed in.

    Raises InputError when their times differ.

    Example::

        together([(cathode.mass(), 0.5), (garnet.mass(), 0.5)])
    """
    first = alone[0][0]
    if any(not np.allclose(curve.time, first.time) for curve, _ in alone):
        raise InputError("mass curves of different schedules: heat both powders on the same schedule")
    parts = {name: np.sum([share * curve.parts[name] for curve, share in alone], axis=0) for name in first.parts}
    return MassCurve(first.time, first.temperature, parts)


def steps(
    temperature: Array, change: Array, parts: Mapping[str, Array] | None = None, least: float = LEAST_STEP
) -> tuple[MassStep, ...]:
    """Steps of a mass curve while it is heated, in order of temperature.

    ``temperature`` [K] and ``change`` [%] (points,) are evenly spaced in time; what follows the highest temperature is
    left out.  A step is a peak of the rate of loss or of gain that stands out by DEPTH of its height and is the highest
    within WINDOW points; it reaches to where the rate has fallen to EDGE of the way to that beside it, or to the saddle
    before the next.
    Steps of less than ``least`` [%] are left out.  ``parts`` (points,) by gas, if given, name the gas of each step.

    Raises InputError when fewer than 3 WINDOW points are on the way up.

    Example::

        [round(step.onset - 273.15) for step in result.mass().steps()]
    """
    top = int(np.argmax(temperature)) + 1
    if top < 3 * WINDOW:
        raise InputError(f"{top} points on the way to the highest temperature: a mass curve needs {3 * WINDOW}")
    T, mass = temperature[:top], change[:top]
    slope = savgol_filter(mass, WINDOW, 2, deriv=1) / np.maximum(savgol_filter(T, WINDOW, 2, deriv=1), 1e-9)
    steps = []
    for sign in (-1.0, 1.0):
        for begin, peak, end in _spans(sign * slope):
            moved = float(mass[end] - mass[begin])
            if sign * moved < least:
                continue
            gas = "" if parts is None else max(parts, key=lambda name: sign * (parts[name][end] - parts[name][begin]))
            onset = _crossing(T, mass, slope, begin, peak)
            steps.append(MassStep(onset, float(T[peak]), float(T[begin]), float(T[end]), moved, gas))
    return tuple(sorted(steps, key=lambda step: step.peak))


def _spans(rate: Array) -> list[tuple[int, int, int]]:
    """Begin, peak and end of each hump of a rate that stands out."""
    padded = np.concatenate([[0.0], np.maximum(rate, 0.0), [0.0]])  # a step may be cut off by the end of the curve
    tops, told = find_peaks(padded, prominence=0.0, distance=WINDOW)
    peaks: list[int] = []
    for top, depth in zip((tops - 1).tolist(), told["prominences"].tolist(), strict=True):
        if depth < DEPTH * rate[top]:
            continue
        if peaks and rate[peaks[-1] : top].min() > (1.0 - DEPTH) * rate[top]:  # two points of one flat top
            continue
        peaks.append(top)
    bounds = [0, *(a + int(np.argmin(rate[a:b])) for a, b in pairwise(peaks)), len(rate) - 1]
    return [
        (peak - _reach(rate[low : peak + 1][::-1]), peak, peak + _reach(rate[peak : high + 1]))
        for low, peak, high in zip(bounds, peaks, bounds[1:], strict=False)
    ]


def _reach(falling: Array) -> int:
    """Points from a peak, the first of these rates, to where the rate is EDGE of the way above its least on that side.

    A drift of the balance on that side so counts as quiet.
    """
    least = max(float(falling.min()), 0.0)
    return int(np.argmax(falling <= least + EDGE * (falling[0] - least)))


def _crossing(T: Array, mass: Array, slope: Array, begin: int, peak: int) -> float:
    """Temperature at which the tangents at the beginning and at the peak of a step cross, within these two."""
    steep = float(slope[peak] - slope[begin])
    if steep == 0.0:
        return float(T[begin])
    ahead = mass[begin] - slope[begin] * T[begin] - (mass[peak] - slope[peak] * T[peak])
    return float(np.clip(ahead / steep, T[begin], T[peak]))
