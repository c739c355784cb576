"""The test kit: prove a workflow's behaviour in process, without an AWS account.

What it exports reads state machine definitions out of a synthesized template and needs no extra.
``moto_engine`` runs them; it needs ``cdk-duet[testing]`` and is imported by its own name, so that
golden-file tests do not pay for moto.
"""

from constructs_lib.templates.json_value import JsonValue
from constructs_lib.templates.state_machines import (
    WorkflowTemplateError,
    state_machine_definition,
    state_machine_ids,
)

__all__ = [
    "JsonValue",
    "WorkflowTemplateError",
    "state_machine_definition",
    "state_machine_ids",
]
