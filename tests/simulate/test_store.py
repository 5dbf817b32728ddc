"""Stores of screens: kill -9, processes and clusters change no number and lose no row; memory stays bounded."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sinterface.models.basics.errors import DataError, InputError, SinterfaceError
from sinterface.simulate.screening import candidate_space, dask_pool, screen, zarr_store

TEXT = """
temperatures = [500]
accuracy = "fast"
cathodes = ["pc-LNMO", "LiNi0.8Mn0.1Co0.1O2"]
coatings = ["LiNbO3"]
"""
GRID = """
temperatures = [500, 700]
[grid]
step = 0.1
lithium_excess = [0.0, 0.02]
"""  # 132 candidates: two whole chunks and a bit

SCRIPT = """
import sys, time
from pathlib import Path
from sinterface.simulate.screening import candidate_space, screen
sys.path.insert(0, {folder!r})
from test_store import GRID, fake

def slow(candidate, common):
    time.sleep(0.004)
    with open({made!r}, "a") as file:
        file.write(f"{{candidate.index}}\\n")
    return fake(candidate, common)

screen.screen(
    candidate_space.parse(GRID), Path({path!r}), resume=True, judge=slow,
    progress=lambda done, total: print(done, flush=True)
)
"""


def fake(candidate, common):
    """A row without a prediction: the index decides all numbers."""
    row = screen.blank_row(candidate, common)
    row["onset"] = 400.0 + candidate.index % 7
    row["wt_percent"][0][1] = 1.0 / (1.0 + candidate.index)
    row["secondary_wt_percent"] = [0.1 * candidate.index] * len(common.temperatures)
    row["driving_force"] = [-1.0] * len(common.temperatures)
    return row


def dies(_):
    raise ValueError("no answer")


def square(number):
    return number * number


def killed(path, made, after):
    """Start the screen in a process, kill it when so many rows are reported; that number."""
    code = SCRIPT.format(folder=str(Path(__file__).parent), made=str(made), path=str(path))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run:
        done = 0
        while done < after:
            done = int(run.stdout.readline())
        os.kill(run.pid, signal.SIGKILL)
        done = max([done, *map(int, run.stdout.read().split("\n")[:-1])])
    assert run.returncode == -signal.SIGKILL
    return done


def test_kill_9_loses_and_repeats_nothing(tmp_path):
    path, made = tmp_path / "s.zarr", tmp_path / "made"
    plan = candidate_space.parse(GRID)
    reported = 0
    for after in (10, 70):  # in the first chunk, then after it was folded into the arrays
        reported = killed(path, made, after)
    again = []

    def judge(candidate, common):
        again.append(candidate.index)
        return fake(candidate, common)

    done = screen.screen(plan, path, resume=True, judge=judge)
    assert done.before >= reported, "a row that was reported was lost"
    indices = list(map(int, made.read_text().split())) + again
    assert set(indices) == set(range(len(plan)))
    assert len(indices) - len(plan) <= 2, "only what was under way at the two kills is done again"
    whole = tmp_path / "whole.zarr"
    screen.screen(plan, whole, judge=fake)
    with zarr_store.open_store(path) as store, zarr_store.open_store(whole) as other:
        assert store.load().identical(other.load())
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(("s.zarr.", "."))] == []


def test_rows_of_a_torn_journal_are_kept(tmp_path):
    path, plan = tmp_path / "s.zarr", candidate_space.parse(GRID)
    common = screen.setting(plan)
    attributes = screen.attributes(plan, None)
    torn = tmp_path / "torn.zarr"
    with zarr_store.Store.open(path, plan, attributes, [], False) as store:
        for index in (0, 100):
            store.keep(index, fake(plan.candidate(index), common))
        with pytest.raises(InputError, match="another run"):
            zarr_store.Store.open(path, plan, attributes, [], True)
        shutil.copytree(path, torn)
        written = zarr_store.journal_path(path).read_text()
    zarr_store.journal_path(torn).write_text(written + '[7, {"onset": 4')  # the power went
    with zarr_store.Store.open(torn, plan, attributes, [], True) as again:
        assert again.count == 2
        assert [index for index in range(len(plan)) if again.has(index)] == [0, 100]


def test_ranks_follow_onset_then_amount(tmp_path):
    plan = candidate_space.parse(GRID)
    screen.screen(plan, tmp_path / "s.zarr", judge=fake)
    with zarr_store.open_store(tmp_path / "s.zarr") as data:
        order = np.argsort(data["rank"].values)
        assert sorted(data["rank"].values) == list(range(1, len(plan) + 1))
        assert order[:3].tolist() == [6, 13, 20]
        assert data["done"].values.all()
        assert float(data["composition"].sel(element="Ni")[0]) == 0.0


def test_xarray_opens_a_store_of_either_age_without_a_warning(tmp_path):
    import xarray as xr

    plan = candidate_space.parse(GRID)
    common, attributes = screen.setting(plan), screen.attributes(plan, None)
    with zarr_store.Store.open(tmp_path / "s.zarr", plan, attributes, [], False) as store:
        store.keep(3, fake(plan.candidate(3), common))
    with xr.open_zarr(tmp_path / "s.zarr") as early:  # warnings are errors here
        assert early["done"].values.sum() == 1
    screen.screen(plan, tmp_path / "s.zarr", resume=True, judge=fake)
    with xr.open_zarr(tmp_path / "s.zarr") as data, zarr_store.open_store(tmp_path / "s.zarr") as same:
        assert data.load().identical(same.load())
        assert data["rank"].values.max() == len(plan)


def test_two_processes_and_a_cluster_give_the_same_numbers(tmp_path):
    from distributed import LocalCluster

    plan = candidate_space.parse(TEXT)
    screen.screen(plan, tmp_path / "result.zarr")
    screen.screen(plan, tmp_path / "two.zarr", workers=2)
    with LocalCluster(n_workers=1, processes=False, protocol="tcp://", dashboard_address=None) as cluster:
        screen.screen(plan, tmp_path / "far.zarr", scheduler=cluster.scheduler_address)
    with zarr_store.open_store(tmp_path / "result.zarr") as store:
        assert float(store["driving_force"].min()) < -1.0
        for name in ("two", "far"):
            with zarr_store.open_store(tmp_path / f"{name}.zarr") as other:
                assert store.load().identical(other.load())


def test_jobs_are_taken_only_when_there_is_room():
    taken = []

    def jobs():
        for number in range(50):
            taken.append(number)
            yield number, number

    for number, answer, reason in dask_pool.scattered(square, jobs()):
        assert (answer, reason) == (number * number, "")
        assert len(taken) == number + 1
    assert next(dask_pool.scattered(dies, jobs())) == (0, None, "ValueError: no answer")


def test_no_cluster_is_told(monkeypatch):
    monkeypatch.setattr(dask_pool, "PATIENCE", 0.5)
    with pytest.raises(InputError, match="dask scheduler"):
        next(dask_pool.scattered(square, iter([(0, 1)]), scheduler="tcp://127.0.0.1:1"))


# ---- stores of strangers, read with 1 GB of memory and 5 s of processor time

OPEN = "from sinterface.simulate.screening.zarr_store import open_store"


def frame(content):
    from numcodecs.zstd import Zstd

    return bytes(Zstd().encode(content))


def edited(path, **changes):
    """Metadata of an array with other values, in its own file and in the consolidated ones."""
    data = json.loads(path.read_text())
    path.write_text(json.dumps(data | changes))


BOMB = b"\x28\xb5\x2f\xfd\xe0" + (2**33).to_bytes(8, "little") + b"\x03\x00\x00"
HOSTILE = {
    "texts": ("cathode/c/0", lambda: frame((250_000_000).to_bytes(4, "little") + bytes(24))),
    "texts-short": ("cathode/c/0", lambda: frame((3).to_bytes(4, "little") + bytes(24))),
    "declared": ("onset/c/0", lambda: BOMB),
    "declared-texts": ("gas/c/0", lambda: BOMB),
    "zeros": ("onset/c/0", lambda: frame(bytes(300_000_000))),
    "undeclared": ("onset/c/0", lambda: b"\x28\xb5\x2f\xfd\x00\x58\x01\x00\x00"),
    "long": ("onset/c/0", lambda: bytes(50_000_000)),
    "no-frame": ("onset/c/0", lambda: b"x" * 100),
    "empty": ("onset/c/0", lambda: b""),
    "metadata": ("onset/zarr.json", lambda: b" " * 60_000_000),
    "nested": ("zarr.json", lambda: b"[" * 4_000_000),
}


@pytest.fixture(scope="module")
def good_store(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "s.zarr"
    screen.screen(candidate_space.parse(GRID), path, judge=fake)
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="resource limits")
@pytest.mark.parametrize("name", HOSTILE)
def test_chunks_of_a_stranger_are_not_unpacked_beyond_their_size(good_store, tmp_path, name, judged):
    path = shutil.copytree(good_store, tmp_path / "s.zarr")
    key, content = HOSTILE[name]
    (path / key).write_bytes(content())
    told = judged(OPEN, "open_store(path).load()", path)
    assert told.startswith(("InputError", "DataError")) and "s.zarr" in told


@pytest.mark.skipif(sys.platform != "linux", reason="resource limits")
def test_a_good_store_is_read_within_the_limits(good_store, judged):
    assert judged(OPEN, "open_store(path).load()", good_store) == "read"


@pytest.mark.parametrize(("name", "changes"), [
    ("cathode", {"codecs": [{"name": "vlen-utf8"}, {"name": "gzip", "configuration": {"level": 1}}]}),
    ("cathode", {"codecs": [{"name": "vlen-utf8"}]}),
    ("onset", {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [60_000_000]}}}),
    ("gas", {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2_000]}}}),
    ("onset", {"shape": [10**12]}),
    ("onset", {"data_type": "complex128", "fill_value": [0.0, 0.0]}),
])  # fmt: skip
def test_metadata_of_a_stranger_is_judged(good_store, tmp_path, name, changes):
    path = shutil.copytree(good_store, tmp_path / "s.zarr")
    edited(path / name / "zarr.json", **changes)
    with pytest.raises(SinterfaceError, match=r"s\.zarr"):
        zarr_store.open_store(path)


def test_arrays_that_no_screen_writes_are_refused(good_store, tmp_path):
    path = shutil.copytree(good_store, tmp_path / "s.zarr")
    shutil.copytree(path / "onset", path / "more")
    with pytest.raises(DataError, match="'more', which no screen writes"):
        zarr_store.open_store(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes")
def test_a_pipe_as_a_chunk_is_refused(good_store, tmp_path, judged):
    path = shutil.copytree(good_store, tmp_path / "s.zarr")
    (path / "onset/c/0").unlink()
    (path / "onset/c/0").symlink_to("/dev/zero")
    told = judged(OPEN, "open_store(path).load()", path)
    assert told.startswith("DataError") and "is no file" in told


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_791, 65_792, 1_000_000])
def test_sizes_of_frames_are_read_as_they_were_written(size):
    from sinterface.simulate.screening.bounded_store import frame_size

    assert frame_size(frame(os.urandom(size))) == size


FULL = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_store import GRID, fake
from sinterface.models.basics.errors import SinterfaceError
from sinterface.simulate.screening import candidate_space, screen
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.dont_write_bytecode = True  # what fits of a .pyc would be kept, and all later programs trip over it
space, path = candidate_space.parse(GRID), Path(sys.argv[2])
for most in (*map(int, sys.argv[3:]), -1):
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, -1))
    try:
        screen.screen(space, path, judge=fake, resume=True)
    except SinterfaceError as error:
        print(str(error).replace(str(path), "STORE"))
    else:
        print("whole")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits")
@pytest.mark.parametrize("limits", [(50,), (5000, 7000), (16_000, 20_000, 24_000)])
def test_a_disk_that_is_full_at_any_moment_is_a_line(tmp_path, limits):
    """In making the store, in the journal, in ranking: no traceback, no lock left, no word of zarr's own."""
    folder = str(Path(__file__).parent)
    path = tmp_path / "s.zarr"
    command = [sys.executable, "-c", FULL, folder, str(path), *map(str, limits)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    *lines, last = done.stdout.splitlines()
    assert last == "whole"
    assert all(line.startswith("STORE: can not be ") and "File too large" in line for line in lines)
    assert len(lines) == len(limits)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["s.zarr"]
