"""The sampler against closed forms, resumption, what Ctrl-C leaves, and the likelihood's limits."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import norm

from sinterface.models.basics.errors import InputError, SolveError
from sinterface.models.rates.parameters import names, priors
from sinterface.validation.calibration import (
    calibrate,
    emulator,
    firings,
    likelihood,
    posterior,
    rounds,
    sampling,
    search,
)
from sinterface.validation.calibration import pool as pools
from sinterface.validation.calibration.firings import Predicted
from sinterface.validation.observations import cards_reader

OBSERVED = [one for one in cards_reader.read().observations if one.role == "fit"]
SIZE = len(priors())
FEW = [one for one in OBSERVED if one.cathode in ("pc-LCO", "pc-LNMO", "sc-NMC631")]
CATHODES = ("pc-LCO", "pc-LNMO", "sc-NMC631")


def predicted(**families):
    return Predicted(families, {"cathode": 50.0, "electrolyte": 50.0}, "DONE")


def everywhere(one, observed=OBSERVED):
    return dict.fromkeys(firings.needed(observed), one)


def pick(cathode, celsius):
    return next(one for one in OBSERVED if one.cathode == cathode and abs(one.temperature - 273.15 - celsius) < 1.0)


def test_seen_rises_with_the_amount_from_doubt_to_doubt():
    one = pick("pc-LCO", 700)
    found = [likelihood.probability_seen(w, one) for w in (0.0, 0.03, 0.1, 0.3, 2.0, 5.0, 50.0)]
    assert found == sorted(found)
    spread = np.hypot(likelihood.SCATTER, 0.2 / 0.3)
    trace = 0.5 * likelihood.OUTLIERS + (1.0 - likelihood.OUTLIERS) * ndtr(np.log(likelihood.TRACE / 0.3) / spread)
    assert found[0] == found[1] == pytest.approx(trace, rel=1e-9), "nothing counts as a trace"
    assert found[3] == pytest.approx(0.5), "at the limit it is even"
    assert found[-1] == pytest.approx(1.0 - 0.5 * likelihood.OUTLIERS, abs=2e-3)


def test_not_seen_is_censored_not_zero():
    """Anything well below the limit explains "not detected" alike."""
    one = pick("pc-LCO", 600)
    none, trace = (likelihood.log_likelihood(one, everywhere(predicted(La2Zr2O7=w))) for w in (0.0, 0.05))
    much = likelihood.log_likelihood(one, everywhere(predicted(La2Zr2O7=10.0)))
    assert none - trace < 0.05
    assert none - much > 2.0


def test_amounts_are_most_probable_where_they_agree():
    one = pick("pc-LCO", 900)
    assert one.amounts
    shares = np.linspace(0.2, 12.0, 60)
    found = [likelihood.log_likelihood(one, everywhere(predicted(La2Zr2O7=w / 2, LaMO3=w / 2))) for w in shares]
    assert 2.0 < shares[int(np.argmax(found))] < 4.5


def test_what_did_not_end_counts_as_wrong():
    """In all that was seen, looked for, measured, compared or left unsaid: never better than an end that is wrong."""
    one = pick("pc-LCO", 600)
    lost = replace(predicted(La2Zr2O7=10.0), outcome="STALLED")
    assert likelihood.log_likelihood(one, everywhere(lost)) == pytest.approx(
        (len(one.not_seen) + 1) * np.log(0.5 * likelihood.OUTLIERS)
    )
    for one in OBSERVED:
        wrong = [predicted(), predicted(La2Zr2O7=50.0), predicted(LaMO3=30.0, La2MO4=20.0)]
        least = min(likelihood.log_likelihood(one, everywhere(other)) for other in wrong)
        assert likelihood.log_likelihood(one, everywhere(lost)) <= least + 1e-9


def test_a_trend_towards_a_run_that_did_not_end_is_none():
    one = pick("pc-LCO", 900)
    (trend,) = one.weaker_than
    found = everywhere(predicted(LaMO3=3.0, La2Zr2O7=0.1))
    there = firings.case(one, trend.temperature)
    right, lost = predicted(La2Zr2O7=2.0), replace(predicted(La2Zr2O7=2.0), outcome="STALLED")
    assert likelihood.log_likelihood(one, found | {there: lost}) < likelihood.log_likelihood(
        one, found | {there: right}
    )


def test_what_is_compared_with_is_run_too():
    one = pick("pc-LCO", 900)
    assert set(firings.needed([one])) == {
        firings.case(one, T)
        for T in (one.temperature, *(t.temperature for t in (*one.weaker_than, *one.stronger_than)))
    }


def linear(slopes, data, sd=1.0):
    """A model whose log-likelihood is that of data = z.slope + error: the posterior is normal, in closed form."""
    return lambda z: {name: float(norm.logpdf(data[name], slopes[name] @ z, sd)) for name in data}


def closed(slopes, data, left, sd=1.0):
    kept = [name for name in data if name not in left]
    A, y = np.array([slopes[name] for name in kept]), np.array([data[name] for name in kept])
    covariance = np.linalg.inv(np.eye(SIZE) + pools.POWER * A.T @ A / sd**2)
    return covariance @ A.T @ y * pools.POWER / sd**2, covariance


def toy():
    """Each cathode sees one coordinate or the sum or difference of two."""
    slopes = {name: np.zeros(SIZE) for name in CATHODES}
    slopes["pc-LCO"][0], slopes["pc-LNMO"][[1, 2]], slopes["sc-NMC631"][[2, 3]] = 2.0, 1.5, (1.0, -1.0)
    return slopes, {"pc-LCO": 2.0, "pc-LNMO": -1.5, "sc-NMC631": 1.0}


@pytest.fixture
def short(monkeypatch):
    """Walks that take a second and rounds of few sets: these models cost nothing, sampling does."""
    monkeypatch.setattr(sampling, "STEPS", 60)
    monkeypatch.setattr(rounds, "DRAWS", 12)
    monkeypatch.setattr(emulator, "FOR_LENGTHS", 40)


def test_samples_have_the_mean_and_the_covariance_of_a_normal_posterior_and_of_those_without_a_cathode(monkeypatch):
    """300 draws of each of four posteriors: means are good to 0.06, covariances to 0.1, of what is to be found."""
    monkeypatch.setattr(sampling, "STEPS", 240)
    monkeypatch.setattr(rounds, "DRAWS", 300)
    slopes, data = toy()
    reports = []
    pool = calibrate.calibrate(FEW, 1, generations=8, evaluate=linear(slopes, data), seed=1, report=reports.append)
    (about,) = reports
    assert about.effective[""] == pytest.approx(pool.effective())
    assert max(about.r_hat.values()) < 1.1
    assert about.together < 0.3 and about.together_rank > 0.95
    for left in ((), ("pc-LCO",), ("pc-LNMO",)):
        w = np.exp(pool.log_weights(left))
        mean, covariance = closed(slopes, data, left)
        found = w @ pool.z
        assert pool.effective(left) > 400.0
        assert found == pytest.approx(mean, abs=0.2)
        told = (pool.z - found).T @ ((pool.z - found) * w[:, None])
        assert told[:5, :5] == pytest.approx(covariance[:5, :5], abs=0.2)
    assert np.abs(closed(slopes, data, ("pc-LCO",))[0] - closed(slopes, data, ())[0]).max() > 0.6, "they differ"


def test_weights_correct_an_emulator_that_is_wrong():
    """Drawn from a normal distribution that is too wide and off by one, weighted to the prior."""
    rng = np.random.default_rng(0)
    z = np.hstack([1.0 + 1.5 * rng.normal(size=(4000, 1)), rng.normal(size=(4000, SIZE - 1))])
    drawn = -0.5 * ((z[:, 0] - 1.0) / 1.5) ** 2 - 0.5 * np.sum(z[:, 1:] ** 2, axis=1)
    pool = pools.Pool(z, np.zeros((4000, 1)), np.zeros(4000, dtype=np.int64), drawn, ("a",), MADE)
    w = np.exp(pool.log_weights())
    assert w @ z[:, 0] == pytest.approx(0.0, abs=0.06)
    assert w @ z[:, 0] ** 2 == pytest.approx(1.0, abs=0.08)
    assert 1000.0 < pool.effective() < 3500.0


def test_a_round_of_which_one_set_is_left_counts_for_nothing():
    z = np.zeros((6, SIZE))
    drawn = np.array([0.0, 500.0, 500.0, 0.0, 0.0, 0.0])
    pool = pools.Pool(z, np.zeros((6, 1)), np.array([0, 0, 0, 1, 1, -1]), drawn, ("a",), MADE)
    assert np.exp(pool.log_weights()) == pytest.approx([0.0, 0.0, 0.0, 0.5, 0.5, 0.0])


def test_a_search_alone_is_worth_no_samples():
    pool = pools.from_sets([[0.0] * SIZE] * 3, [{"a": -1.0}, {"a": -2.0}, {"a": -9.0}], MADE)
    assert pool.effective() == 0.0
    assert np.argmax(pool.log_weights()) == 0


def test_constants_of_normal_densities():
    """A density twice as wide in each of two coordinates has four times the integral."""
    wide, narrow = (lambda z, s=s: -0.5 * np.sum((z / s) ** 2, axis=1) for s in (2.0, 1.0))
    rng = np.random.default_rng(0)
    chains = [sampling.Chain(s * rng.normal(size=(4000, 2)), 1.0, 1.0, 4000.0) for s in (2.0, 1.0)]
    log = sampling.log_constants([wide, narrow], chains, (1,), each=4000)
    assert log == pytest.approx([0.0, -np.log(4.0)], abs=0.06)
    assert sampling.climb(lambda z: wide(z - 3.0), np.zeros(2)) == pytest.approx([3.0, 3.0], abs=1e-3)


MADE = pools.MadeWith("database", "observations", 16, 0.08)


def equal(one, other):
    assert one.z == pytest.approx(other.z, abs=1e-12)
    assert one.likelihood == pytest.approx(other.likelihood, abs=1e-12)
    assert np.array_equal(one.origin, other.origin)
    assert one.drawn == pytest.approx(other.drawn, abs=1e-9)


def test_a_search_finds_the_maximum_and_a_stopped_one_goes_on_as_if_it_had_not_been():
    slopes, data = toy()
    model = linear(slopes, data)
    whole = calibrate.calibrate(FEW, 0, generations=30, evaluate=model)
    assert len(whole.z) == 30 * search.GENERATION
    best, _ = closed(slopes, data, ())
    at = linear(slopes, data)(best)
    assert whole.log_density().max() > pools.POWER * sum(at.values()) - 0.5 * best @ best - 0.3
    kept, left = [], iter(range(4 * search.GENERATION + 5))

    def interrupted(z):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return model(z)

    with pytest.raises(KeyboardInterrupt):
        calibrate.calibrate(FEW, 0, generations=30, evaluate=interrupted, keep=kept.append)
    past = pools.read_pool(pools.pool_text(kept[-1]))
    assert np.count_nonzero(~past.waiting) == 4 * search.GENERATION + 5, "what was done is kept"
    assert past.waiting.sum() == search.GENERATION - 5
    equal(calibrate.calibrate(FEW, 0, generations=25, evaluate=model, past=past), whole)


def test_a_round_that_was_stopped_is_gone_on_with(short):
    slopes, data = toy()
    model = linear(slopes, data)
    start = calibrate.calibrate(FEW, 0, generations=4, evaluate=model)
    whole = calibrate.calibrate(FEW, 1, evaluate=model, past=start)
    assert whole.origin.max() == 0
    size = len(whole.z) - len(start.z)
    kept, left = [], iter(range(size - 9))

    def interrupted(z):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return model(z)

    with pytest.raises(KeyboardInterrupt):
        calibrate.calibrate(FEW, 1, evaluate=interrupted, past=start, keep=kept.append)
    past = pools.read_pool(pools.pool_text(kept[-1]))
    assert past.waiting.sum() == 9
    assert np.isfinite(past.effective())
    equal(calibrate.calibrate(FEW, 1, evaluate=model, past=past), whole)


def test_the_table_of_the_posterior(short):
    slopes, data = toy()
    model = linear(slopes, data)
    pool = calibrate.calibrate(FEW, 1, generations=4, evaluate=model)
    table = [row.split(",") for row in posterior.posterior_table(pool, size=10).splitlines()]
    assert table[0] == ["without", *names()]
    assert [row[0] for row in table[1:5]] == ["mode", *(f"mode:{name}" for name in CATHODES)]
    assert [row[0] for row in table[5:]] == [label for label in ("", *CATHODES) for _ in range(10)]
    best = posterior.coordinates(pool.z[np.argmax(pool.log_density(("pc-LCO",)))]).vector()
    assert [float(value) for value in table[2][1:]] == pytest.approx(list(best), rel=1e-5), "a set that was run"
    waiting = pool.with_sets(np.zeros((3, SIZE)), search.SEARCH)
    assert posterior.posterior_table(waiting, size=10) == posterior.posterior_table(pool, size=10)


def test_sets_that_were_run_elsewhere_are_where_a_search_starts():
    z = [[0.5] * SIZE, [2.0] + [0.0] * (SIZE - 1)]
    pool = pools.from_sets(z, [{"a": -1.0, "b": -50.0}, {"b": -2.0, "a": -1.0}], MADE)
    assert pool.cathodes == ("a", "b")
    assert pool.likelihood.tolist() == [[-1.0, -50.0], [-1.0, -2.0]]
    first = search.next_generation(pool)
    assert np.linalg.norm(first.mean(axis=0) - z[1]) < 1.0 < np.linalg.norm(first.mean(axis=0) - z[0])
    for wrong in (([], []), (z, [{"a": 1.0}]), ([[1.0]] * 2, [{"a": 1.0}] * 2), (z, [{"a": 1.0}, {"b": 1.0}])):
        with pytest.raises(InputError, match="each"):
            pools.from_sets(*wrong, MADE)
    with pytest.raises(InputError, match="finite"):
        pools.from_sets(z, [{"a": 1.0}, {"a": float("nan")}], MADE)


def test_a_pool_of_other_observations_runs_or_data_is_not_gone_on_from():
    model = linear(*toy())
    pool = calibrate.calibrate(FEW, 0, generations=1, evaluate=model)
    with pytest.raises(InputError, match="other cathodes"):
        calibrate.calibrate(OBSERVED, 0, past=pool)
    with pytest.raises(InputError, match="other observations: start anew"):
        calibrate.calibrate(FEW[1:], 0, past=pool)
    with pytest.raises(InputError, match="other cells and tolerance: start anew"):
        calibrate.calibrate(FEW, 0, past=pool, cells=20, tolerance=0.04)
    words = [replace(one, how_read="another sentence", source="another name") for one in FEW]
    assert calibrate.calibrate(words, 0, past=pool) is pool, "what is not part of a likelihood may change"


def test_too_few_sets_make_no_emulator():
    pool = calibrate.calibrate(FEW, 0, generations=1, evaluate=linear(*toy()))
    with pytest.raises(InputError, match="search longer"):
        rounds.draw_round(pool)


def test_a_set_whose_runs_fail_counts_as_wrong(monkeypatch):
    def fails(*_):
        raise SolveError("no")

    one = pick("pc-LCO", 600)
    monkeypatch.setattr(calibrate, "run", fails)
    assert calibrate.ObservedModel((one,))(np.zeros(SIZE)) == {
        "pc-LCO": pytest.approx((len(one.not_seen) + 1) * np.log(0.5 * likelihood.OUTLIERS))
    }


def test_copied_cathodes_are_left_out_together():
    found = posterior.groups(["pc-LCO", "pc-NMC532", "pc-NMC631"])
    assert found["pc-LCO"] == ("pc-LCO",)
    assert found["pc-NMC532"] == found["pc-NMC631"] == ("pc-NMC532", "pc-NMC631")


def test_estimates_tell_what_the_data_constrain_and_who():
    """One cathode sees one parameter: it alone is told of, all others stay free."""
    z = np.random.default_rng(0).normal(size=(4000, SIZE))
    table = np.zeros((4000, 2))
    table[:, 1] = norm.logpdf(1.0, z[:, 0], 0.3) / pools.POWER
    drawn = -0.5 * np.sum(z**2, axis=1)
    pool = pools.Pool(z, table, np.zeros(4000, dtype=np.int64), drawn, ("pc-LCO", "pc-LNMO"), MADE)
    first, *rest = posterior.estimates(pool)
    card = priors()[0]
    assert (first.free, first.felt) == (False, ("pc-LNMO",))
    assert first.mean == pytest.approx(card.mean + card.sd / 1.09, abs=0.05 * card.sd)
    assert first.sd == pytest.approx(card.sd * np.sqrt(0.09 / 1.09), rel=0.1)
    assert all(one.free and one.felt == () for one in rest)


def test_nothing_to_fit_is_said():
    with pytest.raises(InputError, match="role = 'fit'"):
        calibrate.calibrate([one for one in cards_reader.read().observations if one.role == "test"])
