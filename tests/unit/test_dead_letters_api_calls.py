"""How a redrive calls an API destination's endpoint, and which it leaves to EventBridge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
import urllib3

from constructs_lib.operations.api_call import ApiCalls, UndeliverableError

TARGET = {"Arn": "arn:aws:events:eu-west-1:123456789012:api-destination/crm/1-2"}
EVENT = {"id": "e-1", "detail": {"order": "a/b"}}
SECRETS = {
    "API_KEY": {"api_key_name": "x-api-key", "api_key_value": "sesame"},
    "BASIC": {"username": "duet", "password": "sesame"},
}


@dataclass
class World:
    """Every client and the endpoint; the connection as EventBridge describes it."""

    authorization: str = "API_KEY"
    invocation: Mapping[str, object] = field(default_factory=dict)
    endpoint: str = "https://api.example.com/orders"
    status: int = 200
    calls: list[tuple[str, str, bytes, dict[str, str]]] = field(default_factory=list)

    def describe_api_destination(self, **named: str) -> dict[str, str]:
        assert named == {"Name": "crm"}
        connection = "arn:aws:events:eu-west-1:123456789012:connection/crm-key/3-4"
        return {
            "ConnectionArn": connection,
            "InvocationEndpoint": self.endpoint,
            "HttpMethod": "PUT",
        }

    def describe_connection(self, **named: str) -> dict[str, Any]:
        assert named == {"Name": "crm-key"}
        return {
            "AuthorizationType": self.authorization,
            "AuthParameters": {"InvocationHttpParameters": self.invocation},
            "SecretArn": "arn:secret",
        }

    def get_secret_value(self, **named: str) -> dict[str, str]:
        assert named == {"SecretId": "arn:secret"}
        return {"SecretString": json.dumps(SECRETS[self.authorization])}

    def request(
        self, method: str, url: str, *, body: bytes, headers: dict[str, str]
    ) -> urllib3.HTTPResponse:
        self.calls.append((method, url, body, headers))
        if not self.status:
            raise urllib3.exceptions.NewConnectionError(self, "refused")  # type: ignore[arg-type]  # any
        return urllib3.HTTPResponse(status=self.status)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(boto3, "client", lambda _service, **_region: world)
    monkeypatch.setattr(urllib3, "PoolManager", lambda **_settings: world)
    return world


def call(**parameters: object) -> None:
    ApiCalls().call({**TARGET, "HttpParameters": parameters}, "{}", EVENT)


def test_the_endpoint_gets_the_text_and_the_key(world: World) -> None:
    call()

    ((method, url, body, headers),) = world.calls
    assert (method, url, body) == ("PUT", "https://api.example.com/orders", b"{}")
    assert headers["x-api-key"] == "sesame"
    assert headers["Content-Type"] == "application/json; charset=utf-8"


def test_basic_credentials_are_encoded(world: World) -> None:
    world.authorization = "BASIC"

    call()

    assert world.calls[0][3]["Authorization"] == "Basic ZHVldDpzZXNhbWU="


def test_parameters_of_the_target_are_taken_from_the_event(world: World) -> None:
    world.endpoint = "https://api.example.com/orders/*/lines?v=1"

    call(
        PathParameterValues=["$.detail.order"],
        HeaderParameters={"X-Event": "$.id"},
        QueryStringParameters={"q": "fixed"},
    )

    assert world.calls[0][1] == "https://api.example.com/orders/a%2Fb/lines?v=1&q=fixed"
    assert world.calls[0][3]["X-Event"] == "e-1"


def test_parameters_of_the_connection_win_over_the_targets(world: World) -> None:
    world.invocation = {
        "HeaderParameters": [{"Key": "X-Tenant", "Value": "duet", "IsValueSecret": False}],
        "QueryStringParameters": [{"Key": "q", "Value": "theirs", "IsValueSecret": False}],
    }

    call(HeaderParameters={"X-Tenant": "other"}, QueryStringParameters={"q": "ours"})

    assert world.calls[0][1].endswith("?q=theirs")
    assert world.calls[0][3]["X-Tenant"] == "duet"


@pytest.mark.parametrize(("status", "reason"), [(503, "HTTP status 503"), (0, "no answer")])
def test_what_the_endpoint_does_not_take_is_not_delivered(
    world: World, status: int, reason: str
) -> None:
    world.status = status

    with pytest.raises(UndeliverableError, match=reason):
        call()


@pytest.mark.parametrize(
    ("authorization", "invocation", "reason"),
    [
        ("OAUTH_CLIENT_CREDENTIALS", {}, "authorizes with OAUTH_CLIENT_CREDENTIALS; replay"),
        ("API_KEY", {"BodyParameters": [{"Key": "k"}]}, "adds to the body; replay"),
        (
            "API_KEY",
            {"HeaderParameters": [{"Key": "k", "IsValueSecret": True}]},
            "has secret parameters; replay",
        ),
    ],
)
def test_a_connection_that_only_eventbridge_can_use_is_refused(
    world: World, authorization: str, invocation: dict[str, object], reason: str
) -> None:
    world.authorization, world.invocation = authorization, invocation

    with pytest.raises(UndeliverableError, match=reason):
        call()

    assert not world.calls
