"""A cloud assembly to measure the test kit with: orders that come by events, written by hand.

An order starts a workflow that checks it, reserves the goods in a table, waits an hour, and tells
of it on the bus, from where it comes to a queue. What cannot be delivered ends in a dead-letter
queue. No Node is needed to make it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_SOURCE = "orders"
_RETRY = {
    "ErrorEquals": ["DynamoDb.ProvisionedThroughputExceededException"],
    "IntervalSeconds": 2,
    "BackoffRate": 2,
    "MaxAttempts": 3,
}


def write_assembly(folder: Path) -> Path:
    """Write the assembly into ``folder``, which is made; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    artifact = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "Orders.template.json"},
    }
    manifest = {"version": "48.0.0", "artifacts": {"Orders": artifact}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    template = {"Resources": _resources()}
    (folder / "Orders.template.json").write_text(json.dumps(template), encoding="utf-8")
    return folder


def _resources() -> dict[str, Any]:
    return {
        "Bus": _resource("AWS::Events::EventBus", Name="orders"),
        "Goods": _resource(
            "AWS::DynamoDB::Table",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        ),
        "DeadLetters": _resource("AWS::SQS::Queue"),
        "Parcels": _resource("AWS::SQS::Queue"),
        "Role": _resource(
            "AWS::IAM::Role",
            AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": []},
        ),
        "Checkout": _resource(
            "AWS::StepFunctions::StateMachine",
            RoleArn=_arn("Role"),
            DefinitionString=json.dumps(_definition()),
            DefinitionSubstitutions={"Goods": {"Ref": "Goods"}, "Bus": {"Ref": "Bus"}},
        ),
        "StartCheckout": _rule("OrderPlaced", "Checkout", role=True),
        "SendParcel": _rule("OrderReserved", "Parcels"),
    }


def _definition() -> dict[str, Any]:
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "Check order",
        "States": {
            "Check order": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": "{% $states.input.detail.amount > 0 %}", "Next": "Reserve goods"}
                ],
                "Default": "Refuse order",
            },
            "Refuse order": {"Type": "Fail", "Error": "Orders.NoAmount", "Cause": "nothing to pay"},
            "Reserve goods": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:dynamodb:putItem",
                "Arguments": {
                    "TableName": "${Goods}",
                    "Item": {"id": {"S": "{% $states.input.detail.id %}"}},
                    "ConditionExpression": "attribute_not_exists(id)",
                },
                "Output": "{% $states.input %}",
                "Retry": [_RETRY],
                "Next": "Wait for payment",
            },
            "Wait for payment": {"Type": "Wait", "Seconds": 3600, "Next": "Announce"},
            "Announce": {
                "Type": "Task",
                "Resource": "arn:aws:states:::events:putEvents",
                "Arguments": {
                    "Entries": [
                        {
                            "EventBusName": "${Bus}",
                            "Source": _SOURCE,
                            "DetailType": "OrderReserved",
                            "Detail": {"id": "{% $states.input.detail.id %}"},
                        }
                    ]
                },
                "End": True,
            },
        },
    }


def _rule(detail_type: str, target: str, *, role: bool = False) -> dict[str, Any]:
    return _resource(
        "AWS::Events::Rule",
        EventBusName={"Ref": "Bus"},
        EventPattern={"source": [_SOURCE], "detail-type": [detail_type]},
        Targets=[
            {
                "Id": "target",
                "Arn": {"Ref": target} if role else _arn(target),
                "DeadLetterConfig": {"Arn": _arn("DeadLetters")},
                "RetryPolicy": {"MaximumRetryAttempts": 2},
                **({"RoleArn": _arn("Role")} if role else {}),
            }
        ],
    )


def _resource(type_: str, **properties: Any) -> dict[str, Any]:
    return {"Type": type_, "Properties": properties}


def _arn(logical_id: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [logical_id, "Arn"]}
