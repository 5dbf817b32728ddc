"""Mass curves as files: those that thermobalances export are read and checked, calculated ones are written as .csv."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.basics.errors import DataError, InputError
from sinterface.simulate.files.columns import COLUMNS, two_columns
from sinterface.simulate.files.output import check_ending, write_text

if TYPE_CHECKING:
    from sinterface.models.instruments.thermogravimetry import MassCurve

WHAT = "mass curve"
"""What these files are, in messages."""

FEWEST_POINTS = 10
"""Points that a file must hold at least to be a mass curve."""

MOST_POINTS = 1_000_000
"""Most points of a file."""

TEMPERATURES = (-50.0, 2000.0)
"""Temperatures [degrees C] that a thermobalance reaches, with room to spare."""

SHAKE = 5.0
"""Temperature [K] by which a furnace may fall back while it is heated; its controller overshoots by a few."""

REMEDY = "give two columns, temperature in °C and mass in mg or %, or mass change in %, as thermobalances export them"


@dataclass(frozen=True)
class MeasuredMass:
    """A measured mass curve on the way up: temperature [K] (points,), and mass change [% of the first] (points,)."""

    path: Path
    temperature: NDArray[np.float64]
    change: NDArray[np.float64]


def read_mass(path: Path) -> MeasuredMass:
    """A mass curve from a .csv, .txt, .dat or .xy file of two columns: temperature [degrees C] and mass.

    A second column that begins at 0 or has negative values is the mass change in %; otherwise it is the mass in any
    unit, of which the first value is 100 %.  What follows the highest temperature is left out.  Raises InputError or
    DataError, in one line, for anything that is no mass curve.
    """
    ending = path.suffix.lower()
    if ending not in COLUMNS:
        told = f"{ending or 'no ending'} is none of {', '.join(COLUMNS)}"
        raise InputError(f"{path}: {told}; export the mass curve as .csv: temperature in °C, mass in mg or %")
    first, second = two_columns(path, WHAT, REMEDY)
    if not FEWEST_POINTS <= len(first) <= MOST_POINTS:
        raise DataError(f"{path}: {len(first)} points, where {FEWEST_POINTS} to {MOST_POINTS} are read; {REMEDY}")
    celsius, mass = np.array(first), np.array(second)
    if not (np.isfinite(celsius).all() and np.isfinite(mass).all()):
        raise DataError(f"{path}: holds values that are no finite numbers; {REMEDY}")
    if not _rises(celsius):
        swapped = "the two columns are swapped, mass before temperature" if _rises(mass) else ""
        raise DataError(
            f"{path}: {swapped or 'the first column does not rise, as a temperature does when heated'}; {REMEDY}"
        )
    low, high = TEMPERATURES
    if celsius.min() < low or celsius.max() > high:
        told = f"temperatures {celsius.min():g} to {celsius.max():g}"
        raise DataError(f"{path}: {told} lie outside {low:g} to {high:g} °C; {REMEDY}")
    top = int(np.argmax(celsius)) + 1
    celsius, mass = celsius[:top], mass[:top]
    already = mass[0] == 0.0 or mass.min() < 0.0  # a change in %
    change = mass - mass[0] if already else 100.0 * (mass / mass[0] - 1.0)
    if np.abs(change).max() > 100.0:
        raise DataError(f"{path}: the mass changes by {np.abs(change).max():.0f} %, which is no powder; {REMEDY}")
    return MeasuredMass(path, celsius + CELSIUS_ZERO, change)


def _rises(values: NDArray[np.float64]) -> bool:
    """Whether values rise by ten SHAKE or more up to their highest, and fall back by no more than SHAKE on the way."""
    up = values[: int(np.argmax(values)) + 1]
    return bool(up[-1] - up[0] >= 10.0 * SHAKE and (np.maximum.accumulate(up) - up).max() <= SHAKE)


def write_mass(curve: MassCurve, path: Path) -> None:
    """Write temperature, mass change, its parts, its rate and time as a table, whole or not at all.

    ``read_mass`` reads it again.  Raises InputError when the ending is not .csv or the place can not be written.
    """
    check_ending(path, {".csv": "a mass curve"})
    parts = [f"{name.replace(' ', '_')}_percent" for name in curve.parts]
    header = ["temperature_C", "mass_change_percent", *parts, "rate_percent_per_min", "time_min"]
    columns = [curve.temperature - CELSIUS_ZERO, curve.change, *curve.parts.values(), curve.rate, curve.time / 60.0]
    rows = np.round(np.array(columns).T, 6) + 0.0  # no minus before a zero
    lines = [",".join(header), *(",".join(f"{value:.9g}" for value in row) for row in rows.tolist())]
    write_text(path, "\n".join(lines) + "\n")
