"""Screens with coatings in place: candidates, ranked table, map of coatings against cathodes."""

import json
import math
import re

import numpy as np
import pytest
from typer.testing import CliRunner

import sinterface as si
from sinterface.models.basics.errors import InputError
from sinterface.simulate.cli import main
from sinterface.simulate.figures.plot_screen import overview
from sinterface.simulate.pages.report_screen import screen as page_of
from sinterface.simulate.screening import candidate_space
from sinterface.simulate.screening.rankings import best, by_couple, clean_to, varied
from sinterface.simulate.screening.screen import blank_row, setting, task_of
from sinterface.simulate.screening.screen import screen as run_screen

SPACE = """
temperatures = [550, 750]
cathodes = ["pc-NMC811", "pc-LCO"]
electrolytes = ["LLZTO"]
coatings = ["Li3PO4", "none", "LiAlO2=500nm", "LiNbO3=50nm on electrolyte"]
schedules = ["100 °C/min to {T} °C; hold 10 min; quench"]
limit = 0.3
accuracy = "fast"
"""


def test_coatings_with_a_thickness_are_candidates_and_those_without_are_judged_by_their_faces():
    space = candidate_space.parse(SPACE)
    assert len(space) == 6
    assert space.coatings == ("Li3PO4",)
    assert [candidate.coated for candidate in space.candidates()][:3] == [
        "", "LiAlO2=500nm", "LiNbO3=50nm on electrolyte"
    ]  # fmt: skip
    assert len({candidate.index for candidate in space.candidates()}) == 6


def test_without_thicknesses_nothing_is_in_place():
    space = candidate_space.parse(SPACE.replace("=500nm", "").replace("=50nm on electrolyte", ""))
    assert (len(space), space.coated, space.coatings) == (2, ("",), ("Li3PO4", "LiAlO2", "LiNbO3"))


@pytest.mark.parametrize("wrong", ["LiAlO2=5 parsecs", "Unobtainium=5nm"])
def test_a_coating_that_can_not_be_read_is_told_before_anything_is_computed(wrong):
    space = candidate_space.parse(SPACE.replace("LiAlO2=500nm", wrong))
    with pytest.raises(InputError, match="coatings: "):
        setting(space)


def test_clean_to_is_the_last_temperature_below_the_onset():
    T = np.array([500.0, 600.0, 700.0])
    assert [clean_to(onset, T) for onset in (500.0, 700.0, math.inf, math.nan)] == [None, 600.0, 700.0, None]


def test_the_command_line_ranks_couples_with_their_coatings(tmp_path):
    (tmp_path / "space.toml").write_text(SPACE, encoding="utf-8")
    store, picture = tmp_path / "store.zarr", tmp_path / "map.png"
    words = [
        "screen",
        str(tmp_path / "space.toml"),
        "-o",
        str(store),
        "--workers",
        "1",
        "--plot",
        str(picture),
        "--json",
    ]
    answer = CliRunner().invoke(main.app, [*words, "--json"])
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    assert document["failed"] == 0
    assert [row["rank"] for row in document["ranked"]] == [1, 2, 3, 4, 5, 6]
    assert {row["coated"] for row in document["ranked"]} == {"", "LiAlO2=500nm", "LiNbO3=50nm on electrolyte"}
    assert picture.stat().st_size > 10_000
    data = si.open_store(store)
    assert "coated" in varied(data)
    table = by_couple(data, "coated")
    assert table.partners == ["none", "LiAlO2=500nm", "LiNbO3=50nm on electrolyte"]
    plan = "100 °C/min to 750 °C; hold 10 min; quench"
    task = si.problem("pc-NMC811", "LLZTO", plan, cells=16, coating="LiAlO2=500nm")
    alone = si.predict(task, tolerance=0.1, estimate_error=False)
    row = next(row for row in document["ranked"] if (row["cathode"], row["coated"]) == ("pc-NMC811", "LiAlO2=500nm"))
    assert max(row["wt_percent_most"].values()) >= max(alone.family_shares.values()) * (1.0 - 1e-9)
    page = CliRunner().invoke(main.app, ["report", str(store), "-o", str(tmp_path / "page.html")])
    assert page.exit_code == 0, page.output
    assert "Onset by coating in place" in (tmp_path / "page.html").read_text(encoding="utf-8")


def guessed(candidate, common):
    """A row without a run: bare couples show something from 750 °C on, coated ones never do."""
    row = blank_row(candidate, common)
    row["driving_force"] = [-10.0 for _ in common.temperatures]
    row["onset"] = math.inf if candidate.coated else 750.0
    row["secondary_wt_percent"] = [0.0, 0.0 if candidate.coated else 5.0]
    return row


def test_tables_maps_and_pages_tell_what_coatings_change(tmp_path):
    space, path = candidate_space.parse(SPACE), tmp_path / "store.zarr"
    run_screen(space, path, judge=guessed)
    data = si.open_store(path)
    ranked = best(data, 10)
    assert [(row["coated"] == "", row["clean_to_C"]) for row in ranked] == [(False, 750.0)] * 4 + [(True, 550.0)] * 2
    table = by_couple(data, "coated")
    assert table.partners == ["none", "LiAlO2=500nm", "LiNbO3=50nm on electrolyte"]
    assert table.onset.tolist() == [[750.0, math.inf, math.inf]] * 2
    titles = [axis.get_title() for axis in overview(data).axes if axis.get_title()]
    assert titles == ["onset by coating in place", "onset against nickel content"], "one electrolyte is no map"
    several = data.copy()
    several["electrolyte"] = ("candidate", np.array(["LLZTO", "LLZO"] * (data.sizes["candidate"] // 2)))
    assert "onset by couple, with the worst of its coatings" in [axis.get_title() for axis in overview(several).axes]
    shown = str(page_of(data, "key", 10))
    assert "Onset by coating in place" in shown
    axes = re.findall(r'"title":\{"text":"(electrolyte|coating)"', shown)
    assert axes == ["electrolyte", "coating"]  # of the map of couples and of that of coatings


def test_a_candidate_is_fired_with_its_coating():
    space = candidate_space.parse(SPACE)
    common = setting(space)
    tasks = [task_of(candidate, common, 750.0) for candidate in space.candidates()]
    assert [[layer.label for layer in task.coatings] for task in tasks[:3]] == [
        [], ["LiAlO2=500nm on cathode"], ["LiNbO3=50nm on electrolyte"]
    ]  # fmt: skip
