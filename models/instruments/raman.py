"""Raman bands by phase family: where they lie and how that is known.  No intensities: none was read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from sinterface.models.basics.errors import DataError
from sinterface.models.instruments.structures import KNOWN
from sinterface.models.phases.substance import FAMILIES


@dataclass(frozen=True)
class RamanBand:
    """One Raman band: its family, the one phase it is of or "", its shift and standard deviation [cm^-1].

    ``known`` is one of read, secondary, recalled and estimate; ``source`` says where the shift stands.
    """

    family: str
    shift: float
    sd: float
    known: str
    source: str
    phase: str = ""


@lru_cache(maxsize=1)
def bands() -> tuple[RamanBand, ...]:
    """All bands of ``models/data/raman.toml``, by shift.  Raises DataError when one is incomplete."""
    text = (files("sinterface.models.data") / "raman.toml").read_text(encoding="utf-8")
    try:
        table = [RamanBand(**entry) for entry in tomllib.loads(text)["band"]]
    except (KeyError, TypeError) as error:
        raise DataError(f"raman.toml: a band lacks an entry or has an unknown one: {error}") from error
    wrong = [band for band in table if not (0.0 < band.shift < 4000.0 and band.sd > 0.0 and band.known in KNOWN)]
    if wrong:
        raise DataError(f"raman.toml: {wrong[0]} has no shift, deviation or origin that makes sense")
    return tuple(sorted(table, key=lambda band: band.shift))


@dataclass(frozen=True)
class RamanLimit:
    """Least share of a family that Raman spectra show [wt%], and its standard deviation: an estimate."""

    wt_percent: float
    sd: float


@lru_cache(maxsize=1)
def raman_limits() -> Mapping[str, RamanLimit]:
    """Limits of ``models/data/raman.toml`` by family.  Raises DataError where a family has none.

    Example::

        raman_limits()["La2Zr2O7"].wt_percent  # 0.3
    """
    text = (files("sinterface.models.data") / "raman.toml").read_text(encoding="utf-8")
    limits = {
        family: RamanLimit(row["wt_percent"], row["sd"])
        for row in tomllib.loads(text)["limit"]
        for family in row["families"]
    }
    if missing := FAMILIES.keys() - limits.keys():
        raise DataError(f"raman.toml: no detection limit for {', '.join(sorted(missing))}")
    return limits


def bands_of(families: Iterable[str]) -> dict[str, tuple[RamanBand, ...]]:
    """Bands of each of these families, in their order; families of which none is known are there, without bands.

    Example::

        bands_of(["La2Zr2O7"])["La2Zr2O7"][0].shift  # 304 cm^-1
    """
    return {family: tuple(band for band in bands() if band.family == family) for family in dict.fromkeys(families)}
