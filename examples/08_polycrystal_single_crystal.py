"""The same composition as polycrystal and as single crystal: morphology alone decides how much reacts."""

import sinterface as si

schedule = si.Schedule.parse("10 °C/min to 800 °C; hold 2 h; cool naturally")
shares = {}
for morphology in ("pc", "sc"):
    result = si.simulate("LiNi0.6Mn0.3Co0.1O2", "LLZTO", schedule, structure="layered", morphology=morphology, cells=20)
    shares[morphology] = result.by_family.sum()
    print(f"{morphology}: {shares[morphology]:.2f} wt% of secondary phases,", result.by_family.round(2).to_dict())

# grain boundaries feed the reaction and polycrystals touch more of the garnet
assert shares["pc"] > 1.5 * shares["sc"], shares
