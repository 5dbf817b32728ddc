"""The gas around a sample: how much there is, how fast it is renewed, and what leaves with it.

The gas in a crucible of volume V is renewed with a time constant tau; a species at pressure p leaves at
p V / (R T tau) and comes in as the furnace holds it.  The time is that of the gap under the lid, or of the mouth of the
crucible, and that of the pellet's pores behind it, whose conductances are in series; pores fill and empty at once.
Carbon comes and leaves as CO2; lithium leaves as Li(g), as Li2O(g) and, in humid gas, as LiOH(g), at vapour pressures
from the NASA polynomials and the local lithium potential.  A powder bed around the sample keeps these pressures what
they are over itself, whatever the crucible (``models/interface/bed``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.basics.errors import unknown
from sinterface.models.phases.atmosphere import Atmosphere
from sinterface.models.phases.gases import gas

BAR = 1.0e5
"""Pascal in a bar."""


@dataclass(frozen=True)
class Crucible:
    """``volume`` of gas [m^3 per mole of cations of the sample], ``renewal`` and ``pores`` its time constants [s].

    ``renewal`` is that of the way out of the crucible, ``pores`` that of the pores of a pellet.  ``lid`` tells whether
    that way is a gap under a lid, whose width nobody knows.
    """

    name: str
    volume: float
    renewal: float
    pores: float = 0.0
    lid: bool = False

    def renewed_in(self, gap: float = 1.0) -> float:
        """Seconds in which the gas of the sample is renewed, where a lid's gap is that many times as slow as estimated.

        >>> CRUCIBLES["lidded"].renewed_in(), CRUCIBLES["open"].renewed_in(10.0)
        (23.0, 6.0)
        """
        return self.renewal * (gap if self.lid else 1.0) + self.pores

    def capacity(self, temperature: float) -> float:
        """Moles of gas at 1 bar per mole of cations of the sample, at temperature [K]."""
        return BAR * self.volume / (GAS_CONSTANT * temperature)


CRUCIBLES: Mapping[str, Crucible] = {
    # estimates for 300 mg (5 mmol of cations) in 5 mL, 18 mm wide and 20 mm high. CO2 diffuses in O2 with 1.4 cm2/s at
    # 1000 K (0.16 at 293 K, CRC Handbook, times (T/T0)^1.75): out of the open crucible at 1.4 x 2.5 cm2 / 2 cm = 1.7
    # cm3/s, and at 0.26 cm3/s through a gap of 0.1 mm (0.015 to 0.7) under a lid on a wall of 3 mm. The pellet is 10 mm
    # wide, 1.3 mm thick and has 40 % pores of 0.3 um: 1.4 cm2/s between molecules and 0.7 between walls (Knudsen) are
    # 0.46 together and 0.12 with porosity^1.5 (Bruggeman); 1.2 cm2 and 0.8 mm make 1.7 cm3/s, good to a factor of three
    # while the pores are open. A pellet that densifies closes them, which is not modelled
    "lidded": Crucible("lidded", 1.0e-3, 20.0, pores=3.0, lid=True),
    "open": Crucible("open", 1.0e-3, 3.0, pores=3.0),
    # a few milligrams in the open pan of a thermobalance, swept by gas: 0.1 to 1 s for 0.1 mL over 20 umol of cations;
    # a thin layer in a hot stage and a film in a tube furnace have at least as much gas for each mole
    "pan": Crucible("pan", 5.0e-3, 0.3),
}


BED = 0.16
"""Time [s] in which lithium gases reach a pellet from a powder bed, beside that of its pores, good to a factor of 3.

An estimate: with 1.4 cm2/s, as CO2 above, over 1 mm to 2.2 cm2 they make 31 cm3/s, for the 5 mL of the crucibles."""

NOTHING = -1e3
"""Logarithm of the pressure [bar] of what is not there."""


def crucible(name: str) -> Crucible:
    """The crucible of that name.  Raises InputError naming the choices."""
    if name not in CRUCIBLES:
        raise unknown("crucible", name, CRUCIBLES)
    return CRUCIBLES[name]


def lithium_gases(
    potential: ArrayLike, temperature: ArrayLike, atmosphere: Atmosphere
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pressures [bar] of the gases that carry one lithium each, Li and LiOH, and of Li2O, which carries two.

    At lithium potentials [J/mol] and temperatures [K].  In dry gas Li2O is a hundred times as much as Li over a garnet,
    in humid gas LiOH a thousand times as much as both.
    """
    T, mu = np.asarray(temperature, dtype=float), np.asarray(potential, dtype=float)
    RT = GAS_CONSTANT * T
    total = np.exp(np.minimum((mu - gas("Li").gibbs(T)) / RT, 100.0))
    if atmosphere.pH2O > 0.0:
        hydroxide = mu + atmosphere.potential("O", T) + atmosphere.potential("H", T) - gas("LiOH").gibbs(T)
        total = total + np.exp(np.minimum(hydroxide / RT, 100.0))
    oxide = 2.0 * mu + atmosphere.potential("O", T) - gas("Li2O").gibbs(T)
    return np.asarray(total), np.asarray(np.exp(np.minimum(oxide / RT, 100.0)))


def lithium_pressure(potential: ArrayLike, temperature: ArrayLike, atmosphere: Atmosphere) -> NDArray[np.float64]:
    """Pressure [bar] of lithium atoms in all gases, at lithium potentials [J/mol] and temperatures [K]."""
    single, double = lithium_gases(potential, temperature, atmosphere)
    return np.asarray(single + 2.0 * double)
