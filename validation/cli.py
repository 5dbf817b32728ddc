"""The whole command line: that of ``simulate`` with ``validate`` added.  The installed program starts here.

Commands of ``simulate`` can not import this folder; this folder may import them, so it adds its own to theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sinterface.simulate.cli.main import app, main
from sinterface.simulate.cli.options import DOCUMENT, Cells, Json, Picture, Workers, check_outputs, save
from sinterface.simulate.cli.terminal import console, printable, processes, progress_bar, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.table import Table

    from sinterface.models.rates.parameters import Parameters
    from sinterface.validation.calibration.rounds import Round
    from sinterface.validation.judging.pool import Pool
    from sinterface.validation.observations.cards_reader import Cards
    from sinterface.validation.scores.document import ComparedOnset, Scores, Validation

FEW = 20.0
"""Effective samples below which the program says that they make no posterior: their deviations are good to 16 %."""

MOST_SAMPLES, MOST_ROUNDS, MOST_CELLS, MOST_BYTES, MOST_MINUTES = 10_000, 1000, 2000, 50_000_000, 100_000
"""Largest numbers of samples, rounds and finite volumes, of bytes of a file of samples, and of minutes of a search."""


@app.command()
def validate(
    cards: Annotated[
        list[Path] | None,
        typer.Option(help="Folder or file of cards of your own, beside the built-in ones; may be given repeatedly."),
    ] = None,
    samples: Annotated[int, typer.Option(help="Posterior samples that each firing is run for.")] = 12,
    cells: Cells = 40,
    tolerance: Annotated[
        float, typer.Option(help="Tolerance of the runs: finer ones tell what hangs on steps.")
    ] = 0.04,
    detect: Annotated[
        str | None,
        typer.Option(
            help="Take all samples as looked at with xrd, raman, or wt%, instead of the methods on the cards."
        ),
    ] = None,
    workers: Workers = 0,
    report: Annotated[Path | None, typer.Option(help="HTML page to write.")] = None,
    plot: Picture = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write: .json (what --json prints).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare predictions with what furnaces showed: onsets, phases, amounts, trends.  Takes minutes."""
    from sinterface.models.basics.errors import InputError
    from sinterface.models.basics.textfile import instead
    from sinterface.models.instruments.detector import Detector
    from sinterface.simulate.files.output import check_ending, check_writable, write_text
    from sinterface.validation.scores import validate as comparison

    for path in cards or []:
        if not path.exists():
            raise InputError(f"cards {path}: no such folder or file{instead(path)}")
    count = processes(workers)
    if not 1 <= samples <= MOST_SAMPLES:
        raise InputError(f"--samples {samples}: give 1 to {MOST_SAMPLES}")
    if not 4 <= cells <= MOST_CELLS:
        raise InputError(f"--cells {cells}: choose 4 to {MOST_CELLS}")
    _check_tolerance(tolerance)
    check_outputs(output, plot, endings=DOCUMENT)
    if report is not None:
        check_ending(report, {".html": "a page", ".htm": "the same"}, "report")
        check_writable(report)
    if report is not None:
        from sinterface.validation.report.page import write
    looked = None if detect is None else Detector.read(detect)
    all_cards = _readable(cards or [])
    with progress_bar("validate", not as_json) as advance:
        validation = comparison.compare(
            all_cards,
            samples=samples,
            workers=count,
            cells=cells,
            tolerance=tolerance,
            progress=advance,
            detect=looked,
        )
    text = validation.text()
    if as_json:
        typer.echo(text)
    else:
        _show(validation)
    if output is not None:
        write_text(output, text + "\n")
        say(f"wrote {output}", quiet=as_json)
    if report is not None:
        write(validation, report)
        say(f"wrote {report}", quiet=as_json)
    if plot is not None:
        from sinterface.validation.report import figures
        from sinterface.validation.report.scores import TOLERANCE, sets

        onsets = {name: scores.onset.powders for name, scores in sets(validation).items()}
        save(figures.onsets(onsets, TOLERANCE), plot, quiet=as_json)
    if all_cards.problems:
        raise typer.Exit(1)


def _check_tolerance(tolerance: float) -> None:
    from sinterface.models.basics.errors import InputError

    if not 1e-4 <= tolerance <= 0.5:
        raise InputError(f"--tolerance {tolerance:g}: choose 0.0001 to 0.5")


def _readable(sources: Sequence[Path]) -> Cards:
    """All cards.  Each card that can not be read is told of; one of the user's own ends the program before any run."""
    from sinterface.validation.scores import validate as comparison

    cards = comparison.read(sources)
    for problem in cards.problems:
        typer.echo(f"sinterface: {printable(problem)}", err=True)
    if comparison.rejected(cards):
        raise typer.Exit(2)
    return cards


@app.command(name="app")
def browser_app(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the browser.")] = True,
    host: Annotated[str, typer.Option(help="Address to listen on; others than this machine may reach it then.")] = (
        "127.0.0.1"
    ),
) -> None:
    """Serve the app for a browser on this machine: forms, charts, downloads, and a gallery.  Ctrl-C ends it."""
    from sinterface.models.basics.errors import InputError
    from sinterface.simulate.setup.extras import require

    if not 0 <= port <= 65535:
        raise InputError(f"--port {port}: choose 1024 to 65535, or 0 for a free one")
    require("app")
    from sinterface.simulate.app.server import LOOPBACK, serve
    from sinterface.validation.scores.exhibits import exhibits

    if host not in LOOPBACK:
        say(f"sinterface: whoever reaches {printable(host)} can start calculations on this machine", quiet=True)
    serve(exhibits(), host=host, port=port, browser=browser, say=lambda address: say(address, quiet=False))


@app.command()
def calibrate(
    pool: Annotated[
        Path, typer.Argument(help="JSON file of all sets run: written meanwhile, gone on from if it is there.")
    ],
    posterior: Annotated[Path, typer.Option(help="CSV file of the posterior to write.")] = Path("posterior.csv"),
    rounds: Annotated[
        int, typer.Option(help="Sampling rounds; each runs 64 parameter sets for every firing observed.")
    ] = 10,
    minutes: Annotated[
        float | None,
        typer.Option(help="How long to search for the best sets before: an hour for a new file, else not at all."),
    ] = None,
    cards: Annotated[
        list[Path] | None,
        typer.Option(help="Folder or file of cards of your own, beside the built-in ones; may be given repeatedly."),
    ] = None,
    size: Annotated[int, typer.Option(help="Equally likely samples to draw from the posterior.")] = 40,
    cells: Cells = 16,
    tolerance: Annotated[float, typer.Option(help="Tolerance of the runs: 0.04 is that of single runs.")] = 0.08,
    seed: Annotated[int, typer.Option(help="Another number makes other draws.")] = 0,
    workers: Workers = 0,
    plot: Picture = None,
) -> None:
    """Estimate the global parameters from observations with role = "fit".  Ctrl-C ends it; calling again goes on."""
    from sinterface.models.basics.errors import InputError
    from sinterface.models.basics.textfile import instead, read_text
    from sinterface.simulate.files.output import check_ending, check_writable, write_text
    from sinterface.simulate.setup.extras import require
    from sinterface.validation.calibration import calibrate as calibration
    from sinterface.validation.calibration.posterior import posterior_table, resample
    from sinterface.validation.judging.pool_file import pool_text, read_pool
    from sinterface.validation.observations.evidence import Observation

    check_ending(posterior, {".csv": "a table"}, "posterior")
    for file in (pool, posterior):
        check_writable(file)
    check_outputs(None, plot)
    count = processes(workers)
    if not (0 <= rounds <= MOST_ROUNDS and 1 <= size <= MOST_SAMPLES):
        raise InputError(
            f"{rounds} rounds, {size} samples: give 0 to {MOST_ROUNDS} rounds and 1 to {MOST_SAMPLES} samples"
        )
    if not 4 <= cells <= MOST_CELLS:
        raise InputError(f"--cells {cells}: choose 4 to {MOST_CELLS}")
    _check_tolerance(tolerance)
    if not 0 <= seed < 2**32:
        raise InputError(f"--seed {seed}: choose 0 to {2**32 - 1}")
    if minutes is not None and not 0.0 <= minutes <= MOST_MINUTES:  # NaN is not between them either
        raise InputError(f"--minutes {minutes:g}: choose 0 to {MOST_MINUTES}")
    all_cards = _readable(cards or [])
    past = read_pool(read_text(pool, MOST_BYTES, "pool of samples")) if pool.exists() else None
    long = (60.0 * (past is None and rounds > 0)) if minutes is None else minutes
    if past is None and rounds == 0 and long == 0.0:
        raise InputError(f"{pool}: no such file{instead(pool)}; with no rounds there is nothing to draw from")
    if rounds or long:
        require("calibrate")

    def keep(sets: Pool) -> None:
        write_text(pool, pool_text(sets))

    alone = [card for card in all_cards.alone if isinstance(card, Observation)]
    observations = (*all_cards.observations, *alone)
    with progress_bar("calibrate", True) as advance:
        made = calibration.calibrate(
            observations, rounds, minutes=long, workers=count, cells=cells,
            tolerance=tolerance, seed=seed,
            past=past, progress=advance, keep=keep, report=_show_round,
        )  # fmt: skip
    table = posterior_table(made, size)
    write_text(posterior, table)
    _show_estimates(made)
    say(f"wrote {posterior}", quiet=False)
    if plot is not None:
        save(_estimates(resample(made, size)), plot, quiet=False)


def _show_round(about: Round) -> None:
    """How the emulator guessed sets that it had not seen, and how far the walk has converged, on standard error."""
    screen, check = console(stderr=True), about.check
    table = _table(f"round {about.number}: emulated log-likelihood", "of", "error", "spread", "rank correlation")
    for name, error, spread, rank in zip(check.cathodes, check.rmse, check.spread, check.rank, strict=True):
        _add(table, name, f"{error:.2f}", f"{spread:.2f}", f"{rank:.2f}")
    table.caption = (
        f"of each of {check.sets} sets, by the others. Error of the log posterior density: {check.together:.2f} "
        f"(better half {check.top:.2f}), rank correlation {check.together_rank:.2f}; "
        f"of its rise to what this round proposed: {about.missed:.2f}, rank correlation {about.ranked:.2f}"
    )
    screen.print(table)
    table = _table(f"round {about.number}: samples", "left out", "effective number")
    for name, size in about.effective.items():
        _add(table, name or "nothing", f"{size:.1f}")
    table.caption = (
        f"{100.0 * about.moved:.0f} % of the walkers went where they were proposed to go. "
        f"Second half of the walk: R-hat {about.r_hat:.3f}, autocorrelation {about.autocorrelation:.1f} rounds"
    )
    screen.print(table)


def _estimates(samples: Sequence[Parameters]) -> Figure:
    """Prior against posterior, as the samples drawn from it have it."""
    import numpy as np

    from sinterface.models.rates.parameters import priors
    from sinterface.validation.report import figures_parameters
    from sinterface.validation.scores.document import Posterior, PriorMoments

    table = np.array([values.vector() for values in samples])
    spans = zip(table.mean(axis=0), table.std(axis=0), *np.quantile(table, (0.05, 0.95), axis=0), strict=True)
    return figures_parameters.parameters([
        (card.name, PriorMoments(card.mean, card.sd), Posterior(*map(float, span)))
        for card, span in zip(priors(), spans, strict=True)
    ])  # fmt: skip


def _show_estimates(pool: Pool) -> None:
    import numpy as np

    from sinterface.models.rates.parameters import priors
    from sinterface.validation.calibration.posterior import estimates
    from sinterface.validation.calibration.walks import around, autocorrelation, effective, r_hat

    table = _table("parameters", "parameter", "unit", "prior", "posterior", "constrained by")
    for card, estimate in zip(priors(), estimates(pool), strict=True):
        told = "nothing: as the prior" if estimate.free else ", ".join(estimate.felt) or "several together"
        prior, posterior = f"{card.mean:.3g} ± {card.sd:.2g}", f"{estimate.mean:.3g} ± {estimate.sd:.2g}"
        _add(table, card.name, card.unit, prior, posterior, told)
    console().print(table)
    worth, z = effective(pool), around(pool)
    console().print(
        f"{np.count_nonzero(~pool.waiting)} sets run, "
        f"{np.count_nonzero(pool.origin > 0)} of them proposed to walkers, "
        f"who are worth {worth:.1f} independent samples given all observations"
    )
    if z.size:
        console().print(
            f"second half of the walk, {len(z)} rounds of {z.shape[1]} walkers: R-hat {r_hat(z):.3f}, "
            f"autocorrelation {autocorrelation(z):.1f} rounds"
        )
    if worth < FEW:
        console().print("this is too few for a posterior: modes are good to use, means, deviations and samples are not")


def _show(validation: Validation) -> None:
    from sinterface.validation.report.scores import sets

    screen, both = console(), sets(validation)
    screen.print(_onsets(both))
    for name, scores in both.items():
        onset, phases = scores.onset, scores.phases
        screen.print(
            f"{name}: {onset.inside_count} of {onset.powder_count} onsets inside, mean distance "
            f"{_number(onset.mean_distance_C, '.0f')} °C; phases: F1 {_number(phases.f1, '.2f')}, "
            f"precision {_number(phases.precision, '.2f')}, recall {_number(phases.recall, '.2f')}"
        )
    screen.print(_baselines(validation))
    screen.print(_amounts(both))
    screen.print(_trends(both))
    elsewhere = validation.other_laboratories
    if elsewhere:
        good = sum(cell.agrees is True for cell in elsewhere)
        screen.print(f"other laboratories: {good} of {len(elsewhere)} marks as predicted")
    order = validation.thermogravimetry.order
    if order:
        ranks = " > ".join(", ".join(rank) for rank in order.predicted)
        screen.print(
            f"heated alone: {order.pairs_right} of {order.pairs} pairs in the right order: {ranks}", markup=False
        )
    for problem in validation.problems:
        screen.print(problem, markup=False)


def _table(title: str, *headings: str) -> Table:
    from rich.table import Table

    table = Table(title=title)
    for heading in headings:
        table.add_column(heading, no_wrap=heading in ("powder", "observation", "left out"))
    return table


def _add(table: Table, *cells: str) -> None:
    """A row as it stands: brackets are no markup."""
    from rich.markup import escape

    table.add_row(*map(escape, cells))


def _baselines(validation: Validation) -> Table:
    table = _table("each cathode left out", "", "onset off by, °C", "F1", "precision", "recall")
    scores = validation.leave_one_out
    phases, vote = scores.phases, scores.vote
    told = [("this model", scores.onset.mean_distance_C, phases.f1, phases.precision, phases.recall)]
    told.append(("vote of its samples", vote.mean_distance_C, vote.f1, vote.precision, vote.recall))
    told += [(row.what, row.mean_distance_C, row.f1, row.precision, row.recall) for row in validation.baselines.guesses]
    for name, distance, *shares in told:
        _add(table, name, _number(distance, ".0f"), *(_number(share, ".2f") for share in shares))
    skills = validation.baselines
    table.caption = (
        "skill, share of the best baseline's error that the model takes away: "
        f"onsets {_number(skills.skill_onset, '.2f')}, F1 {_number(skills.skill_f1, '.2f')}"
    )
    if skills.coverage is not None:
        table.caption += f"; {skills.coverage.inside} of {skills.coverage.count} onsets inside of 90 % intervals"
    return table


def _onsets(sets: Mapping[str, Scores]) -> Table:
    table = _table("onset of the first secondary phase, °C", "powder", "observed", *sets)
    several = [scores.onset.powders for scores in sets.values()]
    for powder, onset in several[0].items():
        clean, seen = onset.bracket_C
        told = f"above {clean:g}" if seen is None else f"to {seen:g}" if clean is None else f"{clean:g} to {seen:g}"
        _add(table, powder, told, *(_onset(onsets[powder]) for onsets in several))
    table.caption = "predicted [5 %, 95 %] (inside); none: up to the highest temperature tried"
    return table


def _onset(onset: ComparedOnset) -> str:
    at, low, high = (_number(T, "g", "none") for T in (onset.predicted_C, *onset.interval_C))
    return f"{at} [{low}, {high}] ({_yes(onset.inside)})"


def _amounts(sets: Mapping[str, Scores]) -> Table:
    from sinterface.validation.scores.document import Gone

    table = _table("amounts, wt%", "observation", "what", "measured", *sets)
    for entries in zip(*(scores.amounts for scores in sets.values()), strict=True):
        told = []
        for entry in entries:
            if isinstance(entry, Gone):
                what, measured = f"{entry.gone} left", f"< {entry.limit:.3g}"
                told.append(f"{_number(entry.left, '.2f')} ({_yes(entry.predicted_gone)})")
            else:
                what, measured = " + ".join(entry.families), f"{entry.measured:g} ± {entry.sd:g}"
                told.append(f"{_number(entry.predicted, '.2f')} ({_yes(entry.within_30_percent)})")
        _add(table, entries[0].id, what, measured, *told)
    table.caption = "(within 30 %, or gone as observed)"
    return table


def _trends(sets: Mapping[str, Scores]) -> Table:
    table = _table("trends: probability (holds)", "powder", "family", "°C", "observed", *sets)
    for trends in zip(*(scores.trends for scores in sets.values()), strict=True):
        first = trends[0]
        told = [f"{_number(trend.probability, '.2f')} ({_yes(trend.holds)})" for trend in trends]
        _add(table, first.cathode, first.family, f"{first.from_C:g} to {first.to_C:g}", first.said, *told)
    return table


def _number(value: float | None, form: str, missing: str = "-") -> str:
    return missing if value is None else format(value, form)


def _yes(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "-"}[value]


if __name__ == "__main__":
    main()
