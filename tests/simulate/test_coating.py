"""Coatings in place: limits, conservation, diffusion through a layer, and what counts as formed."""

import json
import time
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from typer.testing import CliRunner

import sinterface as si
from sinterface.models.basics.errors import InputError
from sinterface.models.interface.coatings import coating
from sinterface.models.powders import materials
from sinterface.models.rates import parameters
from sinterface.simulate.cli import main
from sinterface.simulate.setup.coating import Layer, read_coatings
from sinterface.simulate.setup.mesh import two_layers
from sinterface.simulate.solve.coated import through
from sinterface.simulate.solve.integrate import begin, integrate
from sinterface.simulate.solve.result import to_result
from sinterface.simulate.solve.run import predict
from sinterface.simulate.solve.system import PATCH, PRODUCT_GRAIN, assemble

FIRING = "10 °C/min to 800 °C; hold 30 min; cool naturally"


@pytest.fixture(scope="module")
def database():
    return si.load_database()


@cache
def fired(coat="", *, on="cathode", thickness=None, cathode="pc-NMC811", cells=16, tolerance=0.04, **options):
    task = si.problem(cathode, schedule=FIRING, cells=cells, coating=coat if thickness is None else "", **options)
    if thickness is not None:
        task = replace(task, coatings=(Layer(coating(coat, si.load_database()), thickness, on),))
    return predict(task, estimate_error=False, tolerance=tolerance)


def read(text, database):
    return read_coatings(text, database, materials.find("pc-NMC811"), materials.find("LLZTO", "electrolyte"))


def test_thicknesses_and_shares_of_the_powder_are_read(database):
    by_name = read("Li3BO3=20nm", database)[0]
    assert (by_name.thickness, by_name.on) == (pytest.approx(20e-9), "cathode")
    assert read("Li3BO3 = 0.02 um on electrolyte", database)[0] == replace(by_name, on="electrolyte")
    by_share = read("Li3BO3=1 wt% at 0.5 m2/g", database)[0]
    assert by_share.thickness == pytest.approx(0.01 / (by_share.material.density.value * 500.0))
    powder = materials.find("pc-NMC811")
    of_spheres = read("Li3BO3=1%", database)[0].thickness
    area = 6.0 / (powder.density.value * powder.particle_diameter.value)
    assert of_spheres == pytest.approx(0.01 / (by_share.material.density.value * area))


def test_layers_lie_in_order_from_the_cathode_outwards(database):
    layers = read("Li3BO3=5nm on electrolyte, LiNbO3=3nm, Li3PO4=4nm, LiAlO2=6nm on electrolyte", database)
    assert [layer.material.id for layer in layers] == ["LiNbO3", "Li3PO4", "LiAlO2", "Li3BO3"]


@pytest.mark.parametrize("name", ["Li3BO3", "La2Zr2O7", "LiNi0.5Mn0.5O2", "LiAlO2"])
def test_any_phase_or_solution_of_the_database_is_a_coating(name, database):
    layer = coating(name, database)
    assert layer.density.value > 1000.0
    assert layer.density.source


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Li3BO3", "not understood.*Li3BO3=20nm"),
        ("Li3BO3=20 lightyears", "unit 'lightyears' is not one of nm, um, mm and %"),
        ("Li3BO3=20nm on moon", "on the cathode or the electrolyte, not on 'moon'"),
        ("Unobtainium=20nm", "Li2ZrO3"),
        ("NaCl=20nm", "no compound of the database"),
        ("Li3BO3=20nm at 1 m2/g", "a thickness needs no surface area"),
        ("Li3BO3=1% at 0 m2/g", "0 m2/g"),
        ("Li3BO3=9000nm", "the radius of"),
        ("Li3BO3=0nm", "choose"),
    ],
)
def test_what_is_no_coating_is_told_with_the_remedy(text, told, database):
    with pytest.raises(InputError, match=told) as error:
        read(text, database)
    assert "\n" not in str(error.value)


def test_a_coating_needs_two_powders():
    with pytest.raises(InputError, match="there is no cathode"):
        si.problem("none", coating="Li3BO3=20nm")
    with pytest.raises(InputError, match="one of them is not there"):
        si.problem("pc-LCO", "none", coating="Li3BO3=20nm")


@pytest.mark.parametrize(("geometry", "on"), [("sphere", 1), ("sphere", 0), ("slab", 1), ("slab", 0)])
def test_layers_have_their_volumes_wherever_they_lie(geometry, on):
    R, r, ratio, contact, thickness = 5e-6, 1.2e-6, 0.9, 0.07, 20e-9
    if geometry == "slab":
        contact = 1.0
    mesh = two_layers(R, ratio, 40, geometry, contact=contact, grain=r, layers=(thickness,), adherent=on)
    grid = mesh.grid(shell_grain=r)
    volume = [float(grid.volumes[grid.regions == region].sum()) for region in range(3)]
    assert np.all(grid.volumes > 0.0)
    assert volume[2] / volume[0] == pytest.approx(ratio, rel=1e-6)
    core = 4.0 / 3.0 * np.pi * R**3 if geometry == "sphere" else R
    surface = {("sphere", 1): 4.0 * np.pi * R**2, ("sphere", 0): 3.0 * ratio * core / r}.get((geometry, on), 1.0)
    assert volume[0] == pytest.approx(core, rel=1e-6)
    assert volume[1] == pytest.approx(surface * thickness, rel=0.01)
    assert len(grid.areas) == len(grid.half[0]) == len(grid.volumes) - 1
    beside = grid.volumes[(grid.regions == 1) & (grid.parts > 0)].sum() / volume[1]
    assert beside == pytest.approx(0.0 if geometry == "slab" else 1.0 - 0.0717, abs=0.01 if on else 0.06)


@pytest.mark.parametrize("coat", ["Li3BO3", "Li2ZrO3", "La2Zr2O7"])
def test_no_thickness_is_the_bare_couple(coat):
    bare = fired()
    thin = fired(coat, thickness=1e-19)  # what a layer changes goes down with it: 2e-7 wt% at 1e-18 m
    assert thin.finished
    assert sum(bare.family_shares.values()) > 1.0
    for family, share in bare.family_shares.items():
        assert thin.family_shares.get(family, 0.0) == pytest.approx(share, abs=1e-7), "wt%, that is 1e-9 of the sample"


def test_what_lies_under_a_layer_is_part_of_its_powder():
    """Lithium reaches all of a particle, so that there is as much of it per metal under the layer as in its centre."""
    task = si.problem(
        "pc-NMC111", schedule="100 °C/min to 800 °C; hold 10 min; quench", coating="Li3BO3=20nm", cells=16
    )
    system = assembled(task)
    amounts = integrate(system, begin(system), task.schedule.starts[1:]).last.amounts
    held = amounts @ system.blocks.composition
    ratio = held[:, system.components.index("Li")] / held[:, system.components.index("Ni")]
    core = np.flatnonzero((system.grid.regions == 0) & (system.grid.parts == 0))[0]
    below = np.flatnonzero((system.grid.regions == 0) & (system.grid.parts > 0))
    assert len(below) > 2
    assert ratio[below[-1]] == pytest.approx(ratio[core], rel=0.02), "13 % less where it is cut off"


@pytest.mark.parametrize("on", ["cathode", "electrolyte"])
def test_a_leaky_layer_cuts_nothing_off(on):
    """A spinel that takes all of the garnet at 600 °C takes it with a little borate between, too."""
    bare, coated = (
        si.predict(si.problem("pc-LNMO", schedule=si.Schedule.hold(600, hours=2), cells=16, coating=text),
                   estimate_error=False).unreacted["electrolyte_fraction"]
        for text in ("", f"Li3BO3=20nm on {on}")
    )  # fmt: skip
    assert bare < 0.01
    assert coated < 0.05, "a third of it is left where that third is cut off"


def test_a_tenth_of_an_atom_is_close_to_the_bare_couple():
    """The thinnest layer that has cells of its own: hardly a jump where it gets them."""
    bare = fired(tolerance=0.01)
    thin = fired("Li3BO3", thickness=2e-11, tolerance=0.01)
    for family, share in bare.family_shares.items():
        assert thin.family_shares.get(family, 0.0) == pytest.approx(share, rel=5e-3, abs=2e-3)


def assembled(task):
    values = parameters.calibrated()
    return assemble(task, values.energies(si.load_database()), values)


@pytest.mark.parametrize("on", ["cathode", "electrolyte"])
def test_a_coating_that_nothing_passes_stops_the_reaction(on):
    """Without any diffusion in the coating neither powder reacts, though both would."""
    task = si.problem("pc-NMC811", schedule=FIRING, cells=16, coating=f"Li3BO3=20nm on {on}")
    system = assembled(task)
    paths, layer = system.model.paths, system.grid.regions == 1
    thermal = system.model.thermal
    faces = layer[1:] | layer[:-1]
    tight = paths._replace(areas=np.where(faces, 0.0, paths.areas))
    stopped = replace(system, model=system.model._replace(paths=tight, thermal=thermal))
    results = [to_result(task, each, integrate(each, begin(each), task.schedule.starts[1:]), "") for each in
               (system, stopped)]  # fmt: skip
    assert all(result.finished for result in results)
    assert sum(results[0].family_shares.values()) > 1.0
    alone = [predict(replace(task, coatings=(), **{other: None}), estimate_error=False)
             for other in ("cathode", "electrolyte")]  # fmt: skip
    own = sum(sum(result.family_shares.values()) for result in alone)
    assert sum(results[1].family_shares.values()) < 0.5 * own + 0.02, "no more than the powders do by themselves"


@pytest.mark.parametrize(
    "coat",
    ["Li3BO3=20nm", "LiNbO3=30nm on electrolyte", "Li3PO4=1%", "LiAlO2=10nm, Li2ZrO3=5nm on electrolyte",
     "LiMn2O4=50nm", "Li2CO3=10nm"],
)  # fmt: skip
def test_cations_are_conserved(coat):
    task = si.problem("pc-NMC811", schedule=FIRING, cells=16, coating=coat, atmosphere="air")
    result = predict(task, estimate_error=False)
    assert result.finished
    assert result.dataset.attrs["element_balance"] < 1e-9
    assert result.dataset["coating_left"].values[0] == pytest.approx(1.0)
    assert float(result.dataset["wt_percent"].isel(time=-1).sum()) == pytest.approx(100.0, abs=0.1)


def test_what_was_put_in_is_no_product_and_what_formed_beyond_it_is():
    """A coating of what the couple makes anyway: only the excess over what was put in counts as formed."""
    data = fired("La2Zr2O7=50nm").dataset
    coat = data["wt_percent"].where(data["role"] == "coating", drop=True).sum("phase").values
    formed = data["wt_percent"].where((data["role"] == "secondary") & (data["family"] == "La2Zr2O7"), drop=True)
    assert coat[0] > 1.0
    assert np.all(coat <= coat[0] * 1.001 * 100.0 / 99.0)
    assert float(formed.isel(time=0).sum()) == 0.0
    spinel = fired("La2Zr2O7=50nm", cathode="pc-LNMO").family_shares["La2Zr2O7"]
    assert spinel > 10.0


def test_a_thick_inert_layer_protects_more_than_a_thin_one():
    """Slabs of one coating, ever thicker: less and less of the garnet reacts."""
    left = [
        fired(f"LiAlO2={thickness}nm" if thickness else "", geometry="slab", cells=32).unreacted["electrolyte_fraction"]
        for thickness in (0, 20, 100, 500)
    ]
    assert np.all(np.diff(left) > -2e-3)
    assert left[-1] > left[0] + 0.01


def told(*arguments):
    answer = CliRunner().invoke(main.app, [*arguments, "--json"])
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


def test_run_tells_what_became_of_a_coating():
    document = told("run", "pc-NMC811", "-T", "700", "--hold", "10 min", "--cells", "8", "--coating", "LiNbO3=20nm")
    assert "LiNbO3=20nm on cathode: through after" in document["remarks"]
    assert "without it" in document["remarks"]
    assert {phase["role"] for phase in document["phases"]} >= {"cathode", "electrolyte", "secondary", "coating"}


def test_reactions_tell_each_face_of_a_coating():
    documents = told("reactions", "pc-NMC811", "LLZTO", "-T", "700", "--coating", "Li3BO3=20nm")
    faces = [(document["cathode"], document["electrolyte"]) for document in documents]
    assert faces == [("pc-NMC811", "LLZTO"), ("pc-NMC811", "Li3BO3"), ("Li3BO3", "LLZTO")]


def test_when_a_coating_is_through_is_interpolated():
    assert through([0.0, 1.0, 2.0], [1.0, 0.02, 0.0]) == pytest.approx(1.5)
    assert through([0.0, 1.0], [1.0, 0.5]) is None


def test_a_coated_run_takes_less_than_twice_the_bare_one():
    """Each at its best of two, with all companion runs."""
    spent = {}
    for coat in ("", "Li3BO3=20nm"):
        task = si.problem("pc-NMC811", schedule=FIRING, coating=coat)
        predict(task)
        best = np.inf
        for _ in range(2):
            begun = time.process_time()
            predict(task)
            best = min(best, time.process_time() - begun)
        spent[coat] = best
    assert spent["Li3BO3=20nm"] < 2.0 * spent[""]


@pytest.mark.parametrize("geometry", ["sphere", "slab"])
def test_places_for_nuclei_count_by_surface_whatever_lies_on_it(geometry):
    """Grains that have room behind a patch of the core: its radius over three, or its thickness, as deep."""
    for coat in ("", "LiAlO2=100nm", "LiAlO2=100nm on electrolyte"):
        task = si.problem("pc-NMC811", schedule=FIRING, cells=40, coating=coat, geometry=geometry)
        system = assembled(task)
        core = system.grid.regions == 0
        deep = 0.5 * task.cathode.particle_diameter.value / (3.0 if geometry == "sphere" else 1.0)
        room = deep * PATCH**2 / PRODUCT_GRAIN**3
        assert system.model.growth.reaches[core].sum() == pytest.approx(room, rel=1e-6)
        every = system.model.growth.reaches / system.grid.volumes
        assert every == pytest.approx(np.full(len(every), every[0])), "as much in each volume"


def test_phases_that_are_there_have_nucleated_in_their_row_and_no_others():
    system = assembled(si.problem("pc-NMC811", schedule=FIRING, cells=16, coating="LiAlO2=20nm"))
    nuclei, rows = system.begin().nucleated, system.grid.rows
    assert nuclei.shape[0] == rows.max() + 1 > 1
    there = np.add.reduceat(system.initial, system.model.basis.start[:-1], axis=1) > 0.0
    for row in range(len(nuclei)):
        assert ((nuclei[row] >= 1.0) == there[rows == row].any(axis=0)).all()
