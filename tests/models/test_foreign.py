"""Files of foreign phases: three formats read, every fault named with its row, nothing else let through."""

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinterface.models.basics.constants import EV_PER_ATOM
from sinterface.models.basics.errors import DataError, InputError
from sinterface.models.evidence import external_phases
from sinterface.models.evidence.external_phases import Foreign, load


def phase(name, energy=-2.0, identity="mp-1", **changes):
    return {
        "material_id": identity, "formula": name, "energy_eV_atom": energy, "energy_above_hull_eV_atom": 0.0,
        "theoretical": False, "space_group": "Fm-3m", "density_g_cm3": 4.0, "volume_A3_per_atom": 10.0,
    } | changes  # fmt: skip


def text(phases, **changes):
    document = {
        "format": external_phases.FORMAT, "created": "2026-01-02T03:04:05+00:00", "query": {"elements": ["Li", "O"]},
        "source": "Materials Project", "database_version": "2025.09.25", "sha256": external_phases.checksum(phases),
        "phases": phases,
    }  # fmt: skip
    return json.dumps(document | changes)


def read(content, name="mine.json"):
    return external_phases.read(content if isinstance(content, bytes) else content.encode(), name)


def test_snapshot_is_read(tmp_path):
    file = tmp_path / "mine.json"
    file.write_text(text([phase("LiNiO2", volume_A3_per_atom=None)]))
    (loaded,), sha = load(file)
    assert loaded == Foreign(
        "mp-1", {"Li": 1.0, "Ni": 1.0, "O": 2.0}, energy=-2.0, above_hull=0.0, theoretical=False, space_group="Fm-3m",
        density=4000.0, volume=None, source="jain2013",
    )  # fmt: skip
    file.write_text(file.read_text() + "\n")
    assert load(file)[1] != sha
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "none.json")


@pytest.mark.parametrize(("change", "fault"), [
    ({"formula": "LiQq2"}, "phase 2: formula 'LiQq2': 'Qq' is not a chemical element"),
    ({"formula": "D2O", "energy_eV_atom": "x"}, "energy_eV_atom = 'x' is not a number"),
    ({"energy_eV_atom": True}, "energy_eV_atom = True is not a number"),
    ({"energy_eV_atom": 10**400}, "is not a number"),
    ({"energy_eV_atom": -200.0}, "outside -10 to 10"),
    ({"energy_above_hull_eV_atom": None}, "energy_above_hull_eV_atom = None is not a number"),
    ({"volume_A3_per_atom": 0.0}, "outside 1 to 500"),
    ({"density_g_cm3": -1}, "outside 0.05 to 30"),
    ({"theoretical": "no"}, "neither true nor false"),
    ({"space_group": "a\x1b[31mb"}, "is not a line of text"),
    ({"material_id": 5}, "is not a line of text"),
])  # fmt: skip
def test_snapshot_faults_name_the_row(change, fault):
    with pytest.raises(DataError, match=r"mine\.json, phase 2: ") as caught:
        read(text([phase("Li2O"), phase("NiO", **change)]))
    assert fault in str(caught.value)
    assert str(caught.value).isprintable()


def test_damaged_snapshots():
    good = text([phase("Li2O"), phase("NiO")])
    cases = {
        good[:-20]: "not valid JSON, cut short",
        good.replace("-2.0", "-2.1", 1): "changed after fetching",
        good.replace('"Li2O"', '"Na2O"'): "changed after fetching",
        good.replace("-2.0", "NaN", 1): "not finite",
        good.replace("-2.0", "1e999", 1): "not finite",
        good.replace("phases-1", "phases-9"): "this version reads 'sinterface-phases-1'",
        text([]): "holds no phase",
        text([1]): "is not an object",
        text({}): "phases is not a list",
        '{"format": "sinterface-phases-1"}': "phases is absent",
        "[" * 100_000: "nested too deeply",
        "": "not valid JSON",
        "17": "is not an object",
    }
    for content, fault in cases.items():
        with pytest.raises(DataError, match=r"^mine\.json") as caught:
            read(content)
        assert fault in str(caught.value), content[:80]
    missing = phase("NiO")
    del missing["energy_eV_atom"]
    with pytest.raises(DataError, match="phase 1: energy_eV_atom is absent"):
        read(text([missing]))
    with pytest.raises(DataError, match="byte 0 is not UTF-8"):
        read(b"\xff\xfe{}")


def test_size_is_bounded(tmp_path, monkeypatch):
    file = tmp_path / "big.json"
    file.write_text(text([phase("NiO")] * 3))
    monkeypatch.setattr(external_phases, "MAX_ROWS", 2)
    with pytest.raises(DataError, match="3 rows, at most 2"):
        load(file)
    with pytest.raises(DataError, match="more than 2 rows"):
        read("formula,formation_energy_eV_per_atom\n" + "NiO,-1\n" * 3, "a.csv")
    monkeypatch.setattr(external_phases, "MAX_BYTES", 100)
    with pytest.raises(DataError, match=r"big\.json: larger than"):
        load(file)


GOOD = {
    "mine.json": text([phase("Li2O", -2.07), phase("LiNiO2", -1.45, "mp-2"), phase("La2Zr2O7", -3.8, "mp-3")]),
    "mine.csv": 'formula,formation_energy_eV_per_atom,name,density_g_cm3\nLi2O,-2.07,lithia,2.01\n"NiO",-1.2,,\n',
}


@pytest.mark.parametrize("name", GOOD)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_bytes(name, data):
    """Whatever happens to the bytes: a DataError, or, where only unchecked words changed, the same phases."""
    content = bytearray(GOOD[name].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(content) - 1)))
        kind = data.draw(st.sampled_from(["set", "cut", "drop", "insert", "double"]))
        if kind == "set" and content:
            content[at] = data.draw(st.integers(0, 255))
        elif kind == "cut":
            del content[at:]
        elif kind == "drop":
            del content[at : at + data.draw(st.integers(1, 30))]
        elif kind == "insert":
            content[at:at] = data.draw(st.binary(max_size=8))
        else:
            content[at:at] = content[at : at + 40]
    try:
        phases = read(bytes(content), name)
    except DataError as error:
        assert name in str(error) and "\n" not in str(error)
    else:
        assert name.endswith("csv") or phases == read(GOOD[name])


@given(content=st.binary(max_size=300), name=st.sampled_from(["a.json", "a.csv", "a"]))
def test_any_bytes(content, name):
    with pytest.raises(DataError, match=r"^a"):
        read(content, name)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["@class", "energy", "composition", "correction", "structure", "lattice", "matrix", "sites",
                         "species", "occu", "data", "entry_id", "Li", "O"]), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(entries=st.lists(json_values, min_size=1, max_size=3), composition=json_values, structure=json_values)
def test_any_entries(entries, composition, structure):
    lithium = {"@class": "ComputedEntry", "energy": -1.0, "composition": {"Li": 1}}
    odd = {**lithium, "composition": composition}
    for document in (entries, [lithium, odd], [lithium, {**lithium, "structure": structure, "data": composition}]):
        try:
            phases = read(json.dumps(document))
        except DataError:
            continue
        assert all(math.isfinite(entry.energy) for entry in phases)


def test_csv():
    header = "formula,formation_energy_kJ_per_mol,name,density_g_cm3,space_group,status\n"
    (lithia,) = read(header + "Li2O,-600,lithia,2.013,Fm-3m,observed\n", "mine.csv")
    assert lithia.energy == pytest.approx(-600e3 / 3 / EV_PER_ATOM)
    assert (lithia.id, lithia.density, lithia.theoretical, lithia.space_group) == ("lithia", 2013.0, False, "Fm-3m")
    assert lithia.volume == pytest.approx(8.22, abs=0.01)  # a = 4.62 A, 12 atoms in the cell
    (nickel,) = read("\ufeffformation_energy_eV_per_atom,formula\r\n-1.2,NiO\r\n\r\n", "bare")
    assert (nickel.id, nickel.energy, nickel.volume, nickel.theoretical) == ("NiO", -1.2, None, True)


@pytest.mark.parametrize(("table", "fault"), [
    ("formula\nNiO\n", "columns formula and one of"),
    ("formula,formation_energy_eV_per_atom,formation_energy_kJ_per_mol\nNiO,1,1\n", "columns formula and one of"),
    ("formula,formation_energy_eV_per_atom,volume\nNiO,-1,2\n", "column ['volume'] is not known"),
    ("formula,formula,formation_energy_eV_per_atom\nNiO,NiO,-1\n", "stands twice"),
    ("formula,formation_energy_eV_per_atom\nNiO,-1\nCoO\n", "line 3: 1 cells under 2 columns"),
    ("formula,formation_energy_eV_per_atom\nNiO,\n", "line 2: formation_energy_eV_per_atom = '' is not a number"),
    ("formula,formation_energy_eV_per_atom\nNiO,nan\n", "line 2: formation_energy_eV_per_atom = 'nan'"),
    ("formula,formation_energy_eV_per_atom\nNiO,-inf\n", "line 2"),
    ("formula,formation_energy_eV_per_atom\nXx2,-1\n", "line 2: formula 'Xx2': 'Xx' is not a chemical element"),
    ("formula,formation_energy_eV_per_atom\nNiO,-240\n", "outside -10 to 10"),
    ("formula,formation_energy_eV_per_atom,status\nNiO,-1,maybe\n", "neither observed nor computed"),
    ('formula,formation_energy_eV_per_atom\n"NiO,-1\n', "line 2"),
    ("formula,formation_energy_eV_per_atom\n", "holds no phase"),
])  # fmt: skip
def test_csv_faults(table, fault):
    with pytest.raises(DataError, match=r"^mine\.csv") as caught:
        read(table, "mine.csv")
    assert fault in str(caught.value)


@pytest.fixture(scope="module")
def entries():
    from pymatgen.core import Lattice, Structure
    from pymatgen.entries.computed_entries import ComputedEntry, ComputedStructureEntry, ConstantEnergyAdjustment

    salt = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.17), ["Ni", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    return [
        ComputedEntry("Li2", -3.8),
        ComputedEntry("Li3", -5.0),
        ComputedEntry("Ni", -5.7),
        ComputedEntry("O2", -9.8, energy_adjustments=[ConstantEnergyAdjustment(-0.4)]),
        ComputedEntry("Li4O2", -30.0, data={"theoretical": False, "energy_above_hull": 0.01}, entry_id="mp-9"),
        ComputedStructureEntry(salt, -44.0, energy_adjustments=[ConstantEnergyAdjustment(-6.1)]),
    ]


@pytest.fixture(scope="module")
def written(entries):
    """The entries as a file holds them."""
    return json.dumps([entry.as_dict() for entry in entries], default=float)


def test_computed_entries_as_pymatgen_sees_them(entries, written):
    from pymatgen.analysis.phase_diagram import PhaseDiagram

    phases = read(written)
    diagram = PhaseDiagram(entries)
    assert [phase.energy for phase in phases] == pytest.approx([diagram.get_form_energy_per_atom(e) for e in entries])
    lithia, salt = phases[-2:]
    assert lithia.amounts == {"Li": 2.0, "O": 1.0}
    assert (lithia.id, lithia.theoretical, lithia.above_hull, lithia.volume) == ("mp-9", False, 0.01, None)
    assert salt.amounts == {"Ni": 1.0, "O": 1.0}
    assert salt.volume == pytest.approx(4.17**3 / 8)
    assert salt.density == pytest.approx(entries[-1].structure.density * 1e3, rel=1e-4)
    assert salt.theoretical is None


@pytest.mark.parametrize(("change", "fault"), [
    (lambda rows: rows.pop(2), "entry 5: no entry of elemental Ni in the file"),
    (lambda rows: rows[0].update({"@class": "os.system"}), "@class = 'os.system' is not one of"),
    (lambda rows: rows[3].pop("correction"), "entry 4: has energy_adjustments but no correction"),
    (lambda rows: rows[1].update(energy=float("inf")), "entry 2: energy = inf"),
    (lambda rows: rows[1].update(composition={}), "entry 2: composition is empty"),
    (lambda rows: rows[1].update(composition={"Q\n": 1}), "entry 2: 'Q"),
    (lambda rows: rows[5].update(structure={"sites": []}), "entry 6: structure has no lattice matrix"),
    (lambda rows: rows[5]["structure"]["lattice"].update(matrix=[[0, 0, 0]] * 3), "volume per atom = 0.0 is outside"),
])  # fmt: skip
def test_entry_faults(written, change, fault):
    rows = json.loads(written)
    change(rows)
    with pytest.raises(DataError, match=r"^mine\.json") as caught:
        read(json.dumps(rows))
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)
