"""Checks of a whole database: what must hold for any set of phases, whatever their chemistry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sinterface.models.evidence import assimilate
from sinterface.models.phases import estimates, solutions
from sinterface.models.phases.database import Database
from sinterface.models.phases.substance import Solid

ENTROPY = (2.0, 37.0)
"""Plausible S298 per atom [J/mol/K]: diamond has 2.4, loosely bound hydrates about 25, BaO 36."""

HEAT_CAPACITY = (10.0, 45.0)
"""Plausible Cp at 500 K per atom [J/mol/K]: Dulong and Petit's 24.9, less for stiff light oxides, more for melts."""

ENTHALPY = (-4.5e5, 5.0e4)
"""Plausible formation enthalpy per atom [J/mol]: ZrO2 has -367, La2O3 -359 kJ."""

UNUSUAL = ("Li2O2", "BaO2", "NbO")
"""Peroxides and a metallic oxide: phases whose formulas no usual charges balance."""

_TEMPERATURES = np.array([350.0, 700.0, 1200.0])


@dataclass(frozen=True)
class Finding:
    """What is wrong with a phase."""

    phase: str
    fault: str


def _solid(solid: Solid) -> Iterator[Finding]:
    atoms = sum(solid.amounts.values())
    cp = float(solid.cp(500.0)) / atoms
    for name, value, (low, high) in (
        ("S298 per atom", solid.entropy / atoms, ENTROPY),
        ("Cp(500 K) per atom", cp, HEAT_CAPACITY),
        ("formation enthalpy per atom", solid.enthalpy / atoms, ENTHALPY),
    ):
        if not low <= value <= high:
            yield Finding(
                solid.id, f"{name} = {value:.4g} J is outside {low:g} to {high:g}: a slip of units or formula?"
            )
    if np.any(solid.cp(_TEMPERATURES) <= 0.0):
        yield Finding(solid.id, "heat capacity is not positive between 350 and 1200 K")
    if not (solid.enthalpy_sd > 0.0 and solid.entropy_sd > 0.0):
        yield Finding(solid.id, "enthalpy and entropy need a standard deviation above zero")
    if not solid.sources:
        yield Finding(solid.id, "no source")
    ions = estimates.charges(solid.amounts)
    if ions is None and len(solid.amounts) > 1 and solid.id not in UNUSUAL:
        yield Finding(solid.id, "no assignment of charges balances the formula")
    step = 0.5
    slope = -(solid.gibbs(_TEMPERATURES + step) - solid.gibbs(_TEMPERATURES - step)) / (2.0 * step)
    curve = -(solid.gibbs(_TEMPERATURES + step) - 2.0 * solid.gibbs(_TEMPERATURES) + solid.gibbs(_TEMPERATURES - step))
    heat = _TEMPERATURES * curve / step**2
    if np.any(slope <= 0.0):
        yield Finding(solid.id, "entropy, -dG/dT, is not positive")
    if not np.allclose(heat, solid.cp(_TEMPERATURES), rtol=1e-2):
        yield Finding(solid.id, "T d2G/dT2 does not give back the heat capacity")


def audit(database: Database) -> list[Finding]:
    """All findings: ranges, identities S = -dG/dT and Cp = T dS/dT, charges, sources, and the facts of stability.

    An end member of a solution may have the composition and structure of a phase: it is the same without its order.

    >>> from sinterface.models.phases.database import embedded
    >>> audit(embedded())
    []
    """
    ends = {member.phase for solution in solutions.embedded() for member in solution.endmembers}
    findings = [finding for solid in database.solids.values() for finding in _solid(solid)]
    seen: dict[tuple[tuple[str, float], ...], Solid] = {}
    for solid in database.solids.values():
        total = sum(solid.amounts.values())
        key = (
            *sorted((s, round(n / total, 6)) for s, n in solid.amounts.items()),
            (solid.structure, float(solid.id in ends)),
        )
        if key in seen:
            findings.append(Finding(solid.id, f"same composition and structure as {seen[key].id}"))
        seen[key] = solid
    for row, gain in assimilate.violations(database, assimilate.facts(), {}):
        lost = ", ".join(name for name, moles in row.items() if moles < 0.0)
        findings.append(Finding(lost, f"is known to be stable but decomposes, {gain:.0f} J per mole of cations"))
    return findings
