"""What tells an operator how workflows and event flows are doing."""

from constructs_lib.observability.alarm_topic import AlarmTopic
from constructs_lib.observability.bus_logs import BusLogs
from constructs_lib.observability.event_flow import EventFlow
from constructs_lib.observability.event_flow_alarms import EventFlowAlarms
from constructs_lib.observability.function_alarms import FunctionAlarms
from constructs_lib.observability.operations_dashboard import OperationsDashboard
from constructs_lib.observability.queue_alarms import QueueAlarms
from constructs_lib.observability.workflow_alarms import WorkflowAlarms
from constructs_lib.observability.workflow_logs import WorkflowLogs

__all__ = [
    "AlarmTopic",
    "BusLogs",
    "EventFlow",
    "EventFlowAlarms",
    "FunctionAlarms",
    "OperationsDashboard",
    "QueueAlarms",
    "WorkflowAlarms",
    "WorkflowLogs",
]
