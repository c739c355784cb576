"""One execution as a step of a trace: its states come from its history."""

from __future__ import annotations

from collections.abc import Sequence

from botocore.exceptions import ClientError

from constructs_lib.local.journal import ExecutionEnded, ExecutionStarted
from constructs_lib.operations.clients import Clients
from constructs_lib.operations.trace_history import RunHistory, read_history
from constructs_lib.operations.trace_journal import Deed
from constructs_lib.operations.trace_model import NodeStatus, TraceError, TraceNode
from constructs_lib.operations.trace_states import MakeNodes, state_nodes

_PAGE = 1000


def execution_node(
    clients: Clients,
    execution_arn: str,
    *,
    started: ExecutionStarted | None = None,
    ended: ExecutionEnded | None = None,
    deeds: Sequence[Deed] = (),
    make_nodes: MakeNodes = lambda _deed: (),
) -> TraceNode:
    """The execution with its states, and what was done in them.

    Args:
        clients: Clients of the account that it ran in.
        execution_arn: Its ARN.
        started: Its start in the journal, if there is one.
        ended: Its end in the journal.
        deeds: What its tasks did.
        make_nodes: Makes steps of a deed.
    Raises:
        TraceError: Neither AWS nor the journal knows it.
    """
    note: tuple[TraceNode, ...] = ()
    try:
        run = _history(clients, execution_arn)
    except ClientError as error:
        if started is None:
            raise TraceError(
                f"{execution_arn} has no history that can be read: {error}; "
                "of an Express workflow, its log group tells"
            ) from error
        run = _as_journalled(started, ended)
        code = error.response["Error"].get("Code", "")
        note = (TraceNode(kind="note", title=f"its states are not on record: {code}"),)
    status: NodeStatus = "failed"
    if run.status in ("RUNNING", "SUCCEEDED"):
        status = "running" if run.status == "RUNNING" else "ok"
    duration = (run.ended - run.started).total_seconds() if run.ended and run.started else None
    return TraceNode(
        kind="workflow",
        title=execution_arn.split(":")[-2],
        status=status,
        id=execution_arn,
        detail=", ".join(filter(None, (run.status, _error(run)))),
        at=run.started,
        duration_ms=None if duration is None else duration * 1000,
        children=(*note, *state_nodes(run, deeds, make_nodes)),
    )


def _history(clients: Clients, execution_arn: str) -> RunHistory:
    workflows = clients("stepfunctions", region_name=execution_arn.split(":")[3])
    pages = workflows.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn, maxResults=_PAGE, includeExecutionData=False
    )
    return read_history([event for page in pages for event in page["events"]])


def _as_journalled(started: ExecutionStarted, ended: ExecutionEnded | None) -> RunHistory:
    run = read_history([])
    run.started = started.time
    if ended:
        run.ended, run.status, run.error = ended.time, ended.status, ended.error
    return run


def _error(run: RunHistory) -> str:
    return f"{run.error}: {run.cause}" if run.error and run.cause else run.error or run.cause
