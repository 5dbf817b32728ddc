"""Inverse questions: at which temperatures, in how much of a gas, does nothing react?

The driving force is the largest energy gained over all products and mixing ratios.  At fixed temperature each of these
is linear in the logarithm of a partial pressure, hence the driving force is convex in it, and the pressures at which it
stays below a bound form one interval.  Materials without carbon (hydrogen) gain nothing themselves from CO2 (H2O) but
their products may, so with pCO2 (pH2O) it can only grow and the interval begins at zero: a ceiling.  With pO2 it falls
where oxygen is given off and grows where it is taken up: the interval can have a floor, a ceiling, both, or be empty.

What two materials gain ``beyond`` their own decomposition is a difference of such functions, neither convex nor
monotone: a garnet that CO2 destroys anyway gains nothing more by meeting a cathode.  It says whether the contact does
harm, not whether a couple lasts; it is scanned on a finer grid, and several intervals may be found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import T_MAX, T_MIN
from sinterface.models.basics.errors import InputError, unknown
from sinterface.models.basics.roots import Crossing, crossings, intervals, steps
from sinterface.models.interface.reactions import Couple, profile
from sinterface.models.interface.stability import ALLOWED, STEP, T_TOLERANCE, Subject, decompose, same
from sinterface.models.phases.atmosphere import MAX_PRESSURE, PRESSURES, Atmosphere

Array = NDArray[np.float64]
Intervals = tuple[tuple[float, float], ...]

DECADES = 1.0
"""Grid on which pressure windows are bracketed [decades]; a quarter of it for what need not be convex."""

P_TOLERANCE = 1e-3
"""Pressures are found to this [decades], 0.2 %."""

LEAST, MOST = 1e-12, 1.0
"""Pressures [bar] between which windows are looked for unless others are given."""


def driving_force(
    target: Couple | Subject, temperature: float, atmosphere: Atmosphere, *, beyond: bool = False
) -> float:
    """Energy gained by reaction [J per mole of atoms of the reactants] at temperature [K]; positive where it reacts.

    Of a ``Subject`` by decomposition, see ``stability``.  Of a couple at its most favourable mixing ratio, be it the
    decomposition of one side, but not its becoming another polymorph; with ``beyond`` less what each side gains alone.
    """
    if isinstance(target, Subject):
        return decompose(target, temperature, atmosphere).per_atom
    omega = target.system.phases.grand_potential(temperature, atmosphere)
    line = profile(target, omega, temperature)
    a, b = float(line.energy[0]), float(line.energy[-1])
    if not beyond:
        a, b = (float(np.min(omega[same(target.system.phases, row)]) - omega[row]) for row in target.rows)
    return -float(np.min((line.energy - (1.0 - line.x) * a - line.x * b) / target.atoms(line.x)))


def temperature_changes(
    target: Couple | Subject, atmosphere: Atmosphere, low: float, high: float, *, allowed: float = ALLOWED,
    beyond: bool = False,
) -> tuple[Crossing, ...]:  # fmt: skip
    """Temperatures [K] in a gas where it begins (``rising``) or ceases to gain more than ``allowed`` [J/mol of atoms].

    To T_TOLERANCE; those missed are pairs less than STEP apart, as ``stability.sign_changes`` explains.
    Raises InputError unless T_MIN <= low < high <= T_MAX.
    """
    grid = steps(low, high, STEP, "temperatures [K]", (T_MIN, T_MAX))
    return crossings(lambda T: driving_force(target, T, atmosphere, beyond=beyond) - allowed, grid, T_TOLERANCE)


def temperature_windows(
    target: Couple | Subject, atmosphere: Atmosphere, low: float, high: float, *, allowed: float = ALLOWED,
    beyond: bool = False,
) -> Intervals:  # fmt: skip
    """Intervals of temperature [K] between ``low`` and ``high`` in which it is stable; as ``temperature_changes``."""
    grid = steps(low, high, STEP, "temperatures [K]", (T_MIN, T_MAX))
    return intervals(lambda T: driving_force(target, T, atmosphere, beyond=beyond) - allowed, grid, T_TOLERANCE)


@dataclass(frozen=True)
class PressureWindows:
    """Intervals of the partial pressure of ``species`` [bar] without reaction, of those searched, low to high."""

    species: str
    searched: tuple[float, float]
    intervals: Intervals

    @property
    def ceiling(self) -> float:
        """Pressure [bar] up to which nothing reacts, from the lowest searched on; 0 when it reacts there, inf if never.

        For CO2 and H2O, and materials that hold none: without them in the gas a carbonate or hydroxide is lost.
        """
        if not self.intervals or self.intervals[0][0] > self.searched[0]:
            return 0.0
        return self.intervals[0][1] if self.intervals[0][1] < self.searched[1] else math.inf

    @property
    def floor(self) -> float:
        """Pressure [bar] at which the highest interval begins; 0 when at the lowest searched, inf without any."""
        if not self.intervals:
            return math.inf
        return self.intervals[-1][0] if self.intervals[-1][0] > self.searched[0] else 0.0


def pressure_windows(
    target: Couple | Subject, species: str, temperature: float, atmosphere: Atmosphere, *, allowed: float = ALLOWED,
    beyond: bool = False, low: float = LEAST, high: float = MOST,
) -> PressureWindows:  # fmt: skip
    """Intervals of pO2, pCO2 or pH2O [bar] between ``low`` and ``high`` in which it gains no more than ``allowed``.

    ``atmosphere`` gives the other two pressures; temperature [K]; allowed [J per mole of atoms].  One interval or none,
    but for what is gained ``beyond`` decomposition.  Raises InputError naming the choices.
    """
    if species not in PRESSURES:
        raise unknown("gas axis", species, PRESSURES)
    if not T_MIN <= temperature <= T_MAX:
        raise InputError(f"temperature {temperature:g} K: must lie between {T_MIN:g} and {T_MAX:g}")
    if not 0.0 < low < high <= MAX_PRESSURE:
        raise InputError(f"{species} {low:g} to {high:g} bar: must be ascending, above 0, up to {MAX_PRESSURE:g}")
    ends = math.log10(low), math.log10(high)
    grid = steps(*ends, DECADES / 4.0 if beyond else DECADES, f"log10 {species}", ends)

    def excess(decades: float) -> float:
        return driving_force(target, temperature, atmosphere.having(species, 10.0**decades), beyond=beyond) - allowed

    def pressure(decades: float) -> float:  # the ends as given, not to round-off
        return {ends[0]: low, ends[1]: high}.get(decades, 10.0**decades)

    stretches = intervals(excess, grid, P_TOLERANCE)
    return PressureWindows(species, (low, high), tuple((pressure(start), pressure(end)) for start, end in stretches))
