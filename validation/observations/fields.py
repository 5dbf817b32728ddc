"""Readers of single values on a card: each takes what TOML gave and returns it checked, in SI, or raises DataError."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from sinterface.models.basics.errors import DataError, shown, unknown
from sinterface.models.basics.quantity import quantity
from sinterface.simulate.setup import schedule

Reader = Callable[[Any], Any]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


@dataclass(frozen=True)
class Share:
    """Mass fraction [kg/kg] with its standard deviation and where both come from."""

    value: float
    sd: float
    origin: str


def text(value: object) -> str:
    """Text that is not blank, of at most 2000 characters."""
    if not isinstance(value, str) or not value.strip():
        raise DataError(f"{short(value)} must be text")
    if len(value) > 2000:
        raise DataError(f"{short(value)} must be shorter: at most 2000 characters")
    return value


def name(value: object) -> str:
    """Text of letters, digits, points, underscores and hyphens."""
    if not NAME.fullmatch(text(value)):
        raise DataError(f"{short(value)} must be 1 to 80 letters, digits and . _ - without blanks")
    return str(value)


def short(value: object) -> str:
    """A value for an error message, cut to 60 characters."""
    return shown(value)


def parsed(convert: Callable[[str], Any]) -> Reader:
    """Reader of text that ``convert`` turns into something else."""
    return lambda value: convert(text(value))


def checked(convert: Callable[[str], Any]) -> Reader:
    """Reader of text that ``convert`` must understand, but that is kept as it is."""

    def reader(value: object) -> str:
        convert(text(value))
        return str(value)

    return reader


def one_of(kind: str, choices: Collection[str]) -> Reader:
    """Reader of one of ``choices``; others are refused with the nearest."""

    def reader(value: object) -> str:
        if text(value) not in choices:
            raise unknown(kind, str(value)[:60], choices)
        return str(value)

    return reader


def joined(reader: Reader) -> Reader:
    """Reader of texts joined by plus signs, e.g. ``XRD+Raman``, into a tuple."""
    return lambda value: tuple(reader(part.strip()) for part in text(value).split("+"))


def list_of(reader: Reader) -> Reader:
    """Reader of a list into a tuple."""

    def every(values: object) -> tuple[Any, ...]:
        if not isinstance(values, list):
            raise DataError(f"{short(values)} must be a list: write [...]")
        return tuple(map(reader, values))

    return every


def table(make: Callable[..., Any], **readers: Reader) -> Reader:
    """Reader of a table with exactly these keys, whose values are handed to ``make`` in this order."""

    def reader(value: object) -> object:
        if not isinstance(value, dict) or set(value) != set(readers):
            raise DataError(f"{short(value)} must be a table {{{', '.join(readers)}}}")
        return make(*(read(value[key]) for key, read in readers.items()))

    return reader


def flag(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise DataError(f"{short(value)} must be true or false; leave it out if not known")
    return value


def span(value: object) -> tuple[float, float]:
    """Two temperatures [K], the lower first, from a list of texts."""
    if not isinstance(value, list) or len(value) != 2:
        raise DataError(f"{short(value)} must be two temperatures, e.g. ['600 °C', '700 °C']")
    low, high = (schedule.temperature(text(bound)) for bound in value)
    if low >= high:
        raise DataError(f"{short(value)}: the lower temperature comes first")
    return low, high


def percent(value: object, sd: object, origin: str) -> Share:
    """Share from a value and a standard deviation in wt%."""
    read = quantity({"value": value, "sd": sd, "unit": "1", "source": origin}, "number", "wt_percent")
    if read.value > 100.0 or read.sd == 0.0:
        raise DataError(f"wt_percent = {read.value:g}, sd = {read.sd:g}: at most 100, with an sd above 0")
    return Share(read.value / 100.0, read.sd / 100.0, origin)


SHARE: dict[str, Reader] = {"wt_percent": lambda value: value, "sd": lambda value: value, "origin": text}
"""Keys of a share: value and standard deviation in wt%, and where they come from."""

share: Reader = table(percent, **SHARE)
"""Reader of a share alone."""


def part(value: object) -> float:
    """Number above 0 and up to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 < value <= 1.0:
        raise DataError(f"{short(value)} must be a number above 0 and up to 1")
    return float(value)


def source(value: object) -> str:
    """A key of ``models/references.bib``, or ``doi:10...``."""
    key = text(value)
    if key not in _bibliography() and not re.fullmatch(r"doi:10\.\d{4,9}/\S+", key):
        raise DataError(f"{short(key)} is neither a key of models/references.bib nor of the form 'doi:10...'")
    return key


@lru_cache(maxsize=1)
def _bibliography() -> frozenset[str]:
    entries = resources.files("sinterface.models").joinpath("references.bib").read_text(encoding="utf-8")
    return frozenset(re.findall(r"@\w+\{([^,\s]+),", entries))
