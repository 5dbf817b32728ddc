"""Imports run validation -> simulate -> models, never back; heavy libraries are imported on use."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

LAYERS = {
    "models": ("sinterface.simulate", "sinterface.validation", "mp_api", "matplotlib", "typer", "rich"),
    "simulate": ("sinterface.validation",),
}
FILES = [(layer, file) for layer in LAYERS for file in sorted((ROOT / layer).rglob("*.py"))]


def imported(file):
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize(("layer", "file"), FILES, ids=[f"{layer}/{file.name}" for layer, file in FILES])
def test_nothing_imports_upwards(layer, file):
    wrong = [name for name in imported(file) if name.startswith(LAYERS[layer])]
    assert not wrong, f"{file.name} imports {wrong}"


def test_the_integrator_knows_no_chemistry():
    for name in ("flow.py", "integrate.py"):
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
