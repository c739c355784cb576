"""Confirm a sign-up with the code that was mailed, as the person's click would."""

from __future__ import annotations

import json
import re

from constructs_lib.local.mailbox import Mailbox
from constructs_lib.operations.deployed import resources_of
from constructs_lib.operations.names import UnknownNameError
from constructs_lib.operations.target import Target
from constructs_lib.operations.workflows import (
    WORKFLOW_TYPE,
    ExecutionResult,
    WorkflowName,
    find_workflow,
    run_synchronously,
)

#: A code as it stands in a mail.
CODE = re.compile(r"\b[0-9A-F]{10}\b")
#: What the construct is called, and so a part of its path and logical id.
_CONSTRUCT = "ConfirmEmail"
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
        wanted: As for ``find_workflow``; None means the only one that a ConfirmEmail construct
            has made.
    Raises:
        UnknownNameError: There is none, or more than one.
        ClientError: AWS refused.
    """
    if wanted is not None:
        return find_workflow(target, wanted)
    found = [
        each
        for each in resources_of(target, WORKFLOW_TYPE)
        if _CONSTRUCT.lower() in f"{each.path} {each.logical_id}".lower()
    ]
    if len(found) != 1:
        raise UnknownNameError(
            f"one workflow of a {_CONSTRUCT} construct must be deployed, "
            f"got {', '.join(each.path for each in found) or 'none'}; name it by --workflow"
        )
    return find_workflow(target, found[0].physical_id)


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
