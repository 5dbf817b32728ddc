"""Runs that begin alike are marched together until they part: to the last bit what each comes to alone."""

from dataclasses import replace

import numpy as np
import pytest

import sinterface as si
from sinterface.models.rates.parameters import calibrated
from sinterface.simulate.setup.schedule import Schedule
from sinterface.simulate.solve import together
from sinterface.simulate.solve.integrate import Outcome
from sinterface.simulate.solve.run import predict, predict_all
from sinterface.simulate.solve.system import assemble


def tasks_of(task, *schedules):
    return [replace(task, schedule=Schedule.parse(text)) for text in schedules]


def systems_of(tasks):
    values = calibrated()
    tables = values.energies(si.load_database())
    return [assemble(task, tables, values) for task in tasks]


SERIES = {
    "temperatures": [f"10 °C/min to {T} °C; hold 20 min; cool naturally" for T in (700, 500, 900)],
    "lengths of hold": [f"20 °C/min to 800 °C; hold {t} min; quench" for t in (1, 30, 5)],
    "both": [f"50 °C/min to {T} °C; hold {t} min" for T in (600, 800) for t in (2, 20)],
    "gas after a ramp": [f"20 °C/min to 700 °C; hold 10 min in {gas}; 5 °C/min to 800 °C" for gas in ("O2", "air")],
    "nothing": ["10 °C/min to 600 °C; hold 5 min", "from 100 °C; 10 °C/min to 600 °C; hold 5 min"],
    "the same": ["20 °C/min to 600 °C; hold 5 min"] * 2,
    "faster than a second": [f"50 K/s to {T} °C; hold 10 s; quench" for T in (700, 705)],
}  # fmt: skip


@pytest.mark.parametrize("name", SERIES)
def test_bits_are_those_of_runs_alone(name):
    tasks = tasks_of(si.problem("pc-NMC811", as_received=True, cells=6), *SERIES[name])
    for alone, shared in zip(map(predict, tasks), predict_all(tasks), strict=True):
        assert alone.dataset.identical(shared.dataset)


@pytest.mark.parametrize(
    "options", [{"coating": "Li3BO3=20nm"}, {"sizes": "cathode=5±3um"}, {"pressure": "50 MPa"}, {"bed": "LLZTO"}]
)
def test_bits_whatever_else_is_asked_for(options):
    tasks = tasks_of(si.problem("pc-LCO", cells=6, **options), *SERIES["temperatures"][:2])
    for alone, shared in zip(map(predict, tasks), predict_all(tasks), strict=True):
        assert alone.dataset.identical(shared.dataset)


def test_shared_steps_are_made_once(monkeypatch):
    made = []
    real = together.integrate

    def spy(system, state, *args, past=None, **options):
        run = real(system, state, *args, past=past, **options)
        made.append(run.steps - (0 if past is None else past.steps))
        return run

    monkeypatch.setattr(together, "integrate", spy)
    systems = systems_of(tasks_of(si.problem("pc-LMO", cells=4), *SERIES["temperatures"]))
    runs = together.integrate_all(systems, tolerance=0.04, max_steps=5000)
    assert sum(made) < 0.8 * sum(run.steps for run in runs)


def test_couples_are_told_apart():
    """Runs share nothing where anything but the schedule differs: a pressed contact, a mass ratio, a cathode."""
    base = si.problem("pc-LMO", cells=4)
    others = [si.problem("pc-LCO", cells=4), replace(base, mass_ratio=2.0), replace(base, crucible="open")]
    plans = [replace(task, schedule=Schedule.parse("10 °C/min to 400 °C")) for task in (base, *others)]
    longer = replace(base, schedule=Schedule.parse("10 °C/min to 500 °C"))
    assert together.families(systems_of([*plans, longer])) == [[0, 4], [1], [2], [3]]


def test_where_schedules_part():
    first, later, gas = (
        system.model.thermal
        for system in systems_of(
            tasks_of(
                si.problem("pc-LMO", cells=4),
                "10 °C/min to 425 °C in O2; hold 1 h in air",
                "10 °C/min to 625 °C in O2; hold 1 h in air",
                "10 °C/min to 425 °C in O2; hold 1 h in O2; hold 1 h in air",
            )
        )
    )
    assert together.parting(first, later) == pytest.approx(2400.0)
    assert together.parting(first, gas) == pytest.approx(2400.0)
    assert together.parting(first, first) == pytest.approx(6000.0)


def test_each_says_that_it_ran_out_of_steps():
    tasks = tasks_of(si.problem("pc-LMO", cells=4), *SERIES["temperatures"])
    results = predict_all(tasks, max_steps=20)
    assert [result.dataset.attrs["outcome"] for result in results] == [Outcome.STEPS.name] * 3
    for alone, shared in zip((predict(task, max_steps=20) for task in tasks), results, strict=True):
        assert alone.dataset.identical(shared.dataset)


def test_progress_rises_to_the_end():
    told = []
    predict_all(tasks_of(si.problem("pc-LMO", cells=4), *SERIES["temperatures"]), progress=told.append)
    assert np.all(np.diff(told) >= 0.0)
    assert told[-1] == 1.0
