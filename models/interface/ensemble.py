"""Samples of the phase energies within their uncertainties, and interface reactions over them.

    dG_p(T) = n_p.z_C + e_p - T s_p   then moved, as little as possible, until the known stabilities hold

z_C are errors of the DFT corrections, drawn from their covariance and shared by all phases whose enthalpy is a
corrected DFT energy; e_p and s_p are each phase's own errors of enthalpy and entropy.  A sample that calls unstable
what furnaces have made (``assimilate``) is projected onto the energies that do not: drawing around the tables and
projecting samples a Gaussian truncated by linear constraints approximately ("perturb and MAP": Papandreou & Yuille,
ICCV 2011).  Enthalpies measured against common oxides are taken as independent, for want of their cycles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import EV_PER_ATOM
from sinterface.models.basics.errors import InputError
from sinterface.models.equilibrium import assemblage, column_generation
from sinterface.models.equilibrium.minimum import along
from sinterface.models.evidence import assimilate
from sinterface.models.interface.reactions import Couple
from sinterface.models.phases import corrections
from sinterface.models.phases.atmosphere import Atmosphere
from sinterface.models.phases.database import Database

Array = NDArray[np.float64]

TEACHERS = 10
"""Samples whose own compositions of the solutions are added to those of the nominal energies."""

LEAST = 1e-3
"""Share of the cations from which a family counts as formed [1]."""

MAX_ROUNDS = 60
"""Projections per sample; each adds the decompositions that the last still allows."""


@dataclass(frozen=True)
class Ensemble:
    """Errors of S samples for D phases: enthalpy (S, D) [J/mol of formula units], entropy (S, D) [J/mol/K]."""

    phases: tuple[str, ...]
    enthalpy: Array
    entropy: Array

    def gibbs(self, temperature: float) -> Array:
        """Errors of the Gibbs energies (S, D) [J/mol of formula units] at temperature [K]."""
        return self.enthalpy - temperature * self.entropy


def draw(database: Database, size: int, seed: int = 0, elements: frozenset[str] | None = None) -> Ensemble:
    """``size`` samples for the phases made of ``elements`` and gas (default: all), the known stabilities kept.

    The same seed gives the same numbers on every machine.  Errors of a phase do not depend on which others are drawn,
    nor on their order; what the projection adds to them does, by the facts that more elements bring in.
    Raises InputError unless there is at least one sample.
    """
    if size < 1:
        raise InputError(f"{size} samples of the energies: draw at least one")
    chosen = sorted(database.solids) if elements is None else sorted(s.id for s in database.within(elements))
    free = independent(database, chosen, size, seed)
    relevant = [
        fact for fact in assimilate.facts() if elements is None or set(fact.composition) <= elements | {"O", "C", "H"}
    ]
    return _projected(database, free, relevant)


def independent(database: Database, chosen: Sequence[str], size: int, seed: int) -> Ensemble:
    """Samples before the facts are kept: each phase's own errors, and those that computed phases share."""
    fitted = corrections.load()
    spread = np.linalg.cholesky(fitted.covariance)
    shared = np.random.default_rng([seed, 0]).normal(size=(size, len(fitted.elements))) @ spread.T
    enthalpy, entropy = np.empty((size, len(chosen))), np.empty((size, len(chosen)))
    for column, phase in enumerate(chosen):
        solid = database[phase]
        own = np.random.default_rng([seed, 1, *phase.encode()]).normal(size=(2, size))  # its own, whatever the others
        n = np.array([solid.amounts.get(element, 0.0) for element in fitted.elements])
        common = float(n @ fitted.covariance @ n) if solid.method == "dft" else 0.0
        if common < solid.enthalpy_sd**2:
            enthalpy[:, column] = own[0] * np.sqrt(solid.enthalpy_sd**2 - common)
        else:  # an energy adjusted by hand: its stated uncertainty holds
            enthalpy[:, column], common = own[0] * solid.enthalpy_sd, 0.0
        if common > 0.0:
            enthalpy[:, column] += shared @ n
        enthalpy[:, column] -= database.changes.get(phase, 0.0)  # drawn around the tables, not around their projection
        entropy[:, column] = own[1] * solid.entropy_sd
    return Ensemble(tuple(chosen), enthalpy, entropy)


def _projected(database: Database, free: Ensemble, known: Sequence[assimilate.Fact]) -> Ensemble:
    """The samples moved to the nearest enthalpies, in units of the uncertainties, that keep the facts."""
    sd = np.array([assimilate.uncertainty(database[phase]) for phase in free.phases])
    cases = assimilate.cases(database, known, free.phases)
    move = np.zeros_like(free.enthalpy)
    gathered: list[list[tuple[Array, float]]] = [[] for _ in move]
    open_ = np.arange(len(move))
    for _ in range(MAX_ROUNDS):
        touched = set()
        for case in cases:
            T = np.array(case.temperatures)[None, :, None]
            change = free.enthalpy[open_, None] + move[open_, None] - T * free.entropy[open_, None]
            for s, row, gain in assimilate.cuts(case, change):
                which = int(open_[s])
                gathered[which].append((row * sd, gain - assimilate.ALLOWED + float(row @ move[which])))
                touched.add(which)
        if not touched:
            break
        open_ = np.array(sorted(touched))
        for which in open_.tolist():
            rows, bounds = (np.array(part) for part in zip(*gathered[which], strict=True))
            x = assimilate.nearest(rows, bounds)
            if x is not None:  # entropies drawn against a fact at two temperatures: no enthalpy keeps both
                move[which] = x * sd
    return Ensemble(free.phases, free.enthalpy + move, free.entropy)


@dataclass(frozen=True)
class InterfaceSpread:
    """Interface reactions over S samples of the energies.

    x (S,) and energy (S,) [J/mol of atoms] of the most favourable mixture; at (X,) mixing ratios, profile (S, X)
    [J/mol of cations]; families other than the reactants' own that form at the most favourable mixture, and in which
    share of the samples, probability (F,).
    """

    x: Array
    energy: Array
    at: Array
    profile: Array
    families: tuple[str, ...]
    probability: Array

    @property
    def energy_meV_per_atom(self) -> Array:
        """5, 50 and 95 % quantiles of the strongest reaction energy [meV/atom]."""
        return np.quantile(self.energy, (0.05, 0.5, 0.95)) / EV_PER_ATOM * 1e3


def interface_spread(
    pair: Couple,
    temperature: float,
    atmosphere: Atmosphere,
    ensemble: Ensemble,
    progress: Callable[[float], None] | None = None,
) -> InterfaceSpread:
    """The couple's profile for every sample at temperature [K]; ``progress`` is told the share done.

    Compositions of the solutions are those of the nominal energies and of the first TEACHERS samples, refined together.
    Most further samples would gain a few J/mol from compositions of their own, a few up to 4 meV/atom; probabilities
    move by 0.05 at most (five couples at 500 and 900 degrees C, 200 samples each).
    """
    phases, (a, b) = pair.system.phases, pair.ends
    omega = phases.grand_potential(temperature, atmosphere)
    makeup = pair.system.makeup(pair.system.nothing(), ensemble.phases)
    change = ensemble.gibbs(temperature) @ makeup.T
    pseudo = column_generation.line(pair.system, omega, temperature, a, b).pseudo
    for error in change[:TEACHERS]:
        pseudo = column_generation.line(pair.system, omega + error, temperature, a, b, pseudo).pseudo
    table = pair.system.composition(pseudo)
    at = np.linspace(0.0, 1.0, 101)
    own = {phases.solids[row].family for row in pair.rows}
    best, energy, profiles, seen = [], [], [], []
    for done, error in enumerate(change):
        now = omega + error
        line = along(table, pair.system.energies(now, temperature, pseudo), a, b, pair.system.components)
        gain = line.energy - (1.0 - line.t) * now[pair.rows[0]] - line.t * now[pair.rows[1]]
        per_atom = gain / pair.atoms(line.t)
        strongest = int(np.argmin(per_atom))
        best.append(line.t[strongest])
        energy.append(per_atom[strongest])
        profiles.append(np.interp(at, line.t, gain))
        made = assemblage.families(pair.system, pseudo, line.amounts[strongest], LEAST)
        seen.append(set(made) - own if per_atom[strongest] < -1e-6 * EV_PER_ATOM else set[str]())
        if progress is not None:
            progress((done + 1) / len(change))
    names = sorted(set().union(*seen))
    share = np.array([np.mean([name in formed for formed in seen]) for name in names])
    return InterfaceSpread(np.array(best), np.array(energy), at, np.array(profiles), tuple(names), share)
