"""All phases of a chemical system as blocks of end members: what a solver that carries amounts works with.

A solution is one block with an amount for each of its end members, so that its composition is continuous; a compound
is a block of one.  Nothing is chosen beforehand: every phase of the database that the elements can form is a block.

    G(block) = sum_e n_e g_e + RT [ sum_y n_y ln(n_y / N_site(y)) - sum_e n_e own_e ] + sum_ef W_ef n_e n_f / sum n

with n_y the moles of species y on its sublattice, N_site the moles of all species there, and own_e the same sum within
end member e, which keeps the order it is tabulated with (Sundman & Agren, J. Phys. Chem. Solids 42, 297 (1981)).  It is
homogeneous of the first degree: G of twice the amounts is twice G.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.errors import DataError
from sinterface.models.equilibrium.chemistry import ChemicalSystem
from sinterface.models.equilibrium.mixing import Mixture
from sinterface.models.phases.atmosphere import OPEN_ELEMENTS
from sinterface.models.phases.database import Database
from sinterface.models.phases.estimates import FIXED_CHARGE
from sinterface.models.phases.phaseset import PhaseSet, phase_set
from sinterface.models.phases.solutions import Solution
from sinterface.models.phases.substance import Solid

Array = NDArray[np.float64]

MOST_MEMBERS = 12
"""Most end members of a solution: the size of the small matrices of the kernels."""

SPINODAL_GRID = 7
"""Points along each edge between two end members at which a miscibility gap is looked for."""


@dataclass(frozen=True)
class Block:
    """One phase: its name, the solution it is (None for a compound), and the family and structure it is reported as.

    ``copy`` counts blocks of the same solution from zero: a solution with a miscibility gap has two.
    """

    name: str
    solution: Solution | None
    family: str
    structure: str
    copy: int = 0


@dataclass(frozen=True)
class PhaseBlocks:
    """V variables (end members and compounds) in B blocks over K closed components.

    ``phases`` has a row for each variable, per mole of its cations; ``moles`` (V,) are the moles of cations in a unit
    of the variable: a formula unit of the solution, or one mole of cations of a compound.  ``start`` (B + 1,) says
    where blocks begin.  ``occupancy`` (V, Y) are moles of species on sublattices per unit; ``species`` (B,) how many of
    them a block has, ``site`` (B, Y) the sublattice of each, ``sites`` (B,) how many sublattices, ``own`` (V,) the own
    disorder of end members.  ``interaction`` (V, E) is W/2 [J/mol] against the members of the same block.
    ``metal`` (B, K) marks the components whose rearrangement a transformation has to pay for.
    """

    blocks: tuple[Block, ...]
    phases: PhaseSet
    moles: Array
    start: NDArray[np.intp]
    occupancy: Array
    species: NDArray[np.intp]
    site: NDArray[np.intp]
    sites: NDArray[np.intp]
    own: Array
    interaction: Array
    metal: NDArray[np.bool_]
    database: Database

    @property
    def components(self) -> tuple[str, ...]:
        """Closed components, in the order of all arrays."""
        return self.phases.components

    @property
    def composition(self) -> Array:
        """Moles of components in a unit of each variable (V, K)."""
        return np.ascontiguousarray(self.phases.composition * self.moles[:, None])

    @property
    def mass(self) -> Array:
        """Mass of a unit of each variable (V,) [kg]."""
        return np.asarray(self.phases.molar_mass * self.moles)

    def block_of(self, name: str) -> int:
        """Number of the first block of that name.  Raises KeyError when there is none."""
        for number, block in enumerate(self.blocks):
            if block.name == name:
                return number
        raise KeyError(name)

    def members(self, number: int) -> slice:
        """The variables of a block."""
        return slice(int(self.start[number]), int(self.start[number + 1]))

    def solid(self, number: int, amounts: Array) -> Solid:
        """The phase with amounts (E,) of a block's variables, as a solid of the database or a composition of it."""
        row = self.members(number)
        solution = self.blocks[number].solution
        if solution is None:
            return self.phases.solids[row.start]
        x = np.zeros(len(solution.endmembers))
        names = [member.phase for member in solution.endmembers]
        for variable, amount in zip(range(row.start, row.stop), amounts, strict=True):
            x[names.index(self.phases.ids[variable])] = max(float(amount), 0.0)
        return solution.solid(x / x.sum(), self.database)


def phase_blocks(system: ChemicalSystem) -> PhaseBlocks:
    """Blocks of every solution and compound of a chemical system; gases are left out, they leave.

    Raises DataError for a solution with more than MOST_MEMBERS end members.
    """
    inside = {int(row) for mixture in system.mixtures for row in mixture.phase} | set(system.inside)
    parts: list[tuple[Block, Mixture | None, Sequence[int]]] = []
    for mixture in system.mixtures:
        if len(mixture.members) > MOST_MEMBERS:
            raise DataError(f"solution {mixture.solution.name!r}: over {MOST_MEMBERS} end members")
        for copy in range(2 if has_gap(mixture) else 1):
            label = Block(
                mixture.solution.name, mixture.solution, mixture.solution.family, mixture.solution.structure, copy
            )
            parts.append((label, mixture, [int(row) for row in mixture.phase]))
    for row, solid in enumerate(system.phases.solids):
        if row not in inside and solid.method != "gas" and not solid.solution:
            parts.append((Block(solid.id, None, solid.family, solid.structure), None, [row]))
    rows = [row for _, _, members in parts for row in members]
    widest = max((mixture.occupancy.shape[1] for _, mixture, _ in parts if mixture is not None), default=1)
    longest = max(len(members) for _, _, members in parts)
    V, B = len(rows), len(parts)
    start = np.zeros(B + 1, dtype=np.intp)
    start[1:] = np.cumsum([len(members) for _, _, members in parts])
    moles, own = np.ones(V), np.zeros(V)
    occupancy, interaction = np.zeros((V, widest)), np.zeros((V, longest))
    species, sites = np.zeros(B, dtype=np.intp), np.zeros(B, dtype=np.intp)
    site = np.zeros((B, widest), dtype=np.intp)
    for number, (_, mixed, members) in enumerate(parts):
        if mixed is None:
            continue
        at = slice(start[number], start[number + 1])
        count = mixed.occupancy.shape[1]
        moles[at] = mixed.cations
        occupancy[at, :count] = mixed.occupancy
        own[at] = np.sum(mixed.occupancy * np.log(np.maximum(mixed.occupancy, 1e-300) / mixed.sites), axis=1)
        interaction[at, : len(members)] = mixed.interaction
        labels = _sublattices(mixed)
        species[number], sites[number] = count, len(set(labels))
        site[number, :count] = labels
    phases = phase_set([system.phases.solids[row] for row in rows], system.components)
    metal = np.zeros((B, len(system.components)), dtype=bool)
    slow = ~np.isin(system.components, ("Li", "C", "H"))
    for number in range(B):
        holds = phases.composition[start[number] : start[number + 1]].max(axis=0) > 0.0
        metal[number] = holds & slow if (holds & slow).any() else holds
        carbon = holds & (np.array(system.components) == "C")
        if not (holds & slow).any() and carbon.any():
            metal[number] = carbon  # lithium carbonate forms and goes as fast as its carbon comes and leaves
    return PhaseBlocks(
        blocks=tuple(block for block, _, _ in parts),
        phases=phases,
        moles=moles,
        start=start,
        occupancy=occupancy,
        species=species,
        site=site,
        sites=sites,
        own=own,
        interaction=interaction,
        metal=metal,
        database=system.database,
    )


REFERENCE_CHARGE = {**FIXED_CHARGE, "Ni": 2, "Co": 2, "Mn": 3, "Fe": 3, "Ti": 4, "Nb": 5, "W": 6, "V": 5, "Sb": 5}
"""Charges with which cations hold no O2 beyond their oxides; any would do, these keep the numbers small."""


def with_oxygen(blocks: PhaseBlocks) -> PhaseBlocks:
    """These blocks with O2 as a further component that is followed, where the gas can not supply it without limit.

    Its column is the O2 [mol] by which a variable holds more than CO2, H2O and the oxides of its cations in their
    reference charges, negative where it holds less: LiFePO4 takes up 1/4 O2 when its iron becomes Fe3+.  The potential
    that goes with it is RT ln pO2.  Energies stay those in 1 bar O2; the gas columns still hold all oxygen.
    """
    phases = blocks.phases
    charges = np.array([REFERENCE_CHARGE.get(name, 0) for name in phases.components], dtype=float)
    charges[np.isin(phases.components, OPEN_ELEMENTS)] = 0.0
    carbon = phases.gas[:, 1] + phases.composition[:, np.isin(phases.components, "C")].sum(axis=1)
    oxygen = phases.gas[:, 0] - 2.0 * carbon - 0.5 * phases.gas[:, 2] - 0.5 * phases.composition @ charges
    followed = replace(
        phases,
        components=(*phases.components, "O"),
        composition=np.column_stack([phases.composition, 0.5 * np.where(np.abs(oxygen) < 1e-9, 0.0, oxygen)]),
    )
    metal = np.column_stack([blocks.metal, np.zeros(len(blocks.metal), dtype=bool)])
    return replace(blocks, phases=followed, metal=metal)


def with_water(blocks: PhaseBlocks) -> PhaseBlocks:
    """These blocks with H2O as a further component that is followed, where a powder holds more than the gas takes up.

    Its column, H, is the H2O [mol] in a variable, and its potential RT ln pH2O.  Energies are to be those in 1 bar H2O;
    the gas columns still hold all hydrogen and oxygen.
    """
    phases = blocks.phases
    followed = replace(
        phases,
        components=(*phases.components, "H"),
        composition=np.column_stack([phases.composition, 0.5 * phases.gas[:, OPEN_ELEMENTS.index("H")]]),
    )
    metal = np.column_stack([blocks.metal, np.zeros(len(blocks.metal), dtype=bool)])
    return replace(blocks, phases=followed, metal=metal)


def _sublattices(mixture: Mixture) -> list[int]:
    """The sublattice of each species of a mixture (Y,), as numbers from zero, in the order of ``mixing.mixture``."""
    chosen = [mixture.solution.endmembers[i] for i in mixture.members]
    pairs = sorted({(name, kind) for member in chosen for name in member.sites for kind in member.sites[name]})
    names = sorted({name for name, _ in pairs})
    return [names.index(name) for name, _ in pairs]


def has_gap(mixture: Mixture, temperature: float = 600.0) -> bool:
    """Whether a solution unmixes between any two of its end members at that temperature [K].

    It does where its energy of mixing bends downwards; without interactions it nowhere does.
    """
    if not np.any(mixture.interaction > 0.0):
        return False
    grid = np.linspace(0.02, 0.98, SPINODAL_GRID * 7)
    count = len(mixture.members)
    for first in range(count):
        for second in range(first):
            x = np.zeros((len(grid), count))
            x[:, first], x[:, second] = grid, 1.0 - grid
            if np.any(np.diff(mixture.gibbs_of_mixing(x, temperature), 2) < 0.0):
                return True
    return False
