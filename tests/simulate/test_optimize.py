import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinterface.models.basics.errors import InputError
from sinterface.models.phases.atmosphere import NAMED
from sinterface.simulate.setup.problem import problem
from sinterface.simulate.studies.optimize import SAME_DENSITY, Bounds, Choice, Trial, front, optimize, span

BOUNDS = Bounds(
    (420.0, 1100.0), (0.1, 10.0), (1.0, 3000.0), (NAMED["O2"], NAMED["dry-air"]), ("cool naturally", "quench")
)


def search(seed=0, samples=1):
    seen = []
    task = problem("pc-LNMO", "LLZTO", None, cells=8)
    return optimize(task, BOUNDS, budget=10, samples=samples, seed=seed, progress=seen.append), seen


@pytest.fixture(scope="module")
def searched():
    return search()


def beats(first, other):
    better = first.density >= other.density and first.secondary <= other.secondary
    return better and (first.density, first.secondary) != (other.density, other.secondary)


def test_no_point_of_the_front_beats_another(searched):
    points = searched[0].points
    assert points
    assert not any(beats(point, other) for point in points for other in points)
    assert all(point.numerical_error is not None for point in points)


def test_bounds_and_budget_are_kept(searched):
    result, seen = searched
    assert result.predictions <= 10
    assert result.predictions >= len(result.trials)
    for trial in result.trials:
        c = trial.choice
        assert 420.0 <= c.temperature <= 1100.0
        assert 0.1 <= c.hours <= 10.0
        assert 1.0 <= c.ramp <= 3000.0
        assert c.gas in BOUNDS.gases
        assert c.schedule.text.endswith(c.cooling)
        assert c.cooling in BOUNDS.coolings
    assert len({trial.choice for trial in result.trials}) == len(result.trials)
    assert max(seen) <= 1.0 + 1e-9
    assert seen[-1] == pytest.approx(1.0)


def test_intervals_come_with_the_points(searched):
    for point in searched[0].points:
        low, middle, high = point.density_interval
        assert low < middle < high
        if point.secondary_interval is not None:  # a sample's run may not end
            low, middle, high = point.secondary_interval
            assert low == middle == high


def test_the_same_seed_gives_the_same_answer(searched):
    again, _ = search()
    assert json.dumps(again.document()) == json.dumps(searched[0].document())


def test_the_figure_labels_its_axes(searched):
    from sinterface.simulate.figures.plot_schedules import front as draw

    (axis,) = draw(searched[0]).axes
    assert "%" in axis.get_xlabel()
    assert "wt%" in axis.get_ylabel()


@given(st.lists(st.tuples(st.floats(0.5, 1.0), st.floats(0.0, 100.0)), min_size=1, max_size=30))
def test_the_front_of_any_trials(values):
    choice = Choice(900.0, 1.0, 10.0, NAMED["O2"])
    trials = [Trial(choice, density, secondary, {}, (0.0, 0.5, 1.0)) for density, secondary in values]
    points = front(trials)
    assert not any(beats(point, other) for point in points for other in points)
    assert [p.density for p in points] == sorted(p.density for p in points)
    for trial in trials:  # nothing left out is better than all that stayed, beyond what counts as the same
        assert any(p.density >= trial.density - SAME_DENSITY and p.secondary <= trial.secondary + 0.05 for p in points)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"temperature": (900.0, 800.0)}, "temperature 900:800"),
        ({"temperature": (0.0, 800.0)}, "write low:high within"),
        ({"hours": (0.0, 1.0)}, "time 0:1"),
        ({"ramp": (1.0, 1e9)}, "ramp"),
        ({"hours": (float("nan"), 1.0)}, "time nan"),
        ({"gases": ()}, "at least one"),
        ({"coolings": ()}, "at least one"),
        ({"coolings": ("dance",)}, "choices are"),
        ({"gases": (NAMED["O2"], NAMED["O2"])}, "each once"),
    ],
)
def test_bounds_that_are_none(changes, told):
    good = {"temperature": (600.0, 1100.0), "hours": (0.1, 10.0), "ramp": (1.0, 3000.0), "gases": (NAMED["O2"],)}
    with pytest.raises(InputError, match=told):
        Bounds(**(good | changes))


@pytest.mark.parametrize(
    ("key", "value"), [("budget", 3), ("budget", 10**6), ("samples", -1), ("samples", 10**6), ("seed", -1)]
)
def test_numbers_out_of_range(key, value):
    with pytest.raises(InputError, match=str(value)):
        optimize(problem("pc-LNMO", cells=8), BOUNDS, **{key: value})


def test_spans():
    assert span("600:1100", "temperature", "600:1100", "°C") == (600.0, 1100.0)
    assert span("2", "time", "0.1:10", "h") == (2.0, 2.0)
    for text in ("", "a:b", "1:2:3", "-1:2", "1:nan"):
        with pytest.raises(InputError, match=r"write low:high in h, e\.g\. 0\.1:10"):
            span(text, "time", "0.1:10", "h")


def test_the_front_is_a_table_of_pandas_a_figure_and_a_page_of_a_notebook(searched):
    result, _ = searched
    table = result.to_dataframe()
    assert table["schedule"].tolist() == [point.choice.schedule.text for point in result.points]
    assert table.index.tolist() == list(range(1, len(result.points) + 1)) == result.by_family.index.tolist()
    assert (table["relative_density_low"] < table["relative_density_high"]).all()
    assert result.by_family.sum(axis=1).to_numpy() == pytest.approx(table["secondary_wt_percent"].to_numpy())
    assert table["secondary_wt_percent_high"].notna().any()
    assert result.plot().axes[0].get_ylabel() == "secondary phases / wt% of the sample"
    page = result._repr_html_()
    assert "data:image/png" in page and result.points[0].choice.schedule.text in page
    lines = str(result).splitlines()
    assert len(lines) == 1 + len(result.points), "all trials were printed"
    assert result.points[-1].choice.told in lines[-1]
    assert repr(result) == f"<Front of {result}>"


def test_an_empty_front_has_empty_tables(searched):
    empty = replace(searched[0], points=())
    assert len(empty.to_dataframe()) == len(empty.by_family) == 0
    assert len(str(empty).splitlines()) == 1
