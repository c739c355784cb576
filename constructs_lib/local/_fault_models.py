"""What botocore's models say about the calls that faults name: actions, errors, parameters.

botocore is loaded on first use only: whoever injects nothing does not pay for it.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel
    from botocore.session import Session

#: Errors that services answer with though their models do not declare them; with the HTTP status.
#: Source: "Common error types" of AWS's API references, "Error responses" of the S3 API reference;
#: throttling codes: AWS SDK retry behaviour (read 2026-11-23). ValidationException is
#: DynamoDB's name of it, which its model lacks (troubleshooting guides of others, read 2026-11-27).
COMMON_ERRORS = {
    "AccessDenied": 403,
    "AccessDeniedException": 400,
    "ExpiredTokenException": 403,
    "InternalError": 500,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "InternalServerException": 500,
    "RequestLimitExceeded": 400,
    "RequestTimeout": 400,
    "ServiceUnavailable": 503,
    "ServiceUnavailableException": 503,
    "SlowDown": 503,
    "Throttling": 400,
    "ThrottlingException": 400,
    "TooManyRequestsException": 429,
    "UnrecognizedClientException": 403,
    "ValidationError": 400,
    "ValidationException": 400,
}
#: What tells throttling from other errors, in any service's name of it.
_THROTTLING = ("Throttl", "TooManyRequests", "LimitExceeded", "ThroughputExceeded", "SlowDown")


@functools.cache
def service_model(service: str) -> ServiceModel:
    """The model of a service by its boto3 name.

    Raises:
        ValueError: There is no such service.
    """
    session = _session()
    known = session.get_available_services()
    if service not in known:
        raise ValueError(
            f"service must be a boto3 client name, got {service!r}; {nearest(service, known)}"
        )
    model: ServiceModel = session.get_service_model(service)
    return model


@functools.cache
def _session() -> Session:
    import botocore.session

    return botocore.session.get_session()


def operation(service: str, action: str) -> OperationModel:
    """The operation of a service by the name in its API reference.

    Raises:
        ValueError: There is no such service or action.
    """
    model = service_model(service)
    if action not in model.operation_names:
        raise ValueError(
            f"action must be one of {service}'s, got {action!r}; "
            f"{nearest(action, model.operation_names)}"
        )
    return model.operation_model(action)


def error_status(service: str, error: str) -> int:
    """The HTTP status of an error, named as on the wire or as in the model.

    Raises:
        ValueError: The service neither declares it nor is it common to all services.
    """
    model = service_model(service)
    shapes = {shape.name: shape for shape in model.error_shapes}
    shape = shapes.get(error) or next(
        (shape for shape in model.error_shapes if _wire_code(shape) == error), None
    )
    if shape is None:
        if error in COMMON_ERRORS:
            return COMMON_ERRORS[error]
        raise ValueError(
            f"error must be one that {service} declares or a common one, got {error!r}; "
            f"{nearest(error, [*shapes, *COMMON_ERRORS])}"
        )
    status: int = shape.metadata.get("error", {}).get("httpStatusCode", 0)
    if status:
        return status
    # JSON protocols declare no status; that a service failed by itself, its error's name says.
    return 500 if shape.metadata.get("fault") or shape.name.startswith("Internal") else 400


def wire_code(service: str, error: str) -> str:
    """How an error is called on the wire: the Query protocol has codes of its own."""
    shapes = {shape.name: shape for shape in service_model(service).error_shapes}
    return _wire_code(shapes[error]) if error in shapes else error


def _wire_code(shape: object) -> str:
    return str(shape.error_code)  # type: ignore[attr-defined]  # error shapes are structures


def is_throttling(error: str) -> bool:
    """Whether an error says that there were too many calls."""
    return any(part in error for part in _THROTTLING)


def require_parameter(service: str, action: str, path: str) -> None:
    """Refuse a parameter that the action does not have; what is below the first name is free.

    Raises:
        ValueError: There is no such parameter.
    """
    shape = operation(service, action).input_shape
    members = list(shape.members) if shape else []
    name = path.partition(".")[0]
    if name not in members:
        raise ValueError(
            f"parameters must be named as {action}'s, got {name!r}; {nearest(name, members)}"
        )


def nearest(name: str, known: Iterable[str]) -> str:
    """A remedy: the known names that resemble one that is not known."""
    found = difflib.get_close_matches(name, sorted(known), n=3, cutoff=0.5)
    return f"did you mean {', '.join(found)}?" if found else "see the service's API reference"
