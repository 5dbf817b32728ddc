"""Samples of the phase energies: their statistics, what the projection keeps, interface reactions over them."""

from dataclasses import replace

import numpy as np
import pytest

from sinterface.models.basics.constants import EV_PER_ATOM
from sinterface.models.basics.errors import InputError
from sinterface.models.equilibrium import column_generation
from sinterface.models.equilibrium.minimum import minimise
from sinterface.models.evidence import assimilate
from sinterface.models.interface import ensemble
from sinterface.models.interface.reactions import couple, profile
from sinterface.models.phases import corrections
from sinterface.models.phases.database import Database
from sinterface.models.phases.substance import FAMILIES
from sinterface.models.powders import materials

T = 973.15
NMC_ELEMENTS = frozenset(("Li", "La", "Zr", "Ta", "Ni", "Mn", "Co"))
MANY = 4000
"""Samples of statistics: a standard deviation is off by 1.1 % of itself, a correlation by 0.016."""


@pytest.fixture(scope="module")
def pairs(db):
    known = {}

    def find(cathode):
        if cathode not in known:
            garnet = materials.find("LLZTO", "electrolyte")
            known[cathode] = couple(materials.find(cathode, "cathode"), garnet, db)
        return known[cathode]

    return find


@pytest.fixture(scope="module")
def free(db):
    """Samples before the projection, of all phases."""
    chosen = sorted(db.solids)
    return ensemble.independent(db, chosen, MANY, 5)


@pytest.fixture(scope="module")
def kept(db):
    """Samples after the projection, of all phases that LLZTO and NMC can form."""
    return ensemble.draw(db, 40, 3, NMC_ELEMENTS)


def shared(solid, other=None):
    """Covariance [J^2] of two enthalpies by the corrections alone."""
    fitted = corrections.load()
    n, m = (
        np.array([phase.amounts.get(element, 0.0) for element in fitted.elements]) for phase in (solid, other or solid)
    )
    return float(n @ fitted.covariance @ m)


def test_spread_is_that_of_the_tables(db, free):
    """Every phase: enthalpy and entropy each as uncertain as tabulated, independent of each other."""
    for column, phase in enumerate(free.phases):
        solid = db[phase]
        assert np.std(free.enthalpy[:, column]) == pytest.approx(solid.enthalpy_sd, rel=0.06, abs=1e-6), phase
        assert np.std(free.entropy[:, column]) == pytest.approx(solid.entropy_sd, rel=0.06, abs=1e-9), phase
        if solid.enthalpy_sd * solid.entropy_sd > 0.0:
            assert abs(np.corrcoef(free.enthalpy[:, column], free.entropy[:, column])[0, 1]) < 0.08, phase


def test_samples_lie_around_the_tables(db, raw, free):
    """Not around the embedded enthalpies, which were moved already."""
    for column, phase in enumerate(free.phases):
        error = db[phase].enthalpy + free.enthalpy[:, column].mean() - raw[phase].enthalpy
        assert abs(error) <= 5.0 * db[phase].enthalpy_sd / np.sqrt(MANY) + 1e-6, phase
        assert abs(free.entropy[:, column].mean()) <= 5.0 * db[phase].entropy_sd / np.sqrt(MANY) + 1e-9, phase


def test_computed_phases_err_together_measured_ones_alone(db):
    """Lanthanum nickel compounds share the errors that the corrections of La and Ni have, if they are DFT's."""
    computed, measured = ["La2Ni2O5", "La4LiNiO8", "La2MnNiO6"], ["La2O3", "LaNiO3", "LiNiO2", "NiO"]
    assert {db[p].method for p in computed} == {"dft"}
    assert "dft" not in {db[p].method for p in measured}
    correlation = np.corrcoef(ensemble.independent(db, [*computed, *measured], 20 * MANY, 2).enthalpy.T)
    expected = np.eye(7)
    for i, p in enumerate(computed):
        for j, q in enumerate(computed):
            if i != j:
                expected[i, j] = shared(db[p], db[q]) / (db[p].enthalpy_sd * db[q].enthalpy_sd)
    assert np.min(expected[:3, :3]) > 0.1
    np.testing.assert_allclose(correlation, expected, atol=0.018)  # five standard deviations


def test_errors_are_correlated_as_the_fit_says(db, free):
    """Of all pairs of phases; whatever is not a DFT energy errs by itself."""
    fitted = corrections.load()
    some = [p for p in free.phases if db[p].enthalpy_sd > 0.0]
    computed = np.array([db[p].method == "dft" for p in some])
    n = np.array([[db[p].amounts.get(element, 0.0) for element in fitted.elements] for p in some]) * computed[:, None]
    sd = np.array([db[p].enthalpy_sd for p in some])
    expected = n @ fitted.covariance @ n.T / np.outer(sd, sd)
    correlation = np.corrcoef(free.enthalpy[:, [free.phases.index(p) for p in some]].T)
    off = ~np.eye(len(some), dtype=bool)
    assert np.max(expected[off]) > 0.5
    assert np.sqrt(np.mean((correlation - expected)[off] ** 2)) < 0.02
    np.testing.assert_allclose(correlation[off], expected[off], atol=0.09)


def test_the_same_seed_gives_the_same_samples(db):
    elements = frozenset(("Li", "Ni", "La"))
    samples, again, other = (ensemble.draw(db, 6, seed, elements) for seed in (1, 1, 2))
    assert samples.phases == again.phases
    np.testing.assert_array_equal(samples.enthalpy, again.enthalpy)
    np.testing.assert_array_equal(samples.entropy, again.entropy)
    assert not np.any(np.isclose(samples.entropy, other.entropy) & (samples.entropy != 0.0))


def test_samples_do_not_depend_on_the_company(db):
    """Each phase has a stream of its own; only what the projection adds may depend on the others."""
    both, alone = (ensemble.independent(db, p, 8, 4) for p in (["LaNiO3", "NiO", "La2MnNiO6"], ["La2MnNiO6"]))
    np.testing.assert_array_equal(both.enthalpy[:, 2:], alone.enthalpy)
    np.testing.assert_array_equal(both.entropy[:, 2:], alone.entropy)
    assert not np.allclose(both.entropy[:, 0], both.entropy[:, 1])


def test_the_order_of_the_tables_does_not_matter(db):
    backwards = Database(dict(reversed(list(db.solids.items()))), db.fingerprint, db.changes)
    samples, other = (ensemble.draw(data, 4, 0, frozenset(("Li", "Ni", "Mn"))) for data in (db, backwards))
    assert samples.phases == other.phases
    np.testing.assert_array_equal(samples.enthalpy, other.enthalpy)


def test_gibbs_is_enthalpy_less_T_times_entropy(kept):
    np.testing.assert_allclose(kept.gibbs(500.0) - kept.gibbs(1500.0), 1000.0 * kept.entropy)
    np.testing.assert_allclose(kept.gibbs(0.0), kept.enthalpy)


def gains(db, samples, facts):
    """What each sample gains [J per mole of cations] by decomposing the fact's phase, at each of its temperatures."""
    for fact, case in zip(facts, assimilate.cases(db, facts, samples.phases), strict=True):
        for t, T in enumerate(case.temperatures):
            omega = case.energies[t] + samples.gibbs(T) @ case.makeup.T
            for row in omega:
                minimum = minimise(case.composition, row, case.composition[case.row], case.system.components)
                yield fact, T, float(row[case.row] - minimum.energy)


def test_known_stabilities_hold_in_every_sample(db, kept):
    """Over the compositions of the solutions that the nominal energies ask for; before, many do not."""
    facts = [fact for fact in assimilate.facts() if set(fact.composition) <= NMC_ELEMENTS | {"O"}]
    assert len(facts) > 15
    for fact, T, gain in gains(db, kept, facts):
        assert gain <= assimilate.TOLERANCE * (1.0 + 1e-6), (fact.composition, T)
    free = ensemble.independent(db, kept.phases, 40, 3)
    assert sum(gain > assimilate.TOLERANCE for _, _, gain in gains(db, free, facts)) > 100


def test_known_stabilities_nearly_hold_with_compositions_of_their_own(db, oxygen, kept):
    """Solutions refined for each sample find a little more: the projection knows the nominal compositions alone."""
    facts = [fact for fact in assimilate.facts() if set(fact.composition) <= NMC_ELEMENTS | {"O"}]
    over = []
    for case in assimilate.cases(db, facts, kept.phases):
        makeup = case.system.makeup(case.system.nothing(), kept.phases)
        T = case.temperatures[-1]
        omega = case.system.phases.grand_potential(T, oxygen)
        for change in kept.gibbs(T)[:10] @ makeup.T:
            total = case.composition[case.row]
            equilibrium = column_generation.equilibrium(case.system, omega + change, T, total).answer
            over.append((omega + change)[case.row] - equilibrium.energy)
    assert np.mean(np.array(over) > assimilate.TOLERANCE) < 0.2
    assert np.max(over) < 15.0 * assimilate.TOLERANCE


def test_projection_moves_nothing_else(db):
    """Samples that keep the facts stay as they were drawn, entropies always do."""
    free = ensemble.independent(db, sorted(s.id for s in db.within(("Li", "Ni"))), 30, 8)
    samples = ensemble.draw(db, 30, 8, frozenset(("Li", "Ni")))
    assert samples.phases == free.phases
    np.testing.assert_array_equal(samples.entropy, free.entropy)
    moved = np.any(samples.enthalpy != free.enthalpy, axis=1)
    facts = [fact for fact in assimilate.facts() if set(fact.composition) <= {"Li", "Ni", "O"}]
    assert facts
    wrong = np.zeros(30, dtype=bool)
    for sample in range(30):
        alone = ensemble.Ensemble(free.phases, free.enthalpy[[sample]], free.entropy[[sample]])
        wrong[sample] = any(gain > assimilate.TOLERANCE for _, _, gain in gains(db, alone, facts))
    np.testing.assert_array_equal(moved, wrong)
    assert 0 < np.count_nonzero(moved) < 30


@pytest.mark.parametrize("size", [0, -1])
def test_no_samples_are_refused(db, size):
    with pytest.raises(InputError, match=f"{size} samples of the energies: draw at least one"):
        ensemble.draw(db, size)


def test_one_sample(db, oxygen, pairs):
    pair = pairs("pc-LCO")
    spread = ensemble.interface_spread(pair, T, oxygen, ensemble.draw(db, 1, 0, frozenset(pair.system.components)))
    assert spread.energy.shape == spread.x.shape == (1,)
    assert spread.profile.shape == (1, 101)
    assert len(set(spread.energy_meV_per_atom.tolist())) == 1
    assert set(spread.probability.tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("cathode", ["pc-LCO", "pc-LNMO", "pc-NMC811"])
def test_spread_of_a_couple(db, oxygen, pairs, cathode):
    pair = pairs(cathode)
    told = []
    samples = ensemble.draw(db, 30, 2, frozenset(pair.system.components))
    spread = ensemble.interface_spread(pair, T, oxygen, samples, told.append)
    assert spread.energy.shape == spread.x.shape == (30,)
    assert spread.profile.shape == (30, 101)
    assert np.all((spread.x >= 0.0) & (spread.x <= 1.0))
    assert np.all((spread.probability > 0.0) & (spread.probability <= 1.0))
    assert set(spread.families) <= set(FAMILIES) - {pair.system.phases.solids[row].family for row in pair.rows}
    assert list(spread.families) == sorted(spread.families)
    low, middle, high = spread.energy_meV_per_atom
    assert low <= middle <= high <= 1e-6
    assert np.all(spread.profile <= 1e-3)  # doing nothing is always possible
    per_atom = spread.profile / pair.atoms(spread.at)
    assert np.all(spread.energy <= per_atom.min(axis=1) + 1e-6)
    assert told == pytest.approx(np.arange(1, 31) / 30.0)


def test_the_nickel_spinel_surely_makes_manganate_and_zirconate(db, oxygen, pairs):
    pair = pairs("pc-LNMO")
    samples = ensemble.draw(db, 100, 0, frozenset(pair.system.components))
    spread = ensemble.interface_spread(pair, T, oxygen, samples)
    probability = dict(zip(spread.families, spread.probability.tolist(), strict=True))
    assert probability["Li2MnO3"] > 0.9
    assert probability["La2Zr2O7"] > 0.9
    assert spread.energy_meV_per_atom[2] < -10.0


@pytest.mark.parametrize("cathode", ["pc-LNMO", "pc-LCO"])
def test_without_uncertainty_the_profile_is_the_nominal_one(db, oxygen, pairs, cathode):
    solids = {key: replace(s, enthalpy_sd=0.0, entropy_sd=0.0) for key, s in db.solids.items()}
    pair = pairs(cathode)
    samples = ensemble.draw(Database(solids, db.fingerprint), 3, 0, frozenset(pair.system.components))
    np.testing.assert_array_equal(samples.enthalpy, 0.0)
    np.testing.assert_array_equal(samples.entropy, 0.0)
    spread = ensemble.interface_spread(pair, T, oxygen, samples)
    line = profile(pair, pair.system.phases.grand_potential(T, oxygen), T)
    expected = np.interp(spread.at, line.x, line.energy)
    np.testing.assert_allclose(spread.profile, np.tile(expected, (3, 1)), atol=1e-3)
    np.testing.assert_allclose(spread.energy, np.min(line.energy / pair.atoms(line.x)), atol=1e-6)
    assert set(spread.probability.tolist()) <= {1.0}


def test_compositions_of_the_first_samples_serve_the_others(db, oxygen, pairs):
    """What a further sample would gain from compositions of its own: little as a rule, never a loss."""
    pair = pairs("pc-LNMO")
    samples = ensemble.draw(db, 40, 1, frozenset(pair.system.components))
    spread = ensemble.interface_spread(pair, T, oxygen, samples)
    omega = pair.system.phases.grand_potential(T, oxygen)
    change = samples.gibbs(T) @ pair.system.makeup(pair.system.nothing(), samples.phases).T
    excess = []
    for s in range(ensemble.TEACHERS, 40):
        now = omega + change[s]
        line = column_generation.line(pair.system, now, T, *pair.ends).answer
        gain = line.energy - (1.0 - line.t) * now[pair.rows[0]] - line.t * now[pair.rows[1]]
        excess.append(spread.energy[s] - np.min(gain / pair.atoms(line.t)))
    meV = np.array(excess) / EV_PER_ATOM * 1e3
    assert np.min(meV) > -0.02
    assert np.median(meV) < 0.05
    assert np.max(meV) < 4.0
