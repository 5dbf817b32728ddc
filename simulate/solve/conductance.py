"""What a species meets between neighbouring cells, and what a phase could form from: the compiled loops of a step.

Knows numbers only; ``system.py`` says what they mean.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@nb.njit(cache=True, error_model="numpy")
def conductances(
    held: Array, free: Array, D: Array, density: Array, inner: int, activity: Array, half: Array, areas: Array,
    thinnest: float, fastest: float,
) -> Array:  # fmt: skip
    """Conductances integrated over a step (M-1, K): area / (dx1 / D1 c1 + dx2 / D2 c2), at most ``fastest``.

    held, free: what the hosts hold of each species and what the others can dissolve of it (M, H, K), per mole of
    cations; D (2, H, K): diffusivities times the step, in the ``inner`` first cells and the rest; density (M,): moles
    of cations per volume; activity (M, K): its logarithm; half (2, M-1): half widths, of which those below
    ``thinnest`` resist nothing; areas (M-1,).
    """
    M, H, K = held.shape
    moving, spare = np.empty((M, K)), np.empty((M, K))
    for c in range(M):
        side = 0 if c < inner else 1
        for k in range(K):
            a = b = 0.0
            for h in range(H):
                a += held[c, h, k] * D[side, h, k]
                b += free[c, h, k] * D[side, h, k]
            moving[c, k], spare[c, k] = a * density[c], b * density[c]
    found = np.empty((M - 1, K))
    for c in range(M - 1):
        for k in range(K):
            low, high = min(activity[c, k], activity[c + 1, k]), max(activity[c, k], activity[c + 1, k])
            gap = max(high - low, 1e-9)
            mean = np.exp(min(high, 0.0)) * -np.expm1(-gap) / gap  # logarithmic mean: Fick's law when dilute
            resistance = 0.0
            if half[0, c] >= thinnest:
                resistance += half[0, c] / (moving[c, k] + spare[c, k] * mean)
            if half[1, c] >= thinnest:
                resistance += half[1, c] / (moving[c + 1, k] + spare[c + 1, k] * mean)
            found[c, k] = min(areas[c] / resistance, fastest) if resistance > 0.0 else fastest
    return found


@nb.njit(cache=True)
def scarcest(held: Array, composition: Array) -> Array:
    """Most that could form of each store (M, P) of what cells hold (M, K), by its scarcest species; make-up (P, K)."""
    M, K = held.shape
    P = composition.shape[0]
    found = np.full((M, P), np.inf)
    for c in range(M):
        for p in range(P):
            for k in range(K):
                if composition[p, k] > 0.0:
                    found[c, p] = min(found[c, p], max(held[c, k], 0.0) / composition[p, k])
    return found
