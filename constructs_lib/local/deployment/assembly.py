"""Read a cloud assembly: the folder that ``cdk synth`` writes, of any CDK app in any language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from constructs_lib.local.deployment.errors import DeployError

_PATH_METADATA = "aws:cdk:path"
#: What CDK calls the resource inside a construct that has one main resource.
_MAIN_CHILDREN = ("/Resource", "/Default")
_NESTED_TYPE = "AWS::CloudFormation::Stack"
_NESTED_TEMPLATE_METADATA = "aws:asset:path"


@dataclass(frozen=True, kw_only=True)
class FileAsset:
    """A file, or a folder to zip, and where in S3 its content is expected.

    ``bucket`` and ``key`` may hold ``${AWS::AccountId}``, ``${AWS::Region}`` and
    ``${AWS::Partition}``.
    """

    source: Path
    zipped: bool
    bucket: str
    key: str


@dataclass(frozen=True, kw_only=True)
class AssembledStack:
    """One stack of an assembly, with all that its deployment needs.

    Attributes:
        id: Its id in the manifest, by which others depend on it.
        label: How the CDK CLI calls it, such as ``Stage/Stack``.
        account: None for a stack that fits any account; ``region`` likewise.
        unsupported_assets: What only a program can make: container images, assets by command.
        bootstrap: The bootstrap version wanted, by the name of the SSM parameter that says it.
    """

    id: str
    name: str
    label: str
    folder: Path
    template_file: Path
    account: str | None
    region: str | None
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    protected: bool
    template_bucket_and_key: tuple[str, str] | None
    assets: tuple[FileAsset, ...]
    unsupported_assets: tuple[str, ...]
    bootstrap: Mapping[str, int]
    depends_on: frozenset[str]
    paths_in_manifest: Mapping[str, str]

    @cached_property
    def template(self) -> dict[str, Any]:
        """The template."""
        return _json(self.template_file)

    def path_of(self, logical_id: str) -> str:
        """The construct's path of a resource; its logical id where nothing says the path."""
        resource = self.template.get("Resources", {}).get(logical_id, {})
        return path_in_template(resource) or self.paths_in_manifest.get(logical_id, logical_id)

    def templates(self) -> Iterator[dict[str, Any]]:
        """The template and, at any depth, those of its nested stacks."""
        pending = [self.template]
        while pending:
            template = pending.pop()
            yield template
            pending += filter(None, map(self.nested_template, template["Resources"].values()))

    def nested_template(self, resource: Mapping[str, Any]) -> dict[str, Any] | None:
        """The template of a nested stack, of which its resource knows the file."""
        file = resource.get("Metadata", {}).get(_NESTED_TEMPLATE_METADATA)
        if resource.get("Type") != _NESTED_TYPE or file is None:
            return None
        return _json(self.folder / file)


def path_in_template(resource: Mapping[str, Any]) -> str | None:
    """The construct's path that a template gives for a resource."""
    return cast("str | None", resource.get("Metadata", {}).get(_PATH_METADATA))


def construct_of(path: str) -> str:
    """The path of the outermost construct whose main resource is at ``path``: what people name."""
    while path.endswith(_MAIN_CHILDREN):
        path = path.rpartition("/")[0]
    return path


def read_assembly(folder: Path) -> list[AssembledStack]:
    """The stacks of an assembly and of the assemblies (stages) in it, in the manifest's order.

    Raises:
        DeployError: The folder holds no assembly, or one that lacks looked-up values.
    """
    manifest_file = folder / "manifest.json"
    if not manifest_file.is_file():
        raise DeployError(
            f"assembly_folder must hold a manifest.json, got {folder}; run: cdk synth"
        )
    manifest = _json(manifest_file)
    if missing := manifest.get("missing"):
        keys = ", ".join(sorted(each["key"] for each in missing))
        raise DeployError(
            f"the assembly {folder} must have its context looked up, misses: {keys}; "
            "synthesize it with the CDK CLI and keep cdk.context.json"
        )
    artifacts = manifest.get("artifacts", {})
    stacks: list[AssembledStack] = []
    for id_, artifact in artifacts.items():
        if artifact["type"] == "aws:cloudformation:stack":
            stacks.append(_stack(folder, id_, artifact, artifacts))
        elif artifact["type"] == "cdk:cloud-assembly":
            stacks += read_assembly(folder / artifact["properties"]["directoryName"])
    return stacks


def _stack(
    folder: Path, id_: str, artifact: Mapping[str, Any], artifacts: Mapping[str, Mapping[str, Any]]
) -> AssembledStack:
    properties = artifact["properties"]
    account, region = artifact["environment"].removeprefix("aws://").split("/")
    needed = {name: artifacts[name] for name in artifact.get("dependencies", ())}
    manifests = [each for each in needed.values() if each["type"] == "cdk:asset-manifest"]
    contents = [_json(folder / each["properties"]["file"]) for each in manifests]
    bootstrap: dict[str, int] = {}
    for each in (properties, *(manifest["properties"] for manifest in manifests)):
        if version := each.get("requiresBootstrapStackVersion"):
            name = each.get("bootstrapStackVersionSsmParameter", _DEFAULT_VERSION_PARAMETER)
            bootstrap[name] = max(version, bootstrap.get(name, 0))
    return AssembledStack(
        id=id_,
        name=properties.get("stackName", id_),
        label=artifact.get("displayName", id_),
        folder=folder,
        template_file=folder / properties["templateFile"],
        account=None if account == "unknown-account" else account,
        region=None if region == "unknown-region" else region,
        parameters=properties.get("parameters", {}),
        tags=properties.get("tags", {}),
        protected=properties.get("terminationProtection", False),
        template_bucket_and_key=_bucket_and_key(properties.get("stackTemplateAssetObjectUrl")),
        assets=tuple(asset for content in contents for asset in _files(folder, content)),
        unsupported_assets=tuple(
            asset for content in contents for asset in _unsupported_assets(content)
        ),
        bootstrap=bootstrap,
        depends_on=frozenset(
            name for name, each in needed.items() if each["type"] == "aws:cloudformation:stack"
        ),
        paths_in_manifest=_paths_in_manifest(folder, artifact),
    )


_DEFAULT_VERSION_PARAMETER = "/cdk-bootstrap/hnb659fds/version"


def _bucket_and_key(url: str | None) -> tuple[str, str] | None:
    if url is None:
        return None
    parts = urlsplit(url)
    return parts.netloc, parts.path.lstrip("/")


def _files(folder: Path, manifest: Mapping[str, Any]) -> Iterator[FileAsset]:
    for asset in manifest.get("files", {}).values():
        source = asset["source"]
        if "path" in source:
            for destination in asset["destinations"].values():
                yield FileAsset(
                    source=folder / source["path"],
                    zipped=source.get("packaging") == "zip",
                    bucket=destination["bucketName"],
                    key=destination["objectKey"],
                )


def _unsupported_assets(manifest: Mapping[str, Any]) -> Iterator[str]:
    for id_, asset in manifest.get("dockerImages", {}).items():
        yield f"container image {asset.get('displayName', id_)}"
    for id_, asset in manifest.get("files", {}).items():
        if "executable" in asset["source"]:
            yield f"file made by a command {asset.get('displayName', id_)}"


def _paths_in_manifest(folder: Path, artifact: Mapping[str, Any]) -> dict[str, str]:
    metadata = artifact.get("metadata", {})
    if file := artifact.get("additionalMetadataFile"):
        metadata = {**metadata, **_json(folder / file)}
    return {
        entry["data"]: path.removeprefix("/")
        for path, entries in metadata.items()
        for entry in entries
        if entry["type"] == "aws:cdk:logicalId"
    }


def _json(file: Path) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise DeployError(
            f"the assembly's {file} must be a readable JSON file, got: {error}; run: cdk synth"
        ) from error
