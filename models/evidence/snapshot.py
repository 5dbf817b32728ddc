"""A database made of the embedded tables and a file of foreign phases.

Precedence: measured values of the embedded tables stay; the lowest foreign phase of a composition brings its DFT
energy, in place of the embedded energy; compositions that the tables do not have become new phases.  Then everything is
derived again as for the embedded tables: element corrections, estimates, assimilation of what is known to exist.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sinterface.models.basics import formula
from sinterface.models.basics.errors import DataError
from sinterface.models.evidence import assimilate, sisso
from sinterface.models.evidence.external_phases import Foreign, load
from sinterface.models.evidence.table_row import reduced
from sinterface.models.phases import corrections, estimates
from sinterface.models.phases.database import Database, adjusted, embedded, from_records, observations, unadjusted
from sinterface.models.phases.phase_tables import COLUMNS, Record, read_records

MAX_ABOVE_HULL = 0.1
"""Distance from the hull [eV/atom] above which a new phase is left out: four times what its energy is good for."""

OBSERVED_ABOVE_HULL = 0.05
"""Distance from the hull [eV/atom] above which a phase counts as computed, though made: its structure is in doubt."""

SUSPICIOUS, REFUSED = 2.0, 5.0
"""Standard deviations beyond which a shift is told, and a file's energy refused."""

SISSO_SOURCE = "bartel2018"

FAR, UNSTABLE = "elements outside the ion table", f"more than {MAX_ABOVE_HULL:g} eV/atom above the hull"
UNBALANCED = "no balanced charges (elements, alloys, peroxides, suboxides), for which no correction is known"
HIGHER = "a lower phase of the same composition is in the file"

_Key = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Merge:
    """What became of the foreign phases: ids by fate, and for what was left out the ids by reason.

    ``replaced`` embedded phases whose DFT energy is now the file's, ``filled`` those that had none, ``shifted`` other
    polymorphs moved along with their ground state, ``kept`` embedded DFT energies not in the file.
    """

    replaced: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    shifted: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()
    computed: tuple[str, ...] = ()
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Foreign phases that were in the file."""
        used = (self.replaced, self.filled, self.observed, self.computed, *self.left_out.values())
        return sum(map(len, used))

    def __str__(self) -> str:
        out = "".join(f"; left out {len(ids)}: {reason}" for reason, ids in self.left_out.items())
        return (
            f"{self.total} phases read: {len(self.replaced)} replace a DFT energy, {len(self.filled)} add one to a "
            f"measured phase, {len(self.observed)} new and observed, {len(self.computed)} new and computed only{out}"
        )


def _key(amounts: Mapping[str, float]) -> _Key:
    """The same for equal compositions, whatever the formula unit."""
    total = sum(amounts.values())
    return tuple(sorted((symbol, round(amount / total, 4)) for symbol, amount in amounts.items()))


def _sources(record: Record, drop: str, *add: str) -> tuple[str, ...]:
    others = " ".join(text for column, text in record.row.items() if column.endswith("_source") and column != drop)
    kept = set(others.replace(";", " ").split())
    return tuple(dict.fromkeys([*(key for key in record.sources if key in kept), *add]))


def _with_dft(record: Record, energy: float, source: str) -> Record:
    return replace(
        record,
        dft=energy,
        sources=_sources(record, "dft_source", source),
        row={**record.row, "dft_eV_atom": f"{energy:.6g}", "dft_source": source},
    )


def _new(phase: Foreign, name: str, use_sisso: bool) -> Record:
    amounts = reduced(phase.amounts)
    made = phase.theoretical is False and (phase.above_hull is None or phase.above_hull <= OBSERVED_ABOVE_HULL)
    entropy, entropy_sd, cp, sources = None, 0.0, None, [phase.source]
    if use_sisso and phase.volume is not None:
        entropy, entropy_sd, cp = sisso.estimate(amounts, phase.volume)
        sources.append(SISSO_SOURCE)
    note = f"{phase.id}, from a file: no measured value; structure type not known"
    row = dict.fromkeys(COLUMNS, "") | {
        "phase": name, "formula": formula.name(amounts, 6), "space_group": phase.space_group,
        "dft_eV_atom": f"{phase.energy:.6g}", "dft_source": phase.source,
        "status": "observed" if made else "computed", "known": "read", "note": note,
    }  # fmt: skip
    if entropy is not None:
        row |= {"S298_J_molK": f"{entropy:.2f}", "S298_sd": f"{entropy_sd:.2f}", "S298_source": SISSO_SOURCE}
    if cp is not None:
        row |= {"Cp_a": f"{cp.a:.4f}", "Cp_b": f"{cp.b * 1e3:.4f}", "Cp_c": f"{cp.c * 1e-5:.4f}"}
        row |= {"Cp_Tmax_K": f"{sisso.FIT_RANGE[1]:g}", "Cp_source": SISSO_SOURCE}
    if phase.density is not None:
        row |= {"density_g_cm3": f"{phase.density * 1e-3:.4g}", "density_source": phase.source}
    return Record(
        phase=name,
        amounts=amounts,
        structure="",
        enthalpy=None,
        enthalpy_sd=0.0,
        method="",
        dft=phase.energy,
        entropy=entropy,
        entropy_sd=entropy_sd,
        cp=cp,
        density=phase.density,
        observed=made,
        sources=tuple(sources),
        note=note,
        row=row,
    )


def _ground_state(records: Sequence[Record]) -> Record:
    """The polymorph that a DFT energy belongs to: the lowest in DFT, else the lowest as measured."""
    calculated = [record for record in records if record.dft is not None]
    if calculated:
        return min(calculated, key=lambda record: record.dft or 0.0)
    return min(records, key=lambda record: (record.enthalpy or 0.0) / sum(record.amounts.values()))


def _reason(phase: Foreign) -> str:
    """Why a composition that the tables do not have can not become a phase; '' when it can."""
    if set(phase.amounts) - set(estimates.FIXED_CHARGE) - set(estimates.LOWEST_CHARGE) - {"O"}:
        return FAR
    if len(phase.amounts) < 2 or estimates.charges(phase.amounts) is None:
        return UNBALANCED
    return UNSTABLE if phase.above_hull is not None and phase.above_hull > MAX_ABOVE_HULL else ""


def merge(
    foreign: Sequence[Foreign], embedded: Mapping[str, Record], *, use_sisso: bool = True
) -> tuple[dict[str, Record], Merge]:
    """Records of the embedded tables and the foreign phases together, and what became of each of the latter.

    ``use_sisso`` gives new phases of known volume the Gibbs energy of ``sisso.py``; without it, and where no volume is
    known, they get the ion sums of ``estimates.py`` as unmeasured embedded phases do.
    """
    records = dict(embedded)
    polymorphs: dict[_Key, list[Record]] = {}
    for record in embedded.values():
        polymorphs.setdefault(_key(record.amounts), []).append(record)
    groups: dict[_Key, list[Foreign]] = {}
    for phase in foreign:
        groups.setdefault(_key(phase.amounts), []).append(phase)
    fates: dict[str, list[str]] = {name: [] for name in ("replaced", "filled", "shifted", "observed", "computed")}
    left_out: dict[str, list[str]] = {}
    for key, group in groups.items():
        lowest, *higher = sorted(group, key=lambda phase: (phase.energy, phase.id))
        reason = "" if key in polymorphs else _reason(lowest)
        if reason:
            left_out.setdefault(reason, []).append(lowest.id)
        elif key in polymorphs:
            home = _ground_state(polymorphs[key])
            records[home.phase] = _with_dft(home, lowest.energy, lowest.source)
            fates["filled" if home.dft is None else "replaced"].append(home.phase)
            for record in polymorphs[key]:
                if record.dft is not None and home.dft is not None and record is not home:
                    moved = lowest.energy + record.dft - home.dft
                    records[record.phase] = _with_dft(record, moved, lowest.source)
                    fates["shifted"].append(record.phase)
        else:
            name = formula.name(reduced(lowest.amounts))
            name = name if name not in records else f"{name}-{lowest.id}"
            records[name] = _new(lowest, name, use_sisso)
            fates["observed" if records[name].observed else "computed"].append(name)
        if higher:
            left_out.setdefault(reason or HIGHER, []).extend(phase.id for phase in higher)
    touched = {name for names in fates.values() for name in names}
    kept = [phase for phase, record in records.items() if record.dft is not None and phase not in touched]
    report = {name: tuple(names) for name, names in fates.items()}
    return records, Merge(**report, kept=tuple(kept), left_out={why: tuple(ids) for why, ids in left_out.items()})


@dataclass(frozen=True)
class Contradiction:
    """A file's energy against what the tables know of the same phase: enthalpies and deviation [J/mol of the phase].

    ``known`` says how the tables know theirs, ``formula_units`` belong to the phase's id.
    """

    phase: str
    entry: str
    energy: float
    tables: float
    sd: float
    known: str

    @property
    def deviations(self) -> float:
        """By how many standard deviations the two differ."""
        return (self.energy - self.tables) / self.sd

    def __str__(self) -> str:
        return (
            f"{self.entry} makes {self.phase} {self.energy / 1e3:.1f} kJ/mol, {abs(self.deviations):.0f} standard "
            f"deviations from {self.tables / 1e3:.1f} ({self.known})"
        )


def contradictions(foreign: Sequence[Foreign], merged: Mapping[str, Record]) -> list[Contradiction]:
    """Energies of a file that the tables contradict by more than REFUSED standard deviations, the worst first.

    A file may bring energies of another scheme of corrections, which the element corrections fitted to it take off, so
    that an energy counts only if it is off with the embedded corrections and with those fitted to the merged tables.
    The deviation is that of the embedded fit: a wrong energy would widen its own.
    """
    base, own = unadjusted(), read_records()
    usual, fitted = corrections.load(), corrections.fit(observations(merged))[0]
    lowest: dict[_Key, Foreign] = {}
    for phase in foreign:
        key = _key(phase.amounts)
        if key not in lowest or phase.energy < lowest[key].energy:
            lowest[key] = phase
    homes: dict[_Key, list[Record]] = {}
    for record in own.values():
        homes.setdefault(_key(record.amounts), []).append(record)
    wrong = []
    for key, phase in lowest.items():
        if key not in homes:
            continue
        record = _ground_state(homes[key])
        if {"C", "H"} & set(record.amounts):  # no correction is fitted to them
            continue
        solid = base[record.phase]
        judged = []
        for fit in (usual, fitted):
            enthalpy, _ = fit.enthalpy(record.amounts, phase.energy)
            sd = float(np.hypot(usual.enthalpy(record.amounts, phase.energy)[1], solid.enthalpy_sd))
            judged.append(Contradiction(record.phase, phase.id, enthalpy, solid.enthalpy, sd, solid.method))
        least = min(judged, key=lambda c: abs(c.deviations))
        if abs(least.deviations) > REFUSED:
            wrong.append(least)
    return sorted(wrong, key=lambda c: -abs(c.deviations))


@dataclass(frozen=True)
class Shift:
    """An enthalpy that a file has moved by more than SUSPICIOUS standard deviations of the tables: by ``change``

    [J/mol], in units of ``sd``; ``cause`` in words.
    """

    phase: str
    change: float
    sd: float
    cause: str

    def __str__(self) -> str:
        return f"moved by {self.change / 1e3:+.1f} kJ/mol ({self.change / self.sd:+.1f} sd): {self.cause}"


def shifts(merged: Database, report: Merge) -> list[Shift]:
    """Phases whose enthalpy a file moved by more than SUSPICIOUS deviations, and what caused it, the worst first."""
    plain = embedded()
    own = {*report.replaced, *report.filled, *report.shifted}
    pulls = {name: abs(merged[name].enthalpy - plain[name].enthalpy) / plain[name].enthalpy_sd for name in own}
    moving = sorted(own, key=lambda name: -pulls[name]) or ["new phases"]
    moved = []
    for name, solid in plain.solids.items():
        if name not in merged.solids:
            continue
        change, sd = merged[name].enthalpy - solid.enthalpy, assimilate.uncertainty(solid)
        if abs(change) <= SUSPICIOUS * sd:
            continue
        facts = merged.changes.get(name, 0.0) - plain.changes.get(name, 0.0)
        if abs(facts) > 0.5 * abs(change):
            cause = f"so that what is known to exist stays stable beside the file's {', '.join(moving[:3])}"
        elif name in own:
            cause = "its own energy in the file"
        else:
            cause = "the element corrections fitted anew to the file's energies"
        moved.append(Shift(name, change, sd, cause))
    return sorted(moved, key=lambda shift: -abs(shift.change / shift.sd))


def build(path: str | Path, *, use_sisso: bool = True, accept: Collection[str] = ()) -> tuple[Database, Merge]:
    """Database of the embedded tables and a file's phases, and the report of the merge.

    An energy that contradicts what is known of its phase by more than REFUSED deviations is refused, unless the phase
    is among ``accept`` ("all" accepts any) or the file marks it as accepted.

    Its fingerprint is the file's stem and a hash of the file and of the embedded tables it was merged with.
    Raises InputError when there is no such file, DataError naming the file and its fault.
    """
    path = Path(path)
    foreign, sha = load(path)
    records, report = merge(foreign, read_records(), use_sisso=use_sisso)
    meant = {phase.id for phase in foreign if phase.accepted}
    taken = {*accept}
    refused = [
        contradiction
        for contradiction in contradictions(foreign, records)
        if not {contradiction.phase, contradiction.entry, "all"} & taken and contradiction.entry not in meant
    ]
    if refused:
        more = f" and {len(refused) - 3} more" if len(refused) > 3 else ""
        raise DataError(
            f"{path.name}: {'; '.join(map(str, refused[:3]))}{more}. Correct or drop them, or say that they are meant: "
            'accepted = yes in a CSV row, "accepted": true in a JSON entry, or `sinterface phases check --accept PHASE`'
        )
    told = f"{sha} {unadjusted().fingerprint} {use_sisso} {sorted(accept)}"
    digest = hashlib.sha256(told.encode()).hexdigest()
    fingerprint = f"{path.stem}-{digest[:12]}"
    try:
        fitted, _ = corrections.fit(observations(records))
        base = from_records(records, fitted, fingerprint)
        return adjusted(base, assimilate.assimilate(base, assimilate.facts()), fingerprint), report
    except DataError as error:
        raise DataError(f"{path.name}, merged with the embedded tables: {error}") from error


def database(path: str | Path) -> Database:
    """The database of ``build`` alone."""
    return build(path)[0]
