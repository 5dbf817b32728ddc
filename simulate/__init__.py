"""Works the models out in time and space and talks to people.  Installed, this folder is ``sinterface.simulate``.

The package is also the function of that name: ``sinterface.simulate("pc-LCO")`` calls ``run.simulate``.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sinterface.simulate.solve.result import Result

if __name__ != "sinterface.simulate":  # a second copy of every class would be loaded under the wrong name
    raise ImportError(
        "import sinterface.simulate instead of simulate: the folder is installed under the name sinterface"
    )


class _CallablePackage(ModuleType):
    """Importing any submodule puts this package where the public function is expected, so it answers as one."""

    def __call__(self, *args: Any, **kwargs: Any) -> Result:
        from sinterface.simulate.solve.run import simulate

        return simulate(*args, **kwargs)


sys.modules[__name__].__class__ = _CallablePackage
