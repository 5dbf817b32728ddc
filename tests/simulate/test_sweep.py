"""Sweeps over processes."""

import json
import re

import pytest
from matplotlib.markers import MarkerStyle

import sinterface as si
from sinterface.models.phases.substance import FAMILIES
from sinterface.models.rates.transport import HOSTS
from sinterface.simulate.views import plot


def test_sweep_does_not_depend_on_workers():
    problem = si.problem("pc-LNMO", cells=8)
    alone, together = (si.sweep(problem, [400, 500], workers=n) for n in (1, 2))
    for name in alone.dataset.data_vars:  # processes round differently in the last bits, which near equilibrium grow
        if name != "element_balance":
            assert alone.dataset[name].values == pytest.approx(together.dataset[name].values, rel=1e-4, abs=1e-4)
    assert alone.onset() == together.onset()
    assert json.dumps(alone.document())


def test_every_family_has_a_colour_a_marker_and_a_symbol_of_its_own():
    for name in ("description", "colour", "marker", "symbol"):
        values = [getattr(family, name) for family in FAMILIES.values()]
        assert len(set(values)) == len(values), name
    for name, family in FAMILIES.items():
        assert plot.style(name) == (family.colour, family.marker)
        assert re.fullmatch("#[0-9A-F]{6}", family.colour)
        assert family.host in (*HOSTS, "")
    assert plot.style("no such family") == plot.style("other")


def test_both_libraries_know_every_marker():
    plotly = pytest.importorskip("plotly.validator_cache").ValidatorCache
    known = plotly.get_validator("scatter.marker", "symbol").values
    for family in FAMILIES.values():
        assert MarkerStyle(family.marker).get_path().vertices.size
        assert family.symbol in known
