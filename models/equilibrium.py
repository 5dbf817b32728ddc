"""Equilibrium of a closed set of cations with a gas: minimum of the grand potential, as a linear programme.

    minimise sum_p n_p omega_p   subject to   sum_p n_p N_pk = b_k,  n_p >= 0,   omega_p = G_p - sum_gas n mu

Its dual variables are the chemical potentials; no phase lies below their plane and every phase present lies on it
(van Zeggeren & Storey, The Computation of Chemical Equilibria, 1970).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sinterface.models.errors import InputError, SolveError

TIGHT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
"""HiGHS's own 1e-7 drops phases of which there is little, and with them the slope of a reaction profile."""


@dataclass(frozen=True)
class Equilibrium:
    """amounts (P,) [mol of cations], potentials (K,) [J/mol], driving_force (P,) [J/mol of cations], energy [J].

    ``driving_force`` is omega - N.mu: zero for a phase present, positive for one that would cost energy.
    """

    amounts: NDArray[np.float64]
    potentials: NDArray[np.float64]
    driving_force: NDArray[np.float64]
    energy: float

    def certificate(self, composition: NDArray[np.float64], total: NDArray[np.float64]) -> Mapping[str, float]:
        """Violations of the optimality conditions: balance [mol], plane [J/mol], slackness [J]; all near zero."""
        return {
            "balance": float(np.max(np.abs(self.amounts @ composition - total))),
            "plane": float(max(0.0, -np.min(self.driving_force))),
            "slackness": float(abs(self.amounts @ self.driving_force)),
        }


def minimise(
    composition: NDArray[np.float64], omega: NDArray[np.float64], total: NDArray[np.float64], names: tuple[str, ...]
) -> Equilibrium:
    """Phases that hold ``total`` (K,) [mol] at least grand potential.

    composition (P, K), omega (P,) [J/mol], names (K,) of the components for messages.
    Raises InputError naming a component that no phase holds, SolveError when the programme fails.
    """
    from scipy.optimize import linprog  # on use: 0.4 s

    lacking = [name for k, name in enumerate(names) if total[k] > 0.0 and not np.any(composition[:, k] > 0.0)]
    if lacking:
        raise InputError(f"no phase in the database holds {', '.join(lacking)}: it can not be part of an equilibrium")
    scale = float(np.max(np.abs(omega))) or 1.0
    size = float(np.sum(total)) or 1.0
    answer = linprog(
        omega / scale, A_eq=composition.T, b_eq=total / size, bounds=(0, None), method="highs", options=TIGHT
    )
    if answer.status != 0:
        raise SolveError(
            f"the composition {dict(zip(names, total.tolist(), strict=True))} has no equilibrium: {answer.message}"
        )
    potentials = np.asarray(answer.eqlin.marginals) * scale
    amounts = np.asarray(answer.x) * size
    return Equilibrium(amounts, potentials, omega - composition @ potentials, float(amounts @ omega))
