"""NMC811 and LLZTO fired with coatings of 20 nm on the cathode, against the bare couple: what each of them changes."""

import sinterface as si

firing = si.Schedule.hold(800, hours=2)
reacted, niobates, remarks = {}, {}, {}
for coating in ("", "Li3BO3=20nm", "LiNbO3=20nm"):
    result = si.predict(si.problem("pc-NMC811", "LLZTO", firing, coating=coating))
    reacted[coating] = 100.0 * (1.0 - result.unreacted["electrolyte_fraction"])
    niobates[coating] = result.by_family.get("Li tantalate", 0.0)  # the family of lithium niobates too
    remarks[coating] = result.dataset.attrs["remarks"]
    print(f"{coating or 'bare':12s} {reacted[coating]:5.2f} % of the garnet has reacted; {remarks[coating]}")

# the borate melts, joins more of the particles, and lasts longer than the niobate, of which phases of its own remain
assert reacted["Li3BO3=20nm"] > 1.5 * reacted[""]
assert "is drawn into the necks" in remarks["Li3BO3=20nm"]
assert "through after" in remarks["Li3BO3=20nm"]
assert niobates["LiNbO3=20nm"] > niobates[""] + 0.3
assert "through after" in remarks["LiNbO3=20nm"]
assert float(result.dataset["coating_left"].isel(time=-1).max()) < 0.01
