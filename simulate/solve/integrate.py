"""Drives the compiled march: progress, checkpoints, interrupts, and what is kept of each step.

Knows stores, species and time, no chemistry; the compiled part returns every CHUNK steps.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sinterface.simulate.stepping.march import (
    DONE,
    FORKED,
    FULL,
    Cells,
    Control,
    Model,
    Progress,
    Stretch,
    Track,
    march,
)

Array = NDArray[np.float64]

CHUNK = 32
"""Steps between two returns to Python, some milliseconds apart."""

ERROR = 1e-3
"""Allowed difference between the two solutions of a step, in units of the tolerance [share of the sample].

With 2.5 times as much, steps are up to a quarter fewer (NMC622 1000 °C, NCA 900 °C, LFP 600 °C; NMC111 and NMC811 at
850 °C take as many), and what NMC811 and NCA make moves by 7 and 4 %.
"""

RAMP = 7.5
"""Allowed change of the logarithm of the transformation rate in a step on a ramp, in units of the tolerance."""


NUCLEI = 7.5
"""Allowed number of nuclei of a phase beyond the first on a patch at the end of a step, in units of the tolerance:
how closely the time of the first is known."""


class Outcome(enum.Enum):
    """How an integration ended, with what to do about it."""

    DONE = "reached the end of the schedule"
    STEPS = "step limit reached: take fewer cells, or in Python a larger tolerance or max_steps"
    STALLED = "a time step could not be solved even when made very short: please report this problem"


@dataclass(frozen=True)
class State:
    """Where a run stands: time [s], next step [s], and the arrays of ``march.Cells``, so that it can go on from here.

    amounts, multipliers, lowest (M, V), potentials, held (M, K), lost (K,), first (B,) cations in each block at the
    very beginning, start (V,) amounts then; slope (M, V) and drift (M, K) the rates of the last step [1/s]; grain (1,)
    the radius [m] over which phases of a cell exchange cations; nucleated (R, B) how many nuclei of each block a
    patch has in each row of cells, affinity (M, B) [RT] of each block; ``stores`` names the V variables, ``species``
    the K columns.  ``fresh`` says that nothing has been solved yet.
    """

    time: float
    amounts: Array
    multipliers: Array
    lowest: Array
    potentials: Array
    held: Array
    lost: Array
    first: Array
    start: Array
    slope: Array
    drift: Array
    grain: Array
    nucleated: Array
    affinity: Array
    size: float = 1.0
    fresh: bool = True
    stores: tuple[str, ...] = ()
    species: tuple[str, ...] = ()

    def cells(self) -> Cells:
        """Copies of the arrays for the march, which changes them in place."""
        return Cells(
            n=self.amounts.copy(),
            z=self.multipliers.copy(),
            lowest=self.lowest.copy(),
            u=self.potentials.copy(),
            held=self.held.copy(),
            lost=self.lost.copy(),
            first=self.first,
            slope=self.slope.copy(),
            drift=self.drift.copy(),
            grain=self.grain.copy(),
            nucleated=self.nucleated.copy(),
            affinity=self.affinity.copy(),
        )


@dataclass(frozen=True)
class Trajectory:
    """The accepted steps: times (S,), amounts summed over cells (S, V), what else is watched (S, Q), the last state.

    ``held`` (S, K) is what the sample holds of each species, ``lost`` (S, K) what has left it.  ``moving`` (S, K) and
    ``changing`` (S, B) are what the flow of each species and the transformation of each block have dissipated in the
    step that ends there [RT], never negative (second law).  ``place`` says where a stalled run stood: temperature [K],
    cell and block.
    """

    times: Array
    totals: Array
    watched: Array
    held: Array
    lost: Array
    moving: Array
    changing: Array
    last: State
    outcome: Outcome
    steps: int
    iterations: int
    place: tuple[float, int, int] | None = None


class MarchedSystem(Protocol):
    """What the integrator needs of a system."""

    @property
    def model(self) -> Model:
        """The arrays that do not change."""

    def begin(self) -> Cells:
        """The cells at time zero."""

    def watch(self, amounts: Array) -> Array:
        """What is reported besides totals (S, Q), from amounts (S, M, V)."""


def begin(system: MarchedSystem, stores: tuple[str, ...] = (), species: tuple[str, ...] = ()) -> State:
    """State at time zero; ``stores`` and ``species`` are the names that it keeps."""
    cells = system.begin()
    return State(
        time=0.0,
        amounts=cells.n,
        multipliers=cells.z,
        lowest=cells.lowest,
        potentials=cells.u,
        held=cells.held,
        lost=cells.lost,
        first=cells.first,
        start=cells.n.sum(axis=0),
        slope=cells.slope,
        drift=cells.drift,
        grain=cells.grain,
        nucleated=cells.nucleated,
        affinity=cells.affinity,
        stores=stores,
        species=species,
    )


def control(tolerance: float) -> Control:
    """Limits of a step for a tolerance: the share of what has changed phase that may do so in one step."""
    return Control(tolerance, ERROR * tolerance, RAMP * tolerance, NUCLEI * tolerance)


def integrate(
    system: MarchedSystem,
    state: State,
    stops: Sequence[float],
    *,
    tolerance: float = 0.04,
    max_steps: int = 20_000,
    progress: Callable[[float], None] | None = None,
    past: Trajectory | None = None,
    keep: Callable[[Trajectory], None] | None = None,
    forks: Sequence[float] = (),
    fork: Callable[[Trajectory], None] | None = None,
) -> Trajectory:
    """March from ``state`` to the last of ``stops`` [s], which are times that steps do not cross.

    ``progress`` is called with the time reached; ``past`` is what led to ``state`` and ends up in the result; ``keep``
    is handed the trajectory so far every CHUNK steps.  ``fork`` is handed it before the first step that would be
    shorter if the schedule changed at each of the times ``forks`` [s], which ascend.
    """
    model, limits = system.model, control(tolerance)
    if past is None:
        first = state.amounts[None]
        past = Trajectory(
            times=np.array([state.time]),
            totals=first.sum(axis=1),
            watched=system.watch(first),
            held=state.held.sum(axis=0)[None],
            lost=state.lost[None],
            moving=np.zeros((1, state.held.shape[1])),
            changing=np.zeros((1, len(state.first))),
            last=state,
            outcome=Outcome.DONE,
            steps=0,
            iterations=0,
        )
    M, V = state.amounts.shape
    K, B = state.held.shape[1], len(state.first)
    track = Track(
        np.empty(CHUNK),
        np.empty((CHUNK, M, V)),
        np.empty((CHUNK, K)),
        np.empty((CHUNK, K)),
        np.empty((CHUNK, K)),
        np.empty((CHUNK, B)),
    )
    parts = {key: [getattr(past, key)] for key in ROWS}
    cells = state.cells()
    now = Progress(
        status=FULL,
        time=state.time,
        size=state.size,
        rows=0,
        steps=past.steps,
        iterations=past.iterations,
        fresh=state.fresh,
        temperature=0.0,
        cell=-1,
        block=-1,
    )

    def so_far(outcome: Outcome) -> Trajectory:
        last = replace(
            state, time=now.time, size=now.size, fresh=now.fresh, amounts=cells.n.copy(), multipliers=cells.z.copy(),
            lowest=cells.lowest.copy(), potentials=cells.u.copy(), held=cells.held.copy(), lost=cells.lost.copy(),
            slope=cells.slope.copy(), drift=cells.drift.copy(), grain=cells.grain.copy(),
            nucleated=cells.nucleated.copy(), affinity=cells.affinity.copy(),
        )  # fmt: skip
        place = (now.temperature, now.cell, now.block) if outcome is Outcome.STALLED else None
        return Trajectory(
            **{key: np.concatenate(parts[key]) for key in ROWS}, last=last, outcome=outcome, steps=now.steps,
            iterations=now.iterations, place=place,
        )  # fmt: skip

    ahead = [*forks, np.inf]
    for stop in stops:
        while now.time < stop * (1.0 - 1e-12):
            left = max_steps - now.steps
            if left <= 0:
                return so_far(Outcome.STEPS)
            now = Progress(*march(model, limits, cells, track, now, Stretch(stop, ahead[0], min(CHUNK, left))))
            rows = now.rows
            amounts = track.amounts[:rows]
            for key, values in zip(
                ROWS,
                (track.times, amounts.sum(axis=1), system.watch(amounts), track.held, track.lost, track.moving,
                 track.changing),
                strict=True,
            ):  # fmt: skip
                parts[key].append(np.array(values[:rows]))
            if now.status == FORKED:
                del ahead[0]
                if fork is not None:
                    fork(so_far(Outcome.DONE))
                continue
            if now.status not in (DONE, FULL):
                return so_far(Outcome.STALLED)
            if keep is not None:
                keep(so_far(Outcome.DONE))
            if progress is not None:
                progress(now.time)
    return so_far(Outcome.DONE)


ROWS = ("times", "totals", "watched", "held", "lost", "moving", "changing")
"""What a trajectory has a row of for each step."""
