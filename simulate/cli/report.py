"""``sinterface report``: a page to look at, made of files that other commands wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sinterface.simulate.cli.options import check_limit
from sinterface.simulate.cli.terminal import say

MOST_FILES, MOST_LISTED = 100, 10_000


def report(
    files: Annotated[
        list[Path],
        typer.Argument(help="NetCDF files of run, sweep or compare -o; JSON of optimize -o; stores of screen."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="HTML page to write.")],
    detection_limit: Annotated[
        float | None,
        typer.Option(help="Share at which a phase family counts as seen, wt%; without it a sweep's own, for others 1."),
    ] = None,
    top: Annotated[int, typer.Option(help="Candidates of a screen listed, best first.")] = 100,
) -> None:
    """Make one offline HTML page with interactive charts of what other commands wrote."""
    from sinterface.models.basics.errors import InputError
    from sinterface.simulate.files.output import check_ending
    from sinterface.simulate.pages.report import write

    if detection_limit is not None:
        check_limit(detection_limit)
    if len(files) > MOST_FILES:
        raise InputError(f"{len(files)} files: one page takes at most {MOST_FILES}")
    if not 0 <= top <= MOST_LISTED:
        raise InputError(f"--top {top}: choose 0 to {MOST_LISTED}")
    check_ending(output, {".html": "a page", ".htm": "the same"})
    write(files, output, limit=detection_limit, top=top)
    say(f"wrote {output}", quiet=False)
