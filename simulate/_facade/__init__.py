"""sinterface: which secondary phases form when cathodes and garnet electrolytes are sintered together, and how much.

>>> import sinterface as si
>>> result = si.simulate("pc-NMC811", "LLZTO", si.Schedule.hold(800, hours=2), atmosphere="O2")
>>> result.dataset.attrs["outcome"]
'DONE'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sinterface.models.atmosphere import Atmosphere as Atmosphere
    from sinterface.models.database import Database as Database
    from sinterface.models.database import embedded as load_database
    from sinterface.models.errors import DataError as DataError
    from sinterface.models.errors import InputError as InputError
    from sinterface.models.errors import SinterfaceError as SinterfaceError
    from sinterface.models.errors import SolveError as SolveError
    from sinterface.models.materials import Material as Material
    from sinterface.models.materials import built_in as materials
    from sinterface.models.reactions import interface_reactions as interface_reactions
    from sinterface.simulate.problem import Problem as Problem
    from sinterface.simulate.problem import problem as problem
    from sinterface.simulate.result import Result as Result
    from sinterface.simulate.run import predict as predict
    from sinterface.simulate.run import simulate as simulate
    from sinterface.simulate.schedule import Schedule as Schedule
    from sinterface.simulate.sweep import Sweep as Sweep
    from sinterface.simulate.sweep import sweep as sweep

_WHERE = {  # public name: (module, name there); imported on first use, so that `import sinterface` is light
    "Atmosphere": ("models.atmosphere", "Atmosphere"),
    "DataError": ("models.errors", "DataError"),
    "Database": ("models.database", "Database"),
    "InputError": ("models.errors", "InputError"),
    "Material": ("models.materials", "Material"),
    "Problem": ("simulate.problem", "Problem"),
    "Result": ("simulate.result", "Result"),
    "Schedule": ("simulate.schedule", "Schedule"),
    "SinterfaceError": ("models.errors", "SinterfaceError"),
    "SolveError": ("models.errors", "SolveError"),
    "Sweep": ("simulate.sweep", "Sweep"),
    "interface_reactions": ("models.reactions", "interface_reactions"),
    "load_database": ("models.database", "embedded"),
    "materials": ("models.materials", "built_in"),
    "predict": ("simulate.run", "predict"),
    "problem": ("simulate.problem", "problem"),
    "simulate": ("simulate.run", "simulate"),
    "sweep": ("simulate.sweep", "sweep"),
}
__all__ = [
    "Atmosphere", "DataError", "Database", "InputError", "Material", "Problem", "Result", "Schedule",
    "SinterfaceError", "SolveError", "Sweep", "interface_reactions", "load_database", "materials", "predict", "problem",
    "simulate", "sweep",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module 'sinterface' has no attribute {name!r}; it has {', '.join(__all__)}")
    module, attribute = _WHERE[name]
    return getattr(import_module(f"sinterface.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
