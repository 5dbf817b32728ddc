"""What can be counted of a comparison, beside the targets, and the comparison in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from sinterface.validation.report.wording import degrees, ratio
from sinterface.validation.scores.document import ComparedAmount, Gone, Scores, Validation

TOLERANCE = 50.0
"""An onset may lie this far outside its bracket [degrees C]."""

F1_IN_SAMPLE, F1_LEFT_OUT, DISTANCE_LEFT_OUT = 0.9, 0.75, 75.0
"""Targets: F1 with all cards and for powders left out; mean distance of the latter's onsets [degrees C]."""

IN_SAMPLE, LEFT_OUT = "in sample", "leave one out"
"""What the two comparisons are called on the page."""


@dataclass(frozen=True)
class Score:
    """Something counted, in words, and whether its target is met; None where there is no target or no number."""

    what: str
    told: str
    target: str = ""
    met: bool | None = None


def sets(validation: Validation) -> dict[str, Scores]:
    """Both comparisons by what they are called."""
    return {IN_SAMPLE: validation.in_sample, LEFT_OUT: validation.leave_one_out}


def counted(scores: Scores, left_out: bool) -> list[Score]:
    """What can be counted of a comparison; what it does not tell of is left out."""
    return [*_onsets(scores, left_out), *_phases(scores, left_out), *_amounts(scores, left_out)]


def _onsets(scores: Scores, left_out: bool) -> list[Score]:
    onsets, mean = scores.onset.powders.values(), scores.onset.mean_distance_C
    if not onsets:
        return []
    inside, near = sum(onset.in_bracket for onset in onsets), sum(onset.near(TOLERANCE) for onset in onsets)
    told, count = f"Onsets at most {TOLERANCE:g} °C outside", len(onsets)
    distance = Score("Mean distance of onsets", f"{degrees(mean)} °C")
    around = Score(told, f"{near} of {count}")
    if not left_out:
        around = Score(told, f"{near} of {count}", f"all, ± {TOLERANCE:g} °C", near == count)
    elif mean is not None:
        target = f"under {DISTANCE_LEFT_OUT:g} °C"
        distance = Score(distance.what, distance.told, target, mean < DISTANCE_LEFT_OUT)
    return [Score("Onsets inside their bracket", f"{inside} of {count}"), around, distance]


def _phases(scores: Scores, left_out: bool) -> list[Score]:
    phases = scores.phases
    if not phases.families:
        return []
    least = F1_LEFT_OUT if left_out else F1_IN_SAMPLE
    met = None if phases.f1 is None else phases.f1 >= least
    return [
        Score("F1 of phases", ratio(phases.f1), f"at least {least:g}", met),
        Score("Precision", ratio(phases.precision)),
        Score("Recall", ratio(phases.recall)),
    ]


def _amounts(scores: Scores, left_out: bool) -> list[Score]:
    counts = []
    judged = [
        entry.within_30_percent
        for entry in scores.amounts
        if isinstance(entry, ComparedAmount) and entry.within_30_percent is not None
    ]
    if judged:
        told = f"{sum(judged)} of {len(judged)}"
        target, met = ("", None) if left_out else ("all", all(judged))
        counts.append(Score("Amounts within 30 %", told, target, met))
    gone = [entry.predicted_gone is True for entry in scores.amounts if isinstance(entry, Gone)]
    if gone:
        counts.append(Score("Reactants gone as observed", f"{sum(gone)} of {len(gone)}"))
    if scores.trends:
        holds = sum(trend.holds is True for trend in scores.trends)
        counts.append(Score("Changes with temperature as observed", f"{holds} of {len(scores.trends)}"))
    return counts


def sentence(scores: Scores, name: str) -> str:
    """A comparison in plain words; empty where it tells nothing."""
    onsets, parts = scores.onset.powders.values(), []
    if onsets:
        inside, near = sum(onset.in_bracket for onset in onsets), sum(onset.near(TOLERANCE) for onset in onsets)
        parts.append(
            f"{inside} of {len(onsets)} onsets lie inside their observed bracket, {near} at most {TOLERANCE:g} °C "
            f"outside, and their mean distance from it is {degrees(scores.onset.mean_distance_C)} °C"
        )
    if scores.phases.f1 is not None:
        parts.append(f"phases are predicted with an F1 of {ratio(scores.phases.f1)}")
    how = {
        IN_SAMPLE: "With parameters estimated from all powders, ",
        LEFT_OUT: "For powders that the parameters do not know, ",
    }[name]
    return how + "; ".join(parts) + "." if parts else ""
