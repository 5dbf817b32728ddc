"""Solutions for the equilibrium: the composition of a solution that lies lowest against given potentials.

A solution at end-member fractions x has, per formula unit, the driving force

    phi(x) = sum_e x_e c_e + sum_{e<f} W_ef x_e x_f - T S_mix(x),    c_e = omega_e - N_e.mu.

Its minimum over the simplex is found by x_e <- x_e exp(-eta dphi/dx_e) / norm.  The step eta = 1/(m R T + E max|W|)
needs no line search: mixing entropy on m sites is smooth relative to that of the fractions, because site fractions
are a linear image of them (Bauschke, Bolte & Teboulle, Math. Oper. Res. 42, 330 (2017)).  With one end member per
species it is exact at the first step.  Where end members share species, some directions have little entropy or none
and it creeps; without interactions phi is convex, and a primal-dual interior-point method (Wright, Primal-Dual
Interior-Point Methods, 1997) takes over.  The Frank-Wolfe gap bounds what is left to gain.  With interactions it
bounds nothing globally; several starts are made, and the lowest minimum found is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.basics.errors import DataError
from sinterface.models.phases import substance
from sinterface.models.phases.database import Database
from sinterface.models.phases.solutions import Solution

Array = NDArray[np.float64]

GAP = 0.05
"""Gain left when the search for the lowest composition stops [J per mole of formula units]."""

LONGEST = 400
"""Iterations of the first method at most."""

MOST_NEWTON = 100
"""Iterations of the interior-point method at most; it takes 3 to 15."""


@dataclass(frozen=True)
class Mixture:
    """A solution restricted to E end members that the components (K) can form; per mole of its formula units.

    members (E,) positions in the solution; phase (E,) their rows in the phase set and moles (E,) how many moles of
    cations of that row a formula unit is; composition (E, K), cations (E,); occupancy (E, Y) moles of each species on
    each sublattice, sites (Y,) the sublattice's size; interaction (E, E) W/2 [J/mol], symmetric.
    """

    solution: Solution
    members: NDArray[np.intp]
    phase: NDArray[np.intp]
    moles: Array
    composition: Array
    occupancy: Array
    sites: Array
    interaction: Array

    @property
    def cations(self) -> Array:
        """Moles of components per formula unit (E,)."""
        return self.moles

    def gibbs_of_mixing(self, x: Array, temperature: float) -> Array:
        """G(x) - sum_e x_e G_e (S,) [J per mole of formula units] at fractions x (S, E)."""
        n = x @ self.occupancy
        own = np.sum(_xlogx(self.occupancy, self.sites), axis=1)
        RT = GAS_CONSTANT * temperature
        mixing = RT * (np.sum(_xlogx(n, self.sites), axis=-1) - x @ own)
        return np.asarray(mixing + np.einsum("...i,ij,...j->...", x, self.interaction, x))

    def lowest(self, costs: Array, temperature: float) -> tuple[Array, Array]:
        """Fractions (S, E) that minimise phi, and its values (S,) [J/mol], for c_e in ``costs`` (S, E) [J/mol]."""
        x, value = np.empty_like(costs), np.empty(len(costs))
        own = np.sum(_xlogx(self.occupancy, self.sites), axis=1)
        terms = Terms(self.occupancy, self.sites, own, self.interaction, GAS_CONSTANT * temperature)
        _lowest(costs, terms, x, value)
        return x, value

    def whole(self, x: Array) -> Array:
        """Fractions over all end members of the solution, those left out at zero."""
        full = np.zeros((*x.shape[:-1], len(self.solution.endmembers)))
        full[..., self.members] = x
        return full


def mixture(
    solution: Solution, components: tuple[str, ...], rows: dict[str, int], database: Database
) -> Mixture | None:
    """The part of a solution that the components can form; None with fewer than two end members.

    rows: position in the phase set by phase id.  Raises DataError when end members differ in their number of sites.
    """
    inside = [i for i, member in enumerate(solution.endmembers) if member.phase in rows]
    if len(inside) < 2:
        return None
    chosen = [solution.endmembers[i] for i in inside]
    species = sorted({(site, kind) for member in chosen for site in member.sites for kind in member.sites[site]})
    occupancy = np.array([[member.sites[site].get(kind, 0.0) for site, kind in species] for member in chosen])
    size = {site: sum(chosen[0].sites[site].values()) for site in chosen[0].sites}
    if any(abs(sum(m.sites[site].values()) - size[site]) > 1e-6 * size[site] for m in chosen for site in size):
        raise DataError(f"solution {solution.name!r}: every end member must have as many sites on each sublattice")
    solids = [database[member.phase] for member in chosen]
    moles = [member.moles for member in chosen]
    W = np.zeros((len(solution.endmembers),) * 2)
    for (i, j), value in solution.interactions.items():
        W[i, j] += 0.5 * value
        W[j, i] += 0.5 * value
    return Mixture(
        solution=solution,
        members=np.array(inside),
        phase=np.array([rows[member.phase] for member in chosen]),
        moles=np.array([n * substance.cations(solid.amounts) for n, solid in zip(moles, solids, strict=True)]),
        composition=np.array(
            [[n * s.amounts.get(k, 0.0) for k in components] for n, s in zip(moles, solids, strict=True)]
        ),
        occupancy=occupancy,
        sites=np.array([size[site] for site, _ in species]),
        interaction=W[np.ix_(inside, inside)],
    )


def _xlogx(n: Array, sites: Array) -> Array:
    return np.asarray(n * np.log(np.maximum(n, 1e-300) / sites))


class Terms(NamedTuple):
    """What phi is made of besides the costs, as in ``Mixture``: own (E,) is the end members' disorder [1], RT in J."""

    occupancy: Array
    sites: Array
    own: Array
    W: Array
    RT: float


@nb.njit(cache=True, error_model="numpy")
def _slopes(x: Array, costs: Array, terms: Terms, n: Array, gradient: Array) -> tuple[float, float, float]:
    """Writes the sites' moles n (Y,) and dphi/dx (E,); returns phi, its mean slope and the least."""
    occupancy, sites, own, W, RT = terms
    E, Y = occupancy.shape
    for y in range(Y):
        n[y] = 0.0
        for e in range(E):
            n[y] += x[e] * occupancy[e, y]
    value, mean, least = 0.0, 0.0, np.inf
    for e in range(E):
        attraction, entropy = 0.0, -own[e]
        for f in range(E):
            attraction += W[e, f] * x[f]
        for y in range(Y):
            if occupancy[e, y] > 0.0:
                entropy += occupancy[e, y] * np.log(max(n[y], 1e-300) / sites[y])
        value += x[e] * (costs[e] + attraction + RT * entropy)
        gradient[e] = costs[e] + 2.0 * attraction + RT * entropy
        mean += x[e] * gradient[e]
        least = min(least, gradient[e])
    return value, mean, least


@nb.njit(cache=True, error_model="numpy")
def _solve(M: Array, first: Array, second: Array) -> None:
    """Solves M y = first and M y = second in place by Cholesky; M is overwritten."""
    E = len(M)
    for i in range(E):
        for j in range(i + 1):
            total = M[i, j]
            for k in range(j):
                total -= M[i, k] * M[j, k]
            M[i, j] = np.sqrt(total) if i == j else total / M[j, j]
    for right in (first, second):
        for i in range(E):
            for k in range(i):
                right[i] -= M[i, k] * right[k]
            right[i] /= M[i, i]
        for i in range(E - 1, -1, -1):
            for k in range(i + 1, E):
                right[i] -= M[k, i] * right[k]
            right[i] /= M[i, i]


@nb.njit(cache=True, error_model="numpy")
def _interior(costs: Array, terms: Terms, x: Array) -> float:
    """Minimiser x (E,) of phi without interactions, to the gap; returns phi.

    Newton steps on dphi/dx_e - z_e = nu, x_e z_e = t, with t a tenth of the mean of x_e z_e.
    """
    occupancy, RT = terms.occupancy, terms.RT
    E, Y = occupancy.shape
    n, gradient, z = np.empty(Y), np.empty(E), np.empty(E)
    M, dx, free = np.empty((E, E)), np.empty(E), np.empty(E)
    for e in range(E):
        x[e] = 1.0 / E
    value, mean, least = _slopes(x, costs, terms, n, gradient)
    for e in range(E):
        z[e] = gradient[e] - least + 0.1 * RT
    for _ in range(MOST_NEWTON):
        if mean - least < GAP:
            break
        t = 0.0
        for e in range(E):
            t += 0.1 * x[e] * z[e] / E
        for e in range(E):
            for f in range(E):
                M[e, f] = 0.0
                for y in range(Y):
                    M[e, f] += RT * occupancy[e, y] * occupancy[f, y] / n[y]
            M[e, e] += z[e] / x[e]
            dx[e], free[e] = t / x[e] - gradient[e], 1.0
        _solve(M, dx, free)
        nu = -np.sum(dx) / np.sum(free)
        ahead, dual = 1.0, 1.0
        for e in range(E):
            dx[e] += nu * free[e]
            free[e] = t / x[e] - z[e] - z[e] / x[e] * dx[e]
            if dx[e] < 0.0:
                ahead = min(ahead, -0.99 * x[e] / dx[e])
            if free[e] < 0.0:
                dual = min(dual, -0.99 * z[e] / free[e])
        total = 0.0
        for e in range(E):
            x[e] += ahead * dx[e]
            z[e] += dual * free[e]
            total += x[e]
        for e in range(E):
            x[e] /= total
        value, mean, least = _slopes(x, costs, terms, n, gradient)
    return value


@nb.njit(cache=True, error_model="numpy")
def _lowest(costs: Array, terms: Terms, best: Array, lowest: Array) -> None:
    """For each row of costs (S, E) the minimiser of phi and its value; see the module."""
    S, E = costs.shape
    capacity = np.sum(terms.occupancy[0])
    strongest = np.max(np.abs(terms.W))
    step = 1.0 / (capacity * terms.RT + 2.0 * strongest * E)  # W holds each interaction twice, by halves
    starts = 1 + E if strongest > 0.0 else 1  # with interactions there can be several minima
    x, gradient, n = np.empty(E), np.empty(E), np.empty(len(terms.sites))
    for s in range(S):
        lowest[s] = np.inf
        for start in range(starts):
            for e in range(E):
                x[e] = 1.0 / E if start == 0 else (0.97 if e == start - 1 else 0.03 / (E - 1))
            value, mean, least = _slopes(x, costs[s], terms, n, gradient)
            for _ in range(LONGEST):
                if mean - least < GAP:
                    break
                total = 0.0
                for e in range(E):
                    x[e] *= np.exp(-step * (gradient[e] - least))
                    total += x[e]
                for e in range(E):
                    x[e] /= total
                value, mean, least = _slopes(x, costs[s], terms, n, gradient)
            if mean - least >= GAP and strongest == 0.0:
                value = _interior(costs[s], terms, x)
            if value < lowest[s]:
                lowest[s] = value
                best[s] = x
