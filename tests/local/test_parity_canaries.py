"""What plain MiniStack does with workflows and patterns, where Duet's extensions do as AWS does.

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
import json
from ministack.services import eventbridge, stepfunctions as sfn

def run(states, given=None, **fields):
    definition = {"StartAt": next(iter(states)), "States": states, **fields}
    machine = sfn._create_state_machine({
        "name": f"m{len(sfn._state_machines._data)}", "definition": json.dumps(definition),
        "roleArn": "arn:aws:iam::000000000000:role/any",
    })
    arn = json.loads(machine[2])["stateMachineArn"]
    request = {"stateMachineArn": arn, "input": json.dumps(given or {})}
    ended = json.loads(sfn._start_sync_execution(request)[2])
    events = sfn._executions[ended["executionArn"]]["events"]
    return {**ended, "events": [event["type"] for event in events]}

def passes(given=None, **fields):
    return run({"P": {"Type": "Pass", "End": True, **fields}}, given)

def call(expression, given=None):
    return json.loads(passes(given, Parameters={"v.$": expression})["output"])["v"]

def choose(given, **rule):
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "Y"}], "Default": "N"}
    return run({"C": choice, "Y": {"Type": "Succeed"}, "N": {"Type": "Fail"}}, given)["status"]

answers = {}
answers["filter"] = call("$.a[?(@.b == 1)]", {"a": [{"b": 1}]})
answers["missing path"] = passes(Parameters={"v.$": "$.gone"})["status"]
assigning = {"Type": "Pass", "Assign": {"x": 1}, "Next": "B"}
reading = {"Type": "Pass", "Parameters": {"x.$": "$x"}, "End": True}
answers["variable"] = json.loads(run({"A": assigning, "B": reading})["output"])["x"]
answers["format of null"] = call("States.Format('{}', $.a)", {"a": None})
answers["boolean is a number"] = choose({"a": 0}, Variable="$.a", BooleanEquals=False)
wait = {"Type": "Wait", "SecondsPath": "$.n", "End": True}
answers["negative wait"] = run({"W": wait}, {"n": -1})["status"]
answers["too much data"] = passes(Result="x" * 300000)["status"]
answers["empty fail"] = run({"F": {"Type": "Fail"}})["error"]
bad = {"Type": "Pass", "Output": "{% $gone %}", "End": True}
ended = run({"P": bad}, QueryLanguage="JSONata")
answers["evaluation failed"] = "EvaluationFailed" in ended["events"]
answers["cause without state"] = "executing the state" in ended["cause"]
call_it = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:listQueues", "End": True}
null = {"Type": "Pass", "Output": "{% $parse('null') %}", "End": True}
ended = run({"P": null}, QueryLanguage="JSONata")
answers["null is undefined"] = ended["status"]
given = [{"n": 1}, {"n": 2}]
answers["filter as argument"] = call("States.JsonToString($[?(@.n > 1)])", given)
answers["context without role"] = passes(InputPath="$$.Execution.RoleArn")["status"]
answers["output of a failed one"] = run({"F": {"Type": "Fail", "Error": "E"}})["output"]
key = {"TableName": "gone", "Key": {"id": {"S": "1"}}}
get = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "Parameters": key}
answers["cause without service"] = "Service:" in run({"T": {**get, "End": True}})["cause"]
answers["task started"] = "TaskStarted" in run({"T": call_it})["events"]
inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
mapped = run({"M": {"Type": "Map", "ItemProcessor": inner, "End": True}}, [1])
answers["map started"] = "MapStateStarted" in mapped["events"]
answers["no array"] = run({"M": {"Type": "Map", "ItemProcessor": inner, "End": True}})["status"]
both = run({"P": {"Type": "Parallel", "Branches": [inner], "End": True}})
answers["parallel started"] = "ParallelStateStarted" in both["events"]
far = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **inner}
far_map = {"Type": "Map", "ItemProcessor": far, "End": True}
answers["distributed map started"] = "MapStateStarted" in run({"M": far_map}, [1])["events"]

def matches(pattern, detail):
    event = json.dumps({"id": "1", "detail-type": "d", "source": "s", "account": "1",
                        "time": "2026-11-23T12:00:00Z", "region": "us-east-1", "detail": detail})
    request = {"EventPattern": pattern, "Event": event}
    return json.loads(eventbridge._test_event_pattern(request)[2]).get("Result", "refused")

answers["dotted name"] = matches('{"detail": {"a": {"b": [1]}}}', {"a.b": 1})
answers["or that is none"] = matches('{"source": ["s"], "$or": {"a": ["b"]}}', {})
answers["tiny number"] = matches('{"detail": {"a": [{"numeric": ["=", 1E-325]}]}}', {})
about = {"InputPathsMap": {"first": "$.detail.ids[0]"}, "InputTemplate": '"<first>"'}
view = eventbridge._pattern_event_view({"Detail": json.dumps({"ids": ["a"]})})
answers["element of a list"] = eventbridge._apply_input_transformer(about, None, view)
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What plain MiniStack answers to ``PROBES``."""
    state = str(tmp_path_factory.mktemp("plain"))
    environment = {**os.environ, "STATE_DIR": state, "SFN_WAIT_SCALE": "0"}
    output = subprocess.check_output(
        [sys.executable, "-c", PROBES], text=True, stderr=subprocess.DEVNULL, env=environment
    )
    return cast(dict[str, object], json.loads(output))


@pytest.mark.parametrize(
    ("extension", "probe", "answer"),
    [
        ("paths", "filter", None),
        ("paths", "missing path", "SUCCEEDED"),
        ("paths", "context without role", "SUCCEEDED"),
        ("variables", "variable", None),
        ("intrinsic_functions", "format of null", "None"),
        ("intrinsic_arguments", "filter as argument", "null"),
        ("jsonata_parse", "null is undefined", "FAILED"),
        ("choice_rules", "boolean is a number", "SUCCEEDED"),
        ("waits", "negative wait", "SUCCEEDED"),
        ("data_limit", "too much data", "SUCCEEDED"),
        ("failed_executions", "empty fail", "States.Fail"),
        ("failed_executions", "output of a failed one", '{"Error": "E", "Cause": ""}'),
        ("jsonata_failures", "evaluation failed", False),
        ("state_errors", "cause without state", False),
        ("task_history", "task started", False),
        ("optimized_errors", "cause without service", False),
        ("branch_history", "map started", False),
        ("branch_history", "parallel started", False),
        ("inline_map", "no array", "SUCCEEDED"),
        ("distributed_map_history", "distributed map started", False),
        ("input_transformers", "element of a list", '""'),
        ("event_patterns", "dotted name", False),
        ("event_patterns", "or that is none", False),
        ("event_patterns", "tiny number", False),
    ],
)
def test_canary_plain_ministack_does_not_do_as_aws(
    plain: dict[str, object], extension: str, probe: str, answer: object
) -> None:
    assert plain[probe] == answer, f"MiniStack has closed a gap of the extension {extension}"
