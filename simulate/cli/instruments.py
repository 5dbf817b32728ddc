"""``sinterface xrd`` and ``sinterface cell``: what instruments and cells show of a run that was written with -o."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.simulate.cli.options import (
    DOCUMENT,
    LEAST_LISTED,
    Json,
    Picture,
    Style,
    check_outputs,
    save,
    write_output,
)
from sinterface.simulate.cli.terminal import Column, console, print_table

if TYPE_CHECKING:
    import xarray as xr

    from sinterface.models.instruments.detection import Limit
    from sinterface.models.instruments.diffraction import Pattern, Scan
    from sinterface.simulate.pages.read_results import Stored

RunFile = Annotated[Path, typer.Argument(help="NetCDF file that sinterface run wrote with -o.")]


def xrd(
    file: RunFile,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="File to write: .xy (the pattern), or .json (what --json prints)."),
    ] = None,
    plot: Picture = None,
    style: Style = "screen",
    measured: Annotated[
        Path | None, typer.Option(help="Your pattern to lay over: .xy, .xye, .csv, .txt, .dat or .xrdml.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Time of the run, such as '90 min'; without it the cooled sample.")
    ] = None,
    radiation: Annotated[str, typer.Option(help="Anode (Cu, Co, Mo, Cr, Fe, Ag) or a wavelength in Å.")] = "Cu",
    angles: Annotated[
        str | None, typer.Option("--range", help="Degrees of 2 theta, 10:80; without it what 10:80 shows with Cu.")
    ] = None,
    step: Annotated[float, typer.Option(help="Step, degrees.")] = 0.01,
    speed: Annotated[float, typer.Option(help="Speed of the scan, degrees/min.")] = 3.0,
    rate: Annotated[float, typer.Option(help="Count rate at the top of the strongest line, 1/s.")] = 2e4,
    width: Annotated[float, typer.Option(help="Width of the instrument's lines, degrees.")] = 0.08,
    crystallite: Annotated[float, typer.Option(help="Size of the products' crystallites, um.")] = 0.1,
    as_json: Json = False,
) -> None:
    """Calculate the X-ray diffractogram of a run's sample, and the least wt% of each phase that it shows."""
    from sinterface.models.instruments.detection import detection_limits
    from sinterface.models.instruments.diffraction import Scan, pattern_of
    from sinterface.simulate.files.pattern_files import read_pattern

    check_outputs(output, plot, style=style, endings={".xy": "the pattern", **DOCUMENT})
    scan = Scan.of_anode(
        radiation, step=step, speed=speed, peak_rate=rate, width=width, product_crystallite=1e-6 * crystallite,
        **_range(angles),
    )  # fmt: skip
    overlay = read_pattern(measured) if measured is not None else None
    run = _run(file)
    moment = _step_at(run.data, at)
    pattern = pattern_of(run.data, moment, scan)
    limits = detection_limits(pattern.components, scan)
    figure = None
    if plot is not None:
        from sinterface.simulate.figures.plot_instruments import diffractogram

        figure = diffractogram(pattern, overlay, _title(run.data, moment))
    if output is not None:
        from sinterface.simulate.files.pattern_files import write_pattern

        document = _xrd_document(pattern, limits, scan, run.data, moment)
        write_output(output, document, lambda path: write_pattern(pattern, path), quiet=as_json)
    if plot is not None and figure is not None:
        save(figure, plot, quiet=as_json, style=style)
    if as_json:
        typer.echo(json.dumps(_xrd_document(pattern, limits, scan, run.data, moment), indent=2))
    else:
        _show_xrd(pattern, limits)


def _run(file: Path) -> Stored:
    from sinterface.models.basics.errors import InputError
    from sinterface.simulate.pages.read_results import read

    stored = read(file)
    if stored.kind != "run":
        raise InputError(
            f"{file}: holds what {stored.kind} wrote, not a run; write a run with sinterface run -o run.nc"
        )
    return stored


def _range(text: str | None) -> dict[str, float]:
    from sinterface.models.basics.errors import InputError, shown

    if text is None:
        return {}
    try:
        start, stop = (float(part) for part in text.split(":"))
    except ValueError:
        raise InputError(f"range {shown(text)} is not understood: write start:stop in degrees, e.g. 10:80") from None
    return {"start": start, "stop": stop}


def _step_at(data: xr.Dataset, at: str | None) -> int:
    """Step of the run nearest to a time that the user wrote; -1, the cooled sample, without one."""
    from sinterface.models.basics.errors import InputError
    from sinterface.simulate.setup.schedule import duration, duration_text

    if at is None:
        return -1
    wanted, times = duration(at), data["time"].values
    if wanted > times[-1]:
        raise InputError(f"time {at}: the run ends after {duration_text(times[-1], digits=3)}; choose an earlier time")
    return int(abs(times - wanted).argmin())


def _title(data: xr.Dataset, moment: int) -> str:
    from sinterface.models.basics.constants import CELSIUS_ZERO
    from sinterface.simulate.setup.problem import sample_text
    from sinterface.simulate.setup.schedule import duration_text

    attrs = data.attrs
    ratio = float(attrs["mass_ratio"]) if "mass_ratio" in attrs else None
    sample = sample_text(attrs["cathode"], attrs["electrolyte"], ratio)
    couple = f"{sample}, {attrs.get('schedule', '')}, {attrs.get('atmosphere', '')}"
    if moment == -1:
        return couple
    passed = duration_text(float(data["time"][moment]), digits=3)
    return f"{couple}; after {passed} at {float(data['temperature'][moment]) - CELSIUS_ZERO:.0f} °C"


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _xrd_document(
    pattern: Pattern, limits: dict[str, Limit], scan: Scan, data: xr.Dataset, moment: int
) -> dict[str, Any]:
    marks = pattern.marks()
    return {
        "cathode": data.attrs["cathode"],
        "electrolyte": data.attrs["electrolyte"],
        "time_s": float(data["time"][moment]),
        "wavelength_angstrom": scan.lines[0][0],
        "range_degrees": [scan.start, scan.stop],
        "phases": [
            {
                "phase": component.phase,
                "family": component.family,
                "role": component.role,
                "wt_percent": component.wt_percent,
                "visible": component.phase in pattern.by_phase,
                "marks_degrees": [round(float(angle), 3) for angle in marks.get(component.phase, ())],
                "detection_limit_wt_percent": _number(limits[component.phase].wt_percent)
                if component.phase in limits else None,
                "detection_angle_degrees": _number(limits[component.phase].angle)
                if component.phase in limits else None,
            }
            for component in pattern.components
        ],
        "database": data.attrs["database"],
        "version": data.attrs["version"],
    }  # fmt: skip


def _show_xrd(pattern: Pattern, limits: dict[str, Limit]) -> None:
    from sinterface.models.basics.textfile import plain

    rows: list[tuple[str, ...]] = []
    for component in sorted(pattern.components, key=lambda part: -part.wt_percent):
        if component.wt_percent < LEAST_LISTED:
            continue
        limit = limits.get(component.phase)
        if limit is None:
            told = ("", "", component.role)
        elif math.isnan(limit.wt_percent):
            told = ("-", "-", "all lines hidden" if limit.hidden else "no structure known")
        else:
            seen = "yes" if component.wt_percent >= limit.wt_percent else "-"
            told = (f"{limit.wt_percent:.2f}", f"{limit.angle:.2f}", seen)
        rows.append((plain(component.phase), plain(component.family), f"{component.wt_percent:.2f}", *told))
    headings = ("phase", "family", "wt%", "limit", "line / °", "seen")
    spare = {"family": 2, "line / °": 1}
    columns = [
        Column(
            heading, [row[place] for row in rows], right=heading in ("wt%", "limit", "line / °"),
            spare=spare.get(heading, 0), wraps=heading == "seen",
        )
        for place, heading in enumerate(headings)
    ]  # fmt: skip
    print_table("X-ray diffraction: share, and the least that this scan shows, wt%", columns)


def cell(
    file: RunFile,
    plot: Picture = None,
    style: Style = "screen",
    particle: Annotated[
        str | None, typer.Option(help="Diameter of the cathode's particles, '10 um'; the built-in powder's without it.")
    ] = None,
    island: Annotated[
        str | None, typer.Option(help="Thickness of the products' islands, '50 nm'; 200, and a range, without it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Estimate what a cell loses to a run's products: contact, resistance, active share and capacity against rate."""
    from sinterface.models.basics.errors import InputError
    from sinterface.models.basics.quantity import read_length
    from sinterface.models.instruments.cell import cell_data, cell_state, interphase
    from sinterface.models.instruments.diffraction import Component, sample_of
    from sinterface.simulate.studies.rate_capability import rate_curve

    check_outputs(None, plot, style=style)
    diameter = None if particle is None else read_length(particle, "um", "--particle")
    thickness = None if island is None else read_length(island, "nm", "--island")
    run = _run(file)
    if not (run.data.attrs["cathode"] and run.data.attrs["electrolyte"]):
        raise InputError(f"{file}: one powder was heated alone: a cell needs a cathode and an electrolyte")
    sample = sample_of(run.data)
    radius = 0.5 * (_diameter(run.data) if diameter is None else diameter)
    data = cell_data()
    sizes = (data.island, *data.island_range) if thickness is None else (thickness,)
    intact = min(float(run.data["cathode_fraction"].isel(time=-1)), 1.0)
    if not intact > 0.0:
        raise InputError(f"{file}: no cathode is left in this sample: nothing to make a cell of")
    unfired = interphase([Component("LiCoO2", "layered", 100.0, "cathode")], radius)  # without products, whatever it is
    states = {"with garnet, not sintered": [cell_state(unfired)]}
    states["after this run"] = [cell_state(interphase(sample, radius, size), intact=intact) for size in sizes]
    curves = {"bare": [rate_curve()]} | {
        name: [rate_curve(state) for state in entries] for name, entries in states.items()
    }
    if plot is not None:
        from sinterface.models.basics.quantity import length_text
        from sinterface.simulate.figures.plot_instruments import rate_capability

        ratios = {"bare": [1.0]} | {name: [s.charge_transfer for s in entries] for name, entries in states.items()}
        between = f"islands of {length_text(min(sizes))} to {length_text(max(sizes))}"
        save(rate_capability(curves, ratios, _title(run.data, -1), between), plot, quiet=as_json, style=style)
    state = states["after this run"][0]
    if as_json:
        products = state.interphase
        document = {
            "cathode": run.data.attrs["cathode"],
            "electrolyte": run.data.attrs["electrolyte"],
            "interphase_thickness_nm": 1e9 * products.thickness,
            "covered": products.covered,
            "island_resistance_ohm_m2": products.resistance,
            "contact": state.contact,
            "charge_transfer_relative_to_bare": state.charge_transfer,
            "charge_transfer_range": sorted(s.charge_transfer for s in states["after this run"]),
            "active_share": state.active,
            "rates_per_h": curves["bare"][0].rates.tolist(),
            "capacity_relative_to_bare": {name: entries[0].capacity.tolist() for name, entries in curves.items()},
            "database": run.data.attrs["database"],
            "version": run.data.attrs["version"],
        }
        typer.echo(json.dumps(document, indent=2))
        return
    from rich.table import Table

    table = Table(title="discharge capacity relative to the bare cathode at the slowest rate")
    table.add_column("sample")
    for rate in curves["bare"][0].rates:
        table.add_column(f"{rate:g}C", justify="right")
    table.add_column("R / bare", justify="right")
    for name, entries in curves.items():
        ratio = states[name][0].charge_transfer if name in states else 1.0
        table.add_row(name, *(f"{value:.2f}" for value in entries[0].capacity), f"{ratio:.1f}")
    screen = console()
    screen.print(table)
    products = state.interphase
    screen.print(
        f"products: {1e9 * products.thickness:.0f} nm if spread over the cathode's surface; in islands of "
        f"{1e9 * products.island:.0f} nm they cover {100.0 * products.covered:.0f} % of it"
    )


def _diameter(data: xr.Dataset) -> float:
    """Diameter [m] of the particles of the run's cathode.  Raises InputError when it is no built-in powder."""
    from sinterface.models.basics.errors import InputError, shown
    from sinterface.models.powders import materials

    powder = materials.built_in().get(str(data.attrs["cathode"]))
    if powder is None:
        told = f"cathode {shown(data.attrs['cathode'])} is no built-in powder, and the file does not say its size"
        raise InputError(f"{told}; give --particle, e.g. '10 um'")
    return powder.particle_diameter.value
