"""Talking to the terminal: tables, lines, and a progress bar for whatever takes over a second."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer


@contextmanager
def progress_bar(title: str, wanted: bool) -> Iterator[Callable[[float], None]]:
    """A bar on standard error when it is a terminal; advance(share done) moves it."""
    if not (wanted and sys.stderr.isatty()):
        yield lambda share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def console() -> Any:
    """A rich console on standard output."""
    from rich.console import Console

    return Console()


def say(text: str, *, quiet: bool) -> None:
    """One line; on standard error when standard output is for a document."""
    typer.echo(text, err=quiet)
