"""Parameter sets that were run with the model, how probable they make what was observed, and what was drawn from where.

One row is one parameter set: its coordinates z in units of the priors and its log-likelihood by cathode.  A row of a
search tells where the posterior is high.  A row of a sampling round was drawn from an emulated posterior of known
density and carries weight: true density over the density that it was drawn from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from sinterface.models.basics.errors import DataError, InputError, shown
from sinterface.models.rates.parameters import names, priors

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

POWER = 0.5
"""Power of the likelihood: errors of the model are shared by neighbouring temperatures of a series and by like powders,
so that each observation counts as half of an independent one (the coarsened posterior of Miller & Dunson, Journal of
the American Statistical Association 114, 1113 (2019)).  An estimate."""

MOST_NUMBERS, MOST_SETS = 3_000_000, 200_000
"""Most numbers and most parameter sets in a pool that is read."""

GUESS, GIVEN, SEARCH = -3, -2, -1
"""Origins of rows without weight: guessed to be best by an emulator, run elsewhere, or wanted by the search.

Rows of sampling rounds have the number of the round, from 0 on.
"""


@dataclass(frozen=True)
class MadeWith:
    """What a log-likelihood belongs to, beside the parameters: another database or observation makes another one.

    ``database`` and ``observations`` are fingerprints; ``cells`` and ``tolerance`` those of the runs.
    """

    database: str
    observations: str
    cells: int
    tolerance: float

    def differs(self, other: MadeWith) -> str:
        """The names of the fields in which another one differs, in words; nothing when they agree."""
        return " and ".join(f.name for f in fields(self) if getattr(self, f.name) != getattr(other, f.name))


@dataclass(frozen=True)
class Pool:
    """All rows so far.

    ``z`` (S, D) in units of the priors.  ``likelihood`` (S, C): log-likelihood by cathode, NaN in rows that are still
    to be run.  ``origin`` (S,): GUESS, GIVEN, SEARCH or the number of the sampling round.  ``drawn`` (S,): log of the
    density that a row of a sampling round was drawn from, but for a constant of that round; 0 in all other rows.

    >>> pool = from_sets([[0.0] * len(names())], [{"pc-LCO": -3.0}], MadeWith("a", "b", 16, 0.08))
    >>> float(pool.log_density()[0])
    -1.5
    """

    z: Array
    likelihood: Array
    origin: Integers
    drawn: Array
    cathodes: tuple[str, ...]
    made_with: MadeWith

    @property
    def waiting(self) -> NDArray[np.bool_]:
        """Which rows (S,) are still to be run."""
        return np.asarray(np.isnan(self.likelihood).any(axis=1))

    def finished(self) -> Pool:
        """The rows that have been run."""
        return self.rows(~self.waiting)

    def rows(self, chosen: NDArray[np.bool_]) -> Pool:
        """The chosen rows (S,) alone."""
        return replace(
            self,
            z=self.z[chosen],
            likelihood=self.likelihood[chosen],
            origin=self.origin[chosen],
            drawn=self.drawn[chosen],
        )

    def with_sets(self, z: Array, origin: int, drawn: Array | None = None) -> Pool:
        """This pool with more rows (N, D) that are to be run."""
        count = len(z)
        return replace(
            self,
            z=np.vstack([self.z, z]),
            likelihood=np.vstack([self.likelihood, np.full((count, len(self.cathodes)), np.nan)]),
            origin=np.concatenate([self.origin, np.full(count, origin)]),
            drawn=np.concatenate([self.drawn, np.zeros(count) if drawn is None else drawn]),
        )

    def with_result(self, row: int, likelihood: Mapping[str, float]) -> Pool:
        """This pool with the log-likelihood of one row, by cathode."""
        table = self.likelihood.copy()
        table[row] = [likelihood[name] for name in self.cathodes]
        return replace(self, likelihood=table)

    def log_density(self, without: Sequence[str] = ()) -> Array:
        """Log of prior times likelihood (S,) but for a constant, without the observations of some cathodes.

        It is minus infinity in rows that are still to be run.
        """
        kept = [c for c, name in enumerate(self.cathodes) if name not in without]
        told = -0.5 * np.sum(self.z**2, axis=1) + POWER * self.likelihood[:, kept].sum(axis=1)
        return np.where(self.waiting, -np.inf, told)

    def log_weights(self, without: Sequence[str] = ()) -> Array:
        """Normalised log weights (S,) of the posterior, without the observations of some cathodes.

        Within a sampling round a weight is true density over the density it was drawn from.  Rounds count by their
        effective number of rows less one, so that a round of which a single row is left counts for nothing.  Rows of
        a search, and those still to be run, have the weight 0.  Without any sampling round, rows have the weights
        of their densities alone: that shows where the search has been, and is no posterior.  Raises InputError when no
        row has been run.
        """
        log = np.full(len(self.z), -np.inf)
        run = ~self.waiting
        if not run.any():
            raise InputError("no parameter set has been run: there is no posterior yet")
        density = self.log_density(without)
        shares = []
        rounds = np.unique(self.origin[run & (self.origin >= 0)])
        for number in rounds:
            rows = np.flatnonzero(run & (self.origin == number))
            mine = density[rows] - self.drawn[rows]
            mine -= logsumexp(mine)
            log[rows] = mine
            shares.append(np.exp(-logsumexp(2.0 * mine)) - 1.0)
        total = sum(shares)
        if total <= 1e-9:  # no round, or none with more than one row that counts
            log = np.where(run & (self.origin < 0 if np.any(run & (self.origin < 0)) else run), density, -np.inf)
        else:
            for number, share in zip(rounds, shares, strict=True):
                rows = np.flatnonzero(run & (self.origin == number))
                log[rows] += np.log(max(share, 0.0) / total) if share > 0.0 else -np.inf
        return np.asarray(log - logsumexp(log))

    def effective(self, without: Sequence[str] = ()) -> float:
        """Effective number of samples, 1 / sum w^2 (Kong 1992); 0 as long as no sampling round gave any."""
        log = self.log_weights(without)
        if not np.any(np.isfinite(log[self.origin >= 0])):
            return 0.0
        return float(np.exp(-logsumexp(2.0 * log)))


def empty(cathodes: Sequence[str], made_with: MadeWith) -> Pool:
    """A pool without rows."""
    return Pool(
        np.zeros((0, len(names()))), np.zeros((0, len(cathodes))), np.zeros(0, dtype=np.int64), np.zeros(0),
        tuple(cathodes), made_with,
    )  # fmt: skip


def from_sets(
    z: Sequence[Sequence[float]], likelihood: Sequence[Mapping[str, float]], made_with: MadeWith, origin: int = GIVEN
) -> Pool:
    """A pool of sets that were run elsewhere: coordinates (S, D) and the log-likelihood by cathode of each.

    Raises InputError when they are no such table.
    """
    if not z or len(z) != len(likelihood):
        raise InputError(
            f"{len(z)} parameter sets and {len(likelihood)} log-likelihoods: give one of each, at least one"
        )
    cathodes = tuple(sorted(likelihood[0]))
    if any(len(row) != len(names()) for row in z) or any(set(row) != set(cathodes) for row in likelihood):
        raise InputError(f"each set needs {len(names())} coordinates and the log-likelihood of {', '.join(cathodes)}")
    coordinates = np.array(z, dtype=float)
    table = np.array([[row[name] for name in cathodes] for row in likelihood], dtype=float)
    if not (np.all(np.isfinite(coordinates)) and np.all(np.isfinite(table))):
        raise InputError("coordinates and log-likelihoods must be finite")
    return Pool(coordinates, table, np.full(len(coordinates), origin), np.zeros(len(coordinates)), cathodes, made_with)


def pool_text(pool: Pool) -> str:
    """All rows as JSON; ``read_pool`` reads it."""
    return json.dumps(
        {
            "parameters": names(),
            "priors": _priors(),
            "cathodes": pool.cathodes,
            "made_with": {field.name: getattr(pool.made_with, field.name) for field in fields(MadeWith)},
            "z": pool.z.tolist(),
            "log_likelihood": [None if np.isnan(row).any() else row.tolist() for row in pool.likelihood],
            "origin": pool.origin.tolist(),
            "drawn": pool.drawn.tolist(),
        }
    )


def _priors() -> list[list[float]]:
    return [[card.mean, card.sd] for card in priors()]


def read_pool(text: str) -> Pool:
    """What ``pool_text`` wrote.  Raises DataError for anything else."""
    if text.count(",") > MOST_NUMBERS or text.count("[") + text.count("{") > MOST_SETS:
        raise DataError(f"these are more than {MOST_SETS} samples of a calibration: calibrate anew")
    try:
        document = json.loads(text)
        if not isinstance(document, dict):
            raise TypeError("no object")
        known, scales = document["parameters"], np.array(document["priors"], dtype=float)
        cathodes = _cathodes(document["cathodes"])
        made_with = _made_with(document["made_with"])
        z, drawn = np.array(document["z"], dtype=float), _numbers(document["drawn"])
        origin = _whole(document["origin"])
        likelihood = _likelihood(document["log_likelihood"], len(cathodes))
        known = tuple(known)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        told = shown(str(error), 200)[1:-1]
        raise DataError(f"these are no samples of a calibration ({told}): calibrate anew") from error
    if known != names() or not np.array_equal(scales, np.array(_priors())):  # samples are in units of the priors
        raise DataError("these are not samples of the present parameters and priors: calibrate anew")
    count = len(likelihood)
    if (
        z.shape != (count, len(names()))
        or likelihood.shape != (count, len(cathodes))
        or origin.shape != (count,)
        or drawn.shape != (count,)
        or not np.all(np.abs(z) < 1e3)  # NaN is not below it either
        or not np.all((np.abs(likelihood) < 1e9) | np.isnan(likelihood))
        or not np.all(np.abs(drawn) < 1e9)
        or not np.all((origin >= GUESS) & (origin < 10**6))
    ):
        raise DataError("these samples are damaged: calibrate anew")
    return Pool(z, likelihood, origin, drawn, cathodes, made_with)


def _cathodes(entry: Any) -> tuple[str, ...]:
    if not isinstance(entry, list) or not entry or len(set(map(str, entry))) < len(entry):
        raise TypeError("cathodes is no list of different names")
    if not all(isinstance(name, str) and 0 < len(name) <= 200 and name.isprintable() for name in entry):
        raise TypeError("cathodes are no names")
    return tuple(entry)


def _made_with(entry: Any) -> MadeWith:
    if not isinstance(entry, dict) or set(entry) != {field.name for field in fields(MadeWith)}:
        raise TypeError("made_with is not complete")
    database, observations, cells, tolerance = (entry[field.name] for field in fields(MadeWith))
    if not all(isinstance(name, str) and len(name) <= 200 and name.isprintable() for name in (database, observations)):
        raise TypeError("made_with has no fingerprints")
    if type(cells) is not int or type(tolerance) is not float or not (0 < cells < 10**6 and 0.0 < tolerance < 1e3):
        raise TypeError("made_with has no cells and tolerance")
    return MadeWith(database, observations, cells, tolerance)


def _whole(entry: Any) -> Integers:
    if not isinstance(entry, list) or not all(type(number) is int and abs(number) < 10**6 for number in entry):
        raise TypeError("origin is no list of whole numbers")
    return np.array(entry, dtype=np.int64)


def _numbers(entry: Any) -> Array:
    if not isinstance(entry, list) or not all(type(number) in (int, float) for number in entry):
        raise TypeError("drawn is no list of numbers")
    return np.array(entry, dtype=float)


def _likelihood(entry: Any, width: int) -> Array:
    """Rows of numbers, null for a row that is still to be run."""
    if not isinstance(entry, list):
        raise TypeError("log_likelihood is no table")
    table = np.full((len(entry), width), np.nan)
    for number, row in enumerate(entry):
        if row is None:
            continue
        values = np.array(row, dtype=float)
        if values.shape != (width,) or not np.all(np.isfinite(values)):
            raise TypeError("log_likelihood is no table of numbers")
        table[number] = values
    return table
