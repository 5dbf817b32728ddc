"""Makes docs/images/app.png, the app with a run as it is shown today: ``python docs/app_picture.py``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

PICTURE = Path(__file__).resolve().parent / "images" / "app.png"
LONGEST = 600_000
"""Time [ms] after which the run is given up."""


def main() -> None:
    """Start the app, run the couple that its page opens with, and keep what the window shows."""
    command = [sys.executable, "-m", "sinterface.validation.cli", "app", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:  # noqa: S603
        assert program.stdout is not None
        try:
            address = program.stdout.readline().strip()
            with sync_playwright() as started:
                browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
                page = browser.new_page(viewport={"width": 1100, "height": 930})
                page.set_default_timeout(LONGEST)
                page.goto(f"{address}run?as_received=yes")
                page.click("#run-start")
                expect(page.locator("#run-status")).to_have_text("Done.", timeout=LONGEST)
                expect(page.locator(".answer .js-plotly-plot")).to_have_count(4, timeout=LONGEST)
                page.locator("h1").click()
                page.evaluate("window.scrollTo(0, 0)")
                page.wait_for_timeout(1000)  # charts fit themselves to their place
                page.screenshot(path=PICTURE)
                browser.close()
        finally:
            program.terminate()


if __name__ == "__main__":
    main()
