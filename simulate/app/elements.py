"""Pieces that pages of the app are made of: fields with their labels and errors, tables, charts, links."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from dash import dcc, html

from sinterface.models.powders import materials
from sinterface.models.powders.materials import MAX_CARD_BYTES
from sinterface.simulate.work.form import CHOICES, GASES, Field, field

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

STILL: Any = {"responsive": True, "displaylogo": False, "displayModeBar": False, "plotlyServerURL": ""}
"""How charts behave: they fit their place, and nothing leaves this machine."""

DRAGGED: Any = STILL | {"editable": False, "edits": {"shapePosition": True}}

WORDS = {"": "as the program finds", "pc": "polycrystal", "sc": "single crystal", "mass_ratio": "mass ratio"}
"""Choices in words, where they are called otherwise."""


def aria(**words: str) -> dict[str, Any]:
    """Properties that say to those who listen what others see: ``aria(label="Pages")``."""
    return {f"aria-{name}": text for name, text in words.items()}


def link_to(told: str, address: str, **more: Any) -> dcc.Link:
    """A link to another page of the app."""
    return dcc.Link(told, href=address, **more)


def chart(figure: Figure, label: str, name: str = "") -> html.Div:
    """A chart; ``label`` says in words what it shows, ``name`` is its id where something asks for it."""
    given: dict[str, Any] = {"id": name} if name else {}
    graph = dcc.Graph(
        figure=figure, config=STILL, responsive=True, style={"height": f"{int(figure.layout.height)}px"}, **given
    )
    return html.Div(graph, className="chart", role="img", **aria(label=label))


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], caption: str, numbers: Collection[int] = ()) -> html.Div:
    """A table whose first column heads its rows; columns ``numbers`` stand to the right."""
    kind = ["number" if column in numbers else "" for column in range(len(head))]
    lines = [
        html.Tr([
            html.Th(row[0], scope="row", className=kind[0]),
            *(html.Td(cell, className=kind[column]) for column, cell in enumerate(row[1:], 1)),
        ])
        for row in rows
    ]  # fmt: skip
    tops = [html.Th(name, scope="col", className=kind[column]) for column, name in enumerate(head)]
    return html.Div(
        html.Table([html.Caption(html.Span(caption)), html.Thead(html.Tr(tops)), html.Tbody(lines)]),
        className="wide", tabIndex="0", role="region", **aria(label=caption),
    )  # fmt: skip


def input_of(page: str, name: str, value: str) -> Any:
    """A field of a form with its label, its help and the place of its error."""
    spec: Field = field(name)
    place, box_of = f"{page}-{name}", f"{page}-box-{name}"
    label, told = (
        html.Label(spec.label, htmlFor=place), html.P(spec.help, className="help", id=f"{place}-help")
    )  # fmt: skip
    error = html.P("", className="error", id=f"{place}-error", **aria(live="polite"))
    if spec.kind == "switch":
        box = dcc.Checklist(
            [{"label": spec.label, "value": "yes"}], ["yes"] if value == "yes" else [], id=place, className="switch"
        )
        return html.Div([box, told, error], className="field", id=box_of)
    if name in CHOICES:
        options = [{"label": WORDS.get(choice, choice), "value": choice} for choice in CHOICES[name]]
        radio = dcc.RadioItems(options, value, id=place, inline=True, className="choice")
        return html.Fieldset([html.Legend(spec.label), radio, told, error], className="field", id=box_of)
    if spec.kind == "lines":
        area = dcc.Textarea(id=place, value=value, rows=6, maxLength=MAX_CARD_BYTES, className="text", spellCheck=False)
        return html.Div([label, area, told, error], className="field", id=box_of)
    suggested = _suggested(name)
    listed: dict[str, Any] = {"list": f"{place}-list"} if suggested else {}
    text = dcc.Input(
        id=place, value=value, type="text", debounce=True, className="text", autoComplete="off", spellCheck=False,
        **listed,
    )  # fmt: skip
    more = [html.Datalist([html.Option(value=choice) for choice in suggested], id=f"{place}-list")] if listed else []
    return html.Div([label, text, *more, told, error], className="field", id=box_of)


def _suggested(name: str) -> Sequence[str]:
    if name in ("cathode", "electrolyte"):
        return list(materials.built_in(name))
    if name == "coating":
        return [f"{layer}=20nm" for layer in materials.built_in("coating")]
    return GASES if name == "atmosphere" else ()


def value_of(name: str, given: Any) -> str:
    """What a component holds as the text of a field: a switch that is on is "yes"."""
    if field(name).kind == "switch":
        return "yes" if given else ""
    return "" if given is None else str(given)
