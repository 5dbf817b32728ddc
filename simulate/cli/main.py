"""The command line: reads options, calls the library, prints.  No physics here."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.simulate.cli import instruments, phases, reactions, report, schedules, screen
from sinterface.simulate.cli.options import (
    Additives,
    Cathode,
    Cells,
    Crucible,
    Database,
    Electrolyte,
    Gas,
    Geometry,
    Json,
    Limit,
    Morphology,
    Output,
    Picture,
    Ratio,
    Structure,
    Workers,
    check_limit,
    check_outputs,
    save,
)
from sinterface.simulate.cli.terminal import console, printable, processes, progress_bar, say

if TYPE_CHECKING:
    from sinterface.simulate.setup.schedule import Schedule
    from sinterface.simulate.solve.result import Result
    from sinterface.simulate.studies.sweep import Sweep

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

app = typer.Typer(
    name="sinterface",
    help="Predicts the secondary phases that form when cathodes and garnet electrolytes are sintered together.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(phases.app, name="phases")

Hold = Annotated[str, typer.Option("--hold", help="Time at temperature.")]
Ramp = Annotated[str, typer.Option("--ramp", help="Heating rate.")]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("sinterface"))
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    pass


@app.command()
def run(
    context: typer.Context,
    cathode: Cathode,
    electrolyte: Electrolyte = "LLZTO",
    temperature: Annotated[str | None, typer.Option("--temperature", "-T", help="Hold temperature, °C.")] = None,
    hold: Hold = "2 h",
    ramp: Ramp = "10 °C/min",
    schedule: Annotated[
        str | None, typer.Option(help="Whole schedule: '10 °C/min to 900 °C; hold 2 h; cool naturally', or TOML file.")
    ] = None,
    atmosphere: Gas = "O2",
    mass_ratio: Ratio = "1:1",
    structure: Structure = None,
    morphology: Morphology = None,
    cells: Cells = 40,
    crucible: Crucible = "lidded",
    add: Additives = "",
    geometry: Geometry = "sphere",
    detection_limit: Limit = 1.0,
    database: Database = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="File to put a long run aside in; an interrupted run goes on from it.")
    ] = None,
    samples: Annotated[
        int, typer.Option(help="Repeat the run for that many samples of parameters and phase energies: 90 % intervals.")
    ] = 0,
    output: Output = None,
    plot: Picture = None,
    as_json: Json = False,
) -> None:
    """Heat one couple on one schedule and list the phases."""
    from dataclasses import replace

    from sinterface.models.basics.errors import InputError
    from sinterface.simulate.setup import problem as problems
    from sinterface.simulate.solve import gas_schedule as plans
    from sinterface.simulate.solve.run import predict
    from sinterface.simulate.studies.samples import MOST

    for name in ("temperature", "hold", "ramp"):
        source = context.get_parameter_source(name)
        if schedule is not None and source is not None and source.name == "COMMANDLINE":
            raise InputError(f"--schedule and --{name} are both given: the schedule tells it, drop one")
    fired = plans.find(schedule) if schedule is not None else None
    plan = fired.schedule if fired is not None else _hold(temperature or "800", hold, ramp)
    task = problems.problem(
        cathode, electrolyte, plan, atmosphere=atmosphere, mass_ratio=mass_ratio,
        structure=structure, morphology=morphology, cells=cells,
        additives=add, crucible=crucible, geometry=geometry,
    )  # fmt: skip
    check_limit(detection_limit)
    check_outputs(output, plot, checkpoint)
    gases = fired.atmospheres(task.atmosphere) if fired is not None else (task.atmosphere,)
    several = fired if len(set(gases)) > 1 else None
    task = replace(task, atmosphere=gases[0])
    if samples and not 1 <= samples <= MOST:
        raise InputError(f"--samples {samples}: choose 0 to {MOST}")
    if several is not None and (checkpoint is not None or samples):
        raise InputError("--checkpoint and --samples go with one gas: drop them, or the gases of the schedule")
    data = phases.open_database(database)
    with progress_bar(f"{task.cathode.id} + {task.electrolyte.id}", not as_json) as advance:
        if several is not None:
            result = plans.follow(task, several, database=data, progress=advance)
        else:
            result = predict(task, database=data, progress=advance, checkpoint=checkpoint)
    around = None
    if samples:
        from sinterface.simulate.studies.samples import spread

        with progress_bar(f"{samples} samples", not as_json) as advance:
            around = spread(task, samples, database=data, workers=os.cpu_count() or 1, progress=advance)
        result = replace(result, dataset=around.added_to(result.dataset))
    if output is not None:
        result.to_netcdf(output)
        say(f"wrote {output}", quiet=as_json)
    if plot is not None:
        save(_plots().run(result, detection_limit), plot, quiet=as_json)
    if as_json:
        told = result.document(detection_limit) | ({"samples": around.document(detection_limit)} if around else {})
        typer.echo(json.dumps(told, indent=2))
    else:
        _show_run(result, detection_limit)
        if around is not None:
            _show_samples(around.document(detection_limit))
    _finished([result])


def _show_samples(told: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(title=f"over {told['size']} samples of parameters and phase energies, wt%")
    for heading in ("family", "median", "5 to 95 %", "detected in"):
        table.add_column(heading)
    for one in told["families"]:
        if one["high"] >= 0.005:
            share = f"{100.0 * one['probability_detected']:.0f} %"
            table.add_row(one["family"], f"{one['median']:.2f}", f"{one['low']:.2f} to {one['high']:.2f}", share)
    console().print(table)


@app.command()
def sweep(
    cathodes: Annotated[list[str], typer.Argument(help="One or more cathodes: names, formulas or TOML cards.")],
    electrolyte: Electrolyte = "LLZTO",
    temperatures: Annotated[str, typer.Option(help="Hold temperatures, °C: low:high:step or a list.")] = "400:1000:50",
    hold: Hold = "2 h",
    ramp: Ramp = "10 °C/min",
    atmosphere: Gas = "O2",
    mass_ratio: Ratio = "1:1",
    structure: Structure = None,
    morphology: Morphology = None,
    cells: Cells = 40,
    crucible: Crucible = "lidded",
    add: Additives = "",
    geometry: Geometry = "sphere",
    detection_limit: Limit = 1.0,
    database: Database = None,
    workers: Workers = 0,
    output: Output = None,
    plot: Picture = None,
    as_json: Json = False,
) -> None:
    """Heat couples to many temperatures: phases against temperature and the onset of each."""
    from sinterface.models.basics.errors import InputError
    from sinterface.simulate.setup import problem as problems
    from sinterface.simulate.setup import schedule as schedules
    from sinterface.simulate.studies import sweep as sweeps

    holds = sweeps.temperatures(temperatures)
    if not holds:
        raise InputError(f"temperatures {temperatures!r} hold no value")
    for T in holds:
        schedules.temperature(f"{T:g}")
    hours, rate = schedules.duration(hold) / 3600.0, schedules.rate(ramp) * 60.0
    count = processes(workers)
    if output is not None and len(cathodes) > 1 and "{cathode}" not in output.name:
        raise InputError(f"output {output}: several cathodes need a name each, e.g. -o '{output.stem}-{{cathode}}.nc'")
    tasks = [
        problems.problem(
            one, electrolyte, None, atmosphere=atmosphere, mass_ratio=mass_ratio,
            structure=structure, morphology=morphology, cells=cells,
        additives=add, crucible=crucible, geometry=geometry,
        )
        for one in cathodes
    ]  # fmt: skip
    files = [output.with_name(output.name.replace("{cathode}", t.cathode.id)) if output else None for t in tasks]
    if output is not None and len(set(files)) < len(files):
        raise InputError(f"output {output}: two cathodes of one name would go to one file; give each cathode once")
    check_limit(detection_limit)
    for file in files:
        check_outputs(file, plot)
    data = phases.open_database(database)
    found = []
    for task, file in zip(tasks, files, strict=True):
        with progress_bar(f"{task.cathode.id} + {task.electrolyte.id}", not as_json) as advance:
            one = sweeps.sweep(
                task, holds, hours=hours, ramp=rate, workers=count,
                database=data, progress=advance,
            )  # fmt: skip
        found.append(one)
        if not as_json:
            _show_sweep(one, detection_limit)
        if file is not None:
            one.to_netcdf(file)
            say(f"wrote {file}", quiet=as_json)
    if plot is not None:
        save(_plots().sweeps(found, detection_limit), plot, quiet=as_json)
    if as_json:
        documents = [one.document(detection_limit) for one in found]
        typer.echo(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2))
    _finished([result for one in found for result in one.results])


app.command()(reactions.reactions)
app.command()(schedules.compare)
app.command()(schedules.optimize)
app.command()(screen.screen)
app.command()(report.report)
app.command()(instruments.xrd)
app.command()(instruments.cell)


@app.command(name="materials")
def list_materials() -> None:
    """List the built-in cathodes, electrolytes and coatings."""
    from rich.table import Table

    from sinterface.models.phases import materials

    table = Table(box=None)
    for heading in ("name", "role", "composition", "structure", "particle / µm", "grain / µm"):
        table.add_column(heading, no_wrap=True, min_width=11 if heading == "name" else None)
    for one in materials.built_in().values():
        sizes = (f"{q.value * 1e6:.3g} ± {q.sd * 1e6:.2g}" for q in (one.particle_diameter, one.grain_size))
        table.add_row(one.id, one.role, one.formula, one.structure, *sizes)
    console().print(table)


def _hold(temperature: str, hold: str, ramp: str) -> Schedule:
    from sinterface.models.basics.constants import CELSIUS_ZERO
    from sinterface.simulate.setup import schedule as schedules

    kelvin, seconds = schedules.temperature(temperature), schedules.duration(hold)
    rate = schedules.rate(ramp) * 60.0
    return schedules.Schedule.hold(kelvin - CELSIUS_ZERO, seconds / 3600.0, ramp=rate)


def _plots() -> Any:
    from sinterface.simulate.views import plot

    return plot


def _finished(results: list[Result]) -> None:
    """Exit code 1, and a line each on standard error, when a run stopped before the end of its schedule."""
    stopped = [result.dataset.attrs for result in results if not result.finished]
    for attrs in stopped:
        where = f"{attrs['cathode']}, {attrs['peak_temperature_C']:g} °C"
        typer.echo(f"sinterface: NOT FINISHED: {where}: {attrs['advice']}", err=True)
    if stopped:
        raise typer.Exit(1)


def _show_run(result: Result, limit: float) -> None:
    from rich.markup import escape
    from rich.table import Table

    document = result.document(limit)
    title = f"{document['cathode']} + {document['electrolyte']}: {document['schedule']}, {document['atmosphere']}"
    table = Table(title=escape(title))
    for heading in ("phase", "family", "wt%", "±", "detected"):
        table.add_column(heading, justify="right" if heading in ("wt%", "±") else "left")
    for phase in document["phases"]:
        error = phase["wt_percent_error"]
        table.add_row(
            escape(phase["phase"]), phase["family"], f"{phase['wt_percent']:.2f}",
            "" if error is None else f"{error:.2f}", "yes" if phase["detected"] else "-",
        )  # fmt: skip
    screen = console()
    screen.print(table)
    left = document["unreacted"]
    screen.print(
        f"secondary phases {document['secondary_wt_percent']:.2f} wt%; unreacted: cathode "
        f"{100 * left['cathode_fraction']:.1f} %, electrolyte {100 * left['electrolyte_fraction']:.1f} %"
    )


def _show_sweep(one: Sweep, limit: float) -> None:
    from rich.markup import escape
    from rich.table import Table

    data = one.dataset
    families = [family for family in one.families if float(data["wt_percent"].sel(family=family).max()) >= 0.05]
    title = f"{data.attrs['cathode']} + {data.attrs['electrolyte']} in {data.attrs['atmosphere']}, wt%"
    table = Table(title=escape(title))
    for heading in ("T / °C", *families, "electrolyte left / %"):
        table.add_column(heading, justify="right")
    for T, result in zip(one.temperatures, one.results, strict=True):
        shares = result.by_family
        cells = [f"{shares.get(family, 0.0):.2f}" for family in families]
        label = f"{T:g}" if result.finished else f"{T:g} (not finished)"
        table.add_row(label, *cells, f"{100 * result.unreacted['electrolyte_fraction']:.1f}")
    screen = console()
    screen.print(table)
    onset = one.onset(limit)
    stuck = [T for T, result in zip(one.temperatures, one.results, strict=True) if not result.finished]
    if onset is None and stuck:
        screen.print(f"onset: unknown, as the run at {stuck[0]:g} °C did not finish")
    elif onset is None:
        screen.print(f"onset: none up to {one.temperatures[-1]:g} °C (no family reaches {limit:g} wt%)")
    else:
        first = one.results[one.temperatures.index(onset)].detected(limit)
        screen.print(f"onset: {onset:g} °C ({', '.join(first)} at or above {limit:g} wt%)")


def _silence() -> None:
    """Standard output leads nowhere from here on: what is left in its buffer can not be written."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Entry point: errors a user can act on become one line on standard error and exit code 2."""
    from sinterface.models.basics.errors import SinterfaceError

    # click's base of all usage errors; newer typer carries a click of its own, so it has no fixed address
    usage_error: type[Exception] = next(
        base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
    )
    try:
        status = app(standalone_mode=False)
        if sys.stdout is not None:  # closed by the caller
            sys.stdout.flush()
    except SinterfaceError as error:
        typer.echo(f"sinterface: {printable(error)}", err=True)
        status = 2
    except BrokenPipeError:  # `sinterface phases list | head`: the reader has enough
        _silence()
        status = 1
    except (OSError, MemoryError) as error:  # a full disk behind standard output, say
        told = f"{getattr(error, 'strerror', None) or error or 'out of memory'}"
        _silence()
        typer.echo(f"sinterface: {printable(told)}", err=True)
        status = 2
    except usage_error as error:
        message = str(getattr(error, "format_message", error.__str__)())
        asked_for_help = type(error).__name__ == "NoArgsIsHelpError"
        typer.echo(message if asked_for_help else f"sinterface: {printable(message)} (see sinterface --help)", err=True)
        status = 2
    except (KeyboardInterrupt, typer.Abort, SystemError) as error:
        from sinterface.simulate.files.workers import is_interrupt

        if isinstance(error, SystemError) and not is_interrupt(error):
            raise
        status = INTERRUPTED
    if status == INTERRUPTED:  # typer turns some interrupts into this code itself, without a word
        typer.echo("sinterface: interrupted, nothing half-written", err=True)
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
