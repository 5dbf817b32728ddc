"""The likelihood over arrays: what many parameter sets made of every firing, judged by all observations at once.

The same as ``likelihood.by_cathode``, which judges one set and is easier to read; samplers ask this one, as they judge
hundreds of thousands of sets.  It also takes the variance of amounts that are guessed and not known, and tells the mean
of the log-likelihood over what they may be.  The logarithm of the mean likelihood would be higher, by half the variance
of the former, and the more so the less is known: walkers sought what the emulator knew nothing of.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from sinterface.models.phases.substance import FAMILIES
from sinterface.validation.judging import likelihood
from sinterface.validation.judging.firings import Case, Predicted, case, needed
from sinterface.validation.observations.detection import REACTANTS, limit
from sinterface.validation.observations.evidence import SECONDARY, Experiment, Observation

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

OFFSET = 0.03
"""Added to amounts [wt%] before their logarithm is taken: what is far below every limit is nearly the same."""

NODES, _raw = np.polynomial.hermite_e.hermegauss(5)
WEIGHTS = _raw / _raw.sum()
"""Nodes and weights of means over what a guessed amount may be."""

PLACES: tuple[str, ...] = (*FAMILIES, *REACTANTS)
"""What the last axis of amounts stands for: all families of secondary phases, then what is left of both reactants."""


class Judge(Protocol):
    """Tells how probable a group of observations is, given amounts; cathodes are the groups."""

    @property
    def cathodes(self) -> tuple[str, ...]:
        """Names of the groups."""

    @property
    def cases(self) -> tuple[Case, ...]:
        """The firings that have to be run."""

    def __call__(self, logs: Array, ended: Flags, variance: Array | None = None) -> Array:
        """Log-likelihood (N, C) of ``logs`` (N, K, F) in runs that ``ended`` (N, K)."""


def logs_of(predicted: Predicted) -> Array:
    """ln(wt% + OFFSET) (F,) of all PLACES in one run.

    >>> round(float(np.exp(logs_of(Predicted({"LaMO3": 2.0}, {"cathode": 49.0}, "DONE"))[PLACES.index("LaMO3")])), 6)
    2.03
    """
    amounts = {**predicted.families, **predicted.left}
    return np.log(np.array([amounts.get(name, 0.0) for name in PLACES]) + OFFSET)


@dataclass(frozen=True)
class _Marks:
    """The share of some families together, ``members`` (M, F), in a firing, against a limit.

    ``firing`` (M,) counts the firings; ``middle`` [ln wt%] and ``spread`` (M,) are those of the limit; ``sign`` (M,)
    is 1 where the families were seen and -1 where they were not.  ``owner`` (M, O) holds 1 for the observation.
    """

    firing: Integers
    members: Array
    middle: Array
    spread: Array
    sign: Array
    owner: Array

    def told(self, log: Array) -> Array:
        """Log-likelihood (N, M) of logarithms of shares [ln wt%]."""
        share = np.maximum(log, np.log(likelihood.TRACE))
        return np.log(_doubtful(ndtr(self.sign * (share - self.middle) / self.spread)))


@dataclass(frozen=True)
class _Amounts:
    """What some families make up together in a firing [wt%], with its standard deviation."""

    firing: Integers
    members: Array
    middle: Array
    spread: Array
    owner: Array

    def told(self, log: Array) -> Array:
        """Log of the density per wt% (N, M) at logarithms of shares [ln wt%]."""
        share = np.maximum(np.exp(log), likelihood.TRACE)
        wide = np.hypot(likelihood.SCATTER * share, self.spread)
        density = np.exp(-0.5 * ((share - self.middle) / wide) ** 2) / wide
        return np.log(likelihood.OUTLIERS / 100.0 + (1.0 - likelihood.OUTLIERS) * density)


@dataclass(frozen=True)
class _Trends:
    """A family in one firing against itself in an ``other``; ``sign`` is 1 where there is more in the other."""

    firing: Integers
    other: Integers
    place: Integers
    sign: Array
    owner: Array

    def told(self, log: Array) -> Array:
        """Log-likelihood (N, T) of logarithms of the ratio of the other firing's amount to this one's."""
        return np.log(_doubtful(ndtr(self.sign * log / likelihood.TREND_SCATTER)))


@dataclass(frozen=True)
class ObservationJudge:
    """The likelihood of these observations over arrays of amounts.

    ``logs`` (N, K, F) hold ln(wt% + OFFSET) of N parameter sets in K ``cases`` at F ``PLACES``; ``ended`` (N, K) tells
    which runs ended.  ``variance``, of the shape of ``logs`` or one that broadcasts, is that of logs that are guessed:
    what is told of an amount is then the mean over what it may be.  The answer (N, C) is the log-likelihood by cathode,
    or its mean.

    >>> from sinterface.validation.observations import cards_reader
    >>> judge = ObservationJudge(tuple(card for card in cards_reader.read().observations if card.role == "fit"))
    >>> clean = np.full((5, len(judge.cases), len(PLACES)), np.log(OFFSET))
    >>> judge(clean, np.ones((5, len(judge.cases)), dtype=bool)).shape == (5, len(judge.cathodes))
    True
    """

    observations: tuple[Observation, ...]

    @cached_property
    def cathodes(self) -> tuple[str, ...]:
        """Cathodes in alphabetical order, and ALONE for what was heated by itself."""
        return tuple(sorted({likelihood.group(observation) for observation in self.observations}))

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """Every firing that the observations ask for or compare with, once."""
        return tuple(needed(self.observations))

    @cached_property
    def _marks(self) -> _Marks:
        rows: list[tuple[int, tuple[str, ...], tuple[float, float], float]] = []
        for number, observation in enumerate(self.observations):
            rows += [(number, (family,), _limit(observation, family), 1.0) for family in observation.seen]
            rows += [(number, (family,), _limit(observation, family), -1.0) for family in observation.not_seen]
            rows += [(number, (role,), _limit(observation, REACTANTS[role]), -1.0) for role in observation.gone]
            if named := {*observation.seen, *observation.not_seen}:
                silent = tuple(family for family in FAMILIES if family not in named)
                rows.append((number, silent, _limit(observation, times=likelihood.UNMENTIONED), -1.0))
        numbers = [row[0] for row in rows]
        middle, spread = np.array([row[2] for row in rows]).reshape(-1, 2).T
        return _Marks(
            self._own[numbers], _members([row[1] for row in rows]), middle, spread,
            np.array([row[3] for row in rows]), self._owner(numbers),
        )  # fmt: skip

    @cached_property
    def _amounts(self) -> _Amounts:
        rows = [(number, amount) for number, o in enumerate(self.observations) for amount in o.amounts]
        numbers = [number for number, _ in rows]
        families = [tuple(FAMILIES) if amount.families == (SECONDARY,) else amount.families for _, amount in rows]
        middle = 100.0 * np.array([amount.share.value for _, amount in rows])
        spread = 100.0 * np.array([amount.share.sd for _, amount in rows])
        return _Amounts(self._own[numbers], _members(families), middle, spread, self._owner(numbers))

    @cached_property
    def _trends(self) -> _Trends:
        place = {firing: k for k, firing in enumerate(self.cases)}
        rows = [
            (number, place[case(o, trend.temperature)], PLACES.index(trend.family), sign)
            for number, o in enumerate(self.observations)
            for trends, sign in ((o.weaker_than, 1.0), (o.stronger_than, -1.0))
            for trend in trends
        ]
        numbers, others, places = np.array([row[:3] for row in rows], dtype=np.int64).reshape(-1, 3).T
        sign = np.array([row[3] for row in rows])
        return _Trends(self._own[numbers], others, places, sign, self._owner(numbers))

    @cached_property
    def _own(self) -> Integers:
        """The firing of each observation (O,)."""
        place = {firing: k for k, firing in enumerate(self.cases)}
        return np.array([place[case(o, o.temperature)] for o in self.observations], dtype=np.int64)

    @cached_property
    def _lost(self) -> Array:
        """Log-likelihood of each observation (O,) when its run does not end."""
        lost = Predicted({}, {}, "FAILED")
        return np.array([likelihood.log_likelihood(o, dict.fromkeys(needed([o]), lost)) for o in self.observations])

    @cached_property
    def _group(self) -> Array:
        """1 where an observation (O, C) counts to a cathode."""
        table = [[likelihood.group(o) == name for name in self.cathodes] for o in self.observations]
        return np.array(table, dtype=float).reshape(len(self.observations), len(self.cathodes))

    @cached_property
    def _weight(self) -> Array:
        return np.array([o.weight.value for o in self.observations])

    def _owner(self, numbers: Sequence[int] | Integers) -> Array:
        return np.eye(len(self.observations))[np.asarray(numbers, dtype=np.int64)]

    def __call__(self, logs: Array, ended: Flags, variance: Array | None = None) -> Array:
        """Log-likelihood (N, C) by cathode."""
        amounts = np.maximum(np.exp(logs) - OFFSET, 0.0)
        spread = np.zeros(1) if variance is None else np.broadcast_to(variance, logs.shape) * (amounts + OFFSET) ** 2
        told = np.zeros((len(logs), len(self.observations)))
        marks = self._marks
        told += _mean(marks.told, *_together(amounts, spread, marks.firing, marks.members)) @ marks.owner
        measured = self._amounts
        told += _mean(measured.told, *_together(amounts, spread, measured.firing, measured.members)) @ measured.owner
        trends = self._trends
        here, there = (
            np.maximum(amounts[:, at, trends.place], likelihood.TRACE) for at in (trends.firing, trends.other)
        )
        unsure = 0.0 if variance is None else (
            spread[:, trends.firing, trends.place] / here**2 + spread[:, trends.other, trends.place] / there**2
        )  # fmt: skip
        right = _mean(trends.told, np.log(there / here), unsure)
        told += np.where(ended[:, trends.other], right, np.log(_doubtful(np.zeros(1)))) @ trends.owner
        return np.where(ended[:, self._own], self._weight * told, self._lost) @ self._group


def _limit(experiment: Experiment, family: str = "", times: float = 1.0) -> tuple[float, float]:
    """A limit [ln wt%] and its spread, as ``likelihood.probability_seen`` has them."""
    least = limit(experiment, family)
    middle, sd = 100.0 * least.value * times, 100.0 * least.sd * times
    return math.log(middle), math.hypot(likelihood.SCATTER, sd / middle)


def _members(names: Sequence[Sequence[str]]) -> Array:
    return np.array([[place in some for place in PLACES] for some in names], dtype=float).reshape(-1, len(PLACES))


def _together(amounts: Array, spread: Array, firing: Integers, members: Array) -> tuple[Array, Array | float]:
    """Logarithms (N, M) of sums of amounts [wt%], and their variance; amounts err independently of each other."""
    share = np.einsum("nmf,mf->nm", amounts[:, firing], members)
    share = np.maximum(share, likelihood.TRACE)
    if spread.ndim == 1:
        return np.log(share), 0.0
    return np.log(share), np.einsum("nmf,mf->nm", spread[:, firing], members) / share**2


def _mean(told: Callable[[Array], Array], log: Array, variance: Array | float) -> Array:
    """Mean of what is told over normal distributions of ``log``, by Gauss-Hermite quadrature."""
    if np.ndim(variance) == 0:
        return told(log)
    sd = np.sqrt(variance)
    return np.asarray(sum(weight * told(log + node * sd) for node, weight in zip(NODES, WEIGHTS, strict=True)))


def _doubtful(probability: Array) -> Array:
    return 0.5 * likelihood.OUTLIERS + (1.0 - likelihood.OUTLIERS) * probability
