"""A run as the report's script needs it: which nodes and edges of which picture it touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from constructs_lib.insight.graph import Edge, Graph
from constructs_lib.insight.model import Assembly
from constructs_lib.insight.runs import Delivery, Event, Execution, RecordedTest, Run, Step

#: What a container that a Fail state inside has ended bears as its error.
UNTOLD_ERROR = "error of a Fail state"
_Marks: TypeAlias = dict[str, dict[str, Any]]


def overlay(run: Run, graphs: Sequence[Graph], assembly: Assembly) -> dict[str, Any]:
    """The run laid over the pictures; what has no picture is said in its notes."""
    keys = _Keys(assembly)
    workflows = {graph.key: n for n, graph in enumerate(graphs) if graph.kind == "workflow"}
    events = next(((n, g) for n, g in enumerate(graphs) if g.kind == "event-map"), None)
    drawn = [(each, workflows.get(keys.of(each.workflow))) for each in run.executions]
    strangers = sorted({each.workflow for each, number in drawn if number is None})
    notes = list(run.notes)
    tests = {test.id: number for number, test in enumerate(run.tests)}
    if strangers:
        notes.append(f"executions of these have no picture here: {', '.join(strangers)}")
    if run.events and events is None:
        notes.append(f"{len(run.events)} events have no picture here")
    return {
        "name": run.name,
        "recorded": run.recorded.strftime("%Y-%m-%d %H:%M UTC"),
        "timeScale": run.time_scale,
        "notes": notes,
        "tests": [{"id": test.id, "name": _test(test)} for test in run.tests],
        "executions": [
            {**_execution(each, number, graphs[number]), "test": tests.get(each.test)}
            for each, number in drawn
            if number is not None
        ],
        "events": []
        if events is None
        else [{**_event(e, *events, keys), "test": tests.get(e.test)} for e in run.events],
    }


class _Keys:
    """The assembly's keys for the keys of what was deployed: stacks may bear other names there."""

    def __init__(self, assembly: Assembly) -> None:
        self._keys = assembly.resources.keys() | {bus.key for bus in assembly.buses}
        self._by_id: dict[str, list[str]] = {}
        self._names = {key: each.name for key, each in assembly.resources.items()}
        for key in self._keys:
            self._by_id.setdefault(key.rsplit("/", 1)[-1], []).append(key)

    def of(self, key: str) -> str:
        if key in self._keys:
            return key
        same_id = self._by_id.get(key.rsplit("/", 1)[-1], [])
        return same_id[0] if len(same_id) == 1 else key

    def name_of(self, key: str) -> str:
        """How the pictures call it; outside of them, the last part of its ARN."""
        return self._names.get(self.of(key)) or key.rsplit(":", 1)[-1].rsplit("/", 1)[-1]


def _test(test: RecordedTest) -> str:
    """A test as its person knows it, and how it ended unless well."""
    name = test.id.rsplit("::", 1)[-1]
    return name if test.outcome == "passed" else f"{name}: {test.outcome}"


def _execution(execution: Execution, number: int, graph: Graph) -> dict[str, Any]:
    steps = _with_fail_errors(graph, execution.steps)
    walk = _Walk(graph, steps)
    return {
        "id": execution.id,
        "graph": number,
        "status": execution.status,
        "open": _open(execution),
        "error": execution.error,
        "started": execution.started.strftime("%H:%M:%S"),
        "ms": execution.duration_ms,
        "starter": execution.starter,
        "bytes": execution.input_bytes,
        "faults": execution.faults,
        "steps": [_step(step, walk) for step in steps],
        "nodes": walk.marks,
        "edges": sorted(walk.edges),
    }


def _open(execution: Execution) -> str:
    """Of an execution whose end was not seen, until when it was not; else nothing."""
    if execution.status != "RUNNING":
        return ""
    return f"still running when {'the test ended' if execution.test else 'it was recorded'}"


def _with_fail_errors(graph: Graph, steps: Sequence[Step]) -> Sequence[Step]:
    """Histories do not tell the error of a Fail state; its definition does."""
    fails = {node.state: node.subtitle for node in graph.nodes if node.kind == "fail"}
    told: dict[int, str] = {}
    for step in steps:
        if step.state in fails and step.inside is not None:
            told[step.inside] = fails[step.state]
    return [
        replace(step, error=told[index]) if step.error == UNTOLD_ERROR and index in told else step
        for index, step in enumerate(steps)
    ]


def _step(step: Step, walk: _Walk) -> dict[str, Any]:
    return {
        "node": walk.node_of(step),
        "name": step.state.rsplit(" / ", 1)[-1],
        "part": step.part,
        "depth": step.state.count(" / "),
        "start": step.entered_ms,
        "end": step.left_ms,
        "retries": max(len(step.attempts) - 1, 0),
        "error": step.error,
        "in": step.input_bytes,
        "out": step.output_bytes,
        "attempts": [[each.began_ms, each.ended_ms, each.error] for each in step.attempts],
    }


class _Walk:
    """Follows an execution's steps through a workflow's graph."""

    def __init__(self, graph: Graph, steps: Sequence[Step]) -> None:
        self._states = {node.state: node.id for node in graph.nodes if node.state}
        self._kinds = {node.id: node.kind for node in graph.nodes}
        self._start = graph.nodes[0].id
        heads = {group.id: group.head for group in graph.groups}
        joins = {n.group: n.id for n in graph.nodes if n.kind == "join" and n.group}
        self._joins = {heads[group]: join for group, join in joins.items()}
        self._ways: dict[str, list[Edge]] = {}
        for edge in graph.edges:
            self._ways.setdefault(edge.source, []).append(edge)
        self.edges: set[str] = set()
        self.marks: _Marks = {}
        followed = {step.previous for step in steps}
        for index, step in enumerate(steps):
            self._take(step, steps, is_last=index not in followed)

    def node_of(self, step: Step) -> str | None:
        return self._states.get(step.state)

    def _take(self, step: Step, steps: Sequence[Step], *, is_last: bool) -> None:
        here = self.node_of(step)
        if here is None:
            return
        mark = self.marks.setdefault(here, {"ms": 0.0, "times": 0, "retries": 0, "error": ""})
        mark["ms"] += (step.left_ms or step.entered_ms) - step.entered_ms
        mark["times"] += 1
        if step.left_ms is None:
            mark["open"] = True
        mark["retries"] += max(len(step.attempts) - 1, 0)
        mark["error"] = step.error or mark["error"]
        if step.previous is not None:
            self._way(self.node_of(steps[step.previous]), here, steps[step.previous].error != "")
        elif step.inside is not None:
            self._way(self.node_of(steps[step.inside]), here, in_error=False)
        else:
            self._mark(self._start)
            self._way(self._start, here, in_error=False)
        if is_last and step.left_ms is not None:
            for end in ("end", "join"):
                self._end(here, end)

    def _way(self, source: str | None, target: str, in_error: bool) -> None:
        if source is None:
            return
        join = self._joins.get(source)
        for from_ in (source,) if in_error or join is None else (join, source):
            ways = [edge for edge in self._ways.get(from_, ()) if edge.target == target]
            ways.sort(key=lambda edge: edge.is_error is not in_error)
            if ways:
                self.edges.add(ways[0].id)
                if from_ == join:
                    self._mark(from_)
                return

    def _end(self, here: str, kind: str) -> None:
        for from_ in (self._joins.get(here), here):
            for edge in self._ways.get(from_ or "", ()):
                if self._kinds[edge.target] == kind and edge.kind != "branch":
                    if from_ == here and here in self._joins:
                        continue
                    self.edges.add(edge.id)
                    self._mark(edge.target)
                    if from_:
                        self._mark(from_)

    def _mark(self, id_: str) -> None:
        self.marks.setdefault(id_, {"ms": 0.0, "times": 0, "retries": 0, "error": ""})


def _event(event: Event, number: int, graph: Graph, keys: _Keys) -> dict[str, Any]:
    ids = {node.key: node.id for node in graph.nodes if node.key}
    ways = {(edge.source, edge.target): edge.id for edge in graph.edges}
    marks: _Marks = {}
    edges: set[str] = set()

    def mark(key: str, text: str, *, bad: bool = False) -> str | None:
        id_ = ids.get(keys.of(key))
        if id_ is not None:
            marks[id_] = {"text": text, "error": bad}
        return id_

    def way(source: str | None, target: str | None) -> None:
        found = ways.get((source or "", target or ""))
        if found is not None:
            edges.add(found)

    bus = mark(event.bus, f"{event.size_bytes} B")
    way(mark(event.publisher, "published"), bus)
    for archive in event.archived_by:
        way(bus, mark(archive, "archived"))
    for rule in event.matched:
        way(bus, mark(rule, "matched"))
    for delivery in event.deliveries:
        rule_id = ids.get(keys.of(delivery.rule))
        delivered = delivery.outcome == "delivered"
        target = mark(delivery.target, _outcome(delivery), bad=not delivered)
        way(rule_id, target)
        if delivery.dead_letter:
            way(rule_id, mark(delivery.dead_letter, "dead letter", bad=True))
    return {
        "id": event.id,
        "graph": number,
        "type": event.detail_type,
        "source": event.source,
        "at": event.at.strftime("%H:%M:%S.%f")[:-3],
        "bytes": event.size_bytes,
        "replay": event.replay,
        "failed": any(each.outcome != "delivered" for each in event.deliveries),
        "nodes": marks,
        "edges": sorted(edges),
        "hops": list(_hops(event, keys)),
    }


def _outcome(delivery: Delivery) -> str:
    times = f" at attempt {delivery.attempts}" if delivery.attempts > 1 else ""
    return f"{delivery.outcome}{times}, {delivery.after_ms:.0f} ms"


def _hops(event: Event, keys: _Keys) -> list[Mapping[str, Any]]:
    """The journey in lines: where, what, and whether it went wrong."""
    who = keys.name_of(event.publisher) or "a client"
    state = f", {event.publisher_state}" if event.publisher_state else ""
    replay = f", replayed by {event.replay}" if event.replay else ""
    hops: list[Mapping[str, Any]] = [
        {"where": f"{who}{state}", "what": f"published{replay}", "bad": False}
    ]
    hops.append(
        {"where": keys.name_of(event.bus), "what": f"{event.size_bytes} bytes", "bad": False}
    )
    if not event.matched:
        hops.append({"where": "no rule", "what": "nobody follows it", "bad": False})
    for delivery in event.deliveries:
        error = f" ({delivery.error_code})" if delivery.error_code else ""
        started = f", started {delivery.started}" if delivery.started else ""
        hops.append(
            {
                "where": f"{keys.name_of(delivery.rule)} → {keys.name_of(delivery.target)}",
                "what": f"{_outcome(delivery)}{error}{started}",
                "bad": delivery.outcome != "delivered",
            }
        )
    return hops
