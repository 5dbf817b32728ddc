"""Cation diffusivities: Arrhenius cards per species and host, and Hart's average over lattice and boundaries."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.basics.errors import DataError, shown
from sinterface.models.basics.quantity import TO_SI, quantity
from sinterface.models.phases.substance import FAMILIES

HOSTS = (
    "garnet", "layered", "spinel", "olivine", "perovskite", "K2NiF4", "rocksalt", "pyrochlore", "orthoborate",
    "default",
)  # fmt: skip
"""Structure classes with diffusivities of their own; every other phase is ``default``."""

UNKNOWN_SOLUBILITY = 0.005
"""Solubility per cation of a species in a host without a card: an estimate, uncertain by a factor of 5."""

PIVOT = 1000.0
"""Temperature [K] about which activation energies of diffusion are turned: the middle of what is fired."""

CATIONS = {
    "garnet": 12.0, "layered": 2.0, "spinel": 3.0, "olivine": 3.0, "perovskite": 2.0, "K2NiF4": 3.0, "rocksalt": 1.0,
    "pyrochlore": 4.0, "orthoborate": 4.0,
}  # fmt: skip
"""Cations per formula unit of the hosts that a solubility card may name, P of an olivine among them."""


@dataclass(frozen=True)
class Arrhenius:
    """D(T) = D0 exp(-Ea / RT); D0 [m^2/s], Ea [J/mol]."""

    D0: float
    Ea: float

    def __call__(self, temperature: ArrayLike) -> NDArray[np.float64]:
        """Diffusivity [m^2/s] at temperature [K]."""
        return np.asarray(self.D0 * np.exp(-self.Ea / (GAS_CONSTANT * np.asarray(temperature, dtype=float))))


@dataclass(frozen=True)
class Melt:
    """From ``melting`` [K] on every cation moves with ``D`` [m^2/s], or as in the crystal if that is faster."""

    melting: float
    D: float


CRYSTAL = Melt(math.inf, 0.0)
"""A host that does not melt."""


@dataclass(frozen=True)
class Transport:
    """All transport cards: lattice and boundary diffusivities by (species, host), boundary width [m], solubilities.

    ``solubility`` is what a host without the species in its formula dissolves, per cation of the host.
    ``melts`` are hosts that melt.
    """

    lattice: Mapping[tuple[str, str], Arrhenius]
    boundary: Mapping[tuple[str, str], Arrhenius]
    boundary_width: float
    solubility: Mapping[tuple[str, str], float]
    melts: Mapping[str, Melt]

    def effective(self, species: str, host: str, grain_size: float, temperature: ArrayLike) -> NDArray[np.float64]:
        """Diffusivity [m^2/s] of a species through grains of that size [m], inf for a single crystal.

        D = (1 - f) D_lattice + f D_boundary, f = min(1, 3 delta / d): Hart, Acta Metall. 5, 597 (1957), with the
        boundary fraction of equiaxed grains.  Lithium has no boundary term: its lattice is the fast path.
        """
        lattice = self.card(self.lattice, species, host)(temperature)
        melt = self.melts.get(host, CRYSTAL)
        liquid = np.where(np.asarray(temperature) >= melt.melting, melt.D, 0.0)
        if species in ("Li", "H"):
            return np.maximum(lattice, liquid)
        fraction = min(1.0, 3.0 * self.boundary_width / grain_size)
        boundary = self.card(self.boundary, species, host)(temperature)
        return np.maximum((1.0 - fraction) * lattice + fraction * boundary, liquid)

    def liquids(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Melting points [K], inf for those that stay solid, and diffusivities [m^2/s] in the melts, of HOSTS (H,).

        >>> [host for host, T in zip(HOSTS, embedded().liquids()[0]) if T < 1000.0]
        ['orthoborate']
        """
        melts = [self.melts.get(host, CRYSTAL) for host in HOSTS]
        return np.array([melt.melting for melt in melts]), np.array([melt.D for melt in melts])

    def arrays(
        self, species: Sequence[str], grains: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """D0 [m^2/s] and Ea [J/mol] of lattice and boundary (2, hosts, species), and the boundaries' share.

        For grains (..., hosts) [m], inf for a single crystal, the share is (..., hosts, species).
        """
        cards = [[[self.card(t, k, h) for k in species] for h in HOSTS] for t in (self.lattice, self.boundary)]
        D0, Ea = (np.array([[[getattr(c, name) for c in row] for row in t] for t in cards]) for name in ("D0", "Ea"))
        fraction = np.minimum(1.0, 3.0 * self.boundary_width / grains)[..., None]
        return D0, Ea, np.where(np.isin(species, ("Li", "H")), 0.0, fraction)

    def scaled(self, cations: float, boundaries: float, energy: float = 0.0) -> Transport:
        """These cards with factors on the lattice and on the boundaries, for all cations but lithium.

        ``energy`` [J/mol] is added to the activation energies of both; the factors are those at PIVOT [K].
        """

        def times(cards: Mapping[tuple[str, str], Arrhenius], factor: float) -> dict[tuple[str, str], Arrhenius]:
            factor *= math.exp(energy / (GAS_CONSTANT * PIVOT))
            return {
                key: card if key[0] == "Li" else Arrhenius(card.D0 * factor, max(card.Ea + energy, 0.0))
                for key, card in cards.items()
            }

        return replace(self, lattice=times(self.lattice, cations), boundary=times(self.boundary, boundaries))

    def dissolved(self, species: str, host: str) -> float:
        """Moles of a foreign species per mole of cations of a host, in equilibrium with the species' pure oxide."""
        return self.solubility.get((species, host), UNKNOWN_SOLUBILITY)

    @staticmethod
    def card(cards: Mapping[tuple[str, str], Arrhenius], species: str, host: str) -> Arrhenius:
        """The card of a species in a host, or else in the default host.  Raises DataError when there is neither."""
        card = cards.get((species, host)) or cards.get((species, "default"))
        if card is None:
            raise DataError(f"transport.toml: no diffusivity of {species} in {host} nor in the default host")
        return card


def host_class(structure: str, family: str) -> str:
    """The transport class of a phase, one of HOSTS: that of its family, or else of its structure type.

    >>> host_class("orthorhombic perovskite", "LaMO3")
    'perovskite'
    """
    if FAMILIES[family].host:
        return FAMILIES[family].host
    kind = structure.removeprefix("inverse ").removeprefix("tetragonal ")
    return kind if kind in HOSTS else "default"


def limits(card: Mapping[str, Any]) -> dict[str, float]:
    """Most of each species of a solubility card, per cation of the host.  Raises DataError for an unknown host.

    >>> limits({"species": ["Co"], "host": "garnet", "limit": {"value": 0.24}})
    {'Co': 0.02}
    """
    if card["host"] not in CATIONS:
        raise DataError(
            f"transport.toml [[solubility]] of {', '.join(card['species'])}: host {shown(card['host'])} has no formula "
            f"unit; choose one of {', '.join(CATIONS)}"
        )
    return dict.fromkeys(card["species"], float(card["limit"]["value"]) / CATIONS[card["host"]])


def _arrhenius(card: Mapping[str, Any]) -> Arrhenius:
    where = f"transport.toml [{', '.join(card['species'])} in {card['host']}]"
    unit = card["D0"]["unit"]
    if unit not in TO_SI or TO_SI[unit][0] != "diffusivity":
        raise DataError(f"{where}: unit {unit!r} of D0 is not a diffusivity")
    energy = quantity({**card["Ea"], "source": card["source"]}, "molar energy", where)
    return Arrhenius(card["D0"]["value"] * TO_SI[unit][1], energy.value)


@lru_cache(maxsize=1)
def embedded() -> Transport:
    """The diffusivities of ``transport.toml``."""
    text = resources.files("sinterface.models.data").joinpath("transport.toml").read_text(encoding="utf-8")
    cards = tomllib.loads(text)
    lattice: dict[tuple[str, str], Arrhenius] = {}
    boundary: dict[tuple[str, str], Arrhenius] = {}
    for card in cards["diffusivity"]:
        table = lattice if card["path"] == "lattice" else boundary
        table |= {(species, card["host"]): _arrhenius(card) for species in card["species"]}
    for card in cards["grain_boundary_ratio"]:
        for species in card["species"]:
            key = (species, card["host"])
            base = lattice.get(key) or lattice.get((species, "default"))
            if base is None or key in boundary:
                continue
            energy = base.Ea * card["Ea_ratio"]["value"]
            anchor = float(base(card["T_ref_K"])) * 10.0 ** card["log10_ratio"]["value"]
            boundary[key] = Arrhenius(anchor * math.exp(energy / (GAS_CONSTANT * card["T_ref_K"])), energy)
    width = quantity(cards["grain_boundary_width"], "length", "transport.toml [grain_boundary_width]")
    solubility = {
        (species, card["host"]): limit for card in cards["solubility"] for species, limit in limits(card).items()
    }
    melts = {
        card["host"]: Melt(
            quantity(
                {**card["melting"], "source": card["source"]}, "temperature", f"transport.toml [{card['host']}]"
            ).value,
            float(card["D"]["value"]) * TO_SI[card["D"]["unit"]][1],
        )
        for card in cards["melt"]
    }
    return Transport(lattice, boundary, width.value, solubility, melts)
