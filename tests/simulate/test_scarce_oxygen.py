"""Oxygen of N2 and Ar is what their flow brings; reducing gases impose theirs."""

import numpy as np
import pytest

from sinterface.models.equilibrium.chemistry import system
from sinterface.models.equilibrium.phase_blocks import phase_blocks, with_oxygen
from sinterface.models.phases import atmosphere as gases
from sinterface.models.phases.database import embedded
from sinterface.models.powders import materials
from sinterface.simulate.setup.furnace import CRUCIBLES
from sinterface.simulate.setup.problem import problem
from sinterface.simulate.setup.schedule import Schedule
from sinterface.simulate.solve.run import predict

HOLD = Schedule.hold(700, hours=2)


def heated(cathode, gas, electrolyte=None, schedule=HOLD, **options):
    result = predict(problem(cathode, electrolyte, schedule, atmosphere=gas, cells=12, **options), estimate_error=False)
    assert result.finished
    assert result.dataset.attrs["element_balance"] < 1e-8
    return result.dataset


def most_beside(data, family):
    """Most that stands beside a family at any time of the run [wt%]."""
    return float(100.0 - data["wt_percent"].where(data["family"] == family, drop=True).sum("phase").min())


@pytest.mark.parametrize("gas", ["N2", "Ar"])
def test_iron_olivine_keeps_its_iron_in_inert_gas(gas):
    """It is fired so at 600 to 800 °C; Li3Fe2(PO4)3 and Fe2O3 stay under 1 wt% throughout."""
    assert most_beside(heated("pc-LFP", gas), "olivine") < 1.0


def test_iron_olivine_oxidises_in_air():
    assert most_beside(heated("pc-LFP", "dry-air"), "olivine") > 50.0


@pytest.mark.parametrize("gas", ["H2/Ar", "H2/H2O", "CO/CO2"])
def test_iron_olivine_lives_in_reducing_gas(gas):
    assert most_beside(heated("pc-LFP", gas), "olivine") < 1.0


def test_hydrogen_makes_cobalt_of_lithium_cobaltite():
    """All of it within 2 h at 700 °C: 58.9 of 97.9 g are cobalt, 14.9 are lithia, the rest is oxygen that leaves."""
    data = heated("pc-LCO", "H2/Ar")
    share = data["wt_percent"].groupby("family").sum().isel(time=-1)
    left = 58.93 + 14.94
    assert float(share.sel(family="metal")) == pytest.approx(100.0 * 58.93 / left, abs=0.5)
    assert float(share.sel(family="Li2O")) == pytest.approx(100.0 * 14.94 / left, abs=0.5)


def test_no_more_oxygen_is_taken_up_than_the_flow_brings():
    """Moles of O2 over the run, from volume and renewal of the crucible; most of it is used by LiFePO4."""
    gas = gases.atmosphere("N2:pO2=1e-3")
    data = heated("pc-LFP", gas)
    time, T = data["time"].values, data["temperature"].values
    crucible = CRUCIBLES["lidded"]
    from sinterface.models.rates.parameters import calibrated

    flow = np.array([crucible.capacity(float(t)) for t in T]) / crucible.renewed_in(10.0 ** calibrated().renewal)
    brought = float(np.trapezoid(flow * gas.pO2, time))  # mol per mole of cations
    cations = 3.0 / 0.157757  # of a kg of LiFePO4
    taken = float(data["gas_uptake"].sel(gas="O2")[-1])
    assert 0.3 * brought * cations < taken < 1.02 * brought * cations


def test_a_lid_keeps_oxygen_in():
    """A nickel-rich oxide in N2 gives off oxygen no faster than the gas above it is renewed."""
    given = {
        name: -float(heated("pc-NMC811", "N2", crucible=name)["gas_uptake"].sel(gas="O2")[-1])
        for name in ("lidded", "open")
    }
    assert 0.0 < given["lidded"] < given["open"]


def test_where_oxygen_abounds_following_it_changes_nothing(monkeypatch):
    """In 1 bar O2 the flow brings more than is asked for: the same amounts as with oxygen imposed."""
    schedule = "20 °C/min to 600 °C; hold 30 min; cool naturally"
    imposed = heated("pc-LMO", "O2", "LLZTO", schedule)
    monkeypatch.setattr(gases, "SCARCE", 10.0)
    followed = heated("pc-LMO", "O2", "LLZTO", schedule)
    assert "O" in followed["component"].values and "O" not in imposed["component"].values
    ends = [data["wt_percent"].isel(time=-1).groupby("family").sum() for data in (imposed, followed)]
    amounts = [dict(zip(end["family"].values.tolist(), end.values.tolist(), strict=True)) for end in ends]
    for family in amounts[0] | amounts[1]:
        assert amounts[0].get(family, 0.0) == pytest.approx(amounts[1].get(family, 0.0), abs=0.3), family


def test_a_gas_that_becomes_inert_is_one_run():
    data = heated("pc-LFP", "N2", schedule="20 °C/min to 600 °C in N2; hold 1 h; cool naturally in Ar")
    assert most_beside(data, "olivine") < 1.0


@pytest.mark.parametrize(("first", "second"), [("O2", "N2"), ("N2", "O2")])
def test_a_run_goes_on_in_another_gas(first, second):
    """A state of a run with oxygen imposed starts one that follows it, and the other way round."""
    begun = predict(problem("pc-LMO", None, "20 °C/min to 400 °C", atmosphere=first, cells=6), estimate_error=False)
    on = problem("pc-LMO", None, "from 400 °C; hold 10 min", atmosphere=second, cells=6)
    result = predict(on, start=begun.state, estimate_error=False)
    assert result.finished
    assert result.dataset.attrs["element_balance"] < 1e-8


def test_oxygen_beyond_the_oxides_of_reference_charges():
    db = embedded()
    chemical, _ = system([materials.find("pc-LFP")], db, closed=("C",))
    blocks = with_oxygen(phase_blocks(chemical))
    column = blocks.components.index("O")
    held = dict(zip(blocks.phases.ids, blocks.phases.composition[:, column] * blocks.phases.size, strict=True))
    expected = {
        "LiFePO4": -0.25,
        "Li3Fe2(PO4)3": 0.0,
        "Fe2O3": 0.0,
        "Li2O": 0.0,
        "Li2CO3": 0.0,
        "LiOH": 0.0,
        "Li2O2": 0.5,
    }
    for phase, oxygen in expected.items():
        assert held[phase] == pytest.approx(oxygen, abs=1e-9), phase
    assert not blocks.metal[:, column].any()


def test_a_nickelate_that_gives_up_all_its_oxygen_at_once_ends():
    """In hydrogen nothing happens below some 200 °C, and then all of a cell: no step, however short, has half of it."""
    task = problem("pc-NMC811", "LLZTO", "10 °C/min to 700 °C; hold 1 h", atmosphere="H2/Ar", cells=4)
    result = predict(task, estimate_error=False)
    assert result.finished
    assert result.unreacted["cathode_fraction"] < 0.01
    assert result.family_shares["metal"] > 25.0
