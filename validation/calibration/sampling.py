"""Samples of emulated posteriors: an ensemble sampler, and signs of whether it has converged.

Two ensembles per posterior start apart from each other and know nothing of each other, so that their agreement says
something (Foreman-Mackey, Hogg, Lang & Goodman, Publ. Astron. Soc. Pac. 125, 306 (2013); the package ``emcee``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import emcee
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

Array = NDArray[np.float64]
LogDensity = Callable[[Array], Array]

ENSEMBLES = 2
"""Independent ensembles per posterior."""

WALKERS_PER_DIMENSION = 3
"""Walkers of an ensemble per dimension; emcee needs two."""

STEPS = 600
"""Steps of each ensemble; the first half is given up."""


@dataclass(frozen=True)
class Chain:
    """Draws (N, D) of one density in order of time, and how well the walk has mixed.

    ``r_hat`` compares halves of independent ensembles, the worst of all coordinates: 1 when they agree (Gelman & Rubin,
    Statist. Sci. 7, 457 (1992)).  ``autocorrelation`` is the longest time of a coordinate, in steps; ``independent``
    the number of draws that are worth as much as independent ones.
    """

    draws: Array
    r_hat: float
    autocorrelation: float
    independent: float


def sample(density: LogDensity, starts: Array, seed: Sequence[int], steps: int = STEPS) -> Chain:
    """Walk over a density of D coordinates from the best of ``starts`` (S, D); ``seed`` is any list of numbers."""
    rng = np.random.default_rng(list(seed))
    size = starts.shape[1]
    walkers = 2 * ((WALKERS_PER_DIMENSION * size + 1) // 2)
    moves = [(emcee.moves.DEMove(), 0.7), (emcee.moves.DESnookerMove(), 0.1), (emcee.moves.StretchMove(), 0.2)]
    walks = []
    for _ in range(ENSEMBLES):
        first = starts[rng.integers(len(starts), size=walkers)] + 0.2 * rng.normal(size=(walkers, size))
        walk = emcee.EnsembleSampler(walkers, size, density, vectorize=True, moves=moves)
        walk.random_state = np.random.RandomState(int(rng.integers(2**31))).get_state()
        walk.run_mcmc(first, steps, skip_initial_state_check=True)
        walks.append(walk.get_chain(discard=steps // 2))  # (steps, walkers, D)
    longest = float(np.max([emcee.autocorr.integrated_time(walk, tol=0) for walk in walks]))
    draws = np.concatenate([walk.reshape(-1, size) for walk in walks])
    return Chain(draws, _r_hat(walks), longest, len(draws) / max(longest, 1.0))


def _r_hat(walks: Sequence[Array]) -> float:
    """Of halves of ensembles, each half being all walkers together, the largest of all coordinates."""
    halves = [half.reshape(-1, half.shape[2]) for walk in walks for half in np.array_split(walk, 2)]
    means, variances = np.array([h.mean(axis=0) for h in halves]), np.array([h.var(axis=0) for h in halves])
    within = variances.mean(axis=0)
    return float(np.max(np.sqrt((within + means.var(axis=0, ddof=1)) / within)))


def log_constants(
    densities: Sequence[LogDensity], chains: Sequence[Chain], seed: Sequence[int], each: int = 400
) -> Array:
    """Log of the integral of each density over that of the first, from draws of all of them.

    The multistate Bennett acceptance ratio (Shirts & Chodera, J. Chem. Phys. 129, 124105 (2008)), by iteration.
    """
    rng = np.random.default_rng(list(seed))
    draws = np.concatenate([chain.draws[rng.integers(len(chain.draws), size=each)] for chain in chains])
    table = np.stack([density(draws) for density in densities])  # (T, N)
    log = np.zeros(len(densities))
    for _ in range(2000):
        mixture = logsumexp(table - log[:, None], axis=0)
        new = logsumexp(table - mixture, axis=1)
        new -= new[0]
        done = np.max(np.abs(new - log)) < 1e-6
        log = new
        if done:
            break
    return np.asarray(log)


def mixture(densities: Sequence[LogDensity], constants: Array, z: Array) -> Array:
    """Log density (N,) at z (N, D) of the mixture of all densities in equal parts, but for a constant."""
    return np.asarray(logsumexp(np.stack([d(z) for d in densities]) - constants[:, None], axis=0))


def climb(density: LogDensity, start: Array) -> Array:
    """The coordinates (D,) of a maximum of a density near ``start``, by L-BFGS-B on finite differences."""
    step = 1e-3 * np.eye(len(start))

    def falling(z: Array) -> tuple[float, Array]:
        told = density(np.vstack([z, z + step, z - step]))
        return -float(told[0]), -(told[1 : 1 + len(z)] - told[1 + len(z) :]) / 2e-3

    ended = minimize(falling, start, jac=True, method="L-BFGS-B", options={"maxiter": 60})
    return np.asarray(ended.x)
