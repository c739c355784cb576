"""Upstream gap: the TestState API treats every task as one in JSONPath, and knows no variables.

* ``Arguments``, ``Output`` and ``Assign`` of a JSONata task count, as do those of its catchers.
* ``variables`` are there, and shown with what the state assigns to them.
* A retrier comes before a catcher, which has its turn once the retries are used up.
* The inspection data has each step of the state that is evaluated, for every type of state.
* A mock that does not fit is refused: of a state that calls nothing, with both result and error.

Map and Parallel states are tested on AWS with a mock only, and not at all here.
Source: Step Functions API reference, TestState, InspectionData (read 2026-11-27); answers of AWS
that LocalStack records in its ``test_state`` (read 2026-11-27).
"""

import json
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import cast

from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions

from constructs_lib.local.extensions.answers import Properties, content, failed
from constructs_lib.local.extensions.retry_delays import delay_seconds

_Handler = Callable[[Properties], object]
_Call = Callable[..., object]
_FindRetrier = Callable[
    [Sequence[Properties], str, Mapping[int, int]], tuple[Properties | None, int]
]
_FindCatcher = Callable[[Sequence[Properties], str], Properties | None]
_Object = dict[str, object]

#: What the inspection data calls what each of these functions returns.
_STEPS = {
    "_apply_input_path": "afterInputPath",
    "_apply_parameters": "afterParameters",
    "_apply_jsonata_arguments": "afterArguments",
    "_apply_result_selector": "afterResultSelector",
    "_apply_result_path": "afterResultPath",
}
_CALLS = ("_invoke_resource", "_invoke_with_callback")
_WITH_INPUT_PATH_ONLY = ("Choice", "Fail", "Succeed")
_CALLING_NOTHING = ("Choice", "Fail", "Pass", "Succeed", "Wait")
_INSPECTED = ("DEBUG", "TRACE")
_NO_BRANCHES = (
    "TestState API does not support Map or Parallel states. Supported state types include: "
    "[Task, Wait, Pass, Succeed, Fail, Choice]"
)


@dataclass
class _Test:
    """A state under test: the mock of its call, the retries it had, and what was seen of it."""

    mock: Properties
    retries: int
    seen: _Object = field(default_factory=dict)
    caught: _Object = field(default_factory=dict)
    #: What it is if it fails.
    status: str = "FAILED"

    def note(self, step: str, value: object) -> None:
        self.seen[step] = json.dumps(value)


_current: ContextVar[_Test | None] = ContextVar("state_test", default=None)


def register() -> None:
    """See what the states evaluate, and run tasks as executions do."""
    for name, step in _STEPS.items():
        setattr(stepfunctions, name, _noted(step, getattr(stepfunctions, name)))
    for name in _CALLS:
        setattr(stepfunctions, name, _mocked(getattr(stepfunctions, name)))
    stepfunctions._find_matching_retrier = _retriable(stepfunctions._find_matching_retrier)
    stepfunctions._find_matching_catcher = _caught(stepfunctions._find_matching_catcher)
    stepfunctions._apply_catcher = _told(stepfunctions._apply_catcher)
    stepfunctions._test_state = _tested(stepfunctions._test_state)


def _noted(step: str, evaluate: _Call) -> _Call:
    def run(*arguments: object, **named: object) -> object:
        value = evaluate(*arguments, **named)
        test = _current.get()
        if test is not None:
            test.note(step, value)
        return value

    return run


def _mocked(invoke: _Call) -> _Call:
    def call(*arguments: object) -> object:
        test = _current.get()
        if test is None:
            return invoke(*arguments)
        if "errorOutput" in test.mock:
            thrown = cast(Mapping[str, str], test.mock["errorOutput"])
            raise stepfunctions._ExecutionError(thrown.get("error", ""), thrown.get("cause", ""))
        if "result" in test.mock:
            result = json.loads(str(test.mock["result"]))
        else:
            # An execution that the task starts is none of the test.
            outer = _current.set(None)
            try:
                result = invoke(*arguments)
            finally:
                _current.reset(outer)
        test.note("result", result)
        return result

    return call


def _retriable(find: _FindRetrier) -> _FindRetrier:
    def found(
        retriers: Sequence[Properties], error: str, counts: Mapping[int, int]
    ) -> tuple[Properties | None, int]:
        test = _current.get()
        if test is None:
            return find(retriers, error, counts)
        used = dict.fromkeys(range(len(retriers)), test.retries)
        retrier, index = find(retriers, error, used)
        if retrier is not None:
            # With jitter, the longest one.
            longest = {**retrier, "JitterStrategy": "NONE"}
            delay = delay_seconds(longest, test.retries, chance=random.Random(0))  # noqa: S311
            details = {"retryIndex": index, "retryBackoffIntervalSeconds": int(delay)}
            test.seen["errorDetails"] = details
            test.status = "RETRIABLE"
        return None, -1

    return found


def _caught(find: _FindCatcher) -> _FindCatcher:
    def found(catchers: Sequence[Properties], error: str) -> Properties | None:
        test = _current.get()
        if test is None:
            return find(catchers, error)
        catcher = None if test.status == "RETRIABLE" else find(catchers, error)
        if catcher is not None:
            test.seen["errorDetails"] = {"catchIndex": catchers.index(catcher)}
        return catcher

    return found


def _told(apply_catcher: _Call) -> _Call:
    def apply(
        catcher: object, state_input: object, context: object, language: object, error: Properties
    ) -> object:
        test = _current.get()
        if test is not None:
            test.caught = {"error": error["Error"], "cause": error["Cause"]}
        return apply_catcher(catcher, state_input, context, language, error)

    return apply


def _tested(test_state: _Handler) -> _Handler:
    def answer(request: Properties) -> object:
        try:
            state, name, language = _state(request)
            state_input = json.loads(str(request.get("input", "{}")))
            variables = json.loads(str(request.get("variables", "{}")))
            context = json.loads(str(request.get("context", "{}")))
        except (ValueError, LookupError):
            # MiniStack says what is wrong with it.
            return test_state(request)
        mock = cast(Properties, request.get("mock") or {})
        refusal = _refusal(str(state.get("Type")), mock, request)
        if refusal is not None:
            return refusal
        context["variables"] = variables
        configuration = cast(Properties, request.get("stateConfiguration") or {})
        test = _Test(mock, cast(int, configuration.get("retrierRetryCount", 0)))
        test.note("input", state_input)
        outer = _current.set(test)
        try:
            if state.get("Type") == "Task":
                context = _context(name, language, state_input, request) | context
                told = _run_task(state, state_input, context, test)
            else:
                plain = {**request, "inspectionLevel": "INFO", "context": context}
                response = test_state(plain)
                if failed(response):
                    return response
                told = content(response)
        finally:
            _current.reset(outer)
        if request.get("inspectionLevel") in _INSPECTED:
            told["inspectionData"] = _inspected(state, test, context)
        return json_response(told)

    return answer


def _state(request: Properties) -> tuple[_Object, str, str]:
    """The state under test, its name, and the query language that it may inherit."""
    definition = json.loads(str(request["definition"]))
    name = str(request.get("stateName") or definition.get("StartAt") or "TestState")
    state = definition["States"][name] if "States" in definition else definition
    return state, name, definition.get("QueryLanguage", "JSONPath")


def _refusal(kind: str, mock: Properties, request: Properties) -> object:
    code, message = "ValidationException", None
    if kind in ("Map", "Parallel") and not mock:
        code, message = "InvalidDefinition", _NO_BRANCHES
    elif mock and kind in _CALLING_NOTHING:
        message = f"State type '{kind}' is not supported when a mock is specified"
    elif "result" in mock and "errorOutput" in mock:
        message = "A test mock should have only one of the following fields: [result, errorOutput]."
    elif mock and request.get("revealSecrets"):
        message = "TestState does not support RevealSecrets when a mock is specified."
    elif not _is_json(mock.get("result", "null")):
        message = "Mocked result must be valid JSON."
    return None if message is None else error_response_json(code, message, 400)


def _is_json(text: object) -> bool:
    try:
        json.loads(str(text))
    except ValueError:
        return False
    return True


def _context(name: str, language: str, state_input: object, request: Properties) -> _Object:
    account = f"{stepfunctions.get_region()}:{stepfunctions.get_account_id()}"
    made = uuid.uuid4()
    now = stepfunctions.now_iso()
    return {
        "Execution": {
            "Id": f"arn:aws:states:{account}:express:{made}:{made}",
            "Input": state_input,
            "Name": str(made),
            "RoleArn": request.get("roleArn"),
            "StartTime": now,
        },
        "StateMachine": {
            "Id": f"arn:aws:states:{account}:stateMachine:{made}",
            "Name": str(made),
        },
        "State": {"Name": name, "EnteredTime": now, "RetryCount": 0},
        "QueryLanguage": language,
    }


def _run_task(state: _Object, state_input: object, context: _Object, test: _Test) -> _Object:
    history = {"executionArn": "", "events": []}
    try:
        output, following = stepfunctions._execute_task(state, state_input, history, context)
    except stepfunctions._ExecutionError as error:
        return {"status": test.status, "error": error.error, "cause": error.cause}
    told = {**test.caught, "status": "CAUGHT_ERROR" if test.caught else "SUCCEEDED"}
    told["output"] = json.dumps(output)
    return told | ({"nextState": following} if following else {})


def _inspected(state: _Object, test: _Test, context: _Object) -> _Object:
    shown = dict(test.seen)
    kind = state.get("Type")
    if stepfunctions._state_query_language(state, context) == "JSONata":
        shown.pop("afterInputPath", None)
    elif kind in _WITH_INPUT_PATH_ONLY:
        shown.setdefault("afterInputPath", shown["input"])
    elif kind == "Pass" and "Result" in state:
        del shown["afterInputPath"], shown["afterParameters"]
        shown["result"] = json.dumps(state["Result"])
    if context.get("variables"):
        shown["variables"] = json.dumps(context["variables"])
    return shown
