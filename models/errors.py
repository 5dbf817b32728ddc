"""Errors a user can act on.  Each message is one line: the input, the choices, the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SinterfaceError(Exception):
    """Base of every error raised on purpose."""


class InputError(SinterfaceError, ValueError):
    """What the user asked for can not be done as written."""


class DataError(SinterfaceError, ValueError):
    """A data file or card is malformed, incomplete or inconsistent."""


class SolveError(SinterfaceError, RuntimeError):
    """A calculation could not be finished; the message says what to change."""


def unknown(kind: str, name: str, choices: Iterable[str], remedy: str = "") -> InputError:
    """The error for a name that is not among ``choices``: nearest names first."""
    known = sorted(choices)
    folded = {choice.casefold(): choice for choice in known}
    near = [folded[match] for match in difflib.get_close_matches(name.casefold(), list(folded), n=3, cutoff=0.6)]
    hint = f"did you mean {', '.join(near)}? " if near else ""
    return InputError(f"unknown {kind} {name!r}: {hint}choices are {', '.join(known)}{'; ' + remedy if remedy else ''}")
