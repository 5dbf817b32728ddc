"""The phase database: tables of measured and DFT data -> solids with a Gibbs energy each.

Which number is taken: a measured enthalpy where its uncertainty is smaller than that of the corrected DFT energy,
else the latter; a measured entropy and heat capacity, else the ion sums of ``estimates.py``.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources

from sinterface.models import corrections, estimates, formula, phases
from sinterface.models.constants import EV_PER_ATOM
from sinterface.models.errors import DataError, unknown
from sinterface.models.gibbs import HeatCapacity

COLUMNS = (
    "phase", "formula", "name", "structure", "space_group", "Hf_kJ_mol", "Hf_sd", "Hf_method", "Hf_source",
    "dft_eV_atom", "dft_source", "S298_J_molK", "S298_sd", "S298_source", "Cp_a", "Cp_b", "Cp_c", "Cp_Tmax_K",
    "Cp_source", "density_g_cm3", "density_sd", "density_source", "status", "known", "note",
)  # fmt: skip
EXCLUDED_IONS = {("Ti", 3), ("Nb", 4), ("W", 4)}
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
        return float(text) * factor
    except ValueError as error:
        raise DataError(f"phase {row['phase']!r}: {column} = {text!r} is not a number") from error


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
        if number is not None:
            sources.append(row[source])
    if value["enthalpy"][0] is not None and row["Hf_method"] not in METHODS:
        raise DataError(f"phase {row['phase']!r}: Hf_method {row['Hf_method']!r} is not one of {', '.join(METHODS)}")
    if row["status"] not in ("observed", "computed"):
        raise DataError(f"phase {row['phase']!r}: status {row['status']!r} is neither observed nor computed")
    if value["enthalpy"][0] is None and value["dft"][0] is None:
        raise DataError(f"phase {row['phase']!r}: neither a measured enthalpy nor a DFT energy")
    return Record(
        phase=row["phase"],
        amounts=formula.parse(row["formula"]),
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


def _files() -> list[tuple[str, str]]:
    folder = resources.files("sinterface.models.data.solids")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".csv"))
    return [(name, folder.joinpath(name).read_text(encoding="utf-8")) for name in names]


def _rows() -> Iterable[dict[str, str]]:
    seen: dict[str, str] = {}
    for name, text in _files():
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


def observations(records: Mapping[str, Record]) -> list[corrections.Observation]:
    """The subset on which the DFT corrections are fitted: measured, without C or H, no reduced early metals.

    Carbonates and hydroxides that matter are measured themselves, and mixing GGA with GGA+U makes the reduced
    oxides of Ti, Nb and W err differently from all others.
    """
    found = []
    for record in records.values():
        if record.enthalpy is None or record.dft is None or record.method not in ("calorimetry", "emf", "equilibrium"):
            continue
        ions = estimates.charges(record.amounts)
        if ions is None or set(ions) & EXCLUDED_IONS or {"C", "H"} & set(record.amounts):
            continue
        atoms = sum(record.amounts.values())
        difference = record.enthalpy - record.dft * EV_PER_ATOM * atoms
        found.append(corrections.Observation(record.phase, record.amounts, difference, record.enthalpy_sd))
    return found


@dataclass(frozen=True)
class Database:
    """Solids by id, and the fingerprint of the tables they were made from."""

    solids: Mapping[str, phases.Solid]
    fingerprint: str

    def __getitem__(self, phase: str) -> phases.Solid:
        if phase not in self.solids:
            raise unknown("phase", phase, self.solids, "`sinterface phases list` shows them")
        return self.solids[phase]

    def within(self, elements: Iterable[str]) -> list[phases.Solid]:
        """Observed solids made of these elements, O, C and H alone, in order of their ids."""
        allowed = set(elements) | phases.GAS_ELEMENTS
        return [s for _, s in sorted(self.solids.items()) if s.observed and set(s.amounts) <= allowed]

    @property
    def elements(self) -> frozenset[str]:
        """Every element with at least one phase."""
        return frozenset(element for solid in self.solids.values() for element in solid.amounts)


def _solid(record: Record, table: estimates.IonTable, fitted: corrections.Corrections) -> phases.Solid:
    enthalpy, sd, method, sources = record.enthalpy, record.enthalpy_sd, record.method, list(record.sources)
    if record.dft is not None:
        from_dft, dft_sd = fitted.enthalpy(record.amounts, record.dft)
        if enthalpy is None or dft_sd < sd:
            enthalpy, sd, method = from_dft, dft_sd, "dft"
    if enthalpy is None:  # _record has refused such a row
        raise DataError(f"phase {record.phase!r} has no energy")
    entropy, entropy_sd, cp = record.entropy, record.entropy_sd, record.cp
    if entropy is None or cp is None:
        estimate, estimated_cp = table.estimate(record.amounts)
        if entropy is None:
            cations = sum(n for symbol, n in record.amounts.items() if symbol not in phases.GAS_ELEMENTS)
            entropy, entropy_sd = estimate, table.entropy_sd_per_cation * cations
        cp = cp or estimated_cp
    return phases.Solid(
        id=record.phase,
        amounts=record.amounts,
        enthalpy=enthalpy,
        enthalpy_sd=sd,
        entropy=entropy,
        entropy_sd=entropy_sd,
        cp=cp,
        structure=record.structure,
        density=record.density if record.density is not None else float("nan"),
        method=method,
        sources=tuple(sources),
        observed=record.observed,
        family=phases.family(record.amounts, record.structure),
        note=record.note,
    )


def unadjusted() -> Database:
    """The tables as they are, before ``assimilate``.  Raises DataError when one is damaged."""
    records = read_records()

    def entropy(phase: str) -> float:
        value = records[phase].entropy
        if value is None:
            raise DataError(f"ions.csv builds on {phase!r}, which has no S298")
        return value

    def cp(phase: str) -> HeatCapacity:
        value = records[phase].cp
        if value is None:
            raise DataError(f"ions.csv builds on {phase!r}, which has no heat capacity")
        return value

    table, fitted = estimates.read_ions(entropy, cp), corrections.load()
    solids = {key: _solid(record, table, fitted) for key, record in records.items()}
    digest = hashlib.sha256("".join(name + text for name, text in _files()).encode()).hexdigest()
    return Database(solids, f"embedded-{digest[:12]}")


@lru_cache(maxsize=1)
def embedded() -> Database:
    """The database that comes with the package, with the changes of ``adjustments.csv`` applied."""
    base = unadjusted()
    text = resources.files("sinterface.models.data").joinpath("adjustments.csv").read_text(encoding="utf-8")
    solids = dict(base.solids)
    for row in csv.DictReader(text.splitlines()):
        if row["phase"] not in solids:
            raise DataError(f"adjustments.csv: {row['phase']!r} is no phase of the tables; run models.assimilate again")
        solid = solids[row["phase"]]
        solids[solid.id] = replace(solid, enthalpy=solid.enthalpy + float(row["change_kJ_mol"]) * 1e3)
    digest = hashlib.sha256((base.fingerprint + text).encode()).hexdigest()
    return Database(solids, f"embedded-{digest[:12]}")
