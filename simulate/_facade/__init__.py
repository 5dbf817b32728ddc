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
    from sinterface.models.atmosphere import atmosphere as atmosphere
    from sinterface.models.database import Database as Database
    from sinterface.models.database import embedded as load_database
    from sinterface.models.errors import DataError as DataError
    from sinterface.models.errors import InputError as InputError
    from sinterface.models.errors import SinterfaceError as SinterfaceError
    from sinterface.models.errors import SolveError as SolveError
    from sinterface.models.materials import Material as Material
    from sinterface.models.materials import built_in as materials
    from sinterface.models.materials import find as material
    from sinterface.models.reactions import interface_reactions as interface_reactions
    from sinterface.simulate.compare import Comparison as Comparison
    from sinterface.simulate.compare import compare as compare
    from sinterface.simulate.optimize import Bounds as Bounds
    from sinterface.simulate.optimize import Front as Front
    from sinterface.simulate.optimize import optimize as optimize
    from sinterface.simulate.plan import Plan as Plan
    from sinterface.simulate.plan import find as plan
    from sinterface.simulate.plan import follow as follow
    from sinterface.simulate.problem import Problem as Problem
    from sinterface.simulate.problem import problem as problem
    from sinterface.simulate.result import Result as Result
    from sinterface.simulate.run import predict as predict
    from sinterface.simulate.run import simulate as simulate
    from sinterface.simulate.samples import Spread as Spread
    from sinterface.simulate.samples import spread as spread
    from sinterface.simulate.schedule import Schedule as Schedule
    from sinterface.simulate.screen import screen as screen
    from sinterface.simulate.space import Space as Space
    from sinterface.simulate.space import read as read_space
    from sinterface.simulate.store import open_store as open_store
    from sinterface.simulate.sweep import Sweep as Sweep
    from sinterface.simulate.sweep import sweep as sweep

_WHERE = {  # public name: (module, name there); imported on first use, so that `import sinterface` is light
    "Atmosphere": ("models.atmosphere", "Atmosphere"),
    "Bounds": ("simulate.optimize", "Bounds"),
    "Comparison": ("simulate.compare", "Comparison"),
    "DataError": ("models.errors", "DataError"),
    "Database": ("models.database", "Database"),
    "Front": ("simulate.optimize", "Front"),
    "InputError": ("models.errors", "InputError"),
    "Material": ("models.materials", "Material"),
    "Plan": ("simulate.plan", "Plan"),
    "Problem": ("simulate.problem", "Problem"),
    "Result": ("simulate.result", "Result"),
    "Schedule": ("simulate.schedule", "Schedule"),
    "SinterfaceError": ("models.errors", "SinterfaceError"),
    "SolveError": ("models.errors", "SolveError"),
    "Space": ("simulate.space", "Space"),
    "Spread": ("simulate.samples", "Spread"),
    "Sweep": ("simulate.sweep", "Sweep"),
    "atmosphere": ("models.atmosphere", "atmosphere"),
    "compare": ("simulate.compare", "compare"),
    "follow": ("simulate.plan", "follow"),
    "interface_reactions": ("models.reactions", "interface_reactions"),
    "load_database": ("models.database", "embedded"),
    "material": ("models.materials", "find"),
    "materials": ("models.materials", "built_in"),
    "open_store": ("simulate.store", "open_store"),
    "optimize": ("simulate.optimize", "optimize"),
    "plan": ("simulate.plan", "find"),
    "predict": ("simulate.run", "predict"),
    "problem": ("simulate.problem", "problem"),
    "read_space": ("simulate.space", "read"),
    "screen": ("simulate.screen", "screen"),
    "simulate": ("simulate.run", "simulate"),
    "spread": ("simulate.samples", "spread"),
    "sweep": ("simulate.sweep", "sweep"),
}
__all__ = [
    "Atmosphere", "Bounds", "Comparison", "DataError", "Database", "Front", "InputError", "Material", "Plan",
    "Problem", "Result", "Schedule", "SinterfaceError", "SolveError", "Space", "Spread", "Sweep", "atmosphere",
    "compare", "follow", "interface_reactions", "load_database", "material", "materials", "open_store", "optimize",
    "plan", "predict", "problem", "read_space", "screen", "simulate", "spread", "sweep",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module 'sinterface' has no attribute {name!r}; it has {', '.join(__all__)}")
    module, attribute = _WHERE[name]
    return getattr(import_module(f"sinterface.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
