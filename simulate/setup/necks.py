"""Contacts that grow while a couple is fired under pressure: how much of the surface touches, against time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sinterface.models.rates import sintering
from sinterface.models.rates.parameters import Parameters
from sinterface.simulate.setup.problem import Problem

Array = NDArray[np.float64]

KNOTS = 50
"""Contact is told wherever it has grown by this part of all that it grows."""


@dataclass(frozen=True)
class ContactCourse:
    """Shares of the surface that touch (P,) at times (P,) [s], straight between; one of each where nothing grows.

    ``typical`` is the mean over the firing, weighed by how fast phases transform: what most of the reaction sees.
    """

    times: Array
    shares: Array
    typical: float


def contact(task: Problem, parameters: Parameters) -> ContactCourse:
    """The contact of a couple of particles against time; layers touch everywhere.

    Where nothing is said of pressure it is the calibrated share of a green compact throughout.  Else necks take what
    touches nothing in a green compact, as far as the densification under that pressure (``sintering.flattened``) tells.

    >>> from sinterface.models.rates.parameters import prior
    >>> from sinterface.simulate.setup.problem import problem
    >>> grown = contact(problem("pc-LCO", "LLZTO", "10 °C/min to 900 °C", pressure="50 MPa"), prior())
    >>> bool(grown.shares[0] < 0.1 < 0.3 < grown.shares[-1])
    True
    """
    if task.cathode is None or task.electrolyte is None or task.geometry != "sphere":
        return ContactCourse(np.zeros(1), np.ones(1), 1.0)
    morphology = task.cathode.morphology
    if task.pressure is None and not task.schedule.presses:
        share = parameters.touching(morphology)
        return ContactCourse(np.zeros(1), np.array([share]), share)
    curve = sintering.embedded().best
    times, temperatures, pressures = task.schedule.pressing(task.pressure or 0.0)
    flat = curve.flattened(curve.density(times, temperatures, pressures))
    shares = np.array([parameters.touching(morphology, float(part)) for part in flat])
    spent = parameters.kinetics()(0.5 * (temperatures[1:] + temperatures[:-1])) * np.diff(times)
    typical = float((spent * 0.5 * (shares[1:] + shares[:-1])).sum() / spent.sum())
    step = np.floor(KNOTS * (shares - shares[0]) / max(float(np.ptp(shares)), 1e-12))
    kept = np.flatnonzero((np.diff(step, prepend=-1.0) > 0.0) | (np.diff(step, append=np.inf) > 0.0))
    return ContactCourse(times[kept], shares[kept], typical)
