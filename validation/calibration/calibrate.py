"""Posterior of the global parameters: a search, an emulator of the firings, and walkers that the model decides about.

CMA-ES on the model finds a first good region; Gaussian processes of what each firing makes are trained on all that has
been run, and the likelihood judges what they guess: that is where the search looks next.  Then walkers step over the
emulated posterior; where they come to is run with the model itself, which decides whether they go there.  What was run
trains the emulator of the next round.  Every set is kept with what its runs said, so that other observations and other
constants of the likelihood judge the same runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.errors import InputError, SinterfaceError
from sinterface.models.phases import database as databases
from sinterface.models.phases.database import Database
from sinterface.simulate.files.workers import unheard
from sinterface.simulate.files.workers import workers as processes
from sinterface.validation.calibration.posterior import coordinates
from sinterface.validation.judging.firings import Case, Predicted, couples, run
from sinterface.validation.judging.judge import Judge, ObservationJudge
from sinterface.validation.judging.pool import NOT_RUN, MadeWith, Pool, empty
from sinterface.validation.observations.evidence import Observation

if TYPE_CHECKING:
    from sinterface.validation.calibration.rounds import Round

Array = NDArray[np.float64]
Evaluate = Callable[[Array, Sequence[Case]], Mapping[Case, Predicted]]

CELLS, TOLERANCE = 16, 0.08
"""Finite volumes and tolerance of the runs: coarser than those of single runs, as thousands of sets are run."""

KEEP_EVERY = 20.0
"""Seconds between two writes of the pool."""


@dataclass(frozen=True)
class ObservedModel:
    """The model as it is run here: a parameter set and firings come in, what each came to goes out."""

    cells: int = CELLS
    tolerance: float = TOLERANCE
    database: Database | None = None

    def __call__(self, z: Array, cases: Sequence[Case]) -> dict[Case, Predicted]:
        """Run firings at coordinates (D,) in units of the priors; one that fails counts as one that does not end."""
        parameters = coordinates(z)
        told: dict[Case, Predicted] = {}
        waiting = couples(cases)
        while waiting:
            series = waiting.pop(0)
            try:
                predicted = run(series, parameters, self.database, self.cells, self.tolerance)
            except SinterfaceError:
                if len(series) > 1:  # each by itself: a firing that fails is not to spoil the others
                    waiting = [[firing] for firing in series] + waiting
                    continue
                predicted = [Predicted({}, {}, "FAILED")]
            told.update(zip(series, predicted, strict=True))
        return {firing: told[firing] for firing in cases}


def fitted(observations: Sequence[Observation]) -> tuple[Observation, ...]:
    """The observations with role ``fit``.  Raises InputError when there are none."""
    chosen = tuple(observation for observation in observations if observation.role == "fit")
    if not chosen:
        raise InputError("no observation has role = 'fit': there is nothing to calibrate with")
    return chosen


def judge_of(observations: Sequence[Observation]) -> ObservationJudge:
    """The judge of the observations with role ``fit``.  Raises InputError when there are none."""
    return ObservationJudge(fitted(observations))


def made_with(cells: int = CELLS, tolerance: float = TOLERANCE, database: Database | None = None) -> MadeWith:
    """What runs with these cells, this tolerance and this database belong to."""
    return MadeWith((database or databases.embedded()).fingerprint, cells, tolerance)


def calibrate(
    observations: Sequence[Observation],
    rounds: int = 10,
    *,
    minutes: float = 0.0,
    generations: int | None = None,
    workers: int = 1,
    cells: int = CELLS,
    tolerance: float = TOLERANCE,
    seed: int = 0,
    database: Database | None = None,
    past: Pool | None = None,
    judge: Judge | None = None,
    evaluate: Evaluate | None = None,
    progress: Callable[[float], None] | None = None,
    keep: Callable[[Pool], None] | None = None,
    report: Callable[[Round], None] | None = None,
) -> Pool:
    """Search for ``minutes``, or for a number of ``generations``, then sample for that many ``rounds``.

    ``past`` is a pool to go on from; sets of it that are still to be run come first and count as the first generation
    or round.  ``keep`` is handed the pool every KEEP_EVERY seconds, at the end, and when Ctrl-C or an error ends the
    work; ``report`` what each round came to; ``progress`` the share done.  ``evaluate`` stands in for the model and
    ``judge`` for the likelihood of the observations.

    Firings that these observations ask for and that ``past`` has not run are run for all its sets before.

    Raises InputError when there is nothing to fit, when ``past`` belongs to another database or other runs, and when so
    few sets have been run that there is nothing to sample from.
    """
    judge = judge or judge_of(observations)
    belongs = made_with(cells, tolerance, database)
    pool = empty(judge, belongs) if past is None else past.judged_by(judge)
    if differs := pool.made_with.differs(belongs):
        raise InputError(f"the samples to go on from were made with other {differs}: start anew")
    searching = minutes > 0.0 if generations is None else generations > 0
    stages = max(rounds + searching, 1)
    began = time.monotonic()
    told = progress or (lambda _: None)
    with processes(workers) if workers > 1 else nullcontext() as executor:
        runner = partial(
            _run_waiting, evaluate=evaluate or ObservedModel(cells, tolerance, database), executor=executor,
            keep=keep or (lambda _: None),
        )  # fmt: skip
        if searching or rounds:
            unfinished = bool(np.any(np.all(pool.asked == NOT_RUN, axis=1) & (pool.origin > 0)))
            pool = runner(pool, progress=partial(_shifted, told, 0, stages))
            rounds -= unfinished and rounds > 0
        done = 0
        while searching and (generations is None or done < generations):
            from sinterface.validation.calibration.search import next_generation  # only the extra `calibrate` has it

            sets, origin, aims = next_generation(pool, seed)
            pool = runner(pool.with_sets(sets, origin, aims=aims), progress=lambda _: None)
            done += 1
            spent = (time.monotonic() - began) / 60.0
            told((spent / minutes if generations is None else done / generations) / stages)
            if minutes > 0.0 and spent >= minutes:
                break
        for number in range(rounds):
            from sinterface.validation.calibration.rounds import draw_round, with_starts  # as above

            pool = runner(with_starts(pool, seed), progress=lambda _: None)
            pool, about = draw_round(pool, seed)
            at = stages - rounds + number
            pool = runner(pool, progress=partial(_shifted, told, at, stages))
            if report is not None:
                report(about.judged(pool))
    return pool


def _shifted(told: Callable[[float], None], at: int, stages: int, share: float) -> None:
    told((at + share) / stages)


def _run_waiting(
    pool: Pool,
    evaluate: Evaluate,
    executor: Executor | None,
    keep: Callable[[Pool], None],
    progress: Callable[[float], None],
) -> Pool:
    """The pool with all its rows run; what was run is kept whatever happens meanwhile."""
    rows = [int(row) for row in np.flatnonzero(pool.waiting)]
    tasks = [(pool.z[row], pool.missing(row)) for row in rows]
    kept = time.monotonic()
    try:
        for count, told in enumerate(_results(tasks, evaluate, executor)):
            pool = pool.with_result(rows[count], told)
            progress((count + 1) / len(rows))
            if time.monotonic() - kept > KEEP_EVERY:
                keep(pool)
                kept = time.monotonic()
    finally:
        if len(pool.z):
            keep(pool)
    return pool


def _results(
    tasks: Sequence[tuple[Array, Sequence[Case]]], evaluate: Evaluate, executor: Executor | None
) -> Iterator[Mapping[Case, Predicted]]:
    if executor is None or not tasks:
        yield from (evaluate(*task) for task in tasks)
        return
    with unheard():  # the first call starts the processes
        results = executor.map(evaluate, *zip(*tasks, strict=True))
    yield from results
