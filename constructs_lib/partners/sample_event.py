"""An event as a partner sends it, with made-up values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SampleEvent:
    """What a partner hands to EventBridge, without the source.

    Args:
        detail_type: What happened.
        detail: The event itself.
        resources: ARNs that the event is about.
    """

    detail_type: str
    detail: Mapping[str, object]
    resources: tuple[str, ...] = ()

    def entry(self, *, event_source_name: str) -> dict[str, object]:
        """An entry of PutPartnerEvents; with an ``EventBusName``, one of PutEvents."""
        return {
            "Source": event_source_name,
            "DetailType": self.detail_type,
            "Detail": json.dumps(self.detail),
            "Resources": list(self.resources),
        }
