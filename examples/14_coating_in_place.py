"""NMC811 and LLZTO fired with coatings of 20 nm on the cathode, against the bare couple: what each of them changes."""

import sinterface as si

firing = si.Schedule.hold(800, hours=2)
reacted, remarks, left = {}, {}, {}
for coating in ("", "Li3BO3=20nm", "LiNbO3=20nm"):
    result = si.predict(si.problem("pc-NMC811", "LLZTO", firing, coating=coating))
    reacted[coating] = 100.0 * (1.0 - result.unreacted["electrolyte_fraction"])
    left[coating] = float(result.dataset["coating_left"].isel(time=-1).max()) if coating else 0.0
    remarks[coating] = result.dataset.attrs["remarks"]
    print(f"{coating or 'bare':12s} {reacted[coating]:5.2f} % of the garnet has reacted; {remarks[coating]}")

# the borate melts and joins more of the particles, and a tenth of it is still in the contacts; the niobate holds back a
# quarter of the reaction until it is gone, after 1.3 h
assert reacted["Li3BO3=20nm"] > 1.5 * reacted[""]
assert "is drawn into the necks" in remarks["Li3BO3=20nm"]
assert 0.01 < left["Li3BO3=20nm"] < 0.5
assert reacted["LiNbO3=20nm"] < 0.9 * reacted[""]
assert "through after" in remarks["LiNbO3=20nm"]
assert left["LiNbO3=20nm"] < 0.01
