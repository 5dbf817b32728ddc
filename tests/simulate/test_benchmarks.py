"""Small versions of the benchmarks that say whether predictions are converged, smooth and robust."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

import sinterface as si

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    """Imports a module of benchmarks/ by its name."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))

    def load(name):
        sys.modules.pop(name, None)
        return importlib.import_module(name)

    return load


CASES = [(powder, T) for powder in ("pc-LCO", "pc-LNMO", "pc-NMC811", "pc-NMC111") for T in (600, 800)]


@pytest.mark.slow
@pytest.mark.usefixtures("uncalibrated")
def test_predictions_are_converged_and_their_errors_cover_it(benchmark):
    convergence = benchmark("convergence")
    rows, _ = convergence.table(CASES)
    assert len(rows) > 80
    assert np.mean([row.small for row in rows]) >= 0.95
    assert np.mean([row.covered for row in rows]) >= 0.9
    assert convergence.summary(rows)[0].startswith("hold")


@pytest.mark.slow
def test_errors_of_calibrated_predictions_cover_what_more_cells_change(benchmark):
    """LNMO at 800 °C among them, which made other phases with other steps while traces of what had dissolved grew."""
    convergence = benchmark("convergence")
    rows, _ = convergence.table(CASES)
    assert np.mean([row.covered for row in rows]) >= 0.95
    assert np.mean([row.small for row in rows]) >= 0.95


@pytest.mark.slow
def test_what_a_hot_film_consumes_does_not_hang_on_cells():
    """Cells 24 and 48 gave 428 and 377 nm at 900 °C while traces of dissolved phases could grow again.

    Now 24, 48, 96 and 192 give 1577, 1683, 1700 and 1702 nm.
    """
    plan = "50 °C/min to 900 °C; hold 30 min; cool naturally"
    tasks = [si.problem("NMC811=500nm, LLZTO=2um", schedule=plan, cells=cells) for cells in (48, 96)]
    coarse, fine = (si.predict(task, estimate_error=False) for task in tasks)
    depth = [float(run.dataset["electrolyte_depth"].isel(time=-1)) for run in (coarse, fine)]
    assert depth[0] == pytest.approx(depth[1], rel=0.02)
    assert depth[1] > 2e-7


@pytest.mark.slow
def test_scans_are_smooth(benchmark):
    scans = benchmark("scans")
    curves = scans.by_temperature("pc-NMC811", 840, 900, 5)
    curves += scans.by_composition("Ni, Mn = Co", every=6)
    assert len(curves) > 6
    kinks = scans.report(curves)
    assert len(kinks) - 2 <= 0.03 * sum(len(curve.x) - 2 for curve in curves), kinks


def test_a_curve_with_a_jump_is_not_smooth(benchmark):
    scans = benchmark("scans")
    x = np.arange(20.0)
    smooth = scans.Curve("a", "hold", "LaMO3", x, 0.01 * x**2, np.full(20, 0.01))
    share = smooth.share.copy()
    share[10:] += 1.0
    assert smooth.kinks == []
    rough = scans.Curve("a", "hold", "LaMO3", x, share, smooth.error)
    assert {place for place, _, _ in rough.kinks} == {9.0, 10.0}
    assert len(scans.report([rough])) == 4
    known = scans.report([rough], lambda label, x: [f"{label} turns"] if x == 8.0 else [])
    assert "1 larger than allowed" in known[0]
    assert known[2] == "named by the run: a turns"
    assert "at 9:" in known[3]


def test_where_a_family_begins_all_curves_have_a_corner(benchmark):
    scans = benchmark("scans")
    x = np.arange(20.0)
    made = np.maximum(0.3 * (x - 9.5), 0.0)
    curves = [
        scans.Curve("a", "hold", "LaMO3", x, made, np.full(20, 0.01)),
        scans.Curve("a", "hold", "garnet", x, 50.0 - made, np.full(20, 0.01)),
    ]
    assert curves[1].kinks
    assert scans.report(curves)[1:] == ["corners where families begin: a, 10: LaMO3; a, 9: LaMO3"]
    falling = [scans.Curve("a", "hold", "LaMO3", x, made[::-1], np.full(20, 0.01))]
    assert len(scans.report(falling)) == 2
    jump = scans.Curve("a", "hold", "LaMO3", x, np.where(x > 9.0, 1.0, 0.0), np.full(20, 0.01))
    assert len(scans.report([jump, curves[1]])) > 2


def test_a_random_problem_is_judged(benchmark):
    problems = benchmark("random_problems")
    rng = np.random.default_rng(4)
    values = problems.parameters.calibrated()
    told = problems.fire(problems.draw(rng), problems.database_of(values), values, most=1e3)  # it may have to compile
    assert told.fault == ""
    assert told.steps > 10
    late = problems.fire(problems.draw(rng), problems.database_of(values), values, most=1e-3)
    assert "s of CPU time and not done" in late.fault
    other = problems.moved(rng, values)
    assert other.transformation != values.transformation
    assert other.contact == values.contact


def test_the_niobium_of_a_coating_stays_balanced_when_all_is_frozen(benchmark):
    """Few cells hold all of it, and what errors leave of its balance falls on them: stalled at 142 °C, cooling."""
    problems = benchmark("random_problems")
    values = problems.moved(np.random.default_rng((7, 0, 1)), problems.parameters.calibrated())
    case = problems.Case("LiCo0.98Al0.02O2", "Al-LLZO", "10 °C/min to 1061 °C; hold 0.297 h; quench", {
        "structure": "layered", "atmosphere": "air", "mass_ratio": 1.02525, "cells": 35, "geometry": "slab",
        "coating": "LiNbO3=5nm on electrolyte",
    })  # fmt: skip
    assert problems.fire(case, problems.database_of(values), values).fault == ""


def test_random_problems_go_on_and_are_told_in_a_table(benchmark, monkeypatch, tmp_path):
    problems = benchmark("random_problems")
    done = []

    def judge(number, seed, share):
        done.append(number)
        case = problems.draw(np.random.default_rng((seed, number)))
        outcomes = {
            1: problems.Outcome("STALLED at 1 s", seconds=1.0),
            2: problems.Outcome("", seconds=2.0, compared=3, covered=2, worst="LaMO3 secondary 1 ± 0.1 wt%, then 2"),
        }
        return (case, None, "has no energy") if number == 3 else (case, outcomes.get(number, problems.Outcome("")), "")

    monkeypatch.setattr(problems, "judge", judge)
    monkeypatch.setattr(problems, "fire", lambda *_: None)
    monkeypatch.setattr(problems, "limit_cpu", lambda _: None)
    path = tmp_path / "r.json"
    problems.campaign(2, 7, 0.1, path)
    path.write_text(path.read_text().replace('"under_way": null', '"under_way": 2'))  # as a killed process leaves it
    lines = problems.table(problems.campaign(5, 7, 0.1, path))
    assert done == [0, 1, 3, 4], "each once; the one that killed the process is not tried again"
    assert lines[2].endswith("| 4 | 2 do |")
    assert any(line.startswith("failed: ") and line.endswith("it ended the process") for line in lines)
    assert lines[-1] == "refused 1 times: has no energy"
    with pytest.raises(SystemExit, match="name another file"):
        problems.campaign(5, 8, 0.1, path)


def test_what_random_problems_are_drawn_from(benchmark):
    """All that docs/reliability.md says of them comes up in the first hundreds."""
    problems = benchmark("random_problems")
    cases = [problems.draw(np.random.default_rng((0, number))) for number in range(300)]
    texts = [str(case) for case in cases]
    for part in (
        "Al0.05",
        "from 1200",
        "0.05 °C/min",
        "50 K/s",
        " in air",
        "Li2CO3=2",
        "as_received",
        "exposed",
        "slab",
        "on electrolyte",
        "classes=3",
    ):
        assert any(part in text for text in texts), part
    ratios = [case.options["mass_ratio"] for case in cases]
    assert min(ratios) == 0.05 and max(ratios) == 20.0
    for case in cases[:40]:
        assert problems.problem(case.cathode, case.electrolyte, case.schedule, **case.options).schedule.duration > 0.0
