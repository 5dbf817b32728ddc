"""Timings side by side: every round times each candidate once, medians over the rounds."""

import time
from statistics import median

SAMPLE = 0.02
"""A sample repeats a call until this many seconds have passed."""


def seconds(call):
    """Seconds per call, averaged over one sample."""
    start, calls = time.perf_counter(), 0
    while calls == 0 or time.perf_counter() - start < SAMPLE:
        call()
        calls += 1
    return (time.perf_counter() - start) / calls


def side_by_side(rounds=9, **candidates):
    """Median seconds per call of each candidate.  Others work on this machine too: they disturb all alike."""
    for call in candidates.values():
        call()  # compiled, cached, in memory
    samples = [{name: seconds(call) for name, call in candidates.items()} for _ in range(rounds)]
    return {name: median(sample[name] for sample in samples) for name in candidates}
