"""Invariant reactions near the highest temperature of a problem: where what a run predicts hangs on single degrees."""

from __future__ import annotations

from sinterface.models.interface.invariants import Invariant
from sinterface.models.interface.invariants import invariants as of_powders
from sinterface.models.phases import database as databases
from sinterface.models.rates import parameters as adjustable
from sinterface.models.rates.parameters import Parameters
from sinterface.simulate.setup.problem import Problem


def invariants(
    task: Problem, *, database: databases.Database | None = None, parameters: Parameters | None = None
) -> tuple[Invariant, ...]:
    """The invariant reactions of the powders of a problem, each alone and both together, near its highest temperature.

    Near is within 20 K (``models.interface.invariants``), in the gas that the schedule has then, at equilibrium: what
    has to nucleate comes later.  ``parameters`` are the calibrated ones unless given.

    >>> import sinterface as si
    >>> si.invariants(si.problem("pc-LCO", schedule=si.Schedule.hold(800, hours=2)))
    ()
    """
    parameters = parameters or adjustable.calibrated()
    tables = parameters.energies(database or databases.embedded())
    masses = (task.mass_ratio, 1.0) if len(task.powders) == 2 else (1.0,)
    schedule = task.schedule
    gas = task.gases[schedule.hottest]
    return of_powders(tuple(zip(task.powders, masses, strict=True)), schedule.peak, gas, tables)


def told(near: tuple[Invariant, ...]) -> str:
    """What a user is told of them in one sentence; nothing where there are none.

    >>> told((Invariant("pc-NCA", 1163.15, ("layered",), ("rock salt",), 0.2),))
    'at equilibrium pc-NCA turns from layered into rock salt near 890 °C: amounts hang on single degrees there'
    """
    if not near:
        return ""
    return f"at equilibrium {' and '.join(map(str, near))}: amounts hang on single degrees there"
