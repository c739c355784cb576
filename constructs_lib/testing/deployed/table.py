"""Look into a deployed DynamoDB table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from constructs_lib.testing.deployed.context import Context, in_time
from constructs_lib.testing.deployed.matching import holds
from constructs_lib.testing.deployed.resources import Resource
from constructs_lib.testing.deployed.waiting import Within

TABLE = "AWS::DynamoDB::Table"
GLOBAL_TABLE = "AWS::DynamoDB::GlobalTable"
_WITHIN_SECONDS = 10.0
_SHOWN = 5


class DeployedTable:
    """A table of the deployment.

    Attributes:
        name: Its name.
    """

    def __init__(self, context: Context, resource: Resource) -> None:
        self.name = resource.physical_id
        self._context = context
        self._path = resource.path
        self._region = resource.region

    def items(self) -> list[dict[str, Any]]:
        """All items, in Python's types; numbers are ``Decimal``, as boto3 has them."""
        from boto3.dynamodb.types import TypeDeserializer

        read = TypeDeserializer().deserialize
        pages = self._context.client("dynamodb", self._region).get_paginator("scan")
        return [
            {name: read(value) for name, value in item.items()}
            for page in pages.paginate(TableName=self.name, ConsistentRead=True)
            for item in page["Items"]
        ]

    def put(self, item: Mapping[str, Any]) -> None:
        """Write an item, in Python's types; numbers as ``int`` or ``Decimal``."""
        from boto3.dynamodb.types import TypeSerializer

        write = TypeSerializer().serialize
        self._context.client("dynamodb", self._region).put_item(
            TableName=self.name, Item={name: write(value) for name, value in item.items()}
        )

    def expect(
        self, wanted: Mapping[str, Any], *, within: Within = _WITHIN_SECONDS
    ) -> dict[str, Any]:
        """Wait for an item that has these attributes, and return it whole.

        Raises:
            ExpectationError: There was none when time was up.
        """
        __tracebackhide__ = True
        found = self._context.wait_for(
            lambda: next((each for each in self.items() if holds(wanted, each)), None), within
        )
        if found is None:
            shown = [json.dumps(each, default=str) for each in self.items()[:_SHOWN]]
            self._context.fail(
                f"expected an item with {json.dumps(wanted, default=str)} in {self._path} "
                f"{in_time(within)}, it has " + "\n  ".join(shown or ["none"])
            )
        return found
