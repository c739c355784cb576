"""Definitions that Step Functions refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise

from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.model import Assembly
from constructs_lib.states_language import check_definition

_NOT_REACHED = "is not reachable."


def _refused(assembly: Assembly) -> Iterator[Hit]:
    for workflow in assembly.workflows:
        if not workflow.machine.definition:
            continue  # not known, or empty: said in the notes
        text = json.dumps(workflow.machine.definition)
        for one in check_definition(text, express=workflow.kind == "EXPRESS"):
            if one.message.endswith(_NOT_REACHED):
                continue  # said by unreachable-state
            where = f" at {one.location}" if one.location else ""
            yield Hit(
                place=workflow.resource.place,
                state=_state(one.location),
                subject=f"{one.code} {one.location} {one.message}",
                what=f"workflow {workflow.resource.name!r}: {one.message}{where} ({one.code})",
            )


def _state(location: str | None) -> str | None:
    """The state that a location lies in: ``/States/Work/Next`` is in ``Work``."""
    parts = (location or "").split("/")
    names = [name for before, name in pairwise(parts) if before == "States"]
    return " / ".join(names) or None


RULES = (
    FindingRule(
        id="definition-refused",
        severity="error",
        title="A definition that Step Functions refuses",
        why="The deployment fails.",
        remedy="write it as the message says",
        link="https://docs.aws.amazon.com/step-functions/latest/apireference/"
        "API_ValidateStateMachineDefinition.html",
        find=_refused,
    ),
)
