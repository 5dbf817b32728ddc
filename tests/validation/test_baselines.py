"""Baselines against hand-made evidence with closed answers, and the census of what ships."""

import math
from dataclasses import replace

import pytest
from scipy.stats import beta

from sinterface.validation.judging.firings import case
from sinterface.validation.observations import cards_reader, census
from sinterface.validation.observations.evidence import Weight
from sinterface.validation.scores import baselines, measures

CARDS = cards_reader.read()
MARKED = next(card for card in CARDS.observations if card.id == "ma2025-pc-LCO-700")
FIRST = next(card for card in CARDS.onsets if card.id == "ma2025-pc-LCO-onset")
REFERENCE = [card for card in CARDS.observations if card.source == "ma2025"]
ONSETS = [card for card in CARDS.onsets if card.source == "ma2025"]


def observation(cathode, celsius, seen=(), not_seen=(), weight=1.0, source="ma2025"):
    return replace(
        MARKED, id=f"{cathode}-{celsius}-{source}", cathode=cathode, temperature=celsius + 273.15, seen=seen,
        not_seen=not_seen, weight=Weight(weight, ""), source=source, weaker_than=(), stronger_than=(), amounts=(),
    )  # fmt: skip


def onset(cathode, clean, seen, weight=1.0):
    kelvin = [None if T is None else T + 273.15 for T in (clean, seen)]
    return replace(
        FIRST, id=f"{cathode}-onset", cathode=cathode, clean_at=kelvin[0], seen_at=kelvin[1], weight=Weight(weight, "")
    )


@pytest.mark.parametrize(
    ("clean", "seen", "expected"), [(600, 700, 650.0), (None, 400, 400.0), (1000, None, 1050.0), (500, None, 550.0)]
)
def test_the_temperature_that_an_onset_stands_for(clean, seen, expected):
    assert baselines.onset_of(onset("pc-LCO", clean, seen)) == expected


def test_the_median_onset_of_the_others_by_weight():
    others = [onset("pc-LMO", None, 400), onset("pc-LNMO", 600, 700), onset("pc-LFP", 800, 900)]
    guess = baselines.median_and_vote([onset("pc-LCO", 600, 700)], [], others)
    assert guess.onsets == {"pc-LCO-onset": 650.0}
    assert baselines.median_and_vote([onset("pc-LCO", 600, 700)], [], others[:2]).onsets == {"pc-LCO-onset": 525.0}
    heavy = [onset("pc-LMO", None, 400, 1.0), onset("pc-LNMO", 600, 700, 0.3), onset("pc-LFP", 800, 900, 0.3)]
    assert baselines.median_and_vote([onset("pc-LCO", 600, 700)], [], heavy).onsets == {"pc-LCO-onset": 400.0}
    assert baselines.median_and_vote([onset("pc-LCO", 600, 700)], [], []).onsets == {"pc-LCO-onset": None}


def test_a_family_is_voted_on_by_those_who_looked_for_it_near_the_temperature():
    others = [
        observation("pc-LMO", 700, seen=("LaMO3",), not_seen=("La2MO4",)),
        observation("pc-LNMO", 740, seen=("LaMO3", "La2MO4")),
        observation("pc-LFP", 760, not_seen=("LaMO3",)),  # 60 degrees away: no voter
        observation("pc-NMC811", 700, not_seen=("LaMO3",), weight=0.5),
    ]
    card = observation("pc-LCO", 700, seen=("LaMO3", "La2MO4"), not_seen=("La2Zr2O7",))
    guess = baselines.median_and_vote([card], others, [])
    assert guess.marks == {(card.id, "LaMO3"): True, (card.id, "La2MO4"): False, (card.id, "La2Zr2O7"): False}


def test_composition_distance_is_the_share_of_atoms_to_exchange():
    assert baselines.composition_distance("pc-LCO", "pc-LCO") == 0.0
    assert baselines.composition_distance("pc-LCO", "LiNiO2") == pytest.approx(0.25)
    assert baselines.composition_distance("pc-LMO", "LiNiO2") > baselines.OTHER_STRUCTURE
    assert baselines.composition_distance("pc-LMO", "pc-LCO") == baselines.composition_distance("pc-LCO", "pc-LMO")
    assert baselines.composition_distance("pc-NMC631", "sc-NMC631") < 0.06


def test_the_nearest_cathode_decides_alone():
    others = [observation("pc-NMC622", 700, seen=("LaMO3",)), observation("pc-LCO", 700, not_seen=("LaMO3",))] + [
        observation("pc-LNMO", 700, not_seen=("LaMO3",), source=f"doi:10.1/{k}") for k in range(3)
    ]
    first = [onset("pc-NMC622", 500, 600), onset("pc-LCO", 800, 900)]
    card = observation("pc-NMC532", 700, seen=("LaMO3",))
    guess = baselines.nearest_cathode([card, onset("pc-NMC532", 600, 700)], others, first)
    assert guess.marks == {(card.id, "LaMO3"): True}
    assert guess.onsets == {"pc-NMC532-onset": 550.0}
    assert baselines.nearest_cathode([card], [], []).marks == {(card.id, "LaMO3"): False}


def test_what_is_left_out_is_never_used():
    """A card that contradicts all others changes nothing of its own guess, and copies of a cathode go with it."""
    copies = [card for card in REFERENCE if card.cathode in ("pc-NMC631", "pc-NMC532")]
    flipped = [
        replace(card, seen=card.not_seen, not_seen=card.seen, weaker_than=(), stronger_than=()) for card in copies
    ]
    rest = [card for card in REFERENCE if card not in copies]
    moved = [replace(card, seen_at=1173.15, clean_at=None) if card.cathode.endswith("532") else card for card in ONSETS]
    for name in ("others", "nearest"):
        before = baselines.left_out_guesses(REFERENCE, ONSETS)[name]
        after = baselines.left_out_guesses([*rest, *flipped], moved)[name]
        assert all(
            after.marks[card.id, family] == before.marks[card.id, family] for card in copies for family in card.seen
        )
        assert after.onsets["ma2025-pc-NMC631-onset"] == before.onsets["ma2025-pc-NMC631-onset"]


def test_laboratories_are_left_out_as_wholes():
    assert baselines.laboratory_left_out(MARKED) == "ma2025"
    sources = {card.source: baselines.laboratory_left_out(card) for card in CARDS.observations}
    assert sources["kim2022"] == sources["vardar2018"] == sources["kim2020nmc622"]
    guesses = baselines.left_out_guesses([MARKED], [FIRST], baselines.laboratory_left_out)
    assert guesses["others"].onsets == {FIRST.id: None}
    assert not any(guesses["others"].marks.values())


def test_equilibrium_conserves_mass_and_knows_no_time():
    firing = case(MARKED, 973.15)
    low, high = baselines.equilibria(firing, [873.15, 973.15])
    for prediction in (low, high):
        assert sum(prediction.families.values()) + sum(prediction.left.values()) == pytest.approx(100.0, abs=0.1)
        assert prediction.outcome == "DONE"
    (once,), (slow,) = (
        baselines.equilibria(fired, [973.15]) for fired in (firing, replace(firing, hold="100 h", ramp="1 °C/min"))
    )
    assert once == slow
    assert once.left == pytest.approx(high.left, abs=0.2)  # to the tolerance of the search
    spinel = next(card for card in REFERENCE if card.id == "ma2025-pc-LNMO-600")
    (told,) = baselines.equilibria(case(spinel, spinel.temperature), [spinel.temperature])
    assert told.families["Li2MnO3"] > 10.0
    assert told.left["electrolyte"] < 1.0  # the garnet is used up, as in the furnace


def test_scores_have_closed_answers():
    cards = [observation("pc-LCO", 700, seen=("LaMO3", "La2MO4"), not_seen=("La2Zr2O7",)),
             observation("pc-LMO", 700, not_seen=("LaMO3",), weight=0.5)]  # fmt: skip
    marks = {(cards[0].id, "LaMO3"): True, (cards[0].id, "La2MO4"): False, (cards[0].id, "La2Zr2O7"): False,
             (cards[1].id, "LaMO3"): True}  # fmt: skip
    first = [onset("pc-LCO", 600, 700), onset("pc-LMO", None, 400, 0.5), onset("pc-LFP", 600, 700)]
    guess = baselines.BaselineGuess({"pc-LCO-onset": 800.0, "pc-LMO-onset": None}, marks)
    score = baselines.score(guess, cards, first)
    assert score.mean_distance == pytest.approx((100.0 * 1.0 + (measures.BEYOND - 400.0) * 0.5) / 1.5)
    assert (score.onsets, score.marks) == (2, 4)
    assert (score.precision, score.recall) == (pytest.approx(1.0 / 1.5), 0.5)
    assert score.f1 == pytest.approx(2.0 / (2.0 + 0.5 + 1.0))
    nothing = baselines.score(baselines.BaselineGuess({}, {}), cards, first)
    assert (nothing.mean_distance, nothing.f1, nothing.marks) == (None, None, 0)


def test_a_guess_that_repeats_the_observations_is_perfect():
    guess = baselines.BaselineGuess(
        {card.id: baselines.onset_of(card) for card in ONSETS},
        {(card.id, family): family in card.seen for card in REFERENCE for family in (*card.seen, *card.not_seen)},
    )
    score = baselines.score(guess, REFERENCE, ONSETS)
    assert (score.mean_distance, score.precision, score.recall, score.f1) == (0.0, 1.0, 1.0, 1.0)


def test_skill_is_what_is_taken_from_the_best_baseline():
    assert baselines.skill(0.0, [3.0, 2.0]) == 1.0
    assert baselines.skill(2.0, [3.0, 2.0]) == 0.0
    assert baselines.skill(3.0, [3.0, 2.0]) == -0.5
    assert baselines.skill(1.0, []) is None
    assert baselines.skill(1.0, [0.0, 2.0]) is None


def test_coverage_counts_overlaps_and_says_how_sure_it_is():
    covered = baselines.coverage([(0.0, 1.0)] * 9 + [(2.0, 3.0)], [(0.5, 0.5)] * 10)
    assert (covered.count, covered.inside, covered.share) == (10, 9, 0.9)
    assert (covered.low, covered.high) == (
        pytest.approx(beta.ppf(0.05, 9.5, 1.5)),
        pytest.approx(beta.ppf(0.95, 9.5, 1.5)),
    )
    assert covered.honest
    assert not baselines.coverage([(0.0, 1.0)] * 20, [(0.5, 0.5)] * 10 + [(2.0, 2.0)] * 10).honest
    every = baselines.coverage([(0.0, 1.0)] * 4, [(1.0, math.inf)] * 4)
    assert (every.share, every.high) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("predicted", "observed", "said"),
    [([], [], "at least one"), ([(0.0, 1.0)], [], "give as many"), ([(1.0, 0.0)], [(0.0, 1.0)], "lower end"),
     ([(math.nan, 1.0)], [(0.0, 1.0)], "lower end")],
)  # fmt: skip
def test_coverage_of_nothing_or_of_nonsense_is_refused(predicted, observed, said):
    with pytest.raises(ValueError, match=said):
        baselines.coverage(predicted, observed)


def test_onsets_as_intervals():
    assert baselines.onset_brackets([onset("pc-LCO", 600, 700), onset("pc-LMO", None, 400)]) == [
        (pytest.approx(600.0), pytest.approx(700.0)), (-math.inf, pytest.approx(400.0)),
    ]  # fmt: skip
    assert baselines.onset_intervals([[500.0, 700.0], [900.0, None], [None, None]]) == [
        (500.0, 700.0), (900.0, math.inf), (measures.BEYOND, math.inf),
    ]  # fmt: skip


def test_baselines_of_the_reference_experiment_are_on_record():
    """Left out by cathode: what a model has to beat.  They move with the cards, the limits or the phase data."""
    scores = baselines.left_out_scores(REFERENCE, ONSETS)
    assert {score.marks for score in scores.values()} == {124}
    assert scores["others"].mean_distance == pytest.approx(114.3, abs=0.1)
    assert scores["others"].f1 == pytest.approx(0.493, abs=0.001)
    assert scores["nearest"].mean_distance == pytest.approx(214.3, abs=0.1)
    assert scores["nearest"].f1 == pytest.approx(0.349, abs=0.001)
    assert 0.1 < scores["equilibrium"].f1 < 0.75  # phase data move it


def test_the_census_counts_every_table_once():
    counts = census.census(CARDS)
    kinds = (CARDS.observations, CARDS.onsets, CARDS.alone, CARDS.thermogravimetry, CARDS.skipped)
    assert [counts.count(kind) for kind in census.KINDS] == list(map(len, kinds))
    assert counts.count() == sum(map(len, kinds))
    assert counts.count("couple", role="fit") == counts.count("couple", "secondary", "fit") == len(REFERENCE)
    assert counts.count(role="fit") > len(REFERENCE), "materials alone are fitted too"
    assert counts.count(known="recalled", role="fit") == 0
    assert len(counts.sources) >= 30
    assert census.observation_count(CARDS) >= 100
