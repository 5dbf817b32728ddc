import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinterface.simulate.mesh import two_layers


@given(st.floats(1e-7, 1e-4), st.floats(1e-3, 1e3), st.integers(4, 200), st.sampled_from(["sphere", "slab"]))
def test_layers_fill_their_volumes(core, ratio, cells, geometry):
    mesh = two_layers(core, ratio, cells, geometry)
    inside = mesh.volumes[: mesh.interface].sum()
    assert mesh.volumes[mesh.interface :].sum() / inside == pytest.approx(ratio, rel=1e-6)
    assert mesh.faces[mesh.interface] == pytest.approx(core)
    assert mesh.faces[0] == 0.0
    assert np.all(np.diff(mesh.faces) > 0)
    assert mesh.half_widths.sum(axis=0) == pytest.approx(np.diff(mesh.centres))


def test_finest_cells_touch_the_interface():
    mesh = two_layers(5e-6, 0.87, 40, finest=5e-9)
    widths = np.diff(mesh.faces)
    assert widths[mesh.interface - 1 : mesh.interface + 1] == pytest.approx([5e-9, 5e-9], rel=1e-6)
    assert np.all(np.diff(widths[: mesh.interface]) < 0)
    assert np.all(np.diff(widths[mesh.interface :]) > 0)


def test_sphere_volume():
    mesh = two_layers(1e-6, 1.0, 20)
    assert mesh.volumes.sum() == pytest.approx(8 / 3 * np.pi * 1e-18)
