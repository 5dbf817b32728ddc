"""Command-line options that several commands share, and the checks that go with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sinterface.simulate.cli.terminal import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Cathode = Annotated[str, typer.Argument(help="Built-in name, formula such as LiNi0.6Mn0.2Co0.2O2, or a TOML card.")]
Electrolyte = Annotated[str, typer.Option("--electrolyte", "-e", help="Built-in name, formula or TOML card.")]
Gas = Annotated[
    str, typer.Option("--atmosphere", help="O2, dry-air, air, N2, Ar, CO2, or pressures: pO2=0.2,pCO2=4e-4 (bar).")
]
Ratio = Annotated[str, typer.Option("--mass-ratio", help="Cathode to electrolyte by mass.")]
Structure = Annotated[str | None, typer.Option(help="layered, spinel or olivine, where a formula does not tell.")]
Morphology = Annotated[str | None, typer.Option(help="pc (polycrystal) or sc (single crystal), with a formula.")]
Cells = Annotated[int, typer.Option(help="Finite volumes of the model.")]
Crucible = Annotated[str, typer.Option(help="lidded or open: how fast its gas is renewed.")]
Additives = Annotated[
    str, typer.Option("--add", help="Phases in the electrolyte powder, wt% of it: 'Li2CO3=2' for surface carbonate.")
]
Geometry = Annotated[str, typer.Option(help="sphere (particles) or slab (layers as thick as the particle radii).")]
Limit = Annotated[float, typer.Option("--detection-limit", help="Share at which a phase family counts as seen, wt%.")]
Database = Annotated[Path | None, typer.Option("--database", help="Phase data of your own: JSON or CSV; merged in.")]
Workers = Annotated[int, typer.Option(help="Processes; 0 takes one per core.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="NetCDF file to write.")]
Picture = Annotated[Path | None, typer.Option("--plot", help="Figure to write: .png, .pdf or .svg.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output and nothing else.")]


def check_limit(limit: float) -> None:
    """Raise InputError unless this is a share of a sample [wt%]."""
    from sinterface.models.basics.errors import InputError

    if not 0.0 < limit <= 100.0:
        raise InputError(f"detection limit {limit:g} wt%: must lie between 0 and 100")


def check_outputs(output: Path | None, plot: Path | None, checkpoint: Path | None = None) -> None:
    """Raise InputError now rather than after the calculation when a file can not be written, or would be twice."""
    from sinterface.models.basics.errors import InputError
    from sinterface.simulate.files.output import check_writable

    files = [file for file in (output, plot, checkpoint) if file is not None]
    if len({file.absolute() for file in files}) < len(files):
        raise InputError(f"{files[0]} is given twice: one file would overwrite the other")
    for file in (output, checkpoint):
        if file is not None:
            check_writable(file)
    if plot is not None:
        from sinterface.simulate.views.plot import check_format

        check_format(plot)
        check_writable(plot)


def save(figure: Figure, path: Path, *, quiet: bool) -> None:
    """Write a figure and say so."""
    from sinterface.simulate.views import plot

    plot.save(figure, path)
    say(f"wrote {path}", quiet=quiet)
