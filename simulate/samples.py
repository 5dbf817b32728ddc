"""The same run over samples of what is uncertain: calibrated parameters and phase energies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models import database as databases
from sinterface.models import ensemble, parameters
from sinterface.models.errors import InputError
from sinterface.simulate.problem import Problem
from sinterface.simulate.run import predict

MOST = 1000
"""Largest number of samples of one run."""

QUANTILES = (0.05, 0.5, 0.95)
"""Lower end, median and upper end of a 90 % interval."""


@dataclass(frozen=True)
class Spread:
    """wt% of each secondary family (S, F) over S samples, wt% of them together (S,), and how many did not end."""

    families: tuple[str, ...]
    share: NDArray[np.float64]
    total: NDArray[np.float64]
    failed: int

    def quantiles(self, family: str) -> tuple[float, float, float]:
        """5, 50 and 95 % of a family's wt%; zeros for one that never forms."""
        if family not in self.families:
            return 0.0, 0.0, 0.0
        low, middle, high = np.quantile(self.share[:, self.families.index(family)], QUANTILES)
        return float(low), float(middle), float(high)

    def probability(self, family: str, limit: float) -> float:
        """Share of the samples in which a family reaches ``limit`` [wt%]."""
        return float(np.mean(self.share[:, self.families.index(family)] >= limit)) if family in self.families else 0.0

    def document(self, limit: float) -> dict[str, Any]:
        """The spread as the part ``samples`` of the JSON document described in the README."""
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
    """
    if not 1 <= size <= MOST:
        raise InputError(f"{size} samples: choose 1 to {MOST}")
    base = database or databases.embedded()
    elements = frozenset(task.cathode.composition) | frozenset(task.electrolyte.composition)
    energies = ensemble.draw(base, size, seed, frozenset(elements))
    posterior = parameters.samples()
    which = np.random.default_rng([seed, 5]).permutation(np.arange(size) % len(posterior))
    moved = np.array([not parameters.group(base[phase]) for phase in energies.phases])
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
    found = list(_all(jobs, workers, progress))
    ended = [shares for shares, outcome in found if outcome == "DONE"]
    if not ended:
        raise InputError(f"none of {size} samples reached the end of the schedule: run without samples to see why")
    names = sorted(set().union(*ended))
    table = np.array([[shares.get(name, 0.0) for name in names] for shares in ended]).reshape(len(ended), len(names))
    return Spread(tuple(names), table, table.sum(axis=1), size - len(ended))


Job = tuple[Problem, parameters.Parameters, dict[str, tuple[float, float]], databases.Database | None]


def _all(
    jobs: Sequence[Job], workers: int, progress: Callable[[float], None] | None
) -> Iterable[tuple[dict[str, float], str]]:
    if workers <= 1 or len(jobs) == 1:
        for done, job in enumerate(jobs, 1):
            yield _one(job)
            if progress is not None:
                progress(done / len(jobs))
        return
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=get_context("spawn")) as pool:
        try:
            for done, result in enumerate(pool.map(_one, jobs), 1):
                yield result
                if progress is not None:
                    progress(done / len(jobs))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _one(job: Job) -> tuple[dict[str, float], str]:
    task, values, changes, database = job
    base = database or databases.embedded()
    solids = dict(base.solids)
    for phase, (dH, dS) in changes.items():
        solid = solids[phase]
        solids[phase] = replace(solid, enthalpy=solid.enthalpy + dH, entropy=solid.entropy + dS)
    sampled = databases.Database(solids, base.fingerprint, base.changes)
    result = predict(task, database=sampled, parameters=values, estimate_error=False)
    return result.by_family, str(result.dataset.attrs["outcome"])
