"""asl-validator finds nothing in any workflow but what the table here gives a reason for."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from constructs_lib.local.cdk_cli import node_executable
from constructs_lib.templates.json_value import JsonValue
from tests.security.assemblies import Assembly

_PROJECT_FOLDER = Path(__file__).parent.parent.parent
# One process for all workflows: definitions by name come in, findings by name go out.
_SCRIPT = """
const validate = require("asl-validator");
const definitions = JSON.parse(require("fs").readFileSync(0, "utf8"));
const findings = {};
for (const [name, definition] of Object.entries(definitions)) {
  findings[name] = validate(definition).errors.map((error) =>
    [error["Error code"], error.Message || JSON.stringify(error["Schema errors"] || error)]);
}
process.stdout.write(JSON.stringify(findings));
"""


@dataclass(frozen=True, kw_only=True)
class ValidatorException:
    """A finding that a workflow may have: its code, and a part of its message."""

    code: str
    message_part: str
    reason: str


EXCEPTIONS: tuple[ValidatorException, ...] = ()


def _validate(
    definitions: Mapping[str, Mapping[str, JsonValue]],
) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Code and message of each finding, by workflow."""
    done = subprocess.run(  # noqa: S603 - a fixed script
        [node_executable(), "-e", _SCRIPT],
        cwd=_PROJECT_FOLDER,
        input=json.dumps(definitions),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    findings = json.loads(done.stdout)
    return {name: [(code, text) for code, text in found] for name, found in findings.items()}


def _explains(exception: ValidatorException, code: str, message: str) -> bool:
    return exception.code == code and exception.message_part in message


def test_the_validator_finds_nothing_without_a_written_reason(
    assemblies: Mapping[str, Assembly],
) -> None:
    workflows = {
        f"{app}: {name}": definition
        for app, assembly in assemblies.items()
        for name, definition in assembly.workflows().items()
    }
    assert workflows

    found = _validate(workflows)

    assert [
        (name, code, message)
        for name, findings in found.items()
        for code, message in findings
        if not any(_explains(exception, code, message) for exception in EXCEPTIONS)
    ] == []


_END: dict[str, JsonValue] = {"Type": "Succeed"}


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"Type": "Pass", "Next": "Nowhere"}, "MISSING_TRANSITION_TARGET"),
        ({"Type": "Pass", "Output": "{% $uuid( %}", "Next": "End"}, "SCHEMA_VALIDATION_FAILED"),
        ({"Type": "Pass", "Parameters": {}, "Next": "End"}, "SCHEMA_VALIDATION_FAILED"),
    ],
    ids=["dangling target", "broken JSONata", "JSONPath field in JSONata"],
)
def test_the_validator_finds_a_mistake(state: Mapping[str, JsonValue], code: str) -> None:
    definition: dict[str, JsonValue] = {
        "QueryLanguage": "JSONata",
        "StartAt": "Start",
        "States": {"Start": state, "End": _END},
    }

    assert code in {found for found, _ in _validate({"bad": definition})["bad"]}


def test_the_validator_finds_nothing_in_a_sound_workflow() -> None:
    definition: dict[str, JsonValue] = {"StartAt": "End", "States": {"End": _END}}

    assert _validate({"sound": definition}) == {"sound": []}
