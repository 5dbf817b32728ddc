"""Contacts that grow while a couple is fired, under pressure or by a melt: how much of the surface touches, by time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sinterface.models.rates import sintering
from sinterface.models.rates.parameters import Parameters
from sinterface.models.rates.wetting import bridged
from sinterface.simulate.setup.problem import Problem

Array = NDArray[np.float64]

KNOTS = 50
"""Contact is told wherever it has grown by this part of all that it grows."""


@dataclass(frozen=True)
class Liquid:
    """What is liquid from ``melting`` [K] on: the phase ``name``, ``volume`` [m^3] of it per m^3 of both powders."""

    name: str
    melting: float
    volume: float


@dataclass(frozen=True)
class ContactCourse:
    """Shares of the surface that touch (P,) at times (P,) [s], straight between; one of each where nothing grows.

    ``typical`` is the mean over the firing, weighed by how fast phases transform: what most of the reaction sees.
    ``drawn`` are the liquids that went into the necks.
    """

    times: Array
    shares: Array
    typical: float
    drawn: tuple[Liquid, ...] = ()


def contact(task: Problem, parameters: Parameters, liquids: Sequence[Liquid] = ()) -> ContactCourse:
    """The contact of a couple of particles against time; layers touch everywhere.

    Where nothing presses and nothing melts it is the calibrated share of a green compact throughout.  Else necks take
    what touches nothing in a green compact: as far as the densification under that pressure tells
    (``sintering.flattened``), and as far as ``liquids`` that have been hot enough reach (``wetting.bridged``), the
    larger of the two.  A neck stays when its melt freezes.

    >>> from sinterface.models.rates.parameters import prior
    >>> from sinterface.simulate.setup.problem import problem
    >>> grown = contact(problem("pc-LCO", "LLZTO", "10 °C/min to 900 °C", pressure="50 MPa"), prior())
    >>> bool(grown.shares[0] < 0.1 < 0.3 < grown.shares[-1])
    True
    """
    if task.cathode is None or task.electrolyte is None or task.geometry != "sphere":
        return ContactCourse(np.zeros(1), np.ones(1), 1.0)
    morphology = task.cathode.morphology
    drawn = tuple(liquid for liquid in liquids if liquid.melting <= task.schedule.peak)
    pressed = task.pressure is not None or task.schedule.presses
    if not pressed and not drawn:
        share = parameters.touching(morphology)
        return ContactCourse(np.zeros(1), np.array([share]), share)
    curve = sintering.embedded().best
    times, temperatures, pressures = task.schedule.pressing(task.pressure or 0.0)
    flat = curve.flattened(curve.density(times, temperatures, pressures)) if pressed else np.zeros(len(times))
    hottest = np.maximum.accumulate(temperatures)
    melt = sum((liquid.volume * (hottest >= liquid.melting) for liquid in drawn), np.zeros(len(times)))
    flat = np.maximum(flat, bridged(melt, curve.green))
    shares = np.array([parameters.touching(morphology, float(part)) for part in flat])
    spent = parameters.kinetics()(0.5 * (temperatures[1:] + temperatures[:-1])) * np.diff(times)
    typical = float((spent * 0.5 * (shares[1:] + shares[:-1])).sum() / spent.sum())
    step = np.floor(KNOTS * (shares - shares[0]) / max(float(np.ptp(shares)), 1e-12))
    kept = np.flatnonzero((np.diff(step, prepend=-1.0) > 0.0) | (np.diff(step, append=np.inf) > 0.0))
    return ContactCourse(times[kept], shares[kept], typical, drawn)
