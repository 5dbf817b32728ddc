"""Capacity of a half-cell against rate, by PyBaMM, with the contact and the active share that sintering leaves.

PyBaMM (extra ``cell``) brings the cathode: the parameter set Xu2019 of a half-cell with LiNi0.5Mn0.3Co0.2O2, whose
sources are in PyBaMM's citations.  Only ratios to the same half-cell with full contact are used.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.constants import physical_constants

from sinterface.models.basics.errors import InputError, SolveError
from sinterface.models.instruments.cell import CellState, Contact, Interphase, cell_state

FARADAY = physical_constants["Faraday constant"][0]
"""Charge of a mole of electrons [C/mol]."""

RATES = (0.05, 0.1, 0.2, 0.5, 1.0)
"""Discharge rates [1/h] of the reference."""

PARAMETERS = "Xu2019"
"""PyBaMM's parameter set of the half-cell."""

DISCHARGED = 0.98
"""Lithium content from which a charge starts: 3.48 V at rest in this set."""

LOWEST_VOLTAGE = 3.0
"""End of discharge [V], as in the reference.  Charges end at the set's 4.2 V: its potential goes no further."""


@dataclass(frozen=True)
class RateCurve:
    """Discharge capacity against rate.

    ``rates`` [1/h] (rates,), ``capacity`` (rates,) relative to that of the same cathode with full contact at the
    slowest rate of RATES.
    """

    rates: NDArray[np.float64]
    capacity: NDArray[np.float64]


def rate_curve(state: CellState | None = None, rates: Sequence[float] = RATES) -> RateCurve:
    """Discharge capacity at each rate [1/h] of a cathode in this state, or with full contact without one.

    The exchange current is scaled with the contact, the active material with the active share; the current is that of
    all the cathode, active or not.  Each discharge follows a charge at the same rate and a rest: how the reference
    charged is not known.  Raises InputError when PyBaMM is not installed or a rate is not positive, SolveError when
    PyBaMM finds no solution.

    Example::

        rate_curve().capacity[0]  # 1.0
    """
    if not rates or any(not (math.isfinite(rate) and 0.0 < rate <= 20.0) for rate in rates):
        raise InputError(f"rates {list(rates)}: give numbers above 0 and at most 20 per hour")
    active, contact = (1.0, 1.0) if state is None else (state.active, state.contact)
    full = _capacity(RATES[0], 1.0, 1.0)
    return RateCurve(np.array(rates), np.array([_capacity(rate, active, contact) / full for rate in rates]))


@dataclass(frozen=True)
class _HalfCell:
    """A simulation with inputs, its nominal capacity [A h], and the capacity of all its active material [A h]."""

    simulation: Any
    nominal: float
    whole: float
    most: float
    """Concentration of lithium when full [mol/m^3]."""

    def run(self, current: float, start: float, active: float, contact: float) -> float:
        """Capacity [A h] that passes at a current [A], from lithium content ``start``, until a voltage limit is met."""
        seconds = np.linspace(0.0, 1.2 * 3600.0 * self.whole / abs(current), 400)
        inputs = {
            "active": active, "contact": contact, "Current function [A]": current,
            "Initial concentration in positive electrode [mol.m-3]": start * self.most,
        }  # fmt: skip
        solution = self.simulation.solve(seconds, inputs=inputs)
        return abs(float(solution["Discharge capacity [A.h]"].entries[-1]))


@lru_cache(maxsize=4096)
def _capacity(rate: float, active: float, contact: float) -> float:
    """Discharge capacity [A h] of the half-cell after a charge at the same rate and a rest."""
    cell = _half_cell()
    current = rate * cell.nominal
    try:
        charged = cell.run(-current, DISCHARGED, active, contact)
        content = DISCHARGED - charged / (cell.whole * active)
        return cell.run(current, content, active, contact)
    except Exception as error:  # whatever PyBaMM's solvers raise
        told = f"rate {rate:g}, active share {active:.3g}, contact {contact:.3g}"
        raise SolveError(f"PyBaMM finds no discharge at {told}: {str(error).splitlines()[0][:120]}") from error


@lru_cache(maxsize=1)
def _half_cell() -> _HalfCell:
    os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")  # else its import asks a question and it sends usage data
    try:
        import pybamm
    except ImportError as error:
        raise InputError("rate curves need PyBaMM: pip install 'sinterface[cell]'") from error
    pybamm.set_logging_level("ERROR")
    values = pybamm.ParameterValues(PARAMETERS)
    active = "Positive electrode active material volume fraction"
    exchange = "Positive electrode exchange-current density [A.m-2]"
    fraction, bare = values[active], values[exchange]
    most = float(values["Maximum concentration in positive electrode [mol.m-3]"])
    volume = math.prod(
        float(values[key])
        for key in ("Positive electrode thickness [m]", "Electrode height [m]", "Electrode width [m]")
    )
    values.update(
        {
            active: fraction * pybamm.InputParameter("active"),
            exchange: lambda *concentrations: pybamm.InputParameter("contact") * bare(*concentrations),
            "Current function [A]": "[input]",
            "Initial concentration in positive electrode [mol.m-3]": "[input]",
            "Lower voltage cut-off [V]": LOWEST_VOLTAGE,
        }
    )
    model = pybamm.lithium_ion.SPM({"working electrode": "positive"})
    simulation = pybamm.Simulation(model, parameter_values=values)
    nominal = float(values["Nominal cell capacity [A.h]"])
    return _HalfCell(simulation, nominal, FARADAY * most * float(fraction) * volume / 3600.0, most)


@dataclass(frozen=True)
class CellObservation:
    """What was measured on one sample: the products on its cathode, and two ratios to the bare cathode where known.

    ``capacity`` is the discharge capacity at ``rate`` [1/h], ``charge_transfer`` the resistance, both relative to the
    bare cathode; nan where not measured.  ``intact`` is the share of the cathode that the reaction left.
    """

    name: str
    products: Interphase
    capacity: float
    charge_transfer: float = math.nan
    intact: float = 1.0
    rate: float = 0.1


@dataclass(frozen=True)
class CellFit:
    """Fitted parameters, and the two ratios of every observation (observations,) that they give."""

    contact: Contact
    capacity: NDArray[np.float64]
    charge_transfer: NDArray[np.float64]


PRIOR = ((0.5, 0.25), (0.5, 0.5))
"""Mean and deviation of ``untouched`` and ``percolation`` before any cell is looked at: estimates that say little."""

ERROR = (0.05, 0.2)
"""Deviations of a measured capacity ratio, and of the logarithm of a resistance ratio: estimates."""


def fit(observations: Sequence[CellObservation]) -> Contact:
    """The two global parameters that come nearest to these cells, with a prior that decides where the cells do not.

    Raises InputError when there is no observation.
    """
    from scipy.optimize import least_squares

    if not observations:
        raise InputError("no cell was measured: give at least one observation")

    def distance(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        predicted = predict(observations, Contact(*parameters.tolist()))
        capacity = (predicted.capacity - np.array([cell.capacity for cell in observations])) / ERROR[0]
        measured = np.log([cell.charge_transfer for cell in observations])
        resistance = (np.log(predicted.charge_transfer) - measured) / ERROR[1]
        prior = [(value - mean) / sd for value, (mean, sd) in zip(parameters, PRIOR, strict=True)]
        return np.nan_to_num(np.concatenate([capacity, resistance, prior]), nan=0.0)

    best = least_squares(distance, [mean for mean, _ in PRIOR], bounds=([0.0, 0.0], [0.99, 5.0]), diff_step=0.02)
    return Contact(*best.x.tolist())


def predict(observations: Sequence[CellObservation], contact: Contact) -> CellFit:
    """What these parameters say of the observed samples."""
    states = [cell_state(cell.products, contact, cell.intact) for cell in observations]
    capacity = [
        _capacity(cell.rate, round(state.active, 4), round(state.contact, 4)) / _capacity(cell.rate, 1.0, 1.0)
        for cell, state in zip(observations, states, strict=True)
    ]
    return CellFit(contact, np.array(capacity), np.array([state.charge_transfer for state in states]))
