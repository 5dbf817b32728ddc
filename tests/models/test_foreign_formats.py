"""Files of the Materials Project's present client, functionals that do not mix, and energies that can not be."""

import gzip
import json

import pytest

from sinterface.models.basics.errors import DataError
from sinterface.models.evidence import snapshot
from sinterface.models.evidence.external_phases import MAX_BYTES, load, read

SUMMARY = {
    "material_id": "mp-1",
    "formula_pretty": "LiCoO2",
    "formation_energy_per_atom": -1.79,
    "energy_above_hull": 0.0,
    "theoretical": False,
    "symmetry": {"symbol": "R-3m", "number": 166},
    "density": 5.0,
    "volume": 32.0,
    "nsites": 4,
}
THERMO = {
    "material_id": "mp-1",
    "composition": {"Li": 2.0, "Co": 2.0, "O": 4.0},
    "formation_energy_per_atom": -1.79,
    "energy_above_hull": 0.0,
    "thermo_type": "GGA_GGA+U",
}


def entry(composition, energy, run_type=None, kind="ComputedEntry", **more):
    parameters = {} if run_type is None else {"run_type": run_type}
    return {"@class": kind, "composition": composition, "energy": energy, "parameters": parameters, **more}


ELEMENTS = [entry({"Li": 1}, -1.9, "GGA"), entry({"Co": 1}, -7.0, "GGA"), entry({"O": 2}, -9.9, "GGA")]
COBALTITE = entry({"Li": 1, "Co": 1, "O": 2}, -26.0, "GGA+U", entry_id="mp-1-GGA+U")


def phases(document, name="mine.json"):
    return read(json.dumps(document).encode(), name)


@pytest.mark.parametrize("wrapped", [lambda rows: rows, lambda rows: {"data": rows, "meta": {}}])
@pytest.mark.parametrize("document", [SUMMARY, THERMO])
def test_documents_of_the_client(document, wrapped):
    (phase,) = phases(wrapped([document]))
    assert phase.amounts == {"Li": 1.0, "Co": 1.0, "O": 2.0}
    assert (phase.energy, phase.above_hull, phase.id) == (-1.79, 0.0, "mp-1")
    if document is SUMMARY:
        assert (phase.density, phase.volume, phase.space_group, phase.theoretical) == (5000.0, 8.0, "R-3m", False)
    else:
        assert phase.run_type == "GGA_GGA+U"


@pytest.mark.parametrize("key", ["entries", "data"])
@pytest.mark.parametrize("kind", ["ComputedEntry", "ComputedStructureEntry", "PDEntry"])
def test_entries_bare_and_wrapped(key, kind):
    rows = [dict(row, **{"@class": kind}) for row in (*ELEMENTS, COBALTITE)]
    for document in (rows, {key: rows}):
        assert phases(document)[-1].energy == pytest.approx((-26.0 + 1.9 + 7.0 + 9.9) / 4.0)


def test_gzip(tmp_path):
    file = tmp_path / "mine.json.gz"
    file.write_bytes(gzip.compress(json.dumps([SUMMARY]).encode()))
    assert load(file)[0][0].id == "mp-1"
    file.write_bytes(gzip.compress(json.dumps([SUMMARY]).encode())[:-12])
    with pytest.raises(DataError, match=r"cut short|damaged"):
        load(file)
    file.write_bytes(gzip.compress(b" " * (MAX_BYTES + 2)))
    with pytest.raises(DataError, match=r"larger than .* when unpacked"):
        load(file)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([*ELEMENTS, entry({"Li": 1, "Co": 1, "O": 2}, -40.0, "R2SCAN")], "several functionals.*thermo_types"),
        ([entry({"O": 2}, -9.9, "r2SCAN")], "would be merged with are GGA"),
        ([dict(THERMO, thermo_type="GGA_GGA+U_R2SCAN")], "mixed with r2SCAN"),
        ([SUMMARY, COBALTITE], "are mixed; split the file"),
        ([{"@class": "Structure"}], "no formation_energy_per_atom"),
    ],
)
def test_mixtures_are_refused_with_a_remedy(rows, told):
    with pytest.raises(DataError, match=told):
        phases(rows)


def test_gga_and_gga_u_are_one_scheme():
    assert len(phases([*ELEMENTS, COBALTITE])) == 4


def test_run_type_and_acceptance_of_csv():
    header = b"formula,formation_energy_eV_per_atom,run_type,accepted\n"
    (phase,) = read(header + b"LiCoO2,-1.79,GGA+U,yes\n", "mine.csv")
    assert (phase.run_type, phase.accepted) == ("GGA+U", True)
    with pytest.raises(DataError, match="write yes or no"):
        read(header + b"LiCoO2,-1.79,GGA+U,perhaps\n", "mine.csv")
    with pytest.raises(DataError, match="several functionals"):
        read(header + b"LiCoO2,-1.79,GGA+U,\nNiO,-1.2,r2SCAN,\n", "mine.csv")


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    """One energy 2 eV/atom off, as a slip of the first digit makes it."""
    file = tmp_path_factory.mktemp("wrong") / "mine.csv"
    file.write_text("formula,formation_energy_eV_per_atom,status\nLa4LiNiO8,-1.1588,observed\n", encoding="utf-8")
    return file


def test_what_contradicts_the_tables_is_refused(wrong):
    with pytest.raises(DataError, match=r"La4LiNiO8.*standard deviations.*accepted = yes.*--accept"):
        snapshot.build(wrong)


def test_what_is_accepted_shifts_others_and_is_told(wrong):
    data, report = snapshot.build(wrong, accept=["La4LiNiO8"])
    told = {shift.phase: str(shift) for shift in snapshot.shifts(data, report)}
    assert "LaNiO3" in told and "La4LiNiO8" in told["LaNiO3"]
    assert all(abs(shift.change) > 2.0 * shift.sd for shift in snapshot.shifts(data, report))


def test_measured_energies_can_not_be_contradicted(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("formula,formation_energy_eV_per_atom\nLa2O3,-3.2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"La2O3 .*\(calorimetry\)"):
        snapshot.build(file)
    file.write_text("formula,formation_energy_eV_per_atom,accepted\nLa2O3,-3.2,yes\n", encoding="utf-8")
    assert snapshot.contradictions(snapshot.load(file)[0], snapshot.read_records())
