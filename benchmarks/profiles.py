"""One interface reaction, LLZO with LNMO, O open: all kinks, here and by pymatgen; then a thousand samples of it."""

import numpy as np
from pymatgen.analysis.interface_reactions import GrandPotentialInterfacialReactivity
from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram, PDEntry, PhaseDiagram
from pymatgen.core import Composition, Element
from timing import side_by_side

from sinterface.models.basics.constants import EV_PER_ATOM
from sinterface.models.equilibrium import simplex
from sinterface.models.equilibrium.minimum import along, minimise
from sinterface.models.phases.atmosphere import atmosphere
from sinterface.models.phases.phase_tables import read_records

ELEMENTS = ("La", "Li", "Mn", "Ni", "Ta", "Zr", "O")
PAIR = ("Li7La3Zr2O12-tetragonal", "LiNi0.5Mn1.5O4")
TEMPERATURE = 973.15
NEAR_HULL = 0.05
"""Energy above the hull [eV/atom] up to which an entry counts."""
SAMPLES = 1000
CHECKED = 5
"""Samples compared with pymatgen, which has to build its phase diagrams again for each."""
NOISE = 0.01
"""Standard deviation of a sampled energy [eV/atom]."""


def entries():
    """Names, amounts (P, 7) and DFT formation energies (P,) [eV] of all phases near the hull, elements included."""
    records = [r for r in read_records().values() if r.dft is not None and set(r.amounts) <= set(ELEMENTS)]
    names = [r.phase for r in records] + list(ELEMENTS)
    amounts = np.array([[r.amounts.get(e, 0.0) for e in ELEMENTS] for r in records] + np.eye(len(ELEMENTS)).tolist())
    energy = np.array([r.dft * sum(r.amounts.values()) for r in records] + [0.0] * len(ELEMENTS))
    size = amounts.sum(axis=1)
    share, per_atom = amounts / size[:, None], energy / size
    hull = np.array([minimise(share, per_atom, row, ELEMENTS).energy for row in share])
    near = per_atom < hull + NEAR_HULL
    return [name for name, keep in zip(names, near, strict=True) if keep], amounts[near], energy[near]


def arrays(amounts, energy, mu):
    """Shares (P, 6) and grand potentials (P,) [eV], per atom that the gas does not carry."""
    held = amounts[:, :-1].sum(axis=1)
    solid = held > 0.0
    return amounts[solid, :-1] / held[solid, None], (energy - mu * amounts[:, -1])[solid] / held[solid]


def kinks(share, omega, first, other):
    """Cathode's share of the atoms but O, and energy [eV] per such atom."""
    line = along(share, omega, share[first], share[other], ELEMENTS[:-1])
    return line.t, line.energy - (1.0 - line.t) * omega[first] - line.t * omega[other]


class Kernel:
    """The compiled part of ``along`` alone, on arrays made beforehand."""

    def __init__(self, share, omega, first, other):
        self.arrays = np.ascontiguousarray(share.T), omega, share[first], share[other]
        K, room = share.shape[1], 64
        self.position = np.empty(room)
        self.series = simplex.Series(np.empty((room, K), np.int64), np.empty((room, K)), np.empty((room, K)))

    def trace(self):
        return simplex.trace(*self.arrays, self.position, self.series)


def pymatgen_entries(amounts, energy):
    return [
        PDEntry(Composition({e: n for e, n in zip(ELEMENTS, row, strict=True) if n}), value)
        for row, value in zip(amounts.tolist(), energy.tolist(), strict=True)
    ]


def diagrams(amounts, energy, mu):
    entries = pymatgen_entries(amounts, energy)
    return GrandPotentialPhaseDiagram(entries, {Element("O"): mu}), PhaseDiagram(entries)


def pymatgen_kinks(compositions, open_oxygen, closed):
    electrolyte, cathode = compositions
    reactivity = GrandPotentialInterfacialReactivity(
        cathode, electrolyte, open_oxygen, closed, include_no_mixing_energy=True, use_hull_energy=False
    ).get_kinks()
    return [(x, energy) for _, x, energy, *_ in reactivity]


def largest_difference(ours, theirs, compositions):
    """[eV/atom]; the mixing ratio of pymatgen counts all atoms, ours those that the gas does not carry."""
    closed_share = [1.0 - c.get_atomic_fraction("O") for c in compositions]
    t, energy = ours
    whole = np.array([1.0 - t, t]) / np.array(closed_share)[:, None]
    expected = np.array(sorted(theirs))
    assert len(t) == len(expected), (len(t), len(expected))
    assert np.max(np.abs(whole[1] / whole.sum(axis=0) - expected[:, 0])) < 1e-7
    return float(np.max(np.abs(energy - expected[:, 1])))


def run():
    names, amounts, energy = entries()
    mu = float(atmosphere("O2").potential("O", TEMPERATURE)) / EV_PER_ATOM
    rows = [names.index(name) for name in PAIR]
    share, omega = arrays(amounts, energy, mu)
    built = diagrams(amounts, energy, mu)
    compositions = [pymatgen_entries(amounts[[row]], energy[[row]])[0].composition for row in rows]
    ours, theirs = kinks(share, omega, *rows), pymatgen_kinks(compositions, *built)
    difference = largest_difference(ours, theirs, compositions)
    assert difference < 1e-6, difference

    noise = NOISE * np.random.default_rng(0).normal(size=(SAMPLES, len(energy))) * amounts.sum(axis=1)
    samples = [arrays(amounts, row, mu)[1] for row in energy + noise]
    for number in range(CHECKED):
        theirs = pymatgen_kinks(compositions, *diagrams(amounts, energy + noise[number], mu))
        assert largest_difference(kinks(share, samples[number], *rows), theirs, compositions) < 1e-6

    kernel = Kernel(share, omega, *rows)
    assert kernel.trace() == (simplex.OPTIMAL, len(ours[0]) - 1)
    times = side_by_side(
        rounds=15,
        kernel=kernel.trace,
        ours=lambda: kinks(share, omega, *rows),
        pymatgen=lambda: pymatgen_kinks(compositions, *built),
        ours_with_arrays=lambda: kinks(*arrays(amounts, energy, mu), *rows),
        pymatgen_with_diagrams=lambda: pymatgen_kinks(compositions, *diagrams(amounts, energy, mu)),
        ours_all_samples=lambda: [kinks(share, sample, *rows) for sample in samples],
    )
    return {
        "entries": len(names),
        "elements": len(ELEMENTS),
        "kinks": len(ours[0]),
        "largest_difference_eV_per_atom": difference,
        "seconds": times,
        "ratio": times["pymatgen"] / times["ours"],
        "ratio_with_set_up": times["pymatgen_with_diagrams"] / times["ours_with_arrays"],
        "samples": SAMPLES,
        "samples_compared": CHECKED,
        "seconds_per_sample": times["ours_all_samples"] / SAMPLES,
        "ratio_per_sample": times["pymatgen_with_diagrams"] / times["ours_all_samples"] * SAMPLES,
    }
