"""Phase data of one's own: a snapshot of the Materials Project, or a table of formation energies, merged in.

`sinterface phases fetch --elements Li,La,Zr,Ta,Ni,Mn,Co,O -o my_phases.json` writes a snapshot with your key in
MP_API_KEY. A CSV with a formula and a formation energy does as well and needs no key: here the energy that the tables
hold for La4LiNiO8, the La2(Ni0.5Li0.5)O4 of sintered pellets, and 0.02 eV/atom less. What does that do?
"""

import tempfile
from pathlib import Path

import sinterface as si
from sinterface.models.evidence.snapshot import build
from sinterface.models.phases.phase_tables import read_records

cathode, garnet = si.materials()["pc-NMC811"], si.materials()["LLZTO"]
T, oxygen = 973.15, si.Atmosphere("O2", pO2=1.0)  # 700 °C, bar
own = float(read_records()["La4LiNiO8"].row["dft_eV_atom"])

energies = {}
for change in (0.0, -0.02):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "my_phases.csv"
        file.write_text(f"formula,formation_energy_eV_per_atom\nLa4LiNiO8,{own + change}\n", encoding="utf-8")
        database, report = build(file)
    result = si.interface_reactions(cathode, garnet, T, oxygen, database)
    energies[change] = result.strongest.energy_meV_per_atom
    print(f"{change:+.2f} eV/atom: {energies[change]:.2f} meV/atom, {result.equation(result.strongest)}")
print(f"{len(database.solids)} phases, {database.fingerprint}; replaced: {report.replaced}")

# what is more stable forms in the stronger reaction
assert energies[-0.02] < energies[0.0] - 0.1, energies
