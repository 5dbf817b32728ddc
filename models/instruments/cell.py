"""What a cathode in a solid cell loses to the products of sintering: contact, resistance and active material.

Products lie on the cathode's particles in islands.  A share ``covered`` of the surface is under them; lithium crosses
the rest as before, and next to nothing crosses the islands, whose conductivity is a billionth of the garnet's.  What
remains, ``contact``, divides the current: the resistance of charge transfer relative to a cathode that is wetted all
over is its inverse.  Two global parameters say what thermodynamics and diffusion can not: the share of the surface that
touches no electrolyte even before sintering, and how fast whole particles are cut off as contact is lost.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from sinterface.models.basics.errors import DataError, InputError
from sinterface.models.instruments.diffraction import Component
from sinterface.models.instruments.structures import KNOWN, crystal_of

DENSITY = 5500.0
"""Density [kg/m^3] of a phase without a structure: an estimate, good to 30 % for these oxides."""


@dataclass(frozen=True)
class Conductivity:
    """Conductivity of lithium ions [S/m] in a family of phases, its deviation in decades, and how it is known."""

    family: str
    value: float
    sd_log10: float
    known: str
    source: str


@dataclass(frozen=True)
class Contact:
    """Two global parameters of a composite cathode.

    ``untouched``: share of a particle's surface that touches no electrolyte before sintering, 0 to below 1.
    ``percolation``: exponent with which the active share falls with the share of contact that is left, 0 for none.
    Both are fitted to cells (``docs/instruments.md``) and hold for all cathodes alike.
    """

    untouched: float
    percolation: float

    def __post_init__(self) -> None:
        """Raise InputError for parameters without meaning."""
        if not 0.0 <= self.untouched < 1.0 or not 0.0 <= self.percolation < 10.0:
            raise InputError(
                f"untouched {self.untouched:g} and percolation {self.percolation:g}: choose 0 to below 1, and 0 to 10"
            )


@dataclass(frozen=True)
class CellData:
    """``models/data/cell.toml``: conductivities by family, resistance of a perfect interface [ohm m^2], island sizes
    [m].

    ``island_range`` are the least and the largest thickness of islands that are thought possible, ``contact`` are the
    fitted parameters.
    """

    conductivities: Mapping[str, Conductivity]
    resistance: float
    island: float
    island_range: tuple[float, float]
    contact: Contact

    def conductivity(self, family: str) -> float:
        """Conductivity of lithium ions [S/m]; that of ``other`` where the family has no entry."""
        return (self.conductivities.get(family) or self.conductivities["other"]).value


@lru_cache(maxsize=1)
def cell_data() -> CellData:
    """The data of this module.  Raises DataError when the file lacks an entry."""
    text = (files("sinterface.models.data") / "cell.toml").read_text(encoding="utf-8")
    try:
        content = tomllib.loads(text)
        entries = [Conductivity(**entry) for entry in content["conductivity"]]
        islands = content["islands"]
        data = CellData(
            {entry.family: entry for entry in entries}, content["interface"]["resistance"],
            islands["value"], (islands["low"], islands["high"]),
            Contact(content["contact"]["untouched"], content["contact"]["percolation"]),
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        raise DataError(f"cell.toml: an entry is missing or unknown: {error}") from error
    if "other" not in data.conductivities or any(entry.known not in KNOWN or entry.value <= 0.0 for entry in entries):
        raise DataError("cell.toml: conductivities must be positive, of known origin, and one is for other phases")
    return data


@dataclass(frozen=True)
class Interphase:
    """Products on a cathode.

    ``thickness`` [m] if they were spread over all of its surface, ``covered`` the share of the surface under islands,
    ``island`` their thickness [m], ``resistance`` [ohm m^2] of lithium through an island, ``by_family`` the shares of
    the products' volume.
    """

    thickness: float
    covered: float
    island: float
    resistance: float
    by_family: Mapping[str, float]


@dataclass(frozen=True)
class CellState:
    """What a cell sees of a cathode: relative ``contact``, ``charge_transfer`` relative to bare, ``active`` share.

    ``resistance`` [ohm m^2] is that of charge transfer per area of cathode surface; ``interphase`` what covers it.
    """

    contact: float
    charge_transfer: float
    resistance: float
    active: float
    interphase: Interphase


def interphase(sample: Sequence[Component], radius: float, island: float | None = None) -> Interphase:
    """Products of a sample as islands on spheres of the cathode's radius [m].

    Their volume per cathode volume times a third of the radius is the mean thickness h; of islands of thickness L that
    lie at random a share 1 - exp(-h/L) of the surface is covered (overlaps allowed).  Densities are those of the
    structures. Raises InputError when the sample holds no cathode or the radius is not positive.

    Example::

        sample = [Component("LiCoO2", "layered", 49.0, "cathode"), Component("La2Zr2O7", "La2Zr2O7", 1.0)]
        interphase(sample, 5e-6).thickness  # 28 nm
    """
    data = cell_data()
    thick = data.island if island is None else island
    if not (math.isfinite(radius) and radius > 0.0 and thick > 0.0):
        raise InputError(f"radius {radius:g} m and island thickness {thick:g} m: both must be above 0")
    volumes = [(part, part.wt_percent / _density(part)) for part in sample if part.wt_percent > 0.0]
    cathode = sum(volume for part, volume in volumes if part.role == "cathode")
    if cathode <= 0.0:
        raise InputError("no cathode is left in this sample: nothing to make a cell of")
    products = [(part.family, volume) for part, volume in volumes if part.role == "secondary"]
    whole = sum(volume for _, volume in products)
    thickness = whole / cathode * radius / 3.0
    shares: dict[str, float] = {}
    for family, volume in products:
        shares[family] = shares.get(family, 0.0) + volume / whole
    conductance = sum(share * data.conductivity(family) for family, share in shares.items())  # islands side by side
    covered = -math.expm1(-thickness / thick)
    height = thickness / covered if covered > 0.0 else thick
    return Interphase(thickness, covered, thick, height / conductance if conductance > 0.0 else 0.0, shares)


def _density(component: Component) -> float:
    crystal = crystal_of(component.phase, component.family)
    return DENSITY if crystal is None else crystal.density


def cell_state(products: Interphase, contact: Contact | None = None, intact: float = 1.0) -> CellState:
    """Contact, resistance and active share of a cathode under these products.

    Relative to full contact, c = (1 - untouched) (1 - covered + covered R0 / (R0 + R_island)); charge transfer has the
    resistance R0 / c.  The active share is ``intact``, what the reaction left of the cathode (0 to 1), times c to the
    power ``percolation``.  Without ``contact`` the fitted parameters are used.

    Raises InputError when ``intact`` is out of range.

    Example::

        cell_state(interphase(sample, 5e-6), Contact(0.5, 0.4)).charge_transfer  # at least 2
    """
    contact = contact or cell_data().contact
    if not 0.0 < intact <= 1.0 + 1e-6:
        raise InputError(f"share of the cathode that is left, {intact:g}: must be above 0 and at most 1")
    bare = cell_data().resistance
    through = bare / (bare + products.resistance)
    share = (1.0 - contact.untouched) * (1.0 - products.covered + products.covered * through)
    return CellState(share, 1.0 / share, bare / share, min(intact, 1.0) * share**contact.percolation, products)
