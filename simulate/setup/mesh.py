"""One-dimensional finite-volume meshes for two touching bodies and layers between them, finest at their interfaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

GEOMETRIES = {"sphere": 3, "slab": 1}
"""Exponent d of the volume within radius r, r^d."""

LAYER_CELLS = 4
"""Least number of cells in a layer between the two materials, in a mesh of 40 cells."""

UNDERLAY_CELLS = 5
"""Cells of the powder under a layer beside the contacts, in a mesh of 40 cells."""

UNDERLAY = 30.0
"""Depth of these cells in units of the layer's thickness: more than the layer could react with."""

MOST_UNDERLAY = 1.0 / 3.0
"""Largest share of a powder that counts to these cells."""


@dataclass(frozen=True)
class Mesh:
    """Cells (M) from the core outwards, along a path through a contact.

    faces (M+1,) [m]; volumes (M,) and areas of the inner faces (M-1,) of one particle (sphere) or of unit area
    (slab); ``interface`` is the number of cells that belong to the core material, ``layers`` the numbers of cells of
    layers around it.  The first ``adherent`` of them stick to the core, the others to the shell: the two bodies touch
    between.

    Only a share ``contact`` of that face touches, in round spots between grains of radius ``grain`` [m]; behind a
    spot the path widens.  Each contact of the core's surface S belongs to about 4 (R/grain)^2 neighbours, each with a
    spot of radius a: contact = (a/grain)^2.  A path that widens at 45 degrees has, at distance x, the share
    ((a + x)/grain)^2 of the area, up to 1; where ``grain`` are several radii, it is the mean of theirs over
    ``shares`` of the surface.  What lies beside the paths counts to the cells of full area of the same material; of a
    layer it is no part of the path.
    """

    faces: Array
    geometry: str
    interface: int
    contact: float = 1.0
    grain: tuple[float, ...] = (np.inf,)
    layers: tuple[int, ...] = ()
    adherent: int = 0
    shares: tuple[float, ...] = (1.0,)

    @property
    def touching(self) -> int:
        """Number of cells inside of the face where the two bodies touch."""
        return self.interface + sum(self.layers[: self.adherent])

    @cached_property
    def regions(self) -> NDArray[np.intp]:
        """What each cell (M,) belongs to: 0 the core, then the layers from the core outwards, last the shell."""
        shell = len(self.faces) - 1 - self.interface - sum(self.layers)
        counts = (self.interface, *self.layers, shell)
        return np.repeat(np.arange(len(counts)), counts)

    @cached_property
    def open(self) -> Array:
        """Share of the area that conducts at each face (M+1,)."""
        return self.opened(self.contact)

    def opened(self, contact: float) -> Array:
        """Share of the area that would conduct at each face (M+1,) if the share ``contact`` of the surface touched."""
        depth = np.abs(self.faces - self.faces[self.touching])[:, None] / np.array(self.grain)
        return np.asarray((np.minimum((np.sqrt(contact) + depth) ** 2, 1.0) * self.shares).sum(axis=1))

    @cached_property
    def centres(self) -> Array:
        """Cell centres (M,) [m]."""
        return np.asarray(0.5 * (self.faces[1:] + self.faces[:-1]))

    @cached_property
    def whole(self) -> Array:
        """Volumes (M,) [m^3] of the cells as if the two bodies touched everywhere, [m] per unit area for a slab."""
        return np.diff(4.0 / 3.0 * np.pi * self.faces**3) if self.geometry == "sphere" else np.diff(self.faces)

    @cached_property
    def volumes(self) -> Array:
        """Cell volumes (M,) [m^3], or [m] per unit area for a slab."""
        inside = self.whole * 0.5 * (self.open[1:] + self.open[:-1])
        for body in (0, len(self.layers) + 1):
            side = self.regions == body
            if side.any():
                full = np.where(inside[side] >= (1.0 - 1e-12) * self.whole[side], self.whole[side], 0.0)
                takes = full if full.any() else inside[side]
                inside[side] += (self.whole[side] - inside[side]).sum() * takes / takes.sum()
        return inside

    @cached_property
    def areas(self) -> Array:
        """Areas of the faces between cells (M-1,) [m^2], one for a slab."""
        inner = self.faces[1:-1]
        return (4.0 * np.pi * inner**2 if self.geometry == "sphere" else np.ones_like(inner)) * self.open[1:-1]

    @cached_property
    def half_widths(self) -> Array:
        """Distances (2, M-1) [m] from each inner face to the centre of the cell before and behind it."""
        inner = self.faces[1:-1]
        return np.array([inner - self.centres[:-1], self.centres[1:] - inner])

    def grid(self, shell_grain: float = np.inf) -> Grid:
        """All cells of the sample: those of the path, and layers beside the contacts with what is below them.

        The layers of the core come before the path and go on into its centre, those of the shell behind it: under its
        surface a body is one, and what moves fast in it reaches all of it.  ``shell_grain`` [m] is the radius of the
        grains of the shell, whose whole surface its layers cover.  In a slab, and without layers, there is nothing
        beside.
        """
        none = np.zeros(len(self.centres), dtype=np.intp)
        path = Grid(
            self.centres, np.diff(self.faces), self.volumes, self.areas, self.half_widths,
            regions=self.regions, parts=none, classes=none,
        )  # fmt: skip
        if self.geometry == "slab":
            return path
        for adherent in (True, False):
            path = self._beside(path, adherent, shell_grain)
        return path

    def _beside(self, path: Grid, adherent: bool, shell_grain: float) -> Grid:
        """The cells with, at the end of one body, its layers beside the contacts and a part of it below them."""
        shell = len(self.layers) + 1
        chosen = list(range(1, self.adherent + 1) if adherent else range(shell - 1, self.adherent, -1))
        if not chosen:
            return path
        body, radius = (0, self.faces[self.interface]) if adherent else (shell, shell_grain)
        parts, widths, regions = [], [], []
        for region in reversed(chosen):  # from the outside to the body below
            cells = self.regions == region
            thickness = np.diff(self.faces)[cells]
            covered = self.whole[cells].sum() / thickness.sum()
            if not adherent:
                covered = 3.0 * self.whole[self.regions == shell].sum() / radius
            area = covered - self.volumes[cells].sum() / thickness.sum()
            if area <= 0.0:
                return path
            parts.append(area * thickness)
            widths.append(thickness)
            regions.append(np.full(len(thickness), region))
        layered = sum(float(thickness.sum()) for thickness in widths)
        area = float(parts[-1].sum() / widths[-1].sum())
        there = path.regions == body
        volume = float(path.volumes[there].sum())
        depth = min(UNDERLAY * layered, MOST_UNDERLAY * volume / area)
        count = max(round(UNDERLAY_CELLS * len(self.centres) / 40), 3)
        below = graded(depth, count, float(widths[-1][-1]))
        widths.append(below)
        parts.append(area * below)
        regions.append(np.full(len(below), body))
        taken = np.where(there, path.volumes, 0.0)
        taken = np.where(taken >= 1e-2 * taken.max(), taken, 0.0)  # coarse cells give what lies under the layer
        path = replace(path, volumes=path.volumes - taken * (area * depth / taken.sum()))
        stacked = [np.concatenate(each) for each in (widths, parts, regions)]
        if adherent:
            return _row(*stacked, area=area, part=path.parts.max() + 1).before(path, area)
        return path.before(_row(*(each[::-1] for each in stacked), area=area, part=path.parts.max() + 1), area)


@dataclass(frozen=True)
class Grid:
    """Cells (M) of a sample in a row, as the solver takes them: layers beside contacts of the core, path, of the shell.

    centres and widths (M,) [m], volumes (M,) [m^3], areas (M-1,) [m^2] of the faces between, zero where two classes do
    not touch; half (2, M-1) [m] distances from each face to the centres of its cells; ``regions`` (M,) as in ``Mesh``;
    ``parts`` (M,) zero for a path, and a number for each row of cells beside it; ``classes`` (M,) the class of size,
    each of which has a path.
    """

    centres: Array
    widths: Array
    volumes: Array
    areas: Array
    half: Array
    regions: NDArray[np.intp]
    parts: NDArray[np.intp]
    classes: NDArray[np.intp]

    @property
    def rows(self) -> NDArray[np.intp]:
        """Number (M,) of the row of cells that each belongs to: ``centres`` are measured along a row."""
        joints = (np.diff(self.parts) != 0) | (np.diff(self.classes) != 0)
        return np.concatenate(([0], np.cumsum(joints)))

    @property
    def outermost(self) -> NDArray[np.intp]:
        """The last cell of the path of each class: what the gas of the crucible reaches."""
        path = np.flatnonzero(self.parts == 0)
        return path[np.diff(self.classes[path], append=self.classes[-1] + 1) != 0]

    def before(self, other: Grid, area: float = 0.0) -> Grid:
        """These cells, and behind them others that touch the last of these with an ``area`` [m^2]."""
        joint = 0.5 * np.array([[self.widths[-1]], [other.widths[0]]])
        return Grid(
            np.concatenate((self.centres, other.centres)),
            np.concatenate((self.widths, other.widths)),
            np.concatenate((self.volumes, other.volumes)),
            np.concatenate((self.areas, [area], other.areas)),
            np.concatenate((self.half, joint, other.half), axis=1),
            regions=np.concatenate((self.regions, other.regions)),
            parts=np.concatenate((self.parts, other.parts)),
            classes=np.concatenate((self.classes, other.classes)),
        )

    def many(self, number: float, which: int) -> Grid:
        """``number`` particles of this kind side by side, of the class ``which``."""
        return replace(
            self, volumes=number * self.volumes, areas=number * self.areas, classes=np.full_like(self.classes, which)
        )


def _row(widths: Array, volumes: Array, regions: NDArray[np.intp], *, area: float, part: int) -> Grid:
    """Cells in a row that share one ``area`` [m^2]: a layer over a part of its body."""
    edges = np.concatenate(([0.0], np.cumsum(widths)))
    return Grid(
        0.5 * (edges[1:] + edges[:-1]), widths, volumes, np.full(len(widths) - 1, area),
        0.5 * np.array([widths[:-1], widths[1:]]), regions=regions,
        parts=np.full(len(widths), part), classes=np.zeros(len(widths), dtype=np.intp),
    )  # fmt: skip


def graded(length: float, cells: int, finest: float) -> Array:
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


def layer_widths(thickness: float, cells: int, finest: float) -> Array:
    """Widths of the cells of a layer, finest at both faces, in a mesh of ``cells`` cells in all.

    LAYER_CELLS for 40, and two more for each factor of four by which a half of the layer is thicker than two finest.
    """
    more = int(np.ceil(np.log(max(thickness / (4.0 * finest), 1.0)) / np.log(4.0)))
    half = max(round((LAYER_CELLS / 2 + more) * cells / 40), 1)
    widths = graded(0.5 * thickness, half, min(finest, 0.5 * thickness / half))
    return np.concatenate((widths, widths[::-1]))


def two_layers(
    core: float, shell_ratio: float, cells: int, geometry: str = "sphere", finest: float = 5e-9,
    contact: float = 1.0, grain: float | Sequence[float] = np.inf, layers: Sequence[float] = (), adherent: int = 0,
    shares: Sequence[float] = (1.0,),
) -> Mesh:  # fmt: skip
    """Core of radius (or thickness) ``core`` [m] under a shell of ``shell_ratio`` times its volume.

    ``cells`` in all, half in each; the two cells at the interface are ``finest`` [m] wide, or less when the layer
    is so thin that equal cells are finer.  ``layers`` [m], from the core outwards, lie between the two in cells of
    their own; the first ``adherent`` of them stick to the core.  ``grain`` is the radius [m] of the particles that
    touch, or several, with ``shares`` of the surface.

    >>> two_layers(5e-6, 1.0, 40, layers=(2e-8,), adherent=1).layers
    (4,)
    """
    d = GEOMETRIES[geometry]
    start = core + sum(layers)
    outer = (start**d + shell_ratio * core**d) ** (1.0 / d) if layers else core * (1.0 + shell_ratio) ** (1.0 / d)
    inside = cells // 2
    inner = core - np.concatenate(([0.0], np.cumsum(graded(core, inside, finest))))
    shell = start + np.cumsum(graded(outer - start, cells - inside, finest))
    inner[-1] = 0.0
    between = [layer_widths(thickness, cells, finest) for thickness in layers]
    edges = core + np.cumsum(np.concatenate(between)) if layers else np.empty(0)
    if layers:
        edges[-1] = start
    counts = tuple(len(widths) for widths in between)
    grains = (grain,) if isinstance(grain, int | float) else tuple(grain)
    return Mesh(
        np.concatenate((inner[::-1], edges, shell)), geometry, inside, contact=contact, grain=grains, layers=counts,
        adherent=adherent, shares=tuple(shares),
    )  # fmt: skip
