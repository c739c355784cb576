"""Compare the detail of an event with its model, strictly: what is published must be declared.

A consumer ignores fields that it does not know, so that publishers may add some. The publisher has
no such excuse: an undeclared field, a text for a number or a missing field is refused before it is
sent.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticSerializationError, to_json

from constructs_lib.rules import ConfigError

_LONGEST_VALUE = 80
_MISSING = {"missing", "missing_argument", "missing_keyword_only_argument"}
_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}
# Stands for a value that is known only when the event is published.
_LATER = "\ue000later\ue000"


def checked_json(adapter: TypeAdapter[object], detail: object, *, of: str, is_model: bool) -> str:
    """The JSON text of a detail.

    Args:
        adapter: The detail's model.
        detail: An instance of the model, or a mapping with the field names of the wire.
        of: The contract, for messages.
        is_model: Whether ``detail`` is an instance of the model.
    Raises:
        ConfigError: A field breaks a rule of the model; each such field is named.
    """
    try:
        if is_model:
            text = adapter.dump_json(detail, by_alias=True, warnings=False)
        else:
            # JSON has no NaN; as text it breaks the rule of every number.
            text = to_json(detail, by_alias=True, inf_nan_mode="strings")
    except PydanticSerializationError as error:
        raise ConfigError(
            f"detail must be what JSON can carry, got {_short(detail)}; {error}"
        ) from None
    if errors := _errors(adapter, text):
        raise ConfigError(_message(errors, of))
    return text.decode()


def check_template(
    adapter: TypeAdapter[object],
    detail: Mapping[str, object],
    *,
    of: str,
    is_known_later: Callable[[object], bool],
) -> None:
    """Compare a detail, some values of which are known only later, with its model.

    Raises:
        ConfigError: A required field is missing, a field is not declared, or a value that is known
            now breaks a rule.
    """
    masked = _masked(detail, is_known_later)
    try:
        text = to_json(masked, by_alias=True, inf_nan_mode="strings")
    except PydanticSerializationError as error:
        raise ConfigError(
            f"detail must be what JSON can carry, got {_short(detail)}; {error}"
        ) from None
    errors = [error for error in _errors(adapter, text) if not _depends_on_later(error, masked)]
    if errors:
        raise ConfigError(_message(errors, of))


def _errors(adapter: TypeAdapter[object], text: bytes) -> list[ErrorDetails]:
    try:
        # In JSON, strict mode still reads dates, times and UUIDs from text.
        adapter.validate_json(text, strict=True, extra="forbid", by_alias=True, by_name=False)
    except ValidationError as refusal:
        return refusal.errors(include_url=False, include_context=False)
    return []


def _message(errors: Sequence[ErrorDetails], of: str) -> str:
    return ", and ".join(_sentence(error, of) for error in errors)


def _sentence(error: ErrorDetails, of: str) -> str:
    path = ".".join(("detail", *(str(part) for part in error["loc"])))
    if error["type"] in _MISSING:
        return f"{path} must be given, got nothing; {of} requires it"
    if error["type"] in _UNKNOWN:
        return (
            f"{path} must be a field of {of}, got {_short(error['input'])}; "
            "leave it out, or add it to the contract"
        )
    rule = error["msg"][:1].lower() + error["msg"][1:]
    return f"{path} must fit {of}, got {_short(error['input'])}; {rule}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _masked(value: object, is_known_later: Callable[[object], bool]) -> object:
    if is_known_later(value):
        return _LATER
    if isinstance(value, Mapping):
        return {key: _masked(entry, is_known_later) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(entry, is_known_later) for entry in value]
    return value


def _depends_on_later(error: ErrorDetails, masked: object) -> bool:
    """Whether a value that is known only later may mend the error."""
    # A field that is missing or not declared is its parent's fault, whatever its value will be.
    of_parent = error["type"] in _MISSING | _UNKNOWN
    current = masked
    for part in error["loc"][:-1] if of_parent else error["loc"]:
        fields = dict(enumerate(current)) if isinstance(current, list) else current
        if isinstance(fields, Mapping) and part in fields:
            current = fields[part]
        elif _mentions_later(current):
            # A branch of a union: which one applies is open as long as a value in it is.
            return True
    return _mentions_later(current) and not of_parent


def _mentions_later(value: object) -> bool:
    return any(entry == _LATER for entry in _leaves(value))


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        for entry in value.values():
            yield from _leaves(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _leaves(entry)
    else:
        yield value
