"""Lines of a crystal: orbits of its sites, structure factors of all hkl at once, and intensities by spacing.

The sums are those of pymatgen's XRDCalculator with its scattering parameters, to which a test holds them.  They are
made here because a run has a new composition of each solid solution at every temperature, and one costs seconds there:
a product of three tables of phase factors, one for each axis, takes the place of a sum over all atoms for each hkl.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SAME = 1e-3
"""Fractional distance up to which two images of an atom are one."""

TOGETHER = 1e-5
"""Angle [degrees of 2 theta] up to which lines are one."""


@lru_cache(maxsize=256)
def symmetry(space_group: str) -> tuple[Array, Array]:
    """Rotations (N, 3, 3) and translations (N, 3) of a space group in pymatgen's setting, in a fixed order."""
    from pymatgen.symmetry.groups import SpaceGroup

    rows = sorted(
        (*operation.rotation_matrix.ravel().tolist(), *np.mod(operation.translation_vector, 1.0).round(9).tolist())
        for operation in SpaceGroup(space_group).symmetry_ops
    )
    table = np.array(rows)
    return table[:, :9].reshape(-1, 3, 3), table[:, 9:]


@lru_cache(maxsize=4096)
def orbit(space_group: str, xyz: tuple[float, float, float]) -> Array:
    """Fractional coordinates (n, 3) of all images of an atom in the cell.

    Example::

        len(orbit("Fm-3m", (0.0, 0.0, 0.0)))  # 4
    """
    rotations, translations = symmetry(space_group)
    images = np.mod(rotations @ np.array(xyz) + translations, 1.0)
    apart = images[:, None] - images[None]
    apart -= np.round(apart)
    same = (np.abs(apart) < SAME).all(axis=2)
    first = same.argmax(axis=1) == np.arange(len(images))  # no earlier image is the same atom
    kept = images[first]
    kept.setflags(write=False)
    return kept


@lru_cache(maxsize=128)
def scattering(symbol: str) -> tuple[int, Array]:
    """Atomic number, and parameters (a, b) of the scattering factor (n, 2), as pymatgen has them."""
    from pymatgen.analysis.diffraction.xrd import ATOMIC_SCATTERING_PARAMS
    from pymatgen.core.periodic_table import Element

    return int(Element(symbol).Z), np.array(ATOMIC_SCATTERING_PARAMS[symbol])


def factor(species: Sequence[tuple[str, float]], s2: Array) -> Array:
    """Scattering factor (points,) of a site at s^2 = (sin theta / lambda)^2 [1/Å^2] (points,), species by occupancy."""
    total = np.zeros_like(s2)
    for symbol, occupancy in species:
        number, parameters = scattering(symbol)
        decay = np.exp(-np.multiply.outer(s2, parameters[:, 1])) @ parameters[:, 0]
        total += occupancy * (number - 41.78214 * s2 * decay)
    return total


def basis(cell: Sequence[float]) -> Array:
    """Vectors of a cell (3, 3) [Å], as rows, from its lengths [Å] and angles [degrees]."""
    a, b, c = cell[:3]
    alpha, beta, gamma = (math.cos(math.radians(angle)) for angle in cell[3:])
    sine = math.sqrt(1.0 - gamma * gamma)
    y = (alpha - beta * gamma) / sine
    return np.array(
        [[a, 0.0, 0.0], [b * gamma, b * sine, 0.0], [c * beta, c * y, c * math.sqrt(1.0 - beta * beta - y * y)]]
    )


def diffraction_lines(
    space_group: str,
    cell: Sequence[float],
    sites: Sequence[tuple[tuple[float, float, float], Sequence[tuple[str, float]]]],
    *,
    wavelength: float,
    last: float,
    displacement: float,
) -> tuple[Array, Array, NDArray[np.int64]]:
    """Spacings [Å] (lines,), intensities per cell (lines,), and one hkl of each (lines, 3), from the lowest angle on.

    ``sites`` are fractional coordinates of an atom of each orbit, and its species by occupancy; ``last`` is the largest
    angle [degrees of 2 theta], ``displacement`` the Debye-Waller factor B of all atoms [Å^2].  Intensities are squared
    structure factors, summed over all hkl of a spacing, times the Lorentz-polarisation factor.
    """
    longest = 2.0 * math.sin(math.radians(last / 2.0)) / wavelength
    vectors = basis(cell)
    most = np.floor(np.linalg.norm(vectors, axis=1) * longest).astype(int)
    axes = [np.arange(0 if k == 0 else -m, m + 1) for k, m in enumerate(most)]
    hkl = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    g = np.linalg.norm(hkl @ np.linalg.inv(vectors).T, axis=1)
    h, k, m = hkl.T
    half = (h > 0) | (k > 0) | ((k == 0) & (m > 0))  # the other half has the same intensities
    chosen = np.flatnonzero(half & (g <= longest) & (g > 0.0))
    chosen = chosen[np.lexsort((-m[chosen], -k[chosen], -h[chosen], g[chosen].round(9)))]
    g, hkl = g[chosen], hkl[chosen]
    s2 = 0.25 * g * g
    amplitude = np.zeros(len(chosen), dtype=complex)
    for xyz, species in sites:
        x, y, z = orbit(space_group, xyz).T
        tables = [np.exp(2j * np.pi * np.outer(axis, part)) for axis, part in zip(axes, (x, y, z), strict=True)]
        both = (tables[0][:, None, :] * tables[1][None, :, :]).reshape(-1, len(x))
        amplitude += factor(species, s2) * (both @ tables[2].T).ravel()[chosen]
    theta = np.arcsin(np.minimum(0.5 * wavelength * g, 1.0))
    polarisation = (1.0 + np.cos(2.0 * theta) ** 2) / (np.sin(theta) ** 2 * np.cos(theta))
    strength = 2.0 * np.abs(amplitude) ** 2 * np.exp(-2.0 * displacement * s2) * polarisation
    starts = np.flatnonzero(np.diff(np.degrees(2.0 * theta), prepend=-1.0) > TOGETHER)
    return 1.0 / g[starts], np.add.reduceat(strength, starts), hkl[starts].astype(np.int64)
