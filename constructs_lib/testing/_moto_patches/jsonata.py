"""Query language: moto 5.2.5 ships no JSONata engine and writes data into expressions as text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.eval import states, variable_store
from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata

from constructs_lib.testing import _jsonata
from constructs_lib.testing._moto_patches.values import failure, json_only


@contextmanager
def jsonata_engine() -> Iterator[None]:
    """Gap: moto's slot for a JSONata engine, used for variables in JSONPath, is empty."""

    def evaluate(expression: str) -> object:
        try:
            return _jsonata.evaluate(expression)
        except _jsonata.UndefinedError:
            return None
        except _jsonata.QueryError as error:
            raise moto_jsonata.JSONataException("UNKNOWN", str(error)) from error

    with mock.patch.object(moto_jsonata, "_eval_jsonata", evaluate):
        yield


@contextmanager
def jsonata_literals() -> Iterator[None]:
    """Gap: moto puts a string variable between quotes as it is; a quote in it ends the literal."""

    def encode(bindings: Mapping[str, Any]) -> str:
        # JSONata's literals are JSON's, but for characters written as two escapes (surrogates).
        return "".join(
            f"{name}:={json.dumps(json_only(value), ensure_ascii=False)};"
            for name, value in bindings.items()
        )

    with (
        mock.patch.object(states, "encode_jsonata_variable_declarations", encode),
        mock.patch.object(variable_store, "encode_jsonata_variable_declarations", encode),
    ):
        yield


@contextmanager
def jsonata_expressions() -> Iterator[None]:
    """Gap: moto writes all data into an expression's text and parses that anew each time, twice for
    a text; its $uuid and $hash are "not supported"; an expression that fails ends in
    States.Runtime, where AWS has an error of its own that can be caught."""

    def eval_body(self: StringJSONata, env: Any) -> None:
        moto_jsonata.extract_jsonata_variable_references(self.expression)  # refuses $ and $$
        variables = env.variable_store
        bindings = {
            "states": json_only(env.states._states_data),
            **variables._outer_scope,
            **variables._inner_scope,
        }
        try:
            env.stack.append(_jsonata.evaluate(self.expression, bindings))
        except _jsonata.QueryError as error:
            name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
            details = {
                "error": name.error_name,
                "cause": f"The JSONata expression '{self.expression}' {error}",
            }
            event = HistoryEventType.EvaluationFailed
            raise FailureEventException(
                failure(env, name, event, {"evaluationFailedEventDetails": details})
            ) from error

    with mock.patch.object(StringJSONata, "_eval_body", eval_body):
        yield
