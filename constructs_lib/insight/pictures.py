"""Which pictures an assembly has: the map of its events, and each of its workflows."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.insight.event_map import event_map
from constructs_lib.insight.graph import Graph
from constructs_lib.insight.model import Assembly, Workflow
from constructs_lib.insight.naming import named
from constructs_lib.insight.workflow_graph import workflow_graph


def pictures(assembly: Assembly) -> Sequence[Graph]:
    """All pictures; the event map is left out where nothing sends or receives events."""
    events = event_map(assembly)
    workflows = [workflow_graph(workflow) for workflow in assembly.workflows]
    return [events, *workflows] if events.nodes else workflows


def workflow_picture(assembly: Assembly, name: str) -> Graph:
    """The picture of the workflow of that name.

    Raises:
        InsightError: No workflow, or more than one, bears it.
    """
    return workflow_graph(
        named(assembly.workflows, name, names_of=_names, among=f"workflows of {assembly.path}")
    )


def _names(workflow: Workflow) -> tuple[str, ...]:
    place = workflow.resource.place
    return (workflow.resource.name, place.logical_id, place.construct_path, workflow.resource.key)
