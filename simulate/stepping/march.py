"""The march through time: steps of adaptive length, compiled as a whole.  Knows numbers only, no chemistry.

Conductances and mobilities of a step are those of its middle, extrapolated from the step before.  Where the end that
comes out differs from what the extrapolation expected, the step is solved again with the middle that was found; that
difference is an estimate of the error of taking them constant.  The step is as long as this error, the share of the
sample that changes phase, the time of a first nucleus, and the change of ln k on a ramp allow.  The scheme is of first
order in time: driving forces are those of the end of the step, which makes it stable whatever its length and lets the
free energy only fall (``newton_step``); the error estimate of the run (``run``) tells what that costs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sinterface.simulate.stepping import thermal as thermals
from sinterface.simulate.stepping.compiled import inner, kernel
from sinterface.simulate.stepping.conductance import Necks, Paths, conductances, copied, widen
from sinterface.simulate.stepping.mobility import (
    Growth,
    Moment,
    Nuclei,
    affinities,
    contents,
    mobilities,
    nucleate,
    remember,
    wake,
)
from sinterface.simulate.stepping.newton_step import CLOSE, Basis, Guess, Step, StepEnd, blank_step, solve
from sinterface.simulate.stepping.thermal import Thermal

Array = NDArray[np.float64]

ROUGH = 1e-8
"""Error at which the first of the two solutions of a step counts as solved: only its middle is used."""

FIRST_PERCENT = 0.01
"""Share of the sample whose change is resolved as finely as that of all of it."""

SHORTEST = 1e-6
"""Shortest time step [s]."""

SUDDEN = 5e-5
"""Share of the time since the start below which no step is made shorter for what changes in it.

What has no way to change slowly would take steps without end: NMC811 in hydrogen does nothing at 208 degrees C in steps
in which nothing nucleates, and loses all its oxygen in one in which a metal does.
"""

SLEEP = 1.0e-8
"""Transformation rate [1/s] that is nothing on the scale of a firing: steps on a ramp may then be long."""

COOLING = 2.0
"""Times that ln k may change in a step when it cools, in units of what it may when it heats: rates then fall, and what
forms late is held by the error alone.  Of 183 amounts after cooling, 500 to 1000 °C, as many (18) were off a run with a
quarter of the tolerance by 0.05 wt% with 2 as with 1, and all by 0.018 wt% in the mean, with two thirds of the steps.
With 4 it took no less time: steps are fewer and harder.
"""

LEAP = 0.25
"""Weight of the difference between a step and its extrapolation from the one before, in which errors of the middle
enter halved twice, against that between two solutions of a step."""

AIM = 0.75
"""Steps are as long as would make the error of their middle the square of this, in units of what is allowed.

Well below 1, where round-off would decide whether a step is solved twice.
"""

INSIDE = 1e-3
"""Product n z and least amount [share of a cell] that a cold start begins with."""

FIRST_KAPPA = 0.3
"""Integrated rate of transformation of a run's first step: before it nothing is known of what could form, and in a long
step a hot mixture would have nowhere to go but into the phases that were put in."""

RUNGS = 16.0
"""Lengths of steps in each factor of two."""

DONE, FULL, STALLED, FORKED = 0, 1, 2, 3
"""How a call ended: at the time asked for, with its buffers full, unable to solve a step however short, or where the
next step would be shorter if the schedule changed at the fork."""


class Model(NamedTuple):
    """All that does not change during a run; ``store`` (M, K) of each species, ``interaction`` (V, E) [J/mol].

    ``outlet`` (M,) is the share of what leaves the sample, and comes in, that does so at each cell; they sum to 1;
    ``necks`` is how ``paths`` widen.
    """

    basis: Basis
    thermal: Thermal
    growth: Growth
    paths: Paths
    size: Array
    store: Array
    interaction: Array
    outlet: Array
    necks: Necks


class Control(NamedTuple):
    """``change``: largest share of what has changed phase that may do so in a step; ``error``: largest difference

    between the two solutions of a step [share of the sample]; ``ramp``: largest change of ln k in a step; ``nuclei``:
    how many a phase that had less than one on a patch may have beyond the first after a step.
    """

    change: float
    error: float
    ramp: float
    nuclei: float


class Cells(NamedTuple):
    """State of the cells: amounts n, multipliers z and compositions of least energy (M, V), potentials u and contents

    (M, K), all changed in place; lost (K,) what has left the sample; first (B,) cations in each block at the beginning.
    slope (M, V) and drift (M, K) are the rates [1/s] at which amounts and contents changed in the last step; grain (1,)
    the radius [m] over which phases of a cell exchange cations; nucleated (R, B) how many nuclei of each
    block a patch has in each row of cells; affinity (M, B) [RT per mole of cations] of each block at the answer of the
    last step.
    """

    n: Array
    z: Array
    lowest: Array
    u: Array
    held: Array
    lost: Array
    first: Array
    slope: Array
    drift: Array
    grain: Array
    nucleated: Array
    affinity: Array


class Track(NamedTuple):
    """Buffers for S steps: times (S,), amounts (S, M, V), contents (S, K), lost (S, K), and what was dissipated [RT]

    by the flow of each species (S, K) and by the transformation of each block (S, B).
    """

    times: Array
    amounts: Array
    held: Array
    lost: Array
    moving: Array
    changing: Array


class Progress(NamedTuple):
    """Where a call ended: status, time [s], next step [s], rows written, steps and Newton iterations so far, whether

    the potentials are still unknown; and for a step that could not be solved its temperature, cell and block.
    """

    status: int
    time: float
    size: float
    rows: int
    steps: int
    iterations: int
    fresh: bool
    temperature: float
    cell: int
    block: int


class Stretch(NamedTuple):
    """How far a call goes: to the time ``until`` [s], in at most ``most`` rows, and not past ``fork`` [s], infinite for

    none: it ends before the first step that would be shorter if a segment of the schedule ended there.  A
    run with that schedule then goes on from here as if it had come alone.
    """

    until: float
    fork: float
    most: int


@inner()
def _blocks(n: Array, basis: Basis, total: Array) -> None:
    """Writes the cations of the sample in each block (B,)."""
    for k in range(len(basis.start) - 1):
        total[k] = 0.0
        for c in range(len(n)):
            for v in range(basis.start[k], basis.start[k + 1]):
                total[k] += n[c, v] * basis.cations[v]


@inner()
def _moved(a: Array, b: Array) -> float:
    """Half the sum of |a - b|: what has changed place among the entries of two vectors of one sum."""
    total = 0.0
    for k in range(len(a)):
        total += abs(a[k] - b[k])
    return 0.5 * total


@inner()
def _distance(a: Array, b: Array, cations: Array) -> float:
    """Cations of the sample that are in other variables or cells in amounts a than in b (M, V)."""
    total = 0.0
    for c in range(a.shape[0]):
        for v in range(a.shape[1]):
            total += abs(a[c, v] - b[c, v]) * cations[v]
    return 0.5 * total


@inner()
def _ahead(now: Array, slope: Array, span: float, least: float, out: Array) -> None:
    """Writes ``now`` extrapolated over ``span`` [s], no less than ``least``."""
    for c in range(now.shape[0]):
        for v in range(now.shape[1]):
            out[c, v] = max(now[c, v] + span * slope[c, v], least)


@inner()
def _middle(a: Array, b: Array, out: Array) -> None:
    """Writes the mean of two arrays."""
    for c in range(a.shape[0]):
        for v in range(a.shape[1]):
            out[c, v] = 0.5 * (a[c, v] + b[c, v])


@inner()
def _contents_between(held: Array, x: Array, n: Array, N: Array, out: Array) -> None:
    """Writes the mean of the contents at the start of a step and those that its end (x, n) makes (M, K)."""
    for c in range(held.shape[0]):
        for i in range(held.shape[1]):
            value = held[c, i] + x[c, i]
            for v in range(N.shape[0]):
                value += N[v, i] * n[c, v]
            out[c, i] = 0.5 * value


@inner()
def _copy(source: Array, out: Array) -> None:
    for c in range(source.shape[0]):
        for v in range(source.shape[1]):
            out[c, v] = source[c, v]


@inner()
def _solved(cells: Cells, guess: Guess, basis: Basis, step: Step, close: float) -> tuple[StepEnd, int]:
    """The end of a step, and the iterations of all attempts.

    First a warm start; where that fails a cold start, from amounts well inside of n >= 0 with all products n z alike.
    From the cold answer, whose mobilities are those of the step's start, the warm start is tried again; where it fails
    again the cold answer stands: it too dissipates, and the step control sees how far off it is.
    """
    iterations = 0
    for attempt in range(3):
        answer = solve(guess, basis, step, attempt == 1, close)
        iterations += answer.iterations
        if answer.converged != (attempt == 1):  # solved, or not even from a cold start
            return answer, iterations
        if attempt == 0:
            _well_inside(cells, basis, step, guess)
        elif attempt == 1:
            cold = answer
            _copy(cold.u, guess.u)
            _copy(cold.n, guess.n)
            _copy(cold.z, guess.z)
    _copy(step.drag.resting, step.drag.eased)
    return cold, iterations


@inner()
def _well_inside(cells: Cells, basis: Basis, step: Step, guess: Guess) -> None:
    """Writes the guess of a cold start."""
    u, n, z = guess.u, guess.n, guess.z
    for c in range(len(n)):
        for i in range(u.shape[1]):
            u[c, i] = min(max(cells.u[c, i], -30.0), 30.0)
        for k in range(len(basis.start) - 1):
            if step.active[c, k]:
                for v in range(basis.start[k], basis.start[k + 1]):
                    n[c, v] = max(cells.n[c, v], INSIDE * step.size[c])
                    z[c, v] = INSIDE * step.size[c] / n[c, v]


@inner()
def _rung(size: float) -> float:
    """The next shorter length of a ladder: the round-off of an answer then changes no step that follows.

    Half of a rung is a rung, and what round-off leaves below it counts as it.
    """
    return 2.0 ** (np.floor(RUNGS * np.log2(size) + 1e-6) / RUNGS)


@kernel()
def longest_step(thermal: Thermal, time: float, segment: int, ramp: float) -> float:
    """Longest step [s] on a ramp: that in which ln k changes by ``ramp`` (COOLING times as much downwards), or until

    anything transforms at all.
    """
    T = thermals.temperature(thermal, time, segment)
    slope = thermals.slope_at(thermal, T, segment)
    if slope < 0.0:
        ramp *= COOLING
    if slope == 0.0:
        return np.inf
    k0, Ea = thermal.rate[0], thermal.rate[3]
    awake = Ea / (thermals.GAS_CONSTANT * np.log(k0 / SLEEP))
    allowed = ramp * thermals.GAS_CONSTANT * T * T / Ea / abs(slope)
    if awake > T:
        return max(allowed, (awake - T) / slope) if slope > 0.0 else max(allowed, 0.25 * (T - 273.0) / -slope)
    return allowed


@kernel()
def march(
    model: Model, control: Control, cells: Cells, track: Track, progress: Progress, stretch: Stretch
) -> tuple[int, float, float, int, int, int, bool, float, int, int]:
    """Go on from ``progress`` over a stretch of time; cells and track change in place.

    Returns the fields of ``Progress`` as a plain tuple: to make a named tuple numba calls Python without looking
    whether that has raised, and crashes where Ctrl-C came meanwhile.
    """
    basis, thermal = model.basis, model.thermal
    until, fork, most = stretch
    M, V = cells.n.shape
    K, B = cells.u.shape[1], len(basis.start) - 1
    step = blank_step(basis, model.interaction, model.size)
    reference, A = np.empty(K), cells.affinity
    spreading = np.empty((thermal.boundary.shape[0], thermal.diffusivity.shape[2], K))
    leak, supply = np.empty(K), np.empty(K)
    between, u = np.empty((M, K)), np.empty((M, K))
    expected, middle, n0, z0 = np.empty((M, V)), np.empty((M, V)), np.empty((M, V)), np.empty((M, V))
    before, after = np.empty(B), np.empty(B)
    guess = Guess(u, n0, z0)
    lowest, force = np.empty((M, V)), np.empty((M, B))
    paths = copied(model.paths)
    nuclei = Nuclei(cells.nucleated, np.empty_like(cells.nucleated), np.empty((M, B)))
    time, size, steps, iterations, fresh = (
        progress.time, progress.size, progress.steps, progress.iterations, progress.fresh
    )  # fmt: skip
    rows = min(0, most)  # zero, but no constant: see ``compiled``
    _blocks(cells.n, basis, before)
    while time < until * (1.0 - 1e-12):
        if rows >= most:
            return FULL, time, size, rows, steps, iterations, fresh, 0.0, -1, -1
        segment = thermals.segment_at(thermal, time)
        stop = min(until, thermal.begins[segment + 1])
        size = min(size, longest_step(thermal, time, segment, control.ramp))
        if fresh:
            T = thermals.temperature(thermal, time, segment)
            size = min(size, max(FIRST_KAPPA / thermals.rate(thermal, T), 2.0 * SHORTEST))
        if size >= 0.5 * (fork - time):
            return FORKED, time, size, rows, steps, iterations, fresh, 0.0, -1, -1
        ahead = stop - time
        end = stop if size >= 0.999 * ahead else time + (size if size < 0.5 * ahead else 0.5 * ahead)
        T, kappa, coarser = thermals.integrals(thermal, time, end, segment, spreading)
        grain = np.cbrt(cells.grain[0] ** 3 + 0.5 * coarser)
        which = thermal.gases[segment]
        thermals.energies(thermal, T, which, step.g, reference)
        pairs = thermals.exchange(thermal, T, end - time, which, reference, leak, supply)
        RT = thermals.GAS_CONSTANT * T
        for v in range(V):
            for e in range(model.interaction.shape[1]):
                step.interaction[v, e] = model.interaction[v, e] / RT
        _copy(model.store, step.store)
        _copy(cells.held, step.content)
        for c in range(M):
            if model.outlet[c] > 0.0:
                for i in range(K):
                    step.store[c, i] += model.outlet[c] * leak[i]
                    step.content[c, i] += model.outlet[c] * supply[i]
                if thermal.lithium >= 0:  # with the activity of now for one of the two atoms
                    now = np.exp(min(cells.u[c, thermal.lithium], 100.0))
                    step.store[c, thermal.lithium] += model.outlet[c] * pairs * now
        steps += 1
        widen(model.paths, model.necks, 0.5 * (time + end), paths)
        contents(cells.n, basis, step.m0)
        span = end - time
        _ahead(cells.n, cells.slope, span, 0.0, expected)
        _middle(cells.n, expected, middle)
        _ahead(cells.held, cells.drift, 0.5 * span, -np.inf, between)
        _copy(cells.u, u)
        _copy(cells.z, z0)
        wrong = 0.0
        moment = Moment(cells.n, middle, between, A, cells.lowest, kappa, T)
        conductances(middle, u, spreading, basis, paths, grain, step)
        anew = nucleate(moment, basis, model.growth, step, nuclei, 0.5)
        if anew > control.nuclei and span > max(1e3 * SHORTEST, SUDDEN * time):
            size = _rung(span * max(0.9 * control.nuclei / anew, 0.1))
            continue
        for stage in range(2):
            if stage == 1:
                conductances(middle, u, spreading, basis, paths, grain, step)
            mobilities(moment, basis, model.growth, step, nuclei.within)
            wake(moment, expected, stage == 1, guess, basis, step)
            answer, spent = _solved(cells, guess, basis, step, ROUGH if fresh and stage == 0 else CLOSE)
            iterations += spent
            if not answer.converged:
                break
            wrong = _distance(expected, answer.n, basis.cations) / control.error
            if stage == 0 and not fresh:
                wrong *= LEAP
            if stage == 1 or (wrong < 1.0 and not fresh):
                break
            _copy(answer.n, expected)
            _copy(answer.u, u)
            _copy(answer.z, z0)
            _middle(cells.n, expected, middle)
            _contents_between(cells.held, answer.x, answer.n, basis.N, between)
        if not answer.converged:
            size = 0.25 * (end - time)
            if size < SHORTEST:
                return STALLED, time, size, rows, steps, iterations, fresh, T, answer.cell, answer.block
            continue
        _blocks(answer.n, basis, after)
        change = _moved(after, before) / (FIRST_PERCENT + _moved(after, cells.first))
        factor = min(control.change / max(change, 1e-12), AIM / np.sqrt(max(wrong, 1e-12)))
        if factor < 0.5 and end - time > max(1e3 * SHORTEST, SUDDEN * time):
            size = _rung(max(0.8 * factor, 0.1) * (end - time))
            continue
        _copy(cells.lowest, lowest)
        _copy(A, force)
        affinities(answer.u, step, basis, lowest, 2, force)
        answered = Moment(cells.n, middle, between, force, lowest, kappa, T)
        late = nucleate(answered, basis, model.growth, step, nuclei, 1.0)
        if late > control.nuclei and end - time > max(1e3 * SHORTEST, SUDDEN * time):
            size = _rung((end - time) * max(0.9 * control.nuclei / late, 0.1))
            continue
        size = _rung((end - time) * min(max(0.9 * factor, 0.5), 2.5))
        _record(model, answer, step, track, rows)
        _commit(model, cells, answer, step, supply, end - time)
        _copy(lowest, cells.lowest)
        _copy(force, A)
        remember(cells.n, A, basis, model.growth, model.size, nuclei)
        cells.grain[0] = np.cbrt(cells.grain[0] ** 3 + coarser)
        for i in range(K):
            track.lost[rows, i] = cells.lost[i]
            track.held[rows, i] = 0.0
            for c in range(M):
                track.held[rows, i] += cells.held[c, i]
        track.times[rows] = end
        for k in range(B):
            before[k] = after[k]
        time = end
        rows += 1
        fresh = False
    return DONE, time, size, rows, steps, iterations, fresh, 0.0, -1, -1


@inner()
def _record(model: Model, answer: StepEnd, step: Step, track: Track, row: int) -> None:
    """Write amounts and what was dissipated into a row of the track."""
    N, start, metal = model.basis.N, model.basis.start, model.basis.metal
    M, K = answer.u.shape
    for i in range(K):
        track.moving[row, i] = 0.0
        for c in range(M - 1):
            difference = answer.u[c, i] - answer.u[c + 1, i]
            track.moving[row, i] += step.conductance[c, i] * difference * difference
    for k in range(len(start) - 1):
        track.changing[row, k] = 0.0
        for c in range(M):
            if not step.active[c, k]:
                continue
            for i in range(K):
                if metal[k, i]:
                    m = 0.0
                    for v in range(start[k], start[k + 1]):
                        m += N[v, i] * answer.n[c, v]
                    eased = step.mobility[c, k, i] * step.drag.eased[c, k]
                    track.changing[row, k] += (m - step.m0[c, k, i]) ** 2 / eased
    _copy(answer.n, track.amounts[row])


@inner()
def _commit(model: Model, cells: Cells, answer: StepEnd, step: Step, supply: Array, span: float) -> None:
    """Take an answer as the new state.

    What a cell holds is then what its blocks and its store hold; what round-off leaves of the balance of the whole
    sample goes to the cell that holds most, so that errors do not add up and no cell is left with less than nothing.
    That of a gas goes into what it has exchanged: cells may hold far less of it than the round-off of what phases hold.
    """
    N = model.basis.N
    M, K = cells.u.shape
    for i in range(K):
        total = 0.0
        for c in range(M):
            total += cells.held[c, i]
        gone = -supply[i]
        now, fullest = 0.0, 0
        for c in range(M):
            held = answer.x[c, i]
            if model.outlet[c] > 0.0:
                left = held * (step.store[c, i] - model.store[c, i]) / step.store[c, i]
                gone += left
                held -= left
            for v in range(N.shape[0]):
                held += N[v, i] * answer.n[c, v]
            cells.drift[c, i] = (held - cells.held[c, i]) / span
            cells.held[c, i] = held
            now += held
            if held > cells.held[fullest, i]:
                fullest = c
        if model.growth.shared[i]:
            gone = total - now
        cells.lost[i] += gone
        cells.held[fullest, i] += total - gone - now
    for c in range(M):
        for v in range(N.shape[0]):
            cells.slope[c, v] = (answer.n[c, v] - cells.n[c, v]) / span
    _copy(answer.n, cells.n)
    _copy(answer.z, cells.z)
    _copy(answer.u, cells.u)
