"""Send Freshdesk tickets as the partner does and see what the triage made of them."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_lib.demo.drive_sign_ups import path_of
from constructs_lib.demo.follow_events import QueueReader
from constructs_lib.demo.inputs import TicketEvent
from constructs_lib.demo.partner_source import PARTNER_EVENT_SOURCE_NAME
from constructs_lib.demo.waiting import wait_for
from constructs_lib.local import EmbeddedAws

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

#: Freshdesk: 3 is high, 4 urgent.
_HIGH_PRIORITY = 3


@dataclass(frozen=True, kw_only=True)
class TicketResult:
    """What became of one ticket: the execution that its event started and the event it gave."""

    ticket: TicketEvent
    execution_name: str | None
    status: str
    path: Sequence[str]
    triaged: Mapping[str, str]
    expected: Mapping[str, str]
    triaged_event_id: str | None

    @property
    def as_expected(self) -> bool:
        """The execution succeeded, and support heard of requester and urgency rightly."""
        return self.status == "SUCCEEDED" and self.triaged == self.expected


def drive_tickets(
    aws: EmbeddedAws,
    state_machine_arn: str,
    support_queue: QueueReader,
    tickets: Sequence[tuple[TicketEvent, str]],
    *,
    user_emails: Collection[str],
) -> Sequence[TicketResult]:
    """Publish each ticket with ``PutPartnerEvents`` and follow it to the support queue."""
    sent = {_send(aws, ticket, detail): ticket for ticket, detail in tickets}
    workflows = aws.client("stepfunctions")
    executions = wait_for(
        lambda: _finished_executions(workflows, state_machine_arn),
        until=lambda seen: seen.keys() >= sent.keys(),
    )
    succeeded = {
        event_id for event_id in sent if executions.get(event_id, ("", ""))[1] == "SUCCEEDED"
    }
    published = {
        event_id: json.loads(
            workflows.describe_execution(executionArn=executions[event_id][0])["output"]
        )["announced"]["eventId"]
        for event_id in succeeded
    }
    triaged = {
        event.detail["causedByEventId"]: event
        for event in support_queue.read_until_seen(published.values())
    }
    results = []
    for event_id, ticket in sent.items():
        execution_arn, status = executions.get(event_id, (None, "not started"))
        event = triaged.get(event_id)
        is_user = ticket.detail.requester.email in user_emails
        is_urgent = ticket.detail.ticket.priority >= _HIGH_PRIORITY
        results.append(
            TicketResult(
                ticket=ticket,
                execution_name=execution_arn.rsplit(":", 1)[-1] if execution_arn else None,
                status=status,
                path=path_of(workflows, execution_arn) if execution_arn else (),
                triaged={key: event.detail[key] for key in ("requester", "urgency")}
                if event
                else {},
                expected={
                    "requester": "user" if is_user else "unknown",
                    "urgency": "urgent" if is_urgent else "normal",
                },
                triaged_event_id=event.id if event else None,
            )
        )
    return results


def _send(aws: EmbeddedAws, ticket: TicketEvent, detail: str) -> str:
    """Publish one ticket and return the event's id."""
    answer = aws.client("events").put_partner_events(
        Entries=[
            {
                "Source": PARTNER_EVENT_SOURCE_NAME,
                "DetailType": ticket.detail_type,
                "Detail": detail,
            }
        ]
    )
    return answer["Entries"][0]["EventId"]


def _finished_executions(
    workflows: "SFNClient", state_machine_arn: str
) -> Mapping[str, tuple[str, str]]:
    """ARN and status of each finished execution, by the id of the event that started it."""
    finished = {}
    pages = workflows.get_paginator("list_executions").paginate(stateMachineArn=state_machine_arn)
    for page in pages:
        for execution in page["executions"]:
            if execution["status"] != "RUNNING":
                arn = execution["executionArn"]
                workflow_input = workflows.describe_execution(executionArn=arn)["input"]
                event_id = json.loads(workflow_input)["eventId"]
                finished[event_id] = (arn, str(execution["status"]))
    return finished
