"""A sampling round: which sets are proposed to the walkers over the posteriors, and what came of them.

Delayed acceptance (Christen & Fox, J. Comput. Graph. Stat. 14, 795 (2005)): the emulator proposes, the model decides.
Each walker takes some steps over its emulated posterior; where these end is run with the model, and the walker goes
there with the probability that makes the true posterior stationary,

    min(1, [p(z') / e(z')] / [p(z) / e(z)]),      p true and e emulated density.

However wrong the emulator is, walkers sample the true posterior; a bad emulator makes them slow.

They come from outside: their starts are where walks over the emulated posteriors end that began at draws of the priors,
and not sets that a search has found, which lie higher than a posterior does and next to each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from sinterface.validation.calibration.emulator import Check, Emulator, rank, train
from sinterface.validation.calibration.sampling import LogDensity, walk
from sinterface.validation.calibration.walks import (
    around,
    autocorrelation,
    effective,
    groups,
    r_hat,
    second_half,
    turns,
    walks,
)
from sinterface.validation.judging.pool import POWER, Pool, log_prior

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

WALKERS = 64
"""Walkers over the posteriors, each of which is proposed a set a round."""

LENGTHS = (16, 32, 64, 128, 256)
"""Steps over the emulated posterior that walkers take by turns: half of the longest third of jumps were taken."""

STAGES, STAGE, ARCHIVE = 20, 50, 400
"""Walks to where walkers start: how often, and for how many steps each; steps are differences of ARCHIVE draws of the

priors in the first two stages, and of where walks have ended in later ones.
"""


@dataclass(frozen=True)
class Round:
    """What a sampling round came to.

    ``check`` tells how the emulator guessed sets left out of its training, before the round, and ``expected`` (W,) by
    how much it takes the log density of each walker to rise.  The rest is known when the proposals have been run:
    ``moved``, the share of walkers that went; ``missed``, the standard deviation of true less emulated rise, and
    ``ranked``, their rank correlation; of the second half of the walk so far ``r_hat``, ``autocorrelation`` [rounds]
    and, by cathode left out ('' for none), the ``effective`` number of samples.
    """

    number: int
    check: Check
    expected: Array
    moved: float = float("nan")
    missed: float = float("nan")
    ranked: float = float("nan")
    r_hat: float = float("nan")
    autocorrelation: float = float("inf")
    effective: Mapping[str, float] = field(default_factory=dict)

    def judged(self, pool: Pool) -> Round:
        """This round when its sets have been run and are in the pool."""
        before, after = walks(pool)[self.number - 1 : self.number + 1]
        proposed = np.flatnonzero(pool.origin == self.number)
        mine = turns(pool.cathodes, len(proposed))
        density = {left: pool.log_density(left) for left in dict.fromkeys(mine)}
        rise = np.array([
            density[left][there] - density[left][here] for left, there, here in zip(mine, proposed, before, strict=True)
        ])  # fmt: skip
        kept = around(pool)
        return replace(
            self,
            moved=float(np.mean(after == proposed)),
            missed=float(np.std(rise - self.expected)),
            ranked=rank(self.expected, rise),
            r_hat=r_hat(kept),
            autocorrelation=autocorrelation(kept),
            effective={name: effective(pool, left) for name, left in {"": (), **groups(pool.cathodes)}.items()},
        )


def draw_round(pool: Pool, seed: int = 0) -> tuple[Pool, Round]:
    """The pool with what the next round proposes, still to be run, and what is known of the round by now.

    Raises InputError when too few sets have been run to train an emulator.
    """
    emulator, rng = _trained(pool, seed), np.random.default_rng([seed, 7, len(pool.z)])
    stood = walks(pool)
    density = _density(emulator, pool.cathodes, stood.shape[1])
    lengths = rng.permutation(np.resize(LENGTHS, stood.shape[1]))
    archive = pool.z[second_half(stood) if len(stood) > 1 else stood].reshape(-1, pool.z.shape[1])
    with threadpool_limits(1):
        z, before, after = walk(density, pool.z[stood[-1]], archive, lengths, int(rng.integers(2**31)))
    number = len(stood)
    rise = np.log(rng.random(len(z))) + after - before
    return pool.with_sets(z, number, rise, turns(pool.cathodes, len(z))), Round(number, emulator.check, after - before)


def with_starts(pool: Pool, seed: int = 0) -> Pool:
    """The pool with WALKERS rows where walkers start, still to be run; itself when it has some.

    Raises InputError when too few sets have been run to train an emulator.
    """
    if np.any(pool.origin == 0):
        return pool
    rng = np.random.default_rng([seed, 11, len(pool.z)])
    density = _density(_trained(pool, seed), pool.cathodes, WALKERS)
    z, ends = rng.normal(size=(WALKERS, pool.z.shape[1])), []
    archive = rng.normal(size=(ARCHIVE, pool.z.shape[1]))
    with threadpool_limits(1):
        for _ in range(STAGES):
            z, _, _ = walk(density, z, archive, np.full(WALKERS, STAGE), int(rng.integers(2**31)))
            ends.append(z)
            archive = np.concatenate(ends[-6:]) if len(ends) > 1 else archive
    return pool.with_sets(z, 0, aims=turns(pool.cathodes, WALKERS))


def _trained(pool: Pool, seed: int) -> Emulator:
    return train(pool.finished(), [(), *dict.fromkeys(groups(pool.cathodes).values())], seed)


def _density(emulator: Emulator, cathodes: tuple[str, ...], count: int) -> LogDensity:
    """Emulated log density (W,) of places (W, D) of so many walkers, of each in the posterior that it walks over."""
    counted = np.array([[name not in left for name in cathodes] for left in turns(cathodes, count)])
    return lambda z: np.asarray(log_prior(z) + POWER * np.sum(emulator.likelihood(z) * counted, axis=1))
