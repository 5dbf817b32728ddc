"""Whole runs on the embedded data: what must hold for every built-in cathode, and what thermodynamics demands."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import sinterface as si
from sinterface.simulate.solve.result import LEAST_ERROR

CATHODES = sorted(si.materials("cathode"))

predict = partial(si.predict, estimate_error=False)
"""A run without the coarser companion beside it, which would tell the numerical error."""


@pytest.mark.parametrize("cathode", CATHODES)
def test_elements_balance_and_amounts_stay_positive(cathode):
    result = predict(si.problem(cathode, "LLZTO", si.Schedule.hold(750, hours=1), cells=16))
    data = result.dataset
    assert data.attrs["outcome"] == "DONE"
    assert data.attrs["element_balance"] < 1e-10
    assert float(data["wt_percent"].min()) >= 0.0
    assert data["wt_percent"].sum("phase").values == pytest.approx(100.0, abs=0.02)  # traces are left out
    assert 0.0 <= result.unreacted["cathode_fraction"] <= 1.0 + 1e-9
    assert 0.0 <= result.unreacted["electrolyte_fraction"] <= 1.0 + 1e-9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tolerance": float("nan")}, r"^tolerance nan: choose 0\.0001 to 0\.5"),
        ({"tolerance": 0.0}, r"^tolerance 0: choose"),
        ({"tolerance": -1.0}, r"^tolerance -1: choose"),
        ({"max_steps": -3}, r"^max_steps -3: choose a whole number of 1 or more"),
        ({"max_steps": float("nan")}, r"^max_steps nan: choose a whole number"),
        ({"max_steps": 2.5}, r"^max_steps 2\.5: choose a whole number"),
    ],
)
def test_options_without_which_no_step_is_right_are_refused(options, message):
    with pytest.raises(si.InputError, match=message):
        predict(si.problem("pc-LNMO", cells=8), **options)


def test_spinel_reacts_and_cobaltate_hardly_does_as_thermodynamics_demands():
    schedule = si.Schedule.hold(600, hours=2)
    spinel = si.simulate("pc-LNMO", schedule=schedule)
    cobaltate = predict(si.problem("pc-LCO", schedule=schedule))
    assert spinel.unreacted["electrolyte_fraction"] < 0.01
    assert {"La2Zr2O7", "Li2MnO3"} <= set(spinel.detected())
    table, errors = spinel.by_family, spinel.errors_by_family
    assert isinstance(table, pd.Series)
    assert (table.name, table.index.name) == ("wt_percent", "family")
    assert table["La2Zr2O7"] == table.max() > 30.0
    assert table.is_monotonic_decreasing
    assert table.sum() == pytest.approx(sum(spinel.family_shares.values()))
    assert list(errors.index) == list(table.index)
    secondary = spinel.dataset["family"].values[spinel.dataset["role"].values == "secondary"]
    beyond = errors - LEAST_ERROR * pd.Series(secondary).value_counts()[errors.index].values  # the least of each phase
    assert ((beyond >= 0.0) & (beyond < 0.2 * table + 0.01)).all(), "errors are there and small"
    assert cobaltate.dataset.attrs["outcome"] == "DONE"
    assert sum(cobaltate.family_shares.values()) < 1.0
    gains = {}
    for name in ("pc-LNMO", "pc-LCO"):
        reactions = si.interface_reactions(
            si.materials()[name], si.materials()["LLZTO"], 873.15, si.Atmosphere("O2", 1.0), si.load_database()
        )
        gains[name] = reactions.strongest.energy_meV_per_atom
    assert gains["pc-LNMO"] < -20.0
    assert gains["pc-LCO"] > -2.0


def test_a_run_tells_of_the_lithium_that_garnet_has_lost():
    """LiFePO4 takes oxygen and garnet's lithium at 400 °C; the garnet's framework stays, and so it counts as left."""
    drained = predict(si.problem("pc-LFP", schedule=si.Schedule.hold(400, hours=1), cells=8))
    assert drained.unreacted["electrolyte_fraction"] > 0.5
    told = re.search(r"the electrolyte that is left holds (\d+) % less lithium", drained.dataset.attrs["remarks"])
    assert told is not None
    assert 5 <= int(told[1]) <= 30
    kept = predict(si.problem(None, "LLZTO", si.Schedule.hold(800, hours=1), cells=8))
    assert "lithium than" not in kept.dataset.attrs["remarks"]


def test_cold_powders_do_nothing():
    result = si.simulate("pc-LNMO", schedule="10 °C/min to 100 °C; hold 1 h", cells=8)
    assert sum(result.family_shares.values()) < 1e-3
    assert abs(float(result.dataset["mass_change"][-1])) < 1e-3


def test_longer_holds_never_react_less_and_sixteen_times_longer_makes_a_fifth_more():
    made = [
        sum(predict(si.problem("pc-LNMO", schedule=si.Schedule.hold(500, hours=h), cells=16)).family_shares.values())
        for h in (0.5, 2, 8)
    ]
    assert made == sorted(made)
    assert made[2] > made[0] + 1.0
    assert made[2] > 1.2 * made[0]


@pytest.mark.parametrize("T", [450, 500, 550, 600])
def test_finer_mesh_and_steps_agree(T):
    problem = si.problem("pc-LNMO", schedule=si.Schedule.hold(T, hours=2), cells=20)
    fine = si.problem("pc-LNMO", schedule=si.Schedule.hold(T, hours=2), cells=40)
    coarse = predict(problem).family_shares
    precise = predict(fine, tolerance=0.005).family_shares
    for family, share in precise.items():
        assert coarse.get(family, 0.0) == pytest.approx(share, abs=0.05 * max(precise.values()))


def test_a_weakly_driven_couple_does_not_depend_on_the_step():
    """Phases must be free to equilibrate within a step: where they are not, small amounts follow the step size."""
    problem = si.problem("pc-NMC811", schedule=si.Schedule.hold(800, hours=1), cells=16)
    coarse, fine = (sum(predict(problem, tolerance=t).family_shares.values()) for t in (0.02, 0.005))
    assert coarse == pytest.approx(fine, rel=0.2)
    assert fine > 0.3


def test_mass_ratio_and_formula_inputs():
    named = si.simulate("pc-NMC811", schedule=si.Schedule.hold(600), cells=8)
    formula = predict(si.problem("LiNi0.8Mn0.1Co0.1O2", schedule=si.Schedule.hold(600), cells=8, mass_ratio="1:1"))
    assert formula.family_shares == pytest.approx(named.family_shares)
    rich = predict(si.problem("pc-LNMO", schedule=si.Schedule.hold(600), cells=8, mass_ratio="1:4"))
    assert rich.unreacted["electrolyte_fraction"] > 0.3
    assert rich.unreacted["cathode_fraction"] < 0.05


def test_netcdf_opens_anywhere_and_carries_its_history(tmp_path):
    result = si.simulate("pc-LMO", schedule=si.Schedule.hold(500), cells=8)
    result.to_netcdf(tmp_path / "run.nc")
    with xr.open_dataset(tmp_path / "run.nc", engine="h5netcdf") as back:
        assert np.array_equal(back["wt_percent"].values, result.dataset["wt_percent"].values)
        assert back["wt_percent"].attrs["units"] == "%"
        assert {"database", "version", "sources", "outcome", "schedule", "atmosphere"} <= set(back.attrs)
    assert list(tmp_path.iterdir()) == [tmp_path / "run.nc"]


def test_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    result = si.simulate("pc-LMO", schedule="10 °C/min to 100 °C", cells=4)
    target = tmp_path / "run.nc"
    target.write_text("old")

    def fail(self, content):
        self.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(si.InputError, match="No space left"):
        result.to_netcdf(target)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
