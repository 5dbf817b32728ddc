"""Files that commands write with -o: what stands in a file is what its name says, and all other names are refused."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from sinterface.simulate.pages.read_results import read
from sinterface.validation.cli import app

SHORT = "50 °C/min to 500 °C; quench"
WORDS = {
    "run": ["run", "pc-LNMO", "--schedule", SHORT, "--cells", "4"],
    "sweep": ["sweep", "pc-LNMO", "--temperatures", "300", "--hold", "1 min", "--cells", "4", "--workers", "1"],
    "compare": ["compare", "pc-LNMO", "-s", SHORT, "--cells", "4"],
    "optimize": ["optimize", "pc-LNMO", "--temperature", "420:500", "--time", "0.1", "--budget", "8", "--samples", "0",
                 "--cells", "4"],
    "tga": ["tga", "LLZTO", "--to", "300", "--cells", "4"],
    "xrd": ["xrd", "run.nc"],
    "report": ["report", "run.nc"],
    "screen": ["screen", "space.toml"],
    "phases fetch": ["phases", "fetch", "--elements", "Li,O"],
    "validate": ["validate"],
}  # fmt: skip
ENDINGS = {
    "run": {".nc", ".json"}, "sweep": {".nc", ".json"}, "compare": {".nc", ".json"}, "optimize": {".json"},
    "tga": {".csv", ".json"}, "xrd": {".xy", ".json"}, "report": {".html", ".htm"}, "screen": {".zarr"},
    "phases fetch": {".json"}, "validate": {".json"},
}  # fmt: skip
TRIED = ("", ".nc", ".json", ".csv", ".xy", ".html", ".zarr", ".h5", ".txt", ".nc.gz", ".png", ".toml", ".jsonl")


def call(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def commands(group, *above):
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *above, name)
        else:
            yield " ".join((*above, name)), command


def test_every_command_that_writes_is_held_to_this():
    writing = {
        name
        for name, command in commands(typer.main.get_command(app))
        if any("--output" in option.opts for option in command.params)
    }
    assert writing == set(WORDS) == set(ENDINGS)


@pytest.mark.parametrize("command", WORDS)
def test_other_endings_are_refused_before_anything_is_read_or_computed(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "space.toml").write_text('temperatures = [400]\ncathodes = ["pc-LCO"]', encoding="utf-8")
    for ending in TRIED:
        if ending in ENDINGS[command]:
            continue
        done = call(*WORDS[command], "-o", f"answer{ending}")
        told = str(done.exception)
        assert f"output answer{ending}: the ending '{Path(f'answer{ending}').suffix}' is none of" in told
        assert all(f"{known} (" in told for known in ENDINGS[command])
    assert [file.name for file in tmp_path.iterdir()] == ["space.toml"]


@pytest.fixture(scope="module")
def run_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("run") / "run.nc"
    assert call(*WORDS["run"], "-o", file).exit_code == 0
    return file


@pytest.mark.parametrize("command", ["run", "sweep", "compare", "optimize", "tga", "xrd"])
def test_a_json_file_is_what_json_prints_and_other_files_are_what_they_say(command, tmp_path, run_file):
    words = [str(run_file) if word == "run.nc" else word for word in WORDS[command]]
    (other,) = (ENDINGS[command] - {".json"}) or {""}
    done = call(*words, "--json", "-o", tmp_path / "answer.JSON")
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "answer.JSON").read_text(encoding="utf-8")) == json.loads(done.stdout)
    if other:
        done = call(*words, "-o", tmp_path / f"answer{other}")
        assert done.exit_code == 0, done.output
        if other == ".nc":
            assert read(tmp_path / "answer.nc").kind == command
        else:
            assert len((tmp_path / f"answer{other}").read_text(encoding="utf-8").splitlines()) > 20


def test_documents_of_several_cathodes_go_to_a_file_each(tmp_path):
    words = [*WORDS["sweep"], "pc-LCO", "--json"]
    assert "'answer-{cathode}.json'" in str(call(*words, "-o", "answer.json").exception)
    done = call(*words, "-o", tmp_path / "{cathode}.json")
    assert done.exit_code == 0, done.output
    for document in json.loads(done.stdout):
        assert json.loads((tmp_path / f"{document['cathode']}.json").read_text(encoding="utf-8")) == document


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "pc-LCO", "--checkpoint", "c.json"], "checkpoint c.json: the ending '.json' is none of .h5 (HDF5)"),
        (["validate", "--report", "page.pdf"], "report page.pdf: the ending '.pdf' is none of .html (a page)"),
        (
            ["calibrate", "pool.json", "--posterior", "p.json"],
            "posterior p.json: the ending '.json' is none of .csv",
        ),
        (["run", "pc-LCO", "--plot", "run.jpg"], "figure run.jpg: the ending '.jpg' is none of .png, .pdf, .svg"),
    ],
)
def test_other_files_are_held_to_their_names_too(words, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert told in str(call(*words).exception)
    assert not list(tmp_path.iterdir())
