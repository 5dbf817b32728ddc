"""Mobilities that depend on the driving force: frameworks that a force helps to rebuild.

A block that grows at the driving force A [RT per mole of cations] by dM = K f(A) A in a step,

    f(A) = 1 / (1 + (e^E - 1) e^(-alpha A)),

with E the extra activation energy in RT, alpha its coupling to the force (Bell, Proc. R. Soc. A 154, 414 (1936)): f is
e^-E at rest, rises as e^(alpha A) and ends at 1, where the other transformations are as slow.  A f(A) rises with A, so
the dissipation potential is convex: phi(q) = K psi(v), v^2 = 2 q / K, psi'(v) = A with A f(A) = v.  Taking f from the
start of the step instead makes answers swing from step to step, as the force collapses in the very step that it drives.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sinterface.simulate.stepping.compiled import kernel

Array = NDArray[np.float64]

CLOSE = 1e-13
"""Error of ln A at which a force counts as known."""

WEAKEST, STRONGEST = 1e-30, 1e6
"""Bounds of a driving force [RT]."""


class Drag(NamedTuple):
    """How the mobility of each block in each cell depends on the driving force.

    along (M, B): mobility K of the block as a whole at its composition [mol of cations per RT], 0 where it does not
    depend on the force; least (M, B) what f can not fall below; framework E (B,); coupling alpha, of length 1; resting
    (M, B): f at the force of the step's start; eased (M, B): f at the answer, and last (M, B): the force that belongs
    to it, where ``force`` begins to look.  ``newton_step.solve`` writes both.
    """

    along: Array
    least: Array
    framework: Array
    coupling: Array
    resting: Array
    eased: Array
    last: Array


@kernel()
def blank(M: int, B: int) -> Drag:
    """A drag of M cells and B blocks to be written into."""
    cells = (M, B)
    return Drag(
        along=np.zeros(cells), least=np.zeros(cells), framework=np.zeros(B), coupling=np.zeros(1),
        resting=np.ones(cells), eased=np.ones(cells), last=np.ones(cells),
    )  # fmt: skip


class Law(NamedTuple):
    """What one block in one cell has of ``Drag``: scalars, whose references compiled code does not count."""

    framework: float
    least: float
    coupling: float


@kernel()
def law(c: int, k: int, drag: Drag) -> Law:
    """The law of block k in cell c."""
    return Law(framework=drag.framework[k], least=drag.least[c, k], coupling=drag.coupling[0])


@kernel()
def ease(A: float, law: Law) -> tuple[float, float]:
    """f at the force A >= 0, and d ln f / d ln A."""
    held_back = np.expm1(law.framework) * np.exp(-law.coupling * A)
    value = 1.0 / (1.0 + held_back)
    slope = law.coupling * A * held_back * value
    return value + law.least, slope * value / (value + law.least)


@kernel()
def force(v: float, law: Law, guess: float) -> float:
    """The A that solves A h(A) = v, from a guess: Newton's method on logarithms, or half the bracket where it fails."""
    if v <= 0.0:
        return 0.0
    aim = np.log(v)
    low, high = np.log(WEAKEST), np.log(STRONGEST)
    y, width = np.log(min(max(guess, WEAKEST), STRONGEST)), 2.0 * (high - low)
    for _ in range(100):
        h, slope = ease(np.exp(y), law)
        off = y + np.log(h) - aim
        if off > 0.0:
            high = min(high, y)
            low = max(low, y - off)
        else:
            low = max(low, y)
            high = min(high, y - off)
        if high - low < CLOSE or abs(off) < CLOSE:
            break
        ahead, halved = y - off / (1.0 + slope), high - low < 0.5 * width
        width = high - low
        y = ahead if halved and low < ahead < high else 0.5 * (low + high)
    return float(np.exp(y))
