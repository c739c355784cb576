"""What Step Functions refuses in a definition before it makes a state machine of it.

Only what AWS is known to refuse is refused: a definition that passes here may still fail there.
Codes are AWS's; so are the words where a record of them is public. AWS itself says that nobody
should rely on words, order or number.
Source: Step Functions API reference, ValidateStateMachineDefinitionDiagnostic; Amazon States
Language specification (read 2026-11-27).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from constructs_lib.states_language.diagnostic import Diagnostic
from constructs_lib.states_language.fields import (
    BRANCH_FIELDS,
    ITEM_PROCESSOR_FIELDS,
    JSONATA,
    JSONPATH,
    LIST_FIELDS,
    MACHINE_FIELDS,
    ONLY_IN,
    PROCESSOR_FIELDS,
    REQUIRED_FIELDS,
    STATE_FIELDS,
    STATE_NAME_MAX_CHARACTERS,
    TERMINAL_TYPES,
    WAIT_FIELDS,
)
from constructs_lib.states_language.nodes import Node, is_expression, objects_of
from constructs_lib.states_language.payloads import check_payloads
from constructs_lib.states_language.references import check_references
from constructs_lib.states_language.timestamps import parsed_timestamp
from constructs_lib.states_language.transitions import check_transitions

_ALL = "States.ALL"
_SCHEMA = "SCHEMA_VALIDATION_FAILED"
#: Says why the resource of a task cannot be used, if it cannot.
ResourceCheck = Callable[[str], str | None]


def check_definition(
    text: str, *, express: bool = False, resource_problem: ResourceCheck | None = None
) -> list[Diagnostic]:
    """The errors for which Step Functions refuses the definition; none if it is taken.

    Args:
        text: The definition, JSON.
        express: The state machine is to be an Express one.
        resource_problem: Asked about every task's resource; says what is wrong with it, or None.
    """
    try:
        definition = json.loads(text)
    except ValueError as error:
        return [_whole("INVALID_JSON_DESCRIPTION", str(error))]
    if not isinstance(definition, dict):
        return [_whole("INVALID_JSON_DESCRIPTION", "A definition is a JSON object")]
    if not definition:
        return [_whole("MISSING_DESCRIPTION", "The definition is empty")]
    language = definition.get("QueryLanguage", JSONPATH)
    if language not in (JSONPATH, JSONATA):
        allowed = f"[{JSONPATH}, {JSONATA}]"
        message = f"The field 'QueryLanguage' should have one of these values: {allowed}"
        return [_error(message, "/QueryLanguage")]
    checks = _Checks(str(language), express, resource_problem)
    schema = list(checks.machine(definition, ""))
    # AWS looks at transitions only once the schema holds.
    return schema or list(check_transitions(definition))


class _Checks:
    """The schema's part: fields, their languages, values; everything but where states lead to."""

    def __init__(
        self, language: str, express: bool, resource_problem: ResourceCheck | None
    ) -> None:
        self._language = language
        self._express = express
        self._resource_problem = resource_problem
        self._names: set[str] = set()

    def machine(
        self, machine: Node, place: str, fields: frozenset[str] = MACHINE_FIELDS
    ) -> Iterator[Diagnostic]:
        """The whole, a branch or an item processor."""
        yield from _unsupported(machine, fields, place)
        if missing := [name for name in ("StartAt", "States") if name not in machine]:
            yield _required(missing, place)
            return
        states = machine["States"]
        if not isinstance(states, dict) or not states:
            yield _error("The field 'States' must be an object with at least one state", place)
            return
        for name, state in states.items():
            where = f"{place}/States/{name}"
            if len(name) > STATE_NAME_MAX_CHARACTERS or not name:
                yield Diagnostic(
                    code="INVALID_STATE_NAME",
                    message=f"State names have 1 to {STATE_NAME_MAX_CHARACTERS} characters",
                    location=where,
                )
            if name in self._names:
                yield Diagnostic(
                    code="DUPLICATE_STATE_NAME",
                    message=f"Duplicate State name: {name}",
                    location=where,
                )
            self._names.add(name)
            if isinstance(state, dict):
                yield from self._state(state, where)
            else:
                yield _error("A state must be an object", where)

    def _state(self, state: Node, place: str) -> Iterator[Diagnostic]:
        kind = state.get("Type")
        if "Type" not in state:
            yield _required(["Type"], place)
            return
        if not isinstance(kind, str) or kind not in STATE_FIELDS:
            allowed = ", ".join(STATE_FIELDS)
            yield _error(
                f"The field 'Type' should have one of these values: [{allowed}]", f"{place}/Type"
            )
            return
        yield from _unsupported(state, STATE_FIELDS[kind], place)
        yield from self._languages(state, place)
        yield from _shapes(state, place)
        if missing := [name for name in REQUIRED_FIELDS.get(kind, ()) if name not in state]:
            yield _required(missing, place)
        if kind not in {"Choice", *TERMINAL_TYPES} and (
            ("Next" in state) == (state.get("End") is True)
        ):
            yield _error("A state must have either 'Next' or 'End', and not both", place)
        if state.get("QueryLanguage", self._language) == JSONPATH:
            yield from check_payloads(state, place)
        else:
            yield from check_references(state, place)
        yield from self._of_type(kind, state, place)

    def _languages(self, state: Node, place: str) -> Iterator[Diagnostic]:
        language = state.get("QueryLanguage", self._language)
        if language == JSONPATH and self._language == JSONATA:
            yield _error(
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
                place,
            )
        for name in state:
            only_in = ONLY_IN.get(name, language)
            if only_in != language and name in STATE_FIELDS[str(state["Type"])]:
                yield _error(
                    f"The QueryLanguage is set to '{language}', but field '{name}' is only "
                    f"supported for the '{only_in}' QueryLanguage",
                    place,
                )

    def _of_type(self, kind: str, state: Node, place: str) -> Iterator[Diagnostic]:
        for field in ("Retry", "Catch"):
            needed = ("ErrorEquals", "Next") if field == "Catch" else ("ErrorEquals",)
            yield from _rules(state, field, needed, place)
            yield from _all_comes_last(state, field, place)
        match kind:
            case "Task":
                yield from self._task(state, place)
            case "Choice":
                yield from _rules(state, "Choices", ("Next",), place)
                if state.get("Choices") == []:
                    yield _error("The field 'Choices' must not be empty", place)
            case "Wait":
                yield from _one_of(state, WAIT_FIELDS, place)
                yield from self._timestamp(state, place)
            case "Map":
                yield from self._map(state, place)
            case "Parallel":
                for branch, where in objects_of(state, "Branches", place):
                    yield from self.machine(branch, where, BRANCH_FIELDS)

    def _timestamp(self, state: Node, place: str) -> Iterator[Diagnostic]:
        given = state.get("Timestamp")
        in_jsonata = state.get("QueryLanguage", self._language) == JSONATA
        if given is None or (in_jsonata and is_expression(given)):
            return
        if parsed_timestamp(given) is None:
            yield _error("String does not match RFC3339 timestamp", f"{place}/Timestamp")

    def _task(self, state: Node, place: str) -> Iterator[Diagnostic]:
        resource = state.get("Resource")
        if not isinstance(resource, str):
            if resource is not None:
                yield _error("The field 'Resource' must be text", f"{place}/Resource")
            return
        pattern = resource.partition(".")[2]
        if self._express and (resource.split(":")[5:6] == ["activity"]):
            yield _error("Express state machine does not support Activity ARN", f"{place}/Resource")
        elif self._express and pattern in ("sync", "sync:2", "waitForTaskToken"):
            yield _error(
                f"Express state machine does not support '.{pattern}' service integration",
                f"{place}/Resource",
            )
        problem = self._resource_problem(resource) if self._resource_problem else None
        if problem:
            yield _error(problem, f"{place}/Resource")

    def _map(self, state: Node, place: str) -> Iterator[Diagnostic]:
        yield from _one_of(state, PROCESSOR_FIELDS, place)
        for field in PROCESSOR_FIELDS:
            processor, where = state.get(field), f"{place}/{field}"
            if not isinstance(processor, dict):
                continue
            config = processor.get("ProcessorConfig", {})
            if not isinstance(config, dict):
                yield _error("The field 'ProcessorConfig' must be an object", where)
            if isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED":
                if self._express:
                    yield _error("Express state machine does not support DISTRIBUTED mode", where)
                if "ExecutionType" not in config:
                    yield _required(["ExecutionType"], f"{where}/ProcessorConfig")
            yield from self.machine(processor, where, ITEM_PROCESSOR_FIELDS)


def _unsupported(node: Node, fields: frozenset[str], place: str) -> Iterator[Diagnostic]:
    for name in node:
        if name not in fields:
            yield _error(f"Field '{name}' is not supported", place or "/")


def _shapes(state: Node, place: str) -> Iterator[Diagnostic]:
    for field in PROCESSOR_FIELDS:
        if field in state and not isinstance(state[field], dict):
            yield _error(f"The field '{field}' must be an object", f"{place}/{field}")
    for field in LIST_FIELDS:
        found = state.get(field)
        if found is None:
            continue
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            yield _error(f"The field '{field}' must be a list of objects", f"{place}/{field}")
    for field in ("Error", "Cause"):
        if not isinstance(state.get(field, ""), str):
            yield _error(f"The field '{field}' must be text", f"{place}/{field}")


def _rules(state: Node, field: str, needed: tuple[str, ...], place: str) -> Iterator[Diagnostic]:
    for rule, where in objects_of(state, field, place):
        if missing := [name for name in needed if name not in rule]:
            yield _required(missing, where)


def _all_comes_last(state: Node, field: str, place: str) -> Iterator[Diagnostic]:
    rules = list(objects_of(state, field, place))
    for index, (rule, where) in enumerate(rules, start=1):
        errors = rule.get("ErrorEquals")
        if not isinstance(errors, list) or _ALL not in errors:
            continue
        if len(errors) > 1 or index < len(rules):
            yield _error(f"{_ALL} must appear alone, and in the last element", where)


def _one_of(state: Node, fields: tuple[str, ...], place: str) -> Iterator[Diagnostic]:
    if sum(name in state for name in fields) != 1:
        yield _error(f"A state must have one of these fields: [{', '.join(fields)}]", place)


def _required(names: list[str], place: str) -> Diagnostic:
    return _error(f"These fields are required: [{', '.join(names)}]", place or "/")


def _error(message: str, place: str) -> Diagnostic:
    return Diagnostic(code=_SCHEMA, message=message, location=place)


def _whole(code: str, message: str) -> Diagnostic:
    return Diagnostic(code=code, message=message, location=None)
