"""Predictions on record: whoever moves one runs ``make freeze`` and says why in the commit."""

import pytest

from sinterface.models.rates.parameters import calibrated
from sinterface.validation.judging.firings import Predicted, couples, run_all
from sinterface.validation.scores.frozen import frozen_cases, moved, on_record, predictions

RECORD = on_record()


def test_every_firing_is_on_record():
    assert set(RECORD) == set(frozen_cases())


@pytest.mark.parametrize("name", sorted(RECORD))
def test_predictions_have_not_moved(name):
    prediction = predictions([name])[name]
    assert prediction.outcome == "DONE"
    assert moved(RECORD[name], prediction) == [], "moved: if that is meant, run `make freeze` and say why in the commit"


def test_a_move_is_noticed():
    before = {"La2Zr2O7": 2.0, "cathode": 50.0}
    assert moved(before, Predicted({"La2Zr2O7": 2.3}, {"cathode": 50.5}, "DONE")) == []
    assert moved(before, Predicted({"LaMO3": 0.4}, {"cathode": 50.0}, "DONE")) == [
        "La2Zr2O7: 2.000 -> 0.000 wt%", "LaMO3: 0.000 -> 0.400 wt%",
    ]  # fmt: skip


def test_the_share_done_grows_while_a_couple_is_fired():
    """Firings of a couple are run together: a bar that waits for whole couples would stand still for long."""
    cases = list(frozen_cases().values())
    alike = next(group for group in couples(cases) if len(group) > 1)[:2]
    told = []
    made = run_all([(firing, calibrated()) for firing in alike], cells=4, progress=told.append)
    assert [prediction.outcome for prediction in made] == ["DONE", "DONE"]
    assert told[-1] == 1.0
    assert told == sorted(told)
    assert len({share for share in told if 0.0 < share < 1.0}) > 2 * len(alike)
