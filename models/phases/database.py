"""The phase database: records of measured and DFT data -> solids with a Gibbs energy each.

Which number is taken: a measured enthalpy where its uncertainty is smaller than that of the corrected DFT energy,
else the latter; a measured entropy and heat capacity, else the ion sums of ``estimates.py``.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources

from sinterface.models.basics.constants import EV_PER_ATOM
from sinterface.models.basics.errors import DataError, unknown
from sinterface.models.phases import corrections, estimates, substance
from sinterface.models.phases.gibbs import HeatCapacity
from sinterface.models.phases.phase_tables import Record, read_records, table_files

EXCLUDED_IONS = {("Ti", 3), ("Nb", 4), ("W", 4)}
"""Charges that mark oxides in which GGA and GGA+U calculations were mixed: their errors differ from all others."""


def observations(records: Mapping[str, Record]) -> list[corrections.EnthalpyPair]:
    """The subset on which the DFT corrections are fitted: measured, without C or H, no reduced early metals.

    Carbonates and hydroxides that matter are measured themselves, and mixing GGA with GGA+U makes the reduced
    oxides of Ti, Nb and W err differently from all others.
    """
    measured = []
    for record in records.values():
        if record.enthalpy is None or record.dft is None or record.method not in ("calorimetry", "emf", "equilibrium"):
            continue
        ions = estimates.charges(record.amounts)
        if ions is None or set(ions) & EXCLUDED_IONS or {"C", "H"} & set(record.amounts):
            continue
        atoms = sum(record.amounts.values())
        difference = record.enthalpy - record.dft * EV_PER_ATOM * atoms
        measured.append(corrections.EnthalpyPair(record.phase, record.amounts, difference, record.enthalpy_sd))
    return measured


@dataclass(frozen=True, eq=False, repr=False)
class Database:
    """Solids by id, and the fingerprint of the tables they were made from.

    ``changes`` are the enthalpy changes [J/mol] that ``assimilate`` asked for, already made.

    >>> embedded()["Li2CO3"].enthalpy < 0.0
    True
    >>> "Zr" in embedded().elements
    True
    >>> embedded()  # doctest: +ELLIPSIS
    <Database embedded-...: ... phases of Al, B, Ba, ...>
    """

    solids: Mapping[str, substance.Solid]
    fingerprint: str
    changes: Mapping[str, float] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Database {self.fingerprint}: {len(self.solids)} phases of {', '.join(sorted(self.elements))}>"

    def __getitem__(self, phase: str) -> substance.Solid:
        if phase not in self.solids:
            raise unknown("phase", phase, self.solids, "`sinterface phases list` shows them")
        return self.solids[phase]

    def within(self, elements: Iterable[str]) -> list[substance.Solid]:
        """Observed solids made of these elements, O, C and H alone, in order of their ids.

        >>> "Li2CO3" in [solid.id for solid in embedded().within(["Li"])]
        True
        """
        allowed = set(elements) | substance.GAS_ELEMENTS
        return [s for _, s in sorted(self.solids.items()) if s.observed and set(s.amounts) <= allowed]

    @property
    def elements(self) -> frozenset[str]:
        """Every element with at least one phase."""
        return frozenset(element for solid in self.solids.values() for element in solid.amounts)


def _solid(record: Record, table: estimates.IonTable, fitted: corrections.Corrections) -> substance.Solid:
    enthalpy, sd, method, sources = record.enthalpy, record.enthalpy_sd, record.method, list(record.sources)
    if record.dft is not None:
        from_dft, dft_sd = fitted.enthalpy(record.amounts, record.dft)
        if enthalpy is None or dft_sd < sd:
            enthalpy, sd, method = from_dft, dft_sd, "dft"
    if enthalpy is None:  # _record has refused such a row
        raise DataError(f"phase {record.phase!r} has no energy")
    entropy, entropy_sd, cp = record.entropy, record.entropy_sd, record.cp
    if entropy is None or cp is None:
        if entropy is None:
            entropy, entropy_sd = table.entropy(record.amounts, record.structure)
        cp = cp or table.estimate(record.amounts)[1]
    return substance.Solid(
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
        family=substance.family(record.amounts, record.structure),
        note=record.note,
    )


def from_records(records: Mapping[str, Record], fitted: corrections.Corrections, fingerprint: str) -> Database:
    """Database of these records with these DFT corrections.

    Raises DataError when a record needs an estimate that the others can not give.
    """

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

    table = estimates.read_ions(entropy, cp)
    return Database({key: _solid(record, table, fitted) for key, record in records.items()}, fingerprint)


def unadjusted() -> Database:
    """The embedded tables as they are, before ``assimilate``.  Raises DataError when one is damaged."""
    digest = hashlib.sha256("".join(name + text for name, text in table_files()).encode()).hexdigest()
    return from_records(read_records(), corrections.load(), f"embedded-{digest[:12]}")


def adjusted(base: Database, changes: Mapping[str, float], fingerprint: str) -> Database:
    """``base`` with the enthalpies moved by ``changes`` [J/mol] by phase id, as ``assimilate`` finds them.

    Raises DataError for a change of a phase that there is not.

    >>> moved = adjusted(embedded(), {"NiO": 1000.0}, "a trial")
    >>> round(moved["NiO"].enthalpy - embedded()["NiO"].enthalpy, 6)
    1000.0
    """
    solids = dict(base.solids)
    for phase, change in changes.items():
        if phase not in solids:
            raise DataError(f"adjustments.csv: {phase!r} is no phase of the tables; run models.assimilate again")
        solids[phase] = replace(solids[phase], enthalpy=solids[phase].enthalpy + change)
    total = {phase: base.changes.get(phase, 0.0) + changes.get(phase, 0.0) for phase in {**base.changes, **changes}}
    return Database(solids, fingerprint, total)


@lru_cache(maxsize=1)
def embedded() -> Database:
    """The database that comes with the package, with the changes of ``adjustments.csv`` applied.

    >>> embedded()["LiCoO2"].enthalpy < 0.0
    True
    """
    base = unadjusted()
    text = resources.files("sinterface.models.data").joinpath("adjustments.csv").read_text(encoding="utf-8")
    changes = {row["phase"]: float(row["change_kJ_mol"]) * 1e3 for row in csv.DictReader(text.splitlines())}
    return adjusted(base, changes, f"embedded-{_digest()[:12]}")


FITTED = frozenset({"parameters.toml", "posterior.csv", "cell.toml"})
"""Files of what was fitted with the database and is no part of it: a calibration does not outdate its own runs."""

DRAWN = frozenset({"families.toml"})
"""Files that tell above all how results are drawn: another colour outdates no runs, what these take of them does."""


def _digest() -> str:
    """SHA-256 over every data file that runs depend on beside the parameters: the same name means the same numbers."""
    texts = [name + text for name, text in table_files()]
    entries = sorted(resources.files("sinterface.models.data").iterdir(), key=lambda entry: entry.name)
    chosen = [entry for entry in entries if entry.name.endswith((".csv", ".toml")) and entry.name not in FITTED | DRAWN]
    texts += [entry.name + entry.read_text(encoding="utf-8") for entry in chosen]
    texts += [f"{name} {family.host}" for name, family in substance.FAMILIES.items()]
    return hashlib.sha256("".join(texts).encode()).hexdigest()
