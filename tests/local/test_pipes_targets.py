"""What pipes deliver to, and what they ask on the way, on the embedded AWS."""

from __future__ import annotations

import io
import json
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAws
from tests.local.clients import untyped_client

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from tests.local.conftest import WaitUntil

ROLE = "arn:aws:iam::000000000000:role/any"
# Sends what it gets to the queue that its environment names; refuses what is called bad.
CODE = """
import json, os, boto3

def handler(event, context):
    sqs = boto3.client("sqs")
    names = [record["body"] for record in event]
    sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps(names))
    bad = [record["messageId"] for record in event if record["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in bad]}
"""
DOUBLE = {
    "QueryLanguage": "JSONata",
    "StartAt": "Double",
    "States": {
        "Double": {
            "Type": "Pass",
            # A list of one would else be its one member.
            "Output": "{% [$states.input.{'body': body & body, 'from': 'workflow'}] %}",
            "End": True,
        }
    },
}


class World:
    """Queues and pipes of one test."""

    def __init__(self, aws: EmbeddedAws, sqs: SQSClient, pipes: Any, wait: WaitUntil) -> None:
        self.aws, self.sqs, self.pipes, self._wait = aws, sqs, pipes, wait

    def queue(self, **attributes: str) -> tuple[str, str]:
        suffix = ".fifo" if "FifoQueue" in attributes else ""
        url = self.sqs.create_queue(
            QueueName=f"queue-{uuid.uuid4().hex[:8]}{suffix}",
            Attributes={"VisibilityTimeout": "0", **attributes},  # type: ignore[dict-item]  # literals
        )["QueueUrl"]
        got = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, got["Attributes"]["QueueArn"]

    def pipe(self, source: str, target: str, **parameters: object) -> str:
        name = f"pipe-{uuid.uuid4().hex[:8]}"
        self.pipes.create_pipe(Name=name, RoleArn=ROLE, Source=source, Target=target, **parameters)
        return name

    def bodies(self, url: str, count: int) -> list[str]:
        """Wait for that many messages."""
        found: list[str] = []

        def enough() -> list[str] | None:
            for message in self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
                "Messages", []
            ):
                found.append(message["Body"])
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return found if len(found) >= count else None

        return self._wait(enough)


@pytest.fixture
def world(aws: EmbeddedAws, sqs: SQSClient, wait_until: WaitUntil) -> Iterator[World]:
    with closing(untyped_client(aws, "pipes")) as pipes:
        before = {pipe["Name"] for pipe in pipes.list_pipes()["Pipes"]}
        yield World(aws, sqs, pipes, wait_until)
        for pipe in pipes.list_pipes()["Pipes"]:
            if pipe["Name"] not in before:
                pipes.delete_pipe(Name=pipe["Name"])


@pytest.fixture(scope="module")
def make_function(aws: EmbeddedAws) -> Iterator[Callable[[str], str]]:
    with closing(aws.client("lambda")) as functions:
        made: list[str] = []

        def make(queue_url: str) -> str:
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w") as content:
                content.writestr("index.py", CODE)
            made.append(f"function-{uuid.uuid4().hex[:8]}")
            return functions.create_function(
                FunctionName=made[-1],
                Runtime="python3.11",
                Role=ROLE,
                Handler="index.handler",
                Code={"ZipFile": archive.getvalue()},
                Environment={"Variables": {"QUEUE_URL": queue_url}},
            )["FunctionArn"]

        yield make
        for name in made:
            functions.delete_function(FunctionName=name)


@pytest.fixture(scope="module")
def workflow(aws: EmbeddedAws) -> Iterator[str]:
    with closing(aws.client("stepfunctions")) as client:
        arn = client.create_state_machine(
            name=f"double-{uuid.uuid4().hex[:8]}",
            type="EXPRESS",
            definition=json.dumps(DOUBLE),
            roleArn=ROLE,
        )["stateMachineArn"]
        yield arn
        client.delete_state_machine(stateMachineArn=arn)


class Api:
    """An API on loopback, behind an API destination; it refuses the body ``"bad"`` once."""

    def __init__(self) -> None:
        self.arn = ""
        self.calls: list[tuple[str, Any, str | None]] = []


@pytest.fixture(scope="module")
def api(aws: EmbeddedAws) -> Iterator[Api]:
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            is_first_bad = body == "bad" and not any(call[1] == "bad" for call in api.calls)
            api.calls.append((self.path, body, self.headers.get("x-api-key")))
            self.send_response(503 if is_first_bad else 200)
            self.end_headers()
            self.wfile.write(json.dumps({"body": f"{body}!", "from": "api"}).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    name = f"api-{uuid.uuid4().hex[:8]}"
    with closing(aws.client("events")) as events:
        connection = events.create_connection(
            Name=name,
            AuthorizationType="API_KEY",
            AuthParameters={
                "ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "sesame"}
            },
        )
        api.arn = events.create_api_destination(
            Name=name,
            ConnectionArn=connection["ConnectionArn"],
            InvocationEndpoint=f"http://127.0.0.1:{server.server_address[1]}/orders/*",
            HttpMethod="POST",
        )["ApiDestinationArn"]
        yield api
        events.delete_api_destination(Name=name)
        events.delete_connection(Name=name)
    server.shutdown()
    server.server_close()


# ── Targets ──────────────────────────────────────────────────────────────────────────────────────


def test_a_queue_gets_a_message_a_record_as_the_template_makes_it(world: World) -> None:
    (source, source_arn), (target, target_arn) = world.queue(), world.queue()
    world.pipe(source_arn, target_arn, TargetParameters={"InputTemplate": '{"order": <$.body.id>}'})

    for number in (1, 2):
        world.sqs.send_message(QueueUrl=source, MessageBody=json.dumps({"id": number}))

    assert sorted(world.bodies(target, 2)) == ['{"order": 1}', '{"order": 2}']


def test_a_fifo_queue_gets_the_group_that_a_path_finds(world: World) -> None:
    (source, source_arn), (target, target_arn) = world.queue(), world.queue(FifoQueue="true")
    fifo = {"MessageGroupId": "$.body.customer", "MessageDeduplicationId": "$.messageId"}
    world.pipe(source_arn, target_arn, TargetParameters={"SqsQueueParameters": fifo})

    world.sqs.send_message(QueueUrl=source, MessageBody='{"customer": "c-1"}')

    [body] = world.bodies(target, 1)
    assert json.loads(json.loads(body)["body"]) == {"customer": "c-1"}


def test_a_function_gets_the_batch_and_what_it_names_comes_again(
    world: World, make_function: Callable[[str], str]
) -> None:
    (source, source_arn), (told, _) = world.queue(), world.queue()
    for body in ("good", "bad"):
        world.sqs.send_message(QueueUrl=source, MessageBody=body)
    world.pipe(source_arn, make_function(told))

    told_names = [name for body in world.bodies(told, 2) for name in json.loads(body)]

    assert told_names.count("good") == 1
    assert told_names.count("bad") >= 1


def test_a_function_that_nobody_waits_for_gets_the_batch_once(
    world: World, make_function: Callable[[str], str]
) -> None:
    (source, source_arn), (told, _) = world.queue(), world.queue()
    options = {"LambdaFunctionParameters": {"InvocationType": "FIRE_AND_FORGET"}}
    world.pipe(source_arn, make_function(told), TargetParameters=options)

    world.sqs.send_message(QueueUrl=source, MessageBody="bad")

    assert world.bodies(told, 1) == ['["bad"]']


def test_an_api_gets_each_record_with_key_and_path_until_it_takes_it(
    world: World, api: Api, wait_until: WaitUntil
) -> None:
    source, source_arn = world.queue()
    parameters = {
        "InputTemplate": '"<$.body>"',
        "HttpParameters": {"PathParameterValues": ["$.messageId"]},
    }
    world.pipe(source_arn, api.arn, TargetParameters=parameters)

    for body in ("good", "bad"):
        world.sqs.send_message(QueueUrl=source, MessageBody=body)

    calls = wait_until(lambda: api.calls if len(api.calls) == 3 else None)
    assert sorted(str(body) for _, body, _ in calls) == ["bad", "bad", "good"]
    assert {key for _, _, key in calls} == {"sesame"}
    assert all(path.removeprefix("/orders/").count("-") == 4 for path, _, _ in calls)


def test_a_log_group_gets_an_event_a_record(world: World, wait_until: WaitUntil) -> None:
    source, source_arn = world.queue()
    group = f"/pipes/{uuid.uuid4().hex[:8]}"
    with closing(world.aws.client("logs")) as logs:
        logs.create_log_group(logGroupName=group)
        arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{group}:*"
        world.pipe(
            source_arn,
            arn,
            TargetParameters={
                "InputTemplate": '{"id": "<$.body>"}',
                "CloudWatchLogsParameters": {"LogStreamName": "orders"},
            },
        )
        world.sqs.send_message(QueueUrl=source, MessageBody="o-1")

        events = wait_until(lambda: logs.filter_log_events(logGroupName=group).get("events"))
        logs.delete_log_group(logGroupName=group)

    assert [(each["logStreamName"], each["message"]) for each in events] == [
        ("orders", '{"id": "o-1"}')
    ]


# ── Enrichment ───────────────────────────────────────────────────────────────────────────────────


def test_a_workflow_enriches_the_batch_before_the_template(world: World, workflow: str) -> None:
    (source, source_arn), (target, target_arn) = world.queue(), world.queue()
    world.pipe(
        source_arn,
        target_arn,
        Enrichment=workflow,
        TargetParameters={"InputTemplate": '{"twice": "<$.body>", "from": "<$.from>"}'},
    )

    world.sqs.send_message(QueueUrl=source, MessageBody="ab")

    assert world.bodies(target, 1) == ['{"twice": "abab", "from": "workflow"}']


def test_an_api_enriches_each_record(world: World, api: Api) -> None:
    (source, source_arn), (target, target_arn) = world.queue(), world.queue()
    world.pipe(
        source_arn,
        target_arn,
        Enrichment=api.arn,
        EnrichmentParameters={
            "InputTemplate": '"<$.body>"',
            "HttpParameters": {"PathParameterValues": ["lookup"]},
        },
    )

    world.sqs.send_message(QueueUrl=source, MessageBody="who")

    [body] = world.bodies(target, 1)
    assert json.loads(body) == {"body": "who!", "from": "api"}


def test_an_enrichment_that_fails_keeps_the_message_in_its_queue(world: World) -> None:
    dead, dead_arn = world.queue()
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    (source, source_arn), (_, target_arn) = world.queue(RedrivePolicy=redrive), world.queue()
    gone = "arn:aws:lambda:us-east-1:000000000000:function:gone"
    world.pipe(source_arn, target_arn, Enrichment=gone)

    world.sqs.send_message(QueueUrl=source, MessageBody="kept")

    assert world.bodies(dead, 1) == ["kept"]


@pytest.mark.parametrize(
    ("field", "arn"),
    [
        ("Source", "arn:aws:kafka:us-east-1:000000000000:cluster/c/1"),
        ("Target", "arn:aws:ecs:us-east-1:000000000000:cluster/c"),
        ("Enrichment", "arn:aws:sqs:us-east-1:000000000000:queue"),
    ],
)
def test_what_no_pipe_here_can_reach_is_refused_by_its_name(
    world: World, field: str, arn: str
) -> None:
    queue = world.queue()[1]
    request = {"Source": queue, "Target": queue, field: arn}

    with pytest.raises(ClientError, match="not emulated") as refused:
        world.pipes.create_pipe(Name="refused", RoleArn=ROLE, **request)

    assert arn in str(refused.value)
    assert "refused" not in {pipe["Name"] for pipe in world.pipes.list_pipes()["Pipes"]}
