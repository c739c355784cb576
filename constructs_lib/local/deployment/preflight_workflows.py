"""Definitions of workflows that an embedded AWS would refuse, or could not run to the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from constructs_lib.local.deployment.assembly import path_in_template
from constructs_lib.local.deployment.errors import Failure
from constructs_lib.local.deployment.planned_stack import PlannedStack
from constructs_lib.templates.state_machines import (
    WorkflowTemplateError,
    state_machine_definition,
    state_machine_ids,
)

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import ValidateStateMachineDefinitionDiagnosticTypeDef


def refused_workflows(planned: PlannedStack) -> Iterator[Failure]:
    """Ask Step Functions of each definition in the stack; only where asking is free of charge.

    References stand as ``${Function.Arn}`` in what is asked. A definition that cannot be read
    without values, such as one in a bucket, is left to CloudFormation.
    """
    if not planned.place.embedded:
        return
    stack = planned.stack
    for template in stack.templates():
        for logical_id in state_machine_ids(template):
            try:
                definition = state_machine_definition(
                    template, logical_id, substitutions={}, placeholders=True
                )
            except WorkflowTemplateError:
                continue
            resource = template["Resources"][logical_id]
            kind = resource.get("Properties", {}).get("StateMachineType", "STANDARD")
            answer = planned.place.stepfunctions.validate_state_machine_definition(
                definition=json.dumps(definition), type=kind
            )
            for diagnostic in answer["diagnostics"]:
                yield Failure(
                    stack=stack.name,
                    resource=logical_id,
                    path=path_in_template(resource) or stack.path_of(logical_id),
                    type=resource["Type"],
                    reason=_reason(diagnostic),
                )


def _reason(diagnostic: ValidateStateMachineDefinitionDiagnosticTypeDef) -> str:
    where = f" at {diagnostic['location']}" if diagnostic.get("location") else ""
    return f"{diagnostic['code']}: {diagnostic['message']}{where}"
