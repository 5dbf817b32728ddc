"""The solver against closed forms: diffusion, layers, and what steps and cells cost in accuracy: docs/verification.md.

Orders of convergence are fitted and asserted.  Nothing here has any chemistry; ``test_limits`` is about real couples.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import brentq
from scipy.special import erf

from sinterface.simulate.setup.mesh import Mesh, two_layers
from sinterface.simulate.solve.integrate import Outcome, begin, integrate
from sinterface.simulate.stepping.conductance import Necks


def order(errors, refinement=2.0):
    """Exponent of the error in the step, fitted over all refinements."""
    errors = np.abs(np.array(errors))
    steps = refinement ** -np.arange(len(errors), dtype=float)
    return float(np.polyfit(np.log(steps), np.log(errors), 1)[0])


# ---- a. one dilute species: Fick's second law


def dilute(synthetic, mesh, D, s, activity):
    """A dissolved species whose content is s exp(u) per volume; a host, which stays, dissolves it.

    The host's conductance is its solubility s times D times the logarithmic mean of the activities: Fick's law.
    """
    cells = len(s)
    first = np.column_stack([np.log(activity), np.full(cells, -0.5)])
    return synthetic(
        N=np.tile([[0.0, 1.0]], (cells, 1)), g=np.zeros(cells), amounts=np.diag(s * mesh.volumes), u=first,
        store=np.column_stack([s * mesh.volumes, 1e-9 * s * mesh.volumes]), k0=1e-30,
        D=np.column_stack([D, np.zeros(cells)]), lacking=np.column_stack([np.ones(cells), np.zeros(cells)]),
        widths=np.diff(mesh.faces), volumes=mesh.volumes, half=mesh.half_widths, areas=mesh.areas,
    )  # fmt: skip


def diffused(system, dt, end):
    """Activities of the cells at the end, in steps of ``dt``."""
    state = replace(begin(system), size=1e9, fresh=False)
    steps = round(end / dt)
    run = integrate(system, state, np.linspace(0.0, end, steps + 1)[1:])
    assert run.outcome is Outcome.DONE
    assert run.steps == steps
    assert run.last.held[:, 0].sum() == pytest.approx(state.held[:, 0].sum(), rel=1e-12)
    return np.exp(run.last.potentials[:, 0])


RATIO = 1.5
"""Volume of the stirred vessel over that of the body in it."""


def uptake(geometry, q, end):
    """Uptake from a stirred vessel of limited volume: Crank, The Mathematics of Diffusion, eqs. 4.37 and 6.30."""
    if geometry == "slab":
        roots = [brentq(lambda x: np.sin(x) + q * x * np.cos(x), (i - 0.5) * np.pi, i * np.pi) for i in range(1, 200)]
        x = np.array(roots)
        terms = 2.0 * q * (1.0 + q) / (1.0 + q + q**2 * x**2)
    else:
        roots = [
            brentq(lambda x: np.sin(x) * (3.0 + q * x * x) - 3.0 * x * np.cos(x), i * np.pi, (i + 1) * np.pi)
            for i in range(1, 200)
        ]
        x = np.array(roots)
        terms = 6.0 * q * (1.0 + q) / (9.0 + 9.0 * q + q**2 * x**2)
    return 1.0 - float(np.sum(terms * np.exp(-(x**2) * end)))


def in_a_vessel(synthetic, geometry, cells, end):
    """What has gone into the body, as a share of what will.

    A conductance is that of the start of a step.  With activities of 0.05 and 1, the difference all in one cell at
    first, the order seen with these cells is 1.7; with 0.8 and 1 it is 1.9.
    """
    mesh = Mesh(np.append(np.linspace(0.0, 1.0, cells + 1), 1.0 + 1e-9), geometry, cells)
    V = mesh.volumes
    s = np.append(np.ones(cells), RATIO * V[:-1].sum() / V[-1])
    low = 0.8
    system = dilute(synthetic, mesh, np.append(np.ones(cells), 1e9), s, np.append(np.full(cells, low), 1.0))
    got = diffused(system, 0.5 / cells**2, end)
    whole = (1.0 - low) * RATIO / (1.0 + RATIO)
    return float(((got[:-1] - low) * V[:-1]).sum() / V[:-1].sum() / whole)


@pytest.mark.parametrize(("geometry", "end"), [("sphere", 0.0390625), ("slab", 0.09375)])
def test_diffusion_into_a_body_is_of_second_order_in_the_cell(synthetic, geometry, end):
    """The step goes with the square of the cell, so that the order in the cell is seen."""
    errors = [in_a_vessel(synthetic, geometry, cells, end) - uptake(geometry, RATIO, end) for cells in (16, 32, 64)]
    assert order(errors) > 1.85
    assert abs(errors[-1]) < 2.5e-3


@pytest.mark.parametrize("finest", [1.0, 0.25], ids=["even", "graded"])
@pytest.mark.parametrize(("D", "s"), [((1.0, 1.0), (1.0, 1.0)), ((1.0, 0.25), (1.0, 3.0))], ids=["same", "two"])
def test_diffusion_couple_is_of_second_order_in_the_cell(synthetic, D, s, finest):
    """Two half-spaces with their own diffusivities and solubilities: Crank, section 3.5.1."""
    a, end = (0.9, 0.1), 0.02
    effusivity = np.array(s) * np.sqrt(D)
    middle = float((effusivity * a).sum() / effusivity.sum())
    errors = []
    for cells in (20, 40, 80):
        mesh = two_layers(1.0, 1.0, 2 * cells, "slab", finest=finest / cells)
        left = np.arange(2 * cells) < cells
        system = dilute(synthetic, mesh, np.where(left, *D), np.where(left, *s), np.where(left, *a))
        got = diffused(system, 0.5 / cells**2, end)
        depth = np.abs(mesh.centres - 1.0)
        expected = middle + np.where(
            left,
            (a[0] - middle) * erf(depth / 2.0 / np.sqrt(D[0] * end)),
            (a[1] - middle) * erf(depth / 2.0 / np.sqrt(D[1] * end)),
        )
        errors.append(np.sqrt(float(((got - expected) ** 2 * mesh.volumes).sum())))
    assert order(errors) == pytest.approx(2.0, abs=0.15)
    assert errors[-1] < 4e-4


def test_diffusion_through_a_coating_is_of_second_order_in_the_cell(synthetic):
    """A layer between two stirred bodies, too large to change: of the steady line, a wave is left that decays."""
    high, low, end = 0.9, 0.1, 0.1
    errors = []
    for cells in (40, 80, 160):
        mesh = two_layers(1.0, 1.0, cells, "slab", finest=0.25, layers=(1.0,), adherent=1)
        layer = mesh.regions == 1
        x = np.clip(mesh.centres - 1.0, 0.0, 1.0)
        line, wave = high + (low - high) * x, 0.3 * np.sin(np.pi * x)
        system = dilute(synthetic, mesh, np.ones(len(x)), np.where(layer, 1.0, 1e6), line + wave)
        got = diffused(system, 0.4 / layer.sum() ** 2, end)[layer]
        expected = (line + wave * np.exp(-(np.pi**2) * end))[layer]
        errors.append(np.sqrt(float(np.mean((got - expected) ** 2))))
    assert order(errors) == pytest.approx(2.0, abs=0.15)
    assert errors[-1] < 1e-3


@pytest.mark.parametrize("geometry", ["sphere", "slab"])
def test_diffusion_is_of_first_order_in_time(synthetic, geometry):
    """Potentials are those of the end of a step: implicit Euler.  Reference: the exponential of the matrix."""
    cells, end = 20, 0.05
    mesh = Mesh(np.linspace(0.0, 1.0, cells + 1), geometry, cells)
    x = mesh.centres
    first = 0.6 + 0.3 * (np.sinc(4.493409458 * x / np.pi) if geometry == "sphere" else np.cos(np.pi * x))
    G = mesh.areas / mesh.half_widths.sum(axis=0)
    matrix = np.diag(np.append(G, 0.0) + np.append(0.0, G)) - np.diag(G, 1) - np.diag(G, -1)
    exact = expm(-end * matrix / mesh.volumes[:, None]) @ first
    errors = []
    for steps in (20, 40, 80, 160, 320):
        system = dilute(synthetic, mesh, np.ones(cells), np.ones(cells), first)
        errors.append(np.abs(diffused(system, end / steps, end) - exact).max())
    assert order(errors) == pytest.approx(1.0, abs=0.05)
    decay = np.exp(-((4.493409458 if geometry == "sphere" else np.pi) ** 2) * end)  # of this mode, exactly
    assert exact - 0.6 == pytest.approx((first - 0.6) * decay, abs=2e-3)


# ---- b. layers


def layer(synthetic, cells, L=0.01, gain=2.0, contact=None):
    """A | B -> AB in two slabs of unit thickness: Onsager coefficient L in AB.

    Potentials in RT; AB lies ``gain`` per mole of cations below A + B, so that it spans a difference of 2 gain in each
    species.  With ``contact`` the two cells in the middle are AB from the start, and that share of the face between
    them touches.
    """
    M = 2 * cells
    amounts = np.zeros((M, 3))
    amounts[:cells, 0] = amounts[cells:, 1] = 1.0 / cells
    u = np.full((M, 2), -2.0 * gain)
    u[:cells, 0] = u[cells:, 1] = 0.0
    areas = np.ones(M - 1)
    if contact is not None:
        areas[cells - 1] = contact
        amounts[cells - 1 : cells + 1] = [0.0, 0.0, 1.0 / cells]
    return synthetic(
        N=np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]), g=np.array([0.0, 0.0, -gain]), amounts=amounts, u=u,
        nucleus=1e-3, store=np.full((M, 2), 1e-9 / cells), k0=1e6, areas=areas,
        D=np.array([[L, L], [L, L], [2.0 * L, 2.0 * L]]),
        lacking=np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]]),  # what is dissolved lets the first of it form
        widths=np.full(M, 1.0 / cells),
    )  # fmt: skip


def grow(system, end, tolerance=0.04):
    """Times and thickness of AB."""
    run = integrate(system, begin(system), [end], tolerance=tolerance)
    assert run.outcome is Outcome.DONE
    assert run.moving.min() >= 0.0
    assert run.changing.min() >= 0.0
    return run.times, run.totals[:, 2]


def exponent(times, thickness, low, high):
    chosen = (thickness > low) & (thickness < high)
    return float(np.polyfit(np.log(times[chosen]), np.log(thickness[chosen]), 1)[0])


@pytest.mark.parametrize("gain", [1.0, 4.0])
def test_diffusion_controlled_layer_is_parabolic_with_wagners_constant(synthetic, gain):
    """A and B each flow with L 2 gain / X and make two moles of AB per mole: X^2 = 16 L gain t (Wagner 1936).

    The cell in which a front stands conducts like its mixture, so that the constant converges with the cells: a thin
    layer, of less than fifty of them, is behind by its first ones.
    """
    errors = []
    for cells in (20, 40, 80):
        times, X = grow(layer(synthetic, cells, gain=gain), 1.6**2 / (16.0 * 0.01 * gain), tolerance=0.01)
        errors.append(abs(X[-1] / 1.6 - 1.0))
    assert exponent(times, X, 0.6, 2.0) == pytest.approx(0.5, abs=0.02)
    assert order(errors) > 0.8
    assert errors[-1] < 0.015


def test_a_layer_between_contacts_that_grow_follows_the_square_of_their_area(synthetic):
    """What has formed spreads over the area A(t): dX/dt = 8 L gain A^2 / X, hence X^2 = 16 L gain int A^2 dt.

    The area doubles while the layer grows, linearly in time: the integral is 7/3 of the time.
    """
    cells, gain, L, end = 40, 2.0, 0.01, 1.6**2 / (16.0 * 0.01 * 2.0 * 7.0 / 3.0)
    still = layer(synthetic, cells, L=L, gain=gain)
    growth = np.array([[1.0], [2.0]])
    faces, inside = np.repeat(growth, 2 * cells - 1, axis=1), np.repeat(growth, 2 * cells, axis=1)
    system = layer(synthetic, cells, L=L, gain=gain)
    system.model = system.model._replace(necks=Necks(np.array([0.0, end]), faces, inside))
    thickness = [grow(each, end, tolerance=0.02)[1][-1] for each in (still, system)]
    assert thickness[0] == pytest.approx(np.sqrt(16.0 * L * gain * end), rel=0.03)
    assert thickness[1] / thickness[0] == pytest.approx(np.sqrt(7.0 / 3.0), rel=0.02)


@pytest.mark.parametrize(("cells", "share", "kind"), [(20, 0.02, 0.93), (40, 0.05, 0.75)], ids=["linear", "mixed"])
def test_layer_behind_a_contact_is_linear_then_parabolic(synthetic, cells, share, kind):
    """(X^2 - X0^2) / 2 L + (X - X0) / contact = 8 gain t: Deal & Grove, J. Appl. Phys. 36, 3770 (1965).

    With so small a gain activities are near one, and A and B conduct both species as AB does.  ``kind`` is the exponent
    of the growth, between 1 of a contact alone and 1/2 of diffusion alone.
    """
    L, gain = 0.01, 0.05
    first, contact = 2.0 / cells, 1.0 / (1.0 / (share * L * cells) - 1.0 / (L * cells))
    end = ((1.4**2 - first**2) / (2.0 * L) + (1.4 - first) / contact) / (8.0 * gain)
    times, X = grow(layer(synthetic, cells, L=L, gain=gain, contact=share), end)
    spent = 8.0 * gain * times + first**2 / (2.0 * L) + first / contact
    expected = L * (np.sqrt(1.0 / contact**2 + 2.0 * spent / L) - 1.0 / contact)
    late = X > 0.2
    assert X[late] == pytest.approx(expected[late], rel=0.03)
    assert exponent(times, X - first, 0.1, 1.2) == pytest.approx(kind, abs=0.1)
