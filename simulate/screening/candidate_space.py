"""The candidates of a screen: reads and checks ``space.toml``, and makes the candidates one by one from their index."""

from __future__ import annotations

import hashlib
import itertools
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sinterface.models.basics.errors import DataError, InputError, SinterfaceError, shown, unknown
from sinterface.models.basics.formula import atomic_mass
from sinterface.models.basics.textfile import load_toml, plain, read_text
from sinterface.models.instruments.detector import Detector
from sinterface.models.phases.atmosphere import OPEN_ELEMENTS, Atmosphere
from sinterface.models.phases.atmosphere import atmosphere as read_atmosphere
from sinterface.models.powders import materials
from sinterface.models.powders.materials import Material
from sinterface.simulate.setup.problem import read_mass_ratio
from sinterface.simulate.setup.schedule import Schedule
from sinterface.simulate.studies import samples as spreads
from sinterface.simulate.studies.sweep import temperatures as read_temperatures

MAX_BYTES = 1_000_000
MOST_TEMPERATURES = 50
MOST_TITLE = 200
"""Characters of a title that are kept, all of them printable."""

MOST_CHOICES = 10_000
"""Entries of one list of the file."""

MOST_CATHODES = 100_000
MOST_CANDIDATES = 10_000_000

METALS = ("Ni", "Mn", "Co")
SCHEDULE = "10 °C/min to {T} °C; hold 2 h; cool naturally"
BARE = "none"
"""Stands among coatings in place for the couple without any."""

HERE = "{T}"
"""Stands in a schedule where the hold temperature goes."""


@dataclass(frozen=True)
class Accuracy:
    """Numerical effort of one prediction: finite volumes, and error tolerated per time step."""

    cells: int
    tolerance: float


ACCURACIES: Mapping[str, Accuracy] = {"fast": Accuracy(16, 0.1), "full": Accuracy(40, 0.02)}
"""Measured against each other in ``docs/screening.md``."""

KEYS = (
    "title", "temperatures", "cathodes", "electrolytes", "morphologies", "schedules", "gases", "coatings", "grid",
    "candidate", "mass_ratio", "limit", "accuracy", "samples", "seed",
)  # fmt: skip
CANDIDATE_KEYS = ("cathode", "structure", "morphology", "electrolyte", "schedule", "gas", "coating")
GRID_KEYS = ("step", *METALS, "lithium_excess", "dopants")


@dataclass(frozen=True)
class Candidate:
    """One couple to judge; ``schedule`` is text in which ``{T}`` stands for the hold temperature [degrees C].

    ``coated`` are coatings in place, ``Li3BO3=20nm``, as text; none without any.
    """

    index: int
    cathode: Material
    electrolyte: Material
    schedule: str
    gas: Atmosphere
    coated: str = ""

    def plan(self, temperature: float) -> Schedule:
        """The schedule with this hold temperature [degrees C]."""
        return Schedule.parse(self.schedule.replace(HERE, f"{temperature:g}"))


@dataclass(frozen=True)
class CompositionGrid:
    """Layered oxides Li1+x(Ni,Mn,Co,dopants)1-xO2.

    ``shares`` are numerators of Ni, Mn and Co over ``parts``; ``excess`` the x; ``dopants`` what replaces Ni, Mn and
    Co in proportion, as (element, share of the metals) each.
    """

    parts: int
    shares: tuple[tuple[int, int, int], ...]
    excess: tuple[float, ...]
    dopants: tuple[tuple[tuple[str, float], ...], ...]

    def __len__(self) -> int:
        return len(self.shares) * len(self.excess) * len(self.dopants)

    def formula(self, index: int) -> str:
        """Formula of one point; dopants vary fastest, then the excess."""
        index, dopant = divmod(index, len(self.dopants))
        point, excess = divmod(index, len(self.excess))
        x, added = self.excess[excess], self.dopants[dopant]
        host = 1.0 - sum(share for _, share in added)
        amounts = [(s, n / self.parts * host) for s, n in zip(METALS, self.shares[point], strict=True)] + list(added)
        metals = "".join(f"{s}{_share(n * (1.0 - x))}" for s, n in amounts if round(n * (1.0 - x), 6) > 0.0)
        return f"Li{_share(1.0 + x)}{metals}O2"

    @property
    def elements(self) -> set[str]:
        """Elements of any point."""
        metals = {s for point in self.shares for s, n in zip(METALS, point, strict=True) if n}
        return metals | {s for mix in self.dopants for s, _ in mix} | {"Li"}


@dataclass(frozen=True)
class Space:
    """What is to be judged: every cathode with every electrolyte, schedule, gas and coating, then ``listed`` couples.

    ``temperatures`` [degrees C] ascend; ``detect`` is what no phase family is to be seen with; ``coatings`` are
    judged for every candidate by their reaction energies, ``coated`` are put in place; ``samples`` of the uncertain
    data per temperature, 0 for none.

    >>> space = parse('temperatures = [600]\\ncathodes = ["pc-LCO"]\\nelectrolytes = ["LLZTO", "LLZO"]')
    >>> len(space), space.candidate(1).electrolyte.id, [candidate.cathode.id for candidate in space.candidates()]
    (2, 'LLZO', ['pc-LCO', 'pc-LCO'])
    """

    title: str
    temperatures: tuple[float, ...]
    cathodes: tuple[Material, ...]
    grid: CompositionGrid | None
    morphologies: tuple[str, ...]
    electrolytes: tuple[Material, ...]
    schedules: tuple[str, ...]
    gases: tuple[Atmosphere, ...]
    listed: tuple[Candidate, ...]
    coatings: tuple[str, ...]
    mass_ratio: float
    detect: Detector
    accuracy: str
    samples: int
    seed: int
    coated: tuple[str, ...] = ("",)

    def __len__(self) -> int:
        return self._product + len(self.listed)

    @property
    def _powders(self) -> int:
        return len(self.cathodes) + (len(self.grid) * len(self.morphologies) if self.grid else 0)

    @property
    def _product(self) -> int:
        return self._powders * len(self.electrolytes) * len(self.schedules) * len(self.gases) * len(self.coated)

    def candidate(self, index: int) -> Candidate:
        """The candidate of this index, the same each time; coatings vary fastest, cathodes slowest."""
        if not 0 <= index < len(self):
            raise IndexError(f"candidate {index} of {len(self)}")
        if index >= self._product:
            return self.listed[index - self._product]
        rest, coated = divmod(index, len(self.coated))
        rest, gas = divmod(rest, len(self.gases))
        rest, schedule = divmod(rest, len(self.schedules))
        cathode, electrolyte = divmod(rest, len(self.electrolytes))
        return Candidate(
            index, self._cathode(cathode), self.electrolytes[electrolyte], self.schedules[schedule],
            self.gases[gas], self.coated[coated],
        )  # fmt: skip

    def _cathode(self, index: int) -> Material:
        if index < len(self.cathodes):
            return self.cathodes[index]
        assert self.grid is not None
        point, morphology = divmod(index - len(self.cathodes), len(self.morphologies))
        return materials.find(
            self.grid.formula(point), "cathode", structure="layered", morphology=self.morphologies[morphology]
        )

    def candidates(self) -> Iterator[Candidate]:
        """All candidates by index, made when asked for."""
        return (self.candidate(index) for index in range(len(self)))

    @cached_property
    def elements(self) -> tuple[str, ...]:
        """Elements of any cathode but O, C and H: lithium first, then by name."""
        elements = {s for cathode in self.cathodes for s in cathode.composition} | (
            self.grid.elements if self.grid else set()
        )
        elements |= {s for candidate in self.listed for s in candidate.cathode.composition}
        return ("Li", *sorted(elements - {"Li", *OPEN_ELEMENTS}))

    @property
    def digest(self) -> str:
        """Fingerprint of all that decides the numbers of this space; the title is not part of it."""
        parts = [repr(getattr(self, name)) for name in self.__dataclass_fields__ if name != "title"]
        parts.append(repr(ACCURACIES[self.accuracy]))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _share(amount: float) -> str:
    """An amount in a formula: six digits, nothing for one."""
    return "" if round(amount, 6) == 1.0 else f"{round(amount, 6):g}"


def read(path: str | Path) -> Space:
    """The space in a TOML file, checked.  Raises InputError naming the key, the choices and the remedy.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "space.toml"
    ...     _ = file.write_text('temperatures = "600:900:100"\\ncathodes = ["pc-LCO", "pc-LNMO"]', encoding="utf-8")
    ...     len(read(file))
    2
    """
    try:
        text = read_text(Path(path), MAX_BYTES, "space of candidates; write many cathodes as a [grid]")
    except DataError as error:
        raise InputError(str(error)) from error
    try:
        return parse(text)
    except SinterfaceError as error:
        raise InputError(f"{path}: {error}") from error


def parse(text: str) -> Space:
    """The space in TOML text, checked.  Raises InputError naming the key, the choices and the remedy.

    >>> parse('temperatures = [600]\\ncathodes = ["pc-LCO"]').temperatures
    (600.0,)
    """
    try:
        card = load_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not TOML: {shown(str(error), 200)[1:-1]}") from error
    except (RecursionError, ValueError) as error:  # nested without end, digits without end
        raise InputError(f"not TOML: {type(error).__name__}") from error
    _known(card, KEYS, "key")
    if "temperatures" not in card:
        raise InputError("temperatures are missing: write temperatures = '600:900:100' (°C) or a list of numbers")
    holds = _temperatures(card["temperatures"])
    short = _texts(card, "morphologies", ["pc"])
    for morphology in short:
        if morphology not in materials.MORPHOLOGIES:
            raise unknown(
                "morphologies entry", morphology, materials.MORPHOLOGIES, "pc is a polycrystal, sc a single crystal"
            )
    cathodes = tuple(cathode for entry in _list(card, "cathodes", []) for cathode in _cathodes(entry, short))
    electrolytes = tuple(
        _powder(name, "electrolyte", "electrolytes") for name in _texts(card, "electrolytes", ["LLZTO"])
    )
    schedules = tuple(_schedule(text, holds) for text in _texts(card, "schedules", [SCHEDULE]))
    gases = tuple(_gas(text) for text in _texts(card, "gases", ["O2"]))
    grid = _grid(card["grid"]) if "grid" in card else None
    if grid and len(grid) * len(short) > MOST_CATHODES:
        raise InputError(f"grid: {len(grid) * len(short)} cathodes; at most {MOST_CATHODES}, take a larger step")
    coatings = _texts(card, "coatings", [], empty=True)
    accuracy = _text(card.get("accuracy", "full"), "accuracy")
    if accuracy not in ACCURACIES:
        raise unknown("accuracy", accuracy, ACCURACIES)
    ratio = card.get("mass_ratio", "1:1")
    space = Space(
        title=plain(_text(card.get("title", ""), "title"), MOST_TITLE),
        temperatures=holds,
        cathodes=cathodes,
        grid=grid,
        morphologies=tuple(short),
        electrolytes=electrolytes,
        schedules=schedules,
        gases=gases,
        listed=(),
        coatings=tuple(name for name in coatings if name != BARE and "=" not in name),
        mass_ratio=read_mass_ratio(ratio) if isinstance(ratio, str) else _number(ratio, "mass_ratio", 1e-3, 1e3),
        detect=_detector(card.get("limit", "xrd")),
        accuracy=accuracy,
        samples=_whole(card.get("samples", 0), "samples", spreads.MOST),
        seed=_whole(card.get("seed", 0), "seed", 2**31),
        coated=tuple("" if name == BARE else name for name in coatings if name == BARE or "=" in name)
        if any("=" in name for name in coatings) else ("",),
    )  # fmt: skip
    listed = _listed(card.get("candidate", []), space)
    space = Space(**{name: getattr(space, name) for name in space.__dataclass_fields__} | {"listed": listed})
    if not len(space):
        raise InputError("no candidates: give cathodes = [...], a table [grid] or tables [[candidate]]")
    if len(space) > MOST_CANDIDATES:
        raise InputError(f"{len(space)} candidates: at most {MOST_CANDIDATES}; shorten a list or take a larger step")
    return space


def _known(card: Mapping[str, Any], keys: Sequence[str], kind: str) -> None:
    for key in card:
        if key not in keys:
            raise unknown(kind, key, keys)


def _list(card: Mapping[str, Any], key: str, default: list[Any]) -> list[Any]:
    entries = card.get(key, default)
    if isinstance(entries, str):
        entries = [entries]
    if not isinstance(entries, list):
        raise InputError(f"{key} = {shown(entries)}: write a list, {key} = ['...', '...']")
    if len(entries) > MOST_CHOICES:
        raise InputError(f"{key}: {len(entries)} entries, at most {MOST_CHOICES} are read")
    return entries


def _texts(card: Mapping[str, Any], key: str, default: list[Any], *, empty: bool = False) -> list[str]:
    texts = [_text(entry, key) for entry in _list(card, key, default)]
    if not texts and not empty:
        raise InputError(f"{key} = []: name at least one, or leave the key out for {default}")
    if len(set(texts)) != len(texts):
        raise InputError(f"{key}: {shown(next(text for text in texts if texts.count(text) > 1))} stands there twice")
    return texts


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str) or len(value) > 5000:
        raise InputError(f"{key}: {shown(value)} is not a text in quotes of at most 5000 characters")
    return value


def _number(value: Any, key: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InputError(f"{key} = {shown(value)}: give a number from {low:g} to {high:g}")
    return float(value)


def _detector(value: Any) -> Detector:
    """What is written as ``limit``: xrd, raman, or a share in wt%."""
    return Detector.read(value) if isinstance(value, str) else Detector.fixed(_number(value, "limit", 1e-3, 100.0))


def _whole(value: Any, key: str, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise InputError(f"{key} = {shown(value)}: give a whole number from 0 to {most}")
    return value


def _temperatures(value: Any) -> tuple[float, ...]:
    if isinstance(value, list):
        temperatures = tuple(sorted({_number(T, "temperatures", -200.0, 3000.0) for T in value}))
    else:
        temperatures = read_temperatures(_text(value, "temperatures"))
    if not 1 <= len(temperatures) <= MOST_TEMPERATURES:
        raise InputError(f"temperatures: {len(temperatures)} values; give 1 to {MOST_TEMPERATURES}")
    return temperatures


def _schedule(text: str, holds: Sequence[float]) -> str:
    if HERE not in text:
        raise InputError(
            f"schedules: {shown(text)} has no {HERE}; write it where the temperatures go, e.g. {SCHEDULE!r}"
        )
    for T in holds:
        try:
            Schedule.parse(text.replace(HERE, f"{T:g}"))
        except InputError as error:
            raise InputError(f"schedules, temperatures: {error}") from error
    return text


def _gas(text: str) -> Atmosphere:
    try:
        return read_atmosphere(text)
    except InputError as error:
        raise InputError(f"gases: {error}") from error


def _powder(text: str, role: str, key: str, structure: str | None = None, morphology: str | None = None) -> Material:
    try:
        return materials.find(text, role, structure=structure, morphology=morphology)
    except InputError as error:
        remedy = "write {formula = '...', structure = '...'}, one of "
        raise InputError(f"{key}: {str(error).replace('add --structure ', remedy)}") from error


def _cathodes(entry: Any, short: Sequence[str]) -> list[Material]:
    """One built-in powder or card, or a formula in every morphology."""
    structure = None
    if isinstance(entry, dict):
        _known(entry, ("formula", "structure"), "key of a cathode")
        structure = _text(entry.get("structure", ""), "cathodes structure") or None
        entry = entry.get("formula")
    text = _text(entry, "cathodes")
    if text.endswith(".toml") or "-" in text or not any(character.isdigit() for character in text):
        return [_powder(text, "cathode", "cathodes", structure)]
    made = _powder(text, "cathode", "cathodes", structure)
    if not made.source.startswith("formula"):
        return [made]
    return [_powder(text, "cathode", "cathodes", structure, morphology) for morphology in short]


def _grid(card: Any) -> CompositionGrid:
    if not isinstance(card, dict):
        raise InputError("grid: write a table [grid] with step, Ni, Mn, Co, lithium_excess, dopants")
    _known(card, GRID_KEYS, "key of [grid]")
    step = _number(card.get("step", 0.1), "grid step", 0.005, 1.0)
    parts = round(1.0 / step)
    if abs(parts * step - 1.0) > 1e-6:
        raise InputError(f"grid step = {step:g}: must divide 1, e.g. 0.05, 0.1, 0.2 or 0.25")
    bounds = []
    for symbol in METALS:
        pair = card.get(symbol, [0.0, 1.0])
        if not isinstance(pair, list) or len(pair) != 2:
            raise InputError(
                f"grid {symbol} = {shown(pair)}: write the lowest and highest share, {symbol} = [0.0, 1.0]"
            )
        low, high = (_number(share, f"grid {symbol}", 0.0, 1.0) for share in pair)
        bounds.append((math.ceil(low * parts - 1e-6), math.floor(high * parts + 1e-6)))
    shares = tuple(
        (ni, mn, parts - ni - mn)
        for ni in range(bounds[0][0], bounds[0][1] + 1)
        for mn in range(bounds[1][0], bounds[1][1] + 1)
        if max(bounds[2][0], 0) <= parts - ni - mn <= bounds[2][1]
    )
    if not shares:
        raise InputError("grid: no composition lies inside Ni, Mn and Co, which add to 1; widen one of them")
    excess = [_number(x, "grid lithium_excess", -0.3, 0.3) for x in _list(card, "lithium_excess", [0.0])]
    dopants = card.get("dopants", {})
    if not isinstance(dopants, dict) or not excess:
        raise InputError("grid dopants: write { Al = [0.0, 0.02] }; lithium_excess: a list of numbers")
    for symbol in dopants:
        atomic_mass(symbol)
        if symbol in (*METALS, "Li", *OPEN_ELEMENTS):
            raise InputError(f"grid dopants: {symbol} is no dopant of Li(Ni,Mn,Co)O2; try Al, Mg or Ti")
    choices = [
        [(symbol, _number(x, f"grid dopants {symbol}", 0.0, 0.3)) for x in _list(dopants, symbol, [])]
        for symbol in sorted(dopants)
    ]
    if math.prod(map(len, choices)) * len(shares) * len(excess) > MOST_CATHODES:
        raise InputError(f"grid: over {MOST_CATHODES} cathodes; take a larger step or fewer dopants")
    mixes = tuple(tuple((s, x) for s, x in mix if x > 0.0) for mix in itertools.product(*choices))
    if any(sum(x for _, x in mix) > 0.5 for mix in mixes):
        raise InputError("grid dopants: together over half of the metals; a dopant is a small share")
    return CompositionGrid(parts, shares, tuple(dict.fromkeys(excess)), tuple(dict.fromkeys(mixes)))


def _listed(cards: Any, space: Space) -> tuple[Candidate, ...]:
    if not isinstance(cards, list) or not all(isinstance(card, dict) for card in cards):
        raise InputError("candidate: write tables [[candidate]] with cathode = '...'")
    candidates = []
    for number, card in enumerate(cards):
        where = f"[[candidate]] {number + 1}"
        _known(card, CANDIDATE_KEYS, f"key of {where}")
        if "cathode" not in card:
            raise InputError(f"{where}: cathode is missing")
        text = {key: _text(value, f"{where} {key}") for key, value in card.items()}
        other, plan, gas = text.get("electrolyte"), text.get("schedule"), text.get("gas")
        cathode = _powder(text["cathode"], "cathode", where, text.get("structure"), text.get("morphology"))
        candidates.append(
            Candidate(
                space._product + number,
                cathode,
                space.electrolytes[0] if other is None else _powder(other, "electrolyte", where),
                space.schedules[0] if plan is None else _schedule(plan, space.temperatures),
                space.gases[0] if gas is None else _gas(gas),
                text.get("coating", ""),
            )
        )
    return tuple(candidates)
