"""Column generation: nothing left below the plane, errors within the tolerance, no trace of the way taken."""

from dataclasses import replace

import numpy as np
import pytest

from sinterface.models.basics.errors import SolveError
from sinterface.models.equilibrium import column_generation
from sinterface.models.equilibrium.chemistry import ChemicalSystem, Pseudo
from sinterface.models.equilibrium.minimum import along, minimise
from sinterface.models.equilibrium.mixing import GAP
from sinterface.models.interface.reactions import couple
from sinterface.models.phases.atmosphere import atmosphere
from sinterface.models.phases.phaseset import phase_set
from sinterface.models.powders import materials

CASES = [
    ("LLZTO", "pc-LNMO", 673.15, "O2"),
    ("LLZTO", "pc-NMC811", 973.15, "O2"),
    ("Nb-LLZO", "pc-NCA", 973.15, "O2"),
    ("Al-LLZO", "pc-NMC111", 1273.15, "air"),
]
NAMES = ["-".join([electrolyte, cathode]) for electrolyte, cathode, _, _ in CASES]
GRID = np.linspace(0.0, 1.0, 101)


@pytest.fixture(scope="module")
def posed(db):
    known = {}

    def pose(case):
        if case not in known:
            electrolyte, cathode, T, gas = case
            pair = couple(materials.find(cathode, "cathode"), materials.find(electrolyte, "electrolyte"), db)
            omega = pair.system.phases.grand_potential(T, atmosphere(gas))
            known[case] = pair.system, omega, T, *pair.ends
        return known[case]

    return pose


def energies(line):
    return np.interp(GRID, line.answer.t, line.answer.energy)


def random_start(system, seed, count=60):
    """Compositions without any relation to the problem."""
    rng = np.random.default_rng(seed)
    start = system.nothing()
    for _ in range(count):
        number = int(rng.integers(len(system.mixtures)))
        x = np.zeros((1, start.x.shape[1]))
        members = len(system.mixtures[number].members)
        x[0, :members] = rng.dirichlet(np.full(members, 0.5))
        start = start.joined(Pseudo(np.array([number]), x))
    return start


def deepest(system, omega, T, potentials, number, rng):
    """Least driving force per mole of cations [J/mol] in a mixture: a random grid, then finer ones about its best."""
    mixture = system.mixtures[number]
    E = len(mixture.members)
    costs = omega[mixture.phase] * mixture.cations - potentials @ mixture.composition.T

    def force(x):
        return (x @ costs + mixture.gibbs_of_mixing(x, T)) / (x @ mixture.cations)

    grid = np.concatenate([np.eye(E), *(rng.dirichlet(np.full(E, alpha), size=1000) for alpha in (0.05, 0.3, 1.0))])
    best = grid[np.argsort(force(grid))[:5]]
    for width in 2.0 ** -np.arange(1.0, 13.0):
        near = best[:, None] * np.exp(4.0 * width * rng.normal(size=(5, 100, E)))
        near = (near / near.sum(axis=2, keepdims=True)).reshape(-1, E)
        mixed = (1.0 - width) * best[:, None] + width * rng.dirichlet(np.ones(E), size=(5, 40))
        every = np.concatenate([best, near, mixed.reshape(-1, E)])
        best = every[np.argsort(force(every))[:5]]
    return float(force(best).min())


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_no_composition_is_left_below_the_plane(posed, case):
    """As far as a search that knows nothing of that under test can tell, on every second stretch of the line."""
    system, omega, T, a, b = posed(case)
    line = column_generation.line(system, omega, T, a, b)
    rng = np.random.default_rng(1)
    for number, mixture in enumerate(system.mixtures):
        allowed = column_generation.TOLERANCE + GAP / mixture.cations.min()
        for potentials in line.answer.potentials[::2]:
            assert deepest(system, omega, T, potentials, number, rng) >= -allowed, mixture.solution.name


def test_the_search_finds_what_is_left_out(posed):
    """The test above can fail: before any composition is known, many lie far below."""
    system, omega, T, a, b = posed(CASES[0])
    table, known = system.composition(system.nothing()), system.energies(omega, T, system.nothing())
    plane = along(table, known, a, b, system.components).potentials
    rng = np.random.default_rng(1)
    forces = [
        deepest(system, omega, T, potentials, number, rng)
        for potentials in plane
        for number in range(len(system.mixtures))
    ]
    assert min(forces) < -100.0 * column_generation.TOLERANCE


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_a_tighter_tolerance_changes_no_energy_by_more(posed, case, monkeypatch):
    factor = 0.2
    system, omega, T, a, b = posed(case)
    coarse, allowed = energies(column_generation.line(system, omega, T, a, b)), column_generation.TOLERANCE
    monkeypatch.setattr(column_generation, "TOLERANCE", factor * allowed)
    fine = energies(column_generation.line(system, omega, T, a, b))
    assert np.max(coarse - fine) <= allowed + GAP
    assert np.max(fine - coarse) <= factor * allowed + GAP


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_start_does_not_matter(posed, case, seed):
    system, omega, T, a, b = posed(case)
    line, other = (
        column_generation.line(system, omega, T, a, b, start) for start in (None, random_start(system, seed))
    )
    assert np.max(np.abs(energies(line) - energies(other))) < column_generation.TOLERANCE
    again = column_generation.line(system, omega, T, a, b, line.pseudo)
    assert len(again.pseudo.mixture) == len(line.pseudo.mixture)  # nothing is missing from what was solved
    np.testing.assert_allclose(energies(again), energies(line), atol=1e-3)


def permuted(system, omega, seed):
    """The system with phases, components and mixtures in another order; also that of phases and of components."""
    rng = np.random.default_rng(seed)
    rows, columns = rng.permutation(len(omega)), rng.permutation(len(system.components))
    phases = phase_set([system.phases.solids[row] for row in rows], [system.components[k] for k in columns])
    place = np.argsort(rows)
    numbers = rng.permutation(len(system.mixtures)).tolist()
    mixtures = [
        replace(mixture, phase=place[mixture.phase], composition=mixture.composition[:, columns])
        for mixture in (system.mixtures[number] for number in numbers)
    ]
    inside = {int(place[row]): (numbers.index(number), x) for row, (number, x) in system.inside.items()}
    return ChemicalSystem(phases, tuple(mixtures), inside, system.database), rows, columns


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_order_of_phases_and_components_does_not_matter(posed, case, seed):
    system, omega, T, a, b = posed(case)
    other, rows, columns = permuted(system, omega, seed)
    np.testing.assert_allclose(other.phases.composition, system.phases.composition[rows][:, columns])
    line = column_generation.line(system, omega, T, a, b)
    two = column_generation.line(other, omega[rows], T, a[columns], b[columns])
    assert np.max(np.abs(energies(line) - energies(two))) < column_generation.TOLERANCE
    total = 0.7 * a + 0.3 * b
    at = [
        column_generation.equilibrium(system, omega, T, total).answer.energy,
        column_generation.equilibrium(other, omega[rows], T, total[columns]).answer.energy,
    ]
    assert at[0] == pytest.approx(at[1], abs=column_generation.TOLERANCE)
    assert at[0] == pytest.approx(np.interp(0.3, line.answer.t, line.answer.energy), abs=column_generation.TOLERANCE)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_compositions_of_one_round_stand_apart(posed, case):
    system, omega, T, a, b = posed(case)
    table, known = system.composition(system.nothing()), system.energies(omega, T, system.nothing())
    plane = along(table, known, a, b, system.components).potentials
    fresh = column_generation.lowest(system, omega, T, plane)
    assert len(fresh.mixture) > 0
    np.testing.assert_allclose(fresh.x.sum(axis=1), 1.0)
    for number in set(fresh.mixture.tolist()):
        x = fresh.x[fresh.mixture == number]
        apart = np.max(np.abs(x[:, None] - x[None]), axis=2)[np.triu_indices(len(x), 1)]
        assert np.all(apart > column_generation.APART)


@pytest.mark.parametrize(
    "case",
    [*CASES, ("Al-LLZO", "pc-NMC532", 1573.15, "N2"), ("Al-LLZO", "sc-NMC631", 973.15, "air")],
    ids=[*NAMES, "Al-LLZO-pc-NMC532", "Al-LLZO-sc-NMC631"],
)
def test_amounts_balance_where_components_are_missing(posed, case):
    """The cathode has no La, Zr or Ta; aluminium stood in its layered solution as 1e-28 of an end member."""
    system, omega, T, a, b = posed(case)
    line = column_generation.line(system, omega, T, a, b)
    totals = (1.0 - line.answer.t)[:, None] * a + line.answer.t[:, None] * b
    np.testing.assert_allclose(line.answer.amounts @ line.composition, totals, atol=1e-10)
    for energy, total, plane in zip(line.answer.energy[[0, -1]], (a, b), line.answer.potentials[[0, -1]], strict=True):
        assert energy == pytest.approx(float(plane @ total), abs=1e-3)  # the line does not jump at its ends
        alone = minimise(line.composition, line.energies, total, system.components)
        assert max(alone.certificate(line.composition, total).values()) < 1e-4
        assert alone.energy == pytest.approx(energy, abs=1e-3)


def test_not_settling_is_an_error(posed, monkeypatch):
    monkeypatch.setattr(column_generation, "MAX_ROUNDS", 1)
    with pytest.raises(SolveError, match=r"did not settle at 673.15 K after 1 rounds"):
        column_generation.line(*posed(CASES[0]))
