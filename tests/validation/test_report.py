"""The validation report: complete, offline, safe with any text, and written whole or not at all."""

import copy
import json
import math
import re
import tomllib
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources

import pytest

from sinterface.models.basics.errors import DataError, InputError
from sinterface.models.phases.substance import FAMILIES as PHASE_FAMILIES
from sinterface.models.powders.materials import built_in
from sinterface.validation.report import page
from sinterface.validation.scores import statements
from sinterface.validation.scores.document import Validation
from sinterface.validation.scores.plain_data import read

BRACKETS = {
    "pc-LCO": (600, 700), "pc-LNMO": (None, 400), "pc-NMC811": (None, 500), "pc-NMC631": (600, 700),
    "pc-NMC532": (600, 700), "pc-NMC111": (600, 700), "sc-NMC631": (1000, None),
}  # fmt: skip
PREDICTED = {
    "pc-LCO": 720, "pc-LNMO": 412, "pc-NMC811": 488, "pc-NMC631": 634, "pc-NMC532": 655, "pc-NMC111": 540,
    "sc-NMC631": None,
}  # fmt: skip
FAMILIES = ("La2Zr2O7", "LaMO3", "La2MO4", "Li2MnO3", "La2O3", "rock salt", "Li zirconate")


def share(powder, family, T):
    """Some wt% that rises and, for the pyrochlore, falls again."""
    start = PREDICTED[powder] or 1200
    top = {"La2Zr2O7": 20.0, "Li2MnO3": 25.0}.get(family, 3.0) if powder == "pc-LNMO" else 2.5
    if powder != "pc-LNMO" and family in ("La2O3", "rock salt", "Li zirconate"):
        return 0.0
    if family == "Li2MnO3" and powder not in ("pc-LNMO", "pc-NMC111"):
        return 0.0
    value = top / (1.0 + math.exp(-(T - start - 60) / 35.0))
    return value * math.exp(-max(0.0, T - start - 150) / 150.0) if family == "La2Zr2O7" else value


def band(values):
    return {"value": values, "low": [0.6 * v for v in values], "high": [1.5 * v for v in values]}


def cells_of(name):
    cells = []
    folder = resources.files("sinterface.validation").joinpath("cards")
    for file in sorted(path.name for path in folder.iterdir() if path.name.startswith(name)):
        card = tomllib.loads(folder.joinpath(file).read_text(encoding="utf-8"))
        for table in card.get("observation", []):
            said = {**card.get("common", {}), **table}
            T, limit = float(said["temperature"].split()[0]), said.get("detection_limit", {}).get("wt_percent", 1.0)
            for word in ("seen", "not_seen"):
                for family in said.get(word, []):
                    value = share(said["cathode"], family, T) if said["cathode"] in BRACKETS else 1.3
                    chance = value**2 / (value**2 + limit**2)
                    cells.append({
                        "id": said["id"], "cathode": said["cathode"], "temperature_C": T, "family": family,
                        "observed": word.replace("_", " "), "limit_wt_percent": limit, "predicted_wt_percent": value,
                        "interval": [0.6 * value, 1.5 * value], "probability_seen": chance, "predicted": chance > 0.5,
                    })  # fmt: skip
    return cells


def scores(shift):
    powders = {}
    for powder, (clean, seen) in BRACKETS.items():
        at = PREDICTED[powder]
        at = at if at is None else at + shift
        low, high = (1000 if at is None else at), (1000 if at is None else at)
        distance = max(0.0, (clean or 0) - low, high - (seen or 2000))
        powders[powder] = {
            "predicted_C": at, "interval_C": [None, None] if at is None else [at - 45, at + 60],
            "bracket_C": [clean, seen], "inside": distance <= 50.0, "distance_C": distance,
        }  # fmt: skip
    cells = cells_of("ma2025")
    families = {}
    for cell in cells:
        seen = cell["observed"] == "seen"
        key = ("tp" if seen else "fp") if cell["predicted"] else ("fn" if seen else "tn")
        families.setdefault(cell["family"], dict.fromkeys(("tp", "fp", "fn", "tn"), 0))[key] += 1
    tp, fp, fn = (sum(family_counts[key] for family_counts in families.values()) for key in ("tp", "fp", "fn"))
    amounts = [
        {"id": "ma2025-pc-LCO-900", "cathode": "pc-LCO", "temperature_C": 900.0, "families": ["LaMO3", "La2Zr2O7"],
         "measured": 3.1, "sd": 0.7, "predicted": 3.4 + shift / 50, "interval": [2.1, 5.0],
         "within_30_percent": shift < 20},
        {"id": "ma2025-pc-NMC811-800", "cathode": "pc-NMC811", "temperature_C": 800.0, "families": ["secondary"],
         "measured": 2.0, "sd": 0.7, "predicted": 4.61, "interval": [2.5, 6.1], "within_30_percent": False},
        {"id": "ma2025-pc-LNMO-600", "cathode": "pc-LNMO", "temperature_C": 600.0, "families": [],
         "gone": "electrolyte", "predicted_gone": True, "probability_gone": 0.8, "left": 0.31,
         "interval": [0.0, 1.2], "limit": 1.0},
    ]  # fmt: skip
    return {
        "onset": {
            "powders": powders,
            "mean_distance_C": sum(powder["distance_C"] for powder in powders.values()) / len(powders),
            "inside_count": sum(powder["inside"] for powder in powders.values()), "powder_count": len(powders),
        },
        "phases": {"precision": tp / (tp + fp), "recall": tp / (tp + fn), "f1": 2 * tp / (2 * tp + fp + fn),
                   "families": families},
        "cells": cells,
        "amounts": amounts,
        "trends": [
            {"id": "ma2025-pc-LCO-900", "cathode": "pc-LCO", "family": family, "from_C": 700.0, "to_C": 900.0,
             "said": said, "probability": p, "holds": p > 0.5}
            for family, said, p in (("La2Zr2O7", "weaker", 0.31), ("LaMO3", "stronger", 0.998))
        ],
        "vote": {"mean_distance_C": 41.0, "precision": 0.8, "recall": 0.5, "f1": 0.62},
    }  # fmt: skip


def validation(**changed):
    return read(Validation, document() | changed)


def document():
    T = [float(t) for t in range(400, 1001, 50)]
    names = {
        "transformation": ("kJ/mol", 250.0, 40.0), "interface": ("log10(m)", -9.0, 0.5),
        "roughness": ("log10", 0.0, 1.0),
        "contact": ("log10", -0.5, 0.3), "nickel_manganese": ("kJ/mol", 0.0, 1.0), "cations": ("log10", 0.0, 1.0),
        "boundaries": ("log10", 0.0, 1.0), "lithium_rich": ("kJ/mol", 0.0, 2.0), "garnet": ("kJ/mol", 0.0, 1.5),
        "perovskite": ("kJ/mol", 0.0, 2.0), "layered_perovskite": ("kJ/mol", 0.0, 3.0),
    }  # fmt: skip
    curves = {}
    for powder in BRACKETS:
        families = {family: [share(powder, family, t) for t in T] for family in FAMILIES}
        total = [sum(values) for values in zip(*families.values(), strict=True)]
        curves[powder] = {
            "temperature_C": T, "total": band(total), "families": {name: band(v) for name, v in families.items()},
            "unreacted": {role: band([max(0.0, 50 - v / 2) for v in total]) for role in ("cathode", "electrolyte")},
        }  # fmt: skip
    return {
        "version": "0.1.0", "samples": 12, "database": "embedded-df7496126c5e",
        "problems": ["mine.toml: observation 2: no id"],
        "lacking": [{"what": "garnet that has met air", "why": "no energy of it is known"}],
        "detection": "a family is seen when its wt% exceeds a limit drawn from the card's limit and standard deviation",
        "parameters": [
            {"name": name, "unit": unit, "source": "kuwabara2021", "prior": {"mean": mean, "sd": sd},
             "meaning": "activation energy of a reconstructive transformation, the same for every new structure",
             "posterior": {"mean": mean + 0.7 * sd, "sd": 0.4 * sd, "q05": mean + 0.1 * sd, "q95": mean + 1.3 * sd}}
            for name, (unit, mean, sd) in names.items()
        ],
        "in_sample": scores(0), "leave_one_out": scores(37) | {"not_left_out": ["pc-LFP"]}, "curves": curves,
        "sensitivity": {
            powder: {name: None if at is None else 61.0 * math.sin(3.0 * k + at) for k, name in enumerate(names)}
            for powder, at in PREDICTED.items()
        },
        "thermogravimetry": {
            "order": {
                "id": "ma2025-tg-cathodes", "electrolyte": None, "pairs": 9, "pairs_right": 7,
                "observed": [["pc-LCO"], ["pc-NMC111"], ["pc-NMC631", "pc-NMC532"], ["pc-LNMO"]],
                "predicted": [["pc-LCO", "pc-NMC111"], ["pc-NMC532"], ["pc-NMC631"], ["pc-LNMO"]],
                "predicted_C": {
                    "pc-LCO": None, "pc-NMC111": None, "pc-NMC532": 961.0, "pc-NMC631": 933.0, "pc-LNMO": 702.4,
                },
            },
            "order_of_mixtures": [],
            "garnet": {"material": "LLZTO", "observed_wt_percent": 6.0, "steps_C": ["200 to 250", "350 to 500"],
                       "predicted_wt_percent": 5.9, "predicted_steps_C": ["190 to 255"]},
            "loss_from": [
                {"id": "ma2025-tg-pc-LCO", "material": "pc-LCO", "electrolyte": None, "observed_C": 1050,
                 "between_C": [1030, 1070], "predicted_C": 1012.3, "inside": False},
                {"id": "ma2025-tg-pc-LNMO", "material": "pc-LNMO", "observed_C": 700, "between_C": [650, 750],
                 "electrolyte": "LLZTO", "predicted_C": None, "inside": False},
            ],
            "not_predicted": [{"what": "mass loss of LLZTO alone", "why": "no energy of protonated garnet is known"}],
        },
        "verdicts": {powder: f"{powder} is as observed, but for the amount of La2Zr2O7." for powder in BRACKETS},
        "other_laboratories": [
            {**cell, "electrolyte": "LLZO", "source": cell["id"].split("-")[0], "known": "recalled",
             "right": cell["predicted"] == (cell["observed"] == "seen"), "cathode_fitted": False}
            for cell in cells_of("kim") + cells_of("tsai")
        ],
        "baselines": {
            "guesses": [
                {"name": "others", "what": "median onset and majority vote of the other cathodes",
                 "mean_distance_C": 123.0, "precision": 0.7, "recall": 0.6, "f1": 0.65},
                {"name": "equilibrium", "what": "equilibrium of the couple, without kinetics",
                 "mean_distance_C": None, "precision": 0.5, "recall": 0.9, "f1": 0.64},
            ],
            "skill_onset": 0.412, "skill_f1": -0.071,
            "coverage": {"count": 7, "inside": 5, "share_interval": [0.4, 0.9]},
        },
    }  # fmt: skip


class Page(HTMLParser):
    """Elements, what they load, and whether tags are balanced."""

    VOID = ("meta", "br", "link", "img")

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.ids, self.wrong = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    page.write(validation(), path)
    return path.read_text(encoding="utf-8")


def test_every_powder_and_number_is_there(written):
    plain = re.sub(r"<[^>]+>", " ", written)
    for powder in BRACKETS:
        assert plain.count(powder) > 3, powder
    for told in (
        "0.1.0",
        "embedded-df7496126c5e",
        "634 °C",
        "600 to 700 °C",
        "none up to 1000 °C",
        "4.61 (2.50 to 6.10)",
    ):
        assert told in plain, told
    assert "278 ± 16" in plain  # a posterior
    assert "mine.toml: observation 2: no id" in plain
    assert "median onset and majority vote of the other cathodes" in plain
    assert "5 of 7 observed onsets lie inside of the 90 % intervals" in plain
    assert "no energy of protonated garnet is known" in plain
    for cell in document()["other_laboratories"]:
        assert cell["id"] in plain
    assert "None" not in plain.replace("None was used", "")
    assert "nan" not in plain.split()


def test_targets_are_told_in_words(written):
    summary = written[written.index('id="part-1"') : written.index('id="part-2"')]
    assert "✓ met" in summary
    assert "✗ missed" in summary
    assert (
        "2 of 5 targets are met; missed: onsets at most 50 °C outside (in sample); F1 of phases (in sample)" in summary
    )


def test_the_page_loads_nothing_and_is_well_formed(written):
    page = Page(written)
    assert (page.open, page.wrong) == ([], [])
    assert len(page.ids) == len(set(page.ids))
    links = [
        value for _, attrs in page.elements for name, value in attrs.items() if name in ("src", "href", "xlink:href")
    ]
    assert all(link.startswith("#") and link[1:] in page.ids for link in links)
    assert not {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "object"}
    assert not re.findall(r"https?://|@import|url\((?!#)", written)


def test_figures_and_tables_can_be_read_aloud(written):
    elements = Page(written).elements
    drawn = [attrs for tag, attrs in elements if tag == "svg"]
    assert len(drawn) >= 20
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in drawn)
    heads = [attrs for tag, attrs in elements if tag == "th"]
    assert heads
    assert all(attrs["scope"] in ("row", "col") for attrs in heads)
    assert written.count("<figure>") == written.count("<figcaption>") > 4


NOTHING = {
    "onset": {"powders": {}, "mean_distance_C": None, "inside_count": 0, "powder_count": 0},
    "phases": {"precision": None, "recall": None, "f1": None, "families": {}},
    "cells": [], "amounts": [], "trends": [],
    "vote": {"mean_distance_C": None, "precision": None, "recall": None, "f1": None},
}  # fmt: skip
EMPTY = {
    "version": "0.1.0", "database": "mine", "samples": 1, "detection": "", "problems": [], "lacking": [],
    "parameters": [], "in_sample": NOTHING, "leave_one_out": NOTHING | {"not_left_out": []}, "curves": {},
    "sensitivity": {}, "verdicts": {},
    "baselines": {"guesses": [], "skill_onset": None, "skill_f1": None, "coverage": None},
    "other_laboratories": [],
    "thermogravimetry": {
        "order": {}, "order_of_mixtures": [], "loss_from": [], "garnet": {}, "not_predicted": [],
    },
}  # fmt: skip


def small():
    told = document()
    cells = {
        key: told[key] | {"cells": told[key]["cells"][:count]}
        for key, count in (("in_sample", 2), ("leave_one_out", 0))
    }
    return {**told, **cells, "curves": {"pc-LCO": told["curves"]["pc-LCO"]}}


def test_what_is_written_as_json_is_read_back_the_same():
    told = validation()
    assert read(Validation, json.loads(told.text())) == told
    plain = told.to_json()
    assert plain["in_sample"] == document()["in_sample"]
    assert plain["other_laboratories"] == document()["other_laboratories"]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("samples",), "12"), (("samples",), True), (("in_sample", "cells", 0, "predicted"), "yes"),
        (("in_sample", "amounts", 0, "measured"), None), (("curves", "pc-LCO", "total", "low", 3), [1.0]),
        (("thermogravimetry", "loss_from", 0, "between_C"), [1.0]), (("parameters", 2), {}),
        (("verdicts",), ["pc-LCO"]), (("unheard of",), 1),
    ],
)  # fmt: skip
def test_a_document_with_a_wrong_entry_is_refused_with_its_place(place, value):
    spoiled = document()
    inner = spoiled
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    where = "document" if place[-1] == "unheard of" else f"document.{place[0]}"
    with pytest.raises(DataError, match=re.escape(where)) as caught:
        read(Validation, spoiled)
    assert "\n" not in str(caught.value)


def test_the_same_document_gives_the_same_page():
    quick = {**small(), "parameters": [], "sensitivity": {}, "thermogravimetry": EMPTY["thermogravimetry"]}
    assert page.page(read(Validation, quick)) == page.page(read(Validation, copy.deepcopy(quick)))


def test_text_from_outside_is_escaped():
    bad = "<script>alert(1)</script>$x_&\"'"

    def spoil(value):
        if isinstance(value, dict):
            return {bad if key in ("pc-LCO", "La2Zr2O7") else key: spoil(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [spoil(inner) for inner in value]
        return bad if isinstance(value, str) and value not in ("seen", "not seen") else value

    text = page.page(read(Validation, spoil(small())))
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    parsed = Page(text)
    assert (parsed.open, parsed.wrong) == ([], [])


def test_a_document_without_content_gives_a_page():
    text = page.page(read(Validation, EMPTY))
    assert text.count("<section") == len(page.SECTIONS)
    assert "No comparison of predictions" in text


def test_a_single_sample_of_cards_of_a_user():
    single = {"value": [1.2], "low": [1.2], "high": [1.2]}
    cell = {
        "id": "mine-1", "cathode": "mine.toml", "temperature_C": 700.0, "family": "unheard of", "observed": "seen",
        "limit_wt_percent": 1.0, "predicted_wt_percent": None, "interval": [None, None], "probability_seen": None,
        "predicted": None,
    }  # fmt: skip
    amount = {
        "id": "mine-1", "cathode": "mine.toml", "temperature_C": 700.0, "families": ["unheard of"], "measured": 2.0,
        "sd": 0.0, "predicted": None, "interval": [None, None], "within_30_percent": None,
    }  # fmt: skip
    curve = {"temperature_C": [700.0], "total": single, "families": {"unheard of": single}, "unreacted": {}}
    mine = {
        "in_sample": NOTHING | {"cells": [cell], "amounts": [amount]}, "curves": {"mine.toml": curve},
        "sensitivity": {"mine.toml": {"garnet": None}},
    }  # fmt: skip
    text = page.page(read(Validation, EMPTY | mine))
    assert "unheard of" in text
    assert "not judged" in text
    assert "nan" not in re.sub(r"<[^>]+>", " ", text).split()


def test_a_statement_on_what_lacks_is_told_only_while_it_is_true():
    told = validation()

    def reasons(predicted):
        cells = tuple(
            replace(cell, predicted=predicted) if cell.cathode == "pc-LNMO" else cell for cell in told.in_sample.cells
        )
        lacking = statements.lacking(replace(told.in_sample, cells=cells), told.thermogravimetry)
        return [reason.what for reason in lacking if "NiO and La2O3" in reason.what]

    assert reasons(predicted=False) == ["NiO and La2O3 with LiNi0.5Mn1.5O4 (2 of 2 marks wrong)"]
    assert reasons(predicted=True) == []


def test_statements_on_onsets_amounts_and_the_order_count_what_is_wrong():
    told = validation()
    by_kind = {statement.wrong_in: statement for statement in statements.statements("lacking")}
    assert by_kind["onsets"].wrong(told.in_sample, told.thermogravimetry) == (0, 1)
    assert by_kind["onsets"].wrong(validation(in_sample=scores(200)).in_sample, told.thermogravimetry) == (1, 1)
    assert by_kind["amounts"].wrong(told.in_sample, told.thermogravimetry) == (0, 1)
    assert by_kind["amounts"].wrong(told.leave_one_out, told.thermogravimetry) == (1, 1)
    assert by_kind["order"].wrong(told.in_sample, told.thermogravimetry) == (2, 9)


def test_statements_name_families_and_powders_that_there_are():
    for statement in (*statements.statements("lacking"), *statements.statements("thermogravimetry")):
        assert set(statement.families) <= set(PHASE_FAMILIES)
        assert set(statement.cathodes) <= set(built_in())
        assert statement.wrong_in is None or statement.wrong_in in statements.UNITS
        assert (statement.error in ("missed", "false")) == (statement.wrong_in == "marks")
        assert "\n" not in statement.why and statement.why.endswith(".")


def test_the_page_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(InputError, match="folder"):
        page.write(validation(), tmp_path / "missing" / "report.html")
    monkeypatch.setattr(page, "page", lambda _: "\ud800")  # can not be encoded
    with pytest.raises(UnicodeEncodeError):
        page.write(validation(), path)
    assert path.read_text(encoding="utf-8") == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]
