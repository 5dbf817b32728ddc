"""The database against measurements it was not built from, and its own residuals: a page made by code.

``python -m sinterface.validation.scores.thermochemistry`` writes ``docs/thermochemistry.md`` and its figure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sinterface.models.basics.constants import CELSIUS_ZERO, EV_PER_ATOM, GAS_CONSTANT, T_STANDARD
from sinterface.models.evidence import assimilate
from sinterface.models.interface import stability
from sinterface.models.phases import corrections, database
from sinterface.models.phases.atmosphere import NAMED
from sinterface.models.phases.gases import gas
from sinterface.models.phases.phase_tables import read_records

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXCEPTION = 0.1
"""A measured enthalpy further than this from the corrected DFT energy [eV/atom] is an exception to be explained."""


@dataclass(frozen=True)
class PropertyCheck:
    """A quantity computed from the database beside its reported value; ``allowed`` is a difference or a factor."""

    name: str
    unit: str
    computed: float
    reported: float
    allowed: float
    source: str
    note: str = ""
    factor: bool = False

    @property
    def passed(self) -> bool:
        """Whether the computed value lies within what is allowed."""
        if self.factor:
            return abs(math.log(self.computed / self.reported)) <= math.log(self.allowed)
        return abs(self.computed - self.reported) <= self.allowed


LA2ZR2O7 = {"La2O3": -1.0, "ZrO2": -2.0, "La2Zr2O7": 1.0}
ZIRCONATE = "three measurements disagree; the table weights them, and twice its deviation is allowed"

# moles formed (positive) and lost of phases and gases; reported enthalpy at 298 K and what the sources leave open [kJ]
REACTIONS: tuple[tuple[str, Mapping[str, float], float, float, str, str], ...] = (
    ("Li7La3Zr2O12 = 1/2 La2O3 + La2Zr2O7 + 7/2 Li2O",
     {"Li7La3Zr2O12-tetragonal": -1, "La2Zr2O7": 1, "La2O3": 0.5, "Li2O": 3.5}, 62.0, 18.0,
     "aleksandrov2022", "the three enthalpies of La2Zr2O7 below give 51, 53 and 79 kJ"),
    ("La2O3 + 2 ZrO2 = La2Zr2O7", LA2ZR2O7, -107.3, 18.7, "radha2009", ZIRCONATE),
    ("La2O3 + 2 ZrO2 = La2Zr2O7", LA2ZR2O7, -135.8, 18.7, "bolech1995", ZIRCONATE),
    ("La2O3 + 2 ZrO2 = La2Zr2O7", LA2ZR2O7, -133.8, 18.7, "jacob1998", ZIRCONATE),
    ("1/2 Li2O + CoO + 1/4 O2 = LiCoO2",
     {"Li2O": -0.5, "CoO": -1, "O2": -0.25, "LiCoO2": 1}, -142.5, 5.0, "wang2004", ""),
    ("1/2 Li2O + NiO + 1/4 O2 = LiNiO2",
     {"Li2O": -0.5, "NiO": -1, "O2": -0.25, "LiNiO2": 1}, -54.0, 5.0, "wang2004", ""),
    ("LiMn2O4 + 3/2 Li2O + 1/4 O2 = 2 Li2MnO3, per Li2O",
     {"LiMn2O4": -2 / 3, "Li2O": -1, "O2": -1 / 6, "Li2MnO3": 4 / 3}, -141.0, 12.0, "wang2005a, cupid2016",
     "the enthalpy of Li2MnO3 itself is known to 8 kJ/mol"),
    ("1/2 La2O3 + CoO + 1/4 O2 = LaCoO3",
     {"La2O3": -0.5, "CoO": -1, "O2": -0.25, "LaCoO3": 1}, -107.6, 5.0, "cheng2005",
     "the table takes the mean of two calorimetries and phase equilibria"),
    ("1/2 La2O3 + NiO + 1/4 O2 = LaNiO3",
     {"La2O3": -0.5, "NiO": -1, "O2": -0.25, "LaNiO3": 1}, -57.3, 5.0, "cheng2005", ""),
    ("1/2 La2O3 + MnO + 1/4 O2 = LaMnO3",
     {"La2O3": -0.5, "MnO": -1, "O2": -0.25, "LaMnO3": 1}, -155.9, 5.0, "jacob2003", ""),
    ("LiCoO2 + 1/2 La2O3 = LaCoO3 + 1/2 Li2O",
     {"LiCoO2": -1, "La2O3": -0.5, "LaCoO3": 1, "Li2O": 0.5}, 35.0, 5.0, "wang2004, cheng2005", ""),
    ("LiNiO2 + 1/2 La2O3 = LaNiO3 + 1/2 Li2O",
     {"LiNiO2": -1, "La2O3": -0.5, "LaNiO3": 1, "Li2O": 0.5}, -3.0, 5.0, "wang2004, cheng2005", ""),
    ("Li2O + ZrO2 = Li2ZrO3", {"Li2O": -1, "ZrO2": -1, "Li2ZrO3": 1}, -46.1, 19.6, "kato1993",
     "two values disagree; the table weights them, and twice its deviation is allowed"),
    ("Li2O + ZrO2 = Li2ZrO3", {"Li2O": -1, "ZrO2": -1, "Li2ZrO3": 1}, -63.8, 19.6, "kubaschewski1993",
     "two values disagree; the table weights them, and twice its deviation is allowed"),
    ("1/2 Li2O + 1/2 Ta2O5 = LiTaO3",
     {"Li2O": -0.5, "Ta2O5": -0.5, "LiTaO3": 1}, -97.2, 24.0, "kubaschewski1993", "twice the estimated deviation"),
    ("1/2 La2O3 + 1/2 Ta2O5 = LaTaO4",
     {"La2O3": -0.5, "Ta2O5": -0.5, "LaTaO4": 1}, -94.9, 8.8, "forbes2010", ""),
)  # fmt: skip


def _enthalpy(tables: database.Database, moles: Mapping[str, float]) -> float:
    total = 0.0
    for name, amount in moles.items():
        value = float(gas(name).enthalpy(T_STANDARD)) if name == "O2" else tables[name].enthalpy
        total += amount * value
    return total / 1e3


def carbonate_pressure(tables: database.Database, celsius: float) -> float:
    """CO2 pressure [bar] over Li2CO3 + Li2O."""
    T = celsius + CELSIUS_ZERO
    solid = min(float(tables[name].gibbs(T)) for name in ("Li2CO3", "Li2CO3-liquid"))
    reaction = float(tables["Li2O"].gibbs(T)) + float(gas("CO2").gibbs(T)) - solid
    return math.exp(-reaction / (GAS_CONSTANT * T))


def checks() -> Iterator[PropertyCheck]:
    """All comparisons: calorimetry with the tables as they are, decompositions with the database as it is used."""
    raw, tables = database.unadjusted(), database.embedded()
    for name, moles, reported, allowed, source, note in REACTIONS:
        yield PropertyCheck(name, "kJ", _enthalpy(raw, moles), reported, allowed, source, note)
    for celsius, reported in ((700.0, 9.7e-5), (800.0, 6.9e-4)):
        yield PropertyCheck(
            f"CO2 pressure over Li2CO3, {celsius:g} °C", "bar", carbonate_pressure(tables, celsius), reported, 2.0,
            "chase1998", "a factor", factor=True,
        )  # fmt: skip
    for name, phase, where, reported, allowed, source, note in (
        ("Co3O4 to CoO in air", "Co3O4", "dry-air", 910.0, 30.0, "robie1995", "reported between 895 and 950 °C"),
        ("Mn2O3 to Mn3O4 in air", "Mn2O3", "dry-air", 880.0, 30.0, "robie1995", "reported 877 to 884 °C"),
        ("LaNiO3 losing oxygen in O2", "LaNiO3", "O2", 1000.0, 100.0, "zinkevich2007",
         "first product La4Ni3O10 + NiO; reports spread from 980 to 1080 °C"),
    ):  # fmt: skip
        T = stability.decomposition_temperature(tables[phase], NAMED[where], tables, 900.0)
        yield PropertyCheck(name, "°C", math.nan if T is None else T - CELSIUS_ZERO, reported, allowed, source, note)


@dataclass(frozen=True)
class Residual:
    """Measured minus corrected DFT enthalpy of one phase [eV/atom]."""

    phase: str
    value: float
    kind: str


def residuals() -> list[Residual]:
    """For every phase with both a measured enthalpy and a DFT energy, largest first."""
    fitted = corrections.load()
    differences = []
    for record in read_records().values():
        if record.enthalpy is not None and record.dft is not None:
            atoms = sum(record.amounts.values())
            predicted, _ = fitted.enthalpy(record.amounts, record.dft)
            value = (record.enthalpy - predicted) / atoms / EV_PER_ATOM
            differences.append(Residual(record.phase, value, corrections.class_of(record.amounts)))
    return sorted(differences, key=lambda residual: -abs(residual.value))


def page() -> str:
    """The page as Markdown."""
    lines = [
        "# The database against measurement",
        "",
        "Made by `python -m sinterface.validation.scores.thermochemistry`; source keys are those of "
        "`models/references.bib`.",
        "",
        "## Reactions and decompositions",
        "",
        "Enthalpies at 298 K come from the tables as they are, temperatures and pressures from the database in use.",
        "",
        "| quantity | computed | reported | allowed | within | source | remark |",
        "|---|---|---|---|---|---|---|",
    ]
    for check in checks():
        allowed = f"factor {check.allowed:g}" if check.factor else f"± {check.allowed:g}"
        lines.append(
            f"| {check.name} | {check.computed:.3g} {check.unit} | {check.reported:.3g} {check.unit} | {allowed} | "
            f"{'yes' if check.passed else '**no**'} | {check.source} | {check.note} |"
        )
    _, left_out = corrections.fit(database.observations(read_records()))
    lines += [
        "",
        "## DFT corrections",
        "",
        "Leave-one-out error of the element corrections, over observations whose elements the others determine:",
        "",
        "| class | phases | rms, meV/atom |",
        "|---|---|---|",
    ]
    for kind in corrections.CLASSES:
        count = sum(error.kind == kind and error.determined for error in left_out)
        lines.append(f"| {kind} | {count} | {corrections.rms(left_out, kind) / EV_PER_ATOM * 1e3:.1f} |")
    beyond = [residual for residual in residuals() if abs(residual.value) > EXCEPTION]
    notes = read_records()
    lines += [
        "",
        "![measured against corrected enthalpies](images/corrections.png)",
        "",
        f"{len(residuals())} phases have both a measured enthalpy and a DFT energy. Their corrected energies agree",
        f"within {EXCEPTION:g} eV/atom but for {len(beyond)}; in all of them the measured value is used:",
        "",
        "| phase | measured minus corrected, eV/atom | why |",
        "|---|---|---|",
    ]
    lines += [
        f"| {residual.phase} | {residual.value:+.3f} | {_why(residual, notes[residual.phase].amounts)} |"
        for residual in beyond
    ]
    lines += [
        "",
        "## What had to be moved",
        "",
        "Enthalpy changes that make stable what `models/data/stability.toml` says exists, the smallest in units of the",
        "uncertainties (`models/evidence/assimilate.py`):",
        "",
        "| phase | change, kJ/mol | standard deviation of G(1000 K), kJ/mol | ratio |",
        "|---|---|---|---|",
    ]
    base = database.unadjusted()
    for phase, change in assimilate.assimilate(base, assimilate.facts()).items():
        sd = assimilate.uncertainty(base[phase])
        lines.append(f"| {phase} | {change / 1e3:+.2f} | {sd / 1e3:.2f} | {change / sd:+.2f} |")
    return "\n".join(lines) + "\n"


def _why(residual: Residual, amounts: Mapping[str, float]) -> str:
    if {"C", "H"} & set(amounts):
        return "carbonates and hydroxides take no part in the fit"
    if len(amounts) == 2:
        return "simple oxide; reduced oxides of Ti, Nb, W and Fe mix GGA with GGA+U"
    return "outlier of the fit"


def figure() -> Figure:
    """Leave-one-out residuals by class."""
    from matplotlib.figure import Figure

    _, left_out = corrections.fit(database.observations(read_records()))
    drawn = Figure(figsize=(7.0, 4.2), layout="constrained")
    axis = drawn.subplots()
    for kind, colour, marker in zip(corrections.CLASSES, ("#0072B2", "#D55E00", "#7F7F7F"), "os^", strict=True):
        some = sorted(
            (error for error in left_out if error.kind == kind and error.determined), key=lambda error: error.error
        )
        values = [error.error / EV_PER_ATOM * 1e3 for error in some]
        rms = corrections.rms(left_out, kind) / EV_PER_ATOM * 1e3
        share = [(i + 0.5) / len(values) for i in range(len(values))]
        axis.plot(
            values, share, marker, color=colour, markersize=4, label=f"{kind}: {len(values)}, rms {rms:.0f} meV/atom"
        )
        for error, value, height in zip(some, values, share, strict=True):
            if abs(value) > 55.0:
                axis.annotate(error.phase, (value, height), fontsize=7, xytext=(4, -3), textcoords="offset points")
    axis.axvline(0.0, color="0.6", linewidth=1)
    axis.set_xlabel("measured minus predicted without it / meV per atom")
    axis.set_ylabel("share of the phases below")
    axis.legend(frameon=False, fontsize=8, loc="upper left")
    return drawn


if __name__ == "__main__":
    from pathlib import Path

    docs = Path(__file__).resolve().parents[2] / "docs"
    docs.joinpath("images").mkdir(parents=True, exist_ok=True)
    docs.joinpath("thermochemistry.md").write_text(page(), encoding="utf-8")
    figure().savefig(docs / "images" / "corrections.png", dpi=130)
