"""Imports run validation -> simulate -> models and, in each, from later rooms to earlier ones; never back."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

LAYERS = {
    "models": ("sinterface.simulate", "sinterface.validation", "mp_api", "matplotlib", "typer", "rich"),
    "simulate": ("sinterface.validation",),
}
ROOMS = {
    "models": ("basics", "phases", "powders", "equilibrium", "evidence", "interface", "rates", "instruments"),
    "simulate": (
        "files",
        "setup",
        "stepping",
        "solve",
        "studies",
        "screening",
        "figures",
        "pages",
        "cli",
        "work",
        "app",
    ),
    "validation": ("observations", "judging", "calibration", "scores", "report"),
}
"""The rooms of each folder; a room may import from itself and from those before it."""
MOST_FILES = 10
"""Modules that a room may hold beside its ``__init__``: more can not be kept in mind."""

FILES = [(layer, file) for layer in LAYERS for file in sorted((ROOT / layer).rglob("*.py"))]


@cache
def imported(file):
    """Names that a file imports, each with the module it comes from."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize(("layer", "file"), FILES, ids=[str(file.relative_to(ROOT)) for _, file in FILES])
def test_nothing_imports_upwards(layer, file):
    wrong = [name for name in imported(file) if name.startswith(LAYERS[layer])]
    assert not wrong, f"{file.name} imports {wrong}"


@pytest.mark.parametrize(("folder", "room"), [(folder, room) for folder, rooms in ROOMS.items() for room in rooms])
def test_a_room_imports_only_from_those_before_it(folder, room):
    later = ROOMS[folder][ROOMS[folder].index(room) + 1 :]
    forbidden = tuple(f"sinterface.{folder}.{name}." for name in later)
    for file in (ROOT / folder / room).glob("*.py"):
        wrong = [name for name in imported(file) if name.startswith(forbidden)]
        assert not wrong, f"{file.relative_to(ROOT)} imports {wrong}"


@pytest.mark.parametrize("folder", ROOMS)
def test_every_module_has_a_room_that_says_what_it_is_for(folder):
    rooms = {path.parent.name for path in (ROOT / folder).glob("*/__init__.py")} - {"_facade", "data"}
    assert rooms == set(ROOMS[folder])
    for room in ROOMS[folder]:
        text = ast.get_docstring(ast.parse((ROOT / folder / room / "__init__.py").read_text(encoding="utf-8")))
        assert (text and "come in" in text) or "comes in" in text, room


@pytest.mark.parametrize(("folder", "room"), [(folder, room) for folder, rooms in ROOMS.items() for room in rooms])
def test_no_room_has_more_files_than_can_be_kept_in_mind(folder, room):
    files = [file.name for file in (ROOT / folder / room).glob("*.py") if file.name != "__init__.py"]
    assert len(files) <= MOST_FILES, f"divide {folder}/{room}: {len(files)} files"


def test_no_two_modules_import_each_other():
    graph = {}
    for folder in ROOMS:
        for file in (ROOT / folder).rglob("*.py"):
            name = "sinterface." + str(file.relative_to(ROOT).with_suffix("")).replace("/", ".")
            graph[name] = {".".join(part.split(".")[:4]) for part in imported(file)}
    circles = [(a, b) for a, imports in graph.items() for b in imports if b in graph and a in graph[b] and a < b]
    assert not circles


def test_the_integrator_knows_no_chemistry():
    for name in ("stepping/newton_step.py", "solve/integrate.py"):
        assert not [n for n in imported(ROOT / "simulate" / name) if n.startswith("sinterface.models")]


@pytest.mark.parametrize("folder", ["models", "simulate", "validation"])
def test_bare_import_is_refused(folder):
    run = subprocess.run(
        [sys.executable, "-c", f"import {folder}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert f"import sinterface.{folder} instead of {folder}" in run.stderr


def test_importing_the_package_is_light():
    code = "import sys, sinterface; print([m for m in ('numpy', 'pymatgen', 'xarray', 'numba') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT.parent, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_print_and_unsafe_readers_stay_out():
    for file in [*(ROOT / "models").rglob("*.py"), *(ROOT / "simulate").rglob("*.py")]:
        called = {
            node.func.id
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"print", "eval", "exec"}, file
