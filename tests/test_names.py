"""Names in the package: each class and each shared constant stands once and says what it is; tests use public names."""

import ast
import collections
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = [file for folder in ("models", "simulate", "validation") for file in sorted((ROOT / folder).rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
BESIDE = [*TESTS, *(file for folder in ("benchmarks", "docs", "examples") for file in (ROOT / folder).glob("*.py"))]
"""Code beside the package."""

TYPING = ("call", "program", "self._run", "sinterface", "told")
"""Functions of tests that take the words of a command line, which may be many."""

CONSTANTS = (8.314462618, 96485.33212, 6.02214076e23, 1.380649e-23, 6.62607015e-34, 1.602176634e-19, 273.15, 298.15)
"""Gas constant, Faraday and Avogadro constants, k_B, h, e, zero Celsius, and the standard temperature."""

HOME = "models/basics/constants.py"


@cache
def trees(beside=False):
    """Syntax trees of the package by the names of its files; with ``beside`` also those of the code beside it."""
    files = [*FILES, *BESIDE] if beside else FILES
    return {file.relative_to(ROOT).as_posix(): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def doubled(pairs):
    """Names that stand in several files: name and file come in, the files of each such name go out."""
    places = collections.defaultdict(set)
    for name, file in pairs:
        places[name].add(file)
    return {name: sorted(files) for name, files in places.items() if len(files) > 1}


def tables(tree):
    """Module-level names with their values, where these are tuples, lists or dictionaries of literals."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                value = ast.literal_eval(node.value)
            except ValueError:
                continue
            if isinstance(value, tuple | list | dict) and value:
                yield node.targets[0].id, repr(value)


def names_of(tree):
    """Every name that code gives or uses: variables, parameters, attributes and keywords."""
    for node in ast.walk(tree):
        for part in ("id", "arg", "attr", "name"):
            if isinstance(getattr(node, part, None), str):
                yield getattr(node, part)


@cache
def private_names():
    """Functions, classes, methods, constants and attributes of the package that begin with one underscore."""
    return {
        name
        for tree in trees().values()
        for name in names_of(tree)
        if re.fullmatch(r"_[A-Za-z]\w*", name)
        and name not in ("_replace", "_asdict", "_fields", "_exit", "_repr_html_")
    }


def test_no_two_classes_have_one_name():
    twice = doubled(
        (node.name, file) for file, tree in trees().items() for node in tree.body if isinstance(node, ast.ClassDef)
    )
    assert not twice, "a reader can not tell them apart: rename either"


def test_no_table_of_constants_stands_twice():
    twice = doubled((table, file) for file, tree in trees().items() for table in tables(tree))
    assert not twice, "the same name with the same value: import it"


def test_physical_constants_stand_in_one_file():
    written = [
        (file, node.lineno, node.value)
        for file, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and file != HOME
        if any(abs(node.value - constant) < 1e-4 * constant for constant in CONSTANTS)
    ]
    assert not written, f"import them from {HOME}"


@pytest.mark.parametrize("vague", ["one", "found"])
def test_names_say_what_they_hold(vague):
    places = [file for file, tree in trees(beside=True).items() if vague in names_of(tree)]
    assert not places, f"{vague!r} says nothing of what it holds"


def test_no_call_has_more_than_seven_positional_arguments():
    calls = [
        (file, node.lineno, ast.unparse(node.func))
        for file, tree in trees(beside=True).items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and len(node.args) > 7 and ast.unparse(node.func) not in TYPING
    ]
    assert not calls, "nobody counts to eight: use keywords or a tuple with names"


@pytest.mark.parametrize("file", TESTS, ids=[file.stem for file in TESTS])
def test_tests_use_no_private_name(file):
    text = file.read_text(encoding="utf-8")
    private = private_names()
    used = {name for owner, name in re.findall(r"\b(\w+)\.(_[A-Za-z]\w*)", text) if owner not in ("self", "cls")}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sinterface"):
            used |= {alias.name for alias in node.names}
    assert not used & private, "test what it does by a public name, or make it public"


def test_what_is_left_to_the_whole_suite_is_there():
    """Each entry of THOROUGH in conftest.py is a file, or begins the name of a test in it."""
    tree = ast.parse((ROOT / "tests/conftest.py").read_text(encoding="utf-8"))
    entries = dict(tables(tree))["THOROUGH"]
    for entry in ast.literal_eval(entries):
        place, _, name = entry.partition("::")
        tests = ast.parse((ROOT / place).read_text(encoding="utf-8")).body
        assert any(isinstance(node, ast.FunctionDef) and node.name.startswith(name) for node in tests), entry
