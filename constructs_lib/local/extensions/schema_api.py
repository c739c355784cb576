"""The API of EventBridge's schema registry: which request is whose, and how errors are told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from ministack import app
from ministack.core import router

from constructs_lib.local.extensions.answers import Answer

Document = dict[str, object]
Handle = Callable[..., Document]

_STATUSES = {
    "BadRequestException": 400,
    "NotFoundException": 404,
    "ConflictException": 409,
    "PreconditionFailedException": 412,
}


class SchemaError(Exception):
    """A refusal with AWS's name; CloudFormation's reason has it too."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a request says besides its path."""

    query: Mapping[str, str] = field(default_factory=dict)
    body: Document = field(default_factory=dict)


@dataclass(frozen=True)
class _Route:
    method: str
    path: re.Pattern[str]
    status: int
    handle: Handle


_ROUTES: list[_Route] = []


def register() -> None:
    """Serve the routes."""
    # Else the first request reads every service model of botocore to tell whether there is one.
    router.SERVICE_PATTERNS["schemas"] = {
        "host_patterns": [r"schemas\."],
        "credential_scope": "schemas",
    }
    app.SERVICE_HANDLERS["schemas"] = _answer


def serve(method: str, path: str, handle: Handle, *, status: int = 200) -> None:
    """Have a handler answer a path; it takes the request, and the names in the path's braces."""
    pattern = re.compile(re.sub(r"\{\w+\}", "([^/]+)", path))
    _ROUTES.append(_Route(method, pattern, status, handle))


async def _answer(
    method: str,
    path: str,
    _headers: Mapping[str, str],
    body: bytes,
    query_params: Mapping[str, Sequence[str]],
) -> Answer:
    query = {
        name: value if isinstance(value, str) else value[0] for name, value in query_params.items()
    }
    for route in _ROUTES:
        match = route.path.fullmatch(path)
        if match and method == route.method:
            request = Request(query=query, body=json.loads(body or b"{}"))
            try:
                found = route.handle(request, *(unquote(name) for name in match.groups()))
            except SchemaError as error:
                return _error(error.code, error.message)
            return _json(route.status, found)
    return _error("BadRequestException", f"{method} {path} is not emulated")


def _error(code: str, message: str) -> Answer:
    answer = _json(_STATUSES[code], {"Code": code, "Message": message})
    answer[1]["x-amzn-ErrorType"] = code
    return answer


def _json(status: int, document: Document) -> Answer:
    content = b"" if status == 204 else json.dumps(document).encode()
    return status, {"Content-Type": "application/json"}, content
