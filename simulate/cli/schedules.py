"""``sinterface compare`` and ``sinterface optimize``: several schedules side by side, and the best within bounds."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.simulate.cli import phases
from sinterface.simulate.cli.options import (
    DOCUMENT,
    Cathode,
    CoupleOptions,
    Database,
    Json,
    Limit,
    Output,
    Picture,
    Style,
    check_limit,
    check_outputs,
    save,
    with_couple,
    write_output,
)
from sinterface.simulate.cli.terminal import Column, console, print_table, progress_bar

if TYPE_CHECKING:
    from sinterface.simulate.studies.compare import Comparison
    from sinterface.simulate.studies.optimize import Front


@with_couple()
def compare(
    cathode: Cathode,
    schedule: Annotated[
        list[str],
        typer.Option(
            "--schedule",
            "-s",
            help="'10 °C/min to 900 °C in O2; hold 2 h; ...' or a TOML file; repeat. Steps that name no gas are in "
            "that of --atmosphere.",
        ),
    ],
    couple: CoupleOptions,
    detection_limit: Limit = 1.0,
    database: Database = None,
    output: Output = None,
    plot: Picture = None,
    style: Style = "screen",
    as_json: Json = False,
) -> None:
    """Heat one couple on several schedules: phases against time side by side."""
    from sinterface.simulate.setup import schedule_file
    from sinterface.simulate.studies import compare as comparisons

    chosen = [schedule_file.find(text) for text in schedule]
    check_limit(detection_limit)
    phase_data = phases.open_database(database)
    task = couple.problem(cathode, chosen[0], phase_data)
    check_outputs(output, plot, style=style)
    with progress_bar(f"{task.label}: {len(chosen)} schedules", not as_json) as advance:
        done = comparisons.compare(task, chosen, database=phase_data, progress=advance)
    document = done.document(detection_limit)
    if output is not None:
        write_output(output, document, done.to_netcdf, quiet=as_json)
    if as_json:
        typer.echo(json.dumps(document, indent=2))
    else:
        _show_comparison(done, detection_limit)
    if plot is not None:
        save(_figures().compared(done, detection_limit), plot, quiet=as_json, style=style)
    stopped = [result.dataset.attrs for result in done.results if not result.finished]
    for attrs in stopped:
        where = f"{attrs['cathode'] or attrs['electrolyte']}, {attrs['schedule']}"
        typer.echo(f"sinterface: NOT FINISHED: {where}: {attrs['advice']}", err=True)
    if stopped:
        raise typer.Exit(1)


@with_couple(without=("atmosphere",), cells=16)
def optimize(
    cathode: Cathode,
    couple: CoupleOptions,
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
    detection_limit: Limit = 1.0,
    database: Database = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write: .json (what --json prints).")
    ] = None,
    plot: Picture = None,
    style: Style = "screen",
    as_json: Json = False,
) -> None:
    """Find the schedules that densify most for the least secondary phases.  Takes a minute."""
    from sinterface.models.phases.atmosphere import atmosphere as read_gas
    from sinterface.simulate.studies import optimize as search

    bounds = search.Bounds(
        search.span(temperature, "temperature", "600:1100", "°C"),
        search.span(time, "time", "0.1:10", "h"),
        search.span(ramp, "ramp", "1:3000", "°C/min"),
        tuple(read_gas(name) for name in gas or ["O2"]),
        tuple(_cooling(word) for word in cool or ["naturally"]),
    )
    check_limit(detection_limit)
    phase_data = phases.open_database(database)
    task = couple.problem(cathode, None, phase_data)
    check_outputs(output, plot, style=style, endings=DOCUMENT)
    with progress_bar(f"{task.label}: {budget} predictions", not as_json) as advance:
        best = search.optimize(
            task, bounds, budget=budget, samples=samples, seed=seed, database=phase_data, progress=advance
        )
    document = best.document()
    if output is not None:
        write_output(output, document, quiet=as_json)
    if as_json:
        typer.echo(json.dumps(document, indent=2))
    else:
        _show_front(best)
    if plot is not None:
        save(_figures().front(best, detection_limit), plot, quiet=as_json, style=style)


NAMED_COOLING = {"naturally": "cool naturally", "quench": "quench"}


def _cooling(word: str) -> str:
    """The last step of a schedule.  Raises InputError naming the choices."""
    from sinterface.models.basics.errors import InputError, unknown
    from sinterface.simulate.setup.schedule import rate

    if word in NAMED_COOLING:
        return NAMED_COOLING[word]
    try:
        rate(word)
    except InputError as error:
        raise unknown("cooling", word, NAMED_COOLING, "or a rate, '50 °C/min'") from error
    return f"{word} to 25 °C"


def _figures() -> Any:
    from sinterface.simulate.figures import plot_schedules

    return plot_schedules


def _show_comparison(compared: Comparison, limit: float) -> None:
    from sinterface.models.basics.textfile import plain
    from sinterface.simulate.setup.problem import sample_text
    from sinterface.simulate.setup.schedule import duration_text
    from sinterface.simulate.studies.shares import final_errors, with_error

    document = compared.document(limit)
    told = document["schedules"]
    ratio = float(compared.results[0].dataset.attrs["mass_ratio"])
    title = sample_text(document["cathode"], document["electrolyte"], ratio)
    families = [
        family for family in compared.families
        if max(schedule["families"].get(family, 0.0) for schedule in told) >= 0.005
    ]  # fmt: skip
    heads = [*families, "secondary phases", "duration", "density / %", "  5 to 95 %", "gas"]
    columns = [Column("", heads)]
    for schedule, result in zip(told, compared.results, strict=True):
        error, density = final_errors(result), schedule["relative_density"]
        shares = {family: schedule["families"].get(family, 0.0) for family in families}
        seen = result.detected(limit)
        cells = [with_error(x, error.get(family)) + (" *" if family in seen else "") for family, x in shares.items()]
        cells += [
            f"{schedule['secondary_wt_percent']:.2f}", duration_text(3600.0 * schedule["hours"], digits=3),
            f"{100 * density['median']:.0f}",
            f"{100 * density['low']:.0f} to {100 * density['high']:.0f}",
            re.sub(r" \([^)]*\)", "", schedule["atmosphere"]),
        ]  # fmt: skip
        columns.append(Column(plain(schedule["name"]), cells, right=True))
    print_table(plain(f"{title}: wt% at the end"), columns, sections=[len(families)])
    console().print(
        f"* reaches {limit:g} wt%, also less its error where that is large; density: see docs/schedules.md",
        markup=False,
    )


def _show_front(best: Front) -> None:
    from rich.markup import escape
    from rich.table import Table

    from sinterface.models.basics.textfile import plain
    from sinterface.simulate.setup.problem import sample_text

    title = sample_text(best.cathode, best.electrolyte, best.mass_ratio)
    table = Table(title=escape(plain(f"{title}: least secondary phases at each density")))
    table.add_column("")
    table.add_column("schedule")
    for heading in ["density / %", "wt% (error)"] + (["median (90 %)"] if best.samples else []):
        table.add_column(heading, justify="right", no_wrap=True)
    for number, point in enumerate(best.points, 1):
        c, d, s = point.choice, point.density_interval, point.secondary_interval
        row = [
            str(number),
            c.told,
            f"{100 * point.density:.0f} ({100 * d[0]:.0f} to {100 * d[2]:.0f})",
            f"{point.secondary:.2f} ({point.numerical_error or 0.0:.2f})",
        ]
        if best.samples:
            row.append("-" if s is None else f"{s[1]:.1f} ({s[0]:.1f} to {s[2]:.1f})")
        table.add_row(*(escape(plain(cell)) for cell in row))
    screen = console()
    screen.print(table)
    screen.print(
        f"{best.predictions} predictions, {best.failed} not finished; density is that of an LLZTO compact "
        "(docs/schedules.md)",
        markup=False,
    )
