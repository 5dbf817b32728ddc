"""The simplex kernel where it is hard: ten thousand random problems of every degenerate kind.

Each answer is proved to be the minimum by its balance, its plane and its slackness.  SciPy's HiGHS, which
takes much longer, solves every fifth problem again, or each of them where SINTERFACE_THOROUGH is set.
"""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sinterface.models.basics.errors import InputError, SinterfaceError
from sinterface.models.equilibrium.minimum import along, minimise, sequence

KINDS = (
    "elements",  # every component is a phase by itself; without it most totals are out of reach
    "copies",  # the same composition several times
    "line",  # many phases on the line between two
    "redundant",  # two components always in the same ratio
    "ties",  # energies that agree exactly
    "absent",  # 1e7 for phases that the gas can not supply
    "scales",  # energies over eight orders of magnitude
    "one phase",  # the total is a single phase
    "zeros",  # some components are missing from the total
    "few",  # the total is made of a few phases
    "size",  # totals from 1e-12 to 1e12
)
NAMES = tuple("ABCDEFGHIJ")
CHECKED = 1 if os.environ.get("SINTERFACE_THOROUGH") else 5
"""Of so many random problems SciPy solves the first again."""


def draw(rng):
    """One problem of 1 to 10 components and up to 200 phases that can be solved: composition, omega, total, kinds."""
    components, phases = rng.integers(1, len(NAMES) + 1), rng.integers(1, 120)
    kinds = {kind for kind in KINDS if rng.random() < 0.3}
    table = rng.integers(0, 6, size=(phases, components)) * (rng.random((phases, components)) < rng.uniform(0.2, 1.0))
    table = np.vstack([np.ones(components), table])
    if "elements" in kinds:
        table = np.vstack([np.eye(components), table])
    if "redundant" in kinds:
        table[:, -1] = 2.0 * table[:, 0]
    if "line" in kinds:
        table = np.vstack([table, rng.integers(0, 5, size=(10, 2)) @ table[rng.integers(0, len(table), 2)]])
    if "copies" in kinds:
        table = np.vstack([table, table[rng.integers(0, len(table), len(table) // 2)]])
    table = table[table.sum(axis=1) > 0.0]
    composition = table / table.sum(axis=1, keepdims=True)
    omega = composition @ rng.normal(size=components) * 3e5
    if "ties" in kinds:
        omega += 1e4 * rng.integers(0, 4, size=len(omega))
    else:
        omega += 10.0 ** rng.uniform(0, 5) * rng.normal(size=len(omega))
    if "scales" in kinds:
        omega *= 10.0 ** rng.integers(-6, 2, size=len(omega))
    if "absent" in kinds:
        omega[rng.random(len(omega)) < 0.3] = 1e7
    size = 10.0 ** (rng.integers(-12, 13) if "size" in kinds else rng.uniform(-3, 3))
    return composition, omega, total(rng, composition, kinds) * size, kinds


def total(rng, composition, kinds=frozenset()):
    """What some of the phases hold together: there is at least this solution."""
    share = rng.random(len(composition))
    if "zeros" in kinds:
        share *= ~np.any(composition[:, rng.random(composition.shape[1]) < 0.4] > 0.0, axis=1)
    if "few" in kinds:
        share *= rng.random(len(share)) < 3.0 / len(share)
    if "one phase" in kinds or not share.any():
        share = np.eye(len(share))[rng.integers(len(share))]
    return share @ composition / share.sum()


def names(composition):
    return NAMES[: composition.shape[1]]


def scale(omega):
    """Largest energy but for phases that are absent: what errors are measured against."""
    return np.max(np.abs(omega[omega < 1e7]), initial=1e-3)


def highs(composition, omega, b):
    """Least energy per mole of the total, from a problem in units in which HiGHS is accurate."""
    answer = linprog(
        omega / scale(omega), A_eq=composition.T, b_eq=b / b.sum(), method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )  # fmt: skip
    assert answer.status == 0, answer.message
    return answer.fun * scale(omega)


def assert_optimal(answer, composition, omega, b):
    """Balance, no phase below the plane, nothing present above it: together they prove the minimum."""
    size = b.sum()
    violations = answer.certificate(composition, b)
    assert violations["balance"] <= 1e-9 * size
    assert violations["plane"] <= 1e-9 * np.abs(omega).max()
    assert violations["slackness"] <= 1e-9 * np.abs(omega).max() * size
    assert np.all(answer.amounts >= 0.0)
    assert answer.energy == pytest.approx(b @ answer.potentials, rel=1e-9, abs=1e-9 * np.abs(omega).max() * size)


@pytest.mark.parametrize("seed", range(10))
def test_a_thousand_problems(seed):
    rng = np.random.default_rng(seed)
    met = dict.fromkeys(KINDS, 0)
    for number in range(1000):
        composition, omega, b, kinds = draw(rng)
        answer = minimise(composition, omega, b, names(composition))
        if number % CHECKED == 0:
            expected = highs(composition, omega, b)
            energy = answer.energy / b.sum()
            assert energy == pytest.approx(expected, rel=1e-8, abs=1e-8 * scale(omega)), (number, kinds)
        assert_optimal(answer, composition, omega, b)
        for kind in kinds:
            met[kind] += 1
    assert min(met.values()) > 200, met


@pytest.mark.parametrize("seed", range(4))
def test_any_earlier_basis_will_do(seed):
    """Started from the optimum of other energies and another total: the same minimum as from nothing."""
    rng = np.random.default_rng([seed, 1])
    for number in range(250):
        composition, omega, b, kinds = draw(rng)
        other = omega * (1.0 + 10.0 ** rng.uniform(-6, 0) * rng.normal(size=len(omega)))
        earlier = minimise(composition, other, total(rng, composition, kinds), names(composition))
        warm = minimise(composition, omega, b, names(composition), earlier.basis)
        cold = minimise(composition, omega, b, names(composition))
        limit = 1e-9 * np.abs(omega).max() * b.sum()
        assert warm.energy == pytest.approx(cold.energy, rel=0.0, abs=limit), (number, kinds)
        assert_optimal(warm, composition, omega, b)


@pytest.mark.parametrize("seed", range(4))
def test_sequence_is_one_after_the_other(seed):
    rng = np.random.default_rng([seed, 2])
    for number in range(100):
        composition, omega, _, kinds = draw(rng)
        omegas = omega * (1.0 + 1e-2 * rng.normal(size=(20, len(omega))))
        sizes = 10.0 ** rng.uniform(-3, 3, size=20)
        totals = np.array([size * total(rng, composition, kinds) for size in sizes])
        phases, amounts, potentials = sequence(composition, omegas, totals, names(composition))
        for s in range(20):
            alone = minimise(composition, omegas[s], totals[s], names(composition))
            some = phases[s] < len(composition)  # others stand for nothing
            assert np.all(amounts[s][~some] < 1e-9 * sizes[s])
            made = amounts[s][some] @ composition[phases[s][some]]
            np.testing.assert_allclose(made / sizes[s], totals[s] / sizes[s], rtol=0.0, atol=1e-9)
            energy = amounts[s][some] @ omegas[s][phases[s][some]]
            limit = 1e-9 * np.abs(omegas[s]).max() * sizes[s]
            assert energy == pytest.approx(alone.energy, rel=0.0, abs=limit), (number, s, kinds)
            assert totals[s] @ potentials[s] == pytest.approx(alone.energy, rel=0.0, abs=limit)


@pytest.mark.parametrize("seed", range(6))
def test_lines(seed):
    """Every kink and nothing else: 51 separate minima, convex, from 0 to 1, nothing lost on the way."""
    rng = np.random.default_rng([seed, 3])
    for number in range(50):
        composition, omega, _, kinds = draw(rng)
        a, b = (10.0 ** rng.uniform(-2, 2) * total(rng, composition, kinds) for _ in range(2))
        size = max(a.sum(), b.sum())
        limit = 1e-8 * np.abs(omega).max() * size
        line = along(composition, omega, a, b, names(composition))
        assert (line.t[0], line.t[-1]) == (0.0, 1.0)
        assert np.all(np.diff(line.t) > 0.0)
        at_kinks = np.outer(1.0 - line.t, a) + np.outer(line.t, b)
        np.testing.assert_allclose(line.amounts @ composition, at_kinks, rtol=0.0, atol=1e-8 * size)
        grid = np.linspace(0.0, 1.0, 51)
        expected = [minimise(composition, omega, (1.0 - t) * a + t * b, names(composition)).energy for t in grid]
        interpolated = np.interp(grid, line.t, line.energy)
        np.testing.assert_allclose(interpolated, expected, rtol=0.0, atol=limit, err_msg=str((number, kinds)))
        before, at, after = line.t[:-2], line.t[1:-1], line.t[2:]
        chord = (line.energy[:-2] * (after - at) + line.energy[2:] * (at - before)) / (after - before)
        assert np.all(line.energy[1:-1] <= chord + limit), (number, kinds)
        assert len(line.potentials) == len(line.t) - 1
        for ends in (slice(None, -1), slice(1, None)):  # the potentials of a stretch give the energy at both its ends
            plane = np.sum(at_kinks[ends] * line.potentials, axis=1)
            np.testing.assert_allclose(plane, line.energy[ends], rtol=0.0, atol=10.0 * limit)


@st.composite
def problems(draw):
    """Small whole numbers: everything ties with something."""
    components = draw(st.integers(1, 4))
    row = st.lists(st.integers(0, 4), min_size=components, max_size=components).filter(any)
    table = np.array(draw(st.lists(row, min_size=1, max_size=8)), dtype=float)
    phases = len(table)
    energies = draw(st.lists(st.integers(-9, 9), min_size=phases, max_size=phases))
    amounts = draw(st.lists(st.integers(0, 3), min_size=phases, max_size=phases).filter(any))
    composition = table / table.sum(axis=1, keepdims=True)
    return composition, 1e4 * np.array(energies), np.array(amounts) @ composition


def lowest(composition, omega, b):
    return minimise(composition, omega, b, names(composition))


small = settings(deadline=None, max_examples=100, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@small
@given(problems(), st.data())
def test_order_does_not_matter(problem, data):
    composition, omega, b = problem
    rows = data.draw(st.permutations(range(len(omega))))
    columns = data.draw(st.permutations(range(len(b))))
    other = lowest(composition[rows][:, columns], omega[rows], b[columns])
    assert other.energy == pytest.approx(lowest(*problem).energy, rel=1e-9, abs=1e-6)


@small
@given(problems(), st.integers(-12, 12))
def test_twice_as_much_has_twice_the_energy(problem, power):
    composition, omega, b = problem
    once, other = lowest(*problem), lowest(composition, omega, b * 10.0**power)
    assert other.energy == pytest.approx(once.energy * 10.0**power, rel=1e-9, abs=1e-6 * 10.0**power)


@small
@given(problems(), st.lists(st.integers(-30, 30), min_size=4, max_size=4))
def test_references_are_free(problem, shifts):
    """c more for every mole of a component costs c per mole of it in the total, whatever forms."""
    composition, omega, b = problem
    shift = 1e4 * np.array(shifts[: len(b)])
    other = lowest(composition, omega + composition @ shift, b)
    assert other.energy == pytest.approx(lowest(*problem).energy + b @ shift, rel=1e-9, abs=1e-5)
    assert_optimal(other, composition, omega + composition @ shift, b)


@small
@given(problems(), st.data())
def test_one_more_phase(problem, data):
    """Above the plane it changes nothing; anywhere it never costs energy; well below it and within reach it forms."""
    composition, omega, b = problem
    minimum = lowest(*problem)
    row = data.draw(st.lists(st.integers(0, 4), min_size=len(b), max_size=len(b)).filter(any))
    table = np.vstack([composition, np.array(row) / sum(row)])
    plane = float(table[-1] @ minimum.potentials)
    above = lowest(table, np.append(omega, plane + 1e3), b)
    assert above.energy == pytest.approx(minimum.energy, rel=1e-9, abs=1e-6)
    assert above.amounts[-1] == pytest.approx(0.0, abs=1e-12)
    anywhere = lowest(table, np.append(omega, 1e4 * data.draw(st.integers(-30, 30))), b)
    assert anywhere.energy <= minimum.energy + 1e-6
    forms = lowest(np.vstack([composition, b / b.sum()]), np.append(omega, minimum.energy / b.sum() - 1e3), b)
    assert forms.energy <= minimum.energy - 1e3 * b.sum() + 1e-6
    assert forms.amounts[-1] == pytest.approx(b.sum())


@small
@given(problems(), st.data())
def test_together_is_never_worse_than_apart(problem, data):
    composition, omega, b = problem
    amounts = data.draw(st.lists(st.integers(0, 3), min_size=len(omega), max_size=len(omega)).filter(any))
    other = np.array(amounts) @ composition
    apart = lowest(composition, omega, b).energy + lowest(composition, omega, other).energy
    assert lowest(composition, omega, b + other).energy <= apart + 1e-6


def test_least_systems():
    """One phase; one component; the same phase twice."""
    minimum = minimise(np.array([[0.25, 0.75]]), np.array([-7.0]), np.array([1.0, 3.0]), ("Li", "O"))
    assert minimum.amounts == pytest.approx([4.0])
    assert minimum.energy == pytest.approx(-28.0)
    single = minimise(np.ones((5, 1)), np.array([3.0, -1.0, 2.0, -4.0, 0.0]), np.array([2.0]), ("Li",))
    assert single.amounts == pytest.approx([0.0, 0.0, 0.0, 2.0, 0.0])
    assert single.potentials == pytest.approx([-4.0])
    twice = minimise(np.ones((2, 1)), np.array([-4.0, -4.0]), np.array([2.0]), ("Li",))
    assert twice.amounts.sum() == pytest.approx(2.0)
    assert np.count_nonzero(twice.amounts) == 1
    nothing = minimise(np.eye(2), np.array([-1.0, -2.0]), np.zeros(2), ("Li", "La"))
    assert (nothing.energy, *nothing.amounts) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("b", [(1.0, 1.0), (0.5, 0.5)])
def test_plane_where_components_come_in_company_only(b):
    """Total AB, of which A and B can not come apart: the plane has to stay below A3B all the same."""
    composition, omega = np.array([[0.5, 0.5], [0.75, 0.25]]), np.array([-1.0, -10.0])
    minimum = minimise(composition, omega, np.array(b), ("A", "B"))
    assert minimum.amounts == pytest.approx([sum(b), 0.0])
    assert minimum.certificate(composition, np.array(b))["plane"] < 1e-9


PAIR = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def solvers(b):
    omega, fine, labels = np.array([-1.0, -2.0, -1.0]), np.ones(3), ("Li", "La", "Zr")
    return {
        "minimise": lambda: minimise(PAIR, omega, b, labels),
        "sequence": lambda: sequence(PAIR, np.tile(omega, (3, 1)), np.array([fine, b, fine]), labels),
        "along, start": lambda: along(PAIR, omega, b, fine, labels),
        "along, end": lambda: along(PAIR, omega, fine, b, labels),
    }


@pytest.mark.parametrize("solver", list(solvers(np.ones(3))))
@pytest.mark.parametrize("amount", [-1e-9, -1.0, np.nan, -np.inf])
@pytest.mark.parametrize(("position", "name"), [(0, "Li"), (1, "La"), (2, "Zr")])
def test_refuses_amounts_that_are_none(solver, amount, position, name):
    b = np.ones(3)
    b[position] = amount
    with pytest.raises(InputError, match=f"^the amount of {name} is negative or not a number"):
        solvers(b)[solver]()


@pytest.mark.parametrize(
    "solver",
    [
        "minimise",
        "sequence",
        "along, start",
        "along, end",
    ],
)
def test_out_of_reach_names_the_component(solver):
    """La comes with as much Li and no other way."""
    with pytest.raises(SinterfaceError, match=r"no mixture of the phases holds so much La$") as caught:
        solvers(np.array([1.0, 2.0, 1.0]))[solver]()
    assert "\n" not in str(caught.value)
