"""Figures: one colour per phase family, units on every axis, the detection limit as a line."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sinterface.models.basics import formula
from sinterface.models.basics.constants import CELSIUS_ZERO, EV_PER_ATOM
from sinterface.models.basics.errors import InputError
from sinterface.models.phases.substance import FAMILIES
from sinterface.simulate.files.output import write_whole
from sinterface.simulate.solve.result import DETECTION_LIMIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sinterface.models.interface.ensemble import Spread
    from sinterface.models.interface.reactions import InterfaceReactions
    from sinterface.simulate.solve.result import Result
    from sinterface.simulate.studies.sweep import Sweep

STYLES: Mapping[str, tuple[str, str]] = {name: (family.colour, family.marker) for name, family in FAMILIES.items()}
"""Colour and marker of each family; markers tell apart what grey printing does not."""

COUPLES = (
    ("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "D"), ("#56B4E9", "v"), ("#E69F00", "P"),
    ("#000000", "x"),
)  # fmt: skip
"""Colour and marker of the first, second, ... couple where lines are couples and not families."""

TEMPERATURE = "#333333"
"""Colour of schedules: no family's."""

DASHES = ("-", "--", ":", "-.")
"""Lines of the first, second, ... phase of a family."""

FORMATS = (".png", ".pdf", ".svg")


def style(family: str) -> tuple[str, str]:
    """Colour and marker of a phase family; those of ``other`` for a name that is none.

    >>> style("LaMO3")
    ('#D55E00', 's')
    """
    return STYLES.get(family, STYLES["other"])


def check_format(path: Path) -> None:
    """Raise InputError unless the file's ending is a figure format."""
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"figure {path}: the ending {path.suffix!r} is not one of {', '.join(FORMATS)}")


def save(figure: Figure, path: Path) -> None:
    """Write a figure whole or not at all."""
    check_format(path)
    write_whole(path, lambda name: figure.savefig(name, dpi=150))


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def sweeps(found: Sequence[Sweep], limit: float = DETECTION_LIMIT) -> Figure:
    """Secondary phases against hold temperature, one panel per couple; families over 0.1 wt% are shown."""
    from matplotlib.lines import Line2D

    figure = _figure(1.2 + 4.4 * len(found), 4.6)
    axes = figure.subplots(1, len(found), sharey=True, squeeze=False)[0]
    shown: dict[str, Artist] = {}
    for axis, one in zip(axes, found, strict=True):
        data = one.dataset
        for family in one.families:
            share = data["wt_percent"].sel(family=family).values
            if share.max() < 0.1:
                continue
            colour, marker = style(family)
            (line,) = axis.plot(one.temperatures, share, color=colour, marker=marker, markersize=5, linewidth=1.4)
            shown.setdefault(family, line)
        axis.axhline(limit, color="0.6", linestyle="--", linewidth=1)
        onset = one.onset(limit)
        if onset is not None:
            axis.axvline(onset, color="0.6", linestyle=":", linewidth=1.2)
        told = f"onset {onset:g} °C" if onset is not None else "no onset in this range"
        attrs = data.attrs
        axis.set_title(f"{attrs['cathode']} + {attrs['electrolyte']}: {told}", fontsize=10)
        axis.set_xlabel("hold temperature / °C")
        low, high = one.temperatures[0], one.temperatures[-1]
        axis.set_xlim(low - 0.03 * (high - low) - 1.0, high + 0.03 * (high - low) + 1.0)
        if data["wt_percent"].size == 0 or float(data["wt_percent"].max()) < 0.1:
            axis.text(
                0.5, 0.25, "no secondary phase\nabove 0.1 wt%", transform=axis.transAxes, ha="center", color="0.4"
            )
    shown[f"detection limit ({limit:g} wt%)"] = Line2D([], [], color="0.6", linestyle="--", linewidth=1.2)
    shown["onset"] = Line2D([], [], color="0.6", linestyle=":", linewidth=1.2)
    axes[0].set_ylabel("secondary phase / wt% of the sample")
    axes[0].set_yscale("symlog", linthresh=0.1)
    axes[0].set_ylim(0, None)
    ticks = [0, 0.1, 1, 10, 50]
    axes[0].set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    figure.legend(
        list(shown.values()),
        list(shown),
        loc="outside lower center",
        ncols=min(5, len(shown)),
        fontsize=9,
        frameon=False,
    )
    return figure


def run(result: Result, limit: float = DETECTION_LIMIT) -> Figure:
    """Secondary phases and temperature against time; with samples, their 5 to 95 % bands by family."""
    data = result.dataset
    figure = _figure(9.0, 4.6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    hours = data["time"].values / 3600.0
    drawn: list[str] = []
    for phase in result.secondary["phase"].values:
        one = data["wt_percent"].sel(phase=phase)
        if float(one.max()) < 0.05:
            continue
        family = str(one["family"].values)
        drawn.append(family)
        line = DASHES[min(drawn.count(family), len(DASHES)) - 1]
        told = f"{phase}" if family in ("other", str(phase)) else f"{phase} ({family})"
        upper.plot(hours, one.values, color=style(family)[0], label=told, linewidth=1.5, linestyle=line)
    if "sampled_course" in data:
        _bands(upper, data, drawn)
    upper.axhline(limit, color="0.6", linestyle="--", linewidth=1, label=f"detection limit ({limit:g} wt%)")
    upper.set_ylabel("wt% of the sample")
    upper.set_ylim(0, None)
    attrs = data.attrs
    upper.set_title(f"{attrs['cathode']} + {attrs['electrolyte']} in {attrs['atmosphere']}", fontsize=10)
    figure.legend(*upper.get_legend_handles_labels(), loc="outside right upper", fontsize=8, frameon=False)
    lower.plot(hours, data["temperature"].values - CELSIUS_ZERO, color=TEMPERATURE)
    lower.set_ylabel("T / °C")
    lower.set_xlabel("time / h")
    return figure


def _bands(axis: Axes, data: xr.Dataset, drawn: Sequence[str]) -> None:
    hours = data["sampled_time"].values / 3600.0
    for family in data["sampled_family"].values.tolist():
        low, _, high = data["sampled_course"].sel(sampled_family=family).values
        if high.max() >= 0.05:
            label = None if family in drawn else f"{family}, in samples only"
            axis.fill_between(hours, low, high, color=style(family)[0], alpha=0.2, linewidth=0, label=label)
    label = f"5 to 95 % of {data.sizes['sample']} samples, by family"
    axis.fill_between([], [], [], color="0.6", alpha=0.4, linewidth=0, label=label)


def reactions(found: Sequence[tuple[InterfaceReactions, Spread | None]]) -> Figure:
    """Reaction energy against the cathode's share of the mass; kinks numbered, their products beside the axes.

    With samples of the energies their 5 to 95 % band.
    """
    figure = _figure(9.6, 4.2 * len(found))
    rows = figure.subplots(len(found), 2, width_ratios=[3, 2], squeeze=False)
    for (one, spread), (axis, words) in zip(found, rows, strict=True):
        pair = one.couple
        if spread is not None:
            low, high = np.quantile(spread.profile, (0.05, 0.95), axis=0) / pair.atoms(spread.at) / EV_PER_ATOM * 1e3
            axis.fill_between(
                pair.mass_share(spread.at), low, high, color="#56B4E9", alpha=0.3, linewidth=0,
                label=f"5 to 95 % of {len(spread.energy)} samples",
            )  # fmt: skip
            axis.legend(fontsize=8, frameon=False)
        x = one.profile.x
        axis.plot(pair.mass_share(x), one.profile.energy / pair.atoms(x) / EV_PER_ATOM * 1e3, color="#0072B2")
        axis.axhline(0.0, color="0.6", linewidth=1)
        lines = []
        for number, kink in enumerate(one.kinks):
            share, energy = one.mass_share(kink), kink.energy_meV_per_atom
            axis.plot([share], [energy], marker="o", color="#0072B2", markersize=4)
            axis.annotate(
                str(number), (share, energy), xytext=(0, -5), textcoords="offset points", fontsize=7, ha="center",
                va="top",
            )  # fmt: skip
            names = " + ".join(formula.name(product.solid.amounts) for product in kink.products)
            lines.append(textwrap.fill(f"{number}: {names}", 62, subsequent_indent="    "))
        words.axis("off")
        words.text(0.0, 1.0, "\n".join(lines), fontsize=6.5, va="top", transform=words.transAxes)
        axis.margins(y=0.15)
        axis.set_xlabel(f"share of {one.cathode.id} in the mass")
        axis.set_ylabel("reaction energy / meV per atom")
        what = f", {pair.constraint}" if pair.constraint != "none" else ""
        axis.set_title(
            f"{one.electrolyte.id} | {one.cathode.id}, {one.temperature - CELSIUS_ZERO:g} °C, {one.atmosphere}{what}",
            fontsize=9,
        )
    return figure


def reaction_energies(found: Sequence[tuple[InterfaceReactions, Spread | None]]) -> Figure:
    """The strongest reaction energy of each couple against temperature, with the 5 to 95 % band of the samples."""
    figure = _figure(6.6, 4.6)
    axis = figure.subplots()
    names = list(dict.fromkeys(one.cathode.id for one, _ in found))
    for number, name in enumerate(names):
        colour, marker = COUPLES[number % len(COUPLES)]
        mine = [(one, spread) for one, spread in found if one.cathode.id == name]
        T = [one.temperature - CELSIUS_ZERO for one, _ in mine]
        bands = [spread.energy_meV_per_atom for _, spread in mine if spread is not None]
        if bands:
            axis.fill_between(T, [b[0] for b in bands], [b[2] for b in bands], color=colour, alpha=0.15, linewidth=0)
        y = [one.strongest.energy_meV_per_atom for one, _ in mine]
        axis.plot(T, y, color=colour, marker=marker, markersize=4, label=name)
    first, spread = found[0]
    if spread is not None:
        told = f"5 to 95 % of {len(spread.energy)} samples"
        axis.fill_between([], [], [], color="0.6", alpha=0.3, linewidth=0, label=told)
    axis.axhline(0.0, color="0.6", linewidth=1)
    axis.set_xlabel("T / °C")
    axis.set_ylabel("strongest reaction energy / meV per atom")
    axis.set_title(f"with {first.electrolyte.id} in {first.atmosphere}", fontsize=10)
    figure.legend(loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    return figure
