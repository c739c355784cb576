"""Upstream gap: a change set sees the template's resources alone.

AWS also executes a change set that changes nothing but outputs. MiniStack says that there are no
changes, and what CDK adds to a stack for another to read is never there. Likewise for a stack that
reads another's output by ``Fn::GetStackOutput``: AWS resolves it at each update, so a new value
counts as a change here (that AWS sees it without any other change is not documented).
Source: aws/aws-cdk pull request 2029; AWS CloudFormation template reference, Fn::GetStackOutput
(read 2026-11-23).
"""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import engine, handlers

_READS = '"Fn::GetStackOutput"'

_Answer = tuple[int, dict[str, str], bytes | str]
_Create = Callable[[dict[str, Any]], _Answer]


def register() -> None:
    """Let change sets see outputs, and what other stacks' outputs have become."""
    handlers._ACTION_HANDLERS["CreateChangeSet"] = _seeing_outputs(
        handlers._ACTION_HANDLERS["CreateChangeSet"]
    )


def _seeing_outputs(create: _Create) -> _Create:
    def create_change_set(params: dict[str, Any]) -> _Answer:
        before = set(cloudformation._change_sets)
        answer = create(params)
        for id_ in set(cloudformation._change_sets) - before:
            _look_again(cloudformation._change_sets[id_])
        return answer

    return create_change_set


def _look_again(change_set: dict[str, Any]) -> None:
    if change_set["ChangeSetType"] != "UPDATE" or change_set["ExecutionStatus"] == "AVAILABLE":
        return
    if "didn't contain changes" not in change_set["StatusReason"]:
        return
    stack = cloudformation._stacks[change_set["StackName"]]
    changes = list(_outdated(change_set, stack))
    old, new = stack["_template"].get("Outputs", {}), change_set["_template"].get("Outputs", {})
    if changes or old != new:
        change_set.update(
            Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE", StatusReason="", Changes=changes
        )


def _outdated(change_set: dict[str, Any], stack: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Resources whose properties are not what other stacks' outputs make of them now."""
    template, parameters = change_set["_template"], change_set["_resolved_params"]
    conditions = engine._evaluate_conditions(template, parameters)
    for logical_id, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        made = stack["_resources"].get(logical_id)
        if made is None or "_dynamic" in made or _READS not in json.dumps(properties):
            continue
        try:
            resolved = engine._resolve_refs(
                copy.deepcopy(properties),
                stack["_resources"],
                parameters,
                conditions,
                template.get("Mappings", {}),
                stack["StackName"],
                stack["StackId"],
            )
        except ValueError:  # the output is gone: the execution says so
            resolved = None
        if resolved is None or any(
            made["Properties"].get(name) != value
            for name, value in resolved.items()
            if value is not engine._NO_VALUE
        ):
            yield {
                "ResourceChange": {
                    "Action": "Modify",
                    "LogicalResourceId": logical_id,
                    "PhysicalResourceId": made["PhysicalResourceId"],
                    "ResourceType": resource["Type"],
                    "Replacement": "Conditional",
                    "Scope": ["Properties"],
                    "Details": [],
                }
            }
