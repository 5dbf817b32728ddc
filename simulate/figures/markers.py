"""Shapes of markers that Matplotlib has no name for: closed, so that they can be drawn open, named as Plotly does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

Shape = tuple[tuple[float, float], ...]
"""Corners of a closed shape, the first of them again at the end."""


def star(points: int, inner: float, turned: float) -> Shape:
    """A star of so many points with its notches at ``inner`` of the radius, the first point at ``turned`` [degrees].

    Its middle is that of the box around it, so that it fills what Matplotlib gives a marker.

    >>> len(star(4, 0.4, 90.0))
    9
    """
    corners = []
    for k in range(2 * points):
        angle = math.radians(turned) + k * math.pi / points
        radius = inner if k % 2 else 1.0
        corners.append((radius * math.cos(angle), radius * math.sin(angle)))
    middle = [0.5 * (min(places) + max(places)) for places in zip(*corners, strict=True)]
    centred = [(x - middle[0], y - middle[1]) for x, y in corners]
    return (*centred, centred[0])


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "hourglass": ((-1, 1), (1, 1), (-1, -1), (1, -1), (-1, 1)),
        "bowtie": ((-1, 1), (-1, -1), (1, 1), (1, -1), (-1, 1)),
        "triangle-ne": ((-1, 1), (1, 1), (1, -1), (-1, 1)),
        "triangle-nw": ((-1, -1), (-1, 1), (1, 1), (-1, -1)),
        "triangle-se": ((-1, -1), (1, 1), (1, -1), (-1, -1)),
        "star-triangle-up": star(3, 0.36, 90.0),
        "star-triangle-down": star(3, 0.36, -90.0),
        "star-diamond": star(4, 0.38, 90.0),
        "hexagram": star(6, 0.58, 90.0),
    }
)
"""What ``models/data/families.toml`` may name beside the markers of Matplotlib."""


def marker(name: str) -> str | Shape:
    """What Matplotlib takes for a marker of ``families.toml``: its own name, or corners.

    >>> marker("o"), len(marker("bowtie"))
    ('o', 5)
    """
    return SHAPES.get(name, name)
