"""The example's own stacks: what the rules find there is true, and there is nothing else."""

import json
from pathlib import Path

from constructs_lib.insight import load
from constructs_lib.insight.findings import find_all

_GOLDEN = Path(__file__).parent.parent / "golden" / "stacks"


def test_the_rules_find_in_the_example_what_is_true_and_nothing_else(tmp_path: Path) -> None:
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

    assert [(one.rule, one.state) for one in find_all(assembly)] == [
        # Nobody in the example follows it; it is there for the subscriber to come.
        ("event-without-rule", "Publish SignUpFailed"),
    ]
    assert assembly.notes == ()
