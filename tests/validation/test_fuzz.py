"""Readers of the validation under hostile input: cards of observations, samples of a calibration, options."""

import json
import random
from importlib import resources

import numpy as np
import pytest

from sinterface.models.basics.constants import T_MAX, T_MIN
from sinterface.models.basics.errors import DataError
from sinterface.models.rates.parameters import names
from sinterface.validation.calibration import posterior, walks
from sinterface.validation.calibration.calibrate import judge_of
from sinterface.validation.judging import pool as pools
from sinterface.validation.judging import pool_file
from sinterface.validation.judging.firings import needed
from sinterface.validation.judging.judge import PLACES
from sinterface.validation.observations import cards_reader

HEX = "0x" + "f" * 6000
MANY = "1000000000"


def tables():
    """Every table of the built-in cards as a card of its own, with the head of its file."""
    cards = []
    for entry in sorted(resources.files("sinterface.validation").joinpath("cards").iterdir(), key=lambda e: e.name):
        head, *parts = entry.read_bytes().split(b"\n[[")
        cards += [head + b"\n[[" + part for part in parts]
    return cards


CARDS = tables()


def judge(path, content):
    """Number of entries that were read; what was not must be told in one line."""
    path.write_bytes(content)
    cards = cards_reader.read([path])
    for problem in cards.problems:
        assert str(problem).isprintable() and len(str(problem)) < 4000, str(problem)[:300]
    entries = (*cards.observations, *cards.onsets, *cards.thermogravimetry, *cards.alone, *cards.skipped)
    assert entries or cards.problems
    assert all(T_MIN <= case.temperature <= T_MAX for case in needed(cards.observations))
    return len(entries)


def test_spoiled_cards(tmp_path, spoil):
    rng = random.Random(1)
    read = [judge(tmp_path / "mine.toml", spoil(rng, CARDS)) for _ in range(600)]
    assert 50 < sum(map(bool, read)) < 550


@pytest.mark.parametrize(
    "line",
    [
        f"id = {HEX}", f"detection_limit = {{ wt_percent = {HEX}, sd = 0.5, origin = 'x' }}", f"role = {HEX}",
        f"seen = [{HEX}]", f"between = [{HEX}, {HEX}]", f"as_received = {HEX}", "method = " + "[" * 5000,
        f"mass_ratio = '{'9' * 1900}:{'9' * 90}'", f"amounts = [{{ families = [], wt_percent = 1e400, sd = {HEX} }}]",
        "atmosphere = 'pO2=1e-400'", f"hold = '{'9' * 400} h'", "ramp = '1e300 °C/min'", "x = " + "9" * 5000,
    ],
    ids=range(13),
)  # fmt: skip
def test_values_beyond_any_furnace(tmp_path, line):
    card = next(text for text in CARDS if b"[[observation]]" in text).decode()
    key = line.split()[0]
    kept = [other for other in card.split("\n") if not other.startswith(f"{key} ")]
    content = "\n".join([*kept, line]).encode()
    assert judge(tmp_path / "mine.toml", content) == 0


JUDGE = judge_of([o for o in cards_reader.read().observations if o.cathode in ("pc-LCO", "pc-LNMO", "sc-NMC631")])


def pool():
    rng = np.random.default_rng(0)
    z = rng.normal(size=(60, len(names())))
    logs = pools.kept(rng.normal(-2.0, 1.5, (60, len(JUDGE.cases), len(PLACES))))
    states = np.full(logs.shape[:2], pools.ENDED)
    states[3, 2], states[57:] = pools.FAILED, pools.NOT_RUN
    origin = np.repeat([pools.SEARCH, 0, 1, 2], 15)  # the second round is not whole
    rise = np.where(origin >= 0, z[:, 0], 0.0)
    return pools.Pool(
        z,
        logs,
        states,
        origin,
        rise,
        aims=np.repeat(["", "pc-LCO"], 30),
        judge=JUDGE,
        made_with=pools.MadeWith("database", 16, 0.08),
    )


def judge_pool(content):
    """True where the samples are read: then everything that is made of them is finite, without a warning."""
    try:
        told = pool_file.read_pool(content.decode("utf-8", "replace")).judged_by(JUDGE)
    except DataError as error:
        assert str(error).isprintable() and len(str(error)) < 500
        return False
    if told.waiting.all():
        return True  # a name of a firing was another one
    assert np.isfinite(walks.effective(told))
    assert all(np.isfinite((estimate.mean, estimate.sd)).all() for estimate in posterior.estimates(told))
    assert len(posterior.posterior_table(told, 3).split("\n")) == 2 + 4 * (1 + len(told.cathodes))
    return True


def test_spoiled_samples(spoil):
    good = pool_file.pool_text(pool()).encode()
    assert judge_pool(good)
    rng = random.Random(1)
    read = [judge_pool(spoil(rng, [good])) for _ in range(600)]
    assert sum(read) < 500


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("z", [[10**400]]), ("z", "AAAA"), ("logs", "x"), ("states", 5), ("logs", ""), ("rise", [float("inf")] * 60),
        ("origin", [-4] * 60), ("made_with", {"database": "d", "cells": 0, "tolerance": 0.08}),
        ("made_with", {"database": "\x1b", "cells": 16, "tolerance": 0.08}),
        ("made_with", {"database": "d", "cells": 16, "tolerance": float("nan")}),
        ("origin", [10**400] * 60), ("parameters", None), ("firings", 3), ("columns", [[0, "LaMO3"]] * 3),
        ("firings", ["x"] * 20_000), ("origin", [0] * 10**7), ("aims", ["x" * 300] * 60), ("aims", ["x"]),
    ],
    ids=range(18),
)  # fmt: skip
def test_samples_that_make_no_sense(key, value):
    document = json.loads(pool_file.pool_text(pool())) | {key: value}
    with pytest.raises(DataError, match="calibrate anew"):
        pool_file.read_pool(json.dumps(document))


@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "--samples", "-1"], ["validate", "--samples", MANY], ["validate", "--cells", MANY],
        ["validate", "--workers", "-3"], ["validate", "--cards", "none"], ["validate", "-o", "."],
        ["validate", "--report", "x" * 300], ["calibrate", "none.json", "--rounds", "0"],
        ["calibrate", "none.json", "--rounds", MANY], ["calibrate", "none.json", "--size", MANY, "--rounds", "0"],
        ["calibrate", "none.json", "--minutes", "nan"], ["calibrate", "none.json", "--tolerance", "nan"],
        ["calibrate", "none.json", "--seed", "-1"], ["calibrate", "none.json", "--cells", "-1"],
        ["calibrate", "none.json", "--workers", MANY],
        ["calibrate", "bad.json", "--rounds", "0"], ["calibrate", ".", "--rounds", "0"],
    ],
    ids="_".join,
)  # fmt: skip
def test_hostile_options_are_one_line_and_exit_code_2(tmp_path, program, arguments):
    (tmp_path / "bad.json").write_bytes(b"\xff[[[")
    code, out, err = program(*arguments, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith("sinterface: ") and err.count("\n") == 1 and err[:-1].isprintable() and len(err) < 1000
    assert [file.name for file in tmp_path.iterdir()] == ["bad.json"]


@pytest.mark.slow
def test_long_campaign(tmp_path, spoil):
    rng = random.Random(2)
    good = pool_file.pool_text(pool()).encode()
    for _ in range(3_000):
        judge(tmp_path / "mine.toml", spoil(rng, CARDS))
        judge_pool(spoil(rng, [good]))
