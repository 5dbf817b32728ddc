"""One couple on several plans: phases against time side by side, and how far each plan sinters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.models.basics.constants import CELSIUS_ZERO, QUANTILES
from sinterface.models.basics.errors import InputError
from sinterface.models.phases.database import Database
from sinterface.models.rates import sintering
from sinterface.simulate.files.output import write_dataset
from sinterface.simulate.files.pictures import inline, picture
from sinterface.simulate.setup.problem import Problem, sample_text
from sinterface.simulate.setup.schedule import Schedule, duration_text
from sinterface.simulate.solve.result import DETECTION_LIMIT, Result
from sinterface.simulate.solve.run import predict_all
from sinterface.simulate.studies.shares import courses, final_errors, printed

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

MOST = 20
"""Most plans of one comparison."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """Results by plan, in the order given, and relative densities (low, median, high) [1] at their ends.

    >>> import sinterface as si
    >>> both = si.compare(si.problem("pc-LCO", cells=4), [si.read_schedule("50 °C/min to 500 °C; quench")])
    >>> both.dataset.sizes["schedule"], len(both.to_dataframe()) == len(both.families)
    (1, True)
    >>> print(both)  # doctest: +ELLIPSIS
    pc-LCO + LLZTO, 1:1 by mass; wt% at the end
    ...
    """

    plans: tuple[Schedule, ...]
    results: tuple[Result, ...]
    densities: tuple[tuple[float, float, float], ...]

    @property
    def families(self) -> list[str]:
        """Secondary families that any plan shows at any time, most first."""
        most: dict[str, float] = {}
        for result in self.results:
            for family, course in courses(result).items():
                most[family] = max(float(course.max()), most.get(family, 0.0))
        return sorted(most, key=lambda family: -most[family])

    @property
    def dataset(self) -> xr.Dataset:
        """``wt_percent`` (schedule, point, family) at ``time`` (schedule, point) [s], with ``temperature`` [K].

        Runs take different steps: each row ends in NaN after its own last point.  ``final_wt_percent`` (schedule,
        family) is that at the end, ``final_wt_percent_error`` its numerical error, NaN where none was estimated;
        ``relative_density`` (schedule, quantile) [1] and unreacted fractions (schedule) belong to the end, too.
        """
        import xarray as xr

        families, names = self.families, _labels(self.plans)
        longest = max(result.dataset.sizes["time"] for result in self.results)
        share = np.full((len(names), longest, len(families)), np.nan)
        time, kelvin = np.full((2, len(names), longest), np.nan)
        for k, result in enumerate(self.results):
            points = result.dataset.sizes["time"]
            course = courses(result)
            time[k, :points] = result.dataset["time"].values
            kelvin[k, :points] = result.dataset["temperature"].values
            for f, family in enumerate(families):
                share[k, :points, f] = course.get(family, 0.0)
        final = np.array([[r.family_shares.get(family, 0.0) for family in families] for r in self.results])
        errors = [final_errors(result) for result in self.results]
        error = np.array([[by_family.get(family, np.nan) for family in families] for by_family in errors])
        first = self.results[0].dataset.attrs
        keep = ("cathode", "cathode_composition", "electrolyte", "electrolyte_composition", "mass_ratio", "cells",
                "database", "version")  # fmt: skip
        return xr.Dataset(
            {
                "wt_percent": (
                    ("schedule", "point", "family"), share, {"units": "%", "long_name": "share of the sample"}
                ),
                "temperature": (("schedule", "point"), kelvin, {"units": "K"}),
                "final_wt_percent": (("schedule", "family"), final.reshape(len(names), len(families)), {"units": "%"}),
                "final_wt_percent_error": (
                    ("schedule", "family"), error.reshape(len(names), len(families)),
                    {"units": "%", "long_name": "numerical error of final_wt_percent"},
                ),
                "relative_density": (
                    ("schedule", "quantile"),
                    np.array(self.densities),
                    {"units": "1", "long_name": "relative density of an LLZTO compact on this schedule"},
                ),
                **{
                    key: ("schedule", np.array([r.unreacted[key] for r in self.results]), {"units": "1"})
                    for key in ("cathode_fraction", "electrolyte_fraction")
                },
            },
            coords={
                "schedule": np.array(names, dtype=str),
                "time": (("schedule", "point"), time, {"units": "s"}),
                "family": np.array(families, dtype=str),
                "quantile": list(QUANTILES),
            },
            attrs={key: first[key] for key in keep}
            | {
                "schedules": " | ".join(plan.text for plan in self.plans),
                "atmospheres": " | ".join(r.dataset.attrs["atmosphere"] for r in self.results),
                "outcomes": ";".join(r.dataset.attrs["outcome"] for r in self.results),
                "sources": ";".join(sorted({k for r in self.results for k in r.dataset.attrs["sources"].split(";")})),
            },
        )  # fmt: skip

    def document(self, limit: float = DETECTION_LIMIT) -> dict[str, Any]:
        """The comparison as a JSON document: the ``run`` document of each plan, and its relative density."""
        first = self.results[0].dataset.attrs
        return {
            "cathode": first["cathode"],
            "electrolyte": first["electrolyte"],
            "detection_limit_wt_percent": limit,
            "schedules": [
                {"name": name}
                | result.document(limit)
                | {
                    "hours": plan.duration / 3600.0,
                    "families": result.family_shares,
                    "relative_density": dict(zip(("low", "median", "high"), density, strict=True)),
                }
                for name, plan, result, density in zip(
                    _labels(self.plans), self.plans, self.results, self.densities, strict=True
                )
            ],
            "database": first["database"],
            "version": first["version"],
        }

    def __str__(self) -> str:
        attrs = self.results[0].dataset.attrs
        sample = sample_text(attrs["cathode"], attrs["electrolyte"], float(attrs["mass_ratio"]))
        return f"{sample}; wt% at the end\n{printed(self.by_family)}"

    def __repr__(self) -> str:
        return f"<Comparison of {self}>"

    @property
    def by_family(self) -> pd.DataFrame:
        """Final wt% as a table of pandas: a row for each schedule, a column for each family, most first."""
        return self.dataset["final_wt_percent"].to_pandas()

    def to_dataframe(self) -> pd.DataFrame:
        """wt% of each family and their numerical errors as a table of pandas, by schedule and family."""
        return self.dataset[["final_wt_percent", "final_wt_percent_error"]].to_dataframe()

    def plot(self, limit: float = DETECTION_LIMIT) -> Figure:
        """Secondary phases against time, schedule by schedule, with a line at the detection limit [wt%]."""
        return picture("plot_schedules", "compared", self, limit)

    def _repr_html_(self) -> str:
        table = self.dataset[["final_wt_percent"]].to_dataframe().unstack().round(2).to_html()
        return f"{table}{inline(self.plot(), 'secondary phases')}"

    def to_netcdf(self, path: str | Path) -> None:
        """Write ``dataset`` as NetCDF-4, whole or not at all."""
        write_dataset(Path(path), self.dataset)


def density(plan: Schedule, pressure: float | None = None, seed: int = 0) -> tuple[float, float, float]:
    """Relative density [1] of an LLZTO compact at the end of a plan: 5, 50 and 95 % (``models.sintering``).

    ``pressure`` [Pa] presses it until the plan says something of that.
    """
    return sintering.embedded(seed).interval(*plan.pressing(pressure or 0.0))


def summary(plan: Schedule) -> str:
    """A plan in a few words: its name, or the highest temperature and how long all of it takes.

    >>> summary(Schedule.parse("10 °C/min to 900 °C; hold 2 h; quench"))
    '900 °C, 3.46 h'
    """
    if plan.name:
        return plan.name
    return f"{plan.peak - CELSIUS_ZERO:g} °C, {duration_text(plan.duration, digits=3)}"


def _labels(plans: Sequence[Schedule]) -> list[str]:
    """A name for each plan, numbered where two would be the same."""
    names = [summary(plan) for plan in plans]
    return [name if names.count(name) == 1 else f"{name} ({k})" for k, name in enumerate(names, 1)]


def compare(
    task: Problem,
    plans: Sequence[Schedule],
    *,
    database: Database | None = None,
    progress: Callable[[float], None] | None = None,
) -> Comparison:
    """Run ``task`` on each plan; its own schedule is not used, its gas where a plan names none.

    ``progress`` is called with the share done.  Raises InputError for no plan or more than MOST.

    >>> from sinterface.simulate.setup.problem import problem
    >>> plans = [Schedule.parse(f"50 °C/min to {peak} °C; quench", f"to {peak} °C") for peak in (500, 700)]
    >>> both = compare(problem("pc-LCO", cells=4), plans)
    >>> [plan["name"] for plan in both.document()["schedules"]]
    ['to 500 °C', 'to 700 °C']
    """
    if not 1 <= len(plans) <= MOST:
        raise InputError(f"{len(plans)} schedules: give 1 to {MOST}")
    results = predict_all([replace(task, schedule=plan) for plan in plans], database=database, progress=progress)
    return Comparison(tuple(plans), tuple(results), tuple(density(plan, task.pressure) for plan in plans))
