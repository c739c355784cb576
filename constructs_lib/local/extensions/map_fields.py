"""The fields of one Map state, evaluated in its query language.

A value may be literal, a JSONata expression, or come from the input by a path: then its field's
name ends in ``Path``. Fields of ``ItemReader`` and the like follow the same rules.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import jsonata_failures
from constructs_lib.local.extensions.state_errors import runtime_error

_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)

Fields = Mapping[str, object]
Context = dict[str, object]


@dataclass(frozen=True)
class MapFields:
    """A Map state, its input and its context."""

    state: Fields
    state_input: object
    context: Context
    #: What is left of the input after ``InputPath``; JSONPath's fields read it.
    effective: object = field(init=False)

    def __post_init__(self) -> None:
        effective = stepfunctions._apply_input_path(self.state, self.state_input, self.context)
        object.__setattr__(self, "effective", effective)

    @property
    def in_jsonata(self) -> bool:
        """Whether the state's language is JSONata."""
        return bool(stepfunctions._state_query_language(self.state, self.context) == "JSONata")

    def evaluate(self, template: object, **context: object) -> object:
        """``template`` with its expressions or paths resolved, in a context with ``context``."""
        seen = {**self.context, **context}
        if self.in_jsonata:
            return cast(
                object, stepfunctions._apply_jsonata_template(template, self.state_input, seen)
            )
        return cast(object, stepfunctions._resolve_params_obj(template, self.effective, seen))

    def arguments(self, fields: Fields) -> Fields:
        """The evaluated arguments of a reader or a writer."""
        name = "Arguments" if self.in_jsonata else "Parameters"
        return cast(Fields, self.evaluate(fields.get(name) or {}))

    def items(self, *, objects: bool = False) -> list[object] | Mapping[str, object]:
        """What the Map runs over, which may be an object too if ``objects``.

        Raises:
            States.QueryEvaluationError: It is something else.
            States.Runtime: So it is in JSONPath.
        """
        if self.in_jsonata:
            given = self.state if "Items" in self.state else {"Items": "{% $states.input %}"}
            with jsonata_failures.in_field("Items"):
                items = self.evaluate(given["Items"])
            if not isinstance(items, list) and not (objects and isinstance(items, Mapping)):
                # Says what it is instead.
                stepfunctions._jsonata_state_field(
                    given, "Items", "array", self.state_input, self.context
                )
            return cast(list[object], items)
        path = str(self.state.get("ItemsPath", "$"))
        items = stepfunctions._resolve_path_or_ctx(path, self.effective, self.context)
        if isinstance(items, list) or (objects and isinstance(items, Mapping)):
            return items
        raise runtime_error(f'Reference path "{path}" must point to array.')

    def max_concurrency(self) -> int:
        """How many items are run at once at most; 0 for any number.

        Raises:
            States.QueryEvaluationError: It is given and no whole number.
            States.Runtime: So it is in JSONPath, or negative.
        """
        given = self.whole("MaxConcurrency")
        if given < 0:
            raise runtime_error(
                f"Expected non-negative integer for MaxConcurrency, got '{given}' instead."
            )
        return given

    def whole(self, name: str, fields: Fields | None = None) -> int:
        """A whole number of the state, or of one of its fields; 0 if it is not given.

        Raises:
            States.QueryEvaluationError: It is given and no whole number.
            States.Runtime: So it is in JSONPath.
        """
        value = self.number(name, fields, kind="integer")
        return int(value)

    def number(self, name: str, fields: Fields | None = None, *, kind: str = "float") -> float:
        """A number of the state, or of one of its fields; 0 if it is not given.

        Args:
            name: The field's, without ``Path``.
            fields: Those it is one of; the state's if they are not given.
            kind: ``integer`` or ``float``.
        Raises:
            States.QueryEvaluationError: It is given and no number of its ``kind``.
            States.Runtime: So it is in JSONPath.
        """
        given = self.state if fields is None else fields
        path = given.get(f"{name}Path")
        if path is not None:
            found = stepfunctions._resolve_path_or_ctx(path, self.effective, self.context)
            value = _read(found)
            if not _is_number(value, kind):
                text = found if isinstance(found, str) else json.dumps(found, separators=(",", ":"))
                raise runtime_error(
                    f'The {name}Path field refers to value "{text}" which is not a valid {kind}: '
                    f"{path}"
                )
            return cast(float, value)
        if self.in_jsonata and name in given:
            value = stepfunctions._jsonata_state_field(
                given, name, "number", self.state_input, self.context
            )
        else:
            value = given.get(name, 0)
        if not _is_number(value, kind):
            raise runtime_error(f"The field '{name}' is not a valid {kind}: {json.dumps(value)}")
        return cast(float, value)


def _read(value: object) -> object:
    # What a path finds may be a number as text.
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    return value


def _is_number(value: object, kind: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return kind != "integer" or value == int(value)
