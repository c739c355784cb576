"""One SDK call inside the emulator: serialised and parsed by botocore, answered by MiniStack.

The way of a boto3 client without its HTTP: every protocol and service that MiniStack serves over
HTTP is served here, by the same handler and in the same bytes. On top are Step Functions' own
rules: members have the names of the AWS SDK for Java, JSON where the API wants text is written as
text, times are ISO 8601, binary members are UTF-8 text.
"""

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast
from urllib.parse import parse_qs, unquote, urlencode

from botocore.awsrequest import HeadersDict
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.parsers import ResponseParserError, create_parser
from botocore.serialize import create_serializer
from botocore.validate import ParamValidator
from ministack import app
from ministack.core.responses import get_account_id, get_region
from ministack.core.router import detect_service

from constructs_lib.local.extensions.sdk_services import SdkService, java_name

# The one member that the SDK for Java cannot name as the model does.
_NULL_MEMBER, _NULL_SDK_MEMBER = "NULL", "Nul"


class SdkCallError(Exception):
    """The service answered with an error, or the call cannot be made (``code`` is None).

    ``said`` is the service's own message and ``status`` that of HTTP.
    """

    def __init__(
        self, code: str | None, message: str, *, said: str = "", status: int = 400
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.said = said
        self.status = status


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def call(
    service: SdkService, operation: OperationModel, parameters: object
) -> Mapping[str, object]:
    """Call ``operation`` with a task's arguments; the result as Step Functions returns it.

    Raises:
        SdkCallError: As the class says.
    """
    answer = _send(service, operation, validated_request(operation, parameters))
    parser = create_parser(service.model.resolved_protocol)
    try:
        response = {
            "status_code": answer.status,
            "headers": HeadersDict(answer.headers),
            "body": answer.body,
            "context": {"operation_name": operation.name},
        }
        parsed = parser.parse(response, cast(Shape, operation.output_shape))
    except ResponseParserError as error:
        raise SdkCallError(
            None, f"{operation.name} answered what cannot be read: {error}"
        ) from error
    if answer.status >= 300:
        failure = cast(Mapping[str, str], parsed.get("Error", {}))
        raise SdkCallError(
            # SQS answers in JSON with the code of its former protocol besides.
            failure.get("QueryErrorCode") or failure.get("Code") or str(answer.status),
            f"{failure.get('Message', '')} (Service: {service.error_prefix}, "
            f"Status Code: {answer.status}, Request ID: {uuid.uuid4()}) "
            "(SDK Attempt Count: 1)".lstrip(),
            said=failure.get("Message", ""),
            status=answer.status,
        )
    if operation.output_shape is None:
        return {}
    parsed.pop("ResponseMetadata", None)
    return cast(Mapping[str, object], to_result(parsed, operation.output_shape))


def validated_request(operation: OperationModel, parameters: object) -> dict[str, object]:
    """A task's arguments under the names and types of the operation's model.

    Raises:
        SdkCallError: A parameter is unknown, missing or of a wrong type.
    """
    shape = operation.input_shape
    if shape is None:
        return {}
    request = cast(dict[str, object], to_request(parameters or {}, shape))
    for token in operation.idempotent_members:
        request.setdefault(token, str(uuid.uuid4()))
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        # Members appear in quotes, under their names of the model.
        text = re.sub(r'"(\w+)"', lambda quoted: _sdk_member(quoted[1]), report.generate_report())
        raise SdkCallError(None, text)
    return request


def to_request(value: object, shape: Shape) -> object:
    """A part of the arguments under the names and types of the model."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        if getattr(shape, "is_document_type", False):
            return value
        members = {_sdk_member(member): member for member in shape.members}
        # Acronyms may be written as the model has them; no SDK name begins in lower case.
        members |= {member: member for member in shape.members if member[:1].isupper()}
        unknown = ", ".join(key for key in value if key not in members)
        if unknown:
            raise SdkCallError(
                None, f"there is no parameter {unknown}; there are: {', '.join(sorted(members))}"
            )
        return {
            members[key]: to_request(item, shape.members[members[key]])
            for key, item in value.items()
            if item is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [to_request(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {key: to_request(item, shape.value) for key, item in value.items()}
    return _scalar_of_request(value, shape)


def to_result(value: object, shape: Shape) -> object:
    """What botocore parsed, as Step Functions returns it."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return {
            _sdk_member(key): to_result(item, shape.members[key]) if key in shape.members else item
            for key, item in value.items()
            if item is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [to_result(item, shape.member) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {key: to_result(item, shape.value) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value


def _sdk_member(name: str) -> str:
    return _NULL_SDK_MEMBER if name == _NULL_MEMBER else java_name(name)


def _scalar_of_request(value: object, shape: Shape) -> object:
    match shape.type_name:
        case "string" if not isinstance(value, str):
            return _json(value)
        case "blob":
            return (value if isinstance(value, str) else _json(value)).encode()
        case "integer" | "long" if isinstance(value, float) and value.is_integer():
            # JSON knows one kind of number.
            return int(value)
        case _:
            return value


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _send(service: SdkService, operation: OperationModel, request: dict[str, object]) -> _Answer:
    serializer = create_serializer(service.model.resolved_protocol, include_validation=False)
    made = serializer.serialize_to_request(request, operation)
    path, _, path_query = str(made["url_path"]).partition("?")
    query = parse_qs(path_query, keep_blank_values=True)
    for name, value in (made.get("query_string") or {}).items():
        query[name] = [str(item) for item in (value if isinstance(value, list) else [value])]
    body = made["body"]
    if isinstance(body, Mapping):
        body = urlencode(body)
    headers = {name.lower(): str(value) for name, value in made["headers"].items()}
    scope = f"20260101/{get_region()}/{service.model.signing_name}/aws4_request"
    headers |= {
        "host": f"{service.botocore_name}.{get_region()}.amazonaws.com",
        "authorization": f"AWS4-HMAC-SHA256 Credential={get_account_id()}/{scope}",
    }
    method, path = str(made["method"]), unquote(path)
    served_by = detect_service(method, path, headers, query)
    handler = app.SERVICE_HANDLERS.get(served_by)
    if handler is None:
        raise SdkCallError(None, f"MiniStack does not serve {service.model.service_id}")
    wire = body if isinstance(body, bytes) else str(body).encode()
    status, answer_headers, answer_body = app.call_service_handler_sync(
        handler, method, path, headers, wire, query
    )
    content = answer_body.encode() if isinstance(answer_body, str) else bytes(answer_body or b"")
    return _Answer(status, answer_headers, content)
