"""How probable observations are, given predictions: "not detected" is censored, amounts carry errors, anyone may err.

    P(seen) = eps/2 + (1 - eps) Phi((ln w - ln limit) / s),   s^2 = SCATTER^2 + (sd of the limit / limit)^2

for a family with predicted share w; P(not seen) is the rest.  SCATTER is what a model of this kind, and a second
laboratory, are off by in an amount; eps is the share of observations that are wrong for reasons outside of the model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from scipy.special import ndtr

from sinterface.validation.judging.firings import Case, Predicted, case
from sinterface.validation.observations.detection import REACTANTS, limit
from sinterface.validation.observations.evidence import SECONDARY, Experiment, Observation

SCATTER = 0.8
"""Standard deviation of ln(wt%) between prediction and observation: a factor of 2.2, as amounts of one pair
differ between laboratories whose onsets lie 100 to 200 degrees C apart (science.md section 5).  An estimate."""

TREND_SCATTER = 0.5
"""The same for the ratio of two amounts of one series, where errors of the model cancel in part.  An estimate."""

OUTLIERS = 0.05
"""Share of observations that tell nothing (misread marks, impure powders, another temperature).  An estimate."""

TRACE = 0.03
"""Shares below this [wt%] count as this: a prediction of nothing is not certain of it."""


UNMENTIONED = 5.0
"""Share of all families that a source is silent about from which it would have spoken [wt%]: as strong as the products
that it names, several times its detection limit.  An estimate."""


def probability_seen(share: float, experiment: Experiment, family: str = "", times: float = 1.0) -> float:
    """That this predicted share [wt%] of a family is detected, at a limit that many ``times`` the experiment's.

    Without a family the limit is that of the one that is seen best.
    """
    least = limit(experiment, family)
    middle, sd = 100.0 * least.value * times, 100.0 * least.sd * times
    spread = math.hypot(SCATTER, sd / middle)
    return _doubtful(float(ndtr((math.log(max(share, TRACE)) - math.log(middle)) / spread)))


def log_likelihood(observation: Observation, predicted: Mapping[Case, Predicted]) -> float:
    """Of one observation, over all that it says, times its weight.

    A run that did not end counts as wrong in all of it: parameters that users can not run with are of no use.
    """
    own = predicted[case(observation, observation.temperature)]
    trends = [
        *((trend, 1.0) for trend in observation.weaker_than),
        *((trend, -1.0) for trend in observation.stronger_than),
    ]
    named = {*observation.seen, *observation.not_seen}
    if own.outcome != "DONE":
        marks = len(named) + bool(named) + len(observation.gone) + len(trends)
        lost = marks * math.log(0.5 * OUTLIERS) + len(observation.amounts) * math.log(OUTLIERS / 100.0)
        return observation.weight.value * lost
    total = 0.0
    for family in observation.seen:
        total += math.log(probability_seen(own.families.get(family, 0.0), observation, family))
    for family in observation.not_seen:
        total += math.log(1.0 - probability_seen(own.families.get(family, 0.0), observation, family))
    for role in observation.gone:
        total += math.log(1.0 - probability_seen(own.left[role], observation, REACTANTS[role]))
    if named:
        silent = sum(share for family, share in own.families.items() if family not in named)
        total += math.log(1.0 - probability_seen(silent, observation, times=UNMENTIONED))
    for amount in observation.amounts:
        share = own.total if amount.families == (SECONDARY,) else sum(own.families.get(f, 0.0) for f in amount.families)
        share = max(share, TRACE)
        spread = math.hypot(SCATTER * share, 100.0 * amount.share.sd)
        density = math.exp(-0.5 * ((share - 100.0 * amount.share.value) / spread) ** 2) / spread  # per wt%
        total += math.log(OUTLIERS / 100.0 + (1.0 - OUTLIERS) * density)
    for trend, sign in trends:
        other = predicted[case(observation, trend.temperature)]
        there, here = (math.log(max(prediction.families.get(trend.family, 0.0), TRACE)) for prediction in (other, own))
        right = float(ndtr(sign * (there - here) / TREND_SCATTER)) if other.outcome == "DONE" else 0.0
        total += math.log(_doubtful(right))
    return observation.weight.value * total


def by_cathode(observations: Sequence[Observation], predicted: Mapping[Case, Predicted]) -> dict[str, float]:
    """Log-likelihood of the observations of each cathode, and of materials heated alone under ALONE."""
    totals: dict[str, float] = {}
    for observation in observations:
        name = group(observation)
        totals[name] = totals.get(name, 0.0) + log_likelihood(observation, predicted)
    return totals


ALONE = "materials alone"
"""Stands among the cathodes for everything that was heated without a partner; it is never left out."""


def group(observation: Observation) -> str:
    """The cathode that an observation counts to, or ALONE."""
    return observation.cathode if observation.cathode and observation.electrolyte else ALONE


def _doubtful(probability: float) -> float:
    return 0.5 * OUTLIERS + (1.0 - OUTLIERS) * probability
