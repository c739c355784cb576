"""An account of its own for each test about faults."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAccount, EmbeddedAws
from tests.local.conftest import WaitUntil
from tests.local.workflows import Workflows

THROTTLED = "ProvisionedThroughputExceededException"
PUT_ITEM: dict[str, Any] = {"service": "dynamodb", "action": "PutItem"}


class World:
    """An account of one test with a table in it."""

    def __init__(self, account: EmbeddedAccount, wait_until: WaitUntil) -> None:
        self._closing = ExitStack()
        self.account = account
        self.tables = self.client("dynamodb")
        self.workflows = Workflows(self.client("stepfunctions"), wait_until)
        self.tables.create_table(
            TableName="Items",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def client(self, service: Any) -> Any:
        client = self.account.client(service)
        self._closing.callback(client.close)
        return client

    def close(self) -> None:
        self.account.clear_faults()
        self._closing.close()

    def put(self, key: str = "one") -> str:
        """Put an item; the name of the error, empty for none."""
        try:
            self.tables.put_item(TableName="Items", Item={"pk": {"S": key}})
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    def keys(self) -> set[str]:
        return {item["pk"]["S"] for item in self.tables.scan(TableName="Items")["Items"]}

    def injected(self) -> list[tuple[str, str]]:
        return [(one.action, one.error) for one in self.account.injected_faults()]


@contextmanager
def new_world(aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[World]:
    """A world in a new account of an embedded AWS."""
    world = World(aws.account(str(uuid.uuid4().int)[:12]), wait_until)
    try:
        yield world
    finally:
        world.close()
