"""Foreign phases merged by stated precedence, their Gibbs energies, and the database that comes of it at work."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest

from sinterface.models.basics import formula
from sinterface.models.basics.constants import EV_PER_ATOM
from sinterface.models.basics.errors import DataError
from sinterface.models.evidence import external_phases, sisso, snapshot
from sinterface.models.evidence.external_phases import Foreign
from sinterface.models.phases.gibbs import gibbs


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


def foreign(name, energy=-2.0, above=0.0, theoretical=False, volume=10.0, identity="mp-1"):
    return Foreign(
        identity, formula.parse(name), energy=energy, above_hull=above, theoretical=theoretical, space_group="",
        density=4000.0, volume=volume, source="jain2013",
    )  # fmt: skip


@pytest.mark.parametrize(("name", "volume"), [("La2Zr2O7", 14.3), ("LiCoO2", 8.0), ("Li2CO3", 9.8), ("NiO", 9.1)])
def test_sisso_is_that_of_pymatgen_and_given_back(name, volume):
    from pymatgen.core import Lattice, Structure
    from pymatgen.entries.computed_entries import GibbsComputedStructureEntry as Theirs

    amounts = formula.parse(name)
    atoms = sum(amounts.values())
    symbols = [symbol for symbol, n in amounts.items() for _ in range(int(n))]
    cell = Structure(
        Lattice.cubic((volume * atoms) ** (1 / 3)), symbols, np.random.default_rng(0).random((len(symbols), 3))
    )
    mass = Theirs._reduced_mass(cell)
    assert sisso.reduced_mass(amounts) == pytest.approx(mass, rel=1e-4)
    entropy, sd, cp = sisso.estimate(amounts, volume)
    for T in range(300, 1501, 50):
        wanted = Theirs._g_delta_sisso(volume, mass, T)
        assert sisso.descriptor(amounts, volume, T) == pytest.approx(wanted, abs=1e-5)
        assert float(gibbs(0.0, entropy, cp, T)) / EV_PER_ATOM / atoms == pytest.approx(wanted, abs=3e-3)
    assert sd * 1000.0 / atoms == pytest.approx(0.05 * EV_PER_ATOM)
    heat = cp(np.linspace(273.15, 1773.15, 50)) / atoms
    assert heat.min() > 9.9 and heat.max() < 35.1


def test_sisso_against_measured(records, raw):
    """Error of the descriptor over the embedded measured phases: what the paper says, and its bias."""
    errors = []
    for record in records.values():
        if record.entropy is not None and record.density and len(record.amounts) > 1 and "liquid" not in record.phase:
            volume = external_phases.volume_per_atom(record.amounts, record.density)
            own = float(raw[record.phase].gibbs(1000.0)) - raw[record.phase].enthalpy
            atoms = sum(record.amounts.values())
            errors.append(sisso.descriptor(record.amounts, volume, 1000.0) - own / EV_PER_ATOM / atoms)
    assert len(errors) > 80
    assert abs(np.mean(errors)) < 0.02
    assert np.std(errors) < 1.1 * sisso.GIBBS_SD


def test_precedence(records):
    lowest, higher = foreign("NiO", -1.3), foreign("Ni2O2", -1.2, identity="mp-2")
    merged, report = snapshot.merge([higher, lowest], records)
    assert merged["NiO"].dft == -1.3
    assert merged["NiO"].row["dft_eV_atom"] == "-1.3" and merged["NiO"].row["dft_source"] == "jain2013"
    assert "jain2013" in merged["NiO"].sources and records["NiO"].row["Hf_source"] in merged["NiO"].sources
    measured = ("enthalpy", "enthalpy_sd", "entropy", "entropy_sd", "cp", "density", "observed", "method")
    assert all(getattr(merged["NiO"], name) == getattr(records["NiO"], name) for name in measured)
    assert report.replaced == ("NiO",)
    assert report.left_out == {snapshot.HIGHER: ("mp-2",)}
    assert report.total == 2
    assert {name: record for name, record in merged.items() if name != "NiO"} == {
        name: record for name, record in records.items() if name != "NiO"
    }
    assert len(report.kept) == sum(record.dft is not None for record in records.values()) - 1


def test_polymorphs_move_with_their_ground_state(records):
    merged, report = snapshot.merge([foreign("LiMnO2", records["LiMnO2"].dft - 0.1)], records)
    assert (report.replaced, report.shifted) == (("LiMnO2",), ("LiMnO2-layered",))
    assert merged["LiMnO2-layered"].dft == pytest.approx(records["LiMnO2-layered"].dft - 0.1)
    merged, report = snapshot.merge([foreign("Li2CO3"), foreign("Li5La3Ta2O12", -3.1)], records)
    assert merged["Li2CO3-liquid"] == records["Li2CO3-liquid"], "a crystal's energy is no melt's"
    assert (report.replaced, report.filled) == (("Li2CO3",), ("Li5La3Ta2O12",))
    assert merged["Li5La3Ta2O12"].enthalpy == records["Li5La3Ta2O12"].enthalpy


def test_new_phases(records):
    merged, report = snapshot.merge(
        [
            foreign("Li10Ni6O16", -1.5), foreign("Li9Ni6O15", -1.5, theoretical=True),
            foreign("Li7Ni6O14", -1.5, above=0.06),
            foreign("Li9Co5O12", -1.5, theoretical=None), foreign("La5NiTaO12", -3.0, volume=None),
            foreign("NaNiO2", -1.5, identity="na"), foreign("Ni", 0.0, identity="ni"),
            foreign("LiAl", -0.2, identity="li-al"),
            foreign("Li9Ni5O13", -1.0, above=0.11, identity="far"),
        ],
        records,
    )  # fmt: skip
    assert report.observed == ("Li5Ni3O8", "La5TaNiO12")
    assert report.computed == ("Li3Ni2O5", "Li7Ni6O14", "Li9Co5O12")
    assert report.left_out == {
        snapshot.FAR: ("na",), snapshot.UNBALANCED: ("li-al",), snapshot.UNSTABLE: ("far",)
    }  # fmt: skip
    assert report.total == 9
    assert "2 new and observed, 3 new and computed only; left out 1: elements outside" in str(report)
    new = merged["Li5Ni3O8"]
    assert new.observed and new.enthalpy is None and "bartel2018" in new.sources
    assert new.entropy_sd == pytest.approx(16 * 50e-6 * EV_PER_ATOM)
    assert merged["La5TaNiO12"].entropy is None, "without a volume the ion sums serve"
    without, _ = snapshot.merge([foreign("Li10Ni6O16", -1.5)], records, use_sisso=False)
    assert without["Li5Ni3O8"].entropy is None


def test_names_do_not_collide(records):
    odd = {**records, "Li5Ni3O8": replace(records["NiO"], phase="Li5Ni3O8")}
    merged, report = snapshot.merge([foreign("Li5Ni3O8", identity="mp-77")], odd)
    assert report.observed == ("Li5Ni3O8-mp-77",)
    assert merged["Li5Ni3O8"] == odd["Li5Ni3O8"]


@pytest.fixture(scope="module")
def file(records, tmp_path_factory):
    """A snapshot of the embedded Li-La-Zr-Ta-Ni-Mn-Co-O energies with some noise, one new phase, and one far off."""
    noise = random.Random(3)
    rows = [
        phase(formula.name(record.amounts, 6), record.dft + noise.gauss(0.0, 0.005), f"mp-{i}")
        for i, record in enumerate(records.values())
        if record.dft is not None and set(record.amounts) <= {"Li", "La", "Zr", "Ta", "Ni", "Mn", "Co", "O"}
    ]
    rows += [phase("Li5Ni3O8", -1.53, "mp-9001"), phase("Na2O", -1.4, "mp-9002")]
    path = tmp_path_factory.mktemp("snapshot") / "my_phases.json"
    path.write_text(text(rows))
    return path


def test_merged_database(file, db):
    from sinterface.models.evidence import assimilate

    merged, report = snapshot.build(file)
    assert len(report.replaced) > 90
    assert report.observed == ("Li5Ni3O8",)
    assert report.left_out[snapshot.FAR] == ("mp-9002",)
    assert set(merged.solids) == set(db.solids) | {"Li5Ni3O8"}
    assert merged.fingerprint.startswith("my_phases-") and len(merged.fingerprint) == len("my_phases-") + 12
    assert merged.fingerprint == snapshot.database(file).fingerprint != db.fingerprint
    assert not assimilate.violations(merged, assimilate.facts(), {})
    for name in ("La2Zr2O7", "LiCoO2", "Li2MnO3"):
        change = merged[name].enthalpy - db[name].enthalpy
        assert abs(change) < 3.0 * merged[name].enthalpy_sd + 1e3
        assert merged[name].entropy == db[name].entropy


def test_run_on_a_merged_database(file):
    from sinterface.simulate.setup.problem import problem
    from sinterface.simulate.setup.schedule import Schedule
    from sinterface.simulate.solve.run import predict

    merged = snapshot.database(str(file))
    result = predict(problem("pc-LCO", "LLZTO", Schedule.hold(800, hours=0.5), cells=8), database=merged)
    assert result.dataset.attrs["outcome"] == "DONE"
    assert result.dataset.attrs["database"] == merged.fingerprint


def test_facts_that_can_not_hold_name_the_file(file, monkeypatch):
    def contradiction(*_):
        raise DataError("stability.toml: the facts contradict each other within the tables")

    monkeypatch.setattr(snapshot.assimilate, "assimilate", contradiction)
    with pytest.raises(DataError, match=r"^my_phases\.json, merged with the embedded tables: stability\.toml"):
        snapshot.database(file)
