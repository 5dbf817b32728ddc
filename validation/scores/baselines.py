"""Predictions that need no model of kinetics: the model is worth what it adds to the best of them.

``others``: the median onset of the cathodes that were not left out, and for each family at each temperature what most
of them showed.  ``nearest``: the same of the one cathode that is nearest by composition.  ``equilibrium``: what the
couple comes to without kinetics, in the gas and at the mass ratio of the card.  Temperatures are degrees C, shares wt%.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.stats import beta

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.interface.maps import stability_map
from sinterface.models.interface.mixture_input import batch
from sinterface.models.phases import database as databases
from sinterface.models.powders import materials
from sinterface.validation.calibration.walks import TOGETHER
from sinterface.validation.judging.firings import CLEAN, Case, Predicted, case
from sinterface.validation.observations.evidence import Experiment, Observation, Onset
from sinterface.validation.scores.measures import BEYOND, SCAN, STEP, celsius, distance, first_seen, limit

SAME_LABORATORY = {"kim2022": "kim2020nmc622", "vardar2018": "kim2020nmc622", "ihrig2022": "tsai2019"}
"""Papers from one laboratory, by the key of its first; all others are laboratories of their own."""

OTHER_STRUCTURE = 1.0
"""Added to the distance of two compositions where their structures differ: the most that compositions differ by."""

INSIDE = 0.9
"""Share of the observations that 90 % intervals should hold."""


@dataclass(frozen=True)
class BaselineGuess:
    """What a baseline says: onsets [degrees C] by id of the card, None for none up to the end of the scan; and marks.

    ``marks`` tell by id of the observation and family whether the family is there.
    """

    onsets: Mapping[str, float | None]
    marks: Mapping[tuple[str, str], bool]


@dataclass(frozen=True)
class GuessScore:
    """How far guesses are from observations.

    ``mean_distance`` [degrees C] of the onsets from their brackets, None without any; precision, recall and F1 of the
    families seen and not seen, None where they have no meaning.  Cards count by their weight.
    """

    mean_distance: float | None
    onsets: int
    precision: float | None
    recall: float | None
    f1: float | None
    marks: int


@dataclass(frozen=True)
class Coverage:
    """How many of ``count`` observations lie ``inside`` their intervals; the 90 % interval of the true share."""

    count: int
    inside: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Share of the observations that lie inside."""
        return self.inside / self.count

    @property
    def honest(self) -> bool:
        """Whether 90 % lies within the uncertainty of the share."""
        return self.low <= INSIDE <= self.high


def onset_of(card: Onset) -> float:
    """The one temperature [degrees C] that an onset stands for.

    The middle of its bracket; the seen temperature where none was clean; one step above the clean one where nothing
    was seen.
    """
    clean, seen = celsius(card.clean_at), celsius(card.seen_at)
    if seen is None:
        assert clean is not None
        return clean + STEP
    return seen if clean is None else 0.5 * (clean + seen)


def composition_distance(first: str, second: str) -> float:
    """How different two cathodes are: 0 to 1 by composition, more where their structures differ.

    Half the sum of the differences of their atomic fractions, oxygen included: the share of the atoms that would have
    to be exchanged.  Morphology does not count.

    >>> composition_distance("pc-NMC631", "sc-NMC631") < composition_distance("pc-NMC631", "pc-NMC111")
    True
    """
    a, b = materials.find(first, "cathode"), materials.find(second, "cathode")
    sums = sum(a.composition.values()), sum(b.composition.values())
    apart = sum(
        abs(a.composition.get(symbol, 0.0) / sums[0] - b.composition.get(symbol, 0.0) / sums[1])
        for symbol in {*a.composition, *b.composition}
    )
    return 0.5 * apart + OTHER_STRUCTURE * (a.structure != b.structure)


def median_and_vote(
    left_out: Iterable[Experiment], observations: Sequence[Observation], onsets: Sequence[Onset]
) -> BaselineGuess:
    """What the other experiments suggest: the weighted median of their onsets and the majority of their marks.

    A mark is voted on by those who looked for the family within ``STEP`` of the temperature; a tie, and no voter at
    all, count as not seen.  Without any other onset the guess is none up to the end of the scan.
    """
    middle = _weighted_median([(onset_of(onset), onset.weight.value) for onset in onsets])
    votes: dict[str, list[tuple[float, float]]] = {}
    for observation in observations:
        for sign, families in ((1.0, observation.seen), (-1.0, observation.not_seen)):
            for family in families:
                votes.setdefault(family, []).append((observation.temperature, sign * observation.weight.value))
    guessed: dict[str, float | None] = {}
    marks: dict[tuple[str, str], bool] = {}
    for card in left_out:
        if isinstance(card, Onset):
            guessed[card.id] = middle
        elif isinstance(card, Observation):
            for family in (*card.seen, *card.not_seen):
                near = [vote for T, vote in votes.get(family, ()) if abs(T - card.temperature) <= STEP + 1e-6]
                marks[card.id, family] = sum(near) > 0.0
    return BaselineGuess(guessed, marks)


def _weighted_median(values: Sequence[tuple[float, float]]) -> float | None:
    """The value below and above which half of the weight lies, the mean of two where it falls between them."""
    if not values:
        return None
    ordered = sorted(values)
    total = np.cumsum([weight for _, weight in ordered])
    half = 0.5 * total[-1]
    first = int(np.searchsorted(total, half - 1e-12))
    last = int(np.searchsorted(total, half + 1e-12))
    return 0.5 * (ordered[first][0] + ordered[min(last, len(ordered) - 1)][0])


def nearest_cathode(
    left_out: Iterable[Experiment], observations: Sequence[Observation], onsets: Sequence[Onset]
) -> BaselineGuess:
    """What the cathode nearest by ``composition_distance`` showed, among those with marks or onsets of the others.

    Onsets and marks are each taken from the nearest cathode that has some.
    """
    guessed: dict[str, float | None] = {}
    marks: dict[tuple[str, str], bool] = {}
    for card in left_out:
        near = partial(composition_distance, card.cathode)
        cathodes = sorted({experiment.cathode for experiment in (onsets if isinstance(card, Onset) else observations)})
        chosen = min(cathodes, key=near, default="")
        guess = median_and_vote(
            [card], [observation for observation in observations if observation.cathode == chosen],
            [onset for onset in onsets if onset.cathode == chosen],
        )  # fmt: skip
        guessed |= guess.onsets
        marks |= guess.marks
    return BaselineGuess(guessed, marks)


def equilibria(
    firing: Case, temperatures: Sequence[float], database: databases.Database | None = None
) -> list[Predicted]:
    """What the couple of a firing comes to at equilibrium with the gas, at each of the temperatures (n,) [K].

    The families of garnet and cathode count as what is left of the reactants, all others as secondary phases.
    """
    tables = database or databases.embedded()
    cathode = materials.find(firing.cathode, "cathode")
    electrolyte = materials.find(firing.electrolyte, "electrolyte")
    mixture = batch([(electrolyte, 1.0), (cathode, firing.mass_ratio)], tables)
    gas = firing.atmosphere
    equilibrium = stability_map(mixture, np.array(temperatures, dtype=float), "pO2", np.array([gas.pO2]), gas)
    predicted = []
    for row in range(len(temperatures)):
        shares = dict(zip(equilibrium.families, (100.0 * equilibrium.shares[row, 0]).tolist(), strict=True))
        left = {"cathode": shares.pop(cathode.structure, 0.0), "electrolyte": shares.pop("garnet", 0.0)}
        predicted.append(Predicted({name: share for name, share in shares.items() if share > CLEAN}, left, "DONE"))
    return predicted


def at_equilibrium(left_out: Iterable[Experiment], database: databases.Database | None = None) -> BaselineGuess:
    """Onsets over the scan and marks that equilibrium gives, by the detection limits of the cards."""
    guessed: dict[str, float | None] = {}
    marks: dict[tuple[str, str], bool] = {}
    for card in left_out:
        if isinstance(card, Onset):
            kelvin = [T + CELSIUS_ZERO for T in SCAN]
            runs = dict(zip(SCAN, equilibria(case(card, kelvin[0]), kelvin, database), strict=True))
            first = first_seen(runs, partial(limit, card))
            guessed[card.id] = first if np.isfinite(first) else None
        elif isinstance(card, Observation):
            (run,) = equilibria(case(card, card.temperature), [card.temperature], database)
            for family in (*card.seen, *card.not_seen):
                marks[card.id, family] = run.families.get(family, 0.0) >= limit(card, family)
    return BaselineGuess(guessed, marks)


def cathode_left_out(card: Experiment) -> str:
    """Name of what is left out together by cathode: those whose observations copy one another go together."""
    return TOGETHER.get(card.cathode, card.cathode)


def laboratory_left_out(card: Experiment) -> str:
    """Name of what is left out together by laboratory."""
    return SAME_LABORATORY.get(card.source, card.source)


def left_out_guesses(
    observations: Sequence[Observation],
    onsets: Sequence[Onset],
    group: Callable[[Experiment], str] = cathode_left_out,
    database: databases.Database | None = None,
) -> dict[str, BaselineGuess]:
    """Guesses of each baseline for all cards, each from the cards of the other groups alone.

    ``group`` names what is left out together.  Equilibrium needs no other cards.
    """
    everything = (*observations, *onsets)
    parts: dict[str, list[BaselineGuess]] = {"others": [], "nearest": []}
    for name in dict.fromkeys(map(group, everything)):
        mine = [card for card in everything if group(card) == name]
        rest = [observation for observation in observations if group(observation) != name]
        first = [onset for onset in onsets if group(onset) != name]
        parts["others"].append(median_and_vote(mine, rest, first))
        parts["nearest"].append(nearest_cathode(mine, rest, first))
    return {
        **{name: _joined(guesses) for name, guesses in parts.items()},
        "equilibrium": at_equilibrium(everything, database),
    }


def _joined(guesses: Iterable[BaselineGuess]) -> BaselineGuess:
    onsets: dict[str, float | None] = {}
    marks: dict[tuple[str, str], bool] = {}
    for guess in guesses:
        onsets |= guess.onsets
        marks |= guess.marks
    return BaselineGuess(onsets, marks)


def score(guess: BaselineGuess, observations: Iterable[Observation], onsets: Iterable[Onset]) -> GuessScore:
    """A guess, or the model's predictions put as one, against the cards, each counted by its weight.

    Cards that the guess says nothing of are left out.
    """
    off = [
        (distance(guess.onsets[card.id], celsius(card.clean_at), celsius(card.seen_at)), card.weight.value)
        for card in onsets
        if card.id in guess.onsets
    ]
    counts = {(seen, guessed): 0.0 for seen in (True, False) for guessed in (True, False)}
    marks = 0
    for card in observations:
        for seen, families in ((True, card.seen), (False, card.not_seen)):
            for family in families:
                if (card.id, family) in guess.marks:
                    counts[seen, guess.marks[card.id, family]] += card.weight.value
                    marks += 1
    tp, fn, fp = counts[True, True], counts[True, False], counts[False, True]
    return GuessScore(
        sum(d * weight for d, weight in off) / sum(weight for _, weight in off) if off else None,
        len(off),
        tp / (tp + fp) if tp + fp else None,
        tp / (tp + fn) if tp + fn else None,
        2.0 * tp / (2.0 * tp + fp + fn) if tp + fp + fn else None,
        marks,
    )


def left_out_scores(
    observations: Sequence[Observation],
    onsets: Sequence[Onset],
    group: Callable[[Experiment], str] = cathode_left_out,
    database: databases.Database | None = None,
) -> dict[str, GuessScore]:
    """Scores of each baseline by its name, everything of a ``group`` left out while it is guessed."""
    guesses = left_out_guesses(observations, onsets, group, database)
    return {name: score(guess, observations, onsets) for name, guess in guesses.items()}


def skill(error: float, baselines: Iterable[float]) -> float | None:
    """How much of the best baseline's error a model takes away: 1 for no error, 0 for as much, below 0 for more.

    None without a baseline, or where the best has no error that could be taken away.  The error of an F1 is 1 - F1.

    >>> skill(50.0, [200.0, 100.0])
    0.5
    """
    best = min(baselines, default=0.0)
    return 1.0 - error / best if best > 0.0 else None


def coverage(predicted: Sequence[tuple[float, float]], observed: Sequence[tuple[float, float]]) -> Coverage:
    """How often predicted intervals (n,) overlap with what was observed (n,), both as lower and upper ends.

    An observed value is an interval of no width, or of its own error; a family seen above a limit lies between the
    limit and infinity, one not seen between 0 and the limit; an onset above the scan is infinite.  The 90 % interval
    of the share is that of a binomial share with Jeffreys prior (Brown, Cai & DasGupta, Statist. Sci. 16, 101 (2001);
    recalled).  Raises ValueError for lists of unequal length or without any, and for ends in the wrong order or that
    are not numbers.

    >>> coverage([(1.0, 2.0), (3.0, 4.0)], [(1.5, 1.5), (4.5, 5.0)]).inside
    1
    """
    if not predicted or len(predicted) != len(observed):
        raise ValueError(f"{len(predicted)} intervals for {len(observed)} observations: give as many, and at least one")
    for low, high in (*predicted, *observed):
        if not low <= high:
            raise ValueError(f"interval from {low:g} to {high:g}: the lower end comes first")
    inside = sum(a <= d and c <= b for (a, b), (c, d) in zip(predicted, observed, strict=True))
    n = len(predicted)
    low, high = beta.ppf((0.05, 0.95), inside + 0.5, n - inside + 0.5)
    return Coverage(n, inside, float(low) if inside else 0.0, float(high) if inside < n else 1.0)


def onset_brackets(cards: Iterable[Onset]) -> list[tuple[float, float]]:
    """Observed onsets as intervals [degrees C] for ``coverage``; unbounded where a source gives one end only."""
    return [
        (-np.inf if card.clean_at is None else card.clean_at - CELSIUS_ZERO,
         np.inf if card.seen_at is None else card.seen_at - CELSIUS_ZERO)
        for card in cards
    ]  # fmt: skip


def onset_intervals(intervals: Iterable[Sequence[float | None]]) -> list[tuple[float, float]]:
    """Predicted intervals of onsets as ``measures.ranked`` gives them, for ``coverage``: None lies above the scan."""
    return [(low if low is not None else BEYOND, high if high is not None else np.inf) for low, high in intervals]
