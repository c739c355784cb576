"""The AWS around a workflow under test: table, user pool, mail, bus and topic with listeners."""

import json
from typing import Any

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends


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
        boto3.client("ses").verify_domain_identity(Domain="example.com")
        self._queues = boto3.client("sqs")
        self._listener_url, listener_arn = self._queue("listener")
        self._operators_url, operators_arn = self._queue("operators")
        topics = boto3.client("sns")
        topic_arn = topics.create_topic(Name="operators")["TopicArn"]
        topics.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=operators_arn)
        events = boto3.client("events")
        events.create_event_bus(Name="app-bus")
        events.put_rule(
            Name="all", EventBusName="app-bus", EventPattern='{"source": [{"exists": true}]}'
        )
        events.put_targets(
            Rule="all",
            EventBusName="app-bus",
            Targets=[{"Id": "listener", "Arn": listener_arn}],
        )

    def _queue(self, name: str) -> tuple[str, str]:
        url = self._queues.create_queue(QueueName=name)["QueueUrl"]
        attributes = self._queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, attributes["Attributes"]["QueueArn"]

    def items(self, kind: str) -> list[dict[str, Any]]:
        """The users table's items of a kind: EMAIL, CODE or USER."""
        items: list[dict[str, Any]] = list(self.users.scan()["Items"])
        return [item for item in items if item["pk"].startswith(f"{kind}#")]

    def reservations(self) -> list[dict[str, Any]]:
        return self.items("EMAIL")

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
        return self._take(self._listener_url)

    def notices(self) -> list[dict[str, Any]]:
        """Take the notices that came to the operators since the last look."""
        return [json.loads(notice["Message"]) for notice in self._take(self._operators_url)]

    def mails(self) -> list[str]:
        """The texts of all mails, oldest first."""
        backend = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
        return [str(getattr(message, "body", message)) for message in backend.sent_messages]

    def is_empty(self) -> bool:
        """Whether no user, code, profile or identity is left, not even a half-made one."""
        return not self.users.scan()["Items"] and not self.identities()

    def _take(self, queue_url: str) -> list[dict[str, Any]]:
        taken = []
        while messages := self._queues.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10
        ).get("Messages"):
            for message in messages:
                taken.append(json.loads(message["Body"]))
                self._queues.delete_message(
                    QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
        return taken

    def clear(self) -> None:
        """Forget users, identities, mails, events and notices."""
        ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages.clear()
        for item in self.users.scan()["Items"]:
            self.users.delete_item(Key={"pk": item["pk"]})
        for identity in self.identities():
            self._pools.admin_delete_user(
                UserPoolId=self.user_pool_id, Username=identity["Username"]
            )
        self.events()
        self.notices()
