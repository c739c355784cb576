"""The states of an execution as steps of a trace, each with what was done in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from constructs_lib.operations.trace_history import Attempt, Group, RunHistory, Visit
from constructs_lib.operations.trace_journal import Deed, caller_of
from constructs_lib.operations.trace_model import NodeStatus, TraceNode

# A history has milliseconds, the journal microseconds.
_SLACK = timedelta(milliseconds=1)
_LATEST = datetime.max.replace(tzinfo=UTC)

MakeNodes = Callable[[Deed], Sequence[TraceNode]]


def state_nodes(
    run: RunHistory, deeds: Sequence[Deed], make_nodes: MakeNodes
) -> tuple[TraceNode, ...]:
    """The states that a run entered; what belongs to none of them stands at the end.

    Args:
        run: The history, read.
        deeds: What the execution's tasks did.
        make_nodes: Makes steps of a deed.
    """
    told = _Telling(run, make_nodes)
    by_visit, others = _by_visit(deeds, list(_visits(run.states)))
    told.deeds = by_visit
    return (*told.group(run.states, settled=False), *_all(make_nodes, others))


def _visits(group: Group) -> Iterator[Visit]:
    for visit in group.visits:
        yield visit
        for inner in visit.groups:
            yield from _visits(inner)


def _by_visit(
    deeds: Sequence[Deed], visits: Sequence[Visit]
) -> tuple[dict[int, list[Deed]], list[Deed]]:
    found: dict[int, list[Deed]] = {}
    others: list[Deed] = []
    for deed in deeds:
        named = [each for each in visits if each.name == caller_of(deed).state]
        during = [
            each
            for each in named
            if each.entered - _SLACK <= deed.time <= (each.left or _LATEST - _SLACK) + _SLACK
        ]
        if named:
            found.setdefault(id((during or named)[-1]), []).append(deed)
        else:
            others.append(deed)
    return found, others


def _all(make_nodes: MakeNodes, deeds: Sequence[Deed]) -> Iterator[TraceNode]:
    for deed in deeds:
        yield from make_nodes(deed)


@dataclass
class _Telling:
    run: RunHistory
    make_nodes: MakeNodes
    deeds: dict[int, list[Deed]] = field(default_factory=dict)

    def group(self, group: Group, *, settled: bool) -> Iterator[TraceNode]:
        for visit in group.visits:
            yield self._state(visit, settled=settled)

    def _state(self, visit: Visit, *, settled: bool) -> TraceNode:
        status = self._status(visit, settled=settled)
        what = visit.task if visit.kind == "Task" else visit.kind
        if visit.left and visit.error:
            what += f", caught {visit.error}"
        elif status == "failed" and not visit.error:
            # A Fail state, or what was under way when the execution ended.
            what += f", {self.run.error or self.run.status}"
        inner = [
            TraceNode(
                kind="group",
                title=group.title,
                children=tuple(self.group(group, settled=settled or visit.left is not None)),
            )
            for group in visit.groups
        ]
        return TraceNode(
            kind="state",
            title=visit.name,
            status=status,
            detail=what,
            at=visit.entered,
            duration_ms=_ms(visit.entered, visit.left or self.run.ended),
            children=(
                *self._attempts(visit, status),
                *inner,
                *_all(self.make_nodes, self.deeds.get(id(visit), ())),
            ),
        )

    def _status(self, visit: Visit, *, settled: bool) -> NodeStatus:
        if visit.left:
            return "retried" if visit.error else "ok"
        # What was under way in a branch is over once its Parallel has caught the error.
        if settled:
            return "retried"
        return "running" if self.run.ended is None else "failed"

    def _attempts(self, visit: Visit, status: NodeStatus) -> Iterator[TraceNode]:
        if len(visit.attempts) < 2 and not visit.error:
            return
        for number, attempt in enumerate(visit.attempts, start=1):
            is_last = number == len(visit.attempts)
            yield TraceNode(
                kind="attempt",
                title=f"attempt {number}",
                status=status if is_last else "retried",
                detail=_error(attempt),
                at=attempt.began,
                duration_ms=_ms(attempt.began, attempt.ended),
            )


def _error(attempt: Attempt) -> str:
    return f"{attempt.error}: {attempt.cause}" if attempt.cause else attempt.error


def _ms(began: datetime, ended: datetime | None) -> float | None:
    return (ended - began).total_seconds() * 1000 if ended else None
