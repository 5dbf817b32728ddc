"""One powder heated without the other, fresh and as air has made it; every command copes or refuses in a line."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import sinterface as si
from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.models.basics.errors import InputError
from sinterface.models.powders.exposure import Exposure
from sinterface.simulate.cli.main import app
from sinterface.simulate.figures.plot import run as run_figure
from sinterface.simulate.pages import read_results
from sinterface.simulate.pages.report import page
from sinterface.simulate.setup.problem import problem, sample_text

SHORT = "50 °C/min to 600 °C; quench"


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Files of a garnet and of a cathode, each alone."""
    folder = tmp_path_factory.mktemp("alone")
    for name, couple in {"garnet": ("none", "LLZTO"), "cathode": ("pc-LCO", None)}.items():
        si.predict(problem(*couple, SHORT, cells=6), estimate_error=False).to_netcdf(folder / f"{name}.nc")
    return folder


def test_words_for_no_powder():
    task = problem("None", "LLZTO", SHORT)
    assert task == problem(None, "LLZTO", SHORT)
    assert [powder.id for powder in task.powders] == [task.label] == ["LLZTO"]
    assert problem("pc-LCO", " NONE ", SHORT).label == "pc-LCO"
    assert problem("pc-LCO", "LLZTO", SHORT).label == "pc-LCO + LLZTO"
    assert sample_text("", "LLZTO", 1.0) == "LLZTO alone"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"electrolyte": None}, "needs a cathode, an electrolyte or both"),
        ({"residue": "Li2CO3=1"}, "cathode: its exposure is given, but there is none"),
        ({"exposed": "Q=1"}, "unknown part of an exposure 'Q'"),
        ({"electrolyte": "Al-LLZO", "as_received": True}, "do not tell what air has made of them"),
    ],
)
def test_refusals(options, told):
    with pytest.raises(InputError, match=told):
        problem(**{"cathode": None, "electrolyte": "LLZTO", "schedule": SHORT} | options)


def test_what_is_stated_goes_before_the_card():
    card = problem("pc-LCO", "LLZTO", SHORT, as_received=True)
    assert card.exposure is not None and card.exposure.protons > 0.0
    stated = problem("pc-LCO", "LLZTO", SHORT, as_received=True, exposed="H=0.1")
    assert stated.exposure == Exposure(protons=0.1)
    assert problem("pc-LCO", "LLZTO", SHORT).exposure is None


def test_llzto_as_received_loses_mass_in_three_steps_and_is_garnet_again():
    """Thermogravimetry of the reference powder alone (Ma et al. 2025): about 6 wt% by 870 °C, water first, then CO2."""
    task = problem(None, "LLZTO", "5 °C/min to 871 °C", as_received=True, crucible="pan", cells=8)
    data = si.predict(task, estimate_error=False).dataset
    celsius = data["temperature"].values - CELSIUS_ZERO  # rises from step to step
    lost = {T: -float(data["mass_change"].values[celsius >= T][0]) for T in (260.0, 340.0, 510.0, 870.0)}
    assert lost[870.0] == pytest.approx(6.0, abs=0.7)
    assert lost[260.0] > 1.0, "adsorbed water"
    assert lost[340.0] - lost[260.0] < 0.1, "nothing leaves between the steps"
    assert lost[510.0] - lost[340.0] > 0.3, "water of the protons"
    assert lost[870.0] - lost[510.0] > 1.0, "carbon dioxide"
    final = data["wt_percent"].isel(time=-1)
    first = data["wt_percent"].isel(time=0)
    assert float(first.where(first["family"] == "carbonate").sum()) > 1.0
    assert float(final.where(final["family"] == "garnet").sum()) > 98.0
    assert float(final.where(final["family"] == "carbonate").sum()) < 0.05
    assert data.attrs["element_balance"] < 1e-10


def test_llzto_as_received_is_nothing_but_garnet_at_870():
    task = problem(None, "LLZTO", "5 °C/min to 871 °C", as_received=True, crucible="pan", cells=8)
    final = si.predict(task, estimate_error=False).dataset["wt_percent"].isel(time=-1)
    assert float(final.where(final["family"] == "garnet").sum()) > 99.0


MADE = [
    *(("LiNiO2", T) for T in (700, 750, 800)),
    *(("pc-NMC811", T) for T in (750, 800, 850)),
    *(("pc-NMC622", T) for T in (850, 900)),
    *(("pc-NMC532", T) for T in (900, 950)),
    *(("pc-NMC111", T) for T in (900, 950)),
    ("pc-NCA", 700),
    ("pc-NCA", 780),
    ("pc-LCO", 1000),
]
"""Layered oxides as bought and the temperatures [°C] at which they are made."""


@pytest.mark.parametrize(("name", "celsius"), MADE)
def test_layered_oxides_stay_themselves_for_the_whole_run_where_they_are_made(name, celsius):
    """Less than 1 wt% of other phases at any time of 2 h in O2 and of the cooling, not only when all has healed."""
    structure = None if name.startswith("pc-") else "layered"
    task = problem(name, None, si.Schedule.hold(celsius, hours=2), structure=structure, cells=8)
    data = si.predict(task, estimate_error=False).dataset
    layered = data["wt_percent"].where(data["family"] == "layered", drop=True).sum("phase")
    assert float(layered.min()) > 99.0
    assert float(data["cathode_fraction"].min()) > 0.99


def test_a_fresh_garnet_loses_nothing_but_lithia_and_a_cathode_stays_itself(alone):
    for name, role in (("garnet", "electrolyte"), ("cathode", "cathode")):
        data = read_results.read(alone / f"{name}.nc").data
        other = "cathode" if role == "electrolyte" else "electrolyte"
        assert data.attrs[other] == ""
        assert np.isnan(data[f"{other}_fraction"].values).all()
        assert float(data[f"{role}_fraction"][-1]) > 0.98
        assert float(data["wt_percent"].isel(time=-1).sum()) == pytest.approx(100.0, abs=0.01)


def test_figures_and_pages_name_the_powder_that_was_there(alone):
    files = [read_results.read(alone / f"{name}.nc") for name in ("garnet", "cathode")]
    text = page(files)
    assert "run: LLZTO alone" in text and "run: pc-LCO alone" in text
    assert "nan" not in text.split("<body>")[1].split("plotly")[0]
    result = si.Result(files[0].data)
    assert {part.role for part in result.xrd(seed=None).components} <= {"electrolyte", "secondary"}
    assert run_figure(result).axes[0].get_title().startswith("LLZTO alone")
    assert "cathode" not in str(result).splitlines()[-1]
    document = json.loads(json.dumps(result.document(), allow_nan=False))
    assert document["cathode"] == ""
    assert document["unreacted"]["cathode_fraction"] is None


@pytest.mark.parametrize(
    "words",
    [
        ["run", "none", "--schedule", SHORT],
        ["run", "pc-LCO", "-e", "none", "--schedule", SHORT, "--residue", "Li2CO3=0.5"],
        ["run", "none", "--schedule", SHORT, "--exposed", "H=0.2,Li2CO3=1,H2O=0.5"],
        ["sweep", "none", "--temperatures", "400", "--hold", "1 min", "--ramp", "50 °C/min", "--workers", "1"],
        ["compare", "none", "-s", SHORT],
    ],
)
def test_commands_cope(words):
    answer = CliRunner().invoke(app, [*words, "--cells", "6"], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    assert "alone" in answer.output
    assert " nan" not in answer.output
    answer = CliRunner().invoke(app, [*words, "--cells", "6", "--json"], catch_exceptions=False)
    document = json.loads(answer.stdout, parse_constant=pytest.fail)
    assert "" in (document["cathode"], document["electrolyte"])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "none", "-e", "none"], "needs a cathode, an electrolyte or both"),
        (["optimize", "pc-LCO", "-e", "none"], "no electrolyte: schedules are chosen by how dense it sinters"),
        (["reactions", "none"], "reactions are between two powders"),
        (["cell", "garnet.nc"], "one powder was heated alone: a cell needs"),
        (["run", "none", "--residue", "LiOH=1"], "cathode: its exposure is given"),
    ],
)
def test_commands_that_need_both_refuse_in_a_line(alone, program, words, told):
    code, out, err = program(*words, cwd=alone)
    assert (code, out) == (2, "")
    assert told in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("electrolyte", "told"),
    [
        ("Li7.2La3Zr2O12", "Li7.2La3Zr2O12 is read as Li7La3Zr2O12 with 0.35 wt% of Li2O beside it"),
        ("Li6.2La3Zr1.4Ta0.6O12", "Li6.2La3Zr1.4Ta0.6O12 is read as a garnet that lacks 0.1 Li2O per formula"),
    ],
)
def test_garnets_rich_or_poor_in_lithium_say_how_they_are_read(electrolyte, told):
    """Lithia beside is put in, not formed; a run of the garnet alone keeps both of the garnet's cations."""
    result = si.predict(problem(None, electrolyte, SHORT, cells=6), estimate_error=False)
    assert result.dataset.attrs["remarks"] == result.document()["remarks"] == told
    assert told in str(result)
    first = result.dataset["wt_percent"].isel(time=0)
    lithia = float(first.where(first["family"] == "Li2O").sum())
    assert lithia == pytest.approx(0.35 if "7.2" in electrolyte else 0.0, abs=0.01)
    assert "Li2O" not in result.family_shares or result.family_shares["Li2O"] < 0.01
    assert result.dataset.attrs["element_balance"] < 1e-10
    answer = CliRunner().invoke(app, ["run", "none", "-e", electrolyte, "--schedule", SHORT, "--cells", "6"])
    assert "is read as" in answer.output


def test_more_protons_than_a_garnet_can_miss_are_refused_with_the_most() -> None:
    """LLZTO holds 1.4 Zr, and loses one Li2O for two protons."""
    with pytest.raises(InputError, match=r"H = 1\.8 per formula unit is more than LLZTO can lose .*: at most 1\.4\d?;"):
        problem("none", "LLZTO", "10 °C/min to 700 °C", exposed="H=1.8")
    assert problem("none", "LLZTO", "10 °C/min to 700 °C", exposed="H=1.39").exposure == Exposure(protons=1.39)


@pytest.mark.parametrize(
    ("cathode", "gas", "role"),
    [
        ("Li1.2Ni0.13Mn0.54Co0.13O2", "O2", "cathode"),
        ("Li1.2Ni0.13Mn0.54Co0.13O2", "N2", "cathode"),  # oxygen is followed there like a metal
        ("LiNi0.5Mn1.5O4", "O2", "secondary"),
    ],
)
def test_manganate_is_a_powder_rich_in_lithium_and_has_formed_from_others(cathode, gas, role):
    """A layered oxide of 1.5 Li per metal shows the superlattice of Li2MnO3 as bought, a spinel does not."""
    task = problem(cathode, "LLZTO", "20 °C/min to 700 °C; quench", atmosphere=gas, cells=6)
    result = si.predict(task, estimate_error=False)
    table = result.dataset
    roles = {
        str(table["role"].values[k]) for k, family in enumerate(table["family"].values) if str(family) == "Li2MnO3"
    }
    assert roles == {role}


def test_garnet_that_met_air_is_pyrochlore_on_the_way_and_garnet_again():
    """Its carbonate leaves and its lithium comes back: pyrochlore near 700 °C, garnet again by 900 °C, as is seen."""
    made = {}
    for degrees in (550, 700, 750, 900):
        plan = f"10 °C/min to {degrees} °C; hold 2 h; quench"
        run = si.predict(problem(None, "LLZTO", plan, as_received=True, cells=4), estimate_error=False)
        made[degrees] = run.by_family.get("La2Zr2O7", 0.0)
        fresh = si.predict(problem(None, "LLZTO", plan, cells=4), estimate_error=False)
        assert fresh.by_family.get("La2Zr2O7", 0.0) < 0.1
    assert made[700] > 1.0
    assert made[750] > 1.0
    assert made[550] < 0.3
    assert made[900] < 0.3
