"""Expressions that Step Functions takes as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.model import Assembly, State, Workflow
from constructs_lib.states_language import is_expression
from constructs_lib.templates.json_value import JsonValue

_LINK_PATHS = (
    "https://docs.aws.amazon.com/step-functions/latest/dg/input-output-inputpath-params.html"
)
_LINK_INTRINSICS = "https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html"
_LINK_JSONATA = "https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html"

#: Fields whose values are templates: keys that end in ``.$`` are evaluated, others are text.
_PATH_TEMPLATES = (
    "Parameters",
    "ResultSelector",
    "ItemSelector",
    "Assign",
    "Credentials",
    "BatchInput",
)
#: Fields whose texts are JSONata where they stand between {% and %}.
_JSONATA_FIELDS = (
    "Arguments",
    "Output",
    "Assign",
    "Items",
    "ItemSelector",
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Condition",
    "Credentials",
    "Error",
    "Cause",
)
_INTRINSIC = re.compile(
    r"\s*States\.(?:Format|StringToJson|JsonToString|Array\w*|Base64\w+|Hash|JsonMerge|MathRandom"
    r"|MathAdd|StringSplit|UUID)\s*\(.*\)\s*",
    re.DOTALL,
)
_PATH = re.compile(r"\$\$?(?:\.[A-Za-z_][\w-]*|\[[\w'\"*:@?()., <>=-]+\])+")
_EXPRESSION = re.compile(
    r"\s*\$states\.(?:input|result|context|errorOutput)\b.*"
    r"|\s*\$(?:uuid|now|millis|hash|parse|string|number|exists|merge|map|count|join|split)\(.*\)\s*",
    re.DOTALL,
)
_HALF_TAGS = re.compile(r"(?:(?!\{%).)*\{%.*%\}.*|\s*\{%.*|.*%\}\s*", re.DOTALL)
#: Parameters of AWS calls that hold such texts on purpose: another service evaluates them.
_OTHERS_EVALUATE = re.compile(r"Path|PathsMap|Template|Expression|Pattern|Query|Script|Filter")


class _Text(NamedTuple):
    where: str
    key: str
    value: str


def _texts(where: str, value: JsonValue, key: str = "") -> Iterator[_Text]:
    if isinstance(value, str):
        yield _Text(where, key, value)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if not _OTHERS_EVALUATE.search(str(name)):
                yield from _texts(f"{where}.{name}", inner, str(name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(f"{where}[{number}]", inner, key)


def _templates(state: State) -> Iterator[_Text]:
    """Texts of a JSONPath state that are not evaluated although they stand in a template."""
    holders: list[tuple[str, Mapping[str, JsonValue]]] = [("", state.fields)]
    for name in ("ItemBatcher", "ItemReader", "ResultWriter"):
        inner = state.fields.get(name)
        if isinstance(inner, Mapping):
            holders.append((f"{name}.", inner))
    for prefix, fields in holders:
        for name in _PATH_TEMPLATES:
            for text in _texts(f"{prefix}{name}", fields.get(name), name):
                if not text.key.endswith(".$"):
                    yield text


def _field_remedy(text: _Text) -> str:
    if text.where.endswith("]"):
        return f"write the list as States.Array(...) in a field {text.key + '.$'!r}"
    return f"name the field {text.key + '.$'!r}"


def _states(assembly: Assembly, language: str) -> Iterator[tuple[Workflow, State]]:
    for workflow in assembly.workflows:
        for state in workflow.machine.all_states():
            if state.query_language == language:
                yield workflow, state


def _intrinsics(assembly: Assembly) -> Iterator[Hit]:
    for workflow, state in _states(assembly, "JSONPath"):
        for text in _templates(state):
            if _INTRINSIC.fullmatch(text.value):
                yield Hit(
                    place=workflow.resource.place,
                    state=state.full_name,
                    subject=text.where,
                    what=f"{text.where} is the text {text.value!r:.100}, not what it computes",
                    remedy=_field_remedy(text),
                )


def _paths(assembly: Assembly) -> Iterator[Hit]:
    for workflow, state in _states(assembly, "JSONPath"):
        for text in _templates(state):
            if _PATH.fullmatch(text.value) or text.value in ("$", "$$"):
                yield Hit(
                    place=workflow.resource.place,
                    state=state.full_name,
                    subject=text.where,
                    what=f"{text.where} is the text {text.value!r:.100}, not the value there",
                    remedy=_field_remedy(text),
                )
            elif text.value.strip().startswith("{%"):
                yield Hit(
                    place=workflow.resource.place,
                    state=state.full_name,
                    subject=text.where,
                    what=f"{text.where} holds JSONata, but the state's query language is JSONPath",
                    remedy='set "QueryLanguage": "JSONata" and use Arguments and Output',
                )


def _fixed_results(assembly: Assembly) -> Iterator[Hit]:
    """Expressions in the Result of a Pass state, which is given out as it stands."""
    for workflow, state in _states(assembly, "JSONPath"):
        for text in _texts("Result", state.fields.get("Result"), "Result"):
            if text.key.endswith(".$") or _INTRINSIC.fullmatch(text.value):
                yield Hit(
                    place=workflow.resource.place,
                    state=state.full_name,
                    subject=text.where,
                    what=f"{text.where} is given out as it stands: {text.value!r:.100}",
                )


def _jsonata(assembly: Assembly) -> Iterator[Hit]:
    for workflow, state in _states(assembly, "JSONata"):
        for name in _JSONATA_FIELDS:
            for text in _texts(name, state.fields.get(name), name):
                if reason := _not_evaluated(text):
                    yield Hit(
                        place=workflow.resource.place,
                        state=state.full_name,
                        subject=text.where,
                        what=f"{text.where} is the text {text.value!r:.100}, not what it computes: "
                        f"{reason}",
                    )


def _not_evaluated(text: _Text) -> str | None:
    value = text.value
    if is_expression(value):
        return None
    if text.key.endswith(".$"):
        return "a name with .$ belongs to JSONPath"
    if _EXPRESSION.fullmatch(value):
        return "the expression does not stand between {% and %}"
    if _HALF_TAGS.fullmatch(value):
        return "{% must be the very first and %} the very last characters"
    if _PATH.fullmatch(value) or _INTRINSIC.fullmatch(value):
        return "paths and intrinsic functions belong to JSONPath"
    return None


RULES = (
    FindingRule(
        id="literal-intrinsic",
        severity="error",
        title="An intrinsic function that is never called",
        why="Without .$ at the end of its name a field is text: every execution gets the words "
        "'States.UUID()' and the like, also as a key or an id.",
        remedy="end the field's name with .$",
        link=_LINK_INTRINSICS,
        find=_intrinsics,
    ),
    FindingRule(
        id="literal-path",
        severity="warning",
        title="A path that is taken as text",
        why="Without .$ at the end of its name a field is text: the call gets '$.orderId' and not "
        "the order's id.",
        remedy="end the field's name with .$",
        link=_LINK_PATHS,
        find=_paths,
    ),
    FindingRule(
        id="result-never-evaluated",
        severity="error",
        title="An expression in a Result",
        why="The Result of a Pass state is a constant: paths and intrinsic functions in it come "
        "out as text, with .$ in their names.",
        remedy="use Parameters instead of Result",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/state-pass.html",
        find=_fixed_results,
    ),
    FindingRule(
        id="literal-jsonata",
        severity="error",
        title="A JSONata expression that is taken as text",
        why="Only a text that starts with {% and ends with %} is evaluated; blanks or words around "
        "the tags make it text.",
        remedy="write the whole value as one expression between {% and %}",
        link=_LINK_JSONATA,
        find=_jsonata,
    ),
)
