"""Detection limits by family and method: complete, bounded, and in line with simulated scattering."""

import warnings

import pytest

from sinterface.models.basics.errors import DataError
from sinterface.models.phases.substance import FAMILIES
from sinterface.validation.observations import cards_reader, detection, scattering

STRUCTURES = detection.document()["structure"]


@pytest.fixture(scope="module")
def strength():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen warns of electronegativities it does not know
        strongest = {card["phase"]: scattering.strongest_line(card) for card in STRUCTURES}
    return {phase: value / strongest["La2Zr2O7"] for phase, value in strongest.items()}


@pytest.mark.parametrize("card", STRUCTURES, ids=lambda card: card["phase"])
def test_the_relative_strengths_that_are_written_down_are_those_of_the_structures(card, strength):
    assert card["relative"] == pytest.approx(strength[card["phase"]], rel=0.03)
    assert card["source"]


@pytest.mark.parametrize("family", sorted({name for card in STRUCTURES for name in card["families"]}))
def test_x_ray_limits_lie_where_the_structures_of_a_family_put_them(family, strength):
    """Within the deviation that is stated: the reference's limit over the strength of the strongest line."""
    expected = [0.01 / strength[card["phase"]] for card in STRUCTURES if family in card["families"]]
    share = detection.of_method(("XRD",), family)
    assert min(expected) - share.sd <= share.value <= max(expected) + share.sd


def test_every_family_has_a_limit_by_every_method():
    for method in detection.METHODS:
        limits = detection.limits()[method]
        assert set(limits) == set(FAMILIES)
        assert all(0.0 < share.sd < share.value <= 0.15 and "estimate" in share.origin for share in limits.values())


def test_light_lithium_rich_phases_are_seen_less_easily_than_those_of_lanthanum():
    heavy = ("La2Zr2O7", "LaMO3", "La2MO4", "La2O3")
    light = ("Li2MnO3", "Li zirconate", "carbonate", "Li2O")
    assert max(detection.of_method(("XRD",), name).value for name in heavy) < min(
        detection.of_method(("XRD",), name).value for name in light
    )


def test_several_methods_see_as_the_best_of_them_does():
    both = detection.of_method(("XRD", "Raman"), "carbonate")
    assert both == detection.of_method(("Raman",), "carbonate")
    assert detection.of_method(("XRD", "Raman"), "La2O3").value == pytest.approx(0.01)
    assert detection.of_method(("XRD",)).value == min(share.value for share in detection.limits()["XRD"].values())


def test_of_a_film_the_methods_see_the_film_alone():
    cards = cards_reader.read()
    film = next(card for card in cards.observations if card.id == "kim2020-NMC622-700")
    whole = detection.of_method(film.method, "La2Zr2O7")
    assert detection.limit(film, "La2Zr2O7").value == pytest.approx(0.1 * whole.value)
    ground_off = next(card for card in cards.observations if card.id == "llnl2023-LCO-900")
    assert detection.limit(ground_off, "La2Zr2O7") == ground_off.detection_limit


@pytest.mark.parametrize(("methods", "family"), [(("X-ray",), "La2Zr2O7"), (("XRD",), "La2Zr2O8")])
def test_unknown_methods_and_families_are_named(methods, family):
    with pytest.raises(Exception, match=r"unknown (method|family)"):
        detection.of_method(methods, family)


def test_a_table_with_a_gap_is_refused():
    text = '[[limit]]\nfamilies = ["garnet"]\nXRD = [1.0, 0.5]\nwhy = "x"\n'
    with pytest.raises(DataError, match="XRD has no detection limit for"):
        detection.read(text)
