"""Confirm a sign-up with the code that was mailed, as the person's click would."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from constructs_lib.local.mailbox import Mailbox
from constructs_lib.names import UnknownNameError
from constructs_lib.operations.deployed import resources_of
from constructs_lib.operations.target import Target
from constructs_lib.operations.workflows import (
    WORKFLOW_TYPE,
    ExecutionResult,
    WorkflowName,
    find_workflow,
    run_synchronously,
)

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

#: A code as it stands in a mail.
CODE = re.compile(r"\b[0-9A-F]{10}\b")
#: What such a workflow does, and hardly another: it lets an execution go on that waits.
_LETS_GO_ON = "sendTaskSuccess"
CONFIRMED = "confirmed"


class NoCodeError(Exception):
    """No mail with a code has come; the message says what to do."""


def newest_code(target: Target, address: str) -> str:
    """The code in the newest mail to an address that has one.

    Raises:
        NoCodeError: There is none.
        TargetError: It is a real account, whose mail is not read here.
    """
    for mail in reversed(Mailbox(target.embedded).messages(to=address)):
        if found := CODE.search(mail.text):
            return found[0]
    raise NoCodeError(
        f"a mail with a code must have come to {address}, none has; start the sign-up first, "
        "or look at what has come: duet mail"
    )


def find_confirmation(target: Target, wanted: str | None) -> WorkflowName:
    """The workflow that takes codes.

    Args:
        wanted: As for ``find_workflow``; None means the only Express workflow of the stacks that
            lets waiting executions go on.
    Raises:
        UnknownNameError: There is none, or more than one.
        ClientError: AWS refused.
    """
    if wanted is not None:
        return find_workflow(target, wanted)
    workflows: SFNClient = target.client("stepfunctions")
    found = []
    for each in resources_of(target, WORKFLOW_TYPE):
        machine = workflows.describe_state_machine(stateMachineArn=each.physical_id)
        if machine["type"] == "EXPRESS" and _LETS_GO_ON in machine["definition"]:
            found.append(WorkflowName(arn=each.physical_id, path=each.path, is_express=True))
    if len(found) != 1:
        raise UnknownNameError(
            "one workflow that takes codes (construct ConfirmEmail) must be deployed, "
            f"got {', '.join(each.path for each in found) or 'none'}; name it by --workflow"
        )
    return found[0]


def confirm(target: Target, workflow: WorkflowName, code: str) -> ExecutionResult:
    """Send the code; the output's ``result`` says what came of it.

    Raises:
        ClientError: AWS refused.
    """
    return run_synchronously(target, workflow, json.dumps({"code": code}), None)


def result_of(execution: ExecutionResult) -> str:
    """``confirmed``, ``unknown``, ``used``, ``expired``, ``unavailable``, or that it failed."""
    output = execution.output
    if execution.succeeded and isinstance(output, dict):
        return str(output.get("result"))
    return execution.error or execution.status
