"""The paths of the workflows that a test session took: collected, shown, and held against a list.

Levels: (a) in process, tasks answered by the test (``sfnx``; moto's interpreter for JSONPath, which
``sfnx`` does not run), (b) moto, (c) embedded AWS.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, cast

from tests.workflow_coverage import Definition, Paths, Transition, all_paths, paths_taken

Level = Literal["a", "b", "c"]
LEVELS: Mapping[Level, str] = {"a": "(a) in process", "b": "(b) moto", "c": "(c) embedded AWS"}
PROPERTY = "workflow paths"
#: JSONPath: moto's interpreter is the in-process level, too.
_JSONPATH = {"ticket-triage"}

# A state that only the one workflow has.
_MARKS = {
    "Store profile": "sign-up",
    "Judge code": "confirm-email",
    "Announce triage": "ticket-triage",
    "Find earlier sign-up": "bulk-sign-up",
    "User forgotten": "forget-user",
}


class Row(NamedTuple):
    """One line of the table."""

    workflow: str
    level: Level


@dataclass(frozen=True)
class Coverage:
    """What a workflow has, and what of it was taken, in how many executions."""

    whole: Paths = field(default_factory=Paths)
    taken: Paths = field(default_factory=Paths)
    executions: int = 0

    @property
    def missing(self) -> Paths:
        return self.whole - self.taken

    def __or__(self, other: Coverage) -> Coverage:
        return Coverage(
            self.whole | other.whole,
            self.taken | other.taken,
            self.executions + other.executions,
        )


class Excepted(NamedTuple):
    """Transitions that a level does not take; an empty text stands for any name or error."""

    reason: str
    transition: Transition

    def __str__(self) -> str:
        return f"{Transition(*(name or 'any' for name in self.transition))}: {self.reason}"

    def fits(self, transition: Transition) -> bool:
        pairs = zip(self.transition, transition, strict=True)
        return all(pattern in ("", name) for pattern, name in pairs)


def workflow_of(definition: Definition) -> str | None:
    """The name of one of the project's workflows; None for any other definition."""
    states = all_paths(definition).states
    return next((name for mark, name in _MARKS.items() if mark in states), None)


class CoverageLog:
    """What this process's tests have taken, handed on test by test."""

    def __init__(self) -> None:
        self._handed_on: dict[Row, Coverage] = {}
        self._new: dict[Row, Coverage] = {}

    def note(self, level: Level, definition: Definition, taken: Paths) -> None:
        """Add an execution; of a definition that is none of the project's workflows, nothing."""
        workflow = workflow_of(definition)
        if workflow is not None:
            row = Row(workflow, level)
            one = Coverage(all_paths(definition), taken, 1)
            self._new[row] = self._new.get(row, Coverage()) | one

    def note_history(
        self, level: Level, definition: Definition, history: Sequence[Mapping[str, Any]]
    ) -> None:
        """Add an execution by its history."""
        if workflow_of(definition) is not None:
            self.note(level, definition, paths_taken(definition, history))

    def take(self) -> list[object]:
        """What is new since the last call, as plain lists that may travel between processes."""
        news = []
        for row, new in self._new.items():
            old = self._handed_on.get(row, Coverage())
            whole, taken = new.whole - old.whole, new.taken - old.taken
            news.append([*row, _lists(whole), _lists(taken), new.executions])
            self._handed_on[row] = old | new
        self._new.clear()
        return cast(list[object], news)


#: The log of this process.
LOG = CoverageLog()


def united(news: Iterable[Any]) -> dict[Row, Coverage]:
    """What all processes took, from what each of them handed on."""
    union: dict[Row, Coverage] = {}
    for workflow, level, whole, taken, executions in news:
        row = Row(workflow, level)
        one = Coverage(_paths(whole), _paths(taken), executions)
        union[row] = union.get(row, Coverage()) | one
    return dict(sorted(union.items()))


def table(union: Mapping[Row, Coverage]) -> list[str]:
    """One line for each workflow and level."""
    heads = ("workflow", "level", "states", "transitions", "of them catches", "executions")
    rows = [heads]
    for (workflow, level), found in union.items():
        taken, whole = found.taken & found.whole, found.whole
        rows.append(
            (
                workflow,
                "(a, b) moto" if level == "b" and workflow in _JSONPATH else LEVELS[level],
                f"{len(taken.states)}/{len(whole.states)}",
                f"{len(taken.transitions)}/{len(whole.transitions)}",
                f"{len(taken.catches)}/{len(whole.catches)}",
                str(found.executions),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if at > 1 else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def disagreements(coverage: Coverage, excepted: Sequence[Excepted]) -> list[str]:
    """What was not taken without a reason, and what was taken in spite of one."""
    missing, taken = coverage.missing, coverage.taken.transitions
    # A state is excused with the transitions that lead to it.
    no_way_in = missing.states - {each.to for each in missing.transitions}
    return [
        *(f"state not entered: {name}" for name in sorted(no_way_in)),
        *(
            f"not taken: {each}"
            for each in sorted(missing.transitions)
            if not any(exception.fits(each) for exception in excepted)
        ),
        *(
            f"taken, though excepted: {each}"
            for each in sorted(taken)
            if any(exception.fits(each) for exception in excepted)
        ),
        *(
            f"excepted, though there is no such transition: {exception}"
            for exception in excepted
            if not any(map(exception.fits, coverage.whole.transitions))
        ),
    ]


def _lists(paths: Paths) -> list[object]:
    return [sorted(paths.states), sorted(map(list, paths.transitions))]


def _paths(lists: Any) -> Paths:
    states, transitions = lists
    return Paths(frozenset(states), frozenset(Transition(*each) for each in transitions))
