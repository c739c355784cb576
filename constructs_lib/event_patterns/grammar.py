"""Whether EventBridge accepts an event pattern: its grammar, operator by operator.

Pure functions over the pattern as JSON has it, CDK tokens resolved: what only the deployment knows
(``{"Ref": …}``, ``{"Fn::…": …}``) passes.

Source: EventBridge user guide, "Creating Amazon EventBridge event patterns" and "Comparison
operators for use in event patterns" (read 2026-11-23); aws/event-ruler, EventBridge's own matcher,
for what the pages leave open (bounds of masks and ranges, escapes, reserved names).
"""

import ipaddress
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn, TypeGuard

from constructs_lib.rules import ConfigError

Pattern = Mapping[str, object]

_MAX_COMBINATIONS = 1000
_RANGE_BOTTOM = (">", ">=")
_RANGE_TOP = ("<", "<=")
_COMPARISONS = ("=", *_RANGE_BOTTOM, *_RANGE_TOP)
_NEGATABLE = ("prefix", "suffix", "equals-ignore-case", "wildcard")


def require_valid_pattern(pattern: Pattern) -> None:
    """Refuse a pattern that EventBridge refuses.

    Raises:
        ConfigError: Naming the path in the pattern, the rule, the value and the remedy.
    """
    _check_object("", pattern, inside_or=False)
    combinations = _combinations(pattern)
    if combinations > _MAX_COMBINATIONS:
        refuse(
            "",
            f"have at most {_MAX_COMBINATIONS} combinations of its $or alternatives",
            combinations,
            "split it into several subscriptions",
        )


def is_unknown(value: object) -> bool:
    """Whether only the deployment knows the value."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    (key,) = value
    return key == "Ref" or str(key).startswith("Fn::")


def refuse(path: str, rule: str, value: object, remedy: str) -> NoReturn:
    """Raise the one shape in which patterns are refused."""
    place = f"event_pattern at {path}" if path else "event_pattern"
    raise ConfigError(f"{place} must {rule}, got {value!r}; {remedy}")


def join(path: str, key: str) -> str:
    """A path in a pattern, as error messages and EventBridge itself write it."""
    return f"{path}.{key}" if path else key


def _check_object(path: str, value: object, *, inside_or: bool) -> None:
    if not isinstance(value, Mapping) or not value:
        refuse(path, "be an object with at least one field", value, "name the fields to match")
    for key, content in value.items():
        here = join(path, str(key))
        if key == "$or":
            _check_or(here, content)
        elif inside_or and key in _OPERATORS:
            refuse(
                here,
                "not be an operator: $or combines fields",
                content,
                f"write the field's name before it: {{'field': [{{{key!r}: …}}]}}",
            )
        elif is_unknown(content):
            continue
        elif isinstance(content, Mapping):
            _check_object(here, content, inside_or=inside_or)
        elif _is_list(content):
            _check_values(here, content)
        else:
            refuse(here, "be a list of values", content, f"write [{content!r}]")


def _check_or(path: str, alternatives: object) -> None:
    if is_unknown(alternatives):
        return
    if not _is_list(alternatives) or len(alternatives) < 2:
        refuse(
            path,
            "be a list of at least two objects",
            alternatives,
            "write one object for each alternative",
        )
    for number, alternative in enumerate(alternatives):
        _check_object(f"{path}[{number}]", alternative, inside_or=True)


def _combinations(node: object) -> int:
    """EventBridge's own count: the product of the lengths of every $or."""
    if not isinstance(node, Mapping):
        return 1
    product = 1
    for key, content in node.items():
        if key == "$or" and _is_list(content):
            product *= len(content) * math.prod(_combinations(one) for one in content)
        else:
            product *= _combinations(content)
    return product


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _check_values(path: str, values: Sequence[object]) -> None:
    if not values:
        refuse(path, "not be an empty list", values, "leave the field out to match any value")
    for value in values:
        if isinstance(value, Mapping):
            if not is_unknown(value):
                _check_operator(path, value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            _require_number(path, value)
        elif value is not None and not isinstance(value, str | bool):
            refuse(
                path,
                "hold text, numbers, true, false, null or operators",
                value,
                "write one list, whose values are alternatives",
            )


def _check_operator(path: str, expression: Mapping[str, object]) -> None:
    if len(expression) != 1:
        refuse(
            path,
            "name one operator an object",
            expression,
            "write one object for each operator; in a list they are alternatives",
        )
    ((operator, operand),) = expression.items()
    check = _OPERATORS.get(operator)
    if check is None:
        refuse(
            path,
            f"name an operator ({', '.join(_OPERATORS)})",
            operator,
            "operators are written in lower case; a nested field stands outside the list",
        )
    if not is_unknown(operand):
        check(join(path, operator), operand)


def _check_text(path: str, operand: object) -> None:
    if not isinstance(operand, str):
        refuse(path, "be text", operand, "one operator takes one text; list several operators")


def _check_affix(path: str, operand: object) -> None:
    if isinstance(operand, Mapping):
        inner = dict(operand)
        if list(inner) != ["equals-ignore-case"]:
            refuse(path, "be text or {'equals-ignore-case': text}", operand, "choose one of them")
        operand, path = inner["equals-ignore-case"], join(path, "equals-ignore-case")
        if is_unknown(operand):
            return
    _check_text(path, operand)


def _check_wildcard(path: str, operand: object) -> None:
    _check_text(path, operand)
    without_escapes = re.sub(r"\\[*\\]", "x", str(operand))
    if "\\" in without_escapes:
        refuse(path, "escape only * and the backslash", operand, "write a backslash twice")
    if "**" in without_escapes:
        refuse(path, "not have two * in a row", operand, "one * stands for any characters")


def _check_cidr(path: str, operand: object) -> None:
    _check_text(path, operand)
    address, _, mask = str(operand).partition("/")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        parsed = None
    bits = parsed.max_prefixlen if parsed else 0
    # One whole address is no range to EventBridge's matcher.
    if parsed is None or not re.fullmatch(r"[0-9]{1,3}", mask) or not int(mask) < bits:
        refuse(
            path,
            "be an address and a mask of at most 31 (IPv6: 127) bits",
            operand,
            "write for example '10.0.0.0/24'; give a single address without the operator",
        )


def _check_exists(path: str, operand: object) -> None:
    if not isinstance(operand, bool):
        refuse(path, "be true or false", operand, "pass a bool")


def _require_number(path: str, value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    try:
        number = float(value) if isinstance(value, int | float) and is_number else math.nan
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or (isinstance(value, int) and int(number) != value):
        refuse(path, "be a number that a double holds exactly", value, "match longer ones as text")
    return number


def _check_numeric(path: str, operand: object) -> None:
    remedy = "write for example ['>', 0, '<=', 5], the lower bound first"
    if not _is_list(operand):
        refuse(path, "be a list of comparisons and numbers", operand, remedy)
    if any(is_unknown(part) for part in operand):
        return
    if len(operand) not in (2, 4) or operand[0] not in _COMPARISONS:
        refuse(path, "be one comparison with its number, or a range", operand, remedy)
    bottom = _require_number(path, operand[1])
    if len(operand) == 2:
        return
    if operand[0] not in _RANGE_BOTTOM or operand[2] not in _RANGE_TOP:
        refuse(path, "be a range from '>' or '>=' to '<' or '<='", operand, remedy)
    if not bottom < _require_number(path, operand[3]):
        refuse(path, "be a range that is not empty", operand, remedy)


def _check_anything_but(path: str, operand: object) -> None:
    if isinstance(operand, Mapping):
        if len(operand) != 1 or next(iter(operand)) not in _NEGATABLE:
            refuse(path, f"negate one of {', '.join(_NEGATABLE)}", operand, "choose one of them")
        ((inner, content),) = operand.items()
        if not is_unknown(content):
            _check_negated(join(path, inner), inner, content)
        return
    values = list(operand) if _is_list(operand) else [operand]
    known = [value for value in values if not is_unknown(value)]
    texts = [value for value in known if isinstance(value, str)]
    if not values or (texts and len(texts) < len(known)):
        refuse(path, "be texts only or numbers only", operand, "use one kind; null and bool never")
    if not texts:
        for value in known:
            _require_number(path, value)


def _check_negated(path: str, inner: str, content: object) -> None:
    values = list(content) if _is_list(content) else [content]
    if not values:
        refuse(path, "not be an empty list", content, "leave the field out to match any value")
    for value in values:
        if is_unknown(value):
            continue
        if inner == "wildcard":
            _check_wildcard(path, value)
        else:
            _check_text(path, value)
        if inner in ("prefix", "suffix") and not value:
            refuse(path, "not be empty text", value, "every text starts and ends with nothing")


_OPERATORS: dict[str, Callable[[str, object], None]] = {
    "prefix": _check_affix,
    "suffix": _check_affix,
    "equals-ignore-case": _check_text,
    "wildcard": _check_wildcard,
    "anything-but": _check_anything_but,
    "numeric": _check_numeric,
    "exists": _check_exists,
    "cidr": _check_cidr,
    "exactly": _check_text,
}
