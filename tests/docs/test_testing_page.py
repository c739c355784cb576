"""What docs/testing.md shows must work, and fail as it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.testing_plugin.shop import write_shop

PROJECT_FOLDER = Path(__file__).parent.parent.parent
PAGE = (PROJECT_FOLDER / "docs" / "testing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
FAILING = "expect(event, within=0.2)"
PRINTED = re.findall(r"^```text\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def _run(folder: Path, blocks: list[str]) -> str:
    (folder / "cdk.out").mkdir()
    write_shop(folder / "cdk.out")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n", encoding="utf-8")
    for number, block in enumerate(blocks):
        (folder / f"test_block_{number}.py").write_text(block, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider"],
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


def test_the_examples_pass(tmp_path: Path) -> None:
    examples = [block for block in BLOCKS if FAILING not in block]
    tests = sum(block.count("\ndef test_") + block.startswith("def test_") for block in examples)

    assert f"{tests} passed in" in _run(tmp_path, examples)


def test_the_failing_example_prints_what_the_page_shows(tmp_path: Path) -> None:
    (failing,) = (block for block in BLOCKS if FAILING in block)

    printed = _run(tmp_path, [failing])

    lines = [line for line in printed.splitlines() if line.startswith("E  ")]
    assert _masked("\n".join(lines)) == _masked(PRINTED[0])
