"""Packages that only some commands need, and what to install where one of them is missing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

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


def keep_out(package: str) -> None:
    """Let imports of a package fail from here on in this process, as if it were not installed; not if it is loaded.

    >>> keep_out("sys")
    >>> __import__("sys").modules["sys"] is not None
    True
    """
    modules: dict[str, Any] = sys.modules
    modules.setdefault(package, None)
