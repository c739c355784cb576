"""Call an API destination's endpoint with the credentials of its connection."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlencode

import urllib3

from constructs_lib.operations.clients import Clients, environment_clients
from constructs_lib.operations.target_input import path_in

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

_TIMEOUT_SECONDS = 5
_Record = Mapping[str, object]
_INSTEAD = "replay the event from the archive to this rule alone"


class UndeliverableError(Exception):
    """There is no way to the target for this message; the message says why."""


class ApiCalls:
    """Calls as EventBridge makes them; it has no API to make one for an operator.

    The credentials come from the secret in which EventBridge keeps them, hence the caller needs
    ``secretsmanager:GetSecretValue``. Connections with OAuth, body parameters or secret parameters
    are refused.
    Inference: the names in the secret, as public code that reads such secrets has them.
    Source: EventBridge user guide, "API destinations as targets"; API reference, DescribeConnection
        and HttpParameters (read 2026-11-23).
    """

    def __init__(self, clients: Clients = environment_clients) -> None:
        self._events: EventBridgeClient = clients("events")
        self._secrets = clients("secretsmanager")
        self._destination = cache(lambda name: self._events.describe_api_destination(Name=name))
        self._connected = cache(self._credentials)
        self._http = urllib3.PoolManager(timeout=_TIMEOUT_SECONDS, retries=False)

    def call(self, target: _Record, text: str, event: _Record) -> None:
        """Send ``text`` to the endpoint.

        Raises:
            UndeliverableError: The endpoint refused it or gave no answer, or the connection is one
                that only EventBridge can use.
        """
        name = str(target["Arn"]).split(":api-destination/")[1].split("/")[0]
        destination = self._destination(name)
        headers, query = self._connected(destination["ConnectionArn"])
        parameters = cast(Mapping[str, Any], target.get("HttpParameters") or {})
        headers = {**_filled(parameters.get("HeaderParameters"), event), **headers}
        query = {**_filled(parameters.get("QueryStringParameters"), event), **query}
        url = destination["InvocationEndpoint"]
        for value in parameters.get("PathParameterValues") or []:
            url = url.replace("*", quote(_value(value, event), safe=""), 1)
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query)
        headers = {"Content-Type": "application/json; charset=utf-8", **headers}
        try:
            answer = self._http.request(
                destination["HttpMethod"], url, body=text.encode(), headers=headers
            )
        except urllib3.exceptions.HTTPError as error:
            raise UndeliverableError("the endpoint gave no answer") from error
        if not 200 <= answer.status < 300:
            raise UndeliverableError(f"the endpoint answered with HTTP status {answer.status}")

    def _credentials(self, connection_arn: str) -> tuple[dict[str, str], dict[str, str]]:
        """The headers and query parameters of the connection."""
        name = connection_arn.split(":connection/")[1].split("/")[0]
        connection = self._events.describe_connection(Name=name)
        shown = cast(Mapping[str, Any], connection.get("AuthParameters") or {})
        invocation = shown.get("InvocationHttpParameters") or {}
        headers = _plain(invocation.get("HeaderParameters"))
        query = _plain(invocation.get("QueryStringParameters"))
        if invocation.get("BodyParameters"):
            raise UndeliverableError(f"its connection adds to the body; {_INSTEAD}")
        kind = connection["AuthorizationType"]
        if kind not in ("API_KEY", "BASIC"):
            raise UndeliverableError(f"its connection authorizes with {kind}; {_INSTEAD}")
        answer = self._secrets.get_secret_value(SecretId=connection["SecretArn"])
        secret = json.loads(answer["SecretString"])
        if kind == "API_KEY":
            return {**headers, secret["api_key_name"]: secret["api_key_value"]}, query
        pair = f"{secret['username']}:{secret['password']}".encode()
        return {**headers, "Authorization": f"Basic {base64.b64encode(pair).decode()}"}, query


def _plain(parameters: list[Mapping[str, Any]] | None) -> dict[str, str]:
    if any(parameter.get("IsValueSecret") for parameter in parameters or []):
        raise UndeliverableError(f"its connection has secret parameters; {_INSTEAD}")
    return {parameter["Key"]: parameter["Value"] for parameter in parameters or []}


def _filled(parameters: Mapping[str, str] | None, event: _Record) -> dict[str, str]:
    return {name: _value(value, event) for name, value in (parameters or {}).items()}


def _value(value: str, event: _Record) -> str:
    """A parameter of a target, which may be a path into the event."""
    return str(path_in(value, event)) if value.startswith("$") else value
