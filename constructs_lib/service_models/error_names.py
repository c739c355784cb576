"""How Step Functions' SDK integrations name the errors of a service.

They are the exceptions of the AWS SDK for Java 2.x, named after the service's models.
Source: AWS SDK for Java 2.x, code generator, ``DefaultNamingStrategy.getServiceName`` and
``getExceptionName``, ``CodegenNamingUtils.splitOnWordBoundaries`` (read 2026-11-27).
"""

from __future__ import annotations

import re
from functools import cache

from constructs_lib.service_models.sdk_model import ModelMismatchError, find_service

_BOUNDARIES = (
    (r"[^A-Za-z0-9]+", " "),
    (r"([^a-z]{2,})v([0-9]+)", r"\1 v\2 "),
    (r"([^A-Z]{2,})V([0-9]+)", r"\1 V\2 "),
    (r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])", " "),
    (r"([A-Z]+)([A-Z][a-z])", r"\1 \2"),
    (r"([0-9])([a-zA-Z])", r"\1 \2"),
    (r"\s+", " "),
)


def java_name(name: str) -> str:
    """Words put together as the SDK for Java does: ``DynamoDB`` is ``DynamoDb``."""
    for pattern, replacement in _BOUNDARIES:
        name = re.sub(pattern, replacement, name)
    return "".join(word.capitalize() for word in name.split())


@cache
def error_prefix(service: str) -> str | None:
    """What stands before the dot; None for a service that the models do not know.

    Args:
        service: Step Functions' name of it.
    """
    try:
        service_id = str(find_service(service).service_id)
    except ModelMismatchError:
        return None
    return java_name(re.sub(r"^(Amazon|AWS)\s*|\s*Service$", "", service_id))


@cache
def declared_errors(service: str) -> frozenset[str]:
    """All errors that a service's operations declare, as the SDK for Java names them.

    Raises:
        ModelMismatchError: The service is not known.
    """
    model = find_service(service)
    names = set()
    for shape in model.error_shapes:
        name = java_name(shape.name.removesuffix("Fault"))
        names.add(name if name.endswith("Exception") else f"{name}Exception")
    return frozenset(names)
