"""What temperature alone decides, as numbers for the compiled march: energies, rates, diffusivities, the furnace gas.

Tables hold the coefficients; the functions here evaluate them at a time of the schedule.  Chemical potentials of the
gas are read from tables of one kelvin with linear interpolation, which errs by less than 0.01 J/mol.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics import constants
from sinterface.models.basics.constants import T_STANDARD
from sinterface.models.phases.phaseset import ABSENT
from sinterface.simulate.stepping.compiled import inner, kernel

Array = NDArray[np.float64]
Integers = NDArray[np.intp]

GAS_CONSTANT = constants.GAS_CONSTANT
ROOM = T_STANDARD
"""Temperature [K] that natural cooling tends to."""

NODES = (-0.7745966692414834, 0.0, 0.7745966692414834)
WEIGHTS = (5.0 / 9.0, 8.0 / 9.0, 5.0 / 9.0)
"""Three-point Gauss quadrature over a step."""


class Thermal(NamedTuple):
    """Coefficients of everything that follows the temperature.

    energy (V, 5): H [J/mol], S [J/mol/K] at 298.15 K and a, b, c of Cp, per unit of a variable; gas (V, 3) its open O,
    C, H; oxides (K, X) the variables that hold one component alone, -1 for none; ``size`` (V,) moles of cations.
    segments (Q, 4): start [K], slope [K/s], duration [s], 1 for Newton cooling, which has no slope of its own;
    begins (Q + 1,) [s]; gases (Q,) which gas.
    first [K] and the tables by gas: open_potential (A, 3, T) of O, C, H [J/mol], nan where there is none;
    closed_reference (A, K, T) [J/mol] of carried components, nan for cations; vapour (A, 2, T) logarithm of the
    pressure [bar] of lithium, at lithium potential zero, in gases that carry one atom and in Li2O; supplied (A, K)
    pressures [bar] the furnace holds.
    rate (4,): k0 [1/s], T0 [K], power, Ea [J/mol] of transformations.
    coarsening (3,): rate [m3/s] at which the cube of a grain's radius grows at a temperature [K], that, and Ea [J/mol].
    diffusivity (2, 2, H, K): D0 [m2/s] and Ea [J/mol] of lattice and boundary; boundary (S, H, K) its share by side:
    cells of one powder have the same grains.
    cooling [s]: time constant of natural cooling.  renewal (A,): moles of gas at 1 bar and 1 K renewed per second, per
    mole of cations of the sample; lithium: column of lithium, or -1.
    melting (H,) [K] and liquid (H,) [m2/s]: from where on every cation moves at least that fast in a host.
    bed (A, T): logarithm of the pressure [bar] of lithium gases that come from around the sample; nearby (A,): as
    ``renewal``, of these gases alone.
    """

    energy: Array
    gas: Array
    oxides: Integers
    size: Array
    N: Array
    segments: Array
    begins: Array
    gases: Integers
    first: float
    open_potential: Array
    closed_reference: Array
    vapour: Array
    supplied: Array
    rate: Array
    coarsening: Array
    diffusivity: Array
    boundary: Array
    cooling: float
    renewal: Array
    lithium: int
    bed: Array
    nearby: Array
    melting: Array
    liquid: Array


@kernel()
def temperature(thermal: Thermal, time: float, segment: int) -> float:
    """Temperature [K] at a time [s] in a segment of the schedule."""
    start, slope = thermal.segments[segment, 0], thermal.segments[segment, 1]
    duration, curved = thermal.segments[segment, 2], thermal.segments[segment, 3]
    t = min(max(time - thermal.begins[segment], 0.0), duration)
    if curved > 0.5:
        return ROOM + (start - ROOM) * np.exp(-t / thermal.cooling)
    return start + slope * t


@inner()
def slope_at(thermal: Thermal, T: float, segment: int) -> float:
    """How fast the temperature changes [K/s] in a segment where it is T [K]; never with its end."""
    if thermal.segments[segment, 3] > 0.5:
        return (ROOM - T) / thermal.cooling
    return thermal.segments[segment, 1]


@kernel()
def segment_at(thermal: Thermal, time: float) -> int:
    """The segment that a step from ``time`` [s] lies in."""
    last = len(thermal.begins) - 2
    for k in range(last):
        if time < thermal.begins[k + 1] * (1.0 - 1e-12):
            return k
    return last


@inner()
def _at(table: Array, position: float) -> float:
    k = min(max(int(position), 0), len(table) - 2)
    return table[k] + (position - k) * (table[k + 1] - table[k])


@kernel()
def energies(thermal: Thermal, T: float, which: int, g: Array, reference: Array) -> None:
    """Writes grand potentials g (V,) relative to the simple oxides, and those references (K,), both in units of RT."""
    RT = GAS_CONSTANT * T
    V, K = thermal.N.shape
    place = T - thermal.first
    dT, logarithm = T - T_STANDARD, np.log(T / T_STANDARD)
    squares, inverse = T * T - T_STANDARD * T_STANDARD, 1.0 / T - 1.0 / T_STANDARD
    inverse_squares = 1.0 / (T * T) - 1.0 / (T_STANDARD * T_STANDARD)
    fa = dT - T * logarithm
    fb = 0.5 * squares - T * dT
    fc = -inverse + 0.5 * T * inverse_squares
    mu = np.empty(3)
    for e in range(3):
        mu[e] = _at(thermal.open_potential[which, e], place)
    for v in range(V):
        H, S = thermal.energy[v, 0], thermal.energy[v, 1]
        a, b, c = thermal.energy[v, 2], thermal.energy[v, 3], thermal.energy[v, 4]
        value = H - T * S + a * fa + b * fb + c * fc
        absent = False
        for e in range(3):
            amount = thermal.gas[v, e]
            if amount != 0.0:
                if mu[e] == mu[e]:
                    value -= amount * mu[e]
                else:
                    absent = True
        g[v] = (ABSENT * thermal.size[v] if absent else value) / RT
    for i in range(K):
        known = thermal.closed_reference[which, i, 0]
        if known == known:
            reference[i] = _at(thermal.closed_reference[which, i], place) / RT
            continue
        least = np.inf
        for j in range(thermal.oxides.shape[1]):
            v = thermal.oxides[i, j]
            if v >= 0:
                least = min(least, g[v] / thermal.N[v, i])
        reference[i] = least
    for v in range(V):
        for i in range(K):
            g[v] -= thermal.N[v, i] * reference[i]


@kernel()
def rate(thermal: Thermal, T: float) -> float:
    """Rate of transformation [1/s] at a temperature [K]."""
    k0, T0, power, Ea = thermal.rate[0], thermal.rate[1], thermal.rate[2], thermal.rate[3]
    return float(k0 * (T / T0) ** power * np.exp(-Ea / (GAS_CONSTANT * T)))


@kernel()
def integrals(thermal: Thermal, begin: float, end: float, segment: int, spread: Array) -> tuple[float, float, float]:
    """Mean temperature [K] and the integrals of the rates of transformation and of coarsening [m3] over a step.

    Writes that of D (S, H, K) [m2].
    """
    sides, H, K = spread.shape
    for side in range(sides):
        for h in range(H):
            for i in range(K):
                spread[side, h, i] = 0.0
    mean, kappa, coarser = 0.0, 0.0, 0.0
    speed, hot, Ea = thermal.coarsening[0], thermal.coarsening[1], thermal.coarsening[2]
    for p in range(3):
        weight = 0.5 * WEIGHTS[p] * (end - begin)
        T = temperature(thermal, 0.5 * (begin + end) + 0.5 * (end - begin) * NODES[p], segment)
        RT = GAS_CONSTANT * T
        mean += 0.5 * WEIGHTS[p] * T
        kappa += weight * rate(thermal, T)
        coarser += weight * speed * np.exp(-Ea / GAS_CONSTANT * (1.0 / T - 1.0 / hot))
        for h in range(H):
            least = thermal.liquid[h] if thermal.melting[h] <= T else 0.0
            for i in range(K):
                if thermal.diffusivity[0, 0, h, i] == 0.0:
                    continue
                lattice = thermal.diffusivity[0, 0, h, i] * np.exp(-thermal.diffusivity[1, 0, h, i] / RT)
                boundary = thermal.diffusivity[0, 1, h, i] * np.exp(-thermal.diffusivity[1, 1, h, i] / RT)
                for side in range(sides):
                    f = thermal.boundary[side, h, i]
                    spread[side, h, i] += weight * max((1.0 - f) * lattice + f * boundary, least)
    return mean, kappa, coarser


@kernel()
def exchange(
    thermal: Thermal, T: float, duration: float, which: int, reference: Array, leak: Array, supply: Array
) -> float:
    """Writes what leaves the sample at unit activity and what comes in (K,) during a step, per mole of its cations.

    Returns what leaves as Li2O at unit activity of lithium, whose square it goes with.
    """
    renewed = thermal.renewal[which] / T * duration
    for i in range(len(leak)):
        known = thermal.closed_reference[which, i, 0]
        leak[i], supply[i] = 0.0, 0.0
        if known == known:
            leak[i] = renewed
            supply[i] = renewed * thermal.supplied[which, i]
    if thermal.lithium >= 0:
        place, moles = T - thermal.first, thermal.nearby[which] / T * duration
        exponent = reference[thermal.lithium] + _at(thermal.vapour[which, 0], place)
        leak[thermal.lithium] = moles * np.exp(min(exponent, 100.0))
        supply[thermal.lithium] = moles * np.exp(_at(thermal.bed[which], place))
        return moles * np.exp(min(2.0 * reference[thermal.lithium] + _at(thermal.vapour[which, 1], place), 100.0))
    return 0.0
