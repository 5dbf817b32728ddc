"""The calibrated numbers: priors with sources, what they change, and samples that come with the package."""

from dataclasses import replace

import numpy as np
import pytest

from sinterface.models.basics import formula
from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.basics.errors import InputError
from sinterface.models.interface.stability import decomposition
from sinterface.models.phases import database
from sinterface.models.phases.atmosphere import atmosphere
from sinterface.models.phases.substance import cations
from sinterface.models.powders import materials
from sinterface.models.rates import kinetics, parameters, transport

CATHODES = ("pc-LCO", "pc-LNMO", "pc-NMC811", "pc-NMC631", "pc-NMC532", "pc-NMC111", "sc-NMC631")
"""Those of the reference experiment, each of which is left out once."""


def test_each_has_a_prior_a_source_and_a_meaning():
    cards = parameters.priors()
    assert all(card.sd > 0.0 and card.source and card.meaning and card.unit for card in cards)
    assert len({card.meaning for card in cards}) == len(cards)


def test_none_belongs_to_one_cathode():
    """Each energy is that of phases that can form with several cathodes, and of no cathode itself."""
    base = database.embedded()
    electrolyte = {symbol for powder in materials.built_in("electrolyte").values() for symbol in powder.composition}
    powders = [materials.find(name) for name in CATHODES]
    sold = {formula.name(dict(powder.composition)) for powder in materials.built_in("cathode").values()}
    moved = [phase for card in parameters.priors() for phase in card.moves]
    assert len(moved) == len(set(moved)), "no phase follows two parameters"
    for phase in moved:
        elements = set(base[phase].amounts)
        possible = [powder.id for powder in powders if elements <= electrolyte | set(powder.composition)]
        assert len(possible) >= 2, (phase, possible)
        assert formula.name(dict(base[phase].amounts)) not in sold, phase


def diffusivities(cards, species, grain):
    """By host and species [m^2/s] at 1000 K in grains of a size [m]."""
    return np.array([[cards.effective(name, host, grain, 1000.0) for name in species] for host in transport.HOSTS])


def test_prior_means_change_no_rate():
    values = parameters.prior()
    assert values.kinetics() == kinetics.embedded()["reconstructive"]
    cards, same = values.transport(), transport.embedded()
    assert diffusivities(cards, ["Li", "La"], 1e-6) == pytest.approx(diffusivities(same, ["Li", "La"], 1e-6))


def test_energies_move_by_the_cation():
    base = database.embedded()
    values = parameters.from_vector(np.eye(len(parameters.names()))[parameters.names().index("perovskite")])
    moved = values.energies(base)
    for phase in ("LaNiO3", "LaMnO3"):
        change = moved[phase].enthalpy - base[phase].enthalpy
        assert change == pytest.approx(1e3 * cations(base[phase].amounts))
    assert moved["La2Zr2O7"] is base["La2Zr2O7"]
    assert moved["LaCoO3"] is base["LaCoO3"], "cobalt has a parameter of its own"
    assert moved["La2MnNiO6"] is base["La2MnNiO6"], "and so have ordered perovskites, which DFT alone knows"
    assert values.energies(base) is moved, "made once: couples are found again by it"


def test_vectors_go_there_and_back():
    drawn = parameters.draw(3, seed=1)
    assert [parameters.from_vector(values.vector()) for values in drawn] == drawn
    with pytest.raises(InputError, match=rf"{len(parameters.names())} finite.*transformation"):
        parameters.from_vector(np.ones(2))
    with pytest.raises(InputError, match="finite"):
        parameters.from_vector(np.full(len(parameters.names()), np.nan))


def test_draws_follow_the_priors():
    table = np.array([values.vector() for values in parameters.draw(4000)])
    z = (table - [card.mean for card in parameters.priors()]) / [card.sd for card in parameters.priors()]
    assert np.abs(z.mean(axis=0)).max() < 0.06
    assert np.abs(z.std(axis=0) - 1.0).max() < 0.06


def test_samples_come_with_the_package():
    whole = parameters.samples()
    assert len(whole) >= 10
    assert len(parameters.samples(parameters.MODE)) == 1
    assert parameters.calibrated() == parameters.samples(parameters.MODE)[0]
    for cathode in CATHODES:
        assert len(parameters.samples(cathode)) == len(whole)
    with pytest.raises(InputError, match="choices are"):
        parameters.samples("pc-XYZ")


def test_polycrystals_touch_more_than_single_crystals():
    values = parameters.prior()
    ratio = values.touching("polycrystal") / values.touching("single-crystal")
    assert 2.0 < ratio < 25.0
    rough = replace(values, contact=2.0)
    assert rough.touching("polycrystal") == 1.0


def test_factors_on_diffusion_leave_lithium_alone():
    moved = replace(parameters.prior(), cations=1.0, boundaries=-1.0).transport()
    base = transport.embedded()
    assert diffusivities(moved, ["Li"], 1e-6) == pytest.approx(diffusivities(base, ["Li"], 1e-6))
    single, same = (diffusivities(cards, ["Co", "La"], np.inf) for cards in (moved, base))
    melts = np.array([host == "orthoborate" for host in transport.HOSTS])
    assert single[~melts] == pytest.approx(10.0 * same[~melts])
    assert single[melts] == pytest.approx(same[melts])  # no card of a crystal, so nothing that a factor is on


def test_activation_energies_of_diffusion_turn_about_the_pivot():
    """Nothing changes at that temperature; elsewhere the factor is that of the added energy; lithium stays."""
    base = transport.embedded()
    moved = replace(parameters.prior(), diffusion=-60.0).transport()
    for species, added in (("Co", -60e3), ("La", -60e3), ("Li", 0.0)):
        for size in (1e-6, np.inf):
            for T in (transport.PIVOT, 900.0, 1250.0):
                factor = np.exp(-added / GAS_CONSTANT * (1.0 / T - 1.0 / transport.PIVOT))
                before, after = (float(cards.effective(species, "perovskite", size, T)) for cards in (base, moved))
                assert after == pytest.approx(factor * before, rel=1e-9)


@pytest.mark.parametrize("T", [600, 900, 1100])
def test_the_garnet_keeps_its_zirconium_with_the_calibrated_energies(T):
    """Where furnaces make it; it may give off some lithia, as garnets do."""
    energies = parameters.calibrated().energies(database.embedded())
    garnet = materials.find("LLZTO", "electrolyte")
    formed = decomposition(garnet, T + 273.15, atmosphere("O2"), energies).formed
    lost = sum(part.moles * part.solid.amounts.get("Zr", 0.0) for part in formed if "La" not in part.solid.amounts)
    assert lost < 0.02 * 1.4 / 11.4, [part.solid.id for part in formed]
