"""Figures of mass curves: mass and the gases that make it, its rate with the steps, and a measured curve beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.basics.textfile import drawn
from sinterface.models.instruments.thermogravimetry import LEAST_STEP
from sinterface.simulate.figures.canvas import canvas, wrapped
from sinterface.simulate.figures.plot import TEMPERATURE, titled
from sinterface.simulate.figures.plot_instruments import WIDTH
from sinterface.simulate.setup.schedule import clock

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sinterface.simulate.files.mass_files import MeasuredMass
    from sinterface.simulate.solve.result import Result
    from sinterface.simulate.studies.thermogram import Thermogram

LINES = {
    "O2": ("#D55E00", "--", "oxygen"), "H2O": ("#0072B2", ":", "water"), "CO2": ("#009E73", "-.", "CO$_2$"),
    "Li vapour": ("#CC79A7", (0, (1, 3)), "lithium vapour"),
}  # fmt: skip
"""Colour, dashes and name of each part; the dashes tell them apart in grey (colours: Okabe & Ito, 2008)."""

LEAST = 0.02
"""Parts that change the mass by less than this [%] are not drawn."""

SLOWEST = 0.01
"""Least span of the axis of rates [%/min]: slower than any step."""

CROWDED = 0.05
"""Numbers of onsets that are nearer than this share of the axis do not stand side by side: the second is raised."""


def mass_curve(shown: Thermogram, measured: MeasuredMass | None = None, title: str = "") -> Figure:
    """Mass change and its parts over its rate, against temperature on the way up, with a tick at each onset.

    Steps are marked where their extrapolated onset lies.  A measured curve is laid over as grey points, beginning at 0
    as the calculated curve does; its rate is not drawn, since its noise is not known.
    """
    curve = shown.curve
    top = int(np.argmax(curve.temperature)) + 1
    celsius = curve.temperature[:top] - CELSIUS_ZERO
    figure = canvas(WIDTH, 4.6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2.2, 1.0])
    if measured is not None:
        points = slice(None, None, max(1, len(measured.change) // 400))
        upper.plot(
            measured.temperature[points] - CELSIUS_ZERO, measured.change[points], "o", color="0.6", markersize=2.5,
            label=drawn(measured.path.name),
        )  # fmt: skip
    for name, course in curve.parts.items():
        if np.abs(course[:top]).max() >= LEAST:
            colour, dashes, told = LINES[name]
            upper.plot(celsius, course[:top], color=colour, linestyle=dashes, linewidth=1.4, label=told)
    if shown.apart is not None:
        upper.plot(celsius, shown.apart.change[:top], color="0.45", linewidth=0.9, label="the two powders apart")
    upper.plot(celsius, curve.change[:top], color="black", linewidth=1.8, label="mass")
    upper.axhline(0.0, color="0.8", linewidth=0.6, zorder=0)
    bottom, peak = upper.get_ylim()
    if peak - bottom < LEAST_STEP:  # round-off is no curve
        upper.set_ylim(bottom - 0.8 * LEAST_STEP, peak + 0.2 * LEAST_STEP)
    upper.set_ylabel("mass change / %", fontsize=8)
    rate = curve.rate[:top]
    lower.plot(celsius, rate, color="black", linewidth=1.0)
    lower.axhline(0.0, color="0.8", linewidth=0.6, zorder=0)
    lower.set_ylabel("rate / % min$^{-1}$", fontsize=8)
    lower.set_xlabel("temperature / °C; numbers: extrapolated onsets of the steps", fontsize=8)
    span = max(float(np.ptp(rate)), SLOWEST)
    before, raised = -np.inf, False
    for step in curve.steps():
        onset = step.onset - CELSIUS_ZERO
        side = 1.0 if step.change < 0.0 else -1.0
        raised = onset - before < CROWDED * (celsius[-1] - celsius[0]) and not raised
        before = onset
        lower.annotate(
            f"{onset:.0f}", (onset, 0.0), (onset, side * (0.24 if raised else 0.14) * span), fontsize=6.5, ha="center",
            color="0.15",
            va="bottom" if side > 0.0 else "top", arrowprops={"arrowstyle": "-", "linewidth": 0.6, "color": "0.4"},
        )  # fmt: skip
    low, high = float(rate.min()), float(rate.max())
    lower.set_ylim(min(low, 0.0) - span * (0.35 if high > 0.1 * span else 0.06), max(high, 0.0) + 0.35 * span)
    upper.set_title(wrapped(title, WIDTH, 8), fontsize=8)
    upper.legend(fontsize=7, frameon=False, loc="lower left")
    for axis in (upper, lower):
        axis.set_xlim(celsius[0], celsius[-1])
        axis.tick_params(labelsize=7)
        axis.spines[["top", "right"]].set_visible(False)
    return figure


def against_time(result: Result) -> Figure:
    """Mass of the sample against time, and what gases and lithium vapour make of it, over the schedule."""
    curve = result.mass()
    figure = canvas(7.4, 4.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    size, unit = clock(float(curve.time[-1]))
    clocks = curve.time / size
    upper.plot(clocks, curve.change, color="black", label="mass")
    for name, (colour, dashes, told) in LINES.items():
        if np.abs(curve.parts[name]).max() >= LEAST:
            upper.plot(clocks, curve.parts[name], color=colour, linestyle=dashes, label=told)
    upper.set_ylabel("change of mass / %")
    lower.plot(clocks, curve.temperature - CELSIUS_ZERO, color=TEMPERATURE)
    lower.set_ylim(0, None)
    lower.set_ylabel("T / °C")
    lower.set_xlabel(f"time / {unit}")
    titled(figure, upper, result, 5.0)
    return figure
