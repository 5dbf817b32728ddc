"""What can be said on a page of the app: its fields, their texts in an address and back, and what is wrong with them.

Fields of a couple are those of the command line's ``CoupleOptions``: an option that is added there is a field here.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, get_type_hints
from urllib.parse import parse_qsl, urlencode

from sinterface.models.basics.errors import InputError, SinterfaceError, shown
from sinterface.models.basics.textfile import load_toml
from sinterface.models.instruments.detector import Detector
from sinterface.models.phases.atmosphere import atmosphere as read_atmosphere
from sinterface.models.phases.database import Database, embedded
from sinterface.models.powders import materials
from sinterface.models.powders.materials import MAX_CARD_BYTES, MORPHOLOGIES, STRUCTURES, Material
from sinterface.simulate.cli.options import CoupleOptions
from sinterface.simulate.setup import schedule as schedules
from sinterface.simulate.setup.furnace import CRUCIBLES
from sinterface.simulate.setup.mesh import GEOMETRIES
from sinterface.simulate.setup.problem import Problem
from sinterface.simulate.setup.schedule import Schedule
from sinterface.simulate.studies.sweep import temperatures as read_temperatures
from sinterface.simulate.work.tasks import Compare, React, Run, SweepTask, Task

MOST_QUERY = 20_000
"""Longest address that is read [characters]."""

MOST_TEXT = 5_000
"""Longest text of a field but the card [characters]."""

MOST_CARD = MAX_CARD_BYTES
"""Longest card [bytes]."""

MOST_SAMPLES = 200
"""Most samples behind an interval: more take hours, which the command line is for."""

MOST_TEMPERATURES = 60
"""Most temperatures of a sweep."""

MOST_COMPARED = 4

CHOICES: Mapping[str, tuple[str, ...]] = {
    "structure": ("", *STRUCTURES[:3]),
    "morphology": ("", *MORPHOLOGIES),
    "crucible": tuple(CRUCIBLES),
    "geometry": tuple(GEOMETRIES),
    "vary": ("schedule", "cathode", "electrolyte", "atmosphere", "mass_ratio"),
}
"""Fields whose values are a few words; an empty one leaves it to the program."""

GASES = ("O2", "air", "dry-air", "N2", "Ar", "CO2", "pO2=0.2,pCO2=4e-4")

LABELS = {
    "mass_ratio": "Cathode to electrolyte by mass", "cells": "Finite volumes", "add": "In the electrolyte powder",
    "as_received": "Powders as received", "exposed": "Electrolyte powder that met air",
    "residue": "Lithium left on the cathode powder", "atmosphere": "Furnace gas",
}  # fmt: skip

HELP = {"electrolyte": "A built-in powder or any formula, such as Li6.4La3Zr1.4Ta0.6O12."}
"""What is said of a field where the command line takes files and the app does not."""

ARGUMENTS = {"add": "additives"}
"""Arguments of ``problem`` that are called otherwise than the option of the command line."""


@dataclass(frozen=True)
class Field:
    """One thing to say: its name in addresses, what people read, and its default; ``kind`` is text, switch or lines."""

    name: str
    label: str
    help: str
    default: str = ""
    kind: str = "text"


DEFAULT_SCHEDULE = "10 °C/min to 800 °C; hold 2 h; cool naturally"

OWN = {
    field.name: field
    for field in (
        Field("cathode", "Cathode", "A built-in powder or any formula, such as LiNi0.6Mn0.2Co0.2O2.", "pc-NMC811"),
        Field("card", "Card of your own cathode powder", "TOML as docs/materials.md describes it; goes before the "
              "cathode above.", kind="lines"),
        Field("schedule", "Schedule", "Steps with semicolons between; drag the points, or type.", DEFAULT_SCHEDULE),
        Field("samples", "Samples for intervals", "Repeats the run over samples of parameters and energies; 0: none, "
              f"at most {MOST_SAMPLES}. Twenty take minutes.", "0"),
        Field("temperatures", "Hold temperatures / °C", f"low:high:step or a list; at most {MOST_TEMPERATURES}.",
              "400:1000:100"),
        Field("hold", "Time at temperature", "With its unit.", "2 h"),
        Field("ramp", "Heating rate", "With its unit.", "10 °C/min"),
        Field("temperature", "Temperature / °C", "Of the reaction.", "700"),
        Field("para", "Frameworks apart", "Only lithium and gas cross the interface.", kind="switch"),
        Field("vary", "What differs", "All else is as above.", "schedule"),
        Field("first", "First", "", DEFAULT_SCHEDULE),
        Field("second", "Second", "", "10 °C/min to 600 °C in air; hold 2 h; 10 °C/min to 900 °C in O2; hold 30 min; "
              "cool naturally"),
        Field("third", "Third", "Left out when it is empty."),
        Field("fourth", "Fourth", "Left out when it is empty."),
        Field("detect", "Looked for with", "xrd (a laboratory scan, a limit for each family), raman, or wt%.",
              "xrd"),
        Field("limit", "Detection limit / wt%", "Share from which on a phase family counts as seen.", "1"),
    )
}  # fmt: skip
"""Fields beside those of a couple."""


@lru_cache(maxsize=1)
def couple_fields() -> Mapping[str, Field]:
    """The fields of ``CoupleOptions`` by name, with the help of its options."""
    hints = get_type_hints(CoupleOptions, include_extras=True)
    made = {}
    for entry in fields(CoupleOptions):
        option = hints[entry.name].__metadata__[0]
        default = entry.default
        switch = isinstance(default, bool)
        label = LABELS.get(entry.name, entry.name.replace("_", " ").capitalize())
        text = "" if default is None or default is False else str(default)
        made[entry.name] = Field(
            entry.name, label, HELP.get(entry.name, option.help or ""), text, "switch" if switch else "text"
        )
    return made


@lru_cache(maxsize=1)
def pages() -> Mapping[str, tuple[str, ...]]:
    """Names of the fields of each page, those of a couple that are rarely touched last."""
    couple = tuple(couple_fields())
    first = ("electrolyte", "atmosphere", "mass_ratio")
    more = tuple(name for name in couple if name not in first)
    return {
        "run": ("cathode", "electrolyte", "mass_ratio", "schedule", "atmosphere", "samples", "limit", "card", *more),
        "sweep": (
            "cathode", "electrolyte", "mass_ratio", "temperatures", "hold", "ramp", "atmosphere", "detect", "card",
            *more,
        ),
        "compare": (
            "cathode", "electrolyte", "mass_ratio", "schedule", "atmosphere", "vary", "first", "second", "third",
            "fourth", "limit", "card", *more,
        ),
        "reactions": ("cathode", "electrolyte", "temperature", "atmosphere", "para", "card", "structure"),
    }  # fmt: skip


def field(name: str) -> Field:
    """A field by name."""
    return OWN[name] if name in OWN else couple_fields()[name]


def defaults(page: str) -> dict[str, str]:
    """What a page says when nothing was changed."""
    return {name: field(name).default for name in pages()[page]}


def query(page: str, values: Mapping[str, str]) -> str:
    """The part of an address behind "?": whatever differs from the defaults of a page.

    >>> query("run", {"cathode": "pc-LCO", "electrolyte": "LLZTO"})
    'cathode=pc-LCO'
    """
    standard = defaults(page)
    changed = {name: values[name] for name in standard if name in values and values[name] != standard[name]}
    if card := changed.get("card"):
        changed["card"] = base64.urlsafe_b64encode(zlib.compress(card.encode(), 9)).decode()
    return urlencode(changed)


def read(page: str, text: str) -> dict[str, str]:
    """The fields of a page from an address; what can not be read keeps its default.

    >>> read("run", "?cathode=pc-LCO")["cathode"]
    'pc-LCO'
    """
    values = defaults(page)
    if len(text) > MOST_QUERY:
        return values
    for name, value in parse_qsl(text.removeprefix("?"), keep_blank_values=True, max_num_fields=100):
        if name == "card":
            values["card"] = _unpacked(value) if name in values else ""
        elif name in values and len(value) <= MOST_TEXT:
            values[name] = value
    return values


def _unpacked(text: str) -> str:
    """A card from an address, no longer than a card may be; empty where it is damaged."""
    try:
        return zlib.decompressobj().decompress(base64.urlsafe_b64decode(text), MAX_CARD_BYTES).decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError, ValueError):
        return ""


def couple(values: Mapping[str, str]) -> CoupleOptions:
    """What a page says of a couple.  Raises InputError for a number that is none."""
    given: dict[str, Any] = {}
    for entry in fields(CoupleOptions):
        text = values.get(entry.name)
        if text is None:
            continue
        if isinstance(entry.default, bool):
            given[entry.name] = text == "yes"
        elif isinstance(entry.default, int):
            given[entry.name] = whole(text, field(entry.name).label)
        elif text.strip() or entry.default is not None:
            given[entry.name] = text.strip()
    return CoupleOptions(**given)


def whole(text: str, label: str) -> int:
    """A whole number of a field.  Raises InputError."""
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{label} {shown(text)}: write a whole number") from None


def number(text: str, label: str) -> float:
    """A number of a field.  Raises InputError."""
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{label} {shown(text)}: write a number") from None


def limit(values: Mapping[str, str]) -> float:
    """The detection limit of a page [wt%].  Raises InputError."""
    share = number(values.get("limit", "1"), "detection limit")
    if not 0.0 < share <= 100.0:
        raise InputError(f"detection limit {share:g} wt%: must lie between 0 and 100")
    return share


def card(text: str) -> Material:
    """The powder of a card.  Raises InputError or DataError."""
    if len(text.encode()) > MAX_CARD_BYTES:
        raise InputError(f"card: longer than {MAX_CARD_BYTES} bytes; a powder needs about a thousand")
    try:
        parsed = load_toml(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"card: not TOML: {shown(str(error), 200)[1:-1]}") from error
    powder = materials.from_card(parsed, "card")
    if powder.role != "cathode":
        raise InputError(f"card: role = {powder.role!r}; a card with role = 'cathode' is wanted here")
    return powder


def checked(page: str, values: Mapping[str, str]) -> tuple[Task | None, dict[str, str]]:
    """The task of a page, or what is wrong at which field.

    >>> checked("run", {**defaults("run"), "mass_ratio": "sixty"})[1]["mass_ratio"].partition(":")[0]
    "mass ratio 'sixty' is not understood"
    """
    wrong = _wrong(page, values)
    if wrong:
        return None, wrong
    try:
        return _task(page, values), {}
    except SinterfaceError as error:  # each field alone is fine: it is how they go together
        return None, {"": str(error)}


def _wrong(page: str, values: Mapping[str, str]) -> dict[str, str]:
    """Messages by field: each is tried in turn, beside those that were right before it."""
    wrong: dict[str, str] = {}
    names = pages()[page]
    groups = [("card",), ("cathode", "structure", "morphology"), *((name,) for name in names)]
    right = defaults(page) | {"cathode": "pc-LCO"}
    tried: set[str] = set()
    for group in groups:
        members = [name for name in group if name in names and name not in tried]
        tried.update(members)
        if not members or (members == ["card"] and not values["card"].strip()):
            continue
        try:
            trial = right | {name: values[name] for name in members}
            if "cathode" in members and right["card"]:
                trial["card"] = ""
            _check(page, trial, members)
            right |= {name: values[name] for name in members}
        except SinterfaceError as error:
            wrong[_culprit(page, right, values, members)] = str(error)
    return wrong


def _culprit(page: str, right: Mapping[str, str], values: Mapping[str, str], members: list[str]) -> str:
    """Which of several fields that are read together is wrong: the first that is wrong without the others."""
    if len(members) > 1:
        try:
            _check(page, {**right, members[0]: values[members[0]]}, members[:1])
        except SinterfaceError:
            return members[0]
        return next((name for name in members[1:] if values[name] != field(name).default), members[0])
    return members[0]


def _check(page: str, values: Mapping[str, str], members: list[str]) -> None:
    """Raise SinterfaceError where these fields can not be read beside the others."""
    name = members[0]
    if name in ("cathode", "card", "electrolyte", "schedule") or name in couple_fields():
        _problem(values, particles=page != "reactions")
    elif name == "samples":
        _samples(values)
    elif name == "limit":
        limit(values)
    elif name == "detect":
        Detector.read(values["detect"])
    elif name == "temperatures":
        _temperatures(values)
    elif name == "hold":
        schedules.duration(values["hold"])
    elif name == "ramp":
        schedules.rate(values["ramp"])
    elif name == "temperature":
        schedules.temperature(values["temperature"])
    elif name in VARIANTS:
        text = values[name].strip()
        if text or name in VARIANTS[:2]:
            _problem({**values, values["vary"]: text} | ({"card": ""} if values["vary"] == "cathode" else {}))


VARIANTS = ("first", "second", "third", "fourth")


def _task(page: str, values: Mapping[str, str]) -> Task:
    if page == "run":
        return Run(_problem(values), _samples(values))
    if page == "sweep":
        hours = schedules.duration(values["hold"]) / 3600.0
        ramp = schedules.rate(values["ramp"]) * 60.0
        return SweepTask(_problem(values), _temperatures(values), hours, ramp, Detector.read(values["detect"]))
    if page == "compare":
        return Compare({name: _problem(each) for name, each in variants(values).items()})
    task = _problem(values, particles=False)
    assert task.cathode is not None and task.electrolyte is not None
    kelvin = schedules.temperature(values["temperature"])
    return React(task.cathode, task.electrolyte, kelvin, read_atmosphere(values["atmosphere"]), values["para"] == "yes")


def variants(values: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The couples of a comparison by what differs in them; what is said twice is there once.

    Raises InputError for fewer than two.
    """
    texts = dict.fromkeys(text for name in VARIANTS if (text := values[name].strip()))
    if len(texts) < 2:
        raise InputError(f"a comparison needs two to {MOST_COMPARED} that differ")
    alone = {"card": ""} if values["vary"] == "cathode" else {}
    return {text: {**values, values["vary"]: text, **alone} for text in texts}


@lru_cache(maxsize=1)
def data() -> Database:
    """The phase data of the package."""
    return embedded()


def _problem(values: Mapping[str, str], *, particles: bool = True) -> Problem:
    """The problem of a page.  Raises InputError or DataError; no name that is given can be one of a file."""
    for name in ("cathode", "electrolyte"):
        text = values.get(name, "").strip()
        if text.casefold().endswith(".toml"):
            raise InputError(f"{name} {shown(text)}: files are not read here; paste the card into its field")
        if not text:
            raise InputError(f"{name}: give a built-in name or a formula" + ", or none" * particles)
    told = couple(values)
    own = values.get("card", "").strip()
    plan = Schedule.parse(values["schedule"]) if "schedule" in values else None
    if not particles:
        elements = data().elements
        cathode = card(own) if own else materials.find(
            values["cathode"].strip(), "cathode", structure=told.structure, elements=elements, particles=False
        )  # fmt: skip
        electrolyte = materials.find(told.electrolyte, "electrolyte", elements=elements, particles=False)
        return Problem(cathode, electrolyte, Schedule.hold(700.0), read_atmosphere(told.atmosphere))
    return told.problem(card(own) if own else values["cathode"].strip(), plan, data())


def _samples(values: Mapping[str, str]) -> int:
    count = whole(values.get("samples", "0").strip() or "0", "samples")
    if not 0 <= count <= MOST_SAMPLES:
        raise InputError(f"{count} samples: choose 0 to {MOST_SAMPLES}")
    return count


def _temperatures(values: Mapping[str, str]) -> tuple[float, ...]:
    degrees = read_temperatures(values["temperatures"])
    if not degrees:
        raise InputError("hold temperatures: none are given")
    if len(degrees) > MOST_TEMPERATURES:
        raise InputError(f"{len(degrees)} hold temperatures: at most {MOST_TEMPERATURES} here; the command takes more")
    for T in degrees:
        schedules.temperature(f"{T:g}")
    return degrees
