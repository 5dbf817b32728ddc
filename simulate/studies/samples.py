"""The same run over samples of what is uncertain: calibrated parameters and phase energies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import QUANTILES
from sinterface.models.basics.errors import InputError
from sinterface.models.interface import ensemble
from sinterface.models.phases import database as databases
from sinterface.models.rates import parameters
from sinterface.simulate.files.workers import carry_out
from sinterface.simulate.setup.problem import Problem
from sinterface.simulate.setup.schedule import Schedule
from sinterface.simulate.solve.run import predict
from sinterface.simulate.studies.shares import courses

if TYPE_CHECKING:
    import xarray as xr

MOST = 1000
"""Largest number of samples of one run."""

MOMENTS = 240
"""Moments at which the courses of the samples are kept, spread evenly over the steps of the schedule."""


@dataclass(frozen=True, repr=False)
class Spread:
    """wt% of each secondary family (S, F) over S samples, wt% of them together (S,), and how many did not end.

    ``courses`` (S, N, F) is the wt% against ``times`` [s] (N,).

    >>> share, times = np.array([[1.0], [3.0]]), np.zeros(1)
    >>> told = Spread(("LaMO3",), share, share[:, 0], 0, times, share[:, None])
    >>> told.probability("LaMO3", 2.0), [round(share, 2) for share in told.quantiles("LaMO3")]
    (0.5, [1.1, 2.0, 2.9])
    >>> print(told)
    2 samples, 0 of them did not end; wt% of all secondary phases: 2.00 (5 to 95 %: 1.10 to 2.90)
      LaMO3: 2.00 (1.10 to 2.90)
    """

    families: tuple[str, ...]
    share: NDArray[np.float64]
    total: NDArray[np.float64]
    failed: int
    times: NDArray[np.float64]
    courses: NDArray[np.float64]

    def __str__(self) -> str:
        low, middle, high = np.quantile(self.total, QUANTILES)
        lines = [
            f"{len(self.total) + self.failed} samples, {self.failed} of them did not end; "
            f"wt% of all secondary phases: {middle:.2f} (5 to 95 %: {low:.2f} to {high:.2f})"
        ]
        for family in sorted(self.families, key=lambda name: -self.quantiles(name)[1]):
            low, middle, high = self.quantiles(family)
            lines.append(f"  {family}: {middle:.2f} ({low:.2f} to {high:.2f})")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Spread of {self}>"

    def quantiles(self, family: str) -> tuple[float, float, float]:
        """5, 50 and 95 % of a family's wt%; zeros for a family that never forms."""
        if family not in self.families:
            return 0.0, 0.0, 0.0
        low, middle, high = np.quantile(self.share[:, self.families.index(family)], QUANTILES)
        return float(low), float(middle), float(high)

    def probability(self, family: str, limit: float) -> float:
        """Share of the samples in which a family reaches ``limit`` [wt%]."""
        return float(np.mean(self.share[:, self.families.index(family)] >= limit)) if family in self.families else 0.0

    def added_to(self, dataset: xr.Dataset) -> xr.Dataset:
        """The dataset of the run with ``sampled_wt_percent`` (sample, sampled_family) at the end [%] and, against time,
        ``sampled_course`` (quantile, sampled_time, sampled_family) [%]."""
        middle = np.quantile(self.courses, QUANTILES, axis=0)
        return dataset.assign(
            sampled_wt_percent=(
                ("sample", "sampled_family"), self.share, {"units": "%", "long_name": "share at the end, by sample"}
            ),
            sampled_course=(
                ("quantile", "sampled_time", "sampled_family"), middle,
                {"units": "%", "long_name": "share of the sample, quantiles over the samples"},
            ),
        ).assign_coords(
            quantile=list(QUANTILES), sampled_time=("sampled_time", self.times, {"units": "s"}),
            sampled_family=np.array(self.families, dtype=str),
        ).assign_attrs(samples_failed=self.failed)  # fmt: skip

    def document(self, limit: float) -> dict[str, Any]:
        """The spread as the part ``samples`` of the JSON document described in ``docs/json.md``."""
        low, middle, high = (float(q) for q in np.quantile(self.total, QUANTILES))
        order = np.argsort(-np.median(self.share, axis=0), kind="stable")
        return {
            "size": len(self.total),
            "failed": self.failed,
            "secondary_wt_percent": {"low": low, "median": middle, "high": high},
            "families": [
                {
                    "family": name,
                    **dict(zip(("low", "median", "high"), self.quantiles(name), strict=True)),
                    "probability_detected": self.probability(name, limit),
                }
                for name in (self.families[k] for k in order)
            ],
        }


def spread(
    task: Problem,
    size: int,
    *,
    database: databases.Database | None = None,
    seed: int = 0,
    workers: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Spread:
    """Run ``task`` over ``size`` samples: posterior parameters, and energies of the phases that no parameter moves.

    The same seed gives the same numbers, whatever the number of workers.  Raises InputError for 0 or over MOST samples,
    and where no sample ends.

    >>> from sinterface.simulate.setup.problem import problem
    >>> told = spread(problem("pc-LNMO", schedule="50 °C/min to 500 °C; quench", cells=4), 2)
    >>> told.share.shape == (2, len(told.families))
    True
    """
    if not 1 <= size <= MOST:
        raise InputError(f"{size} samples: choose 1 to {MOST}")
    base = database or databases.embedded()
    elements = frozenset().union(*(powder.composition for powder in task.powders))
    elements = elements.union(*(base[name].amounts for name, _ in task.additives))
    elements = elements.union(*(layer.material.composition for layer in task.coatings))
    energies = ensemble.draw(base, size, seed, elements)
    posterior = parameters.samples()
    which = np.random.default_rng([seed, 5]).permutation(np.arange(size) % len(posterior))
    moved = np.array([phase not in parameters.moved_phases() for phase in energies.phases])
    jobs = []
    for number in range(size):
        changes = {
            phase: (float(dH), float(dS))
            for phase, dH, dS, free in zip(
                energies.phases, energies.enthalpy[number], energies.entropy[number], moved, strict=True
            )
            if free
        }
        jobs.append((task, posterior[which[number]], changes, database))
    runs = carry_out(_run, jobs, workers, progress=progress)
    ended = [run for run in runs if run.finished]
    if not ended:
        raise InputError(f"none of {size} samples reached the end of the schedule: run without samples to see why")
    names = sorted(set().union(*(run.final for run in ended)))
    times = moments(task.schedule)
    table, course = np.zeros((len(ended), len(names))), np.zeros((len(ended), len(times), len(names)))
    for number, run in enumerate(ended):
        for name in run.final:
            table[number, names.index(name)] = run.final[name]
            course[number, :, names.index(name)] = run.course[name]
    return Spread(tuple(names), table, table.sum(axis=1), size - len(ended), times, course)


def moments(schedule: Schedule) -> NDArray[np.float64]:
    """Times [s] at which courses are kept, the ends of all steps among them."""
    starts = schedule.starts
    each = max(2, MOMENTS // (len(starts) - 1))
    return np.unique(np.concatenate([np.linspace(a, b, each) for a, b in pairwise(starts)]))


@dataclass(frozen=True)
class Sampled:
    """wt% by family at the end of the run of a sample and at the moments of the schedule (N,); whether it ended."""

    final: dict[str, float]
    course: dict[str, NDArray[np.float64]]
    finished: bool


def _run(
    task: Problem, values: parameters.Parameters, changes: dict[str, tuple[float, float]],
    database: databases.Database | None, progress: Callable[[float], None],
) -> Sampled:  # fmt: skip
    base = database or databases.embedded()
    solids = dict(base.solids)
    for phase, (dH, dS) in changes.items():
        solid = solids[phase]
        solids[phase] = replace(solid, enthalpy=solid.enthalpy + dH, entropy=solid.entropy + dS)
    sampled = databases.Database(solids, base.fingerprint, base.changes)
    result = predict(task, database=sampled, parameters=values, estimate_error=False, progress=progress)
    at, times = moments(task.schedule), result.dataset["time"].values
    course = {family: np.interp(at, times, share) for family, share in courses(result).items()}
    return Sampled(result.family_shares, course, result.finished)
