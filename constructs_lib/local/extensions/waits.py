"""Upstream gap: waits sleep in real time, and one whose path names no possible time does not wait.

Waits, and pauses before retries, are those of the account's clock; the end of the execution ends
them. A path that names no time ends the execution with ``States.Runtime``, which says what the path
found. ``Assign`` of a Wait in JSONPath counts.
Source: Step Functions developer guide, "Wait workflow state" (read 2026-11-23).
"""

from collections.abc import Callable, Mapping

from ministack.services import stepfunctions

from constructs_lib.local.extensions import clock, current_run, paths
from constructs_lib.local.extensions.state_errors import runtime_error
from constructs_lib.local.extensions.timestamps import parsed_timestamp
from constructs_lib.local.extensions.variables import assign

_State = Mapping[str, object]
MAXIMUM_SECONDS = 99_999_999


def register() -> None:
    """Look at what the paths of a Wait name before it waits, and wait on the clock."""
    stepfunctions._execute_wait = _checked(stepfunctions._execute_wait)
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
            timed["Seconds"] = _seconds(path, paths.resolve(path, data, context))
        elif "TimestampPath" in timed:
            path = str(timed.pop("TimestampPath"))
            timed["Timestamp"] = _timestamp(path, paths.resolve(path, data, context))
        waited = wait(timed, state_input, context)
        assign(state, data, context)
        return waited

    return execute


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
