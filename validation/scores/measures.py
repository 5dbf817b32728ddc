"""How far predictions are from what was observed: onsets, phases, amounts and trends, over posterior samples.

Predictions of a case come as one ``Predicted`` per parameter set: the first, of the most probable one, is the
prediction; all together give intervals and probabilities.  Runs that did not reach the end of their schedule tell
nothing and are left out; what is not predicted is None.  Shares are wt% of the cooled sample, temperatures degrees C.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from operator import gt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import CELSIUS_ZERO, QUANTILES
from sinterface.models.phases.substance import FAMILIES
from sinterface.models.rates.parameters import Parameters, priors
from sinterface.validation.judging.firings import Case, Predicted, case
from sinterface.validation.observations import detection
from sinterface.validation.observations.evidence import SECONDARY, Experiment, Observation, Onset

Array = NDArray[np.float64]
Predictions = Mapping[Case, Sequence[Predicted]]

SCAN = tuple(float(T) for T in range(400, 1001, 50))
"""Hold temperatures at which onsets are looked for [degrees C]."""

STEP = 50.0
"""Their distance; a predicted onset this far outside of the observed bracket still counts as inside."""

BEYOND = SCAN[-1] + STEP
"""Stands for an onset above the scan where a number is needed [degrees C]."""

CLOSE = 0.3
"""Relative error up to which an amount counts as met."""

WORTH = 0.05
"""Families whose upper quantile stays below this [wt%] at all temperatures have no curve."""


def quantiles(values: Iterable[float]) -> tuple[float | None, float | None, float | None]:
    """5, 50 and 95 % of values; None for each without any.

    >>> quantiles([1.0, 3.0])[1]
    2.0
    """
    sample = np.array(list(values), dtype=float)
    if not sample.size:
        return None, None, None
    low, middle, high = (float(q) for q in np.quantile(sample, QUANTILES))
    return low, middle, high


def ended(runs: Iterable[Predicted]) -> list[Predicted]:
    """The runs that reached the end of their schedule."""
    return [run for run in runs if run.outcome == "DONE"]


def limit(experiment: Experiment, family: str = "") -> float:
    """Detection limit [wt%] of a family; without one, or for words that are none, that of the family seen best."""
    return round(100.0 * detection.limit(experiment, family if family in FAMILIES else "").value, 9)


def celsius(kelvin: float | None) -> float | None:
    """Temperature [degrees C] of one in K."""
    return None if kelvin is None else round(kelvin - CELSIUS_ZERO, 6)


# onsets


def first_seen(runs: Mapping[float, Predicted], least: Callable[[str], float]) -> float:
    """Lowest temperature at which a secondary family reaches its ``least`` [wt%]; infinite where none does."""
    hits = (
        T
        for T in sorted(runs)
        if runs[T].outcome == "DONE" and any(share >= least(name) for name, share in runs[T].families.items())
    )
    return next(hits, math.inf)


def onset_samples(card: Onset, predictions: Predictions) -> Array:
    """First temperature of the scan [degrees C] with a secondary phase, one per sample (S,); infinite for none."""
    runs = {T: predictions[case(card, T + CELSIUS_ZERO)] for T in SCAN}
    size = len(runs[SCAN[0]])
    least = partial(limit, card)
    return np.array([first_seen({T: samples[k] for T, samples in runs.items()}, least) for k in range(size)])


def ranked(values: Array) -> tuple[float | None, float | None]:
    """5 and 95 % of onsets as values of the scan, not between them; None where that is above the scan."""
    ordered = np.sort(values)
    ends = [float(ordered[max(math.ceil(q * len(ordered)) - 1, 0)]) for q in (QUANTILES[0], QUANTILES[-1])]
    low, high = (T if math.isfinite(T) else None for T in ends)
    return low, high


def distance(predicted: float | None, clean_at: float | None, seen_at: float | None) -> float:
    """How far [degrees C] an onset of the scan lies outside of the bracket, above ``clean_at`` and up to ``seen_at``.

    None predicted counts as BEYOND.  As the scan goes in steps, the lowest onset above a clean temperature is STEP
    higher: an onset at the clean temperature itself is STEP away.

    >>> distance(600.0, 600.0, 700.0), distance(650.0, 600.0, 700.0), distance(None, 600.0, 700.0)
    (50.0, 0.0, 350.0)
    """
    at = BEYOND if predicted is None else predicted
    lowest = -math.inf if clean_at is None else clean_at + STEP
    highest = math.inf if seen_at is None else max(seen_at, lowest)
    return max(lowest - at, at - highest, 0.0)


def onset(card: Onset, predictions: Predictions) -> dict[str, Any]:
    """Predicted onset beside the observed bracket."""
    samples = onset_samples(card, predictions)
    at = float(samples[0]) if math.isfinite(samples[0]) else None
    clean_at, seen_at = celsius(card.clean_at), celsius(card.seen_at)
    off = distance(at, clean_at, seen_at)
    return {
        "predicted_C": at,
        "interval_C": list(ranked(samples)),
        "bracket_C": [clean_at, seen_at],
        "inside": off <= STEP,
        "distance_C": off,
    }


def onsets(cards: Iterable[Onset], predictions: Predictions) -> dict[str, Any]:
    """Onsets of all powders, their mean distance from the brackets, and how many are inside."""
    powders = {card.cathode: onset(card, predictions) for card in cards}
    off = [powder["distance_C"] for powder in powders.values()]
    return {
        "powders": powders,
        "mean_distance_C": float(np.mean(off)) if off else None,
        "inside_count": sum(powder["inside"] for powder in powders.values()),
        "powder_count": len(powders),
    }


# phases


def _head(card: Experiment, temperature: float) -> dict[str, Any]:
    return {"id": card.id, "cathode": card.cathode, "temperature_C": celsius(temperature)}


def probability(values: Sequence[float], holds: Callable[[float], bool]) -> float | None:
    """Share of the values of which something holds; None without any."""
    return sum(map(holds, values)) / len(values) if values else None


def cell(
    card: Experiment, temperature: float, family: str, observed: str, runs: Sequence[Predicted],
    share: Callable[[Predicted], float],
) -> dict[str, Any]:  # fmt: skip
    """What was observed of a family at a temperature [K], beside its predicted ``share`` [wt%] of each run."""
    least = limit(card, family)
    at, (low, high), shares = _told(runs, share)
    return _head(card, temperature) | {
        "family": family,
        "observed": observed,
        "limit_wt_percent": least,
        "predicted_wt_percent": at,
        "interval": [low, high],
        "probability_seen": probability(shares, lambda share: share >= least),
        "predicted": None if at is None else at >= least,
    }


def _told(
    runs: Sequence[Predicted], value: Callable[[Predicted], float]
) -> tuple[float | None, tuple[float | None, float | None], list[float]]:
    """The prediction, from the first run if it ended, its interval, and the values of all that did."""
    values = [value(run) for run in ended(runs)]
    low, _, high = quantiles(values)
    return (values[0] if ended(runs[:1]) else None), (low, high), values


def cells(cards: Iterable[Observation], predictions: Predictions) -> list[dict[str, Any]]:
    """One entry for each family that an observation tells of, seen or looked for in vain."""
    return [
        cell(
            card, card.temperature, family, word, predictions[case(card, card.temperature)], partial(_share, family),
        )
        for card in cards
        for word, families in (("seen", card.seen), ("not seen", card.not_seen))
        for family in families
    ]  # fmt: skip


def _share(family: str, run: Predicted) -> float:
    return run.families.get(family, 0.0)


def right(cell: Mapping[str, Any]) -> bool | None:
    """Whether a cell is predicted as observed; None where no run ended."""
    return None if cell["predicted"] is None else cell["predicted"] == (cell["observed"] == "seen")


def _scores(counts: Mapping[str, int]) -> dict[str, float | None]:
    tp, fp, fn = counts["tp"], counts["fp"], counts["fn"]
    parts = {"precision": (tp, tp + fp), "recall": (tp, tp + fn), "f1": (2 * tp, 2 * tp + fp + fn)}
    return {name: over / under if under else None for name, (over, under) in parts.items()}


def phases(judged: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Precision, recall and F1 of cells, and the counts of each family; cells without a prediction do not count."""
    families: dict[str, dict[str, int]] = {}
    for cell in judged:
        if (correct := right(cell)) is None:
            continue
        counts = families.setdefault(cell["family"], dict.fromkeys(("tp", "fp", "fn", "tn"), 0))
        counts[("t" if correct else "f") + ("p" if cell["predicted"] else "n")] += 1
    total = {key: sum(counts[key] for counts in families.values()) for key in ("tp", "fp", "fn", "tn")}
    return {**_scores(total), "families": dict(sorted(families.items()))}


# amounts and trends


def amounts(cards: Iterable[Observation], predictions: Predictions) -> list[dict[str, Any]]:
    """Every measured amount beside the prediction, and whether reactants that are gone are predicted to be."""
    rows = []
    for card in cards:
        runs = predictions[case(card, card.temperature)]
        for amount in card.amounts:
            at, interval, _ = _told(runs, partial(_amount, amount.families))
            measured = round(100.0 * amount.share.value, 9)
            rows.append(_head(card, card.temperature) | {
                "families": list(amount.families),
                "measured": measured,
                "sd": round(100.0 * amount.share.sd, 9),
                "predicted": at,
                "interval": list(interval),
                "within_30_percent": None if at is None else abs(at - measured) <= CLOSE * measured,
            })  # fmt: skip
        for role in card.gone:
            least = limit(card, detection.REACTANTS[role])
            at, interval, left = _told(runs, partial(_left, role))
            rows.append(_head(card, card.temperature) | {
                "families": [],
                "gone": role,
                "predicted_gone": None if at is None else at < least,
                "probability_gone": probability(left, partial(gt, least)),
                "left": at,
                "interval": list(interval),
                "limit": least,
            })  # fmt: skip
    return rows


def _amount(families: tuple[str, ...], run: Predicted) -> float:
    return run.total if families == (SECONDARY,) else sum(run.families.get(f, 0.0) for f in families)


def _left(role: str, run: Predicted) -> float:
    return run.left[role]


def trends(cards: Iterable[Observation], predictions: Predictions) -> list[dict[str, Any]]:
    """Whether a family is predicted to be weaker or stronger than at another temperature, where that was told."""
    rows = []
    for card in cards:
        runs = predictions[case(card, card.temperature)]
        for said, sign, told in (("weaker", -1.0, card.weaker_than), ("stronger", 1.0, card.stronger_than)):
            for trend in told:
                others = predictions[case(card, trend.temperature)]
                changes = [
                    sign * (_share(trend.family, own) - _share(trend.family, other))
                    if own.outcome == other.outcome == "DONE"
                    else None
                    for own, other in zip(runs, others, strict=True)
                ]
                known = [change for change in changes if change is not None]
                rows.append({
                    "id": card.id,
                    "cathode": card.cathode,
                    "family": trend.family,
                    "from_C": celsius(trend.temperature),
                    "to_C": celsius(card.temperature),
                    "said": said,
                    "probability": probability(known, lambda change: change > 0.0),
                    "holds": None if changes[0] is None else changes[0] > 0.0,
                })  # fmt: skip
    return rows


def vote(table: Iterable[Mapping[str, Any]], first: Iterable[Onset], predictions: Predictions) -> dict[str, Any]:
    """What more than half of all samples say, in place of the most probable one: F1 of the marks, distance of onsets.

    The onset of a powder is the median of those of the samples, above the scan where half of them are.
    """
    voted = [
        {**cell, "predicted": None if cell["probability_seen"] is None else cell["probability_seen"] > 0.5}
        for cell in table
    ]
    off = []
    for card in first:
        ordered = np.sort(onset_samples(card, predictions))
        at = float(ordered[(len(ordered) - 1) // 2])
        off.append(distance(at if math.isfinite(at) else None, celsius(card.clean_at), celsius(card.seen_at)))
    scores = phases(voted)
    return {
        "mean_distance_C": float(np.mean(off)) if off else None,
        **{name: scores[name] for name in ("precision", "recall", "f1")},
    }


def summary(observed: Sequence[Observation], first: Sequence[Onset], predictions: Predictions) -> dict[str, Any]:
    """All measures together: the part ``in_sample`` or ``leave_one_out`` of the document."""
    table = cells(observed, predictions)
    return {
        "onset": onsets(first, predictions),
        "phases": phases(table),
        "cells": table,
        "amounts": amounts(observed, predictions),
        "trends": trends(observed, predictions),
        "vote": vote(table, first, predictions),
    }


# against temperature, and against the parameters


def _band(series: Sequence[Sequence[Predicted]], value: Callable[[Predicted], float]) -> dict[str, list[float | None]]:
    points = [_told(runs, value) for runs in series]
    return {
        "value": [at for at, _, _ in points],
        "low": [ends[0] for _, ends, _ in points],
        "high": [ends[1] for _, ends, _ in points],
    }


def curves(card: Onset, predictions: Predictions) -> dict[str, Any]:
    """wt% against hold temperature: all secondary phases, each family, and what is left of the reactants."""
    series = [predictions[case(card, T + CELSIUS_ZERO)] for T in SCAN]
    bands = {
        family: _band(series, partial(_share, family))
        for family in dict.fromkeys(f for runs in series for run in ended(runs) for f in run.families)
    }

    def most(family: str) -> float:
        return max((share for share in bands[family]["high"] if share is not None), default=0.0)

    return {
        "temperature_C": list(SCAN),
        "total": _band(series, lambda run: run.total),
        "families": {f: bands[f] for f in sorted(bands, key=most, reverse=True) if most(f) >= WORTH},
        "unreacted": {role: _band(series, partial(_left, role)) for role in ("cathode", "electrolyte")},
    }


def sensitivity(first: Array, samples: Sequence[Parameters]) -> dict[str, float | None]:
    """Change of the onset [degrees C] per standard deviation of each prior, by least squares over the samples (S,).

    None for all where the onset does not vary, or the samples are too few or too alike to tell.
    """
    cards = priors()
    at = np.where(np.isfinite(first), first, BEYOND)
    z = np.array([parameters.vector() for parameters in samples])
    z = (z - [card.mean for card in cards]) / [card.sd for card in cards]
    design = np.column_stack([np.ones(len(z)), z])
    if np.ptp(at) == 0.0 or len(z) < len(cards) + 2 or np.linalg.matrix_rank(design) < len(cards) + 1:
        return dict.fromkeys((card.name for card in cards), None)
    slopes = np.linalg.lstsq(design, at, rcond=None)[0][1:]
    return {card.name: float(slope) for card, slope in zip(cards, slopes, strict=True)}
