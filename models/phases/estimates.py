"""Entropy and heat capacity of phases that nobody has measured: sums over ions, corrected by class of compound.

Kopp's rule for Cp (Leitner, Vonka, Sedmidubsky & Svoboda, Thermochim. Acta 497, 7 (2010)) and the additive rule of
Latimer for S (Glasser & Jenkins, Inorg. Chem. 48, 7408 (2009)), with each cation's contribution, oxygen included,
taken from a measured oxide in which it has the same charge.  ``ions.csv`` lists the recipes.

The sums err in the same direction within a class: layered LiMO2 hold more entropy than their ions, La oxides do not.
``entropy_classes.csv`` holds mean and deviation of each class, which ``class_residuals`` computes from the phases whose
entropy is measured.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import resources

from sinterface.models.basics.errors import DataError
from sinterface.models.phases.gibbs import NO_HEAT_CAPACITY, HeatCapacity

FIXED_CHARGE = {
    "Li": 1, "H": 1, "La": 3, "Zr": 4, "Ta": 5, "Al": 3, "Ga": 3, "Mg": 2, "Ca": 2, "Ba": 2, "B": 3, "P": 5, "C": 4,
}  # fmt: skip
"""Charges of the cations that have one only."""

LOWEST_CHARGE = {"Ni": 2, "Mn": 2, "Co": 2, "Fe": 2, "Ti": 3, "Nb": 4, "W": 4, "V": 2, "Sb": 3}
_OXIDATION_ORDER = (
    ("V", 3), ("W", 6), ("Nb", 5), ("Ti", 4), ("V", 4), ("Fe", 3), ("Mn", 3), ("V", 5), ("Sb", 5), ("Mn", 4),
    ("Co", 3), ("Ni", 3), ("Ni", 4), ("Co", 4), ("Fe", 4),
)  # fmt: skip
"""Which cation takes up oxygen first, in the order of the oxides' stability lines in O2."""


def charges(amounts: Mapping[str, float]) -> dict[tuple[str, int], float] | None:
    """Moles of each (element, charge) in a formula unit, O being -2; None when no assignment balances."""
    if set(amounts) - set(FIXED_CHARGE) - set(LOWEST_CHARGE) - {"O"}:
        return None
    missing = 2.0 * amounts.get("O", 0.0) - sum(FIXED_CHARGE.get(symbol, 0) * n for symbol, n in amounts.items())
    states: dict[str, dict[int, float]] = {}
    for symbol, low in LOWEST_CHARGE.items():
        if amounts.get(symbol, 0.0) > 0.0:
            states[symbol] = {low: amounts[symbol]}
            missing -= low * amounts[symbol]
    if missing < -1e-6:
        return None
    for symbol, charge in _OXIDATION_ORDER:
        if symbol in states and missing > 1e-12:
            old = max(states[symbol])
            step = charge - old
            moved = min(states[symbol][old], missing / step)
            if moved < states[symbol][old]:
                states[symbol][old] -= moved
            else:
                del states[symbol][old]
            states[symbol][charge] = moved
            missing -= moved * step
    if missing > 1e-3:
        return None
    ions = {(symbol, FIXED_CHARGE[symbol]): n for symbol, n in amounts.items() if symbol in FIXED_CHARGE}
    return ions | {(symbol, charge): n for symbol, by in states.items() for charge, n in by.items()}


@dataclass(frozen=True)
class Ion:
    """Entropy [J/mol/K] and heat capacity that one mole of a cation with its oxygen brings to an oxide."""

    entropy: float
    cp: HeatCapacity


CLASSES = (
    "LiMO2", "lithium-rich oxide", "lanthanum oxide", "spinel", "salt of B or P", "oxide of Ca or Ba",
    "other mixed oxide",
)  # fmt: skip
"""Classes of mixed oxides within which the residuals of ion sums are alike."""

SIMPLE = "simple or with C or H"
"""All phases of one metal, carbonates and hydroxides: no mean is taken off, the deviation is that of all classes."""


def entropy_class(amounts: Mapping[str, float], structure: str) -> str:
    """The class of a composition of a structure type, one of CLASSES, or SIMPLE.

    >>> entropy_class({"Li": 1.0, "Fe": 1.0, "O": 2.0}, "layered")
    'LiMO2'
    """
    metals = {symbol: n for symbol, n in amounts.items() if symbol not in ("O", "C", "H") and n > 0.0}
    if len(metals) < 2 or {"C", "H"} & set(amounts):
        return SIMPLE
    if {"Ca", "Ba"} & set(metals):
        return "oxide of Ca or Ba"
    if {"B", "P"} & set(metals):
        return "salt of B or P"
    if "spinel" in structure.casefold():
        return "spinel"
    lithium = metals.get("Li", 0.0)
    others = sum(metals.values()) - lithium
    if "La" not in metals and math.isclose(lithium, others) and math.isclose(amounts.get("O", 0.0), 2.0 * others):
        return "LiMO2"
    if lithium > 1.01 * others:
        return "lithium-rich oxide"
    return "lanthanum oxide" if "La" in metals else "other mixed oxide"


@dataclass(frozen=True)
class ClassResidual:
    """Measured entropy less ion sum of a class: mean and standard deviation per mole of cations [J/mol/K]."""

    mean: float
    sd: float
    phases: int


def class_residuals(measured: Iterable[tuple[str, float]]) -> dict[str, ClassResidual]:
    """Statistics of each class from (class, measured less estimated entropy per mole of cations [J/mol/K]).

    A class of n phases has n / (n + 1) of their mean, and a deviation to which one phase with that of all classes
    counts: a class of three is not known to be as narrow as its three members happen to be.
    """
    groups: dict[str, list[float]] = {kind: [] for kind in CLASSES}
    for kind, residual in measured:
        groups[kind].append(residual)
    means = {kind: sum(residuals) / (len(residuals) + 1) for kind, residuals in groups.items()}
    within = [(r - means[kind]) ** 2 for kind, residuals in groups.items() for r in residuals]
    pooled = sum(within) / max(len(within), 1)
    classes = {}
    for kind, residuals in groups.items():
        squares = sum((r - means[kind]) ** 2 for r in residuals)
        sd = math.sqrt((squares + pooled) / max(len(residuals), 1))
        classes[kind] = ClassResidual(means[kind], sd, len(residuals))
    everything = [r * r for residuals in groups.values() for r in residuals]
    classes[SIMPLE] = ClassResidual(0.0, math.sqrt(sum(everything) / max(len(everything), 1)), 0)
    return classes


@dataclass(frozen=True)
class IonTable:
    """Contributions of all ions, and what each class of compounds has more."""

    ions: Mapping[tuple[str, int], Ion]
    classes: Mapping[str, ClassResidual]

    def estimate(self, amounts: Mapping[str, float]) -> tuple[float, HeatCapacity]:
        """S298 [J/mol/K] and Cp of a formula unit, the bare sums.  Raises DataError when an ion is not in the table."""
        ions = charges(amounts)
        if ions is None or not set(ions) <= set(self.ions):
            raise DataError(
                f"no entropy can be estimated for {dict(amounts)}: give S298_J_molK (no balanced charges, "
                f"or an ion outside ions.csv)"
            )
        entropy, cp = 0.0, NO_HEAT_CAPACITY
        for ion, moles in ions.items():
            entropy += moles * self.ions[ion].entropy
            cp = cp + self.ions[ion].cp.scaled(moles)
        return entropy, cp

    def entropy(self, amounts: Mapping[str, float], structure: str) -> tuple[float, float]:
        """S298 [J/mol/K] of a formula unit with the residual of its class, and its standard deviation.

        Raises DataError when an ion is not in the table.
        """
        residual = self.classes[entropy_class(amounts, structure)]
        cations = sum(n for symbol, n in amounts.items() if symbol not in ("O", "C", "H"))
        return self.estimate(amounts)[0] + cations * residual.mean, cations * residual.sd


def _sum(recipe: str, value: Callable[[str], float]) -> float:
    total = 0.0
    for number, phase in _terms(recipe):
        total += number * value(phase)
    return total


def _terms(recipe: str) -> list[tuple[float, str]]:
    """``1/2 Co3O4 - 1/2 CoO`` as moles and phases."""
    terms = []
    for sign, factor, phase in re.findall(r"([+-]?)\s*([0-9./]+)\s+(\S+)", recipe):
        over, _, under = factor.partition("/")
        terms.append(((-1.0 if sign == "-" else 1.0) * float(over) / float(under or 1), phase))
    return terms


def read_ions(entropy: Callable[[str], float], cp: Callable[[str], HeatCapacity]) -> IonTable:
    """Build the table from ``ions.csv`` and ``entropy_classes.csv``; the callbacks give S298 and Cp of a phase."""
    folder = resources.files("sinterface.models.data")
    ions: dict[tuple[str, int], Ion] = {}
    for row in csv.DictReader(folder.joinpath("ions.csv").read_text(encoding="utf-8").splitlines()):
        total_cp = NO_HEAT_CAPACITY
        for number, phase in _terms(row["Cp_recipe"] or row["recipe"]):
            total_cp = total_cp + cp(phase).scaled(number)
        ions[row["element"], int(row["charge"])] = Ion(float(row["S_offset"]) + _sum(row["recipe"], entropy), total_cp)
    text = folder.joinpath("entropy_classes.csv").read_text(encoding="utf-8")
    classes = {
        row["class"]: ClassResidual(float(row["mean_J_molK"]), float(row["sd_J_molK"]), int(row["phases"]))
        for row in csv.DictReader(text.splitlines())
    }
    return IonTable(ions, classes)
