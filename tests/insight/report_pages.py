"""Reports to be opened in a browser, and one that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from constructs_lib.insight import load
from constructs_lib.insight.compare import Comparison
from constructs_lib.insight.graph import Graph
from constructs_lib.insight.layout import Layout, UndrawnPictureError, lay_out
from constructs_lib.insight.report import drawing, report
from constructs_lib.insight.runs import Run
from tests.examples.synthesized import NAMES as FOREIGN_APPS
from tests.examples.synthesized import synthesized
from tests.insight.drawn_apps import (
    definition_file,
    example_folder,
    hostile_definition,
    large_template,
)
from tests.insight.drawn_runs import comparison_of_the_example, run_of_tests, run_of_the_example
from tests.insight.machines import PASS, machine

_AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
#: Texts of the shown picture that lie over each other, and texts that stick out of their node; of
#: a page without a picture, its texts.
OVERLAPS = """() => {
  const sheet = document.querySelector(".view:not([hidden]) .sheet");
  if (sheet) {
    const found = sheet.scrollWidth > sheet.clientWidth ? ["wider than its page"] : [];
    const texts = [];
    const walker = document.createTreeWalker(sheet, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      const text = walker.currentNode.textContent.trim();
      if (text) for (const box of range.getClientRects()) texts.push([text, box]);
    }
    texts.forEach(([text, a], i) => {
      for (const [other, b] of texts.slice(i + 1)) {
        if (a.left + 1 < b.right && b.left + 1 < a.right
            && a.top + 3 < b.bottom && b.top + 3 < a.bottom) found.push(`${text} | ${other}`);
      }
    });
    return found;
  }
  const shown = [...document.querySelectorAll(".view:not([hidden]) svg.picture text")]
    .filter((text) => !text.closest("[hidden]") && !text.closest(".fold, .badge"))
    .filter((text) => text.textContent.trim());
  const boxes = shown.map((text) => [text, text.getBoundingClientRect()]);
  const scale = document.querySelector(".view:not([hidden]) .camera").getCTM().a;
  const slack = 1.5 * scale;
  const found = [];
  boxes.forEach(([text, a], i) => {
    const body = text.closest(".node")?.querySelector(".body").getBoundingClientRect();
    if (body && (a.left < body.left || a.right > body.right)) {
      found.push(`sticks out: ${text.textContent}`);
    }
    for (const [other, b] of boxes.slice(i + 1)) {
      if (a.left + slack < b.right && b.left + slack < a.right
          && a.top + slack < b.bottom && b.top + slack < a.bottom) {
        found.push(`${text.textContent} | ${other.textContent}`);
      }
    }
  });
  return found;
}"""
#: What ``Reports`` has: of the example, of many rules and states, of names that are markup, with
#: pictures that Graphviz gave up, with a run of tests, of the apps in other shapes.
NAMES = ("example", "large", "hostile", "missing", "dense", "tested", *FOREIGN_APPS)


class Reports:
    """Reports by their name, each made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Path] = {}

    def file(self, name: str) -> Path:
        if name not in self._made:
            folder = self._folder / name
            folder.mkdir()
            self._made[name] = folder / "report.html"
            self._made[name].write_text(self._html(name, folder), encoding="utf-8")
        return self._made[name]

    def _html(self, name: str, folder: Path) -> str:
        if name == "example":
            run, comparison = run_of_the_example(), comparison_of_the_example()
            return _report(example_folder(folder), run, comparison)
        if name == "large":
            return _report(large_template(folder))
        if name == "hostile":
            return _report(definition_file(folder, hostile_definition()))
        if name == "tested":
            work = definition_file(folder, machine("Work", Work=PASS))
            return _report(work, run_of_tests("flow"))
        if name in FOREIGN_APPS:
            return _report(synthesized(name))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(drawing, "lay_out", _lay_out_others)
            if name == "missing":
                return _report(example_folder(folder))
            return _report(definition_file(folder, _all_lead_to_all(30)))


def _report(path: Path, run: Run | None = None, comparison: Comparison | None = None) -> str:
    return report(load(path), run=run, comparison=comparison)


def _lay_out_others(graph: Graph) -> Layout:
    """Graphviz gives the first workflow of the example up, and dense ones."""
    if graph.title == "SignUpWorkflow75D4E874" or len(graph.edges) > 20 * len(graph.nodes):
        raise UndrawnPictureError(graph, "it takes longer than 30 seconds")
    return lay_out(graph)


def _all_lead_to_all(count: int) -> dict[str, Any]:
    names = [f"Step {number}" for number in range(count)]
    choices = [{"Variable": "$.to", "StringEquals": name, "Next": name} for name in names]
    states = {name: {"Type": "Choice", "Choices": choices} for name in names}
    return {"StartAt": names[0], "States": states}


class Opened:
    """A report in the browser, and what it asked for and complained about."""

    def __init__(self, browser: Browser, file: Path, **settings: Any) -> None:
        context = browser.new_context(
            **{
                "viewport": {"width": 1400, "height": 900},
                "reduced_motion": "reduce",
                **settings,
            }
        )
        self.page: Page = context.new_page()
        self.page.set_default_timeout(5000)
        expect.set_options(timeout=5000)
        self.asked_for: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked_for.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if message.type in ("error", "warning")
                else None
            ),
        )
        self.page.goto(file.as_uri())
        self.settled()

    def node(self, title: str) -> Any:
        """The node of that title in the shown picture."""
        shown = ".view:not([hidden]) .node:not([hidden])"
        return self.page.locator(f'{shown}[aria-label^="{title},"]')

    def settled(self) -> None:
        """Wait until a layout that is under way is shown."""
        # Not by a script of the page's own: its policy forbids to evaluate text.
        expect(self.page.locator("svg[aria-busy]")).to_have_count(0)

    def choose(self, picture: str) -> None:
        link = self.page.locator(".pictures a", has_text=picture).first
        link.click()
        expect(link).to_have_attribute("aria-current", "page")

    def fit(self) -> None:
        """Show the whole picture: what is cut off is not held to be written."""
        self.page.locator(".view:not([hidden])").get_by_role("button", name="Fit").click()

    def panel(self) -> Any:
        return self.page.locator("#panel")

    def overlaps(self) -> list[str]:
        """Texts over each other, as far as they are shown."""
        found: list[str] = self.page.evaluate(OVERLAPS)
        return found

    def violations(self, run: str) -> list[str]:
        """What axe finds, with the elements.

        Args:
            run: How it is called: ``axe.run(document)``.
        """
        self.page.evaluate(_AXE.read_text(encoding="utf-8"))
        return [
            f"{each['id']}: {node['html'][:300]}"
            for each in self.page.evaluate(run)["violations"]
            for node in each["nodes"]
        ]
