"""How strongly phases scatter X-rays: the strongest line of a powder pattern per mass, against a reference phase.

The intensity of a line of a phase with mass fraction w in a mixture goes as w / (density V^2) times the squared
structure factors with multiplicity, Lorentz and polarisation factors, V the cell's volume (Hubbard & Snyder, Powder
Diffraction 3, 74 (1988), the reference intensity ratio; recalled).  The absorption of the mixture is common to all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

RADIATION = "CuKa"
"""X-rays of the laboratories whose patterns are on the cards."""

RANGE = (10.0, 80.0)
"""Scattering angles 2 theta [degrees] of a usual pattern."""

WIDTH = 0.1
"""Lines within this of each other [degrees] are one."""


def strongest_line(card: Mapping[str, Any]) -> float:
    """Intensity of the strongest line per mass, in a unit common to all phases.

    ``card`` holds ``space_group`` (pymatgen's setting), ``cell`` [angstrom, degrees] as a, b, c, alpha, beta, gamma,
    ``sites`` as [element, x, y, z] or [element, x, y, z, occupancy], and may hold ``between``, the two angles
    [degrees] that the line has to lie between because a stronger line coincides with lines of the reactants.
    """
    from pymatgen.analysis.diffraction.xrd import XRDCalculator
    from pymatgen.core.composition import Composition
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

    species, places = [], []
    for element, x, y, z, *occupancy in card["sites"]:
        species.append(Composition({element: occupancy[0] if occupancy else 1.0}))
        places.append([x, y, z])
    crystal = Structure.from_spacegroup(card["space_group"], Lattice.from_parameters(*card["cell"]), species, places)
    low, high = card.get("between", RANGE)
    pattern = XRDCalculator(RADIATION).get_pattern(crystal, scaled=False, two_theta_range=(low, high))
    angles, heights = np.asarray(pattern.x), np.asarray(pattern.y)
    together = [float(heights[np.abs(angles - angle) < WIDTH].sum()) for angle in angles]
    return max(together) / (float(crystal.volume) ** 2 * float(crystal.density))
