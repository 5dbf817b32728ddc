"""Where physics meets numerics: turns a couple, its phases and the furnace into stores, rates and conductances."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import AVOGADRO, GAS_CONSTANT
from sinterface.models.basics.errors import InputError
from sinterface.models.equilibrium.chemistry import Reactants
from sinterface.models.interface.candidates import candidates
from sinterface.models.phases import solutions
from sinterface.models.phases.atmosphere import OPEN_ELEMENTS, Atmosphere
from sinterface.models.phases.database import Database
from sinterface.models.phases.materials import Material
from sinterface.models.phases.phaseset import PhaseSet
from sinterface.models.rates import kinetics, transport
from sinterface.models.rates.parameters import Parameters, calibrated
from sinterface.simulate.setup import furnace
from sinterface.simulate.setup.furnace import Crucible, lithium_pressure
from sinterface.simulate.setup.mesh import Mesh, two_layers
from sinterface.simulate.setup.problem import Problem
from sinterface.simulate.setup.schedule import Schedule
from sinterface.simulate.solve import conductance
from sinterface.simulate.solve.integrate import Coefficients

Array = NDArray[np.float64]

PRODUCT_GRAIN = 2.0e-7
"""Grain size [m] of freshly formed products: an estimate, 0.05 to 0.5 um; coarsening is not modelled."""

ROUND_OFF = 1.0e-12
"""Share of a cell below which an amount is round-off and no grain."""

NUCLEI = 1.0e-4
"""Nuclei past their barrier, as a share of what could form: an estimate, a factor of ten either way, to which no
observation is sensitive (docs/calibration.md)."""

FLOOR = 1.0e-6
"""Dissolved share of a cell's cations per species at the activity of its pure oxide: keeps potentials finite."""

FIRST_ACTIVITY = 20.0
"""Initial potentials lie this many RT below those of the pure oxides; the first step finds the true ones."""

FASTEST_FLOW = 5.0
"""Conductance per step in units of the whole sample above which a species is uniform for all purposes."""

FASTEST_RELAXATION = 2.0e3
"""Integrated transformation rate per step above which a phase counts as equilibrated: exp(-2000 A/RT) is left of it."""

PLANES = (600.0, 800.0, 1000.0, 1200.0, 1400.0)
"""Temperatures [K] at which the phases are chosen: those at which cations move, whatever the schedule."""

SAME_METALS = 1e-6
"""Largest difference of metal shares between compositions of one framework: rounding of formulas."""

LONGEST_CHANGE = 0.3
"""Change of ln k of the slow transformations in a step on a ramp, at the default tolerance: resolves nucleation."""

NO_LAYER = 1.0e-11
"""Half width [m] below which what is left of a cell is no layer, a tenth of an atom's radius: it resists nothing."""

SLEEP = 1.0e-8
"""Transformation rate [1/s] that is nothing on the scale of a firing."""

GAS_MEAN = 1000.0
"""Temperature [K] at which the gas in the crucible is counted; its thermal expansion is left out."""

MOLAR_VOLUME = 1.1e-5
"""Volume [m^3] of a mole of cations in dense oxides, 0.9e-5 to 1.4e-5 for the phases here."""

_GAUSS_X, _GAUSS_W = np.polynomial.legendre.leggauss(3)


@dataclass(frozen=True)
class CoupleSystem:
    """A cathode core in an electrolyte shell on a schedule, as the integrator's ``System``.

    Amounts are moles of cations per mole of cations of the whole sample.
    """

    phases: PhaseSet
    reactants: Reactants
    mesh: Mesh
    schedule: Schedule
    atmosphere: Atmosphere
    grains: tuple[float, float]
    initial: Array
    """(M, P)"""
    crucible: Crucible
    parameters: Parameters
    longest_change: float = LONGEST_CHANGE

    @property
    def composition(self) -> Array:
        """(P, K)"""
        return self.phases.composition

    def seeds(self, held: Array) -> Array:
        """Nuclei (M, P): a share of what could form from the scarcest species of each phase in the cell."""
        return NUCLEI * conductance.scarcest(held, self.composition)

    @cached_property
    def kinds(self) -> NDArray[np.intp]:
        """Compositions of one solution are of one kind (P,)."""
        names = [solid.solution or solid.id for solid in self.phases.solids]
        return np.unique(names, return_inverse=True)[1]

    @cached_property
    def floor(self) -> Array:
        """(M, K); carbon is held by the gas of the crucible, which the outermost cell stands for."""
        found = np.repeat(self._cations[:, None] * FLOOR, len(self.phases.components), axis=1)
        for column, _ in self._carried:
            found[:, column] *= 1e-3
            found[-1, column] = self.crucible.capacity(GAS_MEAN) * float(self._cations.sum())
        return found

    @cached_property
    def _carried(self) -> list[tuple[int, str]]:
        """Column and name of carbon, where the sample or the furnace gas brings it along."""
        return [(k, name) for k, name in enumerate(self.phases.components) if name in OPEN_ELEMENTS]

    @cached_property
    def _cations(self) -> Array:
        return np.asarray(self.initial.sum(axis=1))

    @cached_property
    def _oxides(self) -> list[NDArray[np.intp]]:
        """For each component, the phases that hold it alone: they set the reference of its activity."""
        columns = self.phases.composition.T
        held = self.phases.gas[:, 1:].sum(axis=1) + sum(columns[k] for k, _ in self._carried)
        found = [np.flatnonzero((column == 1.0) & (held == 0.0)) for column in columns]
        gaseous = {k for k, _ in self._carried}
        missing = [self.phases.components[k] for k, w in enumerate(found) if len(w) == 0 and k not in gaseous]
        if missing:
            raise InputError(f"the database holds no simple oxide of {', '.join(missing)}: add one")
        return found

    @cached_property
    def _host(self) -> NDArray[np.intp]:
        """Transport class of each phase (P,)."""
        classes = [transport.host_class(solid.structure, solid.family) for solid in self.phases.solids]
        return np.array([transport.HOSTS.index(name) for name in classes])

    @cached_property
    def _host_content(self) -> tuple[Array, Array]:
        """Maps amounts to what each host class holds of each component, and to what the others can dissolve of it."""
        one_hot = np.eye(len(transport.HOSTS))[self._host]
        content = one_hot[:, :, None] * self.phases.composition[:, None, :]
        dissolved = np.array(
            [[self._transport.dissolved(k, host) for k in self.phases.components] for host in transport.HOSTS]
        )
        lacking = one_hot[:, :, None] * (self.phases.composition == 0.0)[:, None, :] * dissolved
        P = len(self.phases.solids)
        return content.reshape(P, -1), lacking.reshape(P, -1)

    @cached_property
    def topotactic(self) -> NDArray[np.bool_]:
        """Phases that a reactant becomes by taking up or giving off lithium alone, its metals and structure staying."""
        found = np.zeros(len(self.phases.solids), dtype=bool)
        metals = self.phases.composition * (np.array(self.phases.components) != "Li")
        metals = metals / np.maximum(metals.sum(axis=1, keepdims=True), 1e-300)
        owner = solutions.owners(self.reactants.solutions)
        names = np.array([solid.solution or owner.get(solid.id, solid.id) for solid in self.phases.solids])
        for row in (self.reactants.electrolyte, self.reactants.cathode):
            found |= (names == names[row]) & (np.abs(metals - metals[row]).max(axis=1) < SAME_METALS)
        return found

    def rates(self, temperature: float) -> Array:
        """Transformation rates (P,) [1/s]."""
        slow, fast = self._slow(temperature), kinetics.embedded()["topotactic"](temperature)
        return np.where(self.topotactic, fast, slow)

    @cached_property
    def _slow(self) -> kinetics.Transformation:
        return self.parameters.kinetics()

    @cached_property
    def _transport(self) -> transport.Transport:
        return self.parameters.transport()

    def nucleation(self, T: float, energies: Array, potentials: Array) -> Array:
        """Share of the nuclei of each phase that are past their barrier (M, P): exp(-G*/RT).

        G* = (16 pi / 3) N_A gamma^3 V^2 / (Delta G)^2 for a driving force Delta G = RT A per mole of cations and the
        effective interface energy gamma of heterogeneous nuclei (Volmer & Weber 1926; Christian, The Theory of Phase
        Transformations in Metals and Alloys, 2002, ch. 10).  Lithium exchange in a host nucleates nothing.
        """
        affinity = potentials @ self.composition.T - energies
        gamma = 10.0**self.parameters.interface
        barrier = 16.0 * np.pi / 3.0 * AVOGADRO * gamma**3 * MOLAR_VOLUME**2 / (GAS_CONSTANT * T) ** 3
        with np.errstate(divide="ignore", over="ignore"):
            found = np.where(affinity > 0.0, np.exp(-barrier / affinity**2), 0.0)
        return np.where(self.topotactic, 1.0, found)

    def reach(self, amounts: Array) -> Array:
        """What the grains of each phase in the cells around hold in a cell beyond its own amount (M, P).

        A grain is no smaller than PRODUCT_GRAIN, cells at the interface are: where there is a grain beside it, a
        phase grows in a cell without a nucleus of its own, as if its amount were the mean over a grain's length,
        or all that could form there where that is less.
        """
        most = conductance.scarcest(amounts @ self.composition, self.composition)
        found = np.minimum(np.maximum(self._around @ amounts - amounts, 0.0), most)
        return found**2 / (found + ROUND_OFF * self._cations[:, None])

    @cached_property
    def _around(self) -> Array:
        """Means over the distance of a grain, weighted by exp(-distance / grain), of what is in a volume (M, M)."""
        distance = np.abs(self.mesh.centres[:, None] - self.mesh.centres)
        cell = np.arange(len(distance))
        near = (distance < 3.0 * PRODUCT_GRAIN) | (np.abs(cell[:, None] - cell) == 1)
        weights = np.where(near, np.exp(-distance / PRODUCT_GRAIN), 0.0) * np.diff(self.mesh.faces)
        weights /= weights.sum(axis=1, keepdims=True)
        return np.asarray(weights * (self.mesh.volumes[:, None] / self.mesh.volumes))

    @cached_property
    def diffusivities(self) -> Callable[[float], Array]:
        """Effective diffusivities (2 sides, hosts, K) [m^2/s] against T [K]: own grains, fine ones for products."""
        grains = np.full((2, len(transport.HOSTS)), PRODUCT_GRAIN)
        for side, row in enumerate((self.reactants.cathode, self.reactants.electrolyte)):
            grains[side, self._host[row]] = self.grains[side]
        cations = [name for name in self.phases.components if name not in OPEN_ELEMENTS]
        at = self._transport.table(cations, grains)
        solid = np.isin(self.phases.components, cations)

        def padded(temperature: float) -> Array:  # carbon and hydrogen go through the pores
            found = np.zeros((2, len(transport.HOSTS), len(solid)))
            found[:, :, solid] = at(temperature)
            return found

        return padded

    def coefficients(self, start: float, end: float, amounts: Array, potentials: Array) -> Coefficients:
        """Integrals over the step by three-point Gauss; energies at its mean temperature."""
        if (start, end) not in self._steps:
            self._steps.clear()
            self._steps[start, end] = self._thermal(start, end)
        T, energies, kappa, spread, leak, outside = self._steps[start, end]
        conductance = self._conductance(spread, amounts, potentials)
        for column, _ in self._carried:
            conductance[:, column] = FASTEST_FLOW  # pores
        nucleation = self.nucleation(T, energies, potentials)
        return Coefficients(energies, kappa, conductance, leak, outside, nucleation, self.reach(amounts))

    @cached_property
    def _steps(self) -> dict[tuple[float, float], tuple[float, Array, Array, Array, Array, Array]]:
        """What temperature alone decides, of the last step asked for: each is asked for twice."""
        return {}

    def _thermal(self, start: float, end: float) -> tuple[float, Array, Array, Array, Array, Array]:
        """Mean temperature, energies, and integrals of rates, diffusivities and the exchange with the furnace."""
        times = 0.5 * (start + end) + 0.5 * (end - start) * _GAUSS_X
        temperatures = self.schedule.temperature(times)
        weights = 0.5 * (end - start) * _GAUSS_W
        kappa = sum(w * self.rates(float(T)) for w, T in zip(weights, temperatures, strict=True))
        spread = sum(w * self.diffusivities(float(T)) for w, T in zip(weights, temperatures, strict=True))
        T = float(np.dot(weights, temperatures) / weights.sum())
        g = self.phases.grand_potential(T, self.atmosphere) / (GAS_CONSTANT * T)
        reference = np.array([np.min(g[which]) if len(which) else 0.0 for which in self._oxides])
        pure = Atmosphere("1 bar of each", self.atmosphere.pO2, 1.0, 1.0)
        for column, name in self._carried:
            reference[column] = float(pure.potential(name, T)) / (GAS_CONSTANT * T)
        # potentials are logarithms of activities, the pure oxide's being one
        relative = g - self.composition @ reference
        kappa = np.minimum(np.asarray(kappa), FASTEST_RELAXATION)
        return (T, relative, kappa, np.asarray(spread), *self._exchange(T, end - start, reference))

    def _exchange(self, T: float, duration: float, reference: Array) -> tuple[Array, Array]:
        """What leaves at unit activity, and what comes in, through the outermost cell during a step (M, K)."""
        leak, outside = np.zeros_like(self.floor), np.zeros_like(self.floor)
        renewed = self.crucible.capacity(T) * float(self._cations.sum()) * duration / self.crucible.renewal
        lithium = self.phases.components.index("Li") if "Li" in self.phases.components else None
        if lithium is not None:
            potential = float(reference[lithium]) * GAS_CONSTANT * T
            leak[-1, lithium] = renewed * lithium_pressure(potential, T, self.atmosphere)
        for column, _ in self._carried:
            leak[-1, column] = renewed
            outside[-1, column] = renewed * self.atmosphere.pCO2
        return leak, outside

    def _conductance(self, Ddt: Array, amounts: Array, activity: Array) -> Array:
        """Conductances integrated over a step (M-1, K): area / (dx1 / D1 c1 + dx2 / D2 c2).

        c is what a host holds of the species, or its solubility times the mean activity of the two cells for one that
        holds none; D c / RT is the Onsager coefficient.  dx follows what a cell holds, at one volume per mole of
        cations: an emptied cell is no gap.
        """
        content, lacking = self._host_content
        shape = (len(activity), len(transport.HOSTS), activity.shape[1])
        cations = np.maximum(amounts.sum(axis=1), 1e-300)
        size = cations / self._cations
        shares = amounts / cations[:, None]
        return conductance.conductances(
            (shares @ content).reshape(shape), (shares @ lacking).reshape(shape), Ddt,
            self._cations / self.mesh.volumes, self.mesh.interface, activity,
            self.mesh.half_widths * np.array([size[:-1], size[1:]]), self.mesh.areas, NO_LAYER, FASTEST_FLOW,
        )  # fmt: skip

    def longest_step(self, start: float) -> float:
        """Time [s] in which ln of the slow rate changes by ``longest_change``, so that nuclei form at the right moment.

        Longer where the rate is too small to matter: until it is not.
        """
        slow = self._slow
        T = float(self.schedule.temperature(start))
        ramp = abs(float(self.schedule.temperature(start + 1.0)) - T)
        if ramp == 0.0:
            return np.inf
        asleep = (self._awake - T) / ramp  # negative when awake
        return max(1.0, self.longest_change * GAS_CONSTANT * T**2 / slow.Ea / ramp, asleep)

    @cached_property
    def _awake(self) -> float:
        """Temperature [K] below which no phase transforms to speak of within an hour."""
        slow = self._slow
        return float(
            slow.Ea / (GAS_CONSTANT * np.log(float(slow(1000.0)) * np.exp(slow.Ea / (GAS_CONSTANT * 1000.0)) / SLEEP))
        )


@lru_cache(maxsize=8)
def _phases(
    cathode: Material, electrolyte: Material, gas: Atmosphere, database: Database, additives: tuple[str, ...]
) -> tuple[PhaseSet, Reactants]:
    """Of one couple, whatever the schedule: sweeps ask for them again and again."""
    return candidates(cathode, electrolyte, PLANES, gas, database, additives)


def assemble(
    task: Problem, database: Database, parameters: Parameters | None = None, like: CoupleSystem | None = None
) -> CoupleSystem:
    """The system of a problem: concentric spheres, the cathode inside; with the phases of ``like`` where given.

    ``database`` has the energies of ``parameters``, the calibrated ones without any, already.
    """
    cathode, electrolyte = task.cathode, task.electrolyte
    if like is None:
        names = [name for name, _ in task.additives]
        found, reactants = _phases(cathode, electrolyte, task.atmosphere, database, tuple(names))
    else:
        found, reactants = like.phases, like.reactants
    shell = cathode.density.value / electrolyte.density.value / task.mass_ratio
    parameters = parameters or calibrated()
    radii = [0.5 * material.particle_diameter.value for material in (cathode, electrolyte)]
    contact = parameters.touching(cathode.morphology) if task.geometry == "sphere" else 1.0
    mesh = two_layers(radii[0], shell, task.cells, task.geometry, contact=contact, grain=min(radii))
    per_mass = 1.0 / found.molar_mass
    added = [(found.ids.index(name), 0.01 * share) for name, share in task.additives]
    parts = [(reactants.cathode, task.mass_ratio, True), (reactants.electrolyte, 1.0 - sum(w for _, w in added), False)]
    parts += [(row, share, False) for row, share in added]
    moles = np.array([mass * per_mass[row] for row, mass, _ in parts])
    core = np.arange(len(mesh.volumes)) < mesh.interface
    initial = np.zeros((len(mesh.volumes), len(found.solids)))
    for (row, _, inner), share in zip(parts, moles / moles.sum(), strict=True):
        where = core if inner else ~core
        initial[where, row] += share * mesh.volumes[where] / mesh.volumes[where].sum()
    grains = tuple(
        np.inf if material.morphology == "single-crystal" else material.grain_size.value
        for material in (cathode, electrolyte)
    )
    return CoupleSystem(
        found,
        reactants,
        mesh,
        task.schedule,
        task.atmosphere,
        (grains[0], grains[1]),
        initial,
        furnace.crucible(task.crucible),
        parameters,
    )
