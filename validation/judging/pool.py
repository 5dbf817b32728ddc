"""Parameter sets that were run with the model, what each firing came to, and what was proposed to walkers.

One row is one parameter set: its coordinates z in units of the priors and what its runs said.  How probable that makes
what was observed is worked out by a judge: observations and constants of the likelihood may change, and nothing has to
be run again.  A row of a search tells where the posterior is high; rows of sampling rounds are where walkers over the
posterior start and what is proposed to them.

A row knows what it was looked for with: one that was to be good given all observations fits those of every cathode, and
what it says of one of them is no prediction.  What is told of a cathode that was left out comes from rows that were
looked for without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.errors import InputError
from sinterface.models.rates.parameters import names, priors
from sinterface.validation.judging.firings import Case, Predicted
from sinterface.validation.judging.judge import OFFSET, PLACES, Judge, ObservationJudge, logs_of

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Names = NDArray[np.str_]

POWER = 0.5
"""Power of the likelihood: errors of the model are shared by neighbouring temperatures of a series and by like powders,
so that each observation counts as half of an independent one (the coarsened posterior of Miller & Dunson, Journal of
the American Statistical Association 114, 1113 (2019)).  An estimate."""

GUESS, GIVEN, SEARCH = -3, -2, -1
"""Origins of rows without weight: guessed to be good by an emulator, run elsewhere, or wanted by the search.

Rows where walkers start have the origin 0, and what is proposed to them the number of the sampling round, from 1 on.
"""

NOT_RUN, ENDED, FAILED = 0, 1, 2
"""States of a run: still to be run, run to its end, or given up."""

LEAST = 0.01
"""Amounts below this [wt%] are kept as none: no method sees them, and files stay small."""

CHUNK = 256
"""Rows that are judged at once; more would take memory and gain nothing."""


@dataclass(frozen=True)
class MadeWith:
    """What runs belong to, beside the parameters: another database makes others.

    ``database`` is a fingerprint; ``cells`` and ``tolerance`` are those of the runs.
    """

    database: str
    cells: int
    tolerance: float

    def differs(self, other: MadeWith) -> str:
        """The names of the fields in which another one differs, in words; nothing when they agree."""
        return " and ".join(f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name))


@dataclass(frozen=True)
class Pool:
    """All rows so far.

    ``z`` (S, D) in units of the priors.  ``logs`` (S, K, F): ln(wt% + OFFSET) of all PLACES in every firing, first
    those that the judge needs and then ``others``, by name, that it does not ask for.  ``states`` (S, K): NOT_RUN,
    ENDED or FAILED.  ``origin`` (S,): GUESS, GIVEN, SEARCH or the number of the sampling round.  ``rise`` (S,): by how
    much the log density must rise for a walker to go to what was proposed to it; 0 in other rows.  ``aims`` (S,): the
    posterior that the row was looked for with, as ``aim`` names it.

    Numbers are kept as exactly as a file holds them, so that what is read goes on as what was never written: ``z`` to
    7 digits, ``logs`` to 3, amounts below LEAST as none.
    """

    z: Array
    logs: Array
    states: Integers
    origin: Integers
    rise: Array
    aims: Names
    judge: Judge
    made_with: MadeWith
    others: tuple[str, ...] = ()

    @property
    def cathodes(self) -> tuple[str, ...]:
        """What log-likelihoods are told apart by."""
        return self.judge.cathodes

    @property
    def firings(self) -> list[str]:
        """Names (K,) of all firings."""
        return [*(case.key for case in self.judge.cases), *self.others]

    @property
    def asked(self) -> Integers:
        """States (S, K) of the firings that the judge needs."""
        return self.states[:, : len(self.judge.cases)]

    @property
    def waiting(self) -> NDArray[np.bool_]:
        """Which rows (S,) are still to be run, in some firing at least."""
        return np.asarray(np.any(self.asked == NOT_RUN, axis=1))

    @property
    def ended(self) -> NDArray[np.bool_]:
        """Rows (S,) all of whose runs went to their end."""
        return np.asarray(np.all(self.asked == ENDED, axis=1))

    @property
    def responses(self) -> Array:
        """``logs`` (S, K, F) of the firings that the judge needs."""
        return self.logs[:, : len(self.judge.cases)]

    @cached_property
    def likelihood(self) -> Array:
        """Log-likelihood (S, C) by cathode, NaN in rows that are still to be run."""
        table = np.full((len(self.z), len(self.cathodes)), np.nan)
        run = np.flatnonzero(~self.waiting)
        for first in range(0, len(run), CHUNK):
            rows = run[first : first + CHUNK]
            table[rows] = self.judge(self.responses[rows], self.asked[rows] == ENDED)
        return table

    def finished(self) -> Pool:
        """The rows that have been run."""
        return self.rows(~self.waiting)

    def rows(self, chosen: NDArray[np.bool_]) -> Pool:
        """The chosen rows (S,) alone."""
        return replace(
            self, z=self.z[chosen], logs=self.logs[chosen], states=self.states[chosen], origin=self.origin[chosen],
            rise=self.rise[chosen], aims=self.aims[chosen],
        )  # fmt: skip

    def with_sets(
        self, z: Array, origin: int, rise: Array | None = None, aims: Sequence[Sequence[str]] | None = None
    ) -> Pool:
        """This pool with more rows (N, D) to be run; ``aims`` tells what was left out when each was looked for."""
        count, firings = len(z), self.states.shape[1]
        return replace(
            self,
            z=np.vstack([self.z, np.asarray(z, dtype=np.float32)]).astype(float),
            logs=np.concatenate([self.logs, np.full((count, firings, len(PLACES)), kept(np.log(OFFSET)))]),
            states=np.concatenate([self.states, np.full((count, firings), NOT_RUN)]),
            origin=np.concatenate([self.origin, np.full(count, origin)]),
            rise=np.concatenate([self.rise, np.zeros(count) if rise is None else rise]),
            aims=np.append(self.aims, [aim(left) for left in aims or [()] * count]),
        )

    def judged_by(self, judge: Judge) -> Pool:
        """The same rows for another judge: firings that it needs and that were not run are still to be run."""
        before = {key: place for place, key in enumerate(self.firings)}
        asked = [case.key for case in judge.cases]
        others = tuple(key for key in before if key not in set(asked))
        logs = np.full((len(self.z), len(asked) + len(others), len(PLACES)), kept(np.log(OFFSET)))
        states = np.full(logs.shape[:2], NOT_RUN)
        for place, key in enumerate([*asked, *others]):
            if key in before:
                logs[:, place], states[:, place] = self.logs[:, before[key]], self.states[:, before[key]]
        return replace(self, logs=logs, states=states, judge=judge, others=others)

    def missing(self, row: int) -> tuple[Case, ...]:
        """The firings of a row that are still to be run."""
        return tuple(case for case, state in zip(self.judge.cases, self.asked[row], strict=True) if state == NOT_RUN)

    def with_result(self, row: int, predicted: Mapping[Case, Predicted]) -> Pool:
        """This pool with what some firings of a row came to."""
        logs, states = self.logs.copy(), self.states.copy()
        for place, case in enumerate(self.judge.cases):
            if case in predicted:
                logs[row, place] = kept(logs_of(predicted[case]))
                states[row, place] = ENDED if predicted[case].outcome == "DONE" else FAILED
        return replace(self, logs=logs, states=states)

    def log_density(self, without: Sequence[str] = ()) -> Array:
        """Log of prior times likelihood (S,) but for a constant, without the observations of some cathodes.

        It is minus infinity in rows that are still to be run.
        """
        kept = [c for c, name in enumerate(self.cathodes) if name not in without]
        told = log_prior(self.z) + POWER * self.likelihood[:, kept].sum(axis=1)
        return np.where(self.waiting, -np.inf, told)

    def blind(self, without: Sequence[str] = ()) -> NDArray[np.bool_]:
        """Rows (S,) that have been run and were looked for without the observations of these cathodes.

        All that have been run when none is left out, and as long as no row was looked for without them.
        """
        chosen = ~self.waiting & (self.aims == aim(without))
        return chosen if without and chosen.any() else ~self.waiting


def aim(without: Sequence[str]) -> str:
    """The name of the posterior without the observations of some cathodes; nothing for the one given all."""
    return "+".join(without)


EDGE = 0.05
"""Width [prior sd] of the edge beyond which facts allow no value: a wall that searches can climb back over."""


def log_prior(z: Array) -> Array:
    """Log of the prior density (N,) at coordinates (N, D) but for a constant.

    It is normal, and next to nothing beyond ``least`` and ``most``.

    >>> inside, outside = log_prior(np.array([np.zeros(len(names())), np.full(len(names()), -1.0)]))
    >>> bool(inside > outside + 100.0)
    True
    """
    low = np.array([-np.inf if card.least is None else (card.least - card.mean) / card.sd for card in priors()])
    high = np.array([np.inf if card.most is None else (card.most - card.mean) / card.sd for card in priors()])
    beyond = (np.maximum(low - z, 0.0) + np.maximum(z - high, 0.0)) / EDGE
    return np.asarray(-0.5 * np.sum(z**2, axis=1) - 0.5 * np.sum(beyond**2, axis=1))


def kept(logs: Array) -> Array:
    """Logs of amounts as a file holds them: to 3 digits, and amounts below LEAST as none."""
    some = np.where(np.asarray(logs) < np.log(LEAST + OFFSET), np.log(OFFSET), logs)
    return np.asarray(some.astype(np.float16).astype(float))


NO_JUDGE = ObservationJudge(())
"""Judges nothing: pools have it until they are told what was observed."""


def empty(judge: Judge, made_with: MadeWith) -> Pool:
    """A pool without rows.

    >>> empty(NO_JUDGE, MadeWith("embedded", 16, 0.08)).z.shape == (0, len(names()))
    True
    """
    count = len(judge.cases)
    return Pool(
        np.zeros((0, len(names()))), np.zeros((0, count, len(PLACES))), np.zeros((0, count), dtype=np.int64),
        origin=np.zeros(0, dtype=np.int64), rise=np.zeros(0), aims=np.zeros(0, dtype=str), judge=judge,
        made_with=made_with,
    )  # fmt: skip


def from_runs(
    z: Sequence[Sequence[float]],
    predicted: Sequence[Mapping[Case, Predicted]],
    judge: Judge,
    made_with: MadeWith,
    origin: int = GIVEN,
) -> Pool:
    """A pool of sets that were run elsewhere: coordinates (S, D) and what the firings of each came to.

    Firings that the judge needs and that are not among them are still to be run.  Raises InputError when they are no
    such table.
    """
    if not len(z) or len(z) != len(predicted):
        raise InputError(f"{len(z)} parameter sets and runs of {len(predicted)}: give one of each, at least one")
    if any(len(row) != len(names()) for row in z) or not np.all(np.isfinite(np.array(z, dtype=float))):
        raise InputError(f"each set needs {len(names())} coordinates, and they must be finite")
    pool = empty(judge, made_with).with_sets(np.array(z, dtype=float), origin)
    for row, told in enumerate(predicted):
        pool = pool.with_result(row, told)
    return pool
