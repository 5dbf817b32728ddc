"""Schedules from TOML files: steps as tables, each with a gas if it changes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sinterface.models.basics.errors import InputError, SinterfaceError, shown, unknown
from sinterface.models.basics.textfile import load_toml, misspelt_ending, read_text
from sinterface.simulate.setup.schedule import Schedule

MAX_FILE = 100_000
"""Largest schedule file read [bytes]."""

STEP_KEYS = ("ramp", "to", "hold", "cool", "quench", "lid", "press", "gas")
FILE_KEYS = ("name", "start", "gas", "step")


def from_toml(text: str, where: str = "schedule", name: str = "") -> Schedule:
    """Schedule from TOML: ``[[step]]`` tables, each with one of ``ramp`` and ``to``, ``hold``, ``cool``, ``quench``,

    ``lid`` and ``press``.  Each has a ``gas`` if it changes; ``start``, ``gas`` and ``name`` before them.  ``where``
    names the file in errors.  Raises InputError naming the step.
    """
    if len(text) > MAX_FILE:
        raise InputError(f"{where}: over {MAX_FILE} characters is no schedule")
    try:
        card = load_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: not TOML: {shown(str(error), 200)[1:-1]}") from error
    except (RecursionError, ValueError) as error:  # nested without end, digits without end
        raise InputError(f"{where}: not TOML: {type(error).__name__}") from error
    for key in card:
        if key not in FILE_KEYS:
            raise unknown(f"key in {where}", key[:40], FILE_KEYS)
    tables = card.get("step")
    if not isinstance(tables, list) or not tables:
        raise InputError(f'{where}: no steps; write [[step]] tables, e.g. [[step]] hold = "2 h"')
    steps: list[tuple[str, str | None]] = []
    if "start" in card:
        steps.append((f"from {_text(card['start'], where, 'start')}", None))
    for number, table in enumerate(tables, 1):
        step = f"{where}, step {number}"
        if not isinstance(table, Mapping):
            raise InputError(f"{step}: write a table, [[step]]")
        steps.append((_step(table, step), _text(table["gas"], step, "gas") if "gas" in table else None))
    if "gas" in card:
        steps[0] = (steps[0][0], steps[0][1] or _text(card["gas"], where, "gas"))
    written = "; ".join(words if gas is None else f"{words} in {gas}" for words, gas in steps)
    title = card.get("name", name)
    title = " ".join(title.split()) if isinstance(title, str) else "\0"
    if not title.isprintable():
        raise InputError(f"{where}: name must be text that can be printed")
    try:
        return Schedule.parse(written, title[:200])
    except SinterfaceError as error:
        raise InputError(f"{where}: {error}") from error


def find(text: str) -> Schedule:
    """A schedule from text, or from the TOML file of that name.  Raises InputError in one line.

    >>> find("10 °C/min to 900 °C; hold 2 h; quench").peak
    1173.15
    """
    if not text.strip().casefold().endswith(".toml"):
        if ";" not in text and (told := misspelt_ending(text, ".toml")):
            raise InputError(f"schedule {shown(text)}: {told}")
        return Schedule.parse(text)
    path = Path(text.strip())
    try:
        content = read_text(path, MAX_FILE, "text file with a schedule")
    except SinterfaceError as error:
        raise InputError(f"schedule {error}") from error
    return from_toml(content, str(path), path.stem)


def _text(value: Any, where: str, key: str) -> str:
    """A value of a step as text: a number has no unit, and a separator would make two steps of one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InputError(f"{where}: {key} must be text")
    try:
        text = str(value).strip()
    except ValueError as error:  # an integer of thousands of digits
        raise InputError(f"{where}: {key} is no number that can be used") from error
    if not text or len(text) > 200 or re.search(r"[;\n\r]|\sin\s", text):
        raise InputError(f"{where}: {key} = {text[:40]!r} is not understood")
    return text


def _step(table: Mapping[str, Any], where: str) -> str:
    """A step as in the text of a schedule."""
    for key in table:
        if key not in STEP_KEYS:
            raise unknown(f"key in {where}", key[:40], STEP_KEYS)
    kinds = [key for key in ("ramp", "hold", "cool", "quench", "lid", "press") if key in table]
    if len(kinds) != 1 or ("to" in table) != (kinds == ["ramp"]):
        raise InputError(
            f'{where}: give one of ramp = "10 °C/min" with to = "900 °C", hold = "2 h", cool = "naturally", '
            'quench = true, lid = "off", press = "50 MPa"'
        )
    (kind,) = kinds
    if kind == "ramp":
        return f"{_text(table['ramp'], where, 'ramp')} to {_text(table['to'], where, 'to')}"
    if kind == "quench":
        if table["quench"] is not True:
            raise InputError(f"{where}: write quench = true")
        return "quench"
    return f"{kind} {_text(table[kind], where, kind)}"
