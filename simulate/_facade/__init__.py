"""sinterface: which secondary phases form when cathodes and garnet electrolytes are sintered together, and how much.

>>> import sinterface as si
>>> result = si.simulate("pc-NMC811", "LLZTO", si.Schedule.hold(800, hours=2), atmosphere="O2")
>>> result.dataset.attrs["outcome"]
'DONE'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from sinterface.models.basics.compiling import prepare

if TYPE_CHECKING:
    from sinterface.models.basics.errors import DataError as DataError
    from sinterface.models.basics.errors import InputError as InputError
    from sinterface.models.basics.errors import SinterfaceError as SinterfaceError
    from sinterface.models.basics.errors import SolveError as SolveError
    from sinterface.models.interface.reactions import interface_reactions as interface_reactions
    from sinterface.models.phases.atmosphere import Atmosphere as Atmosphere
    from sinterface.models.phases.atmosphere import atmosphere as atmosphere
    from sinterface.models.phases.database import Database as Database
    from sinterface.models.phases.database import embedded as load_database
    from sinterface.models.powders.materials import Material as Material
    from sinterface.models.powders.materials import built_in as materials
    from sinterface.models.powders.materials import find as material
    from sinterface.simulate.screening.candidate_space import Space as Space
    from sinterface.simulate.screening.candidate_space import read as read_space
    from sinterface.simulate.screening.screen import Screened as Screened
    from sinterface.simulate.screening.screen import screen as screen
    from sinterface.simulate.screening.zarr_store import open_store as open_store
    from sinterface.simulate.setup.problem import Problem as Problem
    from sinterface.simulate.setup.problem import problem as problem
    from sinterface.simulate.setup.schedule import Schedule as Schedule
    from sinterface.simulate.setup.schedule_file import find as read_schedule
    from sinterface.simulate.solve.result import Result as Result
    from sinterface.simulate.solve.run import predict as predict
    from sinterface.simulate.solve.run import predict_all as predict_all
    from sinterface.simulate.solve.run import simulate as simulate
    from sinterface.simulate.studies.compare import Comparison as Comparison
    from sinterface.simulate.studies.compare import compare as compare
    from sinterface.simulate.studies.jumps import invariants as invariants
    from sinterface.simulate.studies.optimize import Bounds as Bounds
    from sinterface.simulate.studies.optimize import Front as Front
    from sinterface.simulate.studies.optimize import optimize as optimize
    from sinterface.simulate.studies.samples import Spread as Spread
    from sinterface.simulate.studies.samples import spread as spread
    from sinterface.simulate.studies.sweep import Sweep as Sweep
    from sinterface.simulate.studies.sweep import sweep as sweep

prepare()  # before any compiled module is imported

_WHERE = {  # public name: (module, name there); imported on first use, so that `import sinterface` is light
    "Atmosphere": ("models.phases.atmosphere", "Atmosphere"),
    "Bounds": ("simulate.studies.optimize", "Bounds"),
    "Comparison": ("simulate.studies.compare", "Comparison"),
    "DataError": ("models.basics.errors", "DataError"),
    "Database": ("models.phases.database", "Database"),
    "Front": ("simulate.studies.optimize", "Front"),
    "InputError": ("models.basics.errors", "InputError"),
    "Material": ("models.powders.materials", "Material"),
    "Problem": ("simulate.setup.problem", "Problem"),
    "Result": ("simulate.solve.result", "Result"),
    "Schedule": ("simulate.setup.schedule", "Schedule"),
    "Screened": ("simulate.screening.screen", "Screened"),
    "SinterfaceError": ("models.basics.errors", "SinterfaceError"),
    "SolveError": ("models.basics.errors", "SolveError"),
    "Space": ("simulate.screening.candidate_space", "Space"),
    "Spread": ("simulate.studies.samples", "Spread"),
    "Sweep": ("simulate.studies.sweep", "Sweep"),
    "atmosphere": ("models.phases.atmosphere", "atmosphere"),
    "compare": ("simulate.studies.compare", "compare"),
    "interface_reactions": ("models.interface.reactions", "interface_reactions"),
    "invariants": ("simulate.studies.jumps", "invariants"),
    "load_database": ("models.phases.database", "embedded"),
    "material": ("models.powders.materials", "find"),
    "materials": ("models.powders.materials", "built_in"),
    "open_store": ("simulate.screening.zarr_store", "open_store"),
    "optimize": ("simulate.studies.optimize", "optimize"),
    "read_schedule": ("simulate.setup.schedule_file", "find"),
    "predict": ("simulate.solve.run", "predict"),
    "predict_all": ("simulate.solve.run", "predict_all"),
    "problem": ("simulate.setup.problem", "problem"),
    "read_space": ("simulate.screening.candidate_space", "read"),
    "screen": ("simulate.screening.screen", "screen"),
    "simulate": ("simulate.solve.run", "simulate"),
    "spread": ("simulate.studies.samples", "spread"),
    "sweep": ("simulate.studies.sweep", "sweep"),
}
__all__ = [
    "Atmosphere", "Bounds", "Comparison", "DataError", "Database", "Front", "InputError", "Material",
    "Problem", "Result", "Schedule", "Screened", "SinterfaceError", "SolveError", "Space", "Spread", "Sweep",
    "atmosphere", "compare", "interface_reactions", "invariants", "load_database", "material", "materials",
    "open_store", "optimize", "predict", "predict_all", "problem", "read_schedule", "read_space", "screen", "simulate",
    "spread", "sweep",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module 'sinterface' has no attribute {name!r}; it has {', '.join(__all__)}")
    module, attribute = _WHERE[name]
    if name in ("Screened", "open_store", "screen"):
        from sinterface.simulate.setup.extras import require

        require("screen")
    return getattr(import_module(f"sinterface.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
