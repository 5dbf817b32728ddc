"""``sinterface compare`` and ``sinterface optimize``: several schedules side by side, and the best within bounds."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.simulate.cli import phases
from sinterface.simulate.cli.options import (
    Additives,
    Cathode,
    Cells,
    Crucible,
    Database,
    Electrolyte,
    Geometry,
    Json,
    Limit,
    Morphology,
    Output,
    Picture,
    Ratio,
    Structure,
    check_limit,
    check_outputs,
    save,
)
from sinterface.simulate.cli.terminal import console, progress_bar, say

if TYPE_CHECKING:
    from sinterface.simulate.studies.compare import Comparison
    from sinterface.simulate.studies.optimize import Front


def compare(
    cathode: Cathode,
    schedule: Annotated[
        list[str],
        typer.Option("--schedule", "-s", help="'10 °C/min to 900 °C in O2; hold 2 h; ...' or a TOML file; repeat."),
    ],
    electrolyte: Electrolyte = "LLZTO",
    atmosphere: Annotated[
        str, typer.Option("--atmosphere", help="Gas of the steps that name none: O2, dry-air, air, N2, Ar, CO2, ...")
    ] = "O2",
    mass_ratio: Ratio = "1:1",
    structure: Structure = None,
    morphology: Morphology = None,
    cells: Cells = 40,
    crucible: Crucible = "lidded",
    add: Additives = "",
    geometry: Geometry = "sphere",
    detection_limit: Limit = 1.0,
    database: Database = None,
    output: Output = None,
    plot: Picture = None,
    as_json: Json = False,
) -> None:
    """Heat one couple on several schedules: phases against time side by side."""
    from sinterface.simulate.setup import problem as problems
    from sinterface.simulate.solve import gas_schedule as plans
    from sinterface.simulate.studies import compare as comparisons

    chosen = [plans.find(text) for text in schedule]
    task = problems.problem(
        cathode, electrolyte, chosen[0].schedule, atmosphere=atmosphere, mass_ratio=mass_ratio,
        structure=structure, morphology=morphology, cells=cells, additives=add, crucible=crucible, geometry=geometry,
    )  # fmt: skip
    check_limit(detection_limit)
    check_outputs(output, plot)
    data = phases.open_database(database)
    with progress_bar(f"{task.cathode.id}: {len(chosen)} schedules", not as_json) as advance:
        found = comparisons.compare(task, chosen, database=data, progress=advance)
    if output is not None:
        found.to_netcdf(output)
        say(f"wrote {output}", quiet=as_json)
    if plot is not None:
        save(_figures().compared(found, detection_limit), plot, quiet=as_json)
    if as_json:
        typer.echo(json.dumps(found.document(detection_limit), indent=2))
    else:
        _show_comparison(found, detection_limit)
    stopped = [result.dataset.attrs for result in found.results if not result.finished]
    for attrs in stopped:
        typer.echo(f"sinterface: NOT FINISHED: {attrs['cathode']}, {attrs['schedule']}: {attrs['advice']}", err=True)
    if stopped:
        raise typer.Exit(1)


def optimize(
    cathode: Cathode,
    electrolyte: Electrolyte = "LLZTO",
    temperature: Annotated[str, typer.Option(help="Hold temperatures to choose from, low:high, °C.")] = "600:1100",
    time: Annotated[str, typer.Option(help="Hold times to choose from, low:high, h.")] = "0.1:10",
    ramp: Annotated[str, typer.Option(help="Heating rates to choose from, low:high, °C/min.")] = "1:3000",
    gas: Annotated[list[str] | None, typer.Option(help="A gas to choose from; repeat. O2 without any.")] = None,
    cool: Annotated[
        list[str] | None,
        typer.Option(help="A cooling to choose from: naturally (without any), quench, '50 °C/min'; repeat."),
    ] = None,
    samples: Annotated[int, typer.Option(help="Posterior samples behind the interval of each point of the front.")] = 5,
    budget: Annotated[int, typer.Option(help="Predictions of the search; the samples come on top.")] = 60,
    seed: Annotated[int, typer.Option(help="Seed of the search and the samples.")] = 0,
    mass_ratio: Ratio = "1:1",
    structure: Structure = None,
    morphology: Morphology = None,
    cells: Cells = 16,
    crucible: Crucible = "lidded",
    add: Additives = "",
    geometry: Geometry = "sphere",
    detection_limit: Limit = 1.0,
    database: Database = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="JSON file to write.")] = None,
    plot: Picture = None,
    as_json: Json = False,
) -> None:
    """Find the schedules that densify most for the least secondary phases.  Takes a minute."""
    from sinterface.models.phases.atmosphere import atmosphere as read_gas
    from sinterface.simulate.files.output import write_whole
    from sinterface.simulate.setup import problem as problems
    from sinterface.simulate.studies import optimize as search

    bounds = search.Bounds(
        search.span(temperature, "temperature", "600:1100"),
        search.span(time, "time", "0.1:10"),
        search.span(ramp, "ramp", "1:3000"),
        tuple(read_gas(one) for one in gas or ["O2"]),
        tuple(NAMED_COOLING.get(one, f"{one} to 25 °C") for one in cool or ["naturally"]),
    )
    task = problems.problem(
        cathode, electrolyte, None, mass_ratio=mass_ratio, structure=structure, morphology=morphology,
        cells=cells, additives=add, crucible=crucible, geometry=geometry,
    )  # fmt: skip
    check_limit(detection_limit)
    check_outputs(output, plot)
    data = phases.open_database(database)
    with progress_bar(f"{task.cathode.id}: {budget} predictions", not as_json) as advance:
        found = search.optimize(
            task, bounds, budget=budget, samples=samples, seed=seed, database=data, progress=advance
        )
    text = json.dumps(found.document(), indent=2)
    if output is not None:
        write_whole(output, lambda name: name.write_text(text + "\n", encoding="utf-8"))
        say(f"wrote {output}", quiet=as_json)
    if plot is not None:
        save(_figures().front(found, detection_limit), plot, quiet=as_json)
    if as_json:
        typer.echo(text)
    else:
        _show_front(found)


NAMED_COOLING = {"naturally": "cool naturally", "quench": "quench"}


def _figures() -> Any:
    from sinterface.simulate.views import plot_schedules

    return plot_schedules


def _show_comparison(found: Comparison, limit: float) -> None:
    from rich.markup import escape
    from rich.table import Table

    document = found.document(limit)
    told = document["schedules"]
    table = Table(title=escape(f"{document['cathode']} + {document['electrolyte']}, wt% at the end"))
    table.add_column("")
    for one in told:
        table.add_column(escape(one["name"]), justify="right")
    for family in found.families:
        shares = [one["families"].get(family, 0.0) for one in told]
        if max(shares) >= 0.005:
            table.add_row(family, *(f"{share:.2f}{' *' if share >= limit else ''}" for share in shares))
    table.add_section()
    table.add_row("secondary phases", *(f"{one['secondary_wt_percent']:.2f}" for one in told))
    table.add_row("duration / h", *(f"{one['hours']:.2f}" for one in told))
    density = [one["relative_density"] for one in told]
    table.add_row("density / %", *(f"{100 * d['median']:.0f}" for d in density))
    table.add_row("  5 to 95 %", *(f"{100 * d['low']:.0f} to {100 * d['high']:.0f}" for d in density))
    gases = (re.sub(r" \([^)]*\)", "", one["atmosphere"]) for one in told)
    table.add_row("gas", *map(escape, gases))
    screen = console()
    screen.print(table)
    screen.print(f"* at or above {limit:g} wt%; density: see docs/schedules.md", markup=False)


def _show_front(found: Front) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(f"{found.cathode} + {found.electrolyte}: least secondary phases at each density"))
    table.add_column("schedule")
    for heading in ["density / %", "wt% (error)"] + (["median (90 %)"] if found.samples else []):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found.points:
        c, d, s = one.choice, one.density_interval, one.secondary_interval
        cooling = c.cooling.removesuffix(" to 25 °C")
        row = [
            f"{c.temperature:g} °C, {c.hours:g} h, {c.ramp:g} °C/min, {c.gas.name}, {cooling}",
            f"{100 * one.density:.0f} ({100 * d[0]:.0f} to {100 * d[2]:.0f})",
            f"{one.secondary:.2f} ({one.numerical_error or 0.0:.2f})",
        ]
        if found.samples:
            row.append("-" if s is None else f"{s[1]:.1f} ({s[0]:.1f} to {s[2]:.1f})")
        table.add_row(*map(escape, row))
    screen = console()
    screen.print(table)
    screen.print(
        f"{found.predictions} predictions, {found.failed} not finished; density is that of an LLZTO compact "
        "(docs/schedules.md)",
        markup=False,
    )
