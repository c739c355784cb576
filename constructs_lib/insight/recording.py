"""Makes a ``Run`` of what an account of the embedded AWS remembers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constructs_lib.insight.cost.measured import Measured, measured
from constructs_lib.insight.cost.units import NOTHING, Units
from constructs_lib.insight.runs import (
    RUNS_FOLDER,
    Attempt,
    Delivery,
    Event,
    Execution,
    Run,
    Step,
    keep_assembly,
    save_run,
)
from constructs_lib.local.journal import (
    Caller,
    DeliveryAttempt,
    EventArchived,
    EventPublished,
    ExecutionEnded,
    ExecutionStarted,
    FaultStruck,
    Journal,
)
from constructs_lib.operations.trace_history import Group, read_history
from constructs_lib.operations.trace_journal import JournalIndex

if TYPE_CHECKING:
    from constructs_lib.local.account import EmbeddedAccount

#: A history is one call or more; of more executions than these only start and end are kept.
_HISTORIES_MAX = 500


def record_run(
    account: EmbeddedAccount,
    *,
    name: str,
    time_scale: float = 1.0,
    journal: Journal | None = None,
    since: Journal | None = None,
) -> Run:
    """Record what happened in an account: call it while the stacks are still deployed.

    Args:
        name: How the report names the run.
        time_scale: The emulator's, so that the report can say so.
        journal: What to record, where it has been read already, with its counts of API calls.
        since: A former look at the journal: only what came after it.
    """
    if journal is None:
        journal = account.journal(after=since.last_number if since else 0)
    names = _deployed_names(account)
    notes = []
    if journal.dropped:
        notes.append(f"the journal had let go of {journal.dropped} older records")
    billed = measured(journal, since=since)
    started = journal.of(ExecutionStarted)
    if len(started) > _HISTORIES_MAX:
        notes.append(f"states are kept of {_HISTORIES_MAX} of {len(started)} executions")
    return Run(
        name=name,
        recorded=datetime.now(UTC),
        time_scale=time_scale,
        executions=tuple(_executions(account, journal, names, billed)),
        events=tuple(_events(journal, names)),
        notes=tuple(notes),
        units=_besides(journal, names, billed),
    )


def keep_run(
    account: EmbeddedAccount,
    *,
    assembly: Path,
    name: str,
    time_scale: float = 1.0,
    folder: Path = RUNS_FOLDER,
) -> Path:
    """Record what happened in an account, and keep it with what ``duet report`` draws it on.

    Args:
        assembly: The assembly that was deployed; its templates are copied, its assets not.
        name: Name of the run and of its file; a former run of that name is replaced.
    Returns:
        The run file.
    """
    run = record_run(account, name=name, time_scale=time_scale)
    kept = f"{name}.cdk.out"
    keep_assembly(assembly, folder / kept)
    file = folder / f"{name}.json"
    save_run(replace(run, assembly=kept), file)
    return file


class _Names:
    """``Stack/LogicalId`` by what AWS calls a resource."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], str] = {}

    def add(self, resource_type: str, physical_id: str, key: str) -> None:
        self._keys[_service(resource_type), _last_part(physical_id)] = key

    def of(self, arn: str) -> str:
        """The key of what an ARN names; the ARN itself where no stack made it."""
        parts = arn.split(":")
        if len(parts) < 6:
            return arn
        return self._keys.get((parts[2], _last_part(arn)), arn)


#: CloudFormation's names of services, where ARNs have others.
_SERVICES = {"StepFunctions": "states"}


def _service(resource_type: str) -> str:
    service = resource_type.split("::")[1] if "::" in resource_type else resource_type
    return _SERVICES.get(service, service.casefold())


def _last_part(physical_id: str) -> str:
    """The name: of an ARN, of a queue's URL, of ``bus|rule``, of an API destination's ARN."""
    if ":api-destination/" in physical_id:
        return physical_id.split("/")[1]
    for separator in ("|", "/", ":"):
        physical_id = physical_id.rsplit(separator, 1)[-1]
    return physical_id


def _deployed_names(account: EmbeddedAccount) -> _Names:
    names = _Names()
    with closing(account.client("cloudformation")) as stacks:
        for stack in stacks.describe_stacks()["Stacks"]:
            for page in stacks.get_paginator("list_stack_resources").paginate(
                StackName=stack["StackName"]
            ):
                for each in page["StackResourceSummaries"]:
                    names.add(
                        each["ResourceType"],
                        each.get("PhysicalResourceId", ""),
                        f"{stack['StackName']}/{each['LogicalResourceId']}",
                    )
    return names


def _executions(
    account: EmbeddedAccount, journal: Journal, names: _Names, billed: Measured
) -> Iterator[Execution]:
    ended = {each.execution_arn: each for each in journal.of(ExecutionEnded)}
    faults = Counter(fault.caller.arn for fault in journal.of(FaultStruck))
    with closing(account.client("stepfunctions")) as workflows:
        for number, start in enumerate(journal.of(ExecutionStarted)):
            arn = start.execution_arn
            end = ended.get(arn)
            steps: tuple[Step, ...] = ()
            if number < _HISTORIES_MAX:
                try:
                    pages = workflows.get_paginator("get_execution_history").paginate(
                        executionArn=arn
                    )
                    steps = _steps([event for page in pages for event in page["events"]])
                # Deleted with its workflow, or an Express one: the journal alone tells of it.
                except (
                    workflows.exceptions.ExecutionDoesNotExist,
                    workflows.exceptions.InvalidArn,
                ):
                    steps = ()
            yield Execution(
                id=_last_part(arn),
                workflow=names.of(start.state_machine_arn),
                status=end.status if end else "RUNNING",
                started=start.time,
                duration_ms=end.duration_ms if end else None,
                error=end.error if end else "",
                starter=_in_words(start.starter, names),
                input_bytes=start.input_bytes,
                faults=faults[arn],
                steps=steps,
                units=dict(billed.by_actor.get(arn, NOTHING).counts),
            )


def _besides(journal: Journal, names: _Names, billed: Measured) -> dict[str, Mapping[str, Decimal]]:
    """What is billed besides the executions that the run tells of, by what used it."""
    told = {each.execution_arn for each in journal.of(ExecutionStarted)}
    archives = {each.archive_name for each in journal.of(EventArchived)}
    found: dict[str, Units] = {}
    for actor, used in billed.by_actor.items():
        if actor not in told:
            arn = f"arn:aws:events:::archive/{actor}" if actor in archives else actor
            # An execution that began before the run tells of what followed it.
            name = names.of(_workflow_of(arn))
            found[name] = found.get(name, NOTHING) + used
    return {name: dict(used.counts) for name, used in sorted(found.items())}


def _in_words(caller: Caller, names: _Names) -> str:
    if caller.kind == "outside":
        return "a client"
    name = names.of(caller.arn).rsplit("/", 1)[-1]
    return f"{caller.kind} {_last_part(name)}" + (f", {caller.state}" if caller.state else "")


def _steps(history: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """The states of a history, in the order they were entered."""
    run = read_history(history)
    if run.started is None:
        return ()
    sizes = _sizes(history)
    started = run.started
    steps: list[Step] = []

    def milliseconds(when: datetime) -> float:
        return round((when - started).total_seconds() * 1000, 3)

    def read(group: Group, path: tuple[str, ...], inside: int | None) -> None:
        previous: int | None = None
        for visit in group.visits:
            index = len(steps)
            steps.append(
                Step(
                    state=" / ".join((*path, visit.name)),
                    entered_ms=milliseconds(visit.entered),
                    left_ms=milliseconds(visit.left) if visit.left else None,
                    attempts=tuple(
                        Attempt(
                            began_ms=milliseconds(attempt.began),
                            ended_ms=milliseconds(attempt.ended) if attempt.ended else None,
                            error=attempt.error,
                        )
                        for attempt in visit.attempts
                    ),
                    error=visit.error,
                    input_bytes=sizes.get((visit.name, "entered", visit.entered), 0),
                    output_bytes=sizes.get((visit.name, "exited", visit.left), 0),
                    previous=previous,
                    inside=inside,
                    part=group.title,
                )
            )
            previous = index
            for inner in visit.groups:
                read(inner, (*path, visit.name), index)

    read(run.states, (), None)
    return tuple(steps)


def _sizes(history: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str, datetime | None], int]:
    sizes: dict[tuple[str, str, datetime | None], int] = {}
    for event in history:
        for way, payload in (("entered", "input"), ("exited", "output")):
            details = event.get(f"state{way.capitalize()}EventDetails")
            if details:
                size = len(details.get(payload, "").encode())
                sizes[details["name"], way, event["timestamp"]] = size
    return sizes


def _events(journal: Journal, names: _Names) -> Iterator[Event]:
    index = JournalIndex(journal)
    archived: defaultdict[str, list[str]] = defaultdict(list)
    for archive in journal.of(EventArchived):
        arn = f"arn:aws:events:::archive/{archive.archive_name}"
        archived[archive.event_id].append(names.of(arn))
    for event in journal.of(EventPublished):
        attempts = index.attempts(event)
        yield Event(
            id=event.event_id,
            bus=names.of(event.bus_arn),
            source=event.source,
            detail_type=event.detail_type,
            at=event.time,
            size_bytes=event.size_bytes,
            publisher=_publisher(event.publisher, names),
            publisher_state=event.publisher.state,
            replay=event.replay_name,
            matched=tuple(names.of(rule) for rule in attempts),
            archived_by=tuple(archived[event.event_id]) if not event.replay_name else (),
            deliveries=tuple(
                delivery
                for of_rule in attempts.values()
                for delivery in _deliveries(event, of_rule, names)
            ),
        )


def _publisher(caller: Caller, names: _Names) -> str:
    return names.of(_workflow_of(caller.arn))


def _workflow_of(arn: str) -> str:
    """The workflow, if this is an execution's ARN; else as it is."""
    if ":execution:" not in arn:
        return arn
    # arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME
    return arn.replace(":execution:", ":stateMachine:").rsplit(":", 1)[0]


def _deliveries(
    event: EventPublished, attempts: Sequence[DeliveryAttempt], names: _Names
) -> Iterator[Delivery]:
    found: dict[tuple[str, str], Delivery] = {}
    for attempt in attempts:
        key = (attempt.rule_arn, attempt.target_id)
        is_lost = attempt.outcome == "dead-lettered"
        before = found.get(key)
        delivery = Delivery(
            rule=names.of(attempt.rule_arn),
            target=names.of(attempt.target_arn),
            attempts=attempt.attempt,
            outcome=attempt.outcome,
            after_ms=round((attempt.time - event.time).total_seconds() * 1000, 3),
            error_code=attempt.error_code,
            dead_letter=names.of(attempt.started) if is_lost else "",
            started=_last_part(attempt.started) if ":execution:" in attempt.started else "",
        )
        if before and not delivery.error_code:
            delivery = replace(delivery, error_code=before.error_code)
        found[key] = delivery
    yield from found.values()
