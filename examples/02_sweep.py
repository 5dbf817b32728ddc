"""A sweep over hold temperatures: at which one does the first secondary phase reach the detection limit?"""

import sinterface as si

task = si.problem("pc-LNMO", "LLZTO", atmosphere="O2", mass_ratio="1:1", cells=12)
# workers > 1 starts processes: then keep the call under `if __name__ == "__main__":`
result = si.sweep(task, [300.0, 450.0, 600.0], hours=2.0, ramp=10.0, workers=1)

for T, run in zip(result.temperatures, result.results, strict=True):
    print(f"{T:.0f} °C: {run.detected(1.0) or 'nothing at or above 1 wt%'}")
print(f"onset: {result.onset(1.0)}")
# result.to_netcdf("sweep.nc") keeps all of it

# cations do not rearrange at 300 °C within two hours, and do at 600 °C
bracket = result.onset(1.0).bracket
assert bracket.above is not None and bracket.above >= 300.0, bracket
assert bracket.reached is not None and bracket.reached <= 600.0, bracket
