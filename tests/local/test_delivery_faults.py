"""Whatever befalls a consumer: each event ends with it once or in a dead-letter queue with its
reason, and the redrive brings it back."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from constructs_lib.local import EmbeddedAws
from constructs_lib.operations.dead_letter_queue import DeadLetterQueue
from constructs_lib.operations.redrive import Redrive, Redriven
from tests.local.delivery_world import ARN, ROLE, Queue, World, aws_of_the_command, new_name
from tests.local.http_api import HttpApi

if TYPE_CHECKING:
    from tests.local.conftest import WaitUntil

#: Remembers each event it handled; of an order, only the newest state.
IDEMPOTENT_HANDLER = """
import os, boto3

table = boto3.client("dynamodb")

def put(key, version, condition, names=None):
    item = {"id": {"S": key}, "version": {"N": str(version)}}
    values = {":v": {"N": str(version)}} if ":v" in condition else {}
    try:
        table.put_item(TableName=os.environ["TABLE"], Item=item, ConditionExpression=condition,
                       **({"ExpressionAttributeValues": values} if values else {}))
    except table.exceptions.ConditionalCheckFailedException:
        return False
    return True

def handler(event, context):
    if "BROKEN" in os.environ:
        raise ValueError("no")
    if put(event["id"], 1, "attribute_not_exists(id)"):
        table.update_item(TableName=os.environ["TABLE"], Key={"id": {"S": "effects"}},
                          UpdateExpression="ADD effects :one",
                          ExpressionAttributeValues={":one": {"N": "1"}})
    put("order", event["detail"]["n"], "attribute_not_exists(id) OR version < :v")
"""


@pytest.fixture(scope="module")
def world(aws: EmbeddedAws) -> Iterator[World]:
    with closing(World(aws)) as world, aws_of_the_command(aws):
        yield world


@dataclass(frozen=True)
class Consumer:
    """A consumer that fails until ``mend``; ``handled`` are the ids of the events it has."""

    arn: str
    mend: Callable[[], object]
    handled: Callable[[], list[str]]
    settings: dict[str, object]


def missing_queue(world: World, _api: HttpApi) -> Consumer:
    name = new_name("queue")
    return Consumer(
        ARN.format("sqs", name),
        mend=lambda: world.queue(name),
        handled=lambda: world.queue(name).drain(),
        settings={},
    )


def missing_workflow(world: World, _api: HttpApi) -> Consumer:
    name = new_name("workflow")
    arn = ARN.format("states", f"stateMachine:{name}")
    return Consumer(
        arn,
        mend=lambda: world.workflow(name),
        handled=lambda: world.inputs(arn),
        settings={"RoleArn": ROLE},
    )


def queue_too_small_for_the_payload(world: World, _api: HttpApi) -> Consumer:
    """The nearest to a full queue: SQS has no limit to what waits in a standard queue, and reports
    ``OverLimit`` to receivers alone."""
    queue = world.queue(MaximumMessageSize="1024")
    size = {"MaximumMessageSize": "262144"}
    return Consumer(
        queue.arn,
        mend=lambda: world.sqs.set_queue_attributes(QueueUrl=queue.url, Attributes=size),  # type: ignore[arg-type]  # one of the literals
        handled=queue.drain,
        settings={},
    )


def throttling_api(world: World, api: HttpApi) -> Consumer:
    api.decide = lambda _call: 429
    return Consumer(
        world.api_destination(api),
        mend=lambda: setattr(api, "decide", lambda _call: 200),
        handled=lambda: api.taken,
        settings={"RoleArn": ROLE, "RetryPolicy": {"MaximumRetryAttempts": 3}},
    )


@pytest.fixture
def api() -> Iterator[HttpApi]:
    api = HttpApi()
    yield api
    api.close()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (missing_queue, "NO_RESOURCE"),
        (missing_workflow, "NO_RESOURCE"),
        (queue_too_small_for_the_payload, "INVALID_PARAMETER"),
        (throttling_api, "THROTTLING"),
    ],
)
def test_an_event_waits_with_its_reason_and_the_redrive_delivers_it_once(
    world: World,
    api: HttpApi,
    wait_until: WaitUntil,
    make: Callable[[World, HttpApi], Consumer],
    reason: str,
) -> None:
    consumer = make(world, api)
    dead_letters = world.queue()
    source, _ = world.rule(consumer.arn, dead_letters, **consumer.settings)
    (event_id,) = world.publish(source, [{"text": "x" * 1024}])
    wait_until(dead_letters.size)

    while_broken = redriven(dead_letters)
    consumer.mend()
    mended = redriven(dead_letters)

    assert [(one.letter.error_code, one.succeeded) for one in while_broken] == [(reason, False)]
    assert [one.succeeded for one in mended] == [True]
    wait_until(lambda: consumer.handled() == [event_id])
    assert dead_letters.size() == 0


@dataclass(frozen=True)
class Handler:
    """A deployed idempotent consumer."""

    arn: str
    name: str
    table: str
    failures: Queue


@pytest.fixture
def handler(world: World) -> Handler:
    table = new_name("table")
    world.tables.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    arn = world.function(IDEMPOTENT_HANDLER, Environment={"Variables": {"TABLE": table}})
    failures = world.queue()
    world.functions.put_function_event_invoke_config(
        FunctionName=arn,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": failures.arn}},
    )
    return Handler(arn, arn.rsplit(":", 1)[1], table, failures)


def number(world: World, handler: Handler, key: str, attribute: str) -> int:
    item = world.tables.get_item(TableName=handler.table, Key={"id": {"S": key}}).get("Item", {})
    return int(item.get(attribute, {}).get("N", 0))


def break_code(world: World, handler: Handler) -> Callable[[], object]:
    def set_broken(variables: dict[str, str]) -> None:
        world.functions.update_function_configuration(
            FunctionName=handler.name,
            Environment={"Variables": {"TABLE": handler.table, **variables}},
        )

    set_broken({"BROKEN": "1"})
    return lambda: set_broken({})


def take_concurrency(world: World, handler: Handler) -> Callable[[], object]:
    world.functions.put_function_concurrency(
        FunctionName=handler.name, ReservedConcurrentExecutions=0
    )
    return lambda: world.functions.delete_function_concurrency(FunctionName=handler.name)


@pytest.mark.parametrize(
    ("break_it", "condition"),
    [(break_code, "RetriesExhausted"), (take_concurrency, "ZeroReservedConcurrency")],
)
def test_what_a_function_fails_with_waits_and_the_redrive_gives_it_back(
    world: World,
    handler: Handler,
    wait_until: WaitUntil,
    break_it: Callable[[World, Handler], Callable[[], object]],
    condition: str,
) -> None:
    mend = break_it(world, handler)
    source, _ = world.rule(handler.arn, None)
    (event_id,) = world.publish(source, [{"n": 1}])
    wait_until(handler.failures.size)
    mend()

    (outcome,) = redriven(handler.failures)

    record = json.loads(outcome.letter.message["Body"])
    assert record["requestContext"]["condition"] == condition
    wait_until(lambda: number(world, handler, event_id, "version"))
    assert handler.failures.size() == 0


def test_events_that_come_twice_and_out_of_order_have_their_effect_once(
    world: World, handler: Handler
) -> None:
    newer, older = ({"id": str(n), "detail": {"n": n}} for n in (2, 1))

    for event in (newer, newer, older):
        world.functions.invoke(FunctionName=handler.name, Payload=json.dumps(event))

    assert number(world, handler, "effects", "effects") == 2
    assert number(world, handler, "order", "version") == 2


class Crowd:
    """Ten consumers of a hundred events each. Two of them fail until ``mend``: a queue that does
    not exist and an API that answers 503; the others are five queues, a topic, an API and a
    workflow. Which event is whose, a seed decides."""

    SIZE = 1_000

    def __init__(self, world: World, broken_api: HttpApi, api: HttpApi) -> None:
        broken_api.decide = lambda _call: 503
        self._world, self._broken_api, self._api = world, broken_api, api
        self._drained: list[str] = []
        self.dead_letters = world.queue()
        self._missing = new_name("queue")
        self._queues = [world.queue() for _ in range(6)]
        self._workflow = world.workflow(new_name("workflow"))
        apis: dict[str, object] = {"RoleArn": ROLE, "RetryPolicy": {"MaximumRetryAttempts": 2}}
        consumers: list[tuple[str, dict[str, object]]] = [
            (ARN.format("sqs", self._missing), {}),
            (world.api_destination(broken_api), apis),
            (world.api_destination(api), apis),
            (self._workflow, {"RoleArn": ROLE}),
            (world.topic(self._queues[5]), {}),
            *((queue.arn, {}) for queue in self._queues[:5]),
        ]
        self._sources = [world.rule(arn, self.dead_letters, **more)[0] for arn, more in consumers]

    def publish(self) -> list[str]:
        """The ids of the events."""
        whose = [self._sources[n % 10] for n in range(self.SIZE)]
        random.Random(20_261_123).shuffle(whose)  # noqa: S311 - no secret
        return self._world.publish_all([(source, {"n": n}) for n, source in enumerate(whose)])

    def delivered(self) -> Counter[str]:
        """How often each event has come to its consumer."""
        for queue in self._queues:
            self._drained += queue.drain()
        executions = self._world.inputs(self._workflow)
        return Counter([*self._drained, *self._api.taken, *self._broken_api.taken, *executions])

    def mend(self) -> None:
        self._broken_api.decide = lambda _call: 200
        self._queues.append(self._world.queue(self._missing))


def test_of_1000_events_with_a_fifth_of_the_consumers_failing_none_is_lost(
    world: World, api: HttpApi, wait_until: WaitUntil
) -> None:
    broken_api = HttpApi()
    crowd = Crowd(world, broken_api, api)
    ids = crowd.publish()
    wait_until(lambda: crowd.dead_letters.size() == 200 and len(api.taken) == 100)
    delivered = crowd.delivered()
    assert delivered.total() == len(delivered) == 800

    crowd.mend()
    outcomes = redriven(crowd.dead_letters)

    assert Counter(outcome.succeeded for outcome in outcomes) == {True: 200}
    assert crowd.delivered() == Counter(ids)
    assert len(set(ids)) == crowd.SIZE
    assert crowd.dead_letters.size() == 0
    broken_api.close()


def redriven(queue: Queue) -> list[Redriven]:
    return list(Redrive(DeadLetterQueue.find(queue.arn)).run(limit=1_000, wait_seconds=0))
