"""What a page shows of its answer: a sentence, charts, tables, files to take away, and how to make it elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from dash import html

from sinterface.models.basics import formula
from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.simulate.app.elements import chart, table
from sinterface.simulate.pages import charts, data_charts
from sinterface.simulate.setup.problem import sample_text
from sinterface.simulate.solve.result import Result, converged
from sinterface.simulate.studies.compare import Comparison, summary
from sinterface.simulate.studies.shares import courses, detected, with_error
from sinterface.simulate.studies.sweep import Sweep
from sinterface.simulate.work import code, form
from sinterface.simulate.work.jobs import Job, key_of

LISTED = 0.005
"""Phases that never reach this share [wt%] are left out of tables; the NetCDF file has all."""

NOT_CONVERGED = " ?"
"""Stands behind an amount whose numerical error is larger than 0.2 wt% and a tenth of it."""


@dataclass(frozen=True)
class Rows:
    """A table: its head, its lines, what it says, and which columns are numbers."""

    head: Sequence[str]
    lines: Sequence[Sequence[str]]
    caption: str
    numbers: Sequence[int] = ()

    def shown(self) -> html.Div:
        """The table on a page."""
        return table(self.head, self.lines, self.caption, self.numbers)


def rows_of(job: Job, limit: float) -> Rows:
    """The table of a job's answer."""
    if job.page == "run":
        return _run_rows(job.parts["result"], limit)
    if job.page == "sweep":
        return _sweep_rows(job.parts["sweep"])
    if job.page == "compare":
        return _compare_rows(job.parts["comparison"])
    return _reaction_rows(job.parts["reactions"])


def shown(job: Job) -> list[Any]:
    """All that a page shows of a job's answer so far."""
    values = form.read(job.page, job.query)
    limit = form.limit(values)
    made = {"run": _run, "sweep": _sweep, "compare": _compare, "reactions": _reactions}[job.page](job, limit)
    return [*made, *_elsewhere(job, values)]


def _files(job: Job, *names: str) -> html.P:
    """Links to files of a job."""
    key = key_of(job.page, job.query)
    links: list[Any] = ["Download: "]
    for name in names:
        links += [html.A(name, href=f"/download/{key}/{name}", download=f"sinterface-{name}"), " "]
    return html.P(links, className="files")


def _elsewhere(job: Job, values: dict[str, str]) -> list[Any]:
    return [
        html.H3("The same elsewhere"),
        html.P("In Python:"), html.Pre(code.python(job.page, values), tabIndex="0"),
        html.P("On the command line:"), html.Pre(code.command(job.page, values), tabIndex="0"),
    ]  # fmt: skip


def _run(job: Job, limit: float) -> list[Any]:
    result: Result = job.parts["result"]
    data, attrs = result.dataset, result.dataset.attrs
    total = sum(result.family_shares.values())
    left = ", ".join(f"{key.split('_')[0]} {100.0 * share:.1f} %" for key, share in result.unreacted.items()
                     if not math.isnan(share))  # fmt: skip
    seen = ", ".join(f"{family} {share:.2f}" for family, share in result.detected(limit).items()) or "none"
    sample = sample_text(attrs["cathode"], attrs["electrolyte"], float(attrs["mass_ratio"]))
    lead = (
        f"{sample}, {attrs['schedule']}, {attrs['atmosphere']}: {total:.2f} wt% of secondary phases once cooled; at or "
        f"above {limit:g} wt%: {seen}. Unreacted: {left}."
    )
    bands = data_charts.sampled(data)
    pattern = job.parts.get("pattern")
    parts: list[Any] = [html.P(lead, className="lead")]
    if not result.finished:
        parts.append(html.P(f"Not finished: {attrs['advice']}", className="error"))
    parts += [
        html.H3("Phases against time and temperature"),
        chart(data_charts.run_courses(data, limit), f"Secondary phases against time: {seen} wt% at the end"),
        html.P("Secondary phases in wt% of the sample" + (
            f"; bands: 5 to 95 % of {data.sizes['sample']} samples." if bands else "."), className="about"),
        _files(job, "phases.png", "phases.svg"),
        _run_rows(result, limit).shown(),
        _files(job, "table.csv", "run.nc"),
        html.H3("Profile through the grain"),
        chart(data_charts.run_profile(data), "Phases of each cell at the end against the radius"),
        html.P("From the middle of the cathode's particle outwards, in wt% of each cell, once cooled.",
               className="about"),
        _files(job, "profile.png", "profile.svg"),
        html.H3("X-ray pattern"),
    ]  # fmt: skip
    if pattern is None:
        parts.append(html.P("It is being calculated.", className="about"))
    elif isinstance(pattern, str):
        parts.append(html.P(pattern, className="about"))
    else:
        parts += [
            chart(charts.diffractogram(pattern), "X-ray pattern of the cooled sample with the lines of its phases"),
            html.P("Calculated counts on a square-root scale, and the lines of each phase, as a laboratory instrument "
                   "with Cu radiation would show them.", className="about"),
            _files(job, "pattern.png", "pattern.svg", "pattern.xy"),
        ]  # fmt: skip
    parts += [
        html.H3("Mass"),
        chart(data_charts.run_mass(result.mass()), "Change of mass against time"),
        html.P("What the sample takes up and gives off, and what each gas and lithium vapour add to that.",
               className="about"),
        _files(job, "mass.png", "mass.svg"),
    ]  # fmt: skip
    return parts


def _run_rows(result: Result, limit: float) -> Rows:
    sampled: dict[str, str] = {}
    if "sampled_wt_percent" in result.dataset:
        shares = result.dataset["sampled_wt_percent"]
        low, high = shares.quantile((0.05, 0.95), dim="sample").values
        sampled = {
            str(family): f"{a:.2f} to {b:.2f}"
            for family, a, b in zip(shares["sampled_family"].values, low, high, strict=True)
        }
    lines = []
    for phase in result.document(limit)["phases"]:
        if phase["wt_percent_peak"] < LISTED:
            continue
        secondary = phase["role"] == "secondary"
        mark = "" if phase["converged"] else NOT_CONVERGED
        line = [
            phase["phase"], phase["family"], phase["role"],
            with_error(phase["wt_percent"], phase["wt_percent_error"]) + mark,
            f"{phase['wt_percent_at_hold']:.2f}",
            f"{phase['wt_percent_peak']:.2f} at {phase['peak_temperature_C']:.0f} °C",
            detected(phase["role"], phase["wt_percent"], phase["wt_percent_error"], limit),
        ]  # fmt: skip
        lines.append([*line, sampled.get(phase["family"], "") if secondary else ""] if sampled else line)
    head = ["phase", "family", "role", "cooled / wt%", "end of hold / wt%", "most / wt%", f"at least {limit:g} wt%"]
    told = f"± is the numerical error;{NOT_CONVERGED} marks what is not converged"
    if sampled:
        head.append("5 to 95 %, family / wt%")
    return Rows(head, lines, f"Phases; {told}.", (3, 4, 5))


def _sweep(job: Job, limit: float) -> list[Any]:
    made: Sweep = job.parts["sweep"]
    data = made.dataset
    attrs, onset = data.attrs, made.onset()
    sample = sample_text(attrs["cathode"], attrs["electrolyte"], float(attrs["mass_ratio"]))
    parts: list[Any] = [
        html.P(f"{sample}, {made.schedule}, in {attrs['atmosphere']}: onset {onset}.", className="lead")
    ]
    if stopped := [T for T, result in zip(made.temperatures, made.results, strict=True) if not result.finished]:
        parts.append(html.P(f"Not finished at {', '.join(f'{T:g}' for T in stopped)} °C.", className="error"))
    if data_charts.sweep_columns(data):
        parts.append(chart(data_charts.sweep_families(data, onset), f"Secondary phases by temperature: onset {onset}"))
        about = "Secondary phases once cooled, with numerical errors as bars; linear up to 0.1 wt%, logarithmic above."
        parts.append(html.P(about, className="about"))
    else:
        parts.append(html.P("No secondary phase reaches 0.05 wt% at any of these temperatures.", className="about"))
    return [
        *parts, _files(job, "sweep.png", "sweep.svg"), _sweep_rows(made).shown(), _files(job, "table.csv", "sweep.nc")
    ]  # fmt: skip


def _sweep_rows(made: Sweep) -> Rows:
    data = made.dataset
    families = [made.families[k] for k in data_charts.sweep_columns(data)]
    share, error = data["wt_percent"], data["wt_percent_error"]
    lines = []
    for row, (T, result) in enumerate(zip(made.temperatures, made.results, strict=True)):
        cells = []
        for family in families:
            amount, doubt = float(share.sel(family=family)[row]), float(error.sel(family=family)[row])
            cells.append(with_error(amount, doubt) + ("" if converged(amount, doubt) else NOT_CONVERGED))
        left = [result.unreacted[f"{role}_fraction"] for role in ("cathode", "electrolyte")]
        lines.append([f"{T:g}{'' if result.finished else ' !'}", *cells,
                      *("–" if math.isnan(part) else f"{100.0 * part:.1f}" for part in left)])  # fmt: skip
    head = ["T / °C", *(f"{family} / wt%" for family in families), "cathode left / %", "electrolyte left / %"]
    told = f"± is the numerical error;{NOT_CONVERGED} marks what is not converged, ! a run that did not finish"
    return Rows(head, lines, f"By hold temperature; {told}.", range(len(head)))


def _compare(job: Job, limit: float) -> list[Any]:
    made: Comparison = job.parts["comparison"]
    top = 1.06 * max([limit, *(float(course.max()) for result in made.results for course in courses(result).values())])
    panels = []
    for plan, result in zip(made.plans, made.results, strict=True):
        attrs = result.dataset.attrs
        sample = sample_text(attrs["cathode"], attrs["electrolyte"], float(attrs["mass_ratio"]))
        stopped = [] if result.finished else [html.P(f"Not finished: {attrs['advice']}", className="error")]
        panels.append(html.Div([
            html.H3(plan.name),
            html.P(f"{sample}, {attrs['schedule']}, {attrs['atmosphere']}", className="about"), *stopped,
            chart(data_charts.run_courses(result.dataset, limit, top), f"{plan.name}: secondary phases against time"),
        ], className="panel"))  # fmt: skip
    return [
        html.Div(panels, className="panels"), _files(job, "compare.png", "compare.svg"),
        _compare_rows(made).shown(), _files(job, "table.csv", "compare.nc"),
    ]  # fmt: skip


def _compare_rows(made: Comparison) -> Rows:
    lines = []
    for family in made.families:
        cells, most = [], 0.0
        for result in made.results:
            share, peak = result.family_shares.get(family, 0.0), result.peaks.get(family, (0.0, 0.0))[0]
            error = result.family_errors.get(family, math.nan)
            mark = "" if converged(share, error) else NOT_CONVERGED
            cells.append(f"{with_error(share, error)}{mark} (most {peak:.2f})")
            most = max(most, peak)
        if most >= LISTED:
            lines.append([family, *cells])
    lines.append(["all secondary phases", *(f"{sum(result.family_shares.values()):.2f}" for result in made.results)])
    density = [f"{100.0 * low:.0f} to {100.0 * high:.0f}" for low, _, high in made.densities]
    lines.append(["density / %, 5 to 95 %", *density])
    head = ["wt%", *(summary(plan) for plan in made.plans)]
    told = f"± is the numerical error;{NOT_CONVERGED} marks what is not converged"
    return Rows(head, lines, f"Once cooled, and the most during the run; {told}. Density: of an LLZTO compact.",
                range(1, len(head)))  # fmt: skip


def _reactions(job: Job, limit: float) -> list[Any]:
    made = job.parts["reactions"]
    line = [
        (
            100.0 * made.mass_share(kink), kink.energy_meV_per_atom,
            " + ".join(formula.name(product.solid.amounts) for product in kink.products),
        )
        for kink in made.kinks
    ]  # fmt: skip
    shares, energies = np.array([point[:2] for point in line]).T
    products = [point[2] for point in line]
    name = f"{made.electrolyte.id} | {made.cathode.id}"
    best = made.strongest
    lead = (
        f"{name} at {made.temperature - CELSIUS_ZERO:g} °C in {made.atmosphere}: strongest reaction "
        f"{best.energy_meV_per_atom:.2f} meV/atom at {100.0 * made.mass_share(best):.0f} wt% of cathode."
    )
    return [
        html.P(lead, className="lead"),
        chart(charts.reaction_energy([(name, shares, energies, products)]), lead),
        html.P("Thermodynamics alone: what would form if all of it reacted. Points are where the products change.",
               className="about"),
        _files(job, "reactions.png", "reactions.svg"),
        _reaction_rows(made).shown(), _files(job, "table.csv"),
    ]  # fmt: skip


def _reaction_rows(made: Any) -> Rows:
    lines = [
        [f"{100.0 * made.mass_share(kink):.1f}", f"{round(kink.energy_meV_per_atom, 2) + 0.0:.2f}",
         ", ".join(f"{p.moles:.3g} {formula.name(p.solid.amounts)}" for p in kink.products)]
        for kink in made.kinks
    ]  # fmt: skip
    head = ["cathode / wt%", "energy / meV per atom", "products / mol per mol of cations"]
    return Rows(head, lines, "Where the products change, from electrolyte to cathode.", (0, 1))
