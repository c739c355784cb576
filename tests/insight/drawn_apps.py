"""Apps to draw: the example's, a large one, and one whose names are hostile."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from tests.insight.insight_templates import attribute, ref, resource

_GOLDEN = Path(__file__).parent.parent / "golden" / "stacks"
#: Markup, quotes, the end of a script, line ends, a control character, half of a surrogate pair,
#: letters of other scripts, Mermaid's own signs, and more than 80 characters.
HOSTILE_NAMES = (
    "</script><script>window.hacked = 1</script>",
    "\"quoted\" & 'single' <b>bold</b>",
    "two\nlines\tand\x07 a bell",
    "half of a pair \ud800",
    "注文を受け付ける 🛒 заказ",
    "end; class n0 | {graph} [x] (y) #35; `code` \\",
    "--> subgraph %% comment",
    "A state whose name is so long that no box holds it, " * 2,
    " ",
    "__proto__",
)


def example_folder(folder: Path) -> Path:
    """The example's assembly, out of its golden templates: no synth needed."""
    artifacts = {}
    for template in sorted(_GOLDEN.glob("*.template.json")):
        (folder / template.name).write_bytes(template.read_bytes())
        artifacts[template.name.partition(".")[0]] = {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": template.name},
        }
    manifest = json.dumps({"version": "55.0.0", "artifacts": artifacts})
    (folder / "manifest.json").write_text(manifest, encoding="utf-8")
    return folder


def large_template(folder: Path, *, rules: int = 200, states: int = 40) -> Path:
    """Two buses with that many rules, each with a queue and a dead-letter queue, and a workflow."""
    resources: dict[str, Any] = {
        "Orders": resource("AWS::Events::EventBus", Name="orders"),
        "Payments": resource("AWS::Events::EventBus", Name="payments"),
        "Flow": resource(
            "AWS::StepFunctions::StateMachine",
            DefinitionString=json.dumps(large_definition(states)),
        ),
    }
    for number in range(rules):
        if number % 5 == 0:
            resources[f"Letters{number // 5}"] = resource("AWS::SQS::Queue")
        resources[f"Queue{number}"] = resource("AWS::SQS::Queue")
        target = {
            "Id": "Queue",
            "Arn": attribute(f"Queue{number}"),
            "DeadLetterConfig": {"Arn": attribute(f"Letters{number // 5}")},
        }
        resources[f"Rule{number}"] = resource(
            "AWS::Events::Rule",
            EventBusName=ref("Orders" if number % 2 else "Payments"),
            EventPattern={"detail-type": [f"Event {number} Happened"]},
            Targets=[target],
        )
    return _written(folder / "large.template.json", {"Resources": resources})


def large_definition(states: int) -> dict[str, Any]:
    """Tasks in a row, each caught by a handler of every fourth, a Parallel and a Map among them."""
    steps: dict[str, Any] = {}
    for number in range(states - 6):
        follows = f"Step {number + 1}" if number < states - 7 else "Both"
        steps[f"Step {number}"] = {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Next": follows,
            "Catch": [
                {"ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"], "Next": "Refused"},
                {"ErrorEquals": ["States.ALL"], "Next": "Clean up"},
            ],
        }
    inner = {"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": True}}}
    other = {"StartAt": "Other", "States": {"Other": {"Type": "Pass", "End": True}}}
    return {
        "StartAt": "Step 0",
        "States": {
            **steps,
            "Both": {"Type": "Parallel", "Branches": [inner, other], "End": True},
            "Clean up": {"Type": "Pass", "Next": "Failed"},
            "Refused": {"Type": "Fail", "Error": "Order.Refused"},
            "Failed": {"Type": "Fail", "Error": "Order.Failed"},
        },
    }


def hostile_definition() -> dict[str, Any]:
    """States of hostile names in a row; the last one goes on to a state that does not exist."""
    names = [*HOSTILE_NAMES, "Not there </title>"]
    states = {
        name: {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Comment": name,
            "Next": after,
            "Catch": [{"ErrorEquals": [name], "Next": names[0]}],
        }
        for name, after in itertools.pairwise(names)
    }
    return {"StartAt": names[0], "States": states}


def definition_file(folder: Path, definition: object) -> Path:
    return _written(folder / "flow.asl.json", definition)


def _written(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
