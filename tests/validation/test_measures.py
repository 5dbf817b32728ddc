"""Measures of hand-made predictions against closed answers."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from sinterface.models.basics.errors import InputError
from sinterface.models.rates import parameters
from sinterface.validation.judging.firings import Predicted, case
from sinterface.validation.observations import cards_reader
from sinterface.validation.observations.evidence import SECONDARY, Trend
from sinterface.validation.observations.fields import Share
from sinterface.validation.scores import measures, thermogravimetry, validate

CARDS = cards_reader.read()
LCO = {round(card.temperature - 273.15): card for card in CARDS.observations if card.id.startswith("ma2025-pc-LCO")}
ONSET = next(card for card in CARDS.onsets if card.id == "ma2025-pc-LCO-onset")


def predicted(outcome="DONE", electrolyte=50.0, **families):
    return Predicted({name.replace("_", " "): share for name, share in families.items()},
                     {"cathode": 50.0, "electrolyte": electrolyte}, outcome)  # fmt: skip


def at(card, *runs):
    return {case(card, card.temperature): list(runs)}


def scan(*first):
    """Predictions of one sample for each onset given, with 2 wt% from there on."""
    return {
        case(ONSET, T + 273.15): [predicted(La2Zr2O7=2.0 if at <= T else 0.0) for at in first] for T in measures.SCAN
    }


@pytest.mark.parametrize(
    ("onset", "clean", "seen", "off"),
    [
        (650.0, 600.0, 700.0, 0.0), (700.0, 600.0, 700.0, 0.0), (600.0, 600.0, 700.0, 50.0),
        (750.0, 600.0, 700.0, 50.0), (550.0, 600.0, 700.0, 100.0), (None, 600.0, 700.0, 350.0),
        (400.0, None, 400.0, 0.0), (450.0, None, 400.0, 50.0), (None, None, 400.0, 650.0),
        (None, 1000.0, None, 0.0), (1000.0, 1000.0, None, 50.0), (700.0, 1000.0, None, 350.0),
        (640.0, 600.0, 630.0, 10.0), (650.0, 600.0, 630.0, 0.0),
    ],
)  # fmt: skip
def test_distance_to_a_bracket_with_and_without_ends(onset, clean, seen, off):
    assert measures.distance(onset, clean, seen) == off


def test_onset_is_that_of_the_first_set_with_the_interval_of_all():
    onset = measures.onset(ONSET, scan(650.0, 600.0, 700.0))
    assert onset == {
        "predicted_C": 650.0, "interval_C": [600.0, 700.0], "bracket_C": [600.0, 700.0], "inside": True,
        "distance_C": 0.0,
    }  # fmt: skip
    onset = measures.onset(ONSET, scan(math.inf, 700.0, math.inf))
    assert (onset["predicted_C"], onset["interval_C"], onset["distance_C"]) == (None, [700.0, None], 350.0)
    assert not onset["inside"]
    assert measures.onset(ONSET, scan(750.0))["inside"]
    assert not measures.onset(ONSET, scan(800.0))["inside"]


def test_onset_needs_one_family_at_the_limit_in_a_run_that_ended():
    both = predicted(La2Zr2O7=0.9, LaMO3=0.9)
    assert measures.first_seen({500.0: both}, lambda family: 1.0) == math.inf
    stalled = {500.0: predicted("STALLED", La2Zr2O7=5.0), 550.0: predicted(LaMO3=1.0)}
    assert measures.first_seen(stalled, lambda family: 1.0) == 550.0
    assert measures.first_seen(stalled, lambda family: 1.4 if family == "LaMO3" else 1.0) == math.inf


def test_onsets_are_counted_and_averaged():
    told = measures.onsets([ONSET], scan(800.0))
    assert (told["mean_distance_C"], told["inside_count"], told["powder_count"]) == (100.0, 0, 1)
    assert measures.onsets([], {})["mean_distance_C"] is None


def test_cells_are_judged_by_the_first_run_and_leave_out_runs_that_failed():
    runs = (predicted(La2Zr2O7=0.3), predicted(La2Zr2O7=0.29), predicted("STALLED", La2Zr2O7=9.0))
    seen, other = measures.cells([LCO[700]], at(LCO[700], *runs))
    assert (seen["family"], seen["observed"], seen["limit_wt_percent"]) == ("La2Zr2O7", "seen", 0.3)
    assert seen["probability_seen"] == 0.5
    assert seen["predicted"] is True
    assert seen["predicted_wt_percent"] == 0.3
    assert (other["probability_seen"], other["predicted"], other["predicted_wt_percent"]) == (0.0, False, 0.0)
    missed, _ = measures.cells([LCO[700]], at(LCO[700], *runs[1::-1]))
    assert (missed["probability_seen"], missed["predicted"]) == (0.5, False)
    nothing = measures.cells([LCO[700]], at(LCO[700], predicted("STALLED"), runs[0]))
    assert [cell["predicted"] for cell in nothing] == [None, None]
    assert measures.phases(nothing)["f1"] is None


def test_a_vote_is_what_more_than_half_of_the_samples_say():
    more, less = predicted(La2Zr2O7=0.5), predicted(La2Zr2O7=0.1)
    first = scan(800.0, 650.0, 700.0)
    won = measures.vote(measures.cells([LCO[700]], at(LCO[700], less, more, more)), [ONSET], first)
    assert won == {"mean_distance_C": 0.0, "precision": 1.0, "recall": 0.5, "f1": pytest.approx(2.0 / 3.0)}
    tied = measures.vote(measures.cells([LCO[700]], at(LCO[700], more, less)), [ONSET], scan(800.0, math.inf, math.inf))
    assert tied == {"mean_distance_C": 350.0, "precision": None, "recall": 0.0, "f1": 0.0}
    assert measures.vote([], [], {})["mean_distance_C"] is None


def test_limits_are_those_of_method_and_family_unless_the_card_has_its_own():
    xrd = replace(ONSET, method=("XRD",))
    assert measures.limit(xrd, "La2Zr2O7") == 1.0
    assert measures.limit(xrd, "Li2MnO3") > measures.limit(xrd, "Li zirconate") > measures.limit(xrd, "LaMO3")
    assert measures.limit(ONSET, "LaMO3") == 0.3  # Raman sees it better
    assert measures.limit(xrd) == measures.limit(xrd, validate.ANY) == 1.0
    own = replace(xrd, detection_limit=Share(0.02, 0.01, "own mixtures"))
    assert measures.limit(own, "La2Zr2O7") == measures.limit(own, "Li2MnO3") == 2.0


def test_precision_recall_and_f1():
    def cell(observed, said, family="a"):
        return {"observed": observed, "predicted": said, "family": family}

    rows = [cell("seen", True)] * 3 + [cell("seen", False, "b")] * 2 + [cell("not seen", True, "b")] + [
        cell("not seen", False)
    ] * 4  # fmt: skip
    scores = measures.phases(rows)
    assert (scores["precision"], scores["recall"]) == (0.75, 0.6)
    assert scores["f1"] == pytest.approx(2 * 0.75 * 0.6 / (0.75 + 0.6))
    assert scores["families"] == {
        "a": {"tp": 3, "fp": 0, "fn": 0, "tn": 4}, "b": {"tp": 0, "fp": 1, "fn": 2, "tn": 0},
    }  # fmt: skip


def test_amounts_add_families_and_all_secondary():
    (amount,) = measures.amounts([LCO[900]], at(LCO[900], predicted(LaMO3=2.0, La2Zr2O7=2.0, La2O3=1.0)))
    assert (amount["families"], amount["measured"], amount["predicted"]) == (["LaMO3", "La2Zr2O7"], 3.1, 4.0)
    assert amount["within_30_percent"]
    card = next(card for card in CARDS.observations if card.id == "ma2025-pc-NMC811-800")
    (amount,) = measures.amounts([card], at(card, predicted(LaMO3=2.0, La2O3=1.0)))
    assert (amount["families"], amount["predicted"]) == (["LaMO3", "La2MO4"], 2.0)
    every = replace(card, amounts=(replace(card.amounts[0], families=(SECONDARY,)),))
    (amount,) = measures.amounts([every], at(card, predicted(LaMO3=2.0, La2O3=1.0)))
    assert (amount["families"], amount["predicted"], amount["within_30_percent"]) == (["secondary"], 3.0, False)


def test_reactants_that_are_gone():
    card = next(card for card in CARDS.observations if card.gone)
    runs = [predicted(electrolyte=left) for left in (0.2, 2.5, 4.0)]
    (amount,) = measures.amounts([card], at(card, *runs))
    assert (amount["gone"], amount["predicted_gone"], amount["left"], amount["limit"]) == (
        "electrolyte",
        True,
        0.2,
        3.0,
    )
    assert amount["probability_gone"] == pytest.approx(2 / 3)


def test_trends_are_judged_by_the_first_run():
    cold = [predicted(La2Zr2O7=2.0, LaMO3=1.0), predicted(La2Zr2O7=2.0, LaMO3=1.0), predicted()]
    hot = [predicted(La2Zr2O7=1.0, LaMO3=2.0), predicted(La2Zr2O7=3.0, LaMO3=3.0), predicted()]
    weaker, stronger = measures.trends([LCO[900]], at(LCO[700], *cold) | at(LCO[900], *hot))
    assert (weaker["family"], weaker["said"], weaker["from_C"], weaker["to_C"]) == ("La2Zr2O7", "weaker", 700.0, 900.0)
    assert (weaker["probability"], weaker["holds"]) == (pytest.approx(1 / 3), True)
    assert (stronger["probability"], stronger["holds"]) == (pytest.approx(2 / 3), True)


def test_curves_are_quantiles_over_samples_that_ended():
    runs = {c: [predicted(LaMO3=share) for share in np.linspace(0.0, 1.0, 21)] for c in scan(0.0)}
    runs[case(ONSET, 673.15)] = [predicted("STALLED", LaMO3=9.0)] * 21
    curves = measures.curves(ONSET, runs)
    assert curves["temperature_C"] == list(measures.SCAN)
    for band in (curves["total"], curves["families"]["LaMO3"]):
        assert [band[key][0] for key in ("low", "value", "high")] == [None] * 3
        assert [band[key][1] for key in ("low", "value", "high")] == pytest.approx([0.05, 0.0, 0.95])
    assert curves["unreacted"]["cathode"]["value"][1] == 50.0


def test_sensitivity_finds_a_linear_dependence():
    samples = parameters.draw(40, seed=4)
    prior = parameters.priors()[0]
    first = np.array([700.0 + 30.0 * (values.transformation - prior.mean) / prior.sd for values in samples])
    ranked = measures.sensitivity(first, samples)
    assert ranked["transformation"] == pytest.approx(30.0)
    assert ranked["tantalum_garnet"] == pytest.approx(0.0, abs=1e-9)
    unknown = dict.fromkeys(ranked)
    assert measures.sensitivity(np.full(40, math.inf), samples) == unknown
    assert measures.sensitivity(first[:12], samples[:12]) == unknown
    assert measures.sensitivity(first[:20], samples[:5] * 4) == unknown  # samples drawn more than once tell nothing new


def fake(tell):
    """A runner that answers from a function and notes what it was asked for."""
    asked = []

    def run(jobs, **_):
        asked.extend(jobs)
        return [tell(firing, values) for firing, values in jobs]

    return run, asked


def posterior(without=""):
    """Three samples for each of the powders of the reference experiment left out, the first the most probable."""
    powders = ["", *sorted({card.cathode for card in CARDS.onsets if card.source == "ma2025"})]
    if without.removeprefix(parameters.MODE).removeprefix(":") not in powders:
        raise InputError(without)
    table = tuple(parameters.draw(4, seed=powders.index(without.removeprefix(parameters.MODE).removeprefix(":"))))
    return table[3:] if without.startswith(parameters.MODE) else table[:3]


@pytest.fixture(scope="module", autouse=True)
def known_posterior():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parameters, "samples", posterior)
        yield


@pytest.fixture(scope="module")
def told():
    """A document in which each sample predicts 2 wt% of La2Zr2O7 from 650 °C on, and what was run for it."""
    run, asked = fake(lambda firing, values: predicted(La2Zr2O7=2.0 if firing.celsius >= 650.0 else 0.1))
    cards = replace(CARDS, thermogravimetry=())
    return validate.compare(cards, samples=2, run=run).to_json(), asked


def test_document_has_all_parts_and_is_strict_json(told):
    document, _ = told
    assert set(document) >= {
        "version", "database", "detection", "problems", "lacking", "parameters", "in_sample", "leave_one_out", "curves",
        "sensitivity", "thermogravimetry", "verdicts", "other_laboratories",
    }  # fmt: skip
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert set(document["in_sample"]) == {"onset", "phases", "cells", "amounts", "trends", "vote"}
    assert set(document["verdicts"]) == set(document["curves"]) == set(document["in_sample"]["onset"]["powders"])
    assert len(document["verdicts"]) == 7
    assert document["in_sample"]["onset"]["inside_count"] == 4  # LCO, NMC631, NMC532, NMC111 at 650 °C
    assert document["verdicts"]["pc-LCO"].startswith(
        "First secondary phase predicted at 650 °C; observed at 700 °C but not at 600 °C: agrees."
    )
    assert len(document["parameters"]) == len(parameters.names())


def test_each_case_and_sample_is_run_once(told):
    _, asked = told
    assert len(asked) == len(set(asked))
    for cathode in ("pc-LCO", "pc-NMC811"):
        modes = (parameters.MODE, f"{parameters.MODE}:{cathode}")
        expected = {*posterior()[:2], *posterior(cathode)[:2], *(posterior(name)[0] for name in modes)}
        assert {values for firing, values in asked if firing.cathode == cathode and firing.celsius == 550.0} == expected


def test_leaving_a_cathode_out_takes_the_samples_without_it():
    apart = {*posterior("pc-LCO"), *posterior(f"{parameters.MODE}:pc-LCO")}
    run, _ = fake(lambda firing, values: predicted(La2Zr2O7=2.0 if values in apart else 0.0))
    lco = replace(
        CARDS, onsets=(ONSET,), thermogravimetry=(), observations=tuple(o for o in CARDS.observations if "ma" in o.id)
    )
    document = validate.compare(lco, samples=2, run=run).to_json()
    assert document["in_sample"]["onset"]["powders"]["pc-LCO"]["predicted_C"] is None
    assert document["leave_one_out"]["onset"]["powders"]["pc-LCO"]["predicted_C"] == 400.0
    assert document["leave_one_out"]["not_left_out"] == []
    never = replace(ONSET, cathode="pc-LFP")
    document = validate.compare(replace(lco, onsets=(never,)), samples=2, run=run).to_json()
    assert document["leave_one_out"]["not_left_out"] == ["pc-LFP"]
    assert document["leave_one_out"]["onset"]["powders"]["pc-LFP"]["predicted_C"] is None


def test_other_laboratories_are_apart_and_judged(told):
    document, _ = told
    elsewhere = document["other_laboratories"]
    assert {cell["source"] for cell in elsewhere}.isdisjoint({"ma2025"})
    bound = {cell["observed"]: cell for cell in elsewhere if cell["id"] == "miara2016-LNMO-onset"}
    assert (bound["not seen"]["temperature_C"], bound["seen"]["temperature_C"]) == (500.0, 700.0)
    assert bound["seen"]["right"]
    assert bound["not seen"]["right"]
    assert bound["seen"]["cathode_fitted"]
    assert not any(cell["cathode_fitted"] for cell in elsewhere if cell["cathode"] == "pc-LFP")
    assert all(cell["id"].startswith("ma2025") for cell in document["in_sample"]["cells"])


def test_runs_that_failed_are_named():
    run, _ = fake(lambda firing, values: predicted("STEPS" if firing.celsius == 900.0 else "DONE"))
    cards = replace(CARDS, observations=tuple(LCO.values()), onsets=(), thermogravimetry=())
    document = validate.compare(cards, samples=2, run=run).to_json()
    assert [p for p in document["problems"] if "pc-LCO with LLZTO at 900 °C: 6 runs" in p]
    assert document["in_sample"]["trends"][0]["holds"] is None


def test_a_trend_to_another_firing_is_run_too():
    odd = replace(LCO[900], hold="3 h", weaker_than=(Trend("LaMO3", 973.15),), stronger_than=())
    run, asked = fake(lambda firing, values: predicted())
    validate.compare(replace(CARDS, observations=(odd,), onsets=(), thermogravimetry=()), samples=1, run=run)
    assert case(odd, 973.15) in {firing for firing, _ in asked}


@pytest.mark.parametrize("size", [0, 100_000])
def test_more_samples_than_there_are_is_refused(size):
    with pytest.raises(InputError, match="the posterior has"):
        validate.chosen(size)


def test_samples_are_spread_over_the_table():
    table = parameters.samples()
    assert validate.chosen(2) == (parameters.calibrated(), table[0], table[1])
    assert validate.chosen(len(table))[1:] == table


def test_thermogravimetry_ranks_pure_cathodes():
    cards = [card for card in CARDS.thermogravimetry if not card.electrolyte]
    document = thermogravimetry.document(cards, parameters.prior(), cells=8)
    order = document["order"]
    assert order["pairs"] == 20
    assert 0 <= order["pairs_right"] <= 20
    assert order["predicted_C"]["pc-LCO"] is None or order["predicted_C"]["pc-LCO"] > 1000.0
    first = {name: 2000.0 if T is None else T for name, T in order["predicted_C"].items()}
    assert first["pc-LNMO"] < first["pc-NMC811"] <= first["pc-NMC532"]
    assert document["garnet"]["observed_wt_percent"] == 6.0
    assert document["garnet"]["predicted_wt_percent"] == pytest.approx(6.0, abs=0.7)
    assert len(document["garnet"]["predicted_steps_C"]) == 3
    assert {"what", "why"} == set(document["not_predicted"][0])
