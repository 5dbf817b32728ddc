"""Interactive charts of datasets: what ``run``, ``sweep``, ``compare`` and ``optimize`` made, for pages and the app."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.instruments.detector import Detector
from sinterface.simulate.figures.plot_mass import LEAST, LINES
from sinterface.simulate.pages import charts
from sinterface.simulate.pages.read_results import SAMPLED
from sinterface.simulate.setup.schedule import clock
from sinterface.simulate.solve.integrate import Outcome
from sinterface.simulate.solve.result import DETECTION_LIMIT
from sinterface.simulate.studies.shares import SECONDARY
from sinterface.simulate.studies.sweep import PredictedOnset, onset_of

if TYPE_CHECKING:
    import xarray as xr
    from plotly.graph_objects import Figure

    from sinterface.models.instruments.thermogravimetry import MassCurve

Array = NDArray[np.float64]

DONE = Outcome.DONE.name
"""Outcome of a run that reached the end of its schedule."""

SHOWN = 0.05
"""Phases that stay below this share [wt%] are left out of charts; tables hold them."""


def run_courses(data: xr.Dataset, limit: float, top: float | None = None) -> Figure:
    """Secondary phases and temperature against time of a run, with the bands of its samples where it has any.

    ``limit`` is the detection limit [wt%], ``top`` the end of the axis of wt%, so that charts compare.
    """
    share = data["wt_percent"].values
    names, families, roles = (data[name].values.tolist() for name in ("phase", "family", "role"))
    size, unit = clock(float(data["time"].values[-1]))
    clocks = data["time"].values / size
    secondary = [k for k in np.argsort(-share[-1], kind="stable") if roles[k] == SECONDARY]
    drawn = [(names[k], families[k], share[:, k]) for k in secondary if np.nanmax(share[:, k]) >= SHOWN]
    sampled_bands, moments = bands(data, {family for _, family, _ in drawn}, limit)
    return charts.courses(
        clocks, drawn, (clocks, data["temperature"].values - CELSIUS_ZERO), limit, bands=sampled_bands,
        moments=None if moments is None else moments / size, unit=unit, top=top,
    )  # fmt: skip


def sampled(data: xr.Dataset) -> bool:
    """Whether a run was repeated over samples."""
    return set(data.variables) >= SAMPLED


def bands(
    data: xr.Dataset, curves_of: Collection[str], limit: float
) -> tuple[list[tuple[str, Array, Array]], Array | None]:
    """5 and 95 % of families over the samples of a run, against times [s]; nothing without samples.

    Of families that have no curve, those that reach the limit [wt%] in a sample.
    """
    if not sampled(data):
        return [], None
    course = data["sampled_course"].values
    drawn = [
        (str(name), course[0, :, k], course[2, :, k])
        for k, name in enumerate(data["sampled_family"].values)
        if np.nanmax(course[2, :, k]) >= (SHOWN if str(name) in curves_of else limit)
    ]
    return drawn, data["sampled_time"].values


def run_profile(data: xr.Dataset) -> Figure:
    """Phases of each finite volume at the end against the radius; phases below 0.5 wt% everywhere are left out."""
    names, families = (data[name].values.tolist() for name in ("phase", "family"))
    shares, radius = data["wt_percent_profile"].values, data["radius"].values * 1e6
    order = [k for k in np.argsort(-np.nanmean(shares, axis=0), kind="stable") if np.nanmax(shares[:, k]) >= 0.5]
    return charts.profile(radius, [(names[k], families[k], shares[:, k]) for k in order])


def run_mass(curve: MassCurve) -> Figure:
    """Mass of the sample against time, and what gases and vapour make of it, over the schedule."""
    size, unit = clock(float(curve.time[-1]))
    clocks = curve.time / size
    parts = {
        name: (told, colour, part)
        for name, (colour, _, told) in LINES.items()
        if np.abs(part := curve.parts[name]).max() >= LEAST
    }
    drawn = [("mass", "#1a1a1a", curve.change), *parts.values()]
    return charts.mass(clocks, drawn, (clocks, curve.temperature - CELSIUS_ZERO), unit)


def sweep_onset(data: xr.Dataset, limit: float | None = None) -> PredictedOnset:
    """The onset of a sweep's dataset at a detection limit [wt%]; without any, as the sweep itself was looked at.

    A dataset that does not say how is read at DETECTION_LIMIT.  Raises InputError where it says what nobody looks with.
    """
    degrees, names, share = (data[name].values for name in ("hold_temperature", "family", "wt_percent"))
    outcomes = [word.strip() for word in str(data.attrs.get("outcomes", "")).split(";")]
    finished = [word == DONE for word in outcomes] if len(outcomes) == len(degrees) else None
    if limit is None and "detection_limit" in data and "detected_by" in data.attrs:
        detect = Detector.read(str(data.attrs["detected_by"]))
        least = data["detection_limit"].values
    else:
        detect = Detector.fixed(DETECTION_LIMIT if limit is None else limit)
        least = np.full(share.shape, detect.wt_percent)
    there = [[k for k in range(len(names)) if least[row, k] > 0.0] for row in range(len(degrees))]  # NaN: not formed
    shares = [{str(names[k]): float(share[row, k]) for k in held} for row, held in enumerate(there)]
    limits = [{str(names[k]): float(least[row, k]) for k in held} for row, held in enumerate(there)]
    return onset_of(degrees.tolist(), shares, detect, finished, limits)


def sweep_columns(data: xr.Dataset) -> list[int]:
    """Columns of the families that a sweep shows."""
    share = data["wt_percent"].values
    return [k for k in range(share.shape[1]) if np.nanmax(share[:, k]) >= SHOWN]


def sweep_families(data: xr.Dataset, onset: PredictedOnset) -> Figure:
    """Families against hold temperature with numerical errors as bars, and the onset as a band.

    A limit that is the same for all families is a line.
    """
    degrees, names, share = (data[name].values for name in ("hold_temperature", "family", "wt_percent"))
    error = data["wt_percent_error"].values if "wt_percent_error" in data else np.full(share.shape, np.nan)
    columns = sweep_columns(data)
    shown = {str(names[k]): share[:, k] for k in columns}
    limit = None if onset.detect.method else onset.detect.wt_percent
    top = max([limit or 0.0, *(float(np.nanmax(course)) for course in shown.values())])
    above, reached = onset.bracket.above, onset.temperature
    band = (above, reached) if above is not None and reached is not None else None
    errors = {str(names[k]): error[:, k] for k in columns}
    return charts.against_temperature(degrees, shown, limit, band, top, errors)


def search_front(data: xr.Dataset, limit: float) -> Figure:
    """Secondary phases against density of the schedules that were tried, by gas, and those that no other beats."""
    on_front = data["point"].values > 0
    density, total = 100.0 * data["relative_density"].values, data["wt_percent_of_all"].values
    gases = data["atmosphere"].values
    tried = {
        str(gas): (density[mask], total[mask], data["schedule_text"].values[mask].tolist())
        for gas in dict.fromkeys(gases.tolist()) if (mask := ~on_front & (gases == gas)).any()
    }  # fmt: skip
    told = [f"{text}, {gas}" for text, gas in zip(data["schedule_text"].values[on_front], gases[on_front], strict=True)]
    return charts.front(
        tried, (density[on_front], total[on_front], told), 100.0 * data["density_interval"].values[on_front][:, [0, 2]],
        data["sampled_wt_percent"].values[on_front][:, [0, 2]], limit,
    )  # fmt: skip
