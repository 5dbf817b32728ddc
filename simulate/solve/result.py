"""What a run predicts, labelled: an xarray Dataset and the few summaries everyone asks for."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics import formula
from sinterface.models.basics.constants import CELSIUS_ZERO, GAS_CONSTANT
from sinterface.models.basics.errors import shown
from sinterface.models.interface.bed import LOST
from sinterface.models.phases.atmosphere import OPEN_ELEMENTS
from sinterface.models.powders.exposure import WATERS, water_left
from sinterface.models.powders.garnets import remark
from sinterface.models.rates import sintering
from sinterface.simulate.files.output import write_dataset
from sinterface.simulate.files.pictures import inline, picture
from sinterface.simulate.setup.mesh import GEOMETRIES
from sinterface.simulate.setup.necks import ContactCourse
from sinterface.simulate.setup.problem import Problem
from sinterface.simulate.solve.integrate import Outcome, State, Trajectory
from sinterface.simulate.solve.system import System
from sinterface.simulate.stepping.thermal import temperature

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

    from sinterface.models.instruments.diffraction import Pattern, Scan
    from sinterface.models.instruments.thermogravimetry import MassCurve

DETECTION_LIMIT = 1.0
"""Share of a phase family that laboratory X-ray diffraction shows [wt%]."""

DRAINED = 0.05
"""Relative change of the electrolyte's lithium from which a run tells of it: unreacted garnet conducts less then."""

SUPERLATTICE = 1.25
"""Lithium per other cation from which the metal layer of a layered oxide as bought is ordered in part: an estimate, as
Li1.15 and more shows it."""

TRACE = 1e-3
"""Phases that never reach this share [wt%] are left out of the result."""


@dataclass(frozen=True)
class Entry:
    """One reported phase: a block.

    ``role`` is cathode, electrolyte, coating, additive or secondary.  Of a phase that a coating consists of, as much
    as was put in is the coating, and what is beyond is secondary: two entries, both with the number ``coating``.
    """

    block: int
    name: str
    family: str
    role: str
    coating: int | None = None


def entries(system: System) -> list[Entry]:
    """Reported phases of a system.

    A phase of the family of a powder that was put in can not be told from it, and has its role; what was added, in any
    of its modifications, is an additive and never counts as formed.
    """
    blocks = system.blocks
    put_in: dict[str, str] = {}
    added: list[dict[str, float]] = []
    for number, role in system.roles.items():
        part = blocks.members(number)
        if role == "additive":
            added.append(dict(blocks.phases.solids[part.start].amounts))
        elif role != "coating":
            family = blocks.blocks[number].family
            put_in[family] = role
            if family == "layered" and _rich_in_lithium(system, number):
                put_in["Li2MnO3"] = role
    coated = {number: k for k, group in enumerate(coatings(system)) for number in group}
    listed = []
    for number, block in enumerate(blocks.blocks):
        role = put_in.get(block.family, "secondary")
        if dict(blocks.phases.solids[blocks.members(number).start].amounts) in added and block.solution is None:
            role = "additive"
        if role == "secondary" and number in coated:
            listed.append(Entry(number, block.name, block.family, "coating", coated[number]))
            listed.append(Entry(number, block.name, block.family, role, coated[number]))
        else:
            listed.append(Entry(number, block.name, block.family, role))
    return listed


def _rich_in_lithium(system: System, number: int) -> bool:
    """Whether a layered powder shows the superlattice of Li2MnO3 as bought, so that Li2MnO3 can not be told from it."""
    if "Li" not in system.components:
        return False
    part = system.blocks.members(number)
    amounts = system.initial[:, part].sum(axis=0)
    lithium = amounts @ system.blocks.composition[part, system.components.index("Li")]
    return bool(lithium > SUPERLATTICE * (amounts @ system.framework[part]))


def coatings(system: System) -> list[list[int]]:
    """The blocks that each coating consists of: what was put in, and its other modifications."""
    blocks = system.blocks
    groups = []
    for number in (number for number, role in system.roles.items() if role == "coating"):
        block = blocks.blocks[number]
        if block.solution is not None:
            groups.append([k for k, other in enumerate(blocks.blocks) if other.solution == block.solution])
            continue
        composition = dict(blocks.phases.solids[blocks.members(number).start].amounts)
        groups.append(
            [
                k
                for k, other in enumerate(blocks.blocks)
                if other.solution is None and dict(blocks.phases.solids[blocks.members(k).start].amounts) == composition
            ]
        )
    return groups


def still_coating(system: System, run: Trajectory) -> list[NDArray[np.float64]]:
    """Of each coating, the share (S,) of what there is of its phase that was put in and has not formed."""
    mass = system.blocks.mass
    told = []
    for group in coatings(system):
        variables = np.concatenate([np.r_[system.blocks.members(number)] for number in group])
        first = float(run.last.start[variables] @ mass[variables])
        now = run.totals[:, variables] @ mass[variables]
        told.append(np.minimum(first / np.maximum(now, 1e-300), 1.0))
    return told


def shares(system: System, listed: list[Entry], run: Trajectory) -> NDArray[np.float64]:
    """wt% of the sample (S, entries) at the steps of a run."""
    mass = system.blocks.mass
    weights = run.totals * mass
    sample = weights.sum(axis=1)
    put_in = still_coating(system, run)
    columns = []
    for entry in listed:
        part = system.blocks.members(entry.block)
        column = weights[:, part].sum(axis=1)
        if entry.coating is not None:
            share = put_in[entry.coating]
            column = column * (share if entry.role == "coating" else 1.0 - share)
        columns.append(column)
    return np.asarray(100.0 * np.maximum(np.array(columns), 0.0).T / sample[:, None])  # no less than nothing, round-off


@dataclass(frozen=True, repr=False)
class Result:
    """Prediction of one run.

    ``dataset`` has dims time [s] and phase: ``wt_percent`` (time, phase) of the whole sample, ``temperature`` [K],
    ``wt_percent_error`` its numerical error, ``mass_change`` and ``lithium_lost_mass`` (as vapour) [%],
    ``gas_uptake`` (time, gas) [mol/kg], ``dissipation`` (time, process) [J/mol] and, at the end,
    ``wt_percent_profile`` (cell, phase) and ``potential`` (cell, component).  ``cathode_fraction``,
    ``electrolyte_fraction``, mass and gas count from the very beginning, also in a run that went on from another.
    The cells are those of the path through a contact, of the class of sizes with the largest share where there are
    several; these have ``class_share`` (size_class), ``wt_percent_of_class`` (size_class, phase) and, of both powders,
    ``electrolyte_fraction_of_class`` (size_class) at the end.
    ``state`` is what a further schedule goes on from; it is not written to files.

    >>> import sinterface as si
    >>> result = si.simulate("pc-LNMO", schedule="50 °C/min to 500 °C; quench", cells=8)
    >>> result.finished, set(result.detected(0.0)) == set(result.by_family.index)
    (True, True)
    >>> sorted(result.unreacted)
    ['cathode_fraction', 'electrolyte_fraction']
    >>> result.document()["outcome"]
    'DONE'
    """

    dataset: xr.Dataset
    state: State | None = None

    @property
    def secondary(self) -> xr.DataArray:
        """Final wt% of every phase that is neither starting material (phase,), most first."""
        final = self.dataset["wt_percent"].isel(time=-1, drop=True)
        formed = final.where(final["role"] == "secondary", drop=True)
        return formed.isel(phase=np.argsort(-formed.values, kind="stable"))

    @property
    def by_family(self) -> pd.Series:
        """Final wt% of secondary phases by family, most first: a series of pandas with the families as index.

        >>> import sinterface as si
        >>> result = si.predict(si.problem("pc-LNMO", schedule="50 °C/min to 500 °C; quench", cells=8))
        >>> bool(result.by_family.sum() >= result.by_family["Li2MnO3"] > 0.0)
        True
        """
        return _series(self.family_shares, "wt_percent")

    @property
    def errors_by_family(self) -> pd.Series:
        """Numerical error of ``by_family`` [wt%], in the same order; nan where it was not estimated."""
        errors = self.family_errors
        return _series({family: errors[family] for family in self.family_shares}, "wt_percent_error")

    @property
    def family_shares(self) -> dict[str, float]:
        """``by_family`` as a plain dict."""
        return _summed(self.dataset["wt_percent"].isel(time=-1, drop=True))

    @property
    def unreacted(self) -> dict[str, float]:
        """Shares of the cathode's and the electrolyte's framework cations that are still in their own structure.

        nan for a powder that was not there.
        """
        return {key: float(self.dataset[key].isel(time=-1)) for key in ("cathode_fraction", "electrolyte_fraction")}

    @property
    def finished(self) -> bool:
        """Whether the run reached the end of its schedule."""
        return bool(self.dataset.attrs["outcome"] == Outcome.DONE.name)

    def detected(self, limit: float = DETECTION_LIMIT) -> dict[str, float]:
        """Secondary families at or above the detection limit [wt%], with their wt%.

        An amount whose numerical error is not small (``converged``) counts only if it stays above the limit without it.
        """
        errors = self.family_errors
        return {
            family: share
            for family, share in self.family_shares.items()
            if (share if converged(share, errors[family]) else share - errors[family]) >= limit
        }

    @property
    def family_errors(self) -> dict[str, float]:
        """``errors_by_family`` as a plain dict: sums over the phases of each family."""
        final = self.dataset["wt_percent_error"].isel(time=-1)
        total: dict[str, float] = {}
        rows = zip(final["family"].values.tolist(), final["role"].values.tolist(), final.values.tolist(), strict=True)
        for family, role, error in rows:
            if role == "secondary":
                total[family] = total.get(family, 0.0) + error
        return total

    @property
    def at_hold(self) -> dict[str, float]:
        """wt% of secondary phases by family when the sample was last at its highest temperature, most first."""
        position = int(np.searchsorted(self.dataset["time"].values, self.dataset.attrs["hold_end_s"] * (1.0 - 1e-9)))
        row = self.dataset["wt_percent"].isel(time=min(position, self.dataset.sizes["time"] - 1))
        return _summed(row)

    @property
    def peaks(self) -> dict[str, tuple[float, float]]:
        """Largest wt% of each secondary family during the run, and the temperature [degrees C] it is reached at."""
        kept = self.dataset["wt_percent"].where(self.dataset["role"] == "secondary", drop=True)
        T = self.dataset["temperature"].values - CELSIUS_ZERO
        peaks = {}
        for family in dict.fromkeys(kept["family"].values.tolist()):
            curve = kept.values[:, kept["family"].values == family].sum(axis=1)
            top = int(np.argmax(curve))
            peaks[family] = (float(curve[top]), float(T[top]))
        return dict(sorted(peaks.items(), key=lambda item: -item[1][0]))

    def __str__(self) -> str:
        attrs = self.dataset.attrs
        powders = " + ".join(attrs[role] for role in ("cathode", "electrolyte") if attrs[role])
        lines = [
            f"{powders}, {attrs['schedule']}, {attrs['atmosphere']}",
            f"  {'family':<12} {'cooled':>8} {'±':>6} {'hold':>8}   largest (wt%)",
        ]
        errors, hold, peaks = self.family_errors, self.at_hold, self.peaks
        for family in list(peaks)[:8]:
            share, (most, at) = self.family_shares.get(family, 0.0), peaks[family]
            error = errors.get(family, float("nan"))
            lines.append(
                f"  {family:<12} {share:8.2f} {error:6.2f} {hold.get(family, 0.0):8.2f}   {most:.2f} at {at:.0f} °C"
            )
        if len(lines) == 2:
            lines = [lines[0], "  no secondary phases"]
        left = ", ".join(f"{key.split('_')[0]} {100.0 * x:.1f} %" for key, x in self.unreacted.items() if x == x)
        lines.append(f"  left of the powders: {left}")
        if attrs.get("remarks"):
            lines.append(f"  {attrs['remarks']}")
        if not self.finished:
            lines.append(f"  NOT FINISHED: {attrs['advice']}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Result of {self}>"

    def to_dataframe(self) -> pd.DataFrame:
        """The phases at the end as a table of pandas: a row each, most first, amounts in wt% of the sample.

        Columns: phase, family, role, wt_percent and its numerical error, wt_percent at the end of the hold and at its
        largest, the temperature of that [degrees C], and whether the amount is converged.

        >>> import sinterface as si
        >>> result = si.predict(si.problem("pc-LNMO", schedule="50 °C/min to 500 °C; quench", cells=8))
        >>> list(result.to_dataframe().columns[:4])
        ['phase', 'family', 'role', 'wt_percent']
        """
        import pandas as pd

        columns = (
            "phase", "family", "role", "wt_percent", "wt_percent_error", "wt_percent_at_hold", "wt_percent_peak",
            "peak_temperature_C", "converged",
        )  # fmt: skip
        rows = [[phase[name] for name in columns] for phase in self.document()["phases"]]
        return pd.DataFrame(rows, columns=list(columns))

    def plot(self, limit: float = DETECTION_LIMIT) -> Figure:
        """Secondary phases and temperature against time, with a line at the detection limit [wt%].

        Notebooks show the figure; ``plot().savefig("run.pdf")`` keeps it.
        """
        return picture("plot", "run", self, limit)

    def _repr_html_(self) -> str:
        import html

        rows = "".join(
            f"<tr><td>{html.escape(family)}</td><td>{self.family_shares.get(family, 0.0):.2f}</td>"
            f"<td>{self.family_errors.get(family, float('nan')):.2f}</td>"
            f"<td>{self.at_hold.get(family, 0.0):.2f}</td><td>{most:.2f} at {at:.0f} °C</td></tr>"
            for family, (most, at) in self.peaks.items()
        )
        told = str(self).splitlines()
        title = html.escape(told[0])
        left = "<br>".join(html.escape(line.strip()) for line in told if line.startswith(("  left of", "  NOT FIN")))
        return (
            f"<table><caption>{title}</caption><tr><th>family</th><th>cooled, wt%</th><th>±</th><th>end of hold</th>"
            f"<th>largest</th></tr>{rows}</table><p>{left}</p>"
            f"{inline(self.plot(), 'secondary phases against time')}"
        )

    def document(self, limit: float | Mapping[str, float] = DETECTION_LIMIT) -> dict[str, Any]:
        """The run as the JSON document described in ``docs/json.md``.

        ``limit`` [wt%] is that from which a secondary phase counts as detected, or one for each of their families.
        """
        final = self.dataset["wt_percent"].isel(time=-1)
        errors = self.dataset["wt_percent_error"].isel(time=-1).values
        T = self.dataset["temperature"].values - CELSIUS_ZERO
        hold = int(np.searchsorted(self.dataset["time"].values, self.dataset.attrs["hold_end_s"] * (1.0 - 1e-9)))
        hold = min(hold, len(T) - 1)
        curves = self.dataset["wt_percent"].values
        phases = []
        for column, name in enumerate(final["phase"].values.tolist()):
            share, error, top = float(final[column]), float(errors[column]), int(np.argmax(curves[:, column]))
            family = str(final["family"].values[column])
            least = limit if isinstance(limit, float | int) else limit.get(family, DETECTION_LIMIT)
            sure = converged(share, error)
            phases.append(
                {
                    "phase": name,
                    "family": family,
                    "wt_percent": share,
                    "wt_percent_error": None if np.isnan(error) else error,
                    "converged": sure,
                    "wt_percent_at_hold": float(curves[hold, column]),
                    "wt_percent_peak": float(curves[top, column]),
                    "peak_temperature_C": float(T[top]),
                    "role": str(final["role"].values[column]),
                    "detected": bool((share if sure else share - error) >= least),
                }
            )
        attrs = self.dataset.attrs
        return {
            "cathode": attrs["cathode"],
            "electrolyte": attrs["electrolyte"],
            "temperature_C": float(attrs["peak_temperature_C"]),
            "atmosphere": attrs["atmosphere"],
            "schedule": attrs["schedule"],
            "phases": sorted(phases, key=lambda phase: -phase["wt_percent"]),
            "secondary_wt_percent": float(sum(self.family_shares.values())),
            "unreacted": {key: None if np.isnan(share) else share for key, share in self.unreacted.items()},
            "limited_by": attrs["limited_by"],
            "outcome": attrs["outcome"],
            "advice": attrs["advice"],
            "remarks": attrs.get("remarks", ""),
            "element_balance": float(attrs["element_balance"]),
            "database": attrs["database"],
            "version": attrs["version"],
        }

    def xrd(self, time: int = -1, scan: Scan | None = None, *, seed: int | None = 0) -> Pattern:
        """The X-ray diffractogram of the cooled sample, or of the sample at a step of the run.

        ``scan`` is that of a laboratory instrument with Cu radiation unless given; the same ``seed`` gives the same
        noise, None leaves it out.  Lines of a hot sample lie lower than the pattern says, which stands for room
        temperature (``models.instruments.diffraction``).

        >>> import sinterface as si
        >>> result = si.predict(si.problem("pc-LNMO", schedule="50 °C/min to 500 °C; quench", cells=8))
        >>> result.xrd().counts.shape == result.xrd().angles.shape
        True
        """
        from sinterface.models.instruments.diffraction import pattern_of

        return pattern_of(self.dataset, time, scan, seed=seed)

    def mass(self) -> MassCurve:
        """The mass curve along the schedule, as a thermobalance records it, its gases apart.

        >>> import sinterface as si
        >>> heat = "5 °C/min to 1100 °C"
        >>> garnet = si.predict(si.problem(None, "LLZTO", heat, as_received=True, crucible="pan", cells=8))
        >>> len(garnet.mass().steps())
        3
        """
        from sinterface.models.instruments.thermogravimetry import mass_curve

        return mass_curve(self.dataset)

    def to_json(self) -> str:
        """``document`` as text."""
        return json.dumps(self.document(), indent=2)

    def to_netcdf(self, path: str | Path) -> None:
        """Write the dataset as NetCDF-4, whole or not at all.  Raises InputError when the path can not be written."""
        write_dataset(Path(path), self.dataset)


def converged(share: float, error: float) -> bool:
    """Whether an amount [wt%] is known to 0.2 wt% or a tenth of it, the larger; True where the error is not known."""
    return not error > max(0.2, 0.1 * share)


def _summed(row: xr.DataArray) -> dict[str, float]:
    """wt% of secondary phases by family, most first, of one time."""
    total: dict[str, float] = {}
    values = zip(row["family"].values.tolist(), row["role"].values.tolist(), row.values.tolist(), strict=True)
    for family, role, share in values:
        if role == "secondary":
            total[family] = total.get(family, 0.0) + share
    return dict(sorted(total.items(), key=lambda item: -item[1]))


def _series(values: Mapping[str, float], name: str) -> pd.Series:
    """Numbers by family as a series of pandas, which is imported here so that commands start without it."""
    import pandas as pd

    return pd.Series(
        list(values.values()), index=pd.Index(list(values), name="family", dtype=str), name=name, dtype=float
    )


def _name(system: System, entry: Entry, amounts: NDArray[np.float64]) -> str:
    """Formula of a reported phase with these amounts (E,) of its variables, per the usual formula unit."""
    block = system.blocks.blocks[entry.block]
    if block.solution is None:
        return block.name
    solid = system.blocks.solid(entry.block, amounts)
    return formula.name(dict(solid.amounts), digits=2)


def to_result(
    problem: Problem, system: System, run: Trajectory, database: str, companion: tuple[System, Trajectory] | None = None
) -> Result:
    """Label a finished run; ``companion`` is a coarser one of the same problem, which tells the numerical error."""
    import xarray as xr

    blocks, mass = system.blocks, system.blocks.mass
    every = entries(system)
    table = shares(system, every, run)
    put_in = still_coating(system, run)
    kept = [column for column in range(len(every)) if table[:, column].max() >= TRACE]
    rough = None
    if companion is not None:
        other = shares(companion[0], every, companion[1])
        rough = np.array([np.interp(run.times, companion[1].times, other[:, column]) for column in kept]).T
    names: list[str] = []
    profiles = []
    last = run.last
    cells = last.amounts * mass
    filled = np.maximum(cells.sum(axis=1), 1e-300)  # all of a cell may have gone to its neighbours
    for column in kept:
        entry = every[column]
        part = blocks.members(entry.block)
        row = -1 if table[-1, column] >= TRACE else int(np.argmax(table[:, column]))
        name = _name(system, entry, run.totals[row, part])
        if entry.role == "coating":
            name = f"{name} (coating)"
        names.append(name if name not in names else f"{name} ({entry.family})")
        profile = cells[:, part].sum(axis=1)
        if entry.coating is not None:
            share = float(put_in[entry.coating][-1])
            profile = profile * (share if entry.role == "coating" else 1.0 - share)
        profiles.append(profile)
    profile_of = np.array(profiles).T
    shown = (system.grid.parts == 0) & (system.grid.classes == np.argmax(np.bincount(system.grid.classes, filled)))
    content = table[:, kept]
    errors = np.full(content.shape, np.nan)
    if rough is not None:
        errors = numerical_errors(content, rough)
    start = last.start @ system.model.basis.N + (system.model.store * np.exp(system.begin().u)).sum(axis=0)
    contents = last.amounts @ system.model.basis.N + dissolved(system.model.store, last.potentials)
    cations = float((last.start * system.model.basis.cations).sum())
    scale = np.where(start > 1e-9, start, cations)  # of carbon there may be none at first, of oxygen less than none
    drift = np.abs(contents.sum(axis=0) + last.lost - start) / scale
    used = [v for v in range(len(mass)) if (run.totals[:, v] * mass[v]).max() > 1e-5 * (run.totals[0] @ mass)]
    sources = sorted({key for v in used for key in blocks.phases.solids[v].sources})
    end = _end_of_hold(problem)
    data = xr.Dataset(
        {
            "wt_percent": (("time", "phase"), content, {"units": "%", "long_name": "share of the sample"}),
            "wt_percent_error": (
                ("time", "phase"), errors, {"units": "%", "long_name": "numerical error of wt_percent"}
            ),
            "temperature": ("time", problem.schedule.temperature(run.times), {"units": "K"}),
            **_masses(system, run, problem.schedule.temperature(run.times)),
            **_regime(system, run),
            **_depths(problem, system, run, every),
            **_coatings(problem, system, run),
            **_by_class(problem, system, run, every, profile_of),
            "wt_percent_profile": (
                ("cell", "phase"), (100.0 * profile_of / filled[:, None])[shown],
                {"units": "%", "long_name": "share of each cell at the end"},
            ),
            "potential": (
                ("cell", "component"), last.potentials[shown],
                {"units": "1", "long_name": "chemical potential at the end, over RT, from the pure oxide"},
            ),
        },
        coords={
            "time": ("time", run.times, {"units": "s"}),
            "phase": names,
            "family": ("phase", [every[column].family for column in kept]),
            "role": ("phase", [every[column].role for column in kept]),
            "component": list(system.components),
            "radius": ("cell", system.grid.centres[shown], {"units": "m"}),
            "process": list(PROCESSES),
            "gas": list(GASES),
            **({"layer": [layer.label for layer in problem.coatings]} if problem.coatings else {}),
        },
        attrs={
            **_labels(problem),
            "hold_end_s": end,
            "steps": run.steps,
            "newton_iterations": run.iterations,
            "outcome": run.outcome.name,
            "advice": advice(problem, system, run),
            "element_balance": float(drift.max()),
            "lithium_lost": _lost(system, last),
            **dict(zip(WATERS, (100.0 * np.array(system.water) / (1.0 + sum(system.water))).tolist(), strict=True)),
            "database": database,
            "sources": ";".join(sources),
            "version": version("sinterface"),
        },
    )  # fmt: skip
    told = (
        _told_by_class(data) if "class_share" in data else "",
        _told_of_contacts(problem, system.contact),
        _told_of_melts(problem, system),
        _told_of_bed(problem, system, last),
        _told_of_lithium(system, run),
    )
    data.attrs["remarks"] = "; ".join(filter(None, (data.attrs["remarks"], *told)))
    dissipated = data["dissipation"].isel(time=-1)
    data.attrs["limited_by"] = PROCESSES[int(np.argmax(dissipated.values))] if float(dissipated.sum()) > 0.0 else ""
    return Result(data, last)


def _labels(problem: Problem) -> dict[str, Any]:
    """What was asked for, as attributes; a powder that is not there has an empty name."""
    powders = {}
    for role in ("cathode", "electrolyte"):
        material = getattr(problem, role)
        powders[role] = "" if material is None else material.id
        powders[f"{role}_composition"] = "" if material is None else material.formula
    gases = list(dict.fromkeys(str(gas) for gas in problem.gases))
    return {
        **powders,
        "mass_ratio": problem.mass_ratio,
        "schedule": problem.schedule.text,
        "peak_temperature_C": round(problem.schedule.peak - CELSIUS_ZERO, 6),
        "atmosphere": ", then ".join(gases),
        "cells": problem.cells,
        "geometry": problem.geometry,
        "crucible": problem.crucible,
        "bed": "" if problem.bed is None else problem.bed.id,
        "pressure": math.nan if problem.pressure is None else problem.pressure,
        "additives": ", ".join(f"{name}={share:g}" for name, share in problem.additives),
        "areal_mass": problem.areal_mass,
        "remarks": "; ".join(filter(None, (*(remark(material) for material in problem.powders), _area(problem)))),
        "coating": ", ".join(layer.label for layer in problem.coatings),
        "sizes": ", ".join(
            f"{role}={sizes.label}"
            for role, sizes in (("cathode", problem.cathode_sizes), ("electrolyte", problem.electrolyte_sizes))
            if sizes is not None
        ),
    }


def _area(problem: Problem) -> str:
    """How much layers weigh per area of their interface, in words; nothing for particles."""
    mass = problem.areal_mass
    return (
        "" if math.isnan(mass) else f"layers of {0.1 * mass * 1e6:.4g} ug/cm2, {1e-3 / mass:.3g} m2 of interface per g"
    )


def _end_of_hold(problem: Problem) -> float:
    """Time [s] at which the sample was last at its highest temperature: before it cools."""
    schedule = problem.schedule
    last = schedule.hottest
    segment = schedule.segments[last]
    return float(schedule.starts[last + 1] if segment.end >= schedule.peak else schedule.starts[last])


def advice(problem: Problem, system: System, run: Trajectory) -> str:
    """What an outcome means and, for a run that stopped, when and at which temperature [degrees C], and where.

    >>> from sinterface.models.phases.database import embedded
    >>> from sinterface.simulate.setup.problem import problem
    >>> from sinterface.simulate.solve.integrate import begin, integrate
    >>> from sinterface.simulate.solve.system import assemble
    >>> task = problem("pc-LMO", schedule="from 600 °C; hold 1 h", cells=4)
    >>> system = assemble(task, embedded())
    >>> advice(task, system, integrate(system, begin(system), [3600.0], max_steps=1)).startswith("stopped after")
    True
    """
    last = run.last
    if run.outcome is Outcome.DONE:
        return run.outcome.value
    T, where = float(problem.schedule.temperature(last.time)), f"with steps of {last.size:.2g} s"
    if run.place is not None:
        T, cell, block = run.place
        phase = system.blocks.blocks[block].name if block >= 0 else "a balance of the elements"
        where = f"in cell {cell + 1} of {len(system.mesh.centres)} ({phase})"
    return f"stopped after {last.time:.4g} s at {T - CELSIUS_ZERO:.1f} °C {where}: {run.outcome.value}"


def dissolved(store: NDArray[np.float64], potentials: NDArray[np.float64]) -> NDArray[np.float64]:
    """What small stores hold: s exp(u) up to s, s (1 + u) beyond, so that they never act as a phase."""
    return np.asarray(store * np.where(potentials < 0.0, np.exp(np.minimum(potentials, 0.0)), 1.0 + potentials))


PROCESSES = ("lithium transport", "transport of other cations", "transformation")
"""What takes time: whichever dissipates most of the driving force limits the reaction."""

GASES = ("O2", "CO2", "H2O")

SAFETY = 2.0
"""Factor on the difference to the coarser run: without it 5 of 137 amounts missed a finer run (verification.md)."""

LUCK = 1e-2
"""Share of what has changed since the start that is always allowed for: two runs may agree by luck in every phase.

With a thousandth 19 of 143 amounts of ``benchmarks/convergence.py`` missed a finer run, by up to 3 % of themselves.
"""

LEAST_ERROR = 0.04
"""Numerical error of a phase that is always allowed for [wt%], far below what a diffractogram shows.

Fitted to cover 95 in 100 amounts of ``benchmarks/convergence.py`` and of random problems of seed 1; seed 0 was
left for a check (docs/verification.md).
"""


def numerical_errors(content: NDArray[np.float64], rough: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numerical error [wt%] of the amounts of a run (time, phase), from those of a run on half the cells.

    Twice the difference of a phase, and of its change since the start the share by which the two runs differ as a
    whole: where phases replace each other, an amount may agree by luck.  The weight of this second term is 1, and
    two sets of random problems were compared with finer runs (docs/verification.md).

    >>> content = np.array([[60.0, 40.0, 0.0, 0.0], [40.0, 30.0, 20.0, 10.0]])
    >>> rough = np.array([[60.0, 40.0, 0.0, 0.0], [40.0, 30.0, 21.0, 9.0]])
    >>> numerical_errors(content, rough)[1].round(3).tolist()
    [0.907, 0.473, 2.907, 2.473]
    """
    differing, changed = np.abs(rough - content), np.abs(content - content[0])
    whole = differing.sum(axis=1) / np.maximum(changed.sum(axis=1), 1e-300)
    return np.asarray(SAFETY * differing + (LUCK + whole[:, None]) * changed + LEAST_ERROR)


def _masses(system: System, run: Trajectory, temperatures: NDArray[np.float64]) -> dict[str, Any]:
    """Mass change since the very beginning [% of the mass then], and what it is made of: O2, CO2, H2O and lithium.

    Dissolved cations are in no phase; each counts as its simple oxide, so that mass and gas agree.  Water of a powder
    that has met air leaves where it is seen to (``exposure.water_left``).
    """
    phases, moles, mass = system.blocks.phases, system.blocks.moles, system.blocks.mass
    N = system.model.basis.N
    content = phases.gas * moles[:, None]
    cations = np.ones(len(system.components), dtype=bool)
    for k in system.carried:
        if system.components[k] not in ("O", "H"):  # all of these is in ``content`` already
            content[:, OPEN_ELEMENTS.index(system.components[k])] += N[:, k]
        cations[k] = False
    oxides = system.oxides[cations]
    per_cation = N[oxides, np.flatnonzero(cations)]
    free = (run.held - run.totals @ N)[:, cations] / per_cation
    first = run.last.start
    start = float(first @ mass)
    total = run.totals @ mass + free @ mass[oxides]
    taken = (run.totals @ content + free @ content[oxides] - first @ content) / start
    oxygen, carbon, hydrogen = taken.T
    hottest = np.maximum.accumulate(temperatures)
    weighed = 1.0 + sum(system.water)  # mass of the sample with its water, in units of that of its phases
    left = np.array([water_left(float(T)) for T in hottest]) @ np.array(system.water)
    gone = sum(system.water) - left
    hydrogen = hydrogen - 2.0 * gone / formula.molar_mass({"H": 2.0, "O": 1.0})
    oxygen = oxygen - gone / formula.molar_mass({"H": 2.0, "O": 1.0})
    moles_of_gas = np.array([0.5 * (oxygen - 2.0 * carbon - 0.5 * hydrogen), carbon, 0.5 * hydrogen]).T / weighed
    lithium = np.array(system.components) == "Li"
    lost = run.lost[:, lithium].sum(axis=1) * formula.atomic_mass("Li") / (start * weighed)
    return {
        "mass_change": (
            "time",
            100.0 * ((total / start + left) / weighed - 1.0),
            {"units": "%", "long_name": "gas less lithium vapour"},
        ),
        "lithium_lost_mass": ("time", 100.0 * lost, {"units": "%", "long_name": "lithium that left as vapour"}),
        "gas_uptake": (
            ("time", "gas"),
            moles_of_gas,
            {"units": "mol/kg", "long_name": "gas taken up per kg of sample"},
        ),
    }


def _lost(system: System, last: State) -> float:
    """Share of the sample's lithium that has left as vapour."""
    if "Li" not in system.components:
        return 0.0
    column = system.components.index("Li")
    return float(last.lost[column] / (system.initial @ system.model.basis.N[:, column]).sum())


def _regime(system: System, run: Trajectory) -> dict[str, Any]:
    """Driving force dissipated so far by process [J per mole of cations of the sample]."""
    lithium = np.array(system.components) == "Li"
    gases = np.isin(system.components, OPEN_ELEMENTS)
    parts = [
        run.moving[:, lithium].sum(axis=1), run.moving[:, ~lithium & ~gases].sum(axis=1), run.changing.sum(axis=1)
    ]  # fmt: skip
    thermal = system.model.thermal
    segment = np.clip(np.searchsorted(thermal.begins, run.times * (1.0 - 1e-12), side="right") - 1, 0, None)
    segment = np.minimum(segment, len(thermal.segments) - 1)
    T = np.array([temperature(thermal, float(t), int(k)) for t, k in zip(run.times, segment, strict=True)])
    spent = np.cumsum(np.array(parts).T * GAS_CONSTANT * T[:, None], axis=0) / float(system.model.size.sum())
    return {"dissipation": (("time", "process"), spent, {"units": "J/mol", "long_name": "driving force dissipated"})}


def _depths(problem: Problem, system: System, run: Trajectory, every: list[Entry]) -> dict[str, Any]:
    """Shares of the powders that are left, and the depth consumed, were it from the interface inwards and outwards."""
    mesh = system.mesh
    d = GEOMETRIES[mesh.geometry]
    core, start = mesh.faces[mesh.interface], mesh.faces[mesh.interface + sum(mesh.layers)]
    outer = mesh.faces[-1]
    depths: dict[str, Any] = {}
    for role in ("cathode", "electrolyte"):
        left = _left(system, run, every, role)
        depths[f"{role}_fraction"] = ("time", left, {"units": "1"})
        consumed = 1.0 - np.clip(left, 0.0, 1.0)
        depth = (
            core * (1.0 - (1.0 - consumed) ** (1.0 / d))
            if role == "cathode"
            else (start**d + consumed * (outer**d - start**d)) ** (1.0 / d) - start
        )
        note = "equivalent thickness consumed at the interface"
        depths[f"{role}_depth"] = ("time", depth, {"units": "m", "long_name": note})
    return depths


def _coatings(problem: Problem, system: System, run: Trajectory) -> dict[str, Any]:
    """Of each coating the share that is left in the contacts; nothing where there is none."""
    if not problem.coatings:
        return {}
    left = run.watched
    return {"coating_left": (("time", "layer"), left, {"units": "1", "long_name": "coating left in the contacts"})}


def _by_class(
    problem: Problem, system: System, run: Trajectory, every: list[Entry], profiles: NDArray[np.float64]
) -> dict[str, Any]:
    """What each class of cathode sizes has become at the end, from the mass of phases in each cell (M, phases).

    Nothing where there is a single class.
    """
    classes = system.grid.classes
    if classes.max() == 0:
        return {}
    diameters, shares = problem.size_classes("cathode")
    mass = np.array([np.bincount(classes, column) for column in (run.last.amounts @ system.blocks.mass, *profiles.T)])
    held = system.framework
    fractions: dict[str, Any] = {}
    for number, role in system.roles.items():
        if role not in ("cathode", "electrolyte"):
            continue
        part = system.blocks.members(number)
        first = np.bincount(classes, system.initial[:, part] @ held[part])
        left = np.zeros(len(classes))
        for entry in every:
            if entry.role == role:
                own = system.blocks.members(entry.block)
                left += run.last.amounts[:, own] @ held[own]
        shown = {"units": "1", "long_name": f"{role} that is left"}
        fractions[f"{role}_fraction_of_class"] = ("size_class", np.bincount(classes, left) / first, shown)
    return {
        "class_diameter": ("size_class", diameters, {"units": "m", "long_name": "diameter of the cathode particles"}),
        "class_share": ("size_class", shares, {"units": "1", "long_name": "share of the cathode"}),
        "wt_percent_of_class": (
            ("size_class", "phase"), 100.0 * (mass[1:] / mass[0]).T,
            {"units": "%", "long_name": "share of what lies around cathode particles of this size, at the end"},
        ),
        **fractions,
    }  # fmt: skip


def _told_by_class(data: xr.Dataset) -> str:
    """What is left of both powders by size, in words."""
    left = (100.0 * data[f"{role}_fraction_of_class"].values for role in ("cathode", "electrolyte"))
    rows = zip(1e6 * data["class_diameter"].values, *left, strict=True)
    told = ", ".join(f"{cathode:.1f} and {garnet:.1f} % at {size:.3g} um" for size, cathode, garnet in rows)
    return f"left of cathode and electrolyte by cathode particle size: {told}"


def _told_of_contacts(problem: Problem, course: ContactCourse) -> str:
    """How far contacts grow, and how dense a pressed compact becomes, in words; nothing where nothing grows."""
    pressed = problem.pressure is not None or problem.schedule.presses
    if not pressed and not course.drawn:
        return ""
    grows = f"contact grows from {100.0 * course.shares[0]:.3g} to {100.0 * course.shares[-1]:.3g} % of the surface"
    melts = [f"{liquid.name} melts at {liquid.melting - CELSIUS_ZERO:.0f} °C" for liquid in course.drawn]
    told = [f"{' and '.join(melts)} and is drawn into the necks between particles: {grows}" if melts else grows]
    if pressed:
        low, _, high = sintering.embedded().interval(*problem.schedule.pressing(problem.pressure or 0.0))
        told.append(f"density {100.0 * low:.0f} to {100.0 * high:.0f} %")
    return "; ".join(told)


def _told_of_melts(problem: Problem, system: System) -> str:
    """Which additives of a couple melt, and how to have them flow, in words; nothing where none does."""
    peak = problem.schedule.peak
    told = [
        f"{name} melts and stays where it is: --coating {shown(f'{name}={share:g}% on electrolyte')} lets it flow"
        for name, share in (problem.additives if len(problem.powders) > 1 else ())
        for number, role in system.roles.items()
        if role == "additive" and system.blocks.blocks[number].name == name and system.melting[number] <= peak
    ]
    return "; ".join(told)


def _told_of_bed(problem: Problem, system: System, last: State) -> str:
    """What a powder bed gave or took, and how much of it that takes, in words; nothing without a bed."""
    if problem.bed is None or "Li" not in system.components:
        return ""
    share = -_lost(system, last)
    column = system.components.index("Li")
    moles = abs(float(last.lost[column])) / (LOST * problem.bed.composition["Li"])
    heavy = moles * formula.molar_mass(problem.bed.composition) / float(last.start @ system.blocks.mass)
    return (
        f"the bed of {problem.bed.id} {'gave' if share >= 0.0 else 'took'} {100.0 * abs(share):.2g} % of the sample's "
        f"lithium: {heavy:.2g} times its mass of bed is enough"
    )


def _told_of_lithium(system: System, run: Trajectory) -> str:
    """How much lithium the electrolyte that is left has given or taken, in words; nothing below DRAINED."""
    number = next((number for number, role in system.roles.items() if role == "electrolyte"), None)
    if number is None or "Li" not in system.components:
        return ""
    part, column = system.blocks.members(number), system.components.index("Li")
    held, lithium = system.framework[part], system.model.basis.N[part, column]
    first, now = run.last.start[part], run.totals[-1, part]
    if float(now @ held) < 0.01 * float(first @ held) or float(first @ lithium) <= 0.0:
        return ""
    ratio = float(now @ lithium) / float(now @ held) / (float(first @ lithium) / float(first @ held))
    if abs(ratio - 1.0) < DRAINED:
        return ""
    return (
        f"the electrolyte that is left holds {100.0 * abs(ratio - 1.0):.0f} % {'less' if ratio < 1.0 else 'more'} "
        "lithium than it was put in with"
    )


def _left(system: System, run: Trajectory, every: list[Entry], role: str) -> NDArray[np.float64]:
    """Share of a powder's framework cations at the very beginning that are in phases of its family; nan without it."""
    number = next((number for number, name in system.roles.items() if name == role), None)
    if number is None:
        return np.full(len(run.times), np.nan)
    held = system.framework
    left = np.zeros(len(run.times))
    for entry in every:
        if entry.role == role:
            part = system.blocks.members(entry.block)
            left += run.totals[:, part] @ held[part]
    part = system.blocks.members(number)
    return left / float(run.last.start[part] @ held[part])
