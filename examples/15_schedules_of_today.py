"""NMC811 and LLZTO: furnace, rapid heating, a laser, FAST, cold sintering, two gases and a lid that comes off.

FAST is followed as heat and time alone: its pressure, which makes pellets dense in that time, is not in the model.
"""

import sinterface as si

plans = {
    "furnace": "10 °C/min to 900 °C; hold 2 h; cool naturally",
    "rapid": "100 K/s to 900 °C; hold 60 s; quench",
    "laser": "500 K/s to 900 °C; hold 2 s; quench",
    "FAST": "100 °C/min to 900 °C; hold 10 min; cool at 100 °C/min to 25 °C",
    "cold": "from 150 °C; hold 1 h; 2 °C/min to 500 °C; hold 10 h; cool naturally",
    "two gases": "10 °C/min to 600 °C in air; hold 1 h; 10 °C/min to 900 °C in O2; hold 2 h; cool naturally",
    "lid off": "lid off; 10 °C/min to 900 °C in O2:pH2O=0.02; hold 2 h; cool naturally",
    "lid on": "lid on; 10 °C/min to 900 °C in O2:pH2O=0.02; hold 2 h; cool naturally",
}
made, lost = {}, {}
for name, plan in plans.items():
    result = si.predict(si.problem("pc-NMC811", "LLZTO", plan, cells=16), estimate_error=False)
    made[name], lost[name] = sum(result.by_family.values()), result.dataset.attrs["lithium_lost"]
    print(f"{name:10s} {made[name]:6.2f} wt% of secondary phases, {100 * lost[name]:.3f} % of its lithium has left")

# the shorter at temperature, the less forms; water carries lithium away, and more of it without a lid
assert made["laser"] < made["rapid"] < made["FAST"] < made["furnace"]
assert made["cold"] < made["furnace"]
assert lost["lid off"] > lost["lid on"] > lost["furnace"]
