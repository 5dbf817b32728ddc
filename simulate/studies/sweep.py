"""One couple at many hold temperatures: phases against temperature, and the onset."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.models.basics.errors import InputError, shown
from sinterface.models.phases.database import Database
from sinterface.simulate.files.output import write_dataset
from sinterface.simulate.files.workers import unheard
from sinterface.simulate.files.workers import workers as processes
from sinterface.simulate.setup.problem import Problem
from sinterface.simulate.setup.schedule import Schedule
from sinterface.simulate.solve.result import DETECTION_LIMIT, Result
from sinterface.simulate.solve.run import predict

if TYPE_CHECKING:
    import xarray as xr

MOST = 500
"""Largest number of temperatures in one sweep."""


@dataclass(frozen=True)
class Sweep:
    """Results by hold temperature [degrees C], in ascending order."""

    temperatures: tuple[float, ...]
    results: tuple[Result, ...]

    def onset(self, limit: float = DETECTION_LIMIT) -> float | None:
        """Lowest hold temperature [degrees C] of the sweep at which a secondary family reaches the limit [wt%].

        None where none does, or where a run below did not finish: it may have shown one.
        """
        for T, one in zip(self.temperatures, self.results, strict=True):
            if one.detected(limit):
                return T
            if not one.finished:
                return None
        return None

    @property
    def families(self) -> list[str]:
        """Secondary families seen at any temperature, most first."""
        most: dict[str, float] = {}
        for result in self.results:
            for family, share in result.by_family.items():
                most[family] = max(share, most.get(family, 0.0))
        return sorted(most, key=lambda family: -most[family])

    @property
    def dataset(self) -> xr.Dataset:
        """``wt_percent`` (hold_temperature [degrees C], family) and unreacted fractions (hold_temperature)."""
        import xarray as xr

        table = np.array([[r.by_family.get(family, 0.0) for family in self.families] for r in self.results])
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
                    table.reshape(len(self.results), len(self.families)),
                    {"units": "%", "long_name": "share of the whole sample"},
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
                "onset_C": "none" if onset is None else onset,
                "detection_limit_wt_percent": DETECTION_LIMIT,
                "outcomes": ";".join(r.dataset.attrs["outcome"] for r in self.results),
                "schedules": " | ".join(r.dataset.attrs["schedule"] for r in self.results),
                "sources": ";".join(sorted({k for r in self.results for k in r.dataset.attrs["sources"].split(";")})),
            },
        )  # fmt: skip

    def document(self, limit: float = DETECTION_LIMIT) -> dict[str, Any]:
        """The sweep as the JSON document described in ``docs/json.md``."""
        first = self.results[0].dataset.attrs
        return {
            "cathode": first["cathode"],
            "electrolyte": first["electrolyte"],
            "atmosphere": first["atmosphere"],
            "onset_C": self.onset(limit),
            "detection_limit_wt_percent": limit,
            "temperatures": [result.document(limit) for result in self.results],
            "database": first["database"],
            "version": first["version"],
        }

    def to_netcdf(self, path: str | Path) -> None:
        """Write ``dataset`` as NetCDF-4, whole or not at all."""
        write_dataset(Path(path), self.dataset)


def temperatures(text: str) -> tuple[float, ...]:
    """Hold temperatures [degrees C] from ``400:1000:50`` (ends included) or ``400,600,900``.  Raises InputError."""
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
        found = tuple(sorted({float(part.strip()) for part in text.split(",")}))
        if len(found) > MOST or not all(map(math.isfinite, found)):
            raise InputError(f"temperatures {shown(text)}: at most {MOST} finite values")
        return found
    raise InputError(f"temperatures {shown(text)} are not understood: write 400:1000:50 or 400,600,900 (°C)")


def _one(task: Problem, database: Database | None) -> Result:
    return predict(task, database=database)


def sweep(
    task: Problem,
    hold_temperatures: Sequence[float],
    *,
    hours: float = 2.0,
    ramp: float = 10.0,
    workers: int = 1,
    database: Database | None = None,
    progress: Callable[[float], None] | None = None,
) -> Sweep:
    """Run ``task`` with a hold of ``hours`` at each temperature [degrees C], ramped at ``ramp`` [degrees C/min].

    ``progress`` is called with the share done.  The result does not depend on ``workers``.
    """
    ordered = tuple(sorted(hold_temperatures))
    tasks = [replace(task, schedule=Schedule.hold(T, hours, ramp=ramp)) for T in ordered]
    found: dict[int, Result] = {}
    if workers <= 1 or len(tasks) == 1:
        for i, one in enumerate(tasks):
            found[i] = _one(one, database)
            if progress is not None:
                progress(len(found) / len(tasks))
    else:
        with processes(min(workers, len(tasks))) as pool:
            with unheard():
                futures = {pool.submit(_one, one, database): i for i, one in enumerate(tasks)}
            for future in as_completed(futures):
                found[futures[future]] = future.result()
                if progress is not None:
                    progress(len(found) / len(tasks))
    return Sweep(ordered, tuple(found[i] for i in range(len(tasks))))
