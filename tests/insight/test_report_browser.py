"""The report as its reader has it: in a browser, with mouse and keyboard."""

from __future__ import annotations

from collections.abc import Iterator
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
from tests.insight.browser import chromium
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
_OVERLAPS = """() => {
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


class Opened:
    """A report in the browser, and what it asked for and complained about."""

    def __init__(self, browser: Browser, file: Path, **settings: Any) -> None:
        context = browser.new_context(**{"viewport": {"width": 1400, "height": 900}, **settings})
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


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Reports by the name of the app."""
    folder = tmp_path_factory.mktemp("reports")

    def written(
        name: str, path: Path, run: Run | None = None, comparison: Comparison | None = None
    ) -> Path:
        file = folder / f"{name}.html"
        html = report(load(path), run=run, comparison=comparison)
        file.write_text(html, encoding="utf-8")
        return file

    example = example_folder(tmp_path_factory.mktemp("example"))
    files = {
        "example": written("example", example, run_of_the_example(), comparison_of_the_example()),
        "large": written("large", large_template(tmp_path_factory.mktemp("large"))),
        "hostile": written(
            "hostile", definition_file(tmp_path_factory.mktemp("hostile"), hostile_definition())
        ),
    }
    work = definition_file(tmp_path_factory.mktemp("tested"), machine("Work", Work=PASS))
    files["tested"] = written("tested", work, run_of_tests("flow"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "lay_out", _lay_out_others)
        files["missing"] = written("missing", example)
        dense = definition_file(tmp_path_factory.mktemp("dense"), _all_lead_to_all(30))
        files["dense"] = written("dense", dense)
    return files | {name: written(name, synthesized(name)) for name in FOREIGN_APPS}


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


@pytest.fixture
def example(browser: Browser, reports: dict[str, Path]) -> Iterator[Opened]:
    opened = Opened(browser, reports["example"], reduced_motion="reduce")
    yield opened
    opened.page.context.close()


@pytest.fixture
def large(browser: Browser, reports: dict[str, Path]) -> Iterator[Opened]:
    opened = Opened(browser, reports["large"], reduced_motion="reduce")
    opened.settled()
    yield opened
    opened.page.context.close()


def test_every_picture_is_shown_without_network_errors_or_text_over_text(
    browser: Browser, reports: dict[str, Path]
) -> None:
    found: dict[str, list[str]] = {}
    for name, file in reports.items():
        opened = Opened(browser, file, reduced_motion="reduce")
        for link in opened.page.locator(".pictures a").all():
            link.click()
            expect(link).to_have_attribute("aria-current", "page")
            opened.settled()
            overlaps = opened.page.evaluate(_OVERLAPS)
            found[f"{name}, {link.inner_text()}"] = overlaps
        found[f"{name}, complaints"] = opened.complaints
        found[f"{name}, network"] = [u for u in opened.asked_for if u != file.as_uri()]
        opened.page.context.close()

    assert {where: what for where, what in found.items() if what} == {}


def test_a_click_on_a_state_shows_where_it_was_made_and_its_definition(example: Opened) -> None:
    example.choose("SignUpWorkflow75D4E874")

    example.node("Reserve email").click()

    panel = example.panel()
    expect(panel).to_contain_text("DuetOrchestration/SignUpWorkflow75D4E874")
    expect(panel).to_contain_text("arn:aws:states:::dynamodb:putItem")
    expect(panel.locator("pre")).to_contain_text("attribute_not_exists")
    expect(panel.locator("h3", has_text="Retries")).to_be_visible()


def test_a_search_finds_a_state_of_another_picture_and_goes_there(example: Opened) -> None:
    example.page.keyboard.press("/")
    example.page.keyboard.type("reserve em")
    example.page.keyboard.press("Enter")

    expect(example.panel().locator("h2")).to_have_text("Reserve email")
    expect(example.page.locator(".view:not([hidden]) h2")).to_have_text("SignUpWorkflow75D4E874")
    expect(example.node("Reserve email")).to_be_focused()


def test_a_folded_parallel_hides_its_branches_and_gives_them_back(example: Opened) -> None:
    example.choose("SignUpWorkflow75D4E874")
    example.node("Confirm email").locator(".fold").click()
    example.settled()
    expect(example.node("Wait for confirmation")).to_have_count(0)
    expect(example.node("Confirm email")).to_have_attribute("aria-expanded", "false")
    folded = example.page.evaluate(_OVERLAPS)

    example.node("Confirm email").focus()
    example.page.keyboard.press("f")
    example.settled()

    expect(example.node("Wait for confirmation")).to_be_visible()
    assert folded == []


def test_without_error_paths_only_the_happy_path_is_left(example: Opened) -> None:
    example.choose("SignUpWorkflow75D4E874")

    example.page.locator(".view:not([hidden])").get_by_role("button", name="Error paths").click()

    expect(example.node("Release email")).to_have_count(0)
    expect(example.node("Announce sign-up")).to_be_visible()
    assert example.page.locator(".view:not([hidden]) .edge.error:not([hidden])").count() == 0


def test_of_200_rules_one_is_found_and_shown_with_its_neighbours_alone(large: Opened) -> None:
    folded = large.page.locator(".view:not([hidden]) .node:not([hidden])").count()
    large.page.locator("#search").fill("Event 137 Happened")
    large.page.locator("#search").press("Enter")
    expect(large.panel().locator("h2")).to_have_text("Rule137")
    large.settled()

    large.panel().get_by_role("button", name="Show neighbourhood").click()
    large.settled()

    expect(large.page.locator(".view:not([hidden]) .focus-text")).to_contain_text("Rule137")
    expect(large.page.locator(".view:not([hidden]) .node:not([hidden])")).to_have_count(4)
    assert large.page.evaluate(_OVERLAPS) == []
    assert folded == 2 + 40  # Two buses; 40 dead-letter queues belong to both.


@pytest.fixture
def missing(browser: Browser, reports: dict[str, Path]) -> Iterator[Opened]:
    opened = Opened(browser, reports["missing"], reduced_motion="reduce")
    yield opened
    opened.page.context.close()


def test_a_missing_picture_is_said_with_why_and_what_helps_beside_its_list(
    missing: Opened,
) -> None:
    missing.choose("SignUpWorkflow75D4E874")

    view = missing.page.locator(".view:not([hidden])")
    note = view.get_by_role("note")
    expect(note).to_contain_text("SignUpWorkflow75D4E874 is missing")
    expect(note).to_contain_text("it takes longer than 30 seconds")
    expect(note.locator("code")).to_have_count(2)
    expect(view.locator("svg.picture")).to_be_hidden()
    expect(view.locator(".outline tbody button", has_text="Reserve email")).to_be_visible()


def test_of_a_missing_picture_the_surroundings_of_what_is_found_are_drawn(
    missing: Opened,
) -> None:
    missing.page.locator("#search").fill("reserve em")
    missing.page.locator("#search").press("Enter")
    expect(missing.panel().locator("h2")).to_have_text("Reserve email")
    missing.settled()
    near = missing.page.locator(".view:not([hidden]) .node:not([hidden])")
    expect(near).to_have_count(5)
    overlaps = missing.page.evaluate(_OVERLAPS)

    missing.page.locator(".view:not([hidden])").get_by_role("button", name="Show all").click()

    expect(missing.page.locator(".view:not([hidden]) svg.picture")).to_be_hidden()
    assert overlaps == []
    assert missing.complaints == []


def test_around_a_node_of_hundreds_of_edges_its_own_are_drawn(
    browser: Browser, reports: dict[str, Path]
) -> None:
    opened = Opened(browser, reports["dense"], reduced_motion="reduce")
    view = opened.page.locator(".view:not([hidden])")
    view.locator(".outline button", has_text="Step 7").click()
    expect(opened.panel().locator("h2")).to_have_text("Step 7")
    opened.settled()
    edges = view.locator(".edge:not([hidden])")
    expect(edges).to_have_count(30 + 29)

    view.get_by_role("button", name="One step more").click()

    expect(view.locator("svg.picture")).to_be_hidden()
    expect(view.get_by_role("note")).to_contain_text("go fewer steps")
    assert opened.complaints == []
    opened.page.context.close()


def test_the_keyboard_alone_walks_from_state_to_state_and_opens_one(example: Opened) -> None:
    example.choose("ForgetUserWorkflowE03BAB08")
    example.page.locator(".view:not([hidden]) .node[tabindex='0']").focus()

    example.page.keyboard.press("ArrowDown")
    first = example.page.evaluate("document.activeElement.querySelector('.title').textContent")
    example.page.keyboard.press("Enter")
    expect(example.panel()).to_be_focused()
    expect(example.panel().locator("h2")).to_contain_text(first)
    example.page.keyboard.press("Escape")

    expect(example.panel()).to_be_hidden()
    again = example.page.evaluate("document.activeElement.querySelector('.title').textContent")
    assert again == first != "Start"


def test_dragging_moves_the_picture_and_opens_nothing_and_pinching_makes_it_larger(
    example: Opened,
) -> None:
    camera = "document.querySelector('.view:not([hidden]) .camera').getCTM()"
    mouse = example.page.mouse
    example.choose("SignUpWorkflow75D4E874")
    before = example.page.evaluate(f"[{camera}.e, {camera}.f, {camera}.a]")

    example.node("Prepare user").hover()
    mouse.down()
    mouse.move(700, 400)
    mouse.move(740, 430)
    mouse.up()
    moved = example.page.evaluate(f"[{camera}.e, {camera}.f, {camera}.a]")
    drawn = example.page.locator(".view:not([hidden]) .camera")
    lying = drawn.get_attribute("transform")
    example.page.keyboard.down("Control")
    mouse.wheel(0, -120)
    example.page.keyboard.up("Control")
    expect(drawn).not_to_have_attribute("transform", str(lying))

    assert moved[:2] != before[:2]
    assert moved[2] == before[2]
    assert example.page.evaluate(f"{camera}.a") > moved[2]
    expect(example.panel()).to_be_hidden()


def test_the_switch_goes_from_the_systems_theme_to_light_and_to_dark(example: Opened) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = example.page.evaluate(ground)
    example.page.emulate_media(color_scheme="dark")
    dark = example.page.evaluate(ground)

    example.page.locator("#theme").click()
    chosen_light = example.page.evaluate(ground)
    example.page.locator("#theme").click()

    assert light != dark
    assert (chosen_light, example.page.evaluate(ground)) == (light, dark)


def test_a_chosen_execution_shows_its_path_its_times_and_its_retries(example: Opened) -> None:
    example.page.locator("#run-lists button", has_text="sign-up-1").click()

    view = example.page.locator(".view:not([hidden])")
    taken = view.locator(".node.taken .title").all_text_contents()
    assert [title.strip() for title in taken] == ["Start", "Check request", "Refuse request"]
    assert view.locator(".edge.taken").count() == 2
    expect(example.node("Check request").locator(".badge")).to_have_text("30 ms · 1 retry")
    expect(view.locator(".timeline")).to_contain_text("SignUp.InvalidRequest")
    assert view.locator(".timeline tbody tr").count() == 2


def test_a_chosen_event_shows_its_journey_on_the_map(example: Opened) -> None:
    example.page.locator("#run-lists summary", has_text="Events").click()
    example.page.locator("#run-lists button", has_text="UserSignedUp").click()

    view = example.page.locator(".view:not([hidden])")
    expect(example.node("AppBusDB0927FF")).to_have_class("node kind-bus taken")
    expect(example.node("AnalyticsF5FDC64B").locator(".badge")).to_contain_text("dead-lettered")
    expect(view.locator(".timeline li").last).to_contain_text("NO_PERMISSIONS")
    assert view.locator(".edge.taken").count() == 4


@pytest.fixture
def tested(browser: Browser, reports: dict[str, Path]) -> Iterator[Opened]:
    opened = Opened(browser, reports["tested"], reduced_motion="reduce")
    yield opened
    opened.page.context.close()


def test_executions_are_filtered_by_the_test_that_they_belong_to(tested: Opened) -> None:
    choices = tested.page.locator("#run-lists li")
    expect(choices).to_have_count(20)

    tested.page.get_by_label("Filter executions and events").fill("CARTS run-1")

    expect(choices).to_have_count(10)
    expect(tested.page.locator("#filtered")).to_have_text("10 of 20")
    expect(tested.page.locator("#run-lists summary")).to_have_text("flow (10 of 20)")


def test_an_execution_that_outlived_its_test_is_shown_so(tested: Opened) -> None:
    choice = tested.page.locator("#run-lists button", has_text="run-19")
    expect(choice).to_contain_text("still running when the test ended")

    choice.click()

    expect(tested.node("Work").locator(".badge")).to_have_text("still here")
    timeline = tested.page.locator(".timeline")
    expect(timeline).to_contain_text("still running when the test ended")
    expect(timeline).to_contain_text("tests/test_shop.py::test_carts_expire")
    expect(timeline).not_to_contain_text("RUNNING")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_comparison_has_a_bar_for_each_number_and_axe_finds_nothing(
    browser: Browser, reports: dict[str, Path], theme: str
) -> None:
    opened = Opened(browser, reports["example"], color_scheme=theme)
    opened.choose("Compare designs")

    table = opened.page.get_by_role("table", name="control")
    bars = table.get_by_role("row", name="resources").locator("rect")
    widths = bars.evaluate_all("bars => bars.map((bar) => bar.getBoundingClientRect().width)")
    quantities = table.get_by_role("rowheader").all_text_contents()
    found = _violations(opened, "axe.run('#compare')")
    opened.page.context.close()

    assert widths[2] == 0 < widths[0] < widths[1]
    assert quantities[0] == "components <b>that</b> know the order by the templates"
    assert found == []
    assert opened.complaints == []


@pytest.fixture
def narrow(browser: Browser, reports: dict[str, Path]) -> Iterator[Opened]:
    """As on a telephone."""
    opened = Opened(
        browser,
        reports["example"],
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        reduced_motion="reduce",
    )
    yield opened
    opened.page.context.close()


def test_on_a_narrow_window_details_leave_what_was_found_in_sight(narrow: Opened) -> None:
    narrow.page.locator("#search").fill("store profile")
    narrow.page.locator("#search").press("Enter")
    expect(narrow.panel().locator("h2")).to_have_text("Store profile")
    narrow.settled()

    node = narrow.node("Store profile").bounding_box()
    sheet = narrow.panel().bounding_box()

    assert 0 < node["y"] < node["y"] + node["height"] <= sheet["y"] < 844
    assert narrow.page.evaluate("document.documentElement.scrollWidth") == 390


def test_on_a_narrow_window_the_comparison_stands_below_each_other(narrow: Opened) -> None:
    narrow.choose("Compare designs")

    cells = narrow.page.get_by_role("table", name="control").locator("tbody tr").nth(1)
    places = cells.locator("td").evaluate_all(
        "cells => cells.map((cell) => cell.getBoundingClientRect()).map(({x, y}) => [x, y])"
    )

    assert len({x for x, _ in places}) == 1
    assert len({y for _, y in places}) == 3
    assert narrow.page.evaluate("document.documentElement.scrollWidth") == 390


def test_two_fingers_make_a_picture_larger_where_they_are(narrow: Opened) -> None:
    camera = narrow.page.locator(".view:not([hidden]) .camera")
    svg = narrow.page.locator(".view:not([hidden]) svg.picture")
    before = camera.evaluate("camera => camera.getCTM().a")

    for kind, spread in (("pointerdown", 20), ("pointermove", 40), ("pointerup", 40)):
        for finger, side in ((1, -1), (2, 1)):
            at = {"pointerId": finger, "clientX": 195 + side * spread, "clientY": 600, "button": 0}
            svg.dispatch_event(kind, at)

    assert camera.evaluate("camera => camera.getCTM().a") == pytest.approx(2 * before)
    assert narrow.complaints == []


def test_on_paper_stands_the_whole_picture(example: Opened) -> None:
    example.choose("SignUpWorkflow75D4E874")
    picture = example.page.locator(".view:not([hidden]) svg.picture")
    camera = picture.locator(".camera")
    looked_at = camera.get_attribute("transform")

    example.page.emulate_media(media="print")
    example.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    whole, paper = camera.bounding_box(), picture.bounding_box()
    example.page.evaluate("window.dispatchEvent(new Event('afterprint'))")

    assert whole is not None
    assert paper is not None
    assert paper["x"] <= whole["x"]
    assert paper["y"] <= whole["y"]
    assert whole["x"] + whole["width"] <= paper["x"] + paper["width"]
    assert whole["y"] + whole["height"] <= paper["y"] + paper["height"]
    assert camera.get_attribute("transform") == looked_at


def test_names_that_are_markup_are_text(browser: Browser, reports: dict[str, Path]) -> None:
    opened = Opened(browser, reports["hostile"])

    titles = opened.page.locator(".outline tbody th").all_text_contents()
    hacked = opened.page.evaluate("window.hacked")
    opened.page.context.close()

    assert hacked is None
    assert "</script><script>window.hacked = 1</script>" in titles


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_that_keeps_anybody_out(
    browser: Browser, reports: dict[str, Path], theme: str
) -> None:
    opened = Opened(browser, reports["example"], color_scheme=theme, reduced_motion="reduce")
    opened.choose("SignUpWorkflow75D4E874")
    opened.node("Reserve email").click()
    opened.page.locator("#run-lists button", has_text="sign-up-1").click()
    opened.fit()

    found = _violations(opened, "axe.run(document)")
    opened.page.context.close()

    assert found == []


@pytest.mark.parametrize("name", ["example", "hostile", "large"])
def test_whoever_says_what_is_written_on_a_node_names_it(
    browser: Browser, reports: dict[str, Path], name: str
) -> None:
    opened = Opened(browser, reports[name], reduced_motion="reduce")
    # Rows of folded nodes and badges of a run are written on nodes, too.
    if name == "example":
        opened.page.locator("#run-lists summary", has_text="Events").click()
        opened.page.locator("#run-lists button", has_text="UserSignedUp").click()
        opened.page.locator(".view:not([hidden])").get_by_role("button", name="Fold all").click()
    opened.settled()
    opened.fit()

    found = _violations(opened, "axe.run({runOnly: ['label-content-name-mismatch']})")
    opened.page.context.close()

    assert found == []


def _violations(opened: Opened, run: str) -> list[str]:
    """What axe finds, with the elements."""
    opened.page.evaluate(_AXE.read_text(encoding="utf-8"))
    return [
        f"{each['id']}: {node['html'][:300]}"
        for each in opened.page.evaluate(run)["violations"]
        for node in each["nodes"]
    ]
