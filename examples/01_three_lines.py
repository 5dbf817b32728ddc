"""Three lines: heat a cathode with the garnet and list the phases that form."""

import sinterface as si

result = si.simulate("pc-LNMO", "LLZTO", si.Schedule.hold(600, hours=2), atmosphere="O2", cells=12)
print(result.by_family)  # wt% of the sample by phase family, most first
print(result.unreacted)  # shares of the two powders that are left

# a Li-poor spinel takes so much lithium that most of the garnet turns, to pyrochlore above all
assert result.dataset.attrs["outcome"] == "DONE", result.dataset.attrs["advice"]
assert 25.0 < result.by_family["La2Zr2O7"] < 40.0, str(result.by_family)
