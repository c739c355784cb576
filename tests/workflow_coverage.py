"""Which states, transitions and catches a workflow has, and which of them an execution took.

Reads definitions (Amazon States Language) and execution histories as AWS, moto and MiniStack give
them. It relies on the order of events and on state names, which are unique in a workflow; numbers
of previous events, which MiniStack does not give, only decide between iterations of one Map.

Rules of a Choice that lead to one state are one transition, the default among them: no history
tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Definition = Mapping[str, Any]
State = Mapping[str, Any]

# What States.ALL leaves alone.
# Source: Step Functions developer guide, "Handling errors in workflows" (read 2026-11-23).
_NOT_AMONG_ALL = {"States.DataLimitExceeded", "States.Runtime"}
_UNNAMED = ""


class Transition(NamedTuple):
    """From a state to another, ``on`` its end (Next), its Choice, or the errors that it catches."""

    state: str
    on: str
    to: str

    @property
    def is_catch(self) -> bool:
        return self.on not in ("Next", "Choice")

    def __str__(self) -> str:
        return f"{self.state} -> {self.to} on {self.on}"


@dataclass(frozen=True)
class Paths:
    """States and transitions, of a whole workflow or of what some executions took."""

    states: frozenset[str] = frozenset()
    transitions: frozenset[Transition] = frozenset()

    @property
    def catches(self) -> frozenset[Transition]:
        return frozenset(each for each in self.transitions if each.is_catch)

    def __or__(self, other: Paths) -> Paths:
        return Paths(self.states | other.states, self.transitions | other.transitions)

    def __and__(self, other: Paths) -> Paths:
        return Paths(self.states & other.states, self.transitions & other.transitions)

    def __sub__(self, other: Paths) -> Paths:
        return Paths(self.states - other.states, self.transitions - other.transitions)

    def __bool__(self) -> bool:
        return bool(self.states or self.transitions)


class Place(NamedTuple):
    """A state and, inside a Parallel or a Map, the name of the state around it."""

    name: str
    state: State
    around: str


def places(machine: Definition, around: str = "") -> Iterator[Place]:
    """Every state, those of branches and item processors included."""
    for name, state in machine["States"].items():
        yield Place(name, state, around)
        inner = [state[key] for key in ("ItemProcessor", "Iterator") if key in state]
        for branch in [*state.get("Branches", []), *inner]:
            yield from places(branch, name)


def all_paths(definition: Definition) -> Paths:
    """What there is to take."""
    transitions = set()
    for name, state, _ in places(definition):
        if "Next" in state:
            transitions.add(Transition(name, "Next", state["Next"]))
        targets = [rule["Next"] for rule in state.get("Choices", [])]
        if "Default" in state:
            targets.append(state["Default"])
        transitions |= {Transition(name, "Choice", to) for to in targets}
        transitions |= {_catch(name, catcher) for catcher in state.get("Catch", [])}
    return Paths(frozenset(place.name for place in places(definition)), frozenset(transitions))


def catch_of(name: str, state: State, error: str) -> Transition | None:
    """Where a state's error leads; None when the state does not catch it."""
    fits = {error} if error in _NOT_AMONG_ALL else {error, "States.ALL"}
    for catcher in state.get("Catch", []):
        if fits & set(catcher["ErrorEquals"]):
            return _catch(name, catcher)
    return None


def paths_taken(definition: Definition, history: Sequence[Mapping[str, Any]]) -> Paths:
    """What one execution took."""
    reader = _HistoryReader({place.name: place for place in places(definition)})
    for event in history:
        reader.read(event)
    return Paths(frozenset(reader.states), frozenset(reader.transitions))


def _catch(name: str, catcher: Mapping[str, Any]) -> Transition:
    return Transition(name, ", ".join(catcher["ErrorEquals"]), catcher["Next"])


@dataclass(eq=False)
class _Visit:
    """One stay in a state; ``error`` is that of its last attempt."""

    place: Place
    error: str | None = None
    left: bool = False


@dataclass
class _HistoryReader:
    """Follows the visits of a history's states, event by event."""

    known: Mapping[str, Place]
    states: set[str] = field(default_factory=set)
    transitions: set[Transition] = field(default_factory=set)
    #: Those that are open, or left and not yet followed by the next; the last to fail comes last.
    _visits: list[_Visit] = field(default_factory=list)
    _visit_of_event: dict[int, _Visit] = field(default_factory=dict)

    def read(self, event: Mapping[str, Any]) -> None:
        before = self._visit_of_event.get(event.get("previousEventId", 0))
        kind: str = event["type"]
        details: Mapping[str, Any] = next(
            (event[key] for key in event if key.endswith("EventDetails")), {}
        )
        visit = before
        if kind.endswith("StateEntered"):
            visit = self._enter(details["name"])
        elif kind.endswith("StateExited"):
            visit = self._leave(details["name"], before)
        elif kind in ("MapStateFailed", "ParallelStateFailed"):
            visit = self._newest(kind.removesuffix("StateFailed"))
            # What failed inside says more, if the history has it: moto's lacks some evaluations.
            visit.error = _UNNAMED
        elif kind.endswith("Scheduled") and (found := self._working(details, before)):
            visit = found
            visit.error = None  # another attempt
        elif (
            "error" in details
            and not kind.startswith("Execution")
            and (found := self._working(details, before))
        ):
            visit = found
            self._fail(visit, details["error"])
        if visit is not None:
            self._visit_of_event[event["id"]] = visit

    def _newest(self, kind: str) -> _Visit:
        return [v for v in self._visits if v.place.state["Type"] == kind and not v.left][-1]

    def _enter(self, name: str) -> _Visit:
        self.states.add(name)
        place = self.known[name]
        steps = [
            (visit, step)
            for visit in self._visits
            if visit.left and (step := self._step(visit, name)) is not None
        ]
        if steps:  # none at the start of a branch; several when iterations of a Map go together
            visit, step = steps[-1]
            self.transitions.add(step)
            self._visits.remove(visit)
        entered = _Visit(place)
        self._visits.append(entered)
        if place.state["Type"] == "Fail":
            self._fail(entered, place.state.get("Error", ""))
        return entered

    def _leave(self, name: str, before: _Visit | None) -> _Visit:
        visit = _pick([v for v in self._visits if v.place.name == name and not v.left], before)
        assert visit is not None, f"{name!r} is left before it is entered"
        inside = [v for v in self._visits if self._is_inside(v, name)]
        for inner in inside:
            self._visits.remove(inner)
            if not inner.left and inner.error is not None:
                visit.error = inner.error
        visit.left = True
        return visit

    def _step(self, visit: _Visit, to: str) -> Transition | None:
        name, state, _ = visit.place
        if visit.error is not None:
            step = catch_of(name, state, visit.error)
            return step if step is not None and step.to == to else None
        if state["Type"] == "Choice":
            targets = [rule["Next"] for rule in state["Choices"]] + [state.get("Default")]
            return Transition(name, "Choice", to) if to in targets else None
        return Transition(name, "Next", to) if state.get("Next") == to else None

    def _working(self, details: Mapping[str, Any], before: _Visit | None) -> _Visit | None:
        """The open visit of the task that an event is about."""
        resource = details.get("resource", "")
        if "resourceType" in details:
            # MiniStack gives the whole ARN instead.
            resource = f"{details['resourceType']}:{resource}" if ":" not in resource else resource
        return _pick(
            [
                visit
                for visit in self._visits
                if not visit.left and visit.place.state.get("Resource", "").endswith(resource)
            ],
            before,
        )

    def _fail(self, visit: _Visit, error: str) -> None:
        visit.error = error
        self._visits.remove(visit)
        self._visits.append(visit)

    def _is_inside(self, visit: _Visit, name: str) -> bool:
        around = visit.place.around
        while around and around != name:
            around = self.known[around].around
        return around == name


def _pick(visits: Sequence[_Visit], before: _Visit | None) -> _Visit | None:
    """Prefer the one whose event came before; else the newest."""
    if before is not None and any(visit is before for visit in visits):
        return before
    return visits[-1] if visits else None
