"""How moto 5.2.5 reads a definition."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from moto.stepfunctions.parser.asl.component.common.assign.assign_template_value_terminal import (
    AssignTemplateValueTerminalLit,
)
from moto.stepfunctions.parser.asl.parse import preprocessor
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

_PARSED_DEFINITIONS = 64

_parse = AmazonStateLanguageParser.parse
_parsing = threading.Lock()


@functools.lru_cache(maxsize=_PARSED_DEFINITIONS)
def _parsed(definition: str) -> Any:
    return _parse(definition)


@contextmanager
def parsed_once() -> Iterator[None]:
    """Gap: moto parses a definition when it is created and again for every execution, which takes
    longer than most executions. What it makes of one is never changed again (``heap_keys``)."""

    def parse(definition: str) -> Any:
        with _parsing:  # the grammar's tables are shared by all parsers
            return _parsed(definition)

    with mock.patch.object(AmazonStateLanguageParser, "parse", staticmethod(parse)):
        yield


@contextmanager
def parser_scope() -> Iterator[None]:
    """Gap: the parser's scope stack belongs to the class, so a refused definition leaves its query
    language behind for every later one."""

    def init(self: Preprocessor) -> None:
        self._query_language_per_scope = []

    with mock.patch.object(Preprocessor, "__init__", init):
        yield


@contextmanager
def definition_texts() -> Iterator[None]:
    """Gap: moto reads a definition's texts as Python's, not as JSON's (surrogates stay in two
    halves), and those of Assign not at all: their escapes stay in."""

    def text_of(parser_rule_context: Any) -> str:
        return str(json.loads(parser_rule_context.getText()))

    def visit(_: Preprocessor, ctx: Any) -> AssignTemplateValueTerminalLit:
        return AssignTemplateValueTerminalLit(value=text_of(ctx.string_literal()))

    with (
        mock.patch.object(preprocessor, "from_string_literal", text_of),
        mock.patch.object(
            Preprocessor, "visitAssign_template_value_terminal_string_literal", visit
        ),
    ):
        yield
