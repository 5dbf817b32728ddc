"""Solution phases: end members mixing on sublattices; one composition of them is a pseudo-compound.

    G(x) = sum_e x_e G_e + sum_{e<f} W_ef x_e x_f - T S_mix,
    S_mix = -R sum_s m_s [ sum_i y_si ln y_si - sum_e x_e sum_i y_si^e ln y_si^e ],   y_s = sum_e x_e y_s^e

Random mixing on each sublattice s (m_s sites), relative to the end members, which keep the order they are tabulated
with (Sundman & Agren, J. Phys. Chem. Solids 42, 297 (1981); pseudo-compounds: Connolly, Am. J. Sci. 290, 666 (1990)).
S_mix is zero at every end member and never negative.  Charge balance holds because each end member is neutral.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics import formula
from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.basics.errors import DataError
from sinterface.models.phases import substance
from sinterface.models.phases.database import Database
from sinterface.models.phases.gases import gas
from sinterface.models.phases.gibbs import NO_HEAT_CAPACITY

MATCH_TOLERANCE = 5e-3
"""Largest sum of misfits in cation fractions for a composition to count as lying within a solution: formulas are
written to two decimals, Li1.2Mn0.54Ni0.13Co0.13O2 is 0.0037 away."""


@dataclass(frozen=True)
class Endmember:
    """``moles`` of the database phase ``phase`` per formula unit of the solution; occupants of each sublattice."""

    phase: str
    moles: float
    sites: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Solution:
    """A solution phase; ``interactions`` are W [J per mole of formula units] by pair of end-member positions."""

    name: str
    structure: str
    family: str
    endmembers: tuple[Endmember, ...]
    interactions: Mapping[tuple[int, int], float]

    def mixing_entropy(self, x: NDArray[np.float64]) -> float:
        """S_mix [J mol^-1 K^-1] at end-member fractions x (n_endmembers,), which sum to one."""
        total = 0.0
        for moles in self._occupants():
            sites = moles.sum(axis=1)
            total += float(x @ sites) * _entropy(x @ moles / float(x @ sites))
        return GAS_CONSTANT * total - float(x @ self.own_disorder())

    def own_disorder(self) -> NDArray[np.float64]:
        """Entropy of mixing within each end member (n_endmembers,) [J mol^-1 K^-1], which S_mix leaves out."""
        total = np.zeros(len(self.endmembers))
        for moles in self._occupants():
            sites = moles.sum(axis=1)
            total += sites * np.array([_entropy(row / n) for row, n in zip(moles, sites, strict=True)])
        return GAS_CONSTANT * total

    def _occupants(self) -> list[NDArray[np.float64]]:
        """For each sublattice, moles of every species there by end member (n_endmembers, n_species)."""
        occupants = []
        for site in self.endmembers[0].sites:
            species = sorted({kind for member in self.endmembers for kind in member.sites[site]})
            occupants.append(
                np.array([[member.sites[site].get(kind, 0.0) for kind in species] for member in self.endmembers])
            )
        return occupants

    def amounts(self, x: NDArray[np.float64], database: Database) -> dict[str, float]:
        """Moles of each element in one formula unit of the solution at fractions x."""
        total: dict[str, float] = {}
        for fraction, member in zip(x, self.endmembers, strict=True):
            for symbol, amount in database[member.phase].amounts.items():
                total[symbol] = total.get(symbol, 0.0) + fraction * member.moles * amount
        return {symbol: amount for symbol, amount in total.items() if amount > 1e-12}

    def nearest(self, amounts: Mapping[str, float], database: Database) -> dict[str, float] | None:
        """Moles of each element in the formula unit whose cations come nearest to ``amounts``, by least squares.

        It is of end members that hold none but these elements; None where they lack any of the cations.

        >>> from sinterface.models.phases.database import embedded as database
        >>> spinel = next(solution for solution in embedded() if solution.structure == "spinel")
        >>> near = spinel.nearest({"Li": 1.05, "Ni": 0.5, "Mn": 1.5, "O": 4.0}, database())
        >>> {symbol: round(float(moles), 2) for symbol, moles in sorted(near.items())}
        {'Li': 1.01, 'Mn': 1.51, 'Ni': 0.48, 'O': 4.0}
        """
        from scipy.optimize import nnls

        ends = [self.amounts(row, database) for row in np.eye(len(self.endmembers))]
        chosen = [number for number, end in enumerate(ends) if not set(end) - set(amounts)]
        cations = sorted(set(amounts) - substance.GAS_ELEMENTS)
        columns = np.array([[ends[number].get(symbol, 0.0) for symbol in cations] for number in chosen]).T
        if not chosen or not columns.any(axis=1).all():
            return None
        x = np.zeros(len(ends))
        x[chosen], _ = nnls(columns, np.array([amounts[symbol] for symbol in cations]))
        return self.amounts(x / x.sum(), database)

    def solid(self, x: NDArray[np.float64], database: Database) -> substance.Solid:
        """The pseudo-compound at fractions x."""
        members = [database[member.phase] for member in self.endmembers]
        weights = [fraction * member.moles for fraction, member in zip(x, self.endmembers, strict=True)]
        amounts = self.amounts(x, database)
        excess = sum(W * x[i] * x[j] for (i, j), W in self.interactions.items())
        cp = NO_HEAT_CAPACITY
        for weight, member in zip(weights, members, strict=True):
            cp = cp + member.cp.scaled(weight)
        return substance.Solid(
            id=f"{self.name}:{formula.name(amounts)}",
            amounts=amounts,
            enthalpy=sum(w * m.enthalpy for w, m in zip(weights, members, strict=True)) + excess,
            enthalpy_sd=float(np.hypot.reduce([w * m.enthalpy_sd for w, m in zip(weights, members, strict=True)])),
            entropy=sum(w * m.entropy for w, m in zip(weights, members, strict=True)) + self.mixing_entropy(x),
            entropy_sd=float(np.hypot.reduce([w * m.entropy_sd for w, m in zip(weights, members, strict=True)])),
            cp=cp,
            structure=self.structure,
            density=float("nan"),
            method="solution",
            sources=tuple(dict.fromkeys(key for w, m in zip(weights, members, strict=True) if w for key in m.sources)),
            family=self.family,
            solution=self.name,
            parts=tuple((member.phase, w) for member, w in zip(self.endmembers, weights, strict=True) if w > 0.0),
        )

    def match(self, amounts: Mapping[str, float], database: Database) -> NDArray[np.float64] | None:
        """End-member fractions whose cations are in the ratio of ``amounts``, or None when there are none.

        Only end members of elements that ``amounts`` names: rounding must not bring in others.

        Where several do, those of least grand potential in 1 bar O2 at 700 degrees C are taken, mixing entropy counted
        and interactions not: nickel and lithium may change places and charges.  Oxygen is left to the solution:
        formulas round it.
        """
        from scipy.optimize import linprog

        held = {symbol for member in self.endmembers for symbol in database[member.phase].amounts}
        symbols = sorted(held - substance.GAS_ELEMENTS)
        if {symbol for symbol, n in amounts.items() if n > 0.0} - substance.GAS_ELEMENTS - held:
            return None  # a dopant is no rounding, however little there is of it
        columns = np.array(
            [[member.moles * database[member.phase].amounts.get(s, 0.0) for s in symbols] for member in self.endmembers]
        ).T
        target = np.array([amounts.get(symbol, 0.0) for symbol in symbols])
        target = target / target.sum()
        foreign = columns[target == 0.0].any(axis=0)
        size = len(self.endmembers)
        solids = [database[m.phase] for m in self.endmembers]
        oxygen = 0.5 * float(gas("O2").gibbs(T_COMPARE))  # at 1 bar
        cost = np.array(
            [
                m.moles * (float(solid.gibbs(T_COMPARE)) - solid.amounts.get("O", 0.0) * oxygen)
                for m, solid in zip(self.endmembers, solids, strict=True)
            ]
        )
        linear = cost + T_COMPARE * self.own_disorder()  # as if every species of a site kept its number
        penalty = 1e4 * float(np.max(np.abs(cost)))  # a misfit of rounded formulas costs most
        slack = np.eye(len(symbols))
        optimum = linprog(
            np.concatenate([linear, np.full(2 * len(symbols), penalty)]),
            A_eq=np.hstack([columns, slack, -slack]), b_eq=target, method="highs",
            bounds=[(0, 0 if other else None) for other in foreign] + 2 * len(symbols) * [(0, None)],
        )  # fmt: skip
        if optimum.status != 0 or float(np.sum(optimum.x[size:])) > MATCH_TOLERANCE:
            return None
        x = self._relaxed(optimum.x[:size], columns, ~foreign, cost)
        x = np.where(x < 1e-9, 0.0, x)
        return np.asarray(x / x.sum(), dtype=float)

    def _relaxed(
        self, x: NDArray[np.float64], columns: NDArray[np.float64], free: NDArray[np.bool_], cost: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The amounts of end members (E,) of least grand potential with the composition that x has.

        columns (C, E) are the compositions of the end members, ``free`` (E,) those allowed, cost (E,) their grand
        potentials [J/mol] at T_COMPARE.  The energy is convex: Newton's method on it and a logarithmic barrier, along
        the directions that keep the composition (Boyd & Vandenberghe, Convex Optimization, 2004, ch. 11).
        """
        from scipy.linalg import null_space

        most = _largest(columns[:, free], x[free])
        able = np.flatnonzero(free)[np.max(most, axis=0) > SMALLEST_AMOUNT]
        ways = null_space(columns[:, able])
        if ways.shape[1] == 0:
            return x
        y = np.mean(most, axis=0)[np.max(most, axis=0) > SMALLEST_AMOUNT]
        y = y + 1e-3 * (np.maximum(x[able], 0.0) - y)
        RT = GAS_CONSTANT * T_COMPARE
        tables = [table[able] for table in self._occupants()]
        own = T_COMPARE * self.own_disorder()[able]

        def energy(y: NDArray[np.float64], barrier: float) -> float:
            value = float(y @ (cost[able] + own)) - barrier * float(np.sum(np.log(y)))
            for table in tables:
                n = y @ table
                kept = n > 0.0
                value += RT * float(np.sum(n[kept] * np.log(n[kept] / n.sum())))
            return value

        for power in range(1, 10):
            barrier = RT * 10.0**-power
            for _ in range(60):
                slope = cost[able] + own - barrier / y
                curvature = np.diag(barrier / y**2)
                for table in tables:
                    n = y @ table
                    used, sites = n > 0.0, table.sum(axis=1)
                    slope = slope + RT * (table[:, used] @ np.log(n[used] / n.sum()))
                    curvature += RT * ((table[:, used] / n[used]) @ table[:, used].T - np.outer(sites, sites) / n.sum())
                gradient = ways.T @ slope
                step = ways @ np.linalg.solve(ways.T @ curvature @ ways, -gradient)
                gain = float(-slope @ step)
                if gain < 1e-3 * barrier:
                    break
                falling = step < 0.0
                length = min(1.0, 0.99 * float(np.min(-y[falling] / step[falling], initial=np.inf)))
                before = energy(y, barrier)
                while length > 1e-12 and energy(y + length * step, barrier) > before - 0.01 * length * gain:
                    length *= 0.5
                y = y + length * step
        relaxed = np.zeros_like(x)
        relaxed[able] = y
        return relaxed if energy(y, 0.0) < energy(np.maximum(x[able], 1e-300), 0.0) - ENOUGH * x.sum() else x


def _largest(columns: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each end member the amounts (E, E) with the composition of x (E,) that hold the most of it."""
    from scipy.optimize import linprog

    corners = []
    for e in range(len(x)):
        reward = np.zeros(len(x))
        reward[e] = -1.0
        answer = linprog(reward, A_eq=columns, b_eq=columns @ x, method="highs")
        corners.append(answer.x if answer.status == 0 else x)
    return np.array(corners)


def _entropy(y: NDArray[np.float64]) -> float:
    positive = y[y > 0.0]
    return -float(np.sum(positive * np.log(positive)))


@lru_cache(maxsize=1)
def embedded() -> tuple[Solution, ...]:
    """The solution models of ``solutions.toml``."""
    text = resources.files("sinterface.models.data").joinpath("solutions.toml").read_text(encoding="utf-8")
    solutions = []
    for card in tomllib.loads(text)["solution"]:
        members = tuple(Endmember(m["phase"], float(m["moles"]), m["sites"]) for m in card["endmember"])
        names = [member.phase for member in members]
        if len({tuple(sorted(member.sites)) for member in members}) != 1:
            raise DataError(f"solution {card['name']!r}: every end member must name the same sublattices")
        interactions = {
            (names.index(w["between"][0]), names.index(w["between"][1])): float(w["W_kJ_mol"]) * 1e3
            for w in card.get("interaction", [])
        }
        solutions.append(Solution(card["name"], card["structure"], card["family"], members, interactions))
    return tuple(solutions)


def host_of(
    amounts: Mapping[str, float], structure: str, database: Database
) -> tuple[Solution, NDArray[np.float64]] | None:
    """The solution of that structure type that holds this composition, and where in it; None when there is none."""
    for solution in embedded():
        if solution.structure == structure:
            x = solution.match(amounts, database)
            if x is None:
                continue
            oxygen, written = solution.amounts(x, database).get("O", 0.0), amounts.get("O", 0.0)
            scale = substance.cations(amounts) / substance.cations(solution.amounts(x, database))
            if abs(oxygen * scale - written) < OXYGEN_TOLERANCE * oxygen * scale:
                return solution, x
    return None


OXYGEN_TOLERANCE = 0.08
"""Relative difference in oxygen that rounding of formulas explains; more means another compound."""

T_COMPARE = 973.15
"""Temperature [K] at which two occupancies of one composition are compared."""

SMALLEST_AMOUNT = 1e-9
"""End members that a composition can hold no more of than this are left out of it [mol per mole of cations]."""

ENOUGH = 1.0
"""Energy [J per mole of formula units] that a change of places must gain; less leaves the end members alone."""
