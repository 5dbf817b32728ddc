"""Tables that commands print become tables of the site: they wrap, scroll and are read aloud as such."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

PARTS = re.compile(r"^┏.*\n(?P<head>(?:┃.*\n)+)┡.*\n(?P<body>(?:[│├].*\n)*)└.*\n|^\$ (?P<command>.*)\n", re.MULTILINE)
"""A table with its frame, or a command."""

NUMBER = re.compile(r"[<-]?\d[\d.]*(?: ± [\d.]+)?(?: %)?|-|")

Row = list[str]


def rows(framed: str) -> list[Row]:
    """Cells of the lines of a table; a line whose first cell is empty goes on with the one above it.

    >>> rows("│ 1 │ LaMO3, │\\n│   │ Li2O   │\\n├───┼────────┤\\n│ 2 │ NiO    │\\n")
    [['1', 'LaMO3, Li2O'], ['2', 'NiO']]
    """
    made: list[Row] = []
    for line in framed.splitlines():
        if not line.startswith(("│", "┃")):
            continue
        cells = [cell.strip() for cell in re.split("[│┃]", line)[1:-1]]
        if made and not cells[0]:
            made[-1] = [" ".join(filter(None, pair)) for pair in zip(made[-1], cells, strict=True)]
        else:
            made.append(cells)
    return made


def head(framed: str) -> Row:
    """Headings, of which each may take several lines.

    >>> head("┃        ┃ electrolyte left ┃\\n┃ T / °C ┃              / % ┃\\n")
    ['T / °C', 'electrolyte left / %']
    """
    lines = [[cell.strip() for cell in line.split("┃")[1:-1]] for line in framed.splitlines()]
    return [" ".join(filter(None, cells)) for cells in zip(*lines, strict=True)]


def table(headings: Row, lines: list[Row]) -> nodes.table:
    """A table as Sphinx has them; columns of numbers stand at the right."""
    columns = list(zip(*lines, strict=True))
    right = [bool(column) and all(NUMBER.fullmatch(cell) for cell in column) for column in columns]
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in headings), cols=len(headings))
    for part, texts in ((nodes.thead(), [headings]), (nodes.tbody(), lines)):
        for cells in texts:
            entries = (
                nodes.entry("", nodes.paragraph(text=cell), classes=["text-right"] if aside else [])
                for cell, aside in zip(cells, right, strict=True)
            )
            part += nodes.row("", *entries)
        group += part
    return nodes.table("", group, classes=["colwidths-auto", "terminal"])


def pieces(text: str) -> Iterator[nodes.Node]:
    """What stands for the text of a console: commands, tables, and the lines between them."""
    end = 0
    for match in [*PARTS.finditer(text), None]:
        between = text[end : match.start() if match else len(text)].splitlines()
        if lines := [nodes.line("", line.strip()) for line in between if line.strip()]:
            yield nodes.line_block("", *lines, classes=["terminal"])
        if match is None:
            return
        end = match.end()
        if match["command"] is not None:
            code = f"$ {match['command']}"
            yield nodes.literal_block(code, code, language="console")
        else:
            yield table(head(match["head"]), rows(match["body"]))


class TerminalTables(SphinxPostTransform):
    """Runs before tables are wrapped so that they scroll, and before formulas get their subscripts."""

    default_priority = 400
    formats = ("html",)

    def run(self, **options: Any) -> None:
        """Put tables in place of their frames."""
        for block in list(self.document.findall(nodes.literal_block)):
            if "┏" in block.astext():
                block.parent.replace(block, list(pieces(f"{block.astext()}\n")))


def setup(app: Any) -> dict[str, bool]:
    """What Sphinx calls."""
    app.add_post_transform(TerminalTables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
