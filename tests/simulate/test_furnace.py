"""Gas that comes and goes: balances, limits and trends of crucible, additives and lithium vapour."""

from functools import cache

import numpy as np
import pytest

import sinterface as si
from sinterface.models.basics import formula
from sinterface.models.basics.constants import GAS_CONSTANT
from sinterface.models.basics.errors import InputError
from sinterface.models.phases.atmosphere import atmosphere
from sinterface.models.phases.database import embedded
from sinterface.models.phases.gases import gas
from sinterface.simulate.setup.furnace import BAR, CRUCIBLES, crucible, lithium_gases, lithium_pressure
from sinterface.simulate.setup.problem import problem, read_additives
from sinterface.simulate.solve.run import predict

FAST = {"cells": 8}


@cache
def run(cathode="pc-LCO", schedule="20 °C/min to 900 °C; hold 1 h", **options):
    """What several tests ask for is computed once."""
    return predict(problem(cathode, "LLZTO", schedule, **FAST, **options), estimate_error=False)


def uptake(result, name):
    return float(result.dataset["gas_uptake"].sel(gas=name).isel(time=-1))


def test_capacity_is_the_ideal_gas():
    lid = crucible("lidded")
    assert lid.capacity(1000.0) == pytest.approx(BAR * lid.volume / (GAS_CONSTANT * 1000.0))
    with pytest.raises(InputError, match=r"crucible 'lided'.*lidded"):
        crucible("lided")


def test_lithium_pressure_over_lithia():
    """Over Li2O in dry O2 Li(g) and more Li2O(g); in humid gas LiOH(g), with the root of the water pressure."""
    T = 1273.15
    dry, humid, humid4 = (atmosphere(text) for text in ("O2", "O2:pH2O=0.01", "O2:pH2O=0.04"))
    lithia = 0.5 * float(embedded()["Li2O"].gibbs(T)) - 0.5 * float(dry.potential("O", T))
    expected = np.exp((lithia - float(gas("Li").gibbs(T))) / (GAS_CONSTANT * T))
    sublimed = np.exp(float(embedded()["Li2O"].gibbs(T) - gas("Li2O").gibbs(T)) / (GAS_CONSTANT * T))
    single, double = lithium_gases(lithia, T, dry)
    assert single == pytest.approx(expected, rel=1e-12)
    assert double == pytest.approx(sublimed, rel=1e-9)
    assert lithium_pressure(lithia, T, dry) == pytest.approx(expected + 2.0 * sublimed, rel=1e-9)
    assert double > 10.0 * expected
    once, four = (lithium_pressure(lithia, T, each) for each in (humid, humid4))
    assert four / once == pytest.approx(2.0, rel=1e-3)
    assert once > 1e3 * expected
    less = [lithium_gases(lithia - GAS_CONSTANT * T, T, humid), lithium_gases(lithia, T, humid)]
    assert less[0][0] == pytest.approx(less[1][0] / np.e, rel=1e-9)
    assert less[0][1] == pytest.approx(less[1][1] / np.e**2, rel=1e-9)


def test_dry_gas_takes_lithium_as_its_oxide():
    """Over an oxide Li(g) goes with pO2 to the power of -1/4, Li2O(g) not at all."""
    lost = {
        air: run(crucible="open", atmosphere=air, schedule="10 °C/min to 1150 °C; hold 1 h; quench").dataset.attrs[
            "lithium_lost"
        ]
        for air in ("O2", "dry-air")
    }
    assert 0.0 < lost["O2"] < 1e-3
    assert lost["dry-air"] == pytest.approx(lost["O2"], rel=0.05)


def test_lithium_leaves_open_and_humid_crucibles():
    lost = {
        (where, air): run(crucible=where, atmosphere=air).dataset.attrs["lithium_lost"]
        for where in CRUCIBLES
        for air in ("O2", "O2:pH2O=0.02")
    }
    assert all(share >= 0.0 for share in lost.values())
    renewals = CRUCIBLES["lidded"].renewed_in() / CRUCIBLES["open"].renewed_in()
    assert lost["open", "O2"] == pytest.approx(renewals * lost["lidded", "O2"], rel=0.02)  # far from exhausted
    assert lost["lidded", "O2:pH2O=0.02"] > 10.0 * lost["lidded", "O2"]
    assert lost["open", "O2:pH2O=0.02"] < 0.5


@pytest.mark.parametrize("additives", ["Li2CO3=5", "LiOH=3", "Li2CO3=2, LiOH=1", "Li3BO3=4"])
def test_elements_and_mass_balance(additives):
    result = run(additives=additives, crucible="open")
    data = result.dataset
    assert data.attrs["outcome"] == "DONE"
    assert data.attrs["element_balance"] < 1e-10
    assert data.attrs["additives"].replace(" ", "") == additives.replace(" ", "")
    first = data.isel(time=0)
    assert float(first["wt_percent"].sum()) == pytest.approx(100.0)
    own = first["wt_percent"].sel(phase=first["role"] == "additive")
    expected = sum(share for _, share in read_additives(additives)) / 2.0  # half of the sample is electrolyte
    assert float(own.sum()) == pytest.approx(expected, rel=1e-6)


def test_carbonate_leaves_as_carbon_dioxide():
    """Faster hot than cold, faster from an open crucible, never more than there was; what left is mass lost."""
    there = 0.05 / 2.0 / embedded()["Li2CO3"].molar_mass  # mol per kg of sample
    cold = run(schedule="20 °C/min to 500 °C; hold 1 h", additives="Li2CO3=5", crucible="open")
    lidded, hot = (run(additives="Li2CO3=5", crucible=where) for where in ("lidded", "open"))
    gone = [-uptake(result, "CO2") for result in (cold, lidded, hot)]
    assert -1e-9 <= gone[0] < gone[1] < gone[2] <= there
    change = sum(uptake(hot, name) * formula.molar_mass(formula.parse(name)) for name in ("O2", "CO2", "H2O"))
    vapour = float(hot.dataset["lithium_lost_mass"][-1])
    assert float(hot.dataset["mass_change"][-1]) == pytest.approx(100.0 * change - vapour, abs=1e-10)


def test_garnet_is_calcined_from_carbonate_under_a_lid():
    """As garnets are made: 900 degrees C for some hours drives the CO2 of 5 % of Li2CO3 out of a lidded crucible."""
    result = run(schedule="20 °C/min to 900 °C; hold 6 h", additives="Li2CO3=5", crucible="lidded")
    there = 0.05 / 2.0 / embedded()["Li2CO3"].molar_mass
    assert -uptake(result, "CO2") > 0.95 * there


def test_furnace_carbon_dioxide_comes_in_no_faster_than_the_gas_is_renewed():
    """Air, 400 ppm: what a lidded crucible takes up is at most what its gas brings."""
    result = run(atmosphere="air")
    hours = float(result.dataset["time"][-1])
    lid, sample = CRUCIBLES["lidded"], problem("pc-LCO", "LLZTO", None)
    assert sample.crucible == "lidded"
    per_mole = lid.capacity(298.15) * 4.0e-4 * hours / lid.renewal
    moles_per_kg = 40.0  # cations in a kg of LiCoO2 and LLZTO: 20 and 14, rounded up
    solved = 1e-11  # a step leaves up to 1e-12 of a balance, which counts as exchanged
    assert -solved <= uptake(result, "CO2") <= 1.05 * per_mole * moles_per_kg


def test_layers_react_as_particles_do():
    sphere, slab = (run("pc-LNMO", "20 °C/min to 600 °C; hold 1 h", geometry=g) for g in ("sphere", "slab"))
    assert slab.dataset.attrs["geometry"] == "slab"
    assert slab.family_shares["La2Zr2O7"] > 1.0
    assert set(list(slab.family_shares)[:2]) == set(list(sphere.family_shares)[:2])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"additives": "Li2CO3"}, "additive 'Li2CO3' is not understood: write phase=wt%"),
        ({"additives": "Li2CO3=0"}, "is no amount"),
        ({"additives": "Li2CO3=80"}, "more than 50 wt%"),
        ({"additives": "Li2CO=3"}, "phase 'Li2CO'"),
        ({"crucible": "closed"}, "crucible 'closed'"),
        ({"geometry": "cube"}, "geometry 'cube'"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(InputError, match=message):
        run(**options)


def test_facade_takes_the_options():
    result = si.simulate("pc-LCO", schedule="50 °C/min to 300 °C", additives="Li2CO3=1", crucible="open", cells=8)
    final = result.dataset["wt_percent"].isel(time=-1)
    assert float(final.where(final["role"] == "additive").sum()) == pytest.approx(0.5, rel=1e-3)
    assert "carbonate" not in result.family_shares, "what was put in has not formed"


def test_a_lid_that_comes_off_is_the_open_crucible_from_there_on():
    """Lithium leaves as from an open crucible when the lid is off from the start, and less when it comes off late."""
    lost = {}
    for name, schedule, where in (
        ("open", "20 °C/min to 900 °C; hold 1 h", "open"),
        ("off", "lid off; 20 °C/min to 900 °C; hold 1 h", "lidded"),
        ("late", "20 °C/min to 900 °C; hold 30 min; lid off; hold 30 min", "lidded"),
        ("back", "lid off; 20 °C/min to 900 °C; hold 30 min; lid on; hold 30 min", "open"),
        ("lidded", "20 °C/min to 900 °C; hold 1 h", "lidded"),
    ):
        result = run(schedule=schedule, crucible=where, atmosphere="O2:pH2O=0.02")
        lost[name] = result.dataset.attrs["lithium_lost"]
    assert lost["off"] == lost["open"]
    assert 1.2 * lost["lidded"] < lost["late"] < lost["open"]
    assert 1.2 * lost["lidded"] < lost["back"] < lost["open"]
    with pytest.raises(InputError, match="has no lid"):
        problem("pc-LCO", schedule="lid off; hold 1 h", crucible="pan")


def test_water_of_hydroxides_leaves_no_faster_than_the_gas_is_renewed():
    """Less has left a lidded crucible than a swept pan after a short hold, and never more than there was."""
    there = 0.05 * 0.5 / embedded()["LiOH"].molar_mass  # mol of H2O per kg, of garnet alone
    schedule = "20 °C/min to 520 °C; hold {} min"
    short, long = (run("none", schedule.format(minutes), additives="LiOH=5", crucible="lidded") for minutes in (1, 600))
    free = run("none", schedule.format(1), additives="LiOH=5", crucible="pan")
    gone = [-uptake(result, "H2O") for result in (short, free, long)]
    assert 0.0 < gone[0] < 0.9 * gone[1]
    assert gone[2] <= there * (1.0 + 1e-6)
    for result in (short, free, long):
        assert result.dataset.attrs["outcome"] == "DONE"
        assert result.dataset.attrs["element_balance"] < 1e-10


def test_gas_goes_through_the_way_out_and_the_pores_in_series():
    assert CRUCIBLES["lidded"].renewed_in(10.0) == pytest.approx(10.0 * CRUCIBLES["lidded"].renewal + 3.0)
    assert CRUCIBLES["open"].renewed_in(10.0) == CRUCIBLES["open"].renewed_in() == 6.0


def gained(powders=("none", "LLZO"), **options):
    """Share of its lithium that a powder alone takes up in humid oxygen."""
    schedule = "20 °C/min to 1050 °C; hold 1 h"
    task = problem(*powders, schedule, atmosphere="O2:pH2O=0.02", cells=8, **options)
    result = predict(task, estimate_error=False)
    assert result.finished
    assert result.dataset.attrs["element_balance"] < 1e-9
    return -result.dataset.attrs["lithium_lost"], result


def test_a_powder_bed_keeps_the_lithium_of_what_it_consists_of():
    """Garnet loses lithium to an open crucible, and in a bed of itself next to none."""
    bare, same = (gained(crucible="open", **options)[0] for options in ({}, {"bed": "LLZO"}))
    assert bare < -1e-3
    assert abs(same) < 0.15 * abs(bare)


def test_a_bed_gives_lithium_to_what_holds_less_of_its_vapour_whatever_the_crucible_is():
    lidded, open_ = (gained(("pc-LCO", "none"), crucible=where, bed="Li2O") for where in ("lidded", "open"))
    assert lidded[0] == pytest.approx(open_[0], rel=1e-6)
    assert lidded[0] > 1e-4
    attrs = lidded[1].dataset.attrs
    assert attrs["bed"] == "Li2O"
    assert "the bed of Li2O gave" in attrs["remarks"]
    assert "times its mass of bed is enough" in attrs["remarks"]
