"""The report for everybody: with a screen reader, by voice, on a telephone, on paper."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.insight.report_pages import Opened


@pytest.fixture
def example(open_report: Callable[..., Opened]) -> Opened:
    return open_report("example")


@pytest.fixture
def narrow(open_report: Callable[..., Opened]) -> Opened:
    """As on a telephone."""
    screen = {"width": 390, "height": 844}
    return open_report("example", viewport=screen, has_touch=True, is_mobile=True)


def test_on_a_narrow_window_details_leave_what_was_found_in_sight(narrow: Opened) -> None:
    narrow.page.locator("#search").fill("store profile")
    narrow.page.locator("#search").press("Enter")
    expect(narrow.panel().locator("h2")).to_have_text("Store profile")
    narrow.settled()

    node = narrow.node("Store profile").bounding_box()
    sheet = narrow.panel().bounding_box()

    assert 0 < node["y"] < node["y"] + node["height"] <= sheet["y"] < 844
    assert narrow.page.evaluate("document.documentElement.scrollWidth") == 390


def test_on_a_narrow_window_an_events_path_is_shown_from_its_bus_on(narrow: Opened) -> None:
    narrow.page.locator("#run-lists summary", has_text="Events").click()
    narrow.page.locator("#run-lists button", has_text="UserSignedUp").click()

    bus = narrow.node("AppBusDB0927FF").bounding_box()

    assert bus is not None
    assert 0 <= bus["x"] < bus["x"] + bus["width"] <= 390


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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_that_keeps_anybody_out(
    open_report: Callable[..., Opened], theme: str
) -> None:
    opened = open_report("example", color_scheme=theme)
    opened.choose("SignUpWorkflow75D4E874")
    opened.node("Reserve email").click()
    opened.page.locator("#run-lists button", has_text="sign-up-1").click()
    opened.fit()

    found = opened.violations("axe.run(document)")

    assert found == []


@pytest.mark.parametrize("name", ["example", "hostile", "large"])
def test_whoever_says_what_is_written_on_a_node_names_it(
    open_report: Callable[..., Opened], name: str
) -> None:
    opened = open_report(name)
    # Rows of folded nodes and badges of a run are written on nodes, too.
    if name == "example":
        opened.page.locator("#run-lists summary", has_text="Events").click()
        opened.page.locator("#run-lists button", has_text="UserSignedUp").click()
        opened.page.locator(".view:not([hidden])").get_by_role("button", name="Fold all").click()
    opened.settled()
    opened.fit()

    found = opened.violations("axe.run({runOnly: ['label-content-name-mismatch']})")

    assert found == []
