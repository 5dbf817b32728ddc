"""The compiled kernels one by one, against formulas written differently: mixing, energies, rates, conductances."""

import numpy as np
import pytest
from scipy.integrate import quad

import sinterface as si
from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.rates.parameters import prior
from sinterface.simulate.setup.schedule import Schedule
from sinterface.simulate.solve.system import assemble
from sinterface.simulate.stepping import thermal as thermals
from sinterface.simulate.stepping.conductance import FASTEST_FLOW, conductances
from sinterface.simulate.stepping.drag import blank, ease, force, law
from sinterface.simulate.stepping.march import longest_step
from sinterface.simulate.stepping.mobility import (
    BARE,
    GRAIN,
    MANY,
    YOUNG,
    Moment,
    Nuclei,
    affinities,
    contents,
    mobilities,
    nucleate,
    remember,
)
from sinterface.simulate.stepping.newton_step import blank_slopes, blank_step, cholesky, direction, mixing


@pytest.fixture(scope="module")
def spinel():
    """LNMO and garnet: solutions with several sublattices, among them ones whose end members are ordered."""
    values = prior()
    return assemble(si.problem("pc-LNMO", cells=6), values.energies(si.load_database()), values)


def gibbs(basis, n, k, W):
    """Gmix of block k [RT] as it is defined, with numpy."""
    part = slice(basis.start[k], basis.start[k + 1])
    occupancy = basis.occupancy[part, : basis.species[k]]
    held = n[part] @ occupancy
    site = basis.site[k, : basis.species[k]]
    whole = np.array([held[site == s].sum() for s in site])
    with np.errstate(divide="ignore", invalid="ignore"):
        ideal = np.where(held > 0.0, held * np.log(held / whole), 0.0).sum()
    return ideal - n[part] @ basis.own[part] + n[part] @ W[part, : len(n[part])] @ n[part] / n[part].sum()


@pytest.mark.parametrize("W", [0.0, 0.8])
def test_gradient_and_hessian_of_mixing_are_the_differences_of_the_energy(spinel, W):
    basis = spinel.model.basis
    rng = np.random.default_rng(3)
    n = rng.uniform(0.1, 1.0, len(basis.N))
    interaction = np.zeros((len(n), np.diff(basis.start).max()))
    for k in range(len(basis.start) - 1):
        E = basis.start[k + 1] - basis.start[k]
        random = rng.normal(size=(E, E)) * W
        interaction[basis.start[k] : basis.start[k + 1], :E] = random + random.T
    checked = 0
    for k in range(len(basis.start) - 1):
        if basis.species[k] == 0:
            continue
        lo, hi = basis.start[k], basis.start[k + 1]
        slopes = blank_slopes(basis)
        mixing(n, k, basis, interaction, slopes, True)
        gradient, H = slopes.gradient[: hi - lo], slopes.H[: hi - lo, : hi - lo]
        step = 1e-5
        expected = np.empty(hi - lo)
        for e in range(hi - lo):
            up, down = n.copy(), n.copy()
            up[lo + e] += step
            down[lo + e] -= step
            expected[e] = (gibbs(basis, up, k, interaction) - gibbs(basis, down, k, interaction)) / (2.0 * step)
        assert gradient == pytest.approx(expected, abs=1e-7)
        differences = np.empty((hi - lo, hi - lo))
        nothing = np.full_like(interaction, np.nan)
        for e in range(hi - lo):
            sides = []
            for sign in (1.0, -1.0):
                moved, side = n.copy(), blank_slopes(basis)
                moved[lo + e] += sign * step
                mixing(moved, k, basis, nothing, side, False)
                sides.append(side.gradient[: hi - lo])
            differences[e] = (sides[0] - sides[1]) / (2.0 * step)
        assert pytest.approx(differences, abs=1e-6) == H, "the Hessian is that of the ideal part, which is convex"
        assert n[lo:hi] @ H == pytest.approx(0.0, abs=1e-9), "of the first degree: nothing bends along the amounts"
        assert np.linalg.eigvalsh(H).min() > -1e-9
        checked += 1
    assert checked >= 3


def test_block_tridiagonal_solution_is_that_of_the_whole_matrix():
    rng = np.random.default_rng(1)
    M, K = 5, 4
    S, G, d = np.empty((M, K, K)), rng.uniform(0.1, 1.0, (M - 1, K)), rng.normal(size=(M, K))
    whole = np.zeros((M * K, M * K))
    for c in range(M):
        part = rng.normal(size=(K, K))
        S[c] = part @ part.T + 3.0 * np.eye(K)
        whole[c * K : (c + 1) * K, c * K : (c + 1) * K] = S[c]
        if c:
            whole[(c - 1) * K : c * K, c * K : (c + 1) * K] = -np.diag(G[c - 1])
            whole[c * K : (c + 1) * K, (c - 1) * K : c * K] = -np.diag(G[c - 1])
    expected = np.linalg.solve(whole, d.ravel()).reshape(M, K)
    direction(S, G, d, np.empty((M, K, K)), np.empty((M, K)), np.empty((K, K)))
    assert d == pytest.approx(expected, rel=1e-10)


def test_cholesky_factor():
    A = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
    L = A.copy()
    cholesky(L, 3)
    assert np.tril(L) @ np.tril(L).T == pytest.approx(A)


@pytest.mark.parametrize("T", [400.0, 873.15, 1273.15, 1473.0])
def test_energies_are_those_of_the_phase_set(spinel, T):
    thermal, phases = spinel.model.thermal, spinel.blocks.phases
    g, reference = np.empty(len(thermal.N)), np.empty(thermal.N.shape[1])
    thermals.energies(thermal, T, 0, g, reference)
    omega = phases.grand_potential(T, si.Atmosphere("O2", 1.0)) * spinel.blocks.moles / (GAS_CONSTANT * T)
    possible = omega < 1e6 * spinel.blocks.moles / (GAS_CONSTANT * T)
    assert possible.sum() > 20
    # potentials of the gas are interpolated over a kelvin, heat capacities integrated by another formula
    assert (g + thermal.N @ reference)[possible] == pytest.approx(omega[possible], abs=2e-5)
    assert g[spinel.oxides].max() < 50.0


def test_temperature_follows_the_schedule():
    schedule = Schedule.parse("10 °C/min to 700 °C; hold 1 h; 50 K/s to 900 °C; cool naturally")
    values = prior()
    task = si.problem("pc-LMO", schedule=schedule, cells=4)
    thermal = assemble(task, values.energies(si.load_database()), values).model.thermal
    times = np.linspace(0.0, schedule.duration * (1.0 - 1e-9), 200)
    told = [thermals.temperature(thermal, t, thermals.segment_at(thermal, t)) for t in times]
    assert told == pytest.approx(schedule.temperature(times), abs=1e-6)


def test_rates_are_integrated_over_the_longest_step_on_a_ramp(spinel):
    """Three Gauss points over a step in which ln k changes by 0.3 err by less than 1e-6."""
    task = si.problem("pc-LNMO", schedule="10 °C/min to 1000 °C", cells=4)
    values = prior()
    thermal = assemble(task, values.energies(si.load_database()), values).model.thermal
    spread = np.empty((2, thermal.diffusivity.shape[2], thermal.N.shape[1]))

    def coarsening(t):
        speed, hot, Ea = thermal.coarsening
        return speed * np.exp(-Ea / GAS_CONSTANT * (1.0 / thermals.temperature(thermal, t, 0) - 1.0 / hot))

    for start in (2400.0, 3000.0, 4000.0, 5000.0):
        end = start + longest_step(thermal, start, 0, 0.3)
        mean, kappa, coarser = thermals.integrals(thermal, start, end, 0, spread)
        grown = quad(coarsening, start, end, epsrel=1e-12)[0]
        assert coarser == pytest.approx(grown, rel=1e-6)
        exact = quad(lambda t: thermals.rate(thermal, thermals.temperature(thermal, t, 0)), start, end, epsrel=1e-12)[0]
        assert kappa == pytest.approx(exact, rel=1e-6)
        assert mean == pytest.approx(0.5 * sum(thermals.temperature(thermal, t, 0) for t in (start, end)), rel=1e-12)


def conducting(system, amounts, potentials):
    """Conductances (M-1, K) over a millisecond."""
    thermal, model = system.model.thermal, system.model
    spread = np.empty((2, thermal.diffusivity.shape[2], thermal.N.shape[1]))
    thermals.integrals(thermal, 5000.0, 5000.001, 0, spread)
    step = blank_step(model.basis, model.interaction, model.size)
    conductances(amounts, potentials, spread, model.basis, model.paths, 1e-8, step)
    return step.conductance


@pytest.fixture(scope="module")
def couple():
    values = prior()
    task = si.problem("pc-NMC811", schedule="10 °C/min to 1000 °C", cells=8)
    return assemble(task, values.energies(si.load_database()), values)


def test_a_cell_that_has_emptied_is_no_gap(couple):
    """Beside the contact, as layered cathodes leave it: what lay behind is then nearer, not cut off."""
    u = np.full((8, len(couple.components)), -5.0)
    last = couple.mesh.interface - 1
    before = conducting(couple, couple.initial, u)
    amounts = couple.initial.copy()
    amounts[last] *= 1e-9
    after = conducting(couple, amounts, u)
    lithium = couple.components.index("Li")
    assert np.all(after[last - 1 : last + 1, lithium] >= 0.99 * before[last - 1 : last + 1, lithium])


def test_a_residue_thinner_than_a_boundary_does_not_cut_a_couple(couple):
    """A residue of a poor conductor of 0.1 nm on one side of a border between cells or on the other is the same."""
    u = np.full((8, len(couple.components)), -5.0)
    lithium = couple.components.index("Li")
    pyrochlore = couple.blocks.members(couple.blocks.block_of("pyrochlore")).start
    first = couple.mesh.interface
    told = []
    for cell in (first, first + 1):
        amounts = couple.initial.copy()
        thick = couple.mesh.faces[cell + 1] - couple.mesh.faces[cell]
        share = 1e-10 / thick * couple.model.size[cell]
        amounts[cell, pyrochlore] += share / couple.blocks.moles[pyrochlore]
        G = conducting(couple, amounts, u)[:, lithium]
        told.append(1.0 / np.sum(1.0 / G[first - 2 : first + 3]))
    plain = conducting(couple, couple.initial, u)[:, lithium]
    whole = 1.0 / np.sum(1.0 / plain[first - 2 : first + 3])
    assert told[0] == pytest.approx(told[1], rel=0.02)
    assert told[0] == pytest.approx(whole, rel=0.1)


def test_lithium_compounds_lie_in_pores_and_keep_nothing_apart(couple):
    """100 nm of Li2O at the contact change no conductance, and what fills a cell alone exchanges at once."""
    u = np.full((8, len(couple.components)), -5.0)
    lithia = couple.blocks.members(couple.blocks.block_of("Li2O")).start
    first = couple.mesh.interface
    amounts = couple.initial.copy()
    thick = couple.mesh.faces[first + 1] - couple.mesh.faces[first]
    amounts[first, lithia] += 1e-7 / thick * couple.model.size[first] / couple.blocks.moles[lithia]
    assert np.array_equal(conducting(couple, amounts, u), conducting(couple, couple.initial, u))
    amounts[:, :lithia] = amounts[:, lithia + 1 :] = 0.0
    assert np.all(conducting(couple, amounts, u) == FASTEST_FLOW)


def test_twice_the_matter_is_twice_as_far(couple):
    """Cells widen with what they hold, but for the film mean, which is over a length that stays."""
    u = np.full((8, len(couple.components)), -5.0)
    before, after = conducting(couple, couple.initial, u), conducting(couple, 2.0 * couple.initial, u)
    away = np.abs(np.arange(1, 8) - couple.mesh.interface) > 1
    free = (after < 0.5 * FASTEST_FLOW) & (before < 0.5 * FASTEST_FLOW) & away[:, None]
    assert free.sum() > 10
    assert after[free] == pytest.approx(0.5 * before[free], rel=1e-6)


def test_affinities_are_those_of_the_lowest_compositions(spinel):
    """Against the search that equilibria use, at the potentials of a plane near the reactants."""
    blocks, thermal, model = spinel.blocks, spinel.model.thermal, spinel.model
    T = 1000.0
    g, reference = np.empty(len(thermal.N)), np.empty(thermal.N.shape[1])
    thermals.energies(thermal, T, 0, g, reference)
    rng = np.random.default_rng(0)
    u = rng.uniform(-8.0, -1.0, (4, len(spinel.components)))
    lowest = np.ascontiguousarray(np.tile(spinel.begin().lowest[:1], (4, 1)))
    A = np.empty((4, len(blocks.blocks)))
    step = blank_step(model.basis, model.interaction, np.ones(4))
    step.g[:] = g
    affinities(u, step, model.basis, lowest, 400, A)
    for k in range(len(blocks.blocks)):
        part = blocks.members(k)
        cost = g[part] - u @ thermal.N[part].T
        if model.basis.species[k] == 0:
            assert A[:, k] == pytest.approx(-cost[:, 0] / blocks.moles[part][0])
            continue
        for c in range(4):
            x = rng.dirichlet(np.ones(cost.shape[1]), 500)
            x[:200] = 0.9 * lowest[c, part] + 0.1 * x[:200]  # nearby
            n, zero = np.zeros(len(g)), np.zeros((len(g), cost.shape[1]))
            values = []
            for row in x:
                n[part] = row
                values.append((row @ cost[c] + gibbs(model.basis, n, k, zero)) / (row @ blocks.moles[part]))
            assert A[c, k] > -min(values) - 1e-9, "no random composition is lower"
            assert lowest[c, part].sum() == pytest.approx(1.0)


def test_mobility_is_first_order_in_what_is_there_and_where_it_has_nucleated(synthetic):
    """K = kappa x G b / (G + b), G what a phase holds and a young grain more, x the share in which it can grow."""
    system = synthetic(
        N=np.array([[1.0], [1.0]]), g=np.array([0.0, -1.0]), amounts=np.array([[0.75, 0.25]]), u=np.zeros((1, 1)),
        store=np.full((1, 1), 1e-9),
    )  # fmt: skip
    model, n = system.model, np.array([[0.75, 0.25]])
    step = blank_step(model.basis, model.interaction, model.size)
    moment = Moment(n, n, n @ model.basis.N, np.array([[-1.0, 1.0]]), np.ones((1, 2)), 0.1, 1000.0)
    for x in (1.0, 0.2):
        mobilities(moment, model.basis, model.growth, step, np.array([[1.0, x]]))
        young = 0.25 + YOUNG
        assert step.mobility[0, 1, 0] == pytest.approx(0.1 * x * young / (1.0 + young), rel=1e-9)
        assert step.mobility[0, 0, 0] == pytest.approx(0.1 * (0.75 + YOUNG) / (1.75 + YOUNG), rel=1e-9)
        assert step.active.all()
    m0 = np.zeros((1, 2, 1))
    contents(n, model.basis, m0)
    assert m0.ravel() == pytest.approx([0.75, 0.25])


def test_nuclei_past_their_barrier_come_at_the_rate_of_transformation(synthetic):
    """dN/dt = R k nu, nu = exp(-barrier/A^2) while A > 0, summed over cells; with the first a phase is free to grow."""
    M, reaches = 3, 5.0
    system = synthetic(
        N=np.array([[1.0], [1.0]]), g=np.array([0.0, -1.0]), amounts=np.array([[1.0, 0.0]] * M),
        u=np.zeros((M, 1)), store=np.full((M, 1), 1e-9), nucleus=2.0, reaches=reaches,
    )  # fmt: skip
    model, n = system.model, np.array([[1.0, 0.0]] * M)
    step = blank_step(model.basis, model.interaction, model.size)
    for A, kappa in ((1.0, 0.3), (1.0, 3.0), (0.5, 300.0), (0.5, 3000.0), (-1.0, 3.0), (0.0, 3.0)):
        past = np.exp(-2.0 / A**2) if A > 0.0 else 0.0
        expected = M * reaches * kappa * past
        for parts in (1, 7):
            nuclei = Nuclei(np.array([[MANY, 0.0]]), np.empty((1, 2)), np.zeros((M, 2)))
            affinity = np.array([[-1.0, A]] * M)
            moment = Moment(n, n, n @ model.basis.N, affinity, np.ones((M, 2)), kappa / parts, 1000.0)
            for part in range(1, parts + 1):
                excess = nucleate(moment, model.basis, model.growth, step, nuclei, 1.0)
                now = expected * part / parts
                assert excess == pytest.approx(now - 1.0 if now - expected / parts < 1.0 < now else 0.0, abs=1e-9)
                assert nuclei.within[:, 1] == pytest.approx(np.full(M, 1.0 if now >= 1.0 else past**2))
                nuclei.before[:] = nuclei.after
                nuclei.within[:] = 0.0
            assert nuclei.before[0] == pytest.approx([MANY, expected], rel=1e-12)


def test_half_a_step_makes_half_the_nuclei_and_each_row_has_its_own(synthetic):
    system = synthetic(
        N=np.array([[1.0], [1.0]]), g=np.array([0.0, -1.0]), amounts=np.array([[1.0, 0.0]] * 3),
        u=np.zeros((3, 1)), store=np.full((3, 1), 1e-9), nucleus=2.0, reaches=1.0,
    )  # fmt: skip
    model, n = system.model, np.array([[1.0, 0.0]] * 3)
    growth = model.growth._replace(row=np.array([0, 0, 1], dtype=np.intp), reaches=np.array([1.0, 2.0, 4.0]))
    step = blank_step(model.basis, model.interaction, model.size)
    moment = Moment(n, n, n @ model.basis.N, np.array([[-1.0, 1.0]] * 3), np.ones((3, 2)), 5.0, 1000.0)
    nuclei = Nuclei(np.array([[MANY, 0.0], [MANY, 0.25]]), np.empty((2, 2)), np.empty((3, 2)))
    nucleate(moment, model.basis, growth, step, nuclei, 0.5)
    made = 0.5 * 5.0 * np.exp(-2.0)
    assert nuclei.after[:, 1] == pytest.approx([3.0 * made, 0.25 + 4.0 * made])
    assert nuclei.before[:, 1] == pytest.approx([0.0, 0.25]), "known when the step is taken"


def test_a_phase_that_has_dissolved_has_to_nucleate_again(synthetic):
    system = synthetic(
        N=np.array([[1.0], [1.0]]), g=np.array([0.0, -1.0]), amounts=np.array([[1.0, 0.0]] * 2),
        u=np.zeros((2, 1)), store=np.full((2, 1), 1e-9),
    )  # fmt: skip
    model, n = system.model, np.ones((2, 2))
    nuclei = Nuclei(np.zeros((1, 2)), np.array([[MANY, 3.0]]), np.empty((2, 2)))
    for left, pull, kept in (
        (1e-3, (-1.0, -1.0), 3.0),  # it dissolves, and is there
        (0.1 * GRAIN, (-1.0, -1.0), 0.0),  # gone: no trace of round-off may grow again
        (0.1 * GRAIN, (-1.0, 0.5), 3.0),  # it grows in one of the cells
        (0.1 * GRAIN, (-1.0, -1e-4), 3.0),  # so little is at equilibrium there
    ):  # fmt: skip
        n[:, 1] = [1e-12, left]
        A = np.array([[0.0, pull[0]], [0.0, pull[1]]])
        remember(n, A, model.basis, model.growth, model.size, nuclei)
        assert nuclei.before[0] == pytest.approx([MANY, kept])


def test_phases_of_a_cell_exchange_as_spheres_do(synthetic):
    """15 D t / r^2 with D the mean over the hosts by what they hold, in series with the transformation."""
    system = synthetic(
        N=np.array([[1.0, 0.0], [1.0, 1.0]]), g=np.array([0.0, -1.0]), amounts=np.array([[0.5, 0.25]]),
        u=np.zeros((1, 2)), store=np.full((1, 2), 1e-9), D=np.array([[1e-18, 0.0], [4e-18, 2e-18]]),
    )  # fmt: skip
    model, n = system.model, np.array([[0.5, 0.25]])
    diffused = np.empty((2, 2, 2))
    thermals.integrals(model.thermal, 0.0, 10.0, 0, diffused)
    step = blank_step(model.basis, model.interaction, model.size)
    conductances(n, np.zeros((1, 2)), diffused, model.basis, model.paths, 3e-9, step)
    mean = (0.5 * 1e-18 + 0.25 * 4e-18) / 0.75
    assert step.mixed[0] == pytest.approx([15.0 * 10.0 * D / 9e-18 for D in (mean, 2e-18)], rel=1e-9)
    moment = Moment(n, n, n @ model.basis.N, np.array([[0.5, 1.0]]), np.ones((1, 2)), 7.0, 1000.0)
    everywhere = np.ones((1, 2))
    mobilities(moment, model.basis, model.growth, step, everywhere)
    slow = step.mobility[0, 1].copy()
    conductances(n, np.zeros((1, 2)), diffused, model.basis, model.paths, 0.0, step)
    assert np.all(step.mixed == np.inf)
    mobilities(moment, model.basis, model.growth, step, everywhere)
    assert slow / step.mobility[0, 1] == pytest.approx(
        1.0 / (1.0 + 7.0 / np.array([15.0 * mean, 30e-18]) * 0.9e-18), rel=1e-9
    )


def test_a_trace_that_the_barrier_leaves_does_not_grow_where_nothing_has_nucleated(synthetic):
    system = synthetic(
        N=np.array([[1.0], [1.0]]), g=np.array([0.0, -1.0]), amounts=np.array([[1.0, 0.0]]), u=np.zeros((1, 1)),
        store=np.full((1, 1), 1e-9),
    )  # fmt: skip
    model = system.model
    step = blank_step(model.basis, model.interaction, model.size)
    for trace in (1e-13, 1e-10):
        n = np.array([[1.0, trace]])
        A = np.array([[-1.0, 1.0]])
        moment = Moment(n, n, n @ model.basis.N, A, np.ones((1, 2)), 1.0, 1000.0)
        mobilities(moment, model.basis, model.growth, step, np.array([[1.0, 0.0]]))
        assert not step.active[0, 1] or (trace > 1e-11 and step.mobility[0, 1, 0] <= 2.0 * BARE)


def test_the_force_of_a_rate_and_the_rate_of_a_force_are_inverse():
    """A f(A) = v, f rising from what a framework leaves to 1; its slope by differences."""
    drag = blank(1, 2)
    drag.coupling[0] = 2.6
    drag.framework[:] = 0.0, 15.0
    drag.least[:] = 1e-15
    for k in range(2):
        for A in np.geomspace(0.02, 40.0, 60):
            h, slope = ease(A, law(0, k, drag))
            assert force(A * h, law(0, k, drag), 1.0) == pytest.approx(A, rel=1e-10)
            up, down = (ease(A * f, law(0, k, drag))[0] for f in (1.0001, 0.9999))
            assert slope == pytest.approx(np.log(up / down) / np.log(1.0001 / 0.9999), abs=1e-5)
    assert force(0.0, law(0, 1, drag), 1.0) == 0.0
