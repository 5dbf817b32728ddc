"""The problem a user poses: two powders, how much of each, a schedule and a gas."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.errors import InputError, shown, unknown
from sinterface.models.basics.lookalikes import level
from sinterface.models.interface.bed import bed as read_bed
from sinterface.models.phases import database as databases
from sinterface.models.phases.atmosphere import Atmosphere
from sinterface.models.phases.atmosphere import atmosphere as read_atmosphere
from sinterface.models.phases.database import Database
from sinterface.models.powders import materials
from sinterface.models.powders.exposure import Exposure
from sinterface.models.powders.exposure import read as read_exposure
from sinterface.models.powders.garnets import check_protons
from sinterface.models.powders.materials import Material
from sinterface.models.powders.sizes import Sizes
from sinterface.simulate.setup import furnace
from sinterface.simulate.setup.coating import MOST_LAYERS, Layer, read_coatings
from sinterface.simulate.setup.mesh import GEOMETRIES
from sinterface.simulate.setup.schedule import MAX_PRESSURE, Schedule
from sinterface.simulate.setup.schedule import pressure as read_pressure
from sinterface.simulate.setup.sizes import read_sizes
from sinterface.simulate.setup.stack import is_stack, read_stack

NONE = "none"
"""What is written for a powder that is not there."""

CELLS = 40
"""Default number of finite volumes."""

DEFAULT_HOLD = 800.0
"""Hold temperature [degrees C] of a problem for which neither a temperature nor a schedule is given."""

REMEDIES = {
    "cathode": "give a built-in name, a formula, a TOML card or sinterface.material(...)",
    "electrolyte": "give a built-in name, a formula, a TOML card or sinterface.material(..., 'electrolyte')",
    "schedule": "give '10 °C/min to 800 °C; hold 2 h; cool naturally' or Schedule.hold(800, hours=2)",
    "atmosphere": "give 'O2', 'air', 'pO2=0.2,pCO2=4e-4' or sinterface.atmosphere(...)",
    "cells": "give a whole number",
    "pressure": "give '50 MPa', or a number in Pa",
    "bed": "give the name or formula of a powder with lithium, 'LLZO', or sinterface.material(...)",
}

RATIOS = "write cathode:electrolyte by mass, 1:1 or 60:40, or their quotient; without one of the two name it 'none'"


@dataclass(frozen=True)
class Problem:
    """``mass_ratio`` is kg of cathode per kg of electrolyte; ``cells`` the number of finite volumes.

    ``additives`` are phases of the database in the electrolyte powder, in wt% of it: surface carbonate, a sintering
    aid.  ``crucible`` is one of furnace.CRUCIBLES, ``geometry`` one of mesh.GEOMETRIES: particles, or layers as thick
    as the radii of the particles.  ``exposure`` is what air has made of the electrolyte powder and ``residue`` of the
    cathode powder, None for fresh ones.  Without a cathode or without an electrolyte, one powder is heated alone.
    ``coatings`` are the layers between the two, in the order in which they lie from the cathode to the electrolyte.
    ``cathode_sizes`` and ``electrolyte_sizes`` are the sizes of particles; without them all have those of the cards.
    ``pressure`` [Pa] presses the sample until the schedule says something of it; None says nothing of it.
    ``bed`` is a powder around the sample that keeps the pressure of lithium gases, as much of it as is needed.

    >>> task = problem("pc-LCO", "LLZTO", "10 °C/min to 600 °C in air; hold 1 h in O2")
    >>> task.label, [gas.name for gas in task.gases]
    ('pc-LCO + LLZTO', ['air', 'O2'])
    """

    cathode: Material | None
    electrolyte: Material | None
    schedule: Schedule
    atmosphere: Atmosphere
    mass_ratio: float = 1.0
    cells: int = CELLS
    additives: tuple[tuple[str, float], ...] = ()
    crucible: str = "lidded"
    geometry: str = "sphere"
    exposure: Exposure | None = None
    residue: Exposure | None = None
    coatings: tuple[Layer, ...] = ()
    cathode_sizes: Sizes | None = None
    electrolyte_sizes: Sizes | None = None
    pressure: float | None = None
    bed: Material | None = None

    @property
    def powders(self) -> tuple[Material, ...]:
        """What is in the crucible: the cathode, the electrolyte or both."""
        return tuple(powder for powder in (self.cathode, self.electrolyte) if powder is not None)

    @property
    def label(self) -> str:
        """Its powders in a few words: ``pc-LCO + LLZTO``."""
        return " + ".join(powder.id for powder in self.powders)

    def size_classes(self, role: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Diameters [m] and shares by volume (N,) of the particles of the powder of a role, cathode or electrolyte.

        >>> diameters, shares = problem("pc-LCO", sizes="cathode=5±3um").size_classes("cathode")
        >>> len(diameters) > 1, round(float(shares.sum()), 9)
        (True, 1.0)
        """
        sizes, powder = (getattr(self, name) for name in (f"{role}_sizes", role))
        if powder is None:
            raise InputError(f"sizes: there is no {role} in this problem")
        if sizes is None:
            return np.array([powder.particle_diameter.value]), np.ones(1)
        told: Sizes = sizes
        return told.classes()

    @property
    def areal_mass(self) -> float:
        """Mass [kg] of layers per m^2 of their interface; nan for particles."""
        if self.geometry != "slab" or self.cathode is None or self.electrolyte is None:
            return math.nan
        cathode = 0.5 * self.cathode.density.value * self.cathode.particle_diameter.value
        between = sum(layer.material.density.value * layer.thickness for layer in self.coatings)
        return cathode * (1.0 + 1.0 / self.mass_ratio) + between

    @property
    def gases(self) -> tuple[Atmosphere, ...]:
        """The furnace gas of each segment of the schedule: the last that it named, ``atmosphere`` before the first."""
        gases = []
        gas = self.atmosphere
        for segment in self.schedule.segments:
            gas = segment.gas or gas
            gases.append(gas)
        return tuple(gases)

    @property
    def crucibles(self) -> tuple[str, ...]:
        """The crucible in each segment of the schedule: ``crucible`` until the schedule says something of its lid."""
        lids = {None: self.crucible, True: "lidded", False: "open"}
        return tuple(lids[segment.lid] for segment in self.schedule.segments)

    def __post_init__(self) -> None:
        if self.cathode is None and self.electrolyte is None:
            raise InputError("a problem needs a cathode, an electrolyte or both")
        furnace.crucible(self.crucible)
        if self.crucible == "pan" and any(segment.lid is not None for segment in self.schedule.segments):
            raise InputError("schedule: the pan of a thermobalance has no lid; choose --crucible lidded or open")
        if self.geometry not in GEOMETRIES:
            raise unknown("geometry", self.geometry, GEOMETRIES)
        for phase, share in self.additives:
            if not (math.isfinite(share) and share > 0.0):
                raise InputError(f"additive {shown(phase)}: {share:g} wt% of the electrolyte is no amount")
        if sum(share for _, share in self.additives) > 50.0:
            told = ", ".join(f"{phase}={share:g}" for phase, share in self.additives)
            raise InputError(
                f"additives {shown(told)}: more than 50 wt% of the electrolyte in all; add less, or heat it as a powder"
            )
        if self.coatings and len(self.powders) < 2:
            raise InputError("coating: it lies between a cathode and an electrolyte, and one of them is not there")
        if self.cathode_sizes is not None or self.electrolyte_sizes is not None:
            if len(self.powders) < 2:
                raise InputError("sizes: a powder that is heated alone is a single cell, whatever its sizes")
            if self.geometry != "sphere":
                raise InputError("sizes: particles have them, layers do not; choose --geometry sphere")
        if len(self.coatings) > MOST_LAYERS:
            raise InputError(f"coating: {len(self.coatings)} layers; at most {MOST_LAYERS} are followed")
        if [layer.on for layer in self.coatings] != sorted(layer.on for layer in self.coatings):
            raise InputError("coating: layers on the cathode lie inside of those on the electrolyte")
        if not (math.isfinite(self.mass_ratio) and 1e-3 <= self.mass_ratio <= 1e3):
            raise InputError(
                f"mass ratio {self.mass_ratio:g}: cathode to electrolyte must lie between 1:1000 and 1000:1"
            )
        if self.pressure is not None and not 0.0 <= self.pressure <= MAX_PRESSURE:
            raise InputError(f"pressure {self.pressure:g} Pa: choose 0 to {MAX_PRESSURE:g}, or write '50 MPa'")
        if not 4 <= self.cells <= 2000:
            raise InputError(f"{self.cells} cells: choose 4 to 2000")


def read_mass_ratio(text: str) -> float:
    """Cathode mass over electrolyte mass from ``1:1`` or ``60:40``.

    A number alone is refused: ``60`` could be 60:1 or 60 wt% of cathode.  Raises InputError.

    >>> read_mass_ratio("60:40")
    1.5
    """
    number = r"(\d+(?:\.\d*)?)"
    text = level(text)
    match = re.fullmatch(rf"\s*{number}\s*[:/]\s*{number}\s*", text)
    if match is not None and float(match[1]) > 0.0 and float(match[2]) > 0.0:
        return float(match[1]) / float(match[2])
    alone = re.fullmatch(rf"\s*{number}\s*", text)
    if alone is not None and 0.0 < float(alone[1]) < 100.0:
        percent = float(alone[1]) * (100.0 if float(alone[1]) < 1.0 else 1.0)
        raise InputError(
            f"mass ratio {shown(text)} can be read in two ways: write {alone[1]}:1 for cathode to electrolyte, or "
            f"{percent:g}:{100.0 - percent:g} for {percent:g} wt% of cathode"
        )
    raise InputError(f"mass ratio {shown(text)} is not understood: {RATIOS}")


def mass_ratio_text(ratio: float) -> str:
    """Cathode to electrolyte by mass as people write it, from kg per kg.

    >>> mass_ratio_text(1.0), mass_ratio_text(1.5)
    ('1:1', '60:40')
    """
    if ratio == 1.0:
        return "1:1"
    cathode = 100.0 * ratio / (1.0 + ratio)
    return f"{cathode:.4g}:{100.0 - cathode:.4g}"


def sample_text(cathode: str, electrolyte: str, ratio: float | None = None) -> str:
    """What was heated, for titles: names, of which one may be empty, and kg of cathode per kg of electrolyte.

    >>> sample_text("pc-LCO", "LLZTO", 1.5), sample_text("", "LLZTO", 1.0)
    ('pc-LCO + LLZTO, 60:40 by mass', 'LLZTO alone')
    """
    if not (cathode and electrolyte):
        return f"{cathode or electrolyte} alone"
    return f"{cathode} + {electrolyte}" + ("" if ratio is None else f", {mass_ratio_text(ratio)} by mass")


def read_additives(text: str) -> tuple[tuple[str, float], ...]:
    """Phases and wt% of the electrolyte from ``Li2CO3=2, Li3BO3=5``.  Raises InputError.

    >>> read_additives("Li2CO3=2, Li3BO3=5")
    (('Li2CO3', 2.0), ('Li3BO3', 5.0))
    """
    additives = []
    for part in filter(None, (piece.strip() for piece in level(text).split(","))):
        match = re.fullmatch(r"([^=\s]+)\s*=\s*(\d+(?:\.\d*)?)\s*%?", part)
        if not match:
            raise InputError(
                f"additive {shown(part)} is not understood: write phase=wt% of the electrolyte, e.g. Li2CO3=2"
            )
        additives.append((match[1], float(match[2])))
    return tuple(additives)


def problem(
    cathode: str | Material | None,
    electrolyte: str | Material | None = "LLZTO",
    schedule: str | Schedule | None = None,
    *,
    atmosphere: str | Atmosphere = "O2",
    mass_ratio: str | float = 1.0,
    structure: str | None = None,
    morphology: str | None = None,
    cells: int = CELLS,
    additives: str | tuple[tuple[str, float], ...] = (),
    crucible: str = "lidded",
    geometry: str = "sphere",
    elements: Collection[str] = (),
    as_received: bool = False,
    exposed: str | Exposure | None = None,
    residue: str | Exposure | None = None,
    coating: str | tuple[Layer, ...] = (),
    sizes: str = "",
    pressure: str | float | None = None,
    bed: str | Material | None = None,
    database: Database | None = None,
) -> Problem:
    """Problem from what users write: names, formulas, card paths and texts, or objects already made.

    A formula with an element that is not among ``elements``, those of a database, is refused unless that is empty.
    A ``cathode`` that is text with thicknesses is a stack, ``"LCO=500nm, Li3BO3=20nm, LLZO=1um"``, which names the
    electrolyte, the coatings and how much there is of each (``setup.stack``).

    Without a schedule the couple is held at DEFAULT_HOLD, 800 °C, for 2 h.  ``None`` or ``"none"`` for one of the
    powders heats the other alone.  ``as_received`` takes what air has made of both powders from their cards;
    ``exposed`` states it for the electrolyte, ``"H=0.4,Li2CO3=2"``, and ``residue`` for the cathode.  ``coating`` are
    layers, ``"Li3BO3=20nm"``, of phases of ``database``, the embedded database without any (``setup.coating``).
    ``sizes`` are those of particles, ``"cathode=5±3um"`` (``setup.sizes``).

    ``pressure`` presses the sample, text such as ``"50 MPa"`` or a number in Pa, until the schedule says something of
    it: contacts then grow (``setup.necks``).  ``bed`` is a powder around the sample, ``"LLZO"``, that gives lithium to
    its gas and takes some from it (``models.interface.bed``).

    >>> problem("pc-LCO", "LLZTO", "10 °C/min to 900 °C; hold 2 h; quench", mass_ratio="60:40").mass_ratio
    1.5

    Raises InputError or DataError, in one line, for anything that can not be read.
    """
    if isinstance(cathode, str) and is_stack(cathode):
        twice = {"electrolyte": electrolyte != "LLZTO", "mass ratio": mass_ratio not in (1.0, "1:1"),
                "geometry": geometry != "sphere", "coating": bool(coating), "sizes": bool(sizes)}  # fmt: skip
        if doubled := [name for name, given in twice.items() if given]:
            raise InputError(f"{', '.join(doubled)}: the stack {shown(cathode)} tells that already; drop it")
        stack = read_stack(cathode, database or databases.embedded(), structure, morphology)
        cathode, electrolyte, coating, mass_ratio = stack.cathode, stack.electrolyte, stack.coatings, stack.mass_ratio
        geometry = "slab"
    cathode, electrolyte = _absent(cathode), _absent(electrolyte)
    if isinstance(cathode, str | Path):
        cathode = materials.find(str(cathode), "cathode", structure=structure, morphology=morphology, elements=elements)
    if isinstance(electrolyte, str | Path):
        electrolyte = materials.find(str(electrolyte), "electrolyte", elements=elements)
    if schedule is None:
        schedule = Schedule.hold(DEFAULT_HOLD, hours=2.0)
    if isinstance(schedule, str):
        schedule = Schedule.parse(schedule)
    for what, given, kind in (
        ("cathode", cathode, (Material, type(None))), ("electrolyte", electrolyte, (Material, type(None))),
        ("schedule", schedule, Schedule),
        ("atmosphere", atmosphere, (str, Atmosphere)), ("cells", cells, int),
        ("pressure", pressure, (str, int, float, type(None))), ("bed", bed, (str, Material, type(None))),
    ):  # fmt: skip
        if not isinstance(given, kind):
            raise InputError(f"{what}: {shown(repr(given), 80)} is not understood; {REMEDIES[what]}")
    if not (isinstance(mass_ratio, str) or hasattr(mass_ratio, "__float__")):
        raise InputError(f"mass_ratio: {shown(repr(mass_ratio), 80)} is not understood; {RATIOS}")
    amount = read_mass_ratio(mass_ratio) if isinstance(mass_ratio, str) else float(mass_ratio)
    added = read_additives(additives) if isinstance(additives, str) else tuple(additives)
    states: list[Exposure | None] = []
    exposures = (("electrolyte", electrolyte, exposed), ("cathode", cathode, residue))
    for what, material, state in exposures:
        if state is not None and not isinstance(material, Material):
            raise InputError(f"{what}: its exposure is given, but there is none of it")
        told = read_exposure(state) if isinstance(state, str) else state
        states.append(material.as_received if told is None and as_received and isinstance(material, Material) else told)
    if as_received and states == [None, None]:
        raise InputError(
            "as received: the cards of these powders do not tell what air has made of them; state it, "
            "exposed='H=0.4,Li2CO3=2'"
        )
    for (_, material, _), state in zip(exposures, states, strict=True):
        if state is not None and isinstance(material, Material):
            check_protons(material, state, database or databases.embedded())
    spreads: list[Sizes | None] = [None, None]
    if sizes.strip():
        cathode, electrolyte, *spreads = read_sizes(sizes, cathode, electrolyte)
    layers: tuple[Layer, ...] = coating if isinstance(coating, tuple) else ()
    if isinstance(coating, str) and coating.strip():
        layers = read_coatings(coating, database or databases.embedded(), cathode, electrolyte)
    return Problem(
        cathode, electrolyte, schedule, read_atmosphere(atmosphere), mass_ratio=amount, cells=cells, additives=added,
        crucible=crucible, geometry=geometry, exposure=states[0], residue=states[1],
        coatings=layers, cathode_sizes=spreads[0], electrolyte_sizes=spreads[1],
        pressure=read_pressure(pressure) if isinstance(pressure, str) else pressure,
        bed=read_bed(bed, database or databases.embedded()) if isinstance(bed, str) else bed,
    )  # fmt: skip


def _absent(material: str | Material | None) -> str | Material | None:
    """None for a powder that is said not to be there."""
    return None if isinstance(material, str) and material.strip().casefold() == NONE else material
