"""Cards of observations: what ships, what it says of the reference experiment, how a user's mistakes are answered."""

import os
import re
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from sinterface.models.basics.errors import InputError
from sinterface.models.phases.substance import FAMILIES
from sinterface.models.powders import materials
from sinterface.simulate.setup.problem import problem
from sinterface.simulate.solve.run import predict
from sinterface.validation.judging import firings
from sinterface.validation.observations import cards_reader, detection, evidence

CARDS = cards_reader.read()
BY_ID = {
    card.id: card
    for card in (*CARDS.observations, *CARDS.onsets, *CARDS.thermogravimetry, *CARDS.alone, *CARDS.skipped)
}
MA = [card for card in CARDS.observations if card.source == "ma2025"]
ZERO = 273.15
ROOT = Path(__file__).resolve().parents[2]

TABLE = """
[[observation]]
id = "mine-700"
role = "test"
source = "doi:10.1000/mine.2026"
known = "read"
cathode = "pc-LCO"
electrolyte = "LLZTO"
mass_ratio = "60:40"
ramp = "5 °C/min"
hold = "90 min"
cooling = "cool naturally"
atmosphere = "air:dew_point=5"
method = "XRD"
detection_limit = { wt_percent = 2, sd = 0.5, origin = "own mixtures" }
temperature = "700 °C"
seen = ["La2Zr2O7"]
how_read = "own measurement"
"""
SECOND = TABLE.replace("mine-700", "mine-800").replace("700 °C", "800 °C")


def trends(compared):
    return {(trend.family, round(trend.temperature - ZERO)) for trend in compared}


# ---- what ships


def test_built_in_cards_have_no_problem():
    assert [str(card) for card in CARDS.problems] == []
    assert len(CARDS.observations) >= 45
    assert cards_reader.read_cards() == (list(CARDS.observations), [])


def test_every_file_that_ships_is_read():
    files = [path for path in resources.files("sinterface.validation").joinpath("cards").iterdir() if path.is_file()]
    assert all(file.name.endswith(".toml") for file in files)
    ids = re.findall(r'^id = "(.+)"$', "\n".join(file.read_text(encoding="utf-8") for file in files), re.MULTILINE)
    assert sorted(ids) == sorted(BY_ID)


@pytest.mark.parametrize("card", CARDS.observations, ids=lambda card: card.id)
def test_observation_can_be_simulated(card):
    couple = problem(
        card.cathode, card.electrolyte, card.schedule(card.temperature), atmosphere=card.atmosphere,
        mass_ratio=card.mass_ratio or 1.0,
    )  # fmt: skip
    assert couple.schedule.peak == pytest.approx(card.temperature)
    assert {*card.seen, *card.not_seen} <= set(FAMILIES)
    for family in (*card.seen, *card.not_seen):
        limit = detection.limit(card, family)
        assert 0.0 < limit.sd < limit.value <= 0.15


def test_of_couples_only_the_reference_experiment_is_fitted():
    couples = (*CARDS.observations, *CARDS.onsets)
    assert {card.source for card in couples if card.role == "fit"} == {"ma2025"}
    assert all(not card.cathode or not card.electrolyte for card in CARDS.alone)
    assert all(card.role == "fit" for card in MA)
    assert not [card.id for card in BY_ID.values() if card.known == "recalled" and card.role == "fit"]
    assert all(card.role == "test" for card in (*CARDS.onsets, *CARDS.thermogravimetry))


def test_recalled_temperatures_have_bounds_of_at_least_50_kelvin():
    for card in CARDS.observations:
        if card.known == "recalled":
            assert card.between[1] - card.between[0] >= 100.0, card.id
            assert card.confidence
    for card in CARDS.onsets:
        if card.known == "recalled":
            assert card.seen_at - card.clean_at >= 100.0, card.id


def test_literature_beside_the_reference_experiment():
    others = [card for card in (*CARDS.observations, *CARDS.onsets) if card.source != "ma2025"]
    assert len(others) >= 20
    assert len({card.source for card in others}) >= 12
    everything = [card for card in BY_ID.values() if not isinstance(card, evidence.Thermogravimetry)]
    assert len(everything) >= 80
    assert len({card.source for card in everything}) >= 20
    assert {card.cathode for card in others} >= {"pc-LCO", "pc-NMC622", "pc-LNMO", "pc-LMO", "pc-LFP"}


# ---- materials alone, tables that are skipped, weights


def test_materials_that_were_heated_alone_are_apart_from_couples():
    assert len(CARDS.alone) >= 15
    assert all(card.alone and card.mass_ratio is None for card in CARDS.alone)
    assert all(card.cathode and card.electrolyte for card in (*CARDS.observations, *CARDS.onsets))
    roles = {bool(card.electrolyte) for card in CARDS.alone}
    assert roles == {True, False}


def test_the_garnet_that_met_air_makes_pyrochlore_by_itself_and_takes_it_back():
    steps = [BY_ID[f"jmca2022-LLZTO-{T}"] for T in (275, 700, 870, 1100)]
    assert ["La2Zr2O7" in card.seen for card in steps] == [False, True, False, False]
    assert all(card.as_received and card.alone == "LLZTO" for card in steps)
    assert [card.crucible for card in steps] == ["pan", "pan", "pan", "lidded"], "heated in situ, and sintered"


@pytest.mark.parametrize("card", CARDS.skipped, ids=lambda card: card.id)
def test_what_is_skipped_says_why_and_the_reason_still_holds(card):
    assert len(card.skip) > 10
    if card.skip.startswith("no energy of the cathode"):
        with pytest.raises(InputError, match=rf"{re.escape(card.cathode)} .*has no energy"):
            predict(problem(card.cathode, schedule="50 °C/min to 100 °C", cells=4), estimate_error=False)
    if card.skip.startswith("a powder of this formula"):
        with pytest.raises(InputError, match=re.escape(card.cathode)):
            materials.find(card.cathode)


def test_a_statement_that_others_contradict_counts_less():
    weights = {card.id: card.weight.value for card in CARDS.onsets if card.source == "kong2024"}
    assert weights["kong2024-LCO-onset"] < weights["kong2024-LFP-onset"] < 1.0
    assert all(card.weight.why for card in BY_ID.values() if getattr(card, "weight", None) and card.weight.value < 1.0)
    assert all(card.weight.value == 1.0 for card in MA)


# ---- the reference experiment

SEEN = [  # observation, seen, looked for in vain
    ("pc-LCO-600", (), ("La2Zr2O7", "LaMO3")),
    ("pc-LCO-700", ("La2Zr2O7", "LaMO3"), ()),
    ("pc-LCO-900", ("La2Zr2O7", "LaMO3"), ()),
    ("pc-LNMO-400", ("La2Zr2O7", "Li2MnO3"), ()),
    ("pc-LNMO-600", ("La2Zr2O7", "LaMO3", "Li2MnO3", "Li zirconate", "La2O3", "rock salt"), ()),
    ("pc-NMC811-500-Raman", ("La2Zr2O7",), ()),
    ("pc-NMC811-500-XRD", (), ("La2Zr2O7",)),
    ("pc-NMC811-600", ("LaMO3", "La2MO4"), ("Li2MnO3",)),
    ("pc-NMC811-700", ("LaMO3", "La2MO4"), ("Li2MnO3",)),
    ("pc-NMC811-800", ("LaMO3", "La2MO4"), ("La2Zr2O7", "Li2MnO3")),
    ("pc-NMC631-600", (), ("La2Zr2O7", "LaMO3", "La2MO4", "Li2MnO3")),
    ("pc-NMC631-700", ("La2Zr2O7", "LaMO3", "La2MO4"), ("Li2MnO3",)),
    ("pc-NMC631-800", ("La2Zr2O7", "LaMO3", "La2MO4"), ("Li2MnO3",)),
    ("pc-NMC631-900", ("LaMO3", "La2MO4"), ("La2Zr2O7", "Li2MnO3")),
    ("pc-NMC111-600", (), ("La2Zr2O7", "LaMO3", "La2MO4", "Li2MnO3")),
    ("pc-NMC111-700", ("La2Zr2O7", "LaMO3", "Li2MnO3"), ("La2MO4",)),
    ("pc-NMC111-800", ("LaMO3",), ("La2MO4",)),
    ("pc-NMC111-900", ("LaMO3",), ("La2Zr2O7", "La2MO4", "Li2MnO3")),
    ("sc-NMC631-1000", (), ("La2Zr2O7", "LaMO3", "La2MO4", "Li2MnO3")),
]


@pytest.mark.parametrize(("name", "seen", "not_seen"), SEEN, ids=[row[0] for row in SEEN])
def test_rows_of_the_reference_experiment(name, seen, not_seen):
    card = BY_ID[f"ma2025-{name}"]
    assert set(card.seen) == set(seen)
    assert set(card.not_seen) == set(not_seen)
    assert card.cathode == re.match(r"[ps]c-[A-Z0-9]+", name)[0]
    assert card.temperature - ZERO == pytest.approx(float(name.split("-")[2]))
    assert card.gone == (("electrolyte",) if name == "pc-LNMO-600" else ())


def test_procedure_of_the_reference_experiment():
    assert {card.electrolyte for card in MA} == {"LLZTO"}
    assert {card.mass_ratio for card in MA} == {1.0}
    assert {str(card.atmosphere) for card in MA} == {"O2 (pO2=1 bar)"}
    assert {card.as_received for card in MA} == {True}
    plan = BY_ID["ma2025-pc-LCO-900"].schedule(900.0 + ZERO)
    ramp, hold, cool = plan.segments
    assert ramp.duration == pytest.approx(87.5 * 60.0)
    assert hold.duration == 7200.0
    assert cool.shape == "newton"


def test_pc_nmc532_behaves_as_pc_nmc631():
    for card in MA:
        if card.cathode == "pc-NMC631":
            twin = BY_ID[card.id.replace("631", "532")]
            assert (twin.seen, twin.not_seen, twin.temperature) == (card.seen, card.not_seen, card.temperature)
            assert (twin.weaker_than, twin.stronger_than) == (card.weaker_than, card.stronger_than)


def test_the_single_crystal_shows_nothing_from_400_to_1000():
    firings = [card for card in MA if card.cathode == "sc-NMC631"]
    assert [round(card.temperature - ZERO) for card in firings] == list(range(400, 1001, 100))
    assert not any(card.seen or card.amounts for card in firings)
    assert [round(card.temperature - ZERO) for card in firings if "temperature" not in card.assumed] == [900, 1000]


def test_amounts():
    amounts = {card.id: card.amounts for card in MA if card.amounts}
    assert set(amounts) == {"ma2025-pc-LCO-900", "ma2025-pc-NMC811-800"}
    (lco,), (nmc,) = amounts["ma2025-pc-LCO-900"], amounts["ma2025-pc-NMC811-800"]
    assert (set(lco.families), lco.share.value) == ({"LaMO3", "La2Zr2O7"}, pytest.approx(0.031))
    assert (set(nmc.families), nmc.share.value) == ({"LaMO3", "La2MO4"}, pytest.approx(0.020))
    assert "nobody looked for" in nmc.share.origin
    assert not any(evidence.SECONDARY in amount.families for several in amounts.values() for amount in several)
    assert "estimate" in lco.share.origin


def test_trends():
    assert trends(BY_ID["ma2025-pc-LCO-900"].weaker_than) == {("La2Zr2O7", 700)}
    assert trends(BY_ID["ma2025-pc-LCO-900"].stronger_than) == {("LaMO3", 700)}
    assert trends(BY_ID["ma2025-pc-LNMO-600"].stronger_than) == {("La2Zr2O7", 400), ("Li2MnO3", 400)}
    assert trends(BY_ID["ma2025-pc-NMC631-800"].weaker_than) == {("La2Zr2O7", 700)}
    assert trends(BY_ID["ma2025-pc-NMC631-900"].stronger_than) == {("LaMO3", 800), ("La2MO4", 800)}
    assert trends(BY_ID["ma2025-pc-NMC111-900"].stronger_than) == {("LaMO3", 800)}


ONSETS = {  # clean, seen
    "pc-LCO": (600, 700), "pc-LNMO": (None, 400), "pc-NMC811": (None, 500), "pc-NMC631": (600, 700),
    "pc-NMC532": (600, 700), "pc-NMC111": (600, 700), "sc-NMC631": (1000, None),
}  # fmt: skip


@pytest.mark.parametrize("cathode", ONSETS)
def test_onset(cathode):
    card = BY_ID[f"ma2025-{cathode}-onset"]
    bounds = tuple(None if T is None else round(T - ZERO) for T in (card.clean_at, card.seen_at))
    assert bounds == ONSETS[cathode]


@pytest.mark.parametrize("cathode", ONSETS)
def test_onset_agrees_with_the_observations(cathode):
    card = BY_ID[f"ma2025-{cathode}-onset"]
    firings = [firing for firing in MA if firing.cathode == cathode]
    assert card.seen_at == min((firing.temperature for firing in firings if firing.seen), default=None)
    clean = [firing.temperature for firing in firings if not firing.seen]
    if card.clean_at is not None:
        assert card.clean_at == max(clean)


def test_every_cathode_of_the_reference_experiment_has_observations():
    cathodes = {key for key, powder in materials.built_in("cathode").items() if powder.source == "ma2025"}
    assert {card.cathode for card in MA} == cathodes == set(ONSETS)


def test_thermogravimetry():
    garnet = BY_ID["ma2025-tg-LLZTO"]
    assert garnet.mass_loss.value == pytest.approx(0.06)
    assert [tuple(round(T - ZERO) for T in step) for step in garnet.steps] == [(200, 250), (350, 500), (550, 800)]
    assert (garnet.ramp, garnet.end - ZERO) == (pytest.approx(5.0 / 60.0), pytest.approx(1100.0))
    order = BY_ID["ma2025-tg-cathodes"].order
    assert [sorted(equals) for equals in order] == [
        ["pc-LCO"], ["pc-NMC111"], ["sc-NMC631"], ["pc-NMC532", "pc-NMC631"], ["pc-NMC811"], ["pc-LNMO"],
    ]  # fmt: skip
    assert all(card.as_received for card in CARDS.thermogravimetry if card.source == "ma2025")
    pure = {
        card.material: round(card.loss_from - ZERO)
        for card in CARDS.thermogravimetry
        if card.loss_from and not card.electrolyte
    }
    assert pure == {"pc-LCO": 1050, "pc-LNMO": 700}
    mixed = {
        card.material: round(card.loss_from - ZERO)
        for card in CARDS.thermogravimetry
        if card.loss_from and card.electrolyte
    }
    assert mixed == {
        "pc-LNMO": 550, "pc-LCO": 700, "pc-NMC811": 800, "pc-NMC631": 900, "pc-NMC532": 900, "pc-NMC111": 1000,
    }  # fmt: skip
    assert BY_ID["ma2025-tg-sc-pc-NMC631-LLZTO"].order == (("sc-NMC631",), ("pc-NMC631",))


# ---- cards of a user


def test_a_folder_of_ones_own(tmp_path):
    (tmp_path / "mine.toml").write_text(TABLE + SECOND, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a card", encoding="utf-8")
    cards, problems = cards_reader.read_cards(tmp_path)
    assert problems == []
    assert [card.id for card in cards] == ["mine-700", "mine-800"]
    card = cards[0]
    assert card.temperature == pytest.approx(973.15)
    assert card.mass_ratio == pytest.approx(1.5)
    assert card.detection_limit.value == pytest.approx(0.02)
    assert card.as_received is None
    assert 0.0 < card.atmosphere.pH2O < 0.01
    assert cards_reader.read_cards([tmp_path / "mine.toml"]) == (cards, [])
    assert cards_reader.read_cards(str(tmp_path / "mine.toml")) == (cards, [])


def test_a_formula_and_a_material_card_will_do(tmp_path):
    powder = tmp_path / "powder.toml"
    powder.write_bytes(resources.files("sinterface.models.data.materials").joinpath("pc-lco.toml").read_bytes())
    text = TABLE.replace('"pc-LCO"', f"'{powder}'").replace('"LLZTO"', '"Li6.6La3Zr1.6Ta0.4O12"')
    (cards,), problems = cards_reader.read_cards(write(tmp_path / "cards", text))
    assert problems == []
    assert cards.cathode == str(powder)


def test_a_material_alone_and_a_table_that_is_skipped(tmp_path):
    alone = TABLE.replace('"LLZTO"', '"none"').replace('mass_ratio = "60:40"\n', "")
    skipped = SECOND.replace('"LLZTO"', '"Li0.33La0.56TiO3"').replace("[[observation]]", "[[observation]]\nskip = 'Ti'")
    cards = cards_reader.read(write(tmp_path, alone + skipped))
    assert cards.problems == cards.observations == ()
    (lone,), (other,) = cards.alone, cards.skipped
    assert (lone.cathode, lone.electrolyte, lone.alone, lone.mass_ratio) == ("pc-LCO", "", "pc-LCO", None)
    assert (other.id, other.skip, other.electrolyte) == ("mine-800", "Ti", "Li0.33La0.56TiO3")
    nothing = alone.replace('"pc-LCO"', '"none"')
    (problem_found,) = cards_reader.read(write(tmp_path, nothing)).problems
    assert "name the material that was heated" in problem_found.message


def test_common_values_are_overridden_by_the_table(tmp_path):
    text = '[common]\nrole = "fit"\nseen_at = "600 °C"\n' + TABLE + SECOND.replace('role = "test"\n', "")
    (cards, other), problems = cards_reader.read_cards(write(tmp_path, text))
    assert problems == []
    assert (cards.role, other.role) == ("test", "fit")


def write(folder, text, name="mine.toml"):
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


MALFORMED = [  # what is written instead of what, and what the message must say
    ('role = "test"', 'role = "tset"', "role: unknown role 'tset': did you mean test"),
    ('role = "test"', 'role = "fit"\nknown_by = "me"', "unknown key 'known_by': did you mean known"),
    ('known = "read"', 'known = "recalled"', "recalled: needs confidence"),
    ('role = "test"\nsource = "doi:10.1000/mine.2026"\nknown = "read"',
     'role = "fit"\nsource = "ma2025"\nknown = "recalled"\nconfidence = "high"\nbetween = ["600 °C", "800 °C"]',
     "role = 'test'"),
    ('known = "read"', 'known = "recalled"\nconfidence = "low"', "needs between"),
    ('"doi:10.1000/mine.2026"', '"mine2026"', "source: 'mine2026' is neither a key of models/references.bib"),
    ('"pc-LCO"', '"pc-LOC"', "cathode: unknown cathode 'pc-LOC': did you mean"),
    ('"pc-LCO"', '"LLZTO"', "cathode: LLZTO is built in as electrolyte, not as cathode"),
    ('electrolyte = "LLZTO"\n', "", "electrolyte is needed: add it here or to [common]"),
    ('"LLZTO"', '"none"', "pc-LCO was heated alone: leave out mass_ratio"),
    ('role = "test"', 'role = "test"\nskip = ""', "skip: '' must be text"),
    ('role = "test"', 'role = "test"\nweight = { value = 2, why = "sure" }', "weight: 2 must be a number above 0"),
    ('role = "test"', 'role = "test"\nweight = { value = 0.5, why = " " }', "weight: ' ' must be text"),
    ('mass_ratio = "60:40"\n', "", "mass_ratio is needed for mixed powders"),
    ('"60:40"', '"equal"', "mass_ratio: mass ratio 'equal' is not understood"),
    ('"60:40"', '"1:100000"', "between 1:1000 and 1000:1"),
    ('"60:40"', "1.5", "mass_ratio: 1.5 must be text"),
    ('"5 °C/min"', '"5 °C per min"', "ramp: heating rate '5 °C per min' is not understood"),
    ('"90 min"', '"90 moments"', "hold: time '90 moments' is not understood"),
    ('"cool naturally"', '"cool slowly"', "cooling: schedule step 3, 'cool slowly'"),
    ('"air:dew_point=5"', '"argon"', "atmosphere: unknown atmosphere 'argon'"),
    ('"XRD"', '"XRD+SEM"', "method: unknown method 'SEM'"),
    ("wt_percent = 2", 'wt_percent = "two"', "detection_limit: wt_percent: value = 'two' is not a finite number"),
    ("wt_percent = 2,", "", "detection_limit: {'sd': 0.5, 'origin': 'own mixtures'} must be a table"),
    ("sd = 0.5", "sd = 0", "with an sd above 0"),
    ("wt_percent = 2", "wt_percent = 200", "at most 100"),
    ('"700 °C"', '"700 F"', "temperature: temperature '700 F' is not understood"),
    ('"700 °C"', '"7000 °C"', "is outside 0 to 1500 °C"),
    ('"La2Zr2O7"', '"La2Zr2O8"', "seen: unknown family 'La2Zr2O8': did you mean La2Zr2O7"),
    ('seen = ["La2Zr2O7"]', 'seen = "La2Zr2O7"', "seen: 'La2Zr2O7' must be a list"),
    ('seen = ["La2Zr2O7"]', 'seen = ["La2Zr2O7"]\nnot_seen = ["La2Zr2O7"]', "both seen and not_seen"),
    ('seen = ["La2Zr2O7"]', "", "says nothing: give seen, not_seen, gone or amounts"),
    ('seen = ["La2Zr2O7"]', 'gone = ["garnet"]', "gone: unknown reactant 'garnet'"),
    ('seen = ["La2Zr2O7"]',
     'amounts = [{ families = ["LaMO3"], wt_percent = 3 }]', "must be a table {families, wt_percent, sd, origin}"),
    ('seen = ["La2Zr2O7"]',
     'amounts = [{ families = [], wt_percent = 3, sd = 1, origin = "x" }]', "families must name families"),
    ('seen = ["La2Zr2O7"]',
     'amounts = [{ families = ["LaMO3", "secondary"], wt_percent = 3, sd = 1, origin = "x" }]', "'secondary' alone"),
    ('seen = ["La2Zr2O7"]',
     'seen = ["La2Zr2O7"]\nweaker_than = { family = "La2Zr2O7", temperature = "800 °C" }', "weaker_than: {"),
    ('seen = ["La2Zr2O7"]',
     'seen = ["La2Zr2O7"]\nweaker_than = [{ family = "La2Zr2O7", temperature = "950 °C" }]', "compares with 950 °C"),
    ('seen = ["La2Zr2O7"]', 'seen = ["LaMO3"]\nbetween = ["800 °C", "900 °C"]', "temperature lies outside between"),
    ('seen = ["La2Zr2O7"]', 'seen = ["LaMO3"]\nbetween = ["800 °C", "600 °C"]', "the lower temperature comes first"),
    ('seen = ["La2Zr2O7"]', 'seen = ["LaMO3"]\ncrucible = "boat"', "crucible: unknown crucible 'boat'"),
    ('seen = ["La2Zr2O7"]', 'seen = ["LaMO3"]\nas_received = "yes"', "as_received: 'yes' must be true or false"),
    ('seen = ["La2Zr2O7"]', 'seen = ["LaMO3"]\nassumed = ["time"]', "assumed: unknown key in assumed 'time'"),
    ('seen = ["La2Zr2O7"]', 'seen = ["LaMO3"]\ncoating = "Li3BO3"', "coating 'Li3BO3' is not understood"),
    ('seen = ["La2Zr2O7"]', 'seen = ["LaMO3"]\nsizes = "cathode=huge"', "sizes 'cathode=huge'"),
    ('seen = ["La2Zr2O7"]', 'seen = ["LaMO3"]\npressure = "50"', "pressure: pressure '50' is not understood"),
    ('how_read = "own measurement"', 'how_read = " "', "how_read: ' ' must be text"),
]  # fmt: skip


def test_a_card_may_state_coating_sizes_and_pressure_and_is_fired_with_them(tmp_path):
    told = 'coating = "Li3BO3=20nm"\nsizes = "cathode=10±5um"\npressure = "50 MPa"\n'
    (card,), problems = cards_reader.read_cards(write(tmp_path, TABLE + told))
    assert problems == []
    fired, plain = (firings.case(entry, card.temperature) for entry in (card, replace(card, coating="", sizes="")))
    assert (fired.coating, fired.sizes, fired.pressure) == ("Li3BO3=20nm", "cathode=10±5um", 5e7)
    assert fired.key != plain.key, "amounts of the two are not kept under one name"
    assert "50000000 Pa" in fired.key


@pytest.mark.parametrize(("good", "bad", "message"), MALFORMED, ids=[row[2][:40] for row in MALFORMED])
def test_a_malformed_table_is_named_and_the_others_are_judged(tmp_path, good, bad, message):
    assert TABLE.count(good) == 1
    file = write(tmp_path, TABLE.replace(good, bad) + SECOND)
    cards, problems = cards_reader.read_cards(file)
    assert [card.id for card in cards] == ["mine-800"]
    (problem_found,) = problems
    assert (problem_found.file, problem_found.table) == (str(file), "mine-700")
    assert message in problem_found.message
    assert "\n" not in str(problem_found)
    assert len(str(problem_found)) < 1500


@pytest.mark.parametrize(
    ("text", "table", "message"),
    [
        ("[[observation]\n", "", "not a TOML card"),
        ("x = " + "[" * 5000, "", "not a TOML card"),
        ("x = " + "9" * 5000, "", "not a TOML card"),
        ("[[obervation]]\n", "obervation", "unknown table 'obervation': did you mean observation"),
        ("[observation]\nid = 'x'\n", "observation", "write [[observation]]"),
        ("observation = [1]\n", "observation", "write [[observation]]"),
        ("common = 3\n", "common", "write [common]"),
        ("[common]\ncathod = 'pc-LCO'\n", "common", "unknown key 'cathod': did you mean cathode"),
        ("[[observation]]\n", "observation 1", "id is needed"),
        ("[[observation]]\nid = 'two words'\n", "observation 1", "without blanks"),
        (TABLE, "mine-700", "this id is taken in"),
    ],
    ids=lambda value: value[:20].strip(),
)
def test_a_malformed_file_is_named_and_the_others_are_judged(tmp_path, text, table, message):
    write(tmp_path, TABLE, "a.toml")
    bad = write(tmp_path, text, "b.toml")
    write(tmp_path, SECOND, "c.toml")
    cards, problems = cards_reader.read_cards(tmp_path)
    assert [card.id for card in cards] == ["mine-700", "mine-800"]
    (problem_found,) = problems
    assert (problem_found.file, problem_found.table) == (str(bad), table)
    assert message in problem_found.message


def test_two_onsets_of_which_one_is_upside_down(tmp_path):
    observed = 'temperature = "700 °C"\nseen = ["La2Zr2O7"]'
    onset = TABLE.replace("[[observation]]", "[[onset]]")
    wrong = onset.replace(observed, 'seen_at = "600 °C"\nclean_at = "700 °C"')
    right = onset.replace(observed, 'clean_at = "700 °C"').replace("mine-700", "mine-onset")
    cards = cards_reader.read(write(tmp_path, wrong + right))
    assert [card.id for card in cards.onsets] == ["mine-onset"]
    assert [str(card) for card in cards.problems] == [
        f"{tmp_path / 'mine.toml'}, mine-700: clean_at 700 °C must lie below seen_at 600 °C: it is the highest "
        "temperature without, seen_at the lowest with a secondary phase"
    ]


def test_thermogravimetry_that_says_nothing(tmp_path):
    text = "\n".join(TABLE.splitlines()[2:6]).replace("mine-700", "mine-tg")
    text = f'[[thermogravimetry]]\n{text}\nmaterial = "LLZTO"\nramp = "5 °C/min"\nend = "900 °C"\nhow_read = "own"\n'
    cards = cards_reader.read(write(tmp_path, text))
    assert cards.thermogravimetry == ()
    assert "says nothing" in cards.problems[0].message


def test_what_is_not_a_card_is_named(tmp_path):
    big = write(tmp_path, "# " + "x" * cards_reader.MAX_BYTES, "big.toml")
    latin = tmp_path / "latin.toml"
    latin.write_bytes("# °".encode("latin-1"))
    (tmp_path / "loop.toml").symlink_to(tmp_path / "loop.toml")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.toml")  # reading it would never end
    cards, problems = cards_reader.read_cards(tmp_path)
    assert cards == []
    messages = {Path(fault.file).name: fault.message for fault in problems}
    assert f"over {cards_reader.MAX_BYTES} bytes" in messages[big.name]
    assert "not a TOML card" in messages["latin.toml"]
    assert "no such file" in messages["loop.toml"]
    assert "no such file" in messages.get("pipe.toml", "no such file")


def test_missing_paths_are_named_and_the_others_are_read(tmp_path):
    (tmp_path / "empty").mkdir()
    good = write(tmp_path, TABLE)
    cards, problems = cards_reader.read_cards([tmp_path / "nowhere.toml", tmp_path / "empty", good])
    assert [card.id for card in cards] == ["mine-700"]
    assert ["no such file" in problems[0].message, "0 .toml files" in problems[1].message] == [True, True]


def test_a_folder_is_read_only_so_far(tmp_path, monkeypatch):
    monkeypatch.setattr(cards_reader, "MAX_FILES", 2)
    for number in range(3):
        write(tmp_path, TABLE.replace("mine-700", f"mine-{number}"), f"{number}.toml")
    cards, problems = cards_reader.read_cards(tmp_path)
    assert [card.id for card in cards] == ["mine-0", "mine-1"]
    assert "3 .toml files" in problems[0].message


def test_the_example_of_the_documentation_is_a_card(tmp_path):
    page = (ROOT / "docs" / "observations.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1]
    cards = cards_reader.read(write(tmp_path, example))
    assert [str(card) for card in cards.problems] == []
    assert len(cards.observations) == 2
    assert len(cards.onsets) == 1
