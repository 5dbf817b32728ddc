"""``sinterface xrd`` and ``cell`` on a stored run; files that are no patterns."""

import json
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from sinterface.models.basics.errors import SinterfaceError
from sinterface.models.instruments.diffraction import Component, Scan, pattern, pattern_of
from sinterface.simulate.cli.main import app
from sinterface.simulate.files.output import write_dataset
from sinterface.simulate.files.pattern_files import read_pattern, write_pattern
from sinterface.simulate.pages.read_results import read
from sinterface.simulate.pages.report import page

PHASES = (
    ("Li1.01Ni0.66Mn0.28Co0.05O2", "layered", "cathode", 49.0),
    ("Li6.37La3Zr1.37Ta0.63O12", "garnet", "electrolyte", 47.0),
    ("LaNiO3", "LaMO3", "secondary", 2.5),
    ("Li6Zr2O7", "Li zirconate", "secondary", 1.3),
    ("Li3TaO4", "Li tantalate", "secondary", 0.2),
)


@pytest.fixture(scope="module")
def run_file(tmp_path_factory):
    """A file as ``run -o`` writes it, without the time that a run takes."""
    final = np.array([share for *_, share in PHASES])
    first = np.array([50.0, 50.0, 0.0, 0.0, 0.0])
    data = xr.Dataset(
        {
            "wt_percent": (("time", "phase"), np.array([first, final])),
            "wt_percent_error": (("time", "phase"), np.zeros((2, len(PHASES)))),
            "temperature": ("time", np.array([298.15, 1173.15])),
            "cathode_fraction": ("time", np.array([1.0, 0.98])),
            "electrolyte_fraction": ("time", np.array([1.0, 0.94])),
            "dissipation": (("time", "process"), np.zeros((2, 1))),
        },
        coords={
            "time": np.array([0.0, 7200.0]), "phase": [name for name, *_ in PHASES], "process": ["transformation"],
            "family": ("phase", [family for _, family, *_ in PHASES]), "role": ("phase", [r for _, _, r, _ in PHASES]),
        },
        attrs={"cathode": "pc-NMC631", "electrolyte": "LLZTO", "database": "none", "version": "0", "schedule": "2 h",
               "atmosphere": "O2"},
    )  # fmt: skip
    file = tmp_path_factory.mktemp("run") / "run.nc"
    write_dataset(file, data)
    return file


LETTERS = "0123456789.,;-+eE \t\nxn#<>/'\""


def call(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_xrd_writes_pattern_and_figure(run_file, tmp_path):
    output, plot = tmp_path / "p.xy", tmp_path / "p.png"
    done = call("xrd", run_file, "-o", output, "--plot", plot)
    assert done.exit_code == 0, done.output
    assert plot.stat().st_size > 10_000
    again = read_pattern(output)
    assert len(again.angles) == 7001
    table = " ".join(done.output.split())
    assert "LaNiO3" in table and "no structure" in table


def test_xrd_document(run_file):
    done = call("xrd", run_file, "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    phases = {entry["phase"]: entry for entry in document["phases"]}
    assert phases["LaNiO3"]["detection_limit_wt_percent"] < 2.5
    assert phases["Li3TaO4"]["visible"] is False
    assert phases["Li3TaO4"]["detection_limit_wt_percent"] is None
    assert any(abs(mark - 23.16) < 0.05 for mark in phases["LaNiO3"]["marks_degrees"])
    assert "NaN" not in done.stdout


def test_xrd_of_an_earlier_time_has_no_products(run_file):
    document = json.loads(call("xrd", run_file, "--at", "0 h", "--json").stdout)
    assert {entry["phase"]: entry["wt_percent"] for entry in document["phases"]}["LaNiO3"] == 0.0


@pytest.mark.parametrize("ending", [".xy", ".xye", ".csv", ".txt", ".xrdml"])
def test_measured_patterns_are_read_back(run_file, tmp_path, ending):
    angles = np.linspace(10.0, 80.0, 701)
    counts = 100.0 + 900.0 * np.exp(-(((angles - 30.0) / 0.2) ** 2))
    file = tmp_path / f"mine{ending}"
    if ending == ".xrdml":
        numbers = " ".join(f"{count:.3f}" for count in counts)
        file.write_text(
            '<?xml version="1.0"?><xrdMeasurements xmlns="http://www.xrdml.com/XRDMeasurement/1.5"><xrdMeasurement><scan>'
            '<dataPoints><positions axis="2Theta" unit="deg"><startPosition>10</startPosition><endPosition>80'
            f'</endPosition></positions><intensities unit="counts">{numbers}</intensities></dataPoints></scan>'
            "</xrdMeasurement></xrdMeasurements>",
            encoding="utf-8",
        )
    elif ending == ".csv":
        rows = (f"{a:.2f};{c:.3f}".replace(".", ",") for a, c in zip(angles, counts, strict=True))
        file.write_text("Winkel;Impulse\n" + "\n".join(rows) + "\n", encoding="utf-8")
    else:
        third = "  1.0" if ending == ".xye" else ""
        rows = (f"{a:.2f}  {c:.3f}{third}" for a, c in zip(angles, counts, strict=True))
        file.write_text("# sample 7\n" + "\n".join(rows) + "\n", encoding="utf-8")
    pattern_read = read_pattern(file)
    assert np.allclose(pattern_read.angles, angles, atol=1e-6)
    assert np.allclose(pattern_read.counts, counts, atol=1e-3)
    done = call("xrd", run_file, "--measured", file, "--plot", tmp_path / "o.png")
    assert done.exit_code == 0, done.output


def columns(first, second):
    return "\n".join(f"{a} {b}" for a, b in zip(first, second, strict=True))


GOOD = np.linspace(10.0, 80.0, 50)

BAD = {
    "words.xy": ("no pattern at all\n" * 20, "no pattern"),
    "few.xy": (columns(GOOD[:5], GOOD[:5]), "no pattern"),
    "swapped.xy": (columns(np.full(50, 7.0) + np.arange(50) % 3, GOOD), "swapped"),
    "back.xy": (columns(GOOD[::-1], np.full(50, 7.0)), "does not increase"),
    "below.xy": (columns(np.linspace(1.0, 80.0, 50), np.full(50, 7.0)), "outside 5 to 160"),
    "above.xy": (columns(np.linspace(10.0, 170.0, 50), np.full(50, 7.0)), "outside 5 to 160"),
    "negative.xy": (columns(GOOD, np.full(50, -7.0)), "negative"),
    "infinite.xy": (columns(GOOD, np.full(50, np.inf)), "finite"),
    "words_within.xy": (columns(GOOD, GOOD) + "\nend of file\n", "no pair of numbers"),
    "one_column.txt": ("\n".join(map(str, GOOD)), "no pattern"),
    "binary.raw": ("RAW1.01", "export"),
    "unknown.doc": ("", "export"),
    "damaged.xrdml": ("<xrd", "no XML"),
    "entities.xrdml": ('<!DOCTYPE x [<!ENTITY a "b">]><x/>', "entities"),
    "empty.xrdml": ("<x/>", "no pattern"),
    "other.xrdml": ("<x><dataPoints><counts>1 2</counts></dataPoints></x>", "2 theta"),
}


@pytest.mark.parametrize("name", BAD)
def test_files_that_are_no_patterns(name, tmp_path, run_file):
    text, words = BAD[name]
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SinterfaceError, match=words) as error:
        read_pattern(file)
    assert "\n" not in str(error.value)
    plot = tmp_path / "p.png"
    done = call("xrd", run_file, "--measured", file, "--plot", plot, "-o", tmp_path / "p.xy")
    assert done.exit_code != 0
    assert not plot.exists() and not (tmp_path / "p.xy").exists()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet=LETTERS, max_size=400), ending=st.sampled_from([".xy", ".csv", ".xrdml"]))
def test_any_text_is_a_pattern_or_a_line_that_says_why_not(text, ending, tmp_path):
    file = tmp_path / f"any{ending}"
    file.write_text(text, encoding="utf-8")
    try:
        pattern_read = read_pattern(file)
    except SinterfaceError as error:
        assert "\n" not in str(error)
    else:
        assert len(pattern_read.angles) >= 10 and (np.diff(pattern_read.angles) > 0.0).all()


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(SinterfaceError):
        read_pattern(tmp_path / "nowhere.xy")


@pytest.mark.parametrize(
    "words",
    [
        ("--radiation", "0"),
        ("--radiation", "Xx"),
        ("--range", "2:80"),
        ("--range", "10"),
        ("--step", "0"),
        ("--at", "900 h"),
        ("-o", "pattern.csv"),
        ("--rate", "-1"),
        ("--crystallite", "0"),
    ],
)
def test_options_that_can_not_be(run_file, tmp_path, words):
    words = [tmp_path / word if word == "pattern.csv" else word for word in words]
    done = call("xrd", run_file, *words)
    assert done.exit_code != 0
    assert isinstance(done.exception, SinterfaceError)
    assert "\n" not in str(done.exception)
    assert not list(tmp_path.iterdir())


def test_a_sweep_is_no_run(tmp_path):
    file = tmp_path / "sweep.nc"
    file.write_bytes(b"no NetCDF")
    assert isinstance(call("xrd", file).exception, SinterfaceError)
    assert isinstance(call("cell", file).exception, SinterfaceError)


def test_patterns_of_runs_are_those_of_their_samples(run_file):
    with xr.open_dataset(run_file, engine="h5netcdf", decode_times=False) as data:
        drawn = pattern_of(data, scan=Scan(step=0.02))
        with pytest.raises(SinterfaceError, match="step 7"):
            pattern_of(data, 7)
    sample = [Component(name, family, share, role) for name, family, role, share in PHASES]
    assert np.array_equal(drawn.counts, pattern(sample, Scan(step=0.02)).counts)


def test_patterns_are_written_whole(tmp_path):
    shown = pattern([Component("NiO", "rock salt", 100.0)], Scan(step=0.05))
    write_pattern(shown, tmp_path / "a.xy")
    assert np.allclose(read_pattern(tmp_path / "a.xy").counts, shown.counts)
    with pytest.raises(SinterfaceError, match=r"\.xy"):
        write_pattern(shown, tmp_path / "a.csv")


def test_cell_prints_and_draws(run_file, tmp_path):
    pytest.importorskip("pybamm")
    plot = tmp_path / "c.png"
    done = call("cell", run_file, "--plot", plot, "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert plot.stat().st_size > 10_000
    low, high = document["charge_transfer_range"][0], document["charge_transfer_range"][-1]
    assert 1.0 < low <= document["charge_transfer_relative_to_bare"] <= high
    curves = document["capacity_relative_to_bare"]
    assert all(a > b for a, b in zip(curves["with garnet, not sintered"], curves["after this run"], strict=True))
    smaller = json.loads(call("cell", run_file, "--particle", "10 um", "--json").stdout)
    larger = json.loads(call("cell", run_file, "--particle", "20", "--json").stdout)
    assert larger["interphase_thickness_nm"] == pytest.approx(2.0 * smaller["interphase_thickness_nm"], rel=1e-6)
    assert larger["interphase_thickness_nm"] == pytest.approx(2.0 * document["interphase_thickness_nm"], rel=1e-6)


def test_the_page_of_a_run_shows_pattern_mass_and_cell(run_file):
    pytest.importorskip("plotly")
    stored = read(run_file)
    text = page([stored])
    assert "X-ray pattern of the cooled sample" in text and "not drawn: Li3TaO4" in text
    assert "charge transfer\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}bare" in text
    assert "no course in time: write it anew" in text  # files of earlier versions hold no gas
    data = stored.data.assign(
        gas_uptake=(("time", "gas"), np.array([[0.0, 0.0, 0.0], [-0.1, 0.0, 0.0]])),
        lithium_lost_mass=("time", np.zeros(2)),
    ).assign_coords(gas=["O2", "CO2", "H2O"])
    text = page([replace(stored, data=data)])
    assert "at the end -0.32 %" in text and "O2 -0.32 %" in text
    alone = data.assign_attrs(electrolyte="").assign(electrolyte_fraction=("time", np.full(2, np.nan)))
    assert "a cell needs a built-in cathode" in page([replace(stored, data=alone)])
