"""What the report says of a node beside its picture: where it was made, what it is set to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

from constructs_lib.insight.graph import Graph, Node
from constructs_lib.insight.model import (
    Archive,
    Assembly,
    Function,
    Place,
    Publication,
    Queue,
    Reference,
    Retry,
    Rule,
    State,
    Workflow,
)
from constructs_lib.templates.json_value import JsonValue

#: A term and what is said of it; a headed table; a headed piece of JSON.
Row: TypeAlias = tuple[str, str]
Table: TypeAlias = dict[str, object]
Details: TypeAlias = dict[str, object]

_PATTERNS = {
    "request_response": "for the answer",
    "sync": "until the job is done (.sync)",
    "wait_for_task_token": "for its task token (.waitForTaskToken)",
}


class _Names:
    """What the pictures call things."""

    def __init__(self, assembly: Assembly) -> None:
        self._names = {key: each.name for key, each in assembly.resources.items()}

    def of_key(self, key: str) -> str:
        return self._names.get(key) or key.rsplit("/", 1)[-1]

    def of(self, reference: Reference | None) -> str:
        """What is referred to; nothing is where things get lost."""
        if reference is None:
            return "nowhere: they are lost"
        return self.of_key(reference.key) if reference.key else reference.text


class DetailsOf:
    """Looks up what an assembly tells of the nodes of its pictures."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._names = _Names(assembly)
        self._workflows = {each.resource.key: each for each in assembly.workflows}
        self._rules = {each.resource.key: each for each in assembly.rules}
        self._archives = {each.resource.key: each for each in assembly.archives}
        self._queues = {each.resource.key: each for each in assembly.queues}
        self._functions = {each.resource.key: each for each in assembly.functions}
        self._states: dict[str, Mapping[str | None, State]] = {}

    def of(self, graph: Graph, node: Node) -> Details:
        """Rows, tables and code, each list empty where there is nothing to say."""
        rows: list[Row] = []
        tables: list[Table] = []
        code: list[tuple[str, str]] = []
        if graph.kind == "workflow":
            workflow = self._workflows[graph.key]
            state = self._states_of(workflow).get(node.state)
            if state is not None:
                rows += _state_rows(state, self._names)
                tables += _state_tables(state)
                code.append(("Definition (ASL)", _json(state.fields)))
            elif node.kind in ("start", "end"):
                rows += _workflow_rows(workflow)
                code.append(("Definition (ASL)", _json(workflow.machine.definition)))
            rows += _place_rows(workflow.resource.place)
        elif node.key is not None and node.key in self._assembly.resources:
            resource = self._assembly.resources[node.key]
            rows.append(("Type", resource.type))
            rows += self._own_rows(node.key)
            rows += _place_rows(resource.place)
            tables += self._own_tables(node.key)
            code += self._own_code(node.key)
        else:
            rows.append(("Where", "outside of this assembly, or not known"))
        return {"rows": rows, "tables": tables, "code": code}

    def _states_of(self, workflow: Workflow) -> Mapping[str | None, State]:
        """The states of a workflow by their full names; a picture asks for each of them."""
        key = workflow.resource.key
        if key not in self._states:
            # Of states that have one name the first is told of.
            states = reversed(tuple(workflow.machine.all_states()))
            self._states[key] = {state.full_name: state for state in states}
        return self._states[key]

    def _own_rows(self, key: str) -> Iterator[Row]:
        if workflow := self._workflows.get(key):
            yield from _workflow_rows(workflow)
        if rule := self._rules.get(key):
            yield "State", "enabled" if rule.enabled else "disabled"
            if rule.schedule:
                yield "Schedule", rule.schedule
        if archive := self._archives.get(key):
            yield from _archive_rows(archive)
        if queue := self._queues.get(key):
            yield from _queue_rows(queue, self._names)
        if function := self._functions.get(key):
            yield from _function_rows(function, self._names)

    def _own_tables(self, key: str) -> Iterator[Table]:
        if rule := self._rules.get(key):
            yield _target_table(rule, self._names)
        published = [each for each in self._assembly.publications if each.publisher == key]
        if published:
            yield _publication_table("Publishes", published, "to", self._names)
        heard = [each for each in self._assembly.publications if each.bus == key]
        if heard:
            yield _publication_table("Published here", heard, "by", self._names)

    def _own_code(self, key: str) -> Iterator[tuple[str, str]]:
        if (rule := self._rules.get(key)) and rule.pattern is not None:
            yield "Event pattern", _json(rule.pattern)
        if (archive := self._archives.get(key)) and archive.pattern is not None:
            yield "Event pattern", _json(archive.pattern)
        if workflow := self._workflows.get(key):
            yield "Definition (ASL)", _json(workflow.machine.definition)
        else:
            yield "Properties", _json(self._assembly.resources[key].properties)


def _state_rows(state: State, names: _Names) -> Iterator[Row]:
    yield "Type", state.type or "none given"
    yield "Query language", state.query_language
    if state.task is not None:
        yield "Calls", state.task.resource_text
        if state.task.target is not None:
            yield "Target", names.of(state.task.target)
        yield "Waits", _PATTERNS[state.task.pattern]
        yield "Timeout", _seconds(state.timeout_seconds) or "none: it may wait for a year"
        if state.heartbeat_seconds is not None:
            yield "Heartbeat", _seconds(state.heartbeat_seconds)
    if state.path:
        yield "Inside of", " / ".join(state.path)
    if state.unknown_fields:
        yield "Unknown fields", ", ".join(state.unknown_fields)


def _state_tables(state: State) -> Iterator[Table]:
    if state.retries:
        yield {
            "title": "Retries",
            "head": ["errors", "attempts", "after", "grows", "jitter"],
            "rows": [_retry_row(retry) for retry in state.retries],
        }
    if state.catches:
        yield {
            "title": "Catches",
            "head": ["errors", "goes to"],
            "rows": [[", ".join(catch.errors), catch.target] for catch in state.catches],
        }
    if state.type == "Choice":
        yield {
            "title": "Choices",
            "head": ["when", "goes to"],
            "rows": [[way.label or way.kind, way.target] for way in state.transitions],
        }


def _retry_row(retry: Retry) -> list[str]:
    most = f", at most {retry.max_delay_seconds:g}\u00a0s" if retry.max_delay_seconds else ""
    return [
        ", ".join(retry.errors),
        f"{retry.max_attempts}",
        f"{retry.interval_seconds:g}\u00a0s",
        f"by {retry.backoff_rate:g}{most}",
        retry.jitter,
    ]


def _workflow_rows(workflow: Workflow) -> Iterator[Row]:
    machine = workflow.machine
    yield "Kind", workflow.kind.capitalize()
    yield "States", str(sum(1 for _ in machine.all_states()))
    yield "Timeout", _seconds(machine.timeout_seconds) or "none"
    data = ", with payloads" if workflow.logs_execution_data else ""
    yield "Logs", f"{workflow.logging_level}{data}"
    yield "Traced", "yes" if workflow.traced else "no"
    if machine.comment:
        yield "Comment", machine.comment
    if machine.unknown_fields:
        yield "Unknown fields", ", ".join(machine.unknown_fields)
    for problem in machine.problems:
        yield "Problem", problem


def _archive_rows(archive: Archive) -> Iterator[Row]:
    yield "Keeps events", f"{archive.retention_days} days" if archive.retention_days else "for ever"


def _queue_rows(queue: Queue, names: _Names) -> Iterator[Row]:
    yield "Order", "first in, first out" if queue.fifo else "any (standard queue)"
    yield "Dead letters go to", names.of(queue.dead_letter)
    if queue.max_receive_count is not None:
        yield "after", f"{queue.max_receive_count} tries"


def _function_rows(function: Function, names: _Names) -> Iterator[Row]:
    yield "Runtime", function.runtime or "not said"
    yield "Memory", f"{function.memory_mb} MB"
    yield "Timeout", f"{function.timeout_seconds} s"
    yield "Failed events go to", names.of(function.failure_destination)


def _target_table(rule: Rule, names: _Names) -> Table:
    return {
        "title": "Targets",
        "head": ["target", "input", "attempts", "for", "undelivered go to"],
        "rows": [
            [
                names.of(target.destination),
                target.input_kind,
                "186" if target.max_attempts is None else str(target.max_attempts + 1),
                _seconds(target.max_age_seconds) or "24\u00a0h",
                names.of(target.dead_letter),
            ]
            for target in rule.targets
        ],
    }


def _publication_table(
    title: str, publications: Sequence[Publication], way: Literal["to", "by"], names: _Names
) -> Table:
    return {
        "title": title,
        "head": ["event", way, "known from"],
        "rows": [
            [
                each.detail_type or each.source or "any event",
                " · ".join(
                    text
                    for text in (
                        names.of_key((each.bus if way == "to" else each.publisher) or ""),
                        each.state,
                    )
                    if text
                )
                or "unknown",
                each.evidence,
            ]
            for each in publications
        ],
    }


def _place_rows(place: Place) -> Iterator[Row]:
    # A definition in a file of its own is in no stack.
    if place.stack:
        yield "Construct path", place.construct_path
        yield "Stack", place.stack
        yield "Logical id", place.logical_id
        yield "Made at", place.source or "not recorded by CDK"
    if place.file:
        yield "Read from", place.file


def _seconds(value: float | str | None) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    for name, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if value >= size and value % size == 0:
            return f"{value / size:g}\u00a0{name}"
    return f"{value:g}\u00a0s"


def _json(value: JsonValue | Mapping[str, JsonValue]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
