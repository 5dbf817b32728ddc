"""`make torture`: kills, full disks, spoiled files, hostile servers, two of everything, places that are read-only.

All of it within the memory of a small machine.  TORTURE is the share of the repetitions that is done, a tenth where
nothing is said, as in ``make test``, and TORTURE_SEED the seed of what is drawn.  What came of each kind goes to
output/torture.json, from which ``python docs/reliability_figures.py`` makes the table of docs/reliability.md.
"""

import contextlib
import itertools
import json
import os
import random
import runpy
import shutil
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="limits, mounts and signals")]

SHARE = float(os.environ.get("TORTURE", "0.1"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))
HERE = Path(__file__).parent
FIGURES = HERE.parents[1] / "output/torture.json"
STORE = runpy.run_path(str(HERE / "test_store.py"))
LIMITED = runpy.run_path(str(HERE / "limited.py"))["limited"]
ROOT = hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("unshare") is not None

WHOLE = not os.environ.get("PYTEST_XDIST_WORKER")
"""All kinds are done by one process, which then writes their figures."""


def times(whole):
    """Repetitions of a kind, at least one."""
    return max(1, round(whole * SHARE))


def drawn(test):
    """A test that can not be shortened: a tenth of the suite does it for a tenth of the seeds."""
    wanted = random.Random(f"{SEED}:{test.__name__}").random() < SHARE
    return pytest.mark.skipif(not wanted, reason=f"not in this share ({SHARE:g}) for the seed {SEED}")(test)


@pytest.fixture(scope="module")
def figures():
    """Takes (what, times, outcome) of each kind and keeps it, beside those of earlier runs of this share and seed."""
    about = {"share": SHARE, "seed": SEED}
    kinds, began = {}, [sum(os.times()[:4])]
    if FIGURES.exists():
        before = json.loads(FIGURES.read_text(encoding="utf-8"))
        if about.items() <= before.items():
            kinds = {kind["what"]: kind for kind in before["kinds"]}

    def note(what, count, outcome):
        now = sum(os.times()[:4])  # of this process and of those that it has waited for
        kinds[what] = {"what": what, "times": count, "outcome": outcome, "cpu": now - began[0]}
        began[0] = now
        if WHOLE:
            FIGURES.parent.mkdir(exist_ok=True)
            document = about | {"date": time.strftime("%Y-%m-%d"), "kinds": list(kinds.values())}
            FIGURES.write_text(json.dumps(document, indent=1), encoding="utf-8")

    return note


@pytest.fixture
def rng():
    return random.Random(SEED)


def content(path):
    from sinterface.simulate.screening.zarr_store import open_store

    with open_store(path) as data:
        return data.load()


# ---- kills


def test_screens_killed_at_any_moment(figures, rng, tmp_path):
    """kill -9 after a random time, again and again: bit for bit what an undisturbed screen writes."""
    from sinterface.simulate.screening import candidate_space, screen

    plan = candidate_space.parse(STORE["GRID"])
    whole = tmp_path / "whole.zarr"
    screen.screen(plan, whole, judge=STORE["fake"])
    rounds, kills, repeated = times(8), 0, 0
    for number in range(rounds):
        path, made = tmp_path / f"{number}.zarr", tmp_path / f"{number}.made"
        reported = 0
        for _ in range(4):
            code = STORE["SCRIPT"].format(folder=str(HERE), made=str(made), path=str(path))
            with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as run:
                run.stdout.readline()
                time.sleep(rng.uniform(0.0, 0.4))
                run.kill()
                told = [int(line) for line in run.stdout.read().split("\n")[:-1] if line]
            reported = max([reported, *told])
            kills += 1
        done = screen.screen(plan, path, resume=True, judge=STORE["fake"])
        assert done.before >= reported, "a row that was reported was lost"
        again = made.read_text().split()
        repeated += len(again) - len(set(again))
        assert content(path).identical(content(whole))
        assert not [file for file in tmp_path.iterdir() if file.name.startswith((f"{number}.zarr.", f".{number}"))]
    assert repeated <= kills, "more than what was under way is done again"
    figures("kill -9 of a screen at a random moment", kills, f"no row lost, bits equal, {repeated} rows made twice")


# ---- full disks

FILLING = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_store import GRID, fake
from sinterface.models.basics.errors import SinterfaceError
from sinterface.simulate.screening import candidate_space, screen
try:
    screen.screen(candidate_space.parse(GRID), Path(sys.argv[2]) / "s.zarr", judge=fake, resume=True)
except SinterfaceError as error:
    print(error)
else:
    print("whole")
"""
DISK = """
set -e
mount -t tmpfs -o size=$1k,nr_inodes=2000 none "$2"
"$3" -c "$4" "$5" "$2"
mount -o remount,size=50m "$2"
"$3" -c "$4" "$5" "$2"
cp -r "$2/s.zarr" "$6"
umount "$2"
"""


@pytest.mark.skipif(not ROOT, reason="needs root for its mounts")
def test_screens_on_full_disks(figures, rng, tmp_path):
    """A disk of a random size: one line, and with more room the same bits as ever."""
    from sinterface.simulate.screening import candidate_space, screen

    whole = tmp_path / "whole.zarr"
    screen.screen(candidate_space.parse(STORE["GRID"]), whole, judge=STORE["fake"])
    count, full = times(20), 0
    for number in range(count):
        place = tmp_path / f"disk{number}"
        place.mkdir()
        size = rng.choice([4, rng.randrange(8, 140), rng.randrange(140, 400), rng.randrange(140, 700)])
        arguments = [str(size), str(place), sys.executable, FILLING, str(HERE), str(tmp_path / f"{number}.zarr")]
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", DISK, "sh", *arguments], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        first, second = done.stdout.splitlines()
        assert first == "whole" or "No space left on device" in first
        assert first == "whole" or str(place) in first, "the line names the place"
        assert second == "whole"
        full += first != "whole"
        assert content(tmp_path / f"{number}.zarr").identical(content(whole))
    figures("screen on a disk of 4 to 700 kB", count, f"{full} times full: one line; then whole with more room")


def test_files_on_full_disks(figures, rng, tmp_path):
    """Text, NetCDF, PNG, PDF, SVG cut off at a random length: the old file, or the new one whole."""
    code = runpy.run_path(str(HERE / "test_files.py"))["FULL"]
    count, kept = times(20), 0
    for number in range(count):
        folder = tmp_path / str(number)
        folder.mkdir()
        most = round(10 ** rng.uniform(1.0, 4.5))
        done = subprocess.run(
            [sys.executable, "-c", code, str(folder), str(most)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
        for line in done.stdout.splitlines():
            assert line.endswith((" old", " False")), line  # False: it fitted
            kept += line.endswith(" old")
        assert len(list(folder.iterdir())) == 8
    figures("text, NetCDF, PNG, PDF and SVG on a full disk", 8 * count, f"{kept} times full: the old file, one line")


# ---- spoiled files, judged in one process of 1 GB

JUDGES = """
import json, time, tomllib, warnings
from sinterface.models.basics.errors import SinterfaceError
kind, slow = sys.argv[1], 0.0
read, lines = 0, set()
for path in sorted(Path(sys.argv[2]).iterdir()):
    began = time.process_time()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            judge(path)
        read += 1
    except SinterfaceError as error:
        line = str(error)
        assert "\\n" not in line and line.isprintable() and len(line) < 1500, repr(line)
        lines.add(line.replace(str(path), "").replace(path.name, "")[:40])
    except MemoryError:
        raise SystemExit(f"{path}: more memory than allowed")
    slow = max(slow, time.process_time() - began)
print(json.dumps({"read": read, "slow": slow, "lines": len(lines), "told": sorted(lines)[:40]}))
"""
READERS = {
    "phases": "from sinterface.models.evidence.external_phases import load as judge",
    "space": "from sinterface.simulate.screening.candidate_space import read as judge",
    "pool": (
        "from sinterface.validation.judging.pool_file import read_pool\n"
        "def judge(path):\n    read_pool(path.read_bytes().decode('utf-8', 'replace'))"
    ),
    "store": (
        "from sinterface.simulate.screening.zarr_store import open_store\n"
        "def judge(path):\n"
        "    from sinterface.simulate.screening.zarr_store import reading\n"
        "    with reading(path):\n        open_store(path).load()"
    ),
}


def judged(kind, folder, seconds):
    """What came of all spoiled files of a folder."""
    imports = READERS[kind] + "\nimport warnings"
    done = LIMITED(imports, JUDGES, kind, folder, seconds=seconds)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return json.loads(done.stdout)


def good_phases():
    snapshot = [
        {
            "material_id": f"mp-{number}", "formula": formula, "energy_eV_atom": -1.5, "theoretical": False,
            "energy_above_hull_eV_atom": 0.0, "space_group": "Fm-3m", "density_g_cm3": 4.5, "volume_A3_per_atom": 10.0,
        }
        for number, formula in enumerate(["Li2O", "NiO", "LiNiO2", "La2O3"])
    ]  # fmt: skip
    from sinterface.models.evidence.external_phases import FORMAT, checksum

    document = {"format": FORMAT, "sha256": checksum(snapshot), "phases": snapshot}
    entries = [
        {"@class": "ComputedEntry", "energy": -3.0 * n, "composition": {s: n}, "entry_id": f"e-{s}"}
        for s, n in (("Li", 1.0), ("O", 2.0))
    ] + [{"@class": "ComputedEntry", "energy": -15.0, "composition": {"Li": 2.0, "O": 1.0}, "data": {}}]
    table = "formula,formation_energy_eV_per_atom,name,status\nLi5Ni3O8,-1.5,mine,observed\nLiNiO2,-1.4,a,computed\n"
    return {".json": [json.dumps(document).encode(), json.dumps(entries).encode()], ".csv": [table.encode()]}


def good_pool():
    import numpy as np

    from sinterface.models.rates.parameters import priors
    from sinterface.validation.calibration.calibrate import judge_of
    from sinterface.validation.judging.firings import Predicted
    from sinterface.validation.judging.pool import MadeWith, from_runs
    from sinterface.validation.judging.pool_file import pool_text
    from sinterface.validation.observations.cards_reader import read

    judge = judge_of([card for card in read().observations if card.cathode == "pc-LCO"])
    z = np.random.default_rng(1).normal(size=(48, len(priors())))
    told = [{case: Predicted({"LaMO3": float(row[0] ** 2)}, {}, "DONE") for case in judge.cases} for row in z]
    return {".json": [pool_text(from_runs(z.tolist(), told, judge, MadeWith("d", 16, 0.08))).encode()]}


GOOD = {
    "phases": (good_phases, 3000), "pool": (good_pool, 500),
    "space": (lambda: {".toml": [STORE["TEXT"].encode(), STORE["GRID"].encode()]}, 1500),
}  # fmt: skip


@pytest.mark.parametrize("kind", GOOD)
def test_spoiled_text_files(figures, rng, spoil, tmp_path, kind):
    """Each read within 1 GB; together within a second of processor time for fifty."""
    make, most = GOOD[kind]
    count, good = times(most), make()
    for number in range(count):
        suffix = rng.choice(sorted(good))
        (tmp_path / f"{number:05}{suffix}").write_bytes(spoil(rng, good[suffix]))
    for suffix, contents in good.items():
        for number, whole in enumerate(contents):
            (tmp_path / f"good{number}{suffix}").write_bytes(whole)
    told = judged(kind, tmp_path, 20 + count // 50)
    told["read"] -= sum(map(len, good.values()))
    assert told["read"] >= 0, "good files are read"
    assert told["slow"] < 5.0
    assert told["lines"] >= min(5, count // 20), "faults of many kinds"
    figures(f"{kind} file with random faults", count, f"{count - told['read']} refused in a line, {told['read']} read")


def test_spoiled_stores(figures, rng, spoil, tmp_path):
    """A byte, a piece or a whole file of a store is another one: each read within 1 GB."""
    from sinterface.simulate.screening import candidate_space, screen

    good = tmp_path / "good.zarr"
    screen.screen(candidate_space.parse(STORE["GRID"]), good, judge=STORE["fake"])
    files = sorted(path.relative_to(good) for path in good.rglob("*") if path.is_file())
    contents = [(good / path).read_bytes() for path in files]
    folder, count = tmp_path / "spoiled", times(200)
    folder.mkdir()
    for number in range(count):
        path = shutil.copytree(good, folder / f"{number:05}.zarr")
        for _ in range(rng.choice((1, 1, 3))):
            which = rng.randrange(len(files))
            (path / files[which]).write_bytes(spoil(rng, [contents[which]]))
    shutil.copytree(good, folder / "good.zarr")
    told = judged("store", folder, 60 + count)
    told["read"] -= 1
    assert told["read"] >= 0, "a good store is read"
    assert told["slow"] < 5.0
    figures("Zarr store with random faults", count, f"{count - told['read']} refused in a line, {told['read']} read")


def test_spoiled_netcdf(figures, rng, spoil, tmp_path):
    """Each is tried by another process, of 1 GB and 30 s."""
    import numpy as np
    import xarray as xr

    from sinterface.simulate.files import hdf5_probe

    data = xr.Dataset({"a": ("x", np.arange(40.0)), "name": ("y", list("abcd"))}, attrs={"t": "x"})
    good, count, refused = data.to_netcdf(engine="h5netcdf"), times(100), 0
    for _ in range(count):
        path = tmp_path / "x.nc"
        path.write_bytes(bytes(good))
        assert refused or hdf5_probe.fault(path, 1000) == "", "a good file is read"
        path.write_bytes(spoil(rng, [bytes(good)]))
        told = hdf5_probe.fault(path, 1000)
        assert told.isprintable() and len(told) < 400
        refused += bool(told)
    figures("NetCDF file with random faults", count, f"{refused} refused in a line, {count - refused} read")


# ---- a server that sends anything


def test_spoiled_answers_of_the_materials_project(figures, rng, spoil, tmp_path, monkeypatch):
    from sinterface.models.basics.errors import InputError
    from sinterface.simulate.files import fetch_mp

    server = runpy.run_path(str(HERE / "test_fetch_mp.py"))
    from mp_api.client.core.client import BaseRester

    monkeypatch.setattr(
        BaseRester, "available_fields", property(lambda self: [*fetch_mp.SUMMARY_FIELDS, *fetch_mp.THERMO_FIELDS])
    )
    documents = [server["document"]("summary", phase) for phase in server["PHASES"]]
    good = json.dumps({"data": documents, "meta": {"total_doc": len(documents)}}).encode()
    count, refused = times(300), 0
    with server["Service"]() as service:
        thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        for number in range(count):
            body = spoil(rng, [good])
            service.faults = [server["status"](200, body)] * 4 if number % 2 else [server["status"](200, body), None]
            path = tmp_path / "x.json"
            options = {"key": server["KEY"], "endpoint": service.address, "backoff": 0.0}
            try:
                fetch_mp.fetch(["Li", "Ni", "O"], path, **options)
            except InputError as error:
                assert str(error).isprintable() and server["KEY"] not in str(error)
                assert not path.exists()
                refused += 1
            else:
                path.unlink()
        service.shutdown()
        thread.join()
    figures("answer of the Materials Project with random faults", count, f"{refused} refused in a line, rest read")


# ---- two of everything


def test_two_screens_on_one_store(figures, tmp_path):
    """One goes on, the other is refused in a line; nothing is lost."""
    from sinterface.simulate.screening import candidate_space, screen

    plan = candidate_space.parse(STORE["GRID"])
    screen.screen(plan, tmp_path / "whole.zarr", judge=STORE["fake"])
    count = times(6)
    for number in range(count):
        path, made = tmp_path / f"{number}.zarr", tmp_path / f"{number}.made"
        code = STORE["SCRIPT"].format(folder=str(HERE), made=str(made), path=str(path))
        two = [
            subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        told = [process.communicate(timeout=600)[1] for process in two]
        codes = sorted(process.returncode for process in two)
        assert codes in ([0, 0], [0, 1])
        if codes == [0, 1]:
            assert "another run writes to it" in "".join(told) or "is there already" in "".join(told), told
        assert content(path).identical(content(tmp_path / "whole.zarr"))
    figures("two screens on one store at once", count, "one is refused in a line, bits equal")


WRITER = """
import sys
from pathlib import Path
from sinterface.simulate.files.output import write_text
for _ in range(300):
    write_text(Path(sys.argv[1]), sys.argv[2] * 100_000)
"""


@drawn
def test_two_writers_of_one_file(figures, tmp_path):
    """Whoever reads meanwhile sees one of the two, whole."""
    path = tmp_path / "x.txt"
    path.write_text("a" * 100_000)
    two = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), letter]) for letter in "ab"]
    seen = 0
    while any(process.poll() is None for process in two):
        text = path.read_text()
        assert len(text) == 100_000 and len(set(text)) == 1
        seen += 1
    assert [process.returncode for process in two] == [0, 0]
    assert list(tmp_path.iterdir()) == [path]
    figures("two processes that write one file", 600, "always one of the two, whole")


@drawn
def test_two_first_runs_at_once(figures, tmp_path):
    """Both compile into one empty folder."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    code = (
        "import sinterface as si\n"
        "print(si.simulate('pc-LNMO', schedule=si.Schedule.hold(500, hours=1), cells=8).family_shares)"
    )
    two = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=3600) for process in two]
    lines = [line for _, err in told for line in err.splitlines()]
    assert all("this first run takes" in line for line in lines), lines
    assert told[0][0] == told[1][0] != ""
    figures("two first runs that compile into one empty folder", 1, "same numbers")


# ---- anywhere

RUN = (
    "import sinterface as si\nif __name__ == '__main__':\n"
    "    task = si.problem('pc-LNMO', cells=8)\n"
    "    print(si.sweep(task, [500.0, 600.0], workers=2).results[1].family_shares)"
)


@pytest.fixture
def installed(tmp_path):
    """A copy of the package without compiled code, and the variables of a process that takes it."""
    import sinterface
    from sinterface import models, simulate, validation

    compiled = shutil.ignore_patterns("__pycache__", "models", "simulate", "validation")
    shutil.copytree(Path(sinterface.__file__).parent, tmp_path / "lib/sinterface", ignore=compiled)
    for room in (models, simulate, validation):  # an editable installation has them elsewhere
        place = tmp_path / "lib/sinterface" / room.__name__.rsplit(".", 1)[1]
        shutil.copytree(Path(room.__file__).parent, place, ignore=shutil.ignore_patterns("__pycache__", "_facade"))
    (tmp_path / "job.py").write_text(RUN, encoding="utf-8")
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path / "lib"), "PYTHONDONTWRITEBYTECODE": "1"}


def may_run(command):
    """Whether a command ends well: the interpreter may lie in a folder of root's."""
    return shutil.which(command[0]) is not None and subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0


def contained(arguments, variables, place, writable=""):
    """A finished process of 300 s that can write nowhere but into one folder, without home and network.

    The seconds are of the processor: by the clock a machine with other work takes many times as long.
    """
    return subprocess.run(
        ["prlimit", "--cpu=300", "unshare", "--mount", "--net", str(HERE / "read_only.sh"), *map(str, arguments)],
        env=variables | {"WRITABLE": str(writable)}, cwd=place, capture_output=True, text=True, check=False,
        timeout=3600,
    )  # fmt: skip


@drawn
@pytest.mark.skipif(not ROOT, reason="needs root for its mounts")
def test_a_container_that_is_read_only(figures, tmp_path, installed):
    """No home, no temporary folder, no network, nothing compiled beforehand: the same numbers and lines of advice."""
    done = contained([sys.executable, tmp_path / "job.py"], installed, tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(line.split(": ")[0] for line in done.stderr.splitlines()) == ["sinterface", "sinterface"]
    assert "NUMBA_CACHE_DIR" in done.stderr and "one process does all the work" in done.stderr
    assert "La2Zr2O7" in done.stdout
    figures("read-only container without home, /tmp, /dev/shm, network", 1, "runs; two lines of advice")


@drawn
@pytest.mark.skipif(not ROOT, reason="needs root for its mounts")
def test_the_image_of_the_docker_file(figures, tmp_path, installed):
    """What examples/Dockerfile does: code compiled by its commands, then runs as nobody with one folder to write to."""
    lines = (HERE.parents[1] / "examples/Dockerfile").read_text(encoding="utf-8").splitlines()
    variables = dict(pair.split("=") for line in lines if line.startswith("ENV ") for pair in line.split()[1:])
    variables = installed | variables | {"NUMBA_CACHE_DIR": str(tmp_path / "compiled")}
    (tmp_path / "main.py").write_text(MAIN, encoding="utf-8")
    program = [sys.executable, tmp_path / "main.py"]
    built = [line.split("sinterface ")[1].split(" >")[0].split() for line in lines if "> /dev/null" in line]
    assert len(built) >= 2, "commands that compile"
    for words in built:
        done = subprocess.run(
            [*program, *words], env=variables, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        lines = [line for line in done.stderr.splitlines() if "this first run takes" not in line]
        assert (done.returncode, lines) == (0, [])
    volume = tmp_path / "volume"
    for place in (volume / "output", volume / "tmp"):  # the second is what --tmpfs /tmp gives
        place.mkdir(parents=True)
    variables["MPLCONFIGDIR"] = str(volume / "tmp")
    kept = {path.name for path in (tmp_path / "compiled").rglob("*")}
    # the script takes NUMBA_CACHE_DIR away, as a container without it has none
    command = ["env", f"NUMBA_CACHE_DIR={tmp_path / 'compiled'}", *program]
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env"]
    if may_run([*nobody, sys.executable, "-c", "import numpy"]):
        command = [*nobody, *command]
        for place in (volume / "output", volume / "tmp"):
            os.chown(place, 65534, 65534)
        for folder in (tmp_path, *tmp_path.parents[:2]):
            folder.chmod(0o755)
    names = ["run.nc", "run.png"]
    paths = [str(volume / "output" / name) for name in names]
    began = time.monotonic()
    done = contained(
        [*command, "run", "pc-LNMO", "-T", "500", "-o", paths[0], "--plot", paths[1]], variables, tmp_path, volume
    )
    told = [line for line in done.stderr.splitlines() if "building the font cache" not in line]  # said after 5 s
    assert (done.returncode, told) == (0, []), done.stderr
    assert sorted(path.name for path in (volume / "output").iterdir()) == names
    assert {path.name for path in (tmp_path / "compiled").rglob("*")} == kept
    seconds = time.monotonic() - began
    figures(
        "read-only image with compiled code, as nobody, one folder to write to", 1, f"no word, {seconds:.0f} s a run"
    )


MAIN = "from sinterface.validation.cli import main\nif __name__ == '__main__':\n    main()"
POOR = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
COMMAND = (
    "import sys\nfrom sinterface.simulate.files.streams import forgiving_streams\n"
    "from sinterface.validation.cli import main\nforgiving_streams()\nmain()"
)


COMMANDS = (["materials"], ["phases", "show", "LiCoO2"], ["reactions", "pc-LCO", "-T", "700"], ["--help"])
TERMINALS = (POOR, POOR | {"COLUMNS": "20"}, {"TERM": "dumb"}, "head -c 10", "true")
"""Variables of a process, or the program that reads what it prints."""


def unexpected(told):
    """Lines of standard error but for that of a first run, which compiles."""
    return [line for line in told.splitlines() if b"this first run takes" not in line]


def test_poor_terminals(figures, rng):
    """C locale, 20 columns, no standard input; standard output closed or cut off."""
    every = list(itertools.product(COMMANDS, TERMINALS))
    for arguments, terminal in rng.sample(every, times(len(every))):
        if isinstance(terminal, dict):
            done = subprocess.run(
                [sys.executable, "-c", COMMAND, *arguments], env=os.environ | terminal, stdin=subprocess.DEVNULL,
                capture_output=True, check=False,
            )  # fmt: skip
            assert (done.returncode, unexpected(done.stderr)) == (0, [])
            assert len(done.stdout) > 50
        else:
            line = f"'{sys.executable}' -c '{COMMAND}' {' '.join(arguments)} | {terminal}"
            done = subprocess.run(["sh", "-c", line], capture_output=True, check=False)
            assert unexpected(done.stderr) == []
    figures(
        "C locale, dumb terminal, 20 columns, closed pipe", times(len(every)), "tables, `?` for what the encoding lacks"
    )


def ignore_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def test_a_job_in_the_background(figures, rng, tmp_path, wait_until, group_size):
    """A shell that starts jobs with `&` has them ignore Ctrl-C: kill ends all processes of a sweep nevertheless.

    It comes at any moment; kill -9 once the workers compute: nothing can hide that from a process about to be started.
    """
    count = times(10)
    (tmp_path / "job.py").write_text(MAIN)
    for turn in range(count):
        number = (signal.SIGTERM, signal.SIGKILL, signal.SIGHUP)[turn % 3]
        process = subprocess.Popen(
            [sys.executable, str(tmp_path / "job.py"), "sweep", "pc-NMC811", "--cells", "200", "--workers", "2"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
            preexec_fn=ignore_interrupts,
        )  # fmt: skip
        try:
            if number == signal.SIGKILL:
                at_work = partial(group_size, process.pid, at_work=True)
                wait_until(lambda ready=at_work: ready() >= 2, "the workers compute", seconds=300)
            else:
                time.sleep(rng.uniform(0.5, 5.0))
            process.send_signal(number)
            _, told = process.communicate(timeout=120)
            assert told == ""
            running = partial(group_size, process.pid)
            wait_until(lambda running=running: running() == 0, "no process of the group is left", seconds=120)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    figures("sweep in the background, Ctrl-C ignored, then killed", count, "no process left, no word")
