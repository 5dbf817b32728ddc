"""How far a schedule densifies LLZTO: a master sintering curve, with the uncertainty of its numbers.

Su & Johnson, J. Am. Ceram. Soc. 79 (1996) 3211: while one mechanism rules, relative density depends on the schedule
through Theta = integral of exp(-Q / RT) / T dt alone.  The numbers and what is known of each are in
``data/sintering.toml``.  It is the progress of a compact of garnet powder without pressure: cathode particles in it,
which hold it back, and secondary phases do not enter.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import exp1

from sinterface.models.basics.constants import GAS_CONSTANT, QUANTILES
from sinterface.models.basics.errors import DataError, InputError

Array = NDArray[np.float64]

STRAIGHT = 1e-3
"""Change of Q/RT over a piece below which the mean of its ends is exact enough (to 1e-7) for its Theta."""

DRAWS = 400
"""Draws of the curve's numbers behind an interval."""

UNITS = {"activation_energy": "kJ/mol", "half_time": "s", "width": "1", "green": "1", "final": "1"}
"""Units of the numbers on the card."""


@dataclass(frozen=True)
class MasterCurve:
    """A master sintering curve: activation energy [J/mol], time [s] at ``T_ref`` [K] to half-way, width in ln t [1].

    ``green`` and ``final`` are the relative densities [1] it runs between.
    """

    activation_energy: float
    half_time: float
    width: float
    green: float
    final: float
    T_ref: float

    def density(self, times: ArrayLike, temperatures: ArrayLike) -> Array:
        """Relative density [1] (N,) at times [s] (N,) of a schedule that is straight between its temperatures [K]."""
        spent = equivalent_time(times, temperatures, self.activation_energy, self.T_ref)
        with np.errstate(divide="ignore", over="ignore"):
            progress = 1.0 / (1.0 + (self.half_time / spent) ** (1.0 / self.width))
        return np.asarray(self.green + (self.final - self.green) * progress)


def work(times: ArrayLike, temperatures: ArrayLike, activation_energy: float) -> Array:
    """Theta [s/K] (N,) from the first of ``times`` [s] (N,) to each: integral of exp(-Q / RT) / T dt.

    Temperatures [K] (N,) run straight between the times, for which the integral is closed: with u = Q / RT,
    Theta = dt / (T2 - T1) (E1(u2) - E1(u1)).  Q [J/mol].  Raises InputError for times that go back.
    """
    return np.asarray(_scaled(times, temperatures, activation_energy, np.inf))


def equivalent_time(times: ArrayLike, temperatures: ArrayLike, activation_energy: float, T_ref: float) -> Array:
    """Time [s] (N,) at ``T_ref`` [K] with the same Theta, T_ref Theta exp(Q / R T_ref), up to each of ``times``."""
    return np.asarray(T_ref * _scaled(times, temperatures, activation_energy, T_ref))


def _scaled(times: ArrayLike, temperatures: ArrayLike, activation_energy: float, T_ref: float) -> Array:
    """Theta exp(Q / R T_ref)."""
    t, T = np.asarray(times, dtype=float), np.asarray(temperatures, dtype=float)
    dt = np.diff(t)
    if t.shape != T.shape or t.ndim != 1 or np.any(dt < 0.0) or not np.all(T > 0.0):
        raise InputError("sintering: give as many temperatures above 0 K as times, and times in order")
    u, ref = activation_energy / (GAS_CONSTANT * T), activation_energy / (GAS_CONSTANT * T_ref)
    rate = np.exp(ref - u) / T
    level = 0.5 * (rate[1:] + rate[:-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        ramp = np.exp(ref) * np.diff(exp1(u)) / np.diff(T)
    pieces = dt * np.where(np.abs(np.diff(u)) < STRAIGHT, level, ramp)
    return np.concatenate(([0.0], np.cumsum(pieces)))


@dataclass(frozen=True)
class Densification:
    """The curve of the cards and draws of it within their uncertainties."""

    best: MasterCurve
    draws: tuple[MasterCurve, ...]

    def interval(self, times: ArrayLike, temperatures: ArrayLike) -> tuple[float, float, float]:
        """5, 50 and 95 % of the relative density [1] at the end of a schedule (times [s], temperatures [K])."""
        ends = [float(curve.density(times, temperatures)[-1]) for curve in self.draws]
        low, middle, high = np.quantile(ends, QUANTILES)
        return float(low), float(middle), float(high)


@lru_cache(maxsize=8)
def embedded(seed: int = 0, size: int = DRAWS) -> Densification:
    """The curve of ``data/sintering.toml`` and ``size`` draws of it; the same seed gives the same draws."""
    text = resources.files("sinterface.models.data").joinpath("sintering.toml").read_text(encoding="utf-8")
    card = tomllib.loads(text)
    for name, unit in UNITS.items():
        if card[name]["unit"] != unit:
            raise DataError(f"sintering.toml [{name}]: unit {card[name]['unit']!r} is not {unit}")
    T_ref = float(card["T_ref"]["value"])
    best = MasterCurve(
        1e3 * card["activation_energy"]["value"], card["half_time"]["value"], card["width"]["value"],
        card["green"]["value"], card["final"]["value"], T_ref,
    )  # fmt: skip
    z = np.random.default_rng([seed, 7]).normal(size=(size, 5))
    draws = tuple(
        MasterCurve(
            # limits that a draw is held to keep the curve a curve: about one draw in 10 000 meets one
            max(best.activation_energy + 1e3 * card["activation_energy"]["sd"] * row[0], 5e4),
            best.half_time * float(np.exp(card["half_time"]["sd_ln"] * row[1])),
            max(best.width + card["width"]["sd"] * row[2], 0.2),
            min(best.green + card["green"]["sd"] * row[3], 0.9),
            float(np.clip(best.final + card["final"]["sd"] * row[4], 0.9, 1.0)),
            T_ref,
        )
        for row in z
    )
    return Densification(best, draws)
