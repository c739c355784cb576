"""Upstream gap: waits sleep in real time, and one whose path names no possible time does not wait.

Waits, and pauses before retries, are those of the account's clock; the end of the execution ends
them. A path that names no time ends the execution with ``States.Runtime``, which says what the path
found. An expression has to name a time as strictly: with a ``T`` and an offset. ``Assign`` of a
Wait in JSONPath counts.
Source: Step Functions developer guide, "Wait workflow state" (read 2026-11-23).
"""

from collections.abc import Callable, Mapping

from ministack.services import stepfunctions

from constructs_lib.local.extensions import clock, current_run, paths
from constructs_lib.local.extensions.state_errors import QUERY_EVALUATION, runtime_error
from constructs_lib.local.extensions.variables import assign
from constructs_lib.states_language import parsed_timestamp

_State = Mapping[str, object]
MAXIMUM_SECONDS = 99_999_999


def register() -> None:
    """Look at what the paths of a Wait name before it waits, and wait on the clock."""
    stepfunctions._execute_wait = _checked(stepfunctions._execute_wait)
    stepfunctions._jsonata_wait_timestamp = _strict(stepfunctions._jsonata_wait_timestamp)
    stepfunctions._scaled_sleep = _on_the_clock(stepfunctions._scaled_sleep)
    stepfunctions._sleep_until = _sleep_until


def _on_the_clock(sleep: Callable[[float], None]) -> Callable[[float], None]:
    def sleep_on_the_clock(seconds: float) -> None:
        run = current_run.current()
        if run is None:
            # The TestState API: no execution, whose end could wake it.
            sleep(seconds)
        else:
            run.ended.wait(seconds)

    return sleep_on_the_clock


def _sleep_until(timestamp: str) -> None:
    moment = parsed_timestamp(timestamp)
    if moment is not None:
        stepfunctions._scaled_sleep(moment.timestamp() - clock.current().now())


def _checked(wait: Callable[..., object]) -> Callable[..., object]:
    def execute(state: _State, state_input: object, context: paths.Context | None = None) -> object:
        if stepfunctions._state_query_language(state, context) == "JSONata":
            return wait(state, state_input, context)
        data = stepfunctions._apply_input_path(state, state_input, context)
        timed = dict(state)
        if "SecondsPath" in timed:
            path = str(timed.pop("SecondsPath"))
            timed["Seconds"] = _seconds(path, _found("SecondsPath", path, data, context))
        elif "TimestampPath" in timed:
            path = str(timed.pop("TimestampPath"))
            timed["Timestamp"] = _timestamp(path, _found("TimestampPath", path, data, context))
        waited = wait(timed, state_input, context)
        assign(state, data, context)
        return waited

    return execute


def _strict(wait_timestamp: Callable[..., str]) -> Callable[..., str]:
    def timestamp(state: _State, state_input: object, context: paths.Context | None = None) -> str:
        given = wait_timestamp(state, state_input, context)
        if parsed_timestamp(given) is None:
            raise stepfunctions._ExecutionError(
                QUERY_EVALUATION,
                "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time "
                f"format string: {given}",
            )
        return given

    return timestamp


def _found(field: str, path: str, data: object, context: paths.Context | None) -> object:
    try:
        return paths.find(path, data, context)
    except LookupError:
        raise runtime_error(
            f"The {field} parameter does not reference an input value: {path}"
        ) from None


def _seconds(path: str, value: object) -> int:
    found = f"{path} == {value}"
    if isinstance(value, bool) or not isinstance(value, int):
        raise runtime_error(f"The SecondsPath parameter cannot be parsed as a long value: {found}")
    if value < 0:
        raise runtime_error(f"The SecondsPath parameter references a negative value: {found}")
    if value > MAXIMUM_SECONDS:
        raise runtime_error(
            f"The SecondsPath parameter references a value over {MAXIMUM_SECONDS}: {found}"
        )
    return value


def _timestamp(path: str, value: object) -> str:
    if parsed_timestamp(value) is None:
        raise runtime_error(
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset "
            f"date-time format string: {path} == {value}"
        )
    return str(value)
