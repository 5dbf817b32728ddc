"""On what scale the phases of a reacted layer lie side by side: finely when they form, coarser the longer they are hot.

The cube of the radius over which they exchange cations grows linearly in time at each temperature, as that of particles
that coarsen by diffusion does (Lifshitz & Slyozov, J. Phys. Chem. Solids 19, 35 (1961); Wagner, Z. Elektrochem. 65, 581
(1961); recalled),

    d(r^3)/dt = k exp(-Q/R (1/T - 1/T_hot)).

Everything in a sample is as coarse as what was there first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ENERGY = 2.1e5
"""Activation energy Q [J/mol], an estimate good to a factor of two: three times the 71 kJ/mol that crystallites of
La2Zr2O7 from gels grow with ("Effects on Phase Evolution of La2O3-ZrO2 Mixed Oxides Prepared via Sol-Gel Process and
its Crystal Growth Behavior", J. Inorg. Organomet. Polym. Mater.; an excerpt of its abstract that has lost its signs of
comparison: that this is the value above 1000 °C is an interpretation)."""

HOT, AN_HOUR = 1273.15, 3600.0
"""Temperature T_hot [K] and time [s] that the parameter ``coarsening`` is told for."""


def growth(later: float) -> NDArray[np.float64]:
    """Rate k [m3/s] at which the cube of the radius grows at T_hot, T_hot [K] and Q [J/mol], as an array (3,).

    ``later`` is log10 of the radius [nm] that an hour at T_hot makes of nothing.

    >>> k, hot, energy = growth(1.0)
    >>> float(round(1e9 * np.cbrt(k * 3600.0), 6)), float(hot)
    (10.0, 1273.15)
    """
    return np.array([1e-27 * 10.0 ** (3.0 * later) / AN_HOUR, HOT, ENERGY])
