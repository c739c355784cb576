"""The report's pictures as their reader has them: in a browser, with mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.insight.report_pages import NAMES, Opened


@pytest.fixture
def example(open_report: Callable[..., Opened]) -> Opened:
    return open_report("example")


@pytest.fixture
def large(open_report: Callable[..., Opened]) -> Opened:
    return open_report("large")


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_is_shown_without_network_errors_or_text_over_text(
    open_report: Callable[..., Opened], name: str
) -> None:
    opened = open_report(name)
    found: dict[str, list[str]] = {}

    for link in opened.page.locator(".pictures a").all():
        link.click()
        expect(link).to_have_attribute("aria-current", "page")
        opened.settled()
        found[link.inner_text()] = opened.overlaps()

    assert {where: what for where, what in found.items() if what} == {}
    assert opened.complaints == []
    assert opened.asked_for == [opened.page.url.partition("#")[0]]


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


def test_the_arrows_go_round_what_a_search_has_found(example: Opened) -> None:
    example.page.keyboard.press("/")
    example.page.keyboard.type("reserve em")
    found = example.page.locator("#found [role=option]")
    titles = found.locator("b").all_text_contents()

    example.page.keyboard.press("ArrowUp")

    assert len(titles) > 1
    expect(found.last).to_have_attribute("aria-selected", "true")
    example.page.keyboard.press("ArrowDown")
    expect(found.first).to_have_attribute("aria-selected", "true")


def test_a_search_that_finds_nothing_says_so_until_escape(example: Opened) -> None:
    example.page.keyboard.press("/")
    example.page.keyboard.type("no such state")
    expect(example.page.locator("#found")).to_have_text("Nothing of that name")

    example.page.keyboard.press("Escape")

    expect(example.page.locator("#found")).to_be_hidden()
    expect(example.page.locator("#search")).to_have_value("")


def test_a_folded_parallel_hides_its_branches_and_gives_them_back(example: Opened) -> None:
    example.choose("SignUpWorkflow75D4E874")
    example.node("Confirm email").locator(".fold").click()
    example.settled()
    expect(example.node("Wait for confirmation")).to_have_count(0)
    expect(example.node("Confirm email")).to_have_attribute("aria-expanded", "false")
    folded = example.overlaps()

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
    assert large.overlaps() == []
    assert folded == 2 + 40  # Two buses; 40 dead-letter queues belong to both.


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


def test_names_that_are_markup_are_text(open_report: Callable[..., Opened]) -> None:
    opened = open_report("hostile")

    titles = opened.page.locator(".outline tbody th").all_text_contents()
    hacked = opened.page.evaluate("window.hacked")

    assert hacked is None
    assert "</script><script>window.hacked = 1</script>" in titles
