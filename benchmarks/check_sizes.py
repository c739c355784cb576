"""``python -m benchmarks.check_sizes``: how the time of ``duet check`` grows with an app.

Ten times the app should take about ten times as long: the ratio tells, whatever else the machine
does.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from constructs_lib.insight import load
from constructs_lib.insight.findings import find_all

_GROWTH = 10


def _tasks(size: int) -> Mapping[str, Any]:
    """One workflow of tasks in a row, each with an error path of its own."""
    states: dict[str, Any] = {}
    for number in range(size):
        on = {"End": True} if number == size - 1 else {"Next": f"Task {number + 1}"}
        catch = [{"ErrorEquals": ["States.ALL"], "Next": f"Handle {number}"}]
        resource = "arn:aws:states:::dynamodb:putItem"
        states[f"Task {number}"] = {"Type": "Task", "Resource": resource, "Catch": catch, **on}
        states[f"Handle {number}"] = {"Type": "Pass", "End": True}
    definition = {"StartAt": "Task 0", "States": states}
    return {"Work": _resource("StepFunctions::StateMachine", Definition=definition)}


def _rules(size: int) -> Mapping[str, Any]:
    """Rules of one bus, each with a function whose event the next rule waits for."""
    resources = {"Bus": _resource("Events::EventBus", Name="shop")}
    for number in range(size):
        function, role = f"Function{number}", f"Role{number}"
        target = {"Id": "f", "Arn": _arn(function)}
        pattern = {"source": ["shop"], "detail-type": [f"Event{number}"]}
        resources[f"Rule{number}"] = _resource(
            "Events::Rule", EventBusName={"Ref": "Bus"}, EventPattern=pattern, Targets=[target]
        )
        resources[f"Permission{number}"] = _resource(
            "Lambda::Permission",
            FunctionName={"Ref": function},
            Principal="events.amazonaws.com",
        )
        resources[function] = _resource("Lambda::Function", Role=_arn(role))
        condition = {"events:source": "shop", "events:detail-type": f"Event{number + 1}"}
        statement = {
            "Effect": "Allow",
            "Action": "events:PutEvents",
            "Resource": _arn("Bus"),
            "Condition": {"StringEquals": condition},
        }
        policy = {"PolicyName": "publish", "PolicyDocument": {"Statement": [statement]}}
        resources[role] = _resource("IAM::Role", Policies=[policy])
    return resources


def _resource(type_: str, **properties: object) -> dict[str, Any]:
    return {"Type": f"AWS::{type_}", "Properties": properties}


def _arn(logical_id: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def _seconds(resources: Mapping[str, Any]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "app.template.json")
        path.write_text(json.dumps({"Resources": resources}), encoding="utf-8")
        begin = time.perf_counter()
        find_all(load(path))
        return time.perf_counter() - begin


def _lines() -> Iterator[str]:
    apps: list[tuple[str, int, Callable[[int], Mapping[str, Any]]]] = [
        ("tasks", 1_000, _tasks),
        ("rules", 200, _rules),
    ]
    for name, size, app in apps:
        small, large = _seconds(app(size)), _seconds(app(size * _GROWTH))
        yield (
            f"{size:>6,} {name} {small:6.2f} s   {size * _GROWTH:>6,} {name} {large:6.2f} s   "
            f"{large / small:.1f} times as long"
        )


if __name__ == "__main__":
    for line in _lines():
        print(line)
