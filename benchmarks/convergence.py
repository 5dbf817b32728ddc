"""Are predictions converged?  Every family after the hold and after cooling, with twice the cells and with a quarter of
the tolerance, and whether the stated numerical error covers the difference.

    python benchmarks/convergence.py [POWDER ...] [--temperatures 400:1000:50] [--workers 2]

A change counts as small up to 0.1 wt% or 5 % of the amount, the larger.  With ``quick=True`` (the test in CI) few
firings are compared.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np

import sinterface as si
from sinterface.simulate.solve.result import LEAST_ERROR
from sinterface.simulate.solve.run import TOLERANCE

POWDERS = ("pc-LCO", "pc-LFP", "pc-LMO", "pc-LNMO", "pc-NCA", "pc-NMC111", "pc-NMC622", "pc-NMC811")
TEMPERATURES = tuple(range(400, 1001, 50))

ABSOLUTE, RELATIVE = 0.1, 0.05
"""Changes that count as converged: wt% of the sample, and share of the amount."""

FINER = {"twice the cells": {"cells": 2}, "a quarter of the tolerance": {"tolerance": 0.25}}

TRACE = 0.005
"""Families that stay below this [wt%] are left out."""


@dataclass(frozen=True)
class Row:
    """One family of one firing against one finer run: ``share`` and stated ``error`` [wt%], ``precise`` the finer."""

    powder: str
    T: int
    when: str
    against: str
    family: str
    share: float
    error: float
    precise: float

    @property
    def off(self):
        """Difference to the finer run [wt%]."""
        return abs(self.share - self.precise)

    @property
    def small(self):
        """Whether it counts as converged."""
        return self.off <= max(ABSOLUTE, RELATIVE * max(self.share, self.precise))

    @property
    def covered(self):
        """Whether the stated error covers the difference."""
        return self.off <= self.error

    def __str__(self):
        return (
            f"{self.powder} {self.T} °C, {self.when}, {self.against}: {self.family} {self.share:.3f} ± "
            f"{self.error:.3f}, then {self.precise:.3f}"
        )


def families(result):
    """Share and error [wt%] of each family with its role, {when: {(family, role): (share, error)}}."""
    data = result.dataset
    end = int(np.searchsorted(data["time"].values, data.attrs["hold_end_s"] * (1.0 - 1e-9)))
    told = {}
    for when, row in (("hold", min(end, data.sizes["time"] - 1)), ("cooled", data.sizes["time"] - 1)):
        sums = {}
        for family, role, share, error in zip(
            data["family"].values, data["role"].values, data["wt_percent"].values[row],
            data["wt_percent_error"].values[row], strict=True,
        ):  # fmt: skip
            before = sums.get((str(family), str(role)), (0.0, 0.0))
            sums[str(family), str(role)] = (before[0] + float(share), before[1] + float(error))
        told[when] = sums
    return told


def compare(case):
    """Rows of one firing, and the seconds that its run with error estimate took.  Raises RuntimeError if one stalls."""
    powder, T = case
    task = si.problem(powder, schedule=si.Schedule.hold(T, hours=2))
    began = time.process_time()
    given = si.predict(task)
    seconds = time.process_time() - began
    rows = []
    for against, change in FINER.items():
        cells = task.cells * change.get("cells", 1)
        finer = si.problem(powder, schedule=si.Schedule.hold(T, hours=2), cells=cells)
        better = si.predict(finer, tolerance=TOLERANCE * change.get("tolerance", 1.0), estimate_error=False)
        if not (given.finished and better.finished):
            raise RuntimeError(f"{powder} at {T} °C did not end")
        first, second = families(given), families(better)
        for when, told in first.items():
            for family, role in sorted(told | second[when]):
                share, error = told.get((family, role), (0.0, LEAST_ERROR))
                precise = second[when].get((family, role), (0.0, 0.0))[0]
                if max(share, precise) > TRACE:
                    rows.append(Row(powder, T, when, against, family, share=share, error=error, precise=precise))
    return rows, seconds


def table(cases, workers=1):
    """All rows, and the seconds of each run."""
    if workers == 1:
        told = [compare(case) for case in cases]
    else:
        with get_context("spawn").Pool(workers) as pool:
            told = pool.map(compare, cases, chunksize=1)
    return [row for rows, _ in told for row in rows], [seconds for _, seconds in told]


def summary(rows):
    """Lines that say what share is converged and covered, and what is not."""
    lines = []
    for when in ("hold", "cooled"):
        for against in FINER:
            chosen = [row for row in rows if row.when == when and row.against == against]
            if not chosen:
                continue
            off = np.array([row.off for row in chosen])
            small = 100.0 * np.mean([row.small for row in chosen])
            covered = 100.0 * np.mean([row.covered for row in chosen])
            lines.append(
                f"{when:<7} {against:<27} {len(chosen):4d} families: {small:5.1f} % "
                f"within {ABSOLUTE} wt% or {100 * RELATIVE:.0f} %, {covered:5.1f} % "
                f"covered by the stated error; differences {np.median(off):.4f} in the median, {off.max():.3f} at most"
            )
    lines.append(f"median stated error {np.median([row.error for row in rows]):.4f} wt%")
    worst = sorted((row for row in rows if not row.small), key=lambda row: -row.off)
    lines += ["not converged:"] + [f"  {row}" for row in worst] if worst else ["all converged"]
    bare = sorted((row for row in rows if not row.covered), key=lambda row: row.error - row.off)
    lines += ["not covered:"] + [f"  {row}" for row in bare] if bare else ["all covered"]
    return lines


def main(arguments):
    """Print the table."""
    parser = argparse.ArgumentParser(description="changes of all families with cells and tolerance")
    parser.add_argument("powders", nargs="*", default=POWDERS)
    parser.add_argument("--temperatures", default="400:1000:50")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    low, high, step = (int(part) for part in options.temperatures.split(":"))
    cases = [(powder, T) for powder in options.powders for T in range(low, high + 1, step)]
    rows, seconds = table(cases, options.workers)
    print("\n".join(summary(rows)))
    print(f"CPU time with error estimate {np.median(seconds):.2f} s in the median, {max(seconds):.2f} at most")


if __name__ == "__main__":
    main(sys.argv[1:])
