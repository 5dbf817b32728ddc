"""Where physics meets numerics: turns a problem, its phases and the furnace into the arrays of the compiled march."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, reduce

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import AVOGADRO, GAS_CONSTANT, T_MAX, T_MIN
from sinterface.models.basics.errors import InputError
from sinterface.models.basics.formula import molar_mass
from sinterface.models.equilibrium.chemistry import system as chemical_system
from sinterface.models.equilibrium.phase_blocks import PhaseBlocks, phase_blocks, with_oxygen, with_water
from sinterface.models.interface.bed import lithium_potential
from sinterface.models.phases.atmosphere import OPEN_ELEMENTS, Atmosphere
from sinterface.models.phases.database import Database
from sinterface.models.phases.gases import gas as species
from sinterface.models.powders import garnets
from sinterface.models.powders.exposure import Exposure
from sinterface.models.powders.materials import Material
from sinterface.models.rates import coarsening, transport
from sinterface.models.rates.parameters import Parameters, calibrated
from sinterface.simulate.setup import furnace
from sinterface.simulate.setup.coating import POWDERS, Layer
from sinterface.simulate.setup.furnace import lithium_gases, lithium_pressure
from sinterface.simulate.setup.mesh import GEOMETRIES, Grid, Mesh, two_layers
from sinterface.simulate.setup.necks import ContactCourse, Liquid, contact
from sinterface.simulate.setup.problem import Problem
from sinterface.simulate.setup.schedule import COOLING_TIME
from sinterface.simulate.stepping.conductance import IN_PORES, NO_LAYER, Necks, Paths
from sinterface.simulate.stepping.march import Cells, Model
from sinterface.simulate.stepping.mobility import GRAIN, MANY, Growth
from sinterface.simulate.stepping.newton_step import BARRIER, Basis
from sinterface.simulate.stepping.thermal import Thermal

Array = NDArray[np.float64]

PRODUCT_GRAIN = 2.0e-7
"""Grain size [m] of freshly formed products: an estimate, 0.05 to 0.5 um; coarsening is not modelled."""

PATCH = 1.0e-5
"""Side [m] of the piece of a surface that the grains of one nucleus spread over, 50 of them along it: an estimate.
With one ten times as long, as much nucleates with an interface energy that is 9 to 15 % larger."""

FILM = 1.0 - math.exp(-0.5)
"""Share that a layer as thick as a grain boundary has in the mean over the width of one: thinner ones are no liquid."""

FLOOR = 1.0e-6
"""Dissolved share of a cell's cations per species at the activity of its pure oxide: keeps potentials finite."""

FIRST_ACTIVITY = 20.0
"""Initial potentials lie this many RT below those of the pure oxides; the first step finds the true ones."""

GAS_MEAN = 1000.0
"""Temperature [K] at which the gas in the crucible is counted; its thermal expansion is left out."""

BED_FROM, BED_POINTS = 600.0, 25
"""Temperature [K] from which a powder bed gives lithium, far less than counts, and points at which it is told up to the
peak of the schedule."""

COLDEST = 300.0
"""Temperature [K] from which on vapour pressures are known; below, nothing leaves anyway."""

FEWEST = 0.4
"""Least share of the cells of a run with a single size that a class has, however small its share of the powder:
with 16 cells amounts are within 8 % of those with 40, with 10 they are 10 to 20 % off."""

MOLAR_VOLUME = 1.1e-5
"""Volume [m^3] of a mole of cations in dense oxides, 0.9e-5 to 1.4e-5 for the phases here."""


@dataclass(frozen=True)
class System:
    """A problem as arrays.  Amounts are moles of cations per mole of cations of the whole sample.

    ``initial`` (M, V) amounts of the variables of ``blocks``; ``roles`` names the blocks that were put in: cathode,
    electrolyte, coating or additive; ``water`` is what is adsorbed and what protons make, in units of the mass of all
    phases; ``mesh`` is that of particles of the mean sizes, with one cell for a single powder, and ``grid`` has all
    cells, those of all classes of sizes and those beside the contacts.  ``layers`` (L,) are the blocks that coatings
    consist of, from the cathode outwards, and ``places`` (L,) the regions that they lie in; ``contact`` is how much of
    the surface touches.
    """

    blocks: PhaseBlocks
    model: Model
    mesh: Mesh
    grid: Grid
    initial: Array
    roles: Mapping[int, str]
    water: tuple[float, float]
    parameters: Parameters
    contact: ContactCourse
    layers: tuple[int, ...] = ()
    places: tuple[int, ...] = ()

    @property
    def components(self) -> tuple[str, ...]:
        """Closed components."""
        return self.blocks.components

    @cached_property
    def carried(self) -> list[int]:
        """Columns of what comes and goes with the gas and is followed: CO2, H2O of hydroxides, and O2 where scarce."""
        return [k for k, name in enumerate(self.components) if name in OPEN_ELEMENTS]

    @cached_property
    def melting(self) -> Array:
        """Temperatures [K] from which on blocks are liquid (B,), inf for those that stay solid."""
        hosts = [_host(self.blocks, number) for number in range(len(self.blocks.blocks))]
        return np.asarray(transport.embedded().liquids()[0][hosts])

    @cached_property
    def oxides(self) -> NDArray[np.intp]:
        """For each component a variable that holds it alone, or -1: what its dissolved part is counted as (K,)."""
        return np.asarray(self.model.thermal.oxides[:, 0])

    @property
    def framework(self) -> Array:
        """What each variable holds of cations other than lithium (V,)."""
        columns = [k for k, name in enumerate(self.components) if name not in ("Li", *OPEN_ELEMENTS)]
        return np.asarray(self.model.basis.N[:, columns].sum(axis=1))

    def watch(self, amounts: Array) -> Array:
        """What is followed beside the totals (S, L), from amounts (S, M, V).

        Of each coating it is the share that is left in the contacts.
        """
        left = [self.left_in_contacts(amounts, layer) for layer in range(len(self.layers))]
        return np.array(left).reshape(len(left), len(amounts)).T

    def left_in_contacts(self, amounts: Array, layer: int) -> Array:
        """Share (S,) of what a coating consists of that is left in the contacts, from amounts (S, M, V)."""
        cells = (self.grid.regions == self.places[layer]) & (self.grid.parts == 0)
        part = self.blocks.members(self.layers[layer])
        moles = self.blocks.moles[part]
        first = float((self.initial[cells, part] @ moles).sum())
        return np.asarray((amounts[:, cells, part] @ moles).sum(axis=1) / first)

    def begin(self) -> Cells:
        """The cells before anything has happened; potentials are not known yet."""
        model = self.model
        M = len(self.initial)
        amounts = np.maximum(self.initial, BARRIER * model.size[:, None])
        u = np.full((M, len(self.components)), -FIRST_ACTIVITY)
        u[:, self.carried] = -EMPTY
        if "O" in self.components:
            column = self.components.index("O")
            u[:, column] = np.log(model.thermal.supplied[model.thermal.gases[0], column])
        held = amounts @ model.basis.N + model.store * np.exp(u)
        start = model.basis.start
        widths = np.diff(start)
        lowest = np.repeat(1.0 / np.repeat(widths, widths)[None], M, axis=0)
        for number in range(len(widths)):
            part = self.initial[:, start[number] : start[number + 1]]
            there = part.sum(axis=1) > 0.0
            lowest[there, start[number] : start[number + 1]] = np.maximum(
                part[there] / part[there].sum(axis=1, keepdims=True), 1e-12
            )
        first = np.add.reduceat((amounts * model.basis.cations).sum(axis=0), start[:-1])
        multipliers = BARRIER * model.size[:, None] / amounts
        return Cells(
            n=amounts,
            z=multipliers,
            lowest=np.ascontiguousarray(lowest),
            u=u,
            held=held,
            lost=np.zeros(u.shape[1]),
            first=first,
            slope=np.zeros_like(amounts),
            drift=np.zeros_like(held),
            grain=np.array([1e-9 * 10.0**self.parameters.intergrowth]),
            nucleated=self._put_in(),
            affinity=np.zeros((M, len(widths))),
        )

    def _put_in(self) -> Array:
        """Nuclei (R, B): of phases that are there, more than make a difference."""
        row = self.model.growth.row
        share = np.add.reduceat(self.initial, self.model.basis.start[:-1], axis=1) / self.model.size[:, None]
        most = np.zeros((row[-1] + 1, share.shape[1]))
        np.maximum.at(most, row, share)
        return np.where(most > GRAIN, MANY, 0.0)


EMPTY = 60.0
"""Carbon potential of a crucible that holds none yet, this many RT below that of CO2 at 1 bar."""


@lru_cache(maxsize=16)
def _blocks(
    powders: tuple[Material, ...],
    carbon: bool,
    oxygen: bool,
    water: bool,
    database: Database,
    additives: tuple[str, ...],
) -> tuple[PhaseBlocks, tuple[tuple[int, tuple[float, ...]], ...]]:
    """The phases of some powders, and of each its block and the amounts in it; sweeps ask for them again and again."""
    elements = frozenset().union(
        *(database[name].amounts for name in additives), *(powder.composition for powder in powders)
    )
    closed = ("C",) if carbon or "C" in elements else ()
    chemical, rows = chemical_system(powders, database, closed=closed, elements=elements)
    blocks = phase_blocks(chemical)
    sides: list[tuple[int, tuple[float, ...]]] = []
    for row in rows:
        if row in chemical.inside:
            number, x = chemical.inside[row]
            sides.append((blocks.block_of(chemical.mixtures[number].solution.name), tuple(x.tolist())))
        else:
            sides.append((blocks.block_of(chemical.phases.ids[row]), (1.0,)))
    blocks = with_water(blocks) if water else blocks
    return with_oxygen(blocks) if oxygen else blocks, tuple(sides)


def assemble(
    task: Problem, database: Database, parameters: Parameters | None = None, *, followed: Collection[str] = ()
) -> System:
    """The system of a problem: concentric spheres or layers, the cathode inside, or a single powder.

    ``database`` has the energies of ``parameters``, the calibrated ones without any, already.  Carbon is followed where
    a gas or a powder holds some, water where a powder does, oxygen where a gas has little, and all where ``followed``
    names them, from before.  A reducing gas imposes its oxygen and its water.
    Raises InputError when a material has no energy in the database.
    """
    parameters = parameters or calibrated()
    gases = task.gases
    powders = _powders(task, parameters)
    names = tuple(dict.fromkeys(name for powder in powders.values() for name, _ in powder.beside))
    materials = (*(powder.material for powder in powders.values()), *(layer.material for layer in task.coatings))
    carbon = "C" in followed or any(gas.pCO2 > 0.0 for gas in gases)
    reducing = any(gas.reducing for gas in gases)
    if reducing and {"O", "H"} & set(followed):
        raise InputError(
            "a run whose oxygen or water was followed, in N2, Ar or CO2 or with hydroxides, can not go on in a "
            "reducing gas"
        )
    scarce = "O" in followed or (any(gas.scarce for gas in gases) and not reducing)
    held = frozenset().union(*(database[name].amounts for name in names), *(powder.composition for powder in materials))
    wet = "H" in held and not reducing
    blocks, sides = _blocks(materials, carbon, scarce, wet, database, names)
    hosts = [_host(blocks, number) for number, _ in sides]
    touching = contact(task, parameters, _liquids(task, hosts[len(powders) :]) if task.coatings else ())
    mesh, grid, necks = _mesh(task, touching.typical), *_grid(task, touching)
    initial, roles, water = _initial(task, powders, blocks, sides, grid)
    size = (initial * blocks.moles).sum(axis=1)
    basis = Basis(
        N=blocks.composition,
        start=blocks.start,
        occupancy=blocks.occupancy,
        species=blocks.species,
        site=blocks.site,
        sites=blocks.sites,
        own=blocks.own,
        metal=blocks.metal,
        cations=blocks.moles,
    )
    store = np.repeat(size[:, None] * FLOOR, len(blocks.components), axis=1)
    crucible = furnace.crucible(task.crucible)
    shared = np.isin(blocks.components, OPEN_ELEMENTS)
    store[:, shared] *= 1e-3
    store[grid.outermost[-1], shared] = crucible.capacity(GAS_MEAN) * size.sum()
    interaction = blocks.interaction if np.any(blocks.interaction != 0.0) else np.full_like(blocks.interaction, np.nan)
    outlet = np.zeros(len(size))
    outlet[grid.outermost] = np.bincount(grid.classes, size) / size.sum()
    layers = tuple(number for number, _ in sides[len(powders) :])
    grains = _grains(task, hosts, tuple(powders))
    model = Model(
        basis, _thermal(task, blocks, database, parameters, grains, float(size.sum())),
        _growth(blocks, grid, task.geometry, parameters, shared), _paths(blocks, grid, size, parameters, shared),
        size, store, interaction, outlet=outlet, necks=necks,
    )  # fmt: skip
    return System(
        blocks, model, mesh, grid, initial, roles, water=water, parameters=parameters, contact=touching,
        layers=layers, places=_places(task),
    )  # fmt: skip


def _surface(task: Problem, role: str) -> float:
    """Surface of a powder of spheres of all its sizes [m^2 per m^3]."""
    diameters, shares = task.size_classes(role)
    return 6.0 * float((shares / diameters).sum())


def _liquids(task: Problem, hosts: Sequence[int]) -> list[Liquid]:
    """What flows of the coatings of a couple, of these transport classes: all but a film as thick as a boundary.

    A melt between ceramic grains leaves a film of about a nanometre where it is (Clarke, J. Am. Ceram. Soc. 70, 15
    (1987), recalled), so that a coating of no thickness is none.
    """
    assert task.cathode is not None and task.electrolyte is not None
    cards = transport.embedded()
    melting, volumes = cards.liquids()[0], np.array([task.mass_ratio / task.cathode.density.value, 1.0])
    volumes[1] /= task.electrolyte.density.value
    liquids = []
    for layer, host in zip(task.coatings, hosts, strict=True):
        surface = _surface(task, layer.on) * volumes[POWDERS.index(layer.on)] / volumes.sum()
        flows = surface * (layer.thickness - cards.boundary_width)
        if np.isfinite(melting[host]) and flows > 0.0:
            liquids.append(Liquid(layer.material.id, float(melting[host]), flows))
    return liquids


def _mesh(task: Problem, touching: float) -> Mesh:
    """The mesh of particles of the mean sizes, of whose surface the share ``touching`` does."""
    cathode, electrolyte = task.cathode, task.electrolyte
    if cathode is None or electrolyte is None:
        powder = cathode or electrolyte
        assert powder is not None
        radius = 0.5 * powder.particle_diameter.value
        return Mesh(np.array([0.0, radius]), task.geometry, 1 if electrolyte is None else 0)
    sizes = np.array([electrolyte.particle_diameter.value]), np.ones(1)
    return _couple(task, touching, cathode.particle_diameter.value, sizes, task.cells)


def _couple(task: Problem, touching: float, diameter: float, electrolyte: tuple[Array, Array], cells: int) -> Mesh:
    """The mesh of a cathode particle of a ``diameter`` [m] among electrolyte particles of diameters [m] and shares."""
    assert task.cathode is not None and task.electrolyte is not None
    shell = task.cathode.density.value / task.electrolyte.density.value / task.mass_ratio
    core, (around, shares) = 0.5 * diameter, electrolyte
    return two_layers(
        core, shell, cells, task.geometry, contact=touching, grain=np.minimum(core, 0.5 * around).tolist(),
        shares=shares.tolist(), layers=[layer.thickness for layer in task.coatings if _is_layer(layer)],
        adherent=sum(layer.on == "cathode" for layer in task.coatings if _is_layer(layer)),
    )  # fmt: skip


def _grid(task: Problem, touching: ContactCourse) -> tuple[Grid, Necks]:
    """All cells of a problem: a row for each class of cathode particles, each with its share of all electrolyte.

    A particle touches electrolyte particles of all classes, each on as much of its surface as there is of its volume.
    With them how the paths in the cells widen while contacts grow.
    """
    if len(task.powders) < 2:
        grid = _mesh(task, touching.typical).grid()
        return grid, Necks(np.zeros(1), np.ones((1, len(grid.areas))), np.ones((1, len(grid.volumes))))
    cathode, electrolyte = task.size_classes("cathode"), task.size_classes("electrolyte")
    around = 0.5 / float((electrolyte[1] / electrolyte[0]).sum())
    cells = cells_of(task.cells, cathode[1])
    rows, faces, inside = [], [], []
    for number, (diameter, share) in enumerate(zip(*cathode, strict=True)):
        mesh = _couple(task, touching.typical, float(diameter), electrolyte, cells[number])
        row = mesh.grid(around)
        core = float(mesh.volumes[mesh.regions == 0].sum())
        rows.append(row if len(cells) == 1 else row.many(share / core, number))
        opened = np.array([mesh.opened(share) for share in touching.shares.tolist()])
        between = 0.5 * (opened[:, 1:] + opened[:, :-1]) / (0.5 * (mesh.open[1:] + mesh.open[:-1]))
        cells_wider, faces_wider = np.ones((2, len(opened), len(row.volumes)))
        cells_wider[:, row.parts == 0] = between
        faces_wider[:, row.parts == 0] = opened[:, 1:] / mesh.open[1:]  # of the face behind each cell
        inside.append(cells_wider)
        faces.append(faces_wider)
    return reduce(Grid.before, rows), Necks(touching.times, np.hstack(faces)[:, :-1], np.hstack(inside))


def cells_of(cells: int, shares: Array) -> list[int]:
    """Cells of each class of a powder with these shares by volume: fewer where an error counts for little.

    >>> cells_of(40, np.array([1.0])), cells_of(40, np.array([0.011, 0.222, 0.533, 0.222, 0.011]))
    ([40], [16, 19, 29, 19, 16])
    """
    return [max(round(cells * max(math.sqrt(share), FEWEST)), 4) for share in shares.tolist()]


@dataclass(frozen=True)
class Powder:
    """What is weighed in of one powder: shares of its mass that are the dry material, other phases, and water.

    ``water`` are adsorbed water and that of protons.
    """

    material: Material
    dry: float
    beside: tuple[tuple[str, float], ...]
    water: tuple[float, float]


def _powder(material: Material, exposure: Exposure | None, additives: tuple[tuple[str, float], ...]) -> Powder:
    """A powder with what air has made of it and what was added to it, in wt%."""
    material, lithia = garnets.split(material)
    beside = [(name, 0.01 * share) for name, share in (*additives, *((("Li2O", lithia),) if lithia > 0.0 else ()))]
    if exposure is None:
        return Powder(material, 1.0 - sum(share for _, share in beside), tuple(beside), (0.0, 0.0))
    for name, share in (("Li2CO3", exposure.carbonate), ("LiOH", exposure.hydroxide)):
        if share > 0.0:
            beside.append((name, 0.01 * share))
    adsorbed = 0.01 * exposure.water
    structure = 1.0 - adsorbed - sum(share for _, share in beside)
    dry = replace(material, composition=exposure.dry(material.composition)) if exposure.protons > 0.0 else material
    water = 0.5 * exposure.protons * molar_mass({"H": 2.0, "O": 1.0})
    part = molar_mass(dry.composition) / (molar_mass(dry.composition) + water)
    return Powder(dry, structure * part, tuple(beside), (adsorbed, structure * (1.0 - part)))


def _powders(task: Problem, parameters: Parameters) -> dict[str, Powder]:
    """The powders of a problem by role; additives are in the electrolyte, or in the only powder."""
    powders = {}
    for role, material, exposure in (
        ("electrolyte", task.electrolyte, task.exposure), ("cathode", task.cathode, task.residue)
    ):  # fmt: skip
        if material is not None:
            added = task.additives if role == "electrolyte" or task.electrolyte is None else ()
            state = None if exposure is None else exposure.calibrated(10.0**parameters.exposure)
            powders[role] = _powder(material, state, added)
    return powders


def _initial(
    task: Problem, powders: Mapping[str, Powder], blocks: PhaseBlocks,
    sides: tuple[tuple[int, tuple[float, ...]], ...], grid: Grid,
) -> tuple[Array, dict[int, str], tuple[float, float]]:  # fmt: skip
    """Amounts (M, V) for one mole of cations in all, what the blocks are that were put in, and the water beside.

    Water is adsorbed water and that of protons, in units of the mass of all phases.
    """
    mass = blocks.mass
    roles: dict[int, str] = {}
    parts: list[tuple[Array, float, int]] = []  # amounts (V,) of unit mass, mass, region
    weights = {role: task.mass_ratio if role == "cathode" and len(powders) > 1 else 1.0 for role in powders}
    places = _places(task)
    regions = {"cathode": 0, "electrolyte": sum(map(_is_layer, task.coatings)) + 1}
    for (role, powder), (number, x) in zip(powders.items(), sides, strict=False):
        amounts = np.zeros(len(mass))
        amounts[blocks.members(number)] = x
        parts.append((amounts / (amounts @ mass), weights[role] * powder.dry, regions[role]))
        roles[number] = role
    for place, layer, (number, x) in zip(places, task.coatings, sides[len(powders) :], strict=True):
        amounts = np.zeros(len(mass))
        amounts[blocks.members(number)] = x
        covered = task.cathode if layer.on == "cathode" else task.electrolyte
        assert covered is not None
        body = float(grid.volumes[grid.regions == regions[layer.on]].sum())
        if _is_layer(layer):
            volume = float(grid.volumes[grid.regions == place].sum())
        elif task.geometry == "slab":
            volume = layer.thickness
        else:
            volume = _surface(task, layer.on) * body * layer.thickness
        per_powder = layer.material.density.value * volume / (covered.density.value * body)
        parts.append((amounts / (amounts @ mass), weights[layer.on] * per_powder, place))
        roles.setdefault(number, "coating")
    for role, powder in powders.items():
        for name, share in powder.beside:
            amounts = np.zeros(len(mass))
            row = blocks.phases.ids.index(name)
            amounts[row] = 1.0
            parts.append((amounts / (amounts @ mass), weights[role] * share, regions[role]))
            roles.setdefault(int(np.searchsorted(blocks.start, row, side="right") - 1), "additive")
    total = sum(share * float(amounts @ blocks.moles) for amounts, share, _ in parts)
    initial = np.zeros((len(grid.volumes), len(mass)))
    for amounts, share, region in parts:
        inside = np.where(grid.regions == region, grid.volumes, 0.0)
        initial += (share / total) * amounts * (inside / inside.sum())[:, None]
    solid = sum(share for _, share, _ in parts)
    water = [sum(weights[role] * powder.water[k] for role, powder in powders.items()) / solid for k in (0, 1)]
    return initial, roles, (water[0], water[1])


def _host(blocks: PhaseBlocks, number: int) -> int:
    block = blocks.blocks[number]
    return transport.HOSTS.index(transport.host_class(block.structure, block.family))


def _growth(
    blocks: PhaseBlocks, grid: Grid, geometry: str, parameters: Parameters, shared: NDArray[np.bool_]
) -> Growth:
    distance = np.abs(grid.centres[:, None] - grid.centres)
    cell = np.arange(len(distance))
    near = (distance < 3.0 * PRODUCT_GRAIN) | (np.abs(cell[:, None] - cell) <= 1)
    near &= grid.rows[:, None] == grid.rows
    width = grid.widths / PRODUCT_GRAIN
    gap = np.maximum(distance / PRODUCT_GRAIN - 0.5 * (width[:, None] + width), 0.0)
    inside = -np.expm1(-width)
    integral = inside[:, None] * inside * np.exp(-gap)  # of exp(-distance / grain) over both cells
    np.fill_diagonal(integral, 2.0 * (width - inside))
    weights = np.where(near, integral / width[:, None], 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    around = weights * (grid.volumes[:, None] / grid.volumes)
    limits = np.array([[np.flatnonzero(row)[0], np.flatnonzero(row)[-1] + 1] for row in near], dtype=np.intp)
    gamma = np.full(len(blocks.blocks), 10.0**parameters.interface)
    nucleus = 16.0 * np.pi / 3.0 * AVOGADRO * gamma**3 * MOLAR_VOLUME**2 / GAS_CONSTANT**3
    held = [np.any(blocks.composition[blocks.members(k)] > 0.0, axis=0) for k in range(len(blocks.blocks))]
    slower = [
        parameters.slower([name for name, has in zip(blocks.components, row, strict=True) if has]) for row in held
    ]
    return Growth(
        around=np.ascontiguousarray(around), near=limits, row=grid.rows, reaches=_reaches(grid, geometry),
        nucleus=nucleus, slower=np.array(slower) / GAS_CONSTANT, coupling=parameters.coupling, shared=shared,
    )  # fmt: skip


def _reaches(grid: Grid, geometry: str) -> Array:
    """How many product grains each cell (M,) has room for, of what lies on a PATCH of the core's surface."""
    reaches = np.empty(len(grid.volumes))
    for number in np.unique(grid.classes):
        cells = grid.classes == number
        core = cells & (grid.regions == grid.regions[cells & (grid.parts == 0)].min())
        radius = grid.widths[core & (grid.parts == 0)].sum()
        surface = GEOMETRIES[geometry] * grid.volumes[core].sum() / radius
        reaches[cells] = grid.volumes[cells] / surface * PATCH**2 / PRODUCT_GRAIN**3
    return reaches


def _paths(blocks: PhaseBlocks, grid: Grid, size: Array, parameters: Parameters, shared: NDArray[np.bool_]) -> Paths:
    cards = parameters.transport()
    hosts = np.array([_host(blocks, number) for number in range(len(blocks.blocks))], dtype=np.intp)
    lacking = np.zeros((len(hosts), len(blocks.components)))
    framework = np.array([name != "Li" and name not in OPEN_ELEMENTS for name in blocks.components])
    for number, host in enumerate(hosts.tolist()):
        holds = blocks.composition[blocks.members(number)].max(axis=0) > 0.0
        if not np.any(holds & framework):
            hosts[number] = IN_PORES
            continue
        for k, name in enumerate(blocks.components):
            if not holds[k] and name not in OPEN_ELEMENTS:
                lacking[number, k] = cards.dissolved(name, transport.HOSTS[host])
    return Paths(
        widths=grid.widths,
        density=size / grid.volumes,
        half=np.ascontiguousarray(grid.half),
        areas=grid.areas,
        side=grid.regions,
        host=hosts,
        lacking=lacking,
        width=cards.boundary_width,
        shared=shared,
        films=np.where(np.isfinite(cards.liquids()[0]), FILM, 0.0),
    )


def _grains(task: Problem, hosts: list[int], roles: tuple[str, ...]) -> Array:
    """Grain sizes [m] of every host in every region (S, H): a material's own in its region, those of products else.

    ``hosts`` are those of the powders in the order of ``roles``, and then those of the layers.
    """
    shell = sum(map(_is_layer, task.coatings)) + 1
    grains = np.full((shell + 1, len(transport.HOSTS)), PRODUCT_GRAIN)
    given = [(0, task.cathode) if role == "cathode" else (shell, task.electrolyte) for role in roles]
    given += [(place, layer.material) for place, layer in zip(_places(task), task.coatings, strict=True)]
    for (place, material), layer, host in zip(given, [None] * len(roles) + list(task.coatings), hosts, strict=True):
        if material is not None and (layer is None or _is_layer(layer)):
            single = material.morphology == "single-crystal"
            grains[place, host] = np.inf if single else material.grain_size.value
    return grains


def _is_layer(layer: Layer) -> bool:
    """Whether a coating is thick enough to be a layer; what is thinner is in the powder that it lies on."""
    return layer.thickness >= NO_LAYER


def _places(task: Problem) -> tuple[int, ...]:
    """The region of each coating: its own, or that of its powder where it is no layer."""
    shell = sum(map(_is_layer, task.coatings)) + 1
    places, region = [], 0
    for layer in task.coatings:
        region += _is_layer(layer)
        places.append(region if _is_layer(layer) else 0 if layer.on == "cathode" else shell)
    return tuple(places)


def _renewal(crucible: str, cations: float, parameters: Parameters) -> float:
    """Moles of gas at 1 bar and 1 K that are renewed per second around a sample of so many moles of cations."""
    around = furnace.crucible(crucible)
    return around.capacity(1.0) * cations / around.renewed_in(10.0**parameters.renewal)


def _thermal(
    task: Problem, blocks: PhaseBlocks, database: Database, parameters: Parameters, grains: Array, cations: float,
) -> Thermal:  # fmt: skip
    phases, components, moles = blocks.phases, blocks.components, blocks.moles
    energy = np.array([phases.enthalpy, phases.entropy, phases.cp.a, phases.cp.b, phases.cp.c]).T * moles[:, None]
    around = list(zip(task.gases, task.crucibles, strict=True))
    states = list(dict.fromkeys(around))
    distinct = tuple(gas for gas, _ in states)
    grid, potential, carbon, vapour = _gas_tables(distinct, "O" in components, "H" in components)
    references = np.full((len(distinct), len(components), len(grid)), np.nan)
    supplied = np.zeros((len(distinct), len(components)))
    for k, name in enumerate(components):
        if name == "O":  # its potential counts from 1 bar of O2, as do the energies
            references[:, k] = 0.0
            supplied[:, k] = [gas.pO2 for gas in distinct]
        elif name == "H":  # likewise from 1 bar of H2O
            references[:, k] = 0.0
            supplied[:, k] = [gas.pH2O for gas in distinct]
        elif name in OPEN_ELEMENTS:
            references[:, k] = carbon
            supplied[:, k] = [gas.pCO2 for gas in distinct]
    schedule = task.schedule
    segments = np.array([[s.start, s.slope, s.duration, s.shape == "newton"] for s in schedule.segments], dtype=float)
    renewal = np.array([_renewal(name, cations, parameters) for _, name in states])
    slow = parameters.kinetics()
    cards = parameters.transport()
    solid = [name for name in components if name not in OPEN_ELEMENTS]
    D0, Ea, share = cards.arrays(solid, grains)
    diffusivity = np.zeros((2, 2, len(transport.HOSTS), len(components)))
    boundary = np.zeros((len(grains), len(transport.HOSTS), len(components)))
    columns = np.isin(components, solid)
    diffusivity[0][:, :, columns], diffusivity[1][:, :, columns] = D0, Ea
    boundary[:, :, columns] = share
    return Thermal(
        energy=np.ascontiguousarray(energy),
        gas=np.ascontiguousarray(phases.gas * moles[:, None]),
        oxides=_oxides(blocks),
        size=moles,
        N=blocks.composition,
        segments=segments,
        begins=np.array(schedule.starts),
        gases=np.array([states.index(state) for state in around], dtype=np.intp),
        first=float(grid[0]),
        open_potential=potential,
        closed_reference=references,
        vapour=vapour,
        supplied=supplied,
        rate=np.array([slow.k0, slow.T0, slow.power, slow.Ea]),
        coarsening=coarsening.growth(parameters.coarsening),
        diffusivity=diffusivity,
        boundary=boundary,
        cooling=COOLING_TIME,
        renewal=renewal,
        lithium=components.index("Li") if "Li" in components else -1,
        melting=cards.liquids()[0],
        liquid=cards.liquids()[1],
        bed=_bed_table(task, distinct, grid, database),
        nearby=renewal if task.bed is None else np.full(len(states), _nearby(task, cations)),
    )


def _nearby(task: Problem, cations: float) -> float:
    """Moles of gas at 1 bar and 1 K that a bed exchanges per second with a sample of so many moles of cations."""
    around = furnace.crucible(task.crucible)
    return around.capacity(1.0) * cations / (furnace.BED + around.pores)


def _bed_table(task: Problem, gases: tuple[Atmosphere, ...], grid: Array, database: Database) -> Array:
    """Logarithm of the pressure [bar] of lithium gases over the powder bed in each gas at the temperatures (A, T).

    Straight in 1/T between equilibria, and no higher than at the schedule's peak.
    """
    if task.bed is None:
        return np.full((len(gases), len(grid)), furnace.NOTHING)
    at = np.linspace(min(BED_FROM, task.schedule.peak), task.schedule.peak, BED_POINTS)
    rows = []
    for gas in gases:
        over = lithium_pressure(lithium_potential(task.bed, at, gas, database), at, gas)
        rows.append(np.interp(-1.0 / grid, -1.0 / at, np.log(over)))
        rows[-1][grid < at[0]] = furnace.NOTHING
    return np.array(rows)


@lru_cache(maxsize=16)
def _gas_tables(gases: tuple[Atmosphere, ...], followed: bool, water: bool) -> tuple[Array, Array, Array, Array]:
    """Temperatures [K]; by gas potentials of O, C, H and of C at 1 bar CO2 [J/mol], and ln of lithium in gases [bar].

    The last, (A, 2, T), is that in gases that carry one atom and that in Li2O.  Where oxygen is ``followed`` as a
    component, potentials are those in 1 bar of it, and lithium in gases stands for the potential that an oxide has in
    the gas's own oxygen.  Where ``water`` is, that of H is the one in 1 bar H2O; the gases have the furnace's water.
    """
    grid = np.arange(T_MIN - 30.0, T_MAX + 31.0)
    seen = [replace(gas, pO2=1.0) if followed else gas for gas in gases]
    seen = [replace(gas, pH2O=1.0) if water else gas for gas in seen]
    potential = np.array([[gas.potential(element, grid) for element in OPEN_ELEMENTS] for gas in seen])
    dioxide = species("CO2").gibbs(grid)
    carbon = np.array([dioxide - 2.0 * gas.potential("O", grid) for gas in seen])
    warm = np.maximum(grid, COLDEST)
    shift = [-0.25 * GAS_CONSTANT * warm * np.log(gas.pO2) if followed else 0.0 * warm for gas in gases]
    carriers = [lithium_gases(mu, warm, gas) for gas, mu in zip(gases, shift, strict=True)]
    vapour = np.log([[single, 2.0 * double] for single, double in carriers])
    return grid, np.where(np.isfinite(potential), potential, np.nan), carbon, vapour


def _oxides(blocks: PhaseBlocks) -> NDArray[np.intp]:
    """For each component, the variables that hold it alone (K, X), -1 for none: references of its activity.

    Raises InputError when the database has none.
    """
    carried = np.isin(blocks.components, OPEN_ELEMENTS)
    carbon = blocks.phases.composition[:, np.isin(blocks.components, "C")].sum(axis=1)
    plain = (blocks.phases.gas[:, 1:].sum(axis=1) == 0.0) & (carbon == 0.0)
    rows = [np.flatnonzero(plain & (blocks.phases.composition[:, k] == 1.0)) for k in range(len(blocks.components))]
    missing = [name for name, alone, gas in zip(blocks.components, rows, carried, strict=True) if not len(alone) | gas]
    if missing:
        raise InputError(f"the database holds no simple oxide of {', '.join(missing)}: add one")
    table = np.full((len(rows), max(len(row) for row in rows)), -1, dtype=np.intp)
    for k, row in enumerate(rows):
        table[k, : len(row)] = row
    return table
