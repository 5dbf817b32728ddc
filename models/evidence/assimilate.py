"""Makes what is known to exist stable: the smallest change of phase enthalpies that the evidence asks for.

    minimise sum_p (delta_p / sd_p)^2   subject to   for each fact: omega(phase) <= omega(any decomposition)

Raw tables call many a compound unstable that furnaces have made for decades, because a few kJ/mol, well inside the
uncertainties, decide.  Conditioning the enthalpies on those facts is Bayesian inference with a truncated Gaussian;
this is its most probable point.  Decompositions are found by linear programming and added as constraints until none
is left (cutting planes: Kelley, J. SIAM 8, 703 (1960)).  Facts concern pure materials only, never a pair.
``python -m sinterface.models.evidence.assimilate`` repeats it and writes ``data/adjustments.csv``.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics import formula
from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.basics.errors import DataError
from sinterface.models.equilibrium import column_generation
from sinterface.models.equilibrium.chemistry import ChemicalSystem, Host, system_of
from sinterface.models.equilibrium.minimum import sequence
from sinterface.models.phases import solutions
from sinterface.models.phases.atmosphere import atmosphere
from sinterface.models.phases.database import Database, adjusted
from sinterface.models.phases.phaseset import closed_components
from sinterface.models.phases.substance import Solid

Array = NDArray[np.float64]

TOLERANCE = 100.0
"""A fact holds when the phase lies less than this above the hull [J per mole of cations], 1 meV per cation: a solution
that mixes ideally is always a little unstable against its own other compositions and traces of another phase."""

ALLOWED = 0.95 * TOLERANCE
"""What a projection leaves of a gain [J]: as much as is tolerated, less a margin in which the rounds can end.  Asking
for no more than is needed makes the answer nearly independent of the order in which decompositions are found."""

MAX_ROUNDS = 200

T_FURNACE = 1000.0
"""Temperature [K] at which the uncertainties of enthalpy and entropy are added: a change stands for one of G there."""


def uncertainty(solid: Solid) -> float:
    """Standard deviation of a solid's Gibbs energy at furnace temperature [J/mol of formula units]."""
    return max(float(np.hypot(solid.enthalpy_sd, T_FURNACE * solid.entropy_sd)), 1.0)


@dataclass(frozen=True)
class Fact:
    """A composition that exists at these temperatures [K] in a gas, 1 bar O2 unless said; ``structure`` names the
    solution or ''."""

    composition: Mapping[str, float]
    structure: str
    temperatures: tuple[float, ...]
    source: str
    gas: str = "O2"


def facts() -> tuple[Fact, ...]:
    """The facts of ``stability.toml``."""
    text = resources.files("sinterface.models.data").joinpath("stability.toml").read_text(encoding="utf-8")
    return tuple(
        Fact(
            formula.parse(card["composition"]),
            card.get("structure", ""),
            tuple(float(T) + CELSIUS_ZERO for T in card["T_C"]),
            card["source"],
            card.get("gas", "O2"),
        )
        for card in tomllib.loads(text)["fact"]
    )


def _phase(fact: Fact, database: Database) -> tuple[Solid, Host | None]:
    if fact.structure:
        host = solutions.host_of(fact.composition, fact.structure, database)
        if host is None:
            raise DataError(f"stability.toml: no {fact.structure} solution holds {dict(fact.composition)}")
        return host[0].solid(host[1], database), host
    name = formula.name(fact.composition)
    alike = [solid for solid in database.solids.values() if formula.name(solid.amounts) == name]
    if not alike:
        raise DataError(f"stability.toml: {dict(fact.composition)} is no phase of the database")
    return min(alike, key=lambda solid: (float(solid.gibbs(T_FURNACE)), solid.id)), None


@dataclass(frozen=True)
class StabilityCase:
    """A fact in its chemical system: row of its phase, temperatures [K], and all phases of the system.

    energies (T, R) [J per mole of cations] of rows and pseudo-compounds, composition (R, K), makeup (R, D) [moles of
    the database phases ``names`` per mole of cations].
    """

    system: ChemicalSystem
    row: int
    temperatures: tuple[float, ...]
    composition: Array
    energies: Array
    makeup: Array


def cases(database: Database, known: Sequence[Fact], names: Sequence[str]) -> list[StabilityCase]:
    """The facts, each among the phases and the compositions of solutions that compete with it.

    Raises DataError when a fact is about nothing in the database.
    """
    tests = []
    for fact in known:
        gas = atmosphere(fact.gas)
        side = _phase(fact, database)
        system, (row,) = system_of([side], closed_components(side[0].amounts), database)
        total = system.phases.composition[row]
        pseudo = system.nothing()
        for T in fact.temperatures:
            omega = system.phases.grand_potential(T, gas)
            pseudo = column_generation.equilibrium(system, omega, T, total, pseudo).pseudo
        energies = [system.energies(system.phases.grand_potential(T, gas), T, pseudo) for T in fact.temperatures]
        makeup = system.makeup(pseudo, names)
        tests.append(
            StabilityCase(system, row, fact.temperatures, system.composition(pseudo), np.array(energies), makeup)
        )
    return tests


def cuts(case: StabilityCase, change: Array) -> list[tuple[int, Array, float]]:
    """Decompositions that would gain energy with the Gibbs energies of the phases changed by ``change`` (S, T, D).

    Returns (sample, moles formed less moles lost of each phase (D,), gain [J]) per mole of cations of the fact's phase.
    """
    decompositions = []
    for t in range(len(case.temperatures)):
        omega = case.energies[t] + change[:, t] @ case.makeup.T
        totals = np.repeat(case.composition[case.row][None], len(omega), axis=0)
        bases, amounts, _ = sequence(case.composition, omega, totals, case.system.components)
        for s in range(len(omega)):
            real = bases[s] < omega.shape[1]
            members, moles = bases[s][real], amounts[s][real]
            gain = float(omega[s, case.row] - moles @ omega[s, members])
            if gain > TOLERANCE:
                decompositions.append((s, moles @ case.makeup[members] - case.makeup[case.row], gain))
    return decompositions


def violations(
    database: Database, known: Sequence[Fact], delta: Mapping[str, float]
) -> list[tuple[dict[str, float], float]]:
    """Decompositions that would gain energy: rows of (moles formed minus moles lost by phase) and the gain [J].

    Per mole of cations of the decomposing phase, with the enthalpies moved by ``delta`` [J/mol of formula units].
    """
    moved = adjusted(database, delta, database.fingerprint)
    names = sorted(moved.solids)
    decompositions = []
    for case in cases(moved, known, names):
        for _, row, gain in cuts(case, np.zeros((1, len(case.temperatures), len(names)))):
            decompositions.append(({names[d]: float(row[d]) for d in np.flatnonzero(np.abs(row) > 1e-9)}, gain))
    return decompositions


def nearest(rows: Array, bounds: Array) -> Array | None:
    """The x (D,) nearest to zero with rows (C, D) x >= bounds (C,); None when there is none.

    The dual of this projection is a non-negative least-squares problem (Lawson & Hanson 1974, ch. 23).
    """
    from scipy.optimize import nnls

    scale = float(np.max(np.abs(bounds)))
    E = np.vstack([rows.T, bounds]) / scale
    target = np.append(np.zeros(rows.shape[1]), 1.0)
    solution, misfit = nnls(E, target, maxiter=100 * len(bounds))
    residual = E @ solution - target
    return None if misfit < 1e-8 else -residual[:-1] / residual[-1]


def assimilate(database: Database, known: Sequence[Fact]) -> dict[str, float]:
    """Enthalpy changes [J/mol of formula units] by phase id, nearest to zero in units of the uncertainties.

    Raises DataError when the facts contradict each other.
    """
    delta: dict[str, float] = {}
    gathered: list[tuple[dict[str, float], float]] = []
    for _ in range(MAX_ROUNDS):
        fresh = violations(database, known, delta)
        if not fresh:
            return {phase: change for phase, change in sorted(delta.items()) if abs(change) > 1.0}
        for row, gain in fresh:  # in terms of the original enthalpies, down to just below what is tolerated
            gathered.append(
                (row, gain - ALLOWED + sum(weight * delta.get(phase, 0.0) for phase, weight in row.items()))
            )
        names = sorted({phase for row, _ in gathered for phase in row})
        sd = np.array([uncertainty(database[name]) for name in names])
        A = np.array([[row.get(name, 0.0) for name in names] for row, _ in gathered]) * sd
        x = nearest(A, np.array([bound for _, bound in gathered]))
        if x is None:
            raise DataError("stability.toml: the facts contradict each other within the tables")
        delta = dict(zip(names, (x * sd).tolist(), strict=True))
    raise DataError(f"stability.toml: not settled after {MAX_ROUNDS} rounds")


def to_csv(database: Database, changes: Mapping[str, float]) -> str:
    """The table as shipped: change [kJ/mol], the sd of the phase's Gibbs energy at 1000 K, and their ratio."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["phase", "change_kJ_mol", "G_sd_kJ_mol", "change_over_sd"])
    for phase, change in changes.items():
        sd = uncertainty(database[phase])
        writer.writerow([phase, f"{change * 1e-3:.3f}", f"{sd * 1e-3:.3f}", f"{change / sd:.2f}"])
    return out.getvalue()


if __name__ == "__main__":
    from pathlib import Path

    from sinterface.models.phases.database import unadjusted

    base = unadjusted()
    Path(__file__).parents[1].joinpath("data").joinpath("adjustments.csv").write_text(
        to_csv(base, assimilate(base, facts())), encoding="utf-8"
    )
