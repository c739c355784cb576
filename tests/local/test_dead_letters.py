"""``duet dead-letters``: what waits is listed without its detail, and goes back to its consumer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from constructs_lib.cli import app
from constructs_lib.local import EmbeddedAws
from constructs_lib.operations.dead_letter_queue import DeadLetterQueue
from constructs_lib.operations.redrive import Redrive, Redriven
from tests.local.delivery_world import ARN, ROLE, Queue, World, aws_of_the_command, new_name
from tests.local.http_api import HttpApi

if TYPE_CHECKING:
    from tests.local.conftest import WaitUntil


@pytest.fixture(scope="module")
def world(aws: EmbeddedAws) -> Iterator[World]:
    with closing(World(aws)) as world, aws_of_the_command(aws):
        yield world


@pytest.fixture
def dead_letters(world: World) -> Queue:
    return world.queue()


@pytest.fixture
def api() -> Iterator[HttpApi]:
    api = HttpApi()
    yield api
    api.close()


def duet(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "250"}).invoke(app, ["dead-letters", *arguments])


def redriven(queue: Queue, *, dry_run: bool = False) -> list[Redriven]:
    found = DeadLetterQueue.find(queue.url)
    return list(Redrive(found).run(limit=100, dry_run=dry_run, wait_seconds=0))


@pytest.fixture
def undelivered(world: World, dead_letters: Queue, wait_until: WaitUntil) -> Callable[..., str]:
    """Publish an event that the target does not get; its id."""

    def publish(arn: str, **settings: object) -> str:
        before = dead_letters.size()
        source, _ = world.rule(arn, dead_letters, **settings)
        (event_id,) = world.publish(source, [{"email": "ada@example.com"}])
        wait_until(lambda: dead_letters.size() > before)
        return event_id

    return publish


def test_the_list_shows_what_waits_but_no_detail_and_leaves_it_there(
    dead_letters: Queue, undelivered: Callable[..., str]
) -> None:
    event_id = undelivered(ARN.format("sqs", "gone"))

    result = duet("list", dead_letters.arn.rsplit(":", 1)[1])

    assert result.exit_code == 0
    for shown in (event_id, "OrderPlaced", "sqs:gone", "NO_RESOURCE"):
        assert shown in result.output
    assert "ada@example.com" not in result.output
    assert dead_letters.size() == 1


def test_json_has_the_body_on_request_only(
    dead_letters: Queue, undelivered: Callable[..., str]
) -> None:
    event_id = undelivered(ARN.format("sqs", "gone"))

    (plain,) = json.loads(duet("list", "--json", "--limit=1", dead_letters.url).stdout)
    (full,) = json.loads(
        duet("list", "--json", "--with-body", "--limit=1", dead_letters.url).stdout
    )

    assert (plain["eventId"], plain["sender"]) == (event_id, "rule")
    assert "body" not in plain
    assert json.loads(full["body"])["detail"] == {"email": "ada@example.com"}


def test_the_command_delivers_what_it_can_and_keeps_the_rest(
    world: World, dead_letters: Queue, undelivered: Callable[..., str]
) -> None:
    mended, gone = new_name("queue"), new_name("queue")
    delivered = undelivered(ARN.format("sqs", mended))
    kept = undelivered(ARN.format("sqs", gone))
    queue = world.queue(mended)

    result = duet("redrive", "--limit=2", dead_letters.arn)

    assert result.exit_code == 1
    assert "1 of 2 went back" in result.output
    assert kept in result.output
    assert queue.drain() == [delivered]
    assert dead_letters.drain() == [kept]


def test_the_command_tells_programs_what_became_of_each(
    world: World, dead_letters: Queue, undelivered: Callable[..., str]
) -> None:
    name = new_name("queue")
    event_id = undelivered(ARN.format("sqs", name))
    world.queue(name)

    result = duet("redrive", "--json", "--limit=1", dead_letters.url)

    assert result.exit_code == 0
    (letter,) = json.loads(result.stdout)["letters"]
    assert (letter["eventId"], letter["reason"]) == (event_id, "")


def test_a_queue_that_cannot_be_read_is_a_bad_argument() -> None:
    result = duet("list", "no-such-queue")

    assert result.exit_code == 2
    assert "no-such-queue" in result.stderr


def test_a_dry_run_sends_and_deletes_nothing(
    world: World, dead_letters: Queue, undelivered: Callable[..., str]
) -> None:
    name = new_name("queue")
    event_id = undelivered(ARN.format("sqs", name))
    queue = world.queue(name)

    outcomes = redriven(dead_letters, dry_run=True)

    assert [one.succeeded for one in outcomes] == [True]
    assert queue.size() == 0
    assert dead_letters.drain() == [event_id]


def test_only_the_target_that_missed_the_event_gets_it(
    world: World, dead_letters: Queue, wait_until: WaitUntil
) -> None:
    name, other = new_name("queue"), world.queue()
    source, _ = world.rule(ARN.format("sqs", name), dead_letters)
    follower = new_name("rule")
    world.events.put_rule(Name=follower, EventPattern=json.dumps({"source": [source]}))
    world.events.put_targets(Rule=follower, Targets=[{"Id": "other", "Arn": other.arn}])
    (event_id,) = world.publish(source, [{}])
    wait_until(dead_letters.size)
    queue = world.queue(name)

    redriven(dead_letters)

    assert queue.drain() == [event_id]
    assert other.drain() == [event_id]


def test_the_rule_of_a_bus_of_the_application_is_found(
    world: World, dead_letters: Queue, wait_until: WaitUntil
) -> None:
    bus, name = new_name("bus"), new_name("queue")
    world.events.create_event_bus(Name=bus)
    world.events.put_rule(Name=bus, EventBusName=bus, EventPattern='{"source": ["shop"]}')
    target = {"Id": "queue", "Arn": ARN.format("sqs", name)}
    dead_letter = {"DeadLetterConfig": {"Arn": dead_letters.arn}}
    world.events.put_targets(Rule=bus, EventBusName=bus, Targets=[{**target, **dead_letter}])  # type: ignore[list-item]  # the stub wants its own TypedDict
    entry = {"EventBusName": bus, "Source": "shop", "DetailType": "OrderPlaced", "Detail": "{}"}
    world.events.put_events(Entries=[entry])  # type: ignore[list-item]  # as above
    wait_until(dead_letters.size)
    queue = world.queue(name)

    redriven(dead_letters)

    assert queue.size() == 1


def test_a_redriven_event_is_transformed_as_the_rule_says(
    world: World, dead_letters: Queue, undelivered: Callable[..., str]
) -> None:
    name = new_name("queue")
    transformer = {"InputPathsMap": {"id": "$.id"}, "InputTemplate": '{"id": <id>, "n": 1}'}
    event_id = undelivered(ARN.format("sqs", name), InputTransformer=transformer)
    queue = world.queue(name)

    redriven(dead_letters)

    message = queue.receive()
    assert message
    assert json.loads(message["Body"]) == {"id": event_id, "n": 1}


def test_a_fifo_queue_gets_the_event_in_its_group(
    world: World, dead_letters: Queue, undelivered: Callable[..., str]
) -> None:
    name = f"{new_name('queue')}.fifo"
    event_id = undelivered(ARN.format("sqs", name), SqsParameters={"MessageGroupId": "orders"})
    queue = world.queue(name, FifoQueue="true", ContentBasedDeduplication="true")

    redriven(dead_letters)

    assert queue.drain() == [event_id]


def test_a_topic_gets_the_event(
    world: World, dead_letters: Queue, undelivered: Callable[..., str]
) -> None:
    queue = world.queue()
    arn = world.topic(queue)
    world.sns.delete_topic(TopicArn=arn)
    event_id = undelivered(arn)
    world.sns.create_topic(Name=arn.rsplit(":", 1)[1])
    world.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue.arn)

    redriven(dead_letters)

    assert queue.drain() == [event_id]


def test_a_workflow_runs_once_though_the_letter_comes_twice(
    world: World, dead_letters: Queue, undelivered: Callable[..., str]
) -> None:
    name = new_name("workflow")
    arn = ARN.format("states", f"stateMachine:{name}")
    event_id = undelivered(arn, RoleArn=ROLE)
    world.workflow(name)
    (again,) = DeadLetterQueue.find(dead_letters.url).read(limit=1)
    world.sqs.change_message_visibility(
        QueueUrl=dead_letters.url,
        ReceiptHandle=again.message["ReceiptHandle"],
        VisibilityTimeout=0,
    )
    redrive = Redrive(DeadLetterQueue.find(dead_letters.url))

    for _ in range(2):
        redrive._way_back(again)()

    assert world.inputs(arn) == [event_id]


def test_a_bus_gets_the_event_under_a_new_id(
    world: World, dead_letters: Queue, undelivered: Callable[..., str]
) -> None:
    bus, queue = new_name("bus"), world.queue()
    event_id = undelivered(ARN.format("events", f"event-bus/{bus}"), RoleArn=ROLE)
    world.events.create_event_bus(Name=bus)
    pattern = json.dumps({"detail-type": ["OrderPlaced"]})
    world.events.put_rule(Name=bus, EventBusName=bus, EventPattern=pattern)
    world.events.put_targets(
        Rule=bus, EventBusName=bus, Targets=[{"Id": "queue", "Arn": queue.arn}]
    )

    redriven(dead_letters)

    (new_id,) = queue.drain()
    assert new_id != event_id


def test_an_api_is_called_with_the_connections_key(
    world: World, dead_letters: Queue, undelivered: Callable[..., str], api: HttpApi
) -> None:
    api.decide = lambda _call: 400
    event_id = undelivered(world.api_destination(api), RoleArn=ROLE)
    refused = redriven(dead_letters)
    api.decide = lambda _call: 200

    redriven(dead_letters)

    assert refused[0].reason == "the endpoint answered with HTTP status 400"
    assert api.taken == [event_id]
    assert api.headers["x-api-key"] == "sesame"
    assert dead_letters.size() == 0


def test_what_a_queues_consumer_failed_with_goes_back_to_that_queue(
    world: World, dead_letters: Queue
) -> None:
    redrive_policy = {"deadLetterTargetArn": dead_letters.arn, "maxReceiveCount": 1}
    queue = world.queue(RedrivePolicy=json.dumps(redrive_policy))
    world.sqs.send_message(
        QueueUrl=queue.url,
        MessageBody="no JSON",
        MessageAttributes={"trace": {"DataType": "String", "StringValue": "t-1"}},
    )
    for _ in range(2):
        world.sqs.receive_message(QueueUrl=queue.url, VisibilityTimeout=0)

    outcomes = redriven(dead_letters)

    message = queue.receive()
    assert message
    assert (message["Body"], message["MessageAttributes"]["trace"]["StringValue"]) == (
        "no JSON",
        "t-1",
    )
    assert [one.letter.sender for one in outcomes] == ["queue"]


def test_a_message_that_claims_a_rule_but_holds_no_event_stays(
    world: World, dead_letters: Queue
) -> None:
    arn = ARN.format("sqs", new_name("queue"))
    _, rule_arn = world.rule(arn, dead_letters)
    world.sqs.send_message(
        QueueUrl=dead_letters.url,
        MessageBody='{"id": "by hand"}',
        MessageAttributes={
            "RULE_ARN": {"DataType": "String", "StringValue": rule_arn},
            "TARGET_ARN": {"DataType": "String", "StringValue": arn},
        },
    )

    (outcome,) = redriven(dead_letters)

    assert outcome.reason == "its body is not an event"


def test_the_command_says_when_a_queue_can_no_longer_be_read(
    world: World, dead_letters: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        DeadLetterQueue, "find", lambda _name, **_: DeadLetterQueue(world.sqs, "gone")
    )

    results = [duet(verb, dead_letters.url) for verb in ("list", "redrive")]

    assert [result.exit_code for result in results] == [2, 2]
    assert all("cannot be read" in result.stderr for result in results)


def test_a_message_of_unknown_origin_stays(world: World, dead_letters: Queue) -> None:
    world.sqs.send_message(QueueUrl=dead_letters.url, MessageBody='{"id": "by hand"}')

    (outcome,) = redriven(dead_letters)

    assert "does not say where it came from" in outcome.reason
    assert dead_letters.drain() == ["by hand"]


@pytest.mark.parametrize("times", [0, 2])
def test_an_event_whose_target_is_gone_from_the_rule_or_there_twice_stays(
    world: World, dead_letters: Queue, undelivered: Callable[..., str], times: int
) -> None:
    arn = ARN.format("sqs", new_name("queue"))
    event_id = undelivered(arn)
    (letter,) = json.loads(duet("list", "--json", "--limit=1", dead_letters.url).stdout)
    rule = letter["rule"].rsplit("/", 1)[1]
    world.events.remove_targets(Rule=rule, Ids=["target"])
    for number in range(times):
        same = {"Id": str(number), "Arn": arn, "DeadLetterConfig": {"Arn": dead_letters.arn}}
        world.events.put_targets(Rule=rule, Targets=[same])  # type: ignore[list-item]  # the stub wants its own TypedDict

    (outcome,) = redriven(dead_letters)

    assert ("several times" if times else "no longer has that target") in outcome.reason
    assert dead_letters.drain() == [event_id]
