"""What shows of a sample: X-rays by the lines of each phase in its mixture, Raman by classes, or a fixed share."""

import math

import pytest

from sinterface.models.basics.errors import InputError
from sinterface.models.instruments.detection import family_limits
from sinterface.models.instruments.detector import Detector
from sinterface.models.instruments.diffraction import Component
from sinterface.models.phases.substance import FAMILIES
from sinterface.models.powders.materials import built_in

SAMPLE = (
    Component("LiNi0.8Mn0.1Co0.1O2", "layered", 49.0, "cathode"),
    Component("Li6.4La3Zr1.4Ta0.6O12", "garnet", 48.0, "electrolyte"),
    Component("La2Zr2O7", "La2Zr2O7", 1.0),
    Component("Li6Zr2O7", "Li zirconate", 1.0),
    Component("Li3TaO4", "Li tantalate", 1.0),
)


def test_the_default_is_the_scan_of_the_reference():
    scan = Detector().scan
    assert (Detector().method, scan.start, scan.stop, scan.speed, scan.step) == ("xrd", 10.0, 80.0, 3.0, 0.01)


def test_x_rays_show_by_the_mixture():
    limits = Detector().of_sample(SAMPLE)
    expected = family_limits(SAMPLE)
    assert limits["La2Zr2O7"] == pytest.approx(expected["La2Zr2O7"])
    assert limits["La2Zr2O7"] < 0.5 < 1.0 < limits["Li zirconate"]
    assert limits["Li tantalate"] == math.inf  # no structure, no lines: it never counts as seen
    assert set(limits) == {"La2Zr2O7", "Li zirconate", "Li tantalate"}


def test_a_sample_of_unknown_names_shows_nothing_and_is_no_error():
    unknown = (Component("?", "garnet", 50.0, "electrolyte"), Component("??", "LaMO3", 50.0))
    assert Detector().of_sample(unknown) == {"LaMO3": math.inf}


def test_a_fixed_share_and_raman_do_not_ask_for_the_mixture():
    assert set(Detector.read("0.3").of_sample(SAMPLE).values()) == {0.3}
    raman = Detector.read("Raman").of_sample(SAMPLE)
    assert raman["La2Zr2O7"] == 0.3 and raman["Li zirconate"] == 1.0


def test_limits_before_firing_are_near_those_of_the_sample():
    powders = built_in()
    couple = Detector().of_couple(powders["pc-NMC811"], powders["LLZTO"], 1.0, FAMILIES)
    assert couple["La2Zr2O7"] == pytest.approx(Detector().of_sample(SAMPLE)["La2Zr2O7"], rel=0.2)
    assert couple["phosphate"] == math.inf
    assert set(couple) == set(FAMILIES)
    iron = Detector().of_couple(powders["pc-LFP"], powders["LLZTO"], 1.0, ["olivine"])
    assert iron["olivine"] < math.inf  # without phosphorus in the couple there would be none
    assert Detector.fixed(2.0).of_couple(powders["pc-LCO"], powders["LLZTO"], 1.0, ["LaMO3"]) == {"LaMO3": 2.0}


@pytest.mark.parametrize("text", ["x-rays", "", "0", "-1", "nan", "101", "1 kg"])
def test_refusals_name_the_choices(text):
    with pytest.raises(InputError, match=r"xrd, raman or a share|between 0 and 100"):
        Detector.read(text)


@pytest.mark.parametrize("text", ["0.3", "0.3%", "0.3 wt%", " 0.30 "])
def test_shares_as_people_write_them(text):
    assert Detector.read(text) == Detector.fixed(0.3)
