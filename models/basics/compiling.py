"""Where compiled code is kept between runs, and what is said and done where it is compiled first or can not be kept.

numba refuses a function with ``cache=True`` when it can write neither beside the source nor into the user's cache: in a
container whose files are read-only, or without a home.  ``prepare`` is called before any compiled module is imported.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

ADVICE = (
    "sinterface: no folder for compiled code can be written: it is compiled in memory, half a minute in each process; "
    "set NUMBA_CACHE_DIR to a folder that can be"
)
"""Told once, by the logger ``sinterface``, when something has to be compiled."""

WORD = "sinterface: code is compiled for this machine and kept: this first run takes up to a minute longer"
"""Told once, by the logger ``sinterface``, when something is compiled that is kept."""

ROOM = 20_000_000
"""Free space that a place for compiled code needs [bytes]: twice what all of it takes."""

SOURCES = tuple(Path(__file__).resolve().parents[2] / part for part in ("models/equilibrium", "simulate/stepping"))
"""Folders of the compiled modules; where the package is installed they lie in ``sinterface``."""


def prepare() -> None:
    """Let compiled modules be imported where nothing can be written; light, and does nothing elsewhere."""
    if not has_place():
        _compile_in_memory()


def announce() -> None:
    """Have it told when code of this package is compiled; called by the first compiled module that is imported."""
    if has_place():
        event: Any = import_module("numba.core.event")
        event.register("numba:compile", _listener())


@cache
def _listener() -> Any:
    """What numba calls when it compiles, not when it reads what it has kept; the same every time."""
    event: Any = import_module("numba.core.event")
    said = _Once(WORD, multiprocessing.current_process().name.endswith("-1"))

    def start(self: Any, happened: Any) -> None:
        if happened.data["dispatcher"].py_func.__module__.startswith("sinterface."):
            said.say()

    def end(self: Any, happened: Any) -> None:
        pass

    return type("Told", (event.Listener,), {"on_start": start, "on_end": end})()


def has_place() -> bool:
    """True when numba finds a folder for compiled code that can be written."""
    return any(map(_writable, _places()))


def _places() -> list[Path]:
    """Where numba looks for a place: what the user says, beside the sources, the user's cache."""
    said = os.environ.get("NUMBA_CACHE_DIR")
    places = [Path(said)] if said else []
    if sys.platform == "win32":
        user = os.environ.get("LOCALAPPDATA", "~")
    elif sys.platform == "darwin":
        user = "~/Library/Caches"
    else:
        user = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    beside = [source / "__pycache__" for source in SOURCES if source.is_dir()]
    if beside and all(map(_writable, beside)):
        places.append(beside[0])
    return [*places, Path(user).expanduser() if user.startswith("~") and _home() else Path(user)]


def _home() -> bool:
    return Path(os.path.expanduser("~")).is_absolute()  # noqa: PTH111 - Path raises where there is no home


def _writable(place: Path) -> bool:
    """True when files can be added in a folder, which need not be there yet, and there is room for them."""
    if not place.is_absolute():  # numba would make a folder of the name ~ here
        return False
    while not place.exists() and place != place.parent:
        place = place.parent
    if not (place.is_dir() and os.access(place, os.W_OK | os.X_OK)):
        return False
    if not hasattr(os, "statvfs"):
        return True
    room = os.statvfs(place)
    return room.f_bavail * room.f_frsize >= ROOM


def _compile_in_memory() -> None:
    """Functions that ask for a cache get one that is only read: what an image was built with is used, if anything."""
    caching: Any = import_module("numba.core.caching")  # its types differ between versions
    dispatcher: Any = import_module("numba.core.dispatcher")
    told = _Once(ADVICE)
    whole = caching.FunctionCache

    def save(self: Any, sig: Any, data: Any) -> None:
        told.say()

    def load(self: Any, sig: Any, target_context: Any) -> Any:
        try:
            return whole.load_overload(self, sig, target_context)
        except OSError:
            return None

    read_only: Any = type("ReadOnlyCache", (whole,), {"save_overload": save, "load_overload": load})
    kinds = {name.lstrip("_"): value for name, value in vars(caching).items()}
    base = kinds.get("UserProvidedCacheLocator" if os.environ.get("NUMBA_CACHE_DIR") else "InTreeCacheLocator")
    if base is not None:
        locator = type("ReadOnlyLocator", (base,), {"ensure_cache_path": lambda self: None})
        read_only._impl_class = type("ReadOnly", (whole._impl_class,), {"_locator_classes": [locator]})

    def enable_caching(self: Any) -> None:
        try:
            self._cache = read_only(self.py_func)
        except (OSError, RuntimeError, AttributeError):  # no cache there, or another version of numba
            told.say()

    dispatcher.Dispatcher.enable_caching = enable_caching


class _Once:
    """A line that is said once by the process that a user started, and by workers that are ``chosen``."""

    def __init__(self, line: str, chosen: bool = False) -> None:
        """Nothing is said yet."""
        self.line, self.speaks = line, chosen or multiprocessing.parent_process() is None

    def say(self) -> None:
        """Say it, unless it was said."""
        _ = self._said

    @cached_property
    def _said(self) -> bool:
        if self.speaks:
            logging.getLogger("sinterface").warning(self.line)
        return True
