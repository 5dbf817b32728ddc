"""``sinterface screen``: many candidates into one store, a ranked table, and pictures of them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.simulate import cli_phases
from sinterface.simulate.terminal import console, say

if TYPE_CHECKING:
    import xarray as xr

    from sinterface.simulate.screen import Screened

MOST_REASONS = 20
"""Reasons of failures listed in the JSON document."""

MOST_LINES = 5
"""Of those, printed."""


def screen(
    space: Annotated[Path, typer.Argument(help="TOML file of the candidates; docs/screening.md explains its keys.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Zarr store to write, e.g. results.zarr.")],
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a store that was interrupted.")] = False,
    workers: Annotated[int, typer.Option(help="Processes; 0 takes one per core.")] = 0,
    scheduler: Annotated[str | None, typer.Option(help="Existing Dask cluster instead: tcp://host:port.")] = None,
    top: Annotated[int, typer.Option(help="Candidates listed, best first.")] = 20,
    database: cli_phases.File = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Figure to write: .png, .pdf or .svg.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON document on standard output and nothing else.")
    ] = False,
) -> None:
    """Judge many cathodes, electrolytes, schedules, gases and coatings; rank them."""
    from sinterface.models.errors import InputError
    from sinterface.simulate import plot as plots
    from sinterface.simulate import space as spaces
    from sinterface.simulate.output import check_writable
    from sinterface.simulate.screen import screen as run
    from sinterface.simulate.store import open_store

    if scheduler is not None and workers:
        raise InputError("--workers and --scheduler are both given: a cluster has its own workers, drop --workers")
    if workers < 0 or top < 0:
        raise InputError(f"--workers {workers}, --top {top}: must be 0 or more")
    found = spaces.read(space)
    if plot is not None:
        plots.check_format(plot)
        check_writable(plot)
    data = None if database is None else cli_phases.open_database(database)
    with _progress(not as_json) as advance:
        done = run(
            found, output, resume=resume, workers=workers or os.cpu_count() or 1, scheduler=scheduler,
            database=data, progress=advance,
        )  # fmt: skip
    store = open_store(output)
    document = _document(store, done, output, top)
    if as_json:
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _show(document)
    if plot is not None:
        from sinterface.simulate.plot_screen import overview

        plots.save(overview(store), plot)
        say(f"wrote {plot}", quiet=as_json)
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
    import numpy as np

    from sinterface.simulate.store import DONE

    rank = store["rank"].values
    best = np.flatnonzero((rank > 0) & (rank <= top))
    best = best[np.argsort(rank[best])]
    reasons: dict[str, int] = {}
    size = store["outcome"].chunks[0][0] if store["outcome"].chunks else len(rank)
    for low in range(0, len(rank), size):
        for text in store["outcome"][low : low + size].values.tolist():
            if text != DONE and (text in reasons or len(reasons) < MOST_REASONS):
                reasons[text] = reasons.get(text, 0) + 1
    return {
        "store": str(path),
        "candidates": done.total,
        "failed": done.failed,
        "computed_now": done.total - done.before,
        "candidates_per_second": done.rate,
        "temperatures_C": store["temperature"].values.tolist(),
        "limit_wt_percent": store.attrs["limit_wt_percent"],
        "accuracy": store.attrs["accuracy"],
        "ranked": [_entry(store.isel(candidate=int(index)).load(), int(index)) for index in best],
        "failures": [{"reason": reason, "candidates": count} for reason, count in reasons.items()],
        "database": store.attrs["database"],
        "version": store.attrs["version"],
        "digest": store.attrs["digest"],
    }


def _entry(one: xr.Dataset, index: int) -> dict[str, Any]:
    import numpy as np

    shares = np.nan_to_num(one["wt_percent"].values).max(axis=0)
    order = [k for k in np.argsort(-shares, kind="stable") if shares[k] >= 0.01]
    found: dict[str, Any] = {
        "rank": int(one["rank"]),
        "candidate": index,
        **{key: str(one[key].values) for key in ("cathode", "morphology", "electrolyte", "schedule", "gas")},
        "onset_C": _finite(one["onset"]),
        "onset_interval_C": [_finite(T) for T in one["onset_interval"].values],
        "secondary_wt_percent_most": _finite(one["secondary_wt_percent"].max()),
        "wt_percent_most": {str(one["family"].values[k]): float(shares[k]) for k in order},
        "driving_force_meV_per_atom": [_finite(value) for value in one["driving_force"].values],
        "probability_under_limit": [_finite(value) for value in one["probability_under_limit"].values],
        "outcome": str(one["outcome"].values),
    }
    bare = float(one["driving_force"].min())
    faces = one["coating_driving_force"].min("temperature").values
    coated: list[dict[str, Any]] = sorted(
        (
            {
                "coating": str(name),
                "cathode_face_meV_per_atom": _finite(pair[0]),
                "electrolyte_face_meV_per_atom": _finite(pair[1]),
                "better_than_bare_by_meV_per_atom": _finite(min(pair) - bare),
            }
            for name, pair in zip(one["coating"].values, faces, strict=True)
        ),
        key=lambda entry: (-(entry["better_than_bare_by_meV_per_atom"] or 0.0), entry["coating"]),
    )
    return found | {"coatings": coated}


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def _show(document: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    highest = document["temperatures_C"][-1]
    ranked = document["ranked"]
    table = Table(title=f"best {len(ranked)} of {document['candidates']} candidates, {document['accuracy']}")
    sampled = any(value is not None for one in ranked for value in one["probability_under_limit"])
    keys = [key for key in ("morphology", "electrolyte", "schedule", "gas") if len({one[key] for one in ranked}) > 1]
    coated = any(one["coatings"] for one in ranked)
    heads = ["rank", "cathode", *keys, "onset / °C", "most / wt%", "families", "meV/atom"]
    for heading in heads + ["under limit"] * sampled + ["best coating, worse face"] * coated:
        side: Any = "right" if "/" in heading or heading == "rank" else "left"
        table.add_column(heading, justify=side, no_wrap=heading == "cathode", min_width=16 * (heading == "cathode"))
    for one in ranked:
        onset = one["onset_C"]
        forces = [value for value in one["driving_force_meV_per_atom"] if value is not None]
        cells = [
            str(one["rank"]), one["cathode"], *(one[key] for key in keys),
            f"> {highest:g}" if onset is None else f"{onset:g}", f"{one['secondary_wt_percent_most'] or 0.0:.2f}",
            ", ".join(list(one["wt_percent_most"])[:2]), f"{round(min(forces, default=0.0), 1) + 0.0:.1f}",
        ]  # fmt: skip
        if sampled:
            cells.append(" ".join("-" if p is None else f"{p:.2f}" for p in one["probability_under_limit"]))
        if coated:
            best = one["coatings"][0]
            faces = (best["cathode_face_meV_per_atom"], best["electrolyte_face_meV_per_atom"])
            cells.append(f"{best['coating']} {min((e for e in faces if e is not None), default=math.nan):.1f}")
        table.add_row(*map(escape, cells))
    screen = console()
    screen.print(table)
    for one in document["failures"][:MOST_LINES]:
        screen.print(f"{one['candidates']} failed: {one['reason']}", markup=False)
    if len(document["failures"]) > MOST_LINES:
        screen.print("more reasons: --json, or `outcome` in the store")
    screen.print(
        f"{document['candidates']} candidates, {document['failed']} failed, {document['computed_now']} computed now "
        f"at {document['candidates_per_second']:.2f} per second"
    )
