"""The app in a real browser: what people do on it, on narrow and wide windows, with the keyboard alone, and by ear."""

import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("dash")
playwright = pytest.importorskip("playwright.sync_api")

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine"),
]

QUICK = "schedule=50+%C2%B0C%2Fmin+to+500+%C2%B0C%3B+quench&cells=8"
FAST = "50 °C/min to 500 °C; quench"
PAGES = ("Gallery", "Run", "Onset sweep", "Compare", "Reactions")
LONG = 240_000
"""Time [ms] in which a calculation of these tests ends on a slow machine, compiling included."""

LISTENS = "#run-drawing .js-plotly-plot[data-heard]"
"""The drawing once the page listens to what is done to it: a frame after it was drawn."""

CARD = Path(__file__).parents[2] / "examples" / "my_cathode.toml"


@pytest.fixture(scope="module")
def address():
    """A server of its own on a free port."""
    command = [sys.executable, "-m", "sinterface.validation.cli", "app", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        playwright.expect.set_options(timeout=60_000)  # machines of CI are slow
        running = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def watched(browser, address):
    """One window for all tests, as a load takes seconds; faults of its scripts, and what it asks of strangers."""
    faults = []
    opened = browser.new_page(viewport={"width": 1400, "height": 900}, base_url=address)
    opened.set_default_timeout(LONG)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
    opened.on("request", lambda asked: faults.append(asked.url) if not asked.url.startswith(
        (address, "data:", "blob:")) else None)  # fmt: skip
    opened.goto("/")
    yield opened, faults
    opened.close()


@pytest.fixture
def page(watched):
    """The window; the test fails when a script failed in it or it asked anything of another machine."""
    opened, faults = watched
    faults.clear()
    opened.set_viewport_size({"width": 1400, "height": 900})
    yield opened
    assert faults == []


def visit(page, path):
    """Load a page by its address."""
    page.goto(path)
    page.wait_for_selector("main h1")
    page.wait_for_load_state("networkidle")


def turn(page, title):
    """A page as the menu opens it, with nothing of what was typed on it before."""
    heading = page.locator("main h1")
    menu = page.get_by_role("navigation")
    playwright.expect(heading).not_to_be_empty()
    if heading.inner_text() == title:  # which its own link would leave as it is
        menu.get_by_role("link", name=PAGES[4 if title != PAGES[4] else 3]).click()
        playwright.expect(heading).not_to_have_text(title)
    menu.get_by_role("link", name=title, exact=True).click()
    playwright.expect(heading).to_have_text("sinterface" if title == "Gallery" else title)
    page.wait_for_load_state("networkidle")


def write(page, field, text):
    """Type into a field of a form, unfolding what hides it."""
    if not page.locator(field).is_visible():
        page.click("summary:has-text('More of')")
    page.fill(field, text)
    page.keyboard.press("Tab")


def done(page, name):
    playwright.expect(page.locator(f"#{name}-status")).to_have_text("Done.", timeout=LONG)


def serious(page):
    """What axe finds on a page that keeps somebody from using it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    return [
        f"{each['id']}: {each['help']}: {each['nodes'][0]['html'][:200]}"
        for each in axe.Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")
    ]  # fmt: skip


def fits_and_serves(page):
    """A page is no wider than its window, and axe has nothing serious to say of it."""
    for width in (420, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(200)  # charts fit themselves to their place
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for folded in page.locator("summary").all():
        folded.click()
    assert serious(page) == []


def test_the_gallery_shows_the_reference_experiment(page):
    turn(page, "Gallery")
    assert page.locator("h3", has_text="LLZTO").count() == 7
    playwright.expect(page.locator(".panel .js-plotly-plot")).to_have_count(7)
    fits_and_serves(page)
    page.get_by_role("link", name="Run it at 800 °C").click()
    page.wait_for_selector("#run-cathode")
    assert page.locator("#run-cathode").input_value() == "pc-NMC811"
    playwright.expect(page).to_have_title("Run – sinterface")


@pytest.mark.parametrize("title", PAGES[1:])
def test_pages_fit_their_window_and_can_be_used_by_ear(page, title):
    turn(page, title)
    fits_and_serves(page)


def test_a_run_is_shown_survives_a_reload_and_can_be_taken_away(page):
    visit(page, f"/run?{QUICK}")
    page.click("#run-start")
    done(page, "run")
    assert page.locator("#run-progress").is_hidden()
    playwright.expect(page.get_by_role("heading", name="X-ray pattern")).to_be_visible()
    assert page.locator(".answer table tbody tr").count() >= 2  # cathode and garnet at least
    playwright.expect(page.locator(".answer .js-plotly-plot")).to_have_count(4)
    page.reload()
    done(page, "run")
    assert page.locator("#run-schedule").input_value() == FAST
    for name in ("phases.png", "table.csv"):
        with page.expect_download() as taken:
            page.locator(".files a", has_text=name).click()
        assert taken.value.suggested_filename == f"sinterface-{name}"
        assert taken.value.path().stat().st_size > 200
    assert "sinterface run pc-NMC811" in page.locator("pre").last.inner_text()
    assert serious(page) == []
    page.set_viewport_size({"width": 420, "height": 900})
    page.wait_for_timeout(200)
    assert page.evaluate("document.documentElement.scrollWidth") <= 420


@pytest.fixture
def slow(monkeypatch):
    """A server whose charts take longer than the pause between two looks, and a job of it that goes on by hand."""
    from werkzeug.serving import make_server

    from sinterface.simulate.app import results, server
    from sinterface.simulate.work import form, jobs

    kept = jobs.Jobs()
    query = form.query("reactions", form.defaults("reactions"))
    job, its_key = jobs.Job("reactions", query), jobs.key_of("reactions", query)
    monkeypatch.setattr(kept, "get", lambda key: job if key == its_key else None)
    drawings = []

    def shown(drawn):
        drawings.append(drawn.version)
        time.sleep(2.0)
        return f"part {drawn.version}"

    monkeypatch.setattr(results, "shown", shown)
    monkeypatch.setattr(server, "ready_processes", lambda: None)  # nothing is calculated here
    app = server.build([], kept).server
    server.files(app, kept)
    listening = make_server("127.0.0.1", 0, app, threaded=True, request_handler=server.Quiet)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listening.port}", job, drawings, listening
    listening.shutdown()
    thread.join()
    listening.server_close()


def test_an_answer_that_is_drawn_slowly_is_drawn_once_and_an_ended_program_is_told(browser, slow):
    address, job, drawings, listening = slow
    job.status = "running"
    page = browser.new_page()
    page.set_default_timeout(LONG)
    visit(page, f"{address}/reactions")
    status = page.locator("#reactions-status")
    playwright.expect(status).to_contain_text("Running")
    for version in (1, 2):
        job.parts["result"], job.version = "", version
        playwright.expect(page.locator("#reactions-answer")).to_have_text(f"part {version}")
    assert drawings == [1, 2]
    listening.shutdown()
    listening.server_close()
    playwright.expect(status).to_contain_text("does not answer")
    page.close()


def test_a_long_run_is_cancelled(page):
    turn(page, "Run")
    write(page, "#run-samples", "60")
    page.click("#run-start")
    playwright.expect(page.locator("#run-status")).to_contain_text("Running", timeout=LONG)
    assert page.locator("#run-progress").is_visible()
    page.click("#run-cancel")
    playwright.expect(page.locator("#run-status")).to_have_text("Cancelled.")
    assert page.locator("#run-cancel").is_disabled()


def test_a_sweep_tells_an_onset(page):
    turn(page, "Onset sweep")
    for field, text in (("cathode", "pc-LNMO"), ("temperatures", "600"), ("cells", "8")):
        write(page, f"#sweep-{field}", text)
    page.click("#sweep-start")
    done(page, "sweep")
    playwright.expect(page.locator(".answer .lead")).to_contain_text("onset at 600 °C or below")
    assert page.locator(".answer tbody tr").count() == 1


def test_two_cathodes_are_compared(page):
    turn(page, "Compare")
    page.get_by_label("cathode", exact=True).check()
    for field, text in (("schedule", FAST), ("first", "pc-LCO"), ("second", "pc-LMO"), ("cells", "8")):
        write(page, f"#compare-{field}", text)
    page.click("#compare-start")
    done(page, "compare")
    assert page.locator(".answer h3").all_inner_texts()[:2] == ["pc-LCO", "pc-LMO"]


def test_a_wrong_formula_is_told_at_its_field(page):
    turn(page, "Run")
    write(page, "#run-cathode", "LiNi0.8Mn0.1Co0.2O2")
    playwright.expect(page.locator("#run-cathode-error")).to_contain_text("sum to 1.1")
    assert page.locator("#run-cathode").get_attribute("aria-invalid") == "true"
    assert "run-cathode-error" in page.locator("#run-cathode").get_attribute("aria-describedby")
    page.click("#run-start")
    playwright.expect(page.locator("#run-notice")).to_have_text("Not started: see Cathode.")
    write(page, "#run-cathode", "LiNi0.8Mn0.1Co0.1O2")
    playwright.expect(page.locator("#run-cathode-error")).to_be_empty()
    page.wait_for_url("**/run?cathode=LiNi0.8Mn0.1Co0.1O2")


def test_sliders_and_a_card_fill_their_fields(page):
    turn(page, "Run")
    page.click("summary:has-text('Mix nickel')")
    page.locator("#run-Ni").press("ArrowRight")
    playwright.expect(page.locator("#run-cathode")).to_have_value("LiNi0.62Mn0.19Co0.19O2")
    page.click("summary:has-text('A powder of your own')")
    page.locator("#run-upload input").set_input_files(CARD)
    playwright.expect(page.locator("#run-card")).to_have_value(re.compile("role = "))
    playwright.expect(page.locator("#run-card-error")).to_be_empty()
    page.wait_for_url("**card=*")


def test_a_point_of_the_schedule_is_dragged(page):
    turn(page, "Run")
    page.wait_for_selector(LISTENS)
    handle = page.locator("#run-drawing .shapelayer path").nth(1)
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y - 10, steps=5)
    page.mouse.up()
    playwright.expect(page.locator("#run-schedule")).not_to_have_value("10 °C/min to 800 °C; hold 2 h; cool naturally")
    assert page.locator("#run-schedule").input_value().endswith("; cool naturally")
    playwright.expect(page.locator("#run-schedule-error")).to_be_empty()


def test_a_drag_outlives_what_the_chart_says_after_it(page):
    turn(page, "Run")
    page.wait_for_selector(LISTENS)
    page.evaluate("""() => {
        const chart = document.querySelector("#run-drawing .js-plotly-plot");
        chart.emit("plotly_relayout", {"shapes[1].xanchor": 4.1, "shapes[1].yanchor": 863});
        chart.emit("plotly_relayout", {autosize: true});
    }""")
    playwright.expect(page.locator("#run-schedule")).to_have_value(re.compile("^10.8 °C/min to 860 °C"))


def test_the_keyboard_alone_is_enough(page):
    turn(page, "Reactions")
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
        if reached[-1] == "reactions-temperature":
            page.keyboard.press("Control+a")
            page.keyboard.type("650", delay=100)  # as fast as people type
        if reached[-1] == "reactions-start":
            break
    assert {"reactions-cathode", "reactions-electrolyte", "reactions-temperature"} <= set(reached)
    assert reached[-1] == "reactions-start"
    page.keyboard.press("Enter")
    done(page, "reactions")
    playwright.expect(page.locator(".answer .lead")).to_contain_text("at 650 °C")
    playwright.expect(page.locator(".answer .lead")).to_contain_text("meV/atom")
