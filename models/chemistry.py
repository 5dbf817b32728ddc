"""The chemical system of two materials: every phase they can form, and where the two stand among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sinterface.models import phases, solutions
from sinterface.models.database import Database
from sinterface.models.errors import InputError
from sinterface.models.materials import Material
from sinterface.models.phaseset import PhaseSet, closed_components, phase_set


@dataclass(frozen=True)
class Reactants:
    """Positions of electrolyte and cathode in the phase set, and the solution each belongs to ('' for none)."""

    electrolyte: int
    cathode: int
    solutions: tuple[str, str]


def reactant(material: Material, database: Database) -> tuple[phases.Solid, str]:
    """The phase a material consists of: a composition of a solution, or a compound of the database.

    Raises InputError when the database holds neither.
    """
    unknown = set(material.composition) - database.elements
    if unknown:
        raise InputError(
            f"{material.id}: no data for {', '.join(sorted(unknown))}; "
            f"the database covers {', '.join(sorted(database.elements))}"
        )
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
    members = [m.phase for s in solutions.embedded() if s.structure == material.structure for m in s.endmembers]
    raise InputError(
        f"{material.id} ({material.formula}) has no energy: it is neither a compound of the database nor a mixture of "
        f"the {material.structure} end members {', '.join(members) or '(none)'}"
    )


def _oxygen(amounts: Mapping[str, float]) -> float:
    return amounts.get("O", 0.0) / phases.cations(amounts)


def _cation_shares(amounts: Mapping[str, float]) -> dict[str, float]:
    cations = {s: n for s, n in amounts.items() if s not in phases.GAS_ELEMENTS}
    total = phases.cations(amounts)
    return {symbol: round(n / total, 4) for symbol, n in sorted(cations.items())}


def chemical_system(cathode: Material, electrolyte: Material, database: Database) -> tuple[PhaseSet, Reactants]:
    """All phases the couple can form, pseudo-compounds of the solutions included, and where the reactants are."""
    sides = [reactant(material, database) for material in (electrolyte, cathode)]
    components = closed_components(electrolyte.composition, cathode.composition)
    hosts = []
    for material, (solid, name) in zip((electrolyte, cathode), sides, strict=True):
        if name:
            hosts.append(solutions.host_of(material.composition, material.structure, database))
            if hosts[-1] is None:  # reactant() found it a moment ago
                raise InputError(f"{material.id}: {solid.id} is in no solution")
    centres = [host for host in hosts if host is not None]
    solids = {solid.id: solid for solid in database.within(components) if solid.cations > 0.0}
    for solid in solutions.pseudo_compounds(frozenset(components), centres, database):
        solids.setdefault(solid.id, solid)
    for solid, _ in sides:
        solids.setdefault(solid.id, solid)
    members = {member.phase: s.name for s in solutions.embedded() for member in s.endmembers}
    ordered = [solids[key] for key in sorted(solids)]
    index = {solid.id: position for position, solid in enumerate(ordered)}
    names = tuple(name or members.get(solid.id, "") for solid, name in sides)
    return (
        phase_set(ordered, components),
        Reactants(index[sides[0][0].id], index[sides[1][0].id], (names[0], names[1])),
    )
