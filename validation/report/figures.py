"""Figures of the validation report as inline SVG: colours and markers of ``simulate.plot``, units on every axis.

Each is narrow enough for a telephone; the page sets them side by side where there is room.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.simulate.views.plot import style

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

HIGHEST = 1000.0
"""Onsets are looked for up to here [degrees C]."""

BEYOND = 1060.0
"""Where a figure puts what does not happen up to ``HIGHEST``."""

SHOWN = 0.1
"""Families that never reach this [wt%] are left out of the figures."""

SETS = {"in_sample": ("in sample", "#0072B2", "o"), "leave_one_out": ("leave one out", "#D55E00", "s")}
NORMAL_90 = 1.6449  # half width of the central 90 % of a normal distribution, in sd


def svg(figure: Figure, key: str, label: str) -> str:
    """A figure as an SVG element that loads nothing; ``key`` keeps its ids apart from those of other figures."""
    import matplotlib as mpl

    held = io.StringIO()
    # glyphs as paths: the page looks the same whatever fonts the reader has
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "sinterface"}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that the font lacks is drawn as a box
        figure.savefig(held, format="svg", facecolor="none", metadata={"Date": None})
    text = held.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*|<style.*?</style>\s*|<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text).replace("xlink:href", "href")
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda found: f' id="{key}-{found[1]}"' if found[1] in used else "", text)
    text = re.sub(r'(href="|url\()#', rf"\1#{key}-", text)
    width, height = (round(96 * inches) for inches in figure.get_size_inches())
    start = f'<svg role="img" aria-label="{escape(label)}" width="{width}" height="{height}"'
    box = re.search(r'viewBox="[^"]*"', text)
    return f"{start} {box[0] if box else ''}>" + text[text.index(">") + 1 :].strip()


def phase_map_legend() -> Figure:
    """What fill and marks of a phase map mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    figure = _figure(4.4, 0.9)
    grey = "#0072B2"
    handles: list[Artist] = [
        Line2D([], [], color="black", marker="o", linestyle="", markersize=6),
        Line2D([], [], color="black", marker="x", linestyle="", markersize=6, markeredgewidth=1.6),
        Patch(facecolor="white", edgecolor="black", linewidth=2.2),
        Patch(facecolor="#EFEFEF", edgecolor="0.75"),
        *(Patch(facecolor=_tint(grey, share), edgecolor="0.75") for share in (0.0, 0.5, 1.0)),
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


def phase_map(family: str, cells: Sequence[Mapping[str, Any]], temperatures: Sequence[float]) -> Figure:
    """Cells of one family: powder against temperature, fill the probability of seeing it, marks what was seen."""
    powders = list(dict.fromkeys(str(cell.get("cathode")) for cell in cells))
    figure = _figure(1.5 + 0.36 * max(4, len(temperatures)), 0.95 + 0.3 * len(powders))
    axis = figure.subplots()
    colour, _ = style(family)
    places: dict[tuple[int, int], list[Mapping[str, Any]]] = {}
    for cell in cells:
        place = temperatures.index(cell["temperature_C"]), powders.index(str(cell.get("cathode")))
        places.setdefault(place, []).append(cell)
    for (column, row), here in places.items():
        width = 1.0 / len(here)  # several observations share a cell, e.g. by Raman and by XRD
        for number, cell in enumerate(here):
            left = column - 0.5 + number * width
            _box(axis, left, row - 0.5, width, _tint(colour, _value(cell.get("probability_seen"))))
            seen = cell.get("observed") == "seen"
            if cell.get("predicted") is None:
                axis.text(left + width - 0.04, row - 0.46, "?", ha="right", va="top", fontsize=8, zorder=4)
            elif cell["predicted"] != seen:
                _box(axis, left + 0.06, row - 0.44, width - 0.12, "none", "black", 2.0, 0.88)
            marker, middle = ("o" if seen else "x"), left + width / 2.0
            size = 5.5 if len(here) == 1 else 4.0
            for shade, wide in (("white", 3.6), ("black", 1.4)):
                axis.plot([middle], [row], marker, color=shade, markersize=size, markeredgewidth=wide, zorder=4)
    axis.set_xlim(-0.5, len(temperatures) - 0.5)
    axis.set_ylim(len(powders) - 0.5, -0.5)
    axis.set_xticks(
        range(len(temperatures)), [f"{T:g}" for T in temperatures], rotation=90 if len(temperatures) > 7 else 0
    )
    axis.set_yticks(range(len(powders)), [_plain(name) for name in powders])
    axis.tick_params(length=0)
    axis.set_facecolor("#EFEFEF")
    for side in axis.spines.values():
        side.set_color("0.75")
    axis.set_xlabel("hold temperature / °C")
    axis.set_title(_plain(family), fontsize=10, fontweight="bold", loc="left")
    return figure


def onsets(found: Mapping[str, Mapping[str, Mapping[str, Any]]], tolerance: float) -> Figure:
    """Onsets predicted, in sample and leave one out, with 90 % intervals over the observed brackets.

    ``found`` holds by set (in_sample, leave_one_out) and powder what the document says of the onset.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    powders = list(dict.fromkeys(name for one in found.values() for name in one))
    known = [
        value
        for one in found.values()
        for entry in one.values()
        for value in (entry.get("predicted_C"), *_pair(entry.get("bracket_C")), *_pair(entry.get("interval_C")))
        if value is not None
    ]
    left, right = min([400.0, *known]) - 70.0, max(BEYOND + 60.0, *known, 0.0)
    figure = _figure(4.8, 1.7 + 0.42 * len(powders))
    axis = figure.subplots()
    axis.axvspan(HIGHEST, right, color="#F0F0F0", linewidth=0, zorder=0)
    for row, powder in enumerate(powders):
        entries = {name: one[powder] for name, one in found.items() if powder in one}
        clean, seen = _pair(next(iter(entries.values())).get("bracket_C"))
        if clean is not None or seen is not None:
            low, high = (left if clean is None else clean), (right if seen is None else seen)
            for beyond, shade, tall in ((tolerance, "#E3E3E3", 0.74), (0.0, "#A8A8A8", 0.5)):
                axis.barh(row, high - low + 2 * beyond, tall, low - beyond, color=shade, zorder=1)
        for name, entry in entries.items():
            _, colour, marker = SETS[name]
            y = row + (-0.13 if name == "in_sample" else 0.13)
            at, (start, end) = _onset(entry.get("predicted_C")), _pair(entry.get("interval_C"))
            if start is not None or end is not None:
                axis.plot([_onset(start), _onset(end)], [y, y], color=colour, linewidth=1.8, zorder=3)
            axis.plot([at], [y], marker, color=colour, markersize=6, markeredgecolor="white", zorder=4)
    axis.set_xlim(left, right)
    axis.set_ylim(len(powders) - 0.4, -0.6)
    axis.set_yticks(range(len(powders)), [_plain(name) for name in powders])
    ticks = [T for T in (0, 200, 400, 600, 800) if left < T]
    axis.set_xticks([*ticks, BEYOND], [*(f"{T:g}" for T in ticks), f"none up\nto {HIGHEST:g}"])
    axis.set_xticks([T for T in range(100, 1001, 100) if left < T], minor=True)
    axis.set_xlabel("onset: hold temperature / °C")
    handles: list[Artist] = [
        Patch(color="#A8A8A8"),
        Patch(color="#E3E3E3"),
        *(Line2D([], [], color=c, marker=m, markeredgecolor="white") for _, c, m in SETS.values()),
    ]
    names = ["observed bracket", f"± {tolerance:g} °C", *(f"predicted, {told}" for told, _, _ in SETS.values())]
    figure.legend(handles, names, loc="outside lower center", ncols=2, fontsize=8.5, frameon=False)
    return figure


def curves(
    powder: str,
    curve: Mapping[str, Any],
    amounts: Sequence[Mapping[str, Any]],
    limits: Sequence[float],
) -> Figure:
    """wt% of families with 5 to 95 % bands against temperature, and below it what is left of the reactants.

    ``amounts`` are the measured ones of this powder, ``limits`` its detection limits [wt%].
    """
    figure = _figure(4.5, 5.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1.2])
    T = _array(curve.get("temperature_C"))
    bands = {name: one for name, one in (curve.get("families") or {}).items() if _highest(one) >= SHOWN}
    total = curve.get("total") or {}
    if _highest(total) >= SHOWN:
        _band(upper, T, total, "black", "", "all secondary phases", 0.08, "-.")
    for family, one in bands.items():
        _band(upper, T, one, *style(family), family, 0.18)
    if not bands:
        upper.text(0.5, 0.5, f"no family above {SHOWN:g} wt%", transform=upper.transAxes, ha="center", color="0.35")
    for limit in limits:
        label = f"detection limit ({', '.join(f'{one:g}' for one in limits)} wt%)" if limit == limits[0] else None
        upper.axhline(limit, color="0.45", linestyle="--", linewidth=1, label=label)
    for amount in amounts:
        if "gone" in amount:
            lower.plot(
                [amount.get("temperature_C")], [_value(amount.get("limit"))], "v", color="#D55E00", markersize=7,
                label=_plain(f"observed: {_names(amount['gone'])} gone"),
            )  # fmt: skip
        elif amount.get("measured") is not None:
            families = amount.get("families") or []
            colour = style(families[0])[0] if len(families) == 1 and families[0] in bands else "black"
            upper.errorbar(
                [amount.get("temperature_C")], [amount["measured"]], yerr=[_value(amount.get("sd"))], fmt="D",
                color=colour, markersize=6, markerfacecolor="white", capsize=4, zorder=5,
                label=_plain(f"measured: {_names(families)}"),
            )  # fmt: skip
    upper.set_ylabel("secondary phase / wt%")
    upper.set_yscale("symlog", linthresh=0.1)
    top = max([1.0, *limits, *(_highest(one) for one in bands.values()), _highest(total)])
    upper.set_ylim(0, 2.0 * top)
    ticks = [tick for tick in (0, 0.1, 0.3, 1, 3, 10, 30, 100) if tick <= 2.0 * top]
    upper.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    upper.minorticks_off()
    upper.set_title(_plain(powder), fontsize=10, fontweight="bold", loc="left")
    left = curve.get("unreacted") or {}
    for role, colour, line in (("cathode", "#404040", "-"), ("electrolyte", "#8C8C8C", "--")):
        if left.get(role):
            _band(lower, T, left[role], colour, "", f"{role} left", 0.18, line)
    lower.set_ylim(0, None)
    lower.set_ylabel("left / wt%")
    lower.set_xlabel("hold temperature / °C")
    shown: dict[str, Any] = {}
    for axis in (upper, lower):
        for handle, name in zip(*axis.get_legend_handles_labels(), strict=True):
            shown.setdefault(name, handle)
    if shown:
        figure.legend(
            list(shown.values()), list(shown), loc="outside lower center", ncols=2, fontsize=8, frameon=False,
        )  # fmt: skip
    return figure


def losses(found: Sequence[Mapping[str, Any]]) -> Figure:
    """Where mass loss starts, observed with its bounds and predicted, for each card of ``found``."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    known = [
        T for one in found
        for T in (one.get("observed_C"), one.get("predicted_C"), *_pair(one.get("between_C"))) if T is not None
    ]  # fmt: skip
    low, high = min([500.0, *known]) - 40.0, max([1050.0, *known]) + 30.0
    right = high + 0.16 * (high - low)
    figure = _figure(4.8, 1.6 + 0.32 * len(found))
    axis = figure.subplots()
    axis.axvspan(high, right, color="#F0F0F0", linewidth=0, zorder=0)
    for row, one in enumerate(found):
        start, end = _pair(one.get("between_C"))
        if start is not None and end is not None:
            axis.barh(row, end - start, 0.56, start, color="#A8A8A8", zorder=1)
        if one.get("observed_C") is not None:
            axis.plot([one["observed_C"]] * 2, [row - 0.28, row + 0.28], color="black", linewidth=1.6, zorder=2)
        at = one.get("predicted_C")
        axis.plot(
            [(high + right) / 2 if at is None else at], [row], "o", color="#0072B2", markeredgecolor="white", zorder=3
        )
    axis.set_xlim(low, right)
    axis.set_ylim(len(found) - 0.4, -0.6)
    axis.set_yticks(range(len(found)), [_plain(couple(one)) for one in found])
    ticks = [T for T in range(0, 2000, 100) if low < T < high]
    axis.set_xticks([*ticks, (high + right) / 2], [*map(str, ticks), "none\nfound"], fontsize=9)
    axis.set_xlabel("first mass loss / °C")
    handles: list[Artist] = [
        Line2D([], [], color="black", marker="|", linestyle="", markersize=9, markeredgewidth=1.6),
        Patch(color="#A8A8A8"), Line2D([], [], color="#0072B2", marker="o", linestyle="", markeredgecolor="white"),
    ]  # fmt: skip
    names = ["observed", "its bounds", "predicted"]
    figure.legend(handles, names, loc="outside lower center", ncols=3, fontsize=8.5, frameon=False)
    return figure


def couple(one: Mapping[str, Any]) -> str:
    """A material, with its electrolyte if it is mixed with one."""
    mixed = f" + {one['electrolyte']}" if one.get("electrolyte") else ""
    return f"{one.get('material', '')}{mixed}"


def parameters(found: Sequence[Mapping[str, Any]]) -> Figure:
    """Posterior of every parameter in units of its prior."""
    figure = _figure(4.8, 1.4 + 0.3 * len(found))
    axis = figure.subplots()
    for row, one in enumerate(found):
        prior, posterior = one.get("prior") or {}, one.get("posterior") or {}
        mean, sd = _value(prior.get("mean")), _value(prior.get("sd"))
        axis.barh(row, 2 * NORMAL_90, 0.6, -NORMAL_90, color="#DDDDDD", label="prior, 5 to 95 %" if row == 0 else None)
        if not sd > 0.0 or posterior.get("mean") is None:
            continue
        at = [(_value(posterior.get(key)) - mean) / sd for key in ("q05", "mean", "q95")]
        axis.plot([at[0], at[2]], [row, row], color="#0072B2", linewidth=2)
        axis.plot([at[1]], [row], "o", color="#0072B2", markersize=6, markeredgecolor="white")
    axis.plot([], [], "o-", color="#0072B2", markeredgecolor="white", label="posterior mean, 5 to 95 %")
    axis.axvline(0.0, color="0.5", linewidth=0.8)
    axis.set_yticks(range(len(found)), [_plain(str(one.get("name", ""))) for one in found])
    axis.set_ylim(len(found) - 0.4, -0.6)
    axis.set_xlabel("distance from the prior mean / prior sd")
    figure.legend(loc="outside lower center", ncols=2, fontsize=8.5, frameon=False)
    return figure


def sensitivity(found: Mapping[str, Mapping[str, float | None]]) -> Figure:
    """Change of each powder's onset with each parameter [degrees C per prior sd], as a table of coloured numbers."""
    from matplotlib import colormaps

    powders = list(found)
    names = list(dict.fromkeys(name for one in found.values() for name in one))
    figure = _figure(1.7 + 0.46 * len(powders), 1.5 + 0.3 * len(names))
    axis = figure.subplots()
    scale = max([1.0, *(abs(v) for one in found.values() for v in one.values() if v is not None)])
    colours = colormaps["PuOr"]
    for column, powder in enumerate(powders):
        for row, name in enumerate(names):
            value = found[powder].get(name)
            shade = "white" if value is None else colours(0.5 - 0.5 * value / scale)
            _box(axis, column - 0.5, row - 0.5, 1.0, shade)
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
        range(len(powders)), [_plain(name) for name in powders], rotation=60, ha="left", rotation_mode="anchor"
    )
    axis.xaxis.tick_top()
    axis.set_yticks(range(len(names)), [_plain(name) for name in names])
    axis.tick_params(length=0)
    axis.set_xlabel("change of the onset / °C per prior sd")
    axis.xaxis.set_label_position("bottom")
    return figure


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _band(
    axis: Axes, T: NDArray[np.float64], one: Mapping[str, Any], colour: str, marker: str, name: str,
    alpha: float, line: str = "-",
) -> None:  # fmt: skip
    middle = _array(one.get("value"))
    if middle.size == 0:
        return
    low, high = _array(one.get("low")), _array(one.get("high"))
    if low.size == high.size == T.size:
        if T.size > 1:
            axis.fill_between(T, low, high, color=colour, alpha=alpha, linewidth=0)
        else:
            axis.vlines(T, low, high, color=colour, linewidth=1.5)
    axis.plot(
        T, middle, color=colour, marker=marker or None, markersize=4.5, linewidth=1.4, linestyle=line,
        label=_plain(name, 40),
    )  # fmt: skip


def _box(
    axis: Axes, x: float, y: float, width: float, fill: Any, edge: str = "white", line: float = 0.8, height: float = 1.0
) -> None:
    from matplotlib.patches import Rectangle

    axis.add_patch(
        Rectangle(
            (x, y), width, height, facecolor=fill, edgecolor=edge, linewidth=line, zorder=3 if fill == "none" else 2
        )
    )


def _tint(colour: str, share: float) -> tuple[float, float, float]:
    """White at 0, the colour at 1."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    kept = min(1.0, max(0.0, share))
    return 1.0 - kept * (1.0 - red), 1.0 - kept * (1.0 - green), 1.0 - kept * (1.0 - blue)


def _onset(value: float | None) -> float:
    return BEYOND if value is None else float(value)


def _pair(value: Sequence[float | None] | None) -> tuple[float | None, float | None]:
    return (None, None) if not value else (value[0], value[1])


def _array(values: Sequence[float | None] | None) -> NDArray[np.float64]:
    return np.array([] if values is None else values, dtype=float)


def _highest(one: Mapping[str, Any] | None) -> float:
    """The largest value or upper bound of a band; zero where there is none."""
    values = np.concatenate([_array((one or {}).get(key)) for key in ("value", "high")])
    values = values[np.isfinite(values)]
    return float(values.max()) if values.size else 0.0


def _value(value: float | None) -> float:
    return 0.0 if value is None else float(value)


def _names(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else " + ".join(value)


def _plain(text: str, longest: int = 28) -> str:
    """Text that matplotlib takes as it is, cut to what fits."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return cut.replace("$", r"\$")
