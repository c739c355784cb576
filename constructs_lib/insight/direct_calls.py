"""What APIs, buckets and functions pass on by themselves, with no rule, pipe or workflow between.

Source: API Gateway developer guide, "Subtype reference" and "x-amazon-apigateway-integration";
CloudFormation reference of the types named here; Lambda developer guide, "Asynchronous invocation"
(read 2026-11-27).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from constructs_lib.insight.events import EventReader
from constructs_lib.insight.model import DirectCall, Function, Publication, Reference, Resource
from constructs_lib.insight.reading import Reading, items, mapping
from constructs_lib.templates.json_value import JsonValue

_URI = re.compile(
    r"arn:.*:apigateway:(?:\$\{[^}]*\}|[^:]*):(events|sns|sqs|states):(?:action|path)/(.+)"
)
_SUBTYPE = re.compile(r"(EventBridge|SQS|StepFunctions)-(\w+)")
_SERVICES = {"EventBridge": "events", "SQS": "sqs", "StepFunctions": "states"}
_TYPES = {
    "events": "AWS::Events::EventBus",
    "sns": "AWS::SNS::Topic",
    "sqs": "AWS::SQS::Queue",
    "states": "AWS::StepFunctions::StateMachine",
}
#: Names and ARNs in a template of Velocity: markers whole, else what stands between signs.
_WORD = re.compile(r"(?:\$\{[^}]*\}|[\w:./*-])+")
_APIS = ("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api")
_BUCKETS = ("AWS::S3::Bucket", "Custom::S3BucketNotifications")
_NOTIFIED = {
    "LambdaConfigurations": ("Function", "LambdaFunctionArn"),
    "LambdaFunctionConfigurations": ("Function", "LambdaFunctionArn"),
    "QueueConfigurations": ("Queue", "QueueArn"),
    "TopicConfigurations": ("Topic", "TopicArn"),
}


@dataclass(frozen=True)
class _Integration:
    """What one method of an API calls.

    Attributes:
        said: All that is written in it, in which names of what it calls stand.
        named: What is written by name.
    """

    api: str
    resource: Resource
    service: str
    action: str
    said: str
    named: Mapping[str, str]


class DirectCallReader:
    """Collects such calls, and the events that are published so."""

    def __init__(self, reading: Reading, events: EventReader) -> None:
        self._reading = reading
        self._events = events
        self._integrations = tuple(self._all_integrations())

    def calls(self) -> tuple[DirectCall, ...]:
        """All but those that publish to a bus."""
        return (*self._of_apis(), *self._of_buckets())

    def publications(self, functions: Iterable[Function]) -> Iterator[Publication]:
        """Events of APIs, and those with which functions tell how they ended."""
        yield from self._of_integrations()
        yield from self._of_data_sources()
        for function in functions:
            yield from self._of_destinations(function)

    def _of_integrations(self) -> Iterator[Publication]:
        for one in self._integrations:
            if one.service == "events":
                yield Publication(
                    publisher=one.api,
                    state=None,
                    bus=self._events.bus_key(self._target(one)),
                    source=_constant(one, "Source"),
                    detail_type=_constant(one, "DetailType"),
                    evidence="an integration of the API",
                )

    def _of_data_sources(self) -> Iterator[Publication]:
        for key, resource in self._reading.of_type("AWS::AppSync::DataSource"):
            properties = self._reading.structure(resource)
            target = mapping(properties.get("EventBridgeConfig")).get("EventBusArn")
            if target is not None:
                api = self._reading.optional(resource, properties.get("ApiId"))
                yield Publication(
                    publisher=(api.key if api else None) or key,
                    state=None,
                    bus=self._events.bus_key(self._reading.reference(resource, target)),
                    source=None,
                    detail_type=None,
                    evidence="a data source of the API",
                )

    def _of_destinations(self, function: Function) -> Iterator[Publication]:
        for destination, outcome in (
            (function.success_destination, "Success"),
            (function.failure_destination, "Failure"),
        ):
            if destination is not None and self._events.is_bus(destination):
                yield Publication(
                    publisher=function.resource.key,
                    state=None,
                    bus=self._events.bus_key(destination),
                    source="lambda",
                    detail_type=f"Lambda Function Invocation Result - {outcome}",
                    evidence="a destination of the function",
                )

    def _of_apis(self) -> Iterator[DirectCall]:
        for one in self._integrations:
            target = self._target(one) if one.service != "events" else None
            if target is not None:
                yield DirectCall(source=one.api, target=target, what=f"{one.service}:{one.action}")

    def _all_integrations(self) -> Iterator[_Integration]:
        for key, resource in self._reading.of_type(
            "AWS::ApiGateway::Method", "AWS::ApiGatewayV2::Integration", *_APIS
        ):
            properties = self._reading.structure(resource)
            owner = self._reading.optional(
                resource, properties.get("RestApiId", properties.get("ApiId"))
            )
            api = (owner.key if owner else None) or key
            written = properties.get("Body") if resource.type in _APIS else properties
            for found in _objects_with_calls(written):
                integration = self._integration(api, resource, found)
                if integration:
                    yield integration

    def _integration(
        self, api: str, resource: Resource, found: Mapping[str, JsonValue]
    ) -> _Integration | None:
        stack = resource.place.stack
        by_name = {key[:1].lower() + key[1:]: value for key, value in found.items()}
        uri = self._reading.text(stack, by_name.get("uri", by_name.get("integrationUri", "")))
        subtype = self._reading.text(stack, by_name.get("integrationSubtype", ""))
        call = _URI.fullmatch(uri) or _SUBTYPE.fullmatch(subtype)
        if call is None:
            return None
        service = _SERVICES.get(call[1], call[1])
        parameters = mapping(by_name.get("requestParameters"))
        templates = mapping(by_name.get("requestTemplates"))
        named = {name: self._reading.text(stack, value) for name, value in parameters.items()}
        texts = [self._reading.text(stack, value) for value in templates.values()]
        by_path = service == "sqs" and not call[2].startswith("SendMessage")
        return _Integration(
            api=api,
            resource=resource,
            service=service,
            action="SendMessage" if by_path else call[2],
            said="\n".join([uri, *named.values(), *texts]),
            named=named,
        )

    def _target(self, one: _Integration) -> Reference | None:
        """What of the service is named in an integration; None if that is not in the assembly."""
        refer = self._reading.references
        for word in _WORD.findall(one.said):
            # A queue is the last part of its path.
            for text in (word, word.rsplit("/", 1)[-1]):
                found = refer.of_text(one.resource.place.stack, text)
                if found.key and refer.type_of(found.key) == _TYPES[one.service]:
                    return found
        return None

    def _of_buckets(self) -> Iterator[DirectCall]:
        for key, resource in self._reading.of_type(*_BUCKETS):
            properties = self._reading.structure(resource)
            owner = self._reading.optional(resource, properties.get("BucketName"))
            # CDK's own resource names its bucket; a bucket names itself.
            is_own = resource.type == "AWS::S3::Bucket"
            source = key if is_own or owner is None else owner.key or key
            configured = mapping(properties.get("NotificationConfiguration"))
            for kind, names in _NOTIFIED.items():
                for one in map(mapping, items(configured.get(kind))):
                    target = next((one[name] for name in names if name in one), None)
                    if target is not None:
                        events = one.get("Events", one.get("Event"))
                        texts = events if isinstance(events, list) else [events]
                        yield DirectCall(
                            source=source,
                            target=self._reading.reference(resource, target),
                            what=", ".join(str(text) for text in texts if text),
                        )


def _objects_with_calls(value: JsonValue) -> Iterator[Mapping[str, JsonValue]]:
    if isinstance(value, Mapping):
        if not {"uri", "Uri", "integrationSubtype", "IntegrationSubtype"}.isdisjoint(value):
            yield value
        for inner in value.values():
            yield from _objects_with_calls(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects_with_calls(inner)


def _constant(one: _Integration, name: str) -> str | None:
    """A field of an event, where it does not depend on the request."""
    value = one.named.get(name)
    if value is None:
        found = re.search(rf'"{name}"\s*:\s*\\?"([^"\\]*)', one.said)
        value = found[1] if found else ""
    return None if not value or value.startswith("$") else value
