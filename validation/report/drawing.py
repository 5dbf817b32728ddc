"""What all figures of the report share: inline SVG that loads nothing, bands, tinted boxes, text as it stands."""

from __future__ import annotations

import io
import re
import warnings
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from sinterface.models.basics.textfile import drawn
from sinterface.models.basics.textfile import plain as printed
from sinterface.validation.scores.document import Band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from sinterface.simulate.figures.markers import Shape

HIGHEST = 1000.0
"""Onsets are looked for up to here [degrees C]."""

BEYOND = 1060.0
"""Where a figure puts what does not happen up to ``HIGHEST``."""

SHOWN = 0.1
"""Families that never reach this [wt%] are left out of the figures."""

BLUE, ORANGE = "#0072B2", "#D55E00"


def svg(figure: Figure, key: str, label: str) -> str:
    """A figure as an SVG element that loads nothing; ``key`` keeps its ids apart from those of other figures."""
    import matplotlib as mpl

    held = io.StringIO()
    # glyphs as paths: the page looks the same whatever fonts the reader has
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "sinterface"}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a letter that the font lacks is drawn as a box
        figure.savefig(held, format="svg", facecolor="none", metadata={"Date": None})
    text = held.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*|<style.*?</style>\s*|<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text).replace("xlink:href", "href")
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', text))
    text = re.sub(r' id="([^"]*)"', lambda match: f' id="{key}-{match[1]}"' if match[1] in used else "", text)
    text = re.sub(r'(href="|url\()#', rf"\1#{key}-", text)
    width, height = (round(96 * inches) for inches in figure.get_size_inches())
    start = f'<svg role="img" aria-label="{escape(label)}" width="{width}" height="{height}"'
    box = re.search(r'viewBox="[^"]*"', text)
    return f"{start} {box[0] if box else ''}>" + text[text.index(">") + 1 :].strip()


def blank(width: float, height: float) -> Figure:
    """An empty figure of a size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def band(
    axis: Axes, T: NDArray[np.float64], shares: Band, colour: str, mark: str | Shape, *, name: str, alpha: float,
    line: str = "-",
) -> None:  # fmt: skip
    """Shares (T,) as a line in a tinted band, or as a point with a bar where there is a single temperature."""
    low, high = numbers(shares.low), numbers(shares.high)
    if T.size > 1:
        axis.fill_between(T, low, high, color=colour, alpha=alpha, linewidth=0)
    else:
        axis.vlines(T, low, high, color=colour, linewidth=1.5)
    axis.plot(
        T, numbers(shares.value), color=colour, marker=mark or None, markersize=4.5, linewidth=1.4, linestyle=line,
        label=plain(name, 40),
    )  # fmt: skip


def numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    """Values as an array; not-a-number for what is not known."""
    return np.array(values, dtype=float)


def box(
    axis: Axes, x: float, y: float, width: float, fill: Any, *, edge: str = "white", line: float = 0.8,
    height: float = 1.0,
) -> None:  # fmt: skip
    """A rectangle from its lower left corner."""
    from matplotlib.patches import Rectangle

    axis.add_patch(
        Rectangle(
            (x, y), width, height, facecolor=fill, edgecolor=edge, linewidth=line, zorder=3 if fill == "none" else 2
        )
    )


def tint(colour: str, share: float) -> tuple[float, float, float]:
    """White at 0, the colour at 1."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    kept = min(1.0, max(0.0, share))
    return 1.0 - kept * (1.0 - red), 1.0 - kept * (1.0 - green), 1.0 - kept * (1.0 - blue)


def plain(text: str, longest: int = 28) -> str:
    """Text that matplotlib takes as it is, cut to what fits."""
    line = printed(text, 1000)
    return drawn(line if len(line) <= longest else line[: longest - 1] + "…")
