"""Pages for people: what ``run``, ``sweep``, ``compare``, ``optimize`` and ``screen`` wrote, as an HTML file."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.simulate.figures.plot import style
from sinterface.simulate.files.output import check_writable, write_whole
from sinterface.simulate.pages import charts
from sinterface.simulate.pages.data_charts import (
    DONE,
    SHOWN,
    run_courses,
    run_profile,
    search_front,
    sweep_columns,
    sweep_families,
    sweep_onset,
)
from sinterface.simulate.pages.page import (
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
from sinterface.simulate.pages.read_results import SAMPLED, Stored, read
from sinterface.simulate.pages.report_instruments import instruments
from sinterface.simulate.setup.extras import require
from sinterface.simulate.setup.problem import mass_ratio_text, sample_text
from sinterface.simulate.setup.schedule import clock
from sinterface.simulate.solve.result import DETECTION_LIMIT, converged
from sinterface.simulate.studies.shares import SECONDARY, detected, with_error

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]

TOP = 100
"""Candidates of a screen in its table."""

NAMES = {
    "schedule": "schedule", "schedules": "schedules", "cathode": "cathode", "electrolyte": "electrolyte",
    "peak_temperature_C": "highest temperature / °C", "onset": "onset as written",
    "detected_by": "looked for with, as written", "limit_wt_percent": "limit / wt%",
    "mass_ratio": "cathode to electrolyte by mass", "cells": "finite volumes", "steps": "time steps",
    "element_balance": "largest relative change of a cation", "lithium_lost": "share of lithium lost as vapour",
    "hold_end_s": "end of the hold / s", "adsorbed_water_percent": "adsorbed water / %",
    "proton_water_percent": "water of protons / %", "pressure": "pressure / Pa", "areal_mass": "mass per area / kg/m²",
    "database": "database fingerprint", "sources": "sources of the phase data used",
}  # fmt: skip
"""Attributes of files in words; others are shown as they are called."""


def write(files: Sequence[Path], output: Path, *, limit: float | None = None, top: int = TOP) -> None:
    """Write the page of these files whole or not at all.

    ``limit`` is the detection limit [wt%] of runs, sweeps, comparisons and searches; without it a sweep has its own, as
    a screen always has, and others 1 wt%.  ``top`` is how many candidates of a screen are listed.

    Raises InputError or DataError for a file that no command of this program wrote.
    """
    check_writable(output)
    text = page([read(path) for path in files], limit=limit, top=top)
    write_whole(output, lambda name: name.write_text(text, encoding="utf-8"))


def page(files: Sequence[Stored], *, limit: float | None = None, top: int = TOP) -> str:
    """The page as HTML, a part for each file."""
    require("report")
    sections: dict[str, Html] = {}
    for number, file in enumerate(files, 1):
        name = f"{number}. {_title(file)}" if len(files) > 1 else _title(file)
        if file.kind == "screen":
            from sinterface.simulate.pages.report_screen import screen
            from sinterface.simulate.screening.zarr_store import reading

            with reading(file.path):
                body = screen(file.data, f"c{number}", top)
        else:
            known = DETECTION_LIMIT if limit is None and file.kind != "sweep" else limit
            body = PARTS[file.kind](file.data, f"c{number}", known)
        made = facts({"file": file.path.name} | _attributes(file.data.attrs))
        sections[name] = join(body, "<h3>Where this comes from</h3>", made)
    versions = dict.fromkeys(f"sinterface {file.data.attrs['version']}" for file in files)
    bases = dict.fromkeys(f"database {file.data.attrs['database']}" for file in files)
    return frame("Predicted secondary phases", ", ".join([*versions, *bases]), sections, charts=True)


def _title(file: Stored) -> str:
    attrs = file.data.attrs
    if file.kind == "screen":
        return f"screen: {attrs.get('title') or file.path.name}"
    return f"{file.kind}: {sample_text(attrs['cathode'], attrs['electrolyte'])}"


# ---- a run


def run(data: xr.Dataset, key: str, limit: float) -> Html:
    """Phases against time, at the end, along the radius; what took time."""
    final = data["wt_percent"].values[-1]
    names, families, roles = (data[name].values.tolist() for name in ("phase", "family", "role"))
    errors = data["wt_percent_error"].values[-1]
    secondary = [k for k, role in enumerate(roles) if role == SECONDARY]
    picture = run_courses(data, limit)
    sampled = f"; bands: 5 to 95 % of {data.sizes['sample']} samples, by family" if set(data) & SAMPLED else ""
    rows = [
        [
            names[k], family(families[k]), Number(_share(final[k]), float(final[k])), Number(_share(errors[k])),
            roles[k], detected(roles[k], float(final[k]), float(errors[k]), limit),
        ]
        for k in np.argsort(-final, kind="stable")
    ]  # fmt: skip
    total = float(np.nansum(final[secondary]))
    attrs = data.attrs
    left = ", ".join(f"{role} {100.0 * float(data[f'{role}_fraction'].values[-1]):.1f} %" for role in _roles(attrs))
    outcome = "" if attrs.get("outcome") in (DONE, None) else f" NOT FINISHED: {attrs.get('advice', '')}."
    return join(
        paragraph(
            f"{_ratio(attrs)}{attrs.get('schedule', '')}, {attrs.get('atmosphere', '')}: {total:.2f} wt% of secondary "
            f"phases; unreacted: {left}.{outcome}", "lead",
        ),
        figure(
            [chart(picture, f"{key}-time", f"Secondary phases and temperature against time: {_told(rows)}")],
            "Secondary phases in wt% of the sample, and the schedule. A family has one colour; further phases of it "
            f"are broken lines. Left out: phases that never reach {SHOWN:g} wt%{sampled}.",
        ),
        table(
            ["phase", "family", "wt%", "numerical error / wt%", "role", "detected"], rows,
            f"At the end of the schedule. Detected: a secondary phase that alone is at or above {limit:g} wt%; "
            "unsure: within its numerical error of that.",
            sortable=True,
        ),
        _samples(data, limit),
        _profile(data, key),
        _spent(data, key),
        instruments(data, key),
    )  # fmt: skip


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


def _profile(data: xr.Dataset, key: str) -> Html:
    if not {"wt_percent_profile", "radius"} <= set(data.variables):
        return join()
    radius = data["radius"].values * 1e6
    drawn = run_profile(data)
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


def sweep(data: xr.Dataset, key: str, limit: float | None) -> Html:
    """Families against hold temperature, with the onset."""
    degrees, names, share = (data[name].values for name in ("hold_temperature", "family", "wt_percent"))
    error = data["wt_percent_error"].values if "wt_percent_error" in data else np.full(share.shape, np.nan)
    onset, columns = sweep_onset(data, limit), sweep_columns(data)
    attrs = data.attrs
    left = [100.0 * data[f"{role}_fraction"].values for role in _roles(attrs)]
    rows = [
        [
            Number(f"{T:g}", float(T)),
            *(Number(_with_error(share[row, k], error[row, k]), float(share[row, k])) for k in columns),
            *(Number(f"{part[row]:.1f}", float(part[row])) for part in left),
        ]
        for row, T in enumerate(degrees)
    ]  # fmt: skip
    schedule = f", {attrs['schedule']}" if attrs.get("schedule") else ""
    return join(
        paragraph(
            f"{sample_text(attrs['cathode'], attrs['electrolyte'])}, {_ratio(attrs)}in {attrs.get('atmosphere', '')}"
            f"{schedule}: onset {onset}.", "lead",
        ),
        figure(
            [chart(
                sweep_families(data, onset), f"{key}-sweep",
                f"Secondary phases against hold temperature: onset {onset}",
            )],
            "Secondary phases after cooling against hold temperature, with numerical errors as bars. The scale is "
            f"linear up to {charts.LINEAR:g} wt% and logarithmic above; families below {SHOWN:g} wt% are left out.",
        ),
        table(
            ["T / °C", *(names[k] for k in columns), *(f"{role} left / %" for role in _roles(attrs))], rows,
            "Families in wt% by hold temperature; ± is the numerical error. Left: share of the framework cations still "
            "in their own structure.", sortable=True,
        ),
    )  # fmt: skip


# ---- schedules side by side


def compare(data: xr.Dataset, key: str, limit: float) -> Html:
    """Families against time of every schedule on one axis of wt%, and the ends in a table."""
    names, families = data["schedule"].values.tolist(), data["family"].values.tolist()
    share, time, kelvin = (data[name].values for name in ("wt_percent", "time", "temperature"))
    final, density = data["final_wt_percent"].values, data["relative_density"].values
    error = data["final_wt_percent_error"].values if "final_wt_percent_error" in data else np.full(final.shape, np.nan)
    top = 1.06 * max(float(np.nanmax(share, initial=limit)), limit)
    parts = {word: str(data.attrs.get(word, "")).split(" | ") for word in ("schedules", "atmospheres")}
    panels = []
    for k, name in enumerate(names):
        there = np.isfinite(time[k])
        size, unit = clock(float(np.max(time[k][there], initial=1.0)))
        moments = time[k][there] / size
        drawn = [
            (kind, kind, share[k, there, f])
            for f, kind in enumerate(families) if np.nanmax(share[k, there, f], initial=0.0) >= SHOWN
        ]  # fmt: skip
        picture = charts.courses(moments, drawn, (moments, kelvin[k][there] - CELSIUS_ZERO), limit, unit=unit, top=top)
        label = "; ".join(f"{kind} {_share(final[k, f])} wt%" for f, kind in enumerate(families))
        told = [html(parts[word][k]) for word in parts if len(parts[word]) == len(names)]
        panels.append(join(
            '<div class="panel"><h3>', html(name), '</h3><p class="about">', "<br>".join(told), "</p>",
            chart(picture, f"{key}-{k}", f"{name}, at the end: {label}"), "</div>",
        ))  # fmt: skip
    rows: list[list[Any]] = [
        [
            family(name),
            *(
                Number(_with_error(final[k, f], error[k, f]) + (" *" if _sure(final[k, f], error[k, f], limit) else ""))
                for k in range(len(names))
            ),
        ]
        for f, name in enumerate(families) if np.nanmax(final[:, f], initial=0.0) >= 0.005
    ]  # fmt: skip
    rows.append(["all secondary phases", *(Number(f"{np.nansum(ends):.2f}") for ends in final)])
    rows.append(["density / %, 5 to 95 %", *(Number(f"{100 * d[0]:.0f} to {100 * d[2]:.0f}") for d in density)])
    rows += [
        [f"{role} left / %", *(Number(f"{100 * v:.1f}") for v in data[f"{role}_fraction"].values)]
        for role in _roles(data.attrs)
    ]
    return join(
        figure(
            panels,
            "Secondary phases in wt% of the sample on the same axis for all schedules, each with its own axis of time. "
            f"Left out: families that never reach {SHOWN:g} wt%.",
        ),
        table(
            ["", *names],
            rows,
            f"wt% at the end, ± numerical error; * reaches {limit:g} wt%, also less its error where that is large. "
            "Density: of an LLZTO compact.",
        ),
    )


# ---- a search for schedules


def optimize(data: xr.Dataset, key: str, limit: float) -> Html:
    """Secondary phases against density of all that was tried, the schedules of the front, and which to fire."""
    attrs, points = data.attrs, data.isel(trial=data["point"].values > 0)
    total, density = (points[name].values for name in ("wt_percent_of_all", "relative_density"))
    below = np.flatnonzero(total < limit)
    best = int(below[np.argmax(density[below])]) if below.size else int(np.argmin(total))
    aim = f"the densest below {limit:g} wt%" if below.size else f"the least secondary phases, none below {limit:g} wt%"
    fire = f"{points['schedule_text'].values[best]}, in {points['atmosphere'].values[best]}"
    names = points["family"].values.tolist()
    columns = [k for k in range(len(names)) if points["wt_percent"].values[:, k].max() >= SHOWN]
    sampled = bool(np.isfinite(points["sampled_wt_percent"].values).any())
    head = ["", "schedule", "gas", "density / %", "wt%", *["median, 5 to 95 % / wt%"] * sampled]
    rows = [_point(points.isel(trial=k), columns, sampled=sampled) for k in range(points.sizes["trial"])]
    listed = "; ".join(f"{row[4].told} wt% at {row[3].told} %" for row in rows)
    return join(
        paragraph(
            f"{_ratio(attrs)}{aim}: {fire}, with {total[best]:.2f} wt% at a density of {100.0 * density[best]:.0f} %.",
            "lead",
        ),
        figure(
            [chart(
                search_front(data, limit), f"{key}-front",
                f"Least secondary phases against density: {listed}",
            )],
            f"Secondary phases against the density of an LLZTO compact: {data.sizes['trial']} schedules that came to "
            f"their end, of {attrs['predictions']} predictions, {attrs['failed']} not finished. The line: the least at "
            "that density or more, predicted twice; its bars are 5 to 95 %. The scale is linear up to "
            f"{charts.LINEAR:g} wt% and logarithmic above.",
        ),
        table(
            [*head, *(names[k] for k in columns)], rows,
            "Schedules that no other beats, numbered as in the figure, and their families in wt%; ± is the difference "
            "of two predictions.",
            sortable=True,
        ),
    )  # fmt: skip


def _point(point: xr.Dataset, columns: Sequence[int], *, sampled: bool) -> list[Any]:
    """A row of the table of schedules."""
    low, _, high = 100.0 * point["density_interval"].values
    density, total = float(point["relative_density"]), float(point["wt_percent_of_all"])
    least, middle, most = point["sampled_wt_percent"].values
    row = [
        Number(f"{int(point['point'])}", float(point["point"])), str(point["schedule_text"].item()),
        str(point["atmosphere"].item()), Number(f"{100.0 * density:.0f} ({low:.0f} to {high:.0f})", density),
        Number(_with_error(total, float(point["wt_percent_error"])), total),
    ]  # fmt: skip
    if sampled:
        known = math.isfinite(middle)
        row.append(Number(f"{middle:.1f} ({least:.1f} to {most:.1f})" if known else MISSING, float(middle)))
    return row + [Number(f"{x:.2f}", float(x)) for x in point["wt_percent"].values[list(columns)]]


PARTS: Mapping[str, Callable[[xr.Dataset, str, Any], Html]] = {
    "run": run, "sweep": sweep, "compare": compare, "optimize": optimize
}  # fmt: skip


# ---- pieces


def family(name: object) -> Html:
    """The name of a family behind a spot of its colour."""
    return join(f'<span class="swatch" style="background:{style(str(name))[0]}"></span>', html(name))


def _attributes(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """What a file says of itself, in words; of many equal answers how many there are."""
    told: dict[str, str] = {}
    for key, value in list(attrs.items())[:60]:
        if isinstance(value, float | np.floating) and math.isnan(value):
            continue  # of what was not there, such as a pressure
        text = f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)
        if key == "outcomes":
            text = counted(text.split(";"))
        elif key == "mass_ratio" and isinstance(value, int | float | np.number) and 0.0 < value < math.inf:
            text = mass_ratio_text(float(value))
        elif key == "schedules" and "schedule" in attrs:
            continue
        if text != "":  # lists have a space at each joint, where lines may break
            told[NAMES.get(str(key), str(key).replace("_", " "))] = text.replace(";", "; ").replace(";  ", "; ")
    return told


def counted(words: Sequence[str]) -> str:
    """Words once each, with how often they occur.

    >>> counted(["DONE", "DONE", "STALLED"])
    'DONE (2 of 3), STALLED (1 of 3)'
    >>> counted(["DONE", "DONE"])
    'all 2 DONE'
    """
    counts = Counter(word.strip() for word in words)
    if len(counts) == 1:
        return words[0].strip() if len(words) == 1 else f"all {len(words)} {words[0].strip()}"
    return ", ".join(f"{word} ({count} of {len(words)})" for word, count in counts.items())


def _roles(attrs: Mapping[str, Any]) -> list[str]:
    """The powders that were there."""
    return [role for role in ("cathode", "electrolyte") if attrs[role]]


def _ratio(attrs: Mapping[str, Any]) -> str:
    value = attrs.get("mass_ratio") if len(_roles(attrs)) == 2 else None
    if isinstance(value, int | float | np.number) and 0.0 < value < math.inf:
        return f"{mass_ratio_text(float(value))} by mass, "
    return ""


def _with_error(share: float, error: float) -> str:
    return with_error(share, error) if math.isfinite(share) else MISSING


def _share(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else MISSING


def _sure(share: float, error: float, limit: float) -> bool:
    """Whether an amount reaches the limit, also less its error where it is not converged."""
    return bool((share if converged(share, error) else share - error) >= limit)


def _told(rows: Sequence[Sequence[Any]]) -> str:
    return "; ".join(f"{name} {number.told} wt%" for name, _, number, *_ in rows[:8])
