"""Posterior of the global parameters: a search, an emulator of what the model says, and samples that the model weighs.

CMA-ES looks for the most probable sets.  Gaussian processes of the log-likelihoods of all cathodes are trained on what
has been run; an ensemble sampler draws from the emulated posteriors, given all observations and without each cathode;
what it draws is run with the model itself and weighted by true over emulated density.  What was run trains the emulator
of the next round.  Every set is kept with the log-likelihood of each cathode, so that the posterior without any one of
them needs other weights and no new runs.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.errors import InputError, SinterfaceError
from sinterface.models.phases import database as databases
from sinterface.models.phases.database import Database
from sinterface.simulate.files.workers import unheard
from sinterface.simulate.files.workers import workers as processes
from sinterface.validation.calibration import likelihood
from sinterface.validation.calibration.firings import Predicted, needed, run
from sinterface.validation.calibration.pool import SEARCH, MadeWith, Pool, empty
from sinterface.validation.calibration.posterior import coordinates, groups
from sinterface.validation.observations.detection import limit
from sinterface.validation.observations.evidence import Observation

if TYPE_CHECKING:
    from sinterface.validation.calibration.rounds import Round

Array = NDArray[np.float64]
Evaluate = Callable[[Array], Mapping[str, float]]

CELLS, TOLERANCE = 16, 0.08
"""Finite volumes and tolerance of the runs: coarser than those of single runs, as thousands of sets are run."""

KEEP_EVERY = 20.0
"""Seconds between two writes of the pool."""


@dataclass(frozen=True)
class ObservedModel:
    """The model with its observations: a parameter set comes in, the log-likelihood by cathode goes out."""

    observations: tuple[Observation, ...]
    cells: int = CELLS
    tolerance: float = TOLERANCE
    database: Database | None = None

    def __call__(self, z: Array) -> dict[str, float]:
        """Run every firing observed at coordinates (D,) in units of the priors.

        A run that fails counts as one that does not end: as wrong in all that was observed of it.
        """
        parameters = coordinates(z)
        told = {}
        for firing in needed(self.observations):
            try:
                told[firing] = run(firing, parameters, self.database, self.cells, self.tolerance)
            except SinterfaceError:
                told[firing] = Predicted({}, {}, "FAILED")
        return likelihood.by_cathode(self.observations, told)


def fitted(observations: Sequence[Observation]) -> tuple[Observation, ...]:
    """The observations with role ``fit``.  Raises InputError when there are none."""
    chosen = tuple(observation for observation in observations if observation.role == "fit")
    if not chosen:
        raise InputError("no observation has role = 'fit': there is nothing to calibrate with")
    return chosen


def made_with(
    observations: Sequence[Observation],
    cells: int = CELLS,
    tolerance: float = TOLERANCE,
    database: Database | None = None,
) -> MadeWith:
    """What log-likelihoods of these observations with role ``fit`` belong to."""
    constants = (
        likelihood.SCATTER, likelihood.TREND_SCATTER, likelihood.OUTLIERS, likelihood.TRACE, likelihood.UNMENTIONED
    )  # fmt: skip
    told = [repr(constants)]
    for observation in sorted(fitted(observations), key=lambda observation: observation.id):
        plain = replace(
            observation, source="", known="", confidence="", assumed=(), how_read="", powder="", detection_limit=None
        )
        limits = [
            (f, limit(observation, f).value, limit(observation, f).sd)
            for f in ("", *observation.seen, *observation.not_seen)
        ]
        told.append(repr((replace(plain, weight=replace(observation.weight, why="")), limits)))
    digest = hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
    return MadeWith((database or databases.embedded()).fingerprint, digest, cells, tolerance)


def calibrate(
    observations: Sequence[Observation],
    rounds: int = 3,
    *,
    minutes: float = 0.0,
    generations: int | None = None,
    workers: int = 1,
    cells: int = CELLS,
    tolerance: float = TOLERANCE,
    seed: int = 0,
    database: Database | None = None,
    past: Pool | None = None,
    evaluate: Evaluate | None = None,
    progress: Callable[[float], None] | None = None,
    keep: Callable[[Pool], None] | None = None,
    report: Callable[[Round], None] | None = None,
) -> Pool:
    """Search for ``minutes``, or for a number of ``generations``, then sample for at most that many ``rounds``.

    ``past`` is a pool to go on from; sets of it that are still to be run come first and count as the first generation
    or round.  ``keep`` is handed the pool every KEEP_EVERY seconds, at the end, and when Ctrl-C or an error ends the
    work; ``report`` what each round came to; ``progress`` the share done.  ``evaluate`` stands in for the model.
    Sampling ends early when a round has not made the effective size greater.

    Raises InputError when there is nothing to fit, when ``past`` belongs to other observations, another database or
    other runs, and when so few sets have been run that there is nothing to sample from.
    """
    chosen = fitted(observations)
    cathodes = tuple(sorted({likelihood.group(observation) for observation in chosen}))
    belongs = made_with(chosen, cells, tolerance, database)
    pool = empty(cathodes, belongs) if past is None else past
    if pool.cathodes != cathodes:
        raise InputError("the samples to go on from belong to observations of other cathodes: start anew")
    if differs := pool.made_with.differs(belongs):
        raise InputError(f"the samples to go on from were made with other {differs}: start anew")
    searching = minutes > 0.0 if generations is None else generations > 0
    stages = max(rounds + searching, 1)
    began = time.monotonic()
    told = progress or (lambda _: None)
    with processes(workers) if workers > 1 else nullcontext() as executor:
        runner = partial(
            _run_waiting, evaluate=evaluate or ObservedModel(chosen, cells, tolerance, database), executor=executor,
            keep=keep or (lambda _: None),
        )  # fmt: skip
        if searching or rounds:
            unfinished = bool(np.any(pool.waiting & (pool.origin != SEARCH)))
            pool = runner(pool, progress=partial(_shifted, told, 0, stages))
            rounds -= unfinished and rounds > 0
        done = 0
        while searching and (generations is None or done < generations):
            from sinterface.validation.calibration.search import next_generation  # only the extra `calibrate` has it

            pool = runner(pool.with_sets(next_generation(pool, seed), SEARCH), progress=lambda _: None)
            done += 1
            spent = (time.monotonic() - began) / 60.0
            told((spent / minutes if generations is None else done / generations) / stages)
            if minutes > 0.0 and spent >= minutes:
                break
        for number in range(rounds):
            from sinterface.validation.calibration.rounds import draw_round  # only the extra `calibrate` has it

            before = pool.effective()
            pool, about = draw_round(pool, seed)
            at = stages - rounds + number
            pool = runner(pool, progress=partial(_shifted, told, at, stages))
            apart = {"": (), **groups(cathodes)}
            if report is not None:
                report(replace(about, effective={name: pool.effective(left) for name, left in apart.items()}))
            if about.number > 0 and pool.effective() <= before:
                break
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
    kept = time.monotonic()
    try:
        for count, told in enumerate(_results(pool.z[rows], evaluate, executor)):
            pool = pool.with_result(rows[count], told)
            progress((count + 1) / len(rows))
            if time.monotonic() - kept > KEEP_EVERY:
                keep(pool)
                kept = time.monotonic()
    finally:
        if len(pool.z):
            keep(pool)
    return pool


def _results(z: Array, evaluate: Evaluate, executor: Executor | None) -> Iterator[Mapping[str, float]]:
    if executor is None:
        yield from map(evaluate, z)
        return
    with unheard():  # the first call starts the processes
        results = executor.map(evaluate, list(z))
    yield from results
