"""Gibbs energies of solids of known volume that nobody has measured: the SISSO descriptor.

    G(T) - H = (-2.48e-4 ln V - 8.94e-5 m/V) T + 0.181 ln T - 0.882   [eV/atom]

Bartel et al., Nat. Commun. 9, 4168 (2018), Eq. 4, with V in A^3 per atom and m the reduced mass in amu (Eq. 6), as in
pymatgen's GibbsComputedStructureEntry; its reference is ours, elements at 298.15 K and absolute entropies.  The
descriptor does not vanish at 0 K or obey G = H - T S at 298.15 K, so S298 and Cp here are parameters that give back
G(T) over 300 to 1500 K; only G(T) - H has a meaning.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from sinterface.models.basics import formula
from sinterface.models.basics.constants import EV_PER_ATOM, T_MAX, T_MIN
from sinterface.models.phases.gibbs import NO_HEAT_CAPACITY, HeatCapacity, gibbs

FIT_RANGE = (300.0, 1500.0)
"""Temperatures [K] over which the descriptor is given back."""

CP_RANGE = (10.0, 35.0)
"""Bounds of the fitted Cp per atom [J/mol/K] from T_MIN to T_MAX; Dulong and Petit's value is 24.9."""

GIBBS_SD = 0.050
"""Standard deviation of the descriptor [eV/atom], from its scatter against measurements, up to 1500 K."""

_SD_TEMPERATURE = 1000.0
"""Temperature [K] at which ``entropy_sd`` amounts to GIBBS_SD: inside the furnace range."""


def reduced_mass(amounts: Mapping[str, float]) -> float:
    """Mean reduced mass [amu] over all pairs of elements, weighted by their amounts; two elements at least."""
    total = sum(
        (n + other_n) * m * other_m / (m + other_m)
        for (n, m), (other_n, other_m) in itertools.combinations(
            [(n, formula.atomic_mass(symbol) * 1e3) for symbol, n in amounts.items()], 2
        )
    )
    return total / ((len(amounts) - 1) * sum(amounts.values()))


def descriptor(amounts: Mapping[str, float], volume: float, temperature: float) -> float:
    """G(T) - H [eV/atom] of a compound with ``volume`` [A^3/atom] at temperature [K]."""
    slope = -2.48e-4 * math.log(volume) - 8.94e-5 * reduced_mass(amounts) / volume
    return slope * temperature + 0.181 * math.log(temperature) - 0.882


@lru_cache(maxsize=1)
def _common() -> tuple[float, HeatCapacity]:
    """Entropy [J/mol/K] and Cp per atom that stand for 0.181 ln T - 0.882, the part common to all compounds.

    Smallest largest error, with Cp inside CP_RANGE: plain least squares misses by 4 meV/atom at 300 K and has a Cp
    that turns negative at 1500 K.
    """
    from scipy.optimize import linprog

    T = np.linspace(*FIT_RANGE, 121)
    units = [HeatCapacity(*row) for row in np.eye(3).tolist()]
    columns = np.column_stack([gibbs(0.0, 1.0, NO_HEAT_CAPACITY, T), *(gibbs(0.0, 0.0, unit, T) for unit in units)])
    scale = np.abs(columns).max(axis=0)
    target = (0.181 * np.log(T) - 0.882) * EV_PER_ATOM
    edge = np.linspace(T_MIN, T_MAX, 101)
    heat = np.column_stack([np.zeros_like(edge), *(unit(edge) for unit in units)]) / scale
    columns, ones, zeros = columns / scale, np.ones((len(T), 1)), np.zeros((len(edge), 1))
    low, high = (np.full(len(edge), bound) for bound in CP_RANGE)
    optimum = linprog(
        [0.0, 0.0, 0.0, 0.0, 1.0],
        A_ub=np.vstack(
            [np.hstack(pair) for pair in ((columns, -ones), (-columns, -ones), (-heat, zeros), (heat, zeros))]
        ),
        b_ub=np.concatenate([target, -target, -low, high]),
        bounds=[(None, None)] * 4 + [(0.0, None)],
    )
    entropy, *cp = (optimum.x[:4] / scale).tolist()
    return entropy, HeatCapacity(*cp)


def estimate(amounts: Mapping[str, float], volume: float) -> tuple[float, float, HeatCapacity]:
    """S298, its standard deviation [J/mol/K] and Cp of a formula unit of a compound with ``volume`` [A^3/atom]."""
    atoms = sum(amounts.values())
    entropy, cp = _common()
    slope = 2.48e-4 * math.log(volume) + 8.94e-5 * reduced_mass(amounts) / volume
    sd = GIBBS_SD * EV_PER_ATOM / _SD_TEMPERATURE
    return (entropy + slope * EV_PER_ATOM) * atoms, sd * atoms, cp.scaled(atoms)
