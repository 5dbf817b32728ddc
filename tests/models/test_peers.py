"""Agreement with pymatgen: reaction profiles of stoichiometric phases, O closed and open, kink by kink.

Both codes get the same numbers.  Energies are Gibbs energies G(T) of the package's tables, in eV, with O2 at 1 bar as
the only gas; the reference is that of the tables (elements have H = 0 and absolute entropies at 298.15 K).  pymatgen
wants the elements among the phases: the metals stand there with zero, far too high to form, O with mu_O(T).

A kink is a point where the slope changes.  Where energies tie exactly, several sets of phases have one energy and both
codes also report points at which the set changes and the slope does not; which ones depends on the order of the work.
Such points are left out of the comparison, on both sides, and the profiles are compared at 101 points besides.  With
the energies of the tables there are none, and the tests say so; rounded energies make plenty.
"""

import os
from itertools import cycle, pairwise, product

import numpy as np
import pytest
from pymatgen.analysis.interface_reactions import GrandPotentialInterfacialReactivity, InterfacialReactivity
from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram, PDEntry, PhaseDiagram
from pymatgen.core import Composition, Element

from sinterface.models.basics.constants import EV_PER_ATOM
from sinterface.models.equilibrium.minimum import along

ELECTROLYTES = ("Li7La3Zr2O12-cubic", "Li3PO4", "Li3BO3", "LiNbO3", "LiAlO2", "LiTaO3")
CATHODES = ("LiCoO2", "LiNiO2", "LiMn2O4", "LiNi0.5Mn1.5O4", "LiFePO4", "LiMnPO4")
TEMPERATURES = (500.0, 700.0, 900.0, 1100.0, 1300.0)
MORE_ELECTROLYTES = (
    "Li5La3Ta2O12", "Li5La3Nb2O12", "La2Zr2O7", "Li2ZrO3", "Li2O", "La2O3", "LiPO3", "LiBO2", "Li4Ti5O12", "Li2TiO3",
    "LaAlO3", "LiTi2(PO4)3", "Li2WO4", "LiLaTi2O6",
)  # fmt: skip
MORE_CATHODES = (
    "LiCoPO4", "MnO2", "NiO", "P2O5", "B2O3", "Li2MnO3", "LaMnO3", "LiMnO2", "LiFeO2", "LiNi0.5Mn0.5O2", "LiCoMnO4",
    "LiNiPO4",
)  # fmt: skip
COUPLES = list(product(ELECTROLYTES, CATHODES))
ALL = list(product(ELECTROLYTES + MORE_ELECTROLYTES, CATHODES + MORE_CATHODES))
EVERY = bool(os.environ.get("SINTERFACE_THOROUGH"))
"""Each of ALL at each temperature, as ``make thorough`` asks for; without it they take the temperatures in turn."""
CASES = list(product(ALL, TEMPERATURES) if EVERY else zip(ALL, cycle(TEMPERATURES), strict=False))
ENERGY = 1e-9
"""Agreement of energies [eV/atom]; 1e-6 is asked for, round-off is 1e-13."""
RATIO = 1e-7
"""Agreement of mixing ratios [1]; pymatgen takes points nearer than 1e-8 for one."""
GRID = np.linspace(0.0, 1.0, 101)


class Couple:
    """All phases of two solids: amounts (P, K) of the elements, O last, energies (P,) [eV], O2 at mu [eV/atom]."""

    def __init__(self, solids, pair, energy, mu):
        elements = sorted({e for solid in pair for e in solid.amounts} - {"O"})
        self.elements = (*elements, "O")
        inside = [s for s in solids if set(s.amounts) <= set(self.elements)]
        self.amounts = np.array([[s.amounts.get(e, 0.0) for e in self.elements] for s in inside])
        self.amounts = np.vstack([self.amounts, np.eye(len(self.elements))])
        self.energy = np.array([*(energy(s) for s in inside), *(0.0 for _ in elements), mu])
        self.mu = mu
        self.rows = [self._lowest(inside.index(solid)) for solid in pair]

    def _lowest(self, row):
        """pymatgen knows one phase of each composition, the lowest: so do the reactants here."""
        share = self.amounts / self.amounts.sum(axis=1, keepdims=True)
        same = np.flatnonzero(np.all(np.isclose(share, share[row]), axis=1))
        return same[np.argmin((self.energy / self.amounts.sum(axis=1))[same])]

    def composition(self, row):
        return Composition({e: n for e, n in zip(self.elements, self.amounts[row].tolist(), strict=True) if n})

    def ours(self, open_oxygen):
        """Cathode's share of the atoms and reaction energy [eV per atom, without O where it is open] at the kinks."""
        amounts, energy = self.amounts, self.energy
        if open_oxygen:
            amounts, energy = amounts[:-1, :-1], (energy - self.mu * amounts[:, -1])[:-1]
        size = amounts.sum(axis=1)
        omega, table = energy / size, amounts / size[:, None]
        first, other = self.rows
        line = along(table, omega * EV_PER_ATOM, table[first], table[other], self.elements[: amounts.shape[1]])
        gain = line.energy / EV_PER_ATOM - (1.0 - line.t) * omega[first] - line.t * omega[other]
        closed_share = size[self.rows] / self.amounts[self.rows].sum(axis=1)
        whole = np.array([1.0 - line.t, line.t]) / closed_share[:, None]
        return np.column_stack([whole[1] / whole.sum(axis=0), gain])

    def theirs(self, open_oxygen):
        entries = [PDEntry(self.composition(row), float(e)) for row, e in enumerate(self.energy)]
        electrolyte, cathode = map(self.composition, self.rows)
        closed = PhaseDiagram(entries)
        if open_oxygen:
            reactivity = GrandPotentialInterfacialReactivity(
                cathode, electrolyte, GrandPotentialPhaseDiagram(entries, {Element("O"): self.mu}), closed,
                include_no_mixing_energy=True, use_hull_energy=False,
            )  # fmt: skip
        else:
            reactivity = InterfacialReactivity(cathode, electrolyte, closed, use_hull_energy=False)
        kinks = np.array([(x, energy) for _, x, energy, *_ in reactivity.get_kinks()])
        return kinks[np.argsort(kinks[:, 0])]

    def straight(self, kinks, open_oxygen):
        """The axis on which the profile is straight between kinks: shares of the atoms that the gas does not carry."""
        if not open_oxygen:
            return kinks
        closed_share = self.amounts[self.rows, :-1].sum(axis=1) / self.amounts[self.rows].sum(axis=1)
        x = kinks[:, 0]
        return np.column_stack([x * closed_share[1] / ((1.0 - x) * closed_share[0] + x * closed_share[1]), kinks[:, 1]])


def bends(kinks):
    """Those of the points that lie below the chord from the bend before to the next point, and the ends."""
    kept = [kinks[0]]
    for point, (x, energy) in pairwise(kinks[1:]):
        share = (point[0] - kept[-1][0]) / (x - kept[-1][0])
        if point[1] < (1.0 - share) * kept[-1][1] + share * energy - ENERGY:
            kept.append(point)
    return np.array([*kept, kinks[-1]])


def assert_same(couple, open_oxygen, ties=False):
    ours, theirs = couple.ours(open_oxygen), couple.theirs(open_oxygen)
    assert tuple(ours[[0, -1], 0]) == (0.0, 1.0)
    straight = [couple.straight(kinks, open_oxygen) for kinks in (ours, theirs)]
    at_grid = [np.interp(GRID, *kinks.T) for kinks in straight]
    np.testing.assert_allclose(*at_grid, rtol=0.0, atol=ENERGY)
    if ties:
        ours, theirs = map(bends, straight)
    assert len(ours) == len(theirs), f"kinks at {ours[:, 0]} here, at {theirs[:, 0]} there"
    np.testing.assert_allclose(ours[:, 0], theirs[:, 0], rtol=0.0, atol=RATIO)
    np.testing.assert_allclose(ours[:, 1], theirs[:, 1], rtol=0.0, atol=ENERGY)
    return ours


def dry(solids):
    """pymatgen can not hold C and H at the potentials of CO2 and H2O; gas elements other than O stay out."""
    return [s for s in solids if not {"C", "H"} & set(s.amounts)]


@pytest.fixture(scope="module")
def make(db, oxygen):
    solids = dry(db.within(db.elements))

    def couple(pair, T, step=0.0):
        """At temperature [K]; ``step`` [eV] rounds the energies of formula units so that many tie."""
        mu = float(oxygen.potential("O", T)) / EV_PER_ATOM

        def energy(solid):
            exact = float(solid.gibbs(T)) / EV_PER_ATOM
            return round(exact / step) * step if step else exact

        return Couple(solids, [db[name] for name in pair], energy, round(mu / step) * step if step else mu)

    return couple


def named(value):
    """How pytest calls a couple or a temperature."""
    return "|".join(value) if isinstance(value, tuple) else f"{value:g}"


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize("open_oxygen", [False, True], ids=["closed", "open"])
@pytest.mark.parametrize("pair", COUPLES, ids="|".join)
def test_same_kinks(make, pair, open_oxygen, T):
    assert_same(make(pair, T), open_oxygen)


@pytest.mark.slow
@pytest.mark.parametrize("open_oxygen", [False, True], ids=["closed", "open"])
@pytest.mark.parametrize(("pair", "T"), CASES, ids=named)
def test_same_kinks_of_all(make, pair, open_oxygen, T):
    """Lines through few components too (Li2O | MnO2), where most of the basis stands at zero."""
    assert_same(make(pair, T), open_oxygen)


@pytest.mark.parametrize("open_oxygen", [False, True], ids=["closed", "open"])
@pytest.mark.parametrize("pair", COUPLES, ids="|".join)
def test_same_kinks_where_energies_tie(make, pair, open_oxygen):
    assert_same(make(pair, 900.0, step=1.0), open_oxygen, ties=True)


@pytest.mark.parametrize("open_oxygen", [False, True], ids=["closed", "open"])
@pytest.mark.parametrize("pair", COUPLES, ids="|".join)
def test_same_kinks_of_dft_energies(db, records, oxygen, pair, open_oxygen):
    """Formation energies at 0 K as tabulated, uncorrected; mu_O as at 900 K."""
    rows = {key: record for key, record in records.items() if record.dft is not None and record.observed}
    pair = [name.replace("-cubic", "-tetragonal") for name in pair]  # DFT has the ground state only
    assert set(pair) <= set(rows)

    def energy(record):
        return record.dft * sum(record.amounts.values())

    mu = float(oxygen.potential("O", 900.0)) / EV_PER_ATOM
    solids = dry(rows.values())
    assert_same(Couple(solids, [rows[name] for name in pair], energy, mu), open_oxygen)


def test_enough_kinks_to_compare(make):
    """The garnet against the phosphates has many; a profile of two ends would agree with anything."""
    counts = [len(assert_same(make(pair, 700.0), True)) for pair in COUPLES]
    assert max(counts) >= 10
    assert sum(count > 2 for count in counts) > len(COUPLES) / 2


@pytest.mark.parametrize("error", [1e-4, -1e-4])
def test_a_wrong_energy_shows(make, error):
    """0.1 meV per formula unit on La2Zr2O7 is seen, so agreement means something."""
    right, wrong = (make(("Li7La3Zr2O12-cubic", "LiMn2O4"), 900.0) for _ in range(2))
    row = next(r for r in range(len(wrong.amounts)) if wrong.composition(r).reduced_formula == "La2Zr2O7")
    wrong.energy[row] += error
    assert np.abs(right.ours(True)[:, 1] - wrong.theirs(True)[:, 1]).max() > 1e-6
