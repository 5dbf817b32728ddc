"""Drives the stepping kernel through time with an adaptive step.  Knows stores, species and time, no chemistry."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sinterface.simulate import flow

Array = NDArray[np.float64]


EXACT = 1e-13
"""How far the balance of a cell may be off [share of what the sample holds of a species]."""

LOOSE = 1e-8
"""Unbalance of a cell [share of the sample] that is accepted, and then mended, when round-off stops Newton's method."""


SOFT = (20.0, 200.0)
"""Integrated rates at which a step is solved roughly before it is solved as it is."""

FIRST_PERCENT = 0.05
"""Share of the sample whose change is resolved as finely as that of all of it [1]."""

SAME_FLOW = 0.02
"""Change of the flows, in units of the tolerance, that does not ask for a second solution of the step."""

UNMENDED = 1e-7
"""Unbalance of a cell [share of the sample's amount of a species] that may remain; a step with more is not taken."""

SHORTEST = 1e-6
"""Shortest time step [s]."""

MOST_PARDONS = 10
"""How often a run may start again from the contents of its cells; each costs less than LOOSE of a cell's balance."""


class Outcome(enum.Enum):
    """How an integration ended, with what to do about it."""

    DONE = "reached the end of the schedule"
    STEPS = "step limit reached: raise max_steps, loosen the tolerance or coarsen the mesh"
    STALLED = "a time step could not be solved even when made very short: check the phase data for extreme values"


@dataclass(frozen=True)
class Coefficients:
    """What one step needs: energies g (P,), and integrated over it kappa (P,) and conductances (M-1, K).

    ``leak`` (M, K) is what a cell loses of a species to the surroundings at unit activity exp(u), ``outside`` (M, K)
    what comes in from there.
    """

    g: Array
    kappa: Array
    conductance: Array
    leak: Array | float = 0.0
    outside: Array | float = 0.0


class System(Protocol):
    """The problem as the integrator sees it."""

    @property
    def composition(self) -> Array:
        """Make-up N of each store (P, K)."""

    @property
    def seeds(self) -> Array:
        """What each store grows from where there is none of it (M, P)."""

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
    All that is needed to go on from here.
    """

    time: float
    amounts: Array
    potentials: Array
    held: Array
    first: Array
    lost: Array
    size: float = 1.0


@dataclass(frozen=True)
class Trajectory:
    """States at the accepted steps: times (S,), amounts summed over cells (S, P), the last state, step statistics.

    ``moving`` (S, K) and ``changing`` (S, P) are what the flow of each species and the transformation of each phase
    have dissipated in the step that ends there [RT], never negative (second law).
    """

    times: Array
    totals: Array
    moving: Array
    changing: Array
    last: State
    outcome: Outcome
    steps: int
    iterations: int


def begin(system: System, amounts: Array, potentials: Array) -> State:
    """State at time zero; the small stores are filled as the potentials (M, K) say and counted as held."""
    held = amounts @ system.composition + system.floor * np.exp(potentials)
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
            np.array([state.time]), state.amounts.sum(axis=0)[None], np.zeros((1, K)), np.zeros((1, P)), state,
            Outcome.DONE, 0, 0,
        )  # fmt: skip
    times, totals, moving, changing = list(past.times), list(past.totals), list(past.moving), list(past.changing)
    size, steps, iterations, pardons = state.size, past.steps, past.iterations, 0

    def so_far(outcome: Outcome = Outcome.DONE) -> Trajectory:
        return Trajectory(
            np.array(times), np.array(totals), np.array(moving), np.array(changing), state, outcome, steps, iterations
        )

    while state.time < stops[-1] * (1.0 - 1e-12):
        if steps >= max_steps:
            return so_far(Outcome.STEPS)
        stop = next(stop for stop in stops if stop > state.time * (1.0 + 1e-12))
        size = min(size, system.longest_step(state.time))
        ahead = stop - state.time
        end = stop if size >= 0.999 * ahead else state.time + (size if size < 0.5 * ahead else 0.5 * ahead)
        trial, used, converged, spent = _attempt(system, state, end, tolerance)
        steps += 1
        iterations += used
        moved = np.bincount(system.kinds, weights=trial.amounts.sum(axis=0) - totals[-1])
        change = 0.5 * float(np.abs(moved).sum()) / total
        reacted = 0.5 * float(np.abs(np.bincount(system.kinds, weights=trial.amounts.sum(axis=0) - state.first)).sum())
        change /= FIRST_PERCENT + reacted / total
        if not converged or change > 2.0 * tolerance:
            size = 0.25 * (end - state.time)
            if size < SHORTEST and pardons < MOST_PARDONS:
                # round-off has left cells that owe more than they can give: start again from what they do hold,
                # at the price of that much in the balance, which the result states
                contents = state.amounts @ system.composition + system.floor * np.exp(state.potentials)
                state = replace(state, held=contents)
                pardons, size = pardons + 1, 1.0
            elif size < SHORTEST:
                return so_far(Outcome.STALLED)
            continue
        size = (end - state.time) * float(np.clip(tolerance / max(change, 1e-12), 0.5, 2.5))
        state = replace(trial, size=size)
        times.append(state.time)
        totals.append(state.amounts.sum(axis=0))
        moving.append(spent[0])
        changing.append(spent[1])
        if progress is not None:
            progress(state.time)
        if keep is not None:
            keep(so_far)
    return so_far()


def _attempt(
    system: System, state: State, end: float, tolerance: float
) -> tuple[State, int, bool, tuple[Array, Array]]:
    """One step: predicted with the coefficients of its start, then repeated with those of its middle.

    What a cell's balance is off by is carried into the next step, so that such errors do not add up.
    """
    used = 0
    nothing = (np.empty(0), np.empty(0))
    total = float(state.first.sum())
    potentials, amounts = state.potentials, state.amounts
    now = system.coefficients(state.time, end, amounts, potentials)
    for stage in range(2):
        # a flow G (u - u') can not be known better than the round-off of its potentials, here of size 30
        largest = now.conductance.max(axis=0, initial=0.0)
        reachable = EXACT * state.held.sum(axis=0) + 120.0 * np.finfo(float).eps * largest
        for soft in (np.inf, *SOFT, np.inf):
            # straight away where that works; else stiff stores first softly, their equilibria then take few iterations
            rough = np.isfinite(soft)
            if rough and soft > now.kappa.max():
                continue
            trial, made, converged, count = flow.step(
                potentials, state.amounts, system.seeds, system.composition, now.g, np.minimum(now.kappa, soft),
                system.floor + now.leak, state.held + now.outside, now.conductance,
                1e6 * reachable if rough else reachable, 1.0 if rough else LOOSE * total,
                15 if rough or stage == 0 else 100,
            )  # fmt: skip
            used += count
            if converged:
                potentials, amounts = trial, made
            if converged and not rough:
                break
        if not converged:
            return state, used, False, nothing
        if stage == 0:
            again = system.coefficients(state.time, end, 0.5 * (state.amounts + amounts), potentials)
            moved = np.abs((again.conductance - now.conductance) * (potentials[:-1] - potentials[1:])).sum()
            if moved < SAME_FLOW * tolerance * total:
                break
            now = again
    flows = now.conductance * (potentials[:-1] - potentials[1:])
    affinity = potentials @ system.composition.T - now.g
    spent = (
        np.sum(flows * (potentials[:-1] - potentials[1:]), axis=0),
        np.sum((amounts - state.amounts) * affinity, axis=0),
    )
    gone = now.leak * np.exp(potentials) - now.outside
    held = state.held - gone
    held[:-1] -= flows
    held[1:] += flows
    if np.any(held < -LOOSE * total):
        return state, used, False, nothing  # more flowed out of a cell than it held: not converged well enough
    share = held.sum(axis=0)
    for attempt in range(18):
        off = amounts @ system.composition + system.floor * np.exp(potentials) - held
        if np.all(np.abs(off) < 0.1 * EXACT * share):
            break
        if attempt % 6 == 5:  # cells with next to nothing of a species: the flows were off, those with most make up
            held += off
            stored = amounts @ system.composition  # what is dissolved can not be mended
            for k, rest in enumerate(off.sum(axis=0)):
                held[np.argmax(stored[:, k]), k] -= rest
        else:
            amounts = _mend(amounts, system.composition, off)
    if np.any(np.abs(off) > UNMENDED * share):
        return state, used, False, nothing
    return (
        replace(
            state,
            time=end,
            amounts=amounts,
            potentials=potentials,
            held=held,
            lost=state.lost + np.sum(gone + np.zeros_like(held), axis=0),
        ),
        used,
        True,
        spent,
    )


def _mend(amounts: Array, composition: Array, off: Array) -> Array:
    """Amounts whose contents are smaller by ``off`` (M, K), round-off left over from Newton's method.

    The change of least relative size, n (1 - N.y) with (N^T n N) y = off.  A cell where it would reach nine tenths of
    any store, because there is next to nothing of a species, is mended in part.
    """
    matrix = np.einsum("cp,pi,pj->cij", amounts, composition, composition)
    scale = 1.0 / np.sqrt(np.einsum("cii->ci", matrix) + 1e-30)
    matrix = matrix * scale[:, :, None] * scale[:, None, :] + 1e-12 * np.eye(composition.shape[1])
    relative = (np.linalg.solve(matrix, (off * scale)[:, :, None])[:, :, 0] * scale) @ composition.T
    largest = np.max(np.abs(relative), axis=1, initial=0.0, where=amounts > 0.0)
    return np.asarray(amounts * (1.0 - relative * np.minimum(1.0, 0.9 / np.maximum(largest, 1e-300))[:, None]))
