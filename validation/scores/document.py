"""What a validation says, as frozen records: made by ``validate.compare``, written as JSON, drawn by the report.

Field names are the keys of the JSON document, which are an interface (``docs/json.md``): temperatures end in ``_C``
[degrees C], shares are wt% of the cooled sample, intervals run from 5 to 95 % over posterior samples.  None stands for
what is not predicted or not known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sinterface.validation.scores.plain_data import as_json

Interval = tuple[float | None, float | None]


@dataclass(frozen=True)
class Reason:
    """Something that the model does not predict, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class ComparedOnset:
    """Lowest hold temperature with a secondary phase: predicted, and the bracket (clean at, seen at) observed.

    ``distance_C`` is 0 inside the bracket; ``inside`` allows a step of the scan more.
    """

    predicted_C: float | None
    interval_C: Interval
    bracket_C: Interval
    inside: bool
    distance_C: float

    @property
    def in_bracket(self) -> bool:
        """Within the bracket itself."""
        return self.distance_C == 0.0

    def near(self, tolerance: float) -> bool:
        """At most ``tolerance`` [degrees C] outside of the bracket."""
        return self.distance_C <= tolerance


@dataclass(frozen=True)
class Onsets:
    """Onsets by powder and what they add up to."""

    powders: Mapping[str, ComparedOnset]
    mean_distance_C: float | None
    inside_count: int
    powder_count: int


@dataclass(frozen=True)
class Counts:
    """How often a family was seen and predicted, predicted alone, seen alone, and neither.

    >>> Counts(tp=3, fp=1, fn=1, tn=5).f1
    0.75
    """

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None where the family was neither seen nor predicted."""
        counted = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / counted if counted else None


@dataclass(frozen=True)
class Phases:
    """Precision, recall and F1 over all marks, and the counts of each family."""

    precision: float | None
    recall: float | None
    f1: float | None
    families: Mapping[str, Counts]


@dataclass(frozen=True)
class Cell:
    """A mark: what an observation says of a family (``seen`` or ``not seen``) beside what is predicted of it."""

    id: str
    cathode: str
    temperature_C: float
    family: str
    observed: str
    limit_wt_percent: float
    predicted_wt_percent: float | None
    interval: Interval
    probability_seen: float | None
    predicted: bool | None

    @property
    def was_seen(self) -> bool:
        """Whether the family was observed."""
        return self.observed == "seen"

    @property
    def agrees(self) -> bool | None:
        """Whether the mark is predicted as observed; None where nothing is predicted."""
        return None if self.predicted is None else self.predicted == self.was_seen


@dataclass(frozen=True)
class CellElsewhere(Cell):
    """A mark of another laboratory; ``cathode_fitted`` where the posterior has met the cathode."""

    source: str
    known: str
    electrolyte: str
    right: bool | None
    cathode_fitted: bool


@dataclass(frozen=True)
class ComparedAmount:
    """What some families make up together [wt%], measured and predicted."""

    id: str
    cathode: str
    temperature_C: float
    families: tuple[str, ...]
    measured: float
    sd: float
    predicted: float | None
    interval: Interval
    within_30_percent: bool | None


@dataclass(frozen=True)
class Gone:
    """A reactant of which nothing was found: what the prediction leaves of it [wt%]."""

    id: str
    cathode: str
    temperature_C: float
    families: tuple[str, ...]
    gone: str
    predicted_gone: bool | None
    probability_gone: float | None
    left: float | None
    interval: Interval
    limit: float


@dataclass(frozen=True)
class ComparedTrend:
    """Whether a family is ``weaker`` or ``stronger`` at one temperature than at another, as was ``said``."""

    id: str
    cathode: str
    family: str
    from_C: float
    to_C: float
    said: str
    probability: float | None
    holds: bool | None


@dataclass(frozen=True)
class Vote:
    """What more than half of the samples say: mean distance of the median onsets, and the marks."""

    mean_distance_C: float | None
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Scores:
    """The comparison with the reference experiment for one choice of parameters.

    All but ``vote`` and the intervals is of the most probable set.
    """

    onset: Onsets
    phases: Phases
    cells: tuple[Cell, ...]
    amounts: tuple[ComparedAmount | Gone, ...]
    trends: tuple[ComparedTrend, ...]
    vote: Vote


@dataclass(frozen=True)
class ScoresLeftOut(Scores):
    """The same with each powder's own observations left out; ``not_left_out`` names powders that were never fitted."""

    not_left_out: tuple[str, ...]


@dataclass(frozen=True)
class Band:
    """A share by temperature (T,) [wt%]: of the most probable parameters, and the ends of its interval."""

    value: tuple[float | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]

    @property
    def highest(self) -> float:
        """The largest value or upper end; 0 where there is none."""
        return max((share for share in (*self.value, *self.high) if share is not None), default=0.0)


@dataclass(frozen=True)
class Curves:
    """Shares of one powder against hold temperature (T,); ``unreacted`` by ``cathode`` and ``electrolyte``."""

    temperature_C: tuple[float, ...]
    total: Band
    families: Mapping[str, Band]
    unreacted: Mapping[str, Band]


@dataclass(frozen=True)
class PriorMoments:
    """Mean and standard deviation of a parameter before any observation."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Posterior:
    """Mean, standard deviation, 5 and 95 % of a parameter after all observations."""

    mean: float
    sd: float
    q05: float
    q95: float


@dataclass(frozen=True)
class Parameter:
    """A global parameter of the model."""

    name: str
    unit: str
    meaning: str
    source: str
    prior: PriorMoments
    posterior: Posterior


@dataclass(frozen=True)
class Order:
    """Materials from the most to the least stable on heating, equals together."""

    id: str
    electrolyte: str | None
    observed: tuple[tuple[str, ...], ...]
    predicted: tuple[tuple[str, ...], ...]
    predicted_C: Mapping[str, float | None]
    pairs: int
    pairs_right: int


@dataclass(frozen=True)
class Loss:
    """Where a material, or its mixture with an electrolyte, begins to lose mass."""

    id: str
    material: str
    electrolyte: str | None
    observed_C: float
    between_C: tuple[float, float]
    predicted_C: float | None
    inside: bool

    @property
    def couple(self) -> str:
        """The material, with its electrolyte if it is mixed with one."""
        return f"{self.material} + {self.electrolyte}" if self.electrolyte else self.material


@dataclass(frozen=True)
class GarnetLoss:
    """Mass loss of the garnet alone [wt%] and its steps, each as a text of two temperatures."""

    material: str
    observed_wt_percent: float
    steps_C: tuple[str, ...]
    predicted_wt_percent: float | None
    predicted_steps_C: tuple[str, ...]


@dataclass(frozen=True)
class MassLoss:
    """The comparison with thermogravimetry."""

    order: Order | None
    order_of_mixtures: tuple[Order, ...]
    loss_from: tuple[Loss, ...]
    garnet: GarnetLoss | None
    not_predicted: tuple[Reason, ...]


@dataclass(frozen=True)
class Guessed:
    """How far a baseline, which knows no kinetics, is from the observations, each cathode left out.

    ``mean_distance_C`` of the onsets, precision, recall and F1 of the marks; null where they have no meaning.
    """

    name: str
    what: str
    mean_distance_C: float | None
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Inside:
    """How many of ``count`` observed onsets lie inside of 90 % intervals, left out; 90 % interval of that share."""

    count: int
    inside: int
    share_interval: Interval


@dataclass(frozen=True)
class Baselines:
    """The model beside the best of what needs no model, each cathode left out.

    ``skill_onset`` and ``skill_f1`` are the share of the best baseline's error that the model takes away, below 0 where
    it adds to it; the error of an F1 is 1 - F1.
    """

    guesses: tuple[Guessed, ...]
    skill_onset: float | None
    skill_f1: float | None
    coverage: Inside | None


@dataclass(frozen=True)
class Validation:
    """All of it: the document of ``sinterface validate``."""

    version: str
    database: str
    samples: int
    detection: str
    problems: tuple[str, ...]
    lacking: tuple[Reason, ...]
    parameters: tuple[Parameter, ...]
    in_sample: Scores
    leave_one_out: ScoresLeftOut
    curves: Mapping[str, Curves]
    sensitivity: Mapping[str, Mapping[str, float | None]]
    thermogravimetry: MassLoss
    verdicts: Mapping[str, str]
    other_laboratories: tuple[CellElsewhere, ...]
    baselines: Baselines

    def to_json(self) -> dict[str, Any]:
        """The document as JSON has it: objects, lists, texts, numbers and nulls."""
        plain: dict[str, Any] = as_json(self)
        return plain

    def text(self) -> str:
        """The document as a JSON text.  Raises ValueError for a number that JSON does not have."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
