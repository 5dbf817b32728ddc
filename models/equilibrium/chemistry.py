"""The chemical system of some materials: every phase they can form, and where they stand among them.

Compounds, the materials themselves and, for elements the furnace gas is not to exchange, pure gases at 1 bar are rows
of a phase set; solutions are mixtures of its rows, whose compositions are found while solving (``column_generation``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics import formula
from sinterface.models.basics.errors import InputError
from sinterface.models.equilibrium.mixing import Mixture, mixture
from sinterface.models.phases import solutions, substance
from sinterface.models.phases.database import Database
from sinterface.models.phases.phaseset import PhaseSet, closed_components, gas_phases, phase_set
from sinterface.models.phases.substance import Solid
from sinterface.models.powders import garnets
from sinterface.models.powders.materials import Material, check_elements

Array = NDArray[np.float64]
Host = tuple[solutions.Solution, Array]


@dataclass(frozen=True)
class Pseudo:
    """Compositions of mixtures: number of the mixture (C,) and fractions of its end members (C, E), padded."""

    mixture: NDArray[np.intp]
    x: Array

    def joined(self, other: Pseudo) -> Pseudo:
        """These and the others, in order."""
        return Pseudo(np.concatenate([self.mixture, other.mixture]), np.concatenate([self.x, other.x]))


@dataclass(frozen=True)
class ChemicalSystem:
    """Rows that are phases by themselves, the mixtures of them, and which rows are compositions of a mixture.

    ``inside`` gives for such a row (an end member, a material) the mixture's number and fractions (E,).
    """

    phases: PhaseSet
    mixtures: tuple[Mixture, ...]
    inside: Mapping[int, tuple[int, Array]]
    database: Database

    @property
    def components(self) -> tuple[str, ...]:
        """Closed components, in the order of all arrays."""
        return self.phases.components

    def nothing(self) -> Pseudo:
        """No pseudo-compounds."""
        widest = max((len(m.members) for m in self.mixtures), default=1)
        return Pseudo(np.empty(0, dtype=np.intp), np.empty((0, widest)))

    def composition(self, pseudo: Pseudo) -> Array:
        """Of rows and pseudo-compounds (P + C, K), per mole of cations."""
        extra = np.empty((len(pseudo.mixture), len(self.components)))
        for number, mix in enumerate(self.mixtures):
            chosen = pseudo.mixture == number
            x = pseudo.x[chosen, : len(mix.members)]
            extra[chosen] = (x @ mix.composition) / (x @ mix.cations)[:, None]
        return np.concatenate([self.phases.composition, extra])

    def energies(self, omega: Array, temperature: float, pseudo: Pseudo) -> Array:
        """Grand potentials (P + C,) [J per mole of cations] from those of the rows, omega (P,), at temperature [K]."""
        extra = np.empty(len(pseudo.mixture))
        for number, mix in enumerate(self.mixtures):
            chosen = pseudo.mixture == number
            x = pseudo.x[chosen, : len(mix.members)]
            pure = omega[mix.phase] * mix.cations
            extra[chosen] = (x @ pure + mix.gibbs_of_mixing(x, temperature)) / (x @ mix.cations)
        return np.concatenate([omega, extra])

    def makeup(self, pseudo: Pseudo, names: Sequence[str]) -> Array:
        """Moles of each database phase in ``names`` (D,) that rows and pseudo-compounds consist of (P + C, D).

        Per mole of cations; their energies follow those of the phases linearly, mixing terms aside.
        """
        column = {name: d for d, name in enumerate(names)}
        table = np.zeros((len(self.phases.solids) + len(pseudo.mixture), len(names)))
        for row, solid in enumerate(self.phases.solids):
            for phase, moles in solid.parts or ((solid.id, 1.0),):
                if phase in column:
                    table[row, column[phase]] += moles / self.phases.size[row]
        for number, mix in enumerate(self.mixtures):
            chosen = len(self.phases.solids) + np.flatnonzero(pseudo.mixture == number)
            x = pseudo.x[pseudo.mixture == number, : len(mix.members)] * mix.cations
            table[chosen] = x / x.sum(axis=1, keepdims=True) @ table[mix.phase]
        return table

    def solid(self, position: int, pseudo: Pseudo) -> Solid:
        """The solid in a row, or the pseudo-compound behind the rows."""
        if position < len(self.phases.solids):
            return self.phases.solids[position]
        extra = position - len(self.phases.solids)
        return self.pseudo_compound(int(pseudo.mixture[extra]), pseudo.x[extra])

    def pseudo_compound(self, number: int, x: Array) -> Solid:
        """The composition x (E or more,) of a mixture."""
        chosen = self.mixtures[number]
        return chosen.solution.solid(chosen.whole(x[: len(chosen.members)]), self.database)


def reactant(material: Material, database: Database) -> tuple[Solid, str]:
    """The phase a material consists of: a composition of a solution, or a compound of the database.

    Raises InputError when the database holds neither.
    """
    check_elements(material.id, material.composition, database.elements)
    garnet, lithia = garnets.split(material)
    if lithia > 0.0:
        return _beside(reactant(garnet, database)[0], database["Li2O"], 0.01 * lithia), ""
    host = solutions.host_of(material.composition, material.structure, database)
    if host is not None:
        solution, x = host
        if np.max(x) > 1.0 - 1e-9:
            return database[solution.endmembers[int(np.argmax(x))].phase], solution.name
        return solution.solid(x, database), solution.name
    target = _cation_shares(material.composition)
    oxygen = _oxygen(material.composition)
    kinds = set(material.composition)
    same = [s for s in database.within(kinds) if set(s.amounts) == kinds and _cation_shares(s.amounts) == target]
    near = [solid for solid in same if abs(_oxygen(solid.amounts) - oxygen) < 0.03 * max(oxygen, 1.0)]
    if near:
        return min(near, key=lambda solid: solid.enthalpy / solid.cations), ""
    alike = [solution for solution in solutions.embedded() if solution.structure == material.structure]
    members = dict.fromkeys(member.phase for solution in alike for member in solution.endmembers)
    raise InputError(
        f"{material.id} ({material.formula}) has no energy: it is neither a compound of the database nor a mixture of "
        f"the {material.structure} end members {', '.join(members) or '(none)'}{_near(material, alike, database)}"
    )


def _near(material: Material, alike: Sequence[solutions.Solution], database: Database) -> str:
    """The mixture nearest to a formula that is none, in words, or the elements that no end member holds."""
    mixtures = [mixture for solution in alike if (mixture := solution.nearest(material.composition, database))]
    if not mixtures:
        held = {symbol for each in alike for member in each.endmembers for symbol in database[member.phase].amounts}
        foreign = sorted(set(material.composition) - held)
        return f"; none of them holds {', '.join(foreign)}" if alike and foreign else ""
    share = _cation_shares(material.composition)

    def off(mixture: Mapping[str, float]) -> float:
        theirs = _cation_shares(mixture)
        return sum(abs(theirs.get(symbol, 0.0) - part) for symbol, part in share.items())

    return f"; the nearest mixture is {formula.name(min(mixtures, key=off))}"


def _beside(solid: Solid, other: Solid, share: float) -> Solid:
    """Two phases side by side, the second with this share of the mass, as one reactant: nothing mixes."""
    n = share / (1.0 - share) * solid.molar_mass / other.molar_mass
    symbols = dict.fromkeys([*solid.amounts, *other.amounts])
    return replace(
        solid,
        id=f"{solid.id} + {n:.3g} {other.id}",
        amounts={s: solid.amounts.get(s, 0.0) + n * other.amounts.get(s, 0.0) for s in symbols},
        enthalpy=solid.enthalpy + n * other.enthalpy,
        enthalpy_sd=float(np.hypot(solid.enthalpy_sd, n * other.enthalpy_sd)),
        entropy=solid.entropy + n * other.entropy,
        entropy_sd=float(np.hypot(solid.entropy_sd, n * other.entropy_sd)),
        cp=solid.cp + other.cp.scaled(n),
        density=float("nan"),
        solution="",
        parts=(*(solid.parts or ((solid.id, 1.0),)), (other.id, n)),
    )


def _oxygen(amounts: Mapping[str, float]) -> float:
    return amounts.get("O", 0.0) / substance.cations(amounts)


def _cation_shares(amounts: Mapping[str, float]) -> dict[str, float]:
    cations = {s: n for s, n in amounts.items() if s not in substance.GAS_ELEMENTS}
    total = substance.cations(amounts)
    return {symbol: round(n / total, 4) for symbol, n in sorted(cations.items())}


def system(
    materials: Sequence[Material],
    database: Database,
    *,
    closed: Collection[str] = (),
    frameworks: Sequence[frozenset[str]] = (),
    elements: Collection[str] = (),
) -> tuple[ChemicalSystem, list[int]]:
    """The chemical system of these materials and further ``elements``, and the rows in which the materials stand.

    ``closed`` are elements among O, C and H that the furnace gas does not exchange: their gases at 1 bar are phases
    then.  ``frameworks``, two sets of components, leaves out what holds some of both: paraequilibrium.
    Raises InputError when the database has no energy for a material.
    """
    wrong = set(closed) - substance.GAS_ELEMENTS
    if wrong:
        raise InputError(f"closed {', '.join(sorted(wrong))}: only O, C and H can be open, others are closed")
    components = closed_components(*(m.composition for m in materials), dict.fromkeys(elements, 1.0))
    sides = []
    for material in materials:
        solid, name = reactant(material, database)
        sides.append((solid, solutions.host_of(material.composition, material.structure, database) if name else None))
    return system_of(sides, components, database, closed=closed, frameworks=frameworks)


def system_of(
    sides: Sequence[tuple[Solid, Host | None]],
    components: Sequence[str],
    database: Database,
    *,
    closed: Collection[str] = (),
    frameworks: Sequence[frozenset[str]] = (),
) -> tuple[ChemicalSystem, list[int]]:
    """As ``system``, for solids each with the solution it is a composition of, if any."""
    solids = {s.id: s for s in database.within(components) if s.cations > 0.0 and not _spans(s.amounts, frameworks)}
    for solid, _ in sides:
        solids.setdefault(solid.id, solid)
    ordered = [solids[key] for key in sorted(solids)]
    rows = {solid.id: position for position, solid in enumerate(ordered)}
    every = (*components, *sorted(closed))
    mixtures: list[Mixture] = []
    for solution in solutions.embedded():
        for side in frameworks or (frozenset[str](),):
            opposite = frozenset[str]().union(*(other for other in frameworks if other != side))
            usable = {key: row for key, row in rows.items() if not opposite & set(solids[key].amounts)}
            mix = mixture(solution, every, usable, database)
            if mix is not None and not any(
                mix.solution == other.solution and np.array_equal(mix.phase, other.phase) for other in mixtures
            ):
                mixtures.append(mix)
    inside: dict[int, tuple[int, Array]] = {}
    for number, mix in enumerate(mixtures):
        for position, row in enumerate(mix.phase):
            inside[int(row)] = (number, np.eye(len(mix.members))[position])
    for solid, host in sides:  # after all end members: LiCoO2 is one of two solutions, a material is in its own
        for number, mix in enumerate(mixtures):
            if host is not None and host[0] == mix.solution and np.isclose(host[1][mix.members].sum(), 1.0):
                inside[rows[solid.id]] = (number, host[1][mix.members])
    phases = phase_set([*ordered, *gas_phases(every)], every)
    return ChemicalSystem(phases, tuple(mixtures), inside, database), [rows[solid.id] for solid, _ in sides]


def _spans(amounts: Mapping[str, float], frameworks: Sequence[frozenset[str]]) -> bool:
    return len(frameworks) > 1 and all(side & set(amounts) for side in frameworks)
