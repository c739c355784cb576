"""The AWS around a workflow under test: users table, user pool, and a bus with a listener."""

import json
from typing import Any

import boto3


class World:
    """Makes in moto what the workflows touch, and says what is in it."""

    def __init__(self) -> None:
        self.users = boto3.resource("dynamodb").create_table(
            TableName="users",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self._pools = boto3.client("cognito-idp")
        self.user_pool_id = self._pools.create_user_pool(PoolName="identities")["UserPool"]["Id"]
        self._queues = boto3.client("sqs")
        self._queue_url = self._queues.create_queue(QueueName="listener")["QueueUrl"]
        queue = self._queues.get_queue_attributes(
            QueueUrl=self._queue_url, AttributeNames=["QueueArn"]
        )
        events = boto3.client("events")
        events.create_event_bus(Name="app-bus")
        events.put_rule(
            Name="all", EventBusName="app-bus", EventPattern='{"source": [{"exists": true}]}'
        )
        events.put_targets(
            Rule="all",
            EventBusName="app-bus",
            Targets=[{"Id": "listener", "Arn": queue["Attributes"]["QueueArn"]}],
        )

    def reservations(self) -> list[dict[str, Any]]:
        return list(self.users.scan()["Items"])

    def identities(self) -> list[dict[str, str]]:
        users = self._pools.list_users(UserPoolId=self.user_pool_id)["Users"]
        return [
            {
                "Username": user["Username"],
                **{a["Name"]: a["Value"] for a in user["Attributes"] if a["Name"] != "sub"},
            }
            for user in users
        ]

    def events(self) -> list[dict[str, Any]]:
        """Take the events that came to the listener since the last look."""
        messages = self._queues.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=10
        ).get("Messages", [])
        for message in messages:
            self._queues.delete_message(
                QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"]
            )
        return [json.loads(message["Body"]) for message in messages]

    def clear(self) -> None:
        """Forget users, identities and events."""
        for reservation in self.reservations():
            self.users.delete_item(Key={"pk": reservation["pk"]})
        for identity in self.identities():
            self._pools.admin_delete_user(
                UserPoolId=self.user_pool_id, Username=identity["Username"]
            )
        while self.events():
            pass
