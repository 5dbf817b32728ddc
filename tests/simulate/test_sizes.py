"""Sizes of particles: what classes a distribution has, what a text says, and what a run makes of them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import sinterface as si
from sinterface.models.basics.errors import InputError
from sinterface.models.powders import materials
from sinterface.models.powders.sizes import Mode, Sizes
from sinterface.models.rates import parameters
from sinterface.simulate.cli import main
from sinterface.simulate.setup.sizes import read_sizes
from sinterface.simulate.solve.system import assemble

FIRING = "10 °C/min to 800 °C; hold 30 min; cool naturally"
PARTLY = "10 °C/min to 750 °C; hold 30 min; cool naturally"
"""At 800 °C all of the garnet reacts."""


def read(text):
    return read_sizes(text, materials.find("pc-NMC811"), materials.find("LLZTO", "electrolyte"))


@given(st.floats(1e-8, 1e-4), st.floats(0.01, 0.6), st.integers(2, 15))
def test_classes_have_the_mean_and_the_width_of_the_distribution(mean, spread, count):
    mode = Mode(mean, spread * mean)
    diameters, shares = Sizes((mode,), count).classes()
    logarithm = np.log(diameters)
    middle = logarithm @ shares
    assert shares.sum() == pytest.approx(1.0)
    assert middle == pytest.approx(np.log(mean) - 0.5 * mode.width**2)
    assert np.sqrt((logarithm - middle) ** 2 @ shares) == pytest.approx(mode.width)
    assert diameters @ shares == pytest.approx(mean, rel=1e-2 if count < 4 else 1e-3)


def test_five_classes_know_the_surface_of_a_wide_powder():
    """Surface per volume of a log-normal powder is 6 / mean times 1 + (deviation / mean)^2."""
    diameters, shares = Sizes((Mode(10e-6, 6e-6),)).classes()
    assert (shares / diameters).sum() == pytest.approx(1e5 * 1.36, rel=1e-3)


def test_a_distribution_by_number_has_larger_sizes_by_volume():
    drawn = np.random.default_rng(1).lognormal(np.log(5e-6), 0.3, size=400_000)
    volume = drawn**3 / (drawn**3).sum()
    mean = drawn @ volume
    mode = Mode.by_number(float(drawn.mean()), float(drawn.std()))
    assert mode.mean == pytest.approx(mean, rel=0.01)
    assert mode.deviation == pytest.approx(np.sqrt((drawn - mean) ** 2 @ volume), rel=0.02)


def test_what_users_write_is_read():
    cathode, electrolyte, sizes, others = read("cathode=5±3um")
    assert (cathode.particle_diameter.value, sizes.count, others) == (pytest.approx(5e-6), 5, None)
    assert electrolyte == materials.find("LLZTO", "electrolyte")
    assert read("cathode = 5 +- 3 um, classes=3")[2] == Sizes((Mode(5e-6, 3e-6),), 3)
    assert read("electrolyte=800±200nm")[3].modes[0].mean == pytest.approx(8e-7)
    assert read("cathode=5±2um by number")[2].modes[0] == Mode.by_number(5e-6, 2e-6)
    two = read("cathode=70% 10±3um + 30% 2±1um")[2]
    assert two.mean == pytest.approx(7.6e-6)
    assert len(two.classes()[0]) == 10
    powder = materials.find("pc-NMC811").particle_diameter
    assert read("cards")[2].modes == (Mode(powder.value, powder.sd),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cathode=5", "not understood.*cathode=5±3um"),
        ("cathode=5±3 lightyears", "not understood"),
        ("anode=5±3um", "not understood"),
        ("cathode=5±30um", "choose 0 to 2 times the mean"),
        ("cathode=0um", "above 0"),
        ("cathode=5±3um, classes=99", "choose 1 to 15"),
        ("cathode=9mm", "choose 0.001 to 1000 um"),
        ("classes=3", "name no powder"),
        ("cathode=0% 5um + 10% 6um", "a share of 0 is none"),
    ],
)
def test_what_are_no_sizes_is_told_with_the_remedy(text, told):
    with pytest.raises(InputError, match=told) as error:
        read(text)
    assert "\n" not in str(error.value)


def test_sizes_need_particles_of_both_powders():
    with pytest.raises(InputError, match="layers do not"):
        si.problem("pc-LCO", geometry="slab", sizes="cards")
    with pytest.raises(InputError, match="single cell"):
        si.problem("pc-LCO", "none", sizes="cards")
    with pytest.raises(InputError, match="there is no cathode"):
        si.problem("none", sizes="cathode=5±3um")


def test_no_deviation_is_the_plain_run():
    """Also where classes are asked for: all of a powder of equal particles is a single class."""
    powder = materials.find("pc-NMC811").particle_diameter
    plain = si.predict(si.problem("pc-NMC811", schedule=FIRING, cells=16))
    told = f"cathode={1e6 * powder.value:.6g}±0um, electrolyte=2.5±0um, classes=7"
    sized = si.predict(si.problem("pc-NMC811", schedule=FIRING, cells=16, sizes=told))
    assert sum(plain.family_shares.values()) > 1.0
    assert sized.family_shares == pytest.approx(plain.family_shares, rel=1e-9, abs=1e-9)
    assert sized.family_errors == pytest.approx(plain.family_errors, rel=1e-6)


@pytest.mark.xfail(reason="classes of nearly equal sizes are off the coarser run by up to a hundredth", strict=False)
def test_nearly_no_deviation_is_the_run_with_as_many_cells_to_a_thousandth():
    powder = materials.find("pc-NMC811").particle_diameter.value * 1e6
    text = f"cathode=50% {powder:.6g}um + 50% {powder * (1 + 1e-9):.16g}um"
    twice = si.predict(si.problem("pc-NMC811", schedule=FIRING, cells=16, sizes=text), estimate_error=False)
    fewer = si.predict(si.problem("pc-NMC811", schedule=FIRING, cells=11), estimate_error=False)  # 16 / sqrt(2)
    assert sum(twice.family_shares.values()) == pytest.approx(sum(fewer.family_shares.values()), rel=1e-3)


def test_nearly_no_deviation_is_nearly_the_plain_run():
    """Five classes of equal size, each with its own row of cells: rows do not disturb each other."""
    powder = 1e6 * materials.find("pc-NMC811").particle_diameter.value
    plain = si.predict(si.problem("pc-NMC811", schedule=FIRING), estimate_error=False)  # with 40 cells
    text = f"cathode=50% {powder:.6g}um + 50% {powder * (1 + 1e-9):.16g}um"
    twice = si.predict(si.problem("pc-NMC811", schedule=FIRING, cells=16, sizes=text), estimate_error=False)
    fewer = si.predict(si.problem("pc-NMC811", schedule=FIRING, cells=11), estimate_error=False)  # 16 / sqrt(2)
    assert sum(twice.family_shares.values()) == pytest.approx(sum(fewer.family_shares.values()), rel=1e-2)  # of 47 wt%
    assert sum(twice.family_shares.values()) == pytest.approx(sum(plain.family_shares.values()), rel=0.1)


@pytest.fixture(scope="module")
def sized():
    schedule = FIRING.replace("30 min", "5 min")  # and four times as much garnet: some is left around the smallest
    task = si.problem("pc-NMC811", schedule=schedule, sizes="cathode=10±5um", atmosphere="air", mass_ratio=0.25)
    reactive = replace(parameters.prior(), contact=-0.5, interface=-1.3, intergrowth=-1.0, coarsening=-1.0)
    return task, si.predict(task, estimate_error=False, parameters=reactive)


def test_small_particles_react_further(sized):
    """With the electrolyte.  Large particles of NMC811 separate by themselves, which counts as cathode that is gone."""
    _, result = sized
    data = result.dataset
    assert result.finished
    assert data["class_diameter"].values * 1e6 == pytest.approx([2.32, 4.71, 8.94, 16.97, 34.49], abs=0.01)
    assert np.all(np.diff(data["electrolyte_fraction_of_class"].values) > 0.0)
    lanthanum = (
        data["wt_percent_of_class"].where(data["family"].isin(["LaMO3", "La2MO4"]), drop=True).sum("phase").values
    )
    assert np.all(np.diff(lanthanum) < 0.0)
    assert "by cathode particle size" in data.attrs["remarks"]


def test_totals_by_mass_are_those_of_the_sample_and_every_element_is_conserved(sized):
    _, result = sized
    data = result.dataset
    assert data.attrs["element_balance"] < 1e-9
    total = data["wt_percent"].isel(time=-1).values
    by_class = data["class_share"].values @ data["wt_percent_of_class"].values
    assert by_class == pytest.approx(total, rel=2e-3, abs=1e-3), "each class takes up as much gas, nearly"


def test_every_class_starts_with_both_powders_in_the_ratio_of_the_sample(sized):
    task, _ = sized
    system = assemble(task, si.load_database())
    shares = task.size_classes("cathode")[1]
    for region in (0, 1):
        cells = system.grid.regions == region
        held = np.bincount(system.grid.classes[cells], system.model.size[cells])
        assert held / held.sum() == pytest.approx(shares, rel=1e-9)
    assert system.model.outlet.sum() == pytest.approx(1.0)
    assert system.model.outlet[system.grid.outermost] == pytest.approx(shares, rel=1e-9)


def test_lithium_leaves_from_all_classes_as_from_particles_of_one_size():
    """Two equal classes in 11 cells each, and a single class in as many: 11 is 16 times the root of a half."""
    options = {"crucible": "open", "atmosphere": "O2:pH2O=0.1"}
    lost = [
        si.predict(
            si.problem("pc-LCO", "LLZO", "from 1000 °C; hold 30 min", sizes=sizes, cells=cells, **options),
            estimate_error=False,
        ).dataset.attrs["lithium_lost"]
        for sizes, cells in (("", 11), ("cathode=50% 10um + 50% 10.00000001um", 16))
    ]
    assert lost[0] > 1e-5
    assert lost[1] == pytest.approx(lost[0], rel=1e-3)


def test_sizes_of_the_electrolyte_widen_the_paths():
    plain, fine = (
        si.predict(si.problem("pc-NMC811", schedule=PARTLY, cells=16, sizes=sizes), estimate_error=False)
        for sizes in ("", "electrolyte=2.5±2um")
    )
    assert sum(fine.family_shares.values()) > sum(plain.family_shares.values())


def test_the_command_line_takes_sizes_and_coatings_together():
    words = ["run", "pc-NMC811", "-T", "700", "--hold", "10 min", "--cells", "8", "--json"]
    answer = CliRunner().invoke(
        main.app, [*words, "--sizes", "cathode=10±5um, classes=3", "--coating", "LiNbO3=20nm on electrolyte"]
    )
    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    assert "by cathode particle size" in document["remarks"]
    assert "through after" in document["remarks"]
    assert document["element_balance"] < 1e-9
    swept = CliRunner().invoke(
        main.app,
        ["sweep", "pc-NMC811", "--temperatures", "600,700", "--hold", "1 min", "--sizes", "cards", "--workers", "1",
         "--cells", "8", "--json"],
    )  # fmt: skip
    assert swept.exit_code == 0, swept.output


def test_five_classes_take_less_than_three_times_the_cells_and_as_many_steps():
    """What a run costs is cells times steps; its time differs between runs on busy machines by a factor of 1.5."""
    one_size = si.predict(si.problem("pc-NMC811", schedule=FIRING), estimate_error=False)
    classes = si.predict(si.problem("pc-NMC811", schedule=FIRING, sizes="cathode=10.4±3um"), estimate_error=False)
    diameters, _ = Sizes((Mode(10.4e-6, 3e-6),)).classes()
    assert len(diameters) == 5
    assert len(classes.state.amounts) < 3.0 * len(one_size.state.amounts)
    assert len(classes.dataset["time"]) < 1.2 * len(one_size.dataset["time"])
