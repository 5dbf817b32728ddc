"""Pictures of a screen: onset over Ni-Mn-Co, cathodes against electrolytes, onset against nickel content."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.simulate.space import METALS

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

MAP = "cividis"
"""Colours that the colour-blind and grey prints tell apart."""

NEVER = "#FFFFFF"
"""Fill of candidates that stay clean at all temperatures; hatched."""

MOST_BARS = 40
"""Cathodes on one heat map; the best ranked are taken."""

_HEIGHT = math.sqrt(3.0) / 2.0


def overview(store: xr.Dataset) -> Figure:
    """The pictures that this screen has data for, side by side."""
    from matplotlib.figure import Figure

    shares = _shares(store)
    triangle = len(np.unique(np.round(shares[_layered(store, shares)], 6), axis=0)) >= 3
    triangle = triangle and bool((np.ptp(shares[_layered(store, shares)], axis=0) > 1e-6).all())
    nickel = len(np.unique(np.round(shares[_layered(store, shares), 0], 6))) >= 2
    panels = [draw for draw, wanted in ((ternary, triangle), (heat_map, True), (nickel_line, nickel)) if wanted]
    figure = Figure(figsize=(6.4 * len(panels), 5.6), layout="constrained")
    for draw, axis in zip(panels, figure.subplots(1, len(panels), squeeze=False)[0], strict=True):
        draw(store, axis)
    if store.attrs["title"]:
        figure.suptitle(store.attrs["title"])
    return figure


def ternary(store: xr.Dataset, axis: Axes) -> None:
    """Onset temperature of layered oxides over Ni, Mn and Co; the lowest where a composition occurs several times."""
    from matplotlib.patches import RegularPolygon

    shares, onset = _shares(store), store["onset"].values
    rows = np.flatnonzero(_layered(store, shares) & ~np.isnan(onset))
    points, which = np.unique(np.round(shares[rows], 6), axis=0, return_inverse=True)
    lowest = np.full(len(points), np.inf)
    np.minimum.at(lowest, which.ravel(), onset[rows])
    x, y = _corner(points)
    paint, bar = _colours(store)
    gaps = [float(np.hypot(x - a, y - b)[np.hypot(x - a, y - b) > 1e-6].min()) for a, b in zip(x, y, strict=True)]
    radius = float(np.median(gaps)) / math.sqrt(3.0)
    for a, b, T in zip(x, y, lowest, strict=True):
        clean = not math.isfinite(T)
        axis.add_patch(
            RegularPolygon(
                (a, b), 6, radius=radius, facecolor=NEVER if clean else paint(T), hatch="///" if clean else None,
                edgecolor="0.5" if clean else "white", linewidth=0.6,
            )
        )  # fmt: skip
        if len(points) <= 30:
            axis.text(a, b, f">{_highest(store):g}" if clean else f"{T:g}", ha="center", va="center", fontsize=7.5,
                      color="black" if clean or _light(paint(T)) else "white",
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1} if clean else None)  # fmt: skip
    _frame(axis, radius)
    _bar(store, axis, bar)
    axis.set_title(f"onset ({store.attrs['limit_wt_percent']:g} wt%) over composition{_over(store)}")


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
    onset, rank = store["onset"].values, store["rank"].values
    powders = zip(store["cathode"].values.tolist(), store["morphology"].values.tolist(), strict=True)
    names = [f"{c}, sc" if m == "single-crystal" and not c.startswith("sc-") else c for c, m in powders]
    others = store["electrolyte"].values.tolist()
    order = np.argsort(np.where(rank > 0, rank, np.iinfo("i4").max), kind="stable")
    cathodes = list(dict.fromkeys(names[k] for k in order if rank[k] > 0))
    failed = len(set(names)) - len(cathodes)
    left_out = len(cathodes) - MOST_BARS
    cathodes = cathodes[:MOST_BARS]
    electrolytes = sorted(set(others))
    table = np.full((len(cathodes), len(electrolytes)), np.nan)
    line = {name: k for k, name in enumerate(cathodes)}
    for name, other, T in zip(names, others, onset, strict=True):
        if name in line:
            cell = line[name], electrolytes.index(other)
            table[cell] = np.fmin(table[cell], T)
    paint, bar = _colours(store)
    for (row, column), T in np.ndenumerate(table):
        text = "failed" if math.isnan(T) else f"> {_highest(store):g}" if math.isinf(T) else f"{T:g}"
        fill: Any = "0.85" if math.isnan(T) else NEVER if math.isinf(T) else paint(T)
        axis.fill([column, column + 1, column + 1, column], [row, row, row + 1, row + 1], facecolor=fill,
                  edgecolor="0.5", linewidth=0.6, hatch="///" if math.isinf(T) else None)  # fmt: skip
        if len(cathodes) <= 25 and len(electrolytes) <= 12:
            axis.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=8,
                      color="white" if math.isfinite(T) and not _light(paint(T)) else "black",
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 1} if math.isinf(T) else None,
            )  # fmt: skip
    axis.set_xticks(np.arange(len(electrolytes)) + 0.5, electrolytes, rotation=30 if len(electrolytes) > 3 else 0)
    axis.set_yticks(np.arange(len(cathodes)) + 0.5, cathodes, fontsize=8)
    axis.set_xlim(0, len(electrolytes))
    axis.set_ylim(len(cathodes), 0)
    axis.set_xlabel("electrolyte")
    axis.set_ylabel("cathode, best first" + (f" ({left_out} more not shown)" if left_out > 0 else ""))
    axis.set_title("onset by couple" + (f" ({failed} cathodes failed)" if failed else ""))
    _bar(store, axis, bar)


def nickel_line(store: xr.Dataset, axis: Axes) -> None:
    """Onset against nickel share of layered oxides, with 5 to 95 % of the samples where there are any."""
    from matplotlib.lines import Line2D

    shares, onset, interval = _shares(store), store["onset"].values, store["onset_interval"].values
    rows = np.flatnonzero(_layered(store, shares) & ~np.isnan(onset))
    top = _highest(store) + _step(store)
    x, y = 100.0 * shares[rows, 0], np.minimum(onset[rows], top)
    single = store["morphology"].values[rows] == "single-crystal"
    sampled = ~np.isnan(interval[rows]).any(axis=1)
    # points of equal nickel stand side by side, so that no interval hides another
    width = 0.4 * float(np.min(np.diff(np.unique(np.round(x, 4))), initial=10.0))
    place = x.copy()
    for value in np.unique(np.round(x, 4)):
        same = np.flatnonzero(np.abs(x - value) < 1e-3)
        place[same] += width * (np.arange(len(same)) - 0.5 * (len(same) - 1)) / max(len(same), 2)
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
                             label=f"none up to {_highest(store):g} °C"))  # fmt: skip
    if sampled.any():
        legend.append(Line2D([], [], color="0.6", linewidth=1.6, label="5 to 95 % of the samples"))
    axis.legend(handles=legend, fontsize=8)
    axis.axhline(_highest(store) + 0.5 * _step(store), color="0.8", linewidth=0.8)
    axis.set_ylim(float(store["temperature"].values[0]) - _step(store), top + 0.6 * _step(store))
    if store.sizes["temperature"] <= 15:
        tried = [float(T) for T in store["temperature"].values]
        axis.set_yticks([*tried, top], [*(f"{T:g}" for T in tried), "none"])
    axis.set_xlabel("Ni / % of Ni, Mn and Co")
    axis.set_ylabel("onset / °C")
    axis.set_title("onset against nickel content")


def _shares(store: xr.Dataset) -> Array:
    """Shares of Ni, Mn and Co among the three (candidate, 3); nan where a cathode holds none."""
    held = list(store["element"].values)
    composition = store["composition"].values
    table = np.stack([composition[:, held.index(s)] if s in held else np.zeros(len(composition)) for s in METALS], 1)
    total = table.sum(axis=1, keepdims=True)
    return np.divide(table, total, out=np.full_like(table, np.nan), where=total > 0.0)


def _layered(store: xr.Dataset, shares: Array) -> NDArray[np.bool_]:
    return np.asarray((store["structure"].values == "layered") & ~np.isnan(shares[:, 0]))


def _corner(shares: Array) -> tuple[Array, Array]:
    """Points (x, y) of shares of Ni (top), Mn (left) and Co (right)."""
    return shares[:, 2] + 0.5 * shares[:, 0], _HEIGHT * shares[:, 0]


def _highest(store: xr.Dataset) -> float:
    return float(store["temperature"].values[-1])


def _step(store: xr.Dataset) -> float:
    return float(np.diff(store["temperature"].values).min()) if store.sizes["temperature"] > 1 else 100.0


def _colours(store: xr.Dataset) -> tuple[Any, Any]:
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    low, high = float(store["temperature"].values[0]), _highest(store)
    norm = Normalize(low, high if high > low else low + 1.0)
    return (lambda T: colormaps[MAP](norm(T))), ScalarMappable(norm, MAP)


def _bar(store: xr.Dataset, axis: Axes, bar: Any) -> None:
    axis.figure.colorbar(bar, ax=axis, shrink=0.7, label=f"onset / °C (hatched: none up to {_highest(store):g} °C)")


def _light(colour: tuple[float, ...]) -> bool:
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] > 0.5


def _over(store: xr.Dataset) -> str:
    """Says so when one composition stands for several candidates."""
    varied = [
        key for key in ("electrolyte", "gas", "schedule", "morphology") if len(set(store[key].values.tolist())) > 1
    ]
    return f"\n(lowest over {', '.join(varied)})" if varied else ""
