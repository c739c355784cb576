"""What the security tests read: synthesized apps, and each cdk-nag finding in them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from constructs_lib.templates.json_value import JsonValue
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids

Template = dict[str, Any]
_PACK = "AwsSolutions"


@dataclass(frozen=True, kw_only=True)
class NagFinding:
    """One rule of AwsSolutions that one resource breaks.

    ``subject`` is what the rule names, such as ``Resource::*``; empty for most rules.
    """

    rule: str
    subject: str
    construct_path: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """A synthesized app."""

    templates: Mapping[str, Path]
    nag_findings: Sequence[NagFinding]

    def read(self) -> Mapping[str, Template]:
        """The templates by stack."""
        return {
            stack: json.loads(path.read_text(encoding="utf-8"))
            for stack, path in self.templates.items()
        }

    def workflows(self) -> Mapping[str, dict[str, JsonValue]]:
        """The definition of each state machine, by stack and logical id."""
        return {
            f"{stack}/{logical_id}": state_machine_definition(
                template, logical_id, substitutions={}, placeholders=True
            )
            for stack, template in self.read().items()
            for logical_id in state_machine_ids(template)
        }


def synthesize(build: Callable[[str], App], folder: Path) -> Assembly:
    """Build an app for an output folder and synthesize it under cdk-nag's eyes."""
    app = build(str(folder))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as error:
        # Raised for findings, once templates and report are written.
        if "ValidationFailed" not in str(error):
            raise
    report_path = folder / "validation-report.json"
    report = json.loads(report_path.read_text(encoding="utf-8")) if report_path.exists() else {}
    return Assembly(
        templates={
            path.name.removesuffix(".template.json"): path
            for path in sorted(folder.glob("*.template.json"))
        },
        nag_findings=[
            NagFinding(
                rule=violation["ruleName"].partition("[")[0],
                subject=violation["ruleName"].partition("[")[2].removesuffix("]"),
                construct_path=construct["constructPath"],
                description=violation["description"],
            )
            for plugin in report.get("pluginReports", [])
            # CDK's own remarks are in the same report.
            if plugin["pluginName"] == _PACK
            for violation in plugin["violations"]
            for construct in violation["violatingConstructs"]
        ],
    )
