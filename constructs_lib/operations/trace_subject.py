"""What a person means by an id, a name, an ARN, or the beginning of one."""

from __future__ import annotations

from botocore.exceptions import ClientError

from constructs_lib.operations.clients import Clients
from constructs_lib.operations.trace_journal import JournalIndex
from constructs_lib.operations.trace_model import TraceError

_PREFIX_MIN = 6
_SHOWN_MAX = 10


def subject_in_journal(index: JournalIndex, clients: Clients, subject: str) -> str:
    """The event id, or the execution ARN, that is meant on an embedded AWS.

    Raises:
        TraceError: Nothing, or more than one thing.
    """
    exact = {meant for name, meant in index.names() if name == subject}
    begun = {
        meant
        for name, meant in index.names()
        if len(subject) >= _PREFIX_MIN and name.startswith(subject)
    }
    # EventBridge names an execution after the event that starts it: the event's trace has it.
    found = exact or {each for each in begun if _event_in_name(each) not in begun}
    if len(found) == 1:
        return found.pop()
    if found:
        raise TraceError(_ambiguous(subject, sorted(found)))
    if ":execution:" in subject and _exists(clients, subject):
        # From before a reset, or older than the journal reaches.
        return subject
    gone = "" if index.is_complete else " (its oldest records are gone)"
    raise TraceError(
        f"an execution or an event must be in the journal{gone}, got {subject!r}; "
        f"pass an event's id, an execution's name or ARN, or {_PREFIX_MIN} characters "
        "or more that one of them begins with"
    )


def execution_on_aws(clients: Clients, subject: str) -> str:
    """The ARN of the execution that is meant on a real account, by its ARN or its name.

    Raises:
        TraceError: There is none, or several workflows have one of that name.
    """
    if ":execution:" in subject or ":express:" in subject:
        return subject
    workflows = clients("stepfunctions")
    pages = workflows.get_paginator("list_state_machines").paginate()
    candidates = [
        f"{machine['stateMachineArn'].replace(':stateMachine:', ':execution:')}:{subject}"
        for page in pages
        for machine in page["stateMachines"]
        if machine["type"] == "STANDARD"
    ]
    found = [arn for arn in candidates if _exists(clients, arn)]
    if len(found) == 1:
        return found[0]
    if found:
        raise TraceError(_ambiguous(subject, found))
    raise TraceError(
        f"on AWS an execution must be given by its name or ARN, got {subject!r}, which no Standard "
        "workflow has; AWS keeps no record of an event's journey: turn on X-Ray for the functions "
        "and workflows, read CloudTrail for the calls, or archive the bus and replay the event to "
        "an embedded AWS"
    )


def _event_in_name(meant: str) -> str:
    return meant.rpartition(":")[2].partition("_")[0] if ":execution:" in meant else ""


def _exists(clients: Clients, execution_arn: str) -> bool:
    workflows = clients("stepfunctions", region_name=execution_arn.split(":")[3])
    try:
        workflows.describe_execution(executionArn=execution_arn)
    except ClientError as error:
        if error.response["Error"].get("Code") in ("ExecutionDoesNotExist", "InvalidArn"):
            return False
        raise
    return True


def _ambiguous(subject: str, candidates: list[str]) -> str:
    shown = ", ".join(candidates[:_SHOWN_MAX])
    more = len(candidates) - _SHOWN_MAX
    return (
        f"{subject!r} must mean one thing, got {len(candidates)}: {shown}"
        f"{f' and {more} more' if more > 0 else ''}; pass more of its characters"
    )
