"""Crystal structures of phases: read from ``models/data/structures.toml`` and mixed for solid solutions."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.constants import physical_constants
from scipy.optimize import nnls

from sinterface.models.basics import formula
from sinterface.models.basics.errors import DataError, InputError
from sinterface.models.instruments.structure_factors import orbit

if TYPE_CHECKING:
    from pymatgen.core.structure import Structure

DALTON = physical_constants["atomic mass constant"][0]
"""Mass of 1 u [kg]."""

KNOWN = ("read", "secondary", "recalled", "estimate")
"""How a figure of a structure is known, from best to worst."""

MISFIT = 0.08
"""Largest distance between a composition and the nearest mixture of end members, per oxygen, that is still drawn.

Root of the summed squares of the amounts.  Lithium in excess or missing oxygen of a few per cent stays below it; a
composition with a metal that no end member holds does not."""


@dataclass(frozen=True)
class Site:
    """Atoms of the asymmetric unit: fractional coordinates and occupancy by element."""

    xyz: tuple[float, float, float]
    species: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Crystal:
    """One crystal structure.

    ``cell`` is a, b, c [Å] and alpha, beta, gamma [degrees]; ``cell_sd`` [Å] the standard deviation of its lengths.
    ``cell_known`` and ``sites_known`` are of KNOWN; the sources say where the figures stand.
    Crystals of one ``kind`` hold the same sites in the same order and mix; ``phases`` are the only phases of the tables
    that have this structure, or empty when any phase of the family may.
    """

    name: str
    formula: str
    family: str
    kind: str
    space_group: str
    cell: tuple[float, float, float, float, float, float]
    cell_sd: float
    cell_known: str
    cell_source: str
    sites_known: str
    sites_source: str
    sites: tuple[Site, ...]
    phases: tuple[str, ...] = ()

    @property
    def volume(self) -> float:
        """Volume of the cell [Å^3]."""
        a, b, c, *angles = self.cell
        x, y, z = (math.cos(math.radians(angle)) for angle in angles)
        return a * b * c * math.sqrt(1.0 + 2.0 * x * y * z - x * x - y * y - z * z)

    @property
    def mass(self) -> float:
        """Mass of the atoms of the cell [u]."""
        return sum(
            len(orbit(self.space_group, site.xyz)) * occupancy * 1e3 * formula.atomic_mass(symbol)
            for site in self.sites
            for symbol, occupancy in site.species
        )

    @property
    def density(self) -> float:
        """X-ray density [kg/m^3] of what the sites hold; hydrogen and vacancies that are left out lack in it."""
        return self.mass / self.volume * DALTON * 1e30

    def atoms(self) -> Structure:
        """All atoms of the cell as a pymatgen Structure.

        Example::

            structures()[0].atoms().composition
        """
        return _atoms(self)


@lru_cache(maxsize=256)
def _atoms(crystal: Crystal) -> Structure:
    from pymatgen.core.composition import Composition
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    return Structure.from_spacegroup(
        crystal.space_group,
        Lattice.from_parameters(*crystal.cell),
        [Composition(dict(site.species)) for site in crystal.sites],
        [list(site.xyz) for site in crystal.sites],
        tol=1e-3,
    )


@lru_cache(maxsize=1)
def structures() -> tuple[Crystal, ...]:
    """All structures of the table.  Raises DataError when an entry is incomplete or two of a kind do not mix."""
    text = (files("sinterface.models.data") / "structures.toml").read_text(encoding="utf-8")
    crystals = tuple(_read(entry) for entry in tomllib.loads(text)["structure"])
    for kind in {crystal.kind for crystal in crystals}:
        shapes = {(crystal.space_group, len(crystal.sites)) for crystal in crystals if crystal.kind == kind}
        if len(shapes) > 1:
            raise DataError(f"structures.toml: structures of type {kind!r} differ in space group or number of sites")
    return crystals


def _read(entry: Mapping[str, Any]) -> Crystal:
    values = dict(entry)
    name = values.get("name", "without name")
    try:
        sites = []
        for site in values.pop("sites"):
            x, y, z = map(float, site["xyz"])
            sites.append(Site((x, y, z), tuple((symbol, float(share)) for symbol, share in site["species"].items())))
        values["kind"] = values.pop("type")
        values["cell"] = tuple(map(float, values["cell"]))
        values["phases"] = tuple(values.get("phases", ()))
        crystal = Crystal(sites=tuple(sites), **values)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"structures.toml: {name}: {error}") from error
    if len(crystal.cell) != 6 or crystal.cell_known not in KNOWN or crystal.sites_known not in KNOWN:
        raise DataError(f"structures.toml: {name}: the cell has six figures, and how each is known is one of {KNOWN}")
    return crystal


def amounts(phase: str) -> dict[str, float]:
    """Composition of a phase as results name it: what follows a blank or a hyphen tells polymorphs and families apart.

    Raises InputError when the rest is no formula.

    Example::

        amounts("ZrO2-tetragonal")  # {'Zr': 1.0, 'O': 2.0}
    """
    plain, _, _ = phase.partition(" ")
    return dict(formula.parse(plain.partition("-")[0]))


def crystal_of(phase: str, family: str) -> Crystal | None:
    """Structure of a phase as results name it, or None when the table has none: the phase is then invisible.

    A phase that the table names has that structure.  Otherwise the end members of each type of its family are mixed to
    come nearest to its composition: cell, coordinates and occupancies are means weighted by shares of oxygen sites
    (Vegard's law for the cell).

    Example::

        crystal_of("LiNi0.8Mn0.1Co0.1O2", "layered").cell  # a = 2.874, c = 14.20 Å
    """
    return _crystal_of(phase, family)


@lru_cache(maxsize=1024)
def _crystal_of(phase: str, family: str) -> Crystal | None:
    table = structures()
    plain, _, _ = phase.partition(" ")
    named = [crystal for crystal in table if plain in crystal.phases]
    if named:
        return named[0]
    if "-" in plain:  # a polymorph that the table does not name
        plain = {"Li7La3Zr2O12-cubic": "Li7La3Zr2O12"}.get(plain, "")
        if not plain:
            return None
    try:
        wanted = amounts(plain)
    except InputError:
        return None
    best: tuple[float, Crystal] | None = None
    for kind in dict.fromkeys(crystal.kind for crystal in table if crystal.family == family and not crystal.phases):
        members = [crystal for crystal in table if crystal.kind == kind]
        misfit, mixed = mixture(members, wanted, plain)
        if misfit <= MISFIT and (best is None or misfit < best[0]):
            best = (misfit, mixed)
    return best[1] if best else None


def mixture(members: list[Crystal], wanted: Mapping[str, float], name: str) -> tuple[float, Crystal]:
    """The mixture of end members nearest to a composition, and how far from it that is (see MISFIT).

    Of mixtures that come equally near, one of end members with several metals is taken: La2MnNiO6 rather than LaNiO3
    and LaMnO3, since Ni2+ and Mn4+ form. ``wanted`` are amounts by element, at any scale: per oxygen, or per atom of
    metals.  Raises InputError when some of the end members are oxides and the composition is none, or the reverse.
    """
    compositions = [formula.parse(member.formula) for member in members]
    if any((composition.get("O", 0.0) > 0.0) != (wanted.get("O", 0.0) > 0.0) for composition in compositions):
        raise InputError(f"{name}: patterns of oxides are made of oxides, and those of metals of metals")
    elements = sorted({symbol for composition in [*compositions, wanted] for symbol in composition} - {"O", "H"})
    matrix = np.array(
        [[composition.get(symbol, 0.0) / _size(composition) for composition in compositions] for symbol in elements]
    )
    target = np.array([wanted.get(symbol, 0.0) / _size(wanted) for symbol in elements])
    total = np.full(len(members), 10.0)  # the shares add up to one
    plain = np.array(
        [1e-4 / max(len(composition) - 1, 1) for composition in compositions]
    )  # decides between mixtures that fit alike
    shares, _ = nnls(np.vstack([matrix, total, plain]), np.concatenate([target, [10.0, 0.0]]))
    shares = shares / shares.sum()
    misfit = float(np.linalg.norm(matrix @ shares - target))
    held = [(member, float(share)) for member, share in zip(members, shares, strict=True) if share > 1e-4]
    return misfit, _mean(held, name)


def _size(composition: Mapping[str, float]) -> float:
    """What compositions are counted per: the oxygen of oxides, all atoms of metals."""
    return composition.get("O", 0.0) or sum(composition.values())


def _mean(held: list[tuple[Crystal, float]], name: str) -> Crystal:
    if len(held) == 1:
        return held[0][0]
    weights = np.array([share for _, share in held])
    weights /= weights.sum()
    first = held[0][0]
    a, b, c, alpha, beta, gamma = (weights @ np.array([member.cell for member, _ in held])).tolist()
    sites = []
    for parts in zip(*(member.sites for member, _ in held), strict=True):
        x, y, z = (weights @ np.array([site.xyz for site in parts])).tolist()
        species: dict[str, float] = {}
        for weight, site in zip(weights, parts, strict=True):
            for symbol, occupancy in site.species:
                species[symbol] = species.get(symbol, 0.0) + float(weight) * occupancy
        sites.append(Site((x, y, z), tuple((symbol, min(value, 1.0)) for symbol, value in species.items())))
    members = [member for member, _ in held]
    sd = float(math.sqrt(sum((weight * member.cell_sd) ** 2 for weight, member in zip(weights, members, strict=True))))
    cell_known = max((member.cell_known for member in members), key=KNOWN.index)
    sites_known = max((member.sites_known for member in members), key=KNOWN.index)
    told = " + ".join(f"{weight:.3g} {member.name}" for weight, member in zip(weights, members, strict=True))
    return Crystal(
        name=name,
        formula=name,
        family=first.family,
        kind=first.kind,
        space_group=first.space_group,
        cell=(a, b, c, alpha, beta, gamma),
        cell_sd=sd,
        cell_known=cell_known,
        cell_source=f"mean of {told}",
        sites_known=sites_known,
        sites_source=f"mean of {told}",
        sites=tuple(sites),
    )
