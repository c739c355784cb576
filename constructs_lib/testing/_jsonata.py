"""JSONata as Step Functions evaluates it: the language plus AWS's functions, minus ``$eval``.

Source: Step Functions developer guide, "JSONata functions provided by Step Functions".
"""

from __future__ import annotations

import copy
import functools
import hashlib
import json
import math
import random
import uuid
from collections.abc import Callable, Mapping, Sequence

import jsonata
from jsonata import utils

from constructs_lib.templates.json_value import JsonValue

_HASH_ALGORITHMS = {
    "MD5": "md5",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-384": "sha384",
    "SHA-512": "sha512",
}
_MAX_RANGE_ITEMS = 1000  # AWS's limit for arrays made by $range


class QueryError(ValueError):
    """A JSONata expression cannot be parsed or evaluated, or gives something that is no JSON."""


class UndefinedError(QueryError):
    """An expression gives nothing, not even null."""


def evaluate(expression: str, bindings: Mapping[str, JsonValue] | None = None) -> JsonValue:
    """Evaluate one expression without input.

    Args:
        expression: The expression alone, without ``{% %}``.
        bindings: The variables it can use, by name without ``$``.

    Raises:
        UndefinedError: The expression gives nothing.
        QueryError: For whatever other reason it gives no JSON value.
    """
    try:
        compiled = copy.copy(_compiled(expression))
        # Functions that call functions look there for the expression that they are part of.
        jsonata.Jsonata.CURRENT.jsonata = compiled
        value = compiled.evaluate(None, {k: _with_null(v) for k, v in (bindings or {}).items()})
        if value is None:
            raise UndefinedError("returned nothing (undefined)")
        return _plain(value)
    except QueryError:
        raise
    # jsonata-python raises its own errors, but also whatever Python raises inside a function.
    except Exception as error:
        raise QueryError(f"failed: {error}") from error


@functools.lru_cache(maxsize=1024)
def _compiled(expression: str) -> jsonata.Jsonata:
    """Parsed, which takes longer than to evaluate it; not to be evaluated itself, but a copy."""
    compiled = jsonata.Jsonata(expression)
    compiled.set_output_convert_nulls(False)  # None is undefined
    for name, function in _FUNCTIONS.items():
        compiled.register_lambda(name, function)
    compiled.register_function("lowercase", _LOWERCASE)
    return compiled


def _with_null(value: object) -> object:
    """Turn a JSON value into what jsonata-python takes for one: None would be undefined."""
    if value is None:
        return utils.Utils.NULL_VALUE
    if isinstance(value, Mapping):
        return {key: _with_null(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_null(item) for item in value]
    return value


def _plain(value: object) -> JsonValue:
    """Turn jsonata-python's own list and number types into what a JSON document can hold."""
    if value is None or value is utils.Utils.NULL_VALUE:
        return None
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise QueryError(f"number must be finite, got {value}; guard the division")
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    raise QueryError(f"expression must give a JSON value, got a {type(value).__name__}")


def _hash(text: str, algorithm: str) -> str:
    if algorithm not in _HASH_ALGORITHMS:
        known = ", ".join(_HASH_ALGORITHMS)
        raise QueryError(f"$hash algorithm must be one of {known}, got {algorithm!r}")
    return hashlib.new(
        _HASH_ALGORITHMS[algorithm], text.encode(), usedforsecurity=False
    ).hexdigest()


def _partition(items: Sequence[object], size: float) -> list[list[object]]:
    if size < 1:
        raise QueryError(f"$partition size must be at least 1, got {size}")
    step = int(size)
    return [list(items[start : start + step]) for start in range(0, len(items), step)]


def _range(first: float, last: float, step: float) -> list[float]:
    if step == 0:
        raise QueryError("$range step must not be 0; pass a positive or a negative step")
    count = max(0, math.floor((last - first) / step) + 1)
    if count > _MAX_RANGE_ITEMS:
        raise QueryError(f"$range must give at most {_MAX_RANGE_ITEMS} items, got {count}")
    return [first + index * step for index in range(count)]


def _random(seed: float | None = None) -> float:
    # AWS promises the same number for the same seed, not which one.
    return random.random() if seed is None else random.Random(seed).random()  # noqa: S311 - $random is no secret


def _refuse_eval(*_: object) -> object:
    raise QueryError("$eval is not available in Step Functions; parse JSON text with $parse")


_FUNCTIONS: Mapping[str, Callable[..., object]] = {
    "uuid": lambda: str(uuid.uuid4()),
    "hash": _hash,
    "parse": json.loads,
    "partition": _partition,
    "range": _range,
    "random": _random,
    "eval": _refuse_eval,
}


class _Corrected:
    """Functions of the language that jsonata-python has otherwise."""

    @staticmethod
    def lowercase(text: str | None) -> str | None:
        """Leaves ß as it is, which jsonata-python folds to ss."""
        return None if text is None else text.lower()


_LOWERCASE = jsonata.Jsonata.JNativeFunction("lowercase", "<s-:s>", _Corrected, None)
