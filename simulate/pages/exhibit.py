"""An experiment to be shown beside its predictions: what was seen, what was looked for, what is predicted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Exhibit:
    """A couple that a furnace has met: wt% predicted of families (F,) at hold temperatures [degrees C] (T,).

    ``share`` (F, T) [wt%]; ``limit`` (F,) is the share from which on the method sees a family; ``observed`` are F rows
    of T: True seen, False looked for and not seen, None nothing said.  ``source`` says where the observations are from.
    """

    cathode: str
    electrolyte: str
    families: tuple[str, ...]
    degrees: tuple[float, ...]
    share: NDArray[np.float64]
    limit: NDArray[np.float64]
    observed: tuple[tuple[bool | None, ...], ...]
    source: str

    @property
    def agreement(self) -> tuple[int, int]:
        """How many marks are predicted as they were observed, of how many."""
        marks = [
            bool(self.share[row, column] >= self.limit[row]) == mark
            for row, line in enumerate(self.observed) for column, mark in enumerate(line) if mark is not None
        ]  # fmt: skip
        return sum(marks), len(marks)
