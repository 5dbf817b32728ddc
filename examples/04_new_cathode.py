"""A cathode that is not built in: as a formula, and as a TOML card with its own particle size."""

from pathlib import Path

import sinterface as si

schedule = si.Schedule.parse("10 °C/min to 600 °C; hold 2 h; cool naturally")

# a formula takes its particle sizes from the most similar built-in powder of the same structure and morphology
formula = si.simulate("LiNi0.25Mn1.75O4", "LLZTO", schedule, structure="spinel", morphology="pc", cells=12)
print("formula:", formula.by_family.round(2).to_dict())

# a card states them
card = Path(__file__).with_name("my_cathode.toml")
result = si.simulate(str(card), "LLZTO", schedule, cells=12)
print("card:   ", result.by_family.round(2).to_dict())

# both spinels turn garnet into pyrochlore at 600 °C
assert formula.by_family["La2Zr2O7"] > 5.0, str(formula.by_family)
assert result.by_family["La2Zr2O7"] > 5.0, str(result.by_family)
assert result.dataset.attrs["element_balance"] < 1e-8
