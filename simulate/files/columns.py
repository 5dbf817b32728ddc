"""Two columns of numbers as instruments export them: .xy, .xye, .csv, .txt and .dat, with or without words above."""

from __future__ import annotations

import io
import re
from pathlib import Path

from sinterface.models.basics.errors import DataError, shown
from sinterface.models.basics.textfile import read_text

MOST_BYTES = 20_000_000
"""Longest file that is read."""

MOST_LINES = 500_000
"""Most lines of a file that is read."""

COLUMNS = (".xy", ".xye", ".csv", ".txt", ".dat")
"""Endings of files that hold two numbers or more on each line."""

MOST_WORDS = 1000
"""Lines of words at the beginning of a file, after which it holds no numbers."""


def two_columns(path: Path, what: str, remedy: str) -> tuple[list[float], list[float]]:
    """The first two numbers of each line of a file; further columns and the lines of words at its beginning are left.

    Numbers are parted by blanks, tabs, commas or semicolons; with semicolons, or where it can not be otherwise, commas
    are decimal ones.  ``what`` the file should be and the ``remedy`` stand in the messages.  Raises InputError when it
    can not be read, DataError for words or single numbers after the first pair.
    """
    text = read_text(path, MOST_BYTES, what)
    if max(text.count("\n"), text.count("\r")) > MOST_LINES:
        raise DataError(f"{path}: over {MOST_LINES} lines are no {what}; {remedy}")
    decimal_comma = ";" in text or re.search(r"\d,\d{1,20}\s{1,20}-?\d{1,20},\d", text) is not None
    first: list[float] = []
    second: list[float] = []
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        fields = re.split(r"[;\s]+" if decimal_comma else r"[,\s]+", line.strip().strip(",;"), maxsplit=2)
        try:
            values = [float(part.replace(",", ".") if decimal_comma else part) for part in fields[:2]]
        except ValueError:
            if first:  # words after the first numbers
                if line.strip() and not line.lstrip().startswith(("#", "!", ";", "'")):
                    raise DataError(
                        f"{path}: line {number}, {shown(line, 40)}, is no pair of numbers; {remedy}"
                    ) from None
            elif number > MOST_WORDS:
                break
            continue
        if len(values) < 2:
            if first:
                raise DataError(f"{path}: line {number} has one column; {remedy}")
            continue
        first.append(values[0])
        second.append(values[1])
    return first, second
