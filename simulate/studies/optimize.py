"""Schedules that trade densification against secondary phases: the Pareto front within a user's bounds.

The two aims are the relative density of an LLZTO compact (``models.sintering``, microseconds) and the wt% of all
secondary phases (a prediction, the costly part).  Epsilon constraints: at each of a number of densities the least
wt% at or above it is looked for with scipy's differential evolution.  A schedule that is not dense enough is turned
away before it is predicted, no schedule is searched twice, and all levels draw on what the earlier levels brought.

A search for least values finds the numerical errors of predictions as readily as good schedules.  Whatever comes to
lie on the front is therefore predicted again with half the tolerance; it counts with the larger of the two wt%, and
only such points are reported.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import differential_evolution
from scipy.stats import qmc

from sinterface.models.basics.constants import CELSIUS_ZERO, QUANTILES, T_MAX, T_MIN
from sinterface.models.basics.errors import InputError, SolveError
from sinterface.models.phases.atmosphere import Atmosphere
from sinterface.models.phases.database import Database
from sinterface.models.rates import parameters as adjustable
from sinterface.models.rates import sintering
from sinterface.models.rates.parameters import Parameters
from sinterface.simulate.files.pictures import inline, picture
from sinterface.simulate.setup.problem import Problem, sample_text
from sinterface.simulate.setup.schedule import Schedule, duration_text
from sinterface.simulate.solve.result import DETECTION_LIMIT
from sinterface.simulate.solve.run import TOLERANCE, predict

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

NATURALLY = "cool naturally"

MOST = 2000
"""Largest number of predictions of one search."""

LEAST = 8
"""Smallest: fewer do not make a front."""

LEVELS = 6
"""Densities at which the least amount of secondary phases is looked for."""

FIRST_SHARE = 0.4
"""Share of the budget for schedules spread over the whole range, before the search."""

POPULATION = 12
"""Members of the population of differential evolution; those known already cost nothing."""

GENERATIONS = 60
"""Most generations at a level."""

GRID = (5.0, 0.05, 0.1)
"""Schedules lie on a grid of 5 degrees C and of 0.05 and 0.1 in log10 of the hold [h] and ramp [degrees C/min]."""

CONFIRMING = 0.25
"""Share of the budget kept for predicting the points of the front again."""

TIE = 0.05
"""Sums of wt% that differ by less count as the same: numerical errors reach that."""

UNFINISHED, TOO_LOOSE = 999.0, 1000.0
"""Values of the search for schedules whose run does not end, and for such as are not dense enough: above any wt%."""

SAME_DENSITY = 0.005
"""Relative densities in one bin of this width count as the same: of them the least wt% is kept."""


@dataclass(frozen=True)
class Bounds:
    """What the search may choose from: hold temperature [degrees C], hold [h], ramp [degrees C/min], gases, coolings.

    ``coolings`` are last steps of a schedule: ``cool naturally``, ``quench`` or ``50 °C/min to 25 °C``.

    >>> from sinterface.models.phases.atmosphere import atmosphere
    >>> Bounds((900, 1100), (0.5, 4), (5, 20), (atmosphere("O2"),)).temperature
    (900, 1100)
    """

    temperature: tuple[float, float]
    hours: tuple[float, float]
    ramp: tuple[float, float]
    gases: tuple[Atmosphere, ...]
    coolings: tuple[str, ...] = (NATURALLY,)

    def __post_init__(self) -> None:
        limits = {
            "temperature": (self.temperature, T_MIN - CELSIUS_ZERO + 30.0, T_MAX - CELSIUS_ZERO, "°C"),
            "time": (self.hours, 1e-3, 1000.0, "h"),
            "ramp": (self.ramp, 1e-2, 6e5, "°C/min"),
        }
        for name, ((low, high), least, most, unit) in limits.items():
            if not least <= low <= high <= most:
                raise InputError(f"{name} {low:g}:{high:g}: write low:high within {least:g} to {most:g} {unit}")
        if not self.gases or len(set(self.gases)) < len(self.gases):
            raise InputError("gases: give at least one, each once")
        if not self.coolings or len(set(self.coolings)) < len(self.coolings):
            raise InputError("coolings: give at least one, each once")
        for step in self.coolings:
            Schedule.parse(f"hold 1 s; {step}")

    @property
    def kinds(self) -> list[tuple[Atmosphere, str]]:
        """Gases with coolings."""
        return [(gas, cooling) for gas in self.gases for cooling in self.coolings]


@dataclass(frozen=True)
class Choice:
    """One schedule: hold temperature [degrees C], hold [h], ramp [degrees C/min], gas, cooling as the last step."""

    temperature: float
    hours: float
    ramp: float
    gas: Atmosphere
    cooling: str = NATURALLY

    @property
    def schedule(self) -> Schedule:
        """Ramp, hold and cooling."""
        held = duration_text(3600.0 * self.hours)
        return Schedule.parse(f"{self.ramp:g} °C/min to {self.temperature:g} °C; hold {held}; {self.cooling}")

    @property
    def told(self) -> str:
        """All of it in a few words, as tables and legends tell it.

        >>> from sinterface.models.phases.atmosphere import atmosphere
        >>> Choice(950.0, 0.1, 20.0, atmosphere("O2"), "50 °C/min to 25 °C").told
        '950 °C, 6 min, 20 °C/min, O2, then 50 °C/min'
        """
        cooling = self.cooling.removesuffix(" to 25 °C")
        ending = cooling if cooling == self.cooling else f"then {cooling}"
        held = duration_text(3600.0 * self.hours, digits=3)
        return f"{self.temperature:g} °C, {held}, {self.ramp:g} °C/min, {self.gas.name}, {ending}"


@dataclass(frozen=True)
class Trial:
    """A schedule with its relative density [1], wt% of all secondary phases and of each family.

    ``numerical_error`` [wt%] is the difference of the two predictions of a point on the front, None for others.
    ``density_interval`` and ``secondary_interval`` are 5, 50 and 95 %; the latter is None without samples.
    """

    choice: Choice
    density: float
    secondary: float
    families: dict[str, float]
    density_interval: tuple[float, float, float]
    numerical_error: float | None = None
    secondary_interval: tuple[float, float, float] | None = None

    def document(self) -> dict[str, Any]:
        """As a part of the JSON document."""
        names = ("low", "median", "high")
        spread = self.secondary_interval
        return {
            "temperature_C": self.choice.temperature,
            "hold_h": self.choice.hours,
            "ramp_C_per_min": self.choice.ramp,
            "atmosphere": str(self.choice.gas),
            "cooling": self.choice.cooling,
            "schedule": self.choice.schedule.text,
            "relative_density": {"value": self.density}
            | dict(zip(names, self.density_interval, strict=True)),
            "secondary_wt_percent": {"value": self.secondary}
            | {"error": self.numerical_error}
            | (dict(zip(names, spread, strict=True)) if spread else {}),
            "families": self.families,
        }  # fmt: skip


@dataclass(frozen=True, repr=False)
class Front:
    """What a search found: ``points`` on the Pareto front, densest last, and all ``trials`` that came to an end.

    ``predictions`` were spent, ``failed`` of them did not end; ``samples`` posterior samples are behind the intervals.
    ``mass_ratio`` is kg of cathode per kg of electrolyte.  ``print`` lists the front.

    >>> from sinterface.models.phases.atmosphere import atmosphere
    >>> bounds = Bounds((900, 1100), (0.5, 4), (5, 20), (atmosphere("O2"),))
    >>> choice = Choice(950.0, 0.1, 20.0, bounds.gases[0])
    >>> trial = Trial(choice, 0.93, 1.2, {"La2Zr2O7": 1.2}, (0.9, 0.93, 0.95), 0.1)
    >>> front = Front("pc-LCO", "LLZTO", bounds, (trial,), (trial,), 8, 0, 0, 0, "", "", mass_ratio=1.0)
    >>> print(front)
    pc-LCO + LLZTO, 1:1 by mass: least secondary phases at each density (8 predictions, 0 not finished)
      1: 950 °C, 6 min, 20 °C/min, O2, cool naturally: density 93 % (90 to 95), 1.20 ± 0.10 wt%
    >>> front.by_family["La2Zr2O7"].tolist(), front.to_dataframe()["hold_h"].tolist()
    ([1.2], [0.1])
    """

    cathode: str
    electrolyte: str
    bounds: Bounds
    points: tuple[Trial, ...]
    trials: tuple[Trial, ...]
    predictions: int
    failed: int
    samples: int
    seed: int
    database: str
    version: str
    mass_ratio: float | None = None

    def __str__(self) -> str:
        ended = f"({self.predictions} predictions, {self.failed} not finished)"
        lines = [f"{self._sample}: least secondary phases at each density {ended}"]
        for number, point in enumerate(self.points, 1):
            low, _, high = (f"{100 * share:.0f}" for share in point.density_interval)
            line = f"  {number}: {point.choice.told}: density {100 * point.density:.0f} % ({low} to {high})"
            line += f", {point.secondary:.2f} ± {point.numerical_error or 0.0:.2f} wt%"
            if point.secondary_interval is not None:
                least, _, most = point.secondary_interval
                line += f" ({least:.2f} to {most:.2f} over {self.samples} samples)"
            lines.append(line)
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Front of {self}>"

    @property
    def _sample(self) -> str:
        return sample_text(self.cathode, self.electrolyte, self.mass_ratio)

    @property
    def by_family(self) -> pd.DataFrame:
        """wt% as a table of pandas: a row for each point of the front, numbered as in the figure, most first."""
        import pandas as pd

        rows = [point.families for point in self.points]
        table = pd.DataFrame(rows, index=self._numbers()).fillna(0.0).rename_axis(columns="family")
        return table[table.max().sort_values(ascending=False, kind="stable").index]

    def to_dataframe(self) -> pd.DataFrame:
        """The front as a table of pandas: a row for each point, numbered as in the figure, densest last.

        Columns: the schedule in parts and as text, the relative density [1] with its 5 and 95 %, the secondary phases
        [wt%] with their numerical error, and with samples their 5, 50 and 95 %, else nan.
        """
        import pandas as pd

        columns = (
            "temperature_C", "hold_h", "ramp_C_per_min", "atmosphere", "cooling", "schedule", "relative_density",
            "relative_density_low", "relative_density_high", "secondary_wt_percent", "secondary_wt_percent_error",
            "secondary_wt_percent_low", "secondary_wt_percent_median", "secondary_wt_percent_high",
        )  # fmt: skip
        rows = []
        for point in self.points:
            told, (low, _, high) = point.document(), point.density_interval
            spread = point.secondary_interval or (np.nan,) * 3
            error = np.nan if point.numerical_error is None else point.numerical_error
            rows.append(
                [*(told[name] for name in columns[:6]), point.density, low, high, point.secondary, error, *spread]
            )
        return pd.DataFrame(rows, columns=list(columns), index=self._numbers())

    def _numbers(self) -> pd.Index[int]:
        import pandas as pd

        return pd.RangeIndex(1, len(self.points) + 1, name="point")

    def plot(self, limit: float = DETECTION_LIMIT) -> Figure:
        """Secondary phases against density of all that was tried, and the front, with a line at the limit [wt%]."""
        return picture("plot_schedules", "front", self, limit)

    def _repr_html_(self) -> str:
        names = {
            "schedule": "schedule", "relative_density": "relative density", "secondary_wt_percent": "secondary, wt%",
            "secondary_wt_percent_error": "±",
        }  # fmt: skip
        table = self.to_dataframe()[list(names)].rename(columns=names).round(3).to_html()
        return f"{table}{inline(self.plot(), 'secondary phases against density')}"

    def document(self) -> dict[str, Any]:
        """The search as a JSON document."""
        return {
            "cathode": self.cathode,
            "electrolyte": self.electrolyte,
            "mass_ratio": self.mass_ratio,
            "bounds": {
                "temperature_C": list(self.bounds.temperature),
                "hold_h": list(self.bounds.hours),
                "ramp_C_per_min": list(self.bounds.ramp),
                "atmospheres": [str(gas) for gas in self.bounds.gases],
                "coolings": list(self.bounds.coolings),
            },
            "front": [point.document() for point in self.points],
            "trials": [trial.document() for trial in self.trials],
            "predictions": self.predictions,
            "failed": self.failed,
            "samples": self.samples,
            "seed": self.seed,
            "database": self.database,
            "version": self.version,
        }


def span(text: str, name: str, example: str, unit: str) -> tuple[float, float]:
    """Lowest and highest value from ``low:high`` in a unit, or both from a single number.  Raises InputError.

    >>> span("600:1100", "temperature", "600:1100", "°C")
    (600.0, 1100.0)
    """
    number = r"\d+(?:\.\d*)?(?:[eE][+-]?\d+)?"
    match = re.fullmatch(rf"\s*({number})\s*(?::\s*({number})\s*)?", text)
    if not match:
        raise InputError(f"{name} {text[:40]!r} is not understood: write low:high in {unit}, e.g. {example}")
    return float(match[1]), float(match[2] or match[1])


class _SpentError(Exception):
    """The predictions allowed are used up."""


@dataclass
class _Search:
    """The two aims as functions of a point of the unit cube, remembering every schedule."""

    task: Problem
    bounds: Bounds
    budget: int
    database: Database | None
    parameters: Parameters | None
    seed: int
    progress: Callable[[float], None]
    known: dict[Choice, Trial | None] = field(default_factory=dict)
    where: dict[Choice, NDArray[np.float64]] = field(default_factory=dict)
    attrs: dict[str, Any] = field(default_factory=dict)
    allowed: int = 0
    spent: int = 0
    failed: int = 0

    def choice(self, z: NDArray[np.float64]) -> Choice:
        """The schedule at a point of the unit cube (4,), on the grid and within the bounds."""
        spans = (self.bounds.temperature, tuple(np.log10(self.bounds.hours)), tuple(np.log10(self.bounds.ramp)))
        values, kinds = [], self.bounds.kinds
        for (low, high), share, step in zip(spans, z, GRID, strict=False):
            values.append(float(np.clip(step * np.round((low + share * (high - low)) / step), low, high)))
        hours, ramp = (float(f"{10.0**value:.3g}") for value in values[1:])
        return Choice(
            values[0],
            float(np.clip(hours, *self.bounds.hours)),
            float(np.clip(ramp, *self.bounds.ramp)),
            *kinds[min(int(z[3] * len(kinds)), len(kinds) - 1)],
        )

    def density(self, choice: Choice) -> float:
        """Relative density by the best values of the curve."""
        return float(sintering.embedded(self.seed).best.density(*self._pressing(choice))[-1])

    def _pressing(self, choice: Choice) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Times [s], temperatures [K] and between them pressures [Pa] of a schedule."""
        return choice.schedule.pressing(self.task.pressure or 0.0)

    def trial(self, choice: Choice, z: NDArray[np.float64]) -> Trial | None:
        """A schedule's trial, None for a schedule that did not come to an end.  Raises _SpentError."""
        if choice not in self.known:
            if self.spent >= self.allowed:
                raise _SpentError
            families = self._predict(choice, TOLERANCE)
            ends = sintering.embedded(self.seed).interval(*self._pressing(choice))
            self.known[choice] = None
            if families is not None:
                self.known[choice] = Trial(choice, self.density(choice), sum(families.values()), families, ends)
            self.where[choice] = z
        return self.known[choice]

    def confirm(self, trial: Trial) -> None:
        """Predict a trial again, more finely; the larger wt% counts."""
        again = self._predict(trial.choice, 0.5 * TOLERANCE)
        if again is None:
            self.known[trial.choice] = None
            return
        total = sum(again.values())
        families = again if total > trial.secondary else trial.families
        error = abs(total - trial.secondary)
        self.known[trial.choice] = replace(
            trial, secondary=max(total, trial.secondary), families=families, numerical_error=error
        )

    def _predict(self, choice: Choice, tolerance: float) -> dict[str, float] | None:
        """wt% by family; None for a run that does not end."""
        result = predict(
            _fired(self.task, choice), database=self.database, parameters=self.parameters, tolerance=tolerance,
            estimate_error=False,
        )  # fmt: skip
        self.spent += 1
        self.progress(self.spent / self.budget)
        self.attrs = dict(result.dataset.attrs)
        if result.finished:
            return result.family_shares
        self.failed += 1
        return None

    def least(self, level: float) -> Callable[[NDArray[np.float64]], float]:
        """wt% of secondary phases; schedules below ``level`` get a penalty that grows with the missing density."""

        def value(z: NDArray[np.float64]) -> float:
            choice = self.choice(np.asarray(z))
            lacking = level - self.density(choice)
            if lacking > 0.0:
                return TOO_LOOSE * (1.0 + lacking)
            trial = self.trial(choice, np.array(z))
            return UNFINISHED if trial is None else trial.secondary

        return value


def _fired(task: Problem, choice: Choice) -> Problem:
    return replace(task, schedule=choice.schedule, atmosphere=choice.gas)


def front(trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """The trials that no other beats, least dense first: less dense ones need less secondary phases, beyond errors."""
    kept: list[Trial] = []
    for trial in sorted(trials, key=lambda t: (-round(t.density / SAME_DENSITY), t.secondary, -t.density)):
        if kept:
            last = kept[-1]
            certain = max(TIE, trial.numerical_error or 0.0, last.numerical_error or 0.0)
            if trial.secondary >= last.secondary - certain:
                continue
        kept.append(trial)
    return tuple(reversed(kept))


def optimize(
    task: Problem,
    bounds: Bounds,
    *,
    budget: int = 60,
    samples: int = 5,
    seed: int = 0,
    database: Database | None = None,
    parameters: Parameters | None = None,
    progress: Callable[[float], None] | None = None,
) -> Front:
    """The schedules within ``bounds`` on the Pareto front between relative density and secondary phases.

    ``task`` gives couple, mesh and crucible; its schedule and gas are not used.  ``budget`` is the number of
    predictions of the search, with ``parameters``, those of ``predict`` without any; ``samples`` that of posterior
    samples each point of the front is then run for, for its interval.  The same seed gives the same answer.
    ``progress`` is called with the share done.  Raises InputError for numbers out of range and SolveError when no
    prediction comes to its end.

    >>> import sinterface as si
    >>> bounds = Bounds((900, 1100), (0.5, 4), (5, 20), (si.atmosphere("O2"),))
    >>> front = optimize(si.problem("pc-LCO", cells=4), bounds, budget=LEAST, samples=0)
    >>> [point.density for point in front.points] == sorted(point.density for point in front.points)
    True
    """
    if task.electrolyte is None:
        raise InputError("no electrolyte: schedules are chosen by how dense it sinters; name one")
    if not LEAST <= budget <= MOST:
        raise InputError(f"budget of {budget} predictions: choose {LEAST} to {MOST}")
    most = len(adjustable.samples())
    if not 0 <= samples <= most:
        raise InputError(f"{samples} samples: choose 0 to {most}")
    if seed < 0:
        raise InputError(f"seed {seed}: must be 0 or more")
    share = budget / (budget + samples * LEVELS)
    report = progress or (lambda done: None)
    search = _Search(task, bounds, budget, database, parameters, seed, lambda done: report(share * done))
    searching = budget - max(int(CONFIRMING * budget), 2)
    _spread_out(search, max(int(FIRST_SHARE * budget), 4))
    _levels(search, searching)
    points = _confirmed(search)
    if not points:
        raise SolveError(f"none of {search.spent} schedules could be run to its end: narrow the bounds")
    if samples:
        points = _with_intervals(task, points, samples, seed, database, lambda done: report(share + (1 - share) * done))
    return Front(
        cathode=task.cathode.id if task.cathode else "",
        electrolyte=task.electrolyte.id,
        bounds=bounds,
        points=points,
        trials=_ended(search),
        predictions=search.spent,
        failed=search.failed,
        samples=samples,
        seed=seed,
        database=str(search.attrs["database"]),
        version=str(search.attrs["version"]),
        mass_ratio=task.mass_ratio,
    )


def _ended(search: _Search) -> tuple[Trial, ...]:
    return tuple(trial for trial in search.known.values() if trial is not None)


def _confirmed(search: _Search) -> tuple[Trial, ...]:
    """The trials of the front predicted twice, from both its ends inwards; it changes as wt% are corrected.

    Where the budget ends before all are, those that a trial predicted once beats are left out.
    """
    for end in itertools.cycle((0, -1)):
        if search.spent >= search.budget:
            break
        waiting = [trial for trial in front(_ended(search)) if trial.numerical_error is None]
        if not waiting:
            break
        search.confirm(waiting[end])
    best = tuple(trial for trial in front(_ended(search)) if trial.numerical_error is not None)
    return best or front([trial for trial in _ended(search) if trial.numerical_error is not None])


def _spread_out(search: _Search, first: int) -> None:
    """Corners of temperature and time, then a Halton sequence: ``first`` predictions."""
    search.allowed = first
    kinds = len(search.bounds.kinds)
    corners = [np.array([a, b, 0.5, (k + 0.5) / kinds]) for k in range(kinds) for a, b in ((1.0, 1.0), (0.0, 0.0))]
    points = [*corners, *qmc.Halton(4, rng=np.random.default_rng([search.seed, 11])).random(4 * first)]
    try:
        for z in points:
            search.trial(search.choice(z), z)
    except _SpentError:
        return


def _levels(search: _Search, until: int) -> None:
    """Differential evolution at each density in turn, each with its part of the predictions left of ``until``."""
    reached = [trial.density for trial in _ended(search)]
    if not reached:
        return
    low, high = min(reached), max(reached)
    for k, level in enumerate(np.linspace(high, low, LEVELS)):
        search.allowed = search.spent + -(-(until - search.spent) // (LEVELS - k))
        value = search.least(float(level) - 1e-9)
        ranked = sorted(
            search.known,
            key=lambda c: (max(level - search.density(c), 0.0), getattr(search.known[c], "secondary", np.inf)),
        )
        start = [search.where[c] for c in ranked[:POPULATION]]
        halton = qmc.Halton(4, rng=np.random.default_rng([search.seed, 12, k])).random(POPULATION)
        population = np.array([*start, *halton[len(start) :]])
        try:
            differential_evolution(
                value, [(0.0, 1.0)] * 4, init=population, maxiter=GENERATIONS, tol=0.0, atol=0.0, polish=False,
                strategy="best1bin", mutation=(0.4, 0.9), rng=np.random.default_rng([search.seed, 13, k]),
            )  # fmt: skip
        except _SpentError:
            continue


def _with_intervals(
    task: Problem, points: Sequence[Trial], samples: int, seed: int, database: Database | None,
    progress: Callable[[float], None],
) -> tuple[Trial, ...]:  # fmt: skip
    """The points with the spread of their wt% over posterior samples; runs that do not end are left out."""
    posterior = adjustable.samples()
    chosen = np.random.default_rng([seed, 14]).permutation(len(posterior))[:samples]
    totals: list[list[float]] = [[] for _ in points]
    for done, number in enumerate(chosen):
        for k, point in enumerate(points):
            task_k = _fired(task, point.choice)
            result = predict(task_k, database=database, parameters=posterior[number], estimate_error=False)
            if result.finished:
                totals[k].append(sum(result.family_shares.values()))
            progress((done * len(points) + k + 1) / (samples * len(points)))
    answered = []
    for point, values in zip(points, totals, strict=True):
        low, middle, high = np.quantile(values, QUANTILES) if values else (np.nan,) * 3
        interval = (float(low), float(middle), float(high)) if values else None
        answered.append(replace(point, secondary_interval=interval))
    return tuple(answered)
