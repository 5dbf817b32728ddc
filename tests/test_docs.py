"""What the pages say of files, names and keys is there; `make docs` checks the links between headings."""

import doctest
import importlib.util
import inspect
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import sinterface as si
from sinterface.models.phases.substance import FAMILIES
from sinterface.models.rates.parameters import names
from sinterface.simulate.solve.run import simulate
from sinterface.simulate.studies import optimize
from sinterface.validation.cli import app
from sinterface.validation.judging.firings import Predicted
from sinterface.validation.scores import validate

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
JSON = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if ":" not in link and not (page.parent / link).is_file()] == []


def test_the_readme_is_one_screen_and_counts_as_the_page_on_limits_does():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 60
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) > 3
    assert set(rows) <= set((ROOT / "docs" / "limits.md").read_text(encoding="utf-8").splitlines())


def test_pages_tell_todays_tables():
    database = si.load_database()
    told = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    observed = sum(solid.observed for solid in database.solids.values())
    assert f"`{database.fingerprint}`" in told
    assert f"There are {len(database.solids)} rows. {observed} are `observed`" in told
    assert f"`{database.fingerprint}`" in (ROOT / "docs" / "equilibrium.md").read_text(encoding="utf-8")


def test_pages_tell_how_many_parameters_there_are():
    pages = {
        page.name: page.read_text(encoding="utf-8")
        for page in PAGES
        if page.name in ("README.md", "limits.md", "command-line.md")
    }
    counts = {name: re.findall(r"(\d+) global parameters", text) for name, text in pages.items()}
    assert set().union(*map(set, counts.values())) == {str(len(names()))}, counts


def test_every_public_name_is_on_the_page_on_python():
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"auto\w+:: sinterface\.(?:simulate\.run\.)?(\w+)", text))
    assert shown == set(si.__all__)


def test_modules_shown_exist():
    text = (ROOT / "docs" / "modules.md").read_text(encoding="utf-8")
    names = re.findall(r"automodule:: (\S+)", text)
    assert names
    assert [name for name in names if importlib.util.find_spec(name) is None] == []


def test_families_of_the_page_are_those_of_the_code():
    table = JSON[JSON.index("## Families") :]
    assert dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", table, re.MULTILINE)) == {
        name: family.description for name, family in FAMILIES.items()
    }


def told(command):
    """Names in the part on a command: the keys it documents, and some words beside them."""
    part = re.search(rf"^## {command}\n(.*?)(?=^## |\Z)", JSON, re.MULTILINE | re.DOTALL)[1]
    return set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", part))))


def keys(document, *named):
    """All keys of a document; ``named`` ones hold objects whose keys are data."""
    if isinstance(document, list):
        return set().union(*(keys(item, *named) for item in document))
    if not isinstance(document, dict):
        return set()
    inner = [list(value.values()) if key in named else value for key, value in document.items()]
    return set(document) | keys(inner, *named)


def test_keys_of_a_run_a_sweep_and_a_comparison():
    task = si.problem("pc-LNMO", "LLZTO", si.Schedule.hold(800, hours=0.5), cells=4)
    run = si.predict(task, estimate_error=False)
    document = run.document() | {"samples": si.spread(task, 1).document(1.0)}
    assert document["samples"]["families"]
    assert keys(document) <= told("run")
    sweep = si.Sweep((400.0,), (run,)).document()
    assert set(sweep) <= told("sweep") | told("run")
    both = si.compare(task, [si.Schedule.parse("10 °C/min to 400 °C; quench")]).document()
    assert keys(both, "families") <= told("compare") | told("run")


def test_keys_of_reactions():
    data, powders = si.load_database(), si.materials()
    gas = si.atmosphere("O2")
    document = si.interface_reactions(powders["pc-LCO"], powders["LLZTO"], 973.15, gas, data).document()
    assert keys(document, "products", "families") - set(document["kinks"][0]["products"]) - set(FAMILIES) <= told(
        "reactions"
    )


def test_keys_of_a_search():
    gas = si.atmosphere("O2")
    shares = {"LaMO3": 1.0}
    trial = optimize.Trial(
        optimize.Choice(800.0, 1.0, 10.0, gas), 0.6, 1.0, shares, (0.5, 0.6, 0.7), 0.1, (0.5, 1.0, 2.0)
    )
    bounds = si.Bounds((600.0, 900.0), (1.0, 2.0), (1.0, 10.0), (gas,))
    front = si.Front(
        "a", "b", bounds, points=(trial,), trials=(trial,), predictions=1, failed=0, samples=0, seed=0, database="data",
        version="0",
    )  # fmt: skip
    document = front.document()
    assert keys(document) - set(shares) <= told("optimize")


def test_keys_of_a_screen(tmp_path):
    space = tmp_path / "space.toml"
    space.write_text('temperatures = [400]\ncathodes = ["pc-LCO"]\ncoatings = ["Li3BO3"]', encoding="utf-8")
    arguments = ["screen", str(space), "-o", str(tmp_path / "a.zarr"), "--workers", "1", "--json"]
    document = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert len(document["ranked"][0]["coatings"]) == 1
    assert keys(document) - set(FAMILIES) <= told("screen")


@pytest.mark.parametrize("arguments", [["list", "--elements", "Li,O"], ["show", "Li2O"]], ids=["list", "show"])
def test_keys_of_phases(arguments):
    document = json.loads(CliRunner().invoke(app, ["phases", *arguments, "--json"]).stdout)
    assert document
    if isinstance(document, dict):
        document["as_tabulated"], document["hull"]["others"] = {}, {}
    assert keys(document) <= told("phases")


def test_keys_of_the_validation():
    def run(jobs, **_):
        return [Predicted({"La2Zr2O7": 2.0}, {"cathode": 49.0, "electrolyte": 0.1}, "DONE") for _ in jobs]

    cards = validate.read([])
    pure = tuple(card for card in cards.thermogravimetry if not card.electrolyte)
    document = validate.compare(replace(cards, thermogravimetry=pure), samples=2, run=run).to_json()
    powders = {card.cathode for card in cards.observations} | {card.cathode for card in cards.onsets}
    names = {parameter["name"] for parameter in document["parameters"]}
    assert document["thermogravimetry"]["order"]["predicted_C"]
    assert keys(document) - powders - names - set(FAMILIES) <= told("validate")


def script(name):
    """A script of ``docs``, which is no package, as a module."""
    place = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


rooms = script("rooms")


@pytest.mark.parametrize("name", rooms.PAGES)
def test_rooms_and_files_of_a_page_are_those_of_the_code(name):
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert text == rooms.refreshed(text, rooms.PAGES[name]()), "run python docs/rooms.py"


def test_rooms_stand_after_those_that_they_import_from():
    names = [room.name for room in rooms.rooms("models")]
    assert names.index("basics") < names.index("phases") < names.index("equilibrium") < names.index("interface")


def test_a_page_without_marks_is_not_written_over():
    with pytest.raises(ValueError, match="has no lines"):
        rooms.refreshed("a page of words", "new")


WITH_EXAMPLES = ["sinterface"] + [
    "sinterface." + ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for folder in rooms.FOLDERS
    for file in sorted((ROOT / folder).rglob("*.py"))
    if ">>> " in file.read_text(encoding="utf-8") and "_facade" not in file.parts
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_in_docstrings(name):
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert (failed, tried > 0) == (0, True)


def test_every_public_name_has_an_example():
    """Of a class one is enough, and ``test_examples_in_docstrings`` runs all; what raises an error shows it."""
    public = {name: getattr(si, name) for name in si.__all__ if name != "simulate"} | {"simulate": simulate}
    lacking = [
        name
        for name, thing in public.items()
        if ">>> " not in (thing.__doc__ or "") and not (inspect.isclass(thing) and issubclass(thing, Exception))
    ]
    assert lacking == []


def extension_of_the_site(name):
    """A module of docs/ that Sphinx loads, whose examples have been run."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 0) == (0, True)
    return module


def test_the_site_sets_subscripts_in_prose_and_nowhere_else():
    subscripts = extension_of_the_site("subscripts")
    for text in ("HDF5", "NMC811", "T_MAX", "as_received", "my_cathode.toml", "Ia-3d", "pc-LCO at 2.5", "F1", "E501"):
        assert list(map(str, subscripts.pieces(text))) == [text]


def test_the_site_makes_tables_of_what_terminals_show():
    tables = extension_of_the_site("terminal_tables")
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "docs" / "start.md").read_text(), re.DOTALL)
    framed = [block for block in blocks if "┏" in block]
    assert framed
    for block in framed:
        made = list(tables.pieces(block))
        assert sum(piece.tagname == "table" for piece in made) == block.count("┏")
        assert sum(piece.tagname == "literal_block" for piece in made) == block.count("$ sinterface")
        told = " ".join(piece.astext() for piece in made)
        assert not set("┏━┃│└") & set(told)
        letters = sorted("".join(block.split()))  # none is lost, none is added
        assert sorted("".join(told.split())) == [letter for letter in letters if letter not in "┏━┳┓┃┡╇┩│└─┴┘├┼┤"]


def test_public_functions_of_the_first_rooms_have_examples():
    """Rooms that others build on: whoever reads one of their functions sees it at work."""
    lacking = []
    files = ("basics.errors", "basics.quantity", "basics.roots", "basics.textfile", "phases.gibbs", "phases.phaseset")
    for name in files:
        module = importlib.import_module(f"sinterface.models.{name}")
        for label, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not label.startswith("_"):
                lacking += [] if ">>> " in (value.__doc__ or "") else [f"{name}.{label}"]
    assert lacking == []


def test_commands_of_a_page_are_run_and_the_rest_is_kept(tmp_path):
    commands = script("commands")
    kept = "```python\nb\n```\n"
    shown = "```console\n$ sinterface --version\nold\n```\n\n```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n"
    page = f"a\n\n{shown}\n{kept}"
    made = commands.refreshed(page, tmp_path)
    assert "```text\n2\n```" in made
    assert "old" not in made
    assert made.startswith("a\n\n```console\n$ sinterface --version\n")
    assert made.endswith("2\n```\n\n" + kept)


FIGURES = {
    "torture": {
        "share": 0.2, "seed": 1, "date": "2026-11-28",
        "kinds": [{"what": "kill -9", "times": 3, "outcome": "no row lost", "cpu": 61.0}],
    },
    "random_problems": {
        "seed": 0,
        "problems": {
            "0": {"case": "a", "fault": "", "refused": "", "off": 1e-12, "seconds": 2.0, "compared": 3, "covered": 3},
            "1": {"case": "b | c", "fault": "STALLED", "refused": "", "off": 0.0, "seconds": 1.0, "compared": 0},
        },
    },
}  # fmt: skip


def test_tables_of_reliability_are_made_from_figures(monkeypatch, tmp_path, capsys):
    """Those whose file is there, between their marks; nothing else of the page changes."""
    reliability = script("reliability_figures")
    before = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
    page = tmp_path / "docs/reliability.md"
    for name in ("docs", "output"):
        (tmp_path / name).mkdir()
    page.write_text(before, encoding="utf-8")
    monkeypatch.setattr(reliability, "ROOT", tmp_path)
    monkeypatch.setattr(reliability, "PAGE", page)
    reliability.main(["--write"])
    assert page.read_text(encoding="utf-8") == before
    assert capsys.readouterr().out.count("is not there") == len(FIGURES) == len(reliability.TABLES)
    for name, figures in FIGURES.items():
        (tmp_path / f"output/{name}.json").write_text(json.dumps(figures), encoding="utf-8")
    reliability.main([])
    assert page.read_text(encoding="utf-8") == before, "only printed"
    reliability.main(["--write"])
    text = page.read_text(encoding="utf-8")
    assert "| kill -9 | 3 | no row lost | 61 |" in text and "1.0 minutes of processor time" in text
    assert "| 2 | 1 do |" in text and "- failed: b / c: STALLED" in text
    made = re.compile(r"(made by docs/reliability_figures.py -->).*?(<!-- end)", re.DOTALL)
    assert made.sub(r"\1\2", text) == made.sub(r"\1\2", before)
    with pytest.raises(ValueError, match="has no line"):
        reliability.replaced("no marks", "torture", [])
