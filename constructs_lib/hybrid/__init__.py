"""Where orchestration and choreography meet."""

from constructs_lib.hybrid.workflow_trigger import WorkflowTrigger

__all__ = ["WorkflowTrigger"]
