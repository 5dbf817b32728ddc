"""Packages that only some commands need, and what to install where one of them is missing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from sinterface.models.basics.errors import InputError

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "screen": ("dask", "distributed", "zarr", "numcodecs"),
    "report": ("plotly",),
    "app": ("dash", "flask", "werkzeug", "plotly"),
    "cell": ("pybamm",),
    "calibrate": ("cma", "emcee", "threadpoolctl"),
}
"""Modules of each extra of ``pyproject.toml``."""


def require(extra: str) -> None:
    """Raise InputError, which names the extra, unless all of its packages are installed.

    >>> require("report")
    """
    if missing := [module for module in EXTRAS[extra] if find_spec(module) is None]:
        raise InputError(f"{', '.join(missing)} not installed: pip install 'sinterface[{extra}]'")
