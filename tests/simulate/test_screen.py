"""Screens: rows, resuming, candidates that fail, and that workers change nothing."""

import io
import json

import numpy as np
import pytest

from sinterface.models.basics.errors import InputError
from sinterface.models.basics.textfile import drawn
from sinterface.simulate.screening import candidate_space as spaces
from sinterface.simulate.screening.rankings import best, reasons
from sinterface.simulate.screening.screen import NAMES, blank_row, failed, row, screen
from sinterface.simulate.screening.zarr_store import open_store

TEXT = """
temperatures = "500,700"
accuracy = "fast"
cathodes = ["pc-LNMO", "pc-NMC811", "pc-LCO"]
"""


def values(path):
    with open_store(path) as data:
        return {name: data[name].values.copy() for name in ("wt_percent", "onset", "outcome", "driving_force")}


def counted(made):
    def judge(candidate, common):
        made.append(candidate.cathode.id)
        if candidate.cathode.id == "pc-LCO":
            raise InputError("a candidate that can not be judged")
        return row(candidate, common)

    return judge


def test_a_screen_is_written_resumed_and_never_computed_twice(tmp_path):
    space, path, made = spaces.parse(TEXT), tmp_path / "s.zarr", []
    done = screen(space, path, judge=counted(made))
    assert sorted(made) == ["pc-LCO", "pc-LNMO", "pc-NMC811"]
    first = values(path)
    assert np.isfinite(first["onset"][0]), "LNMO reacts"
    assert "can not be judged" in str(first["outcome"][2]), "a failure is a row with a reason"
    again = screen(space, path, resume=True, judge=counted(made))
    assert len(made) == 3, "nothing is computed twice"
    assert done is not None
    assert again is not None
    for name, value in values(path).items():
        np.testing.assert_array_equal(value, first[name])


def test_a_store_of_another_space_is_refused(tmp_path):
    path = tmp_path / "s.zarr"
    screen(spaces.parse(TEXT), path, judge=counted([]))
    with pytest.raises(InputError, match=r"s\.zarr"):
        screen(spaces.parse(TEXT.replace("700", "600")), path, resume=True, judge=counted([]))
    with pytest.raises(InputError, match="resume"):
        screen(spaces.parse(TEXT), path, judge=counted([]))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('temperatures = "500"\ncathodes = 3', "cathodes"),
        (TEXT + "colour = 1", "colour"),
        (TEXT.replace("fast", "exact"), "exact"),
        (TEXT.replace("500,700", "500:700"), "temperatures"),
        (TEXT.replace("pc-LNMO", "pc-XYZ"), "pc-XYZ"),
    ],
)
def test_bad_spaces_are_named(text, told):
    with pytest.raises(InputError) as caught:
        spaces.parse(text)
    assert told in str(caught.value), json.dumps(str(caught.value))


@pytest.mark.parametrize("content", [b"cathodes = [", b"\xff\xfe", b"[" * 5000])
def test_what_is_no_toml_is_told(tmp_path, content):
    (tmp_path / "space.toml").write_bytes(content)
    with pytest.raises(InputError, match=r"space\.toml"):
        spaces.read(tmp_path / "space.toml")


HARMFUL = "$\\frac{$ \x1b[31mred\x1b]0;x\x07 [/bold] <script>x</script> \u202e\nsecond line"


def test_a_title_is_a_printable_line():
    text = f"title = {json.dumps(HARMFUL)}\n{TEXT}"
    title = spaces.parse(text).title
    assert title.isprintable() and "second line" in title
    assert len(spaces.parse(f"title = '{'x' * 4000}'\n{TEXT}").title) == spaces.MOST_TITLE


def test_texts_of_a_store_from_elsewhere_are_printable(tmp_path):
    """Whatever a stranger put into a store: what is listed of it holds no escape codes."""
    import zarr

    path = tmp_path / "s.zarr"

    def judge(candidate, common):
        return failed(candidate, common, HARMFUL) | {"onset": 5.0}

    screen(spaces.parse(TEXT), path, judge=judge)
    group = zarr.open_group(path, mode="r+", use_consolidated=False)
    group.attrs["title"] = HARMFUL
    group["cathode"][0] = HARMFUL
    group["outcome"][0] = HARMFUL
    with open_store(path) as store:
        assert store.attrs["title"].isprintable()
        for entry in best(store, 3):
            assert entry["cathode"].isprintable() and entry["outcome"].isprintable()
        assert all(failure["reason"].isprintable() for failure in reasons(store))


@pytest.mark.parametrize("text", [HARMFUL, "$$", "\\$a$", "a$b", "$x^2$", "\\\\$ $", "$" * 7, "\0"])
def test_what_is_drawn_is_no_formula(text):
    from matplotlib.cbook import is_math_text
    from matplotlib.figure import Figure

    figure = Figure()
    figure.suptitle(drawn(text))
    figure.savefig(io.BytesIO(), format="png")  # a formula that is wrong raises, a warning is an error
    assert not is_math_text(drawn(text)) and drawn(text).isprintable()


def test_a_screen_is_a_picture_and_a_table(tmp_path):
    def judge(candidate, common):
        numbers = blank_row(candidate, common)
        if candidate.cathode.id == "pc-LCO":
            return failed(candidate, common, "no furnace")
        share = 2.0 if candidate.cathode.id == "pc-LNMO" else 0.5
        count = len(common.temperatures)
        numbers["onset"] = 500.0 if share > 1.0 else np.inf
        numbers["secondary_wt_percent"], numbers["driving_force"] = [share] * count, [-10.0 * share] * count
        formed = {"LaMO3": share, "La2Zr2O7": 0.0 if share > 1.0 else 0.6}
        numbers["wt_percent"] = [[T * formed.get(name, 0.0) for name in NAMES] for T in common.temperatures]
        return numbers

    done = screen(spaces.parse(TEXT), tmp_path / "s.zarr", judge=judge)
    table = done.to_dataframe()
    assert table["cathode"].tolist() == ["pc-NMC811", "pc-LNMO", "pc-LCO"]
    assert table["rank"].tolist() == [1, 2, 0]
    assert table["secondary_wt_percent_most"].tolist()[:2] == [0.5, 2.0]
    shares = done.by_family
    assert list(shares.columns) == ["LaMO3", "La2Zr2O7"], "families that form, most first"
    assert shares.index.names == ["candidate", "temperature"]
    assert list(dict.fromkeys(shares.index.get_level_values("candidate"))) == table.index.tolist(), "best first"
    best, second, broken = (shares.loc[candidate] for candidate in table.index)
    assert best["LaMO3"].tolist() == [0.5 * T for T in best.index] and best["La2Zr2O7"].gt(0.0).all()
    assert second["LaMO3"].tolist() == [2.0 * T for T in best.index] and second["La2Zr2O7"].eq(0.0).all()
    assert broken.isna().all(axis=None)
    assert table.join(shares.groupby("candidate").max())["LaMO3"].idxmax() == table.index[1], "the tables fit together"
    assert done.plot().axes
    assert "no furnace" in done._repr_html_() and "data:image/png" in done._repr_html_()
