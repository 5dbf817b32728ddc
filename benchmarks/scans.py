"""Are predictions smooth?  Scans by 5 °C and by 0.01 in composition, with every second difference that the stated
errors do not allow.

    python benchmarks/scans.py temperature [POWDER ...] [--from 600] [--to 1000] [--by 5] [--plot scans.png]
    python benchmarks/scans.py composition [--plot scans.png]

Amounts after the hold and after cooling.  The second difference of a smooth curve is small; where it is larger than
what its three errors allow, |d2| > e1 + 2 e2 + e3, plus what the curve bends by (the median of |d2| around it), it is
listed.  Where a family begins to form, all curves have a corner: that is listed apart, by the name of the family, if
its amount goes up from nothing no faster than afterwards.  A family that begins with a jump is no corner.  What lies
where a run names an invariant reaction of the database (``sinterface.invariants``) is listed apart as well.
"""

import argparse
import sys
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from convergence import POWDERS, families

import sinterface as si
from sinterface.simulate.solve.result import LEAST_ERROR

BEND = 3.0
"""Factor on the median |second difference| of the five points on either side: so much a smooth curve may bend."""

LEAST = 0.02
"""Second differences up to this [wt%] are not listed, and a family with so little is not there."""


@dataclass(frozen=True)
class Curve:
    """One family along a scan: x (X,), shares and stated errors [wt%] (X,)."""

    label: str
    when: str
    family: str
    x: np.ndarray
    share: np.ndarray
    error: np.ndarray

    @property
    def bends(self):
        """Second differences (X - 2,) [wt%]."""
        return np.diff(self.share, 2)

    @property
    def allowed(self):
        """What errors and curvature allow of them (X - 2,) [wt%]."""
        size = np.abs(self.bends)
        around = np.array([np.median(size[max(k - 5, 0) : k + 6]) for k in range(len(size))])
        return self.error[:-2] + 2.0 * self.error[1:-1] + self.error[2:] + BEND * around + LEAST

    @property
    def kinks(self):
        """Places (x, second difference, allowed) where the curve is not smooth."""
        odd = np.flatnonzero(np.abs(self.bends) > self.allowed)
        return [(float(self.x[k + 1]), float(self.bends[k]), float(self.allowed[k])) for k in odd]

    def begins(self, place):
        """Whether this family begins, or ends, at a place x or one point beside it, with a corner and no jump."""
        at = int(np.argmin(np.abs(self.x - place)))
        for share, middle in ((self.share, at), (self.share[::-1], len(self.x) - 1 - at)):
            for first in (middle - 1, middle, middle + 1):  # the last point without any
                if not 0 <= first <= len(share) - 3 or np.any(share[max(first - 1, 0) : first + 1] > LEAST):
                    continue
                rise, goes_on = share[first + 1] - share[first], share[first + 2] - share[first + 1]
                if share[first + 1] > LEAST and rise <= goes_on:
                    return True
        return False


def fire(cases):
    """Families of each of some firings, of which those of the same couple share their ramp."""
    tasks = [si.problem(schedule=si.Schedule.hold(T, hours=2), **options) for options, T in cases]
    told = []
    for (options, T), result in zip(cases, si.predict_all(tasks), strict=True):
        if not result.finished:
            raise RuntimeError(f"{options} at {T} °C did not end")
        told.append(families(result))
    return told


def scan(label, x, cases, workers=1):
    """Curves of all families of a scan, from cases (options of ``problem``, temperature [°C])."""
    hands = [cases[first::workers] for first in range(workers)]
    if workers == 1:
        dealt = [fire(cases)]
    else:
        with get_context("spawn").Pool(workers) as pool:
            dealt = pool.map(fire, hands, chunksize=1)
    told = [dealt[place % workers][place // workers] for place in range(len(cases))]
    curves = []
    for when in ("hold", "cooled"):
        for key in sorted({key for row in told for key in row[when]}):
            values = np.array([row[when].get(key, (0.0, LEAST_ERROR)) for row in told])
            if values[:, 0].max() > 0.05:
                curves.append(Curve(label, when, key[0], np.asarray(x, dtype=float), values[:, 0], values[:, 1]))
    return curves


def by_temperature(powder, low=600, high=1000, step=5, workers=1):
    """The scan of one powder over hold temperatures [°C]."""
    x = list(range(low, high + 1, step))
    return scan(powder, x, [({"cathode": powder}, T) for T in x], workers)


def layered(nickel, manganese, cobalt):
    """Formula of a layered oxide of these metals."""
    parts = (("Ni", nickel), ("Mn", manganese), ("Co", cobalt))
    return "Li" + "".join(f"{name}{share:.4g}" for name, share in parts if share > 1e-9) + "O2"


COMPOSITIONS = {
    "Ni, Mn = Co": [(x, 0.5 * (1.0 - x), 0.5 * (1.0 - x)) for x in np.arange(0.34, 0.96, 0.01)],
    "Mn in LiNi0.6Mn(x)Co(0.4-x)O2": [(0.6, x, 0.4 - x) for x in np.arange(0.02, 0.39, 0.01)],
    "Co in LiNi0.5Mn(0.5-x)Co(x)O2": [(0.5, 0.5 - x, x) for x in np.arange(0.02, 0.49, 0.01)],
}
"""Lines through the layered oxides: shares of Ni, Mn, Co."""


def by_composition(name, T=800, workers=1, every=1):
    """The scan along one of COMPOSITIONS at a hold temperature [°C]."""
    metals = COMPOSITIONS[name][::every]
    x = [share[0] if name.startswith("Ni") else share[1] if name.startswith("Mn") else share[2] for share in metals]
    options = [{"cathode": layered(*share), "structure": "layered", "morphology": "pc"} for share in metals]
    return scan(name, x, [(option, T) for option in options], workers)


def beginning(curves, label, place):
    """Families of one scan that begin with a corner at a place x: what begins in the hold leaves one after cooling."""
    return sorted({curve.family for curve in curves if curve.label == label and curve.begins(place)})


def named(powder, T):
    """The invariant reactions that a run of this powder at a hold temperature [°C] names."""
    return [str(each) for each in si.invariants(si.problem(powder, schedule=si.Schedule.hold(T, hours=2)))]


def report(curves, names=lambda label, x: []):
    """Lines that list what is not smooth, what of it ``names`` names, and the corners where a family begins."""
    lines, corners, known = [], set(), {}
    for curve in curves:
        for x, bend, allowed in curve.kinks:
            begun = beginning(curves, curve.label, x)
            if begun:
                corners.add(f"{curve.label}, {x:g}: {' and '.join(begun)}")
                continue
            line = (
                f"  {curve.label}, {curve.when}: {curve.family} at {x:g}: second difference {bend:+.3f} wt%, "
                f"allowed {allowed:.3f}"
            )
            at = int(np.argmin(np.abs(curve.x - x)))
            told = [name for place in curve.x[at - 1 : at + 2] for name in names(curve.label, float(place))]
            if told:  # by one of the three runs that make a second difference
                known.setdefault("; ".join(dict.fromkeys(told)), []).append(line)
            else:
                lines.append(line)
    points = sum(len(curve.x) - 2 for curve in curves)
    return [
        f"{len(curves)} curves, {points} second differences, {len(lines)} larger than allowed", *lines,
        *(text for reaction, at in known.items() for text in (f"named by the run: {reaction}", *at)),
        f"corners where families begin: {'; '.join(sorted(corners)) or 'none'}",
    ]  # fmt: skip


def draw(curves, path):
    """Picture of all curves, a panel for each scan and state."""
    from matplotlib.figure import Figure

    panels = sorted({(curve.label, curve.when) for curve in curves})
    figure = Figure(figsize=(12.0, 3.2 * ((len(panels) + 1) // 2)))
    axes = figure.subplots((len(panels) + 1) // 2, 2, squeeze=False).ravel()
    for axis, panel in zip(axes, panels, strict=False):
        for curve in curves:
            if (curve.label, curve.when) == panel:
                axis.errorbar(curve.x, curve.share, curve.error, label=curve.family, linewidth=0.8, elinewidth=0.5)
        axis.set_title(", ".join(panel), fontsize=8)
        axis.set_ylabel("wt%")
        axis.legend(fontsize=5)
    figure.tight_layout()
    figure.savefig(path, dpi=150)


def main(arguments):
    """Scan, print and perhaps draw."""
    parser = argparse.ArgumentParser(description="scans over temperature or composition, and where they are not smooth")
    parser.add_argument("kind", choices=("temperature", "composition"))
    parser.add_argument("powders", nargs="*", default=POWDERS)
    parser.add_argument("--from", type=int, default=600, dest="low")
    parser.add_argument("--to", type=int, default=1000, dest="high")
    parser.add_argument("--by", type=int, default=5, dest="step")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--plot")
    options = parser.parse_args(arguments)
    curves = []
    names = options.powders if options.kind == "temperature" else COMPOSITIONS
    for name in names:
        if options.kind == "temperature":
            more = by_temperature(name, options.low, options.high, options.step, options.workers)
        else:
            more = by_composition(name, workers=options.workers)
        print(name, *report(more, named if options.kind == "temperature" else lambda *_: []), sep="\n", flush=True)
        curves += more
    if options.plot:
        draw(curves, options.plot)


if __name__ == "__main__":
    main(sys.argv[1:])
