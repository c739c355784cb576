"""Upstream gap: paths have no filters, slices or variables, and what they miss is null.

``$``, ``$$`` and ``$name`` read the input, the context object and a variable. A path whose target
is not there ends the execution with ``States.Runtime``, as nothing can catch it, and says what it
missed. In MiniStack the workflow went on with null. The context object tells the role and, of a
Standard execution, the redrives as well, and counts retries of those states only that have any.
Source: Step Functions developer guide, "Using JSONPath paths", "Passing data between states with
variables", "Accessing execution data from the Context object" (read 2026-11-27).
"""

import contextvars
import json
import re
from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import current_run, json_path
from constructs_lib.local.extensions.state_errors import runtime_error, state_type

Context = dict[str, object]
_State = Mapping[str, object]

_VARIABLE = re.compile(r"\$([^\W\d]\w*)", re.ASCII)
# What MiniStack keeps there besides the context object of AWS.
_NOT_OF_CONTEXT = ("QueryLanguage", "variables")
_NEVER_RETRIED = ("Pass", "Choice", "Wait", "Succeed", "Fail")
# MiniStack does not hand the context on to every place that reads a path.
_context: contextvars.ContextVar[Context | None] = contextvars.ContextVar("context", default=None)
_language: contextvars.ContextVar[str | None] = contextvars.ContextVar("language", default=None)


def register() -> None:
    """Resolve every path here, and know the context of the state that reads it."""
    for kind in ("pass", "task", "choice", "wait", "parallel", "map"):
        name = f"_execute_{kind}"
        setattr(stepfunctions, name, _knowing(getattr(stepfunctions, name)))
    stepfunctions._fail_state_error = _knowing(stepfunctions._fail_state_error)
    stepfunctions._resolve_path = resolve
    stepfunctions._resolve_path_or_ctx = resolve
    stepfunctions._resolve_ctx_path = lambda path, context: resolve(path, None, context)
    stepfunctions._resolve_params_obj = resolve_template
    stepfunctions._apply_input_path = _field("InputPath")
    stepfunctions._apply_output_path = _field("OutputPath")


def context_of_state() -> Context | None:
    """The context of the state that the current thread executes."""
    return _context.get()


def context_object(context: Context) -> Context:
    """``context`` as AWS shows it."""
    shown = {name: value for name, value in context.items() if name not in _NOT_OF_CONTEXT}
    running = current_run.current_execution()
    if running is not None and "Execution" in shown:
        # A child of a Distributed Map has its role from the whole.
        machine_arn = str(running["stateMachineArn"]).partition("/")[0]
        machine = stepfunctions._state_machines.get(machine_arn) or {}
        about = {**cast(Context, shown["Execution"]), "RoleArn": machine.get("roleArn")}
        if machine.get("type") != "EXPRESS":
            about["RedriveCount"] = running.get("redriveCount", 0)
        if "redriveDate" in running:
            about["RedriveTime"] = running["redriveDate"]
        shown["Execution"] = about
    if state_type() in _NEVER_RETRIED and "State" in shown:
        state = cast(Context, shown["State"])
        shown["State"] = {name: value for name, value in state.items() if name != "RetryCount"}
    return shown


def language_of_state() -> str:
    """The query language of that state, which its rules and catchers share."""
    return _language.get() or "JSONPath"


def find(path: str, data: object, context: Context | None = None) -> object:
    """What ``path`` names in the input ``data``, the context object or the variables.

    Raises:
        LookupError: It is not there.
        ValueError: It is no path.
    """
    context = context or _context.get() or {}
    if path.startswith("$$"):
        return json_path.find(path[1:], context_object(context))
    variable = _VARIABLE.match(path)
    if variable:
        variables = cast(Mapping[str, object], context.get("variables") or {})
        if variable[1] not in variables:
            raise json_path.MissingPathError(variable[0], is_end=True)
        return json_path.find(f"${path[variable.end() :]}", variables[variable[1]])
    return json_path.find(path, data) if path.startswith("$") else data


def resolve(path: str, data: object, context: Context | None = None) -> object:
    """As ``find``, for a field of a state.

    Raises:
        States.Runtime: It is not there, or no path.
    """
    try:
        return find(path, data, context)
    except (LookupError, ValueError) as error:
        raise runtime_error(f"Invalid path '{path}' : {error}") from None


def resolve_template(template: object, data: object, context: Context | None = None) -> object:
    """A payload template: each field whose name ends in ``.$`` is a path or an intrinsic function.

    Raises:
        States.Runtime: A path's target is not there.
        States.IntrinsicFailure: A function failed.
    """
    if isinstance(template, list):
        return [resolve_template(item, data, context) for item in template]
    if not isinstance(template, dict):
        return template
    return {
        name.removesuffix(".$"): resolve_value(name, value, data, context)
        if name.endswith(".$")
        else resolve_template(value, data, context)
        for name, value in template.items()
    }


def resolve_value(name: str, value: object, data: object, context: Context | None) -> object:
    """The value of the field ``name`` that is a path or an intrinsic function.

    Raises:
        States.Runtime: A path's target is not there.
        States.IntrinsicFailure: A function failed.
    """
    if not isinstance(value, str):
        return value
    if value.startswith("States."):
        return cast(object, stepfunctions._evaluate_intrinsic(value, data, context))
    try:
        return find(value, data, context)
    except LookupError:
        searched = (
            context_object(context or _context.get() or {}) if value.startswith("$$") else data
        )
        text = json.dumps(searched, separators=(",", ":"), ensure_ascii=False)
        raise runtime_error(
            f"The JSONPath '{value}' specified for the field '{name}' "
            f"could not be found in the input '{text}'"
        ) from None
    except ValueError as error:
        raise runtime_error(f"Invalid path '{value}' : {error}") from None


def _field(name: str) -> Callable[..., object]:
    def apply(state: _State, data: object, context: Context | None = None) -> object:
        path = state.get(name, "$")
        return {} if path is None else resolve(str(path), data, context)

    return apply


def _knowing(execute: Callable[..., object]) -> Callable[..., object]:
    def run(state: _State, state_input: object, *rest: object) -> object:
        # The context is the last argument of every kind.
        context = rest[-1] if rest and isinstance(rest[-1], dict) else None
        outer = _context.set(context)
        outer_language = _language.set(stepfunctions._state_query_language(state, context))
        try:
            return execute(state, state_input, *rest)
        finally:
            _context.reset(outer)
            _language.reset(outer_language)

    return run
