"""Upstream gap: intrinsic functions take what AWS refuses, and write values as Python does.

``States.Format`` writes null, lists and objects as Java does; ``MathAdd`` rounds, ``MathRandom``
leaves out its end and takes a seed, ``ArrayRange`` also counts down; ``true`` is not 1, and nothing
is null to ``StringToJson``. A function that fails raises ``States.IntrinsicFailure``; MiniStack
ended in ``States.Runtime``.
Source: Step Functions developer guide, "Intrinsic functions" (read 2026-11-23).
"""

import json
import math
import random
import re
from collections.abc import Callable

from ministack.services import stepfunctions

from constructs_lib.local.extensions.intrinsic_arguments import without_escapes
from constructs_lib.local.extensions.state_errors import located

MAXIMUM_ITEMS = 1000

_Arguments = list[tuple[object, ...]]
_FORMAT = re.compile(r"\\(.)|(\{\})", re.DOTALL)


def register() -> None:
    """Answer the functions named here; MiniStack has the others."""
    stepfunctions._exec_intrinsic = _answering(stepfunctions._exec_intrinsic)
    stepfunctions._evaluate_intrinsic = _failing(stepfunctions._evaluate_intrinsic)


def _failing(evaluate: Callable[..., object]) -> Callable[..., object]:
    def run(expression: str, data: object, context: object) -> object:
        try:
            return evaluate(expression, data, context)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            text = located(f"The function '{expression}' had the following error: {error}")
            raise stepfunctions._ExecutionError("States.IntrinsicFailure", text) from None

    return run


def _answering(execute: Callable[..., object]) -> Callable[..., object]:
    def answer(node: tuple[str, str, _Arguments], data: object, context: object) -> object:
        _, name, raw = node
        if name == "States.Format":
            return _format(raw, data, context)
        read = [without_escapes(each) for each in raw]
        function = _FUNCTIONS.get(name)
        if function is None:
            return execute((node[0], name, read), data, context)
        return function(*_evaluated(read, data, context))

    return answer


def _evaluated(arguments: _Arguments, data: object, context: object) -> list[object]:
    return [stepfunctions._eval_intrinsic_arg(each, data, context) for each in arguments]


def _format(raw: _Arguments, data: object, context: object) -> str:
    # The template's escapes are read with its {}.
    written_out = [*raw[:1], *map(without_escapes, raw[1:])]
    template, *values = _evaluated(written_out, data, context)
    if not isinstance(template, str):
        raise TypeError("the template must be a string")
    left = iter(values)

    def put(found: re.Match[str]) -> str:
        return found[1] if found[1] is not None else written(next(left))

    try:
        text = _FORMAT.sub(put, template)
    except StopIteration:
        raise ValueError("more {} than arguments") from None
    if next(left, left) is not left:
        raise ValueError("more arguments than {}")
    return text


def written(value: object) -> str:
    """``value`` as ``States.Format`` writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={written(each)}' for key, each in value.items())}}}"
    return json.dumps(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"a number is needed, got {json.dumps(value)}")
    return math.floor(value + 0.5)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"an array is needed, got {json.dumps(value)}")
    return value


def _same(one: object, other: object) -> bool:
    # As JSON: true is not 1, but 1 is 1.0.
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _array_get_item(array: object, index: object) -> object:
    position = _whole(index)
    if not 0 <= position < len(_list(array)):
        raise IndexError(f"index {position} is out of bounds for length {len(_list(array))}")
    return _list(array)[position]


def _array_partition(array: object, size: object) -> object:
    length, items = _whole(size), _list(array)
    if length <= 0:
        raise ValueError("the chunk size must be a positive integer")
    return [items[start : start + length] for start in range(0, len(items), length)]


def _array_range(first: object, last: object, step: object) -> object:
    start, end, by = _whole(first), _whole(last), _whole(step)
    if not by:
        raise ValueError("the increment must not be zero")
    made = range(start, end + (1 if by > 0 else -1), by)
    if len(made) > MAXIMUM_ITEMS:
        raise ValueError(f"at most {MAXIMUM_ITEMS} items")
    return list(made)


def _array_unique(array: object) -> object:
    found: list[object] = []
    for item in _list(array):
        if not any(_same(item, each) for each in found):
            found.append(item)
    return found


def _json_merge(one: object, other: object, deep: object) -> object:
    if deep is not False:
        raise ValueError("only the shallow mode is supported: the third argument must be false")
    if not isinstance(one, dict) or not isinstance(other, dict):
        raise TypeError("two objects are needed")
    return {**one, **other}


def _json_to_string(value: object) -> object:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _string_to_json(text: object) -> object:
    if text is None:
        return None
    if not isinstance(text, str):
        raise TypeError(f"a string is needed, got {json.dumps(text)}")
    # AWS reads nothing as null.
    return json.loads(text) if text.strip() else None


def _math_random(start: object, end: object, *seed: object) -> object:
    chosen = random.Random(_whole(seed[0]) if seed else None)  # noqa: S311 - no secret
    return chosen.randrange(_whole(start), _whole(end))


_FUNCTIONS: dict[str, Callable[..., object]] = {
    "States.ArrayContains": lambda array, value: any(_same(value, each) for each in _list(array)),
    "States.ArrayGetItem": _array_get_item,
    "States.ArrayLength": lambda array: len(_list(array)),
    "States.ArrayPartition": _array_partition,
    "States.ArrayRange": _array_range,
    "States.ArrayUnique": _array_unique,
    "States.JsonMerge": _json_merge,
    "States.JsonToString": _json_to_string,
    "States.MathAdd": lambda one, other: _whole(one) + _whole(other),
    "States.MathRandom": _math_random,
    "States.StringToJson": _string_to_json,
}
