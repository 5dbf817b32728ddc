"""From a problem to its result: the stages of the calculation in order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sinterface.models import database as databases
from sinterface.models.atmosphere import Atmosphere
from sinterface.models.materials import Material
from sinterface.simulate.integrate import begin, integrate
from sinterface.simulate.problem import CELLS, Problem, problem
from sinterface.simulate.result import Result, to_result
from sinterface.simulate.schedule import Schedule
from sinterface.simulate.system import FIRST_ACTIVITY, assemble


def predict(
    task: Problem,
    *,
    database: databases.Database | None = None,
    tolerance: float = 0.02,
    progress: Callable[[float], None] | None = None,
) -> Result:
    """Run a problem.  ``progress`` is called with the share of the schedule done, 0 to 1.

    A run that can not finish returns what it reached, with the reason in ``dataset.attrs``; InputError is raised
    only for what is wrong before it starts.
    """
    tables = database or databases.embedded()
    system = assemble(task, tables)
    potentials = np.full((task.cells, len(system.phases.components)), -FIRST_ACTIVITY)
    end = task.schedule.duration
    run = integrate(
        system,
        begin(system, system.initial, potentials),
        task.schedule.starts[1:],
        tolerance=tolerance,
        progress=None if progress is None else lambda time: progress(time / end),
    )
    return to_result(task, system, run, tables.fingerprint)


def simulate(
    cathode: str | Material,
    electrolyte: str | Material = "LLZTO",
    schedule: str | Schedule | None = None,
    *,
    atmosphere: str | Atmosphere = "O2",
    mass_ratio: str | float = 1.0,
    structure: str | None = None,
    morphology: str | None = None,
    cells: int = CELLS,
    database: databases.Database | None = None,
) -> Result:
    """Which phases form when a cathode and an electrolyte are heated together, and how much of each.

    cathode, electrolyte: built-in name, formula or path of a TOML card.  schedule: a ``Schedule`` or its text; 2 h at
    800 degrees C without one.  atmosphere: name or partial pressures in bar.  mass_ratio: cathode to electrolyte.
    structure, morphology: for a formula that does not tell.  Raises InputError naming what can not be read.

    >>> result = simulate("pc-LMO", "LLZTO", Schedule.hold(600, hours=2))
    >>> result.by_family["Li2MnO3"] > 5.0
    True
    """
    return predict(
        problem(
            cathode, electrolyte, schedule, atmosphere=atmosphere, mass_ratio=mass_ratio,
            structure=structure, morphology=morphology, cells=cells,
        ),
        database=database,
    )  # fmt: skip
