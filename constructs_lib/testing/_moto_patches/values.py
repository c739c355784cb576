"""What several patches need: values as JSON has them, failures as moto has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails


def failure(
    env: Any, name: ErrorName, event: HistoryEventType, details: Mapping[str, Any]
) -> FailureEvent:
    # moto types the details of all events as one dictionary with every key required.
    only = cast(EventDetails, details)
    return FailureEvent(env=env, error_name=name, event_type=event, event_details=only)


def json_only(value: Any) -> Any:
    """The same value with dates as Step Functions writes them."""
    if isinstance(value, datetime):
        utc = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return utc.replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {key: json_only(item) for key, item in value.items()}
    if isinstance(value, list):
        return [json_only(item) for item in value]
    return value
