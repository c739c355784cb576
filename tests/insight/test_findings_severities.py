"""How severe a finding is where that depends on what it is about."""

from pathlib import Path

import pytest

from constructs_lib.insight.findings import Severity, find_all
from tests.insight.insight_templates import (
    Resources,
    attribute,
    bus,
    publishing,
    read,
    resource,
    rule,
    target,
    task,
    workflow,
)

_SHOP = {"source": ["shop"]}
_QUEUE: Resources = {"Bus": bus(), "Inbox": resource("AWS::SQS::Queue")}
_LOG: Resources = {"Bus": bus(), "Log": resource("AWS::Logs::LogGroup")}
_END = {"Type": "Succeed"}
_BACK = {"Type": "Pass", "Next": "B"}
_TICKS = resource(
    "AWS::Events::Rule", ScheduleExpression="rate(1 hour)", Targets=[target("Handle")]
)
_FUNCTION: Resources = {"Bus": bus(), "Handle": resource("AWS::Lambda::Function")}
_SCHEDULE = resource(
    "AWS::Scheduler::Schedule",
    ScheduleExpression="rate(1 hour)",
    Target={"Arn": attribute("Handle"), "RoleArn": "arn:aws:iam::111122223333:role/Ticks"},
)


@pytest.mark.parametrize(
    ("rule_id", "resources", "severity"),
    [
        (
            "target-without-dead-letter-queue",
            {**_QUEUE, "Rule": rule(_SHOP, target("Inbox"))},
            "warning",
        ),
        ("target-without-dead-letter-queue", {**_LOG, "Rule": rule(_SHOP, target("Log"))}, "note"),
        ("target-without-dead-letter-queue", {**_FUNCTION, "Rule": _TICKS}, "note"),
        ("target-without-dead-letter-queue", {**_FUNCTION, "Ticks": _SCHEDULE}, "note"),
        (
            "function-without-failure-destination",
            {**_FUNCTION, "Rule": rule(_SHOP, target("Handle"))},
            "warning",
        ),
        ("function-without-failure-destination", {**_FUNCTION, "Rule": _TICKS}, "note"),
        (
            "function-without-failure-destination",
            {**_FUNCTION, "Ticks": _TICKS, "Rule": rule(_SHOP, target("Handle"))},
            "warning",
        ),
        ("unreachable-state", workflow({"A": _END, "B": _END}), "error"),
        (
            "unreachable-state",
            workflow({"A": _END, "B": {"Type": "Pass", "Next": "C"}, "C": _BACK}),
            "warning",
        ),
        ("task-without-timeout", workflow({"Call": task("dynamodb:putItem")}), "note"),
        ("task-without-timeout", workflow({"Run": task("ecs:runTask.sync")}), "warning"),
        (
            "task-without-timeout",
            workflow({"Run": task("athena:startQueryExecution.sync")}),
            "note",
        ),
        (
            "event-without-rule",
            {**_QUEUE, **workflow({"P": publishing("shop", "OrderPlaced")})},
            "note",
        ),
        (
            "event-without-rule",
            {
                **_QUEUE,
                **workflow({"P": publishing("shop", "OrderPlaced")}),
                "Rule": rule({"source": ["store"]}, target("Inbox")),
            },
            "warning",
        ),
        (
            "quota-exceeded",
            {**_QUEUE, "Rule": rule(_SHOP, *[target("Inbox", Id=str(n)) for n in range(6)])},
            "error",
        ),
        (
            "quota-exceeded",
            {**_QUEUE, "Rule": rule({"source": ["s" * 2_100]}, target("Inbox"))},
            "warning",
        ),
    ],
    ids=[
        "a queue loses events",
        "a log group loses lines",
        "a rule's tick holds nothing",
        "a schedule's tick holds nothing",
        "a function fails on events",
        "a function fails on ticks",
        "a function fails on both",
        "nothing leads to a state",
        "unreachable states lead to it",
        "a call answers or is ended",
        "a job may hang",
        "a job that its service ends",
        "whoever listens is elsewhere",
        "others listen here",
        "a quota that stays",
        "a quota that can be raised",
    ],
)
def test_a_finding_is_as_severe_as_what_it_is_about(
    rule_id: str, resources: Resources, severity: Severity, tmp_path: Path
) -> None:
    found = find_all(read(tmp_path, resources))

    assert {one.severity for one in found if one.rule == rule_id} == {severity}


def test_the_remedy_for_a_path_in_a_list_is_no_name(tmp_path: Path) -> None:
    parameters = {"Prepare": {"Type": "Pass", "End": True, "Parameters": {"ids": ["$.order.id"]}}}

    (found,) = find_all(read(tmp_path, workflow(parameters)))

    assert found.remedy == "write the list as States.Array(...) in a field 'ids.$'"
