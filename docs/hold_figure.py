"""Draws docs/images/hold_time.png, amounts against hold time: ``python docs/hold_figure.py``.

It prints the exponent of each stretch and the share of the driving force that transformation dissipates in it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import sinterface as si
from sinterface.simulate.figures.canvas import canvas

PICTURE = Path(__file__).resolve().parent / "images" / "hold_time.png"
STRETCHES = (60.0, 300.0, 1800.0, 7200.0, 36000.0)
"""Hold times [s] between which exponents are taken."""


def main() -> None:
    """Two geometries of the same couple, put in hot."""
    figure = canvas(7.0, 4.2)
    axis = figure.subplots()
    looks = (("sphere", "#0072B2", "-", "particles"), ("slab", "#D55E00", "--", "layers"))
    for geometry, colour, dashes, name in looks:
        task = si.problem("pc-NMC811", "LLZTO", "from 900 °C; hold 10 h", cells=24, geometry=geometry)
        data = si.predict(task, estimate_error=False).dataset
        made = data["wt_percent"].where(data["role"] == "secondary", drop=True).sum("phase").values
        time = data["time"].values
        at = np.interp(STRETCHES, time, made)
        spent = np.array([np.interp(STRETCHES, time, data["dissipation"].values[:, k]) for k in range(3)])
        by_transformation = np.diff(spent[2]) / np.diff(spent.sum(axis=0))
        exponents = np.diff(np.log(at)) / np.diff(np.log(STRETCHES))
        for told, numbers in (("wt%", at), ("exponents", exponents), ("by transformation", by_transformation)):
            sys.stdout.write(f"{name}, {told}: {', '.join(f'{number:.2f}' for number in numbers)}\n")
        sys.stdout.flush()
        axis.loglog(time[1:], made[1:], color=colour, linestyle=dashes, label=name)
    span = np.array([60.0, 36000.0])
    axis.loglog(span, 4.0 * (span / 60.0) ** 0.5, color="0.5", linestyle=":", label="parabola, power 1/2")
    axis.set_xlabel("time at 900 °C / s")
    axis.set_ylabel("secondary phases / wt%")
    axis.set_title("LiNi0.8Mn0.1Co0.1O2 and LLZTO put in at 900 °C, O2", fontsize=9)
    axis.legend(fontsize=8, frameon=False)
    axis.set_xlim(1.0, 4e4)
    axis.set_ylim(0.05, 110.0)
    figure.savefig(PICTURE, dpi=120)


if __name__ == "__main__":
    main()
