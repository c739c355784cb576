"""Upstream gap: a connection has no secret, in which AWS keeps its credentials.

Whoever may read it can call the API as EventBridge does, as a redrive of dead letters does. The
secret lives as long as the connection and stands in ``DescribeConnection``.

Not emulated: the secrets of connections with OAuth, and secret parameters.
Inference: the names in the secret, as public code that reads such secrets has them.
Source: EventBridge user guide, "Connections for API targets" (read 2026-11-23).
"""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import eventbridge, secretsmanager

from constructs_lib.local.extensions.answers import content, failed

_Request = Mapping[str, object]
_Handle = Callable[[_Request], object]


def register() -> None:
    """Keep a secret with every connection."""
    eventbridge._create_connection = _then(eventbridge._create_connection, _keep_secret)
    eventbridge._update_connection = _then(eventbridge._update_connection, _keep_secret)
    eventbridge._delete_connection = _deleting_secret(eventbridge._delete_connection)


def _then(handle: _Handle, follow_up: Callable[[str], None]) -> _Handle:
    def handle_both(request: _Request) -> object:
        response = handle(request)
        if not failed(response):
            follow_up(str(request["Name"]))
        return response

    return handle_both


def _keep_secret(name: str) -> None:
    connection = eventbridge._connections[name]
    secret = json.dumps(_secret(connection))
    if "SecretArn" in connection:
        secretsmanager._put_secret_value(
            {"SecretId": connection["SecretArn"], "SecretString": secret}
        )
    else:
        request = {"Name": f"events!connection/{name}/{uuid.uuid4()}", "SecretString": secret}
        connection["SecretArn"] = content(secretsmanager._create_secret(request))["ARN"]


def _secret(connection: _Request) -> dict[str, object]:
    parameters = cast(Mapping[str, _Request], connection["AuthParameters"] or {})
    if basic := parameters.get("BasicAuthParameters"):
        return {"username": basic.get("Username"), "password": basic.get("Password")}
    if key := parameters.get("ApiKeyAuthParameters"):
        return {"api_key_name": key.get("ApiKeyName"), "api_key_value": key.get("ApiKeyValue")}
    return {}


def _deleting_secret(delete: _Handle) -> _Handle:
    def delete_both(request: _Request) -> object:
        connection = eventbridge._connections.get(str(request.get("Name"))) or {}
        response = delete(request)
        if not failed(response) and "SecretArn" in connection:
            secretsmanager._delete_secret(
                {"SecretId": connection["SecretArn"], "ForceDeleteWithoutRecovery": True}
            )
        return response

    return delete_both
