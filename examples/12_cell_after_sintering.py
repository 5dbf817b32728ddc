"""What products cost a cell: two global parameters fitted on one cathode, predicted on another, and the reverse.

Measured: Ma et al., J. Mater. Chem. A (2025), 10.1039/d5ta03114a. LiNi0.67Mn0.28Co0.05O2 (polycrystal) and
LiNi0.6Mn0.3Co0.1O2 (single crystal) with garnet; capacity at 0.1C and charge-transfer resistance relative to the bare
cathode. Needs PyBaMM: pip install 'sinterface[cell]'.
"""

import math

import sinterface as si
from sinterface.models.instruments.cell import interphase
from sinterface.models.instruments.diffraction import Component, sample_of
from sinterface.simulate.studies.rate_capability import CellObservation, fit, predict


def observed(label, cathode, temperature, capacity, resistance=math.nan):
    powder = si.materials()[cathode]
    radius = 0.5 * powder.particle_diameter.value
    if temperature is None:
        clean = [Component(powder.formula, "layered", 100.0, "cathode")]
        return CellObservation(label, interphase(clean, radius), capacity, resistance)
    schedule = si.Schedule.hold(temperature, hours=2)
    data = si.simulate(cathode, "LLZTO", schedule, atmosphere="O2", cells=20, as_received=True).dataset
    left = min(float(data["cathode_fraction"].isel(time=-1)), 1.0)
    return CellObservation(label, interphase(sample_of(data), radius), capacity, resistance, left)


polycrystal = [
    observed("polycrystal, not sintered", "pc-NMC631", None, 160.4 / 199.9, 2.0),
    observed("polycrystal, 800 °C", "pc-NMC631", 800, 0.60, 4.0),
    observed("polycrystal, 900 °C", "pc-NMC631", 900, 0.37, 8.0),
]
single = [
    observed("single crystal, not sintered", "sc-NMC631", None, 0.52),
    observed("single crystal, 900 °C", "sc-NMC631", 900, 0.52),
]
cells = polycrystal + single
result = {name: predict(cells, fit(used)) for name, used in (("polycrystal", polycrystal), ("single crystal", single))}

print(f"{'capacity at 0.1C / resistance, to bare':32s} measured     fitted on polycrystal  on single crystal")
for number, cell in enumerate(cells):
    values = [f"{found.capacity[number]:.2f} / {found.charge_transfer[number]:.1f}" for found in result.values()]
    measured = "-" if math.isnan(cell.charge_transfer) else f"{cell.charge_transfer:g}"
    print(f"{cell.name:32s} {cell.capacity:.2f} / {measured:8s}{values[0]:>16s} {values[1]:>18s}")
for name, found in result.items():
    print(f"fitted on the {name}: untouched {found.contact.untouched:.2f}, percolation {found.contact.percolation:.2f}")

own = result["polycrystal"]
assert own.capacity[0] > own.capacity[1] > own.capacity[2]
assert own.charge_transfer[0] < own.charge_transfer[1] < own.charge_transfer[2]
# a single crystal changes little on sintering; how much it loses before is nothing that the polycrystal tells
assert own.capacity[3] - own.capacity[4] < 0.3 * (own.capacity[0] - own.capacity[2])
