"""A screen: ten cathodes with one garnet into a labelled store; which is the best, and does it depend on nickel?"""

import tempfile
from pathlib import Path

from sinterface.simulate.screening.candidate_space import read
from sinterface.simulate.screening.screen import screen
from sinterface.simulate.screening.zarr_store import open_store

space = read(Path(__file__).with_name("screen_nmc.toml"))
with tempfile.TemporaryDirectory() as folder:
    # workers > 1 starts processes: then keep the call under `if __name__ == "__main__":`
    report = screen(space, Path(folder) / "results.zarr", workers=1)
    result = open_store(Path(folder) / "results.zarr").load()

print(f"{report.total} candidates, {report.failed} failed, {report.rate:.1f} per second")
for index in result["rank"].values.argsort()[:3]:
    best = result.isel(candidate=int(index))
    print(
        f"{best['rank'].item()}: {best['cathode'].item()}, onset {best['onset'].item():g} °C (inf: none up to 800 °C)"
    )

# the spinel takes lithium out of the garnet: the strongest reaction of all, over half of the sample at 800 °C
spinel = result.isel(candidate=0)
assert spinel["cathode"].item() == "pc-LNMO"
assert spinel["driving_force"].min().item() == result["driving_force"].min().item()
assert spinel["secondary_wt_percent"].sel(temperature=800).item() > 50.0
