"""The command line as an interface: documents, exit codes, one-line errors, light start."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sinterface.models.basics.errors import InputError, SolveError
from sinterface.simulate.cli import main
from sinterface.simulate.cli.options import CoupleOptions
from sinterface.simulate.solve import run as run_module
from sinterface.simulate.studies import compare as compare_module
from sinterface.simulate.studies import jumps
from sinterface.simulate.studies import optimize as optimize_module
from sinterface.simulate.studies import sweep as sweep_module

EXE = Path(sys.executable).with_name("sinterface")
QUICK = ["--cells", "8"]


def spent():
    """Processor time [s] of all processes that have been started and waited for."""
    times = os.times()
    return times.children_user + times.children_system


def test_help_starts_in_a_third_of_a_second():
    """Of a processor: what the clock says besides depends on who else computes."""
    best = 9.0
    for _ in range(5):
        before = spent()
        assert subprocess.run([EXE, "--help"], capture_output=True, check=False).returncode == 0
        best = min(best, spent() - before)
    assert best < 0.33


def test_a_run_imports_nothing_that_it_does_not_need():
    """Dask, which xarray imports wherever it is installed, costs more than a small run."""
    pytest.importorskip("dask")
    words = ["run", "pc-LCO", "--schedule", "50 °C/min to 300 °C; quench", *QUICK]
    command = [sys.executable, "-X", "importtime", "-m", "sinterface.validation.cli", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "xarray" in imported
    assert not {"dask", "matplotlib", "plotly", "distributed", "zarr", "sklearn"} & imported


def test_run_document(program):
    run = program("run", "pc-LNMO", "--temperature", "600", "--json", *QUICK)
    assert run.returncode == 0
    assert run.stderr == ""
    document = json.loads(run.stdout)
    assert {
        "cathode", "electrolyte", "temperature_C", "phases", "secondary_wt_percent", "unreacted", "database", "version",
    } <= set(document)  # fmt: skip
    assert (document["cathode"], document["electrolyte"], document["temperature_C"]) == ("pc-LNMO", "LLZTO", 600.0)
    assert set(document["unreacted"]) == {"cathode_fraction", "electrolyte_fraction"}
    for phase in document["phases"]:
        assert {"phase", "family", "wt_percent", "detected"} <= set(phase)
        sure = phase["wt_percent"] if phase["converged"] else phase["wt_percent"] - phase["wt_percent_error"]
        assert phase["detected"] is (sure >= 1.0)
    assert sum(phase["wt_percent"] for phase in document["phases"]) == pytest.approx(100.0, abs=0.02)
    secondary = sum(phase["wt_percent"] for phase in document["phases"] if phase["role"] == "secondary")
    assert document["secondary_wt_percent"] == pytest.approx(secondary)


def test_sweep_document_and_files(tmp_path, program):
    words = ["sweep", "pc-LNMO", "--temperatures", "400:600:100", "--detect", "1", "--workers", "1", *QUICK]
    run = program(*words, "--json", "-o", "s.nc", "--plot", "s.png", cwd=tmp_path)
    assert run.returncode == 0
    document = json.loads(run.stdout)
    shares = {run["temperature_C"]: run["secondary_wt_percent"] for run in document["temperatures"]}
    assert list(shares) == [400, 500, 600]
    assert shares[600] > 10.0, "a spinel reacts by tens of per cent"
    _, bracket, _ = document["onset"]["brackets"]
    assert (bracket["limit_wt_percent"], bracket["reached_C"]) == (1.0, min(T for T in shares if shares[T] >= 1.0))
    assert document["onset_C"] == (bracket["reached_C"] if document["onset"]["sharp"] else None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.nc", "s.png"]
    assert (tmp_path / "s.png").read_bytes()[:4] == b"\x89PNG"


def test_reactions_document(program):
    run = program("reactions", "pc-LNMO", "LLZTO", "--temperature", "500", "--para", "--json")
    assert run.returncode == 0
    document = json.loads(run.stdout)
    assert document["constraint"] == "paraequilibrium"
    for kink in document["kinks"]:
        assert {"mixing_ratio", "energy_meV_per_atom", "energy_kJ_per_mol", "products", "reaction"} <= set(kink)
    assert min(kink["energy_meV_per_atom"] for kink in document["kinks"]) < -20


COMMANDS = {
    "run": ["run", "pc-LNMO", "-T", "500"],
    "sweep": ["sweep", "pc-LNMO", "--temperatures", "500"],
    "compare": ["compare", "pc-LNMO", "-s", "50 °C/min to 500 °C; quench"],
    "optimize": ["optimize", "pc-LNMO"],
}


def test_a_remark_that_can_not_be_computed_costs_no_run(monkeypatch):
    def stop(*_, **__):
        raise SolveError("did not settle")

    monkeypatch.setattr(jumps, "invariants", stop)
    words = ["run", "pc-LCO", "-T", "400", *QUICK, "--json"]
    done = CliRunner().invoke(main.app, words, catch_exceptions=False)
    assert done.exit_code == 0
    assert "could not be computed" in done.stdout and json.loads(done.stdout)["outcome"] == "DONE"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_couple_reaches_every_command(command, monkeypatch):
    """Whatever the command, a field of Couple has an option, and its value stands in the problem that is solved."""
    posed = []

    def stop(task, *_, **__):
        posed.append(task[0] if isinstance(task, list) else task)
        raise InputError("far enough")

    for place in (run_module, sweep_module, compare_module, optimize_module):
        name = {run_module: "predict", sweep_module: "sweep_couples"}.get(place, place.__name__.rsplit(".", 1)[-1])
        monkeypatch.setattr(place, name, stop)
    options = {"-e": "LLZO", "--mass-ratio": "60:40", "--cells": "9", "--crucible": "open", "--geometry": "slab"}
    options |= {"--add": "Li2CO3=2", "--coating": "Li3BO3=20nm"}
    options |= {} if command == "optimize" else {"--atmosphere": "air"}
    words = [word for pair in options.items() for word in pair]
    with pytest.raises(InputError, match="far enough"):
        CliRunner().invoke(main.app, [*COMMANDS[command], *words], catch_exceptions=False)
    (task,) = posed
    assert (task.electrolyte.id, task.mass_ratio, task.cells, task.crucible) == ("LLZO", 1.5, 9, "open")
    assert (task.geometry, task.additives) == ("slab", (("Li2CO3", 2.0),))
    assert [layer.label for layer in task.coatings] == ["Li3BO3=20nm on cathode"]
    assert command == "optimize" or task.atmosphere.name == "air"
    told = CliRunner().invoke(main.app, [command, "--help"]).output
    for field in fields(CoupleOptions):
        if (command, field.name) != ("optimize", "atmosphere"):
            assert f"--{field.name.replace('_', '-')}" in told


def test_a_run_without_a_temperature_says_which_it_takes(program):
    answer = program("run", "pc-LNMO", "--cells", "4", "--json")
    assert answer.stderr == "neither -T nor --schedule is given: the couple was held at 800 °C\n"
    assert json.loads(answer.stdout)["temperature_C"] == 800.0


def test_a_carbonate_has_no_distance_to_the_hull_in_a_gas_without_its_own(program):
    hull = json.loads(program("phases", "show", "Li2CO3", "--json").stdout)["hull"]
    assert hull["energy_above_hull_kJ_per_mol_cations"] is None
    assert not hull["stable"]
    assert "the gas holds no CO2" in program("phases", "show", "Li2CO3").stdout
    given = ("--atmosphere", "O2:pCO2=4e-4")
    known = json.loads(program("phases", "show", "Li2CO3", *given, "--json").stdout)["hull"]
    assert known["energy_above_hull_kJ_per_mol_cations"] < 0.0


def test_a_run_names_the_invariant_reaction_that_it_lies_near(program):
    answer = program("run", "pc-NMC811", "-T", "905", "--cells", "4", "--json")
    told = json.loads(answer.stdout)["remarks"]
    assert "pc-NMC811 turns from layered into rock salt near" in told
    assert "amounts hang on single degrees there" in told
    away = program("run", "pc-LCO", "-T", "600", "--cells", "4", "--json")
    assert "turns from" not in json.loads(away.stdout)["remarks"]


def test_tables_for_people(tmp_path, program):
    run = program("run", "LiNi0.6Mn0.2Co0.2O2", "--morphology", "sc", "-T", "500", "-o", "r.nc", *QUICK, cwd=tmp_path)
    assert run.returncode == 0
    assert "wrote r.nc" in run.stdout
    assert "secondary phases" in run.stdout
    assert "LLZTO, 1:1 by mass: 10 °C/min to 500 °C; hold 2 h; cool naturally" in " ".join(run.stdout.split())
    sweep = program("sweep", "pc-NMC532", "--temperatures", "400,500", "--detect", "1", "--workers", "1", *QUICK)
    assert "onset: none up to 500 °C (no family reaches 1 wt%)" in sweep.stdout
    assert "pc-NMC532 + LLZTO, 1:1 by mass: 10 °C/min to T; hold 2 h" in " ".join(sweep.stdout.split())
    assert "pc-NMC811" in program("materials").stdout
    assert program("--version").stdout.strip().count(".") == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "pc-LMNO"], "did you mean pc-LMO, pc-LNMO"),
        (["run", "LiNi0.8Xx0.2O2"], "not a chemical element"),
        (["run", "LiNi0.8Mn0.1Co0.1O2)"], "does not parse"),
        (["run", "LiNi0.5Rh0.5O2"], "no data for Rh"),
        (["run", "Li2Ni3O7"], "add --structure layered|spinel|olivine|garnet"),
        (["run", "LiNi0.6Mn0.4O2", "--structure", "cubic"], "unknown structure 'cubic'"),
        (["run", "LiNi0.6Mn0.4O2", "--morphology", "flake"], "unknown morphology 'flake'"),
        (["run", "pc-LCO", "--electrolyte", "LLZT"], "unknown electrolyte 'LLZT'"),
        (["run", "pc-LCO", "--hold", "-2 h"], "negative"),
        (["run", "pc-LCO", "--hold", "2"], "a number and a unit"),
        (["run", "pc-LCO", "--temperature", "5000"], "outside 0 to 1500 °C"),
        (["run", "pc-LCO", "--temperature", "hot"], "not understood"),
        (["run", "pc-LCO", "--ramp", "0 °C/min"], "must be positive"),
        (["run", "pc-LCO", "--atmosphere", "pO2=0"], "pO2 = 0 bar"),
        (["run", "pc-LCO", "--atmosphere", "vacuum"], "unknown atmosphere"),
        (["run", "pc-LCO", "--mass-ratio", "1:0"], "mass ratio"),
        (["run", "pc-LCO", "--mass-ratio", "60"], "write 60:1 for cathode to electrolyte, or 60:40 for 60 wt% of"),
        (["sweep", "pc-LCO", "--mass-ratio", "0.6"], "write 0.6:1 for cathode to electrolyte, or 60:40 for 60 wt%"),
        (["optimize", "pc-LCO", "--mass-ratio", "1"], "write 1:1 for cathode to electrolyte, or 1:99 for 1 wt%"),
        (["run", "pcNMC811"], "did you mean pc-NMC811"),
        (["run", "Li1+Co3+O2-"], "'1+' looks like a charge"),
        (["run", "LiU3O8"], "no data for U"),
        (["run", "pc-LCO", "-e", "LiU3O8"], "no data for U"),
        (["reactions", "LiU3O8", "LLZTO"], "no data for U"),
        (["reactions", "LiNi0.8Mn0.1Co0.2O2"], "metals beside lithium sum to 1.1"),
        (["run", "pc-LCO", "--temp", "800"], "(see sinterface run --help)"),
        (["run", "pc-LCO", "-T"], "(see sinterface run --help)"),
        (["run", "pc-LCO", "LLZO"], "(LLZO): the electrolyte is given with -e"),
        (["run", "pc-LCO", "--hold", "2,5 h"], "put a point before decimals"),
        (["run", "pc-LCO", "-T", "1,000"], "put a point before decimals and nothing between thousands"),
        (["run", "pc-LCO", "--pressure", "50,5 MPa"], "put a point before decimals"),
        (["run", "pc-LCO", "--ramp", "2,5 °C/min"], "put a point before decimals"),
        (["run", "pc-LCO", "--atmosphere", "02"], "unknown atmosphere '02': did you mean O2? choices are Ar, CO/CO2"),
        (["optimize", "pc-LCO", "--gas", "C02"], "unknown atmosphere 'C02': did you mean CO2?"),
        (["run", "pc-LCO", "--schedule", "10 °C/min to 600 °C in 02"], "did you mean O2?"),
        (["run", "pc-LCO", "--bed", "Li2C03"], "did you mean Li2CO3?"),
        (["run", "pc-LCO", "--coating", "LiNb03=20nm"], "did you mean LiNbO3?"),
        (["run", "pc-LCO", "--add", "Li2C03=2"], "did you mean Li2CO3?"),
        (["optimize", "pc-LCO", "--cool", "quenched"], "unknown cooling 'quenched': did you mean quench? choices are"),
        (["run", "pc-LCO", "-T", ""], "temperature '' is not understood"),
        (["run", "pc-LCO", "--schedule", ""], "schedule '' is empty"),
        (["run", "pc-LFP", "--residue", "H=1"], "protons stand in the place of lithium"),
        (["run", "pc-LFP", "-e", "NMC811"], "NMC811 is built in as cathode, not as electrolyte: choices are Al-LLZO"),
        (["run", "pc-LFP", "--mass-ratio", "0:1"], "name it 'none'"),
        (["phases", "show", "LaCo03"], "did you mean LaCoO3? choices are 4"),
        (["run", "pc-LCO", "--atmosphere", "O2 + 5% CO2"], "in bar, e.g. O2:pCO2=0.05 for O2 with 5 % of CO2"),
        (["run", "pc-LCO", "--atmosphere", "O2:pCO2=0,05"], "'0,05' has a comma: put a point before decimals"),
        (["run", "LiFePo4"], "LiFePo4: did you mean LiFePO4? no data for Po"),
        (["run", "pc-LCO", "-T", "700:900:50"], "several go with `sinterface sweep`"),
        (["run", "pc-LCO", "--style", "poster"], "choices are paper, screen"),
        (["run", "pc-LCO", "--style", "paper"], "there is no figure; name one with --plot"),
        (["run", "pc-LCO", "--coating", "LiNbO3=10 um"], "10 um; choose 0.1 nm to "),
        (["run", "pc-LCO", "--add", "Li2CO3=150"], "additives 'Li2CO3=150': more than 50 wt%"),
        (["optimize", "pc-LCO", "--time", "2h"], "time '2h' is not understood: write low:high in h, e.g. 0.1:10"),
        (["run", "LCO=500nm LLZO=1um"], "layer 'LCO=500nm LLZO=1um' is not understood: write layers with"),
        (["tga", "run.nc"], "'run.nc' is a file of results: a powder is wanted"),
        (["cell", "run.nc", "--particle", "-5"], "--particle '-5': no size; give one above 0 in mm, um, nm, Å"),
        (["cell", "run.nc", "--particle", "10 parsec"], "--particle '10 parsec': no size; give one above 0 in mm, um"),
        (
            ["cell", "run.nc", "--island", "0"],
            "--island '0': no size; give one above 0 in mm, um, nm, Å; a number alone",
        ),
        (
            ["run", "mine.tml"],
            "is no formula and no card: the names of such files end in .toml: did you mean 'mine.toml'",
        ),
        (["run", "pc-LCO", "-e", "x/my.yaml"], "such files end in .toml: did you mean 'x/my.toml'?"),
        (["run", "pc-LCO", "--schedule", "plan.tml"], "schedule 'plan.tml': the names of such files end in .toml"),
        (["run", "pc-LCO", "--schedule", "-10 °C/min to 900 °C"], "must be positive"),
        (["run", "pc-LCO", "--schedule", "hold -1 h"], "negative"),
        (["run", "pc-LCO", "--schedule", "hold 1 h", "--temperature", "900"], "drop one"),
        (["run", "pc-LCO", "--schedule", "hold 1 h", "--hold", "3 h"], "--schedule and --hold are both given"),
        (["run", "pc-LCO", "-o", "a.png", "--plot", "a.png"], "a.png is given twice"),
        (["run", "pc-LCO", "--cells", "1"], "choose 4 to 2000"),
        (["run", "pc-LCO", "--cells", "many"], "--cells"),
        (["run", "pc-LCO", "-o", "no/such/folder/run.nc"], "does not exist"),
        (["run", "pc-LCO", "--plot", "run.doc"], "is none of .png"),
        (["run", "no-such-card.toml"], "No such file"),
        (["run", "pc-LCO", "--nonsense"], "No such option"),
        (["run", "pc-LCO", "LLZO"], "(LLZO): the electrolyte is given with -e, a schedule with --schedule (see"),
        (
            ["run", "pc-LCO", "-T", "900", "°C"],
            "(°C): a value and its unit stand together in quotes, as in '900 °C' (see",
        ),
        (["run", "pc-LCO", "--ramp", "10", "K/min"], "(K/min): a value and its unit stand together in quotes"),
        (["optimize", "pc-LCO", "--atmosphere", "air"], "gases to choose from are given with --gas"),
        (["run"], "Missing argument"),
        (["sweep", "pc-LCO", "--temperatures", "900:400:50"], "low:high:step"),
        (["sweep", "pc-LCO", "--temperatures", "400:9000:100"], "outside 0 to 1500"),
        (["sweep", "pc-LCO", "pc-LMO", "-o", "x.nc"], "need a name each"),
        (["reactions", "pc-LCO", "LLZTO", "--temperature", "-400"], "outside"),
    ],
    ids=lambda value: "_".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, told, tmp_path, program):
    run = program(*arguments, cwd=tmp_path)
    assert run.returncode == 2
    assert run.stdout == ""
    assert told in run.stderr
    assert run.stderr.count("\n") == 1
    assert "Traceback" not in run.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "mypowder.toml"], "did you mean my-powder.toml?"),
        (["run", "pc-LCO", "-e", "My-Powder.toml"], "did you mean my-powder.toml?"),
        (["run", "cards/mypowder.toml"], "there is no folder cards"),
        (["run", "folder/cardd.toml"], "did you mean folder/card.toml?"),
        (["run", "pc-LCO", "--schedule", "firing.toml"], "did you mean firing2.toml?"),
        (["run", "pc-LCO", "--database", "phases.json"], "did you mean my_phases.json?"),
        (["screen", "my_spce.toml", "-o", "x.zarr"], "did you mean my_space.toml?"),
        (["tga", "pc-LCO", "--measured", "curv.csv"], "did you mean curve.csv?"),
        (["xrd", "runn.nc"], "did you mean run.nc, run2.nc?"),
        (["xrd", "run.csv"], "did you mean run.nc?"),
        (["xrd", "run.nc", "--measured", "patern.xy"], "did you mean pattern.xy?"),
        (["cell", "Run-2.nc"], "did you mean run2.nc"),
        (["report", "stor.zarr", "-o", "page.html"], "did you mean store.zarr?"),
        (["report", "sweep.nc", "-o", "page.html"], "give a NetCDF file (.nc)"),
        (["report", "curves.nc", "-o", "page.html"], "give a NetCDF file (.nc)"),
        (["validate", "--cards", "my_card"], "did you mean my_cards?"),
        (["calibrate", "pol.json", "--rounds", "0", "--minutes", "0"], "did you mean pool.json?"),
    ],
    ids=lambda value: "_".join(value) if isinstance(value, list) else None,
)
def test_a_file_that_is_not_there_names_its_neighbours(arguments, told, tmp_path, program):
    there = ("my-powder.toml", "firing2.toml", "my_phases.json", "my_space.toml", "curve.csv", "run.nc", "run2.nc",
             "pattern.xy", "pool.json", ".runn.nc")  # fmt: skip
    for name in there:
        (tmp_path / name).touch()
    for name in ("folder", "store.zarr", "my_cards"):
        (tmp_path / name).mkdir()
    (tmp_path / "folder" / "card.toml").touch()
    run = program(*arguments, cwd=tmp_path)
    assert run.returncode == 2
    assert told in run.stderr
    assert run.stderr.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_interrupt_leaves_nothing_behind(tmp_path, start, wait_until, group_size):
    process = start([EXE, "sweep", "pc-NMC811", "--cells", "400", "--workers", "1", "-o", "x.nc"], cwd=tmp_path)
    wait_until(lambda: group_size(process.pid, at_work=True) >= 1, "the program computes")
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []
