"""Templates written by hand, in few words, for the tests of insight."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from constructs_lib.insight import load
from constructs_lib.insight.model import Assembly

Resources = dict[str, dict[str, Any]]


def read(folder: Path, resources: Mapping[str, Any], **sections: object) -> Assembly:
    """The assembly of a template with these resources."""
    path = folder / "app.template.json"
    path.write_text(json.dumps({"Resources": resources, **sections}), encoding="utf-8")
    return load(path)


def resource(type_: str, **properties: object) -> dict[str, Any]:
    return {"Type": type_, "Properties": properties}


def attribute(logical_id: str, name: str = "Arn") -> dict[str, Any]:
    return {"Fn::GetAtt": [logical_id, name]}


def ref(logical_id: str) -> dict[str, Any]:
    return {"Ref": logical_id}


def definition(states: Mapping[str, Any], **fields: object) -> dict[str, Any]:
    return {"StartAt": next(iter(states), ""), "States": states, **fields}


def workflow(states: Mapping[str, Any], **properties: object) -> Resources:
    """One state machine, ``Work``; a definition's own fields go under ``fields``."""
    fields = properties.pop("fields", {})
    assert isinstance(fields, dict)
    return {
        "Work": resource(
            "AWS::StepFunctions::StateMachine",
            Definition=definition(states, **fields),
            **properties,
        )
    }


def task(resource_: str, **fields: object) -> dict[str, Any]:
    """A task that ends, unless ``Next`` says otherwise; short names stand for integrations."""
    arn = resource_ if resource_.startswith("arn:") else f"arn:aws:states:::{resource_}"
    end = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": arn, **end, **fields}


def retry(*errors: str, **fields: object) -> list[dict[str, Any]]:
    return [{"ErrorEquals": list(errors), **fields}]


def catch(target: str, *errors: str) -> list[dict[str, Any]]:
    return [{"ErrorEquals": list(errors or ("States.ALL",)), "Next": target}]


def role(*actions: str, on: object = "*", service: str = "states") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": on}
    policies = [{"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}]
    trust = {
        "Statement": [{"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}}]
    }
    return resource(
        "AWS::IAM::Role", AssumeRolePolicyDocument=trust, Policies=policies if actions else []
    )


def bus(name: str = "shop", **properties: object) -> dict[str, Any]:
    return resource("AWS::Events::EventBus", Name=name, **properties)


def rule(
    pattern: object, *targets: Mapping[str, Any], on: str | None = "Bus", **more: object
) -> Any:
    place = {"EventBusName": ref(on)} if on else {}
    return resource(
        "AWS::Events::Rule", EventPattern=pattern, Targets=list(targets), **place, **more
    )


def target(logical_id: str, **fields: object) -> dict[str, Any]:
    return {"Id": logical_id, "Arn": attribute(logical_id), **fields}


def let_in(queue: str) -> dict[str, Any]:
    """A queue's policy for EventBridge."""
    return resource(
        "AWS::SQS::QueuePolicy",
        Queues=[ref(queue)],
        PolicyDocument={
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": attribute(queue),
                }
            ]
        },
    )


def publishing(source: str, kind: str, on: str = "Bus", **entry: object) -> dict[str, Any]:
    """A task that publishes one event."""
    written = {"Source": source, "DetailType": kind, "EventBusName": ref(on), "Detail": {}, **entry}
    return task("events:putEvents", Parameters={"Entries": [written]})
