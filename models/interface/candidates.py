"""The phases that can matter while a couple reacts: few enough for a solver that carries every one in every cell.

The equilibria of all mixing ratios, with frameworks free and apart, at temperatures over the schedule give the planes
of potentials that reactions run towards.  Kept are compounds that come within REACH of one of them, and compositions
of solutions that lie on one or come between a reactant and it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sinterface.models.equilibrium import column_generation
from sinterface.models.equilibrium.chemistry import Pseudo, Reactants, solution_names
from sinterface.models.interface.reactions import Couple, couple
from sinterface.models.phases import solutions
from sinterface.models.phases.atmosphere import Atmosphere
from sinterface.models.phases.database import Database
from sinterface.models.phases.materials import Material
from sinterface.models.phases.phaseset import PhaseSet, phase_set
from sinterface.models.phases.substance import GAS_ELEMENTS, Solid

REACH = 30.0e3
"""Distance above every plane [J per mole of cations] from which a compound is left out."""

SPACING = 0.05
"""Compositions of a solution nearer than this to one already kept are left out [end-member fraction]."""

NEAR = (0.02, 0.05, 0.1, 0.2)
"""Distances from a reactant's composition towards each end member at which compositions are set."""

LITHIUM = (
    0.85, 0.9, 0.95, 0.98, 1.001, 1.002, 1.0035, 1.005, 1.007, 1.01, 1.014, 1.02, 1.03, 1.045, 1.07, 1.1, 1.15,
    1.25, 1.5, 2.0,
)  # fmt: skip
"""Lithium relative to the material's own at which its solution is set, metals unchanged: dense near it, where a per
cent taken up is a per cent of the sample turned into La2Zr2O7."""

USED = 1e-6
"""Share of the cations from which a composition counts as part of an equilibrium [1]."""


def candidates(
    cathode: Material,
    electrolyte: Material,
    temperatures: Sequence[float],
    gas: Atmosphere,
    database: Database,
    additives: Sequence[str] = (),
) -> tuple[PhaseSet, Reactants]:
    """The phases, and the reactants among them, for reactions between these temperatures [K].

    ``additives`` are phases of the database that are there as well.  Carbon that they or the gas bring is a closed
    component, in addition to the cations; what holds it is then kept whatever its energy.
    Raises InputError when a material has no energy in the database.
    """
    brought = [database[name] for name in additives]
    elements = frozenset().union(*(solid.amounts for solid in brought))
    carried = ("C",) if "C" in elements or gas.pCO2 > 0.0 else ()
    free = couple(cathode, electrolyte, database, closed=carried, elements=elements)
    apart = couple(cathode, electrolyte, database, para=True, closed=carried, elements=elements)
    solids: dict[str, Solid] = {}
    for row in free.rows:
        solid = free.system.phases.solids[row]
        solids[solid.id] = solid
    kept: dict[str, list[NDArray[np.float64]]] = {}
    for pair in (free, apart):
        a, b = pair.ends
        start = None
        for T in temperatures:
            omega = pair.system.phases.grand_potential(T, gas)
            found = column_generation.line(pair.system, omega, T, a, b, start)
            distance = omega[None] - found.answer.potentials @ pair.system.phases.composition.T
            table = pair.system.phases.composition
            simple = table.max(axis=1) == 1.0  # oxides of one metal: references of activities
            needed = simple | (table[:, len(table[0]) - len(carried) :] > 0.0).any(axis=1)
            for near in np.flatnonzero((distance.min(axis=0) < REACH) | needed):
                solid = pair.system.phases.solids[near]
                solids.setdefault(solid.id, solid)
            used = found.answer.amounts.max(axis=0)[len(omega) :] > USED * a.sum()
            _keep(pair, found.pseudo, used, kept, solids)
            start = Pseudo(found.pseudo.mixture[used], found.pseudo.x[used])
    for own in free.rows:
        if own in free.system.inside:
            number, centre = free.system.inside[own]
            corners = np.eye(len(centre))
            aside = np.array([(1.0 - t) * centre + t * corner for corner in corners for t in NEAR])
            around = Pseudo(np.full(len(aside), number, dtype=np.intp), aside)
            _keep(free, around, np.ones(len(aside), dtype=np.bool_), kept, solids)
    for material in (electrolyte, cathode):
        for solid in _lithiated(material, database):
            solids.setdefault(solid.id, solid)
    solids |= {solid.id: solid for solid in brought}
    ordered = [solids[key] for key in sorted(solids) if solids[key].method != "gas"]  # gases leave, they are no store
    place = {solid.id: position for position, solid in enumerate(ordered)}
    electrolyte_id, cathode_id = (free.system.phases.solids[row].id for row in free.rows)
    reactants = Reactants(place[electrolyte_id], place[cathode_id], solution_names(free.system, free.rows))
    return phase_set(ordered, free.system.components), reactants


def _lithiated(material: Material, database: Database) -> list[Solid]:
    """The material's solution with its metals in the same ratio and other lithium contents: what Li exchange makes."""
    host = solutions.host_of(material.composition, material.structure, database)
    if host is None:
        return []
    cations = {s: n for s, n in host[0].amounts(host[1], database).items() if s not in GAS_ELEMENTS}
    found = []
    for factor in LITHIUM:
        x = host[0].match(cations | {"Li": cations["Li"] * factor}, database)
        if x is not None and np.max(np.abs(x - host[1])) > 1e-6:  # not the material itself, within rounding
            found.append(host[0].solid(x, database))
    return found


def _keep(
    pair: Couple, pseudo: Pseudo, used: NDArray[np.bool_], kept: dict[str, list[NDArray[np.float64]]],
    solids: dict[str, Solid],
) -> None:  # fmt: skip
    for number, one in enumerate(pair.system.mixtures):
        already = kept.setdefault(one.solution.name, [*np.eye(len(one.solution.endmembers))])
        for j in np.flatnonzero(used & (pseudo.mixture == number)):
            x = one.whole(pseudo.x[j, : len(one.members)])
            x = np.where(x < 0.002, 0.0, x) / np.where(x < 0.002, 0.0, x).sum()
            if min(np.max(np.abs(x - other)) for other in already) > SPACING:
                already.append(x)
                solid = one.solution.solid(x, pair.system.database)
                solids.setdefault(solid.id, solid)
