"""What all figures share: a canvas that notebooks show, and sizes of printed journals."""

from __future__ import annotations

import textwrap

from matplotlib.figure import Figure
from matplotlib.text import Text

from sinterface.models.basics.errors import unknown
from sinterface.models.basics.textfile import drawn
from sinterface.simulate.files.pictures import png

STYLES = ("screen", "paper")
"""How figures may be drawn: for a screen, or for the page of a journal."""

COLUMN, PAGE = 85.0, 170.0
"""Widths of one and of two columns of a journal [mm]."""

INCH = 25.4
"""mm per inch."""

LETTERS, SMALL = 7.0, 6.0
"""Letters on paper [points]: of axes, and of titles, legends and ticks."""

LETTER = 0.0078
"""Width of a letter per point of the font size [inches]; a little wide."""

SWATCH = 0.35
"""Width of a legend's line with its gaps on paper [inches]."""

ROW, ROWS = 0.115, 2
"""Height of a row of a legend on paper [inches], and the rows for which there is room without making it higher."""

SOFT = " \n"
"""A break of a line that ``wrapped`` has made: another width may undo it."""


class Canvas(Figure):
    """A figure that a notebook shows as it stands, without pyplot; a ``wide`` one takes two columns of a journal."""

    wide = False

    def _repr_png_(self) -> bytes:
        return png(self)


def canvas(width: float, height: float) -> Canvas:
    """An empty figure of this size [inches] whose panels, titles and legends make room for one another.

    >>> canvas(6.0, 4.0).get_layout_engine().__class__.__name__
    'ConstrainedLayoutEngine'
    """
    return Canvas(figsize=(width, height), layout="constrained")


def styled(figure: Figure, style: str) -> Figure:
    """A figure as a style wants it: "screen" leaves it, "paper" makes it as wide as one or two columns of a journal.

    Panels side by side and wide figures take two columns, 170 mm, all others one, 85 mm, with the legend below.
    Letters are 6 and 7 points.  Raises InputError for another style.

    >>> drawn = canvas(8.5, 4.0)
    >>> _ = drawn.subplots(1, 2)
    >>> round(float(styled(drawn, "paper").get_figwidth()) * INCH)
    170
    """
    if style not in STYLES:
        raise unknown("style", style, STYLES)
    if style == "screen":
        return figure
    before = figure.get_figwidth()
    places = [place for axis in figure.axes if (place := axis.get_subplotspec()) is not None]
    side_by_side = len({place.colspan.start for place in places}) > 1
    width = (PAGE if side_by_side or getattr(figure, "wide", False) else COLUMN) / INCH
    narrower = width / before
    figure.set_size_inches(width, figure.get_figheight() * max(narrower, 0.62))
    for letters in figure.findobj(Text):
        letters.set_fontsize(min(SMALL, letters.get_fontsize()))
    for axis in figure.axes:
        axis.tick_params(labelsize=SMALL, width=0.6, length=2.5)
        axis.xaxis.label.set_fontsize(LETTERS)
        axis.yaxis.label.set_fontsize(LETTERS)
        room = (0.4 if side_by_side else 0.8) * width
        axis.set_xlabel(_rewrapped(axis.get_xlabel(), room * SMALL / LETTERS))
        axis.set_title(_rewrapped(axis.get_title(), room), fontsize=SMALL)
        for line in axis.get_lines():
            line.set_linewidth(0.8 * line.get_linewidth())
            line.set_markersize(0.7 * line.get_markersize())
            line.set_markeredgewidth(0.6 * line.get_markeredgewidth())
    above = figure.get_suptitle()
    if above:
        figure.suptitle(_rewrapped(above, 0.8 * width), fontsize=LETTERS)
    under = figure.get_supxlabel()
    if under:
        figure.supxlabel(_rewrapped(under, 0.9 * width), fontsize=SMALL)
    for legend in list(figure.legends):
        names = [text.get_text() for text in legend.get_texts()]
        columns = int(width / (SMALL * LETTER * max(map(len, names)) + SWATCH))
        handles = [handle for handle in legend.legend_handles if handle is not None]
        columns = max(1, min(columns, len(names)))
        legend.remove()
        figure.legend(
            handles, names, loc="outside lower center", ncols=columns, fontsize=SMALL, frameon=False, handlelength=1.6,
            columnspacing=1.0,
        )  # fmt: skip
        rows = -(-len(names) // columns)
        figure.set_figheight(figure.get_figheight() + ROW * max(0, rows - ROWS))
    return figure


def wrapped(text: str, width: float, size: float) -> str:
    """Text as it stands, broken into lines that fit into ``width`` [inches] at a font size [points].

    >>> wrapped("of two lines that part here", 1.2, 8.0).split(SOFT)
    ['of two lines that', 'part here']
    """
    return SOFT.join(textwrap.wrap(drawn(text, 2000), max(20, int(width / (LETTER * size)))))


def _rewrapped(text: str, width: float) -> str:
    """A title that fits into ``width`` [inches] on paper: its soft breaks are made anew."""
    most = max(20, int(width / (LETTER * SMALL)))
    return "\n".join(textwrap.fill(line, most) for line in text.replace(SOFT, " ").split("\n"))
