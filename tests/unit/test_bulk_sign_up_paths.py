"""Every state, transition and catch of BulkSignUp, its Distributed Map included, run in process.

``sfnx`` runs the synthesized definition; the test answers the tasks and the reader.
"""

import functools
import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from sfnx.testing import Call, Execution, Failure, run

from constructs_lib.orchestration.bulk_sign_up import BulkSignUp
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from tests.coverage_table import LOG
from tests.workflow_coverage import Paths, all_paths, catch_of, places

_FILE = {"bucket": "files", "key": "users.csv"}
_SIGN_UP_ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:sign-up"
_ROWS = [{"email": f"{name}@example.com", "name": name} for name in ("ada", "bob")]


@pytest.fixture
def definition(stack: Stack, synthesize: Callable[[], Template]) -> dict[str, Any]:
    BulkSignUp(
        stack,
        "Bulk",
        sign_up=sfn.StateMachine.from_state_machine_arn(stack, "SignUp", _SIGN_UP_ARN),
        bucket=s3.Bucket.from_bucket_name(stack, "Files", "files"),
    )
    template = synthesize().to_json()
    (logical_id,) = state_machine_ids(template)
    return dict(state_machine_definition(template, logical_id, substitutions={}))


def _answers(sign_up: str, call: Call) -> object:
    """Everybody's sign-up is new, or was started before and ended as ``sign_up`` says."""
    action = call.resource.split(":")[-1].split(".")[0]
    if "startExecution" in call.resource:
        if sign_up == "NEW":
            return {"Output": {"userId": "somebody"}}
        raise Failure("StepFunctions.ExecutionAlreadyExistsException", "started before")
    if action == "describeExecution":
        return {"Status": sign_up, "Output": json.dumps({"userId": "somebody"})}
    return {"ETag": '"etag"'} if action == "headObject" else _ROWS


def _taken(definition: dict[str, Any], execution: Execution, earlier: bool) -> Paths:
    """``sfnx`` gives states in order, no history; a catch is told by what was raised."""
    known = {place.name: place.state for place in places(definition)}
    next_to = set(zip(execution.states, execution.states[1:], strict=False))
    transitions = {
        each
        for each in all_paths(definition).transitions
        if (each.state, each.to) in next_to and not each.is_catch
    }
    caught = catch_of("Sign up", known["Sign up"], "StepFunctions.ExecutionAlreadyExistsException")
    if earlier and caught is not None:
        transitions.add(caught)
    taken = Paths(frozenset(execution.states), frozenset(transitions))
    LOG.note("a", definition, taken)
    return taken


def test_every_path_of_a_bulk_sign_up_ends_in_a_report_or_a_named_error(
    definition: dict[str, Any],
) -> None:
    taken, reports = Paths(), []
    for sign_up in ("NEW", "SUCCEEDED", "FAILED"):
        execution = run(definition, _FILE, functools.partial(_answers, sign_up))
        reports.append(execution.output)
        taken |= _taken(definition, execution, earlier=sign_up != "NEW")
    refused = run(definition, {"bucket": "elsewhere", "key": "users.csv"})
    taken |= _taken(definition, refused, earlier=False)

    assert refused.error == "BulkSignUp.InvalidRequest"
    assert all(isinstance(each, dict) and each["report"]["bucket"] == "files" for each in reports)
    assert all_paths(definition) - taken == Paths()
