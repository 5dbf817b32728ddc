"""What cards say: observations, onsets and thermogravimetry as frozen records in SI that agree in themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.basics.errors import DataError, SinterfaceError
from sinterface.models.phases.atmosphere import Atmosphere
from sinterface.simulate.setup.schedule import Schedule
from sinterface.validation.observations.fields import Share

SECONDARY = "secondary"
"""Stands in ``amounts`` for all phases but cathode and electrolyte."""


@dataclass(frozen=True)
class Amount:
    """What some families make up together of the cooled sample; ``families`` may be SECONDARY alone."""

    families: tuple[str, ...]
    share: Share

    def __post_init__(self) -> None:
        if not self.families or (SECONDARY in self.families and len(self.families) > 1):
            raise DataError(f"families must name families of phases, or {SECONDARY!r} alone")


@dataclass(frozen=True)
class Trend:
    """A family compared with its amount after the same treatment at another ``temperature`` [K]."""

    family: str
    temperature: float


@dataclass(frozen=True, kw_only=True)
class CardEntry:
    """What every table says of itself.  ``known``: read in the source, quoted by another text (secondary), or recalled.

    ``assumed`` names the keys whose values the source, as far as it is known here, does not give.  ``skip`` is empty,
    or says why the program can not yet be held against the table.
    """

    id: str
    role: str
    source: str
    known: str
    confidence: str
    assumed: tuple[str, ...]
    how_read: str
    skip: str = ""

    def __post_init__(self) -> None:
        if self.known == "recalled" and not (self.role == "test" and self.confidence):
            raise DataError(
                "recalled: needs confidence = high, medium or low, and role = 'test' as it may not be fitted"
            )


@dataclass(frozen=True)
class Weight:
    """How much of an observation counts, above 0 and up to 1, and why it is less than one."""

    value: float
    why: str


@dataclass(frozen=True, kw_only=True)
class Experiment(CardEntry):
    """A couple or a single material, as ``materials.find`` takes them, and its treatment.

    ``cathode`` or ``electrolyte`` is empty where a material was heated alone.  ``mass_ratio`` is kg of cathode per kg
    of electrolyte, None where it is not needed.  ``contact`` is powders, or film for a thin film of the cathode on a
    dense electrolyte, which can do without mass ratio.  ``as_received`` tells whether the material had met air and was
    not restored, None if not known.  ``detection_limit`` is the card's own, the same for every family; None leaves it
    to the method and the family (``detection.limit``).  ``crucible`` is one of ``furnace.CRUCIBLES``.  ``limits`` are
    those by family that a user's ``--detect`` puts in the place of the method's, None without.  ``coating`` and
    ``sizes`` are texts as ``problem`` takes them, ``pressure`` [Pa] what pressed the sample while it was fired.
    """

    cathode: str
    electrolyte: str
    mass_ratio: float | None
    contact: str
    ramp: str
    hold: str
    cooling: str
    atmosphere: Atmosphere
    as_received: bool | None
    crucible: str
    powder: str
    method: tuple[str, ...]
    detection_limit: Share | None
    weight: Weight
    limits: Mapping[str, Share] | None = field(default=None, repr=False)
    coating: str = ""
    sizes: str = ""
    pressure: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.cathode and not self.electrolyte:
            raise DataError("cathode and electrolyte are both 'none': name the material that was heated")
        if not self.alone and self.contact == "powders" and self.mass_ratio is None:
            raise DataError("mass_ratio is needed for mixed powders; only contact = 'film' can do without")
        if self.alone and (self.contact != "powders" or self.mass_ratio is not None):
            raise DataError(f"{self.alone} was heated alone: leave out mass_ratio and contact")
        if self.mass_ratio is not None and not 1e-3 <= self.mass_ratio <= 1e3:
            raise DataError(f"mass_ratio {self.mass_ratio:g} must lie between 1:1000 and 1000:1")
        try:
            self.schedule(1000.0)
        except SinterfaceError as error:
            raise DataError(f"cooling: {error}") from error

    @property
    def alone(self) -> str:
        """The material that was heated by itself, or nothing for a couple."""
        return "" if self.cathode and self.electrolyte else self.cathode or self.electrolyte

    def schedule(self, temperature: float) -> Schedule:
        """The heating schedule with its hold at ``temperature`` [K]."""
        return Schedule.parse(f"{self.ramp} to {temperature:.10g} K; hold {self.hold}; {self.cooling}")


@dataclass(frozen=True, kw_only=True)
class Observation(Experiment):
    """Families seen, and looked for in vain, after a hold at ``temperature`` [K]; nothing is reported of all others.

    ``between`` bounds a temperature [K] that is not exactly known.  Reactants that are ``gone`` are below the detection
    limit.
    """

    temperature: float
    between: tuple[float, float] | None
    seen: tuple[str, ...]
    not_seen: tuple[str, ...]
    gone: tuple[str, ...]
    weaker_than: tuple[Trend, ...]
    stronger_than: tuple[Trend, ...]
    amounts: tuple[Amount, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if both := set(self.seen) & set(self.not_seen):
            raise DataError(f"{', '.join(sorted(both))}: both seen and not_seen, keep one")
        if not (self.seen or self.not_seen or self.gone or self.amounts):
            raise DataError("says nothing: give seen, not_seen, gone or amounts")
        if self.between and not self.between[0] <= self.temperature <= self.between[1]:
            raise DataError("temperature lies outside between: widen the bounds")
        if self.known == "recalled" and not self.between:
            raise DataError("recalled: needs between = [lower, upper] temperature, as wide as the memory is vague")


@dataclass(frozen=True, kw_only=True)
class Onset(Experiment):
    """The first secondary phase appears above ``clean_at`` and not above ``seen_at`` [K]; None where not reported."""

    seen_at: float | None
    clean_at: float | None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.seen_at is None and self.clean_at is None:
            raise DataError("says nothing: give seen_at, clean_at or both")
        if self.known == "recalled" and None in (self.seen_at, self.clean_at):
            raise DataError("recalled: needs both seen_at and clean_at, as far apart as the memory is vague")
        if self.seen_at is not None and self.clean_at is not None and self.clean_at >= self.seen_at:
            clean, seen = (T - CELSIUS_ZERO for T in (self.clean_at, self.seen_at))
            raise DataError(
                f"clean_at {clean:g} °C must lie below seen_at {seen:g} °C: it is the highest temperature without, "
                "seen_at the lowest with a secondary phase"
            )


@dataclass(frozen=True, kw_only=True)
class Thermogravimetry(CardEntry):
    """Mass loss, heated at ``ramp`` [K/s] to ``end`` [K], of a material or of its mixture with an electrolyte.

    ``loss_from`` [K], within ``between`` [K], is where it starts to lose mass, or a mixture more than those it is
    ``alike_until`` [K] with.  ``steps`` [K] bound each step of the loss.  ``order`` ranks materials, or their mixtures,
    from the most stable on, equals together.  ``as_received`` as in Experiment.
    """

    material: str
    electrolyte: str
    ramp: float
    end: float
    atmosphere: Atmosphere | None
    as_received: bool | None
    loss_from: float | None
    between: tuple[float, float] | None
    alike_until: float | None
    mass_loss: Share | None
    steps: tuple[tuple[float, float], ...]
    order: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss_from is None and self.mass_loss is None and not self.steps and not self.order:
            raise DataError("says nothing: give loss_from, mass_loss, steps or order")
