"""Entropy and heat capacity of phases that nobody has measured: sums over ions of binary oxides.

Kopp's rule for Cp (Leitner, Vonka, Sedmidubsky & Svoboda, Thermochim. Acta 497, 7 (2010)) and the additive rule of
Latimer for S (Glasser & Jenkins, Inorg. Chem. 48, 7408 (2009)), with each cation's contribution, oxygen included,
taken from the measured binary oxide in which it has the same charge.  ``ions.csv`` lists the recipes.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources

from sinterface.models.basics.errors import DataError
from sinterface.models.phases.gibbs import NO_HEAT_CAPACITY, HeatCapacity

FIXED_CHARGE = {"Li": 1, "H": 1, "La": 3, "Zr": 4, "Ta": 5, "Al": 3, "Ga": 3, "Mg": 2, "B": 3, "P": 5, "C": 4}
"""Charges of the cations that have one only."""

LOWEST_CHARGE = {"Ni": 2, "Mn": 2, "Co": 2, "Fe": 2, "Ti": 3, "Nb": 4, "W": 4}
_OXIDATION_ORDER = (
    ("W", 6), ("Nb", 5), ("Ti", 4), ("Fe", 3), ("Mn", 3), ("Mn", 4),
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


@dataclass(frozen=True)
class IonTable:
    """All contributions, and the standard deviation of an estimated entropy per mole of cations [J/mol/K]."""

    ions: Mapping[tuple[str, int], Ion]
    entropy_sd_per_cation: float = 3.0  # rms over measured mixed oxides; docs/data.md

    def estimate(self, amounts: Mapping[str, float]) -> tuple[float, HeatCapacity]:
        """S298 [J/mol/K] and Cp of a formula unit.  Raises DataError when an ion is not in the table."""
        found = charges(amounts)
        if found is None or not set(found) <= set(self.ions):
            raise DataError(
                f"no entropy can be estimated for {dict(amounts)}: give S298_J_molK (no balanced charges, "
                f"or an ion outside ions.csv)"
            )
        entropy, cp = 0.0, NO_HEAT_CAPACITY
        for ion, moles in found.items():
            entropy += moles * self.ions[ion].entropy
            cp = cp + self.ions[ion].cp.scaled(moles)
        return entropy, cp


def read_ions(entropy: Callable[[str], float], cp: Callable[[str], HeatCapacity]) -> IonTable:
    """Build the table from ``ions.csv``; the callbacks give S298 and Cp of a phase by its id."""
    text = resources.files("sinterface.models.data").joinpath("ions.csv").read_text(encoding="utf-8")
    ions: dict[tuple[str, int], Ion] = {}
    for row in csv.DictReader(text.splitlines()):
        total_entropy, total_cp = float(row["S_offset"]), NO_HEAT_CAPACITY
        for sign, factor, phase in re.findall(r"([+-]?)\s*([0-9./]+)\s+(\S+)", row["recipe"]):
            over, _, under = factor.partition("/")
            number = (-1.0 if sign == "-" else 1.0) * float(over) / float(under or 1)
            total_entropy += number * entropy(phase)
            total_cp = total_cp + cp(phase).scaled(number)
        ions[row["element"], int(row["charge"])] = Ion(total_entropy, total_cp)
    return IonTable(ions)
