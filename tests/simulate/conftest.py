"""Numerics are verified with the means of the priors: what calibration finds must not decide whether they hold."""

import pytest

from sinterface.models import parameters
from sinterface.simulate import system

NUMERICS = ("test_restart", "test_verification", "test_properties", "test_furnace", "test_run")


@pytest.fixture(autouse=True)
def _prior(request, monkeypatch):
    if request.module.__name__.rsplit(".", 1)[-1] in NUMERICS:
        monkeypatch.setattr(parameters, "calibrated", parameters.prior)
        monkeypatch.setattr(system, "calibrated", parameters.prior)
