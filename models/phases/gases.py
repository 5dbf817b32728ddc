"""Gibbs energies of the furnace gases from NASA polynomials."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.basics.errors import DataError, InputError, unknown


@dataclass(frozen=True)
class Gas:
    """One ideal gas species.

    ``low`` and ``high`` are NASA coefficients a1..a7 below and above ``T_mid``:
    Cp/R = a1 + a2 T + a3 T^2 + a4 T^3 + a5 T^4, with a6 the enthalpy and a7 the entropy constant
    (McBride, Gordon & Reno, NASA TM-4513, 1993); elements have H = 0 at 298.15 K, pressure 1 bar.
    """

    name: str
    formula: str
    T_low: float
    T_mid: float
    T_high: float
    low: tuple[float, ...]
    high: tuple[float, ...]
    source: str

    def _coefficients(
        self, temperature: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | tuple[float, ...]]:
        T = np.asarray(temperature, dtype=float)
        lowest, highest = float(T.min(initial=np.inf)), float(T.max(initial=-np.inf))
        if self.T_low - 2.0 > lowest or self.T_high < highest:  # some tables begin at 300, not at 298.15 K
            wrong = lowest if self.T_low - 2.0 > lowest else highest
            raise InputError(f"{self.name} gas data hold from {self.T_low:g} to {self.T_high:g} K, not at {wrong:g} K")
        if T.ndim == 0:  # time steps ask for one temperature at a time
            return T, self.low if lowest < self.T_mid else self.high
        a = np.where(T[..., None] < self.T_mid, np.array(self.low), np.array(self.high))
        return T, np.moveaxis(a, -1, 0)

    def cp(self, temperature: ArrayLike) -> NDArray[np.float64]:
        """Heat capacity [J mol^-1 K^-1] at temperature [K]."""
        T, a = self._coefficients(temperature)
        return GAS_CONSTANT * (a[0] + T * (a[1] + T * (a[2] + T * (a[3] + T * a[4]))))

    def enthalpy(self, temperature: ArrayLike) -> NDArray[np.float64]:
        """Enthalpy relative to the elements at 298.15 K [J mol^-1]."""
        T, a = self._coefficients(temperature)
        series = a[0] + T * (a[1] / 2 + T * (a[2] / 3 + T * (a[3] / 4 + T * a[4] / 5)))
        return GAS_CONSTANT * (T * series + a[5])

    def entropy(self, temperature: ArrayLike) -> NDArray[np.float64]:
        """Absolute entropy at 1 bar [J mol^-1 K^-1]."""
        T, a = self._coefficients(temperature)
        return GAS_CONSTANT * (a[0] * np.log(T) + T * (a[1] + T * (a[2] / 2 + T * (a[3] / 3 + T * a[4] / 4))) + a[6])

    def gibbs(self, temperature: ArrayLike) -> NDArray[np.float64]:
        """G = H - T S at 1 bar [J mol^-1]; H relative to the elements at 298.15 K."""
        return self.enthalpy(temperature) - np.asarray(temperature, dtype=float) * self.entropy(temperature)


@lru_cache(maxsize=1)
def embedded() -> dict[str, Gas]:
    """The gases of ``gases.csv`` by name.

    >>> sorted(embedded())[:3]
    ['Ar', 'CO', 'CO2']
    """
    text = resources.files("sinterface.models.data").joinpath("gases.csv").read_text(encoding="utf-8")
    gases = {}
    for row in csv.DictReader(text.splitlines()):
        try:
            low, high = (tuple(float(row[f"{part}{i}"]) for i in range(1, 8)) for part in ("low", "high"))
            bottom, middle, top = (float(row[key]) for key in ("T_low_K", "T_mid_K", "T_high_K"))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"gases.csv, row {row.get('gas')!r}: {error}") from error
        gases[row["gas"]] = Gas(
            name=row["gas"],
            formula=row["formula"],
            T_low=bottom,
            T_mid=middle,
            T_high=top,
            low=low,
            high=high,
            source=row["source"],
        )
    return gases


def gas(name: str) -> Gas:
    """The gas of that name.  Raises InputError naming the gases there are."""
    table = embedded()
    if name not in table:
        raise unknown("gas", name, table)
    return table[name]
