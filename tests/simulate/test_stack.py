"""Stacks of layers: what a text says, thicknesses and masses, and runs through the command line."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import sinterface as si
from sinterface.models.basics.errors import InputError
from sinterface.simulate.cli import main
from sinterface.simulate.setup.stack import is_stack, read_stack
from sinterface.simulate.solve.system import assemble

STACK = "LCO=500nm, Li3BO3=20nm, LLZO=1um"
PLAN = "100 °C/min to 1000 °C; hold 10 min; quench"


@pytest.fixture(scope="module")
def database():
    return si.load_database()


def test_layers_have_the_thicknesses_that_are_stated(database):
    task = si.problem(STACK, schedule=PLAN)
    assert (task.cathode.id, task.electrolyte.id, task.geometry) == ("pc-LCO", "LLZO", "slab")
    mesh = assemble(task, database).mesh
    thickness = [np.diff(mesh.faces)[mesh.regions == region].sum() for region in range(3)]
    assert thickness == pytest.approx([500e-9, 20e-9, 1e-6], rel=1e-9)
    weights = (task.cathode.density.value * 500e-9, task.electrolyte.density.value * 1e-6)
    assert task.mass_ratio == pytest.approx(weights[0] / weights[1])
    assert task.areal_mass == pytest.approx(sum(weights) + task.coatings[0].material.density.value * 20e-9)
    assert task.cathode.grain_size.value <= 500e-9


def test_particles_have_no_mass_per_area():
    assert np.isnan(si.problem("pc-LCO").areal_mass)


def test_a_powder_is_no_stack():
    assert not is_stack("LiNi0.8Mn0.1Co0.1O2")
    assert not is_stack("examples/my_cathode.toml")
    assert is_stack("LCO=500nm")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("LCO=500nm", "nothing to react with"),
        ("LCO=500nm, LLZO", "'LLZO' is not understood.*LCO=500nm"),
        ("LCO=500nm, LLZO=2mm", "of the thicker one state as much as can react"),
        ("LLZO=500nm, LCO=1um", "cathode"),
        ("LCO=500nm, Unobtainium=3nm, LLZO=1um", "Li2ZrO3"),
        ("LCO=500nm, Li3BO3=1mm, LLZO=1mm", "choose 0.1 nm to 20 um"),
        ("LCO=0.1nm, LLZO=1um", "choose 1 nm to 10 mm"),
    ],
)
def test_what_is_no_stack_is_told_with_the_remedy(text, told, database):
    with pytest.raises(InputError, match=told) as error:
        read_stack(text, database)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "options",
    [{"coating": "Li3BO3=5nm"}, {"sizes": "cards"}, {"mass_ratio": "60:40"}, {"electrolyte": "Al-LLZO"}],
)
def test_what_a_stack_tells_is_not_told_twice(options):
    with pytest.raises(InputError, match="tells that already"):
        si.problem(STACK, **options)


def test_as_deep_a_layer_of_electrolyte_reacts_however_thick_it_is():
    """Its lithium comes from further away, so that the film takes up more of it from a thicker layer."""
    depths, formed = [], []
    for electrolyte in ("2um", "8um"):
        task = si.problem(f"NMC811=100nm, LLZTO={electrolyte}", schedule="100 °C/min to 900 °C; hold 5 min; quench",
                          cells=24)  # fmt: skip
        result = si.predict(task, estimate_error=False)
        assert result.finished
        depths.append(float(result.dataset["electrolyte_depth"].isel(time=-1)))
        formed.append(sum(result.family_shares.values()) * task.areal_mass)
        assert result.dataset.attrs["areal_mass"] == pytest.approx(task.areal_mass)
    assert depths[0] > 1e-8
    assert depths[1] == pytest.approx(depths[0], rel=0.1)
    assert formed[1] > formed[0]


def test_the_command_line_runs_and_sweeps_stacks():
    words = ["--cells", "8", "--json"]
    answer = CliRunner().invoke(main.app, ["run", STACK, "-T", "700", "--hold", "1 min", *words])
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    assert document["electrolyte"] == "LLZO"
    assert "of interface per g" in document["remarks"]
    assert document["element_balance"] < 1e-9
    assert {phase["role"] for phase in document["phases"]} >= {"cathode", "electrolyte", "coating"}
    swept = CliRunner().invoke(
        main.app,
        ["sweep", "LCO=500nm, LLZO=1um", "--temperatures", "600,700", "--hold", "1 min", "--workers", "1", *words],
    )
    assert swept.exit_code == 0, swept.output
