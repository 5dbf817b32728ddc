"""What a run predicts, labelled: an xarray Dataset and the few summaries everyone asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics import formula
from sinterface.models.basics.constants import CELSIUS_ZERO, GAS_CONSTANT
from sinterface.models.phases import solutions
from sinterface.models.phases.atmosphere import OPEN_ELEMENTS
from sinterface.simulate.files.output import write_dataset
from sinterface.simulate.setup.mesh import GEOMETRIES
from sinterface.simulate.setup.problem import Problem
from sinterface.simulate.solve.integrate import Outcome, State, Trajectory, dissolved
from sinterface.simulate.solve.system import CoupleSystem

if TYPE_CHECKING:
    import xarray as xr

DETECTION_LIMIT = 1.0
"""Share of a phase family that laboratory X-ray diffraction shows [wt%]."""

TRACE = 1e-3
"""Phases that never reach this share [wt%] are left out of the result."""


@dataclass(frozen=True)
class Entry:
    """One reported phase: positions in the phase set of all compositions of a solution, or of a compound."""

    members: NDArray[np.intp]
    family: str
    role: str


def entries(system: CoupleSystem) -> list[Entry]:
    """Reported phases of a system; ``role`` is cathode, electrolyte or secondary.

    All compositions of a solution in one family count as one phase, its end members included.
    """
    owner = solutions.owners(system.reactants.solutions)
    groups: dict[str, list[int]] = {}
    for position, solid in enumerate(system.phases.solids):
        name = solid.solution or owner.get(solid.id, "")
        groups.setdefault(f"solution {name}, {solid.family}" if name else solid.id, []).append(position)
    roles = {system.reactants.cathode: "cathode", system.reactants.electrolyte: "electrolyte"}
    found = []
    for members in groups.values():
        role = next((roles[p] for p in members if p in roles), "secondary")
        found.append(Entry(np.array(members), system.phases.solids[members[0]].family, role))
    return found


@dataclass(frozen=True)
class Result:
    """Prediction of one run.

    ``dataset`` has dims time [s] and phase: ``wt_percent`` (time, phase) of the whole sample, ``temperature`` [K],
    ``wt_percent_error`` its numerical error, ``mass_change`` and ``lithium_lost_mass`` (as vapour) [%],
    ``gas_uptake`` (time, gas) [mol/kg], ``dissipation`` (time, process) [J/mol] and, at the end,
    ``wt_percent_profile`` (cell, phase) and ``potential`` (cell, component).  ``cathode_fraction``,
    ``electrolyte_fraction``, mass and gas count from the very beginning, also in a run that went on from another.
    ``state`` is what a further schedule goes on from; it is not written to files.
    """

    dataset: xr.Dataset
    state: State | None = None

    @property
    def secondary(self) -> xr.DataArray:
        """Final wt% of every phase that is neither starting material (phase,), most first."""
        final = self.dataset["wt_percent"].isel(time=-1, drop=True)
        found = final.where(final["role"] == "secondary", drop=True)
        return found.isel(phase=np.argsort(-found.values, kind="stable"))

    @property
    def by_family(self) -> dict[str, float]:
        """Final wt% of secondary phases by family, most first."""
        total: dict[str, float] = {}
        found = self.secondary
        for family, share in zip(found["family"].values.tolist(), found.values.tolist(), strict=True):
            total[family] = total.get(family, 0.0) + share
        return dict(sorted(total.items(), key=lambda item: -item[1]))

    @property
    def unreacted(self) -> dict[str, float]:
        """Shares of the cathode's and the electrolyte's framework cations that are still in their own structure."""
        return {key: float(self.dataset[key].isel(time=-1)) for key in ("cathode_fraction", "electrolyte_fraction")}

    @property
    def finished(self) -> bool:
        """Whether the run reached the end of its schedule."""
        return bool(self.dataset.attrs["outcome"] == Outcome.DONE.name)

    def detected(self, limit: float = DETECTION_LIMIT) -> dict[str, float]:
        """Secondary families at or above the detection limit [wt%], with their wt%."""
        return {family: share for family, share in self.by_family.items() if share >= limit}

    def document(self, limit: float = DETECTION_LIMIT) -> dict[str, Any]:
        """The run as the JSON document described in ``docs/json.md``."""
        final = self.dataset["wt_percent"].isel(time=-1)
        errors = self.dataset["wt_percent_error"].isel(time=-1).values
        found = [
            {
                "phase": str(name),
                "family": str(family),
                "wt_percent": float(share),
                "wt_percent_error": None if np.isnan(error) else float(error),
                "role": str(role),
                "detected": float(share) >= limit,
            }
            for name, family, role, share, error in zip(
                final["phase"].values, final["family"].values, final["role"].values, final.values, errors, strict=True
            )
        ]
        attrs = self.dataset.attrs
        return {
            "cathode": attrs["cathode"],
            "electrolyte": attrs["electrolyte"],
            "temperature_C": float(attrs["peak_temperature_C"]),
            "atmosphere": attrs["atmosphere"],
            "schedule": attrs["schedule"],
            "phases": sorted(found, key=lambda phase: -float(phase["wt_percent"])),
            "secondary_wt_percent": float(sum(self.by_family.values())),
            "unreacted": self.unreacted,
            "limited_by": attrs["limited_by"],
            "outcome": attrs["outcome"],
            "element_balance": float(attrs["element_balance"]),
            "database": attrs["database"],
            "version": attrs["version"],
        }

    def to_json(self) -> str:
        """``document`` as text."""
        return json.dumps(self.document(), indent=2)

    def to_netcdf(self, path: str | Path) -> None:
        """Write the dataset as NetCDF-4, whole or not at all.  Raises InputError when the path can not be written."""
        write_dataset(Path(path), self.dataset)


def _mean_name(system: CoupleSystem, members: NDArray[np.intp], weights: NDArray[np.float64]) -> str:
    solids = [system.phases.solids[p] for p in members]
    if len(solids) == 1:
        return solids[0].id
    moles = weights / np.array([solid.cations for solid in solids])
    total: dict[str, float] = {}
    for solid, n in zip(solids, moles, strict=True):
        for symbol, amount in solid.amounts.items():
            total[symbol] = total.get(symbol, 0.0) + n * amount
    usual = next((solid for solid in solids if solid.solution), solids[int(np.argmax(moles))])  # its formula unit
    anions = usual.amounts["O"]
    return formula.name({symbol: amount * anions / total["O"] for symbol, amount in total.items()}, digits=2)


def to_result(
    problem: Problem, system: CoupleSystem, run: Trajectory, database: str, companion: Trajectory | None = None
) -> Result:
    """Label a finished run; ``companion`` is a coarser one of the same problem, which tells the numerical error."""
    import xarray as xr

    masses = run.totals * system.phases.molar_mass
    sample = masses.sum(axis=1)
    names: list[str] = []
    columns, families, roles, errors, profiles = [], [], [], [], []
    rough = None if companion is None else companion.totals * system.phases.molar_mass
    cells = run.last.amounts * system.phases.molar_mass
    filled = np.maximum(cells.sum(axis=1), 1e-300)  # all of a cell may have gone to its neighbours
    for entry in entries(system):
        share = 100.0 * masses[:, entry.members].sum(axis=1) / sample
        if share.max() < TRACE:
            continue
        peak = int(np.argmax(share)) if share[-1] < TRACE else -1
        name = _mean_name(system, entry.members, run.totals[peak, entry.members])
        names.append(name if name not in names else f"{name} ({entry.family})")
        columns.append(share)
        families.append(entry.family)
        roles.append(entry.role)
        profiles.append(100.0 * cells[:, entry.members].sum(axis=1) / filled)
        if companion is not None and rough is not None:
            other = 100.0 * rough[:, entry.members].sum(axis=1) / rough.sum(axis=1)
            difference = np.abs(np.interp(run.times, companion.times, other) - share)
            errors.append(SAFETY * difference + LUCK * share + LEAST_ERROR)
    start = (system.initial @ system.composition).sum(axis=0)
    last = run.last
    contents = last.amounts @ system.composition + dissolved(system.floor, last.potentials)
    scale = np.where(start > 0.0, start, start.sum())  # of carbon or hydrogen there may be none at first
    drift = np.abs(contents.sum(axis=0) + last.lost - start) / scale
    used = [p for p in range(len(system.phases.solids)) if masses[:, p].max() > 1e-5 * sample[0]]
    sources = sorted({key for p in used for key in system.phases.solids[p].sources})
    data = xr.Dataset(
        {
            "wt_percent": (("time", "phase"), np.array(columns).T, {"units": "%", "long_name": "share of the sample"}),
            "wt_percent_error": (
                ("time", "phase"),
                np.array(errors).T if errors else np.full((len(run.times), len(names)), np.nan),
                {"units": "%", "long_name": "numerical error of wt_percent"},
            ),
            "temperature": ("time", problem.schedule.temperature(run.times), {"units": "K"}),
            **_masses(system, run),
            **_regime(system, run),
            **_depths(problem, system, run),
            "wt_percent_profile": (
                ("cell", "phase"),
                np.array(profiles).T,
                {"units": "%", "long_name": "share of each cell at the end"},
            ),
            "potential": (
                ("cell", "component"),
                run.last.potentials,
                {"units": "1", "long_name": "chemical potential at the end, over RT, from the pure oxide"},
            ),
            "cathode_fraction": ("time", _left(system, run, "cathode"), {"units": "1"}),
            "electrolyte_fraction": ("time", _left(system, run, "electrolyte"), {"units": "1"}),
        },
        coords={
            "time": ("time", run.times, {"units": "s"}),
            "phase": names,
            "family": ("phase", families),
            "role": ("phase", roles),
            "component": list(system.phases.components),
            "radius": ("cell", system.mesh.centres, {"units": "m"}),
            "process": list(PROCESSES),
            "gas": list(GASES),
        },
        attrs={
            "cathode": problem.cathode.id,
            "cathode_composition": problem.cathode.formula,
            "electrolyte": problem.electrolyte.id,
            "electrolyte_composition": problem.electrolyte.formula,
            "mass_ratio": problem.mass_ratio,
            "schedule": problem.schedule.text,
            "peak_temperature_C": round(problem.schedule.peak - CELSIUS_ZERO, 6),
            "atmosphere": str(problem.atmosphere),
            "cells": problem.cells,
            "geometry": problem.geometry,
            "crucible": problem.crucible,
            "additives": ", ".join(f"{name}={share:g}" for name, share in problem.additives),
            "steps": run.steps,
            "newton_iterations": run.iterations,
            "outcome": run.outcome.name,
            "advice": run.outcome.value,
            "element_balance": float(drift.max()),
            "lithium_lost": _lost(system, last),
            "database": database,
            "sources": ";".join(sources),
            "version": version("sinterface"),
        },
    )
    dissipated = data["dissipation"].isel(time=-1)
    data.attrs["limited_by"] = PROCESSES[int(np.argmax(dissipated.values))] if float(dissipated.sum()) > 0.0 else ""
    return Result(data, run.last)


PROCESSES = ("lithium transport", "transport of other cations", "lithium exchange in a host", "transformation")
"""What takes time: whichever dissipates most of the driving force limits the reaction."""

GASES = ("O2", "CO2", "H2O")

SAFETY = 2.0
"""Factor on the difference to the coarser run: without it 5 of 137 amounts missed a finer run (verification.md)."""

LUCK = 1e-3
"""Share of an amount that is always allowed for: two coarse runs may agree by luck, as LNMO's at 500 °C do to 0.01 of
36 wt%, 0.04 from a finer one."""

LEAST_ERROR = 2e-3
"""Numerical error that is always allowed for [wt%]: round-off and interpolation in time."""


def _masses(system: CoupleSystem, run: Trajectory) -> dict[str, Any]:
    """Mass change since the very beginning [% of the mass then], and what it is made of: O2, CO2, H2O and lithium.

    Dissolved cations are in no phase; each counts as its simple oxide, so that mass and gas agree.
    """
    phases = system.phases
    content = phases.gas.copy()
    cations = np.zeros(len(phases.components), dtype=bool)
    for k, name in enumerate(phases.components):
        if name in OPEN_ELEMENTS:  # brought along and closed
            content[:, OPEN_ELEMENTS.index(name)] += phases.composition[:, k]
        else:
            cations[k] = True
    oxides = [system._oxides[k][0] for k in np.flatnonzero(cations)]
    free = (run.held - run.totals @ phases.composition)[:, cations]
    first = run.last.first
    start = float(first @ phases.molar_mass)
    mass = run.totals @ phases.molar_mass + free @ phases.molar_mass[oxides]
    taken = (run.totals @ content + free @ content[oxides] - first @ content) / start
    oxygen, carbon, hydrogen = taken.T
    moles = np.array([0.5 * (oxygen - 2.0 * carbon - 0.5 * hydrogen), carbon, 0.5 * hydrogen]).T
    gone = run.last.lost + run.held[-1] - run.held  # since the very beginning, also where this run went on from another
    lithium = np.array(phases.components) == "Li"
    lost = gone[:, lithium].sum(axis=1) * formula.atomic_mass("Li") / start
    return {
        "mass_change": ("time", 100.0 * (mass / start - 1.0), {"units": "%", "long_name": "gas less lithium vapour"}),
        "lithium_lost_mass": ("time", 100.0 * lost, {"units": "%", "long_name": "lithium that left as vapour"}),
        "gas_uptake": (("time", "gas"), moles, {"units": "mol/kg", "long_name": "gas taken up per kg of sample"}),
    }


def _lost(system: CoupleSystem, last: State) -> float:
    """Share of the sample's lithium that has left as vapour."""
    if "Li" not in system.phases.components:
        return 0.0
    column = system.phases.components.index("Li")
    return float(last.lost[column] / (system.initial @ system.composition[:, column]).sum())


def _regime(system: CoupleSystem, run: Trajectory) -> dict[str, Any]:
    """Driving force dissipated so far by process [J per mole of cations of the sample]."""
    lithium = np.array(system.phases.components) == "Li"
    gases = np.isin(system.phases.components, OPEN_ELEMENTS)
    host = system.topotactic
    parts = [
        run.moving[:, lithium].sum(axis=1), run.moving[:, ~lithium & ~gases].sum(axis=1),
        run.changing[:, host].sum(axis=1), run.changing[:, ~host].sum(axis=1),
    ]  # fmt: skip
    RT = GAS_CONSTANT * system.schedule.temperature(run.times)
    spent = np.cumsum(np.array(parts).T * RT[:, None], axis=0) / float(system.initial.sum())
    return {"dissipation": (("time", "process"), spent, {"units": "J/mol", "long_name": "driving force dissipated"})}


def _depths(problem: Problem, system: CoupleSystem, run: Trajectory) -> dict[str, Any]:
    """Depth to which each reactant is consumed, were it consumed from the interface inwards and outwards."""
    mesh = system.mesh
    d = GEOMETRIES[mesh.geometry]
    inner, outer = mesh.faces[mesh.interface], mesh.faces[-1]
    left = {role: np.clip(_left(system, run, role), 0.0, 1.0) for role in ("cathode", "electrolyte")}
    cathode = inner * (1.0 - left["cathode"] ** (1.0 / d))
    electrolyte = (inner**d + (1.0 - left["electrolyte"]) * (outer**d - inner**d)) ** (1.0 / d) - inner
    note = "equivalent thickness consumed at the interface"
    return {
        "cathode_depth": ("time", cathode, {"units": "m", "long_name": note}),
        "electrolyte_depth": ("time", electrolyte, {"units": "m", "long_name": note}),
    }


def _left(system: CoupleSystem, run: Trajectory, role: str) -> NDArray[np.float64]:
    """Share of a reactant's framework cations at the very beginning that are in its structure."""
    entry = next(entry for entry in entries(system) if entry.role == role)
    framework = [k for k, name in enumerate(system.phases.components) if name not in ("Li", *OPEN_ELEMENTS)]
    held = system.phases.composition[entry.members][:, framework].sum(axis=1)
    return np.asarray((run.totals[:, entry.members] @ held) / float(run.last.first[entry.members] @ held))
