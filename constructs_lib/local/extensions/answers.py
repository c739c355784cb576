"""The shapes in which MiniStack's services and CloudFormation handlers answer.

MiniStack carries no type information; everything untyped is pinned down here.
"""

import json
from collections.abc import Mapping
from typing import cast

Properties = Mapping[str, object]
Resource = tuple[str, dict[str, object]]
Answer = tuple[int, dict[str, str], bytes]


def content(response: object) -> dict[str, object]:
    """The decoded body of a service's answer."""
    body = cast(Answer, response)[2]
    return cast(dict[str, object], json.loads(body)) if body else {}


def failed(response: object) -> bool:
    """Whether a service's answer is an error."""
    return cast(Answer, response)[0] >= 400


def require_success(type_name: str, response: object) -> dict[str, object]:
    """The decoded body, or the service's error as the one that fails the CloudFormation resource.

    Raises:
        ValueError: The service refused; CloudFormation shows the message as the status reason.
    """
    decoded = content(response)
    if failed(response):
        raise ValueError(f"{type_name}: {decoded.get('__type')}: {decoded.get('message', decoded)}")
    return decoded
