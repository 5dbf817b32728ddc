"""One couple at many hold temperatures: phases against temperature, and the onset."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.models.basics.errors import InputError, shown
from sinterface.models.instruments.detector import Detector
from sinterface.models.instruments.diffraction import sample_of
from sinterface.models.phases.database import Database
from sinterface.simulate.files.output import write_dataset
from sinterface.simulate.files.pictures import inline, picture
from sinterface.simulate.files.workers import carry_out
from sinterface.simulate.setup.problem import Problem, sample_text
from sinterface.simulate.setup.schedule import Schedule
from sinterface.simulate.solve.result import Result
from sinterface.simulate.solve.run import predict_all
from sinterface.simulate.studies.shares import final_errors, printed

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

MOST = 500
"""Largest number of temperatures in one sweep."""


HANDS = 2
"""Least hands that a worker is dealt where couples allow it: a quick worker then takes from a slow worker."""

FLAT = 100.0
"""Temperature [K] by which an onset may move between half and twice the detection limit before it counts as flat.

A convention: detection limits are known within such a factor at best, and the measured onsets that predictions are
compared with lie in brackets of 50 to 100 °C.
"""


@dataclass(frozen=True)
class Bracket:
    """Where a family first reaches ``factor`` times its limit: above ``above`` and not above ``reached`` [degrees C].

    ``above`` is None where the lowest temperature of the sweep shows it already, ``reached`` where none does.
    """

    factor: float
    above: float | None
    reached: float | None

    def told(self, highest: float) -> str:
        """In words, for a sweep up to ``highest`` [degrees C].

        >>> Bracket(1.0, 450.0, 500.0).told(1000.0)
        'between 450 and 500 °C'
        """
        if self.reached is None:
            return f"not up to {highest:g} °C"
        if self.above is None:
            return f"at {self.reached:g} °C or below"
        return f"between {self.above:g} and {self.reached:g} °C"


@dataclass(frozen=True)
class PredictedOnset:
    """Where secondary phases first reach their limits, and whether the answer depends on the limits.

    ``detect`` is what the limits are of; ``brackets`` are those of half the limits, of the limits and of twice them,
    ``families`` those at or above theirs where one is first reached, ``highest`` the highest temperature of the sweep
    [degrees C] and ``unfinished`` that of a run below which nothing was seen and which did not reach the end of its
    schedule: then nothing is known.
    """

    detect: Detector
    brackets: tuple[Bracket, Bracket, Bracket]
    families: tuple[str, ...]
    highest: float
    widest_step: float
    unfinished: float | None = None

    @property
    def bracket(self) -> Bracket:
        """The bracket of the limit itself."""
        return self.brackets[1]

    @property
    def sharp(self) -> bool:
        """Whether half and twice the limit are reached within FLAT, or within a step of the sweep; or neither is.

        A curve that ends between them may be flat, and counts so.
        """
        half, _, twice = (bracket.reached for bracket in self.brackets)
        if half is None or twice is None:
            return half is twice
        return twice - half <= max(FLAT, self.widest_step)

    @property
    def temperature(self) -> float | None:
        """Lowest hold temperature [degrees C] that shows the limit; None where none does or the curve is flat."""
        return self.bracket.reached if self.sharp and self.unfinished is None else None

    def __str__(self) -> str:
        highest, fixed = self.highest, not self.detect.method
        if self.unfinished is not None:
            return f"unknown, as the run at {self.unfinished:g} °C did not finish"
        if not self.sharp:
            words = {0.5: "half the limits", 1.0: "the limits", 2.0: "twice the limits"}
            parts = (
                f"{f'{bracket.factor * self.detect.wt_percent:g} wt%' if fixed else words[bracket.factor]} "
                f"{bracket.told(highest)}"
                for bracket in self.brackets
            )
            return f"not sharp{'' if fixed else f' with {self.detect.name}'}: {', '.join(parts)}"
        if self.bracket.reached is None:
            told = f"no family reaches {self.detect.name}" if fixed else f"{self.detect.name} shows no family"
            return f"none up to {highest:g} °C ({told})"
        told = f"at or above {self.detect.name}" if fixed else f"shown by {self.detect.name}"
        return f"{self.bracket.told(highest)} ({', '.join(self.families)} {told})"

    def document(self) -> dict[str, Any]:
        """As a part of the JSON document described in ``docs/json.md``."""
        return {
            "sharp": self.sharp,
            "brackets": [
                {
                    "factor": bracket.factor,
                    "limit_wt_percent": None if self.detect.method else bracket.factor * self.detect.wt_percent,
                    "above_C": bracket.above,
                    "reached_C": bracket.reached,
                }
                for bracket in self.brackets
            ],
        }


def onset_of(
    temperatures: Sequence[float],
    shares: Sequence[Mapping[str, float]],
    detect: Detector | float,
    finished: Sequence[bool] | None = None,
    limits: Sequence[Mapping[str, float]] | None = None,
) -> PredictedOnset:
    """The onset from wt% by family at hold temperatures [degrees C] in ascending order, and which runs finished.

    ``detect`` says what is looked with, or is a share [wt%]; ``limits`` are the least wt% of each family that it shows
    at each temperature, needed where it is no fixed share.  Raises InputError without them.

    >>> print(onset_of([500, 600, 700], [{}, {"LaMO3": 0.2}, {"LaMO3": 3.0}], 1.0))
    between 600 and 700 °C (LaMO3 at or above 1 wt%)
    >>> print(onset_of([500, 700, 900], [{}, {"LaMO3": 0.9}, {"LaMO3": 1.1}], 1.0))
    not sharp: 0.5 wt% between 500 and 700 °C, 1 wt% between 700 and 900 °C, 2 wt% not up to 900 °C
    """
    looked = detect if isinstance(detect, Detector) else Detector.fixed(detect)
    if limits is None:
        if looked.method:
            raise InputError(f"onset with {looked.name}: give the limits of the families at each temperature")
        limits = [dict.fromkeys(by_family, looked.wt_percent) for by_family in shares]
    visible = [
        {family: share / least[family] for family, share in by_family.items()}
        for by_family, least in zip(shares, limits, strict=True)
    ]

    def bracket(factor: float) -> Bracket:
        above = None
        for T, by_family in zip(temperatures, visible, strict=True):
            if max(by_family.values(), default=0.0) >= factor:
                return Bracket(factor, above, T)
            above = T
        return Bracket(factor, above, None)

    own = bracket(1.0)
    ended = [True] * len(temperatures) if finished is None else finished
    stuck = [T for T, done in zip(temperatures, ended, strict=True) if not done]
    if own.reached is not None:
        stuck = [T for T in stuck if own.reached > T]
        there = visible[list(temperatures).index(own.reached)]
        families = tuple(family for family, multiple in there.items() if multiple >= 1.0)
    else:
        families = ()
    step = max((b - a for a, b in pairwise(temperatures)), default=0.0)
    brackets = (bracket(0.5), own, bracket(2.0))
    return PredictedOnset(looked, brackets, families, temperatures[-1], step, stuck[0] if stuck else None)


@dataclass(frozen=True, repr=False)
class Sweep:
    """Results by hold temperature [degrees C], in ascending order; ``detect`` is what their phases are looked for with.

    It is the laboratory scan of the reference unless another is put in its place: ``replace(sweep,
    detect=Detector.fixed(1.0))``.

    >>> import sinterface as si
    >>> both = si.sweep(si.problem("pc-LNMO", cells=4), [500, 700], hours=0.5)
    >>> both.temperatures, both.dataset.sizes["hold_temperature"]
    ((500, 700), 2)
    >>> both.schedule
    '10 °C/min to T; hold 30 min; cool naturally'
    >>> print(both)  # doctest: +ELLIPSIS
    pc-LNMO + LLZTO, 1:1 by mass; 10 °C/min to T; hold 30 min; cool naturally, in O2 (pO2=1 bar); onset ...
    """

    temperatures: tuple[float, ...]
    results: tuple[Result, ...]
    detect: Detector = field(default_factory=Detector)

    @cached_property
    def limits(self) -> tuple[dict[str, float], ...]:
        """Least wt% of each secondary family that shows in each cooled sample; infinite where it has no lines."""
        return tuple(self.detect.of_sample(sample_of(result.dataset)) for result in self.results)

    def onset(self, limit: float | None = None) -> PredictedOnset:
        """Where a secondary family first shows, as a bracket between hold temperatures.

        With a ``limit`` [wt%] it is where one reaches that, whatever ``detect``.  Where a run below did not finish, or
        half and twice the limits are reached far apart, it says so.
        """
        shares = [result.family_shares for result in self.results]
        finished = [result.finished for result in self.results]
        if limit is not None:
            return onset_of(self.temperatures, shares, limit, finished)
        return onset_of(self.temperatures, shares, self.detect, finished, self.limits)

    @property
    def schedule(self) -> str:
        """The schedule that all runs share, with T for the hold temperature."""
        text = str(self.results[0].dataset.attrs["schedule"])
        return text.replace(f"to {self.temperatures[0]:g} °C", "to T", 1)

    @property
    def families(self) -> list[str]:
        """Secondary families seen at any temperature, most first."""
        most: dict[str, float] = {}
        for result in self.results:
            for family, share in result.family_shares.items():
                most[family] = max(share, most.get(family, 0.0))
        return sorted(most, key=lambda family: -most[family])

    @property
    def dataset(self) -> xr.Dataset:
        """``wt_percent`` (hold_temperature [degrees C], family) and unreacted fractions (hold_temperature).

        ``wt_percent_error`` is the numerical error of ``wt_percent``, NaN where none was estimated.
        """
        import xarray as xr

        shape = (len(self.results), len(self.families))
        table = np.array([[r.family_shares.get(family, 0.0) for family in self.families] for r in self.results])
        errors = [final_errors(result) for result in self.results]
        error = np.array([[by_family.get(family, np.nan) for family in self.families] for by_family in errors])
        first = self.results[0].dataset.attrs
        fractions = {
            key: ("hold_temperature", np.array([r.unreacted[key] for r in self.results]), {"units": "1"})
            for key in ("cathode_fraction", "electrolyte_fraction")
        }
        keep = ("cathode", "cathode_composition", "electrolyte", "electrolyte_composition", "atmosphere", "mass_ratio",
                "database", "version")  # fmt: skip
        onset = self.onset()
        return xr.Dataset(
            {
                "wt_percent": (
                    ("hold_temperature", "family"),
                    table.reshape(shape),
                    {"units": "%", "long_name": "share of the whole sample"},
                ),
                "wt_percent_error": (
                    ("hold_temperature", "family"),
                    error.reshape(shape),
                    {"units": "%", "long_name": "numerical error of wt_percent"},
                ),
                "detection_limit": (
                    ("hold_temperature", "family"),
                    np.array([[least.get(name, np.nan) for name in self.families] for least in self.limits])
                    .reshape(shape),
                    {"units": "%", "long_name": f"least share that {self.detect.name} shows; inf: none"},
                ),
                "element_balance": (
                    "hold_temperature", np.array([r.dataset.attrs["element_balance"] for r in self.results])
                ),
                **fractions,
            },
            coords={
                "hold_temperature": ("hold_temperature", np.array(self.temperatures), {"units": "degC"}),
                "family": np.array(self.families, dtype=str),
            },
            attrs={key: first[key] for key in keep}
            | {
                "onset": str(onset),
                "schedule": self.schedule,
                "detected_by": self.detect.name,
                "outcomes": ";".join(r.dataset.attrs["outcome"] for r in self.results),
                "schedules": " | ".join(r.dataset.attrs["schedule"] for r in self.results),
                "sources": ";".join(sorted({k for r in self.results for k in r.dataset.attrs["sources"].split(";")})),
            },
        )  # fmt: skip

    def __str__(self) -> str:
        attrs = self.results[0].dataset.attrs
        sample = sample_text(attrs["cathode"], attrs["electrolyte"], float(attrs["mass_ratio"]))
        return f"{sample}; {self.schedule}, in {attrs['atmosphere']}; onset {self.onset()}\n{printed(self.by_family)}"

    def __repr__(self) -> str:
        return f"<Sweep of {self}>"

    def document(self) -> dict[str, Any]:
        """The sweep as the JSON document described in ``docs/json.md``."""
        first, onset = self.results[0].dataset.attrs, self.onset()
        runs = zip(self.results, self.limits, strict=True)
        return {
            "cathode": first["cathode"],
            "electrolyte": first["electrolyte"],
            "atmosphere": first["atmosphere"],
            "onset_C": onset.temperature,
            "onset": onset.document(),
            "detected_by": self.detect.name,
            "detection_limit_wt_percent": None if self.detect.method else self.detect.wt_percent,
            "temperatures": [
                result.document(least)
                | {"limits_wt_percent": {name: None if math.isinf(x) else float(x) for name, x in least.items()}}
                for result, least in runs
            ],
            "database": first["database"],
            "version": first["version"],
        }

    @property
    def by_family(self) -> pd.DataFrame:
        """Final wt% as a table of pandas: a row for each hold temperature, a column for each family, most first."""
        return self.dataset["wt_percent"].to_pandas()

    def to_dataframe(self) -> pd.DataFrame:
        """wt% of each family and their numerical errors as a table of pandas, by hold temperature and family."""
        return self.dataset[["wt_percent", "wt_percent_error"]].to_dataframe()

    def plot(self) -> Figure:
        """Secondary phases against hold temperature, with the onset as a band."""
        return picture("plot", "sweeps", [self])

    def _repr_html_(self) -> str:
        table = self.dataset[["wt_percent"]].to_dataframe().unstack().round(2).to_html()
        return f"{table}{inline(self.plot(), 'secondary phases')}"

    def to_netcdf(self, path: str | Path) -> None:
        """Write ``dataset`` as NetCDF-4, whole or not at all."""
        write_dataset(Path(path), self.dataset)


def temperatures(text: str) -> tuple[float, ...]:
    """Hold temperatures [degrees C] from ``400:1000:50`` (ends included) or ``400,600,900``.  Raises InputError.

    >>> temperatures("400:600:100")
    (400.0, 500.0, 600.0)
    """
    number = r"[+-]?\d+(?:\.\d*)?"
    text = text.strip()
    if match := re.fullmatch(rf"({number}):({number}):({number})", text):
        low, high, step = (float(part) for part in match.groups())
        if not (0.0 < step < math.inf and low <= high < math.inf and (high - low) / step <= MOST - 1):
            raise InputError(
                f"temperatures {shown(text)}: write low:high:step with a positive step, at most {MOST} values"
            )
        return tuple(float(low + i * step) for i in range(int((high - low) / step + 1e-9) + 1))
    if re.fullmatch(rf"{number}(\s*,\s*{number})*", text):
        values = tuple(sorted({float(part.strip()) for part in text.split(",")}))
        if len(values) > MOST or not all(map(math.isfinite, values)):
            raise InputError(f"temperatures {shown(text)}: at most {MOST} finite values")
        return values
    raise InputError(f"temperatures {shown(text)} are not understood: write 400:1000:50 or 400,600,900 (°C)")


def sweep(
    task: Problem,
    hold_temperatures: Sequence[float],
    *,
    hours: float = 2.0,
    ramp: float = 10.0,
    workers: int = 1,
    database: Database | None = None,
    detect: Detector | None = None,
    progress: Callable[[float], None] | None = None,
) -> Sweep:
    """Run ``task`` with a hold of ``hours`` at each temperature [degrees C], ramped at ``ramp`` [degrees C/min].

    ``detect`` is what phases are looked for with, the laboratory scan of the reference without it; ``progress`` is
    called with the share done.  The result does not depend on ``workers``.

    >>> from sinterface.simulate.setup.problem import problem
    >>> sweep(problem("pc-LNMO", cells=4), [300], hours=0.5).onset(limit=5.0).temperature is None
    True
    """
    return sweep_couples(
        [task], hold_temperatures, hours=hours, ramp=ramp, workers=workers, database=database, detect=detect,
        progress=progress,
    )[0]  # fmt: skip


def sweep_couples(
    tasks: Sequence[Problem],
    hold_temperatures: Sequence[float],
    *,
    hours: float = 2.0,
    ramp: float = 10.0,
    workers: int = 1,
    database: Database | None = None,
    detect: Detector | None = None,
    progress: Callable[[float], None] | None = None,
    ready: Callable[[int, Sweep], None] | None = None,
) -> list[Sweep]:
    """What ``sweep`` makes of each task; the workers are started once and divide all of the work among them.

    ``ready`` is called with the number of a task and its sweep, in the order of the tasks, as soon as each is there.

    >>> from sinterface.simulate.setup.problem import problem
    >>> both = sweep_couples([problem(name, cells=4) for name in ("pc-LNMO", "pc-LMO")], [300, 400], hours=0.5)
    >>> [each.temperatures for each in both]
    [(300, 400), (300, 400)]
    """
    ordered = tuple(sorted(hold_temperatures))
    each = max(1, min(workers, math.ceil(HANDS * workers / len(tasks)), len(ordered)))  # a hand shares a ramp
    hands = [(task, ordered[first::each]) for task in tasks for first in range(each)]
    jobs = [([replace(task, schedule=Schedule.hold(T, hours, ramp=ramp)) for T in holds],) for task, holds in hands]
    looked = detect or Detector()
    swept: list[Sweep] = []
    by_temperature: dict[float, Result] = {}

    def add(hand: int, results: Sequence[Result]) -> None:
        by_temperature.update(zip(hands[hand][1], results, strict=True))
        if (hand + 1) % each == 0:  # the last hand of a task
            swept.append(Sweep(ordered, tuple(by_temperature[T] for T in ordered), looked))
            if ready is not None:
                ready(len(swept) - 1, swept[-1])

    carry_out(
        partial(predict_all, database=database),
        jobs,
        workers,
        sizes=[len(holds) for _, holds in hands],
        progress=progress,
        each=add,
    )
    return swept
