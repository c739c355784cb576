"""Upstream gap: MiniStack has no EventBridge schema registry.

``AWS::EventSchemas::Registry`` and ``…::Schema``: ``Ref`` is the ARN; names are create-only, so a
new one replaces the resource. New content of a schema becomes a new version of it, and the earlier
ones stay. The service's own API answers what reads: DescribeRegistry, ListRegistries,
DescribeSchema (of any version), ListSchemas, ListSchemaVersions. It writes nothing, discovers
nothing and makes no code bindings.
Sources: AWS CloudFormation resource reference, AWS::EventSchemas::Registry and Schema; service
model of botocore 1.43.106 (read 2026-11-23).
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict, cast
from urllib.parse import unquote

from ministack import app
from ministack.core import router
from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, now_iso
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions.answers import Answer, Properties, Resource

REGISTRY = "AWS::EventSchemas::Registry"
SCHEMA = "AWS::EventSchemas::Schema"
_TYPES = ("JSONSchemaDraft4", "OpenApi3")
_NAME_MAX_CHARACTERS = 64

Document = dict[str, object]


class Registry(TypedDict):
    """A registry and the versions of its schemas, oldest first, by the schema's name."""

    about: Document
    schemas: dict[str, list[Document]]


_registries: AccountRegionScopedDict = AccountRegionScopedDict()


def register() -> None:
    """Teach CloudFormation the types and serve what reads them."""
    provisioners._RESOURCE_HANDLERS[REGISTRY] = {
        "create": _create_registry,
        "update": _update_registry,
        "delete": _delete_registry,
    }
    provisioners._RESOURCE_HANDLERS[SCHEMA] = {
        "create": _create_schema,
        "update": _update_schema,
        "delete": _delete_schema,
    }
    provisioners._REPLACING_PROPERTIES[REGISTRY] = ("RegistryName",)
    provisioners._REPLACING_PROPERTIES[SCHEMA] = ("RegistryName", "SchemaName")
    provisioners._CUSTOM_NAME_REPLACEMENT[REGISTRY] = {"name": "RegistryName"}
    # Else the first request reads every service model of botocore to tell whether there is one.
    router.SERVICE_PATTERNS["schemas"] = {
        "host_patterns": [r"schemas\."],
        "credential_scope": "schemas",
    }
    app.SERVICE_HANDLERS["schemas"] = _answer


def _create_registry(logical_id: str, properties: Properties, stack_name: str) -> Resource:
    name = str(
        properties.get("RegistryName")
        or provisioners._physical_name(stack_name, logical_id, max_len=_NAME_MAX_CHARACTERS)
    )
    if name in _registries:
        raise ValueError(f"{REGISTRY}: ConflictException: registry {name} already exists")
    arn = _arn("registry", name)
    about: Document = {"RegistryName": name, "RegistryArn": arn, **_described(properties)}
    _registries[name] = Registry(about=about, schemas={})
    return arn, {"RegistryArn": arn, "RegistryName": name}


def _update_registry(physical_id: str, _old: Properties, new: Properties, _stack: str) -> Resource:
    about = _registry(_last_name(physical_id))["about"]
    about.pop("Description", None)
    about.update(_described(new))
    return physical_id, {"RegistryArn": physical_id, "RegistryName": about["RegistryName"]}


def _delete_registry(physical_id: str, _properties: Properties) -> None:
    _registries.pop(_last_name(physical_id), None)


def _create_schema(logical_id: str, properties: Properties, stack_name: str) -> Resource:
    name = str(
        properties.get("SchemaName")
        or provisioners._physical_name(stack_name, logical_id, max_len=_NAME_MAX_CHARACTERS)
    )
    schemas = _registry(str(properties["RegistryName"]))["schemas"]
    if name in schemas:
        raise ValueError(f"{SCHEMA}: ConflictException: schema {name} already exists")
    version = _version(name, 1, properties)
    schemas[name] = [version]
    return _schema_resource(version)


def _update_schema(physical_id: str, old: Properties, new: Properties, _stack: str) -> Resource:
    name = _last_name(physical_id)
    versions = _registry(str(new["RegistryName"]))["schemas"][name]
    if (old["Content"], old["Type"]) == (new["Content"], new["Type"]):
        versions[-1] = _version(name, len(versions), new)
    else:
        versions.append(_version(name, len(versions) + 1, new))
    return _schema_resource(versions[-1])


def _delete_schema(physical_id: str, properties: Properties) -> None:
    registry = cast(Registry | None, _registries.get(str(properties["RegistryName"])))
    if registry is not None:
        registry["schemas"].pop(_last_name(physical_id), None)


def _version(name: str, number: int, properties: Properties) -> Document:
    kind, content = str(properties["Type"]), str(properties["Content"])
    if kind not in _TYPES:
        raise ValueError(f"{SCHEMA}: BadRequestException: Type must be one of {_TYPES}: {kind}")
    if not _is_json_object(content):
        raise ValueError(f"{SCHEMA}: BadRequestException: Content must be a JSON object")
    return {
        "SchemaName": name,
        "SchemaArn": _arn("schema", f"{properties['RegistryName']}/{name}"),
        "SchemaVersion": str(number),
        "Type": kind,
        "Content": content,
        "LastModified": now_iso(),
        "VersionCreatedDate": now_iso(),
        **_described(properties),
    }


def _schema_resource(version: Document) -> Resource:
    names = ("SchemaArn", "SchemaName", "SchemaVersion", "LastModified", "VersionCreatedDate")
    return str(version["SchemaArn"]), {name: version[name] for name in names}


def _registry(name: str) -> Registry:
    if name not in _registries:
        raise ValueError(f"{SCHEMA}: NotFoundException: registry {name} does not exist")
    return cast(Registry, _registries[name])


def _described(properties: Properties) -> Document:
    description = properties.get("Description")
    return {"Description": description} if description else {}


def _arn(kind: str, name: str) -> str:
    return f"arn:aws:schemas:{get_region()}:{get_account_id()}:{kind}/{name}"


def _last_name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


# ── The service's API ────────────────────────────────────────────────────────────────────────────


class _NotFoundError(Exception):
    """Nothing has that name."""


def _described_registry(_query: Mapping[str, str], registry: str) -> Document:
    return _found(registry)["about"]


def _listed_registries(_query: Mapping[str, str]) -> Document:
    return {"Registries": [registry["about"] for registry in _registries.values()]}


def _described_schema(query: Mapping[str, str], registry: str, name: str) -> Document:
    versions = _found_versions(registry, name)
    wanted = query.get("schemaVersion", versions[-1]["SchemaVersion"])
    for version in versions:
        if version["SchemaVersion"] == wanted:
            return version
    raise _NotFoundError(f"version {wanted} of schema {name} does not exist")


def _listed_schemas(query: Mapping[str, str], registry: str) -> Document:
    prefix = query.get("schemaNamePrefix", "")
    return {
        "Schemas": [
            {
                "SchemaName": name,
                "SchemaArn": versions[-1]["SchemaArn"],
                "LastModified": versions[-1]["LastModified"],
                "VersionCount": len(versions),
            }
            for name, versions in _found(registry)["schemas"].items()
            if name.startswith(prefix)
        ]
    }


def _listed_versions(_query: Mapping[str, str], registry: str, name: str) -> Document:
    names = ("SchemaName", "SchemaArn", "SchemaVersion", "Type")
    versions = _found_versions(registry, name)
    return {"SchemaVersions": [{name: version[name] for name in names} for version in versions]}


def _found(registry: str) -> Registry:
    if registry not in _registries:
        raise _NotFoundError(f"registry {registry} does not exist")
    return cast(Registry, _registries[registry])


def _found_versions(registry: str, name: str) -> list[Document]:
    schemas = _found(registry)["schemas"]
    if name not in schemas:
        raise _NotFoundError(f"schema {name} does not exist")
    return schemas[name]


_READS: tuple[tuple[str, Callable[..., Document]], ...] = (
    (r"/v1/registries", _listed_registries),
    (r"/v1/registries/name/([^/]+)", _described_registry),
    (r"/v1/registries/name/([^/]+)/schemas", _listed_schemas),
    (r"/v1/registries/name/([^/]+)/schemas/name/([^/]+)", _described_schema),
    (r"/v1/registries/name/([^/]+)/schemas/name/([^/]+)/versions", _listed_versions),
)


async def _answer(
    method: str,
    path: str,
    _headers: Mapping[str, str],
    _body: bytes,
    query_params: Mapping[str, Sequence[str]],
) -> Answer:
    query = {
        name: value if isinstance(value, str) else value[0] for name, value in query_params.items()
    }
    for pattern, read in _READS:
        match = re.fullmatch(pattern, path)
        if match and method == "GET":
            try:
                return _json(200, read(query, *(unquote(name) for name in match.groups())))
            except _NotFoundError as error:
                return _error(404, "NotFoundException", str(error))
    return _error(400, "BadRequestException", f"{method} {path} is not emulated")


def _error(status: int, code: str, message: str) -> Answer:
    answer = _json(status, {"Code": code, "Message": message})
    answer[1]["x-amzn-ErrorType"] = code
    return answer


def _json(status: int, document: Document) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(document).encode()
