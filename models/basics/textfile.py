"""Text that others wrote: files are read up to a stated size, and names and titles are made safe to print and draw."""

from __future__ import annotations

import re
import tomllib
from itertools import islice
from pathlib import Path
from typing import Any

from sinterface.models.basics.errors import DataError, InputError, near, shown
from sinterface.models.basics.lookalikes import outline

MOST_NAMES = 10_000
"""Names in a folder among which near ones are looked for."""


def read_text(path: Path, most: int, what: str) -> str:
    """Text of a file of at most ``most`` bytes; ``what`` it should be stands in the messages.

    Devices and pipes are read no further than files.  Raises InputError when it can not be read, DataError when it is
    too long or not UTF-8.

    >>> read_text(Path("no-such-card.toml"), 100, "card")
    Traceback (most recent call last):
    ...
    sinterface.models.basics.errors.InputError: no-such-card.toml: No such file or directory
    """
    name = str(path) if str(path).isprintable() and len(str(path)) <= 300 else shown(str(path))
    try:
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or error}{instead(path)}") from error
    except ValueError as error:  # a null in the name
        raise InputError(f"{name}: there is no such file") from error
    if len(content) > most:
        raise DataError(f"{name}: over {most} bytes is no {what}")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not a {what}: byte {error.start} is not UTF-8 text") from error


def instead(path: Path) -> str:
    """What may be meant by a path that does not exist, as the end of a message on it; empty where nothing is near.

    These are the nearest names with its ending in its folder, else the same name with another ending, or that there is
    no such folder.

    >>> instead(Path("no-such-folder/card.toml"))
    '; there is no folder no-such-folder'
    """
    try:
        if path.exists():
            return ""
        missing = [folder for folder in path.parents if not folder.is_dir()]
        if missing:
            return f"; there is no folder {plain(missing[-1])}"
        beside = [entry for entry in islice(path.parent.iterdir(), MOST_NAMES) if not entry.name.startswith(".")]
    except (OSError, ValueError):  # a folder that others may not read, a null in the name
        return ""
    alike = [entry for entry in beside if entry.suffix.casefold() == path.suffix.casefold()]
    stems = near(path.stem, {entry.stem for entry in alike})
    names = [plain(entry) for stem in stems for entry in sorted(alike) if entry.stem == stem]
    names = names or [plain(entry) for entry in sorted(beside) if outline(entry.stem) == outline(path.stem)]
    return f"; did you mean {', '.join(names[:3])}?" if names else ""


def misspelt_ending(text: str, right: str) -> str:
    """What is wrong with the name of a file that should end in ``right``, as the end of a message; empty for no file.

    Only what ends in a dot and letters is a name: formulas have digits after their dots.  The disk is not looked at.

    >>> misspelt_ending("mine.tml", ".toml"), misspelt_ending("LiNi0.5Mn1.5O4", ".toml")
    ("the names of such files end in .toml: did you mean 'mine.toml'?", '')
    """
    name = Path(text.strip())
    if not re.fullmatch(r"\.[A-Za-z]{1,8}", name.suffix):
        return ""
    return f"the names of such files end in {right}: did you mean {shown(str(name.with_suffix(right)))}?"


_LONG_KEY = re.compile(r"""(?:\.[ \t]*(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*){100}""")


def load_toml(text: str) -> dict[str, Any]:
    """What TOML text says, as ``tomllib.loads`` does, but for keys of over 100 parts, on which that spends hours.

    Raises tomllib.TOMLDecodeError, RecursionError or ValueError for what is no TOML.

    >>> load_toml("a.b = 1")
    {'a': {'b': 1}}
    """
    if _LONG_KEY.search(text):
        raise tomllib.TOMLDecodeError("a key of over 100 parts")
    return tomllib.loads(text)


def plain(text: object, most: int = 200) -> str:
    """A title, name or id as one printable line: no escape codes for terminals, no reversed text, no line breaks.

    Runs of blanks become one, other characters that do not print become ``?``, and what is longer than ``most``
    characters is cut.  Markup of rich and of HTML is left to ``rich.markup.escape`` and ``html.escape``.

    >>> plain("a title\\n\\x1b[31mred")
    'a title ?[31mred'
    """
    line = " ".join(str(text)[: 4 * most].split())
    line = "".join(character if character.isprintable() else "?" for character in line)
    return line if len(line) <= most else line[: most - 3] + "..."


def drawn(text: object, most: int = 200) -> str:
    """The same for matplotlib, which takes what stands between two dollars for a formula, and fails on a wrong one.

    >>> drawn("5 $ or 10 $")
    '5 \\\\$ or 10 \\\\$'
    """
    return plain(text, most).replace("$", r"\$")
