"""The search for the most probable parameters: CMA-ES on the log of the posterior density, one generation at a time.

The state of the search is told by the rows of the pool that it made: it is built up from them again, so that a search
that was stopped goes on as if it had not been (Hansen & Ostermeier, Evolutionary Computation 9, 159 (2001); the package
``cma``).
"""

from __future__ import annotations

from collections.abc import Callable

import cma
import numpy as np
from numpy.typing import NDArray

from sinterface.validation.calibration.pool import GIVEN, SEARCH, Pool

Array = NDArray[np.float64]

GENERATION = 16
"""Parameter sets of one generation: about 4 + 3 ln(D), as Hansen recommends, and a multiple of the usual cores."""

STEP = 0.35
"""First standard deviation of the search, in units of the priors."""


def next_generation(pool: Pool, seed: int = 0) -> Array:
    """Parameter sets (GENERATION, D) that the search wants to see next, given all its earlier ones.

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
        start, STEP, {"popsize": GENERATION, "randn": _normal(seed), "seed": np.nan, "verbose": -9}
    )
    if len(mine):
        strategy.feed_for_resume(list(pool.z[mine]), list(-density[mine]))
    return np.array(strategy.ask())


def _normal(seed: int) -> Callable[..., Array]:
    """Standard normal numbers of a generator of its own, as the package asks for them."""
    rng = np.random.default_rng([seed, 5])
    return lambda *shape: np.asarray(rng.standard_normal(shape))
