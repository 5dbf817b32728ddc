"""``sinterface validate``: a tiny folder of cards, files written whole, problems named."""

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from sinterface.models.rates.parameters import names
from sinterface.validation import cli
from sinterface.validation.calibration import calibrate, emulator, rounds, search
from sinterface.validation.judging import pool, pool_file
from sinterface.validation.judging.firings import Predicted
from sinterface.validation.observations import cards_reader
from sinterface.validation.scores import validate

CARD = """
[[observation]]
id = "mine-LFP-600"
role = "test"
source = "doi:10.1000/mine"
known = "read"
cathode = "pc-LFP"
electrolyte = "LLZTO"
mass_ratio = "1:1"
ramp = "10 °C/min"
hold = "1 h"
cooling = "quench"
atmosphere = "O2"
temperature = "600 °C"
method = "XRD"
detection_limit = { wt_percent = 1.0, sd = 0.5, origin = "made up" }
seen = ["phosphate"]
how_read = "made up"
"""


@pytest.fixture
def folder(tmp_path):
    cards = tmp_path / "cards"
    cards.mkdir()
    (cards / "mine.toml").write_text(CARD, encoding="utf-8")
    return cards


def run(*arguments):
    return CliRunner().invoke(cli.app, ["validate", "--workers", "1", "--samples", "2", *map(str, arguments)])


@pytest.fixture
def only_mine(monkeypatch):
    """Built-in cards are left out, as running them takes a minute."""
    everything = cards_reader.read

    def read(source=None):
        return cards_reader.Cards((), (), (), ()) if source is None else everything(source)

    monkeypatch.setattr(validate.cards_reader, "read", read)


@pytest.fixture
def quick(monkeypatch):
    """The built-in cards with made-up predictions."""

    def run_all(jobs, *, progress, **_):
        progress(1.0)
        return [Predicted({"La2Zr2O7": 2.0}, {"cathode": 49.0, "electrolyte": 0.1}, "DONE") for _ in jobs]

    monkeypatch.setattr(validate, "run_all", run_all)
    nothing = {"order": {}, "order_of_mixtures": [], "loss_from": [], "garnet": {}, "not_predicted": []}
    monkeypatch.setattr(validate.thermogravimetry, "document", lambda *_, **__: nothing)


def test_cards_of_my_own(folder, tmp_path, only_mine):
    output = tmp_path / "validation.json"
    done = run("--cards", folder, "--cells", 8, "--json", "-o", output)
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert json.loads(output.read_text(encoding="utf-8")) == document
    (mark,) = document["other_laboratories"]
    assert (mark["id"], mark["temperature_C"], mark["cathode_fitted"]) == ("mine-LFP-600", 600.0, False)
    assert 0.0 <= mark["probability_seen"] <= 1.0
    assert document["in_sample"]["cells"] == []
    assert document["problems"] == []


def test_firings_are_run_as_finely_as_asked_for(monkeypatch, quick):
    stand_in, asked = validate.run_all, []

    def run_all(jobs, **options):
        asked.append((options["cells"], options["tolerance"]))
        return stand_in(jobs, **options)

    monkeypatch.setattr(validate, "run_all", run_all)
    for words in ((), ("--cells", 8, "--tolerance", 0.01)):
        assert run("--samples", 1, "--json", *words).exit_code == 0
    assert asked == [(40, 0.04), (8, 0.01)]
    assert str(run("--tolerance", 0).exception) == "--tolerance 0: choose 0.0001 to 0.5"


@pytest.fixture
def never(monkeypatch):
    """Nothing may be run."""

    def run_all(*_, **__):
        raise AssertionError("a firing was run")

    monkeypatch.setattr(validate, "run_all", run_all)
    monkeypatch.setattr(calibrate, "run", run_all)


@pytest.mark.parametrize("command", ["validate", "calibrate"])
def test_malformed_cards_are_all_named_and_nothing_is_run(folder, tmp_path, never, command):
    (folder / "bad.toml").write_text(CARD.replace("phosphate", "phosphat").replace("mine-", "bad-"), encoding="utf-8")
    (folder / "worse.toml").write_text("id = [", encoding="utf-8")
    place = [str(tmp_path / "pool.json")] if command == "calibrate" else ["--json"]
    done = CliRunner().invoke(cli.app, [command, *place, "--workers", "1", "--cards", str(folder)])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "bad.toml, bad-LFP-600" in done.stderr
    assert "phosphate" in done.stderr
    assert "worse.toml" in done.stderr
    assert all(line.startswith("sinterface: ") for line in done.stderr.splitlines())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cards"]


def test_a_built_in_card_that_can_not_be_read_is_told_of_and_the_others_are_compared(monkeypatch, quick):
    everything = cards_reader.read()
    lost = cards_reader.CardFault("ma2025-LCO.toml", "", "not read")
    monkeypatch.setattr(cards_reader, "read", lambda *_: replace(everything, problems=(lost,)))
    done = run("--json")
    assert done.exit_code == 1
    assert "not read" in done.stderr
    assert json.loads(done.stdout)["problems"] == [str(lost)]


def test_an_id_of_a_built_in_card_is_taken(folder, quick):
    (folder / "mine.toml").write_text(CARD.replace("mine-LFP-600", "tsai2019-LCO-1050"), encoding="utf-8")
    (problem,) = validate.read([folder]).problems
    assert "tsai2019-LCO-1050" in str(problem)
    assert "choose another" in str(problem)


def test_tables_and_report(tmp_path, quick, monkeypatch):
    written = SimpleNamespace(write=lambda told, path: path.write_text(told.version, encoding="utf-8"))
    monkeypatch.setitem(sys.modules, "sinterface.validation.report.page", written)
    report, output = tmp_path / "report.html", tmp_path / "validation.json"
    done = run("--report", report, "-o", output)
    assert done.exit_code == 0, done.output
    assert f"wrote {output}" in done.output
    assert f"wrote {report}" in done.output
    for said in ("pc-LNMO", "F1", "stronger", "3.1 ± 0.7", "400 [400, 400] (yes)"):
        assert said in done.output
    assert report.read_text(encoding="utf-8") == json.loads(output.read_text(encoding="utf-8"))["version"]


def test_figures(tmp_path, quick):

    z = np.random.default_rng(0).normal(size=(64, len(names())))
    cards = cards_reader.read()
    observed = (*cards.observations, *cards.alone)
    judge = calibrate.judge_of(observed)
    told = [{case: Predicted({"La2Zr2O7": float(np.exp(row[0]))}, {}, "DONE") for case in judge.cases} for row in z]
    sets = pool.from_runs(z.tolist(), told, judge, calibrate.made_with())
    (tmp_path / "pool.json").write_text(pool_file.pool_text(sets), encoding="utf-8")
    done = run("--plot", tmp_path / "onsets.svg")
    assert done.exit_code == 0, done.output
    words = ["calibrate", "pool.json", "--rounds", "0", "--posterior", "posterior.csv", "--plot", "parameters.svg"]
    done = CliRunner().invoke(cli.app, [str(tmp_path / word) if "." in word else word for word in words])
    assert done.exit_code == 0, done.output
    for name, wanted in (("onsets", "pc-LCO"), ("parameters", names()[0])):
        assert f">{wanted}</text>" in (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
    assert run("--plot", tmp_path / "onsets.gif").exception.args[0].startswith("figure ")


def test_a_search_and_a_round_from_the_command_line(tmp_path, monkeypatch):
    """A model that costs nothing: the tables tell of the emulator, of the walk and of the posterior."""
    cards = cards_reader.read()
    few = tuple(o for o in cards.observations if o.cathode in ("pc-LCO", "pc-LNMO", "sc-NMC631"))
    monkeypatch.setattr(validate.cards_reader, "read", lambda *_: cards_reader.Cards(few, (), (), ()))
    monkeypatch.setattr(rounds, "LENGTHS", (2, 4))
    monkeypatch.setattr(rounds, "WALKERS", 16)
    monkeypatch.setattr(emulator, "FOR_LENGTHS", 40)

    def model(z, cases):
        return {case: Predicted({"LaMO3": float(np.exp(z[0] - z[1]))}, {"cathode": 40.0}, "DONE") for case in cases}

    monkeypatch.setattr(calibrate, "ObservedModel", lambda *_: model)
    judge = calibrate.judge_of(few)
    z = np.random.default_rng(0).normal(size=(emulator.LEAST, len(names())))
    past = pool.from_runs(z.tolist(), [model(row, judge.cases) for row in z], judge, calibrate.made_with())
    file, table = tmp_path / "pool.json", tmp_path / "posterior.csv"
    file.write_text(pool_file.pool_text(past), encoding="utf-8")
    options = ["--rounds", "1", "--minutes", "0.001", "--size", "3", "--workers", "1", "--posterior", str(table)]
    done = CliRunner().invoke(cli.app, ["calibrate", str(file), *options])
    assert done.exit_code == 0, done.output
    for said in ("round 1: emulated log-likelihood", "rank correlation", "R-hat", "│ pc-LNMO ", "of the walkers went"):
        assert said in done.stderr
    assert "sets run, 16 of them proposed to walkers" in " ".join(done.stdout.split())
    after = pool_file.read_pool(file.read_text(encoding="utf-8")).judged_by(judge)
    assert not after.waiting.any()
    assert np.count_nonzero(after.origin == 0) == np.count_nonzero(after.origin == 1) == 16
    assert np.count_nonzero(after.origin == pool.GUESS) == search.GENERATION
    assert len(table.read_text(encoding="utf-8").splitlines()) == 1 + 4 + 4 * 3


def test_bad_input_is_refused_before_anything_is_run(tmp_path, program):
    for arguments, said in (
        (("--cards", str(tmp_path / "no")), "no such folder"),
        (("--samples", "0"), "give 1 to"),
        (("-o", str(tmp_path / "no" / "out.json")), "does not exist"),
    ):
        done = program("validate", *arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("sinterface: ")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1


def test_all_commands_are_there(program):
    done = program("--help")
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("validate", "run", "sweep", "reactions", "materials", "phases"))
