"""Let a SaaS partner send an event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.testing.deployed.bus import EVENT_BUS, DeployedBus
from constructs_lib.testing.deployed.context import Context
from constructs_lib.testing.deployed.matching import PublishedEvent
from constructs_lib.testing.deployed.references import referenced
from constructs_lib.testing.deployed.resources import Resource

if TYPE_CHECKING:
    from constructs_lib.partners import PartnerSource, SampleEvent


class DeployedPartner:
    """A partner, on the bus of the deployment that takes its events: the partner's own
    (``EventSourceName``), or the stand-in that rules of its stand-in source follow."""

    def __init__(self, context: Context, name: str) -> None:
        self._context = context
        self._partner = _partner(name)

    def send(
        self,
        sample: str | Mapping[str, Any] | SampleEvent | None = None,
        *,
        detail_type: str | None = None,
        bus: str | None = None,
    ) -> PublishedEvent:
        """Send an event as the partner does.

        Args:
            sample: A sample by its detail type (``onTicketCreate``), the first when not given; a
                ``SampleEvent``; or a detail of your own.
            detail_type: What happened, for a detail of your own; the first sample's when not given.
            bus: The bus, where the deployment does not tell.
        Raises:
            LookupError: The partner has no such sample, or no one bus takes its events.
        """
        __tracebackhide__ = True
        event = self._sample(sample, detail_type)
        resource = self._bus(bus)
        source = resource.properties.get("EventSourceName")
        if source is None:
            entry = self._partner.simulated_entry(event, event_bus_name=resource.physical_id)
            return DeployedBus(self._context, resource.physical_id, resource.region).put(entry)
        # The physical id of a partner's bus is the name of its source.
        entry = self._partner.partner_entry(event, event_source_name=resource.physical_id)
        (answer,) = self._context.client("events", resource.region).put_partner_events(
            Entries=[entry]
        )["Entries"]
        self._context.begun.append(answer["EventId"])
        return PublishedEvent(
            id=answer["EventId"],
            source=resource.physical_id,
            detail_type=event.detail_type,
            detail=event.detail,
        )

    def _sample(
        self, sample: str | Mapping[str, Any] | SampleEvent | None, detail_type: str | None
    ) -> SampleEvent:
        from constructs_lib.partners import SampleEvent

        if isinstance(sample, SampleEvent):
            return sample
        samples = {each.detail_type: each for each in self._partner.samples}
        if isinstance(sample, Mapping):
            return SampleEvent(detail_type=detail_type or next(iter(samples)), detail=sample)
        wanted = next(iter(samples)) if sample is None else sample
        if wanted not in samples:
            raise LookupError(
                f"sample must be one of {', '.join(samples)}, got {sample!r}; "
                "pass one of these or a detail of your own"
            )
        return samples[wanted]

    def _bus(self, name: str | None) -> Resource:
        if name is not None:
            return self._context.find(name, EVENT_BUS)
        buses = self._context.resources.of_type(EVENT_BUS)
        prefix = self._partner.source_prefix
        found = [each for each in buses if each.physical_id.startswith(prefix)]
        if not found:
            ids = self._followed()
            found = [each for each in buses if each.logical_id in ids]
        if len(found) != 1:
            listed = ", ".join(each.path for each in found or buses) or "none"
            raise LookupError(
                f"one bus must take the events of {self._partner.name}, got "
                f"{len(found)} that do; pass bus=, one of {listed}"
            )
        return found[0]

    def _followed(self) -> set[str]:
        """The logical ids of buses with a rule that follows the stand-in's source."""
        prefix = self._partner.stand_in_source_prefix
        found = set()
        for rule in self._context.resources.of_type("AWS::Events::Rule"):
            if prefix in json.dumps(rule.properties.get("EventPattern", {})):
                found.update(referenced(rule.properties.get("EventBusName")))
        return found


def _partner(name: str) -> PartnerSource:
    from constructs_lib.partners import KNOWN_PARTNERS

    for partner in KNOWN_PARTNERS:
        if name.casefold() in (
            partner.name.casefold(),
            partner.domain,
            partner.domain.split(".")[0],
        ):
            return partner
    known = ", ".join(each.name.lower() for each in KNOWN_PARTNERS)
    raise LookupError(f"name must be a known partner, got {name!r}; known are {known}")
