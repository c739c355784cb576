"""JSON5: JSON with comments, trailing commas, single quotes and names without quotes.

LocalStack's templates of state machines are written so. Loaded only for what is not JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from constructs_lib.insight.errors import InsightError
from constructs_lib.templates.json_value import JsonValue

try:
    import json5
except ModuleNotFoundError as missing:
    raise InsightError(
        "JSON with comments needs the package json5; run: pip install 'cdk-duet[insight]'"
    ) from missing


def load_json5(
    text: str, pairs: Callable[[Iterable[tuple[str, JsonValue]]], JsonValue]
) -> JsonValue:
    """The value of a JSON5 text.

    Args:
        pairs: Makes an object of its names and values.
    Raises:
        ValueError: It is none.
    """
    value: JsonValue = json5.loads(text, object_pairs_hook=pairs)
    return value
