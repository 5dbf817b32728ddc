"""How little of a phase a diffractogram shows: limits by phase, in the mixture and with the scan at hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sinterface.models.instruments.diffraction import Component, Pattern, Scan, lines_of, pattern, unit_pattern, widths

SIGMA = 3.0
"""Standard deviations of the noise by which a line must stand out."""

HOSTS = ("cathode", "electrolyte", "additive")
"""Roles of the starting materials, whose lines hide others."""

FEWEST = 1.0
"""Counts of the noise at least, so that a scan too short to count anything detects nothing."""


@dataclass(frozen=True)
class Limit:
    """What a scan shows of one phase.

    ``wt_percent`` is the least share whose line stands SIGMA standard deviations of one point's noise above what
    surrounds it, as one sees it in a plotted scan; ``integrated_wt_percent`` the least share when all counts within the
    line's full width are added up, as a fit of the profile does.  Both are nan when the phase has no structure or all
    its lines are hidden.  ``angle`` [degrees] and ``hkl`` are of the line that shows it, ``hidden`` the angles of
    stronger lines of it that the starting materials hide.
    """

    phase: str
    family: str
    wt_percent: float
    integrated_wt_percent: float
    angle: float
    hkl: tuple[int, ...]
    hidden: tuple[float, ...]


def detection_limits(
    mixture: Sequence[Component], scan: Scan | None = None, *, sought: Iterable[tuple[str, str]] | None = None
) -> dict[str, Limit]:
    """Least wt% of each phase that a scan of this mixture shows, by name of the phase.

    ``sought`` are phases and their families, all that are not starting materials when it is left out; they need not be
    in the mixture.  A line is hidden where the starting materials count more than the background does, half a width of
    the line to either side included.  Of the lines left that is taken which shows least of the phase.  Noise is that
    of counting, sqrt(N), of all that lies under the line: background, all other phases, the line itself.  Not
    counted: lines that another product hides, texture, and doubts whether a bump is a line.

    The limit goes with 1/sqrt(counts): with three times the count rate that ``Scan`` assumes it is 0.6 times as large.
    Without starting materials nothing is hidden.  Raises InputError when no phase of the mixture has a structure.

    Example::

        mixture = [Component("LiCoO2", "layered", 50.0, "cathode"),
                   Component("Li6.4La3Zr1.4Ta0.6O12", "garnet", 50.0, "electrolyte")]
        detection_limits(mixture, sought=[("La2Zr2O7", "La2Zr2O7")])["La2Zr2O7"].wt_percent  # about 0.2
    """
    scan = scan or Scan()
    whole = pattern(mixture, scan, seed=None)
    if sought is None:
        sought = [(component.phase, component.family) for component in mixture if component.role not in HOSTS]
    return {phase: _limit(phase, family, whole) for phase, family in sought}


def family_limits(mixture: Sequence[Component], scan: Scan | None = None) -> dict[str, float]:
    """Least wt% of each family of products that a scan of this mixture shows; nan where none of its phases has lines.

    A family of several phases is seen when their shares over their limits add up to one, so that its limit is the mean
    of theirs, harmonic and weighted by share.  A family that is not there takes the least limit of its phases.  Where
    no phase of the mixture has a structure, as with names that the program does not know, all are nan.

    Example::

        family_limits(sample_of(result.dataset))["LaMO3"]  # about 0.7 with NMC811
    """
    if not any(part.wt_percent > 0.0 and lines_of(part.phase, part.family) for part in mixture):  # there is no pattern
        return {part.family: math.nan for part in mixture if part.role not in HOSTS}
    limits = detection_limits(mixture, scan)
    by_family: dict[str, float] = {}
    for family in dict.fromkeys(limit.family for limit in limits.values()):
        parts = [part for part in mixture if part.family == family and part.phase in limits]
        visible = [part for part in parts if math.isfinite(limits[part.phase].wt_percent)]
        total = sum(part.wt_percent for part in parts)
        seen = sum(part.wt_percent / limits[part.phase].wt_percent for part in visible)
        least = min((limits[part.phase].wt_percent for part in visible), default=math.nan)
        by_family[family] = total / seen if seen > 0.0 else least
    return by_family


def _limit(phase: str, family: str, whole: Pattern) -> Limit:
    """The limit of one phase; ``whole`` is the pattern of the mixture without noise."""
    scan = whole.scan
    size = scan.product_crystallite
    shape, lines = unit_pattern(phase, family, scan, size), lines_of(phase, family, scan.lines[0][0])
    nothing = Limit(phase, family, math.nan, math.nan, math.nan, (), ())
    if shape is None or lines is None:
        return nothing
    starting = [c.phase for c in whole.components if c.role in HOSTS and c.phase in whole.by_phase]
    hosts = np.sum([whole.by_phase[name] for name in starting], axis=0) if starting else np.zeros_like(shape)
    under = whole.expected - whole.by_phase.get(phase, 0.0)
    best, hidden = nothing, []
    positions = lines.angles(scan.lines[0][0])
    for line in np.argsort(-lines.intensity):
        angle = float(positions[line])
        if not scan.start < angle < scan.stop:
            continue
        width = float(widths(np.array([angle]), scan.lines[0][0], scan, size)[0][0])
        centre = round((angle - scan.start) / scan.step)
        reach = max(round(0.5 * width / scan.step), 1)
        window = slice(max(centre - reach, 0), min(centre + reach + 1, len(shape)))
        if hosts[window].max() > whole.background[centre]:
            hidden.append(angle)
            continue
        share = _least(whole.scale * shape[centre], under[centre])
        summed = _least(whole.scale * shape[window].sum(), under[window].sum())
        if not share >= best.wt_percent:  # also where there is none yet
            stronger = tuple(sorted(hidden))
            best = Limit(phase, family, share, summed, angle, lines.hkl[line], stronger)
    return best if best.hkl else replace(nothing, hidden=tuple(sorted(hidden)))


def _least(signal: float, under: float) -> float:
    """Share [wt%] at which ``signal`` counts per wt% are SIGMA times the noise of themselves and what is ``under``
    them."""
    if signal <= 0.0:
        return math.inf
    counts = 0.5 * (SIGMA**2 + math.sqrt(SIGMA**4 + 4.0 * SIGMA**2 * max(under, FEWEST)))
    return counts / signal
