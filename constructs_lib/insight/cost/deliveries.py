"""What the delivery of one event is billed, and what runs because of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from constructs_lib.insight.cost.assumptions import Assumptions
from constructs_lib.insight.cost.task_units import function_units
from constructs_lib.insight.cost.units import Units, units
from constructs_lib.insight.cost.workflow_cost import WorkflowCosts
from constructs_lib.insight.graph import NodeKind
from constructs_lib.insight.model import Assembly, Queue, Reference, Topic
from constructs_lib.insight.outside import outsider
from constructs_lib.insight.prices import prices

#: Bytes.
GB = 2**30
_OUTSIDE: Mapping[NodeKind, str] = {
    "bus": "cross-account-events",
    "destination": "api-destination-calls",
    "function": "lambda-requests",
    "queue": "queue-requests",
    "topic": "topic-publishes",
}


@dataclass(frozen=True, kw_only=True)
class FlowPart:
    """One thing that becomes of an event, and what it is billed."""

    what: str
    units: Units


class Deliveries:
    """Follows one event from a rule, schedule, pipe or topic to where it is sent."""

    def __init__(
        self, assembly: Assembly, assumptions: Assumptions, workflows: WorkflowCosts
    ) -> None:
        self._assembly = assembly
        self._assumptions = assumptions
        self._workflows = workflows
        self._functions = {each.resource.key: each for each in assembly.functions}
        self._queues = {each.resource.key: each for each in assembly.queues}
        self._topics = {each.resource.key: each for each in assembly.topics}
        self._buses = {each.key for each in assembly.buses}

    def to(
        self, destination: Reference, event: str, note: Callable[[str], None]
    ) -> Iterator[FlowPart]:
        """The delivery, and what runs because of it.

        Args:
            event: Its detail-type, by which it may be stated what functions do inside.
            note: Takes what is not known.
        """
        key = destination.key or ""
        if key in self._queues:
            yield from self._to_queue(self._queues[key], event, note)
        elif key in self._topics:
            yield from self._to_topic(self._topics[key], event, note)
        elif part := self._last(key, event):
            yield part
        elif not key and (price_id := _price_outside(destination.text)):
            yield FlowPart(what=f"sent to {destination.text}", units=self.requests(price_id))
            note(f"what {destination.text} does with it is not in the assembly")
        else:
            note(f"what {self.name_of(key) if key else destination.text} costs is not known here")

    def _last(self, key: str, event: str) -> FlowPart | None:
        """A delivery that leads no further; None where it is not known what it costs."""
        name = self.name_of(key)
        resource = self._assembly.resources.get(key)
        kind = resource.type if resource else ""
        if key in self._functions:
            run = function_units(self._functions[key], self._assumptions, event=event)
            return FlowPart(what=f"runs {name}", units=run)
        if (happy := self._workflows.happy_units(key)) is not None:
            return FlowPart(what=f"starts {name} (its happy path)", units=happy)
        if key in self._buses or kind == "AWS::Events::EventBus":
            return FlowPart(what=f"passed to {name}", units=self._events("cross-account-events"))
        if kind == "AWS::Events::ApiDestination":
            return FlowPart(what=f"calls {name}", units=self._events("api-destination-calls"))
        if kind == "AWS::Logs::LogGroup":
            gigabytes = Decimal(self._assumptions.event_bytes) / GB
            return FlowPart(what=f"logged in {name}", units=units("log-gigabytes", gigabytes))
        return None

    def _to_queue(
        self, queue: Queue, event: str, note: Callable[[str], None]
    ) -> Iterator[FlowPart]:
        """The functions that poll a queue receive and delete, a batch at a time."""
        request = self.requests("fifo-queue-requests" if queue.fifo else "queue-requests")
        yield FlowPart(what=f"sent to {queue.resource.name}", units=request)
        share = 1 / Decimal(self._assumptions.batch_messages)
        readers = [
            function
            for function in self._functions.values()
            if any(source.source.key == queue.resource.key for source in function.sources)
        ]
        for function in readers:
            run = function_units(function, self._assumptions, event=event)
            used = request.times(2 * share) + run.times(share)
            yield FlowPart(what=f"read by {function.resource.name}", units=used)
        if not readers:
            note(f"who reads {queue.resource.name} is not in the assembly")

    def _to_topic(
        self, topic: Topic, event: str, note: Callable[[str], None]
    ) -> Iterator[FlowPart]:
        name = topic.resource.name
        yield FlowPart(what=f"published to {name}", units=self.requests("topic-publishes"))
        for subscription in topic.subscriptions:
            if subscription.protocol in ("sqs", "lambda"):
                yield from self.to(subscription.endpoint, event, note)
            else:
                note(f"deliveries of {name} by {subscription.protocol} have no line here")

    def requests(self, price_id: str) -> Units:
        """A request with a message of the size that is assumed."""
        return units(price_id, prices()[price_id].units_of(self._assumptions.message_bytes))

    def _events(self, price_id: str) -> Units:
        """The same with an event."""
        return units(price_id, prices()[price_id].units_of(self._assumptions.event_bytes))

    def name_of(self, key: str) -> str:
        """What a resource is called; the key of what is not in the assembly."""
        resource = self._assembly.resources.get(key)
        return resource.name if resource else key


def _price_outside(arn: str) -> str | None:
    """The price of a delivery to something outside of the assembly; None if it is not known."""
    found = outsider(arn)
    is_fifo = found.kind == "queue" and found.title.endswith(".fifo")
    return "fifo-queue-requests" if is_fifo else _OUTSIDE.get(found.kind)
