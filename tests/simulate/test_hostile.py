"""Outputs and the command line in bad company: full disks, devices, hostile options, Ctrl-C and kill -9."""

import builtins
import io
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sinterface.models.basics.errors import InputError
from sinterface.simulate.files import output

EXE = Path(sys.executable).with_name("sinterface")
DIGITS = "9" * 5000
LIST = "temperatures = [500]\ncathodes = ['pc-LCO', 'LiNiO2']\n"

DATA = xr.Dataset({"a": ("x", np.arange(4.0))})


def figure():
    from matplotlib.figure import Figure

    made = Figure()
    made.subplots().plot([0, 1])
    return made


def save_figure(path):
    from sinterface.simulate.figures.plot import save

    save(figure(), path)


WRITERS = {
    "x.json": lambda path: output.write_whole(path, lambda name: name.write_text("{}")),
    "x.nc": lambda path: output.write_dataset(path, DATA),
    "x.png": save_figure,
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch, name):
    """All writes go through files of Python's: they fail half way here."""
    path = tmp_path / name
    path.write_text("old")
    opened = builtins.open

    def full(file, mode="r", *rest, **options):
        stream = opened(file, mode, *rest, **options)
        if "w" in mode and str(tmp_path) in str(file):
            stream.write("half" if "b" not in mode else b"half")
            stream.close()
            raise OSError(28, "No space left on device")
        return stream

    monkeypatch.setattr(builtins, "open", full)
    monkeypatch.setattr(io, "open", full)
    with pytest.raises(InputError, match="No space left on device"):
        WRITERS[name](path)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


KILLED = """
import os, sys
from pathlib import Path
from sinterface.simulate.files.output import write_whole

def write(name):
    name.write_bytes(b"half")
    os.kill(os.getpid(), 9)

write_whole(Path(sys.argv[1]), write)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_kill_9_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.nc"
    path.write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"


@pytest.mark.parametrize("name", ["pipe", "x" * 300, "no/x.nc", "."])
def test_places_that_can_not_be_replaced(tmp_path, name):
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    elif name == "pipe":
        pytest.skip("no pipes")
    with pytest.raises(InputError, match="output"):
        output.write_whole(tmp_path / name, lambda path: path.write_text("new"))
    assert (tmp_path / "pipe").is_fifo() or not hasattr(os, "mkfifo")


def test_long_names_can_be_written(tmp_path):
    path = tmp_path / ("x" * 250 + ".nc")
    output.write_whole(path, lambda name: name.write_text("new"))
    assert path.read_text() == "new"


# ---- the command line


CARD = """id = "{}"
role = "cathode"
composition = "LiNi0.5Mn1.5O4"
structure = "spinel"
morphology = "polycrystal"
source = "x"
[particle_diameter]
value = {}
sd = 1
unit = "um"
source = "x"
[grain_size]
value = 1
sd = 1
unit = "um"
source = "x"
[density]
value = 4.4
sd = 0.1
unit = "g/cm3"
source = "x"
"""
MANY = "1000000000"
HOSTILE = [
    ["run", "pc-LNMO", "-T", "-273.16"], ["run", "pc-LNMO", "-T", "1e6"], ["run", "pc-LNMO", "-T", "nan"],
    ["run", "pc-LNMO", "-T", DIGITS], ["run", "pc-LNMO", "--hold", "1e300 h"], ["run", "pc-LNMO", "--ramp", "1e12"],
    ["run", "pc-LNMO", "--ramp", "1e-300"], ["run", "pc-LNMO", "--mass-ratio", "0:1"],
    ["run", "pc-LNMO", "--mass-ratio", "1e-300:1"], ["run", "pc-LNMO", "--mass-ratio", f"{DIGITS}:{DIGITS}"],
    ["run", "pc-LNMO", "--atmosphere", "pO2=-1"], ["run", "pc-LNMO", "--atmosphere", "pO2=1e300"],
    ["run", "pc-LNMO", "--atmosphere", "x" * 5000], ["run", "pc-LNMO", "--cells", MANY],
    ["run", "pc-LNMO", "--cells", "-1"],
    ["run", "pc-LNMO", "--detection-limit", "nan"], ["run", "pc-LNMO", "--detection-limit", "-1"],
    ["run", "pc-LNMO", "--add", "Xx=2"], ["run", "pc-LNMO", "--add", f"Li2CO3={DIGITS}"],
    ["run", "huge.toml"], ["run", "path.toml"], ["run", "markup.toml"], ["run", "/dev/zero.toml"],
    ["run", "pc-LNMO", "-o", "x" * 300], ["run", "pc-LNMO", "--checkpoint", "x" * 300], ["run", "\x1b[31m\n"],
    ["run", "pc-LNMO", "--database", "x" * 300], ["run", "O2", "--structure", "layered"],
    ["run", "LiUO2", "--structure", "layered"],
    ["sweep", "pc-LNMO", "--temperatures", f"{DIGITS}:{DIGITS}:1"], ["sweep", "pc-LNMO", "--workers", "-3"],
    ["sweep", "pc-LNMO", "--workers", MANY], ["sweep", "path.toml", "-o", "{cathode}.nc"],
    ["sweep", "pc-LNMO", "pc-LNMO", "-o", "{cathode}.nc"], ["reactions", "pc-LNMO", "--ensemble", MANY],
    ["reactions", "pc-LNMO", "--seed", "-1"], ["reactions", "pc-LNMO", "--closed", "Q"], ["reactions", ",,,"],
    ["compare", "pc-LNMO", *["-s", "hold 1 h"] * 21], ["compare", "pc-LNMO", "-s", "hold 1 h", "--cells", MANY],
    ["optimize", "pc-LNMO", "--budget", MANY], ["optimize", "pc-LNMO", "--samples", "-1"],
    ["optimize", "pc-LNMO", "--seed", "-1"],
    ["optimize", "pc-LNMO", "--time", "0:1e400"], ["screen", "list.toml", "-o", "s.zarr", "--workers", "-3"],
    ["screen", "list.toml", "-o", "s.zarr", "--scheduler", "x"],
    ["screen", "list.toml", "-o", "list.toml"], ["screen", "none.toml", "-o", "s.zarr"],
    ["screen", "list.toml", "-o", "s.zarr", "--lost", "never"],
    ["run", "pc-LNMO", "--exposed", "H=7"], ["run", "pc-LNMO", "--exposed", f"H={DIGITS}"],
    ["run", "pc-LNMO", "--exposed", "H=nan"], ["run", "pc-LNMO", "--exposed", "Li2CO3=60"],
    ["run", "pc-LNMO", "--coating", "Li3BO3=1e400nm"], ["run", "pc-LNMO", "--coating", "Li3BO3=0nm"],
    ["run", "pc-LNMO", "--coating", "x" * 5000], ["run", "pc-LNMO", "--coating", "\u202eLi3BO3=20nm"],
    ["run", "pc-LNMO", "--coating", ",".join(["Li3BO3=1nm"] * 7)],
    ["run", "pc-LNMO", "--coating", f"Li3BO3={DIGITS}% at 1 m2/g"], ["run", "pc-LNMO", "--coating", "Og=20nm"],
    ["run", "pc-LNMO", "--sizes", "cathode=0um"], ["run", "pc-LNMO", "--sizes", f"cathode={DIGITS}um"],
    ["run", "pc-LNMO", "--sizes", "cards, classes=999"], ["run", "pc-LNMO", "--sizes", "cathode=1±9um"],
    ["run", "pc-LNMO", "--sizes", "cathode=" + " + ".join(["1um"] * 5)], ["run", "pc-LNMO", "--sizes", "\x1b[31m"],
    ["run", "pc-LNMO", "--sizes", "cards", "--geometry", "slab"], ["run", "pc-LNMO", "--sizes", "x" * 5000],
    ["run", "LCO=500nm, LLZTO=0nm"], ["run", f"LCO={DIGITS}nm, LLZTO=1um"], ["run", "LCO=1nm, LLZTO=9mm"],
    ["run", "LCO=500nm"], ["run", "LCO=500nm, \x1b[31m=1nm, LLZTO=1um"],
    ["run", "LCO=500nm, LLZTO=1um", "--sizes", "cards"], ["run", "pc-LNMO", "--ramp", "\u202e10 K/s"],
    ["run", "pc-LNMO", "--ramp", f"{DIGITS} K/s"], ["run", "pc-LNMO", "--hold", "nan h"],
    ["run", "pc-LNMO", "--hold", f"{DIGITS} h"], ["run", "pc-LNMO", "--hold", "-1 h"],
    ["run", "pc-LNMO", "--residue", "\x1b[31m=1"], ["run", "none", "-e", "none"],
    ["screen", "list.toml", "-o", "x" * 300], ["materials", "x"], ["phases", "show", "nope"],
    ["phases", "show", "LiCoO2", "-T", "nan"], ["phases", "list", "--elements", "Qq"],
]  # fmt: skip


def named(words):
    """How pytest calls a command."""
    return "_".join(words)[:60].replace("\x1b", "").replace("\n", "")


@pytest.mark.parametrize("arguments", HOSTILE, ids=named)
def test_hostile_options_are_one_line_and_exit_code_2(tmp_path, program, arguments):
    for name, filled in {"huge": ("mine", "1e30"), "path": ("../../x", 1), "markup": ("a[/b]", 1)}.items():
        (tmp_path / f"{name}.toml").write_text(CARD.format(*filled), encoding="utf-8")
    (tmp_path / "list.toml").write_text(LIST, encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    code, out, err = program(*arguments, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and err[:-1].isprintable() and len(err) < 1500
    assert err.startswith("sinterface: ")
    assert sorted(tmp_path.iterdir()) == before


def test_brackets_in_names_are_no_markup(program, tmp_path):
    (tmp_path / "a[b].csv").write_text(
        'formula,formation_energy_eV_per_atom,name,status\nLi5Ni3O8,-1.5,"a[/b]",observed\n', encoding="utf-8"
    )
    code, out, _ = program("phases", "list", "--elements", "Li,Ni", "--database", tmp_path / "a[b].csv")
    assert code == 0 and "a[b]-" in out
    code, out, _ = program("reactions", "Li[@Ni0.5Mn0.5]O2", "--structure", "layered", "-T", "700")
    assert code == 0 and "Li[@Ni0.5Mn0.5]O2" in out


FORMULA = "$\\frac{$ \x1b[31m<b>[/b]\n\u202e"
"""What matplotlib takes for a broken formula, a terminal for a colour, HTML and rich for markup."""


def test_text_of_others_is_drawn_letter_by_letter(tmp_path):
    """Figures are drawn to the end: matplotlib raises on a formula that it can not read."""
    import sinterface as si
    from sinterface.simulate.figures import plot, plot_instruments, plot_schedules

    result = si.predict(si.problem("pc-LNMO", schedule="50 °C/min to 600 °C; quench", cells=6), estimate_error=False)
    words = ("cathode", "electrolyte", "schedule", "atmosphere")
    data = result.dataset.assign_attrs(dict.fromkeys(words, FORMULA))
    data = data.assign_coords(phase=[FORMULA + str(k) for k in range(data.sizes["phase"])])
    odd = si.Result(data)
    schedules = (si.Schedule.parse("hold 1 h", FORMULA),)
    figures = {
        "run": plot.run(odd),
        "sweep": plot.sweeps([si.Sweep((600.0,), (odd,))]),
        "compare": plot_schedules.compared(si.Comparison(schedules, (odd,), ((0.5, 0.6, 0.7),))),
        "xrd": plot_instruments.diffractogram(result.xrd(), title=FORMULA),
    }
    for name, figure in figures.items():
        plot.save(figure, tmp_path / f"{name}.svg")
        shown = [text.get_text() for text in figure.findobj(lambda part: hasattr(part, "get_text"))]
        assert any("frac" in text for text in shown), name
        assert not [text for text in shown if "\x1b" in text or "\u202e" in text], name


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_letters_that_the_terminal_lacks_are_question_marks(encoding):
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    run = subprocess.run([EXE, "materials"], capture_output=True, env=environment, check=False)
    assert (run.returncode, run.stderr) == (0, b"")
    assert "LLZTO" in run.stdout.decode(encoding)
    enthalpies = subprocess.run([EXE, "phases", "list"], capture_output=True, env=environment, check=False)
    assert (enthalpies.returncode, enthalpies.stderr) == (0, b"")
    assert b"?" in enthalpies.stdout, "the capital delta of an enthalpy"


def test_two_runs_do_not_share_a_checkpoint(tmp_path):
    import sinterface as si
    from sinterface.simulate.files.locks import Lock

    task = si.problem("pc-LNMO", schedule="50 °C/min to 300 °C", cells=4)
    path = tmp_path / "run.h5"
    with Lock(path, "checkpoint") as lock:
        if not lock.held:
            pytest.skip("no locks here")
        with pytest.raises(InputError, match=r"checkpoint .*run\.h5: another run writes to it"):
            si.predict(task, checkpoint=path, estimate_error=False)
    assert si.predict(task, checkpoint=path, estimate_error=False).finished
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_standard_output_that_is_full_or_closed():
    with Path("/dev/full").open("w") as full:
        run = subprocess.run([EXE, "materials"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert run.returncode == 2
    assert run.stderr == "sinterface: No space left on device\n"
    reader, writer = os.pipe()
    os.close(reader)
    run = subprocess.run([EXE, "materials"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (run.returncode, run.stderr) == (1, "")


@pytest.mark.skipif(not (hasattr(os, "killpg") and shutil.which("ps")), reason="needs signals and ps")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_workers_are_left(tmp_path, number, start, wait_until, group_size):
    """Ctrl-C in a terminal reaches all processes of the group; kill -9 only the first."""
    process = start([EXE, "sweep", "pc-NMC811", "--cells", "200", "--workers", "2", "-o", "x.nc"], cwd=tmp_path)
    wait_until(lambda: group_size(process.pid, at_work=True) >= 2, "the workers compute", seconds=300)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.kill()
    _, err = process.communicate(timeout=60)
    wait_until(lambda: group_size(process.pid) == 0, "no process of the group is left")
    assert list(tmp_path.iterdir()) == []
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert err == "sinterface: interrupted, nothing half-written\n"
