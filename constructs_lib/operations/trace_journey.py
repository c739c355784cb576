"""The journey of an event or an execution through an embedded AWS, followed in its journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from constructs_lib.counted import counted
from constructs_lib.local.journal import (
    DeliveryAttempt,
    EventPublished,
    ExecutionStarted,
    FaultStruck,
    FunctionInvoked,
    MailSent,
    PipeDelivery,
)
from constructs_lib.operations.clients import Clients
from constructs_lib.operations.trace_execution import execution_node
from constructs_lib.operations.trace_journal import Deed, JournalIndex
from constructs_lib.operations.trace_model import NodeStatus, TraceNode

#: A history is one call or more; what a Map of thousands starts is not all asked for.
_EXECUTIONS_MAX = 200
_KINDS = {
    "states": "workflow",
    "lambda": "function",
    "sqs": "queue",
    "sns": "topic",
    "logs": "log group",
}


class Journey:
    """Makes the steps of one trace.

    Args:
        index: The journal.
        clients: Clients of the same account, for histories.
    """

    def __init__(self, index: JournalIndex, clients: Clients) -> None:
        self._index = index
        self._clients = clients
        self._told: set[object] = set()

    def event(self, event_id: str) -> TraceNode:
        """What came of an event, replays of it included."""
        publications = self._index.published[event_id]
        first, *again = [p for p in publications if p.publisher.kind != "rule"] or publications
        root = self._event(first)
        return replace(root, children=(*root.children, *map(self._event, again)))

    def execution(self, execution_arn: str) -> TraceNode:
        """What an execution did, and what came of it."""
        if execution_arn in self._told:
            return _note(f"{_name(execution_arn)} is told of above", execution_arn)
        if len(self._told) > _EXECUTIONS_MAX:
            return _note(f"not followed: {_name(execution_arn)}", execution_arn)
        self._told.add(execution_arn)
        return execution_node(
            self._clients,
            execution_arn,
            started=self._index.started.get(execution_arn),
            ended=self._index.ended.get(execution_arn),
            deeds=self._index.deeds_of_execution(execution_arn),
            make_nodes=self._deed,
        )

    def _deed(self, deed: Deed) -> Sequence[TraceNode]:
        match deed:
            case EventPublished():
                return [self._event(deed)]
            case ExecutionStarted():
                return [self.execution(deed.execution_arn)]
            case FunctionInvoked():
                return [self._function(deed)]
            case FaultStruck():
                return [_fault(deed)]
            case MailSent():
                return [
                    TraceNode(
                        kind="mail",
                        title="mail",
                        id=deed.message_id,
                        detail=f"to {counted(deed.recipients, 'recipient')}",
                        at=deed.time,
                    )
                ]

    def _event(self, event: EventPublished) -> TraceNode:
        bus = event.bus_arn.partition(":event-bus/")[2]
        detail = f"from {event.source} on {bus}"
        if event.publisher.kind == "replay":
            detail = f"replayed by {event.replay_name} on {bus}"
        key = (event.event_id, event.bus_arn, event.replay_name)
        children: Sequence[TraceNode]
        if key in self._told:
            children = [_note("what came of it is told above")]
        else:
            self._told.add(key)
            children = list(self._rules_of(event))
        return TraceNode(
            kind="event",
            title=event.detail_type,
            id=event.event_id,
            detail=detail,
            at=event.time,
            children=tuple(children),
        )

    def _rules_of(self, event: EventPublished) -> Iterator[TraceNode]:
        by_rule = self._index.attempts(event)
        matched = self._index.matched(event)
        # What a schedule brings goes to its rule's targets without any rule being asked.
        rule_arns = dict.fromkeys((*(matched.rule_arns if matched else ()), *by_rule))
        for rule_arn in rule_arns:
            yield self._rule(event, rule_arn, by_rule.get(rule_arn, ()))
        others = matched.rules_asked - len(rule_arns) if matched else 0
        if rule_arns and others > 0:
            yield _note(f"{counted(others, 'other rule')} did not match")
        elif not rule_arns and matched and matched.rules_asked:
            yield _note(f"none of {matched.rules_asked} rules matched, or those are disabled")
        elif not rule_arns:
            yield _note("the bus has no rule")

    def _rule(
        self, event: EventPublished, rule_arn: str, attempts: Sequence[DeliveryAttempt]
    ) -> TraceNode:
        targets: dict[str, list[DeliveryAttempt]] = {}
        for attempt in attempts:
            targets.setdefault(attempt.target_id, []).append(attempt)
        deeds = self._index.deeds_of_rule(rule_arn, event.event_id)
        return TraceNode(
            kind="rule",
            title=_name(rule_arn),
            id=rule_arn,
            # Before its first attempt has ended, there is none on record.
            detail="" if targets else "no delivery on record: it has no target, or waits for one",
            at=attempts[0].began if attempts else event.time,
            children=(
                *(self._target(event, each) for each in targets.values()),
                *(_fault(each) for each in deeds if isinstance(each, FaultStruck)),
            ),
        )

    def _target(self, event: EventPublished, attempts: Sequence[DeliveryAttempt]) -> TraceNode:
        last = attempts[-1]
        status: NodeStatus = "failed"
        if last.outcome in ("delivered", "retried"):
            status = "ok" if last.outcome == "delivered" else "running"
        tries = [each for each in attempts if each.outcome in ("delivered", "retried", "failed")]
        is_plain = len(tries) == 1 and status == "ok"
        return TraceNode(
            kind="target",
            title=target_title(last.target_arn),
            status=status,
            id=last.target_arn,
            detail=last.outcome if status == "failed" else "",
            at=attempts[0].began,
            duration_ms=(last.time - attempts[0].began).total_seconds() * 1000,
            children=(
                *(() if is_plain else map(_attempt, tries)),
                *self._started(event, last),
            ),
        )

    def _started(self, event: EventPublished, attempt: DeliveryAttempt) -> Iterator[TraceNode]:
        if attempt.outcome == "dead-lettered":
            yield TraceNode(
                kind="queue",
                title=f"dead-letter queue {_name(attempt.started)}",
                status="failed",
                id=attempt.started,
                detail=attempt.error_code,
                at=attempt.time,
            )
        elif attempt.outcome == "dropped":
            yield _note("the event is lost: no dead-letter queue", status="failed")
        elif ":execution:" in attempt.started:
            yield self.execution(attempt.started)
        elif attempt.outcome == "delivered":
            yield from self._taken(event, attempt)

    def _taken(self, event: EventPublished, attempt: DeliveryAttempt) -> Iterator[TraceNode]:
        """What came of a delivery that started no execution."""
        for deed in self._index.deeds_of_rule(attempt.rule_arn, event.event_id):
            is_forwarded = isinstance(deed, EventPublished) and deed.bus_arn == attempt.target_arn
            is_run = isinstance(deed, FunctionInvoked) and (
                deed.function_arn == attempt.target_arn or ":sns:" in attempt.target_arn
            )
            if is_forwarded or is_run:
                yield from self._deed(deed)
        yield from self._takers(attempt.started)

    def _function(self, run: FunctionInvoked) -> TraceNode:
        return TraceNode(
            kind="function",
            title=_name(run.function_arn),
            status="failed" if run.error else "ok",
            id=run.request_id,
            detail=run.error,
            # A run is on record when it has ended.
            at=run.began,
            duration_ms=run.duration_ms,
            children=tuple(
                node
                for deed in self._index.deeds_of_function(run.request_id)
                for node in self._deed(deed)
            ),
        )

    def _pipe(self, batch: PipeDelivery) -> TraceNode:
        deeds = self._index.deeds_of_pipe(batch.batch_id)
        return TraceNode(
            kind="pipe",
            title=_name(batch.pipe_arn),
            status="failed" if batch.undelivered else "ok",
            id=batch.pipe_arn,
            detail=batch.reason or f"to {target_title(batch.target_arn)}",
            at=batch.time,
            children=(
                *(node for deed in deeds for node in self._deed(deed)),
                *(node for message in batch.started for node in self._takers(message)),
            ),
        )

    def _takers(self, message_id: str) -> Iterator[TraceNode]:
        """What took a message out of its queue, or a record out of its stream."""
        for taker in self._index.takers(message_id):
            if isinstance(taker, PipeDelivery):
                yield self._pipe(taker)
            else:
                yield self._function(taker)


def target_title(arn: str) -> str:
    """A target as a person calls it: ``queue orders``."""
    service, resource = arn.split(":")[2], arn.split(":", 5)[-1]
    if service == "events":
        kind, _, name = resource.partition("/")
        destination = f"API destination {name.partition('/')[0]}"
        return destination if kind == "api-destination" else f"bus {name}"
    return f"{_KINDS.get(service, service)} {_name(arn)}"


def _name(arn: str) -> str:
    resource = arn.split(":", 5)[-1]
    kind, _, rest = resource.partition(":")
    return rest or kind.rpartition("/")[2]


def _attempt(attempt: DeliveryAttempt) -> TraceNode:
    status: NodeStatus = "ok"
    if attempt.outcome != "delivered":
        status = "failed" if attempt.outcome == "failed" else "retried"
    error = f"{attempt.error_code}: {attempt.error_message}" if attempt.error_code else ""
    return TraceNode(
        kind="attempt",
        title=f"attempt {attempt.attempt}",
        status=status,
        detail=error,
        at=attempt.began,
        duration_ms=attempt.duration_ms,
    )


def _fault(fault: FaultStruck) -> TraceNode:
    what = f"injected {fault.error}" if fault.error else f"injected delay {fault.latency_seconds} s"
    return TraceNode(
        kind="fault",
        title=what,
        status="retried",
        id=fault.request_id,
        detail=f"{fault.service} {fault.action}",
        at=fault.time,
    )


def _note(text: str, id_: str = "", *, status: NodeStatus = "ok") -> TraceNode:
    return TraceNode(kind="note", title=text, id=id_, status=status)
