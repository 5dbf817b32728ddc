"""First use: a new process, with an empty and with a filled cache of compiled code.

``python benchmarks/startup.py`` times whole commands, from the first letter to the prompt that is back.
"""

import os
import subprocess
import sys
import tempfile
import time
from statistics import median

PROGRAM = """
import time
start = time.perf_counter()
import numpy as np
from sinterface.models.equilibrium import along, minimise, sequence
imported = time.perf_counter()
table, omega, total = np.eye(3), -np.ones(3), np.ones(3)
minimise(table, omega, total, ("A", "B", "C"))
sequence(table, omega[None], total[None], ("A", "B", "C"))
along(table, omega, total, np.array([1.0, 2.0, 3.0]), ("A", "B", "C"))
print(imported - start, time.perf_counter() - imported)
"""
WARM = 5


def first_use(cache):
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    return [float(value) for value in done.stdout.split()]


def run():
    """Seconds to import and to solve for the first time."""
    with tempfile.TemporaryDirectory() as cache:
        _, cold = first_use(cache)
        warm = [first_use(cache) for _ in range(WARM)]
    return {
        "seconds_import": median(imported for imported, _ in warm),
        "seconds_first_use_empty_cache": cold,
        "seconds_first_use_filled_cache": median(solved for _, solved in warm),
    }


COMMANDS = {
    "--help": ("--help",), "materials": ("materials",), "reactions": ("reactions", "pc-LCO", "-T", "700"),
    "run": ("run", "pc-LCO", "-T", "800"),
}  # fmt: skip


def whole(*arguments, cache):
    """Seconds of a command by the clock, and of processor time, compiled code being kept in ``cache``."""
    before, start = os.times(), time.perf_counter()
    command = [sys.executable, "-m", "sinterface.validation.cli", *arguments]
    subprocess.run(command, env={**os.environ, "NUMBA_CACHE_DIR": cache}, capture_output=True, check=True)
    after, took = os.times(), time.perf_counter() - start
    return took, after.children_user + after.children_system - before.children_user - before.children_system


def main():
    """Times of the first and of the fastest later one of each command."""
    print("command      first: clock, processor / s    later: clock, processor / s")
    for name, arguments in COMMANDS.items():
        with tempfile.TemporaryDirectory() as cache:
            first = whole(*arguments, cache=cache)
            later = min((whole(*arguments, cache=cache) for _ in range(WARM)), key=lambda times: times[1])
        print(f"{name:12s} {first[0]:12.2f} {first[1]:12.2f} {later[0]:18.2f} {later[1]:12.2f}")


if __name__ == "__main__":
    main()
