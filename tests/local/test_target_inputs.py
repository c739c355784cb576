"""What a target gets of an event on the embedded AWS, and which inputs of targets are refused.

The cases of ``tests/parity/cases/input_transformers.json`` say what templates become; the canary is
among those of ``test_parity_canaries``.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAws

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

    from tests.local.conftest import Deliveries, WaitUntil

QUEUE = "arn:aws:sqs:us-east-1:000000000000:any"


@pytest.fixture
def put(aws: EmbeddedAws) -> Iterator[Callable[..., str]]:
    """Put a target with an input; the answer is the message of the refusal."""
    with closing(aws.client("events")) as events:
        rule = f"rule-{uuid.uuid4().hex[:8]}"
        events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))

        def put_target(**given: Any) -> str:
            try:
                events.put_targets(Rule=rule, Targets=[{"Id": "one", "Arn": QUEUE, **given}])  # type: ignore[list-item]  # the stub wants its own TypedDict
            except ClientError as refused:
                return str(refused.response["Error"]["Message"])
            return ""

        yield put_target


def test_a_placeholder_that_is_neither_mapped_nor_reserved_is_refused(
    put: Callable[..., str],
) -> None:
    template = '{"a": <known>, "b": <aws.events.rule-name>, "c": <unknown>}'
    transformer = {"InputPathsMap": {"known": "$.detail"}, "InputTemplate": template}

    assert put(InputTransformer=transformer) == (
        "InputTemplate for target one contains invalid placeholder unknown."
    )


def test_a_target_has_one_form_of_input(put: Callable[..., str]) -> None:
    assert put(Input="{}", InputPath="$.detail") == (
        "Only one of Input, InputPath, or InputTransformer must be provided for target one."
    )
    assert put(InputPath="$.detail") == ""


def test_an_input_path_reads_an_element_of_a_list(
    events: EventBridgeClient, deliveries: Deliveries, wait_until: WaitUntil
) -> None:
    source = f"source-{uuid.uuid4().hex[:8]}"
    receive = deliveries("default", {"source": [source]})
    (rule,) = events.list_rule_names_by_target(TargetArn=_arn_of(events, source))["RuleNames"]
    (target,) = events.list_targets_by_rule(Rule=rule)["Targets"]
    events.put_targets(Rule=rule, Targets=[{**target, "InputPath": "$.detail.orders[1]"}])

    detail = json.dumps({"orders": [{"id": "a"}, {"id": "b"}]})
    events.put_events(Entries=[{"Source": source, "DetailType": "any", "Detail": detail}])

    assert wait_until(receive) == {"id": "b"}


def _arn_of(events: EventBridgeClient, source: str) -> str:
    """The target of the rule for ``source``."""
    for rule in events.list_rules()["Rules"]:
        if source in rule.get("EventPattern", ""):
            return events.list_targets_by_rule(Rule=rule["Name"])["Targets"][0]["Arn"]
    raise LookupError(source)
