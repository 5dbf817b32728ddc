"""Random firings: do all of them end, balanced, with nothing negative or infinite, in bounded time, as precise as said?

    python benchmarks/random_problems.py [--count 1000] [--seed 0] [--compared 0.1] [-o output/random_problems.json]
    python benchmarks/random_problems.py --table [-o output/random_problems.json]

Couples with drawn compositions, dopants and garnets, fresh and as received, gases from N2 to 5 % CO2 with steam that
may change on the way, schedules that start at 25 or 1200 °C and go up and down, heat at 50 K/s or creep at 0.05 K/min,
mass ratios 1:20 to 20:1, additives, coatings, sizes of particles, spheres and slabs; every 25 problems also new
parameters.  A share of the problems
is run again with twice the cells and a quarter of the tolerance, and compared with the stated numerical error.

Every problem depends on its number and the seed alone, and goes into the file when it has ended: a run that was stopped
goes on.  One that killed the process, by its limit of CPU time, counts as failed.  The exit code is 1 when one failed.
"""

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from sinterface.models.basics.errors import InputError
from sinterface.models.phases import database
from sinterface.models.phases.atmosphere import OPEN_ELEMENTS
from sinterface.models.rates import parameters
from sinterface.simulate.files.output import write_text
from sinterface.simulate.setup.problem import problem
from sinterface.simulate.solve.integrate import begin, integrate
from sinterface.simulate.solve.result import LEAST_ERROR, advice, dissolved
from sinterface.simulate.solve.run import MAX_STEPS, TOLERANCE, predict
from sinterface.simulate.solve.system import assemble

CATHODES = (
    "pc-LNMO", "pc-NMC811", "pc-LCO", "pc-NMC111", "pc-LMO", "pc-NMC532", "pc-NCA", "pc-NMC622", "pc-LFP", "sc-NMC631",
    "LiCo0.98Al0.02O2", "Li1.2Mn0.54Ni0.13Co0.13O2", "Li1Ni0.4444Mn0.2222Co0.3333O2",
)  # fmt: skip
GARNETS = ("LLZTO", "LLZTO", "LLZO", "Al-LLZO", "Nb-LLZO", "Ga-LLZO")
GASES = ("O2", "dry-air", "N2", "air", "air:pCO2=0.05,pH2O=0.03", "CO2")
ADDITIVES = ("", "", "", "Li2CO3=2", "La2O3=3", "Li3BO3=2", "Li2CO3=2,LiOH=1")
COATINGS = (
    "Li3BO3=20nm", "LiNbO3=5nm on electrolyte", "Li2ZrO3=1% at 0.5 m2/g", "LiAlO2=10nm, Li3PO4=3nm on electrolyte",
    "Li3PO4=100nm",
)  # fmt: skip
SIZES = ("cards", "cathode=10±5um", "cathode=70% 10±3um + 30% 2±1um", "electrolyte=2±1um", "cathode=0.5um, classes=3")
RECEIVED = {"LLZTO": {"as_received": True}}
"""Garnets whose cards tell what air makes of them; the others get an exposure that is drawn."""

FULL = ("Al-LLZO", "Ga-LLZO")
"""Garnets of which no composition short of lithia has an energy: air leaves carbonate on them and takes no lithium."""

MOST_SECONDS = 20.0
"""CPU time that a firing may take [s]."""

MOST_OFF = 1e-9
"""Largest error of the balance of an element, as a share of it."""

SAME_PARAMETERS = 25
"""Problems after which new parameters are drawn."""

CHANGES = {"cells": 2, "tolerance": 0.25}
"""What is changed in the finer run: factors of the cells and of the tolerance."""


@dataclass(frozen=True)
class Case:
    """One firing: what is asked for, in the words of ``problem``."""

    cathode: str
    electrolyte: str
    schedule: str
    options: dict[str, object]

    def __str__(self):
        return f"{self.cathode} + {self.electrolyte}, {self.schedule}, {self.options}"


@dataclass(frozen=True)
class Outcome:
    """How a firing went: why it failed ("" if it did not), balance error, CPU time [s], steps, Newton iterations.

    ``compared`` amounts of phase families, of which ``covered`` differ from the finer run by the stated error at most;
    ``worst`` is what the largest difference beyond its error is about.
    """

    fault: str
    off: float = 0.0
    seconds: float = 0.0
    steps: int = 0
    iterations: int = 0
    compared: int = 0
    covered: int = 0
    worst: str = ""


def draw_cathode(rng):
    """A built-in powder, or a layered oxide of drawn composition with up to 5 % of a dopant."""
    if rng.random() < 0.6:
        return str(rng.choice(CATHODES))
    dopant = round(float(rng.choice((0.0, 0.01, 0.02, 0.05))), 2)
    first, second, _ = np.round((1.0 - dopant) * rng.dirichlet((1.0, 0.7, 0.7)), 3)
    ni, mn = max(first, second), min(first, second)  # Mn4+ asks for as much Ni2+
    parts = {"Ni": ni, "Mn": mn, "Co": round(1.0 - dopant - ni - mn, 3), "Al": dopant}
    return "Li" + "".join(f"{symbol}{amount:g}" for symbol, amount in parts.items() if amount > 0.0) + "O2"


def draw_schedule(rng):
    """One hold, reached slowly, at once or from above; or some steps up and down from 25 or 1200 °C, gas changing."""
    T = float(rng.uniform(500.0, 1200.0)) if rng.random() < 0.5 else 1200.0
    hours = float(10.0 ** rng.uniform(-2.0, 1.0))
    kind = rng.integers(6)
    if kind < 4:
        return (
            f"10 °C/min to {T:.0f} °C; hold {hours:.3f} h; quench",
            f"from {T:.0f} °C; hold {hours:.3f} h; quench",
            f"50 K/s to {T:.0f} °C; hold {hours:.3f} h; cool naturally",
            f"0.05 °C/min to {T:.0f} °C; hold {10.0 * hours:.3f} h; 0.05 °C/min to 100 °C",
        )[kind]
    steps = ["from 1200 °C"] if kind == 4 else []
    here = 1200.0 if kind == 4 else 25.0
    for _ in range(int(rng.integers(2, 5))):
        there = float(rng.uniform(200.0, 1200.0))
        if abs(there - here) < 5.0:
            continue
        gas = f" in {rng.choice(GASES)}" if rng.random() < 0.3 else ""
        steps.append(f"{10.0 ** rng.uniform(-0.5, 3.5):.3g} °C/min to {there:.0f} °C{gas}")
        if rng.random() < 0.7:
            steps.append(f"hold {10.0 ** rng.uniform(-2.0, 1.0):.3f} h")
        here = there
    return "; ".join([*steps, str(rng.choice(("quench", "cool naturally")))])


def draw(rng):
    """A random case."""
    cathode, garnet = draw_cathode(rng), str(rng.choice(GARNETS))
    options = {
        "atmosphere": str(rng.choice(GASES)),
        "mass_ratio": float(np.clip(10.0 ** rng.normal(0.0, 0.6), 0.05, 20.0)),
        "cells": int(rng.integers(4, 41)),
        "additives": str(rng.choice(ADDITIVES)),
        "crucible": str(rng.choice(("lidded", "open"))),
        "geometry": str(rng.choice(("sphere", "slab"), p=(0.8, 0.2))),
    }
    if rng.random() < 0.3:
        protons = 0.0 if garnet in FULL else rng.uniform(0.0, 0.6)
        exposed = {"exposed": f"H={protons:.2f},Li2CO3={rng.uniform(0.0, 3.0):.2f}"}
        options |= RECEIVED.get(garnet, exposed)
    if rng.random() < 0.25:
        options["coating"] = str(rng.choice(COATINGS))
    if rng.random() < 0.2 and options["geometry"] == "sphere":
        options["sizes"] = str(rng.choice(SIZES))
    if cathode.startswith("Li"):
        options["structure"] = "layered"
    return Case(cathode, garnet, draw_schedule(rng), options)


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


class TooLongError(Exception):
    """A firing took more CPU time than it may."""


def bounded(began, most):
    """A callback of the march that ends it when ``most`` seconds of CPU time are used up."""

    def look(at):
        if time.process_time() - began > most:
            raise TooLongError(f"{time.process_time() - began:.1f} s of CPU time and not done, at {at:.6g} s")

    return look


def fire(case, tables, values, tolerance=TOLERANCE, most=MOST_SECONDS):
    """Run a case and judge it.  Raises InputError when it is refused."""
    task = problem(case.cathode, case.electrolyte, case.schedule, **case.options)
    system = assemble(task, tables, values)
    state = begin(system)
    began = time.process_time()
    try:
        run = integrate(
            system, state, task.schedule.starts[1:], tolerance=tolerance, max_steps=MAX_STEPS,
            progress=bounded(began, most),
        )  # fmt: skip
    except TooLongError as error:
        return Outcome(str(error), seconds=time.process_time() - began)
    seconds = time.process_time() - began
    last, before = run.last, state.held.sum(axis=0)
    content = (last.amounts @ system.model.basis.N + dissolved(system.model.store, last.potentials)).sum(axis=0)
    scale = np.where(np.isin(system.components, OPEN_ELEMENTS), before.sum(), np.maximum(before, 1e-300))
    off = float((np.abs(content + last.lost - before) / scale).max())
    fault = ""
    if run.outcome.name != "DONE":
        fault = f"{run.outcome.name}: {advice(task, system, run)}"
    elif not all(np.isfinite(part).all() for part in (last.amounts, last.potentials, run.moving, run.changing)):
        fault = "not finite"
    elif min(float(last.amounts.min()), float(run.moving.min()), float(run.changing.min())) < 0.0:
        fault = "negative"
    elif off > MOST_OFF:
        fault = f"balance off by {off:.1e}"
    elif seconds > most:
        fault = f"{seconds:.1f} s"
    return Outcome(fault, off, seconds, run.steps, run.iterations)


def families(result):
    """Share and stated error [wt%] of each family with its role after the schedule."""
    final = result.dataset.isel(time=-1)
    sums = {}
    for family, role, share, error in zip(
        final["family"].values, final["role"].values, final["wt_percent"].values, final["wt_percent_error"].values,
        strict=True,
    ):  # fmt: skip
        before = sums.get((str(family), str(role)), (0.0, 0.0))
        sums[str(family), str(role)] = (before[0] + float(share), before[1] + float(error))
    return sums


def compared(case, tables, values):
    """(amounts compared, those covered by the stated error, the worst in words) against a finer run."""
    task = problem(case.cathode, case.electrolyte, case.schedule, **case.options)
    given = predict(task, database=database.embedded(), parameters=values)
    finer = replace(task, cells=task.cells * CHANGES["cells"])
    began = time.process_time()
    try:
        precise = predict(
            finer, database=database.embedded(), parameters=values, tolerance=TOLERANCE * CHANGES["tolerance"],
            max_steps=10 * MAX_STEPS, estimate_error=False,
            progress=bounded(began, 20.0 * MOST_SECONDS),
        )  # fmt: skip
    except TooLongError as error:
        return 0, 0, f"the finer run: {error}"
    if not precise.finished:
        return 0, 0, f"the finer run: {precise.dataset.attrs['outcome']}"
    first, second = families(given), families(precise)
    told, worst, beyond = [], "", 0.0
    for key in sorted(set(first) | set(second)):
        share, error = first.get(key, (0.0, LEAST_ERROR))
        exact = second.get(key, (0.0, 0.0))[0]
        if max(share, exact) < 5e-3:
            continue
        told.append(abs(share - exact) <= error)
        if abs(share - exact) - error > beyond:
            beyond = abs(share - exact) - error
            worst = f"{' '.join(key)} {share:.3f} ± {error:.3f} wt%, then {exact:.3f}"
    return len(told), sum(told), worst


def judge(number, seed, share):
    """(case, outcome) of one problem; the outcome is None, and its reason beside it, where it is refused."""
    rng = np.random.default_rng((seed, number))
    values = moved(np.random.default_rng((seed, number // SAME_PARAMETERS, 1)), parameters.calibrated())
    tables = database_of(values)
    case, wanted = draw(rng), rng.random() < share
    try:
        told = fire(case, tables, values)
        if wanted and not told.fault:
            count, covered, worst = compared(case, tables, values)
            told = replace(told, compared=count, covered=covered, worst=worst)
    except InputError as error:
        return case, None, str(error)
    return case, told, ""


def limit_cpu(seconds):
    """End this process after so much more CPU time, where the system can."""
    try:
        import resource
    except ImportError:
        return
    used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def campaign(count, seed, share, path):
    """All problems up to ``count``, those in the file as they stand there; the document of the file."""
    document = {"seed": seed, "share": share, "under_way": None, "problems": {}}
    if path.exists():
        document = json.loads(path.read_text(encoding="utf-8"))
        if (document["seed"], document["share"]) != (seed, share):
            raise SystemExit(f"{path}: is of seed {document['seed']} and share {document['share']}; name another file")
    problems = document["problems"]
    died = document["under_way"]
    if died is not None and str(died) not in problems:
        case = draw(np.random.default_rng((seed, died)))
        problems[str(died)] = {"case": str(case), "refused": "", **asdict(Outcome("it ended the process"))}
    values = parameters.calibrated()
    fire(Case("pc-LMO", "LLZTO", "from 600 °C; hold 1 min", {"cells": 4}), database_of(values), values)  # compiles
    for number in range(count):
        if str(number) in problems:
            continue
        document["under_way"] = number
        write_text(path, json.dumps(document, indent=1, ensure_ascii=False))
        limit_cpu(60 * int(MOST_SECONDS))
        case, told, reason = judge(number, seed, share)
        problems[str(number)] = {"case": str(case), "refused": reason, **asdict(told or Outcome(""))}
        if told is not None and (told.fault or told.covered < told.compared):
            print(f"{number}: {case}: {told.fault or told.worst}", flush=True)
    document["under_way"] = None
    write_text(path, json.dumps(document, indent=1, ensure_ascii=False))
    return document


def table(document):
    """Rows of docs/reliability.md: what was asked of the problems, what holds, and what the worst was."""
    every = list(document["problems"].values())
    fired = [each for each in every if not each["refused"]]
    failed = [each for each in fired if each["fault"]]
    ended = [each for each in fired if not each["fault"]]
    against = [each for each in fired if each["compared"]]
    seconds = np.array([each["seconds"] for each in ended] or [np.nan])
    off = max((each["off"] for each in ended), default=np.nan)
    held = [each["covered"] == each["compared"] for each in against]
    amounts, covered = (sum(each[key] for each in against) for key in ("compared", "covered"))
    lines = [
        "| asked of random problems | of how many | what came of it |", "|---|---|---|",
        f"| end within {MOST_SECONDS:g} s of CPU time, balanced to {MOST_OFF:g}, nothing negative or infinite | "
        f"{len(fired)} | {len(ended)} do |",
        f"| CPU time | {len(ended)} | {np.median(seconds):.2f} s in the median, {seconds.max():.1f} s at most |",
        f"| balance of an element | {len(ended)} | off by {off:.1e} at most |",
        f"| stated error covers twice the cells and a quarter of the tolerance, every family | {len(against)} | "
        f"{sum(held)} firings; {covered} of {amounts} amounts |",
        f"| refused in a line, as asked for what is not possible | {len(every)} | {len(every) - len(fired)} |",
    ]  # fmt: skip
    reasons = Counter(each["refused"][:80] for each in every if each["refused"])
    lines += ["", *(f"failed: {each['case']}: {each['fault']}" for each in failed)]
    lines += [f"not covered: {each['case']}: {each['worst']}" for each in against if each["covered"] < each["compared"]]
    return [*lines, *(f"refused {times} times: {reason}" for reason, times in reasons.most_common())]


def main(arguments=None):
    """Run the problems and print the table; True when none fails."""
    parser = argparse.ArgumentParser(description="random firings: do all of them end, and are they as precise as said?")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--compared", type=float, default=0.1, help="share that is run again, finer")
    parser.add_argument("--table", action="store_true", help="only print what the file holds")
    parser.add_argument("-o", "--output", type=Path, default=Path("output/random_problems.json"))
    options = parser.parse_args(arguments)
    if options.table:
        document = json.loads(options.output.read_text(encoding="utf-8"))
    else:
        options.output.parent.mkdir(exist_ok=True)
        document = campaign(options.count, options.seed, options.compared, options.output)
    print("\n".join(table(document)))
    return not any(each["fault"] for each in document["problems"].values())


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
