"""Walks over the posteriors themselves: where walkers stood, how much that is worth, and what each set weighs.

Walkers take turns: some walk over the posterior given all observations, some over each posterior without a cathode.  A
row of the pool whose origin is 0 is where a walker starts.  In each later round every walker is proposed a set, which
the model runs, and goes there where the log density of its posterior rises by more than the row asks for
(``Pool.rise``).  The walk is thus told by the pool alone.  Its first half is given up.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from sinterface.models.basics.errors import InputError
from sinterface.validation.judging.likelihood import ALONE
from sinterface.validation.judging.pool import Pool

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Left = tuple[str, ...]

TOGETHER = {"pc-NMC532": "pc-NMC631"}
"""Cathodes whose observations copy another's (``docs/observations.md``): both are left out together."""

OF_ALL = 2
"""Turns that the posterior given all observations takes while each of the others takes one."""


def groups(cathodes: Sequence[str]) -> dict[str, Left]:
    """For each cathode to leave out, all that go with it; materials that were heated alone always count."""
    cathodes = [name for name in cathodes if name != ALONE]
    head = {name: TOGETHER.get(name, name) for name in cathodes}
    return {name: tuple(other for other in cathodes if head[other] == head[name]) for name in cathodes}


def turns(cathodes: Sequence[str], count: int) -> list[Left]:
    """What is left out of the posterior that each of so many walkers walks over.

    >>> turns(["pc-LCO", "pc-LNMO"], 5)
    [(), (), ('pc-LCO',), ('pc-LNMO',), ()]
    """
    different: list[Left] = [*[()] * OF_ALL, *dict.fromkeys(groups(cathodes).values())]
    return [different[k % len(different)] for k in range(count)]


def walks(pool: Pool) -> Integers:
    """The rows of the pool where each walker stood after each round (R, W), the start first; none without a walk.

    The first round that has not been run as a whole, and all after it, are left out.
    """
    now = np.flatnonzero(pool.origin == 0)
    if not len(now) or pool.waiting[now].any():
        return np.zeros((0, 0), dtype=np.int64)
    mine = turns(pool.cathodes, len(now))
    density = {left: pool.log_density(left) for left in dict.fromkeys(mine)}
    own = np.array([density[left] for left in mine])  # (W, S)
    walkers, stood = np.arange(len(now)), [now]
    for number in range(1, int(pool.origin.max()) + 1):
        rows = np.flatnonzero(pool.origin == number)
        if len(rows) != len(now) or pool.waiting[rows].any():
            break
        now = np.where(own[walkers, rows] - own[walkers, now] > pool.rise[rows], rows, now)
        stood.append(now)
    return np.array(stood)


def second_half(stood: Integers) -> Integers:
    """What counts of a walk (R, W); none as long as no round has been run."""
    return stood[len(stood) // 2 :] if len(stood) > 1 else stood[:0]


def samples(pool: Pool, without: Sequence[str] = ()) -> Integers:
    """The rows (R, W) of the second half of the walks over the posterior without some cathodes; none without a walk."""
    stood = second_half(walks(pool))
    mine = [left == tuple(without) for left in turns(pool.cathodes, stood.shape[1])]
    return stood[:, mine]


def log_weights(pool: Pool, without: Sequence[str] = ()) -> Array:
    """Normalised log weights (S,) of the posterior, without the observations of some cathodes.

    A row counts as often as a walker over that posterior stood there.  As long as there is no walk, rows that were
    looked for without these cathodes have the weights of their densities: that shows where the search has been, and is
    no posterior.  Raises InputError when no row has been run.
    """
    if pool.waiting.all():
        raise InputError(
            "no parameter set has been run in all firings that are observed: there is no posterior, search first"
        )
    stood = samples(pool, without)
    if not stood.size:
        log = np.where(pool.blind(without), pool.log_density(without), -np.inf)
    else:
        counts = np.bincount(stood.ravel(), minlength=len(pool.z))
        log = np.full(len(pool.z), -np.inf)
        log[counts > 0] = np.log(counts[counts > 0])
    return np.asarray(log - logsumexp(log))


def effective(pool: Pool, without: Sequence[str] = ()) -> float:
    """Effective number of independent samples: how often walkers stood anywhere, over the autocorrelation time.

    It is 0 as long as no round has been run.
    """
    stood = samples(pool, without)
    return stood.size / autocorrelation(around(pool)) if stood.size else 0.0


def around(pool: Pool) -> Array:
    """Coordinates (R, W, D) of the second half of all walks, less the mean of walks over the same posterior."""
    stood = second_half(walks(pool))
    z, mine = pool.z[stood], turns(pool.cathodes, stood.shape[1])
    for left in dict.fromkeys(mine if stood.size else ()):
        same = [other == left for other in mine]
        z[:, same] -= z[:, same].mean(axis=(0, 1))
    return np.asarray(z)


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
    power = np.mean((z - z.mean(axis=(0, 1))) ** 2, axis=(0, 1))
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
