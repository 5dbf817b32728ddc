"""From a problem to its result: the stages of the calculation in order."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import ParamSpec

import numpy as np

from sinterface.models.basics.errors import InputError
from sinterface.models.phases import database as databases
from sinterface.models.rates import parameters as adjustable
from sinterface.models.rates.parameters import Parameters
from sinterface.simulate.files.locks import alone
from sinterface.simulate.setup.problem import Problem, problem
from sinterface.simulate.solve.checkpoint import digest, keeper, load, save
from sinterface.simulate.solve.coated import secondary, with_remarks
from sinterface.simulate.solve.integrate import Array, Outcome, State, Trajectory, begin, integrate
from sinterface.simulate.solve.result import Result, to_result
from sinterface.simulate.solve.system import System, assemble
from sinterface.simulate.solve.together import integrate_all

P = ParamSpec("P")

TOLERANCE = 0.04
"""Default share of what has changed phase that may do so in one step."""

MAX_STEPS = 5000
"""Time steps after which a run is given up; most take 100 to 400."""

ROUGH_COST = 0.25
"""Cost of the coarse companion run in units of the run, for the progress bar."""

COARSER = 2.0
"""Tolerance of the companion run in units of the run's: with a method of first order or better, halving cells and
tolerance once more then changes the answer by less than it differs from the companion's."""


def predict(
    task: Problem,
    *,
    database: databases.Database | None = None,
    parameters: Parameters | None = None,
    tolerance: float = TOLERANCE,
    max_steps: int = MAX_STEPS,
    progress: Callable[[float], None] | None = None,
    checkpoint: str | Path | None = None,
    start: State | None = None,
    estimate_error: bool = True,
) -> Result:
    """Run a problem.  ``progress`` is called with the share of the schedule done, 0 to 1.

    ``parameters`` are the calibrated ones unless given.  ``max_steps`` bounds the time steps.

    ``checkpoint`` is a file in which long runs are put aside and from which they go on; it is removed at the end.
    ``start`` is the state of an earlier run of the same couple (``Result.state``), to go on from with this schedule, in
    other gases too.
    ``estimate_error`` repeats the run on half the cells with longer steps: the difference is the numerical error.  A
    couple with coatings is repeated without them too, to tell what they change.
    A run that can not finish returns what it reached, with the reason in ``dataset.attrs``; InputError is raised
    only for what is wrong before it starts.

    >>> task = problem("pc-LMO", "LLZTO", "10 °C/min to 600 °C; hold 1 h", cells=8)
    >>> result = predict(task, estimate_error=False)
    >>> result.finished
    True
    """
    if not 1e-4 <= tolerance <= 0.5:
        raise InputError(f"tolerance {tolerance:g}: choose 0.0001 to 0.5, {TOLERANCE:g} is usual")
    if not isinstance(max_steps, (int, np.integer)) or max_steps < 1:  # not a number would never be reached
        raise InputError(f"max_steps {max_steps}: choose a whole number of 1 or more, {MAX_STEPS} is usual")
    parameters = parameters or adjustable.calibrated()
    tables = parameters.energies(database or databases.embedded())
    if start is not None and (task.pressure is not None or task.schedule.presses):
        raise InputError("pressure: contacts of a run that goes on are not known; write one schedule, 'press 50 MPa'")
    system = assemble(task, tables, parameters, followed=() if start is None else start.species)
    if start is not None and task.geometry == "sphere":
        for layer, number in zip(task.coatings, system.layers, strict=True):
            if np.isfinite(system.melting[number]):
                told = f"{layer.material.id} melts: contacts of a run that goes on are not known; write one schedule"
                raise InputError(told)
    again = [] if start is not None or not estimate_error else _companions(task)
    end, whole = task.schedule.duration, 1.0 + ROUGH_COST * len(again)
    advance = _share(progress, 0.0, 1.0 / whole, end)
    run = _integrate(
        task, system, tolerance, advance, checkpoint=checkpoint, start=start, fingerprint=tables.fingerprint,
        max_steps=max_steps,
    )  # fmt: skip
    companions: list[tuple[System, Trajectory]] = []
    for number, coarse in enumerate(again if run.outcome is Outcome.DONE else []):
        half = assemble(coarse, tables, parameters)
        advance = _share(progress, (1.0 + ROUGH_COST * number) / whole, (1.0 + ROUGH_COST * (number + 1)) / whole, end)
        other = integrate(
            half, begin(half), task.schedule.starts[1:], tolerance=min(COARSER * tolerance, 1.0), max_steps=max_steps,
            progress=advance,
        )  # fmt: skip
        companions.append((half, other))
    if progress is not None and run.outcome is Outcome.DONE:
        progress(1.0)
    return _result(task, system, run, companions, tables.fingerprint)


def predict_all(
    tasks: Sequence[Problem],
    *,
    database: databases.Database | None = None,
    parameters: Parameters | None = None,
    tolerance: float = TOLERANCE,
    max_steps: int = MAX_STEPS,
    progress: Callable[[float], None] | None = None,
    estimate_error: bool = True,
) -> list[Result]:
    """Run problems that may begin alike, as the temperatures of a sweep do: what schedules share is computed once.

    The results are those of ``predict``, to the last bit.  ``progress`` is called with the share done.

    >>> tasks = [problem("pc-LMO", "LLZTO", f"10 °C/min to {T} °C; hold 1 h", cells=8) for T in (500, 600)]
    >>> cold, hot = predict_all(tasks, estimate_error=False)
    >>> bool(cold.by_family["La2Zr2O7"] < hot.by_family["La2Zr2O7"])
    True
    """
    parameters = parameters or adjustable.calibrated()
    tables = parameters.energies(database or databases.embedded())
    again = [_companions(task) if estimate_error else [] for task in tasks]
    whole = len(tasks) + ROUGH_COST * sum(map(len, again))

    def run_all(
        problems: Sequence[Problem], tolerance: float, done: float, cost: float
    ) -> list[tuple[System, Trajectory]]:
        systems = [assemble(each, tables, parameters) for each in problems]
        advance = _share(progress, done / whole, (done + cost * len(problems)) / whole, 1.0)
        runs = integrate_all(systems, tolerance=tolerance, max_steps=max_steps, progress=advance)
        return list(zip(systems, runs, strict=True))

    fine = run_all(tasks, tolerance, 0.0, 1.0)
    done = [run.outcome is Outcome.DONE for _, run in fine]
    coarse = [each for companions, ended in zip(again, done, strict=True) if ended for each in companions]
    rough = iter(run_all(coarse, min(COARSER * tolerance, 1.0), len(tasks), ROUGH_COST))
    results = []
    for task, (system, run), companions, ended in zip(tasks, fine, again, done, strict=True):
        beside = [next(rough) for _ in companions] if ended else []
        results.append(_result(task, system, run, beside, tables.fingerprint))
    if progress is not None and all(done):
        progress(1.0)
    return results


def _companions(task: Problem) -> list[Problem]:
    """The problems whose answers tell how good that of ``task`` is: on half the cells, and that without coatings."""
    half = replace(task, cells=max(task.cells // 2, 4))
    return [half, replace(half, coatings=())] if task.coatings else [half]


def _result(
    task: Problem, system: System, run: Trajectory, companions: Sequence[tuple[System, Trajectory]], fingerprint: str
) -> Result:
    """What a run and its companions tell; a companion that did not reach the end says nothing of the error."""
    sound = bool(companions) and all(other.outcome is Outcome.DONE for _, other in companions)
    result = to_result(task, system, run, fingerprint, companions[0] if sound else None)
    if not task.coatings:
        return result
    totals = [secondary(*companion) for companion in companions] if sound else [None, None]
    return with_remarks(result, *totals)


def _share(
    progress: Callable[[float], None] | None, low: float, high: float, end: float
) -> Callable[[float], None] | None:
    return None if progress is None else lambda time: progress(low + (high - low) * time / end)


def _integrate(
    task: Problem, system: System, tolerance: float, progress: Callable[[float], None] | None, *,
    checkpoint: str | Path | None, start: State | None, fingerprint: str, max_steps: int,
) -> Trajectory:  # fmt: skip
    state = begin(system, system.blocks.phases.ids, system.components)
    if start is not None:
        state = _continued(start, state, system)
    file = None if checkpoint is None else Path(checkpoint)
    with alone(file, "checkpoint"):
        past, keep = None, None
        if file is not None:
            name = digest(task, tolerance, fingerprint, system.parameters, version("sinterface"), start)
            keep = keeper(file, name)
            if file.exists():
                past = load(file, name, state)
                state = replace(past.last, stores=state.stores, species=state.species)
        run = integrate(
            system,
            state,
            task.schedule.starts[1:],
            tolerance=tolerance,
            max_steps=max_steps,
            progress=progress,
            past=past,
            keep=keep,
        )
        if file is not None:
            if run.outcome is Outcome.DONE:
                file.unlink(missing_ok=True)
            else:  # to go on from with more steps
                save(run, file, name)
    return run


def _continued(start: State, state: State, system: System) -> State:
    """The state to start from, with the species of ``state``, a state at time zero: carbon may come with a new gas.

    Oxygen that is followed from here on is what the phases hold now; what they took up before counts as come or gone.

    Raises InputError when it belongs to another couple or mesh.
    """
    same = start.stores == state.stores and all(
        getattr(start, name).shape == getattr(state, name).shape for name in ("amounts", "nucleated")
    )
    if not same or not set(start.species) <= set(state.species):
        raise InputError("the state to start from belongs to another couple or number of cells")
    columns = [state.species.index(name) for name in start.species]

    def widened(fresh: Array, before: Array) -> Array:
        whole = fresh.copy()
        whole[..., columns] = before
        return whole

    held, lost = widened(state.held, start.held), widened(state.lost, start.lost)
    if "O" in state.species:
        column = state.species.index("O")
        oxygen = system.model.basis.N[:, column]
        gas = system.model.store[:, column] * np.exp(state.potentials[:, column])
        if "O" not in start.species:
            held[:, column] = start.amounts @ oxygen + gas
        lost[column] = float(start.start @ oxygen + gas.sum() - held[:, column].sum())  # from powders in this gas
    return replace(
        start,
        time=0.0,
        species=state.species,
        potentials=widened(state.potentials, start.potentials),
        held=held,
        lost=lost,
        drift=widened(state.drift, start.drift),
    )


def _simulating(pose: Callable[P, Problem]) -> Callable[P, Result]:
    """The function that takes what ``pose`` takes, and runs the problem that this makes of it."""

    def simulate(*args: P.args, **options: P.kwargs) -> Result:
        """Which phases form when a cathode and an electrolyte are heated together, and how much of each.

        Takes what ``problem`` takes, and runs it on ``database``, the embedded one without any.  Raises InputError
        naming what is not read.

        >>> from sinterface.simulate.setup.schedule import Schedule
        >>> result = simulate("pc-LMO", "LLZTO", Schedule.hold(600, hours=2), cells=8)
        >>> bool(result.by_family["Li2MnO3"] > 5.0)
        True
        """
        database = options.get("database")
        assert database is None or isinstance(database, databases.Database)
        return predict(pose(*args, **options), database=database)

    signature = inspect.signature(pose).replace(return_annotation="Result")
    simulate.__dict__["__signature__"] = signature  # what help() and editors show
    simulate.__qualname__ = "simulate"
    return simulate


simulate = _simulating(problem)
