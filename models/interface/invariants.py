"""Invariant reactions near a temperature: where a powder, or a couple as a whole, turns into something else at once.

At a given temperature and gas an equilibrium changes smoothly but for such reactions, at which a structure gives way to
others (NMC811 to rock salt and oxygen at some 910 degrees C in O2).  Amounts that a run predicts jump there: a hold a
few degrees lower ends elsewhere.  With solutions the new structure comes within some degrees and not at one, so that
what is looked for is a change of more than CHANGE from one temperature to the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sinterface.models.basics.constants import CELSIUS_ZERO, T_MAX, T_MIN
from sinterface.models.equilibrium import assemblage, column_generation
from sinterface.models.interface.mixture_input import Batch, batch
from sinterface.models.phases.atmosphere import Atmosphere
from sinterface.models.phases.database import Database
from sinterface.models.powders.materials import Material

AROUND = 20.0
"""So far on either side of a temperature [K]: what has to nucleate comes later than equilibrium has it."""

STEP = 5.0
"""Temperatures are this far apart [K]."""

CHANGE = 0.03
"""Share of the mass that must change places between families within STEP."""

NAMED = 0.3
"""Families are named that take or give at least this part of the change."""


@dataclass(frozen=True)
class Invariant:
    """What turns, ``at`` which temperature [K], the families that go and those that come, and the ``share`` of the mass

    that does within STEP.

    >>> str(Invariant("pc-NMC811", 1183.15, ("layered",), ("rock salt",), 0.05))
    'pc-NMC811 turns from layered into rock salt near 910 °C'
    """

    of: str
    at: float
    gone: tuple[str, ...]
    come: tuple[str, ...]
    share: float

    def __str__(self) -> str:
        gone, come = " and ".join(self.gone), " and ".join(self.come)
        return f"{self.of} turns from {gone} into {come} near {self.at - CELSIUS_ZERO:.0f} °C"


def invariants(
    powders: Sequence[tuple[Material, float]], temperature: float, atmosphere: Atmosphere, database: Database
) -> tuple[Invariant, ...]:
    """The invariant reactions within AROUND of a temperature [K], of each powder alone and of all together.

    ``powders`` are materials and their masses in any unit.  Of each of these at most the largest change is told.
    Energies are those of the database: give it ``parameters.energies(database)`` for the calibrated ones.

    >>> from sinterface.models.phases.atmosphere import atmosphere
    >>> from sinterface.models.phases.database import embedded
    >>> from sinterface.models.powders.materials import find
    >>> near = invariants([(find("pc-LCO"), 1.0)], 1073.15, atmosphere("O2"), embedded())
    >>> near  # LiCoO2 keeps its structure at 800 degrees C in O2
    ()
    """
    batches = [batch([part], database) for part in powders]
    if len(powders) > 1:
        batches.append(batch(powders, database))
    told = (largest(each, temperature, atmosphere) for each in batches)
    return tuple(each for each in told if each is not None)


def largest(of: Batch, temperature: float, atmosphere: Atmosphere) -> Invariant | None:
    """The largest change within AROUND of a temperature [K]; None where none is larger than CHANGE."""
    grid = np.arange(max(temperature - AROUND, T_MIN), min(temperature + AROUND, T_MAX) + 0.5 * STEP, STEP)
    shares = [_families(of, float(T), atmosphere) for T in grid]
    changes = [_changed(before, after) for before, after in pairwise(shares)]
    moved = [sum(value for value in change.values() if value > 0.0) for change in changes]
    at = int(np.argmax(moved))
    if moved[at] < CHANGE:
        return None
    ordered = sorted(changes[at].items(), key=lambda item: -abs(item[1]))
    gone = tuple(family for family, value in ordered if value < -NAMED * moved[at])
    come = tuple(family for family, value in ordered if value > NAMED * moved[at])
    return Invariant(of.name, float(grid[at] + 0.5 * STEP), gone, come, moved[at])


def _families(of: Batch, temperature: float, atmosphere: Atmosphere) -> Mapping[str, float]:
    """Share of the mass in each family at equilibrium."""
    omega = of.system.phases.grand_potential(temperature, atmosphere)
    there = column_generation.equilibrium(of.system, omega, temperature, of.total)
    formed = assemblage.products(of.system, there.pseudo, there.answer.amounts, temperature)
    return dict(assemblage.by_family(formed))


def _changed(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    return {key: after.get(key, 0.0) - before.get(key, 0.0) for key in {**before, **after}}
