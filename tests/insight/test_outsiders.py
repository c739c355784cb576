"""What lies outside of an assembly is drawn with its own name, whatever stands in its ARN."""

import json
from pathlib import Path

import pytest

from constructs_lib.insight import load
from constructs_lib.insight.event_map import event_map
from constructs_lib.insight.outside import Outsider, outsider

_HERE = "${AWS::Region}:${AWS::AccountId}"


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        (f"arn:aws:sqs:{_HERE}:orders", Outsider("queue", "orders")),
        (f"arn:aws:events:{_HERE}:event-bus/shop", Outsider("bus", "shop")),
        ("arn:aws:events:eu-west-1:1:api-destination/crm/1", Outsider("destination", "crm/1")),
        (f"arn:aws:lambda:{_HERE}:function:pack:live", Outsider("function", "pack")),
        ("arn:aws:logs:eu-west-1:1:log-group:/aws/events/x:*", Outsider("logs", "/aws/events/x")),
        (f"arn:aws:states:{_HERE}:stateMachine:work", Outsider("workflow", "work")),
        ("arn:aws:dynamodb:eu-west-1:1:table/items/stream/2", Outsider("table", "items")),
        (f"arn:aws:ecs:{_HERE}:cluster/big", Outsider("other", "cluster/big", "ecs")),
        ("smk://broker:9092", Outsider("other", "smk://broker:9092")),
        ("", Outsider("other", "?")),
    ],
)
def test_an_arn_tells_what_it_is_and_how_it_is_called(text: str, drawn: Outsider) -> None:
    assert outsider(text) == drawn


def test_a_schedule_alone_is_no_reason_to_draw_the_default_bus(tmp_path: Path) -> None:
    queue = f"arn:aws:sqs:{_HERE}:orders"
    rule = {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "ScheduleExpression": "rate(1 hour)",
            "Targets": [{"Id": "a", "Arn": {"Fn::Sub": queue}}],
        },
    }
    path = tmp_path / "app.json"
    path.write_text(json.dumps({"Resources": {"Hourly": rule}}), encoding="utf-8")

    graph = event_map(load(path))

    assert [(node.kind, node.title) for node in graph.nodes] == [
        ("rule", "Hourly"),
        ("queue", "orders"),
    ]
