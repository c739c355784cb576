"""Which call an HTTP request is, and how a service of that protocol answers with an error.

botocore's models say both, so that no service is named here. A request is asked for one action at a
time: it need not be known which of all services it is for.

Not told apart: S3 requests with the bucket in the host name; clients of a loopback address send
none. Of binary bodies (XML, CBOR) no parameters are read.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from constructs_lib.local._fault_models import service_model, wire_code

if TYPE_CHECKING:
    from botocore.model import OperationModel

    from constructs_lib.local.faults import Fault

_SIGNED_FOR = re.compile(r"(?:Credential=)?[^/,\s]+/\d{8}/[^/]+/([^/]+)/aws4_request")
_LABEL = re.compile(r"\{(\w+)(\+?)\}")
#: Parts of a Query protocol parameter that only count: Entries.member.1.Detail.
_COUNTING = re.compile(r"\.(?:member|entry|\d+)(?=\.|$)")

Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True, kw_only=True)
class WireRequest:
    """An HTTP request as MiniStack takes it apart: header names in lower case, path unquoted."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: bytes

    @functools.cached_property
    def target(self) -> str:
        """The operation's name in protocols with JSON bodies."""
        return self.headers.get("x-amz-target", "")

    @functools.cached_property
    def form(self) -> Mapping[str, Sequence[str]]:
        """The fields of the Query protocol, empty for others."""
        form: Mapping[str, Sequence[str]] = {}
        if "form-urlencoded" in self.headers.get("content-type", ""):
            form = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        form = {**self.query, **form}
        return form if "Action" in form else {}

    @property
    def is_binary(self) -> bool:
        """Whether the body is CBOR."""
        return self.headers.get("smithy-protocol") == "rpc-v2-cbor"

    @functools.cached_property
    def signing_name(self) -> str:
        """The service that the signature is for, empty without one."""
        credential = self.headers.get("authorization", "")
        credential = credential or next(iter(self.query.get("X-Amz-Credential", [])), "")
        found = _SIGNED_FOR.search(credential)
        return found[1] if found else ""


@dataclass(frozen=True, kw_only=True)
class _Route:
    """How requests for one operation of a REST service look."""

    action: str
    method: str
    path: re.Pattern[str]
    labels: tuple[str, ...]
    query: Mapping[str, str]
    required_query: frozenset[str]
    required_headers: frozenset[str]

    def fits(self, request: WireRequest) -> bool:
        return (
            request.method == self.method
            and self.path.fullmatch(request.path) is not None
            and self.query.keys() | self.required_query <= request.query.keys()
            and all(
                not value or request.query[key][0] == value for key, value in self.query.items()
            )
            and self.required_headers <= request.headers.keys()
        )

    @property
    def rank(self) -> tuple[int, int]:
        """Of several that fit, the one that says most is meant."""
        literal = len(self.path.pattern) - sum(len(label) for label in self.labels)
        located = len(self.query) + len(self.required_query) + len(self.required_headers)
        return located, literal - 20 * len(self.labels)


def matches(fault: Fault, request: WireRequest) -> bool:
    """Whether a request is a call that the fault is about."""
    return _is_call(fault.service, fault.action, request) and (
        not fault.parameters or parameters_match(fault, _parameters(fault, request))
    )


def parameters_match(fault: Fault, parameters: object) -> bool:
    """Whether a call's parameters are those that the fault is about."""
    leaves = list(_leaves(parameters))
    return all(
        any(path == wanted and fnmatchcase(text, pattern) for path, text in leaves)
        for wanted, pattern in fault.parameters.items()
    )


def error_answer(service: str, request: WireRequest, *, error: str, status: int) -> Answer:
    """The error as the service answers with it, in the protocol of the request."""
    model, code = service_model(service), wire_code(service, error)
    message = error_message(service, error)
    protocol = model.resolved_protocol
    if request.form or protocol in ("rest-xml", "ec2"):
        return status, {"Content-Type": "text/xml"}, _xml(protocol, code, message).encode()
    if request.is_binary:
        return (
            status,
            {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"},
            b"\xa2" + b"".join(map(_cbor, ("__type", code, "message", message))),
        )
    version = model.metadata.get("jsonVersion")
    kind = f"application/x-amz-json-{version}" if version else "application/json"
    body = json.dumps({"__type": code, "message": message}).encode()
    return status, {"Content-Type": kind, "x-amzn-errortype": code}, body


def error_message(service: str, error: str) -> str:
    """The text that comes with an error."""
    return f"{service_model(service).service_id} failed on purpose: {error} was injected."


def rest_action(service: str, request: WireRequest) -> str:
    """The action of a REST request to a service, empty if no service of that name has it."""
    try:
        route = _route(service, request)
    except ValueError:
        # botocore knows no such service.
        return ""
    return route.action if route else ""


def _is_call(service: str, action: str, request: WireRequest) -> bool:
    model = service_model(service)
    if request.target:
        prefix = model.metadata.get("targetPrefix")
        return request.target == f"{prefix}.{action}"
    if request.signing_name not in ("", model.signing_name):
        return False
    is_rest = model.resolved_protocol.startswith("rest")
    if request.form and not is_rest:
        return request.form["Action"][0] == action
    if request.is_binary:
        return request.path.endswith(f"/operation/{action}")
    if not request.signing_name or not is_rest:
        return False
    route = _route(service, request)
    return route is not None and route.action == action


def _route(service: str, request: WireRequest) -> _Route | None:
    return max(
        (route for route in _routes(service) if route.fits(request)),
        key=lambda route: route.rank,
        default=None,
    )


@functools.cache
def _routes(service: str) -> Sequence[_Route]:
    model = service_model(service)
    return [_route_of(model.operation_model(name)) for name in model.operation_names]


def _route_of(operation: OperationModel) -> _Route:
    path, _, query = str(operation.http["requestUri"]).partition("?")
    pattern, end = "", 0
    for label in _LABEL.finditer(path):
        pattern += re.escape(path[end : label.start()]) + ("(.+)" if label[2] else "([^/]+)")
        end = label.end()
    pattern += re.escape(path[end:].rstrip("/")) + "/?"
    shape = operation.input_shape
    located = (
        [
            (shape.members[name].serialization.get("location"), _wire_name(operation, name))
            for name in shape.required_members
        ]
        if shape
        else []
    )
    return _Route(
        action=operation.name,
        method=str(operation.http["method"]),
        path=re.compile(pattern),
        labels=tuple(label[1] for label in _LABEL.finditer(path)),
        query={key: values[0] for key, values in parse_qs(query, keep_blank_values=True).items()},
        required_query=frozenset(name for place, name in located if place == "querystring"),
        required_headers=frozenset(name.lower() for place, name in located if place == "header"),
    )


def _wire_name(operation: OperationModel, member: str) -> str:
    shape = operation.input_shape
    return str(shape.members[member].serialization.get("name", member)) if shape else member


def _parameters(fault: Fault, request: WireRequest) -> object:
    operation = service_model(fault.service).operation_model(fault.action)
    members = operation.input_shape.members if operation.input_shape else {}
    names = {_wire_name(operation, member): member for member in members}
    if request.form:
        form = {_COUNTING.sub("", name): values for name, values in request.form.items()}
        return {names.get(name, name): values for name, values in form.items()}
    if request.target:
        return _json(request.body)
    route = _route_of(operation)
    path = route.path.fullmatch(request.path)
    wire = dict(zip(route.labels, path.groups() if path else (), strict=False))
    body = _json(request.body)
    written = {**(body if isinstance(body, Mapping) else {}), **request.query, **wire}
    return {names.get(name, name): value for name, value in written.items()}


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return {}


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for item in value:
            yield from _leaves(item, path)
    else:
        yield path, value if isinstance(value, str) else json.dumps(value, default=str)


def _xml(protocol: str, code: str, message: str) -> str:
    error = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    if protocol == "ec2":
        return f"<Response><Errors>{error}</Errors></Response>"
    return error if protocol == "rest-xml" else f"<ErrorResponse>{error}</ErrorResponse>"


def _cbor(text: str) -> bytes:
    """A text of at most 65,535 bytes in CBOR."""
    encoded = text.encode()
    return b"\x79" + len(encoded).to_bytes(2, "big") + encoded
