"""Where profiles are kept."""

from datetime import datetime

import boto3
from event_services.refused import ignored, refusals

# Source: DynamoDB developer guide, "Error handling with DynamoDB" (read 2026-11-23). A missing
# right is not among them: an operator grants it and sends the message again.
_FOR_GOOD = frozenset({"ResourceNotFoundException", "ValidationException"})


class ProfilesTable:
    """The users table, with the items that the sign-up workflow would store."""

    def __init__(self, table_name: str) -> None:
        self._table = boto3.resource("dynamodb").Table(table_name)

    def add(self, *, user_id: str, email_hash: str, signed_up_at: datetime) -> datetime:
        """Store a profile where there is none; when it was."""
        with refusals("DynamoDB", _FOR_GOOD):
            with ignored("ConditionalCheckFailedException"):
                self._table.put_item(
                    Item={
                        "pk": _key(user_id),
                        "userId": user_id,
                        "emailHash": email_hash,
                        "signedUpAt": signed_up_at.isoformat(),
                    },
                    ConditionExpression="attribute_not_exists(pk)",
                )
                return signed_up_at
            stored = self._table.get_item(Key={"pk": _key(user_id)}, ConsistentRead=True)
            return datetime.fromisoformat(str(stored["Item"]["signedUpAt"]))

    def remove(self, user_id: str) -> None:
        """Delete a profile if there is one; without its table there is none."""
        with ignored("ResourceNotFoundException"):
            self._table.delete_item(Key={"pk": _key(user_id)})


def _key(user_id: str) -> str:
    return f"USER#{user_id}"
