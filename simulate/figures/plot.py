"""Figures: one colour per phase family, units on every axis, the detection limit as a line."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sinterface.models.basics import formula
from sinterface.models.basics.constants import CELSIUS_ZERO, EV_PER_ATOM
from sinterface.models.basics.textfile import drawn
from sinterface.models.phases.substance import FAMILIES
from sinterface.simulate.figures.canvas import LETTER, canvas, styled, wrapped
from sinterface.simulate.figures.markers import Shape, marker
from sinterface.simulate.files.output import check_ending, write_figure
from sinterface.simulate.setup.problem import mass_ratio_text, sample_text
from sinterface.simulate.setup.schedule import clock
from sinterface.simulate.solve.result import DETECTION_LIMIT
from sinterface.simulate.studies.shares import with_family

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sinterface.models.interface.ensemble import InterfaceSpread
    from sinterface.models.interface.reactions import InterfaceReactions
    from sinterface.simulate.solve.result import Result
    from sinterface.simulate.studies.sweep import Sweep

STYLES: Mapping[str, tuple[str, str | Shape]] = {
    name: (family.colour, marker(family.marker)) for name, family in FAMILIES.items()
}
"""Colour and marker of each family; markers tell apart what grey printing does not."""

COUPLES = (
    ("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "D"), ("#56B4E9", "v"), ("#E69F00", "P"),
    ("#000000", "x"),
)  # fmt: skip
"""Colour and marker of the first, second, ... couple where lines are couples and not families."""

TEMPERATURE = "#333333"
"""Colour of schedules: no family's."""

SWATCH = 0.055
"""Width of a legend's line with its gaps per point of the font size [inches]."""

BESIDE = 0.003
"""How far marks of two families at the same temperature stand apart, a share of the axis, lest bars hide."""

SHOWN = 0.05
"""Phases that stay below this share [wt%] are left out."""

LABEL = 4.0
"""Width of the number of a kink [wt% of the axis]."""

DASHES = ("-", "--", ":", "-.")
"""Lines of the first, second, ... phase of a family."""

HATCHES = ("", "///", "...", "\\\\\\", "xxx", "---", "ooo", "|||", "+++", "***")
"""Patterns of areas that lie on each other: grey and colour-blind eyes tell neighbours apart by them."""

FORMATS = (".png", ".pdf", ".svg")


def style(family: str) -> tuple[str, str | Shape]:
    """Colour and marker of a phase family; those of ``other`` for a name that is none.

    >>> style("LaMO3")
    ('#D55E00', 's')
    """
    return STYLES.get(family, STYLES["other"])


def check_format(path: Path) -> None:
    """Raise InputError unless the file's ending is a figure format."""
    check_ending(path, dict.fromkeys(FORMATS, ""), "figure")


def save(figure: Figure, path: Path, style: str = "screen") -> None:
    """Write a figure whole or not at all, in a style of ``canvas.STYLES``; letters stay letters in PDF and SVG."""
    from matplotlib import rc_context

    check_format(path)
    with rc_context({"svg.fonttype": "none", "pdf.fonttype": 42}):
        write_figure(path, styled(figure, style), dpi=150 if style == "screen" else 600)


def below(figure: Figure, handles: Mapping[str, Artist], size: float = 9.0) -> None:
    """A legend under all panels, in as many columns as the figure is wide enough for."""
    longest = max(map(len, handles))
    columns = int((figure.get_figwidth() - 0.2) / (size * (LETTER * longest + SWATCH)))
    figure.legend(
        list(handles.values()), list(handles), loc="outside lower center", ncols=max(1, min(columns, len(handles))),
        fontsize=size, frameon=False,
    )  # fmt: skip


SMALL = 0.1
"""Families that stay below this [wt%] are not drawn in sweeps."""


def sweeps(shown: Sequence[Sweep]) -> Figure:
    """Secondary phases against hold temperature, one panel per couple; families over 0.1 wt% are shown.

    Marks of the same temperature stand side by side.  They are filled where the sweep's detector shows the family and
    open where it does not; a fixed limit is a line as well.  Bars are numerical errors, without those that end below
    0.1 wt%; the grey band is the onset where it does not hang on the limits.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    across = 4.4 if len(shown) > 1 else 6.4
    figure = canvas(1.2 + across * len(shown), 5.4)
    axes = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    handles: dict[str, Artist] = {}
    for axis, each in zip(axes, shown, strict=True):
        data = each.dataset
        low, high = each.temperatures[0], each.temperatures[-1]
        seen = [family for family in each.families if float(data["wt_percent"].sel(family=family).max()) >= SMALL]
        for number, family in enumerate(seen):
            share = data["wt_percent"].sel(family=family).values
            places = np.array(each.temperatures) + BESIDE * (high - low) * (number - 0.5 * (len(seen) - 1))
            colour, mark = style(family)
            error = np.nan_to_num(data["wt_percent_error"].sel(family=family).values)
            error = np.where(share + error < SMALL, 0.0, error)
            line = axis.errorbar(
                places, share, yerr=[np.minimum(error, share), error], color=colour, marker=mark,
                markersize=5, linewidth=1.4, elinewidth=0.9, capsize=2.0,
            )  # fmt: skip
            handles.setdefault(family, line.lines[0])
            hidden = share < data["detection_limit"].sel(family=family).values
            axis.plot(
                places[hidden], share[hidden], linestyle="none", marker=mark, markersize=5,
                color=colour, markerfacecolor="white", zorder=3,
            )  # fmt: skip
        if not each.detect.method:
            axis.axhline(each.detect.wt_percent, color="0.6", linestyle="--", linewidth=1)
        onset = each.onset()
        if onset.temperature is not None and onset.bracket.above is not None:
            axis.axvspan(onset.bracket.above, onset.temperature, color="0.9", linewidth=0, zorder=0)
            handles["onset between"] = Patch(color="0.9")
        attrs = data.attrs
        axis.set_title(
            drawn(sample_text(attrs["cathode"], attrs["electrolyte"])) + "\n" + wrapped(f"onset {onset}", across, 9),
            fontsize=9,
        )
        axis.set_xlabel("hold temperature / °C")
        axis.set_xlim(low - 0.03 * (high - low) - 1.0, high + 0.03 * (high - low) + 1.0)
        if not seen:
            axis.text(
                0.5, 0.25, "no secondary phase\nabove 0.1 wt%", transform=axis.transAxes, ha="center", color="0.4"
            )
    axes[0].set_ylabel("secondary phases / wt%")
    axes[0].set_yscale("symlog", linthresh=0.1)
    top = max(
        1.25 * axis.dataLim.y1 for axis in axes
    )  # marks stand off the frame; a tick beyond would stretch the axis
    axes[0].set_ylim(0, max(top, 0.1))
    ticks = [tick for tick in (0, 0.1, 1, 10, 50) if tick <= max(top, 1.0)]
    axes[0].set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    order = sorted(handles, key=lambda name: list(FAMILIES).index(name) if name in FAMILIES else len(FAMILIES))
    handles = {name: handles[name] for name in order}
    detect = shown[0].detect
    if detect.method:
        handles["open: not shown"] = Line2D(
            [], [], color="0.3", marker="o", markersize=5, markerfacecolor="white", linestyle="none"
        )
    else:
        handles[f"detection limit ({detect.name})"] = Line2D([], [], color="0.6", linestyle="--", linewidth=1.2)
    below(figure, handles)
    attrs = shown[0].results[0].dataset.attrs
    both = attrs["cathode"] and attrs["electrolyte"]
    ratio = f"{mass_ratio_text(float(attrs['mass_ratio']))} by mass, " if both else ""
    title = f"{ratio}{shown[0].schedule}, in {attrs['atmosphere']}"
    figure.suptitle(wrapped(title, figure.get_figwidth(), 10), fontsize=10)
    return figure


def run(result: Result, limit: float = DETECTION_LIMIT) -> Figure:
    """Secondary phases and temperature against time; with samples, their 5 to 95 % bands by family."""
    from matplotlib.ticker import MaxNLocator

    data = result.dataset
    figure = canvas(9.0, 4.8)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    size, unit = clock(float(data["time"].values[-1]))
    clocks = data["time"].values / size
    curves_of: list[str] = []
    for phase in result.secondary["phase"].values:
        share = data["wt_percent"].sel(phase=phase)
        if float(share.max()) < SHOWN:
            continue
        family = str(share["family"].values)
        curves_of.append(family)
        line = DASHES[min(curves_of.count(family), len(DASHES)) - 1]
        told = with_family(str(phase), family)
        colour, mark = style(family)
        first = 0.02 + 0.03 * (len(curves_of) % 5)  # marks of curves that run together stand beside each other
        upper.plot(
            clocks, share.values, color=colour, marker=mark, markersize=4, markevery=(first, 0.15),
            label=drawn(told), linewidth=1.5, linestyle=line,
        )  # fmt: skip
    banded = _bands(upper, data, curves_of, limit, size) if "sampled_course" in data else 0
    upper.axhline(limit, color="0.6", linestyle="--", linewidth=1, label=f"detection limit ({limit:g} wt%)")
    upper.set_ylabel("wt% of the sample")
    upper.set_ylim(0, max(upper.get_ylim()[1], 1.06 * limit))
    upper.set_xlim(0.0, clocks[-1] if clocks[-1] > 0.0 else None)
    if not curves_of and not banded:
        upper.text(
            0.5, 0.25, f"no secondary phase\nabove {SHOWN:g} wt%", transform=upper.transAxes, ha="center", color="0.4"
        )
    titled(figure, upper, result, 5.8)
    lower.plot(clocks, data["temperature"].values - CELSIUS_ZERO, color=TEMPERATURE)
    lower.yaxis.set_major_locator(MaxNLocator(nbins=4, min_n_ticks=3, steps=[1, 2, 2.5, 3, 4, 5, 10]))
    lower.set_ylim(0, None)
    lower.set_ylabel("T / °C")
    lower.set_xlabel(f"time / {unit}")
    return figure


def _bands(axis: Axes, data: xr.Dataset, curves_of: Sequence[str], limit: float, size: float) -> int:
    """Bands of the samples against time in units of ``size`` [s]; returns how many there are.

    Families that no curve shows have one only where they reach the limit; those are hatched.  The upper edge of the
    others bears the mark of their curve, open.
    """
    clocks = data["sampled_time"].values / size
    hatched = banded = 0
    for family in data["sampled_family"].values.tolist():
        low, _, high = data["sampled_course"].sel(sampled_family=family).values
        label, hatch = None, None
        if family not in curves_of:
            if high.max() < limit:
                continue
            hatched += 1
            label, hatch = f"{drawn(family)}, in samples only", HATCHES[hatched % len(HATCHES)]
        colour, mark = style(family)
        banded += 1
        if label is None and high.max() >= SHOWN:
            axis.plot(
                clocks, high, color=colour, marker=mark, markersize=4, markevery=(0.05, 0.2), linewidth=0.6,
                markerfacecolor="white",
            )  # fmt: skip
        axis.fill_between(
            clocks, low, high, facecolor=(colour, 0.2), edgecolor=(colour, 0.6), linewidth=0.6, label=label, hatch=hatch
        )
    if banded:
        label = f"5 to 95 % of {data.sizes['sample']} samples, by family (open marks)"
        axis.fill_between([], [], [], color="0.6", alpha=0.4, linewidth=0, label=label)
    return banded


def profile(result: Result) -> Figure:
    """Phases of each finite volume at the end against the radius, one on the other; those below 0.5 wt% left out."""
    data = result.dataset
    figure = canvas(7.4, 3.8)
    axis = figure.subplots()
    shares = data["wt_percent_profile"].values
    order = [k for k in np.argsort(-shares.mean(axis=0), kind="stable") if shares[:, k].max() >= 0.5]
    names, families = (data[name].values.tolist() for name in ("phase", "family"))
    colours = [style(families[k])[0] for k in order]
    labels = [drawn(names[k] if families[k] in (names[k], "other") else f"{names[k]} ({families[k]})") for k in order]
    areas = axis.stackplot(
        data["radius"].values * 1e6, shares[:, order].T, labels=labels, colors=colours, edgecolor="white", linewidth=0.5
    )  # fmt: skip
    for number, area in enumerate(areas):
        area.set_hatch(HATCHES[number % len(HATCHES)])
    axis.set_xlabel("radius / µm")
    axis.set_ylabel("wt% of the cell")
    axis.set_ylim(0, 100)
    axis.margins(x=0)
    titled(figure, axis, result, 5.0)
    return figure


def titled(figure: Figure, axis: Axes, result: Result, width: float) -> None:
    """What was fired above the panel ``axis``, and its legend to the right."""
    attrs = result.dataset.attrs
    sample = sample_text(attrs["cathode"], attrs["electrolyte"], float(attrs["mass_ratio"]))
    axis.set_title(wrapped(f"{sample}: {attrs['schedule']}; {attrs['atmosphere']}", width, 9), fontsize=9)
    figure.legend(*axis.get_legend_handles_labels(), loc="outside right upper", fontsize=8, frameon=False)


def reactions(computed: Sequence[tuple[InterfaceReactions, InterfaceSpread | None]]) -> Figure:
    """Reaction energy against the cathode's share of the mass; kinks numbered, their products beside the axes.

    With samples of the energies their 5 to 95 % band.
    """
    figure = canvas(9.6, 4.2 * len(computed))
    rows = figure.subplots(len(computed), 2, width_ratios=[3, 2], squeeze=False)
    for (reaction, spread), (axis, words) in zip(computed, rows, strict=True):
        pair = reaction.couple
        if spread is not None:
            low, high = np.quantile(spread.profile, (0.05, 0.95), axis=0) / pair.atoms(spread.at) / EV_PER_ATOM * 1e3
            axis.fill_between(
                100.0 * pair.mass_share(spread.at), low, high, color="#56B4E9", alpha=0.3, linewidth=0,
                label=f"5 to 95 % of {len(spread.energy)} samples",
            )  # fmt: skip
            axis.legend(fontsize=8, frameon=False)
        x = reaction.profile.x
        axis.plot(
            100.0 * pair.mass_share(x), reaction.profile.energy / pair.atoms(x) / EV_PER_ATOM * 1e3, color="#0072B2"
        )
        axis.axhline(0.0, color="0.6", linewidth=1)
        lines = []
        for number, kink in enumerate(reaction.kinks):
            names = " + ".join(formula.name(product.solid.amounts) for product in kink.products)
            lines.append(textwrap.fill(drawn(f"{number}: {names}", 2000), 62, subsequent_indent="    "))
        places = [(100.0 * reaction.mass_share(kink), kink.energy_meV_per_atom) for kink in reaction.kinks]
        axis.plot(*zip(*places, strict=True), linestyle="none", marker="o", color="#0072B2", markersize=4)
        bottom = min(places, key=lambda place: place[1])[0]
        for label, place in _labels(places):
            side = float(np.sign(round(place[0] - bottom, 9)))  # outside of the curve, which has the shape of a V
            axis.annotate(
                label, place, xytext=(4 * side, -5 if side == 0.0 else -2), textcoords="offset points", fontsize=7,
                ha={-1.0: "right", 0.0: "center", 1.0: "left"}[side], va="top",
            )  # fmt: skip
        words.axis("off")
        words.text(0.0, 1.0, "\n".join(lines), fontsize=6.5, va="top", transform=words.transAxes)
        axis.margins(x=0.12, y=0.15)
        axis.set_xlabel(f"{drawn(reaction.cathode.id)} / wt%")
        axis.set_ylabel("reaction energy / meV per atom")
        what = f", {pair.constraint}" if pair.constraint != "none" else ""
        conditions = f"{reaction.temperature - CELSIUS_ZERO:g} °C, {reaction.atmosphere}{what}"
        axis.set_title(
            wrapped(f"{reaction.electrolyte.id} | {reaction.cathode.id}, {conditions}", 5.4, 9), fontsize=9
        )  # fmt: skip
    return figure


def _labels(places: Sequence[tuple[float, float]]) -> list[tuple[str, tuple[float, float]]]:
    """Numbers of kinks and where they stand: kinks closer than a label is wide share theirs, at the lowest of them.

    >>> _labels([(0.0, 0.0), (50.0, -9.0), (51.0, -8.5), (100.0, 0.0)])
    [('0', (0.0, 0.0)), ('1, 2', (50.0, -9.0)), ('3', (100.0, 0.0))]
    """
    groups: list[list[int]] = []
    for number, (share, _) in enumerate(places):
        if groups and share - places[groups[-1][-1]][0] < LABEL:
            groups[-1].append(number)
        else:
            groups.append([number])
    labels = []
    for group in groups:
        text = ", ".join(map(str, group)) if len(group) < 3 else f"{group[0]} to {group[-1]}"
        labels.append((text, min((places[number] for number in group), key=lambda place: place[1])))
    return labels


def reaction_energies(computed: Sequence[tuple[InterfaceReactions, InterfaceSpread | None]]) -> Figure:
    """The strongest reaction energy of each couple against temperature, with the 5 to 95 % band of the samples."""
    figure = canvas(6.6, 4.6)
    axis = figure.subplots()
    names = list(dict.fromkeys(reaction.cathode.id for reaction, _ in computed))
    handles: dict[str, Artist] = {}
    for number, name in enumerate(names):
        colour, mark = COUPLES[number % len(COUPLES)]
        mine = [(reaction, spread) for reaction, spread in computed if reaction.cathode.id == name]
        T = [reaction.temperature - CELSIUS_ZERO for reaction, _ in mine]
        bands = [spread.energy_meV_per_atom for _, spread in mine if spread is not None]
        if bands:
            axis.fill_between(T, [b[0] for b in bands], [b[2] for b in bands], color=colour, alpha=0.15, linewidth=0)
        y = [reaction.strongest.energy_meV_per_atom for reaction, _ in mine]
        (handles[drawn(name)],) = axis.plot(T, y, color=colour, marker=mark, markersize=4)
    first, spread = computed[0]
    if spread is not None:
        told = f"5 to 95 % of {len(spread.energy)} samples"
        handles[told] = axis.fill_between([], [], [], color="0.6", alpha=0.3, linewidth=0)
    axis.axhline(0.0, color="0.6", linewidth=1)
    axis.set_xlabel("T / °C")
    axis.set_ylabel("strongest reaction energy / meV per atom")
    axis.set_title(drawn(f"with {first.electrolyte.id} in {first.atmosphere}"), fontsize=10)
    below(figure, handles, 8.0)
    return figure
