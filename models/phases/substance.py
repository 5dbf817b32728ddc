"""What is known of one solid, and the families in which results are reported."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sinterface.models.basics import formula
from sinterface.models.phases import gibbs

GAS_ELEMENTS = frozenset(("O", "C", "H"))
"""Elements that a phase exchanges with the furnace gas; all others are its closed components."""


def cations(amounts: Mapping[str, float]) -> float:
    """Moles of closed components, that is of all but O, C and H, in a composition.

    >>> cations({"Li": 1.0, "Co": 1.0, "O": 2.0})
    2.0
    """
    return sum(amount for symbol, amount in amounts.items() if symbol not in GAS_ELEMENTS)


@dataclass(frozen=True)
class Solid:
    """One phase, or one composition of a solution phase; molar quantities refer to the formula unit.

    ``enthalpy`` [J/mol] from the elements at 298.15 K and its standard deviation, ``entropy`` [J/mol/K] at
    298.15 K and its standard deviation, ``density`` [kg/m^3] or nan.  ``method`` says how the enthalpy is known:
    calorimetry, emf, kems, equilibrium, dft (with this project's element corrections) or estimate.
    ``observed`` is false for orderings that only a computer has seen; equilibria leave them out.
    ``solution`` names the solution phase this is a composition of, ``parts`` its end members and their amounts.
    """

    id: str
    amounts: Mapping[str, float]
    enthalpy: float
    enthalpy_sd: float
    entropy: float
    entropy_sd: float
    cp: gibbs.HeatCapacity
    structure: str
    density: float
    method: str
    sources: tuple[str, ...]
    family: str
    observed: bool = True
    solution: str = ""
    parts: tuple[tuple[str, float], ...] = ()
    note: str = field(default="", repr=False)

    def gibbs(self, temperature: ArrayLike) -> NDArray[np.float64]:
        """Gibbs energy [J/mol] at temperature [K], elements at 298.15 K and absolute entropies as reference."""
        return gibbs.gibbs(self.enthalpy, self.entropy, self.cp, temperature)

    @property
    def cations(self) -> float:
        """Moles of closed components, that is of all but O, C and H, in a formula unit."""
        return cations(self.amounts)

    @property
    def molar_mass(self) -> float:
        """kg per mole of formula units."""
        return formula.molar_mass(self.amounts)


@dataclass(frozen=True)
class Family:
    """One family of phases as results report it.

    ``description`` says what it holds; ``colour`` (#rrggbb), ``marker`` (Matplotlib's name) and ``symbol`` (Plotly's)
    draw it; ``host`` is its transport class, '' where the structure type of a phase decides.
    """

    description: str
    colour: str
    marker: str
    symbol: str
    host: str = ""


def _read_families() -> Mapping[str, Family]:
    text = resources.files("sinterface.models.data").joinpath("families.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: Family(**card) for name, card in tomllib.loads(text).items()})


FAMILIES: Mapping[str, Family] = _read_families()
"""All families by the name that stands in the ``family`` field of every result; ``families.toml`` is their table."""

_TRANSITION = frozenset(("Ni", "Mn", "Co", "Fe"))


def family(amounts: Mapping[str, float], structure: str) -> str:
    """The reporting family of a phase, from its elements and structure type; one of FAMILIES.

    >>> family({"La": 2.0, "Zr": 2.0, "O": 7.0}, "pyrochlore")
    'La2Zr2O7'
    """
    kinds = {symbol for symbol, amount in amounts.items() if amount > 0.0}
    metals = kinds - GAS_ELEMENTS
    kind = structure.casefold()
    if kinds == metals:
        return "metal"
    if "C" in kinds:
        return "carbonate"
    if "H" in kinds and "garnet" not in kind:
        return "hydroxide"
    if "garnet" in kind and "La" in kinds:
        return "garnet"
    if "P" in kinds:
        return "olivine" if "olivine" in kind and "Li" in kinds else "phosphate"
    if "B" in kinds:
        return "borate"
    if "La" in kinds:
        return _lanthanum_family(metals, kind)
    return _other_family(amounts, metals, kind)


def _lanthanum_family(metals: set[str], kind: str) -> str:
    if metals == {"La"}:
        return "La2O3"
    if metals == {"La", "Zr"} and "pyrochlore" in kind:
        return "La2Zr2O7"
    if metals <= {"La", "Ta", "Nb", "Sb", "Zr", "Li", "Ba"} and metals & {"Ta", "Nb", "Sb"}:
        return "La tantalate"
    if "k2nif4" in kind:
        return "La2MO4"
    if "ruddlesden" in kind:
        return "LanMnO3n+1"
    if "perovskite" in kind and "layered" not in kind:
        return "LaMO3"
    return "other"


def _other_family(amounts: Mapping[str, float], metals: set[str], kind: str) -> str:
    transition = metals & _TRANSITION
    if metals == {"Li"}:
        return "Li2O"
    if metals <= {"Li", "Zr"} and "Li" in metals:
        return "Li zirconate"
    if metals & {"Ta", "Nb", "Sb"} and "Li" in metals and not transition:
        return "Li tantalate"
    if "Li" in metals and transition:
        lithium = amounts["Li"] / (sum(amounts[symbol] for symbol in metals) - amounts["Li"])
        if abs(lithium - 2.0) < 0.01 and abs(amounts["O"] / amounts["Li"] - 1.5) < 0.01:
            return "Li2MnO3"
        if "spinel" in kind and lithium < 1.0:
            return "spinel"
        if "layered" in kind or (abs(lithium - 1.0) < 0.1 and amounts["O"] / amounts["Li"] < 2.2):
            return "layered"
        return "Li-rich TM oxide" if lithium > 1.0 else "other"
    if metals and metals <= _TRANSITION | {"Mg"}:
        oxygen = amounts.get("O", 0.0) / sum(amounts[symbol] for symbol in metals)
        return "rock salt" if abs(oxygen - 1.0) < 0.02 else "TM oxide"
    return "other"
