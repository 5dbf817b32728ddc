"""Prints amounts that pages tell of sizes, pressure, coatings, lithium and mass: ``python docs/firing_numbers.py``.

After a calibration they have to be made anew; with a word behind it, such as ``lithium``, it prints that part alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import sinterface as si
from sinterface.models.basics.constants import CELSIUS_ZERO
from sinterface.simulate.solve import system
from sinterface.simulate.studies.thermogram import thermogram

TWO_HOURS = "10 °C/min to {} °C; hold 2 h; cool naturally"
MINUTES = "100 °C/min to {} °C; hold 10 min; cool at 100 °C/min to 25 °C"


def fired(cathode: str, schedule: str, electrolyte: str = "LLZTO", cells: int = 24, **options: Any) -> si.Result:
    """A run without companions."""
    return si.predict(si.problem(cathode, electrolyte, schedule, cells=cells, **options), estimate_error=False)


def told(name: str, result: si.Result) -> None:
    """A line: all secondary phases, garnet that has reacted, lithium lost, and families above 0.05 wt%."""
    total, left = sum(result.family_shares.values()), result.unreacted["electrolyte_fraction"]
    families = ", ".join(f"{family} {share:.2f}" for family, share in result.family_shares.items() if share > 0.05)
    lost = 100.0 * result.dataset.attrs["lithium_lost"]
    sys.stdout.write(
        f"{name:52s} {total:6.2f} wt%, {100.0 * (1.0 - left):6.2f} % of the garnet, lithium {lost:.3g} %: {families}\n"
    )
    sys.stdout.flush()


def sizes() -> None:
    """Amounts by particle size: docs/sizes.md."""
    for text in ("", "cathode=10.4±3um", "cathode=70% 10±3um + 30% 2±1um"):
        told(f"NMC811, 800 °C, {text or 'one size'}", fired("pc-NMC811", TWO_HOURS.format(800), sizes=text))


def films() -> None:
    """Garnet that a film consumes, and mass formed per area: docs/sizes.md."""
    for thickness in (2, 8):
        stack = f"NMC811=500nm, LLZTO={thickness}um"
        task = si.problem(stack, schedule="100 °C/min to 800 °C; hold 2 min; quench", cells=24)
        result = si.predict(task, estimate_error=False)
        area = result.dataset.attrs["areal_mass"]
        depth = 1e9 * float(result.dataset["electrolyte_depth"].isel(time=-1))
        made = 10.0 * sum(result.family_shares.values()) * area
        families = ", ".join(f"{family} {10.0 * share * area:.3f}" for family, share in result.family_shares.items())
        sys.stdout.write(f"{stack:52s} {depth:.1f} nm of garnet consumed, {made:.3f} g/m2 formed: {families}\n")


def pressure() -> None:
    """What a pressure changes: docs/schedules.md."""
    for cathode, T in (("pc-NMC811", 700), ("pc-NMC811", 900), ("pc-LCO", 675)):
        for press in (None, "0 MPa", "50 MPa", "440 MPa"):
            result = fired(cathode, MINUTES.format(T), pressure=press)
            told(f"{cathode}, {T} °C, 10 min, {press}", result)
    told("pc-NMC811, 1050 °C, 2 h", fired("pc-NMC811", TWO_HOURS.format(1050)))
    told("pc-NMC811, 1050 °C, 2 h, necks grow", fired("pc-NMC811", TWO_HOURS.format(1050), pressure="0 MPa"))


def coatings() -> None:
    """A coating that has melted, and others: docs/coatings.md."""
    for cathode in ("pc-NMC811", "pc-LCO"):
        for text in ("", "Li3BO3=20nm", "LiAlO2=20nm"):
            told(f"{cathode}, 800 °C, {text or 'bare'}", fired(cathode, TWO_HOURS.format(800), cells=40, coating=text))


def lithium() -> None:
    """What holds LaCoO3 back at 1050 °C: docs/physics.md, section 8a."""
    ways: Mapping[str, Mapping[str, str]] = {
        "a lid": {},
        "open": {"crucible": "open"},
        "a bed of LLZO": {"bed": "LLZO"},
        "10 % of Li2CO3": {"additives": "Li2CO3=10"},
        "Li7.7La3Zr2O12": {"electrolyte": "Li7.7La3Zr2O12"},
    }
    for gas in ("O2", "air", "O2:pH2O=0.02"):
        for name, way in ways.items():
            told(
                f"{gas}, {name}",
                fired("pc-LCO", TWO_HOURS.format(1050), atmosphere=gas, **{"electrolyte": "LLZO"} | way),
            )


def grains() -> None:
    """What coarser grains of products would change: docs/physics.md, section 8c."""
    usual = system.PRODUCT_GRAIN
    for factor in (0.5, 1.0, 2.0, 4.0):
        system.PRODUCT_GRAIN = factor * usual
        for cathode, T in (("pc-NMC811", 800), ("pc-LCO", 1000), ("pc-LNMO", 600)):
            told(f"{cathode}, {T} °C, grains of {1e6 * factor * usual:.1f} um", fired(cathode, TWO_HOURS.format(T)))
    system.PRODUCT_GRAIN = usual


def mass() -> None:
    """Where couples in a thermobalance lose more than their powders apart: docs/instruments.md."""
    ways: Mapping[str, Mapping[str, Any]] = {
        "as received": {"as_received": True},
        "H=0.9, no carbonate": {"exposed": "H=0.9"},
        "as received, 0.3 um": {"as_received": True, "sizes": "cathode=0.3um, electrolyte=0.3um"},
    }
    cathodes = ("pc-LNMO", "pc-LCO", "pc-NMC811", "pc-NMC631", "sc-NMC631", "pc-NMC532", "pc-NMC111")
    for gas in ("O2", "dry-air"):
        for name, way in ways.items():
            for cathode in cathodes:
                task = si.problem(
                    cathode, "LLZTO", "5 °C/min to 1100 °C", atmosphere=gas, crucible="pan", cells=40, **way
                )
                shown = thermogram(task)
                starts = (shown.extra_loss_from(part) for part in ("", "O2"))
                mass, oxygen = ("never" if T is None else f"{T - CELSIUS_ZERO:.0f} °C" for T in starts)
                sys.stdout.write(f"{gas}, {name}, {cathode:10s} mass {mass}, oxygen {oxygen}\n")
                sys.stdout.flush()


PARTS: tuple[Callable[[], None], ...] = (sizes, films, pressure, coatings, lithium, grains, mass)

if __name__ == "__main__":
    for part in PARTS:
        if len(sys.argv) < 2 or part.__name__ in sys.argv[1:]:
            part()
