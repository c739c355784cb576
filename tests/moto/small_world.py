"""A small sign-up and the AWS around it: what the engine itself is tried on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import boto3

from constructs_lib.testing import JsonValue
from constructs_lib.testing.moto_engine import WorkflowEngine, WorkflowRun
from tests.moto.asl import Asl, jsonata, make_table

EMAIL = "ada@example.com"
EMAIL_HASH = hashlib.sha256(EMAIL.encode()).hexdigest()


@dataclass(frozen=True)
class SmallWorld:
    """The AWS resources around the sign-up workflow of these tests."""

    engine: WorkflowEngine
    pool_id: str
    queue_url: str

    def sign_up(self, email: str = f"  {EMAIL.upper()} ") -> WorkflowRun:
        return self.engine.run(sign_up(self.pool_id), {"email": email})

    def reserved(self) -> Sequence[Mapping[str, object]]:
        return boto3.client("dynamodb").scan(TableName="reservations")["Items"]

    def published(self) -> list[dict[str, JsonValue]]:
        answer = boto3.client("sqs").receive_message(QueueUrl=self.queue_url)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def make_small_world(engine: WorkflowEngine) -> SmallWorld:
    make_table()
    pool = boto3.client("cognito-idp").create_user_pool(PoolName="people")["UserPool"]["Id"]
    queue_url = boto3.client("sqs").create_queue(QueueName="seen")["QueueUrl"]
    events = boto3.client("events")
    events.create_event_bus(Name="app")
    events.put_rule(
        Name="all", EventBusName="app", EventPattern=json.dumps({"source": ["sign-up"]})
    )
    queue_arn = "arn:aws:sqs:us-east-1:123456789012:seen"
    events.put_targets(Rule="all", EventBusName="app", Targets=[{"Id": "seen", "Arn": queue_arn}])
    return SmallWorld(engine, pool, queue_url)


def sign_up(pool_id: str) -> Asl:
    undo: Asl = {
        "Assign": {"failure": "{% $states.errorOutput %}"},
        "Output": {"undone": "{% $states.errorOutput.Error %}"},
        "Next": "Release reservation",
    }
    return jsonata(
        {
            "Check request": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": "{% $contains($states.input.email, '@') %}", "Next": "Prepare"}
                ],
                "Default": "Invalid request",
            },
            "Invalid request": {
                "Type": "Fail",
                "Error": "{% 'SignUp.' & 'InvalidRequest' %}",
                "Cause": "{% 'no address: ' & $states.input.email %}",
            },
            "Prepare": {
                "Type": "Pass",
                "Assign": {
                    "userId": "{% $uuid() %}",
                    "email": "{% $lowercase($trim($states.input.email)) %}",
                    "emailHash": "{% $hash($lowercase($trim($states.input.email)), 'SHA-256') %}",
                },
                "Next": "Reserve email",
            },
            "Reserve email": {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:putItem",
                "Arguments": {
                    "TableName": "reservations",
                    "Item": {
                        "pk": {"S": "{% $emailHash %}"},
                        "userId": {"S": "{% $userId %}"},
                    },
                    "ConditionExpression": "attribute_not_exists(pk) OR userId = :me",
                    "ExpressionAttributeValues": {":me": {"S": "{% $userId %}"}},
                },
                "Catch": [
                    {
                        "ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"],
                        "Next": "Email taken",
                    }
                ],
                "Next": "Create identity",
            },
            "Email taken": {"Type": "Fail", "Error": "SignUp.EmailTaken"},
            "Create identity": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:cognitoidentityprovider:adminCreateUser",
                "Arguments": {
                    "UserPoolId": pool_id,
                    "Username": "{% $userId %}",
                    "UserAttributes": [{"Name": "email", "Value": "{% $email %}"}],
                },
                "Retry": [
                    {
                        "ErrorEquals": ["CognitoIdentityProvider.TooManyRequestsException"],
                        "IntervalSeconds": 10,
                        "MaxAttempts": 4,
                        "BackoffRate": 3,
                        "MaxDelaySeconds": 20,
                        "JitterStrategy": "FULL",
                    }
                ],
                "Catch": [{"ErrorEquals": ["States.ALL"], **undo}],
                "Output": {"created": "{% $states.result.User.UserCreateDate %}"},
                "Next": "Announce",
            },
            "Announce": {
                "Type": "Task",
                "Resource": "arn:aws:states:::events:putEvents",
                "Arguments": {
                    "Entries": [
                        {
                            "EventBusName": "app",
                            "Source": "sign-up",
                            "DetailType": "UserSignedUp",
                            "Detail": {"userId": "{% $userId %}"},
                        }
                    ]
                },
                "Catch": [{"ErrorEquals": ["EventBridge.FailedEntry"], **undo}],
                "Output": {"userId": "{% $userId %}", "created": "{% $states.input.created %}"},
                "End": True,
            },
            "Release reservation": {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:deleteItem",
                "Arguments": {
                    "TableName": "reservations",
                    "Key": {"pk": {"S": "{% $emailHash %}"}},
                },
                "Output": "{% $states.input %}",
                "Next": "Sign-up failed",
            },
            "Sign-up failed": {
                "Type": "Fail",
                "Error": "{% $failure.Error %}",
                "Cause": "{% 'undone after ' & $states.input.undone %}",
            },
        }
    )
