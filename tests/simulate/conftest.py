"""Numerics are verified with one set of parameters: what calibration finds must not decide whether they hold.

The means of the priors, but energies of manganese in layered oxides as tabulated, a third of the interface in contact
and phases of a cell a tenth of a nanometre apart, so that every couple reacts.  ``synthetic`` builds problems without
any chemistry for the compiled march.
"""

import runpy
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.rates import parameters
from sinterface.simulate.solve import system
from sinterface.simulate.stepping.conductance import Necks, Paths
from sinterface.simulate.stepping.march import Cells, Model
from sinterface.simulate.stepping.mobility import MANY, Growth
from sinterface.simulate.stepping.newton_step import BARRIER, Basis
from sinterface.simulate.stepping.thermal import Thermal

NUMERICS = (
    "test_restart", "test_verification", "test_properties", "test_furnace", "test_run", "test_limits", "test_coating",
    "test_sizes", "test_stack", "test_pressing",
)  # fmt: skip


PRIOR_RADIUS = ("test_restart",)
"""Those that keep the radius of the priors, which a state has to hold."""


@pytest.fixture(autouse=True)
def _prior(request, monkeypatch):
    name = request.module.__name__.rsplit(".", 1)[-1]
    if name in NUMERICS:
        _set(monkeypatch, name not in PRIOR_RADIUS)


@pytest.fixture
def uncalibrated(monkeypatch):
    """Takes the set of these tests in place of the calibrated one."""
    _set(monkeypatch, True)


def _set(monkeypatch, near):
    values = replace(parameters.prior(), nickel_manganese=0.0, contact=-0.5, interface=-1.3)
    if near:
        values = replace(values, intergrowth=-1.0, coarsening=-1.0)
    monkeypatch.setattr(parameters, "calibrated", lambda: values)
    monkeypatch.setattr(system, "calibrated", lambda: values)


@dataclass
class Synthetic:
    """A problem for the march: V variables in B blocks over K species in M cells.

    N (V, K), energies g (V,) [RT at ``T``], ``blocks`` the numbers of variables in each block, amounts and store
    (M, V), (M, K), first potentials u (M, K).  Transformation ``k0`` exp(-Ea/RT) [1/s]; ``nucleus`` the barrier [RT]
    at an affinity of 1 RT, each cell with room for ``reaches`` grains.  Blocks conduct species i that they hold with
    D (B, K), and one that they lack with ``lacking`` (B, K) of it dissolved per cation.  Cells are ``widths`` wide;
    ``areas`` of their faces.  ``segments`` are (start [K], end [K], duration [s], 0 for a ramp or 1 for Newton
    cooling).  Phases of a cell exchange over the radius ``grain``, at once if it is zero.
    """

    N: np.ndarray
    g: np.ndarray
    amounts: np.ndarray
    u: np.ndarray
    store: np.ndarray
    blocks: tuple[int, ...] = ()
    occupancy: np.ndarray | None = None
    sublattice: np.ndarray | None = None
    interaction: np.ndarray | None = None
    metal: np.ndarray | None = None
    k0: float = 1.0
    Ea: float = 0.0
    nucleus: float = 0.0
    reaches: float = 1e9
    D: np.ndarray | None = None
    lacking: np.ndarray | None = None
    widths: np.ndarray | None = None
    areas: np.ndarray | None = None
    volumes: np.ndarray | None = None
    half: np.ndarray | None = None
    film: float = 1e-12
    T: float = 1000.0
    segments: tuple[tuple[float, float, float, float], ...] = ()
    lowest: np.ndarray | None = None
    grain: float = 0.0
    model: Model = field(init=False)

    def __post_init__(self):
        N = np.ascontiguousarray(self.N, dtype=float)
        V, K = N.shape
        M = len(self.amounts)
        counts = self.blocks or (1,) * V
        B = len(counts)
        start = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
        occupancy = np.zeros((V, 1)) if self.occupancy is None else np.array(self.occupancy, dtype=float, order="C")
        Y = occupancy.shape[1]
        species = np.array([Y if count > 1 else 0 for count in counts], dtype=np.intp)
        if self.sublattice is None:
            site = np.zeros((B, Y), dtype=np.intp)
        else:
            site = np.tile(np.asarray(self.sublattice, dtype=np.intp), (B, 1))
        sites = np.where(species > 0, site.max() + 1, 0).astype(np.intp)
        own = np.zeros(V)
        for v in range(V):
            for y in range(Y):
                size = occupancy[v, site[0] == site[0, y]].sum()
                if occupancy[v, y] > 0.0:
                    own[v] += occupancy[v, y] * np.log(occupancy[v, y] / size)
        holds = np.array([N[start[b] : start[b + 1]].max(axis=0) > 0.0 for b in range(B)])
        metal = holds if self.metal is None else np.array(self.metal, dtype=bool, order="C")
        cations = N.sum(axis=1)
        RT = GAS_CONSTANT * self.T
        energy = np.zeros((V, 5))
        energy[:, 0] = np.asarray(self.g) * RT
        segments = np.array(self.segments or ((self.T, self.T, 1e12, 0.0),), dtype=float)
        segments[:, 1] = np.where(segments[:, 3] > 0.0, 0.0, (segments[:, 1] - segments[:, 0]) / segments[:, 2])
        grid = 2000
        widest = max(counts)
        D = np.zeros((B, K)) if self.D is None else np.asarray(self.D, dtype=float)
        diffusivity = np.zeros((2, 2, B, K))
        diffusivity[0, 0] = diffusivity[0, 1] = D
        thermal = Thermal(
            energy=energy, gas=np.zeros((V, 3)), oxides=np.full((K, 1), -1, dtype=np.intp), size=cations, N=N,
            segments=segments, begins=np.concatenate([[0.0], np.cumsum(segments[:, 2])]),
            gases=np.zeros(len(segments), dtype=np.intp), first=270.0, open_potential=np.zeros((1, 3, grid)),
            closed_reference=np.zeros((1, K, grid)), vapour=np.zeros((1, 2, grid)), supplied=np.zeros((1, K)),
            rate=np.array([self.k0, 1.0, 0.0, self.Ea]), coarsening=np.array([0.0, 1e3, 0.0]),
            diffusivity=diffusivity, boundary=np.zeros((2, B, K)),
            cooling=5400.0, renewal=np.zeros(1), lithium=-1,
            bed=np.full((1, grid), -1e3), nearby=np.zeros(1), melting=np.full(B, np.inf), liquid=np.zeros(B),
        )  # fmt: skip
        size = np.asarray(self.amounts) @ cations
        size = np.where(size > 0.0, size, 1.0)
        widths = np.ones(M) if self.widths is None else np.asarray(self.widths, dtype=float)
        volumes = widths if self.volumes is None else np.asarray(self.volumes, dtype=float)
        areas = np.ones(M - 1) if self.areas is None else np.asarray(self.areas, dtype=float)
        half = np.array([widths[:-1], widths[1:]]) / 2.0 if self.half is None else np.asarray(self.half, dtype=float)
        lacking = np.zeros((B, K)) if self.lacking is None else np.array(self.lacking, dtype=float, order="C")
        near = np.array([[max(c - 1, 0), min(c + 2, M)] for c in range(M)], dtype=np.intp)
        shared = np.zeros(K, dtype=bool)
        interaction = np.full((V, widest), np.nan)
        if self.interaction is not None:
            interaction = np.array(self.interaction, dtype=float, order="C") * RT
        basis = Basis(
            N=N, start=start, occupancy=occupancy, species=species, site=site, sites=sites, own=own, metal=metal,
            cations=cations,
        )  # fmt: skip
        around = np.eye(M) + 0.1 * (np.eye(M, k=1) + np.eye(M, k=-1))
        around /= around.sum(axis=1, keepdims=True)
        growth = Growth(
            around=around, near=near, row=np.zeros(M, dtype=np.intp), reaches=np.full(M, self.reaches),
            nucleus=np.full(B, self.nucleus * self.T**3), slower=np.zeros(B), coupling=0.0, shared=shared,
        )  # fmt: skip
        paths = Paths(
            widths=widths, density=size / volumes, half=half, areas=areas, side=np.zeros(M, dtype=np.intp),
            host=np.arange(B, dtype=np.intp), lacking=lacking, width=self.film, shared=shared, films=np.zeros(B),
        )  # fmt: skip
        self.model = Model(
            basis=basis, thermal=thermal, growth=growth, paths=paths, size=size,
            store=np.ascontiguousarray(self.store, dtype=float), interaction=interaction, outlet=np.eye(M)[-1],
            necks=Necks(np.zeros(1), np.ones((1, M - 1)), np.ones((1, M))),
        )  # fmt: skip

    def begin(self):
        """The cells at time zero."""
        size, basis = self.model.size, self.model.basis
        n = np.maximum(np.array(self.amounts, dtype=float, order="C"), BARRIER * size[:, None])
        u = np.array(self.u, dtype=float, order="C")
        x = self.model.store * np.where(u < 0.0, np.exp(np.minimum(u, 0.0)), 1.0 + u)
        widths = np.diff(basis.start)
        lowest = np.repeat(1.0 / np.repeat(widths, widths)[None], len(n), axis=0)
        if self.lowest is not None:
            lowest = np.array(self.lowest, dtype=float)
        first = np.add.reduceat((n * basis.cations).sum(axis=0), basis.start[:-1])
        return Cells(
            n=n, z=BARRIER * size[:, None] / n, lowest=np.ascontiguousarray(lowest), u=u, held=n @ basis.N + x,
            lost=np.zeros(u.shape[1]), first=first, slope=np.zeros_like(n), drift=np.zeros_like(u),
            grain=np.array([self.grain]),
            nucleated=np.where(
                np.add.reduceat(np.asarray(self.amounts).sum(axis=0), basis.start[:-1])[None] > 0.0, MANY, 0.0
            ),
            affinity=np.zeros((len(n), len(widths))),
        )  # fmt: skip

    def watch(self, amounts):
        """Nothing is watched."""
        return np.zeros((amounts.shape[0], 0))


@pytest.fixture(scope="module")
def judged():
    """Judges files with little memory and time; ``limited.py`` says how.  Each reader has a process for all files."""
    make, judges = runpy.run_path(str(Path(__file__).with_name("limited.py")))["Judge"], {}

    def judge(imports, call, path):
        if (imports, call) not in judges:
            judges[imports, call] = make(imports, call)
        return judges[imports, call](path)

    yield judge
    for process in judges.values():
        process.close()


@pytest.fixture(scope="session")
def synthetic():
    """``Synthetic``: problems without chemistry."""
    return Synthetic
