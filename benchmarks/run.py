"""Benchmarks of the equilibria beside pymatgen and SciPy in one process: a table, and output/benchmarks.json."""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

import equilibria
import profiles
import startup

OUTPUT = Path("output/benchmarks.json")
PACKAGES = ("numpy", "scipy", "numba", "pymatgen")


def machine():
    return {
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def goal(met):
    return "met" if met else "missed"


def show_profile(profile):
    ms = {name: f"{value * 1e3:.3g} ms" for name, value in profile["seconds"].items()}
    print(
        f"\nLLZO | LNMO, O open: {profile['elements']} elements, {profile['entries']} entries, {profile['kinks']} kinks"
    )
    print(f"  largest difference from pymatgen   {profile['largest_difference_eV_per_atom']:.0e} eV/atom")
    print(f"  here / pymatgen, all built         {ms['ours']} / {ms['pymatgen']}, ratio {profile['ratio']:.0f}")
    print(f"  of which compiled code             {ms['kernel']}")
    print(f"  with arrays / phase diagrams       {ms['ours_with_arrays']} / {ms['pymatgen_with_diagrams']}, ", end="")
    print(f"ratio {profile['ratio_with_set_up']:.0f}")
    print(f"  {profile['samples']} samples of the energies       {ms['ours_all_samples']}, ", end="")
    print(f"{profile['seconds_per_sample'] * 1e3:.3g} ms each, ratio {profile['ratio_per_sample']:.0f}")
    print(f"  goal of 50 times                   {goal(profile['ratio'] >= 50.0)}")


def show_equilibria(kinds):
    columns = (
        "warm us",
        "cold us",
        "compiled",
        "HiGHS us",
        "warm 1/s",
        "ratio",
        "pivots",
        "price us",
        "GFlop/s",
        "iter/price",
    )
    print("\n" + "equilibria one after another".ljust(30) + "".join(name.rjust(11) for name in columns))
    for name, timing in kinds.items():
        us = timing["microseconds"]
        shares = timing["pivots"], us["price"], timing["GFlop_per_second_of_price"], timing["iteration_over_price"]
        numbers = [f"{us['warm']:.2f}", *(f"{us[key]:.0f}" for key in ("cold", "cold_kernel", "highs"))]
        numbers += [f"{value:.0f}" for value in (timing["per_second"]["warm"], timing["ratio"])]
        numbers += [f"{value:.2f}" for value in shares]
        print(name.ljust(30) + "".join(number.rjust(11) for number in numbers))
    largest = max(timing["largest_difference_eV_per_atom"] for timing in kinds.values())
    print(f"  largest difference from HiGHS      {largest:.0e} eV/atom")
    for text, met in (
        ("goal of 50,000 a second", [name for name, timing in kinds.items() if timing["per_second"]["warm"] >= 5e4]),
        (
            "goal of 3 prices per iteration",
            [name for name, timing in kinds.items() if timing["iteration_over_price"] <= 3.0],
        ),
    ):
        print(f"  {text.ljust(35)}met by {len(met)} of {len(kinds)}: {', '.join(met) or 'none'}")


def show(figures):
    show_profile(figures["profile"])
    show_equilibria({**figures["random"], "LLZTO | NMC811, 1 K steps": figures["firing"]})
    us, bare = figures["random"]["temperature"]["microseconds"], figures["microseconds_without_phases"]
    print(f"  temperature: {us['warm']:.2f} us = {us['warm'] - us['kernel']:.2f} Python + {bare:.2f} fixed + ", end="")
    print(f"{us['price']:.2f} pricing + {us['kernel'] - bare - us['price']:.2f} other loops over phases")
    part = figures["firing"]
    print(f"  firing: {part['phases']} phases, {part['components']} components; ", end="")
    print(f"{part['seconds_to_build_the_system']:.2f} s to build, ", end="")
    print(f"{part['seconds_for_all_energies']:.2f} s for all energies")
    part = figures["startup"]
    print(f"\nfirst use: import {part['seconds_import']:.2f} s, then ", end="")
    print(f"{part['seconds_first_use_empty_cache']:.1f} s to compile, ", end="")
    print(f"or {part['seconds_first_use_filled_cache']:.2f} s with what an earlier process compiled")


def main():
    figures = {
        "machine": machine(),
        "profile": profiles.run(),
        "random": equilibria.run_random(),
        "microseconds_without_phases": equilibria.run_bare(),
        "firing": equilibria.run_firing(),
        "startup": startup.run(),
    }
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(", ".join(f"{name} {value}" for name, value in figures["machine"].items()))
    show(figures)


if __name__ == "__main__":
    main()
