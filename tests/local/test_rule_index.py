"""A rule gets an event exactly if its pattern matches, however the rules of a bus are looked up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from constructs_lib.local import EmbeddedAws

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

    from constructs_lib.local.account import EmbeddedAccount

PATTERNS: dict[str, object] = {
    "source": {"source": ["shop"]},
    "two-sources": {"source": ["shop", "till"]},
    "type": {"detail-type": ["Sold"]},
    "prefix": {"source": [{"prefix": "sh"}]},
    "text-or-prefix": {"source": ["till", {"prefix": "sh"}]},
    "detail": {"source": ["shop"], "detail": {"item": {"kind": ["book"]}}},
    "number": {"source": ["shop"], "detail": {"total": [{"numeric": [">", 10]}]}},
    "same-number": {"source": ["till"], "detail": {"total": [11]}},
    "truth": {"detail": {"paid": [True]}},
    "text-of-number": {"detail": {"total": ["11"]}},
    **{
        f"{operator}{threshold}": {"detail": {"size": {"cm": [{"numeric": [operator, threshold]}]}}}
        for operator in ("<", "<=", "=", ">=", ">")
        for threshold in (1, 2.5, 3)
    },
    "between": {"source": ["shop"], "detail": {"total": [{"numeric": [">", 10, "<=", 20]}]}},
    **{
        f"more than {count}": {"source": ["crowd"], "detail": {"n": [{"numeric": [">", count]}]}}
        for count in range(12)
    },
    "either": {"$or": [{"source": ["till"]}, {"detail": {"item": {"kind": ["book"]}}}]},
    "in-list": {"detail": {"tags": ["gift"]}},
    "of-objects": {"detail": {"lines": {"sku": ["a1"]}}},
    "nothing": {"detail": {"coupon": [{"exists": False}]}},
    "null": {"detail": {"coupon": [None, "none"]}},
    "resource": {"resources": ["arn:aws:s3:::shop"]},
    "dotted": {"detail": {"order.state": ["paid"]}},
    "other": {"source": ["elsewhere"]},
}
EVENTS: dict[str, dict[str, object]] = {
    "book": {"Source": "shop", "DetailType": "Sold", "Detail": {"item": {"kind": "book"}}},
    "till": {"Source": "till", "DetailType": "Sold", "Detail": {"total": 11, "tags": ["gift"]}},
    **{
        f"size {size}": {"Source": "x", "DetailType": "y", "Detail": {"size": {"cm": size}}}
        for size in (0, 1, 2.5, [1, 3], "2.5", True, 10**400)
    },
    "shop of 20": {"Source": "shop", "DetailType": "y", "Detail": {"total": 20}},
    "crowd of 10": {"Source": "crowd", "DetailType": "y", "Detail": {"n": 10}},
    "as a fraction": {"Source": "till", "DetailType": "y", "Detail": {"total": 11.0}},
    "as a text": {"Source": "till", "DetailType": "y", "Detail": {"total": "11"}},
    "paid": {"Source": "x", "DetailType": "y", "Detail": {"paid": True}},
    "paid once": {"Source": "x", "DetailType": "y", "Detail": {"paid": 1}},
    "lines": {"Source": "shop", "DetailType": "Moved", "Detail": {"lines": [{"sku": "a1"}]}},
    "list in list": {"Source": "x", "DetailType": "y", "Detail": {"tags": [["gift"]]}},
    "null": {"Source": "x", "DetailType": "y", "Detail": {"coupon": None}},
    "nested": {"Source": "x", "DetailType": "y", "Detail": {"order": {"state": "paid"}}},
    "dotted": {"Source": "x", "DetailType": "y", "Detail": {"order.state": "paid"}},
    "resource": {
        "Source": "x",
        "DetailType": "y",
        "Detail": {},
        "Resources": ["arn:aws:s3:::shop"],
    },
}


@pytest.fixture(scope="module")
def own(aws: EmbeddedAws) -> EmbeddedAccount:
    return aws.account("503000000001")


@pytest.fixture(scope="module")
def events(own: EmbeddedAccount) -> Iterator[EventBridgeClient]:
    with closing(own.client("events")) as client:
        yield client


@pytest.fixture(scope="module")
def sqs(own: EmbeddedAccount) -> Iterator[SQSClient]:
    with closing(own.client("sqs")) as client:
        yield client


@pytest.fixture(scope="module")
def queue_url(own: EmbeddedAccount, events: EventBridgeClient, sqs: SQSClient) -> str:
    """A queue that every rule tells its name."""
    url = sqs.create_queue(QueueName="matched")["QueueUrl"]
    arn = f"arn:aws:sqs:{own.region}:{own.account_id}:matched"
    for name, pattern in PATTERNS.items():
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, "Input": f'"{name}"'}])
    return url


def matched(sqs: SQSClient, queue_url: str) -> list[str]:
    """The rules that told of the last event."""
    names: list[str] = []
    while messages := sqs.receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=600
    ).get("Messages"):
        names += [json.loads(message["Body"]) for message in messages]
    return names


@pytest.mark.parametrize("event", EVENTS.values(), ids=[name[:20] for name in EVENTS])
def test_a_rule_gets_an_event_if_and_only_if_its_pattern_matches(
    event: dict[str, object], events: EventBridgeClient, sqs: SQSClient, queue_url: str
) -> None:
    told = {
        "id": "1",
        "account": "1",
        "time": "2026-11-27T00:00:00Z",
        "region": "us-east-1",
        "source": event["Source"],
        "detail-type": event["DetailType"],
        "resources": event.get("Resources", []),
        "detail": event["Detail"],
    }
    expected = [
        name
        for name, pattern in PATTERNS.items()
        if events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(told))[
            "Result"
        ]
    ]
    entry = {**event, "Detail": json.dumps(event["Detail"])}
    events.put_events(Entries=[entry])  # type: ignore[list-item]  # a dict is one
    assert matched(sqs, queue_url) == expected


def test_a_rule_that_is_changed_disabled_or_deleted_is_so_for_the_next_event(
    own: EmbeddedAccount, events: EventBridgeClient, sqs: SQSClient, queue_url: str
) -> None:
    def told(source: str) -> bool:
        entry = {"Source": source, "DetailType": "y", "Detail": "{}"}
        events.put_events(Entries=[entry])  # type: ignore[list-item]  # a dict is one
        return "changing" in matched(sqs, queue_url)

    arn = f"arn:aws:sqs:{own.region}:{own.account_id}:matched"
    events.put_rule(Name="changing", EventPattern='{"source": ["one"]}')
    events.put_targets(Rule="changing", Targets=[{"Id": "1", "Arn": arn, "Input": '"changing"'}])
    seen = [told("one")]
    events.put_rule(Name="changing", EventPattern='{"source": ["two"]}')
    seen += [told("one"), told("two")]
    events.disable_rule(Name="changing")
    seen.append(told("two"))
    events.enable_rule(Name="changing")
    seen.append(told("two"))
    events.remove_targets(Rule="changing", Ids=["1"])
    events.delete_rule(Name="changing")
    seen.append(told("two"))
    assert seen == [True, False, True, False, True, False]
