"""Posterior of the global parameters by adaptive multiple importance sampling.

Rounds of samples are drawn from proposals that follow the posterior found so far; every sample of every round counts,
weighted by prior times likelihood over the mixture of all proposals (Cornuet, Marin, Mira & Robert, Scandinavian
Journal of Statistics 39, 798 (2012)).  Each sample costs one run of every observed firing and is kept with the
log-likelihood of each cathode's observations, so that the posterior without any one cathode needs other weights and no
new runs.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from sinterface.models.basics.errors import DataError, InputError, shown
from sinterface.models.phases.database import Database
from sinterface.models.rates.parameters import MODE, Parameters, from_vector, names, priors
from sinterface.validation.calibration.firings import needed, run_all
from sinterface.validation.calibration.likelihood import by_cathode
from sinterface.validation.observations.evidence import Observation

Array = NDArray[np.float64]

FIRST, LATER = 48, 32
"""Samples from the prior in the first round, and in each later round."""

POWER = 0.5
"""Power of the likelihood: errors of the model are shared by neighbouring temperatures of a series and by like powders,
so that each observation counts as half of an independent one (the coarsened posterior of Miller & Dunson, Journal of
the American Statistical Association 114, 1113 (2019)).  An estimate."""

WIDER = 1.3
"""Proposals are wider than the posterior found so far by this factor, so that its tails are seen."""

NARROW, BEST = 0.35, 5
"""Rounds that look closely do so around the best sets, this many, with proposals this much narrower."""

ROUGH = 0.45
"""Power to which weights must be tempered below which the posterior is so rough or far away that it needs them."""

DEFENSIVE = 0.15
"""Share of each later round that still comes from the prior: no weight can then grow without bound."""

TOGETHER: Mapping[str, str] = {"pc-NMC532": "pc-NMC631"}
"""Cathodes whose observations copy another's (``docs/observations.md``): both are left out together."""


@dataclass(frozen=True)
class Pool:
    """Samples z (S, D) in units of the priors, log-likelihood (S, C) by cathode, proposals (mean, Cholesky, count)."""

    z: Array
    likelihood: Array
    cathodes: tuple[str, ...]
    proposals: tuple[tuple[Array, Array, int], ...]

    def log_weights(self, without: Sequence[str] = ()) -> Array:
        """Normalised log weights (S,) of the posterior, without the observations of some cathodes."""
        found = self.log_density(without) - self._mixture()
        return np.asarray(found - logsumexp(found))

    def log_density(self, without: Sequence[str] = ()) -> Array:
        """Log of prior times likelihood (S,) but for a constant."""
        kept = [c for c, name in enumerate(self.cathodes) if name not in without]
        return np.asarray(-0.5 * np.sum(self.z**2, axis=1) + POWER * self.likelihood[:, kept].sum(axis=1))

    def effective(self, without: Sequence[str] = ()) -> float:
        """Effective number of samples, 1 / sum w^2 (Kong 1992)."""
        return float(np.exp(-logsumexp(2.0 * self.log_weights(without))))

    def _mixture(self) -> Array:
        """Log density of the mixture that the samples come from, prior and proposals, but for a constant."""
        total = sum(count for *_, count in self.proposals)
        parts = [-0.5 * np.sum(self.z**2, axis=1) + np.log(sum(_from_prior(p) for p in self.proposals) / total)]
        for mean, root, count in self.proposals:
            fitted = count - _from_prior((mean, root, count))
            if fitted:
                y = np.linalg.solve(root, (self.z - mean).T)
                parts.append(-0.5 * np.sum(y**2, axis=0) - np.log(np.abs(np.diag(root))).sum() + np.log(fitted / total))
        return np.asarray(logsumexp(parts, axis=0))


def _from_prior(proposal: tuple[Array, Array, int]) -> int:
    """How many samples of a round came from the prior: all of the first."""
    mean, root, count = proposal
    first = not np.any(mean) and np.array_equal(root, np.eye(len(mean)))
    return count if first else round(DEFENSIVE * count)


def coordinates(z: Array) -> Parameters:
    """Parameters from coordinates in units of the priors (D,)."""
    return from_vector(np.array([card.mean + card.sd * x for card, x in zip(priors(), z, strict=True)]))


def calibrate(
    observations: Sequence[Observation],
    rounds: int = 5,
    *,
    workers: int = 1,
    cells: int = 20,
    seed: int = 0,
    database: Database | None = None,
    past: Pool | None = None,
    progress: Callable[[float], None] | None = None,
    keep: Callable[[Pool], None] | None = None,
) -> Pool:
    """Sample the posterior given the observations with role ``fit``; ``past`` is a pool to go on from.

    ``keep`` is handed the pool after each round.  Raises InputError when there is nothing to fit.
    """
    fitted = [one for one in observations if one.role == "fit"]
    if not fitted:
        raise InputError("no observation has role = 'fit': there is nothing to calibrate with")
    cathodes = tuple(sorted({one.cathode for one in fitted}))
    if past is not None and past.cathodes != cathodes:
        raise InputError("the samples to go on from belong to observations of other cathodes: start anew")
    cases = needed(fitted)
    pool = past
    for done in range(rounds):
        rng = np.random.default_rng([seed, 3, 0 if pool is None else len(pool.z)])
        mean, root, count = _proposal(pool)
        z = mean + rng.normal(size=(count, len(mean))) @ root.T
        fresh = _from_prior((mean, root, count))
        z[:fresh] = rng.normal(size=(fresh, len(mean)))
        sets = [coordinates(row) for row in z]

        def told(share: float, done: int = done) -> None:
            if progress is not None:
                progress((done + share) / rounds)

        predictions = run_all(
            [(one, p) for p in sets for one in cases], workers=workers, database=database, cells=cells, progress=told
        )
        rows = []
        for number in range(count):
            mine = dict(zip(cases, predictions[number * len(cases) : (number + 1) * len(cases)], strict=True))
            found = by_cathode(fitted, mine)
            rows.append([found[name] for name in cathodes])
        new = Pool(z, np.array(rows), cathodes, ((mean, root, count),))
        pool = new if pool is None else Pool(
            np.vstack([pool.z, new.z]), np.vstack([pool.likelihood, new.likelihood]), cathodes,
            (*pool.proposals, *new.proposals),
        )  # fmt: skip
        if keep is not None:
            keep(pool)
    assert pool is not None
    return pool


def _proposal(pool: Pool | None) -> tuple[Array, Array, int]:
    """Mean, Cholesky factor of the covariance and number of the next samples.

    The proposal is as wide as the posterior, tempered until its covariance can be told.  Where that takes
    a power below ROUGH, every other round is narrow, around the best sets, given all observations and without
    each cathode in turn.
    """
    size = len(priors())
    if pool is None:
        return np.zeros(size), np.eye(size), FIRST
    turn, narrow = divmod(len(pool.proposals), 2)
    targets = [(), *groups(pool.cathodes).values()]
    without = targets[turn % len(targets)] if narrow else ()
    tempered = pool.log_weights(without)
    power = 1.0
    while power > 0.01 and np.exp(-logsumexp(2.0 * tempered)) < 2.0 * size:  # too few to tell a covariance
        power *= 0.8
        tempered = power * pool.log_weights(without)
        tempered -= logsumexp(tempered)
    w = np.exp(tempered)
    mean = w @ pool.z
    spread = (pool.z - mean).T @ ((pool.z - mean) * w[:, None])
    effective = 1.0 / float(np.sum(w**2))
    shrunk = (effective * spread + size * np.diag(np.diag(spread)) + 0.05 * np.eye(size)) / (effective + size)
    root = np.asarray(np.linalg.cholesky(shrunk), dtype=float)
    if power > ROUGH or not narrow:
        return mean, WIDER * root, LATER
    density = pool.log_density(without)
    best = np.argsort(-density)[:BEST]
    share = np.exp(density[best] - logsumexp(density[best]))
    return share @ pool.z[best], NARROW * root, LATER


def groups(cathodes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each cathode to leave out, all that go with it."""
    head = {name: TOGETHER.get(name, name) for name in cathodes}
    return {name: tuple(other for other in cathodes if head[other] == head[name]) for name in cathodes}


def resample(pool: Pool, size: int, without: Sequence[str] = (), seed: int = 0) -> list[Parameters]:
    """Equally likely samples of the posterior, by systematic resampling."""
    w = np.exp(pool.log_weights(without))
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
        w = np.exp(pool.log_weights(without))
        mean = w @ pool.z
        return mean, np.sqrt(w @ (pool.z - mean) ** 2)

    mean, sd = moments(())
    others = {name: moments(left) for name, left in groups(pool.cathodes).items()}
    found = []
    for k, card in enumerate(priors()):
        felt = tuple(name for name, (m, d) in others.items() if abs(m[k] - mean[k]) > FELT or abs(d[k] - sd[k]) > FELT)
        free = bool(sd[k] >= UNMOVED[0] and abs(mean[k]) <= UNMOVED[1])
        found.append(Estimate(card.name, card.mean + card.sd * float(mean[k]), card.sd * float(sd[k]), free, felt))
    return found


def mode(pool: Pool, without: Sequence[str] = ()) -> Parameters:
    """The set of highest posterior density among all that were tried, without the observations of some cathodes."""
    return coordinates(pool.z[int(np.argmax(pool.log_density(without)))])


def posterior_table(pool: Pool, size: int = 40) -> str:
    """The text of ``posterior.csv``: modes and samples of the posterior, and of those without each cathode."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["without", *names()])
    apart = groups(pool.cathodes)
    found = [(MODE, [mode(pool)]), *((f"{MODE}:{name}", [mode(pool, left)]) for name, left in apart.items())]
    found += [(label, resample(pool, size, left)) for label, left in [("", ()), *apart.items()]]
    for label, sets in found:
        for one in sets:
            writer.writerow([label, *(f"{value:.6g}" for value in one.vector())])
    return out.getvalue()


def pool_text(pool: Pool) -> str:
    """All samples, their likelihoods and the proposals they came from, as JSON; ``read_pool`` reads it."""
    return json.dumps(
        {
            "parameters": names(),
            "priors": _priors(),
            "cathodes": pool.cathodes,
            "proposals": [[mean.tolist(), root.tolist(), count] for mean, root, count in pool.proposals],
            "z": pool.z.tolist(),
            "log_likelihood": pool.likelihood.tolist(),
        }
    )


def _priors() -> list[list[float]]:
    return [[card.mean, card.sd] for card in priors()]


def read_pool(text: str) -> Pool:
    """What ``pool_text`` wrote.  Raises DataError for anything else."""
    try:
        found = json.loads(text)
        if not isinstance(found, dict):
            raise TypeError("no object")
        known, scales = tuple(found["parameters"]), np.array(found["priors"], dtype=float)
        z, likelihood = np.array(found["z"], dtype=float), np.array(found["log_likelihood"], dtype=float)
        proposals = tuple(
            (np.array(mean, dtype=float), np.array(root, dtype=float), int(count))
            for mean, root, count in found["proposals"]
        )
        cathodes = tuple(found["cathodes"])
        if z.ndim != 2 or likelihood.ndim != 2 or isinstance(found["cathodes"], str):
            raise TypeError("z, log_likelihood and cathodes are tables and a list")
        if not all(isinstance(name, str) and 0 < len(name) <= 200 and name.isprintable() for name in cathodes):
            raise TypeError("cathodes are no names")
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        told = shown(str(error), 200)[1:-1]
        raise DataError(f"these are no samples of a calibration ({told}): calibrate anew") from error
    D, S = len(names()), len(z)
    if known != names() or not np.array_equal(scales, np.array(_priors())):  # samples are in units of the priors
        raise DataError("these are not samples of the present parameters and priors: calibrate anew")
    if (
        z.shape != (S, D)
        or likelihood.shape != (S, len(set(cathodes)))
        or len(set(cathodes)) < len(cathodes)
        or any(mean.shape != (D,) or root.shape != (D, D) for mean, root, _ in proposals)
        or sum(count for *_, count in proposals) != S
        or not (np.all(np.abs(z) < 1e3) and np.all(np.abs(likelihood) < 1e9))  # NaN is not below it either
        or not all(count > 0 and np.all(np.abs(mean) < 1e3) for mean, _, count in proposals)
        or not all(np.all(np.abs(root) < 1e3) and np.all(np.diag(root) > 1e-9) for _, root, _ in proposals)
        or any(np.any(np.triu(root, 1)) for _, root, _ in proposals)  # a Cholesky factor is lower triangular
    ):
        raise DataError("these samples are damaged: calibrate anew")
    return Pool(z, likelihood, cathodes, proposals)
