"""Rates of phase transformation by class: how fast a phase grows or dissolves for a given driving force.

    d ln n_p / dt = k(T) A_p / RT,    A_p = N_p . mu - omega_p   [J per mole of cations]

Linear irreversible thermodynamics (de Groot & Mazur, Non-Equilibrium Thermodynamics, 1984, ch. X): the rate of a phase
is proportional to the amount of it that is there and to its affinity, so that near equilibrium it relaxes
exponentially and the entropy production k n A^2 / RT^2 is never negative.  A phase that is not there yet grows
from nuclei, a share of what could form from its surroundings.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.basics.errors import DataError
from sinterface.models.basics.quantity import quantity


@dataclass(frozen=True)
class Transformation:
    """k(T) = k0 (T/T0)^m exp(-Ea/RT): k0 [1/s], Ea [J/mol] and its sd; m = 1 for an attempt frequency k_B T/h."""

    k0: float
    T0: float
    power: float
    Ea: float
    Ea_sd: float

    def __call__(self, temperature: ArrayLike) -> NDArray[np.float64]:
        """Rate [1/s] at temperature [K]."""
        T = np.asarray(temperature, dtype=float)
        return np.asarray(self.k0 * (T / self.T0) ** self.power * np.exp(-self.Ea / (GAS_CONSTANT * T)))


@lru_cache(maxsize=1)
def embedded() -> Mapping[str, Transformation]:
    """The transformation classes of ``kinetics.toml`` by name."""
    text = resources.files("sinterface.models.data").joinpath("kinetics.toml").read_text(encoding="utf-8")
    classes = {}
    for card in tomllib.loads(text)["transformation"]:
        where = f"kinetics.toml [{card['class']}]"
        if card["k0"]["unit"] != "1/s":
            raise DataError(f"{where}: k0 is in 1/s, not {card['k0']['unit']!r}")
        energy = quantity({**card["Ea"], "source": card["source"]}, "molar energy", where)
        power = 1.0 if card["k0_scales_with_T"] else 0.0
        classes[card["class"]] = Transformation(
            float(card["k0"]["value"]), float(card.get("T0_K", 1.0)), power, energy.value, energy.sd
        )
    return classes
