"""The example's own stacks: the rules find nothing to say of them."""

import json
from pathlib import Path

from constructs_lib.insight import load
from constructs_lib.insight.findings import find_all

_GOLDEN = Path(__file__).parent.parent / "golden" / "stacks"


def test_the_rules_find_nothing_in_the_example(tmp_path: Path) -> None:
    artifacts = {}
    for template in sorted(_GOLDEN.glob("*.template.json")):
        (tmp_path / template.name).write_bytes(template.read_bytes())
        artifacts[template.name.partition(".")[0]] = {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": template.name},
        }
    manifest = json.dumps({"version": "55.0.0", "artifacts": artifacts})
    (tmp_path / "manifest.json").write_text(manifest, encoding="utf-8")

    assembly = load(tmp_path)

    assert find_all(assembly) == []
    assert assembly.notes == ()
