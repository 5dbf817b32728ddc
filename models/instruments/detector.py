"""How a sample is looked at, and the least wt% of each family that shows: with X-rays, Raman, or a fixed share."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sinterface.models.basics import formula
from sinterface.models.basics.errors import InputError, shown
from sinterface.models.instruments.detection import detection_limits, family_limits
from sinterface.models.instruments.diffraction import Component, Scan
from sinterface.models.instruments.raman import raman_limits
from sinterface.models.instruments.structures import structures
from sinterface.models.powders.materials import Material

METHODS: Mapping[str, str] = {"xrd": "X-ray diffraction", "raman": "Raman spectroscopy"}
"""What can be asked for beside a fixed share, with its name in messages."""


@dataclass(frozen=True)
class Detector:
    """How products are looked for.

    ``method`` is a key of METHODS, or empty for the fixed share ``wt_percent``, which a method leaves at 0; ``scan`` is
    that of the X-rays.
    The default is a laboratory scan as the reference's: 10 to 80 degrees, 3 degrees/min, steps of 0.01 degrees.

    Example::

        Detector.fixed(0.3)
    """

    method: str = "xrd"
    wt_percent: float = 0.0
    scan: Scan = field(default_factory=Scan)

    def __post_init__(self) -> None:
        """Raise InputError for an unknown method or a share without meaning."""
        if self.method and self.method not in METHODS:
            raise InputError(f"detection {shown(self.method)}: choose {', '.join(METHODS)} or a share in wt%")
        if not self.method and not 0.0 < self.wt_percent <= 100.0:
            raise InputError(f"detection limit {self.wt_percent:g} wt%: must lie between 0 and 100")

    @classmethod
    def fixed(cls, wt_percent: float) -> Detector:
        """One that shows every family from this share [wt%] on.  Raises InputError outside of 0 to 100."""
        return cls("", wt_percent)

    @classmethod
    def read(cls, text: str) -> Detector:
        """One from what users write, ``xrd``, ``raman`` or a share in wt%, or from a ``name``.

        Raises InputError naming the choices.

        >>> Detector.read("0.3").name, Detector.read("X-ray diffraction").method
        ('0.3 wt%', 'xrd')
        """
        word = {name: method for method, name in METHODS.items()}.get(text, text.strip().casefold())
        if word in METHODS:
            return cls(word)
        try:
            share = float(word.removesuffix("%").removesuffix("wt"))
        except ValueError:
            raise InputError(f"detection {shown(text)}: choose {', '.join(METHODS)} or a share in wt%") from None
        return cls.fixed(share)

    @property
    def name(self) -> str:
        """In a few words, for messages: ``X-ray diffraction``, ``1 wt%``."""
        return METHODS[self.method] if self.method else f"{self.wt_percent:g} wt%"

    def of_sample(self, sample: Sequence[Component]) -> dict[str, float]:
        """Least wt% that shows of each family of products in a sample; infinite for a family without visible lines.

        Example::

            Detector().of_sample(sample_of(result.dataset))["LaMO3"]  # about 0.7 with NMC811
        """
        families = dict.fromkeys(part.family for part in sample if part.role == "secondary")
        if self.method != "xrd":
            return {family: self._alike(family) for family in families}
        limits = family_limits(sample, self.scan)
        return {family: _shown(limits.get(family, math.nan)) for family in families}

    def of_couple(
        self, cathode: Material, electrolyte: Material, mass_ratio: float, families: Iterable[str]
    ) -> dict[str, float]:
        """The same before anything is fired: of each family in the mixture as weighed in, cathode to electrolyte.

        Of a family the phases of the table that the elements of the two powders can make are taken, and the median of
        their limits; infinite where there is none.
        """
        wanted = tuple(dict.fromkeys(families))
        if self.method != "xrd":
            return {family: self._alike(family) for family in wanted}
        share = 100.0 * mass_ratio / (1.0 + mass_ratio)
        starting = [
            Component(cathode.formula, cathode.structure, share, "cathode"),
            Component(electrolyte.formula, electrolyte.structure, 100.0 - share, "electrolyte"),
        ]
        held = {*cathode.composition, *electrolyte.composition, "O", "C", "H"}
        sought = {
            crystal.phases[0] if crystal.phases else crystal.formula: crystal.family
            for crystal in structures()
            if crystal.family in wanted and set(formula.parse(crystal.formula)) <= held
        }
        limits = detection_limits(starting, self.scan, sought=sought.items())
        return {
            family: statistics.median(
                [_shown(limit.wt_percent) for limit in limits.values() if limit.family == family] or [math.inf]
            )
            for family in wanted
        }

    def _alike(self, family: str) -> float:
        return raman_limits()[family].wt_percent if self.method else self.wt_percent


def _shown(limit: float) -> float:
    return float(limit) if math.isfinite(limit) else math.inf  # of a table: numpy's own numbers are no JSON
