"""Thermodynamics alone: energy and products of the couple at every mixing ratio, and how sure that is."""

import sinterface as si
from sinterface.models.interface.ensemble import draw, interface_spread

powders, data = si.materials(), si.load_database()
cathode, garnet, T = powders["pc-LNMO"], powders["LLZTO"], 973.15  # 700 °C in kelvin
oxygen = si.Atmosphere("O2", pO2=1.0)  # bar
result = si.interface_reactions(cathode, garnet, T, oxygen, data)  # everything may react
apart = si.interface_reactions(cathode, garnet, T, oxygen, data, para=True)  # only Li and the gas cross the interface

for kink in result.kinks:
    print(f"{100 * result.mass_share(kink):5.1f} wt% cathode  {kink.energy_meV_per_atom:7.2f} meV/atom")
    print("     ", " + ".join(f"{product.moles:.3g} {product.solid.id}" for product in kink.products))
print(result.equation(result.strongest))

# the same for 100 samples of all phase energies within their uncertainties; the seed fixes the numbers
samples = draw(data, 100, seed=0, elements=frozenset(result.couple.system.components))
spread = interface_spread(result.couple, T, oxygen, samples)
probability = dict(zip(spread.families, spread.probability.tolist(), strict=True))
print("5, 50, 95 % of the samples: {:.0f}, {:.0f}, {:.0f} meV/atom".format(*spread.energy_meV_per_atom))
print("probability:", {family: round(p, 2) for family, p in probability.items() if p > 0.1})

# more freedom never costs energy (beyond the 2 J/mol to which compositions of solutions are found), this spinel gains
# tens of meV per atom, and surely makes zirconate of the garnet
assert result.strongest.energy <= apart.strongest.energy + 2.0
assert -80.0 < result.strongest.energy_meV_per_atom < -20.0, result.strongest
families = {product.solid.family for product in result.strongest.products}
assert {"Li2MnO3", "La2Zr2O7"} <= families, families
assert probability["La2Zr2O7"] > 0.9, probability
assert probability["Li2MnO3"] > 0.9, probability
