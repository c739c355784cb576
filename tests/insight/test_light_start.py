"""Commands that read an assembly start fast: what only some files need is loaded for them alone."""

import json
import subprocess
import sys
from pathlib import Path

_HEAVY = {"aws_cdk", "boto3", "jsii", "samtranslator", "yaml"}


def test_a_template_in_json_loads_neither_yaml_nor_sam_nor_an_sdk(tmp_path: Path) -> None:
    path = tmp_path / "app.json"
    path.write_text(json.dumps({"Resources": {}}), encoding="utf-8")
    program = (
        "import sys; from constructs_lib.insight import load; "
        "from constructs_lib.insight.findings import find_all; "
        f"find_all(load({str(path)!r})); print(sorted({_HEAVY!r} & sys.modules.keys()))"
    )

    printed = subprocess.run(  # noqa: S603 - this Python, a fixed program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert printed.strip() == "[]"
