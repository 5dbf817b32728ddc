"""Errors a user can act on.  Each message is one line: the input, the choices, the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST = 60
"""Most choices listed in a message."""


class SinterfaceError(Exception):
    """Base of every error raised on purpose."""


class InputError(SinterfaceError, ValueError):
    """What the user asked for can not be done as written."""


class DataError(SinterfaceError, ValueError):
    """A data file or card is malformed, incomplete or inconsistent."""


class SolveError(SinterfaceError, RuntimeError):
    """A calculation could not be finished; the message says what to change."""


def shown(value: object, most: int = 60) -> str:
    """A value as it stands in a message: its repr, printable and cut to about ``most`` characters.

    >>> shown("LiCoO2"), shown("x" * 20, most=10)
    ("'LiCoO2'", "'xxxxxxx...'")
    """
    try:
        if isinstance(value, str):
            return repr(value if len(value) <= most else value[: most - 3] + "...")
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, a list in a list in a list
        return f"<{type(value).__name__} without end>"
    return text if len(text) <= most else text[: most - 3] + "..."


def unknown(kind: str, name: str, choices: Iterable[str], remedy: str = "") -> InputError:
    """The error for a name that is not among ``choices``: nearest names first.

    >>> str(unknown("powder", "pc-lco", ["pc-LCO", "pc-LNMO"]))
    "unknown powder 'pc-lco': did you mean pc-LCO, pc-LNMO? choices are pc-LCO, pc-LNMO"
    """
    known = sorted(choices)
    folded = {choice.casefold(): choice for choice in known}
    near = [folded[match] for match in difflib.get_close_matches(name[:200].casefold(), list(folded), n=3, cutoff=0.6)]
    hint = f"did you mean {', '.join(near)}? " if near else ""
    listed = ", ".join(known[:MOST] + ([f"... ({len(known)} in all)"] if len(known) > MOST else []))
    ending = f"; {remedy}" if remedy else ""
    return InputError(f"unknown {kind} {shown(name)}: {hint}choices are {listed}{ending}")
