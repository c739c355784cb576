"""Errors that a test makes AWS answer with, at the boto client that a workflow's task calls."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

FAILED_ENTRY = "FailedEntry"

_REQUEST_ID = "00000000-0000-0000-0000-000000000000"


class ShapeModel(Protocol):
    """What is needed of botocore's model of an error."""

    name: str
    metadata: Mapping[str, object]


class ServiceModel(Protocol):
    """What is needed of botocore's model of a service."""

    service_name: str
    operation_names: list[str]
    error_shapes: list[ShapeModel]


class OperationModel(Protocol):
    """What is needed of botocore's model of an operation."""

    name: str
    service_model: ServiceModel


class FaultError(ValueError):
    """The fault asked for can never happen."""


@dataclass(frozen=True)
class InjectedFault:
    """One call that was answered with an error in place of the emulated service."""

    service: str
    operation: str
    error: str


@dataclass
class HttpStatus:
    """The part of an HTTP response that botocore looks at when a hook has answered."""

    status_code: int


@dataclass
class _Planned:
    fault: InjectedFault
    remaining: int | None  # None: for ever


@dataclass
class FaultPlan:
    """Which calls are to fail; asked by the client before each call, from any thread."""

    injected: list[InjectedFault] = field(default_factory=list)
    _planned: list[_Planned] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: InjectedFault, *, times: int | None) -> None:
        """Let the next ``times`` calls fail; faults for one operation happen in the order added."""
        if times is not None and times < 1:
            raise FaultError(
                f"times must be at least 1, got {times}; pass None for every call from now on"
            )
        with self._lock:
            self._planned.append(_Planned(fault, times))

    def clear(self) -> None:
        """Let every call through again; what was injected so far stays on record."""
        with self._lock:
            self._planned.clear()

    def answer(
        self, model: OperationModel, params: Mapping[str, object], **_: object
    ) -> tuple[HttpStatus, dict[str, object]] | None:
        """The hook for botocore's ``before-call``: an error response, or None to go ahead."""
        fault = self._take(model.service_model.service_name, model.name)
        if fault is None:
            return None
        if fault.error == FAILED_ENTRY:
            return HttpStatus(200), _failed_entries(params)
        return HttpStatus(400), {
            "Error": {"Code": _error_code(model.service_model, fault.error), "Message": "injected"},
            "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": _REQUEST_ID},
        }

    def _take(self, service: str, operation: str) -> InjectedFault | None:
        with self._lock:
            for planned in self._planned:
                fault = planned.fault
                if (fault.service, fault.operation) != (service, operation):
                    continue
                if planned.remaining is not None:
                    planned.remaining -= 1
                    if planned.remaining == 0:
                        self._planned.remove(planned)
                self.injected.append(fault)
                return fault
        return None


def _error_code(service: ServiceModel, error: str) -> str:
    """Some services send another code than the exception's name (SNS: NotFound)."""
    for shape in service.error_shapes:
        declared = shape.metadata.get("error")
        if shape.name == error and isinstance(declared, Mapping) and "code" in declared:
            return str(declared["code"])
    return error


def _failed_entries(params: Mapping[str, object]) -> dict[str, object]:
    """PutEvents does not fail when an entry does: it answers 200 and counts."""
    body = params["body"]
    entries = json.loads(body if isinstance(body, str | bytes) else "{}")["Entries"]
    failed = {"ErrorCode": "InternalFailure", "ErrorMessage": "injected"}
    return {
        "FailedEntryCount": len(entries),
        "Entries": [failed] * len(entries),
        "ResponseMetadata": {"HTTPStatusCode": 200, "RequestId": _REQUEST_ID},
    }
