"""What the model would say of a parameter set, guessed from those that were run: Gaussian processes by cathode.

The log-likelihood of each cathode is a trend, linear and quadratic in every coordinate, and a Gaussian process of what
the trend leaves.  Only the best part of the pool trains them, and log-likelihoods far below the best count as a floor,
so that corners where everything is wrong do not spoil the place that matters.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Sum, WhiteKernel
from sklearn.linear_model import RidgeCV
from threadpoolctl import threadpool_limits

from sinterface.models.basics.errors import InputError
from sinterface.validation.calibration.pool import POWER, Pool

Array = NDArray[np.float64]

LEAST = 40
"""Fewest parameter sets that an emulator is made of."""

MOST = 900
"""Most parameter sets that train an emulator: the best ones, given all observations or without some of them."""

FOR_LENGTHS = 300
"""Most parameter sets that its length scales are fitted to; their cost grows with the third power."""

FLOOR = 20.0
"""Log-likelihoods of one cathode this far below the best are all told apart from it, not from each other."""

ABOVE = 1.0
"""A guess exceeds the best log-likelihood of a cathode in the pool by this at most: trends run away off the data."""

FOLDS = 5
"""One in this many sets is held out, and so each once."""

PENALTIES = np.logspace(0.0, 4.0, 9)
"""Penalties among which the trend chooses by leaving sets out, in units where coordinates are of the order of one."""


@dataclass(frozen=True)
class Trained:
    """Trend and Gaussian process of the log-likelihood of one cathode, as arrays: samplers ask thousands of times.

    ``base``, ``slopes`` (D,) and ``curves`` (D,) make up the trend; ``sets`` (N, D) are those that trained the process,
    divided by ``lengths`` (D,), and ``weights`` (N,) what each adds where it is met; ``most`` is never exceeded.
    """

    base: float
    slopes: Array
    curves: Array
    lengths: Array
    sets: Array
    weights: Array
    most: float

    def __call__(self, z: Array) -> Array:
        """Log-likelihood (N,) at coordinates (N, D)."""
        near = np.exp(-0.5 * cdist(z / self.lengths, self.sets, "sqeuclidean"))
        return np.minimum(self.base + z @ self.slopes + z**2 @ self.curves + near @ self.weights, self.most)


@dataclass(frozen=True)
class Check:
    """How well sets held out were guessed: by cathode, and the log of the posterior density as a whole.

    ``rmse`` and ``spread``, the standard deviation of what was guessed, are in units of log-likelihood; ``rank`` is
    Spearman's correlation, NaN where nothing varies.  ``together`` is of the sum, times POWER: effective sizes fall as
    the exponential of its square.  ``sets`` is the number of sets.
    """

    cathodes: tuple[str, ...]
    rmse: tuple[float, ...]
    spread: tuple[float, ...]
    rank: tuple[float, ...]
    together: float
    together_rank: float
    sets: int


@dataclass(frozen=True)
class Emulator:
    """The log-likelihood of every cathode as a function of the coordinates, and how far to trust it."""

    trained: tuple[Trained, ...]
    cathodes: tuple[str, ...]
    check: Check

    def likelihood(self, z: Array) -> Array:
        """Log-likelihood (N, C) by cathode at coordinates (N, D)."""
        return np.stack([trained(z) for trained in self.trained], axis=1)

    def log_density(self, z: Array, without: Sequence[str] = ()) -> Array:
        """Log of prior times likelihood (N,) at coordinates (N, D) but for a constant, as ``Pool.log_density``."""
        told = sum(trained(z) for trained, name in zip(self.trained, self.cathodes, strict=True) if name not in without)
        return np.asarray(-0.5 * np.sum(z**2, axis=1) + POWER * told)


def train(pool: Pool, targets: Sequence[Sequence[str]] = ((),), seed: int = 0) -> Emulator:
    """Gaussian processes trained on the best part of the rows that were run.

    ``targets`` lists which cathodes are left out of each posterior that is asked for: a row is as good as it is for the
    posterior that likes it most.  Raises InputError when the pool has fewer than LEAST rows.
    """
    best = _best(pool.finished(), targets)
    count = len(best.z)
    if count < LEAST:
        raise InputError(f"{count} parameter sets were run: an emulator needs {LEAST}, search longer")
    rng = np.random.default_rng([seed, 6, count])
    fold = rng.permutation(count) % FOLDS
    values = np.maximum(best.likelihood, best.likelihood.max(axis=0) - FLOOR)
    guessed = np.empty_like(values)
    trained = []
    with threadpool_limits(1):  # small matrices: more threads only wait for each other
        for c in range(values.shape[1]):
            kernel = _kernel(best.z, values[:, c], rng)
            trained.append(_trained(best.z, values[:, c], kernel))
            for k in range(FOLDS):
                apart = fold == k
                guessed[apart, c] = _trained(best.z[~apart], values[~apart, c], kernel)(best.z[apart])
    return Emulator(tuple(trained), best.cathodes, _check(best.cathodes, guessed, values))


def _best(pool: Pool, targets: Sequence[Sequence[str]]) -> Pool:
    """The MOST rows that are nearest to the best of any target."""
    if len(pool.z) <= MOST:
        return pool
    behind = np.min([np.max(d) - d for d in (pool.log_density(left) for left in targets)], axis=0)
    chosen = np.zeros(len(pool.z), dtype=bool)
    chosen[np.argsort(behind, kind="stable")[:MOST]] = True
    return pool.rows(chosen)


def _terms(z: Array) -> Array:
    """What the trend is linear in: coordinates and their squares."""
    return np.hstack([z, z**2])


def _trend(z: Array, values: Array) -> tuple[RidgeCV, Array, float]:
    """The trend, what it leaves in units of its standard deviation, and that deviation."""
    trend = RidgeCV(PENALTIES).fit(_terms(z), values)
    left = values - trend.predict(_terms(z))
    scale = float(left.std()) + 1e-6
    return trend, np.asarray(left / scale), scale


def _kernel(z: Array, values: Array, rng: np.random.Generator) -> Sum:
    """Length scales of all coordinates and the share of noise, by maximum marginal likelihood on some of the rows."""
    some = rng.permutation(len(z))[:FOR_LENGTHS]
    start = ConstantKernel(1.0, (1e-2, 1e2)) * RBF(np.full(z.shape[1], 5.0), (0.5, 50.0)) + WhiteKernel(
        0.2, (1e-3, 2.0)
    )
    _, left, _ = _trend(z[some], values[some])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a length at its bound: the coordinate does not matter
        return GaussianProcessRegressor(start, optimizer=_ascend).fit(z[some], left).kernel_


def _ascend(negative: Callable[[Array], tuple[float, Array]], start: Array, bounds: Array) -> tuple[Array, float]:
    """A few steps of L-BFGS-B: the last digits of a length scale change nothing."""
    ended = minimize(negative, start, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 15})
    return np.asarray(ended.x), float(ended.fun)


def _trained(z: Array, values: Array, kernel: Sum) -> Trained:
    trend, left, scale = _trend(z, values)
    process = GaussianProcessRegressor(kernel, optimizer=None).fit(z, left)
    smooth = process.kernel_.k1  # amplitude times squared exponential; the other part is noise
    lengths = np.asarray(smooth.k2.length_scale, dtype=float)
    weights = scale * smooth.k1.constant_value * np.asarray(process.alpha_, dtype=float)
    slopes, curves = np.split(np.asarray(trend.coef_, dtype=float), 2)
    most = float(values.max()) + ABOVE
    return Trained(float(trend.intercept_), slopes, curves, lengths, z / lengths, weights, most)


def _check(cathodes: tuple[str, ...], guessed: Array, values: Array) -> Check:
    error = guessed - values
    sums = guessed.sum(axis=1), values.sum(axis=1)
    return Check(
        cathodes,
        tuple(map(float, np.sqrt(np.mean(error**2, axis=0)))),
        tuple(map(float, values.std(axis=0))),
        tuple(_rank(guessed[:, c], values[:, c]) for c in range(len(cathodes))),
        float(POWER * np.std(sums[0] - sums[1])),
        _rank(*sums),
        len(values),
    )


def _rank(guessed: Array, values: Array) -> float:
    """Spearman's rank correlation, NaN where one of them does not vary."""
    if np.ptp(guessed) == 0.0 or np.ptp(values) == 0.0:
        return float("nan")
    return float(spearmanr(guessed, values).statistic)
