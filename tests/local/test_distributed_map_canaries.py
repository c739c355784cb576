"""What plain MiniStack does with Distributed Maps and nested executions, and AWS does not.

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
import json, time
from ministack.services import s3, stepfunctions

def make(states, **fields):
    definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
    machine = stepfunctions._create_state_machine({
        "name": f"m{time.monotonic_ns()}",
        "definition": json.dumps({**definition, **fields}),
        "roleArn": "arn:aws:iam::000000000000:role/any",
    })
    return json.loads(machine[2])["stateMachineArn"]

def run(states, given=None, **fields):
    request = {"stateMachineArn": make(states, **fields), "input": json.dumps(given or {})}
    return json.loads(stepfunctions._start_sync_execution(request)[2])

def mapped(states, **fields):
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    processor = {"ProcessorConfig": config, "StartAt": next(iter(states)), "States": states}
    return {"M": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}}

def task(machine, pattern, **arguments):
    resource = f"arn:aws:states:::states:startExecution{pattern}"
    arguments = {"StateMachineArn": machine, **arguments}
    return {"T": {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True}}

def children():
    [last] = list(stepfunctions._map_runs.values())[-1:]
    found = stepfunctions._executions.values()
    return [each for each in found if each.get("mapRunArn") == last["mapRunArn"]]

def reader(kind, key):
    arguments = {"Bucket": "probes", "Key": key}
    config = {"InputType": kind}
    return {"Resource": "arn:aws:states:::s3:getObject", "Arguments": arguments,
            "ReaderConfig": config}

same = {"A": {"Type": "Pass", "End": True}}
fail = {"A": {"Type": "Fail", "Error": "E"}}
answers = {}
answers["items"] = json.loads(run(mapped(same, Items=[1, 2]), {"other": 1})["output"])
selector = {"v": "{% $states.context.Map.Item.Value %}"}
answers["selector"] = json.loads(run(mapped(same, ItemSelector=selector), [1])["output"])
answers["output"] = json.loads(run(mapped(same, Output="mine"), [1])["output"])
batcher = {"MaxItemsPerBatch": 2}
answers["batches"] = json.loads(run(mapped(same, ItemBatcher=batcher), [1, 2])["output"])
answers["bound"] = run(mapped(same, MaxConcurrency="{% 2 %}"), [1])["error"]
tolerated = {"ToleratedFailureCount": 5}
answers["failed item"] = json.loads(run(mapped(fail, **tolerated), [1])["output"])

s3._create_bucket("probes", b"", {})
s3._put_object("probes", "key", b"[1]", {})
s3._put_object("probes", "lines", json.dumps("a\\u2028b", ensure_ascii=False).encode(), {})
keys = ("key", "{% 'key' %}")
ran = [run(mapped(same, ItemReader=reader("JSON", key))) for key in keys]
answers["reader"] = [each["status"] for each in ran]
answers["lines"] = run(mapped(same, ItemReader=reader("JSONL", "lines")))["error"]
writer = {"Resource": "arn:aws:states:::s3:putObject", "Arguments": {"Bucket": "probes"}}
answers["writer"] = json.loads(run(mapped(same, ResultWriter=writer), [1])["output"])
run(mapped(fail, MaxConcurrency=1), [1, 2])
answers["begun after too many failures"] = len(children())
own = {"A": {"Type": "Pass", "Output": "{% $states.context.Execution.Id %}", "End": True}}
run(mapped(own), [1])
[child] = children()
answers["own id"] = json.loads(child["output"]) == child["executionArn"]
answers["own history"] = len(child["events"])

failing = make(fail)
answers["nested failure"] = run(task(failing, ".sync:2"))["error"]
named = make(same)
run(task(named, ".sync:2", Name="one"))
answers["taken name of sync"] = run(task(named, ".sync:2", Name="one"))["status"]
answers["taken name"] = run(task(named, "", Name="one"))["error"]
waiting = make({"A": {"Type": "Wait", "Seconds": 60, "End": True}})
request = {"stateMachineArn": waiting, "name": "one"}
answers["repeated start"] = [stepfunctions._start_execution(request)[0] for _ in range(2)]
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What plain MiniStack answers to ``PROBES``."""
    state = str(tmp_path_factory.mktemp("plain"))
    environment = {**os.environ, "STATE_DIR": state}
    output = subprocess.check_output(
        [sys.executable, "-c", PROBES], text=True, stderr=subprocess.DEVNULL, env=environment
    )
    return cast(dict[str, object], json.loads(output))


@pytest.mark.parametrize(
    ("extension", "probe", "answer"),
    [
        ("map_items", "items", [{"other": 1}]),
        ("map_items", "selector", [{"v": "{% $states.context.Map.Item.Value %}"}]),
        ("map_items", "batches", [1, 2]),
        ("map_items", "reader", ["SUCCEEDED", "FAILED"]),
        ("map_items", "lines", "States.Runtime"),
        ("map_results", "writer", [1]),
        ("map_results", "failed item", [None]),
        ("map_run_record", "bound", "States.Runtime"),
        ("distributed_map", "output", [1]),
        ("distributed_map", "begun after too many failures", 2),
        ("distributed_map", "own id", False),
        ("distributed_map", "own history", 0),
        ("nested_executions", "nested failure", "E"),
        ("nested_executions", "taken name of sync", "SUCCEEDED"),
        ("nested_executions", "taken name", "ExecutionAlreadyExists"),
        ("nested_executions", "repeated start", [200, 400]),
    ],
)
def test_canary_plain_ministack_does_not_do_as_aws(
    plain: dict[str, object], extension: str, probe: str, answer: object
) -> None:
    assert plain[probe] == answer, f"MiniStack has closed a gap of the extension {extension}"
