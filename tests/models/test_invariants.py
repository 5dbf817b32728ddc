"""Invariant reactions near a temperature: where they are, what turns into what, and where there is none."""

import pytest

from sinterface.models.interface.coatings import coating
from sinterface.models.interface.invariants import CHANGE, STEP, Invariant, invariants, largest
from sinterface.models.interface.mixture_input import batch
from sinterface.models.interface.stability import decomposition_temperature
from sinterface.models.phases.atmosphere import atmosphere
from sinterface.models.powders import materials


def test_a_carbonate_gives_off_its_gas_where_its_driving_force_changes_sign(db):
    carbonate, air = coating("Li2CO3", db), atmosphere("air")
    at = decomposition_temperature(carbonate, air, db)
    told = largest(batch([(carbonate, 1.0)], db), at, air)
    assert abs(told.at - at) <= STEP
    assert (told.gone, told.come) == (("carbonate",), ("Li2O",))
    assert told.share == pytest.approx(1.0)


@pytest.mark.parametrize("away", [-50.0, 50.0])
def test_none_is_told_away_from_it(db, away):
    carbonate, air = coating("Li2CO3", db), atmosphere("air")
    at = decomposition_temperature(carbonate, air, db)
    assert largest(batch([(carbonate, 1.0)], db), at + away, air) is None


def test_a_powder_and_the_couple_are_told_apart(db, oxygen):
    powder, garnet = materials.find("pc-NCA"), materials.find("LLZTO", "electrolyte")
    near = invariants([(powder, 1.0), (garnet, 1e-6)], 1165.0, oxygen, db)
    of = {each.of: each for each in near}
    assert "rock salt" in of["pc-NCA"].come
    assert of["pc-NCA"].gone == ("layered",)
    assert of["pc-NCA + LLZTO"].at == of["pc-NCA"].at  # with next to no garnet it is the powder
    assert all(each.share >= CHANGE for each in near)


def test_words():
    told = str(Invariant("a + b", 973.15, ("spinel", "Li2MnO3"), ("layered",), 0.4))
    assert told == "a + b turns from spinel and Li2MnO3 into layered near 700 °C"
