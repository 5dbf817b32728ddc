"""A sampling round: which sets are proposed to the walkers over the posteriors, and what came of them.

Delayed acceptance (Christen & Fox, J. Comput. Graph. Stat. 14, 795 (2005)): the emulator proposes, the model decides.
Each walker takes some steps over its emulated posterior; where these end is run with the model, and the walker goes
there with the probability that makes the true posterior stationary,

    min(1, [p(z') / e(z')] / [p(z) / e(z)]),      p true and e emulated density.

However wrong the emulator is, walkers sample the true posterior; a bad emulator makes them slow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from sinterface.validation.calibration.emulator import Check, rank, train
from sinterface.validation.calibration.sampling import walk
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

LENGTHS = (8, 16, 32, 64)
"""Steps over the emulated posterior that walkers take by turns: of 128, few are taken by the model."""

BELOW = 15
"""Walkers start where the log density is at most so much below the best: wider than they are to end."""


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

    Before the first round the walkers are given their starts.  Raises InputError when too few sets have been run to
    train an emulator.
    """
    run = pool.rows(~pool.waiting & (pool.origin != 0))  # starts are copies of other rows
    different = list(dict.fromkeys(groups(pool.cathodes).values()))
    emulator = train(run, [(), *different], seed)
    rng = np.random.default_rng([seed, 7, len(pool.z)])
    if not np.any(pool.origin == 0):
        pool = pool.with_copies(starts(pool, rng), 0)
    stood = walks(pool)
    counted = np.array([
        [name not in left for name in pool.cathodes] for left in turns(pool.cathodes, stood.shape[1])
    ])  # fmt: skip

    def density(z: Array) -> Array:
        return np.asarray(log_prior(z) + POWER * np.sum(emulator.likelihood(z) * counted, axis=1))

    lengths = rng.permutation(np.resize(LENGTHS, stood.shape[1]))
    archive = pool.z[second_half(stood) if len(stood) > 1 else stood].reshape(-1, pool.z.shape[1])
    with threadpool_limits(1):
        z, before, after = walk(density, pool.z[stood[-1]], archive, lengths, int(rng.integers(2**31)))
    number = len(stood)
    rise = np.log(rng.random(len(z))) + after - before
    return pool.with_sets(z, number, rise, turns(pool.cathodes, len(z))), Round(number, emulator.check, after - before)


def starts(pool: Pool, rng: np.random.Generator) -> Integers:
    """Rows (W,) where walkers start: log densities of their posterior are spread evenly from the best to BELOW it.

    A walk forgets where it began only slowly: rows that were looked for with a cathode are no start of one without it.
    """
    rows: list[int] = []
    for left in turns(pool.cathodes, WALKERS):
        density = np.where(pool.blind(left), pool.log_density(left), -np.inf)
        behind = np.max(density) - density
        near = np.setdiff1d(np.flatnonzero(behind <= BELOW), rows)
        near = near if len(near) else np.flatnonzero(behind <= BELOW)
        level = behind[near].astype(int)
        weights = 1.0 / np.bincount(level)[level]
        rows.append(int(rng.choice(near, p=weights / weights.sum())))
    return np.array(rows)
