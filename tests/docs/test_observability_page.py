"""What the page on observability shows must work."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).parent.parent.parent / "docs" / "observability.md").read_text("utf-8")


def test_the_example_runs_and_has_alarms_on_both_halves(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    program = block.replace("App()", f"App(outdir={str(tmp_path)!r})")

    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - our page, this Python

    (template,) = tmp_path.glob("*.template.json")
    text = template.read_text(encoding="utf-8")
    assert '"ExecutionsFailed"' in text
    assert '"InvocationsFailedToBeSentToDlq"' in text
