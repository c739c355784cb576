"""What one call of a task is billed as, besides its transition."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal

from constructs_lib.insight.cost.assumptions import Assumptions
from constructs_lib.insight.cost.units import NOTHING, Units, units
from constructs_lib.insight.model import Function, Task
from constructs_lib.insight.prices import prices
from constructs_lib.templates.json_value import JsonValue

_HALF = Decimal("0.5")

#: Calls that no price list has a line for: free, or billed by what they start, which is counted.
# Source: pricing pages of the services, which name what is billed (read 2026-11-27).
_FREE = frozenset(
    {
        ("states", "startExecution"),
        ("cognitoidentityprovider", "adminDeleteUser"),
        ("cognitoidentityprovider", "adminUpdateUserAttributes"),
    }
)
#: Services whose calls are free but for those that publish; what a call starts is counted itself.
# Source: pricing pages of EventBridge and Step Functions: events, invocations, transitions and
# requests of Express workflows (read 2026-11-27).
_CONTROL_PLANE = frozenset({"events", "eventbridge", "scheduler", "sfn"})
_PUBLISHES = frozenset({"putEvents", "putPartnerEvents"})
_WRITES = {"putItem": 1, "updateItem": 1, "deleteItem": 1}
_EVENTS = frozenset({"events", "eventbridge"})
_MAILS = frozenset({"ses", "sesv2"})
#: Billed although the call fails. Source: DynamoDB developer guide, "Condition expressions" (a
#: failed condition consumes write units); Lambda pricing, requests (read 2026-11-27).
_BILLED_FAILURES = frozenset({"dynamodb", "lambda"})
_NEW_USERS = frozenset({"adminCreateUser", "signUp"})


def task_units(task: Task, assumptions: Assumptions) -> Units | None:
    """The units of one call; None if this kind of call is not known here.

    A function's run is not in it: that is ``function_units``.
    """
    if (task.service, task.action) in _FREE:
        return NOTHING
    if task.service in _CONTROL_PLANE and task.action not in _PUBLISHES:
        return NOTHING
    if task.service == "dynamodb":
        return _dynamodb(task, assumptions)
    if task.service in _EVENTS and task.action == "putEvents":
        return units("custom-events", event_blocks(assumptions)).times(entries(task))
    if task.service in _MAILS and task.action.startswith("send"):
        return units("mails", _recipients(task.parameters))
    if task.service == "cognitoidentityprovider" and task.action in _NEW_USERS:
        return units("cognito-users")
    counted = {
        "sns": ("topic-publishes", {"publish"}),
        "sqs": ("queue-requests", {"sendMessage", "receiveMessage", "deleteMessage"}),
    }.get(task.service)
    if counted and task.action in counted[1]:
        blocks = prices()[counted[0]].units_of(assumptions.message_bytes)
        return units(counted[0], blocks)
    return None


def is_billed_although_it_fails(task: Task) -> bool:
    """Whether a task that ends in an error is billed like one that does its work.

    One that waits for something has made its call before.
    """
    return task.service in _BILLED_FAILURES or task.pattern != "request_response"


def function_units(function: Function, assumptions: Assumptions, *, event: str = "*") -> Units:
    """One run of a function, and what is stated that it does inside."""
    name = function.resource.name
    seconds = assumptions.seconds.get(name, assumptions.function_seconds)
    # Lambda bills steps of 1 ms.
    billed = Decimal(math.ceil(seconds * 1000)) / 1000
    architectures = function.resource.properties.get("Architectures")
    is_arm = isinstance(architectures, list) and "arm64" in architectures
    gb_seconds = "lambda-gb-seconds-arm" if is_arm else "lambda-gb-seconds"
    run = units("lambda-requests") + units(gb_seconds, billed * function.memory_mb / 1024)
    return run + assumptions.calls_of(name, event)


def event_blocks(assumptions: Assumptions) -> int:
    """As how many events one is billed."""
    return prices()["custom-events"].units_of(assumptions.event_bytes)


def entries(task: Task) -> int:
    """How many events one PutEvents call has; 1 where they are computed."""
    written = task.parameters.get("Entries")
    return len(written) if isinstance(written, list) else 1


def _dynamodb(task: Task, assumptions: Assumptions) -> Units | None:
    write = prices()["dynamodb-writes"].units_of(assumptions.item_bytes)
    read = Decimal(prices()["dynamodb-reads"].units_of(assumptions.item_bytes))
    is_consistent = task.parameters.get("ConsistentRead") is True
    a_read = read if is_consistent else read * _HALF
    if task.action in _WRITES:
        return units("dynamodb-writes", write)
    by_action: Mapping[str, Callable[[], Units]] = {
        "getItem": lambda: units("dynamodb-reads", a_read),
        # A page of what is found; at least one block is read.
        "query": lambda: units("dynamodb-reads", a_read),
        "scan": lambda: units("dynamodb-reads", a_read),
        "transactWriteItems": lambda: units(
            "dynamodb-writes", 2 * write * _list_length(task.parameters.get("TransactItems"))
        ),
        "transactGetItems": lambda: units(
            "dynamodb-reads", 2 * read * _list_length(task.parameters.get("TransactItems"))
        ),
    }
    return by_action[task.action]() if task.action in by_action else None


def _recipients(parameters: Mapping[str, JsonValue]) -> int:
    """How many get the mail; 1 where they are computed."""
    destination = parameters.get("Destination")
    if not isinstance(destination, Mapping):
        return 1
    lists = [value for value in destination.values() if isinstance(value, list)]
    return sum(len(each) for each in lists) or 1


def _list_length(value: JsonValue) -> int:
    return len(value) if isinstance(value, list) else 1
