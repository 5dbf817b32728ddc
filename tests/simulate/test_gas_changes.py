"""Schedules that change their gas: one run, one time axis, the same elements."""

import numpy as np
import pytest

import sinterface as si
from sinterface.simulate.setup.problem import problem
from sinterface.simulate.solve.run import predict

QUICK = {"cells": 8}
STEPS = "20 °C/min to 500 °C{first}; hold 30 min; 20 °C/min to 700 °C{second}; hold 30 min; cool naturally"


def fired(first="", second="", cathode="pc-LMO", **options):
    schedule = STEPS.format(first=first and f" in {first}", second=second and f" in {second}")
    return predict(problem(cathode, "LLZTO", schedule, **QUICK, **options), estimate_error=False)


def test_naming_the_gas_that_is_there_changes_nothing():
    plain, named = fired(), fired("O2", "O2")
    assert named.family_shares == pytest.approx(plain.family_shares, abs=1e-12)
    assert named.dataset.attrs["atmosphere"] == plain.dataset.attrs["atmosphere"]


def test_gases_in_sequence_share_one_time_axis_and_keep_the_elements():
    result = fired("air", "O2")
    assert result.finished
    assert np.all(np.diff(result.dataset["time"].values) > 0.0)
    assert result.dataset.attrs["element_balance"] < 1e-9
    assert result.dataset.attrs["atmosphere"].startswith("air") and ", then O2" in result.dataset.attrs["atmosphere"]


def test_the_last_gas_matters():
    oxygen, carbon = fired("O2", "O2"), fired("O2", "O2:pCO2=0.5")
    carbonate = carbon.family_shares.get("carbonate", 0.0) - oxygen.family_shares.get("carbonate", 0.0)
    assert carbonate > 0.05


def test_a_run_with_several_gases_has_an_error_estimate():
    schedule = STEPS.format(first=" in air", second=" in O2")
    result = predict(problem("pc-LMO", "LLZTO", schedule, **QUICK))
    assert np.isfinite(result.dataset["wt_percent_error"].values).all()


def test_the_gas_is_that_of_the_hold_and_not_of_the_cooling():
    """NCA gives up oxygen elsewhere in N2: the remark of a run that cools in it would tell of the wrong gas."""
    held = "10 °C/min to 895 °C in O2; hold 1 h; cool naturally"
    plain, cooled = (si.invariants(si.problem("pc-NCA", None, text)) for text in (held, f"{held} in N2"))
    elsewhere = si.invariants(si.problem("pc-NCA", None, held.replace("in O2", "in N2")))
    assert plain == cooled != elsewhere
