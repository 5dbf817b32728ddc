"""Figure 5c of Ma et al. (2025): onset and secondary phases of seven cathodes with LLZTO, 2 h in O2."""

import sinterface as si

CATHODES = ("pc-LNMO", "pc-NMC811", "pc-NMC631", "pc-NMC532", "pc-NMC111", "pc-LCO", "sc-NMC631")
TEMPERATURES = (400.0, 600.0, 800.0)  # °C; every 50 °C tells an onset better, and takes longer

onsets = {}
for cathode in CATHODES:
    task = si.problem(cathode, "LLZTO", atmosphere="O2", mass_ratio="1:1", cells=12)
    result = si.sweep(task, TEMPERATURES, hours=2.0, ramp=10.0, workers=1)
    onset = result.onset(1.0)
    onsets[cathode] = onset.bracket.reached  # °C, None where nothing reaches 1 wt%
    print(f"{cathode:10s} onset {onset}")
    for T, run in zip(result.temperatures, result.results, strict=True):
        seen = {family: round(share, 1) for family, share in run.by_family.items() if share >= 1.0}
        print(f"   {T:.0f} °C: {seen or 'nothing at or above 1 wt%'}")

# a spinel takes the garnet's lithium before any layered oxide does
layered = [T if T is not None else 1000.0 for cathode, T in onsets.items() if cathode != "pc-LNMO"]
assert onsets["pc-LNMO"] is not None
assert onsets["pc-LNMO"] <= min(layered), onsets
