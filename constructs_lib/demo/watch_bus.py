"""Hear everything that is said on a bus."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from constructs_lib.demo.follow_events import QueueReader
from constructs_lib.local import EmbeddedAws

_NAME = "duet-demo-watch"
#: What happens now: a replay says nothing new.
_PATTERN = {"version": ["0"], "replay-name": [{"exists": False}]}


@contextmanager
def watched_bus(aws: EmbeddedAws, bus_arn: str) -> Iterator[QueueReader]:
    """Read all events of the bus from a queue of its own, by a rule that is gone afterwards.

    After an error both stay: the embedded AWS ends with the demo, and may be what failed.
    """
    events, queues = aws.client("events"), aws.client("sqs")
    bus_name = bus_arn.rpartition("/")[2]
    queue_url = queues.create_queue(QueueName=_NAME)["QueueUrl"]
    queue_arn = queues.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])[
        "Attributes"
    ]["QueueArn"]
    events.put_rule(Name=_NAME, EventBusName=bus_name, EventPattern=json.dumps(_PATTERN))
    events.put_targets(
        Rule=_NAME, EventBusName=bus_name, Targets=[{"Id": "queue", "Arn": queue_arn}]
    )
    yield QueueReader(aws, queue_url)
    events.remove_targets(Rule=_NAME, EventBusName=bus_name, Ids=["queue"])
    events.delete_rule(Name=_NAME, EventBusName=bus_name)
    queues.delete_queue(QueueUrl=queue_url)
