"""Electrolytes, cathodes and coatings: composition, structure and morphology, and nothing else."""

from __future__ import annotations

import difflib
import itertools
import math
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from sinterface.models.basics import formula
from sinterface.models.basics.errors import DataError, InputError, shown, unknown
from sinterface.models.basics.lookalikes import level, outline
from sinterface.models.basics.quantity import Quantity, quantity
from sinterface.models.basics.textfile import load_toml, misspelt_ending, read_text
from sinterface.models.phases.substance import cations
from sinterface.models.powders.exposure import KEYS, Exposure

MORPHOLOGIES = {"pc": "polycrystal", "sc": "single-crystal"}
STRUCTURES = ("layered", "spinel", "olivine", "garnet")
ROLES = ("cathode", "electrolyte", "coating")
MAX_CARD_BYTES = 100_000

UNKNOWN = "unknown"
"""Structure of a formula that does not tell it, where none is asked for."""

NEAR = 0.75
"""Likeness (difflib) from which on what does not parse as a formula counts as a misspelt name."""

ID = re.compile(r"[\w(][\w .+()-]{0,78}[\w)+]|\w")
"""What a powder may be called: names of files are made of it."""

LARGE = ("La", "Ca", "Ba")
"""Cations on the dodecahedra of a garnet, three of them for twelve oxygen."""

LENGTHS, DENSITIES = (1e-10, 1e-2), (50.0, 3e4)
"""Sizes [m] and densities [kg/m^3] that are believed."""


@dataclass(frozen=True)
class Material:
    """A powder.  Lengths in m, density in kg/m^3; ``grain_size`` equals the particle diameter of a single crystal.

    ``as_received`` is what air has made of it when it is bought, None where its card does not tell.

    >>> powder = find("pc-LCO")
    >>> powder.formula, powder.structure, powder.role
    ('LiCoO2', 'layered', 'cathode')
    """

    id: str
    role: str
    composition: Mapping[str, float]
    structure: str
    morphology: str
    particle_diameter: Quantity
    grain_size: Quantity
    density: Quantity
    source: str
    as_received: Exposure | None = None

    def __hash__(self) -> int:
        return hash((self.id, self.structure, self.morphology, *sorted(self.composition.items())))

    @property
    def formula(self) -> str:
        """Composition as text."""
        return formula.name(self.composition)


def from_card(card: Mapping[str, Any], where: str) -> Material:
    """Material from a parsed TOML card.  Raises DataError naming the card and the fault."""
    for key in ("id", "role", "composition", "structure", "morphology", "source"):
        if not isinstance(card.get(key), str):
            raise DataError(f"{where}: {key} = text is needed")
    if not ID.fullmatch(card["id"]):
        raise DataError(f"{where}: id {shown(card['id'])}: write 1 to 80 letters, digits, blanks and . _ + - ( )")
    if len(card["structure"]) > 80 or not card["structure"].isprintable():
        raise DataError(f"{where}: structure {shown(card['structure'])}: write {', '.join(STRUCTURES)} or another word")
    for key, choices in (("role", ROLES), ("morphology", tuple(MORPHOLOGIES.values()))):
        if card[key] not in choices:
            raise DataError(f"{where}: {key} {shown(card[key])} is not one of {', '.join(choices)}")
    try:
        composition = formula.parse(card["composition"])
    except InputError as error:
        raise DataError(f"{where}: {error}") from error
    if not _framework(composition, card["role"]):
        raise DataError(f"{where}: composition {shown(card['composition'])} holds no metal beside lithium")
    diameter = "thickness" if card["role"] == "coating" else "particle_diameter"
    for key in (diameter, "grain_size", "density"):
        if not isinstance(card.get(key), Mapping):
            raise DataError(f"{where}: table [{key}] is needed")

    def read(key: str, kind: str, low: float, high: float) -> Quantity:
        size = quantity(card[key], kind, f"{where} [{key}]")
        if not low <= size.value <= high:
            unit = "m" if kind == "length" else "kg/m3"
            raise DataError(f"{where} [{key}]: {size.value:g} {unit} is outside {low:g} to {high:g}: check the unit")
        return size

    return Material(
        id=card["id"],
        role=card["role"],
        composition=composition,
        structure=card["structure"],
        morphology=card["morphology"],
        particle_diameter=read(diameter, "length", *LENGTHS),
        grain_size=read("grain_size", "length", *LENGTHS),
        density=read("density", "density", *DENSITIES),
        source=card["source"],
        as_received=_as_received(card.get("as_received"), where),
    )


def _as_received(table: Any, where: str) -> Exposure | None:
    """The exposure that a card's tables [as_received.KEY] tell; ``docs/materials.md`` lists the keys."""
    if table is None:
        return None
    if not isinstance(table, Mapping):
        raise DataError(f"{where}: as_received must be a table")
    values = {}
    for key, name in KEYS.items():
        part = table.get(key)
        if part is None:
            continue
        if not isinstance(part, Mapping) or not isinstance(part.get("value"), int | float) or "source" not in part:
            raise DataError(f"{where} [as_received.{key}]: value and source are needed")
        values[name] = float(part["value"])
    try:
        return Exposure(**values, estimate=True)
    except InputError as error:
        raise DataError(f"{where}: {error}") from error


@lru_cache(maxsize=1)
def _cards() -> Mapping[str, tuple[Material, tuple[str, ...]]]:
    cards = {}
    for entry in resources.files("sinterface.models.data.materials").iterdir():
        if entry.name.endswith(".toml"):
            card = tomllib.loads(entry.read_text(encoding="utf-8"))
            material = from_card(card, entry.name)
            cards[material.id] = (material, tuple(card.get("aliases", ())))
    return dict(sorted(cards.items()))


def built_in(role: str | None = None) -> dict[str, Material]:
    """Materials that come with the package by id, of one role or of all.

    >>> sorted(built_in("coating"))
    ['Li2ZrO3', 'Li3BO3', 'Li3PO4', 'LiAlO2', 'LiNbO3']
    """
    return {key: material for key, (material, _) in _cards().items() if role in (None, material.role)}


def load(path: Path) -> Material:
    """Material from a user's TOML card.  Raises InputError or DataError in one line."""
    text = read_text(path, MAX_CARD_BYTES, "TOML card")
    try:
        card = load_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path}: not a TOML card: {shown(str(error), 200)[1:-1]}") from error
    except (RecursionError, ValueError) as error:  # nested without end, digits without end
        raise DataError(f"{path}: not a TOML card: {type(error).__name__}") from error
    return from_card(card, str(path))


def guess_structure(composition: Mapping[str, float]) -> str | None:
    """Structure type that a formula leaves no doubt about, else None.

    >>> guess_structure({"Li": 1.0, "Ni": 0.5, "Mn": 1.5, "O": 4.0}), guess_structure({"Li": 1.1, "Mn": 1.9, "O": 4.0})
    ('spinel', 'spinel')
    """
    if composition.get("P", 0.0) > 0.0 and not {"Fe", "Mn", "Co", "Ni"} & set(composition):
        return None
    lithium = composition.get("Li", 0.0)
    metals = cations(composition) - composition.get("Li", 0.0)
    oxygen = composition.get("O", 0.0)
    if lithium <= 0.0 or metals <= 0.0 or oxygen <= 0.0:
        return None
    if composition.get("La", 0.0) > 0.0 and abs(oxygen / _large(composition) - 4.0) < 0.4:
        return "garnet"
    if composition.get("La", 0.0) > 0.0:
        return None
    if composition.get("P", 0.0) > 0.0 and abs(oxygen / composition["P"] - 4.0) < 0.05:
        return "olivine"
    if abs(oxygen - 2.0 * metals) < 0.15 * metals and 0.7 < lithium / metals < 1.35:
        return "layered"
    if abs(oxygen - 2.0 * metals) < 0.1 * metals and 0.3 < lithium / metals < 0.65:
        return "spinel"
    full = abs(4.0 * (lithium + metals) - 3.0 * oxygen) < 0.1 * oxygen  # three cations for four oxygens
    if full and 0.3 < lithium / metals < 0.82 and composition.get("Mn", 0.0) > 0.5 * metals:
        return "spinel"  # with lithium among the metals, up to Li4Mn5O12
    layering = sum(composition.get(symbol, 0.0) for symbol in ("Ni", "Mn", "Co"))
    if abs(lithium + metals - oxygen) < 0.02 * oxygen and 1.0 < lithium / metals < 2.1 and layering > 0.9 * metals:
        return "layered"  # rich in lithium, up to Li2MnO3; other metals make disordered rock salts of such formulas
    return None


def find(
    text: str,
    role: str = "cathode",
    *,
    structure: str | None = None,
    morphology: str | None = None,
    elements: Collection[str] = (),
    particles: bool = True,
) -> Material:
    """A material by built-in name or alias, TOML card (a path ending in .toml), or any formula.

    A formula takes its particle data from the typical card of the same role, structure and morphology; without
    ``particles`` it has none (NaN), which is enough for thermodynamics, and its structure may be UNKNOWN.  A formula
    with an element that is not among ``elements`` is refused before anything else is asked of it, unless that is empty.
    Raises InputError naming the input, the choices and the remedy.

    >>> find("pc-LCO").formula
    'LiCoO2'
    >>> find("LiNi0.6Mn0.2Co0.2O2").structure
    'layered'
    """
    if role not in ROLES:
        raise unknown("role", role, ROLES)
    text = text.strip()
    if text.casefold().endswith(".toml"):
        material = load(Path(text))
        if material.role != role:
            raise InputError(f"{text}: role = {material.role!r}; a card with role = {role!r} is wanted here")
        if structure or morphology:
            raise InputError(f"{text}: --structure and --morphology go with a formula only; the card tells both")
        return material
    if text.casefold().endswith((".nc", ".zarr", ".json")):
        raise InputError(
            f"{role} {shown(text)} is a file of results: a powder is wanted, a name, a formula or a .toml card"
        )
    named = _by_name().get(level(text).casefold())
    if named is not None and named.role == role:
        if structure or morphology:
            raise InputError(f"{text} is a built-in material: --structure and --morphology go with a formula only")
        return named
    try:
        composition = formula.parse(text)
    except InputError as error:
        if told := misspelt_ending(text, ".toml"):
            raise InputError(f"{role} {shown(text)} is no formula and no card: {told}") from error
        words = {key: material.id for key, material in _by_name().items() if material.role == role}
        formulas = [material.formula for material in built_in(role).values()]
        words |= {each: each for each in formulas if outline(each) == outline(text[:200])}
        likely = difflib.get_close_matches(outline(text[:200]), list(map(outline, words)), n=1, cutoff=NEAR)
        if named is not None:
            choices = ", ".join(sorted(built_in(role)))
            raise InputError(
                f"{text} is built in as {named.role}, not as {role}: choices are {choices}; or a formula"
            ) from error
        if not likely and any(character.isdigit() for character in text) and not re.search("-[A-Za-z]", text):
            raise error  # a hyphen before a letter is one of a name, others are charges
        example = "Li6.6La3Zr1.6Ta0.4O12" if role == "electrolyte" else "LiNi0.6Mn0.2Co0.2O2"
        raise unknown(role, text, built_in(role), f"or a formula, e.g. {example}", words) from error
    if elements:
        check_elements(text, composition, elements)
    return _from_formula(text, composition, role, structure, morphology, particles)


def is_named(text: str) -> bool:
    """Whether a text is the name or an alias of a built-in material of any role.

    >>> is_named("lco"), is_named("LiCoO2")
    (True, False)
    """
    return level(text.strip()).casefold() in _by_name()


def check_elements(name: str, composition: Mapping[str, float], elements: Collection[str]) -> None:
    """Raise InputError when a material of this name holds an element that is not among ``elements``.

    >>> check_elements("LiCoO2", {"Li": 1.0, "Co": 1.0, "O": 2.0}, {"Li", "Co", "O"})
    """
    if lacking := sorted(set(composition) - set(elements)):
        respelt = name
        for symbol in lacking:
            if len(symbol) == 2 and {symbol[0], symbol[1].upper()} <= set(elements):  # LiFePo4
                respelt = respelt.replace(symbol, symbol.upper())
        meant = f"did you mean {respelt}? " if respelt != name else ""
        raise InputError(
            f"{name}: {meant}no data for {', '.join(lacking)}; the database covers {', '.join(sorted(elements))}"
        )


def _by_name() -> dict[str, Material]:
    """Built-in materials by name and alias, both in small letters; names go before aliases."""
    names = {key.casefold(): material for key, (material, _) in _cards().items()}
    for material, aliases in _cards().values():
        for alias in aliases:
            names.setdefault(alias.casefold(), material)
    return names


def _from_formula(
    text: str,
    composition: Mapping[str, float],
    role: str,
    structure: str | None,
    morphology: str | None,
    particles: bool,
) -> Material:
    if not _framework(composition, role):
        meant = _meant(text) or "write e.g. LiNi0.6Mn0.2Co0.2O2"
        raise InputError(f"{role} {text!r} holds no metal beside lithium: {meant}")
    structure = structure or guess_structure(composition)
    if structure is None and particles:
        raise InputError(
            f"structure of {shown(text)} can not be told from the formula: {misfit(composition)}; "
            f"{_meant(text) or 'correct the amounts,'} or add --structure {'|'.join(STRUCTURES)}"
        )
    if structure is not None and structure not in STRUCTURES:
        raise unknown("structure", structure, STRUCTURES)
    if set(formula.SLASHES) & set(text):  # the slash of a fraction would part the names of files
        text = formula.name(composition)
    short = morphology or "pc"
    if short not in MORPHOLOGIES:
        raise unknown("morphology", short, MORPHOLOGIES, "pc is a polycrystal, sc a single crystal")
    kind = MORPHOLOGIES[short]
    if not particles:
        none = Quantity(math.nan, math.nan, "not known: a formula without particles")
        return Material(
            text, role, composition, structure or UNKNOWN, kind,
            particle_diameter=none, grain_size=none, density=none, source="formula alone",
        )  # fmt: skip
    peers = [material for material in built_in(role).values() if material.structure == structure]
    peers = [material for material in peers if material.morphology == kind] or peers
    if not peers:
        raise InputError(f"no {role} card of structure {structure!r} to take particle sizes from: write a TOML card")
    peer = min(peers, key=lambda material: _distance(material.composition, composition))
    typical = [peer.particle_diameter, peer.grain_size]
    if peer.morphology != kind and kind == "single-crystal":
        typical[1] = peer.particle_diameter
    return Material(
        text, role, composition, str(structure), kind, particle_diameter=typical[0], grain_size=typical[1],
        density=peer.density, source=f"formula, sizes of {peer.id}",
    )  # fmt: skip


def _meant(text: str) -> str:
    """A question after the formula that looks like the text and has a structure that can be told, or nothing."""
    likely = (spelling for spelling in formula.alike(text) if guess_structure(formula.parse(spelling)))
    return "".join(f"did you mean {spelling}?" for spelling in itertools.islice(likely, 1))


def misfit(composition: Mapping[str, float]) -> str:
    """What keeps a formula from being one of the known structures, in words.

    >>> misfit({"Li": 1.0, "Ni": 0.8, "Mn": 0.1, "Co": 0.2, "O": 2.0})
    'metals beside lithium sum to 1.1 for O 2 and Li 1, where LiMO2 (layered) has 1, 2, 1 and LiM2O4 (spinel) 2, 4, 1'
    """
    lithium, oxygen = composition.get("Li", 0.0), composition.get("O", 0.0)
    if oxygen <= 0.0:
        return "it holds no oxygen"
    if lithium <= 0.0:
        return "it holds no lithium"
    if phosphorus := composition.get("P", 0.0):
        return f"it has {oxygen / phosphorus:.3g} O per P, where LiMPO4 (olivine) has 4, of M = Fe, Mn, Co or Ni"
    if composition.get("La", 0.0) > 0.0:
        return f"it has {oxygen / _large(composition):.3g} O per La, Ca and Ba, where Li7La3Zr2O12 (garnet) has 4"
    metals = cations(composition) - lithium
    return (
        f"metals beside lithium sum to {metals:.4g} for O {oxygen:.4g} and Li {lithium:.4g}, where LiMO2 (layered) has "
        "1, 2, 1 and LiM2O4 (spinel) 2, 4, 1"
    )


def _large(composition: Mapping[str, float]) -> float:
    """Moles of the large cations, which sit on the dodecahedra of a garnet."""
    return sum(composition.get(symbol, 0.0) for symbol in LARGE)


def _framework(composition: Mapping[str, float], role: str) -> bool:
    """True where something stays when lithium and the gases leave; a coating may do without."""
    return cations(composition) > (0.0 if role == "coating" else composition.get("Li", 0.0))


def _distance(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    a, b = sum(first.values()), sum(second.values())
    return sum(abs(first.get(s, 0.0) / a - second.get(s, 0.0) / b) for s in set(first) | set(second))
