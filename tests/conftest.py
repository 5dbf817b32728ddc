"""What all tests share: which are thorough, processes that never outlive a test, spoiled files, pages compared."""

import contextlib
import math
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

Spoil = Callable[[random.Random, Sequence[bytes]], bytes]
Compare = Callable[..., list[str]]
Start = Callable[..., "subprocess.Popen[str]"]

NUMBER = re.compile(r"(?<![\w.])[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])")
"""A number that stands alone: not the 2 of Li2O."""

THOROUGH = (
    "tests/models/test_as_bought.py",
    "tests/models/test_assimilate.py",
    "tests/models/test_detector.py::test_limits_before_firing",
    "tests/models/test_ensemble.py::test_compositions_of_the_first_samples",
    "tests/models/test_ensemble.py::test_known_stabilities",
    "tests/models/test_ensemble.py::test_spread_of_a_couple",
    "tests/models/test_ensemble.py::test_the_nickel_spinel_surely",
    "tests/models/test_foreign.py::test_any_entries",
    "tests/models/test_foreign.py::test_computed_entries_as_pymatgen",
    "tests/models/test_foreign.py::test_entry_faults",
    "tests/models/test_foreign_formats.py::test_what_is_accepted_shifts_others",
    "tests/models/test_fuzz.py::test_spoiled_cards",
    "tests/models/test_instruments.py::test_a_structure_holds",
    "tests/models/test_instruments_cell.py::test_fits_recover",
    "tests/models/test_instruments_cell.py::test_pybamm",
    "tests/models/test_instruments_cell.py::test_rate_curves_by_pybamm",
    "tests/models/test_instruments_cell.py::test_rates_that_are_none",
    "tests/models/test_maps.py",
    "tests/models/test_mixing.py",
    "tests/models/test_peers.py",
    "tests/models/test_reactions.py::test_profile_against_single",
    "tests/models/test_refine.py",
    "tests/models/test_simplex.py",
    "tests/models/test_snapshot.py::test_merged_database",
    "tests/models/test_snapshot.py::test_run_on_a_merged_database",
    "tests/models/test_solutions.py::test_every_mixture_is_found_again",
    "tests/models/test_solutions.py::test_the_mixture_found_is_the_one_of_least_energy",
    "tests/models/test_window.py",
    "tests/simulate/test_alone.py::test_a_fresh_garnet",
    "tests/simulate/test_alone.py::test_commands_cope",
    "tests/simulate/test_alone.py::test_figures_and_pages",
    "tests/simulate/test_alone.py::test_layered_oxides",
    "tests/simulate/test_alone.py::test_llzto",
    "tests/simulate/test_app.py::test_what_goes_wrong_in_the_other_process",
    "tests/simulate/test_benchmarks.py",
    "tests/simulate/test_canvas.py::test_no_words_of_a_figure",
    "tests/simulate/test_cli.py::test_interrupt_leaves_nothing",
    "tests/simulate/test_cli_instruments.py::test_cell_prints_and_draws",
    "tests/simulate/test_cli_reactions.py::test_document_with_samples",
    "tests/simulate/test_cli_reactions.py::test_many_documents",
    "tests/simulate/test_cli_reactions.py::test_tables_for_people",
    "tests/simulate/test_cli_tga.py",
    "tests/simulate/test_cluster.py",
    "tests/simulate/test_coating.py",
    "tests/simulate/test_compare.py",
    "tests/simulate/test_fetch_mp.py",
    "tests/simulate/test_files.py::test_a_disk_that_fills_up",
    "tests/simulate/test_files.py::test_a_killed_pool",
    "tests/simulate/test_files.py::test_compiling_is_told_once",
    "tests/simulate/test_files.py::test_ctrl_c_while_compiled_code_runs",
    "tests/simulate/test_files.py::test_what_an_image_was_built_with",
    "tests/simulate/test_files.py::test_what_needs_more_memory",
    "tests/simulate/test_files.py::test_without_a_place_code",
    "tests/simulate/test_floods.py",
    "tests/simulate/test_furnace.py",
    "tests/simulate/test_fuzz.py::test_spoiled_files",
    "tests/simulate/test_gas_changes.py",
    "tests/simulate/test_hostile.py::test_brackets_in_names",
    "tests/simulate/test_hostile.py::test_no_workers_are_left",
    "tests/simulate/test_hostile.py::test_standard_output",
    "tests/simulate/test_hostile.py::test_text_of_others",
    "tests/simulate/test_limits.py",
    "tests/simulate/test_optimize.py",
    "tests/simulate/test_properties.py",
    "tests/simulate/test_report.py",
    "tests/simulate/test_restart.py",
    "tests/simulate/test_run.py::test_a_weakly_driven_couple",
    "tests/simulate/test_run.py::test_elements_balance",
    "tests/simulate/test_run.py::test_finer_mesh",
    "tests/simulate/test_run.py::test_longer_holds",
    "tests/simulate/test_run.py::test_mass_ratio",
    "tests/simulate/test_run.py::test_netcdf_opens",
    "tests/simulate/test_scarce_oxygen.py",
    "tests/simulate/test_screen.py",
    "tests/simulate/test_screen_coated.py",
    "tests/simulate/test_sizes.py::test_five_classes_take",
    "tests/simulate/test_sizes.py::test_nearly_no_deviation",
    "tests/simulate/test_sizes.py::test_small_particles_react",
    "tests/simulate/test_sizes.py::test_the_command_line_takes_sizes",
    "tests/simulate/test_sizes.py::test_totals_by_mass",
    "tests/simulate/test_store.py",
    "tests/simulate/test_sweep.py",
    "tests/simulate/test_torture.py",
    "tests/simulate/test_verification.py",
    "tests/test_docs.py::test_keys_of_a_run",
    "tests/test_docs.py::test_keys_of_the_validation",
    "tests/test_examples.py::test_example",
    "tests/test_packaging.py::test_everything_but_screens",
    "tests/test_packaging.py::test_the_wheel_holds_every_module_and_table",
    "tests/validation/test_baselines.py::test_baselines_of_the_reference",
    "tests/validation/test_baselines.py::test_what_is_left_out",
    "tests/validation/test_calibrate.py::test_a_round_that_was_stopped",
    "tests/validation/test_calibrate.py::test_a_search_finds",
    "tests/validation/test_calibrate.py::test_samples_have_the_mean",
    "tests/validation/test_calibrate.py::test_the_posterior_under_the_likelihood",
    "tests/validation/test_calibrate.py::test_the_table_of_the_posterior",
    "tests/validation/test_calibrate.py::test_walkers_sample_the_posterior",
    "tests/validation/test_detection.py::test_the_relative_strengths",
    "tests/validation/test_detection.py::test_x_ray_limits_lie",
    "tests/validation/test_frozen.py::test_predictions_have_not_moved",
    "tests/validation/test_fuzz.py::test_spoiled_cards",
    "tests/validation/test_fuzz.py::test_spoiled_samples",
    "tests/validation/test_measures.py::test_document_has_all_parts",
    "tests/validation/test_measures.py::test_each_case_and_sample",
    "tests/validation/test_measures.py::test_leaving_a_cathode_out",
    "tests/validation/test_measures.py::test_thermogravimetry",
    "tests/validation/test_report.py",
    "tests/validation/test_validate_cli.py::test_a_built_in_card",
    "tests/validation/test_validate_cli.py::test_a_search_and_a_round",
    "tests/validation/test_validate_cli.py::test_cards_of_my_own",
    "tests/validation/test_validate_cli.py::test_figures",
    "tests/validation/test_validate_cli.py::test_tables_and_report",
)
"""Beginnings of the names of tests that take long, alone or together: ``make check`` leaves them to ``make test``."""

TOKENS = (
    b"\0", b"\n", b"nan", b"inf", b"-1", b"0", b"1e400", b"1e-320", b"1e308", b"9" * 400, b"9" * 5000,
    b"0x" + b"f" * 6000, b"[" * 3000, b"(" * 110, b'{"a":' * 2000, b"\xff", b"\xed\xa0\x80", b"\x1b[31m",
    b"../../etc/x", b"[/x]", b"true", b'"', b"'", b",", b";", b"=", b"[[", b"]]", b"{T}", b"Og", b" in ", b" to ",
    "\u202e".encode(), "٣".encode(), b"1979-05-27", b"\\u0000", b"\r\n",
)  # fmt: skip
"""What readers trip over: ends of numbers, brackets without end, odd characters, paths, mark-up."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and take Hypothesis its limit of 0.2 s by the clock, which a loaded machine exceeds."""
    from hypothesis import settings

    config.addinivalue_line("markers", "thorough: takes long (named in tests/conftest.py)")
    settings.register_profile("any machine", deadline=None)
    settings.load_profile("any machine")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where the thorough tests are left out, files that hold no others are not even read."""
    wanted = "not thorough" not in config.getoption("markexpr")
    return None if wanted or not collection_path.as_posix().endswith(THOROUGH) else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that take long."""
    for item in items:
        if item.nodeid.startswith(THOROUGH):
            item.add_marker(pytest.mark.thorough)


@pytest.fixture(scope="session")
def spoil() -> Spoil:
    """One of several good files with a few random changes, by a generator of random numbers."""

    def once(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> bytearray:
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(8)
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[at : at + rng.choice((1, 2, 20, 100))]
        elif kind == 2:
            data[at:at] = data[at : at + rng.choice((1, 10, 200))]
        elif kind == 3:
            data[at:at] = rng.choice(TOKENS)
        elif kind == 4:
            del data[at:]
        elif kind == 5:
            data[at:at] = rng.choice(others)[at : at + 40]
        else:
            pattern = rb"-?\d+(?:\.\d+)?" if kind == 6 else rb'"[^"\n]*"|\[[^\]\n]*\]|[A-Za-z]+'
            spots = list(re.finditer(pattern, bytes(data)))
            if spots:
                spot = rng.choice(spots)
                data[spot.start() : spot.end()] = rng.choice(TOKENS)
        return data

    def spoiled(rng: random.Random, good: Sequence[bytes]) -> bytes:
        data = bytearray(rng.choice(good))
        for _ in range(rng.choice((1, 1, 2, 3, 6))):
            data = once(rng, data, good)
        return bytes(data)

    return spoiled


def rows_differ(expected: str, computed: str, rtol: float, atol: float) -> bool:
    """Whether two rows differ in their words, or in a number by more than ``atol + rtol * |expected|``."""
    if NUMBER.split(expected) != NUMBER.split(computed):
        return True
    pairs = zip(NUMBER.findall(expected), NUMBER.findall(computed), strict=True)
    return any(not math.isclose(float(a), float(b), rel_tol=rtol, abs_tol=atol) for a, b in pairs)


@pytest.fixture(scope="session")
def table_differences() -> Compare:
    """Differences between two Markdown texts, in words, with a tolerance for the numbers in their tables.

    Round-off depends on the processor and its linear algebra, so the last printed digit of a number is no fixed text.
    Rows of tables are matched by their first cell and may change places; everything outside tables has to be the same.
    A row that only one text has is a difference, unless its number in the column ``optional`` (the first is 1) is
    zero within ``atol``.
    """

    def rows(text: str) -> dict[str, str]:
        lines = [line for line in text.splitlines() if line.startswith("|")]
        return {line.split("|")[1].strip(): line for line in lines}

    def compare(expected: str, computed: str, rtol: float, atol: float = 0.0, optional: int | None = None) -> list[str]:
        prose = [[line for line in text.splitlines() if not line.startswith("|")] for text in (expected, computed)]
        told = [] if prose[0] == prose[1] else ["the text outside of the tables differs"]
        ours, theirs = rows(expected), rows(computed)
        for name in dict.fromkeys((*ours, *theirs)):
            if name in ours and name in theirs:
                if rows_differ(ours[name], theirs[name], rtol, atol):
                    told.append(f"{ours[name]} -> {theirs[name]}")
            else:
                line = ours.get(name) or theirs[name]
                if optional is None or abs(float(line.split("|")[optional])) > atol:
                    told.append(f"only in one of them: {line}")
        return told

    return compare


def heed_interrupts() -> None:
    """A process started in the background of a shell ignores Ctrl-C, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts processes, each in a group of its own that heeds Ctrl-C; the groups end with the test, come what may."""
    started: list[subprocess.Popen[str]] = []

    def begin(arguments: Sequence[object], **options: object) -> "subprocess.Popen[str]":
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(
            [str(argument) for argument in arguments], start_new_session=True, preexec_fn=heed_interrupts,
            **{**pipes, **options},
        )  # fmt: skip
        started.append(process)
        return process

    try:
        yield begin
    finally:
        for process in started:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


class Answer(NamedTuple):
    """What a program returned and wrote, under the names that ``subprocess`` has for it."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Runs ``sinterface`` with the words given, in the folder ``cwd``, as its entry point does: in this process.

    A process of its own takes seconds to import what is imported here already.  Tests of exit codes of a shell, of
    signals and of the start itself run the installed program.
    """

    def call(*words: object, cwd: Path | None = None) -> Answer:
        from sinterface.validation.cli import main

        with monkeypatch.context() as scene:
            scene.setattr(sys, "argv", ["sinterface", *map(str, words)])
            scene.setenv("COLUMNS", "80")
            if cwd is not None:
                scene.chdir(cwd)
            capsys.readouterr()
            with pytest.raises(SystemExit) as ending:
                main(own_process=False)
        return Answer(ending.value.code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """Waits until a condition holds; fails the test when it does not within some seconds."""

    def wait(condition: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"{what}: not within {seconds:g} s"
            time.sleep(0.05)

    return wait


@pytest.fixture(scope="session")
def group_size() -> Callable[..., int]:
    """How many processes of a group run; the dead that nobody has waited for do not count.

    With ``at_work`` those alone that have computed for a second: they have started up and know what to do.
    """

    def count(group: int, at_work: bool = False) -> int:
        columns = ["ps", "-A", "-o", "pgid=,stat=,time="]
        lines = subprocess.run(columns, capture_output=True, text=True, check=True).stdout.splitlines()
        running = [line.split() for line in lines if line.split()[0] == str(group)]
        return sum(not state.startswith("Z") and not (at_work and used == "00:00:00") for _, state, used in running)

    return count
