"""Gibbs energy of a solid from its formation enthalpy, standard entropy and heat capacity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sinterface.models.basics.constants import T_STANDARD as T0


@dataclass(frozen=True)
class HeatCapacity:
    """Cp(T) = a + b T + c T^-2 [J mol^-1 K^-1], the Maier-Kelley form; ``scaled`` and ``+`` make Neumann-Kopp sums.

    >>> float((HeatCapacity(50.0, 0.01, 0.0) + HeatCapacity(40.0, 0.0, 0.0).scaled(0.5))(1000.0))
    80.0
    """

    a: float
    b: float
    c: float

    def __add__(self, other: HeatCapacity) -> HeatCapacity:
        return HeatCapacity(self.a + other.a, self.b + other.b, self.c + other.c)

    def scaled(self, factor: float) -> HeatCapacity:
        """The heat capacity of ``factor`` moles."""
        return HeatCapacity(factor * self.a, factor * self.b, factor * self.c)

    def __call__(self, temperature: ArrayLike) -> NDArray[np.float64]:
        """Cp [J mol^-1 K^-1] at temperature [K]."""
        T = np.asarray(temperature, dtype=float)
        return self.a + self.b * T + self.c / T**2


NO_HEAT_CAPACITY = HeatCapacity(0.0, 0.0, 0.0)


def enthalpy_increment(cp: HeatCapacity, temperature: ArrayLike) -> NDArray[np.float64]:
    """H(T) - H(298.15 K) [J mol^-1], the integral of Cp; of the shape of ``temperature`` [K].

    >>> round(float(enthalpy_increment(HeatCapacity(100.0, 0.0, 0.0), 398.15)), 6)
    10000.0
    """
    T = np.asarray(temperature, dtype=float)
    return cp.a * (T - T0) + 0.5 * cp.b * (T**2 - T0**2) - cp.c * (1.0 / T - 1.0 / T0)


def entropy_increment(cp: HeatCapacity, temperature: ArrayLike) -> NDArray[np.float64]:
    """S(T) - S(298.15 K) [J mol^-1 K^-1], the integral of Cp/T; of the shape of ``temperature`` [K].

    >>> round(float(entropy_increment(HeatCapacity(100.0, 0.0, 0.0), 596.3)), 3)
    69.315
    """
    T = np.asarray(temperature, dtype=float)
    return cp.a * np.log(T / T0) + cp.b * (T - T0) - 0.5 * cp.c * (1.0 / T**2 - 1.0 / T0**2)


def gibbs(enthalpy: float, entropy: float, cp: HeatCapacity, temperature: ArrayLike) -> NDArray[np.float64]:
    """G(T) = H(T) - T S(T) [J mol^-1] with H relative to the elements at 298.15 K and S absolute.

    The same reference as the gases of ``gases.py``, so that differences are reaction Gibbs energies at any T.

    >>> gibbs(-1000.0, 10.0, NO_HEAT_CAPACITY, [300.0, 500.0]).tolist()
    [-4000.0, -6000.0]
    """
    T = np.asarray(temperature, dtype=float)
    return enthalpy + enthalpy_increment(cp, T) - T * (entropy + entropy_increment(cp, T))
