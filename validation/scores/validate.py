"""The whole comparison of predictions with observations: one record, for people, files and the report.

Every observed firing and, for the powders of the reference experiment, every hold temperature of a scan is run for
the most probable parameters, which give the predictions, and for samples of the posterior, which give their intervals:
in sample with all cards fitted, and leave-one-out with parameters that never met the cards of the powder predicted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.basics.errors import InputError
from sinterface.models.instruments.detector import Detector
from sinterface.models.phases import database as databases
from sinterface.models.rates import parameters
from sinterface.models.rates.parameters import Parameters
from sinterface.simulate.solve.run import TOLERANCE
from sinterface.validation.judging.firings import Case, Predicted, case, needed, run_all
from sinterface.validation.observations import cards_reader, detection
from sinterface.validation.observations.cards_reader import CardFault, Cards
from sinterface.validation.observations.evidence import Observation, Onset
from sinterface.validation.scores import baselines, measures, statements, thermogravimetry
from sinterface.validation.scores.document import (
    Baselines,
    CellElsewhere,
    ComparedOnset,
    Curves,
    Guessed,
    Inside,
    MassLoss,
    Parameter,
    Posterior,
    PriorMoments,
    Scores,
    ScoresLeftOut,
    Validation,
)
from sinterface.validation.scores.plain_data import read as record

REFERENCE = "ma2025"
"""Source of the experiment that the posterior is fitted to; all else counts as another laboratory's."""

SAMPLES = 12
"""Posterior samples unless others are asked for."""

ANY = "any secondary phase"
"""Stands for the family where an onset tells only that something formed."""

DETECTION = (
    "predictions are those of the most probable parameters, as of a single run; intervals and probabilities are over "
    "these and samples of the posterior; a family counts as predicted when it is at or above the detection limit "
    "of its card, or of its methods where a card has none; an onset is the lowest hold temperature, in "
    f"steps of {measures.STEP:g} °C from {measures.SCAN[0]:g} to {measures.SCAN[-1]:g} °C, at which any one family is "
    f"there, and is inside when at most {measures.STEP:g} °C from the observed bracket"
)

Runner = Callable[..., list[Predicted]]


def read(sources: Sequence[str | Path]) -> Cards:
    """The built-in cards together with those of folders and files.  A bad or doubled table becomes a CardFault."""
    own, mine = cards_reader.read(), cards_reader.read(sources) if sources else Cards((), (), (), ())
    kinds = ("observations", "onsets", "thermogravimetry", "alone", "skipped")
    taken = {entry.id for kind in kinds for entry in getattr(own, kind)}
    joined = {
        kind: (*getattr(own, kind), *(entry for entry in getattr(mine, kind) if entry.id not in taken))
        for kind in kinds
    }
    doubled = (entry.id for kind in kinds for entry in getattr(mine, kind) if entry.id in taken)
    lost = tuple(CardFault("cards given", id, "this id is taken by a built-in card: choose another") for id in doubled)
    return Cards(**joined, problems=(*own.problems, *mine.problems, *lost))


def rejected(cards: Cards) -> tuple[CardFault, ...]:
    """Of the problems with cards, those that are not of built-in ones: what a user can mend."""
    known = set(cards_reader.read().problems)
    return tuple(problem for problem in cards.problems if problem not in known)


def chosen(size: int, without: str = "") -> tuple[Parameters, ...]:
    """The most probable set and ``size`` samples of the posterior, spread evenly over its table.

    Raises InputError when it has not that many.
    """
    table = parameters.samples(without)
    if not 1 <= size <= len(table):
        raise InputError(f"{size} samples: the posterior has {len(table)}, choose 1 to {len(table)}")
    return (parameters.calibrated(without), *(table[k * len(table) // size] for k in range(size)))


def left_out(cathode: str, size: int) -> tuple[Parameters, ...] | None:
    """Parameter sets that never met the cards of a cathode; None for a cathode that was never fitted or left out."""
    try:
        parameters.samples(cathode)
    except InputError:
        return None
    return chosen(size, cathode)


def compare(
    cards: Cards,
    *,
    samples: int = SAMPLES,
    workers: int = 1,
    cells: int = 40,
    tolerance: float = TOLERANCE,
    database: databases.Database | None = None,
    progress: Callable[[float], None] | None = None,
    run: Runner | None = None,
    detect: Detector | None = None,
) -> Validation:
    """Predictions beside all that the cards tell, in sample and with each powder left out.

    ``detect`` is what all samples are taken to have been looked at with, the methods on the cards without it.
    ``run`` predicts jobs as ``firings.run_all`` does.  Raises InputError for a number of samples that the posterior
    does not have.
    """
    if detect is not None:
        cards = replace(
            cards,
            observations=detection.looked_at_with(cards.observations, detect),
            onsets=detection.looked_at_with(cards.onsets, detect),
        )
    observed = [card for card in cards.observations if card.source == REFERENCE]
    first = [card for card in cards.onsets if card.source == REFERENCE]
    others = [card for card in cards.observations if card.source != REFERENCE]
    bounds = [card for card in cards.onsets if card.source != REFERENCE]
    fitted = chosen(samples)
    unknown = {card.cathode: left_out(card.cathode, samples) for card in (*observed, *first)}
    ours = _cases(observed, first)
    alone = {firing: unknown[firing.cathode] or fitted for firing in ours}
    everyone = dict.fromkeys((*ours, *_cases(others, ()), *(c for o in bounds for c in _at_bounds(o))), fitted)

    jobs = list(dict.fromkeys(
        (firing, values)
        for wanted in (everyone, alone)
        for firing, values in sorted(
            ((firing, values) for firing, several in wanted.items() for values in several),
            key=lambda job: (job[0].cathode, job[0].electrolyte, str(job[0].atmosphere), tuple(job[1].vector())),
        )
    ))  # fmt: skip
    results = (run or run_all)(
        jobs, workers=workers, cells=cells, tolerance=tolerance, database=database, progress=progress
    )
    predicted = dict(zip(jobs, results, strict=True))
    pick = partial(_pick, predicted)
    inside, outside = pick(everyone), pick(alone)

    in_sample = record(Scores, measures.summary(observed, first, inside), "in_sample")
    left = {"not_left_out": sorted(name for name, values in unknown.items() if values is None)}
    leave_one_out = record(ScoresLeftOut, measures.summary(observed, first, outside) | left, "leave_one_out")
    losses = thermogravimetry.document(cards.thermogravimetry, parameters.calibrated(), cells=cells, database=database)
    mass_loss = record(MassLoss, losses, "thermogravimetry")
    elsewhere = _elsewhere(others, bounds, inside, {name for name in unknown if unknown[name]})
    curves = {card.cathode: measures.curves(card, inside) for card in first}
    return Validation(
        version=version("sinterface"),
        database=(database or databases.embedded()).fingerprint,
        samples=samples,
        detection=DETECTION if detect is None else f"{DETECTION}; samples are looked at with {detect.name}",
        problems=(*map(str, cards.problems), *_unfinished(predicted)),
        lacking=statements.lacking(in_sample, mass_loss),
        parameters=_parameters(),
        in_sample=in_sample,
        leave_one_out=leave_one_out,
        curves={powder: record(Curves, curve, f"curves.{powder}") for powder, curve in curves.items()},
        sensitivity={
            card.cathode: measures.sensitivity(measures.onset_samples(card, inside), fitted) for card in first
        },
        thermogravimetry=mass_loss,
        verdicts={card.cathode: verdict(card.cathode, in_sample, leave_one_out) for card in first},
        other_laboratories=tuple(record(CellElsewhere, cell, "other_laboratories") for cell in elsewhere),
        baselines=_baselines(observed, first, leave_one_out),
    )


BASELINES = {
    "others": "median onset and majority vote of the other cathodes",
    "nearest": "what the cathode nearest by composition showed",
    "equilibrium": "equilibrium of the couple, without kinetics",
}
"""What the baselines are, by name (``baselines``)."""


def _baselines(observed: Sequence[Observation], first: Sequence[Onset], scores: ScoresLeftOut) -> Baselines:
    """The baselines, and what the model adds to the best of them, each cathode left out."""
    if not observed and not first:
        return Baselines((), None, None, None)
    guessed = baselines.left_out_scores(observed, first)
    rows = tuple(
        Guessed(name, what, score.mean_distance, score.precision, score.recall, score.f1)
        for name, what in BASELINES.items()
        if (score := guessed.get(name)) is not None
    )
    off = [row.mean_distance_C for row in rows if row.mean_distance_C is not None]
    misses = [1.0 - row.f1 for row in rows if row.f1 is not None]
    mean, f1 = scores.onset.mean_distance_C, scores.phases.f1
    inside = None
    if first:
        known = [scores.onset.powders[card.cathode].interval_C for card in first]
        covered = baselines.coverage(baselines.onset_intervals(known), baselines.onset_brackets(first))
        inside = Inside(covered.count, covered.inside, (covered.low, covered.high))
    return Baselines(
        rows,
        baselines.skill(mean, off) if mean is not None and off else None,
        baselines.skill(1.0 - f1, misses) if f1 is not None and misses else None,
        inside,
    )


def _cases(observed: Iterable[Observation], first: Iterable[Onset]) -> list[Case]:
    """Cases of observations, and of onsets at all temperatures of the scan."""
    return needed((*observed, *first), [T + CELSIUS_ZERO for T in measures.SCAN])


def _at_bounds(card: Onset) -> list[Case]:
    """Of an onset elsewhere, the two temperatures that it tells of."""
    return [case(card, T) for T in (card.clean_at, card.seen_at) if T is not None]


def _pick(
    predicted: Mapping[tuple[Case, Parameters], Predicted], wanted: Mapping[Case, Sequence[Parameters]]
) -> dict[Case, list[Predicted]]:
    return {firing: [predicted[firing, values] for values in several] for firing, several in wanted.items()}


def _unfinished(predicted: Mapping[tuple[Case, Parameters], Predicted]) -> list[str]:
    """Says which runs tell nothing because they did not reach the end of their schedule."""
    lost: dict[str, int] = {}
    for (firing, _), result in predicted.items():
        if result.outcome != "DONE":
            name = f"{firing.cathode} with {firing.electrolyte} at {firing.celsius:g} °C"
            lost[name] = lost.get(name, 0) + 1
    said = "left out because the schedule's end was not reached"
    return [f"{name}: {count} run{'s' * (count > 1)} {said}" for name, count in lost.items()]


def _parameters() -> tuple[Parameter, ...]:
    table = np.array([values.vector() for values in parameters.samples()])
    low, high = np.quantile(table, (0.05, 0.95), axis=0)
    spans = zip(table.mean(axis=0), table.std(axis=0), low, high, strict=True)
    return tuple(
        Parameter(
            card.name,
            card.unit,
            card.meaning,
            card.source,
            prior=PriorMoments(card.mean, card.sd),
            posterior=Posterior(*map(float, span)),
        )
        for card, span in zip(parameters.priors(), spans, strict=True)
    )


def _elsewhere(
    observed: Sequence[Observation], first: Sequence[Onset], predictions: measures.Predictions, known: set[str]
) -> list[dict[str, Any]]:
    """Cells of other laboratories; an onset is a cell of ANY family at each of its bounds."""
    about = {card.id: card for card in (*observed, *first)}
    table = measures.cells(observed, predictions)
    for card in first:
        for word, T in (("not seen", card.clean_at), ("seen", card.seen_at)):
            if T is None:
                continue
            table.append(measures.cell(card, T, ANY, word, predictions[case(card, T)], _most))
    return [
        cell | {
            "source": about[cell["id"]].source,
            "known": about[cell["id"]].known,
            "electrolyte": about[cell["id"]].electrolyte,
            "right": measures.right(cell),
            "cathode_fitted": cell["cathode"] in known,
        }
        for cell in table
    ]  # fmt: skip


def _most(run: Predicted) -> float:
    return max(run.families.values(), default=0.0)


def verdict(powder: str, in_sample: Scores, leave_one_out: ScoresLeftOut) -> str:
    """How the predictions for a powder compare with what was observed of it, in plain words."""
    onset, apart = in_sample.onset.powders[powder], leave_one_out.onset.powders[powder]
    said = _said(onset.predicted_C)
    marks = [cell for cell in in_sample.cells if cell.cathode == powder]
    agreeing = sum(cell.agrees is True for cell in marks)
    known = powder not in leave_one_out.not_left_out
    parts = [
        f"{said[0].upper()}{said[1:]}; observed {_bracket(*onset.bracket_C)}: {_judged(onset)}.",
        f"Without what was observed of this powder: {_said(apart.predicted_C)}, {_judged(apart)}." if known else "",
        f"{agreeing} of {len(marks)} marks for its phases agree." if marks else "",
    ]
    return " ".join(filter(None, parts))


def _said(onset: float | None) -> str:
    scan = measures.SCAN
    if onset is None:
        return f"no secondary phase predicted up to {scan[-1]:g} °C"
    return f"first secondary phase predicted at {onset:g} °C{' or below' * (onset == scan[0])}"


def _bracket(clean_at: float | None, seen_at: float | None) -> str:
    if seen_at is None:
        return f"clean to {clean_at:g} °C"
    return f"at {seen_at:g} °C" if clean_at is None else f"at {seen_at:g} °C but not at {clean_at:g} °C"


def _judged(onset: ComparedOnset) -> str:
    if onset.in_bracket:
        return "agrees"
    return f"{onset.distance_C:g} °C off{', within the step of the scan' * onset.inside}"
