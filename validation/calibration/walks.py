"""Walks over the posterior itself: where walkers stood, how much that is worth, and what each parameter set weighs.

A row of the pool whose origin is 0 is where a walker starts.  In each later round every walker is proposed a set, which
the model runs, and goes there where the log of the posterior density rises by more than the row asks for
(``Pool.rise``).  The walk is thus told by the pool alone.  Its first half is given up.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from sinterface.models.basics.errors import InputError
from sinterface.validation.judging.pool import POWER, Pool

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def walks(pool: Pool) -> Integers:
    """The rows of the pool where each walker stood after each round (R, W), the start first; none without a walk.

    The first round that has not been run as a whole, and all after it, are left out.
    """
    density, now = pool.log_density(), np.flatnonzero(pool.origin == 0)
    if not len(now) or pool.waiting[now].any():
        return np.zeros((0, 0), dtype=np.int64)
    stood = [now]
    for number in range(1, int(pool.origin.max()) + 1):
        rows = np.flatnonzero(pool.origin == number)
        if len(rows) != len(now) or pool.waiting[rows].any():
            break
        now = np.where(density[rows] - density[now] > pool.rise[rows], rows, now)
        stood.append(now)
    return np.array(stood)


def samples(pool: Pool) -> Integers:
    """The rows (R, W) of the second half of the walk; none as long as no round has been run."""
    stood = walks(pool)
    return stood[len(stood) // 2 :] if len(stood) > 1 else stood[:0]


def log_weights(pool: Pool, without: Sequence[str] = ()) -> Array:
    """Normalised log weights (S,) of the posterior, without the observations of some cathodes.

    A row counts as often as a walker stood there; without a cathode that is divided by the likelihood of its
    observations.  As long as there is no walk, rows have the weights of their densities: that shows where the search
    has been, and is no posterior.  Raises InputError when no row has been run.
    """
    if pool.waiting.all():
        raise InputError(
            "no parameter set has been run in all firings that are observed: there is no posterior, search first"
        )
    stood = samples(pool)
    if not stood.size:
        log = pool.log_density(without)
    else:
        counts = np.bincount(stood.ravel(), minlength=len(pool.z))
        log = np.full(len(pool.z), -np.inf)
        rows = np.flatnonzero(counts)
        left = [c for c, name in enumerate(pool.cathodes) if name in without]
        log[rows] = np.log(counts[rows]) - POWER * pool.likelihood[np.ix_(rows, left)].sum(axis=1)
    return np.asarray(log - logsumexp(log))


def effective(pool: Pool, without: Sequence[str] = ()) -> float:
    """Effective number of independent samples: 1 / sum w^2 (Kong 1992) of all stands, over the autocorrelation time.

    It is 0 as long as no round has been run.
    """
    stood = samples(pool)
    if not stood.size:
        return 0.0
    log = log_weights(pool, without)[stood] - np.log(np.bincount(stood.ravel())[stood])
    return float(np.exp(-logsumexp(2.0 * log))) / autocorrelation(pool.z[stood])


def autocorrelation(z: Array) -> float:
    """Integrated autocorrelation time [rounds] of walks (R, W, D), of the slowest of all coordinates; at least 1.

    Of an autoregression, (1 + r) / (1 - r), whose r is the correlation between neighbouring rounds over all walkers:
    walks of few rounds tell no more.  Infinite where there is one round alone, or no walker moves.

    >>> rng = np.random.default_rng(0)
    >>> z = [rng.normal(size=(500, 2))]
    >>> for _ in range(20):
    ...     z.append(0.5 * z[-1] + np.sqrt(0.75) * rng.normal(size=(500, 2)))
    >>> 2.7 < autocorrelation(np.array(z)) < 3.3
    True
    """
    if len(z) < 2:
        return float("inf")
    away = z - z.mean(axis=(0, 1))
    power = np.mean(away**2, axis=(0, 1))
    step = np.mean((z[1:] - z[:-1]) ** 2, axis=(0, 1))
    moving = power > 0.0
    if not moving.any() or np.any(step[moving] == 0.0):
        return float("inf")
    r = 1.0 - 0.5 * step[moving] / power[moving]
    return max(1.0, float(np.max((1.0 + r) / (1.0 - r))))


def r_hat(z: Array) -> float:
    """R-hat of walks (R, W, D), the worst of all coordinates: 1 where parts of it tell the same; NaN of one round.

    Its parts are the halves in time of every other walker (Gelman & Rubin, Statist. Sci. 7, 457 (1992)).

    >>> round(r_hat(np.random.default_rng(0).normal(size=(20, 100, 3))), 2)
    1.0
    """
    if len(z) < 2 or z.shape[1] < 2:
        return float("nan")
    parts = [
        part.reshape(-1, z.shape[2]) for half in (z[: len(z) // 2], z[len(z) // 2 :])
        for part in (half[:, ::2], half[:, 1::2])
    ]  # fmt: skip
    means, variances = np.array([p.mean(axis=0) for p in parts]), np.array([p.var(axis=0) for p in parts])
    within = variances.mean(axis=0)
    if np.any(within == 0.0):
        return float("nan")
    return float(np.max(np.sqrt((within + means.var(axis=0, ddof=1)) / within)))
