"""What a service has decided, kept before it is told."""

from collections.abc import Sequence
from typing import Generic, TypeVar

import boto3
from botocore.exceptions import ClientError
from event_models import Detail

D = TypeVar("D", bound=Detail)


class Decisions(Generic[D]):
    """A table of one decision per key, each kept as the detail that tells it.

    The first decision stays. A service that is asked again, after a crash or by a repeated event,
    finds it and tells the same again.
    """

    def __init__(self, table_name: str, *, key: str, models: Sequence[type[D]]) -> None:
        self._table = boto3.resource("dynamodb").Table(table_name)
        self._key = key
        self._models = {model.__name__: model for model in models}

    def find(self, value: str) -> D | None:
        """The decision, if there is one."""
        answer = self._table.get_item(Key={self._key: value}, ConsistentRead=True)
        item = answer.get("Item")
        if item is None:
            return None
        return self._models[str(item["decision"])].model_validate_json(str(item["detail"]))

    def keep(self, value: str, decision: D) -> D:
        """Keep a decision where there is none; the answer is the one that stands."""
        return self._put(value, decision, f"attribute_not_exists({self._key})")

    def overrule(self, value: str, decision: D, *, instead_of: type[D]) -> D:
        """Keep a decision where there is none or one of a kind; the answer is what stands."""
        condition = f"attribute_not_exists({self._key}) OR decision = :old"
        return self._put(value, decision, condition, {":old": instead_of.__name__})

    def item(self, value: str, decision: D) -> dict[str, str]:
        """The item of a decision, for those who write more than it in one transaction."""
        return {
            self._key: value,
            "decision": type(decision).__name__,
            "detail": decision.model_dump_json(by_alias=True),
        }

    def _put(
        self, value: str, decision: D, condition: str, values: dict[str, str] | None = None
    ) -> D:
        more = {"ExpressionAttributeValues": values} if values else {}
        try:
            self._table.put_item(
                Item=self.item(value, decision),
                ConditionExpression=condition,
                **more,  # type: ignore[arg-type]  # the stub wants its own TypedDict
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            standing = self.find(value)
            if standing is None:
                raise
            return standing
        return decision
