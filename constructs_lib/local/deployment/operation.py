"""Change and delete one stack, and wait for it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from constructs_lib.local.deployment.assembly import AssembledStack, path_in_template
from constructs_lib.local.deployment.assets import AssetPublisher
from constructs_lib.local.deployment.errors import DeployError
from constructs_lib.local.deployment.events import (
    STACK_TYPE,
    OnProgress,
    OperationEvents,
    Progress,
)
from constructs_lib.local.deployment.places import Place
from constructs_lib.local.deployment.planned_stack import PlannedStack
from constructs_lib.local.deployment.preflight import describe

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.literals import ChangeSetTypeType
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

_BODY_LIMIT_BYTES = 51_200
_FIRST_POLL_SECONDS, _LAST_POLL_SECONDS = 0.005, 2.0
_DEADLINE_SECONDS = 3600
# Stacks that never were: they can only be deleted.
_STILLBORN = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


def change_stack(
    planned: PlannedStack, publisher: AssetPublisher, on_progress: OnProgress | None
) -> tuple[StackTypeDef, bool]:
    """Make or change a stack by a change set; the stack, and whether there was anything to do.

    Raises:
        DeployError: AWS refused the change set, or rolled the stack back.
    """
    stack, place, existing = planned.stack, planned.place, planned.existing
    if existing is not None and existing["StackStatus"] in _STILLBORN:
        delete_stack(stack, place, existing["StackId"], on_progress)
        existing = None
    new = existing is None or existing["StackStatus"] == "REVIEW_IN_PROGRESS"
    token = f"duet-{uuid.uuid4().hex}"
    kind: ChangeSetTypeType = "CREATE" if new else "UPDATE"
    change_set = place.cloudformation.create_change_set(
        **_request(planned, publisher), ChangeSetName=token, ChangeSetType=kind
    )
    stack_id = change_set["StackId"]
    changed = _is_worth_executing(stack, place, change_set["Id"])
    if changed:
        place.cloudformation.execute_change_set(
            ChangeSetName=change_set["Id"], ClientRequestToken=token
        )
    elif on_progress:
        on_progress(
            Progress(stack=stack.name, path=stack.name, type=STACK_TYPE, status="UNCHANGED")
        )
    settled = _wait_for_stack(stack, place, stack_id, token, on_progress)
    if changed and settled["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise _failed(stack, place, settled, token)
    if settled.get("EnableTerminationProtection", False) != stack.protected:
        place.cloudformation.update_termination_protection(
            EnableTerminationProtection=stack.protected, StackName=stack_id
        )
    return settled, changed


def delete_stack(
    stack: AssembledStack, place: Place, stack_id: str, on_progress: OnProgress | None
) -> None:
    """Delete a stack with all it holds.

    Raises:
        DeployError: The stack is protected, or AWS could not delete a resource.
    """
    from botocore.exceptions import ClientError

    token = f"duet-{uuid.uuid4().hex}"
    try:
        place.cloudformation.delete_stack(StackName=stack_id, ClientRequestToken=token)
    except ClientError as error:
        raise DeployError(
            f"stack {stack.name} must be deletable, got: {error}; "
            "remove its protection and what uses it"
        ) from error
    settled = _wait_for_stack(stack, place, stack_id, token, on_progress)
    if settled["StackStatus"] != "DELETE_COMPLETE":
        raise DeployError(
            f"stack {stack.name} was not deleted ({settled['StackStatus']}); "
            "delete by hand what is named here, then destroy again",
            failures=OperationEvents(place.cloudformation, stack, stack_id, token).failures(),
        )


def physical_ids(stack: AssembledStack, place: Place, stack_id: str) -> dict[str, str]:
    """The physical ids of a stack by the constructs' paths; its nested stacks' too."""
    found: dict[str, str] = {}
    pending: list[tuple[str, dict[str, Any]]] = [(stack_id, stack.template)]
    while pending:
        id_, template = pending.pop()
        pages = place.cloudformation.get_paginator("list_stack_resources")
        for page in pages.paginate(StackName=id_):
            for each in page["StackResourceSummaries"]:
                logical_id, physical_id = each["LogicalResourceId"], each["PhysicalResourceId"]
                resource = template["Resources"].get(logical_id, {})
                path = path_in_template(resource)
                if path is None:
                    path = stack.path_of(logical_id) if id_ == stack_id else logical_id
                found[path] = physical_id
                if nested := stack.nested_template(resource):
                    pending.append((physical_id, nested))
    return found


def _request(planned: PlannedStack, publisher: AssetPublisher) -> dict[str, Any]:
    stack = planned.stack
    body = json.dumps(stack.template, separators=(",", ":"), ensure_ascii=False)
    request: dict[str, Any] = {
        "StackName": stack.name,
        "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": planned.parameters,
        "Tags": [{"Key": key, "Value": value} for key, value in stack.tags.items()],
    }
    if len(body.encode()) > _BODY_LIMIT_BYTES:
        request["TemplateURL"] = publisher.publish_template(stack, planned.place, body)
    else:
        request["TemplateBody"] = body
    return request


def _is_worth_executing(stack: AssembledStack, place: Place, change_set_id: str) -> bool:
    for _ in _polls():
        found = place.cloudformation.describe_change_set(ChangeSetName=change_set_id)
        if found["Status"] == "CREATE_COMPLETE":
            return True
        if found["Status"] == "FAILED":
            break
    place.cloudformation.delete_change_set(ChangeSetName=change_set_id)
    reason = found.get("StatusReason", "")
    if any(text in reason for text in _NO_CHANGES):
        return False
    raise DeployError(
        f"stack {stack.name} must have a valid change set, got {found['Status']}: {reason}; "
        "correct the stack and deploy again"
    )


def _wait_for_stack(
    stack: AssembledStack,
    place: Place,
    stack_id: str,
    token: str,
    on_progress: OnProgress | None,
) -> StackTypeDef:
    events = OperationEvents(place.cloudformation, stack, stack_id, token)
    for _ in _polls():
        # Seen before the events are read: the last look then has them all.
        found = describe(place, stack_id)
        if found is None:
            break
        if on_progress:
            events.tell(on_progress)
        if not found["StackStatus"].endswith("_IN_PROGRESS"):
            return found
    raise DeployError(
        f"stack {stack.name} must settle within {_DEADLINE_SECONDS} seconds, it did not; "
        "look at its events in CloudFormation"
    )


def _polls() -> Iterator[None]:
    pause, deadline = _FIRST_POLL_SECONDS, time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline:
        yield
        time.sleep(pause)
        pause = min(pause * 1.5, _LAST_POLL_SECONDS)


def _failed(stack: AssembledStack, place: Place, settled: StackTypeDef, token: str) -> DeployError:
    events = OperationEvents(place.cloudformation, stack, settled["StackId"], token)
    failures = events.failures()
    reason = "" if failures else f": {events.reason() or settled.get('StackStatusReason', '')}"
    return DeployError(
        f"stack {stack.name} failed ({settled['StackStatus']}){reason}; "
        "correct what is named here and deploy again",
        failures=failures,
    )
