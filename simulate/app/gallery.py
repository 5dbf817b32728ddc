"""What the app opens with: experiments, what was observed beside what is predicted, and pages to start from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from sinterface.simulate.app.elements import chart, link_to, table
from sinterface.simulate.pages import charts
from sinterface.simulate.pages.exhibit import Exhibit
from sinterface.simulate.work import form

STARTS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("One firing", "run", {"cathode": "pc-NMC811", "as_received": "yes"}),
    ("An onset", "sweep", {"cathode": "pc-LNMO"}),
    ("Two schedules", "compare", {"cathode": "pc-LCO"}),
    ("Polycrystal and single crystal", "compare",
     {"vary": "cathode", "first": "pc-NMC631", "second": "sc-NMC631", "as_received": "yes"}),
    ("Reactions at every mixing ratio", "reactions", {"cathode": "pc-LNMO"}),
)  # fmt: skip
"""Pages to start from: what they show, the page and what is filled in."""


def page(exhibits: Sequence[Exhibit]) -> list[html.Section]:
    """The sections of the first page."""
    starts = html.Ul([
        html.Li(link_to(told, f"/{name}?{form.query(name, {**form.defaults(name), **changed})}"))
        for told, name, changed in STARTS
    ], className="starts")  # fmt: skip
    sections = [html.Section([
        html.P("Which secondary phases form when a battery cathode and a garnet electrolyte are heated together, how "
               "much of each, and from which temperature on. All of it is computed on this machine.", className="lead"),
        html.H2("Start from"), starts,
    ])]  # fmt: skip
    if exhibits:
        sections.append(html.Section(_reference(exhibits)))
    return sections


def _reference(exhibits: Sequence[Exhibit]) -> list[Any]:
    right, total = (sum(pair) for pair in zip(*(exhibit.agreement for exhibit in exhibits), strict=True))
    panels = []
    span = min(e.degrees[0] for e in exhibits), max(e.degrees[-1] for e in exhibits)
    for exhibit in exhibits:
        agreed, marks = exhibit.agreement
        title = f"{exhibit.cathode} + {exhibit.electrolyte}"
        drawn = charts.observed_map(
            exhibit.families, exhibit.degrees, exhibit.share, exhibit.observed, exhibit.limit, span
        )
        hottest = f"10 °C/min to {exhibit.degrees[-1]:g} °C; hold 2 h; cool naturally"
        told = {"cathode": exhibit.cathode, "schedule": hottest, "as_received": "yes"}
        panels.append(html.Div([
            html.H3(title),
            chart(drawn, f"{title}: {agreed} of {marks} marks are predicted as observed"),
            html.P([f"{agreed} of {marks} marks as observed. ",
                    link_to(f"Run it at {exhibit.degrees[-1]:g} °C",
                            f"/run?{form.query('run', {**form.defaults('run'), **told})}")]),
        ], className="panel"))  # fmt: skip
    rows = [
        [exhibit.cathode, family, f"{T:g}", f"{exhibit.share[row, column]:.2f}", f"{exhibit.limit[row]:.2g}",
         "" if mark is None else "seen" if mark else "not seen"]
        for exhibit in exhibits for row, family in enumerate(exhibit.families)
        for column, T in enumerate(exhibit.degrees)
        if (mark := exhibit.observed[row][column]) is not None or exhibit.share[row, column] >= exhibit.limit[row]
    ]  # fmt: skip
    return [
        html.H2("The reference experiment: predicted against observed"),
        html.P(f"{exhibits[0].source}. Disks are predictions above what the method sees, larger for more; rings are "
               "what was observed, crosses what was looked for in vain. "
               f"{right} of {total} marks are predicted as observed. "
               "The model's parameters were calibrated on these marks: with a cathode left out it does worse, as the "
               "validation in the documentation says."),
        html.Div(panels, className="panels"),
        html.Details([
            html.Summary("The numbers"),
            table(["cathode", "family", "T / °C", "predicted / wt%", "limit / wt%", "observed"], rows,
                  "Marks of the reference experiment and predictions on record", numbers=(2, 3, 4)),
        ]),
    ]  # fmt: skip
