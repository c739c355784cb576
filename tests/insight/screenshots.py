"""Writes ``docs/images/report.png``, the README's picture: ``python -m tests.insight.screenshots``.

It shows the newest run in ``.duet/runs``, so run ``duet demo`` first. The picture depends on the
machine's fonts and the run's times, so no test compares it.
"""

import sys
import tempfile
from pathlib import Path

from constructs_lib.insight import load
from constructs_lib.insight.report import report
from constructs_lib.insight.runs import RUNS_FOLDER, load_run, newest_run
from tests.insight.browser import chromium

_IMAGE = Path(__file__).parents[2] / "docs" / "images" / "report.png"
#: What is chosen in the list of executions: one that was not confirmed in time and undid itself.
_EXECUTION = "sign-up-0016"


def main() -> None:
    """Open the report of the newest run, choose an execution, and keep what is seen."""
    file = newest_run()
    if file is None:
        sys.exit("there is no run in .duet/runs; run `duet demo` first")
    run = load_run(file)
    html = report(load(RUNS_FOLDER / run.assembly), run=run)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        page_file = Path(folder) / "report.html"
        page_file.write_text(html, encoding="utf-8")
        page = browser.new_page(
            viewport={"width": 1440, "height": 900}, color_scheme="light", reduced_motion="reduce"
        )
        page.goto(page_file.as_uri())
        page.locator("#run-lists button", has_text=_EXECUTION).click()
        page.mouse.move(0, 0)
        _IMAGE.parent.mkdir(exist_ok=True)
        page.screenshot(path=_IMAGE)
    print(f"wrote {_IMAGE}: {_IMAGE.stat().st_size // 1024} KB")  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
