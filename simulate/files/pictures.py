"""Pictures of results that are asked for by the results themselves.

The room of figures lies above that of the results and draws them; it is loaded by name when a picture is wanted, as
pandas does with what draws its tables, so that no result depends on it.
"""

from __future__ import annotations

import base64
import io
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def picture(module: str, name: str, *shown: Any) -> Figure:
    """The figure that function ``name`` of a module of figures makes of ``shown``."""
    figure: Figure = getattr(import_module(f"sinterface.simulate.figures.{module}"), name)(*shown)
    return figure


def png(figure: Figure) -> bytes:
    """A figure as PNG, as large as a notebook shows it."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=90)
    return content.getvalue()


def inline(figure: Figure, alternative: str) -> str:
    """A figure as a part of HTML; ``alternative`` is read where it can not be seen.

    >>> from matplotlib.figure import Figure
    >>> inline(Figure(), "nothing")[:30]
    '<img alt="nothing" style="max-'
    """
    drawn = base64.b64encode(png(figure)).decode()
    return f'<img alt="{alternative}" style="max-width:100%" src="data:image/png;base64,{drawn}">'
