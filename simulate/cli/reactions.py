"""``sinterface reactions``: thermodynamics alone, at every mixing ratio, also for samples of the energies."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.simulate.cli import phases
from sinterface.simulate.cli.options import Database, Gas, Json, Picture, Structure, Style, check_outputs, save
from sinterface.simulate.cli.terminal import Column, console, print_table, progress_bar

if TYPE_CHECKING:
    from collections.abc import Collection

    from sinterface.models.interface.ensemble import InterfaceSpread
    from sinterface.models.interface.reactions import Couple, InterfaceReactions
    from sinterface.models.phases.database import Database as PhaseDatabase
    from sinterface.models.powders.materials import Material


def reactions(
    cathode: Annotated[str, typer.Argument(help="Built-in name, formula or TOML card; several with commas between.")],
    electrolyte: Annotated[str, typer.Argument(help="Built-in name, formula or TOML card.")] = "LLZTO",
    temperature: Annotated[
        str, typer.Option("--temperature", "-T", help="Temperature, °C; or low:high:step for energies against it.")
    ] = "700",
    atmosphere: Gas = "O2",
    para: Annotated[bool, typer.Option("--para", help="Keep the frameworks apart: only Li and gas exchange.")] = False,
    closed: Annotated[
        str, typer.Option(help="Elements among O,C,H that the gas does not exchange; their gases escape at 1 bar.")
    ] = "",
    ensemble: Annotated[
        int, typer.Option(help="Samples of the phase energies: probabilities of the products, spread of the energy.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the samples.")] = 0,
    structure: Structure = None,
    coating: Annotated[
        str, typer.Option(help="A layer between them, Li3BO3, or several with commas between: each face is told.")
    ] = "",
    database: Database = None,
    plot: Picture = None,
    style: Style = "screen",
    as_json: Json = False,
) -> None:
    """Interface reactions: energies and products at every mixing ratio."""
    from sinterface.models.basics.constants import CELSIUS_ZERO
    from sinterface.models.basics.errors import InputError
    from sinterface.models.interface.reactions import reactions_at
    from sinterface.models.phases.atmosphere import atmosphere as gas
    from sinterface.models.powders import materials
    from sinterface.simulate.figures import plot as plots
    from sinterface.simulate.setup import schedule as schedules
    from sinterface.simulate.setup.problem import NONE
    from sinterface.simulate.studies import sweep as sweeps

    if not 0 <= ensemble <= MOST_SAMPLES:
        raise InputError(f"--ensemble {ensemble}: a number of samples from 0 to {MOST_SAMPLES}")
    if seed < 0:
        raise InputError(f"--seed {seed}: must be 0 or more")
    if ":" in temperature or "," in temperature:
        kelvins = [schedules.temperature(f"{T:g}") for T in sweeps.temperatures(temperature)]
    else:
        kelvins = [schedules.temperature(temperature)]
    check_outputs(None, plot, style=style)
    furnace, phase_data = gas(atmosphere), phases.open_database(database)
    if NONE in (word.strip().casefold() for word in (electrolyte, *cathode.split(","))):
        raise InputError("reactions are between two powders: name a cathode and an electrolyte")
    opposite = materials.find(electrolyte, "electrolyte", elements=phase_data.elements, particles=False)
    cathodes = [
        materials.find(name.strip(), "cathode", structure=structure, elements=phase_data.elements, particles=False)
        for name in cathode.split(",")
    ]
    gas_elements = [element.strip() for element in closed.split(",") if element.strip()]
    layers = _layers(coating, phase_data)
    faces: list[tuple[Material, Material]] = []
    for powder in cathodes:
        faces.append((powder, opposite))
        row = (powder, *layers, opposite)
        faces += list(itertools.pairwise(row)) if layers else []
    pairs = [_couple(inner, outer, phase_data, para, gas_elements) for inner, outer in faces]
    computed: list[tuple[InterfaceReactions, InterfaceSpread | None]] = []
    with progress_bar("reactions", not as_json) as advance:
        for number, pair in enumerate(pairs):
            series = reactions_at(pair, kelvins, furnace)
            if not ensemble:
                computed += [(reaction, None) for reaction in series]
                continue
            from sinterface.models.interface.ensemble import draw, interface_spread

            samples = draw(phase_data, ensemble, seed, frozenset(pair.system.components))
            for step, reaction in enumerate(series):
                done = (number * len(series) + step) / (len(pairs) * len(series))
                advance(done)
                computed.append((reaction, interface_spread(pair, reaction.temperature, furnace, samples)))
    if as_json:
        documents = [
            _document(reaction, spread, seed) | {"database": phase_data.fingerprint} for reaction, spread in computed
        ]
        typer.echo(json.dumps(documents[0] if len(documents) == 1 else documents, indent=2))
    elif len(kelvins) > 1:
        _show_series(computed)
    else:
        for reaction, spread in computed:
            place = f"{reaction.temperature - CELSIUS_ZERO:g} °C, {reaction.atmosphere}"
            _show(reaction, f"{reaction.electrolyte.id} | {reaction.cathode.id}, {place}", spread)
    if plot is not None:
        figure = plots.reaction_energies(computed) if len(kelvins) > 1 else plots.reactions(computed)
        save(figure, plot, quiet=as_json, style=style)


def _layers(text: str, phase_data: PhaseDatabase) -> list[Material]:
    """The layers of ``Li3BO3, LiNbO3=5nm`` from the cathode outwards; a thickness says nothing about equilibria."""
    from sinterface.models.interface.coatings import coating

    return [coating(part.partition("=")[0].strip(), phase_data) for part in text.split(",") if part.strip()]


def _couple(
    cathode: Material, electrolyte: Material, phase_data: PhaseDatabase, para: bool, closed: Collection[str]
) -> Couple:
    """The couple; where a formula has no energy and its structure is not known, the error says what to give."""
    from sinterface.models.basics.errors import InputError
    from sinterface.models.interface.reactions import couple
    from sinterface.models.powders import materials

    try:
        return couple(cathode, electrolyte, phase_data, para=para, closed=closed)
    except InputError as error:
        lost = [m for m in (cathode, electrolyte) if m.structure == materials.UNKNOWN and str(error).startswith(m.id)]
        if not lost:
            raise
        raise InputError(
            f"{lost[0].id} has no energy: it is no compound of the database, and its structure can not be told: "
            f"{materials.misfit(lost[0].composition)}; correct the amounts, or add --structure "
            f"{'|'.join(materials.STRUCTURES)}"
        ) from error


MOST_SAMPLES = 100_000
"""Samples accepted: beyond, memory rather than statistics decides."""


def _document(reaction: InterfaceReactions, spread: InterfaceSpread | None, seed: int) -> dict[str, Any]:
    document = reaction.document()
    if spread is not None:
        low, middle, high = spread.energy_meV_per_atom.tolist()
        document["ensemble"] = {
            "samples": len(spread.energy),
            "seed": seed,
            "strongest_meV_per_atom": {"q05": low, "q50": middle, "q95": high},
            "probability": dict(zip(spread.families, spread.probability.tolist(), strict=True)),
        }
    return document


def _show(reaction: InterfaceReactions, title: str, spread: InterfaceSpread | None) -> None:
    from rich.markup import escape
    from rich.table import Table

    from sinterface.models.basics import formula
    from sinterface.models.basics.textfile import plain

    kinks = reaction.kinks
    products = [", ".join(f"{p.moles:.3g} {formula.name(p.solid.amounts)}" for p in kink.products) for kink in kinks]
    columns = (
        Column("cathode / wt%", [f"{100 * reaction.mass_share(kink):.1f}" for kink in kinks], right=True),
        Column("meV/atom", [_fixed(kink.energy_meV_per_atom, 2) for kink in kinks], right=True),
        Column("kJ/mol cations", [_fixed(reaction.energy_kJ_per_mol(kink), 3) for kink in kinks], right=True, spare=1),
        Column("products", [plain(told, 1000) for told in products], wraps=True),
    )
    print_table(plain(title), columns)
    screen = console()
    screen.print("products in moles per mole of cations; kinks are where the products change")
    if remarks := reaction.document()["remarks"]:
        screen.print(escape(plain(remarks)))
    if spread is None:
        return
    low, middle, high = (_fixed(value, 2) for value in spread.energy_meV_per_atom.tolist())
    screen.print(
        f"strongest reaction over {len(spread.energy)} samples of the energies: "
        f"median {middle} meV/atom, 5 to 95 % {low} to {high}"
    )
    shares = Table(box=None)
    shares.add_column("product family")
    shares.add_column("probability", justify="right")
    for p, family in sorted(zip(spread.probability.tolist(), spread.families, strict=True), reverse=True):
        shares.add_row(escape(family), f"{100 * p:.0f} %")
    screen.print(shares)


def _show_series(computed: list[tuple[InterfaceReactions, InterfaceSpread | None]]) -> None:
    from sinterface.models.basics.constants import CELSIUS_ZERO
    from sinterface.models.basics.textfile import plain

    first = computed[0][0]
    faces = len({reaction.electrolyte.id for reaction, _ in computed}) > 1
    opposite = "at each face" if faces else f"with {first.electrolyte.id}"
    rows: list[tuple[str, ...]] = []
    for reaction, spread in computed:
        best = reaction.strongest
        ends = [] if spread is None else spread.energy_meV_per_atom.tolist()[::2]
        energy = _fixed(best.energy_meV_per_atom, 2)
        share, families = f"{100 * reaction.mass_share(best):.0f}", dict.fromkeys(p.solid.family for p in best.products)
        if energy == "0.00":  # which of the ends is lower by round-off means nothing
            share, families = "-", dict.fromkeys(["no reaction"])
        rows.append((
            plain(f"{reaction.cathode.id} | {reaction.electrolyte.id}" if faces else reaction.cathode.id),
            f"{reaction.temperature - CELSIUS_ZERO:g}", energy, " to ".join(_fixed(value, 1) for value in ends), share,
            ", ".join(families),
        ))  # fmt: skip
    names, degrees, energies, bands, shares, products = (list(cells) for cells in zip(*rows, strict=True))
    columns = [
        Column("cathode", names),
        Column("T / °C", degrees, right=True),
        Column("meV/atom", energies, right=True),
        *([Column("5 to 95 %", bands, right=True)] if any(bands) else []),
        Column("cathode / wt%", shares, right=True, spare=1),
        Column("product families", products, wraps=True),
    ]
    print_table(plain(f"strongest reaction {opposite} in {first.atmosphere}"), columns)


def _fixed(value: float, digits: int) -> str:
    """Fixed digits, without the sign of what rounds to zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}"
