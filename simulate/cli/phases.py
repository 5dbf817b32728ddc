"""``sinterface phases``: what the database holds, where each number comes from, and whether it hangs together."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.models.basics.lookalikes import level
from sinterface.models.basics.textfile import plain
from sinterface.simulate.cli.options import Database as File
from sinterface.simulate.cli.options import Json
from sinterface.simulate.cli.terminal import Column, print_table, progress_bar

if TYPE_CHECKING:
    from sinterface.models.phases.atmosphere import Atmosphere
    from sinterface.models.phases.database import Database
    from sinterface.models.phases.substance import Solid

app = typer.Typer(help="The phase database: list, show, check, fetch.", no_args_is_help=True, rich_markup_mode=None)

Elements = Annotated[str | None, typer.Option(help="Only phases made of these and O, C, H: Li,La,Zr,O")]


def open_database(file: Path | None) -> Database:
    """The embedded database, or that merged with a file of the user's."""
    if file is None:
        from sinterface.models.phases import database

        return database.embedded()
    from sinterface.models.evidence import snapshot

    phase_data, report = snapshot.build(file)
    typer.echo(f"{file}: {report}", err=True)
    return phase_data


@app.command(name="list")
def list_phases(elements: Elements = None, database: File = None, as_json: Json = False) -> None:
    """List phases with formation enthalpy, entropy and how they are known."""
    phase_data = open_database(database)
    wanted = _elements(elements, phase_data)
    chosen = [s for _, s in sorted(phase_data.solids.items()) if wanted is None or set(s.amounts) <= wanted]
    if as_json:
        typer.echo(json.dumps([_summary(solid) for solid in chosen], indent=2))
        return
    columns = (
        Column("phase", [plain(solid.id) for solid in chosen]),
        Column("family", [solid.family for solid in chosen], spare=2),
        Column("ΔfH / kJ/mol", [f"{solid.enthalpy / 1e3:.1f}" for solid in chosen], right=True),
        Column("±", [f"{solid.enthalpy_sd / 1e3:.1f}" for solid in chosen], right=True),
        Column("S298 / J/mol/K", [f"{solid.entropy:.1f}" for solid in chosen], right=True, spare=1),
        Column(
            "known by",
            [plain(solid.method) + ("" if solid.observed else ", computed only") for solid in chosen],
            wraps=True,
        ),
    )
    print_table(plain(f"{len(chosen)} phases of {phase_data.fingerprint}"), columns)


@app.command()
def show(
    phase: Annotated[str, typer.Argument(help="Phase id, see `sinterface phases list`.")],
    temperature: Annotated[
        str, typer.Option("--temperature", "-T", help="Where to compare with the hull, °C.")
    ] = "700",
    atmosphere: Annotated[str, typer.Option(help="Gas in which to compare with the hull.")] = "O2",
    database: File = None,
    as_json: Json = False,
) -> None:
    """Every number of one phase, its uncertainty and source, and where it sits against the hull."""
    from sinterface.models.basics.constants import CELSIUS_ZERO
    from sinterface.models.interface import stability
    from sinterface.models.phases import phase_tables
    from sinterface.models.phases.atmosphere import atmosphere as gas
    from sinterface.simulate.setup import schedule

    phase_data = open_database(database)
    solid = phase_data[level(phase.strip())]
    T = schedule.temperature(temperature)
    furnace = gas(atmosphere)
    hull_reaction = stability.decomposition(solid, T, furnace, phase_data)
    lacking = _lacking(solid, furnace)
    summary = _summary(solid) | {
        "hull": {
            "temperature_C": T - CELSIUS_ZERO,
            "atmosphere": str(furnace),
            "energy_above_hull_kJ_per_mol_cations": None if lacking else hull_reaction.energy / 1e3,
            "stable": hull_reaction.energy <= 0.0,
            "others": dict(hull_reaction.products),
        }
    }
    records = phase_tables.read_records()
    row = records[solid.id].row if solid.id in records else {}
    summary["as_tabulated"] = {key: value for key, value in row.items() if value}
    if as_json:
        typer.echo(json.dumps(summary, indent=2))
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(show_header=False, title=escape(plain(f"{solid.id}: {solid.family}")))
    hull = summary.pop("hull")
    tabulated = summary.pop("as_tabulated")
    for key, value in summary.items():
        told = ", ".join(value) if isinstance(value, list) else _text(value)
        table.add_row(key, escape(plain(told, 2000)))
    table.add_section()
    verdict = "on the hull, below the others by" if hull["stable"] else "above the hull by"
    told = lacking or f"{verdict} {abs(hull_reaction.energy) / 1e3:.2f} kJ/mol of cations"
    table.add_row(f"{hull['temperature_C']:g} °C, {hull['atmosphere']}", told)
    others = ", ".join(f"{moles:.3f} {name}" for name, moles in hull["others"].items())
    table.add_row("others", escape(plain(others, 2000)))
    table.add_section()
    for key, value in tabulated.items():
        table.add_row(key, escape(plain(value, 2000)))
    Console().print(table)


def _lacking(solid: Solid, furnace: Atmosphere) -> str:
    """Why a carbonate or hydroxide has no energy in a gas: it can not form there; nothing where it can."""
    for element, pressure, name in (("C", furnace.pCO2, "CO2"), ("H", furnace.pH2O, "H2O")):
        if solid.amounts.get(element, 0.0) > 0.0 and pressure <= 0.0:
            return f"can not form: the gas holds no {name}; give some, e.g. --atmosphere O2:p{name}=4e-4"
    return ""


@app.command()
def check(
    database: File = None,
    accept: Annotated[
        str, typer.Option(help="Phases whose energies are meant, however odd: La4LiNiO8,LaNiO3; or all.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Check a database: identities, ranges, charges, known stabilities, and what a file has moved.

    Exit code 1 when something is wrong.
    """
    from sinterface.models.evidence import audit, snapshot

    findings = []
    if database is None:
        phase_data = open_database(None)
    else:
        phase_data, report = snapshot.build(
            database, accept=[name.strip() for name in accept.split(",") if name.strip()]
        )
        typer.echo(f"{database}: {report}", err=True)
        findings += [audit.Finding(shift.phase, str(shift)) for shift in snapshot.shifts(phase_data, report)]
    findings += audit.audit(phase_data)
    if as_json:
        typer.echo(json.dumps([{"phase": f.phase, "fault": f.fault} for f in findings], indent=2))
    else:
        for finding in findings:
            typer.echo(plain(f"{finding.phase}: {finding.fault}", 1000))
        typer.echo(f"{len(findings)} findings" if findings else "nothing is wrong")
    if findings:
        raise typer.Exit(1)


@app.command()
def fetch(
    elements: Annotated[str, typer.Option(help="Chemical system, e.g. Li,La,Zr,Ta,Ni,Mn,Co,O")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Snapshot to write (.json).")],
) -> None:
    """Fetch computed phases from the Materials Project, with your key in MP_API_KEY, into a pinned snapshot."""
    from sinterface.models.basics.errors import InputError
    from sinterface.simulate.files import fetch_mp
    from sinterface.simulate.files.output import check_ending, check_writable

    chosen = [element.strip() for element in elements.split(",") if element.strip()]
    if not chosen:
        raise InputError(f"elements {elements!r}: write symbols parted by commas, e.g. Li,La,Zr,O")
    check_ending(output, {".json": "a snapshot"})
    check_writable(output)
    with progress_bar("Materials Project", wanted=True) as advance:
        count = fetch_mp.fetch(chosen, output, progress=advance)
    typer.echo(f"wrote {output}: {count} phases; use it with --database {output}")


def _elements(text: str | None, phase_data: Database) -> set[str] | None:
    from sinterface.models.basics.errors import unknown

    if text is None:
        return None
    chosen = {element.strip() for element in text.split(",") if element.strip()}
    for element in sorted(chosen - phase_data.elements):
        raise unknown("element", element, phase_data.elements)
    return chosen | {"O", "C", "H"}


def _summary(solid: Solid) -> dict[str, Any]:
    return {
        "phase": solid.id,
        "family": solid.family,
        "structure": solid.structure,
        "formation_enthalpy_kJ_mol": solid.enthalpy / 1e3,
        "formation_enthalpy_sd_kJ_mol": solid.enthalpy_sd / 1e3,
        "known_by": solid.method,
        "observed": solid.observed,
        "S298_J_mol_K": solid.entropy,
        "S298_sd_J_mol_K": solid.entropy_sd,
        "Cp_J_mol_K": {"a": solid.cp.a, "b": solid.cp.b, "c": solid.cp.c},
        "density_kg_m3": None if math.isnan(solid.density) else solid.density,
        "sources": list(solid.sources),
    }


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict):
        terms = zip(value.values(), ("", " T", "/T²"), strict=True)
        return "Cp = " + " + ".join(f"{number:.4g}{unit}" for number, unit in terms).replace("+ -", "- ")
    return str(value)
