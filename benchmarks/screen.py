"""Screening accuracy and speed: "fast" against "full" over couples and temperatures."""

import time

import sinterface as si
from sinterface.simulate.space import ACCURACIES

CATHODES = ("pc-LNMO", "pc-NMC811", "pc-NMC631", "pc-NMC111", "pc-LCO", "pc-LMO", "sc-NMC631", "pc-NMC622")
TEMPERATURES = (500, 700, 900)


def run():
    worst, total = [], dict.fromkeys(ACCURACIES, 0.0)
    for cathode in CATHODES:
        for T in TEMPERATURES:
            found = {}
            for name, effort in ACCURACIES.items():
                task = si.problem(cathode, schedule=si.Schedule.hold(T, hours=2), cells=effort.cells)
                si.predict(task, tolerance=effort.tolerance, estimate_error=False) if not worst else None
                start = time.perf_counter()
                found[name] = si.predict(task, tolerance=effort.tolerance, estimate_error=False).by_family
                total[name] += time.perf_counter() - start
            fast, full = found["fast"], found["full"]
            worst.append(
                (max((abs(fast.get(f, 0.0) - full.get(f, 0.0)) for f in {*fast, *full}), default=0.0), cathode, T)
            )
    return worst, total


if __name__ == "__main__":
    worst, total = run()
    worst.sort(reverse=True)
    number = len(worst)
    print(f"{number} couples; largest differences of a family, wt%: ", end="")
    print(", ".join(f"{cathode} {T} °C {error:.2f}" for error, cathode, T in worst[:5]))
    print(f"median {worst[number // 2][0]:.3f} wt%")
    for name, seconds in total.items():
        print(f"{name}: {number / seconds:.1f} predictions per second on one core, phases of each couple included")
