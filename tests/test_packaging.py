"""What is installed is complete, and every public name and docstring example works."""

import doctest
import importlib
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import sinterface as si

ROOT = Path(__file__).resolve().parent.parent


def test_the_wheel_holds_every_module_and_table(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, str(ROOT)],
        check=True,
        capture_output=True,
    )
    names = set(zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist())
    wanted = set()
    for folder in ("models", "simulate", "validation"):
        for file in (ROOT / folder).rglob("*"):
            if file.suffix in (".py", ".toml", ".csv", ".bib") and "_facade" not in file.parts:
                wanted.add(f"sinterface/{file.relative_to(ROOT).as_posix()}")
    assert wanted <= names, sorted(wanted - names)
    assert {"sinterface/__init__.py", "sinterface/py.typed"} <= names


def test_public_names_exist_and_are_documented():
    for name in si.__all__:
        assert getattr(si, name).__doc__, name


def test_simulate_answers_as_function_and_as_package():
    importlib.import_module("sinterface.simulate.cli.main")
    assert callable(si.simulate)
    assert si.simulate.__name__ in ("simulate", "sinterface.simulate")
    with pytest.raises(si.InputError, match="unknown cathode"):
        si.simulate("no-such-powder")


def test_unknown_attribute_names_what_there_is():
    with pytest.raises(AttributeError, match="predict"):
        si.predikt  # noqa: B018


@pytest.mark.parametrize("module", ["sinterface", "sinterface.simulate.solve.run"])
def test_docstring_examples(module):
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried > 0
    assert failed == 0


def test_no_registry_or_machine_path_in_tracked_text():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    hosts = ("pypi" + ".org", "python" + "hosted", "registry.npm" + "js")
    for name in tracked:
        if name.endswith((".py", ".toml", ".md", ".csv", ".bib", "Makefile", ".yaml", "run")):
            text = (ROOT / name).read_text(encoding="utf-8")
            assert not [host for host in hosts if host in text], name


def test_dependencies_have_lower_bounds():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert all(">=" in requirement for requirement in project["dependencies"])
