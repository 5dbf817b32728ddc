"""The tables as written: one record per phase, checked on reading, numbers in SI."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources

from sinterface.models.basics import formula
from sinterface.models.basics.errors import DataError, InputError
from sinterface.models.phases.gibbs import HeatCapacity

COLUMNS = (
    "phase", "formula", "name", "structure", "space_group", "Hf_kJ_mol", "Hf_sd", "Hf_method", "Hf_source",
    "dft_eV_atom", "dft_source", "S298_J_molK", "S298_sd", "S298_source", "Cp_a", "Cp_b", "Cp_c", "Cp_Tmax_K",
    "Cp_source", "density_g_cm3", "density_sd", "density_source", "status", "known", "note",
)  # fmt: skip
METHODS = ("calorimetry", "emf", "kems", "equilibrium", "estimate")


@dataclass(frozen=True)
class Record:
    """One row of the tables as written, numbers in SI; None where blank."""

    phase: str
    amounts: Mapping[str, float]
    structure: str
    enthalpy: float | None
    enthalpy_sd: float
    method: str
    dft: float | None
    entropy: float | None
    entropy_sd: float
    cp: HeatCapacity | None
    density: float | None
    observed: bool
    sources: tuple[str, ...]
    note: str
    row: Mapping[str, str]


def _number(row: Mapping[str, str], column: str, factor: float = 1.0) -> float | None:
    text = row[column].strip()
    if not text:
        return None
    try:
        number = float(text) * factor
    except ValueError as error:
        raise DataError(f"phase {row['phase']!r}: {column} = {text!r} is not a number") from error
    if not math.isfinite(number):
        raise DataError(f"phase {row['phase']!r}: {column} = {text!r} is not finite")
    return number


def _record(row: Mapping[str, str]) -> Record:
    cp = [_number(row, column) for column in ("Cp_a", "Cp_b", "Cp_c")]
    value = {
        "enthalpy": (_number(row, "Hf_kJ_mol", 1e3), _number(row, "Hf_sd", 1e3), "Hf_source"),
        "dft": (_number(row, "dft_eV_atom"), 0.0, "dft_source"),
        "entropy": (_number(row, "S298_J_molK"), _number(row, "S298_sd"), "S298_source"),
        "density": (_number(row, "density_g_cm3", 1e3), _number(row, "density_sd", 1e3), "density_source"),
    }
    sources = [row["Cp_source"]] if cp[0] is not None else []
    for what, (number, sd, source) in value.items():
        if number is not None and (sd is None or not row[source].strip()):
            raise DataError(f"phase {row['phase']!r}: {what} needs a standard deviation and a source")
        if number is not None and sd is not None and sd < 0.0:
            raise DataError(f"phase {row['phase']!r}: {what} has a negative standard deviation")
        if number is not None:
            sources.append(row[source])
    if value["enthalpy"][0] is not None and row["Hf_method"] not in METHODS:
        raise DataError(f"phase {row['phase']!r}: Hf_method {row['Hf_method']!r} is not one of {', '.join(METHODS)}")
    if row["status"] not in ("observed", "computed"):
        raise DataError(f"phase {row['phase']!r}: status {row['status']!r} is neither observed nor computed")
    if value["enthalpy"][0] is None and value["dft"][0] is None:
        raise DataError(f"phase {row['phase']!r}: neither a measured enthalpy nor a DFT energy")
    if cp[0] is not None and not row["Cp_source"].strip():
        raise DataError(f"phase {row['phase']!r}: heat capacity needs a source")
    try:
        amounts = formula.parse(row["formula"])
    except InputError as error:
        raise DataError(f"phase {row['phase']!r}: {error}") from error
    return Record(
        phase=row["phase"],
        amounts=amounts,
        structure=row["structure"],
        enthalpy=value["enthalpy"][0],
        enthalpy_sd=value["enthalpy"][1] or 0.0,
        method=row["Hf_method"],
        dft=value["dft"][0],
        entropy=value["entropy"][0],
        entropy_sd=value["entropy"][1] or 0.0,
        cp=None if cp[0] is None else HeatCapacity(cp[0], (cp[1] or 0.0) * 1e-3, (cp[2] or 0.0) * 1e5),
        density=value["density"][0],
        observed=row["status"] == "observed",
        sources=tuple(dict.fromkeys(key for group in sources for key in group.replace(";", " ").split())),
        note=row["note"],
        row=row,
    )


def read_records() -> dict[str, Record]:
    """All rows of the embedded tables by phase id.  Raises DataError naming the file and the fault."""
    return {record.phase: record for record in map(_record, _rows())}


def table_files() -> list[tuple[str, str]]:
    """Names and texts of the embedded tables, in order of their names."""
    folder = resources.files("sinterface.models.data.solids")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".csv"))
    return [(name, folder.joinpath(name).read_text(encoding="utf-8")) for name in names]


def _rows() -> Iterable[dict[str, str]]:
    seen: dict[str, str] = {}
    for name, text in table_files():
        reader = csv.DictReader(text.splitlines())
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise DataError(f"{name}: columns are {reader.fieldnames}, not those of models/data/README.md")
        for row in reader:
            if None in row or None in row.values():
                raise DataError(f"{name}, phase {row['phase']!r}: {len(COLUMNS)} columns are needed, quote commas")
            if row["phase"] in seen:
                raise DataError(f"{name}: phase {row['phase']!r} stands in {seen[row['phase']]} already")
            seen[row["phase"]] = name
            yield row
