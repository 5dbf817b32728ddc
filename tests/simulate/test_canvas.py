"""Figures: a journal's widths, letters that can be read, lines that grey tells apart; a wrong style is told at once."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from typer.testing import CliRunner

import sinterface as si
from sinterface.models.basics.errors import InputError
from sinterface.models.instruments.detector import Detector
from sinterface.models.instruments.diffraction import pattern_of
from sinterface.models.phases.substance import FAMILIES
from sinterface.simulate.figures import markers, plot, plot_instruments, plot_mass, plot_schedules, plot_screen
from sinterface.simulate.figures.canvas import COLUMN, INCH, LETTERS, PAGE, canvas, styled
from sinterface.simulate.screening import candidate_space as spaces
from sinterface.simulate.screening.screen import blank_row
from sinterface.simulate.studies.optimize import Choice, Front, Trial
from sinterface.simulate.studies.rate_capability import RateCurve
from sinterface.simulate.studies.thermogram import thermogram
from sinterface.validation.cli import app


def drawn(down, across):
    figure = canvas(9.0, 4.8)
    for axis in figure.subplots(down, across, squeeze=False).ravel():
        axis.plot([0, 1], [0, 1], label="La2Zr2O7")
        axis.set_title("10 °C/min to 800 °C; hold 2 h; cool naturally; " * 3)
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles * 3, [*labels, "Li zirconate", "La2MO4"], loc="outside right upper")
    return figure


@pytest.mark.parametrize(("down", "across", "width"), [(1, 1, COLUMN), (2, 1, COLUMN), (1, 2, PAGE)])
def test_paper_has_the_widths_of_journals(down, across, width):
    figure = styled(drawn(down, across), "paper")
    assert figure.get_figwidth() * INCH == pytest.approx(width)
    figure.draw_without_rendering()
    box = figure.get_window_extent()
    for text in (axis.title for axis in figure.axes):
        extent = text.get_window_extent()
        assert extent.x0 >= box.x0 - 1
        assert extent.x1 <= box.x1 + 1
        assert text.get_fontsize() <= LETTERS
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["La2Zr2O7", "Li zirconate", "La2MO4"]


def test_a_wide_figure_takes_two_columns():
    figure = drawn(2, 1)
    figure.wide = True
    assert styled(figure, "paper").get_figwidth() * INCH == pytest.approx(PAGE)


def test_the_screen_is_left_alone():
    figure = drawn(1, 1)
    assert styled(figure, "screen").get_figwidth() == 9.0


def extents(figure):
    """What stands in a figure, by its words: boxes [pixels] of all letters, and of the panels."""
    figure.draw_without_rendering()
    beyond = set()  # labels of ticks outside of the axes, which are not drawn
    for axis in (line for panel in figure.axes for line in (panel.xaxis, panel.yaxis)):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not (axis.axes.axison and low <= tick.get_loc() <= high):
                beyond |= {tick.label1, tick.label2}
    words = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    words = [text for text in words if text not in beyond]
    return {text: text.get_window_extent() for text in words}, [axis.get_window_extent() for axis in figure.axes]


def outside(figure):
    """Words that the edge of a figure cuts off."""
    boxes, _ = extents(figure)
    edge = figure.bbox.padded(1.0)
    return [
        text.get_text()
        for text, box in boxes.items()
        if not (edge.x0 <= box.x0 and box.x1 <= edge.x1 and edge.y0 <= box.y0 and box.y1 <= edge.y1)
    ]


def collisions(figure):
    """Pairs of words of titles, labels of axes and legends that lie on each other."""
    boxes, _ = extents(figure)
    of_axes = [label for axis in figure.axes for label in (axis.title, axis.xaxis.label, axis.yaxis.label)]
    of_legends = [text for legend in figure.legends for text in legend.get_texts()]
    chosen = [text for text in (*of_axes, *of_legends) if text in boxes]
    return [
        (a.get_text(), b.get_text())
        for a, b in itertools.combinations(chosen, 2)
        if Bbox.intersection(boxes[a].padded(-1.0), boxes[b].padded(-1.0)) is not None
    ]


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """One result of each kind, with long names and many families."""
    task = si.problem("pc-NMC811", "LLZTO", si.Schedule.hold(800, hours=0.2), cells=4)
    result = si.predict(task)
    around = si.spread(task, 2)
    plans = [
        si.Schedule.parse(f"{rate} °C/min to 900 °C in {gas}; hold 1 h; cool naturally")
        for rate, gas in ((10, "O2"), (50, "N2"), (20, "air"))
    ]

    def judge(candidate, common):
        numbers = blank_row(candidate, common)
        numbers["onset"] = 600.0 if candidate.cathode.id == "pc-LNMO" else np.inf
        return numbers

    space = spaces.parse(
        'title = "a screen of cathodes with a title that is somewhat long"\ntemperatures = [600, 700, 800]\n'
        'cathodes = ["pc-NMC811", "pc-NMC622", "pc-NMC111", "pc-LNMO"]\nelectrolytes = ["LLZTO", "LLZO"]'
    )
    store = tmp_path_factory.mktemp("store") / "s.zarr"
    si.screen(space, store, judge=judge)
    bounds = si.Bounds((500, 800), (0.1, 1.0), (10, 1000), (si.atmosphere("O2"), si.atmosphere("air")), ("quench",))
    return {
        "run": lambda: plot.run(replace(result, dataset=around.added_to(result.dataset))),
        "profile": lambda: plot.profile(result),
        "sweep": lambda: plot.sweeps([si.sweep(task, [600, 800], hours=0.1)]),
        "sweeps": lambda: plot.sweeps([si.sweep(task, [600, 800], hours=0.1)] * 2),
        "compare": lambda: plot_schedules.compared(si.compare(task, plans)),
        "optimize": lambda: plot_schedules.front(si.optimize(task, bounds, budget=8, samples=2)),
        "screen": lambda: plot_screen.overview(si.open_store(store)),
        "pattern": lambda: plot_instruments.diffractogram(
            pattern_of(result.dataset), title=f"{task.label}, 10 °C/min to 800 °C; hold 2 h; cool naturally, in air"
        ),
        "mass": lambda: plot_mass.mass_curve(thermogram(replace(task, crucible="pan")), title=f"{task.label}, in air"),
    }


@pytest.mark.parametrize("style", ["screen", "paper"])
@pytest.mark.parametrize(
    "kind", ["run", "profile", "sweep", "sweeps", "compare", "optimize", "screen", "pattern", "mass"]
)
def test_no_words_of_a_figure_are_cut_off_or_lie_on_each_other(computed, kind, style):
    figure = styled(computed[kind](), style)
    assert outside(figure) == []
    assert collisions(figure) == []
    _, panels = extents(figure)
    highest = max(panel.height for panel in panels) / figure.dpi
    assert highest > 1.0, "what is drawn keeps an inch beside its legend"


def beyond(figure):
    """Points of lines, marks, bars and bands that lie outside of their panel, in units of what they show."""
    figure.draw_without_rendering()
    outer = []
    for axis in figure.axes:
        drawn_points = [(line.get_transform(), line.get_xydata()) for line in axis.lines]
        for marks in axis.collections:
            offsets = np.ma.filled(np.asarray(marks.get_offsets(), dtype=float), np.nan)
            if marks.get_offset_transform() == axis.transData:
                drawn_points.append((axis.transData, offsets))
            else:
                drawn_points += [(marks.get_transform(), path.vertices) for path in marks.get_paths()]
        edge = axis.bbox.padded(1.0)
        for transform, points in drawn_points:
            known = points[np.isfinite(points).all(axis=1)]
            outer += [
                tuple(point) for point, (x, y) in zip(known, transform.transform(known), strict=True)
                if not (edge.x0 <= x <= edge.x1 and edge.y0 <= y <= edge.y1)
            ]  # fmt: skip
    return outer


def named(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_a_point_beyond_its_panel_is_noticed():
    figure = drawn(1, 1)
    assert beyond(figure) == []
    figure.axes[0].set_ylim(0.0, 0.5)
    assert beyond(figure) == [(1.0, 1.0)]


def swept(*, wt_percent=(0.0, 0.4, 30.0), detect=None):
    """A sweep that was never run: a family grows with the temperature, another stays."""
    result = si.predict(si.problem("pc-LNMO", "LLZTO", "50 °C/min to 600 °C; quench", cells=4), estimate_error=False)
    data = result.dataset.isel(phase=[int(np.argmax(result.dataset["role"].values == "secondary"))] * 2)
    data = data.assign_coords(
        phase=["LaMnO3", "La2Zr2O7"], family=("phase", ["LaMO3", "La2Zr2O7"]), role=("phase", ["secondary"] * 2)
    )
    results = []
    for share in wt_percent:
        shares, errors = (
            np.tile(np.array(ends), (data.sizes["time"], 1)) for ends in ((share, 0.3), (0.2 * share, 0.1))
        )
        changed = data.assign(
            wt_percent=(data["wt_percent"].dims, shares), wt_percent_error=(data["wt_percent"].dims, errors)
        )
        results.append(replace(result, dataset=changed))
    return si.Sweep((500.0, 600.0, 1000.0), tuple(results), detect or Detector.fixed(1.0))


@pytest.mark.parametrize("many", [1, 2])
@pytest.mark.parametrize("limit", ["1", "xrd"])
def test_axes_of_a_sweep_say_what_they_show_and_hold_it(many, limit):
    sweep = swept(detect=Detector.read(limit))
    figure = plot.sweeps([sweep] * many)
    assert [axis.get_xlabel() for axis in figure.axes] == ["hold temperature / °C"] * many
    assert figure.axes[0].get_ylabel() == "secondary phases / wt%"
    assert beyond(figure) == []
    most = max(np.max(line.get_ydata(), initial=0.0) for line in figure.axes[0].lines)
    assert figure.axes[0].get_ylim()[1] > 1.1 * most, "the highest mark is not cut by the frame"
    for axis in figure.axes:
        low, high = axis.get_xlim()
        assert low < 500.0 < 1000.0 < high, "the first and the last temperature stand off the frame"
        assert axis.get_ylim()[0] == 0.0
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["0", "0.1", "1", "10"]
    told = named(figure)
    assert {"LaMO3", "La2Zr2O7"} <= set(told)
    assert ("detection limit (1 wt%)" in told, "open: not shown" in told) == (limit == "1", limit == "xrd")
    assert ("onset between" in told) == any(axis.patches for axis in figure.axes), "a band has its words"
    if limit == "1":
        assert "onset between" in told
        (band,) = figure.axes[0].patches
        assert (band.get_x(), band.get_x() + band.get_width()) == (600.0, 1000.0)


def test_a_sweep_without_any_phase_keeps_its_axes():
    figure = plot.sweeps([swept(wt_percent=(0.0, 0.0, 0.0))])
    assert beyond(figure) == []
    assert named(figure) == ["La2Zr2O7", "detection limit (1 wt%)"]


def searched(dense=(0.4, 0.8, 0.97), secondary=(0.02, 3.0, 60.0)):
    """A search that was never run, of schedules that are loose and dense, clean and full of products."""
    gases = si.atmosphere("O2"), si.atmosphere("air")
    bounds = si.Bounds((500, 1100), (0.1, 4), (5, 20), gases)
    points = [
        Trial(
            Choice(600.0 + 100.0 * k, 0.5, 10.0, gases[k % 2]), share, total, {}, (share - 0.1, share, share + 0.02),
            0.01, (0.5 * total, total, min(3.0 * total, 100.0)),
        )
        for k, (share, total) in enumerate(zip(dense, secondary, strict=True))
    ]  # fmt: skip
    others = [
        Trial(Choice(700.0, 1.0, 5.0, gas, "quench"), 0.6, total, {}, (0.5, 0.6, 0.7))
        for gas, total in zip(gases, (90.0, 1.0), strict=True)
    ]
    return Front(
        "pc-LNMO", "LLZTO", bounds, tuple(points), (*points, *others), predictions=9, failed=0, samples=5, seed=0,
        database="", version="", mass_ratio=1.0,
    )  # fmt: skip


def test_axes_of_a_search_say_what_they_show_and_hold_it():
    best = searched()
    figure = plot_schedules.front(best)
    (axis,) = figure.axes
    assert axis.get_xlabel() == "relative density of an LLZTO compact / %"
    assert axis.get_ylabel() == "secondary phases / wt% of the sample"
    assert beyond(figure) == [], "a compact that is looser than powder is poured, and its interval, are seen as well"
    told = named(figure)
    assert {"tried in O2", "tried in air, predicted once: not confirmed", "5 to 95 %: 5 posterior samples"} <= set(told)
    assert "detection limit (1 wt%)" in told
    assert told[-3:] == [point.choice.told for point in best.points]
    assert [text.get_text() for text in axis.texts] == ["1", "2", "3"], "numbers of the legend stand at their points"


def test_the_legend_of_a_cell_names_what_is_drawn_and_its_axes_hold_it():
    rates = np.array([0.05, 0.2, 1.0, 3.0])
    samples = {"bare": [1.0], "with garnet, not sintered": [1.4], "after this run": [30.0, 4.0, 90.0]}
    curves = {
        name: [RateCurve(rates, np.linspace(1.0, 1.0 / (1.0 + ratio), 4)) for ratio in ratios]
        for name, ratios in samples.items()
    }
    figure = plot_instruments.rate_capability(curves, samples, "a cell", "islands of 50 to 500 nm")
    left, right = figure.axes
    assert named(figure) == [*samples, "islands of 50 to 500 nm"]
    handles = figure.legends[0].legend_handles
    for row, (line, handle) in enumerate(zip(left.lines, handles, strict=False)):
        marks = [mark for mark in right.lines if mark.get_marker() == line.get_marker()]
        assert handle.get_color() == line.get_color() == marks[0].get_color(), "a sample looks the same in both panels"
        assert marks[0].get_ydata() == [-row]
    assert left.get_ylabel() == "capacity / bare at 0.05C"
    assert left.get_xlabel() == "discharge rate"
    assert [label.get_text() for label in left.get_xticklabels()] == ["0.05C", "0.2C", "1C", "3C"], "rates have a unit"
    assert right.get_xlabel() == "charge-transfer resistance / bare"
    assert beyond(figure) == []


@pytest.mark.parametrize(
    ("schedule", "unit", "end"), [("200 K/s to 600 °C; hold 10 s; quench", "s", 20.0), ("hold 100 h", "h", 100.0)]
)
def test_the_axis_of_a_run_that_makes_nothing_shows_its_time_and_the_limit(schedule, unit, end):
    figure = plot.run(si.predict(si.problem("pc-NMC111", "LLZTO", schedule, cells=4), estimate_error=False))
    upper, lower = figure.axes
    assert lower.get_xlabel() == f"time / {unit}"
    assert lower.get_xlim() == (0.0, pytest.approx(end, rel=0.25))
    assert 3 <= sum(0.0 <= tick <= end for tick in lower.get_xticks()) <= 12
    assert upper.get_ylim()[1] > 1.0, "the limit is no part of the frame"
    assert beyond(figure) == []
    assert [text.get_text() for text in upper.texts] == ["no secondary phase\nabove 0.05 wt%"]


def test_samples_that_make_nothing_and_schedules_that_make_nothing_say_so():
    task = si.problem("pc-NMC111", "LLZTO", "20 °C/min to 200 °C; quench", cells=4)
    result = si.predict(task, estimate_error=False)
    figure = plot.run(replace(result, dataset=si.spread(task, 2).added_to(result.dataset)))
    assert named(figure) == ["detection limit (1 wt%)"], "no words of bands where there is none"
    assert [text.get_text() for text in figure.axes[0].texts] == ["no secondary phase\nabove 0.05 wt%"]
    both = plot_schedules.compared(si.compare(task, [task.schedule] * 2))
    told = [text.get_text() for axis in both.axes for text in axis.texts]
    assert told == ["no secondary phase\nabove 0.05 wt%"] * 2


def test_the_axes_of_a_mass_curve_without_steps_show_no_round_off():
    flat = thermogram(si.problem("pc-LCO", "LLZTO", "20 °C/min to 300 °C", crucible="pan", cells=4))
    assert np.abs(flat.curve.change).max() < 1e-3
    figure = plot_mass.mass_curve(flat)
    upper, lower = figure.axes
    assert np.ptp(upper.get_ylim()) >= 0.1
    assert np.ptp(lower.get_ylim()) >= 0.004
    assert beyond(figure) == []


def test_another_style_is_refused_before_anything_is_computed(tmp_path):
    with pytest.raises(InputError, match="choices are paper, screen"):
        styled(drawn(1, 1), "poster")
    arguments = ["run", "pc-LCO", "-T", "600", "--plot", str(tmp_path / "a.png"), "--style", "poster"]
    answer = CliRunner().invoke(app, arguments)
    assert isinstance(answer.exception, InputError)


def test_lines_and_areas_are_told_apart_without_their_colours():
    plan = si.Schedule.hold(600, hours=0.2)
    result = si.predict(si.problem("pc-LNMO", "LLZTO", plan, cells=4), estimate_error=False)
    named = [line for line in plot.run(result).axes[0].lines if "detection" not in line.get_label()]
    assert len(named) > 3
    assert len({(line.get_marker(), line.get_linestyle()) for line in named}) == len(named)
    areas = plot.profile(result).axes[0].collections
    assert len(areas) > 3
    assert len({area.get_hatch() for area in areas}) == min(len(areas), len(plot.HATCHES))
    for family in FAMILIES.values():
        alike = [other for other in FAMILIES.values() if other.marker == family.marker or other.symbol == family.symbol]
        assert alike == [family]


@pytest.mark.parametrize("slope", [0.0, 1.0], ids=["flat", "steep"])
def test_markers_of_families_stand_out_of_their_line_and_differ_at_the_width_of_a_column(slope):
    def seen(marker):
        figure = Figure(figsize=(0.2, 0.2), dpi=600)
        axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axis.axis("off")
        axis.set(xlim=(-1, 1), ylim=(-1, 1))
        axis.plot([-1, 0, 1], [-slope, 0, slope], "k", lw=1.2, marker=marker, markersize=2.8, markevery=[1], mew=0.6)
        sheet = FigureCanvasAgg(figure)
        sheet.draw()
        return np.asarray(sheet.buffer_rgba())[..., 0] < 128

    line = seen("")
    marks = {name: seen(markers.marker(family.marker)) for name, family in FAMILIES.items()}
    for name, mark in marks.items():
        beside = np.count_nonzero(mark & ~line)
        assert beside > 100, f"{name}: {beside} dots beside a line of 1.2 points; '_' has 0 along one that is flat"
        alike = {other: np.count_nonzero(mark ^ seen) / beside for other, seen in marks.items() if other != name}
        assert min(alike.values()) > 0.12, f"{name} looks like {min(alike, key=alike.get)}"


def test_interactive_lines_and_areas_are_told_apart_without_their_colours():
    pytest.importorskip("plotly")
    from sinterface.simulate.pages import charts

    hours = np.array([0.0, 1.0])
    shares = [(name, name, hours) for name in list(FAMILIES)[:6]]
    drawn_lines = charts.courses(hours, shares, (hours, hours), 1.0).data
    lines = [trace.line.dash for trace in drawn_lines if trace.name in FAMILIES]
    assert len(set(lines)) == len(lines) == 6
    spans = [(name, hours, hours + 1.0) for name in reversed(list(FAMILIES)[:7])]
    banded = charts.courses(hours, shares, (hours, hours), 1.0, bands=spans, moments=hours).data
    bands = {trace.name.removesuffix(", 5 to 95 %"): trace for trace in banded if trace.fill == "toself"}
    assert len({band.fillpattern.shape for band in bands.values()}) == len(bands) == 7
    for curve in (trace for trace in banded if trace.name in FAMILIES):
        assert bands[curve.name].line.dash == curve.line.dash, "the edge of a band is dashed as its curve"
    areas = [trace.fillpattern.shape for trace in charts.profile(hours, shares).data]
    assert len(set(areas)) == len(areas) == 6
