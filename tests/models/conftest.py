"""Data shared by the tests of the models: the tables as read, as adjusted, and pure oxygen."""

import re
from importlib import resources

import pytest

from sinterface.models.phases import database
from sinterface.models.phases import phase_tables as tables
from sinterface.models.phases.atmosphere import Atmosphere, atmosphere


@pytest.fixture(scope="session")
def db() -> database.Database:
    return database.embedded()


@pytest.fixture(scope="session")
def raw() -> database.Database:
    return database.unadjusted()


@pytest.fixture(scope="session")
def records() -> dict[str, tables.Record]:
    return tables.read_records()


@pytest.fixture(scope="session")
def oxygen() -> Atmosphere:
    return atmosphere("O2")


@pytest.fixture(scope="session")
def bibliography() -> set[str]:
    text = resources.files("sinterface.models").joinpath("references.bib").read_text(encoding="utf-8")
    return set(re.findall(r"@\w+\{([^,\s]+),", text))
