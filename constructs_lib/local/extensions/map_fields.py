"""The fields of one Map state, evaluated in its query language.

A value may be literal, a JSONata expression, or come from the input by a path: then its field's
name ends in ``Path``. Fields of ``ItemReader`` and the like follow the same rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from ministack.services import stepfunctions

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

    def number(self, name: str, fields: Fields | None = None) -> float:
        """A number of the state, or of one of its fields; 0 if it is not given.

        Raises:
            States.QueryEvaluationError: It is given and no number.
        """
        given = self.state if fields is None else fields
        if f"{name}Path" in given:
            path = given[f"{name}Path"]
            value = stepfunctions._resolve_path_or_ctx(path, self.effective, self.context)
        else:
            value = self.evaluate(given.get(name, 0))
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise stepfunctions._ExecutionError(
                "States.QueryEvaluationError" if self.in_jsonata else "States.Runtime",
                f"The field '{name}' must be a number, but was: {value!r}",
            )
        return value
