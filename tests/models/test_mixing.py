"""The lowest composition of a solution: against another optimiser, its bound, closed forms, miscibility gaps."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from sinterface.models.basics import formula
from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.basics.errors import DataError
from sinterface.models.equilibrium.mixing import GAP, mixture
from sinterface.models.phases import solutions, substance

SOLUTIONS = {solution.name: solution for solution in solutions.embedded()}
NAMES = sorted(SOLUTIONS)
TEMPERATURES = (300.0, 1000.0, 1700.0)
SCALES = (1e2, 1e3, 5e3, 2e4, 1e5)
"""Sizes of the costs [J/mol]: from a few hundredths of RT, where all dissolve, to end members that stay out."""


def built(db, solution, chosen=None):
    """The solution over all its cations, or of the end members named alone."""
    names = chosen or [member.phase for member in solution.endmembers]
    components = {symbol for name in names for symbol in db[name].amounts} - substance.GAS_ELEMENTS
    return mixture(solution, tuple(sorted(components)), {name: row for row, name in enumerate(names)}, db)


def rock_salt(db, W, chosen=("NiO", "CoO")):
    return built(db, replace(SOLUTIONS["rock salt"], interactions={(0, 1): W}), list(chosen))


def phi(mixed, costs, T, x):
    return np.sum(costs * x, axis=-1) + mixed.gibbs_of_mixing(x, T)


def slopes(mixed, costs, T, x):
    """d phi/dx_e (S, E) of an ideal solution, where all fractions are above zero."""
    part = mixed.occupancy / mixed.sites
    own = np.sum(mixed.occupancy * np.log(np.where(part > 0.0, part, 1.0)), axis=1)
    return costs + GAS_CONSTANT * T * (np.log(x @ part) @ mixed.occupancy.T - own)


def random_costs(members, seed, count=100):
    rng = np.random.default_rng(seed)
    return np.concatenate([scale * rng.normal(size=(count, members)) for scale in SCALES])


def by_quasi_newton(mixed, costs, T):
    """Least phi over softmax coordinates, which need no constraint on the sum."""
    RT = GAS_CONSTANT * T

    def value(theta):
        x = np.exp(theta - theta.max())
        x /= x.sum()
        gradient = slopes(mixed, costs, T, x)
        return float(phi(mixed, costs, T, x)) / RT, x * (gradient - x @ gradient) / RT

    start = np.clip(-costs / RT, -20.0, 20.0)
    bounds = [(-60.0, 60.0)] * len(costs)
    return minimize(value, start, jac=True, method="L-BFGS-B", bounds=bounds, tol=1e-10).fun * RT


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize("name", NAMES)
def test_no_composition_lies_lower(db, name, T):
    """Neither among those of a random grid, dense at the edges, nor where another optimiser ends."""
    mixed = built(db, SOLUTIONS[name])
    E = len(mixed.members)
    costs = random_costs(E, NAMES.index(name), count=1)
    x, value = mixed.lowest(costs, T)
    rng = np.random.default_rng(7)
    grid = np.concatenate([np.eye(E), *(rng.dirichlet(np.full(E, alpha), size=1500) for alpha in (0.05, 0.3, 1.0))])
    for k, cost in enumerate(costs):
        least = min(float(np.min(phi(mixed, cost, T, grid))), by_quasi_newton(mixed, cost, T))
        assert value[k] <= least + GAP, cost
    np.testing.assert_allclose(value, phi(mixed, costs, T, x), atol=1e-6)


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_left_to_gain_is_bounded(db, name, T):
    """phi is convex: no composition lies below the tangent, whose depth below the one found is the gap."""
    mixed = built(db, SOLUTIONS[name])
    costs = random_costs(len(mixed.members), 3)
    x, _ = mixed.lowest(costs, T)
    np.testing.assert_allclose(x.sum(axis=1), 1.0)
    assert np.all(x >= 0.0)
    gradient = slopes(mixed, costs, T, x)
    assert np.max(np.sum(x * gradient, axis=1) - gradient.min(axis=1)) < 1.01 * GAP


@pytest.mark.parametrize("name", NAMES)
def test_what_the_gas_can_not_supply_stays_out(db, name):
    mixed = built(db, SOLUTIONS[name])
    costs = np.zeros((1, len(mixed.members)))
    costs[0, -1] = 1e8
    x, value = mixed.lowest(costs, 1000.0)
    assert x[0, -1] < 1e-6
    assert value[0] <= GAP


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize(
    ("name", "members", "sites"),
    [
        ("rock salt", ["NiO", "CoO", "MnO"], 1.0),
        ("olivine", ["LiFePO4", "LiMnPO4", "LiCoPO4", "LiNiPO4"], 1.0),
        ("K2NiF4", ["La2NiO4", "La2CoO4"], 1.0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_end_member_per_species_is_exact(db, name, members, sites, T):
    """x_e ~ exp(-c_e / m R T) and phi = -m R T ln sum_e exp(-c_e / m R T)."""
    mixed = built(db, SOLUTIONS[name], members)
    costs = random_costs(len(members), 11)
    x, value = mixed.lowest(costs, T)
    scaled = -costs / (sites * GAS_CONSTANT * T)
    most = scaled.max(axis=1, keepdims=True)
    weights = np.exp(scaled - most)
    expected = -sites * GAS_CONSTANT * T * (np.log(weights.sum(axis=1)) + most[:, 0])
    np.testing.assert_allclose(x, weights / weights.sum(axis=1, keepdims=True), atol=1e-10)
    np.testing.assert_allclose(value, expected, rtol=1e-10, atol=1e-7)


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize(
    ("name", "members", "sites"),
    [
        ("layered", ["LiCoO2", "LiNiO2", "LiAlO2-alpha"], 1.0),
        ("garnet", ["Li7La3Zr2O12-cubic", "Li5La3Ta2O12", "Li5La3Nb2O12"], 2.0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_sublattice_of_one_species_changes_nothing_but_the_way(db, name, members, sites, T):
    """As above; steps are shorter than they could be, so that the end is reached to the gap and not at once."""
    mixed = built(db, SOLUTIONS[name], members)
    costs = random_costs(len(members), 11)
    _, value = mixed.lowest(costs, T)
    scaled = -costs / (sites * GAS_CONSTANT * T)
    most = scaled.max(axis=1, keepdims=True)
    expected = -sites * GAS_CONSTANT * T * (np.log(np.exp(scaled - most).sum(axis=1)) + most[:, 0])
    assert np.all(value >= expected - 1e-6)
    assert np.all(value <= expected + GAP)


@pytest.mark.parametrize("ratio", [2.2, 3.0, 6.0])
@pytest.mark.parametrize("T", TEMPERATURES)
def test_a_miscibility_gap_has_two_minima(db, T, ratio):
    """At W > 2RT both lie where W (1 - 2x) = R T ln((1 - x)/x); whichever the costs favour is found."""
    W = ratio * GAS_CONSTANT * T
    mixed = rock_salt(db, W)
    poor = brentq(lambda x: ratio * (1.0 - 2.0 * x) - np.log((1.0 - x) / x), 1e-9, 0.5 - 1e-4)
    tilt = 0.02 * GAS_CONSTANT * T * (1.0 - 2.0 * poor)
    costs = np.array([[0.0, 0.0], [tilt, -tilt], [-tilt, tilt]])
    x, value = mixed.lowest(costs, T)
    depth = W * poor * (1.0 - poor) + GAS_CONSTANT * T * (poor * np.log(poor) + (1.0 - poor) * np.log(1.0 - poor))
    assert value[0] == pytest.approx(depth, abs=GAP)
    assert min(x[0]) == pytest.approx(poor, rel=0.05)
    assert x[1, 1] > 0.5 > x[2, 1]
    np.testing.assert_allclose(x[1], x[2][::-1], atol=1e-6)
    line = np.linspace(1e-6, 1.0 - 1e-6, 20001)
    for cost, depth_reached in zip(costs, value, strict=True):
        least = np.min(phi(mixed, cost, T, np.column_stack([1.0 - line, line])))
        assert depth_reached == pytest.approx(least, abs=GAP)


def test_no_gap_below_the_critical_interaction(db):
    """W = 1.8 RT and W < 0: one minimum, at equal costs in the middle."""
    for ratio in (1.8, -3.0):
        mixed = rock_salt(db, ratio * GAS_CONSTANT * 1000.0)
        x, value = mixed.lowest(np.zeros((1, 2)), 1000.0)
        assert x[0] == pytest.approx([0.5, 0.5], abs=1e-2)
        assert value[0] == pytest.approx(GAS_CONSTANT * 1000.0 * (ratio / 4.0 - np.log(2.0)), abs=GAP)


@pytest.mark.parametrize("name", NAMES)
def test_mixing_is_that_of_the_solution(db, name):
    """-T S_mix of ``solutions``, written apart from this, at random compositions, some end members absent."""
    solution = SOLUTIONS[name]
    mixed = built(db, solution)
    rng = np.random.default_rng(5)
    x = rng.dirichlet(np.ones(len(mixed.members)), size=60) * (rng.random((60, len(mixed.members))) < 0.6)
    x = np.concatenate([np.eye(len(mixed.members)), x[x.sum(axis=1) > 0.0]])
    x /= x.sum(axis=1, keepdims=True)
    for T in TEMPERATURES:
        expected = [-T * solution.mixing_entropy(row) for row in x]
        np.testing.assert_allclose(mixed.gibbs_of_mixing(x, T), expected, atol=1e-6)


def test_interactions_are_those_of_the_solution(db):
    plain = SOLUTIONS["rock salt"]
    given = {(0, 1): 20.0e3, (2, 1): -5.0e3}
    mixed = built(db, replace(plain, interactions=given))
    x = np.random.default_rng(2).dirichlet(np.ones(3), size=20)
    excess = 20.0e3 * x[:, 0] * x[:, 1] - 5.0e3 * x[:, 1] * x[:, 2]
    change = mixed.gibbs_of_mixing(x, 900.0) - built(db, plain).gibbs_of_mixing(x, 900.0)
    np.testing.assert_allclose(change, excess, atol=1e-6)
    for row, energy in zip(x, mixed.gibbs_of_mixing(x, 900.0), strict=True):
        members = [db[member.phase].gibbs(900.0) for member in plain.endmembers]
        assert mixed.solution.solid(row, db).gibbs(900.0) == pytest.approx(float(row @ np.array(members) + energy))


def test_compositions_are_those_of_the_end_members(db):
    mixed = built(db, SOLUTIONS["layered"], ["LiNiO2", "Li2MnO3-layered", "LiAlO2-alpha"])
    assert [mixed.solution.endmembers[i].phase for i in mixed.members] == ["LiNiO2", "Li2MnO3-layered", "LiAlO2-alpha"]
    order = ("Al", "Li", "Mn", "Ni")
    for row, text in zip(mixed.composition, ("LiNiO2", "Li1.3333333333Mn0.6666666667O2", "LiAlO2"), strict=True):
        assert row == pytest.approx([formula.parse(text).get(symbol, 0.0) for symbol in order])
    np.testing.assert_allclose(mixed.cations, mixed.composition.sum(axis=1))
    x = np.array([0.2, 0.3, 0.5])
    whole = mixed.whole(x)
    assert whole.sum() == pytest.approx(1.0)
    assert list(np.flatnonzero(whole)) == list(mixed.members)


def test_one_end_member_does_not_mix(db):
    assert built(db, SOLUTIONS["perovskite"], ["LaNiO3"]) is None


def test_end_members_must_have_as_many_sites(db):
    solution = SOLUTIONS["rock salt"]
    wrong = replace(solution.endmembers[1], sites={"cation": {"Co": 2.0}})
    with pytest.raises(DataError, match="'rock salt': every end member must have as many sites"):
        built(db, replace(solution, endmembers=(solution.endmembers[0], wrong)), ["NiO", "CoO"])
