"""Makes what is known to exist stable: the smallest change of phase enthalpies that the evidence asks for.

    minimise sum_p (delta_p / sd_p)^2   subject to   for each fact: omega(phase) <= omega(any decomposition)

Raw tables call many a compound unstable that furnaces have made for decades, because a few kJ/mol, well inside the
uncertainties, decide.  Conditioning the enthalpies on those facts is Bayesian inference with a truncated Gaussian;
this is its most probable point.  Decompositions are found by linear programming and added as constraints until none
is left (cutting planes: Kelley, J. SIAM 8, 703 (1960)).  Facts concern pure materials only, never a pair.
``python -m sinterface.models.assimilate`` repeats it and writes ``data/adjustments.csv``.
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

from sinterface.models import formula, solutions
from sinterface.models.atmosphere import atmosphere
from sinterface.models.constants import CELSIUS_ZERO
from sinterface.models.database import Database, adjusted
from sinterface.models.equilibrium import minimise
from sinterface.models.errors import DataError
from sinterface.models.phases import Solid
from sinterface.models.phaseset import closed_components, phase_set

TOLERANCE = 100.0
"""A fact holds when the phase lies less than this above the hull [J per mole of cations], 1 meV per cation: a solution
that mixes ideally is always a little unstable against its own other compositions and traces of another phase."""

MAX_ROUNDS = 200

T_FURNACE = 1000.0
"""Temperature [K] at which the uncertainties of enthalpy and entropy are added: a change stands for one of G there."""


def uncertainty(solid: Solid) -> float:
    """Standard deviation of a solid's Gibbs energy at furnace temperature [J/mol of formula units]."""
    return max(float(np.hypot(solid.enthalpy_sd, T_FURNACE * solid.entropy_sd)), 1.0)


@dataclass(frozen=True)
class Fact:
    """A composition that exists in 1 bar O2 at these temperatures [K]; ``structure`` names the solution or ''."""

    composition: Mapping[str, float]
    structure: str
    temperatures: tuple[float, ...]
    source: str


def facts() -> tuple[Fact, ...]:
    """The facts of ``stability.toml``."""
    text = resources.files("sinterface.models.data").joinpath("stability.toml").read_text(encoding="utf-8")
    return tuple(
        Fact(
            formula.parse(card["composition"]),
            card.get("structure", ""),
            tuple(float(T) + CELSIUS_ZERO for T in card["T_C"]),
            card["source"],
        )
        for card in tomllib.loads(text)["fact"]
    )


def _phase(fact: Fact, database: Database) -> tuple[Solid, tuple[solutions.Solution, NDArray[np.float64]] | None]:
    if fact.structure:
        host = solutions.host_of(fact.composition, fact.structure, database)
        if host is None:
            raise DataError(f"stability.toml: no {fact.structure} solution holds {dict(fact.composition)}")
        return host[0].solid(host[1], database), host
    for solid in database.solids.values():
        if formula.name(solid.amounts) == formula.name(fact.composition):
            return solid, None
    raise DataError(f"stability.toml: {dict(fact.composition)} is no phase of the database")


def _expand(solid: Solid, weight: float, row: dict[str, float]) -> None:
    """Add ``weight`` moles of a solid to a row of the constraint matrix, solutions resolved into end members."""
    for phase, amount in solid.parts or ((solid.id, 1.0),):
        row[phase] = row.get(phase, 0.0) + weight * amount


def violations(
    database: Database, known: Sequence[Fact], delta: Mapping[str, float]
) -> list[tuple[dict[str, float], float]]:
    """Decompositions that would gain energy: rows of (moles formed minus moles lost by phase) and the gain [J].

    Per mole of cations of the decomposing phase, with the enthalpies moved by ``delta`` [J/mol of formula units].
    """
    moved = adjusted(database, delta, database.fingerprint)
    gas = atmosphere("O2")
    found = []
    for fact in known:
        target, host = _phase(fact, moved)
        components = closed_components(target.amounts)
        solids = {solid.id: solid for solid in moved.within(components) if solid.cations > 0.0}
        for solid in solutions.pseudo_compounds(frozenset(components), [host] if host else [], moved):
            solids.setdefault(solid.id, solid)
        solids.pop(target.id, None)
        phases = phase_set([*solids.values(), target], components)
        total = phases.composition[-1]
        for T in fact.temperatures:
            omega = phases.grand_potential(T, gas)
            other = minimise(phases.composition[:-1], omega[:-1], total, components)
            gain = float(omega[-1]) - other.energy
            if gain > TOLERANCE:
                row: dict[str, float] = {}
                for position in np.flatnonzero(other.amounts > 1e-9):
                    solid = phases.solids[position]
                    _expand(solid, float(other.amounts[position]) / solid.cations, row)
                _expand(target, -1.0 / target.cations, row)
                found.append((row, gain))
    return found


def assimilate(database: Database, known: Sequence[Fact]) -> dict[str, float]:
    """Enthalpy changes [J/mol of formula units] by phase id, nearest to zero in units of the uncertainties.

    Raises DataError when the facts contradict each other.
    """
    from scipy.optimize import nnls

    delta: dict[str, float] = {}
    cuts: list[tuple[dict[str, float], float]] = []
    for _ in range(MAX_ROUNDS):
        fresh = violations(database, known, delta)
        if not fresh:
            return {phase: change for phase, change in sorted(delta.items()) if abs(change) > 1.0}
        for row, gain in fresh:  # in terms of the original enthalpies
            cuts.append((row, gain + sum(weight * delta.get(phase, 0.0) for phase, weight in row.items())))
        names = sorted({phase for row, _ in cuts for phase in row})
        sd = np.array([uncertainty(database[name]) for name in names])
        A = np.array([[row.get(name, 0.0) for name in names] for row, _ in cuts]) * sd
        b = np.array([bound for _, bound in cuts])
        # min |x|^2 with A x >= b, by its dual as non-negative least squares (Lawson & Hanson 1974, ch. 23)
        scale = float(np.max(np.abs(b)))
        E = np.vstack([A.T, b]) / scale
        solution, misfit = nnls(E, np.append(np.zeros(len(names)), 1.0), maxiter=100 * len(b))
        residual = E @ solution - np.append(np.zeros(len(names)), 1.0)
        if misfit < 1e-8:
            raise DataError("stability.toml: the facts contradict each other within the tables")
        x = -residual[:-1] / residual[-1]
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

    from sinterface.models.database import unadjusted

    base = unadjusted()
    Path(__file__).with_name("data").joinpath("adjustments.csv").write_text(
        to_csv(base, assimilate(base, facts())), encoding="utf-8"
    )
