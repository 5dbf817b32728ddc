"""Thermogravimetry of a powder or a couple: one run along a ramp, and beside it the powders that do not meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sinterface.models.instruments.thermogravimetry import LEAST_STEP, WINDOW, MassCurve, together
from sinterface.models.phases.database import Database
from sinterface.models.rates.parameters import Parameters
from sinterface.simulate.setup.problem import Problem
from sinterface.simulate.solve.result import Result
from sinterface.simulate.solve.run import predict


@dataclass(frozen=True)
class Thermogram:
    """``result`` of the run and its mass ``curve``; ``apart`` is the curve of the two powders that do not meet.

    ``apart`` is None where one powder was heated alone.
    """

    result: Result
    curve: MassCurve
    apart: MassCurve | None

    def excess(self, part: str = "") -> NDArray[np.float64] | None:
        """Mass change of the couple less that of its powders apart [%] (points,): what they do to each other.

        ``part`` is one of the curve's parts, ``"O2"``, or empty for all of them.  None for one powder alone.
        """
        if self.apart is None:
            return None
        if part:
            return np.asarray(self.curve.parts[part] - self.apart.parts[part])
        return np.asarray(self.curve.change - self.apart.change)

    def extra_loss_from(self, part: str = "", least: float = LEAST_STEP) -> float | None:
        """Temperature [K] from which the couple has lost ``least`` [%] or more in excess of its powders apart.

        It is the first at which it does so for WINDOW points of the curve, 17 °C of a ramp to 1100 °C; None where none
        is.  ``part`` as of ``excess``.  A pan that holds half as much carbonate gives off its CO2 earlier, so that the
        excess of oxygen says more of the reaction than that of the mass.
        """
        excess = self.excess(part)
        if excess is None:
            return None
        top = int(np.argmax(self.curve.temperature)) + 1
        lasting = np.convolve(excess[:top] <= -least, np.ones(WINDOW), "valid") > WINDOW - 0.5
        return float(self.curve.temperature[int(np.argmax(lasting))]) if lasting.any() else None


def thermogram(
    task: Problem,
    *,
    database: Database | None = None,
    parameters: Parameters | None = None,
    progress: Callable[[float], None] | None = None,
) -> Thermogram:
    """Run a problem, usually a ramp in the open pan of a thermobalance, and its powders apart.

    ``progress`` is called with the share done.  Without a numerical error: the run is made once.  Powders apart are a
    single cell each, whatever their sizes; a coating of the couple keeps its mass where they do not meet.

    Example::

        task = problem("pc-NMC811", "LLZTO", "5 °C/min to 1100 °C", as_received=True, crucible="pan")
        thermogram(task).extra_loss_from()
    """

    def run(part: Problem) -> Result:
        return predict(part, database=database, parameters=parameters, estimate_error=False)

    result = predict(task, database=database, parameters=parameters, estimate_error=False, progress=progress)
    curve = result.mass()
    if task.cathode is None or task.electrolyte is None or not result.finished:
        return Thermogram(result, curve, None)
    lone = replace(task, coatings=(), cathode_sizes=None, electrolyte_sizes=None)
    cathode = run(replace(lone, electrolyte=None, exposure=None, additives=()))
    electrolyte = run(replace(lone, cathode=None, residue=None))
    if not (cathode.finished and electrolyte.finished):
        return Thermogram(result, curve, None)
    share, powder = task.mass_ratio / (1.0 + task.mass_ratio), 1.0 - _coating_share(result)
    apart = together([(cathode.mass(), powder * share), (electrolyte.mass(), powder * (1.0 - share))])
    return Thermogram(result, curve, apart)


def _coating_share(result: Result) -> float:
    """Share of the sample's mass that was put in as coatings."""
    data = result.dataset
    return 0.01 * float(data["wt_percent"].isel(time=0).values[data["role"].values == "coating"].sum())
