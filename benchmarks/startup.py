"""First use: a new process, with an empty and with a filled cache of compiled code."""

import os
import subprocess
import sys
import tempfile
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
