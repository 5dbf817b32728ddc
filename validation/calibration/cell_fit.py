"""The two parameters of ``models/data/cell.toml``: fitted on one cathode, predicted on the other, and the reverse.

``python -m sinterface.validation.calibration.cell_fit`` shows both fits beside what was measured;
``python -m sinterface.validation.calibration.cell_fit models/data/cell.toml`` writes the fit on the polycrystal into
that file as well, with its distance to the fit on the single crystal as deviation.  It has to be made again when
the core, the data or the calibration move the products.  Needs PyBaMM; three firings and some 40 discharges, minutes.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sinterface.models.basics.errors import DataError, SolveError
from sinterface.models.instruments.cell import Contact, interphase
from sinterface.models.instruments.diffraction import Component, sample_of
from sinterface.models.powders.materials import built_in
from sinterface.simulate.files.output import write_whole
from sinterface.simulate.setup.problem import problem
from sinterface.simulate.setup.schedule import Schedule
from sinterface.simulate.solve.run import predict as run
from sinterface.simulate.studies.rate_capability import CellFit, CellObservation, fit, predict

CELLS = 20
"""Finite volumes of the firings."""


@dataclass(frozen=True)
class MeasuredCell:
    """A cell of the reference: cathode, hold temperature [degrees C] (None: not sintered), and ratios to bare.

    ``capacity`` is that at 0.1C, ``charge_transfer`` the resistance, nan where not measured.
    """

    label: str
    cathode: str
    temperature: float | None
    capacity: float
    charge_transfer: float = math.nan


POLYCRYSTAL = (
    MeasuredCell("polycrystal, not sintered", "pc-NMC631", None, 160.4 / 199.9, 2.0),
    MeasuredCell("polycrystal, 800 °C", "pc-NMC631", 800.0, 0.60, 4.0),
    MeasuredCell("polycrystal, 900 °C", "pc-NMC631", 900.0, 0.37, 8.0),
)
SINGLE = (
    MeasuredCell("single crystal, not sintered", "sc-NMC631", None, 0.52),
    MeasuredCell("single crystal, 900 °C", "sc-NMC631", 900.0, 0.52),
)
"""Cells of Ma et al., J. Mater. Chem. A (2025), 10.1039/d5ta03114a, as quoted in this project's notes.

LiNi0.67Mn0.28Co0.05O2 as polycrystals and LiNi0.6Mn0.3Co0.1O2 as single crystals, with garnet that had met air, 2 h in
O2."""


@dataclass(frozen=True)
class BothFits:
    """The observed cells in order, and what the fit on each of the two cathodes says of all of them."""

    cells: tuple[CellObservation, ...]
    on_polycrystal: CellFit
    on_single_crystal: CellFit


def observed(cell: MeasuredCell) -> CellObservation:
    """A measured cell with the products that the model gives of its firing.  Raises SolveError when that stops."""
    powder = built_in()[cell.cathode]
    radius = 0.5 * powder.particle_diameter.value
    if cell.temperature is None:
        clean = [Component(powder.formula, powder.structure, 100.0, "cathode")]
        return CellObservation(cell.label, interphase(clean, radius), cell.capacity, cell.charge_transfer)
    task = problem(
        cell.cathode, "LLZTO", Schedule.hold(cell.temperature, hours=2.0), atmosphere="O2", cells=CELLS,
        as_received=True,
    )  # fmt: skip
    result = run(task, estimate_error=False)
    if not result.finished:
        raise SolveError(f"{cell.label}: {result.dataset.attrs['advice']}")
    left = min(float(result.dataset["cathode_fraction"].isel(time=-1)), 1.0)
    products = interphase(sample_of(result.dataset), radius)
    return CellObservation(cell.label, products, cell.capacity, cell.charge_transfer, left)


def both_fits() -> BothFits:
    """Both fits with today's core, data and parameters."""
    polycrystal, single = (tuple(map(observed, cells)) for cells in (POLYCRYSTAL, SINGLE))
    cells = polycrystal + single
    return BothFits(cells, predict(cells, fit(polycrystal)), predict(cells, fit(single)))


def table(fits: BothFits) -> str:
    """MeasuredCell and fitted ratios, and the parameters, as text for people."""
    heads = ("capacity at 0.1C, resistance, to bare", "measured", "on polycrystal", "on single crystal")
    lines = ["{:38s}{:>14s}{:>18s}{:>20s}".format(*heads)]
    for number, cell in enumerate(fits.cells):
        resistance = "-" if math.isnan(cell.charge_transfer) else f"{cell.charge_transfer:g}"
        told = [
            f"{made.capacity[number]:.2f}, {made.charge_transfer[number]:.1f}"
            for made in (fits.on_polycrystal, fits.on_single_crystal)
        ]
        lines.append(f"{cell.name:38s}{f'{cell.capacity:.2f}, {resistance}':>14s}{told[0]:>18s}{told[1]:>20s}")
    for name, made in (("polycrystal", fits.on_polycrystal), ("single crystal", fits.on_single_crystal)):
        values = made.contact
        lines.append(f"fitted on the {name}: untouched {values.untouched:.2f}, percolation {values.percolation:.2f}")
    return "\n".join(lines)


def refitted(text: str, fit_used: Contact, other: Contact) -> str:
    """Text of ``cell.toml`` with these parameters; deviations are the distance to the ``other`` fit.

    Raises DataError when it lacks one of the four numbers.

    >>> "untouched = 0.50" in refitted(
    ...     "untouched = 0.1\\nuntouched_sd = 0.1\\npercolation = 0.1\\npercolation_sd = 0.1\\n",
    ...     Contact(0.5, 0.4), Contact(0.6, 0.5))
    True
    """
    for name in ("untouched", "percolation"):
        value, distance = getattr(fit_used, name), abs(getattr(fit_used, name) - getattr(other, name))
        for key, number in ((name, value), (f"{name}_sd", distance)):
            text, times = re.subn(rf"^{key} = \S+", f"{key} = {number:.2f}", text, flags=re.MULTILINE)
            if times != 1:
                raise DataError(f"cell.toml: {key} stands there {times} times; one line '{key} = number' is needed")
    return text


def main(arguments: Sequence[str]) -> None:
    """Show both fits; with a file name, write the fit on the polycrystal into it."""
    if len(arguments) > 1:
        sys.exit("usage: python -m sinterface.validation.calibration.cell_fit [models/data/cell.toml]")
    fits = both_fits()
    sys.stdout.write(table(fits) + "\n")
    if arguments:
        file = Path(arguments[0])
        contacts = (fits.on_polycrystal.contact, fits.on_single_crystal.contact)
        text = refitted(file.read_text(encoding="utf-8"), *contacts)
        write_whole(file, lambda name: name.write_text(text, encoding="utf-8"))


if __name__ == "__main__":
    main(sys.argv[1:])
