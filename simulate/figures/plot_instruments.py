"""Figures of what instruments show: diffractograms with marks, Raman bands, rate curves of cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sinterface.models.basics.errors import InputError
from sinterface.models.basics.textfile import drawn
from sinterface.models.instruments.diffraction import Pattern
from sinterface.simulate.figures.canvas import canvas, wrapped
from sinterface.simulate.figures.plot import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sinterface.models.instruments.raman import RamanBand
    from sinterface.simulate.files.pattern_files import Measured
    from sinterface.simulate.studies.rate_capability import RateCurve

WIDTH = 170.0 / 25.4
"""Width of a figure over both columns of a page [inches]."""

SHOWN = 0.02
"""Phases of a smaller share than this [wt%] get no row of marks."""

LEAST_MARK = 0.08
"""Marks are drawn of lines of at least this share of the strongest of their phase."""


def diffractogram(pattern: Pattern, measured: Measured | None = None, title: str = "") -> Figure:
    """A calculated pattern over rows of marks, one row for each phase, in its family's colour.

    Counts are drawn on a square-root scale, on which noise is equally high everywhere and small phases stay visible.
    A measured pattern is laid below the calculated line, scaled to the same strongest line.
    Raises InputError when the two have no angles in common.
    """
    rows = [c for c in pattern.components if c.phase in pattern.by_phase and c.wt_percent >= SHOWN]
    rows.sort(key=lambda component: -component.wt_percent)
    figure = canvas(WIDTH, 2.9 + 0.19 * len(rows))
    figure.wide = True  # names of phases stand beside their lines
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[2.5, 0.05 + 0.19 * len(rows)])
    angles = pattern.angles
    if measured is not None:
        common = (measured.angles >= angles[0]) & (measured.angles <= angles[-1])
        if not common.any():
            told = f"{measured.angles[0]:g} to {measured.angles[-1]:g} degrees"
            raise InputError(f"{measured.path}: {told} are none of {angles[0]:g} to {angles[-1]:g}; choose --range")
        scale = pattern.expected.max() / measured.counts[common].max()
        counts = np.sqrt(scale * measured.counts[common])
        upper.plot(measured.angles[common], counts, color="0.55", linewidth=0.6, label=drawn(measured.path.name))
    calculated = pattern.counts if measured is None else pattern.expected
    upper.plot(angles, np.sqrt(calculated), color="black", linewidth=0.5, label="calculated")
    top = float(np.sqrt(max(pattern.counts.max(), pattern.expected.max())))
    least = 0.6 * float(calculated.min())
    ticks = [tick for tick in _round_counts(top**2) if tick >= least]
    upper.set_yticks(np.sqrt(ticks), [f"{tick:g}" for tick in ticks])
    upper.set_ylim(np.sqrt(least), 1.05 * top)
    upper.set_ylabel("counts, square-root scale", fontsize=8)
    figure.suptitle(wrapped(title, WIDTH, 8), fontsize=8)
    if measured is not None:
        upper.legend(fontsize=7, frameon=False)
    marks = pattern.marks(LEAST_MARK)
    for row, component in enumerate(rows):
        colour, _ = style(component.family)
        lower.vlines(marks[component.phase], -row - 0.38, -row + 0.38, color=colour, linewidth=0.9)
        text = f"{drawn(component.phase, 60)}  {component.wt_percent:.2g} wt%"
        lower.annotate(
            text, (1.01, -row), xycoords=("axes fraction", "data"), fontsize=6.5, va="center", color="0.15"
        )  # fmt: skip
    lower.set_ylim(-len(rows) + 0.4, 0.6)
    lower.set_yticks([])
    lower.set_xlim(angles[0], angles[-1])
    lower.set_xlabel(_axis(pattern), fontsize=8)
    for axis in (upper, lower):
        axis.tick_params(labelsize=7)
        axis.spines[["top", "right"]].set_visible(False)
    invisible = [c for c in pattern.invisible if c.wt_percent >= SHOWN]
    if invisible:
        told = ", ".join(f"{c.phase} {c.wt_percent:.2g} wt%" for c in invisible)
        figure.supxlabel(wrapped(f"no structure known, not drawn: {told}", WIDTH, 6.5), fontsize=6.5, x=0.01, ha="left")
    return figure


def _axis(pattern: Pattern) -> str:
    wavelength = pattern.scan.lines[0][0]
    return f"2θ / degrees, λ = {wavelength:.5g} Å" + (" (Kα1)" if len(pattern.scan.lines) > 1 else "")


def _round_counts(most: float) -> list[float]:
    """Five round values up to the highest count, far apart on a square-root scale."""
    step = 10.0 ** np.floor(np.log10(most))
    step = next(factor * step for factor in (1.0, 0.5, 0.2, 0.1) if most / (factor * step) >= 4.0 or factor == 0.1)
    whole = float(np.floor(most / step))
    return [0.0] + [
        step * value for value in sorted({1.0, np.floor(0.3 * whole), np.floor(0.6 * whole), whole}) if value
    ]


def raman_bands(bands: Mapping[str, Sequence[RamanBand]], title: str = "") -> Figure:
    """Raman bands of families as marks at their shifts, one row for each family.

    Filled marks were read or quoted, open ones are from memory.  No intensities are drawn: none was read.
    """
    figure = canvas(WIDTH, 0.9 + 0.24 * len(bands))
    axis = figure.subplots()
    for row, (family, entries) in enumerate(bands.items()):
        colour, _ = style(family)
        if not entries:
            axis.annotate("no band known here", (20.0, -row), fontsize=6.5, va="center", color="0.35")
        for band in entries:
            sure = band.known in ("read", "secondary")
            axis.vlines(band.shift, -row - 0.32, -row + 0.32, color=colour, linewidth=1.4)
            axis.plot(
                [band.shift], [-row], "o", color=colour, markersize=4, markerfacecolor=colour if sure else "white"
            )  # fmt: skip
    axis.set_yticks([-row for row in range(len(bands))], [drawn(family) for family in bands], fontsize=7)
    axis.set_ylim(-len(bands) + 0.4, 0.6)
    axis.set_xlim(0.0, 1200.0)
    axis.set_xlabel("Raman shift / cm$^{-1}$; filled: read or quoted, open: from memory", fontsize=8)
    axis.tick_params(labelsize=7)
    axis.set_title(wrapped(title, WIDTH, 8), fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    return figure


LINES = (("0.0", "o", "-"), ("#0072B2", "s", "--"), ("#D55E00", "^", "-."))
"""Colour, marker and line of the samples of a cell, told apart in grey too (colours: Okabe & Ito, 2008)."""


def rate_capability(
    curves: Mapping[str, Sequence[RateCurve]],
    resistance: Mapping[str, Sequence[float]],
    title: str = "",
    between: str = "",
) -> Figure:
    """Capacity against rate, and charge-transfer resistance relative to bare, of each sample.

    Of several curves the first is drawn and the others are the edges of a band, likewise for resistances.  ``between``
    says what the band is between.
    """
    figure = canvas(WIDTH, 2.9)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    for (name, entries), (colour, marker, line) in zip(curves.items(), LINES, strict=False):
        first, values = entries[0], np.array([entry.capacity for entry in entries])
        left.plot(
            first.rates,
            first.capacity,
            line,
            color=colour,
            marker=marker,
            markersize=4,
            linewidth=1.2,
            label=drawn(name),
        )
        if len(entries) > 1:
            left.fill_between(
                first.rates, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.15, linewidth=0,
                label=drawn(between) if between else None,
            )  # fmt: skip
    left.set_xscale("log")
    rates = next(iter(curves.values()))[0].rates
    left.set_xticks(rates, [f"{rate:g}C" for rate in rates])
    left.minorticks_off()
    left.set_ylim(0.0, 1.08)
    left.set_xlabel("discharge rate", fontsize=8)
    left.set_ylabel("capacity / bare at 0.05C", fontsize=8)
    for row, ((_, ratios), (colour, marker, _line)) in enumerate(zip(resistance.items(), LINES, strict=False)):
        right.plot([min(ratios), max(ratios)], [-row, -row], color=colour, linewidth=3.0, alpha=0.3)
        right.plot([ratios[0]], [-row], marker, color=colour, markersize=6)
    right.set_yticks([])
    right.set_ylim(-len(resistance) + 0.4, 0.6)
    right.set_xscale("log", base=2)
    right.set_xlim(0.8, 1.25 * max(max(ratios) for ratios in resistance.values()))
    right.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    right.set_xlabel("charge-transfer resistance / bare", fontsize=8)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=7, frameon=False)
    figure.suptitle(wrapped(title, WIDTH, 8), fontsize=8)
    for axis in (left, right):
        axis.tick_params(labelsize=7)
        axis.spines[["top", "right"]].set_visible(False)
    return figure
