"""What a diffractometer would show of a fired couple: the pattern, and how little of each phase it shows.

LiNi0.8Mn0.1Co0.1O2 and garnet after 2 h at 800 °C in O2, Cu K-alpha, 10 to 80 degrees at 3 degrees/min. A phase below
its limit is there and not seen: that a diffractogram lacks it is no proof.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import sinterface as si
from sinterface.models.instruments.detection import detection_limits
from sinterface.models.instruments.diffraction import Scan
from sinterface.models.instruments.raman import bands_of
from sinterface.simulate.figures import plot
from sinterface.simulate.figures.plot_instruments import diffractogram, raman_bands

result = si.simulate("pc-NMC811", "LLZTO", si.Schedule.hold(800, hours=2), atmosphere="O2", cells=20)
pattern = result.xrd()
limits = detection_limits(pattern.components)
slow = detection_limits(pattern.components, Scan(speed=0.1))
for component in sorted(pattern.components, key=lambda part: -part.wt_percent):
    limit = limits.get(component.phase)
    if limit is not None and limit.hkl and component.wt_percent > 0.005:
        told = f"{component.phase}: {component.wt_percent:.2f} wt%, seen from {limit.wt_percent:.2f} wt% on"
        print(f"{told} at {limit.angle:.1f} degrees; {slow[component.phase].wt_percent:.2f} at 0.1 degrees/min")
print("without a structure:", [component.phase for component in pattern.invisible])

families = [component.family for component in pattern.components if component.wt_percent > 0.005]
with TemporaryDirectory() as folder:
    plot.save(diffractogram(pattern), Path(folder) / "pattern.png")
    plot.save(raman_bands(bands_of(families)), Path(folder) / "raman.png")

# pyrochlore and perovskite show themselves where zirconates of lithium, which scatter little, do not
sought = [("La2Zr2O7", "La2Zr2O7"), ("LaNiO3", "LaMO3"), ("Li6Zr2O7", "Li zirconate")]
pyrochlore, perovskite, zirconate = detection_limits(pattern.components, sought=sought).values()
assert pyrochlore.wt_percent < perovskite.wt_percent < 1.0 < zirconate.wt_percent
