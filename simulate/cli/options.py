"""Command-line options that several commands share: each is written once, here, with the checks that go with it.

What a user says of a couple is one dataclass, ``CoupleOptions``; ``with_couple`` gives a command an option for each
field of it.  A further option of ``run``, ``sweep``, ``compare`` and ``optimize`` is a further field, and the argument
of ``problem`` that it fills.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from sinterface.simulate.cli.terminal import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sinterface.models.phases.database import Database as PhaseDatabase
    from sinterface.models.powders.materials import Material
    from sinterface.simulate.setup.problem import Problem
    from sinterface.simulate.setup.schedule import Schedule

Cathode = Annotated[
    str,
    typer.Argument(
        help="Built-in name, formula such as LiNi0.6Mn0.2Co0.2O2, a TOML card, or layers: 'LCO=500nm, LLZO=1um'."
    ),
]
Gas = Annotated[
    str,
    typer.Option(
        "--atmosphere",
        help="O2, air, dry-air, N2, Ar, CO2, H2/Ar, H2/H2O, CO/CO2, or pressures in bar: pO2=0.2,pCO2=4e-4.",
    ),
]
Cells = Annotated[int, typer.Option(help="Finite volumes of the model.")]
Structure = Annotated[str | None, typer.Option(help="layered, spinel or olivine, where a formula does not tell.")]
Limit = Annotated[float, typer.Option("--detection-limit", help="Share at which a phase family counts as seen, wt%.")]
Detect = Annotated[
    str, typer.Option(help="What phases are looked for with: xrd (a laboratory scan of each sample), raman, or wt%.")
]
Database = Annotated[Path | None, typer.Option("--database", help="Phase data of your own: JSON or CSV; merged in.")]
Workers = Annotated[int, typer.Option(help="Processes; 0 takes one per core.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="File to write: .nc (NetCDF), or .json (what --json prints).")
]
Picture = Annotated[Path | None, typer.Option("--plot", help="Figure to write: .png, .pdf or .svg.")]
Style = Annotated[str, typer.Option(help="Of the figure: screen, or paper (85 or 170 mm wide).")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output and nothing else.")]


DOCUMENT: Mapping[str, str] = {".json": "what --json prints"}
"""Ending of a file that holds a document."""

DATA: Mapping[str, str] = {".nc": "NetCDF", **DOCUMENT}
"""Endings of files that hold what ``run``, ``sweep`` and ``compare`` computed."""

LEAST_LISTED = 0.005
"""Phases of a smaller share [wt%] are left out of tables; ``--json`` has all."""

CHECKPOINTS: Mapping[str, str] = {".h5": "HDF5", ".hdf5": "HDF5"}


@dataclass(frozen=True)
class CoupleOptions:
    """What a user says of the two powders and their furnace: a field for each option, as it was written."""

    electrolyte: Annotated[str, typer.Option("--electrolyte", "-e", help="Built-in name, formula or TOML card.")] = (
        "LLZTO"
    )
    atmosphere: Gas = "O2"
    mass_ratio: Annotated[str, typer.Option("--mass-ratio", help="Cathode to electrolyte by mass: 1:1 or 60:40.")] = (
        "1:1"
    )
    structure: Structure = None
    morphology: Annotated[str | None, typer.Option(help="pc (polycrystal) or sc (single crystal), with a formula.")] = (
        None
    )
    cells: Cells = 40
    crucible: Annotated[str, typer.Option(help="lidded, open or pan: how fast its gas is renewed.")] = "lidded"
    add: Annotated[
        str,
        typer.Option("--add", help="Phases in the electrolyte powder, wt% of it: 'Li2CO3=2' for surface carbonate."),
    ] = ""
    geometry: Annotated[str, typer.Option(help="sphere (particles) or slab (layers as thick as particle radii).")] = (
        "sphere"
    )

    as_received: Annotated[
        bool,
        typer.Option(
            "--as-received", help="Powders as air has made them, from their cards: protons, carbonate, water."
        ),
    ] = False
    exposed: Annotated[
        str | None,
        typer.Option(help="Electrolyte powder that met air: 'H=0.4,Li2CO3=2', H per formula unit, the rest in wt%."),
    ] = None
    residue: Annotated[
        str | None, typer.Option(help="Lithium left on the cathode powder: 'Li2CO3=0.3,LiOH=0.2', wt% of it.")
    ] = None
    coating: Annotated[
        str,
        typer.Option(
            help="Layers between the powders: 'Li3BO3=20nm', 'Li3BO3=1% at 0.5 m2/g', 'LiNbO3=5nm on electrolyte'."
        ),
    ] = ""

    sizes: Annotated[
        str,
        typer.Option(
            help="Particle sizes in classes: 'cathode=5±3um, electrolyte=2±1um' (mean ± deviation), or cards."
        ),
    ] = ""

    pressure: Annotated[
        str | None,
        typer.Option(help="What presses the sample while it is fired, '50 MPa'; a schedule says more: 'press off'."),
    ] = None

    bed: Annotated[
        str | None,
        typer.Option(help="Powder around the sample that keeps the lithium vapour of its gas: LLZO, Li2CO3, Li2O."),
    ] = None

    def problem(self, cathode: str | Material, schedule: Schedule | None, phase_data: PhaseDatabase) -> Problem:
        """The problem of this couple with a cathode; ``phase_data`` says of which elements anything is known.

        Raises InputError or DataError in a line for what can not be read.
        """
        from sinterface.simulate.setup.problem import problem

        return problem(
            cathode, self.electrolyte, schedule, atmosphere=self.atmosphere, mass_ratio=self.mass_ratio,
            structure=self.structure, morphology=self.morphology, cells=self.cells, additives=self.add,
            crucible=self.crucible, geometry=self.geometry, elements=phase_data.elements,
            as_received=self.as_received, exposed=self.exposed, residue=self.residue,
            coating=self.coating, sizes=self.sizes, pressure=self.pressure, bed=self.bed, database=phase_data,
        )  # fmt: skip


def with_couple(
    *, without: Collection[str] = (), **defaults: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorator: the parameter ``couple`` of a command becomes an option for each field of ``CoupleOptions``.

    ``without`` names fields that the command has no option for, which keep their defaults; ``defaults`` are defaults
    of this command that differ from those of ``CoupleOptions``.
    """
    hints = get_type_hints(CoupleOptions, include_extras=True)
    options = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=defaults.get(field.name, field.default),
            annotation=hints[field.name],
        )
        for field in fields(CoupleOptions)
        if field.name not in without
    ]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        hidden = get_type_hints(command, include_extras=True)
        shown: list[inspect.Parameter] = []
        for name, parameter in inspect.signature(command).parameters.items():
            if name == "couple":
                shown += options
            else:
                shown.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=hidden.get(name, Any)))

        @wraps(command)
        def expanded(**given: Any) -> None:
            command(couple=CoupleOptions(**{option.name: given.pop(option.name) for option in options}), **given)

        del expanded.__wrapped__
        expanded.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
        expanded.__annotations__ = {parameter.name: parameter.annotation for parameter in shown}
        return expanded

    return decorate


def check_limit(limit: float) -> None:
    """Raise InputError unless this is a share of a sample [wt%]."""
    from sinterface.models.basics.errors import InputError

    if not 0.0 < limit <= 100.0:
        raise InputError(f"detection limit {limit:g} wt%: must lie between 0 and 100")


def check_outputs(
    output: Path | None,
    plot: Path | None,
    checkpoint: Path | None = None,
    *,
    style: str = "screen",
    endings: Mapping[str, str] = DATA,
) -> None:
    """Raise InputError now rather than after the calculation when a file can not be written, or would be twice.

    ``endings`` are those of the output, with what each stands for.
    """
    from sinterface.models.basics.errors import InputError, unknown
    from sinterface.simulate.files.output import check_ending, check_writable

    files = [file for file in (output, plot, checkpoint) if file is not None]
    if len({file.absolute() for file in files}) < len(files):
        raise InputError(f"{files[0]} is given twice: one file would overwrite the other")
    for file, known, what in ((output, endings, "output"), (checkpoint, CHECKPOINTS, "checkpoint")):
        if file is not None:
            check_ending(file, known, what)
            check_writable(file)
    if style != "screen":
        from sinterface.simulate.figures.canvas import STYLES

        if style not in STYLES:
            raise unknown("style", style, STYLES)
        if plot is None:
            raise InputError(f"--style {style}: there is no figure; name one with --plot, e.g. --plot figure.pdf")
    if plot is not None:
        from sinterface.simulate.figures.plot import check_format

        check_format(plot)
        check_writable(plot)


def write_output(
    path: Path, document: Mapping[str, Any], write: Callable[[Path], object] | None = None, *, quiet: bool
) -> None:
    """Write a file and say so: the document where the name ends in .json, else what ``write`` puts there."""
    from sinterface.simulate.files.output import write_text

    if write is None or path.suffix.lower() in DOCUMENT:
        write_text(path, json.dumps(document, indent=2) + "\n")
    else:
        write(path)
    say(f"wrote {path}", quiet=quiet)


def save(figure: Figure, path: Path, *, quiet: bool, style: str = "screen") -> None:
    """Write a figure and say so."""
    from sinterface.simulate.figures import plot

    plot.save(figure, path, style)
    say(f"wrote {path}", quiet=quiet)
