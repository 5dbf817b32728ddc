"""Walks over an emulated posterior: what they come to is proposed to walkers over the posterior itself.

Each walker takes Metropolis steps of its own (the package ``emcee``: Foreman-Mackey, Hogg, Lang & Goodman, Publ.
Astron. Soc. Pac. 125, 306 (2013)).  Steps are differences of two places where walkers stood before, or change some
coordinates alone (differential evolution from an archive: ter Braak & Vrugt, Stat. Comput. 18, 435 (2008), recalled).
"""

from __future__ import annotations

from collections.abc import Callable

import emcee
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
LogDensity = Callable[[Array], Array]
Propose = Callable[[Array, np.random.RandomState], tuple[Array, Array]]

ALONE, FAR = 0.08, 0.5
"""Share of the coordinates that a step of single coordinates changes, and by how much [prior sd].

These and the next two are choices: they change how fast walkers mix, not what they sample.
"""

SHORTER, SCATTER = 0.7, 0.7
"""Factor on the best length of a step in many dimensions, 2.38 / sqrt(2 D), and its scatter as a natural logarithm."""


def walk(
    density: LogDensity, starts: Array, archive: Array, lengths: Integers, seed: int
) -> tuple[Array, Array, Array]:
    """Where walkers that start at ``starts`` (W, D) are after ``lengths`` (W,) steps each over a log ``density``.

    Returns that (W, D), and the log density at the start and at the end (W,).  Differences are those of ``archive``
    (N, D), which does not change meanwhile, so that each walk is reversible.

    >>> normal = lambda z: -0.5 * np.sum(z**2, axis=1)
    >>> archive = np.random.default_rng(0).normal(size=(400, 3))
    >>> ends, before, after = walk(normal, np.full((900, 3), 2.0), archive, np.full(900, 200), seed=1)
    >>> bool(np.all(np.abs(ends.mean(axis=0)) < 0.15) and np.all(np.abs(ends.std(axis=0) - 1.0) < 0.1))
    True
    """
    count, size = starts.shape
    moves = [(emcee.moves.MHMove(_differences(archive)), 0.5), (emcee.moves.MHMove(_coordinates), 0.5)]
    sampler = emcee.EnsembleSampler(count, size, density, vectorize=True, moves=moves)
    sampler.random_state = np.random.RandomState(seed).get_state()
    sampler.run_mcmc(starts, int(lengths.max()), skip_initial_state_check=True)
    last = lengths - 1, np.arange(count)
    return sampler.get_chain()[last], np.asarray(density(starts)), sampler.get_log_prob()[last]


def _differences(archive: Array) -> Propose:
    def propose(z: Array, random: np.random.RandomState) -> tuple[Array, Array]:
        count, size = z.shape
        first, second = archive[random.randint(len(archive), size=(2, count))]
        length = SHORTER * 2.38 / np.sqrt(2.0 * size) * np.exp(SCATTER * random.normal(size=(count, 1)))
        return z + length * (first - second), np.zeros(count)

    return propose


def _coordinates(z: Array, random: np.random.RandomState) -> tuple[Array, Array]:
    chosen = random.uniform(size=z.shape) < ALONE
    return z + np.where(chosen, FAR * random.normal(size=z.shape), 0.0), np.zeros(len(z))
