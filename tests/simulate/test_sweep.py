"""Sweeps over processes."""

import json

import pytest

import sinterface as si
from sinterface.models.phases.substance import FAMILIES
from sinterface.simulate.views import plot


def test_sweep_does_not_depend_on_workers():
    problem = si.problem("pc-LNMO", cells=8)
    alone, together = (si.sweep(problem, [400, 500], workers=n) for n in (1, 2))
    for name in alone.dataset.data_vars:  # processes round differently in the last bits, which near equilibrium grow
        if name != "element_balance":
            assert alone.dataset[name].values == pytest.approx(together.dataset[name].values, rel=1e-4, abs=1e-4)
    assert alone.onset() == together.onset()
    assert json.dumps(alone.document())


def test_every_family_has_a_colour_and_a_marker_of_its_own():
    drawn = [plot.style(family) for family in FAMILIES if family != "other"]
    for column in zip(*drawn, strict=True):
        assert len(set(column)) == len(drawn)
    assert plot.OTHER not in drawn
