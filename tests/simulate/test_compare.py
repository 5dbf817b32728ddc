import json

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

from sinterface.models.basics.errors import InputError
from sinterface.simulate.cli.main import app
from sinterface.simulate.setup.problem import problem
from sinterface.simulate.setup.schedule import Schedule, clock
from sinterface.simulate.studies.compare import compare, courses, density, summary

TEXTS = ("10 °C/min to 600 °C; hold 1 h; cool naturally", "20 °C/s to 1000 °C; hold 30 s; quench in air")


@pytest.fixture(scope="module")
def comparison():
    task = problem("pc-LNMO", "LLZTO", TEXTS[0], cells=8)
    return compare(task, [Schedule.parse(text) for text in TEXTS])


def test_courses_end_at_the_shares_by_family(comparison):
    for result in comparison.results:
        ends = {family: float(course[-1]) for family, course in courses(result).items()}
        assert ends == pytest.approx(result.family_shares)
    table = comparison.by_family
    assert list(table.index) == ["600 °C, 5.01 h", "1000 °C, 83.6 s"]
    for row, result in zip(table.to_numpy(), comparison.results, strict=True):
        assert dict(zip(table.columns, row, strict=True)) == pytest.approx(
            dict.fromkeys(table.columns, 0.0) | result.family_shares
        )


def test_rows_are_the_runs_and_nan_after_their_ends(comparison, tmp_path):
    comparison.to_netcdf(tmp_path / "c.nc")
    with xr.open_dataset(tmp_path / "c.nc", engine="h5netcdf", decode_times=False) as data:
        for k, (plan, result) in enumerate(zip(comparison.plans, comparison.results, strict=True)):
            row = data.isel(schedule=k)
            points = result.dataset.sizes["time"]
            assert np.nanmax(row["time"].values) == pytest.approx(plan.duration)
            assert np.all(np.isnan(row["wt_percent"].values[points:]))
            last = row["wt_percent"].isel(point=points - 1)
            assert last.values == pytest.approx(row["final_wt_percent"].values)
            assert float(last.sum()) == pytest.approx(sum(result.family_shares.values()))
        assert data["wt_percent"].attrs["units"] == "%"


def test_document_is_json_and_names_both(comparison):
    told = json.loads(json.dumps(comparison.document()))
    assert [schedule["name"] for schedule in told["schedules"]] == ["600 °C, 5.01 h", "1000 °C, 83.6 s"]
    assert all(schedule["outcome"] == "DONE" for schedule in told["schedules"])
    for schedule in told["schedules"]:
        ends = schedule["relative_density"]
        assert 0.4 < ends["low"] < ends["median"] < ends["high"] < 1.0


def test_hotter_for_longer_is_denser():
    short, long = (Schedule.parse(f"10 °C/min to {T} °C; hold {h} h") for T, h in ((1000, 1), (1100, 3)))
    assert all(b > a for a, b in zip(density(short), density(long), strict=True))


def test_names():
    assert clock(30.0) == (1.0, "s")
    assert clock(600.0) == (60.0, "min")
    assert clock(1e5) == (3600.0, "h")
    assert summary(Schedule.parse("hold 30 s", "mine")) == "mine"


def test_no_schedule_is_refused():
    with pytest.raises(InputError, match="0 schedules"):
        compare(problem("pc-LNMO", cells=8), [])


def test_the_figure_has_a_panel_each_with_the_same_axes(comparison):
    from sinterface.simulate.figures.plot_schedules import compared

    figure = compared(comparison, 1.0)
    uppers = [axis for axis in figure.axes if "wt%" in axis.get_ylabel() or axis.get_title()]
    assert len(uppers) == 2
    assert uppers[0].get_ylim() == uppers[1].get_ylim()


SHORT = "50 °C/min to 500 °C in air; 50 °C/min to 600 °C in O2; quench"


def test_the_commands_print_one_document(tmp_path):
    run = ["run", "pc-LNMO", "--schedule", SHORT]
    both = ["compare", "pc-LNMO", "-s", SHORT, "-s", "1 °C/s to 500 °C; quench", "--plot", str(tmp_path / "c.png")]
    search = ["optimize", "pc-LNMO", "--temperature", "420:500", "--time", "0.1", "--budget", "8", "--samples", "0"]
    documents = []
    for words in (run, both, [*search, "--plot", str(tmp_path / "o.png"), "-o", str(tmp_path / "o.json")]):
        answer = CliRunner().invoke(app, [*words, "--cells", "6", "--json"])
        assert answer.exit_code == 0, answer.output
        documents.append(json.loads(answer.stdout))
    assert documents[0]["atmosphere"].startswith("air")
    assert documents[0]["secondary_wt_percent"] == pytest.approx(documents[1]["schedules"][0]["secondary_wt_percent"])
    assert documents[2]["front"]
    assert json.loads((tmp_path / "o.json").read_text()) == documents[2]
    assert {file.name for file in tmp_path.iterdir()} == {"c.png", "o.png", "o.json"}


def test_a_run_of_several_gases_may_have_a_checkpoint(tmp_path):
    words = ["run", "pc-LNMO", "--schedule", SHORT, "--cells", "6", "--checkpoint", str(tmp_path / "c.h5"), "--json"]
    answer = CliRunner().invoke(app, words, catch_exceptions=False)
    assert answer.exit_code == 0
    assert not list(tmp_path.iterdir()), "the checkpoint goes when the run is done"
