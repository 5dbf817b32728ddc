"""What the firings of a parameter set would come to, guessed from the sets that were run: Gaussian processes.

Amounts are smoother in the parameters than their probability is, which falls off a cliff at every detection limit.  So
the logarithm of what each firing makes of each family is emulated, and the exact likelihood judges what is guessed.
All amounts of the firings of one cathode are one process of many outputs: they share one kernel, a squared exponential
with a length for each coordinate and a linear part, whose numbers maximise the marginal likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from scipy.stats import spearmanr
from threadpoolctl import threadpool_limits

from sinterface.models.basics.errors import InputError
from sinterface.validation.judging.judge import OFFSET, Judge
from sinterface.validation.judging.pool import POWER, Pool, log_prior

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

LEAST = 96
"""Fewest parameter sets that an emulator is made of: four for each coordinate."""

MOST = 2000
"""Most parameter sets that train an emulator: those where walkers are, and the best ones.

A posterior has next to nothing near its best set when it has 28 dimensions: an emulator that is trained on the best
sets alone knows nothing of where walkers are.
"""

FOR_LENGTHS = 240
"""Most parameter sets that kernels are fitted to; their cost grows with the third power."""

ITERATIONS = 25
"""Steps of L-BFGS-B to the kernel: the last digits of a length change nothing."""

START = (3.5, 1.8, 0.03)
"""Where that starts: lengths, weight of the linear part in units of them, and share of noise."""

SCALES = (1.0, 1.5, 1.5)
"""Standard deviations of normal priors around START, in logarithms: coordinates that do not matter stay put."""

JITTER = 1e-8
"""Added to the diagonal of every kernel matrix against round-off."""

HIGHEST = np.log(100.0 + OFFSET)
"""No family makes up more than the sample."""


@dataclass(frozen=True)
class Kernel:
    """A squared exponential with ``lengths`` (D,), a linear part of weight ``slope`` beside it, and ``noise``.

    All are in units of the variance of the squared exponential; the linear part is in units of the lengths.
    """

    lengths: Array
    slope: float
    noise: float

    def between(self, a: Array, b: Array) -> Array:
        """Covariance (N, M) of coordinates (N, D) and (M, D), without noise."""
        a, b = a / self.lengths, b / self.lengths
        product = a @ b.T
        halves = 0.5 * np.sum(a**2, axis=1)[:, None] + 0.5 * np.sum(b**2, axis=1)
        return np.exp(np.minimum(product - halves, 0.0)) + self.slope * product

    def alone(self, a: Array) -> Array:
        """Variance (N,) at coordinates (N, D), without noise."""
        return 1.0 + self.slope * np.sum((a / self.lengths) ** 2, axis=1)


def fit(z: Array, values: Array) -> Kernel:
    """The kernel that maximises the marginal likelihood of ``values`` (N, Q) at ``z`` (N, D), and SCALES of START.

    All outputs share it and their variance: those that vary more have more to say (Rasmussen & Williams, Gaussian
    Processes for Machine Learning, MIT Press (2006), equation 5.8, recalled, summed over outputs, the variance at its
    maximum).
    """
    size = z.shape[1]
    middle = np.log(np.concatenate([np.full(size, START[0]), START[1:]]))
    scale = np.concatenate([np.full(size, SCALES[0]), SCALES[1:]])
    count, outputs = values.shape

    def losing(logs: Array) -> tuple[float, Array]:
        kernel = _kernel(logs)
        a = z / kernel.lengths
        near, straight = np.exp(-0.5 * cdist(a, a, "sqeuclidean")), kernel.slope * (a @ a.T)
        factor = cho_factor(near + straight + (kernel.noise + JITTER) * np.eye(count), lower=True)
        solved = cho_solve(factor, values)
        variance = float(np.sum(values * solved)) / (count * outputs) + 1e-12
        loss = outputs * (0.5 * count * np.log(variance) + np.sum(np.log(np.diag(factor[0]))))
        inner = 0.5 * (outputs * cho_solve(factor, np.eye(count)) - (solved / variance) @ solved.T)
        curved = inner * near
        by_length = 2.0 * (np.sum(curved, axis=1) @ a**2 - np.sum(a * ((curved + kernel.slope * inner) @ a), axis=0))
        slope = np.concatenate([by_length, [np.sum(inner * straight), kernel.noise * np.trace(inner)]])
        away = (logs - middle) / scale
        return (loss + 0.5 * away @ away) / count, (slope + away / scale) / count

    bounds = [(m - 4.0 * s, m + 4.0 * s) for m, s in zip(middle, scale, strict=True)]
    ended = minimize(losing, middle, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    return _kernel(np.asarray(ended.x))


def _kernel(logs: Array) -> Kernel:
    *lengths, slope, noise = np.exp(logs)
    return Kernel(np.array(lengths), float(slope), float(noise))


@dataclass(frozen=True)
class Process:
    """A Gaussian process of many outputs, conditioned on sets ``z`` (N, D), which are counted from ``center`` (D,).

    ``weights`` (N, Q), ``means`` (Q,) and ``scale`` (Q,), the variance of each output in units of the kernel, make up
    what is guessed.  ``whitening`` (N, N) is the inverse of the lower Cholesky factor of the kernel matrix; it is in
    single precision, as most of the time of a guess is spent on it.
    """

    kernel: Kernel
    center: Array
    z: Array
    weights: Array
    means: Array
    scale: Array
    whitening: NDArray[np.float32]

    def mean(self, z: Array) -> Array:
        """Guess (N, Q) at coordinates (N, D)."""
        return np.asarray(self.means + self.kernel.between(z - self.center, self.z) @ self.weights)

    def moments(self, z: Array) -> tuple[Array, Array]:
        """Guess (N, Q) and its variance (N, Q), which holds the noise of the model."""
        away = z - self.center
        near = self.kernel.between(away, self.z)
        known = np.sum((near.astype(np.float32) @ self.whitening.T) ** 2, axis=1, dtype=float)
        left = np.maximum(self.kernel.alone(away) - known, 0.0) + self.kernel.noise
        return self.means + near @ self.weights, left[:, None] * self.scale


def condition(kernel: Kernel, z: Array, values: Array) -> tuple[Process, Array]:
    """The process given ``values`` (N, Q) at ``z`` (N, D), and what it would guess of each set without it (N, Q).

    Leaving one out has a closed form (Rasmussen & Williams (2006), equations 5.10 to 5.12, recalled).

    >>> z = np.linspace(0.0, 3.0, 30)[:, None]
    >>> process, without = condition(Kernel(np.ones(1), 1.0, 1e-6), z, np.sin(z))
    >>> bool(np.all(np.abs(process.mean(z + 0.05) - np.sin(z + 0.05)) < 1e-2))
    True
    """
    center, means = z.mean(axis=0), values.mean(axis=0)
    away = z - center
    matrix = kernel.between(away, away) + (kernel.noise + JITTER) * np.eye(len(z))
    whitening = solve_triangular(cholesky(matrix, lower=True), np.eye(len(z)), lower=True)
    weights = whitening.T @ (whitening @ (values - means))
    scale = np.mean((values - means) * weights, axis=0)
    inverse = np.sum(whitening**2, axis=0)
    process = Process(kernel, center, away, weights, means, np.maximum(scale, 0.0), whitening.astype(np.float32))
    return process, values - weights / inverse[:, None]


@dataclass(frozen=True)
class Check:
    """How well sets were guessed that were left out: by cathode, and the log of the posterior density as a whole.

    ``rmse`` and ``spread``, the standard deviation of what was guessed, are in units of log-likelihood; ``rank`` is
    Spearman's correlation, NaN where nothing varies.  ``together`` is of the sum, times POWER: effective sizes fall as
    the exponential of its square.  ``top`` is the same over the better half of the sets, of which there are ``sets``.
    """

    cathodes: tuple[str, ...]
    rmse: tuple[float, ...]
    spread: tuple[float, ...]
    rank: tuple[float, ...]
    together: float
    together_rank: float
    top: float
    sets: int


@dataclass(frozen=True)
class Part:
    """The process of some firings; ``columns`` (Q, 2) tell firing and place of each of its outputs."""

    process: Process
    columns: Integers


@dataclass(frozen=True)
class Emulator:
    """What every firing makes as a function of the coordinates, judged; and how far to trust it.

    ``still`` (K, F) holds the logs of amounts that were the same in all sets.
    """

    judge: Judge
    parts: tuple[Part, ...]
    still: Array
    check: Check

    def responses(self, z: Array, unsure: bool = True) -> tuple[Array, Array | None]:
        """Logs of amounts (N, K, F) at coordinates (N, D), and their variances where it is asked how ``unsure``."""
        logs = np.repeat(self.still[None], len(z), axis=0)
        variance = np.zeros_like(logs) if unsure else None
        for part in self.parts:
            firing, place = part.columns.T
            if variance is None:
                logs[:, firing, place] = part.process.mean(z)
            else:
                logs[:, firing, place], variance[:, firing, place] = part.process.moments(z)
        return np.clip(logs, np.log(OFFSET), HIGHEST), variance

    def likelihood(self, z: Array, unsure: bool = True) -> Array:
        """Log-likelihood (N, C) by cathode at coordinates (N, D).

        With ``unsure`` the mean over all that the amounts may be, else that of the guess as if it were known.
        """
        logs, variance = self.responses(z, unsure)
        return self.judge(logs, np.ones(logs.shape[:2], dtype=bool), variance)

    def log_density(self, z: Array, without: Sequence[str] = (), unsure: bool = True) -> Array:
        """Log of prior times likelihood (N,) at coordinates (N, D) but for a constant, as ``Pool.log_density``."""
        counted = [c for c, name in enumerate(self.judge.cathodes) if name not in without]
        return np.asarray(log_prior(z) + POWER * self.likelihood(z, unsure)[:, counted].sum(axis=1))


def train(pool: Pool, targets: Sequence[Sequence[str]] = ((),), seed: int = 0) -> Emulator:
    """Gaussian processes trained on the best of the rows all of whose runs ended.

    ``targets`` lists which cathodes are left out of each posterior that is asked for: a row is as good as it is for the
    posterior that likes it most.  Raises InputError when there are fewer than LEAST rows.
    """
    best = _best(pool.rows(pool.ended), targets)
    count = len(best.z)
    if count < LEAST:
        raise InputError(f"{count} parameter sets were run to the end: an emulator needs {LEAST}, search longer")
    some = np.random.default_rng([seed, 6, count]).permutation(count)[:FOR_LENGTHS]
    logs, guessed, parts = best.responses, best.responses.copy(), []
    moving = np.ptp(logs, axis=0) > 0.0
    with threadpool_limits(1):  # small matrices: more threads only wait for each other
        for firings in _together(pool.judge):
            columns = np.argwhere(moving & np.isin(np.arange(len(moving)), firings)[:, None])
            if not len(columns):
                continue
            values = logs[:, columns[:, 0], columns[:, 1]]
            kernel = fit(best.z[some] - best.z[some].mean(axis=0), values[some] - values[some].mean(axis=0))
            process, guessed[:, columns[:, 0], columns[:, 1]] = condition(kernel, best.z, values)
            parts.append(Part(process, columns))
    told = best.judge(np.clip(guessed, np.log(OFFSET), HIGHEST), np.ones(logs.shape[:2], dtype=bool))
    return Emulator(best.judge, tuple(parts), logs[0], _check(best, told))


def _together(judge: Judge) -> list[list[int]]:
    """Firings by cathode: what is felt by one firing is mostly felt by the others."""
    by_cathode: dict[str, list[int]] = {}
    for firing, case in enumerate(judge.cases):
        by_cathode.setdefault(case.cathode, []).append(firing)
    return list(by_cathode.values())


def _best(pool: Pool, targets: Sequence[Sequence[str]]) -> Pool:
    """The MOST rows: the last that were proposed to walkers, then those that are nearest to the best of any target."""
    if len(pool.z) <= MOST:
        return pool
    behind = np.min([np.max(d) - d for d in (pool.log_density(left) for left in targets)], axis=0)
    behind = np.where(pool.origin >= 0, -1.0 - np.arange(len(pool.z)), behind)
    chosen = np.zeros(len(pool.z), dtype=bool)
    chosen[np.argsort(behind, kind="stable")[:MOST]] = True
    return pool.rows(chosen)


def _check(pool: Pool, guessed: Array) -> Check:
    known = pool.likelihood
    error, sums = guessed - known, (guessed.sum(axis=1), known.sum(axis=1))
    missed = POWER * (sums[0] - sums[1])
    density = pool.log_density()
    return Check(
        pool.cathodes,
        rmse=tuple(map(float, np.sqrt(np.mean(error**2, axis=0)))),
        spread=tuple(map(float, known.std(axis=0))),
        rank=tuple(rank(guessed[:, c], known[:, c]) for c in range(len(pool.cathodes))),
        together=float(missed.std()),
        together_rank=rank(*sums),
        top=float(missed[density >= np.median(density)].std()),
        sets=len(known),
    )


def rank(guessed: Array, known: Array) -> float:
    """Spearman's rank correlation, NaN where one of them does not vary."""
    if len(known) < 2 or np.ptp(guessed) == 0.0 or np.ptp(known) == 0.0:
        return float("nan")
    return float(spearmanr(guessed, known).statistic)
