"""Talking to the terminal: tables, lines, a progress bar for whatever takes over a second, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

MOST_PROCESSES = 512
"""Most worker processes that can be asked for."""

AGAIN = 0.05
"""Time [s] after which an interrupt that came at a bad moment is heard again."""


BEGINS, LEFT, ENDS = "being prepared", "left:", "being put together"
"""What a bar says before the time that is left, as it stands still at its beginning, when processes start, and at its
end, when results are made."""


def hear_interrupts() -> None:
    """Ctrl-C that comes while compiled code is loaded is heard a moment later.

    The compiler calls back into Python then, and swallows whatever is raised there: the program would go on.  Where
    Ctrl-C is ignored, as in the background of a shell, it stays ignored; threads and Windows keep what they have.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        return
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
        signal.signal(signal.SIGALRM, _interrupted)


def _interrupted(number: int, frame: FrameType | None) -> None:
    while frame is not None:
        if f"{os.sep}llvmlite{os.sep}" in frame.f_code.co_filename:
            signal.setitimer(signal.ITIMER_REAL, AGAIN)
            return
        frame = frame.f_back
    raise KeyboardInterrupt


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


class Bar:
    """A bar that is called with the share done; without ``shown``, rich's own bar, nothing is seen of it."""

    def __init__(self, shown: Progress | None = None) -> None:
        """A bar at its beginning."""
        self.shown = shown

    def __call__(self, share: float) -> None:
        """Move to the share done [1], and say what takes time where no share of it can be told."""
        if self.shown is not None:
            words = BEGINS if share <= 0.0 else ENDS if share >= 1.0 else LEFT
            self.shown.update(self.shown.task_ids[0], completed=share, words=words)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """The bar is not there while what stands below is printed, and comes back after it."""
        if self.shown is None:
            yield
            return
        self.shown.stop()
        yield
        self.shown.start()


@contextmanager
def progress_bar(title: str, wanted: bool) -> Iterator[Bar]:
    """A bar on standard error when it is a terminal, with the time since it began."""
    if not (wanted and sys.stderr.isatty()):
        yield Bar()
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[words]}"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        bar.add_task(escape(title), total=1.0, words=BEGINS)
        yield Bar(bar)


def console(stderr: bool = False) -> Any:
    """A rich console on standard output, or on standard error."""
    from rich.console import Console

    return Console(stderr=stderr)


@dataclass(frozen=True)
class Column:
    """A column of a table: ``spare`` ones are left out where there is no room, the highest first; 0 stays.

    Cells of a column that ``wraps`` may be broken between words, those of others stay whole.
    """

    heading: str
    cells: list[str]
    right: bool = False
    spare: int = 0
    wraps: bool = False

    @property
    def least(self) -> int:
        """Letters that it needs so that no word and no cell of it is broken.

        >>> Column("electrolyte left / %", ["83.4", "0.0"]).least
        11
        """
        cells = [word for cell in self.cells for word in cell.split()] if self.wraps else self.cells
        return max(map(len, [*self.heading.split(), *cells]))

    @property
    def whole(self) -> int:
        """Letters with which nothing of it is broken at all."""
        return max(map(len, [self.heading, *self.cells]))


def fits(columns: Sequence[Column], width: int) -> bool:
    """Whether a table of these columns fits into ``width`` letters: each takes three more, and the frame a last."""
    return 1 + sum(3 + column.least for column in columns) <= width


def in_parts(columns: Sequence[Column], width: int) -> list[list[Column]]:
    """Columns as tables that fit into ``width`` letters, each of them with the first column.

    >>> row = [Column("T", ["1"]), Column("abc", ["2"]), Column("def", ["3"])]
    >>> [[column.heading for column in part] for part in in_parts(row, 12)]
    [['T', 'abc'], ['T', 'def']]
    """
    first, *others = columns
    parts: list[list[Column]] = [[first]]
    for column in others:
        if len(parts[-1]) > 1 and not fits([*parts[-1], column], width):
            parts.append([first])
        parts[-1].append(column)
    return parts


def spared(columns: Sequence[Column], width: int) -> tuple[list[Column], list[str]]:
    """Those of the columns that fit into ``width`` letters, and the headings of those that were left out.

    >>> kept, left = spared([Column("phase", ["Li2O"]), Column("role", ["secondary"], spare=1)], 15)
    >>> left
    ['role']
    """
    kept = list(columns)
    while not fits(kept, width) and any(column.spare for column in kept):
        kept.remove(max(kept, key=lambda column: column.spare))
    return kept, [column.heading for column in columns if column not in kept]


def widths(columns: Sequence[Column], width: int) -> list[int]:
    """Letters of each column in a table of ``width``: what it needs, and of what is left what it can use, in turn.

    >>> widths([Column("T / °C", ["400"]), Column("gas", ["O2, then air"], wraps=True)], 24)
    [6, 11]
    """
    left = width - 1 - sum(3 + column.least for column in columns)
    shared = []
    for column in columns:
        more = max(min(column.whole - column.least, left), 0)
        left -= more
        shared.append(column.least + more)
    return shared


def print_table(
    title: str,
    columns: Sequence[Column],
    *,
    sections: Sequence[int] = (),
    framed: bool = True,
    remedy: str = "a wider terminal and --json have it",
) -> None:
    """Print a table that no terminal cuts: columns to spare are left out of a narrow terminal, and it is said.

    What still does not fit goes on in a table below, with the first column.  A line is drawn above each of the rows
    ``sections``; a table that is not ``framed`` has no lines at all.
    ``remedy`` says where to find what was left out.
    """
    from rich.box import HEAVY_HEAD
    from rich.markup import escape
    from rich.table import Table

    screen = console()
    kept, left = spared(columns, screen.width)
    for part in in_parts(kept, screen.width):
        table = Table(title=escape(title) or None, box=HEAVY_HEAD if framed else None)
        for column, wide in zip(part, widths(part, screen.width), strict=True):
            side: Any = "right" if column.right else "left"
            table.add_column(escape(column.heading), justify=side, width=wide)
        for number, cells in enumerate(zip(*(column.cells for column in part), strict=True)):
            if number in sections:
                table.add_section()
            table.add_row(*map(escape, cells))
        screen.print(table)
    if left:
        screen.print(f"left out for want of room: {', '.join(left)}; {remedy}", markup=False)


def say(text: str, *, quiet: bool) -> None:
    """One line; on standard error when standard output is for a document."""
    typer.echo(text, err=quiet)
