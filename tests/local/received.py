"""What comes into a queue of a stack."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

from constructs_lib.local import EmbeddedAccount

if TYPE_CHECKING:
    from tests.local.conftest import WaitUntil


def next_event(account: EmbeddedAccount, prefix: str, wait_until: WaitUntil) -> dict[str, Any]:
    """The next event in the only queue whose name starts so; it is taken out."""
    with closing(account.client("sqs")) as sqs:
        (url,) = sqs.list_queues(QueueNamePrefix=prefix)["QueueUrls"]
        message = wait_until(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))[0]
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    event: dict[str, Any] = json.loads(message["Body"])
    return event
