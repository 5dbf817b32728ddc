"""The sampler against closed forms, resumption, what Ctrl-C leaves, and the likelihood's limits."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import norm
from threadpoolctl import threadpool_limits

from sinterface.models.basics.errors import InputError, SolveError
from sinterface.models.rates.parameters import names, priors
from sinterface.validation.calibration import calibrate, emulator, posterior, rounds, search, walks
from sinterface.validation.judging import firings, judge, likelihood, pool_file
from sinterface.validation.judging import pool as pools
from sinterface.validation.judging.firings import Predicted
from sinterface.validation.observations import cards_reader

OBSERVED = [card for card in cards_reader.read().observations if card.role == "fit"]
SIZE = len(priors())
FEW = [card for card in OBSERVED if card.cathode in ("pc-LCO", "pc-LNMO", "sc-NMC631")]
CATHODES = ("pc-LCO", "pc-LNMO", "sc-NMC631")


def predicted(**families):
    return Predicted(families, {"cathode": 50.0, "electrolyte": 50.0}, "DONE")


def everywhere(prediction, observed=OBSERVED):
    return dict.fromkeys(firings.needed(observed), prediction)


def pick(cathode, celsius):
    return next(card for card in OBSERVED if card.cathode == cathode and abs(card.temperature - 273.15 - celsius) < 1.0)


def test_seen_rises_with_the_amount_from_doubt_to_doubt():
    card = pick("pc-LCO", 700)
    chances = [likelihood.probability_seen(w, card) for w in (0.0, 0.03, 0.1, 0.3, 2.0, 5.0, 50.0)]
    assert chances == sorted(chances)
    spread = np.hypot(likelihood.SCATTER, 0.2 / 0.3)
    trace = 0.5 * likelihood.OUTLIERS + (1.0 - likelihood.OUTLIERS) * ndtr(np.log(likelihood.TRACE / 0.3) / spread)
    assert chances[0] == chances[1] == pytest.approx(trace, rel=1e-9), "nothing counts as a trace"
    assert chances[3] == pytest.approx(0.5), "at the limit it is even"
    assert chances[-1] == pytest.approx(1.0 - 0.5 * likelihood.OUTLIERS, abs=2e-3)


def test_not_seen_is_censored_not_zero():
    """Anything well below the limit explains "not detected" alike."""
    card = pick("pc-LCO", 600)
    none, trace = (likelihood.log_likelihood(card, everywhere(predicted(La2Zr2O7=w))) for w in (0.0, 0.05))
    much = likelihood.log_likelihood(card, everywhere(predicted(La2Zr2O7=10.0)))
    assert none - trace < 0.05
    assert none - much > 2.0


def test_amounts_are_most_probable_where_they_agree():
    card = pick("pc-LCO", 900)
    assert card.amounts
    shares = np.linspace(0.2, 12.0, 60)
    logs = [likelihood.log_likelihood(card, everywhere(predicted(La2Zr2O7=w / 2, LaMO3=w / 2))) for w in shares]
    assert 2.0 < shares[int(np.argmax(logs))] < 4.5


def test_what_did_not_end_counts_as_wrong():
    """In all that was seen, looked for, measured, compared or left unsaid: never better than an end that is wrong."""
    card = pick("pc-LCO", 600)
    lost = replace(predicted(La2Zr2O7=10.0), outcome="STALLED")
    assert likelihood.log_likelihood(card, everywhere(lost)) == pytest.approx(
        (len(card.not_seen) + 1) * np.log(0.5 * likelihood.OUTLIERS)
    )
    for card in OBSERVED:
        wrong = [predicted(), predicted(La2Zr2O7=50.0), predicted(LaMO3=30.0, La2MO4=20.0)]
        least = min(likelihood.log_likelihood(card, everywhere(other)) for other in wrong)
        assert likelihood.log_likelihood(card, everywhere(lost)) <= least + 1e-9


def test_a_trend_towards_a_run_that_did_not_end_is_none():
    card = pick("pc-LCO", 900)
    (trend,) = card.weaker_than
    predictions = everywhere(predicted(LaMO3=3.0, La2Zr2O7=0.1))
    there = firings.case(card, trend.temperature)
    right, lost = predicted(La2Zr2O7=2.0), replace(predicted(La2Zr2O7=2.0), outcome="STALLED")
    assert likelihood.log_likelihood(card, predictions | {there: lost}) < likelihood.log_likelihood(
        card, predictions | {there: right}
    )


def test_what_is_compared_with_is_run_too():
    card = pick("pc-LCO", 900)
    assert set(firings.needed([card])) == {
        firings.case(card, T)
        for T in (card.temperature, *(t.temperature for t in (*card.weaker_than, *card.stronger_than)))
    }


class Normal:
    """A judge whose posterior is normal: the log of La2Zr2O7 in the first firing of each cathode was measured."""

    cathodes = CATHODES

    def __init__(self, data, sd=0.4):
        self.data, self.sd = data, sd
        wanted = [next(o for o in FEW if o.cathode == name) for name in CATHODES]
        self.cases = tuple(firings.case(o, o.temperature) for o in wanted)

    def __call__(self, logs, ended, variance=None):
        place = judge.PLACES.index("La2Zr2O7")
        unsure = 0.0 if variance is None else np.broadcast_to(variance, logs.shape)[:, :, place]
        told = norm.logpdf(self.measured(), logs[:, :, place], np.sqrt(self.sd**2 + unsure))
        return np.where(ended, told, -50.0)

    def measured(self):
        return np.array([MIDDLE + self.sd * self.data[name] for name in CATHODES])


MIDDLE = 1.0


def linear(slopes, sd=0.4):
    """A model in which that log is linear in the coordinates."""

    def evaluate(z, cases):
        logs = {case: MIDDLE + sd * slopes[case.cathode] @ z for case in cases}
        return {case: predicted(La2Zr2O7=max(np.exp(log) - judge.OFFSET, 0.0)) for case, log in logs.items()}

    return evaluate


def closed(slopes, data, left):
    """Mean and covariance of the posterior."""
    counted = [name for name in data if name not in left]
    A, y = np.array([slopes[name] for name in counted]), np.array([data[name] for name in counted])
    covariance = np.linalg.inv(np.eye(SIZE) + pools.POWER * A.T @ A)
    return covariance @ A.T @ y * pools.POWER, covariance


def toy():
    """Each cathode sees one coordinate or the sum or difference of two."""
    slopes = {name: np.zeros(SIZE) for name in CATHODES}
    slopes["pc-LCO"][0], slopes["pc-LNMO"][[1, 2]], slopes["sc-NMC631"][[2, 3]] = 2.0, 1.5, (1.0, -1.0)
    return slopes, {"pc-LCO": 2.0, "pc-LNMO": -1.5, "sc-NMC631": 1.0}


def calibrated(rounds=0, generations=None, **options):
    """A calibration on the normal toy."""
    slopes, data = toy()
    told = {"evaluate": linear(slopes), "judge": Normal(data), **options}
    return calibrate.calibrate(FEW, rounds, generations=generations, **told)


@pytest.fixture
def short(monkeypatch):
    """Short walks of few walkers: these models cost nothing, emulators do."""
    monkeypatch.setattr(rounds, "LENGTHS", (8, 24))
    monkeypatch.setattr(rounds, "STAGES", 3)
    monkeypatch.setattr(rounds, "WALKERS", 12)
    monkeypatch.setattr(emulator, "FOR_LENGTHS", 60)
    monkeypatch.setattr(emulator, "LEAST", 48)
    monkeypatch.setattr(search, "LEAST", 48)


@pytest.fixture
def normal(monkeypatch):
    """Priors without a least value: posteriors in closed form are those of normal ones."""
    for module in (pools, emulator, rounds):
        monkeypatch.setattr(module, "log_prior", lambda z: -0.5 * np.sum(z**2, axis=1))


def few_sets_train(monkeypatch):
    """Models this simple are learnt from 150 sets, in a tenth of the time that 1500 take."""
    monkeypatch.setattr(emulator, "MOST", 150)
    monkeypatch.setattr(emulator, "FOR_LENGTHS", 150)
    monkeypatch.setattr(rounds, "STAGES", 4)


@pytest.mark.usefixtures("normal")
def test_samples_have_the_mean_and_the_covariance_of_a_normal_posterior_and_of_those_without_a_cathode(monkeypatch):
    """With 80 independent samples means are good to 0.11 and covariances to 0.16, with more of them to less."""
    few_sets_train(monkeypatch)
    monkeypatch.setattr(rounds, "WALKERS", 1200)
    monkeypatch.setattr(rounds, "LENGTHS", (100, 200))
    slopes, data = toy()
    reports = []
    pool = calibrated(9, 6, seed=1, report=reports.append)
    assert [about.number for about in reports] == list(range(1, 10))
    about = reports[-1]
    assert about.effective[""] == pytest.approx(walks.effective(pool))
    assert about.r_hat < 1.1
    assert about.check.together < 0.3 and about.check.together_rank > 0.95
    assert about.missed < 0.3 and about.ranked > 0.9
    assert about.moved > 0.8
    for left in ((), ("pc-LCO",), ("pc-LNMO",)):
        w = np.exp(walks.log_weights(pool, left))
        mean, covariance = closed(slopes, data, left)
        weighted = w @ pool.z
        assert walks.effective(pool, left) > 400.0
        assert weighted == pytest.approx(mean, abs=0.2)
        spread = (pool.z - weighted).T @ ((pool.z - weighted) * w[:, None])
        assert spread[:5, :5] == pytest.approx(covariance[:5, :5], abs=0.2)
    assert np.abs(closed(slopes, data, ("pc-LCO",))[0] - closed(slopes, data, ())[0]).max() > 0.6, "they differ"


JUDGE = judge.ObservationJudge(tuple(FEW))


def amounts_of(z, cases):
    """Families (N, K) that come with temperature, earlier or later with two coordinates, and one that a third makes."""
    hot = np.array([(case.celsius - 700.0) / 100.0 for case in cases])
    first, second, third = (z[:, [k]] for k in range(3))
    logs = {
        "La2Zr2O7": hot + 2.0 * first - 0.5,
        "LaMO3": 1.5 * hot + 2.0 * second,
        "La2O3": 1.5 * third + 0.0 * hot - 1.0,
    }
    return {name: np.exp(np.minimum(log, 4.0)) for name, log in logs.items()}


def curved(z, cases):
    """The same as a model of one set."""
    told = amounts_of(z[None], cases)
    return {case: predicted(**{name: shares[0, k] for name, shares in told.items()}) for k, case in enumerate(cases)}


def by_quadrature(left):
    """Means and deviations (3,) of the posterior of that model under the likelihood of the observations."""
    axis = np.linspace(-4.0, 4.0, 21)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    counted = [name not in left for name in JUDGE.cathodes]
    log = []
    for z in np.array_split(grid, 20):
        logs = np.full((len(z), len(JUDGE.cases), len(judge.PLACES)), np.log(judge.OFFSET))
        logs[..., [judge.PLACES.index(role) for role in ("cathode", "electrolyte")]] = np.log(50.0 + judge.OFFSET)
        for name, shares in amounts_of(z, JUDGE.cases).items():
            logs[..., judge.PLACES.index(name)] = np.log(shares + judge.OFFSET)
        told = JUDGE(logs, np.ones(logs.shape[:2], dtype=bool))[:, counted].sum(axis=1)
        log.append(pools.POWER * told - 0.5 * np.sum(z**2, axis=1))
    w = np.exp(np.concatenate(log) - np.max(np.concatenate(log)))
    mean = w @ grid / w.sum()
    return mean, np.sqrt(w @ (grid - mean) ** 2 / w.sum())


def test_the_posterior_under_the_likelihood_is_recovered_and_two_seeds_agree(monkeypatch):
    """Amounts, detection limits, censoring and outliers: means and deviations are those of quadrature."""
    few_sets_train(monkeypatch)
    monkeypatch.setattr(rounds, "WALKERS", 900)
    monkeypatch.setattr(rounds, "LENGTHS", (80, 160))
    known = {left: by_quadrature(left) for left in ((), ("pc-LNMO",))}
    assert np.abs(known[()][0] - known[("pc-LNMO",)][0]).max() > 0.2, "that cathode matters"
    assert known[()][1].max() < 0.8, "and the data constrain"
    pools_of = [calibrate.calibrate(FEW, 7, generations=7, evaluate=curved, seed=seed) for seed in (1, 2)]
    for left, (mean, sd) in known.items():
        told = []
        for pool in pools_of:
            assert walks.effective(pool, left) >= 200.0
            w = np.exp(walks.log_weights(pool, left))
            told.append(w @ pool.z[:, :3])
            assert told[-1] == pytest.approx(mean, abs=0.17)
            assert np.sqrt(w @ (pool.z[:, :3] - told[-1]) ** 2) == pytest.approx(sd, rel=0.2)
        assert told[0] == pytest.approx(told[1], abs=0.2)


def test_arrays_are_judged_as_single_sets_are():
    """All that observations say, runs that do not end included: equal to 1e-10."""
    rng = np.random.default_rng(3)
    cards = cards_reader.read()
    everything = [o for o in (*cards.observations, *cards.alone) if hasattr(o, "seen")]
    of_all = judge.ObservationJudge(tuple(everything))
    assert any(o.amounts for o in everything) and any(o.gone for o in everything)
    assert any(o.weaker_than for o in everything) and any(o.weight.value < 1.0 for o in everything)
    told, ended = [], rng.random((12, len(of_all.cases))) > 0.1
    for row in ended:
        amounts = np.where(rng.random((len(row), len(judge.PLACES))) < 0.4, 0.0, np.exp(rng.normal(-1.0, 2.5, 1)))
        amounts = amounts * np.exp(rng.normal(size=amounts.shape))
        told.append({
            case: Predicted(
                dict(zip(judge.PLACES[:-2], amounts[k, :-2], strict=True)),
                dict(zip(judge.PLACES[-2:], amounts[k, -2:], strict=True)),
                "DONE" if row[k] else "STALLED",
            )
            for k, case in enumerate(of_all.cases)
        })  # fmt: skip
    logs = np.array([[judge.logs_of(runs[case]) for case in of_all.cases] for runs in told])
    known = [likelihood.by_cathode(everything, runs) for runs in told]
    assert of_all(logs, ended) == pytest.approx(
        np.array([[row[name] for name in of_all.cathodes] for row in known]), abs=1e-10
    )
    assert of_all(logs, ended, np.zeros(1)) == pytest.approx(of_all(logs, ended), abs=1e-12)


def test_what_is_told_of_an_unsure_amount_is_the_mean_over_what_it_may_be():
    """Against Gauss-Hermite quadrature over the log of the amount, for a family seen."""
    seen = next(o for o in OBSERVED if o.seen and not o.amounts)
    alone = judge.ObservationJudge(
        (replace(seen, seen=seen.seen[:1], not_seen=(), gone=(), weaker_than=(), stronger_than=()),)
    )
    place, k = judge.PLACES.index(seen.seen[0]), alone.cases.index(firings.case(seen, seen.temperature))
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    sd, logs = 0.5, np.full((len(nodes), len(alone.cases), len(judge.PLACES)), np.log(judge.OFFSET))
    logs[:, k, place] = np.log(2.0) + sd * nodes
    ended = np.ones(logs.shape[:2], dtype=bool)
    mean = weights @ alone(logs, ended)[:, 0] / weights.sum()
    middle, variance = logs[:1].copy(), np.zeros(logs.shape[1:])
    middle[:, k, place], variance[k, place] = np.log(2.0), sd**2
    told, sure = alone(middle, ended[:1], variance)[0, 0], alone(middle, ended[:1])[0, 0]
    assert told == pytest.approx(mean, abs=2e-3)
    assert sure - told > 5e-3, "it is not the same as knowing"


class Wrong:
    """Stands in for an emulator: the first coordinate is normal with another mean and width than that of the prior."""

    check = None

    def likelihood(self, z):
        return (0.5 * z[:, [0]] ** 2 - 0.5 * ((z[:, [0]] - 1.0) / 1.5) ** 2) / pools.POWER


@pytest.mark.usefixtures("normal")
def test_walkers_sample_the_posterior_however_wrong_the_emulator_is(monkeypatch):
    """The emulator is off by one and half as wide again: it proposes, and the prior comes out all the same."""
    monkeypatch.setattr(rounds, "train", lambda *_: Wrong())
    monkeypatch.setattr(rounds, "WALKERS", 1600)
    monkeypatch.setattr(rounds, "LENGTHS", (100, 200))
    z = np.random.default_rng(0).normal(size=(1600, SIZE))
    pool = known(z, np.zeros((1600, 1)), np.full(1600, pools.GIVEN), np.zeros(1600))
    for seed in range(8):
        for draw in (rounds.with_starts, lambda pool, seed: rounds.draw_round(pool, seed)[0]):
            pool = draw(pool, seed)
            pool = replace(pool, states=np.full_like(pool.states, pools.ENDED), logs=np.zeros_like(pool.logs))
    w = np.exp(walks.log_weights(pool))
    mine = np.array([left == () for left in walks.turns(pool.cathodes, 1600)])
    proposed = pool.z[pool.origin == 8, 0][mine]
    assert proposed.mean() > 0.25 and proposed.std() > 1.1, "it is proposed to them"
    assert w @ pool.z[:, 0] == pytest.approx(0.0, abs=0.1)
    assert w @ pool.z[:, 0] ** 2 == pytest.approx(1.0, abs=0.15)
    assert 500.0 < walks.effective(pool) < 5000.0


def test_a_walker_goes_where_the_density_of_its_posterior_rises_by_more_than_is_asked_for():
    """Two walkers given all and the third without "a", two rounds; a third round is not whole and tells nothing."""
    table = np.array([[-1.0], [-2.0], [-9.0], [-0.5], [-4.0], [-9.0], [-5.0], [-1.5], [-9.0], [0.0]]) / pools.POWER
    origin = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3])
    rise = np.array([0.0, 0.0, 0.0, 0.2, -1.0, -0.1, -9.0, 0.6, 0.1, -9.0])
    pool = known(np.zeros((10, SIZE)), table, origin, rise)
    assert walks.turns(pool.cathodes, 3) == [(), (), ("a",)]
    assert walks.walks(pool).tolist() == [[0, 1, 2], [3, 1, 5], [6, 1, 5]], (
        "the likelihood of a tells the third nothing"
    )
    assert walks.samples(pool).tolist() == [[3, 1], [6, 1]] and walks.samples(pool, ("a",)).tolist() == [[5], [5]]
    w = np.exp(walks.log_weights(pool))
    assert w == pytest.approx([0.0, 0.5, 0.0, 0.25, 0.0, 0.0, 0.25, 0.0, 0.0, 0.0])
    assert np.flatnonzero(np.exp(walks.log_weights(pool, ("a",)))).tolist() == [5]
    waiting = replace(pool, states=np.where(origin[:, None] == 1, pools.NOT_RUN, pool.states))
    assert walks.walks(waiting).tolist() == [[0, 1, 2]] and walks.effective(waiting) == 0.0
    assert walks.around(waiting).size == 0, "without a warning that there is nothing to take a mean of"


def test_walks_that_drift_have_not_converged():
    """Walkers that stand 1 apart in the second half: R-hat is that of Gelman & Rubin with four parts, sqrt(1 + 1/3)."""
    z = np.random.default_rng(4).normal(size=(20, 800, SIZE))
    assert walks.r_hat(z) == pytest.approx(1.0, abs=0.01)
    z[10:, :, 5] += 1.0
    assert walks.r_hat(z) == pytest.approx(np.sqrt(1.0 + 1.0 / 3.0), abs=0.02)
    assert np.isnan(walks.r_hat(z[:1])) and walks.autocorrelation(z[:1]) == float("inf")
    assert walks.autocorrelation(z[:10]) == pytest.approx(1.0, abs=0.1)
    assert walks.autocorrelation(np.repeat(z[:1], 5, axis=0)) == float("inf"), "nobody has moved"


def test_what_is_told_of_a_cathode_left_out_comes_from_sets_that_were_looked_for_without_it():
    """The first set fits both cathodes, being looked for with both: of b it is no prediction."""
    table = np.array([[-1.0, -1.0], [-2.0, -8.0], [-3.0, -9.0], [-9.0, -0.5]])
    z = np.arange(4.0)[:, None] * np.ones(SIZE)
    pool = known(z, table, np.full(4, pools.GUESS), np.zeros(4), ("a", "b"), ["", "b", "b", "a"])
    assert pool.blind().all() and pool.blind(("b",)).tolist() == [False, True, True, False]
    assert posterior.mode(pool, ("b",)) == posterior.coordinates(z[1]) and posterior.mode(
        pool
    ) == posterior.coordinates(z[0])
    assert np.isfinite(walks.log_weights(pool, ("b",))).tolist() == [False, True, True, False]
    unaimed = replace(pool, aims=np.full(4, ""))
    assert unaimed.blind(("b",)).all(), "as long as none was looked for without it"


def test_a_search_looks_for_sets_without_each_cathode_and_says_which(short):
    pool = calibrated(0, 8)
    guessed = pool.origin == pools.GUESS
    assert set(pool.aims[~guessed]) == {""}
    names, counts = np.unique(pool.aims[guessed], return_counts=True)
    assert names.tolist() == ["", *sorted(pools.aim(left) for left in set(walks.groups(pool.cathodes).values()))]
    assert counts.min() >= 5, "each has its share"
    walked = calibrated(1, past=pool)
    for number in (0, 1):
        assert walked.aims[walked.origin == number].tolist() == [
            pools.aim(left) for left in walks.turns(pool.cathodes, 12)
        ]


def test_walkers_start_where_emulated_walks_from_the_prior_end_and_not_at_sets_that_a_search_found(short):
    pool = calibrated(0, 8)
    started = rounds.with_starts(pool)
    assert np.count_nonzero(started.origin == 0) == 12 and started.waiting[started.origin == 0].all()
    searched = pool.z.tolist()
    assert not any(row in searched for row in started.z[started.origin == 0].tolist())
    assert rounds.with_starts(started) is started, "once"
    walked = calibrated(1, past=pool)
    assert np.array_equal(walked.z[walked.origin == 0], started.z[started.origin == 0]), "by the seed"


def test_a_search_alone_is_worth_no_samples():
    table = np.array([[-1.0], [-2.0], [-9.0]])
    pool = known(np.zeros((3, SIZE)), table, np.full(3, pools.GIVEN), np.zeros(3))
    assert walks.effective(pool) == 0.0
    assert np.argmax(walks.log_weights(pool)) == 0


MADE = pools.MadeWith("database", 16, 0.08)


class Table:
    """A judge that reads log-likelihoods (S, C) off the logs of the first firing, where a test has put them."""

    def __init__(self, cathodes):
        self.cathodes, self.cases = cathodes, (firings.case(FEW[0], FEW[0].temperature),)

    def __call__(self, logs, ended, variance=None):
        return logs[:, 0, : len(self.cathodes)]


def known(z, table, origin, rise, cathodes=("a",), aims=None):
    """A pool of sets whose log-likelihoods (S, C) are these."""
    logs = np.zeros((len(z), 1, len(judge.PLACES)))
    logs[:, 0, : table.shape[1]] = table
    aims = np.full(len(z), "") if aims is None else np.array(aims)
    ended = np.full((len(z), 1), pools.ENDED)
    return pools.Pool(z, logs, ended, origin, rise, aims=aims, judge=Table(cathodes), made_with=MADE)


def equal(pool, other):
    for name in ("z", "logs", "states", "origin", "rise"):
        assert getattr(pool, name) == pytest.approx(getattr(other, name), abs=1e-9), name
    assert pool.aims.tolist() == other.aims.tolist()
    assert pool.likelihood == pytest.approx(other.likelihood, abs=1e-9, nan_ok=True)


def stopped(after, model):
    """The model, which is stopped by Ctrl-C after so many sets."""
    left = iter(range(after))

    def evaluate(z, cases):
        if next(left, None) is None:
            raise KeyboardInterrupt
        return model(z, cases)

    return evaluate


def test_a_search_finds_the_maximum_and_a_stopped_one_goes_on_as_if_it_had_not_been(short):
    """Three generations of CMA-ES on the model and four on the emulator; stopped in the second of these."""
    slopes, data = toy()
    whole = calibrated(0, 7)
    assert len(whole.z) == 7 * search.GENERATION
    assert np.count_nonzero(whole.origin == search.SEARCH) == 3 * search.GENERATION
    best, _ = closed(slopes, data, ())
    told = norm.logpdf([slopes[name] @ best for name in CATHODES], list(data.values()), 1.0) - np.log(0.4)
    highest = pools.POWER * told.sum() - 0.5 * best @ best
    reached = [whole.log_density()[rows].max() for rows in (whole.origin == search.SEARCH, whole.origin == pools.GUESS)]
    assert reached[1] <= highest + 1e-3, "no set is better than the best"
    assert reached[1] > highest - 0.2 > reached[0] + 0.6, "of which CMA-ES alone is far after as few sets"
    kept = []
    with pytest.raises(KeyboardInterrupt):
        calibrated(0, 7, evaluate=stopped(4 * search.GENERATION + 5, linear(slopes)), keep=kept.append)
    past = pool_file.read_pool(pool_file.pool_text(kept[-1])).judged_by(Normal(data))
    assert np.count_nonzero(~past.waiting) == 4 * search.GENERATION + 5, "what was done is kept"
    assert past.waiting.sum() == search.GENERATION - 5
    equal(calibrated(0, 2, past=past), whole)


@pytest.mark.parametrize("started", [False, True], ids=["stopped among the starts", "stopped in the round"])
def test_a_round_that_was_stopped_is_gone_on_with(short, started):
    slopes, data = toy()
    start = calibrated(0, 4)
    whole = calibrated(1, past=start)
    assert whole.origin.max() == 1
    size, kept = np.count_nonzero(whole.origin == 1), []
    with pytest.raises(KeyboardInterrupt):
        calibrated(1, evaluate=stopped(size * (1 + started) - 9, linear(slopes)), past=start, keep=kept.append)
    past = pool_file.read_pool(pool_file.pool_text(kept[-1]))
    assert past.judged_by(Normal(data)).waiting.sum() == 9
    assert walks.effective(past.judged_by(Normal(data))) == 0.0
    equal(calibrated(1, past=past), whole)


def test_the_table_of_the_posterior(short):
    pool = calibrated(1, 4)
    table = [row.split(",") for row in posterior.posterior_table(pool, size=10).splitlines()]
    assert table[0] == ["without", *names()]
    assert [row[0] for row in table[1:5]] == ["mode", *(f"mode:{name}" for name in CATHODES)]
    assert [row[0] for row in table[5:]] == [label for label in ("", *CATHODES) for _ in range(10)]
    best = posterior.coordinates(pool.z[np.argmax(pool.log_density(("pc-LCO",)))]).vector()
    assert [float(value) for value in table[2][1:]] == pytest.approx(list(best), rel=1e-5), "a set that was run"
    waiting = pool.with_sets(np.zeros((3, SIZE)), search.SEARCH)
    assert posterior.posterior_table(waiting, size=10) == posterior.posterior_table(pool, size=10)


def test_sets_that_were_run_elsewhere_are_where_a_search_starts():
    slopes, data = toy()
    of, model = Normal(data), linear(slopes)
    z = [[0.5] * SIZE, [2.0] + [0.0] * (SIZE - 1)]
    pool = pools.from_runs(z, [model(np.array(row), of.cases) for row in z], of, MADE)
    assert pool.z == pytest.approx(np.array(z))
    assert not pool.waiting.any() and pool.log_density()[1] > pool.log_density()[0]
    first, origin, aims = search.next_generation(pool)
    assert origin == search.SEARCH and not any(aims)
    assert np.linalg.norm(first.mean(axis=0) - z[1]) < 1.0 < np.linalg.norm(first.mean(axis=0) - z[0])
    part = pools.from_runs(z, [{of.cases[0]: predicted()}] * 2, of, MADE)
    assert part.waiting.all() and part.missing(1) == of.cases[1:], "what is missing is still to be run"
    for wrong in (([], []), (z, [{}]), ([[1.0]] * 2, [{}] * 2), ([[np.nan] * SIZE] * 2, [{}] * 2)):
        with pytest.raises(InputError, match="each"):
            pools.from_runs(*wrong, of, MADE)


def test_other_observations_and_other_constants_need_no_new_runs(monkeypatch):
    ran = []

    def counted(z, cases):
        ran.append(cases)
        return curved(z, cases)

    pool = calibrate.calibrate(FEW, 0, generations=1, evaluate=counted)
    whole, before = len(ran), pool.log_density()
    assert calibrate.calibrate(FEW[:-1], 0, past=pool, evaluate=counted).log_density() != pytest.approx(before)
    monkeypatch.setattr(likelihood, "OUTLIERS", 0.2)
    assert calibrate.calibrate(FEW, 0, past=pool, evaluate=counted).log_density() != pytest.approx(before)
    assert len(ran) == whole
    with pytest.raises(InputError, match="other cells and tolerance: start anew"):
        calibrate.calibrate(FEW, 0, past=pool, cells=20, tolerance=0.04)


def test_firings_that_are_asked_for_later_are_run_for_all_sets_and_nothing_else_is():
    ran = []

    def counted(z, cases):
        ran.append(cases)
        return curved(z, cases)

    lco = [o for o in FEW if o.cathode == "pc-LCO"]
    pool = calibrate.calibrate(lco, 0, generations=1, evaluate=counted)
    ran.clear()
    more = calibrate.calibrate(FEW, 0, generations=1, evaluate=counted, past=pool)
    assert len(more.z) == 2 * search.GENERATION
    missing = tuple(case for case in JUDGE.cases if case not in pool.judge.cases)
    assert set(ran[0]) == set(missing) and len(ran) == 2 * search.GENERATION
    assert more.log_density()[: search.GENERATION] == pytest.approx(
        calibrate.calibrate(FEW, 0, generations=1, evaluate=curved).log_density()
    )
    fewer = more.judged_by(judge.ObservationJudge(tuple(lco)))
    assert set(fewer.others) == {case.key for case in missing}, "what is no longer asked for is kept"
    equal(fewer.judged_by(more.judge), more)


def test_too_few_sets_make_no_emulator():
    pool = calibrated(0, 1)
    with pytest.raises(InputError, match="search longer"):
        rounds.draw_round(pool)


def test_sets_left_out_are_guessed_in_closed_form():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(40, 3))
    values = np.stack([np.sin(z[:, 0]), z[:, 1] + 0.2 * z[:, 0] ** 2], axis=1) + 0.01 * rng.normal(size=(40, 2))
    kernel = emulator.Kernel(np.array([1.0, 2.0, 9.0]), 0.3, 1e-3)
    process, without = emulator.condition(kernel, z, values)
    center, means = process.center, process.means
    for row in (0, 17):
        rest = np.arange(40) != row
        K = kernel.between(z[rest] - center, z[rest] - center) + (kernel.noise + emulator.JITTER) * np.eye(39)
        near = kernel.between(z[[row]] - center, z[rest] - center)
        assert without[row] == pytest.approx((means + near @ np.linalg.solve(K, values[rest] - means))[0], abs=1e-8)
    mean, variance = process.moments(z)
    assert mean == pytest.approx(process.mean(z), abs=1e-12)
    _, unsure = process.moments(z + 30.0)
    assert np.all(unsure > 50.0 * variance.min(axis=0)), "far from what was run nothing is known"


def test_a_kernel_learns_which_coordinates_matter():
    rng = np.random.default_rng(1)
    z = rng.normal(size=(150, 5))
    values = np.stack([np.sin(2.0 * z[:, 0]), np.cos(2.0 * z[:, 0]) + 0.5 * z[:, 1]], axis=1)
    values -= values.mean(axis=0)
    with threadpool_limits(1):
        kernel = emulator.fit(z, values)
    assert kernel.lengths[0] < 0.5 * kernel.lengths[1:].min()
    assert kernel.noise < 0.01
    error = emulator.condition(kernel, z, values)[1] - values
    assert np.sqrt(np.mean(error**2)) < 0.12 * values.std()


def test_a_set_whose_runs_fail_counts_as_wrong(monkeypatch):
    def fails(*_):
        raise SolveError("no")

    observation = pick("pc-LCO", 600)
    monkeypatch.setattr(calibrate, "run", fails)
    of = judge.ObservationJudge((observation,))
    told = calibrate.ObservedModel()(np.zeros(SIZE), of.cases)
    pool = pools.empty(of, MADE).with_sets(np.zeros((1, SIZE)), pools.SEARCH).with_result(0, told)
    wrong = (len(observation.not_seen) + 1) * np.log(0.5 * likelihood.OUTLIERS)
    assert pool.likelihood == pytest.approx(np.array([[wrong]]))
    assert not pool.waiting.any() and not pool.ended.any(), "and trains no emulator"


def test_copied_cathodes_are_left_out_together():
    groups = posterior.groups(["pc-LCO", "pc-NMC532", "pc-NMC631"])
    assert groups["pc-LCO"] == ("pc-LCO",)
    assert groups["pc-NMC532"] == groups["pc-NMC631"] == ("pc-NMC532", "pc-NMC631")


@pytest.mark.usefixtures("normal")
def test_estimates_tell_what_the_data_constrain_and_who():
    """One cathode sees one parameter: it alone is told of, all others stay free."""
    z = np.random.default_rng(0).normal(size=(4000, SIZE))
    mine = np.array(["pc-LNMO" not in left for left in walks.turns(("pc-LCO", "pc-LNMO"), 4000)])
    z[mine, 0] = 0.5 + np.sqrt(0.5) * z[mine, 0]  # samples of each posterior, all of which are taken
    table = np.zeros((8000, 2))
    table[4000:, 1] = norm.logpdf(1.0, z[:, 0]) / pools.POWER
    both, origin = np.vstack([np.zeros_like(z), z]), np.repeat([0, 1], 4000)
    pool = known(both, table, origin, np.full(8000, -1e3), ("pc-LCO", "pc-LNMO"))
    first, *rest = posterior.estimates(pool)
    card = priors()[0]
    assert (first.free, first.felt) == (False, ("pc-LNMO",))
    assert first.mean == pytest.approx(card.mean + 0.5 * card.sd, abs=0.06 * card.sd)
    assert first.sd == pytest.approx(card.sd * np.sqrt(0.5), rel=0.1)
    assert all(estimate.free and estimate.felt == () for estimate in rest)


def test_nothing_to_fit_is_said():
    with pytest.raises(InputError, match="role = 'fit'"):
        calibrate.calibrate([card for card in cards_reader.read().observations if card.role == "test"])
