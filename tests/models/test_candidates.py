"""The phases chosen for the solver: what equilibria need is among them, and little else."""

import numpy as np
import pytest

from sinterface.models.equilibrium import column_generation
from sinterface.models.equilibrium.minimum import along
from sinterface.models.interface.candidates import REACH, candidates
from sinterface.models.interface.reactions import couple
from sinterface.models.phases import materials

PLANES = (600.0, 900.0, 1200.0)
COUPLES = [("pc-LNMO", "LLZTO"), ("pc-NMC811", "LLZTO"), ("pc-LCO", "LLZTO"), ("pc-LFP", "Al-LLZO")]


@pytest.fixture(scope="module")
def chosen(db, oxygen):
    known = {}

    def of(cathode, electrolyte):
        if (cathode, electrolyte) not in known:
            sides = materials.find(cathode, "cathode"), materials.find(electrolyte, "electrolyte")
            known[cathode, electrolyte] = candidates(*sides, PLANES, oxygen, db), couple(*sides, db)
        return known[cathode, electrolyte]

    return of


@pytest.mark.parametrize("pair", COUPLES, ids="-".join)
@pytest.mark.parametrize("T", PLANES)
def test_equilibria_hardly_miss_the_rest(chosen, oxygen, pair, T):
    """The spacing of the compositions costs at most 0.3 meV per atom."""
    (phases, where), whole = chosen(*pair)
    a, b = whole.ends
    omega = whole.system.phases.grand_potential(T, oxygen)
    best = column_generation.line(whole.system, omega, T, a, b).answer
    few = along(phases.composition, phases.grand_potential(T, oxygen), a, b, phases.components)
    x = np.linspace(0.0, 1.0, 21)
    excess = np.interp(x, few.t, few.energy) - np.interp(x, best.t, best.energy)
    assert np.all(excess > -column_generation.TOLERANCE)
    assert np.max(excess) < 60.0
    np.testing.assert_allclose(phases.composition[where.electrolyte], a)
    np.testing.assert_allclose(phases.composition[where.cathode], b)


@pytest.mark.parametrize("pair", COUPLES, ids="-".join)
def test_what_is_left_out_lies_far_above(chosen, oxygen, pair):
    (phases, _), whole = chosen(*pair)
    a, b = whole.ends
    left = [row for row, name in enumerate(whole.system.phases.ids) if name not in phases.ids]
    for T in PLANES:
        omega = whole.system.phases.grand_potential(T, oxygen)
        planes = column_generation.line(whole.system, omega, T, a, b).answer.potentials
        above = omega[left][None] - planes @ whole.system.phases.composition[left].T
        assert above.min() >= REACH - 2.0 * column_generation.TOLERANCE
    assert len(phases.ids) < 160


def test_lithium_exchange_has_its_compositions(chosen):
    """Layered NMC811 with its metals unchanged and more lithium."""
    (phases, where), _ = chosen("pc-NMC811", "LLZTO")
    metals = [phases.components.index(name) for name in ("Ni", "Mn", "Co")]
    share = phases.composition[:, metals] / np.maximum(phases.composition[:, metals].sum(axis=1, keepdims=True), 1e-9)
    same = np.abs(share - share[where.cathode]).max(axis=1) < 1e-3
    lithium = phases.composition[same, phases.components.index("Li")]
    assert len(lithium) >= 5
    assert lithium.max() > 0.55


def test_repeats_exactly(db, oxygen):
    sides = materials.find("pc-NMC532", "cathode"), materials.find("LLZTO", "electrolyte")
    one, other = (candidates(*sides, PLANES, oxygen, db)[0] for _ in range(2))
    assert one.ids == other.ids
    np.testing.assert_array_equal(one.composition, other.composition)


@pytest.mark.parametrize("electrolyte", ["LLZTO", "Al-LLZO"])
def test_a_material_is_in_its_own_solution_whatever_else_holds_it(db, oxygen, electrolyte):
    """LiCoO2 is an end member of layered oxides with aluminium too; it takes up lithium as lithium cobaltite."""
    pair = materials.find("pc-LCO"), materials.find(electrolyte, "electrolyte")
    found, reactants = candidates(*pair, PLANES, oxygen, db)
    assert reactants.solutions[1] == "lithium cobaltite"
    own = [solid for solid in found.solids if solid.solution == "lithium cobaltite"]
    assert len(own) > 10
