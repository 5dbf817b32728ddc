"""Diffusivities: cards, Hart's limits, literature, and that nothing asked for is missing."""

import tomllib
from importlib import resources

import numpy as np
import pytest

from sinterface.models.basics.constants import CELSIUS_ZERO, GAS_CONSTANT, T_MAX, T_MIN
from sinterface.models.basics.errors import DataError
from sinterface.models.phases.substance import GAS_ELEMENTS
from sinterface.models.rates import transport
from sinterface.models.rates.transport import HOSTS, host_class

TABLE = transport.embedded()
CARDS = tomllib.loads(resources.files("sinterface.models.data").joinpath("transport.toml").read_text(encoding="utf-8"))
SPECIES = ("Li", "La", "Zr", "Ta", "Nb", "Al", "Ga", "Ti", "W", "Ni", "Mn", "Co", "Fe", "B", "P", "Ca", "Ba", "Sb", "V")
T = np.linspace(T_MIN, T_MAX, 31)


def test_every_card_is_sourced(bibliography):
    cards = [card for kind in CARDS.values() for card in (kind if isinstance(kind, list) else [kind])]
    assert len(cards) > 70
    for card in cards:
        assert {card["source"], *card.get("also", ())} <= bibliography, card
        assert card.get("known", "read") in ("read", "secondary", "recalled"), card


@pytest.mark.parametrize("path", ["lattice", "boundary"])
def test_arrhenius_cards(path):
    for (species, host), card in getattr(TABLE, path).items():
        D = card(T)
        assert card.D0 > 0.0 and 20e3 < card.Ea < 600e3, (species, host)
        assert np.all(D > 0.0) and np.all(np.diff(D) > 0.0), (species, host)
        assert card(T_MAX) < 1e-6, (species, host)  # no solid beats a melt by far
        slope = np.diff(np.log(D)) / np.diff(1.0 / T)
        np.testing.assert_allclose(slope, -card.Ea / GAS_CONSTANT, rtol=1e-6)


def test_boundaries_are_fast():
    for species in SPECIES[1:]:
        for host in HOSTS:
            lattice = TABLE.card(TABLE.lattice, species, host)(T)
            assert np.all(TABLE.card(TABLE.boundary, species, host)(T) > lattice), (species, host)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("species", SPECIES)
def test_hart(species, host):
    """Huge grain -> lattice, tiny grain -> boundary, monotonic and linear in 1/d between."""
    lattice = TABLE.card(TABLE.lattice, species, host)(900.0)
    width = TABLE.boundary_width
    assert TABLE.effective(species, host, np.inf, 900.0) == lattice
    if species == "Li":
        assert TABLE.effective(species, host, 1e-9, 900.0) == lattice
        return
    boundary = TABLE.card(TABLE.boundary, species, host)(900.0)
    assert TABLE.effective(species, host, width, 900.0) == boundary
    assert TABLE.effective(species, host, 3.0 * width, 900.0) == boundary
    for grain in (1e-8, 1e-7, 1e-6, 1e-5):
        f = 3.0 * width / grain
        assert TABLE.effective(species, host, grain, 900.0) == pytest.approx((1 - f) * lattice + f * boundary)


def test_a_single_crystal_is_slower_by_orders():
    """Grain boundaries 1e4-1e5 times faster than the lattice, primary grains of half a micrometre."""
    ratio = TABLE.effective("Co", "layered", 5e-7, 973.15) / TABLE.effective("Co", "layered", np.inf, 973.15)
    assert 10.0 < ratio < 1e4


@pytest.mark.parametrize(
    "element",
    [
        *SPECIES,
        "Mg",
    ],
)
def test_every_component_moves_in_every_host(element):
    for host in HOSTS:
        assert 0.0 < TABLE.effective(element, host, 1e-6, 900.0) < 1e-6, host
        assert 0.0 <= TABLE.dissolved(element, host) <= 1.0, host


def test_components_are_those_of_the_tables(db):
    assert {*SPECIES, "Mg"} == set(db.elements - GAS_ELEMENTS)


def test_unknown_species_is_named():
    with pytest.raises(DataError, match="no diffusivity of Xx in garnet nor in the default host"):
        TABLE.effective("Xx", "garnet", 1e-6, 900.0)


@pytest.mark.parametrize(
    ("T_C", "nanometres"), [(500, 20), (600, 85), (700, 260), (800, 650), (900, 1400), (1000, 2650)]
)
def test_cobalt_in_garnet(T_C, nanometres):
    """9.46e-14 cm2/s at 700 C and 1.65 eV; sqrt(D t) of two hours as in the literature list."""
    D = TABLE.lattice["Co", "garnet"](T_C + CELSIUS_ZERO)
    assert np.sqrt(D * 7200.0) == pytest.approx(nanometres * 1e-9, rel=0.05)
    assert T_C != 700 or abs(D / 9.46e-18 - 1.0) < 0.01


@pytest.mark.parametrize(
    ("species", "host", "low", "high"),  # kJ/mol
    [
        ("Co", "garnet", 158, 160),
        ("Co", "perovskite", 240, 260),
        ("Mn", "perovskite", 240, 320),
        ("Zr", "perovskite", 435, 505),
        ("La", "garnet", 380, 505),
        ("Zr", "garnet", 380, 505),
        ("La", "pyrochlore", 400, 520),
        ("Li", "garnet", 29, 40),
    ],
)
def test_activation_energies(species, host, low, high):
    assert low <= TABLE.lattice[species, host].Ea * 1e-3 <= high


def test_who_moves_below_900_C():
    """Li runs, transition metals creep, La and Zr stand: sqrt(D t) of two hours at 700 C in garnet."""
    reach = {s: float(np.sqrt(7200.0 * TABLE.lattice[s, "garnet"](973.15))) for s in ("Li", "Co", "Ni", "La", "Zr")}
    assert reach["Li"] > 1e-5
    assert 1e-8 < reach["Ni"] < 1e-6
    assert reach["La"] < 1e-9
    assert reach["Zr"] < 1e-9


def test_manganite_is_more_mobile_than_cobaltite():
    """LaMnO3 above LaCoO3, 1373-1673 K."""
    hot = np.linspace(1373.0, 1673.0, 7)
    assert np.all(TABLE.lattice["Mn", "perovskite"](hot) > TABLE.lattice["Co", "perovskite"](hot))


@pytest.mark.parametrize(
    ("structure", "family", "host"),
    [
        ("garnet", "garnet", "garnet"),
        ("Ia-3d", "garnet", "garnet"),
        ("layered", "Li2MnO3", "layered"),
        ("inverse spinel", "TM oxide", "spinel"),
        ("ordered perovskite", "LaMO3", "perovskite"),
        ("K2NiF4", "La2MO4", "K2NiF4"),
        ("rock salt", "rock salt", "rocksalt"),
        ("pyrochlore", "La2Zr2O7", "pyrochlore"),
        ("antifluorite", "Li2O", "default"),
        ("A-La2O3", "La2O3", "default"),
    ],
)
def test_host_class(structure, family, host):
    assert host_class(structure, family) == host


@pytest.mark.parametrize("phase", ["La2Ti2O7", "LiOH"])
def test_not_everything_layered_is_a_cathode(db, phase):
    assert host_class(db[phase].structure, db[phase].family) != "layered"


def test_every_phase_has_a_host(db):
    assert {host_class(solid.structure, solid.family) for solid in db.solids.values()} == set(HOSTS)


def test_solubilities():
    assert TABLE.dissolved("Co", "garnet") * 12.0 == pytest.approx(0.16, abs=0.005)  # per formula unit, read
    assert TABLE.dissolved("Zr", "layered") <= 0.01
    assert TABLE.dissolved("Zr", "K2NiF4") == transport.UNKNOWN_SOLUBILITY
    assert all(0.0 < value < 1.0 for value in TABLE.solubility.values())


@pytest.mark.parametrize("host", transport.HOSTS)
def test_a_solubility_can_be_given_for_every_host_but_the_default(host):
    card = {"species": ["Mo"], "host": host, "limit": {"value": 0.1}}
    if host == "default":
        with pytest.raises(DataError, match=r"\[\[solubility\]\] of Mo: host .default. has no formula unit"):
            transport.limits(card)
    else:
        assert 0.0 < transport.limits(card)["Mo"] <= 0.1


def test_cobalt_evens_out_in_layered_oxides_where_a_manganese_shell_survives():
    """900 degrees C (li2015 and its meeting abstract): 5 um of Co, 1 um of Mn in the 10 h that are assumed."""
    T, hours = 900.0 + CELSIUS_ZERO, 10.0 * 3600.0
    D = {species: float(TABLE.lattice[species, "layered"](T)) for species in ("Co", "Ni", "Mn")}
    assert D["Co"] > 5e-6**2 / (np.pi**2 * hours)
    assert D["Mn"] < 1e-6**2 / (4.0 * hours)
    assert D["Co"] > 5.0 * D["Ni"] > 25.0 * D["Mn"]


def test_an_estimate_is_called_one():
    """A card made up here names the papers it leans on beside it, not as its source."""
    for card in CARDS["diffusivity"] + CARDS["grain_boundary_ratio"]:
        assert (card["method"] == "estimate") == (card["source"] == "estimate"), card["note"]


def test_a_borate_melts_and_then_nothing_in_it_is_slow():
    """A kelvin below its melting point it conducts as a crystal does, from there on as a liquid."""
    melt = TABLE.melts["orthoborate"]
    assert host_class("orthoborate", "borate") == "orthoborate"
    for species in SPECIES:
        solid, liquid = TABLE.effective(species, "orthoborate", 2e-8, melt.melting + np.array([-1.0, 0.0]))
        assert liquid >= melt.D > 1e-11, species
        assert species == "Li" or liquid > 10.0 * solid, species
        assert TABLE.effective(species, "default", 2e-8, melt.melting) < 1.1 * solid, "other hosts stay solid"
