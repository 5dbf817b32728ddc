"""Runs cut in two and runs interrupted end where the uninterrupted run ends; other people's files are refused."""

import io
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache

import h5py
import numpy as np
import pytest

import sinterface as si
from sinterface.models.rates import parameters
from sinterface.simulate.setup.schedule import Schedule
from sinterface.simulate.solve import checkpoint

SAME = 1e-9
TEXT = "10 °C/min to 500 °C; hold 30 min; 20 °C/min to 650 °C; hold 1 h; cool naturally"


def run(schedule, cathode="pc-LNMO", cells=10, **options):
    options.setdefault("estimate_error", False)
    return si.predict(si.problem(cathode, schedule=schedule, cells=cells), **options)


@cache
def uninterrupted(cathode="pc-LNMO", estimate_error=False):
    """The run that others are compared with."""
    return run(TEXT, cathode, estimate_error=estimate_error)


def assert_same(result, other, tolerance=SAME):
    assert result.dataset.attrs["outcome"] == other.dataset.attrs["outcome"] == "DONE"
    assert result.state.amounts == pytest.approx(other.state.amounts, abs=tolerance)
    assert result.state.held == pytest.approx(other.state.held, abs=tolerance)


@pytest.mark.parametrize("cut", [1, 3])
@pytest.mark.parametrize("cathode", ["pc-LNMO", "pc-NMC811", "pc-LFP"])
def test_a_schedule_cut_between_segments_gives_the_same(cathode, cut):
    segments = Schedule.parse(TEXT).segments
    before = run(Schedule(segments[:cut], "first"), cathode)
    assert_same(run(Schedule(segments[cut:], "second"), cathode, start=before.state), uninterrupted(cathode))


def test_two_texts_give_the_same_as_one():
    """A text starts at 25 °C, so it is cut where the sample is at 25 °C."""
    early, two = "10 °C/min to 700 °C; hold 1 h; quench", "10 °C/min to 700 °C; hold 30 min; cool naturally"
    whole = run(f"{early}; {two}")
    before = run(early)
    after = run(two, start=before.state)
    assert_same(after, whole)
    assert after.dataset["wt_percent"][0].sum() == pytest.approx(100.0, abs=0.02)
    assert after.dataset.attrs["element_balance"] < 1e-10


def test_three_cuts_keep_the_balance():
    state = None
    for text in ("10 °C/min to 500 °C; quench", "10 °C/min to 600 °C; quench", "50 K/s to 800 °C; quench"):
        result = run(text, start=state)
        state = result.state
        assert result.dataset.attrs["element_balance"] < 1e-10
        assert float(result.dataset["wt_percent"].min()) >= 0.0


def test_unreacted_shares_count_from_the_very_beginning():
    early, two = "10 °C/min to 700 °C; hold 1 h; quench", "10 °C/min to 300 °C; quench"
    before = run(early)
    assert before.unreacted["electrolyte_fraction"] < 0.5
    after = run(two, start=before.state)
    assert after.unreacted["electrolyte_fraction"] == pytest.approx(before.unreacted["electrolyte_fraction"], abs=1e-3)


def test_mass_and_gas_count_from_the_very_beginning():
    """The second run begins where the first ended: lithium vapour, carbonate and what is dissolved included."""
    early, two = "20 °C/min to 800 °C; hold 1 h; quench", "20 °C/min to 900 °C; hold 30 min"
    couple = {"crucible": "open", "additives": "Li2CO3=2", "cells": 8}
    before = si.predict(si.problem("pc-LMO", schedule=early, **couple), estimate_error=False)
    after = si.predict(si.problem("pc-LMO", schedule=two, **couple), start=before.state, estimate_error=False)
    for name in ("mass_change", "lithium_lost_mass", "gas_uptake", "cathode_fraction", "electrolyte_fraction"):
        first = before.dataset[name].isel(time=-1).values
        assert after.dataset[name].isel(time=0).values == pytest.approx(first, abs=1e-12), name


KINDS = {
    "one powder": {"electrolyte": None},
    "as received": {"as_received": True},
    "residue": {"residue": "Li2CO3=1,LiOH=0.5"},
    "additive in an open crucible": {"additives": "Li2CO3=2", "crucible": "open"},
    "slab in wet gas": {"geometry": "slab", "atmosphere": "air:pCO2=0.01,pH2O=0.03"},
    "much garnet": {"mass_ratio": "1:20"},
}


@pytest.mark.parametrize("options", KINDS.values(), ids=list(KINDS))
def test_states_of_all_kinds_of_runs_can_be_gone_on_from(options):
    """In a schedule that changes its gas; progress ends at 1 though no companion estimates the error."""
    whole = Schedule.parse("50 °C/min to 700 °C in air; hold 20 min in O2; cool naturally")
    first, second = Schedule(whole.segments[:2], "first"), Schedule(whole.segments[2:], "second")
    tasks = [
        si.problem("pc-NMC811", schedule=schedule, **{"electrolyte": "LLZTO", "cells": 6} | options)
        for schedule in (whole, first, second)
    ]
    seen = []
    before = si.predict(tasks[1], estimate_error=False)
    after = si.predict(tasks[2], start=before.state, progress=seen.append)
    assert seen[-1] == 1.0 and seen == sorted(seen)
    assert_same(after, si.predict(tasks[0], estimate_error=False))
    assert after.dataset.attrs["element_balance"] < 1e-10


@pytest.mark.parametrize(("first", "second"), [("O2", "O2:pCO2=0.5"), ("O2:pCO2=0.5", "O2")])
def test_a_state_goes_on_in_a_gas_with_carbon_and_without(first, second):
    """Carbon comes as a new species, or stays one: what the carbonate holds is not forgotten."""
    segments = Schedule.parse(f"20 °C/min to 650 °C in {first}; hold 30 min; hold 30 min in {second}").segments
    couple = {"cathode": "pc-LMO", "cells": 6}
    whole, before = (run(Schedule(part, "part"), **couple) for part in (segments, segments[:2]))
    after = run(Schedule(segments[2:], "rest"), start=before.state, **couple)
    assert_same(after, whole)
    assert whole.family_shares.get("carbonate", 0.0) == pytest.approx(
        after.family_shares.get("carbonate", 0.0), abs=0.1
    )
    assert after.dataset.attrs["element_balance"] < 1e-10


def test_a_state_of_another_couple_is_refused():
    state = run("10 °C/min to 300 °C").state
    with pytest.raises(si.InputError, match="another couple"):
        run("10 °C/min to 300 °C", cells=12, start=state)
    with pytest.raises(si.InputError, match="another couple"):
        run("10 °C/min to 300 °C", cathode="pc-LCO", start=state)
    with pytest.raises(si.InputError, match="another couple"):  # as many phases, but others
        run("10 °C/min to 300 °C", start=replace(state, stores=state.stores[::-1]))


# ---- checkpoints


class Stop:
    """Ctrl-C when a share of the schedule has been done."""

    def __init__(self, share):
        self.share = share

    def __call__(self, done):
        if done > self.share:
            raise KeyboardInterrupt


@pytest.fixture
def every_step(monkeypatch):
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)


def interrupted(file, share, text=TEXT, **options):
    with pytest.raises(KeyboardInterrupt):
        run(text, checkpoint=file, progress=Stop(share), **options)
    assert file.exists()


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize(
    ("cathode", "share"),
    [
        ("pc-LNMO", 0.5), ("pc-NMC811", 0.5),
        *((c, share) for c in ("pc-LNMO", "pc-NMC811") for share in (0.02, 0.1)),
    ],
)  # fmt: skip
def test_an_interrupted_run_goes_on_from_its_file(tmp_path, cathode, share):
    file = tmp_path / "run.ckpt"
    interrupted(file, share, cathode=cathode)
    begun = []
    resumed = run(TEXT, cathode, checkpoint=file, progress=begun.append)
    whole = uninterrupted(cathode)
    assert begun[0] > 0.9 * share, "it went on, not over again"
    assert not file.exists()
    assert_same(resumed, whole)
    assert resumed.dataset.identical(whole.dataset), "times, shares, dissipation, steps: all of the past is kept"


@pytest.mark.usefixtures("every_step")
def test_a_file_goes_on_with_the_same_parameters_and_start_only(tmp_path):
    file = tmp_path / "run.ckpt"
    interrupted(file, 0.1)
    with pytest.raises(si.DataError, match="another"):
        run(TEXT, checkpoint=file, parameters=replace(parameters.calibrated(), transformation=300.0))
    state = run("10 °C/min to 100 °C").state
    other = replace(state, amounts=state.amounts * (1.0 + 1e-15 * (state.amounts > 0.1)))
    assert checkpoint.digest(state) != checkpoint.digest(other)


def test_a_run_out_of_steps_leaves_its_file(tmp_path):
    file = tmp_path / "run.ckpt"
    stopped = run(TEXT, checkpoint=file, max_steps=20)
    assert not stopped.finished
    told = stopped.dataset.attrs["advice"]
    assert re.match(r"stopped after [\d.e-]+ s at [\d.]+ °C with steps of [\d.e-]+ s: step limit reached", told)
    assert file.exists()
    begun = []
    resumed = run(TEXT, checkpoint=file, progress=begun.append)
    assert resumed.finished
    assert not file.exists()
    assert_same(resumed, uninterrupted())


@pytest.mark.usefixtures("every_step")
def test_interrupted_twice_and_with_the_error_estimate(tmp_path):
    file = tmp_path / "run.ckpt"
    for share in (0.05, 0.2):
        interrupted(file, share, estimate_error=True)
    resumed = run(TEXT, checkpoint=file, estimate_error=True)
    assert resumed.dataset.identical(uninterrupted(estimate_error=True).dataset)


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize(
    "other",
    [
        {"text": TEXT.replace("650", "651")}, {"cathode": "pc-LMO"}, {"cells": 12}, {"tolerance": 0.01},
    ],
    ids=["schedule", "cathode", "cells", "tolerance"],
)  # fmt: skip
def test_the_file_of_another_problem_is_refused(tmp_path, other):
    file = tmp_path / "run.ckpt"
    interrupted(file, 0.1)
    kept = file.read_bytes()
    with pytest.raises(si.DataError, match="belongs to another"):
        run(other.pop("text", TEXT), checkpoint=file, **other)
    assert file.read_bytes() == kept, "a refused file is left alone"


@pytest.mark.usefixtures("every_step")
def test_the_file_of_a_run_from_another_state_is_refused(tmp_path):
    file = tmp_path / "run.ckpt"
    state = run("10 °C/min to 600 °C; hold 1 h; quench").state
    interrupted(file, 0.3)
    with pytest.raises(si.DataError):
        run(TEXT, checkpoint=file, start=state)


def changed(good, change):
    """A checkpoint with other contents, whose checksum is right."""
    content = io.BytesIO(good)
    with h5py.File(content, "a") as file:
        change(file)
    return checkpoint.seal(content.getvalue())


@pytest.mark.usefixtures("every_step")
def test_damaged_files_are_refused(tmp_path):
    """Cut short, overwritten, not HDF5, without some of its parts: DataError with the file's name and what to do."""
    file = tmp_path / "run.ckpt"
    interrupted(file, 0.1)
    good = file.read_bytes()
    last = bytearray(good)
    last[-1] ^= 1
    cut = [b"", b"not HDF5", good[:100], good[: checkpoint.HEADER], good[: len(good) // 2], good[:-1000]]
    for bad in (*cut, bytes(len(good)), bytes(last), checkpoint.seal(bytes(len(good)))):
        file.write_bytes(bad)
        with pytest.raises(si.DataError, match=r"run\.ckpt can not be read .*: delete it to start over"):
            run(TEXT, checkpoint=file)


@pytest.mark.usefixtures("every_step")
def test_files_without_some_of_their_parts_are_refused(tmp_path):
    file = tmp_path / "run.ckpt"
    interrupted(file, 0.1)
    good = file.read_bytes()
    parts = [
        lambda content, part=part: content.__delitem__(part) for part in ("state/amounts", "past/times", "past/held")
    ]
    parts += [lambda content, name=name: content.attrs.__delitem__(name) for name in ("problem", "time", "steps")]
    for part in parts:
        file.write_bytes(changed(good, part))
        with pytest.raises(si.DataError, match=r"run\.ckpt can not be read .*: delete it to start over"):
            run(TEXT, checkpoint=file)


RANDOM = """
import sys, pathlib, numpy as np
import sinterface as si
from sinterface.simulate.solve import checkpoint
file, rng = pathlib.Path(sys.argv[1]), np.random.default_rng(0)
good = np.frombuffer(file.read_bytes(), dtype=np.uint8)
for _ in range(20):
    bad = good.copy()
    where = rng.integers(0, len(bad) if rng.random() < 0.5 else 3000, size=8)
    bad[where] = rng.integers(0, 256, size=8)
    file.write_bytes(bad.tobytes())
    try:
        checkpoint.load(file, sys.argv[2])
    except si.DataError:
        pass
"""


@pytest.mark.slow
@pytest.mark.usefixtures("every_step")
def test_bytes_changed_at_random_never_hang_the_reader(tmp_path):
    file = tmp_path / "run.ckpt"
    interrupted(file, 0.02)
    with h5py.File(file) as content:
        name = str(content.attrs["problem"])
    done = subprocess.run([sys.executable, "-c", RANDOM, str(file), name], timeout=30, check=False)
    assert done.returncode == 0


@pytest.mark.usefixtures("every_step")
@pytest.mark.parametrize("broken", ["not a number", "shape"])
def test_a_state_that_makes_no_sense_is_refused(tmp_path, broken):
    file = tmp_path / "run.ckpt"
    interrupted(file, 0.1)

    def spoil(content):
        amounts = content["state/amounts"][()]
        del content["state/amounts"]
        content["state/amounts"] = np.full_like(amounts, np.nan) if broken == "not a number" else amounts[:, :-1]

    file.write_bytes(changed(file.read_bytes(), spoil))
    with pytest.raises(si.DataError, match="is damaged: delete it"):
        run(TEXT, checkpoint=file)
