"""What plain MiniStack does with workflows, where Duet's extensions make it do as AWS does.

A canary fails when MiniStack closes the gap itself: then drop that part of the extension it names.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import cast

import pytest

# Runs in a process without any extension; answers one JSON object.
PROBES = """
import inspect, json, time
from ministack.services import eventbridge, stepfunctions

def run(states, **fields):
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    machine = stepfunctions._create_state_machine({
        "name": f"m{time.monotonic_ns()}",
        "definition": json.dumps({**definition, **fields}),
        "roleArn": "arn:aws:iam::000000000000:role/any",
    })
    arn = json.loads(machine[2])["stateMachineArn"]
    ended = json.loads(stepfunctions._start_sync_execution({"stateMachineArn": arn})[2])
    events = stepfunctions._executions[ended["executionArn"]]["events"]
    return {**ended, "events": [event["type"] for event in events]}

def task(resource, arguments, **fields):
    resource = f"arn:aws:states:::{resource}"
    return {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True, **fields}

def parallel(states, **fields):
    branch = {"StartAt": next(iter(states)), "States": states}
    return {"Type": "Parallel", "Branches": [branch], **fields}

answers = {}
before = time.monotonic()
run({"A": {"Type": "Pass", "End": True}})
answers["start"] = time.monotonic() - before >= 0.15

inner = {"A": {"Type": "Pass", "Assign": {"mine": 1}, "End": True}}
ran = run({"P": parallel(inner, Output="mine", End=True)})
answers["output of parallel"] = json.loads(ran["output"])
answers["history of branches"] = "PassStateEntered" in ran["events"]
after = {"Type": "Pass", "Output": "{% $exists($mine) %}", "End": True}
ran = run({"P": parallel(inner, Next="B"), "B": after})
answers["variables of branches leak"] = json.loads(ran["output"])
fail = lambda error: {"Type": "Fail", "Error": error, "Cause": "c"}
late = {"W": {"Type": "Wait", "Seconds": 1, "Next": "L"}, "L": fail("Late")}
branches = [{"StartAt": "W", "States": late}, {"StartAt": "E", "States": {"E": fail("Early")}}]
ran = run({"P": {"Type": "Parallel", "Branches": branches, "End": True}})
answers["failure of branches"] = ran["error"]
ran = run({"S": {"Type": "Succeed", "Output": "mine"}})
answers["output of succeed"] = json.loads(ran["output"])
ran = run({"W": {"Type": "Wait", "Seconds": 2, "End": True}}, TimeoutSeconds=1)
answers["workflow over its limit"] = ran["status"]
stopped = {"status": "ABORTED", "events": [], "sync": True}
stepfunctions._fail_execution(stopped, "e", "c")
answers["stopped and failed"] = stopped["status"]

callback = inspect.getsource(stepfunctions._invoke_with_callback)
answers["scaled timeout of a token"] = "SCALE" in callback or "_scaled" in callback
source = inspect.getsource(stepfunctions)
for field in ("MaxDelaySeconds", "JitterStrategy", "HeartbeatSeconds", "previousEventId"):
    answers[field] = field in source
unknown = stepfunctions._send_task_success({"taskToken": "never made", "output": "{}"})
answers["unknown token"] = json.loads(unknown[2])["__type"]
catch = [{"ErrorEquals": ["States.ALL"], "Next": "B"}]
nowhere = task("aws-sdk:nosuchservice:act", {}, Catch=catch)
answers["runtime error is caught"] = run({"A": nowhere, "B": after})["status"]

queue = {"QueueUrl": "http://127.0.0.1/000000000000/gone", "MessageBody": "m"}
answers["error of a task"] = run({"A": task("aws-sdk:sqs:sendMessage", queue)})["error"]
wrong = task("aws-sdk:sqs:listQueues", {"NoSuchParameter": 1})
answers["unknown parameter"] = run({"A": wrong})["status"]
mail = task("aws-sdk:sesv2:listEmailIdentities", {})
answers["sesv2"] = run({"A": mail})["error"]
gone = {"TopicArn": "arn:aws:sns:us-east-1:000000000000:gone", "Message": "m"}
answers["error of sns:publish"] = run({"A": task("sns:publish", gone)})["error"]
put, seen = eventbridge._put_events, []
eventbridge._put_events = lambda request, **_: (seen.append(request), put(request))[1]
entry = {"Source": "s", "DetailType": "t", "Detail": "{}"}
run({"A": task("events:putEvents", {"Entries": [entry]})})
answers["resources of an event"] = seen[0]["Entries"][0].get("Resources", [])
api = {"ApiEndpoint": "https://127.0.0.1", "Method": "GET"}
answers["http:invoke"] = run({"A": task("http:invoke", api)})["error"]
checked = stepfunctions._validate_state_machine_definition({"definition": "{"})
answers["validation of no json"] = json.loads(checked[2])["result"]
made = stepfunctions._create_state_machine({"name": "none", "definition": "{"})
answers["creation from no json"] = made[0]
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What plain MiniStack answers to ``PROBES``."""
    state = str(tmp_path_factory.mktemp("plain"))
    environment = {**os.environ, "STATE_DIR": state, "SFN_WAIT_SCALE": "1"}
    output = subprocess.check_output(
        [sys.executable, "-c", PROBES], text=True, stderr=subprocess.DEVNULL, env=environment
    )
    return cast(dict[str, object], json.loads(output))


@pytest.mark.parametrize(
    ("extension", "probe", "answer"),
    [
        ("current_run", "start", True),
        ("definition_checks", "validation of no json", "OK"),
        ("definition_checks", "creation from no json", 200),
        ("branches", "output of parallel", [{}]),
        ("branches", "history of branches", False),
        ("branches", "variables of branches leak", True),
        ("branches", "output of succeed", {}),
        ("branch_failures", "failure of branches", "Late"),
        ("workflow_limits", "workflow over its limit", "SUCCEEDED"),
        ("workflow_limits", "stopped and failed", "FAILED"),
        ("task_tokens", "scaled timeout of a token", False),
        ("task_tokens", "HeartbeatSeconds", False),
        ("task_tokens", "unknown token", "TaskDoesNotExist"),
        ("previous_events", "previousEventId", False),
        ("retry_delays", "MaxDelaySeconds", False),
        ("retry_delays", "JitterStrategy", False),
        ("retry_delays", "runtime error is caught", "SUCCEEDED"),
        ("sdk_tasks", "error of a task", "Sqs.ServiceException"),
        ("sdk_tasks", "unknown parameter", "SUCCEEDED"),
        ("sdk_tasks", "sesv2", "States.Runtime"),
        ("http_task", "http:invoke", "States.Runtime"),
        ("publish_task", "error of sns:publish", "SNS.PublishFailed"),
        ("put_events_task", "resources of an event", []),
    ],
)
def test_canary_plain_ministack_does_not_do_as_aws(
    plain: dict[str, object], extension: str, probe: str, answer: object
) -> None:
    assert plain[probe] == answer, f"MiniStack has closed a gap of the extension {extension}"
