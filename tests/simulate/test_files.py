"""Files, locks, streams, workers and compiled code where disks are full, powers are cut and nothing can be written."""

import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from sinterface.models.basics.errors import InputError
from sinterface.simulate.files import hdf5_probe, output, streams, workers
from sinterface.simulate.files.locks import Lock, alone

POSIX = pytest.mark.skipif(os.name == "nt", reason="modes, links and signals")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="resource limits")


def python(code, *arguments, **options):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **options)


# ---- whole files


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666])
def test_a_file_keeps_its_mode(tmp_path, mode):
    path = tmp_path / "x.json"
    path.write_text("old")
    path.chmod(mode)
    output.write_text(path, "new")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", mode)


@POSIX
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        output.write_text(tmp_path / "x.json", "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.json").stat().st_mode) == mode


@POSIX
def test_while_it_is_written_a_private_file_is_private(tmp_path):
    path, seen = tmp_path / "x", []
    path.write_text("old")
    path.chmod(0o600)
    output.write_whole(path, lambda name: (name.write_text("new"), seen.append(stat.S_IMODE(name.stat().st_mode))))
    assert seen == [0o600]


@POSIX
def test_links_stay_links(tmp_path):
    (tmp_path / "far").mkdir()
    target, link, second = tmp_path / "far/x.json", tmp_path / "link", tmp_path / "second"
    target.write_text("old")
    link.symlink_to("far/x.json")
    second.symlink_to(link)
    output.write_text(second, "new")
    assert link.is_symlink() and second.is_symlink() and target.read_text() == "new"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["far", "link", "second", "x.json"]
    dangling = tmp_path / "dangling"
    dangling.symlink_to("far/fresh")
    output.write_text(dangling, "new")
    assert dangling.is_symlink() and (tmp_path / "far/fresh").read_text() == "new"
    circle = tmp_path / "circle"
    circle.symlink_to("circle")
    lost = tmp_path / "lost"
    lost.symlink_to("nowhere/x")
    for path in (circle, lost):
        with pytest.raises(InputError, match=path.name):
            output.write_text(path, "new")
        assert path.is_symlink()


def test_content_is_on_the_disk_before_the_name_changes(tmp_path, monkeypatch):
    done = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append(os.fstat(handle).st_size), sync(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda self, other: (done.append("renamed"), replace(self, other))[1])
    output.write_text(tmp_path / "x", "twelve bytes")
    assert done[:2] == [12, "renamed"]
    assert len(done) == 3 or os.name == "nt", "then the folder"


@POSIX
def test_a_failed_write_leaves_everything_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_text("old")

    def refuse(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(InputError, match=r"x: can not be written: No space left on device; make room"):
        output.write_text(path, "new")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    with pytest.raises(ZeroDivisionError):
        output.write_whole(path, lambda name: 1 / 0)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


FULL = """
import gc, resource, signal, sys
from pathlib import Path
from matplotlib.figure import Figure
import numpy as np, xarray as xr
from sinterface.models.basics.errors import InputError
from sinterface.simulate.files import output
folder, most = Path(sys.argv[1]), int(sys.argv[2])
figure = Figure()
figure.subplots().plot([0, 1])
data = xr.Dataset({"a": ("x", np.arange(4.0))})
sys.dont_write_bytecode = True  # Python keeps what it could write of a .pyc, and all later programs trip over it
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
writers = {
    "x.txt": lambda path: output.write_text(path, "x" * 100_000), "x.nc": lambda path: output.write_dataset(path, data),
    **{f"x.{kind}": lambda path: output.write_figure(path, figure) for kind in ("pdf", "png", "svg")},
    **{f"y.{kind}": lambda path: output.write_whole(path, figure.savefig) for kind in ("pdf", "png", "svg")},
}
for name, write in writers.items():
    (folder / name).write_text("old")
    try:
        write(folder / name)
        print(name, (folder / name).read_bytes()[:3] == b"old" and "UNCHANGED")
    except InputError as error:
        print(name, str(error).replace(str(folder), "PLACE"), (folder / name).read_text())
gc.collect()  # since Python 3.13 it prints what goes wrong while the remains of an error are taken away
"""


@LINUX
@pytest.mark.parametrize("most", [100, 3000, 4097])
def test_a_disk_that_fills_up_leaves_the_old_file_and_is_named(tmp_path, most):
    """No file may grow beyond ``most`` bytes: what a full disk does to each kind of writer, PDF included."""
    done = python(FULL, tmp_path, most)
    assert (done.returncode, done.stderr) == (0, "")
    told = done.stdout.splitlines()
    assert len(told) == 8
    for line in told:
        name = line.split()[0]
        wanted = f"output PLACE/{name}: can not be written: File too large; make room or choose another place old"
        assert line == f"{name} {wanted}"
    assert len(list(tmp_path.iterdir())) == 8


# ---- locks

HOLD = """
import sys, time
from pathlib import Path
from sinterface.simulate.files.locks import Lock
lock = Lock(Path(sys.argv[1]), "checkpoint")
print("held", flush=True)
time.sleep(60)
"""


@POSIX
def test_one_process_at_a_time_and_a_killed_one_lets_go(tmp_path):
    path = tmp_path / "run.h5"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=r"checkpoint .*run\.h5: another run writes to it"):
            Lock(path, "checkpoint")
        other.kill()
    with Lock(path, "checkpoint") as lock:
        assert lock.held
        output.write_text(path, "a file that is replaced keeps its lock")
        with pytest.raises(InputError, match="another run"), alone(path, "checkpoint"):
            pass
    with alone(path, "checkpoint"), alone(None, "checkpoint"):
        pass
    assert list(tmp_path.iterdir()) == [path], "nothing is left beside it"


@POSIX
def test_folders_links_and_places_without_locks(tmp_path):
    store, link = tmp_path / "s.zarr", tmp_path / "link"
    store.mkdir()
    link.symlink_to(store)
    with Lock(store, "store"):
        assert list(tmp_path.rglob("*lock*")) == []
        with pytest.raises(InputError, match="another run"):
            Lock(link, "store")
    lock = Lock(tmp_path / "nowhere/run.h5", "checkpoint")
    assert not lock.held
    lock.release()


@POSIX
def test_many_that_want_one_lock_get_it_one_after_the_other(tmp_path):
    """Threads that take, write and release it: never two inside, whoever removes the file of the lock."""
    from concurrent.futures import ThreadPoolExecutor

    path, inside, most = tmp_path / "run.h5", [], []

    def once(_):
        entered = 0
        for _ in range(200):
            try:
                with Lock(path, "checkpoint"):
                    inside.append(1)
                    most.append(len(inside))
                    inside.pop()
                    entered += 1
            except InputError:
                pass
        return entered

    with ThreadPoolExecutor(4) as pool:
        entered = sum(pool.map(once, range(4)))
    assert entered == len(most) and max(most) == 1
    assert list(tmp_path.iterdir()) == []


# ---- streams, compiled code, worker processes


def test_characters_that_a_terminal_does_not_have_are_replaced():
    code = "from sinterface.simulate.files.streams import forgiving_streams as f\n{}print('\\u2026 \\u00b0C')"
    spare = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "PYTHONIO"))}
    poor = spare | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = python(code.format("f()\n"), env=poor)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "? ?C", "")
    if os.name != "nt":
        assert "UnicodeEncodeError" in python(code.format(""), env=poor).stderr, "or this test can not fail"


def test_closed_and_replaced_streams_are_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    streams.forgiving_streams()


COMPILED = """
import sys
from sinterface.models.basics import compiling
compiling.has_place = lambda: False
compiling.prepare()
import numba as nb
sys.path.insert(0, sys.argv[1])
import mine
print(mine.twice(4), mine.twice(5))
"""
MODULE = "import numba as nb\n@nb.njit(cache=True)\ndef twice(x):\n    return 2 * x\n"


def test_without_a_place_code_is_compiled_in_memory_and_one_line_says_so(tmp_path):
    (tmp_path / "mine.py").write_text(MODULE)
    done = python(COMPILED, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["8", "10"]
    assert done.stderr.count("\n") == 1 and "set NUMBA_CACHE_DIR" in done.stderr
    assert not list(tmp_path.rglob("*.nbi"))


ANNOUNCED = """
import sys
from sinterface.models.basics import compiling
compiling.has_place = lambda: True
compiling.announce()
compiling.announce()
import numba as nb
def twice(x):
    return 2 * x
twice.__module__ = sys.argv[1]
compiled = nb.njit(twice)
print(compiled(4), compiled(4.0))
"""


def test_compiling_is_told_once_and_that_of_other_packages_is_not():
    ours, theirs = python(ANNOUNCED, "sinterface.mine"), python(ANNOUNCED, "mine")
    assert ours.stdout.split() == theirs.stdout.split() == ["8", "8.0"]
    assert ours.stderr.count("\n") == 1 and "code is compiled" in ours.stderr
    assert theirs.stderr == ""


def test_what_an_image_was_built_with_is_used(tmp_path):
    (tmp_path / "mine.py").write_text(MODULE)
    python("import sys; sys.path.insert(0, sys.argv[1]); import mine; mine.twice(4)", tmp_path)
    kept = {path.name: path.read_bytes() for path in tmp_path.rglob("*.nb*")}
    assert len(kept) == 2
    done = python(COMPILED, tmp_path)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["8", "10"], "")
    assert {path.name: path.read_bytes() for path in tmp_path.rglob("*.nb*")} == kept


@POSIX
@pytest.mark.parametrize(("variables", "wanted"), [
    ({"NUMBA_CACHE_DIR": "{}/new/cache"}, True), ({"XDG_CACHE_HOME": "{}"}, True),
    ({"XDG_CACHE_HOME": "/proc/x"}, False), ({"HOME": "/proc/none"}, False),
])  # fmt: skip
def test_places_for_compiled_code(tmp_path, monkeypatch, variables, wanted):
    from sinterface.models.basics import compiling

    monkeypatch.setattr(compiling, "SOURCES", (Path("/proc/sources"),))
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    assert compiling.has_place() is wanted
    assert list(tmp_path.iterdir()) == [], "asking makes no folder"


def test_without_shared_memory_one_process_does_the_work(monkeypatch, caplog):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(workers, "ProcessPoolExecutor", refuse)
    with workers.workers(2) as pool:
        assert [job.result() for job in [pool.submit(abs, -n) for n in range(5)]] == list(range(5))
    assert [record.getMessage() for record in caplog.records] == [workers.ALONE.format("Read-only file system")]


SLOW = """
import time
from sinterface.simulate.files.workers import carry_out

def slow(name, steps, progress):
    for step in range(steps):
        progress(step / steps)
        time.sleep(0.1)
    return name

def bad(name, progress):
    progress(0.5)
    raise ValueError(name)

if __name__ == "__main__":
    told = []
    print(carry_out(slow, [("a", 30), ("b", 1), ("c", 30)], 2, sizes=[3, 1, 2], progress=told.append))
    print(told == sorted(told), told[-1], len({share for share in told if 1 / 6 < share < 1}) > 5)
    for count in (1, 2):
        handed = []
        carry_out(slow, [("a", 4), ("b", 1), ("c", 9)], count, progress=told.append,
                  each=lambda number, made: handed.append((number, made, told[-1] < 1.0)))
        print(handed)
    try:
        carry_out(bad, [("no such furnace",), ("nor this",)], 2, progress=told.append)
    except ValueError as error:
        print(error)
"""


def test_workers_tell_how_far_they_are_while_they_work(tmp_path):
    """A sweep hands each worker several temperatures at once: a bar that waits for whole hands would not move."""
    (tmp_path / "job.py").write_text(SLOW)
    done = subprocess.run([sys.executable, str(tmp_path / "job.py")], capture_output=True, text=True, check=True)
    names, told, alone, both, fault = done.stdout.splitlines()
    assert names == "['a', 'b', 'c']"
    assert told == "True 1.0 True"
    assert alone == both == "[(0, 'a', True), (1, 'b', True), (2, 'c', False)]"  # in order, before all is done
    assert fault in ("no such furnace", "nor this")


def test_without_shared_memory_a_job_tells_how_far_it_is(monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    def slow(name, progress):
        progress(0.25)
        time.sleep(0.1)
        return name

    monkeypatch.setattr(workers, "ProcessPoolExecutor", refuse)
    monkeypatch.setattr(workers, "OFTEN", 0.005)
    told = []
    assert workers.carry_out(slow, [("a",), ("b",)], 2, progress=told.append) == ["a", "b"]
    assert {0.125, 0.625, 1.0} <= set(told)


LOADED = """
import sys
from sinterface.simulate.files.workers import unheard, workers
from sinterface.simulate.studies import sweep

def loaded(task):
    import xarray
    xarray.Dataset({"wt_percent": ("phase", [1.0])}).isel(phase=0)
    return [name for name in ("dask", "distributed", "matplotlib") if sys.modules.get(name)]

if __name__ == "__main__":
    with workers(1) as pool:
        with unheard():
            job = pool.submit(loaded, None)
        print(job.result())
"""


def test_a_worker_loads_nothing_that_no_job_needs(tmp_path):
    """xarray imports Dask where it is installed: 0.4 s of a processor for each worker of each sweep."""
    (tmp_path / "job.py").write_text(LOADED)
    told = subprocess.run([sys.executable, str(tmp_path / "job.py")], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"


JOBS = """
import sys, time
from sinterface.simulate.files.workers import unheard, workers
if __name__ == "__main__":
    with workers(2) as pool:
        with unheard():
            jobs = [pool.submit(time.sleep, 60) for _ in range(4)]
        print("started", flush=True)
        jobs[0].result()
"""


def gone(group):
    """True when no process of a group is left, after a minute at most: those that are starting up notice late."""
    for _ in range(600):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@POSIX
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_pool_says_nothing_and_leaves_nothing(tmp_path, number):
    """The tracker of Python's shared memory outlives it and used to print "leaked semaphore objects"."""
    (tmp_path / "job.py").write_text(JOBS)
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "job.py")], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout.readline() == "started\n"
        time.sleep(0.5)
        process.send_signal(number)
        _, told = process.communicate(timeout=30)  # ends when the last process of the group has closed the pipe
    finally:
        left = not gone(process.pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert not left
    assert told == ""


STARTING = """
import os, signal, sys
from sinterface.simulate.files.workers import unheard
before = signal.getsignal(signal.SIGTERM)
with unheard():
    os.kill(os.getpid(), int(sys.argv[1]))
    print("workers are made", flush=True)
print("goes on", signal.getsignal(signal.SIGTERM) is before, flush=True)
"""


@POSIX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_kill_waits_until_workers_are_made(number):
    done = python(STARTING, int(number))
    assert (done.returncode, done.stdout, done.stderr) == (-number, "workers are made\n", "")
    assert python(STARTING, 0).stdout == "workers are made\ngoes on True\n"


# ---- NetCDF and HDF5 files of strangers


def netcdf(path):
    xr.Dataset({"a": ("x", np.arange(4.0)), "name": ("x", list("abcd"))}, attrs={"t": "x"}).to_netcdf(
        path, engine="h5netcdf"
    )


def wide(file):
    file.create_dataset("a", shape=(10_000_000,), dtype="S1000", chunks=(1000,), compression="gzip")


def piece(file):
    file.create_dataset("a", shape=(10,), maxshape=(None,), dtype="S100", chunks=(10_000_000,), compression="gzip")


def bomb(file):
    file.create_dataset("a", data=np.zeros(40_000_000, dtype="u1"), chunks=(40_000_000,), compression="gzip")


def outside(file):
    file.create_dataset("a", shape=(1000,), dtype="u1", external=[("/etc/passwd", 0, 1000)])


def virtual(file):
    layout = h5py.VirtualLayout(shape=(100,), dtype="f8")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "a", shape=(100,))
    file.create_virtual_dataset("a", layout)


@pytest.mark.parametrize(("make", "told"), [
    (wide, "takes 10000000 values of 1000 bytes"), (piece, "has pieces of 1000000000 bytes"),
    (bomb, "takes 40000000 values"), (outside, "stands in other files"), (virtual, "stands in other files"),
], ids=lambda value: getattr(value, "__name__", ""))  # fmt: skip
def test_hdf5_of_a_stranger_is_refused_before_it_is_unpacked(tmp_path, make, told):
    with h5py.File(tmp_path / "x.nc", "w") as file:
        make(file)
    began = sum(os.times()[:4])  # of the processor, that of the probing process with it
    assert told in hdf5_probe.fault(tmp_path / "x.nc", 20_000_000)
    assert sum(os.times()[:4]) - began < 10.0


def test_attributes_are_bounded(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "x.nc", "w") as file:
        file.attrs["long"] = np.zeros(6000)
    assert hdf5_probe.fault(tmp_path / "x.nc", 10) == ""
    monkeypatch.setattr(hdf5_probe, "MOST_ATTRIBUTE", 40_000)
    assert hdf5_probe.fault(tmp_path / "x.nc", 10) == "/.long takes 48000 bytes"


@LINUX
def test_what_needs_more_memory_than_there_is_is_refused(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "x.nc", "w") as file:
        file.create_dataset("a", data=np.zeros(10_000_000), chunks=(10_000_000,), compression="gzip")
    assert hdf5_probe.fault(tmp_path / "x.nc", 20_000_000) == ""
    monkeypatch.setattr(hdf5_probe, "MEMORY", 50_000_000)
    assert hdf5_probe.fault(tmp_path / "x.nc", 20_000_000) != ""


def test_good_netcdf_is_read(tmp_path):
    netcdf(tmp_path / "x.nc")
    assert hdf5_probe.fault(tmp_path / "x.nc", 20_000_000) == ""
    (tmp_path / "y.nc").write_bytes((tmp_path / "x.nc").read_bytes()[:1000])
    assert hdf5_probe.fault(tmp_path / "y.nc", 20_000_000) != ""


IN_THE_COMPILER = """
import os, signal, time
from sinterface.simulate.cli.terminal import hear_interrupts
{before}
hear_interrupts()
loaded = {{"os": os}}
exec(compile("def load():\\n    os.kill(os.getpid(), 2)\\n    return 1", "/lib/llvmlite/engine.py", "exec"), loaded)
assert loaded["load"]() == 1
try:
    time.sleep(1.0)
except KeyboardInterrupt:
    print("heard")
"""


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(("set_to", "told"), [("default_int_handler", "heard\n"), ("SIG_IGN", "")])
def test_ctrl_c_while_code_is_loaded_is_heard_later(set_to, told):
    """Compilers swallow what is raised in their callbacks; where Ctrl-C is ignored it stays so."""
    text = IN_THE_COMPILER.format(before=f"signal.signal(signal.SIGINT, signal.{set_to})")
    ran = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, told, "")


IN_COMPILED_CODE = """
import signal
import sinterface as si

def ring(number, frame):
    raise KeyboardInterrupt

task = si.problem("pc-LNMO", schedule="10 °C/min to 600 °C; hold 1 h", cells=60)
si.predict(task, estimate_error=False)  # all code is loaded
signal.signal(signal.SIGALRM, ring)
heard = 0
for trial in range(20):
    signal.setitimer(signal.ITIMER_REAL, 0.05 + 0.01 * trial)
    try:
        si.predict(task, estimate_error=False)
    except KeyboardInterrupt:
        heard += 1
print(heard)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_while_compiled_code_runs_is_heard_when_it_returns():
    """In notebooks too, where nothing puts it off: what compiled code returns must not need Python to be made."""
    ran = subprocess.run([sys.executable, "-c", IN_COMPILED_CODE], capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stdout) == (0, "20\n")
