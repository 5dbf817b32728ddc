"""Figures of the parameters: what the observations say of each, and how onsets follow them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sinterface.validation.report.drawing import BLUE, blank, box, plain
from sinterface.validation.scores.document import Posterior, PriorMoments

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NORMAL_90 = 1.6449
"""Half width of the central 90 % of a normal distribution, in standard deviations."""


def parameters(known: Sequence[tuple[str, PriorMoments, Posterior]]) -> Figure:
    """Posterior of every parameter, given by name with its prior, in units of the prior."""
    figure = blank(4.8, 1.4 + 0.3 * len(known))
    axis = figure.subplots()
    for row, (_, prior, posterior) in enumerate(known):
        axis.barh(row, 2 * NORMAL_90, 0.6, -NORMAL_90, color="#DDDDDD", label="prior, 5 to 95 %" if row == 0 else None)
        low, middle, high = ((at - prior.mean) / prior.sd for at in (posterior.q05, posterior.mean, posterior.q95))
        axis.plot([low, high], [row, row], color=BLUE, linewidth=2)
        axis.plot([middle], [row], "o", color=BLUE, markersize=6, markeredgecolor="white")
    axis.plot([], [], "o-", color=BLUE, markeredgecolor="white", label="posterior mean, 5 to 95 %")
    axis.axvline(0.0, color="0.5", linewidth=0.8)
    axis.set_yticks(range(len(known)), [plain(name) for name, _, _ in known])
    axis.set_ylim(len(known) - 0.4, -0.6)
    axis.set_xlabel("distance from the prior mean / prior sd")
    figure.legend(loc="outside lower center", ncols=2, fontsize=8.5, frameon=False)
    return figure


def sensitivity(slopes: Mapping[str, Mapping[str, float | None]]) -> Figure:
    """Change of each powder's onset with each parameter [degrees C per prior sd], as a table of coloured numbers."""
    from matplotlib import colormaps

    powders = list(slopes)
    names = list(dict.fromkeys(name for by_name in slopes.values() for name in by_name))
    figure = blank(1.7 + 0.46 * len(powders), 1.5 + 0.3 * len(names))
    axis = figure.subplots()
    scale = max([1.0, *(abs(v) for by_name in slopes.values() for v in by_name.values() if v is not None)])
    colours = colormaps["PuOr"]
    for column, powder in enumerate(powders):
        for row, name in enumerate(names):
            value = slopes[powder].get(name)
            shade = "white" if value is None else colours(0.5 - 0.5 * value / scale)
            box(axis, column - 0.5, row - 0.5, 1.0, shade)
            dark = value is not None and abs(value) > 0.6 * scale
            told = "–" if value is None else f"{value:+.0f}".replace("-", "−")
            if told in ("+0", "−0"):
                told = "0"
            axis.text(
                column, row, told, ha="center", va="center", fontsize=8.5, color="white" if dark else "black",
            )  # fmt: skip
    axis.set_xlim(-0.5, len(powders) - 0.5)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.set_xticks(
        range(len(powders)), [plain(name) for name in powders], rotation=60, ha="left", rotation_mode="anchor"
    )
    axis.xaxis.tick_top()
    axis.set_yticks(range(len(names)), [plain(name) for name in names])
    axis.tick_params(length=0)
    axis.set_xlabel("change of the onset / °C per prior sd")
    axis.xaxis.set_label_position("bottom")
    return figure
