"""Schedules of EventBridge Scheduler: read, drawn and priced, whatever they call."""

import json
from pathlib import Path
from typing import Any

from constructs_lib.insight import load
from constructs_lib.insight.cost import cost_report
from constructs_lib.insight.event_map import event_map
from constructs_lib.insight.model import Assembly

_QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {}}


def _assembly(folder: Path, target: dict[str, Any], **schedule: Any) -> Assembly:
    template = {
        "Resources": {
            "Work": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "StateMachineName": {"Fn::Sub": "${AWS::StackName}-work"},
                    "Definition": {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}},
                },
            },
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "shop"}},
            "Lost": _QUEUE,
            "Every": {
                "Type": "AWS::Scheduler::Schedule",
                "Properties": {
                    "ScheduleExpression": "rate(1 hour)",
                    "FlexibleTimeWindow": {"Mode": "OFF"},
                    "Target": {"RoleArn": "arn:aws:iam::111122223333:role/r", **target},
                    **schedule,
                },
            },
        }
    }
    path = folder / "app.json"
    path.write_text(json.dumps(template), encoding="utf-8")
    return load(path)


def _edges(assembly: Assembly) -> set[tuple[str, str, str]]:
    graph = event_map(assembly)
    titles = {node.id: node.title for node in graph.nodes}
    return {(titles[edge.source], edge.kind, titles[edge.target]) for edge in graph.edges}


def test_a_schedule_leads_to_what_it_starts_and_to_where_its_failures_go(tmp_path: Path) -> None:
    assembly = _assembly(
        tmp_path,
        {
            "Arn": {"Fn::GetAtt": ["Work", "Arn"]},
            "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Lost", "Arn"]}},
            "RetryPolicy": {"MaximumRetryAttempts": 3},
        },
    )

    (schedule,) = assembly.schedules
    assert schedule.target.max_attempts == 3
    assert _edges(assembly) == {("Every", "delivers", "Work"), ("Every", "fails", "Lost")}


def test_a_schedule_that_calls_any_service_leads_to_what_the_call_is_about(tmp_path: Path) -> None:
    name = "arn:aws:states:${AWS::Region}:${AWS::AccountId}:stateMachine:${AWS::StackName}-work"
    given = json.dumps({"StateMachineArn": name, "Input": "{}"})

    assembly = _assembly(
        tmp_path,
        {"Arn": "arn:aws:scheduler:::aws-sdk:sfn:startExecution", "Input": {"Fn::Sub": given}},
    )

    assert _edges(assembly) == {("Every", "delivers", "Work")}


def test_a_call_about_nothing_in_the_assembly_is_named_as_it_stands(tmp_path: Path) -> None:
    assembly = _assembly(
        tmp_path, {"Arn": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances", "Input": "{}"}
    )

    assert _edges(assembly) == {("Every", "delivers", "aws-sdk:ec2:stopInstances")}


def test_a_schedule_that_publishes_does_not_deliver_besides(tmp_path: Path) -> None:
    assembly = _assembly(
        tmp_path,
        {
            "Arn": {"Fn::GetAtt": ["Bus", "Arn"]},
            "EventBridgeParameters": {"Source": "clock", "DetailType": "Struck"},
        },
    )

    assert _edges(assembly) == {("Every", "publishes", "Bus")}


def test_when_and_whether_a_schedule_runs_is_drawn(tmp_path: Path) -> None:
    assembly = _assembly(
        tmp_path,
        {"Arn": {"Fn::GetAtt": ["Work", "Arn"]}},
        State="DISABLED",
        ScheduleExpressionTimezone="Europe/Berlin",
    )

    node = next(node for node in event_map(assembly).nodes if node.kind == "schedule")
    assert node.subtitle == "disabled · schedule, rate(1 hour) Europe/Berlin"


def test_a_schedule_costs_its_invocation_and_what_it_starts(tmp_path: Path) -> None:
    report = cost_report(_assembly(tmp_path, {"Arn": {"Fn::GetAtt": ["Work", "Arn"]}}))

    flow = next(flow for flow in report.flows if "Every" in flow.name)
    # Scheduler: 1 USD a million. A Standard workflow of one state: 25 USD a million.
    assert flow.usd_per_million == 26
