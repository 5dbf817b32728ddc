"""``sinterface reactions``: documents, tables, figures, refusals."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from sinterface.models.basics.formula import parse
from sinterface.models.phases.substance import FAMILIES

EXE = Path(sys.executable).with_name("sinterface")
DOCUMENT = {"cathode", "electrolyte", "temperature_C", "atmosphere", "constraint", "closed", "kinks", "database"}
KINK = {
    "mixing_ratio", "mass_share", "mole_share", "energy_meV_per_atom", "energy_beyond_decomposition_meV_per_atom",
    "energy_kJ_per_mol", "products", "families", "reaction",
}  # fmt: skip


@pytest.fixture
def reactions(program):
    return partial(program, "reactions")


def document(run):
    """Strict JSON: no NaN, nothing beside it."""
    assert run.returncode == 0, run.stderr

    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(run.stdout, parse_constant=refuse)


def check(told):
    """What every document promises."""
    assert set(told) >= DOCUMENT
    kinks = told["kinks"]
    assert (kinks[0]["mixing_ratio"], kinks[-1]["mixing_ratio"]) == (0.0, 1.0)
    for key in ("mixing_ratio", "mass_share", "mole_share"):
        shares = [kink[key] for kink in kinks]
        assert shares == sorted(shares)
        assert shares[0] == 0.0
        assert shares[-1] == pytest.approx(1.0)
    for kink in kinks:
        assert set(kink) >= KINK
        assert kink["energy_meV_per_atom"] <= kink["energy_beyond_decomposition_meV_per_atom"] + 1e-9
        assert sum(kink["families"].values()) == pytest.approx(1.0)
        assert set(kink["families"]) <= set(FAMILIES) | {"gas"}
        assert all(moles > 0.0 for moles in kink["products"].values())
        left, right = ([term.split(" ") for term in side.split(" + ")] for side in kink["reaction"].split(" -> "))
        for element in {e for _, name in left + right for e in parse(name)}:
            sums = [sum(float(n) * parse(name).get(element, 0.0) for n, name in side) for side in (left, right)]
            assert sums[0] == pytest.approx(sums[1], abs=3e-3), (element, kink["reaction"])


def test_document_with_samples_and_figure(tmp_path, reactions):
    arguments = ("pc-LNMO", "LLZTO", "-T", "600", "--ensemble", "20", "--seed", "7", "--json")
    run = reactions(*arguments, "--plot", "r.png", cwd=tmp_path)
    told = document(run)
    check(told)
    assert (told["cathode"], told["electrolyte"], told["temperature_C"]) == ("pc-LNMO", "LLZTO", 600.0)
    assert (told["constraint"], told["closed"]) == ("none", [])
    assert min(kink["energy_meV_per_atom"] for kink in told["kinks"]) < -20.0
    samples = told["ensemble"]
    assert (samples["samples"], samples["seed"]) == (20, 7)
    low, middle, high = (samples["strongest_meV_per_atom"][key] for key in ("q05", "q50", "q95"))
    assert low < middle < high < 0.0
    assert all(0.0 < p <= 1.0 and round(20.0 * p, 9).is_integer() for p in samples["probability"].values())
    assert samples["probability"]["La2Zr2O7"] > 0.8
    assert run.stderr == "wrote r.png\n"
    assert [path.name for path in tmp_path.iterdir()] == ["r.png"]
    assert (tmp_path / "r.png").read_bytes()[:4] == b"\x89PNG"
    again = subprocess.run([EXE, "reactions", *arguments], capture_output=True, text=True, check=False)
    assert document(again) == told  # another process draws the same samples


def test_many_documents(tmp_path, reactions):
    options = ("-T", "500:1300:800", "--closed", "O, C", "--para", "--json", "--plot", "r.svg")
    run = reactions("pc-LNMO, pc-NMC111", *options, cwd=tmp_path)
    documents = document(run)
    several = [("pc-LNMO", 500.0), ("pc-LNMO", 1300.0), ("pc-NMC111", 500.0), ("pc-NMC111", 1300.0)]
    assert [(told["cathode"], told["temperature_C"]) for told in documents] == several
    for told in documents:
        check(told)
        assert (told["constraint"], told["closed"]) == ("paraequilibrium", ["O", "C"])
        assert "ensemble" not in told
        for kink in told["kinks"]:
            left, right = kink["reaction"].split(" -> ")
            assert " O2" not in left  # there is none to take up
            assert not any({"La", "Mn"} <= set(parse(term.split(" ")[1])) for term in right.split(" + "))
    boiled = documents[1]["kinks"][-1]
    assert boiled["products"]["O2(g)"] > 0.0
    assert boiled["families"]["gas"] > 0.0
    assert "<svg" in (tmp_path / "r.svg").read_text(encoding="utf-8")


def test_tables_for_people(tmp_path, reactions):
    run = reactions("pc-LNMO", "-T", "700", "--ensemble", "20", "--plot", "r.pdf", cwd=tmp_path)
    assert (run.returncode, run.stderr) == (0, "")
    assert "LLZTO | pc-LNMO, 700 °C, O2 (pO2=1 bar)" in run.stdout
    for heading in ("cathode / wt%", "meV/atom", "kJ/mol cations", "products", "product family", "probability"):
        assert heading in run.stdout
    assert "strongest reaction over 20 samples of the energies: median -" in run.stdout
    assert "100 %" in run.stdout
    assert "-0.00" not in run.stdout
    assert "wrote r.pdf" in run.stdout
    assert (tmp_path / "r.pdf").read_bytes()[:4] == b"%PDF"
    run = reactions("pc-LNMO,pc-LCO", "LLZTO", "-T", "500,700", "--ensemble", "5")
    assert (run.returncode, run.stderr) == (0, "")
    assert "strongest reaction with LLZTO in O2 (pO2=1 bar)" in run.stdout
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in run.stdout.splitlines() if "│" in line]
    first = [row[:3] for row in rows if row[0]]
    assert [row[:2] for row in first] == [[c, T] for c in ("pc-LNMO", "pc-LCO") for T in ("500", "700")]
    assert all(float(row[2]) < -20.0 for row in first[:2])
    assert all(-1.0 < float(row[2]) < 0.0 for row in first[2:])


def test_a_couple_that_does_not_react_says_so(reactions):
    """A compound with itself, where it is stable: a garnet would give off a little Li2O alone."""
    run = reactions("LiCoO2", "LiCoO2", "-T", "500,600")
    assert (run.returncode, run.stderr) == (0, "")
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in run.stdout.splitlines() if "│" in line]
    assert [row[2:] for row in rows if row[0] == "LiCoO2"] == 2 * [["0.00", "-", "no reaction"]]


@pytest.mark.parametrize("powders", [("none", "LLZTO"), ("pc-LCO", "None"), ("pc-LCO,none", "LLZTO")])
def test_one_powder_alone_has_no_interface(powders, reactions):
    run = reactions(*powders)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "sinterface: reactions are between two powders: name a cathode and an electrolyte\n"


@pytest.mark.parametrize("couple", [("LiCoO2", "LiCoO2"), ("pc-LCO", "Li3BO3")])
def test_thermodynamics_asks_for_no_particle_sizes(couple, reactions):
    check(document(reactions(*couple, "--json")))


BAD = [
    (["pc-LNMO", "--ensemble", "-1"], "--ensemble -1: a number of samples from 0 to"),
    (["pc-LNMO", "--ensemble", "1000000"], "--ensemble 1000000: a number of samples from 0 to"),
    (["pc-LNMO", "--ensemble", "many"], "--ensemble"),
    (["pc-LNMO", "--seed", "-1"], "--seed -1: must be 0 or more"),
    (["pc-LNMO", "--closed", "Li"], "closed Li: only O, C and H"),
    (["pc-LNMO", "--closed", "O,Zr"], "closed Zr: only O, C and H"),
    (["pc-LMNO"], "unknown cathode 'pc-LMNO': did you mean pc-LMO, pc-LNMO"),
    (["pc-LNMO,"], "unknown cathode ''"),
    (["pc-LNMO", "LLZT"], "unknown electrolyte 'LLZT': did you mean LLZTO"),
    (["pc-LNMO,LiNi0.5Rh0.5O2"], "no data for Rh"),
    (["pc-LNMO", "-T", "900:400:50"], "low:high:step with a positive step"),
    (["pc-LNMO", "-T", "400:900:0"], "low:high:step with a positive step"),
    (["pc-LNMO", "-T", "400:900"], "are not understood"),
    (["pc-LNMO", "-T", "400,hot"], "are not understood"),
    (["pc-LNMO", "-T", "400:9000:100"], "outside 0 to 1500 °C"),
    (["pc-LNMO", "-T", "nan"], "temperature 'nan' is not understood"),
    (["pc-LNMO", "--atmosphere", "pCO2=1"], "pO2 is needed"),
    (["pc-LNMO", "--plot", "r.doc"], "is none of .png"),
    (["pc-LNMO", "--plot", "no/such/folder/r.png"], "does not exist"),
    (["pc-LNMO", "--database", "none.json"], "none.json"),
]


@pytest.mark.parametrize(("arguments", "told"), BAD, ids=["_".join(arguments) for arguments, _ in BAD])
def test_bad_input_is_one_line_and_exit_code_2(arguments, told, tmp_path, reactions):
    run = reactions(*arguments, cwd=tmp_path)
    assert (run.returncode, run.stdout) == (2, "")
    assert told in run.stderr
    assert run.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
