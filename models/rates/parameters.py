"""The few numbers that calibration may move, for all cathodes alike: priors, and what they change."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.errors import DataError, InputError
from sinterface.models.phases.database import Database, adjusted
from sinterface.models.phases.substance import cations
from sinterface.models.rates import kinetics, transport

REFRACTORY = frozenset({"Zr", "Hf", "Nb", "Ta"})
"""Cations that diffuse least of all in oxides: a phase whose framework they are, without lithium that would open it,
needs ``framework`` to form."""


@dataclass(frozen=True)
class Parameters:
    """Values in the coordinates of ``parameters.toml``: energies in kJ/mol, sizes and rates as log10."""

    transformation: float
    interface: float
    contact: float
    roughness: float
    cations: float
    boundaries: float
    diffusion: float
    framework: float
    coupling: float
    exposure: float
    renewal: float
    pyrochlore: float
    spare_lanthanum: float
    cobalt_perovskite: float
    perovskite: float
    double_perovskite: float
    layered_perovskite: float
    lithium_rich: float
    lithium_cobaltate: float
    nickel_manganese: float
    tantalum_garnet: float
    lithia_short: float
    zirconate: float
    tantalate: float
    dissolved_lithia: float
    dissolved_manganate: float
    intergrowth: float
    coarsening: float

    def vector(self) -> NDArray[np.float64]:
        """Values in order of ``names``."""
        return np.array([getattr(self, name) for name in names()])

    def kinetics(self) -> kinetics.Transformation:
        """The reconstructive class with this activation energy."""
        return replace(kinetics.embedded()["reconstructive"], Ea=1e3 * self.transformation)

    def transport(self) -> transport.Transport:
        """The diffusivities with these factors and this change of their activation energies."""
        return transport.embedded().scaled(10.0**self.cations, 10.0**self.boundaries, 1e3 * self.diffusion)

    def touching(self, morphology: str, flattened: float = 0.0) -> float:
        """Share of the surface of a cathode particle that touches the electrolyte, at most 1.

        Necks take the share ``flattened`` of what touches nothing in a green compact; faces of single crystals stay as
        slow as they are.

        >>> prior().touching("polycrystal", 1.0), prior().touching("polycrystal") < 0.1
        (1.0, True)
        """
        smooth = self.roughness if morphology == "single-crystal" else 0.0
        green = min(10.0 ** (self.contact - smooth), 1.0)
        share = min(10.0**self.contact, 1.0)
        return float(green if flattened == 0.0 else green * (1.0 + flattened * (1.0 / share - 1.0)))

    def slower(self, elements: Collection[str]) -> float:
        """Activation energy [J/mol] beyond that of other transformations which a phase of these elements needs to form.

        >>> prior().slower(("La", "Zr", "O")) > prior().slower(("Li", "Zr", "O"))
        True
        """
        slow = "Li" not in elements and not REFRACTORY.isdisjoint(elements)
        return max(1e3 * self.framework, 0.0) if slow else 0.0

    def energies(self, database: Database) -> Database:
        """``database`` with these changes of Gibbs energies; itself where there are none."""
        return _moved(tuple((card.name, getattr(self, card.name)) for card in priors() if card.moves), database)


@lru_cache(maxsize=4)
def _moved(energies: tuple[tuple[str, float], ...], database: Database) -> Database:
    shifts = dict(energies)
    changes = {
        phase: 1e3 * cations(database[phase].amounts) * shifts[card.name]
        for card in priors()
        for phase in card.moves
        if phase in database.solids and shifts[card.name] != 0.0
    }
    if not changes:
        return database
    moved = adjusted(database, changes, database.fingerprint)
    return Database(moved.solids, moved.fingerprint, database.changes)


@dataclass(frozen=True)
class Prior:
    """A parameter's normal prior, unit, source and meaning, the phases whose energies it moves, if any, and the

    ``least`` and the ``most`` that known facts allow, if they allow none below or above.
    """

    name: str
    unit: str
    mean: float
    sd: float
    source: str
    meaning: str
    moves: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


@lru_cache(maxsize=1)
def priors() -> tuple[Prior, ...]:
    """The cards of ``parameters.toml``, in order.  Raises DataError when they and ``Parameters`` disagree."""
    text = resources.files("sinterface.models.data").joinpath("parameters.toml").read_text(encoding="utf-8")
    cards = tuple(
        Prior(
            name=c["name"],
            unit=c["unit"],
            mean=float(c["prior"]["mean"]),
            sd=float(c["prior"]["sd"]),
            source=c["source"],
            meaning=c["meaning"],
            moves=tuple(c.get("moves", ())),
            least=c["prior"].get("least"),
            most=c["prior"].get("most"),
        )
        for c in tomllib.loads(text)["parameter"]
    )
    if [card.name for card in cards] != [field.name for field in fields(Parameters)]:
        raise DataError("parameters.toml: its names and those of Parameters differ")
    return cards


def moved_phases() -> frozenset[str]:
    """Phases whose energies follow a parameter."""
    return frozenset(phase for card in priors() for phase in card.moves)


def names() -> tuple[str, ...]:
    """Names of the parameters, in order."""
    return tuple(card.name for card in priors())


def from_vector(values: NDArray[np.float64]) -> Parameters:
    """The inverse of ``Parameters.vector``.  Raises InputError unless there is one finite number for each."""
    if np.shape(values) != (len(priors()),) or not np.all(np.isfinite(values)):
        raise InputError(f"{np.shape(values)} parameter values: give {len(priors())} finite ones, {', '.join(names())}")
    return Parameters(*map(float, values))


def prior() -> Parameters:
    """The means of the priors: nothing calibrated."""
    return Parameters(*(card.mean for card in priors()))


def draw(size: int, seed: int = 0) -> list[Parameters]:
    """Independent draws from the priors."""
    rng = np.random.default_rng([seed, 2])
    mean, sd = (np.array([getattr(card, key) for card in priors()]) for key in ("mean", "sd"))
    return [from_vector(row) for row in mean + sd * rng.normal(size=(size, len(mean)))]


MODE = "mode"
"""Label of the most probable set in ``posterior.csv``, beside the posterior's samples; with a colon and the name of a
cathode, of the most probable one without its observations."""


@lru_cache(maxsize=32)
def samples(without: str = "") -> tuple[Parameters, ...]:
    """Posterior samples of ``posterior.csv``, equally likely; those estimated ``without`` the cards of one cathode.

    Raises InputError naming the choices when there are none of that kind, DataError when parameters are missing.
    """
    text = resources.files("sinterface.models.data").joinpath("posterior.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    if lacking := {"without", *names()} - set(rows[0] if rows else ()):
        raise DataError(f"posterior.csv: lacks {', '.join(sorted(lacking))}: calibrate anew")
    sets = tuple(
        Parameters(**{name: float(row[name]) for name in names()}) for row in rows if row["without"] == without
    )
    if not sets:
        raise InputError(
            f"no posterior without {without!r}: choices are {', '.join(sorted({r['without'] for r in rows}))}"
        )
    return sets


def calibrated(without: str = "") -> Parameters:
    """The most probable of all parameter sets that calibration tried: what single runs use.

    ``without`` the cards of one cathode: the most probable given all the others.
    """
    return samples(f"{MODE}:{without}" if without else MODE)[0]
