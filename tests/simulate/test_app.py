"""What the app understands and answers, without a browser: fields, addresses, jobs, files, and the closed door."""

import io
import multiprocessing
import re
import sys
import time
import zlib

import pytest

pytest.importorskip("dash")

from sinterface.models.basics.errors import SinterfaceError
from sinterface.simulate.app import downloads, drawing_schedule, layout, results
from sinterface.simulate.app.server import MOST_BODY, build, files, guard, look
from sinterface.simulate.work import code, form
from sinterface.simulate.work.jobs import LOADED, Job, Jobs, key_of
from sinterface.validation.scores.exhibits import exhibits

QUICK = {"schedule": "50 °C/min to 500 °C; quench", "cells": "8"}


def said(page, **changed):
    return form.defaults(page) | changed


@pytest.mark.parametrize("page", form.pages())
def test_defaults_are_right_and_an_address_without_words_means_them(page):
    values = form.defaults(page)
    task, wrong = form.checked(page, values)
    assert task is not None and wrong == {}
    assert form.query(page, values) == ""
    assert form.read(page, "") == values


def test_an_address_holds_all_that_a_page_says():
    card = 'id = "mine"\nrole = "cathode"\n' * 20
    values = said("run", cathode="LiNi0.7Mn0.2Co0.1O2", schedule="5 °C/min to 700 °C; hold 1 h", card=card, cells="20")
    assert form.read("run", "?" + form.query("run", values)) == values


def test_a_damaged_or_huge_address_is_read_as_what_is_left_of_it():
    bomb = zlib.compress(b"x" * 100_000_000)
    import base64

    packed = base64.urlsafe_b64encode(bomb).decode()
    assert len(form.read("run", f"?card={packed}"[: form.MOST_QUERY])["card"]) <= form.MOST_CARD
    assert form.read("run", "?card=%00%ff&cathode=" + "x" * 6000) == form.defaults("run")
    assert form.read("run", "?cathode=" + "x" * 30_000) == form.defaults("run")
    assert form.read("run", "?nothing=1&__class__=2") == form.defaults("run")


@pytest.mark.parametrize(
    ("page", "name", "text", "told"),
    [
        ("run", "cathode", "pcNMC811", "did you mean pc-NMC811"),
        ("run", "cathode", "LiNi0.8Mn0.1Co0.2O2", "sum to 1.1"),
        ("run", "cathode", "/etc/passwd.toml", "files are not read here"),
        ("run", "electrolyte", "../secret.TOML", "files are not read here"),
        ("run", "mass_ratio", "60", "two ways"),
        ("run", "schedule", "warm it up", "step 1"),
        ("run", "atmosphere", "xenon", "unknown atmosphere"),
        ("run", "cells", "many", "whole number"),
        ("run", "samples", "201", "0 to 200"),
        ("run", "limit", "nan", "between 0 and 100"),
        ("run", "card", "id = ", "not TOML"),
        ("run", "add", "Li2CO3", "phase=wt%"),
        ("sweep", "temperatures", "400:1000:5", "at most 60"),
        ("sweep", "hold", "2", "unit"),
        ("compare", "second", "warm it up", "step 1"),
        ("reactions", "temperature", "9000", "outside"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_alone(page, name, text, told):
    task, wrong = form.checked(page, said(page, **{name: text}))
    assert task is None
    assert list(wrong) == [name]
    assert told in wrong[name]


def test_a_structure_goes_with_its_formula():
    values = said("run", cathode="LiNi0.5Mn1.5O4", structure="spinel")
    assert form.checked("run", values)[1] == {}
    assert list(form.checked("run", said("run", structure="spinel"))[1]) == ["structure"]


def test_a_comparison_needs_two_that_differ():
    values = said("compare", second=form.DEFAULT_SCHEDULE)
    assert form.checked("compare", values) == (None, {"": "a comparison needs two to 4 that differ"})


def test_a_dragged_point_moves_what_hangs_on_it():
    text = "10 °C/min to 800 °C; hold 2 h; cool naturally"
    higher = drawing_schedule.after_drag(text, {"shapes[1].xanchor": 5.0, "shapes[1].yanchor": 903.0})
    assert higher == "11.3 °C/min to 900 °C; hold 3.7 h; cool naturally"
    for moved in (None, {}, {"autosize": True}, {"shapes[9].xanchor": 1.0, "shapes[9].yanchor": 2.0},
                  {"shapes[x].xanchor": 1.0}, {"shapes[0].xanchor": "a", "shapes[0].yanchor": None}):  # fmt: skip
        assert drawing_schedule.after_drag(text, moved) == text


def test_sliders_write_formulas_that_add_up():
    from sinterface.models.basics.formula import parse

    for parts in ((80, 10, 10), (1, 1, 1), (100, 0, 0), (35, 35, 30), (5, 95, 60)):
        amounts = parse(layout.mixed(*parts))
        assert sum(amounts.get(metal, 0.0) for metal in ("Ni", "Mn", "Co")) == pytest.approx(1.0)
    assert layout.mixed(0, 0, 0) == ""


@pytest.mark.parametrize("page", form.pages())
def test_a_page_opens_whatever_its_address_says(page):
    values = dict.fromkeys(form.pages()[page], "what is this")
    assert layout.page(page, values, "")


@pytest.mark.parametrize("page", form.pages())
def test_lines_of_python_are_python_and_commands_are_commands(page):
    import ast
    import shlex

    values = said(page, cathode='LiNi0.6Mn0.2Co0.2O2"; import os', **({"add": "Li2CO3=2"} if page == "run" else {}))
    tree = ast.parse(code.python(page, values))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"sinterface"}
    assert values["cathode"] in shlex.split(code.command(page, values))


def finished(jobs, key, seconds=240):
    for _ in range(10 * seconds):
        if not jobs.get(key).active:
            return jobs.get(key)
        time.sleep(0.1)
    raise TimeoutError


@pytest.fixture(scope="module")
def answered():
    """Jobs with a small run that is done."""
    jobs = Jobs()
    values = said("run", **QUICK)
    query = form.query("run", values)
    key = jobs.start("run", query, form.checked("run", values)[0])
    assert jobs.start("run", query, form.checked("run", values)[0]) == key, "the same question is asked once"
    assert finished(jobs, key).status == "done", jobs.get(key).message
    yield jobs, key
    jobs.close()


@pytest.mark.slow
def test_a_run_answers_with_a_result_and_a_pattern(answered):
    job = answered[0].get(answered[1])
    assert job.parts["result"].finished
    assert len(job.parts["pattern"].angles) == 7001
    assert job.share == 1.0


@pytest.mark.slow
def test_every_figure_and_table_can_be_taken_away_and_says_how_it_was_made(answered):
    import xarray as xr

    job = answered[0].get(answered[1])
    for stem in ("phases", "profile", "mass", "pattern"):
        png, svg = downloads.made(job, f"{stem}.png"), downloads.made(job, f"{stem}.svg")
        assert png[0].startswith(b"\x89PNG") and b"sinterface run pc-NMC811" in png[0]
        assert b"<svg" in svg[0] and b"sinterface run pc-NMC811" in svg[0]
    table, _ = downloads.made(job, "table.csv")
    assert table.decode().startswith("# import sinterface as si")
    assert b"\nphase,family,role," in table
    data = xr.open_dataset(io.BytesIO(downloads.made(job, "run.nc")[0]), engine="h5netcdf")
    assert data.attrs["command"].startswith("sinterface run pc-NMC811")
    assert downloads.made(job, "pattern.xy")[0].count(b"\n") == 7001
    links = set(re.findall(r"/download/[0-9a-f]+/([a-z.]+)", repr(results.shown(job))))
    assert len(links) == 11
    for link in links:
        assert len(downloads.made(job, link)[0]) > 200, link
    for name in ("../../etc/passwd", "phases.exe", "sweep.nc", "phases", ".png", "table.nc"):
        assert downloads.made(job, name) is None


@pytest.mark.slow
def test_a_cancelled_job_ends_with_its_processes():
    jobs = Jobs()
    values = said("run", samples="50")
    query = form.query("run", values)
    key = jobs.start("run", query, form.checked("run", values)[0])
    for _ in range(600):
        if jobs.get(key).share > 0.0:
            break
        time.sleep(0.1)
    process = jobs.get(key).process
    assert process.is_alive()
    jobs.cancel(key)
    assert jobs.get(key).status == "cancelled"
    assert not process.is_alive()
    assert process not in multiprocessing.active_children()


def test_what_goes_wrong_in_the_other_process_is_told():
    jobs = Jobs()
    key = jobs.start("run", "x", Broken())
    job = finished(jobs, key)
    assert (job.status, job.message) == ("failed", "no such furnace: take another")
    again = jobs.start("run", "x", Broken())
    assert again == key, "what failed may be tried again under its name"
    finished(jobs, key)


def test_processes_of_jobs_are_made_without_dask():
    jobs = Jobs()
    key = jobs.start("run", "loaded", Loaded())
    job = finished(jobs, key)
    assert job.status == "done", job.message
    assert job.parts["loaded"] == []
    assert job.parts["ready"], "what tasks need is loaded before they begin"


class Loaded:
    """A task that tells what its process has loaded."""

    def parts(self, progress):
        """Which modules that no task needs are there, and whether those are that all need."""
        progress(0.5, "half")
        yield "ready", LOADED in sys.modules or "forkserver" not in multiprocessing.get_all_start_methods()
        import xarray

        xarray.Dataset({"wt_percent": ("phase", [1.0])}).isel(phase=0)
        yield "loaded", [name for name in ("dask", "distributed") if sys.modules.get(name)]


class Broken:
    """A task that can not be done."""

    def parts(self, progress):
        """Nothing."""
        progress(0.5, "half")
        raise SinterfaceError("no such furnace: take another")
        yield


def test_no_more_than_so_many_jobs_wait(monkeypatch):
    from sinterface.simulate.work import jobs as module

    monkeypatch.setattr(module, "MOST_WAITING", 0)
    with pytest.raises(SinterfaceError, match="cancel one"):
        Jobs().start("run", "x", Broken())


@pytest.fixture
def client():
    jobs = Jobs()
    server = build(exhibits(), jobs).server
    files(server, jobs)
    guard(server, lambda: ["127.0.0.1:8000"])
    return server.test_client()


HERE = {"Host": "127.0.0.1:8000"}


def test_the_door_is_closed_to_other_names_and_pages(client):
    assert client.get("/", headers=HERE).status_code == 200
    assert client.get("/", headers={"Host": "evil.example:8000"}).status_code == 403
    assert client.get("/", headers=HERE | {"Origin": "http://evil.example"}).status_code == 403
    assert client.get("/", headers=HERE | {"Origin": "http://127.0.0.1:8000"}).status_code == 200


def test_a_page_that_looks_at_a_job_is_told_all_and_nothing_twice(monkeypatch):
    monkeypatch.setattr(results, "shown", lambda job: [job.version])
    job = Job("run", "")
    first = look(job, "key", "")
    assert (first["again"], first["parts"]["answer"]) == (True, {"children": []})
    assert "answer" not in look(job, "key", first["shown"])["parts"]
    job.status, job.version, job.parts = "done", 1, {"result": None}
    last = look(job, "key", first["shown"])
    assert (last["again"], last["parts"]["answer"]) == (False, {"children": [1]})
    assert last["parts"]["status"] == {"children": "Done."}
    assert look(None, "key", "")["again"] is False


def test_charts_that_fail_are_told_and_not_waited_for(monkeypatch):
    monkeypatch.setattr(results, "shown", lambda job: 1 // 0)
    job = Job("run", "")
    job.status, job.version, job.parts = "done", 1, {"result": None}
    told = look(job, "key", "")
    assert not told["again"]
    assert "ZeroDivisionError" in told["parts"]["answer"]["children"][0].children


def test_nothing_is_told_of_a_job_that_is_not_there(client):
    assert client.get("/look/nothing", headers=HERE).json["again"] is False
    assert client.get("/look/nothing", headers={"Host": "evil.example:8000"}).status_code == 403


def test_a_long_request_is_not_read(client):
    body = b"{" + b" " * (MOST_BODY + 1)
    answer = client.post("/_dash-update-component", data=body, headers=HERE, content_type="application/json")
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["..%2f..%2fetc%2fpasswd", "x/y.png", key_of("run", "") + "/../../x", "%00/%00"])
def test_no_path_of_a_request_reaches_the_disk(client, path, monkeypatch):
    monkeypatch.setattr("builtins.open", lambda *_, **__: pytest.fail("a file was opened"))
    answer = client.get(f"/download/{path}", headers=HERE)
    assert answer.status_code in (404, 308) or b"react-entry-point" in answer.data  # or the first page


def test_pages_load_nothing_from_elsewhere(client):
    answer = client.get("/", headers=HERE)
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    addresses = re.findall(r'(?:src|href)="([^"]+)"', answer.get_data(as_text=True))
    assert addresses
    assert all(address.startswith("/") for address in addresses)


def test_the_gallery_counts_its_marks():
    shown = exhibits()
    assert len(shown) == 7
    for exhibit in shown:
        right, marks = exhibit.agreement
        assert 0 <= right <= marks == sum(mark is not None for line in exhibit.observed for mark in line)
        assert exhibit.share.shape == (len(exhibit.families), len(exhibit.degrees))


def test_every_page_to_start_from_can_be_run():
    from sinterface.simulate.app.gallery import STARTS

    for _, page, changed in STARTS:
        assert form.checked(page, said(page, **changed))[1] == {}


def test_a_new_job_has_nothing_yet():
    assert downloads.made(Job("run", ""), "phases.png") is None
