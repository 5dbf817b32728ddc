"""Figures of the validation report: phase maps, onsets, amounts against temperature, mass losses.

Colours and markers are those of ``simulate.figures.plot``, units stand on every axis.  Each figure is narrow enough for
a telephone; the page sets them side by side where there is room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sinterface.simulate.figures.plot import style
from sinterface.validation.report.drawing import BEYOND, BLUE, HIGHEST, ORANGE, SHOWN, band, blank, box, plain, tint
from sinterface.validation.report.scores import IN_SAMPLE, LEFT_OUT
from sinterface.validation.scores.document import Cell, ComparedAmount, ComparedOnset, Curves, Gone, Loss

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOKS = {IN_SAMPLE: (BLUE, "o", -0.13), LEFT_OUT: (ORANGE, "s", 0.13)}
"""Colour, marker and place beside the middle of a row, by comparison."""


def phase_map_legend() -> Figure:
    """What fill and marks of a phase map mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    figure = blank(4.4, 0.9)
    handles: list[Artist] = [
        Line2D([], [], color="black", marker="o", linestyle="", markersize=6),
        Line2D([], [], color="black", marker="x", linestyle="", markersize=6, markeredgewidth=1.6),
        Patch(facecolor="white", edgecolor="black", linewidth=2.2),
        Patch(facecolor="#EFEFEF", edgecolor="0.75"),
        *(Patch(facecolor=tint(BLUE, share), edgecolor="0.75") for share in (0.0, 0.5, 1.0)),
    ]
    names = [
        "observed: seen",
        "observed: not seen",
        "they disagree",
        "not reported",
        *(f"predicted: {p} %" for p in (0, 50, 100)),
    ]
    figure.legend(handles, names, loc="center", ncols=2, fontsize=9.5, frameon=False)
    return figure


def phase_map(family: str, cells: Sequence[Cell], temperatures: Sequence[float]) -> Figure:
    """Marks of one family: powder against temperature, fill the probability of seeing it, signs what was seen."""
    powders = list(dict.fromkeys(cell.cathode for cell in cells))
    figure = blank(1.5 + 0.36 * max(4, len(temperatures)), 0.95 + 0.3 * len(powders))
    axis = figure.subplots()
    colour, _ = style(family)
    places: dict[tuple[int, int], list[Cell]] = {}
    for cell in cells:
        places.setdefault((temperatures.index(cell.temperature_C), powders.index(cell.cathode)), []).append(cell)
    for (column, row), here in places.items():
        width = 1.0 / len(here)  # several observations share a place, e.g. by Raman and by XRD
        for number, cell in enumerate(here):
            _mark(axis, cell, column - 0.5 + number * width, row, width, colour)
    axis.set_xlim(-0.5, len(temperatures) - 0.5)
    axis.set_ylim(len(powders) - 0.5, -0.5)
    rotation = 90 if len(temperatures) > 7 else 0
    axis.set_xticks(range(len(temperatures)), [f"{T:g}" for T in temperatures], rotation=rotation)
    axis.set_yticks(range(len(powders)), [plain(name) for name in powders])
    axis.tick_params(length=0)
    axis.set_facecolor("#EFEFEF")
    for side in axis.spines.values():
        side.set_color("0.75")
    axis.set_xlabel("hold temperature / °C")
    axis.set_title(plain(family), fontsize=10, fontweight="bold", loc="left")
    return figure


def _mark(axis: Axes, cell: Cell, left: float, row: int, width: float, colour: str) -> None:
    """A place of a phase map, or the part of it that one of several observations takes."""
    box(axis, left, row - 0.5, width, tint(colour, cell.probability_seen or 0.0))
    if cell.agrees is None:
        axis.text(left + width - 0.04, row - 0.46, "?", ha="right", va="top", fontsize=8, zorder=4)
    elif not cell.agrees:
        box(axis, left + 0.06, row - 0.44, width - 0.12, "none", edge="black", line=2.0, height=0.88)
    marker, size = ("o" if cell.was_seen else "x"), (5.5 if width == 1.0 else 4.0)
    for shade, wide in (("white", 3.6), ("black", 1.4)):
        middle = [left + width / 2.0]
        axis.plot(middle, [row], marker, color=shade, markersize=size, markeredgewidth=wide, zorder=4)


def onsets(compared: Mapping[str, Mapping[str, ComparedOnset]], tolerance: float) -> Figure:
    """Onsets predicted, with 90 % intervals, over the observed brackets.

    ``compared`` holds by comparison (in sample, leave one out) and powder what is said of the onset.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    powders = list(dict.fromkeys(name for several in compared.values() for name in several))
    every = [onset for several in compared.values() for onset in several.values()]
    known = [T for o in every for T in (o.predicted_C, *o.bracket_C, *o.interval_C) if T is not None]
    left, right = min([400.0, *known]) - 70.0, max(BEYOND + 60.0, *known, 0.0)
    figure = blank(4.8, 1.7 + 0.42 * len(powders))
    axis = figure.subplots()
    axis.axvspan(HIGHEST, right, color="#F0F0F0", linewidth=0, zorder=0)
    for row, powder in enumerate(powders):
        entries = {name: several[powder] for name, several in compared.items() if powder in several}
        clean, seen = next(iter(entries.values())).bracket_C
        if clean is not None or seen is not None:
            low, high = (left if clean is None else clean), (right if seen is None else seen)
            for beyond, shade, tall in ((tolerance, "#E3E3E3", 0.74), (0.0, "#A8A8A8", 0.5)):
                axis.barh(row, high - low + 2 * beyond, tall, low - beyond, color=shade, zorder=1)
        for name, onset in entries.items():
            _onset(axis, onset, row, name)
    axis.set_xlim(left, right)
    axis.set_ylim(len(powders) - 0.4, -0.6)
    axis.set_yticks(range(len(powders)), [plain(name) for name in powders])
    ticks = [T for T in (0, 200, 400, 600, 800) if left < T]
    axis.set_xticks([*ticks, BEYOND], [*(f"{T:g}" for T in ticks), f"none up\nto {HIGHEST:g}"])
    axis.set_xticks([T for T in range(100, 1001, 100) if left < T], minor=True)
    axis.set_xlabel("onset: hold temperature / °C")
    handles: list[Artist] = [
        Patch(color="#A8A8A8"),
        Patch(color="#E3E3E3"),
        *(Line2D([], [], color=colour, marker=m, markeredgecolor="white") for colour, m, _ in LOOKS.values()),
    ]
    names = ["observed bracket", f"± {tolerance:g} °C", *(f"predicted, {name}" for name in LOOKS)]
    figure.legend(handles, names, loc="outside lower center", ncols=2, fontsize=8.5, frameon=False)
    return figure


def _onset(axis: Axes, onset: ComparedOnset, row: int, name: str) -> None:
    """A predicted onset and its interval in the row of its powder."""
    colour, marker, beside = LOOKS[name]
    places = [BEYOND if T is None else T for T in (*onset.interval_C, onset.predicted_C)]
    if onset.interval_C != (None, None):
        axis.plot(places[:2], [row + beside] * 2, color=colour, linewidth=1.8, zorder=3)
    axis.plot(places[2:], [row + beside], marker, color=colour, markersize=6, markeredgecolor="white", zorder=4)


def curves(powder: str, curve: Curves, amounts: Sequence[ComparedAmount | Gone], limits: Sequence[float]) -> Figure:
    """wt% of families with 5 to 95 % bands against temperature, and below it what is left of the reactants.

    ``amounts`` are the measured ones of this powder, ``limits`` its detection limits [wt%].
    """
    figure = blank(4.5, 5.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1.2])
    T = np.array(curve.temperature_C)
    bands = {name: shares for name, shares in curve.families.items() if shares.highest >= SHOWN}
    if curve.total.highest >= SHOWN:
        band(upper, T, curve.total, "black", "", name="all secondary phases", alpha=0.08, line="-.")
    for family, shares in bands.items():
        band(upper, T, shares, *style(family), name=family, alpha=0.18)
    if not bands:
        upper.text(0.5, 0.5, f"no family above {SHOWN:g} wt%", transform=upper.transAxes, ha="center", color="0.35")
    for limit in limits:
        label = f"detection limit ({', '.join(f'{each:g}' for each in limits)} wt%)" if limit == limits[0] else None
        upper.axhline(limit, color="0.45", linestyle="--", linewidth=1, label=label)
    for entry in amounts:
        _measured(upper, lower, entry, set(bands))
    measured = [entry.measured + entry.sd for entry in amounts if isinstance(entry, ComparedAmount)]
    _shares(upper, max([1.0, *limits, *measured, curve.total.highest, *(shares.highest for shares in bands.values())]))
    upper.set_title(plain(powder), fontsize=10, fontweight="bold", loc="left")
    for role, colour, line in (("cathode", "#404040", "-"), ("electrolyte", "#8C8C8C", "--")):
        if role in curve.unreacted:
            band(lower, T, curve.unreacted[role], colour, "", name=f"{role} left", alpha=0.18, line=line)
    lower.set_ylim(0, None)
    lower.set_ylabel("left / wt%")
    lower.set_xlabel("hold temperature / °C")
    shown: dict[str, Artist] = {}
    for axis in (upper, lower):
        for handle, name in zip(*axis.get_legend_handles_labels(), strict=True):
            shown.setdefault(name, handle)
    if shown:
        figure.legend(list(shown.values()), list(shown), loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    return figure


def _shares(axis: Axes, top: float) -> None:
    """Scale the axis of secondary phases up to twice ``top`` [wt%]."""
    axis.set_ylabel("secondary phase / wt%")
    axis.set_yscale("symlog", linthresh=0.1)
    axis.set_ylim(0, 2.0 * top)
    ticks = [tick for tick in (0, 0.1, 0.3, 1, 3, 10, 30, 100) if tick <= 2.0 * top]
    axis.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.minorticks_off()


def _measured(upper: Axes, lower: Axes, entry: ComparedAmount | Gone, drawn: set[str]) -> None:
    """A measured amount, or the limit below which a reactant was gone."""
    if isinstance(entry, Gone):
        label = plain(f"observed: {entry.gone} gone")
        lower.plot([entry.temperature_C], [entry.limit], "v", color=ORANGE, markersize=7, label=label)
        return
    families = entry.families
    colour = style(families[0])[0] if len(families) == 1 and families[0] in drawn else "black"
    upper.errorbar(
        [entry.temperature_C], [entry.measured], yerr=[entry.sd], fmt="D", color=colour, markersize=6,
        markerfacecolor="white", capsize=4, zorder=5, label=plain(f"measured: {' + '.join(families)}"),
    )  # fmt: skip


def losses(entries: Sequence[Loss]) -> Figure:
    """Where mass loss starts, observed with its bounds and predicted, for each material of ``entries``."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    known = [T for e in entries for T in (e.observed_C, e.predicted_C, *e.between_C) if T is not None]
    low, high = min([500.0, *known]) - 40.0, max([1050.0, *known]) + 30.0
    right = high + 0.16 * (high - low)
    figure = blank(4.8, 1.6 + 0.32 * len(entries))
    axis = figure.subplots()
    axis.axvspan(high, right, color="#F0F0F0", linewidth=0, zorder=0)
    for row, entry in enumerate(entries):
        start, end = entry.between_C
        axis.barh(row, end - start, 0.56, start, color="#A8A8A8", zorder=1)
        axis.plot([entry.observed_C] * 2, [row - 0.28, row + 0.28], color="black", linewidth=1.6, zorder=2)
        at = (high + right) / 2 if entry.predicted_C is None else entry.predicted_C
        axis.plot([at], [row], "o", color=BLUE, markeredgecolor="white", zorder=3)
    axis.set_xlim(low, right)
    axis.set_ylim(len(entries) - 0.4, -0.6)
    axis.set_yticks(range(len(entries)), [plain(entry.couple) for entry in entries])
    ticks = [T for T in range(0, 2000, 100) if low < T < high]
    axis.set_xticks([*ticks, (high + right) / 2], [*map(str, ticks), "none\nfound"], fontsize=9)
    axis.set_xlabel("first mass loss / °C")
    handles: list[Artist] = [
        Line2D([], [], color="black", marker="|", linestyle="", markersize=9, markeredgewidth=1.6),
        Patch(color="#A8A8A8"), Line2D([], [], color=BLUE, marker="o", linestyle="", markeredgecolor="white"),
    ]  # fmt: skip
    names = ["observed", "its bounds", "predicted"]
    figure.legend(handles, names, loc="outside lower center", ncols=3, fontsize=8.5, frameon=False)
    return figure
