"""A sampling round: which sets the model shall run next to weigh what the emulator believes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from sinterface.validation.calibration.emulator import Check, rank, train
from sinterface.validation.calibration.posterior import groups
from sinterface.validation.calibration.sampling import climb, log_constants, mixture, sample
from sinterface.validation.judging.pool import GUESS, POWER, Pool

Array = NDArray[np.float64]

DRAWS = 32
"""Sets that a round draws from each posterior, given all observations and without each cathode."""

STARTS = 60
"""Best sets that were run among which walkers start."""


@dataclass(frozen=True)
class Round:
    """What a sampling round came to; keys are the cathodes left out, '' for none.

    ``check`` tells how the emulator guessed sets left out of its training, before the round.  ``r_hat``,
    ``autocorrelation`` [steps] and ``independent`` draws are those of the emulated posteriors.  ``guessed`` (N, C) are
    the log-likelihoods by cathode that the emulator expects of the sets drawn.  The rest is known when these have been
    run: ``missed``, the standard deviation of the log of true over emulated density of what was drawn, ``ranked``,
    their rank correlation, and the ``effective`` sizes of the true posteriors, of this round alone and ``together``
    with those before.
    """

    number: int
    check: Check
    r_hat: Mapping[str, float]
    autocorrelation: Mapping[str, float]
    independent: Mapping[str, float]
    guessed: Array
    missed: float = float("nan")
    ranked: float = float("nan")
    effective: Mapping[str, float] = field(default_factory=dict)
    together: Mapping[str, float] = field(default_factory=dict)

    def judged(self, pool: Pool) -> Round:
        """This round when its sets have been run and are in the pool."""
        apart = {"": (), **groups(pool.cathodes)}
        mine = pool.rows(pool.origin == self.number)
        known, guessed = POWER * mine.likelihood.sum(axis=1), POWER * self.guessed.sum(axis=1)
        return replace(
            self,
            missed=float(np.std(known - guessed)),
            ranked=rank(guessed, known),
            effective={name: pool.effective_of(self.number, left) for name, left in apart.items()},
            together={name: pool.effective(left) for name, left in apart.items()},
        )


def draw_round(pool: Pool, seed: int = 0, draws: int | None = None) -> tuple[Pool, Round]:
    """The pool with the sets of the next sampling round, still to be run, and what is known of the round by now.

    The sets are ``draws`` (DRAWS) from each emulated posterior, which make up one mixture of known density, and the
    maximum of each.  Raises InputError when too few sets have been run to train an emulator.
    """
    count = DRAWS if draws is None else draws
    run = pool.finished()
    apart = {"": (), **groups(pool.cathodes)}
    different = list(dict.fromkeys(apart.values()))
    emulator = train(run, different, seed)
    number = max(int(pool.origin.max(initial=-1)) + 1, 0)
    rng = np.random.default_rng([seed, 7, len(pool.z)])
    densities = [partial(emulator.log_density, without=left) for left in different]
    chains = []
    with threadpool_limits(1):
        for k, (left, density) in enumerate(zip(different, densities, strict=True)):
            best = np.argsort(-run.log_density(left), kind="stable")[:STARTS]
            chains.append(sample(density, run.z[best], (seed, 8, len(pool.z), k)))
        constants = log_constants(densities, chains, (seed, 9, len(pool.z)))
        z = np.concatenate([chain.draws[rng.choice(len(chain.draws), count, replace=False)] for chain in chains])
        z = rng.permutation(z)
        guesses = np.array([
            climb(density, chain.draws[np.argmax(density(chain.draws[-STARTS:])) - STARTS])
            for density, chain in zip(densities, chains, strict=True)
        ])  # fmt: skip
        drawn = mixture(densities, constants, z)
        guessed = emulator.likelihood(z)
    of = {name: chains[different.index(left)] for name, left in apart.items()}
    about = Round(
        number, emulator.check,
        r_hat={name: chain.r_hat for name, chain in of.items()},
        autocorrelation={name: chain.autocorrelation for name, chain in of.items()},
        independent={name: chain.independent for name, chain in of.items()},
        guessed=guessed,
    )  # fmt: skip
    return pool.with_sets(guesses, GUESS).with_sets(z, number, drawn), about
