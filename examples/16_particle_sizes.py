"""NMC811 of a single size, of a log-normal distribution and with fines added: small particles react further."""

import numpy as np

import sinterface as si

firing = si.Schedule.hold(800, hours=2)
sizes = {
    "single size": "cathode=10um",
    "distribution": "cathode=10±5um",
    "with fines": "cathode=70% 10±3um + 30% 2±1um, classes=3",
}
formed = {}
for name, text in sizes.items():
    result = si.predict(si.problem("pc-NMC811", "LLZTO", firing, sizes=text, cells=24), estimate_error=False)
    formed[name] = result.by_family.sum()
    print(f"{name:12s} {formed[name]:6.2f} wt% of secondary phases")
data = result.dataset
for diameter, left in zip(data["class_diameter"].values, data["electrolyte_fraction_of_class"].values, strict=True):
    print(f"  around particles of {1e6 * diameter:5.2f} um {100 * left:6.2f} % of the garnet is left")

assert formed["single size"] < formed["distribution"] < formed["with fines"]
assert np.all(np.diff(data["electrolyte_fraction_of_class"].values) > 0.0)
assert data.attrs["element_balance"] < 1e-9
