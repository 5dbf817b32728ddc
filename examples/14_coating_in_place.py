"""NMC811 and LLZTO fired with coatings of 20 nm on the cathode, against the bare couple: what each of them changes."""

import sinterface as si

firing = si.Schedule.hold(800, hours=2)
secondary, niobates, remarks = {}, {}, {}
for coating in ("", "Li3BO3=20nm", "LiNbO3=20nm"):
    result = si.predict(si.problem("pc-NMC811", "LLZTO", firing, coating=coating))
    secondary[coating] = result.by_family.sum()
    niobates[coating] = result.by_family.get("Li tantalate", 0.0)  # the family of lithium niobates too
    remarks[coating] = result.dataset.attrs["remarks"]
    print(f"{coating or 'bare':12s} {secondary[coating]:5.2f} wt% of secondary phases; {remarks[coating]}")

# the borate stays and changes next to nothing; the niobate is consumed at 800 °C, and phases of its own remain
assert abs(secondary["Li3BO3=20nm"] - secondary[""]) < 0.2 * secondary[""]
assert "it does next to nothing" in remarks["Li3BO3=20nm"] and "is left in the contacts" in remarks["Li3BO3=20nm"]
assert niobates["LiNbO3=20nm"] > niobates[""] + 0.3
assert "through after" in remarks["LiNbO3=20nm"]
assert float(result.dataset["coating_left"].isel(time=-1).max()) < 0.01
