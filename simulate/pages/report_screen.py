"""The part of a page that shows a screen: best candidates, onset over composition, by couple and against nickel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.simulate.pages import charts
from sinterface.simulate.pages.page import MISSING, Html, Number, chart, details, figure, join, paragraph, table
from sinterface.simulate.screening import rankings
from sinterface.simulate.screening.zarr_store import DONE

if TYPE_CHECKING:
    import xarray as xr

MOST_POINTS = 2000
"""Points in one chart; of more, every second, third, ... is drawn."""


def screen(store: xr.Dataset, key: str, top: int) -> Html:
    """Table of the ``top`` best candidates and the pictures that this screen has data for."""
    rank, done, total = store["rank"].values, store["done"].values, store.sizes["candidate"]
    kept, ordered = int(np.sum(done == 1)), int(np.sum(rank > 0))
    told = f"{total} candidates at {', '.join(f'{T:g}' for T in store['temperature'].values)} °C"
    told += f"; {kept - ordered} have no onset because a run failed" if kept > ordered else ""
    told += f"; {total - kept} not computed yet: go on with --resume" if kept < total else ""
    triangle, line = rankings.worth(store)
    return join(
        paragraph(f"{told}.", "lead"),
        _best(store, top, ordered),
        _ternary(store, key) if triangle else "",
        _couples(store, key),
        _couples(store, key, "coated") if "coated" in rankings.varied(store) else "",
        _nickel(store, key) if line else "",
        _failures(store),
    )


def _best(store: xr.Dataset, top: int, ordered: int) -> Html:
    best = rankings.best(store, top)
    if not best:
        return table([], [])
    highest = rankings.highest(store)
    keys = rankings.varied(store)
    sampled = bool(store.attrs.get("samples"))
    coated = any(row["coatings"] for row in best)
    head = ["rank", "cathode", *keys, "onset / °C"] + ["onset, 5 to 95 % / °C"] * sampled
    head += ["most / wt%", "families", "meV/atom"] + ["best coating, worse face / meV/atom"] * coated
    rows = []
    for candidate in best:
        forces = [value for value in candidate["driving_force_meV_per_atom"] if value is not None]
        force, most = min(forces, default=0.0) + 0.0, candidate["secondary_wt_percent_most"] or 0.0
        row: list[Any] = [
            Number(str(candidate["rank"]), candidate["rank"]),
            candidate["cathode"],
            *(candidate[name] or MISSING for name in keys),
        ]
        row.append(
            Number(
                _degrees(candidate["onset_C"], highest), 1e9 if candidate["onset_C"] is None else candidate["onset_C"]
            )
        )
        if sampled:
            row.append(_interval(candidate, highest))
        row += [
            Number(f"{most:.2f}", most),
            ", ".join(list(candidate["wt_percent_most"])[:3]),
            Number(f"{force:.1f}", force),
        ]
        if coated:
            row.append(_coating(candidate, force))
        rows.append(row)
    caption = f"The best {len(best)} of {ordered} candidates with an onset"
    caption += f" ({ordered - len(best)} more are in the store)" if ordered > len(best) else ""
    caption += (
        f". Onset: lowest hold temperature at which a family shows ({store.attrs['detected_by']}). Most: of "
        "secondary phases at any temperature. meV/atom: strongest reaction energy. "
        "No coating gains where its worse face reacts as strongly as the bare couple. A click on a heading sorts."
    )
    return table(head, rows, caption, sortable=True)


def _interval(candidate: dict[str, Any], highest: float) -> Html | Number:
    if all(p is None for p in candidate["probability_under_limit"]):
        return MISSING
    low, _, high = candidate["onset_interval_C"]
    return Number(f"{_degrees(low, highest)} to {_degrees(high, highest)}", 1e9 if low is None else low)


def _coating(candidate: dict[str, Any], bare: float) -> Html | Number:
    if not candidate["coatings"]:
        return MISSING
    told, worse = coating_told(candidate["coatings"][0], bare)
    return Number(told, worse)


def _ternary(store: xr.Dataset, key: str) -> Html:
    points, onset = rankings.by_composition(store)
    every = -(-len(points) // MOST_POINTS)
    drawn = charts.ternary(points[::every], onset[::every], _span(store))
    varied = rankings.varied(store)
    over = f", the lowest over {', '.join(varied)}" if varied else ""
    return join(
        "<h3>Onset over composition</h3>",
        figure(
            [chart(drawn, f"{key}-ternary", f"Onset of {len(points)} layered oxides over Ni, Mn and Co")],
            f"Onset of layered oxides over Ni, Mn and Co{over}.{_thinned(every)}",
        ),
    )


def _couples(store: xr.Dataset, key: str, partner: str = "electrolyte") -> Html:
    couples = rankings.by_couple(store, partner)
    if not couples.cathodes:
        return join()
    others = "coatings" if partner == "coated" else f"{partner}s"
    across = "coating" if partner == "coated" else partner
    drawn = charts.heat_map(couples.cathodes, couples.partners, couples.onset, _span(store), across)
    told = "Cathodes, best first"
    more = [f"{n} more {what}" for n, what in zip(couples.left_out, ("cathodes", others), strict=True) if n]
    told += f" ({' and '.join(more)} not shown)" if more else ""
    told += f"; {couples.failed} failed" if couples.failed else ""
    label = f"Onset of {len(couples.cathodes)} cathodes with {len(couples.partners)} {others}"
    return join(
        f"<h3>Onset by {'coating in place' if partner == 'coated' else 'couple'}</h3>",
        figure(
            [chart(drawn, f"{key}-{'coatings' if partner == 'coated' else 'couples'}", label)],
            f"{told}. White: none up to {rankings.highest(store):g} °C, or failed; the lowest where a couple occurs "
            "several times.",
        ),
    )


def _nickel(store: xr.Dataset, key: str) -> Html:
    shares = rankings.metals(store)
    rows = rankings.with_onset(store, shares)
    every = -(-len(rows) // MOST_POINTS)
    rows = rows[::every]
    interval = store["onset_interval"].values[rows][:, [0, 2]]
    names = [
        f"{cathode} with {electrolyte}"
        for cathode, electrolyte in zip(
            store["cathode"].values[rows].tolist(), store["electrolyte"].values[rows].tolist(), strict=True
        )
    ]
    single = store["morphology"].values[rows] == "single-crystal"
    drawn = charts.against_nickel(
        rankings.apart(100.0 * shares[rows, 0]), store["onset"].values[rows], interval, single, names,
        store["temperature"].values, rankings.step(store),
    )  # fmt: skip
    bars = " Bars: 5 to 95 % of the samples." if np.isfinite(interval).any() else ""
    return join(
        "<h3>Onset against nickel content</h3>",
        figure(
            [chart(drawn, f"{key}-nickel", f"Onset of {len(rows)} layered oxides against their share of nickel")],
            "Layered oxides; those of equal nickel content stand side by side. Open: none up to "
            f"{rankings.highest(store):g} °C.{bars}{_thinned(every)}",
        ),
    )


def _failures(store: xr.Dataset) -> Html:
    rows = [[row["reason"] or "not computed", Number(str(row["candidates"]))] for row in rankings.reasons(store)]
    if not rows:
        return join()
    caption = f"Outcomes other than {DONE}; of more than {rankings.MOST_REASONS}, the first."
    return details("What failed", table(["reason", "candidates"], rows, caption))


GAIN = 0.05
"""Difference of reaction energies [meV/atom] below which a coating gains nothing: the last digit that is shown."""


def coating_told(coating: dict[str, Any], bare: float) -> tuple[str, float]:
    """The best coating in words and the energy [meV/atom] of its worse face; ``bare`` is that of the couple without.

    >>> coating_told({"coating": "A", "cathode_face_meV_per_atom": -2.0, "electrolyte_face_meV_per_atom": -1.0}, -9.0)
    ('A -2.0', -2.0)
    >>> coating_told({"coating": "A", "cathode_face_meV_per_atom": -9.0, "electrolyte_face_meV_per_atom": -1.0}, -9.0)
    ('none gains', -9.0)
    """
    faces = (coating["cathode_face_meV_per_atom"], coating["electrolyte_face_meV_per_atom"])
    worse = min((energy for energy in faces if energy is not None), default=float("nan"))
    return ("none gains" if worse <= bare + GAIN else f"{coating['coating']} {worse:.1f}"), worse


def _degrees(value: float | None, highest: float) -> str:
    return f"> {highest:g}" if value is None else f"{value:g}"


def _span(store: xr.Dataset) -> tuple[float, float]:
    return float(store["temperature"].values[0]), rankings.highest(store)


def _thinned(every: int) -> str:
    return f" 1 point in {every} is drawn." if every > 1 else ""
