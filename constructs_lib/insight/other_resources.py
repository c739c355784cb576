"""Queues, functions, topics and tables: what events and workflows end in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from constructs_lib.insight.model import (
    EventSource,
    Function,
    Queue,
    Reference,
    Resource,
    Subscription,
    Table,
    Topic,
)
from constructs_lib.insight.reading import Reading, items, mapping
from constructs_lib.templates.json_value import JsonValue

# Lambda's own defaults. Source: AWS::Lambda::Function (read 2026-11-27).
_DEFAULT_MEMORY_MB = 128
_DEFAULT_TIMEOUT_SECONDS = 3


def read_queues(reading: Reading) -> tuple[Queue, ...]:
    """All SQS queues."""
    found = []
    for _, resource in reading.of_type("AWS::SQS::Queue"):
        properties = reading.structure(resource)
        dead_letter, count = _redrive(reading, resource, properties.get("RedrivePolicy"))
        found.append(
            Queue(
                resource=resource,
                fifo=reading.flag(properties.get("FifoQueue")),
                dead_letter=dead_letter,
                max_receive_count=count,
            )
        )
    return tuple(found)


def read_functions(reading: Reading) -> tuple[Function, ...]:
    """All Lambda functions with what they poll and where their failures go."""
    sources = _event_sources(reading)
    failures = _destinations(reading, "OnFailure")
    successes = _destinations(reading, "OnSuccess")
    functions = []
    for key, resource in reading.of_type("AWS::Lambda::Function"):
        properties = reading.structure(resource)
        runtime = properties.get("Runtime")
        stack = resource.place.stack
        dead_letter = mapping(properties.get("DeadLetterConfig")).get("TargetArn")
        variables = mapping(properties.get("Environment")).get("Variables", {})
        functions.append(
            Function(
                resource=resource,
                runtime=None if runtime is None else reading.text(stack, runtime),
                memory_mb=reading.number(resource, properties.get("MemorySize"))
                or _DEFAULT_MEMORY_MB,
                timeout_seconds=reading.number(resource, properties.get("Timeout"))
                or _DEFAULT_TIMEOUT_SECONDS,
                role=reading.optional(resource, properties.get("Role")),
                environment=mapping(reading.tree(stack, variables)),
                failure_destination=failures.get(key) or reading.optional(resource, dead_letter),
                sources=tuple(sources.get(key, ())),
                success_destination=successes.get(key),
            )
        )
    return tuple(functions)


def _event_sources(reading: Reading) -> Mapping[str, Sequence[EventSource]]:
    """What functions poll, by the functions' keys."""
    sources: dict[str, list[EventSource]] = {}
    for _, resource in reading.of_type("AWS::Lambda::EventSourceMapping"):
        properties = reading.structure(resource)
        function = reading.reference(resource, properties.get("FunctionName", ""))
        source = properties.get("EventSourceArn", properties.get("SelfManagedEventSource"))
        sources.setdefault(function.key or function.text, []).append(
            EventSource(
                resource=resource,
                source=reading.reference(resource, source)
                if not isinstance(source, Mapping) or len(source) == 1
                else Reference(text="a self-managed source"),
                failure_destination=_destination(reading, resource, properties, "OnFailure"),
                batch_size=reading.number(resource, properties.get("BatchSize")),
            )
        )
    return sources


def _destinations(reading: Reading, outcome: str) -> Mapping[str, Reference]:
    """Where asynchronous calls that end so are told of, by the functions' keys."""
    found: dict[str, Reference] = {}
    for _, resource in reading.of_type("AWS::Lambda::EventInvokeConfig"):
        properties = reading.structure(resource)
        function = reading.reference(resource, properties.get("FunctionName", ""))
        destination = _destination(reading, resource, properties, outcome)
        if function.key and destination:
            found[function.key] = destination
    return found


def read_topics(reading: Reading) -> tuple[Topic, ...]:
    """All SNS topics with their subscriptions."""
    subscriptions: dict[str, list[Subscription]] = {}
    for _, resource in reading.of_type("AWS::SNS::Subscription"):
        properties = reading.structure(resource)
        topic = reading.reference(resource, properties.get("TopicArn", ""))
        dead_letter, _ = _redrive(reading, resource, properties.get("RedrivePolicy"))
        subscriptions.setdefault(topic.key or topic.text, []).append(
            _subscription(reading, resource, properties, dead_letter)
        )
    found = []
    for key, resource in reading.of_type("AWS::SNS::Topic"):
        inline = items(reading.structure(resource).get("Subscription"))
        found.append(
            Topic(
                resource=resource,
                subscriptions=(
                    *subscriptions.get(key, ()),
                    *(_subscription(reading, resource, mapping(one), None) for one in inline),
                ),
            )
        )
    return tuple(found)


def read_tables(reading: Reading) -> tuple[Table, ...]:
    """All DynamoDB tables."""
    found = []
    for _, resource in reading.of_type("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        properties = reading.structure(resource)
        billing = properties.get("BillingMode", "PROVISIONED")
        found.append(
            Table(
                resource=resource,
                stream=bool(properties.get("StreamSpecification")),
                billing=reading.text(resource.place.stack, billing),
            )
        )
    return tuple(found)


def _subscription(
    reading: Reading,
    resource: Resource,
    properties: Mapping[str, JsonValue],
    dead_letter: Reference | None,
) -> Subscription:
    return Subscription(
        protocol=reading.text(resource.place.stack, properties.get("Protocol", "")),
        endpoint=reading.reference(resource, properties.get("Endpoint", "")),
        dead_letter=dead_letter,
        resource=resource,
    )


def _redrive(
    reading: Reading, resource: Resource, value: JsonValue
) -> tuple[Reference | None, int | None]:
    """The dead-letter queue of a redrive policy, which may be an object or its JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            reading.note(resource, "its RedrivePolicy is no JSON and was not read")
            return None, None
    policy = mapping(value)
    return (
        reading.optional(resource, policy.get("deadLetterTargetArn")),
        reading.number(resource, policy.get("maxReceiveCount")),
    )


def _destination(
    reading: Reading, resource: Resource, properties: Mapping[str, JsonValue], outcome: str
) -> Reference | None:
    configured = mapping(mapping(properties.get("DestinationConfig")).get(outcome))
    return reading.optional(resource, configured.get("Destination"))
