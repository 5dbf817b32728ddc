"""The march against closed forms and laws: no chemistry, a handful of stores and cells."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq, linprog

from sinterface.simulate.solve import integrate as integration
from sinterface.simulate.solve.integrate import Outcome, begin, control, integrate
from sinterface.simulate.stepping.mobility import YOUNG
from sinterface.simulate.stepping.newton_step import CLOSE


def dissolved(store, u):
    return store * np.where(u < 0.0, np.exp(np.minimum(u, 0.0)), 1.0 + u)


def two_stores(synthetic, **options):
    """One species in two stores: the first turns into the second, which lies 1 RT lower."""
    return synthetic(
        N=np.ones((2, 1)), g=np.array([0.0, -1.0]), amounts=np.array([[1.0, 1e-3]]), u=np.full((1, 1), -0.5),
        store=np.full((1, 1), 1e-9), nucleus=np.inf, **options,
    )  # fmt: skip


def grown(time, first=1e-3, total=1.001):
    """Both mobilities are b G/(b + G) with b the whole content: the slower rate is that of two resistances in series.

    dx/dt = A / (1/K1 + 1/K2), K = G b / (G + b), G = M + YOUNG b, A = 1.
    """
    from scipy.integrate import solve_ivp

    def rate(_, x):
        grains = (M + YOUNG * total for M in (total - x[0], x[0]))
        near, two = (G * total / (G + total) for G in grains)
        return [1.0 / (1.0 / near + 1.0 / two)]

    return min(float(solve_ivp(rate, (0.0, time), [first], rtol=1e-10, atol=1e-14).y[0, -1]), total)


def test_errors_of_the_middle_fall_faster_than_the_step(synthetic):
    """The mobility is that of the expected middle of a step, so that its errors fall at nearly second order."""
    system = two_stores(synthetic)
    errors = []
    for steps in (80, 160, 320, 640):
        state = replace(begin(system), size=1e9)
        stops = np.linspace(0.0, 6.0, steps + 1)[1:]
        run = integrate(system, state, stops, tolerance=0.5)
        assert run.outcome is Outcome.DONE
        errors.append(abs(run.last.amounts[0, 1] / grown(6.0) - 1.0))
    order = -np.polyfit(np.log([80, 160, 320, 640]), np.log(errors), 1)[0]
    assert order > 1.9
    assert errors[-1] < 2e-3


@pytest.mark.parametrize("end", [2.0, 4.0, 6.0])
def test_the_tolerance_is_kept(synthetic, end):
    errors = []
    for tolerance in (0.08, 0.02, 0.005):
        system = two_stores(synthetic)
        run = integrate(system, replace(begin(system), size=1e-2), [end], tolerance=tolerance)
        errors.append(abs(run.last.amounts[0, 1] / grown(end) - 1.0))
    assert errors[0] < 0.1
    assert errors[2] < 0.01
    assert errors[2] <= errors[0]


def couple(synthetic, seed, conductance, **options):
    """Random phases of three species over four cells, energies near a plane, everything free to nucleate."""
    rng = np.random.default_rng(seed)
    N = rng.random((12, 3)) ** 3
    N = np.vstack([N / N.sum(axis=1, keepdims=True), np.eye(3)])
    g = N @ np.array([-3.0, -2.0, -5.0]) + rng.random(15)
    g[-3:] = np.array([-3.0, -2.0, -5.0]) + 1.2
    amounts = np.zeros((4, 15))
    amounts[:, 12:] = rng.random((4, 3))
    amounts /= amounts.sum()
    return synthetic(
        N=N, g=g, amounts=amounts, u=np.tile(g[-3:], (4, 1)), store=np.full((4, 3), 1e-10),
        D=np.full((15, 3), conductance), lacking=np.full((15, 3), 1.0), k0=5.0, nucleus=1e-3, **options,
    )  # fmt: skip


def lowest(system, total):
    answer = linprog(system.g, A_eq=np.asarray(system.N).T, b_eq=total, method="highs")
    return answer.fun, answer.x


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("conductance", [0.0, 1.0])
def test_long_time_reaches_the_linear_programme(synthetic, seed, conductance):
    """Everything mobile: one equilibrium over all cells; nothing mobile: one in each cell."""
    system = couple(synthetic, seed, conductance)
    run = integrate(system, begin(system), [1e6])
    assert run.outcome is Outcome.DONE
    contents = system.amounts @ system.N
    if conductance:
        expected = lowest(system, contents.sum(axis=0))[0]
    else:
        expected = sum(lowest(system, row)[0] for row in contents)
    assert float((run.last.amounts @ system.g).sum()) == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize("seed", range(12))
def test_second_law_balance_and_positivity_in_every_step(synthetic, seed):
    system = couple(synthetic, seed, 0.3)
    state = begin(system)
    run = integrate(system, state, [50.0])
    assert run.outcome is Outcome.DONE
    energy = run.totals @ system.g
    rises = np.diff(energy) > np.abs(system.g).max() * CLOSE  # balances are good to CLOSE, and energies to that times g
    assert not np.any(rises), "the free energy of a closed isothermal sample never rises"
    assert run.moving.min() >= 0.0
    assert run.changing.min() >= 0.0
    spent = (run.moving.sum(axis=1) + run.changing.sum(axis=1))[1:]
    assert np.all(-np.diff(energy) >= 0.5 * spent - 1e-9), "at least half of it is dissipated on the way"
    assert np.all(run.totals >= 0.0)
    content = (run.last.amounts @ system.N + dissolved(system.store, run.last.potentials)).sum(axis=0)
    assert content == pytest.approx(state.held.sum(axis=0), rel=1e-10)
    assert run.last.held.sum(axis=0) == pytest.approx(state.held.sum(axis=0), rel=1e-13)


def test_equilibrium_is_a_fixed_point(synthetic):
    system = couple(synthetic, 3, 0.0)
    amounts = np.array([lowest(system, row)[1] for row in system.amounts @ system.N])
    still = replace(system, amounts=amounts)
    run = integrate(still, begin(still), [1e3])
    assert run.outcome is Outcome.DONE
    assert run.last.amounts == pytest.approx(amounts, abs=2e-9)
    assert run.changing.sum() < 1e-8


@pytest.mark.parametrize("seed", [5, 6])
def test_order_of_phases_and_species_does_not_matter(synthetic, seed):
    system = couple(synthetic, seed, 0.2)
    rng = np.random.default_rng(0)
    p, k = rng.permutation(15), rng.permutation(3)
    other = replace(
        system, N=np.asarray(system.N)[p][:, k], g=system.g[p], amounts=system.amounts[:, p], u=system.u[:, k],
        D=system.D[p][:, k], lacking=system.lacking[p][:, k],
    )  # fmt: skip
    run, two = (integrate(problem, begin(problem), [10.0]) for problem in (system, other))
    assert two.last.amounts == pytest.approx(run.last.amounts[:, p], abs=1e-9)


def test_a_saved_state_goes_on_as_if_nothing_had_been(synthetic):
    system = couple(synthetic, 7, 0.2)
    whole = integrate(system, begin(system), [5.0, 10.0])
    half = integrate(system, begin(system), [5.0]).last
    rest = integrate(system, replace(half, amounts=half.amounts.copy()), [5.0, 10.0])
    assert np.array_equal(rest.last.amounts, whole.last.amounts)
    assert np.array_equal(rest.last.potentials, whole.last.potentials)


def test_out_of_steps(synthetic):
    system = couple(synthetic, 1, 0.2)
    run = integrate(system, begin(system), [50.0], max_steps=2)
    assert run.outcome is Outcome.STEPS
    assert "max_steps" in run.outcome.value
    assert 0.0 < run.last.time < 50.0
    assert len(run.times) == 3


def test_what_can_not_be_solved_names_temperature_cell_and_block(synthetic):
    """Energies that are not numbers in the second cell: no step is short enough."""
    system = couple(synthetic, 1, 0.2)
    system.model.store[1, 2] = np.nan
    run = integrate(system, begin(system), [50.0])
    assert run.outcome is Outcome.STALLED
    T, cell, block = run.place
    assert pytest.approx(1000.0) == T
    assert cell == 1
    assert -1 <= block < 15
    assert np.all(np.isfinite(run.last.amounts)), "what was reached stays as it was"


def test_nothing_nucleates_at_a_barrier_that_is_too_high(synthetic):
    """nu = exp(-barrier / A^2): with A = 1 RT a barrier of 400 RT lets nothing form, one of 0.1 all of it."""
    formed = []
    for barrier in (400.0, 0.1):
        system = synthetic(
            N=np.ones((2, 1)), g=np.array([0.0, -1.0]), amounts=np.array([[1.0, 0.0]]), u=np.zeros((1, 1)),
            store=np.full((1, 1), 1e-9), nucleus=barrier,
        )  # fmt: skip
        formed.append(integrate(system, begin(system), [100.0]).last.amounts[0, 1])
    assert formed[0] < 1e-9
    assert formed[1] == pytest.approx(1.0, abs=1e-3)


def test_a_phase_that_one_cell_has_grows_in_all_of_its_row(synthetic):
    """No nuclei anywhere: what is there in one cell is free to grow in the next ones, in steps of whatever length."""
    amounts = np.array([[0.9, 0.1], [1.0, 0.0], [1.0, 0.0]])
    system = synthetic(
        N=np.ones((2, 1)), g=np.array([0.0, -1.0]), amounts=amounts, u=np.zeros((3, 1)), store=np.full((3, 1), 1e-9),
        nucleus=np.inf, D=np.zeros((2, 1)),
    )  # fmt: skip
    early = []
    for tolerance in (0.04, 0.01):
        run = integrate(system, begin(system), [1.0, 30.0], tolerance=tolerance)
        assert run.last.amounts[:, 1] == pytest.approx(1.0, abs=1e-3)
        early.append(run.totals[np.searchsorted(run.times, 1.0), 1])
    assert early[0] == pytest.approx(early[1], rel=0.03), "and as fast"
    first = replace(system, amounts=np.array([[1.0, 0.0]] * 3))
    alone = integrate(first, begin(first), [30.0])
    assert alone.last.amounts[:, 1].max() < 1e-9


def test_the_time_of_the_first_nucleus_does_not_hang_on_the_step(synthetic):
    """N = R k nu t: nothing before it, and growth at once from then on."""
    system = synthetic(
        N=np.ones((2, 1)), g=np.array([0.0, -2.0]), amounts=np.array([[1.0, 0.0]] * 2), u=np.zeros((2, 1)),
        store=np.full((2, 1), 1e-9), nucleus=40.0, reaches=1.0, k0=0.1, D=np.zeros((2, 1)),
    )  # fmt: skip
    due = 1.0 / (2.0 * 0.1 * np.exp(-40.0 / 4.0))
    for tolerance in (0.04, 0.01):
        run = integrate(system, begin(system), [2.0 * due], tolerance=tolerance)
        at = run.times[np.argmax(run.totals[:, 1] > 0.1)]
        assert at == pytest.approx(due, rel=control(tolerance).nuclei)


def scarce(synthetic, share):
    """A takes up all of the little C that there is, to B, which lies 2 RT lower; B has to nucleate."""
    return synthetic(
        N=np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), g=np.array([0.0, 0.0, -4.0]),
        amounts=np.array([[1.0, share, 0.0]]), u=np.zeros((1, 2)), store=np.full((1, 2), 1e-9), nucleus=40.0,
        reaches=1e3, k0=1.0,
    )  # fmt: skip


@pytest.mark.parametrize("tolerance", [0.08, 0.04, 0.02])
def test_what_has_grown_has_nucleated(synthetic, tolerance):
    """Also where it has used the driving force up within the step of its first nucleus."""
    system = scarce(synthetic, 5e-5)
    run = integrate(system, begin(system), [1e6], tolerance=tolerance)
    assert run.last.amounts[0, 2] == pytest.approx(5e-5, rel=0.05)
    assert run.last.nucleated[0, 2] >= 1.0


def first_nucleus(system, tolerance, monkeypatch, nuclei=None):
    """Time at which there is one, to a step."""
    limits = control(tolerance)
    monkeypatch.setattr(integration, "control", lambda _: limits if nuclei is None else limits._replace(nuclei=nuclei))
    monkeypatch.setattr(integration, "CHUNK", 1)
    at = []
    integrate(
        system, begin(system), [1e6], tolerance=tolerance,
        keep=lambda so_far: at.append(so_far.last.time) if so_far.last.nucleated[0, 2] >= 1.0 else None,
    )  # fmt: skip
    return at[0]


def test_a_step_is_cut_at_the_first_nucleus_however_little_forms(synthetic, monkeypatch):
    """So little changes nothing that a step is cut for otherwise."""
    system, limit = scarce(synthetic, 5e-5), control(0.04).nuclei
    due = first_nucleus(system, 0.001, monkeypatch)
    assert abs(first_nucleus(system, 0.04, monkeypatch) / due - 1.0) < limit
    assert abs(first_nucleus(system, 0.01, monkeypatch) / due - 1.0) < 0.3 * limit
    assert abs(first_nucleus(system, 0.04, monkeypatch, nuclei=1e99) / due - 1.0) > 1.5 * limit


def test_limits_of_a_step_follow_the_tolerance():
    assert control(0.04).change == 0.04
    assert control(0.02).error == pytest.approx(0.5 * control(0.04).error)
    assert control(0.02).ramp == pytest.approx(0.5 * control(0.04).ramp)


REGULAR = 3.0
"""W/RT of a regular solution with a miscibility gap."""


def binodal(W):
    """Composition of the poorer phase: ln(x / (1 - x)) = W (2x - 1)."""
    return brentq(lambda x: np.log(x / (1.0 - x)) - W * (2.0 * x - 1.0), 1e-6, 0.5 - 1e-3)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.6])
def test_a_regular_solution_comes_apart_into_the_two_compositions_of_its_gap(synthetic, share):
    """Two blocks of one solution, what is put in is all in the first; W = 3 RT: x = 0.0707 and 0.9293."""
    half = np.array([[0.0, 0.5 * REGULAR], [0.5 * REGULAR, 0.0]])
    unit = np.eye(2)
    system = synthetic(
        N=np.vstack([unit, unit]), g=np.zeros(4), amounts=np.array([[share, 1.0 - share, 0.0, 0.0]]),
        u=np.full((1, 2), -0.5), store=np.full((1, 2), 1e-9), blocks=(2, 2), occupancy=np.vstack([unit, unit]),
        interaction=np.vstack([half, half]), k0=10.0,
    )  # fmt: skip
    run = integrate(system, begin(system), [1e4])
    assert run.outcome is Outcome.DONE
    n = run.last.amounts[0]
    x = sorted(float(n[k] / n[k : k + 2].sum()) for k in (0, 2))
    assert x == pytest.approx([binodal(REGULAR), 1.0 - binodal(REGULAR)], abs=1e-3)
    energy = run.totals @ np.zeros(4)
    assert np.all(energy == 0.0)
    assert run.changing.min() >= 0.0


def test_a_regular_solution_without_a_gap_stays_whole(synthetic):
    half = np.array([[0.0, 0.75], [0.75, 0.0]])
    unit = np.eye(2)
    system = synthetic(
        N=np.vstack([unit, unit]), g=np.zeros(4), amounts=np.array([[0.3, 0.7, 0.0, 0.0]]), u=np.full((1, 2), -0.5),
        store=np.full((1, 2), 1e-9), blocks=(2, 2), occupancy=np.vstack([unit, unit]),
        interaction=np.vstack([half, half]), k0=10.0,
    )  # fmt: skip
    run = integrate(system, begin(system), [1e4])
    assert run.outcome is Outcome.DONE
    for k in (0, 2):
        part = run.last.amounts[0, k : k + 2]
        if part.sum() > 1e-6:
            assert part[0] / part.sum() == pytest.approx(0.3, abs=1e-3)
