"""A coating of Li3BO3 between NMC811 and LLZTO: both of its faces against the bare interface, and against others."""

import sinterface as si
from sinterface.models.interface.coatings import coatings

cathode, garnet = si.materials()["pc-NMC811"], si.materials()["LLZTO"]
T, oxygen = 973.15, si.Atmosphere("O2", pO2=1.0)  # 700 °C, bar
ranked = coatings(cathode, garnet, T, oxygen, si.load_database())

per_mole = 96.485  # J/mol per meV
for ranking in ranked:
    inner, outer = (energy / per_mole for energy in ranking.energies)
    print(f"{ranking.coating.id:12s} to the cathode {inner:6.2f}, to the garnet {outer:6.2f} meV/atom", end="")
    print(f"; the worse face reacts {ranking.helps / per_mole:+.2f} meV/atom less than the bare interface")
result = next(ranking for ranking in ranked if ranking.coating.id == "Li3BO3")
for face, name in ((result.inner, "cathode"), (result.outer, "garnet")):
    print(f"{name}: {face.equation(face.strongest)}")

# as Ma et al. (2025) suggest: neither face of Li3BO3 reacts more than the bare interface, LiNbO3's do many times more
assert result.helps > 0.0, result.energies
worst = next(ranking for ranking in ranked if ranking.coating.id == "LiNbO3")
assert worst.score < 10.0 * result.bare.strongest.energy < 0.0, worst.energies
