"""What products cost a cell: two global parameters fitted on one cathode, predicted on another, and the reverse.

Measured: Ma et al., J. Mater. Chem. A (2025), 10.1039/d5ta03114a. LiNi0.67Mn0.28Co0.05O2 (polycrystal) and
LiNi0.6Mn0.3Co0.1O2 (single crystal) with garnet; capacity at 0.1C and charge-transfer resistance relative to the bare
cathode. Needs PyBaMM: pip install 'sinterface[cell]'.
"""

from sinterface.validation.calibration.cell_fit import both_fits, table

result = both_fits()
print(table(result))

own = result.on_polycrystal
assert own.capacity[0] > own.capacity[1] > own.capacity[2]
assert own.charge_transfer[0] < own.charge_transfer[1] < own.charge_transfer[2]
# a single crystal changes little on sintering; how much it loses before is nothing that the polycrystal tells
assert own.capacity[3] - own.capacity[4] < 0.3 * (own.capacity[0] - own.capacity[2])
