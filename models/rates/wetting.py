"""How much of the surface of particles a melt that wets them joins: rings of liquid around the points where they touch.

A melt that wets the solids is drawn into the necks between particles as soon as it is there (German, Suri & Park,
J. Mater. Sci. 44, 1 (2009), recalled: capillary flow is the first and fastest stage of sintering with a liquid phase).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def bridged(liquid: ArrayLike, packing: float) -> NDArray[np.float64]:
    """Share of the surface [1] (N,) under rings of liquid, ``liquid`` [m^3 per m^3 of solid] (N,) of it in all.

    Spheres of radius R that touch leave a gap of r^2/R at the distance r from their axis, so that a ring out to x holds
    the volume pi x^4 / (2 R).  With 12 ``packing`` neighbours each, as in ``sintering.flattened`` (Helle, Easterling &
    Ashby, Acta Metall. 33, 2163 (1985)), (x/R)^4 = 4 liquid / (9 packing), and 12 packing circles pi x^2 take

        2 sqrt(liquid packing)

    of a surface 4 pi R^2, whatever R is; no more than all of it.  Held for x well below R and a contact angle of zero:
    a melt that wets less takes less.

    >>> bridged([0.0, 0.02], 0.55).round(2)
    array([0.  , 0.21])
    """
    return np.asarray(np.minimum(2.0 * np.sqrt(np.asarray(liquid, dtype=float) * packing), 1.0))
