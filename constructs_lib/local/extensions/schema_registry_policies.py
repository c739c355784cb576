"""Upstream gap: nobody keeps the policy of a schema registry.

``AWS::EventSchemas::RegistryPolicy`` (``Ref`` is the registry's name) and PutResourcePolicy,
GetResourcePolicy and DeleteResourcePolicy. A policy has a revision, which a new one may name: if it
is no longer the newest, the new one is refused.

Whom the policy of a schema registry lets in is not emulated.
Sources: AWS CloudFormation resource reference, AWS::EventSchemas::RegistryPolicy; EventBridge
Schema Registry API reference, resource policy (read 2026-11-27).
"""

from __future__ import annotations

import json
import uuid

from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions.answers import Properties, Resource
from constructs_lib.local.extensions.event_schemas import registry_named
from constructs_lib.local.extensions.json_objects import json_object
from constructs_lib.local.extensions.schema_api import Document, Request, SchemaError, serve

POLICY = "AWS::EventSchemas::RegistryPolicy"
_PATH = "/v1/policy"


def register() -> None:
    """Teach CloudFormation the type and serve the API."""
    provisioners._RESOURCE_HANDLERS[POLICY] = {
        "create": lambda _logical_id, properties, _stack: _resource(properties),
        "update": _update,
        "delete": lambda _physical_id, properties: _delete(str(properties["RegistryName"])),
    }
    serve("PUT", _PATH, lambda request: put_policy(_name(request), request.body))
    serve("GET", _PATH, _described)
    serve("DELETE", _PATH, lambda request: _delete(_name(request)), status=204)


def put_policy(registry: str, given: Properties) -> Document:
    """Keep the policy of a registry; the answer of PutResourcePolicy.

    Args:
        given: Its ``Policy``, an object or its text, and the ``RevisionId`` that it follows.
    Raises:
        SchemaError: There is no such registry, the policy is none, or another has come before.
    """
    kept = registry_named(registry)["policy"]
    policy = given.get("Policy")
    document = json_object(policy) if isinstance(policy, str) else policy
    if not isinstance(document, dict):
        raise SchemaError("BadRequestException", "Policy must be a JSON object")
    if given.get("RevisionId", kept.get("RevisionId")) != kept.get("RevisionId"):
        raise SchemaError("PreconditionFailedException", "RevisionId must be that of the policy")
    kept.update(Policy=json.dumps(document), RevisionId=str(uuid.uuid4()))
    return dict(kept)


def _described(request: Request) -> Document:
    registry = _name(request)
    policy = registry_named(registry)["policy"]
    if not policy:
        raise SchemaError("NotFoundException", f"registry {registry} has no policy")
    return dict(policy)


def _delete(registry: str) -> Document:
    registry_named(registry)["policy"].clear()
    return {}


def _name(request: Request) -> str:
    if "registryName" not in request.query:
        raise SchemaError("BadRequestException", "registryName must be given")
    return request.query["registryName"]


def _resource(properties: Properties) -> Resource:
    registry = str(properties["RegistryName"])
    try:
        put_policy(registry, properties)
    except SchemaError as error:
        raise ValueError(f"{POLICY}: {error}") from error
    return registry, {"Id": registry}


def _update(physical_id: str, _old: Properties, new: Properties, _stack: str) -> Resource:
    if physical_id != new["RegistryName"]:
        _delete(physical_id)
    return _resource(new)
