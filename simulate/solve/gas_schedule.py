"""Firing plans: a heating schedule with a gas to each step, from text or TOML; and running one.

With one gas a plan is a schedule and ``predict`` runs it.  With several, the run goes through the parts one after the
other on one time axis: all parts carry the same phases, those that any of the gases makes worth carrying.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sinterface.models.basics.errors import InputError, SinterfaceError, shown, unknown
from sinterface.models.basics.textfile import read_text
from sinterface.models.interface.candidates import candidates
from sinterface.models.phases import database as databases
from sinterface.models.phases.atmosphere import OPEN_ELEMENTS, Atmosphere, atmosphere
from sinterface.models.phases.phaseset import phase_set
from sinterface.models.rates import parameters as adjustable
from sinterface.models.rates.parameters import Parameters
from sinterface.simulate.setup.problem import Problem
from sinterface.simulate.setup.schedule import Schedule, read, split
from sinterface.simulate.solve.integrate import Outcome, Trajectory, begin, integrate
from sinterface.simulate.solve.result import Result, to_result
from sinterface.simulate.solve.run import EMPTY, MAX_STEPS, TOLERANCE, predict
from sinterface.simulate.solve.system import FIRST_ACTIVITY, LONGEST_CHANGE, PLANES, CoupleSystem, assemble

TRACE = 1e-9
"""CO2 and H2O [bar] in the dry parts of a plan that has them elsewhere: too little to react, but with a potential, and
above round-off in the balance of carbon (with 1e-12 runs stalled)."""

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
    """Run a problem on a plan, whose schedule and gases take the place of the problem's own.

    With several gases the numerical error is not estimated.  Time runs over the whole plan; ``attrs["atmosphere"]``
    names the gases in order.
    """
    gases = plan.atmospheres(task.atmosphere)
    task = replace(task, schedule=plan.schedule, atmosphere=gases[0])
    if len(set(gases)) == 1:
        return predict(
            task, database=database, parameters=parameters, tolerance=tolerance, max_steps=max_steps,
            progress=progress, estimate_error=estimate_error,
        )  # fmt: skip
    parameters = parameters or adjustable.calibrated()
    tables = parameters.energies(database or databases.embedded())
    parts = _level(gases)
    whole = _shared(task, tables, parameters, parts)
    whole = replace(whole, longest_change=LONGEST_CHANGE * tolerance / TOLERANCE)
    potentials = np.full((task.cells, len(whole.phases.components)), -FIRST_ACTIVITY)
    potentials[:, np.isin(whole.phases.components, OPEN_ELEMENTS)] = -EMPTY
    state = begin(replace(whole, atmosphere=parts[0]), whole.initial, potentials)
    run: Trajectory | None = None
    ends = plan.schedule.starts[1:]
    end = ends[-1]
    for first, last in _runs(parts):
        run = integrate(
            replace(whole, atmosphere=parts[first]),
            state if run is None else replace(run.last, size=1.0),
            ends[first : last + 1],
            tolerance=tolerance,
            max_steps=max_steps,
            progress=None if progress is None else lambda time: progress(time / end),
            past=run,
        )
        if run.outcome is not Outcome.DONE:
            break
    assert run is not None
    result = to_result(task, whole, run, tables.fingerprint)
    order = [str(gases[first]) for first, _ in _runs(gases)]
    return replace(result, dataset=result.dataset.assign_attrs(atmosphere=", then ".join(order)))


def _runs(gases: tuple[Atmosphere, ...]) -> list[tuple[int, int]]:
    """First and last segment of each stretch in one gas."""
    changes = [k for k in range(1, len(gases)) if gases[k] != gases[k - 1]]
    return list(zip([0, *changes], [k - 1 for k in [*changes, len(gases)]], strict=True))


def _level(gases: tuple[Atmosphere, ...]) -> tuple[Atmosphere, ...]:
    """The gases with a trace of what any of them holds: then all have potentials of the same elements."""
    lowest = {
        key: TRACE if any(getattr(gas, key) > 0.0 for gas in gases) else 0.0 for key in ("pCO2", "pH2O")
    }  # fmt: skip
    return tuple(replace(gas, **{key: max(getattr(gas, key), value) for key, value in lowest.items()}) for gas in gases)


def _shared(
    task: Problem, tables: databases.Database, parameters: Parameters, gases: tuple[Atmosphere, ...]
) -> CoupleSystem:
    """The system with the phases that are worth carrying in any of the gases."""
    names = tuple(name for name, _ in task.additives)
    found = [candidates(task.cathode, task.electrolyte, PLANES, gas, tables, names) for gas in dict.fromkeys(gases)]
    solids = {solid.id: solid for phases, _ in found for solid in phases.solids}
    merged = phase_set([solids[key] for key in sorted(solids)], found[0][0].components)
    place = {solid.id: position for position, solid in enumerate(merged.solids)}
    first, reactants = found[0]
    ids = [first.solids[row].id for row in (reactants.electrolyte, reactants.cathode)]
    moved = replace(reactants, electrolyte=place[ids[0]], cathode=place[ids[1]])
    carrier = assemble(replace(task, atmosphere=gases[0]), tables, parameters)
    like = replace(carrier, phases=merged, reactants=moved)
    return assemble(task, tables, parameters, like=like)
