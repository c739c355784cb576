"""Faults to be injected into the embedded AWS, as data."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from constructs_lib.local import _fault_models as models


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with the calls of one action, whoever makes them.

    With neither ``count`` nor ``share`` every call fails: a permanent error.

    Args:
        service: The boto3 client's name: ``dynamodb``, ``sesv2``, ``stepfunctions``.
        action: As in the API reference: ``PutItem``.
        error: The error's name in the API reference, or one common to all services
            (``ThrottlingException``). Empty, the default: calls are slow, but succeed.
        count: How many calls it strikes at most, 1 or more; None, the default, is no limit.
        share: The share of the calls that it strikes, above 0, at most 1 (all, the default).
        seed: Makes ``share`` choose the same calls again, by their order.
        latency_seconds: How long the answer takes besides, times the time scale.
        after_effect: The call has its effect, and then its answer is lost: ``error`` comes instead.
        parameters: Only calls whose parameters match: API reference names with ``.`` between
            levels, lists are looked through (``Item.pk.S``, ``Entries.DetailType``), to the whole
            value, with ``*``, ``?`` and ``[…]`` as in file names.
    Raises:
        ValueError: The model of the service knows no such service, action, error or parameter; a
            number is out of its range; nothing would go wrong.
    """

    service: str
    action: str
    error: str = ""
    count: int | None = None
    share: float = 1.0
    seed: int = 0
    latency_seconds: float = 0.0
    after_effect: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check it against the service's model."""
        models.operation(self.service, self.action)
        if self.error:
            models.error_status(self.service, self.error)
        elif self.after_effect or not self.latency_seconds:
            raise ValueError(
                f"error must be given, got none for {self.service} {self.action}; "
                "pass latency_seconds alone only to slow calls down"
            )
        if self.count is not None and self.count < 1:
            raise ValueError(f"count must be 1 or more, got {self.count}; pass None for no limit")
        if not 0 < self.share <= 1:
            raise ValueError(
                f"share must be above 0 and at most 1, got {self.share}; pass 1 for every call"
            )
        if not (math.isfinite(self.latency_seconds) and self.latency_seconds >= 0):
            raise ValueError(
                f"latency_seconds must be 0 or more, got {self.latency_seconds}; "
                "pass 0 for no delay"
            )
        for path in self.parameters:
            models.require_parameter(self.service, self.action, path)

    def to_json(self) -> dict[str, object]:
        """What ``from_json`` takes."""
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(written: object) -> Fault:
        """A fault written as a JSON object, with this class's names.

        Raises:
            ValueError: It is no object, a name is unknown or missing, a value of a wrong type, or
                as the class says.
        """
        if not isinstance(written, Mapping):
            raise ValueError(f"a fault must be a JSON object, got {written!r}; pass {{…}}")
        fields = {each.name: each for each in dataclasses.fields(Fault)}
        for name, value in written.items():
            if name not in fields:
                raise ValueError(f"a fault has no {name!r}; {models.nearest(name, fields)}")
            _require_type(name, value)
        for name in ("service", "action"):
            if name not in written:
                raise ValueError(f"{name} must be given, got {sorted(written)}; pass it")
        return Fault(**written)


_TYPES: Mapping[str, tuple[type, ...]] = {
    "service": (str,),
    "action": (str,),
    "error": (str,),
    "count": (int, type(None)),
    "share": (int, float),
    "seed": (int,),
    "latency_seconds": (int, float),
    "after_effect": (bool,),
    "parameters": (Mapping,),
}


def _require_type(name: str, value: object) -> None:
    types = _TYPES[name]
    fits = isinstance(value, types) and (bool in types or not isinstance(value, bool))
    if fits and isinstance(value, Mapping):
        fits = all(isinstance(text, str) for text in value.values())
    if not fits:
        wanted = " or ".join("null" if one is type(None) else one.__name__ for one in types)
        raise ValueError(f"{name} must be of type {wanted}, got {value!r}; correct the fault")


def read_faults(path: Path) -> list[Fault]:
    """The faults of a JSON file: a list of objects as ``Fault.from_json`` takes them.

    Raises:
        ValueError: The file cannot be read, or one of the faults is not valid.
    """
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as JSON: {error}; pass a list of faults") from None
    if not isinstance(written, list):
        raise ValueError(f"{path} must hold a list of faults, got {type(written).__name__}")
    faults = []
    for number, one in enumerate(written, start=1):
        try:
            faults.append(Fault.from_json(one))
        except ValueError as error:
            raise ValueError(f"{path}, fault {number}: {error}") from None
    return faults


@dataclass(frozen=True, kw_only=True)
class InjectedFault:
    """One call that a fault has struck.

    ``execution_arn`` is the workflow execution whose task made the call, empty if it was none.
    ``error`` is empty for a call that was only slow. ``request_id`` is that of the answer.
    """

    time: datetime
    service: str
    action: str
    error: str
    execution_arn: str
    request_id: str

    @staticmethod
    def from_json(written: Mapping[str, object]) -> InjectedFault:
        """One that the emulator has written."""
        seconds = cast(float, written["time"])
        return InjectedFault(
            time=datetime.fromtimestamp(seconds, tz=UTC),
            **{name: str(written[name]) for name in _TEXTS},
        )


_TEXTS = ("service", "action", "error", "execution_arn", "request_id")
