"""Phases as blocks of end members: what is there, its composition, and solutions with a miscibility gap."""

from dataclasses import replace

import numpy as np
import pytest

import sinterface as si
from sinterface.models.equilibrium import chemistry
from sinterface.models.equilibrium.phase_blocks import MOST_MEMBERS, has_gap, phase_blocks


@pytest.fixture(scope="module")
def system():
    powders = (si.materials("electrolyte")["LLZTO"], si.materials("cathode")["pc-LNMO"])
    return chemistry.system(powders, si.load_database())[0]


@pytest.fixture(scope="module")
def blocks(system):
    return phase_blocks(system)


def test_every_solution_is_one_block_and_every_other_phase_too(system, blocks):
    names = [block.name for block in blocks.blocks]
    assert len(names) == len(set(names))
    assert {mixture.solution.name for mixture in system.mixtures} <= set(names)
    assert blocks.start[-1] == len(blocks.phases.ids) == len(blocks.moles)
    inside = {system.phases.ids[row] for mixture in system.mixtures for row in mixture.phase}
    for number, block in enumerate(blocks.blocks):
        part = blocks.members(number)
        if block.solution is None:
            assert blocks.phases.ids[part.start] == block.name
            assert block.name not in inside
        else:
            assert set(blocks.phases.ids[part]) <= inside
    with pytest.raises(KeyError):
        blocks.block_of("unobtainium")


def test_every_sublattice_is_full_whatever_the_end_member(blocks):
    for number in np.flatnonzero(blocks.species):
        part, count = blocks.members(number), blocks.species[number]
        site = blocks.site[number, :count]
        sizes = np.array(
            [blocks.occupancy[part, :count][:, site == s].sum(axis=1) for s in range(blocks.sites[number])]
        )
        assert sizes == pytest.approx(np.repeat(sizes[:, :1], sizes.shape[1], axis=1), rel=1e-6)
        assert part.stop - part.start <= MOST_MEMBERS


def test_a_composition_is_a_solid_of_its_elements(blocks):
    number = blocks.block_of("garnet")
    part = blocks.members(number)
    amounts = np.linspace(1.0, 2.0, part.stop - part.start)
    solid = blocks.solid(number, amounts)
    held = amounts / amounts.sum() @ blocks.composition[part]
    for element, expected in zip(blocks.components, held, strict=True):
        assert solid.amounts.get(element, 0.0) == pytest.approx(expected, abs=1e-12)


def test_what_a_transformation_rearranges_are_metals_where_there_are_any(blocks):
    lithium = blocks.components.index("Li")
    for number in range(len(blocks.blocks)):
        holds = blocks.composition[blocks.members(number)].max(axis=0) > 0.0
        assert blocks.metal[number].any()
        assert not np.any(blocks.metal[number] & ~holds)
        others = holds.copy()
        others[lithium] = False
        assert blocks.metal[number, lithium] == (not others.any())


@pytest.mark.parametrize(("W", "gap"), [(0.0, False), (8e3, False), (60e3, True)])
def test_a_solution_that_unmixes_has_two_blocks(system, W, gap):
    """2 RT of one site is 10 kJ/mol at 600 K: far below it never unmixes, far above it does."""
    mixture = system.mixtures[[m.solution.name for m in system.mixtures].index("pyrochlore")]
    count = len(mixture.members)
    bent = replace(mixture, interaction=0.5 * W * (1.0 - np.eye(count)))
    assert has_gap(bent) is gap
    others = tuple(bent if m is mixture else m for m in system.mixtures)
    blocks = phase_blocks(replace(system, mixtures=others))
    copies = [block.copy for block in blocks.blocks if block.name == "pyrochlore"]
    assert copies == ([0, 1] if gap else [0])
