"""Telling the bus."""

import boto3
from event_models import Detail


class EventPublisher:
    """Publishes details under the name and the source of their model."""

    def __init__(self, event_bus_name: str) -> None:
        self._event_bus_name = event_bus_name
        self._events = boto3.client("events")

    def publish(self, detail: Detail) -> None:
        """Publish one event, or raise: EventBridge may refuse an entry of an accepted call."""
        answer = self._events.put_events(
            Entries=[
                {
                    "EventBusName": self._event_bus_name,
                    "Source": detail.event_source,
                    "DetailType": type(detail).__name__,
                    "Detail": detail.model_dump_json(by_alias=True),
                }
            ]
        )
        if answer["FailedEntryCount"]:
            raise RuntimeError(f"not published: {answer['Entries'][0].get('ErrorCode')}")
