"""Thermodynamics alone: energy and products of the couple at every mixing ratio, no kinetics."""

import sinterface as si

powders = si.materials()
oxygen = si.Atmosphere("O2", pO2=1.0)  # bar
couple = (powders["pc-LNMO"], powders["LLZTO"], 973.15, oxygen, si.load_database())  # 700 °C in kelvin
result = si.interface_reactions(*couple)  # everything may react
apart = si.interface_reactions(*couple, para=True)  # only Li and the gas cross the interface

for kink in result.kinks:
    print(f"{100 * result.mass_share(kink):5.1f} wt% cathode  {kink.energy_meV_per_atom:7.2f} meV/atom")
    print(f"      {result.equation(kink)}")

# more freedom never costs energy, and this spinel gains tens of meV per atom
assert result.strongest.energy <= apart.strongest.energy + 1e-6
assert -80.0 < result.strongest.energy_meV_per_atom < -20.0, result.strongest
