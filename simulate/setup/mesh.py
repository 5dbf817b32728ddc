"""One-dimensional finite-volume meshes for two touching materials, finest at their interface."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

GEOMETRIES = {"sphere": 3, "slab": 1}
"""Exponent d of the volume within radius r, r^d."""


@dataclass(frozen=True)
class Mesh:
    """Cells (M) from the core outwards.

    faces (M+1,) [m]; volumes (M,) and areas of the inner faces (M-1,) of one particle (sphere) or of unit area
    (slab); ``interface`` is the number of cells that belong to the core material.

    Only a share ``contact`` of the interface touches, in round spots between grains of radius ``grain`` [m]; behind a
    spot the path widens.  Each contact of the core's surface S belongs to about 4 (R/grain)^2 neighbours, each with a
    spot of radius a: contact = (a/grain)^2.  A path that widens at 45 degrees has, at distance x, the share
    ((a + x)/grain)^2 of the area, up to 1.  What lies beside the paths counts to the cells of full area.
    """

    faces: NDArray[np.float64]
    geometry: str
    interface: int
    contact: float = 1.0
    grain: float = np.inf

    @cached_property
    def open(self) -> NDArray[np.float64]:
        """Share of the area that conducts at each face (M+1,)."""
        depth = np.abs(self.faces - self.faces[self.interface]) / self.grain
        return np.asarray(np.minimum((np.sqrt(self.contact) + depth) ** 2, 1.0))

    @cached_property
    def centres(self) -> NDArray[np.float64]:
        """Cell centres (M,) [m]."""
        return np.asarray(0.5 * (self.faces[1:] + self.faces[:-1]))

    @cached_property
    def volumes(self) -> NDArray[np.float64]:
        """Cell volumes (M,) [m^3], or [m] per unit area for a slab."""
        whole = np.diff(4.0 / 3.0 * np.pi * self.faces**3) if self.geometry == "sphere" else np.diff(self.faces)
        volumes = whole * 0.5 * (self.open[1:] + self.open[:-1])
        for side in (slice(None, self.interface), slice(self.interface, None)):
            full = np.where(volumes[side] >= whole[side], whole[side], 0.0)
            takes = full if full.any() else volumes[side]
            volumes[side] += (whole[side] - volumes[side]).sum() * takes / takes.sum()
        return volumes

    @cached_property
    def areas(self) -> NDArray[np.float64]:
        """Areas of the faces between cells (M-1,) [m^2], one for a slab."""
        inner = self.faces[1:-1]
        return (4.0 * np.pi * inner**2 if self.geometry == "sphere" else np.ones_like(inner)) * self.open[1:-1]

    @cached_property
    def half_widths(self) -> NDArray[np.float64]:
        """Distances (2, M-1) [m] from each inner face to the centre of the cell before and behind it."""
        inner = self.faces[1:-1]
        return np.array([inner - self.centres[:-1], self.centres[1:] - inner])


def _graded(length: float, cells: int, finest: float) -> NDArray[np.float64]:
    """Widths of cells that grow geometrically from ``finest`` and fill ``length``."""
    if cells * finest >= length:
        return np.full(cells, length / cells)
    low, high = 1.0, 1e3
    for _ in range(200):
        ratio = 0.5 * (low + high)
        growth = min(cells * np.log(ratio), 700.0)
        total = finest * cells if ratio == 1.0 else finest * np.expm1(growth) / (ratio - 1.0)
        low, high = (ratio, high) if total < length else (low, ratio)
    widths = finest * low ** np.arange(cells)
    return np.asarray(widths * (length / widths.sum()))


def two_layers(
    core: float, shell_ratio: float, cells: int, geometry: str = "sphere", finest: float = 5e-9,
    contact: float = 1.0, grain: float = np.inf,
) -> Mesh:  # fmt: skip
    """Core of radius (or thickness) ``core`` [m] under a shell of ``shell_ratio`` times its volume.

    ``cells`` in all, half in each; the two cells at the interface are ``finest`` [m] wide, or less when the layer
    is so thin that equal cells are finer.
    """
    outer = core * (1.0 + shell_ratio) ** (1.0 / GEOMETRIES[geometry])
    inside = cells // 2
    inner = core - np.concatenate(([0.0], np.cumsum(_graded(core, inside, finest))))
    shell = core + np.cumsum(_graded(outer - core, cells - inside, finest))
    inner[-1] = 0.0
    return Mesh(np.concatenate((inner[::-1], shell)), geometry, inside, contact, grain)
