"""Writes the list of rooms and files of docs/architecture.md and docs/modules.md: ``python docs/rooms.py``.

All of it comes from the code: what a room and a file are for from their docstrings, the order of rooms from imports.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("models", "simulate", "validation")
MARKS = "<!-- made by docs/rooms.py -->", "<!-- end of what docs/rooms.py made -->"
NOT_SHOWN = {"data", "_facade"}
"""Folders that are no rooms."""


def docstring(file: Path) -> str:
    """What a module says of itself, on one line.  Raises ValueError for a module that says nothing."""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    if not text:
        raise ValueError(f"{file.relative_to(ROOT)} has no docstring")
    return " ".join(text.split())


def headline(file: Path) -> str:
    """The first paragraph of a module's docstring, on one line."""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or docstring(file)
    return " ".join(text.split("\n\n")[0].split())


def rooms(folder: str) -> list[Path]:
    """The rooms of a folder, each after those that it imports from; by name where that leaves a choice."""
    folders = {path.parent.name: path.parent for path in sorted((ROOT / folder).glob("*/__init__.py"))}
    names = [name for name in folders if name not in NOT_SHOWN]
    order = TopologicalSorter({name: _imports(folders[name], folder) & set(names) - {name} for name in names})
    order.prepare()
    ranked: list[str] = []
    while order.is_active():
        ready = sorted(order.get_ready())
        ranked += ready
        order.done(*ready)
    return [folders[name] for name in ranked]


def _imports(room: Path, folder: str) -> set[str]:
    """Names of the rooms of a folder that the files of a room import from."""
    named: set[str] = set()
    for file in room.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                named |= {f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
    parts = (name.split(".") for name in named if name.startswith(f"sinterface.{folder}."))
    return {part[2] for part in parts}


def files(room: Path) -> list[Path]:
    """The modules of a room by name."""
    return sorted(file for file in room.glob("*.py") if file.name != "__init__.py")


def tree() -> str:
    """All rooms and files with what they are for, as Markdown."""
    lines = []
    for folder in FOLDERS:
        lines += [f"### {folder}", ""]
        for room in rooms(folder):
            lines += [f"**`{folder}/{room.name}/`** {_cell(docstring(room / '__init__.py'))}", ""]
            lines += ["| file | what it is for |", "|---|---|"]
            lines += [f"| `{file.name}` | {_cell(headline(file))} |" for file in files(room)]
            lines.append("")
    return "\n".join(lines)


def modules() -> str:
    """All modules of ``models`` for Sphinx to document, room by room."""
    lines = []
    for room in rooms("models"):
        lines += [f"## {room.name}", "", _cell(docstring(room / "__init__.py")), "", "```{eval-rst}"]
        lines += [f".. automodule:: sinterface.models.{room.name}.{file.stem}\n   :members:\n" for file in files(room)]
        lines += ["```", ""]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|")


PAGES: dict[str, Callable[[], str]] = {"architecture.md": tree, "modules.md": modules}
"""Pages with a part that is made here."""


def refreshed(page: str, made: str) -> str:
    """The page with the part between MARKS as it is made today.  Raises ValueError for a page without marks."""
    start, end = MARKS
    before, begun, rest = page.partition(start)
    _, ended, after = rest.partition(end)
    if not (begun and ended):
        raise ValueError(f"the page has no lines {start!r} and {end!r}")
    return f"{before}{start}\n\n{made}\n{end}{after}"


def main() -> None:
    """Refresh the pages in place."""
    for name, make in PAGES.items():
        path = ROOT / "docs" / name
        path.write_text(refreshed(path.read_text(encoding="utf-8"), make()), encoding="utf-8")


if __name__ == "__main__":
    main()
