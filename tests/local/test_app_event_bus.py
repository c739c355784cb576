"""An application's bus with everything set, as synthesized, on the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAws

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

    from tests.local.conftest import Stack

TEMPLATE = Path(__file__).parent.parent / "golden/constructs/AppEventBusWithKey.template.json"


@pytest.fixture
def keys(aws: EmbeddedAws) -> Iterator[Any]:
    with closing(aws.client("kms")) as client:  # type: ignore[call-overload]  # no stub
        yield client


def test_an_encrypted_bus_is_made_whole_and_leaves_nothing_behind(
    stack: Stack, events: EventBridgeClient, keys: Any
) -> None:
    resources: dict[str, dict[str, Any]] = json.loads(TEMPLATE.read_text(encoding="utf-8"))[
        "Resources"
    ]
    ids = {resource["Type"]: logical_id for logical_id, resource in resources.items()}

    assert stack.create(**resources) == "CREATE_COMPLETE", stack.reasons()

    key = keys.describe_key(KeyId=stack.physical_id(ids["AWS::KMS::Key"]))["KeyMetadata"]
    bus = events.describe_event_bus(Name=stack.physical_id(ids["AWS::Events::EventBus"]))
    archive = events.describe_archive(ArchiveName=stack.physical_id(ids["AWS::Events::Archive"]))
    assert bus["KmsKeyIdentifier"] == archive["KmsKeyIdentifier"] == key["Arn"]
    assert bus["LogConfig"] == {"Level": "INFO", "IncludeDetail": "NONE"}
    assert "DeadLetters" in bus["DeadLetterConfig"]["Arn"]
    assert {s["Sid"] for s in json.loads(bus["Policy"])["Statement"]} == {"Billing", "Company"}
    # What the key's and the queue's policies name is the bus that was made.
    policy = keys.get_key_policy(KeyId=key["KeyId"])["Policy"]
    assert bus["Arn"] in policy

    stack.delete()

    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        events.describe_event_bus(Name=bus["Name"])
