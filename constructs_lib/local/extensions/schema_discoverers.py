"""Upstream gap: nothing discovers the schemas of events.

A discoverer, one for a bus, writes the schema of each event that comes to its bus into the registry
``discovered-schemas``, as OpenAPI 3.0; an event of another shape is a new version.
``AWS::EventSchemas::Discoverer``, whose ``Ref`` is the ARN, and the API: CreateDiscoverer,
DescribeDiscoverer, ListDiscoverers, UpdateDiscoverer, DeleteDiscoverer, StartDiscoverer,
StopDiscoverer, GetDiscoveredSchema. AWS takes up to five minutes; here the schema is there once the
event is.

The managed rule of a discoverer, and the events ``Schema Created`` and ``Schema Version Created``,
are not emulated.
Inference: a shape that any version has is no new one.
Sources: EventBridge user guide, "Inferring schemas from event bus events"; AWS CloudFormation
resource reference, AWS::EventSchemas::Discoverer (read 2026-11-27).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions.answers import Properties, Resource
from constructs_lib.local.extensions.event_schemas import (
    ensure_registry,
    name_in_arn,
    schema_version,
)
from constructs_lib.local.extensions.resets import at_reset
from constructs_lib.local.extensions.schema_api import Document, Request, SchemaError, serve
from constructs_lib.local.extensions.schema_inference import open_api, schema_name

DISCOVERER = "AWS::EventSchemas::Discoverer"
REGISTRY_NAME = "discovered-schemas"
_PATH = "/v1/discoverers"
# So that memory stays bounded. AWS has quotas of its own here; their figures were not to be read.
_SCHEMAS_MAX = 200
_VERSIONS_MAX = 100
_BUS = ":event-bus/"

_Event = Mapping[str, object]

_discoverers: AccountRegionScopedDict = AccountRegionScopedDict()


def register() -> None:
    """Teach CloudFormation the type, serve the API, and look at each event that comes to a bus."""
    provisioners._RESOURCE_HANDLERS[DISCOVERER] = {
        "create": lambda _logical_id, properties, _stack: _resource(properties),
        "update": _update_resource,
        "delete": lambda physical_id, _properties: _discoverers.pop(name_in_arn(physical_id), None),
    }
    provisioners._REPLACING_PROPERTIES[DISCOVERER] = ("SourceArn",)
    at_reset(_discoverers.clear)
    one = f"{_PATH}/id/{{id}}"
    serve("POST", _PATH, lambda request: create(request.body), status=201)
    serve("GET", _PATH, _listed)
    serve("GET", one, lambda _request, id_: dict(_named(id_)))
    serve("PUT", one, lambda request, id_: _updated(id_, request.body))
    serve("DELETE", one, _deleted, status=204)
    serve("POST", f"{one}/start", lambda _request, id_: _turned(id_, "STARTED"))
    serve("POST", f"{one}/stop", lambda _request, id_: _turned(id_, "STOPPED"))
    serve("POST", "/v1/discover", _discovered_of_given)
    eventbridge._dispatch_event = _discovering(eventbridge._dispatch_event)


def create(given: Properties) -> Document:
    """Start a discoverer; the answer of CreateDiscoverer.

    Args:
        given: ``SourceArn``, the bus; ``Description``; ``CrossAccount``, true unless said.
    Raises:
        SchemaError: The bus is none, or has a key of the customer's or a discoverer.
    """
    arn = str(given.get("SourceArn", ""))
    bus = arn.partition(_BUS)[2]
    known = {"default", *eventbridge._event_buses}
    if bus not in known or not arn.startswith(f"arn:aws:events:{_scope()}"):
        raise SchemaError("BadRequestException", f"SourceArn must be an event bus, got {arn}")
    if (eventbridge._event_buses.get(bus) or {}).get("KmsKeyIdentifier"):
        raise SchemaError(
            "BadRequestException", f"event bus {bus} must not be encrypted with a customer's key"
        )
    id_ = _id(bus)
    if id_ in _discoverers:
        raise SchemaError("ConflictException", f"event bus {bus} has a discoverer already")
    ensure_registry(REGISTRY_NAME)
    discoverer: Document = {
        "DiscovererArn": f"arn:aws:schemas:{_scope()}:discoverer/{id_}",
        "DiscovererId": id_,
        "SourceArn": arn,
        "State": "STARTED",
        "CrossAccount": _crosses_accounts(given),
        **{name: given[name] for name in ("Description", "tags") if given.get(name)},
    }
    _discoverers[id_] = discoverer
    return dict(discoverer)


def discover(event: _Event) -> None:
    """Keep the schema of an event of a bus, if it is new.

    Args:
        event: As its consumers see it.
    """
    schemas = ensure_registry(REGISTRY_NAME)["schemas"]
    name = schema_name(str(event["source"]), str(event["detail-type"]))
    versions = schemas.get(name, [])
    content = open_api(event)
    if any(each["Content"] == content for each in versions):
        return
    if len(versions) >= _VERSIONS_MAX or (not versions and len(schemas) >= _SCHEMAS_MAX):
        return
    properties = {"RegistryName": REGISTRY_NAME, "Type": "OpenApi3", "Content": content}
    schemas[name] = [*versions, schema_version(name, len(versions) + 1, properties)]


def _discovering(dispatch: Callable[..., None]) -> Callable[..., None]:
    def discover_and_dispatch(event: _Event, view: object = None) -> None:
        discoverer = _discoverers.get(_id(str(event.get("EventBusName", "default"))))
        if discoverer and discoverer["State"] == "STARTED":
            discover(_as_consumers_see_it(event))
        dispatch(event, view)

    return discover_and_dispatch


def _as_consumers_see_it(event: _Event) -> _Event:
    return {
        "source": event.get("Source", ""),
        "detail-type": event.get("DetailType", ""),
        "resources": event.get("Resources") or [],
        "detail": json.loads(str(event.get("Detail") or "{}")),
    }


def _crosses_accounts(given: Properties) -> bool:
    # Templates may say it as text.
    return str(given.get("CrossAccount", True)).lower() == "true"


def _id(bus: str) -> str:
    return f"events-event-bus-{bus.replace('/', '-')}"


def _scope() -> str:
    return f"{get_region()}:{get_account_id()}"


# ── The service's API ────────────────────────────────────────────────────────────────────────────


def _named(id_: str) -> Document:
    if id_ not in _discoverers:
        raise SchemaError("NotFoundException", f"discoverer {id_} does not exist")
    return cast(Document, _discoverers[id_])


def _listed(request: Request) -> Document:
    names = ("DiscovererArn", "DiscovererId", "SourceArn", "State", "CrossAccount", "tags")
    return {
        "Discoverers": [
            {name: each[name] for name in names if name in each}
            for each in _discoverers.values()
            if each["DiscovererId"].startswith(request.query.get("discovererIdPrefix", ""))
            and each["SourceArn"].startswith(request.query.get("sourceArnPrefix", ""))
        ]
    }


def _updated(id_: str, given: Properties) -> Document:
    discoverer = _named(id_)
    changed = {name: given[name] for name in ("Description", "CrossAccount") if name in given}
    discoverer.update(changed)
    return dict(discoverer)


def _deleted(_request: Request, id_: str) -> Document:
    _named(id_)
    del _discoverers[id_]
    return {}


def _turned(id_: str, state: str) -> Document:
    _named(id_)["State"] = state
    return {"DiscovererId": id_, "State": state}


def _discovered_of_given(request: Request) -> Document:
    """The schema of an event that stands in the request; of several, that of the first."""
    texts = cast(Sequence[str], request.body.get("Events") or [])
    if request.body.get("Type") != "OpenApi3":
        raise SchemaError("BadRequestException", "Type must be OpenApi3")
    try:
        return {"Content": open_api(json.loads(texts[0]))}
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise SchemaError("BadRequestException", "Events must hold events as JSON") from error


def _resource(properties: Properties) -> Resource:
    try:
        return _as_resource(create(properties))
    except SchemaError as error:
        raise ValueError(f"{DISCOVERER}: {error}") from error


def _update_resource(physical_id: str, _old: Properties, new: Properties, _stack: str) -> Resource:
    discoverer = _named(name_in_arn(physical_id))
    discoverer.pop("Description", None)
    discoverer["CrossAccount"] = _crosses_accounts(new)
    if new.get("Description"):
        discoverer["Description"] = new["Description"]
    return _as_resource(discoverer)


def _as_resource(discoverer: Document) -> Resource:
    names = ("DiscovererArn", "DiscovererId", "State", "CrossAccount")
    return str(discoverer["DiscovererArn"]), {name: discoverer[name] for name in names}
