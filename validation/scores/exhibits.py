"""The reference experiment beside the predictions on record, as the app shows it: nothing is computed."""

from __future__ import annotations

import numpy as np

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.simulate.pages.exhibit import Exhibit
from sinterface.validation.observations.cards_reader import read
from sinterface.validation.observations.detection import limit
from sinterface.validation.observations.evidence import Observation
from sinterface.validation.scores.frozen import frozen_cases, on_record

SOURCE = (
    "Ma et al., J. Mater. Chem. A (2025), doi:10.1039/d5ta03114a, known from a summary: 2 h in O2, garnet that had met "
    "air"
)


def exhibits() -> tuple[Exhibit, ...]:
    """One exhibit for each cathode of the reference experiment.

    A family that is seen by one method and not by another at a temperature was seen.
    """
    predicted, cases = on_record(), frozen_cases()
    observations = [entry for entry in read().observations if entry.source == "ma2025"]
    made = []
    for cathode in dict.fromkeys(entry.cathode for entry in observations):
        mine = [entry for entry in observations if entry.cathode == cathode]
        shares = {case.celsius: predicted[name] for name, case in cases.items() if case.cathode == cathode}
        degrees = tuple(sorted(shares))
        families = tuple(dict.fromkeys(family for entry in mine for family in (*entry.seen, *entry.not_seen)))
        made.append(Exhibit(
            cathode, mine[0].electrolyte, families, degrees,
            share=np.array([[shares[T].get(family, 0.0) for T in degrees] for family in families]),
            limit=np.array([100.0 * min(limit(entry, family).value for entry in mine) for family in families]),
            observed=tuple(tuple(_mark(mine, family, T) for T in degrees) for family in families),
            source=SOURCE,
        ))  # fmt: skip
    return tuple(made)


def _mark(observations: list[Observation], family: str, celsius: float) -> bool | None:
    """Whether a family was seen at a temperature [degrees C]; None where nothing is said of it."""
    here = [entry for entry in observations if abs(entry.temperature - CELSIUS_ZERO - celsius) < 0.5]
    if any(family in entry.seen for entry in here):
        return True
    return False if any(family in entry.not_seen for entry in here) else None
