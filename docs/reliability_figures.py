"""Prints the tables of docs/reliability.md; with ``--write`` they replace those of the page.

    make torture                                       # writes output/torture.json
    python benchmarks/random_problems.py               # writes output/random_problems.json
    python docs/reliability_figures.py [--write]

A table whose file is not there stays as it is.
"""

from __future__ import annotations

import json
import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/reliability.md"
BENCHMARK = ROOT / "benchmarks/random_problems.py"


def torture(document: dict[str, Any]) -> list[str]:
    """What was done to the program, and what came of it."""
    kinds = document["kinds"]
    minutes = sum(kind["cpu"] for kind in kinds) / 60.0
    return [
        f"Share {document['share']:g} of the repetitions, seed {document['seed']}, {document['date']}; "
        f"{minutes:.1f} minutes of processor time.",
        "",
        "| what is done to it | times | what came of it | processor time / s |",
        "|---|---|---|---|",
        *("| {what} | {times} | {outcome} | {cpu:.0f} |".format(**kind) for kind in kinds),
    ]


def random_problems(document: dict[str, Any]) -> list[str]:
    """How many of the random problems ended as they should, and what happened to the others."""
    lines: list[str] = runpy.run_path(str(BENCHMARK))["table"](document)
    end = lines.index("")
    told = [f"- {line.replace('|', '/')}" for line in lines[end + 1 :]]
    return [f"{len(document['problems'])} problems, seed {document['seed']}.", "", *lines[:end], "", *told]


TABLES: dict[str, Callable[[dict[str, Any]], list[str]]] = {"torture": torture, "random_problems": random_problems}


def marks(name: str) -> tuple[str, str]:
    """The lines between which a table stands."""
    return f"<!-- {name}: made by docs/reliability_figures.py -->", f"<!-- end of {name} -->"


def replaced(text: str, name: str, lines: list[str]) -> str:
    """The page with another table.  Raises ValueError when it has no place for it.

    >>> print(replaced("\\n".join(marks("x")), "x", ["new"]))
    <!-- x: made by docs/reliability_figures.py -->
    new
    <!-- end of x -->
    """
    first, last = marks(name)
    pattern = re.compile(f"{re.escape(first)}\n.*?{re.escape(last)}", re.DOTALL)
    if pattern.search(text) is None:
        raise ValueError(f"{PAGE.name} has no line {first!r} before {last!r}")
    whole = "\n".join([first, *lines, last])
    return pattern.sub(lambda _: whole, text)


def main(arguments: list[str]) -> None:
    """Print the tables that there are figures for, or write them into the page."""
    text = PAGE.read_text(encoding="utf-8")
    for name, make in TABLES.items():
        path = ROOT / f"output/{name}.json"
        if not path.exists():
            sys.stdout.write(f"{path.relative_to(ROOT)} is not there: its table stays as it is\n")
            continue
        lines = make(json.loads(path.read_text(encoding="utf-8")))
        sys.stdout.write("\n".join(lines) + "\n\n")
        text = replaced(text, name, lines)
    if "--write" in arguments:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
