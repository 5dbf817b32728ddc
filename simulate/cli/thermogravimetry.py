"""``sinterface tga``: the mass curve of a powder or a couple along a ramp, with its steps, gases and onsets."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.simulate.cli.options import (
    DOCUMENT,
    CoupleOptions,
    Database,
    Json,
    Picture,
    Style,
    check_outputs,
    save,
    with_couple,
    write_output,
)
from sinterface.simulate.cli.phases import open_database
from sinterface.simulate.cli.terminal import console, progress_bar

if TYPE_CHECKING:
    from sinterface.models.phases.database import Database as PhaseDatabase
    from sinterface.simulate.setup.problem import Problem
    from sinterface.simulate.studies.thermogram import Thermogram


@with_couple(electrolyte="none", crucible="pan")
def tga(
    material: Annotated[str, typer.Argument(help="Powder: a built-in name, a formula or a TOML card.")],
    couple: CoupleOptions,
    ramp: Annotated[str, typer.Option(help="Heating rate.")] = "5 °C/min",
    to: Annotated[str, typer.Option(help="Highest temperature, °C.")] = "1100",
    measured: Annotated[
        Path | None,
        typer.Option(help="Your mass curve to lay over: .csv, .txt or .dat with temperature in °C and mass."),
    ] = None,
    database: Database = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write: .csv (the curve), or .json (what --json prints)."),
    ] = None,
    plot: Picture = None,
    style: Style = "screen",
    as_json: Json = False,
) -> None:
    """Heat a powder, or with -e a couple, in a thermobalance: mass, oxygen, water and CO2 apart, steps and onsets."""
    from sinterface.simulate.files.mass_files import read_mass, write_mass
    from sinterface.simulate.studies.thermogram import thermogram

    check_outputs(output, plot, style=style, endings={".csv": "the curve", **DOCUMENT})
    overlay = None if measured is None else read_mass(measured)
    phase_data = open_database(database)
    task = _task(couple, material, f"{ramp} to {to}" + (" °C" if to.strip().isdigit() else ""), phase_data)
    with progress_bar(task.label, not as_json) as advance:
        shown = thermogram(task, database=phase_data, progress=advance)
    if output is not None:
        write_output(output, document(shown), lambda path: write_mass(shown.curve, path), quiet=as_json)
    if as_json:
        typer.echo(json.dumps(document(shown), indent=2))
    else:
        _show(shown, task)
    if plot is not None:
        from sinterface.simulate.figures.plot_mass import mass_curve

        save(mass_curve(shown, overlay, _title(shown)), plot, quiet=as_json, style=style)
    if not shown.result.finished:
        typer.echo(f"sinterface: NOT FINISHED: {shown.result.dataset.attrs['advice']}", err=True)
        raise typer.Exit(1)


def _task(couple: CoupleOptions, material: str, ramp: str, phase_data: PhaseDatabase) -> Problem:
    """The problem; an electrolyte may be given alone, too, and layers name theirs themselves."""
    from sinterface.models.basics.errors import InputError
    from sinterface.models.powders import materials
    from sinterface.simulate.setup.problem import NONE
    from sinterface.simulate.setup.schedule import Schedule
    from sinterface.simulate.setup.stack import is_stack

    plan = Schedule.parse(ramp)
    if plan.segments[-1].end <= plan.segments[0].start:
        raise InputError(f"ramp {ramp!r}: does not heat; give --to above room temperature")
    if couple.electrolyte.strip().casefold() != NONE:
        return couple.problem(material, plan, phase_data)
    if is_stack(material):
        return replace(couple, electrolyte=CoupleOptions.electrolyte).problem(material, plan, phase_data)
    try:
        powder = materials.find(material, "electrolyte", elements=phase_data.elements)
    except InputError:
        try:
            return couple.problem(material, plan, phase_data)
        except InputError as error:
            others = f"; or an electrolyte: {', '.join(sorted(materials.built_in('electrolyte')))}"
            raise InputError(str(error) + (others if str(error).startswith("unknown cathode") else "")) from error
    return replace(couple, electrolyte=powder.id).problem(NONE, plan, phase_data)


def _title(shown: Thermogram) -> str:
    from sinterface.simulate.setup.problem import sample_text

    attrs = shown.result.dataset.attrs
    sample = sample_text(attrs["cathode"], attrs["electrolyte"], float(attrs["mass_ratio"]))
    return f"{sample}, {attrs['schedule']}, {attrs['atmosphere']}"


def document(shown: Thermogram) -> dict[str, Any]:
    """The thermogram as the JSON document described in ``docs/json.md``."""
    from sinterface.models.basics.constants import CELSIUS_ZERO

    curve, attrs = shown.curve, shown.result.dataset.attrs
    extra = {name: shown.extra_loss_from(part) for name, part in (("mass", ""), ("oxygen", "O2"))}
    return {
        "cathode": attrs["cathode"],
        "electrolyte": attrs["electrolyte"],
        "atmosphere": attrs["atmosphere"],
        "schedule": attrs["schedule"],
        "mass_change_percent": float(curve.change[-1]),
        "parts_percent": {name: float(course[-1]) for name, course in curve.parts.items()},
        "steps": [
            {
                "onset_C": round(step.onset - CELSIUS_ZERO, 2),
                "fastest_C": round(step.peak - CELSIUS_ZERO, 2),
                "begin_C": round(step.begin - CELSIUS_ZERO, 2),
                "end_C": round(step.end - CELSIUS_ZERO, 2),
                "mass_change_percent": step.change,
                "gas": step.gas,
            }
            for step in curve.steps()
        ],
        **{f"extra_{name}_loss_from_C": None if T is None else round(T - CELSIUS_ZERO, 2) for name, T in extra.items()},
        "outcome": attrs["outcome"],
        "database": attrs["database"],
        "version": attrs["version"],
    }


def _show(shown: Thermogram, task: Problem) -> None:
    from rich.markup import escape
    from rich.table import Table

    from sinterface.models.basics.constants import CELSIUS_ZERO
    from sinterface.models.basics.textfile import plain
    from sinterface.models.instruments.thermogravimetry import LEAST_STEP

    steps, screen = shown.curve.steps(), console()
    table = Table(title=escape(plain(f"mass curve: {_title(shown)}", 1000)))
    for heading in ("onset / °C", "fastest / °C", "from / °C", "to / °C", "change / %", "mostly"):
        table.add_column(heading, justify="left" if heading == "mostly" else "right")
    for step in steps:
        temperatures = (f"{T - CELSIUS_ZERO:.0f}" for T in (step.onset, step.peak, step.begin, step.end))
        table.add_row(*temperatures, f"{step.change:+.2f}", step.gas)
    if steps:
        screen.print(table)
    else:
        screen.print(f"{plain(_title(shown), 1000)}: no step of {LEAST_STEP:g} % or more", markup=False)
    parts = ", ".join(f"{name} {round(float(course[-1]), 2) + 0.0:+.2f}" for name, course in shown.curve.parts.items())
    screen.print(f"at the end {round(float(shown.curve.change[-1]), 2) + 0.0:+.2f} % of the mass: {parts}")
    if shown.apart is not None:
        told = []
        for name, part in (("mass", ""), ("oxygen", "O2")):
            T = shown.extra_loss_from(part)
            told.append(f"{name} {'never' if T is None else f'from {T - CELSIUS_ZERO:.0f} °C on'}")
        screen.print(f"over {LEAST_STEP:g} % more lost than by the two powders apart: {', '.join(told)}")
    fresh = task.exposure is None and task.residue is None
    if fresh and any(powder.as_received is not None for powder in task.powders):
        screen.print("fresh powders; --as-received adds the water and carbonate that air has made on them")
