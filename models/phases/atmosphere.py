"""The furnace gas: its partial pressures and the potentials it imposes on O, CO2 and H2O."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.basics.errors import InputError, shown, suggestion, unknown
from sinterface.models.basics.lookalikes import level
from sinterface.models.phases.gases import gas

OPEN_ELEMENTS = ("O", "C", "H")
"""Elements that come and go with the gas: O as 1/2 O2, C as CO2 - O2, H as 1/2 H2O - 1/4 O2."""

PRESSURES = ("pO2", "pCO2", "pH2O", "pH2", "pCO")
"""Partial pressures that describe a gas."""

SCARCE = 0.01
"""Pressure of O2 [bar] below which the oxygen that a sample takes up or gives off is limited by the flow of the gas: a
crucible renewed every 20 s brings 0.04 mol of O2 per mole of cations and hour at 0.01 bar, and 0.8 in air."""

MAX_TEXT = 300
"""Longest text of a gas [characters]."""

MAX_PRESSURE = 100.0
"""Largest partial pressure accepted [bar]: gases are treated as ideal."""


@dataclass(frozen=True)
class Atmosphere:
    """Partial pressures [bar] of a gas at 1 bar in all unless stated otherwise.

    With hydrogen or carbon monoxide it is reducing: its oxygen is that of the equilibrium H2 + 1/2 O2 = H2O or
    CO + 1/2 O2 = CO2 at each temperature, and ``pO2`` is 0.

    >>> print(Atmosphere("mine", pO2=0.2, pCO2=4e-4))
    mine (pO2=0.2, pCO2=0.0004 bar)
    >>> atmosphere("N2").scarce, atmosphere("H2/Ar").reducing
    (True, True)
    """

    name: str
    pO2: float
    pCO2: float = 0.0
    pH2O: float = 0.0
    pH2: float = 0.0
    pCO: float = 0.0

    def __post_init__(self) -> None:
        for species in PRESSURES:
            value = getattr(self, species)
            if not (math.isfinite(value) and 0.0 <= value <= MAX_PRESSURE):
                raise InputError(f"{species} = {value} bar: partial pressures lie between 0 and {MAX_PRESSURE:g} bar")
        if self.pH2 > 0.0 and self.pCO > 0.0:
            raise InputError("pH2 and pCO are both given: the oxygen of a gas is set by H2/H2O or by CO/CO2, drop one")
        for fuel, product in (("pH2", "pH2O"), ("pCO", "pCO2")):
            if getattr(self, fuel) > 0.0 and getattr(self, product) <= 0.0:
                raise InputError(f"{fuel} without {product}: their ratio sets the oxygen, give {product} too (bar)")
        if self.reducing and self.pO2 > 0.0:
            raise InputError(f"pO2 = {self.pO2:g} bar beside pH2 or pCO: these burn it, leave pO2 out")
        if not self.reducing and self.pO2 <= 0.0:
            raise InputError(
                "pO2 = 0 bar: every real gas holds some oxygen and its potential is needed; "
                "give the residual, e.g. --atmosphere N2:pO2=1e-5"
            )

    @property
    def reducing(self) -> bool:
        """Whether hydrogen or carbon monoxide sets its oxygen."""
        return self.pH2 > 0.0 or self.pCO > 0.0

    @property
    def scarce(self) -> bool:
        """Whether its oxygen is so little that a sample can use it up: in N2, Ar and CO2, not in a buffered gas."""
        return not self.reducing and self.pO2 < SCARCE

    def oxygen_pressure(self, temperature: float) -> float:
        """Pressure of O2 [bar] that its oxygen potential stands for at temperature [K].

        >>> atmosphere("O2").oxygen_pressure(1000.0)
        1.0
        >>> 1e-21 < atmosphere("H2/H2O").oxygen_pressure(1000.0) < 1e-19
        True
        """
        if not self.reducing:
            return self.pO2
        T = float(temperature)
        return math.exp(float(2.0 * self.potential("O", T) - gas("O2").gibbs(T)) / (GAS_CONSTANT * T))

    def having(self, species: str, pressure: float) -> Atmosphere:
        """The same gas with another pO2, pCO2 or pH2O [bar].  Raises InputError naming the choices.

        >>> print(atmosphere("O2").having("pCO2", 1e-5))
        O2:pCO2=1e-05 (pO2=1, pCO2=1e-05 bar)
        """
        if species not in PRESSURES:
            raise unknown("gas axis", species, PRESSURES)
        name = f"{self.name.partition(':')[0]}:{species}={pressure:g}"
        return replace(self, name=name, **{species: float(pressure)})

    def potential(self, element: str, temperature: ArrayLike) -> NDArray[np.float64]:
        """Chemical potential [J mol^-1] of O, C or H imposed by the gas at temperature [K].

        mu_O = G(O2)/2 + RT/2 ln pO2, or mu_H2O - mu_H2 or mu_CO2 - mu_CO in a reducing gas, mu_C = mu_CO2 - 2 mu_O,
        mu_H = (mu_H2O - mu_O)/2, all relative to the elements at 298.15 K as the formation data are.  -inf where the
        gas holds no CO2 or H2O.

        >>> atmosphere("air").potential("O", [900.0, 1000.0]).shape
        (2,)
        """
        T = np.asarray(temperature, dtype=float)
        if self.pH2 > 0.0:
            mu_O = self._volatile("H2O", self.pH2O, T) - self._volatile("H2", self.pH2, T)
        elif self.pCO > 0.0:
            mu_O = self._volatile("CO2", self.pCO2, T) - self._volatile("CO", self.pCO, T)
        else:
            mu_O = 0.5 * (gas("O2").gibbs(T) + GAS_CONSTANT * T * math.log(self.pO2))
        if element == "O":
            return mu_O
        if element == "C":
            return self._volatile("CO2", self.pCO2, T) - 2.0 * mu_O
        if element == "H":
            return 0.5 * (self._volatile("H2O", self.pH2O, T) - mu_O)
        raise unknown("open element", element, OPEN_ELEMENTS)

    def _volatile(self, species: str, pressure: float, T: NDArray[np.float64]) -> NDArray[np.float64]:
        if pressure == 0.0:
            return np.full_like(T, -np.inf)
        return gas(species).gibbs(T) + GAS_CONSTANT * T * math.log(pressure)

    def __str__(self) -> str:
        given = ((species, getattr(self, species)) for species in PRESSURES)
        parts = [f"{species}={value:g}" for species, value in given if value > 0.0]
        return f"{self.name} ({', '.join(parts)} bar)"


NAMED: Mapping[str, Atmosphere] = {
    "O2": Atmosphere("O2", pO2=1.0),
    # CO2 and water-free compressed air, and outdoor air with 400 ppm CO2 and a dew point of about 10 degrees C
    "dry-air": Atmosphere("dry-air", pO2=0.2095),
    "air": Atmosphere("air", pO2=0.2095 * 0.988, pCO2=4.0e-4, pH2O=0.012),
    # 10 ppm and 5 ppm: residual oxygen of technical-grade gas as delivered (grade 5.0 is at most 3-5 ppm O2)
    "N2": Atmosphere("N2", pO2=1.0e-5),
    "Ar": Atmosphere("Ar", pO2=5.0e-6),
    "CO2": Atmosphere("CO2", pO2=1.0e-5, pCO2=1.0),
    # 5 % H2 of forming gas, dry: a dew point of -40 degrees C; the same led through water at 25 degrees C; equal shares
    "H2/Ar": Atmosphere("H2/Ar", pO2=0.0, pH2=0.05, pH2O=1.9e-4),
    "H2/H2O": Atmosphere("H2/H2O", pO2=0.0, pH2=0.05, pH2O=0.0317),
    "CO/CO2": Atmosphere("CO/CO2", pO2=0.0, pCO=0.5, pCO2=0.5),
}
"""Atmospheres by name; ``NAME:pO2=...,pCO2=...,pH2O=...`` overrides any of the pressures [bar],
``air:dew_point=15`` the humidity."""

WORDS: Mapping[str, str] = {
    "oxygen": "O2",
    "nitrogen": "N2",
    "argon": "Ar",
    "carbon dioxide": "CO2",
    "forming gas": "H2/Ar",
}
"""Words for gases, for which their names are suggested."""


def water_pressure(dew_point: float) -> float:
    """Partial pressure of water [bar] at a dew point [degrees C], -45 to 60.

    Magnus form over water of the WMO Guide to Instruments and Methods of Observation (2018), annex 4.B.
    Raises InputError outside its range.
    """
    if not -45.0 <= dew_point <= 60.0:
        raise InputError(f"dew point {dew_point:g} °C: must lie between -45 and 60 °C")
    return 6.112e-3 * math.exp(17.62 * dew_point / (243.12 + dew_point))


def atmosphere(text: str | Atmosphere) -> Atmosphere:
    """Atmosphere from its name, ``"air"``, with changed pressures, ``"O2:pCO2=1e-5"``, or pressures, ``"pO2=0.2"``.

    Pressures are in bar.  Raises InputError naming the choices.

    >>> print(atmosphere("air"))
    air (pO2=0.206986, pCO2=0.0004, pH2O=0.012 bar)
    >>> atmosphere("O2:pCO2=1e-5").pCO2
    1e-05
    """
    if isinstance(text, Atmosphere):
        return text
    if len(text) > MAX_TEXT:
        raise InputError(f"atmosphere {shown(text)}: over {MAX_TEXT} characters is no gas; write e.g. O2:pCO2=1e-5")
    text = " ".join(level(text).split())
    head, tail = (part.strip() for part in (*text.split(":", 1), "")[:2])
    if "=" in head:
        head, tail = "custom", text
    named = {name.casefold(): value for name, value in NAMED.items()}
    if head != "custom" and head.casefold() not in named:
        example = "O2:pCO2=0.05 for O2 with 5 % of CO2" if re.search("[%+]", head) else "pO2=0.2,pCO2=4e-4"
        raise unknown("atmosphere", head, NAMED, f"or give pressures in bar, e.g. {example}", WORDS)
    base = named.get(head.casefold())
    pressures = {species: getattr(base, species) for species in PRESSURES} if base else {}
    if comma := re.search(r"=\s*\d+,\d+\s*(?=,|$)", tail):
        raise InputError(f"atmosphere {text!r}: {comma[0][1:].strip()!r} has a comma: put a point before decimals")
    told: set[str] = set()
    keys = (*PRESSURES, "dew_point")
    for part in filter(None, re.split(r"[,\s]+", tail)):
        key, separator, value = part.partition("=")
        gas = "pH2O" if key == "dew_point" else key
        if gas in told:
            raise InputError(f"atmosphere {text!r}: {gas} is given twice, drop one")
        told.add(gas)
        if key not in keys or not separator:
            choices = "pO2=, pCO2=, pH2O=, pH2=, pCO= (bar), dew_point= (°C)"
            meant = "" if key in keys else suggestion(key, keys)
            raise InputError(f"atmosphere {text!r}: {meant}{part!r} is none of {choices}")
        try:
            number = float(value)
        except ValueError as error:
            what = "temperature in °C" if key == "dew_point" else "pressure in bar"
            raise InputError(f"atmosphere {text!r}: {value!r} is not a {what}") from error
        if key == "dew_point":
            pressures["pH2O"] = water_pressure(number)
        else:
            pressures[key] = number
    if {"pH2", "pCO"} & told and "pO2" not in told:
        pressures["pO2"] = 0.0  # what there was burns
    if "pO2" not in pressures:
        raise InputError(f"atmosphere {text!r}: pO2 is needed, e.g. pO2=0.2,pCO2=4e-4")
    name = base.name if base and not tail else text
    return Atmosphere(name, **pressures)
