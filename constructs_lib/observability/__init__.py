"""What tells an operator how workflows and event flows are doing."""

from constructs_lib.observability.workflow_logs import WorkflowLogs

__all__ = ["WorkflowLogs"]
