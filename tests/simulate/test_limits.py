"""Real couples against equilibria, and against laws that no step may break: docs/verification.md."""

from dataclasses import replace

import numpy as np
import pytest

import sinterface as si
from sinterface.models.basics import formula
from sinterface.models.equilibrium import chemistry, column_generation
from sinterface.models.rates import parameters
from sinterface.simulate.solve.integrate import Outcome, begin, integrate
from sinterface.simulate.solve.result import dissolved, to_result
from sinterface.simulate.solve.system import assemble
from sinterface.simulate.stepping import thermal as thermals
from sinterface.simulate.stepping.mobility import affinities
from sinterface.simulate.stepping.newton_step import blank_step

HOURS_OF_IT = 1e6
"""A hold [s] that is long beside everything in these tests."""


def assembled(task):
    values = parameters.calibrated()
    return assemble(task, values.energies(si.load_database()), values)


def held_at(cathode, T, mobile, cells=6, **options):
    """A couple at T [°C] in which phases of a cell transform at once; ``mobile`` species diffuse freely, all if None.

    Nothing evaporates.
    """
    system = assembled(si.problem(cathode, cells=cells, **options))
    thermal = system.model.thermal
    D = np.zeros_like(thermal.diffusivity)
    columns = np.ones(len(system.components), dtype=bool) if mobile is None else np.isin(system.components, mobile)
    D[0][:, :, columns] = 1e-4
    kelvin = T + 273.15
    thermal = thermal._replace(
        rate=np.array([1e3, 1.0, 0.0, 0.0]), diffusivity=D, segments=np.array([[kelvin, 0.0, HOURS_OF_IT, 0.0]]),
        begins=np.array([0.0, HOURS_OF_IT]), gases=np.zeros(1, dtype=np.intp), renewal=np.zeros(1), lithium=-1,
        coarsening=np.array([0.0, 1e3, 0.0]),
    )  # fmt: skip
    paths = system.model.paths
    paths = paths._replace(lacking=np.ones_like(paths.lacking))
    growth = system.model.growth
    growth = growth._replace(nucleus=np.zeros_like(growth.nucleus), slower=np.zeros_like(growth.slower))
    object.__setattr__(system, "model", system.model._replace(thermal=thermal, paths=paths, growth=growth))
    object.__setattr__(system, "parameters", replace(system.parameters, intergrowth=-np.inf))
    return system


def settle(system):
    run = integrate(system, begin(system), [HOURS_OF_IT], tolerance=0.2)
    assert run.outcome is Outcome.DONE
    assert run.moving.min() >= 0.0
    assert run.changing.min() >= 0.0
    return run


def by_phase(system, amounts):
    """wt% of each solution and compound."""
    weights = amounts * system.blocks.mass
    shares = np.add.reduceat(weights, system.blocks.start[:-1]) / weights.sum()
    told = {}
    for block, share in zip(system.blocks.blocks, shares, strict=True):
        told[block.name] = told.get(block.name, 0.0) + 100.0 * float(share)
    return told


def whole_equilibrium(system, cathode, T, monkeypatch):
    """wt% of each solution and compound in the equilibrium of the whole sample, to 0.05 J/mol."""
    monkeypatch.setattr(column_generation, "TOLERANCE", 0.002)
    powders = (si.materials("electrolyte")["LLZTO"], si.materials("cathode")[cathode])
    database = parameters.calibrated().energies(si.load_database())
    chemical, _ = chemistry.system(powders, database)
    omega = chemical.phases.grand_potential(T + 273.15, si.Atmosphere("O2", 1.0))
    total = (system.initial @ system.model.basis.N).sum(axis=0)
    order = [system.components.index(name) for name in chemical.components]
    told = column_generation.equilibrium(chemical, omega, T + 273.15, total[order])
    rows = len(chemical.phases.solids)
    inside = {int(row): m.solution.name for m in chemical.mixtures for row in m.phase}
    inside |= {row: chemical.mixtures[number].solution.name for row, (number, _) in chemical.inside.items()}
    weights = {}
    for row, amount in enumerate(told.answer.amounts):
        if amount <= 0.0:
            continue
        solid = chemical.solid(row, told.pseudo)
        name = (
            inside.get(row, solid.id)
            if row < rows
            else chemical.mixtures[told.pseudo.mixture[row - rows]].solution.name
        )
        weights[name] = weights.get(name, 0.0) + amount * formula.molar_mass(dict(solid.amounts)) / solid.cations
    mass = sum(weights.values())
    return {name: 100.0 * weight / mass for name, weight in weights.items()}


@pytest.mark.parametrize("T", [600, 1000])
@pytest.mark.parametrize("cathode", ["pc-LNMO", "pc-NMC811", "pc-LMO", "pc-LCO"])
def test_everything_mobile_ends_in_the_equilibrium_of_the_whole_sample(cathode, T, monkeypatch):
    system = held_at(cathode, T, None)
    run = settle(system)
    told = by_phase(system, run.last.amounts.sum(axis=0))
    expected = whole_equilibrium(system, cathode, T, monkeypatch)
    first = by_phase(system, system.initial.sum(axis=0))
    assert max(abs(share - first.get(name, 0.0)) for name, share in told.items()) > 0.1, "something has happened"
    for name in set(told) | set(expected):
        assert told.get(name, 0.0) == pytest.approx(expected.get(name, 0.0), abs=0.02), name


@pytest.mark.parametrize("T", [600, 900])
@pytest.mark.parametrize("cathode", ["pc-LNMO", "pc-NMC811", "pc-LCO"])
def test_lithium_alone_mobile_ends_in_paraequilibrium(cathode, T):
    """The conditions of the minimum with all other cations where they were, which prove it: the problem is convex.

    Lithium has one potential, every cell keeps its other cations, no phase lies below the plane of its cell's
    potentials, and those that are there lie in it.
    """
    system = held_at(cathode, T, ("Li",))
    run = settle(system)
    last, basis = run.last, system.model.basis
    lithium = system.components.index("Li")
    others = np.arange(len(system.components)) != lithium
    before = system.initial @ basis.N
    after = last.amounts @ basis.N + dissolved(system.model.store, last.potentials)
    assert after[:, others] == pytest.approx(before[:, others], rel=1e-6, abs=1e-9)
    assert np.abs(after[:, lithium] - before[:, lithium]).sum() > 1e-4, "lithium has moved"
    assert np.ptp(last.potentials[:, lithium]) < 1e-5
    thermal = system.model.thermal
    g, reference = np.empty(len(thermal.N)), np.empty(len(system.components))
    thermals.energies(thermal, T + 273.15, 0, g, reference)
    A = np.empty((len(last.amounts), len(basis.start) - 1))
    step = blank_step(basis, system.model.interaction, system.model.size)
    step.g[:] = g
    affinities(last.potentials, step, basis, last.lowest.copy(), 2000, A)
    assert A.max() < 2e-3, "nothing lies below the plane by more than 2e-3 RT per mole of cations"
    there = np.add.reduceat(last.amounts * basis.cations, basis.start[:-1], axis=1) > 1e-6 * system.model.size[:, None]
    assert np.abs(A[there]).max() < 2e-3


def test_lithium_alone_and_everything_mobile_are_different_equilibria():
    """Else the tests above would show less than they say."""
    told = [
        by_phase(system, settle(system).last.amounts.sum(axis=0))
        for system in (held_at("pc-NMC811", 600, mobile) for mobile in (("Li",), None))
    ]
    assert max(abs(told[0].get(name, 0.0) - share) for name, share in told[1].items()) > 0.1


def free_energy(system, amounts, g):
    """Sum of g n and of the energies of mixing [RT] over all cells."""
    basis = system.model.basis
    total = float((amounts @ g).sum())
    for k in np.flatnonzero(basis.species):
        part = slice(basis.start[k], basis.start[k + 1])
        occupancy = basis.occupancy[part, : basis.species[k]]
        site = basis.site[k, : basis.species[k]]
        held = amounts[:, part] @ occupancy
        whole = np.array([held[:, site == s].sum(axis=1) for s in site]).T
        total += float((held * np.log(np.maximum(held, 1e-300) / np.maximum(whole, 1e-300))).sum())
        total -= float((amounts[:, part] @ basis.own[part]).sum())
    return total


@pytest.mark.parametrize("cathode", ["pc-LNMO", "pc-NMC811", "pc-LFP"])
def test_the_free_energy_of_a_closed_couple_never_rises(cathode):
    """At a constant temperature, with everything at its own pace: 20 minutes at 800 °C in 40 parts."""
    system = assembled(si.problem(cathode, schedule="from 800 °C; hold 20 min", cells=8))
    thermal = system.model.thermal._replace(renewal=np.zeros(1), lithium=-1)
    object.__setattr__(system, "model", system.model._replace(thermal=thermal))
    g, reference = np.empty(len(thermal.N)), np.empty(len(system.components))
    thermals.energies(thermal, 1073.15, 0, g, reference)
    energies = [free_energy(system, system.begin().n, g)]
    run = integrate(
        system, begin(system), np.geomspace(1e-2, 1200.0, 40),
        keep=lambda so_far: energies.append(free_energy(system, so_far.last.amounts, g)),
    )  # fmt: skip
    assert run.outcome is Outcome.DONE
    assert len(energies) > 40
    assert energies[-1] < energies[0] - 1e-3
    # what is dissolved, at most 1e-6 of a cell for each species, is not in the sum
    assert np.diff(energies).max() < 1e-6


SCHEDULE = (
    "5 °C/min to 450 °C; hold 1 h; 10 °C/min to 700 °C; hold 30 min; 3000 °C/min to 900 °C; hold 2 min; quench; "
    "50 K/s to 750 °C; hold 30 min; cool naturally"
)


@pytest.mark.parametrize("cathode", sorted(si.materials("cathode")))
def test_laws_hold_in_every_step_of_a_long_schedule(cathode):
    task = si.problem(cathode, schedule=SCHEDULE, cells=8, atmosphere="air")
    system = assembled(task)
    least = []
    run = integrate(
        system, begin(system), task.schedule.starts[1:],
        keep=lambda so_far: least.append(float(so_far.last.amounts.min())),
    )  # fmt: skip
    assert run.outcome is Outcome.DONE
    assert min(least) >= 0.0, "nothing is negative"
    assert run.moving.min() >= 0.0, "second law, flows"
    assert run.changing.min() >= 0.0, "second law, transformations"
    assert np.all(np.isfinite(run.last.potentials))
    data = to_result(task, system, run, "").dataset
    assert data.attrs["element_balance"] < 1e-10
    assert_mass_is_gas_and_vapour(data)


def assert_mass_is_gas_and_vapour(data):
    """At every time: the O2, CO2 and H2O taken up less the lithium that left."""
    gas = data["gas_uptake"].values @ [formula.molar_mass(formula.parse(str(name))) for name in data["gas"].values]
    expected = 100.0 * gas - data["lithium_lost_mass"].values
    assert data["mass_change"].values == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("cathode", ["pc-LNMO", "pc-NMC811", "pc-LFP"])
def test_order_of_phases_does_not_matter(cathode):
    """Blocks in the opposite order, variables with them."""
    task = si.problem(cathode, schedule="10 °C/min to 650 °C; hold 30 min; cool naturally", cells=8)
    system = assembled(task)
    basis, thermal, growth, paths = (getattr(system.model, key) for key in ("basis", "thermal", "growth", "paths"))
    blocks = np.arange(len(basis.start) - 1)[::-1]
    rows = np.concatenate([np.arange(basis.start[k], basis.start[k + 1]) for k in blocks])
    place = np.argsort(rows)
    widths = np.diff(basis.start)[blocks]
    model = system.model._replace(
        basis=basis._replace(
            N=basis.N[rows], start=np.concatenate([[0], np.cumsum(widths)]), occupancy=basis.occupancy[rows],
            species=basis.species[blocks], site=basis.site[blocks], sites=basis.sites[blocks], own=basis.own[rows],
            metal=basis.metal[blocks], cations=basis.cations[rows],
        ),
        thermal=thermal._replace(
            energy=thermal.energy[rows], gas=thermal.gas[rows], size=thermal.size[rows], N=thermal.N[rows],
            oxides=np.where(thermal.oxides >= 0, place[thermal.oxides], -1),
        ),
        growth=growth._replace(nucleus=growth.nucleus[blocks], slower=growth.slower[blocks]),
        paths=paths._replace(host=paths.host[blocks], lacking=paths.lacking[blocks]),
        interaction=system.model.interaction[rows],
    )  # fmt: skip

    class Reversed:
        def __init__(self):
            self.model = model

        def begin(self):
            cells = system.begin()
            columns = {key: np.ascontiguousarray(getattr(cells, key)[:, rows]) for key in ("n", "z", "lowest", "slope")}
            nucleated = np.ascontiguousarray(cells.nucleated[:, blocks])
            return cells._replace(first=np.ascontiguousarray(cells.first[blocks]), nucleated=nucleated, **columns)

        def watch(self, amounts):
            return np.zeros((amounts.shape[0], amounts.shape[2]))

    other = Reversed()
    run, two = (integrate(problem, begin(problem), task.schedule.starts[1:]) for problem in (system, other))
    assert run.outcome is two.outcome is Outcome.DONE
    assert two.last.amounts.sum(axis=0) == pytest.approx(run.last.amounts.sum(axis=0)[rows], abs=1e-6)


def test_stores_hold_next_to_nothing():
    """Less than a thousandth of the sample at any time, with the cathode of the most mobile cation."""
    task = si.problem("pc-LMO", schedule="10 °C/min to 600 °C; hold 1 h; cool naturally", cells=8)
    system = assembled(task)
    held = []
    integrate(
        system, begin(system), task.schedule.starts[1:],
        keep=lambda so_far: held.append(float(dissolved(system.model.store, so_far.last.potentials).sum())),
    )  # fmt: skip
    assert 0.0 < max(held) < 1e-3


WEAK = {"pc-NMC532": 900}


@pytest.mark.parametrize("cathode", sorted(WEAK))
def test_a_weakly_driven_couple_does_not_depend_on_the_mesh(cathode):
    """Which cells nucleate is a matter of hundredths of RT there: grains that reach into neighbours decide it."""
    sums = []
    for cells in (20, 40):
        task = si.problem(cathode, schedule=si.Schedule.hold(WEAK[cathode], hours=2), cells=cells)
        sums.append(sum(si.predict(task, estimate_error=False).family_shares.values()))
    assert sums[0] == pytest.approx(sums[1], rel=0.1)
    assert sums[1] > 0.5


@pytest.mark.parametrize("kept", [False, True], ids=["no way to go", "1 nm, then coarser"])
def test_a_quench_keeps_what_had_formed_where_cations_have_to_diffuse(kept):
    """LaCoO3 of LiCoO2 at 1000 °C, with energies that turn it back on cooling: it does where phases meet at once."""
    way = {"intergrowth": 0.0, "coarsening": 1.0} if kept else {"intergrowth": -np.inf, "coarsening": -np.inf}
    values = replace(parameters.prior(), cobalt_perovskite=-7.0, lithium_cobaltate=0.0, contact=-0.9, **way)
    shares = {}
    for cooling in ("quench", "1 °C/min to 25 °C"):
        task = si.problem("pc-LCO", schedule=f"10 °C/min to 1000 °C; hold 2 h; {cooling}", cells=20)
        result = si.predict(task, parameters=values, estimate_error=False)
        assert result.at_hold["LaMO3"] > 4.0
        shares[cooling] = result.family_shares.get("LaMO3", 0.0) / result.at_hold["LaMO3"]
    assert (shares["quench"] > 0.97) is kept
    assert shares["1 °C/min to 25 °C"] < shares["quench"], "slow cooling gives time to turn back"
