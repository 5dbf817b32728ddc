"""Adaptive importance sampling against closed forms, and the likelihood's limits."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import norm

from sinterface.models.basics.errors import DataError, InputError
from sinterface.models.rates.parameters import names, priors
from sinterface.validation.calibration import calibrate, firings, likelihood
from sinterface.validation.calibration.firings import Predicted
from sinterface.validation.observations import cards_reader

OBSERVED = [one for one in cards_reader.read().observations if one.role == "fit"]
SIZE = len(priors())


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


def linear(monkeypatch, slope, data, sd):
    """A model whose log-likelihood is that of data = z.slope + error: the posterior is normal, in closed form."""

    def run_all(jobs, **_):
        return [predicted() for _ in jobs]

    seen = []

    def by_cathode(observed, predictions):
        z = seen.pop(0)
        return {name: float(norm.logpdf(data[name], slope[name] @ z, sd)) for name in data}

    made = calibrate.coordinates

    def coordinates(z):
        seen.append(z)
        return made(z)

    monkeypatch.setattr(calibrate, "POWER", 1.0)
    monkeypatch.setattr(calibrate, "run_all", run_all)
    monkeypatch.setattr(calibrate, "by_cathode", by_cathode)
    monkeypatch.setattr(calibrate, "coordinates", coordinates)


def closed(slope, data, sd, left):
    kept = [name for name in data if name not in left]
    A, y = np.array([slope[name] for name in kept]), np.array([data[name] for name in kept])
    covariance = np.linalg.inv(np.eye(SIZE) + A.T @ A / sd**2)
    return covariance @ A.T @ y / sd**2, np.sqrt(np.diag(covariance))


def test_importance_sampling_finds_a_normal_posterior_and_those_without_one_cathode(monkeypatch):
    monkeypatch.setattr(calibrate, "FIRST", 2000)
    monkeypatch.setattr(calibrate, "LATER", 2000)
    rng = np.random.default_rng(0)
    cathodes = sorted({one.cathode for one in OBSERVED})
    slope = {name: rng.normal(size=SIZE) for name in cathodes}
    data, sd = {name: 1.5 * rng.normal() for name in cathodes}, 1.0
    linear(monkeypatch, slope, data, sd)
    pool = calibrate.calibrate(OBSERVED, rounds=4, seed=1)
    assert pool.effective() > 500.0
    for left in ((), ("pc-LNMO",), ("pc-NMC532", "pc-NMC631")):
        w = np.exp(pool.log_weights(left))
        mean, deviation = closed(slope, data, sd, left)
        found = w @ pool.z
        assert found == pytest.approx(mean, abs=0.15)
        assert np.sqrt(w @ (pool.z - found) ** 2) == pytest.approx(deviation, abs=0.15)


def test_the_pool_is_written_read_and_gone_on_from(monkeypatch):
    cathodes = sorted({one.cathode for one in OBSERVED})
    slope = {name: np.eye(SIZE)[k] for k, name in enumerate(cathodes)}
    data = dict.fromkeys(cathodes, 1.0)
    linear(monkeypatch, slope, data, 0.7)
    whole = calibrate.calibrate(OBSERVED, rounds=3)
    half = calibrate.calibrate(OBSERVED, rounds=2)
    read = calibrate.read_pool(calibrate.pool_text(half))
    rest = calibrate.calibrate(OBSERVED, rounds=1, past=read)
    assert rest.z == pytest.approx(whole.z, abs=1e-12)
    assert rest.log_weights() == pytest.approx(whole.log_weights(), abs=1e-9)
    table = calibrate.posterior_table(whole, size=10).splitlines()
    assert table[0].split(",") == ["without", *names()]
    assert len(table) == 1 + 11 * (1 + len(cathodes)), "head, then a mode and samples of each"
    assert [row.split(",")[0] for row in table[1:3]] == ["mode", f"mode:{cathodes[0]}"]
    text = calibrate.pool_text(half)
    others = text.replace("transformation", "other"), text.replace(f"{priors()[0].mean}", "200.0")
    for damaged in ("", "[]", "{}", *others, "[" * 100_000):
        with pytest.raises(DataError, match="calibrate anew"):
            calibrate.read_pool(damaged)


def test_copied_cathodes_are_left_out_together():
    found = calibrate.groups(["pc-LCO", "pc-NMC532", "pc-NMC631"])
    assert found["pc-LCO"] == ("pc-LCO",)
    assert found["pc-NMC532"] == found["pc-NMC631"] == ("pc-NMC532", "pc-NMC631")


def test_estimates_tell_what_the_data_constrain_and_who(monkeypatch):
    """One cathode sees one parameter: it alone is told of, all others stay free."""
    monkeypatch.setattr(calibrate, "FIRST", 4000)
    cathodes = sorted({one.cathode for one in OBSERVED})
    slope = {name: np.eye(SIZE)[0] if name == "pc-LNMO" else np.zeros(SIZE) for name in cathodes}
    linear(monkeypatch, slope, dict.fromkeys(cathodes, 1.0), 0.3)
    first, *rest = calibrate.estimates(calibrate.calibrate(OBSERVED, rounds=1))
    card = priors()[0]
    assert (first.free, first.felt) == (False, ("pc-LNMO",))
    assert first.mean == pytest.approx(card.mean + card.sd / 1.09, abs=0.05 * card.sd)
    assert first.sd == pytest.approx(card.sd * np.sqrt(0.09 / 1.09), rel=0.1)
    assert all(one.free and one.felt == () for one in rest)


def test_nothing_to_fit_is_said():
    with pytest.raises(InputError, match="role = 'fit'"):
        calibrate.calibrate([one for one in cards_reader.read().observations if one.role == "test"])
