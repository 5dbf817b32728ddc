"""What a thermobalance shows: garnet as received, alone and with a cathode; water, CO2 and oxygen apart."""

import sinterface as si
from sinterface.simulate.studies.thermogram import thermogram

RAMP = "5 °C/min to 1100 °C"

garnet = si.predict(
    si.problem(None, "LLZTO", RAMP, atmosphere="O2", as_received=True, crucible="pan"), estimate_error=False
)
curve = garnet.mass()
print(f"LLZTO as received: {curve.change[-1]:.2f} %")
for step in curve.steps():
    print(f"  from {step.onset - 273.15:.0f} °C on: {step.change:.2f} %, mostly {step.gas}")

result = thermogram(si.problem("pc-NMC811", "LLZTO", RAMP, atmosphere="O2", as_received=True, crucible="pan"))
oxygen = result.extra_loss_from("O2")
print(f"with LiNi0.8Mn0.1Co0.1O2: {result.curve.change[-1]:.2f} %")
if oxygen is not None:
    print(f"  over 0.1 % more oxygen than the two powders apart from {oxygen - 273.15:.0f} °C on")

# the reference powder loses about 6 wt% in three steps: 200-250, 350-500 and 550-800 °C (Ma et al. 2025)
assert -6.7 < curve.change[-1] < -5.3
assert [step.gas for step in curve.steps()] == ["H2O", "H2O", "CO2"]
assert abs(sum(part[-1] for part in curve.parts.values()) - curve.change[-1]) < 1e-9
assert result.apart is not None
