import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinterface.simulate.setup.mesh import two_layers


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


@given(st.floats(1e-4, 1.0), st.floats(1e-7, 1e-5), st.integers(4, 60), st.sampled_from(["sphere", "slab"]))
def test_contact_takes_area_at_the_interface_and_no_volume(contact, grain, cells, geometry):
    whole = two_layers(5e-6, 0.9, cells, geometry)
    mesh = two_layers(5e-6, 0.9, cells, geometry, contact=contact, grain=grain)
    for side in (slice(None, mesh.interface), slice(mesh.interface, None)):
        assert mesh.volumes[side].sum() == pytest.approx(whole.volumes[side].sum(), rel=1e-12)
    assert np.all(mesh.volumes > 0.0)
    share = mesh.areas / whole.areas
    assert share[mesh.interface - 1] == pytest.approx(contact)
    assert np.all(share <= 1.0 + 1e-12)
    assert np.all(share >= contact * (1.0 - 1e-12))


def test_paths_are_open_one_grain_behind_the_contact():
    mesh = two_layers(5e-6, 0.9, 60, contact=0.09, grain=1e-6)
    far = np.abs(mesh.faces[1:-1] - 5e-6) > 0.7e-6 * (1.0 + 1e-9)
    assert np.all(mesh.open[1:-1][far] == 1.0)
    assert np.all(mesh.open[1:-1][~far] < 1.0)
