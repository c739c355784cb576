"""Upstream gap: an API destination is called once; what it refuses is lost.

Statuses 401, 407, 409, 429 and 5xx, no answer, and a connection that is not authorized are tried
again; every other status is final.

Not emulated: ``Retry-After``, the rate limit, the states of a connection that authorizes.
Inference: the error codes by HTTP status; the user guide lists the codes alone.
Source: EventBridge user guide, "API destinations as targets" and "Using dead-letter queues to
process undelivered events" (read 2026-11-23).
"""

from collections.abc import Mapping
from http.client import HTTPException
from typing import cast

from ministack.services import eventbridge

from constructs_lib.local.extensions.delivery import DeliveryError
from constructs_lib.local.extensions.event_delivery import deliver
from constructs_lib.local.extensions.event_delivery_targets import missing

_Record = Mapping[str, object]
_UNAUTHORIZED = (401, 407)
_RETRIABLE = (*_UNAUTHORIZED, 409, 429)


def register() -> None:
    """Put the retries and the dead-letter queue behind the HTTP call."""
    eventbridge._dispatch_to_api_destination = _dispatch


def _dispatch(spec: object, payload: str, target: _Record) -> None:
    # PutEvents does not wait for the API.
    deliver(lambda: _call(spec, payload, target), in_background=True)


def _call(spec: object, payload: str, target: _Record) -> None:
    resource = cast(str, spec.resource)  # type: ignore[attr-defined]  # a parsed ARN
    destination = eventbridge._api_destinations.get(resource.split("/")[1])
    if not destination:
        raise missing()
    connection_name = str(destination.get("ConnectionArn")).rsplit("/", 1)[-1]
    connection = eventbridge._connections.get(connection_name) or {}
    if connection.get("ConnectionState") != "AUTHORIZED":
        raise DeliveryError(
            "CONNECTION_FAILURE", "The connection is not authorized.", is_retriable=True
        )
    request = eventbridge._build_api_destination_request(
        destination, connection, target.get("HttpParameters") or {}, payload
    )
    token_key = (eventbridge.get_account_id(), eventbridge.get_region(), connection_name)
    status = _status(request, connection, token_key)
    if status in _UNAUTHORIZED and connection["AuthorizationType"] == "OAUTH_CLIENT_CREDENTIALS":
        status = _status(request, connection, token_key, force_refresh=True)
    if not 200 <= status < 300:
        raise DeliveryError(
            "THROTTLING" if status == 429 else "ERROR_FROM_TARGET",
            f"The endpoint answered with HTTP status {status}.",
            is_retriable=status in _RETRIABLE or status >= 500,
        )


def _status(
    request: object, connection: object, token_key: object, *, force_refresh: bool = False
) -> int:
    try:
        authorization = eventbridge._connection_auth_headers(
            connection, token_key, force_refresh=force_refresh
        )
        return cast(int, eventbridge._api_destination_send_sync(request, authorization))
    except (OSError, ValueError, HTTPException) as error:
        raise DeliveryError(
            "CONNECTION_FAILURE", "The endpoint gave no answer.", is_retriable=True
        ) from error
