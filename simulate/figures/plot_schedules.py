"""Figures of ``compare`` and ``optimize``: phases against time per schedule, and the Pareto front."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.basics.textfile import drawn
from sinterface.simulate.figures.canvas import canvas
from sinterface.simulate.figures.plot import TEMPERATURE, below, style
from sinterface.simulate.setup.problem import sample_text
from sinterface.simulate.setup.schedule import clock
from sinterface.simulate.solve.result import DETECTION_LIMIT, Result
from sinterface.simulate.studies.compare import summary
from sinterface.simulate.studies.shares import courses, final_errors

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

    from sinterface.simulate.studies.compare import Comparison
    from sinterface.simulate.studies.optimize import Front, Trial

SHOWN = 0.05
"""Families that stay below this share [wt%] are left out."""

PER_ROW = 4

BAR = 0.02
"""How far bars of errors stand apart behind the end of a schedule, as a share of it."""


def compared(comparison: Comparison, limit: float = DETECTION_LIMIT) -> Figure:
    """Secondary families and temperature against time, a panel for each schedule with the same axes of wt% and °C.

    Bars behind the end are the numerical errors of the final amounts.
    """
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

    results, plans = comparison.results, comparison.plans
    across = min(len(results), PER_ROW)
    down = -(-len(results) // across)
    figure = canvas(1.4 + 3.6 * max(across, 2 if len(results) > 1 else 1.6), 0.8 + 4.4 * down)
    grid = figure.subplots(
        2 * down, across, squeeze=False, sharex="none", sharey="none", height_ratios=[3, 1] * down
    )  # fmt: skip
    top = max([limit, *(float(course.max()) for result in results for course in courses(result).values())])
    ends = [result.family_shares.get(name, 0.0) + e for result in results for name, e in final_errors(result).items()]
    top = max(top, min(max(ends, default=0.0), 2.0 * top))  # bars that are longer say enough where they are cut
    hottest = max(plan.peak for plan in plans) - CELSIUS_ZERO
    handles: dict[str, Artist] = {}
    for k in range(down * across):
        upper, lower = grid[2 * (k // across), k % across], grid[2 * (k // across) + 1, k % across]
        if k >= len(results):
            upper.axis("off")
            lower.axis("off")
            continue
        plan, result = plans[k], results[k]
        size, unit = clock(plan.duration)
        passed = result.dataset["time"].values / size
        errors = final_errors(result)
        end = plan.duration / size
        bars = 0
        for family, share in courses(result).items():
            if share.max() < SHOWN:
                continue
            colour, marker = style(family)
            (line,) = upper.plot(
                passed, share, color=colour, marker=marker, markersize=4, markevery=(0.07, 0.14), linewidth=1.5
            )
            handles.setdefault(family, line)
            if errors.get(family, 0.0) >= SHOWN:
                bars += 1
                upper.errorbar(
                    [end * (1.0 + BAR * bars)], share[-1:],
                    yerr=[np.minimum(errors[family], share[-1:]), [errors[family]]], color=colour, marker=marker,
                    markersize=4, linestyle="none", elinewidth=0.9, capsize=2.0,
                )  # fmt: skip
        if not upper.lines:
            told = f"no secondary phase\nabove {SHOWN:g} wt%"
            upper.text(0.5, 0.25, told, transform=upper.transAxes, ha="center", color="0.4")
        upper.axhline(limit, color="0.6", linestyle="--", linewidth=1)
        low, _, high = comparison.densities[k]
        title = drawn(textwrap.shorten(summary(plan), 44, placeholder="..."))
        upper.set_title(f"{title}\n{drawn(_gases(result))}; density {100 * low:.0f} to {100 * high:.0f} %", fontsize=9)
        upper.set_ylim(0, 1.06 * top)
        upper.tick_params(labelbottom=False)
        times, kelvin = plan.sampled()
        lower.plot(times / size, kelvin - CELSIUS_ZERO, color=TEMPERATURE, linewidth=1.2)
        lower.set_ylim(0, 1.1 * hottest)
        lower.yaxis.set_major_locator(MaxNLocator(nbins=4, min_n_ticks=3, steps=[1, 2, 2.5, 3, 4, 5, 10]))
        lower.set_xlabel(f"time / {unit}")
        for axis in (upper, lower):
            axis.set_xlim(0, end * (1.0 + BAR * (bars + 1) * (bars > 0)))
        if k % across == 0:
            upper.set_ylabel("secondary phases / wt%", fontsize=9)
            lower.set_ylabel("T / °C", fontsize=9)
        else:
            upper.tick_params(labelleft=False)
            lower.tick_params(labelleft=False)
    handles[f"detection limit ({limit:g} wt%)"] = Line2D([], [], color="0.6", linestyle="--", linewidth=1)
    labels = (result.dataset.attrs for result in results)
    samples = {sample_text(a["cathode"], a["electrolyte"], float(a["mass_ratio"])) for a in labels}
    if len(samples) == 1:  # else the panels say what differs
        figure.suptitle(drawn(samples.pop()), fontsize=10)
    below(figure, handles)
    return figure


def _gases(result: Result) -> str:
    text = str(result.dataset.attrs["atmosphere"])
    return ", then ".join(part.split(" (")[0] for part in text.split(", then "))


def front(best: Front, limit: float = DETECTION_LIMIT) -> Figure:
    """wt% of secondary phases against relative density: all trials by gas, the front, its intervals as bars.

    Trials that seem to beat the front were predicted once and not confirmed: they are drawn open.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    figure = canvas(8.2, 6.4)
    axis = figure.subplots()
    markers = ("o", "s", "^", "D", "v", "P")
    colours = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
    handles: dict[str, Artist] = {}
    for number, gas in enumerate(best.bounds.gases):
        mine = [trial for trial in best.trials if trial.choice.gas == gas]
        for open_ones in (False, True):
            alike = [trial for trial in mine if unconfirmed(trial, best) == open_ones]
            if not alike:
                continue
            colour = colours[number % 6]
            points = axis.scatter(
                [100 * trial.density for trial in alike], [trial.secondary for trial in alike], s=18,
                marker=markers[number % 6], alpha=0.55, linewidths=0.9 if open_ones else 0.0,
                facecolors="none" if open_ones else colour, edgecolors=colour,
            )  # fmt: skip
            told = f"tried in {gas.name}" + (", predicted once: not confirmed" if open_ones else "")
            handles[drawn(told)] = points
    x = np.array([100 * point.density for point in best.points])
    y = np.array([point.secondary for point in best.points])
    (handles["least wt% at that density or more, predicted twice"],) = axis.plot(
        x, y, color="black", linewidth=1.2, drawstyle="steps-pre", marker="o", markersize=5
    )
    across = np.array([[100 * point.density_interval[0], 100 * point.density_interval[2]] for point in best.points])
    handles["5 to 95 %: sintering curve"] = axis.hlines(y, across[:, 0], across[:, 1], color="0.35", linewidth=0.8)
    spread = [
        (a, point.secondary_interval) for a, point in zip(x, best.points, strict=True) if point.secondary_interval
    ]
    if spread:
        handles[f"5 to 95 %: {best.samples} posterior samples"] = axis.vlines(
            [a for a, _ in spread], [s[0] for _, s in spread], [s[2] for _, s in spread], color="0.35", linewidth=0.8,
            linestyle=(0, (4, 1)),
        )  # fmt: skip
        middle = [s[1] for _, s in spread]
        (handles["their median"],) = axis.plot(
            [a for a, _ in spread], middle, "D", color="0.35", markerfacecolor="white", markersize=4
        )  # fmt: skip
    for number, point in enumerate(best.points, 1):
        axis.annotate(
            str(number), (100 * point.density, point.secondary), xytext=(5, 5), textcoords="offset points", fontsize=8,
            path_effects=[withStroke(linewidth=1.5, foreground="white")],
        )  # fmt: skip
    handles[f"detection limit ({limit:g} wt%)"] = axis.axhline(limit, color="0.6", linestyle="--", linewidth=1)
    axis.set_yscale("symlog", linthresh=0.1)
    highest = max([limit, *(trial.secondary for trial in best.trials), *(s[2] for _, s in spread)])
    axis.set_ylim(0, min(120.0, 3.0 * highest))
    ticks = [tick for tick in (0, 0.1, 1, 10, 100) if tick <= 3.0 * highest]
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    least = min(100.0 * min(trial.density, trial.density_interval[0]) for trial in (*best.trials, *best.points))
    axis.set_xlim(min(45.0, least - 2.0), 101)
    axis.set_xlabel("relative density of an LLZTO compact / %")
    axis.set_ylabel("secondary phases / wt% of the sample")
    axis.set_title(drawn(sample_text(best.cathode, best.electrolyte, best.mass_ratio)), fontsize=10)
    for number, c in enumerate((point.choice for point in best.points), 1):
        handles[drawn(c.told)] = Line2D(
            [], [], linestyle="none", marker=f"${number}$", color="black", markersize=5, mew=0
        )
    below(figure, handles, 8.0)
    return figure


def unconfirmed(trial: Trial, best: Front) -> bool:
    """Whether a trial that was predicted once seems to beat the front, which only holds what was predicted twice."""
    if trial.numerical_error is not None:
        return False
    rivals = [point for point in best.points if point.density >= trial.density]
    return trial.secondary < min((point.secondary for point in rivals), default=np.inf)
