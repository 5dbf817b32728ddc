"""Whole runs: seconds per run, cell and step, cost against cells, a matrix of powders and temperatures."""

import time
from statistics import median

import numpy as np

import sinterface as si
from sinterface.simulate.solve.system import assemble
from sinterface.simulate.studies.sweep import sweep_couples

COUPLES = (("pc-NMC811", 700), ("pc-LNMO", 600), ("pc-LCO", 800))
CELLS = (20, 40, 80, 160)
POWDERS = ("pc-LCO", "pc-LFP", "pc-LMO", "pc-LNMO", "pc-NCA", "pc-NMC111", "pc-NMC622", "pc-NMC811")
TEMPERATURES = tuple(range(400, 1001, 50))
WORKERS = 2
KAWIN = {"version": "0.5.0", "case": "Ni-Cr-Al, 1200 °C, 100 h, 100 cells", "steps": 356, "seconds": (18.0, 23.0)}
"""Figures of the project's notes on other codes, which this benchmark does not measure again."""


def clock(call, rounds):
    """Median seconds, and the last answer; others work on this machine too."""
    samples = []
    for _ in range(rounds):
        start = time.perf_counter()
        answer = call()
        samples.append(time.perf_counter() - start)
    return median(samples), answer


def couple(cathode, T, cells=40, hours=2.0):
    return si.problem(cathode, schedule=si.Schedule.hold(T, hours=hours), cells=cells)


def reference(cathode, T, rounds=3):
    task = couple(cathode, T)
    build, system = clock(lambda: assemble(task, si.load_database()), rounds)
    alone, result = clock(lambda: si.predict(task, estimate_error=False), rounds)
    both, _ = clock(lambda: si.predict(task), rounds)
    attrs = result.dataset.attrs
    assert attrs["outcome"] == "DONE", attrs["advice"]
    march = alone - build
    return {
        "temperature_C": T,
        "elements": len(system.components) + 1,
        "phases": len(system.blocks.blocks),
        "cells": task.cells,
        "steps": attrs["steps"],
        "newton_iterations": attrs["newton_iterations"],
        "seconds_to_assemble": build,
        "seconds": alone,
        "seconds_with_error": both,
        "microseconds_per_cell_and_step": march / task.cells / attrs["steps"] * 1e6,
        "microseconds_per_cell_and_iteration": march / task.cells / attrs["newton_iterations"] * 1e6,
    }


def scaling(cathode, T, rounds=1):
    seconds, steps = [], []
    for cells in CELLS:
        value, result = clock(lambda n=cells: si.predict(couple(cathode, T, n), estimate_error=False), rounds)
        seconds.append(value)
        steps.append(result.dataset.attrs["steps"])

    def exponent(values):
        return float(np.polyfit(np.log(CELLS), np.log(values), 1)[0])

    per_step = np.array(seconds) / np.array(steps)
    return {
        "cells": CELLS,
        "seconds": seconds,
        "steps": steps,
        "exponent": exponent(seconds),
        "exponent_per_step": exponent(per_step),
    }


def matrix():
    start = time.perf_counter()
    bad = []
    tasks = [si.problem(powder) for powder in POWDERS]
    for powder, swept in zip(POWDERS, sweep_couples(tasks, TEMPERATURES, workers=WORKERS), strict=True):
        bad += [f"{powder} {T}" for T, r in zip(swept.temperatures, swept.results, strict=True)
                if r.dataset.attrs["outcome"] != "DONE"]  # fmt: skip
    seconds = time.perf_counter() - start
    runs = len(POWDERS) * len(TEMPERATURES)
    return {"runs": runs, "workers": WORKERS, "seconds": seconds, "seconds_per_run": seconds / runs, "unfinished": bad}


def run():
    si.predict(couple("pc-LMO", 400, 8))  # compiled, cached, in memory
    references = {name: reference(name, T) for name, T in COUPLES}
    first = references[COUPLES[0][0]]["seconds"]
    return {
        "references": references,
        "scaling": {name: scaling(name, T) for name, T in COUPLES[:2]},
        "matrix": matrix(),
        "kawin": {**KAWIN, "re_measured": False, "ratio": [value / first for value in KAWIN["seconds"]]},
    }


def show(figures):
    for name, part in figures["references"].items():
        print(f"\nrun of {name} with LLZTO, {part['temperature_C']} °C 2 h: {part['elements']} elements, ", end="")
        print(f"{part['phases']} phases, {part['cells']} cells, {part['steps']} steps")
        print(
            f"  without / with error estimate      {part['seconds']:.2f} / {part['seconds_with_error']:.2f} s, ", end=""
        )
        print(f"of which phases {part['seconds_to_assemble']:.2f} s")
        print(f"  per cell and step                  {part['microseconds_per_cell_and_step']:.0f} us, ", end="")
        print(f"per cell and Newton iteration {part['microseconds_per_cell_and_iteration']:.1f} us")
    for name, part in figures["scaling"].items():
        pairs = ", ".join(f"{n}: {s:.2f} s" for n, s in zip(part["cells"], part["seconds"], strict=True))
        print(f"cost of {name} against cells: {pairs}; exponent {part['exponent']:.2f}, ", end="")
        print(f"per step {part['exponent_per_step']:.2f}")
    part = figures["matrix"]
    print(f"matrix of {part['runs']} runs on {part['workers']} processes: {part['seconds']:.0f} s; ", end="")
    print(f"unfinished: {', '.join(part['unfinished']) or 'none'}")
    low, high = figures["kawin"]["ratio"]
    print(
        f"kawin {figures['kawin']['version']}, {figures['kawin']['case']}: {low:.0f} to {high:.0f} times as long ",
        end="",
    )
    print("as the first run (published figure, not re-measured here; another problem)")


if __name__ == "__main__":
    import json

    answer = run()
    print(json.dumps(answer, indent=2))
    show(answer)
