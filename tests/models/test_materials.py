"""Material cards: what ships, how names are found, how a user's mistakes are answered."""

import math
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from sinterface.models.basics import formula
from sinterface.models.basics.errors import DataError, InputError, SinterfaceError
from sinterface.models.basics.quantity import TO_SI, quantity
from sinterface.models.phases import solutions
from sinterface.models.powders import materials

FOLDER = resources.files("sinterface.models.data.materials")
CARDS = {
    entry.name: tomllib.loads(entry.read_text(encoding="utf-8"))
    for entry in sorted(FOLDER.iterdir(), key=lambda entry: entry.name)
    if entry.name.endswith(".toml")
}
LCO = FOLDER.joinpath("pc-lco.toml").read_text(encoding="utf-8")

REFERENCE = [  # the materials of the reference experiment
    ("LLZTO", "electrolyte", "Li6.4La3Zr1.4Ta0.6O12", "garnet", "polycrystal"),
    ("pc-LCO", "cathode", "LiCoO2", "layered", "polycrystal"),
    ("pc-LNMO", "cathode", "LiNi0.5Mn1.5O4", "spinel", "polycrystal"),
    ("pc-NMC811", "cathode", "LiNi0.8Mn0.1Co0.1O2", "layered", "polycrystal"),
    ("pc-NMC631", "cathode", "LiNi0.67Mn0.28Co0.05O2", "layered", "polycrystal"),
    ("pc-NMC532", "cathode", "LiNi0.5Mn0.3Co0.2O2", "layered", "polycrystal"),
    ("pc-NMC111", "cathode", "Li1.05Ni0.33Mn0.33Co0.33O2", "layered", "polycrystal"),
    ("sc-NMC631", "cathode", "LiNi0.6Mn0.3Co0.1O2", "layered", "single-crystal"),
]


@pytest.mark.parametrize(("name", "role", "text", "structure", "morphology"), REFERENCE)
def test_reference_materials(name, role, text, structure, morphology):
    material = materials.find(name, role)
    assert material.composition == pytest.approx(formula.parse(text))
    assert (material.structure, material.morphology) == (structure, morphology)


@pytest.mark.parametrize("name", CARDS)
def test_card(name, bibliography, db):
    card = CARDS[name]
    material = materials.from_card(card, name)
    tables = [value for value in card.values() if isinstance(value, dict)]
    tables += [value for table in tables for value in table.values() if isinstance(value, dict)]
    sources = {
        key for table in [card, *tables] if "source" in table for key in [table["source"], *table.get("also", [])]
    }
    assert sources <= bibliography
    assert all("method" in table for table in tables if "value" in table)
    assert set(material.composition) <= db.elements
    assert 1e-9 < material.particle_diameter.value < 1e-4
    assert material.grain_size.value <= material.particle_diameter.value
    assert 1500.0 < material.density.value < 7000.0
    assert 0.0 < material.density.sd < 0.1 * material.density.value
    if material.role != "coating":
        assert solutions.host_of(material.composition, material.structure, db) is not None
    if material.morphology == "single-crystal":
        assert material.grain_size.value == material.particle_diameter.value


def test_names_are_unique():
    names = [name.casefold() for card in CARDS.values() for name in (card["id"], *card.get("aliases", ()))]
    assert len(names) == len(set(names))
    assert len(CARDS) == len(materials.built_in())
    assert {m.role for m in materials.built_in().values()} == set(materials.ROLES)
    assert all(m.role == "electrolyte" for m in materials.built_in("electrolyte").values())


def test_polycrystal_and_single_crystal_differ_in_morphology_only():
    pc, sc = materials.find("pc-NMC631"), materials.find("sc-NMC631")
    assert pc.grain_size.value < 0.2 * pc.particle_diameter.value
    assert pc.structure == sc.structure
    assert set(pc.__dict__) == set(sc.__dict__)


@pytest.mark.parametrize(
    ("text", "role", "card"),
    [
        ("pc-LCO", "cathode", "pc-LCO"),
        ("PC-lco", "cathode", "pc-LCO"),
        ("LCO", "cathode", "pc-LCO"),
        ("nmc333", "cathode", "pc-NMC111"),
        ("Ta-LLZO", "electrolyte", "LLZTO"),
        ("LBO", "coating", "Li3BO3"),
        ("Li3BO3", "coating", "Li3BO3"),
    ],
)
def test_find_by_name(text, role, card):
    assert materials.find(text, role) is materials.built_in()[card]


def test_find_by_formula():
    powder = materials.find("LiNi0.6Mn0.2Co0.2O2")
    assert powder.structure == "layered"
    assert powder.morphology == "polycrystal"
    assert powder.particle_diameter == materials.find("NMC622").particle_diameter  # the nearest card
    assert powder.source == "formula, sizes of pc-NMC622"
    garnet = materials.find("Li6.5La3Zr1.5Ta0.5O12", "electrolyte")
    assert garnet.density == materials.find("LLZTO", "electrolyte").density


def test_find_by_formula_with_morphology():
    powder = materials.find("LiNi0.6Mn0.2Co0.2O2", morphology="sc")
    assert powder.morphology == "single-crystal"
    assert powder.grain_size == powder.particle_diameter
    lone = materials.find("LiNi0.5Mn1.5O4", morphology="sc")  # no single-crystal spinel card
    assert lone.grain_size == lone.particle_diameter == materials.find("LNMO").particle_diameter


def test_thermodynamics_needs_no_sizes():
    alone = materials.find("LiCoO2", "electrolyte", particles=False)
    assert (alone.structure, alone.source) == ("layered", "formula alone")
    assert math.isnan(alone.particle_diameter.value)
    assert materials.find("Li3BO3", "electrolyte", particles=False).structure == materials.UNKNOWN


def test_fractions_are_the_powder_they_mean():
    thirds = materials.find("LiNi1/3Mn1/3Co1/3O2")
    assert thirds.source == "formula, sizes of pc-NMC111"
    assert thirds.id == "LiNi0.333Mn0.333Co0.333O2", "files are named after it"


def test_find_by_path(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(LCO.replace('id = "pc-LCO"', 'id = "mine"'), encoding="utf-8")
    powder = materials.find(str(path))
    assert powder.id == "mine"
    assert powder.particle_diameter == materials.find("LCO").particle_diameter


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("pc-LC", {}, "unknown cathode 'pc-LC': did you mean pc-LCO.*choices are pc-LCO.*or a formula"),
        ("pc-NMC630", {}, "did you mean pc-NMC631, sc-NMC631"),
        ("LLZTO", {}, "^LLZTO is built in as electrolyte, not as cathode: choices are pc-LCO"),
        ("", {}, "unknown cathode ''"),
        ("LLZT", {"role": "electrolyte"}, "unknown electrolyte 'LLZT': did you mean LLZTO.*e.g. Li6.6La3Zr1.6Ta0.4O12"),
        ("LiXxO2", {}, "'Xx' is not a chemical element"),
        (
            "LCO",
            {"role": "electrolyte"},
            "^LCO is built in as cathode, not as electrolyte: choices are Al-LLZO, Ga-LLZO, LLZO",
        ),
        ("LCO", {"structure": "layered"}, "LCO is a built-in material: --structure and --morphology go with a formula"),
        ("Na3V2O6", {}, r"structure of 'Na3V2O6' can not be told.*--structure layered\|spinel\|olivine\|garnet"),
        ("LiCoO2", {"structure": "layerd"}, "unknown structure 'layerd': did you mean layered"),
        ("LiCoO2", {"morphology": "poly"}, "unknown morphology 'poly': choices are pc, sc"),
        ("LiCoO2", {"role": "electrolyte"}, "no electrolyte card of structure 'layered'"),
        ("pcNMC811", {}, "unknown cathode 'pcNMC811': did you mean pc-NMC811"),
        ("NMC-811", {}, "unknown cathode 'NMC-811': did you mean pc-NMC811"),
        ("LiNi0.8Mn0.1Co0.2O2", {}, r"metals beside lithium sum to 1\.1 for O 2 and Li 1, where LiMO2 .* has 1, 2, 1"),
        ("LiCoO", {}, "metals beside lithium sum to 1 for O 1 and Li 1"),
        ("LiCo", {}, "it holds no oxygen"),
        ("NiCoO2", {}, "it holds no lithium"),
        ("LiFePO3", {}, "it has 3 O per P, where LiMPO4 .olivine. has 4"),
        (
            "LiNi1/3Mn1/3Co1/3O2",
            {"elements": {"Li", "O", "Ni", "Mn"}},
            "no data for Co; the database covers Li, Mn, Ni",
        ),
        ("LiV3O8", {"elements": {"Li", "O"}}, "no data for V"),
        ("nowhere.toml", {}, r"nowhere\.toml: No such file"),
    ],
)
def test_answers_to_mistakes(text, options, message):
    with pytest.raises(InputError, match=message) as caught:
        materials.find(text, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "structure"),
    [
        ("LiCoO2", "layered"),
        ("Li1.05Ni0.33Mn0.33Co0.33O2", "layered"),
        ("LiNi0.8Co0.15Al0.05O2", "layered"),
        ("LiMn2O4", "spinel"),
        ("LiNi0.5Mn1.5O4", "spinel"),
        ("LiFePO4", "olivine"),
        ("LiFe0.5Mn0.5PO4", "olivine"),
        ("Li7La3Zr2O12", "garnet"),
        ("Li6.25Al0.25La3Zr2O12", "garnet"),
        ("Li1.2Mn0.54Ni0.13Co0.13O2", "layered"),
        ("Li1.2Ni0.2Mn0.6O2", "layered"),
        ("Li2MnO3", "layered"),
        ("Li1.1Mn1.9O4", "spinel"),
        ("Li1.06Ni0.44Mn1.5O4", "spinel"),
        ("Li4Mn5O12", "spinel"),
        ("Li1.2Mn0.4Ti0.4O2", None),
        ("Li1.3Nb0.3Mn0.4O2", None),
        ("Li2TiO3", None),
        ("Li4Ti5O12", None),
        ("Li3BO3", None),
        ("Li2O", None),
        ("La2O3", None),
        ("CoO", None),
        ("LiOH", None),
        ("NaCoO2", None),
        ("LiPO3", None),
    ],
)
def test_guess_structure(text, structure):
    assert materials.guess_structure(formula.parse(text)) == structure


@pytest.mark.parametrize("text", ["Li3PO4", "Li1.3Al0.3Ti1.7P3O12", "Li0.5La0.5TiO3", "LiLaO2"])
def test_no_guess_where_the_formula_leaves_doubt(text):
    assert materials.guess_structure(formula.parse(text)) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "pc-LCO"', "", "id = text is needed"),
        ('role = "cathode"', 'role = "anode"', "role 'anode' is not one of cathode, electrolyte, coating"),
        ('role = "cathode"', "role = 3", "role = text is needed"),
        ('"polycrystal"', '"poly\\ncrystal"', "morphology .* is not one of polycrystal, single-crystal"),
        ('"LiCoO2"', '"LiXxO2"', "'Xx' is not a chemical element"),
        ('unit = "um"', 'unit = "cm"', r"\[particle_diameter\]: unit 'cm' is not one of um, nm, m"),
        ('unit = "um"', 'unit = "g/cm3"', r"\[particle_diameter\]: unit 'g/cm3' is not one of"),
        ('unit = "um"', 'unit = ["um"]', r"\[particle_diameter\]: unit"),
        ("sd = ", "spread = ", r"\[particle_diameter\]: sd missing"),
        ("value = ", "value = -", r"\[particle_diameter\]: value = -.*must be positive"),
        ("value = ", "value = nan # ", r"value = nan is not a finite number"),
        ("value = ", "value = true # ", r"value = True is not a finite number"),
        ("value = ", "value = '9' # ", r"value = '9' is not a finite number"),
        ("sd = ", "sd = -", r"must be positive"),
        ("[density]", "[mass]", r"table \[density\] is needed"),
        ('id = "pc-LCO"', "id = ", "not a TOML card"),
    ],
)
def test_faulty_cards(tmp_path, old, new, message):
    assert old in LCO
    path = tmp_path / "mine.toml"
    path.write_text(LCO.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=message) as caught:
        materials.load(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "id = text is needed"),
        (b"hello world", "not a TOML card"),
        (b"id = '\xff'", "not a TOML card"),
        (b"\x00\x01", "not a TOML card"),
        (b"# " + b"x" * 200_000, "over 100000 bytes"),
    ],
)
def test_not_a_card(tmp_path, content, message):
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        materials.load(path)
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_card(tmp_path):
    with pytest.raises(InputError, match="Is a directory"):
        materials.load(tmp_path)


@pytest.mark.parametrize("fault", ["nested", "large integer", "endless integer", "null byte"])
def test_malicious_cards(tmp_path, fault):
    path = tmp_path / "mine.toml"
    text = {"nested": "a = " + "[" * 40_000, "null byte": LCO}.get(fault)
    digits = {"large integer": 400, "endless integer": 5000}.get(fault, 0)
    path.write_text(text or LCO.replace("value = ", "value = 1" + "0" * digits + " # ", 1), encoding="utf-8")
    name = "mine\x00.toml" if fault == "null byte" else str(path)
    with pytest.raises(SinterfaceError):
        materials.find(name)


@pytest.mark.parametrize("unit", [unit for unit in TO_SI if unit])
def test_units(unit):
    kind, factor = TO_SI[unit]
    length = quantity({"value": 2.0, "sd": 0.5, "unit": unit, "source": "x"}, kind, "here")
    assert (length.value, length.sd) == pytest.approx((2.0 * factor, 0.5 * factor))


def test_units_have_their_size():
    sizes = {"um": 1e-6, "nm": 1e-9, "g/cm3": 1000.0, "m2/g": 1000.0, "cm2/s": 1e-4, "kJ/mol": 1e3, "h": 3600.0}
    assert {unit: TO_SI[unit][1] for unit in sizes} == sizes
    assert TO_SI["eV"][1] == pytest.approx(96485.33, abs=0.01)


def test_a_card_of_the_other_role_is_refused(tmp_path):
    card = Path(__file__).parents[2] / "examples" / "my_cathode.toml"
    assert materials.find(str(card)).role == "cathode"
    with pytest.raises(InputError, match="role = 'cathode'; a card with role = 'electrolyte' is wanted"):
        materials.find(str(card), "electrolyte")
    with pytest.raises(InputError, match="go with a formula only"):
        materials.find(str(card), morphology="sc")
