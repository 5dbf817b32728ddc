"""The runs that observations ask for, and what they come to: each couple and firing once, for one set of parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.phases.atmosphere import Atmosphere
from sinterface.models.phases.database import Database
from sinterface.models.rates.parameters import Parameters
from sinterface.simulate.files.workers import carry_out
from sinterface.simulate.setup.problem import NONE, problem
from sinterface.simulate.solve.result import Result
from sinterface.simulate.solve.run import TOLERANCE, predict_all
from sinterface.validation.observations.detection import FILM_RATIO
from sinterface.validation.observations.evidence import Experiment, Observation, Onset

MOST_STEPS = 1500
"""Steps after which a run with the usual tolerance is given up, in proportion more with a finer one; most 200 to 500.
"""

CLEAN = 1e-3
"""Mass of families below this [wt%] is left out."""


@dataclass(frozen=True)
class Case:
    """A couple and its firing: everything of a run but the parameters.  ``temperature`` of the hold [K]."""

    cathode: str
    electrolyte: str
    mass_ratio: float
    geometry: str
    ramp: str
    hold: str
    cooling: str
    atmosphere: Atmosphere
    temperature: float
    as_received: bool = False
    crucible: str = "lidded"
    coating: str = ""
    sizes: str = ""
    pressure: float | None = None

    @property
    def celsius(self) -> float:
        """Hold temperature [degrees C]."""
        return round(self.temperature - CELSIUS_ZERO, 6)

    @property
    def key(self) -> str:
        """The case in words, another one for every case: files of samples name it by them."""
        gas = self.atmosphere
        return (
            f"{self.cathode} and {self.electrolyte} {self.mass_ratio:.10g}:1 {self.geometry}, {self.ramp} to "
            f"{self.celsius:.10g} °C, hold {self.hold}, {self.cooling}, {gas.name} "
            f"({gas.pO2:.10g}, {gas.pCO2:.10g}, {gas.pH2O:.10g} bar){', as received' if self.as_received else ''}"
            f"{'' if self.crucible == 'lidded' else f', {self.crucible}'}"
            f"{self.coating and f', coating {self.coating}'}{self.sizes and f', sizes {self.sizes}'}"
            f"{'' if self.pressure is None else f', {self.pressure:.10g} Pa'}"
        )


@dataclass(frozen=True)
class Predicted:
    """What a run came to: wt% of secondary families, wt% left of each reactant, how the run ended."""

    families: Mapping[str, float]
    left: Mapping[str, float]
    outcome: str

    @property
    def total(self) -> float:
        """wt% of all secondary phases together."""
        return sum(self.families.values())


def case(experiment: Experiment, temperature: float) -> Case:
    """The case of an experiment at a hold temperature [K]."""
    film = experiment.contact == "film"
    return Case(
        cathode=experiment.cathode or NONE,
        electrolyte=experiment.electrolyte or NONE,
        mass_ratio=experiment.mass_ratio or FILM_RATIO,
        geometry="slab" if film else "sphere",
        ramp=experiment.ramp,
        hold=experiment.hold,
        cooling=experiment.cooling,
        atmosphere=experiment.atmosphere,
        temperature=round(temperature, 6),
        as_received=bool(experiment.as_received),
        crucible=experiment.crucible,
        coating=experiment.coating,
        sizes=experiment.sizes,
        pressure=experiment.pressure,
    )


def needed(entries: Iterable[Observation | Onset], scan: Sequence[float] = ()) -> list[Case]:
    """Every case that these entries ask for or compare with, once, onsets at the temperatures ``scan`` [K]."""
    cases: dict[Case, None] = {}
    for card in entries:
        if isinstance(card, Observation):
            compared = (trend.temperature for trend in (*card.weaker_than, *card.stronger_than))
            cases |= dict.fromkeys(case(card, T) for T in (card.temperature, *compared))
        else:
            cases |= dict.fromkeys(case(card, T) for T in scan)
    return list(cases)


def run(
    series: Sequence[Case],
    parameters: Parameters,
    database: Database | None = None,
    cells: int = 40,
    tolerance: float = TOLERANCE,
    progress: Callable[[float], None] | None = None,
) -> list[Predicted]:
    """Predict cases; those of a couple at several temperatures share their ramp; ``progress`` gets the share."""
    tasks = [
        problem(
            firing.cathode, firing.electrolyte,
            f"{firing.ramp} to {firing.temperature:.10g} K; hold {firing.hold}; {firing.cooling}",
            atmosphere=firing.atmosphere, mass_ratio=firing.mass_ratio, geometry=firing.geometry, cells=cells,
            as_received=firing.as_received, crucible=firing.crucible, coating=firing.coating, sizes=firing.sizes,
            pressure=firing.pressure,
        )
        for firing in series
    ]  # fmt: skip
    results = predict_all(
        tasks, database=database, parameters=parameters, estimate_error=False,
        max_steps=round(MOST_STEPS * max(TOLERANCE / tolerance, 1.0)), tolerance=tolerance, progress=progress,
    )  # fmt: skip
    return [_predicted(result) for result in results]


def _predicted(result: Result) -> Predicted:
    final = result.dataset["wt_percent"].isel(time=-1)
    left = {role: float(final.where(final["role"] == role).sum()) for role in ("cathode", "electrolyte")}
    families = {name: share for name, share in result.family_shares.items() if share > CLEAN}
    return Predicted(families, left, str(result.dataset.attrs["outcome"]))


def couples(series: Iterable[Case]) -> list[list[Case]]:
    """Cases by couple, in order: those of each may share the beginning of their firings."""
    together: dict[Case, list[Case]] = {}
    for firing in series:
        together.setdefault(replace(firing, temperature=0.0), []).append(firing)
    return list(together.values())


def run_all(
    jobs: Sequence[tuple[Case, Parameters]],
    *,
    workers: int = 1,
    database: Database | None = None,
    cells: int = 40,
    tolerance: float = TOLERANCE,
    progress: Callable[[float], None] | None = None,
) -> list[Predicted]:
    """Predictions in order of ``jobs``, the same whatever the number of ``workers``; ``progress`` gets the share done.

    Jobs of the same couple and parameters are run together: they share the beginning of their firings.
    """
    together: dict[tuple[Case, Parameters], list[int]] = {}
    for number, (firing, parameters) in enumerate(jobs):
        together.setdefault((replace(firing, temperature=0.0), parameters), []).append(number)
    tasks = [
        ([jobs[number][0] for number in numbers], parameters, database, cells, tolerance)
        for (_, parameters), numbers in together.items()
    ]
    made = carry_out(run, tasks, workers, sizes=[len(task[0]) for task in tasks], progress=progress)
    predictions: dict[int, Predicted] = {}
    for numbers, predicted in zip(together.values(), made, strict=True):
        predictions.update(zip(numbers, predicted, strict=True))
    return [predictions[number] for number in range(len(jobs))]
