"""Formulas: what parses, what is refused, masses, names."""

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sinterface.models.basics import formula
from sinterface.models.basics.errors import InputError

ELEMENTS = (
    "Li",
    "H",
    "La",
    "Al",
    "Mg",
    "Zr",
    "Ta",
    "Nb",
    "W",
    "Ni",
    "Mn",
    "Co",
    "Fe",
    "B",
    "P",
    "C",
    "O",
    "N",
    "S",
    "Na",
)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("LiCoO2", {"Li": 1, "Co": 1, "O": 2}),
        ("CoO", {"Co": 1, "O": 1}),
        ("CO", {"C": 1, "O": 1}),
        ("LiNi0.5Mn1.5O4", {"Li": 1, "Ni": 0.5, "Mn": 1.5, "O": 4}),
        ("Li6.4La3Zr1.4Ta0.6O12", {"Li": 6.4, "La": 3, "Zr": 1.4, "Ta": 0.6, "O": 12}),
        ("La(OH)3", {"La": 1, "O": 3, "H": 3}),
        ("Li3Fe2(PO4)3", {"Li": 3, "Fe": 2, "P": 3, "O": 12}),
        ("La2((Ni0.5Li0.5)O4)", {"La": 2, "Ni": 0.5, "Li": 0.5, "O": 4}),
        ("LiOH(H2O)", {"Li": 1, "O": 2, "H": 3}),
        ("  LiOLi ", {"Li": 2, "O": 1}),
        ("Li₂O", {"Li": 2, "O": 1}),
        ("LiNi₀.₈Mn₀.₁Co₀.₁O₂", {"Li": 1, "Ni": 0.8, "Mn": 0.1, "Co": 0.1, "O": 2}),
        ("LiNi1/3Mn1/3Co1/3O2", {"Li": 1, "Ni": 1 / 3, "Mn": 1 / 3, "Co": 1 / 3, "O": 2}),
        ("LiNi⅓Co⅔O₂", {"Li": 1, "Ni": 1 / 3, "Co": 2 / 3, "O": 2}),
        ("Li4/3Ti5/3O4", {"Li": 4 / 3, "Ti": 5 / 3, "O": 4}),
        ("LiOH·H2O", {"Li": 1, "O": 2, "H": 3}),
        ("LiOH.H2O", {"Li": 1, "O": 2, "H": 3}),
        ("Li2O • 2.5 H2O", {"Li": 2, "O": 3.5, "H": 5}),
        ("Li[Ni0.5Mn1.5]O4", {"Li": 1, "Ni": 0.5, "Mn": 1.5, "O": 4}),
    ],
)
def test_parse(text, amounts):
    assert formula.parse(text) == pytest.approx(amounts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a part of it is empty"),
        ("   ", "does not parse"),
        ("Xx2", "'Xx' is not a chemical element"),
        ("licoo2", "does not parse: 'l' begins no element symbol"),
        ("Li-1O", "does not parse: '-' looks like a charge"),
        ("Li0", "positive, finite"),
        ("Li1e5O", "positive, finite"),
        ("Li1e999O", "positive, finite"),
        ("nan", "does not parse"),
        ("LinanO2", "does not parse: 'n' begins no element symbol"),
        ("(LiO", "does not parse: a bracket has no partner"),
        ("LiO)2", "does not parse: a bracket has no partner"),
        ("Li[CoO2", "does not parse: a bracket has no partner"),
        ("Li..5O", "does not parse"),
        ("リチウム", "does not parse: 'リチウム' is no part of a formula"),
        ("Li+O2-", "does not parse: '\\+' looks like a charge"),
        ("Li1+Co3+O2-", "does not parse: '1\\+' looks like a charge"),
        ("Li⁺CoO₂⁻", "does not parse: '⁺' is written high"),
        ("LiO²", "does not parse: '²' is written high"),
        ("LiNi0,5Mn1,5O4", "does not parse: '0,5': write a decimal point"),
        ("LiMn1½O4", "does not parse: '1½': write a decimal"),
        ("Li1/0O", "does not parse: '1/0' divides by zero"),
        ("2LiCoO2", "does not parse: '2' stands before the first element"),
        ("LiOH·", "does not parse: a part of it is empty"),
        ("LiCoO2" * 30, "180 characters"),
    ],
)
def test_refused_in_one_line(text, message):
    with pytest.raises(InputError, match=message) as caught:
        formula.parse(text)
    assert "\n" not in str(caught.value)


@settings(deadline=None, max_examples=300, derandomize=True)
@given(st.one_of(st.text(max_size=130), st.text(alphabet="LiCoONaT0123456789.()[]{}e-+@ \n", max_size=40)))
@example("(" * 60 + "Li" + ")" * 60)
def test_nothing_but_input_error_escapes(text):
    try:
        amounts = formula.parse(text)
    except InputError:
        return
    assert amounts
    assert all(0.0 < amount < 1e4 for amount in amounts.values())
    assert formula.molar_mass(amounts) > 0.0


@pytest.mark.parametrize(
    ("text", "grams"),  # standard atomic masses summed by hand
    [
        ("O2", 31.998),
        ("Li2CO3", 73.887),
        ("LiCoO2", 97.871),
        ("La2Zr2O7", 572.251),
        ("La(OH)3", 189.926),
        ("LiFePO4", 157.755),
        ("Li6.4La3Zr1.4Ta0.6O12", 889.403),
    ],
)
def test_molar_mass(text, grams):
    assert formula.molar_mass(formula.parse(text)) == pytest.approx(grams * 1e-3, rel=1e-4)


@settings(deadline=None, max_examples=150, derandomize=True)
@given(st.dictionaries(st.sampled_from(ELEMENTS), st.integers(1, 99_999), min_size=1, max_size=8))
def test_name_reads_back(thousandths):
    amounts = {symbol: n / 1000.0 for symbol, n in thousandths.items()}
    assert formula.parse(formula.name(amounts)) == pytest.approx(amounts)


def test_name_is_one_for_all_orders():
    amounts = formula.parse("O12Ta0.6Zr1.4La3Li6.4")
    assert formula.name(amounts) == "Li6.4La3Zr1.4Ta0.6O12"
    assert formula.name({"O": 2.0, "Co": 1.0, "Li": 1.00049}) == "LiCoO2"
    assert formula.name({"Li": 1.0, "H": 1e-5}) == "Li"


def test_parse_hands_out_copies():
    formula.parse("LiCoO2")["Li"] = math.inf
    assert formula.parse("LiCoO2")["Li"] == 1.0
