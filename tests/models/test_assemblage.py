"""From amounts of compositions to phases: what is merged, what it is called, shares."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.equilibrium import assemblage, column_generation
from sinterface.models.equilibrium.chemistry import Pseudo, system
from sinterface.models.interface.reactions import couple
from sinterface.models.phases import solutions
from sinterface.models.phases.atmosphere import atmosphere
from sinterface.models.phases.phaseset import phase_set
from sinterface.models.phases.substance import FAMILIES
from sinterface.models.powders import materials

COUPLES = [("LLZTO", "pc-LNMO"), ("LLZTO", "pc-NMC811"), ("Al-LLZO", "pc-NCA"), ("LLZO", "pc-LFP")]
T = 1073.15


@pytest.fixture(scope="module")
def solved(db, oxygen):
    """System, what the profile is over, and the amounts in the middle of each stretch and at each kink."""
    known = {}

    def solve(names):
        if names not in known:
            pair = couple(materials.find(names[1], "cathode"), materials.find(names[0], "electrolyte"), db)
            omega = pair.system.phases.grand_potential(T, oxygen)
            line = column_generation.line(pair.system, omega, T, *pair.ends)
            at = line.answer.amounts
            known[names] = pair, line, np.concatenate([at, 0.5 * (at[:-1] + at[1:])])
        return known[names]

    return solve


def elements(products):
    total: dict[str, float] = {}
    for product in products:
        for symbol, n in product.solid.amounts.items():
            total[symbol] = total.get(symbol, 0.0) + product.moles * n
    return total


def energy(products, components, gas):
    """Grand potential [J] of the products, from the solids themselves."""
    phases = phase_set([product.solid for product in products], components)
    return float(np.array([product.amount for product in products]) @ phases.grand_potential(T, gas))


@pytest.mark.parametrize("names", COUPLES, ids="-".join)
def test_merging_conserves_elements(solved, names):
    """Oxygen too: every composition keeps its own."""
    pair, solved_line, several = solved(names)
    solids = [pair.system.solid(position, solved_line.pseudo) for position in range(several.shape[1])]
    for amounts in several:
        expected: dict[str, float] = {}
        for position in np.flatnonzero(amounts):
            solid = solids[position]
            for symbol, n in solid.amounts.items():
                expected[symbol] = expected.get(symbol, 0.0) + amounts[position] * n / solid.cations
        made = elements(assemblage.products(pair.system, solved_line.pseudo, amounts, T))
        for symbol in made.keys() | expected.keys():
            assert made.get(symbol, 0.0) == pytest.approx(expected.get(symbol, 0.0), abs=5e-6), symbol


@pytest.mark.parametrize("names", COUPLES, ids="-".join)
def test_merging_costs_nothing(solved, oxygen, names):
    """Without interactions the mean lies lower than the parts, but by no more than the search for them left over."""
    pair, solved_line, several = solved(names)
    for amounts in several:
        before = float(amounts @ solved_line.energies)
        after = energy(assemblage.products(pair.system, solved_line.pseudo, amounts, T), pair.system.components, oxygen)
        assert before - column_generation.TOLERANCE - 0.5 < after < before + 0.5


@pytest.mark.parametrize("names", COUPLES, ids="-".join)
def test_a_solution_is_one_product(solved, names):
    pair, solved_line, several = solved(names)
    ids, mixtures = pair.system.phases.ids, pair.system.mixtures
    hosts = {ids[row]: mixtures[number].solution.name for row, (number, _) in pair.system.inside.items()}
    merged = 0
    for amounts in several:
        products = assemblage.products(pair.system, solved_line.pseudo, amounts, T)
        names_of = [product.solid.solution or hosts.get(product.solid.id, product.solid.id) for product in products]
        assert len(set(names_of)) == len(names_of)
        assert set(names_of) == assemblage.signature(pair.system, solved_line.pseudo, amounts)
        merged += np.count_nonzero(amounts > assemblage.SMALLEST) - len(products)
        assert [product.amount for product in products] == sorted(
            (product.amount for product in products), reverse=True
        )
        for product in products:
            assert product.amount == pytest.approx(product.moles * product.solid.cations)
    assert merged > 0 or names == ("LLZO", "pc-LFP")


@pytest.mark.parametrize("names", COUPLES, ids="-".join)
def test_shares_sum_to_one(solved, names):
    pair, solved_line, several = solved(names)
    for amounts in several:
        products = assemblage.products(pair.system, solved_line.pseudo, amounts, T)
        shares = assemblage.by_family(products)
        assert sum(shares.values()) == pytest.approx(1.0)
        assert set(shares) == {product.solid.family for product in products} <= set(FAMILIES)
        mass = sum(product.moles * product.solid.molar_mass for product in products)
        first = products[0].solid.family
        part = sum(product.moles * product.solid.molar_mass for product in products if product.solid.family == first)
        assert shares[first] == pytest.approx(part / mass)
        cations = assemblage.families(pair.system, solved_line.pseudo, amounts, 0.0)
        assert sum(cations.values()) == pytest.approx(1.0)
        large = assemblage.families(pair.system, solved_line.pseudo, amounts, 0.05)
        assert large == {family: share for family, share in cations.items() if share >= 0.05}


@pytest.mark.parametrize("names", COUPLES, ids="-".join)
def test_materials_and_end_members_keep_their_names(solved, names):
    """A row of the table and the same composition found as a mixture are one phase, named as in the database."""
    pair, solved_line, _ = solved(names)
    chemical = pair.system
    rows = len(chemical.phases.solids)
    for row, (number, x) in chemical.inside.items():
        wide = np.zeros((1, solved_line.pseudo.x.shape[1]))
        wide[0, : len(x)] = x
        pseudo = Pseudo(np.array([number]), wide)
        amounts = np.zeros((3, rows + 1))
        amounts[0, row] = amounts[1, rows] = amounts[2, row] = amounts[2, rows] = 0.7
        for row_amounts in amounts:
            (product,) = assemblage.products(chemical, pseudo, row_amounts, T)
            assert product.solid.id == chemical.phases.ids[row]
            assert product.amount == pytest.approx(row_amounts.sum())
    for row in pair.rows:
        assert assemblage.signature(chemical, solved_line.pseudo, np.eye(rows + len(solved_line.pseudo.x))[row])


def test_round_off_is_no_phase(solved):
    pair, solved_line, several = solved(COUPLES[0])
    amounts = several[1].copy()
    before = assemblage.products(pair.system, solved_line.pseudo, amounts, T)
    amounts[np.flatnonzero(amounts == 0.0)[:10]] = 0.5 * assemblage.SMALLEST
    after = assemblage.products(pair.system, solved_line.pseudo, amounts, T)
    assert [product.solid.id for product in after] == [product.solid.id for product in before]


@pytest.fixture
def demixing(db, monkeypatch):
    """(Ni,Co)O in which the two repel each other, W = 3 R T."""
    W = 3.0 * GAS_CONSTANT * T
    both = tuple(replace(s, interactions={(0, 1): W}) if s.name == "rock salt" else s for s in solutions.embedded())
    monkeypatch.setattr(solutions, "embedded", lambda: both)
    chemical, _ = system([], db, elements=("Co", "Ni"))
    (mixture,) = (m for m in chemical.mixtures if m.solution.name == "rock salt")
    assert mixture.interaction[0, 1] == pytest.approx(0.5 * W)
    return chemical, chemical.mixtures.index(mixture)


BINODAL = brentq(lambda x: 3.0 * (1.0 - 2.0 * x) - np.log((1.0 - x) / x), 1e-6, 0.5 - 1e-3)
"""End-member fraction of either side of a miscibility gap at W = 3 R T."""


def test_a_miscibility_gap_stays_two_phases(demixing):
    """Solved: both sides are on the binodal, their amounts by the lever rule."""
    chemical, _ = demixing
    gas = atmosphere("N2:pO2=1e-8")  # CoO rather than Co3O4
    omega = chemical.phases.grand_potential(T, gas)
    total = np.array([0.4, 0.6])
    equilibrium = column_generation.equilibrium(chemical, omega, T, total)
    products = assemblage.products(chemical, equilibrium.pseudo, equilibrium.answer.amounts, T)
    assert len(products) == 2
    assert assemblage.signature(chemical, equilibrium.pseudo, equilibrium.answer.amounts) == {"rock salt"}
    assert [product.solid.solution for product in products] == ["rock salt", "rock salt"]
    cobalt = [product.solid.amounts["Co"] for product in products]
    assert cobalt == pytest.approx([BINODAL, 1.0 - BINODAL], abs=0.02)
    assert products[1].amount == pytest.approx((0.4 - cobalt[0]) / (cobalt[1] - cobalt[0]), abs=1e-6)
    assert elements(products) == pytest.approx({"Co": 0.4, "Ni": 0.6, "O": 1.0})


@pytest.mark.parametrize("seed", range(10))
def test_random_compositions_across_a_gap(demixing, seed):
    """However they lie, merging raises the energy by at most the tolerance for each of them."""
    chemical, number = demixing
    mixture = chemical.mixtures[number]
    rng = np.random.default_rng(seed)
    sides = np.concatenate([BINODAL + 0.02 * rng.normal(size=4), 1.0 - BINODAL + 0.02 * rng.normal(size=3)])
    x = np.zeros((7, chemical.nothing().x.shape[1]))
    x[:, : len(mixture.members)] = np.column_stack([1.0 - sides, sides])[:, : len(mixture.members)]
    pseudo = Pseudo(np.full(7, number), x)
    amounts = np.concatenate([np.zeros(len(chemical.phases.solids)), rng.dirichlet(np.ones(7))])
    products = assemblage.products(chemical, pseudo, amounts, T)
    assert len(products) == 2
    gas = atmosphere("N2:pO2=1e-8")
    before = float(amounts @ chemical.energies(chemical.phases.grand_potential(T, gas), T, pseudo))
    after = energy(products, chemical.components, gas)
    assert after < before + 7 * column_generation.TOLERANCE
    cobalt = float(amounts[len(chemical.phases.solids) :] @ sides)
    assert elements(products) == pytest.approx({"Co": cobalt, "Ni": 1.0 - cobalt, "O": 1.0})
