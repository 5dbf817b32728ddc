"""Structures, calculated diffraction patterns, detection limits and Raman bands."""

import csv
import io
import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sinterface.models.basics.errors import InputError
from sinterface.models.instruments.detection import detection_limits, family_limits
from sinterface.models.instruments.diffraction import (
    ANODES,
    DISPLACEMENT,
    Component,
    Scan,
    intensity_along,
    lines_of,
    pattern,
    profile,
    wavelengths,
    widths,
)
from sinterface.models.instruments.structures import Site, crystal_of, structures

TABLES = Path(__file__).resolve().parents[2] / "models" / "data" / "solids"
CU = ANODES["Cu"][0][0]

MIXTURE = (
    Component("LiNi0.8Mn0.1Co0.1O2", "layered", 50.0, "cathode"),
    Component("Li6.4La3Zr1.4Ta0.6O12", "garnet", 50.0, "electrolyte"),
)


def densities():
    texts = [file.read_text(encoding="utf-8") for file in sorted(TABLES.glob("*.csv"))]
    rows = [row for text in texts for row in csv.DictReader(io.StringIO(text))]
    return {row["phase"]: 1e3 * float(row["density_g_cm3"]) for row in rows if row["density_g_cm3"]}


@pytest.mark.parametrize("crystal", structures(), ids=lambda crystal: crystal.name)
def test_a_structure_holds_what_its_formula_says(crystal):
    from pymatgen.core.composition import Composition

    def shares(composition):
        size = composition["O"] or composition.num_atoms
        return {str(e): n / size for e, n in composition.get_el_amt_dict().items() if str(e) != "H"}

    held, told = shares(crystal.atoms().composition), shares(Composition(crystal.formula))
    assert held == pytest.approx(told, rel=2e-3)


@pytest.mark.parametrize("crystal", structures(), ids=lambda crystal: crystal.name)
def test_densities_agree_with_those_of_the_phase_tables(crystal):
    """Tables and structures come from different sources; hydrogen, which the sites lack, is added."""
    table = densities()
    name = next((p for p in (*crystal.phases, crystal.formula, f"{crystal.formula}-cubic") if p in table), None)
    if name is None:
        pytest.skip("not in the tables with a density")
    if crystal.name.startswith("LaMnO3"):
        pytest.skip("the table's LaMnO3 has no oxygen in excess, and is 4 % less dense")
    mass_without_hydrogen = {"La(OH)3": 0.984, "LaOOH": 0.994, "LiOH": 0.958}.get(name, 1.0)
    assert crystal.density / mass_without_hydrogen == pytest.approx(table[name], rel=0.025)


def test_solid_solutions_follow_vegard():
    nickel, cobalt, mixed = (crystal_of(p, "layered") for p in ("LiNiO2", "LiCoO2", "LiNi0.75Co0.25O2"))
    for k in range(6):
        assert mixed.cell[k] == pytest.approx(0.75 * nickel.cell[k] + 0.25 * cobalt.cell[k], rel=1e-6)
    assert dict(mixed.sites[1].species) == pytest.approx({"Ni": 0.75, "Co": 0.25}, abs=1e-6)
    assert mixed.cell_known == "recalled"  # no better known than the worst of its end members


def test_a_known_garnet_has_the_measured_cell():
    """12.922 Å (10.1039/c2jm31413d as quoted by OBELiX), from which no end member was taken."""
    assert crystal_of("Li6.4La3Zr1.4Ta0.6O12", "garnet").cell[0] == pytest.approx(12.922, abs=0.012)


def test_double_perovskites_are_not_taken_for_mixtures_of_trivalent_ones():
    assert crystal_of("LaNi0.5Mn0.5O3", "LaMO3").cell[0] == pytest.approx(5.515, abs=1e-3)


@pytest.mark.parametrize(
    ("phase", "family"),
    [("Li3TaO4", "Li tantalate"), ("LaTaO4", "La tantalate"), ("LaFeO3", "LaMO3"), ("no formula", "garnet")],
)
def test_phases_without_a_structure_are_told(phase, family):
    assert crystal_of(phase, family) is None
    sample = [*MIXTURE, Component(phase, family, 1.0)]
    assert [component.phase for component in pattern(sample).invisible] == [phase]


@pytest.mark.parametrize(
    ("phase", "family", "marks"),
    [
        ("La2.41Zr1.18Ta0.41O7", "La2Zr2O7", (28.4, 47.3)),
        ("LaNi0.8Mn0.1Co0.1O3", "LaMO3", (23.0,)),
        ("La4LiNiO8", "La2MO4", (24.6, 33.8)),
        ("Li2MnO3", "Li2MnO3", (20.7,)),
    ],
)
def test_marks_of_the_reference_come_out(phase, family, marks):
    """Marks of Ma et al. (10.1039/d5ta03114a); docs/instruments.md explains 24.8 and 63.6 degrees, which do not."""
    lines = lines_of(phase, family)
    strong = lines.angles(CU)[lines.intensity > 0.1 * lines.intensity.max()]
    for mark in marks:
        assert np.abs(strong - mark).min() < 0.2


def test_marks_that_docs_say_do_not_come_out():
    perovskite, manganate = lines_of("LaNi0.8Mn0.1Co0.1O3", "LaMO3"), lines_of("Li2MnO3", "Li2MnO3")
    assert np.abs(perovskite.angles(CU) - 24.8).min() > 0.2
    assert np.nanmin(np.abs(manganate.angles(CU)[manganate.intensity > 0.01 * manganate.intensity.max()] - 63.6)) > 0.2


def test_profiles_have_unit_area_and_the_stated_width():
    x = np.linspace(-60.0, 60.0, 400_001)
    for mixing in (0.0, 0.4, 1.0):
        y = profile(x, 0.2, mixing)
        assert np.trapezoid(y, x) == pytest.approx(1.0, abs=3e-3)
        assert np.ptp(x[y > 0.5 * y.max()]) == pytest.approx(0.2, rel=0.01)


def test_small_crystallites_widen_lines_as_scherrer_says():
    width, mixing = widths(np.array([40.0]), CU, Scan(width=1e-6), 1e-8)
    assert width[0] == pytest.approx(math.degrees(0.9 * CU * 1e-10 / (1e-8 * math.cos(math.radians(20.0)))), rel=1e-3)
    assert mixing[0] == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("name", ["La2Zr2O7", "LiCoO2", "LaMnO3+d", "Li2MnO3", "La2O3", "Li6Zr2O7"])
def test_lines_are_those_of_pymatgen(name):
    """Cubic, rhombohedral, orthorhombic, hexagonal and monoclinic cells against pymatgen's XRDCalculator."""
    from pymatgen.analysis.diffraction.xrd import XRDCalculator

    crystal = next(crystal for crystal in structures() if crystal.name.startswith(name.partition("+")[0]))
    atoms = crystal.atoms()
    calculator = XRDCalculator(CU, debye_waller_factors={str(symbol): DISPLACEMENT for symbol in atoms.symbol_set})
    theirs = calculator.get_pattern(atoms, scaled=False, two_theta_range=(0.5, 90.0))
    height = np.asarray(theirs.y) / (float(atoms.composition.weight) * atoms.volume)
    clear = height > 1e-3 * height.max()
    lines = lines_of(crystal.phases[0] if crystal.phases else crystal.formula, crystal.family)
    ours = lines.angles(CU)
    for angle, strength in zip(np.asarray(theirs.x)[clear], height[clear], strict=True):
        near = int(np.abs(ours - angle).argmin())
        assert ours[near] == pytest.approx(angle, abs=1e-6)
        assert lines.intensity[near] == pytest.approx(strength, rel=1e-5)
    assert crystal.density == pytest.approx(1e3 * float(atoms.density), rel=1e-4)


def test_a_pattern_of_new_compositions_is_quick():
    """A run has its own composition of each solution, whose lines nobody has calculated before."""
    lines_of("La2.31Zr1.38Ta0.31O7", "La2Zr2O7"), lines_of("Li6.31La3Zr1.31Ta0.69O12", "garnet")
    start = time.process_time()
    pattern([
        Component("LiNi0.61Mn0.27Co0.12O2", "layered", 49.0, "cathode"),
        Component("Li6.33La3Zr1.33Ta0.67O12", "garnet", 49.0, "electrolyte"),
        Component("La2.33Zr1.34Ta0.33O7", "La2Zr2O7", 2.0),
    ])  # fmt: skip
    assert time.process_time() - start < 3.0 * 0.4, "0.3 s of the processor on a machine with nothing else to do"


def test_intensity_per_mass_does_not_depend_on_the_choice_of_the_cell():
    """Nickel oxide in its cube and in a rhombohedral cell of three quarters of the atoms: Rietveld's 1 / (ZM V)."""
    cube = crystal_of("NiO", "rock salt")
    a = cube.cell[0]
    sites = (Site((0.0, 0.0, 0.0), (("Ni", 1.0),)), Site((0.0, 0.0, 0.5), (("O", 1.0),)))
    cell = (a / math.sqrt(2.0), a / math.sqrt(2.0), a * math.sqrt(3.0), 90.0, 90.0, 120.0)
    other = replace(cube, space_group="R-3m", cell=cell, sites=sites)
    assert len(other.atoms()) == 6 and len(cube.atoms()) == 8
    scan = Scan(start=30.0)
    first, second = intensity_along(cube, scan, 1e-7), intensity_along(other, scan, 1e-7)
    assert np.abs(first - second).max() < 1e-3 * first.max()


def test_intensity_of_periclase_relative_to_corundum():
    """I/Ic of MgO is 3.0 in the powder diffraction file (recalled); corundum: AFLOW prototype A2B3_hR10_167_c_e.

    Neither has an atom whose dispersion matters, so that this tests the weighting between structures.
    """
    sites = (Site((0.0, 0.0, 0.35216), (("Al", 1.0),)), Site((0.3061, 0.0, 0.25), (("O", 1.0),)))
    cell = (4.7607, 4.7607, 12.9947, 90.0, 90.0, 120.0)
    corundum = replace(crystal_of("MgO", "rock salt"), space_group="R-3c", cell=cell, sites=sites)
    scan = Scan(stop=60.0, lines=((CU, 1.0),))
    heights = [intensity_along(c, scan, 1e-6).max() for c in (crystal_of("MgO", "rock salt"), corundum)]
    assert heights[0] / heights[1] == pytest.approx(3.0, rel=0.12)


def test_lines_go_with_the_share_of_the_mass():
    little, much = (pattern([*MIXTURE, Component("La2Zr2O7", "La2Zr2O7", share)], seed=None) for share in (1.0, 4.0))
    garnet = MIXTURE[1].phase
    assert little.by_phase["La2Zr2O7"].max() > 0.0
    assert np.allclose(
        4.0 * little.by_phase["La2Zr2O7"] * much.by_phase[garnet], much.by_phase["La2Zr2O7"] * little.by_phase[garnet]
    )


def test_noise_is_seeded_poisson():
    first, again, other = pattern(MIXTURE), pattern(MIXTURE), pattern(MIXTURE, seed=1)
    assert np.array_equal(first.counts, again.counts)
    assert not np.array_equal(first.counts, other.counts)
    deviation = (first.counts - first.expected) / np.sqrt(first.expected)
    assert deviation.std() == pytest.approx(1.0, abs=0.05)
    assert deviation.mean() == pytest.approx(0.0, abs=0.05)


def test_the_parts_add_up():
    whole = pattern(MIXTURE, seed=None)
    assert np.allclose(sum(whole.by_phase.values()) + whole.background, whole.expected)


def test_slow_scans_count_more():
    fast, slow = pattern(MIXTURE, Scan(), seed=None), pattern(MIXTURE, Scan(speed=0.3), seed=None)
    assert slow.expected.max() == pytest.approx(10.0 * fast.expected.max(), rel=1e-9)


def test_a_pattern_of_4000_points_takes_under_a_fifth_of_a_second():
    scan = Scan(step=70.0 / 4000)
    sample = [*MIXTURE, Component("La2Zr2O7", "La2Zr2O7", 3.0), Component("LaNiO3", "LaMO3", 2.0)]
    pattern(sample, scan)
    start = time.process_time()
    pattern(sample, scan)
    assert time.process_time() - start < 0.2


@pytest.mark.parametrize("radiation", [*ANODES, "0.4", "1.2"])
def test_any_anode_shows_the_same_spacings(radiation):
    scan = Scan.of_anode(radiation)
    shown = pattern([Component("NiO", "rock salt", 100.0)], scan, seed=None)
    wavelength = wavelengths(radiation)[0][0]
    angle = shown.angles[np.argmax(shown.by_phase["NiO"])]
    spacing = wavelength / (2.0 * math.sin(math.radians(angle) / 2.0))
    assert spacing == pytest.approx(4.182 / 2.0, rel=3e-3)  # 200 is the strongest line


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"start": 2.0}, "5 to 160"),
        ({"stop": 170.0}, "5 to 160"),
        ({"start": 80.0, "stop": 10.0}, "5 to 160"),
        ({"step": 0.0}, "step"),
        ({"step": 1e-9}, "step"),
        ({"speed": -1.0}, "speed"),
        ({"width": math.nan}, "width"),
        ({"background": 1.0}, "background"),
        ({"lines": ((0.0, 1.0),)}, "wavelength"),
        ({"lines": ((0.4, 1.0),)}, "end the scan there"),
    ],
)
def test_scans_that_can_not_be_made(options, words):
    with pytest.raises(InputError, match=words):
        Scan(**options)


@pytest.mark.parametrize(
    ("radiation", "words"),
    [
        ("", "choose Cu"),
        ("Xx", "choose Cu"),
        ("zero", "choose Cu"),
        ("0", "wavelength 0 Å: choose 0.05 to 5"),
        ("-1", "wavelength -1 Å: choose 0.05 to 5"),
        ("nan", "wavelength nan Å: choose 0.05 to 5"),
    ],
)
def test_radiations_that_are_none(radiation, words):
    with pytest.raises(InputError, match=words):
        Scan.of_anode(radiation)


def test_nothing_visible_is_an_error():
    with pytest.raises(InputError, match="no phase of this sample"):
        pattern([Component("Li3TaO4", "Li tantalate", 100.0)])
    with pytest.raises(InputError, match="no line of this sample"):
        pattern([Component("NiO", "rock salt", 100.0)], Scan(start=10.0, stop=20.0))


SOUGHT = (("La2Zr2O7", "La2Zr2O7"), ("Li2MnO3", "Li2MnO3"), ("Li3TaO4", "Li tantalate"))


def test_a_phase_at_its_limit_stands_three_sigma_above_the_noise():
    limit = detection_limits(MIXTURE, sought=SOUGHT)["La2Zr2O7"]
    shares = dict.fromkeys(("cathode", "electrolyte"), 0.5 * (100.0 - limit.wt_percent))
    hosts = [Component(c.phase, c.family, shares[c.role], c.role) for c in MIXTURE]
    shown = pattern([*hosts, Component("La2Zr2O7", "La2Zr2O7", limit.wt_percent)], seed=None)
    point = int(np.argmin(np.abs(shown.angles - limit.angle)))
    assert shown.by_phase["La2Zr2O7"][point] == pytest.approx(3.0 * math.sqrt(shown.expected[point]), rel=0.05)


def test_limits_are_of_lines_that_are_not_hidden():
    limits = detection_limits(MIXTURE, sought=SOUGHT)
    assert limits["Li2MnO3"].hidden[0] == pytest.approx(18.69, abs=0.02)  # its strongest, below the cathode's 003
    assert limits["La2Zr2O7"].wt_percent < limits["Li2MnO3"].wt_percent
    assert limits["La2Zr2O7"].integrated_wt_percent < limits["La2Zr2O7"].wt_percent
    assert math.isnan(limits["Li3TaO4"].wt_percent)


def test_longer_counting_and_larger_crystallites_lower_limits():
    def least(**options):
        return detection_limits(MIXTURE, Scan(**options), sought=SOUGHT)["La2Zr2O7"].wt_percent

    assert least(speed=0.03) == pytest.approx(0.1 * least(), rel=0.1)  # a hundred times the counts
    assert least(product_crystallite=1e-8) > 2.0 * least()


def test_without_starting_materials_nothing_is_hidden():
    limit = detection_limits([Component("NiO", "rock salt", 100.0)])["NiO"]
    assert limit.hidden == () and 0.0 < limit.wt_percent < 5.0


def test_limits_of_families_are_those_of_their_phases():
    products = [Component("La2Zr2O7", "La2Zr2O7", 1.0), Component("Li3TaO4", "Li tantalate", 1.0)]
    mixture = [
        *MIXTURE,
        *products,
        Component("Li2ZrO3", "Li zirconate", 1.0),
        Component("Li6Zr2O7", "Li zirconate", 2.0),
    ]
    phases, families = detection_limits(mixture), family_limits(mixture)
    assert families["La2Zr2O7"] == pytest.approx(phases["La2Zr2O7"].wt_percent)
    low, high = phases["Li2ZrO3"].wt_percent, phases["Li6Zr2O7"].wt_percent
    assert families["Li zirconate"] == pytest.approx(3.0 / (1.0 / low + 2.0 / high))
    assert low < families["Li zirconate"] < high
    assert math.isnan(families["Li tantalate"])
