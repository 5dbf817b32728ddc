"""A screen: every candidate of a space becomes one row of numbers, failures included, streamed into one store."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import QUANTILES
from sinterface.models.basics.errors import InputError, SinterfaceError, unknown
from sinterface.models.basics.textfile import plain
from sinterface.models.instruments.detector import Detector
from sinterface.models.interface import coatings as layers
from sinterface.models.interface.reactions import couple, reactions_at
from sinterface.models.phases import database as databases
from sinterface.models.phases.atmosphere import OPEN_ELEMENTS, Atmosphere
from sinterface.models.phases.database import Database
from sinterface.models.phases.substance import FAMILIES
from sinterface.models.powders.materials import Material
from sinterface.models.rates import parameters
from sinterface.simulate.files.pictures import inline, picture
from sinterface.simulate.files.workers import is_interrupt
from sinterface.simulate.screening.candidate_space import ACCURACIES, Accuracy, Candidate, Space
from sinterface.simulate.screening.dask_pool import LOST, WAIT, scattered
from sinterface.simulate.screening.zarr_store import DONE, Row, Store, open_store
from sinterface.simulate.setup.coating import read_coatings
from sinterface.simulate.setup.problem import Problem
from sinterface.simulate.solve.run import predict
from sinterface.simulate.studies.samples import spread

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

NAMES = tuple(FAMILIES)
REASON = 300
"""Characters kept of why a candidate failed."""

SHOWN = 20
"""Candidates that a notebook shows, best first."""


@dataclass(frozen=True)
class Setting:
    """What all candidates share.  ``database`` is None for the embedded database; ``elements`` those that rows list."""

    temperatures: tuple[float, ...]
    elements: tuple[str, ...]
    coatings: tuple[Material, ...]
    mass_ratio: float
    detect: Detector
    accuracy: Accuracy
    samples: int
    seed: int
    database: Database | None = None


def setting(space: Space, database: Database | None = None) -> Setting:
    """What the candidates of a space share.  Raises InputError for a coating that is not in the database."""
    phase_data = database or databases.embedded()
    first = space.candidate(0)
    try:
        chosen = tuple(layers.coating(text, phase_data) for text in space.coatings)
        for text in dict.fromkeys((*space.coated, *(candidate.coated for candidate in space.listed))):
            read_coatings(text, phase_data, first.cathode, first.electrolyte)
    except InputError as error:
        raise InputError(f"coatings: {error}") from error
    return Setting(
        temperatures=space.temperatures,
        elements=space.elements,
        coatings=chosen,
        mass_ratio=space.mass_ratio,
        detect=space.detect,
        accuracy=ACCURACIES[space.accuracy],
        samples=space.samples,
        seed=space.seed,
        database=database,
    )


def row(candidate: Candidate, common: Setting) -> Row:
    """One candidate's numbers; never raises: what went wrong is the row's ``outcome``."""
    numbers = blank_row(candidate, common)
    try:
        _energies(numbers, candidate, common)
        _amounts(numbers, candidate, common)
        if common.samples:
            _probabilities(numbers, candidate, common)
    except Exception as error:
        if is_interrupt(error):
            raise
        kind = "" if isinstance(error, SinterfaceError) else f"{type(error).__name__}: "
        numbers["outcome"] = plain(f"{kind}{error}", REASON)
    return numbers


def failed(candidate: Candidate, common: Setting, reason: str) -> Row:
    """The row of a candidate whose process died."""
    return blank_row(candidate, common) | {"outcome": plain(reason, REASON)}


def blank_row(candidate: Candidate, common: Setting) -> Row:
    """A row with what is put in and no result yet: numbers are nan, the outcome is DONE until something goes wrong."""
    count = len(common.temperatures)
    powder = candidate.cathode
    metals = sum(n for s, n in powder.composition.items() if s != "Li" and s not in OPEN_ELEMENTS)
    return {
        "cathode": powder.id,
        "morphology": powder.morphology,
        "electrolyte": candidate.electrolyte.id,
        "schedule": candidate.schedule,
        "gas": str(candidate.gas),
        "coated": candidate.coated,
        "structure": powder.structure,
        "composition": [powder.composition.get(s, 0.0) / metals for s in common.elements],
        "outcome": DONE,
        "onset": math.nan,
        "onset_interval": [math.nan] * len(QUANTILES),
        "wt_percent": [[math.nan] * len(NAMES) for _ in range(count)],
        "secondary_wt_percent": [math.nan] * count,
        "cathode_fraction": [math.nan] * count,
        "electrolyte_fraction": [math.nan] * count,
        "driving_force": [math.nan] * count,
        "probability_under_limit": [math.nan] * count,
        "coating_driving_force": [[[math.nan] * 2 for _ in range(count)] for _ in common.coatings],
    }


def _energies(numbers: Row, candidate: Candidate, common: Setting) -> None:
    phase_data = common.database or databases.embedded()
    numbers["driving_force"] = _strongest(
        candidate.cathode, candidate.electrolyte, candidate, common.temperatures, phase_data
    )
    for number, layer in enumerate(common.coatings):
        inner = _strongest(candidate.cathode, layer, candidate, common.temperatures, phase_data)
        outer = _outer(layer, candidate.electrolyte, candidate.gas, _peaks(candidate, common.temperatures), phase_data)
        numbers["coating_driving_force"][number] = [list(pair) for pair in zip(inner, outer, strict=True)]


def _peaks(candidate: Candidate, temperatures: tuple[float, ...]) -> tuple[float, ...]:
    """Highest temperatures [K] of the schedule, by hold temperature."""
    return tuple(candidate.plan(T).peak for T in temperatures)


def _strongest(
    inner: Material, outer: Material, candidate: Candidate, temperatures: tuple[float, ...], phase_data: Database
) -> list[float]:
    """Lowest reaction energy [meV per atom] at the highest temperature of each schedule."""
    series = reactions_at(couple(inner, outer, phase_data), _peaks(candidate, temperatures), candidate.gas)
    return [min(step.strongest.energy_meV_per_atom, 0.0) + 0.0 for step in series]


@lru_cache(maxsize=256)
def _outer(
    layer: Material, electrolyte: Material, gas: Atmosphere, kelvins: tuple[float, ...], phase_data: Database
) -> tuple[float, ...]:
    """Coating against electrolyte [meV per atom]: the same for all cathodes."""
    series = reactions_at(couple(layer, electrolyte, phase_data), kelvins, gas)
    return tuple(min(step.strongest.energy_meV_per_atom, 0.0) + 0.0 for step in series)


def task_of(candidate: Candidate, common: Setting, temperature: float) -> Problem:
    """What a candidate of a screen is at a hold temperature [degrees C]: the problem that is solved."""
    phase_data = common.database or databases.embedded()
    return Problem(
        candidate.cathode, candidate.electrolyte, candidate.plan(temperature), candidate.gas, common.mass_ratio,
        common.accuracy.cells,
        coatings=read_coatings(candidate.coated, phase_data, candidate.cathode, candidate.electrolyte),
    )  # fmt: skip


def _limits(candidate: Candidate, common: Setting) -> dict[str, float]:
    """Least wt% of each family that shows in the mixture of a candidate as weighed in."""
    return common.detect.of_couple(candidate.cathode, candidate.electrolyte, common.mass_ratio, NAMES)


def _amounts(numbers: Row, candidate: Candidate, common: Setting) -> None:
    onset, stopped, limits = math.inf, [], _limits(candidate, common)
    for number, T in enumerate(common.temperatures):
        result = predict(
            task_of(candidate, common, T), database=common.database, tolerance=common.accuracy.tolerance,
            estimate_error=False,
        )  # fmt: skip
        outcome = str(result.dataset.attrs["outcome"])
        if outcome != DONE:
            stopped.append((T, outcome))
            continue
        shares = result.family_shares
        numbers["wt_percent"][number] = [shares.get(name, 0.0) for name in NAMES]
        numbers["secondary_wt_percent"][number] = float(sum(shares.values()))
        numbers["cathode_fraction"][number] = result.unreacted["cathode_fraction"]
        numbers["electrolyte_fraction"][number] = result.unreacted["electrolyte_fraction"]
        if any(share >= limits[name] for name, share in shares.items()):
            onset = min(onset, T)
    # below the onset every run must have ended: a run that did not may have shown something
    numbers["onset"] = math.nan if any(onset > T for T, _ in stopped) else onset
    if stopped:
        numbers["outcome"] = "; ".join(f"{outcome} at {T:g} °C" for T, outcome in stopped)[:REASON]


def _probabilities(numbers: Row, candidate: Candidate, common: Setting) -> None:
    seen, limits = [], _limits(candidate, common)
    for number, T in enumerate(common.temperatures):
        sampled = spread(task_of(candidate, common, T), common.samples, database=common.database, seed=common.seed)
        least = np.array([limits[name] for name in sampled.families])
        over = float(np.mean((sampled.share >= least).any(axis=1)))
        numbers["probability_under_limit"][number] = 1.0 - over
        seen.append(over)
    # probability that the onset lies at or below each temperature
    reached = np.maximum.accumulate(seen)
    numbers["onset_interval"] = [
        next((T for T, p in zip(common.temperatures, reached, strict=True) if p >= q), math.inf) for q in QUANTILES
    ]


def work(job: tuple[Candidate, Setting, Callable[[Candidate, Setting], Row]]) -> Row:
    """One candidate, in a worker process or in this one."""
    candidate, common, judge = job
    return judge(candidate, common)


@dataclass(frozen=True)
class Screened:
    """How a screen went: candidates in all, in the store at the start, failed in all; ``seconds`` of this run.

    ``path`` is the store, which ``plot``, ``by_family`` and ``to_dataframe`` read.

    >>> from tempfile import TemporaryDirectory
    >>> from sinterface.simulate.screening.candidate_space import parse
    >>> space = parse('temperatures = [400, 500]\\ncathodes = ["pc-LCO"]')
    >>> with TemporaryDirectory() as folder:
    ...     done = screen(space, Path(folder) / "a.zarr", judge=blank_row)  # without judge, each candidate is run
    ...     done.by_family.index.tolist(), done.to_dataframe()["cathode"].tolist()
    ([(0, 400.0), (0, 500.0)], ['pc-LCO'])
    """

    total: int
    before: int
    failed: int
    seconds: float
    path: Path

    @property
    def rate(self) -> float:
        """Candidates per second in this run."""
        return (self.total - self.before) / self.seconds if self.seconds > 0.0 else 0.0

    def plot(self) -> Figure:
        """Onset over composition, by couple and against nickel content, side by side, as far as there are data."""
        return picture("plot_screen", "overview", open_store(self.path))

    @property
    def by_family(self) -> pd.DataFrame:
        """Final wt% as a table of pandas: a row for each candidate and hold temperature, best candidate first.

        There is a column for each family that forms in any of them, most first.  What did not finish is nan.
        Candidates have the numbers that they have in ``to_dataframe``: ``done.by_family.loc[7]`` is candidate 7 by
        hold temperature [degrees C], as ``by_family`` of a sweep is.
        """
        import pandas as pd

        store = open_store(self.path)
        best = _best_first(store)
        shares = store["wt_percent"].transpose("candidate", "temperature", "family").values[best]
        rows = pd.MultiIndex.from_product((best, store["temperature"].values), names=("candidate", "temperature"))
        columns = pd.Index(store["family"].values, name="family")
        table = pd.DataFrame(shares.reshape(len(rows), len(columns)), rows, columns)
        formed = table.max().loc[lambda most: most > 0.0]
        return table[formed.sort_values(ascending=False, kind="stable").index]

    def to_dataframe(self) -> pd.DataFrame:
        """The candidates as a table of pandas, a row each, best first; those that failed have rank 0 and come last.

        Candidates are numbered as in the space.  Columns: what they are, the onset [degrees C] (inf for none), the
        most secondary phases at any temperature [wt%], the lowest reaction energy [meV/atom], and how they ended.
        """
        import pandas as pd

        store = open_store(self.path)
        names = ("rank", "cathode", "morphology", "electrolyte", "schedule", "gas", "onset", "outcome")
        table = pd.DataFrame({name: store[name].values for name in names}).rename_axis("candidate")
        table["secondary_wt_percent_most"] = store["secondary_wt_percent"].max("temperature").values
        table["driving_force_meV_per_atom"] = store["driving_force"].min("temperature").values
        return table.iloc[_best_first(store)]

    def _repr_html_(self) -> str:
        table = self.to_dataframe().head(SHOWN).to_html(index=False)
        return f"{table}{inline(self.plot(), 'onsets')}"


def _best_first(store: xr.Dataset) -> NDArray[np.intp]:
    """Numbers of the candidates by rank; those that failed, whose rank is 0, last."""
    rank = store["rank"].values
    return np.argsort(np.where(rank > 0, rank, len(rank) + 1), kind="stable")


def attributes(space: Space, database: Database | None) -> Mapping[str, Any]:
    """What the store says of its numbers: ``digest`` covers the space, the data, the parameters and the version."""
    phase_data = database or databases.embedded()
    decides = (
        space.digest, phase_data.fingerprint, repr(parameters.calibrated()),
        repr(parameters.samples()) if space.samples else "", version("sinterface"),
    )  # fmt: skip
    effort = ACCURACIES[space.accuracy]
    return {
        "title": space.title,
        "digest": hashlib.sha256("\n".join(decides).encode()).hexdigest()[:16],
        "database": phase_data.fingerprint,
        "version": version("sinterface"),
        "limit_wt_percent": None if space.detect.method else space.detect.wt_percent,
        "detected_by": space.detect.name,
        "accuracy": f"{space.accuracy}: {effort.cells} cells, tolerance {effort.tolerance:g}",
        "mass_ratio": space.mass_ratio,
        "samples": space.samples,
        "seed": space.seed,
    }


def screen(
    space: Space,
    path: str | Path,
    *,
    resume: bool = False,
    workers: int = 1,
    scheduler: str | None = None,
    database: Database | None = None,
    progress: Callable[[int, int], None] | None = None,
    judge: Callable[[Candidate, Setting], Row] = row,
    lost: str = WAIT,
    tell: Callable[[str], None] | None = None,
) -> Screened:
    """Judge every candidate of ``space`` and write the rows to the store at ``path``.

    One worker works in this process, several in processes of Dask's, ``scheduler`` (tcp://host:port) in an existing
    Dask cluster.  ``progress`` is called with rows kept and rows in all, after a row is safe.  ``judge`` makes a row of
    a candidate.  The numbers do not depend on where or in which order rows are made.  ``lost``: "wait" for a cluster
    whose workers are all dead or whose scheduler is gone, or "stop"; ``tell`` takes the line that says so, which else
    goes to the logger ``sinterface``.
    Raises InputError when the store holds something else, or the cluster can not be reached, SolveError when it was
    lost and ``lost`` is "stop".

    >>> from tempfile import TemporaryDirectory
    >>> from sinterface.simulate.screening.candidate_space import parse
    >>> space = parse('temperatures = [400]\\ncathodes = ["pc-LCO"]')
    >>> with TemporaryDirectory() as folder:
    ...     done = screen(space, Path(folder) / "a.zarr", judge=blank_row)  # without judge, each candidate is run
    >>> done.total, done.failed
    (1, 0)
    """
    if lost not in LOST:
        raise unknown("answer to a lost cluster", lost, LOST)
    common = setting(space, database)
    started = time.monotonic()
    covers = [layer.id for layer in common.coatings]
    with Store.open(Path(path), space, attributes(space, database), covers, resume) as store:
        before = store.count
        if progress is not None:
            progress(before, len(space))
        jobs = ((index, (space.candidate(index), common, judge)) for index in range(len(space)) if not store.has(index))
        for index, numbers, error in scattered(work, jobs, workers=workers, scheduler=scheduler, lost=lost, tell=tell):
            store.keep(index, failed(space.candidate(index), common, error) if numbers is None else numbers)
            if progress is not None:
                progress(store.count, len(space))
        failures = store.finish()
    return Screened(len(space), before, failures, time.monotonic() - started, Path(path))
