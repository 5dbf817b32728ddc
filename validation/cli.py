"""The whole command line: that of ``simulate`` with ``validate`` added.  The installed program starts here.

Commands of ``simulate`` can not import this folder; this folder may import them, so it adds its own to theirs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.simulate.cli.main import app, main
from sinterface.simulate.cli.options import Cells, Json, Picture, Workers, check_outputs, save
from sinterface.simulate.cli.terminal import console, printable, processes, progress_bar, say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sinterface.models.rates.parameters import Parameters

MOST_SAMPLES, MOST_ROUNDS, MOST_CELLS, MOST_BYTES = 10_000, 1000, 2000, 200_000_000
"""Largest numbers of samples, rounds and finite volumes, and of bytes of a file of samples."""

SETS = {"in_sample": "in sample", "leave_one_out": "powder left out"}


@app.command()
def validate(
    cards: Annotated[
        list[Path] | None,
        typer.Option(help="Folder or file of cards of your own, beside the built-in ones; may be given repeatedly."),
    ] = None,
    samples: Annotated[int, typer.Option(help="Posterior samples that each firing is run for.")] = 12,
    cells: Cells = 40,
    workers: Workers = 0,
    report: Annotated[Path | None, typer.Option(help="HTML page to write.")] = None,
    plot: Picture = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="JSON file to write.")] = None,
    as_json: Json = False,
) -> None:
    """Compare predictions with what furnaces showed: onsets, phases, amounts, trends.  Takes minutes."""
    from sinterface.models.basics.errors import InputError
    from sinterface.simulate.files.output import check_writable, write_whole
    from sinterface.validation.scores import validate as comparison

    for path in cards or []:
        if not path.exists():
            raise InputError(f"cards {path}: no such folder or file")
    count = processes(workers)
    if not 1 <= samples <= MOST_SAMPLES:
        raise InputError(f"--samples {samples}: give 1 to {MOST_SAMPLES}")
    if not 4 <= cells <= MOST_CELLS:
        raise InputError(f"--cells {cells}: choose 4 to {MOST_CELLS}")
    for file in filter(None, (report, output)):
        check_writable(file)
    check_outputs(None, plot)
    if report is not None:
        from sinterface.validation.report.page import write
    found = comparison.read(cards or [])
    for problem in found.problems:
        typer.echo(f"sinterface: {printable(problem)}", err=True)
    with progress_bar("validate", not as_json) as advance:
        document = comparison.document(found, samples=samples, workers=count, cells=cells, progress=advance)
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    if as_json:
        typer.echo(text)
    else:
        _show(document)
    if output is not None:
        write_whole(output, lambda name: name.write_text(text + "\n", encoding="utf-8"))
        say(f"wrote {output}", quiet=as_json)
    if report is not None:
        write(document, report)
        say(f"wrote {report}", quiet=as_json)
    if plot is not None:
        from sinterface.validation.report import figures
        from sinterface.validation.report.page import TOLERANCE

        onsets = {key: document[key]["onset"]["powders"] for key in SETS}
        save(figures.onsets(onsets, TOLERANCE), plot, quiet=as_json)
    if found.problems:
        raise typer.Exit(1)


@app.command()
def calibrate(
    pool: Annotated[
        Path, typer.Argument(help="JSON file of samples: written after each round, gone on from if it is there.")
    ],
    posterior: Annotated[Path, typer.Option(help="CSV file of the posterior to write.")] = Path("posterior.csv"),
    rounds: Annotated[int, typer.Option(help="Rounds of 32 parameter sets, each run for every firing observed.")] = 4,
    cards: Annotated[
        list[Path] | None,
        typer.Option(help="Folder or file of cards of your own, beside the built-in ones; may be given repeatedly."),
    ] = None,
    size: Annotated[int, typer.Option(help="Equally likely samples to draw from the posterior.")] = 40,
    cells: Cells = 20,
    workers: Workers = 0,
    plot: Picture = None,
) -> None:
    """Estimate the global parameters from observations with role = "fit".  Takes some 4 minutes per round."""
    from sinterface.models.basics.errors import InputError
    from sinterface.models.basics.textfile import read_text
    from sinterface.simulate.files.output import check_writable, write_whole
    from sinterface.validation.calibration import calibrate as calibration
    from sinterface.validation.scores import validate as comparison

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
    found = comparison.read(cards or [])
    for problem in found.problems:
        typer.echo(f"sinterface: {printable(problem)}", err=True)
    past = calibration.read_pool(read_text(pool, MOST_BYTES, "pool of samples")) if pool.exists() else None
    if past is None and rounds == 0:
        raise InputError(f"{pool}: no such file; with no rounds there is nothing to draw from")

    def keep(one: calibration.Pool) -> None:
        write_whole(pool, lambda name: name.write_text(calibration.pool_text(one), encoding="utf-8"))

    made = past
    if rounds:
        with progress_bar("calibrate", True) as advance:
            made = calibration.calibrate(
                found.observations, rounds, workers=count, cells=cells,
                past=past, progress=advance, keep=keep,
            )  # fmt: skip
    assert made is not None
    table = calibration.posterior_table(made, size)
    write_whole(posterior, lambda name: name.write_text(table, encoding="utf-8"))
    _show_estimates(made)
    say(f"wrote {posterior}", quiet=False)
    if plot is not None:
        save(_estimates(calibration.resample(made, size)), plot, quiet=False)


def _estimates(samples: Sequence[Parameters]) -> Figure:
    """Prior against posterior, as the samples drawn from it have it."""
    import numpy as np

    from sinterface.models.rates.parameters import priors
    from sinterface.validation.report import figures

    table = np.array([one.vector() for one in samples])
    spans = zip(table.mean(axis=0), *np.quantile(table, (0.05, 0.95), axis=0), strict=True)
    return figures.parameters([
        {"name": card.name, "prior": {"mean": card.mean, "sd": card.sd}}
        | {"posterior": dict(zip(("mean", "q05", "q95"), map(float, span), strict=True))}
        for card, span in zip(priors(), spans, strict=True)
    ])  # fmt: skip


def _show_estimates(pool: Any) -> None:
    from sinterface.models.rates.parameters import priors
    from sinterface.validation.calibration.calibrate import estimates

    table = _table("parameters", "parameter", "unit", "prior", "posterior", "constrained by")
    for card, one in zip(priors(), estimates(pool), strict=True):
        told = "nothing: as the prior" if one.free else ", ".join(one.felt) or "several together"
        _add(table, card.name, card.unit, f"{card.mean:.3g} ± {card.sd:.2g}", f"{one.mean:.3g} ± {one.sd:.2g}", told)
    console().print(table)
    console().print(f"{len(pool.z)} samples worth {pool.effective():.0f}")


def _show(document: Mapping[str, Any]) -> None:
    screen = console()
    sets = {title: document[key] for key, title in SETS.items()}
    screen.print(_onsets(sets))
    for title, one in sets.items():
        onset, phases = one["onset"], one["phases"]
        screen.print(
            f"{title}: {onset['inside_count']} of {onset['powder_count']} onsets inside, mean distance "
            f"{_number(onset['mean_distance_C'], '.0f')} °C; phases: F1 {_number(phases['f1'], '.2f')}, "
            f"precision {_number(phases['precision'], '.2f')}, recall {_number(phases['recall'], '.2f')}"
        )
    screen.print(_amounts(sets))
    screen.print(_trends(sets))
    elsewhere = document["other_laboratories"]
    if elsewhere:
        good = sum(one["right"] is True for one in elsewhere)
        screen.print(f"other laboratories: {good} of {len(elsewhere)} marks as predicted")
    order = document["thermogravimetry"]["order"]
    if order:
        ranks = " > ".join(", ".join(rank) for rank in order["predicted"])
        screen.print(
            f"heated alone: {order['pairs_right']} of {order['pairs']} pairs in the right order: {ranks}", markup=False
        )
    for problem in document["problems"]:
        screen.print(problem, markup=False)


def _table(title: str, *headings: str) -> Any:
    from rich.table import Table

    table = Table(title=title)
    for heading in headings:
        table.add_column(heading, no_wrap=heading in ("powder", "observation"))
    return table


def _add(table: Any, *cells: str) -> None:
    """A row as it stands: brackets are no markup."""
    from rich.markup import escape

    table.add_row(*map(escape, cells))


def _onsets(sets: Mapping[str, Mapping[str, Any]]) -> Any:
    table = _table("onset of the first secondary phase, °C", "powder", "observed", *sets)
    powders = [one["onset"]["powders"] for one in sets.values()]
    for powder, first in powders[0].items():
        clean, seen = first["bracket_C"]
        told = f"above {clean:g}" if seen is None else f"to {seen:g}" if clean is None else f"{clean:g} to {seen:g}"
        row = []
        for one in (found[powder] for found in powders):
            low, high = (_number(T, "g", "none") for T in one["interval_C"])
            row.append(f"{_number(one['predicted_C'], 'g', 'none')} [{low}, {high}] ({_yes(one['inside'])})")
        _add(table, powder, told, *row)
    table.caption = "predicted [5 %, 95 %] (inside); none: up to the highest temperature tried"
    return table


def _amounts(sets: Mapping[str, Mapping[str, Any]]) -> Any:
    table = _table("amounts, wt%", "observation", "what", "measured", *sets)
    for several in zip(*(one["amounts"] for one in sets.values()), strict=True):
        first = several[0]
        if "gone" in first:
            what, measured = f"{first['gone']} left", f"< {first['limit']:g}"
            row = [f"{_number(one['left'], '.2f')} ({_yes(one['predicted_gone'])})" for one in several]
        else:
            what, measured = " + ".join(first["families"]), f"{first['measured']:g} ± {first['sd']:g}"
            row = [f"{_number(one['predicted'], '.2f')} ({_yes(one['within_30_percent'])})" for one in several]
        _add(table, first["id"], what, measured, *row)
    table.caption = "(within 30 %, or gone as observed)"
    return table


def _trends(sets: Mapping[str, Mapping[str, Any]]) -> Any:
    table = _table("trends: probability (holds)", "powder", "family", "°C", "observed", *sets)
    for several in zip(*(one["trends"] for one in sets.values()), strict=True):
        first = several[0]
        row = [f"{_number(one['probability'], '.2f')} ({_yes(one['holds'])})" for one in several]
        _add(table, first["cathode"], first["family"], f"{first['from_C']:g} to {first['to_C']:g}", first["said"], *row)
    return table


def _number(value: float | None, form: str, missing: str = "-") -> str:
    return missing if value is None else format(value, form)


def _yes(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "-"}[value]


if __name__ == "__main__":
    main()
