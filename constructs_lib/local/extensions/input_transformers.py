"""Upstream gap: input paths have no indexes, and a template may name what is not mapped.

* ``InputPath`` and ``InputPathsMap`` read elements of lists and names in brackets.
* In text, objects and lists are written without quotes and spaces: ``{id:7,tags:[a,b]}``.
* ``<aws.events.event>`` is the event without its detail, in which the type's key is ``detailType``.
* PutTargets refuses a placeholder that is neither mapped nor reserved, and more than one of
  ``Input``, ``InputPath`` and ``InputTransformer``.

Source: EventBridge user guide, "Amazon EventBridge input transformation"; answers of AWS that
LocalStack records in its ``test_events_inputs`` (read 2026-11-27).
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol, cast

from ministack.core.responses import error_response_json
from ministack.services import eventbridge

from constructs_lib.local.extensions import clock, json_path

_PLACEHOLDER = re.compile(r"<([\w.\-]+)>")
_RESERVED = (
    "aws.events.event",
    "aws.events.event.ingestion-time",
    "aws.events.event.json",
    "aws.events.rule-arn",
    "aws.events.rule-name",
)
_FORMS = ("Input", "InputPath", "InputTransformer")

_Target = Mapping[str, object]


class _View(Protocol):
    def event_with_detail(self) -> dict[str, object]: ...


_Invoke = Callable[[_Target, object, object, object], object]


def register() -> None:
    """Read paths and write values here, and look at targets before they are put."""
    eventbridge._apply_input_transformer = _transformed
    eventbridge._render_placeholder = _render_placeholder
    eventbridge._validate_target_arn = _checked(eventbridge._validate_target_arn)
    eventbridge._invoke_target = _with_path(eventbridge._invoke_target)


def _transformed(transformer: _Target, rule: Mapping[str, object] | None, view: _View) -> str:
    event = view.event_with_detail()
    paths = cast(Mapping[str, str], transformer.get("InputPathsMap") or {})
    about = {name: value for name, value in event.items() if name not in ("detail", "detail-type")}
    now = datetime.fromtimestamp(clock.current().now(), UTC)
    values = {
        **{name: _found(path, event) for name, path in paths.items()},
        "aws.events.event": {**about, "detailType": event.get("detail-type")},
        "aws.events.event.ingestion-time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "aws.events.event.json": event,
    }
    for name in ("Name", "Arn") if rule else ():
        values[f"aws.events.rule-{name.lower()}"] = cast(_Target, rule).get(name, "")
    return str(eventbridge._render_input_template(transformer.get("InputTemplate", ""), values))


def _found(path: str, event: object) -> object:
    try:
        return json_path.find(path, event)
    except (LookupError, ValueError):
        return ""


def _render_placeholder(
    name: str, token: str, values: Mapping[str, object], in_string: bool
) -> str:
    if name not in values:
        return token
    value = values[name]
    if isinstance(value, str) and in_string:
        return value
    written = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return written.replace('"', "") if in_string else written


def _with_path(invoke: _Invoke) -> _Invoke:
    def invoke_target(target: _Target, event: object, rule: object, view: object = None) -> object:
        path = target.get("InputPath")
        if path and not target.get("Input") and not target.get("InputTransformer"):
            view = view or eventbridge._pattern_event_view(event)
            found = _found(str(path), cast(_View, view).event_with_detail())
            if found != "":
                rest = {name: value for name, value in target.items() if name != "InputPath"}
                target = {**rest, "Input": json.dumps(found)}
        return invoke(target, event, rule, view)

    return invoke_target


def _checked(check: Callable[[_Target], object]) -> Callable[[_Target], object]:
    def validate(target: _Target) -> object:
        refusal = check(target)
        if refusal is not None:
            return refusal
        if sum(bool(target.get(form)) for form in _FORMS) > 1:
            return _invalid(
                "Only one of Input, InputPath, or InputTransformer must be provided for target "
                f"{target.get('Id')}."
            )
        transformer = cast(_Target, target.get("InputTransformer") or {})
        known = {*cast(_Target, transformer.get("InputPathsMap") or {}), *_RESERVED}
        for name in _PLACEHOLDER.findall(str(transformer.get("InputTemplate", ""))):
            if name not in known:
                return _invalid(
                    f"InputTemplate for target {target.get('Id')} contains invalid placeholder "
                    f"{name}."
                )
        return None

    return validate


def _invalid(message: str) -> object:
    return cast(object, error_response_json("ValidationException", message, 400))
