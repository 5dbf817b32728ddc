"""Coatings that melt: what they draw into the necks, when, and what a run tells of it."""

import numpy as np
import pytest

import sinterface as si
from sinterface.models.basics.errors import InputError
from sinterface.models.rates.parameters import prior
from sinterface.models.rates.transport import embedded
from sinterface.models.rates.wetting import bridged
from sinterface.simulate.setup.necks import Liquid, contact
from sinterface.simulate.solve.run import predict
from sinterface.simulate.solve.system import assemble

FIRING = "10 °C/min to {} °C; hold 30 min; cool naturally"
BORATE = "Li3BO3=20nm"


def posed(degrees=800, coating=BORATE, **options):
    return si.problem("pc-NMC811", "LLZTO", FIRING.format(degrees), coating=coating, cells=16, **options)


def course(degrees=800, coating=BORATE, **options):
    return assemble(posed(degrees, coating, **options), si.load_database(), prior()).contact


def test_a_melt_reaches_as_far_as_its_volume_does():
    drawn = course().drawn
    cathode, electrolyte = posed().cathode, posed().electrolyte
    volume = 1.0 / cathode.density.value  # as much of one powder as of the other
    film = (
        6.0
        * (20e-9 - embedded().boundary_width)
        / cathode.particle_diameter.value
        * volume
        / (volume + 1.0 / electrolyte.density.value)
    )
    assert [(liquid.name, liquid.volume) for liquid in drawn] == [("Li3BO3", pytest.approx(film))]
    flat = float(bridged(film, 0.55))
    touching = prior().touching("polycrystal", flat)
    assert course().shares[-1] == pytest.approx(touching, rel=0.02), (
        "0.55 is the density of a green compact, a round one"
    )
    assert course().shares[-1] > 2.0 * course().shares[0]


def test_two_coatings_share_the_necks():
    both = course(coating=f"{BORATE}, {BORATE} on electrolyte")
    assert len(both.drawn) == 2
    assert both.shares[-1] > course().shares[-1]


def test_a_film_no_thicker_than_a_boundary_stays():
    ends = [course(coating=f"Li3BO3={thickness}nm").shares[-1] for thickness in (0.5, 1.0, 1.001, 2.0)]
    assert ends[0] == ends[1] == course(coating="").shares[-1]
    assert ends[1] < ends[2] < 1.1 * ends[1] < ends[3]


def test_a_melt_goes_when_it_is_hot_enough_and_stays():
    grown = course()
    hot = posed().schedule.temperature(grown.times) >= grown.drawn[0].melting
    first = int(np.argmax(hot))
    assert np.all(grown.shares[:first] == grown.shares[0])
    assert np.all(grown.shares[first:] == grown.shares[-1]), "a neck stays when its melt freezes"


@pytest.mark.parametrize("coating", ["LiNbO3=20nm", "LiAlO2=20nm", ""])
def test_what_stays_solid_draws_nothing(coating):
    assert len(course(coating=coating).shares) == 1
    assert not course(coating=coating).drawn


def test_below_its_melting_point_it_is_a_solid():
    assert len(course(700).shares) == 1


def test_layers_touch_everywhere_already():
    assert course(geometry="slab").shares.tolist() == [1.0]


def test_pressure_and_melt_take_the_larger_share():
    pressed, both = course(coating="", pressure="440 MPa"), course(pressure="440 MPa")
    assert both.shares[-1] == pytest.approx(max(pressed.shares[-1], course().shares[-1]))


def test_more_reacts_once_it_has_melted():
    with_flow = predict(posed(), parameters=prior(), estimate_error=False)
    solid = Liquid("Li3BO3", 2000.0, 1.0)
    assert not contact(posed(), prior(), [solid]).drawn
    bare = predict(posed(coating=""), parameters=prior(), estimate_error=False)
    left = [run.unreacted["electrolyte_fraction"] for run in (with_flow, bare)]
    assert left[0] < left[1] - 0.002
    assert "Li3BO3 melts at 715 °C and is drawn into the necks between particles" in with_flow.dataset.attrs["remarks"]
    assert "melts" not in bare.dataset.attrs["remarks"]


def test_an_additive_that_melts_is_told_with_the_remedy():
    remarks = predict(posed(coating="", additives="Li3BO3=2"), estimate_error=False).dataset.attrs["remarks"]
    assert "--coating 'Li3BO3=2% on electrolyte'" in remarks
    assert "melts" not in predict(posed(700, "", additives="Li3BO3=2"), estimate_error=False).dataset.attrs["remarks"]


def test_a_run_that_has_melted_can_not_go_on():
    first = predict(posed(), estimate_error=False)
    for degrees in (800, 600):  # cooler than its melting point it would have its necks all the same
        with pytest.raises(InputError, match=r"Li3BO3 melts.*write one schedule"):
            predict(posed(degrees), estimate_error=False, start=first.state)
