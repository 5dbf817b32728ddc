"""Readers of the models under hostile input: a sound object or an error in one line, and never much work."""

import math
import random
import time
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinterface.models.basics import formula
from sinterface.models.basics.errors import DataError, InputError, SinterfaceError, shown, unknown
from sinterface.models.basics.quantity import quantity
from sinterface.models.basics.textfile import read_text
from sinterface.models.evidence import external_phases
from sinterface.models.phases.atmosphere import atmosphere
from sinterface.models.powders import materials

QUIET = settings(deadline=None, max_examples=200, derandomize=True)
HUGE = int("f" * 6000, 16)
CARDS = [
    entry.read_bytes()
    for entry in sorted(resources.files("sinterface.models.data.materials").iterdir(), key=lambda entry: entry.name)
    if entry.name.endswith(".toml")
]
VALUES = st.recursive(
    st.one_of(
        st.floats(), st.integers(), st.booleans(), st.text(max_size=8),
        st.sampled_from(["um", "nm", "m", 1e308, 5e-324, 10**400]), st.booleans().map(lambda up: HUGE if up else -HUGE),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def told(error):
    """The message, which has to be one printable line of bearable length."""
    text = str(error)
    assert text.isprintable() and len(text) < 1500, text[:300]
    return text


@QUIET
@given(VALUES, VALUES, st.sampled_from(["um", "nm", "m"]) | VALUES, VALUES, VALUES)
def test_any_quantity(value, sd, unit, source, method):
    card = {"value": value, "sd": sd, "unit": unit, "source": source, "method": method}
    try:
        length = quantity(card, "length", "card")
    except DataError as error:
        told(error)
        return
    assert 0.0 < length.value < math.inf and 0.0 <= length.sd < math.inf
    assert isinstance(length.source, str) and isinstance(length.method, str)


@pytest.mark.parametrize("value", [HUGE, 5e-324, 1e299], ids=["digits", "tiny", "huge"])
def test_quantities_that_no_unit_makes_sense_of(value):
    card = {"value": value, "sd": 0.0, "unit": "eV", "source": "x"}
    if value == 1e299:
        assert quantity(card, "molar energy", "card").value > 1e303
        return
    with pytest.raises(DataError, match="card: value"):
        quantity({**card, "unit": "nm"}, "length", "card")


def judge_card(path, content):
    path.write_bytes(content)
    try:
        powder = materials.load(path)
    except SinterfaceError as error:
        told(error)
        return False
    assert materials.ID.fullmatch(powder.id)
    for size in (powder.particle_diameter, powder.grain_size):
        assert materials.LENGTHS[0] <= size.value <= materials.LENGTHS[1]
    assert powder.formula and formula.molar_mass(powder.composition) > 0.0
    hash(powder)
    return True


def test_spoiled_cards(tmp_path, spoil):
    rng = random.Random(1)
    good = sum(judge_card(tmp_path / "mine.toml", spoil(rng, CARDS)) for _ in range(1500))
    assert 100 < good < 1400


@pytest.mark.parametrize(
    "name", ["../../etc/x", "a/b", "a\\\\b", "..", ".hidden", "", "a[/b]", "a\\nb", "x" * 81, "a,b"]
)
def test_names_of_powders_make_no_paths(tmp_path, name):
    card = (
        f'id = "{name}"\nrole = "cathode"\ncomposition = "LiCoO2"\nstructure = "layered"\n'
        'morphology = "polycrystal"\nsource = "x"\n'
    )
    (tmp_path / "mine.toml").write_text(card, encoding="utf-8")
    with pytest.raises(DataError, match=r"id .*: write 1 to 80 letters"):
        materials.load(tmp_path / "mine.toml")


@pytest.mark.parametrize("value", ["1e30", "1e-12", "20000.0"])
def test_sizes_that_no_powder_has(tmp_path, value):
    card = next(text for text in CARDS if b'"pc-LCO"' in text).decode()
    (tmp_path / "mine.toml").write_text(card.replace("value = ", f"value = {value} # ", 1), encoding="utf-8")
    with pytest.raises(DataError, match=r"\[particle_diameter\].*check the unit|must be positive"):
        materials.load(tmp_path / "mine.toml")


@pytest.mark.parametrize("text", ["O2", "H2O", "CO2", "Li2O", "LiOH", "Li2CO3"])
def test_what_has_no_framework_is_no_cathode(text):
    with pytest.raises(InputError, match="holds no metal beside lithium"):
        materials.find(text, structure="layered")


@QUIET
@given(st.text(max_size=200), st.sampled_from(materials.ROLES))
def test_any_name_of_a_material(text, role):
    if text.endswith(".toml"):
        return
    try:
        powder = materials.find(text, role)
    except SinterfaceError as error:
        told(error)
        return
    assert powder.id.isprintable()


PARTS = st.sampled_from(
    [
        "O2", "air", "custom", ":", "pO2=", "pCO2=", "pH2O=", "dew_point=", "1", "-1", "0", "nan", "inf", "1e400",
        "1e-320", "5e-324", ",", " ", "\n", "\x1b", "=", "9" * 400,
    ]
)  # fmt: skip


@QUIET
@given(st.lists(PARTS, max_size=10).map("".join) | st.text(max_size=40))
def test_any_gas(text):
    try:
        gas = atmosphere(text)
    except SinterfaceError as error:
        told(error)
        return
    assert str(gas).isprintable() and len(str(gas)) < 500
    for element in ("O", "C", "H"):
        for T in (273.15, 1773.15):
            assert not math.isnan(float(gas.potential(element, T)))


def test_text_files_are_read_no_further_than_allowed(tmp_path):
    file = tmp_path / "a.toml"
    file.write_text("é" * 50, encoding="utf-8")
    assert read_text(file, 100, "card") == "é" * 50
    with pytest.raises(DataError, match="over 99 bytes is no card"):
        read_text(file, 99, "card")
    file.write_bytes(b"ab\xff")
    with pytest.raises(DataError, match="not a card: byte 2 is not UTF-8"):
        read_text(file, 99, "card")
    for bad in (tmp_path, tmp_path / "none", tmp_path / ("x" * 300), Path("a\0b"), Path("a\nb.toml")):
        with pytest.raises(InputError) as caught:
            read_text(bad, 99, "card")
        told(caught.value)
    if Path("/dev/zero").exists():
        with pytest.raises(DataError, match="over 99 bytes"):
            read_text(Path("/dev/zero"), 99, "card")


@pytest.mark.parametrize(
    "value", [HUGE, [[HUGE]], "x" * 10_000, "\x1b[31m", [1] * 10_000, math.nan, None], ids=list("abcdefg")
)
def test_values_in_messages_are_short_and_print(value):
    assert len(shown(value)) <= 65 and shown(value).isprintable()
    assert len(str(unknown("thing", str(shown(value)), map(str, range(10_000))))) < 1000


@pytest.mark.parametrize(
    "content",
    [
        "formula,formation_energy_eV_per_atom," + ",".join(map(str, range(300_000))),
        "formula,formation_energy_eV_per_atom\n" + "," * 300_000,
        "formula,formation_energy_eV_per_atom\n" + "(" * 100_000 + ",-1",
        'formula,formation_energy_eV_per_atom\n"' + "x" * 1_000_000,
        "formula,formation_energy_eV_per_atom\nNiO," + "9" * 100_000,
    ],
    ids=["columns", "cells", "brackets", "quote", "digits"],
)
def test_wide_tables_are_refused_soon(content):
    started = time.process_time()
    with pytest.raises(DataError, match=r"^wide\.csv") as caught:
        external_phases.read(content.encode(), "wide.csv")
    assert time.process_time() - started < 5.0
    told(caught.value)


@pytest.mark.slow
def test_long_campaign(tmp_path, spoil):
    rng = random.Random(2)
    names = [b"pc-LNMO", b"LiNi0.6Mn0.2Co0.2O2", b"La2((Ni0.5Li0.5)O4)", b"Li[Ni0.5{Mn(Co)2}]O2", b"LLZTO"]
    gases = [b"O2", b"air:dew_point=5", b"pO2=0.2,pCO2=4e-4,pH2O=0.01"]
    for _ in range(5_000):
        judge_card(tmp_path / "mine.toml", spoil(rng, CARDS))
        for good, read in ((names, formula.parse), (gases, atmosphere)):
            try:
                read(spoil(rng, good).decode("utf-8", "replace"))
            except SinterfaceError as error:
                told(error)
