"""Runs and comparisons in the report, in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.insight.report_pages import Opened


@pytest.fixture
def example(open_report: Callable[..., Opened]) -> Opened:
    return open_report("example")


@pytest.fixture
def tested(open_report: Callable[..., Opened]) -> Opened:
    return open_report("tested")


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
    open_report: Callable[..., Opened], theme: str
) -> None:
    opened = open_report("example", color_scheme=theme)
    opened.choose("Compare designs")

    table = opened.page.get_by_role("table", name="control")
    bars = table.get_by_role("row", name="resources").locator("rect")
    widths = bars.evaluate_all("bars => bars.map((bar) => bar.getBoundingClientRect().width)")
    quantities = table.get_by_role("rowheader").all_text_contents()
    found = opened.violations("axe.run('#compare')")

    assert widths[2] == 0 < widths[0] < widths[1]
    assert quantities[0] == "components <b>that</b> know the order by the templates"
    assert found == []
    assert opened.complaints == []
