"""``sinterface tga``: powders and couples in a thermobalance, curves written and read, files that are none."""

import json
import math
import time

import numpy as np
import pytest
from typer.testing import CliRunner

import sinterface as si
from sinterface.models.basics.errors import SinterfaceError
from sinterface.simulate.cli.main import app
from sinterface.simulate.files.mass_files import read_mass, write_mass
from sinterface.simulate.studies.thermogram import thermogram

TO = "5 °C/min to 1100 °C"


def call(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def couple():
    task = si.problem("pc-NMC811", "LLZTO", TO, atmosphere="air", as_received=True, crucible="pan", cells=12)
    return thermogram(task)


@pytest.fixture(scope="module")
def received():
    """What is told of the reference powder alone."""
    done = call("tga", "LLZTO", "--as-received", "--cells", 8, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_carbon_dioxide_has_left_at_810(received):
    assert received["steps"][2]["end_C"] <= 810.0


def test_llzto_as_received_shows_three_steps_and_six_percent(received):
    """The reference powder alone: 200-250, 350-500 and 550-800 °C, about 6 wt% (Ma et al. 2025); garnet at 870 °C."""
    told = received
    assert told["cathode"] == "" and told["electrolyte"] == "LLZTO"
    assert told["mass_change_percent"] == pytest.approx(-6.0, abs=0.7)
    assert [step["gas"] for step in told["steps"]] == ["H2O", "H2O", "CO2"]
    bounds = ((160.0, 310.0, 510.0), (290.0, 540.0, 840.0))  # 40 °C around
    for step, low, high in zip(told["steps"], *bounds, strict=True):
        assert low <= step["begin_C"] <= step["onset_C"] <= step["fastest_C"] <= step["end_C"] <= high
    assert sum(told["parts_percent"].values()) == pytest.approx(told["mass_change_percent"], abs=1e-9)
    assert told["extra_mass_loss_from_C"] is None


def test_a_cathode_alone_loses_oxygen_and_nothing_else():
    done = call("tga", "LiNi0.8Mn0.1Co0.1O2", "--cells", 8)
    assert done.exit_code == 0, done.output
    table = " ".join(done.output.split())
    assert "LiNi0.8Mn0.1Co0.1O2 alone" in table and "O2 -" in table and "│ H2O │" not in table
    assert "as-received" not in table  # its card tells of nothing that air has made


def test_fresh_garnet_is_told_from_that_as_received():
    done = call("tga", "LLZTO", "--cells", 8, "--to", "600")
    assert "--as-received adds the water and carbonate" in " ".join(done.output.split())


def test_the_parts_of_a_couple_add_up_to_what_the_run_says(couple):
    data = couple.result.dataset
    gas = data["gas_uptake"].values @ np.array([0.031998, 0.044009, 0.018015])
    assert 100.0 * gas - data["lithium_lost_mass"].values == pytest.approx(data["mass_change"].values, abs=2e-4)
    assert couple.curve.change[-1] == pytest.approx(float(data["mass_change"][-1]), abs=1e-9)


def test_the_powders_apart_are_their_runs_by_shares(couple):
    alone = [
        si.predict(si.problem(*pair, TO, atmosphere="air", as_received=True, crucible="pan", cells=12),
                   estimate_error=False)
        for pair in (("pc-NMC811", None), (None, "LLZTO"))
    ]  # fmt: skip
    assert couple.apart.change[-1] == pytest.approx(0.5 * sum(run.mass().change[-1] for run in alone), abs=1e-9)
    excess = couple.excess()
    assert excess is not None and excess == pytest.approx(couple.curve.change - couple.apart.change)


def begins(cathode, **state):
    """Temperature [degrees C] from which a couple in dry air loses 0.1 % more oxygen than its powders; None: never."""
    task = si.problem(cathode, "LLZTO", TO, atmosphere="dry-air", crucible="pan", cells=20, **state)
    start = thermogram(task).extra_loss_from("O2")
    return None if start is None else start - 273.15


@pytest.mark.slow
@pytest.mark.parametrize("cathode", ["pc-LCO", "pc-NMC811", "pc-NMC532", "pc-NMC111"])
def test_couples_lose_no_extra_oxygen_as_received(cathode):
    """Not as observed, from 700, 800, 900 and 1000 °C on (Ma et al. 2025): docs/instruments.md says why.

    Where this fails the model has changed: make the table there anew, and docs/limits.md.
    """
    assert begins(cathode, as_received=True) is None


@pytest.mark.slow
def test_garnet_short_of_lithium_takes_oxygen_in_the_observed_order():
    """NMC811 at 800, NMC631 at 900, NMC111 at 1000 °C, the single crystal later (Ma et al. 2025).

    Here the first three begin too early, NMC111 not up to 1100 °C.
    """
    cathodes = ("pc-NMC811", "pc-NMC631", "sc-NMC631", "pc-NMC111")
    start = {name: math.inf if (at := begins(name, exposed="H=0.9")) is None else at for name in cathodes}
    assert start["pc-NMC811"] < start["pc-NMC631"] < start["pc-NMC111"]
    assert start["pc-NMC631"] < start["sc-NMC631"]


@pytest.mark.parametrize("way", [{"sizes": "cathode=10±5um"}, {"coating": "Li3BO3=200nm"}])
def test_powders_apart_have_no_sizes_and_no_coating(way):
    task = si.problem("pc-NMC811", "LLZTO", "5 °C/min to 600 °C", crucible="pan", cells=8, **way)
    shown = thermogram(task)
    plain = thermogram(si.problem("pc-NMC811", "LLZTO", "5 °C/min to 600 °C", crucible="pan", cells=8))
    assert shown.apart is not None and plain.apart is not None
    kept = 0.9736 if "coating" in way else 1.0  # share of the sample that is no coating
    assert shown.apart.parts["O2"] == pytest.approx(kept * plain.apart.parts["O2"], rel=1e-3, abs=1e-6)


def test_a_stack_is_heated_as_it_is_named():
    done = call("tga", "LCO=500nm, LLZO=1um", "--cells", 8, "--to", "600", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["electrolyte"] == "LLZO"


def test_a_couple_takes_less_than_two_seconds(couple):
    task = si.problem("pc-NMC811", "LLZTO", TO, as_received=True, crucible="pan")
    thermogram(task)  # compiled and the phases chosen
    start = time.process_time()
    thermogram(task)
    assert time.process_time() - start < 2.0 * 3.0, "2 s of the processor on a machine with nothing else to do"


def test_a_written_curve_is_read_back_and_laid_over(couple, tmp_path):
    file, plot = tmp_path / "mine.csv", tmp_path / "p.png"
    write_mass(couple.curve, file)
    again = read_mass(file)
    assert again.change == pytest.approx(couple.curve.change, abs=2e-6)
    assert again.temperature == pytest.approx(couple.curve.temperature, abs=1e-4)
    done = call(
        "tga", "LLZTO", "--cells", 8, "--to", "500", "--measured", file, "--plot", plot, "-o", tmp_path / "o.csv"
    )
    assert done.exit_code == 0, done.output
    assert plot.stat().st_size > 10_000
    assert read_mass(tmp_path / "o.csv").temperature[-1] == pytest.approx(773.15)


CELSIUS = np.linspace(25.0, 900.0, 60)
LOSS = -5.0 * np.clip((CELSIUS - 300.0) / 300.0, 0.0, 1.0)


@pytest.mark.parametrize("mass", [12.5 * (1.0 + 0.01 * LOSS), 100.0 + LOSS, LOSS], ids=["mg", "%", "change"])
@pytest.mark.parametrize("comma", [False, True])
def test_mass_in_any_unit_is_read(tmp_path, mass, comma):
    file = tmp_path / "balance.csv"
    text = "Temp./°C;Mass\n" if comma else "T,mass\n"
    for row in zip(CELSIUS, mass, strict=True):
        text += ("{:.4f};{:.6f}".format(*row).replace(".", ",") if comma else "{:.4f},{:.6f}".format(*row)) + "\n"
    file.write_text(text, encoding="utf-8")
    assert read_mass(file).change == pytest.approx(LOSS, abs=1e-4)


def columns(first, second):
    return "\n".join(f"{a} {b}" for a, b in zip(first, second, strict=True))


BAD = {
    "words.csv": ("no curve at all\n" * 20, "0 points"),
    "few.csv": (columns(CELSIUS[:5], CELSIUS[:5]), "5 points"),
    "swapped.csv": (columns(100.0 + LOSS, CELSIUS), "swapped"),
    "cooling.csv": (columns(CELSIUS[::-1], 100.0 + LOSS), "does not rise"),
    "kelvin.csv": (columns(10.0 * CELSIUS, 100.0 + LOSS), "outside -50 to 2000 °C"),
    "infinite.csv": (columns(CELSIUS, np.full(60, np.inf)), "finite"),
    "counts.csv": (columns(CELSIUS, 1.0 + CELSIUS), "is no powder"),
    "within.csv": (columns(CELSIUS, 100.0 + LOSS) + "\nend of file\n", "no pair of numbers"),
    "balance.ngb": ("", "export the mass curve as .csv"),
}


@pytest.mark.parametrize("name", BAD)
def test_files_that_are_no_curves_end_in_one_line(tmp_path, name):
    text, told = BAD[name]
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SinterfaceError, match=told) as caught:
        read_mass(file)
    assert "\n" not in str(caught.value)
    output = tmp_path / "o.csv"
    done = call("tga", "LLZTO", "--measured", file, "-o", output)
    assert done.exit_code != 0 and not output.exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["LLZTO", "--to", "20"], "does not heat"),
        (["LLZTO", "--ramp", "fast"], "heating rate 'fast' is not understood"),
        (["LLZTO", "-o", "curve.nc"], "the ending '.nc' is none of .csv"),
        (["nothing"], "or an electrolyte: Al-LLZO"),
    ],
)
def test_refusals(words, told):
    done = call("tga", *words)
    assert isinstance(done.exception, SinterfaceError)
    assert told in str(done.exception)
