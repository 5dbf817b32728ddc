"""The kernel against closed forms: no chemistry, a handful of stores and cells."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.optimize import brentq, linprog

from sinterface.simulate.solve import newton_step
from sinterface.simulate.solve.integrate import Coefficients, Outcome, _settle, begin, dissolved, integrate


@dataclass(frozen=True)
class Fixed:
    """Constant coefficients: energies g (P,), rates k (P,), conductances G (M-1, K) per second."""

    composition: np.ndarray
    nuclei: np.ndarray
    floor: np.ndarray
    g: np.ndarray
    k: np.ndarray
    G: np.ndarray

    def seeds(self, held):
        return self.nuclei

    @property
    def kinds(self):
        return np.arange(len(self.g))

    def coefficients(self, start, end, amounts, potentials):
        dt = end - start
        return Coefficients(self.g, np.minimum(self.k * dt, 1e3), np.minimum(self.G * dt, 20.0))

    def longest_step(self, start):
        return np.inf


def one_cell(seed=1e-4):
    """Two stores of one species: the first turns into the second, which lies 1 (kT) lower."""
    return Fixed(
        np.ones((2, 1)),
        np.array([[seed, seed]]),
        np.array([[1e-12]]),
        np.array([0.0, -1.0]),
        np.ones(2),
        np.zeros((0, 1)),
    )


def logistic(time, seed):
    """(x + seed)/seed = e^t (1 - x): autocatalytic growth from nuclei, Prout & Tompkins (1944)."""
    return brentq(lambda x: np.log((x + seed) / seed) - np.log1p(-x) - time, 0.0, 1.0 - 1e-15)


@pytest.mark.parametrize("end", [2.0, 8.0, 14.0])
@pytest.mark.parametrize("tolerance", [0.5, 0.02])
def test_transformation_follows_its_closed_form_whatever_the_step(end, tolerance):
    system = one_cell()
    state = begin(system, np.array([[1.0, 0.0]]), np.array([[-1.0]]))
    run = integrate(system, state, [end], tolerance=tolerance)
    assert run.outcome is Outcome.DONE
    assert run.last.amounts[0, 1] == pytest.approx(logistic(end, 1e-4), rel=1e-8)


def test_decay_without_nuclei_is_first_order():
    """A store against a fixed potential: a reservoir a million times larger holds u at its own energy."""
    system = Fixed(
        np.ones((2, 1)),
        np.zeros((1, 2)),
        np.array([[1e-12]]),
        np.array([0.7, 0.0]),
        np.array([1.0, 1e3]),
        np.zeros((0, 1)),
    )
    state = begin(system, np.array([[1e-6, 1.0]]), np.array([[0.0]]))
    run = integrate(system, state, [3.0])
    assert run.last.amounts[0, 0] == pytest.approx(1e-6 * np.exp(-0.7 * 3.0), rel=1e-4)


def problem(rng, cells, conductance):
    """Random phases of three species over a few cells, energies near a plane."""
    N = rng.random((12, 3)) ** 3
    N = np.vstack([N / N.sum(axis=1, keepdims=True), np.eye(3)])
    g = N @ np.array([-3.0, -2.0, -5.0]) + rng.random(15)
    g[-3:] = np.array([-3.0, -2.0, -5.0]) + 1.2
    amounts = np.zeros((cells, 15))
    amounts[:, 12:] = rng.random((cells, 3))
    amounts /= amounts.sum()
    system = Fixed(
        N, np.full((cells, 15), 1e-5 / cells), np.full((cells, 3), 1e-10), g, np.full(15, 5.0),
        np.full((cells - 1, 3), conductance),
    )  # fmt: skip
    return system, amounts


def lowest(system, total):
    answer = linprog(system.g, A_eq=system.composition.T, b_eq=total, method="highs")
    return answer.fun, answer.x


@pytest.mark.parametrize("seed", range(6))
def test_long_time_reaches_the_linear_programme(seed):
    """Everything mobile: one equilibrium over all cells; nothing mobile: one in each cell."""
    rng = np.random.default_rng(seed)
    for conductance in (0.0, 1.0):
        system, amounts = problem(rng, 4, conductance)
        state = begin(system, amounts, np.full((4, 3), -20.0) + system.g[-3:])
        run = integrate(system, state, [4000.0])
        assert run.outcome is Outcome.DONE
        contents = amounts @ system.composition
        if conductance:
            expected = lowest(system, contents.sum(axis=0))[0]
        else:
            expected = sum(lowest(system, row)[0] for row in contents)
        assert float((run.last.amounts @ system.g).sum()) == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("seed", range(4))
def test_second_law_balance_and_positivity_in_every_step(seed):
    system, amounts = problem(np.random.default_rng(seed), 6, 0.3)
    start = begin(system, amounts, np.full((6, 3), -20.0) + system.g[-3:])
    run = integrate(system, start, [50.0])
    energy = run.totals @ system.g
    assert np.all(np.diff(energy) <= 1e-9), "the free energy of a closed isothermal sample never rises"
    assert np.all(run.totals >= 0.0)
    content = run.last.amounts @ system.composition + dissolved(system.floor, run.last.potentials)
    assert content.sum(axis=0) == pytest.approx(start.held.sum(axis=0), rel=1e-11)


def test_equilibrium_is_a_fixed_point():
    system, amounts = problem(np.random.default_rng(3), 3, 0.0)
    for c in range(3):
        amounts[c] = lowest(system, amounts[c] @ system.composition)[1]
    state = begin(system, amounts, np.full((3, 3), -20.0) + system.g[-3:])
    run = integrate(system, state, [1e3])
    assert run.last.amounts == pytest.approx(amounts, abs=2e-9)


def test_order_of_stores_and_species_does_not_matter():
    system, amounts = problem(np.random.default_rng(5), 4, 0.2)
    rng = np.random.default_rng(0)
    p, k = rng.permutation(15), rng.permutation(3)
    other = Fixed(
        system.composition[p][:, k], system.nuclei[:, p], system.floor[:, k], system.g[p], system.k[p], system.G[:, k]
    )
    first = np.full((4, 3), -20.0) + system.g[-3:]
    one = integrate(system, begin(system, amounts, first), [10.0])
    two = integrate(other, begin(other, amounts[:, p], first[:, k]), [10.0])
    assert two.last.amounts == pytest.approx(one.last.amounts[:, p], abs=1e-9)


def test_restart_from_a_saved_state_continues():
    system, amounts = problem(np.random.default_rng(7), 4, 0.2)
    state = begin(system, amounts, np.full((4, 3), -20.0) + system.g[-3:])
    whole = integrate(system, state, [5.0, 10.0])
    half = integrate(system, state, [5.0]).last
    saved = replace(half, amounts=half.amounts.copy(), potentials=half.potentials.copy(), held=half.held.copy())
    rest = integrate(system, saved, [5.0, 10.0])
    assert rest.last.amounts == pytest.approx(whole.last.amounts, abs=1e-6)


def test_a_hopeless_system_returns_advice():
    system = one_cell()
    state = begin(system, np.array([[1.0, 0.0]]), np.array([[-1.0]]))
    run = integrate(system, state, [14.0], max_steps=2)
    assert run.outcome is Outcome.STEPS
    assert "max_steps" in run.outcome.value
    assert run.last.time < 14.0


def test_a_store_beside_grows_as_fast_as_its_reach():
    """With a grain that reaches in, n' = k (n + reach) A / RT from the first instant, nuclei or not."""
    reach = 0.2

    @dataclass(frozen=True)
    class Beside(Fixed):
        def coefficients(self, start, end, amounts, potentials):
            return replace(super().coefficients(start, end, amounts, potentials), reach=np.array([[0.0, reach]]))

    still = one_cell(0.0)
    system = Beside(still.composition, still.nuclei, still.floor, still.g, still.k, still.G)
    state = begin(system, np.array([[1.0, 0.0]]), np.array([[-1.0]]))
    run = integrate(system, state, [1.5], tolerance=0.02)
    assert run.outcome is Outcome.DONE
    assert run.totals[-1, 1] == pytest.approx(logistic(1.5, reach), abs=1e-6)
    assert integrate(still, begin(still, state.amounts, state.potentials), [1.5]).totals[-1, 1] == 0.0


def test_what_a_cell_lacks_is_taken_from_where_most_is():
    held = np.array([[0.3, -1e-15], [0.5, 0.2], [-2e-16, 0.1]])
    before = held.sum(axis=0)
    _settle(held)
    assert held.min() == 0.0
    assert held[1, 0] == pytest.approx(0.5, abs=1e-15)
    assert held.sum(axis=0) == pytest.approx(before, rel=1e-15)


def test_a_guess_that_grew_from_seeds_no_longer_there_does_no_harm():
    """As when a second solution of a step finds no nuclei where the first had some."""
    one = np.ones((1, 1))
    arguments = (np.zeros((1, 2)), np.ones((2, 1)), np.array([0.0, -1.0]), np.ones(2), 1e-12 * one, one)
    seed, composition, g, kappa, floor, held = arguments
    u, n, x, converged, _ = newton_step.step(
        0.0 * one, np.array([[1.0, 0.0]]), np.array([[0.9, 0.1]]), seed, composition, g, kappa, floor, held,
        np.zeros((0, 1)), np.array([1e-13]), 1.0, 60,
    )  # fmt: skip
    assert converged
    assert n == pytest.approx(np.array([[1.0, 0.0]]), abs=1e-9)
    assert np.all(np.isfinite(u)) and np.all(np.isfinite(x))
