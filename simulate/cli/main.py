"""The command line: reads options, calls the library, prints.  No physics here."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.simulate.cli import instruments, phases, reactions, report, schedules, screen, thermogravimetry
from sinterface.simulate.cli.options import (
    LEAST_LISTED,
    Cathode,
    CoupleOptions,
    Database,
    Detect,
    Json,
    Limit,
    Output,
    Picture,
    Style,
    Workers,
    check_limit,
    check_outputs,
    save,
    with_couple,
    write_output,
)
from sinterface.simulate.cli.terminal import (
    Column,
    console,
    hear_interrupts,
    print_table,
    printable,
    processes,
    progress_bar,
    say,
)  # fmt: skip

if TYPE_CHECKING:
    from sinterface.simulate.setup.schedule import Schedule
    from sinterface.simulate.solve.result import Result
    from sinterface.simulate.studies.sweep import Sweep

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

CHUNKED = {"screen", "report"}
"""Commands that work with stores of screens, whose chunks Dask reads."""

ELECTROLYTE = "the electrolyte is given with -e, a schedule with --schedule"
"""What to do about a second word behind the cathode."""

MOST_TITLE = 1000
"""Characters of the title of a table: schedules may be long."""

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
@with_couple()
def run(
    context: typer.Context,
    cathode: Cathode,
    couple: CoupleOptions,
    temperature: Annotated[str | None, typer.Option("--temperature", "-T", help="Hold temperature, °C.")] = None,
    hold: Hold = "2 h",
    ramp: Ramp = "10 °C/min",
    schedule: Annotated[
        str | None, typer.Option(help="Whole schedule: '10 °C/min to 900 °C; hold 2 h; cool naturally', or TOML file.")
    ] = None,
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
    style: Style = "screen",
    as_json: Json = False,
) -> None:
    """Heat one couple on one schedule and list the phases."""
    from dataclasses import replace

    from sinterface.models.basics.errors import InputError, SolveError
    from sinterface.simulate.setup import schedule_file
    from sinterface.simulate.setup.problem import DEFAULT_HOLD
    from sinterface.simulate.solve.run import predict
    from sinterface.simulate.studies import jumps
    from sinterface.simulate.studies.samples import MOST

    for name in ("temperature", "hold", "ramp"):
        source = context.get_parameter_source(name)
        if schedule is not None and source is not None and source.name == "COMMANDLINE":
            raise InputError(f"--schedule and --{name} are both given: the schedule tells it, drop one")
    hot = f"{DEFAULT_HOLD:g}" if temperature is None else temperature
    plan = hold_schedule(hot, hold, ramp) if schedule is None else schedule_file.find(schedule)
    check_limit(detection_limit)
    if samples and not 1 <= samples <= MOST:
        raise InputError(f"--samples {samples}: choose 0 to {MOST}")
    phase_data = phases.open_database(database)
    task = couple.problem(cathode, plan, phase_data)
    check_outputs(output, plot, checkpoint, style=style)
    with progress_bar(task.label, not as_json) as advance:
        result = predict(task, database=phase_data, progress=advance, checkpoint=checkpoint)
    try:
        near = jumps.told(jumps.invariants(task, database=phase_data))
    except SolveError:  # a remark is not worth the run
        near = "whether an invariant reaction is near could not be computed"
    if near:
        attrs = result.dataset.attrs
        attrs["remarks"] = "; ".join(filter(None, (attrs["remarks"], near)))
    if temperature is None and schedule is None:
        say(f"neither -T nor --schedule is given: the couple was held at {DEFAULT_HOLD:g} °C", quiet=True)
    around = None
    if samples:
        from sinterface.simulate.studies.samples import spread

        with progress_bar(f"{samples} samples", not as_json) as advance:
            around = spread(task, samples, database=phase_data, workers=os.cpu_count() or 1, progress=advance)
        result = replace(result, dataset=around.added_to(result.dataset))
    told = result.document(detection_limit) | ({"samples": around.document(detection_limit)} if around else {})
    if output is not None:
        write_output(output, told, result.to_netcdf, quiet=as_json)
    if as_json:
        typer.echo(json.dumps(told, indent=2))
    else:
        _show_run(result, detection_limit)
        if around is not None:
            _show_samples(around.document(detection_limit))
    if plot is not None:
        save(_plots().run(result, detection_limit), plot, quiet=as_json, style=style)
    _finished([result])


def _show_samples(told: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"over {told['size']} samples of parameters and phase energies, wt%")
    for heading in ("family", "median", "5 to 95 %", "detected in"):
        table.add_column(heading)
    for row in told["families"]:
        if row["high"] >= 0.005:
            share = f"{100.0 * row['probability_detected']:.0f} %"
            table.add_row(
                escape(row["family"]), f"{row['median']:.2f}", f"{row['low']:.2f} to {row['high']:.2f}", share
            )
    console().print(table)


@app.command()
@with_couple()
def sweep(
    cathodes: Annotated[
        list[str], typer.Argument(help="One or more cathodes: names, formulas, TOML cards or stacks of layers.")
    ],
    couple: CoupleOptions,
    temperatures: Annotated[str, typer.Option(help="Hold temperatures, °C: low:high:step or a list.")] = "400:1000:50",
    hold: Hold = "2 h",
    ramp: Ramp = "10 °C/min",
    detect: Detect = "xrd",
    database: Database = None,
    workers: Workers = 0,
    output: Output = None,
    plot: Picture = None,
    style: Style = "screen",
    as_json: Json = False,
) -> None:
    """Heat couples to many temperatures: phases against temperature and the onset of each."""
    from sinterface.models.basics.errors import InputError
    from sinterface.models.instruments.detector import Detector
    from sinterface.simulate.setup import schedule as schedules
    from sinterface.simulate.setup.problem import NONE
    from sinterface.simulate.studies import sweep as sweeps

    holds = sweeps.temperatures(temperatures)
    if not holds:
        raise InputError(f"temperatures {temperatures!r} hold no value")
    for T in holds:
        schedules.temperature(f"{T:g}")
    hours, rate = schedules.duration(hold) / 3600.0, schedules.rate(ramp) * 60.0
    count = processes(workers)
    if output is not None and len(cathodes) > 1 and "{cathode}" not in output.name:
        raise InputError(
            f"output {output}: several cathodes need a name each, e.g. -o '{output.stem}-{{cathode}}{output.suffix}'"
        )
    looked = Detector.read(detect)
    phase_data = phases.open_database(database)
    tasks = [couple.problem(cathode, None, phase_data) for cathode in cathodes]
    names = [task.cathode.id if task.cathode else NONE for task in tasks]
    files = [output.with_name(output.name.replace("{cathode}", name)) if output else None for name in names]
    if output is not None and len(set(files)) < len(files):
        raise InputError(f"output {output}: two cathodes of one name would go to one file; give each cathode once")
    for file in files:
        check_outputs(file, plot, style=style)
    with progress_bar(", ".join(task.label for task in tasks), not as_json) as bar:

        def show(number: int, swept: Sweep) -> None:
            """What a couple came to is shown and kept at once: others may take long, or be interrupted."""
            with bar.aside():
                if not as_json:
                    _show_sweep(swept)
                if (file := files[number]) is not None:
                    write_output(file, swept.document(), swept.to_netcdf, quiet=as_json)

        done = sweeps.sweep_couples(
            tasks, holds, hours=hours, ramp=rate, workers=count, database=phase_data, detect=looked, progress=bar,
            ready=show,
        )  # fmt: skip
    if as_json:
        documents = [each.document() for each in done]
        typer.echo(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2))
    if plot is not None:
        save(_plots().sweeps(done), plot, quiet=as_json, style=style)
    _finished([result for each in done for result in each.results])


app.command()(reactions.reactions)
app.command()(schedules.compare)
app.command()(schedules.optimize)
app.command()(screen.screen)
app.command()(report.report)
app.command()(instruments.xrd)
app.command()(instruments.cell)
app.command()(thermogravimetry.tga)


@app.command(name="materials")
def list_materials() -> None:
    """List the built-in cathodes, electrolytes and coatings."""
    from sinterface.models.powders import materials

    powders = list(materials.built_in().values())
    sizes = [
        [f"{q.value * 1e6:.3g} ± {q.sd * 1e6:.2g}" for q in (powder.particle_diameter, powder.grain_size)]
        for powder in powders
    ]
    columns = (
        Column("name", [powder.id for powder in powders]),
        Column("role", [powder.role for powder in powders]),
        Column("composition", [powder.formula for powder in powders]),
        Column("structure", [powder.structure for powder in powders], spare=3),
        Column("particle / µm", [particle for particle, _ in sizes], spare=1),
        Column("grain / µm", [grain for _, grain in sizes], spare=2),
    )
    print_table("", columns, framed=False, remedy="a wider terminal has it")


def hold_schedule(temperature: str, hold: str, ramp: str) -> Schedule:
    """The schedule of a hold from the words of a user.  Raises InputError naming the word that is not understood."""
    from sinterface.models.basics.constants import CELSIUS_ZERO
    from sinterface.simulate.setup import schedule as schedules

    kelvin, seconds = schedules.temperature(temperature), schedules.duration(hold)
    rate = schedules.rate(ramp) * 60.0
    return schedules.Schedule.hold(kelvin - CELSIUS_ZERO, seconds / 3600.0, ramp=rate)


def _plots() -> Any:
    from sinterface.simulate.figures import plot

    return plot


def _finished(results: list[Result]) -> None:
    """Exit code 1, and a line each on standard error, when a run stopped before the end of its schedule."""
    stopped = [result.dataset.attrs for result in results if not result.finished]
    for attrs in stopped:
        where = f"{attrs['cathode'] or attrs['electrolyte']}, {attrs['peak_temperature_C']:g} °C"
        typer.echo(f"sinterface: NOT FINISHED: {where}: {attrs['advice']}", err=True)
    if stopped:
        raise typer.Exit(1)


def _show_run(result: Result, limit: float) -> None:
    from rich.markup import escape

    from sinterface.models.basics.textfile import plain
    from sinterface.simulate.setup.problem import sample_text

    document = result.document(limit)
    title = sample_text(document["cathode"], document["electrolyte"], float(result.dataset.attrs["mass_ratio"]))
    phases = [phase for phase in document["phases"] if not _trace(phase, limit)]
    errors = [phase["wt_percent_error"] for phase in phases]
    columns = (
        Column("phase", [plain(phase["phase"]) for phase in phases]),
        Column("family", [phase["family"] for phase in phases], spare=1),
        Column("role", [phase["role"] for phase in phases], spare=2),
        Column("wt%", [f"{phase['wt_percent']:.2f}" for phase in phases], right=True),
        Column("±", ["" if error is None else f"{error:.2f}" for error in errors], right=True),
        Column("detected", [_detected(phase, limit) for phase in phases]),
    )
    print_table(plain(f"{title}: {document['schedule']}, {document['atmosphere']}", MOST_TITLE), columns)
    screen = console()
    left = ", ".join(
        f"{name.removesuffix('_fraction')} {100.0 * share:.1f} %"
        for name, share in document["unreacted"].items() if share is not None
    )  # fmt: skip
    screen.print(f"secondary phases {document['secondary_wt_percent']:.2f} wt%; unreacted: {left}")
    if any(_detected(phase, limit) == "unsure" for phase in phases):
        screen.print("unsure: the numerical error decides; more --cells make it smaller")
    if hidden := len(document["phases"]) - len(phases):
        screen.print(f"secondary phases below {LEAST_LISTED:g} wt%, not listed: {hidden}; --json has them")
    if document["remarks"]:
        screen.print(escape(plain(document["remarks"])))


def _trace(phase: dict[str, Any], limit: float) -> bool:
    """Whether a secondary phase would stand as 0.00 in a table, and its numerical error does not reach the limit."""
    return bool(phase["wt_percent"] < LEAST_LISTED and _detected(phase, limit) == "-")


def _detected(phase: dict[str, Any], limit: float) -> str:
    from sinterface.simulate.studies.shares import detected

    return detected(phase["role"], phase["wt_percent"], phase["wt_percent_error"], limit)


def _show_sweep(shown: Sweep) -> None:
    from sinterface.models.basics.textfile import plain
    from sinterface.simulate.setup.problem import sample_text
    from sinterface.simulate.studies.shares import final_errors, with_error

    attrs = shown.results[0].dataset.attrs
    most = shown.dataset["wt_percent"].max("hold_temperature")
    families = [family for family in shown.families if float(most.sel(family=family)) >= 0.05]
    title = sample_text(attrs["cathode"], attrs["electrolyte"], float(attrs["mass_ratio"]))
    errors = [final_errors(result) for result in shown.results]
    held = zip(shown.temperatures, shown.results, strict=True)
    columns = [Column("T / °C", [f"{T:g}{'' if result.finished else '!'}" for T, result in held], right=True)]
    for family in families:
        pairs = zip(shown.results, errors, strict=True)
        cells = [with_error(result.family_shares.get(family, 0.0), error.get(family)) for result, error in pairs]
        columns.append(Column(family, cells, right=True))
    role = "electrolyte" if attrs["electrolyte"] else "cathode"
    left = [f"{100 * result.unreacted[f'{role}_fraction']:.1f}" for result in shown.results]
    columns.append(Column(f"{role} left / %", left, right=True))
    print_table(plain(f"{title}: {shown.schedule}, in {attrs['atmosphere']}; wt%", MOST_TITLE), columns)
    screen = console()
    if not all(result.finished for result in shown.results):
        screen.print("! not finished", markup=False)
    screen.print(f"onset: {shown.onset()}", markup=False)


def _silence() -> None:
    """Standard output leads nowhere from here on: what is left in its buffer can not be written."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _asked(words: list[str]) -> str:
    """The command that was asked for, where its error does not tell."""
    commands = getattr(typer.main.get_command(app), "commands", {})
    return f"sinterface {words[0]}" if words and words[0] in commands else "sinterface"


def _options(error: Exception) -> list[str]:
    """Options of the command that was not understood."""
    command = getattr(getattr(error, "ctx", None), "command", None)
    return [option.name for option in getattr(command, "params", ()) if "-e" in option.opts]


def main(*, own_process: bool = True) -> None:
    """Entry point: errors a user can act on become a line on standard error and exit code 2.

    In a process of its own, a command that reads no chunks of a store does without Dask, which xarray imports wherever
    it is installed: 0.4 s of a processor.
    """
    from sinterface.models.basics.errors import SinterfaceError
    from sinterface.simulate.files.streams import forgiving_streams
    from sinterface.simulate.setup.extras import keep_out

    if own_process and not set(sys.argv[1:2]) & CHUNKED:
        keep_out("dask")
    forgiving_streams()
    hear_interrupts()
    # click's base of all usage errors; newer typer carries a click of its own, so it has no fixed address
    usage_error: type[Exception] = next(
        base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
    )
    try:
        status = app(prog_name="sinterface", standalone_mode=False)  # also where it runs as a module
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
        where = getattr(getattr(error, "ctx", None), "command_path", None) or _asked(sys.argv[1:])
        if "unexpected extra argument" in message and "electrolyte" in _options(error):
            unit = re.search(r"\(((?:°?[CFK]|s|min|h)(?:/(?:s|min|h))?)\)\.?$", message)
            hint = f"a value and its unit stand together in quotes, as in '900 {unit[1]}'" if unit else ELECTROLYTE
            message = f"{message.rstrip('.')}: {hint}"
        if getattr(error, "option_name", "") == "--atmosphere" and where.endswith("optimize"):
            message = "No such option: --atmosphere; gases to choose from are given with --gas, once for each"
        typer.echo(message if asked_for_help else f"sinterface: {printable(message)} (see {where} --help)", err=True)
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
