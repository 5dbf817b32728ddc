"""The gas around a sample: how much there is, how fast it is renewed, and what leaves with it.

The gas in a crucible of volume V is renewed with a time constant tau; a species at pressure p leaves at
p V / (R T tau) and comes in as the furnace holds it.  Inside the pellet gases are uniform: pores are wide for them.
Carbon comes and leaves as CO2; lithium leaves as Li(g) and, in humid
gas, as LiOH(g) (vapour pressures from the NASA polynomials and the local lithium potential; Li2O(g), second order in
the activity, is left out: at the activity of a garnet it is far less).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sinterface.models.atmosphere import Atmosphere
from sinterface.models.constants import GAS_CONSTANT
from sinterface.models.errors import unknown
from sinterface.models.gases import gas

BAR = 1.0e5
"""Pascal in a bar."""


@dataclass(frozen=True)
class Crucible:
    """``volume`` of gas [m^3 per mole of cations of the sample], ``renewal`` its time constant [s]."""

    name: str
    volume: float
    renewal: float

    def capacity(self, temperature: float) -> float:
        """Moles of gas at 1 bar per mole of cations of the sample, at temperature [K]."""
        return BAR * self.volume / (GAS_CONSTANT * temperature)


CRUCIBLES: Mapping[str, Crucible] = {
    # estimates, for 300 mg (0.01 mol of cations) in a 5 mL crucible: a lid leaves a gap through which the gas is
    # renewed in some ten minutes (0.1 to 10 times that), flowing gas sweeps an open one in seconds
    "lidded": Crucible("lidded", 5.0e-4, 600.0),
    "open": Crucible("open", 5.0e-4, 10.0),
}


def crucible(name: str) -> Crucible:
    """The crucible of that name.  Raises InputError naming the choices."""
    if name not in CRUCIBLES:
        raise unknown("crucible", name, CRUCIBLES)
    return CRUCIBLES[name]


def lithium_pressure(potential: float, temperature: float, atmosphere: Atmosphere) -> float:
    """Pressure [bar] of the gases that carry one lithium each, at a lithium potential [J/mol] and temperature [K]."""
    T = temperature
    exponents = [potential - float(gas("Li").gibbs(T))]
    hydrogen = float(atmosphere.potential("H", T))
    if np.isfinite(hydrogen):
        exponents.append(potential + float(atmosphere.potential("O", T)) + hydrogen - float(gas("LiOH").gibbs(T)))
    return float(np.sum(np.exp(np.minimum(np.array(exponents) / (GAS_CONSTANT * T), 100.0))))
