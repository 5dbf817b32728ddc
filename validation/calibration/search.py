"""The search for the most probable parameters: CMA-ES on the model, and then on an emulator of its firings.

As long as there are too few sets for an emulator, CMA-ES asks the model itself, one generation at a time (Hansen &
Ostermeier, Evolutionary Computation 9, 159 (2001); the package ``cma``).  Afterwards the emulator is climbed, not far
from the best set that was run, and where it is highest the model is asked.  Both follow from the rows of the pool
alone, so that a search that was stopped goes on as if it had not been.
"""

from __future__ import annotations

from collections.abc import Callable

import cma
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from sinterface.validation.calibration.emulator import LEAST, Emulator, train
from sinterface.validation.calibration.walks import Left, groups
from sinterface.validation.judging.pool import GIVEN, GUESS, SEARCH, Pool

Array = NDArray[np.float64]

GENERATION = 16
"""Parameter sets of one generation: about 4 + 3 ln(D), as Hansen recommends, and a multiple of the usual cores."""

STEP = 0.35
"""First standard deviation of the search, in units of the priors."""

OF_ALL, ELSEWHERE, AT_RANDOM, LEFT_OUT = 3, 2, 2, 3
"""Sets of a generation that are to be best given all observations, near the best set and near the best APART from it,

that lie anywhere near the best, and numbers of cathodes that the others are to be best without; these take turns.
"""

APART = 0.3
"""Root mean square distance from the best set [prior sd] of another hill.

A search that only climbed from the best set missed one 0.39 away, as high, for 1,000 sets: gas under the lid renewed as
fast as estimated, where the best had it four times slower.
"""

TRUST = 0.4
"""Root mean square distance from the best set [prior sd] within which the emulator is believed."""

DISTANT = 50.0
"""Log density that is taken off for each squared unit of distance beyond TRUST, times the number of coordinates."""

POPULATION, CLIMB = 12, 50
"""Sets of a generation, and generations, of one climb on the emulator."""


def next_generation(pool: Pool, seed: int = 0) -> tuple[Array, int, list[Left]]:
    """Parameter sets (GENERATION, D) that the search wants to see next, and their origin, SEARCH or GUESS.

    The last are the cathodes whose observations each of them was looked for without.
    """
    if np.count_nonzero(pool.ended) < LEAST:
        return _of_the_model(pool, seed), SEARCH, [()] * GENERATION
    sets, lefts = _of_the_emulator(pool, seed)
    return sets, GUESS, lefts


def _of_the_model(pool: Pool, seed: int) -> Array:
    """The next generation of CMA-ES on the model, given all its earlier ones.

    It starts from the best of the sets that were given, or else from the means of the priors.  Rows of the search that
    were not run to the end of a generation are left out of account.
    """
    run = ~pool.waiting
    density = pool.log_density()
    given = np.flatnonzero(run & (pool.origin == GIVEN))
    start = pool.z[given[np.argmax(density[given])]] if len(given) else np.zeros(pool.z.shape[1])
    mine = np.flatnonzero(run & (pool.origin == SEARCH))
    mine = mine[: len(mine) // GENERATION * GENERATION]
    strategy = cma.CMAEvolutionStrategy(
        start, STEP, {"popsize": GENERATION, "randn": _normal([seed, 5]), "seed": np.nan, "verbose": -9}
    )
    if len(mine):
        strategy.feed_for_resume(list(pool.z[mine]), list(-density[mine]))
    return np.array(strategy.ask())


def _of_the_emulator(pool: Pool, seed: int) -> tuple[Array, list[Left]]:
    """Where the emulated posteriors are highest near their best set and near another hill, and a few sets around it."""
    run = pool.finished()
    different = list(dict.fromkeys(groups(pool.cathodes).values()))
    turn = int(np.count_nonzero(run.origin == GUESS)) // GENERATION
    some = [different[(LEFT_OUT * turn + k) % len(different)] for k in range(min(LEFT_OUT, len(different)))]
    emulator = train(run, [(), *some], seed)
    rng = np.random.default_rng([seed, 10, len(run.z)])
    climbs = GENERATION - AT_RANDOM
    best, other = hills(run.z, run.log_density())
    targets: list[tuple[Left, Array]] = [((), other)] * ELSEWHERE
    targets += [((), best)] * (OF_ALL if some else climbs - ELSEWHERE)
    apart = {left: run.z[np.argmax(np.where(run.blind(left), run.log_density(left), -np.inf))] for left in some}
    targets += [(left, apart[left]) for left in (some[k % len(some)] for k in range(climbs - len(targets)))]
    with threadpool_limits(1):
        sets = [climb(emulator, center, left, rng) for left, center in targets]
    around = best + 0.5 * TRUST * rng.normal(size=(AT_RANDOM, len(best)))
    return np.array([*sets, *around]), [*(left for left, _ in targets), *[()] * AT_RANDOM]


def hills(z: Array, density: Array) -> tuple[Array, Array]:
    """The best set (D,) of some (N, D), and the best that lies APART from it; that itself where none does.

    >>> best, other = hills(np.array([[0.0], [0.1], [1.0], [2.0]]), np.array([-1.0, -1.1, -3.0, -2.0]))
    >>> float(best[0]), float(other[0])
    (0.0, 2.0)
    """
    best = z[np.argmax(density)]
    apart = np.sqrt(np.mean((z - best) ** 2, axis=1)) >= APART
    return best, z[np.argmax(np.where(apart, density, -np.inf))] if np.any(apart) else best


def climb(emulator: Emulator, center: Array, without: tuple[str, ...], rng: np.random.Generator) -> Array:
    """The best coordinates (D,) that one short search finds on an emulated posterior near a ``center`` (D,)."""
    size = len(center)
    strategy = cma.CMAEvolutionStrategy(
        center + 0.25 * TRUST * rng.normal(size=size), 0.3 * TRUST,
        {"popsize": POPULATION, "randn": lambda *shape: rng.standard_normal(shape), "seed": np.nan, "verbose": -9,
         "maxiter": CLIMB},
    )  # fmt: skip
    while not strategy.stop():
        sets = np.array(strategy.ask())
        away = np.maximum(np.sqrt(np.mean((sets - center) ** 2, axis=1)) - TRUST, 0.0)
        density = emulator.log_density(sets, without, unsure=False) - DISTANT * size * away**2
        strategy.tell(list(sets), list(-density))
    return np.asarray(strategy.result.xbest)


def _normal(seed: list[int]) -> Callable[..., Array]:
    """Standard normal numbers of a generator of its own, as the package asks for them."""
    rng = np.random.default_rng(seed)
    return lambda *shape: np.asarray(rng.standard_normal(shape))
