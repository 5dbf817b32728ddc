"""Talking to the terminal: tables, lines, and a progress bar for whatever takes over a second."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer

MOST_PROCESSES = 512
"""Most worker processes that can be asked for."""


def processes(wanted: int) -> int:
    """Worker processes for ``--workers``: one per core for 0.  Raises InputError."""
    from sinterface.models.basics.errors import InputError

    if not 0 <= wanted <= MOST_PROCESSES:
        raise InputError(f"--workers {wanted}: give 1 to {MOST_PROCESSES} processes, or 0 for one per core")
    return wanted or os.cpu_count() or 1


def printable(message: object) -> str:
    """A message as one line without control characters, whatever the user's input that it quotes."""
    line = " ".join(str(message).split())
    return "".join(character if character.isprintable() else "?" for character in line)


@contextmanager
def progress_bar(title: str, wanted: bool) -> Iterator[Callable[[float], None]]:
    """A bar on standard error when it is a terminal; advance(share done) moves it."""
    if not (wanted and sys.stderr.isatty()):
        yield lambda share: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(escape(title), total=1.0)
        yield lambda share: bar.update(task, completed=share)


def console(stderr: bool = False) -> Any:
    """A rich console on standard output, or on standard error."""
    from rich.console import Console

    return Console(stderr=stderr)


def letters(heading: str, cells: Sequence[str]) -> int:
    """Letters that a column needs so that no word and no cell of it is broken.

    >>> letters("electrolyte left / %", ["83.4", "0.0"])
    11
    """
    return max(map(len, [*heading.split(), *cells]))


def in_parts(columns: Sequence[tuple[str, list[str]]], width: int) -> list[list[tuple[str, list[str]]]]:
    """Columns (heading, cells) as tables that fit into ``width`` letters, each of them with the first column.

    >>> [[heading for heading, _ in part] for part in in_parts([("T", ["1"]), ("abc", ["2"]), ("def", ["3"])], 12)]
    [['T', 'abc'], ['T', 'def']]
    """
    first, *others = columns
    parts: list[list[tuple[str, list[str]]]] = [[first]]
    for column in others:
        if len(parts[-1]) > 1 and 1 + sum(3 + letters(*each) for each in [*parts[-1], column]) > width:
            parts.append([first])
        parts[-1].append(column)
    return parts


def say(text: str, *, quiet: bool) -> None:
    """One line; on standard error when standard output is for a document."""
    typer.echo(text, err=quiet)
