"""Figures of ``compare`` and ``optimize``: phases against time per schedule, and the Pareto front."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.simulate.solve.result import DETECTION_LIMIT, Result
from sinterface.simulate.studies.compare import clock, courses, summary
from sinterface.simulate.views.plot import TEMPERATURE, style

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

    from sinterface.simulate.studies.compare import Comparison
    from sinterface.simulate.studies.optimize import Front

SHOWN = 0.05
"""Families that stay below this share [wt%] are left out."""

PER_ROW = 4


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def compared(found: Comparison, limit: float = DETECTION_LIMIT) -> Figure:
    """Secondary families and temperature against time, one panel per schedule with the same axes of wt% and °C."""
    from matplotlib.lines import Line2D

    across = min(len(found.results), PER_ROW)
    down = -(-len(found.results) // across)
    figure = _figure(1.4 + 3.6 * across, 0.8 + 4.4 * down)
    grid = figure.subplots(
        2 * down, across, squeeze=False, sharex="none", sharey="none", height_ratios=[3, 1] * down
    )  # fmt: skip
    top = max([limit, *(float(c.max()) for r in found.results for c in courses(r).values())])
    hottest = max(plan.schedule.peak for plan in found.plans) - CELSIUS_ZERO
    shown: dict[str, Artist] = {}
    for k in range(down * across):
        upper, lower = grid[2 * (k // across), k % across], grid[2 * (k // across) + 1, k % across]
        if k >= len(found.results):
            upper.axis("off")
            lower.axis("off")
            continue
        plan, result = found.plans[k], found.results[k]
        size, unit = clock(plan.schedule.duration)
        passed = result.dataset["time"].values / size
        for family, share in courses(result).items():
            if share.max() < SHOWN:
                continue
            colour, marker = style(family)
            (line,) = upper.plot(
                passed, share, color=colour, marker=marker, markersize=4, markevery=(0.07, 0.14), linewidth=1.5
            )
            shown.setdefault(family, line)
        upper.axhline(limit, color="0.6", linestyle="--", linewidth=1)
        low, _, high = found.densities[k]
        title = textwrap.shorten(summary(plan), 44, placeholder="...")
        upper.set_title(f"{title}\n{_gases(result)}; density {100 * low:.0f} to {100 * high:.0f} %", fontsize=9)
        upper.set_ylim(0, 1.06 * top)
        upper.tick_params(labelbottom=False)
        times, kelvin = plan.schedule.sampled()
        lower.plot(times / size, kelvin - CELSIUS_ZERO, color=TEMPERATURE, linewidth=1.2)
        lower.set_ylim(0, 1.1 * hottest)
        lower.set_xlabel(f"time / {unit}")
        end = plan.schedule.duration / size
        for axis in (upper, lower):
            axis.set_xlim(0, end)
        if k % across == 0:
            upper.set_ylabel("secondary phase / wt% of the sample")
            lower.set_ylabel("T / °C")
        else:
            upper.tick_params(labelleft=False)
            lower.tick_params(labelleft=False)
    shown[f"detection limit ({limit:g} wt%)"] = Line2D([], [], color="0.6", linestyle="--", linewidth=1)
    attrs = found.results[0].dataset.attrs
    figure.suptitle(f"{attrs['cathode']} + {attrs['electrolyte']}", fontsize=10)
    figure.legend(
        list(shown.values()), list(shown), loc="outside lower center", ncols=min(5, len(shown)), fontsize=9,
        frameon=False,
    )  # fmt: skip
    return figure


def _gases(result: Result) -> str:
    text = str(result.dataset.attrs["atmosphere"])
    return ", then ".join(part.split(" (")[0] for part in text.split(", then "))


def front(found: Front, limit: float = DETECTION_LIMIT) -> Figure:
    """wt% of secondary phases against relative density: all trials by gas, the front, its intervals as bars."""
    figure = _figure(7.2, 5.0)
    axis = figure.subplots()
    markers = ("o", "s", "^", "D", "v", "P")
    colours = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
    for number, gas in enumerate(found.bounds.gases):
        mine = [one for one in found.trials if one.choice.gas == gas]
        if mine:
            axis.scatter(
                [100 * one.density for one in mine], [one.secondary for one in mine], s=16, alpha=0.5, linewidths=0,
                color=colours[number % 6], marker=markers[number % 6], label=f"tried in {gas.name}",
            )  # fmt: skip
    x = np.array([100 * one.density for one in found.points])
    y = np.array([one.secondary for one in found.points])
    axis.plot(x, y, color="black", linewidth=1.2, drawstyle="steps-pre", marker="o", markersize=5, label="Pareto front")
    across = np.array([[100 * one.density_interval[0], 100 * one.density_interval[2]] for one in found.points])
    axis.hlines(y, across[:, 0], across[:, 1], color="0.35", linewidth=0.8, label="5 to 95 %: sintering curve")
    spread = [(a, one.secondary_interval) for a, one in zip(x, found.points, strict=True) if one.secondary_interval]
    if spread:
        axis.vlines(
            [a for a, _ in spread], [s[0] for _, s in spread], [s[2] for _, s in spread], color="0.35", linewidth=0.8,
            linestyle=(0, (4, 1)), label=f"5 to 95 %: {found.samples} posterior samples",
        )  # fmt: skip
        middle = [s[1] for _, s in spread]
        axis.plot([a for a, _ in spread], middle, "_", color="0.35", markersize=9, label="their median")
    for number, one in enumerate(found.points, 1):
        axis.annotate(
            str(number), (100 * one.density, one.secondary), xytext=(5, 5), textcoords="offset points", fontsize=8
        )
    axis.axhline(limit, color="0.6", linestyle="--", linewidth=1, label=f"detection limit ({limit:g} wt%)")
    axis.set_yscale("symlog", linthresh=0.1)
    axis.set_ylim(0, 120)
    ticks = [0, 0.1, 1, 10, 100]
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_xlim(45, 101)
    axis.set_xlabel("relative density of an LLZTO compact / %")
    axis.set_ylabel("secondary phases / wt% of the sample")
    axis.set_title(f"{found.cathode} + {found.electrolyte}", fontsize=10)
    told = [
        f"{number}: {c.temperature:g} °C, {c.hours:g} h, {c.ramp:g} °C/min, {c.gas.name}, {c.cooling}"
        for number, c in enumerate((one.choice for one in found.points), 1)
    ]
    told = [one.replace(" ", "\u00a0") for one in told]  # lines break between schedules alone
    figure.supxlabel("\n".join(textwrap.wrap("    ".join(told), 110)), fontsize=7.5, color="0.3")
    figure.legend(fontsize=8, frameon=False, loc="outside upper center", ncols=4)
    return figure
