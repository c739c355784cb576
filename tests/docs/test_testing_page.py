"""What docs/testing.md shows must work, and fail as it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.testing_plugin.shop import write_shop

PROJECT_FOLDER = Path(__file__).parent.parent.parent
PAGE = (PROJECT_FOLDER / "docs" / "testing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
PRINTED = re.findall(r"^```text\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest prints of all examples, in a project without any configuration."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "cdk.out").mkdir()
    write_shop(folder / "cdk.out")
    for number, block in enumerate(BLOCKS):
        (folder / f"test_block_{number}.py").write_text(block, encoding="utf-8")
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-W",
            "error",
            "-p",
            "no:cacheprovider",
            "--strict-markers",
        ],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def _masked(printed: str) -> str:
    """Without what differs from run to run: ids and times."""
    printed = "\n".join(line.rstrip() for line in printed.splitlines())
    printed = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "…", printed)
    printed = re.sub(r"-[0-9A-F]{13}\b", "-…", printed)
    printed = re.sub(r"  [0-9a-f]{8}(?=  )", "  …", printed)
    return re.sub(r"[\d.]+ (ms|s)\b", "…", printed)


def test_all_examples_pass_but_the_one_that_fails_on_purpose(printed: str) -> None:
    tests = sum(block.count("def test_") for block in BLOCKS)

    assert f"1 failed, {tests - 1} passed in" in printed


def test_the_failing_example_prints_what_the_page_shows_and_no_code_of_duet(printed: str) -> None:
    lines = [line for line in printed.splitlines() if line.startswith("E  ")]

    assert _masked("\n".join(lines)) == _masked(PRINTED[0])
    assert "context.py" not in printed
