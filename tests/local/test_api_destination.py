"""API destinations of a template on the embedded AWS: calls, credentials, what an API refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

    from tests.local.conftest import Stack, WaitUntil


class Api:
    """An HTTP API on loopback that remembers its calls; ``/<status>`` answers with that status."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str], str]] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                api.calls.append((self.path, headers, body))
                status = self.path.strip("/")
                self.send_response(int(status) if status.isdigit() else 200)
                self.end_headers()
                self.wfile.write(b'{"access_token": "granted", "expires_in": 3600}')

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def call_of(self, path: str) -> tuple[dict[str, str], str] | None:
        return next(((headers, body) for at, headers, body in self.calls if at == path), None)


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    api = Api()
    yield api
    api.server.shutdown()
    api.server.server_close()


API_KEY = {
    "AuthorizationType": "API_KEY",
    "AuthParameters": {
        "ApiKeyAuthParameters": {
            "ApiKeyName": "x-api-key",
            "ApiKeyValue": {"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:key}}"},
        }
    },
}


def resources(endpoint: str, authorization: object = API_KEY) -> dict[str, object]:
    """A rule for the source ``<stack name>`` whose target is the endpoint."""
    return {
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {"SecretString": '{"key": "open sesame"}'},
        },
        "Connection": {"Type": "AWS::Events::Connection", "Properties": authorization},
        "Api": {
            "Type": "AWS::Events::ApiDestination",
            "Properties": {
                "ConnectionArn": {"Fn::GetAtt": ["Connection", "Arn"]},
                "InvocationEndpoint": endpoint,
                "HttpMethod": "POST",
                "InvocationRateLimitPerSecond": 5,
            },
        },
        "DeadLetters": {"Type": "AWS::SQS::Queue"},
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": [{"Ref": "AWS::StackName"}]},
                "Targets": [
                    {
                        "Id": "api",
                        "Arn": {"Fn::GetAtt": ["Api", "Arn"]},
                        "RoleArn": "arn:aws:iam::000000000000:role/any",
                        "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}},
                    }
                ],
            },
        },
    }


def publish(events: EventBridgeClient, stack: Stack) -> str:
    entry = {"Source": stack.name, "DetailType": "T", "Detail": '{"n": 1}'}
    return events.put_events(Entries=[entry])["Entries"][0]["EventId"]  # type: ignore[list-item]  # the stub wants its own TypedDict


def dead_letter(sqs: SQSClient, stack: Stack) -> MessageTypeDef | None:
    url = stack.physical_id("DeadLetters")
    answer = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])
    return next(iter(answer.get("Messages", [])), None)


def test_an_event_reaches_the_api_with_the_key_from_secrets_manager(
    stack: Stack, events: EventBridgeClient, api: Api, wait_until: WaitUntil
) -> None:
    assert stack.create(**resources(f"{api.url}/contacts")) == "CREATE_COMPLETE"

    event_id = publish(events, stack)

    headers, body = wait_until(lambda: api.call_of("/contacts"))
    assert headers["x-api-key"] == "open sesame"
    assert json.loads(body)["id"] == event_id


def test_an_oauth_connection_fetches_a_token_first(
    stack: Stack, events: EventBridgeClient, api: Api, wait_until: WaitUntil
) -> None:
    oauth = {
        "AuthorizationType": "OAUTH_CLIENT_CREDENTIALS",
        "AuthParameters": {
            "OAuthParameters": {
                "AuthorizationEndpoint": f"{api.url}/token",
                "ClientParameters": {"ClientID": "duet", "ClientSecret": "s3cret"},
                "HttpMethod": "POST",
            }
        },
    }
    stack.create(**resources(f"{api.url}/orders", oauth))

    publish(events, stack)

    headers, _body = wait_until(lambda: api.call_of("/orders"))
    assert headers["authorization"] == "Bearer granted"
    token_call = api.call_of("/token")
    assert token_call
    assert "client_id=duet" in token_call[1]


@pytest.mark.parametrize(
    ("path", "error_code"),
    [("/400", "ERROR_FROM_TARGET"), ("/503", "ERROR_FROM_TARGET"), ("/429", "THROTTLING")],
)
def test_an_event_that_the_api_refuses_goes_to_the_dead_letter_queue(
    stack: Stack,
    events: EventBridgeClient,
    sqs: SQSClient,
    api: Api,
    wait_until: WaitUntil,
    path: str,
    error_code: str,
) -> None:
    stack.create(**resources(f"{api.url}{path}"))

    event_id = publish(events, stack)

    message = wait_until(lambda: dead_letter(sqs, stack))
    assert json.loads(message["Body"])["id"] == event_id
    attributes = {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}
    assert attributes["ERROR_CODE"] == error_code
    assert attributes["ERROR_MESSAGE"].endswith(f"HTTP status {path[1:]}.")


def test_an_event_for_an_api_that_is_down_goes_to_the_dead_letter_queue(
    stack: Stack, events: EventBridgeClient, sqs: SQSClient, wait_until: WaitUntil
) -> None:
    # Nothing listens on the discard port.
    stack.create(**resources("http://127.0.0.1:9/"))

    publish(events, stack)

    message = wait_until(lambda: dead_letter(sqs, stack))
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "CONNECTION_FAILURE"


def test_an_event_for_a_deleted_api_destination_goes_to_the_dead_letter_queue(
    stack: Stack, events: EventBridgeClient, sqs: SQSClient, api: Api, wait_until: WaitUntil
) -> None:
    stack.create(**resources(f"{api.url}/gone"))
    events.delete_api_destination(Name=stack.physical_id("Api"))

    publish(events, stack)

    message = wait_until(lambda: dead_letter(sqs, stack))
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"


def test_an_update_changes_endpoint_and_connection_in_place(
    stack: Stack, events: EventBridgeClient
) -> None:
    stack.create(**resources("http://127.0.0.1:9/before"))
    name, connection = stack.physical_id("Api"), stack.physical_id("Connection")
    changed = resources("http://127.0.0.1:9/after", {**API_KEY, "Description": "new"})

    assert stack.update(**changed) == "UPDATE_COMPLETE"

    assert stack.physical_id("Api") == name
    found = events.describe_api_destination(Name=name)
    assert found["InvocationEndpoint"] == "http://127.0.0.1:9/after"
    assert found["InvocationRateLimitPerSecond"] == 5
    assert events.describe_connection(Name=connection)["Description"] == "new"


def test_both_live_with_their_stack(stack: Stack, events: EventBridgeClient) -> None:
    stack.create(**resources("http://127.0.0.1:9/"))
    name, connection = stack.physical_id("Api"), stack.physical_id("Connection")
    assert len(name) <= 64

    stack.delete()

    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        events.describe_api_destination(Name=name)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        events.describe_connection(Name=connection)


def test_a_refused_endpoint_fails_its_stack_with_the_reason(stack: Stack) -> None:
    assert stack.create(**resources("ftp://127.0.0.1/")).startswith("ROLLBACK")

    assert "AWS::Events::ApiDestination: ValidationException" in stack.reasons()


def test_canary_plain_ministack_makes_no_api_destination_and_loses_what_it_refuses(
    tmp_path: Path,
) -> None:
    program = """if True:
        import inspect
        from ministack.services import eventbridge
        from ministack.services.cloudformation import provisioners
        print("AWS::Events::Connection" in provisioners._RESOURCE_HANDLERS)
        print("AWS::Events::ApiDestination" in provisioners._RESOURCE_HANDLERS)
        print("DeadLetter" in inspect.getsource(eventbridge._deliver_to_api_destination))
    """

    output = subprocess.check_output(
        [sys.executable, "-c", program],
        text=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "STATE_DIR": str(tmp_path)},
    )

    assert output.split() == ["False", "False", "False"]
