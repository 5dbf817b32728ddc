"""The linear programme: optimality, invariances, refusals."""

import numpy as np
import pytest
from scipy.optimize import linprog

from sinterface.models.basics.errors import InputError, SolveError
from sinterface.models.equilibrium.minimum import minimise
from sinterface.models.phases.atmosphere import Atmosphere
from sinterface.models.phases.phaseset import ABSENT, closed_components, phase_set


def problem(seed, phases=40, components=5):
    """Random phases over ``components``, the elements among them, and a random total."""
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 5, size=(phases, components)) * (rng.random((phases, components)) < 0.6)
    table = np.vstack([np.eye(components), table[table.sum(axis=1) > 0]]).astype(float)
    composition = table / table.sum(axis=1, keepdims=True)
    omega = -1e5 * rng.random(len(composition)) - 3e5
    total = rng.dirichlet(np.ones(components)) * 10.0 ** rng.uniform(-3, 3)
    return composition, omega, total, tuple("ABCDEFGH"[:components])


@pytest.mark.parametrize("seed", range(40))
def test_certificate(seed):
    composition, omega, total, names = problem(seed, components=2 + seed % 6)
    minimum = minimise(composition, omega, total, names)
    violations = minimum.certificate(composition, total)
    size = total.sum()
    assert violations["balance"] < 1e-9 * size
    assert violations["plane"] < 1e-3
    assert violations["slackness"] < 1e-3 * size
    assert np.all(minimum.amounts >= 0.0)
    assert minimum.energy == pytest.approx(total @ minimum.potentials)  # no duality gap
    assert np.sum(minimum.amounts > 1e-9 * size) <= len(names)  # Gibbs' phase rule
    np.testing.assert_allclose(minimum.driving_force, omega - composition @ minimum.potentials, atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_a_certificate_can_fail(seed):
    composition, omega, total, names = problem(seed)
    minimum = minimise(composition, omega, total, names)
    assert minimum.certificate(composition, 1.01 * total)["balance"] > 1e-3 * total.max()
    cheaper = minimise(composition, omega + 1e4 * (minimum.amounts > 0), total, names)
    assert cheaper.energy > minimum.energy


@pytest.mark.parametrize("seed", range(10))
def test_permuting_phases_and_components(seed):
    composition, omega, total, names = problem(seed)
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(len(omega)), rng.permutation(len(total))
    minimum = minimise(composition, omega, total, names)
    other = minimise(composition[rows][:, columns], omega[rows], total[columns], tuple(names[k] for k in columns))
    assert other.energy == pytest.approx(minimum.energy, rel=1e-9)
    np.testing.assert_allclose(other.amounts, minimum.amounts[rows], atol=1e-9 * total.sum())
    np.testing.assert_allclose(other.potentials, minimum.potentials[columns], rtol=1e-7)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("energy", "size"), [(1e-3, 1.0), (1e3, 1.0), (1.0, 1e-12), (1.0, 1e12)])
def test_scales(seed, energy, size):
    composition, omega, total, names = problem(seed)
    minimum = minimise(composition, omega, total, names)
    other = minimise(composition, omega * energy, total * size, names)
    assert other.energy == pytest.approx(minimum.energy * energy * size, rel=1e-9)
    np.testing.assert_allclose(other.amounts, minimum.amounts * size, atol=1e-9 * total.sum() * size)
    np.testing.assert_allclose(other.potentials, minimum.potentials * energy, rtol=1e-7)


@pytest.mark.parametrize("seed", range(10))
def test_shifting_the_references(seed):
    """Adding N.c to every omega adds c to the potentials: the choice of reference states is free."""
    composition, omega, total, names = problem(seed)
    shift = np.random.default_rng(seed).normal(size=len(total)) * 1e5
    first, other = (minimise(composition, w, total, names) for w in (omega, omega + composition @ shift))
    np.testing.assert_allclose(other.amounts, first.amounts, atol=1e-9 * total.sum())
    np.testing.assert_allclose(other.potentials, first.potentials + shift, rtol=1e-7, atol=1e-2)


@pytest.mark.parametrize("seed", range(10))
def test_only_a_phase_below_the_plane_changes_anything(seed):
    composition, omega, total, names = problem(seed)
    minimum = minimise(composition, omega, total, names)
    extra = np.random.default_rng(seed).dirichlet(np.ones(len(total)))
    table, plane = np.vstack([composition, extra]), extra @ minimum.potentials
    above = minimise(table, np.append(omega, plane + 100.0), total, names)
    np.testing.assert_allclose(above.amounts, np.append(minimum.amounts, 0.0), atol=1e-9 * total.sum())
    assert above.driving_force[-1] == pytest.approx(100.0, abs=1e-2)
    below = minimise(table, np.append(omega, plane - 100.0), total, names)
    assert below.amounts[-1] > 0.0
    assert below.energy < minimum.energy


@pytest.mark.parametrize("seed", range(5))
def test_same_minimum_as_another_algorithm(seed):
    composition, omega, total, names = problem(seed)
    other = linprog(omega, A_eq=composition.T, b_eq=total, method="highs-ipm")
    assert minimise(composition, omega, total, names).energy == pytest.approx(other.fun, rel=1e-7)


def test_infeasible_names_the_element():
    composition = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    with pytest.raises(InputError, match="no phase in the database holds Zr: it can not"):
        minimise(composition, np.array([-1.0, -2.0]), np.array([1.0, 0.5, 0.5]), ("Li", "La", "Zr"))
    minimum = minimise(composition, np.array([-1.0, -2.0]), np.array([1.0, 0.5, 0.0]), ("Li", "La", "Zr"))
    assert minimum.amounts == pytest.approx([1.0, 0.5])  # none of it, none needed


def test_out_of_reach_names_the_composition():
    """All elements are there, the ratio is not."""
    with pytest.raises(SolveError, match=r"Li 0.9 La 0.1 mol has no equilibrium.*so much Li") as caught:
        minimise(np.array([[0.5, 0.5]]), np.array([-1.0]), np.array([0.9, 0.1]), ("Li", "La"))
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def zirconates(db):
    solids = [db[p] for p in ("Li2O", "ZrO2", "La2O3", "Li2ZrO3", "La2Zr2O7", "La(OH)3", "La2O2CO3", "Li2CO3")]
    return phase_set(solids, ("La", "Li", "Zr"))


def test_phase_set_is_per_mole_of_cations(zirconates):
    np.testing.assert_allclose(zirconates.composition.sum(axis=1), 1.0)
    for position, solid in enumerate(zirconates.solids):
        cations = solid.cations
        assert zirconates.atoms[position] * cations == pytest.approx(sum(solid.amounts.values()))
        assert zirconates.molar_mass[position] * cations == pytest.approx(solid.molar_mass)
        assert zirconates.gibbs(900.0)[position] * cations == pytest.approx(solid.gibbs(900.0))
    assert closed_components({"Li": 1, "O": 1}, {"La": 1, "H": 3, "C": 1}) == ("La", "Li")


def test_grand_potential_takes_the_gas_out(zirconates):
    gas, T = Atmosphere("x", 0.2, 1e-3, 1e-2), 900.0
    omega = zirconates.grand_potential(T, gas)
    for position, solid in enumerate(zirconates.solids):
        mu = sum(n * float(gas.potential(s, T)) for s, n in solid.amounts.items() if s in "OCH")
        assert omega[position] * solid.cations == pytest.approx(solid.gibbs(T) - mu)


def test_no_carbonate_without_carbon_dioxide(zirconates, oxygen):
    omega = zirconates.grand_potential(900.0, oxygen)
    absent = {zirconates.ids[p] for p in np.flatnonzero(omega == ABSENT)}
    assert absent == {"La(OH)3", "La2O2CO3", "Li2CO3"}


def test_carbon_dioxide_decomposes_the_zirconate(zirconates):
    """Li2ZrO3 + CO2 <-> Li2CO3 + ZrO2: the CO2 sorbent takes it up below and gives it back above about 700 C."""
    total = np.array([0.0, 2.0, 1.0]) / 3.0
    for T, stays in ((700.0, False), (1100.0, True)):
        omega = zirconates.grand_potential(T, Atmosphere("x", 0.2, 0.2))
        minimum = minimise(zirconates.composition, omega, total, zirconates.components)
        assert (minimum.amounts[zirconates.ids.index("Li2ZrO3")] > 0.9) == stays
