"""``http:invoke`` tasks on the embedded AWS: what an API gets, and what the workflow gets back."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from constructs_lib.local import EmbeddedAws
from tests.local.conftest import WaitUntil
from tests.local.workflows import Workflows, sdk_task

Call = Callable[..., dict[str, Any]]


@dataclass
class Api:
    """An API on loopback; ``/<status>`` answers with that status."""

    url: str = ""
    calls: list[tuple[str, str, dict[str, str], str]] = field(default_factory=list)


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            api.calls.append((self.command, self.path, headers, body))
            status = self.path.strip("/")
            self.send_response(int(status) if status.isdigit() else 201)
            is_text = self.path.startswith("/text")
            self.send_header("Content-Type", "text/plain" if is_text else "application/json")
            self.end_headers()
            self.wfile.write(b'{"id": 7}')

        do_GET = do_POST  # noqa: N815 - the name that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    yield api
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def connection(aws: EmbeddedAws) -> Iterator[str]:
    name = f"connection-{uuid.uuid4().hex[:8]}"
    parameters: Any = {
        "ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "open sesame"},
        "InvocationHttpParameters": {
            "HeaderParameters": [{"Key": "X-Tenant", "Value": "acme"}],
            "BodyParameters": [{"Key": "tenant", "Value": "acme"}],
        },
    }
    with closing(aws.client("events")) as events:
        made = events.create_connection(
            Name=name, AuthorizationType="API_KEY", AuthParameters=parameters
        )
        yield made["ConnectionArn"]
        events.delete_connection(Name=name)


@pytest.fixture
def call(aws: EmbeddedAws, wait_until: WaitUntil, connection: str) -> Iterator[Call]:
    """Run one task in a workflow of its own; its result, or error and cause."""
    with closing(aws.client("stepfunctions")) as client:
        workflows = Workflows(client, wait_until)

        def run(endpoint: str, *, arn: str = connection, **arguments: object) -> dict[str, Any]:
            given = {
                "ApiEndpoint": endpoint,
                "Method": "POST",
                "Authentication": {"ConnectionArn": arn},
                **arguments,
            }
            ended = workflows.run({"Call": sdk_task("http:invoke", given)})
            if ended["status"] == "SUCCEEDED":
                return dict(json.loads(ended["output"]))
            return {"error": ended["error"], "cause": ended["cause"]}

        yield run


def test_the_answer_comes_back_with_status_headers_and_parsed_body(call: Call, api: Api) -> None:
    result = call(f"{api.url}/orders")

    assert (result["StatusCode"], result["StatusText"]) == (201, "Created")
    assert result["ResponseBody"] == {"id": 7}
    assert result["Headers"]["content-type"] == ["application/json"]


def test_an_answer_that_is_no_json_is_text(call: Call, api: Api) -> None:
    assert call(f"{api.url}/text")["ResponseBody"] == '{"id": 7}'


def test_the_call_has_the_connections_key_and_parameters(call: Call, api: Api) -> None:
    call(
        f"{api.url}/orders?a=1",
        Headers={"X-Tenant": "mine", "X-Request": "r-1"},
        QueryParameters={"b": [2, 3]},
        RequestBody={"order": "o-1", "tenant": "mine"},
    )

    _, path, headers, body = api.calls[-1]
    assert path == "/orders?a=1&b=2&b=3"
    assert headers["x-api-key"] == "open sesame"
    assert (headers["x-tenant"], headers["x-request"]) == ("acme", "r-1")
    assert json.loads(body) == {"order": "o-1", "tenant": "acme"}


@pytest.mark.parametrize(
    ("array_format", "body"),
    [
        ("INDICES", "items[0]=a&items[1]=b"),
        ("REPEAT", "items=a&items=b"),
        ("BRACKETS", "items[]=a&items[]=b"),
        ("COMMAS", "items=a,b"),
    ],
)
def test_a_body_is_encoded_as_a_form_on_request(
    call: Call, api: Api, array_format: str, body: str
) -> None:
    transform = {
        "RequestBodyEncoding": "URL_ENCODED",
        "RequestEncodingOptions": {"ArrayFormat": array_format},
    }
    call(f"{api.url}/form", RequestBody={"items": ["a", "b"]}, Transform=transform)

    _, _, headers, sent = api.calls[-1]
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    quoted = body.replace("[", "%5B").replace("]", "%5D").replace(",", "%2C")
    assert sent == f"{quoted}&tenant=acme"


@pytest.mark.parametrize("status", [400, 429, 503])
def test_a_status_of_failure_is_an_error_of_its_own(call: Call, api: Api, status: int) -> None:
    assert call(f"{api.url}/{status}")["error"] == f"States.Http.StatusCode.{status}"


def test_an_endpoint_that_does_not_answer_is_a_socket_error(call: Call) -> None:
    assert call("http://127.0.0.1:1/nobody")["error"] == "States.Http.Socket"


def test_an_endpoint_elsewhere_must_be_https(call: Call) -> None:
    assert "must be an https URL" in call("http://api.example.com/orders")["cause"]


def test_a_connection_that_does_not_exist_is_named(call: Call, api: Api) -> None:
    arn = "arn:aws:events:us-east-1:000000000000:connection/gone/1"

    ended = call(f"{api.url}/orders", arn=arn)

    assert ended["error"] == "Events.ConnectionResource.NotFound"
    assert arn in ended["cause"]
