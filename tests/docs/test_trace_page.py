"""What docs/trace.md shows must work, and be complete."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from constructs_lib.local._journal_json import KINDS

PAGE = (Path(__file__).parent.parent.parent / "docs" / "trace.md").read_text(encoding="utf-8")


def test_the_example_of_the_page_prints_a_trace() -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)

    ended = subprocess.run(  # noqa: S603 - our page, this Python
        [sys.executable, "-c", block], capture_output=True, text=True, check=True
    )

    event, note = ended.stdout.splitlines()
    assert event.startswith("event OrderPlaced  from shop on default  ")
    assert note == "└── the bus has no rule"


def test_the_page_names_every_kind_of_record() -> None:
    assert set(re.findall(r"^\| `(\w+)`", PAGE, flags=re.MULTILINE)) == set(KINDS)
