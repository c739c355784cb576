"""The test kit: prove a workflow's behaviour in process, without an AWS account.

``workflow`` reads state machine definitions out of a synthesized template and needs no extra.
``moto_engine`` runs them; it needs ``cdk-duet[testing]`` and is imported by its own name, so that
golden-file tests do not pay for moto.
"""

from constructs_lib.testing.workflow import (
    JsonValue,
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
