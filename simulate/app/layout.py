"""Pages of the app as they are laid out: the form on one side, its answer on the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from sinterface.models.basics.errors import SinterfaceError
from sinterface.simulate.app.drawing_schedule import curve, nodes
from sinterface.simulate.app.elements import DRAGGED, aria, input_of, link_to
from sinterface.simulate.pages import charts
from sinterface.simulate.setup.schedule import Schedule
from sinterface.simulate.work import form

TITLES = {
    "": "Gallery", "run": "Run", "sweep": "Onset sweep", "compare": "Compare", "reactions": "Reactions",
}  # fmt: skip
"""Pages by the last part of their address, in the order of the menu."""

ABOUT = {
    "run": "One couple on one schedule.",
    "sweep": "One couple at many hold temperatures: from which on phases appear.",
    "compare": "Two to four runs side by side.",
    "reactions": "Thermodynamics alone, at every mixing ratio.",
}

MAIN = {
    "cathode", "electrolyte", "mass_ratio", "schedule", "atmosphere", "temperatures", "hold", "ramp", "temperature",
    "vary", *form.VARIANTS,
}  # fmt: skip
"""Fields that are always seen; the others unfold."""


def menu(here: str) -> html.Nav:
    """Links to all pages."""
    links = [
        html.Li(link_to(title, f"/{page}", className="here" if page == here else ""))
        for page, title in TITLES.items()
    ]  # fmt: skip
    return html.Nav(html.Ul(links), **aria(label="Pages"))


def frame() -> html.Div:
    """What all pages share."""
    return html.Div([
        dcc.Location(id="address", refresh="callback-nav"),
        html.A("Skip to the page", href="#main", className="skip"),
        html.Header([html.P("sinterface", className="brand"), html.Div(id="menu")]),
        html.Main(id="main", tabIndex="-1"),
        dcc.Store(id="titled"),
    ])  # fmt: skip


def page(name: str, values: Mapping[str, str], key: str) -> list[Any]:
    """A page with its form; ``key`` is the job of what it says, empty if there is none."""
    fields = [input_of(name, each, values[each]) for each in form.pages()[name] if each in MAIN]
    rest = [input_of(name, each, values[each]) for each in form.pages()[name] if each not in (*MAIN, "card")]
    extras: list[Any] = [_mixer(name)]
    if "card" in form.pages()[name]:
        extras.append(_card(name, values["card"]))
    fields[1:1] = extras
    if "schedule" in values:
        place = next(k for k, each in enumerate(fields) if getattr(each, "id", None) == f"{name}-box-schedule")
        fields[place + 1 : place + 1] = [_drawn(name, values["schedule"])]
    controls = html.Div([
        html.Button("Run", id=f"{name}-start", className="primary", n_clicks=0),
        html.Button("Cancel", id=f"{name}-cancel", n_clicks=0, disabled=True),
    ], className="controls")  # fmt: skip
    status = html.Div([
        html.P("", id=f"{name}-notice", className="error", role="alert"),
        html.P("", id=f"{name}-status", role="status"),
        html.Progress(id=f"{name}-progress", value="0", max="1", hidden=True, **aria(label="progress")),
    ])  # fmt: skip
    hidden = [
        dcc.Store(id=f"{name}-job", data={"key": key, "click": 0}), dcc.Store(id=f"{name}-followed"),
        dcc.Store(id=f"{name}-search"), dcc.Store(id=f"{name}-addressed"),
        dcc.Store(id=f"{name}-moved"),
    ]  # fmt: skip
    more = [html.Details([html.Summary("More of the powders and the furnace"), *rest])] if rest else []
    return [
        html.H1(TITLES[name]), html.P(ABOUT[name], className="about"),
        html.Div([
            html.Section([html.H2("What is heated", className="quiet"), *fields, *more, controls],
                         className="form", **aria(label="Form")),
            html.Section([status, html.Div(id=f"{name}-answer")], className="answer", **aria(label="Answer")),
        ], className="columns"),
        *hidden,
    ]  # fmt: skip


def _mixer(name: str) -> html.Details:
    """Sliders that write a layered formula into the field of the cathode."""
    sliders = [
        html.Div([
            html.Label(metal, htmlFor=f"{name}-{metal}"),
            dcc.Input(id=f"{name}-{metal}", type="range", min=0, max=100, step=5, value=start, debounce=False),
        ], className="slider")
        for metal, start in (("Ni", 60), ("Mn", 20), ("Co", 20))
    ]  # fmt: skip
    return html.Details([
        html.Summary("Mix nickel, manganese and cobalt"), *sliders,
        html.P("Parts of each; a move writes the formula above.", className="help"),
    ])  # fmt: skip


def mixed(nickel: object, manganese: object, cobalt: object) -> str:
    """Formula of a layered oxide with these parts of each metal; nothing where all are zero.

    >>> mixed(80, 10, 10)
    'LiNi0.8Mn0.1Co0.1O2'
    """
    parts = [float(str(part or 0)) for part in (nickel, manganese, cobalt)]
    total = sum(parts)
    if total <= 0.0:
        return ""
    shares = [round(part / total, 2) for part in parts]
    largest = shares.index(max(shares))
    shares[largest] = round(1.0 - sum(shares) + shares[largest], 2)
    pairs = zip(("Ni", "Mn", "Co"), shares, strict=True)
    named = "".join(f"{metal}{'' if share == 1.0 else f'{share:g}'}" for metal, share in pairs if share > 0.0)
    return f"Li{named}O2"


def _card(name: str, value: str) -> html.Details:
    return html.Details([
        html.Summary("A powder of your own"),
        dcc.Upload(
            html.Span("Choose a TOML card, or drop it here"), id=f"{name}-upload", max_size=form.MOST_CARD,
            accept=".toml", className="upload",
        ),
        input_of(name, "card", value),
    ], open=bool(value))  # fmt: skip


def _drawn(name: str, text: str) -> html.Div:
    try:
        figure = schedule_figure(text)
    except SinterfaceError:  # said at its field
        figure = schedule_figure(form.DEFAULT_SCHEDULE)
    return html.Div(
        dcc.Graph(
            id=f"{name}-drawing", figure=figure, config=DRAGGED, responsive=True,
            style={"height": "230px"},
        ),
        className="chart", role="img", **aria(label="The schedule; its points can be dragged, or its text typed"),
    )  # fmt: skip


def schedule_figure(text: str) -> Any:
    """A schedule that can be dragged.  Raises InputError for a text that is none."""
    plan = Schedule.parse(text)
    hours, degrees = curve(plan)
    return charts.schedule(hours, degrees, nodes(plan))
