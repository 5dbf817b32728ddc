"""Pages for people: what ``run``, ``sweep``, ``compare`` and ``screen`` wrote, as one HTML file that loads nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.simulate.files.output import check_writable, write_whole
from sinterface.simulate.studies.compare import clock
from sinterface.simulate.views import charts
from sinterface.simulate.views.page import (
    MISSING,
    Html,
    Number,
    chart,
    facts,
    figure,
    frame,
    html,
    join,
    nothing,
    paragraph,
    table,
)
from sinterface.simulate.views.plot import style
from sinterface.simulate.views.read_results import SAMPLED, Stored, read

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]

SHOWN = 0.05
"""Phases that stay below this share [wt%] are left out of charts; tables hold them."""

TOP = 100
"""Candidates of a screen in its table."""

NAMES = {
    "schedule": "schedule", "schedules": "schedules", "cathode": "cathode", "electrolyte": "electrolyte",
    "peak_temperature_C": "highest temperature / °C", "onset_C": "onset as written / °C",
    "detection_limit_wt_percent": "detection limit as written / wt%", "limit_wt_percent": "limit / wt%",
    "mass_ratio": "cathode to electrolyte by mass", "cells": "finite volumes", "steps": "time steps",
    "element_balance": "largest relative change of a cation", "lithium_lost": "share of lithium lost as vapour",
    "database": "database fingerprint", "sources": "sources of the phase data used",
}  # fmt: skip
"""Attributes of files in words; others are shown as they are called."""


def write(files: Sequence[Path], output: Path, *, limit: float = 1.0, top: int = TOP) -> None:
    """Write the page of these files whole or not at all.

    ``limit`` is the detection limit [wt%] of runs, sweeps and comparisons (a screen has its own), ``top`` the
    candidates listed of a screen.  Raises InputError or DataError for a file that no command of this program wrote.
    """
    check_writable(output)
    text = page([read(path) for path in files], limit=limit, top=top)
    write_whole(output, lambda name: name.write_text(text, encoding="utf-8"))


def page(found: Sequence[Stored], *, limit: float = 1.0, top: int = TOP) -> str:
    """The page as HTML, a part for each file."""
    sections: dict[str, Html] = {}
    for number, one in enumerate(found, 1):
        name = f"{number}. {_title(one)}" if len(found) > 1 else _title(one)
        if one.kind == "screen":
            from sinterface.simulate.screening.zarr_store import reading
            from sinterface.simulate.views.report_screen import screen

            with reading(one.path):
                body = screen(one.data, f"c{number}", top)
        else:
            body = PARTS[one.kind](one.data, f"c{number}", limit)
        made = facts({"file": one.path.name} | _attributes(one.data.attrs))
        sections[name] = join(body, "<h3>Where this comes from</h3>", made)
    versions = dict.fromkeys(f"sinterface {one.data.attrs['version']}" for one in found)
    bases = dict.fromkeys(f"database {one.data.attrs['database']}" for one in found)
    return frame("Predicted secondary phases", ", ".join([*versions, *bases]), sections, charts=True)


def _title(one: Stored) -> str:
    attrs = one.data.attrs
    if one.kind == "screen":
        return f"screen: {attrs.get('title') or one.path.name}"
    return f"{one.kind}: {attrs['cathode']} + {attrs['electrolyte']}"


# ---- a run


def run(data: xr.Dataset, key: str, limit: float) -> Html:
    """Phases against time, at the end, along the radius; what took time."""
    share, final = data["wt_percent"].values, data["wt_percent"].values[-1]
    names, families, roles = (data[name].values.tolist() for name in ("phase", "family", "role"))
    errors = data["wt_percent_error"].values[-1]
    secondary = [k for k in np.argsort(-share[-1], kind="stable") if roles[k] == "secondary"]
    size, unit = clock(float(data["time"].values[-1]))
    clocks = data["time"].values / size
    drawn = [(names[k], families[k], share[:, k]) for k in secondary if np.nanmax(share[:, k]) >= SHOWN]
    bands, moments = _bands(data)
    celsius = data["temperature"].values - CELSIUS_ZERO
    picture = charts.courses(
        clocks, drawn, (clocks, celsius), limit, bands=bands, moments=None if moments is None else moments / size,
        unit=unit,
    )  # fmt: skip
    sampled = f"; bands: 5 to 95 % of {data.sizes['sample']} samples, by family" if moments is not None else ""
    rows = [
        [
            names[k], family(families[k]), Number(_share(final[k]), float(final[k])), Number(_share(errors[k])),
            roles[k], _yes(roles[k] == "secondary" and bool(final[k] >= limit)),
        ]
        for k in np.argsort(-final, kind="stable")
    ]  # fmt: skip
    total = float(np.nansum(final[secondary]))
    left = [100.0 * float(data[f"{role}_fraction"].values[-1]) for role in ("cathode", "electrolyte")]
    attrs = data.attrs
    outcome = "" if attrs.get("outcome") in ("DONE", None) else f" NOT FINISHED: {attrs.get('advice', '')}."
    return join(
        paragraph(
            f"{attrs.get('schedule', '')}, {attrs.get('atmosphere', '')}: {total:.2f} wt% of secondary phases; "
            f"unreacted: cathode {left[0]:.1f} %, electrolyte {left[1]:.1f} %.{outcome}", "lead",
        ),
        figure(
            [chart(picture, f"{key}-time", f"Secondary phases and temperature against time: {_told(rows)}")],
            "Secondary phases in wt% of the sample, and the schedule. A family has one colour; further phases of it "
            f"are broken lines. Left out: phases that never reach {SHOWN:g} wt%{sampled}.",
        ),
        table(
            ["phase", "family", "wt%", "numerical error / wt%", "role", "detected"], rows,
            f"At the end of the schedule. Detected: a secondary phase that alone is at or above {limit:g} wt%.",
            sortable=True,
        ),
        _samples(data, limit),
        _profile(data, key, names, families),
        _spent(data, key),
    )  # fmt: skip


def _bands(data: xr.Dataset) -> tuple[list[tuple[str, Array, Array]], Array | None]:
    if not set(data.variables) >= SAMPLED:
        return [], None
    course = data["sampled_course"].values
    found = [
        (str(name), course[0, :, k], course[2, :, k])
        for k, name in enumerate(data["sampled_family"].values)
        if np.nanmax(course[2, :, k]) >= SHOWN
    ]
    return found, data["sampled_time"].values


def _samples(data: xr.Dataset, limit: float) -> Html:
    if not set(data.variables) >= SAMPLED:
        return join()
    shares = data["sampled_wt_percent"].values
    low, middle, high = np.quantile(shares, (0.05, 0.5, 0.95), axis=0)
    rows = [
        [
            family(data["sampled_family"].values[k]), Number(f"{middle[k]:.2f}", float(middle[k])),
            Number(f"{low[k]:.2f} to {high[k]:.2f}"), Number(f"{100 * np.mean(shares[:, k] >= limit):.0f} %"),
        ]
        for k in np.argsort(-middle, kind="stable") if high[k] >= 0.005
    ]  # fmt: skip
    told = f"Over {len(shares)} samples of the parameters and the phase energies; {data.attrs.get('samples_failed', 0)}"
    head = ["family", "median / wt%", "5 to 95 % / wt%", f"at or above {limit:g} wt% in"]
    return table(head, rows, f"{told} did not finish.")


def _profile(data: xr.Dataset, key: str, names: Sequence[str], families: Sequence[str]) -> Html:
    if not {"wt_percent_profile", "radius"} <= set(data.variables):
        return join()
    shares, radius = data["wt_percent_profile"].values, data["radius"].values * 1e6
    order = [k for k in np.argsort(-np.nanmean(shares, axis=0), kind="stable") if np.nanmax(shares[:, k]) >= 0.5]
    drawn = charts.profile(radius, [(names[k], families[k], shares[:, k]) for k in order])
    label = f"Phases against the radius, from {radius[0]:.3g} to {radius[-1]:.3g} µm"
    return join(
        "<h3>Where the phases are</h3>",
        figure(
            [chart(drawn, f"{key}-profile", label)],
            "Phases of each finite volume at the end, in wt% of it, from the middle of the cathode outwards. Left out: "
            "phases below 0.5 wt% everywhere.",
        ),
    )


def _spent(data: xr.Dataset, key: str) -> Html:
    spent, names = data["dissipation"].values[-1], data["process"].values.tolist()
    total = float(np.nansum(spent))
    if not total > 0.0:
        return join("<h3>What takes time</h3>", nothing("No driving force was dissipated."))
    shares = 100.0 * spent / total
    label = "; ".join(f"{name} {share:.1f} %" for name, share in zip(names, shares, strict=True))
    drawn = charts.bars(names, shares, "share of the driving force / %")
    return join(
        "<h3>What takes time</h3>",
        figure(
            [chart(drawn, f"{key}-spent", f"Driving force dissipated by {label}")],
            f"Where the driving force was dissipated, {total / 1e3:.2f} kJ per mole of cations in all: what takes most "
            f"of it limits the reaction ({data.attrs.get('limited_by') or 'none'}).",
        ),
    )


# ---- a sweep


def sweep(data: xr.Dataset, key: str, limit: float) -> Html:
    """Families against hold temperature, with the onset."""
    degrees, names, share = (data[name].values for name in ("hold_temperature", "family", "wt_percent"))
    reached = np.flatnonzero((share >= limit).any(axis=1))
    onset = float(degrees[reached[0]]) if reached.size else None
    shown = {str(name): share[:, k] for k, name in enumerate(names) if np.nanmax(share[:, k]) >= SHOWN}
    attrs = data.attrs
    told = f"no family reaches {limit:g} wt% up to {degrees[-1]:g} °C"
    if onset is not None:
        first = [str(name) for k, name in enumerate(names) if share[reached[0], k] >= limit]
        told = f"onset at {onset:g} °C: {', '.join(first)} at or above {limit:g} wt%"
    left = [100.0 * data[f"{role}_fraction"].values for role in ("cathode", "electrolyte")]
    rows = [
        [
            Number(f"{T:g}", float(T)), *(Number(_share(v[row]), float(v[row])) for v in shown.values()),
            *(Number(f"{part[row]:.1f}", float(part[row])) for part in left),
        ]
        for row, T in enumerate(degrees)
    ]  # fmt: skip
    top = max((float(np.nanmax(one)) for one in shown.values()), default=limit)
    return join(
        paragraph(f"{attrs['cathode']} with {attrs['electrolyte']} in {attrs.get('atmosphere', '')}: {told}.", "lead"),
        figure(
            [chart(
                charts.against_temperature(degrees, shown, limit, onset, max(top, limit)), f"{key}-sweep",
                f"Secondary phases against hold temperature: {told}",
            )],
            "Secondary phases after cooling against hold temperature. The scale is linear up to "
            f"{charts.LINEAR:g} wt% and logarithmic above; families that stay below {SHOWN:g} wt% are left out.",
        ),
        table(
            ["T / °C", *(f"{name} / wt%" for name in shown), "cathode left / %", "electrolyte left / %"], rows,
            "By hold temperature. Left: share of the framework cations still in their own structure.", sortable=True,
        ),
    )  # fmt: skip


# ---- schedules side by side


def compare(data: xr.Dataset, key: str, limit: float) -> Html:
    """Families against time of every schedule on one axis of wt%, and the ends in a table."""
    names, families = data["schedule"].values.tolist(), data["family"].values.tolist()
    share, time, kelvin = (data[name].values for name in ("wt_percent", "time", "temperature"))
    final, density = data["final_wt_percent"].values, data["relative_density"].values
    top = 1.06 * max(float(np.nanmax(share, initial=limit)), limit)
    parts = {word: str(data.attrs.get(word, "")).split(" | ") for word in ("schedules", "atmospheres")}
    panels = []
    for k, name in enumerate(names):
        there = np.isfinite(time[k])
        size, unit = clock(float(np.max(time[k][there], initial=1.0)))
        moments = time[k][there] / size
        drawn = [
            (family, family, share[k, there, f])
            for f, family in enumerate(families) if np.nanmax(share[k, there, f], initial=0.0) >= SHOWN
        ]  # fmt: skip
        picture = charts.courses(moments, drawn, (moments, kelvin[k][there] - CELSIUS_ZERO), limit, unit=unit, top=top)
        label = "; ".join(f"{family} {_share(final[k, f])} wt%" for f, family in enumerate(families))
        told = [html(parts[word][k]) for word in parts if len(parts[word]) == len(names)]
        panels.append(join(
            '<div class="panel"><h3>', html(name), '</h3><p class="about">', "<br>".join(told), "</p>",
            chart(picture, f"{key}-{k}", f"{name}, at the end: {label}"), "</div>",
        ))  # fmt: skip
    rows: list[list[Any]] = [
        [family(name), *(Number(f"{final[k, f]:.2f}{' *' if final[k, f] >= limit else ''}") for k in range(len(names)))]
        for f, name in enumerate(families) if np.nanmax(final[:, f], initial=0.0) >= 0.005
    ]  # fmt: skip
    rows.append(["all secondary phases", *(Number(f"{np.nansum(one):.2f}") for one in final)])
    rows.append(["density / %, 5 to 95 %", *(Number(f"{100 * d[0]:.0f} to {100 * d[2]:.0f}") for d in density)])
    rows += [
        [f"{role} left / %", *(Number(f"{100 * v:.1f}") for v in data[f"{role}_fraction"].values)]
        for role in ("cathode", "electrolyte")
    ]
    return join(
        figure(
            panels,
            "Secondary phases in wt% of the sample on the same axis for all schedules, each with its own axis of time. "
            f"Left out: families that never reach {SHOWN:g} wt%.",
        ),
        table(["", *names], rows, f"wt% at the end; * at or above {limit:g} wt%. Density: of an LLZTO compact."),
    )


PARTS: Mapping[str, Callable[[xr.Dataset, str, float], Html]] = {"run": run, "sweep": sweep, "compare": compare}


# ---- pieces


def family(name: object) -> Html:
    """The name of a family behind a spot of its colour."""
    return join(f'<span class="swatch" style="background:{style(str(name))[0]}"></span>', html(name))


def _attributes(attrs: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in list(attrs.items())[:60]:
        told = f"{value:.6g}" if isinstance(value, float | np.floating) else value
        if str(told) != "":  # lists have a space at each joint, where lines may break
            found[NAMES.get(str(key), str(key).replace("_", " "))] = str(told).replace(";", "; ").replace(";  ", "; ")
    return found


def _share(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else MISSING


def _yes(value: bool) -> str:
    return "yes" if value else "–"


def _told(rows: Sequence[Sequence[Any]]) -> str:
    return "; ".join(f"{name} {number.told} wt%" for name, _, number, *_ in rows[:8])
