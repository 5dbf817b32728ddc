"""Pieces of an offline HTML page: escaped text, tables, charts, and the frame around them, which loads nothing."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

LONGEST = 600
"""Characters shown of any text of a file."""

CODE = """
const charts = () => [...document.querySelectorAll(".plotly-graph-div")];
window.addEventListener("load", () => charts().forEach((chart) => Plotly.Plots.resize(chart)));
window.addEventListener("beforeprint", () => charts().forEach((chart) =>
  Plotly.relayout(chart, {autosize: false, width: Math.min(640, chart.clientWidth)})));
window.addEventListener("afterprint", () => charts().forEach((chart) =>
  Plotly.relayout(chart, {autosize: true, width: null})));
document.querySelectorAll("table.sortable thead th").forEach((head, column) => head.onclick = () => {
  const body = head.closest("table").tBodies[0], up = head.ariaSort !== "ascending";
  const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const order = (a, b) => isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
  head.parentNode.querySelectorAll("th").forEach((other) => other.ariaSort = null);
  head.ariaSort = up ? "ascending" : "descending";
  [...body.rows].sort((a, b) => (up ? 1 : -1) * order(key(a), key(b))).forEach((row) => body.append(row));
});
"""
"""Charts take the width that is theirs once all of the page is there, and 640 pixels on paper.  A click on a
heading sorts its table: numbers by value, the rest by name."""


class Html(str):
    """Text that is escaped already."""

    __slots__ = ()


MISSING = Html("–")


@dataclass(frozen=True)
class Number:
    """A table cell that is aligned to the right; ``value`` is what a table is sorted by."""

    told: str
    value: float | None = None


def html(value: object) -> Html:
    """Text escaped, unless it is markup."""
    return value if isinstance(value, Html) else Html(escape(str(value)))


def join(*parts: str) -> Html:
    """Pieces of markup put together; whoever calls escapes what came from outside."""
    return Html("".join(parts))


def paragraph(text: str, kind: str = "") -> Html:
    """A paragraph of a class of the style sheet."""
    return join(f'<p class="{kind}">' if kind else "<p>", html(text), "</p>")


def nothing(text: str) -> Html:
    """A paragraph that says what there is not."""
    return paragraph(text, "nothing")


def details(title: str, body: Html) -> Html:
    """Something that unfolds on a click and is always there in print."""
    return join("<details><summary>", html(title), "</summary>", body, "</details>")


def figure(panels: Iterable[str], caption: str, legend: str = "") -> Html:
    """Panels side by side where there is room, and what they show."""
    return join(
        "<figure>", legend, '<div class="panels">', *panels, "</div><figcaption>", html(caption),
        "</figcaption></figure>",
    )  # fmt: skip


def chart(drawn: Figure, key: str, label: str) -> Html:
    """An interactive chart; ``key`` is its id on the page, ``label`` says in words what it shows."""
    from plotly.io import to_html

    height = int(drawn.layout.height)
    text = to_html(
        drawn, full_html=False, include_plotlyjs=False, include_mathjax=False, div_id=key,
        config={"responsive": True, "displaylogo": False, "displayModeBar": False, "plotlyServerURL": ""},
    )  # fmt: skip
    return join(
        f'<div class="chart" role="img" style="height:{height}px" aria-label="', escape(label), '">', text, "</div>"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = "", *, sortable: bool = False) -> Html:
    """A table whose first column heads its rows; numbers to the right, only long text is broken into lines."""
    if not rows:
        return nothing("None.")
    right = {column for row in rows for column, cell in enumerate(row) if isinstance(cell, Number)}
    tops = (
        join('<th scope="col"', ' class="number"' if column in right else "", ">", html(_unbroken(name)), "</th>")
        if name else "<td></td>"
        for column, name in enumerate(head)
    )  # fmt: skip
    lines = []
    for first, *others in rows:
        long = len(str(first)) > 16 and " " in str(first) and not isinstance(first, Html | Number)  # a phrase, no name
        cells = [join(f'<th scope="row"{"" if long else _kind(first)}>', _cell(first), "</th>")]
        cells += [join(f"<td{_kind(cell)}>", _cell(cell), "</td>") for cell in others]
        lines.append(join("<tr>", *cells, "</tr>"))
    title = join("<caption><span>", html(caption), "</span></caption>") if caption else ""
    kind = "wide" + " short" * (len(rows) <= 16) + " many" * (len(head) > 8)
    opening = join(f'<div class="{kind}" tabindex="0"><table', ' class="sortable"' if sortable else "", ">", title)
    return join(opening, "<thead><tr>", *tops, "</tr></thead><tbody>", *lines, "</tbody></table></div>")


def facts(values: Mapping[str, Any], caption: str = "") -> Html:
    """A table of names and values; long values are cut."""
    rows = ([html(name), html(_shortened(str(value)))] for name, value in values.items())
    lines = (join('<tr><th scope="row">', name, "</th><td>", value, "</td></tr>") for name, value in rows)
    title = join("<caption><span>", html(caption), "</span></caption>") if caption else ""
    return join('<table class="facts">', title, "<tbody>", *lines, "</tbody></table>")


def frame(title: str, about: str, sections: Mapping[str, Html], *, charts: bool = False) -> str:
    """A whole page: headings, contents, style, and with ``charts`` the code that draws them.

    The page's own security policy keeps browsers from loading anything.
    """
    contents, bodies = [], []
    for number, (name, body) in enumerate(sections.items(), 1):
        contents.append(join(f'<li><a href="#part-{number}">', html(name), "</a></li>"))
        bodies.append(join(f'<section id="part-{number}"><h2>', html(name), "</h2>", body, "</section>"))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    code = ""
    if charts:
        from plotly.offline import get_plotlyjs

        policy += "; script-src 'unsafe-inline'; img-src data: blob:"
        code = join("<script>", get_plotlyjs(), "</script>\n")
    sheet = resources.files("sinterface.simulate.pages").joinpath("page.css").read_text(encoding="utf-8")
    pieces = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n',
        "<title>", html(title), "</title>\n<style>\n", sheet, "</style>\n", code, "</head>\n<body>\n<header><h1>",
        html(title), "</h1>", paragraph(about, "about"),
        "<noscript><p>Charts need JavaScript; tables hold the numbers.</p></noscript>" if charts else "",
        '<nav aria-label="Contents"><ul>', *contents, "</ul></nav></header>\n<main>\n",
        "\n".join(bodies), "\n</main>\n", join("<script>", CODE, "</script>\n") if charts else "", "</body>\n</html>\n",
    )  # fmt: skip
    return join(*pieces)


def _cell(cell: Any) -> Html:
    return html(cell.told if isinstance(cell, Number) else cell)


def _kind(cell: Any) -> str:
    if isinstance(cell, Number):
        value = "" if cell.value is None or math.isnan(cell.value) else f' data-value="{cell.value:g}"'
        return f' class="number"{value}'
    size = len(cell) if isinstance(cell, str) else 0
    if "<br>" in str(cell):
        return ""
    if isinstance(cell, Html):  # markup: its tags are no text
        size = len(re.sub(r"<[^>]*>", "", cell))
    return ' class="told"' if size > 36 else ' class="brief"'


def _unbroken(text: str) -> str:
    """A heading that keeps its unit on one line."""
    return text.replace(" / ", "\u00a0/\u00a0").replace(" to 95 %", "\u00a0to\u00a095\u00a0%")


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
