"""What processes of jobs are copied from: once this is imported, all that every task needs is loaded, and no Dask.

xarray imports Dask wherever it is installed, 0.4 s of a processor, and no task has chunks.
"""

from __future__ import annotations

from importlib import import_module

from sinterface.simulate.setup.extras import keep_out

USED = ("numba", "xarray", "sinterface.simulate.solve.run", "sinterface.simulate.studies.sweep")
"""Modules that every task needs and that take seconds to load."""

keep_out("dask")
for name in USED:
    import_module(name)
