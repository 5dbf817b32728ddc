"""Where a single material decomposes: driving forces, products and the temperature at which it starts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sinterface.models.atmosphere import Atmosphere
from sinterface.models.constants import T_MAX, T_STANDARD
from sinterface.models.database import Database
from sinterface.models.equilibrium import minimise
from sinterface.models.phases import Solid
from sinterface.models.phaseset import closed_components, phase_set


@dataclass(frozen=True)
class Decomposition:
    """Energy above the hull of the other phases [J per mole of cations], negative when stable, and what is on it."""

    energy: float
    products: Mapping[str, float]


def decomposition(solid: Solid, temperature: float, atmosphere: Atmosphere, database: Database) -> Decomposition:
    """Decomposition of a solid into the other observed phases at temperature [K] in a gas.

    Raises InputError when no other phases hold its elements.
    """
    components = closed_components(solid.amounts)
    others = [other for other in database.within(components) if other.id != solid.id and other.cations > 0.0]
    phases = phase_set([*others, solid], components)
    omega = phases.grand_potential(temperature, atmosphere)
    found = minimise(phases.composition[:-1], omega[:-1], phases.composition[-1], components)
    products = {others[p].id: float(found.amounts[p]) / others[p].cations for p in np.flatnonzero(found.amounts > 1e-7)}
    return Decomposition(float(omega[-1]) - found.energy, products)


def decomposition_temperature(
    solid: Solid, atmosphere: Atmosphere, database: Database, low: float = T_STANDARD, high: float = T_MAX
) -> float | None:
    """Lowest temperature [K] between ``low`` and ``high`` at which a solid decomposes, to 0.1 K; None when stable.

    Looked for on a 20 K grid, then bisected: narrower windows of instability are not seen.
    """

    def unstable(T: float) -> bool:
        return decomposition(solid, T, atmosphere, database).energy > 0.0

    if unstable(low):
        return low
    grid = np.append(np.arange(low, high, 20.0), high)
    for below, above in itertools.pairwise(grid):
        if unstable(float(above)):
            cold, hot = float(below), float(above)
            while hot - cold > 0.1:
                middle = 0.5 * (cold + hot)
                cold, hot = (cold, middle) if unstable(middle) else (middle, hot)
            return hot
    return None
