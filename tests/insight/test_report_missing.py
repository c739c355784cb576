"""The report without one of its pictures, in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.insight.report_pages import Opened


@pytest.fixture
def missing(open_report: Callable[..., Opened]) -> Opened:
    return open_report("missing")


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
    overlaps = missing.overlaps()

    missing.page.locator(".view:not([hidden])").get_by_role("button", name="Show all").click()

    expect(missing.page.locator(".view:not([hidden]) svg.picture")).to_be_hidden()
    assert overlaps == []
    assert missing.complaints == []


def test_around_a_node_of_hundreds_of_edges_its_own_are_drawn(
    open_report: Callable[..., Opened],
) -> None:
    opened = open_report("dense")
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
