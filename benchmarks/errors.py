"""Does the stated numerical error cover what a finer run finds?  Powders and temperatures, twice the cells, half the
tolerance and steps on ramps half as long."""

from multiprocessing import get_context
from statistics import median

import sinterface as si
from sinterface.simulate.solve.run import TOLERANCE

POWDERS = ("pc-LCO", "pc-LFP", "pc-LMO", "pc-LNMO", "pc-NCA", "pc-NMC111", "pc-NMC532", "pc-NMC631", "pc-NMC811")
TEMPERATURES = (450, 600, 700, 800, 900)
WORKERS = 2


def families(result):
    """Share and stated error [wt%] of each family; errors of its phases add."""
    found = {}
    for phase in result.document(1.0)["phases"]:
        share, error = found.get(phase["family"], (0.0, 0.0))
        found[phase["family"]] = (share + phase["wt_percent"], error + (phase["wt_percent_error"] or 0.0))
    return found


def compare(case):
    """Rows (family, share, stated error, finer share) of one firing; None where a run does not end."""
    powder, T = case
    task = si.problem(powder, schedule=si.Schedule.hold(T, hours=2))
    finer = si.problem(powder, schedule=si.Schedule.hold(T, hours=2), cells=2 * task.cells)
    coarse, fine = si.predict(task), si.predict(finer, tolerance=TOLERANCE / 2, estimate_error=False)
    if any(one.dataset.attrs["outcome"] != "DONE" for one in (coarse, fine)):
        return case, None
    given, better = families(coarse), families(fine)
    rows = []
    for family in sorted(given | better):
        share, error = given.get(family, (0.0, 0.0))
        precise = better.get(family, (0.0, 0.0))[0]
        if max(share, precise) > 0.005:
            rows.append((family, share, error, precise))
    return case, rows


def run():
    cases = [(powder, T) for powder in POWDERS for T in TEMPERATURES]
    with get_context("spawn").Pool(WORKERS) as pool:
        return pool.map(compare, cases, chunksize=1)


if __name__ == "__main__":
    found = run()
    rows = [(case, *row) for case, told in found for row in told or ()]
    outside = [row for row in rows if abs(row[2] - row[4]) > row[3]]
    print(f"{len(found)} firings, {len(rows)} families above 0.005 wt%: {len(outside)} outside their stated error")
    print(f"median stated {median(r[3] for r in rows):.4f} wt%, median difference "
          f"{median(abs(r[2] - r[4]) for r in rows):.4f} wt%")  # fmt: skip
    for (powder, T), family, share, error, precise in sorted(outside, key=lambda r: -abs(r[2] - r[4])):
        print(f"  {powder} {T} °C  {family}: {share:.3f} ± {error:.3f}, finer {precise:.3f}")
    for case, told in found:
        if told is None:
            print(f"  {case[0]} {case[1]} °C: not finished")
