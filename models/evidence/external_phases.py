"""Phase data of others: our own pinned snapshots, pymatgen's computed entries as JSON, and CSV tables.

Files are judged as untrusted: bounded in size, read as data only (no pickle, no class named in a file is made), and
every number checked.  Any fault is a DataError that names the file and the row.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy.constants import N_A

from sinterface.models.basics import formula
from sinterface.models.basics.constants import EV_PER_ATOM
from sinterface.models.basics.errors import DataError, InputError
from sinterface.models.basics.textfile import instead
from sinterface.models.evidence.table_row import Row, reduced

FORMAT = "sinterface-phases-1"
"""Name of the snapshot format, and its version."""

MAX_BYTES = 80_000_000
MAX_ROWS = 200_000
MAX_VALUES, MAX_BRACKETS, MAX_LINES = 6_000_000, 3_000_000, 2_000_000
"""Most commas of a file, opening brackets of JSON and lines of a table: what is made of them must fit into 1 GB."""

FETCHED = "; `sinterface phases fetch` writes a database"

MATERIALS_PROJECT = "jain2013"
"""Source key of the energies of a snapshot."""

ENTRY_CLASSES = ("ComputedEntry", "ComputedStructureEntry", "PDEntry")

WRAPPERS = ("data", "entries", "results", "docs")
"""Keys under which answers of the Materials Project and dumps of its clients hold their list."""

FUNCTIONALS = {"GGA": "GGA/GGA+U", "GGA+U": "GGA/GGA+U", "GGA_U": "GGA/GGA+U", "PBE": "GGA/GGA+U", "PBE+U": "GGA/GGA+U",
               "GGA_GGA+U": "GGA/GGA+U", "R2SCAN": "r2SCAN", "SCAN": "SCAN", "PBESOL": "PBEsol", "HSE06": "HSE06",
               "GGA_GGA+U_R2SCAN": "GGA/GGA+U mixed with r2SCAN"}  # fmt: skip
"""What run types and thermo types, in capitals, are calculated with."""

OURS = "GGA/GGA+U"
"""What the embedded DFT energies are calculated with: only such energies can be merged with them."""
_CSV_ENERGIES = ("formation_energy_eV_per_atom", "formation_energy_kJ_per_mol")
_CSV_OPTIONAL = ("name", "density_g_cm3", "space_group", "status", "accepted", "run_type")
_ENERGY, _HULL = (-10.0, 10.0), (0.0, 20.0)  # eV/atom
_DENSITY, _VOLUME = (0.05, 30.0), (1.0, 500.0)  # g/cm3, A^3/atom


@dataclass(frozen=True)
class Foreign:
    """A phase as somebody else's calculation has it.

    ``energy`` is the formation energy at 0 K and ``above_hull`` the distance from the hull [eV/atom], ``density`` is in
    kg/m^3 and ``volume`` in A^3 per atom.  ``theoretical`` is false when somebody has made it.  None: not known.
    ``run_type`` is one of FUNCTIONALS's or ''; ``accepted`` says that its energy is meant, however odd it looks.
    """

    id: str
    amounts: Mapping[str, float]
    energy: float
    above_hull: float | None
    theoretical: bool | None
    space_group: str
    density: float | None
    volume: float | None
    source: str
    run_type: str = ""
    accepted: bool = False


def volume_per_atom(amounts: Mapping[str, float], density: float | None) -> float | None:
    """A^3 per atom of a compound with this density [kg/m^3]."""
    return None if density is None else formula.molar_mass(amounts) / density / N_A / sum(amounts.values()) * 1e30


def checksum(phases: object) -> str:
    """sha256 of the canonical JSON of a snapshot's list of phases.  Raises ValueError for non-finite numbers."""
    text = json.dumps(phases, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def load(path: Path) -> tuple[list[Foreign], str]:
    """Phases of a file in any of its formats, packed by gzip or not, and the sha256 of its bytes.

    Raises InputError when there is no such file, DataError naming the file and its fault.
    """
    try:
        if not path.is_file():
            raise InputError(f"database {path}: there is no such file{instead(path) or FETCHED}")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"database {path}: can not be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise DataError(f"{path.name}: larger than {MAX_BYTES / 1e6:g} MB; split it, or leave structures out")
    return read(_unpacked(content, path.name), path.name.removesuffix(".gz")), hashlib.sha256(content).hexdigest()


def _unpacked(content: bytes, name: str) -> bytes:
    """The bytes that gzip packed, or the content itself.  Raises DataError for too many of them or damage."""
    if content[:2] != b"\x1f\x8b":
        return content
    unpacking = zlib.decompressobj(wbits=31)
    try:
        whole = unpacking.decompress(content, MAX_BYTES + 1)
    except zlib.error as error:
        raise DataError(f"{name}: packed by gzip, but damaged: {error}") from None
    if len(whole) > MAX_BYTES:
        raise DataError(f"{name}: larger than {MAX_BYTES / 1e6:g} MB when unpacked; split it, or leave structures out")
    if not unpacking.eof:
        raise DataError(f"{name}: packed by gzip, but cut short")
    return whole


def read(content: bytes, name: str) -> list[Foreign]:
    """Phases of a file's content; ``name`` stands in the messages.  Raises DataError."""
    is_csv = name.casefold().endswith(".csv")
    most = {b",": MAX_VALUES} | ({b"\n": MAX_LINES} if is_csv else {b"[": MAX_BRACKETS, b"{": MAX_BRACKETS})
    if any(content.count(sign) > count for sign, count in most.items()):
        raise DataError(f"{name}: holds more values than {MAX_ROWS} phases have; split it, or leave structures out")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: byte {error.start} is not UTF-8 text: the file is damaged") from None
    if not is_csv and (name.casefold().endswith(".json") or text.lstrip()[:1] in ("{", "[")):
        try:
            document = json.loads(text)
        except RecursionError:
            raise DataError(f"{name}: nested too deeply to be a table of phases") from None
        except ValueError as error:
            raise DataError(f"{name}: not valid JSON, cut short or damaged: {error}") from None
        rows = _document(document, name)
    else:
        rows = _table(text, name)
    if not rows:
        raise DataError(f"{name}: holds no phase")
    _check_functionals(rows, name)
    return rows


def _document(document: object, name: str) -> list[Foreign]:
    """Phases of a JSON document: our snapshot, or a list of entries or documents, bare or under one of WRAPPERS."""
    if isinstance(document, dict) and "format" not in document:
        lists = [document[key] for key in WRAPPERS if isinstance(document.get(key), list)]
        if len(lists) == 1:
            document = lists[0]
    if not isinstance(document, list):
        return _snapshot(document, name)
    kinds = {isinstance(cells, dict) and "formation_energy_per_atom" in cells for cells in _bounded(document, name)}
    if kinds == {True, False}:
        raise DataError(f"{name}: documents with a formation energy and entries without are mixed; split the file")
    if True in kinds:
        return [_summary(Row(f"{name}, document {i}", cells), name) for i, cells in enumerate(document, 1)]
    return _entries(document, name)


def _check_functionals(rows: Sequence[Foreign], name: str) -> None:
    """Raise DataError unless all energies can stand beside each other and beside the embedded ones."""
    kinds: dict[str, list[str]] = {}
    for phase in rows:
        if phase.run_type:
            known = FUNCTIONALS.get(phase.run_type.upper().replace(" ", "_"))
            kinds.setdefault(known or phase.run_type, []).append(phase.id)
    told = ", ".join(f"{len(ids)} {kind} ({ids[0]})" for kind, ids in sorted(kinds.items()))
    remedy = f"keep those of one run_type, {OURS}: MPRester(...) with thermo_types=['GGA_GGA+U'] brings them"
    if len(kinds) > 1:
        raise DataError(f"{name}: energies of several functionals can not be compared: {told}; {remedy}")
    if kinds and OURS not in kinds:
        raise DataError(
            f"{name}: {told}, but the embedded energies that they would be merged with are {OURS}; {remedy}"
        )


def _bounded(rows: Any, name: str) -> list[Any]:
    if not isinstance(rows, list):
        raise DataError(f"{name}: phases is not a list")
    if len(rows) > MAX_ROWS:
        raise DataError(f"{name}: {len(rows)} rows, at most {MAX_ROWS} are read")
    return rows


def _snapshot(document: object, name: str) -> list[Foreign]:
    top = Row(name, document)
    if top.cells.get("format") != FORMAT:
        top.wrong(f"format = {top.cells.get('format')!r:.60}: this version reads {FORMAT!r}, or a list of entries")
    rows = _bounded(top.value("phases"), name)
    try:
        digest = checksum(rows)
    except (ValueError, RecursionError):
        top.wrong("phases hold a number that is not finite")
    if digest != top.value("sha256"):
        top.wrong(f"the phases do not have the sha256 written in the file ({digest[:12]}...): changed after fetching")
    return [_snapshot_phase(Row(f"{name}, phase {i}", row)) for i, row in enumerate(rows, 1)]


def _snapshot_phase(row: Row) -> Foreign:
    density = row.optional("density_g_cm3", _DENSITY)
    return Foreign(
        id=row.text("material_id"),
        amounts=row.amounts("formula"),
        energy=row.number("energy_eV_atom", _ENERGY),
        above_hull=row.number("energy_above_hull_eV_atom", _HULL),
        theoretical=row.flag("theoretical"),
        space_group=row.text("space_group"),
        density=None if density is None else density * 1e3,
        volume=row.optional("volume_A3_per_atom", _VOLUME),
        source=MATERIALS_PROJECT,
    )


def _summary(row: Row, name: str) -> Foreign:
    """A summary or thermo document of the Materials Project's present client."""
    symmetry = row.cells.get("symmetry")
    symbol = symmetry.get("symbol") if isinstance(symmetry, dict) else None
    row.cells["space group"] = symbol if isinstance(symbol, str) else ""
    formula_column = "formula_pretty" if "formula_pretty" in row.cells else "formula"
    amounts = row.amounts(formula_column) if formula_column in row.cells else reduced(row.moles("composition"))
    row.cells["material_id"] = str(row.cells.get("material_id") or formula.name(amounts))
    sites, cell = row.optional("nsites", (1, 1e5)), row.optional("volume", (1.0, 1e7))
    density = row.optional("density", _DENSITY)
    thermo = row.cells.get("thermo_type")
    return Foreign(
        id=row.text("material_id"),
        amounts=amounts,
        energy=row.number("formation_energy_per_atom", _ENERGY),
        above_hull=row.optional("energy_above_hull", _HULL),
        theoretical=row.flag("theoretical"),
        space_group=row.text("space group"),
        density=None if density is None else density * 1e3,
        volume=cell / sites if cell is not None and sites is not None else None,
        source=f"file:{name}",
        run_type=thermo if isinstance(thermo, str) else _run_type(row),
        accepted=bool(row.flag("accepted")),
    )


def _run_type(row: Row) -> str:
    """What an entry says that it was calculated with, '' where it says nothing."""
    for holder in (row.cells, row.cells.get("parameters"), row.cells.get("data")):
        told = holder.get("run_type") if isinstance(holder, dict) else None
        if isinstance(told, str) and told:
            return told[:60]
    return ""


def _entries(document: list[Any], name: str) -> list[Foreign]:
    """Formation energies of pymatgen entries against the lowest entry of each element in the same file."""
    rows = [Row(f"{name}, entry {i}", cells) for i, cells in enumerate(_bounded(document, name), 1)]
    compositions, energies = [], []
    for row in rows:
        if row.cells.get("@class") not in ENTRY_CLASSES:
            row.wrong(
                f"@class = {row.cells.get('@class')!r:.60} is not one of {', '.join(ENTRY_CLASSES)}, and there is no "
                "formation_energy_per_atom as in summary and thermo documents"
            )
        if "correction" not in row.cells and row.cells.get("energy_adjustments"):
            row.wrong("has energy_adjustments but no correction, their sum")
        total = row.number("energy") + (row.optional("correction", (-1e6, 1e6)) or 0.0)
        moles = row.moles("composition")
        compositions.append(reduced(moles))
        energies.append(total / sum(moles.values()))
    lowest: dict[str, float] = {}
    for amounts, energy in zip(compositions, energies, strict=True):
        if len(amounts) == 1:
            (symbol,) = amounts
            lowest[symbol] = min(energy, lowest.get(symbol, math.inf))
    for row, amounts in zip(rows, compositions, strict=True):
        missing = sorted(set(amounts) - set(lowest))
        if missing:
            row.wrong(f"no entry of elemental {', '.join(missing)} in the file: its formation energy needs one")
    return [_entry(*entry, lowest, name) for entry in zip(rows, compositions, energies, strict=True)]


def _entry(row: Row, amounts: dict[str, float], energy: float, lowest: Mapping[str, float], name: str) -> Foreign:
    reference = sum(n * lowest[symbol] for symbol, n in amounts.items()) / sum(amounts.values())
    data = Row(f"{row.where}, data", row.cells.get("data") or {})
    row.cells["formation energy"] = energy - reference
    row.cells["entry_id"] = str(row.cells.get("entry_id") or formula.name(amounts))
    volume = _cell_volume(row) if row.cells.get("structure") else None
    density = None if volume is None else formula.molar_mass(amounts) / sum(amounts.values()) / N_A / volume * 1e30
    return Foreign(
        id=row.text("entry_id"),
        amounts=amounts,
        energy=row.number("formation energy", _ENERGY),
        above_hull=data.optional("energy_above_hull", _HULL),
        theoretical=data.flag("theoretical"),
        space_group="",
        density=density,
        volume=volume,
        source=f"file:{name}",
        run_type=_run_type(row),
        accepted=bool(row.flag("accepted") or data.flag("accepted")),
    )


def _cell_volume(row: Row) -> float:
    """A^3 per atom of a structure: the determinant of its lattice over the occupancy of its sites."""
    structure = row.value("structure")
    try:
        (a, b, c), sites = structure["lattice"]["matrix"], structure["sites"]
        cross = (b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0])
        cell = abs(sum(x * y for x, y in zip(a, cross, strict=True)))
        row.cells["volume per atom"] = cell / sum(occupant["occu"] for site in sites for occupant in site["species"])
    except (TypeError, KeyError, ValueError, IndexError, ArithmeticError):
        row.wrong("structure has no lattice matrix or no occupied sites")
    return row.number("volume per atom", _VOLUME)


def _table(text: str, name: str) -> list[Foreign]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    phases: list[Foreign] = []
    try:
        header = [cell.strip() for cell in next(reader, [])]
        energy = [column for column in _CSV_ENERGIES if column in header]
        if "formula" not in header or len(energy) != 1:
            raise DataError(f"{name}: columns formula and one of {' or '.join(_CSV_ENERGIES)} are needed")
        strange = sorted(set(header) - {"formula", energy[0], *_CSV_OPTIONAL})
        if strange or len(set(header)) < len(header):
            raise DataError(f"{name}: column {strange or header!r:.80} is not known or stands twice: drop or rename it")
        for cells in reader:
            if cells:
                where = f"{name}, line {reader.line_num}"
                if len(cells) != len(header):
                    raise DataError(f"{where}: {len(cells)} cells under {len(header)} columns; quote commas")
                phases.append(_table_phase(Row(where, dict(zip(header, cells, strict=True))), energy[0], name))
            if len(phases) > MAX_ROWS:
                raise DataError(f"{name}: more than {MAX_ROWS} rows")
    except csv.Error as error:
        raise DataError(f"{name}, line {reader.line_num}: {error}") from None
    return phases


def _table_phase(row: Row, column: str, name: str) -> Foreign:
    amounts = row.amounts("formula")
    per_atom = 1e3 / EV_PER_ATOM / sum(amounts.values()) if column == _CSV_ENERGIES[1] else 1.0
    row.cells["formation energy in eV/atom"] = row.number(column) * per_atom
    status = row.cells.get("status", "").strip() or "computed"
    if status not in ("observed", "computed"):
        row.wrong(f"status {status!r:.60} is neither observed nor computed")
    density = row.optional("density_g_cm3", _DENSITY)
    density = None if density is None else density * 1e3
    return Foreign(
        id=(row.text("name") if "name" in row.cells else "") or formula.name(amounts),
        amounts=amounts,
        energy=row.number("formation energy in eV/atom", _ENERGY),
        above_hull=None,
        theoretical=status == "computed",
        space_group=row.text("space_group") if "space_group" in row.cells else "",
        density=density,
        volume=volume_per_atom(amounts, density),
        source=f"file:{name}",
        run_type=row.text("run_type") if "run_type" in row.cells else "",
        accepted=_said_yes(row, "accepted"),
    )


def _said_yes(row: Row, column: str) -> bool:
    """Whether a cell says yes; a blank or absent one says no."""
    word = str(row.cells.get(column, "")).strip().casefold()
    if word not in ("", "yes", "no"):
        row.wrong(f"{column} = {word!r:.60}: write yes or no")
    return word == "yes"
