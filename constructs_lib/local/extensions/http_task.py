"""Upstream gap: ``http:invoke`` tasks, which call an HTTPS API, are not there.

The call carries the credentials and the parameters of an EventBridge connection, which win over
the task's own. AWS takes HTTPS endpoints only; here an endpoint on this machine may be HTTP.

Not emulated: private APIs, binary answers, the refusal of some headers.
Inference: the words of causes.
Source: Step Functions developer guide, "Call HTTPS APIs in Step Functions workflows" (read
2026-11-27).
"""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import cast

from ministack.services import eventbridge, stepfunctions

RESOURCE = "arn:aws:states:::http:invoke"
#: An API that has not answered by then has failed.
_ANSWER_SECONDS_MAX = 60
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
#: What stands for the index in the name of each element, by ``ArrayFormat``.
_ARRAY_FORMATS = {"INDICES": "[{}]", "REPEAT": "", "BRACKETS": "[]"}

_Object = Mapping[str, object]


def register() -> None:
    """Add the task."""
    stepfunctions._SERVICE_DISPATCH[RESOURCE] = _invoke


def _invoke(_resource: str, arguments: _Object) -> _Object:
    endpoint = str(arguments.get("ApiEndpoint", ""))
    _require_https(endpoint)
    name, connection = _connection(arguments)
    invocation = (connection.get("AuthParameters") or {}).get("InvocationHttpParameters") or {}
    headers = _texts({**_object(arguments, "Headers"), **_of(invocation, "HeaderParameters")})
    query = {**_object(arguments, "QueryParameters"), **_of(invocation, "QueryStringParameters")}
    body = _body(arguments, headers, _of(invocation, "BodyParameters"))
    key = (eventbridge.get_account_id(), eventbridge.get_region(), name)
    try:
        authorization = eventbridge._connection_auth_headers(connection, key)
        request = urllib.request.Request(  # noqa: S310 - https, or this machine
            _with_query(endpoint, query),
            data=body,
            headers={**headers, **authorization},
            method=str(arguments.get("Method", "GET")),
        )
        with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS_MAX) as answer:  # noqa: S310
            return _result(answer)
    except urllib.error.HTTPError as error:
        raise _failed(f"States.Http.StatusCode.{error.code}", error.reason) from error
    except (OSError, http.client.HTTPException) as error:
        raise _failed("States.Http.Socket", f"The endpoint gave no answer: {error}") from error


def _require_https(endpoint: str) -> None:
    parts = urllib.parse.urlsplit(endpoint)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise _failed("States.Runtime", f"ApiEndpoint must be an https URL, got {endpoint!r}")


def _connection(arguments: _Object) -> tuple[str, Mapping[str, dict[str, dict[str, object]]]]:
    given = arguments.get("Authentication") or arguments.get("InvocationConfig") or {}
    arn = str(cast(_Object, given).get("ConnectionArn", ""))
    name = arn.partition(":connection/")[2].partition("/")[0]
    connection = eventbridge._connections.get(name)
    if not connection:
        raise _failed("Events.ConnectionResource.NotFound", f"There is no connection {arn!r}")
    if connection.get("ConnectionState") != "AUTHORIZED":
        raise _failed("Events.ConnectionResource.InvalidConnectionState", f"{arn} is not ready")
    return name, connection


def _body(arguments: _Object, headers: dict[str, str], of_connection: _Object) -> bytes | None:
    body = arguments.get("RequestBody")
    if of_connection and (body is None or isinstance(body, dict)):
        body = {**(body or {}), **of_connection}
    if body is None:
        return None
    transform = _object(arguments, "Transform")
    names = {name.lower() for name in headers}
    if transform.get("RequestBodyEncoding") == "URL_ENCODED" and isinstance(body, dict):
        options = _object(transform, "RequestEncodingOptions")
        if "content-type" not in names:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        pairs = _pairs(body, str(options.get("ArrayFormat", "INDICES")))
        return urllib.parse.urlencode(list(pairs)).encode()
    if "content-type" not in names:
        headers["Content-Type"] = "application/json"
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def _pairs(value: object, array_format: str, name: str = "") -> Iterator[tuple[str, str]]:
    """The members of a body, at any depth, as a form has them."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _pairs(each, array_format, f"{name}[{key}]" if name else key)
    elif isinstance(value, list) and array_format == "COMMAS":
        yield name, ",".join(_text(each) for each in value)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _pairs(each, array_format, name + _ARRAY_FORMATS[array_format].format(index))
    else:
        yield name, _text(value)


def _with_query(endpoint: str, query: _Object) -> str:
    pairs = [
        (name, _text(each))
        for name, value in query.items()
        for each in (value if isinstance(value, list) else [value])
    ]
    parts = urllib.parse.urlsplit(endpoint)
    text = "&".join(filter(None, [parts.query, urllib.parse.urlencode(pairs)]))
    return urllib.parse.urlunsplit(parts._replace(query=text))


def _result(answer: http.client.HTTPResponse) -> _Object:
    text = answer.read().decode(errors="replace")
    headers: dict[str, list[str]] = {}
    for name, value in answer.getheaders():
        headers.setdefault(name.lower(), []).append(value)
    is_json = "json" in "".join(headers.get("content-type", []))
    return {
        "StatusCode": answer.status,
        "StatusText": answer.reason,
        "Headers": headers,
        "ResponseBody": json.loads(text) if is_json and text else text,
    }


def _of(invocation: object, kind: str) -> _Object:
    return cast(_Object, eventbridge._connection_params_map(cast(_Object, invocation).get(kind)))


def _object(arguments: _Object, name: str) -> _Object:
    return cast(_Object, arguments.get(name) or {})


def _texts(values: _Object) -> dict[str, str]:
    return {key: _text(value) for key, value in values.items()}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _failed(error: str, cause: str) -> Exception:
    return cast(Exception, stepfunctions._ExecutionError(error, cause))
