"""Upstream gap: a Choice knows half of its operators, and compares values of different types.

Values of another type than the operator's are no match, ``true`` is not 1, and a present null is
present. A path without its value ends the execution with ``States.Runtime``, but for ``IsPresent``.
``Assign`` works on rules and on the state, ``Output`` on the default. Where no rule matches and
there is no default, the execution ends with ``States.Runtime`` as well, which nothing catches.
Source: Step Functions developer guide, "Choice workflow state" (read 2026-11-23).
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import paths
from constructs_lib.local.extensions.state_errors import runtime_error
from constructs_lib.local.extensions.variables import assign
from constructs_lib.states_language import parsed_timestamp

_Rule = Mapping[str, object]
_State = Mapping[str, object]
_Read = Callable[[object], object]

# Called with two values of one kind only.
_ORDERS: dict[str, Callable[..., bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}
_COMPARISON = re.compile(rf"(String|Numeric|Boolean|Timestamp)({'|'.join(_ORDERS)})(Path)?")


def register() -> None:
    """Evaluate rules in JSONPath here, and add what states in JSONata lack."""
    stepfunctions._evaluate_rule = matches
    stepfunctions._execute_choice = _choosing(stepfunctions._execute_choice)


def matches(rule: _Rule, data: object, context: paths.Context | None = None) -> bool:
    """Whether ``rule`` is true of ``data``.

    Raises:
        States.Runtime: A path names what is not there.
    """
    if "And" in rule:
        return all(matches(each, data, context) for each in cast(list[_Rule], rule["And"]))
    if "Or" in rule:
        return any(matches(each, data, context) for each in cast(list[_Rule], rule["Or"]))
    if "Not" in rule:
        return not matches(cast(_Rule, rule["Not"]), data, context)
    path = str(rule.get("Variable"))
    if "IsPresent" in rule:
        return _is_present(path, data, context) is rule["IsPresent"]
    value = _value(path, data, context)
    for name, expected in rule.items():
        if name in _KINDS:
            return _KINDS[name](value) is expected
        if name == "StringMatches":
            return isinstance(value, str) and _like(str(expected)).fullmatch(value) is not None
        comparison = _COMPARISON.fullmatch(name)
        if comparison:
            kind, order, is_path = comparison.groups()
            other = _value(str(expected), data, context) if is_path else expected
            return _compare(_READERS[kind], _ORDERS[order], value, other)
    return False


def _choosing(choose: Callable[..., object]) -> Callable[..., object]:
    def execute(state: _State, state_input: object, context: paths.Context | None = None) -> object:
        if stepfunctions._state_query_language(state, context) == "JSONata":
            return _in_jsonata(choose, state, state_input, context)
        data = stepfunctions._apply_input_path(state, state_input, context)
        for rule in cast(list[_Rule], state.get("Choices", [])):
            if matches(rule, data, context):
                assign(rule, data, context)
                return stepfunctions._apply_output_path(state, data, context), rule["Next"]
        if "Default" not in state:
            raise _nothing_matched()
        assign(state, data, context)
        return stepfunctions._apply_output_path(state, data, context), state["Default"]

    return execute


def _in_jsonata(
    choose: Callable[..., object], state: _State, state_input: object, context: object
) -> object:
    try:
        output, following = cast(tuple[object, object], choose(state, state_input, context))
    except stepfunctions._ExecutionError as error:
        if error.error == "States.NoChoiceMatched":
            raise _nothing_matched() from None
        raise
    rules = cast(list[_Rule], state.get("Choices", []))
    is_default = following == state.get("Default") and "Output" in state
    if is_default and not any(
        stepfunctions._evaluate_jsonata_choice_rule(rule, state_input, context) for rule in rules
    ):
        output = stepfunctions._apply_jsonata_output(state, state_input, context)
    return output, following


def _nothing_matched() -> Exception:
    return runtime_error(
        "Failed to transition out of the state. The state does not point to a next state."
    )


def _is_present(path: str, data: object, context: paths.Context | None) -> bool:
    try:
        paths.find(path, data, context)
    except LookupError:
        return False
    return True


def _value(path: str, data: object, context: paths.Context | None) -> object:
    try:
        return paths.find(path, data, context)
    except (LookupError, ValueError):
        raise runtime_error(
            f"Invalid path '{path}': The choice state's condition path references an invalid value."
        ) from None


def _compare(read: _Read, order: Callable[..., bool], value: object, other: object) -> bool:
    left, right = read(value), read(other)
    return left is not None and right is not None and order(left, right)


def _text(value: object) -> bytes | None:
    # By UTF-16 code units, as Java orders texts.
    return value.encode("utf-16-be", "surrogatepass") if isinstance(value, str) else None


def _number(value: object) -> object:
    return value if _is_number(value) else None


def _truth(value: object) -> object:
    return value if isinstance(value, bool) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _like(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\\[\\*]|[\s\S]", pattern)
    return re.compile(
        "".join(".*" if part == "*" else re.escape(part[-1]) for part in parts), re.DOTALL
    )


_READERS: dict[str, _Read] = {
    "String": _text,
    "Numeric": _number,
    "Boolean": _truth,
    "Timestamp": parsed_timestamp,
}
_KINDS: dict[str, Callable[[object], bool]] = {
    "IsNull": lambda value: value is None,
    "IsNumeric": _is_number,
    "IsString": lambda value: isinstance(value, str),
    "IsBoolean": lambda value: isinstance(value, bool),
    "IsTimestamp": lambda value: parsed_timestamp(value) is not None,
}
