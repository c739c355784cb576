"""The example's three stacks on an embedded AWS, made through the CloudFormation API.

The real CDK CLI has a test of its own; this takes a fraction of its time.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from app import build_app
from constructs_lib.demo.waiting import wait_for
from constructs_lib.local import EmbeddedAws

# In the order in which they refer to each other.
_STACKS = ("DuetChoreography", "DuetOrchestration", "DuetHybrid")
_BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"


def deploy_example(
    aws: EmbeddedAws, folder: Path, *, context: Mapping[str, str]
) -> Mapping[str, str]:
    """Synthesize into ``folder``, deploy, and return the outputs of all stacks."""
    build_app(outdir=str(folder), context=context).synth()
    with closing(aws.client("ssm")) as parameters:
        parameters.put_parameter(Name=_BOOTSTRAP_VERSION, Value="30", Type="String")
    bucket = f"cdk-hnb659fds-assets-{aws.account_id}-{aws.region}"
    _upload(aws, bucket, folder)
    outputs: dict[str, str] = {}
    for name in _STACKS:
        outputs |= _deploy(aws, name, f"{aws.endpoint_url}/{bucket}/{name}.template.json")
    return outputs


def _upload(aws: EmbeddedAws, bucket: str, folder: Path) -> None:
    """Put code and templates, too large for a request, into the bucket."""
    with closing(aws.client("s3")) as buckets:
        buckets.create_bucket(Bucket=bucket)
        for asset in folder.glob("asset.*"):
            archive = shutil.make_archive(str(folder / f"zip-{asset.name}"), "zip", asset)
            key = f"{asset.name.removeprefix('asset.')}.zip"
            buckets.put_object(Bucket=bucket, Key=key, Body=Path(archive).read_bytes())
        for template in folder.glob("*.template.json"):
            buckets.put_object(Bucket=bucket, Key=template.name, Body=template.read_bytes())


def _deploy(aws: EmbeddedAws, name: str, url: str) -> dict[str, str]:
    with closing(aws.client("cloudformation")) as stacks:
        stacks.create_stack(StackName=name, TemplateURL=url, Capabilities=["CAPABILITY_NAMED_IAM"])
        stack = wait_for(
            lambda: stacks.describe_stacks(StackName=name)["Stacks"][0],
            until=lambda seen: not seen["StackStatus"].endswith("IN_PROGRESS"),
        )
        if stack["StackStatus"] != "CREATE_COMPLETE":
            events = stacks.describe_stack_events(StackName=name)["StackEvents"]
            reasons = [event.get("ResourceStatusReason", "") for event in events]
            raise AssertionError(f"{name}: {stack['StackStatus']}: {json.dumps(reasons)}")
        return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
