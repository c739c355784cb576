"""Upstream gap: nothing counts what partners send, so an event that nobody gets leaves no trace.

Each event that ``PutPartnerEvents`` accepts counts once for each account that its source is shared
with, in that account's CloudWatch metrics:

* ``AWS/Events`` ``Events`` by ``EventSourceName``, as on AWS: it came to the customer's bus;
* ``Duet/PartnerEvents`` ``Dropped`` by ``EventSourceName`` and ``State``, which AWS does not have:
  it was dropped because the source was PENDING or DELETED. One for a source that does not exist
  counts in the partner's account, its state NONE.

Inference: AWS counts an event as ingested only when its source is ACTIVE.
Source: EventBridge user guide, "Monitoring Amazon EventBridge" (read 2026-11-23).
"""

from ministack.services import cloudwatch


def count_received(event_source_name: str) -> None:
    """Count an event that comes to a bus of the current account."""
    _count("AWS/Events", "Events", {"EventSourceName": event_source_name})


def count_dropped(event_source_name: str, *, state: str) -> None:
    """Count an event that the current account does not get."""
    dimensions = {"EventSourceName": event_source_name, "State": state}
    _count("Duet/PartnerEvents", "Dropped", dimensions)


def _count(namespace: str, metric: str, dimensions: dict[str, str]) -> None:
    cloudwatch.record_metric(namespace, metric, 1, unit="Count", dimensions=dimensions)
