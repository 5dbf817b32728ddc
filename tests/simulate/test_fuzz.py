"""Readers of schedules, spaces, checkpoints and stores under hostile input: sound objects or errors in one line."""

import io
import json
import math
import random
import shutil
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinterface.models.basics.errors import DataError, InputError, SinterfaceError
from sinterface.simulate.cli.main import hold_schedule
from sinterface.simulate.screening import candidate_space, screen, zarr_store
from sinterface.simulate.setup.problem import Problem, problem, read_additives, read_mass_ratio
from sinterface.simulate.setup.schedule import MAX_DURATION, Schedule
from sinterface.simulate.setup.schedule_file import find
from sinterface.simulate.solve import checkpoint
from sinterface.simulate.solve.integrate import Outcome, State, Trajectory
from sinterface.simulate.studies.optimize import span
from sinterface.simulate.studies.sweep import temperatures

QUIET = settings(deadline=None, max_examples=200, derandomize=True)
DIGITS = "9" * 5000
HEX = "0x" + "f" * 6000


def told(error):
    """The message, which has to be one printable line of bearable length."""
    text = str(error)
    assert text.isprintable() and len(text) < 1500, text[:300]
    return text


# ---- texts

WORDS = st.sampled_from(
    [
        "from", "hold", "ramp", "to", "cool naturally", "quench", ";", " ", "°C/min", "K/s", "h", "s", "min", "d", "°C",
        "K", "0", "1", "900", "25.0000000001", "1e-300", "1e300", "1e400", "-1", "nan", "1e-7", "2100", "10", "\n",
        "\0",
    ]
)  # fmt: skip


@QUIET
@given(st.lists(WORDS, max_size=20).map(" ".join))
def test_schedules_advance_and_stay_finite(text):
    """Warnings are errors here: no overflow, whatever the rates and times."""
    try:
        schedule = Schedule.parse(text)
    except InputError as error:
        told(error)
        return
    assert 0.0 < schedule.duration <= MAX_DURATION
    assert all(a < b for a, b in zip(schedule.starts[:-1], schedule.starts[1:], strict=True))
    assert np.all(np.isfinite(schedule.temperature(np.linspace(-1.0, 2.0 * schedule.duration, 30))))


def test_long_holds_before_natural_cooling_do_not_overflow():
    schedule = Schedule.parse("10 °C/min to 900 °C; hold 2100 h; cool naturally; hold 1e-300 h; 1e6 K/s to 500 °C")
    assert schedule.temperature([0.0, schedule.duration]) - 273.15 == pytest.approx([25.0, 500.0])
    assert len(schedule.segments) == 4


@pytest.mark.parametrize(
    "text",
    [f"hold {DIGITS} h", "hold 1e400 h", "1e7 K/s to 900 °C", "1e300 °C/min to 900", "hold 1 s;" * 501, "(" * 4000],
)
def test_schedules_beyond_any_furnace(text):
    with pytest.raises(InputError) as caught:
        Schedule.parse(text)
    told(caught.value)


NUMBERS = st.sampled_from(
    ["400", "1000", "50", "0", "-1", "1e400", "nan", "inf", "0.000001", "9" * 400, "\x1c02", "٣", ""]
)


@QUIET
@given(st.lists(NUMBERS, max_size=5), st.sampled_from([":", ",", " , ", " "]))
def test_any_range_of_temperatures(parts, separator):
    text = separator.join(parts)
    for read in (temperatures, lambda text: [x for x in span(text, "time", "0.1:10", "h") if x < math.inf]):
        try:
            numbers = read(text)
        except InputError as error:
            told(error)
            continue
        assert len(numbers) <= 500 and all(map(math.isfinite, numbers))


@pytest.mark.parametrize(
    "text", [f"{DIGITS}:{DIGITS}:1", "0:1:0.0000001", "0:1000000:1", ",".join(map(str, range(501))), f"1,{DIGITS}"]
)
def test_too_many_temperatures(text):
    with pytest.raises(InputError, match="500"):
        temperatures(text)


@QUIET
@given(
    st.lists(
        st.sampled_from(["Li2CO3", "=", "2", "1e9", "-1", "0", ",", "%", ":", "/", "9" * 400, ".", "\n"]), max_size=8
    )
)
def test_any_additive_and_ratio(parts):
    text = "".join(parts)
    for read in (read_additives, read_mass_ratio):
        try:
            read(text)
        except InputError as error:
            told(error)
    try:
        task = problem("pc-LCO", mass_ratio=text)
    except InputError:
        return
    assert isinstance(task, Problem) and 1e-3 <= task.mass_ratio <= 1e3


WORDS_OF = {
    "cathode": ["LCO=500nm, Li3BO3=20nm, LLZO=1um", "NMC811=500nm,LLZTO=10um", "LiNi0.5Mn0.3Co0.2O2", "pc-LCO", "none"],
    "electrolyte": ["LLZTO", "Li6.4La3Zr1.4Ta0.6O12", "Li6.25Al0.25La3Zr2O12", "none"],
    "coating": ["Li3BO3=20nm", "LiNbO3=1% at 0.5 m2/g, Li3BO3=10nm on electrolyte", "LiNbO3=0.1um on the cathode"],
    "sizes": ["cathode=10±5um", "cathode=70% 10±3um + 30% 2±1um, classes=3", "electrolyte=2+-1um by number", "cards"],
    "exposed": ["H=0.4,Li2CO3=2", "H=0.1, LiOH=1 %, H2O=0.5"],
    "residue": ["Li2CO3=0.3,LiOH=0.2"],
    "additives": ["Li2CO3=2,LiOH=1", "La2O3=3%"],
    "mass_ratio": ["60:40", "1:20", "2.5/1"],
    "atmosphere": ["air:pCO2=0.05,pH2O=0.03", "pO2=0.2,pCO2=4e-4", "H2/Ar", "custom:pO2=1e-5", "dry-air"],
    "crucible": ["lidded", "open", "pan"],
    "geometry": ["sphere", "slab"],
    "morphology": ["pc", "sc"],
    "temperature": ["800", "1073 K", "700 °C"],
    "hold": ["2 h", "90 min", "1.5d"],
    "ramp": ["10 °C/min", "50 K/s", "3 °C/h"],
}  # fmt: skip
"""What users write for each part of a couple and its schedule."""


def judge_words(key, text):
    """True where a couple or a schedule is made of it; what is not must be told in one line."""
    try:
        if key in ("temperature", "hold", "ramp"):
            words = {"temperature": "800", "hold": "2 h", "ramp": "10 °C/min"} | {key: text}
            assert 0.0 < hold_schedule(**words).duration <= MAX_DURATION
        else:
            words = {"cathode": "LiNi0.5Mn0.3Co0.2O2"} | {key: text}
            made = problem(words.pop("cathode"), words.pop("electrolyte", "LLZTO"), **words)
            assert made.label.isprintable() and 1e-3 <= made.mass_ratio <= 1e3
            assert all(0.0 < layer.thickness < 1e-3 for layer in made.coatings)
            for role, powder in (("cathode", made.cathode), ("electrolyte", made.electrolyte)):
                if powder is not None:
                    diameters, shares = made.size_classes(role)
                    assert (
                        np.all(np.isfinite(diameters)) and np.all(diameters > 0.0) and math.isclose(shares.sum(), 1.0)
                    )
    except SinterfaceError as error:
        told(error)
        return False
    return True


@pytest.mark.parametrize("key", WORDS_OF)
def test_spoiled_words_of_a_couple(spoil, key):
    rng = random.Random(1)
    good = [text.encode() for text in WORDS_OF[key]]
    assert all(judge_words(key, text) for text in WORDS_OF[key])
    made = sum(judge_words(key, spoil(rng, good).decode("utf-8", "replace")) for _ in range(300))
    assert 0 < made < 295


PLAN = """name = "mine"
start = "100 °C"
gas = "air"
[[step]]
ramp = "5 °C/min"
to = "500 °C"
[[step]]
hold = "1 h"
gas = "O2:pCO2=1e-3"
[[step]]
cool = "naturally"
""".encode()
SPACE = """title = "mine"
temperatures = "600:900:100"
cathodes = ["pc-LCO", "LiNiO2", {formula = "LiNi0.5Mn0.5O2", structure = "layered"}]
electrolytes = ["LLZTO"]
schedules = ["10 °C/min to {T} °C; hold 2 h; cool naturally"]
gases = ["O2", "air"]
coatings = ["LiNbO3", "none"]
mass_ratio = "1:1"
accuracy = "fast"
samples = 3
[grid]
step = 0.1
Ni = [0.5, 1.0]
lithium_excess = [0.0, 0.02]
dopants = { Al = [0.0, 0.02] }
[[candidate]]
cathode = "pc-LNMO"
gas = "N2"
""".encode()


def judge_plan(path, content):
    path.write_bytes(content)
    try:
        plan = find(str(path))
    except SinterfaceError as error:
        told(error)
        return False
    assert plan.name.isprintable() and plan.duration > 0.0
    return True


def judge_space(path, content):
    path.write_bytes(content)
    try:
        space = candidate_space.read(path)
    except SinterfaceError as error:
        assert len(str(error)) < 6000
        return False
    assert 0 < len(space) <= candidate_space.MOST_CANDIDATES
    for index in (0, len(space) - 1):
        assert space.candidate(index).plan(space.temperatures[0]).duration > 0.0
    assert len(space.digest) == 16
    return True


@pytest.mark.parametrize(("good", "judge"), [(PLAN, judge_plan), (SPACE, judge_space)], ids=["plan", "space"])
def test_spoiled_files(tmp_path, spoil, good, judge):
    rng = random.Random(1)
    made = sum(judge(tmp_path / "mine.toml", spoil(rng, [good])) for _ in range(500))
    assert 10 < made < 480


DOPANTS = ", ".join(f"{symbol} = [{'0.01,' * 99}]" for symbol in ("Al", "Mg", "Ti"))
EXCESS = ",".join(f"{k}e-5" for k in range(9999))


@pytest.mark.parametrize(
    "line",
    [
        f"samples = {HEX}", f"limit = {HEX}", f"seed = {DIGITS}", "accuracy = []", f"cathodes = {HEX}",
        f"temperatures = [{HEX}]", "limit = nan", "mass_ratio = inf", "gases = [[]]", f"gases = ['{'x' * 4000}']",
        "[grid]\nstep = 1e-300", f"[grid]\nNi = [0, {HEX}]", f"[grid]\ndopants = {{ {DOPANTS} }}",
        "x = " + "[" * 20_000, f"schedules = ['{'hold 1 s;' * 500}{{T}}']",
        f"[grid]\nstep = 0.005\nlithium_excess = [{EXCESS}]",
    ],
    ids=str.__len__,
)  # fmt: skip
def test_spaces_beyond_any_computer(tmp_path, line):
    head = {"temperatures": "temperatures = [600]\n", "cathodes": "cathodes = ['pc-LCO']\n"}
    head.pop(line.split()[0], None)
    (tmp_path / "mine.toml").write_text("".join(head.values()) + line + "\n", encoding="utf-8")
    started = time.process_time()
    with pytest.raises(InputError) as caught:
        candidate_space.read(tmp_path / "mine.toml")
    assert time.process_time() - started < 5.0
    told(caught.value)


# ---- checkpoints


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Bytes of a small checkpoint of problem ``x``: M cells, V variables in B blocks of K species, S steps."""
    M, V, K, B, S = 3, 4, 2, 3, 5
    rows = {"totals": V, "watched": 1, "held": K, "lost": K, "moving": K, "changing": B}
    wide, narrow = np.ones((M, V)), np.ones((M, K))
    last = State(
        4.0, amounts=wide, multipliers=wide, lowest=wide, potentials=narrow, held=narrow, lost=np.zeros(K),
        first=np.ones(B), start=np.ones(V), slope=0.0 * wide, drift=0.0 * narrow, grain=np.ones(1),
        nucleated=np.ones((1, B)), affinity=np.ones((M, B)),
    )  # fmt: skip
    run = Trajectory(
        np.arange(float(S)), **{key: np.ones((S, size)) for key, size in rows.items()}, last=last,
        outcome=Outcome.DONE, steps=S, iterations=9,
    )  # fmt: skip
    file = tmp_path_factory.mktemp("checkpoint") / "good.h5"
    checkpoint.save(run, file, "x")
    assert checkpoint.load(file, "x").steps == 5
    return file.read_bytes()


@pytest.mark.parametrize("rows", [1, 3])
def test_a_checkpoint_of_other_rows_is_refused(good, tmp_path, rows):
    """Compiled code looks up each cell's row in it without looking whether it is there."""
    file = tmp_path / "run.h5"
    file.write_bytes(good)
    state = checkpoint.load(file, "x").last
    like = replace(state, nucleated=np.ones((rows, state.nucleated.shape[1])))
    if rows == len(state.nucleated):
        assert checkpoint.load(file, "x", like).steps == 5
    else:
        with pytest.raises(DataError, match="belongs to another"):
            checkpoint.load(file, "x", like)


def put(name, make):
    def change(file):
        del file[name]
        make(file, name)

    return change


def elsewhere():
    """Numbers that stand in another file."""
    layout = h5py.VirtualLayout(shape=(5, 2), dtype="f8")
    layout[:] = h5py.VirtualSource("other.h5", "x", shape=(5, 2))
    return layout


CHANGES = {
    "declares 8 TB": put("state/held", lambda f, n: f.create_dataset(n, (10**6, 10**6), chunks=True, dtype="f8")),
    "text": put("past/held", lambda f, n: f.__setitem__(n, "text")),
    "group": put("past/held", lambda f, n: f.create_group(n)),
    "no times": put("past/times", lambda f, n: f.__setitem__(n, 3.0)),
    "times fall": put("past/times", lambda f, n: f.__setitem__(n, np.arange(5.0)[::-1])),
    "nothing there": put("state/first", lambda f, n: f.__setitem__(n, np.zeros(3))),
    "negative": put("state/amounts", lambda f, n: f.__setitem__(n, -np.ones((3, 4)))),
    "enormous": put("state/potentials", lambda f, n: f.__setitem__(n, np.full((3, 2), 1e300))),
    "of other shape": put("past/moving", lambda f, n: f.__setitem__(n, np.ones((5, 3)))),
    "fewer rows": put("past/watched", lambda f, n: f.__setitem__(n, np.ones((4, 1)))),
    "whole numbers": put("past/held", lambda f, n: f.__setitem__(n, np.ones((5, 2), dtype="i8"))),
    "virtual": put("past/held", lambda f, n: f.create_virtual_dataset(n, elsewhere())),
    "in another file": put(
        "past/held", lambda f, n: f.create_dataset(n, (5, 2), "f8", external=[("/dev/zero", 0, 80)])
    ),
    "nan time": lambda f: f.attrs.__setitem__("time", math.nan),
    "no step": lambda f: f.attrs.__setitem__("size", 0.0),
    "steps before the first": lambda f: f.attrs.__setitem__("steps", -1),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_checkpoints_with_a_right_checksum_and_wrong_content(tmp_path, good, change):
    file = tmp_path / "run.h5"
    content = io.BytesIO(good)
    with h5py.File(content, "a") as data:
        change(data)
    file.write_bytes(checkpoint.seal(content.getvalue()))
    with pytest.raises(DataError, match="delete it to start over"):
        checkpoint.load(file, "x")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices")
def test_devices_are_no_checkpoints(monkeypatch):
    monkeypatch.setattr(checkpoint, "MAX_BYTES", 10_000)
    with pytest.raises(DataError, match="over 10000 bytes"):
        checkpoint.load(Path("/dev/zero"), "x")


# ---- stores

LIST = "temperatures = [500]\ncathodes = ['pc-LCO', 'LiNiO2', 'pc-LMO']\ncoatings = ['LiNbO3']\n"


def fake(candidate, common):
    row = screen.blank_row(candidate, common)
    return row | {"onset": 500.0 + candidate.index, "secondary_wt_percent": [1.0], "driving_force": [-1.0]}


@pytest.fixture(scope="module")
def half(tmp_path_factory):
    """A store with two rows of three, one chunk each, and the text of a journal with the third."""
    plan = candidate_space.parse(LIST)
    common, attributes = screen.setting(plan), screen.attributes(plan, None)
    path = tmp_path_factory.mktemp("half") / "s.zarr"
    with zarr_store.Store.open(path, plan, attributes, ["LiNbO3"], False, 1) as store:
        for index in (0, 1):
            store.keep(index, fake(plan.candidate(index), common))
    line = [["journal", attributes["digest"]], [2, fake(plan.candidate(2), common)]]
    return plan, path, "".join(json.dumps(part) + "\n" for part in line)


@pytest.fixture
def begun(tmp_path, half):
    """A copy of it, with its journal."""
    plan, path, text = half
    shutil.copytree(path, tmp_path / "s.zarr")
    zarr_store.journal_path(tmp_path / "s.zarr").write_text(text)
    return plan, tmp_path / "s.zarr", text


def resumed(plan, path):
    made = []

    def judge(candidate, common):
        made.append(candidate.index)
        return fake(candidate, common)

    screen.screen(plan, path, resume=True, judge=judge)
    with zarr_store.open_store(path) as data:
        assert data["onset"].values.tolist() == [500.0, 501.0, 502.0]
        assert data["done"].values.all()
    return made


def test_a_good_journal_is_used(begun):
    plan, path, _ = begun
    assert resumed(plan, path) == []


@pytest.mark.parametrize(
    "line",
    [
        "3", "[1, 2]", "[-1, {}]", "[[], {}]", '["2", {}]', "[2, {}]", "[2, null]", "[" * 20_000, "[1e400, {}]",
        '[2, {"onset": "x"}]', "\0",
    ],
    ids=range(11),
)  # fmt: skip
def test_lines_of_a_journal_that_are_no_rows_are_computed_again(begun, line):
    plan, path, text = begun
    zarr_store.journal_path(path).write_text(text.split("\n")[0] + "\n" + line + "\n")
    assert resumed(plan, path) == [2]


@pytest.mark.parametrize("more", [{"x": "y"}, {"outcome": "y" * 30_000}], ids=["another key", "a long text"])
def test_rows_of_a_journal_with_more_than_a_row_are_computed_again(begun, more):
    plan, path, text = begun
    head, line = text.splitlines()
    index, row = json.loads(line)
    zarr_store.journal_path(path).write_text(f"{head}\n{json.dumps([index, row | more])}\n")
    assert resumed(plan, path) == [2]


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("done", "shape", [10**12]), ("onset", "shape", [4]), ("cathode", "data_type", "float64"),
        ("gas", "node_type", "group"), ("wt_percent", "codecs", []), ("rank", "dimension_names", None),
        ("family", "shape", [10**9]), ("", "attributes", 7),
    ],
)  # fmt: skip
def test_stores_that_are_not_as_written_are_refused(begun, name, key, value):
    plan, path, _ = begun
    file = path / name / "zarr.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {key: value}))
    for attempt in (lambda: resumed(plan, path), lambda: zarr_store.open_store(path).load()):
        with pytest.raises(SinterfaceError, match=r"s\.zarr.*name another") as caught:
            attempt()
        told(caught.value)


@pytest.mark.parametrize("part", ["done/c/0", "outcome/c/0", "outcome/zarr.json"])
def test_damaged_chunks_are_told(begun, part):
    plan, path, _ = begun
    (path / part).write_bytes(b"\xff\x00spoiled")
    with pytest.raises(DataError, match=r"s\.zarr: .*damaged"):
        resumed(plan, path)
    shutil.rmtree(path)


def test_stores_of_the_old_format_run_no_code(tmp_path):
    """Format 2 of Zarr has chunks of pickles; it is not read at all."""
    trap = tmp_path / "trap"

    class Trap:
        def __reduce__(self):
            return trap.touch, ()

    import pickle

    folder = tmp_path / "s.zarr"
    (folder / "done").mkdir(parents=True)
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    meta = {
        "zarr_format": 2,
        "shape": [1],
        "chunks": [1],
        "dtype": "|O",
        "compressor": None,
        "fill_value": None,
        "order": "C",
    }
    (folder / "done" / ".zarray").write_text(json.dumps(meta | {"filters": [{"id": "pickle"}]}))
    (folder / "done" / "0").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InputError, match="is not a store of a screen"):
        zarr_store.open_store(folder)
    assert not trap.exists()


def test_an_interrupt_in_compiled_code_is_no_failure_of_a_candidate(tmp_path):
    plan = candidate_space.parse(LIST)

    def judge(candidate, common):
        raise SystemError("wrapped") from KeyboardInterrupt()

    with pytest.raises(SystemError):
        screen.screen(plan, tmp_path / "s.zarr", judge=judge)
    with zarr_store.open_store(tmp_path / "s.zarr") as data:
        assert not data["done"].values.any()


@pytest.mark.slow
def test_long_campaign(tmp_path, spoil):
    rng = random.Random(2)
    for _ in range(5_000):
        judge_plan(tmp_path / "plan.toml", spoil(rng, [PLAN]))
        judge_space(tmp_path / "space.toml", spoil(rng, [SPACE]))
