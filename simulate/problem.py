"""The problem a user poses: two powders, how much of each, a schedule and a gas."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from sinterface.models import materials
from sinterface.models.atmosphere import Atmosphere
from sinterface.models.atmosphere import atmosphere as read_atmosphere
from sinterface.models.errors import InputError
from sinterface.models.materials import Material
from sinterface.simulate.schedule import Schedule

CELLS = 40
"""Default number of finite volumes."""


@dataclass(frozen=True)
class Problem:
    """``mass_ratio`` is kg of cathode per kg of electrolyte; ``cells`` the number of finite volumes."""

    cathode: Material
    electrolyte: Material
    schedule: Schedule
    atmosphere: Atmosphere
    mass_ratio: float = 1.0
    cells: int = CELLS

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mass_ratio) and 1e-3 <= self.mass_ratio <= 1e3):
            raise InputError(
                f"mass ratio {self.mass_ratio:g}: cathode to electrolyte must lie between 1:1000 and 1000:1"
            )
        if not 4 <= self.cells <= 2000:
            raise InputError(f"{self.cells} cells: choose 4 to 2000")


def read_mass_ratio(text: str) -> float:
    """Cathode mass over electrolyte mass from ``1:1``, ``60:40`` or ``1.5``.  Raises InputError."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?)\s*(?:[:/]\s*(\d+(?:\.\d*)?)\s*)?", text)
    if not match or float(match[1]) <= 0.0 or float(match[2] or 1.0) <= 0.0:
        raise InputError(f"mass ratio {text!r} is not understood: write cathode:electrolyte by mass, e.g. 1:1 or 60:40")
    return float(match[1]) / float(match[2] or 1.0)


def problem(
    cathode: str | Material,
    electrolyte: str | Material = "LLZTO",
    schedule: str | Schedule | None = None,
    *,
    atmosphere: str | Atmosphere = "O2",
    mass_ratio: str | float = 1.0,
    structure: str | None = None,
    morphology: str | None = None,
    cells: int = CELLS,
) -> Problem:
    """Problem from what users write: names, formulas, card paths and texts, or objects already made.

    Raises InputError or DataError, in one line, for anything that can not be read.
    """
    if isinstance(cathode, str):
        cathode = materials.find(cathode, "cathode", structure=structure, morphology=morphology)
    if isinstance(electrolyte, str):
        electrolyte = materials.find(electrolyte, "electrolyte")
    if schedule is None:
        schedule = Schedule.hold(800.0, hours=2.0)
    if isinstance(schedule, str):
        schedule = Schedule.parse(schedule)
    amount = read_mass_ratio(mass_ratio) if isinstance(mass_ratio, str) else float(mass_ratio)
    return Problem(cathode, electrolyte, schedule, read_atmosphere(atmosphere), amount, cells)
