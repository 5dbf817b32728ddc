"""Screening: "fast" against "full", speed on one and two processes, memory of stores of many candidates.

All of it, or one part: ``python benchmarks/screen.py accuracy|workers|memory``.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sinterface as si
from sinterface.simulate.screening.candidate_space import ACCURACIES, parse
from sinterface.simulate.screening.screen import failed, screen
from sinterface.simulate.screening.zarr_store import open_store

CATHODES = ("pc-LNMO", "pc-NMC811", "pc-NMC631", "pc-NMC111", "pc-LCO", "pc-LMO", "sc-NMC631", "pc-NMC622")
TEMPERATURES = (500, 700, 900)


def run():
    worst, total = [], dict.fromkeys(ACCURACIES, 0.0)
    for cathode in CATHODES:
        for T in TEMPERATURES:
            shares = {}
            for name, effort in ACCURACIES.items():
                task = si.problem(cathode, schedule=si.Schedule.hold(T, hours=2), cells=effort.cells)
                si.predict(task, tolerance=effort.tolerance, estimate_error=False) if not worst else None
                start = time.perf_counter()
                shares[name] = si.predict(task, tolerance=effort.tolerance, estimate_error=False).family_shares
                total[name] += time.perf_counter() - start
            fast, full = shares["fast"], shares["full"]
            worst.append(
                (max((abs(fast.get(f, 0.0) - full.get(f, 0.0)) for f in {*fast, *full}), default=0.0), cathode, T)
            )
    return worst, total


SPACE = """
temperatures = [600, 800]
accuracy = "fast"
electrolytes = ["LLZTO", "LLZO"]
[grid]
step = 0.1
Ni = [0.5, 0.9]
Mn = [0.0, 0.4]
Co = [0.1, 0.2]
"""
LARGE = """
temperatures = "500:900:100"
electrolytes = ["LLZTO"]
gases = [GASES]
[grid]
step = 0.05
"""
POINTS = 231


def shared_rate(space, workers):
    """Candidates per second of a screen once its processes work, start-up and first compilation left out."""
    moments = []
    with tempfile.TemporaryDirectory() as folder:
        screen(space, Path(folder) / "s.zarr", workers=workers, progress=lambda *_: moments.append(time.perf_counter()))
    first, last = 2 * workers, len(moments) - workers  # the ends, where not all processes work, left out
    return (last - first - 1) / (moments[last - 1] - moments[first])


def show_workers():
    space = parse(SPACE)
    shared_rate(space, 1)  # compiles
    rates = {workers: shared_rate(space, workers) for workers in (1, 2)}
    per = 2 * rates[1]  # two temperatures each
    print(
        f"{len(space)} candidates, 2 temperatures each: one process {per:.1f} predictions per second, reactions, ",
        end="",
    )
    print(f"samples and store included; two {2 * rates[2]:.1f}: efficiency {100 * rates[2] / (2 * rates[1]):.0f} %")
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def fake(candidate, common):
    row = failed(candidate, common, "DONE")
    row["onset"] = 500.0 + candidate.index % 400
    row["wt_percent"] = [[0.001 * candidate.index] * len(line) for line in row["wt_percent"]]
    return row


def one_store(size):
    """Write and read a store of so many candidates; seconds and peak memory [MB] of this process."""
    gases = ", ".join(f'"O2:pO2={1.0 - 0.001 * k:g}"' for k in range(-(-size // POINTS)))
    space = parse(LARGE.replace("GASES", gases))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.zarr"
        start = time.perf_counter()
        screen(space, path, judge=fake)
        written = time.perf_counter() - start
        with open_store(path) as data:
            chunk = data["wt_percent"].chunks[0][0]
            held = 0.0
            for low in range(0, len(space), chunk):
                part = data.isel(candidate=slice(low, low + chunk)).load()
                held += float(part["wt_percent"].sum())
                assert set(part["outcome"].values.tolist()) == {"DONE"}
            assert held > 0.0
        read = time.perf_counter() - start - written
        megabytes = sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(space)} candidates: written in {written:.1f} s, read in {read:.1f} s, {megabytes:.1f} MB on disk, ",
        end="",
    )
    print(f"peak memory {peak:.0f} MB")


def show_memory():
    for size in (1_000, 10_000, 30_000):
        subprocess.run([sys.executable, __file__, "store", str(size)], check=True)


def show_accuracy():
    worst, total = run()
    worst.sort(reverse=True)
    number = len(worst)
    print(f"{number} couples; largest differences of a family, wt%: ", end="")
    print(", ".join(f"{cathode} {T} °C {error:.2f}" for error, cathode, T in worst[:5]))
    print(f"median {worst[number // 2][0]:.3f} wt%")
    for name, seconds in total.items():
        print(f"{name}: {number / seconds:.1f} predictions per second on one core, phases of each couple included")


if __name__ == "__main__":
    chosen = sys.argv[1:] or ["accuracy", "workers", "memory"]
    if chosen[0] == "store":
        one_store(int(chosen[1]))
    else:
        parts = {"accuracy": show_accuracy, "workers": show_workers, "memory": show_memory}
        for name in chosen:
            parts[name]()
