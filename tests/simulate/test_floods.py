"""Files that are to fill the memory or to take for ever: for each a reader has 1 GB beyond the libraries', and 5 s."""

import io
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from sinterface.simulate.pages import read_results
from sinterface.simulate.solve import checkpoint

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="resource limits")

# ---- text

FLOODS = {
    "objects.json": lambda: b"[" + b"{}," * 26_000_000 + b"{}]",
    "nested.json": lambda: b"[" + (b"[" * 900 + b"]" * 900 + b",") * 40_000 + b"0]",
    "texts.json": lambda: b"[" + b'"ab",' * 15_000_000 + b"0]",
    "numbers.json": lambda: b"[" + b"1.1," * 5_900_000 + b"0]",
    "wide.json": lambda: '["\U0001f600"'.encode() + b" " * 79_000_000 + b"]",
    "deep.json": lambda: b"[" * 2_900_000,
    "long.json": lambda: b" " * 90_000_000,
    "commas.csv": lambda: b"formula," + b"," * 79_000_000,
    "lines.csv": lambda: b"formula,formation_energy_eV_per_atom\n" + b"\n" * 79_000_000,
    "cell.csv": lambda: b"formula,formation_energy_eV_per_atom\n" + b"x" * 79_000_000,
    "open.csv": lambda: b'formula,formation_energy_eV_per_atom\n"' + b"\n" * 1_900_000,
    "deep.toml": lambda: b"a=" + b"[" * 900_000,
    "dots.toml": lambda: b".".join([b"a"] * 400_000) + b"=1",
    "tables.toml": lambda: b"[[candidate]]\n" * 70_000,
    "inline.toml": lambda: b"cathodes=[" + b"{a=1}," * 150_000 + b"]",
    "long.toml": lambda: b"#" * 2_000_000,
}
READERS = {
    ".toml": "from sinterface.simulate.screening.candidate_space import read",
    ".json": "from sinterface.models.evidence.external_phases import load as read",
    ".csv": "from sinterface.models.evidence.external_phases import load as read",
}


@pytest.mark.parametrize("name", FLOODS)
def test_floods_of_values_are_refused_in_a_line(tmp_path, name, judged):
    path = tmp_path / name
    path.write_bytes(FLOODS[name]())
    told = judged(READERS[path.suffix], "read(path)", path)
    path.unlink()
    assert told.startswith(("DataError", "InputError")) and name in told


XML = b"<xrdMeasurements><dataPoints>%s</dataPoints></xrdMeasurements>"
POOL = "from sinterface.validation.judging.pool_file import read_pool\n"
POOL += "def read(path):\n    read_pool(path.read_text())"
PATTERN = "from sinterface.simulate.files.pattern_files import read_pattern as read"
CARD = "from sinterface.models.powders.materials import load as read"
PLAN = "from sinterface.simulate.setup.schedule_file import find\ndef read(path):\n    find(str(path))"
TOML = (
    b"a=" + b"[" * 40_000,
    b".".join([b"a"] * 30_000) + b"=1",
    b"[[step]]\n" * 11_000,
    b"a=[" + b"{a=1}," * 15_000 + b"]",
)
MORE_FLOODS = {
    "points.xy": (PATTERN, lambda: b"1 1\n" * 4_900_000),
    "lines.xy": (PATTERN, lambda: b"\n" * 19_000_000),
    "returns.csv": (PATTERN, lambda: b"1 1\r" * 4_900_000),
    "feeds.dat": (PATTERN, lambda: b"1 1\n" + b"\x0b" * 19_000_000),
    "wide.xy": (PATTERN, lambda: b"1 1 " * 4_900_000),
    "digits.txt": (PATTERN, lambda: b"1" * 19_000_000),
    "decimals.txt": (PATTERN, lambda: b"1," + b"1" * 19_000_000),
    "counts.xrdml": (PATTERN, lambda: XML % (b"<counts>" + b"1 " * 9_500_000 + b"</counts>")),
    "tags.xrdml": (PATTERN, lambda: XML % (b"<a/>" * 4_900_000)),
    "deep.xrdml": (PATTERN, lambda: b"<a>" * 6_000_000),
    "keys.xrdml": (PATTERN, lambda: b"<a " + b" ".join(b"a%d='1'" % k for k in range(1_200_000)) + b"/>"),
    "lists.json": (POOL, lambda: b"[" + b"[]," * 16_000_000 + b"[]]"),
    "values.json": (POOL, lambda: b"[" + b"1.1," * 12_000_000 + b"0]"),
    "nested.json": (POOL, lambda: b"[" * 49_000_000),
    "blank.json": (POOL, lambda: b" " * 49_000_000),
    **{f"card{k}.toml": (CARD, lambda text=text: text) for k, text in enumerate(TOML)},
    **{f"plan{k}.toml": (PLAN, lambda text=text: text) for k, text in enumerate(TOML)},
}


@pytest.mark.parametrize("name", MORE_FLOODS)
def test_floods_for_every_other_reader_of_text(tmp_path, name, judged):
    reader, content = MORE_FLOODS[name]
    path = tmp_path / name
    path.write_bytes(content())
    told = judged(reader, "read(path)", path)
    path.unlink()
    assert told.startswith(("DataError", "InputError"))


# ---- cards of observations: a fault in a line for each table, and no more than so many


CARDS = (
    "from sinterface.validation.observations.cards_reader import read as read_cards\n"
    "from sinterface.models.basics.errors import DataError\n"
    "def read(path):\n"
    "    cards = read_cards(path)\n"
    "    lines = [str(fault) for fault in cards.problems]\n"
    "    assert all(line.isprintable() and len(line) < 4000 for line in lines)\n"
    "    if lines:\n"
    "        raise DataError(lines[0])"
)
HEAD = b'[[observation]]\nid = "a"\n'
CARD_FLOODS = {
    **{f"text{k}.toml": text for k, text in enumerate(TOML)},
    "tables.toml": b"[[observation]]\n" * 12_000,
    "kinds.toml": b"".join(b"[k%d]\n" % k for k in range(20_000)),
    "keys.toml": b"[common]\n" + b"".join(b"k%d=1\n" % k for k in range(20_000)),
    "own.toml": b"[[observation]]\n" + b"".join(b"k%d=1\n" % k for k in range(20_000)),
    "long.toml": HEAD + b"source = '" + b"x" * 190_000 + b"'",
    "seen.toml": HEAD + b"seen = [" + b"'LaMO3'," * 20_000 + b"]",
    "trends.toml": HEAD + b"weaker_than = [" + b"{family='LaMO3',temperature='700 C'}," * 5_000 + b"]",
    "gas.toml": HEAD + b"atmosphere = '" + b"pO2=0.1," * 20_000 + b"'",
    "null.toml": HEAD + b"source = '\\u0000\\u202e\\u001b[31m'",
    "nulls.toml": b"\0" * 190_000,
    "control.toml": HEAD + 'source = "\u202e\u0085\u2028"'.encode(),
    "digits.toml": HEAD + b"mass_ratio = '" + b"9" * 100_000 + b":1'",
    "number.toml": HEAD + b"weight = {value = 0x" + b"f" * 150_000 + b", why = 'x'}",
    "infinite.toml": HEAD + b"detection_limit = {wt_percent = nan, sd = -inf, origin = 'x'}",
    "over.toml": b"#" * 300_000,
}


@pytest.mark.parametrize("name", CARD_FLOODS)
def test_floods_of_cards_of_observations(tmp_path, name, judged):
    path = tmp_path / name
    path.write_bytes(CARD_FLOODS[name])
    assert judged(CARDS, "read(path)", path).startswith("DataError")


def test_a_folder_of_cards_of_observations_is_bounded(tmp_path, judged):
    """A thousand files of the largest size: together no more than so many bytes are read."""
    for number in range(1000):
        (tmp_path / f"{number:04}.toml").write_bytes(b"[[observation]]\n" * 12_000)
    assert judged(CARDS, "read(path)", tmp_path).startswith("DataError")


# ---- mass curves and patterns: lines of odd numbers and characters

MASS = "from sinterface.simulate.files.mass_files import read_mass as read"
LINES = {
    "nan": lambda: b"nan nan\n" * 20,
    "inf": lambda: b"".join(b"%d inf\n" % (25 + 10 * k) for k in range(20)),
    "huge": lambda: b"".join(b"%d 1e400\n" % (25 + 10 * k) for k in range(20)),
    "overflow": lambda: b"".join(b"%d %s\n" % (25 + 10 * k, (b"1e308", b"-1e308")[k % 2]) for k in range(20)),
    "tiny": lambda: b"25 5e-324\n" + b"".join(b"%d 1e300\n" % (30 + 10 * k) for k in range(20)),
    "null": lambda: b"25 1\0\n35 1\n" * 20,
    "nulls": lambda: b"\0" * 1_000_000,
    "falls": lambda: b"".join(b"%d 100\n" % (900 - 10 * k) for k in range(30)),
    "cold": lambda: b"".join(b"%d 100\n" % (10 * k - 2000) for k in range(30)),
    "other digits": lambda: "٣٤ ٣٤\n".encode() * 20,
    "reversed": lambda: "\u202e25 100\u2028\n".encode() * 20,
    "colour": lambda: b"25 100\n" * 3 + b"\x1b[31m 1\n",
    "words": lambda: b"a b\n" * 400_000,
    "points": lambda: b"1 1\n" * 4_900_000,
    "rising": lambda: b"".join(b"%.4f 1\n" % (25 + 1e-3 * k) for k in range(490_000)) + b"x\n",
    "feeds": lambda: b"25 1\n" + b"\x0b" * 19_000_000,
    "digits": lambda: b"1" * 19_000_000,
    "decimals": lambda: b"25;1," + b"1" * 19_000_000,
    "negative zero": lambda: b"-0 -0\n" * 20,
    "binary": lambda: bytes(range(256)) * 10_000,
    "over": lambda: b"1 1\n" * 6_000_000,
}


@pytest.mark.parametrize("reader", [MASS, PATTERN], ids=["mass", "pattern"])
@pytest.mark.parametrize("name", LINES)
def test_lines_that_are_no_measurement(tmp_path, name, reader, judged):
    path = tmp_path / "x.txt"
    path.write_bytes(LINES[name]())
    assert judged(reader, "read(path)", path).startswith(("DataError", "InputError"))


# ---- NetCDF files and checkpoints: few bytes that ask for much

RESULTS = "from sinterface.simulate.pages.read_results import read"
POINTS = {"time": 3, "phase": 2, "process": 2}


def result(path):
    """A small file with what ``run -o`` writes."""
    data = xr.Dataset(attrs=dict.fromkeys(read_results.ATTRIBUTES, "x"))
    for name, (dims, kind) in read_results.KINDS["run"].items():
        shape = tuple(POINTS[dim] for dim in dims)
        texts = np.array([f"{name}{k}" for k in range(shape[0])], dtype=object)
        data[name] = (dims, np.full(shape, 0.5) if kind == "number" else texts)
    data.to_netcdf(path, engine="h5netcdf")


def zeros(name, shape, dtype="f8", chunks=True, maxshape=None):
    """Adds an array without content, packed."""

    def add(file):
        file.create_dataset(name, shape, dtype=dtype, chunks=chunks, maxshape=maxshape, compression="gzip")

    return add


def many_arrays(file):
    """Each within bounds; together they are 8 GB."""
    for number in range(100):
        file.create_dataset(f"x{number}", (10_000_000,), dtype="f8", chunks=(1_000_000,), compression="gzip")


def scaled(file):
    """One byte each in the file, eight when they are decoded."""
    for number in range(40):
        made = file.create_dataset(f"x{number}", (10_000_000,), dtype="u1", chunks=(10_000_000,), compression="gzip")
        made.attrs["scale_factor"] = 0.1


def one_text_many_times(file):
    """A million entries that all point at one text of a megabyte."""
    made = file.create_dataset("x", (1_000_000,), dtype=h5py.string_dtype())
    made[0] = "y" * 1_000_000
    file.flush()
    place = made.id.get_offset()
    path = Path(file.filename)
    file.close()
    with path.open("r+b") as stream:
        stream.seek(place)
        entry = stream.read(16)
        stream.seek(place)
        stream.write(entry * 1_000_000)


def groups_without_end(file):
    for _ in range(3000):
        file = file.create_group("x")


def circle(file):
    file["x"] = h5py.SoftLink("/")
    file["y/z"] = file["/"]


def elsewhere(file):
    file["x"] = h5py.ExternalLink("other.nc", "/wt_percent")


def odd_types(file):
    file.create_dataset("x", (10,), dtype=np.dtype([("a", "f8"), ("b", "S10")]))
    file.create_dataset("y", (10,), dtype=h5py.ref_dtype)
    file.create_dataset("z", (10,), dtype=h5py.vlen_dtype(np.int32))


def not_a_number(file):
    file["wt_percent"][0, 0] = np.nan


def odd_names(file):
    del file["temperature"]
    file["\x1b[31m\u202e"] = np.zeros(3)


HDF5 = {
    "many arrays": (many_arrays, "brings the file to"),
    "scaled": (scaled, "brings the file to"),
    "texts": (one_text_many_times, "damaged"),
    "circle": (circle, "is a link to elsewhere"),
    "elsewhere": (elsewhere, "is a link to elsewhere"),
    "nan": (not_a_number, "wt_percent holds values that are no numbers"),
    "names": (odd_names, "temperature is no number by time"),
    "declares": (zeros("x", (10**9,)), "takes 1000000000 values"),
    "piece": (zeros("x", (1,), chunks=(10**9,), maxshape=(None,)), "has pieces of 8000000000 bytes"),
    "dimensions": (zeros("x", (10**6, 10**6, 10**6)), "takes 1000000000000000000 values"),
    "wide texts": (zeros("x", (1000,), "S1000000"), "takes 1000 values of 1000000 bytes"),
}
BEARABLE = {"groups": groups_without_end, "types": odd_types}
"""What may be read, as long as that takes little: parts that no result has are not looked at."""


def written(path, make):
    """The path of a good result to which something was done."""
    result(path)
    assert read_results.read(path).kind == "run"
    with h5py.File(path, "a") as file:
        make(file)
    return path


@pytest.mark.parametrize("name", HDF5)
def test_netcdf_that_asks_for_much(tmp_path, name, judged):
    make, wanted = HDF5[name]
    told = judged(RESULTS, "read(path)", written(tmp_path / "x.nc", make))
    assert told.startswith("InputError") and wanted in told


@pytest.mark.parametrize("name", BEARABLE)
def test_netcdf_with_odd_parts(tmp_path, name, judged):
    told = judged(RESULTS, "read(path)", written(tmp_path / "x.nc", BEARABLE[name]))
    assert told == "read" or told.startswith("InputError")


CHECKPOINT = "from sinterface.simulate.solve import checkpoint\nimport h5py"
FORGED = {name: HDF5[name] for name in ("many arrays", "declares", "piece", "elsewhere")} | {
    "large state": (
        lambda file: [zeros(f"state/{key}", (9_000_000,))(file) for key in ("amounts", "lowest", "potentials")],
        "brings the file to",
    )
}


@pytest.mark.parametrize("name", FORGED)
def test_checkpoints_that_ask_for_much(tmp_path, name, judged):
    """The checksum is right: anybody can make one."""
    make, wanted = FORGED[name]
    content = io.BytesIO()
    with h5py.File(content, "w", userblock_size=checkpoint.HEADER) as file:
        make(file)
    path = tmp_path / "run.h5"
    path.write_bytes(checkpoint.seal(content.getvalue()))
    told = judged(CHECKPOINT, "checkpoint.load(path, 'x')", path)
    assert told.startswith("DataError") and wanted in told
