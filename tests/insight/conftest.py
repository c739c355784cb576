"""A browser and reports for the tests that open them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.insight.report_pages import Opened, Reports


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    # Loaded for these tests alone, like the browser's driver.
    from tests.insight.report_pages import Reports

    return Reports(tmp_path_factory.mktemp("reports"))


# No longer than a module: while its driver lives, nothing else can run a loop of asyncio.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from tests.insight.browser import chromium

    with chromium() as started:
        yield started


@pytest.fixture
def open_report(browser: Browser, reports: Reports) -> Iterator[Callable[..., Opened]]:
    """Opens a report by its name; other arguments are those of Playwright's ``new_context``."""
    from tests.insight.report_pages import Opened

    opened: list[Opened] = []

    def open_(name: str, **settings: Any) -> Opened:
        opened.append(Opened(browser, reports.file(name), **settings))
        return opened[-1]

    yield open_
    for each in opened:
        each.page.context.close()
