"""Stability maps: cells against direct calls, limits, order, refusals."""

import numpy as np
import pytest
import xarray as xr

from sinterface.models.basics.constants import CELSIUS_ZERO, EV_PER_ATOM
from sinterface.models.basics.errors import InputError
from sinterface.models.equilibrium import assemblage, column_generation
from sinterface.models.equilibrium.column_generation import TOLERANCE
from sinterface.models.interface.maps import stability_map
from sinterface.models.interface.mixture_input import batch, batch_of, composition
from sinterface.models.interface.reactions import couple, interface_reactions
from sinterface.models.interface.stability import ALLOWED, decompose, subject
from sinterface.models.phases.atmosphere import atmosphere
from sinterface.models.powders import materials

T = np.array([500.0, 600.0, 700.0, 800.0, 900.0, 1000.0]) + CELSIUS_ZERO
CO2 = np.geomspace(1e-7, 1.0, 8)
SHAPE = len(T), len(CO2)


@pytest.fixture(scope="module")
def garnet():
    return materials.find("LLZTO", "electrolyte")


@pytest.fixture(scope="module")
def pairs(db, garnet):
    return {name: couple(materials.find(name), garnet, db) for name in ("pc-NMC811", "pc-LCO")}


@pytest.fixture(scope="module")
def maps(pairs, oxygen):
    return {name: stability_map(pair, T, "pCO2", CO2, oxygen) for name, pair in pairs.items()}


@pytest.mark.parametrize("name", ["pc-NMC811", "pc-LCO"])
def test_cells_of_a_couple_are_direct_calls(db, garnet, maps, oxygen, name):
    chart = maps[name]
    for row, column in np.ndindex(SHAPE):
        gas = oxygen.having("pCO2", float(CO2[column]))
        alone = interface_reactions(materials.find(name), garnet, float(T[row]), gas, db)
        strongest = alone.strongest
        assert chart.energy[row, column] == pytest.approx(strongest.energy, abs=TOLERANCE)
        line, atoms = alone.profile, alone.couple.atoms(alone.profile.x)
        beyond = (line.energy - (1.0 - line.x) * line.energy[0] - line.x * line.energy[-1]) / atoms
        assert chart.beyond[row, column] == pytest.approx(float(beyond.min()), abs=TOLERANCE)
        if np.isfinite(chart.x[row, column]) and abs(chart.x[row, column] - strongest.x) < 1e-6:
            families = {product.solid.family for product in strongest.products}
            # traces may differ: a neighbour's compositions to start from lead elsewhere within the tolerance
            present = {f for f, s in zip(chart.families, chart.shares[row, column], strict=True) if s > 1e-2}
            assert present <= families


def test_where_nothing_reacts_the_couple_stays(maps):
    chart = maps["pc-LCO"]
    quiet = chart.energy > -ALLOWED
    assert quiet.any()
    assert (~quiet).any()
    for row, column in np.ndindex(SHAPE):
        both = chart.phases(row, column) == ("garnet", "lithium cobaltite")
        assert both or not quiet[row, column]  # where they gain more, lithia may pass from one to the other and no more
    np.testing.assert_array_equal(np.isnan(chart.x), quiet)
    np.testing.assert_array_equal(np.isnan(chart.shares).all(axis=-1), quiet)
    np.testing.assert_allclose(chart.shares[~quiet].sum(axis=-1), 1.0)


@pytest.mark.parametrize("name", ["pc-NMC811", "pc-LCO"])
def test_more_carbon_dioxide_never_gains_less(maps, name):
    assert np.all(np.diff(maps[name].energy, axis=1) < TOLERANCE)
    assert np.all(maps[name].energy <= maps[name].beyond + TOLERANCE)
    assert np.all(maps[name].beyond < TOLERANCE)


def test_corners_of_the_map(maps):
    """Hot with little CO2 LiCoO2 dissolves a little Li2O and no more; cold with much the garnet ends as carbonate."""
    chart = maps["pc-LCO"]
    assert "carbonate" in chart.families
    assert chart.energy[-1, 0] == pytest.approx(0.0, abs=3.0 * ALLOWED)
    assert chart.energy[0, -1] < -0.05 * EV_PER_ATOM
    assert "Li2CO3" in chart.phases(0, len(CO2) - 1)


def test_the_way_through_the_map_does_not_matter(pairs, oxygen, maps):
    back = stability_map(pairs["pc-NMC811"], T[::-1], "pCO2", CO2[::-1], oxygen)
    np.testing.assert_allclose(back.energy[::-1, ::-1], maps["pc-NMC811"].energy, atol=TOLERANCE)
    part = stability_map(pairs["pc-NMC811"], T[2:3], "pCO2", CO2[3:4], oxygen)
    assert part.energy[0, 0] == pytest.approx(maps["pc-NMC811"].energy[2, 3], abs=TOLERANCE)


def test_the_same_twice(pairs, oxygen, maps):
    again = stability_map(pairs["pc-NMC811"], T, "pCO2", CO2, oxygen)
    np.testing.assert_array_equal(again.energy, maps["pc-NMC811"].energy)
    np.testing.assert_array_equal(again.shares, maps["pc-NMC811"].shares)
    assert again.assemblages == maps["pc-NMC811"].assemblages


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_cells_at_a_ratio_are_direct_calls(pairs, oxygen, share):
    pair = pairs["pc-NMC811"]
    mixture = batch_of(pair, share)
    x = mixture.shares[1]
    assert float(pair.mass_share(np.array(x))) == pytest.approx(share)
    chart = stability_map(mixture, T[::2], "pO2", np.array([1e-4, 1.0]), oxygen)
    best = stability_map(pair, T[::2], "pO2", np.array([1e-4, 1.0]), oxygen)
    assert np.all(best.energy < chart.energy + TOLERANCE)
    for row, column in np.ndindex(chart.energy.shape):
        omega = pair.system.phases.grand_potential(T[2 * row], oxygen.having("pO2", chart.pressures[column]))
        cold = column_generation.equilibrium(pair.system, omega, T[2 * row], mixture.total)
        gain = cold.answer.energy - (1.0 - x) * omega[pair.rows[0]] - x * omega[pair.rows[1]]
        assert chart.energy[row, column] == pytest.approx(gain / float(pair.atoms(np.array(x))), abs=TOLERANCE)
        if share in (0.0, 1.0):
            assert chart.beyond[row, column] == pytest.approx(0.0, abs=TOLERANCE)
        made = assemblage.signature(
            pair.system, cold.pseudo, np.where(cold.answer.amounts > 1e-3, cold.answer.amounts, 0)
        )
        assert made <= set(chart.phases(row, column))
    np.testing.assert_allclose(chart.shares.sum(axis=-1), 1.0)


def test_masses_are_those_of_the_couple(db, garnet, pairs, oxygen):
    """Two ways to say 2 g of cathode and 3 g of electrolyte."""
    weighed, other = batch([(materials.find("pc-LCO"), 2.0), (garnet, 3.0)], db), batch_of(pairs["pc-LCO"], 0.4)
    np.testing.assert_allclose(weighed.total, other.total)
    left, right = (stability_map(b, T[:2], "pCO2", CO2[-2:], oxygen) for b in (weighed, other))
    np.testing.assert_allclose(left.energy, right.energy, atol=TOLERANCE)
    np.testing.assert_allclose(left.beyond, right.beyond, atol=TOLERANCE)
    np.testing.assert_allclose(left.shares, right.shares, atol=2e-3)
    assert left.assemblages == right.assemblages
    assert np.isnan(left.x).all()


def test_a_single_material_is_its_decomposition(db, garnet, oxygen):
    chart = stability_map(batch([(garnet, 1.0)], db), T, "pCO2", CO2, oxygen)
    case = subject(garnet, db)
    for row, column in np.ndindex(SHAPE):
        alone = decompose(case, float(T[row]), oxygen.having("pCO2", float(CO2[column])))
        assert chart.energy[row, column] == pytest.approx(-alone.per_atom, abs=TOLERANCE)
    np.testing.assert_allclose(chart.beyond, 0.0, atol=1e-9)


def test_a_bare_composition(db, oxygen):
    """Li2ZrO3 + CO2 = Li2CO3 + ZrO2, the CO2 sorbent: loaded when cold, regenerated when hot."""
    chart = stability_map(composition({"Li": 2.0, "Zr": 1.0, "O": 3.0}, db), [700.0, 1200.0], "pCO2", [0.2], oxygen)
    assert "Li2CO3" in chart.phases(0, 0)
    assert chart.phases(1, 0) == ("Li2ZrO3",)
    assert np.isnan(chart.energy).all()
    assert np.isnan(chart.x).all()
    assert chart.subject == "Li 0.6667 Zr 0.3333"


def test_axes_other_than_carbon_dioxide(db, pairs):
    """A dry and a moist gas: water enters only through the axis, and the other pressures stay."""
    gas = atmosphere("pO2=0.2,pCO2=1e-3,pH2O=0.5")
    chart = stability_map(pairs["pc-LCO"], [800.0], "pH2O", [1e-9, 0.5], gas)
    same = interface_reactions(pairs["pc-LCO"].cathode, pairs["pc-LCO"].electrolyte, 800.0, gas, db).strongest.energy
    assert chart.energy[0, 1] == pytest.approx(same, abs=TOLERANCE)
    assert chart.energy[0, 1] <= chart.energy[0, 0] + TOLERANCE


def test_dataset(maps, tmp_path):
    chart = maps["pc-NMC811"]
    data = chart.dataset()
    assert data["energy"].dims == ("temperature", "pCO2")
    assert data["energy"].attrs["units"] == "meV/atom"
    assert (data["temperature"].attrs["units"], data["pCO2"].attrs["units"]) == ("degC", "bar")
    assert float(data["temperature"][0]) == pytest.approx(500.0)
    np.testing.assert_allclose(data["energy"], chart.energy / EV_PER_ATOM * 1e3)
    cell = data.isel(temperature=0, pCO2=-1)
    assert str(data["assemblage"][int(cell["field"])].item()) == " + ".join(chart.phases(0, len(CO2) - 1))
    assert float(cell["wt_percent"].sum()) == pytest.approx(100.0)
    assert data.attrs["subject"] == "LLZTO | pc-NMC811"
    data.to_netcdf(tmp_path / "map.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "map.nc", engine="h5netcdf") as again:
        xr.testing.assert_identical(again.load(), data)


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (([900.0], "pNO", [1e-3]), "unknown gas axis 'pNO'.*choices are pCO, pCO2, pH2, pH2O, pO2"),
        (([], "pCO2", [1e-3]), "temperatures must be a list of values between 273.15 and 1773.15 K"),
        (([900.0, 2000.0], "pCO2", [1e-3]), "temperatures must be a list"),
        (([float("nan")], "pCO2", [1e-3]), "temperatures must be a list"),
        (([900.0], "pCO2", [0.0, 1e-3]), "pCO2 must be a list of pressures above zero, in bar"),
        (([900.0], "pCO2", []), "pCO2 must be a list of pressures above zero"),
        (([900.0], "pCO2", [1e3]), "partial pressures lie between 0 and 100 bar"),
    ],
)
def test_axes_refused(pairs, oxygen, axes, message):
    with pytest.raises(InputError, match=message):
        stability_map(pairs["pc-LCO"], *axes, oxygen)


def test_batches_refused(db, garnet, pairs):
    for parts in ([], [(garnet, 0.0)], [(garnet, float("nan"))]):
        with pytest.raises(InputError, match="give every material a mass above zero"):
            batch(parts, db)
    with pytest.raises(InputError, match=r"mass share 1\.5 of the cathode: must lie between 0 and 1"):
        batch_of(pairs["pc-LCO"], 1.5)
    with pytest.raises(InputError, match=r"unknown element 'U'.*choices are Al"):
        composition({"Li": 1.0, "U": 1.0}, db)
    with pytest.raises(InputError, match="needs an element besides O, C and H"):
        composition({"C": 1.0, "O": 2.0}, db)
