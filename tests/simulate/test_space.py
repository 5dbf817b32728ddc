"""Spaces of candidates: grids, products, lists; every fault is told with its key and a remedy."""

import itertools

import pytest

from sinterface.models.basics.errors import InputError
from sinterface.simulate.screening.candidate_space import parse

HEAD = "temperatures = [600, 800]\n"


def test_a_grid_holds_every_composition_once_and_charges_balance():
    space = parse(HEAD + "[grid]\nstep = 0.1\nlithium_excess = [0.0, 0.05]\ndopants = { Al = [0.0, 0.02] }")
    assert len(space) == 66 * 2 * 2
    seen = set()
    for candidate in space.candidates():
        amounts = candidate.cathode.composition
        metals = sum(n for s, n in amounts.items() if s not in ("Li", "O"))
        assert metals + amounts["Li"] == pytest.approx(2.0, abs=1e-5)
        assert amounts["O"] == 2.0
        seen.add(tuple(sorted(amounts.items())))
    assert len(seen) == len(space)


def test_products_are_complete_and_indices_stable():
    space = parse(
        HEAD + "cathodes = ['pc-LCO', 'LiNiO2']\nelectrolytes = ['LLZTO', 'LLZO']\nmorphologies = ['pc', 'sc']\n"
        "gases = ['O2', 'air']\n[[candidate]]\ncathode = 'pc-LNMO'\nelectrolyte = 'LLZO'"
    )
    keys = [(c.cathode.id, c.cathode.morphology, c.electrolyte.id, c.gas.name) for c in space.candidates()]
    powders = [("pc-LCO", "polycrystal"), ("LiNiO2", "polycrystal"), ("LiNiO2", "single-crystal")]
    wanted = [(*p, e, g) for p, e, g in itertools.product(powders, ("LLZTO", "LLZO"), ("O2", "air"))]
    assert keys == [*wanted, ("pc-LNMO", "polycrystal", "LLZO", "O2")]
    assert [space.candidate(index).index for index in range(len(space))] == list(range(len(space)))
    assert space.elements == ("Li", "Co", "Mn", "Ni")


def test_digests_tell_spaces_apart_but_not_titles():
    base = parse(HEAD + "cathodes = ['pc-LCO']")
    assert parse("title = 'x'\n" + HEAD + "cathodes = ['pc-LCO']").digest == base.digest
    others = ["gases = ['air']", "limit = 2.0", "accuracy = 'fast'", "seed = 1", "coatings = ['LiNbO3']"]
    digests = {parse(f"{HEAD}cathodes = ['pc-LCO']\n{line}").digest for line in others}
    assert len(digests | {base.digest}) == len(others) + 1


def test_a_million_candidates_cost_nothing_until_asked_for():
    space = parse(
        HEAD + "gases = ['O2', 'air', 'N2', 'Ar', 'CO2']\nelectrolytes = ['LLZTO', 'LLZO', 'Al-LLZO', 'Ga-LLZO']\n"
        "[grid]\nstep = 0.01\nlithium_excess = [0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09]"
    )
    assert len(space) == 5151 * 10 * 20
    assert space.candidate(len(space) - 1).cathode.composition["Ni"] == pytest.approx(0.91)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cathodes = ['pc-LCO']", "temperatures are missing"),
        (HEAD, "no candidates"),
        (HEAD + "[grid]\nstep = 0.3", "must divide 1"),
        (HEAD + "[grid]\nNi = [0.9, 1.0]\nMn = [0.5, 1.0]", "widen"),
        (HEAD + "[grid]\nstep = 0.005\nlithium_excess = [0.0, 0.01, 0.02, 0.03, 0.04, 0.05]", "larger step"),
        (HEAD + "[grid]\ndopants = { Ni = [0.1] }", "no dopant"),
        (HEAD + "cathodes = ['pc-LCO']\nschedules = ['hold 2 h']", "{T}"),
        (HEAD + "cathodes = ['pc-LCO']\nmorphologies = ['xx']", "single crystal"),
        (HEAD + "cathodes = ['pc-LCO']\ngases = ['helium']", "gases"),
        (HEAD + "cathodes = ['pc-LCO']\nsamples = -1", "samples"),
        (HEAD + "[[candidate]]\nelectrolyte = 'LLZO'", "cathode is missing"),
        (HEAD + "cathodes = ['LiNi0.5Mn0.5O']", "structure ="),
    ],
)
def test_faults_are_told(text, told):
    with pytest.raises(InputError) as caught:
        parse(text)
    assert told in str(caught.value)
