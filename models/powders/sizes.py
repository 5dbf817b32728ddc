"""Sizes of the particles of a powder: log-normal distributions, and the few classes that stand for them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.errors import InputError

Array = NDArray[np.float64]

CLASSES = 5
"""Classes that stand for a log-normal distribution unless another number is asked for."""

MOST_CLASSES, MOST_MODES = 15, 4
"""Most classes of a distribution, and most distributions that are mixed in a powder."""

WIDEST = 2.0
"""Largest deviation in units of the mean: beyond, single classes would lie decades away from it."""

SMALLEST, LARGEST = 1e-9, 1e-3
"""Mean diameters [m] that are accepted."""


@dataclass(frozen=True)
class Mode:
    """A log-normal distribution: mean and deviation of the diameter [m], weighted by volume, and its share by mass."""

    mean: float
    deviation: float
    share: float = 1.0

    @property
    def width(self) -> float:
        """Standard deviation of the logarithm of the diameter, the same by number and by volume."""
        return math.sqrt(math.log1p((self.deviation / self.mean) ** 2))

    @staticmethod
    def by_number(mean: float, deviation: float, share: float = 1.0) -> Mode:
        """The distribution by volume of another whose mean and deviation count particles, as image analysis does.

        The width stays and the median moves by exp(3 width^2) (Hatch & Choate, J. Franklin Inst. 207, 369 (1929);
        recalled).

        >>> round(Mode.by_number(5e-6, 2.5e-6).mean * 1e6, 2)
        9.77
        """
        factor = (1.0 + (deviation / mean) ** 2) ** 3
        return Mode(mean * factor, deviation * factor, share)


@dataclass(frozen=True)
class Sizes:
    """The sizes of a powder: a log-normal distribution, or several that are mixed, each in ``count`` classes.

    Raises InputError for what is no distribution.

    >>> Sizes((Mode(10e-6, 0.0),)).classes()
    (array([1.e-05]), array([1.]))
    """

    modes: tuple[Mode, ...]
    count: int = CLASSES

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST_CLASSES:
            raise InputError(f"sizes: {self.count} classes; choose 1 to {MOST_CLASSES}")
        if not 1 <= len(self.modes) <= MOST_MODES:
            raise InputError(f"sizes: {len(self.modes)} distributions in one powder; choose 1 to {MOST_MODES}")
        for mode in self.modes:
            if not (math.isfinite(mode.mean) and SMALLEST <= mode.mean <= LARGEST):
                raise InputError(
                    f"sizes: a mean of {1e6 * mode.mean:g} um; choose {1e6 * SMALLEST:g} to {1e6 * LARGEST:g} um"
                )
            if not 0.0 <= mode.deviation <= WIDEST * mode.mean:
                raise InputError(
                    f"sizes: a deviation of {1e6 * mode.deviation:g} um for a mean of {1e6 * mode.mean:g} um; "
                    f"choose 0 to {WIDEST:g} times the mean"
                )
            if not (math.isfinite(mode.share) and mode.share > 0.0):
                raise InputError(f"sizes: a share of {mode.share:g} is none; each distribution has one above 0")

    @property
    def mean(self) -> float:
        """Mean diameter [m], weighted by volume."""
        return sum(mode.share * mode.mean for mode in self.modes) / sum(mode.share for mode in self.modes)

    def classes(self) -> tuple[Array, Array]:
        """Diameters [m] and shares by volume (N,) of the classes, in order of size.

        The nodes and weights of the Gauss-Hermite quadrature on the logarithm: with n classes the mean of any
        polynomial of the logarithm up to degree 2 n - 1 is exact.  A distribution without width is a single class.

        >>> diameters, shares = Sizes((Mode(10e-6, 5e-6),)).classes()
        >>> (diameters * 1e6).round(1).tolist(), shares.round(3).tolist()
        ([2.3, 4.7, 8.9, 17.0, 34.5], [0.011, 0.222, 0.533, 0.222, 0.011])
        """
        diameters, shares = [], []
        whole = sum(mode.share for mode in self.modes)
        for mode in self.modes:
            if mode.deviation == 0.0:
                diameters.append(np.array([mode.mean]))
                shares.append(np.array([mode.share / whole]))
                continue
            nodes, weights = np.polynomial.hermite_e.hermegauss(self.count)
            median = math.log(mode.mean) - 0.5 * mode.width**2
            diameters.append(np.exp(median + mode.width * nodes))
            shares.append(mode.share / whole * weights / weights.sum())
        joined = np.concatenate(diameters)
        order = np.argsort(joined, kind="stable")
        return joined[order], np.concatenate(shares)[order]

    @property
    def label(self) -> str:
        """As a user would write it: ``10±5um``."""
        parts = [f"{1e6 * mode.mean:.4g}±{1e6 * mode.deviation:.4g}um" for mode in self.modes]
        if len(parts) == 1:
            return parts[0]
        whole = sum(mode.share for mode in self.modes)
        told = (f"{100.0 * mode.share / whole:.4g}% {part}" for mode, part in zip(self.modes, parts, strict=True))
        return " + ".join(told)
