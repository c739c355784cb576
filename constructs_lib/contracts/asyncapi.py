"""The documentation of a bus: an AsyncAPI 3 document made from its contracts."""

import re
from collections.abc import Mapping, Sequence

from constructs_lib.contracts._envelope import envelope_schema
from constructs_lib.contracts._older_drafts import in_older_draft
from constructs_lib.contracts.event_contract import EventContract
from constructs_lib.rules import ConfigError, require_match

_SCHEMAS = "#/components/schemas/"

#: The services of a bus, each with the contracts of its events.
Services = Mapping[str, Sequence[EventContract]]


def asyncapi_document(
    *,
    title: str,
    version: str,
    bus_name: str,
    publishers: Services,
    consumers: Services,
    description: str = "",
) -> dict[str, object]:
    """Describe a bus as an AsyncAPI 3.0 document.

    The bus is the one channel, each contract a message whose payload is the whole event, and each
    service has an operation ``send`` or ``receive`` per event. Schemas are in JSON Schema draft 7,
    which is what AsyncAPI's own schema object is.

    Args:
        title: What the bus is for.
        version: Version of the document.
        bus_name: Name of the bus, the channel's address.
        publishers: Who publishes which events, by service.
        consumers: Who follows which events, by service.
        description: More about it, as CommonMark.
    Raises:
        ConfigError: A name has other characters than AsyncAPI allows, two different contracts have
            one name and major version, or draft 7 has no word for a part of a schema.
    Source: AsyncAPI Specification 3.0.0 (read 2026-11-23).
    """
    for service in (*publishers, *consumers):
        require_match(
            "service",
            service,
            r"[A-Za-z0-9_-]+",
            rule="be letters, digits, hyphens and underscores",
            remedy="name the service as in code, for example 'sign-up'",
        )
    channel_id = re.sub(r"[^A-Za-z0-9._-]", "-", bus_name)
    contracts = _contracts(publishers, consumers)
    described = {"description": description} if description else {}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": version, **described},
        "defaultContentType": "application/json",
        "channels": {
            channel_id: {
                "address": bus_name,
                "title": title,
                "description": "An Amazon EventBridge event bus.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in contracts},
            }
        },
        "operations": {
            f"{service}-{action}-{contract.detail_type}": {
                "action": action,
                "channel": {"$ref": f"#/channels/{channel_id}"},
                "summary": f"{service} {verb} {contract.detail_type}",
                "messages": [{"$ref": f"#/channels/{channel_id}/messages/{contract.detail_type}"}],
            }
            for services, action, verb in (
                (publishers, "send", "publishes"),
                (consumers, "receive", "follows"),
            )
            for service, followed in services.items()
            for contract in followed
        },
        "components": {
            "messages": {name: _message(contract) for name, contract in contracts.items()},
            "schemas": {
                name: schema
                for contract in contracts.values()
                for name, schema in _schemas(contract).items()
            },
        },
    }


def _contracts(publishers: Services, consumers: Services) -> dict[str, EventContract]:
    """All contracts by their detail type, in its order."""
    found: dict[str, EventContract] = {}
    for services in (publishers, consumers):
        for contract in (contract for followed in services.values() for contract in followed):
            if found.setdefault(contract.detail_type, contract) is not contract:
                raise ConfigError(
                    f"contracts must have detail types of their own, got {contract.detail_type!r} "
                    "twice; pass one object to publisher and consumers"
                )
    return dict(sorted(found.items()))


def _message(contract: EventContract) -> dict[str, object]:
    described = {"summary": contract.description} if contract.description else {}
    examples = [
        {"name": f"example-{index}", "payload": contract.sample_event(example)}
        for index, example in enumerate(contract.examples, start=1)
    ]
    return {
        "name": contract.detail_type,
        "title": f"{contract.name} {contract.version}",
        **described,
        "contentType": "application/json",
        "payload": envelope_schema(
            source=contract.source,
            detail_type=contract.detail_type,
            detail=_SCHEMAS + contract.detail_type,
        ),
        **({"examples": examples} if examples else {}),
    }


def _schemas(contract: EventContract) -> dict[str, dict[str, object]]:
    return in_older_draft(
        contract.detail_schema(), name=contract.detail_type, draft=7, place=_SCHEMAS
    )
