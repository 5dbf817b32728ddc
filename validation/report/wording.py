"""Numbers and findings in words: a true minus sign, as many decimals as can be measured, a dash for what is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sinterface.simulate.pages.page import MISSING
from sinterface.validation.report.drawing import HIGHEST, SHOWN
from sinterface.validation.scores.document import Cell, ComparedOnset, ComparedTrend, Curves, Interval, Loss


def fixed(value: float | None, decimals: int) -> str:
    """A number with a fixed count of decimals.

    >>> fixed(-1.25, 1), fixed(-0.01, 1), fixed(None, 1)
    ('−1.2', '0.0', '–')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0.0 else text.replace("-", "−")


def degrees(value: float | None) -> str:
    """A temperature or a difference of two, without its unit."""
    return fixed(value, 0)


def signed(value: float | None) -> str:
    """A change of a temperature, with its sign.

    >>> signed(12.4), signed(-3.0), signed(0.2)
    ('+12', '−3', '0')
    """
    text = degrees(value)
    return text if text in (MISSING, "0") or text.startswith("−") else f"+{text}"


def ratio(value: float | None) -> str:
    """A number between 0 and 1."""
    return fixed(value, 2)


def share(value: float | None) -> str:
    """A share in wt%, to what can be measured.

    >>> share(0.003), share(0.3), share(43.79)
    ('< 0.01', '0.30', '43.8')
    """
    if value is not None and 0.0 < value < 0.005:
        return "< 0.01"
    return fixed(value, 1 if value is not None and value >= 9.95 else 2)


def percent(value: float | None) -> str:
    """A probability.

    >>> percent(0.5), percent(0.999), percent(0.001)
    ('50 %', '> 99 %', '< 1 %')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    text = "> 99" if 0.995 <= value < 1.0 else "< 1" if 0.0 < value < 0.005 else f"{100 * value:.0f}"
    return f"{text} %"


def decimals(sd: float) -> int:
    """Decimals that show two digits of a standard deviation."""
    return max(0, 1 - math.floor(math.log10(sd))) if sd > 0.0 else 2


def plus_minus(mean: float, sd: float, scale: float) -> str:
    """A mean and its standard deviation, rounded to two digits of ``scale``."""
    return f"{fixed(mean, decimals(scale))} ± {fixed(sd, decimals(scale))}"


def span(ends: Sequence[float | None], places: int) -> str:
    """Two ends of a range; a dash where neither is known."""
    return MISSING if all(end is None for end in ends) else " to ".join(fixed(end, places) for end in ends)


def share_with_interval(value: float | None, interval: Interval, after: str = "") -> str:
    """A predicted share, words behind it, and its interval in brackets."""
    ends = "" if interval == (None, None) else f" ({' to '.join(map(share, interval))})"
    return share(value) + after + ends


def bracket(onset: ComparedOnset | None) -> str:
    """The observed bracket of an onset."""
    clean, seen = onset.bracket_C if onset else (None, None)
    if seen is None:
        return MISSING if clean is None else f"none up to {clean:g} °C"
    return f"at or below {seen:g} °C" if clean is None else f"{clean:g} to {seen:g} °C"


def beyond(value: float | None, unit: str = "") -> str:
    """An onset, or that there is none up to the highest temperature tried."""
    return f"none up to {HIGHEST:g}{unit}" if value is None else degrees(value) + unit


def predicted_onset(onset: ComparedOnset | None) -> str:
    """The predicted onset and its interval."""
    if onset is None:
        return MISSING
    ends = "" if onset.interval_C == (None, None) else f" ({' to '.join(map(beyond, onset.interval_C))})"
    return beyond(onset.predicted_C, " °C") + ends


def loss(value: float | None) -> str:
    """Where a mass loss begins."""
    return "none found" if value is None else degrees(value)


def trend(change: ComparedTrend) -> str:
    """What was observed of a family at two temperatures."""
    return f"{change.said} at {degrees(change.to_C)} than at {degrees(change.from_C)} °C"


def lower(text: str) -> str:
    """A phrase as it stands within a sentence; names such as F1 keep their capital."""
    return text if text[1:2].isdigit() else text[:1].lower() + text[1:]


# what is read aloud in place of a figure


def map_label(family: str, cells: Sequence[Cell]) -> str:
    """A phase map of one family in words."""
    told = (
        f"{cell.cathode} {degrees(cell.temperature_C)} °C {cell.observed}, predicted {percent(cell.probability_seen)}"
        for cell in cells
    )
    return f"{family}: " + "; ".join(told)


def curve_label(powder: str, curves: Curves) -> str:
    """Curves of one powder in words: where each family is largest."""
    temperatures = curves.temperature_C
    told = []
    for family, band in curves.families.items():
        known = [(value, T) for value, T in zip(band.value, temperatures, strict=True) if value is not None]
        highest, T = max(known, default=(0.0, 0.0))
        if highest >= SHOWN:
            told.append(f"{family} at most {share(highest)} wt% at {degrees(T)} °C")
    start = f"{powder}, amounts from {degrees(temperatures[0])} to {degrees(temperatures[-1])} °C: "
    return start + ("; ".join(told) or f"no family above {SHOWN:g} wt%")


def losses_label(losses: Sequence[Loss]) -> str:
    """First mass losses in words."""
    return "First mass loss: " + "; ".join(
        f"{entry.couple} observed at {degrees(entry.observed_C)} °C, predicted {loss(entry.predicted_C)}"
        for entry in losses
    )
