"""Cloud assemblies written by hand, and short looks at what became of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from constructs_lib.local import EmbeddedAccount


class Assembly:
    """An assembly written by hand, in the shape that a TypeScript app has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._artifacts: dict[str, Any] = {}
        self.write()

    def write(self, **more: object) -> None:
        manifest = {"version": "48.0.0", "artifacts": self._artifacts, **more}
        self._json("manifest.json", manifest)

    def stage(self, name: str) -> Assembly:
        """An assembly in this one."""
        folder = self.folder / f"assembly-{name}"
        folder.mkdir()
        self._artifacts[folder.name] = {
            "type": "cdk:cloud-assembly",
            "properties": {"directoryName": folder.name},
        }
        self.write()
        return Assembly(folder)

    def stack(
        self,
        name: str,
        resources: Mapping[str, Any],
        *,
        needs: tuple[str, ...] = (),
        files: Mapping[str, Any] | None = None,
        images: Mapping[str, Any] | None = None,
        environment: str = "aws://unknown-account/unknown-region",
        properties: Mapping[str, Any] | None = None,
        **sections: object,
    ) -> None:
        self._json(f"{name}.template.json", {"Resources": resources, **sections})
        self._json(f"{name}.assets.json", {"files": files or {}, "dockerImages": images or {}})
        self._artifacts[f"{name}.assets"] = {
            "type": "cdk:asset-manifest",
            "properties": {"file": f"{name}.assets.json"},
        }
        self._artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": environment,
            "properties": {"templateFile": f"{name}.template.json", **(properties or {})},
            "dependencies": [*needs, f"{name}.assets"],
            "metadata": {
                f"/{name}/{id_}/Resource": [{"type": "aws:cdk:logicalId", "data": id_}]
                for id_ in resources
            },
        }
        self.write()

    def _json(self, name: str, content: object) -> None:
        (self.folder / name).write_text(json.dumps(content), encoding="utf-8")


def queue(**properties: object) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def queue_urls(place: EmbeddedAccount) -> list[str]:
    with closing(place.client("sqs")) as sqs:
        return sqs.list_queues().get("QueueUrls", [])


def stack_names(place: EmbeddedAccount) -> set[str]:
    with closing(place.client("cloudformation")) as cloudformation:
        return {each["StackName"] for each in cloudformation.describe_stacks()["Stacks"]}


def function_of_an_asset(folder: Path) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A function whose code is an asset: its resources, and the assets manifest's entry."""
    code = folder / "asset.code"
    code.mkdir()
    (code / "index.py").write_text("def handler(event, context): return 'from the asset'\n")
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
    }
    bucket = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Code": {"S3Bucket": {"Fn::Sub": bucket}, "S3Key": "code.zip"},
            "Handler": "index.handler",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Runtime": "python3.12",
        },
        "Metadata": {"aws:cdk:path": "Functions/Hello/Resource"},
    }
    destination = {"bucketName": bucket, "objectKey": "code.zip"}
    entry = {
        "source": {"path": "asset.code", "packaging": "zip"},
        "destinations": {"here": destination},
    }
    return role, function, entry
