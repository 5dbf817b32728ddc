"""What plain thermodynamics shows, number by number: garnet with four cathodes, from uncorrected DFT energies.

Inputs as stated with the table to be reproduced: formation energies of 2019 (column dft_eV_atom, source bartel2020),
+0.25 eV per La on La2O3 alone, O open at mu_O(T) of O2 at 1 bar, Li7La3Zr2O12 and cathode 1:1 by mass, energy per atom
of both reactants.  "para" forbids phases that hold La or Zr together with Ni, Mn or Co.  Two things it does not state
were found by trying:

* mu_O counts from O2 at 0 K, as befits energies at 0 K.  The reference of this package (H of the elements zero at
  298.15 K) lies 0.045 eV lower and a mu_O that is zero at 298.15 K 0.272 eV higher; both fail here.
* LiNiO2 and LiCoO2 are counted against sides that may decompose by themselves, LiMn2O4 against undecomposed ones, with
  -72 against decomposed sides in brackets.  LiNi0.5Mn1.5O4 and the garnet are stable, it makes no difference.

The table is met to half a unit of its last digit but for one number: the full equilibrium of LiNi0.5Mn1.5O4 is -53.48,
printed -54.  Of the 511 formulas of these elements in the reference compilation the package's tables hold 83.  The
numbers given to 0.01 meV were computed once from all 511 and come out the same, so none that matters is missing.
"""

from dataclasses import dataclass

import numpy as np
import pytest

from sinterface.models.basics import formula
from sinterface.models.basics.constants import CELSIUS_ZERO, EV_PER_ATOM
from sinterface.models.equilibrium.minimum import minimise
from sinterface.models.phases.gases import gas

GARNET = "Li7La3Zr2O12"
MASSES = {"Li": 6.94, "La": 138.905, "Zr": 91.224, "Ni": 58.693, "Mn": 54.938, "Co": 58.933, "O": 15.999}  # IUPAC 2021
ENTHALPY_298_TO_0_K = 8683.0
"""H(298.15 K) - H(0 K) of O2 [J/mol] (JANAF)."""


def mu_oxygen(T, reference):
    """Chemical potential of O in O2 at 1 bar [eV], which is zero in the reference state."""
    zero = {"298 K": 0.0, "0 K": -ENTHALPY_298_TO_0_K, "zero at 298 K": float(gas("O2").gibbs(298.15))}[reference]
    return 0.5 * (float(gas("O2").gibbs(T)) - zero) / EV_PER_ATOM


@dataclass
class Mixture:
    """Energies [meV per atom] of the reaction against undecomposed and decomposed sides, and the products."""

    undecomposed: float
    decomposed: float
    products: frozenset[str]


@pytest.fixture(scope="module")
def react(records):
    dft = {key: r for key, r in records.items() if r.row["dft_source"] == "bartel2020"}

    def run(cathode, T_C, para, reference="0 K", lanthana=0.25):
        sides = [formula.parse(GARNET), formula.parse(cathode)]
        elements = tuple(sorted({e for side in sides for e in side} - {"O"}))
        frameworks = {"La", "Zr"}, {"Ni", "Mn", "Co"}
        phases = {
            key: r
            for key, r in dft.items()
            if set(r.amounts) <= {*elements, "O"} and not (para and all(side & set(r.amounts) for side in frameworks))
        }
        mu = mu_oxygen(T_C + CELSIUS_ZERO, reference)

        def omega(record):
            energy = record.dft * sum(record.amounts.values()) + (2.0 * lanthana if record.phase == "La2O3" else 0.0)
            return (energy - mu * record.amounts["O"]) * EV_PER_ATOM

        def array(amounts):
            return np.array([amounts.get(e, 0.0) for e in elements])

        table = np.array([array(r.amounts) for r in phases.values()])
        energies = np.array([omega(r) for r in phases.values()])
        size = table.sum(axis=1)

        def lowest(total):
            return minimise(table / size[:, None], energies / size, total, elements)

        weight = [1.0 / sum(MASSES[e] * n for e, n in side.items()) for side in sides]
        totals = [w * array(side) for w, side in zip(weight, sides, strict=True)]
        atoms = sum(w * sum(side.values()) for w, side in zip(weight, sides, strict=True))
        own = [
            w * omega(next(r for r in phases.values() if r.amounts == side))
            for w, side in zip(weight, sides, strict=True)
        ]
        mixed = lowest(sum(totals))
        per_atom = [
            (mixed.energy - before) / atoms / EV_PER_ATOM * 1e3
            for before in (sum(own), sum(lowest(total).energy for total in totals))
        ]
        names = [name.removesuffix("-tetragonal") for name in phases]
        return Mixture(*per_atom, frozenset(names[p] for p in np.flatnonzero(mixed.amounts > 1e-9 * sum(weight))))

    return run


# cathode, temperature [C], constraint, sides, the number printed, computed from all phases of the compilation
TABLE = [
    *(("LiNi0.5Mn1.5O4", T, "para", "undecomposed", -44.0, -44.10) for T in range(300, 1001, 100)),
    ("LiMn2O4", 400, "para", "undecomposed", -80.0, -79.74),
    ("LiMn2O4", 400, "para", "decomposed", -72.0, -72.26),
    ("LiMn2O4", 400, "full", "undecomposed", -91.0, -90.79),
    ("LiNiO2", 300, "para", "decomposed", -12.0, -12.33),
    ("LiNiO2", 400, "para", "decomposed", -5.5, -5.52),
    ("LiNiO2", 500, "para", "decomposed", 0.0, 0.00),
    ("LiNiO2", 300, "full", "decomposed", -16.0, -16.41),
    ("LiNiO2", 400, "full", "decomposed", -9.0, -9.01),
    ("LiNiO2", 500, "full", "decomposed", -3.0, -3.01),
    ("LiCoO2", 300, "para", "decomposed", -8.0, -7.88),
    ("LiCoO2", 400, "para", "decomposed", -4.0, -4.41),
    ("LiCoO2", 500, "para", "decomposed", -1.0, -0.86),
    ("LiCoO2", 600, "para", "decomposed", 0.0, 0.00),
]


@pytest.mark.parametrize(("cathode", "T_C", "constraint", "sides", "printed", "exact"), TABLE)
def test_energies(react, cathode, T_C, constraint, sides, printed, exact):
    reactions = getattr(react(cathode, T_C, constraint == "para"), sides)
    assert reactions == pytest.approx(printed, abs=0.05 if printed == -5.5 else 0.5)
    assert reactions == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("T_C", range(300, 1001, 100))
def test_full_equilibrium_of_lnmo(react, T_C):
    """Printed -54: more than half a unit away, though -53.48 becomes that when rounded twice."""
    reactions = react("LiNi0.5Mn1.5O4", T_C, False)
    assert reactions.undecomposed == pytest.approx(-53.48, abs=0.01)
    assert reactions.undecomposed == pytest.approx(-54.0, abs=0.55)
    assert "La2MnNiO6" in reactions.products


@pytest.mark.parametrize(("T_C", "full"), [(300, -8.34), (400, -4.78), (500, -1.29), (600, 0.0)])
def test_full_equilibrium_of_lco_is_about_the_same(react, T_C, full):
    reactions = react("LiCoO2", T_C, False)
    assert reactions.decomposed == pytest.approx(full, abs=0.01)
    assert abs(reactions.decomposed - react("LiCoO2", T_C, True).decomposed) < 0.5
    assert ("La4LiCoO8" in reactions.products) == (T_C < 600)


PRODUCTS = [
    *(("LiNi0.5Mn1.5O4", T, "para", "Li2MnO3 NiO La2Zr2O7 La2O3") for T in (300, 600, 1000)),
    ("LiMn2O4", 400, "para", "Li2MnO3 Li5Mn7O16 La2Zr2O7 La2O3"),
    ("LiMn2O4", 400, "full", "LaMn2O5 ZrO2"),
    ("LiNiO2", 300, "para", "Li2NiO3 NiO La2Zr2O7"),
    ("LiNiO2", 400, "para", "Li2NiO3 NiO La2Zr2O7"),
    *(("LiNiO2", T, "full", "La4LiNiO8") for T in range(300, 801, 100)),
    *(("LiCoO2", T, "para", "Li7Co5O12 La2Zr2O7") for T in (300, 400, 500)),
]


@pytest.mark.parametrize(("cathode", "T_C", "constraint", "products"), PRODUCTS)
def test_products(react, cathode, T_C, constraint, products):
    """All that are named are there; the table does not name what is left of the reactants, and LiLaO2 beside them."""
    reactions = react(cathode, T_C, constraint == "para").products
    assert set(products.split()) <= reactions
    if constraint == "para":
        assert reactions - set(products.split()) <= {GARNET, cathode, "LiLaO2", "La2O3"}


@pytest.mark.parametrize(("cathode", "T_C"), [("LiNiO2", 500), ("LiCoO2", 600)])
def test_zirconate_fades_on_heating(react, cathode, T_C):
    """Gone at the temperatures of the table, still there 100 K lower: the garnet stays."""
    assert "La2Zr2O7" not in react(cathode, T_C, True).products
    assert "La2Zr2O7" in react(cathode, T_C - 100, True).products
    assert GARNET in react(cathode, T_C, True).products


def test_nothing_between_nickelate_and_garnet_above_800(react):
    """La4NiLiO8 "up to about 800, then nothing"; LiNiO2 itself has become NiO and Li2O."""
    reactions = react("LiNiO2", 900, False)
    assert reactions.products == {GARNET, "NiO", "Li2O"}
    assert reactions.decomposed == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("reference", ["298 K", "zero at 298 K"])
def test_other_references_of_oxygen_fail(react, reference):
    """What depends on oxygen does not come out with them; LiNi0.5Mn1.5O4, which takes up none, can not tell."""
    wrong = [
        (cathode, T_C)
        for cathode, T_C, constraint, sides, printed, _ in TABLE
        if abs(getattr(react(cathode, T_C, constraint == "para", reference), sides) - printed) > 0.5
    ]
    assert {cathode for cathode, _ in wrong} == {"LiMn2O4", "LiNiO2", "LiCoO2"}
    assert len(wrong) >= 8
    assert ("La2Zr2O7" in react("LiCoO2", 500, True, reference).products) == (reference == "zero at 298 K")  # too early
    assert ("La2Zr2O7" in react("LiCoO2", 600, True, reference).products) == (reference == "zero at 298 K")  # too late


def test_references_of_oxygen():
    """-0.272 eV at 298.15 K relative to O2 at 0 K (JANAF); the package counts from 298.15 K."""
    assert mu_oxygen(298.15, "0 K") == pytest.approx(-0.272, abs=1e-3)
    assert mu_oxygen(298.15, "298 K") == pytest.approx(-0.317, abs=1e-3)
    assert mu_oxygen(298.15, "zero at 298 K") == 0.0


def test_without_the_correction_of_lanthana_the_garnet_decomposes(react):
    """-6.7 meV per atom of garnet (0.427 of the atoms): why the table corrects La2O3; then both sides are stable."""
    for lanthana, gain in ((0.0, 6.7), (0.25, 0.0)):
        reactions = react("LiNi0.5Mn1.5O4", 600, True, lanthana=lanthana)
        assert reactions.decomposed - reactions.undecomposed == pytest.approx(0.427 * gain, abs=0.05)
