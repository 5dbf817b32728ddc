"""Tables of the terminal: at every width, what does not fit is left out and said, and nothing is cut."""

import json
import re

import pytest
from typer.testing import CliRunner

from sinterface.simulate.cli import terminal
from sinterface.simulate.cli.main import app
from sinterface.simulate.cli.terminal import Column, print_table, progress_bar

PHASES = ["Li5La3Zr1.31Ta0.69O11.34", "Li1.23Ni0.62Mn0.08Co0.08O2", "Li2CO3"]
TABLE = (
    Column("phase", PHASES),
    Column("family", ["garnet", "Li-rich TM oxide", "carbonate"], spare=1),
    Column("role", ["electrolyte", "secondary", "secondary"], spare=2),
    Column("electrolyte left / %", ["49.57 ± 0.12", "0.43 ± 0.76", "0.00"], right=True),
    Column("schedule", ["10 °C/min to 900 °C; hold 2 h; cool naturally", "quench", ""], wraps=True),
    Column("detected", ["", "unsure", "-"]),
)  # fmt: skip


@pytest.mark.parametrize("width", [50, 60, 80, 100, 160])
def test_a_table_is_no_wider_than_the_terminal_and_no_cell_is_broken(width, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    print_table("a title that is longer than the narrowest of these terminals", TABLE, sections=[2])
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= width
    assert "…" not in told
    for column in TABLE:
        if column.spare:
            left_out = f"{column.heading}" in told.partition("left out for want of room: ")[2]
            assert left_out != all(cell in told for cell in column.cells), column.heading
        else:
            whole = " ".join(column.cells).split() if column.wraps else column.cells
            assert all(cell in told for cell in whole), column.heading


def test_what_is_least_needed_is_left_out_first(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "95")
    print_table("", TABLE)
    assert "left out for want of room: role;" in " ".join(capsys.readouterr().out.split())


def test_phases_that_a_table_would_show_as_nothing_are_counted():
    told = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["run", "pc-LNMO", "-T", "600", "--cells", "6", "--json"])
    phases = json.loads(told.stdout)["phases"]
    table = CliRunner(env={"COLUMNS": "160"}).invoke(app, ["run", "pc-LNMO", "-T", "600", "--cells", "6"]).stdout
    listed = [phase for phase in phases if f"│ {phase['phase']} " in table]
    hidden = [phase for phase in phases if phase not in listed]
    assert f"secondary phases below 0.005 wt%, not listed: {len(hidden)}; --json has them" in table
    assert len(hidden) > 0
    for phase in hidden:
        assert phase["role"] == "secondary"
        assert phase["wt_percent"] < 0.005
        assert phase["wt_percent_error"] < 1.0
    assert not re.search(r"secondary +│ +0\.00 │ +\d+\.\d+ │ -", table)


COMMANDS = (
    ["materials"],
    ["phases", "list", "--elements", "Li"],
    ["reactions", "pc-LNMO", "-T", "700"],
    ["reactions", "pc-LCO,pc-LNMO", "-T", "600:700:100", "--ensemble", "3"],
    ["run", "pc-NMC811", "--schedule", "50 °C/min to 600 °C; quench", "--cells", "4"],
)


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_commands_cut_nothing_in_a_narrow_terminal(words, width):
    told = CliRunner(env={"COLUMNS": str(width)}).invoke(app, words)
    assert told.exit_code == 0, told.output
    assert max(map(len, told.output.splitlines())) <= width
    assert "…" not in told.output
    assert "\x1b" not in told.output, "no colours where it is no terminal"


def test_a_bar_says_what_takes_time_where_it_stands_still_and_goes_aside(monkeypatch, capsys):
    monkeypatch.setattr(terminal.sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")  # what rich takes for a terminal
    with progress_bar("couples", True) as bar:
        for share in (0.0, 0.5, 1.0):
            bar(share)
            bar.shown.refresh()
            told = capsys.readouterr().err
            for words in (terminal.BEGINS, terminal.LEFT, terminal.ENDS):
                assert (words in told) == (
                    words == {0.0: terminal.BEGINS, 1.0: terminal.ENDS}.get(share, terminal.LEFT)
                )
        with bar.aside():
            print_table("a table", TABLE[:1])
    assert "a table" in capsys.readouterr().out
    with progress_bar("couples", False) as bar, bar.aside():
        bar(0.5)
    assert capsys.readouterr().err == ""
