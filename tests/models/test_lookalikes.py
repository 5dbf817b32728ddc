"""Characters that look alike: names typed with the wrong ones are read, or what was meant is told."""

import pytest

from sinterface.models.basics import formula, lookalikes
from sinterface.models.basics.errors import InputError, near
from sinterface.models.interface.coatings import coating
from sinterface.models.phases.atmosphere import NAMED, atmosphere
from sinterface.models.phases.database import embedded
from sinterface.models.powders import exposure, materials
from sinterface.simulate.setup import schedule
from sinterface.simulate.setup.problem import read_additives, read_mass_ratio

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
SLIPS = str.maketrans("Oo1l", "00l1")


@pytest.mark.parametrize("name", NAMED)
def test_every_gas_is_read_in_subscripts_and_full_width(name):
    for text in (name.translate(SUBSCRIPTS), name.translate(WIDE), f" {name} "):
        assert atmosphere(text) == NAMED[name]


@pytest.mark.parametrize("name", [name for name in NAMED if name != name.translate(SLIPS)])
def test_every_gas_is_suggested_where_digits_stand_for_letters(name):
    with pytest.raises(InputError, match=rf"unknown atmosphere .*: did you mean {name}\? choices are"):
        atmosphere(name.translate(SLIPS))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("О2", r"did you mean O2\?"),  # the letter is Cyrillic
        ("oxygen", r"did you mean O2\?"),
        ("Argon", r"did you mean Ar\?"),
        ("a1r", r"did you mean air\?"),
        ("p02=0.2", r"did you mean pO2\? 'p02=0.2' is none of"),
        ("O2:pC02=1e-5", r"did you mean pCO2\? 'pC02=1e-5' is none of"),
        ("xenon", r"unknown atmosphere 'xenon': choices are"),
    ],
)
def test_gases_that_were_meant_are_told(text, told):
    with pytest.raises(InputError, match=told):
        atmosphere(text)


@pytest.mark.parametrize("role", materials.ROLES)
def test_every_powder_is_read_in_full_width_and_suggested_where_digits_stand_for_letters(role):
    for name, powder in materials.built_in(role).items():
        assert materials.find(name.translate(WIDE), role) == powder
        assert materials.find(name.replace("-", "\N{NON-BREAKING HYPHEN}"), role) == powder
        slip = name.translate(SLIPS)
        assert slip == name or near(slip, materials.built_in(role)) == [name]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("pc-LC0", r"did you mean pc-LCO\?"),
        ("pс-LCO", r"did you mean pc-LCO\?"),  # the c is Cyrillic
        ("pc-NMC8l1", r"did you mean pc-NMC811\?"),
        ("LiCo02", r"did you mean LiCoO2\?"),
        ("LiC0O2", r"holds no metal beside lithium: did you mean LiCoO2\?"),
        ("L1Ni0.5Mn1.5O4", r"did you mean LiNi0.5Mn1.5O4\?"),
        ("LiNi0.8Mn0.1Co0.102", r"it holds no oxygen; did you mean LiNi0.8Mn0.1Co0.1O2\?"),
        ("licoo2", r"did you mean LiCoO2\?"),
    ],
)
def test_cathodes_that_were_meant_are_told(text, told):
    with pytest.raises(InputError, match=told):
        materials.find(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Li2C03", r"'03' begins with a zero.*did you mean Li2CO3\?"),
        ("LiA1O2", r"formula 'LiA1O2': 'A' is not a chemical element.*did you mean LiAlO2\?"),
        ("LiСoO2", r"'С' only looks like the Latin letter C.*did you mean LiCoO2\?"),
        ("LaCo O₃)", r"a bracket has no partner; write element symbols and amounts, e.g. LiNi0.6Mn0.2Co0.2O2$"),
    ],
)
def test_formulas_name_what_only_looks_right(text, told):
    with pytest.raises(InputError, match=told):
        formula.parse(text)


def test_formulas_in_full_width_are_read():
    assert formula.parse("LiNi0.5Mn1.5O4".translate(WIDE)) == formula.parse("LiNi0.5Mn1.5O4")


@pytest.mark.parametrize("text", ["1" * 120, "O" * 120, "0l1IO.5" * 17, "l" * 100_000])
def test_a_text_of_look_alikes_is_told_in_no_time(text):
    assert len(list(lookalikes.respelt(text))) <= lookalikes.MOST_SPELLINGS
    with pytest.raises(InputError, match=r"formula"):
        formula.parse(f"{text}X")


def test_phases_are_read_as_they_are_printed_and_suggested():
    phases = embedded()
    assert coating("Li₃BO₃", phases).id == "Li3BO3"
    assert coating("La₂Zr₂O₇", phases).id == "La2Zr2O7"
    with pytest.raises(InputError, match=r"unknown phase 'LaC0O3': did you mean LaCoO3\?"):
        phases["LaC0O3"]


def test_amounts_and_units_as_word_processors_write_them():
    assert read_additives("Li₂CO₃=2") == (("Li2CO3", 2.0),)
    assert exposure.read("H=0.4, Li₂CO₃=２") == exposure.read("H=0.4,Li2CO3=2")
    for text in ("900 °C", "900 ºC", "900 ℃", "900\N{NO-BREAK SPACE}°C", "９００", "900c", "1173.15 k"):
        assert schedule.temperature(text) == pytest.approx(1173.15)
    assert schedule.rate("10 ℃/min") == schedule.rate("10 °C/min")
    assert schedule.duration("２ h") == schedule.duration("2 H") == schedule.duration("120 Min") == 7200.0
    assert schedule.pressure("50\N{NO-BREAK SPACE}MPa") == 5e7
    assert read_mass_ratio("60：40") == 1.5
    with pytest.raises(InputError, match="outside"):
        schedule.temperature("\N{MINUS SIGN}400")


def test_names_that_only_share_letters_are_not_suggested():
    assert near("zzz", ["O2", "N2"]) == []
    assert near("", ["O2", "N2"]) == []
    assert near("Ni0", ["NiO", "N1O", "NiOOH"]) == ["N1O", "NiO"]
