"""A sampling round: which sets the model shall run next to weigh what the emulator believes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from sinterface.validation.calibration.emulator import train
from sinterface.validation.calibration.pool import GUESS, Pool
from sinterface.validation.calibration.posterior import groups
from sinterface.validation.calibration.sampling import climb, log_constants, mixture, sample

DRAWS = 32
"""Sets that a round draws from each posterior, given all observations and without each cathode."""

STARTS = 60
"""Best sets that were run among which walkers start."""


@dataclass(frozen=True)
class Round:
    """What a sampling round came to; keys are the cathodes left out, '' for none.

    ``rmse``, ``spread`` and ``rank`` tell how the emulator guessed the log-likelihood of each cathode in sets held out:
    error, standard deviation of what was guessed, and rank correlation.  ``together`` is the error of the log of the
    posterior density, ``together_rank`` its rank correlation, over ``held_out`` sets.  ``r_hat``, ``autocorrelation``
    [steps] and ``independent`` draws are those of the emulated posteriors; ``effective`` sizes those of the true ones
    when the round is over.
    """

    number: int
    rmse: Mapping[str, float]
    spread: Mapping[str, float]
    rank: Mapping[str, float]
    together: float
    together_rank: float
    held_out: int
    r_hat: Mapping[str, float]
    autocorrelation: Mapping[str, float]
    independent: Mapping[str, float]
    effective: Mapping[str, float]


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
    number = int(pool.origin.max(initial=-1)) + 1
    number = max(number, 0)
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
            climb(density, chain.draws[np.argmax(density(chain.draws))])
            for density, chain in zip(densities, chains, strict=True)
        ])  # fmt: skip
        drawn = mixture(densities, constants, z)
    of = {name: chains[different.index(left)] for name, left in apart.items()}
    check = emulator.check
    about = Round(
        number=number,
        rmse=dict(zip(check.cathodes, check.rmse, strict=True)),
        spread=dict(zip(check.cathodes, check.spread, strict=True)),
        rank=dict(zip(check.cathodes, check.rank, strict=True)),
        together=check.together,
        together_rank=check.together_rank,
        held_out=check.sets,
        r_hat={name: chain.r_hat for name, chain in of.items()},
        autocorrelation={name: chain.autocorrelation for name, chain in of.items()},
        independent={name: chain.independent for name, chain in of.items()},
        effective={},
    )
    return pool.with_sets(guesses, GUESS).with_sets(z, number, drawn), about
