"""Buses, rules, targets, archives, pipes and schedules."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from constructs_lib.insight.asl_task import named_target
from constructs_lib.insight.model import (
    Archive,
    EventBus,
    InputKind,
    Pipe,
    Reference,
    Resource,
    Rule,
    Schedule,
    Target,
)
from constructs_lib.insight.reading import Reading, items, mapping
from constructs_lib.templates.json_value import JsonValue

DEFAULT_BUS = "default"
#: The target of a schedule that calls any action of any AWS service.
_ANY_CALL = re.compile(r"arn:[^:]*:scheduler:[^:]*:[^:]*:(aws-sdk:.+)")


class EventReader:
    """Reads what EventBridge does; buses that are only referred to are collected on the way."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._buses = {
            key: self._bus(key, resource)
            for key, resource in reading.of_type("AWS::Events::EventBus")
        }

    def buses(self) -> tuple[EventBus, ...]:
        """All buses that were declared or referred to so far."""
        return tuple(self._buses.values())

    def bus_key(self, reference: Reference | None) -> str:
        """The key of a bus; of one outside the assembly its name."""
        if reference is None or reference.text in ("", DEFAULT_BUS):
            key = DEFAULT_BUS
        elif reference.key is not None:
            key = reference.key
        else:
            key = reference.text
            if key.startswith("arn:"):
                key = key.rsplit("event-bus/", 1)[-1] if "event-bus/" in key else key
        if key not in self._buses:
            partner = key if key.startswith("aws.partner/") else None
            self._buses[key] = EventBus(
                resource=self._reading.resources.get(key),
                name=key,
                key=key,
                partner_source=partner,
            )
        return key

    def is_bus(self, reference: Reference) -> bool:
        """Whether a bus is meant, of the assembly or outside of it."""
        resource = self._reading.resources.get(reference.key or "")
        if resource is not None:
            return resource.type == "AWS::Events::EventBus"
        return ":event-bus/" in reference.text

    def rules(self) -> tuple[Rule, ...]:
        """All rules."""
        return tuple(
            self._rule(resource) for _, resource in self._reading.of_type("AWS::Events::Rule")
        )

    def archives(self) -> tuple[Archive, ...]:
        """All archives."""
        found = []
        for _, resource in self._reading.of_type("AWS::Events::Archive"):
            properties = self._reading.structure(resource)
            found.append(
                Archive(
                    resource=resource,
                    bus=self.bus_key(self._reading.optional(resource, properties.get("SourceArn"))),
                    pattern=self._pattern(resource, properties.get("EventPattern")),
                    # 0 means for ever too.
                    retention_days=self._reading.number(resource, properties.get("RetentionDays"))
                    or None,
                )
            )
        return tuple(found)

    def pipes(self) -> tuple[Pipe, ...]:
        """All pipes."""
        return tuple(
            self._pipe(resource) for _, resource in self._reading.of_type("AWS::Pipes::Pipe")
        )

    def schedules(self) -> tuple[Schedule, ...]:
        """All schedules of EventBridge Scheduler."""
        return tuple(
            self._schedule(resource)
            for _, resource in self._reading.of_type("AWS::Scheduler::Schedule")
        )

    def _bus(self, key: str, resource: Resource) -> EventBus:
        properties = self._reading.structure(resource)
        stack = resource.place.stack
        source = properties.get("EventSourceName")
        name = properties.get("Name")
        return EventBus(
            resource=resource,
            name=resource.name if name is None else self._reading.text(stack, name),
            key=key,
            partner_source=None if source is None else self._reading.text(stack, source),
            dead_letter=self._dead_letter(resource, properties.get("DeadLetterConfig")),
        )

    def _rule(self, resource: Resource) -> Rule:
        reading = self._reading
        properties = reading.structure(resource)
        stack = resource.place.stack
        targets = properties.get("Targets")
        if targets is not None and not isinstance(targets, list):
            reading.note(resource, "Targets must be a list; its targets were not read")
        schedule = properties.get("ScheduleExpression")
        state = properties.get("State", "ENABLED")
        return Rule(
            resource=resource,
            bus=self.bus_key(reading.optional(resource, properties.get("EventBusName"))),
            pattern=self._pattern(resource, properties.get("EventPattern")),
            schedule=None if schedule is None else reading.text(stack, schedule),
            enabled=reading.text(stack, state) != "DISABLED",
            targets=tuple(
                self._target(resource, target, number)
                for number, target in enumerate(items(targets))
                if self._is_object(resource, target)
            ),
        )

    def _is_object(self, resource: Resource, target: JsonValue) -> bool:
        if not isinstance(target, Mapping):
            self._reading.note(resource, "a target is no object and was not read")
        return isinstance(target, Mapping)

    def _target(self, resource: Resource, value: JsonValue, number: int) -> Target:
        reading = self._reading
        target = mapping(value)
        retry = mapping(target.get("RetryPolicy"))
        kinds: tuple[tuple[str, InputKind], ...] = (
            ("InputTransformer", "transformer"),
            ("InputPath", "path"),
            ("Input", "constant"),
        )
        destination = target.get("Arn")
        if destination is None:
            reading.note(resource, "a target has no Arn")
        return Target(
            id=reading.text(resource.place.stack, target.get("Id", f"Target{number}")),
            destination=reading.reference(resource, destination or ""),
            role=reading.optional(resource, target.get("RoleArn")),
            dead_letter=self._dead_letter(resource, target.get("DeadLetterConfig")),
            max_attempts=reading.number(resource, retry.get("MaximumRetryAttempts")),
            max_age_seconds=reading.number(resource, retry.get("MaximumEventAgeInSeconds")),
            input_kind=next((kind for name, kind in kinds if name in target), "event"),
            properties=mapping(reading.tree(resource.place.stack, target)),
        )

    def _pipe(self, resource: Resource) -> Pipe:
        reading = self._reading
        properties = reading.structure(resource)
        stack = resource.place.stack
        source_parameters = mapping(properties.get("SourceParameters"))
        template = mapping(properties.get("TargetParameters")).get("InputTemplate")
        dead_letter = None
        for parameters in source_parameters.values():
            dead_letter = dead_letter or self._dead_letter(
                resource, mapping(parameters).get("DeadLetterConfig")
            )
        filters = items(mapping(source_parameters.get("FilterCriteria")).get("Filters"))
        return Pipe(
            resource=resource,
            source=reading.reference(resource, properties.get("Source", "")),
            filters=tuple(
                pattern
                for one in filters
                if (pattern := self._pattern(resource, mapping(one).get("Pattern"))) is not None
            ),
            enrichment=reading.optional(resource, properties.get("Enrichment")),
            target=reading.reference(resource, properties.get("Target", "")),
            dead_letter=dead_letter,
            input_template=None if template is None else reading.text(stack, template),
            role=reading.optional(resource, properties.get("RoleArn")),
            running=reading.text(stack, properties.get("DesiredState", "RUNNING")) != "STOPPED",
        )

    def _schedule(self, resource: Resource) -> Schedule:
        reading = self._reading
        properties = reading.structure(resource)
        stack = resource.place.stack
        zone = properties.get("ScheduleExpressionTimezone")
        when = reading.text(stack, properties.get("ScheduleExpression", ""))
        target = self._target(resource, mapping(properties.get("Target")), 0)
        called = _ANY_CALL.fullmatch(target.destination.text)
        if called:
            target = replace(target, destination=self._called(resource, called[1], target))
        return Schedule(
            resource=resource,
            expression=when if zone is None else f"{when} {reading.text(stack, zone)}",
            enabled=reading.text(stack, properties.get("State", "ENABLED")) != "DISABLED",
            target=target,
        )

    def _called(self, resource: Resource, call: str, target: Target) -> Reference:
        """What a schedule's call of any AWS service is about, else the call itself."""
        try:
            given = json.loads(str(target.properties.get("Input", "")))
        except (ValueError, RecursionError):
            given = None
        refer = partial(self._reading.references.of_text, resource.place.stack)
        found = named_target(mapping(given), refer)
        return Reference(text=call) if found is None else found

    def _dead_letter(self, resource: Resource, value: JsonValue) -> Reference | None:
        return self._reading.optional(resource, mapping(value).get("Arn"))

    def _pattern(self, resource: Resource, value: JsonValue) -> Mapping[str, JsonValue] | None:
        """A pattern, which may come as an object or as its JSON."""
        if value is None:
            return None
        stack = resource.place.stack
        if isinstance(value, Mapping) and not any(str(key).startswith("Fn::") for key in value):
            return mapping(self._reading.tree(stack, value))
        text = self._reading.text(stack, value)
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            parsed = None
        if not isinstance(parsed, dict):
            self._reading.note(
                resource, f"its pattern is no JSON object and was not read: {text:.80}"
            )
            return None
        return parsed
