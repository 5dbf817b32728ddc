"""Drives the stepping kernel through time with an adaptive step.  Knows stores, species and time, no chemistry."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sinterface.simulate.solve import newton_step

Array = NDArray[np.float64]


EXACT = 1e-13
"""How far the balance of a cell may be off [share of what the sample holds of a species]."""

EPSILON = float(np.finfo(float).eps)

MOST = 60
"""Most iterations of Newton's method in a step."""

FIRST_PERCENT = 0.01
"""Share of the sample whose change is resolved as finely as that of all of it [1]: ten times what Raman detects."""

SHORTEST = 1e-6
"""Shortest time step [s]."""


class Outcome(enum.Enum):
    """How an integration ended, with what to do about it."""

    DONE = "reached the end of the schedule"
    STEPS = "step limit reached: raise max_steps, loosen the tolerance or coarsen the mesh"
    STALLED = "a time step could not be solved even when made very short: check the phase data for extreme values"


@dataclass(frozen=True)
class Coefficients:
    """What one step needs: energies g (P,), and integrated over it kappa (P,) and conductances (M-1, K).

    ``leak`` (M, K) is what a cell loses of a species to the surroundings at unit activity exp(u), ``outside`` (M, K)
    what comes in from there; ``nucleation`` (M, P) is the share of the seeds that can grow, ``reach`` (M, P) what
    stores grow from beside it: grains of neighbouring cells.
    """

    g: Array
    kappa: Array
    conductance: Array
    leak: Array | float = 0.0
    outside: Array | float = 0.0
    nucleation: Array | float = 1.0
    reach: Array | float = 0.0


class System(Protocol):
    """The problem as the integrator sees it."""

    @property
    def composition(self) -> Array:
        """Make-up N of each store (P, K)."""

    def seeds(self, held: Array) -> Array:
        """What each store grows from where there is none of it (M, P), in cells that hold that much (M, K)."""

    @property
    def kinds(self) -> NDArray[np.intp]:
        """Kind of each store (P,), 0 upwards: stores of a kind may turn into each other without limiting the step."""

    @property
    def floor(self) -> Array:
        """The small store s of each species at potential zero (M, K)."""

    def coefficients(self, start: float, end: float, amounts: Array, potentials: Array) -> Coefficients:
        """Coefficients of the step from ``start`` to ``end`` [s], with the state at its start."""

    def longest_step(self, start: float) -> float:
        """Longest step [s] that the change of the coefficients allows."""


@dataclass(frozen=True)
class State:
    """Time [s], amounts n (M, P), potentials u (M, K), what each cell holds of each species (M, K), next step [s].

    ``first`` (P,) are the amounts in the sample at the very beginning, ``lost`` (K,) what has left it since then.
    All that is needed to go on from here.  ``stores`` are the names of the P stores, where they have any.
    """

    time: float
    amounts: Array
    potentials: Array
    held: Array
    first: Array
    lost: Array
    size: float = 1.0
    stores: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trajectory:
    """States at the accepted steps: times (S,), amounts summed over cells (S, P), the last state, step statistics.

    ``held`` (S, K) is what the sample holds of each species, in stores or dissolved.  ``moving`` (S, K) and
    ``changing`` (S, P) are what the flow of each species and the transformation of each phase have dissipated in the
    step that ends there [RT], never negative (second law).
    """

    times: Array
    totals: Array
    held: Array
    moving: Array
    changing: Array
    last: State
    outcome: Outcome
    steps: int
    iterations: int


def dissolved(store: Array, potentials: Array) -> Array:
    """What small stores hold: s exp(u) up to s, s (1 + u) beyond, so that they never act as a phase (``flow``)."""
    return np.asarray(store * np.where(potentials < 0.0, np.exp(np.minimum(potentials, 0.0)), 1.0 + potentials))


def begin(system: System, amounts: Array, potentials: Array) -> State:
    """State at time zero; the small stores are filled as the potentials (M, K) say and counted as held."""
    held = amounts @ system.composition + dissolved(system.floor, potentials)
    return State(0.0, amounts, potentials, held, amounts.sum(axis=0), np.zeros(held.shape[1]))


def integrate(
    system: System,
    state: State,
    stops: Sequence[float],
    *,
    tolerance: float = 0.02,
    max_steps: int = 20_000,
    progress: Callable[[float], None] | None = None,
    past: Trajectory | None = None,
    keep: Callable[[Callable[[], Trajectory]], None] | None = None,
) -> Trajectory:
    """March from ``state`` to the last of ``stops`` [s], which are times that steps must not cross.

    ``tolerance`` is the largest share of what has changed kind so far, or of FIRST_PERCENT of the sample, that may do
    so in one step; the step also never exceeds ``system.longest_step``.  ``progress`` is called with the time reached;
    ``past`` is what led to ``state`` and ends up in the result; ``keep`` is handed, after each step, a function that
    gives the trajectory so far.
    """
    total = float(state.first.sum())
    P, K = system.composition.shape
    if past is None:
        past = Trajectory(
            np.array([state.time]), state.amounts.sum(axis=0)[None], state.held.sum(axis=0)[None],
            np.zeros((1, K)), np.zeros((1, P)), state, Outcome.DONE, 0, 0,
        )  # fmt: skip
    times, totals, held = list(past.times), list(past.totals), list(past.held)
    moving, changing = list(past.moving), list(past.changing)
    size, steps, iterations = state.size, past.steps, past.iterations

    def so_far(outcome: Outcome = Outcome.DONE) -> Trajectory:
        return Trajectory(
            np.array(times), np.array(totals), np.array(held), np.array(moving), np.array(changing), state, outcome,
            steps, iterations,
        )  # fmt: skip

    while state.time < stops[-1] * (1.0 - 1e-12):
        if steps >= max_steps:
            return so_far(Outcome.STEPS)
        stop = next(stop for stop in stops if stop > state.time * (1.0 + 1e-12))
        size = min(size, system.longest_step(state.time))
        ahead = stop - state.time
        end = stop if size >= 0.999 * ahead else state.time + (size if size < 0.5 * ahead else 0.5 * ahead)
        trial, used, converged, spent = _attempt(system, state, end)
        steps += 1
        iterations += used
        moved = np.bincount(system.kinds, weights=trial.amounts.sum(axis=0) - totals[-1])
        reacted = 0.5 * float(np.abs(np.bincount(system.kinds, weights=trial.amounts.sum(axis=0) - state.first)).sum())
        change = 0.5 * float(np.abs(moved).sum()) / (FIRST_PERCENT * total + reacted)
        if not converged or change > 2.0 * tolerance:
            size = 0.25 * (end - state.time)
            if size < SHORTEST:
                return so_far(Outcome.STALLED)
            continue
        size = (end - state.time) * float(np.clip(tolerance / max(change, 1e-12), 0.5, 2.5))
        state = replace(trial, size=size)
        times.append(state.time)
        totals.append(state.amounts.sum(axis=0))
        held.append(state.held.sum(axis=0))
        moving.append(spent[0])
        changing.append(spent[1])
        if progress is not None:
            progress(state.time)
        if keep is not None:
            keep(so_far)
    return so_far()


def _attempt(system: System, state: State, end: float) -> tuple[State, int, bool, tuple[Array, Array]]:
    """One step: predicted with the coefficients of its start, then repeated with those of its middle.

    What a cell's balance is off by is carried into the next step, so that such errors do not add up.
    """
    used = 0
    nothing = (np.empty(0), np.empty(0))
    total = float(state.first.sum())
    potentials, amounts = state.potentials, state.amounts
    seeds = system.seeds(state.held)
    now = system.coefficients(state.time, end, amounts, potentials)
    for stage in range(2):
        # a flow G (u - u') can not be known better than the round-off of its potentials, here of size 30
        largest = now.conductance.max(axis=0, initial=0.0)
        reachable = EXACT * state.held.sum(axis=0) + 120.0 * EPSILON * largest
        store = system.floor + now.leak
        grown_from = seeds * now.nucleation + now.reach
        potentials, amounts, small, converged, count = newton_step.step(
            potentials, state.amounts, amounts, grown_from, system.composition, now.g, now.kappa, store,
            state.held + now.outside, now.conductance, reachable, total, MOST,
        )  # fmt: skip
        used += count
        if not converged:
            return state, used, False, nothing
        if stage == 0:
            now = system.coefficients(state.time, end, 0.5 * (state.amounts + amounts), potentials)
    flows = now.conductance * (potentials[:-1] - potentials[1:])
    spent = (
        np.sum(flows * (potentials[:-1] - potentials[1:]), axis=0),
        np.sum(_dissipated(state.amounts, amounts, grown_from, now.kappa), axis=0),
    )
    gone = now.leak * small / store - now.outside
    held = state.held - gone
    held[:-1] -= flows
    held[1:] += flows
    _settle(held)
    lost = state.lost + np.sum(gone + np.zeros_like(held), axis=0)
    return replace(state, time=end, amounts=amounts, potentials=potentials, held=held, lost=lost), used, True, spent


def _settle(held: Array) -> None:
    """Take what cells hold less than nothing of, the round-off of earlier steps, from the cell that holds most.

    Where next to none of a species can flow, no later step could balance such a cell.
    """
    for cell, species in np.argwhere(held < 0.0):
        held[np.argmax(held[:, species]), species] += held[cell, species]
        held[cell, species] = 0.0


def _dissipated(old: Array, new: Array, seeds: Array, kappa: Array) -> Array:
    """Change of each amount times its affinity (M, P), the affinity as its law gives it: ln(m / m_0) / kappa."""
    nuclei = np.where(new > old, seeds, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (new - old) * np.log((new + nuclei) / (old + nuclei)) / kappa
    return np.asarray(np.where((new > 0.0) & (new != old), found, 0.0))  # what vanishes does so at round-off
