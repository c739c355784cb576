"""Amazon States Language to ``StateMachine``: whatever the definition holds, nothing is dropped.

A value of the wrong type becomes a problem in words and is otherwise passed over; fields that the
language does not have are named in ``unknown_fields``. ``State.fields`` is always the whole state.

Source: states-language.net/spec.html; Step Functions developer guide, "State machine structure"
and the pages of the state types (read 2026-11-27).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from constructs_lib.insight.asl_choice import condition_text
from constructs_lib.insight.asl_fields import FieldReader, kind_of
from constructs_lib.insight.asl_task import Referrer, read_task
from constructs_lib.insight.model import Catch, Retry, State, StateMachine, Transition
from constructs_lib.states_language.fields import (
    BRANCH_FIELDS,
    MACHINE_FIELDS,
    PROCESSOR_FIELDS,
    STATE_FIELDS,
)
from constructs_lib.templates.json_value import JsonValue

_RETRY_FIELDS = {
    "ErrorEquals",
    "IntervalSeconds",
    "MaxAttempts",
    "BackoffRate",
    "MaxDelaySeconds",
    "JitterStrategy",
    "Comment",
}
_CATCH_FIELDS = {"ErrorEquals", "Next", "ResultPath", "Output", "Assign", "Comment"}
#: Step Functions itself takes no more than about this many levels; Python's stack takes more.
_DEEPEST = 60


def read_machine(definition: object, refer: Referrer) -> StateMachine:
    """The state machine of a definition that is any JSON value at all.

    Args:
        refer: Tells what pieces of text in the definition point at.
    """
    reader = _Reader(refer)
    machine = reader.machine(definition, (), "JSONPath", "the definition")
    names: dict[str, int] = {}
    for state in machine.all_states():
        names[state.name] = names.get(state.name, 0) + 1
    for name, count in names.items():
        if count > 1:
            reader.fields.problem(
                f"state {name!r}", f"has its name {count} times; names must be unique"
            )
    return replace(machine, problems=tuple(reader.fields.problems))


class _Reader:
    def __init__(self, refer: Referrer) -> None:
        self._refer = refer
        self.fields = FieldReader()

    def machine(
        self, definition: object, path: tuple[str, ...], language: str, where: str
    ) -> StateMachine:
        if not isinstance(definition, Mapping):
            self.fields.problem(
                where, f"must be an object with StartAt and States, got {kind_of(definition)}"
            )
            return StateMachine(start_at="", states=(), query_language=language)
        if len(path) > _DEEPEST:
            self.fields.problem(
                where, f"is nested deeper than {_DEEPEST} levels; the rest is not read"
            )
            return StateMachine(
                start_at="", states=(), query_language=language, definition=definition
            )
        language = self._language(definition, language, where)
        states = definition.get("States")
        if not isinstance(states, Mapping):
            self.fields.problem(
                where, f"must have States, an object by state name, got {kind_of(states)}"
            )
            states = {}
        start_at = self.fields.text(definition, "StartAt", where)
        if start_at is None:
            self.fields.problem(where, "must name its first state in StartAt")
        elif start_at not in states:
            self.fields.problem(where, f"starts at {start_at!r}, which is not among its States")
        read = tuple(
            self._state(str(name), fields, path, language) for name, fields in states.items()
        )
        for state in read:
            for way in state.transitions:
                if way.target not in states:
                    self.fields.problem(
                        f"state {state.name!r}",
                        f"goes on to {way.target!r}, which is not a state of the same level",
                    )
        known = BRANCH_FIELDS if path else MACHINE_FIELDS
        unknown = self.fields.unknown(definition, known, where)
        return StateMachine(
            start_at=start_at or "",
            states=read,
            query_language=language,
            timeout_seconds=self.fields.number(definition, "TimeoutSeconds", where),
            comment=self.fields.text(definition, "Comment", where) or "",
            definition=definition,
            unknown_fields=unknown,
        )

    def _state(self, name: str, fields: object, path: tuple[str, ...], language: str) -> State:
        where = f"state {name!r}"
        if not isinstance(fields, Mapping):
            self.fields.problem(where, f"must be an object, got {kind_of(fields)}")
            return State(name=name, type="", path=path, query_language=language)
        type_ = self.fields.text(fields, "Type", where) or ""
        own_language = self._language(fields, language, where)
        if type_ not in STATE_FIELDS:
            self.fields.problem(
                where, f"must have a Type of the language, got {fields.get('Type')!r}"
            )
        ends = fields.get("End") is True or type_ in ("Succeed", "Fail")
        catches, retries = self._catches(fields, where), self._retries(fields, where)
        ways = (*self._ways_on(name, type_, fields, where), *_catch_ways(name, catches))
        if type_ in STATE_FIELDS and not ends and not any(way.kind != "catch" for way in ways):
            self.fields.problem(where, "must have a Next or an End")
        task = None
        if type_ == "Task":
            task = read_task(fields, self._refer, lambda text: self.fields.problem(where, text))
        return State(
            name=name,
            type=type_,
            path=path,
            query_language=own_language,
            transitions=ways,
            task=task,
            retries=retries,
            catches=catches,
            # A state's language is its own: what is inside has that of the whole machine.
            branches=tuple(self._branches(name, type_, fields, path, language, where)),
            ends=ends,
            timeout_seconds=self.fields.seconds(fields, "TimeoutSeconds", where),
            heartbeat_seconds=self.fields.seconds(fields, "HeartbeatSeconds", where),
            fields=fields,
            unknown_fields=self.fields.unknown(fields, STATE_FIELDS[type_], where)
            if type_ in STATE_FIELDS
            else (),
        )

    def _ways_on(
        self, name: str, type_: str, fields: Mapping[str, JsonValue], where: str
    ) -> Iterator[Transition]:
        following = self.fields.text(fields, "Next", where)
        if following is not None and type_ not in ("Choice", "Succeed", "Fail"):
            yield Transition(source=name, target=following, kind="next")
        if type_ != "Choice":
            return
        choices = self.fields.items(fields, "Choices", where)
        if not choices:
            self.fields.problem(where, "must have at least one choice in Choices")
        for rule in choices:
            if not isinstance(rule, Mapping):
                self.fields.problem(where, f"must have objects in Choices, got {kind_of(rule)}")
                continue
            target = self.fields.text(rule, "Next", where)
            if target is None:
                self.fields.problem(where, "must have a Next in each of its Choices")
                continue
            yield Transition(source=name, target=target, kind="choice", label=condition_text(rule))
        default = self.fields.text(fields, "Default", where)
        if default is not None:
            yield Transition(source=name, target=default, kind="default")

    def _branches(
        self,
        name: str,
        type_: str,
        fields: Mapping[str, JsonValue],
        path: tuple[str, ...],
        language: str,
        where: str,
    ) -> Iterator[StateMachine]:
        is_known = type_ in STATE_FIELDS
        if type_ == "Parallel" or (not is_known and "Branches" in fields):
            branches = self.fields.items(fields, "Branches", where)
            if not branches:
                self.fields.problem(where, "must have at least one branch in Branches")
            for number, branch in enumerate(branches, 1):
                yield self.machine(branch, (*path, name), language, f"branch {number} of {where}")
        processors = [fields[key] for key in PROCESSOR_FIELDS if key in fields]
        if type_ == "Map" or (not is_known and processors):
            if len(processors) > 1:
                self.fields.problem(
                    where, "must have one of ItemProcessor and Iterator; the latter is not read"
                )
            inside = next(iter(processors), None)
            yield self.machine(inside, (*path, name), language, f"the item processor of {where}")

    def _retries(self, fields: Mapping[str, JsonValue], where: str) -> tuple[Retry, ...]:
        found = []
        for each in self.fields.items(fields, "Retry", where):
            place = f"Retry of {where}"
            if not isinstance(each, Mapping):
                self.fields.problem(where, f"must have objects in Retry, got {kind_of(each)}")
                continue
            self.fields.unknown(each, _RETRY_FIELDS, place)
            numbers = {
                name: self.fields.number(each, field, place)
                for name, field in (
                    ("interval_seconds", "IntervalSeconds"),
                    ("backoff_rate", "BackoffRate"),
                    ("max_delay_seconds", "MaxDelaySeconds"),
                )
            }
            attempts = self.fields.number(each, "MaxAttempts", place)
            found.append(
                Retry(
                    errors=self._errors(each, place),
                    interval_seconds=_or(numbers["interval_seconds"], 1),
                    backoff_rate=_or(numbers["backoff_rate"], 2.0),
                    max_delay_seconds=numbers["max_delay_seconds"],
                    max_attempts=int(_or(attempts, 3)),
                    jitter=self.fields.text(each, "JitterStrategy", place) or "NONE",
                )
            )
        return tuple(found)

    def _catches(self, fields: Mapping[str, JsonValue], where: str) -> tuple[Catch, ...]:
        found = []
        for each in self.fields.items(fields, "Catch", where):
            if not isinstance(each, Mapping):
                self.fields.problem(where, f"must have objects in Catch, got {kind_of(each)}")
                continue
            self.fields.unknown(each, _CATCH_FIELDS, f"Catch of {where}")
            target = self.fields.text(each, "Next", f"Catch of {where}")
            if target is None:
                self.fields.problem(f"Catch of {where}", "must have a Next")
                continue
            found.append(Catch(errors=self._errors(each, f"Catch of {where}"), target=target))
        return tuple(found)

    def _errors(self, holder: Mapping[str, JsonValue], where: str) -> tuple[str, ...]:
        names = self.fields.items(holder, "ErrorEquals", where)
        if not names:
            self.fields.problem(where, "must name errors in ErrorEquals")
        for name in names:
            if not isinstance(name, str):
                self.fields.problem(where, f"must have texts in ErrorEquals, got {kind_of(name)}")
        return tuple(name for name in names if isinstance(name, str))

    def _language(self, holder: Mapping[str, JsonValue], inherited: str, where: str) -> str:
        language = self.fields.text(holder, "QueryLanguage", where)
        if language is None:
            return inherited
        if language not in ("JSONPath", "JSONata"):
            self.fields.problem(
                where, f"must have a QueryLanguage of JSONPath or JSONata, got {language!r}"
            )
            return inherited
        return language


def _catch_ways(name: str, catches: tuple[Catch, ...]) -> Iterator[Transition]:
    for each in catches:
        yield Transition(
            source=name, target=each.target, kind="catch", label=", ".join(each.errors)
        )


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
