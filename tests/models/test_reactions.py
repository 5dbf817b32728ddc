"""Interface reactions: profiles against brute force, against pymatgen, and their bookkeeping."""

import json
from itertools import pairwise

import numpy as np
import pytest
from pymatgen.analysis.interface_reactions import GrandPotentialInterfacialReactivity
from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram, PDEntry, PhaseDiagram
from pymatgen.core import Composition, Element

from sinterface.models import database, formula, materials, phases
from sinterface.models.atmosphere import atmosphere
from sinterface.models.chemistry import chemical_system, reactant
from sinterface.models.constants import CELSIUS_ZERO, EV_PER_ATOM
from sinterface.models.equilibrium import minimise
from sinterface.models.errors import InputError
from sinterface.models.phaseset import phase_set
from sinterface.models.reactions import interface_reactions, is_allowed, profile

COUPLES = [("LLZTO", "pc-LNMO"), ("LLZTO", "pc-LCO"), ("LLZTO", "pc-NMC811"), ("LLZO", "pc-LFP"), ("LLZO", "pc-LMO")]
TEMPERATURES = (673.15, 973.15)
GRID = np.linspace(0.0, 1.0, 101)
SMALL = ("Li7La3Zr2O12-cubic", "LiMn2O4", "Li2MnO3", "La2Zr2O7", "La2O3", "Li2O", "ZrO2", "LaMnO3", "Mn2O3", "Mn3O4",
         "Li2ZrO3", "MnO", "Li4Mn5O12", "LaMn2O5")  # fmt: skip


def sides(electrolyte, cathode):
    return materials.find(cathode, "cathode"), materials.find(electrolyte, "electrolyte")


@pytest.fixture(scope="module")
def react(db, oxygen):
    known = {}

    def run(electrolyte, cathode, T, para=False):
        key = electrolyte, cathode, T, para
        if key not in known:
            known[key] = interface_reactions(*sides(electrolyte, cathode), T, oxygen, db, para=para)
        return known[key]

    return run


def energies(reactions, x=GRID):
    """Reaction energy [J per mole of cations], interpolated between the kinks."""
    at = [kink.x for kink in reactions.kinks]
    return np.interp(x, at, [reactions.energy_kJ_per_mol(kink) * 1e3 for kink in reactions.kinks])


def brute(phases, omega, one, other, x):
    a, b = phases.composition[one], phases.composition[other]
    found = minimise(phases.composition, omega, (1.0 - x) * a + x * b, phases.components)
    return found.energy - (1.0 - x) * omega[one] - x * omega[other]


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize("couple", COUPLES, ids="-".join)
def test_kinks_against_brute_force(db, oxygen, react, couple, T):
    """Between the kinks nothing bends: 101 linear programmes lie on the profile."""
    phases, where = chemical_system(*sides(*couple), db)
    omega = phases.grand_potential(T, oxygen)
    expected = [brute(phases, omega, where.electrolyte, where.cathode, x) for x in GRID]
    found = energies(react(*couple, T))
    np.testing.assert_allclose(found, expected, atol=max(1e-6 * np.max(np.abs(expected)), 1e-2))


@pytest.mark.parametrize("para", [False, True])
@pytest.mark.parametrize("couple", COUPLES, ids="-".join)
def test_profile_is_convex(react, couple, para):
    kinks = react(*couple, 973.15, para).kinks
    x = np.array([kink.x for kink in kinks])
    slopes = np.diff(energies(react(*couple, 973.15, para), x)) / np.diff(x)
    assert np.all(np.diff(x) > 0.0)
    assert np.all(np.diff(slopes) > -1e-2), slopes


@pytest.mark.parametrize("para", [False, True])
@pytest.mark.parametrize("couple", COUPLES, ids="-".join)
def test_ends_and_signs(react, couple, para):
    found = react(*couple, 973.15, para)
    assert (found.kinks[0].x, found.kinks[-1].x) == (0.0, 1.0)
    assert all(kink.energy < 1e-2 for kink in found.kinks)  # doing nothing is always possible
    assert found.strongest.energy == min(kink.energy for kink in found.kinks)
    assert found.kinks[0].energy == pytest.approx(0.0, abs=1e-2)  # these garnets are stable in O2 at 700 C
    assert [found.mass_share(kink) for kink in (found.kinks[0], found.kinks[-1])] == [0.0, 1.0]


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize("couple", COUPLES, ids="-".join)
def test_frozen_frameworks_gain_less(react, couple, T):
    full, para = (energies(react(*couple, T, p)) for p in (False, True))
    assert np.all(para >= full - 1e-2)


@pytest.mark.parametrize("para", [False, True])
@pytest.mark.parametrize("couple", COUPLES, ids="-".join)
def test_products_balance(db, react, couple, para):
    phases, where = chemical_system(*sides(*couple), db)
    found = react(*couple, 973.15, para)
    solids = dict(zip(phases.ids, phases.solids, strict=True))
    for kink in found.kinks:
        total = (1.0 - kink.x) * phases.composition[where.electrolyte] + kink.x * phases.composition[where.cathode]
        made = sum(
            moles * np.array([solids[phase].amounts.get(s, 0.0) for s in phases.components])
            for phase, moles in kink.products.items()
        )
        np.testing.assert_allclose(made, total, atol=2e-6)
        assert len(kink.products) <= len(phases.components)
        if para:
            garnet, opposite = {"La", "Zr", "Ta"}, {"Ni", "Mn", "Co", "Fe", "P"}
            assert all(
                not (garnet & set(solids[p].amounts) and opposite & set(solids[p].amounts)) for p in kink.products
            )


def db_family(phase):
    """Reporting family of a phase or of a composition of the layered solution."""
    if phase.startswith("layered:"):
        return phases.solution_family("layered", formula.parse(phase.partition(":")[2]))
    return database.embedded()[phase].family if ":" not in phase else ""


def test_driving_forces_in_order(react):
    """LNMO and LMO are enormous lithium sinks, LCO is almost none."""
    strong = {c: react("LLZTO", c, 873.15).strongest.energy_meV_per_atom for c in ("pc-LNMO", "pc-LMO", "pc-LCO")}
    assert strong["pc-LMO"] < -50.0
    assert strong["pc-LNMO"] < -30.0
    assert strong["pc-LCO"] > -3.0
    products = react("LLZTO", "pc-LNMO", 673.15, True).strongest.products
    assert any(db_family(phase) == "Li2MnO3" for phase in products), products
    assert any("La2Zr2O7" in phase or phase.startswith("pyrochlore:") for phase in products)


def test_oxygen_favours_the_uptake_of_lithium_by_manganese(db):
    """LMO + Li2O + O2 -> Li2MnO3 takes oxygen: less of it, less driving force."""
    found = [
        interface_reactions(*sides("LLZO", "pc-LMO"), 873.15, atmosphere(gas), db).strongest.energy
        for gas in ("O2", "dry-air", "N2")
    ]
    assert found[0] < found[1] < found[2] < 0.0


def test_carbon_dioxide_decomposes_the_garnet_alone(db):
    """Garnet + CO2 -> zirconate + Li2CO3 below a ceiling; at 400 ppm between about 640 and 740 C."""
    alone = {
        T_C: interface_reactions(*sides("LLZO", "pc-LCO"), T_C + CELSIUS_ZERO, atmosphere("O2:pCO2=4e-4"), db).kinks[0]
        for T_C in (500, 900)
    }
    assert alone[500].energy_meV_per_atom < -10.0
    assert any(phase.startswith("Li2CO3") for phase in alone[500].products)
    assert alone[900].energy_meV_per_atom == pytest.approx(0.0, abs=1e-6)


def test_axis_and_units(react):
    """Per mole of cations: garnet 840/12 g and 24/12 atoms, LiMn2O4 180.8/3 g and 7/3 atoms."""
    found = react("LLZO", "pc-LMO", 973.15)
    kink = found.kinks[1]
    garnet, spinel = (1.0 - kink.x) * 839.74 / 12.0, kink.x * 180.81 / 3.0
    assert found.mass_share(kink) == pytest.approx(spinel / (garnet + spinel), rel=1e-4)
    atoms = (1.0 - kink.x) * 2.0 + kink.x * 7.0 / 3.0
    assert found.energy_kJ_per_mol(kink) == pytest.approx(kink.energy_meV_per_atom * 0.0964853 * atoms, rel=1e-5)


def test_document_is_plain_json(react):
    found = react("LLZO", "pc-LMO", 973.15)
    document = json.loads(json.dumps(found.document()))
    assert (document["cathode"], document["electrolyte"], document["temperature_C"]) == ("pc-LMO", "LLZO", 700.0)
    assert document["constraint"] == "none"
    assert len(document["kinks"]) == len(found.kinks)
    for entry, kink in zip(document["kinks"], found.kinks, strict=True):
        assert entry["energy_meV_per_atom"] == pytest.approx(kink.energy / EV_PER_ATOM * 1e3)
        assert entry["products"] == pytest.approx(dict(kink.products))
    left, right = document["kinks"][1]["reaction"].split(" -> ")
    assert "Li7La3Zr2O12" in left
    assert "LiMn2O4" in left
    assert right


@pytest.fixture(scope="module")
def small(raw):
    return phase_set([raw[name] for name in SMALL], ("La", "Li", "Mn", "Zr"))


def test_same_kinks_as_pymatgen(small, oxygen):
    """An independent code, stoichiometric phases, O open: same mixing ratios, same energies."""
    T = 873.15
    mu = float(oxygen.potential("O", T)) / EV_PER_ATOM
    entries = [PDEntry(Composition(dict(s.amounts)), float(s.gibbs(T)) / EV_PER_ATOM) for s in small.solids]
    entries += [PDEntry(Composition(element), 0.0) for element in small.components] + [PDEntry(Composition("O"), mu)]
    garnet, spinel = (Composition(dict(small.solids[p].amounts)) for p in (0, 1))
    theirs = []
    for *_, reaction, energy in GrandPotentialInterfacialReactivity(
        spinel,
        garnet,
        GrandPotentialPhaseDiagram(entries, {Element("O"): mu}),
        PhaseDiagram(entries),
        use_hull_energy=False,
        include_no_mixing_energy=True,
    ).get_kinks():
        moles = [
            abs(reaction.get_coeff(c)) * n if c in reaction.reactants else 0.0 for c, n in ((garnet, 12), (spinel, 3))
        ]
        theirs.append((moles[1] / sum(moles), energy * 1e3 / sum(moles)))
    ours = [
        (kink.x, kink.energy * ((1.0 - kink.x) * small.atoms[0] + kink.x * small.atoms[1]))
        for kink in profile(small, small.grand_potential(T, oxygen), 0, 1)
    ]
    np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=1e-6)
    assert len(ours) == 7


@pytest.mark.parametrize("seed", [*range(20), 903, 1842])
def test_random_energies(small, seed):
    """Profiles with many, and with nearly collinear, kinks: none missed, none invented."""
    rng = np.random.default_rng(seed)
    omega = small.composition @ rng.normal(size=4) * 1e5 + 10.0 ** rng.uniform(-1, 5) * rng.normal(size=len(small.ids))
    kinks = profile(small, omega, 0, 1)
    x = np.array([kink.x for kink in kinks])
    energy = np.array([k.energy * ((1 - k.x) * small.atoms[0] + k.x * small.atoms[1]) for k in kinks])
    middles = np.sort(np.append(GRID, [(a + b) / 2 for a, b in pairwise(x)]))
    expected = [brute(small, omega, 0, 1, point) for point in middles]
    np.testing.assert_allclose(np.interp(middles, x, energy), expected, atol=max(1e-6 * np.abs(energy).max(), 1e-2))


def test_a_material_with_itself_does_not_react(small, oxygen):
    omega = small.grand_potential(873.15, oxygen)
    kinks = profile(small, omega, 3, 3)
    assert [kink.x for kink in kinks] == [0.0, 1.0]
    assert all(kink.energy == pytest.approx(0.0, abs=1e-3) for kink in kinks)
    assert kinks[0].products == pytest.approx({"La2Zr2O7": 0.25})


def test_frozen_frameworks(small):
    allowed = dict(zip(small.ids, is_allowed(small, [frozenset(("La", "Zr")), frozenset(("Mn",))]), strict=True))
    assert {phase for phase, ok in allowed.items() if not ok} == {"LaMnO3", "LaMn2O5"}


GARNETS = sorted(materials.built_in("electrolyte"))
DOPANT = "the dopant counts as the cathode's, so the electrolyte itself is forbidden and mixing costs energy"


@pytest.mark.parametrize(
    "electrolyte",
    list(GARNETS),
)
def test_reactants_are_allowed_in_paraequilibrium(react, electrolyte):
    assert all(kink.energy < 1e-2 for kink in react(electrolyte, "pc-LCO", 973.15, True).kinks)


def test_reactants_of_every_card(db):
    for role in ("electrolyte", "cathode"):
        for material in materials.built_in(role).values():
            solid, solution = reactant(material, db)
            assert solid.observed
            assert solution == material.structure or solution == "rock salt", material.id
            total = sum(n for s, n in material.composition.items() if s != "O")
            for symbol, n in material.composition.items():
                if symbol != "O":
                    assert solid.amounts[symbol] / solid.cations == pytest.approx(n / total, abs=2e-3), material.id


@pytest.mark.parametrize(
    ("text", "structure", "phase"),
    [("LiTi2O4", "spinel", "LiTi2O4"), ("Li4Ti5O12", "spinel", "Li4Ti5O12"), ("LiFeO2", "layered", "LiFeO2")],
)
def test_a_compound_stands_for_itself(db, text, structure, phase):
    assert reactant(materials.find(text, structure=structure), db) == (db[phase], "")


@pytest.mark.parametrize(
    ("text", "structure", "phase"),
    [("FePO4", "olivine", "FePO4"), ("MnO2", "spinel", "MnO2"), ("Li2NiO2", "layered", "Li2NiO2")],
)
def test_a_compound_is_not_its_reduced_or_hydrated_form(db, text, structure, phase):
    assert reactant(materials.find(text, structure=structure), db)[0].id == phase


@pytest.mark.parametrize(
    ("text", "structure", "message"),
    [
        ("LiVO2", "layered", "no data for V; the database covers"),
        ("LiNi0.8Co0.1Mg0.1O2", "layered", "has no energy: it is neither a compound.*layered end members LiCoO2"),
        ("Li0.9La0.1O1.05", "spinel", "has no energy.*spinel end members LiMn2O4"),
    ],
)
def test_no_energy_no_reaction(db, oxygen, text, structure, message):
    garnet = materials.find("LLZO", "electrolyte")
    with pytest.raises(InputError, match=message):
        interface_reactions(materials.find(text, structure=structure), garnet, 900.0, oxygen, db)
