"""Samples of a calibration whose JSON holds values of the wrong kinds: one line, whatever stands where."""

import json

import numpy as np
import pytest

from sinterface.models.basics.errors import DataError
from sinterface.models.rates.parameters import priors
from sinterface.validation.calibration import calibrate

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
    z = np.random.default_rng(1).normal(size=(calibrate.FIRST, size))
    pool = calibrate.Pool(z, z[:, :2], ("a", "b"), ((np.zeros(size), np.eye(size), calibrate.FIRST),))
    return json.loads(calibrate.pool_text(pool))


def test_a_good_pool_is_read():
    assert calibrate.read_pool(json.dumps(good())).cathodes == ("a", "b")


@pytest.mark.parametrize("value", VALUES, ids=lambda value: json.dumps(value)[:20])
@pytest.mark.parametrize("key", ["parameters", "priors", "cathodes", "proposals", "z", "log_likelihood"])
def test_a_wrong_kind_anywhere_is_one_line(key, value):
    documents = [good() | {key: value}] if (key, value) != ("cathodes", ["a", "c"]) else []
    inner = good()
    inner[key][0] = value
    if (key, value) != ("cathodes", "x"):
        documents.append(inner)
    deeper = good()
    if isinstance(deeper[key][0], list) and not isinstance(value, int | float):  # numbers stand there
        deeper[key][0][0] = value
        documents.append(deeper)
    for document in documents:
        with pytest.raises(DataError, match="calibrat") as caught:
            calibrate.read_pool(json.dumps(document))
        assert str(caught.value).isprintable() and len(str(caught.value)) < 400


@pytest.mark.parametrize("value", VALUES, ids=lambda value: json.dumps(value)[:20])
def test_a_document_of_another_kind_is_one_line(value):
    with pytest.raises(DataError, match="calibrate anew"):
        calibrate.read_pool(json.dumps(value))


@pytest.mark.parametrize("name", ["\x1b[31m", "a\nb", "x" * 1000])
def test_names_of_cathodes_are_printable(name):
    with pytest.raises(DataError, match="calibrate anew"):
        calibrate.read_pool(json.dumps(good() | {"cathodes": ["a", name]}))
