"""Upstream gap: a JSONata failure does not say which expression of which field failed.

The cause names the expression and its field, and the history gets ``EvaluationFailed``, in place of
``TaskFailed`` where it is a task's. So fails an expression whose result JSON does not have, such as
a function. ``$states.context`` holds what AWS's does.
Source: Step Functions developer guide, "Transforming data with JSONata"; API reference,
EvaluationFailedEventDetails (read 2026-11-23).
"""

import contextvars
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import current_run, paths, state_errors
from constructs_lib.states_language import is_expression

_State = Mapping[str, object]
_NO_RESULT = "JSONata expression did not return a result"

_field: contextvars.ContextVar[str] = contextvars.ContextVar("field", default="")


def register() -> None:
    """Know the field that is evaluated, and tell of it when it fails."""
    stepfunctions._apply_jsonata_template = _template
    stepfunctions._jsonata_state_field = _typed_field
    for name, field in {"arguments": "Arguments", "output": "Output"}.items():
        function = f"_apply_jsonata_{name}"
        setattr(stepfunctions, function, _within(field, getattr(stepfunctions, function)))
    for name, field in {"seconds": "Seconds", "timestamp": "Timestamp"}.items():
        function = f"_jsonata_wait_{name}"
        setattr(stepfunctions, function, _told(field, getattr(stepfunctions, function)))
    rule = _told("Condition", stepfunctions._evaluate_jsonata_choice_rule)
    stepfunctions._evaluate_jsonata_choice_rule = rule
    stepfunctions._add_event = _without_task(stepfunctions._add_event)


@contextmanager
def in_field(name: str) -> Iterator[None]:
    """Say that the expressions which the current thread evaluates are of the field ``name``."""
    outer = _field.set(name)
    try:
        yield
    finally:
        _field.reset(outer)


def _within(field: str, evaluate: Callable[..., object]) -> Callable[..., object]:
    def run(*arguments: object, **named: object) -> object:
        with in_field(field):
            return evaluate(*arguments, **named)

    return run


def _told(field: str, evaluate: Callable[..., object]) -> Callable[..., object]:
    def run(*arguments: object) -> object:
        try:
            return evaluate(*arguments)
        except stepfunctions._ExecutionError as error:
            if error.error != state_errors.QUERY_EVALUATION or _is_located(error.cause):
                raise
            raise _failure(field, error.cause) from None

    return run


def _template(
    value: object,
    state_input: object,
    context: paths.Context | None = None,
    result: object = None,
    error_output: object = None,
) -> object:
    seen = _Seen(context or {})

    def evaluated(part: object, field: str) -> object:
        if isinstance(part, dict):
            return {name: evaluated(each, f"{field}/{name}") for name, each in part.items()}
        if isinstance(part, list):
            return [evaluated(each, f"{field}[{index}]") for index, each in enumerate(part)]
        expression = _expression(part)
        if expression is None:
            return part
        try:
            found = stepfunctions._evaluate_jsonata(
                expression, state_input, seen, result, error_output
            )
        except stepfunctions._ExecutionError as error:
            raise _failure(field, _sentence(expression, field, error.cause)) from None
        if not _is_json(found):
            what = _named(expression, field)
            raise _failure(field, f"{what} returned an unsupported result type.")
        return found

    return evaluated(value, _field.get())


def _typed_field(
    state: _State, field: str, expected: str, state_input: object, context: paths.Context | None
) -> object:
    with in_field(field):
        value = stepfunctions._apply_jsonata_template(state[field], state_input, context)
    kind = stepfunctions._json_type(value)
    if kind == expected:
        return value
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    raise _failure(
        field,
        f"{_named(_expression(state[field]) or str(state[field]), field)} "
        "returned an unexpected result type. "
        f"Expected '{expected}', but was '{kind}' for value: {text}",
    )


def _is_json(value: object) -> bool:
    if isinstance(value, dict):
        return all(map(_is_json, value.values()))
    if isinstance(value, list):
        return all(map(_is_json, value))
    # Functions and patterns are what else JSONata has.
    return value is None or isinstance(value, str | int | float)


def _expression(value: object) -> str | None:
    if is_expression(value):
        return cast(str, value)[2:-2].strip()
    return None


def _named(expression: str, field: str) -> str:
    return f"The JSONata expression '{expression}' specified for the field '{field}'"


def _sentence(expression: str, field: str, cause: str) -> str:
    what = _named(expression, field)
    if cause.startswith(_NO_RESULT):
        return f"{what} returned nothing (undefined)."
    return f"{what} threw an error during evaluation. {cause}"


def _failure(field: str, text: str) -> Exception:
    error, cause = state_errors.QUERY_EVALUATION, state_errors.located(text)
    execution = current_run.current_execution()
    if execution is not None:
        details = {
            "error": error,
            "cause": cause,
            "location": field,
            "state": state_errors.state_name(),
        }
        named = {"evaluationFailedEventDetails": details}
        stepfunctions._add_event(execution, "EvaluationFailed", named)
    return cast(Exception, stepfunctions._ExecutionError(error, cause))


def _is_located(cause: object) -> bool:
    return isinstance(cause, str) and cause.startswith(state_errors.located(""))


def _without_task(add_event: Callable[..., object]) -> Callable[..., object]:
    def add(execution: object, kind: str, details: object = None) -> object:
        if kind == "TaskFailed":
            failed = cast(Mapping[str, Mapping[str, object]], details)["taskFailedEventDetails"]
            kinds = (state_errors.RUNTIME, state_errors.QUERY_EVALUATION)
            # The state failed before or after its task, not the task.
            if failed["error"] in kinds and _is_located(failed["cause"]):
                return {}
        return add_event(execution, kind, details)

    return add


class _Seen(dict[str, object]):
    """The context object as expressions see it; MiniStack finds its variables as before."""

    def __init__(self, context: paths.Context) -> None:
        super().__init__(paths.context_object(context))
        self._variables = context.get("variables", {})

    def get(self, name: str, default: object = None) -> object:
        return self._variables if name == "variables" else super().get(name, default)
