"""The command line: reads options, calls the library, prints.  No physics here."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.simulate import cli_phases, cli_reactions, cli_schedules, cli_screen
from sinterface.simulate.terminal import console, progress_bar, say

if TYPE_CHECKING:
    from sinterface.simulate.result import Result
    from sinterface.simulate.schedule import Schedule
    from sinterface.simulate.sweep import Sweep

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

app = typer.Typer(
    name="sinterface",
    help="Predicts the secondary phases that form when cathodes and garnet electrolytes are sintered together.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(cli_phases.app, name="phases")

Cathode = Annotated[str, typer.Argument(help="Built-in name, formula such as LiNi0.6Mn0.2Co0.2O2, or a TOML card.")]
Electrolyte = Annotated[str, typer.Option("--electrolyte", "-e", help="Built-in name, formula or TOML card.")]
Gas = Annotated[
    str, typer.Option("--atmosphere", help="O2, dry-air, air, N2, Ar, CO2, or pressures: pO2=0.2,pCO2=4e-4 (bar).")
]
Ratio = Annotated[str, typer.Option("--mass-ratio", help="Cathode to electrolyte by mass.")]
Structure = Annotated[str | None, typer.Option(help="layered, spinel or olivine, where a formula does not tell.")]
Morphology = Annotated[str | None, typer.Option(help="pc (polycrystal) or sc (single crystal), with a formula.")]
Hold = Annotated[str, typer.Option("--hold", help="Time at temperature.")]
Ramp = Annotated[str, typer.Option("--ramp", help="Heating rate.")]
Cells = Annotated[int, typer.Option(help="Finite volumes of the model.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output and nothing else.")]
Crucible = Annotated[str, typer.Option(help="lidded or open: how fast its gas is renewed.")]
Additives = Annotated[
    str, typer.Option("--add", help="Phases in the electrolyte powder, wt% of it: 'Li2CO3=2' for surface carbonate.")
]
Geometry = Annotated[str, typer.Option(help="sphere (particles) or slab (layers as thick as the particle radii).")]
Limit = Annotated[float, typer.Option("--detection-limit", help="Share at which a phase family counts as seen, wt%.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="NetCDF file to write.")]
Picture = Annotated[Path | None, typer.Option("--plot", help="Figure to write: .png, .pdf or .svg.")]


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
    database: cli_phases.File = None,
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

    from sinterface.models.errors import InputError
    from sinterface.simulate import plan as plans
    from sinterface.simulate import problem as problems
    from sinterface.simulate.run import predict

    if schedule is not None and temperature is not None:
        raise InputError("--schedule and --temperature are both given: the schedule holds the temperatures, drop one")
    fired = plans.find(schedule) if schedule is not None else None
    plan = fired.schedule if fired is not None else _hold(temperature or "800", hold, ramp)
    task = problems.problem(
        cathode, electrolyte, plan, atmosphere=atmosphere, mass_ratio=mass_ratio,
        structure=structure, morphology=morphology, cells=cells,
        additives=add, crucible=crucible, geometry=geometry,
    )  # fmt: skip
    _check_outputs(output, plot, detection_limit)
    if checkpoint is not None:
        _check_outputs(checkpoint, None, detection_limit)
    gases = fired.atmospheres(task.atmosphere) if fired is not None else (task.atmosphere,)
    several = fired if len(set(gases)) > 1 else None
    task = replace(task, atmosphere=gases[0])
    if several is not None and (checkpoint is not None or samples):
        raise InputError("--checkpoint and --samples go with one gas: drop them, or the gases of the schedule")
    data = cli_phases.open_database(database)
    with progress_bar(f"{task.cathode.id} + {task.electrolyte.id}", not as_json) as advance:
        if several is not None:
            result = plans.follow(task, several, database=data, progress=advance)
        else:
            result = predict(task, database=data, progress=advance, checkpoint=checkpoint)
    around = None
    if samples:
        from sinterface.simulate.samples import spread

        with progress_bar(f"{samples} samples", not as_json) as advance:
            around = spread(task, samples, database=data, workers=os.cpu_count() or 1, progress=advance)
    _write(result, output, plot, lambda: _plots().run(result, detection_limit), quiet=as_json)
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
    database: cli_phases.File = None,
    workers: Annotated[int, typer.Option(help="Processes; 0 takes one per core.")] = 0,
    output: Output = None,
    plot: Picture = None,
    as_json: Json = False,
) -> None:
    """Heat couples to many temperatures: phases against temperature and the onset of each."""
    from sinterface.models.errors import InputError
    from sinterface.simulate import problem as problems
    from sinterface.simulate import schedule as schedules
    from sinterface.simulate import sweep as sweeps

    holds = sweeps.temperatures(temperatures)
    if not holds:
        raise InputError(f"temperatures {temperatures!r} hold no value")
    for T in holds:
        schedules.temperature(f"{T:g}")
    hours, rate = schedules.duration(hold) / 3600.0, schedules.rate(ramp) * 60.0
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
    files = [Path(str(output).replace("{cathode}", task.cathode.id)) if output else None for task in tasks]
    for file in files:
        _check_outputs(file, plot, detection_limit)
    data = cli_phases.open_database(database)
    found = []
    for task, file in zip(tasks, files, strict=True):
        with progress_bar(f"{task.cathode.id} + {task.electrolyte.id}", not as_json) as advance:
            one = sweeps.sweep(
                task, holds, hours=hours, ramp=rate, workers=workers or os.cpu_count() or 1,
                database=data, progress=advance,
            )  # fmt: skip
        found.append(one)
        if not as_json:
            _show_sweep(one, detection_limit)
        if file is not None:
            one.to_netcdf(file)
            say(f"wrote {file}", quiet=as_json)
    if plot is not None:
        _plots().save(_plots().sweeps(found, detection_limit), plot)
        say(f"wrote {plot}", quiet=as_json)
    if as_json:
        documents = [one.document(detection_limit) for one in found]
        typer.echo(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2))
    _finished([result for one in found for result in one.results])


app.command()(cli_reactions.reactions)
app.command()(cli_schedules.compare)
app.command()(cli_schedules.optimize)
app.command()(cli_screen.screen)


@app.command(name="materials")
def list_materials() -> None:
    """List the built-in cathodes, electrolytes and coatings."""
    from rich.table import Table

    from sinterface.models import materials

    table = Table(box=None)
    for heading in ("name", "role", "composition", "structure", "particle / µm", "grain / µm"):
        table.add_column(heading, no_wrap=True, min_width=11 if heading == "name" else None)
    for one in materials.built_in().values():
        sizes = (f"{q.value * 1e6:.3g} ± {q.sd * 1e6:.2g}" for q in (one.particle_diameter, one.grain_size))
        table.add_row(one.id, one.role, one.formula, one.structure, *sizes)
    console().print(table)


def _hold(temperature: str, hold: str, ramp: str) -> Schedule:
    from sinterface.models.constants import CELSIUS_ZERO
    from sinterface.simulate import schedule as schedules

    kelvin, seconds = schedules.temperature(temperature), schedules.duration(hold)
    rate = schedules.rate(ramp) * 60.0
    return schedules.Schedule.hold(kelvin - CELSIUS_ZERO, seconds / 3600.0, ramp=rate)


def _check_outputs(output: Path | None, plot: Path | None, limit: float) -> None:
    from sinterface.models.errors import InputError
    from sinterface.simulate.output import check_writable

    if not 0.0 < limit <= 100.0:
        raise InputError(f"detection limit {limit:g} wt%: must lie between 0 and 100")
    if output is not None:
        check_writable(output)
    if plot is not None:
        _plots().check_format(plot)
        check_writable(plot)


def _write(result: Result, output: Path | None, plot: Path | None, draw: Callable[[], Any], *, quiet: bool) -> None:
    if output is not None:
        result.to_netcdf(output)
        say(f"wrote {output}", quiet=quiet)
    if plot is not None:
        _plots().save(draw(), plot)
        say(f"wrote {plot}", quiet=quiet)


def _plots() -> Any:
    from sinterface.simulate import plot

    return plot


def _finished(results: list[Result]) -> None:
    """Exit code 1, and a line each on standard error, when a run stopped before the end of its schedule."""
    stopped = [result.dataset.attrs for result in results if result.dataset.attrs["outcome"] != "DONE"]
    for attrs in stopped:
        where = f"{attrs['cathode']}, {attrs['peak_temperature_C']:g} °C"
        typer.echo(f"sinterface: NOT FINISHED: {where}: {attrs['advice']}", err=True)
    if stopped:
        raise typer.Exit(1)


def _show_run(result: Result, limit: float) -> None:
    from rich.table import Table

    document = result.document(limit)
    table = Table(
        title=f"{document['cathode']} + {document['electrolyte']}: {document['schedule']}, {document['atmosphere']}"
    )
    for heading in ("phase", "family", "wt%", "detected"):
        table.add_column(heading, justify="right" if heading == "wt%" else "left")
    for phase in document["phases"]:
        table.add_row(
            phase["phase"], phase["family"], f"{phase['wt_percent']:.2f}", "yes" if phase["detected"] else "-"
        )
    screen = console()
    screen.print(table)
    left = document["unreacted"]
    screen.print(
        f"secondary phases {document['secondary_wt_percent']:.2f} wt%; unreacted: cathode "
        f"{100 * left['cathode_fraction']:.1f} %, electrolyte {100 * left['electrolyte_fraction']:.1f} %"
    )


def _show_sweep(one: Sweep, limit: float) -> None:
    from rich.table import Table

    data = one.dataset
    families = [family for family in one.families if float(data["wt_percent"].sel(family=family).max()) >= 0.05]
    table = Table(title=f"{data.attrs['cathode']} + {data.attrs['electrolyte']} in {data.attrs['atmosphere']}, wt%")
    for heading in ("T / °C", *families, "electrolyte left / %"):
        table.add_column(heading, justify="right")
    for T, result in zip(one.temperatures, one.results, strict=True):
        shares = result.by_family
        cells = [f"{shares.get(family, 0.0):.2f}" for family in families]
        table.add_row(f"{T:g}", *cells, f"{100 * result.unreacted['electrolyte_fraction']:.1f}")
    screen = console()
    screen.print(table)
    onset = one.onset(limit)
    if onset is None:
        screen.print(f"onset: none up to {one.temperatures[-1]:g} °C (no family reaches {limit:g} wt%)")
    else:
        first = one.results[one.temperatures.index(onset)].detected(limit)
        screen.print(f"onset: {onset:g} °C ({', '.join(first)} at or above {limit:g} wt%)")


def main() -> None:
    """Entry point: errors a user can act on become one line on standard error and exit code 2."""
    from sinterface.models.errors import SinterfaceError

    # click's base of all usage errors; newer typer carries a click of its own, so it has no fixed address
    usage_error: type[Exception] = next(
        base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
    )
    try:
        status = app(standalone_mode=False)
    except SinterfaceError as error:
        typer.echo(f"sinterface: {error}", err=True)
        status = 2
    except usage_error as error:
        message = str(getattr(error, "format_message", error.__str__)())
        asked_for_help = type(error).__name__ == "NoArgsIsHelpError"
        typer.echo(message if asked_for_help else f"sinterface: {message} (see sinterface --help)", err=True)
        status = 2
    except (KeyboardInterrupt, typer.Abort, SystemError) as error:
        cause: BaseException | None = error
        while isinstance(cause, SystemError):  # compiled code wraps an interrupt that reaches it, maybe twice
            cause = cause.__cause__
        if cause is None:
            raise
        status = INTERRUPTED
    if status == INTERRUPTED:  # typer turns some interrupts into this code itself, without a word
        typer.echo("sinterface: interrupted, nothing half-written", err=True)
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
