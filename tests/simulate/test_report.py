"""Pages of what commands wrote: whole, offline, with every text of a file escaped; anything else is refused."""

import json
import random
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from sinterface.models.basics.constants import QUANTILES
from sinterface.models.basics.errors import InputError, SinterfaceError
from sinterface.models.instruments.detector import Detector
from sinterface.models.phases.atmosphere import NAMED
from sinterface.models.phases.substance import FAMILIES
from sinterface.simulate.cli.main import app
from sinterface.simulate.figures.plot import SHOWN, style
from sinterface.simulate.figures.plot import run as run_figure
from sinterface.simulate.pages import read_results, report_screen
from sinterface.simulate.pages.report import page, write
from sinterface.simulate.screening import candidate_space, screen
from sinterface.simulate.setup import extras
from sinterface.simulate.setup.problem import problem
from sinterface.simulate.setup.schedule import Schedule
from sinterface.simulate.solve.result import Result
from sinterface.simulate.studies import samples
from sinterface.simulate.studies.compare import compare
from sinterface.simulate.studies.optimize import Bounds, Choice, Front, Trial
from sinterface.simulate.studies.sweep import sweep

SHORT = "50 °C/min to 600 °C; quench"
GRID = """
title = "a grid"
temperatures = [500, 700]
samples = 3
electrolytes = ["LLZTO", "LLZO"]
coatings = ["LiNbO3"]
[grid]
step = 0.2
"""
ATTACK = '<script>alert("x")</script>'


class Reader(HTMLParser):
    """Attributes that could load something, scripts, and text outside of scripts."""

    def __init__(self):
        super().__init__()
        self.loads, self.tags, self.scripts, self.text, self.ids = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        self.loads += [v for name, v in attrs if name in ("src", "href", "srcset", "data", "action", "poster", "style")]

    def handle_data(self, data):
        (self.scripts if self.tags and self.tags[-1] in ("script", "style") else self.text).append(data)

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self.tags.append("")


def parsed(text):
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One file of each kind."""
    folder = tmp_path_factory.mktemp("made")
    task = problem("pc-LNMO", "LLZTO", SHORT, cells=8)
    both = compare(task, [Schedule.parse(SHORT), Schedule.parse("20 °C/s to 1000 °C; quench in air")])
    around = samples.spread(task, 2)
    Result(around.added_to(both.results[0].dataset)).to_netcdf(folder / "run.nc")
    both.to_netcdf(folder / "compare.nc")
    sweep(task, [300.0, 700.0], hours=0.1, ramp=50.0).to_netcdf(folder / "sweep.nc")
    screen.screen(candidate_space.parse(GRID), folder / "screen.zarr", judge=fake)
    (folder / "optimize.json").write_text(json.dumps(search().document()), encoding="utf-8")
    return folder


def search(secondary=(0.4, 0.9, 30.0)):
    """A search that was never run: three schedules of the front and a fourth beside them, which has no samples."""
    gases = NAMED["O2"], NAMED["air"]
    bounds = Bounds((500, 1100), (0.1, 4), (5, 20), gases)
    choices = [Choice(T, 0.5, 10.0, gases[k % 2]) for k, T in enumerate((600, 900, 1000, 1100))]
    dense = (0.6, 0.8, 0.95)
    points = [
        Trial(choice, share, total, {"La2Zr2O7": total}, (share - 0.05, share, share + 0.04), 0.01, (0.3, total, 50.0))
        for choice, share, total in zip(choices, dense, secondary, strict=False)
    ]
    other = Trial(choices[3], 0.7, 60.0, {"La2Zr2O7": 50.0, "LaMO3": 10.0}, (0.6, 0.7, 0.8))
    return Front(
        "pc-LNMO", "LLZTO", bounds, tuple(points), (*points, other), predictions=9, failed=1, samples=5, seed=0,
        database="base", version="0.1", mass_ratio=1.0,
    )  # fmt: skip


def fake(candidate, common):
    """A row without a prediction: the index decides all numbers."""
    row, T = screen.blank_row(candidate, common), len(common.temperatures)
    if candidate.index == 5:
        return row | {"outcome": ATTACK}
    row["onset"] = (500.0, 700.0, np.inf)[candidate.index % 3]
    row["onset_interval"] = [500.0, row["onset"], np.inf]
    row["wt_percent"] = np.full((T, len(screen.NAMES)), 0.1 * candidate.index).tolist()
    row["secondary_wt_percent"] = [0.1 * candidate.index] * T
    row["driving_force"], row["probability_under_limit"] = [-1.0] * T, [0.5] * T
    row["coating_driving_force"] = [[[-2.0, -3.0]] * T for _ in common.coatings]
    return row


NAMES = ("run.nc", "sweep.nc", "compare.nc", "optimize.json", "screen.zarr")
WANTED = {
    "run.nc": ("wt% of the sample", "T / °C", "radius / µm", "share of the driving force / %", "2 samples", "detected"),
    "sweep.nc": ("hold temperature / °C", "secondary phase / wt%", "1:1 by mass", "onset between 300 and 700 °C",
               "onset: 300 to 700 °C"),
    "compare.nc": ("600 °C, ", "1000 °C, ", "time / min", "density / %, 5 to 95 %"),
    "optimize.json": (
        "relative density of an LLZTO compact / %", "secondary phases / wt%", "0.90 ± 0.01", "80 (75 to 84)",
        "0.9 (0.3 to 50.0)", "tried in air", "4 schedules that came to their end, of 9 predictions, 1 not finished",
        "1:1 by mass, the densest below 1 wt%: 10 °C/min to 900 °C; hold 30 min; cool naturally, in air",
    ),
    "screen.zarr": (
        "onset / °C", "Ni / % of Ni, Mn and Co", "electrolyte", "best coating", "1 have no onset", "5 to 95 %",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_page_of_each_kind_is_whole_and_loads_nothing(made, name):
    text = page([read_results.read(made / name)])
    shown_page = parsed(text)
    assert not [load for load in shown_page.loads if "//" in load or "url(" in load]
    assert not {"link", "img", "iframe", "object", "embed", "base", "form"} & set(shown_page.tags)
    assert "default-src 'none'" in text
    body = text[text.index("<body>") :]
    shown = re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), body)
    for words in WANTED[name]:
        assert words in shown, words
    assert text.count("plotly.js v") == 1, "the library is there once"
    assert len(shown_page.ids) == len(set(shown_page.ids))
    assert ("detection limit (1 wt%)" in text) == (name not in ("screen.zarr", "sweep.nc"))  # those have their own


def test_a_sweep_is_read_at_the_limits_that_it_was_made_with(made, tmp_path):
    stored = read_results.read(made / "sweep.nc")
    seen = "La2Zr2O7, Li2MnO3, layered, La tantalate"
    assert f"onset between 300 and 700 °C ({seen} shown by X-ray diffraction)." in page([stored])
    assert "onset not sharp: 20 wt% between 300 and 700 °C" in page([stored], limit=40.0)
    made_so = sweep(problem("pc-LNMO", "LLZTO", SHORT, cells=8), [300.0, 700.0], hours=0.1, detect=Detector.fixed(3.0))
    made_so.to_netcdf(tmp_path / "own.nc")
    text = page([read_results.read(tmp_path / "own.nc")])
    assert f"onset {made_so.onset()}." in text.replace("&amp;", "&")
    assert "detection limit (3 wt%)" in text
    stored.data.attrs["detected_by"] = "a crystal ball"
    with pytest.raises(InputError, match="detection 'a crystal ball': choose xrd, raman or a share"):
        page([stored])


def test_several_files_on_one_page_in_the_order_given(made, tmp_path):
    words = [str(made / name) for name in NAMES]
    answer = CliRunner().invoke(app, ["report", *words, "-o", str(tmp_path / "all.html")])
    assert answer.exit_code == 0, answer.output
    text = (tmp_path / "all.html").read_text(encoding="utf-8")
    titles = re.findall(r"<h2>(.*?)</h2>", text)
    assert titles == [
        "1. run: pc-LNMO + LLZTO", "2. sweep: pc-LNMO + LLZTO", "3. compare: pc-LNMO + LLZTO",
        "4. optimize: pc-LNMO + LLZTO", "5. screen: a grid",
    ]  # fmt: skip
    assert text.count("plotly.js v") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["all.html"]


def test_numbers_of_the_page_are_those_of_the_file(made):
    text = page([read_results.read(made / "run.nc")])
    with xr.open_dataset(made / "run.nc", engine="h5netcdf", decode_times=False) as data:
        final = data["wt_percent"].isel(time=-1)
        secondary = float(final.where(final["role"] == "secondary").sum())
        assert f"{secondary:.2f} wt% of secondary phases" in text
        for phase, share in zip(final["phase"].values, final.values, strict=True):
            row = re.search(rf"<tr><th[^>]*>{re.escape(str(phase))}</th>(.*?)</tr>", text)
            assert f">{share:.2f}</td>" in row[1]
    assert style("Li2MnO3")[0] in text


def test_samples_go_into_the_file_as_bands(made):
    with xr.open_dataset(made / "run.nc", engine="h5netcdf", decode_times=False) as data:
        low, _, high = data["sampled_course"].values
        assert (low <= high).all()
        ends = np.quantile(data["sampled_wt_percent"].values, QUANTILES, axis=0)
        assert data["sampled_course"].isel(sampled_time=-1).values == pytest.approx(ends)
        assert float(data["sampled_time"][-1]) == pytest.approx(float(data["time"][-1]))
        figure = run_figure(Result(data))
        labels = [text.get_text() for text in figure.legends[0].get_texts()]
        lines, bands = figure.axes[0].lines, figure.axes[0].collections
    assert "5 to 95 % of 2 samples, by family (open marks)" in labels
    edges = {line.get_marker() for line in lines if line.get_markerfacecolor() == "white"}
    tops = [band.get_paths()[0].vertices[:, 1].max() for band in bands if band.get_paths() and not band.get_hatch()]
    plain = [top for top in tops if top >= SHOWN]
    assert len(edges) == len(plain) > 0, "a band bears a hatch or a mark of its own: else they would be the same grey"
    assert edges <= {line.get_marker() for line in lines if line.get_markerfacecolor() != "white"}


def test_text_of_files_is_escaped(made, tmp_path):
    with xr.open_dataset(made / "run.nc", engine="h5netcdf", decode_times=False) as data:
        bad = data.load()
    bad = bad.assign_attrs(cathode=ATTACK, schedule=f"'\"><img src=http://x.example/{ATTACK}", limited_by="<b>")
    bad = bad.assign_attrs({"</title><script>": "1"})
    bad["phase"] = [ATTACK + str(k) for k in range(bad.sizes["phase"])]
    bad["process"] = [f"<a href='javascript:alert({k})'>" for k in range(bad.sizes["process"])]
    bad.to_netcdf(tmp_path / "bad.nc", engine="h5netcdf")
    plain = bad.assign_coords(phase=[f"phase {k}" for k in range(bad.sizes["phase"])])  # neither has structures
    plain.to_netcdf(tmp_path / "plain.nc", engine="h5netcdf")
    text = page([read_results.read(tmp_path / "bad.nc"), read_results.read(made / "screen.zarr")])
    attacked = parsed(text)
    harmless = parsed(page([read_results.read(tmp_path / "plain.nc"), read_results.read(made / "screen.zarr")]))
    assert attacked.tags.count("script") == harmless.tags.count("script")
    assert not {"img", "b"} & set(attacked.tags)
    assert "javascript:" not in " ".join(attacked.loads)
    assert not [script for script in attacked.scripts if "<script>alert" in script or "<a href='java" in script]
    assert text.count("&lt;script&gt;alert") > 3, "it is shown as it stands"


def test_a_search_of_which_nothing_stays_below_the_limit_says_so(tmp_path):
    (tmp_path / "search.json").write_text(json.dumps(search((3.0, 5.0, 30.0)).document()), encoding="utf-8")
    text = page([read_results.read(tmp_path / "search.json")])
    assert "the least secondary phases, none below 1 wt%: 10 °C/min to 600 °C" in text


def test_text_of_a_search_is_escaped(tmp_path):
    document = search().document()
    for row in (*document["front"], *document["trials"]):
        row |= {"schedule": ATTACK, "atmosphere": ATTACK, "families": {ATTACK: 10.0}}
    (tmp_path / "bad.json").write_text(json.dumps(document | {"cathode": ATTACK, "version": ATTACK}), encoding="utf-8")
    text = page([read_results.read(tmp_path / "bad.json")])
    assert text.count("&lt;script&gt;alert") > 3
    assert not [script for script in parsed(text).scripts if "<script>alert" in script]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"front": []}, "no schedule came to its end"), ({"front": {}}, "front is no list"),
        ({"trials": [1]}, "trials is no list"), ({"cathode": 3}, "cathode is no text"),
        ({"failed": True}, "failed is no number"), ({"samples": 1e300}, "samples is no number"),
        ({"temperature_C": None}, "temperature_C is no number"), ({"hold_h": float("nan")}, "hold_h is no number"),
        ({"relative_density": 0.5}, "relative_density.value is no number"), ({"schedule": "x" * 2000}, "no text of"),
        ({"secondary_wt_percent": {"value": -1.0}}, r"secondary_wt_percent.value is no number from 0 to 100.1: -1.0"),
        ({"families": [1]}, "families are no list"), ({"families": {"a": 10**400}}, "a is no number"),
        ({"bounds": ...}, "which holds too little: run the same again with -o"),
        ({"bounds": ..., "version": ...}, "holds no search of sinterface optimize"),
    ],
    ids=str,
)  # fmt: skip
def test_a_damaged_search_is_refused_by_name(tmp_path, change, told):
    document = search().document()
    for key, value in change.items():
        target = document if key in document else document["front"][1]
        target[key] = value
        if value is ...:
            del target[key]
    path = tmp_path / "search.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(SinterfaceError, match=told) as caught:
        write([path], tmp_path / "page.html")
    assert str(path) in str(caught.value)
    assert not (tmp_path / "page.html").exists()


def test_spoiled_searches_are_read_or_refused(tmp_path, spoil):
    path, rng, good = tmp_path / "search.json", random.Random(1), json.dumps(search().document()).encode()
    made = 0
    for _ in range(200):
        path.write_bytes(spoil(rng, [good]))
        try:
            data = read_results.read(path).data
        except SinterfaceError as error:
            assert len(str(error)) < 1000
            continue
        made += 1
        assert np.isfinite(data["wt_percent"].values).all()
        assert "<h2>" in page([read_results.Stored(path, "optimize", data)])
    assert 0 < made < 200


def test_many_families_are_refused_before_room_is_made_for_them(tmp_path):
    document = search().document()
    row = document["trials"][-1]
    document["trials"] = [row | {"families": {f"{k} {n}": 1.0 for n in range(90)}} for k in range(3)]
    (tmp_path / "search.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError, match="families, where a search names up to 100"):
        read_results.read(tmp_path / "search.json")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "[1]", "3", "1" * 10_000])
def test_what_is_no_json_is_refused(tmp_path, text):
    path = tmp_path / "search.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="give a NetCDF file"):
        read_results.read(path)


def broken(made, tmp_path, kind):
    path = tmp_path / "x.nc"
    if kind == "text":
        path.write_text("not data", encoding="utf-8")
    elif kind == "cut off":
        content = (made / "run.nc").read_bytes()
        path.write_bytes(content[: len(content) // 2])
    elif kind == "foreign":
        xr.Dataset({"sst": ("time", np.zeros(3))}).to_netcdf(path, engine="h5netcdf")
    elif kind == "other dims":
        xr.Dataset({"wt_percent": (("time", "phase"), np.zeros((3, 2)))}).to_netcdf(path, engine="h5netcdf")
    elif kind == "text for numbers":
        with xr.open_dataset(made / "sweep.nc", engine="h5netcdf") as data:
            bad = data.load()
        bad["cathode_fraction"] = ("hold_temperature", ["a"] * bad.sizes["hold_temperature"])
        bad.to_netcdf(path, engine="h5netcdf")
    elif kind == "no attributes":
        with xr.open_dataset(made / "sweep.nc", engine="h5netcdf") as data:
            bad = data.load()
        bad.attrs = {}
        bad.to_netcdf(path, engine="h5netcdf")
    elif kind == "missing":
        return tmp_path / "none.nc"
    elif kind == "no number":
        with xr.open_dataset(made / "sweep.nc", engine="h5netcdf") as data:
            bad = data.load()
        bad["wt_percent"][0, 0] = np.inf
        bad.to_netcdf(path, engine="h5netcdf")
    elif kind == "folder":
        path.mkdir()
    elif kind == "store of little":
        shutil.copytree(made / "screen.zarr", path)
        shutil.rmtree(path / "onset")
    elif kind == "store without attributes":
        shutil.copytree(made / "screen.zarr", path)
        about = json.loads((path / "zarr.json").read_text(encoding="utf-8"))
        (path / "zarr.json").write_text(json.dumps(about | {"attributes": {}}), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("text", r"is no NetCDF-4 file; give a NetCDF file \(.nc\) that run"), ("cut off", "damaged or cut off"),
        ("foreign", "holds sst, and no wt_percent"), ("other dims", "is no number by time"),
        ("text for numbers", "cathode_fraction is no number by hold_temperature"),
        ("no attributes", "does not say its cathode"), ("missing", "No such file"),
        ("no number", "wt_percent holds values that are no numbers"), ("folder", "not a store of a screen"),
        ("store of little", "is damaged"),
        ("store without attributes", "does not say its database, detected_by, limit_wt_percent"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_by_name(made, tmp_path, kind, told):
    path = broken(made, tmp_path, kind)
    with pytest.raises(SinterfaceError, match=told) as caught:
        write([path], tmp_path / "page.html")
    assert str(path) in str(caught.value)
    assert not (tmp_path / "page.html").exists()


def read_whole(path):
    with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as data:
        return data.load()


def of_every_family(name, data):
    """A file of that kind whose phases are of all families, 2 wt% each."""
    dim = "phase" if name == "run.nc" else "family"
    changed = data.isel({dim: np.resize(np.arange(data.sizes[dim]), len(FAMILIES))})
    changed = changed.assign_coords(family=(dim, list(FAMILIES)))
    if name == "run.nc":
        changed = changed.assign_coords(phase=[f"phase {k}" for k in range(len(FAMILIES))])
        changed = changed.assign_coords(role=("phase", ["secondary"] * len(FAMILIES)))
    for key in {"wt_percent", "final_wt_percent"} & set(changed.data_vars):
        changed[key] = changed[key].where(np.isnan(changed[key]), 2.0)
    return changed


@pytest.mark.parametrize("name", ["run.nc", "sweep.nc", "compare.nc"])
def test_every_family_is_drawn_and_named(made, tmp_path, name):
    of_every_family(name, read_whole(made / name)).to_netcdf(tmp_path / name, engine="h5netcdf")
    text = page([read_results.read(tmp_path / name)])
    for family, known in FAMILIES.items():
        assert family in text
        assert known.colour in text, family
        assert known.symbol in text or name != "sweep.nc", family


def test_equal_outcomes_are_counted(made):
    text = page([read_results.read(made / "sweep.nc")])
    assert "all 2 DONE" in text
    assert "DONE; DONE" not in text


def test_an_additive_is_not_a_product(made, tmp_path):
    data = read_whole(made / "run.nc")
    first = int(np.argmax(np.where(data["role"].values == "secondary", data["wt_percent"].values[-1], 0.0)))
    roles = ["additive" if k == first else role for k, role in enumerate(data["role"].values)]
    share = float(data["wt_percent"].values[-1, first])
    total = float(data["wt_percent"].isel(time=-1).where(data["role"] == "secondary").sum())
    data.assign_coords(role=("phase", roles)).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    text = page([read_results.read(tmp_path / "a.nc")])
    assert share > 1.0
    assert f"{total - share:.2f} wt% of secondary phases" in text


def test_a_missing_package_is_one_line_that_names_the_extra(made, monkeypatch, tmp_path):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"^plotly not installed: pip install 'sinterface\[report\]'$"):
        write([made / "run.nc"], tmp_path / "p.html")
    with pytest.raises(InputError, match=r"^dask, distributed, zarr, numcodecs not installed: pip .*\[screen\]'$"):
        read_results.read(made / "screen.zarr")
    answer = CliRunner().invoke(app, ["screen", "none.toml", "-o", str(tmp_path / "s.zarr")])
    assert "pip install 'sinterface[screen]'" in str(answer.exception)


def test_huge_arrays_are_not_read(made, tmp_path, monkeypatch):
    monkeypatch.setattr(read_results, "MOST_NUMBERS", 10)
    with pytest.raises(InputError, match=r"takes \d+ values"):
        read_results.read(made / "run.nc")


def test_the_page_of_a_large_screen_is_bounded(made):
    few = read_results.read(made / "screen.zarr").data.load()
    many = few.isel(candidate=np.resize(np.flatnonzero(few["rank"].values > 0), 10_000))
    many["cathode"] = ("candidate", np.array([f"cathode {k}" for k in range(10_000)], dtype=object))
    many["rank"] = ("candidate", np.arange(1, 10_001, dtype="i4"))
    section = report_screen.screen(many, "c", 30)
    assert len(section) < 500_000
    assert len(re.findall(r'<tr><th scope="row"', section)) == 30
    assert "The best 30 of 10000 candidates with an onset (9970 more are in the store)" in section
    assert "1 point in 5 is drawn" in section
    assert "9960 more cathodes not shown" in section


def test_a_sweep_without_any_phase_has_a_page(tmp_path):
    sweep(problem("pc-LNMO", cells=8), [100.0], hours=0.1, ramp=50.0).to_netcdf(tmp_path / "s.nc")
    assert "onset none up to 100 °C (X-ray diffraction shows no family)" in page([read_results.read(tmp_path / "s.nc")])
