"""What products cost a cell, and Raman bands."""

import itertools
import math
import os
import subprocess
import sys

import pytest

from sinterface.models.basics.errors import InputError
from sinterface.models.instruments.cell import Contact, cell_data, cell_state, interphase
from sinterface.models.instruments.diffraction import Component
from sinterface.models.instruments.raman import bands, bands_of
from sinterface.models.instruments.structures import crystal_of

CATHODE = Component("LiCoO2", "layered", 49.5, "cathode")
GARNET = Component("Li6.4La3Zr1.4Ta0.6O12", "garnet", 49.5, "electrolyte")


def with_product(share):
    return interphase([CATHODE, GARNET, Component("La2Zr2O7", "La2Zr2O7", share)], 5e-6)


def test_thickness_is_the_products_volume_over_the_cathodes_surface():
    densities = [crystal_of(p, f).density for p, f in (("LiCoO2", "layered"), ("La2Zr2O7", "La2Zr2O7"))]
    particles = 0.495 / densities[0] / (4.0 / 3.0 * math.pi * 5e-6**3)  # in 1 kg of sample
    surface = particles * 4.0 * math.pi * 5e-6**2
    assert with_product(1.0).thickness == pytest.approx(0.01 / densities[1] / surface, rel=1e-6)


def test_without_products_nothing_is_covered():
    clean = interphase([CATHODE, GARNET], 5e-6)
    assert (clean.thickness, clean.covered, clean.resistance) == (0.0, 0.0, 0.0)
    state = cell_state(clean, Contact(0.0, 0.5))
    assert (state.contact, state.charge_transfer, state.active) == (1.0, 1.0, 1.0)


def test_more_product_means_less_contact():
    states = [cell_state(with_product(share)) for share in (0.1, 1.0, 5.0, 20.0)]
    for better, worse in itertools.pairwise(states):
        assert better.contact > worse.contact
        assert better.charge_transfer < worse.charge_transfer
        assert better.active > worse.active


def test_thin_films_cover_in_proportion():
    little = with_product(0.01)
    assert little.covered == pytest.approx(little.thickness / little.island, rel=0.01)


def test_islands_that_conduct_cost_nothing():
    """Garnet counts as a product here: its islands conduct 1e9 times better than pyrochlore's."""
    good = interphase([CATHODE, Component("Li7La3Zr2O12", "garnet", 5.0, "secondary")], 5e-6)
    assert good.covered > 0.5
    assert cell_state(good, Contact(0.0, 0.0)).charge_transfer == pytest.approx(1.0, abs=0.01)
    assert cell_state(with_product(5.0), Contact(0.0, 0.0)).charge_transfer > 1.5


def test_every_conductivity_says_how_it_is_known():
    for entry in cell_data().conductivities.values():
        assert entry.sd_log10 > 0.0 and entry.source, entry.family


@pytest.mark.parametrize("parameters", [(1.0, 0.5), (-0.1, 0.5), (0.5, -1.0), (math.nan, 0.5)])
def test_contacts_without_meaning(parameters):
    with pytest.raises(InputError, match="untouched"):
        Contact(*parameters)


def test_samples_that_make_no_cell():
    with pytest.raises(InputError, match="no cathode"):
        interphase([GARNET], 5e-6)
    with pytest.raises(InputError, match="radius"):
        interphase([CATHODE], 0.0)
    with pytest.raises(InputError, match="cathode that is left"):
        cell_state(with_product(1.0), intact=0.0)


def test_rate_curves_by_pybamm():
    pytest.importorskip("pybamm")
    from sinterface.simulate.studies.rate_capability import rate_curve

    bare = rate_curve()
    assert bare.capacity[0] == pytest.approx(1.0)
    assert all(fast < slow for slow, fast in itertools.pairwise(bare.capacity))
    state = cell_state(with_product(5.0), Contact(0.5, 0.4))
    worse = rate_curve(state, rates=(0.1, 1.0))
    assert worse.capacity[0] < state.active  # less than its active share, since its resistance is higher
    assert worse.capacity[1] < worse.capacity[0] < bare.capacity[1]


def test_fits_recover_parameters_and_predictions_of_their_own():
    pytest.importorskip("pybamm")
    from sinterface.simulate.studies.rate_capability import CellObservation, fit, predict

    truth = Contact(0.4, 0.6)
    samples = [with_product(share) for share in (0.0, 2.0, 6.0)]
    known = predict([CellObservation("", products, math.nan) for products in samples], truth)
    cells = [
        CellObservation(f"{number}", products, float(known.capacity[number]), float(known.charge_transfer[number]))
        for number, products in enumerate(samples)
    ]
    fitted = fit(cells)
    assert fitted.untouched == pytest.approx(truth.untouched, abs=0.05)
    assert fitted.percolation == pytest.approx(truth.percolation, abs=0.1)
    with pytest.raises(InputError, match="no cell"):
        fit([])


def test_pybamm_asks_nothing_and_leaves_nothing(tmp_path):
    pytest.importorskip("pybamm")
    code = (
        "from sinterface.simulate.studies.rate_capability import rate_curve; print(len(rate_curve(rates=(1.0,)).rates))"
    )
    automatic = ("CI", "GITHUB_ACTIONS", "TRAVIS", "CIRCLECI", "JENKINS_URL", "GITLAB_CI")
    kept = {key: value for key, value in os.environ.items() if key not in automatic and "PYBAMM" not in key}
    done = subprocess.run(
        [sys.executable, "-c", code], env=kept | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.strip() == "1"
    assert not list(tmp_path.rglob("config.yml"))


def test_rates_that_are_none():
    pytest.importorskip("pybamm")
    from sinterface.simulate.studies.rate_capability import rate_curve

    for rates in ((), (0.0,), (-1.0,), (math.inf,)):
        with pytest.raises(InputError, match="rates"):
            rate_curve(rates=rates)


def test_raman_bands_of_the_reference_are_there():
    shifts = {band.shift for band in bands()}
    assert {304.0, 683.4, 680.0, 415.0, 156.0, 522.0} <= shifts
    assert [band.shift for band in bands_of(["La2Zr2O7", "Li2O"])["La2Zr2O7"]] == [304.0, 522.0]
    assert bands_of(["Li2O"]) == {"Li2O": ()}  # none known, told rather than left out


def test_raman_bands_that_were_read_name_where():
    assert all(band.source for band in bands() if band.known in ("read", "secondary"))
