"""Figures: a journal's widths, letters that can be read, lines that grey tells apart; a wrong style is told at once."""

import numpy as np
import pytest
from typer.testing import CliRunner

import sinterface as si
from sinterface.models.basics.errors import InputError
from sinterface.models.phases.substance import FAMILIES
from sinterface.simulate.figures import plot
from sinterface.simulate.figures.canvas import COLUMN, INCH, LETTERS, PAGE, canvas, styled
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


def test_the_screen_is_left_alone():
    figure = drawn(1, 1)
    assert styled(figure, "screen").get_figwidth() == 9.0


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


def test_interactive_lines_and_areas_are_told_apart_without_their_colours():
    pytest.importorskip("plotly")
    from sinterface.simulate.pages import charts

    hours = np.array([0.0, 1.0])
    shares = [(name, name, hours) for name in list(FAMILIES)[:6]]
    drawn_lines = charts.courses(hours, shares, (hours, hours), 1.0).data
    lines = [trace.line.dash for trace in drawn_lines if trace.name in FAMILIES]
    assert len(set(lines)) == len(lines) == 6
    areas = [trace.fillpattern.shape for trace in charts.profile(hours, shares).data]
    assert len(set(areas)) == len(areas) == 6
