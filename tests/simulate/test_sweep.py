"""Sweeps over processes."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.markers import MarkerStyle

import sinterface as si
from sinterface.models.phases.substance import FAMILIES
from sinterface.models.rates.transport import HOSTS
from sinterface.simulate.figures import markers, plot
from sinterface.simulate.files import workers
from sinterface.simulate.studies.shares import courses, final_errors
from sinterface.simulate.studies.sweep import onset_of, sweep_couples


def test_sweep_does_not_depend_on_workers():
    problem = si.problem("pc-LNMO", cells=8)
    alone, together = (si.sweep(problem, [400, 500], workers=n) for n in (1, 2))
    for name in alone.dataset.data_vars:  # processes round differently in the last bits, which near equilibrium grow
        if name != "element_balance":
            assert alone.dataset[name].values == pytest.approx(
                together.dataset[name].values, rel=1e-4, abs=1e-4, nan_ok=True
            )
    assert alone.onset() == together.onset()
    assert json.dumps(alone.document())


def test_the_share_done_grows_while_each_worker_has_several_temperatures(monkeypatch):
    """The work of a worker is done in a thread here, and looked at often: a run of four cells is quick."""

    def refuse(*_, **__):
        raise OSError("no processes")

    monkeypatch.setattr(workers, "ProcessPoolExecutor", refuse)
    monkeypatch.setattr(workers, "OFTEN", 0.001)
    task, told = si.problem("pc-LNMO", cells=4), []
    si.sweep(task, [400, 500, 600, 700], hours=0.5, workers=2, progress=told.append)
    assert told[-1] == 1.0
    assert told == sorted(told)
    assert len({share for share in told if 0.0 < share < 0.5}) > 2, "a hand of two temperatures is half of the sweep"


def test_a_run_does_not_depend_on_what_else_is_run():
    """To the last bit, in one process: no state is carried over, and no phase hangs on its neighbours in a list."""
    couples = [("pc-NMC811", 700), ("pc-LNMO", 500), ("pc-LCO", 700)]

    def fire(cathode, T):
        return si.predict(si.problem(cathode, cells=8, schedule=si.Schedule.hold(T, hours=1)), estimate_error=False)

    forth = {couple: fire(*couple).state.amounts for couple in couples}
    back = {couple: fire(*couple).state.amounts for couple in reversed(couples)}
    swept = si.sweep(si.problem("pc-NMC811", cells=8), [600, 700, 800], hours=1)
    for couple in couples:
        assert np.array_equal(forth[couple], back[couple])
    alone = fire("pc-NMC811", 700).family_shares
    assert {family: swept.results[1].family_shares[family] for family in alone} == alone
    table = swept.by_family
    assert {family: table.loc[700, family] for family in alone} == alone
    assert list(table.index) == [600, 700, 800]


T = (500.0, 600.0, 700.0, 800.0)


@pytest.mark.parametrize(
    ("shares", "told", "temperature"),
    [
        ((0.0, 0.2, 3.0, 5.0), "between 600 and 700 °C (LaMO3 at or above 1 wt%)", 700.0),
        ((2.0, 3.0, 3.0, 5.0), "at 500 °C or below (LaMO3 at or above 1 wt%)", 500.0),
        ((0.0, 0.0, 0.1, 0.2), "none up to 800 °C (no family reaches 1 wt%)", None),
        ((0.0, 0.0, 0.6, 0.9), "not sharp: 0.5 wt% between 600 and 700 °C, 1 wt% not up to 800 °C, 2 wt% not", None),
        ((0.6, 0.9, 1.1, 1.2), "not sharp: 0.5 wt% at 500 °C or below, 1 wt% between 600 and 700 °C, 2 wt% not", None),
        ((0.0, 0.6, 1.1, 2.1), "not sharp: 0.5 wt% between 500 and 600 °C, 1 wt% between 600 and 700 °C, 2 wt%", None),
    ],
)
def test_an_onset_is_a_bracket_and_no_number_where_the_curve_is_flat(shares, told, temperature):
    onset = onset_of(T, [{"LaMO3": share} for share in shares], 1.0)
    assert str(onset).startswith(told)
    assert onset.temperature == temperature
    brackets = onset.document()["brackets"]
    assert [bracket["limit_wt_percent"] for bracket in brackets] == [0.5, 1.0, 2.0]
    for bracket in brackets:  # above it no share reaches the limit, at its end one does
        reached = [degrees for degrees, share in zip(T, shares, strict=True) if share >= bracket["limit_wt_percent"]]
        assert bracket["reached_C"] == (reached[0] if reached else None)


def test_a_run_below_the_onset_that_did_not_finish_hides_it():
    shares = [{}, {}, {"LaMO3": 5.0}, {"LaMO3": 9.0}]
    unknown = onset_of(T, shares, 1.0, [True, False, True, True])
    assert str(unknown) == "unknown, as the run at 600 °C did not finish"
    assert unknown.temperature is None
    assert onset_of(T, shares, 1.0, [True, True, True, False]).temperature == 700.0


def test_what_was_put_in_never_counts_as_formed():
    """Carbonate in the electrolyte powder has the role of an additive, whatever family it is of."""
    result = si.predict(si.problem("pc-LNMO", schedule="50 °C/min to 600 °C; hold 1 h; quench", cells=8))
    first = str(result.secondary["phase"].values[0])
    there = result.dataset["phase"].values == first
    roles = np.where(there, "additive", result.dataset["role"].values)
    marked = replace(result, dataset=result.dataset.assign_coords(role=("phase", roles)))
    family = str(result.dataset["family"].values[there][0])
    assert courses(result)[family][-1] > 1.0
    for by_family in (courses(marked), final_errors(marked), marked.family_shares):
        assert by_family.keys() == courses(result).keys() - {family}
    sweep = si.Sweep((600.0,), (marked,))
    assert family not in sweep.families
    assert family not in sweep.dataset["family"].values
    assert family not in sweep.onset(1.0).families
    assert family not in si.Comparison((si.Schedule.parse("hold 1 h"),), (marked,), ((0.5, 0.6, 0.7),)).families
    drawn = {text.get_text() for text in plot.run(marked).legends[0].get_texts()}
    assert not [label for label in drawn if first in label]


def extents(figure):
    """Bounding boxes of the legends, titles and the figure [pixels], as they are drawn."""
    FigureCanvasAgg(figure).draw()
    texts = [axis.title for axis in figure.axes if axis.get_title()]
    texts += [text for text in figure.texts if text.get_text()]
    return [each.get_window_extent() for each in figure.legends], [t.get_window_extent() for t in texts], figure.bbox


@pytest.mark.parametrize("couples", [1, 3])
def test_legends_and_titles_fit_into_their_figures_and_do_not_meet(couples):
    result = si.predict(si.problem("pc-LNMO", schedule="50 °C/min to 900 °C; hold 1 h; quench", cells=8))
    assert len(result.family_shares) >= 5
    long = result.dataset.assign_attrs(atmosphere=", then ".join(["air (pO2=0.207, pCO2=0.0004 bar)"] * 3))
    sweep = si.Sweep((900.0,), (result,))
    for figure in (plot.sweeps([sweep] * couples), plot.run(replace(result, dataset=long))):
        legends, titles, whole = extents(figure)
        assert legends
        assert titles
        for box in (*legends, *titles):
            assert whole.x0 <= box.x0 and box.x1 <= whole.x1
            assert whole.y0 <= box.y0 and box.y1 <= whole.y1
        assert not [1 for legend in legends for title in titles if legend.overlaps(title)]


def test_errors_stand_beside_the_amounts():
    result = si.predict(si.problem("pc-LNMO", schedule="50 °C/min to 600 °C; hold 1 h; quench", cells=8))
    errors = final_errors(result)
    assert errors.keys() == result.family_shares.keys()
    data = si.Sweep((600.0,), (result,)).dataset
    for family, error in errors.items():
        assert float(data["wt_percent_error"].sel(family=family)[0]) == pytest.approx(error)
    bare = si.predict(si.problem("pc-LNMO", schedule="50 °C/min to 600 °C; quench", cells=8), estimate_error=False)
    assert final_errors(bare) == {}
    assert np.isnan(si.Sweep((600.0,), (bare,)).dataset["wt_percent_error"].values).all()


def test_every_family_has_a_colour_a_marker_and_a_symbol_of_its_own():
    for name in ("description", "colour", "marker", "symbol"):
        values = [getattr(family, name) for family in FAMILIES.values()]
        assert len(set(values)) == len(values), name
    for name, family in FAMILIES.items():
        assert plot.style(name) == (family.colour, markers.marker(family.marker))
        assert re.fullmatch("#[0-9A-F]{6}", family.colour)
        assert family.host in (*HOSTS, "")
    assert plot.style("no such family") == plot.style("other")


def test_both_libraries_know_every_marker():
    plotly = pytest.importorskip("plotly.graph_objects")
    for name, family in FAMILIES.items():
        shape = MarkerStyle(markers.marker(family.marker))
        assert shape.is_filled(), f"{family.marker} of {name} can not be drawn open, and hides in a line along it"
        assert plotly.scatter.Marker(symbol=family.symbol).symbol == family.symbol  # refuses what it does not know


def test_what_a_notebook_shows_of_each_answer_fits_on_a_screen():
    """Dataclasses by themselves print all that they hold: the database 300 kB, a spread all its arrays."""
    task = si.problem("pc-LNMO", schedule="50 °C/min to 600 °C; quench", cells=4)
    powders = si.material("pc-LNMO"), si.material("LLZTO", "electrolyte")
    data = si.load_database()
    answers = [
        data, si.sweep(task, [500, 600], hours=0.1), si.spread(task, 2), si.compare(task, [task.schedule]),
        si.interface_reactions(*powders, 973.15, si.atmosphere("O2"), data),
    ]  # fmt: skip
    for answer in answers:
        told = repr(answer)
        assert told.startswith(f"<{type(answer).__name__}")
        assert told.count("\n") < 25 and len(told) < 5000, f"{type(answer).__name__}: {len(told)} characters"
        assert "array(" not in told


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_couples_swept_together_are_those_swept_alone(workers):
    """However many couples and workers: the same results, each with its own couple and in the order of temperatures."""
    tasks = [si.problem(name, cells=4) for name in ("pc-LMO", "pc-LCO", "pc-LNMO")]
    alone = [si.sweep(task, [500, 700], hours=0.1) for task in tasks]
    ready = []
    together = sweep_couples(
        tasks, [700, 500], hours=0.1, workers=workers, ready=lambda number, each: ready.append((number, each))
    )  # fmt: skip
    assert ready == list(enumerate(together))
    for mine, theirs in zip(alone, together, strict=True):
        assert mine.temperatures == theirs.temperatures == (500, 700)
        for first, second in zip(mine.results, theirs.results, strict=True):
            assert first.dataset.identical(second.dataset)
