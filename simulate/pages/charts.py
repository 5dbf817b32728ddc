"""Interactive charts of pages: colours and scales of ``simulate.plot``, units on every axis, bands, detection limit.

All text that a file brings is escaped: plotly reads a few tags in labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.phases.substance import FAMILIES
from sinterface.simulate.figures.plot import TEMPERATURE, style
from sinterface.simulate.studies.shares import with_family

if TYPE_CHECKING:
    from plotly.graph_objects import Figure, Scatter

    from sinterface.models.instruments.diffraction import Pattern

Array = NDArray[np.float64]

GREY = "#8a8a8a"
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
"""Lines in turn: grey and colour-blind eyes tell neighbours apart by them."""

PATTERNS = ("", "/", ".", "\\", "x", "-", "+", "|")
"""Patterns in turn of areas that lie on each other, for the same eyes."""

SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")
"""Marks in turn of schedules in the same gas."""

LABELLED = "%{customdata}<br>%{x:.1f} % dense<extra></extra>"
"""Label of a schedule that the mouse points at."""

LINEAR = 0.1
"""Below this [wt%] the scale of a sweep is linear, above it logarithmic."""

TICKS = (0.0, 0.1, 1.0, 10.0, 50.0, 100.0)


def text(value: object) -> str:
    """Text of a file as a chart shows it: no tag means anything."""
    return escape(str(value), quote=False)


def scaled(share: Array) -> Array:
    """wt% on the scale of a sweep: linear to ``LINEAR``, then one step per decade."""
    low = np.maximum(share, 0.0) / LINEAR
    return np.where(low <= 1.0, low, 1.0 + np.log10(np.maximum(low, 1.0)))


def courses(
    times: Array, shares: Sequence[tuple[str, str, Array]], temperature_curve: tuple[Array, Array], limit: float, *,
    bands: Sequence[tuple[str, Array, Array]] = (), moments: Array | None = None, unit: str = "h",
    top: float | None = None,
) -> Figure:  # fmt: skip
    """Phases against time over the schedule.

    ``shares`` are (name, family, wt% (time,)) at ``times``, ``temperature_curve`` times and temperatures [degrees C],
    ``bands`` (family, low, high) at ``moments``; all times are in ``unit``.  ``top`` is the end of the axis of wt%, so
    that charts compare.
    """
    from plotly.graph_objects import Scatter

    figure = _figure(420 + 20 * len(shares) + 26 * len(bands))  # room for the legend in a narrow window
    families = [family for _, family, _ in shares]
    for row, (family, low, high) in enumerate(bands):
        assert moments is not None
        x, y = np.concatenate([moments, moments[::-1]]), np.concatenate([high, low[::-1]])
        name, colour = f"{text(family)}, 5 to 95 %", style(family)[0]
        number = families.index(family) if family in families else len(families) + row
        pattern = {"shape": PATTERNS[number % len(PATTERNS)], "fgcolor": _faded(colour, 0.7), "bgcolor": _faded(colour)}
        figure.add_trace(Scatter(
            x=x, y=y, fill="toself", fillcolor=_faded(colour), fillpattern=pattern | {"size": 8, "solidity": 0.12},
            line={"color": _faded(colour, 0.7), "width": 0.8, "dash": DASHES[number % len(DASHES)]}, mode="lines",
            name=name, hoverinfo="skip", legendgroup=text(family), showlegend=True, legendrank=1001,
        ))  # fmt: skip
    for number, (name, family, share) in enumerate(shares):
        told = text(with_family(name, family))
        figure.add_trace(Scatter(
            x=times, y=share, name=told, mode="lines", legendgroup=text(family),
            line={"color": style(family)[0], "dash": DASHES[number % len(DASHES)], "width": 2},
            hovertemplate=f"%{{y:.2f}} wt% at %{{x:.2f}} {unit}",
        ))  # fmt: skip
    _limit(figure, limit, limit)
    figure.add_trace(_schedule(temperature_curve, unit))
    figure.update_layout(**_over_schedule(f"time / {unit}", "wt% of the sample"))
    if top is None:  # the limit is seen as well where nothing reaches it
        drawn = [*(share for _, _, share in shares), *(high for _, _, high in bands)]
        top = 1.06 * max([limit, *(float(np.nanmax(curve, initial=0.0)) for curve in drawn)])
    figure.update_layout(yaxis={"rangemode": "tozero", "range": [0, top]})
    return figure


def _schedule(temperature_curve: tuple[Array, Array], unit: str) -> Scatter:
    """The schedule as the lower of two panels."""
    from plotly.graph_objects import Scatter

    return Scatter(
        x=temperature_curve[0], y=temperature_curve[1], name="temperature", mode="lines", yaxis="y2", showlegend=False,
        line={"color": TEMPERATURE, "width": 1.6}, hovertemplate=f"%{{y:.0f}} °C at %{{x:.2f}} {unit}",
    )  # fmt: skip


def _over_schedule(time: str, above: str) -> dict[str, Any]:
    """Axes of two panels: what is ``above``, and the schedule."""
    return {
        "xaxis": _axis(time) | {"anchor": "y2"},
        "yaxis": _axis(above) | {"domain": [0.32, 1.0]},
        "yaxis2": _axis("T / °C") | {"domain": [0.0, 0.24], "rangemode": "tozero", "anchor": "x"},
    }


def profile(micrometres: Array, shares: Sequence[tuple[str, str, Array]]) -> Figure:
    """Phases of each cell at the end against the radius, one on the other; ``shares`` (name, family, wt% (cell,))."""
    from plotly.graph_objects import Scatter

    figure = _figure(400)
    for number, (name, family, share) in enumerate(shares):
        told = text(with_family(name, family))
        pattern = {"shape": PATTERNS[number % len(PATTERNS)], "fgcolor": "white", "bgcolor": style(family)[0]}
        figure.add_trace(Scatter(
            x=micrometres, y=share, name=told, mode="lines", stackgroup="cell", line={"color": "white", "width": 0.6},
            fillcolor=style(family)[0], fillpattern=pattern | {"size": 7, "solidity": 0.15},
            hovertemplate="%{y:.1f} wt% at %{x:.2f} µm",
        ))  # fmt: skip
    figure.update_layout(xaxis=_axis("radius / µm"), yaxis=_axis("wt% of the cell") | {"range": [0, 100]})
    return figure


def mass(
    times: Array, changes: Sequence[tuple[str, str, Array]], temperature_curve: tuple[Array, Array], unit: str
) -> Figure:  # fmt: skip
    """Changes of the mass over the schedule [degrees C]; all times are in ``unit``.

    ``changes`` are (name, colour, change [% of the first mass]) at ``times``.
    """
    from plotly.graph_objects import Scatter

    figure = _figure(440)
    for number, (name, colour, change) in enumerate(changes):
        dash = DASHES[number % len(DASHES)]
        figure.add_trace(Scatter(
            x=times, y=change, name=text(name).replace("$_2$", "₂"), mode="lines",
            line={"color": colour, "width": 2, "dash": dash},
            hovertemplate=f"%{{y:.3f}} % at %{{x:.2f}} {unit}",
        ))  # fmt: skip
    figure.add_trace(_schedule(temperature_curve, unit))
    figure.update_layout(**_over_schedule(f"time / {unit}", "change of mass / %"))
    return figure


def diffractogram(pattern: Pattern, least: float = 0.02) -> Figure:
    """Counts on a square-root scale over rows of marks, a row for each phase of at least ``least`` wt%."""
    from plotly.graph_objects import Scatter

    rows = [part for part in pattern.components if part.phase in pattern.by_phase and part.wt_percent >= least]
    rows.sort(key=lambda part: -part.wt_percent)
    figure = _figure(330 + 22 * len(rows))
    figure.add_trace(Scatter(
        x=pattern.angles[::2], y=np.sqrt(pattern.counts[::2]), customdata=pattern.counts[::2], mode="lines",
        name="counts", line={"color": "#1a1a1a", "width": 0.8}, showlegend=False,
        hovertemplate="%{customdata:.0f} counts at %{x:.2f}°<extra></extra>",
    ))  # fmt: skip
    marks = pattern.marks(0.08)
    for row, part in enumerate(rows):
        angles = marks[part.phase]
        figure.add_trace(Scatter(
            x=angles, y=np.full(len(angles), -row), yaxis="y2", mode="markers", showlegend=False, name="",
            marker={"symbol": "line-ns", "size": 13, "line": {"color": style(part.family)[0], "width": 1.6}},
            hovertemplate=f"{text(with_family(part.phase, part.family))} %{{x:.2f}}°<extra></extra>",
        ))  # fmt: skip
    share = min(0.6, (22.0 * len(rows) + 6.0) / (270.0 + 22.0 * len(rows)))
    names = [f"{text(part.family)} {part.wt_percent:.2g} %" for part in rows]
    figure.update_layout(
        xaxis=_axis(f"2θ / degrees, λ = {pattern.scan.lines[0][0]:.5g} Å") | {
            "anchor": "y2", "range": [float(pattern.angles[0]), float(pattern.angles[-1])]
        },
        yaxis=_axis("√counts") | {"domain": [share + 0.02, 1.0], "rangemode": "tozero"},
        yaxis2=_axis("") | {
            "domain": [0.0, share], "tickvals": [-row for row in range(len(rows))], "ticktext": names,
            "range": [-len(rows) + 0.4, 0.6], "showgrid": False, "tickfont": {"size": 11}, "ticks": "",
        },
    )  # fmt: skip
    return figure


def reaction_energy(curves: Sequence[tuple[str, Array, Array, Sequence[str]]]) -> Figure:
    """Reaction energy [meV per atom] against the cathode's share of the mass [%].

    ``curves`` are (name, shares, energies, products at each).
    """
    from plotly.graph_objects import Scatter

    figure = _figure(440)
    looks = zip(("#0072B2", "#D55E00", "#009E73", "#CC79A7"), DASHES, strict=False)
    for (name, shares, energies, products), (colour, dash) in zip(curves, looks, strict=False):
        figure.add_trace(Scatter(
            x=shares, y=energies, customdata=[_wrapped(told, 48) for told in products], name=text(name),
            mode="lines+markers", line={"color": colour, "width": 2, "dash": dash}, marker={"size": 7},
            hovertemplate="%{y:.2f} meV/atom at %{x:.1f} wt% of cathode<br>%{customdata}<extra></extra>",
        ))  # fmt: skip
    figure.update_layout(
        xaxis=_axis("cathode / wt% of the two powders") | {"range": [0, 100]},
        yaxis=_axis("reaction energy / meV per atom") | {"rangemode": "tozero"}, showlegend=len(curves) > 1,
    )  # fmt: skip
    return figure


def schedule(hours: Array, degrees: Array, nodes: Sequence[tuple[float, float]]) -> Figure:
    """A schedule [h, degrees C] with a handle on each of its ``nodes``, which can be dragged in an editable chart."""
    from plotly.graph_objects import Scatter

    figure = _figure(230)
    figure.add_trace(Scatter(
        x=hours, y=degrees, mode="lines", line={"color": TEMPERATURE, "width": 2}, showlegend=False,
        hovertemplate="%{y:.0f} °C at %{x:.2f} h<extra></extra>",
    ))  # fmt: skip
    figure.update_layout(
        xaxis=_axis("time / h") | {"range": [0, 1.05 * float(hours[-1])], "fixedrange": True},
        yaxis=_axis("T / °C") | {"range": [0, 1.25 * float(degrees.max())], "fixedrange": True},
        shapes=[
            {
                "type": "circle", "xsizemode": "pixel", "ysizemode": "pixel", "xanchor": x, "yanchor": y, "x0": -8,
                "x1": 8, "y0": -8, "y1": 8, "fillcolor": "#0072B2", "line": {"width": 0}, "name": f"handle {number}",
            }
            for number, (x, y) in enumerate(nodes)
        ],
    )  # fmt: skip
    return figure


def observed_map(
    families: Sequence[str], degrees: Sequence[float], share: Array, observed: Sequence[Sequence[bool | None]],
    limit: Array, span: tuple[float, float],
) -> Figure:  # fmt: skip
    """What a furnace showed beside what is predicted: wt% by family (row) and hold temperature [degrees C] (column).

    ``observed`` is True where a family was seen, False where it was looked for and not seen, None where it was not.
    Disks are predictions at or above ``limit`` (F,) [wt%], larger for more; rings are what was seen, crosses
    what was looked for in vain.  ``span`` is what the axis of temperatures [degrees C] covers.
    """
    from plotly.graph_objects import Scatter

    figure = _figure(70 + 34 * len(families))
    seen = [(T, row) for row, marks in enumerate(observed) for T, mark in zip(degrees, marks, strict=True) if mark]
    unseen = [
        (T, row) for row, marks in enumerate(observed) for T, mark in zip(degrees, marks, strict=True) if mark is False
    ]
    made = [
        (T, row, float(share[row, k]))
        for row in range(len(families)) for k, T in enumerate(degrees) if share[row, k] >= limit[row]
    ]  # fmt: skip
    figure.add_trace(Scatter(
        x=[T for T, _, _ in made], y=[-row for _, row, _ in made], mode="markers", name="predicted",
        customdata=[amount for _, _, amount in made], hovertemplate="%{customdata:.2f} wt% at %{x:g} °C<extra></extra>",
        marker={
            "size": [7.0 + 6.0 * np.log10(1.0 + amount / limit[row]) for _, row, amount in made],
            "color": [style(families[row])[0] for _, row, _ in made], "line": {"width": 0}, "opacity": 1.0,
        },
    ))  # fmt: skip
    for name, marks, symbol, size in (
        ("observed", seen, "circle-open", 24), ("looked for, not observed", unseen, "x-thin", 7)
    ):  # fmt: skip
        figure.add_trace(Scatter(
            x=[T for T, _ in marks], y=[-row for _, row in marks], mode="markers", name=name,
            marker={"symbol": symbol, "size": size, "color": "#1a1a1a", "line": {"width": 1.6, "color": "#1a1a1a"}},
            hovertemplate=f"{name} at %{{x:g}} °C<extra></extra>",
        ))  # fmt: skip
    low, high = span
    figure.update_layout(
        showlegend=False, margin={"t": 6},
        xaxis=_axis("hold temperature / °C") | {"range": [low - 0.08 * (high - low), high + 0.08 * (high - low)]},
        yaxis=_axis("") | {
            "tickvals": [-row for row in range(len(families))], "ticktext": [text(name) for name in families],
            "range": [-len(families) + 0.4, 0.6],
        },
    )  # fmt: skip
    return figure


def bars(names: Sequence[str], values: Array, label: str) -> Figure:
    """Values by name, lying."""
    from plotly.graph_objects import Bar

    figure = _figure(70 + 44 * len(names))
    figure.add_trace(Bar(
        x=values, y=[_wrapped(name) for name in names], orientation="h", marker={"color": "#0072B2"},
        hovertemplate="%{x:.1f}<extra></extra>",
    ))  # fmt: skip
    figure.update_layout(
        xaxis=_axis(label), yaxis={"autorange": "reversed", "automargin": True, "ticks": ""}, showlegend=False
    )
    return figure


def against_temperature(
    degrees: Array, shares: Mapping[str, Array], limit: float | None, onset: tuple[float, float] | None, top: float,
    errors: Mapping[str, Array] | None = None,
) -> Figure:  # fmt: skip
    """wt% by family against hold temperature [degrees C], with numerical errors as bars where there are any.

    The detection limit is a line where it is one for all, the ``onset`` a band between two hold temperatures.
    """
    from plotly.graph_objects import Scatter

    figure = _figure(460)
    highest = 0.0  # end of the longest bar
    for family, share in shares.items():
        colour, _ = style(family)
        symbol = FAMILIES.get(family, FAMILIES["other"]).symbol
        error = np.nan_to_num((errors or {}).get(family, np.zeros_like(share)))
        highest = max(highest, float(np.nanmax(share + error)))
        told = [
            f"{amount:.2f}" + (f" ± {size:.2f}" if size > 0.0 else "")
            for amount, size in zip(share, error, strict=True)
        ]
        bars = {
            "type": "data", "symmetric": False, "color": colour, "thickness": 1, "width": 3,
            "array": scaled(share + error) - scaled(share), "arrayminus": scaled(share) - scaled(share - error),
        }  # fmt: skip
        figure.add_trace(Scatter(
            x=degrees, y=scaled(share), customdata=told, name=text(family), mode="lines+markers",
            line={"color": colour, "width": 2}, marker={"symbol": symbol, "size": 8},
            error_y=bars if error.any() else None, hovertemplate="%{customdata} wt% at %{x:g} °C",
        ))  # fmt: skip
    if limit is not None:
        _limit(figure, float(scaled(np.array([limit]))[0]), limit)
    if onset is not None:
        figure.add_vrect(*onset, fillcolor="#e2e2e2", line_width=0, layer="below")
        figure.add_trace(Scatter(
            x=[None], y=[None], mode="markers", name=f"onset: {onset[0]:g} to {onset[1]:g} °C",
            marker={"symbol": "square", "size": 12, "color": "#e2e2e2"},
        ))  # fmt: skip
    ticks = np.array(TICKS)
    figure.update_layout(
        xaxis=_axis("hold temperature / °C"),
        yaxis=_axis("secondary phase / wt%") | {
            "tickvals": scaled(ticks), "ticktext": [f"{tick:g}" for tick in ticks],
            "range": [0, float(scaled(np.array([max(1.3 * top, 2.0, min(1.05 * highest, 110.0))]))[0])],
        },
    )  # fmt: skip
    return figure


def front(
    tried: Mapping[str, tuple[Array, Array, Sequence[str]]], best: tuple[Array, Array, Sequence[str]],
    density: Array, sampled: Array, limit: float,
) -> Figure:  # fmt: skip
    """wt% of secondary phases against relative density [%], of all ``tried`` by gas and of the ``best``, in order.

    Both are (densities, wt%, schedules in words); ``density`` and ``sampled`` (point, 2) are the ends of the bars of
    the best, those of the samples nan where there are none.
    """
    from plotly.graph_objects import Scatter

    figure = _figure(480 + 22 * len(tried))
    looks = zip(("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00") * 20, SYMBOLS * 20, strict=False)
    for (gas, (x, y, words)), (colour, symbol) in zip(tried.items(), looks, strict=False):
        figure.add_trace(Scatter(
            x=x, y=scaled(y), customdata=_labelled(y, words), mode="markers", name=f"tried in {text(gas)}",
            marker={"color": _faded(colour, 0.6), "symbol": symbol, "size": 7}, hovertemplate=LABELLED,
        ))  # fmt: skip
    x, y, words = best
    ends, known = scaled(np.nan_to_num(sampled)), np.isfinite(sampled).all(axis=1)
    bars = {"type": "data", "symmetric": False, "color": GREY, "thickness": 1.2, "width": 3}
    up, down = (
        np.where(known, np.maximum(size, 0.0), 0.0) for size in (ends[:, 1] - scaled(y), scaled(y) - ends[:, 0])
    )
    figure.add_trace(Scatter(
        x=x, y=scaled(y), customdata=_labelled(y, words), mode="lines+markers+text",
        name="least at that density or more", text=[str(number) for number in range(1, len(x) + 1)],
        textposition="top right", marker={"color": "#1a1a1a"},
        line={"color": "#1a1a1a", "width": 1.5, "shape": "vh"}, hovertemplate=LABELLED,
        error_x=bars | {"array": density[:, 1] - x, "arrayminus": x - density[:, 0]},
        error_y=bars | {"array": up, "arrayminus": down} if known.any() else None,
    ))  # fmt: skip
    _limit(figure, float(scaled(np.array([limit]))[0]), limit)
    most = max([limit, *y.tolist(), *(float(each[1].max()) for each in tried.values()), *sampled[known, 1].tolist()])
    ticks = np.array(TICKS)
    figure.update_layout(
        xaxis=_axis("relative density of an LLZTO compact / %"),
        yaxis=_axis("secondary phases / wt%") | {
            "tickvals": scaled(ticks), "ticktext": [f"{tick:g}" for tick in ticks],
            "range": [-0.1, float(scaled(np.array([1.5 * most]))[0])],
        },
    )  # fmt: skip
    return figure


def _labelled(share: Array, words: Sequence[str]) -> list[str]:
    return [f"{amount:.2f} wt%<br>{_wrapped(told, 40)}" for amount, told in zip(share, words, strict=True)]


def ternary(points: Array, onset: Array, span: tuple[float, float]) -> Figure:
    """Onset [degrees C] over shares of Ni, Mn and Co (point, 3); open where it is above all temperatures."""
    from plotly.graph_objects import Scatterternary

    figure = _figure(540)
    size = float(np.clip(170.0 / np.sqrt(2.0 * len(points)), 5.0, 22.0))
    for mask, name in ((np.isfinite(onset), ""), (np.isinf(onset), f"none up to {span[1]:g} °C")):
        if not mask.any():
            continue
        a, b, c = 100.0 * points[mask].T
        marker: dict[str, Any] = {"symbol": "hexagon", "size": size, "line": {"color": "#555", "width": 0.6}}
        marker |= _colours(onset[mask], span) if not name else {"color": "white"}
        told = name or "onset %{marker.color:g} °C"
        figure.add_trace(Scatterternary(
            a=a, b=b, c=c, mode="markers", marker=marker, name=name, showlegend=bool(name), cliponaxis=False,
            hovertemplate=f"Ni %{{a:.0f}} Mn %{{b:.0f}} Co %{{c:.0f}} %<br>{told}<extra></extra>",
        ))  # fmt: skip
    side = {
        "showline": True, "linecolor": "#555", "gridcolor": "#ddd", "tickvals": [20, 40, 60, 80], "ticksuffix": " %",
        "ticks": "outside", "ticklen": 10, "tickcolor": "#bbb",
    }  # fmt: skip
    figure.update_layout(
        margin={"l": 40, "r": 40, "t": 60, "b": 110},
        ternary={
            "sum": 100, "aaxis": side | {"title": {"text": "Ni"}}, "baxis": side | {"title": {"text": "Mn"}},
            "caxis": side | {"title": {"text": "Co"}}, "bgcolor": "white",
        },
    )  # fmt: skip
    return figure


def heat_map(
    rows: Sequence[str], columns: Sequence[str], onset: Array, span: tuple[float, float], across: str = "electrolyte"
) -> Figure:
    """Onset [degrees C] by cathode (row) and what stands ``across`` (column); nan where it failed."""
    from plotly.graph_objects import Heatmap

    told = [[_onset(T, span[1]) for T in line] for line in onset]
    shown = np.where(np.isinf(onset), np.nan, onset)
    few = len(rows) * len(columns) <= 200 and len(columns) <= 8
    figure = _figure(150 + 22 * len(rows))
    figure.add_trace(Heatmap(
        x=[_wrapped(name) for name in columns], y=[text(name) for name in rows], z=shown, customdata=told, text=told,
        texttemplate="%{text}" if few else None, xgap=1, ygap=1, hoverongaps=True,
        hovertemplate="%{y} with %{x}: %{customdata} °C<extra></extra>", **_scale(span),
    ))  # fmt: skip
    figure.update_layout(
        xaxis=_axis(across) | {"type": "category", "showgrid": False},
        yaxis=_axis("") | {"type": "category", "autorange": "reversed", "showgrid": False},
    )
    return figure


def against_nickel(
    percent: Array, onset: Array, intervals: Array, single: NDArray[np.bool_], names: Sequence[str], tried: Array,
    step: float,
) -> Figure:  # fmt: skip
    """Onset [degrees C] against the share of nickel [%], with the 5 to 95 % intervals (point, 2) where there are any.

    What is above all temperatures ``tried`` stands one ``step`` above the highest, and is open.
    """
    from plotly.graph_objects import Scatter

    highest, figure = float(tried[-1]), _figure(460)
    beyond, many = highest + step, len(onset) > 150
    y, ends = np.minimum(onset, beyond), np.minimum(intervals, beyond)
    for chosen, colour, symbol, name in (
        (~single, "#0072B2", "circle", "polycrystal"), (single, "#D55E00", "diamond", "single crystal"),
    ):  # fmt: skip
        for clean in (False, True):
            mask = chosen & (np.isinf(onset) == clean)
            if not mask.any():
                continue
            bars: dict[str, Any] = {"type": "data", "symmetric": False, "color": _faded(colour, 0.45), "width": 0}
            bars["thickness"] = 1.0 if many else 2.5
            known = np.nan_to_num(ends[mask] - y[mask, None])
            told = [text(name) for name, chosen_point in zip(names, mask, strict=True) if chosen_point]
            figure.add_trace(Scatter(
                x=percent[mask], y=y[mask], mode="markers", customdata=told,
                name=f"{name}: none up to {highest:g} °C" if clean else name,
                marker={"symbol": symbol + "-open" * clean, "color": colour, "size": 5 if many else 8},
                error_y=bars | {"array": np.maximum(known[:, 1], 0.0), "arrayminus": np.maximum(-known[:, 0], 0.0)},
                hovertemplate="%{customdata}<br>" + ("none" if clean else "%{y:g} °C") + "<extra></extra>",
            ))  # fmt: skip
    figure.add_hline(highest + 0.5 * step, line={"color": "#ccc", "width": 1})
    shown: dict[str, Any] = {"range": [float(tried[0]) - 0.6 * step, beyond + 0.6 * step]}
    if len(tried) <= 15:
        shown |= {"tickvals": [*tried.tolist(), beyond], "ticktext": [*(f"{T:g}" for T in tried), "none"]}
    figure.update_layout(xaxis=_axis("Ni / % of Ni, Mn and Co"), yaxis=_axis("onset / °C") | shown, showlegend=True)
    return figure


def _figure(height: int) -> Figure:
    from plotly.graph_objects import Figure

    return Figure(layout={
        "template": "none", "height": height, "margin": {"l": 60, "r": 14, "t": 10, "b": 50}, "hovermode": "closest",
        "font": {"size": 13, "color": "#1a1a1a", "family": "system-ui, 'DejaVu Sans', sans-serif"},
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        "paper_bgcolor": "white", "plot_bgcolor": "white", "hoverlabel": {"namelength": -1},
    })  # fmt: skip


def _axis(title: str) -> dict[str, Any]:
    return {
        "title": {"text": title, "standoff": 8}, "automargin": True, "showline": True, "linecolor": "#555",
        "gridcolor": "#e6e6e6", "zeroline": False, "ticks": "outside",
    }  # fmt: skip


def _limit(figure: Figure, at: float, limit: float) -> None:
    figure.add_hline(at, line={"color": GREY, "dash": "dash", "width": 1.5})
    _legend_line(figure, f"detection limit ({limit:g} wt%)", "dash")


def _legend_line(figure: Figure, name: str, dash: str) -> None:
    from plotly.graph_objects import Scatter

    figure.add_trace(Scatter(x=[None], y=[None], mode="lines", name=name, line={"color": GREY, "dash": dash}))


def _onset(T: float, highest: float) -> str:
    return "failed" if np.isnan(T) else f"> {highest:g}" if np.isinf(T) else f"{T:g}"


def _faded(colour: str, share: float = 0.22) -> str:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share:g})"


def _wrapped(name: str, width: int = 18) -> str:
    """A name over several lines of some ``width`` characters."""
    import textwrap

    return "<br>".join(map(text, textwrap.wrap(name, width)[:3] or [""]))


def _scale(span: tuple[float, float]) -> dict[str, Any]:
    from sinterface.simulate.figures.plot_screen import MAP

    low, high = span if span[1] > span[0] else (span[0], span[0] + 1.0)
    bar = {"title": {"text": "onset / °C", "side": "right"}, "thickness": 12, "outlinewidth": 0}
    return {"zmin": low, "zmax": high, "colorscale": MAP, "colorbar": bar}


def _colours(values: Array, span: tuple[float, float]) -> dict[str, Any]:
    scale = _scale(span)
    lying = {"orientation": "h", "y": -0.12, "yanchor": "top", "len": 0.8}  # beside it would hide a corner
    return {
        "color": values, "cmin": scale["zmin"], "cmax": scale["zmax"], "colorscale": scale["colorscale"],
        "colorbar": {"title": {"text": "onset / °C", "side": "bottom"}, "thickness": 12, "outlinewidth": 0} | lying,
        "showscale": True,
    }  # fmt: skip
