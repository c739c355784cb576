"""A workflow as a graph: its states, their ways, errors told apart from the happy path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from constructs_lib.counted import counted
from constructs_lib.insight.drawn_edges import DrawnEdges
from constructs_lib.insight.graph import Edge, EdgeKind, Graph, Group, Node, NodeKind
from constructs_lib.insight.model import State, StateMachine, Task, Workflow

_KINDS: dict[str, NodeKind] = {
    "Task": "task",
    "Choice": "choice",
    "Pass": "pass",
    "Wait": "wait",
    "Parallel": "parallel",
    "Map": "map",
    "Succeed": "succeed",
    "Fail": "fail",
}
_PATTERNS = {"sync": ".sync", "wait_for_task_token": ".waitForTaskToken", "request_response": ""}


def workflow_graph(workflow: Workflow) -> Graph:
    """The picture of a workflow: a start, its states, frames around branches.

    A transition to a state that does not exist leads to a node of the kind ``missing``.
    """
    drawing = _Drawing(workflow.resource.key)
    start = drawing.node("start", "Start")
    end = drawing.lazy_node("end", "End")
    drawing.machine(workflow.machine, path=(), group=None, entry=(start, "next"), end=end)
    return Graph(
        key=workflow.resource.key,
        title=workflow.resource.name,
        kind="workflow",
        direction="TB",
        nodes=tuple(_with_error_paths(drawing.nodes, drawing.edges.values(), start)),
        edges=tuple(drawing.edges.values()),
        groups=tuple(drawing.groups),
    )


class _LazyNode:
    """A node that is only made if something leads to it."""

    def __init__(self, drawing: _Drawing, kind: NodeKind, title: str, group: str | None) -> None:
        self._drawing, self._kind, self._title, self._group = drawing, kind, title, group
        self.id: str | None = None

    def get(self) -> str:
        if self.id is None:
            self.id = self._drawing.node(self._kind, self._title, group=self._group)
        return self.id


class _Drawing(DrawnEdges):
    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key
        self.nodes: list[Node] = []
        self.groups: list[Group] = []

    def node(
        self,
        kind: NodeKind,
        title: str,
        *,
        subtitle: str = "",
        group: str | None = None,
        state: str | None = None,
    ) -> str:
        id_ = f"n{len(self.nodes)}"
        self.nodes.append(
            Node(
                id=id_,
                kind=kind,
                title=title,
                subtitle=subtitle,
                key=self._key,
                state=state,
                group=group,
            )
        )
        return id_

    def lazy_node(self, kind: NodeKind, title: str, group: str | None = None) -> _LazyNode:
        return _LazyNode(self, kind, title, group)

    def machine(
        self,
        machine: StateMachine,
        *,
        path: tuple[str, ...],
        group: str | None,
        entry: tuple[str, EdgeKind],
        end: _LazyNode,
    ) -> None:
        """Draw the states of one level, and what is in them."""
        ids: dict[str, str] = {}
        exits: dict[str, str] = {}
        for state in machine.states:
            ids[state.name], exits[state.name] = self._state(state, group)

        def target_of(name: str) -> str:
            if name not in ids:
                ids[name] = self.node(
                    "missing",
                    name or "no name",
                    subtitle="no such state",
                    group=group,
                    state=" / ".join((*path, name)),
                )
            return ids[name]

        self.edge(entry[0], target_of(machine.start_at), entry[1])
        for state in machine.states:
            for way in state.transitions:
                # What goes wrong leaves a Parallel or Map at its head, what goes right at its join.
                source = ids if way.kind == "catch" else exits
                self.edge(source[state.name], target_of(way.target), way.kind, way.label)
            if state.ends and state.type not in ("Succeed", "Fail"):
                self.edge(exits[state.name], end.get(), "next" if end_is_last(path) else "join")

    def _state(self, state: State, group: str | None) -> tuple[str, str]:
        """Draw one state; return the nodes by which it is entered and left."""
        kind = _KINDS.get(state.type, "other")
        details = {"subtitle": _subtitle(state), "state": state.full_name}
        if not state.branches:
            id_ = self.node(kind, state.name, group=group, **details)
            return id_, id_
        inside = f"g{len(self.groups)}"
        head = self.node(kind, state.name, group=inside, **details)
        self.groups.append(Group(id=inside, head=head, title=state.name, parent=group))
        join = self.lazy_node("join", "", inside)
        for branch in state.branches:
            self.machine(
                branch,
                path=(*state.path, state.name),
                group=inside,
                entry=(head, "branch"),
                end=join,
            )
        return head, join.id or head


def end_is_last(path: tuple[str, ...]) -> bool:
    """Whether the end of a state machine ends the execution: it does outside of all branches."""
    return not path


def _subtitle(state: State) -> str:
    if state.task is not None:
        return _called(state.task)
    if state.type == "Fail":
        return str(state.fields.get("Error") or state.fields.get("ErrorPath") or "Fail")
    if state.type == "Wait":
        waits = [(name, state.fields[name]) for name in _WAITS if name in state.fields]
        return f"Wait · {_WAITS[waits[0][0]]}{waits[0][1]}" if waits else "Wait"
    if state.type in ("Parallel", "Map"):
        return _branches(state)
    return state.type or "no type"


_WAITS = {
    "Seconds": "seconds: ",
    "SecondsPath": "seconds: ",
    "Timestamp": "until ",
    "TimestampPath": "until ",
}


def _called(task: Task) -> str:
    if task.kind == "unknown":
        return task.resource_text or "Task"
    name = f"{task.service}:{task.action}" if task.action else task.service
    if task.kind == "lambda" and task.target is not None and task.target.key:
        name = f"lambda · {task.target.key.rsplit('/', 1)[-1]}"
    return f"{name}{_PATTERNS[task.pattern]}"


def _branches(state: State) -> str:
    if state.type == "Map":
        processor = state.fields.get("ItemProcessor")
        config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
        distributed = isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED"
        return "Map · distributed" if distributed else "Map · for each item"
    return f"Parallel · {counted(len(state.branches), 'branch') if state.branches else 'empty'}"


def _with_error_paths(nodes: list[Node], edges: Iterable[Edge], start: str) -> list[Node]:
    """Mark what only errors lead to."""
    ways: defaultdict[str, set[str]] = defaultdict(set)
    reached_by_error: set[str] = set()
    for edge in edges:
        if edge.is_error:
            reached_by_error.add(edge.target)
        ways[edge.source].add(edge.target) if not edge.is_error else None
    happy = _reached(ways, {start})
    in_error = _reached(ways, reached_by_error) - happy
    return [replace(node, in_error_path=True) if node.id in in_error else node for node in nodes]


def _reached(ways: dict[str, set[str]], starts: set[str]) -> set[str]:
    seen: set[str] = set()
    waiting = list(starts)
    while waiting:
        here = waiting.pop()
        if here not in seen:
            seen.add(here)
            waiting.extend(ways[here])
    return seen
