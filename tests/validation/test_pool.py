"""Samples of a calibration whose JSON holds values of the wrong kinds: one line, whatever stands where."""

import json

import numpy as np
import pytest

from sinterface.models.basics.errors import DataError
from sinterface.models.rates.parameters import priors
from sinterface.validation.calibration import pool as pools

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


def good():
    size = len(priors())
    z = np.random.default_rng(1).normal(size=(48, size))
    made = pools.from_sets(z.tolist(), [{"a": row[0], "b": row[1]} for row in z], pools.MadeWith("d", "o", 16, 0.08))
    drawn = made.with_sets(z[:4], 0, z[:4, 0])
    return json.loads(pools.pool_text(drawn.with_result(50, {"a": -1.0, "b": -2.0})))


def test_a_good_pool_is_read():
    pool = pools.read_pool(json.dumps(good()))
    assert pool.cathodes == ("a", "b")
    assert np.flatnonzero(pool.waiting).tolist() == [48, 49, 51], "sets that are still to be run come back as such"
    assert pool.finished().likelihood[-1].tolist() == [-1.0, -2.0]


def fits(key, value):
    """True where this is right for the first entry: a name, a number, or null for a set that is still to be run."""
    return {
        "cathodes": value == "x",
        "origin": type(value) is int,
        "drawn": type(value) in (int, float) and np.isfinite(value),
        "log_likelihood": value is None,
    }.get(key, False)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: json.dumps(value)[:20])
@pytest.mark.parametrize("key", ["parameters", "priors", "cathodes", "origin", "drawn", "z", "log_likelihood"])
def test_a_wrong_kind_anywhere_is_one_line(key, value):
    documents = [good() | {key: value}] if (key, value) != ("cathodes", ["a", "c"]) else []
    inner = good()
    inner[key][0] = value
    if not fits(key, value):
        documents.append(inner)
    deeper = good()
    if isinstance(deeper[key][0], list) and not isinstance(value, int | float):  # numbers stand there
        deeper[key][0][0] = value
        documents.append(deeper)
    for document in documents:
        with pytest.raises(DataError, match="calibrat") as caught:
            pools.read_pool(json.dumps(document))
        assert str(caught.value).isprintable() and len(str(caught.value)) < 400


@pytest.mark.parametrize("value", VALUES, ids=lambda value: json.dumps(value)[:20])
def test_a_document_of_another_kind_is_one_line(value):
    with pytest.raises(DataError, match="calibrate anew"):
        pools.read_pool(json.dumps(value))


@pytest.mark.parametrize("name", ["\x1b[31m", "a\nb", "x" * 1000])
def test_names_of_cathodes_are_printable(name):
    with pytest.raises(DataError, match="calibrate anew"):
        pools.read_pool(json.dumps(good() | {"cathodes": ["a", name]}))
