"""Pipes on the embedded AWS: filtered, reshaped, tried again, and given up to a queue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pytest

from constructs_lib.local import EmbeddedAws
from tests.local.clients import Bodies, Inbox, put, untyped_client
from tests.local.pipes_world import deployed_pipes

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

    from tests.local.conftest import WaitUntil

SHARD = "shardId-00000000000000000000-00000000"
# Of 200 records some are refused by name and some crash the workflow.
KINDS = {f"r{n}": "fine" for n in range(200)} | {
    **{f"r{n}": "refuse" for n in range(7, 200, 40)},
    **{f"r{n}": "crash" for n in (11, 111)},
    "r123": "misname",
}
BAD = {name for name, kind in KINDS.items() if kind != "fine"}


@pytest.fixture(scope="module")
def world(aws: EmbeddedAws) -> Iterator[dict[str, str]]:
    with deployed_pipes(aws) as outputs:
        yield outputs


@pytest.fixture(scope="module")
def dynamodb(aws: EmbeddedAws) -> Iterator[DynamoDBClient]:
    with closing(aws.client("dynamodb")) as client:
        yield client


def test_only_new_profiles_start_the_workflow_with_what_the_template_makes_of_them(
    aws: EmbeddedAws, world: dict[str, str], dynamodb: DynamoDBClient, wait_until: WaitUntil
) -> None:
    put(dynamodb, world["Profiles"], name="ann", mood="new")
    put(dynamodb, world["Profiles"], name="ann", mood="changed")
    dynamodb.delete_item(TableName=world["Profiles"], Key={"name": {"S": "ann"}})
    put(dynamodb, world["Profiles"], name="bob")

    with closing(aws.client("stepfunctions")) as workflows:

        def inputs() -> list[list[dict[str, Any]]] | None:
            runs = workflows.list_executions(stateMachineArn=world["Welcome"])["executions"]
            found = [
                workflows.describe_execution(executionArn=run["executionArn"])["input"]
                for run in runs
            ]
            return [json.loads(text) for text in found] if len(found) > 1 else None

        started = wait_until(inputs)

    batches = sorted(started, key=lambda batch: str(batch[0]["userId"]))
    assert batches == [
        [
            {
                "userId": name,
                "greeting": f"Welcome, {name}!",
                "image": image,
                "from": world["ProfilesStream"],
                "lost": "",
            }
        ]
        for name, image in (
            ("ann", {"name": {"S": "ann"}, "mood": {"S": "new"}}),
            ("bob", {"name": {"S": "bob"}}),
        )
    ]


# ── 200 records, some of which the target never takes ────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Aftermath:
    """What became of all the records: delivered, given up, and what the log says."""

    delivered: list[str]
    dead_letters: Bodies
    log: Bodies


@pytest.fixture(scope="module")
def aftermath(
    aws: EmbeddedAws, world: dict[str, str], dynamodb: DynamoDBClient, wait_until: WaitUntil
) -> Iterator[Aftermath]:
    names = list(KINDS)
    for start in range(0, len(names), 25):
        requests = [
            {"PutRequest": {"Item": {"name": {"S": name}, "kind": {"S": KINDS[name]}}}}
            for name in names[start : start + 25]
        ]
        dynamodb.batch_write_item(RequestItems={world["Deeds"]: requests})  # type: ignore[dict-item]  # the stub wants its own TypedDict
    with closing(aws.client("sqs")) as sqs, closing(aws.client("logs")) as logs:
        told, dead = Inbox(sqs, world["Told"]), Inbox(sqs, world["DeadDeeds"])

        def delivered() -> list[str]:
            return [name for body in told.take() for name in cast(list[str], body)]

        def all_accounted_for() -> bool:
            return len(set(delivered())) + len(dead.take()) >= len(KINDS)

        wait_until(all_accounted_for)
        events = logs.filter_log_events(logGroupName=world["DeedsLog"])["events"]
        yield Aftermath(
            delivered=delivered(),
            dead_letters=dead.bodies,
            log=[json.loads(event["message"]) for event in events],
        )


def test_every_record_that_the_target_takes_is_delivered(aftermath: Aftermath) -> None:
    assert set(aftermath.delivered) == KINDS.keys() - BAD


def test_records_of_one_kind_come_in_the_order_of_the_stream(aftermath: Aftermath) -> None:
    first_deliveries = list(dict.fromkeys(aftermath.delivered))

    assert first_deliveries == [name for name in KINDS if name not in BAD]


def test_every_record_that_the_target_never_takes_is_a_dead_letter_of_its_own(
    aws: EmbeddedAws, world: dict[str, str], aftermath: Aftermath
) -> None:
    streams = untyped_client(aws, "dynamodbstreams")
    with closing(streams):
        iterator = streams.get_shard_iterator(
            StreamArn=world["DeedsStream"], ShardId=SHARD, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        changes = [r["dynamodb"] for r in streams.get_records(ShardIterator=iterator)["Records"]]
    names = {change["SequenceNumber"]: change["Keys"]["name"]["S"] for change in changes}

    batches = [body["DDBStreamBatchInfo"] for body in aftermath.dead_letters]
    assert sorted(names[batch["startSequenceNumber"]] for batch in batches) == sorted(BAD)
    assert all(batch["startSequenceNumber"] == batch["endSequenceNumber"] for batch in batches)
    assert {batch["batchSize"] for batch in batches} == {1}
    assert {batch["streamArn"] for batch in batches} == {world["DeedsStream"]}


def test_a_dead_letter_says_which_pipe_gave_up_and_why(aftermath: Aftermath) -> None:
    contexts = [body["context"] for body in aftermath.dead_letters]

    assert {context["condition"] for context in contexts} == {"RetryAttemptsExhausted"}
    assert all(":pipe/pipes-" in context["partnerResourceArn"] for context in contexts)


def test_the_log_says_why_the_target_did_not_take_records(aftermath: Aftermath) -> None:
    reasons = {(entry["messageType"], entry["error"]["message"]) for entry in aftermath.log}

    assert ("ExecutionFailed", "Picky.Crash: cannot digest this") in reasons
    refused = "the target reported the records as failed"
    assert ("ExecutionPartiallyFailed", refused) in reasons


# ── Queues as sources ────────────────────────────────────────────────────────────────────────────


def test_matching_messages_become_events_and_all_others_are_gone(
    world: dict[str, str], sqs: SQSClient, wait_until: WaitUntil
) -> None:
    heard = Inbox(sqs, world["Heard"])
    sent = [
        json.dumps({"type": "OrderPlaced", "order": {"id": 1}}),
        json.dumps({"type": "Invoice", "order": {"id": 2}}),
        "no JSON at all",
        json.dumps({"type": "OrderSent", "order": {"id": 3}}),
    ]
    ids = [
        sqs.send_message(QueueUrl=world["Orders"], MessageBody=body)["MessageId"] for body in sent
    ]

    wait_until(lambda: len(heard.take()) > 1)

    got = {
        (event["source"], event["detail-type"], json.dumps(event["detail"]))
        for event in heard.bodies
    }
    assert got == {
        ("orders", "OrderPlaced", json.dumps({"order": {"id": 1}, "messageId": ids[0]})),
        ("orders", "OrderSent", json.dumps({"order": {"id": 3}, "messageId": ids[3]})),
    }
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def left() -> set[str]:
        answer = sqs.get_queue_attributes(QueueUrl=world["Orders"], AttributeNames=names)
        return set(answer["Attributes"].values())

    wait_until(lambda: left() == {"0"})


def test_a_message_that_its_target_never_takes_moves_to_the_queues_dead_letters(
    world: dict[str, str], sqs: SQSClient, wait_until: WaitUntil
) -> None:
    dead = Inbox(sqs, world["DeadPoison"])
    sqs.send_message(QueueUrl=world["Poison"], MessageBody='{"n": 1}')

    assert wait_until(dead.take) == [{"n": 1}]
