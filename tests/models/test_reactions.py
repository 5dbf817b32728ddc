"""Interface reactions: profiles against brute force, against pymatgen, and their bookkeeping."""

import json

import numpy as np
import pytest

from sinterface.models.basics.constants import CELSIUS_ZERO, EV_PER_ATOM
from sinterface.models.basics.errors import InputError
from sinterface.models.basics.formula import parse
from sinterface.models.equilibrium import column_generation
from sinterface.models.equilibrium.chemistry import reactant
from sinterface.models.interface.reactions import couple, interface_reactions, profile
from sinterface.models.phases.atmosphere import atmosphere
from sinterface.models.powders import materials

COUPLES = [("LLZTO", "pc-LNMO"), ("LLZTO", "pc-LCO"), ("LLZTO", "pc-NMC811"), ("LLZO", "pc-LFP"), ("LLZO", "pc-LMO")]
TEMPERATURES = (673.15, 973.15)
GRID = np.linspace(0.0, 1.0, 101)


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
    """Reaction energy [J per mole of cations] at cation shares x of the cathode."""
    return np.interp(x, reactions.profile.x, reactions.profile.energy)


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize("pair", COUPLES, ids="-".join)
def test_profile_against_single_equilibria(db, oxygen, react, pair, T):
    """101 equilibria, refined each for itself, lie on the profile within the tolerance of the compositions."""
    posed = couple(*sides(*pair), db)
    omega = posed.system.phases.grand_potential(T, oxygen)
    a, b = posed.ends
    expected = []
    for x in GRID:
        equilibrium = column_generation.equilibrium(posed.system, omega, T, (1.0 - x) * a + x * b)
        violations = equilibrium.answer.certificate(equilibrium.composition, (1.0 - x) * a + x * b)
        assert violations["balance"] < 1e-12
        assert max(violations["plane"], violations["slackness"]) < 1e-3
        expected.append(equilibrium.answer.energy - (1.0 - x) * omega[posed.rows[0]] - x * omega[posed.rows[1]])
    np.testing.assert_allclose(energies(react(*pair, T)), expected, atol=column_generation.TOLERANCE)


@pytest.mark.parametrize("para", [False, True])
@pytest.mark.parametrize("pair", COUPLES, ids="-".join)
def test_profile_is_convex(react, pair, para):
    line = react(*pair, 973.15, para).profile
    slopes = np.diff(line.energy) / np.diff(line.x)
    assert np.all(np.diff(line.x) > 0.0)
    assert np.all(np.diff(slopes) > -1e-2), slopes


@pytest.mark.parametrize("para", [False, True])
@pytest.mark.parametrize("pair", COUPLES, ids="-".join)
def test_ends_and_signs(react, pair, para):
    reactions = react(*pair, 973.15, para)
    assert (reactions.kinks[0].x, reactions.kinks[-1].x) == (0.0, 1.0)
    assert all(kink.energy < 1e-2 for kink in reactions.kinks)  # doing nothing is always possible
    assert reactions.strongest.energy == min(kink.energy for kink in reactions.kinks)
    assert (
        -50.0 < reactions.kinks[0].energy < 1e-2
    )  # stable in O2 at 700 C, but for a little Li2O that a garnet gives off
    assert [reactions.mass_share(kink) for kink in (reactions.kinks[0], reactions.kinks[-1])] == [0.0, 1.0]


@pytest.mark.parametrize("T", TEMPERATURES)
@pytest.mark.parametrize("pair", COUPLES, ids="-".join)
def test_frozen_frameworks_gain_less(react, pair, T):
    full, para = (energies(react(*pair, T, p)) for p in (False, True))
    assert np.all(para >= full - column_generation.TOLERANCE)


@pytest.mark.parametrize("para", [False, True])
@pytest.mark.parametrize("pair", COUPLES, ids="-".join)
def test_products_balance(react, pair, para):
    reactions = react(*pair, 973.15, para)
    names = reactions.couple.system.components
    a, b = reactions.couple.ends
    for kink in reactions.kinks:
        made = sum(p.moles * np.array([p.solid.amounts.get(s, 0.0) for s in names]) for p in kink.products)
        np.testing.assert_allclose(made, (1.0 - kink.x) * a + kink.x * b, atol=2e-6)
        assert len(kink.products) <= len(names)
        if para:
            garnet, opposite = {"La", "Zr", "Ta"}, {"Ni", "Mn", "Co", "Fe", "P"}
            assert not any(garnet & set(p.solid.amounts) and opposite & set(p.solid.amounts) for p in kink.products)


@pytest.mark.parametrize("pair", COUPLES, ids="-".join)
def test_equations_balance(react, pair):
    """Every element, oxygen and gas included, to the four digits that are printed."""
    for kink in react(*pair, 673.15).kinks:
        both = react(*pair, 673.15).equation(kink).split(" -> ")
        left, right = ([term.split(" ") for term in side.split(" + ")] for side in both)
        for element in {e for _, name in left + right for e in parse(name)}:
            sums = [sum(float(n) * parse(name).get(element, 0.0) for n, name in side) for side in (left, right)]
            assert sums[0] == pytest.approx(sums[1], abs=3e-3), (element, kink)


@pytest.mark.parametrize("pair", COUPLES, ids="-".join)
def test_reported_kinks(react, pair):
    """Between two of them the same phases; the lowest point is among them."""
    reactions = react(*pair, 673.15)
    per_atom = reactions.profile.energy / reactions.couple.atoms(reactions.profile.x)
    assert reactions.strongest.energy == pytest.approx(per_atom.min())
    assert reactions.kinks[0].beyond == reactions.kinks[-1].beyond == 0.0
    assert all(kink.energy <= kink.beyond + 1e-9 for kink in reactions.kinks)
    assert len(reactions.kinks) < 25


def test_driving_forces_in_order(react):
    """LNMO and LMO are enormous lithium sinks, LCO is almost none."""
    strong = {c: react("LLZTO", c, 873.15).strongest.energy_meV_per_atom for c in ("pc-LNMO", "pc-LMO", "pc-LCO")}
    assert strong["pc-LMO"] < -50.0
    assert strong["pc-LNMO"] < -30.0
    assert strong["pc-LCO"] > -3.0
    products = react("LLZTO", "pc-LNMO", 673.15, True).strongest.products
    families = {product.solid.family for product in products}
    assert {"layered", "La2Zr2O7"} <= families or {"Li2MnO3", "La2Zr2O7"} <= families


def test_oxygen_favours_the_uptake_of_lithium_by_manganese(db):
    """LMO + Li2O + O2 -> Li2MnO3 takes oxygen: less of it, less driving force."""
    reactions = [
        interface_reactions(*sides("LLZO", "pc-LMO"), 873.15, atmosphere(gas), db).strongest.energy
        for gas in ("O2", "dry-air", "N2")
    ]
    assert reactions[0] < reactions[1] < reactions[2] < 0.0


def test_carbon_dioxide_decomposes_the_garnet_alone(db):
    """Garnet + CO2 -> zirconate + Li2CO3 below a ceiling; at 400 ppm between about 640 and 740 C."""
    alone = {
        T_C: interface_reactions(*sides("LLZO", "pc-LCO"), T_C + CELSIUS_ZERO, atmosphere("O2:pCO2=4e-4"), db).kinks[0]
        for T_C in (500, 900)
    }
    assert alone[500].energy_meV_per_atom < -10.0
    assert "Li2CO3" in {product.solid.id for product in alone[500].products}
    assert -1.0 < alone[900].energy_meV_per_atom < 0.0  # a garnet always gives off a little Li2O
    assert "La2Zr2O7" not in {product.solid.id for product in alone[900].products}


def test_axis_and_units(react):
    """Per mole of cations: garnet 840/12 g and 24/12 atoms, LiMn2O4 180.8/3 g and 7/3 atoms."""
    reactions = react("LLZO", "pc-LMO", 973.15)
    kink = reactions.kinks[1]
    garnet, spinel = (1.0 - kink.x) * 839.74 / 12.0, kink.x * 180.81 / 3.0
    assert reactions.mass_share(kink) == pytest.approx(spinel / (garnet + spinel), rel=1e-4)
    atoms = (1.0 - kink.x) * 2.0 + kink.x * 7.0 / 3.0
    assert reactions.energy_kJ_per_mol(kink) == pytest.approx(kink.energy_meV_per_atom * 0.0964853 * atoms, rel=1e-5)


def test_document_is_plain_json(react):
    reactions = react("LLZO", "pc-LMO", 973.15)
    document = json.loads(json.dumps(reactions.document()))
    assert (document["cathode"], document["electrolyte"], document["temperature_C"]) == ("pc-LMO", "LLZO", 700.0)
    assert document["constraint"] == "none"
    assert len(document["kinks"]) == len(reactions.kinks)
    for entry, kink in zip(document["kinks"], reactions.kinks, strict=True):
        assert entry["energy_meV_per_atom"] == pytest.approx(kink.energy / EV_PER_ATOM * 1e3)
        assert entry["products"] == pytest.approx({p.solid.id: p.moles for p in kink.products})
    left, right = document["kinks"][1]["reaction"].split(" -> ")
    assert "Li7La3Zr2O12" in left
    assert "LiMn2O4" in left
    assert right


def test_a_material_with_itself_does_not_react(db, oxygen):
    garnet = materials.find("LLZTO", "electrolyte")
    pair = couple(garnet, garnet, db)
    line = profile(pair, pair.system.phases.grand_potential(873.15, oxygen), 873.15)
    assert np.ptp(line.energy) < 1e-3  # what it gains by giving off a little Li2O is the same at any ratio
    assert -100.0 < line.energy[0] < 0.0
    assert len(line.x) == 2


def test_frozen_frameworks_leave_out_what_spans_them(db):
    free, apart = (couple(*sides("LLZTO", "pc-NMC811"), db, para=para).system for para in (False, True))
    lost = set(free.phases.ids) - set(apart.phases.ids)
    assert {"LaNiO3", "LaCoO3", "La4LiNiO8"} <= lost
    assert not {"La2Zr2O7", "Li2MnO3", "NiO"} & lost
    names = {mixture.solution.name for mixture in apart.mixtures}
    assert {"layered", "garnet", "pyrochlore"} <= names
    assert not {"perovskite", "K2NiF4"} & names


def test_closed_oxygen(db, oxygen):
    """Nothing to take up: the lithium manganate that needs oxygen forms less, and no oxygen enters an equation."""
    open_, closed = (
        interface_reactions(*sides("LLZO", "pc-LMO"), 873.15, oxygen, db, closed=which) for which in ((), ("O",))
    )
    assert open_.strongest.energy < closed.strongest.energy < 0.0
    assert all(" O2 ->" not in closed.equation(kink) for kink in closed.kinks)
    gone = interface_reactions(*sides("LLZO", "pc-LNMO"), 1573.15, oxygen, db, closed=("O",)).kinks[-1]
    assert "O2(g)" in {product.solid.id for product in gone.products}  # the spinel boils off oxygen above 1 bar
    with pytest.raises(InputError, match="closed Li: only O, C and H"):
        couple(*sides("LLZO", "pc-LMO"), db, closed=("Li",))


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
            assert solution in (material.structure, "rock salt", "lithium cobaltite"), material.id
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
        ("LiCrO2", "layered", "no data for Cr; the database covers"),
        ("LiNi0.8Co0.1Mg0.1O2", "layered", "has no energy: it is neither a compound.*layered end members LiCoO2"),
        ("LiNi0.8Co0.1Mg0.1O2", "layered", "none of them holds Mg"),
        ("Li1.05Ni0.5Mn1.5O4", "spinel", "the nearest mixture is Li1.011Ni0.484Mn1.505O4"),
        ("Li0.9La0.1O1.05", "spinel", "has no energy.*spinel end members LiMn2O4"),
    ],
)
def test_no_energy_no_reaction(db, oxygen, text, structure, message):
    garnet = materials.find("LLZO", "electrolyte")
    with pytest.raises(InputError, match=message):
        interface_reactions(materials.find(text, structure=structure), garnet, 900.0, oxygen, db)
