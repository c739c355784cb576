"""A small shop as a cloud assembly written by hand: what the test kit's helpers speak to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.assemblies import Assembly, function_of_an_asset

_DEAD_LETTERS = {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}


def write_shop(folder: Path) -> Path:
    """Write the assembly; the folder, for ``duet_assembly``."""
    role, function, entry = function_of_an_asset(folder)
    role["Metadata"] = _path("Role")
    function["Metadata"] = _path("Greet")
    (folder / "asset.code" / "index.py").write_text(_HANDLER, encoding="utf-8")
    Assembly(folder).stack(
        "Shop",
        {
            "Role": role,
            "Greet": function,
            "Bus": _resource("Bus", "AWS::Events::EventBus", Name="shop"),
            "Partners": _resource("Freshdesk/Bus", "AWS::Events::EventBus", Name="stand-in"),
            "DeadLetters": _resource("Orders/DeadLetters", "AWS::SQS::Queue"),
            # As in a construct of one's own that names its main child as CDK does.
            "Orders": _resource("Orders/Queue/Resource", "AWS::SQS::Queue"),
            "Users": _resource(
                "Users",
                "AWS::DynamoDB::Table",
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            ),
            "OrdersRule": _rule("OrdersRule", "Bus", {"source": ["shop"]}),
            "TicketsRule": _rule(
                "TicketsRule",
                "Partners",
                {"source": [{"prefix": "stand-in.partner/freshworks.com/"}]},
            ),
            "Checkout": _workflow("Checkout", _CHECKOUT),
            "Quote": _workflow("Quote", _QUOTE, StateMachineType="EXPRESS"),
            "Approve": _workflow("Approve", _APPROVE),
        },
        files={"code": entry},
        Outputs={"BusName": {"Value": {"Ref": "Bus"}}},
    )
    return folder


_HANDLER = """
def handler(event, context):
    if "Records" in event and event["Records"][0]["body"] != "poison":
        return "read"
    if "name" not in event:
        raise KeyError("name")
    return f"hello {event['name']}"
"""
_CHECKOUT: dict[str, Any] = {
    "StartAt": "Check",
    "States": {
        "Check": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.amount > 0 %}", "Next": "Store"}],
            "Default": "Refuse",
        },
        "Refuse": {"Type": "Fail", "Error": "Shop.NoAmount", "Cause": "nothing to pay"},
        "Store": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:dynamodb:putItem",
            "Arguments": {"TableName": "${Users}", "Item": {"id": {"S": "buyer"}}},
            "Output": {"stored": "buyer"},
            "Retry": [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 60}],
            "Next": "Wait",
        },
        "Wait": {"Type": "Wait", "Seconds": 3600, "End": True},
    },
}
_QUOTE: dict[str, Any] = {
    "StartAt": "Price",
    "States": {"Price": {"Type": "Pass", "Output": {"price": 3}, "End": True}},
}
_APPROVE: dict[str, Any] = {
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Arguments": {
                "QueueUrl": "${Orders}",
                "MessageBody": {"token": "{% $states.context.Task.Token %}"},
            },
            "End": True,
        }
    },
}


def _workflow(id_: str, definition: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return _resource(
        id_,
        "AWS::StepFunctions::StateMachine",
        RoleArn={"Fn::GetAtt": ["Role", "Arn"]},
        DefinitionString=json.dumps({"QueryLanguage": "JSONata", **definition}),
        DefinitionSubstitutions={"Users": {"Ref": "Users"}, "Orders": {"Ref": "Orders"}},
        **properties,
    )


def _rule(id_: str, bus: str, pattern: dict[str, Any]) -> dict[str, Any]:
    target = {
        "Id": "orders",
        "Arn": {"Fn::GetAtt": ["Orders", "Arn"]},
        "DeadLetterConfig": _DEAD_LETTERS,
    }
    return _resource(
        id_,
        "AWS::Events::Rule",
        EventBusName={"Ref": bus},
        EventPattern=pattern,
        Targets=[target],
    )


def _resource(path: str, type_: str, **properties: Any) -> dict[str, Any]:
    return {"Type": type_, "Properties": properties, "Metadata": _path(path)}


def _path(path: str) -> dict[str, str]:
    return {"aws:cdk:path": f"Shop/{path}/Resource"}
