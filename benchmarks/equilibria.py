"""Local equilibria in sequence: a random system of 10 components and 300 phases, and a firing of LLZTO with NMC811."""

import time

import numba as nb
import numpy as np
from scipy.optimize import linprog
from timing import side_by_side

from sinterface.models.basics.constants import CELSIUS_ZERO, EV_PER_ATOM
from sinterface.models.equilibrium import simplex
from sinterface.models.equilibrium.chemistry import system as chemical_system
from sinterface.models.equilibrium.minimum import minimise, sequence
from sinterface.models.phases.atmosphere import atmosphere
from sinterface.models.phases.database import embedded
from sinterface.models.powders import materials

COMPONENTS, PHASES, STEPS = 10, 300, 2000
ATOMS = 2.2
"""Atoms per mole of cations of an average oxide, to compare energies per atom."""
AGREED = 1e-6 * EV_PER_ATOM * ATOMS
"""A difference from HiGHS of 1e-6 eV/atom, in J per mole of cations."""
COMPARED, ONE_BY_ONE, PRICES = 200, 20, 1000


def system(rng):
    """Oxides and 290 compounds of 2 to 4 of them: composition, enthalpy [J], entropy [J/K] per mole of cations.

    Compounds gain 20 kJ/mol of cations on average, spread by 15 kJ; at 1000 K two in five phases are on the hull.
    """
    table = np.zeros((PHASES, COMPONENTS))
    table[:COMPONENTS] = np.eye(COMPONENTS)
    for row in table[COMPONENTS:]:
        chosen = rng.choice(COMPONENTS, size=rng.integers(2, 5), replace=False)
        row[chosen] = rng.integers(1, 6, size=len(chosen))
    composition = table / table.sum(axis=1, keepdims=True)
    compound = np.count_nonzero(table, axis=1) > 1
    enthalpy = composition @ rng.uniform(-9e5, -3e5, COMPONENTS) - compound * (2e4 + 1.5e4 * rng.normal(size=PHASES))
    entropy = composition @ rng.uniform(20.0, 60.0, COMPONENTS) + compound * 5.0 * rng.normal(size=PHASES)
    return composition, enthalpy, entropy


def schedules(rng):
    """Composition, and energies (S, P) and totals (S, K) of six kinds of sequence."""
    composition, enthalpy, entropy = system(rng)
    a, b = rng.dirichlet(np.ones(COMPONENTS), size=2)
    T = np.interp(np.linspace(0.0, 1.0, STEPS), [0.0, 0.5, 1.0], [300.0, 1300.0, 300.0])  # up and down, 1 K a step
    firing = enthalpy - T[:, None] * entropy
    held = np.tile(enthalpy - 1000.0 * entropy, (STEPS, 1))
    share = np.linspace(0.0, 1.0, STEPS)[:, None]
    line = (1.0 - share) * a + share * b
    return composition, {
        "temperature": (firing, np.tile(a, (STEPS, 1))),
        "composition": (held, line),
        "both": (firing, line),
        "noise 0.1 kJ/mol": (held + 1e2 * rng.normal(size=held.shape), np.tile(a, (STEPS, 1))),
        "noise 5 kJ/mol": (held + 5e3 * rng.normal(size=held.shape), np.tile(a, (STEPS, 1))),
        "unrelated totals": (held, rng.dirichlet(np.ones(COMPONENTS), size=STEPS)),
    }


def highs(composition, omega, total):
    answer = linprog(omega, A_eq=composition.T, b_eq=total, method="highs")
    assert answer.status == 0, answer.message
    return answer.fun


def energies(answer, omega):
    phases, amounts, _ = answer
    real = phases < omega.shape[1]
    return np.sum(np.where(real, np.take_along_axis(omega, np.where(real, phases, 0), axis=1), 0.0) * amounts, axis=1)


class Kernel:
    """The compiled part of ``sequence`` alone, on arrays made beforehand."""

    def __init__(self, composition, omegas, totals):
        S, K = totals.shape
        self.N, self.omegas = np.ascontiguousarray(composition.T), omegas
        self.totals = totals / totals.sum(axis=1, keepdims=True)
        self.series = simplex.Series(np.empty((S, K), dtype=np.int64), np.empty((S, K)), np.empty((S, K)))
        self.mu, self.d = np.ones(K), np.empty(len(composition))

    def solve(self):
        """Solves all; returns the number of basis changes."""
        return simplex.sequence(self.N, self.omegas, self.totals, self.series)[1]

    def cold(self, chosen):
        """Solves some from nothing."""
        vertex, room = simplex.start(*self.N.shape), simplex.scratch(*self.N.shape)
        for s in chosen:
            simplex.solve(simplex.Programme(self.N, self.omegas[s], self.totals[s]), vertex, room, False)

    def price(self):
        """Prices all phases ``PRICES`` times: what no method that looks at every phase can beat."""
        _price(self.N, self.omegas[0], self.mu, self.d, PRICES)


@nb.njit
def _price(N, omega, mu, d, times):
    for _ in range(times):
        simplex.price(N, omega, mu, d)


def compared(composition, omegas, totals, ours):
    """Largest difference from HiGHS [eV/atom] over some of the equilibria."""
    chosen = np.linspace(0, len(totals) - 1, COMPARED).astype(int)
    difference = max(abs(highs(composition, omegas[s], totals[s]) - ours[s]) for s in chosen)
    assert difference < AGREED, difference
    return float(difference / EV_PER_ATOM / ATOMS)


def timed(composition, omegas, totals, names):
    """One schedule: warm by ``sequence``, cold one by one, HiGHS one by one; and per iteration.

    An iteration is a pricing of all phases: one for every basis change and one that finds nothing to change.
    """
    ours = energies(sequence(composition, omegas, totals, names), omegas)
    some = np.linspace(0, len(totals) - 1, ONE_BY_ONE).astype(int)
    kernel = Kernel(composition, omegas, totals)
    times = side_by_side(
        warm=lambda: sequence(composition, omegas, totals, names),
        kernel=kernel.solve,
        cold=lambda: [minimise(composition, omegas[s], totals[s], names) for s in some],
        cold_kernel=lambda: kernel.cold(some),
        highs=lambda: [highs(composition, omegas[s], totals[s]) for s in some],
        linprog_of_nothing=lambda: highs(np.eye(1), np.ones(1), np.ones(1)),
        price=kernel.price,
    )
    number = {"warm": len(totals), "kernel": len(totals), "linprog_of_nothing": 1, "price": PRICES}
    each = {name: seconds / number.get(name, len(some)) for name, seconds in times.items()}
    pivots = kernel.solve() / len(totals)
    return {
        "equilibria": len(totals),
        "phases": len(composition),
        "components": len(names),
        "largest_difference_eV_per_atom": compared(composition, omegas, totals, ours),
        "microseconds": {name: value * 1e6 for name, value in each.items()},
        "per_second": {name: 1.0 / each[name] for name in ("warm", "cold", "highs")},
        "ratio": each["highs"] / each["warm"],
        "pivots": pivots,
        "iteration_over_price": each["kernel"] / (pivots + 1.0) / each["price"],
        "flops_of_price": 2 * composition.size,
        "GFlop_per_second_of_price": 2 * composition.size / each["price"] * 1e-9,
    }


def run_random():
    composition, kinds = schedules(np.random.default_rng(0))
    names = tuple("ABCDEFGHIJ")
    return {name: timed(composition, *arrays, names) for name, arrays in kinds.items()}


def run_bare():
    """Microseconds per equilibrium of the components alone: what does not depend on the number of phases."""
    totals = np.tile(np.random.default_rng(0).dirichlet(np.ones(COMPONENTS)), (STEPS, 1))
    kernel = Kernel(np.eye(COMPONENTS), -np.ones((STEPS, COMPONENTS)), totals)
    return side_by_side(kernel=kernel.solve)["kernel"] / STEPS * 1e6


def run_firing():
    """LLZTO and NMC811, 1:1 by mass, 25 to 1000 °C at 10 °C/min and down again, one equilibrium per kelvin."""
    cathode, electrolyte = materials.find("pc-NMC811", "cathode"), materials.find("LLZTO", "electrolyte")
    start = time.perf_counter()
    chemical, rows = chemical_system([electrolyte, cathode], embedded())
    phases = chemical.phases
    built = time.perf_counter() - start
    T = np.concatenate([np.arange(25.0, 1000.0), np.arange(1000.0, 24.0, -1.0)]) + CELSIUS_ZERO
    gas = atmosphere("O2")
    start = time.perf_counter()
    omegas = np.array([phases.grand_potential(t, gas) for t in T])
    energy = time.perf_counter() - start
    total = (phases.composition[rows] / phases.molar_mass[rows, None]).sum(axis=0)
    totals = np.tile(total / total.sum(), (len(T), 1))
    timings = timed(phases.composition, omegas, totals, phases.components)
    return timings | {"seconds_to_build_the_system": built, "seconds_for_all_energies": energy}
