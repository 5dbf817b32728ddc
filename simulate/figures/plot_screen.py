"""Pictures of a screen: onset over Ni-Mn-Co, cathodes against electrolytes, onset against nickel content."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.textfile import drawn
from sinterface.simulate.figures.canvas import canvas, wrapped
from sinterface.simulate.screening.rankings import (
    apart,
    by_composition,
    by_couple,
    highest,
    metals,
    step,
    varied,
    with_onset,
    worth,
)

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

MAP = "cividis"
"""Colours that the colour-blind and grey prints tell apart."""

NEVER = "#FFFFFF"
"""Fill of candidates that stay clean at all temperatures; hatched."""

PER_ROW = 2
"""Pictures side by side: more would not be read on a page."""

SMALLEST, WIDE = 0.02, 0.12
"""Least radius of a composition on the triangle, whose sides have length 1, and how far its neighbours have to be for
its number to have room."""

_HEIGHT = math.sqrt(3.0) / 2.0


def overview(store: xr.Dataset) -> Figure:
    """The pictures that this screen has data for, two in a row."""

    triangle, line = worth(store)
    coated = "coated" in varied(store)
    several = not coated or "electrolyte" in varied(store)
    choices = ((ternary, triangle), (heat_map, several), (coating_map, coated), (nickel_line, line))
    panels = [draw for draw, wanted in choices if wanted]
    across = min(len(panels), PER_ROW)
    down = -(-len(panels) // across)
    figure = canvas(6.4 * across, 5.6 * down)
    grid = figure.subplots(down, across, squeeze=False).ravel()
    for draw, axis in zip(panels, grid, strict=False):
        draw(store, axis)
    for axis in grid[len(panels) :]:
        axis.set_axis_off()
    if store.attrs["title"]:
        figure.suptitle(wrapped(str(store.attrs["title"]), figure.get_figwidth(), 12))
    return figure


def ternary(store: xr.Dataset, axis: Axes) -> None:
    """Onset temperature of layered oxides over Ni, Mn and Co; the lowest where a composition occurs several times."""
    from matplotlib.patches import RegularPolygon

    points, lowest = by_composition(store)
    x, y = _corner(points)
    paint, bar = _colours(store)
    gaps = [float(np.hypot(x - a, y - b)[np.hypot(x - a, y - b) > 1e-6].min()) for a, b in zip(x, y, strict=True)]
    radius = max(min(gaps) / math.sqrt(3.0), SMALLEST)
    for a, b, T, gap in zip(x, y, lowest, gaps, strict=True):
        clean = not math.isfinite(T)
        axis.add_patch(
            RegularPolygon(
                (a, b), 6, radius=radius, facecolor=NEVER if clean else paint(T), hatch="///" if clean else None,
                edgecolor="0.5" if clean else "white", linewidth=0.6,
            )
        )  # fmt: skip
        if gap >= WIDE:
            axis.text(a, b, f">{highest(store):g}" if clean else f"{T:g}", ha="center", va="center", fontsize=7.5,
                      color="black" if clean else readable_on(paint(T)),
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1} if clean else None)  # fmt: skip
    _frame(axis, radius)
    _bar(store, axis, bar)
    axis.set_title(f"onset ({store.attrs['detected_by']}) over composition{_over(store)}{_same(lowest)}")


def _frame(axis: Axes, radius: float) -> None:
    """Triangle with ticks every 20 % and a name along each side."""
    for share in np.linspace(0.2, 0.8, 4):
        for ends in ([(share, 1 - share, 0), (share, 0, 1 - share)], [(1 - share, share, 0), (0, share, 1 - share)],
                     [(1 - share, 0, share), (0, 1 - share, share)]):  # fmt: skip
            axis.plot(*_corner(np.array(ends, dtype=float)), color="0.75", linewidth=0.7, zorder=0)
    axis.plot(
        *_corner(np.array([(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 0)], dtype=float)), color="black", lw=1.0, zorder=0
    )
    pad = max(radius, 0.04) + 0.03
    for (a, b), text, where in zip(
        ((0.5, _HEIGHT + pad), (0.0, -pad), (1.0, -pad)), ("Ni", "Mn", "Co"), ("bottom", "top", "top"), strict=True
    ):
        axis.text(a, b, f"Li{text}O$_2$", ha="center", va=where, fontsize=11, weight="bold")
    for share in (20, 40, 60, 80):
        f = share / 100
        axis.text(0.5 * f - pad * 0.9, _HEIGHT * f, f"{share}", ha="right", va="center", fontsize=8, color="0.35")
        axis.text(1 - f, -pad * 0.6, f"{share}", ha="center", va="top", fontsize=8, color="0.35")
        axis.text(1 - 0.5 * (1 - f) + pad * 0.9, _HEIGHT * (1 - f), f"{share}", ha="left", va="center", fontsize=8,
                  color="0.35")  # fmt: skip
    axis.text(0.25 - pad - 0.09, _HEIGHT / 2 + 0.05, "Ni / %", rotation=60, ha="center", va="center")
    axis.text(0.5, -pad - 0.09, "Mn / %", ha="center", va="top")
    axis.text(0.75 + pad + 0.09, _HEIGHT / 2 + 0.05, "Co / %", rotation=-60, ha="center", va="center")
    axis.set_aspect("equal")
    axis.set_xlim(-0.15 - radius, 1.15 + radius)
    axis.set_ylim(-0.22 - radius, 1.0 + radius)
    axis.set_axis_off()


def heat_map(store: xr.Dataset, axis: Axes) -> None:
    """Onset temperature by cathode and electrolyte; the lowest where a pair occurs several times."""
    coated = "coated" in varied(store)
    _heat_map(store, axis, "electrolyte", "onset by couple" + ", with the worst of its coatings" * coated)


def coating_map(store: xr.Dataset, axis: Axes) -> None:
    """Onset temperature by cathode and coating in place; the lowest where a pair occurs several times."""
    _heat_map(store, axis, "coated", "onset by coating in place")


def _heat_map(store: xr.Dataset, axis: Axes, partner: str, title: str) -> None:
    couples = by_couple(store, partner)
    cathodes, partners, failed = couples.cathodes, couples.partners, couples.failed
    paint, bar = _colours(store)
    for (row, column), T in np.ndenumerate(couples.onset):
        text = "failed" if math.isnan(T) else f"> {highest(store):g}" if math.isinf(T) else f"{T:g}"
        fill: Any = "0.85" if math.isnan(T) else NEVER if math.isinf(T) else paint(T)
        edge, hatch = ("0.5", "///") if math.isinf(T) else ("white", None)
        axis.fill([column, column + 1, column + 1, column], [row, row, row + 1, row + 1], facecolor=fill,
                  edgecolor=edge, linewidth=0.8, hatch=hatch)  # fmt: skip
        if len(cathodes) <= 25 and len(partners) <= 12:
            axis.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=8,
                      color=readable_on(paint(T)) if math.isfinite(T) else "black",
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1} if math.isinf(T) else None,
            )  # fmt: skip
    axis.set_xticks(
        np.arange(len(partners)) + 0.5,
        [drawn(name) for name in partners],
        rotation=30 if len(partners) > 3 else 0,
    )
    axis.set_yticks(np.arange(len(cathodes)) + 0.5, [drawn(name) for name in cathodes], fontsize=8)
    axis.set_xlim(0, len(partners))
    axis.set_ylim(len(cathodes), 0)
    axis.set_xlabel("coating" if partner == "coated" else partner)
    axis.set_ylabel("cathode, best first" + (f" ({couples.left_out[0]} more not shown)" if couples.left_out[0] else ""))
    failures = f" ({failed} failed)" if failed else ""
    axis.set_title(f"{title}{failures}{_same(couples.onset.ravel())}")
    _bar(store, axis, bar)


def nickel_line(store: xr.Dataset, axis: Axes) -> None:
    """Onset against nickel share of layered oxides, with 5 to 95 % of the samples where there are any."""
    from matplotlib.lines import Line2D

    shares, onset, interval = metals(store), store["onset"].values, store["onset_interval"].values
    rows = with_onset(store, shares)
    top = highest(store) + step(store)
    x, y = 100.0 * shares[rows, 0], np.minimum(onset[rows], top)
    single = store["morphology"].values[rows] == "single-crystal"
    sampled = ~np.isnan(interval[rows]).any(axis=1)
    place = apart(x)
    low, high = (np.minimum(interval[rows][:, k], top) for k in (0, 2))
    axis.vlines(place[sampled], low[sampled], high[sampled], color="0.6", linewidth=1.6, zorder=1)
    legend = []
    for chosen, colour, marker, text in ((~single, "#0072B2", "o", "polycrystal"), (single, "#D55E00", "D", "single")):
        if not chosen.any():
            continue
        clean = np.isinf(onset[rows])
        for mask, face in ((chosen & ~clean, colour), (chosen & clean, "white")):
            axis.plot(place[mask], y[mask], linestyle="none", marker=marker, color=colour, markerfacecolor=face, ms=6)
        legend.append(
            Line2D([], [], linestyle="none", marker=marker, color=colour, label=text + " crystal" * (text == "single"))
        )
    if np.isinf(onset[rows]).any():
        legend.append(Line2D([], [], linestyle="none", marker="o", color="0.3", markerfacecolor="white",
                             label=f"none up to {highest(store):g} °C"))  # fmt: skip
    if sampled.any():
        legend.append(Line2D([], [], color="0.6", linewidth=1.6, label="5 to 95 % of the samples"))
    axis.legend(handles=legend, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2, frameon=False)
    axis.axhline(highest(store) + 0.5 * step(store), color="0.8", linewidth=0.8)
    axis.set_ylim(float(store["temperature"].values[0]) - step(store), top + 0.6 * step(store))
    if store.sizes["temperature"] <= 15:
        tried = [float(T) for T in store["temperature"].values]
        axis.set_yticks([*tried, top], [*(f"{T:g}" for T in tried), "none"])
    axis.set_xlabel("Ni / % of Ni, Mn and Co")
    axis.set_ylabel("onset / °C")
    axis.set_title("onset against nickel content")


def _corner(shares: Array) -> tuple[Array, Array]:
    """Points (x, y) of shares of Ni (top), Mn (left) and Co (right)."""
    return shares[:, 2] + 0.5 * shares[:, 0], _HEIGHT * shares[:, 0]


def _colours(store: xr.Dataset) -> tuple[Any, Any]:
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    low, high = float(store["temperature"].values[0]), highest(store)
    norm = Normalize(low, high if high > low else low + 1.0)
    return (lambda T: colormaps[MAP](norm(T))), ScalarMappable(norm, MAP)


def _bar(store: xr.Dataset, axis: Axes, bar: Any) -> None:
    axis.figure.colorbar(bar, ax=axis, shrink=0.7, label=f"onset / °C (hatched: none up to {highest(store):g} °C)")


def readable_on(colour: tuple[float, ...]) -> str:
    """Black or white, whichever has the higher contrast on an sRGB colour (shares of red, green, blue, 0 to 1).

    Relative luminance and contrast as the Web Content Accessibility Guidelines define them (recalled).

    >>> readable_on((1.0, 1.0, 0.0)), readable_on((0.0, 0.1, 0.3))
    ('black', 'white')
    """
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "black" if (luminance + 0.05) ** 2 > 0.05 * 1.05 else "white"


def _same(onsets: Array) -> str:
    """Says so when all onsets are the same, as a single colour would look like none."""
    known = onsets[np.isfinite(onsets)]
    if known.size > 1 and known.size == onsets.size and np.all(known == known[0]):
        return f"\nall at {known[0]:g} °C"
    return ""


def _over(store: xr.Dataset) -> str:
    """Says so when one composition stands for several candidates."""
    return f"\n(lowest over {', '.join(varied(store))})" if varied(store) else ""
