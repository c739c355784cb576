"""Where the states of a definition lead to: targets that exist, states that are reached, an end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from constructs_lib.states_language.diagnostic import Diagnostic
from constructs_lib.states_language.fields import PROCESSOR_FIELDS, TERMINAL_TYPES
from constructs_lib.states_language.nodes import Node, objects_of

_MISSING = "MISSING_TRANSITION_TARGET"


def check_transitions(machine: Node, place: str = "") -> Iterator[Diagnostic]:
    """Say what leads nowhere, in a definition whose schema holds, and in all branches of it.

    A branch is a scope of its own: nothing in it leads out, and nothing outside leads in.
    """
    states = cast(Mapping[str, Node], machine["States"])
    targets = [(f"{place}/StartAt", str(machine["StartAt"]))]
    for name, state in states.items():
        targets += _targets(state, f"{place}/States/{name}")
    for where, target in targets:
        if target not in states:
            yield Diagnostic(
                code=_MISSING, message=f"Missing 'Next' target: {target}", location=where
            )
    # Only the whole workflow is known to be asked for an end; without one AWS does not go on to
    # what is not reached.
    if not place and not any(_ends(state) for state in states.values()):
        yield Diagnostic(
            code="MISSING_END_STATE", message="Workflow has no terminal state", location=None
        )
    else:
        reached = {target for _, target in targets}
        for name in (name for name in states if name not in reached):
            yield Diagnostic(
                code=_MISSING,
                message=f'State "{name}" is not reachable.',
                location=f"{place}/States/{name}",
            )
    for name, state in states.items():
        for branch, where in _branches(state, f"{place}/States/{name}"):
            yield from check_transitions(branch, where)


def _targets(state: Node, place: str) -> Iterator[tuple[str, str]]:
    for field in ("Next", "Default"):
        if field in state:
            yield f"{place}/{field}", str(state[field])
    for field in ("Choices", "Catch"):
        for rule, where in objects_of(state, field, place):
            yield f"{where}/Next", str(rule["Next"])


def _ends(state: Node) -> bool:
    return state.get("End") is True or state["Type"] in TERMINAL_TYPES


def _branches(state: Node, place: str) -> Iterator[tuple[Node, str]]:
    yield from objects_of(state, "Branches", place)
    for field in PROCESSOR_FIELDS:
        if isinstance(processor := state.get(field), dict):
            yield processor, f"{place}/{field}"
