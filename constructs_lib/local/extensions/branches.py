"""Upstream gap: states inside Parallel and Map leave no history and share their variables.

* Each state of a branch or iteration gets its StateEntered and StateExited event. Those of a
  distributed Map's children are in the children's histories.
* A branch has variables and a context of its own: it reads outer variables, what it assigns stays
  inside. MiniStack let Parallel branches write into each other's, task tokens included.
* Parallel's JSONata ``Arguments``, ``Output`` and ``Assign``, and ``Output`` of Succeed, count.

Source: Step Functions, "Passing data between states with variables" (read 2026-11-23).
"""

import contextvars
import copy
import json
from collections.abc import Callable, Mapping

from ministack.services import stepfunctions

from constructs_lib.local.extensions import current_run

_State = Mapping[str, object]
_Context = dict[str, object]
_Handler = Callable[..., tuple[object, str | None]]

# Set in the threads of branches only: the states outside have their history from MiniStack.
_inside: contextvars.ContextVar[bool] = contextvars.ContextVar("inside", default=False)


def register() -> None:
    """Wrap what runs branches, and what runs each kind of state in them."""
    for kind in ("pass", "task", "choice", "wait", "parallel", "map"):
        name = f"_execute_{kind}"
        setattr(stepfunctions, name, _with_history(getattr(stepfunctions, name)))
    stepfunctions._fail_state_error = _entering_fail(stepfunctions._fail_state_error)
    stepfunctions._apply_output_path = _succeeding(stepfunctions._apply_output_path)
    stepfunctions._run_sub_machine = _of_its_own(stepfunctions._run_sub_machine)
    stepfunctions._run_execution = _outside(stepfunctions._run_execution)
    stepfunctions._run_parallel_branches = _in_jsonata(stepfunctions._run_parallel_branches)


def _of_its_own(run_sub_machine: Callable[..., object]) -> Callable[..., object]:
    def run(
        states: _State,
        start_at: str,
        state_input: object,
        execution: dict[str, object],
        context: _Context,
    ) -> object:
        own = {**context, "variables": copy.deepcopy(context.get("variables", {}))}
        # Every branch has a thread, hence a context, of its own: nothing to set back.
        _inside.set(True)
        return run_sub_machine(states, start_at, state_input, execution, own)

    return run


def _outside(run_execution: Callable[[str], None]) -> Callable[[str], None]:
    def run(execution_arn: str) -> None:
        # A branch may start another execution, whose thread has a copy of the branch's context.
        outer = _inside.set(False)
        try:
            run_execution(execution_arn)
        finally:
            _inside.reset(outer)

    return run


def _with_history(execute: _Handler) -> _Handler:
    def execute_noted(state: _State, state_input: object, *rest: object) -> object:
        # The context is the last argument of every kind; a task's execution stands before it.
        context = rest[-1]
        if not _inside.get() or not isinstance(context, dict):
            return execute(state, state_input, *rest)
        current_run.require_running()
        name = context["State"]["Name"]
        _note(state, "Entered", name, "input", state_input)
        output, following = execute(state, state_input, *rest)
        _note(state, "Exited", name, "output", output)
        return output, following

    return execute_noted  # type: ignore[return-value]  # a pair, as all handlers return


def _entering_fail(fail_state_error: Callable[..., object]) -> Callable[..., object]:
    def fail(state: _State, state_input: object, context: _Context | None = None) -> object:
        if _inside.get() and context:
            _note(state, "Entered", _name(context), "input", state_input)
        return fail_state_error(state, state_input, context)

    return fail


def _succeeding(apply_output_path: Callable[..., object]) -> Callable[..., object]:
    def apply(state: _State, data: object, context: _Context | None = None) -> object:
        if state.get("Type") != "Succeed" or context is None:
            return apply_output_path(state, data, context)
        if _inside.get():
            _note(state, "Entered", _name(context), "input", data)
        if stepfunctions._state_query_language(state, context) == "JSONata":
            output = stepfunctions._apply_jsonata_output(state, data, context, default=data)
        else:
            output = apply_output_path(state, data, context)
        if _inside.get():
            _note(state, "Exited", _name(context), "output", output)
        return output

    return apply


def _in_jsonata(run_branches: _Handler) -> _Handler:
    def run(
        state: _State, state_input: object, execution: dict[str, object], context: _Context
    ) -> tuple[object, str | None]:
        if stepfunctions._state_query_language(state, context) != "JSONata":
            return run_branches(state, state_input, execution, context)
        argument = stepfunctions._apply_jsonata_arguments(state, state_input, context)
        results, following = run_branches(state, argument, execution, context)
        output = stepfunctions._apply_jsonata_output(
            state, state_input, context, result=results, default=results
        )
        stepfunctions._apply_state_assign(state, state_input, context, result=results)
        return output, following

    return run


def _name(context: _Context) -> object:
    state = context["State"]
    return state["Name"] if isinstance(state, dict) else None


def _note(state: _State, moment: str, name: object, key: str, data: object) -> None:
    execution = current_run.current_execution()
    if execution is None:
        return
    details = {"name": name, key: json.dumps(data)}
    stepfunctions._add_event(
        execution, f"{state['Type']}State{moment}", {f"state{moment}EventDetails": details}
    )
