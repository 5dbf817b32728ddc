"""Standard output and error that take every character, wherever the program runs."""

from __future__ import annotations

import contextlib
import io
import sys


def forgiving_streams() -> None:
    """Print ``?`` for what the terminal's encoding does not have, instead of failing after the calculation.

    For the start of a command line: a library must leave these streams alone.  In a C locale with Python's UTF-8 mode
    switched off the degree sign alone would end a table.

    >>> forgiving_streams()
    """
    for stream in (sys.stdout, sys.stderr):  # None where the caller has closed them
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(OSError, ValueError):
                stream.reconfigure(errors="replace")
