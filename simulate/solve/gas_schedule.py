"""Firing plans: a heating schedule with a gas to each step, from text or TOML; and running one.

The gases stand on the segments of the schedule, and ``predict`` goes through them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sinterface.models.basics.errors import InputError, SinterfaceError, shown, unknown
from sinterface.models.basics.textfile import read_text
from sinterface.models.phases import database as databases
from sinterface.models.phases.atmosphere import Atmosphere, atmosphere
from sinterface.models.rates.parameters import Parameters
from sinterface.simulate.setup.problem import Problem
from sinterface.simulate.setup.schedule import Schedule, read, split
from sinterface.simulate.solve.result import Result
from sinterface.simulate.solve.run import MAX_STEPS, TOLERANCE, predict

MAX_FILE = 100_000
"""Largest plan file read [bytes]."""

STEP_KEYS = ("ramp", "to", "hold", "cool", "quench", "gas")
PLAN_KEYS = ("name", "start", "gas", "step")


@dataclass(frozen=True)
class Plan:
    """A schedule and the gas of each of its segments, None for that of the problem; figures call it ``name``."""

    schedule: Schedule
    gases: tuple[Atmosphere | None, ...]
    name: str

    @staticmethod
    def parse(text: str, name: str = "") -> Plan:
        """Plan from the text of a schedule in which any step may end in its gas, which then stays:

        ``10 °C/min to 600 °C in air; hold 1 h; 10 °C/min to 900 °C in O2; hold 2 h; cool naturally``.
        Raises InputError naming the step.
        """
        steps: list[tuple[str, Atmosphere | None]] = []
        for number, step in enumerate(split(text), 1):
            match = re.fullmatch(r"(.*\S)\s+in\s+(\S.*)", step, flags=re.IGNORECASE | re.DOTALL)
            steps.append((match[1], _gas(match[2], number)) if match else (step, None))
        return Plan(*read(steps, text), name or text)

    @staticmethod
    def from_toml(text: str, where: str = "plan", name: str = "") -> Plan:
        """Plan from TOML: ``[[step]]`` tables with ``ramp`` and ``to``, ``hold``, ``cool`` or ``quench``, each with a

        ``gas`` if it changes; ``start``, ``gas`` and ``name`` before them.  ``where`` names the file in errors.
        Raises InputError naming the step.
        """
        if len(text) > MAX_FILE:
            raise InputError(f"{where}: over {MAX_FILE} characters is no schedule")
        try:
            card = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"{where}: not TOML: {shown(str(error), 200)[1:-1]}") from error
        except (RecursionError, ValueError) as error:  # nested without end, digits without end
            raise InputError(f"{where}: not TOML: {type(error).__name__}") from error
        for key in card:
            if key not in PLAN_KEYS:
                raise unknown(f"key in {where}", key[:40], PLAN_KEYS)
        tables = card.get("step")
        if not isinstance(tables, list) or not tables:
            raise InputError(f'{where}: no steps; write [[step]] tables, e.g. [[step]] hold = "2 h"')
        found: list[tuple[str, str | None]] = []
        if "start" in card:
            found.append((f"from {_text(card['start'], where, 'start')}", None))
        for number, table in enumerate(tables, 1):
            step = f"{where}, step {number}"
            if not isinstance(table, Mapping):
                raise InputError(f"{step}: write a table, [[step]]")
            found.append((_step(table, step), _text(table["gas"], step, "gas") if "gas" in table else None))
        if "gas" in card:
            found[0] = (found[0][0], found[0][1] or _text(card["gas"], where, "gas"))
        written = "; ".join(step if gas is None else f"{step} in {gas}" for step, gas in found)
        title = card.get("name", name)
        title = " ".join(title.split()) if isinstance(title, str) else "\0"
        if not title.isprintable():
            raise InputError(f"{where}: name must be text that can be printed")
        try:
            return Plan.parse(written, title[:200])
        except SinterfaceError as error:
            raise InputError(f"{where}: {error}") from error

    def atmospheres(self, usual: Atmosphere) -> tuple[Atmosphere, ...]:
        """The gas of each segment, ``usual`` where the plan names none."""
        return tuple(gas or usual for gas in self.gases)


def find(text: str) -> Plan:
    """A plan from text, or from the TOML file of that name.  Raises InputError in one line."""
    if not text.strip().endswith(".toml"):
        return Plan.parse(text)
    path = Path(text.strip())
    try:
        content = read_text(path, MAX_FILE, "text file with a schedule")
    except SinterfaceError as error:
        raise InputError(f"schedule {error}") from error
    return Plan.from_toml(content, str(path), path.stem)


def _gas(text: str, number: int) -> Atmosphere:
    try:
        return atmosphere(text)
    except SinterfaceError as error:
        raise InputError(f"schedule step {number}: {error}") from error


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
    kinds = [key for key in ("ramp", "hold", "cool", "quench") if key in table]
    if len(kinds) != 1 or ("to" in table) != (kinds == ["ramp"]):
        raise InputError(
            f'{where}: give one of ramp = "10 °C/min" with to = "900 °C", hold = "2 h", cool = "naturally", '
            "quench = true"
        )
    (kind,) = kinds
    if kind == "ramp":
        return f"{_text(table['ramp'], where, 'ramp')} to {_text(table['to'], where, 'to')}"
    if kind == "quench":
        if table["quench"] is not True:
            raise InputError(f"{where}: write quench = true")
        return "quench"
    return f"{kind} {_text(table[kind], where, kind)}"


def follow(
    task: Problem,
    plan: Plan,
    *,
    database: databases.Database | None = None,
    parameters: Parameters | None = None,
    tolerance: float = TOLERANCE,
    max_steps: int = MAX_STEPS,
    progress: Callable[[float], None] | None = None,
    estimate_error: bool = False,
) -> Result:
    """Run a problem on a plan, whose schedule and gases take the place of the problem's own."""
    gases = plan.atmospheres(task.atmosphere)
    segments = tuple(replace(segment, gas=gas) for segment, gas in zip(plan.schedule.segments, gases, strict=True))
    task = replace(task, schedule=replace(plan.schedule, segments=segments), atmosphere=gases[0])
    return predict(
        task, database=database, parameters=parameters, tolerance=tolerance, max_steps=max_steps, progress=progress,
        estimate_error=estimate_error,
    )  # fmt: skip
