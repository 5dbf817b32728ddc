"""Schedules drawn with the mouse: the points of a schedule that can be dragged, and its text after one was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.basics.errors import SinterfaceError
from sinterface.simulate.setup.schedule import Schedule, Segment, duration_text

DEGREES, HOURS = 10.0, 0.1
"""What a dragged point snaps to [degrees C] and [h]."""

SHORTEST_HOURS = 0.1
"""A segment that is dragged lasts at least this [h]."""


def curve(plan: Schedule) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Hours and degrees C along a schedule."""
    seconds, kelvin = plan.sampled(40)
    return seconds / 3600.0, kelvin - CELSIUS_ZERO


def nodes(plan: Schedule) -> list[tuple[float, float]]:
    """Ends [h, degrees C] of the segments that can be dragged: all but those that the furnace cools by itself.

    >>> nodes(Schedule.parse("10 °C/min to 610 °C; hold 2 h; cool naturally"))[1]
    (2.975, 610.0)
    """
    return [
        (float(end) / 3600.0, segment.end - CELSIUS_ZERO)
        for segment, end in zip(plan.segments, plan.starts[1:], strict=True)
        if _linear(segment)
    ]


def _linear(segment: Segment) -> bool:
    """Whether a segment is a ramp or a hold, and no quench."""
    return segment.shape == "linear" and segment.duration >= 0.01 * 3600.0


def dragged(text: str, number: int, hours: float, degrees: float) -> str:
    """The schedule after its node ``number`` was dragged to a place [h, degrees C]; what follows it moves along.

    A hold that is dragged up or down takes the ramp before it along.

    >>> dragged("10 °C/min to 800 °C; hold 2 h; cool naturally", 0, 1.0, 898.0)
    '14.6 °C/min to 900 °C; hold 2 h; cool naturally'
    """
    plan = Schedule.parse(text)
    movable = [k for k, segment in enumerate(plan.segments) if _linear(segment)]
    if not 0 <= number < len(movable):
        return text
    which = movable[number]
    segments = list(plan.segments)
    target = min(max(DEGREES * round(degrees / DEGREES), 30.0), 1600.0) + CELSIUS_ZERO
    begin = plan.starts[which]
    duration = 3600.0 * max(HOURS * round((hours - begin / 3600.0) / HOURS), SHORTEST_HOURS)
    held = segments[which].start == segments[which].end
    segments[which] = Segment(
        target if held and which else segments[which].start, target, duration, gas=segments[which].gas
    )
    if held and which:
        before = segments[which - 1]
        segments[which - 1] = Segment(before.start, target, before.duration, before.shape, before.gas)
    for k in range(which + 1, len(segments)):
        follower = segments[k]
        was_hold = follower.start == follower.end
        start = segments[k - 1].end
        segments[k] = Segment(
            start, start if was_hold else follower.end, follower.duration, follower.shape, follower.gas
        )
        if not was_hold:
            break
    first = segments[0].start - CELSIUS_ZERO
    steps = [] if abs(first - 25.0) < 0.01 else [f"from {first:g} °C"]
    return "; ".join([*steps, *(_step(segment) for segment in segments)])


def _step(segment: Segment) -> str:
    gas = "" if segment.gas is None else f" in {segment.gas.name}"
    if segment.shape == "newton":
        return f"cool naturally{gas}"
    if segment.start == segment.end:
        return f"hold {duration_text(segment.duration, digits=4)}{gas}"
    if not _linear(segment) and segment.end < segment.start:
        return f"quench{gas}"
    rate = abs(segment.end - segment.start) / (segment.duration / 60.0)
    return f"{rate:.3g} °C/min to {segment.end - CELSIUS_ZERO:g} °C{gas}"


def after_drag(text: str, moved: Mapping[str, Any] | None) -> str:
    """The schedule after what a chart tells of a drag, ``{"shapes[1].xanchor": 3.2, ...}``; as it was for all else."""
    if not moved:
        return text
    for key in moved:
        if key.startswith("shapes[") and key.endswith("].xanchor"):
            place = key[7 : key.index("]")]
            x, y = moved[key], moved.get(f"shapes[{place}].yanchor")
            try:
                number = int(place)
                if isinstance(x, int | float) and isinstance(y, int | float):
                    return dragged(text, number, float(x), float(y))
            except (SinterfaceError, ValueError, OverflowError):
                return text
    return text
