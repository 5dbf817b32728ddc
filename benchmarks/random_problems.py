"""Random firings: do all of them end, balanced, with nothing negative or infinite, in bounded time?

    python benchmarks/random_problems.py [COUNT] [SEED]

Couples with dopants and all garnets, gases from N2 to 5 % CO2 with steam, schedules that start at up to 1200 °C, heat at
50 K/s or creep at 0.05 K/min, mass ratios 1:20 to 20:1, additives, spheres and slabs; every 25 problems also new
parameters.  The exit code is 1 when a firing fails.
"""

import sys
import time
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from sinterface.models.basics.errors import InputError
from sinterface.models.phases import database
from sinterface.models.rates import parameters
from sinterface.simulate.setup.problem import problem
from sinterface.simulate.solve.integrate import begin, integrate
from sinterface.simulate.solve.result import dissolved
from sinterface.simulate.solve.run import TOLERANCE
from sinterface.simulate.solve.system import assemble

CATHODES = (
    "pc-LNMO", "pc-NMC811", "pc-LCO", "pc-NMC111", "pc-LMO", "pc-NMC532", "pc-NCA", "pc-NMC622", "pc-LFP",
    "LiCo0.98Al0.02O2", "Li1.2Mn0.54Ni0.13Co0.13O2", "Li1Ni0.4444Mn0.2222Co0.3333O2",
)  # fmt: skip
GARNETS = ("LLZTO", "LLZO", "Al-LLZO", "Nb-LLZO", "Ga-LLZO")
GASES = ("O2", "dry-air", "N2", "air", "air:pCO2=0.05,pH2O=0.03", "CO2")
ADDITIVES = ("", "", "", "Li2CO3=2", "La2O3=3", "Li2CO3=2,LiOH=1")

MOST_SECONDS = 20.0
"""CPU time that a firing may take [s]."""

MOST_OFF = 1e-9
"""Largest error of the balance of an element, as a share of it."""

SAME_PARAMETERS = 25
"""Problems after which new parameters are drawn."""


@dataclass(frozen=True)
class Case:
    """One firing: what is asked for, in the words of ``problem``."""

    cathode: str
    electrolyte: str
    schedule: str
    options: dict[str, object]

    def __str__(self):
        return f"{self.cathode} + {self.electrolyte}, {self.schedule}, {self.options}"


def draw(rng):
    """A random case."""
    T = float(rng.uniform(500.0, 1200.0)) if rng.random() < 0.5 else 1200.0
    hours = float(10.0 ** rng.uniform(-2.0, 1.0))
    schedule = (
        f"10 °C/min to {T:.0f} °C; hold {hours:.3f} h; quench",
        f"from {T:.0f} °C; hold {hours:.3f} h; quench",
        f"50 K/s to {T:.0f} °C; hold {hours:.3f} h; cool naturally",
        f"0.05 °C/min to {T:.0f} °C; hold {10.0 * hours:.3f} h; 0.05 °C/min to 100 °C",
    )[rng.integers(4)]
    cathode = str(rng.choice(CATHODES))
    options = {
        "atmosphere": str(rng.choice(GASES)),
        "mass_ratio": float(np.clip(10.0 ** rng.normal(0.0, 0.6), 0.05, 20.0)),
        "cells": int(rng.integers(4, 41)),
        "additives": str(rng.choice(ADDITIVES)),
        "crucible": str(rng.choice(("lidded", "open"))),
        "geometry": str(rng.choice(("sphere", "slab"), p=(0.8, 0.2))),
    }
    if cathode.startswith("Li"):
        options["structure"] = "layered"
    return Case(cathode, str(rng.choice(GARNETS)), schedule, options)


def moved(rng, values):
    """Parameters about as far from ``values`` as calibration may put them."""
    return replace(
        values,
        interface=values.interface + rng.normal(0.0, 0.3),
        cations=values.cations + rng.normal(),
        boundaries=values.boundaries + rng.normal(),
        transformation=values.transformation + rng.normal(0.0, 15.0),
        perovskite=values.perovskite + rng.normal(0.0, 3.0),
        lithium_rich=values.lithium_rich + rng.normal(0.0, 3.0),
    )


def database_of(values):
    """The tables with the energies of some parameters."""
    return values.energies(database.embedded())


@dataclass(frozen=True)
class Outcome:
    """How a firing went: why it failed ("" if it did not), balance error, CPU time [s], steps, Newton iterations."""

    fault: str
    off: float
    seconds: float
    steps: int
    iterations: int


def fire(case, tables, values, tolerance=TOLERANCE):
    """Run a case and judge it.  Raises InputError when it is refused."""
    task = problem(case.cathode, case.electrolyte, case.schedule, **case.options)
    system = assemble(task, tables, values)
    state = begin(system)
    began = time.process_time()
    run = integrate(system, state, task.schedule.starts[1:], tolerance=tolerance)
    seconds = time.process_time() - began
    last, before = run.last, state.held.sum(axis=0)
    content = (last.amounts @ system.model.basis.N + dissolved(system.model.store, last.potentials)).sum(axis=0)
    scale = np.where(np.array(system.components) == "C", before.sum(), np.maximum(before, 1e-300))
    off = float((np.abs(content + last.lost - before) / scale).max())
    T, cell, block = run.place or (0.0, 0, 0)
    fault = ""
    if run.outcome.name != "DONE":
        name = system.blocks.blocks[block].name if block >= 0 else "a balance"
        fault = f"{run.outcome.name} at {last.time:.6g} s, {T - 273.15:.1f} °C, cell {cell}, {name}"
    elif not all(np.isfinite(part).all() for part in (last.amounts, last.potentials, run.moving, run.changing)):
        fault = "not finite"
    elif min(float(last.amounts.min()), float(run.moving.min()), float(run.changing.min())) < 0.0:
        fault = "negative"
    elif off > MOST_OFF:
        fault = f"balance off by {off:.1e}"
    elif seconds > MOST_SECONDS:
        fault = f"{seconds:.1f} s"
    return Outcome(fault, off, seconds, run.steps, run.iterations)


def main(count, seed):
    """Print what fails and a summary; True when nothing fails."""
    rng = np.random.default_rng(seed)
    fire(draw(np.random.default_rng(0)), database_of(parameters.calibrated()), parameters.calibrated())  # compiles
    outcomes, refused = [], Counter()
    values = tables = None
    for number in range(count):
        if number % SAME_PARAMETERS == 0:
            values = moved(rng, parameters.calibrated())
            tables = database_of(values)
        case = draw(rng)
        try:
            told = fire(case, tables, values)
        except InputError as error:
            refused[str(error)[:80]] += 1
            continue
        outcomes.append(told)
        if told.fault:
            print(f"{number}: {case}: {told.fault}", flush=True)
    failed = sum(bool(told.fault) for told in outcomes)
    seconds = sorted(told.seconds for told in outcomes)
    print(f"{len(outcomes)} firings, {failed} failed, {sum(refused.values())} refused {dict(refused)}")
    print(f"balance off by {max(told.off for told in outcomes):.1e} at most")
    print(f"CPU time {seconds[len(seconds) // 2]:.2f} s in the median, {seconds[-1]:.2f} s at most; "
          f"{sum(told.steps for told in outcomes)} steps, "
          f"{sum(told.iterations for told in outcomes) / sum(told.steps for told in outcomes):.1f} iterations a step")  # fmt: skip
    return not failed


if __name__ == "__main__":
    good = main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    sys.exit(0 if good else 1)
