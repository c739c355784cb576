"""Workflows written by hand, read as from a bare definition, and what is counted of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from constructs_lib.insight import load
from constructs_lib.insight.cost.assumptions import DEFAULTS, Assumptions
from constructs_lib.insight.cost.workflow_cost import WorkflowCost, WorkflowCosts
from constructs_lib.insight.model import Assembly

PASS: Mapping[str, Any] = {"Type": "Pass", "End": True}
SUCCEED: Mapping[str, Any] = {"Type": "Succeed"}
FAIL: Mapping[str, Any] = {"Type": "Fail", "Error": "It.Failed"}


def task(
    resource: str, parameters: Mapping[str, Any] | None = None, **fields: Any
) -> dict[str, Any]:
    """A task of an integration, ending unless it is told where it goes."""
    end = {} if "Next" in fields else {"End": True}
    written = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", **end, **fields}
    return {**written, "Parameters": dict(parameters or {})}


def machine(start: str, **states: Mapping[str, Any]) -> dict[str, Any]:
    """A state machine; in the names of states, ``_`` stands for a space."""
    return {
        "StartAt": start,
        "States": {name.replace("_", " "): dict(state) for name, state in states.items()},
    }


def read(folder: Path, definition: Mapping[str, Any], *, kind: str = "STANDARD") -> Assembly:
    """The assembly of one template with this workflow."""
    properties = {"DefinitionString": json.dumps(definition), "StateMachineType": kind}
    template = {
        "Resources": {
            "Flow": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
        }
    }
    path = folder / "flow.template.json"
    path.write_text(json.dumps(template), encoding="utf-8")
    return load(path)


def counted(
    folder: Path,
    definition: Mapping[str, Any],
    *,
    kind: str = "STANDARD",
    assumptions: Assumptions = DEFAULTS,
    limit: int = 500,
) -> WorkflowCost:
    """The ways through a definition, priced."""
    (cost,) = WorkflowCosts(read(folder, definition, kind=kind), assumptions, limit=limit).all
    return cost
