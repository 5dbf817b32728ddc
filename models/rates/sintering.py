"""How far a schedule densifies LLZTO, and how far contacts grow: a master sintering curve, without and with pressure.

Su & Johnson, J. Am. Ceram. Soc. 79 (1996) 3211: while one mechanism rules, relative density depends on the schedule
through Theta = integral of exp(-Q / RT) / T dt alone.  A pressure adds to the stress with which surfaces sinter (Coble,
J. Appl. Phys. 41, 4798 (1970)), and squeezes contacts flat until they carry it (Helle, Easterling & Ashby, Acta Metall.
33, 2163 (1985); both recalled).  The numbers and what is known of each are in ``data/sintering.toml``.  It is the
progress of a compact of garnet powder: cathode particles in it, which hold it back without pressure, and secondary
phases do not enter.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import exp1

from sinterface.models.basics.constants import GAS_CONSTANT, QUANTILES, T_STANDARD
from sinterface.models.basics.errors import DataError, InputError

Array = NDArray[np.float64]

STRAIGHT = 1e-3
"""Change of Q/RT over a piece below which the mean of its ends is exact enough (to 1e-7) for its Theta."""

DRAWS = 400
"""Draws of the curve's numbers behind an interval."""

UNITS = {
    "activation_energy": "kJ/mol", "half_time": "s", "width": "1", "green": "1", "final": "1", "pressed": "MPa",
    "sintering_stress": "MPa", "flow_cold": "MPa", "flow_hot": "MPa",
}  # fmt: skip
"""Units of the numbers on the card."""

MEGAPASCAL = 1e6


@dataclass(frozen=True)
class Pressing:
    """What a compact sets against a pressure.

    ``sintering_stress`` [Pa] is the pressure that doubles the rate of densification; ``flow_cold`` and ``flow_hot``
    [Pa] the stress at which contacts flow at 25 °C and at ``T_hot`` [K]; ``pressed`` [Pa] has made the green compact.
    """

    sintering_stress: float
    flow_cold: float
    flow_hot: float
    T_hot: float
    pressed: float

    def flow(self, temperatures: ArrayLike) -> Array:
        """Flow stress [Pa] (N,) at temperatures [K] (N,): its logarithm is straight in T, beyond both ends too.

        >>> float(Pressing(1e6, 2e9, 1e8, 900.0, 1e8).flow(900.0)) / 1e8
        1.0
        """
        warm = (np.asarray(temperatures, dtype=float) - T_STANDARD) / (self.T_hot - T_STANDARD)
        return np.asarray(self.flow_cold * (self.flow_hot / self.flow_cold) ** warm)

    def load(self, temperatures: ArrayLike, pressures: ArrayLike) -> Array:
        """Most of p / flow so far (N,), less what the green compact has carried, from p [Pa] (N - 1,) between points.

        >>> Pressing(1e6, 2e9, 1e8, 900.0, 0.0).load([900.0, 900.0, 300.0], [1e8, 0.0]).round(3)
        array([0., 1., 1.])
        """
        flow = self.flow(temperatures)
        carried = np.concatenate(([0.0], np.asarray(pressures) / np.minimum(flow[1:], flow[:-1])))
        return np.maximum(np.maximum.accumulate(carried) - self.pressed / self.flow_cold, 0.0)


@dataclass(frozen=True)
class MasterCurve:
    """A master sintering curve: activation energy [J/mol], time [s] at ``T_ref`` [K] to half-way, width in ln t [1].

    ``green`` and ``final`` are the relative densities [1] it runs between; ``pressing`` is what pressures act on.
    """

    activation_energy: float
    half_time: float
    width: float
    green: float
    final: float
    T_ref: float
    pressing: Pressing | None = None

    def density(self, times: ArrayLike, temperatures: ArrayLike, pressures: ArrayLike = 0.0) -> Array:
        """Relative density [1] (N,) at times [s] (N,) of a schedule that is straight between its temperatures [K].

        ``pressures`` [Pa] (N - 1,) act between the times; they add to the sintering stress, and squeeze the compact to

            rho^3 = green^3 + (1 - green) / 1.3 load

        at once (Helle, Easterling & Ashby 1985, yielding, for densities up to 0.9).  Raises InputError for a negative
        pressure, and for any where this curve has no ``pressing``.

        >>> hot_pressed = embedded().best.density([0.0, 3600.0], [1273.15, 1273.15], [5e7])[-1]
        >>> bool(hot_pressed > embedded().best.density([0.0, 3600.0], [1273.15, 1273.15])[-1])
        True
        """
        pieces = np.broadcast_to(np.asarray(pressures, dtype=float), (max(np.size(times) - 1, 0),))
        if not np.all(pieces >= 0.0) or (self.pressing is None and np.any(pieces > 0.0)):
            raise InputError("sintering: pressures are 0 or more, and need a curve that says what they act on")
        start, faster = np.full(len(pieces) + 1, self.green), np.ones(len(pieces))
        if self.pressing is not None:
            load = self.pressing.load(temperatures, pieces)
            start = np.minimum(np.cbrt(self.green**3 + (1.0 - self.green) / 1.3 * load), self.final)
            faster = 1.0 + pieces / self.pressing.sintering_stress
        spent = self.T_ref * _scaled(times, temperatures, self.activation_energy, self.T_ref, faster)
        with np.errstate(divide="ignore", over="ignore"):
            progress = 1.0 / (1.0 + (self.half_time / spent) ** (1.0 / self.width))
        return np.asarray(start + (self.final - start) * progress)

    def flattened(self, density: ArrayLike) -> Array:
        """Share of the surface of particles [1] (N,) that necks have taken at relative densities [1] (N,).

        Spheres of radius R, 12 rho neighbours each, contacts of the area pi R^2 (rho - green) / (3 (1 - green)) each
        (Helle, Easterling & Ashby 1985): rho (rho - green) / (1 - green), nothing in the green compact and all of the
        surface where no pore is left.

        >>> embedded().best.flattened([0.55, 1.0])
        array([0., 1.])
        """
        rho = np.asarray(density, dtype=float)
        return np.asarray(np.clip(rho * (rho - self.green) / (1.0 - self.green), 0.0, 1.0))


def work(times: ArrayLike, temperatures: ArrayLike, activation_energy: float) -> Array:
    """Theta [s/K] (N,) from the first of ``times`` [s] (N,) to each: integral of exp(-Q / RT) / T dt.

    Temperatures [K] (N,) run straight between the times, for which the integral is closed: with u = Q / RT,
    Theta = dt / (T2 - T1) (E1(u2) - E1(u1)).  Q [J/mol].  Raises InputError for times that go back.
    """
    return np.asarray(_scaled(times, temperatures, activation_energy, np.inf))


def equivalent_time(times: ArrayLike, temperatures: ArrayLike, activation_energy: float, T_ref: float) -> Array:
    """Time [s] (N,) at ``T_ref`` [K] with the same Theta, T_ref Theta exp(Q / R T_ref), up to each of ``times``."""
    return np.asarray(T_ref * _scaled(times, temperatures, activation_energy, T_ref))


def _scaled(
    times: ArrayLike, temperatures: ArrayLike, activation_energy: float, T_ref: float, faster: ArrayLike = 1.0
) -> Array:
    """Theta exp(Q / R T_ref), each piece of the schedule ``faster`` (N - 1,) times."""
    t, T = np.asarray(times, dtype=float), np.asarray(temperatures, dtype=float)
    dt = np.diff(t)
    if t.shape != T.shape or t.ndim != 1 or np.any(dt < 0.0) or not np.all(T > 0.0):
        raise InputError("sintering: give as many temperatures above 0 K as times, and times in order")
    u, ref = activation_energy / (GAS_CONSTANT * T), activation_energy / (GAS_CONSTANT * T_ref)
    rate = np.exp(ref - u) / T
    level = 0.5 * (rate[1:] + rate[:-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        ramp = np.exp(ref) * np.diff(exp1(u)) / np.diff(T)
    pieces = dt * np.where(np.abs(np.diff(u)) < STRAIGHT, level, ramp) * faster
    return np.concatenate(([0.0], np.cumsum(pieces)))


@dataclass(frozen=True)
class Densification:
    """The curve of the cards and draws of it within their uncertainties."""

    best: MasterCurve
    draws: tuple[MasterCurve, ...]

    def interval(
        self, times: ArrayLike, temperatures: ArrayLike, pressures: ArrayLike = 0.0
    ) -> tuple[float, float, float]:
        """5, 50 and 95 % of the relative density [1] at the end of a schedule: times [s], temperatures [K] (N,), and

        pressures [Pa] (N - 1,) between the times.
        """
        ends = [float(curve.density(times, temperatures, pressures)[-1]) for curve in self.draws]
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
    value = {name: float(card[name]["value"]) for name in (*UNITS, "T_ref", "T_hot")}
    best = MasterCurve(
        1e3 * value["activation_energy"], value["half_time"], value["width"], value["green"], value["final"],
        value["T_ref"],
        Pressing(
            MEGAPASCAL * value["sintering_stress"], MEGAPASCAL * value["flow_cold"], MEGAPASCAL * value["flow_hot"],
            T_hot=value["T_hot"], pressed=MEGAPASCAL * value["pressed"],
        ),
    )  # fmt: skip
    assert best.pressing is not None
    z = np.random.default_rng([seed, 7]).normal(size=(size, 5))
    under = np.random.default_rng([seed, 8]).normal(size=(size, 3))
    stresses = ("sintering_stress", "flow_cold", "flow_hot")
    factors = np.exp([card[name]["sd_ln"] for name in stresses] * under)
    draws = tuple(
        MasterCurve(
            # limits that a draw is held to keep the curve a curve: about one draw in 10 000 meets one
            max(best.activation_energy + 1e3 * card["activation_energy"]["sd"] * row[0], 5e4),
            best.half_time * float(np.exp(card["half_time"]["sd_ln"] * row[1])),
            max(best.width + card["width"]["sd"] * row[2], 0.2),
            min(best.green + card["green"]["sd"] * row[3], 0.9),
            float(np.clip(best.final + card["final"]["sd"] * row[4], 0.9, 1.0)),
            best.T_ref,
            replace(
                best.pressing,
                **{name: getattr(best.pressing, name) * float(f) for name, f in zip(stresses, factor, strict=True)},
            ),
        )
        for row, factor in zip(z, factors, strict=True)
    )
    return Densification(best, draws)
