"""What weighted parameter sets tell: means and modes, what the data constrain, and the table of the package."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from sinterface.models.rates.parameters import MODE, Parameters, from_vector, names, priors
from sinterface.validation.judging.likelihood import ALONE
from sinterface.validation.judging.pool import Pool

Array = NDArray[np.float64]

TOGETHER: Mapping[str, str] = {"pc-NMC532": "pc-NMC631"}
"""Cathodes whose observations copy another's (``docs/observations.md``): both are left out together."""


def coordinates(z: Array) -> Parameters:
    """Parameters from coordinates in units of the priors (D,)."""
    return from_vector(np.array([card.mean + card.sd * x for card, x in zip(priors(), z, strict=True)]))


def groups(cathodes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each cathode to leave out, all that go with it; materials that were heated alone always count."""
    cathodes = [name for name in cathodes if name != ALONE]
    head = {name: TOGETHER.get(name, name) for name in cathodes}
    return {name: tuple(other for other in cathodes if head[other] == head[name]) for name in cathodes}


FEWEST = 20.0
"""Effective number of samples that intervals are made of at least."""


def spread(pool: Pool, without: Sequence[str] = ()) -> Array:
    """Weights (S,) for intervals: those of the posterior, raised to the largest power that leaves FEWEST samples.

    In many dimensions an emulator that errs by a few units of log-likelihood leaves one sample with all the weight,
    and intervals of no width.  A power below one lies between the emulated posterior (zero) and the true one (one;
    tempering of weights: Koblents & Miguez, Stat. Comput. 25, 407 (2015), recalled), and makes intervals wider rather
    than narrower than they should be.  Without a sampling round the power acts on the densities.
    """
    log = pool.log_weights(without)
    known = np.isfinite(log)
    low, high = 0.0, 1.0
    if np.exp(-logsumexp(2.0 * log[known])) < FEWEST < known.sum():
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


def repeated(pool: Pool) -> float | None:
    """R-hat between sampling rounds, the worst of all coordinates; None where fewer than two count.

    Every round draws with random numbers of its own from an emulator of its own: rounds that tell of different
    posteriors have not converged.  Variances within and between rounds are weighted by effective sizes (after Gelman &
    Rubin, Statistical Science 7, 457 (1992)).
    """
    numbers = [number for number in np.unique(pool.origin[~pool.waiting]) if number >= 0]
    rounds = [pool.rows(pool.origin == number) for number in numbers if pool.effective_of(number) >= 2.0]
    if len(rounds) < 2:
        return None
    sizes = np.array([sets.effective() for sets in rounds])
    weights = [np.exp(sets.log_weights()) for sets in rounds]
    means = np.array([w @ sets.z for w, sets in zip(weights, rounds, strict=True)])
    variances = np.array([
        w @ (sets.z - mean) ** 2 / (1.0 - 1.0 / size)
        for w, sets, mean, size in zip(weights, rounds, means, sizes, strict=True)
    ])  # fmt: skip
    shares = sizes / sizes.sum()
    within, middle = shares @ variances, shares @ means
    between = shares @ (means - middle) ** 2
    return float(np.max(np.sqrt((within + between) / within)))


def mode(pool: Pool, without: Sequence[str] = ()) -> Parameters:
    """The set of highest posterior density among all that were tried, without the observations of some cathodes."""
    return coordinates(pool.z[int(np.argmax(pool.log_density(without)))])


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
