"""Which pictures an assembly has: the map of its events, and each of its workflows."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.event_map import event_map
from constructs_lib.insight.graph import Graph
from constructs_lib.insight.model import Assembly, Workflow
from constructs_lib.insight.workflow_graph import workflow_graph
from constructs_lib.names import UnknownNameError, pick


def pictures(assembly: Assembly) -> Sequence[Graph]:
    """All pictures; the event map is left out where nothing sends or receives events."""
    events = event_map(assembly)
    workflows = [workflow_graph(workflow) for workflow in assembly.workflows]
    return [events, *workflows] if events.nodes else workflows


def workflow_picture(assembly: Assembly, name: str) -> Graph:
    """The picture of the workflow of that name, or with that in its name.

    Raises:
        InsightError: No workflow, or more than one, bears it.
    """
    try:
        return workflow_graph(pick(name, assembly.workflows, names=_names, what="workflow"))
    except UnknownNameError as error:
        raise InsightError(str(error)) from None


def _names(workflow: Workflow) -> tuple[str, ...]:
    place, name = workflow.resource.place, workflow.resource.name
    # Duet's constructs call the one workflow inside them Workflow.
    construct = name.removesuffix("/Workflow")
    return (name, construct, place.logical_id, place.construct_path, workflow.resource.key)
