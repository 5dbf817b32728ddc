"""What weighted parameter sets tell: means and modes, what the data constrain, and the table of the package."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from sinterface.models.rates.parameters import MODE, Parameters, from_vector, names, priors
from sinterface.validation.calibration.walks import groups, log_weights, samples
from sinterface.validation.judging.pool import Pool

Array = NDArray[np.float64]


def coordinates(z: Array) -> Parameters:
    """Parameters from coordinates in units of the priors (D,)."""
    return from_vector(np.array([card.mean + card.sd * x for card, x in zip(priors(), z, strict=True)]))


FEWEST = 20.0
"""Effective number of samples that intervals are made of at least."""


def spread(pool: Pool, without: Sequence[str] = ()) -> Array:
    """Weights (S,) for intervals: those of the walks, or as long as there are none densities that leave FEWEST sets."""
    log = log_weights(pool, without)
    known = np.isfinite(log)
    low, high = 0.0, 1.0
    if not samples(pool).size and np.exp(-logsumexp(2.0 * log[known])) < FEWEST < known.sum():
        for _ in range(40):
            power = 0.5 * (low + high)
            tried = power * log[known] - logsumexp(power * log[known])
            low, high = (power, high) if np.exp(-logsumexp(2.0 * tried)) >= FEWEST else (low, power)
        log = np.where(known, low * log, -np.inf)
    return np.asarray(np.exp(log - logsumexp(log[known])))


def resample(pool: Pool, size: int, without: Sequence[str] = (), seed: int = 0) -> list[Parameters]:
    """Equally likely samples of the posterior, by systematic resampling of the ``spread`` weights."""
    w = spread(pool, without)
    ticks = (np.arange(size) + np.random.default_rng([seed, 4]).random()) / size
    chosen = np.minimum(np.searchsorted(np.cumsum(w), ticks), len(w) - 1)
    return [coordinates(pool.z[row]) for row in chosen]


UNMOVED = (0.85, 0.3)
"""A parameter whose posterior is at least this wide and moved by at most this much, in units of its prior, is free."""

FELT = 0.25
"""Change of a mean or deviation [prior sd] on leaving a cathode out that says that its observations matter."""


@dataclass(frozen=True)
class Estimate:
    """A parameter's posterior mean and deviation in its unit, whether the data say anything of it, and whose do."""

    name: str
    mean: float
    sd: float
    free: bool
    felt: tuple[str, ...]


def estimates(pool: Pool) -> list[Estimate]:
    """Posterior of each parameter and the cathodes whose observations constrain it."""

    def moments(without: Sequence[str]) -> tuple[Array, Array]:
        w = spread(pool, without)
        mean = w @ pool.z
        return mean, np.sqrt(w @ (pool.z - mean) ** 2)

    mean, sd = moments(())
    others = {name: moments(left) for name, left in groups(pool.cathodes).items()}
    posterior = []
    for k, card in enumerate(priors()):
        felt = tuple(name for name, (m, d) in others.items() if abs(m[k] - mean[k]) > FELT or abs(d[k] - sd[k]) > FELT)
        free = bool(sd[k] >= UNMOVED[0] and abs(mean[k]) <= UNMOVED[1])
        posterior.append(Estimate(card.name, card.mean + card.sd * float(mean[k]), card.sd * float(sd[k]), free, felt))
    return posterior


def mode(pool: Pool, without: Sequence[str] = ()) -> Parameters:
    """The set of highest posterior density of all that were looked for without the observations of some cathodes."""
    return coordinates(pool.z[int(np.argmax(np.where(pool.blind(without), pool.log_density(without), -np.inf)))])


def posterior_table(pool: Pool, size: int = 40) -> str:
    """The text of ``posterior.csv``: modes and samples of the posterior, and of those without each cathode."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["without", *names()])
    apart = groups(pool.cathodes)
    labelled = [(MODE, [mode(pool)]), *((f"{MODE}:{name}", [mode(pool, left)]) for name, left in apart.items())]
    labelled += [(label, resample(pool, size, left)) for label, left in [("", ()), *apart.items()]]
    for label, sets in labelled:
        for values in sets:
            writer.writerow([label, *(f"{value:.6g}" for value in values.vector())])
    return out.getvalue()
