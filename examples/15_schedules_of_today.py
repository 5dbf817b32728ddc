"""NMC811 and LLZTO at 900 °C: furnace, rapid heating, a laser, two gases and a lid that comes off, side by side."""

import sinterface as si

plans = {
    "furnace": "10 °C/min to 900 °C; hold 2 h; cool naturally",
    "rapid": "100 K/s to 900 °C; hold 60 s; quench",
    "laser": "500 K/s to 900 °C; hold 2 s; quench",
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
assert made["laser"] < made["rapid"] < made["furnace"]
assert lost["lid off"] > lost["lid on"] > lost["furnace"]
