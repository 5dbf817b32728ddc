"""The fit of the element corrections: shipped table, synthetic truth, leave-one-out, round trip."""

from importlib import resources

import numpy as np
import pytest

from sinterface.models.basics.constants import EV_PER_ATOM
from sinterface.models.phases import corrections, database
from sinterface.models.phases.corrections import PRIOR_SD, EnthalpyPair, class_of

TRUTH = {"Li": 2.0e3, "La": 22.0e3, "Ni": -62.0e3, "Zr": -9.0e3}


def synthetic(simple, mixed, size=400, sd=500.0):
    """Oxides whose DFT energies are off by TRUTH per element and by ``simple`` or ``mixed`` [J/mol of atoms]."""
    rng = np.random.default_rng(1)
    made = []
    for i in range(size):
        cations = rng.choice(list(TRUTH), size=1 + i % 3, replace=False)
        amounts = {str(e): float(rng.integers(1, 4)) for e in cations} | {"O": float(rng.integers(1, 9))}
        noise = simple if len(amounts) == 2 else mixed
        error = (noise * sum(amounts.values()) * rng.normal() + sd * rng.normal()) * (noise > 0.0)
        made.append(EnthalpyPair(str(i), amounts, sum(n * TRUTH.get(e, 0.0) for e, n in amounts.items()) + error, sd))
    return made


@pytest.fixture(scope="module")
def fresh(records):
    return corrections.fit(database.observations(records))


def test_shipped_table_is_a_fresh_fit(fresh):
    shipped, fitted = corrections.load(), fresh[0]
    assert shipped.elements == fitted.elements
    np.testing.assert_allclose(shipped.values, fitted.values, atol=0.6)  # J/mol: rounded to 1
    np.testing.assert_allclose(shipped.covariance, fitted.covariance, atol=600.0)
    assert dict(shipped.residual) == pytest.approx(dict(fitted.residual), abs=0.6)


def test_round_trip(fresh):
    text = corrections.to_csv(fresh[0])
    assert corrections.to_csv(corrections.from_csv(text)) == text
    shipped = resources.files("sinterface.models.data").joinpath("corrections.csv").read_text(encoding="utf-8")
    assert corrections.to_csv(corrections.load()) == shipped


def test_exact_data_give_back_the_truth():
    fitted, left_out = corrections.fit(synthetic(0.0, 0.0))
    assert dict(zip(fitted.elements, fitted.values, strict=True)) == pytest.approx(TRUTH, abs=1.0)
    assert max(fitted.residual.values()) < 10.0
    assert max(abs(entry.error) for entry in left_out) < 1.0


@pytest.mark.parametrize(("simple", "mixed"), [(1000.0, 1000.0), (4000.0, 1500.0), (800.0, 6000.0)])
def test_noisy_data_give_truth_and_noise(simple, mixed):
    fitted, _ = corrections.fit(synthetic(simple, mixed))
    off = np.array([value - TRUTH[e] for e, value in zip(fitted.elements, fitted.values, strict=True)])
    assert off @ np.linalg.solve(fitted.covariance, off) < 18.5  # chi-squared, 4 degrees of freedom, p = 0.001
    assert fitted.residual["simple oxide"] == pytest.approx(simple, rel=0.25)
    assert fitted.residual["mixed oxide"] == pytest.approx(mixed, rel=0.15)
    assert fitted.residual["other"] == fitted.residual["mixed oxide"]  # no data of its own


def test_leave_one_out_is_leaving_one_out(records, fresh):
    """The leverage formula against one fit per observation left out, at the same sigmas."""
    observations = database.observations(records)
    fitted, left_out = fresh
    n = np.array([[o.amounts.get(e, 0.0) for e in fitted.elements] for o in observations])
    y = np.array([o.difference for o in observations])
    variance = np.array([o.sd**2 + (fitted.residual[class_of(o.amounts)] * o.atoms) ** 2 for o in observations])
    assert [entry.phase for entry in left_out] == [o.phase for o in observations]
    for i, (entry, observation) in enumerate(zip(left_out, observations, strict=True)):
        keep = np.arange(len(observations)) != i
        precision = (n[keep].T / variance[keep]) @ n[keep] + np.eye(len(fitted.elements)) / PRIOR_SD**2
        values = np.linalg.solve(precision, n[keep].T @ (y[keep] / variance[keep]))
        assert entry.error * observation.atoms == pytest.approx(y[i] - n[i] @ values, rel=1e-4, abs=1.0), entry.phase


def test_each_sigma_explains_its_residuals(records, fresh):
    """Mean squared leave-one-out residual over its own variance is one in each class."""
    observations, (fitted, left_out) = database.observations(records), fresh
    n = np.array([[o.amounts.get(e, 0.0) for e in fitted.elements] for o in observations])
    spread = np.einsum("ij,jk,ik->i", n, fitted.covariance, n)
    for kind in corrections.CLASSES:
        squares = []
        for entry, o, model in zip(left_out, observations, spread, strict=True):
            if entry.kind == kind and entry.determined:
                variance = o.sd**2 + (fitted.residual[kind] * o.atoms) ** 2
                squares.append((entry.error * o.atoms) ** 2 * (1.0 - model / variance) / variance)
        assert len(squares) > 10, kind
        assert np.mean(squares) == pytest.approx(1.0, rel=1e-3), kind


def test_rms_counts_what_the_others_determine(records, fresh):
    """Without LiNbO3 niobium rests on Nb2O5 alone, whose own error then says nothing."""
    assert all(entry.determined for entry in fresh[1])
    _, left_out = corrections.fit([o for o in database.observations(records) if o.phase != "LiNbO3"])
    lonely = {entry.phase for entry in left_out if not entry.determined}
    assert lonely == {"Nb2O5"}
    for kind in corrections.CLASSES:
        errors = [entry.error for entry in left_out if entry.kind == kind and entry.phase not in lonely]
        assert corrections.rms(left_out, kind) == pytest.approx(np.sqrt(np.mean(np.square(errors))))


@pytest.mark.parametrize(
    ("amounts", "kind"),
    [
        ({"Ni": 1, "O": 1}, "simple oxide"),
        ({"La": 1, "Co": 1, "O": 3}, "mixed oxide"),
        ({"Li": 1, "Fe": 1, "P": 1, "O": 4}, "other"),
        ({"Li": 1, "Nb": 1, "O": 3}, "other"),
    ],
)
def test_classes(amounts, kind):
    assert class_of(amounts) == kind


def test_known_systematic_errors(fresh):
    """Per element, kJ/mol (measured minus DFT): large for La, Ta and Ni, small for Li and Mn."""
    corrected = dict(zip(fresh[0].elements, fresh[0].values * 1e-3, strict=True))
    assert corrected["Ni"] == pytest.approx(-62.0, abs=8.0)
    assert corrected["Ta"] == pytest.approx(105.0, abs=18.0)
    assert 15.0 < corrected["La"] < 40.0
    assert abs(corrected["Li"]) < 5.0
    assert abs(corrected["Mn"]) < 5.0


def test_corrected_enthalpy_of_a_phase(fresh):
    fitted = fresh[0]
    i = fitted.elements.index("Ni")
    enthalpy, sd = fitted.enthalpy({"Ni": 1.0, "O": 1.0}, -1.0)
    assert enthalpy == pytest.approx(-2.0 * EV_PER_ATOM + fitted.values[i])
    assert sd == pytest.approx(np.hypot(np.sqrt(fitted.covariance[i, i]), 2.0 * fitted.residual["simple oxide"]))


def test_an_element_without_data_gets_the_prior(fresh):
    enthalpy, sd = fresh[0].enthalpy({"V": 1.0, "O": 1.0}, -2.0)
    assert enthalpy == pytest.approx(-4.0 * EV_PER_ATOM)
    assert sd == pytest.approx(PRIOR_SD, rel=0.01)


def test_the_fit_leaves_out_what_it_says(records):
    used = {observation.phase for observation in database.observations(records)}
    assert len(used) > 60
    for phase in used:
        assert records[phase].method in ("calorimetry", "emf", "equilibrium"), phase
        assert not {"C", "H"} & set(records[phase].amounts), phase
    assert not used & {"Ti2O3", "NbO2", "NbO", "WO2", "Li2O2"}
