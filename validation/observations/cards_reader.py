"""What furnaces showed: observations of cathode and garnet heated together, read from cards and checked.

The built-in cards are ``validation/cards/*.toml``; ``docs/observations.md`` describes the format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.basics.errors import DataError, SinterfaceError, unknown
from sinterface.models.basics.textfile import instead, load_toml
from sinterface.models.phases.atmosphere import atmosphere
from sinterface.models.phases.substance import FAMILIES
from sinterface.models.powders import materials
from sinterface.simulate.setup import schedule
from sinterface.simulate.setup.furnace import CRUCIBLES
from sinterface.simulate.setup.problem import problem, read_mass_ratio
from sinterface.validation.observations import fields
from sinterface.validation.observations.evidence import (
    SECONDARY,
    Amount,
    CardEntry,
    Experiment,
    Observation,
    Onset,
    Thermogravimetry,
    Trend,
    Weight,
)

MAX_BYTES, MAX_FILES, MAX_TOGETHER = 200_000, 1000, 2_000_000
"""Largest card [bytes], most files of a folder, and most bytes of all files together that are read."""


@dataclass(frozen=True)
class CardFault:
    """What is wrong with one table of a file, or with the file when ``table`` is empty."""

    file: str
    table: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}{', ' + self.table if self.table else ''}: {self.message}"


@dataclass(frozen=True)
class Cards:
    """All that could be read, and what could not.

    ``observations`` and ``onsets`` are of couples; ``alone`` are those of one material heated by itself.  ``skipped``
    are tables of any kind that were read but that the program can not be held against, each with its reason.
    """

    observations: tuple[Observation, ...]
    onsets: tuple[Onset, ...]
    thermogravimetry: tuple[Thermogravimetry, ...]
    problems: tuple[CardFault, ...]
    alone: tuple[Observation | Onset, ...] = ()
    skipped: tuple[CardEntry, ...] = ()


NEEDED = object()
"""Stands for the default of a key that every table must have, of its own or from ``[common]``."""

_kelvin = fields.parsed(schedule.temperature)
_family = fields.one_of("family", FAMILIES)
_trends = fields.list_of(fields.table(Trend, family=_family, temperature=_kelvin))


def _cathode_or_electrolyte(name: str) -> object:
    """A material of either role."""
    return materials.find(name, "electrolyte" if name in materials.built_in("electrolyte") else "cathode")


_material = fields.checked(_cathode_or_electrolyte)
ALONE = "none"
"""Stands for the cathode or the electrolyte of an experiment where the other powder was heated alone."""


def _partner(role: str) -> fields.Reader:
    """Reader of a cathode or an electrolyte that may be ALONE, which becomes empty text."""
    named = fields.checked(lambda name: materials.find(name, role))
    return lambda value: "" if value == ALONE else named(value)


Keys = dict[str, tuple[fields.Reader, object]]
ENTRY: Keys = {
    "id": (fields.name, NEEDED),
    "role": (fields.one_of("role", ("fit", "test")), NEEDED),
    "source": (fields.source, NEEDED),
    "known": (fields.one_of("known", ("read", "secondary", "recalled")), NEEDED),
    "confidence": (fields.one_of("confidence", ("high", "medium", "low")), ""),
    "assumed": (fields.list_of(lambda name: fields.one_of("key in assumed", ALL_KEYS)(name)), ()),
    "how_read": (fields.text, NEEDED),
    "skip": (fields.text, ""),
}
EXPERIMENT: Keys = ENTRY | {
    "cathode": (_partner("cathode"), NEEDED),
    "electrolyte": (_partner("electrolyte"), NEEDED),
    "mass_ratio": (fields.parsed(read_mass_ratio), None),
    "contact": (fields.one_of("contact", ("powders", "film")), "powders"),
    "ramp": (fields.checked(schedule.rate), NEEDED),
    "hold": (fields.checked(schedule.duration), NEEDED),
    "cooling": (fields.text, NEEDED),
    "atmosphere": (fields.parsed(atmosphere), NEEDED),
    "as_received": (fields.flag, None),
    "crucible": (fields.one_of("crucible", tuple(CRUCIBLES)), "lidded"),
    "powder": (fields.text, ""),
    "coating": (fields.text, ""),
    "sizes": (fields.text, ""),
    "pressure": (fields.parsed(schedule.pressure), None),
    "method": (fields.joined(fields.one_of("method", ("XRD", "Raman", "TEM", "XAS", "EDS"))), NEEDED),
    "detection_limit": (fields.share, None),
    "weight": (fields.table(Weight, value=fields.part, why=fields.text), Weight(1.0, "")),
}
KINDS: dict[str, tuple[type[CardEntry], Keys]] = {
    "observation": (Observation, EXPERIMENT | {
        "temperature": (_kelvin, NEEDED),
        "between": (fields.span, None),
        "seen": (fields.list_of(_family), ()),
        "not_seen": (fields.list_of(_family), ()),
        "gone": (fields.list_of(fields.one_of("reactant", ("cathode", "electrolyte"))), ()),
        "weaker_than": (_trends, ()),
        "stronger_than": (_trends, ()),
        "amounts": (fields.list_of(fields.table(
            lambda families, *share: Amount(families, fields.percent(*share)),
            families=fields.list_of(fields.one_of("family", (*FAMILIES, SECONDARY))), **fields.SHARE,
        )), ()),
    }),
    "onset": (Onset, EXPERIMENT | {"seen_at": (_kelvin, None), "clean_at": (_kelvin, None)}),
    "thermogravimetry": (Thermogravimetry, ENTRY | {
        "material": (_material, NEEDED),
        "electrolyte": (lambda value: "" if value == ALONE else _material(value), ""),
        "ramp": (fields.parsed(schedule.rate), NEEDED),
        "end": (_kelvin, NEEDED),
        "atmosphere": (fields.parsed(atmosphere), None),
        "as_received": (fields.flag, None),
        "loss_from": (_kelvin, None),
        "between": (fields.span, None),
        "alike_until": (_kelvin, None),
        "mass_loss": (fields.share, None),
        "steps": (fields.list_of(fields.span), ()),
        "order": (fields.list_of(fields.list_of(_material)), ()),
    }),
}  # fmt: skip
"""Tables of a card: for each key its reader and its default.  ``[common]`` may hold any key."""

ALL_KEYS: frozenset[str] = frozenset(key for _, keys in KINDS.values() for key in keys)

MATERIALS = frozenset(("cathode", "electrolyte", "material"))
"""Keys that name what was heated."""


def _any_material(value: object) -> str:
    return "" if value == ALONE else fields.text(value)


Source = str | Path | Iterable[str | Path] | None


def read_cards(source: Source = None) -> tuple[list[Observation], list[CardFault]]:
    """Observations of couples on the built-in cards, or of a folder or files, and what was wrong with others."""
    cards = read(source)
    return list(cards.observations), list(cards.problems)


def read(source: Source = None) -> Cards:
    """Every table of the built-in cards, or of a folder or files.  A bad table or file does not stop the others."""
    entries: dict[str, CardEntry] = {}
    files: dict[str, str] = {}
    problems: list[CardFault] = []
    for file, data in _files(source):
        for name, entry in [("", data)] if isinstance(data, str) else _tables(data):
            if isinstance(entry, str):
                problems.append(CardFault(file, name, entry))
            elif entry.id in entries:
                problems.append(CardFault(file, name, f"this id is taken in {files[entry.id]}: choose another"))
            else:
                entries[entry.id], files[entry.id] = entry, file
    for lost, message in dict(_astray(entries.values())).items():
        problems.append(CardFault(files[lost], lost, message))
        del entries[lost]
    usable = [entry for entry in entries.values() if not entry.skip]
    experiments = [entry for entry in usable if isinstance(entry, Observation | Onset)]
    return Cards(
        tuple(entry for entry in experiments if isinstance(entry, Observation) and not entry.alone),
        tuple(entry for entry in experiments if isinstance(entry, Onset) and not entry.alone),
        tuple(entry for entry in usable if isinstance(entry, Thermogravimetry)),
        tuple(problems),
        tuple(entry for entry in experiments if entry.alone),
        tuple(entry for entry in entries.values() if entry.skip),
    )


def _astray(entries: Iterable[CardEntry]) -> list[tuple[str, str]]:
    """Ids of observations that compare with a temperature at which their couple was not observed, and what to do."""
    observed = [observation for observation in entries if isinstance(observation, Observation)]
    known = {(observation.cathode, observation.electrolyte, round(observation.temperature)) for observation in observed}
    return [
        (
            observation.id,
            f"compares with {trend.temperature - CELSIUS_ZERO:g} °C: add the observation of this couple there",
        )
        for observation in observed
        for trend in (*observation.weaker_than, *observation.stronger_than)
        if (observation.cathode, observation.electrolyte, round(trend.temperature)) not in known
        or round(trend.temperature) == round(observation.temperature)
    ]


def _files(source: Source) -> Iterator[tuple[str, bytes | str]]:
    """Name and content of each file, or in place of the content what keeps it from being read."""
    if source is None:
        cards = resources.files("sinterface.validation").joinpath("cards").iterdir()
        built_in = sorted((card for card in cards if card.name.endswith(".toml")), key=lambda card: card.name)
        yield from ((card.name, card.read_bytes()) for card in built_in)
        return
    left = MAX_TOGETHER
    for path in map(Path, [source] if isinstance(source, str | Path) else source):
        try:
            files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        except OSError as error:  # a name that is too long, a folder that is not ours
            yield str(path), f"can not be read: {error.strerror}"
            continue
        if not 0 < len(files) <= MAX_FILES:
            yield str(path), f"{len(files)} .toml files in this folder: give 1 to {MAX_FILES}, only these are read"
        for file in files[:MAX_FILES]:
            content = _content(file)
            left -= len(content)
            if left < 0:
                yield (
                    str(file),
                    f"over {MAX_TOGETHER} bytes of cards with this file, which is left out with all that follow",
                )
                return
            yield str(file), content


def _content(file: Path) -> bytes | str:
    try:
        if not file.is_file():
            return f"no such file: give a folder or .toml files{instead(file)}"
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return f"can not be read: {error.strerror}"
    return data if len(data) <= MAX_BYTES else f"over {MAX_BYTES} bytes is no card of observations: part it"


def _tables(data: bytes) -> Iterator[tuple[str, CardEntry | str]]:
    """Name of each table, with the table as read or what is wrong with it."""
    try:
        card = load_toml(data.decode("utf-8"))
    except (RecursionError, ValueError) as error:  # a TOMLDecodeError or UnicodeDecodeError is a ValueError
        yield "", f"not a TOML card: {' '.join(str(error).split())[:200]}"
        return
    common, _ = card.pop("common", {}), card.pop("description", "")
    if not card and isinstance(common, dict) and common.keys() <= ALL_KEYS:
        yield "", f"holds no table: write {', '.join(f'[[{kind}]]' for kind in KINDS)}"
    if not isinstance(common, dict):
        yield "common", f"{fields.short(common)} must be a table: write [common]"
        common = {}
    for key in sorted(common.keys() - ALL_KEYS):
        yield "common", str(unknown("key", key[:60], ALL_KEYS))
    for kind, tables in card.items():
        if kind not in KINDS:
            yield kind[:60], str(unknown("table", kind[:60], (*KINDS, "common", "description")))
        elif not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            yield kind, f"must be an array of tables: write [[{kind}]]"
        else:
            for number, table in enumerate(tables, 1):
                given = table.get("id")
                name = given if isinstance(given, str) and fields.NAME.fullmatch(given) else f"{kind} {number}"
                try:
                    yield name, _entry(kind, table, common)
                except SinterfaceError as error:
                    yield name, str(error)


def _entry(kind: str, own: Mapping[str, Any], common: Mapping[str, Any]) -> CardEntry:
    make, keys = KINDS[kind]
    for key in own:
        if key not in keys:
            raise unknown("key", key[:60], keys)
    values: dict[str, Any] = {}
    skipped = "skip" in own or "skip" in common
    for key, (reader, default) in keys.items():
        if skipped and key in MATERIALS:  # of a table that is skipped the program may not know the materials
            reader = _any_material
        if key not in own and key not in common:
            if default is NEEDED:
                raise DataError(f"{key} is needed: add it here or to [common]")
            values[key] = default
            continue
        try:
            values[key] = reader(own.get(key, common.get(key)))
        except SinterfaceError as error:
            raise DataError(f"{key}: {error}") from error
    entry = make(**values)
    if isinstance(entry, Experiment) and not skipped and (entry.coating or entry.sizes):
        problem(
            entry.cathode or ALONE, entry.electrolyte or ALONE, coating=entry.coating, sizes=entry.sizes,
            geometry="slab" if entry.contact == "film" else "sphere",
        )  # fmt: skip
    return entry
