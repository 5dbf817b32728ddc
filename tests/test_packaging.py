"""What is installed is complete, and every public name works."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import sinterface as si
from sinterface.simulate.setup.extras import EXTRAS

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


def test_no_registry_or_machine_path_in_tracked_text():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    hosts = ("pypi" + ".org", "python" + "hosted", "registry.npm" + "js")
    for name in tracked:
        if name.endswith((".py", ".toml", ".md", ".csv", ".bib", "Makefile", ".yaml", "run")):
            text = (ROOT / name).read_text(encoding="utf-8")
            assert not [host for host in hosts if host in text], name


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements):
    x = (re.match(r"[\w-]+", requirement)[0] for requirement in requirements)
    return {name.replace("-", "_") for name in x}


def test_dependencies_have_lower_bounds():
    told = [*project()["dependencies"], *(r for extra in EXTRAS for r in project()["optional-dependencies"][extra])]
    assert all(">=" in requirement for requirement in told)


def imports(file):
    """Third-party modules that a file imports: all of them, and those that it imports on being imported itself."""
    tree, modules_imported = ast.parse(file.read_text(encoding="utf-8")), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules = [node.module]
        else:
            continue
        modules_imported += [(module.split(".")[0], node in tree.body) for module in modules]
    known = sys.stdlib_module_names | {"sinterface"}
    return {module for module, _ in modules_imported} - known, {
        module for module, first in modules_imported if first
    } - known


ON_USE = ("bounded_store", "sampling", "emulator", "search", "rounds")
"""Modules that need a package of an extra from their first line, and are themselves imported on use alone."""


def test_modules_that_need_an_extra_are_imported_on_use():
    for folder in ("models", "simulate", "validation"):
        for file in (ROOT / folder).rglob("*.py"):
            if file.stem in ON_USE or file.parent.name == "app":
                continue
            body = ast.parse(file.read_text(encoding="utf-8")).body
            for node in (each for each in body if isinstance(each, ast.ImportFrom) and each.module):
                names_of_modules = {node.module.split(".")[-1], *(alias.name for alias in node.names)}
                assert not node.module.startswith("sinterface.simulate.app"), f"{file} imports the app at once"
                told = [name for name in ON_USE if name in names_of_modules and node.module.startswith("sinterface")]
                assert not told, f"{file} imports {told} at once"


def test_what_is_imported_is_declared():
    mandatory = names(project()["dependencies"])
    extras = {name: names(project()["optional-dependencies"][name]) for name in EXTRAS}
    assert extras == {name: set(modules) for name, modules in EXTRAS.items()}
    optional = set().union(*extras.values())
    assert not mandatory & optional
    seen = set()
    for folder in ("models", "simulate", "validation"):
        for file in (ROOT / folder).rglob("*.py"):
            everything, at_once = imports(file)
            assert everything <= mandatory | optional, file
            assert not at_once & optional or file.stem in ON_USE or file.parent.name == "app", file
            seen |= everything
    assert seen >= optional | (mandatory - {"h5netcdf"}), "declared for nothing"  # h5netcdf is an engine of xarray


def test_everything_but_screens_and_pages_works_without_the_extras(tmp_path):
    code = (
        "import sys\n"
        f"for module in {tuple(module for modules in EXTRAS.values() for module in modules)}:\n"
        "    sys.modules[module] = None\n"
        "from sinterface.validation.cli import main\n"
        "main()"
    )

    def sinterface(*words):
        command = [sys.executable, "-c", code, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    files = ("-o", "s.nc", "--plot", "s.png")
    done = sinterface("sweep", "pc-LNMO", "--temperatures", "300,400", "--cells", "4", "--workers", "1", *files)
    told = [line for line in done.stderr.splitlines() if "code is compiled for this machine" not in line]
    assert (done.returncode, told) == (0, [])
    assert {file.name for file in tmp_path.iterdir()} == {"s.nc", "s.png"}
    page = sinterface("report", "s.nc", "-o", "p.html")
    assert (page.returncode, page.stderr) == (
        2, "sinterface: plotly not installed: pip install 'sinterface[report]'\n"
    )  # fmt: skip
    screen = sinterface("screen", "s.toml", "-o", "s.zarr")
    assert screen.returncode == 2
    assert screen.stderr.endswith("not installed: pip install 'sinterface[screen]'\n")


def test_the_page_of_the_package_index_has_no_link_into_the_repository():
    text = (ROOT / project()["readme"]).read_text(encoding="utf-8")
    assert not [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("https://")]
