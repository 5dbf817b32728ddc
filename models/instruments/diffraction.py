"""Powder X-ray diffraction of a sample from its phases: lines, counts with noise, marks.

Intensities of lines are the squared structure factor times multiplicity and
Lorentz-polarisation factor of the Bragg-Brentano geometry, per unit cell.  A phase of weight share w and cell of volume
V and mass ZM contributes them times w / (ZM V), as Rietveld's scale factors say (Hill & Howard, J. Appl. Cryst. 20, 467
(1987), recalled).  Left out: preferred orientation, microabsorption, and anomalous dispersion, without which lines of
oxides of cobalt and nickel are up to a quarter too strong with Cu K-alpha (an estimate).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sinterface.models.basics.errors import InputError, shown
from sinterface.models.instruments.structure_factors import diffraction_lines
from sinterface.models.instruments.structures import Crystal, crystal_of

if TYPE_CHECKING:
    import xarray as xr

ANODES: Mapping[str, tuple[tuple[float, float], ...]] = {
    "Cu": ((1.54056, 1.0), (1.54439, 0.5)),
    "Co": ((1.78897, 1.0), (1.79285, 0.5)),
    "Mo": ((0.70930, 1.0), (0.713590, 0.5)),
    "Cr": ((2.28970, 1.0), (2.29361, 0.5)),
    "Fe": ((1.93604, 1.0), (1.93998, 0.5)),
    "Ag": ((0.559363, 1.0), (0.563775, 0.5)),
}
"""Wavelength [Å] and relative intensity of K-alpha1 and K-alpha2.

The wavelengths are those that pymatgen's calculator lists; the ratio 2 to 1 is that of the electrons in the two
levels."""

ANGLES = (5.0, 160.0)
"""Diffraction angles that a scan may cover [degrees]."""

MOST_POINTS = 200_000
"""Most points of a scan."""

DISPLACEMENT = 0.6
"""Debye-Waller factor B of all atoms [Å^2]: an estimate for oxides at room temperature, 0.3 to 1."""

SHAPE_FACTOR = 0.9
"""Scherrer's constant K, width from size: between 0.8 and 1.1 with the shape of the crystallites."""

WEAKEST = 1e-4
"""Lines below this share of the strongest of their phase are left out."""

SHORTEST = 0.7
"""Shortest spacing of a line [Å]."""

REACH = 40.0
"""Half widths at half maximum after which a line ends: its tail is then below 0.1 % of its height."""


@dataclass(frozen=True)
class Scan:
    """How a pattern is measured.

    ``start``, ``stop``, ``step`` [degrees of 2 theta], ``speed`` [degrees/min] as on instruments, ``lines`` wavelengths
    [Å] and their relative intensities, ``width`` the instrument's full width at half maximum [degrees], ``crystallite``
    the size [m] of crystallites of garnet and cathode, ``product_crystallite`` [m] that of all other phases.
    ``peak_rate`` is the count rate [1/s] at the top of the strongest line of the sample, ``background`` the rate
    between lines as a share of it, at 2 theta of 60 degrees; towards low angles air scatter adds to it.

    The defaults are the reference's scan (10 to 80 degrees, 3 degrees/min, 0.01 degrees) on an instrument that it does
    not describe: 0.08 degrees wide, 20,000 counts/s on a strip detector and 4 % background are estimates, good to
    factors of 1.5, 3 and 2.  Crystallites of products, 0.1 um, are those of the kinetic model's product grains within
    its range of 0.05 to 0.5 um.

    Example::

        Scan.of_anode("Co", speed=1.0)
    """

    start: float = 10.0
    stop: float = 80.0
    step: float = 0.01
    speed: float = 3.0
    lines: tuple[tuple[float, float], ...] = ANODES["Cu"]
    width: float = 0.08
    crystallite: float = 2e-7
    product_crystallite: float = 1e-7
    peak_rate: float = 2e4
    background: float = 0.04

    def __post_init__(self) -> None:
        """Raise InputError for a scan that can not be made."""
        for wavelength, _ in self.lines:
            if not (math.isfinite(wavelength) and 0.05 <= wavelength <= 5.0):
                raise InputError(f"wavelength {wavelength:g} Å: choose 0.05 to 5, or an anode of {', '.join(ANODES)}")
        low, high = ANGLES
        if not low <= self.start < self.stop <= high:
            raise InputError(
                f"angles {self.start:g} to {self.stop:g}: choose a range within {low:g} to {high:g} degrees"
            )
        if not 0.0 < self.step <= self.stop - self.start or (self.stop - self.start) / self.step > MOST_POINTS:
            raise InputError(f"step {self.step:g} degrees: choose a step that gives 2 to {MOST_POINTS} points")
        for name in ("speed", "width", "crystallite", "product_crystallite", "peak_rate"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0.0):
                raise InputError(f"{name} {value:g} of the scan: must be above 0")
        if not 0.0 <= self.background < 1.0:
            raise InputError(f"background {self.background:g}: give the share of the strongest line, 0 to below 1")
        for wavelength, _ in self.lines:
            if self.stop > angle_of(SHORTEST, wavelength) + 1e-6:
                raise InputError(
                    f"scan to {self.stop:g} degrees: with {wavelength:g} Å lines are calculated down to spacings of "
                    f"{SHORTEST:g} Å, that is up to {angle_of(SHORTEST, wavelength):.4g} degrees; end the scan there"
                )

    @classmethod
    def of_anode(cls, radiation: str, **options: float) -> Scan:
        """A scan with the K-alpha doublet of an anode, or with one wavelength [Å] such as ``"0.4"``.

        Unless ``start`` and ``stop`` are given it covers the spacings that the default covers with Cu K-alpha, as far
        as angles allow.  Raises InputError when the radiation is neither, or a scan can not be made.
        """
        lines = wavelengths(radiation)
        range_of = {"start": cls.start, "stop": cls.stop}
        if lines != ANODES["Cu"]:
            for name, angle in range_of.items():
                spacing = ANODES["Cu"][0][0] / (2.0 * math.sin(math.radians(angle) / 2.0))
                range_of[name] = min(max(angle_of(spacing, lines[0][0]), ANGLES[0]), ANGLES[1])
        return cls(lines=lines, **{**range_of, **options})

    @property
    def angles(self) -> NDArray[np.float64]:
        """Angles of the points (points,) [degrees of 2 theta]."""
        return np.asarray(self.start + self.step * np.arange(int((self.stop - self.start) / self.step + 1e-6) + 1.0))

    @property
    def time_per_point(self) -> float:
        """Measuring time of one point [s]."""
        return 60.0 * self.step / self.speed


def angle_of(spacing: float, wavelength: float) -> float:
    """Angle [degrees of 2 theta] of a spacing [Å] at a wavelength [Å]; 180 where no angle is large enough."""
    return math.degrees(2.0 * math.asin(min(wavelength / (2.0 * spacing), 1.0)))


def wavelengths(radiation: str) -> tuple[tuple[float, float], ...]:
    """Wavelengths [Å] and relative intensities of an anode by its symbol, or of one wavelength written as a number.

    Raises InputError when it is neither.
    """
    anode = radiation.strip().removesuffix("Ka").capitalize()
    if anode in ANODES:
        return ANODES[anode]
    try:
        return ((float(radiation), 1.0),)
    except ValueError:
        raise InputError(f"radiation {shown(radiation)}: choose {', '.join(ANODES)}, or a wavelength in Å") from None


@dataclass(frozen=True)
class Component:
    """A phase of a sample: name as results give it, family, share [wt%] and role (cathode, electrolyte, secondary)."""

    phase: str
    family: str
    wt_percent: float
    role: str = "secondary"


@dataclass(frozen=True)
class Lines:
    """Diffraction lines of one phase: spacing d [Å] (lines,) and intensity per mass (lines,), hkl (lines,)."""

    spacing: NDArray[np.float64]
    intensity: NDArray[np.float64]
    hkl: tuple[tuple[int, ...], ...]

    def angles(self, wavelength: float) -> NDArray[np.float64]:
        """Angle of each line [degrees of 2 theta]; nan where the wavelength [Å] is too long for it."""
        sine = wavelength / (2.0 * self.spacing)
        return np.asarray(np.degrees(2.0 * np.arcsin(np.where(sine < 1.0, sine, np.nan))))


@dataclass(frozen=True)
class Pattern:
    """A calculated pattern of a sample.

    ``angles`` [degrees of 2 theta] (points,); ``counts`` (points,) as measured, with noise; ``expected`` (points,) the
    same without noise; ``background`` (points,); ``by_phase`` expected counts (points,) of each visible phase;
    ``components`` all phases of the sample, ``invisible`` those that have no structure here and so no lines: their
    share of the mass is left out of the pattern. ``scale`` is the number of counts that 1 wt% of a phase adds to a
    point for each unit of its ``unit_pattern``.
    """

    scan: Scan
    angles: NDArray[np.float64]
    counts: NDArray[np.float64]
    expected: NDArray[np.float64]
    background: NDArray[np.float64]
    by_phase: Mapping[str, NDArray[np.float64]]
    components: tuple[Component, ...]
    invisible: tuple[Component, ...]
    scale: float

    def marks(self, least: float = 0.05) -> dict[str, NDArray[np.float64]]:
        """Angles [degrees] of the lines of each visible phase that have at least this share of its strongest.

        They are those of the first wavelength.
        """
        marked = {}
        for component in self.components:
            if component.phase in self.by_phase:
                wavelength = self.scan.lines[0][0]
                lines = lines_of(component.phase, component.family, wavelength)
                assert lines is not None
                angles = lines.angles(wavelength)
                inside = (angles >= self.scan.start) & (angles <= self.scan.stop)
                strong = lines.intensity >= least * lines.intensity[inside].max(initial=0.0)
                marked[component.phase] = angles[inside & strong]
        return marked


def lines_of(phase: str, family: str, wavelength: float = ANODES["Cu"][0][0]) -> Lines | None:
    """Lines of a phase at a wavelength [Å], or None when its structure is not known; kept once calculated.

    Lines of a spacing below SHORTEST and those weaker than WEAKEST are left out.  Intensities are those of a unit of
    mass.

    Example::

        lines_of("NiO", "rock salt").angles(1.54056)[0]  # 37.2 degrees
    """
    crystal = crystal_of(phase, family)
    return None if crystal is None else _lines(crystal, wavelength)


@lru_cache(maxsize=512)
def _lines(crystal: Crystal, wavelength: float) -> Lines:
    last = min(angle_of(SHORTEST, wavelength), ANGLES[1] + 5.0)
    sites = [(site.xyz, site.species) for site in crystal.sites]
    spacing, intensity, hkl = diffraction_lines(
        crystal.space_group, crystal.cell, sites, wavelength=wavelength, last=last, displacement=DISPLACEMENT
    )
    intensity = intensity / (crystal.mass * crystal.volume)
    strong = np.flatnonzero(intensity >= WEAKEST * intensity.max())
    return Lines(spacing[strong], intensity[strong], tuple(tuple(map(int, hkl[line])) for line in strong))


def profile(
    offset: NDArray[np.float64], width: NDArray[np.float64], mixing: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Pseudo-Voigt of unit area [1/degree]: offset from the line and full width [degrees], Lorentzian share."""
    x = 2.0 * offset / width
    gauss = np.exp(-math.log(2.0) * x * x) * (2.0 * math.sqrt(math.log(2.0) / math.pi))
    lorentz = (2.0 / math.pi) / (1.0 + x * x)
    return (mixing * lorentz + (1.0 - mixing) * gauss) / width


def widths(
    angles: NDArray[np.float64], wavelength: float, scan: Scan, size: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Full widths [degrees] and Lorentzian shares of lines at these angles, for crystallites of a size [m].

    The instrument's Gaussian and the size's Lorentzian, Scherrer's K lambda / (size cos theta), are joined as Thompson,
    Cox & Hastings do (J. Appl. Cryst. 20, 79 (1987), recalled; the sum of the two is the Voigt function to 1 %).
    """
    lorentz = np.degrees(SHAPE_FACTOR * wavelength * 1e-10 / (size * np.cos(np.radians(angles) / 2.0)))
    gauss = np.full_like(lorentz, scan.width)
    fifth = (
        gauss**5 + 2.69269 * gauss**4 * lorentz + 2.42843 * gauss**3 * lorentz**2
        + 4.47163 * gauss**2 * lorentz**3 + 0.07842 * gauss * lorentz**4 + lorentz**5
    )  # fmt: skip
    width = fifth**0.2
    ratio = lorentz / width
    return width, np.clip(1.36603 * ratio - 0.47719 * ratio**2 + 0.11116 * ratio**3, 0.0, 1.0)


def unit_pattern(phase: str, family: str, scan: Scan, size: float) -> NDArray[np.float64] | None:
    """Intensity of a unit of mass of one phase along a scan (points,), or None when its structure is not known.

    ``size`` is that of its crystallites [m].
    """
    crystal = crystal_of(phase, family)
    return None if crystal is None else intensity_along(crystal, scan, size)


@lru_cache(maxsize=512)
def intensity_along(crystal: Crystal, scan: Scan, size: float) -> NDArray[np.float64]:
    """Intensity (points,) of a unit of mass of a crystal along a scan, for crystallites of a size [m]."""
    lines = _lines(crystal, scan.lines[0][0])
    grid = scan.angles
    total = np.zeros_like(grid)
    share = sum(weight for _, weight in scan.lines)
    for wavelength, weight in scan.lines:
        centres = lines.angles(wavelength)
        near = np.isfinite(centres) & (centres > grid[0] - 5.0) & (centres < grid[-1] + 5.0)
        centres, heights = centres[near], lines.intensity[near] * weight / share
        width, mixing = widths(centres, wavelength, scan, size)
        first = np.searchsorted(grid, centres - 0.5 * REACH * width)
        last = np.searchsorted(grid, centres + 0.5 * REACH * width)
        for centre, height, w, m, i, j in zip(centres, heights, width, mixing, first, last, strict=True):
            if j > i:
                total[i:j] += height * profile(grid[i:j] - centre, w, m)
    total.setflags(write=False)
    return total


def size_of(component: Component, scan: Scan) -> float:
    """Crystallite size [m] that a scan assumes of a phase: garnet and cathode are coarser than products."""
    return scan.crystallite if component.role in ("cathode", "electrolyte") else scan.product_crystallite


def background_of(angles: NDArray[np.float64], scan: Scan) -> NDArray[np.float64]:
    """Rate between lines (points,), as a share of the strongest line: half of it constant, half of it as 1/angle.

    The division into halves is an estimate: fluorescence and incoherent scatter, and air scatter.
    """
    return scan.background * 0.5 * (1.0 + 60.0 / angles)


def pattern(sample: Sequence[Component], scan: Scan | None = None, *, seed: int | None = 0) -> Pattern:
    """The pattern of a sample as an instrument would count it.

    ``scan`` is that of the reference when it is left out.  Counts are Poisson numbers of a generator that starts from
    ``seed``; with None there is no noise.  Raises InputError when no phase of the sample has a structure here.

    Example::

        sample = [Component("LiCoO2", "layered", 50.0, "cathode"), Component("LaCoO3", "LaMO3", 50.0)]
        pattern(sample).marks()["LaCoO3"][0]  # 23.23 degrees
    """
    scan = scan or Scan()
    shapes: dict[str, NDArray[np.float64]] = {}
    invisible = []
    for component in sample:
        if component.wt_percent <= 0.0:
            continue
        shape = unit_pattern(component.phase, component.family, scan, size_of(component, scan))
        if shape is None:
            invisible.append(component)
        else:
            shapes[component.phase] = component.wt_percent * shape
    if not shapes:
        raise InputError("no phase of this sample has a crystal structure in models/data/structures.toml: no pattern")
    angles = scan.angles
    lines = np.sum(list(shapes.values()), axis=0)
    if lines.max() <= 0.0:
        raise InputError(f"no line of this sample lies between {scan.start:g} and {scan.stop:g} degrees: scan further")
    scale = scan.peak_rate * scan.time_per_point / lines.max()
    background = background_of(angles, scan) * scan.peak_rate * scan.time_per_point
    expected = scale * lines + background
    counts = expected if seed is None else np.random.default_rng(seed).poisson(expected).astype(np.float64)
    by_phase = {phase: scale * shape for phase, shape in shapes.items()}
    return Pattern(
        scan=scan,
        angles=angles,
        counts=counts,
        expected=expected,
        background=background,
        by_phase=by_phase,
        components=tuple(sample),
        invisible=tuple(invisible),
        scale=float(scale),
    )


def sample_of(dataset: xr.Dataset, time: int = -1) -> tuple[Component, ...]:
    """Phases of a run at one of its times, as shares of the sample; ``time`` counts its steps, -1 is the cooled sample.

    ``dataset`` is that of a run: ``wt_percent`` (time, phase) with coordinates phase, family and role.  Raises
    InputError when it has no such step.
    """
    steps = dataset.sizes.get("time", 0)
    if not -steps <= time < steps:
        raise InputError(f"step {time} of a run that has {steps}: choose {-steps} to {steps - 1}")
    state = dataset["wt_percent"].isel(time=time)
    columns = (state["phase"].values, state["family"].values, state["role"].values, state.values)
    return tuple(
        Component(str(phase), str(family), float(share), str(role))
        for phase, family, role, share in zip(*columns, strict=True)
    )


def pattern_of(dataset: xr.Dataset, time: int = -1, scan: Scan | None = None, *, seed: int | None = 0) -> Pattern:
    """The pattern of a run's sample, cooled (``time`` -1) or at any of its steps; see ``pattern``.

    At temperature a cell is some 1 % wider than at room temperature, for which the structures stand: lines of a hot
    sample lie lower than this pattern says.
    """
    return pattern(sample_of(dataset, time), scan, seed=seed)
