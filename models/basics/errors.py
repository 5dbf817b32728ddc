"""Errors a user can act on.  Each message is one line: the input, the choices, the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from sinterface.models.basics.lookalikes import outline

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


def near(name: str, choices: Iterable[str], also: Mapping[str, str] | None = None) -> list[str]:
    """Up to three of ``choices`` that a name may stand for, best first: those that look the same, else those like it.

    ``also`` are other words, each for a choice.

    >>> near("02", ["CO2", "N2", "O2"]), near("oxygen", ["N2", "O2"], {"oxygen": "O2"})
    (['O2'], ['O2'])
    """
    meant: dict[str, dict[str, None]] = {}
    for word, choice in (*((choice, choice) for choice in sorted(choices)), *(also or {}).items()):
        meant.setdefault(outline(word), {})[choice] = None
    looks = outline(name[:200])
    alike = [looks] if looks in meant else difflib.get_close_matches(looks, list(meant), n=3, cutoff=0.6)
    return list(dict.fromkeys(choice for match in alike for choice in meant[match]))[:3]


def suggestion(name: str, choices: Iterable[str], also: Mapping[str, str] | None = None) -> str:
    """The names near to a name as a question with a blank after it; empty where there are none.

    >>> suggestion("pO2=", ["pO2"]), suggestion("x", ["pO2"])
    ('did you mean pO2? ', '')
    """
    names = near(name, choices, also)
    return f"did you mean {', '.join(names)}? " if names else ""


def unknown(
    kind: str, name: str, choices: Iterable[str], remedy: str = "", also: Mapping[str, str] | None = None
) -> InputError:
    """The error for a name that is not among ``choices``: nearest names first; ``also`` are other words for some.

    >>> str(unknown("powder", "pc-lco", ["pc-LCO", "pc-LNMO"]))
    "unknown powder 'pc-lco': did you mean pc-LCO? choices are pc-LCO, pc-LNMO"
    """
    known = sorted(choices)
    meant = suggestion(name, known, also)
    listed = ", ".join(known[:MOST] + ([f"... ({len(known)} in all)"] if len(known) > MOST else []))
    if meant and len(known) > MOST:
        listed = f"{len(known)} names"
    ending = f"; {remedy}" if remedy else ""
    return InputError(f"unknown {kind} {shown(name)}: {meant}choices are {listed}{ending}")
