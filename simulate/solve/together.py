"""Integrates runs that begin alike: what their schedules share is marched once, the rest of each alone.

The temperatures of a sweep share their ramp, holds of several lengths all before they end.  A run leaves its
leader before the first step that its own schedule would make shorter, and goes on from that state: to the last bit it
comes to what it comes to alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sinterface.simulate.solve.integrate import Trajectory, begin, integrate
from sinterface.simulate.solve.system import System
from sinterface.simulate.stepping.thermal import Thermal

TIMES = ("segments", "begins", "gases")
"""Fields of ``Thermal`` that tell of the schedule alone: others must not differ where runs share anything."""


def parting(first: Thermal, second: Thermal) -> float:
    """Until when [s] two schedules are the same; the end of the shorter where they never part."""
    for k, (a, b) in enumerate(zip(first.segments, second.segments, strict=False)):
        (start, slope, duration, shape), (other_start, other_slope, other_duration, other_shape) = a, b
        if (start, slope, shape, first.gases[k]) != (other_start, other_slope, other_shape, second.gases[k]):
            return float(first.begins[k])
        if duration != other_duration:
            return float(min(first.begins[k + 1], second.begins[k + 1]))
    return float(min(first.begins[-1], second.begins[-1]))


def alike(first: object, second: object) -> bool:
    """Whether two models, tuples of tuples of arrays, differ in nothing but the times of the schedule."""
    if isinstance(first, tuple) and isinstance(second, tuple):
        names = getattr(first, "_fields", range(len(first)))
        parts = zip(names, first, second, strict=True)
        return all(name in TIMES or alike(a, b) for name, a, b in parts)
    a, b = np.asarray(first), np.asarray(second)
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def families(systems: Sequence[System]) -> list[list[int]]:
    """Numbers of systems that differ in nothing but their schedules, together."""
    groups: list[list[int]] = []
    for number, system in enumerate(systems):
        for members in groups:
            first = systems[members[0]]
            if system.parameters == first.parameters and system.blocks is first.blocks:
                same = system.initial.shape == first.initial.shape and np.array_equal(system.initial, first.initial)
                if same and alike(system.model, first.model):
                    members.append(number)
                    break
        else:
            groups.append([number])
    return groups


def integrate_all(
    systems: Sequence[System],
    *,
    tolerance: float,
    max_steps: int,
    progress: Callable[[float], None] | None = None,
) -> list[Trajectory]:
    """The trajectory of each system over its schedule, as ``integrate`` makes it; ``progress`` gets the share done."""
    runs: dict[int, Trajectory] = {}

    def told(number: int, time: float) -> None:
        if progress is not None:
            progress((len(runs) + time / float(systems[number].model.thermal.begins[-1])) / len(systems))

    def follow(members: list[int], past: Trajectory | None) -> None:
        """Run the member that shares most with the others, and then these from where they part."""
        thermal = [systems[number].model.thermal for number in members]
        shared = [[parting(mine, theirs) for theirs in thermal] for mine in thermal]
        first = int(np.argmax(np.sum(shared, axis=1)))
        leader, system = members[first], systems[members[first]]
        parts: dict[float, list[int]] = {}
        for number, until in zip(members, shared[first], strict=True):
            if number != leader:
                parts.setdefault(until, []).append(number)
        put_aside: list[Trajectory] = []
        state = begin(system, system.blocks.phases.ids, system.components) if past is None else past.last
        runs[leader] = integrate(
            system, state, system.model.thermal.begins[1:].tolist(), tolerance=tolerance, max_steps=max_steps,
            past=past, progress=lambda time: told(leader, time), forks=sorted(parts), fork=put_aside.append,
        )  # fmt: skip
        for place, until in enumerate(sorted(parts)):
            # where the leader came to nothing before, the others do so too: alone, to tell of it in their own words
            follow(parts[until], put_aside[place] if place < len(put_aside) else past)

    for members in families(systems):
        follow(members, None)
    return [runs[number] for number in range(len(systems))]
