"""Samples of a calibration: the file gives back what was written, is small, and a line tells what is wrong with it."""

import base64
import json
import zlib

import numpy as np
import pytest

from sinterface.models.basics.errors import DataError
from sinterface.models.rates.parameters import priors
from sinterface.validation.calibration.calibrate import judge_of
from sinterface.validation.judging import judge, pool_file
from sinterface.validation.judging import pool as pools
from sinterface.validation.judging.firings import Predicted
from sinterface.validation.observations import cards_reader
from sinterface.validation.observations.evidence import Observation

FEW = [o for o in cards_reader.read().observations if o.cathode in ("pc-LCO", "pc-LNMO")]
JUDGE = judge_of(FEW)
SIZE = len(priors())

VALUES = [
    None,
    True,
    1,
    1.0,
    -1e400,
    "x",
    "",
    [],
    {},
    [1],
    [[]],
    [[1.0]],
    [None],
    ["a", "c"],
    {"a": 1},
    [[["x"]]],
    [{}],
]


def runs(rng):
    return {
        case: Predicted({"La2Zr2O7": rng.random(), "LaMO3": 0.02 * rng.random()}, {"cathode": 49.0}, "DONE")
        for case in JUDGE.cases
    }


def sets():
    """A search, and a round of which one set and a part of another one have been run."""
    rng = np.random.default_rng(1)
    z = rng.normal(size=(12, SIZE))
    pool = pools.from_runs(z[:8], [runs(rng) for _ in range(8)], JUDGE, pools.MadeWith("d", 16, 0.08))
    pool = pool.with_sets(z[8:], 0, z[8:, 0], [(), ("pc-LCO",), (), ("pc-NMC532", "pc-NMC631")])
    part = runs(rng)
    part.pop(JUDGE.cases[0])
    lost = {JUDGE.cases[1]: Predicted({}, {}, "STALLED")}
    return pool.with_result(9, runs(rng)).with_result(10, part | lost)


def good():
    return json.loads(pool_file.pool_text(sets()))


def test_what_is_read_is_what_was_written():
    before = sets()
    read = pool_file.read_pool(json.dumps(good()))
    assert read.cathodes == () and read.others == tuple(case.key for case in JUDGE.cases)
    pool = read.judged_by(JUDGE)
    for name in ("z", "logs", "states", "origin", "rise", "likelihood"):
        assert np.array_equal(getattr(pool, name), getattr(before, name), equal_nan=True), name
    assert pool.aims.tolist() == [*[""] * 9, "pc-LCO", "", "pc-NMC532+pc-NMC631"]
    assert pool.others == () and pool.made_with == before.made_with
    assert np.flatnonzero(pool.waiting).tolist() == [8, 10, 11], "sets that are still to be run come back as such"
    assert pool.missing(10) == JUDGE.cases[:1]
    assert pool_file.pool_text(pool) == pool_file.pool_text(before)


def test_amounts_are_kept_to_three_digits_and_traces_as_none():
    pool, told = sets(), runs(np.random.default_rng(5))
    shares = np.exp(pool.with_result(8, told).logs[8]) - judge.OFFSET
    for place, case in enumerate(JUDGE.cases):
        for name, share in told[case].families.items():
            known = shares[place, judge.PLACES.index(name)]
            assert known == pytest.approx(share if share > pools.LEAST else 0.0, rel=2e-3, abs=2e-4)


def test_a_thousand_sets_of_which_no_two_amounts_are_alike_are_below_a_megabyte_and_a_half():
    """460 families in 46 firings: what the pool of the package has, without anything for compression to find."""
    rng = np.random.default_rng(2)
    cards = cards_reader.read()
    judge_all = judge_of([o for o in (*cards.observations, *cards.alone) if isinstance(o, Observation)])
    count = len(judge_all.cases)
    logs = np.full((1000, count, len(judge.PLACES)), pools.kept(np.log(judge.OFFSET)))
    logs[:, :, :10] = pools.kept(rng.normal(0.0, 1.0, (1000, count, 10)))
    z = rng.normal(size=(1000, SIZE)).astype(np.float32).astype(float)
    states = np.full((1000, count), pools.ENDED)
    rows = np.zeros(1000, dtype=np.int64)
    aims = np.full(1000, "pc-NMC532+pc-NMC631")
    made, rise = pools.MadeWith("d", 16, 0.08), rng.normal(size=1000)
    pool = pools.Pool(z, logs, states, rows, rise, aims=aims, judge=judge_all, made_with=made)
    assert len(pool_file.pool_text(pool)) < 1_500_000


def test_a_pool_of_log_likelihoods_alone_is_refused():
    with pytest.raises(DataError, match=r"only log-likelihoods.*calibrate anew"):
        pool_file.read_pool(json.dumps(good() | {"log_likelihood": [[-1.0]]}))


def test_what_grows_on_unpacking_is_stopped():
    for wrong in (base64.b64encode(zlib.compress(bytes(10**8))).decode(), "x", "AAAA", ""):
        for key in ("z", "logs", "states"):
            with pytest.raises(DataError, match="calibrate anew"):
                pool_file.read_pool(json.dumps(good() | {key: wrong}))


def fits(key, value):
    """True where this is right for the first entry: a name or a number."""
    return {
        "firings": value == "x",
        "aims": isinstance(value, str) and len(value) < 200,
        "origin": type(value) is int,
        "rise": type(value) in (int, float) and np.isfinite(value),
    }.get(key, False)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: json.dumps(value)[:20])
@pytest.mark.parametrize(
    "key", ["parameters", "priors", "firings", "columns", "origin", "rise", "aims", "z", "logs", "states"]
)
def test_a_wrong_kind_anywhere_is_one_line(key, value):
    documents = [good() | {key: value}]
    inner = good()
    if isinstance(inner[key], list):
        inner[key][0] = value
        if not fits(key, value):
            documents.append(inner)
    deeper = good()
    if isinstance(deeper[key][0], list) and value not in (1, 1.0, True):  # numbers stand there
        deeper[key][0][0] = value
        documents.append(deeper)
    for document in documents:
        with pytest.raises(DataError, match="calibrat") as caught:
            pool_file.read_pool(json.dumps(document))
        assert str(caught.value).isprintable() and len(str(caught.value)) < 400


@pytest.mark.parametrize("value", VALUES, ids=lambda value: json.dumps(value)[:20])
def test_a_document_of_another_kind_is_one_line(value):
    with pytest.raises(DataError, match="calibrate anew"):
        pool_file.read_pool(json.dumps(value))


@pytest.mark.parametrize("name", ["\x1b[31m", "a\nb", "x" * 1000])
def test_names_of_firings_are_printable(name):
    with pytest.raises(DataError, match="calibrate anew"):
        pool_file.read_pool(json.dumps(good() | {"firings": ["a", name]}))
