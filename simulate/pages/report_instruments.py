"""What instruments show of a run and what a cell loses by it, as a part of its page: pattern, mass curve, cell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sinterface.models.basics.errors import InputError, SinterfaceError
from sinterface.models.instruments.cell import cell_data, cell_state, interphase
from sinterface.models.instruments.detection import detection_limits
from sinterface.models.instruments.diffraction import pattern_of, sample_of
from sinterface.models.instruments.thermogravimetry import mass_curve
from sinterface.models.powders.materials import built_in
from sinterface.simulate.pages import charts, data_charts
from sinterface.simulate.pages.page import Html, Number, chart, figure, join, nothing, paragraph, table

if TYPE_CHECKING:
    import xarray as xr

LISTED = 0.005
"""Phases of a smaller share than this [wt%] have no row among the limits."""


def instruments(data: xr.Dataset, key: str) -> Html:
    """Diffractogram with what it shows, mass curve, and contact of a cell; a sentence where one can not be made."""
    parts = []
    for heading, made in (("X-ray pattern", _pattern), ("Mass", _mass), ("In a cell", _cell)):
        try:
            body = made(data, key)
        except SinterfaceError as error:
            body = nothing(f"None: {error}")
        parts += [f"<h3>{heading}</h3>", body]
    return join(*parts)


def _pattern(data: xr.Dataset, key: str) -> Html:
    pattern = pattern_of(data)
    limits = detection_limits(pattern.components, pattern.scan)
    rows = []
    for part in sorted(pattern.components, key=lambda part: -part.wt_percent):
        limit = limits.get(part.phase)
        if limit is None or part.wt_percent < LISTED:
            continue
        shows = math.isfinite(limit.wt_percent)
        least = Number(f"{limit.wt_percent:.2f}", limit.wt_percent) if shows else Number("–")
        seen = "no line of it" if not shows else "yes" if part.wt_percent >= limit.wt_percent else "no"
        line = Number(f"{limit.angle:.2f}", limit.angle) if shows else Number("–")
        rows.append([part.phase, Number(f"{part.wt_percent:.2f}", part.wt_percent), least, line, seen])
    invisible = ", ".join(part.phase for part in pattern.invisible if part.wt_percent >= LISTED)
    told = f" Without a known structure, not drawn: {invisible}." if invisible else ""
    return join(
        figure(
            [chart(charts.diffractogram(pattern), f"{key}-pattern", "X-ray pattern of the cooled sample")],
            "Calculated counts of a laboratory scan (Cu K-alpha, 10 to 80 degrees, 3 degrees/min) on a square-root "
            f"scale and the lines of each phase.{told}",
        ),
        table(
            ["secondary phase", "wt%", "least that shows / wt%", "line / degrees", "seen"], rows,
            "Least: its strongest line that garnet and cathode leave free stands three deviations above the noise.",
        ) if rows else nothing("No secondary phase to look for."),
    )  # fmt: skip


def _mass(data: xr.Dataset, key: str) -> Html:
    curve = mass_curve(data)
    told = ", ".join(f"{name} {round(float(course[-1]), 2) + 0.0:+.2f} %" for name, course in curve.parts.items())
    return figure(
        [chart(data_charts.run_mass(curve), f"{key}-mass", f"Change of mass against time: {told}")],
        f"Mass along the schedule and what gases make of it; at the end {curve.change[-1]:+.2f} %: {told}.",
    )


def _cell(data: xr.Dataset, key: str) -> Html:
    attrs = data.attrs
    powder = built_in().get(str(attrs["cathode"]))
    if not attrs["electrolyte"] or powder is None:
        raise InputError("a cell needs a built-in cathode, whose size is known, and an electrolyte")
    settings, radius = cell_data(), 0.5 * powder.particle_diameter.value
    intact = min(float(data["cathode_fraction"].isel(time=-1)), 1.0)
    rows = []
    for size in (settings.island_range[0], settings.island, settings.island_range[1]):
        state = cell_state(interphase(sample_of(data), radius, size), intact=intact)
        rows.append([
            Number(f"{1e9 * size:.0f}", 1e9 * size), Number(f"{100.0 * state.interphase.covered:.0f}"),
            Number(f"{100.0 * state.contact:.0f}"), Number(f"{state.charge_transfer:.3g}"),
            Number(f"{100.0 * state.active:.0f}"),
        ])  # fmt: skip
    return join(
        table(
            ["islands / nm", "covered / %", "contact left / %", "charge transfer / bare", "active / %"], rows,
            "Products lie on the cathode in islands; how thick they are is an estimate, so that three sizes are given.",
        ),
        paragraph("Capacity against rate: sinterface cell with this file.", "about"),
    )  # fmt: skip
