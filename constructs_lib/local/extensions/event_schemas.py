"""Upstream gap: MiniStack has no EventBridge schema registry.

``AWS::EventSchemas::Registry`` and ``…::Schema``: ``Ref`` is the ARN; names are create-only, so a
new one replaces the resource. New content of a schema becomes a new version of it, and the earlier
ones stay. The service's own API answers what reads: DescribeRegistry, ListRegistries,
DescribeSchema (of any version), ListSchemas, ListSchemaVersions, ExportSchema (of what discovery
has written). Schemas are written by CloudFormation and by discovery.

Writing registries and schemas by the API, their tags, searching and code bindings are not emulated.
Sources: AWS CloudFormation resource reference, AWS::EventSchemas::Registry and Schema; service
model of botocore 1.43.106 (read 2026-11-23).
"""

from typing import TypedDict, cast

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, now_iso
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions import schema_api
from constructs_lib.local.extensions.answers import Properties, Resource
from constructs_lib.local.extensions.json_objects import json_object
from constructs_lib.local.extensions.resets import at_reset
from constructs_lib.local.extensions.schema_api import Document, Request, SchemaError, serve
from constructs_lib.local.extensions.schema_inference import as_json_schema

REGISTRY = "AWS::EventSchemas::Registry"
SCHEMA = "AWS::EventSchemas::Schema"
_TYPES = ("JSONSchemaDraft4", "OpenApi3")
_NAME_MAX_CHARACTERS = 64


class Registry(TypedDict):
    """A registry, its schemas' versions by name, the oldest first, and its policy if it has one."""

    about: Document
    schemas: dict[str, list[Document]]
    policy: Document


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
    at_reset(_registries.clear)
    schema_api.register()
    in_registry = "/v1/registries/name/{registry}"
    serve("GET", "/v1/registries", _listed_registries)
    serve("GET", in_registry, _described_registry)
    serve("GET", f"{in_registry}/schemas", _listed_schemas)
    serve("GET", f"{in_registry}/schemas/name/{{name}}", _described_schema)
    serve("GET", f"{in_registry}/schemas/name/{{name}}/versions", _listed_versions)
    serve("GET", f"{in_registry}/schemas/name/{{name}}/export", _exported_schema)


def registry_named(registry: str) -> Registry:
    """A registry of this account and region.

    Raises:
        SchemaError: There is none of that name.
    """
    if registry not in _registries:
        raise SchemaError("NotFoundException", f"registry {registry} does not exist")
    return cast(Registry, _registries[registry])


def ensure_registry(name: str) -> Registry:
    """A registry of this account and region, made if it is not there."""
    if name not in _registries:
        _make_registry(name, {})
    return registry_named(name)


def _make_registry(name: str, properties: Properties) -> str:
    arn = _arn("registry", name)
    about: Document = {"RegistryName": name, "RegistryArn": arn, **_described(properties)}
    _registries[name] = Registry(about=about, schemas={}, policy={})
    return arn


def _create_registry(logical_id: str, properties: Properties, stack_name: str) -> Resource:
    name = str(
        properties.get("RegistryName")
        or provisioners._physical_name(stack_name, logical_id, max_len=_NAME_MAX_CHARACTERS)
    )
    if name in _registries:
        raise ValueError(f"{REGISTRY}: ConflictException: registry {name} already exists")
    arn = _make_registry(name, properties)
    return arn, {"RegistryArn": arn, "RegistryName": name}


def _update_registry(physical_id: str, _old: Properties, new: Properties, _stack: str) -> Resource:
    about = _registry(name_in_arn(physical_id))["about"]
    about.pop("Description", None)
    about.update(_described(new))
    return physical_id, {"RegistryArn": physical_id, "RegistryName": about["RegistryName"]}


def _delete_registry(physical_id: str, _properties: Properties) -> None:
    _registries.pop(name_in_arn(physical_id), None)


def _create_schema(logical_id: str, properties: Properties, stack_name: str) -> Resource:
    name = str(
        properties.get("SchemaName")
        or provisioners._physical_name(stack_name, logical_id, max_len=_NAME_MAX_CHARACTERS)
    )
    schemas = _registry(str(properties["RegistryName"]))["schemas"]
    if name in schemas:
        raise ValueError(f"{SCHEMA}: ConflictException: schema {name} already exists")
    version = schema_version(name, 1, properties)
    schemas[name] = [version]
    return _schema_resource(version)


def _update_schema(physical_id: str, old: Properties, new: Properties, _stack: str) -> Resource:
    name = name_in_arn(physical_id)
    versions = _registry(str(new["RegistryName"]))["schemas"][name]
    if (old["Content"], old["Type"]) == (new["Content"], new["Type"]):
        versions[-1] = schema_version(name, len(versions), new)
    else:
        versions.append(schema_version(name, len(versions) + 1, new))
    return _schema_resource(versions[-1])


def _delete_schema(physical_id: str, properties: Properties) -> None:
    registry = cast(Registry | None, _registries.get(str(properties["RegistryName"])))
    if registry is not None:
        registry["schemas"].pop(name_in_arn(physical_id), None)


def schema_version(name: str, number: int, properties: Properties) -> Document:
    """A version of a schema, as DescribeSchema tells of it.

    Raises:
        ValueError: Its type or content is none.
    """
    kind, content = str(properties["Type"]), str(properties["Content"])
    if kind not in _TYPES:
        raise ValueError(f"{SCHEMA}: BadRequestException: Type must be one of {_TYPES}: {kind}")
    if json_object(content) is None:
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


def name_in_arn(arn: str) -> str:
    """The name of a registry, schema or discoverer: what its ARN ends with."""
    return arn.rpartition("/")[2]


# ── The service's API ────────────────────────────────────────────────────────────────────────────


def _described_registry(_request: Request, registry: str) -> Document:
    return registry_named(registry)["about"]


def _listed_registries(_request: Request) -> Document:
    return {"Registries": [registry["about"] for registry in _registries.values()]}


def _described_schema(request: Request, registry: str, name: str) -> Document:
    versions = _found_versions(registry, name)
    wanted = request.query.get("schemaVersion", versions[-1]["SchemaVersion"])
    for version in versions:
        if version["SchemaVersion"] == wanted:
            return version
    raise SchemaError("NotFoundException", f"version {wanted} of schema {name} does not exist")


def _exported_schema(request: Request, registry: str, name: str) -> Document:
    version = _described_schema(request, registry, name)
    if request.query.get("type") != "JSONSchemaDraft4" or version["Type"] != "OpenApi3":
        raise SchemaError(
            "BadRequestException", "a schema of Type OpenApi3 is exported as JSONSchemaDraft4"
        )
    names = ("SchemaArn", "SchemaName", "SchemaVersion")
    return {
        **{each: version[each] for each in names},
        "Type": "JSONSchemaDraft4",
        "Content": as_json_schema(str(version["Content"])),
    }


def _listed_schemas(request: Request, registry: str) -> Document:
    prefix = request.query.get("schemaNamePrefix", "")
    return {
        "Schemas": [
            {
                "SchemaName": name,
                "SchemaArn": versions[-1]["SchemaArn"],
                "LastModified": versions[-1]["LastModified"],
                "VersionCount": len(versions),
            }
            for name, versions in registry_named(registry)["schemas"].items()
            if name.startswith(prefix)
        ]
    }


def _listed_versions(_request: Request, registry: str, name: str) -> Document:
    names = ("SchemaName", "SchemaArn", "SchemaVersion", "Type")
    versions = _found_versions(registry, name)
    return {"SchemaVersions": [{name: version[name] for name in names} for version in versions]}


def _found_versions(registry: str, name: str) -> list[Document]:
    schemas = registry_named(registry)["schemas"]
    if name not in schemas:
        raise SchemaError("NotFoundException", f"schema {name} does not exist")
    return schemas[name]
