"""Diffractograms as files: those that instruments write are read and checked, calculated ones are written as .xy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.errors import DataError, InputError
from sinterface.models.basics.textfile import read_text
from sinterface.models.instruments.diffraction import ANGLES, MOST_POINTS
from sinterface.simulate.files.columns import COLUMNS, MOST_BYTES, two_columns
from sinterface.simulate.files.output import check_ending, write_text

if TYPE_CHECKING:
    from sinterface.models.instruments.diffraction import Pattern

WHAT = "diffraction pattern"
"""What these files are, in messages."""

BINARY = (".raw", ".brml", ".rd", ".sd", ".ras", ".uxd", ".gsas", ".cpi")
"""Endings of other instrument formats, for which the remedy is an export."""

MOST_TAGS = 200_000
"""Most tags in an XML file that is read; one with a pattern has some hundreds."""

FEWEST_POINTS = 10
"""Points that a file must hold at least to be a pattern."""

REMEDY = "give two columns, the angle in degrees of 2 theta and the counts, as instruments export them to .xy"


@dataclass(frozen=True)
class Measured:
    """A measured pattern: angles [degrees of 2 theta] (points,), increasing, and counts (points,)."""

    path: Path
    angles: NDArray[np.float64]
    counts: NDArray[np.float64]


def read_pattern(path: Path) -> Measured:
    """A pattern from an .xy, .xye, .csv, .txt, .dat or .xrdml file.

    Raises InputError or DataError, in one line, for anything that is no pattern.
    """
    ending = path.suffix.lower()
    if ending == ".xrdml":
        angles, counts = _xrdml(path)
    elif ending in COLUMNS:
        angles, counts = two_columns(path, WHAT, REMEDY)
    else:
        other = "an instrument's own format" if ending in BINARY else "none of the formats that are read"
        raise InputError(f"{path}: {ending or 'no ending'} is {other}; export the pattern as .xy or .xrdml")
    return Measured(path, *_checked(path, angles, counts))


def _xrdml(path: Path) -> tuple[list[float], list[float]]:
    from xml.etree import ElementTree

    text = read_text(path, MOST_BYTES, WHAT)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise DataError(f"{path}: defines entities, which no instrument does; export the pattern as .xy")
    if text.count("<") > MOST_TAGS or text.count("=") > MOST_TAGS:
        raise DataError(f"{path}: over {MOST_TAGS} tags are no pattern; export it as .xy")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - without entities there is nothing to expand
    except ElementTree.ParseError as error:
        raise DataError(f"{path}: is no XML ({error}); export the pattern again, or as .xy") from error
    angles: list[float] = []
    counts: list[float] = []
    try:
        for points in root.iter():
            if not points.tag.endswith("dataPoints"):
                continue
            numbers = next(part for part in points if part.tag.endswith(("}counts", "}intensities", "counts")))
            values = _numbers(numbers.text or "")
            axis = next(part for part in points if part.tag.endswith("positions") and part.get("axis") == "2Theta")
            ends = {part.tag.rpartition("}")[2]: part.text or "" for part in axis}
            if "listPositions" in ends:
                angles += _numbers(ends["listPositions"])
            else:
                first, last = float(ends["startPosition"]), float(ends["endPosition"])
                angles += np.linspace(first, last, len(values)).tolist()
            counts += values
            break  # the first scan of the file
    except (StopIteration, KeyError, ValueError) as error:
        raise DataError(f"{path}: holds no scan of 2 theta with counts; export the pattern as .xy") from error
    return angles, counts


def _numbers(text: str) -> list[float]:
    """Numbers between blanks, one more than a pattern may have at most.  Raises ValueError for words."""
    return [float(word) for word in text.split(None, MOST_POINTS + 1)[: MOST_POINTS + 1]]


def _checked(path: Path, x: list[float], y: list[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if len(x) != len(y) or len(x) < FEWEST_POINTS:
        raise DataError(f"{path}: {len(x)} points are no pattern; {REMEDY}")
    if len(x) > MOST_POINTS:
        raise DataError(f"{path}: over {MOST_POINTS} points; export the pattern with larger steps")
    angles, counts = np.array(x), np.array(y)
    if not (np.isfinite(angles).all() and np.isfinite(counts).all()):
        raise DataError(f"{path}: holds values that are no finite numbers; {REMEDY}")
    low, high = ANGLES
    rising = bool((np.diff(angles) > 0.0).all())
    if not rising or angles[0] < low or angles[-1] > high:
        if (np.diff(counts) > 0.0).all() and counts[0] >= low and counts[-1] <= high:
            raise DataError(f"{path}: the two columns are swapped, counts before angles; {REMEDY}")
        if not rising:
            raise DataError(f"{path}: the first column does not increase from line to line; {REMEDY}")
        told = f"angles {angles[0]:g} to {angles[-1]:g}"
        raise DataError(f"{path}: {told} lie outside {low:g} to {high:g} degrees of 2 theta; {REMEDY}")
    if counts.min() < 0.0 or counts.max() <= 0.0:
        raise DataError(f"{path}: counts must not be negative, and not all zero; {REMEDY}")
    return angles, counts


def write_pattern(pattern: Pattern, path: Path) -> None:
    """Write angle and counts as two columns, whole or not at all.

    Raises InputError when the ending is not .xy or the place can not be written.
    """
    check_ending(path, {".xy": "angles and counts"})
    digits = max(2, math.ceil(-math.log10(pattern.scan.step)) + 1)
    rows = zip(pattern.angles.tolist(), pattern.counts.tolist(), strict=True)
    text = "".join(f"{angle:.{digits}f} {count:.6g}\n" for angle, count in rows)
    write_text(path, text)
