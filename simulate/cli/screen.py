"""``sinterface screen``: many candidates into one store, a ranked table, and pictures of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.simulate.cli import phases
from sinterface.simulate.cli.options import Database, Json, Picture, Style, Workers, check_outputs, save
from sinterface.simulate.cli.terminal import Column, console, print_table, processes, say

if TYPE_CHECKING:
    import xarray as xr

    from sinterface.simulate.screening.screen import Screened

MOST_LINES = 5
"""Reasons of failures printed."""


def screen(
    space: Annotated[Path, typer.Argument(help="TOML file of the candidates; docs/screening.md explains its keys.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Zarr store to write, e.g. results.zarr.")],
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a store that was interrupted.")] = False,
    workers: Workers = 0,
    scheduler: Annotated[str | None, typer.Option(help="Existing Dask cluster instead: tcp://host:port.")] = None,
    lost: Annotated[
        str, typer.Option(help="When all workers of a cluster or its scheduler are gone: wait for others, or stop.")
    ] = "wait",
    top: Annotated[int, typer.Option(help="Candidates listed, best first.")] = 20,
    detect: Annotated[
        str | None,
        typer.Option(help="What phases are looked for with, in place of the file's limit: xrd, raman, or wt%."),
    ] = None,
    database: Database = None,
    plot: Picture = None,
    style: Style = "screen",
    as_json: Json = False,
) -> None:
    """Judge many cathodes, electrolytes, schedules, gases and coatings; rank them."""
    from dataclasses import replace

    from sinterface.models.basics.errors import InputError
    from sinterface.models.instruments.detector import Detector
    from sinterface.simulate.files.output import check_ending
    from sinterface.simulate.setup.extras import require

    require("screen")
    from sinterface.simulate.screening import candidate_space as spaces
    from sinterface.simulate.screening.dask_pool import check_address
    from sinterface.simulate.screening.screen import screen as run
    from sinterface.simulate.screening.zarr_store import open_store, reading

    if scheduler is not None and workers:
        raise InputError("--workers and --scheduler are both given: a cluster has its own workers, drop --workers")
    if scheduler is not None:
        check_address(scheduler)
    if top < 0:
        raise InputError(f"--top {top}: must be 0 or more")
    count = processes(workers)
    candidates = spaces.read(space)
    if detect is not None:
        candidates = replace(candidates, detect=Detector.read(detect))
    check_outputs(None, plot, style=style)
    check_ending(output, {".zarr": "a store"})
    phase_data = None if database is None else phases.open_database(database)
    with _progress(not as_json) as advance:
        done = run(
            candidates, output, resume=resume, workers=count, scheduler=scheduler,
            database=phase_data, progress=advance, lost=lost,
        )  # fmt: skip
    store = open_store(output)
    with reading(output):
        document = _document(store, done, output, top)
    if as_json:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _show(document)
    if plot is not None:
        from sinterface.simulate.figures.plot_screen import overview

        with reading(output):
            figure = overview(store)
        save(figure, plot, quiet=as_json, style=style)
    say(f"wrote {output}", quiet=as_json)


@contextmanager
def _progress(wanted: bool) -> Iterator[Callable[[int, int], None]]:
    """Bar with rows, rate and remaining time on standard error when it is a terminal."""
    import sys
    import time

    if not (wanted and sys.stderr.isatty()):
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("screen"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
    first: list[tuple[float, int]] = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("screen", total=None, pace="")

        def advance(done: int, total: int) -> None:
            now = time.monotonic()
            if not first:
                first.append((now, done))
            bar.update(task, completed=done, total=total, pace=pace(done, total, done - first[0][1], now - first[0][0]))

        yield advance


def pace(done: int, total: int, fresh: int, seconds: float) -> str:
    """Rate and remaining time as text, from ``fresh`` rows made in ``seconds``."""
    if fresh <= 0 or seconds <= 0.0:
        return ""
    rate = fresh / seconds
    left = round((total - done) / rate)
    shown = f"{rate:.2f}/s" if rate >= 0.1 else f"{60.0 * rate:.2f}/min"
    return f"{shown}, {left // 3600}:{left // 60 % 60:02}:{left % 60:02} left"


def _document(store: xr.Dataset, done: Screened, path: Path, top: int) -> dict[str, Any]:
    """The screen as the JSON document that ``docs/screening.md`` describes."""
    from sinterface.simulate.screening.rankings import best, reasons

    return {
        "store": str(path),
        "candidates": done.total,
        "failed": done.failed,
        "computed_now": done.total - done.before,
        "candidates_per_second": done.rate,
        "temperatures_C": store["temperature"].values.tolist(),
        "limit_wt_percent": store.attrs["limit_wt_percent"],
        "detected_by": store.attrs["detected_by"],
        "accuracy": store.attrs["accuracy"],
        "ranked": best(store, top),
        "failures": reasons(store),
        "database": store.attrs["database"],
        "version": store.attrs["version"],
        "digest": store.attrs["digest"],
    }


def _show(document: dict[str, Any]) -> None:
    from sinterface.models.basics.textfile import plain
    from sinterface.simulate.pages.report_screen import coating_told

    ranked = document["ranked"]
    never = f"> {document['temperatures_C'][-1]:g}"
    forces = [
        min((value for value in row["driving_force_meV_per_atom"] if value is not None), default=0.0) for row in ranked
    ]
    columns = [
        Column("rank", [str(row["rank"]) for row in ranked], right=True),
        Column("cathode", [plain(row["cathode"]) for row in ranked]),
    ]
    columns += [
        Column(key, [plain(row[key] or "none") for row in ranked], spare=1, wraps=True)
        for key in ("morphology", "electrolyte", "coated", "schedule", "gas") if len({row[key] for row in ranked}) > 1
    ]  # fmt: skip
    clean = [row["clean_to_C"] for row in ranked]
    columns += [
        Column("clean to / °C", ["-" if T is None else f"{T:g}" for T in clean], right=True),
        Column(
            "onset / °C", [never if row["onset_C"] is None else f"{row['onset_C']:g}" for row in ranked], right=True
        ),
        Column("most / wt%", [f"{row['secondary_wt_percent_most'] or 0.0:.2f}" for row in ranked], right=True),
        Column("families", [plain(", ".join(list(row["wt_percent_most"])[:2])) for row in ranked], spare=4),
        Column("meV/atom", [f"{round(force, 1) + 0.0:.1f}" for force in forces], right=True, spare=2),
    ]
    if any(value is not None for row in ranked for value in row["probability_under_limit"]):
        shares = [
            " ".join("-" if p is None else f"{p:.2f}" for p in row["probability_under_limit"]) for row in ranked
        ]  # fmt: skip
        columns.append(Column("under limit", shares, spare=3))
    coated = any(row["coatings"] for row in ranked)
    if coated:
        told = [
            plain(coating_told(row["coatings"][0], force)[0]) if row["coatings"] else ""
            for row, force in zip(ranked, forces, strict=True)
        ]
        columns.append(Column("coating", told, spare=2, wraps=True))
    print_table(plain(f"best {len(ranked)} of {document['candidates']} candidates, {document['accuracy']}"), columns)
    screen = console()
    if coated:
        screen.print("coating: the best, with the reaction energy of its worse face in meV/atom", markup=False)
    for failure in document["failures"][:MOST_LINES]:
        screen.print(f"{failure['candidates']} failed: {plain(failure['reason'])}", markup=False)
    if len(document["failures"]) > MOST_LINES:
        screen.print("more reasons: --json, or `outcome` in the store")
    screen.print(
        f"{document['candidates']} candidates, {document['failed']} failed, {document['computed_now']} computed now "
        f"at {document['candidates_per_second']:.2f} per second"
    )
