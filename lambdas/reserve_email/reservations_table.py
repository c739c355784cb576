"""Where decisions and reservations are kept."""

from collections.abc import Mapping, Sequence
from typing import Any

import boto3
from botocore.exceptions import ClientError
from event_models import SignUpFailed, SignUpRejected
from event_services import Decisions

from reserve_email.reservations import Decision, Reserved


class ReservationsTable:
    """The service's own DynamoDB table: ``EMAIL#hash`` and ``REQUEST#id`` items under ``pk``.

    An address and the decision about it change in one transaction.
    """

    def __init__(self, table_name: str) -> None:
        self._name = table_name
        # The client of a resource takes and gives Python values.
        self._client = boto3.resource("dynamodb").meta.client
        self._decisions = Decisions[Decision](
            table_name, key="pk", models=[Reserved, SignUpRejected, SignUpFailed]
        )

    def find(self, request_id: str) -> Decision | None:
        """What was decided about a request."""
        return self._decisions.find(_request(request_id))

    def reject(self, rejected: SignUpRejected) -> Decision:
        """Keep a rejection; what stands for the request."""
        return self._decisions.keep(_request(rejected.request_id), rejected)

    def reserve(self, request_id: str, reserved: Reserved) -> Decision | None:
        """Reserve an address; what stands for the request, or nothing if it is another's."""
        reservation = {
            "pk": _email(reserved),
            "userId": reserved.user_id,
            "requestId": request_id,
        }
        if self._write(
            {"Put": self._new(reservation)},
            {"Put": self._new(self._decisions.item(_request(request_id), reserved))},
        ):
            return reserved
        return self.find(request_id)

    def release(self, reserved: Reserved, failed: SignUpFailed) -> Decision:
        """Release an address and keep the failure; what stands for the request."""
        key = _request(failed.request_id)
        if self._write(
            {
                "Delete": {
                    "TableName": self._name,
                    "Key": {"pk": _email(reserved)},
                    "ConditionExpression": "attribute_not_exists(pk) OR userId = :userId",
                    "ExpressionAttributeValues": {":userId": reserved.user_id},
                }
            },
            {
                "Put": {
                    "TableName": self._name,
                    "Item": self._decisions.item(key, failed),
                    "ConditionExpression": "decision = :reserved",
                    "ExpressionAttributeValues": {":reserved": Reserved.__name__},
                }
            },
        ):
            return failed
        # Another delivery of the event was quicker, or the address is somebody else's by now.
        return self._decisions.overrule(key, failed, instead_of=Reserved)

    def _new(self, item: Mapping[str, str]) -> dict[str, object]:
        return {
            "TableName": self._name,
            "Item": item,
            "ConditionExpression": "attribute_not_exists(pk)",
        }

    def _write(self, *changes: Mapping[str, object]) -> bool:
        """Make all changes, or none because a condition does not hold."""
        # boto3 converts the values in lists, not in tuples.
        items: list[Any] = list(changes)
        try:
            self._client.transact_write_items(TransactItems=items)
        except ClientError as error:
            reasons: Sequence[Any] = error.response.get("CancellationReasons", [])
            codes = {reason.get("Code") for reason in reasons}
            # Conflicts with another transaction are in the codes too: the event comes back.
            if "ConditionalCheckFailed" in codes and codes <= {"ConditionalCheckFailed", "None"}:
                return False
            raise
        return True


def _email(reserved: Reserved) -> str:
    return f"EMAIL#{reserved.email_hash}"


def _request(request_id: str) -> str:
    return f"REQUEST#{request_id}"
